"""Liuzhou's fellowship (S1): the subsidy with its totals, the application mail, the three names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from zhupei import (
    AdmissionStep,
    Amount,
    AmountRange,
    Application,
    Base,
    Finding,
    FindingOutcome,
    HospitalTier,
    Kind,
    KindGroup,
    Level,
    Model,
    PayQuestion,
    Source,
    Submission,
    SubsidyLine,
    Text,
    TitleLevel,
    Whole,
    Zhupei,
    hookimpl,
)
from zhupei_gz_liuzhou.graph_types import GRAPH_TYPES, GzLiuzhouFellowshipSubsidy

__all__ = ["FellowshipSubsidyParams", "GzLiuzhou", "plugin", "subject_parts"]

_SLUG = "gz-liuzhou"
_PROGRAM = "gz-liuzhou-fellowship-2024"
_MAIL = Source("S1", "三（五）1", "40")
_NAMES = Source("S1", "三（五）4", "46")
_DASHES = re.compile(r"\s*[-‐‑‒–—―−]+\s*")


class FellowshipSubsidyParams(Model):
    """Parameters of the kind ``gz-liuzhou.fellowship_subsidy`` (R111, R112)."""

    amounts: Annotated[dict[TitleLevel, Amount], Field(min_length=1)]
    """Yuan a month by professional title."""
    months: Annotated[Whole, Field(gt=0)]
    """Months of one stay."""

    def totals(self) -> dict[TitleLevel, Decimal]:
        """Return the yuan of a whole stay by title (R112)."""
        return {title: amount * self.months for title, amount in self.amounts.items()}


def _decide(params: FellowshipSubsidyParams, question: PayQuestion) -> list[SubsidyLine]:
    title = question.profile.title
    if title is None:
        known = sorted(params.amounts.values())
        return [_line(question, AmountRange(known[0], None, known[-1]), None, "title")]
    amount = params.amounts.get(title)
    if amount is None:
        text = Text("未公布该职称的标准", "no figure is published for this title")
        return [_line(question, None, text)]
    notes = [_total(params, amount)]
    tertiary = question.profile.sending_unit_tier is HospitalTier.TERTIARY
    if tertiary and title.rank < TitleLevel.INTERMEDIATE.rank:
        # T5: the text asks tertiary hospitals for an intermediate title "in principle".
        notes.append(
            Text(
                "三级医院选送者原则上须有中级及以上职称（S1:31）",
                "fellows from tertiary hospitals need, in principle, an intermediate title (S1:31)",
            )
        )
    return [_line(question, AmountRange.exactly(amount), _joined(notes))]


def _total(params: FellowshipSubsidyParams, amount: Decimal) -> Text:
    whole = f"{amount * params.months:,f}"
    return Text(f"{params.months} 个月合计 {whole} 元", f"{whole} yuan over {params.months} months")


def _joined(notes: Iterable[Text]) -> Text:
    parts = list(notes)
    return Text("；".join(one.zh for one in parts), "; ".join(str(one.en) for one in parts))


def _line(
    question: PayQuestion, amount: AmountRange | None, note: Text | None, *missing: str
) -> SubsidyLine:
    benefit = question.benefit
    notes = [one for one in (note, benefit.note) if one is not None]
    return SubsidyLine(
        id=benefit.id,
        kind=benefit.kind,
        label=benefit.label,
        payer=benefit.payer,
        funding_source=benefit.funding_source,
        amount=amount,
        condition=benefit.condition,
        note=_joined(notes) if notes else None,
        missing_facts=missing,
        source=benefit.source,
        level=benefit.level,
        plugin=benefit.owner,
    )


def subject_parts(subject: str) -> tuple[str, str, str] | None:
    """Return specialty, name and sending hospital of a mail's subject, None for another form.

    The form is ``进修专业-姓名-选送医院`` (S1:40, R092); full-width and long dashes are read as
    the plain one, blanks around them are ignored.
    """
    parts = _DASHES.split(unicodedata.normalize("NFKC", subject).strip())
    if len(parts) != 3 or not all(parts):
        return None
    return parts[0], parts[1], parts[2]


class GzLiuzhou:
    """The plugin: R092 and R097 at a step, R111-R112 as a kind of benefit with its graph type."""

    def __init__(self) -> None:
        self._zhupei: Zhupei | None = None

    @hookimpl
    def register_kinds(self) -> list[Kind]:
        """Teach the subsidy by title with the total of a stay."""
        return [
            Kind(
                group=KindGroup.BENEFIT,
                name="gz-liuzhou.fellowship_subsidy",
                label=Text("进修补助", "Fellowship subsidy"),
                description=Text(
                    "按职称每月发放的进修补助，并给出整个进修期的合计。",
                    "A subsidy a month by professional title, with the total of the stay.",
                ),
                params=FellowshipSubsidyParams,
                decide=_decide,
                graph_type=GzLiuzhouFellowshipSubsidy,
            )
        ]

    @hookimpl
    def register_types(self) -> list[type]:
        """Add the types that show the subsidy."""
        return list(GRAPH_TYPES)

    @hookimpl
    def startup(self, zhupei: Zhupei) -> None:
        """Keep the handle: the mail's specialty is one of the opening's directions."""
        self._zhupei = zhupei

    @hookimpl
    def shutdown(self) -> None:
        """Let the handle go."""
        self._zhupei = None

    @hookimpl
    def check_step(
        self, base: Base, application: Application, step: AdmissionStep, submission: Submission
    ) -> list[Finding] | None:
        """Judge the subject of the application mail, and at report the three names.

        Raises:
            RuntimeError: the opening must be looked up before the server has started.
        """
        if application.program != _PROGRAM:
            return None
        match step.kind:
            case "application":
                return [self._subject(application, submission)]
            case "report":
                return [_three_names(submission)]
            case _:
                return None

    def _subject(self, application: Application, submission: Submission) -> Finding:
        subject = submission.answers.get("mail-subject")
        if subject is None:
            return _finding(
                "mail-subject",
                FindingOutcome.UNKNOWN,
                _MAIL,
                "未提供申请邮件的名称",
                "the subject of the application mail is not given",
                "answers.mail-subject",
            )
        parts = subject_parts(subject)
        if parts is None:
            return _finding(
                "mail-subject",
                FindingOutcome.FAIL,
                _MAIL,
                f"邮件名称“{subject}”不符合格式“进修专业-姓名-选送医院”",
                f'the subject "{subject}" is not specialty-name-sending hospital',
            )
        specialty, name, hospital = parts
        for field, given, zh, en in (
            ("name", name, "姓名", "name"),
            ("work-unit", hospital, "选送医院", "sending hospital"),
        ):
            stated = submission.answers.get(field)
            if stated is not None and _normal(stated) != _normal(given):
                return _finding(
                    "mail-subject",
                    FindingOutcome.FAIL,
                    _MAIL,
                    f"邮件名称中的{zh}与申请表不一致",
                    f"the {en} in the subject is not the one on the form",
                )
        if _normal(specialty) not in set(self._specialties(application.opening)):
            return _finding(
                "mail-subject",
                FindingOutcome.REVIEW,
                _MAIL,
                f"邮件名称中的进修专业“{specialty}”不是招生计划表所列的科室或方向，由科教科核对",
                f'the specialty "{specialty}" of the subject is no department or direction of '
                "the table; the department checks",
            )
        return _finding(
            "mail-subject",
            FindingOutcome.PASS,
            _MAIL,
            "邮件名称符合格式“进修专业-姓名-选送医院”",
            "the subject is specialty-name-sending hospital",
        )

    def _specialties(self, code: str) -> Iterator[str]:
        """Yield the names of the opening's department and directions as they are compared."""
        if self._zhupei is None:
            raise RuntimeError("the plugin was asked about an application before startup")
        opening = self._zhupei.opening(code)
        if opening is None:
            return
        yield _normal(opening.specialty_name.zh)
        for direction in opening.directions:
            name = _normal(direction.name.zh)
            yield name
            yield name.removesuffix("方向")


