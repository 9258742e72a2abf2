"""Representations: how a gateway names an entity, read strictly and refused without an echo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zhupei.domain.text import Language, Text
from zhupei.graphql.errors import bad_input

__all__ = ["LONGEST_KEY", "Key", "read_representation"]

LONGEST_KEY = 512
"""Characters of a key at most."""
_MOST_PROPERTIES = 16


@dataclass(frozen=True, slots=True)
class Key:
    """The name of one entity: its type, the key's field, its text, and where it was given."""

    type: str
    name: str
    text: str
    place: str


def read_representation(
    given: object, keys: Mapping[str, tuple[str, ...]], place: str, language: Language
) -> Key:
    """Return the key that a representation holds.

    Args:
        given: what the gateway sent: an object with ``__typename`` and the fields of a key. Other
            properties with plain values are passed over, as gateways send more than one key.
        keys: the fields that may name an entity, by the names of types, the preferred one first.
        place: where it stands, for messages.
        language: the language of messages.

    Raises:
        GraphRefusal: BAD_USER_INPUT; the message tells nothing of what there is or was given.

    """
    if not isinstance(given, dict):
        raise bad_input(place, Text("应为对象", "must be an object"), language)
    type_ = given.get("__typename")
    names = keys.get(type_) if isinstance(type_, str) else None
    if names is None or not isinstance(type_, str):
        problem = Text("__typename 不是此图的实体类型", "__typename is no entity of this graph")
        raise bad_input(place, problem, language)
    nested = any(isinstance(each, dict | list) for each in given.values())
    if nested or len(given) > _MOST_PROPERTIES:
        problem = Text("除键以外含有其他内容", "holds more than a key")
        raise bad_input(place, problem, language)
    name = next((name for name in names if given.get(name) is not None), None)
    if name is None:
        needed = "、".join(names), " or ".join(names)
        problem = Text(f"缺少键：{needed[0]} 之一", f"needs a key: {needed[1]}")
        raise bad_input(place, problem, language)
    text = given[name]
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_KEY or "\0" in text:
        problem = Text(
            f"应为不超过 {LONGEST_KEY} 个字符的文本",
            f"must be a text of at most {LONGEST_KEY} characters",
        )
        raise bad_input(f"{place}.{name}", problem, language)
    return Key(type_, name, text, f"{place}.{name}")
