"""A fictional hospital's plugin that uses every hook of zhupei once."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from zhupei import (
    CHINA_TIME,
    Actor,
    ActorKind,
    AdmissionStep,
    AmountRange,
    Application,
    Assessment,
    AssessmentRecord,
    Base,
    Benefit,
    Candidate,
    Certificate,
    Commands,
    Cycle,
    EligibilityQuestion,
    Event,
    Finding,
    FindingOutcome,
    FundingSource,
    Grant,
    Kind,
    KindGroup,
    Level,
    Model,
    Month,
    Opening,
    Payer,
    PayQuestion,
    Period,
    Permission,
    Program,
    Quota,
    Request,
    RequiredDocument,
    Round,
    Score,
    Source,
    Submission,
    Subsidy,
    SubsidyLine,
    Text,
    Timeline,
    Trainee,
    Verdict,
    Whole,
    Window,
    Zhupei,
    hookimpl,
)
from zhupei_kitchen_sink.graph_types import (
    KitchenSinkMeals,
    KitchenSinkProfile,
    KitchenSinkQueries,
    profile,
)

__all__ = ["HISTORY", "KitchenSinkExtra"]

HISTORY: list[str] = []
"""What happened to the plugin, for tests to read."""

_BASE = "kitchen-sink-hospital"
_PROGRAM = "kitchen-sink-residency-2026"
_LEVEL = Level.INSTITUTION
_BROCHURE = Source("KS", "招收简章 · brochure")
_VACCINATION = Text("水痘疫苗接种证明", "proof of vaccination against chickenpox")


class KitchenSinkExtra(Model):
    """The block ``extra: kitchen-sink:`` of the hospital's file."""

    december_bonus: Whole
    """Bonus paid in December, in yuan."""


class CertificateParams(Model):
    """Parameters of the kind ``kitchen-sink.certificate``."""

    name: str
    """Name of the certificate that a candidate has to hold."""


class MealParams(Model):
    """Parameters of the kind ``kitchen-sink.meals``."""

    meals: Whole
    """Meals a month."""
    price: Whole
    """Yuan for a meal."""


def decide_certificate(params: CertificateParams, question: EligibilityQuestion) -> Verdict:
    """Decide whether the candidate holds the certificate; UNKNOWN where none were asked for."""
    held = question.candidate.certificates
    label = Text(f"须持有{params.name}", f"must hold {params.name}")
    if held is None:
        return Verdict(outcome=FindingOutcome.UNKNOWN, message=label, missing=("certificates",))
    passed = Certificate(name=params.name) in held
    return Verdict(outcome=FindingOutcome.PASS if passed else FindingOutcome.FAIL, message=label)


def decide_meals(params: MealParams, question: PayQuestion) -> list[SubsidyLine]:
    """Return the value of a month's meals."""
    benefit = question.benefit
    return [
        SubsidyLine(
            id=benefit.id,
            kind=benefit.kind,
            label=benefit.label,
            payer=benefit.payer,
            funding_source=benefit.funding_source,
            amount=AmountRange.exactly(Decimal(params.meals * params.price)),
            source=benefit.source,
        )
    ]


@hookimpl
def register_kinds() -> list[Kind]:
    """Teach one kind of each group."""
    return [
        Kind(
            group=KindGroup.REQUIREMENT,
            name="kitchen-sink.certificate",
            label=Text("持有证书", "holds a certificate"),
            description=Text("须持有指定的证书", "A certificate by name that must be held."),
            params=CertificateParams,
            decide=decide_certificate,
        ),
        Kind(
            group=KindGroup.BENEFIT,
            name="kitchen-sink.meals",
            label=Text("工作餐", "meals"),
            description=Text("按餐计价的工作餐", "Meals at a price."),
            params=MealParams,
            decide=decide_meals,
            graph_type=KitchenSinkMeals,
        ),
        Kind(
            group=KindGroup.STEP,
            name="kitchen-sink.tasting",
            label=Text("试菜", "tasting"),
            description=Text("与科室共进一餐", "A meal together with the department."),
        ),
        Kind(
            group=KindGroup.DOCUMENT,
            name="kitchen-sink.vaccination",
            label=Text("接种证明", "vaccination record"),
            description=Text("疫苗接种证明", "A record of a vaccination."),
        ),
        Kind(
            group=KindGroup.ASSESSMENT,
            name="kitchen-sink.cooking",
            label=Text("烹饪考核", "cooking test"),
            description=Text("按菜品打分", "Marked dish by dish."),
        ),
    ]


