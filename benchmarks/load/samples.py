"""Samples of a running installation, and what they say: does anything grow that should not?"""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load.site import Site
from benchmarks.load.work import Work

__all__ = ["GROUPS", "Sample", "Sampler", "growth", "part_of", "percentile", "risen"]

GROUPS = ("catalogue", "rows", "mutation")
"""Kinds of requests whose latencies are drawn; the table has all of them."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")
_MEGABYTE = 1e6
_WAITING = {
    "jobs": re.compile(r'^zhupei_jobs\{state="(?:todo|doing)"\} ([\d.e+]+)$', re.MULTILINE),
    "events": re.compile(r'^zhupei_events\{state="waiting"\} ([\d.e+]+)$', re.MULTILINE),
    "notices": re.compile(r'^zhupei_notices\{state="WAITING"\} ([\d.e+]+)$', re.MULTILINE),
    "deliveries": re.compile(r'^zhupei_deliveries\{state="WAITING"\} ([\d.e+]+)$', re.MULTILINE),
}
_FAILED = re.compile(r'^zhupei_jobs\{state="failed"\} ([\d.e+]+)$', re.MULTILINE)
_GAUGE = r"^{} ([\d.e+]+)$"


@dataclass(frozen=True, slots=True)
class Sample:
    """How everything stands at one moment, seconds after the beginning."""

    at: float
    resident: Mapping[str, float]
    """Megabytes in memory of ``server`` and ``worker``; of ``postgres`` what its processes do not
    share, because each counts what it touched of the shared memory once more."""
    cpu: Mapping[str, float]
    """Seconds of processor time used so far."""
    waiting: Mapping[str, float]
    """What waits to be done, by kind."""
    files: Mapping[str, int]
    """Open file descriptors."""
    backends: int
    largest: float
    """Megabytes of its own that the largest of PostgreSQL's processes holds."""
    pool: float
    watches: float
    failed: float
    latencies: Mapping[str, Sequence[float]]
    """Seconds, by kind of request, since the sample before."""


@dataclass
class Sampler:
    """Takes samples."""

    site: Site
    begun: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)

    async def take(self, work: Work) -> Sample:
        """Take a sample, and keep it."""
        text = await self.site.figures()
        latencies, work.latencies = work.latencies, defaultdict(list)
        server = 0 if self.site.server is None else self.site.server.pid
        worker = 0 if self.site.worker is None else self.site.worker.pid
        postgres = self.site.postgres
        backends = _children(postgres)
        owned = [_own(each) for each in (postgres, *backends)]
        sample = Sample(
            at=time.monotonic() - self.begun,
            resident={
                "server": _resident(server),
                "worker": _resident(worker),
                "postgres": sum(owned),
            },
            cpu={
                "server": _cpu(server),
                "worker": _cpu(worker),
                "postgres": sum(_cpu(each) for each in (postgres, *backends)),
            },
            waiting={
                kind: sum(float(each) for each in pattern.findall(text))
                for kind, pattern in _WAITING.items()
            },
            files={"server": _files(server), "worker": _files(worker)},
            backends=len(backends),
            largest=max(owned),
            pool=_gauge(text, "zhupei_database_connections"),
            watches=_gauge(text, "zhupei_subscriptions"),
            failed=sum(float(each) for each in _FAILED.findall(text)),
            latencies=latencies,
        )
        self.samples.append(sample)
        return sample


def growth(samples: Sequence[Sample], value: Callable[[Sample], float]) -> tuple[float, float]:
    """Return by how much a value grew over the second half of the samples, and its level there.

    The growth is the median of all slopes between two samples (Theil and Sen) times the time, so
    that no single peak has a say.
    """
    half = samples[len(samples) // 2 :]
    points = [(each.at, value(each)) for each in half]
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(points)
        for later in points[number + 1 :]
    ]
    if not slopes:
        return 0.0, points[-1][1]
    level = statistics.median(each[1] for each in points)
    return statistics.median(slopes) * (points[-1][0] - points[0][0]), level


def risen(samples: Sequence[Sample], value: Callable[[Sample], float]) -> tuple[float, float]:
    """Return by how much the highest value of the second half is above that of the first, and that.

    For what rises and falls by itself: what a session of PostgreSQL holds grows with the tables and
    statements it has met, until it has met them all or the pool closes it, and the part of such a
    tooth that a half begins and ends with says nothing of a leak.
    """
    middle = len(samples) // 2
    first = max((value(each) for each in samples[:middle]), default=0.0)
    return max(value(each) for each in samples[middle:]) - first, first


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which ``part`` of the values are; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def part_of(samples: Sequence[Sample], process: str) -> float:
    """Return what part of a core a process used."""
    first, last = samples[0], samples[-1]
    return (last.cpu[process] - first.cpu[process]) / max(1e-9, last.at - first.at)


def _gauge(text: str, name: str) -> float:
    found = re.search(_GAUGE.format(name), text, re.MULTILINE)
    return 0.0 if found is None else float(found[1])


def _resident(process: int) -> float:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE / _MEGABYTE
    return 0.0


def _own(process: int) -> float:
    """Return the megabytes of a process that no other shares."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        found = re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB", text, re.MULTILINE)
        return sum(map(int, found)) * 1024 / _MEGABYTE
    return 0.0


def _cpu(process: int) -> float:
    with contextlib.suppress(OSError):
        rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(rest[11]) + int(rest[12])) / _TICKS
    return 0.0


def _files(process: int) -> int:
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(each)
            for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    return []
