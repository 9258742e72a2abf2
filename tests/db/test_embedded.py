"""Tests of zhupei.db.embedded, on the real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from zhupei.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, ServerAddress
from zhupei.db.embedded_cluster import Cluster
from zhupei.domain.text import Language

pytestmark = pytest.mark.slow


@pytest.fixture
def new_server(open_folder: Path) -> Iterator[Callable[..., EmbeddedPostgres]]:
    """Make servers that are given up even when the test fails."""
    made = []

    def make(name: str = "pg", *, durable: bool = False) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(open_folder / name, durable=durable))
        return made[-1]

    yield make
    for server in made:
        server.stop()


def postmaster(directory: Path) -> int | None:
    """Return the process id out of the server's own file, None when none runs."""
    try:
        return int((directory / "cluster" / "postmaster.pid").read_text().splitlines()[0])
    except FileNotFoundError:
        return None


async def ask(address: ServerAddress, query: str) -> object:
    connection = await asyncpg.connect(
        host=str(address.socket_dir), user=address.user, database="postgres"
    )
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_server_starts_answers_and_stops_with_nothing_left(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server()
    address = server.start()
    assert await ask(address, "SELECT upper('é')") == "É"
    assert await ask(address, "SHOW listen_addresses") == ""
    assert await ask(address, "SHOW timezone") == "UTC"
    began = time.monotonic()
    assert server.stop() is True
    assert time.monotonic() - began < 1.5
    assert postmaster(open_folder / "pg") is None
    with pytest.raises(FileNotFoundError):
        await ask(address, "SELECT 1")


async def test_data_survive_and_a_second_start_makes_no_new_cluster(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server()
    identity = "SELECT system_identifier FROM pg_control_system()"
    first = await ask(server.start(), identity)
    server.stop()
    assert await ask(server.start(), identity) == first
    server.stop()


async def test_two_users_share_one_server_and_the_last_stops_it(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    one = new_server()
    two = new_server()
    one.start()
    process = postmaster(open_folder / "pg")
    address = two.start()
    assert postmaster(open_folder / "pg") == process
    assert one.stop() is False
    assert await ask(address, "SELECT 1") == 1
    assert two.stop() is True
    assert postmaster(open_folder / "pg") is None


def start_and_be_killed(open_folder: Path) -> None:
    """Start a server in a process of its own, and kill that process."""
    program = textwrap.dedent(
        f"""
        import pathlib, sys, time
        from zhupei.db.embedded import EmbeddedPostgres
        EmbeddedPostgres(pathlib.Path({str(open_folder / "pg")!r}), durable=False).start()
        print("started", flush=True)
        time.sleep(60)
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "started\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()


async def test_the_server_of_a_killed_process_is_joined_and_stopped(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    """A killed parent leaves the server behind; the next user inherits the duty to stop it."""
    start_and_be_killed(open_folder)
    left = postmaster(open_folder / "pg")
    assert left is not None
    heir = new_server()
    assert await ask(heir.start(), "SELECT 1") == 1
    assert postmaster(open_folder / "pg") == left
    assert heir.stop() is True
    assert postmaster(open_folder / "pg") is None


async def test_a_server_that_was_killed_recovers(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server(durable=True)
    address = server.start()
    await ask(address, "CREATE TABLE kept AS SELECT 7 AS n")
    process = postmaster(open_folder / "pg")
    assert process is not None
    os.kill(process, signal.SIGKILL)
    assert server.stop() is True
    again = new_server(durable=True)
    assert await ask(again.start(), "SELECT n FROM kept") == 7
    again.stop()


async def test_a_path_too_long_for_a_socket_is_served_from_a_short_one(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server(f"{'x' * 100}/pg")
    address = server.start()
    assert not address.socket_dir.is_relative_to(open_folder)
    assert address.socket_dir.stat().st_mode & 0o777 == 0o700
    assert await ask(address, "SELECT 1") == 1
    server.stop()


def test_only_the_owner_may_enter_the_directory(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server()
    server.start()
    assert (open_folder / "pg").stat().st_mode & 0o777 == 0o700
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take what is another account's")
def test_root_leaves_the_database_of_another_account_alone(
    new_server: Callable[..., EmbeddedPostgres], open_folder: Path
) -> None:
    owner = 54321
    cluster = open_folder / "pg" / "cluster"
    cluster.mkdir(parents=True)
    for folder in (open_folder, open_folder / "pg", cluster):
        os.chown(folder, owner, owner)
        folder.chmod(0o700)

    with pytest.raises(EmbeddedPostgresError) as refused:
        new_server().start()

    message = refused.value.message.get(Language.EN)
    assert "belongs to the account 54321: run this as that account" in message
    for folder in (open_folder, open_folder / "pg", cluster):
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (owner, 0o700)
    assert [path.name for path in (open_folder / "pg").iterdir()] == ["cluster"]


def test_half_a_cluster_is_made_anew(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    """A first start that was interrupted leaves `cluster.unfinished`, never a broken cluster."""
    (open_folder / "pg" / "cluster.unfinished" / "base").mkdir(parents=True)
    server = new_server()
    server.start()
    assert not (open_folder / "pg" / "cluster.unfinished").exists()
    server.stop()


def test_data_of_another_version_are_refused_and_left_alone(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    version = open_folder / "pg" / "cluster" / "PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("16\n")
    server = new_server(durable=True)
    with pytest.raises(EmbeddedPostgresError) as caught:
        server.start()
    assert caught.value.message.get(Language.EN) == (
        f"{open_folder}/pg/cluster was made by PostgreSQL 16 and the embedded one is 18; "
        "dump it with the old version and restore it"
    )
    assert [path.name for path in (open_folder / "pg" / "cluster").iterdir()] == ["PG_VERSION"]
    assert server.stop() is False


def test_a_server_that_ends_at_once_is_explained_from_its_log(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    server = new_server()
    server.start()
    server.stop()
    (open_folder / "pg" / "cluster" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresError) as caught:
        server.start()
    message = caught.value.message.get(Language.EN)
    assert message.startswith("PostgreSQL did not start (exit status ")
    assert "could not find the database system" in message
    assert message.endswith(f"its log is {open_folder}/pg/server.log")
    assert server.stop() is False


def test_a_directory_that_is_a_file_is_explained(
    open_folder: Path, new_server: Callable[..., EmbeddedPostgres]
) -> None:
    (open_folder / "pg").write_text("")
    with pytest.raises(EmbeddedPostgresError) as caught:
        new_server(durable=True).start()
    assert caught.value.code == "DATABASE_UNAVAILABLE"
    assert caught.value.message.get(Language.EN).startswith(
        f"PostgreSQL in {open_folder}/pg cannot start: "
    )


_FATAL = "2026-11-23 21:44 UTC [9] FATAL:  insufficient file descriptors available"
_DETAIL = "2026-11-23 21:44 UTC [9] DETAIL:  System allows 6, server needs at least 58."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            [
                "sh: 1: Too many open files",
                _FATAL,
                _DETAIL,
                "child process exited with exit code 1",
            ],
            f"{_FATAL}; {_DETAIL}",
        ),
        (
            ['initdb: error: directory "/data" is not empty', "initdb: hint: empty it"],
            'initdb: error: directory "/data" is not empty; initdb: hint: empty it',
        ),
        (["one", "two", "three", "four"], "two three four"),
    ],
)
def test_why_initdb_fails_is_told_with_its_detail(
    open_folder: Path, said: list[str], told: str
) -> None:
    # The real one with too few descriptors says the first of these; a stand-in says each.
    programs = open_folder / "programs"
    programs.mkdir()
    (programs / "said").write_text("\n".join(said))
    (programs / "initdb").write_text(f"#!/bin/sh\ncat {programs}/said >&2\nexit 1\n")
    (programs / "initdb").chmod(0o755)
    cluster = Cluster(open_folder / "pg", durable=False)
    cluster.prepare(programs)
    with pytest.raises(EmbeddedPostgresError) as caught:
        cluster.initialise(programs)
    assert caught.value.message.get(Language.EN) == (
        f"PostgreSQL's files cannot be made in {open_folder}/pg: {told}"
    )
    assert not (open_folder / "pg" / "cluster").exists()
