"""Shortage sets (紧缺专业) as the layers of a program list them, by code."""

from __future__ import annotations

from collections.abc import Iterable

from zhupei.config.layers import Layer
from zhupei.config.windows import source_of
from zhupei.domain.codes import ShortagePurpose, ShortageSet, SpecialtyCatalogue
from zhupei.domain.training import ProgramKind

__all__ = ["shortage_sets"]


def shortage_sets(
    layers: Iterable[Layer], kind: ProgramKind, year: int, specialties: SpecialtyCatalogue
) -> tuple[ShortageSet, ...]:
    """Return the sets of all layers: national ones, then what each level adds (T16).

    Raises AmbiguousSpecialty: a name stands for several specialties of the year.
    """
    found: list[ShortageSet] = []
    if kind is ProgramKind.RESIDENCY:
        found += specialties.shortages
    for layer in layers:
        if not layer.concerns(None, kind):
            continue
        for entry in layer.rules.shortage:
            rows = {name: specialties.find(year, name) for name in entry.specialties}
            source = source_of(entry.source)
            if source is not None:
                found.append(
                    ShortageSet(
                        purpose=ShortagePurpose(entry.purpose),
                        codes=frozenset(
                            name if row is None else row.code for name, row in rows.items()
                        ),
                        open_ended=entry.open_ended,
                        rounds=frozenset(entry.rounds),
                        source=source,
                    )
                )
    return tuple(found)
