"""Mutations of training, payments and bans."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.registrations import EndKind
from zhupei.graphql.desks import desk_of
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken
from zhupei.graphql.sources import Attribute, GraphInfo, declares, field
from zhupei.graphql.types.bans import Ban
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.trainees import Trainee, TraineePayment, TrainingEnd, read_month
from zhupei.services import admissions
from zhupei.services.admissions import inputs, training_inputs
from zhupei.services.admissions.refusals import Refusal

__all__ = ["TrainingMutations"]


class RecordedPayments:
    """What one request recorded."""

    def __init__(self, payments: tuple[Any, ...], *, dry_run: bool) -> None:
        self.payments, self.dry_run = payments, dry_run


@declares(RecordedPayments, description="Payments that were recorded together (登记结果).")
class PaymentBatch:
    """A batch."""

    payments: list[TraineePayment] = field(Attribute(), description="The payments (明细).")
    dry_run: bool = field(Attribute(), description="Whether nothing was kept (是否预演).")


TraineePayload: TypeAlias = Annotated[
    Trainee | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("TraineePayload", description="The trainee, or why not (学员办理结果)."),
]
TrainingEndPayload: TypeAlias = Annotated[
    TrainingEnd | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("TrainingEndPayload", description="The end, or why not (结束培训结果)."),
]
PaymentBatchPayload: TypeAlias = Annotated[
    PaymentBatch | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("PaymentBatchPayload", description="The payments, or why not (登记结果)."),
]
TraineePaymentPayload: TypeAlias = Annotated[
    TraineePayment | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("TraineePaymentPayload", description="The payment, or why not (撤销结果)."),
]
BanPayload: TypeAlias = Annotated[
    Ban | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("BanPayload", description="The ban, or why not (禁报办理结果)."),
]


@strawberry.input(description="What shortening a training needs (减免培训年限).")
class ReduceTrainingInput(Repeatable):
    """Reducing."""

    trainee: strawberry.ID = strawberry.field(description="The trainee (学员标识).")
    months: int = strawberry.field(description="Months to take off altogether (减免月数).")
    reason: str = strawberry.field(description="The assessment that it rests on (依据).")


@strawberry.input(description="Where a trainee's personnel file went (调转人事档案).")
class RecordFileTransferInput(Repeatable):
    """Moving a file."""

    trainee: strawberry.ID = strawberry.field(description="The trainee (学员标识).")
    keeper: str = strawberry.field(description="Who keeps it from then on (档案管理单位).")
    moved_on: date = strawberry.field(description="The day (调转日期).")


@strawberry.input(description="What ending a training before its time needs (退培、转出、清退).")
class WithdrawTraineeInput(Repeatable):
    """Ending."""

    trainee: strawberry.ID = strawberry.field(description="The trainee (学员标识).")
    kind: EndKind = strawberry.field(description="Why it ends (结束类型).")
    reason: str = strawberry.field(description="The reason in words (原因).")
    ended_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="Last day; today by default (结束日期)."
    )
    impose_ban: bool = strawberry.field(
        default=False,
        description="Also impose the ban that the rules attach (同时登记禁报); needs `bans.write`.",
    )
    dry_run: bool = strawberry.field(
        default=False, description="Only show what is to be paid back (预演)."
    )


@strawberry.input(description="One payment of a month (一笔发放).")
class PaymentInput:
    """A payment."""

    trainee: strawberry.ID = strawberry.field(description="The trainee (学员标识).")
    month: str = strawberry.field(description="Month, such as `2026-09` (月份).")
    line: str = strawberry.field(description="Id of the benefit (待遇项目).")
    amount: Decimal = strawberry.field(description="Yuan, two decimals at most (金额).")
    payer: Payer = strawberry.field(description="Who paid (支付方).")
    funding_source: FundingSource | None = strawberry.field(
        default=strawberry.UNSET, description="Where the money came from (资金来源)."
    )
    funding_note: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why the source is not known (资金来源说明)."
    )


@strawberry.input(description="Payments to record together, all or none (登记发放).")
class RecordPaymentsInput(Repeatable):
    """Recording."""

    payments: list[PaymentInput] = strawberry.field(description="The payments (明细).")
    dry_run: bool = strawberry.field(
        default=False, description="Check everything and keep nothing (预演)."
    )


@strawberry.input(description="What cancelling a wrong payment needs (撤销登记).")
class CancelPaymentInput(Repeatable):
    """Cancelling."""

    payment: strawberry.ID = strawberry.field(description="The payment (发放标识).")
    reason: str = strawberry.field(description="What was wrong (原因).")


@strawberry.input(description="What imposing a ban needs (登记禁报).")
class ImposeBanInput(Repeatable):
    """Banning."""

    applicant: strawberry.ID = strawberry.field(description="The person (人员标识).")
    program: str = strawberry.field(
        description="Code of the program whose rules set the length (项目代码)."
    )
    reason: str = strawberry.field(description="Why (原因).")
    application: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The application that it follows from (相关报名)."
    )
    evidence: str | None = strawberry.field(
        default=strawberry.UNSET, description="What it rests on (依据)."
    )


@strawberry.input(description="What lifting a ban needs (解除禁报).")
class LiftBanInput(Repeatable):
    """Lifting."""

    ban: strawberry.ID = strawberry.field(description="The ban (禁报标识).")
    reason: str = strawberry.field(description="Why (原因).")


async def _reduce(info: GraphInfo, input: ReduceTrainingInput) -> TraineePayload | None:  # noqa: A002 - the argument's name in the graph
    given = taken(input, training_inputs.ReduceTrainingInput, info.context)
    found: Any = await admissions.reduce_training(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _file(info: GraphInfo, input: RecordFileTransferInput) -> TraineePayload | None:  # noqa: A002 - as above
    given = taken(input, training_inputs.RecordFileTransferInput, info.context)
    found: Any = await admissions.record_file_transfer(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _withdraw(info: GraphInfo, input: WithdrawTraineeInput) -> TrainingEndPayload | None:  # noqa: A002 - as above
    given = taken(input, training_inputs.EndTrainingInput, info.context)
    found: Any = await admissions.end_training(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _record(info: GraphInfo, input: RecordPaymentsInput) -> PaymentBatchPayload | None:  # noqa: A002 - as above
    context = info.context
    entries = tuple(
        taken(
            each,
            training_inputs.PaymentEntry,
            context,
            trainee=read_id(each.trainee, f"payments.{index}.trainee", context),
            month=read_month(each.month, f"payments.{index}.month", context),
        )
        for index, each in enumerate(input.payments)
    )
    given = taken(input, training_inputs.RecordPaymentsInput, context, payments=entries)
    done = await admissions.record_payments(await desk_of(context), given)
    found: Any = (
        done if isinstance(done, Refusal) else RecordedPayments(done, dry_run=given.dry_run)
    )
    return found  # type: ignore[no-any-return]  # the graph's type describes the class's


async def _cancel(info: GraphInfo, input: CancelPaymentInput) -> TraineePaymentPayload | None:  # noqa: A002 - as above
    given = taken(input, training_inputs.CancelPaymentInput, info.context)
    found: Any = await admissions.cancel_payment(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _ban(info: GraphInfo, input: ImposeBanInput) -> BanPayload | None:  # noqa: A002 - as above
    given = taken(input, inputs.ImposeBanInput, info.context)
    found: Any = await admissions.impose_ban(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _lift(info: GraphInfo, input: LiftBanInput) -> BanPayload | None:  # noqa: A002 - as above
    given = taken(input, inputs.LiftBanInput, info.context)
    found: Any = await admissions.lift_ban(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class TrainingMutations:
    """What may be done with training, payments and bans."""

    reduce_training: TraineePayload | None = mutation(
        _reduce,
        "registrations.write",
        description="Shorten a training after the assessment that the rules ask for (减免年限).",
    )
    record_file_transfer: TraineePayload | None = mutation(
        _file,
        "registrations.write",
        description=(
            "Record where a trainee's personnel file went (调转人事档案): after the registration, "
            "by the labour contract."
        ),
    )
    withdraw_trainee: TrainingEndPayload | None = mutation(
        _withdraw,
        "registrations.write",
        description=(
            "End a training before its time (退培、转出、清退); a dry run shows what is to be paid "
            "back by funding source."
        ),
    )
    record_payments: PaymentBatchPayload | None = mutation(
        _record,
        "registrations.write",
        description="Record what trainees were paid, all or none (登记发放).",
    )
    cancel_payment: TraineePaymentPayload | None = mutation(
        _cancel,
        "registrations.write",
        description="Cancel a wrongly recorded payment (撤销登记); it stays in the ledger.",
    )
    impose_ban: BanPayload | None = mutation(
        _ban, "bans.write", description="Keep a person from applying for some years (登记禁报)."
    )
    lift_ban: BanPayload | None = mutation(
        _lift, "bans.write", description="Lift a ban before its end (解除禁报)."
    )
