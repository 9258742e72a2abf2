"""Turns a laid-out paper into a web page or a PDF with Chinese type, from this package alone.

The page carries its styles and loads nothing. The PDF embeds the letters it uses from a font that
is installed with us, so that it looks the same wherever it is opened and printed. Text reaches the
templates as data and can never become markup. The same paper gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import typst
from jinja2 import Environment, PackageLoader, StrictUndefined

from zhupei.domain.sources import SourceDocument
from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.services.papers.glyphs import FONT_PACKAGE, missing_characters
from zhupei.services.papers.paper import Paper, layout

__all__ = ["UnprintableTextError", "render_html", "render_pdf"]

_TEMPLATES = "zhupei.services.papers"


class UnprintableTextError(ZhupeiError):
    """The font lacks characters of a paper, which would come out as empty boxes."""

    code = "PAPER_UNPRINTABLE"

    def __init__(self, characters: tuple[str, ...]) -> None:
        self.characters = characters
        listed = ", ".join(f"{each} (U+{ord(each):04X})" for each in characters)
        super().__init__(
            Text(
                f"字体中没有以下字符，无法排印：{listed}",
                f"the font lacks these characters: {listed}",
            ),
            Text("请使用网页版，或改用通行字", "use the web page, or a common form of them"),
        )


def render_html(paper: Paper, documents: Mapping[str, SourceDocument]) -> str:
    """Return the paper as one HTML page, UTF-8 and complete in itself."""
    return _environment().get_template("paper.html.jinja").render(layout(paper, documents))


def render_pdf(paper: Paper, documents: Mapping[str, SourceDocument]) -> bytes:
    """Return the paper as a tagged PDF of A4 pages with numbers and embedded type.

    No date is written into the file, so that equal papers are equal files.

    Raises:
        UnprintableTextError: the font lacks characters of the paper.
    """
    laid = layout(paper, documents)
    missing = missing_characters(_texts(laid))
    if missing:
        raise UnprintableTextError(missing)
    data = json.dumps(laid, ensure_ascii=False, allow_nan=False)
    compiler = typst.Compiler(
        input=_typst_source(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"paper": data},
    )
    compiled = compiler.compile(format="pdf")
    if not isinstance(compiled, bytes):
        raise TypeError("typst gave no PDF")
    return compiled


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _typst_source() -> bytes:
    return (files(_TEMPLATES) / "templates" / "paper.typ").read_bytes()


@cache
def _fonts() -> Any:
    # Not imported: the package is a folder with a font in it.
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(files(FONT_PACKAGE))],
    )
