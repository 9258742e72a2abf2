"""Tests of zhupei.cli.serve and zhupei.cli.reload: the real command in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from admissions_office import BASES, HOSPITAL

pytestmark = pytest.mark.slow

_BROKEN = "kind: base\ncode: a\ncode: b\n"


class Server:
    """A `zhupei serve` that was started; its log is read line by line."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        (folder / "bases").mkdir(exist_ok=True)
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONWARNINGS": "error",
            "PORT": "0",
            "ZHUPEI_DATA_DIR": str(folder / "data"),
            "ZHUPEI_BASES": str(folder / "bases"),
            "ZHUPEI_PLUGINS": str(folder / "plugins"),
            "ZHUPEI_LOG_FORMAT": "json",
            **environ,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zhupei", "serve"],
            env=self.environ,
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[dict[str, Any]] = []

    def until(self, event: str) -> dict[str, Any]:
        """Read the log up to the line with ``event`` and return it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"].startswith(event):
                return self.lines[-1]
        raise AssertionError(f"no line {event!r} in {self.lines}")

    def ask(self, query: str) -> Any:
        """Ask the graph."""
        [url] = [line["url"] for line in self.lines if line["event"] == "serving"]
        request = urllib.request.Request(
            url, json.dumps({"query": query}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def end(self, number: signal.Signals) -> float:
        """Send a signal and return how many seconds the process took to end.

        Of an idle machine: where other work takes the processors, its share is taken out.
        """
        before = contention()
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=30)
        took = time.monotonic() - began
        return took / max(before, contention())

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.end(signal.SIGTERM)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def messages(connection: ClientConnection) -> Iterator[Any]:
    """Yield what still comes, until the server closes."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield json.loads(connection.recv(10))


def contention() -> float:
    """Return how many times longer than its processor time work takes now: 1 on an idle core."""
    began, used = time.perf_counter(), time.thread_time()
    while time.thread_time() - used < 0.05:
        pass
    return max(1.0, (time.perf_counter() - began) / (time.thread_time() - used))


@pytest.fixture
def serve(open_folder: Path) -> Iterator[Callable[..., Server]]:
    """Start servers that are ended with the test."""
    started: list[Server] = []

    def start(**environ: str) -> Server:
        started.append(Server(open_folder, **environ))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_within_two_seconds_with_postgresql(
    serve: Callable[..., Server], number: signal.Signals
) -> None:
    server = serve()
    line = server.until("serving")
    assert line["database"] == "embedded"
    assert line["data"] == server.environ["ZHUPEI_DATA_DIR"]
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*/graphql", line["url"])
    assert server.ask("{ __typename }") == {"data": {"__typename": "Query"}}
    postmaster = server.folder / "data/postgres/cluster/postmaster.pid"
    process = int(postmaster.read_text().splitlines()[0])
    assert server.end(number) < 2
    assert server.process.returncode == 0
    assert not postmaster.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    server.until("stopping")
    server.until("stopped")
    assert [entry for entry in server.lines if entry["level"] == "error"] == []


