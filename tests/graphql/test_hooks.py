"""Fields that a hook answers: asked once for all openings of a base, null where a plugin fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf
from typing import Any, cast

import pytest
import strawberry
from strawberry.types import get_object_definition

from asked_graph import AskedGraph, core_graph
from generated_operations import Generated
from made_up import made_up_catalogue, opening_of
from same_answer import asked_by, compare
from zhupei import Base, Cycle, Opening, holds, hookimpl
from zhupei.domain.text import Language
from zhupei.graphql.engine import Answer, Engine
from zhupei.graphql.hooks import Foreseen, HookAnswer
from zhupei.graphql.schema import build_schema
from zhupei.graphql.sources import Attribute, SourcedField, declares, field
from zhupei.graphql.types.openings import Opening as Opening_
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights, Scope

QUERY = "{ openings { edges { node { code remainingSeats } } } bases { totalCount } }"
_ROWS = [
    opening_of("a-2026/0100", 3),
    opening_of("a-2026/0200", 2),
    opening_of("b-2026/0100", 1),
]


class _Seats:
    """A plugin that counts the seats of the base ``a``."""

    def __init__(self, answer: Callable[[Iterable[Opening]], dict[str, int] | None]) -> None:
        self.calls: list[tuple[str, list[str], int]] = []
        self._answer = answer

    @hookimpl
    def remaining_seats(
        self, base: Base, openings: list[Opening], cycle: Cycle
    ) -> dict[str, int] | None:
        """Count."""
        codes = [opening.code for opening in openings]
        self.calls.append((base.code, codes, cycle.year))
        return self._answer(openings)


def _graph(plugin: object) -> AskedGraph:
    host = PluginHost.load({}).extended("seats", plugin, Naming(Rights.INSTITUTION, code="a"))
    catalogue = replace(
        made_up_catalogue(_ROWS), scopes={"a": Scope(base="a", institution=("seats",))}
    )
    return AskedGraph(build_schema(host), catalogue, Dispatcher(host, timeout=0.5))


def _seats(data: Any) -> dict[str, Any]:
    return {
        edge["node"]["code"]: edge["node"]["remainingSeats"] for edge in data["openings"]["edges"]
    }


async def test_a_plugin_is_asked_once_for_all_openings_of_its_base() -> None:
    plugin = _Seats(lambda openings: {opening.code: 1 for opening in openings})
    data = await _graph(plugin).ask(QUERY)
    assert _seats(data) == {"a-2026/0100": 1, "a-2026/0200": 1, "b-2026/0100": None}
    assert plugin.calls == [("a", ["a-2026/0100", "a-2026/0200"], 2026)]


async def test_each_operation_asks_anew() -> None:
    plugin = _Seats(lambda openings: {opening.code: 0 for opening in openings})
    graph = _graph(plugin)
    await graph.ask(QUERY)
    await graph.ask(QUERY)
    assert len(plugin.calls) == 2


async def test_what_the_plugin_does_not_count_is_null() -> None:
    partly = await _graph(_Seats(lambda _openings: {"a-2026/0200": 2})).ask(QUERY)
    assert _seats(partly) == {"a-2026/0100": None, "a-2026/0200": 2, "b-2026/0100": None}
    passed = await _graph(_Seats(lambda _openings: None)).ask(QUERY)
    assert set(_seats(passed).values()) == {None}


async def test_a_plugin_that_fails_leaves_null_and_is_named() -> None:
    def fail(_openings: Iterable[Opening]) -> dict[str, int]:
        raise RuntimeError("password=hunter2")

    refusal = await _graph(_Seats(fail)).refused(QUERY)
    assert [error["path"][-1] for error in refusal.errors] == ["remainingSeats"] * 2
    for error in refusal.errors:
        assert error["extensions"] == {
            "code": "PLUGIN_PROBLEM",
            "plugin": "seats",
            "hook": "remaining_seats",
        }
        assert "hunter2" not in error["message"]
        assert "RuntimeError" in error["message"]
    assert set(_seats(refusal.data).values()) == {None}
    assert refusal.data["bases"] == {"totalCount": 2}


async def test_without_plugins_nobody_counts() -> None:
    graph = AskedGraph(core_graph(), made_up_catalogue(_ROWS), None)
    assert set(_seats(await graph.ask(QUERY)).values()) == {None}


class _Holding:
    """Counts the seats of every base, and says for how long its answer holds."""

    def __init__(self, seconds: float) -> None:
        self.asked: list[str] = []
        self.seats = 5

        @holds(seconds)
        async def remaining_seats(base: Base, openings: Any) -> dict[str, int]:
            """Count."""
            self.asked.append(base.code)
            return {opening.code: self.seats for opening in openings}

        self.remaining_seats = hookimpl(remaining_seats)


_HOLDING_QUERY = """{ openings { edges { node {
    code quota postType remainingSeats again: remainingSeats base { code name }
} } } }"""


def _holding(seconds: float) -> tuple[_Holding, AskedGraph]:
    plugin = _Holding(seconds)
    host = PluginHost.load({}).extended("seats", plugin, Naming(Rights.PLATFORM))
    return plugin, AskedGraph(build_schema(host), made_up_catalogue(_ROWS), Dispatcher(host))


async def _compared(engine: Engine, graph: AskedGraph) -> bytes:
    """Return what both the engine and graphql-core answer."""
    found = await compare(engine, Generated(_HOLDING_QUERY, {}), asked_by(graph, Language.EN))
    written: bytes = found.engine.json()
    assert not found.engine.settled
    return written


async def test_what_holds_is_kept_as_json_with_the_object_around_it() -> None:
    plugin, graph = _holding(inf)
    engine = Engine(graph.composed.schema)
    first = await _compared(engine, graph)
    assert first.count(b'"remainingSeats":5,"again":5') == 3
    assert sorted(plugin.asked) == ["a", "b"]
    kept, room = engine.counts.parts, engine.counts.part_bytes
    assert kept >= 3
    for _ in range(3):
        assert await _compared(engine, graph) == first
    assert (engine.counts.parts, engine.counts.part_bytes) == (kept, room)
    assert sorted(plugin.asked) == ["a", "b"]


async def test_another_catalogue_is_asked_about_anew() -> None:
    plugin, graph = _holding(inf)
    engine = Engine(graph.composed.schema)
    await _compared(engine, graph)
    plugin.seats = 4
    graph.catalogue = made_up_catalogue([replace(row, quota=9) for row in _ROWS])
    assert (await _compared(engine, graph)).count(
        b'"quota":9,"postType":null,"remainingSeats":4'
    ) == 3


async def test_other_plugins_are_asked_anew() -> None:
    _, graph = _holding(inf)
    engine = Engine(graph.composed.schema)
    await _compared(engine, graph)
    other, beside = _holding(inf)
    other.seats = 1
    beside = AskedGraph(graph.composed, graph.catalogue, beside.dispatcher)
    assert (await _compared(engine, beside)).count(b'"remainingSeats":1') == 3


async def test_kept_json_goes_with_the_answer_in_it() -> None:
    plugin, graph = _holding(0.2)
    engine = Engine(graph.composed.schema)
    assert (await _compared(engine, graph)).count(b'"remainingSeats":5') == 3
    room = engine.counts.part_bytes
    plugin.seats = 2
    await asyncio.sleep(0.25)
    for _ in range(3):
        assert (await _compared(engine, graph)).count(b'"remainingSeats":2') == 3
        await asyncio.sleep(0.1)
    assert engine.counts.part_bytes == room


async def test_where_nobody_is_asked_the_page_is_kept() -> None:
    graph = AskedGraph(core_graph(), made_up_catalogue(_ROWS), Dispatcher(PluginHost.load({})))
    engine = Engine(graph.composed.schema)
    first = await _compared(engine, graph)
    assert first.count(b'"remainingSeats":null') == 3
    kept = engine.counts.parts
    assert await _compared(engine, graph) == first
    assert engine.counts.parts == kept


async def test_nothing_is_kept_where_a_plugin_failed() -> None:
    plugin, graph = _holding(inf)
    engine = Engine(graph.composed.schema)
    plugin.seats = "many"  # type: ignore[assignment]  # nonsense, on purpose
    failed = await engine.execute(_HOLDING_QUERY, {}, asked_by(graph, Language.EN)())
    assert failed.errors is not None
    assert len(failed.errors) == 6
    plugin.seats = 3
    assert (await _compared(engine, graph)).count(b'"remainingSeats":3') == 3


class _Counting:
    """Counts the seats of every base anew each time, as plain values or as a coroutine."""

    def __init__(self, *, is_async: bool) -> None:
        self.asked: list[str] = []
        self.seats: dict[str, int | None] = {"a": 5, "b": 6}
        self.fails = False
        self.waits = 0.0

        def count(base: Base, openings: Any) -> dict[str, int] | None:
            self.asked.append(base.code)
            if self.fails:
                raise RuntimeError
            seats = self.seats[base.code]
            return None if seats is None else {opening.code: seats for opening in openings}

        async def awaited(base: Base, openings: Any) -> dict[str, int] | None:
            await asyncio.sleep(self.waits) if self.waits else None
            return count(base, openings)

        self.remaining_seats = hookimpl(awaited if is_async else count)


def _counting(*, is_async: bool) -> tuple[_Counting, AskedGraph, Engine]:
    plugin = _Counting(is_async=is_async)
    host = PluginHost.load({}).extended("seats", plugin, Naming(Rights.PLATFORM))
    graph = AskedGraph(build_schema(host), made_up_catalogue(_ROWS), Dispatcher(host))
    return plugin, graph, Engine(graph.composed.schema)


async def _answered(engine: Engine, graph: AskedGraph) -> bytes:
    answer = await engine.execute(_HOLDING_QUERY, {}, asked_by(graph, Language.EN)())
    assert isinstance(answer, Answer)
    return answer.json()


@pytest.mark.parametrize("is_async", [True, False])
async def test_what_was_written_is_taken_again_while_plugins_answer_the_same(
    is_async: bool,
) -> None:
    """A coroutine is there at once; a function is as soon as it is known to be quick."""
    plugin, graph, engine = _counting(is_async=is_async)
    first = await _answered(engine, graph)
    for number in range(2, 40):
        assert await _answered(engine, graph) == first
        assert sorted(plugin.asked) == ["a"] * number + ["b"] * number  # asked each time
        if engine.counts.parts > 3:
            break
    assert engine.counts.parts == 6  # of each opening its own fields, and all of it
    room = engine.counts.part_bytes
    for _ in range(5):
        assert await _compared(engine, graph) == first
    assert engine.counts.part_bytes == room or not is_async


@pytest.mark.parametrize("is_async", [True, False])
async def test_another_answer_is_seen_at_once(is_async: bool) -> None:
    plugin, graph, engine = _counting(is_async=is_async)
    for seats in ({"a": 5, "b": 6}, {"a": 5, "b": 7}, {"a": 5, "b": 6}, {"a": None, "b": 6}):
        plugin.seats = dict(seats)
        for _ in range(5):
            data = json.loads(await _compared(engine, graph))
            assert _seats(data) == {
                "a-2026/0100": seats["a"],
                "a-2026/0200": seats["a"],
                "b-2026/0100": seats["b"],
            }


async def test_of_an_answer_that_is_another_each_time_only_what_is_beside_it_is_kept() -> None:
    plugin, graph, engine = _counting(is_async=True)
    for seats in range(20):
        plugin.seats = {"a": seats, "b": 6}
        assert (await _answered(engine, graph)).count(f'"remainingSeats":{seats},'.encode()) >= 2
    assert engine.counts.parts == 3  # `code quota postType`
    room = engine.counts.part_bytes
    plugin.seats = {"a": 21, "b": 6}
    await _compared(engine, graph)
    # Asked twice there: the second time it is the same.
    assert engine.counts.parts == 6
    assert engine.counts.part_bytes > room


async def _nodes(engine: Engine, graph: AskedGraph, fields: str, **given: str) -> list[Any]:
    """Return what is asked of the openings, the same by the engine and by graphql-core."""
    declared = "($in: Language)" if given else ""
    text = f"query {declared} {{ openings {{ edges {{ node {{ {fields} }} }} }} }}"
    found = await compare(engine, Generated(text, dict(given)), asked_by(graph, Language.EN))
    assert found.engine.errors is None
    return [edge["node"] for edge in json.loads(found.engine.json())["openings"]["edges"]]


async def test_what_the_clock_decides_beside_an_answer_is_not_kept() -> None:
    plugin, graph, engine = _counting(is_async=True)
    for seats in range(3):
        plugin.seats = {"a": seats, "b": seats}
        found = await _nodes(engine, graph, "code quota closesAt remainingSeats")
        assert [each["remainingSeats"] for each in found] == [seats] * 3
        assert [list(each) for each in found] == [
            ["code", "quota", "closesAt", "remainingSeats"]
        ] * 3
    assert engine.counts.parts == 0


async def test_values_of_variables_beside_an_answer_are_kept_apart() -> None:
    plugin, graph, engine = _counting(is_async=True)
    fields = "quota specialty { name(language: $in) } code remainingSeats base { code }"
    names = []
    for seats, language in enumerate(["ZH", "EN", "ZH", "EN"]):
        plugin.seats = {"a": seats, "b": seats}
        found = await _nodes(engine, graph, fields, **{"in": language})
        names.append([each["specialty"]["name"] for each in found])
        assert [each["remainingSeats"] for each in found] == [seats] * 3
        assert [each["base"]["code"] for each in found] == ["a", "a", "b"]
    assert names[0] == names[2] != names[1] == names[3]


async def test_a_plugin_that_fails_after_its_page_was_kept_is_named() -> None:
    plugin, graph, engine = _counting(is_async=True)
    first, *_ = [await _answered(engine, graph) for _ in range(4)]
    assert engine.counts.parts == 6
    plugin.fails = True
    for _ in range(3):
        failed = await engine.execute(_HOLDING_QUERY, {}, asked_by(graph, Language.EN)())
        assert [error.path for error in failed.errors or ()] == [
            ["openings", "edges", at, "node", field]
            for field in ("remainingSeats", "again")
            for at in range(3)
        ]
    plugin.fails = False
    for _ in range(3):
        assert await _answered(engine, graph) == first


async def test_who_has_to_be_waited_for_is_asked_before_and_waited_for_where_it_stands() -> None:
    plugin, graph, engine = _counting(is_async=True)
    first, *_ = [await _answered(engine, graph) for _ in range(4)]
    plugin.waits, plugin.asked = 0.01, []
    for number in range(1, 4):
        assert await _answered(engine, graph) == first
        assert plugin.asked == ["a", "b"] * number
    plugin.waits, plugin.seats = 0.0, {"a": 1, "b": 1}
    assert (await _answered(engine, graph)).count(b'"remainingSeats":1,"again":1') == 3


async def test_two_who_ask_at_once_have_one_answer_each() -> None:
    plugin, graph, engine = _counting(is_async=True)
    plugin.waits = 0.002
    for seats in range(10):
        plugin.seats = {"a": seats, "b": seats}
        found = await asyncio.gather(*[_answered(engine, graph) for _ in range(3)])
        assert {each.count(f'"remainingSeats":{seats},'.encode()) for each in found} == {3}


async def test_who_changes_its_own_dictionary_changes_no_answer_that_was_given() -> None:
    mine: dict[str, int] = {}

    class _Reuses:
        @hookimpl
        async def remaining_seats(self, openings: Any) -> dict[str, int]:
            mine.update({opening.code: mine.get(opening.code, 0) + 1 for opening in openings})
            return mine

    host = PluginHost.load({}).extended("seats", _Reuses(), Naming(Rights.PLATFORM))
    graph = AskedGraph(build_schema(host), made_up_catalogue(_ROWS), Dispatcher(host))
    engine = Engine(graph.composed.schema)
    for number in range(1, 6):
        assert (await _answered(engine, graph)).count(f'"remainingSeats":{number},'.encode()) == 3


def _source() -> HookAnswer:
    return next(
        each.source
        for each in get_object_definition(Opening_, strict=True).fields
        if isinstance(each, SourcedField) and isinstance(each.source, HookAnswer)
    )


async def test_who_is_asked_follows_what_is_on_the_page() -> None:
    """The clock may turn a page: what comes is asked for, what goes is forgotten with a change."""
    plugin, graph, _ = _counting(is_async=True)
    source, foreseen = _source(), Foreseen()

    async def page(*codes: str) -> tuple[object, bool]:
        context = asked_by(graph, Language.EN)()
        told = foreseen.ask(context)
        await source.many([context.catalogue.openings[code] for code in codes], context, {})
        return told, foreseen.learn(context, told)

    a, b = "a-2026/0100", "b-2026/0100"
    assert await page(a) == (None, False)
    told, is_all = await page(a)
    assert (told is not None, is_all) == (True, True)
    assert plugin.asked == ["a", "a"]
    # Another base comes: what was told does not stand for it.
    assert await page(a, b) == (told, False)
    grown, is_all = await page(a, b)
    assert (grown is not None, grown is not told, is_all) == (True, True, True)
    # One that went is asked until something is another.
    plugin.asked.clear()
    assert await page(a) == (grown, True)
    assert plugin.asked == ["a", "b"]
    plugin.seats = {"a": 1, "b": 6}
    assert await page(a) == (None, False)
    plugin.asked.clear()
    again, is_all = await page(a)
    assert (again is not grown, is_all, plugin.asked) == (True, True, ["a"])


async def test_what_comes_first_on_a_page_is_read_where_its_answer_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that was foreseen goes into its object at once; only what it lacks comes later."""
    later: list[list[str]] = []
    many = HookAnswer.many

    async def told(source: HookAnswer, values: Any, *others: Any) -> Any:
        later.append([value.code for value in values])
        return await many(source, values, *others)

    monkeypatch.setattr(HookAnswer, "many", told)
    plugin, graph, engine = _counting(is_async=True)
    for seats in range(3):
        plugin.seats = {"a": seats, "b": None if seats == 2 else 6}
        await _answered(engine, graph)
    everything = ["a-2026/0100", "a-2026/0200", "b-2026/0100"]
    assert later == [everything] * 2 + [["b-2026/0100"]] * 2  # it is asked for twice
    plugin.fails = True
    assert (await _answered(engine, graph)).count(b'"remainingSeats":null') == 3
    assert later[4:] == [everything] * 2


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_figure_that_the_graph_cannot_write_is_an_error_of_its_own(is_async: bool) -> None:
    plugin, graph, engine = _counting(is_async=is_async)
    for seats in (*range(3), 2**31 - 1, 2**31, -(2**31) - 1, 7):
        plugin.seats = {"a": seats, "b": 6}
        written = (await _compared(engine, graph)).count(f'"remainingSeats":{seats},'.encode())
        assert written == (2 if -(2**31) <= seats < 2**31 else 0)


@declares(Opening, description="x", name="Row")
class _Row:
    code: str = field(Attribute(), description="x")
    seats: int | None = field(_source(), description="x")


async def test_a_mutation_asks_after_it_changed_something() -> None:
    """Each time it is sent, also the second time, when it is known what it will ask."""
    plugin, graph, _ = _counting(is_async=True)

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def take(self, info: strawberry.Info) -> _Row:
            plugin.seats["a"] = (plugin.seats["a"] or 0) - 1
            return cast("_Row", info.context.catalogue.openings["a-2026/0100"])

    @strawberry.type
    class Query:
        nothing: int = 0

    engine = Engine(strawberry.Schema(query=Query, mutation=Mutation))
    for seats in (4, 3, 2):
        answer = await engine.execute(
            "mutation { take { code seats } }", {}, asked_by(graph, Language.EN)()
        )
        assert isinstance(answer, Answer)
        assert json.loads(answer.json()) == {"take": {"code": "a-2026/0100", "seats": seats}}
        assert engine.counts.answered > 0
