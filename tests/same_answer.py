"""Whether graphql-core and the engine answer the same, and what to compare them with."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types import ExecutionResult

from asked_graph import NOW, AskedGraph
from generated_operations import Generated
from zhupei.domain.actors import Actor
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Answer, Engine
from zhupei.graphql.nodes import global_id

__all__ = ["Compared", "asked_by", "compare", "values_of"]

_LATE = {"BATCHED", "CALLED", "INTERPRETED"}


@dataclass(frozen=True)
class Compared:
    """Two answers to one operation, and the contexts that they were given in."""

    core: ExecutionResult
    engine: Answer
    contexts: tuple[GraphContext, GraphContext]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The errors of both."""
        return [dict(error.formatted) for error in self.engine.errors or ()]


async def compare(
    engine: Engine,
    operation: Generated,
    context: Callable[[], GraphContext],
) -> Compared:
    """Ask both and fail where they differ: data, its order and bytes; errors, and their order.

    Of errors that come late, at the same time, either may be first, and of those below one place
    that they turn to null either may be told.
    """
    of_core, of_engine = context(), context()
    core = await strawberry.Schema.execute(
        engine.schema, operation.text, dict(operation.variables), of_core
    )
    answer = await engine.execute(operation.text, dict(operation.variables), of_engine)
    assert isinstance(answer, Answer), "was not compiled"
    written = _text(core.data)
    assert json.dumps(json.loads(answer.json())) == json.dumps(json.loads(written)), operation
    assert _text(answer.data) == written, operation
    assert answer.data == core.data, operation
    # The same question once more: what was kept of the first must say the same.
    again = await engine.execute(operation.text, dict(operation.variables), context())
    assert isinstance(again, Answer), operation
    assert again.json() == answer.json(), operation
    assert len(again.errors or ()) == len(answer.errors or ()), operation
    expected, found = _errors(core), _errors(answer)
    if expected != found:
        assert any(reading in _LATE for reading in _readings(engine, operation)), operation
        if sorted(expected) != sorted(found):
            _check_places(core, answer, operation)
    return Compared(core, answer, (of_core, of_engine))


def _check_places(core: ExecutionResult, answer: ExecutionResult, operation: Generated) -> None:
    """Check that both turned the same places to null, and that each place has an error."""
    expected, found = _by_place(core), _by_place(answer)
    assert expected.keys() == found.keys(), operation
    for place, errors in expected.items():
        assert errors == found[place] or len(errors | found[place]) > 1, operation


def _by_place(result: ExecutionResult) -> dict[tuple[Any, ...], set[str]]:
    places: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for error in result.errors or ():
        value: Any = result.data
        place: tuple[Any, ...] = ()
        for key in error.path or ():
            if value is None:
                break
            value, place = value[key], (*place, key)
        places[place].add(_text(error.formatted))
    return places


def _readings(engine: Engine, operation: Generated) -> set[str]:
    prepared = next(
        known for (text, _), known in engine.questions.operations.items() if text == operation.text
    )
    return {site.reading.name for plan in prepared.plans.values() if plan for site in plan.sites}


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


def _errors(result: ExecutionResult) -> list[str]:
    return [_text(error.formatted) for error in result.errors or ()]


def asked_by(
    graph: AskedGraph, language: Language, actor: Actor | None = None
) -> Callable[[], GraphContext]:
    """Return what makes a context over a graph's catalogue."""
    return lambda: GraphContext(
        catalogue=graph.catalogue,
        dispatcher=graph.dispatcher,
        language=language,
        clock=lambda: NOW,
        actor=actor,
    )


_POOLS = {
    "base": "bases",
    "opening": "openings",
    "program": "programs",
    "province": "provinces",
    "jurisdiction": "jurisdictions",
    "document": "documents",
}
_OTHERS: dict[str, list[Any]] = {
    "Boolean": [True, False],
    "Float": [0, 1.5],
    "DateTime": ["2026-04-10T12:00:00+08:00", "2024-06-18T00:00:00Z"],
    "Date": ["2026-04-10", "2024-06-18", "2019-01-01"],
    "Decimal": ["7600", "0.8"],
    "Yuan": ["0"],
}


_WORDS = {
    "after": ["WyJDT0RFIiwwLCJ2IiwiIiwiIl0", "WyJDT0RFIiwwLCJ2Iiwieno", "x"],
    "before": ["WyJDT0RFIiwwLCJ2Iiwienp6IiwienoiXQ", "x"],
    "field": ["quota", "name", "benefits", "code", "nothing"],
    "code": ["0100", "0200", "0700"],
}
_ANY_WORDS = ["", "儿科", "x", "0100", "registration", "😀", '"\\\n']


def values_of(graph: AskedGraph) -> Callable[[random.Random, str, str], Any]:
    """Return what gives arguments that mostly find something, and sometimes make no sense."""
    catalogue = graph.catalogue
    codes = {pool: list(getattr(catalogue, pool)) for pool in _POOLS.values()}
    ids = [
        global_id(node)
        for pool in ("bases", "programs", "openings", "provinces", "jurisdictions")
        for node in getattr(catalogue, pool).values()
    ]

    def value(pick: random.Random, coordinate: str, type_: str) -> Any:
        *_, owner, name = coordinate.split(".")
        if type_ == "Int":
            usual = [2024, 2026] if name == "year" else [1, 2, 3, 5, 20]
            return pick.choice(usual if pick.random() < 0.97 else [0, -3, 101, 1000])
        if type_ in _OTHERS:
            return pick.choice(_OTHERS[type_])
        if type_ == "ID":
            return pick.choice(ids if pick.random() < 0.95 else ["x", "Nzc"])
        pool = codes.get(_POOLS.get(name, _POOLS.get(owner, "")), [])
        if pool and pick.random() < 0.95:
            return pick.choice(pool)
        return pick.choice(_WORDS.get(name, _ANY_WORDS))

    return value
