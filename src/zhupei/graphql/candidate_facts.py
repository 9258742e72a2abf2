"""Facts of a candidate as a list of paths and values, for front ends that show them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

from zhupei.domain.people import Candidate
from zhupei.graphql.scalars import plain

__all__ = ["Fact", "facts_of"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: the path of `CandidateInput` that it was given by, and its value as text."""

    path: str
    value: str


def facts_of(candidate: Candidate) -> list[Fact]:
    """Return every fact that is known, in the order of the input; lists by their numbers from 0."""
    return list(_facts(candidate, ""))


def _facts(value: Any, path: str) -> Iterator[Fact]:
    if value is None:
        return
    if dataclasses.is_dataclass(value):
        for part in dataclasses.fields(value):
            head, *rest = part.name.split("_")
            name = head + "".join(each.capitalize() for each in rest)
            yield from _facts(getattr(value, part.name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _facts(item, f"{path}.{index}")
    else:
        yield Fact(path, _text(value))


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return value.name
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
    return str(value)
