"""Estimates: qualifying degree, lines of three origins, totals, pay floor, failures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example_hospital import (
    BACHELOR,
    FLOORS,
    LABEL,
    ExampleCatalogue,
    benefit,
    catalogue,
    dispatcher,
    example_opening,
    example_program,
    named,
    policy,
    requirement,
)
from zhupei import Month, Trainee, hookimpl
from zhupei.domain.benefits import (
    AmountRange,
    Benefit,
    BenefitEstimate,
    FundingSource,
    Payer,
    PayFloorOutcome,
    Subsidy,
    SubsidyLine,
    WageFigure,
)
from zhupei.domain.people import (
    Degree,
    DegreeLevel,
    DegreeType,
    NightShiftCounts,
    Profile,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind
from zhupei.services.benefits import estimate

_SOCIAL = 'profile.traineeType == "SOCIAL"'


def _brochure() -> tuple[Benefit, ...]:
    """S0:66-82: stipend, post allowance, performance, nights, shortage, meals, lodging."""
    return (
        benefit(
            "by_degree",
            rule="stipend",
            when=_SOCIAL,
            amounts={"BACHELOR": "6000", "MASTER": "7000", "DOCTOR": "8500"},
        ),
        benefit(
            "monthly",
            rule="post-allowance",
            when=_SOCIAL,
            amount="1000",
            granted_by="postAllowanceGranted",
        ),
        benefit("unquantified", rule="performance"),
        benefit("night_shift", rule="nights", independent="310", follower="155", least_hours="8"),
        benefit("shortage", amount="500", specialties=["儿科", "0300", "1600"]),
        benefit("monthly", rule="meals", amount="600"),
        benefit("in_kind", rule="lodging", months="36"),
    )


_PAEDIATRICS = example_opening(
    benefits=_brochure(),
    requirements=(
        requirement("degree", least="BACHELOR", full_time="true", awarded="true"),
        requirement(
            "major",
            undergraduate=["100201K"],
            postgraduate=["儿科学"],
            postgraduate_on_bachelor="review",
        ),
    ),
)
_INTERNAL = replace(
    _PAEDIATRICS,
    code="shili-residency-2026/0100",
    specialty="0100",
    specialty_name=Text("内科", "Internal medicine"),
)
_PROFILE = Profile(
    trainee_type=TraineeType.SOCIAL,
    qualifying_degree=DegreeLevel.BACHELOR,
    post_allowance_granted=True,
    night_shift_counts=NightShiftCounts(),
)


def _rules(**changes: Any) -> ExampleCatalogue:
    program = changes.pop("program", example_program(policies=FLOORS))
    return catalogue(_PAEDIATRICS, _INTERNAL, program=program, **changes)


async def _estimate(
    profile: Profile, code: str = _INTERNAL.code, *, months: int | None = None, **changes: Any
) -> BenefitEstimate:
    return await estimate(_rules(**changes), dispatcher(), code, profile, months=months)


def _figures(found: BenefitEstimate) -> dict[str, AmountRange | None]:
    return {line.id: line.amount for line in found.lines}


def _exactly(amount: int) -> AmountRange:
    return AmountRange.exactly(Decimal(amount))


async def test_g2_a_bachelor_gets_7600() -> None:
    """G2, R056: 6000 + 1000 + 600, no nights, allowance granted; 91,200 a year."""
    found = await _estimate(_PROFILE)
    assert found.monthly == _exactly(7600)
    assert found.yearly == _exactly(91_200)
    assert (found.months, found.whole) == (36, _exactly(273_600))
    assert _figures(found) == {
        "stipend": _exactly(6000),
        "post-allowance": _exactly(1000),
        "performance": None,
        "nights": _exactly(0),
        "meals": _exactly(600),
        "lodging": None,
    }
    assert (found.qualifying_degree, found.notes) == (DegreeLevel.BACHELOR, ())
    assert (found.opening, found.catalogue_hash) == (_INTERNAL.code, "0f0f")


@pytest.mark.parametrize(
    ("level", "internal", "shortage", "yearly"),
    [
        (DegreeLevel.BACHELOR, 7600, 8100, 97_200),
        (DegreeLevel.MASTER, 8600, 9100, 109_200),
        (DegreeLevel.DOCTOR, 10_100, 10_600, 127_200),
    ],
)
async def test_r056_by_degree_and_in_shortage_specialties(
    level: DegreeLevel, internal: int, shortage: int, yearly: int
) -> None:
    profile = replace(_PROFILE, qualifying_degree=level)
    assert (await _estimate(profile)).monthly == _exactly(internal)
    found = await _estimate(profile, _PAEDIATRICS.code)
    assert (found.monthly, found.yearly) == (_exactly(shortage), _exactly(yearly))


_MASTER = Degree(
    level=DegreeLevel.MASTER,
    type=DegreeType.PROFESSIONAL,
    major="儿科学",
    full_time=True,
    awarded=True,
)


@pytest.mark.parametrize(
    ("degrees", "stipend"),
    [
        ((BACHELOR,), 6000),
        ((BACHELOR, _MASTER), 7000),
        ((BACHELOR, replace(_MASTER, level=DegreeLevel.DOCTOR, major="药理学")), 6000),
        (
            (BACHELOR, _MASTER, replace(_MASTER, level=DegreeLevel.DOCTOR, major="药理学")),
            7000,
        ),
        ((BACHELOR, replace(_MASTER, level=DegreeLevel.DOCTOR)), 8500),
    ],
)
async def test_g4_t27_degrees_are_paid_as_the_opening_accepts_them(
    degrees: tuple[Degree, ...], stipend: int
) -> None:
    """G4, T27: the opening's own rule finds the degree; a doctorate beside the list pays 6000."""
    profile = replace(_PROFILE, qualifying_degree=None, degrees=degrees)
    found = await _estimate(profile)
    assert _figures(found)["stipend"] == _exactly(stipend)


