"""The subgraph's text: keys, tags and access derived from declarations, and who is given it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from asked_graph import AskedGraph, core_graph
from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLObjectType,
    build_ast_schema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    parse,
    validate_schema,
    value_from_ast_untyped,
)
from zhupei.db.connection import Database
from zhupei.domain.actors import Permission
from zhupei.domain.permissions import PERMISSIONS
from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.federation.audiences import Audience, Audiences, needed
from zhupei.graphql.federation.entities import ENTITIES
from zhupei.graphql.federation.readable import GATEWAY_FIELDS, GATEWAY_TYPES, printed
from zhupei.graphql.federation.subgraph import Subgraph
from zhupei.graphql.permissions import protected_fields
from zhupei.settings import FederationAccess

ROOT = Path(__file__).parents[3]
_COMPOSED = core_graph()
_CORE = _COMPOSED.schema.core_schema
_QUERY: Any = _CORE.query_type
_FIELDS_OF_QUERY: dict[str, GraphQLField] = _QUERY.fields
_SDL = Subgraph(_CORE, access=FederationAccess.SCOPES).sdl
# What the specification declares; `make judge-federation` has Apollo's own composition read it.
_DIRECTIVES = parse(
    """
    directive @link(url: String!, import: [String]) repeatable on SCHEMA
    directive @key(fields: String!) repeatable on OBJECT | INTERFACE
    directive @shareable repeatable on OBJECT | FIELD_DEFINITION
    directive @tag(name: String!) repeatable on FIELD_DEFINITION | INTERFACE | OBJECT | UNION
      | SCALAR | ENUM | INPUT_OBJECT | ARGUMENT_DEFINITION
    directive @authenticated on FIELD_DEFINITION | OBJECT
    directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT
    directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT
    directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],
      requireOneSlicingArgument: Boolean) on FIELD_DEFINITION
    """
)


def _parsed(text: str) -> dict[str, Any]:
    """Return the definitions of a subgraph by name, valid with the directives."""
    document = parse(text)
    types = [node for node in document.definitions if hasattr(node, "name")]
    schema = build_ast_schema(DocumentNode(definitions=(*_DIRECTIVES.definitions, *types)))
    assert validate_schema(schema) == []
    return {node.name.value: node for node in types}


def _directives(node: Any) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            each.name.value,
            {
                given.name.value: value_from_ast_untyped(given.value)
                for given in each.arguments or ()
            },
        )
        for each in node.directives or ()
    ]


def _fields(node: Any) -> dict[str, Any]:
    return {field.name.value: field for field in getattr(node, "fields", None) or ()}


_NODES = _parsed(_SDL)


def _tags(node: Any) -> list[str]:
    return [given["name"] for name, given in _directives(node) if name == "tag"]


def _field_tags(type_: str, field: str) -> list[str]:
    """Return the tags of a field, which are its type's where all fields have the same."""
    node = _NODES[type_]
    return _tags(node) or _tags(_fields(node)[field])


def test_the_committed_file_is_the_subgraph_of_the_core() -> None:
    committed = (ROOT / "subgraph.graphql").read_text(encoding="utf-8")
    assert committed == _COMPOSED.schema.subgraph.sdl, "run: zhupei docs --write"


def test_it_names_the_version_and_imports_what_it_uses() -> None:
    assert _SDL.splitlines()[0] == (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: '
        '["@authenticated", "@key", "@listSize", "@requiresScopes", "@shareable", "@tag"])'
    )


def test_without_directives_it_is_the_graph() -> None:
    """The subgraph adds nothing and leaves nothing out but what only gateways ask."""
    bare = build_ast_schema(DocumentNode(definitions=(*_DIRECTIVES.definitions, *_NODES.values())))
    assert printed(bare) == _COMPOSED.core_sdl


def test_what_gateways_ask_is_in_the_schema_and_in_no_text() -> None:
    assert set(_CORE.type_map) >= GATEWAY_TYPES
    query = _CORE.query_type
    assert query is not None
    assert {name: str(query.fields[name].type) for name in GATEWAY_FIELDS} == {
        "_service": "_Service!",
        "_entities": "[_Entity]!",
    }
    assert {name: str(each.type) for name, each in query.fields["_entities"].args.items()} == {
        "representations": "[_Any!]!"
    }
    for text in (_COMPOSED.core_sdl, _COMPOSED.sdl, _SDL):
        assert not any(name in text for name in (*GATEWAY_FIELDS, *GATEWAY_TYPES))


