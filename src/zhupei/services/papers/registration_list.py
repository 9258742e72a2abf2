"""The registration list (注册名单) as XLSX and CSV: what the authority takes as final (R156).

It names people in full and is for the authority alone: who may have it is its caller's to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission_case import AGREEMENT_LABELS
from zhupei.domain.registration_columns import (
    REGISTRATION_HEADERS,
    ExportColumn,
    RegistrationField,
)
from zhupei.domain.text import Language
from zhupei.domain.training import Program
from zhupei.services.papers.export_columns import chosen_columns, common_columns
from zhupei.services.papers.figures import own_parameters
from zhupei.services.papers.records import RegisteredTrainee
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx
from zhupei.services.papers.wording import TRAINEE_TYPES

__all__ = [
    "DEFAULT_COLUMNS",
    "RegistrationColumns",
    "columns_for",
    "columns_of",
    "registration_list_csv",
    "registration_list_xlsx",
]

_F = RegistrationField
RegistrationColumns = tuple[ExportColumn, ...]
"""The columns of a list in their order."""

DEFAULT_COLUMNS: RegistrationColumns = tuple(
    ExportColumn(field=field.value, header=REGISTRATION_HEADERS[field])
    for field in RegistrationField
)
"""All that is known, headed by the terms of the field."""

_WIDTHS: Mapping[RegistrationField, int] = MappingProxyType(
    {
        _F.NUMBER: 6,
        _F.REGISTRATION: 40,
        _F.NAME: 12,
        _F.IDENTITY_KIND: 18,
        _F.IDENTITY_NUMBER: 24,
        _F.PHONE: 16,
        _F.DEGREE: 10,
        _F.BASE: 36,
        _F.SPECIALTY_CODE: 10,
        _F.SPECIALTY: 22,
        _F.DIRECTION: 18,
        _F.YEAR: 8,
        _F.TRAINEE_TYPE: 26,
        _F.CHANNEL: 14,
        _F.SENDING_UNIT: 30,
        _F.AGREEMENT: 20,
        _F.STARTS_ON: 14,
        _F.ENDS_ON: 14,
    }
)


def columns_of(program: Program) -> RegistrationColumns:
    """Return the columns that the jurisdiction set for a program, else all that are known.

    They stand in its step of kind ``registration_list``.
    """
    for step in program.steps:
        if step.kind == "registration_list":
            columns = own_parameters(step.params).get("columns")
            if columns:
                return chosen_columns(columns, REGISTRATION_HEADERS)
    return DEFAULT_COLUMNS


def columns_for(catalogue: Catalogue, programs: Collection[str]) -> RegistrationColumns:
    """Return the columns that all of some programs have in common, else all that are known."""
    return common_columns(
        (columns_of(catalogue.programs[each]) for each in programs), DEFAULT_COLUMNS
    )


def registration_list_xlsx(
    catalogue: Catalogue,
    registered: Sequence[RegisteredTrainee],
    columns: RegistrationColumns = DEFAULT_COLUMNS,
    language: Language = Language.ZH,
    told: Callable[[], None] = lambda: None,
) -> bytes:
    """Return the list as XLSX, numbers of documents as text so that no digit is lost.

    ``language`` is that of the headings; ``told`` is called for each row that is written. Raises
    KeyError where a base or an opening does not exist.
    """
    rows = _rows(catalogue, registered, columns)
    return write_xlsx("注册名单", _heads(columns, language), rows, told)


def registration_list_csv(
    catalogue: Catalogue,
    registered: Sequence[RegisteredTrainee],
    columns: RegistrationColumns = DEFAULT_COLUMNS,
    language: Language = Language.ZH,
) -> bytes:
    """Return the list as CSV.

    Spreadsheet programs show long numbers of a CSV file rounded: for them the XLSX is meant.
    Raises KeyError where a base or an opening does not exist.
    """
    return write_csv(_heads(columns, language), _rows(catalogue, registered, columns))


def _heads(columns: RegistrationColumns, language: Language) -> tuple[Column, ...]:
    return tuple(
        Column(
            header=each.header.get(language),
            width=16 if each.field is None else _WIDTHS[RegistrationField(each.field)],
        )
        for each in columns
    )


_Cell = Callable[[Catalogue, RegisteredTrainee], Value]
_CELLS: Mapping[RegistrationField, _Cell] = MappingProxyType(
    {
        _F.REGISTRATION: lambda _catalogue, each: each.registration,
        _F.NAME: lambda _catalogue, each: each.name,
        _F.IDENTITY_KIND: lambda _catalogue, each: each.document_kind,
        _F.IDENTITY_NUMBER: lambda _catalogue, each: each.number,
        _F.PHONE: lambda _catalogue, each: each.phone,
        _F.DEGREE: lambda _catalogue, each: each.degree,
        _F.BASE: lambda catalogue, each: catalogue.bases[each.base].name.zh,
        _F.SPECIALTY_CODE: lambda catalogue, each: catalogue.openings[each.opening].specialty,
        _F.SPECIALTY: lambda catalogue, each: catalogue.openings[each.opening].specialty_name.zh,
        _F.DIRECTION: lambda _catalogue, each: (
            None if each.direction is None else each.direction.zh
        ),
        _F.YEAR: lambda catalogue, each: catalogue.openings[each.opening].year,
        _F.TRAINEE_TYPE: lambda _catalogue, each: (
            None if each.trainee_type is None else TRAINEE_TYPES[each.trainee_type].zh
        ),
        _F.CHANNEL: lambda _catalogue, each: None if each.channel is None else each.channel.zh,
        _F.SENDING_UNIT: lambda _catalogue, each: each.sending_unit,
        _F.AGREEMENT: lambda _catalogue, each: (
            AGREEMENT_LABELS[each.agreement].zh if each.agreement else None
        ),
        _F.STARTS_ON: lambda _catalogue, each: each.starts_on,
        _F.ENDS_ON: lambda _catalogue, each: each.ends_on,
    }
)


def _rows(
    catalogue: Catalogue, registered: Sequence[RegisteredTrainee], columns: RegistrationColumns
) -> list[list[Value]]:
    ordered = sorted(registered, key=lambda each: (each.base, each.opening, each.registration))
    return [
        [_cell(catalogue, number, each, column) for column in columns]
        for number, each in enumerate(ordered, start=1)
    ]


def _cell(
    catalogue: Catalogue, number: int, registered: RegisteredTrainee, column: ExportColumn
) -> Value:
    if column.field is None:
        return column.text
    if column.codes:
        # What is not known has no code, and is no other code either.
        return column.codes.get(registered.codes.get(column.field, ""))
    field = RegistrationField(column.field)
    if field is _F.NUMBER:
        return number
    value = _CELLS[field](catalogue, registered)
    return column.form.write(value) if isinstance(value, date) else value
