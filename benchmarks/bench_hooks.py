"""What a field that a plugin's hook computes costs on a page of openings.

``python benchmarks/bench_hooks.py [--bases N] [--rounds N] [--http] [--load] [--ways TEXT]``. The
same page is asked without the field, with an attribute in its place, with the very same functions
as the core's own (called for each opening, or for each base, with no plugin system in between), and
with plugins: coroutines, plain functions, and both with answers that hold, or that are others each
time they are asked. Of three plugins the first two pass.

The figure is the least of all rounds, in µs of CPU for a page with its JSON, in this process or,
with ``--http``, in a server that is asked over a socket; the pages are asked in turns. ``without``
and ``own`` are the medians of the ratios to the page without the field, and to the page with the
same functions asked for each base as the core's own. With ``--load`` a server on one core is asked
over 16 connections at once from another one, a second at a time: the figure is the most requests
per second, and the ratios say how many times as many the other page has. With ``--hangs`` it is
told how long a plugin that hangs holds who asks, and everybody else. ``--ways`` measures no others
than those whose name has the text in it, and what these are compared with. The exit status is 1
where answers differ.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

from generate import generate
from hooked_pages import HOOKED, WAYS, Page, as_own, counted
from in_process import Ask, asker, microseconds, settle
from peers.load import load

from zhupei import hookimpl
from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.graphql.engine import Engine
from zhupei.graphql.schema import build_schema
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights

_NODE = """{ edges { node {
  code specialtyName year kind quota capacity postType durationMonths %s
  base { code name tier province { name } }
} } pageInfo { hasNextPage endCursor } }"""
_CONNECTIONS = 16
_PAGES = {
    50: f"{{ openings(first: 50) {_NODE} }}",
    200: f'{{ openings(first: 100) {_NODE} then: openings(first: 100, after: "%s") {_NODE} }}',
}


# In this process


def _here(loaded: LoadedCatalogue, page: Page) -> Ask:
    host = loaded.host
    for number, plugin in enumerate(page.plugins):
        naming = Naming(Rights.PLATFORM, Path("zhupei.yaml"), 1)
        host = host.extended(f"bench-{number}", plugin(), naming)
    with as_own(page.own):
        return asker(Engine(build_schema(loaded.host).schema), loaded, Dispatcher(host))


async def _measure_here(folder: Path, rounds: int, ways: Sequence[Page]) -> bool:
    loaded = await load_catalogue([folder])
    asks = {page.name: _here(loaded, page) for page in ways}
    cursor = _cursor(await asks["without the field"](_text(50, "")))
    settle()

    async def timed(page: Page, text: str, times: int) -> tuple[float, bytes]:
        return await microseconds(lambda: asks[page.name](text), times)

    return await _compare("in process", timed, rounds, cursor, ways)


# In a server


def _packages(folder: Path, number: int, page: Page) -> list[str]:
    """Write the plugins of a page as packages; return their slugs."""
    slugs = []
    for each, plugin in enumerate(page.plugins):
        slug, module = f"bench-{number}-{each}", f"zhupei_bench_{number}_{each}"
        package = folder / slug
        package.mkdir(parents=True)
        (package / "pyproject.toml").write_text(
            f'[project]\nname = "zhupei-{slug}"\nversion = "1.0.0"\n'
            'dependencies = ["zhupei>=1,<2"]\n'
            f'[project.entry-points.zhupei]\n{slug} = "{module}"\n',
            encoding="utf-8",
        )
        (package / f"{module}.py").write_text(
            f"from hooked_pages import {plugin.__name__}\n"
            f"remaining_seats = {plugin.__name__}().remaining_seats\n",
            encoding="utf-8",
        )
        slugs.append(slug)
    return slugs


async def _serve(folder: Path, bases: int, ways: Sequence[Page]) -> None:
    """Be a server of the pages, each at a port of its own; say at which."""
    import uvicorn  # noqa: PLC0415 - only in the server's process

    from zhupei.app import application_of, create_app  # noqa: PLC0415 - see above
    from zhupei.settings import Settings  # noqa: PLC0415 - see above
    from zhupei.web.http_connections import connections  # noqa: PLC0415 - see above

    serving, ports = [], {}
    for number, page in enumerate(ways):
        below = folder / str(number)
        files = generate(below / "bases", bases)
        slugs = _packages(below / "plugins", number, page)
        for file in files.rglob("fictional-*.yaml") if slugs else ():
            text = file.read_text(encoding="utf-8")
            file.write_text(f"{text}\nplugins: [{', '.join(slugs)}]\n", encoding="utf-8")
        with as_own(page.own):
            app: Any = create_app(
                Settings(
                    data_dir=below / "data",
                    bases=(files,),
                    plugins=(below / "plugins",) if slugs else (),
                    worker=False,
                    cache_bytes=0,
                    database_url="postgresql://nobody@127.0.0.1:1/none",
                )
            )
            config = uvicorn.Config(
                app,
                http=cast("Any", connections(application_of(app).repeated)),
                access_log=False,
                log_level="critical",
                server_header=False,
                proxy_headers=False,
            )
            listening = socket.create_server(("127.0.0.1", 0))
            server = uvicorn.Server(config)
            # Without its handling of signals, as there are several of it.
            serve = server._serve([listening])  # noqa: SLF001 - see above
            serving.append(asyncio.create_task(serve))
            while not server.started:  # noqa: ASYNC110 - because uvicorn tells nobody
                await asyncio.sleep(0.01)
        ports[page.name] = listening.getsockname()[1]
    settle()
    sys.stdout.write(f"{json.dumps(ports)}\n")
    sys.stdout.flush()
    await asyncio.gather(*serving)


class _Server:
    """A server of all pages, asked over one connection to each."""

    def __init__(self, bases: int, folder: Path, names: str) -> None:
        options = ["--serve", str(folder), "--bases", str(bases), "--ways", names]
        self._process = subprocess.Popen(  # noqa: S603 - because the command is made here
            [sys.executable, __file__, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._other_core: int | None = None
        stdout = self._process.stdout
        line = b"" if stdout is None else stdout.readline()
        if not line:
            raise RuntimeError("the server ended")
        self._connections = {
            name: http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for name, port in json.loads(line).items()
        }

    def connect(self, page: str) -> None:
        """Connect anew: the server closes connections that nobody uses for some seconds."""
        self._connections[page].close()
        self._connections[page].connect()

    def ask(self, page: str, text: str) -> bytes:
        headers = {"content-type": "application/json", "accept-language": "en"}
        connection = self._connections[page]
        connection.request("POST", "/graphql", json.dumps({"query": text}), headers)
        return connection.getresponse().read()

    def pin(self) -> None:
        """Keep the server on one core and the load on another, as `benchmarks.peers` does."""
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[0]})
            self._other_core = cores[1]

    def load(self, page: str, text: str) -> float:
        """Return how many requests it answers in a second, over several connections."""
        body = json.dumps({"query": text}).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Accept-Language: en\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        port = self._connections[page].port
        given = (head.encode() + body,)
        return load(port, given, seconds=1, connections=_CONNECTIONS, core=self._other_core).rate

    def cpu(self) -> float:
        """Return the seconds of processor time that it took, as the scheduler counts them."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) / 1e9 for path in tasks)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


