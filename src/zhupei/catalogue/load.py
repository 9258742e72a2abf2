"""Loads a configuration: reads files, loads the plugins they name, checks, builds.

What is wrong never stops what is right: a file with errors is left out with everything that
depends on it, and the rest stands. Whether such a catalogue is served is the caller's decision
(`zhupei.catalogue.holder` keeps the one it has).
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from zhupei.catalogue.answers import BaseAnswers, Questions
from zhupei.catalogue.archive import Archive
from zhupei.catalogue.build import Builder, statuses_of
from zhupei.catalogue.calendars import calendar_of, configured_years
from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.changes import with_changes
from zhupei.catalogue.collector import collector_paused
from zhupei.catalogue.explain import Explainer
from zhupei.catalogue.foundation import Files, Foundation, answered
from zhupei.catalogue.inputs import inputs_digest, surroundings_digest
from zhupei.catalogue.loaded import LoadedCatalogue, MadeOf, let_go, snapshot_of
from zhupei.catalogue.named_plugins import load_plugins, with_carried
from zhupei.catalogue.packed import Unpackable
from zhupei.catalogue.reduced import pruned, without
from zhupei.catalogue.snapshots import Snapshot, Snapshots, answers_digest
from zhupei.catalogue.unpacking import Unpacker
from zhupei.config.absent import Unread, absent_kinds
from zhupei.config.checks import check
from zhupei.config.files import FileModels
from zhupei.config.parsed import ParsedFiles
from zhupei.config.problems import Problems
from zhupei.config.workspace import Workspace, read_workspace
from zhupei.config.yaml import Document, parse
from zhupei.domain.calendar import CalendarYear
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming
from zhupei.reference import load as load_reference

__all__ = ["LoadedCatalogue", "load_catalogue"]

_log = logging.getLogger(__name__)


async def load_catalogue(
    paths: Sequence[Path],
    *,
    plugin_folders: Sequence[Path] = (),
    platform: Mapping[str, Naming] | None = None,
    disabled: Iterable[str] = (),
    strict: bool = False,
    hook_timeout: float = 5.0,
    host: PluginHost | None = None,
    parsed: ParsedFiles | None = None,
    workspace: Workspace | None = None,
    snapshots: Snapshots | None = None,
    before: LoadedCatalogue | None = None,
    keep_files: bool = False,
) -> LoadedCatalogue:
    """Read, check and build the configuration at ``paths``.

    What takes long is done in a thread, so that the event loop serves others meanwhile; plugins
    are asked on the loop.

    ``host`` is the host of an earlier load: its plugins are asked again, and no new one is
    imported (a schema is composed once, at start-up). ``parsed`` knows files that were parsed
    before; ``workspace`` is what was just read from ``paths``, where somebody has it already.
    ``snapshots`` knows catalogues that were built before: a catalogue from there is equal to one
    that is built anew, and takes less memory. Where only files of bases changed since ``before``,
    which was loaded with the same ``host``, everything else is taken over from there: the
    catalogue is equal to one that is built anew. Its ``workspace`` is empty, because the files
    take more memory than the catalogue; ``keep_files``, without ``snapshots``, keeps them there.

    Raises:
        zhupei.errors.PluginError: with ``strict``, where a plugin cannot be loaded.
    """
    with collector_paused():
        if before is not None and host is before.host:
            dispatcher = Dispatcher(host, timeout=hook_timeout)
            found = await with_changes(before, paths, parsed, snapshots, dispatcher)
            if found is not None:
                return found
        if workspace is None:
            workspace = await asyncio.to_thread(read_workspace, paths, parsed)
        if host is None:
            workspace, host = load_plugins(
                workspace,
                folders=plugin_folders,
                platform=platform,
                disabled=disabled,
                strict=strict,
            )
        else:
            workspace = with_carried(workspace, host)
        dispatcher = Dispatcher(host, timeout=hook_timeout)
        loading = await asyncio.to_thread(_Loading, workspace, host, dispatcher)
        # Given up as soon as a snapshot takes its place, and its memory with it.
        del workspace
        if snapshots is not None:
            return await loading.with_snapshots(snapshots)
        return await (loading.with_files() if keep_files else loading.built())


def _models(workspace: Workspace, host: PluginHost) -> FileModels:
    """Return the models of the files; words of plugins that are absent are left unread."""
    absent = {plugin.slug for plugin in host.plugins if plugin.reason is not None}
    kinds = (*host.kinds, *absent_kinds(workspace.documents, absent))
    extras: dict[str, type[Any]] = dict.fromkeys(absent, Unread)
    extras.update(host.config_models)
    return FileModels.of(kinds, extras)


class _Loading:
    """One load, in steps; those that take long run in a thread."""

    def __init__(self, workspace: Workspace, host: PluginHost, dispatcher: Dispatcher) -> None:
        self._workspace = workspace
        self._host = host
        self._dispatcher = dispatcher
        self._models = _models(workspace, host)
        self._classes = self._models.by_entry
        self._archive = Archive({}, Workspace, self._models)
        self._reference = load_reference()
        self._surroundings: bytes | None = None

    async def with_snapshots(self, snapshots: Snapshots) -> LoadedCatalogue:
        """Return the catalogue of a snapshot, or else built from the files and kept."""
        self._surroundings = await asyncio.to_thread(surroundings_digest, self._host)
        digest = await asyncio.to_thread(inputs_digest, self._workspace, self._surroundings)
        found = None if digest is None else await self._taken(snapshots, digest)
        return await self._kept(snapshots, digest) if found is None else found

    async def _taken(self, snapshots: Snapshots, digest: str) -> LoadedCatalogue | None:
        """Return the catalogue of a snapshot, None where none is of these inputs and answers."""
        found = await asyncio.to_thread(snapshots.find, digest)
        if found is None:
            return None
        try:
            unpacker = Unpacker(_given_up(found.chunks), self._classes)
            await asyncio.to_thread(_exhaust, unpacker.steps(found.questions))
            questions, _ = unpacker.get(found.questions)
            answers = await questions.ask(self._dispatcher)
            if answers_digest(answers, self._classes) != found.answers:
                return None
            files = self._give_up_files()
        except _DOES_NOT_FIT as error:
            _log.warning("a kept catalogue cannot be used: %s", error)
            return None
        try:
            return await self._unpacked(found, unpacker, answers)
        except _DOES_NOT_FIT as error:
            _log.warning("a kept catalogue cannot be used: %s", error)
            self._workspace = await asyncio.to_thread(_read_again, files)
            return None

    async def with_files(self) -> LoadedCatalogue:
        """Return the catalogue built from the files, and these."""
        builder, problems, made_of = await self._asked()
        catalogue = await asyncio.to_thread(builder.catalogue, made_of.questions, made_of.answers)
        await asyncio.to_thread(catalogue.warm)
        return self._loaded(catalogue, problems, builder.workspace)

    async def built(self) -> LoadedCatalogue:
        """Return the catalogue built from the files, without these."""
        return (await self._build())[0]

    async def _build(self) -> tuple[LoadedCatalogue, MadeOf]:
        builder, problems, made_of = await self._asked()
        # What is built next needs the room of the files, so nobody else holds them from here on.
        if problems.errors:
            self._workspace = Workspace()
        else:
            self._give_up_files()
        builders = [builder]
        del builder
        catalogue = await asyncio.to_thread(_alone, builders, made_of.questions, made_of.answers)
        return self._loaded(catalogue, problems, Workspace()), made_of

    def _loaded(
        self, catalogue: Catalogue, problems: Problems, workspace: Workspace
    ) -> LoadedCatalogue:
        return LoadedCatalogue(catalogue, self._host, self._dispatcher, problems, workspace)

    async def _kept(self, snapshots: Snapshots, digest: str | None) -> LoadedCatalogue:
        """Return the catalogue built from the files, after keeping it where that is certain."""
        loaded, made_of = await self._build()
        if not loaded.complete:
            return loaded
        # Taken from the snapshot, the catalogue needs half of the memory: what was built goes.
        answers, built = made_of.answers, [(loaded, made_of)]
        del loaded, made_of
        try:
            snapshot = await asyncio.to_thread(_packed, built, self._classes)
        except Unpackable as error:
            _log.info("the catalogue is built anew at each start: it holds %s", error)
            return built[0][0]
        if digest is not None:
            await asyncio.to_thread(snapshots.keep, digest, snapshot)
        unpacker = Unpacker(_given_up(snapshot.chunks), self._classes)
        return await self._unpacked(snapshot, unpacker, answers)

    def _give_up_files(self) -> list[tuple[Path, bytes]]:
        """Let go of what the files say; return their paths and compressed texts."""
        documents = self._workspace.documents
        self._archive = Archive.of_documents(documents, self._models)
        self._workspace = Workspace()
        return [(document.path, document.source) for document in documents]

    async def _unpacked(
        self, snapshot: Snapshot, unpacker: Unpacker, answers: Mapping[str, BaseAnswers]
    ) -> LoadedCatalogue:
        await asyncio.to_thread(_exhaust, unpacker.steps(snapshot.rest))
        questions, years = unpacker.get(snapshot.questions)
        parts, problems, files = unpacker.get(snapshot.rest)
        catalogue = self._revived(parts, years, answers)
        await asyncio.to_thread(catalogue.warm)
        return LoadedCatalogue(
            catalogue,
            self._host,
            self._dispatcher,
            Problems(problems),
            Workspace(),
            await asyncio.to_thread(self._foundation, files, questions, years, answers),
        )

    def _foundation(
        self,
        files: Files,
        questions: Questions,
        years: Sequence[CalendarYear],
        answers: Mapping[str, BaseAnswers],
    ) -> Foundation | None:
        if self._surroundings is None:
            return None
        return Foundation(
            surroundings=self._surroundings,
            files=files,
            questions=questions,
            years=tuple(years),
            answered=answered(answers, self._classes),
            archive=self._archive,
            models=self._models,
        )

    def _revived(
        self,
        parts: dict[str, Any],
        years: Sequence[CalendarYear],
        answers: Mapping[str, BaseAnswers],
    ) -> Catalogue:
        """Return the catalogue of its parts, and what is never kept."""
        given = {name: part for name, part in parts.items() if name in _FIELDS}
        explainer = Explainer(
            self._archive,
            given["programs"],
            given["openings"],
            answers,
            given["amended"],
        )
        catalogue = Catalogue(
            reference=self._reference,
            calendar=calendar_of(years, self._dispatcher),
            explanations=explainer.explain,
            **given,
        )
        # Indices that were worked out before; `cached_property` looks here first.
        vars(catalogue).update({name: part for name, part in parts.items() if name not in _FIELDS})
        return catalogue

    async def _asked(self) -> tuple[Builder, Problems, MadeOf]:
        """Return what builds the catalogue of the files, after asking the plugins about it."""
        builder, years, problems = await asyncio.to_thread(self._checked)
        questions = await asyncio.to_thread(builder.questions)
        answers = await questions.ask(self._dispatcher)
        return builder, problems, MadeOf(questions, answers, years, builder.files)

    def _checked(self) -> tuple[Builder, tuple[CalendarYear, ...], Problems]:
        """Validate and check the files; leave out what is wrong."""
        workspace = pruned(self._workspace.validated(self._models))
        years = configured_years(workspace)
        calendar = calendar_of(years, self._dispatcher)
        problems = Problems(workspace.problems)
        known = {plugin.slug for plugin in self._host.plugins}
        # Leaving a file out can break what refers to it, so this repeats until all stay.
        while True:
            found = check(workspace, reference=self._reference, calendar=calendar, plugins=known)
            problems.extend(found)
            remaining = without(
                workspace, {each.file for each in found.errors if not each.between_files}
            )
            if remaining is None:
                break
            workspace = remaining
        builder = Builder(
            workspace,
            host=self._host,
            reference=self._reference,
            calendar=calendar,
            plugins=statuses_of(self._host),
            files=Files.of(workspace),
            archive=Archive.of(workspace, self._models),
        )
        return builder, years, problems


# What unpacking raises where the classes of a snapshot are not those that run.
_DOES_NOT_FIT = (Unpackable, LookupError, TypeError, ValueError, msgspec.DecodeError)


def _read_again(files: Iterable[tuple[Path, bytes]]) -> Workspace:
    """Return the files as they were read: all of them were without mistakes."""
    read = (parse(path, zlib.decompress(source)) for path, source in files)
    return Workspace(documents=tuple(each for each in read if isinstance(each, Document)))


def _alone(
    builders: list[Builder], questions: Questions, answers: Mapping[str, BaseAnswers]
) -> Catalogue:
    """Return the catalogue, warm, and let go of what it is built with before that."""
    builder = builders.pop()
    catalogue = builder.catalogue(questions, answers)
    files: list[object] = [*builder.workspace.documents, *builder.workspace.models()]
    del builder
    let_go(files)
    catalogue.warm()
    return catalogue


def _packed(built: list[tuple[LoadedCatalogue, MadeOf]], classes: Mapping[str, type]) -> Snapshot:
    """Return the snapshot of what was built, and let go of that.

    Raises:
        Unpackable: something of it cannot be packed; it stays.

    """
    ((loaded, made_of),) = built
    snapshot = snapshot_of(loaded.catalogue, loaded.problems, made_of, classes)
    pieces = loaded.catalogue.pieces()
    built.clear()
    del loaded, made_of
    let_go(pieces)
    return snapshot


def _given_up(chunks: list[bytes]) -> Iterator[bytes]:
    """Yield the chunks, and let go of each: together they are a fifth of what they become."""
    chunks.reverse()
    while chunks:
        yield chunks.pop()


def _exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


_FIELDS = frozenset(each.name for each in fields(Catalogue))
