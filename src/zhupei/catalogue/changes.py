"""Builds the catalogue anew where nothing but files of bases changed, and takes over the rest.

A province has a thousand bases, and one of them corrects its plan. Its file is read, validated,
checked and built with those above it; all else is as it was. Where that is not certain, or where
anything is wrong, nothing is said here: then everything is built anew, and says what is wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from zhupei.catalogue.answers import BaseAnswers, Questions
from zhupei.catalogue.build import Builder, statuses_of
from zhupei.catalogue.calendars import calendar_of
from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.fingerprint import content_digest
from zhupei.catalogue.foundation import (
    BaseParts,
    FileFacts,
    Files,
    Foundation,
    answered,
    bytes_digest,
)
from zhupei.catalogue.inputs import inputs_digest_of, surroundings_digest
from zhupei.catalogue.institutions import sources_of
from zhupei.catalogue.loaded import LoadedCatalogue, MadeOf, snapshot_of
from zhupei.catalogue.packed import Unpackable
from zhupei.catalogue.snapshots import Snapshots, held_text
from zhupei.catalogue.taken import Taken
from zhupei.config.checks import check
from zhupei.config.facts import ProgramFacts
from zhupei.config.loader import discover, read_bytes
from zhupei.config.parsed import ParsedFiles
from zhupei.config.problems import Problem, Problems
from zhupei.config.workspace import Workspace
from zhupei.config.yaml import MAX_BYTES, Document, parse
from zhupei.domain.calendar import Calendar
from zhupei.domain.sources import SourceDocument
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.reference import load as load_reference

__all__ = ["with_changes"]

_log = logging.getLogger(__name__)

# Of so many bases a part is built anew; of more, everything, which then takes less memory.
_MOST = 0.25


async def with_changes(
    before: LoadedCatalogue,
    paths: Sequence[Path],
    parsed: ParsedFiles | None,
    snapshots: Snapshots | None,
    dispatcher: Dispatcher,
) -> LoadedCatalogue | None:
    """Return the catalogue of the files at ``paths``, None where everything has to be built anew.

    It is equal to one that is built anew: plugins are asked about all bases, and where they
    answer anything else than before there is none.
    """
    if before.foundation is None or not before.complete:
        return None
    change = _Change(before, before.foundation, dispatcher)
    try:
        builder = await asyncio.to_thread(change.builder, paths, parsed)
        questions = await asyncio.to_thread(builder.questions)
        answers = await questions.ask(dispatcher)
        return await asyncio.to_thread(change.loaded, builder, questions, answers, snapshots)
    except (_AllAnewError, Unpackable):
        return None


class _AllAnewError(Exception):
    """This is no case for building a part, or something is wrong."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What changed: documents that are new or other than before, and the bases that go."""

    documents: tuple[Document, ...]
    gone: frozenset[str]
    """Codes of bases whose files are not there any more, or others."""
    files: Mapping[str, FileFacts]
    """All files as they are now; those of ``documents`` without their base's code."""


class _Change:
    def __init__(
        self, before: LoadedCatalogue, foundation: Foundation, dispatcher: Dispatcher
    ) -> None:
        self._before = before
        self._host = before.host
        self._foundation = foundation
        self._dispatcher = dispatcher
        self._problems = Problems()

    def builder(self, paths: Sequence[Path], parsed: ParsedFiles | None) -> Builder:
        """Return what builds the changed catalogue."""
        foundation, host = self._foundation, self._host
        if any(plugin.reason is not None for plugin in host.plugins):
            raise _AllAnewError  # which words files may use depends on all files then
        if surroundings_digest(host) != foundation.surroundings:
            raise _AllAnewError
        found = _changed(foundation.files, paths, host, parsed)
        workspace = self._validated(found)
        remaining = foundation.files.bases.keys() - found.gone
        files = _files(foundation.files, found, workspace)
        taken = Taken.of(self._before.catalogue, foundation, remaining)
        calendar = calendar_of(foundation.years, self._dispatcher)
        problems = self._checked(workspace, taken, calendar)
        if problems.errors:
            raise _AllAnewError
        self._problems = Problems([*self._still(workspace, found.gone), *problems])
        return Builder(
            workspace,
            host=host,
            reference=load_reference(),
            calendar=calendar,
            plugins=statuses_of(host),
            files=files,
            archive=foundation.archive.changed(found.gone, found.documents),
            taken=taken,
        )

    def _validated(self, found: _Found) -> Workspace:
        """Return the changed bases with the files above them."""
        foundation = self._foundation
        changed = Workspace(documents=found.documents).validated(foundation.models)
        remaining = foundation.files.bases.keys() - found.gone
        codes = {each.code for code in remaining for each in _programs(foundation, code)}
        above = foundation.archive.shared()
        codes.update(
            each.code for file in above.jurisdictions.values() for each in file.model.programs
        )
        own = [each.code for file in changed.bases.values() for each in file.model.programs]
        twice = len({*own}) < len(own) or codes.intersection(own)
        if changed.problems or changed.bases.keys() & remaining or twice:
            raise _AllAnewError
        if _listed_otherwise(foundation, found.gone, changed):
            raise _AllAnewError  # which of two documents of one code is shown, all files decide
        return replace(above, problems=Problems(), bases=changed.bases)

    def _checked(self, workspace: Workspace, taken: Taken, calendar: Calendar) -> Problems:
        return check(
            workspace,
            reference=load_reference(),
            calendar=calendar,
            plugins={plugin.slug for plugin in self._host.plugins},
            others=taken.others,
        )

    def _still(self, workspace: Workspace, gone: Set[str]) -> Iterator[Problem]:
        """Yield the warnings of bases that stay as they are, also those at rows of plan tables."""
        bases = {
            path: facts.base
            for path, facts in self._foundation.files.files.items()
            if facts.base is not None
        }
        plans = {plan.path: plan.model for plan in workspace.plans}
        for problem in self._before.problems:
            base = bases.get(str(problem.file))
            plan = plans.get(problem.file)
            match problem.path:
                case ("rows", int(index), *_) if plan is not None:
                    base = plan.rows[index].base
            if base is not None and base not in gone:
                yield problem

    def loaded(
        self,
        builder: Builder,
        questions: Questions,
        answers: Mapping[str, BaseAnswers],
        snapshots: Snapshots | None,
    ) -> LoadedCatalogue:
        """Return the catalogue, if plugins say the same as before of what is taken over."""
        foundation, classes = self._foundation, self._foundation.models.by_entry
        said = answered(answers, classes)
        for code in builder.taken.questions.bases:
            if said.get(code) != foundation.answered.get(code):
                raise _AllAnewError
        catalogue = builder.catalogue(questions, answers)
        catalogue.warm_after(self._before.catalogue, builder.taken.questions.bases.keys())
        made_of = MadeOf(questions, answers, foundation.years, builder.files)
        return LoadedCatalogue(
            catalogue,
            self._host,
            self._dispatcher,
            self._problems,
            Workspace(),
            replace(
                foundation,
                files=builder.files,
                questions=questions,
                answered=said,
                archive=builder.archive,
            ),
            None
            if snapshots is None
            else partial(
                _keep,
                snapshots,
                inputs_digest_of(builder.files.inputs(), foundation.surroundings),
                catalogue,
                self._problems,
                made_of,
                classes,
            ),
        )