def test_entities_have_their_keys_and_nothing_else_has() -> None:
    found = {
        name: [given["fields"] for directive, given in _directives(node) if directive == "key"]
        for name, node in _NODES.items()
    }
    assert {name: keys for name, keys in found.items() if keys} == {
        "Application": ["id"],
        "Base": ["code", "id"],
        "Jurisdiction": ["code", "id"],
        "Opening": ["code", "id"],
        "Program": ["code", "id"],
        "Province": ["code", "id"],
        "Specialty": ["code", "id"],
        "Trainee": ["id"],
    }


def test_values_are_shareable_and_people_are_not() -> None:
    shareable = {name for name, node in _NODES.items() if ("shareable", {}) in _directives(node)}
    assert {"PageInfo", "Source", "Contact", "StandardBenefit", "Window", "Finding"} <= shareable
    assert not shareable & {*ENTITIES, "Query", "Mutation", "Subscription"}
    assert not shareable & {"Applicant", "Viewer", "Account", "SentPerson", "InterviewSlot"}


def test_every_protected_field_says_its_scope() -> None:
    """The directives are those permissions that the fields ask for, and no others."""
    wanted = {
        (each.type, each.field): each.permission
        for each in protected_fields(_CORE)
        if not each.masks
    }
    said: dict[tuple[str, str], str] = {}
    for name, node in _NODES.items():
        for field_name, field in _fields(node).items():
            for directive, given in _directives(field):
                if directive == "requiresScopes":
                    ((scope,),) = given["scopes"]
                    said[name, field_name] = scope
    for key, permission in wanted.items():
        assert said.pop(key) == permission
    # What is left are the other fields of people, but for the id that a reference holds.
    assert {name for name, _ in said} == {"Application", "Trainee"}
    assert set(said.values()) == {"applications.read", "registrations.read"}
    for name in ("Application", "Trainee"):
        covered = {field for type_, field in (*said, *wanted) if type_ == name}
        assert covered == set(_fields(_NODES[name])) - {"id"}


def test_masked_fields_need_nothing() -> None:
    masked = [(each.type, each.field) for each in protected_fields(_CORE) if each.masks]
    assert ("Applicant", "phone") in masked
    for type_, field in masked:
        assert {name for name, _ in _directives(_fields(_NODES[type_])[field])} <= {"tag"}


_PROGRAM = "example-hospital-residency-2026"
# Something that is there for every argument that must be given, by its name or its type.
_GIVEN = {
    "base": '"example-hospital"',
    "program": f'"{_PROGRAM}"',
    "opening": f'"{_PROGRAM}/0200"',
    "year": "2026",
    "ID!": '"x"',
    "String!": '"xx"',
    "[ID!]!": "[]",
    "CandidateInput!": "{}",
    "ProfileInput!": "{}",
}


async def test_a_field_refuses_the_public_where_it_says_so_and_nowhere_else(
    fictional: AskedGraph, database: Database
) -> None:
    told = {name: needed(field) is not None for name, field in _FIELDS_OF_QUERY.items()}
    found = {}
    for name, field in _FIELDS_OF_QUERY.items():
        if name in GATEWAY_FIELDS:
            continue
        given = ", ".join(
            f"{argument}: {_GIVEN.get(argument) or _GIVEN[str(each.type)]}"
            for argument, each in field.args.items()
            if str(each.type).endswith("!")
        )
        below = "" if is_leaf_type(get_named_type(field.type)) else "{ __typename }"
        context = GraphContext(
            catalogue=fictional.catalogue,
            dispatcher=fictional.dispatcher,
            language=Language.EN,
            database=database,
        )
        with database.use():
            result = await fictional.composed.schema.execute(
                f"{{ {name}{f'({given})' if given else ''} {below} }}", context_value=context
            )
        codes = {(each.extensions or {}).get("code") for each in result.errors or ()}
        assert codes <= {"UNAUTHENTICATED", "BAD_USER_INPUT", "CALENDAR_NOT_CONFIGURED"}, (
            name,
            result.errors,
        )
        found[name] = "UNAUTHENTICATED" in codes
    assert found == {name: each for name, each in told.items() if name not in GATEWAY_FIELDS}
    assert 20 < sum(found.values()) < len(found) - 20


@pytest.mark.parametrize(
    ("type_", "field", "tags"),
    [
        ("Query", "bases", ["public"]),
        ("Query", "viewer", ["applicant", "staff"]),
        ("Query", "trainees", ["applicant", "staff"]),
        ("Query", "ranking", ["staff"]),
        ("Query", "accounts", ["staff"]),
        ("Mutation", "submitApplication", ["applicant"]),
        ("Mutation", "giveOpinion", ["staff"]),
        ("Base", "name", ["public"]),
        ("Opening", "quota", ["public"]),
        ("Application", "state", ["applicant", "staff"]),
        ("Application", "records", ["staff"]),
        ("Applicant", "phone", ["applicant", "staff"]),
        ("Trainee", "payments", ["applicant", "staff"]),
        ("Source", "title", ["public"]),
        ("Account", "login", ["staff"]),
    ],
)
def test_tags_tell_whom_a_field_is_for(type_: str, field: str, tags: list[str]) -> None:
    assert _field_tags(type_, field) == tags