def _three_names(submission: Submission) -> Finding:
    """R097: practice place, sending unit and seal agree, or a proof is given."""
    fields = ("practice-place", "work-unit", "seal")
    missing = [f"answers.{name}" for name in fields if not submission.answers.get(name)]
    if missing:
        return _finding(
            "three-names",
            FindingOutcome.UNKNOWN,
            _NAMES,
            "执业地点、选送单位名称、单位公章未全部提供",
            "practice place, sending unit and seal are not all given",
            *missing,
        )
    if len({_normal(submission.answers[name]) for name in fields}) == 1:
        return _finding(
            "three-names",
            FindingOutcome.PASS,
            _NAMES,
            "执业地点、选送单位名称和单位公章三者一致",
            "practice place, sending unit and seal agree",
        )
    handed_in = (*(document.document for document in submission.documents), *submission.shown)
    if "unit-name-proof" in handed_in:
        return _finding(
            "three-names",
            FindingOutcome.REVIEW,
            _NAMES,
            "三者不一致，已提交单位名称证明或批文，由科教科核对",
            "the three differ; a proof of the unit's names is handed in and is checked",
        )
    return _finding(
        "three-names",
        FindingOutcome.FAIL,
        _NAMES,
        "执业地点、选送单位名称和单位公章不一致，须提交医院办公室证明或卫生局批文复印件",
        "practice place, sending unit and seal differ; a sealed certificate of the hospital office "
        "or a copy of the health bureau's approval is needed",
    )


def _normal(name: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


def _finding(
    rule: str, outcome: FindingOutcome, source: Source, zh: str, en: str, *missing: str
) -> Finding:
    return Finding(
        rule=f"{_SLUG}.{rule}",
        outcome=outcome,
        level=Level.INSTITUTION,
        message=Text(zh, en),
        missing_facts=missing,
        source=source,
        plugin=_SLUG,
    )


plugin = GzLiuzhou()
