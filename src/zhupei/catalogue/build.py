"""Builds the catalogue from a checked workspace and the plugins' answers.

Order of specificity, least first: national files, national plugins, jurisdictions' files,
jurisdictions' plugins, the base's files, the base's plugins. Lists are merged by id along it;
where one answer counts (seats, rounds, steps) the most specific that is known does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from zhupei.catalogue.amendments import amended_programs
from zhupei.catalogue.answers import Answer, BaseAnswers, Questions
from zhupei.catalogue.archive import Archive
from zhupei.catalogue.catalogue import Catalogue, PluginStatus
from zhupei.catalogue.entries import (
    EntryReader,
    contact_of,
    origin_at,
    overlay,
    text_of,
)
from zhupei.catalogue.explain import Explainer
from zhupei.catalogue.fingerprint import fingerprint
from zhupei.catalogue.foundation import Files
from zhupei.catalogue.institutions import Institutions
from zhupei.catalogue.openings import Openings
from zhupei.catalogue.taken import Taken
from zhupei.catalogue.totals import with_totals
from zhupei.config.layers import Layer, Layers, ProgramRef
from zhupei.config.shortages import shortage_sets
from zhupei.config.windows import round_of, source_of
from zhupei.config.workspace import Workspace
from zhupei.domain.calendar import Calendar
from zhupei.domain.codes import ShortageSet
from zhupei.domain.institutions import (
    Base,
    BaseStatus,
    Degradation,
)
from zhupei.domain.sources import Level, Origin
from zhupei.domain.training import (
    Opening,
    Program,
    ProgramKind,
    Round,
    Timeline,
)
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Scope
from zhupei.reference import Reference

__all__ = ["Builder", "statuses_of"]

V = TypeVar("V")

_LEVELS = tuple(sorted(Level, key=lambda level: level.rank))


def _ordered(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(_sorted(mapping))


def _sorted(mapping: Mapping[str, V]) -> dict[str, V]:
    return {code: mapping[code] for code in sorted(mapping)}


def statuses_of(host: PluginHost) -> tuple[PluginStatus, ...]:
    """Return how the graph shows the plugins of a host."""
    return tuple(
        PluginStatus(
            slug=plugin.slug,
            version=plugin.version,
            level=plugin.naming.level if plugin.naming else Level.NATIONAL,
            hooks=tuple(plugin.hooks),
            reason=plugin.reason,
        )
        for plugin in host.plugins
    )


class Builder:
    """Builds one catalogue: first what plugins are asked about, then, with answers, the rest.

    Args:
        workspace: without errors: files and programs that cross-checks refused were left out
            before. A code that does not exist raises KeyError.
        host: whose kinds the files use.
        reference: the packaged catalogues.
        calendar: the working calendar.
        plugins: how the graph shows the plugins.
        files: facts of all files, those of ``taken`` included.
        archive: the texts of all files, likewise.
        taken: bases that are not in the workspace, as an earlier catalogue has them.

    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        host: PluginHost,
        reference: Reference,
        calendar: Calendar,
        plugins: tuple[PluginStatus, ...],
        files: Files,
        archive: Archive,
        taken: Taken | None = None,
    ) -> None:
        self.workspace = workspace
        self.files = files
        self.archive = archive
        self.taken = taken or Taken()
        self.layers = Layers(workspace)
        self.reference = reference
        self.calendar = calendar
        self.plugins = plugins
        self.host = host
        self.reader = EntryReader(host.kinds.owner)
        self.answers: Mapping[str, BaseAnswers] = {}
        self.shortages: dict[str, tuple[ShortageSet, ...]] = {}
        self._institutions = Institutions(workspace, self.layers, reference)
        self._drafts: dict[str, Program] = {}
        self._openings = Openings(workspace, self.layers, self.reader, reference)
        children: dict[str, list[str]] = {}
        for each in self.layers.programs.values():
            if each.entry.parent is not None:
                children.setdefault(each.entry.parent, []).append(each.code)
        for parent, code in self.taken.others.parents():
            children.setdefault(parent, []).append(code)
        self._children = {code: tuple(sorted(found)) for code, found in children.items()}

    def questions(self) -> Questions:
        """Return what plugins are to be asked about."""
        self._drafts = {ref.code: self._draft(ref) for ref in self.layers.programs.values()}
        of_base: dict[str, list[Program]] = {}
        for draft in self._drafts.values():
            if draft.base is not None:
                of_base.setdefault(draft.base, []).append(draft)
        read, files, taken = self._institutions, self.workspace.bases, self.taken.questions
        return Questions(
            bases=_sorted({**taken.bases, **{c: read.base(file) for c, file in files.items()}}),
            scopes=_sorted({**taken.scopes, **{c: read.scope(file) for c, file in files.items()}}),
            configs=_sorted(
                {**taken.configs, **{c: read.configs(file) for c, file in files.items()}}
            ),
            programs=_sorted(
                {**taken.programs, **{c: tuple(found) for c, found in of_base.items()}}
            ),
            specialties=_sorted({**taken.specialties, **self._specialties()}),
        )

    def _specialties(self) -> dict[str, frozenset[str]]:
        """Return which specialties bases' programs may have: the nation's, and those declared."""
        # Nearly all have the nation's, as one set.
        of_year: dict[int, frozenset[str]] = {}
        found = {}
        for code, draft in self._drafts.items():
            if draft.base is None:
                continue
            known = of_year.get(draft.year)
            if known is None:
                known = of_year[draft.year] = frozenset(
                    self.reference.specialties.for_cycle(draft.year)
                )
            declared = {
                each.code
                for ref in self.layers.lineage(self.layers.programs[code])
                for each in ref.entry.specialties
            }
            found[code] = known | declared if declared else known
        return found

    def catalogue(self, questions: Questions, answers: Mapping[str, BaseAnswers]) -> Catalogue:
        """Return the catalogue with what plugins answered to `questions`."""
        self.answers = answers
        taken = self.taken
        openings: dict[str, Opening] = dict(taken.openings)
        programs: dict[str, Program] = dict(taken.programs)
        for code, ref in self.layers.programs.items():
            program = self._program(ref, self._drafts[code])
            given = answers.get(program.base or "") or BaseAnswers()
            for opening in self._openings.of(ref, program, given, self.shortages[code]):
                openings[opening.code] = opening
            programs[code] = program
        programs = with_totals(programs, openings, self.layers, taken.programs)
        built = amended_programs(self.layers, self.reader, programs)
        amended = MappingProxyType(_sorted({**taken.amended, **built}))
        read, jurisdictions = self._institutions, self.workspace.jurisdictions
        specialties = {**taken.program_specialties, **read.program_specialties()}
        files = self.files
        return Catalogue(
            hash=fingerprint(
                files.contents(),
                (digest for _, digest in files.all_beside()),
                self.plugins,
                answers,
            ),
            reference=self.reference,
            calendar=self.calendar,
            jurisdictions=_ordered(
                {code: read.jurisdiction(file) for code, file in jurisdictions.items()}
            ),
            bases=_ordered(
                {
                    code: self._finished(base, questions.scopes[code], answers[code])
                    for code, base in questions.bases.items()
                }
            ),
            programs=_ordered(programs),
            openings=_ordered(openings),
            amended=amended,
            documents=_ordered(
                read.documents({code: parts.documents for code, parts in files.bases.items()})
            ),
            # In each program they stay in the order of its file.
            program_specialties=MappingProxyType(
                dict(sorted(specialties.items(), key=lambda item: item[0][0]))
            ),
            shortages=_sorted({**taken.shortages, **self.shortages}),
            subsidies=_subsidies(answers),
            wages={code: read.wages(file) for code, file in jurisdictions.items()},
            scopes=questions.scopes,
            configs=questions.configs,
            plugins=_with_failures(self.plugins, answers),
            explanations=Explainer(self.archive, programs, openings, answers, amended).explain,
        )

    def _finished(self, base: Base, scope: Scope, answers: BaseAnswers) -> Base:
        """Return the base with what plugins added, degraded where one is absent or failed."""
        degradations = (*self.host.degradations(scope), *answers.degradations)
        if answers.extension is None and not degradations:
            return base
        return replace(
            base,
            extension=answers.extension.value if answers.extension else None,
            status=BaseStatus.DEGRADED if degradations else BaseStatus.OK,
            degradations=tuple(dict.fromkeys(degradations)),
        )

    def _draft(self, ref: ProgramRef) -> Program:
        """Return the program's identity, enough for plugins to be asked about it."""
        kind, year = self.layers.kind(ref), self.layers.year(ref)
        if kind is None or year is None:
            raise KeyError(ref.code)
        entry, lineage = ref.entry, self.layers.lineage(ref)
        months = next((p.entry.duration_months for p in lineage if p.entry.duration_months), None)
        note = next((p.entry.duration_note for p in lineage if p.entry.duration_note), None)
        return Program(
            code=ref.code,
            name=entry.name.text(),
            kind=kind,
            year=year,
            last_year=entry.last_year,
            base=ref.base.code if ref.base is not None else None,
            jurisdiction=None if ref.base is not None else ref.host.model.code,
            parent=entry.parent,
            children=self._children.get(ref.code, ()),
            duration_months=months,
            duration_note=text_of(note),
            contacts=tuple(contact_of(each) for each in entry.contacts),
            note=text_of(entry.note),
            source=source_of(entry.source),
        )

    def _program(self, ref: ProgramRef, draft: Program) -> Program:
        """Return the program with all its rules."""
        chain, kind = self.layers.of_program(ref), draft.kind
        answers = self.answers.get(draft.base or "") or BaseAnswers()
        self.shortages[ref.code] = shortage_sets(
            (*chain, *(opening.layer for opening in ref.openings())),
            kind,
            draft.year,
            self.reference.specialties,
        )
        rounds = self._rounds(ref, draft, answers)
        lineage = self.layers.lineage(ref)
        silent = next((p.entry.rounds_note for p in lineage if p.entry.rounds_note), None)
        return replace(
            draft,
            rounds=rounds,
            rounds_note=None if rounds else text_of(silent),
            steps=self._steps(chain, draft, answers),
            documents=self._laid_over(
                "documents", chain, kind, answers.documents.get(ref.code, ())
            ),
            requirements=self.reader.merged("requirements", chain, kind),
            benefits=self._laid_over("benefits", chain, kind, answers.benefits.get(draft.year, ())),
            penalties=self.reader.merged("penalties", chain, kind),
            assessments=self._laid_over(
                "assessments", chain, kind, answers.assessments.get(ref.code, ())
            ),
            policies=self.reader.policies(chain, kind),
            sections=self.reader.merged("sections", _without_host(chain, ref), kind),
        )

    def _laid_over(
        self, name: str, chain: Sequence[Layer], kind: ProgramKind, answers: Sequence[Answer]
    ) -> tuple[Any, ...]:
        """Merge a list along the layers, each level's plugins over its files."""
        found: tuple[Any, ...] = ()
        for level in _LEVELS:
            for layer in chain:
                if layer.level is level and (own := self.reader.of_layer(name, layer, kind)):
                    found = overlay(found, own)
            for answer in answers:
                if answer.level is level:
                    found = overlay(found, _marked(answer))
        return found

    def _steps(
        self, chain: Sequence[Layer], draft: Program, answers: BaseAnswers
    ) -> tuple[Any, ...]:
        found: tuple[Any, ...] = ()
        for level in _LEVELS:
            layers = [layer for layer in chain if layer.level is level]
            found = self.reader.steps(layers, draft.kind, found)
            for answer in answers.steps.get(draft.code, ()):
                if answer.level is level:
                    found = _marked(answer)
        return found

    def _rounds(self, ref: ProgramRef, draft: Program, answers: BaseAnswers) -> tuple[Round, ...]:
        configured = [each.level for each in self.layers.lineage(ref) if each.entry.rounds]
        for answer in answers.timelines.get(draft.year, ()):
            timeline: Timeline = answer.value
            concerns = timeline.program == draft.code
            if concerns and all(answer.level.rank >= level.rank for level in configured):
                origin = _plugin_origin(answer, None)
                return tuple(
                    replace(each, level=answer.level, origins=(origin,)) for each in timeline.rounds
                )
        for each in self.layers.lineage(ref):
            if each.entry.rounds:
                return tuple(
                    round_of(
                        entry,
                        each.level,
                        origin_at(
                            each.level,
                            each.host.document,
                            (*each.path, "rounds", index),
                            entry.name.zh,
                            entry.source,
                        ),
                    )
                    for index, entry in enumerate(each.entry.rounds)
                )
        return ()


