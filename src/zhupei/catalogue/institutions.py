"""Bases and jurisdictions as their files say, before plugins are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from zhupei.catalogue.catalogue import ProgramSpecialty
from zhupei.catalogue.entries import contact_of, origin_at, section_of, text_of
from zhupei.config.collaborations import CollaborationEntry
from zhupei.config.files import BaseFile, JurisdictionFile
from zhupei.config.layers import Layers
from zhupei.config.windows import source_of
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.domain.benefits import WageFigure
from zhupei.domain.collaborations import (
    CollaborationAgreement,
    GuidanceVisit,
    JointLeadingGroup,
)
from zhupei.domain.institutions import (
    Affiliation,
    Base,
    Collaboration,
    Jurisdiction,
    Section,
    SpecialtyBase,
)
from zhupei.domain.sources import Level, SourceDocument
from zhupei.domain.text import Text
from zhupei.hooks.scope import Scope
from zhupei.reference import Reference

__all__ = ["Institutions", "sources_of"]


class Institutions:
    """Reads the files of one workspace as the domain's institutions."""

    def __init__(self, workspace: Workspace, layers: Layers, reference: Reference) -> None:
        self._workspace = workspace
        self._layers = layers
        self._reference = reference

    def base(self, file: ConfiguredFile[BaseFile]) -> Base:
        """Return the base as its file says, before plugins were asked."""
        model = file.model
        return Base(
            code=model.code,
            name=model.name.text(),
            aliases=model.aliases,
            province=model.province,
            prefecture=model.prefecture,
            jurisdictions=tuple(above.model.code for above in self._layers.jurisdictions_of(file)),
            plugins=model.plugins,
            tier=model.tier,
            grade=model.grade,
            type=model.type,
            base_since=model.base_since,
            accredited_count=model.accredited_count,
            contacts=tuple(contact_of(entry) for entry in model.contacts),
            affiliations=tuple(
                Affiliation(
                    school=entry.school.text(),
                    school_aliases=entry.school_aliases,
                    mainland_school=entry.mainland_school,
                    source=source_of(entry.source),
                )
                for entry in model.affiliations
            ),
            collaborations=tuple(_collaboration(entry) for entry in model.collaborations),
            specialty_bases=tuple(
                SpecialtyBase(
                    base=model.code,
                    specialty=entry.specialty,
                    name=text_of(entry.name) or self._any_name(entry.specialty),
                    note=text_of(entry.note),
                    capacity=entry.capacity,
                    suspended=text_of(entry.suspended),
                    source=source_of(entry.source),
                )
                for entry in model.specialty_bases
            ),
            sections=self._sections(file, Level.INSTITUTION),
            programs=tuple(sorted(program.code for program in model.programs)),
            source=source_of(model.source),
        )

    def jurisdiction(self, file: ConfiguredFile[JurisdictionFile]) -> Jurisdiction:
        """Return the jurisdiction of a file."""
        model = file.model
        return Jurisdiction(
            code=model.code,
            name=model.name.text(),
            kind=model.level,
            province=model.province,
            prefecture=model.prefecture,
            parent=model.parent,
            plugins=model.plugins,
            contacts=tuple(contact_of(entry) for entry in model.contacts),
            sections=self._sections(file, Level.JURISDICTION),
            programs=tuple(sorted(program.code for program in model.programs)),
        )

    def _sections(self, file: ConfiguredFile[Any], level: Level) -> tuple[Section, ...]:
        return tuple(
            section_of(
                entry,
                level,
                origin_at(level, file.document, ("sections", index), entry.label.zh, entry.source),
            )
            for index, entry in enumerate(file.model.sections)
        )

    def scope(self, file: ConfiguredFile[BaseFile]) -> Scope:
        """Return whom hooks about the base are asked of."""
        above = self._layers.jurisdictions_of(file)
        return Scope(
            base=file.model.code,
            institution=file.model.plugins,
            jurisdictions=tuple(slug for each in above for slug in each.model.plugins),
        )

    def configs(self, file: ConfiguredFile[BaseFile]) -> Mapping[str, object]:
        """Return the plugins' blocks that bind the base: its own over its jurisdictions'."""
        found: dict[str, object] = {}
        files: list[ConfiguredFile[Any]] = [*reversed(self._layers.jurisdictions_of(file)), file]
        for each in files:
            extra = each.model.extra
            if extra is None:
                continue
            for name in type(extra).model_fields:
                block = getattr(extra, name)
                if block is not None:
                    found[name.replace("_", "-")] = block
        return MappingProxyType(found)

    def documents(
        self, of_bases: Mapping[str, Sequence[SourceDocument]]
    ) -> dict[str, SourceDocument]:
        """Return every source document; of two with the same code the first is kept.

        ``of_bases`` are those of the bases' files (`sources_of`), by the code of the base.
        """
        workspace = self._workspace
        above: tuple[ConfiguredFile[Any], ...] = (
            *workspace.national,
            *workspace.jurisdictions.values(),
        )
        found: dict[str, SourceDocument] = {}
        for listed in (
            *map(sources_of, above),
            *(of_bases[code] for code in sorted(of_bases)),
            *map(sources_of, workspace.plans),
            *map(sources_of, workspace.calendars),
        ):
            for document in listed:
                found.setdefault(document.code, document)
        return found

    def program_specialties(self) -> Mapping[tuple[str, str], ProgramSpecialty]:
        """Return the specialties that programs declare themselves."""
        return MappingProxyType(
            {
                (ref.code, entry.code): ProgramSpecialty(
                    code=entry.code,
                    name=entry.name.text(),
                    program=ref.code,
                    aliases=entry.aliases,
                )
                for ref in self._layers.programs.values()
                for entry in ref.entry.specialties
            }
        )

    def wages(self, file: ConfiguredFile[JurisdictionFile]) -> tuple[WageFigure, ...]:
        """Return a jurisdiction's table of average wages."""
        return tuple(
            WageFigure(
                region=file.model.code,
                year=entry.year,
                amount=entry.amount,
                source=source_of(entry.source),
            )
            for entry in file.model.wages
        )

    def _any_name(self, specialty: str) -> Text:
        rows = [row for row in self._reference.specialties.specialties if row.code == specialty]
        return rows[-1].name if rows else Text(specialty, specialty)


def _collaboration(entry: CollaborationEntry) -> Collaboration:
    agreement, group = entry.agreement, entry.leading_group
    return Collaboration(
        kind=entry.kind,
        hospital=entry.hospital.text(),
        part=entry.part,
        specialty=entry.specialty,
        content=text_of(entry.content),
        months=entry.months,
        since=entry.since,
        role=text_of(entry.role),
        agreement=None
        if agreement is None
        else CollaborationAgreement(
            signed_on=agreement.signed, until=agreement.until, covers=agreement.covers
        ),
        leading_group=None
        if group is None
        else JointLeadingGroup(
            leader=group.leader.text(),
            deputies=tuple(each.text() for each in group.deputies),
            members=tuple(each.text() for each in group.members),
            meetings=tuple(sorted(group.meetings)),
        ),
        guidance=tuple(
            GuidanceVisit(on=each.on, topics=each.topics)
            for each in sorted(entry.guidance, key=lambda visit: visit.on)
        ),
        full_time_managers=entry.full_time_managers,
        pays_performance=entry.pays_performance,
        pays_night_allowance=entry.pays_night_allowance,
        source=source_of(entry.source),
    )


def sources_of(file: ConfiguredFile[Any]) -> tuple[SourceDocument, ...]:
    """Return the source documents that a file lists."""
    return tuple(entry.document(code) for code, entry in file.model.sources.items())