async def _measure_loaded(bases: int, rounds: int, folder: Path, names: str) -> bool:
    server = _Server(bases, folder, names)
    try:
        server.pin()
        cursor = _cursor(server.ask("without the field", _text(50, "")))

        async def timed(page: Page, text: str, _times: int) -> tuple[float, bytes]:
            server.connect(page.name)
            answer = server.ask(page.name, text)
            return 1e6 / server.load(page.name, text), answer

        return await _compare("under load", timed, rounds, cursor, _named(names), unit="1/s")
    finally:
        server.stop()


async def _measure_served(bases: int, rounds: int, folder: Path, names: str) -> bool:
    server = _Server(bases, folder, names)
    try:
        cursor = _cursor(server.ask("without the field", _text(50, "")))

        async def timed(page: Page, text: str, times: int) -> tuple[float, bytes]:
            server.connect(page.name)
            answer = server.ask(page.name, text)
            begin = server.cpu()
            for _ in range(times):
                answer = server.ask(page.name, text)
            return (server.cpu() - begin) / times * 1e6, answer

        return await _compare("over HTTP", timed, rounds, cursor, _named(names))
    finally:
        server.stop()


# Comparing


def _named(names: str) -> tuple[Page, ...]:
    """Return the ways to measure, with what they are compared with."""
    chosen = [page for page in WAYS if names in page.name]
    beside = {WAYS[0].name, *(page.beside for page in chosen)}
    return tuple(page for page in WAYS if page in chosen or page.name in beside)


def _text(openings: int, asked: str, cursor: str = "") -> str:
    given = (asked,) if openings == min(_PAGES) else (asked, cursor, asked)
    return _PAGES[openings] % given


def _cursor(answer: bytes) -> str:
    """Return where the second hundred begins, out of the page of fifty."""
    found = json.loads(answer)
    found = found.get("data", found)["openings"]
    return str(found["pageInfo"]["endCursor"])