def _without_host(chain: Sequence[Layer], ref: ProgramRef) -> list[Layer]:
    """Leave out the base's own file: its sections are about the hospital, not the program."""
    return [layer for layer in chain if layer.rules is not ref.host.model or ref.base is None]


def _least_specific_first(answers: Sequence[Answer]) -> list[Answer]:
    return sorted(answers, key=lambda answer: answer.level.rank)


def _plugin_origin(answer: Answer, value: str | None) -> Origin:
    return Origin(level=answer.level, value=value, plugin=answer.plugin, hook=answer.hook)


def _marked(answer: Answer) -> tuple[Any, ...]:
    """Return a plugin's entries with its level, owner and origin, whatever it wrote there."""
    return tuple(
        replace(
            entry,
            level=answer.level,
            owner=answer.plugin,
            origins=(replace(_plugin_origin(answer, entry.label.zh), source=entry.source),),
        )
        for entry in answer.value
    )


def _subsidies(answers: Mapping[str, BaseAnswers]) -> Mapping[tuple[str, int], tuple[Any, ...]]:
    found = {}
    for code, given in answers.items():
        for year, of_year in given.subsidies.items():
            merged: dict[str, Any] = {}
            for answer in _least_specific_first(of_year):
                merged.update({subsidy.id: subsidy for subsidy in answer.value})
            if merged:
                found[code, year] = tuple(merged.values())
    return MappingProxyType(found)


def _with_failures(
    plugins: tuple[PluginStatus, ...], answers: Mapping[str, BaseAnswers]
) -> tuple[PluginStatus, ...]:
    """Mark the plugins that failed while they were asked."""
    failed: dict[str, Degradation] = {}
    for given in answers.values():
        for degradation in given.degradations:
            failed.setdefault(degradation.plugin, degradation)
    return tuple(
        replace(plugin, reason=failed[plugin.slug].reason)
        if plugin.slug in failed and plugin.reason is None
        else plugin
        for plugin in plugins
    )
