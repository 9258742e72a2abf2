"""Trainees: registered people, what they were paid, and how their training ends."""

from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from zhupei.domain import registrations
from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.admission_process import Channel
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import DegreeLevel, DegreeType, TraineeType
from zhupei.domain.permissions import Target
from zhupei.domain.registrations import EndKind, TraineeState
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month
from zhupei.graphql.asked import reads
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.desks import desk_of
from zhupei.graphql.enums import show
from zhupei.graphql.errors import bad_input
from zhupei.graphql.listed_rows import ReadEdge, ReadPage, RowsOf
from zhupei.graphql.nodes import Node
from zhupei.graphql.permissions import permitted
from zhupei.graphql.scalars import Yuan
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.decisions import BenefitEstimate
from zhupei.graphql.types.origins import Source
from zhupei.graphql.types.references import (
    ApplicantRef,
    ApplicationRef,
    BaseRef,
    OpeningRef,
    ProgramRef,
)
from zhupei.graphql.types.related import related_application
from zhupei.services.admissions import Desk
from zhupei.services.admissions.row_sources import PAYMENTS, TRAINEES
from zhupei.services.admissions.situations import owners_of
from zhupei.services.admissions.trainees import READ_BY_PAY, TraineeOrder, pay_of
from zhupei.services.applicant_rows import APPLICANTS

if TYPE_CHECKING:
    from zhupei.graphql.context import GraphContext

__all__ = [
    "Repayment",
    "Trainee",
    "TraineeConnection",
    "TraineeFilter",
    "TraineePayment",
    "TrainingEnd",
    "read_month",
]

show(
    TraineeState,
    "Where a registered person stands in training (培训状态).",
    {
        TraineeState.IN_TRAINING: "In training (在培).",
        TraineeState.WITHDRAWN: "Withdrew before the end (退培).",
        TraineeState.TRANSFERRED: "Continues at another base (转出).",
        TraineeState.DISMISSED: "Ended by the base (清退).",
        TraineeState.CANCELLED: "The admission was cancelled for fraud (取消资格).",
    },
)
show(
    EndKind,
    "Why a training ends before its time (提前结束原因).",
    {
        EndKind.PERSONAL_REASONS: (
            "For personal reasons (个人原因退培), with the repayment that the rules name."
        ),
        EndKind.FORCE_MAJEURE: "For reasons nobody answers for, such as illness (不可抗力).",
        EndKind.TRANSFER: "Continues at another base (转出).",
        EndKind.DISMISSAL: "Ended by the base (清退).",
    },
    name="TrainingEndKind",
)
show(
    TraineeOrder,
    "What trainees are ordered by (学员排序); unknown comes last.",
    {
        TraineeOrder.REGISTERED: "By registration, the earliest first (注册先后).",
        TraineeOrder.STARTED: "By the first day of training (培训开始日期).",
        TraineeOrder.ENDS: "By the planned end (培训结束日期).",
        TraineeOrder.OPENING: "By the code of the opening (招收专业代码).",
    },
)


@reads("month")
def _month(root: strawberry.Parent[registrations.TraineePayment]) -> str:
    return str(root.month)