async def test_degrees_that_do_not_qualify_leave_a_range_and_say_why() -> None:
    wrong = replace(BACHELOR, major_code="100202TK")
    found = await _estimate(replace(_PROFILE, qualifying_degree=None, degrees=(wrong,)))
    assert found.qualifying_degree is None
    assert _figures(found)["stipend"] == AmountRange(Decimal(6000), None, Decimal(8500))
    assert found.notes == (
        Text(
            "所给学历中未能确定符合报考条件的学历：本科专业 100202TK 不在招收专业（100201K）内",
            "none of the degrees given is known to qualify: "
            "the undergraduate major 100202TK is not among 100201K",
        ),
    )


async def test_without_rules_on_degrees_the_highest_counts_and_is_said_to() -> None:
    opening = replace(_INTERNAL, requirements=())
    profile = replace(_PROFILE, qualifying_degree=None, degrees=(BACHELOR, _MASTER))
    found = await estimate(catalogue(opening), dispatcher(), opening.code, profile)
    assert found.qualifying_degree is DegreeLevel.MASTER
    assert [note.en for note in found.notes] == [
        "no rule of the opening decides on degrees, so the highest one is taken"
    ]


async def test_t28_r045_whom_another_employer_pays_gets_no_stipend() -> None:
    """T28, R045: the stipend is for those recruited from society."""
    found = await _estimate(replace(_PROFILE, trainee_type=TraineeType.ENTRUSTED))
    assert "stipend" not in _figures(found)
    assert found.monthly == _exactly(600)
    assert {floor.outcome for floor in found.floors} == {PayFloorOutcome.UNKNOWN}


async def test_t56_what_is_not_known_widens_the_range() -> None:
    """T56: minimum, expected and maximum; the expected counts what is certain."""
    found = await _estimate(Profile())
    assert found.monthly == AmountRange(Decimal(600), Decimal(600), None)
    lines = {line.id: line for line in found.lines}
    assert lines["stipend"].amount == AmountRange(Decimal(0), None, Decimal(8500))
    assert lines["stipend"].missing_facts == ("traineeType", "qualifyingDegree")
    assert lines["post-allowance"].missing_facts == ("traineeType", "postAllowanceGranted")
    assert lines["nights"].missing_facts == ("nightShifts",)
    known = await _estimate(replace(_PROFILE, post_allowance_granted=None))
    assert known.monthly == AmountRange(Decimal(6600), Decimal(6600), Decimal(7600))


@given(
    st.sampled_from([None, *TraineeType]),
    st.sampled_from([None, *DegreeLevel]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, NightShiftCounts(independent=2)]),
)
async def test_more_facts_only_narrow_the_range(
    trainee: TraineeType | None,
    degree: DegreeLevel | None,
    granted: bool | None,
    nights: NightShiftCounts | None,
) -> None:
    """What an incomplete profile is promised holds for every completion of it."""
    partial = Profile(
        trainee_type=trainee,
        qualifying_degree=degree,
        post_allowance_granted=granted,
        night_shift_counts=nights,
    )
    complete = Profile(
        trainee_type=trainee or TraineeType.SOCIAL,
        qualifying_degree=degree or DegreeLevel.MASTER,
        post_allowance_granted=True if granted is None else granted,
        night_shift_counts=nights or NightShiftCounts(follower=3),
    )
    wide, narrow = (await _estimate(partial)).monthly, (await _estimate(complete)).monthly
    assert wide.minimum <= narrow.minimum
    assert wide.maximum is None or (narrow.maximum is not None and narrow.maximum <= wide.maximum)


