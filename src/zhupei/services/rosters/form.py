"""The form of a roster: an empty file with the columns, and with what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from zhupei.domain.admission_case import AGREEMENT_LABELS, AgreementKind
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import DegreeLevel, DegreeType, TraineeType
from zhupei.domain.rosters import ROSTER_HEADERS, RosterField
from zhupei.services.papers.spreadsheet import Column, write_csv, write_xlsx
from zhupei.services.papers.wording import TERMS, TRAINEE_TYPES

__all__ = ["CHOICES", "blank_roster"]

_F = RosterField
CHOICES: Mapping[RosterField, Mapping[str, str]] = MappingProxyType(
    {
        _F.IDENTITY_KIND: {
            word: kind.value for kind in DocumentKind for word in (kind.value, kind.label.zh)
        },
        _F.TRAINEE_TYPE: {
            word: each.value
            for each in TraineeType
            if each is not TraineeType.FELLOW
            for word in (each.value, TRAINEE_TYPES[each].zh)
        },
        _F.DEGREE: {
            word: each.value for each in DegreeLevel for word in (each.value, TERMS[each.value])
        },
        _F.DEGREE_TYPE: {
            "PROFESSIONAL": DegreeType.PROFESSIONAL.value,
            "专业学位": DegreeType.PROFESSIONAL.value,
            "ACADEMIC": DegreeType.ACADEMIC.value,
            "学术学位": DegreeType.ACADEMIC.value,
        },
        _F.AGREEMENT: {
            word: each.value
            for each in AgreementKind
            for word in (each.value, AGREEMENT_LABELS[each.value].zh)
        },
    }
)
"""What may stand in the columns that have a list: our codes, or the terms of the field."""


def blank_roster(*, spreadsheet: bool) -> bytes:
    """Return the empty form, as XLSX or as CSV."""
    columns = tuple(
        Column(
            header=ROSTER_HEADERS[each].zh,
            width=24 if each is _F.IDENTITY_NUMBER else 16,
            text=each is not _F.STARTS_ON,
        )
        for each in RosterField
    )
    return write_xlsx("在培学员", columns, []) if spreadsheet else write_csv(columns, [])
