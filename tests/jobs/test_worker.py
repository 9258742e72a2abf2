"""Workers as processes: they do what is due, may be killed, and stop when asked to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from admissions_office import Office
from job_place import KEY_TEXT, applicant, place_of, published
from mail_room import MailRoom, mail_room
from zhupei.db.models import NoticeDeliveryRow, NoticeRow, OutboxRow, TransitionRow
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.jobs import run_due, tell_events
from zhupei.jobs.worker import Worker
from zhupei.services.audit import verify_audit_chain
from zhupei.services.progress import operation
from zhupei.services.queue_status import queue_status, retry_failed


class WorkerProcess:
    """One ``zhupei worker`` over a database, a folder of bases and a mail server."""

    def __init__(self, folder: Path, url: str, bases: Path, **environ: str) -> None:
        self._folder = folder
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ZHUPEI_")},
            "ZHUPEI_DATABASE_URL": url,
            "ZHUPEI_DATA_DIR": str(folder / "data"),
            "ZHUPEI_BASES": str(bases),
            "ZHUPEI_PLUGINS": str(folder),
            "ZHUPEI_TICK_SECONDS": "1",
            "ZHUPEI_LOG_FORMAT": "json",
            **environ,
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        code = "import sys; from zhupei.cli import main; sys.exit(main())"
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, "worker",
            env=self.environ, cwd=self._folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        await self.said('"working"')

    async def said(self, word: str) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        heard = ""
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                if word in line:
                    return line
                heard += line
        raise AssertionError(f"the worker ended without saying {word}:\n{heard}")

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, float]:
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        rest, _ = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, rest.decode(), time.monotonic() - began


@contextlib.asynccontextmanager
async def running(*workers: WorkerProcess) -> AsyncIterator[None]:
    try:
        await asyncio.gather(*(each.start() for each in workers))
        yield
    finally:
        # Also one that did not come up in time: it would work on the database of the next test.
        for each in workers:
            if each.process is not None and each.process.returncode is None:
                each.process.kill()
                await each.process.communicate()


async def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.1)


@pytest.fixture
async def room() -> AsyncIterator[MailRoom]:
    async with mail_room() as opened:
        yield opened


def worker_for(
    folder: Path, url: str, room: MailRoom | None = None, **environ: str
) -> WorkerProcess:
    mail = {} if room is None else {
        "ZHUPEI_SMTP_HOST": "127.0.0.1",
        "ZHUPEI_SMTP_PORT": str(room.port),
        "ZHUPEI_SMTP_SECURITY": "none",
        "ZHUPEI_MAIL_FROM": "noreply@zhupei.example",
    }  # fmt: skip
    return WorkerProcess(folder, url, folder, **mail, **environ)


async def test_a_worker_does_what_is_due_and_stops_when_asked(
    office: Office, tmp_path: Path, database_url: str, room: MailRoom
) -> None:
    """The clock of the process is today's: the publicity of May 2026 is long over by then."""
    (case,) = await published(office, [await applicant(office, 1)])
    await tell_events(place_of(office, room.server))
    sent = len(room.letters)
    worker = worker_for(tmp_path, database_url)
    async with running(worker):

        async def expired() -> bool:
            return (await office.case(case.id)).state is S.EXPIRED

        await until(expired)
        status, rest, seconds = await worker.stop()
    assert status == 0
    assert "stopped" in rest.splitlines()[-1]
    assert "Traceback" not in rest
    assert seconds < 5
    with office.database.use():
        last = await TransitionRow.all().order_by("-sequence").first()
        assert last is not None
        assert last.actor == "zhupei (system)"
        # Without a mail server the notice waits.
        assert await NoticeRow.filter(state="NOT_CONFIGURED", kind="EXPIRED").count() == 1
    assert len(room.letters) == sent
    for personal in ("person1@example.org", "样例二"):
        assert personal not in rest


@pytest.mark.slow(seconds=20)
async def test_killed_workers_lose_nothing_and_do_nothing_twice(
    office: Office, tmp_path: Path, database_url: str, room: MailRoom
) -> None:
    """kill -9 again and again, two at a time, while people are let go and notices go out."""
    people = [await applicant(office, n) for n in (1, 2)]
    await published(office, people)
    with office.database.use():
        await OutboxRow.all().update(noticed_at=office.now)
    office.go("2026-05-21T00:00")
    for _ in range(2):
        pair = [worker_for(tmp_path, database_url) for _ in range(2)]
        async with running(*pair):
            await asyncio.sleep(0.2)
            for each in pair:
                assert each.process is not None
                each.process.kill()
                await each.process.communicate()
    last = worker_for(tmp_path, database_url)
    async with running(last):

        async def done() -> bool:
            with office.database.use():
                return await NoticeRow.filter(kind="EXPIRED").count() == len(people)

        await until(done)
        await last.stop()
    with office.database.use():
        assert await TransitionRow.filter(action="EXPIRE").count() == len(people)
        assert (await verify_audit_chain()).broken is None
        events = await OutboxRow.filter(name="application.expired").count()
        assert events == len(people)
    assert await office.taken() == 0


