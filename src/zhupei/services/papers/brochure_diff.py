"""What changed between two programs, or two years of one: entry by entry, with who set each value.

Entries are compared by id (openings by specialty, policies by key, windows by kind), fields by
their meaning. Where a value is from (file, line, clause) is told, but a value that merely moved in
its file has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.sources import Origin, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program, Window
from zhupei.services.papers.brochure_offer import contact_lines
from zhupei.services.papers.figures import own_parameters
from zhupei.services.papers.wording import window_text, yuan

__all__ = ["BrochureDiff", "Change", "EntryChange", "FieldChange", "diff_brochures"]


class Change(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field with both values as text, None where it had none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """One entry that was added, removed or changed.

    ``group`` is the list that it belongs to (``openings``, ``requirements``, ``windows``), ``id``
    its id there. ``set_before`` and ``set_after`` say who set it: level, file and line, clause.
    """

    group: str
    id: str
    label: Text
    change: Change
    fields: tuple[FieldChange, ...]
    set_before: tuple[Origin, ...]
    set_after: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrochureDiff:
    """All changes from one program to the other, in the order of a brochure."""

    before: str
    after: str
    changes: tuple[EntryChange, ...]

    def of(self, group: str) -> tuple[EntryChange, ...]:
        """Return the changes of one group."""
        return tuple(each for each in self.changes if each.group == group)


@dataclass(frozen=True, slots=True)
class _Entry:
    label: Text
    values: Mapping[str, str]
    origins: tuple[Origin, ...]


_Entries = Mapping[str, _Entry]


def diff_brochures(catalogue: Catalogue, before: str, after: str) -> BrochureDiff:
    """Compare what two programs of a catalogue publish.

    Raises:
        KeyError: one of them does not exist.
    """
    old = _groups(catalogue, catalogue.programs[before])
    new = _groups(catalogue, catalogue.programs[after])
    changes = [change for group in old for change in _compare(group, old[group], new[group])]
    return BrochureDiff(before=before, after=after, changes=tuple(changes))


def _compare(group: str, old: _Entries, new: _Entries) -> Iterable[EntryChange]:
    for id_ in dict.fromkeys((*old, *new)):
        was, now = old.get(id_), new.get(id_)
        if was is not None and now is not None:
            names = dict.fromkeys((*was.values, *now.values))
            change = Change.CHANGED
        else:
            names = dict.fromkeys((was or now or _NOTHING).values)
            change = Change.REMOVED if now is None else Change.ADDED
        changed = tuple(
            FieldChange(
                name=name,
                before=None if was is None else was.values.get(name),
                after=None if now is None else now.values.get(name),
            )
            for name in names
            if was is None or now is None or was.values.get(name) != now.values.get(name)
        )
        if changed:
            yield EntryChange(
                group=group,
                id=id_,
                label=(now or was or _NOTHING).label,
                change=change,
                fields=changed,
                set_before=() if was is None else was.origins,
                set_after=() if now is None else now.origins,
            )


_NOTHING = _Entry(Text("", ""), {}, ())


def _groups(catalogue: Catalogue, program: Program) -> dict[str, _Entries]:
    openings = [catalogue.openings[code] for code in program.openings]
    return {
        "program": _program(catalogue, program),
        "openings": {each.specialty: _opening(catalogue, each) for each in openings},
        "opening_requirements": {
            f"{each.specialty}/{rule.id}": _entry(rule)
            for each in openings
            for rule in each.requirements
            if rule not in program.requirements
        },
        "requirements": {each.id: _entry(each) for each in program.requirements},
        "documents": {each.id: _entry(each) for each in program.documents},
        "rounds": {each.code: _entry(each, label=each.name) for each in program.rounds},
        "windows": _windows(program),
        "steps": {each.id: _entry(each) for each in program.steps},
        "assessments": {each.id: _entry(each) for each in program.assessments},
        "policies": {each.key: _entry(each) for each in program.policies},
        "benefits": {each.id: _entry(each) for each in program.benefits},
        "penalties": {each.id: _entry(each) for each in program.penalties},
        "sections": {
            f"{section.id}/{item.id}": _item(section.origins, item)
            for section in program.sections
            for item in section.items
        },
        "contacts": _contacts(catalogue, program),
    }


# Where a value stands is told beside it; lists are compared entry by entry.
_LEFT_OUT = frozenset(
    {"id", "key", "code", "source", "origins", "owner", "params", "items", "windows"}
)


def _entry(entry: Any, *, label: Text | None = None) -> _Entry:
    values = {
        field.name: text
        for field in fields(entry)
        if field.name not in _LEFT_OUT and (text := _text(getattr(entry, field.name))) is not None
    }
    for name, value in own_parameters(getattr(entry, "params", None)).items():
        text = _text(value)
        if text is not None:
            values[name] = text
    return _Entry(label or entry.label, values, _who(entry.origins, entry.source))


def _who(origins: tuple[Origin, ...], source: Source | None) -> tuple[Origin, ...]:
    # The clause of the entry itself is nearer than that of the list it stands in.
    return tuple(replace(each, source=source or each.source) for each in origins[:1])


def _program(catalogue: Catalogue, program: Program) -> _Entries:
    names = ("name", "kind", "year", "last_year", "duration_months", "duration_note",
             "quota_total", "quota_note", "rounds_note", "note")  # fmt: skip
    found: dict[str, _Entry] = {}
    for name in names:
        text = _text(getattr(program, name))
        if text is not None:
            origins = catalogue.explain("program", program.code, _camel(name)) or ()
            found[name] = _Entry(Text(name, name), {"value": text}, origins[:1])
    return found


def _opening(catalogue: Catalogue, opening: Opening) -> _Entry:
    values: dict[str, str | None] = {
        "name": opening.specialty_name.zh,
        "quota": _text(opening.quota),
        "quota_note": _text(opening.quota_note),
        "capacity": _text(opening.capacity),
        "duration_months": _text(opening.duration_months),
        "post_type": _text(opening.post_type),
        "note": _text(opening.note),
        "directions": "；".join(
            f"{each.name.zh} {'—' if each.quota is None else each.quota}"
            for each in opening.directions
        )
        or None,
        "round_quotas": "；".join(f"{each.round} {each.seats}" for each in opening.round_quotas)
        or None,
    }
    known = {name: value for name, value in values.items() if value is not None}
    origins = catalogue.explain("opening", opening.code, "quota") or ()
    return _Entry(opening.specialty_name, known, _who(origins, opening.source))


def _windows(program: Program) -> _Entries:
    found: dict[str, _Entry] = {}
    for each in program.rounds:
        counts: dict[str, int] = {}
        for window in each.windows:
            counts[window.kind] = counts.get(window.kind, 0) + 1
            number = counts[window.kind]
            id_ = f"{each.code}/{window.kind}" + (f"#{number}" if number > 1 else "")
            found[id_] = _window(window, _who(each.origins, window.source))
    return found


def _window(window: Window, origins: tuple[Origin, ...]) -> _Entry:
    values = {"label": window.label.zh}
    period = window_text(window)
    if period is not None:
        values["period"] = period
    if window.note is not None:
        values["note"] = window.note.zh
    return _Entry(window.label, values, origins)


def _item(origins: tuple[Origin, ...], item: Any) -> _Entry:
    values = {
        name: text
        for name in ("label", "text", "value", "unit")
        if (text := _text(getattr(item, name))) is not None
    }
    return _Entry(item.label, values, _who(origins, item.source))


def _contacts(catalogue: Catalogue, program: Program) -> _Entries:
    base = catalogue.bases.get(program.base or "")
    found: dict[str, _Entry] = {}
    for contact in (*(base.contacts if base else ()), *program.contacts):
        label = contact.label or Text("联系方式", "Contact")
        text = "；".join(line.text for line in contact_lines(contact))
        number = sum(entry.label == label for entry in found.values()) + 1
        id_ = label.zh if number == 1 else f"{label.zh}#{number}"
        found[id_] = _Entry(label, {"contact": text}, ())
    return found


def _text(value: Any) -> str | None:
    """Return a value as compared and shown: Chinese words, plain figures; None for nothing."""
    if value is None or value in ((), "", frozenset()):
        return None
    for types, shown in _SHOWN:
        if isinstance(value, types):
            return shown(value)
    if hasattr(value, "zh"):
        return str(value.zh)
    # What is left is a part of an entry: a frozen dataclass, or a model of a kind's parameters.
    names = getattr(type(value), "model_fields", None) or type(value).__dataclass_fields__
    parts = ((name, _text(getattr(value, name))) for name in names)
    return "，".join(f"{name} {text}" for name, text in parts if text is not None)


def _joined(values: Iterable[Any]) -> str:
    return "；".join(text for each in values if (text := _text(each)) is not None)


_SHOWN: tuple[tuple[tuple[type, ...], Callable[[Any], str]], ...] = (
    ((bool,), lambda value: "是" if value else "否"),
    ((Enum,), lambda value: str(value.value)),
    ((Decimal,), yuan),
    ((date,), lambda value: str(value.isoformat())),
    ((str, int, float), str),
    ((tuple, list), _joined),
    ((frozenset, set), lambda value: "；".join(sorted(_joined((each,)) for each in value))),
    (
        (Mapping,),
        lambda value: "；".join(f"{_text(key)} {_text(each)}" for key, each in value.items()),
    ),
)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
