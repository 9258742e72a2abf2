"""Configured entries turned into domain objects, merged along the layers of a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from zhupei.config.entries import LISTS_OF_KINDS, ContactEntry, Entry, SectionEntry
from zhupei.config.layers import Layer
from zhupei.config.policy_values import parse_policy
from zhupei.config.problems import YamlPath
from zhupei.config.windows import source_of
from zhupei.config.yaml import Document
from zhupei.domain.admission import AdmissionStep, FormField, Penalty, RequiredDocument
from zhupei.domain.assessment import Assessment
from zhupei.domain.benefits import Benefit
from zhupei.domain.contacts import parse_phones
from zhupei.domain.eligibility import Requirement
from zhupei.domain.institutions import Contact, Section, SectionItem
from zhupei.domain.kinds import KindGroup
from zhupei.domain.policies import POLICIES
from zhupei.domain.sources import Level, Origin
from zhupei.domain.text import Text
from zhupei.domain.training import Policy, ProgramKind
from zhupei.hooks.hook_errors import KindUnknownError

__all__ = [
    "EntryReader",
    "Identified",
    "contact_of",
    "display_path",
    "origin_at",
    "overlay",
    "section_of",
    "text_of",
]


class Identified(Protocol):
    """What merging needs of an entry: the id that a lower level replaces it by, and who set it."""

    @property
    def id(self) -> str:
        """Id within its list."""
        ...

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Who set it, most specific first."""
        ...


T = TypeVar("T", bound=Identified)
Owners = Callable[[KindGroup, str], str | None]
"""Tells the plugin that a kind belongs to (None: the core), as `KindRegistry.owner`."""


def display_path(file: Path) -> str:
    """Return a file's path as the graph and messages show it: relative to the working directory."""
    return _relative(file, os.getcwd())  # noqa: PTH109 - a text, which is what the cache compares


@lru_cache(maxsize=4_096)
def _relative(file: Path, here: str) -> str:
    # Thousands of values stand in one file, and resolving a path asks the disk.
    try:
        return file.resolve().relative_to(here).as_posix()
    except ValueError:
        return file.name


def text_of(passage: Any) -> Text | None:
    """Return the domain's text of a configured label or passage, None for None."""
    return None if passage is None else Text(passage.zh, passage.en)


def origin_at(
    level: Level, document: Document, path: YamlPath, value: str | None, source: Any = None
) -> Origin:
    """Return the origin of a value that stands at ``path`` of a document."""
    return Origin(
        level=level,
        value=value,
        file=display_path(document.path),
        line=document.positions.value(path).line,
        source=source_of(source),
    )


def overlay(below: Iterable[T], above: Iterable[T]) -> tuple[T, ...]:
    """Return the entries of ``below`` with those of ``above`` laid over by id.

    A replaced entry keeps its place; what it replaced follows in ``origins``.
    """
    merged: dict[str, T] = {entry.id: entry for entry in below}
    for entry in above:
        replaced = merged.get(entry.id)
        if replaced is not None and replaced is not entry:
            entry = _with_origins(entry, (*entry.origins, *replaced.origins))  # noqa: PLW2901 - because the merged entry takes its place
        merged[entry.id] = entry
    return tuple(merged.values())


def _with_origins(entry: T, origins: tuple[Origin, ...]) -> T:
    return replace(entry, origins=origins)  # type: ignore[type-var]  # every entry is a dataclass


