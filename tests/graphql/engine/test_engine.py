"""The engine keeps programs, coerces variables, runs mutations in turn, tells what it hands on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import strawberry
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from asked_graph import AskedGraph
from faulty_graph import context_of, faulty_schema
from generated_operations import Generated
from same_answer import asked_by, compare
from zhupei.db.connection import Database
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Counts, Engine
from zhupei.graphql.inline import Code
from zhupei.graphql.limits import QueryLimits, schema_extensions
from zhupei.graphql.sources import Attribute, Computed, FieldSource, GraphInfo, Reader, field

_PAGE = """query ($first: Int = 2, $with: Boolean!) {
  openings(first: $first) {
    totalCount @include(if: $with)
    edges { node { code base { code } } }
  }
}"""


def _engine(graph: AskedGraph, **options: Any) -> Engine:
    return Engine(graph.composed.schema, **options)


async def _ask(engine: Engine, graph: AskedGraph, text: str, **variables: Any) -> Any:
    return await engine.execute(text, variables, asked_by(graph, Language.EN)())


async def test_a_program_is_made_once_for_each_document_and_condition(
    fictional: AskedGraph,
) -> None:
    engine = _engine(fictional)
    for first in (1, 2, 3):
        result = await _ask(engine, fictional, _PAGE, first=first, **{"with": True})
        assert len(result.data["openings"]["edges"]) == first
    assert (engine.counts.prepared, engine.counts.compiled, engine.counts.answered) == (1, 1, 3)
    result = await _ask(engine, fictional, _PAGE, **{"with": False})
    assert "totalCount" not in result.data["openings"]
    assert (engine.counts.prepared, engine.counts.compiled, engine.counts.answered) == (1, 2, 4)


async def test_what_was_not_asked_for_longest_is_forgotten(fictional: AskedGraph) -> None:
    engine = _engine(fictional, operations=2)
    for name in "abac":
        await _ask(engine, fictional, f"{{ {name}: __typename }}")
    assert engine.counts.prepared == 3
    await _ask(engine, fictional, "{ a: __typename }")
    assert engine.counts.prepared == 3
    await _ask(engine, fictional, "{ b: __typename }")
    assert engine.counts.prepared == 4


async def test_a_document_with_very_many_conditions_is_interpreted(fictional: AskedGraph) -> None:
    engine = _engine(fictional)
    names = [f"c{number}" for number in range(5)]
    head = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: __typename @include(if: ${name})" for name in names)
    text = f"query ({head}) {{ {fields} }}"
    for number in range(32):
        given = {name: bool(number >> at & 1) for at, name in enumerate(names)}
        result = await _ask(engine, fictional, text, **given)
        assert result.data == {name: "Query" for name in names if given[name]}
    assert (engine.counts.compiled, engine.counts.interpreted) == (16, 16)


async def test_conditions_of_other_operations_of_a_document_have_no_say(
    fictional: AskedGraph,
) -> None:
    engine = _engine(fictional)
    text = """query a { ...F }
    query b($no: Boolean!) { ...F @skip(if: $no) ...G }
    fragment F on Query { f: __typename }
    fragment G on Query { g: __typename @include(if: $no) }"""
    for name, given, data in (
        ("a", {}, {"f": "Query"}),
        ("b", {"no": True}, {"g": "Query"}),
        ("b", {"no": False}, {"f": "Query"}),
    ):
        found = await engine.execute(
            text, given, asked_by(fictional, Language.EN)(), operation_name=name
        )
        assert (found.data, found.errors) == (data, None)
    assert (engine.counts.answered, engine.counts.interpreted) == (3, 0)


async def test_a_variable_that_is_a_condition_of_another_operation_may_be_anything(
    fictional: AskedGraph,
) -> None:
    engine = _engine(fictional)
    text = """query a($no: [ID!]!) { nodes(ids: $no) { __typename } }
    query b($no: Boolean!) { f: __typename @skip(if: $no) }"""
    for name, given, data in (
        ("a", {"no": []}, {"nodes": []}),
        ("b", {"no": False}, {"f": "Query"}),
    ):
        found = await engine.execute(
            text, given, asked_by(fictional, Language.EN)(), operation_name=name
        )
        assert (found.data, found.errors) == (data, None)
    assert (engine.counts.answered, engine.counts.interpreted) == (2, 0)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "Variable '$with' has invalid value: Expected a value of non-null type"),
        ({"with": "yes"}, "Variable '$with' has invalid value: Boolean cannot represent"),
        ({"with": True, "first": 2**31}, "Variable '$first' has invalid value: Int cannot"),
    ],
)
async def test_variables_are_refused_as_by_graphql_core(
    fictional: AskedGraph, variables: dict[str, Any], message: str
) -> None:
    engine = _engine(fictional)
    operation = Generated(_PAGE, variables)
    core = await strawberry.Schema.execute(
        engine.schema, _PAGE, variables, asked_by(fictional, Language.EN)()
    )
    found = await engine.execute(_PAGE, variables, asked_by(fictional, Language.EN)())
    assert found.data is core.data is None
    assert [each.formatted for each in found.errors or ()] == [
        each.formatted for each in core.errors or ()
    ], operation
    assert (found.errors or [])[0].message.startswith(message)


async def test_errors_of_a_document_are_kept_as_well(fictional: AskedGraph) -> None:
    engine = _engine(fictional)
    for _ in range(2):
        for text in ("{ nothing }", "{ openings {", "subscription {"):
            core = await strawberry.Schema.execute(engine.schema, text)
            found = await _ask(engine, fictional, text)
            assert [str(each) for each in found.errors] == [str(each) for each in core.errors or ()]
    assert engine.counts.prepared == 3


async def test_requests_that_are_no_operation_are_raised(fictional: AskedGraph) -> None:
    engine, context = _engine(fictional), asked_by(fictional, Language.EN)()
    with pytest.raises(MissingQueryError):
        await engine.execute(None, {}, context)
    with pytest.raises(CannotGetOperationTypeError):
        await engine.execute("query a { __typename }", {}, context, operation_name="b")
    with pytest.raises(InvalidOperationTypeError):
        await engine.execute(
            "mutation { __typename }", {}, context, allowed_operation_types=[OperationType.QUERY]
        )


async def test_limits_are_kept_where_a_document_is_prepared(fictional: AskedGraph) -> None:
    limits = QueryLimits(depth=3, aliases=1, fields=10, tokens=200)
    engine = Engine(faulty_schema(schema_extensions(limits, introspection=False)))
    cases = {
        "{ sure { left { left { string } } } }": (
            "The query is 4 fields deep; at most 3 are allowed."
        ),
        "{ a: sure { b: string } }": "The query uses more than 1 aliases.",
        "{ __schema { queryType { name } } }": (
            "This server does not describe its schema to clients."
        ),
    }
    for text, message in cases.items():
        for _ in range(2):
            result = await engine.execute(text, {}, context_of(0.0))
            assert message in [error.message for error in result.errors or ()]
    two = "query a { __typename } query b { __typename }"
    refused = await engine.execute(two, {}, context_of(0.0))
    assert [error.message for error in refused.errors or ()] == [
        "Must provide `operationName`: there are several operations."
    ]
    named = await engine.execute(two, {}, context_of(0.0), operation_name="b")
    assert named.data == {"__typename": "Query"}


async def test_an_extension_that_acts_while_an_operation_runs_is_left_to_graphql_core() -> None:
    ran: list[str] = []

    class Watching(SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            ran.append("begun")
            yield

    engine = Engine(faulty_schema([Watching]))
    result = await engine.execute("{ sure { flag } }", {}, context_of(0.0))
    assert result.errors is None
    assert (ran, engine.counts.interpreted, engine.counts.compiled) == (["begun"], 1, 0)


async def test_what_is_not_compiled_is_told_where_that_is_wanted(fictional: AskedGraph) -> None:
    engine = _engine(fictional, explain=True)
    text = "{ __schema { queryType { name } } catalogueHash }"
    result = await _ask(engine, fictional, text)
    assert result.extensions == {
        "engine": {"compiled": True, "called": [], "interpreted": ["Query.__schema"]}
    }
    quiet = await _ask(_engine(fictional), fictional, text)
    assert quiet.extensions is None


async def test_what_was_done_is_counted(fictional: AskedGraph) -> None:
    engine = _engine(fictional)
    for first in (1, 2):
        await _ask(engine, fictional, _PAGE, first=first, **{"with": True})
    await _ask(
        engine, fictional, '{ __schema { queryType { name } } specialty(code: "x") { code } }'
    )
    await _ask(engine, fictional, '{ ranking(opening: "x") { rank } }')
    assert engine.counts == Counts(
        answered=4,
        prepared=3,
        compiled=3,
        found=1,
        called=1,
        handed=1,
        parts=engine.counts.parts,
        part_bytes=engine.counts.part_bytes,
    )
    before = engine.counts
    await _ask(engine, fictional, "{ bases { edges { node { code name tier } } } }")
    assert engine.counts.parts == before.parts + 1
    assert engine.counts.part_bytes > before.part_bytes


async def test_mutations_run_one_after_the_other_and_stop_at_what_must_not_be_null() -> None:
    engine = Engine(faulty_schema())
    text = """mutation {
      a: change(number: 1) { leftLate { flag } }
      b: mustChange(number: 2) { requiredLate }
      c: change(number: 3) { flag }
    }"""
    found = await compare(engine, Generated(text, {}), lambda: context_of(0.0))
    assert found.contexts[1].kept["changes"] == [
        ("begun", 1),
        ("done", 1),
        ("must", 2),
        ("begun", 3),
        ("done", 3),
    ]


async def test_a_root_without_fields_is_an_empty_object() -> None:
    engine = Engine(faulty_schema())
    for skipped in ("{ __typename @skip(if: true) }", "{ sure @skip(if: true) { flag } }"):
        found = await compare(engine, Generated(skipped, {}), lambda: context_of(0.0))
        assert found.engine.json() == b"{}"


async def test_deep_documents_are_compiled_into_several_functions() -> None:
    engine = Engine(faulty_schema())
    text = "{ sure { %s } }" % ("left { lefts { left { " * 8 + "flag" + " } } }" * 8)
    await compare(engine, Generated(text, {}), lambda: context_of(0.0))
    prepared = next(iter(engine.questions.operations.values()))
    plan = next(iter(prepared.plans.values()))
    assert plan is not None
    assert len(plan.units) >= 2


class _Unwritable(Attribute):
    """A source whose expression is none."""

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write what Python cannot read."""
        return f"{value}.{name} +"


