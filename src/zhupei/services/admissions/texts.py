"""Texts that people hand in: reasons have to say something, and PostgreSQL has to keep them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.services.admissions.refusals import Refusal, RefusalCode

__all__ = ["has_no_reason", "no_nul"]


_WANTED: Mapping[str, Text] = MappingProxyType(
    {
        "reason": Text("须说明理由", "a reason has to be given"),
        "keeper": Text("须写明档案管理单位", "say who keeps the file"),
        "opinion": Text("须填写专业基地意见", "the opinion has to be given"),
        "consent": Text("须写明本人同意的形式", "say how the person agreed"),
        "text": Text("须写明异议内容", "say what is objected to"),
        "resolution": Text("须写明异议处理结果", "say how the objection was decided"),
    }
)


def has_no_reason(reason: str | None, field: str = "reason") -> Refusal | None:
    """Refuse an empty reason, or one that PostgreSQL could not keep.

    ``field`` is where it is asked for; other texts that have to say something are told as what
    they are.
    """
    if reason is not None and reason.strip() and "\x00" not in reason:
        return None
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=_WANTED.get(field, _WANTED["reason"]),
        field=field,
    )


def no_nul(value: Any) -> Refusal | None:
    """Refuse the one character that PostgreSQL cannot keep in text."""
    if not any("\x00" in text for text in _texts(plain(value))):
        return None
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text("文本中含有不允许的空字符", "a text holds a NUL character"),
    )


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, part in value.items():
                yield key
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
