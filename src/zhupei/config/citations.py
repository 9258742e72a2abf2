"""Documents that files take their figures from, and the clauses that they cite."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, ValidationError

from zhupei.config import patterns
from zhupei.config.scalars import Day, Flag, problem
from zhupei.config.texts import Model, NonEmpty, Passage
from zhupei.domain.sources import SourceDocument
from zhupei.domain.text import Text

__all__ = ["SourceDocumentEntry", "SourceRef"]


class _SourceRef(Model):
    """The clause that a figure is taken from."""

    document: Annotated[str, StringConstraints(pattern=patterns.DOCUMENT)]
    """Code of a document listed under ``sources``."""
    clause: NonEmpty
    """Heading or number of the clause."""
    lines: Annotated[str, StringConstraints(pattern=patterns.LINES)] | None = None
    """Lines of the supplied text, such as ``74`` or ``14-25``."""


def _source(value: object) -> object:
    return _source_of_text(value) if isinstance(value, str) else value


@lru_cache(maxsize=4_096)
def _source_of_text(value: str) -> object:
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9-]*):([0-9][0-9,-]*)?(?:\s*(.+))?", value)
    if match is None or not (match[2] or match[3]):
        raise problem(
            "CONFIG_BAD_SOURCE",
            "出处应写作 文件代码:行号 条款，如 S1:74 招收待遇（四），或 {document, clause, lines}",
            "a source is written DOCUMENT:LINES CLAUSE, such as S1:74 招收待遇（四）, "
            "or as {document, clause, lines}",
        )
    clause = match[3] or f"{match[1]}:{match[2]}"
    parts = {"document": match[1], "clause": clause, "lines": match[2]}
    try:
        # One object for a clause however often a file cites it.
        return _SourceRef.model_validate(parts)
    except ValidationError:
        return parts  # validated again where it stands, which says what is wrong


SourceRef = Annotated[_SourceRef, BeforeValidator(_source, json_schema_input_type=str | _SourceRef)]
"""``DOC:74 clause`` or ``{document, clause, lines}``."""


class SourceDocumentEntry(Model):
    """A document that figures are cited from."""

    title: Passage
    """Title of the document."""
    issuer: Passage | None = None
    """Who issued it."""
    issued: Day | None = None
    """Date of issue."""
    reference: str | None = None
    """Document number (文号)."""
    url: str | None = None
    """Where it is published."""
    supplied: Flag = True
    """False for a document that another cites and that was not supplied."""

    def document(self, code: str) -> SourceDocument:
        """Return the domain's document; ``code`` is what it is listed by."""
        return SourceDocument(
            code=code,
            title=Text(self.title.zh, self.title.en),
            issuer=None if self.issuer is None else Text(self.issuer.zh, self.issuer.en),
            issued=self.issued,
            reference=self.reference,
            url=self.url,
            supplied=self.supplied,
        )
