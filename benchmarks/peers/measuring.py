"""Measuring: that all answer the same, then how fast each does, in turn and in several rounds."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from benchmarks.peers.data import Country
from benchmarks.peers.load import load
from benchmarks.peers.servers import PEERS, Peer, Server, cores, raw_request, started
from benchmarks.peers.workload import (
    ELIGIBILITY,
    PAGED,
    QUERIES,
    Query,
    Request,
    difference,
    other_requests,
    requests_of,
)

__all__ = [
    "WAYS",
    "Effort",
    "Figures",
    "FirstUse",
    "Sample",
    "Unlike",
    "all_started",
    "first_uses",
    "growth",
    "growth_of_pages",
    "refuse_differences",
    "rounds",
    "unlike",
    "writing",
]

_GROWING = ("base", "openings", "trainees", "timeline", ELIGIBILITY)
"""Queries whose answers have as many rows however many are stored, and the one that reads all."""
_GROWING_PAGE = 10
WAYS = ("ids", "written", "others")
"""The same questions with an id each; while others commit; other questions each time."""
_WRITTEN_EVERY_SECONDS = 0.05
_PAGES = (10, 20, 50, 100)
"""Rows of a page, to see what a row costs."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    rounds: int
    seconds: float
    connections: int
    variables: int
    """Different requests of each query; all answers are compared."""
    own_generator: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What one peer did in one round of one query."""

    query: str
    peer: str
    round: int
    rate: float
    p50: float
    p99: float
    cpu: float
    """Processor time of the server for each request, in milliseconds."""


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Milliseconds of a query's first request to a server, and of the next ones at best."""

    query: str
    peer: str
    first: float
    later: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What one peer did with so many bases stored."""

    bases: int
    query: str
    peer: str
    rate: float
    cpu: float
    page: int = 0
    """Rows on a page, where pages of several lengths are compared."""


@contextlib.contextmanager
def all_started(
    names: Sequence[str],
    country: Country,
    database: Mapping[str, Any],
    node: tuple[str, str] | None,
) -> Iterator[list[Server]]:
    """Start the peers of these names one after another; all stay, the idle ones cost nothing."""
    with contextlib.ExitStack() as stack:
        servers = []
        for peer in PEERS:
            if peer.name in names:
                server = stack.enter_context(started(peer, country, database, node=node))
                servers.append(server)
        yield servers


def first_uses(servers: Sequence[Server], country: Country) -> list[FirstUse]:
    """Return what first requests took. Has to come before anything else is asked."""
    found = []
    for server in servers:
        for query in QUERIES:
            if server.peer.answers(query):
                texts = _texts(server.peer, query, country, count=4)
                taken = [_milliseconds(server, text) for text in texts]
                found.append(FirstUse(query.name, server.peer.name, taken[0], min(taken[1:])))
    return found


def _milliseconds(server: Server, text: bytes) -> float:
    begun = time.perf_counter()
    server.ask(text)
    return (time.perf_counter() - begun) * 1e3


def refuse_differences(servers: Sequence[Server], country: Country, effort: Effort) -> int:
    """Compare every peer's answer to every request with the first peer's; return how many.

    Raises:
        RuntimeError: an answer differs; tells where.

    """
    compared = 0
    for query in QUERIES:
        able = [
            server
            for server in servers
            if server.peer.answers(query) and server.peer.name != "constant"
        ]
        if len(able) < 2:
            continue
        texts = [_texts(s.peer, query, country, count=effort.variables) for s in able]
        # One query has no variables that differ: nothing is asked twice.
        for each in dict.fromkeys(zip(*texts, strict=True)):
            answers = [server.ask(text)["data"] for server, text in zip(able, each, strict=True)]
            for server, answer in zip(able[1:], answers[1:], strict=True):
                where = difference(answers[0], answer)
                if where is not None:
                    names = f"{able[0].peer.name} and {server.peer.name}"
                    raise RuntimeError(f"{query.name}: {names} differ: {where}")
                compared += 1
    return compared


def rounds(
    servers: Sequence[Server],
    country: Country,
    effort: Effort,
    report: Callable[[str], None],
) -> list[Figures]:
    """Measure every query: in each round one server after another, beginning with another one."""
    found = []
    for query in QUERIES:
        able = [server for server in servers if server.peer.answers(query)]
        for number in range(effort.rounds):
            turn = number % len(able)
            for server in (*able[turn:], *able[:turn]):
                figures = _round(server, query, country, effort, number)
                found.append(figures)
                report(
                    f"{query.name:<12}{number + 1:>2}  {figures.peer:<14}{figures.rate:>10,.1f}/s"
                    f"{figures.p50:>9.1f}{figures.p99:>9.1f} ms {figures.cpu:>9.3f} ms of CPU"
                )
    return found


def _round(
    server: Server,
    query: Query,
    country: Country,
    effort: Effort,
    number: int,
    page: int = 50,
) -> Figures:
    texts = _texts(server.peer, query, country, count=effort.variables, page=page)
    return _sent(server, query, texts, effort, number)


def _sent(
    server: Server,
    query: Query,
    texts: Sequence[bytes],
    effort: Effort,
    number: int,
    *,
    ids: bool = False,
) -> Figures:
    connections = 1 if query.alone else effort.connections
    # Slow servers get the time in which every connection has had its answer.
    seconds = max(effort.seconds, _milliseconds(server, texts[0]) / 1e3 * connections * 1.5)
    before = server.cpu_seconds()
    done = load(
        server.port,
        texts,
        seconds=seconds,
        connections=connections,
        core=cores()[1],
        own=effort.own_generator,
        ids=ids,
    )
    cpu = (server.cpu_seconds() - before) / done.requests * 1e3
    return Figures(query.name, server.peer.name, number, done.rate, done.p50, done.p99, cpu)


@dataclass(frozen=True, slots=True)
class Unlike:
    """What one peer did where it is not the same again: ``way`` is one of `WAYS`."""

    way: str
    figures: Figures
    questions: int
    """Different requests that were sent in turn."""


def unlike(
    servers: Sequence[Server],
    country: Country,
    database: Mapping[str, Any],
    effort: Effort,
    report: Callable[[str], None],
) -> list[Unlike]:
    """Measure what is the same again in some way only; all peers where the questions are others."""
    found = []
    for query in QUERIES:
        if query.alone:
            continue
        able = [server for server in servers if server.peer.answers(query)]
        others = other_requests(query.name, country.keys)
        for way in WAYS:
            # In the first two ways others do as if nothing were: they keep nothing.
            measured = able if way == "others" else [s for s in able if s.peer.name == "zhupei"]
            if way == "others":
                # What a token says is found out at its first request, which is nobody's question.
                _greet(measured, query, country, others)
            for number in range(effort.rounds):
                turn = number % len(measured)
                for server in (*measured[turn:], *measured[:turn]):
                    if way == "others":
                        # Nobody is asked again in a round what they were asked in one before.
                        fresh = others[number :: effort.rounds]
                        texts = _raw(server.peer, query, country, fresh)
                    else:
                        texts = _texts(server.peer, query, country, count=effort.variables)
                    with writing(database) if way == "written" else contextlib.nullcontext():
                        figures = _sent(server, query, texts, effort, number, ids=way == "ids")
                    found.append(Unlike(way, figures, len(texts)))
                    report(
                        f"{query.name:<12}{number + 1:>2}  {way:<10}{figures.peer:<14}"
                        f"{figures.rate:>10,.1f}/s{figures.p50:>9.1f}{figures.p99:>9.1f} ms "
                        f"{figures.cpu:>9.3f} ms of CPU"
                    )
    return found


def _greet(
    servers: Sequence[Server], query: Query, country: Country, requests: Sequence[Request]
) -> None:
    """Ask once as each login."""
    each = list({request.login: request for request in requests}.values())
    for server in servers:
        for text in _raw(server.peer, query, country, each):
            server.ask(text)


@contextlib.contextmanager
def writing(database: Mapping[str, Any]) -> Iterator[None]:
    """Have somebody commit twenty times a second, on a connection of their own."""
    ended = threading.Event()

    async def write() -> None:
        connection = await asyncpg.connect(**database)
        try:
            while not ended.is_set():
                # A transaction that writes takes an id; this one takes it and nothing else.
                await connection.fetchval("SELECT pg_current_xact_id()::text")
                await asyncio.sleep(_WRITTEN_EVERY_SECONDS)
        finally:
            await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(write()))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def growth(
    servers: Sequence[Server],
    country: Country,
    effort: Effort,
    report: Callable[[str], None],
) -> list[Sample]:
    """Measure queries of the same answer's size once, to be compared over amounts of data."""
    found = []
    for query in QUERIES:
        if query.name not in _GROWING:
            continue
        page = _GROWING_PAGE if query.name in (*PAGED, ELIGIBILITY) else 50
        for server in servers:
            if server.peer.answers(query):
                _round(server, query, country, _warm(effort), 0, page)
                done = _round(server, query, country, effort, 0, page)
                found.append(Sample(country.bases, query.name, done.peer, done.rate, done.cpu))
                report(
                    f"{country.bases:>6,} bases  {query.name:<12}{done.peer:<14}"
                    f"{done.rate:>10,.1f}/s {done.cpu:>9.3f} ms of CPU"
                )
    return found


