"""What is unpacked is what was packed, to the last type, and equal parts are one object."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Flag
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from zhupei.catalogue.packed import Unpackable
from zhupei.catalogue.packing import Packer
from zhupei.catalogue.search import SearchIndex
from zhupei.catalogue.unpacking import Unpacker
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.sources import Level
from zhupei.domain.text import Text


@dataclass(frozen=True)
class _Open:
    """A dataclass whose instances take more than their fields."""

    name: str = "a"


@dataclass
class _Changing:
    names: list[str] = field(default_factory=list)


class _Loose(BaseModel):
    name: str = "a"


class _Params(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")
    amounts: dict[Level, Decimal]
    label: Text | None = None


class _Rights(Flag):
    READ = 1
    WRITE = 2


def _again(value: object, classes: dict[str, type] | None = None) -> Any:
    packer = Packer(classes)
    row = packer.add(value)
    unpacker = Unpacker(packer.chunks(), classes)
    for _ in unpacker.steps(row):
        pass
    return unpacker.get(row)


def _typed(value: object) -> object:
    """Return what tells values apart that are merely equal."""
    if isinstance(value, dict | MappingProxyType):
        return type(value), [(_typed(key), _typed(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, map(_typed, value)))
    if isinstance(value, list | tuple):
        return type(value), [_typed(each) for each in value]
    if isinstance(value, datetime | time):
        return type(value), value.isoformat(), value.fold, repr(value.tzinfo)
    return type(value), hex(value) if type(value) is int else repr(value)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.sampled_from([None, CHINA_TIME, UTC, timezone(timedelta(hours=5))]))
    | st.times()
    | st.timedeltas()
    | st.sampled_from(Level)
    | st.builds(Text, st.text(), st.none() | st.text())
)
_HASHABLE = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=8,
)
_VALUES = st.recursive(
    _HASHABLE | st.sets(_HASHABLE, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(_HASHABLE, inner, max_size=4)
        | st.dictionaries(_HASHABLE, inner, max_size=4).map(MappingProxyType)
    ),
    max_leaves=16,
)


@given(_VALUES)
def test_any_value_comes_back_as_it_was(value: object) -> None:
    assert _typed(_again(value)) == _typed(value)


@pytest.mark.parametrize(
    "values",
    [
        (1, True, 1.0, Decimal(1), Decimal("1.0")),
        (0, False, 0.0, -0.0, None, "", b""),
        ((1,), (True,), [1], (1.0,)),
        (2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**10_000),
        (date(2026, 1, 2), datetime(2026, 1, 2), "2026-01-02"),  # noqa: DTZ001 - a naive one is packed as such
    ],
)
def test_equal_values_of_other_types_stay_apart(values: tuple[object, ...]) -> None:
    assert _typed(_again(values)) == _typed(values)


def test_china_time_is_the_same_object() -> None:
    moment = datetime(2026, 4, 8, tzinfo=CHINA_TIME)
    assert _again(moment).tzinfo is CHINA_TIME


def test_files_numbers_and_models_come_back() -> None:
    params = _Params.model_validate({"amounts": {Level.NATIONAL: "1.50"}, "more": [1]})
    index = SearchIndex.build([("a", ("示例医院", "Example")), ("b", ("内科",))])
    again = _again([Path("a/b.yaml"), array("I", [1, 2]), params, index])
    assert again[:3] == [Path("a/b.yaml"), array("I", [1, 2]), params]
    assert again[2].model_fields_set == {"amounts", "more"}
    assert again[2].model_extra == {"more": [1]}
    assert again[2].model_copy(update={"label": Text("甲", "a")}).label.en == "a"
    for query in ("shili", "example", "nk", "内", ""):
        assert again[3].find(query) == index.find(query)


def test_equal_parts_that_nobody_may_change_are_one_object() -> None:
    texts = [Text("示例", "Example"), Text("示" + "例", "Exam" + "ple")]
    params = [_Params(amounts={Level.NATIONAL: Decimal(1)}) for _ in range(2)]
    assert texts[0] is not texts[1]
    again = _again([texts, params, (1, 2), (1, 2)])
    assert again[0][0] is again[0][1]
    assert again[1][0] is again[1][1]
    assert again[2] is again[3]


def test_parts_that_may_change_stay_apart_unless_they_were_one() -> None:
    one: list[int] = []
    first, second, third = _again((one, [], one))
    first.append(1)
    assert (first, second, third) == ([1], [], [1])
    changing = _again([_Changing(), _Changing()])
    changing[0].names.append("a")
    assert changing[1].names == []


def _holds_itself() -> object:
    value: list[object] = []
    value.append(value)
    return value


def _with_more() -> object:
    value: Any = _Open()
    object.__setattr__(value, "more", 1)
    return value


@pytest.mark.parametrize(
    "make",
    [
        lambda: print,
        lambda: lambda: None,
        object,
        _Loose,
        _holds_itself,
        _with_more,
        lambda: _Rights.READ | _Rights.WRITE,
        lambda: iter([1]),
        lambda: type("Local", (Text,), {"__slots__": ()})("a", "b"),
    ],
)
def test_what_only_running_something_could_make_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(Unpackable):
        Packer().add((1, make()))


def test_classes_without_a_module_go_by_the_names_that_are_given() -> None:
    made: Any = dataclass(frozen=True)(type("Made", (), {"__annotations__": {"name": str}}))
    with pytest.raises(Unpackable):
        Packer().add(made("a"))
    again = _again(made("a"), {"made": made})
    assert (type(again), again.name) == (made, "a")


def test_a_class_that_is_not_here_or_has_other_parts_makes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packer = Packer()
    row = packer.add(_Open("b"))
    chunks = packer.chunks()

    @dataclass(frozen=True)
    class Other:
        name: str
        more: str

    monkeypatch.setattr(sys.modules[__name__], "_Open", Other)
    with pytest.raises(ValueError, match="zip"):
        list(Unpacker(chunks).steps(row))
    monkeypatch.setattr(sys.modules[__name__], "_Open", print)
    with pytest.raises(Unpackable, match="_Open is not here"):
        list(Unpacker(chunks).steps(row))


def test_nothing_is_imported_for_it_and_no_other_class_is_made() -> None:
    packer = Packer({"x": Text})
    row = packer.add(Text("a", "b"))
    assert "antigravity" not in sys.modules
    for classes in ({}, {"x": dict}):
        with pytest.raises(Unpackable):
            list(Unpacker(packer.chunks(), classes).steps(row))


def test_a_table_that_ends_too_early_is_told() -> None:
    packer = Packer()
    row = packer.add([str(number) for number in range(10_000)])
    chunks = packer.chunks()
    assert len(chunks) == 3
    with pytest.raises(Unpackable, match="too early"):
        list(Unpacker(chunks[:-1]).steps(row))


def test_several_values_share_one_table() -> None:
    packer = Packer()
    first, second = packer.add(("甲", "乙")), packer.add(["丙", ("甲", "乙")])
    unpacker = Unpacker(packer.chunks())
    list(unpacker.steps(first))
    assert unpacker.get(first) == ("甲", "乙")
    list(unpacker.steps(second))
    assert unpacker.get(second)[1] is unpacker.get(first)


def test_half_a_character_is_refused() -> None:
    """Only a plugin could answer with it: no file holds one."""
    with pytest.raises(Unpackable, match="a text with half a character"):
        Packer().add(("\ud800",))


def test_large_sets_are_packed_alike_whatever_their_order() -> None:
    members = [(number % 7, str(number)) for number in range(9_000)]
    some, others = set(members), set()
    for member in reversed(members):
        others.add(member)
    packers = Packer(), Packer()
    rows = [packer.add(value) for packer, value in zip(packers, (some, others), strict=True)]
    assert rows[0] == rows[1]
    assert packers[0].chunks() == packers[1].chunks()
    assert _again(some) == some


def test_a_table_goes_on_after_its_chunks_were_asked_for() -> None:
    packer = Packer()
    packer.add([*range(5_000)])
    begun = packer.chunks()
    row = packer.add("the last")
    chunks = packer.chunks()
    assert [len(begun), len(chunks)] == [2, 2]
    assert chunks[0] == begun[0]
    unpacker = Unpacker(chunks)
    for _ in unpacker.steps(row):
        pass
    assert unpacker.get(row) == "the last"
