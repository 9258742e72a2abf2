"""Global ids: one for each object, fetched again by `node`, and refused where malformed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asked_graph import AskedGraph
from zhupei.graphql.nodes import GlobalId

_EVERYTHING = """{
  province(code: "620000") { id }
  jurisdiction(code: "example-region") { id }
  base(code: "example-hospital") { id }
  program(code: "example-hospital-residency-2026") { id }
  opening(code: "example-hospital-residency-2026/0200") { id }
  specialty(code: "0200", year: 2026) { id }
}"""


async def test_every_kind_of_object_is_fetched_again_by_its_id(fictional: AskedGraph) -> None:
    found = await fictional.ask(_EVERYTHING)
    ids = [value["id"] for value in found.values()]
    assert len(set(ids)) == 6
    again = await fictional.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids}
    )
    assert again["nodes"] == [
        {"__typename": "Province", "id": ids[0]},
        {"__typename": "Jurisdiction", "id": ids[1]},
        {"__typename": "Base", "id": ids[2]},
        {"__typename": "Program", "id": ids[3]},
        {"__typename": "Opening", "id": ids[4]},
        {"__typename": "Specialty", "id": ids[5]},
    ]
    for each in ids:
        one = await fictional.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": each})
        assert one == {"node": {"id": each}}


async def test_an_interface_fragment_reaches_the_fields_of_the_object(
    fictional: AskedGraph,
) -> None:
    found = await fictional.ask('{ base(code: "example-hospital") { id } }')
    again = await fictional.ask(
        "query ($id: ID!) { node(id: $id) { ... on Base { code } ... on Opening { quota } } }",
        {"id": found["base"]["id"]},
    )
    assert again == {"node": {"code": "example-hospital"}}


@pytest.mark.parametrize("type_", ["Base", "Program", "Opening", "Specialty", "Province"])
@pytest.mark.parametrize("key", ["gone", "gone/0100", "0100@1900"])
async def test_a_well_formed_id_of_something_that_is_gone_is_null(
    fictional: AskedGraph, type_: str, key: str
) -> None:
    wanted = GlobalId(type_, key).encode()
    assert await fictional.ask(
        "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", {"id": wanted}
    ) == {"node": None, "nodes": [None]}


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "示例", "QmFzZQ", GlobalId("Trainee", "x").encode(), "QmFzZTo", "1"],
)
async def test_a_malformed_id_is_refused(fictional: AskedGraph, text: str) -> None:
    refusal = await fictional.refused("query ($id: ID!) { node(id: $id) { id } }", {"id": text})
    assert refusal.only["message"] == (
        f'id: "{text}" is not a global id; take it from an object\'s field id'
    )
    assert refusal.only["extensions"] == {"code": "BAD_USER_INPUT", "argument": "id"}
    assert refusal.data == {"node": None}


async def test_the_place_of_a_malformed_id_in_a_list_is_named(fictional: AskedGraph) -> None:
    good = GlobalId("Base", "example-hospital").encode()
    refusal = await fictional.refused(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [good, "x"]}
    )
    assert refusal.only["extensions"]["argument"] == "ids.1"


async def test_more_than_100_ids_at_once_are_refused(fictional: AskedGraph) -> None:
    good = GlobalId("Base", "example-hospital").encode()
    refusal = await fictional.refused(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [good] * 101}
    )
    assert refusal.only["message"] == "ids: at most 100 at once, not 101"
    assert refusal.only["extensions"]["code"] == "BAD_USER_INPUT"


@given(st.sampled_from(["Base", "Opening", "Specialty"]), st.text(min_size=1))
def test_an_id_says_what_it_was_made_of(type_: str, key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    assert GlobalId.decode(GlobalId(type_, key).encode()) == GlobalId(type_, key)


@given(st.text())
def test_no_text_makes_decoding_fail(text: str) -> None:
    found = GlobalId.decode(text)
    assert found is None or found.encode() == text.rstrip("=")


def test_an_id_has_one_spelling() -> None:
    raw = base64.urlsafe_b64encode(b"Base:ab").decode().rstrip("=")
    assert GlobalId.decode(raw) == GlobalId("Base", "ab")
    # The last character's unused bits may be anything in base64; the id is one text only.
    other = raw[:-1] + chr(ord(raw[-1]) + 1)
    assert GlobalId.decode(other) != GlobalId("Base", "ab")
