"""R124 and R159 as the plugin decides them, over the real bases with a fictional plan."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import zhupei_hubei
from zhupei import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    Finding,
    FindingOutcome,
    Level,
    OriginRegion,
    SendingUnit,
    Source,
    TitleLevel,
    TraineeType,
)
from zhupei.catalogue import Catalogue, LoadedCatalogue, load_catalogue
from zhupei.services.eligibility import evaluate
from zhupei.testing import FakeZhupei, PluginContract, Rights, a_program
from zhupei_hubei import Hubei

_ROOT = Path(__file__).parents[3]
_PASS, _FAIL = FindingOutcome.PASS, FindingOutcome.FAIL
_REVIEW, _UNKNOWN = FindingOutcome.REVIEW, FindingOutcome.UNKNOWN

# A fictional plan: Wuhan's Union Hospital recruits 0100 and 0700; Huanggang's base only 0700;
# Ezhou's base has published nothing. Xiantao has no base.
_PLAN = """\
kind: plan
program: hubei-residency-2024
sources: {FICTION: {title: 虚构的招收计划表}}
source: {document: FICTION, clause: 虚构}
note: {zh: 虚构数据，仅供测试, en: fictional figures for tests}
rows:
  - {base: hubei-xiehe, specialty: "0100", quota: 40}
  - {base: hubei-xiehe, specialty: "0700", quota: 12}
  - {base: hubei-tongji, specialty: "0100", quota: 30}
  - {base: hubei-huanggang-zhongxin, specialty: "0700", quota: 8}
"""
_XIANTAO, _HUANGGANG, _EZHOU, _WUHAN = "429004", "421100", "420700", "420100"


class TestContract(PluginContract):
    """The plugin is what zhupei asks of every plugin."""

    slug = "hubei"
    folder = Path(__file__).parents[1]
    rights = (Rights.JURISDICTION,)

    def questions(self) -> dict[str, dict[str, Any]]:
        """Ask about the province's own program; without a prefecture nothing is looked up."""
        questions = super().questions()
        program = a_program("hubei-xiehe-residency-2024", parent="hubei-residency-2024")
        asked = {"program": program, "candidate": Candidate(trainee_type=TraineeType.ENTRUSTED)}
        questions["check_eligibility"] |= asked
        return questions


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedCatalogue:
    """The jurisdiction's own files and the fictional plan."""
    folder = tmp_path_factory.mktemp("bases") / "hubei"
    shutil.copytree(_ROOT / "bases" / "hubei", folder)
    (folder / "_plan.yaml").write_text(_PLAN, "utf-8")
    loaded = asyncio.run(load_catalogue([folder], plugin_folders=[_ROOT / "plugins"]))
    assert loaded.problems.errors == ()
    status = next(each for each in loaded.catalogue.plugins if each.slug == "hubei")
    assert (status.level, status.reason) == (Level.JURISDICTION, None)
    return loaded


@pytest.fixture(scope="module")
def catalogue(loaded: LoadedCatalogue) -> Catalogue:
    """What was built of them."""
    return loaded.catalogue


def _running(catalogue: Catalogue) -> FakeZhupei:
    """A server that answers from the catalogue that was really built."""
    return FakeZhupei(
        Path("/nonexistent"),
        bases=catalogue.bases,
        programs=catalogue.programs,
        openings=catalogue.openings,
    )


@pytest.fixture
def plugin(catalogue: Catalogue) -> Hubei:
    """The plugin of a running server."""
    started = Hubei()
    started.startup(_running(catalogue))
    return started


def _check(
    plugin: Hubei,
    catalogue: Catalogue,
    unit: SendingUnit | None,
    opening: str = "hubei-xiehe-residency-2024/0100",
    **facts: Any,
) -> list[Finding] | None:
    row = catalogue.openings[opening]
    candidate = Candidate(trainee_type=TraineeType.ENTRUSTED, sending_unit=unit)
    return plugin.check_eligibility(
        catalogue.bases[row.base],
        catalogue.programs[row.program],
        row,
        replace(candidate, **facts),
    )


def _one(found: list[Finding] | None) -> Finding:
    assert found is not None
    assert len(found) == 1
    return found[0]


def test_own_prefecture_passes(plugin: Hubei, catalogue: Catalogue) -> None:
    """R124: a unit in Wuhan, a base in Wuhan."""
    finding = _one(_check(plugin, catalogue, SendingUnit(prefecture=_WUHAN)))
    assert (finding.outcome, finding.rule) == (_PASS, "hubei.own-prefecture")
    assert finding.message.zh == "基地在选送单位所在市州"
    assert finding.source == Source("S2", "二、（三）1", "34")
    assert (finding.level, finding.plugin) == (Level.JURISDICTION, "hubei")


