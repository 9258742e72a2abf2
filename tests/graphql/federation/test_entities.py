"""Entities over the catalogue: found by every key, in order, isolated, capped, and masked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asked_graph import AskedGraph
from zhupei.domain.codes import SpecialtyCatalogue
from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.federation.entities import ENTITIES, MOST_ENTITIES
from zhupei.graphql.federation.representations import LONGEST_KEY
from zhupei.graphql.nodes import GlobalId

_QUERY = """query($r: [_Any!]!) { _entities(representations: $r) {
  __typename
  ... on Province { code }
  ... on Jurisdiction { code }
  ... on Base { code name }
  ... on Program { code }
  ... on Opening { code quota }
  ... on Specialty { code id }
  ... on Application { id }
  ... on Trainee { id }
} }"""
_HOSPITAL = "example-hospital"
_PROGRAM = "example-hospital-residency-2026"
_OPENING = f"{_PROGRAM}/0200"
_CODES = {
    "Province": "420000",
    "Jurisdiction": "example-region",
    "Base": _HOSPITAL,
    "Program": _PROGRAM,
    "Opening": _OPENING,
    "Specialty": "0200",
}


async def _ask(graph: AskedGraph, *representations: Any, **more: Any) -> Any:
    return await graph.ask(_QUERY, {"r": list(representations)}, **more)


@pytest.mark.parametrize("name", sorted(_CODES))
async def test_an_entity_is_found_by_its_code_and_by_its_id(
    fictional: AskedGraph, name: str
) -> None:
    by_code = await _ask(fictional, {"__typename": name, "code": _CODES[name]})
    found = by_code["_entities"][0]
    assert found["__typename"] == name
    assert found["code"] == _CODES[name]
    field = name[0].lower() + name[1:]
    id_ = (await fictional.ask(f'{{ {field}(code: "{_CODES[name]}") {{ id }} }}'))[field]["id"]
    assert await _ask(fictional, {"__typename": name, "id": id_}) == by_code
    # Both keys: the first is enough.
    assert await _ask(fictional, {"__typename": name, "id": id_, "code": _CODES[name]}) == by_code


def test_every_entity_is_named_by_fields_that_its_type_has(fictional: AskedGraph) -> None:
    types = fictional.composed.schema.core_schema.type_map
    assert set(ENTITIES) == {*_CODES, "Application", "Trainee"}
    for name, entity in ENTITIES.items():
        fields: Any = types[name]
        for key in entity.keys:
            assert str(fields.fields[key].type) in {"ID!", "String!"}
    members: Any = types["_Entity"]
    assert {each.name for each in members.types} == set(ENTITIES)


async def test_entities_keep_their_order_and_come_as_often_as_asked(fictional: AskedGraph) -> None:
    wanted = [
        {"__typename": "Opening", "code": _OPENING},
        {"__typename": "Base", "code": _HOSPITAL},
        {"__typename": "Opening", "code": f"{_PROGRAM}/0100"},
        {"__typename": "Base", "code": _HOSPITAL},
    ]
    assert (await _ask(fictional, *wanted))["_entities"] == [
        {"__typename": "Opening", "code": _OPENING, "quota": 4},
        {"__typename": "Base", "code": _HOSPITAL, "name": "Example Hospital"},
        {"__typename": "Opening", "code": f"{_PROGRAM}/0100", "quota": 6},
        {"__typename": "Base", "code": _HOSPITAL, "name": "Example Hospital"},
    ]


async def test_what_is_gone_is_null_without_an_error(fictional: AskedGraph) -> None:
    found = await _ask(
        fictional,
        {"__typename": "Base", "code": "gone"},
        {"__typename": "Base", "id": GlobalId("Base", "gone").encode()},
        {"__typename": "Specialty", "code": "9999"},
        {"__typename": "Base", "code": _HOSPITAL},
    )
    assert [each and each["code"] for each in found["_entities"]] == [None, None, None, _HOSPITAL]


async def test_a_specialty_by_code_is_the_latest_national_one(fictional: AskedGraph) -> None:
    """The national catalogue may give a code to another specialty one day; the law is the last."""
    reference = fictional.catalogue.reference
    rows = reference.specialties.specialties
    old = next(row for row in rows if row.code == "0200")
    new = replace(old, valid_from=2027, valid_to=None, name=Text("儿童医学", "Child Medicine"))
    kept = [replace(row, valid_to=2026) if row is old else row for row in rows]
    specialties = SpecialtyCatalogue([*kept, new], reference.specialties.shortages)
    catalogue = replace(fictional.catalogue, reference=replace(reference, specialties=specialties))
    graph = replace(fictional, catalogue=catalogue)
    (found,) = (await _ask(graph, {"__typename": "Specialty", "code": "0200"}))["_entities"]
    assert found["id"] == GlobalId("Specialty", "0200@2027").encode()
    assert (await graph.ask('{ specialty(code: "0200") { id } }'))["specialty"]["id"] == found["id"]


async def test_a_specialty_of_a_program_is_found_by_code_where_only_one_has_it(
    planned: AskedGraph,
) -> None:
    catalogue = planned.catalogue
    national = {row.code for row in catalogue.reference.specialties.specialties}
    own: dict[str, list[str]] = {}
    for program, code in catalogue.program_specialties:
        own.setdefault(code, []).append(program)
    alone = next(code for code, programs in own.items() if len(programs) == 1)
    assert alone not in national
    (found,) = (await _ask(planned, {"__typename": "Specialty", "code": alone}))["_entities"]
    assert found["id"] == GlobalId("Specialty", f"{own[alone][0]}/{alone}").encode()


_BAD: dict[str, tuple[Any, str]] = {
    "no object": ("Base", "representations.1: must be an object"),
    "a number": (5, "representations.1: must be an object"),
    "a list": ([], "representations.1: must be an object"),
    "no type": ({"code": "x"}, "representations.1: __typename is no entity of this graph"),
    "another's type": (
        {"__typename": "Dormitory", "code": "x"},
        "representations.1: __typename is no entity of this graph",
    ),
    "a type that is none": (
        {"__typename": "Source", "code": "x"},
        "representations.1: __typename is no entity of this graph",
    ),
    "an odd type": (
        {"__typename": ["Base"], "code": "x"},
        "representations.1: __typename is no entity of this graph",
    ),
    "no key": ({"__typename": "Base"}, "representations.1: needs a key: code or id"),
    "a null key": (
        {"__typename": "Base", "code": None},
        "representations.1: needs a key: code or id",
    ),
    "another type's key": (
        {"__typename": "Trainee", "code": "x"},
        "representations.1: needs a key: id",
    ),
    "a deep key": (
        {"__typename": "Base", "code": {"a": {"b": 1}}},
        "representations.1: holds more than a key",
    ),
    "more than a key": (
        {"__typename": "Base", "code": "x", "province": {"code": "420000"}},
        "representations.1: holds more than a key",
    ),
    "many properties": (
        {"__typename": "Base", "code": "x", **{f"p{n}": n for n in range(20)}},
        "representations.1: holds more than a key",
    ),
    "a numeric key": (
        {"__typename": "Base", "code": 5},
        f"representations.1.code: must be a text of at most {LONGEST_KEY} characters",
    ),
    "a long key": (
        {"__typename": "Base", "code": "x" * (LONGEST_KEY + 1)},
        f"representations.1.code: must be a text of at most {LONGEST_KEY} characters",
    ),
    "an empty key": (
        {"__typename": "Base", "code": ""},
        f"representations.1.code: must be a text of at most {LONGEST_KEY} characters",
    ),
    "no id": (
        {"__typename": "Base", "id": "secret-text"},
        "representations.1.id: is no id of this type; take it from field id",
    ),
    "another type's id": (
        {"__typename": "Base", "id": GlobalId("Program", _PROGRAM).encode()},
        "representations.1.id: is no id of this type; take it from field id",
    ),
}


@pytest.mark.parametrize("case", sorted(_BAD))
async def test_a_bad_representation_nulls_itself_alone_and_echoes_nothing(
    fictional: AskedGraph, case: str
) -> None:
    given, message = _BAD[case]
    good = {"__typename": "Base", "code": _HOSPITAL}
    refusal = await fictional.refused(_QUERY, {"r": [good, given, good]})
    shown = {"__typename": "Base", "code": _HOSPITAL, "name": "Example Hospital"}
    assert refusal.data == {"_entities": [shown, None, shown]}
    assert refusal.only["message"] == message
    assert refusal.only["path"] == ["_entities", 1]
    assert refusal.only["extensions"]["code"] == "BAD_USER_INPUT"
    assert "secret-text" not in str(refusal.only)


async def test_refusals_speak_the_language_of_the_request(fictional: AskedGraph) -> None:
    refusal = await fictional.refused(_QUERY, {"r": [{"__typename": "Base"}]}, language=Language.ZH)
    assert refusal.only["message"] == "representations.0：缺少键：code、id 之一"


async def test_people_need_to_be_signed_in_and_the_rest_stands(fictional: AskedGraph) -> None:
    row = "5bc7ac0e-9f7e-4a8c-8b5c-1b2c3d4e5f60"
    refusal = await fictional.refused(
        _QUERY,
        {
            "r": [
                {"__typename": "Trainee", "id": row},
                {"__typename": "Base", "code": _HOSPITAL},
                {"__typename": "Application", "id": row},
            ]
        },
    )
    assert [each and each["__typename"] for each in refusal.data["_entities"]] == [
        None,
        "Base",
        None,
    ]
    assert [(each["path"], each["extensions"]["code"]) for each in refusal.errors] == [
        (["_entities", 0], "UNAUTHENTICATED"),
        (["_entities", 2], "UNAUTHENTICATED"),
    ]


async def test_more_than_the_cap_is_refused_as_a_whole(fictional: AskedGraph) -> None:
    one = {"__typename": "Base", "code": _HOSPITAL}
    found = await _ask(fictional, *[one] * MOST_ENTITIES)
    assert len(found["_entities"]) == MOST_ENTITIES == 1000
    refusal = await fictional.refused(_QUERY, {"r": [one] * (MOST_ENTITIES + 1)})
    assert refusal.data is None
    assert refusal.only["message"] == "representations: at most 1000 at once, not 1001"
    assert refusal.only["extensions"] == {"code": "LIMIT_EXCEEDED"}


async def test_none_are_asked_for(fictional: AskedGraph) -> None:
    assert await _ask(fictional) == {"_entities": []}


async def test_representations_may_stand_in_the_text(fictional: AskedGraph) -> None:
    assert await fictional.ask(
        '{ _entities(representations: [{__typename: "Base", code: "example-hospital"}]) '
        "{ ... on Base { code } } }"
    ) == {"_entities": [{"code": _HOSPITAL}]}


# A text with NUL is refused with the whole operation, whatever field it is for.
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner),
    max_leaves=8,
)
_ODD = _JSON | st.builds(
    lambda name, key, value: {"__typename": name, key: value},
    st.sampled_from([*ENTITIES, "Query", ""]),
    st.sampled_from(["code", "id", "x"]),
    _JSON,
)


@given(st.lists(_ODD, max_size=5))
async def test_whatever_is_sent_is_an_entity_null_or_an_error_of_its_own(
    fictional: AskedGraph, given_: list[Any]
) -> None:
    context = GraphContext(
        catalogue=fictional.catalogue, dispatcher=fictional.dispatcher, language=Language.EN
    )
    sent = [each for each in given_ if each is not None]
    result = await fictional.composed.schema.execute(
        _QUERY, variable_values={"r": sent}, context_value=context
    )
    assert result.data is not None
    assert len(result.data["_entities"]) == len(sent)
    for error in result.errors or ():
        assert error.path is not None
        assert result.data["_entities"][error.path[1]] is None
        assert (error.extensions or {})["code"] in {"BAD_USER_INPUT", "UNAUTHENTICATED"}
