"""The printed graph: in step with the code, described throughout, valid by Relay, declared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_specified_scalar_type,
    validate_schema,
)
from zhupei.graphql.connections import Connected
from zhupei.graphql.hooks import HookAnswer
from zhupei.graphql.queries.root import Query
from zhupei.graphql.schema import build_schema
from zhupei.graphql.sources import Attribute, Computed, Localized, Many, One, Via, source_of
from zhupei.graphql.types.entries import STANDARD_TYPES
from zhupei.graphql.walk import reachable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The core's graph."""
    return build_schema().schema.core_schema


def test_the_committed_file_is_the_graph_of_the_core() -> None:
    committed = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert committed == build_schema().core_sdl, "run: zhupei schema --core --output schema.graphql"


def test_printing_twice_gives_the_same_text_and_hash() -> None:
    first, second = build_schema(), build_schema()
    assert first.sdl == second.sdl
    assert first.hash == second.hash
    assert len(first.hash) == 64


def test_the_schema_is_valid(schema: GraphQLSchema) -> None:
    assert validate_schema(schema) == []


def _described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            for value_name, value in type_.values.items():
                yield f"{name}.{value_name}", value.description
        if isinstance(type_, GraphQLInputObjectType):
            for field_name, input_field in type_.fields.items():
                yield f"{name}.{field_name}", input_field.description
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description


def test_everything_has_a_description(schema: GraphQLSchema) -> None:
    missing = [place for place, description in _described(schema) if not description]
    assert missing == []


def test_every_type_enum_value_and_field_names_the_chinese_term(schema: GraphQLSchema) -> None:
    chinese = re.compile("[一-鿿]")
    # Inherited from GraphQL or Relay, or explained by the type beside it.
    missing = [
        place
        for place, description in _described(schema)
        if description and not chinese.search(description)
    ]
    assert missing == []


def test_deprecations_say_what_to_use_and_when_they_go(schema: GraphQLSchema) -> None:
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                if field.deprecation_reason is not None:
                    assert re.search(r"use .+removed in \d", field.deprecation_reason), name


def test_node_and_connections_follow_relay(schema: GraphQLSchema) -> None:
    query = schema.query_type
    assert query is not None
    assert str(query.fields["node"].type) == "Node"
    assert {name: str(arg.type) for name, arg in query.fields["node"].args.items()} == {"id": "ID!"}
    assert str(query.fields["nodes"].type) == "[Node]!"
    page_info = schema.type_map["PageInfo"]
    assert isinstance(page_info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in page_info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }
    connections = [name for name in schema.type_map if name.endswith("Connection")]
    assert sorted(connections) == [
        "AccountConnection",
        "AllocationChoiceConnection",
        "AllocationPlaceConnection",
        "ApplicationConnection",
        "BaseConnection",
        "EligibilityReportConnection",
        "InterviewSlotConnection",
        "JurisdictionConnection",
        "OpeningConnection",
        "ProgramConnection",
        "ProvinceConnection",
        "PublicityConnection",
        "ScoreSheetConnection",
        "SpecialtyConnection",
        "TraineeConnection",
    ]
    for name in connections:
        connection = schema.type_map[name]
        assert isinstance(connection, GraphQLObjectType)
        node = name.removesuffix("Connection")
        assert {field: str(each.type) for field, each in connection.fields.items()} == {
            "totalCount": "Int!",
            "edges": f"[{node}Edge!]!",
            "pageInfo": "PageInfo!",
        }


def test_connections_take_the_arguments_of_relay(schema: GraphQLSchema) -> None:
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType):
            continue
        for name, field in type_.fields.items():
            if str(field.type).rstrip("!").endswith("Connection"):
                arguments = {key: str(each.type) for key, each in field.args.items()}
                wanted = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
                assert wanted.items() <= arguments.items(), f"{type_.name}.{name}"


def test_the_root_has_the_queries_of_the_issue(schema: GraphQLSchema) -> None:
    query = schema.query_type
    assert query is not None
    wanted = (
        "node nodes province provinces specialty specialties base bases program programs opening "
        "openings jurisdiction jurisdictions eligibility eligibleOpenings benefitEstimate calendar "
        "explain plugins"
    )
    assert set(wanted.split()) <= set(query.fields)


def test_every_field_declares_its_source() -> None:
    kinds: dict[str, int] = {}
    for definition in reachable((Query, *STANDARD_TYPES)):
        # A field of the root asks a use case: most of those are functions.
        if getattr(definition, "is_input", True) or not hasattr(definition, "fields"):
            continue
        if getattr(definition, "name", None) == "Query":
            continue
        for field in definition.fields:
            name = type(source_of(field)).__name__
            kinds[name] = kinds.get(name, 0) + 1
    # A compiler reads these; what it cannot compile is a function, and those are few.
    assert kinds["Attribute"] > 150
    assert kinds["Localized"] > 40
    assert kinds["Computed"] < 80
    assert {"One", "Many", "Via", "Connected", "HookAnswer", "NodeId", "Parameters"} <= set(kinds)


def test_sources_are_kept_in_the_metadata_of_the_field() -> None:
    from zhupei.graphql.types.openings import Opening
    from zhupei.graphql.types.origins import Source
    from zhupei.graphql.types.programs import Program

    def fields(type_: type) -> dict[str, object]:
        definition = type_.__strawberry_definition__  # type: ignore[attr-defined]  # a strawberry type
        return {field.python_name: source_of(field) for field in definition.fields}

    opening = fields(Opening)
    assert opening["quota"] == Attribute()
    assert opening["specialty_name"] == Localized()
    assert opening["program"] == One("programs")
    assert isinstance(opening["remaining_seats"], HookAnswer)
    assert isinstance(opening["is_open"], Computed)
    program = fields(Program)
    assert program["children"] == Many("programs")
    assert isinstance(program["openings"], Connected)
    assert fields(Source)["title"] == Via(One("documents", "document"), Localized("title"))


_IDENTIFIED = {
    *("Account", "AllocationRun", "Applicant", "ApplicantFile", "Ban", "BaseExtension"),
    *("BrochureVersion", "DeletedWebhook", "HeldGrant", "InterviewBooking", "InterviewSlot"),
    *("Invitation", "Notice", "Objection", "Operation", "PlanIncrease", "Publicity", "RoundFreeze"),
    *("ScoreSheet", "SendingUnitRecord", "SentPerson", "TraineePayment", "TransitionRecord"),
    *("Webhook", "WebhookDelivery", "WebhookSecret"),
}
"""Types of no node whose `id` is one in the whole graph, as a client's cache takes it."""


def test_an_id_is_one_in_the_whole_graph(schema: GraphQLSchema) -> None:
    """What is told apart in its list only has a `key`, and its former `id` is no `ID`."""
    found = set()
    for name, each in schema.type_map.items():
        if (
            not isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
            or "id" not in each.fields
        ):
            continue
        declared = each.fields["id"]
        if str(declared.type) == "String!":
            assert declared.deprecation_reason is not None, name
            other = {"Viewer": "accountId", "ProposedList": "publicityId"}.get(name, "key")
            assert f"use `{other}`" in declared.deprecation_reason
            assert other in each.fields
        elif "Node" not in {name, *(one.name for one in each.interfaces)}:
            assert str(declared.type) == "ID!", name
            found.add(name)
    assert found == _IDENTIFIED
