"""How rules word their verdicts, and the answers that are known, false or not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from zhupei.domain.eligibility import FindingOutcome, Verdict
from zhupei.domain.facts import list_facts
from zhupei.domain.people import (
    Degree,
    DegreeLevel,
    LicenceCategory,
    OriginRegion,
    PostType,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.text import Text

__all__ = [
    "LEVEL_NAMES",
    "VALUE_NAMES",
    "Otherwise",
    "described",
    "enclosed",
    "failed",
    "finished",
    "highest",
    "in_review",
    "named",
    "not_met",
    "passed",
    "refused",
    "unknown",
]

Otherwise = Literal["fail", "review"]
"""What follows where a condition is not met: a refusal, or a person decides."""

LEVEL_NAMES: dict[DegreeLevel, Text] = {
    DegreeLevel.JUNIOR_COLLEGE: Text("大专", "junior college"),
    DegreeLevel.BACHELOR: Text("本科", "bachelor"),
    DegreeLevel.MASTER: Text("硕士", "master"),
    DegreeLevel.DOCTOR: Text("博士", "doctor"),
}


# The values of these enumerations differ from each other, so one table holds them all.
VALUE_NAMES: dict[object, Text] = {
    LicenceCategory.CLINICAL: Text("临床", "clinical"),
    LicenceCategory.STOMATOLOGY: Text("口腔", "stomatology"),
    LicenceCategory.TCM: Text("中医", "TCM"),
    LicenceCategory.PUBLIC_HEALTH: Text("公共卫生", "public health"),
    OriginRegion.MAINLAND: Text("内地", "mainland China"),
    OriginRegion.HONG_KONG: Text("香港", "Hong Kong"),
    OriginRegion.MACAU: Text("澳门", "Macau"),
    OriginRegion.TAIWAN: Text("台湾", "Taiwan"),
    OriginRegion.FOREIGN: Text("外籍", "foreign"),
    TitleLevel.NONE: Text("无职称", "no title"),
    TitleLevel.JUNIOR: Text("初级", "junior"),
    TitleLevel.INTERMEDIATE: Text("中级", "intermediate"),
    TitleLevel.ASSOCIATE_SENIOR: Text("副高级", "associate senior"),
    TitleLevel.SENIOR: Text("正高级", "senior"),
    TraineeType.SOCIAL: Text("社会人", "recruited from society"),
    TraineeType.ENTRUSTED: Text("外单位委托培训", "entrusted by another unit"),
    TraineeType.OWN_STAFF: Text("本单位人员", "the base's own staff"),
    TraineeType.PROFESSIONAL_MASTER: Text("专硕研究生", "professional master's student"),
    TraineeType.RURAL_ORDER: Text("农村订单定向", "rural order-directed graduate"),
    TraineeType.FELLOW: Text("进修学员", "fellow"),
    PostType.DOCTOR: Text("医生", "doctor"),
    PostType.TECHNICIAN: Text("医技人员", "technician"),
}


def named(*values: object) -> Text:
    """Return the names of enumeration values as one enumeration."""
    labels = [VALUE_NAMES[value] for value in values]
    return Text(enclosed(one.zh for one in labels), ", ".join(str(one.en) for one in labels))


def passed(zh: str, en: str, *, degree: DegreeLevel | None = None) -> Verdict:
    """The rule is satisfied; ``degree`` is the degree that it accepts."""
    return Verdict(outcome=FindingOutcome.PASS, message=Text(zh, en), qualifying_degree=degree)


def failed(zh: str, en: str) -> Verdict:
    """The rule refuses."""
    return Verdict(outcome=FindingOutcome.FAIL, message=Text(zh, en))


def in_review(
    zh: str, en: str, *, degree: DegreeLevel | None = None, missing: tuple[str, ...] = ()
) -> Verdict:
    """A person decides."""
    return Verdict(
        outcome=FindingOutcome.REVIEW,
        message=Text(zh, en),
        qualifying_degree=degree,
        missing=missing,
    )


def not_met(otherwise: Otherwise, zh: str, en: str) -> Verdict:
    """The condition is not met: refuse, or leave it to a person."""
    if otherwise == "fail":
        return failed(zh, en)
    return in_review(f"{zh}，需人工审核", f"{en}; a person decides")


def unknown(*missing: str, zh: str | None = None, en: str | None = None) -> Verdict:
    """Facts are missing; the message names them unless another one is given."""
    names = list_facts(missing)
    return Verdict(
        outcome=FindingOutcome.UNKNOWN,
        message=Text(zh or f"尚未提供：{names.zh}", en or f"not given: {names.en}"),
        missing=missing,
    )


def refused(checks: Sequence[tuple[str, bool | None, Text]]) -> Verdict | None:
    """Add up checks of (fact, whether it holds, what speaks against it); None where all hold.

    One that does not hold refuses, whatever is missing besides.
    """
    against = [why for _, holds, why in checks if holds is False]
    if against:
        return failed(
            "；".join(one.zh for one in against), "; ".join(str(one.en) for one in against)
        )
    missing = [fact for fact, holds, _ in checks if holds is None]
    return unknown(*missing) if missing else None


def enclosed(names: Iterable[str]) -> str:
    """Return names as a Chinese enumeration."""
    return "、".join(names)


def described(degree: Degree) -> Text:
    """Return a degree's major with direction and code, as messages name it."""
    name = f"{degree.major or ''}{degree.direction or ''}"
    code = degree.major_code
    if name and code:
        return Text(f"{name}（{code}）", f"{name} ({code})")
    text = code or name or "?"
    return Text(f" {code} " if code else f"“{text}”", text)


def finished(degree: Degree, year: int) -> bool:
    """Whether a degree is held or due in the cycle ``year``; a student's later one is not."""
    if degree.awarded:
        return True
    if degree.graduation_year is not None:
        return degree.graduation_year <= year
    return not degree.enrolled


def highest(
    degrees: Iterable[Degree], accept: Callable[[Degree], bool] = lambda _: True
) -> Degree | None:
    """Return the highest of the degrees that are accepted, None where there is none."""
    accepted = [degree for degree in degrees if accept(degree)]
    return max(accepted, key=lambda degree: degree.level.rank, default=None)
