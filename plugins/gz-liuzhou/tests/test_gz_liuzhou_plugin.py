"""Liuzhou's subsidy, application mail and three names (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from zhupei import (
    AmountRange,
    Finding,
    FindingOutcome,
    HospitalTier,
    PayQuestion,
    Profile,
    SubmittedDocument,
    SubsidyLine,
    Text,
    TitleLevel,
)
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.testing import (
    FakeZhupei,
    PluginContract,
    a_base,
    a_submission,
    an_admission_step,
    an_application,
)
from zhupei_gz_liuzhou import FellowshipSubsidyParams, GzLiuzhou, subject_parts

_PLUGIN = Path(__file__).parents[1]
_PROJECT = _PLUGIN.parents[1]
_PROGRAM = "gz-liuzhou-fellowship-2024"
_PAEDIATRICS = f"{_PROGRAM}/paediatrics"
_BASE = a_base("gz-liuzhou")


@cache
def _loaded() -> LoadedCatalogue:
    return asyncio.run(
        load_catalogue(
            [_PROJECT / "bases" / "guangxi"], plugin_folders=[_PROJECT / "plugins"], strict=True
        )
    )


class TestContract(PluginContract):
    """The plugin is what zhupei asks of every plugin."""

    slug = "gz-liuzhou"
    folder = _PLUGIN


# The subsidy


def _lines(**profile: Any) -> list[SubsidyLine]:
    """Ask the benefit of the real file, by the kind that the plugin taught."""
    catalogue = _loaded().catalogue
    opening = catalogue.openings[_PAEDIATRICS]
    (benefit,) = [one for one in opening.benefits if one.id == "fellowship-subsidy"]
    kind = next(one for one in _loaded().host.kinds if one.name == benefit.kind)
    assert kind.decide is not None
    question = PayQuestion(
        profile=Profile(**profile),
        opening=opening,
        program=catalogue.programs[_PROGRAM],
        base=catalogue.bases["gz-liuzhou"],
        benefit=benefit,
        qualifying_degree=None,
    )
    lines: list[SubsidyLine] = kind.decide(benefit.params, question)
    return lines


@pytest.mark.parametrize(
    ("title", "monthly", "total"),
    [
        (TitleLevel.SENIOR, 2500, "15,000"),
        (TitleLevel.ASSOCIATE_SENIOR, 2000, "12,000"),
        (TitleLevel.INTERMEDIATE, 1500, "9,000"),
        (TitleLevel.JUNIOR, 1000, "6,000"),
    ],
)
def test_subsidy_by_title(title: TitleLevel, monthly: int, total: str) -> None:
    """R111 R112: a month's amount, and what half a year adds up to."""
    (line,) = _lines(title=title)
    assert line.amount == AmountRange.exactly(Decimal(monthly))
    assert line.note is not None
    assert line.note.zh.startswith(f"6 个月合计 {total} 元；")
    assert str(line.note.en).startswith(f"{total} yuan over 6 months; ")
    assert line.plugin == "gz-liuzhou"
    assert line.source is not None
    assert line.source.lines == "75"


def test_without_a_title_it_is_a_range() -> None:
    (line,) = _lines()
    assert line.amount == AmountRange(Decimal(1000), None, Decimal(2500))
    assert line.missing_facts == ("title",)


def test_a_title_without_a_figure_has_no_amount() -> None:
    (line,) = _lines(title=TitleLevel.NONE)
    assert line.amount is None
    assert line.note is not None
    assert line.note.zh.startswith("未公布该职称的标准；")


def test_a_junior_from_a_tertiary_hospital_is_told() -> None:
    """T5: tertiary hospitals send, in principle, no fellows below the intermediate title."""
    hint = "三级医院选送者原则上须有中级及以上职称（S1:31）"
    notes = {
        tier: _lines(title=TitleLevel.JUNIOR, sending_unit_tier=tier)[0].note
        for tier in (HospitalTier.TERTIARY, HospitalTier.SECONDARY)
    }
    tertiary, secondary = notes[HospitalTier.TERTIARY], notes[HospitalTier.SECONDARY]
    assert tertiary is not None
    assert secondary is not None
    assert hint in tertiary.zh
    assert hint not in secondary.zh


