"""The words of a notice, in Chinese and in English, made when it is delivered.

A template has four parts, separated by a line of four dashes: subject and text in Chinese, subject
and text in English. A mail carries both languages: nobody told us which one a person reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from zhupei.domain.text import Text
from zhupei.services.notices.kinds import NoticeKind

__all__ = ["Attachment", "Message", "worded"]

_SEPARATOR = "\n----\n"
_RULE = "\n\n- - - - - - - - - - - - - - - -\n\n"
_GAP = re.compile(r"\n{3,}")
_AUTOMATIC = Text(
    "此邮件由系统自动发出，请勿直接回复。", "This is an automatic message; please do not reply."
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a message."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent: the subject is one line, the text is plain. Personal: not for logs."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()


def worded(
    kind: NoticeKind,
    values: Mapping[str, Any],
    *,
    contact: Text | None,
    attachments: tuple[Attachment, ...] = (),
) -> Message:
    """Return the message of a kind; ``contact`` says whom to ask, under the text.

    Raises jinja2.UndefinedError where a value is missing that the words need: a fault of ours,
    never a gap in the text.
    """
    subject_zh, text_zh, subject_en, text_en = (
        part.render(values).strip() for part in _parts(kind)
    )
    subject = " / ".join(" ".join(line.split()) for line in (subject_zh, subject_en))
    zh, en = [text_zh], [text_en]
    if contact is not None:
        zh.append(f"联系方式：{contact.zh}")
        en.append(f"Contact: {contact.en or contact.zh}")
    zh.append(_AUTOMATIC.zh)
    en.append(str(_AUTOMATIC.en))
    # A part that does not apply leaves an empty line too many.
    text = _GAP.sub("\n\n", "\n\n".join(zh) + _RULE + "\n\n".join(en) + "\n")
    return Message(subject=subject, text=text, attachments=attachments)


@cache
def _parts(kind: NoticeKind) -> tuple[Template, Template, Template, Template]:
    environment = _environment()
    name = f"{kind.value.lower()}.txt"
    loader = environment.loader
    if loader is None:
        raise RuntimeError("the environment has a loader")
    source, _, _ = loader.get_source(environment, name)
    parts = source.split(_SEPARATOR)
    first, second, third, fourth = (environment.from_string(part) for part in parts)
    return first, second, third, fourth


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("zhupei.services.notices"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text, no markup
    )
    environment.filters["zh_date"] = _zh_date
    return environment


def _zh_date(day: date | str) -> str:
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.year}年{found.month}月{found.day}日"