@pytest.mark.slow(seconds=10)
async def test_a_worker_killed_while_it_sends(
    office: Office, tmp_path: Path, database_url: str, room: MailRoom
) -> None:
    """The mail is sent again by the next one, under the same message id."""
    await office.submitted(applicant=await applicant(office, 1))
    hanging = asyncio.Event()
    entered = asyncio.Event()

    async def hang() -> None:
        entered.set()
        await hanging.wait()

    room.waits = hang
    keyed = {"ZHUPEI_ENCRYPTION_KEYS": KEY_TEXT}
    first = worker_for(tmp_path, database_url, room, **keyed)
    async with running(first):
        async with asyncio.timeout(60):
            await entered.wait()
        assert first.process is not None
        first.process.kill()
        await first.process.communicate()
    hanging.set()
    room.waits = None
    with office.database.use():
        row = await NoticeRow.get()
        assert (row.state, row.attempts) == ("WAITING", 1)
    second = worker_for(tmp_path, database_url, room, **keyed)
    async with running(second):

        async def sent() -> bool:
            with office.database.use():
                return await NoticeRow.filter(state="SENT").exists()

        # As five minutes later.
        with office.database.use():
            await NoticeRow.all().update(leased_until=office.now)
        await until(sent)
        await second.stop()
    assert [to for to, _ in room.letters] == ["person1@example.org"]
    with office.database.use():
        outcomes = await NoticeDeliveryRow.all().order_by("attempt")
        assert [each.outcome for each in outcomes] == ["INTERRUPTED", "ACCEPTED"]
        assert outcomes[1].message_id == f"<notice.{row.id}@zhupei.example>"


async def test_events_are_told_within_a_moment_of_their_commit(
    office: Office, room: MailRoom
) -> None:
    """Nobody waits for the next look: the job comes with the transaction."""
    await run_due(place_of(office))
    place = place_of(office, room.server)
    async with Worker(place, tick_seconds=60).working():
        # Whatever the worker finds when it starts.
        await asyncio.sleep(1)
        began = time.monotonic()
        await office.submitted(applicant=await applicant(office, 1))

        async def arrived() -> bool:
            return bool(room.letters)

        await until(arrived, 10)
        assert time.monotonic() - began < 8


async def test_the_database_may_go_and_come_back(
    office: Office, room: MailRoom, database_url: str
) -> None:
    place = place_of(office, room.server)
    async with Worker(place, tick_seconds=1).working():
        await asyncio.sleep(1)
        killer = await asyncpg.connect(database_url)
        for _ in range(3):
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'zhupei worker'"
            )
            await asyncio.sleep(0.3)
        await killer.close()
        await office.submitted(applicant=await applicant(office, 1))

        async def arrived() -> bool:
            return bool(room.letters)

        await until(arrived, 40)


async def test_no_connection_is_left_behind(office: Office, database_url: str) -> None:
    async with Worker(place_of(office), tick_seconds=1).working():
        await asyncio.sleep(1.5)
    watcher = await asyncpg.connect(database_url)

    async def none() -> bool:
        count = await watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'zhupei worker'"
        )
        return bool(count == 0)

    await until(none, 5)
    await watcher.close()


async def test_the_state_of_the_queue_and_trying_again(office: Office, database_url: str) -> None:
    await office.submitted(applicant=await applicant(office, 1))
    connection = await asyncpg.connect(database_url)
    with office.database.use():
        async with operation(office.database, kind="k", by="o", clock=lambda: office.now):
            status = await queue_status()
    # One event for each of draft and submission, each with its job.
    assert status["jobs"] == {"todo": 2, "doing": 0, "failed": 0}
    assert status["events"] == {"waiting": 2, "undispatched": 2}
    assert status["operations"] == {"RUNNING": 1, "FAILED": 0}
    assert status["failed"] == []
    assert set(status["oldest"]) == {"events", "jobs"}
    assert 0 <= status["oldest"]["jobs"] < 60
    await connection.execute(
        "UPDATE procrastinate.procrastinate_events SET at = at - interval '1 hour' WHERE job_id = 1"
    )
    with office.database.use():
        assert 3600 <= (await queue_status())["oldest"]["jobs"] < 3660
    await connection.execute(
        "UPDATE procrastinate.procrastinate_jobs SET status = 'doing' WHERE id = 1;"
        "UPDATE procrastinate.procrastinate_jobs SET status = 'failed', attempts = 1 WHERE id = 1"
    )
    with office.database.use():
        status = await queue_status()
        (failed,) = status["failed"]
        assert (failed["id"], failed["task"], failed["attempts"]) == (1, "zhupei.tell", 1)
        assert await retry_failed(2) == 0
        assert await retry_failed(1) == 1
        assert (await queue_status())["jobs"] == {"todo": 2, "doing": 0, "failed": 0}
        assert await retry_failed(None) == 0
    await connection.close()