def test_all_places_at_the_intermediate_rate() -> None:
    """R112: twenty-six fellows of intermediate title for half a year cost 234,000 yuan."""
    catalogue = _loaded().catalogue
    (benefit,) = [
        one for one in catalogue.programs[_PROGRAM].benefits if one.id == "fellowship-subsidy"
    ]
    places = catalogue.programs[_PROGRAM].quota_total
    assert places == 26
    assert benefit.params.totals()[TitleLevel.INTERMEDIATE] * places == 234_000


@pytest.mark.parametrize(
    "given",
    [
        {"amounts": {}, "months": "6"},
        {"amounts": {"JUNIOR": "1000"}, "months": "0"},
        {"amounts": {"PROFESSOR": "1000"}, "months": "6"},
        {"amounts": {"JUNIOR": "-1"}, "months": "6"},
        {"amounts": {"JUNIOR": "1000"}},
    ],
)
def test_parameters_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FellowshipSubsidyParams.model_validate(given)


# The mail


@pytest.mark.parametrize(
    ("subject", "parts"),
    [
        ("儿童呼吸专科-张三-XX医院", ("儿童呼吸专科", "张三", "XX医院")),
        (" 儿童呼吸专科 － 张三—XX医院 ", ("儿童呼吸专科", "张三", "XX医院")),
        ("儿童呼吸专科——张三——XX医院", ("儿童呼吸专科", "张三", "XX医院")),
        ("儿童呼吸专科-张三", None),
        ("儿童呼吸专科-张三-XX医院-柳州", None),
        ("儿童呼吸专科--", None),
        ("", None),
    ],
)
def test_subject_parts(subject: str, parts: tuple[str, str, str] | None) -> None:
    """R092: the form is specialty-name-sending hospital, whatever dash was typed."""
    assert subject_parts(subject) == parts


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[GzLiuzhou]:
    """The plugin beside the real openings."""
    started = GzLiuzhou()
    started.startup(FakeZhupei(tmp_path, openings=_loaded().catalogue.openings))
    yield started
    started.shutdown()


def _asked(
    plugin: GzLiuzhou,
    kind: str,
    answers: dict[str, str],
    *,
    program: str = _PROGRAM,
    documents: tuple[SubmittedDocument, ...] = (),
) -> list[Finding] | None:
    return plugin.check_step(
        base=_BASE,
        application=an_application(
            base="gz-liuzhou", program=program, opening=f"{program}/paediatrics"
        ),
        step=an_admission_step(id=kind, kind=kind),
        submission=a_submission(step=kind, answers=answers, documents=documents),
    )


_FORM = {"name": "张三", "work-unit": "XX医院"}


@pytest.mark.parametrize(
    ("answers", "outcome", "message"),
    [
        (
            _FORM | {"mail-subject": "儿童呼吸专科-张三-XX医院"},
            FindingOutcome.PASS,
            "邮件名称符合格式“进修专业-姓名-选送医院”",
        ),
        (
            _FORM | {"mail-subject": "儿科-张三-XX医院"},
            FindingOutcome.PASS,
            "邮件名称符合格式“进修专业-姓名-选送医院”",
        ),
        (
            {"mail-subject": "儿童呼吸专科方向-张三-XX医院"},
            FindingOutcome.PASS,
            "邮件名称符合格式“进修专业-姓名-选送医院”",
        ),
        (
            _FORM | {"mail-subject": "进修申请"},
            FindingOutcome.FAIL,
            "邮件名称“进修申请”不符合格式“进修专业-姓名-选送医院”",
        ),
        (
            _FORM | {"mail-subject": "儿童呼吸专科-李四-XX医院"},
            FindingOutcome.FAIL,
            "邮件名称中的姓名与申请表不一致",
        ),
        (
            _FORM | {"mail-subject": "儿童呼吸专科-张三-YY医院"},
            FindingOutcome.FAIL,
            "邮件名称中的选送医院与申请表不一致",
        ),
        (
            _FORM | {"mail-subject": "妇科肿瘤-张三-XX医院"},
            FindingOutcome.REVIEW,
            "邮件名称中的进修专业“妇科肿瘤”不是招生计划表所列的科室或方向，由科教科核对",
        ),
        (_FORM, FindingOutcome.UNKNOWN, "未提供申请邮件的名称"),
    ],
)
def test_mail_subject(
    plugin: GzLiuzhou, answers: dict[str, str], outcome: FindingOutcome, message: str
) -> None:
    """R092: what is handed in at the application step."""
    findings = _asked(plugin, "application", answers)
    assert findings is not None
    (finding,) = findings
    assert (finding.rule, finding.outcome, finding.message.zh) == (
        "gz-liuzhou.mail-subject",
        outcome,
        message,
    )
    assert finding.source is not None
    assert finding.source.lines == "40"
    missing = ("answers.mail-subject",) if outcome is FindingOutcome.UNKNOWN else ()
    assert finding.missing_facts == missing