@hookimpl
def register_config() -> type[KitchenSinkExtra]:
    """Describe the hospital's own block."""
    return KitchenSinkExtra


@hookimpl
def register_bases() -> list[Path]:
    """Bring the hospital's file along."""
    return [Path(__file__).parent.absolute() / "bases"]


@hookimpl
def register_types() -> list[type[Any]]:
    """Add the hospital's profile."""
    return [KitchenSinkProfile]


@hookimpl
def register_queries() -> type[KitchenSinkQueries]:
    """Add the hospital's queries."""
    return KitchenSinkQueries


@hookimpl
def register_permissions() -> list[Permission]:
    """Protect the taps."""
    return [
        Permission(
            "kitchen-sink.see-taps",
            Text("查看水龙头", "see the taps"),
            roles=("base_office",),
        )
    ]


@hookimpl
def register_commands(commands: Commands) -> None:
    """Add ``zhupei kitchen-sink taps``."""
    parser = commands.add_parser("taps", help="count the taps")
    parser.set_defaults(run=lambda _arguments: 0)


@hookimpl
async def startup(zhupei: Zhupei) -> None:
    """Open nothing, as a coroutine."""
    await asyncio.sleep(0)
    HISTORY.append(f"started with zhupei {zhupei.version}")


@hookimpl
def shutdown(zhupei: Zhupei) -> None:
    """Close nothing, as a plain function."""
    HISTORY.append(f"stopped at {zhupei.catalogue_hash}")


@hookimpl
def base_quotas(base: Base, cycle: Cycle) -> list[Quota] | None:
    """Two specialties in 2026; the second has no published figure."""
    if base.code != _BASE or cycle.year != 2026:
        return None
    return [
        Quota(program=_PROGRAM, specialty="0100", seats=4, source=_BROCHURE),
        Quota(
            program=_PROGRAM,
            specialty="0200",
            seats=None,
            note=Text("名额另行公布", "to be published"),
            source=_BROCHURE,
        ),
    ]


@hookimpl
async def base_benefits(base: Base, config: KitchenSinkExtra | None) -> list[Benefit] | None:
    """The December bonus, as a coroutine."""
    await asyncio.sleep(0)
    if config is None or not config.december_bonus:
        return None
    return [
        Benefit(
            id="december-bonus",
            kind="kitchen-sink.meals",
            label=Text("十二月奖金", "December bonus"),
            level=_LEVEL,
            payer=Payer.BASE,
            funding_source=FundingSource.BASE,
            period=Period.YEAR,
            source=_BROCHURE,
            params=MealParams(meals=1, price=config.december_bonus),
            owner="kitchen-sink",
        )
    ]


@hookimpl
def base_admission_steps(base: Base, program: Program) -> list[AdmissionStep] | None:
    """Registration, then a meal together."""
    return [
        AdmissionStep(
            id="registration",
            kind="registration",
            label=Text("报名", "registration"),
            level=_LEVEL,
            actor="applicant",
        ),
        AdmissionStep(
            id="tasting",
            kind="kitchen-sink.tasting",
            label=Text("试菜", "tasting"),
            level=_LEVEL,
            actor="base",
            owner="kitchen-sink",
        ),
    ]


@hookimpl
def base_timeline(base: Base, cycle: Cycle) -> Timeline | None:
    """One round: thirty days from the first of June."""
    opens = datetime(cycle.year, 6, 1, tzinfo=CHINA_TIME)
    window = Window(
        kind="registration",
        label=Text("报名", "registration"),
        opens_at=opens,
        closes_at=opens + timedelta(days=30),
        source=_BROCHURE,
    )
    only = Round(code="only", name=Text("唯一批次", "only round"), windows=(window,))
    return Timeline(program=f"kitchen-sink-residency-{cycle.year}", rounds=(only,))


@hookimpl
def base_documents(base: Base, program: Program) -> list[RequiredDocument] | None:
    """The vaccination record."""
    return [
        RequiredDocument(
            id="vaccination",
            kind="kitchen-sink.vaccination",
            label=_VACCINATION,
            level=_LEVEL,
            at_step="registration",
            form="scan",
            owner="kitchen-sink",
        )
    ]


@hookimpl
def base_subsidies(base: Base) -> list[Subsidy] | None:
    """A subsidy that the hospital pays itself."""
    return [
        Subsidy(
            id="soap",
            label=Text("肥皂补贴", "soap allowance"),
            amount=Decimal(20),
            payer=Payer.BASE,
            funding_source=FundingSource.BASE,
            source=_BROCHURE,
        )
    ]