def test_a_request_that_hangs_does_not_hold_up_the_end(
    serve: Callable[..., Server], database_url: str
) -> None:
    server = serve(ZHUPEI_DATABASE_URL=database_url)
    port = int(server.until("serving")["url"].rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as half:
        half.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        half.sendall(b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.1)
        assert server.end(signal.SIGTERM) < 2
    assert server.process.returncode == 0


def test_live_subscriptions_are_closed_and_do_not_hold_up_the_end(
    serve: Callable[..., Server], database_url: str
) -> None:
    server = serve(ZHUPEI_DATABASE_URL=database_url, ZHUPEI_BASES=str(BASES))
    url = server.until("serving")["url"]
    query = f'subscription {{ roundChanged(program: "{HOSPITAL}") {{ readAgain }} }}'
    event = {"data": {"roundChanged": {"readAgain": True}}}
    request = urllib.request.Request(
        url,
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json", "accept": "text/event-stream"},
    )
    with (
        connect(
            url.replace("http", "ws"),
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ) as socket_,
        urllib.request.urlopen(request, timeout=10) as stream,
    ):
        socket_.send('{"type": "connection_init"}')
        assert json.loads(socket_.recv(10)) == {"type": "connection_ack"}
        payload = {"query": query}
        socket_.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert json.loads(socket_.recv(10)) == {"id": "1", "type": "next", "payload": event}
        assert [stream.readline() for _ in range(3)] == [
            b"event: next\n",
            f"data: {json.dumps(event, separators=(',', ':'))}\n".encode(),
            b"\n",
        ]
        assert server.end(signal.SIGTERM) < 2
        # Nothing is complete: whoever is told so does not watch on at the server that comes next.
        assert stream.read() == b""
        assert list(messages(socket_)) == []
        assert socket_.close_code == 1012
    assert server.process.returncode == 0
    server.until("stopped")
    assert [entry for entry in server.lines if entry["level"] in {"error", "warning"}] == []


def test_without_a_database_the_catalogue_is_served(serve: Callable[..., Server]) -> None:
    server = serve(ZHUPEI_DATABASE_URL="postgresql://u:secret@127.0.0.1:1/d")
    problem = server.until("no database")
    assert problem["level"] == "error"
    assert problem["hint"] == "check ZHUPEI_DATABASE_URL"
    assert "secret" not in json.dumps(problem)
    assert server.until("serving")["database"] == "unavailable"
    assert server.ask("{ __typename }") == {"data": {"__typename": "Query"}}


@contextlib.contextmanager
def silent_database() -> Iterator[str]:
    """Stand in for a PostgreSQL that takes connections and says nothing, up to the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def answered(port: int, path: str) -> tuple[int, Any, Any]:
    """Return status, ``Retry-After`` and content; None of each where nobody listens yet."""
    url = f"http://127.0.0.1:{port}{path}"
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status, None, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["retry-after"], json.load(error)
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_it_answers_from_its_first_moment_and_can_be_ended_in_it(
    serve: Callable[..., Server],
) -> None:
    port = free_port()
    with silent_database() as url:
        server = serve(PORT=str(port), ZHUPEI_DATABASE_URL=url)
        assert answered(port, "/health/live") == (200, None, {"status": "ok"})
        status, _, state = answered(port, "/health/ready")
        assert (status, state["status"]) == (503, "unavailable")
        assert state["reason"] in {"catalogue loading", "starting"}
        status, after, refused = answered(port, "/graphql?query={__typename}")
        assert (status, after, refused["errors"][0]["extensions"]["code"]) == (503, "2", "STARTING")
        assert server.end(signal.SIGTERM) < 2
    assert server.process.returncode == 0
    with pytest.raises(AssertionError, match="no line 'serving'"):
        server.until("serving")
    assert [entry for entry in server.lines if entry["level"] == "error"] == []


def test_a_port_in_use_is_told_in_two_lines_before_anything_starts(
    serve: Callable[..., Server],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = serve(PORT=str(port))
        out, err = server.process.communicate(timeout=30)
    assert server.process.returncode == 1
    assert out == ""
    assert err == (
        f"zhupei: port {port} on 127.0.0.1 is in use\n"
        "        set PORT to another, as in PORT=8001\n"
    )
    assert not (server.folder / "data").exists()


def test_a_misspelt_setting_is_told_before_anything_starts(serve: Callable[..., Server]) -> None:
    server = serve(ZHUPEI_DATADIR="x", LANG="zh_CN.UTF-8", PYTHONUTF8="1")
    _, err = server.process.communicate(timeout=30)
    assert server.process.returncode == 2
    assert err == "zhupei: ZHUPEI_DATADIR：没有这个设置；是否指 ZHUPEI_DATA_DIR？\n"
    assert not (server.folder / "data").exists()


def test_a_strict_start_refuses_a_broken_file(serve: Callable[..., Server]) -> None:
    server = serve()
    server.close()
    (server.folder / "bases" / "a.yaml").write_text(_BROKEN)
    strict = serve(ZHUPEI_STRICT="1")
    assert strict.process.wait(timeout=30) == 1
    assert strict.process.stderr is not None
    err = strict.process.stderr.read()
    assert "bases/a.yaml:3:1: " in err
    assert err.endswith("        correct them, or unset ZHUPEI_STRICT\n")
    assert "Traceback" not in err
    assert not (server.folder / "data/postgres/cluster/postmaster.pid").exists()


def test_reload_reads_the_files_again_and_keeps_what_is_good(
    serve: Callable[..., Server], database_url: str
) -> None:
    server = serve(ZHUPEI_DATABASE_URL=database_url)
    server.until("serving")

    def reload() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "zhupei", "reload"],
            env=server.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    done = reload()
    said = f"server {server.process.pid}: serves the configuration as it stands, catalogue "
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(f"{re.escape(said)}[0-9a-f]{{32}}\n", done.stdout)
    assert "in service (same)" in server.until("catalogue ")["event"]
    (server.folder / "bases" / "a.yaml").write_text(_BROKEN)
    broken = reload()
    kept = done.stdout.split()[-1]
    assert (broken.returncode, broken.stdout) == (1, "")
    first, last = broken.stderr.splitlines()
    assert first.startswith("bases/a.yaml:3:1: code: duplicate key")
    assert first.endswith("[CONFIG_DUPLICATE_KEY]")
    assert last == f"server {server.process.pid}: keeps what it has, catalogue {kept}"
    refused = server.until("configuration not reloaded")
    assert "stays in service" in refused["event"]
    assert server.ask("{ __typename }") == {"data": {"__typename": "Query"}}
    server.end(signal.SIGTERM)
    done = reload()
    assert done.returncode == 1
    assert done.stderr == (
        f"zhupei: no server is running on the data in {server.folder}/data\n"
        "        check that ZHUPEI_DATA_DIR is the one the server has\n"
    )


def test_the_note_of_a_killed_server_signals_nobody(
    serve: Callable[..., Server], database_url: str
) -> None:
    """Its process id may belong to somebody else by now."""
    server = serve(ZHUPEI_DATABASE_URL=database_url)
    server.until("serving")
    server.end(signal.SIGKILL)
    note = server.folder / "data" / "run" / str(server.process.pid)
    assert note.exists()
    done = subprocess.run(
        [sys.executable, "-m", "zhupei", "reload"],
        env=server.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert not note.exists()


def test_the_page_is_shown_to_browsers_only(
    serve: Callable[..., Server], database_url: str
) -> None:
    server = serve(ZHUPEI_DATABASE_URL=database_url)
    url = server.until("serving")["url"]
    page = urllib.request.Request(url, headers={"accept": "text/html"})
    with urllib.request.urlopen(page, timeout=10) as response:
        assert response.headers["content-type"] == "text/html; charset=utf-8"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=10)
    assert caught.value.code == 400
    caught.value.close()
