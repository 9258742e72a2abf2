"""Suites that are on PyPI: installed outside of the tree, once for each version."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judges.node_suites import alone_in

__all__ = ["installed_python"]

_ROOT = Path(__file__).parents[2]


def installed_python(name: str, *packages: str) -> Path:
    """Return the Python of an environment that holds these packages, and nothing of zhupei's.

    The test is skipped where they cannot be installed. ``ZHUPEI_JUDGES`` names another place than
    ``.tools/judges``, which git ignores.
    """
    folder = Path(os.environ.get("ZHUPEI_JUDGES", _ROOT / ".tools" / "judges")) / name
    stamp, python = folder / "installed", folder / "venv" / "bin" / "python"
    wanted = "\n".join(packages)
    with alone_in(folder):
        if not stamp.exists() or stamp.read_text("utf-8") != wanted:
            uv = _ROOT / ".tools" / "bin" / "uv"
            for command in (
                [sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder / "venv")],
                [str(uv), "pip", "install", "--quiet", "--python", str(python), *packages],
            ):
                if not Path(command[0]).exists():
                    pytest.skip(f"needs {command[0]}, which make test sets up")
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=300, check=False
                )
                if done.returncode:
                    pytest.skip(f"cannot install {', '.join(packages)}: {done.stderr[-300:]}")
            stamp.write_text(wanted, encoding="utf-8")
    return python
