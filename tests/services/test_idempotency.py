"""Tests of zhupei.services.idempotency, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.connection import get_connection

from zhupei.db.connection import Database
from zhupei.db.models import CatalogueVersion, Idempotency
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.roles import Role
from zhupei.services.idempotency import forget_before, once, request_hash

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


@dataclasses.dataclass(frozen=True)
class _Input:
    application: UUID
    points: Decimal
    idempotency_key: str | None = None


class _Work:
    """Work that leaves a row and counts how often it was done."""

    def __init__(self, *, fails: bool = False, pause: float = 0) -> None:
        self.fails, self.pause, self.done = fails, pause, 0

    async def __call__(self) -> dict[str, Any]:
        self.done += 1
        await CatalogueVersion.create(
            hash=f"row-{self.done}-{id(self)}",
            first_loaded_at=_AT,
            last_loaded_at=_AT,
            bases=0,
            programs=0,
            openings=0,
        )
        await asyncio.sleep(self.pause)
        if self.fails:
            raise RuntimeError("the work failed")
        return {"number": self.done, "name": "王"}


async def ask(work: _Work, key: str | None = "k-1", **changes: Any) -> Any:
    values: dict[str, Any] = {
        "actor": "me",
        "operation": "submit",
        "request": {"opening": "a"},
        "at": _AT,
    }
    return await once(key, work=work, **{**values, **changes})


async def rows() -> int:
    return await CatalogueVersion.all().count()


async def test_a_repetition_is_answered_and_does_nothing(database: Database) -> None:
    work = _Work()
    with database.use():
        first = await ask(work)
        assert await ask(work) == first == {"number": 1, "name": "王"}
        assert (work.done, await rows()) == (1, 1)


async def test_another_request_under_the_same_key_is_refused(database: Database) -> None:
    work = _Work()
    with database.use():
        await ask(work)
        for changes in ({"request": {"opening": "b"}}, {"operation": "withdraw"}):
            refusal = await ask(work, **changes)
            assert isinstance(refusal, AccessRefusal)
            assert refusal.code is AccessCode.IDEMPOTENCY_KEY_REUSED
            assert refusal.field == "idempotencyKey"
        assert (work.done, await rows(), await Idempotency.all().count()) == (1, 1, 1)


async def test_keys_of_two_actors_are_two_keys(database: Database) -> None:
    work = _Work()
    with database.use():
        await ask(work)
        assert (await ask(work, actor="you"))["number"] == 2


async def test_without_key_the_work_is_done_every_time_in_a_transaction(database: Database) -> None:
    work, failing = _Work(), _Work(fails=True)
    with database.use():
        await ask(work, None)
        await ask(work, None)
        with pytest.raises(RuntimeError, match="the work failed"):
            await ask(failing, None)
        assert (await rows(), await Idempotency.all().count()) == (2, 0)


async def test_work_that_fails_keeps_nothing_and_may_be_tried_again(database: Database) -> None:
    work = _Work(fails=True)
    with database.use():
        with pytest.raises(RuntimeError, match="the work failed"):
            await ask(work)
        assert (await rows(), await Idempotency.all().count()) == (0, 0)
        work.fails = False
        assert (await ask(work))["number"] == 2
        assert await rows() == 1


async def test_requests_at_the_same_time_are_done_once(database: Database) -> None:
    work = _Work(pause=0.05)
    with database.use():
        answers = await asyncio.gather(*(ask(work) for _ in range(4)))
        assert answers == [{"number": 1, "name": "王"}] * 4
        assert (work.done, await rows()) == (1, 1)


async def test_one_who_waits_works_itself_where_the_first_fails(database: Database) -> None:
    failing, working = _Work(fails=True, pause=0.1), _Work()
    with database.use():
        first = asyncio.create_task(ask(failing))
        await asyncio.sleep(0.03)
        assert await ask(working) == {"number": 1, "name": "王"}
        with pytest.raises(RuntimeError, match="the work failed"):
            await first
        assert await rows() == 1


async def test_a_lost_connection_in_the_middle_leaves_nothing(database: Database) -> None:
    class Cut(_Work):
        async def __call__(self) -> dict[str, Any]:
            await super().__call__()
            await get_connection("default").execute_query(
                "SELECT pg_terminate_backend(pg_backend_pid())"
            )
            return {}

    with database.use():
        with pytest.raises(Exception, match=r"terminating|closed|connection"):
            await ask(Cut())
        assert (await rows(), await Idempotency.all().count()) == (0, 0)
        assert (await ask(_Work()))["number"] == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 129, "a\n", "a\x00"])
async def test_keys_that_are_refused(database: Database, key: str) -> None:
    work = _Work()
    with database.use():
        refusal = await ask(work, key)
        assert isinstance(refusal, AccessRefusal)
        assert refusal.code is AccessCode.IDEMPOTENCY_KEY_INVALID
        assert refusal.message.zh == "幂等键应为 1 至 128 个可见的 ASCII 字符"
        assert (work.done, await rows()) == (0, 0)


async def test_old_keys_are_forgotten(database: Database) -> None:
    work = _Work()
    with database.use():
        await ask(work)
        await ask(work, "k-2", at=_AT + timedelta(days=2))
        assert await forget_before(_AT + timedelta(days=1)) == 1
        assert (await ask(work))["number"] == 3
        assert (await ask(work, "k-2"))["number"] == 2


def test_the_hash_of_a_request() -> None:
    id_ = UUID(int=7)
    hashes = {
        request_hash("a", {"x": 1, "y": [True, None]}),
        request_hash("a", {"x": "1", "y": [True, None]}),
        request_hash("a", {"x": 1, "y": [None, True]}),
        request_hash("b", {"x": 1, "y": [True, None]}),
        request_hash("a", {"x": Decimal(1)}),
        request_hash("a", {"x": date(2026, 1, 1)}),
        request_hash("a", {"x": datetime(2026, 1, 1, tzinfo=UTC)}),
        request_hash("a", {"x": b"1"}),
        request_hash("a", {"x": {1, 2}}),
        request_hash("a", {1: "x"}),
        request_hash("a", {"x": Role.AUDITOR}),
        request_hash("a", _Input(id_, Decimal(3))),
        request_hash("a", _Input(id_, Decimal("3.5"))),
    }
    assert len(hashes) == 13
    same = _Input(id_, Decimal(3), "one"), _Input(id_, Decimal(3), "two")
    assert request_hash("a", same[0]) == request_hash("a", same[1])
    with pytest.raises(TypeError, match="a request holds no object"):
        request_hash("a", object())


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8
)


@given(st.dictionaries(st.text(), _VALUES))
def test_the_order_of_keys_does_not_matter(request_: dict[str, Any]) -> None:
    backwards = dict(reversed(list(request_.items())))
    assert request_hash("a", request_) == request_hash("a", backwards)


@pytest.mark.parametrize("answer", ["0190-an-id", "12", "null", "", 7, ["a"], True])
async def test_any_plain_answer_is_kept_as_it_is(database: Database, answer: object) -> None:
    """A text is not mistaken for JSON: an id, or a text that would read as a number."""

    async def work() -> object:
        return answer

    with database.use():
        for _ in range(2):
            kept = await once(
                "key", actor="a", operation="o", request={}, at=datetime.now(UTC), work=work
            )
            assert kept == answer
            assert type(kept) is type(answer)