@pytest.mark.parametrize(
    ("signed", "outcome", "message", "missing"),
    [
        (
            True,
            _PASS,
            "所在市州没有国家级住培基地，工作单位已与本基地签订定向委托培训协议书",
            (),
        ),
        (
            False,
            _FAIL,
            "所在市州没有国家级住培基地，工作单位须先与本基地签订定向委托培训协议书再派遣",
            (),
        ),
        (
            None,
            _UNKNOWN,
            "所在市州没有国家级住培基地，须由工作单位与本基地签订定向委托培训协议书；是否已签未知",
            ("sendingUnit.agreementSigned",),
        ),
    ],
)
def test_prefecture_without_base(
    plugin: Hubei,
    catalogue: Catalogue,
    signed: bool | None,
    outcome: FindingOutcome,
    message: str,
    missing: tuple[str, ...],
) -> None:
    """R124, V12: Xiantao has no base, so the agreement decides."""
    unit = SendingUnit(prefecture=_XIANTAO, agreement_signed=signed)
    finding = _one(_check(plugin, catalogue, unit))
    assert (finding.outcome, finding.message.zh) == (outcome, message)
    assert finding.missing_facts == missing


def test_prefecture_lacks_the_specialty(plugin: Hubei, catalogue: Catalogue) -> None:
    """R124: Huanggang's base recruits 0700 only, so for 0100 the agreement decides."""
    unit = SendingUnit(prefecture=_HUANGGANG, agreement_signed=True)
    finding = _one(_check(plugin, catalogue, unit))
    assert (finding.outcome, finding.message.zh) == (
        _PASS,
        "所在市州没有招收该专业的基地，工作单位已与本基地签订定向委托培训协议书",
    )


def test_prefecture_has_the_specialty(plugin: Hubei, catalogue: Catalogue) -> None:
    """R124: "in principle" is a review, and names the base of the own prefecture."""
    unit = SendingUnit(prefecture=_HUANGGANG, agreement_signed=True)
    finding = _one(_check(plugin, catalogue, unit, "hubei-xiehe-residency-2024/0700"))
    assert (finding.outcome, finding.message.zh) == (
        _REVIEW,
        "原则上限定申报所在市州的基地，黄冈市中心医院招收该专业",
    )


def test_unpublished_plan_is_never_guessed(plugin: Hubei, catalogue: Catalogue) -> None:
    """T36: whether Ezhou's base recruits the specialty is not known."""
    unit = SendingUnit(prefecture=_EZHOU, agreement_signed=True)
    finding = _one(_check(plugin, catalogue, unit))
    assert (finding.outcome, finding.message.zh) == (
        _REVIEW,
        "所在市州有鄂州市中心医院，其招收专业尚未公布，是否可申报外地基地由基地审核",
    )


@pytest.mark.parametrize("province", ["430000", None])
@pytest.mark.parametrize("signed", [True, False, None])
def test_unit_outside_the_province(
    plugin: Hubei, catalogue: Catalogue, province: str | None, signed: bool | None
) -> None:
    """Other provinces' bases are not in the notice; the prefecture's code tells the province."""
    unit = SendingUnit(province=province, prefecture="430100", agreement_signed=signed)
    assert _one(_check(plugin, catalogue, unit)).outcome is _REVIEW


@pytest.mark.parametrize("unit", [None, SendingUnit(), SendingUnit(province="420000")])
def test_unknown_prefecture(plugin: Hubei, catalogue: Catalogue, unit: SendingUnit | None) -> None:
    """A missing fact is UNKNOWN and named."""
    finding = _one(_check(plugin, catalogue, unit))
    assert (finding.outcome, finding.missing_facts) == (_UNKNOWN, ("sendingUnit.prefecture",))


def test_unknown_trainee_type(plugin: Hubei, catalogue: Catalogue) -> None:
    """Whom the rule concerns must be known."""
    finding = _one(_check(plugin, catalogue, None, trainee_type=None))
    assert (finding.outcome, finding.missing_facts) == (_UNKNOWN, ("traineeType",))


@pytest.mark.parametrize("trainee_type", [TraineeType.SOCIAL, TraineeType.OWN_STAFF])
def test_others_are_not_concerned(
    plugin: Hubei, catalogue: Catalogue, trainee_type: TraineeType
) -> None:
    """R124 is about trainees entrusted by another unit."""
    assert _check(plugin, catalogue, None, trainee_type=trainee_type) is None


def test_other_programs_are_not_concerned(plugin: Hubei, catalogue: Catalogue) -> None:
    """The notice of 2024 rules its own program and no other."""
    row = catalogue.openings["hubei-xiehe-residency-2024/0100"]
    program = replace(catalogue.programs[row.program], parent=None)
    candidate = Candidate(trainee_type=TraineeType.ENTRUSTED)
    assert plugin.check_eligibility(catalogue.bases[row.base], program, row, candidate) is None


