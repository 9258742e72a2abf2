"""The catalogue's hash: the version of the rules that decided a case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zhupei.catalogue.answers import BaseAnswers
from zhupei.catalogue.canonical import canonical_json
from zhupei.catalogue.catalogue import PluginStatus
from zhupei.config.workspace import ConfiguredFile

__all__ = ["content_digest", "fingerprint", "templates", "text_digest"]


def fingerprint(
    documents: Iterable[bytes],
    texts: Iterable[bytes],
    plugins: tuple[PluginStatus, ...],
    answers: Mapping[str, BaseAnswers],
) -> str:
    """Return a hash of what the catalogue is made of: files, plugins and their answers.

    ``documents`` are the digests of what the files say (`content_digest`), ``texts`` those of the
    agreements beside them. The hash does not depend on file names, on the order of files, nor on
    comments in them.
    """
    parts = [*sorted(documents), b"texts", *sorted(set(texts)), b"plugins"]
    parts += sorted(
        f"{plugin.slug} {plugin.version} {plugin.degraded}".encode() for plugin in plugins
    )
    for code in sorted(answers):
        found = answers[code].everything()
        if found:
            parts.append(code.encode() + canonical_json(found))
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]


def content_digest(data: Mapping[str, Any]) -> bytes:
    """Return the digest of what a file says, however it is written."""
    return text_digest(json.dumps(data, sort_keys=True, ensure_ascii=False))


def text_digest(text: str) -> bytes:
    """Return the digest of a text."""
    return hashlib.blake2b(text.encode(), digest_size=20).digest()


def templates(file: ConfiguredFile[Any]) -> Iterator[tuple[Path, str]]:
    """Yield file and text of the agreements, which lie beside the configuration's own files."""
    programs = getattr(file.model, "programs", None)
    if programs is None:
        return
    openings = (opening for program in programs for opening in program.openings)
    for rules in (file.model, *programs, *openings):
        for step in rules.steps:
            for entry in getattr(step, "agreements", ()):
                if entry.template is not None:
                    yield file.path.parent / entry.template.file, entry.template.text