@pytest.mark.parametrize(
    ("title", "monthly", "half_year"),
    [
        (TitleLevel.SENIOR, 2500, 15_000),
        (TitleLevel.ASSOCIATE_SENIOR, 2000, 12_000),
        (TitleLevel.INTERMEDIATE, 1500, 9_000),
        (TitleLevel.JUNIOR, 1000, 6_000),
    ],
)
async def test_r111_r112_a_fellowship_of_half_a_year(
    title: TitleLevel, monthly: int, half_year: int
) -> None:
    amounts = {
        "SENIOR": "2500",
        "ASSOCIATE_SENIOR": "2000",
        "INTERMEDIATE": "1500",
        "JUNIOR": "1000",
    }
    opening = example_opening(
        kind=ProgramKind.FELLOWSHIP,
        duration_months=6,
        benefits=(benefit("by_title", amounts=amounts),),
    )
    program = example_program(kind=ProgramKind.FELLOWSHIP, duration_months=None, policies=FLOORS)
    found = await estimate(
        catalogue(opening, program=program), dispatcher(), opening.code, Profile(title=title)
    )
    assert (found.months, found.monthly, found.whole) == (6, _exactly(monthly), _exactly(half_year))
    assert found.floors == (), "R283 is a rule of residency training"


@pytest.mark.parametrize(("months", "whole"), [(1, 7600), (24, 182_400)])
async def test_the_whole_is_for_as_many_months(months: int, whole: int) -> None:
    assert (await _estimate(_PROFILE, months=months)).whole == _exactly(whole)


async def test_an_estimate_needs_an_opening_and_a_month() -> None:
    with pytest.raises(ValueError, match="at least one month, not 0"):
        await _estimate(_PROFILE, months=0)
    with pytest.raises(KeyError, match="nowhere"):
        await _estimate(_PROFILE, "nowhere")


async def test_t29_t30_a_note_says_how_far_training_may_be_shortened() -> None:
    policies = (
        policy("training_months", 36),
        policy("minimum_months_professional_master", 24),
        policy("reduction_cap_months", 12),
        policy("reduction_needs_assessment", True),
    )
    profile = replace(_PROFILE, qualifying_degree=None, degrees=(BACHELOR, _MASTER))
    found = await _estimate(profile, program=example_program(policies=policies))
    assert found.notes == (
        Text(
            "经考核可减免培训年限，最短 24 个月；合计按 36 个月估算",
            "the training may be shortened to 24 months after an assessment; "
            "the total is for 36 months",
        ),
    )


_WAGES = {
    year: WageFigure(region="示例市", year=year, amount=Decimal(120_000))
    for year in (2025, 2026, 2027)
}


async def test_g35_the_pay_floor_of_each_year() -> None:
    """G35, R283: 4,800 short in year 1, before nights and performance pay."""
    found = await _estimate(_PROFILE, wages=_WAGES)
    assert [
        (one.training_year, one.outcome, one.wage_year, one.floor, one.shortfall)
        for one in found.floors
    ] == [
        (1, PayFloorOutcome.NOT_MET, 2025, Decimal(96_000), Decimal(4_800)),
        (2, PayFloorOutcome.NOT_MET, 2026, Decimal(120_000), Decimal(28_800)),
        (3, PayFloorOutcome.NOT_MET, 2027, Decimal(132_000), Decimal(40_800)),
    ]
    assert found.floors[0].reason == Text(
        "未计入未公布金额的示例", "without a published figure and not counted: Example"
    )


async def test_nights_that_are_not_given_leave_the_floor_open() -> None:
    found = await _estimate(replace(_PROFILE, night_shift_counts=None), wages=_WAGES)
    first = found.floors[0]
    assert (first.outcome, first.shortfall) == (PayFloorOutcome.UNKNOWN, Decimal(4_800))
    assert str(first.reason and first.reason.en).startswith("not given: night shifts; ")


async def test_t55_without_a_wage_the_floor_is_unknown() -> None:
    """T55: a wage that is not configured is no wage; nothing is met."""
    found = await _estimate(replace(_PROFILE, training_year=2), wages={2025: _WAGES[2025]})
    (floor,) = found.floors
    assert (floor.training_year, floor.outcome) == (2, PayFloorOutcome.UNKNOWN)
    assert floor.reason == Text(
        "所在地区 2026 年城镇在岗职工平均工资未配置",
        "the region's average wage of 2026 is not configured",
    )
    no_share = await _estimate(_PROFILE, program=example_program(), wages=_WAGES, months=12)
    assert [one.reason and one.reason.en for one in no_share.floors] == [
        "no share is set for training year 1"
    ]


