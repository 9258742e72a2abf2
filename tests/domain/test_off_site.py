"""Off-site professional masters (R161): who may be registered, and what it takes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_refusals import RefusalCode
from zhupei.domain.institutions import Base
from zhupei.domain.off_site import SchoolSite, off_site_refusal
from zhupei.domain.people import TraineeType
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Program, ProgramKind

_BASE = Base(code="hospital", name=Text("医院"), province="620000", prefecture="620100")
_STEP = AdmissionStep(
    id="direct-registration",
    kind="direct_registration",
    label=Text("直接注册"),
    level=Level.JURISDICTION,
    source=Source("SAMPLE", "一", "36"),
    params=SimpleNamespace(
        trainee_types=(TraineeType.PROFESSIONAL_MASTER,),
        off_site=SimpleNamespace(
            since=2023, source=SimpleNamespace(document="SAMPLE", clause="二", lines="98")
        ),
    ),
)
_PROGRAM = Program(
    code="p", name=Text("住培"), kind=ProgramKind.RESIDENCY, year=2024, steps=(_STEP,)
)
_MASTER = TraineeType.PROFESSIONAL_MASTER


@pytest.mark.parametrize(
    ("school", "code", "field"),
    [
        (SchoolSite(), RefusalCode.INPUT_INVALID, "schoolProvince"),
        (
            SchoolSite(province="630000", prefecture="630100", report="1号", consent="2号"),
            RefusalCode.OFF_SITE_NOT_ALLOWED,
            "schoolProvince",
        ),
        (SchoolSite(province="620000"), RefusalCode.INPUT_INVALID, "schoolPrefecture"),
        (
            SchoolSite(province="620000", prefecture="620200"),
            RefusalCode.OFF_SITE_NOT_ALLOWED,
            "offSiteReport",
        ),
        (
            SchoolSite(province="620000", prefecture="620200", report="1号", consent=" "),
            RefusalCode.OFF_SITE_NOT_ALLOWED,
            "offSiteConsent",
        ),
    ],
)
def test_r161_who_is_not_registered(school: SchoolSite, code: RefusalCode, field: str) -> None:
    """S2:98: never across provinces; within the province with report and consent."""
    refusal = off_site_refusal(_PROGRAM, _BASE, _MASTER, school)
    assert refusal is not None
    assert (refusal.code, refusal.field) == (code, field)
    assert refusal.source == Source("SAMPLE", "二", "98")
    assert refusal.message.zh
    assert refusal.message.en


def test_r161_both_papers_are_named_where_both_are_missing() -> None:
    school = SchoolSite(province="620000", prefecture="620200")
    refusal = off_site_refusal(_PROGRAM, _BASE, _MASTER, school)
    assert refusal is not None
    assert refusal.message == Text(
        "省内异地培训须先有：报省教育厅的书面报告、省卫生健康委的同意",
        "training elsewhere within the province needs first: the written report to the education "
        "department, the consent of the health commission",
    )


@pytest.mark.parametrize(
    "school",
    [
        SchoolSite(province="620000", prefecture="620100"),
        SchoolSite(province="620000", prefecture="620200", report="1号", consent="2号"),
    ],
)
def test_r161_who_is_registered(school: SchoolSite) -> None:
    assert off_site_refusal(_PROGRAM, _BASE, _MASTER, school) is None


def test_r161_others_and_earlier_years_are_not_limited() -> None:
    """From 2023 on; trainees of other types, and programs without limits, are not concerned."""
    nothing = SchoolSite()
    assert off_site_refusal(_PROGRAM, _BASE, TraineeType.SOCIAL, nothing) is None
    assert off_site_refusal(_PROGRAM, _BASE, None, nothing) is None
    assert off_site_refusal(replace(_PROGRAM, year=2022), _BASE, _MASTER, nothing) is None
    free = replace(_STEP, params=SimpleNamespace(trainee_types=(_MASTER,), off_site=None))
    assert off_site_refusal(replace(_PROGRAM, steps=(free,)), _BASE, _MASTER, nothing) is None
    other = replace(_STEP, kind="registration")
    assert off_site_refusal(replace(_PROGRAM, steps=(other,)), _BASE, _MASTER, nothing) is None


def test_r161_limits_without_a_clause_of_their_own_bind_by_the_steps() -> None:
    params = SimpleNamespace(
        trainee_types=(_MASTER,), off_site=SimpleNamespace(since=2023, source=None)
    )
    program = replace(_PROGRAM, steps=(replace(_STEP, params=params),))
    refusal = off_site_refusal(program, _BASE, _MASTER, SchoolSite())
    assert refusal is not None
    assert refusal.source == _STEP.source


def test_r161_a_base_whose_prefecture_is_unknown_needs_the_papers() -> None:
    unknown = replace(_BASE, prefecture=None)
    school = SchoolSite(province="620000", prefecture="620100")
    assert off_site_refusal(_PROGRAM, unknown, _MASTER, school) is not None
