"""What rows take that are kept, and which of them are not: `zhupei.web.checked_rows`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from asyncpg.pgproto import pgproto

from zhupei.web.checked_rows import size_of

_ROW, _VALUE = 60, 50


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(1, True)], _ROW + 2 * _VALUE, id="nothing but numbers"),
        pytest.param([("四个字符",), ("ab",)], 2 * (_ROW + _VALUE) + 6, id="texts by their length"),
        pytest.param([("ab", None), (None, b"xyz")], 2 * _ROW + 4 * _VALUE + 5, id="some texts"),
        pytest.param(
            [(UUID(int=1), datetime(2026, 9, 1, tzinfo=UTC))],
            _ROW + 2 * _VALUE,
            id="a day and an id",
        ),
        pytest.param([(pgproto.UUID("0" * 32),)], _ROW + _VALUE, id="the driver's own id"),
    ],
)
def test_tells_about_how_many_bytes_rows_take(rows: list[tuple[Any, ...]], size: int) -> None:
    assert size_of(rows) == size


@pytest.mark.parametrize(
    "value",
    [Decimal("1.00"), 1.0, ["a"], asyncpg.Range(1, 2), {"a": 1}],
    ids=["decimal", "float", "list", "range", "object"],
)
def test_tells_that_equal_values_may_be_written_in_different_ways(value: Any) -> None:
    assert size_of([(1, "a"), (2, value)]) is None
