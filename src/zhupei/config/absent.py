"""What YAML says in the words of a plugin that could not be loaded.

Such words cannot be checked, so they are accepted as they stand; whether an entry can be used
without its plugin is for the catalogue to decide.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from zhupei.config.entries import LISTS_OF_KINDS
from zhupei.config.yaml import Document
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.text import Text

__all__ = ["Unread", "absent_kinds"]


class Unread(BaseModel):
    """Keys that only an absent plugin could read."""

    model_config = ConfigDict(extra="allow", frozen=True)


def absent_kinds(documents: Iterable[Document], slugs: Collection[str]) -> tuple[Kind, ...]:
    """Return a kind for each word of the plugins ``slugs`` that the documents use."""
    found: dict[tuple[KindGroup, str], Kind] = {}
    for document in documents if slugs else ():
        for group, name in _used(document.data):
            slug = name.partition(".")[0]
            if slug in slugs and "." in name:
                found[group, name] = Kind(
                    group=group,
                    name=name,
                    label=Text(name, name),
                    description=Text(
                        f"插件 {slug} 未加载，含义未知",
                        f"Unknown while the plugin {slug} is absent",
                    ),
                    params=Unread,
                )
    return tuple(found[key] for key in sorted(found))


def _used(data: Any) -> Iterator[tuple[KindGroup, str]]:
    """Yield the kinds that a document's lists use, also below programs and openings."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        for entry in value if isinstance(value, list) else ():
            if (
                key in LISTS_OF_KINDS
                and isinstance(entry, dict)
                and isinstance(entry.get("kind"), str)
            ):
                yield LISTS_OF_KINDS[key], entry["kind"]
            elif key in {"programs", "openings"}:
                yield from _used(entry)
