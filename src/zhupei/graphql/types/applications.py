"""Applications as front ends show them: where they stand, what comes next, what may be done."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import strawberry

from zhupei.db.reading import Condition
from zhupei.domain import admission_case, applications, ranking
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.admission_process import STATE_LABELS, ApplicationState, Channel
from zhupei.domain.eligibility import EligibilityOutcome
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.candidate_facts import facts_of
from zhupei.graphql.desks import desk_of
from zhupei.graphql.listed_rows import RowsOf
from zhupei.graphql.loading import Load, Loaded
from zhupei.graphql.nodes import Node
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, One, declares, field
from zhupei.graphql.types.admissions import Objection, ProposedList
from zhupei.graphql.types.candidate_facts import CandidateFact
from zhupei.graphql.types.decisions import Finding
from zhupei.graphql.types.interviews import InterviewBooking, interview_of_application
from zhupei.graphql.types.references import (
    ApplicantRef,
    ApplicationRef,
    BaseRef,
    OpeningRef,
    ProgramRef,
    TraineeRef,
)
from zhupei.graphql.types.related import related_application
from zhupei.graphql.types.timelines import AllowedAction, Standing, Timeline, TransitionRecord
from zhupei.services.admissions import Desk, overviews
from zhupei.services.admissions.register_rows import OBJECTIONS, PROPOSED_LISTS
from zhupei.services.admissions.row_sources import APPLICATIONS, TRAINEES, TRANSITIONS
from zhupei.services.admissions.situations import owners_of, specialty_of
from zhupei.services.admissions.trainees import seen_trainees
from zhupei.services.applicant_rows import APPLICANTS

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = ["Application", "FrozenEligibility", "RecordedScore", "SubmittedDocument"]


@declares(
    admission_case.ReviewDecision,
    description="What an officer decided on one rule that asks for a review (审核决定).",
)
class ReviewDecision:
    """A decision."""

    rule: str = field(Attribute(), description="Id of the rule (规则标识).")
    accepted: bool = field(Attribute(), description="Whether it was accepted (是否通过).")
    reason: str = field(Attribute(), description="Why (理由).")


@declares(
    admission_case.FrozenEligibility,
    description=(
        "The report on eligibility as it stood at submission (资格审核结果), and the officer's "
        "decisions since."
    ),
)
class FrozenEligibility:
    """A report that does not change any more."""

    outcome: EligibilityOutcome = field(Attribute(), description="The conclusion (结论).")
    findings: list[Finding] = field(Attribute(), description="One for each rule (各项结论).")
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules that decided (规则版本)."
    )
    decided_at: datetime = field(Attribute(), description="When it was decided (审核时间).")
    decisions: list[ReviewDecision] = field(
        Attribute(), description="The officer's decisions on rules under review (审核决定)."
    )


def _percent(root: strawberry.Parent[admission_case.RecordedScore]) -> Decimal:
    return ranking.Score(root.score.points, root.score.of).percent


@declares(
    admission_case.RecordedScore, description="The score of one assessment (考核成绩), in points."
)
class RecordedScore:
    """A score."""

    assessment: str = field(Attribute(), description="`interview` or `examination` (考核项目).")
    points: Decimal = field(Attribute("score.points"), description="Points (得分).")
    of: int = field(Attribute("score.of"), description="The full mark (满分).")
    percent: Decimal = field(Computed(_percent), description="Points out of 100 (百分制成绩).")
    recorded_at: datetime = field(Attribute(), description="When it was recorded (录入时间).")


@declares(
    admission_case.PacketPart, description="One part of the result packet of an assessment (材料)."
)
class PacketPart:
    """A part."""

    title: str = field(Attribute(), description="Its title, as configured (标题).")
    text: str = field(Attribute(), description="What it says (内容).")


@declares(
    applications.SubmittedDocument,
    description="A document as it was handed in with an application (提交的材料).",
)
class SubmittedDocument:
    """A document."""

    document: str = field(Attribute(), description="The document that it is for (材料代号).")
    media_type: str = field(Attribute(), description="What it is (文件类型).")
    size: int = field(Attribute(), description="Size in bytes (字节数).")
    sha256: str = field(Attribute(), description="SHA-256 of its content (校验值).")


@strawberry.type(description="An answer to a field of the application form (报名表答复).")
class FormAnswer:
    """An answer."""

    field_id: str = strawberry.field(description="Id of the form's field (表单项标识).")
    value: str = strawberry.field(description="The answer (答复).")


@reads("applicant", "trainee_type", "base", "opening")
def _about(case: AdmissionCase, context: "GraphContext") -> tuple[Target, ...]:
    """Return what a permission about an application is asked for."""
    desk = context.kept.get(Desk)
    owners = (
        owners_of(desk, case.applicant, case.trainee_type)
        if isinstance(desk, Desk)
        else frozenset[str]()
    )
    return (Target(base=case.base, specialty=specialty_of(case.opening), owners=owners),)


def _related(
    answer: Callable[[Desk, Sequence[AdmissionCase]], Awaitable[Any]], read: frozenset[str]
) -> Load:
    """Return how something is loaded for many applications by a service that looks at these."""

    @reads(*read)
    async def load(cases: Sequence[AdmissionCase], context: "GraphContext") -> Mapping[Any, Any]:
        found: Mapping[Any, Any] = await answer(await desk_of(context), cases)
        return found

    return load


async def _seen_trainees(context: "GraphContext") -> Condition:
    return await seen_trainees(await desk_of(context))


@reads("state")
def _label(root: strawberry.Parent[AdmissionCase], info: GraphInfo) -> str:
    return STATE_LABELS[root.state].get(info.context.language)


@reads("answers")
def _answers(root: strawberry.Parent[AdmissionCase]) -> list[FormAnswer]:
    return [FormAnswer(field_id=name, value=text) for name, text in sorted(root.answers.items())]


@reads("candidate")
def _facts(root: strawberry.Parent[AdmissionCase]) -> list[CandidateFact]:
    found: Any = facts_of(root.candidate)
    return found  # type: ignore[no-any-return]  # the graph's type describes the other module's


@declares(
    AdmissionCase,
    APPLICATIONS.shown,
    description=(
        "One person's application for one opening (报名), in its present state. Whoever may not "
        "see it does not learn that it is there; a draft is seen by the person alone."
    ),
)
class Application(Node):
    """An application."""

    state: ApplicationState = field(Attribute(), description="Where it stands (状态).")
    state_label: str = field(Computed(_label), description="Name of the state (状态名称).")
    channel: Channel = field(Attribute(), description="The way of admission (渠道).")
    revision: int = field(
        Attribute(), description="How many things were done with it; grows by one (版本)."
    )
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    base_code: str = field(Attribute("base"), description="Its code (基地代码).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    root_program_code: str = field(
        Attribute("root_program"),
        description="Code of the topmost program, whose rounds and preferences bind (总项目代码).",
    )
    opening: OpeningRef | None = field(
        One("openings"), description="The opening; null where it left the catalogue (招收专业)."
    )
    opening_code: str = field(Attribute("opening"), description="Its code (招收专业代码).")
    round: str | None = field(Attribute(), description="Code of the round (批次).")
    direction: str | None = field(Attribute(), description="Direction within the opening (方向).")
    preference: int = field(Attribute(), description="Number of the preference, from 1 (志愿序号).")
    created_at: datetime = field(Attribute(), description="When the draft was begun (创建时间).")
    submitted_at: datetime | None = field(
        Attribute(), description="When it was handed in (提交时间)."
    )
    confirmed_at: datetime | None = field(
        Attribute(), description="When the offer was accepted (确认时间)."
    )
    report_by: date | None = field(
        Attribute(), description="Last day of reporting, by the notice (报到截止日)."
    )
    reported_on: date | None = field(Attribute(), description="Day of the report (报到日期).")
    agreement: AgreementKind | None = field(
        Attribute(), description="The agreement that was signed (协议类型)."
    )
    agreement_by: date | None = field(Attribute(), description="Last day of signing (签约截止日).")
    signed_on: date | None = field(Attribute(), description="Day of signing (签约日期).")
    holds_seat: bool = field(
        Attribute(), description="Whether a seat is taken for it (是否占用名额)."
    )
    completed_steps: list[str] = field(
        Attribute(), description="Ids of the steps that are completed (已完成环节)."
    )
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules that it was handed in under (规则版本)."
    )
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the applicant (报考人标识)."
    )
    applicant: ApplicantRef | None = permitted(
        field(
            RowsOf(rows=APPLICANTS, by="id", key=attrgetter("applicant"), single=True),
            description="The person, numbers masked by role (报考人).",
        ),
        "applicants.read",
        about=_about,
    )
    facts: list[CandidateFact] | None = permitted(
        field(
            Computed(_facts),
            description="The facts that it is decided by, frozen at submission (报考人信息).",
        ),
        "applicants.read",
        about=_about,
    )
    answers: list[FormAnswer] | None = permitted(
        field(Computed(_answers), description="Answers to the form's fields (报名表)."),
        "applicants.read",
        about=_about,
    )
    documents: list[SubmittedDocument] | None = permitted(
        field(Attribute(), description="Documents that were handed in (材料)."),
        "files.read",
        about=_about,
    )
    eligibility: FrozenEligibility | None = field(
        Attribute(), description="The report on eligibility, frozen at submission (资格审核结果)."
    )
    scores: list[RecordedScore] | None = permitted(
        field(Attribute(), description="Scores of interview and examination (成绩)."),
        "scores.read",
        about=_about,
    )
    packet: list[PacketPart] | None = permitted(
        field(Attribute(), description="The result packet of the assessment (考核材料)."),
        "scores.read",
        about=_about,
    )
    opinion: str | None = permitted(
        field(Attribute(), description="The specialty base's opinion (专业基地意见)."),
        "scores.read",
        about=_about,
    )
    interview: InterviewBooking | None = field(
        interview_of_application(),
        description="Its place in an interview slot; null without one (面试安排).",
    )
    standing: Standing | None = field(
        Loaded(_related(overviews.standings_of, overviews.READ_BY_STANDINGS), attrgetter("id")),
        description=(
            "Its place in the ranking and on the reserve list (名次); null where it is not "
            "ranked, or not for whoever asks."
        ),
    )
    publicity: ProposedList | None = field(
        RowsOf(rows=PROPOSED_LISTS, by="id", key=attrgetter("publicity"), single=True),
        description="The published list that it is on (公示名单).",
    )
    objections: list[Objection] | None = permitted(
        field(
            RowsOf(rows=OBJECTIONS, by="application", order=("id",)),
            description="Objections against it (异议).",
        ),
        "objections.decide",
        about=_about,
    )
    invitation_id: strawberry.ID | None = field(
        Attribute("invitation"), description="The invitation that it accepts (邀请标识)."
    )
    transferred_from: ApplicationRef | None = field(
        related_application("transferred_from"),
        description="The application that it was transferred from (调剂前报名).",
    )
    trainee: TraineeRef | None = field(
        RowsOf(rows=TRAINEES, by="application", where=_seen_trainees, single=True),
        description="The trainee that it made (学员); null before, and for whoever may not see it.",
    )
    timeline: Timeline | None = field(
        Loaded(_related(overviews.ways_of, overviews.READ_BY_WAYS), attrgetter("id")),
        description="Its way: done, now, next, with deadlines, and what must be done (进度).",
    )
    allowed_actions: list[AllowedAction] = field(
        Loaded(
            _related(overviews.actions_of, overviews.READ_BY_ACTIONS), attrgetter("id"), missing=()
        ),
        description=(
            "What whoever asks may do with it now, and why not the rest (可办操作); what is "
            "handed in is judged when it is."
        ),
    )
    records: list[TransitionRecord] | None = permitted(
        field(
            RowsOf(rows=TRANSITIONS, by="application", order=("revision",)),
            description="Every record of what was done with it, oldest first (办理记录).",
        ),
        "audit.read",
        about=_about,
    )
