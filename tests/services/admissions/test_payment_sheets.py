"""Payments out of a spreadsheet: all problems with row and cell, or every payment once (T44)."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from admissions_office import MEDICINE, PERSON, Office, done
from job_place import applicant
from lost_replies import owing_the_answer
from zhupei.db.models import TraineePaymentRow
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.registrations import EndKind
from zhupei.domain.score_sheets import UnreadableSheet
from zhupei.domain.trainees import Month
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs
from zhupei.services.admissions.training_inputs import (
    EndTrainingInput,
    PaymentEntry,
    RecordPaymentsInput,
)
from zhupei.services.payment_sheets import (
    EnterPaymentsInput,
    blank_payment_sheet,
    enter_payments,
)
from zhupei.services.progress import OperationState, operations_of

_SEPTEMBER = Month(2026, 9)
Rows = list[list[str]]


async def in_training(office: Office, number: int = 1) -> None:
    """Bring somebody all the way into training in September."""
    person = await applicant(office, number)
    office.go("2026-04-10T09:00")
    case = await office.submitted(MEDICINE, person, candidate=PERSON)
    office.go("2026-04-27T09:00")
    await office.reviewed(case, 90)
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    await office.signed(case)
    office.go("2026-08-31T09:00")
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), given))
    office.go("2026-10-01T09:00")


async def blank(office: Office) -> Rows:
    content = done(
        await blank_payment_sheet(office.staff(), "sample-hospital", _SEPTEMBER, spreadsheet=False)
    )
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def as_csv(rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def filled(rows: Rows, *parts: str) -> Rows:
    return [rows[0], *([*row[:3], *parts] for row in rows[1:])]


async def handed_in(office: Office, rows: Rows, desk: Desk | None = None, **more: Any) -> Any:
    given = EnterPaymentsInput(content=as_csv(rows), **more)
    return await enter_payments(desk or office.staff(), given)


async def ledger(office: Office) -> list[dict[str, Any]]:
    with office.database.use():
        return [dict(row) for row in await TraineePaymentRow.all().order_by("id").values()]


_PAID = ("stipend", "4000.50", "培训基地", "中央财政", "")


async def test_a_sheet_goes_out_and_comes_back(office: Office) -> None:
    await in_training(office)
    rows = await blank(office)
    assert rows[0] == [
        "学员标识", "姓名（隐去部分）", "月份", "待遇项目", "金额（元）", "支付方", "资金来源",
        "资金来源说明",
    ]  # fmt: skip
    assert rows[1][1:] == ["样*二", "2026-09", "", "", "", "", ""]
    sheet = filled(rows, *_PAID)
    (shown,) = done(await handed_in(office, sheet, dry_run=True))
    assert (shown.amount, await ledger(office)) == (Decimal("4000.50"), [])
    (made,) = done(await handed_in(office, sheet, idempotency_key="k"))
    assert (made.line, made.amount, made.payer, made.funding_source) == (
        "stipend",
        Decimal("4000.50"),
        Payer.BASE,
        FundingSource.CENTRAL_FISCAL,
    )
    kept = await ledger(office)
    # Repeated, it answers as it did; under another key it pays nobody twice.
    assert done(await handed_in(office, sheet, idempotency_key="k")) == (made,)
    twice = await handed_in(office, sheet, idempotency_key="other")
    assert isinstance(twice, UnreadableSheet)
    (problem,) = twice.problems
    assert (problem.code, problem.cell, problem.row) == ("PAYMENTS_DUPLICATE", "D2", 2)
    assert await ledger(office) == kept
    with office.database.use():
        seen = await operations_of(by=None, bases=None, running=False, first=10)
    # The repeated request has no progress of its own.
    assert [(each.kind, each.done, each.result) for each in seen] == [
        ("payment_import", 0, {"refused": "DUPLICATE"}),
        ("payment_import", 1, None),
    ]


async def test_one_whose_commit_was_not_answered_is_shown_as_done(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    await in_training(office)
    sheet = filled(await blank(office), *_PAID)
    async with owing_the_answer(office, database_url, tmp_path, TraineePaymentRow):
        await handed_in(office, sheet, idempotency_key="k")
    done(await handed_in(office, sheet, idempotency_key="k"))
    with office.database.use():
        (seen,) = await operations_of(first=10)
    assert (seen.kind, seen.state, seen.done, seen.problem) == (
        "payment_import", OperationState.SUCCEEDED, 1, None,
    )  # fmt: skip


async def test_an_xlsx_file_is_read_as_a_csv_file_is(office: Office) -> None:
    await in_training(office)
    content = done(
        await blank_payment_sheet(office.staff(), "sample-hospital", _SEPTEMBER, spreadsheet=True)
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    # A spreadsheet makes a date of 2026-09 where somebody types it again.
    values = (date(2026, 9, 1), "stipend", 4000.5, "BASE", "基地自筹", None)
    for column, value in zip("CDEFGH", values, strict=True):
        sheet[f"{column}2"].value = value
    written = io.BytesIO()
    book.save(written)
    given = EnterPaymentsInput(content=written.getvalue())
    (made,) = done_rows(await enter_payments(office.staff(), given))
    assert (made.amount, str(made.month)[:7]) == (Decimal("4000.50"), "2026-09")


@pytest.mark.parametrize(
    ("month", "amount"),
    [
        ("Sep-26", "4,000.50"),
        ("2026年9月", "￥4,000.50"),
        ("2026/9/1", "¥4000.5"),
        ("2026-09-01", "４０００.5"),
    ],
)
async def test_what_spreadsheets_make_of_months_and_amounts_is_read(
    office: Office, month: str, amount: str
) -> None:
    """A CSV that a spreadsheet opened and saved: 2026-09 is Sep-26 then, and sums have commas."""
    await in_training(office)
    header, row = await blank(office)
    sheet = [header, [*row[:2], month, "stipend", amount, *_PAID[2:]]]
    (shown,) = done(await handed_in(office, sheet, dry_run=True))
    assert (shown.month, shown.amount) == (_SEPTEMBER, Decimal("4000.50"))


@pytest.mark.parametrize(
    ("month", "amount"),
    [("Sep-26", "4,00.50"), ("Sept-26", "4000"), ("2026-09-02", "4000"), ("Sep-26", "4,000元")],
)
async def test_what_may_be_another_month_or_amount_is_not_guessed(
    office: Office, month: str, amount: str
) -> None:
    await in_training(office)
    header, row = await blank(office)
    answer = await handed_in(office, [header, [*row[:2], month, "stipend", amount, *_PAID[2:]]])
    assert isinstance(answer, UnreadableSheet)
    assert [each.code for each in answer.problems] == ["PAYMENTS_CELL"]
    assert await ledger(office) == []


def done_rows(answer: Any) -> Any:
    assert isinstance(answer, tuple), answer
    return answer


async def test_every_problem_is_told_with_its_cell_and_nothing_is_kept(office: Office) -> None:
    await in_training(office)
    rows = await blank(office)
    known = rows[1][0]
    sheet = [
        rows[0],
        [known, "样*二", "2026-09", *_PAID],
        ["x", "样*二", "2026-09", *_PAID],
        [known, "王*", "2026-09", "meal", "600", "培训基地", "基地自筹", ""],
        [known, "样*二", "2026-13", "meal", "600.555", "谁", "哪里", ""],
        [known, "样*二", "2025-09", "meal", "600", "BASE", "BASE", ""],
        [known, "样*二", "2026-09", *_PAID],
        ["00000000-0000-0000-0000-000000000001", "样*二", "2026-09", *_PAID],
        [known, "样*二", "2026-09", "lodging", "0", "培训基地", "", ""],
        [known, "样*二", "0000-09", *_PAID],
    ]
    answer = await handed_in(office, sheet)
    assert isinstance(answer, UnreadableSheet)
    assert [(each.cell, each.code) for each in answer.problems] == [
        ("A3", "PAYMENTS_TRAINEE"),
        ("B4", "PAYMENTS_TRAINEE"),
        ("C5", "PAYMENTS_CELL"),
        ("E5", "PAYMENTS_CELL"),
        ("F5", "PAYMENTS_CELL"),
        ("G5", "PAYMENTS_CELL"),
        ("D6", "PAYMENTS_ENTRY"),
        ("D7", "PAYMENTS_ENTRY"),
        ("A8", "PAYMENTS_TRAINEE"),
        ("D9", "PAYMENTS_ENTRY"),
        ("C10", "PAYMENTS_CELL"),
    ]
    assert [each.row for each in answer.problems] == [3, 4, 5, 5, 5, 5, 6, 7, 8, 9, 10]
    assert all(each.message.zh and each.message.en for each in answer.problems)
    assert await ledger(office) == []


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        (lambda rows: [[*rows[0], "备注"], *rows[1:]], "I1"),
        (lambda rows: [[*rows[0][:7], "资金来源"], *rows[1:]], "H1"),
        (lambda rows: [rows[0]], "A1"),
    ],
)
async def test_a_sheet_of_another_form_is_refused(office: Office, change: Any, cell: str) -> None:
    await in_training(office)
    sheet = change(filled(await blank(office), *_PAID))
    answer = await handed_in(office, sheet)
    assert isinstance(answer, UnreadableSheet)
    assert answer.problems[0].code in {"PAYMENTS_HEADER", "PAYMENTS_SHEET"}
    assert cell in {each.cell for each in answer.problems}
    assert await ledger(office) == []


async def test_others_see_and_pay_nobody(office: Office) -> None:
    """Who trains elsewhere is told as somebody whom nobody knows."""
    await in_training(office)
    sheet = filled(await blank(office), *_PAID)
    clinic = office.staff(base="sample-clinic")
    answer = await handed_in(office, sheet, clinic)
    assert isinstance(answer, UnreadableSheet)
    assert [(each.cell, each.message.en) for each in answer.problems] == [
        ("A2", "there is no such trainee")
    ]
    for desk in (clinic, office.staff("specialty_base"), office.authority()):
        refusal = await blank_payment_sheet(desk, "sample-hospital", _SEPTEMBER, spreadsheet=False)
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.NOT_PERMITTED
    assert await ledger(office) == []


async def test_only_those_who_train_in_the_month_stand_on_its_sheet(office: Office) -> None:
    await in_training(office)
    for month, number in ((Month(2026, 8), 0), (_SEPTEMBER, 1), (Month(2029, 9), 0)):
        content = done(
            await blank_payment_sheet(office.staff(), "sample-hospital", month, spreadsheet=False)
        )
        assert len(content.decode("utf-8-sig").splitlines()) == 1 + number, month


async def test_who_ended_in_the_month_stands_on_its_sheet(office: Office) -> None:
    """A month that was begun is paid for, and may be recorded: its sheet has the person too."""
    await in_training(office)
    (trainee,) = [UUID(row[0]) for row in (await blank(office))[1:]]
    given = EndTrainingInput(
        trainee=trainee, kind=EndKind.PERSONAL_REASONS, reason="x", ended_on=date(2026, 9, 20)
    )
    done(await admissions.end_training(office.staff(), given))
    sheet = await blank(office)
    assert [row[0] for row in sheet[1:]] == [str(trainee)]
    done(await handed_in(office, filled(sheet, *_PAID)))
    content = done(
        await blank_payment_sheet(
            office.staff(), "sample-hospital", Month(2026, 10), spreadsheet=False
        )
    )
    assert len(content.decode("utf-8-sig").splitlines()) == 1


async def test_a_sheet_that_is_handed_in_again_is_answered_after_the_training_ended(
    office: Office,
) -> None:
    await in_training(office)
    header, row = filled(await blank(office), *_PAID)
    sheet = [header, [*row[:2], "2026-10", *row[3:]]]
    made = done(await handed_in(office, sheet, idempotency_key="k"))
    end = EndTrainingInput(
        trainee=UUID(sheet[1][0]), kind=EndKind.DISMISSAL, reason="清退", ended_on=date(2026, 9, 30)
    )
    done(await admissions.end_training(office.staff(), end))
    kept = await ledger(office)
    with office.database.use():
        begun = await operations_of(by=None, bases=None, running=False, first=10)
    assert done(await handed_in(office, sheet, idempotency_key="k")) == made
    # What is asked for the first time now, or looks only, is told what is wrong.
    for more in ({"idempotency_key": "late"}, {}, {"idempotency_key": "k", "dry_run": True}):
        late = await handed_in(office, sheet, **more)
        assert isinstance(late, UnreadableSheet)
        assert [(each.code, each.cell) for each in late.problems] == [
            ("PAYMENTS_ENTRY", "D2"),
            ("PAYMENTS_DUPLICATE", "D2"),
        ]
    # Nor is a sheet answered whose names stand beside other ids.
    other = [sheet[0], [sheet[1][0], "样*九", *sheet[1][2:]]]
    moved = await handed_in(office, other, idempotency_key="k")
    assert isinstance(moved, UnreadableSheet)
    assert "PAYMENTS_TRAINEE" in {each.code for each in moved.problems}
    assert await ledger(office) == kept
    with office.database.use():
        assert await operations_of(by=None, bases=None, running=False, first=10) == begun


async def test_the_graph_names_the_row_of_an_unknown_trainee(office: Office) -> None:
    await in_training(office)
    known = UUID((await blank(office))[1][0])
    entry = PaymentEntry(
        trainee=known,
        month=_SEPTEMBER,
        line="stipend",
        amount=Decimal(1),
        payer=Payer.BASE,
        funding_source=FundingSource.BASE,
    )
    entries = (entry, replace(entry, trainee=UUID(int=1)), replace(entry, trainee=UUID(int=2)))
    refusal = await office.refuses(
        RefusalCode.NOT_FOUND,
        await admissions.record_payments(office.staff(), RecordPaymentsInput(payments=entries)),
    )
    assert refusal.field == "payments.1.trainee"
    assert refusal.message.en == (
        "entry 2 (2026-09 stipend): there is no such trainee; "
        "entry 3 (2026-09 stipend): there is no such trainee"
    )
    assert await ledger(office) == []