def _keep(
    snapshots: Snapshots,
    digest: str,
    catalogue: Catalogue,
    problems: Problems,
    made_of: MadeOf,
    classes: Mapping[str, type],
) -> None:
    try:
        snapshots.keep(digest, snapshot_of(catalogue, problems, made_of, classes))
    except Unpackable as error:
        _log.info("the catalogue is built anew at each start: it holds %s", error)


def _listed_otherwise(foundation: Foundation, gone: Set[str], changed: Workspace) -> bool:
    """Whether changed bases list a code, or did, that another base gives to another document."""
    bases = foundation.files.bases
    listed = [document for code in gone for document in bases[code].documents]
    listed += [document for file in changed.bases.values() for document in sources_of(file)]
    by_code: dict[str, list[SourceDocument]] = {}
    for document in listed:
        by_code.setdefault(document.code, []).append(document)
    return any(
        document.is_another_than(other)
        for code, parts in bases.items()
        if code not in gone
        for document in parts.documents
        for other in by_code.get(document.code, ())
    )


def _programs(foundation: Foundation, base: str) -> Iterable[ProgramFacts]:
    return foundation.files.bases[base].facts.programs


def _changed(
    known: Files, paths: Sequence[Path], host: PluginHost, parsed: ParsedFiles | None
) -> _Found:
    """Return which files of bases changed."""
    if any(held_text(Path(name)) != digest for name, digest in known.all_beside()):
        raise _AllAnewError
    problems = Problems()
    own = {str(path): path for path in discover(paths, problems)}
    carried = _carried(own.values(), host, problems)
    if problems:
        raise _AllAnewError
    files: dict[str, FileFacts] = {}
    documents: list[Document] = []
    for name, path in {**own, **carried}.items():
        source = read_bytes(path, MAX_BYTES)
        if isinstance(source, Problem):
            raise _AllAnewError
        facts, place, digest = known.files.get(name), str(path.resolve()), bytes_digest(source)
        if facts is None or (facts.place, facts.digest) != (place, digest):
            document = _base_document(path, source, parsed)
            documents.append(document)
            facts = FileFacts(place, digest, content_digest(document.data), None)
        files[name] = facts
    changed = [(name, facts) for name, facts in known.files.items() if files.get(name) is not facts]
    gone = frozenset(facts.base for _, facts in changed if facts.base is not None)
    carries = any(files[name] is not known.files.get(name) for name in carried)
    if carries or len(gone) < len(changed) or len(documents) > 1 + len(known.bases) * _MOST:
        raise _AllAnewError
    return _Found(tuple(documents), gone, files)


def _base_document(path: Path, source: bytes, parsed: ParsedFiles | None) -> Document:
    """Return the document of a base's file."""
    read = parse(path, source) if parsed is None else parsed.parse(path, source)
    if isinstance(read, Document) and read.data.get("kind") == "base":
        return read
    raise _AllAnewError


def _carried(own: Iterable[Path], host: PluginHost, problems: Problems) -> dict[str, Path]:
    """Return the files that plugins bring along, but for those that are there already."""
    known = {path.resolve() for path in own}
    found: dict[str, Path] = {}
    for folders in host.base_folders.values():
        more = [path for path in discover(folders, problems) if path.resolve() not in known]
        known.update(path.resolve() for path in more)
        found.update((str(path), path) for path in more)
    return found


def _files(known: Files, found: _Found, workspace: Workspace) -> Files:
    """Return the facts of all files after the change."""
    own = Files.of(replace(workspace, documents=found.documents))
    bases: dict[str, BaseParts] = {
        code: parts for code, parts in known.bases.items() if code not in found.gone
    }
    bases.update(own.bases)
    return Files(
        {**found.files, **own.files},
        {code: bases[code] for code in sorted(bases)},
        known.beside,
    )
