"""Every list over rows takes the same statements for one row as for thirty."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import pytest
from strawberry.types.field import StrawberryField

from admissions_office import HOSPITAL, MEDICINE
from asked_graph import AskedGraph, core_graph
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from rows_of_every_kind import MATCHED, row_sources
from rows_office import RowsOffice, rows_office
from zhupei.db.connection import Database
from zhupei.domain.text import Language
from zhupei.graphql.asked import needs_of
from zhupei.graphql.limits.cost import Weights
from zhupei.graphql.sources import Computed, SourcedField, source_of

_SCHEMA = core_graph().schema
_MORE = 30


def _page(name: str, node: str, arguments: str = "first: 50") -> str:
    return (
        f"{name}({arguments}) {{ totalCount pageInfo {{ hasNextPage endCursor }} "
        f"edges {{ cursor node {{ id {node} }} }} }}"
    )


def _edges(name: str, node: str) -> str:
    return f"{name} {{ totalCount edges {{ cursor node {{ {node} }} }} }}"


_RUNS = f'allocationRuns(program: "{MATCHED[0]}", round: "{MATCHED[1]}")'
_VERSION = "version late lateReason checks { topic } publications { place }"
_OWN = "applications(first: 50) { totalCount edges { node { id state base { name } } } }"
# What each list costs, with all that is asked of it: statements, whatever the number of rows.
_LISTS: Mapping[str, tuple[int, str]] = {
    "Query.applications": (
        7,
        _page(
            "applications",
            "state holdsSeat applicant { name } scores { points } documents { document } "
            "eligibility { outcome } interview { id chosen slot { place } } publicity { endsOn } "
            "trainee { state } transferredFrom { id }",
        ),
    ),
    "Application.records": (2, _page("applications", "records { action at }")),
    "Application.objections": (2, _page("applications", "objections { text filedAt }")),
    "Application.allowedActions": (
        12,
        _page("applications", "timeline { mustDo } standing { rank } allowedActions { action }"),
    ),
    "Applicant.files": (3, _page("applications", "applicant { files { document size } }")),
    "Viewer.applications": (2, f"viewer {{ {_OWN} }}"),
    "Query.trainees": (
        3,
        _page("trainees", "stateLabel applicant { name } application { state }"),
    ),
    "Query.registrations": (1, _page("registrations", "state startedOn base { name }")),
    "Trainee.payments": (2, _page("trainees", "payments { amount month }")),
    "Query.bans": (1, "bans(first: 50) { id reason until program { name } }"),
    "Query.objections": (1, "objections(first: 50) { id text upheld }"),
    "Query.invitations": (
        2,
        "invitations(first: 50) { id state opening { code } application { state } }",
    ),
    "Query.planIncreases": (1, "planIncreases(first: 50) { id seats state round }"),
    "Query.roundFreezes": (1, "roundFreezes(first: 50) { id round reason }"),
    "Query.ranking": (1, f'ranking(opening: "{MEDICINE}", round: "batch-1") {{ rank total }}'),
    "Query.seatQuotas": (
        1,
        f'seatQuotas(opening: "{MEDICINE}", round: "batch-1") {{ scope taken }}',
    ),
    "Query.interviewSlots": (
        1,
        _page("interviewSlots", "place left interviewers moves { reason }"),
    ),
    "InterviewSlot.bookings": (
        3,
        _page("interviewSlots", "bookings { chosen application { state } }"),
    ),
    "Query.scoreSheets": (
        2,
        _page("scoreSheets", "rowCount absentCount rows { row application { state } }"),
    ),
    "Query.publicities": (1, _page("publicities", "status endsOn base { name } downloads")),
    "Publicity.entries": (2, _page("publicities", "entries { name } entriesNote sha256 keyId")),
    "Query.notices": (1, "notices(first: 50) { id label state attempts { outcome at } }"),
    "Query.operations": (1, "operations(first: 50) { id state result { name value } problem }"),
    "Query.accounts": (1, _page("accounts", "login scopes grants { grant { role label } }")),
    "Query.sendingUnits": (1, 'sendingUnits(name: "某县") { id name tier }'),
    "Query.sendingUnitLinks": (1, "sendingUnitLinks { id name stateLabel unit { name } }"),
    "Query.webhooks": (1, "webhooks { id url secrets { id } stateReason }"),
    "Webhook.deliveries": (2, "webhooks { id deliveries { type subject attempts { status } } }"),
    "Query.allocationRuns": (
        1,
        f"{_RUNS} {{ id market figures {{ placed }} warnings }}",
    ),
    "AllocationRun.places": (
        2,
        f"{_RUNS} {{ {_edges('places', 'code cutOff tieRule criteria')} }}",
    ),
    "AllocationRun.choices": (
        3,
        f"{_RUNS} {{ {_edges('choices', 'total singles application { state }')} }}",
    ),
    "Brochure.versions": (
        2,
        f'brochure(program: "{HOSPITAL}") {{ current {{ version }} versions {{ {_VERSION} }} }}',
    ),
    "Query.papers": (1, 'papers(application: "{application}") { kind label }'),
    "RecruitmentReport.byTraineeType": (
        3,
        f'statistics(program: "{HOSPITAL}") {{ byTraineeType {{ code }} }}',
    ),
    "Query.nodes": (2, "nodes(ids: [{nodes}]) { id ... on Application { state } }"),
    "Query._entities": (1, "_entities(representations: [{entities}]) { __typename }"),
}
_WITHOUT_ROWS: Mapping[str, str] = {
    "Account.grants": "come with their account",
    "Query.eligibleOpenings": "decided by rules of the catalogue",
}


def _listed(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField, StrawberryField]]:
    """Yield the lists and connections of what is read, with what strawberry declared."""
    for name, type_ in schema.type_map.items():
        if not isinstance(type_, GraphQLObjectType) or type_ is schema.mutation_type:
            continue
        if type_ is schema.subscription_type:
            continue
        for key, field in type_.fields.items():
            declared = field.extensions.get("strawberry-definition")
            below = get_named_type(field.type)
            is_list = is_list_type(get_nullable_type(field.type)) and not is_leaf_type(below)
            if (is_list or below.name.endswith("Connection")) and declared is not None:
                yield f"{name}.{key}", field, declared


def _is_awaited(declared: StrawberryField) -> bool:
    source: Any = source_of(declared)
    if isinstance(source, Computed):
        return inspect.iscoroutinefunction(inspect.unwrap(source.function))
    if hasattr(source, "planned") or hasattr(source, "many"):
        return True
    return inspect.iscoroutinefunction(source.reader(declared.python_name))


def test_no_list_over_rows_is_missing() -> None:
    """A new list that waits for something needs a line above: what it costs, or why no rows."""
    awaited = {name for name, _, declared in _listed(_SCHEMA.core_schema) if _is_awaited(declared)}
    assert awaited == _LISTS.keys() | _WITHOUT_ROWS.keys()


def test_every_list_over_rows_declares_a_cost() -> None:
    weights = Weights(_SCHEMA.core_schema)
    for name in _LISTS:
        type_, _, key = name.partition(".")
        weight = weights.of(_SCHEMA.core_schema.type_map[type_], key)
        assert weight is not None
        assert weight.own >= 10, name


def test_fields_of_rows_say_which_columns_they_look_at() -> None:
    """A field that does not would have every row read whole without anybody noticing."""
    sources = {source.shown: source for source in row_sources().values()}
    seen: dict[type, str] = {}
    for name, type_ in _SCHEMA.core_schema.type_map.items():
        if not isinstance(type_, GraphQLObjectType):
            continue
        described = getattr(type_.is_type_of, "described", ())
        for shown in sources.keys() & set(described):
            seen[shown] = name
            needs = {key: _needs(field) for key, field in type_.fields.items()}
            whole = {key for key, each in needs.items() if each is None}
            assert whole == set(), name
            for key, each in needs.items():
                assert each is None or sources[shown].knows(each), f"{name}.{key}"
    assert len(seen) == len(sources)


def _needs(field: GraphQLField) -> frozenset[str] | None:
    declared = field.extensions["strawberry-definition"]
    sourced = isinstance(declared, SourcedField) and declared.base_resolver is None
    return needs_of(declared, declared.source if sourced else None)


@pytest.mark.institutions
def test_lists_of_plugins_read_no_rows(real: AskedGraph) -> None:
    """A plugin is given no database: what it lists and waits for is answered by its hooks."""
    core = {name for name, _, _ in _listed(_SCHEMA.core_schema)}
    schema: Any = real.composed.schema
    added = [
        (name, type(source_of(declared)).__name__)
        for name, _, declared in _listed(schema.core_schema)
        if name not in core and _is_awaited(declared)
    ]
    assert {kind for _, kind in added} <= {"HookAnswer"}, added


_CUT = {
    name: list(field.args)
    for name, field, _ in _listed(_SCHEMA.core_schema)
    if is_list_type(get_nullable_type(field.type)) and "first" in field.args
}


def test_a_list_that_is_cut_goes_on_behind_its_last_row() -> None:
    """Connections do by their cursors; deadlines by the day that they are asked from."""
    assert [name for name, arguments in _CUT.items() if "before" not in arguments] == [
        "Query.deadlines"
    ]


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


@pytest.mark.slow
async def test_every_list_takes_as_many_statements_for_thirty_rows(
    place: RowsOffice, statements: list[str]
) -> None:
    few = {name: await _asked(place, statements, name, 1) for name in _LISTS}
    await place.kinds.more(_MORE)
    many = {name: await _asked(place, statements, name, _MORE) for name in _LISTS}
    assert {name: count for name, (count, _) in few.items()} == {
        name: count for name, (count, _) in many.items()
    }
    assert {name: count for name, (count, _) in many.items()} == {
        name: count for name, (count, _) in _LISTS.items()
    }
    # There was something to read, and then much more.
    for name, (_, size) in few.items():
        assert size > 0, name
        if name not in _FIXED:
            assert many[name][1] >= size + _MORE // 2, name


_PAGED = sorted(name.removeprefix("Query.") for name in _CUT if name.startswith("Query."))


async def test_pages_of_a_plain_list_hold_every_row_once(place: RowsOffice) -> None:
    await place.kinds.more(4)
    for name in _PAGED:
        if name == "deadlines":
            continue
        whole = await _ids(place, f"{name}(first: 100)")
        assert len(whole) >= 5, name
        assert whole == sorted(whole, reverse=True), name
        found: list[str] = []
        while page := await _ids(place, f"{name}(first: 2 {_behind(found)})"):
            found += page
        assert found == whole, name


def _behind(found: Sequence[str]) -> str:
    return f'before: "{found[-1]}"' if found else ""


async def _ids(place: RowsOffice, asked: str) -> list[str]:
    result = await _SCHEMA.execute(
        f"{{ found: {asked} {{ id }} }}",
        context_value=place.context(place.everything, Language.EN)(),
    )
    assert result.errors is None, (asked, result.errors)
    return [each["id"] for each in (result.data or {})["found"]]


# How many of these there are does not depend on rows.
_FIXED = {"Query.seatQuotas", "Query.papers", "RecruitmentReport.byTraineeType"}


async def _asked(
    place: RowsOffice, statements: list[str], name: str, number: int
) -> tuple[int, int]:
    """Return how many statements a list takes, and how many objects of its type it gave."""
    own = name.startswith("Viewer")
    actor = place.actors[1] if own else place.everything
    query = "{ " + await _filled(place, _LISTS[name][1], number) + " }"
    statements.clear()
    result = await _SCHEMA.execute(query, context_value=place.context(actor, Language.EN)())
    assert result.errors is None, (name, result.errors)
    taken = len(statements)
    return taken, _size(result.data, name.partition(".")[2])


async def _filled(place: RowsOffice, query: str, number: int) -> str:
    """Return a query with ids of rows in it."""
    if "{" + "application}" in query:
        return query.replace("{application}", str(place.applications[0]))
    if "{nodes}" not in query and "{entities}" not in query:
        return query
    listed = await _SCHEMA.execute(
        "{ applications(first: 50) { edges { node { id } } } "
        "trainees(first: 50) { edges { node { id } } } }",
        context_value=place.context(place.everything, Language.EN)(),
    )
    assert listed.data is not None
    ids = {
        name: [each["node"]["id"] for each in page["edges"]][:number]
        for name, page in listed.data.items()
    }
    nodes = ", ".join(f'"{each}"' for each in [*ids["applications"], *ids["trainees"]])
    entities = ", ".join(
        f'{{__typename: "Application", id: "{each}"}}' for each in ids["applications"]
    )
    return query.replace("{nodes}", nodes).replace("{entities}", entities)


def _size(data: Any, name: str) -> int:
    """Return how many objects stand in the lists of a name."""
    if isinstance(data, list):
        return sum(_size(each, name) for each in data)
    if not isinstance(data, dict):
        return 0
    found = 0
    for key, value in data.items():
        if key == name:
            rows = value["edges"] if isinstance(value, dict) else value
            found += len(rows or ())
        else:
            found += _size(value, name)
    return found