# The three names

_PROOF = SubmittedDocument(
    document="unit-name-proof", media_type="application/pdf", size=1, sha256="0" * 64
)


@pytest.mark.parametrize(
    ("names", "documents", "outcome"),
    [
        (("XX医院", "XX医院", "ＸＸ医院 "), (), FindingOutcome.PASS),
        (("XX医院", "XX医院", "XX县人民医院"), (), FindingOutcome.FAIL),
        (("XX医院", "XX医院", "XX县人民医院"), (_PROOF,), FindingOutcome.REVIEW),
        (("XX医院", "XX医院", ""), (_PROOF,), FindingOutcome.UNKNOWN),
    ],
)
def test_three_names(
    plugin: GzLiuzhou,
    names: tuple[str, str, str],
    documents: tuple[SubmittedDocument, ...],
    outcome: FindingOutcome,
) -> None:
    """R097: practice place, sending unit and seal agree, or a proof is looked at."""
    answers = dict(zip(("practice-place", "work-unit", "seal"), names, strict=True))
    findings = _asked(plugin, "report", answers, documents=documents)
    assert findings is not None
    (finding,) = findings
    assert (finding.rule, finding.outcome) == ("gz-liuzhou.three-names", outcome)
    assert finding.missing_facts == (("answers.seal",) if not names[2] else ())


def test_other_steps_and_programs_are_not_its_concern(plugin: GzLiuzhou) -> None:
    assert _asked(plugin, "selection", {}) is None
    assert _asked(plugin, "application", {}, program="gz-liuzhou-fellowship-2025") is None


def test_before_startup_it_refuses_to_guess() -> None:
    answers = _FORM | {"mail-subject": "儿童呼吸专科-张三-XX医院"}
    with pytest.raises(RuntimeError, match="before startup"):
        _asked(GzLiuzhou(), "application", answers)


def test_the_graph_type_shows_rates_and_totals() -> None:
    """R112: the type reads the benefit of the catalogue."""
    from zhupei_gz_liuzhou.graph_types import GzLiuzhouFellowshipSubsidy

    (benefit,) = [
        one
        for one in _loaded().catalogue.programs[_PROGRAM].benefits
        if one.id == "fellowship-subsidy"
    ]
    definition = GzLiuzhouFellowshipSubsidy.__strawberry_definition__  # type: ignore[attr-defined]  # strawberry's own
    (rates,) = [one for one in definition.fields if one.python_name == "rates"]
    assert rates.base_resolver is not None
    shown = rates.base_resolver.wrapped_func(benefit)
    assert [(rate.title, rate.monthly, rate.whole_stay) for rate in shown] == [
        (TitleLevel.SENIOR, 2500, 15_000),
        (TitleLevel.ASSOCIATE_SENIOR, 2000, 12_000),
        (TitleLevel.INTERMEDIATE, 1500, 9_000),
        (TitleLevel.JUNIOR, 1000, 6_000),
    ]
    assert benefit.label == Text("进修补助", "Fellowship subsidy")
