"""A paper before it is laid out: titled parts of statements, each with the clauses it rests on.

HTML and PDF are made from the same `Paper`, so that they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zhupei.domain.sources import Source, SourceDocument

__all__ = ["Block", "Facts", "Grid", "Lines", "Paper", "Part", "Prose", "Statement", "layout"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of text and the clauses that it is taken from.

    ``unknown`` marks what is not published; it is set in another type, never left blank.
    """

    text: str
    sources: tuple[Source, ...] = ()
    unknown: bool = False
    strong: bool = False


Lines = tuple[Statement, ...]
"""What stands in one cell: statements one below the other."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Statements as paragraphs, or as a list where ``listed``; ``numbered`` counts them."""

    lines: Lines
    listed: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with what is said of each."""

    rows: tuple[tuple[str, Lines], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; ``widths`` are the shares of the columns, ``0`` for as wide as the content."""

    header: tuple[str, ...]
    rows: tuple[tuple[Lines, ...], ...]
    widths: tuple[float, ...]

    def __post_init__(self) -> None:
        wrong = {len(row) for row in (self.header, self.widths, *self.rows)} - {len(self.header)}
        if wrong:
            raise ValueError(f"a row has {sorted(wrong)} cells, the header {len(self.header)}")


Block = Prose | Facts | Grid


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its heading; a heading of ``level`` 2 belongs to the part above."""

    heading: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole paper.

    ``subtitle`` (what kind of paper it is) and ``issuer`` are printed below the title, ``signed``
    as lines at the end on the right (issuer and date as the caller gives them: nothing here looks
    at a clock). ``notes_heading`` heads the list of the clauses that were cited. ``compact`` sets a
    letter closer, so that it fits one page.
    """

    title: str
    parts: tuple[Part, ...]
    subtitle: str | None = None
    issuer: str | None = None
    lead: Lines = ()
    signed: tuple[str, ...] = ()
    compact: bool = False
    notes_heading: str = "依据"


def layout(paper: Paper, documents: Mapping[str, SourceDocument]) -> dict[str, Any]:
    """Return the paper as plain lists and texts, every clause numbered where it is first cited.

    ``documents`` gives the titles of cited documents by code.
    """
    notes = _Notes(documents)
    laid: dict[str, Any] = {
        "title": paper.title,
        "subtitle": paper.subtitle,
        "issuer": paper.issuer,
        "lead": notes.lines(paper.lead),
        "parts": [
            {
                "heading": part.heading,
                "level": part.level,
                "blocks": [_block(block, notes) for block in part.blocks],
            }
            for part in paper.parts
        ],
        "compact": paper.compact,
        "signed": list(paper.signed),
        "notes_heading": paper.notes_heading,
    }
    laid["notes"] = notes.texts()
    return laid


class _Notes:
    def __init__(self, documents: Mapping[str, SourceDocument]) -> None:
        self._documents = documents
        self._numbers: dict[Source, int] = {}

    def lines(self, lines: Iterable[Statement]) -> list[dict[str, Any]]:
        return [
            {
                "text": line.text,
                "refs": [self._number(source) for source in line.sources],
                "unknown": line.unknown,
                "strong": line.strong,
            }
            for line in lines
        ]

    def texts(self) -> list[str]:
        return [self._text(source) for source in self._numbers]

    def _number(self, source: Source) -> int:
        return self._numbers.setdefault(source, len(self._numbers) + 1)

    def _text(self, source: Source) -> str:
        document = self._documents.get(source.document)
        place = source.document if source.lines is None else f"{source.document}:{source.lines}"
        if document is None:
            return f"{source.clause}（{place}）"
        absent = "" if document.supplied else "，原文未提供"
        reference = f"（{document.reference}）" if document.reference else ""
        return f"《{document.title.zh}》{reference}{source.clause}（{place}{absent}）"


def _block(block: Block, notes: _Notes) -> dict[str, Any]:
    match block:
        case Prose():
            return {
                "kind": "prose",
                "lines": notes.lines(block.lines),
                "listed": block.listed,
                "numbered": block.numbered,
            }
        case Facts():
            rows = [{"label": label, "lines": notes.lines(lines)} for label, lines in block.rows]
            return {"kind": "facts", "rows": rows}
        case Grid():
            return {
                "kind": "grid",
                "header": list(block.header),
                "widths": list(block.widths),
                "rows": [[notes.lines(cell) for cell in row] for row in block.rows],
            }
