"""``python -m benchmarks.load --minutes 30``: mixed load on a real server and worker.

Passers-by read the catalogue, people sign up, hand files in and apply, an office reviews, admits
and records reports, a province counts, watches come and go, files are exported, mail is sent and
every event is delivered to a webhook. Nothing may fail: not one answer. The run fails where one
did, where memory, files or connections grow, or where something is left on a queue.

``--write`` puts the table and the plot into docs/performance/.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from benchmarks.load.receivers import EventReceiver, open_receiver
from benchmarks.load.samples import (
    GROUPS,
    Sample,
    Sampler,
    growth,
    part_of,
    percentile,
    risen,
)
from benchmarks.load.site import Site, built
from benchmarks.load.work import RATES, Work
from benchmarks.peers.machine import describe_machine
from benchmarks.peers.plots import panels

from zhupei.demo.letterbox import Letterbox, open_letterbox
from zhupei.domain.calendar import CHINA_TIME

_PROJECT = Path(__file__).parents[2]
_DOCS = _PROJECT / "docs/performance"
# What is not called growth: a part of the level, and megabytes or pieces beside it.
_MEMORY_PART, _MEMORY_MORE = 0.05, 5.0
_SESSION_MORE = 1.0
_PIECES_MORE = 10.0
_LEAST_MINUTES = 5.0
"""In less the caches still fill: growth is shown and not judged."""
_DRAINING_SECONDS = 60


def main() -> int:
    """Run, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=1.0, help="of all kinds of work, as a factor")
    parser.add_argument("--bases", type=int, default=100, help="bases of the catalogue")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two samples")
    parser.add_argument("--folder", type=Path, default=_PROJECT / ".tools/load")
    parser.add_argument("--write", action="store_true", help="write table and plot into docs/")
    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return asyncio.run(_run(parser.parse_args()))


async def _run(arguments: argparse.Namespace) -> int:
    async with open_letterbox() as letters, open_receiver() as receiver:
        async with built(
            arguments.folder,
            bases=arguments.bases,
            smtp_port=letters.port,
            webhook_port=receiver.port,
        ) as site:
            work = Work(site, arguments.rate)
            receiver.secret = await work.prepare(f"http://127.0.0.1:{receiver.port}/events")
            sampler = Sampler(site)
            sampling = asyncio.create_task(_sampling(sampler, work, arguments.every))
            await work.run(arguments.minutes * 60)
            sampling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sampling
            problems = [*work.errors, *await _drained(site, sampler, work)]
            stopped = await site.stopped()
        problems += [
            f"{name} ended with {code}"
            for name, (code, _) in stopped.items()
            if code not in {0, -15}
        ]
        problems += _audited(site)
        if lines := site.logs():
            problems.append(f"warnings and errors in the logs:\n{lines[:3000]}")
        problems += _told(work, letters, receiver)
        problems += _grown(sampler.samples, arguments.minutes)
    report = _report(work, sampler.samples, letters, receiver, stopped, problems)
    sys.stdout.write(f"{report}\n")
    for problem, times in Counter(problems).most_common(40):
        sys.stdout.write(f"FAILED ({times}): {problem}\n")
    plot = _plot(sampler.samples)
    (arguments.folder / "load.svg").write_text(plot, "utf-8")
    (arguments.folder / "load.md").write_text(report, "utf-8")
    if arguments.write and not problems:
        _DOCS.mkdir(exist_ok=True)
        (_DOCS / "load.svg").write_text(plot, "utf-8")
        (_DOCS / "load.md").write_text(report, "utf-8")
    return 1 if problems else 0