async def test_what_stays_uncompiled_is_answered_by_graphql_core(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @strawberry.type
    class Broken:
        number: int = field(_Unwritable(), description="x")

    globals()["Broken"] = Broken  # strawberry resolves annotations by the module's names

    def _broken() -> list[Broken]:
        found: Any = [_Item(1), _Item(2)]
        return found  # type: ignore[no-any-return]  # the graph's type describes the items

    @strawberry.type
    class Query:
        items: list[Broken] = field(Computed(_broken), description="x")

    engine = Engine(strawberry.Schema(Query))
    for _ in range(2):
        result = await engine.execute("{ items { number } }", {}, context_of(0.0))
        assert (result.errors, result.data) == (None, {"items": [{"number": 1}, {"number": 2}]})
    told = [each for each in caplog.messages if "a part of an operation" in each]
    assert len(told) == 1
    assert ".number +" in told[0]


# How many statements


class _Statements(logging.Handler):
    """Keeps the statements that Tortoise runs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        text = record.getMessage()
        if not text.startswith("Created connection pool"):
            self.texts.append(text)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements of a test."""
    logger, handler = logging.getLogger("tortoise.db_client"), _Statements()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(level)


_CATALOGUE = """{
  bases(first: 5) {
    totalCount
    edges {
      cursor
      node {
        id name province { name bases { totalCount } } jurisdictions { name }
        programs { edges { node { name rounds { windows { isOpen closesAt } } } } }
        openings(first: 10) {
          edges {
            node {
              code quota remainingSeats specialty { name } isOpen
              requirements { __typename id source { title } }
              benefits { __typename label }
            }
          }
        }
      }
    }
  }
  catalogueHash
  calendar { isWorkingDay(date: "2026-04-10") }
}"""


async def test_the_catalogue_is_read_without_a_statement(
    fictional: AskedGraph, database: Database, statements: list[str]
) -> None:
    with database.use():
        found = await compare(
            _engine(fictional), Generated(_CATALOGUE, {}), asked_by(fictional, Language.EN)
        )
    assert found.errors == []
    assert len(found.engine.json()) > 2000
    assert statements == []


async def test_the_handler_sees_statements(database: Database, statements: list[str]) -> None:
    from zhupei.db.models import Account

    with database.use():
        await Account.all().count()
    assert len(statements) == 1


# One read for a whole level


class _Counting(FieldSource):
    """Counts how often it is asked, and of how many objects."""

    asked: list[int]

    def __init__(self) -> None:
        self.asked = []

    async def many(
        self, values: Sequence[Any], _context: GraphContext, _given: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Answer for all."""
        self.asked.append(len(values))
        await asyncio.sleep(0)
        return [value.number * 2 for value in values]

    def reader(self, name: str) -> Reader:
        """Answer for one."""

        async def read(_value: Any, _context: GraphContext, _given: Mapping[str, Any]) -> Any:
            raise AssertionError("asked one by one")

        return read


class _Item:
    def __init__(self, number: int) -> None:
        self.number = number
        self.items = [_Item(number * 10 + each) for each in range(3)] if number < 10 else []


async def test_a_level_is_read_at_once(info_seen: list[Any]) -> None:
    source = _Counting()

    @strawberry.type
    class Item:
        number: int = field(Attribute(), description="x")
        double: int | None = field(source, description="x")
        items: list[Item] = field(Attribute(), description="x")

    # strawberry resolves the annotation by the module's names.
    globals()["Item"] = Item

    def _items(info: GraphInfo, count: int) -> list[Item]:
        info_seen.append((info.field_name, info.path.as_list(), info.variable_values))
        found: Any = [_Item(number) for number in range(1, count + 1)]
        return found  # type: ignore[no-any-return]  # the graph's type describes the items

    @strawberry.type
    class Query:
        items: list[Item] = field(Computed(_items), description="x")

    engine = Engine(strawberry.Schema(Query))
    result = await engine.execute(
        "query ($n: Int!) { x: items(count: $n) { double items { double } } }",
        {"n": 4},
        context_of(0.0),
    )
    assert result.errors is None
    assert result.data == {
        "x": [
            {"double": each * 2, "items": [{"double": (each * 10 + at) * 2} for at in range(3)]}
            for each in range(1, 5)
        ]
    }
    # Both levels are of one field at two places; each place is asked once.
    assert sorted(source.asked) == [4, 12]
    assert info_seen == [("items", ["x"], {"n": 4})]


@pytest.fixture
def info_seen() -> list[Any]:
    """What a function saw of its info."""
    return []
