"""What HTTP costs around an operation: processor time of a server for each small request.

A constant answer of plain Starlette is the floor. Both servers are real processes under uvicorn
(httptools, uvloop) and are asked in turn over eight connections; what is counted is their processor
time, so that other work on the machine disturbs little. ``--granian`` asks both under granian, too.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_BASES = _ROOT / "tests" / "fictional" / "bases"
_TICKS = os.sysconf("SC_CLK_TCK")
_CONNECTIONS = 8
_FLOOR = '{"data":{"__typename":"Query"}}'
_SMALL = b'{"query":"{ __typename }"}'
_BASE = (
    b'{"query":"query One($code: String!) { base(code: $code) '
    b'{ code name openings { totalCount } } }","variables":{"code":"example-hospital"}}'
)


def constant() -> object:
    """Return the application of the floor."""
    from starlette.applications import Starlette  # noqa: PLC0415 - only in the server's process
    from starlette.requests import Request  # noqa: PLC0415 - see above
    from starlette.responses import Response  # noqa: PLC0415 - see above
    from starlette.routing import Route  # noqa: PLC0415 - see above

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(_FLOOR, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


def graph() -> object:
    """Return zhupei over the fictional hospital, without a database: nothing here asks for one."""
    from zhupei.app import create_app  # noqa: PLC0415 - see above
    from zhupei.settings import Settings  # noqa: PLC0415 - see above

    folder = Path(tempfile.mkdtemp(prefix="zhupei-bench-"))
    return create_app(
        Settings(
            data_dir=folder,
            bases=(_BASES,),
            plugins=(),
            worker=False,
            cache_bytes=int(os.environ.get("ZHUPEI_CACHE_BYTES", "0")),
            database_url="postgresql://nobody@127.0.0.1:1/none",
        )
    )


def serve(application: str, port: int) -> None:
    """Serve one of the two applications under uvicorn, ours with the connections that it has."""
    import uvicorn  # noqa: PLC0415 - only in the server's process

    app: Any = constant() if application == "constant" else graph()
    http: Any = "httptools"
    if application != "constant":
        from zhupei.app import application_of  # noqa: PLC0415 - see above
        from zhupei.web.http_connections import connections  # noqa: PLC0415 - see above

        http = connections(application_of(app).repeated)
    uvicorn.run(
        app,
        port=port,
        http=http,
        loop="uvloop",
        access_log=False,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
    )


def _command(application: str, server: str, port: int) -> list[str]:
    if server == "granian":
        target = f"bench_http:{application}"
        return [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory"),
            *("--host", "127.0.0.1", "--port", str(port), "--no-log", "--loop", "uvloop", target),
        ]
    return [sys.executable, "bench_http.py", "--serve", application, str(port)]


@contextmanager
def _served(application: str, server: str) -> Iterator[tuple[list[int], list[socket.socket]]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - because the command is made here
        _command(application, server, port),
        cwd=Path(__file__).parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        connections = [_connected(port, process) for _ in range(_CONNECTIONS)]
        yield _family(process.pid), connections
        for connection in connections:
            connection.close()
    finally:
        process.terminate()
        process.wait(10)


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        except OSError:
            time.sleep(0.1)
            continue
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    raise RuntimeError("the server does not listen")


def _family(pid: int) -> list[int]:
    """Return the process and its children: granian answers in one of its own."""
    found = [pid]
    for task in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(task.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(task.parent.name))
        except OSError:
            continue
    return found


def _cpu(pids: list[int]) -> float:
    """Return the seconds of processor time that processes took, as the scheduler counts them."""
    return sum(
        int(path.read_text().split()[0]) / 1e9
        for pid in pids
        for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )


def _request(body: bytes) -> bytes:
    return (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )


def _ask(connections: list[socket.socket], request: bytes, times: int) -> bytes:
    """Send a request so often, one on each connection at a time; return the last body."""
    body = b""
    for _ in range(times // len(connections)):
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            body = _received(connection)
    return body


def _received(connection: socket.socket) -> bytes:
    head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body


def _measured(pids: list[int], connections: list[socket.socket], body: bytes, times: int) -> float:
    request = _request(body)
    before = _cpu(pids)
    _ask(connections, request, times)
    return (_cpu(pids) - before) / times * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--granian", action="store_true")
    parser.add_argument("--serve", nargs=2, metavar=("APPLICATION", "PORT"), help="be a server")
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve[0], int(options.serve[1]))
        return
    sys.stdout.write("processor time of the server, µs for each request (best, median ratio)\n")
    for server in ("uvicorn", "granian") if options.granian else ("uvicorn",):
        with _served("constant", server) as floor, _served("graph", server) as own:
            bodies = {"{ __typename }": _SMALL, "one base": _BASE}
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in bodies}
            for pids, connections in (floor, own):
                for body in bodies.values():
                    answer = _ask(connections, _request(body), 200)
                    if b"errors" in answer:
                        raise RuntimeError(answer.decode())
                pids[:] = _family(pids[0])
            for _ in range(options.rounds):
                for name, body in bodies.items():
                    lowest = _measured(*floor, body, options.requests)
                    found[name].append((lowest, _measured(*own, body, options.requests)))
            for name, pairs in found.items():
                # The least disturbed round of each; the ratio is that of a usual one.
                constant_, zhupei = (min(each) for each in zip(*pairs, strict=True))
                ratio = statistics.median(mine / lowest for lowest, mine in pairs)
                sys.stdout.write(
                    f"{server:8} {name:16} constant {constant_:6.1f}   zhupei {zhupei:6.1f}"
                    f"   difference {zhupei - constant_:6.1f}   ratio {ratio:4.2f}\n"
                )


if __name__ == "__main__":
    main()
