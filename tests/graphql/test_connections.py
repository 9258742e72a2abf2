"""Connections: every row once, in order, in both directions, whatever is added meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asked_graph import AskedGraph, graph_of
from made_up import made_up_catalogue, opening_of
from zhupei.domain.text import Language
from zhupei.graphql import listings

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $order: OpeningOrder,
    $direction: OrderDirection) {
  openings(first: $first, after: $after, last: $last, before: $before, orderBy: $order,
      direction: $direction) {
    totalCount
    edges { cursor node { code quota } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


def _graph(*codes: str, **quotas: int | None) -> AskedGraph:
    rows = [opening_of(f"a-2026/{code}") for code in codes]
    rows += [opening_of(f"a-2026/{code}", quota) for code, quota in quotas.items()]
    return graph_of(made_up_catalogue(rows))


_SIX = _graph(o1=3, o2=None, o3=1, o4=3, o5=None, o6=2)


async def _page(graph: AskedGraph, **arguments: Any) -> Any:
    return (await graph.ask(PAGE, arguments))["openings"]


def _codes(page: Any) -> list[str]:
    return [edge["node"]["code"].removeprefix("a-2026/") for edge in page["edges"]]


async def test_a_page_says_what_precedes_and_follows() -> None:
    first = await _page(_SIX, first=2)
    assert _codes(first) == ["o1", "o2"]
    assert first["totalCount"] == 6
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["pageInfo"]["hasPreviousPage"] is False
    assert first["pageInfo"]["startCursor"] == first["edges"][0]["cursor"]
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]

    second = await _page(_SIX, first=4, after=first["pageInfo"]["endCursor"])
    assert _codes(second) == ["o3", "o4", "o5", "o6"]
    assert second["pageInfo"]["hasNextPage"] is False
    assert second["pageInfo"]["hasPreviousPage"] is True

    back = await _page(_SIX, last=2, before=second["edges"][1]["cursor"])
    assert _codes(back) == ["o2", "o3"]
    assert back["pageInfo"]["hasNextPage"] is True
    assert back["pageInfo"]["hasPreviousPage"] is True

    end = await _page(_SIX, last=2)
    assert _codes(end) == ["o5", "o6"]
    assert end["pageInfo"]["hasNextPage"] is False
    assert end["pageInfo"]["hasPreviousPage"] is True


async def test_first_and_last_together_are_taken_one_after_the_other() -> None:
    page = await _page(_SIX, first=4, last=2)
    assert _codes(page) == ["o3", "o4"]


async def test_an_empty_page_has_no_cursors() -> None:
    end = await _page(_SIX, last=1)
    page = await _page(_SIX, first=5, after=end["pageInfo"]["endCursor"])
    assert page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


@pytest.mark.parametrize(
    ("order", "direction", "expected"),
    [
        ("CODE", "ASC", ["o1", "o2", "o3", "o4", "o5", "o6"]),
        ("CODE", "DESC", ["o6", "o5", "o4", "o3", "o2", "o1"]),
        ("QUOTA", "ASC", ["o3", "o6", "o1", "o4", "o2", "o5"]),
        ("QUOTA", "DESC", ["o1", "o4", "o6", "o3", "o2", "o5"]),
    ],
)
async def test_unknown_quotas_come_last_and_equal_ones_by_code(
    order: str, direction: str, expected: list[str]
) -> None:
    page = await _page(_SIX, order=order, direction=direction)
    assert _codes(page) == expected
    walked: list[str] = []
    after = None
    while True:
        page = await _page(_SIX, order=order, direction=direction, first=1, after=after)
        walked += _codes(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == expected
    before, backwards = None, list[str]()
    while True:
        page = await _page(_SIX, order=order, direction=direction, last=2, before=before)
        backwards = _codes(page) + backwards
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backwards == expected


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    present=st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.none() | st.integers(0, 3), min_size=1
    ),
    added=st.dictionaries(st.text("abc", min_size=1, max_size=3), st.none() | st.integers(0, 3)),
    order=st.sampled_from(["CODE", "NAME", "QUOTA"]),
    direction=st.sampled_from(["ASC", "DESC"]),
    size=st.integers(1, 3),
)
async def test_paging_through_a_growing_list_repeats_and_skips_nothing(
    present: dict[str, int | None],
    added: dict[str, int | None],
    order: str,
    direction: str,
    size: int,
) -> None:
    """A reload that adds rows after the first page: every row of before is seen exactly once."""
    before = _graph(**present)
    after = _graph(**{**added, **present})
    graph, seen, cursor = before, list[str](), None
    while True:
        page = await _page(graph, order=order, direction=direction, first=size, after=cursor)
        seen += _codes(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
        graph = after
    assert len(seen) == len(set(seen))
    if graph is after:
        assert set(present) <= set(seen)
    else:
        assert set(seen) == set(present)


async def test_a_cursor_of_a_row_that_is_gone_still_marks_its_place() -> None:
    page = await _page(_SIX, first=2, order="QUOTA")
    without = _graph(o1=3, o2=None, o3=1, o4=3, o5=None)
    rest = await _page(without, order="QUOTA", after=page["pageInfo"]["endCursor"])
    assert _codes(page) == ["o3", "o6"]
    assert _codes(rest) == ["o1", "o4", "o2", "o5"]


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("value", [0, -1, 101, 2_000_000_000])
async def test_a_page_of_a_size_outside_1_to_100_is_refused(name: str, value: int) -> None:
    refusal = await _SIX.refused(PAGE, {name: value})
    assert refusal.only["message"] == f"{name}: must be from 1 to 100, not {value}"
    assert refusal.only["extensions"] == {"code": "BAD_USER_INPUT", "argument": name}
    assert refusal.only["path"] == ["openings"]


@pytest.mark.parametrize("value", [1, 100])
async def test_a_page_of_1_or_100_is_given(value: int) -> None:
    assert len((await _page(_SIX, first=value))["edges"]) == min(value, 6)


async def test_without_a_size_twenty_rows_are_given() -> None:
    many = _graph(*(f"{number:04}" for number in range(30)))
    page = await _page(many)
    assert len(page["edges"]) == 20
    assert page["totalCount"] == 30


@pytest.mark.parametrize("name", ["after", "before"])
async def test_a_malformed_cursor_is_refused(name: str) -> None:
    refusal = await _SIX.refused(PAGE, {name: "nonsense"})
    assert refusal.only["message"] == (
        f"{name}: is not a cursor of this graph; take it from pageInfo or edges"
    )
    assert refusal.only["extensions"] == {"code": "BAD_USER_INPUT", "argument": name}
    chinese = await _SIX.refused(PAGE, {name: "nonsense"}, language=Language.ZH)
    assert chinese.only["message"] == f"{name}：不是本接口给出的游标"


@pytest.mark.parametrize(
    "changed", [{"order": "QUOTA"}, {"direction": "DESC"}, {"order": "NAME", "direction": "ASC"}]
)
async def test_a_cursor_of_another_order_is_refused(changed: dict[str, str]) -> None:
    cursor = (await _page(_SIX, first=1))["pageInfo"]["endCursor"]
    refusal = await _SIX.refused(PAGE, {"after": cursor, **changed})
    assert refusal.only["message"] == (
        "after: belongs to another order; keep orderBy and direction while paging"
    )
    assert refusal.only["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_total_is_counted_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page in the order of codes reads one row more than it shows."""
    many = _graph(*(f"{number:04}" for number in range(500)))
    listing = listings.OPENINGS
    read = 0

    def counted(catalogue: Any) -> Any:
        nonlocal read
        for row in catalogue.openings.values():
            read += 1
            yield row

    monkeypatch.setitem(listing.__dict__, "all", counted)
    await many.ask("{ openings(first: 10) { edges { node { code } } pageInfo { hasNextPage } } }")
    assert read == 11
    assert (await many.ask("{ openings { totalCount } }"))["openings"]["totalCount"] == 500
    assert read == 511
