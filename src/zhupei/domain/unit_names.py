"""Whether practice place, name of the sending unit and seal are the same (R097, S1:46)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from zhupei.domain.text import Text

__all__ = ["UnitNames", "unit_names"]

_BETWEEN = re.compile(r"[\s·・()\[\]{}<>《》【】\"'“”‘’]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNames:
    """The three names as they were given, and whether they agree.

    ``agree`` is None while one of them is missing; ``reason`` then says which, or how they differ.
    """

    practice_place: str | None
    unit: str | None
    seal: str | None
    agree: bool | None
    reason: Text


def unit_names(practice_place: str | None, unit: str | None, seal: str | None) -> UnitNames:
    """Compare the practice place of the certificate, the unit's name and the seal on the form.

    Width, brackets and blanks do not count; another name of the same unit does: the unit then
    gives a certificate of its names, or a copy of the approval.
    """
    given = {
        Text("执业地点", "practice place"): practice_place,
        Text("选送单位名称", "name of the sending unit"): unit,
        Text("单位公章", "seal"): seal,
    }
    missing = [label for label, name in given.items() if not (name or "").strip()]
    if missing:
        zh = "、".join(label.zh for label in missing)
        en = ", ".join(label.en or label.zh for label in missing)
        agree, reason = None, Text(f"未填写：{zh}", f"not given: {en}")
    elif len({_compared(name) for name in given.values() if name is not None}) == 1:
        agree, reason = True, Text("三者一致", "the three agree")
    else:
        agree = False
        reason = Text(
            "三者不一致；同一单位有多个名称的，须提交医院办公室盖章证明或有关批文复印件",
            "the three differ; a unit of several names gives a sealed certificate of its office or "
            "a copy of the approval",
        )
    return UnitNames(
        practice_place=practice_place, unit=unit, seal=seal, agree=agree, reason=reason
    )


def _compared(name: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()
