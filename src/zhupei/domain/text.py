"""Bilingual text: every label and message exists in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Language", "Text", "choices_text"]


class Language(StrEnum):
    """A language in which the graph answers."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in Chinese and, where a translation exists, in English.

    Labels and messages always carry both. Long passages quoted from a document may have Chinese
    only (``en=None``): the document is the truth, and a translation would be ours.
    """

    zh: str
    en: str | None = None

    def get(self, language: Language) -> str:
        """Return the text in ``language``, Chinese where there is no translation."""
        if language is Language.EN and self.en is not None:
            return self.en
        return self.zh

    def __str__(self) -> str:
        return self.zh


def choices_text(choices: Iterable[tuple[str, Text]]) -> Text:
    """Return choices by name, each with the code by which a request asks for it."""
    found = list(choices)
    return Text(
        "、".join(f"{name.zh}（{code}）" for code, name in found),
        ", ".join(f"{name.en or name.zh} ({code})" for code, name in found),
    )
