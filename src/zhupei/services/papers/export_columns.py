"""The columns of an export as a jurisdiction's configuration chose them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from zhupei.domain.registration_columns import DateForm, ExportColumn
from zhupei.domain.text import Text

__all__ = ["chosen_columns", "common_columns"]


def chosen_columns(entries: Iterable[Any], headers: Mapping[Any, Text]) -> tuple[ExportColumn, ...]:
    """Return what a step's parameters list; ``headers`` are those of fields without their own."""
    return tuple(
        ExportColumn(
            field=None if each.field is None else each.field.value,
            text=each.text,
            header=headers[each.field]
            if each.header is None
            else Text(each.header.zh, each.header.en),
            form=getattr(each, "format", None) or DateForm.ISO,
            codes=dict(each.codes),
        )
        for each in entries
    )


def common_columns(
    found: Iterable[tuple[ExportColumn, ...]], otherwise: tuple[ExportColumn, ...]
) -> tuple[ExportColumn, ...]:
    """Return the columns that all have in common; ``otherwise`` where they differ or are none."""
    listed = list(found)
    return listed[0] if listed and all(each == listed[0] for each in listed) else otherwise
