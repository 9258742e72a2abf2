"""The base of all models of files, and the texts in them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from zhupei.config.scalars import problem
from zhupei.domain.text import Text

__all__ = ["Label", "Model", "NonEmpty", "Passage"]


# What YAML reads as a text without quotes, also within braces.
_PLAIN = re.compile(r"\w(?:[\w.\- ·（）()/]*[\w）)])?")

NonEmpty = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""A text of one character at least, without white space around it."""


class Model(BaseModel):
    """The base of all our models: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def model_post_init(self, context: Any, /) -> None:
        """Share equal sets of given keys: a province's files have tens of thousands of entries."""
        given = _shared_keys(frozenset(self.__pydantic_fields_set__))
        object.__setattr__(self, "__pydantic_fields_set__", given)


@lru_cache(maxsize=4_096)
def _shared_keys(keys: frozenset[str]) -> set[str]:
    return set(keys)


class Label(Model):
    """A name or message in both languages."""

    zh: NonEmpty
    """In Chinese."""
    en: NonEmpty
    """In English."""

    @model_validator(mode="wrap")
    @classmethod
    def _shared(cls, value: Any, handler: ModelWrapValidatorHandler[Label]) -> Label:
        """Keep one object for equal labels: a plan says the same ones in every row."""
        if isinstance(value, str) and value.strip():
            raise _one_language(value.strip())
        label = handler(value)
        return _shared_label(label.zh, label.en)

    def text(self) -> Text:
        """Return the domain's text."""
        return Text(self.zh, self.en)


def _one_language(text: str) -> PydanticCustomError:
    written = text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
    shown = f"{{zh: …, en: {written}}}" if text.isascii() else f"{{zh: {written}, en: …}}"
    return problem(
        "CONFIG_BAD_TYPE",
        "应有中英文两种写法",
        "expected a name in both languages",
        hint_zh=f"请写 {shown}",
        hint_en=f"write {shown}",
    )


@lru_cache(maxsize=65_536)
def _shared_label(zh: str, en: str) -> Label:
    return Label.model_construct(zh=zh, en=en)


class _Passage(Model):
    """A longer text: Chinese as the document has it, English where there is a translation."""

    zh: NonEmpty
    """In Chinese."""
    en: NonEmpty | None = None
    """In English, where translated."""

    def text(self) -> Text:
        """Return the domain's text."""
        return Text(self.zh, self.en)


def _passage(value: object) -> object:
    return {"zh": value} if isinstance(value, str) else value


Passage = Annotated[_Passage, BeforeValidator(_passage, json_schema_input_type=str | _Passage)]
"""A mapping ``{zh, en}``, or Chinese text alone."""