_SUBSIDY = Subsidy(
    id="meals",
    label=LABEL,
    amount=Decimal(700),
    payer=Payer.BASE,
    funding_source=FundingSource.BASE,
    note=Text("由插件给出", "given by a plugin"),
)


def _calculated(id_: str, amount: int, level: Level = Level.INSTITUTION) -> SubsidyLine:
    return SubsidyLine(
        id=id_,
        kind="example.extra",
        label=LABEL,
        payer=Payer.BASE,
        funding_source=FundingSource.BASE,
        amount=_exactly(amount),
        level=level,
    )


class _Payer:
    """Answers `calculate_subsidy` with what a test wants, and remembers the question."""

    def __init__(self, *lines: SubsidyLine) -> None:
        self.lines = list(lines)
        self.asked: list[tuple[Trainee, Month]] = []

    @hookimpl
    def calculate_subsidy(self, trainee: Trainee, month: Month) -> list[SubsidyLine] | None:
        self.asked.append((trainee, month))
        return self.lines


async def test_plugins_replace_lines_of_the_same_id_and_add_others() -> None:
    """YAML, then base_subsidies, then calculate_subsidy: the later one of an id stands."""
    rules = _rules(
        subsidies={("shili", 2026): (_SUBSIDY,), ("shili", 2025): (replace(_SUBSIDY, id="old"),)},
        scopes=named("example"),
    )
    subsidised = await estimate(rules, dispatcher(), _INTERNAL.code, _PROFILE)
    assert _figures(subsidised)["meals"] == _exactly(700)
    assert "old" not in _figures(subsidised)
    plugin = _Payer(_calculated("meals", 800), _calculated("housing", 900))
    found = await estimate(rules, dispatcher(example=plugin), _INTERNAL.code, _PROFILE)
    assert [line.id for line in found.lines] == [
        "stipend",
        "post-allowance",
        "performance",
        "nights",
        "meals",
        "lodging",
        "housing",
    ]
    assert found.monthly == _exactly(6000 + 1000 + 800 + 900)
    assert {line.id: line.plugin for line in found.lines if line.plugin} == {
        "meals": "example",
        "housing": "example",
    }


async def test_plugins_are_asked_about_the_month_that_the_profile_means() -> None:
    plugin = _Payer()
    rules = _rules(scopes=named("example"))
    profile = replace(
        _PROFILE, qualifying_degree=None, degrees=(BACHELOR, _MASTER), training_year=3
    )
    await estimate(rules, dispatcher(example=plugin), _INTERNAL.code, profile)
    ((trainee, month),) = plugin.asked
    assert month == Month(2028, 9)
    assert (trainee.opening, trainee.specialty) == (_INTERNAL.code, "0100")
    assert trainee.profile.qualifying_degree is DegreeLevel.MASTER


class _Broken:
    """Fails at every month."""

    @hookimpl
    def calculate_subsidy(self, month: Month) -> list[SubsidyLine] | None:
        raise RuntimeError("secret of the host")


async def test_a_plugin_that_fails_is_named_and_the_rest_stands() -> None:
    rules = _rules(scopes=named("example"))
    found = await estimate(rules, dispatcher(example=_Broken()), _INTERNAL.code, _PROFILE)
    assert found.monthly == _exactly(7600)
    (note,) = found.notes
    assert str(note.en).startswith("plugin example could not calculate: ")
    assert str(note.en).endswith("; totals may lack a part")
    assert "secret" not in f"{note.zh}{note.en}"


async def test_a_kind_that_nobody_teaches_has_no_figure() -> None:
    gone = replace(benefit("unquantified", rule="gone"), kind="gone.pay", owner="gone")
    opening = replace(_INTERNAL, benefits=(gone,))
    found = await estimate(catalogue(opening), dispatcher(), opening.code, _PROFILE)
    (line,) = found.lines
    assert (line.amount, line.plugin) == (None, "gone")
    assert line.note == Text(
        "没有可计算“gone.pay”的待遇类型", 'no kind of benefit computes "gone.pay"'
    )
    assert found.notes == (line.note,)


async def test_a_condition_that_cannot_be_computed_leaves_no_figure() -> None:
    broken = benefit("monthly", amount="600", when="1 / 0 == 1")
    opening = replace(_INTERNAL, benefits=(broken,))
    found = await estimate(catalogue(opening), dispatcher(), opening.code, _PROFILE)
    assert [line.amount for line in found.lines] == [None]
    assert [str(note.en) for note in found.notes] == [
        "the expression cannot be evaluated (division by zero in CEL expression): 1 / 0 == 1"
    ]