async def _sampling(sampler: Sampler, work: Work, every: float) -> None:
    """Take samples until cancelled; one line for each minute tells how it goes."""
    told = 0
    while True:
        try:
            sample = await sampler.take(work)
        except Exception as error:  # noqa: BLE001 - figures that fail are an error like another
            work.errors.append(f"figures: {type(error).__name__}: {error}")
        else:
            if sample.at // 60 >= told:
                told = int(sample.at // 60) + 1
                sys.stdout.write(f"{_line(sample, work)}\n")
                sys.stdout.flush()
        await asyncio.sleep(every)


def _line(sample: Sample, work: Work) -> str:
    memory = " ".join(f"{name} {value:.0f} MB" for name, value in sample.resident.items())
    waiting = " ".join(f"{name} {value:.0f}" for name, value in sample.waiting.items())
    return (
        f"{sample.at / 60:5.1f} min  {sum(work.done.values()):>7} done  "
        f"{len(work.errors)} errors  {memory}  waiting: {waiting}  "
        f"files {sample.files['server']}  watches {sample.watches:.0f}"
    )


async def _drained(site: Site, sampler: Sampler, work: Work) -> list[str]:
    """Wait until nothing is left to do, and say what is."""
    left: dict[str, float] = {}
    for _ in range(_DRAINING_SECONDS):
        sample = await sampler.take(work)
        left = {kind: count for kind, count in sample.waiting.items() if count}
        if sample.watches:
            left["watches"] = sample.watches
        # What is done at its time stands on the queue before that.
        left.pop("jobs", None) if left.get("jobs", 0) <= 2 else None
        if not left:
            break
        await asyncio.sleep(1)
    problems = [f"{count:.0f} {kind} were left" for kind, count in left.items()]
    if sampler.samples[-1].failed:
        problems.append(f"{sampler.samples[-1].failed:.0f} jobs failed")
    return problems


def _told(work: Work, letters: Letterbox, receiver: EventReceiver) -> list[str]:
    """Say which of the finished applications were not told as they should have been."""
    finished = work.done["application"]
    problems = []
    if receiver.refused:
        problems.append(f"{receiver.refused} deliveries had no valid signature")
    for type_ in ("submitted", "reviewed", "notified", "reported"):
        found = receiver.types[f"zhupei.application.{type_}"]
        if found != finished:
            problems.append(f"{found} events {type_} for {finished} applications")
    people = {letter.to for letter in letters.letters}
    if len(people) < finished:
        problems.append(f"letters to {len(people)} of {finished} people")
    return problems


def _audited(site: Site) -> list[str]:
    """Say whether the chain of records holds, by the command that an operator has."""
    done = subprocess.run(
        [sys.executable, "-m", "zhupei", "audit", "verify"],
        env={
            "ZHUPEI_DATA_DIR": str(site.data_dir),
            "ZHUPEI_LANGUAGE": "en",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"the records do not hold: {done.stdout}{done.stderr}"]


def _growing(samples: list[Sample]) -> dict[str, tuple[float, float, float]]:
    """Return by name growth over the second half, level, and what is no growth."""

    def memory(process: str) -> Callable[[Sample], float]:
        return lambda sample: sample.resident[process]

    def files(process: str) -> Callable[[Sample], float]:
        return lambda sample: float(sample.files[process])

    found = {}
    for process in ("server", "worker"):
        grown, level = growth(samples, memory(process))
        found[f"memory of {process}, MB"] = grown, level, level * _MEMORY_PART + _MEMORY_MORE
    # Only the largest, because all together follow how many sessions were needed at once within the
    # minutes before: that is chance, and those that stay open are judged by their number below.
    grown, level = risen(samples, lambda sample: sample.largest)
    allowed = level * _MEMORY_PART + _SESSION_MORE
    found["PostgreSQL's largest process, MB, against the first half"] = grown, level, allowed
    for process in ("server", "worker"):
        grown, level = growth(samples, files(process))
        found[f"open files of {process}"] = grown, level, _PIECES_MORE
    for name, value in _PIECES.items():
        grown, level = growth(samples, value)
        found[name] = grown, level, _PIECES_MORE
    return found


_PIECES: dict[str, Callable[[Sample], float]] = {
    "jobs, events, notices, deliveries that wait": lambda sample: sum(sample.waiting.values()),
    "PostgreSQL's processes": lambda sample: float(sample.backends),
    "live subscriptions": lambda sample: sample.watches,
}


def _grown(samples: list[Sample], minutes: float) -> list[str]:
    if minutes < _LEAST_MINUTES:
        return []
    return [
        f"{name} grew by {grown:.1f} from {level:.1f}"
        for name, (grown, level, allowed) in _growing(samples[:-1]).items()
        if grown > allowed
    ]


def _postgres(samples: list[Sample]) -> str:
    """Return what PostgreSQL's processes held together where they held most, in each half."""
    middle = len(samples) // 2
    most = [
        max(half, key=lambda sample: sample.resident["postgres"])
        for half in (samples[:middle], samples[middle:])
    ]
    told = " and ".join(
        f"{each.resident['postgres']:,.0f} MB in {each.backends} processes" for each in most
    )
    return f"PostgreSQL held most, without what its processes share, in the two halves: {told}."


def _report(
    work: Work,
    samples: list[Sample],
    letters: Letterbox,
    receiver: EventReceiver,
    stopped: dict[str, tuple[int, float]],
    problems: list[str],
) -> str:
    """Return what came of it, as Markdown."""
    minutes = samples[-1].at / 60
    at = datetime.now(CHINA_TIME).isoformat(timespec="minutes")
    taken: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for kind, values in sample.latencies.items():
            taken[kind] += values
    requests = sum(map(len, taken.values()))
    cpu = ", ".join(f"{name} {part_of(samples, name):.0%}" for name in samples[-1].cpu)
    twice = sum(receiver.ids.values()) - len(receiver.ids)
    rates = ", ".join(f"{kind} {rate * work.rate:g}/s" for kind, rate in RATES.items())
    lines = [
        "# Mixed load",
        "",
        f"Measured {at} by `python -m benchmarks.load`: {_machine()}",
        "",
        f"{minutes:.1f} minutes, {requests:,} requests, {work.done['application']:,} whole "
        f"applications, {work.done['watch'] + work.done['application']:,} subscriptions that "
        f"were told {work.events:,} events, {len(letters.letters):,} letters, "
        f"{len(receiver.ids):,} events delivered ({twice} of them twice): "
        f"**{len(problems)} errors**. Of one core: {cpu}. "
        + " ".join(f"Stopping the {name}: {took:.1f} s." for name, (_, took) in stopped.items()),
        "",
        f"Begun at fixed rates, whatever is still under way: {rates}.",
        "",
        "![memory, latencies, queues and connections over time](load.svg)",
        "",
        "| requests | count | p50 ms | p99 ms | longest ms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind, values in sorted(taken.items()):
        figures = " | ".join(f"{percentile(values, part) * 1e3:,.1f}" for part in (0.5, 0.99, 1.0))
        lines.append(f"| {kind} | {len(values):,} | {figures} |")
    lines += [
        "",
        "| over the second half | level | growth | no growth is up to |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {level:,.1f} | {grown:+,.1f} | {allowed:,.1f} |"
        for name, (grown, level, allowed) in _growing(samples[:-1]).items()
    ]
    return "\n".join([*lines, "", _postgres(samples[:-1])]) + "\n"


def _machine() -> str:
    found = describe_machine(_PROJECT)
    wanted = ("Python", "strawberry-graphql", "tortoise-orm", "asyncpg", "uvicorn", "uvloop")
    versions = ", ".join(f"{name} {found['versions'][name]}" for name in wanted)
    return (
        f"commit `{found['commit']}`, {found['processor']}, {found['cores']} cores, load average "
        f"{found['load_average']} (others work on it), {versions}."
    )


def _plot(samples: list[Sample]) -> str:
    def series(value: Callable[[Sample], float]) -> list[tuple[float, float]]:
        return [(sample.at / 60, value(sample)) for sample in samples]

    def memory(process: str) -> list[tuple[float, float]]:
        return series(lambda sample: sample.resident[process])

    def latency(kind: str, part: float) -> list[tuple[float, float]]:
        return [
            (sample.at / 60, percentile(sample.latencies[kind], part) * 1e3)
            for sample in samples
            if sample.latencies.get(kind)
        ]

    return panels(
        "Mixed load on one server and one worker",
        "minutes",
        {
            "Memory, MB": {name: memory(name) for name in samples[0].resident},
            "Latency of the middle request, ms": {kind: latency(kind, 0.5) for kind in GROUPS},
            "Latency that 95 % stay below, ms": {kind: latency(kind, 0.95) for kind in GROUPS},
            "Waiting on queues": {
                kind: series(lambda sample, kind=kind: sample.waiting[kind])  # type: ignore[misc]  # a default binds it
                for kind in samples[0].waiting
            },
            "Connections and files": {
                "files of the server": series(lambda sample: float(sample.files["server"])),
                "live subscriptions": series(lambda sample: sample.watches),
                "PostgreSQL's processes": series(lambda sample: float(sample.backends)),
                "database pool": series(lambda sample: sample.pool),
            },
        },
    )


if __name__ == "__main__":
    sys.exit(main())