def test_without_server_it_does_not_guess(catalogue: Catalogue) -> None:
    """Before startup and after shutdown other bases cannot be looked up: it raises."""
    unit = SendingUnit(prefecture=_XIANTAO, agreement_signed=True)
    message = "the plugin was asked about other bases before startup"
    with pytest.raises(RuntimeError, match=message):
        _check(Hubei(), catalogue, unit)
    stopped = Hubei()
    stopped.startup(_running(catalogue))
    stopped.shutdown()
    with pytest.raises(RuntimeError, match=message):
        _check(stopped, catalogue, unit)


# All rules together, as the server decides


def _clinical_bachelor(year: int) -> Degree:
    return Degree(
        level=DegreeLevel.BACHELOR,
        type=DegreeType.PROFESSIONAL,
        major_code="100201K",
        major="临床医学",
        mainland=True,
        full_time=True,
        graduation_year=year,
        awarded=True,
    )


def _entrusted(unit: SendingUnit) -> Candidate:
    return Candidate(
        origin=OriginRegion.MAINLAND,
        trainee_type=TraineeType.ENTRUSTED,
        degrees=(_clinical_bachelor(2021),),
        licensed=False,
        employed=True,
        in_clinical_work=True,
        title=TitleLevel.JUNIOR,
        practice_specialty="内科",
        applies_as_individual=False,
        sending_unit=unit,
    )


async def _decide(loaded: LoadedCatalogue, opening: str, candidate: Candidate) -> tuple[str, ...]:
    """Return the outcome, then the rules that refuse or leave something open."""
    await loaded.dispatcher.ask("startup", zhupei=_running(loaded.catalogue))
    try:
        report = await evaluate(
            loaded.catalogue, loaded.dispatcher, opening, candidate, today=date(2024, 4, 10)
        )
    finally:
        await loaded.dispatcher.ask("shutdown", zhupei=_running(loaded.catalogue))
    open_ones = [each.rule for each in report.findings if each.counts and each.outcome is not _PASS]
    return (report.outcome, *open_ones)


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ("hubei-xiehe-residency-2024/0100", ("INELIGIBLE", "unlicensed-2022")),
        ("hubei-xiehe-residency-2024/0700", ("ELIGIBLE",)),
    ],
)
async def test_g24_social(loaded: LoadedCatalogue, opening: str, expected: tuple[str, ...]) -> None:
    """G24: a clinical bachelor of 2021, unlicensed, social: 内科 refused, 全科 allowed."""
    candidate = Candidate(
        origin=OriginRegion.MAINLAND,
        trainee_type=TraineeType.SOCIAL,
        degrees=(_clinical_bachelor(2021),),
        licensed=False,
    )
    assert await _decide(loaded, opening, candidate) == expected


@pytest.mark.parametrize(
    ("prefecture", "signed", "expected"),
    [
        (_WUHAN, None, ("ELIGIBLE",)),
        (_XIANTAO, True, ("ELIGIBLE",)),
        (_XIANTAO, False, ("INELIGIBLE", "hubei.own-prefecture")),
        (_XIANTAO, None, ("INCOMPLETE", "hubei.own-prefecture")),
        (_EZHOU, True, ("NEEDS_REVIEW", "hubei.own-prefecture")),
        (None, None, ("INCOMPLETE", "hubei.own-prefecture")),
    ],
)
async def test_g24_entrusted(
    loaded: LoadedCatalogue, prefecture: str | None, signed: bool | None, expected: tuple[str, ...]
) -> None:
    """G24, R121-R125: entrusted in-post may apply for 内科, where the prefecture allows it."""
    unit = SendingUnit(
        recommends=True,
        prefecture=prefecture,
        base="hubei-xiehe",
        specialty="0100",
        agreement_signed=signed,
    )
    opening = "hubei-xiehe-residency-2024/0100"
    assert await _decide(loaded, opening, _entrusted(unit)) == expected


# The cut of the plan


def test_t18_configured_factor_is_unknown(catalogue: Catalogue) -> None:
    """T18: the configuration really has no factor, and says why."""
    policies = {each.key: each for each in catalogue.programs["hubei-residency-2024"].policies}
    factor = policies["shortage_cut_factor"]
    assert factor.value is None
    assert factor.note is not None
    assert factor.note.zh == "通知写“按比例削减”，未给出比例；须由省级配置给出，系统不推定"


# The package


def test_package() -> None:
    """The package declares the entry point, needs zhupei 1, and exports what it says."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["entry-points"]["zhupei"] == {"hubei": "zhupei_hubei:plugin"}
    assert project["project"]["dependencies"] == ["zhupei>=1,<2"]
    assert version("zhupei").split(".")[0] == "1"
    assert zhupei_hubei.__all__ == sorted(zhupei_hubei.__all__)
    assert all(hasattr(zhupei_hubei, name) for name in zhupei_hubei.__all__)
