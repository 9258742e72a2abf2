"""Fields that a hook answers: asked once for all openings of a base, null where a plugin fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from asked_graph import AskedGraph
from made_up import made_up_catalogue, opening_of
from zhupei import Base, Cycle, Opening, hookimpl
from zhupei.graphql.schema import build_schema
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
    graph = AskedGraph(build_schema(), made_up_catalogue(_ROWS), None)
    assert set(_seats(await graph.ask(QUERY)).values()) == {None}