def growth_of_pages(
    servers: Sequence[Server],
    country: Country,
    effort: Effort,
    report: Callable[[str], None],
) -> list[Sample]:
    """Measure pages of several lengths once, to be compared over the rows that they return."""
    found = []
    for query in QUERIES:
        if query.name not in PAGED:
            continue
        for server in servers:
            for page in _PAGES:
                _round(server, query, country, _warm(effort), 0, page)
                done = _round(server, query, country, effort, 0, page)
                sample = Sample(country.bases, query.name, done.peer, done.rate, done.cpu, page)
                found.append(sample)
                report(
                    f"pages of {page:>3} {query.name:<12}{done.peer:<14}"
                    f"{done.rate:>10,.1f}/s {done.cpu:>9.3f} ms of CPU"
                )
    return found


def _warm(effort: Effort) -> Effort:
    return Effort(1, 0.3, effort.connections, effort.variables, own_generator=True)


def _texts(
    peer: Peer, query: Query, country: Country, *, count: int, page: int = 50
) -> list[bytes]:
    wanted = requests_of(query.name, country.keys, page=page, count=count)
    return _raw(peer, query, country, wanted)


def _raw(peer: Peer, query: Query, country: Country, wanted: Sequence[Request]) -> list[bytes]:
    return [raw_request(peer, query, request, country.tokens) for request in wanted]
