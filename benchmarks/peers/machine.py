"""What the figures were measured on: processor, memory, versions, commit and date."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.peers.load import generator

__all__ = ["describe_machine"]

_PACKAGES = ("strawberry-graphql", "graphql-core", "tortoise-orm", "asyncpg", "uvicorn", "uvloop")


def describe_machine(project: Path) -> dict[str, Any]:
    """Return the machine, the versions and the load on it, in plain values."""
    lock = project / "benchmarks" / "peers" / "postgraphile" / "package.json"
    postgraphile = json.loads(lock.read_text())["dependencies"]["postgraphile"]
    return {
        "date": datetime.now(ZoneInfo("Asia/Shanghai")).isoformat(timespec="minutes"),
        "commit": _commit(project),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gigabytes": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE") / 1e9),
        "load_average": round(os.getloadavg()[0], 1),
        "generator": generator(),
        "versions": {
            "Python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
            "PostGraphile": postgraphile,
        },
    }


def _commit(project: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - PATH's git
        check=False,
        capture_output=True,
        text=True,
        cwd=project,
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
