"""References of a scenario: ``${name}`` stands for what an earlier step kept.

A text that is one reference becomes the value itself, of whatever type; within a longer text it
becomes part of the text. What is expected is compared part by part: a mapping must hold the keys
that are given, with these values; everything else must be equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from zhupei.domain.text import Text

__all__ = ["UnknownReferenceError", "at_path", "differences", "filled", "names_in"]

_REFERENCE = re.compile(r"\$\{([^{}$]+)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\[\]]+)\]")
_LONGEST = 300


class UnknownReferenceError(LookupError):
    """A reference, or a part of an answer, that there is not; ``name`` says which."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def filled(value: Any, known: Mapping[str, Any], *, partly: bool = False) -> Any:
    """Return ``value`` with its references filled in, keys of mappings included.

    With ``partly`` names that are not known stay as they are. Raises `UnknownReferenceError`.
    """
    if isinstance(value, Mapping):
        made = type(value)()
        for key, part in value.items():
            made[str(filled(key, known, partly=partly))] = filled(part, known, partly=partly)  # type: ignore[index]  # a mapping of a scenario is a dict
        if hasattr(value, "line"):
            made.line = value.line  # type: ignore[attr-defined]  # see above
        return made
    if isinstance(value, list):
        return [filled(each, known, partly=partly) for each in value]
    return _text(value, known, partly=partly) if isinstance(value, str) else value


def _text(text: str, known: Mapping[str, Any], *, partly: bool) -> Any:
    def found(name: str, whole: str) -> Any:
        if name in known:
            return known[name]
        if partly:
            return whole
        raise UnknownReferenceError(name)

    only = _REFERENCE.fullmatch(text)
    if only is not None:
        return found(only[1].strip(), text)
    return _REFERENCE.sub(lambda match: str(found(match[1].strip(), match[0])), text)


def names_in(value: Any) -> Iterator[str]:
    """Iterate over the names that references in a value mention."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from names_in(key)
            yield from names_in(part)
    elif isinstance(value, list):
        for each in value:
            yield from names_in(each)
    elif isinstance(value, str):
        yield from (match[1].strip() for match in _REFERENCE.finditer(value))


def at_path(value: Any, path: str) -> Any:
    """Return a part of an answer: ``slots[0].id``, ``entries[name=x].id``, or ``.`` for all of it.

    Raises `UnknownReferenceError` where the answer has no such part.
    """
    if path == ".":
        return value
    found = value
    for match in _STEP.finditer(path):
        key, inside = match[1], match[2]
        try:
            found = found[key] if key is not None else _element(found, inside)
        except (KeyError, IndexError, TypeError, StopIteration):
            raise UnknownReferenceError(path) from None
    return found


def _element(found: Any, inside: str) -> Any:
    name, equals, wanted = inside.partition("=")
    if not equals:
        return found[int(inside)]
    return next(each for each in found if str(at_path(each, name)) == wanted)


def differences(expected: Any, found: Any, at: str = "") -> Iterator[Text]:
    """Iterate over what is not as expected; ``at`` is where the two values stand."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key, part in expected.items():
            place = f"{at}.{key}" if at else str(key)
            if key in found:
                yield from differences(part, found[key], place)
            else:
                keys = ", ".join(found)
                yield Text(f"{place}：没有这一项，有 {keys}", f"{place}: not there, but {keys}")
        return
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{at}[{index}]")
        return
    if type(expected) is type(found) and expected == found:
        return
    place = at or "."
    yield Text(
        f"{place}：应为 {_shown(expected)}，实为 {_shown(found)}",
        f"{place}: {_shown(expected)} was expected, {_shown(found)} came",
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
