"""What a catalogue was built from, as far as building it anew after a change needs to know it."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zhupei.catalogue.answers import BaseAnswers, Questions
from zhupei.catalogue.archive import Archive
from zhupei.catalogue.fingerprint import content_digest, templates, text_digest
from zhupei.catalogue.institutions import sources_of
from zhupei.catalogue.snapshots import answers_digest
from zhupei.config.facts import BaseFacts
from zhupei.config.files import FileModels
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.domain.calendar import CalendarYear
from zhupei.domain.sources import SourceDocument

__all__ = ["BaseParts", "FileFacts", "Files", "Foundation", "answered", "bytes_digest"]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file: where it really lies, what it holds, what it says, and which base's it is.

    ``digest`` is that of its bytes, ``content`` that of what it says; ``base`` is None for a file
    that is no base's.
    """

    place: str
    digest: bytes
    content: bytes
    base: str | None


@dataclass(frozen=True, slots=True)
class BaseParts:
    """What of a base's file ends up beside the base: facts, source documents, agreements.

    ``beside`` holds the agreements' files with the digests of their texts.
    """

    facts: BaseFacts
    documents: tuple[SourceDocument, ...]
    beside: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a configuration without errors, by path, and the parts of bases, by code.

    ``beside`` are the agreements beside all other files.
    """

    files: Mapping[str, FileFacts]
    bases: Mapping[str, BaseParts]
    beside: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, workspace: Workspace) -> Files:
        """Return the facts of a validated workspace, all of whose files are part of it."""
        by_path = {file.path: code for code, file in workspace.bases.items()}
        files = {
            str(document.path): FileFacts(
                str(document.path.resolve()),
                bytes_digest(zlib.decompress(document.source)),
                content_digest(document.data),
                by_path.get(document.path),
            )
            for document in workspace.documents
        }
        bases = {
            code: BaseParts(BaseFacts.of(file.model), sources_of(file), tuple(_beside([file])))
            for code, file in workspace.bases.items()
        }
        above: tuple[ConfiguredFile[Any], ...] = (
            *workspace.national,
            *workspace.jurisdictions.values(),
        )
        return cls(files, bases, tuple(_beside(above)))

    def all_beside(self) -> Iterator[tuple[str, bytes]]:
        """Iterate over all agreements beside the files."""
        yield from self.beside
        for base in self.bases.values():
            yield from base.beside

    def inputs(self) -> Iterator[tuple[str, str, bytes]]:
        """Iterate over path, place and digest of each file."""
        return ((path, file.place, file.digest) for path, file in self.files.items())

    def contents(self) -> Iterator[bytes]:
        """Iterate over the digests of what the files say."""
        return (file.content for file in self.files.values())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Foundation:
    """All that a catalogue was built from, but for the files of bases themselves.

    ``surroundings`` is the digest of what runs here (`surroundings_digest`); ``answered`` has
    those of plugins' answers about bases, see `answered`.
    """

    surroundings: bytes
    files: Files
    questions: Questions
    years: tuple[CalendarYear, ...]
    answered: Mapping[str, bytes]
    archive: Archive
    models: FileModels


def answered(answers: Mapping[str, BaseAnswers], classes: Mapping[str, type]) -> dict[str, bytes]:
    """Return the digests of what plugins answered, of the bases that they said anything about.

    Raises:
        Unpackable: an answer holds what has no digest.

    """
    return {
        code: answers_digest({code: given}, classes)
        for code, given in answers.items()
        if not given.is_empty
    }


def bytes_digest(source: bytes) -> bytes:
    """Return the digest of what a file holds."""
    return hashlib.blake2b(source, digest_size=20).digest()


def _beside(files: Iterable[ConfiguredFile[Any]]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        for path, text in templates(file):
            yield str(path.absolute()), text_digest(text)