@declares(
    registrations.TraineePayment,
    PAYMENTS.shown,
    description="One payment of a month to a trainee (发放台账), with where the money came from.",
)
class TraineePayment:
    """A payment."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    trainee_id: strawberry.ID = field(
        Attribute("trainee"), description="Identifier of the trainee (学员标识)."
    )
    month: str = field(Computed(_month), description="Month, such as `2026-09` (月份).")
    line: str = field(Attribute(), description="Id of the benefit (待遇项目).")
    amount: Yuan = field(Attribute(), description="Yuan (金额).")
    payer: Payer = field(Attribute(), description="Who paid (支付方).")
    funding_source: FundingSource | None = field(
        Attribute(),
        description="Where the money came from (资金来源); null where not known, see the note.",
    )
    funding_note: str | None = field(
        Attribute(), description="Why the source is not known (资金来源说明)."
    )
    recorded_at: datetime = field(Attribute(), description="When it was recorded (登记时间).")
    cancelled_at: datetime | None = field(
        Attribute(), description="When it was cancelled as wrong; null while it holds (撤销时间)."
    )
    cancel_reason: str | None = field(Attribute(), description="Why (撤销原因).")


@declares(
    registrations.RepaymentLine,
    description="What is paid back of one benefit and source, over all months (返还明细).",
)
class RepaymentLine:
    """A line."""

    line: str = field(Attribute(), description="Id of the benefit (待遇项目).")
    funding_source: FundingSource | None = field(
        Attribute(), description="Where the money came from (资金来源)."
    )
    payments: int = field(Attribute(), description="Number of payments (笔数).")
    amount: Yuan | None = field(
        Attribute(),
        description=(
            "Yuan to pay back (应返还金额); null where the fiscal part is not separated, then see "
            "the note."
        ),
    )
    at_most: Yuan = field(Attribute(), description="All that was paid, in yuan (已发放金额).")
    note: Text | None = field(Localized(), description="Why no amount is known (说明).")


@declares(
    registrations.Repayment,
    description="What withdrawing for personal reasons means by the rules (退培返还与禁报).",
)
class Repayment:
    """What is paid back."""

    lines: list[RepaymentLine] = field(Attribute(), description="Line by line (明细).")
    certain: Yuan = field(Attribute(), description="Sum of what is known, in yuan (可确定合计).")
    total: Yuan | None = field(
        Attribute(), description="Sum in yuan (合计); null where a part is not known."
    )
    at_most: Yuan = field(
        Attribute(), description="The most that it can be, in yuan (最高可能金额)."
    )
    ban_years: int | None = field(
        Attribute(),
        description=(
            "Years without a new application that the rules attach (禁止报名年限); a person "
            "imposes the ban. Null where no rule names any."
        ),
    )
    notes: list[Text] = field(Localized(), description="What to know (说明).")
    source: Source | None = field(Attribute(), description="Clause (出处).")


@reads("applicant", "base", "specialty")
def _about(trainee: registrations.Registration, context: "GraphContext") -> tuple[Target, ...]:
    desk = context.kept.get(Desk)
    owners = owners_of(desk, trainee.applicant) if isinstance(desk, Desk) else frozenset[str]()
    return (Target(base=trainee.base, specialty=trainee.specialty, owners=owners),)


def read_month(text: str, place: str, context: "GraphContext") -> Month:
    """Return the month that a text such as ``2026-09`` names.

    Raises:
        GraphRefusal: BAD_USER_INPUT, where it names none.

    """
    year, dash, number = text.partition("-")
    well_formed = dash and len(year) == 4 and len(number) == 2 and (year + number).isascii()
    try:
        if not well_formed or not (year + number).isdigit() or year < "1900":
            raise ValueError
        return Month(int(year), int(number))
    except ValueError:
        problem = Text("应为 2026-09 形式的月份", "must be a month such as 2026-09")
        raise bad_input(place, problem, context.language) from None


@reads(*READ_BY_PAY)
async def _subsidies(
    root: strawberry.Parent[registrations.Registration],
    info: GraphInfo,
    month: Annotated[
        str, strawberry.argument(description="Month of training, such as `2026-09` (月份).")
    ],
) -> BenefitEstimate | None:
    context = info.context
    asked = read_month(month, "month", context)
    found: Any = await pay_of(await desk_of(context), root, asked)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@declares(
    registrations.Registration,
    TRAINEES.shown,
    description=(
        "A person who was registered and trains, or trained (学员): made with the registration "
        "(注册) of an application, also of those who never apply in rounds."
    ),
)
class Trainee(Node):
    """A trainee."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    state: TraineeState = field(Attribute(), description="Where they stand (培训状态).")
    state_label: Text = field(Localized(), description="Name of the state (状态名称).")
    base: BaseRef | None = field(One("bases"), description="The base (培训基地).")
    base_code: str = field(Attribute("base"), description="Its code (基地代码).")
    program: ProgramRef | None = field(One("programs"), description="The program (项目).")
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    opening: OpeningRef | None = field(One("openings"), description="The opening (招收专业).")
    opening_code: str = field(Attribute("opening"), description="Its code (招收专业代码).")
    specialty_code: str = field(
        Attribute("specialty"), description="Code of the specialty (培训专业代码)."
    )
    direction: str | None = field(Attribute(), description="Id of the direction (方向).")
    year: int = field(Attribute(), description="Recruitment year (招收年度).")
    trainee_type: TraineeType | None = field(
        Attribute(), description="Status in training (人员类型); null where not stated."
    )
    channel: Channel = field(Attribute(), description="The way of admission (渠道).")
    degree_level: DegreeLevel | None = field(
        Attribute(),
        description="The degree that qualified (符合报考条件的学历); null where not known.",
    )
    degree_type: DegreeType | None = field(Attribute(), description="Its type (学位类型).")
    started_on: date = field(Attribute(), description="First day of training (培训开始日期).")
    months: int | None = field(
        Attribute(), description="Planned length in months (培训月数); null where none is set."
    )
    reduced_months: int = field(
        Attribute(), description="Months taken off after an assessment (已减免月数)."
    )
    ends_on: date | None = field(
        Attribute(), description="Last day as planned (计划结束日期); null where not known."
    )
    earliest_end: date | None = field(
        Attribute(),
        description="Last day after the largest reduction that can be earned (最早结束日期).",
    )
    length_note: Text | None = field(Localized(), description="Why the end is open (说明).")
    agreement: AgreementKind | None = field(
        Attribute(), description="The agreement that was signed (协议类型)."
    )
    registered_at: datetime = field(Attribute(), description="When registered (注册时间).")
    ended_on: date | None = field(
        Attribute(), description="When it ended before its time; null else (提前结束日期)."
    )
    end_reason: str | None = permitted(
        field(Attribute(), description="Why it ended (结束原因)."),
        "applicants.read",
        about=_about,
    )
    file_moved_on: date | None = field(
        Attribute(),
        description="When the personnel file moved last; null where nobody says (档案调转日期).",
    )
    file_keeper: str | None = permitted(
        field(Attribute(), description="Who keeps the personnel file since (档案管理单位)."),
        "applicants.read",
        about=_about,
    )
    catalogue_hash: str = field(
        Attribute(), description="Version of the rules at registration (规则版本)."
    )
    application_id: strawberry.ID = field(
        Attribute("application"), description="Identifier of the application (报名标识)."
    )
    application: ApplicationRef | None = field(
        related_application("application"), description="The application (报名)."
    )
    applicant_id: strawberry.ID = field(
        Attribute("applicant"), description="Identifier of the person (人员标识)."
    )
    applicant: ApplicantRef | None = permitted(
        field(
            RowsOf(rows=APPLICANTS, by="id", key=attrgetter("applicant"), single=True),
            description="The person, numbers masked by role (人员).",
        ),
        "applicants.read",
        about=_about,
    )
    payments: list[TraineePayment] | None = permitted(
        field(
            RowsOf(rows=PAYMENTS, by="trainee", order=("month", "line", "id")),
            description="What was paid by month, cancelled entries too (发放台账).",
        ),
        "payments.read",
        about=_about,
    )
    subsidies: BenefitEstimate | None = permitted(
        field(
            Computed(_subsidies),
            description=(
                "What the rules and the base's plugin give in a month of training (当月待遇测算); "
                "null for a month outside of it."
            ),
        ),
        "payments.read",
        about=_about,
    )