async def _compare(
    where: str,
    timed: Callable[[Page, str, int], Awaitable[tuple[float, bytes]]],
    rounds: int,
    cursor: str,
    ways: Sequence[Page],
    unit: str = "µs",
) -> bool:
    sys.stdout.write(f"{where:<30}{'openings':>9}{unit:>8}{'without':>9}{'own':>8}\n")
    good = True
    for openings in _PAGES:
        taken: dict[str, list[float]] = {page.name: [] for page in ways}
        answers: dict[str, bytes] = {}
        for number in range(rounds + 1):
            for page in ways:
                text = _text(openings, page.asked, cursor)
                micros, answers[page.name] = await timed(page, text, 20)
                if number:  # the first writes what is kept
                    taken[page.name].append(micros)
        del answers["without the field"]
        bodies = {
            re.sub(rb'"seats":\d+', b"", body) if "other answers" in name else body
            for name, body in answers.items()
        }
        counted = {re.sub(rb'"seats":\d+', b"", body) for body in bodies}
        most = min(2, len(answers))  # those with other answers, and the others
        if len(bodies) > most or len(counted) != 1 or any(b'"errors"' in each for each in bodies):
            sys.stdout.write("the answers differ, or are errors\n")
            good = False
        for page in ways:
            without = _ratio(taken[page.name], taken["without the field"])
            own = _ratio(taken[page.name], taken[page.beside]) if page.beside else ""
            least = min(taken[page.name])
            least = least if unit == "µs" else 1e6 / least
            sys.stdout.write(f"{page.name:<30}{openings:>9}{least:>8.0f}{without:>9}{own:>8}\n")
    return good


def _ratio(taken: list[float], beside: list[float]) -> str:
    median = statistics.median(one / other for one, other in zip(taken, beside, strict=True))
    return f"{median:.2f}"


# Hanging


async def _measure_hanging(folder: Path) -> bool:
    """Tell how long a plugin that was quick and now hangs holds its own page, and others."""
    loaded = await load_catalogue([folder])
    gate = threading.Event()

    class Hangs:
        @hookimpl
        def remaining_seats(self, openings: Any) -> dict[str, int]:
            gate.wait()
            return counted(openings)

    class HangsAwaiting:
        @hookimpl
        async def remaining_seats(self, openings: Any) -> dict[str, int]:
            if not gate.is_set():
                await asyncio.sleep(3600)
            return counted(openings)

    sys.stdout.write(f"{'hangs':<30}{'page, ms':>12}{'others, ms at most':>22}\n")
    for name, plugin in (("function", Hangs), ("coroutine", HangsAwaiting)):
        gate.set()
        ask = _here(loaded, Page(name, plugins=(plugin,)))
        for _ in range(50):
            await ask(_text(50, HOOKED))
        gate.clear()
        waits: list[float] = []

        async def others(waits: list[float] = waits) -> None:
            while True:
                begin = time.perf_counter()
                await asyncio.sleep(0)
                waits.append(time.perf_counter() - begin)

        beside = asyncio.create_task(others())
        await asyncio.sleep(0.1)
        waits.clear()
        begin = time.perf_counter()
        answer = await ask(_text(50, HOOKED))
        seconds = time.perf_counter() - begin
        beside.cancel()
        gate.set()
        if answer.count(b'"seats":null') != 50:
            return False
        sys.stdout.write(f"{name:<30}{seconds * 1e3:>12.0f}{max(waits) * 1e3:>22.1f}\n")
    return True


def main() -> int:
    """Generate, measure, print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--http", action="store_true", help="in servers, too")
    parser.add_argument("--load", action="store_true", help="in servers under load, too")
    parser.add_argument("--hangs", action="store_true", help="a plugin that hangs, too")
    parser.add_argument("--ways", default="", metavar="TEXT", help="those named so alone")
    parser.add_argument("--serve", type=Path, metavar="FOLDER", help="be a server")
    options = parser.parse_args()
    if options.serve is not None:
        import uvloop  # noqa: PLC0415 - only in the server's process

        uvloop.run(_serve(options.serve, options.bases, _named(options.ways)))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = generate(Path(temporary) / "bases", options.bases)
        good = asyncio.run(_measure_here(folder, options.rounds, _named(options.ways)))
        if options.http:
            served = _measure_served(options.bases, options.rounds, Path(temporary), options.ways)
            good &= asyncio.run(served)
        if options.load:
            loaded = _measure_loaded(options.bases, options.rounds, Path(temporary), options.ways)
            good &= asyncio.run(loaded)
        if options.hangs:
            good &= asyncio.run(_measure_hanging(folder))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
