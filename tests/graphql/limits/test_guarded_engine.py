"""The engine with a guard: what clients are told of cost, rate, load and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import strawberry

from graphql import GraphQLError
from zhupei.domain.text import Language
from zhupei.graphql.engine import Answer, Engine
from zhupei.graphql.limits import Guard, QueryLimits, Rates, schema_extensions

DONE: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    def quick(self) -> str:
        return "quick"

    @strawberry.field
    async def slow(self, seconds: float = 5) -> str:
        await asyncio.sleep(seconds)
        return "slow"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def change(self, name: str, seconds: float = 0) -> str:
        await asyncio.sleep(seconds)
        DONE.append(name)
        return name


@dataclass
class Asking:
    """What the engine and the guard look at of a context."""

    address: str = "192.0.2.1"
    language: Language = Language.EN
    actor: None = None
    kept: dict[Any, Any] = field(default_factory=dict)

    async def renew(self) -> None:
        self.kept.clear()


def engine_of(*, seconds: float = 5, running: int = 9, cost: int = 0, most: int = 50) -> Engine:
    limits = QueryLimits(depth=5, aliases=9, fields=50, tokens=200, cost=most)
    extensions = schema_extensions(limits, introspection=False)
    engine = Engine(strawberry.Schema(Query, Mutation, extensions=extensions))
    rates = Rates(requests=0, cost={"public": cost})
    engine.guard = Guard(rates=rates, seconds=seconds, running=running, waiting=0)
    return engine


def only(errors: list[GraphQLError] | None) -> tuple[str, str]:
    assert errors is not None
    (error,) = errors
    return str((error.extensions or {})["code"]), error.message


async def test_an_operation_that_takes_too_long() -> None:
    engine = engine_of(seconds=0.1)
    result = await engine.execute("{ quick slow }", {}, Asking())
    assert result.data is None
    assert only(result.errors)[0] == "OPERATION_TIMED_OUT"
    assert isinstance(result, Answer)
    # It was begun: its answer has data, which is null.
    assert not result.rejected
    assert (await engine.execute("{ quick }", {}, Asking())).data == {"quick": "quick"}


async def test_of_several_changes_those_before_the_slow_one_stay() -> None:
    DONE.clear()
    engine = engine_of(seconds=0.2, most=500)
    text = 'mutation { a: change(name: "a") b: change(name: "b", seconds: 5) c: change(name: "c") }'
    result = await engine.execute(text, {}, Asking())
    assert only(result.errors)[0] == "OPERATION_TIMED_OUT"
    assert DONE == ["a"]


async def test_more_than_may_run() -> None:
    engine = engine_of(running=1)
    first = asyncio.create_task(engine.execute("{ slow(seconds: 0.2) }", {}, Asking()))
    await asyncio.sleep(0.05)
    result = await engine.execute("{ quick }", {}, Asking())
    assert only(result.errors) == ("OVERLOADED", "The server is busy; try again soon.")
    assert isinstance(result, Answer)
    assert result.rejected
    assert (await first).data == {"slow": "slow"}


async def test_cost_is_told_on_request() -> None:
    engine = engine_of()
    asked = {"cost": True}
    result = await engine.execute(
        "{ quick slow(seconds: 0) }", {}, Asking(), None, None, None, asked
    )
    # A function costs 2, one that is awaited 10.
    assert result.extensions == {"cost": {"operation": 12, "maximum": 50}}
    assert not (await engine.execute("{ quick }", {}, Asking())).extensions
    text = "{ " + " ".join(f"a{n}: slow(seconds: 0)" for n in range(6)) + " }"
    assert only((await engine.execute(text, {}, Asking())).errors) == (
        "LIMIT_EXCEEDED",
        "The operation costs 60; at most 50 is allowed. Ask for smaller pages or fewer fields.",
    )


async def test_a_refused_text_is_not_free() -> None:
    engine = engine_of(cost=400)
    codes = []
    for number in range(6):
        result = await engine.execute(f"{{ unknown{number} a b c d e f g h i j }}", {}, Asking())
        codes.append(str(((result.errors or [])[0].extensions or {}).get("code")))
    # Each is 20, and 5 for each of 13 tokens.
    assert codes == ["None"] * 4 + ["RATE_LIMITED"] * 2


async def test_the_guard_costs_little() -> None:
    """R: counting in memory takes less than 20 µs; ten times that here, on a shared processor."""
    engine = engine_of(cost=10**9)
    context = Asking()
    await engine.execute("{ quick }", {}, context)
    loop_time = asyncio.get_running_loop().time

    async def nothing() -> None:
        return

    guard = engine.guard
    assert guard is not None
    begun = loop_time()
    for _ in range(1000):
        await guard.admit(context, 12, 0)
        await guard.run(context, nothing)
    assert (loop_time() - begun) / 1000 < 400e-6
