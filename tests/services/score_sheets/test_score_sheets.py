"""Tests of zhupei.services.score_sheets: exported, entered, signed by a second person."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest

from admissions_office import done
from base_offices import BASES, CLINIC, HOSPITAL, MEDICINE, PAEDIATRICS, PROGRAM, BaseOffices
from freezing_rounds import frozen_during
from lost_replies import owing_the_answer
from zhupei import hookimpl
from zhupei.catalogue import load_catalogue
from zhupei.db.models import BulkOperationRow, Idempotency
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.interviews import InterviewMode, SlotPeriod
from zhupei.domain.score_sheets import ScoreSheet, ScoreSheetState, UnreadableSheet
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights
from zhupei.services import admissions, office_requests
from zhupei.services.admissions import Desk, inputs
from zhupei.services.audit import verify_audit_chain
from zhupei.services.interviews import (
    SearchSlotsInput,
    interview_slots,
    open_interview_slots,
)
from zhupei.services.interviews.inputs import OpenInterviewSlotsInput
from zhupei.services.office_queue import OfficeQueueInput, office_queue
from zhupei.services.progress import OperationState, operations_of
from zhupei.services.score_sheets import (
    SearchSheetsInput,
    blank_sheet,
    enter_score_sheet,
    reject_score_sheet,
    score_sheets,
    sheet_problems,
    sign_score_sheet,
    signing,
)
from zhupei.services.score_sheets.inputs import (
    EnterScoreSheetInput,
    RejectScoreSheetInput,
    ScoreSheetPart,
    SignScoreSheetInput,
)

PART = ScoreSheetPart(program=PROGRAM, round="batch-1")
INTERVIEWS = replace(PART, assessments=("interview",))
PEOPLE = (("张三", "E1234567"), ("李小明", "E2345678"), ("王五", "E3456789"))
Fill = Callable[[list[list[str]]], list[list[str]]]


def second(base: str = HOSPITAL) -> Actor:
    return Actor(id="second person", grants=frozenset({Grant("base_office", base)}))


async def crowd(office: BaseOffices, number: int = 3) -> list[AdmissionCase]:
    return [
        await office.waiting(MEDICINE, await office.person(name, passport))
        for name, passport in PEOPLE[:number]
    ]


async def exported(office: BaseOffices, part: ScoreSheetPart = PART) -> list[list[str]]:
    content = done(await blank_sheet(office.at(), lambda: office.keyring, part, spreadsheet=False))
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def filled(rows: list[list[str]], *points: tuple[str, ...]) -> list[list[str]]:
    """Fill the points in, row by row."""
    return [
        rows[0],
        *([*row[:2], *given, row[-1]] for row, given in zip(rows[1:], points, strict=True)),
    ]


async def enter(
    office: BaseOffices, rows: list[list[str]], part: ScoreSheetPart = PART, **more: Any
) -> Any:
    given = EnterScoreSheetInput(part=part, content=as_csv(rows), **more)
    return await enter_score_sheet(office.at(), lambda: office.keyring, given)


async def entered(office: BaseOffices, *points: tuple[str, ...], **more: Any) -> ScoreSheet:
    rows = await exported(office, more.get("part", PART))
    made = done(await enter(office, filled(rows, *points), **more))
    assert isinstance(made, ScoreSheet), made
    return made


async def sign(
    office: BaseOffices, sheet: ScoreSheet, desk: Desk | None = None, **more: Any
) -> Any:
    given = SignScoreSheetInput(sheet=sheet.id, **more)
    return await sign_score_sheet(desk or office.desk(second()), given)


async def test_who_waits_is_on_the_sheet_without_any_rank(office: BaseOffices) -> None:
    """R142: full marks in the headers; the order of rows hints at nothing."""
    cases = await crowd(office)
    await office.waiting(PAEDIATRICS, await office.person("赵六", "E4567890"))
    rows = await exported(office, replace(PART, opening=MEDICINE))
    assert rows == [
        [
            "报名号", "姓名（隐去部分）", "面试得分（满分100分）", "专业考试得分（满分100分）",
            "证件号码（隐去部分）",
        ],
        [str(cases[0].id), "张*", "", "", "E*****67"],
        [str(cases[1].id), "李*明", "", "", "E*****78"],
        [str(cases[2].id), "王*", "", "", "E*****89"],
    ]  # fmt: skip
    assert len(await exported(office)) == 5
    assert (await exported(office, INTERVIEWS))[0][2:] == [
        "面试得分（满分100分）", "证件号码（隐去部分）",
    ]  # fmt: skip
    book = done(await blank_sheet(office.at(), lambda: office.keyring, PART, spreadsheet=True))
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    assert [sheet.cell(2, column).value for column in (1, 5)] == [str(cases[0].id), "E*****67"]


async def test_a_sheet_waits_and_changes_no_application(office: BaseOffices) -> None:
    cases = await crowd(office)
    sheet = await entered(office, ("90", "80"), ("70.5", "缺考"), ("缺考", "缺考"))
    assert (sheet.state, sheet.assessments) == (
        ScoreSheetState.PENDING, ("interview", "examination"),
    )  # fmt: skip
    assert [
        ([(score.kind, score.points, score.of) for score in row.scores], row.absent)
        for row in sheet.rows
    ] == [
        ([("interview", Decimal(90), 100), ("examination", Decimal(80), 100)], ()),
        ([("interview", Decimal("70.5"), 100)], ("examination",)),
        ([], ("interview", "examination")),
    ]
    for case in cases:
        assert await office.case(case.id) == case
    assert (await score_sheets(office.desk(second()), SearchSheetsInput(id=sheet.id))).sheets == (
        sheet,
    )
    assert (await score_sheets(office.at(CLINIC), SearchSheetsInput(id=sheet.id))).total == 0
    assert (
        await score_sheets(office.own(cases[0].applicant), SearchSheetsInput(id=sheet.id))
    ).total == 0


async def test_a_second_person_records_everything_in_one_step(office: BaseOffices) -> None:
    cases = await crowd(office)
    sheet = await entered(office, ("90", "80"), ("70.5", "缺考"), ("缺考", "缺考"))
    before = await office.rows()
    dry = done(await sign(office, sheet, dry_run=True))
    assert (dry.sheet, dry.outcome.dry_run, len(dry.outcome.effects)) == (sheet, True, 2)
    assert await office.rows() == before
    signed = done(await sign(office, sheet, idempotency_key="s"))
    assert (signed.sheet.state, signed.sheet.decided_by) == (
        ScoreSheetState.SIGNED, "second person",
    )  # fmt: skip
    assert signed.sheet.operation == signed.outcome.operation
    first, next_, absent = [await office.case(case.id) for case in cases]
    assert [(each.assessment, each.score.points) for each in first.scores] == [
        ("examination", Decimal(80)), ("interview", Decimal(90)),
    ]  # fmt: skip
    assert {each.recorded_by for each in first.scores} == {"second person"}
    # Nobody who was absent has a zero; they go on waiting.
    assert [each.assessment for each in next_.scores] == ["interview"]
    assert [case.state for case in (first, next_, absent)] == [
        ApplicationState.ASSESSED, ApplicationState.CHECKED, ApplicationState.CHECKED,
    ]  # fmt: skip
    assert absent.scores == ()
    records = (await office.rows())["TransitionRow"]
    assert [(row["action"], row["bulk_operation_id"]) for row in records[-2:]] == [
        ("RECORD_SCORES", signed.outcome.operation)
    ] * 2
    assert records[-2]["data"]["scores"][0] == {
        "assessment": "interview", "points": "90", "of": 100,
    }  # fmt: skip
    with office.database.use():
        assert (await verify_audit_chain()).broken is None
    # Repeated, it answers as the first time and records nothing again.
    state = await office.rows()
    assert done(await sign(office, sheet, idempotency_key="s")) == signed
    assert await office.rows() == state
    # Who missed the examination alone is on a sheet of the examination.
    left = await exported(office, replace(PART, assessments=("examination",)))
    assert [row[0] for row in left[1:]] == [str(cases[1].id), str(cases[2].id)]


async def test_a_signed_sheet_is_reverted_as_one(office: BaseOffices) -> None:
    cases = await crowd(office, 2)
    sheet = await entered(office, ("90", "80"), ("70", "60"))
    signed = done(await sign(office, sheet))
    done(
        await admissions.revert_bulk(
            office.province(),
            inputs.RevertBulkInput(operation=signed.outcome.operation, reason="列错位"),
        )
    )
    for case in cases:
        again = await office.case(case.id)
        assert (again.state, again.scores) == (ApplicationState.CHECKED, ())
    # They are on the next sheet again.
    assert len(await exported(office)) == 3


async def test_nobody_signs_their_own_sheet(office: BaseOffices) -> None:
    await crowd(office, 1)
    sheet = await entered(office, ("90", "80"))
    before = await office.rows()
    refusal = await office.refuses(
        RefusalCode.SECOND_PERSON_NEEDED, await sign(office, sheet, office.at())
    )
    assert refusal.message.zh == "成绩须由录入者以外的人复核"
    for desk, code in (
        (office.at(role="specialty_base"), RefusalCode.NOT_PERMITTED),
        # The authority reads scores; the others are told what is told of no sheet at all.
        (office.province(), RefusalCode.NOT_PERMITTED),
        (office.at(CLINIC), RefusalCode.NOT_FOUND),
        (office.own(uuid4()), RefusalCode.NOT_FOUND),
    ):
        await office.refuses(code, await sign(office, sheet, desk))
    missing = SignScoreSheetInput(sheet=uuid4())
    await office.refuses(
        RefusalCode.NOT_FOUND, await sign_score_sheet(office.desk(second()), missing)
    )
    assert await office.rows() == before


@pytest.mark.parametrize("overtaken", [False, True])
@pytest.mark.parametrize("points", [("90", "80"), ("缺考", "缺考")])
async def test_a_repeated_signature_is_shown_once(
    office: BaseOffices, monkeypatch: pytest.MonkeyPatch, overtaken: bool, points: tuple[str, ...]
) -> None:
    """Also where both are sent at once, and one is carried out before the other records."""
    await crowd(office, 1)
    sheet = await entered(office, points)
    record = signing._record
    faster: list[object] = []

    async def slow(*given: Any) -> Any:
        if overtaken and not faster:
            faster.append(None)
            faster[0] = await sign(office, sheet, idempotency_key="k")
        return await record(*given)

    monkeypatch.setattr(signing, "_record", slow)
    signed = done(await sign(office, sheet, idempotency_key="k"))
    before = await office.rows()
    assert done(await sign(office, sheet, idempotency_key="k")) == signed
    assert faster == ([signed] if overtaken else [])
    assert await office.rows() == before
    with office.database.use():
        shown = await operations_of(first=10)
    assert [(each.kind, each.result) for each in shown] == [
        ("score_sheet", {"sheet": str(sheet.id), "refused": False})
    ]


@pytest.mark.parametrize("points", [("90", "80"), ("缺考", "缺考")])
async def test_one_whose_commit_was_not_answered_is_shown_as_signed(
    office: BaseOffices, database_url: str, tmp_path: Path, points: tuple[str, ...]
) -> None:
    await crowd(office, 1)
    sheet = await entered(office, points)
    written = BulkOperationRow if points[0].isdecimal() else Idempotency
    async with owing_the_answer(office, database_url, tmp_path, written):
        await sign(office, sheet, idempotency_key="k")
    signed = done(await sign(office, sheet, idempotency_key="k")).sheet
    assert (signed.state, signed.decided_at) == (ScoreSheetState.SIGNED, office.now)
    with office.database.use():
        shown = await operations_of(first=10)
    assert [(each.kind, each.state, each.result) for each in shown] == [
        ("score_sheet", OperationState.SUCCEEDED, {"sheet": str(sheet.id), "refused": False})
    ]


@pytest.mark.parametrize("points", [("90", "80"), ("缺考", "缺考")])
async def test_a_key_signs_one_sheet_as_one_request(
    office: BaseOffices, points: tuple[str, ...]
) -> None:
    await crowd(office, 1)
    rejected = await entered(office, ("70", "70"))
    given = RejectScoreSheetInput(sheet=rejected.id, reason="有误", idempotency_key="other")
    done(await reject_score_sheet(office.desk(second()), given))
    sheet = await entered(office, points)
    before = await office.rows()
    against = await office.refuses(
        RefusalCode.CONFLICT, await sign(office, sheet, idempotency_key="other")
    )
    assert against.field == "idempotencyKey"
    assert await office.rows() == before
    signed = done(await sign(office, sheet, idempotency_key="k"))
    before = await office.rows()
    # Without a key, or under another, signing anew is answered as the first was.
    for key in ("k", "new", None):
        assert done(await sign(office, sheet, idempotency_key=key)) == signed
    for more in ({"idempotency_key": "k", "documents": ("degree",)}, {"idempotency_key": "other"}):
        await office.refuses(RefusalCode.CONFLICT, await sign(office, sheet, **more))
    given = replace(given, idempotency_key="k")
    await office.refuses(
        RefusalCode.CONFLICT, await reject_score_sheet(office.desk(second()), given)
    )
    assert await office.rows() == before


async def test_two_who_sign_at_once_record_once(office: BaseOffices) -> None:
    cases = await crowd(office, 2)
    sheet = await entered(office, ("90", "80"), ("70", "60"))
    third = Actor(id="third person", grants=frozenset({Grant("base_office", HOSPITAL)}))
    answers = await asyncio.gather(
        *(sign(office, sheet, office.desk(who)) for who in (second(), third))
    )
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert len(refused) == 1
    assert refused[0].code in {RefusalCode.DUPLICATE, RefusalCode.SCORE_SHEET_OUTDATED}
    records = [
        row for row in (await office.rows())["TransitionRow"] if row["action"] == "RECORD_SCORES"
    ]
    assert len(records) == len(cases)


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        (
            lambda rows: [[*rows[0][:-1], "名次", rows[0][-1]],
                          *([*row[:-1], "1", row[-1]] for row in rows[1:])],
            [("SCORES_RANK_COLUMN", "E1", 1)],
        ),
        (
            lambda rows: [rows[0], [*rows[1][:2], *rows[2][2:4], rows[1][-1]], rows[3],
                          [rows[2][0], *rows[3][1:]]],
            [("SCORES_NAME", "B4", 4), ("SCORES_IDENTITY", "E4", 4)],
        ),
        (lambda rows: rows[:3], [("SCORES_ROW_MISSING", "A1", 1)]),
        (
            lambda rows: [*rows[:2], [*rows[2][:2], "101", "-1", rows[2][-1]], rows[3]],
            [("SCORES_OUT_OF_RANGE", "C3", 3), ("SCORES_OUT_OF_RANGE", "D3", 3)],
        ),
        (
            lambda rows: [*rows[:3], [*rows[3][:2], "", "优", rows[3][-1]]],
            [("SCORES_BLANK", "C4", 4), ("SCORES_NOT_A_SCORE", "D4", 4)],
        ),
    ],
)  # fmt: skip
async def test_all_problems_are_told_and_nothing_is_kept(
    office: BaseOffices, change: Fill, problems: list[tuple[str, str, int]]
) -> None:
    """The disaster not to repeat: a rank column pasted as a score; here it is not even kept."""
    await crowd(office)
    rows = filled(await exported(office), ("90", "80"), ("70", "60"), ("50", "40"))
    before = await office.rows()
    answer = await enter(office, change(rows))
    assert isinstance(answer, UnreadableSheet), answer
    assert [(each.code, each.cell, each.row) for each in answer.problems] == problems
    assert all(each.message.zh and each.message.en for each in answer.problems)
    assert await office.rows() == before


async def test_ranks_are_no_scores_until_two_people_say_so(office: BaseOffices) -> None:
    await crowd(office)
    rows = filled(await exported(office, INTERVIEWS), ("1",), ("3",), ("2",))
    before = await office.rows()
    answer = await enter(office, rows, INTERVIEWS)
    assert isinstance(answer, UnreadableSheet)
    assert [(each.code, each.cell) for each in answer.problems] == [
        ("SCORES_LOOK_LIKE_RANKS", "C2")
    ]
    assert await office.rows() == before
    sheet = done(await enter(office, rows, INTERVIEWS, low=("interview",)))
    before = await office.rows()
    refusal = await office.refuses(RefusalCode.SCORES_LOOK_LIKE_RANKS, await sign(office, sheet))
    assert (refusal.field, refusal.message.en) == (
        "confirmedLow",
        (
            "these columns look like ranks; compare them with the original scores and confirm "
            "them: interview"
        ),
    )
    assert await office.rows() == before
    assert done(await sign(office, sheet, confirmed_low=("interview",))).outcome is not None


async def test_a_sheet_is_about_the_same_in_whatever_order_its_columns_are_asked_for(
    office: BaseOffices,
) -> None:
    await crowd(office, 1)
    await entered(office, ("90", "80"))
    turned = replace(PART, assessments=("examination", "interview"))
    before = await office.rows()
    rows = await exported(office, turned)
    assert rows[0] == (await exported(office))[0]
    await office.refuses(
        RefusalCode.DUPLICATE, await enter(office, filled(rows, ("80", "90")), turned)
    )
    assert await office.rows() == before


async def test_one_sheet_about_the_same_waits(office: BaseOffices) -> None:
    await crowd(office, 1)
    rows = filled(await exported(office), ("90", "80"))
    answers = await asyncio.gather(*(enter(office, rows) for _ in range(4)))
    refused = [each.code for each in answers if isinstance(each, Refusal)]
    assert refused == [RefusalCode.DUPLICATE] * 3
    assert len((await office.rows())["ScoreSheetRow"]) == 1


async def test_a_repeated_upload_is_one(office: BaseOffices) -> None:
    await crowd(office, 1)
    rows = filled(await exported(office), ("90", "80"))
    first = done(await enter(office, rows, idempotency_key="k"))
    done(await sign(office, first))
    assert done(await enter(office, rows, idempotency_key="k")).id == first.id
    rows[1][2] = "91"
    await office.refuses(RefusalCode.CONFLICT, await enter(office, rows, idempotency_key="k"))
    assert len((await office.rows())["ScoreSheetRow"]) == 1


async def test_a_sheet_that_time_has_passed_by_records_nothing(office: BaseOffices) -> None:
    """An application that was withdrawn since stops the whole sheet, and is named."""
    cases = await crowd(office)
    sheet = await entered(office, ("90", "80"), ("70", "60"), ("50", "40"))
    assert await sheet_problems(office.desk(second()), sheet) is None
    done(
        await admissions.withdraw_application(
            office.own(cases[1].applicant),
            inputs.ReasonedInput(application=cases[1].id, reason="r"),
        )
    )
    before = await office.rows()
    told = await sheet_problems(office.desk(second()), sheet)
    assert told is not None
    refusal = await office.refuses(RefusalCode.SCORE_SHEET_OUTDATED, await sign(office, sheet))
    for each in (told, refusal):
        assert [problem.application for problem in each.problems] == [cases[1].id]
    assert await office.rows() == before
    rejected = done(
        await reject_score_sheet(
            office.desk(second()), RejectScoreSheetInput(sheet=sheet.id, reason="有人撤回")
        )
    )
    assert (rejected.state, rejected.reason) == (ScoreSheetState.REJECTED, "有人撤回")
    before = await office.rows()
    await office.refuses(RefusalCode.DUPLICATE, await sign(office, sheet))
    await office.refuses(
        RefusalCode.DUPLICATE,
        await reject_score_sheet(
            office.desk(second()), RejectScoreSheetInput(sheet=sheet.id, reason="r")
        ),
    )
    assert await office.rows() == before
    # The way is free for a new one.
    await entered(office, ("90", "80"), ("50", "40"))


async def test_who_entered_a_sheet_may_withdraw_it(office: BaseOffices) -> None:
    await crowd(office, 1)
    rows = filled(await exported(office), ("90", "80"))
    given = EnterScoreSheetInput(part=PART, content=as_csv(rows))
    staff = office.at(role="specialty_base")
    sheet = done(await enter_score_sheet(staff, lambda: office.keyring, given))
    assert isinstance(sheet, ScoreSheet)
    other = Actor(id="other", grants=frozenset({Grant("specialty_base", HOSPITAL)}))
    before = await office.rows()
    withdrawal = RejectScoreSheetInput(sheet=sheet.id, reason="重新录入")
    await office.refuses(
        RefusalCode.NOT_PERMITTED, await reject_score_sheet(office.desk(other), withdrawal)
    )
    await office.refuses(
        RefusalCode.INPUT_INVALID,
        await reject_score_sheet(staff, replace(withdrawal, reason=" ")),
    )
    assert await office.rows() == before
    assert done(await reject_score_sheet(staff, withdrawal)).state is ScoreSheetState.REJECTED


async def test_everybody_absent_is_signed_too(office: BaseOffices) -> None:
    (case,) = await crowd(office, 1)
    sheet = await entered(office, ("缺考", "缺考"))
    signed = done(await sign(office, sheet))
    assert (signed.sheet.state, signed.outcome) == (ScoreSheetState.SIGNED, None)
    assert await office.case(case.id) == case


async def test_a_sheet_of_absent_people_is_not_signed_in_a_frozen_round(
    office: BaseOffices,
) -> None:
    """It records who was absent, as others record scores."""
    await crowd(office, 1)
    sheet = await entered(office, ("缺考", "缺考"))
    freeze = inputs.FreezeRoundInput(program=PROGRAM, round="batch-1", reason="核查")
    done(await admissions.freeze_round(office.province(), freeze))
    before = await office.rows()
    for dry_run in (True, False):
        await office.refuses(RefusalCode.ROUND_FROZEN, await sign(office, sheet, dry_run=dry_run))
    problem = await sheet_problems(office.desk(second()), sheet)
    assert problem is not None
    assert problem.code is RefusalCode.ROUND_FROZEN
    assert await office.rows() == before
    lift = inputs.LiftFreezeInput(program=PROGRAM, round="batch-1", reason="查清")
    done(await admissions.lift_freeze(office.province(), lift))
    assert await sheet_problems(office.desk(second()), sheet) is None
    signed = done(await sign(office, sheet))
    assert signed.sheet.state is ScoreSheetState.SIGNED
    # Frozen again, a repeated signature is answered as the first.
    done(await admissions.freeze_round(office.province(), replace(freeze, reason="再查")))
    assert done(await sign(office, sheet)).sheet == signed.sheet


@pytest.mark.parametrize(
    ("changes", "code", "en"),
    [
        ({"program": "none"}, "NOT_FOUND", "there is no program none"),
        (
            {"assessments": ("theory",)}, "SCORE_SHEET_IMPOSSIBLE",
            "the round has no theory",
        ),
        (
            {"program": "office-hospital-residency-2025", "round": None},
            "SCORE_SHEET_IMPOSSIBLE",
            ("office-hospital-residency-2025 has no assessment for admission with a full mark, by "
            "which a sheet checks its points; configure one (assessments: phase: admission, "
            "full_mark), or record the scores one by one with their full marks (recordInterview, "
            "recordExamination)"),
        ),
        ({"base": CLINIC}, "NOT_FOUND", f"there is no base {CLINIC}"),
    ],
)  # fmt: skip
async def test_of_what_no_sheet_is_made(
    office: BaseOffices, changes: dict[str, Any], code: str, en: str
) -> None:
    part = replace(PART, **changes)
    refusal = await office.refuses(
        RefusalCode(code),
        await blank_sheet(office.at(), lambda: office.keyring, part, spreadsheet=True),
    )
    assert refusal.message.en == en


async def test_a_sheet_of_another_base_is_nobody_elses(office: BaseOffices) -> None:
    await crowd(office, 1)
    sheet = await entered(office, ("90", "80"))
    for desk in (office.at(CLINIC), office.own(uuid4()), office.for_role("national")):
        await office.refuses(
            RefusalCode.NOT_PERMITTED,
            await blank_sheet(desk, lambda: office.keyring, PART, spreadsheet=False),
        )
        assert (await score_sheets(desk, SearchSheetsInput())).total == 0
    found = await score_sheets(office.province(), SearchSheetsInput(program=PROGRAM))
    assert ([each.id for each in found.sheets], found.total, found.more) == ([sheet.id], 1, False)
    none = SearchSheetsInput(states=(ScoreSheetState.SIGNED,))
    assert (await score_sheets(office.province(), none)).total == 0


async def test_staff_of_one_specialty_make_sheets_of_theirs(office: BaseOffices) -> None:
    await crowd(office, 1)
    actor = Actor(id="0200", grants=frozenset({Grant("specialty_base", HOSPITAL, None, "0200")}))
    for part, allowed in (
        (PART, False),
        (replace(PART, opening=MEDICINE), False),
        (replace(PART, opening=PAEDIATRICS), True),
    ):
        answer = await blank_sheet(
            office.desk(actor), lambda: office.keyring, part, spreadsheet=False
        )
        assert isinstance(answer, bytes) is allowed, answer


class _Closed:
    """A plugin of the hospital that lets nobody see scores, interviews and the queue."""

    @hookimpl
    def permission_granted(self, permission: str) -> bool | None:
        """Refuse what this test is about."""
        closed = {"scores.read", "interviews.manage", "applications.read"}
        return False if permission in closed else None


async def test_a_plugin_that_refuses_a_base_hides_its_lists_too(office: BaseOffices) -> None:
    """What `allowed` refuses one by one is not listed either."""
    await crowd(office)
    sheet = await enter(office, filled(await exported(office), *[("80", "80")] * 3))
    assert isinstance(sheet, ScoreSheet)
    desk = office.at()
    period = SlotPeriod(
        starts_at=office.now + timedelta(days=2), ends_at=office.now + timedelta(days=2, hours=1)
    )
    slots = OpenInterviewSlotsInput(
        program=PROGRAM,
        round="batch-1",
        mode=InterviewMode.ON_SITE,
        place="二号楼",
        periods=(period,),
    )
    done(await open_interview_slots(desk, slots))
    assert (await score_sheets(desk, SearchSheetsInput())).total == 1
    assert (await interview_slots(desk, SearchSlotsInput())).total == 1
    catalogue = desk.catalogue
    scope = replace(catalogue.scope_of(HOSPITAL), institution=("closed",))
    host = desk.dispatcher.host.extended(
        "closed", _Closed(), Naming(Rights.INSTITUTION, code=HOSPITAL)
    )
    closed = replace(
        desk,
        catalogue=replace(catalogue, scopes={**catalogue.scopes, HOSPITAL: scope}),
        dispatcher=Dispatcher(host),
    )
    assert (await score_sheets(closed, SearchSheetsInput())).total == 0
    assert (await score_sheets(closed, SearchSheetsInput(id=sheet.id))).total == 0
    assert (await interview_slots(closed, SearchSlotsInput())).total == 0
    refused = await office_queue(closed, OfficeQueueInput(base=HOSPITAL))
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.NOT_PERMITTED


async def test_a_freeze_waits_for_a_sheet_that_is_being_kept(office: BaseOffices) -> None:
    await crowd(office, 1)
    async with frozen_during(
        office_requests, "record_events", office.province(), PROGRAM, "batch-1"
    ):
        made = await entered(office, ("80", "90"))
    done(await reject_score_sheet(office.at(), RejectScoreSheetInput(sheet=made.id, reason="重录")))
    rows = filled(await exported(office), ("80", "90"))
    await office.refuses(RefusalCode.ROUND_FROZEN, await enter(office, rows))


async def test_an_opening_with_steps_of_its_own_has_a_sheet_of_its_own(
    office: BaseOffices, tmp_path: Path
) -> None:
    """Paediatrics asks for an examination only: nobody there has points of an interview to get."""
    shutil.copytree(BASES, tmp_path / "bases")
    (steps,) = re.findall(
        r"(?m)^    steps:\n((?:      .*\n)+)", (BASES / "_jurisdiction.yaml").read_text("utf-8")
    )
    kept = [each for each in re.split(r"(?m)^(?=      - )", steps) if "id: interview," not in each]
    plan = '      - {specialty: "0200", quota: 3, source: OFFICE-PLAN:11 计划表}\n'
    own = '      - specialty: "0200"\n        quota: 3\n        source: OFFICE-PLAN:11 计划表\n'
    lines = [f"    {line}\n" for each in kept for line in each.splitlines()]
    path = tmp_path / "bases" / "office-hospital.yaml"
    text = path.read_text("utf-8")
    assert text.count(plan) == 1
    path.write_text(text.replace(plan, f"{own}        steps:\n{''.join(lines)}"), "utf-8")
    office.loaded = await load_catalogue([tmp_path / "bases"])
    assert not office.loaded.problems.errors, office.loaded.problems
    names = [await office.person(*each) for each in PEOPLE[:2]]
    medicine, children = (
        await office.waiting(MEDICINE, names[0]),
        await office.waiting(PAEDIATRICS, names[1]),
    )
    rows = await exported(office)
    assert [row[0] for row in rows[1:]] == [str(medicine.id)]
    sheet = await entered(office, ("80", "90"))
    done(await sign(office, sheet))
    one = replace(PART, opening=PAEDIATRICS)
    rows = await exported(office, one)
    assert [row[0] for row in rows[1:]] == [str(children.id)]
    done(await sign(office, await entered(office, ("70",), part=one)))
    for case in (medicine, children):
        assert (await office.case(case.id)).state is ApplicationState.ASSESSED
    both = replace(PART, assessments=("examination",))
    late = await office.waiting(PAEDIATRICS, await office.person(*PEOPLE[2]))
    assert [row[0] for row in (await exported(office, both))[1:]] == [str(late.id)]