def contact_of(entry: ContactEntry) -> Contact:
    """Return the domain's contact, phones in canonical form."""
    return Contact(
        label=text_of(entry.label),
        people=entry.people,
        phones=tuple(phone for printed in entry.phones for phone in parse_phones(printed)),
        qq_groups=entry.qq_groups,
        emails=entry.emails,
        wechat_accounts=entry.wechat_accounts,
        websites=entry.websites,
        address=text_of(entry.address),
        note=text_of(entry.note),
        source=source_of(entry.source),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one entry stands: its layer, and its place in the list."""

    layer: Layer
    name: str
    index: int

    def origin(self, entry: Entry) -> Origin:
        path = (*self.layer.path, self.name, self.index)
        return origin_at(self.layer.level, self.layer.document, path, entry.label.zh, entry.source)


class EntryReader:
    """Reads the entries of layers as domain objects, each once however many programs share it."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._read: dict[tuple[int, str, str], tuple[Any, ...]] = {}
        self._kept: list[Layer] = []

    def merged(self, name: str, layers: Iterable[Layer], kind: ProgramKind) -> tuple[Any, ...]:
        """Return the list ``name`` of all layers merged by id, the most specific entry winning."""
        found: tuple[Any, ...] = ()
        for layer in layers:
            own = self.of_layer(name, layer, kind)
            found = overlay(found, own) if own else found
        return found

    def steps(
        self, layers: Iterable[Layer], kind: ProgramKind, above: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Return the admission steps: of the most specific layer that has a list, amended.

        A layer's list takes the place of the one above, unless its steps say that they amend it.
        """
        found = above
        for layer in layers:
            own = self.of_layer("steps", layer, kind)
            if own:
                amends = all(entry.amends for entry in layer.rules.steps)
                found = overlay(found, own) if amends else own
        return found

    def of_layer(self, name: str, layer: Layer, kind: ProgramKind) -> tuple[Any, ...]:
        """Return one layer's list ``name`` as far as it concerns programs of ``kind``."""
        entries = getattr(layer.rules, name)
        if not entries:
            return ()
        key = (id(layer.rules), name, kind)
        known = self._read.get(key)
        if known is None:
            convert = _CONVERTERS[name]
            known = tuple(
                convert(entry, _Place(layer, name, index), self._owner)
                for index, entry in enumerate(entries)
                if layer.concerns(entry.program_kinds, kind) and self._readable(name, entry)
            )
            self._read[key] = known
            # The key is an address: what stands there must not be freed meanwhile.
            self._kept.append(layer)
        return known

    def _owner(self, group: KindGroup, name: str) -> str | None:
        """Return the plugin of a kind, also where it is absent and its kind unknown."""
        try:
            return self._owners(group, name)
        except KindUnknownError:
            return name.partition(".")[0]

    def _readable(self, name: str, entry: Any) -> bool:
        """Whether an entry's kind is known; without its plugin the next level's entry stands.

        A requirement stays: leaving it out would admit whom it refuses. Nothing can decide it,
        so its finding is UNKNOWN.
        """
        group = LISTS_OF_KINDS.get(name)
        if group is None or group is KindGroup.REQUIREMENT:
            return True
        try:
            self._owners(group, entry.kind)
        except KindUnknownError:
            return False
        return True

    def policies(self, layers: Iterable[Layer], kind: ProgramKind) -> tuple[Policy, ...]:
        """Return the parameters of all layers, the most specific known value winning."""
        merged: dict[str, Policy] = {}
        for layer in layers:
            for key, entry in layer.rules.policies.items():
                if not layer.concerns(entry.program_kinds, kind):
                    continue
                definition = POLICIES[key]
                value = parse_policy(definition, entry.value)
                path = (*layer.path, "policies", key)
                origin = origin_at(layer.level, layer.document, path, entry.value, entry.source)
                above = merged.get(key)
                if above is not None and value is None and above.value is not None:
                    continue
                merged[key] = Policy(
                    key=key,
                    label=definition.label,
                    value=value,
                    unit=definition.unit,
                    level=layer.level,
                    note=text_of(entry.note),
                    source=source_of(entry.source),
                    origins=(origin, *(above.origins if above else ())),
                )
        return tuple(sorted(merged.values(), key=lambda policy: policy.key))


def _common(entry: Entry, place: _Place) -> dict[str, Any]:
    return {
        "id": entry.id,
        "label": entry.label.text(),
        "level": place.layer.level,
        "source": source_of(entry.source),
        "origins": (place.origin(entry),),
    }


def _described(entry: Entry, place: _Place) -> dict[str, Any]:
    return {**_common(entry, place), "description": text_of(entry.description)}


def _requirement(entry: Any, place: _Place, owners: Owners) -> Requirement:
    return Requirement(
        **_described(entry, place),
        kind=entry.kind,
        hard=entry.hard,
        when=entry.when,
        deferred=entry.deferred,
        params=entry,
        owner=owners(KindGroup.REQUIREMENT, entry.kind),
    )


def _benefit(entry: Any, place: _Place, owners: Owners) -> Benefit:
    return Benefit(
        **_described(entry, place),
        kind=entry.kind,
        payer=entry.payer,
        funding_source=entry.funding_source,
        period=entry.period,
        condition=text_of(entry.condition),
        when=entry.when,
        note=text_of(entry.note),
        params=entry,
        owner=owners(KindGroup.BENEFIT, entry.kind),
    )


def _step(entry: Any, place: _Place, owners: Owners) -> AdmissionStep:
    return AdmissionStep(
        **_described(entry, place),
        kind=entry.kind,
        actor=entry.actor,
        round=entry.round,
        window=entry.window,
        params=entry,
        owner=owners(KindGroup.STEP, entry.kind),
    )


def _document(entry: Any, place: _Place, owners: Owners) -> RequiredDocument:
    return RequiredDocument(
        **_described(entry, place),
        kind=entry.kind,
        aliases=entry.aliases,
        at_step=entry.at_step,
        form=entry.form,
        when=entry.when,
        required=entry.required,
        fields=tuple(
            FormField(
                id=field.id,
                label=field.label.text(),
                type=field.type,
                required=field.required,
                held=field.held,
                note=text_of(field.note),
            )
            for field in entry.fields
        ),
        params=entry,
        owner=owners(KindGroup.DOCUMENT, entry.kind),
    )


def _assessment(entry: Any, place: _Place, owners: Owners) -> Assessment:
    return Assessment(
        **_described(entry, place),
        kind=entry.kind,
        phase=entry.phase,
        full_mark=entry.full_mark,
        pass_mark=entry.pass_mark,
        weight=entry.weight,
        weight_note=text_of(entry.weight_note),
        every_months=entry.every_months,
        forms=tuple(label.text() for label in entry.forms),
        grades=tuple(label.text() for label in entry.grades),
        criteria=tuple(label.text() for label in entry.criteria),
        params=entry,
        owner=owners(KindGroup.ASSESSMENT, entry.kind),
    )


def _penalty(entry: Any, place: _Place, owners: Owners) -> Penalty:
    del owners
    return Penalty(
        **_described(entry, place),
        trigger=entry.trigger,
        consequences=entry.consequences,
        ban_years=entry.ban_years,
        after_days=entry.after_days,
        repays=tuple(str(source) for source in entry.repays),
        decided_by=entry.decided_by,
    )


def section_of(entry: SectionEntry, level: Level, origin: Origin) -> Section:
    """Return the domain's section."""
    return Section(
        id=entry.id,
        kind=entry.kind,
        label=entry.label.text(),
        level=level,
        items=tuple(
            SectionItem(
                id=item.id,
                label=item.label.text(),
                text=text_of(item.text),
                value=item.value,
                unit=item.unit,
                source=source_of(item.source),
            )
            for item in entry.items
        ),
        source=source_of(entry.source),
        origins=(origin,),
    )


def _section(entry: Any, place: _Place, owners: Owners) -> Section:
    del owners
    return section_of(entry, place.layer.level, place.origin(entry))


_CONVERTERS: Mapping[str, Callable[[Any, _Place, Owners], Any]] = {
    "requirements": _requirement,
    "benefits": _benefit,
    "steps": _step,
    "documents": _document,
    "assessments": _assessment,
    "penalties": _penalty,
    "sections": _section,
}