@declares(
    registrations.TrainingEnd,
    description="The end of a training (结束培训): what it did, or would do in a dry run.",
)
class TrainingEnd:
    """An end."""

    trainee: Trainee = field(Attribute(), description="The trainee (学员).")
    kind: EndKind = field(Attribute(), description="Why (原因).")
    dry_run: bool = field(Attribute(), description="Whether nothing was kept (是否预演).")
    repayment: Repayment | None = field(
        Attribute(), description="What is paid back; null where nothing is attached (返还)."
    )


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(
    description=(
        "Which trainees to list; all parts must hold, and an empty list holds for none (筛选条件)."
    )
)
class TraineeFilter:
    """A filter."""

    applicant: strawberry.ID | None = _left_out("Of this person (人员标识).")
    base_in: list[str] | None = _left_out("Codes of bases (基地代码).")
    program_in: list[str] | None = _left_out("Codes of programs, with those below them (项目代码).")
    opening_in: list[str] | None = _left_out("Codes of openings (招收专业代码).")
    specialty_in: list[str] | None = _left_out("Codes of specialties (专业代码).")
    year_in: list[int] | None = _left_out("Recruitment years (招收年度).")
    trainee_type_in: list[TraineeType] | None = _left_out("Status in training (人员类型).")
    state_in: list[TraineeState] | None = _left_out("States (培训状态).")


@declares(ReadEdge, description="One trainee of a page (分页中的一行).")
class TraineeEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: Trainee = field(Attribute(), description="The trainee (学员).")


@declares(ReadPage, description="One page of trainees (学员分页列表).")
class TraineeConnection:
    """A page."""

    total_count: int = field(Attribute(), description="Trainees on all pages (总数).")
    edges: list[TraineeEdge] = field(Attribute(), description="The rows (本页各行).")
    page_info: PageInfo = field(Attribute(), description="Where it lies (分页信息).")
