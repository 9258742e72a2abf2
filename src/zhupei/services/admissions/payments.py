"""The ledger of what trainees were paid: recorded together or not at all, never changed (T44)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.db.models import TraineePaymentRow, TraineeRow
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.registrations import TraineePayment
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.requests import once_for
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.training_inputs import (
    CancelPaymentInput,
    PaymentEntry,
    RecordPaymentsInput,
)
from zhupei.services.admissions.training_rows import payment_of
from zhupei.services.progress import Progress

__all__ = [
    "LARGEST_LEDGER_ENTRY",
    "EntryProblem",
    "cancel_payment",
    "entry_problems",
    "payments_of",
    "record_payments",
    "recorded_already",
]

LARGEST_LEDGER_ENTRY = 2_000
"""Payments that may be recorded in one request at most."""

_MOST_YUAN = Decimal("9999999999.99")
_WRITE = "registrations.write"


async def record_payments(
    desk: Desk, given: RecordPaymentsInput, progress: Progress | None = None
) -> tuple[TraineePayment, ...] | Refusal:
    """Record payments of trainees of the actor's base; one that is wrong refuses all of them.

    A dry run checks everything and keeps nothing. A repeated request leaves no ``progress``.
    """
    if not 1 <= len(given.payments) <= LARGEST_LEDGER_ENTRY:
        return _refused(
            [
                Text(
                    f"每次登记 1 至 {LARGEST_LEDGER_ENTRY} 笔",
                    f"1 to {LARGEST_LEDGER_ENTRY} payments are recorded at a time",
                )
            ]
        )
    with desk.database.use():
        wrong = await entry_problems(desk, given.payments)
        if any(each.code is RefusalCode.NOT_FOUND for each in wrong.values()):
            return _refused_entries(given.payments, wrong)
        batch = uuid7()

        async def work() -> UUID | Refusal:
            # Not before: what was recorded under the key may be wrong by now, as of an end since.
            if wrong:
                return _refused_entries(given.payments, wrong)
            twice = await recorded_already(given.payments)
            if twice:
                return _refused_entries(given.payments, twice)
            await TraineePaymentRow.bulk_create(
                [_row(desk, entry, batch) for entry in given.payments]
            )
            if progress is not None:
                await progress.succeed()
            return batch

        async def show(recorded: UUID) -> tuple[TraineePayment, ...]:
            if progress is not None and recorded != batch:
                progress.forget()
            rows = await TraineePaymentRow.filter(batch_id=recorded).order_by("id")
            return tuple(payment_of(row) for row in rows)

        return await once_for(
            desk,
            "record_payments",
            given,
            work,
            key=given.idempotency_key,
            show=show,
            dry_run=given.dry_run,
        )


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """What is wrong with one entry of the ledger; ``code`` is that of the refusal."""

    code: RefusalCode
    message: Text
    field: str | None = None


async def entry_problems(desk: Desk, entries: Sequence[PaymentEntry]) -> dict[int, EntryProblem]:
    """Return what is wrong with entries, by their places from 0; what is recorded is not looked at.

    A trainee who trains elsewhere is told as one whom nobody knows: that is not the actor's to
    know.
    """
    rows = await TraineeRow.filter(id__in=list({each.trainee for each in entries}))
    bases = {row.base_code for row in rows}
    reached = {
        base for base in sorted(bases) if await permitted_for(desk, _WRITE, base=base) is None
    }
    trainees = {row.id: row for row in rows if row.base_code in reached}
    today = desk.clock().astimezone(CHINA_TIME).date()
    found: dict[int, EntryProblem] = {}
    seen: set[tuple[object, ...]] = set()
    for number, entry in enumerate(entries):
        row = trainees.get(entry.trainee)
        if row is None:
            found[number] = EntryProblem(
                RefusalCode.NOT_FOUND, Text("没有这个学员", "there is no such trainee"), "trainee"
            )
            continue
        problem = _problem(entry, row, today)
        if problem is None and _key(entry) in seen:
            problem = Text("与本次另一笔重复", "given twice in this request")
        seen.add(_key(entry))
        if problem is not None:
            found[number] = EntryProblem(RefusalCode.INPUT_INVALID, problem)
    return found


async def recorded_already(entries: Sequence[PaymentEntry]) -> dict[int, EntryProblem]:
    """Return which entries stand in the ledger already, by their places from 0."""
    known = await _known(entries)
    problem = EntryProblem(
        RefusalCode.DUPLICATE, Text("该月该项已登记", "this line of the month is recorded")
    )
    return {number: problem for number, entry in enumerate(entries) if _key(entry) in known}


def _refused_entries(entries: Sequence[PaymentEntry], wrong: Mapping[int, EntryProblem]) -> Refusal:
    """Return the refusal of all entries, which names each one that is wrong."""
    shown = [_at(number + 1, entries[number], wrong[number].message) for number in sorted(wrong)]
    codes = {each.code for each in wrong.values()}
    code = next(
        each
        for each in (RefusalCode.NOT_FOUND, RefusalCode.INPUT_INVALID, RefusalCode.DUPLICATE)
        if each in codes
    )
    first = min(number for number, each in wrong.items() if each.code is code)
    place = wrong[first].field
    field = "payments" if place is None else f"payments.{first}.{place}"
    return _refused(shown, code, field)


def _problem(entry: PaymentEntry, row: TraineeRow, today: date) -> Text | None:  # noqa: PLR0911 - each guard says why
    first = entry.month.first_day
    if entry.amount <= 0 or entry.amount > _MOST_YUAN:
        return Text("金额应大于 0", "the amount is more than 0")
    if entry.amount != round(entry.amount, 2):
        return Text("金额最多两位小数", "the amount has two decimals at most")
    if not entry.line.strip() or "\x00" in entry.line or len(entry.line) > 100:
        return Text("须写明待遇项目", "name the benefit")
    note = (entry.funding_note or "").strip()
    if entry.funding_source is None and not note:
        return Text(
            "须写明资金来源，或说明为何未知", "name the funding source, or why it is unknown"
        )
    if "\x00" in note:
        return Text("说明中含有不允许的空字符", "the note holds a NUL character")
    if first > today:
        return Text("该月尚未开始", "the month has not begun")
    if first < row.started_on.replace(day=1):
        return Text(f"早于培训开始 {row.started_on}", f"before training began on {row.started_on}")
    if row.ended_on is not None and first > row.ended_on:
        return Text(f"晚于培训结束 {row.ended_on}", f"after training ended on {row.ended_on}")
    return None


def _at(number: int, entry: PaymentEntry, problem: Text) -> Text:
    where = f"{entry.month} {entry.line.strip()[:40]}"
    return Text(
        f"第 {number} 笔（{where}）：{problem.zh}", f"entry {number} ({where}): {problem.en}"
    )


def _refused(
    problems: list[Text],
    code: RefusalCode = RefusalCode.INPUT_INVALID,
    field: str = "payments",
) -> Refusal:
    shown = problems[:20]
    rest = len(problems) - len(shown)
    more = Text(f"；另有 {rest} 笔", f"; and {rest} more") if rest else Text("", "")
    return Refusal(
        code=code,
        message=Text(
            "；".join(each.zh for each in shown) + more.zh,
            "; ".join(each.en or each.zh for each in shown) + (more.en or ""),
        ),
        field=field,
    )


def _key(entry: PaymentEntry) -> tuple[object, ...]:
    source = None if entry.funding_source is None else entry.funding_source.value
    return (entry.trainee, entry.month.first_day, entry.line.strip(), entry.payer.value, source)


async def _known(entries: Iterable[PaymentEntry]) -> set[tuple[object, ...]]:
    entries = tuple(entries)
    rows = await TraineePaymentRow.filter(
        trainee_id__in=list({entry.trainee for entry in entries}),
        month__in=list({entry.month.first_day for entry in entries}),
        cancelled_at=None,
    )
    return {
        (cast("Any", row).trainee_id, row.month, row.line, row.payer, row.funding_source)
        for row in rows
    }


def _row(desk: Desk, entry: PaymentEntry, batch: UUID) -> TraineePaymentRow:
    note = (entry.funding_note or "").strip()
    return TraineePaymentRow(
        id=uuid7(),
        batch_id=batch,
        trainee_id=entry.trainee,
        month=entry.month.first_day,
        line=entry.line.strip(),
        amount=round(entry.amount, 2),
        payer=entry.payer.value,
        funding_source=None if entry.funding_source is None else entry.funding_source.value,
        funding_note=note or None,
        recorded_by=desk.actor.id,
        recorded_at=desk.clock(),
    )


async def cancel_payment(desk: Desk, given: CancelPaymentInput) -> TraineePayment | Refusal:
    """Cancel a payment that was recorded wrongly; it stays in the ledger with the reason."""
    with desk.database.use():
        row = await TraineePaymentRow.get_or_none(id=given.payment).prefetch_related("trainee")
        if row is None or await permitted_for(desk, _WRITE, base=row.trainee.base_code):
            return not_found("payment", str(given.payment))
        against = has_no_reason(given.reason)
        if against is not None:
            return against

        async def work() -> UUID | Refusal:
            cancelled = await TraineePaymentRow.filter(id=given.payment, cancelled_at=None).update(
                cancelled_at=desk.clock(), cancelled_by=desk.actor.id, cancel_reason=given.reason
            )
            if cancelled:
                return given.payment
            return Refusal(
                code=RefusalCode.DUPLICATE,
                message=Text("该笔已撤销", "this payment was cancelled already"),
                field="payment",
            )

        key = given.idempotency_key
        return await once_for(desk, "cancel_payment", given, work, key=key, show=_payment)


async def _payment(id_: UUID) -> TraineePayment:
    return payment_of(await TraineePaymentRow.get(id=id_))


async def payments_of(trainees: Iterable[UUID]) -> dict[UUID, tuple[TraineePayment, ...]]:
    """Return the payments of trainees by month, cancelled ones too; callers check permissions."""
    wanted = list(trainees)
    found: dict[UUID, list[TraineePayment]] = {trainee: [] for trainee in wanted}
    rows = await TraineePaymentRow.filter(trainee_id__in=wanted).order_by("month", "line", "id")
    for row in rows:
        payment = payment_of(row)
        found[payment.trainee].append(payment)
    return {trainee: tuple(payments) for trainee, payments in found.items()}