@hookimpl
def base_assessments(base: Base, program: Program) -> list[Assessment] | None:
    """A cooking test that alone decides the ranking."""
    return [
        Assessment(
            id="cooking",
            kind="kitchen-sink.cooking",
            label=Text("烹饪考核", "cooking test"),
            phase="admission",
            level=_LEVEL,
            full_mark=100,
            pass_mark=60,
            weight=Decimal(1),
            owner="kitchen-sink",
        )
    ]


@hookimpl
def base_extension(base: Base) -> KitchenSinkProfile | None:
    """The hospital's own object of the graph."""
    if base.code != _BASE:
        return None
    return profile(taps=12, source=_BROCHURE)


def _vaccinated(candidate: Candidate) -> FindingOutcome:
    if candidate.certificates is None:
        return FindingOutcome.UNKNOWN
    names = {certificate.name for certificate in candidate.certificates}
    return FindingOutcome.PASS if _VACCINATION.zh in names else FindingOutcome.REVIEW


@hookimpl
def check_eligibility(base: Base, opening: Opening, candidate: Candidate) -> list[Finding] | None:
    """Ask for a vaccination where children are treated."""
    if not opening.specialty.startswith("02"):
        return None
    outcome = _vaccinated(candidate)
    return [
        Finding(
            rule="kitchen-sink.vaccination",
            outcome=outcome,
            level=_LEVEL,
            message=_VACCINATION,
            missing_facts=("certificates",) if outcome is FindingOutcome.UNKNOWN else (),
            source=_BROCHURE,
            plugin="kitchen-sink",
        )
    ]


@hookimpl
async def check_step(
    application: Application, step: AdmissionStep, submission: Submission
) -> list[Finding] | None:
    """Refuse a tasting without an appetite, as a coroutine."""
    await asyncio.sleep(0)
    if step.kind != "kitchen-sink.tasting":
        return None
    hungry = submission.answers.get("appetite") == "yes"
    return [
        Finding(
            rule="kitchen-sink.appetite",
            outcome=FindingOutcome.PASS if hungry else FindingOutcome.FAIL,
            level=_LEVEL,
            message=Text("请空腹前来", "come hungry"),
            plugin="kitchen-sink",
        )
    ]


@hookimpl
async def remaining_seats(openings: tuple[Opening, ...]) -> dict[str, int] | None:
    """All published seats are left."""
    return {opening.code: opening.quota for opening in openings if opening.quota is not None}


@hookimpl
def calculate_subsidy(trainee: Trainee, month: Month) -> list[SubsidyLine] | None:
    """Pay a bonus in December to those who began before it."""
    if month.number != 12 or trainee.started_on >= month.first_day:
        return None
    return [
        SubsidyLine(
            id="december-bonus",
            kind="kitchen-sink.meals",
            label=Text("十二月奖金", "December bonus"),
            payer=Payer.BASE,
            funding_source=FundingSource.BASE,
            amount=AmountRange.exactly(Decimal(500)),
            level=_LEVEL,
            plugin="kitchen-sink",
        )
    ]


@hookimpl
def score_assessment(assessment: Assessment, record: AssessmentRecord) -> Score | None:
    """Add up the dishes."""
    if assessment.kind != "kitchen-sink.cooking":
        return None
    points = sum((mark.points for mark in record.marks), Decimal(0))
    passed = assessment.pass_mark is None or points >= assessment.pass_mark
    return Score(assessment=assessment.id, points=points, passed=passed)


@hookimpl
def working_day(day: date) -> bool | None:
    """Rest on the hospital's anniversary."""
    return False if (day.month, day.day) == (2, 29) else None


@hookimpl
async def actor_from_request(request: Request) -> Actor | None:
    """Believe the hospital's own gateway."""
    name = request.headers.get("x-kitchen-sink-user")
    if name is None:
        return None
    return Actor(
        id=f"kitchen-sink:{name}",
        kind=ActorKind.PERSON,
        issuer="kitchen-sink",
        grants=frozenset({Grant("base_office", base=_BASE)}),
    )


@hookimpl
def permission_granted(actor: Actor | None, permission: str, base: Base | None) -> bool | None:
    """Let only the hospital's own staff see its taps."""
    if permission != "kitchen-sink.see-taps":
        return None
    own = Grant("base_office", base=None if base is None else base.code)
    return actor is not None and own in actor.grants


@hookimpl
async def event_recorded(event: Event) -> None:
    """Remember what happened."""
    HISTORY.append(event.name)