def test_arguments_are_for_whom_their_field_is() -> None:
    """A contract leaves out arguments without a tag, and with a required one its field."""
    for name, node in _NODES.items():
        for field in _fields(node).values():
            for argument in getattr(field, "arguments", None) or ():
                assert _tags(node) or (_tags(argument) == _tags(field)), (
                    f"{name}.{field.name.value}"
                )


def test_what_others_may_extend_is_tagged_field_by_field() -> None:
    """A tag of a whole entity would put the fields of other subgraphs into a contract."""
    for name in (*ENTITIES, "Query", "Mutation", "Subscription"):
        assert _tags(_NODES[name]) == []


@pytest.mark.parametrize("audience", list(Audience))
def test_a_contract_of_each_audience_holds_together(audience: Audience) -> None:
    """Whatever an audience is shown leads to nothing that it is not shown."""
    included = {Audience.PUBLIC, audience}
    audiences = Audiences(_CORE, PERMISSIONS)
    for name, type_ in _CORE.type_map.items():
        if not is_object_type(type_) or name.startswith("_"):
            continue
        for field_name, field in type_.fields.items():
            if included.isdisjoint(audiences.of_field(name, field_name)):
                continue
            assert not included.isdisjoint(audiences.of_type(name)), name
            for each in (field, *field.args.values()):
                inner: Any = each.type
                while hasattr(inner, "of_type"):
                    inner = inner.of_type
                if inner.name in {"String", "Int", "Boolean", "ID", "Float"}:
                    continue
                assert not included.isdisjoint(audiences.of_type(inner.name)), (name, field_name)


def _of(access: FederationAccess, permissions: Mapping[str, Permission] | None = None) -> str:
    return Subgraph(_CORE, permissions, access).sdl


def test_access_may_be_told_in_other_ways_and_is_not_by_default() -> None:
    """`@apollo/gateway` refuses supergraphs that tell it."""
    policies, signed_in, nothing = (
        _of(each)
        for each in (
            FederationAccess.POLICIES,
            FederationAccess.AUTHENTICATED,
            FederationAccess.NONE,
        )
    )
    scopes = _SDL.count("@requiresScopes(")
    assert policies.count("@policy(") == scopes > 100
    assert "@requiresScopes" not in policies + signed_in + nothing
    alone = _SDL.count("@authenticated\n") + _SDL.count("@authenticated @")
    assert alone >= 8
    assert signed_in.count("@authenticated") - 1 == scopes + alone
    assert "@authenticated" not in nothing
    assert nothing == _COMPOSED.schema.subgraph.sdl


def test_a_plugins_part_is_of_the_subgraph(real: AskedGraph) -> None:
    schema = real.composed.schema
    text = schema.subgraph.sdl
    nodes = _parsed(text)
    added = set(schema.core_schema.type_map) - set(_CORE.type_map)
    assert added, "no plugin adds a type"
    assert added <= set(nodes)
    objects = [
        name for name in added if isinstance(schema.core_schema.type_map[name], GraphQLObjectType)
    ]
    for name in objects:
        assert ("shareable", {}) in _directives(nodes[name]), name
        assert _tags(nodes[name]) == ["public"]


def test_a_permission_of_a_plugin_is_for_whose_roles_hold_it() -> None:
    label = Text("x", "x")
    roles = {"applicants": ("applicant",), "staff": ("base_office",), "nobody": ()}
    permissions = {
        **PERMISSIONS,
        **{f"x.{name}": Permission(f"x.{name}", label, roles=each) for name, each in roles.items()},
    }
    holding = Audiences(_CORE, permissions)._holding
    assert holding("x.applicants") == {Audience.APPLICANT}
    assert holding("x.staff") == holding("x.nobody") == holding("x.unknown") == {Audience.STAFF}


async def test_a_gateway_is_given_the_text(fictional: AskedGraph) -> None:
    answer = await fictional.ask("{ _service { sdl } }")
    assert answer == {"_service": {"sdl": fictional.composed.schema.subgraph.sdl}}


async def test_nobody_else_is_where_the_schema_is_kept_private(fictional: AskedGraph) -> None:
    result = await fictional.composed.schema.execute(
        "{ _service { sdl } catalogueHash }",
        context_value=GraphContext(
            catalogue=fictional.catalogue, language=Language.EN, describes=False
        ),
    )
    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert error.formatted["message"] == "this server does not describe its schema to clients"
    assert error.formatted["extensions"] == {"code": "INTROSPECTION_DISABLED"}
