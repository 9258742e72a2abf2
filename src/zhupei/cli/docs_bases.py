"""Writes ``docs/bases.md``: every base and jurisdiction with the codes that queries use.

The page comes from the configuration files themselves, so that a code in it is one that the graph
knows; `zhupei docs` writes it, and a test keeps it up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zhupei.config.document import Document

__all__ = ["bases_table"]

_HEAD = """\
# Bases and jurisdictions

The codes below are what the graph answers to: `base(code: …)`, `program(code: …)`. This page is
generated from the files below `bases/`; do not edit it, run `zhupei docs --write`.
"""


def bases_table(documents: Iterable[Document], root: Path) -> str:
    """Return the page for the documents of a workspace; links are relative to ``root``/docs.

    Documents of other kinds are passed over. Rows are ordered by code, below their jurisdiction.
    """
    by_kind: dict[str, list[Document]] = {"jurisdiction": [], "base": []}
    for document in documents:
        by_kind.get(document.data["kind"], []).append(document)
    jurisdictions = sorted(by_kind["jurisdiction"], key=_code)
    bases = sorted(by_kind["base"], key=_code)
    known = {_code(each) for each in jurisdictions}
    parts = [_HEAD, "## Jurisdictions\n", _jurisdictions(jurisdictions, root)]
    for each in jurisdictions:
        below = [base for base in bases if base.data.get("jurisdiction") == _code(each)]
        if below:
            name = each.data["name"]
            count = "1 base" if len(below) == 1 else f"{len(below)} bases"
            parts += [
                f"## {name['en']} · {name['zh']}: {count}\n",
                _bases(below, root),
            ]
    others = [base for base in bases if base.data.get("jurisdiction") not in known]
    if others:
        parts += ["## Without a jurisdiction's file\n", _bases(others, root)]
    return "\n".join(parts)


def _jurisdictions(documents: Sequence[Document], root: Path) -> str:
    rows = [
        (
            _linked(document, root),
            _name(document.data["name"]),
            document.data["level"],
            _programs(document.data),
        )
        for document in documents
    ]
    return _table(("Code", "Name", "Level", "Programs"), rows)


def _bases(documents: Sequence[Document], root: Path) -> str:
    from zhupei.reference import load as load_reference  # noqa: PLC0415 - it reads files

    prefectures = load_reference().prefectures
    rows = []
    for document in documents:
        data = document.data
        prefecture = prefectures.get(data.get("prefecture") or "")
        rows.append(
            (
                _linked(document, root),
                _name(data["name"]),
                "、".join(data.get("aliases") or ()),
                "" if prefecture is None else prefecture.name.zh,
                _programs(data),
            )
        )
    return _table(("Code", "Name", "Other names", "Prefecture", "Programs"), rows)


def _code(document: Document) -> str:
    return str(document.data["code"])


def _name(name: dict[str, Any]) -> str:
    return f"{name['zh']}<br>{name['en']}"


def _programs(data: dict[str, Any]) -> str:
    return "<br>".join(f"`{each['code']}`" for each in data.get("programs") or ())


def _linked(document: Document, root: Path) -> str:
    path = document.path.resolve().relative_to(root.resolve()).as_posix()
    return f"[`{_code(document)}`](../{path})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
