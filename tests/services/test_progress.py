"""Long work is seen from outside while it goes on, and never stays running for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tortoise.transactions import in_transaction

from zhupei.db.connection import Database
from zhupei.db.models import DeadlineRow, OperationRow
from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.services import progress as module
from zhupei.services.progress import (
    OperationState,
    Progress,
    fail_interrupted,
    operation,
    operation_of,
    operations_of,
)

NOW = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)


class RefusedError(ZhupeiError):
    code = "REFUSED"

    def __init__(self) -> None:
        super().__init__(Text("不行", "no"))


async def seen(database: Database, progress: Progress) -> module.Operation:
    with database.use():
        found = await operation_of(progress.id)
    assert found is not None
    return found


async def test_is_seen_before_the_transaction_of_the_work_is_committed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EVERY_SECONDS", 0)
    told: list[tuple[int, int | None]] = []
    async with operation(
        database,
        kind="score_import",
        by="office",
        clock=lambda: NOW,
        base="b",
        watch=lambda each: told.append((each.done, each.total)),
    ) as progress:
        before = await seen(database, progress)
        assert (before.state, before.done, before.total) == (OperationState.RUNNING, 0, None)
        async with in_transaction():
            await DeadlineRow.create(kind="k", subject="s", due_at=NOW, done_at=NOW)
            await progress.expect(3, "checking")
            await progress.advance(2)
            # Another connection sees how far it is, and nothing of the work.
            other = Database(data_dir=tmp_path, url=database._url, pool_size=1)
            await other.start()
            during = await seen(other, progress)
            with other.use():
                assert await DeadlineRow.all().count() == 0
            await other.stop()
            assert (during.stage, during.done, during.total) == ("checking", 2, 3)
        await progress.advance()
        progress.result["rows"] = 3
    after = await seen(database, progress)
    assert (after.state, after.done, after.total, after.finished_at) == (
        OperationState.SUCCEEDED, 3, 3, NOW,
    )  # fmt: skip
    assert after.result == {"rows": 3}
    assert told == [(0, 3), (2, 3), (3, 3), (3, 3)]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (RefusedError(), Text("不行", "no")),
        # The words of an unknown error may hold anything.
        (ValueError("张三"), module._FAILED),
    ],
)
async def test_failure_is_noted_and_raised(
    database: Database, error: Exception, problem: Text
) -> None:
    with pytest.raises(type(error)):
        async with operation(database, kind="k", by="office", clock=lambda: NOW) as progress:
            raise error
    found = await seen(database, progress)
    assert (found.state, found.problem) == (OperationState.FAILED, problem)


async def _forgotten_and_failed(database: Database, begun: list[Progress]) -> None:
    async with operation(database, kind="k", by="office", clock=lambda: NOW) as progress:
        begun.append(progress)
        progress.forget()
        raise RefusedError


async def test_what_was_done_before_is_not_shown_a_second_time(database: Database) -> None:
    async with operation(database, kind="k", by="office", clock=lambda: NOW) as first:
        await first.advance()
    async with operation(database, kind="k", by="office", clock=lambda: NOW) as again:
        await again.advance()
        assert (await seen(database, again)).state is OperationState.RUNNING
        again.forget()
    failed: list[Progress] = []
    with pytest.raises(RefusedError):
        await _forgotten_and_failed(database, failed)
    with database.use():
        found = await operations_of(first=10)
    assert [(each.id, each.state) for each in found] == [
        (failed[0].id, OperationState.FAILED), (first.id, OperationState.SUCCEEDED),
    ]  # fmt: skip


async def _committed_and_failed(database: Database, begun: list[Progress], committed: bool) -> None:
    async with operation(database, kind="k", by="office", clock=lambda: NOW, total=3) as progress:
        begun.append(progress)
        async with in_transaction():
            await progress.succeed(rows=3)
            if not committed:
                raise RefusedError
        raise RefusedError


@pytest.mark.parametrize("committed", [True, False])
async def test_work_that_was_committed_succeeded_whatever_came_after(
    database: Database, committed: bool
) -> None:
    begun: list[Progress] = []
    with pytest.raises(RefusedError):
        await _committed_and_failed(database, begun, committed)
    found = await seen(database, begun[0])
    state = OperationState.SUCCEEDED if committed else OperationState.FAILED
    assert (found.state, found.finished_at) == (state, NOW)
    assert (found.done, found.total) == (3 if committed else 0, 3)
    assert found.result == ({"rows": 3} if committed else None)
    assert found.problem == (None if committed else Text("不行", "no"))


async def test_what_is_known_after_the_commit_is_shown_too(database: Database) -> None:
    async with operation(database, kind="k", by="office", clock=lambda: NOW) as progress:
        async with in_transaction():
            await progress.succeed(rows=3)
        await progress.advance(3)
        progress.result |= {"rows": 3, "sent": 1}
    found = await seen(database, progress)
    assert (found.state, found.done, found.result) == (
        OperationState.SUCCEEDED, 3, {"rows": 3, "sent": 1},
    )  # fmt: skip


async def test_the_database_is_not_told_of_every_row(database: Database) -> None:
    async with operation(database, kind="k", by="o", clock=lambda: NOW, total=1000) as progress:
        await progress.advance()
        for _ in range(500):
            await progress.advance()
        assert (await seen(database, progress)).done == 1
    assert (await seen(database, progress)).done == 501


async def test_work_that_fell_silent_was_interrupted(database: Database) -> None:
    with database.use():
        rows = [
            await OperationRow.create(
                kind="k", state="RUNNING", started_by="o", base_code="b", started_at=at, seen_at=at
            )
            for at in (NOW - timedelta(minutes=3), NOW - timedelta(minutes=1))
        ]
        assert await fail_interrupted(NOW) == 1
        assert await fail_interrupted(NOW) == 0
        first, second = [await operation_of(row.id) for row in rows]
        assert first is not None
        assert second is not None
        assert (first.state, first.problem) == (OperationState.FAILED, module._INTERRUPTED)
        assert second.state is OperationState.RUNNING


async def test_who_sees_which(database: Database) -> None:
    with database.use():
        for base, by in (("a", "x"), ("b", "x"), (None, "y")):
            await OperationRow.create(
                kind=f"{base}-{by}", state="RUNNING", started_by=by, base_code=base,
                started_at=NOW, seen_at=NOW,
            )  # fmt: skip

        async def kinds(by: str | None, bases: frozenset[str] | None) -> list[str]:
            found = await operations_of(by=by, bases=bases, running=True, first=10)
            return [each.kind for each in found]

        assert await kinds(None, None) == ["None-y", "b-x", "a-x"]
        assert await kinds("y", frozenset({"a"})) == ["None-y", "a-x"]
        assert await kinds(None, frozenset()) == []
        assert await operations_of(by="x", bases=None, running=False, first=10) == ()
