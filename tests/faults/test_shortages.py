"""Nothing left: no connection in the pool, no room on the disk, readers that do not read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from admissions_office import Office, sample_catalogue
from crowd import SUBMITTING, Crowd
from server_process import ServerProcess
from zhupei.db.connection import Database
from zhupei.db.embedded import ServerAddress
from zhupei.db.models import ApplicantFile
from zhupei.domain.actors import Grant

pytestmark = pytest.mark.slow

_CATALOGUE = "{ bases(first: 2) { edges { node { code openings { totalCount } } } } }"
_ROWS = """{ applications(filter: {baseIn: ["sample-hospital"]}, first: 20) {
  totalCount edges { node { id state } } } }"""
_HAND_IN = """mutation($i: HandInFileInput!) { handInFile(input: $i) {
  __typename ... on Refusal { code field message } } }"""
_SCHEMA = """{ __schema { types { name description fields { name description args {
  name description } } enumValues { name description } inputFields { name description } } } }"""


@pytest.fixture
async def crowd(database: Database, database_url: str, tmp_path: Path) -> Crowd:
    return Crowd(Office(database, await sample_catalogue()), database, tmp_path, database_url)


async def ask(
    client: httpx2.AsyncClient, query: str, token: str | None = None, **variables: Any
) -> httpx2.Response:
    headers = {"accept-language": "en"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    body = {"query": query, "variables": variables}
    return await client.post("/graphql", json=body, headers=headers)


def code_of(response: httpx2.Response) -> str:
    errors = response.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else "ok"


async def test_no_connection_is_free(crowd: Crowd, database_url: str) -> None:
    """Everybody waits for a bounded time; health and what is known of the catalogue stay fast."""
    crowd.office.go(SUBMITTING)
    office = crowd.token(
        await crowd.account("office", Grant("base_office", base="sample-hospital"))
    )
    server = crowd.server(SUBMITTING, database_pool=2, operations_at_once=8, operation_seconds=3)
    await server.start()
    locker = await asyncpg.connect(database_url)
    try:
        async with httpx2.AsyncClient(
            base_url=server.address, timeout=40, limits=httpx2.Limits(max_connections=80)
        ) as client:
            for query, token in ((_CATALOGUE, None), (_ROWS, office)):
                assert code_of(await ask(client, query, token)) == "ok"
            held = locker.transaction()
            await held.start()
            await locker.execute("LOCK TABLE application IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            crowded = [asyncio.create_task(ask(client, _ROWS, office)) for _ in range(60)]
            await asyncio.sleep(0.5)
            seconds: list[float] = []
            while not all(task.done() for task in crowded):
                for path in ("/health/live", "/health/ready"):
                    at = time.monotonic()
                    found = await client.get(path)
                    assert found.status_code == 200
                    if path.endswith("live"):
                        seconds.append(time.monotonic() - at)
                at = time.monotonic()
                assert code_of(await ask(client, _CATALOGUE)) == "ok"
                seconds.append(time.monotonic() - at)
                await asyncio.sleep(0.1)
            answers = [task.result() for task in crowded]
            # Three seconds for those that ran, two for those that waited, and some for the machine.
            assert time.monotonic() - began < 15
            assert max(seconds) < 2, seconds
            codes = Counter(code_of(each) for each in answers)
            assert set(codes) <= {"OPERATION_TIMED_OUT", "OVERLOADED", "DATABASE_UNAVAILABLE"}
            assert codes["OVERLOADED"] >= 20
            for each in answers:
                if code_of(each) == "OVERLOADED":
                    assert (each.status_code, each.headers["retry-after"]) == (503, "1")
            await held.rollback()
            # At once again, without a restart.
            async with asyncio.timeout(10):
                assert code_of(await ask(client, _ROWS, office)) == "ok"
    finally:
        await locker.close()
        await server.kill()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes at ``folder``; only root can have one."""
    folder.mkdir(mode=0o755)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, *, leave: int) -> Path:
    """Fill the disk of ``folder`` but for so many bytes, and return the file that does."""
    filler = folder / "filler"
    free = os.statvfs(folder)
    filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
    return filler


async def files_kept(crowd: Crowd) -> int:
    with crowd.database.use():
        return await ApplicantFile.all().count()


async def put(client: httpx2.AsyncClient, token: str, size: int) -> tuple[int, str]:
    """Hand a file of so many bytes in; return the status and the code."""
    content = b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8)
    headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
    response = await client.put("/files/identity-scan", content=content, headers=headers)
    return response.status_code, code_of(response)


async def hand_in(client: httpx2.AsyncClient, token: str, size: int) -> Any:
    """Do the same by the graph; return what it answers."""
    operations = {
        "query": _HAND_IN,
        "variables": {"i": {"document": "identity-scan", "file": None}},
    }
    response = await client.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": '{"0": ["variables.i.file"]}'},
        files={"0": ("scan.png", b"\x89PNG\r\n\x1a\n" + os.urandom(size - 8), "image/png")},
        headers={
            "authorization": f"Bearer {token}",
            "accept-language": "en",
            "graphql-require-preflight": "1",
        },
    )
    return response.json()["data"]["handInFile"]


_NO_ROOM = {
    "__typename": "ActionRefused",
    "code": "STORAGE_FULL",
    "field": "file",
    "message": "there is no room for files now, and this one was not kept; try again later",
}


