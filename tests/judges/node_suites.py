"""Suites that are on npm: installed outside of the tree, once for each version, and run by Node."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["alone_in", "installed", "node"]

_ROOT = Path(__file__).parents[2]


def installed(name: str, *packages: str) -> Path:
    """Return the folder that holds these packages; the test is skipped where npm is missing.

    ``ZHUPEI_JUDGES`` names another place than ``.tools/judges``, which git ignores.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs Node.js with npm")
    folder = Path(os.environ.get("ZHUPEI_JUDGES", _ROOT / ".tools" / "judges")) / name
    wanted = "\n".join(packages)
    stamp = folder / "installed"
    with alone_in(folder):
        if not stamp.exists() or stamp.read_text("utf-8") != wanted:
            (folder / "package.json").write_text("{}", encoding="utf-8")
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", *packages],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"npm cannot install {', '.join(packages)}: {done.stderr[-300:]}")
            stamp.write_text(wanted, encoding="utf-8")
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder while it is filled: other workers of the suite wait, and find it filled."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def node(folder: Path, script: Path, *arguments: str, seconds: float = 120) -> str:
    """Run a script in the folder of its packages; return what it printed."""
    done = subprocess.run(
        ["node", str(script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
