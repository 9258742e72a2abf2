"""Catalogues of made-up hospitals, as many as a test needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from zhupei.catalogue import Catalogue
from zhupei.domain.calendar import Calendar
from zhupei.domain.institutions import Base
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program, ProgramKind, Round, Window
from zhupei.reference import load

__all__ = ["made_up_catalogue", "opening_of", "window"]

_REFERENCE = load()


def _no_year(_day: date) -> bool | None:
    return None


def window(opens: datetime | None, closes: datetime | None, kind: str = "registration") -> Window:
    """Return a window."""
    return Window(kind=kind, label=Text("报名", "Registration"), opens_at=opens, closes_at=closes)


def opening_of(code: str, quota: int | None = None, name: str = "内科", **changes: Any) -> Opening:
    """Return an opening with this code, ``<program>/<specialty>``."""
    program, specialty = code.rsplit("/", 1)
    values: dict[str, Any] = {
        "program": program,
        "base": program.removesuffix("-2026"),
        "specialty": specialty,
        "specialty_name": Text(name, f"Specialty {specialty}"),
        "year": 2026,
        "kind": ProgramKind.RESIDENCY,
        "quota": quota,
    }
    return Opening(code=code, **{**values, **changes})


def made_up_catalogue(
    openings: Iterable[Opening], rounds: dict[str, tuple[Round, ...]] | None = None
) -> Catalogue:
    """Return a catalogue of these openings, with the programs and bases that they need."""
    rows = sorted(openings, key=lambda opening: opening.code)
    programs = sorted({row.program for row in rows})
    bases = sorted({row.base for row in rows})
    return Catalogue(
        hash="0" * 64,
        reference=_REFERENCE,
        calendar=Calendar(_no_year),
        jurisdictions=MappingProxyType({}),
        bases={
            code: Base(code=code, name=Text(f"虚构医院{code}", code), province="620000")
            for code in bases
        },
        programs={
            code: Program(
                code=code,
                name=Text(f"项目{code}", code),
                kind=ProgramKind.RESIDENCY,
                year=2026,
                base=code.removesuffix("-2026"),
                rounds=(rounds or {}).get(code, ()),
            )
            for code in programs
        },
        openings={row.code: row for row in rows},
        documents=MappingProxyType({}),
    )