async def applicant_token(crowd: Crowd) -> str:
    cases: dict[UUID, UUID] = await crowd.drafts(1)
    (account,) = cases.values()
    return crowd.token(account)


async def refused_for_room(client: httpx2.AsyncClient, crowd: Crowd, token: str) -> None:
    """Check that a file of 300 kB is refused both ways, and that all else goes on."""
    folder = crowd.data_dir / "files"
    before = sorted(folder.rglob("*")) if folder.exists() else []
    assert await put(client, token, 300_000) == (507, "STORAGE_FULL")
    refused = await hand_in(client, token, 300_000)
    assert {**refused, "__typename": "ActionRefused"} == _NO_ROOM, refused
    left = [each for each in sorted(folder.rglob("*")) if each.is_file() and each not in before]
    assert left == []
    assert await files_kept(crowd) == 0
    assert code_of(await ask(client, _CATALOGUE)) == "ok"
    assert (await client.get("/health/ready")).json()["status"] == "ok"


async def test_a_file_is_larger_than_the_server_may_write(crowd: Crowd) -> None:
    """As on a disk whose quota is used up, without root."""
    token = await applicant_token(crowd)
    server = crowd.server(SUBMITTING)
    server.largest_file = 200_000
    await server.start()
    try:
        async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:
            await refused_for_room(client, crowd, token)
            assert await put(client, token, 100_000) == (201, "ok")
            assert await files_kept(crowd) == 1
    finally:
        await server.kill()


async def test_the_disk_of_the_files_is_full(crowd: Crowd, open_folder: Path) -> None:
    """Files are refused and leave nothing; when there is room again they are taken."""
    with small_disk(open_folder / "disk", 2) as disk:
        crowd.data_dir = disk
        token = await applicant_token(crowd)
        server = crowd.server(SUBMITTING)
        await server.start()
        try:
            async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:
                filler = fill(disk, leave=100_000)
                await refused_for_room(client, crowd, token)
                filler.unlink()
                assert await put(client, token, 300_000) == (201, "ok")
                assert await files_kept(crowd) == 1
        finally:
            await server.kill()


async def test_the_disk_of_postgresql_is_full(open_folder: Path) -> None:
    """Rows that cannot be written say so; the catalogue answers; with room all is as before."""
    with small_disk(open_folder / "disk", 140) as disk:
        server = ServerProcess("", disk, SUBMITTING)
        await server.start()
        try:
            async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:
                assert await signed_up(client, "before") == "ok"
                rows = await asyncpg.connect(
                    host=str(disk / "postgres"), user=ServerAddress(disk).user, database="zhupei"
                )
                filler = fill(disk, leave=0)
                # What room its pages have left is used up, also by rows that are taken back.
                failures = 0
                for number in range(2_000):
                    try:
                        await rows.execute(_ROW, f"{number:x}-filler")
                    except asyncpg.DiskFullError:
                        failures += 1
                    if failures == 100:
                        break
                await rows.close()
                assert failures == 100
                codes = [await signed_up(client, f"during-{number}") for number in range(3)]
                assert codes == ["DATABASE_UNAVAILABLE"] * 3
                assert code_of(await ask(client, _CATALOGUE)) == "ok"
                assert (await client.get("/health/live")).status_code == 200
                filler.unlink()
                async with asyncio.timeout(60):
                    while await signed_up(client, "after") != "ok":  # noqa: ASYNC110 - another process's
                        await asyncio.sleep(0.2)
                given = {"login": "before", "password": "correct horse battery"}
                assert (await client.post("/sign-in", json=given)).status_code == 200
            assert server.process is not None
            assert server.process.poll() is None
            await server.stop()
        finally:
            await server.kill()


_ROW = """
    INSERT INTO account (id, kind, login, tokens_valid_from, created_at)
    VALUES (gen_random_uuid(), 'person', $1, now(), now())
"""


async def signed_up(client: httpx2.AsyncClient, login: str) -> str:
    """Make an account; return the code."""
    given = {"login": login, "password": "correct horse battery"}
    headers = {"x-forwarded-for": f"10.{os.urandom(1)[0]}.{os.urandom(1)[0]}.7"}
    return code_of(await client.post("/sign-up", json=given, headers=headers))


async def test_readers_that_do_not_read(crowd: Crowd) -> None:
    """Forty ask for a large answer and take nothing: nobody else waits, and it is given up."""
    server = crowd.server(SUBMITTING)
    await server.start()
    body = json.dumps({"query": _SCHEMA}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    lazy = []
    try:
        async with httpx2.AsyncClient(base_url=server.address, timeout=40) as client:
            size = len((await ask(client, _SCHEMA)).content)
            assert size > 200_000
            assert server.process is not None
            before = resident(server.process.pid)
            for _ in range(40):
                each = socket.socket()
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                each.connect(("127.0.0.1", server.port))
                each.sendall(request)
                lazy.append(each)
            longest = 0.0
            for _ in range(30):
                began = time.monotonic()
                assert code_of(await ask(client, _CATALOGUE)) == "ok"
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0.1)
            assert longest < 2
            # Each holds its answer once, not more.
            assert resident(server.process.pid) - before < 40 * size * 1.5 + 30e6
            for each in lazy:
                each.close()
            assert code_of(await ask(client, _CATALOGUE)) == "ok"
            assert await server.stop() < 10
    finally:
        for each in lazy:
            each.close()
        await server.kill()


def resident(process: int) -> int:
    """Return the bytes of a process in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
