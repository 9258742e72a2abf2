"""Cursors: opaque, exact, and never a crash."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.calendar import CHINA_TIME
from zhupei.graphql.cursors import Cursor, CursorNotReadable, SortValue

_VALUES = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the zone follows
        lambda at: at.replace(tzinfo=CHINA_TIME)
    ),
)


@given(st.text(), st.booleans(), _VALUES, st.text())
def test_a_cursor_says_what_it_was_made_of(
    order: str, descending: bool, value: SortValue, code: str
) -> None:
    cursor = Cursor(order, descending, value, code)
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_anything_else_is_refused_as_not_readable(text: str) -> None:
    with pytest.raises(CursorNotReadable):
        Cursor.decode(text)


@pytest.mark.parametrize(
    "json",
    [
        '["CODE",0,"v","a"]',
        '["CODE",2,"v","a","b"]',
        '["CODE",0,"t","2026-04-01","b"]',
        '["CODE",0,"t","soon","b"]',
        '["CODE",0,"t","2026-04-01T00:00:00","b"]',
        '["CODE",0,"v",1.5,"b"]',
        '["CODE",0,"v","a",7]',
        '{"order":"CODE"}',
        "null",
        pytest.param("[" * 100_000, id="deeply nested"),
    ],
)
def test_json_of_another_shape_is_refused(json: str) -> None:
    with pytest.raises(CursorNotReadable):
        Cursor.decode(base64.urlsafe_b64encode(json.encode()).decode())


def test_a_place_in_descending_order_puts_the_unknown_last() -> None:
    cursor = Cursor("QUOTA", True, 4, "b")
    assert cursor.precedes(3, "a")
    assert cursor.precedes(4, "c")
    assert cursor.precedes(None, "a")
    assert not cursor.precedes(4, "a")
    assert not cursor.precedes(5, "z")


def test_after_the_unknown_only_the_unknown_follow() -> None:
    cursor = Cursor("QUOTA", False, None, "b")
    assert cursor.precedes(None, "c")
    assert not cursor.precedes(None, "a")
    assert not cursor.precedes(1000, "z")


def test_a_value_of_another_kind_is_refused() -> None:
    soon = datetime(2026, 4, 1, tzinfo=CHINA_TIME) + timedelta(hours=1)
    with pytest.raises(CursorNotReadable):
        Cursor("QUOTA", False, "many", "b").precedes(4, "c")
    with pytest.raises(CursorNotReadable):
        Cursor("CLOSING", False, soon, "b").precedes("later", "c")
