"""Rosters: every problem at once with its cell, all or nobody, nobody twice, all on record."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from tortoise import connections

from admissions_office import FELLOWSHIP, HOSPITAL, MEDICINE, Office, sample_catalogue
from job_place import KEYRING, applicant
from lost_replies import owing_the_answer
from zhupei.db.connection import Database
from zhupei.db.models import (
    Applicant,
    ApplicationRow,
    NoticeRow,
    OperationRow,
    OutboxRow,
    SeatRow,
    TraineeRow,
    TransitionRow,
)
from zhupei.domain.identity_numbers import check_character
from zhupei.domain.rosters import ROSTER_HEADERS, RosterField, RosterImport
from zhupei.domain.score_sheets import UnreadableSheet
from zhupei.services.admissions import Refusal
from zhupei.services.admissions.desk import Desk
from zhupei.services.applicants import reveal
from zhupei.services.audit import verify_audit_chain
from zhupei.services.notices.preparing import make_notices
from zhupei.services.rosters import ImportRosterInput, blank_roster, import_roster

HEADERS = [ROSTER_HEADERS[each].zh for each in RosterField]


def number(at: int) -> str:
    digits = f"11010519491231{at:03}"
    return digits + check_character(digits)


def person(at: int, **changes: str) -> dict[str, str]:
    return {
        "姓名": "样例" + "一二三四五六七八九"[at % 9],
        "证件号码": number(at),
        "专业代码": "0100",
        "人员类型": "社会人",
        "培训开始日期": "2025-09-01",
        **changes,
    }


def table(*rows: dict[str, str], headers: Sequence[str] | None = None) -> bytes:
    names = list(headers or HEADERS)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return text.getvalue().encode("utf-8-sig")


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


async def imported(
    office: Office, content: bytes, desk: Desk | None = None, **values: Any
) -> RosterImport | UnreadableSheet | Refusal:
    given = ImportRosterInput(program=values.pop("program", HOSPITAL), content=content, **values)
    return await import_roster(desk or office.staff(), lambda: KEYRING, given)


async def kept(office: Office) -> list[tuple[Any, ...]]:
    """Return every row of every table but of the progress of long work."""
    with office.database.use():
        connection = connections.get("default")
        tables = await connection.execute_query_dict(
            "SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename <> 'operation' ORDER BY 1"
        )
        counted = " UNION ALL ".join(
            f"SELECT '{row['t']}' AS t, count(*) AS n, md5(string_agg(x::text, '|' "
            f'ORDER BY x::text)) AS d FROM "{row["t"]}" x'
            for row in tables
        )
        return [tuple(row.values()) for row in await connection.execute_query_dict(counted)]


async def test_everybody_is_registered_and_on_record(office: Office) -> None:
    content = table(
        person(1, 最高学历="本科", 学位类型="专业学位", 联系电话="13800138000"),
        person(2, 人员类型="ENTRUSTED", 委派单位="样例县医院", 协议="三方委托培训协议"),
    )
    found = await imported(office, content)
    assert isinstance(found, RosterImport), found
    assert (found.rows, found.added, found.unchanged, found.people) == (2, 2, 0, 2)
    with office.database.use():
        first, second = await TraineeRow.all().order_by("id")
        assert (first.opening_code, first.channel, first.state) == (
            MEDICINE, "DIRECT_REGISTRATION", "IN_TRAINING",
        )  # fmt: skip
        assert (first.started_on, first.degree_level) == (date(2025, 9, 1), "BACHELOR")
        assert (second.trainee_type, second.agreement) == ("ENTRUSTED", "three_party")
        case = await ApplicationRow.get(id=first.application_id)  # type: ignore[attr-defined]  # the relation's column
        assert (case.state, case.seat_scopes, case.reported_on) == (
            "REGISTERED", [], date(2025, 9, 1),
        )  # fmt: skip
        # No place of this year's plan is taken.
        assert await SeatRow.filter(taken__gt=0).count() == 0
        records = await TransitionRow.all().order_by("sequence")
        assert [(each.action, each.data["file"], each.data["row"]) for each in records] == [
            ("IMPORT", found.sha256, 2),
            ("IMPORT", found.sha256, 3),
        ]
        personal = await reveal(KEYRING, first.applicant_id)
        assert personal is not None
        assert (personal.number, personal.phone) == (number(1), "+8613800138000")
        assert (await verify_audit_chain()).broken is None
        names = await OutboxRow.all().order_by("id").values_list("name", flat=True)
        assert sorted(str(each) for each in names) == [
            "application.registered", "application.registered", "roster.imported",
        ]  # fmt: skip
        # Nobody who has trained for a year is written to.
        assert await make_notices(office.now) == 0
        assert await NoticeRow.all().count() == 0
        work = await OperationRow.get(id=found.operation)
        assert (work.kind, work.state, work.base_code) == (
            "roster_import", "SUCCEEDED", "sample-hospital",
        )  # fmt: skip
        assert work.result == {"added": 2, "unchanged": 0, "dryRun": False}


async def test_one_whose_commit_was_not_answered_is_shown_as_done(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    async with owing_the_answer(office, database_url, tmp_path, TraineeRow):
        await imported(office, table(person(1), person(2)))
    with office.database.use():
        work = await OperationRow.get()
        assert (work.kind, work.state, work.done) == ("roster_import", "SUCCEEDED", 2)
        assert work.result == {"added": 2, "unchanged": 0, "dryRun": False}
        assert await TraineeRow.all().count() == 2


async def test_sent_again_it_adds_only_who_is_new(office: Office) -> None:
    await imported(office, table(person(1), person(2)))
    before = await kept(office)
    again = await imported(office, table(person(1), person(2)))
    assert isinstance(again, RosterImport)
    assert (again.added, again.unchanged) == (0, 2)
    assert await kept(office) == before
    # The same person under the older spelling of the same number: small letters, blanks.
    spelled = person(1, 证件号码=f" {number(1).lower()} ")
    more = await imported(office, table(spelled, person(3)))
    assert isinstance(more, RosterImport)
    assert (more.added, more.unchanged, more.people) == (1, 1, 1)
    with office.database.use():
        assert await TraineeRow.all().count() == await Applicant.all().count() == 3


async def test_a_dry_run_tells_and_keeps_nothing(office: Office) -> None:
    before = await kept(office)
    found = await imported(office, table(person(1), person(2)), dry_run=True)
    assert isinstance(found, RosterImport)
    assert (found.added, found.people, found.dry_run) == (2, 2, True)
    assert await kept(office) == before


async def test_every_problem_is_told_at_once_with_its_cell(office: Office) -> None:
    before = await kept(office)
    content = table(
        person(1, 专业代码="9999", 人员类型="博士"),
        person(2, 证件号码="110105194912310021", 电子邮箱="x"),
        person(3, 培训开始日期="2026-09-01", 联系电话="12"),
        person(4, 姓名="", 培训开始日期="去年"),
        person(5),
        person(5),
        person(6, 学位类型="=1+1"),
    )
    found = await imported(office, content)
    assert isinstance(found, UnreadableSheet)
    told = [(each.cell, each.code, each.message.en) for each in found.problems]
    cells = [cell for cell, _, _ in told]
    assert cells == ["G2", "I2", "C3", "F3", "E4", "N4", "A5", "N5", "C7", "K8"]
    assert told[0] == ("G2", "ROSTER_CELL", "the program has these only: 0100, 0200, 0900")
    assert ("N4", "ROSTER_CELL", "the training has not begun yet") in told
    assert ("A5", "ROSTER_CELL", "there is no name") in told
    assert ("C7", "ROSTER_DUPLICATE", "this document stands already in C6") in told
    # No message repeats what stands in a cell of a person.
    said = str(found.problems)
    for secret in ("11010519491231", "样例", "去年"):
        assert secret not in said
    assert await kept(office) == before


_OTHER_FORMS = (
    (table(headers=["姓名"]), "ROSTER_HEADER", 'the column "Document number" is missing'),
    (table(headers=[*HEADERS, "身高"]), "ROSTER_HEADER", "unknown column"),
    (table(headers=[*HEADERS, "姓名"]), "ROSTER_HEADER", 'the column "Name" stands twice'),
    (table(), "ROSTER_SHEET", "a file has 1 to 5000 people, this one has 0"),
    (b"", "ROSTER_SHEET", "one sheet with content is wanted, there are 0"),
    (table(person(1)) + b"x" * 20, "ROSTER_CELL", "there is no document number"),
)


@pytest.mark.parametrize("text", ["2026111", "2026-111"])
async def test_a_date_of_two_readings_is_refused(office: Office, text: str) -> None:
    """It could be of January or of November: benefits depend on it."""
    office.go("2026-11-23T09:00")
    found = await imported(office, table(person(1, 培训开始日期=text)))
    assert isinstance(found, UnreadableSheet), found
    (told,) = found.problems
    assert (told.cell, told.message.en) == ("N2", "a date like 2026-09-01 is wanted")


@pytest.mark.parametrize(
    "text",
    ["20250901", "2025-9-1", "2025/09/01", "2025.9.1", "2025年9月1日", "2025-09-01 00:00:00"],
)
async def test_a_date_in_the_forms_that_offices_write(office: Office, text: str) -> None:
    found = await imported(office, table(person(1, 培训开始日期=text)))
    assert isinstance(found, RosterImport), found
    with office.database.use():
        assert (await TraineeRow.get()).started_on == date(2025, 9, 1)


async def test_a_file_of_another_form(office: Office) -> None:
    before = await kept(office)
    for content, code, message in _OTHER_FORMS:
        found = await imported(office, content)
        assert isinstance(found, UnreadableSheet)
        assert (code, message) in [(each.code, each.message.en) for each in found.problems]
    assert await kept(office) == before


async def test_what_is_known_here_stands_against_it(office: Office) -> None:
    known = await applicant(office, 1)
    stranger = await applicant(office, 2)
    await office.submitted(applicant=stranger)
    (admitted, *_) = await office.published(90)
    with office.database.use():
        await Applicant.filter(id=known).update(name="另一人")
    office.go("2026-05-11T12:00")
    before = await kept(office)
    found = await imported(office, table(person(1), person(2), person(3)))
    assert isinstance(found, UnreadableSheet)
    assert [(each.cell, each.code, each.message.en) for each in found.problems] == [
        (
            "A2",
            "ROSTER_PERSON",
            "the name is not the one that is registered with this document",
        ),
        (
            "C3",
            "ROSTER_PERSON",
            "this person has an application for the opening: it has to end first",
        ),
    ]
    assert await kept(office) == before
    assert admitted.state.value == "IN_PUBLICITY"


async def test_whoever_is_registered_for_another_opening(office: Office) -> None:
    await imported(office, table(person(1)))
    before = await kept(office)
    found = await imported(office, table(person(1, 专业代码="0200")))
    assert isinstance(found, UnreadableSheet)
    (problem,) = found.problems
    assert (problem.cell, problem.message.en) == (
        "C2",
        "this person is admitted or registered in the program already, for another opening",
    )
    assert await kept(office) == before


async def test_only_the_office_of_the_base(office: Office) -> None:
    before = await kept(office)
    others = (
        office.staff("specialty_base"),
        office.authority(),
        office.staff(base="sample-clinic"),
    )
    for desk in others:
        for program in (HOSPITAL, "nothing"):
            refused = await imported(office, table(person(1)), desk, program=program)
            assert isinstance(refused, Refusal)
            assert refused.code.value == "NOT_PERMITTED"
    assert await kept(office) == before
    with office.database.use():
        assert await OperationRow.all().count() == 0


async def test_only_residencies_have_rosters(office: Office) -> None:
    refused = await imported(office, table(person(1)), program=FELLOWSHIP)
    assert isinstance(refused, Refusal)
    assert refused.message.en == "rosters are for residency programs only"


async def test_a_workbook_with_real_dates(office: Office) -> None:
    book = openpyxl.load_workbook(io.BytesIO(blank_roster(spreadsheet=True)))
    sheet = book["在培学员"]
    assert [cell.value for cell in sheet[1]] == HEADERS
    row = person(1)
    sheet.append([row.get(name) for name in HEADERS[:-1]] + [date(2025, 9, 1)])
    written = io.BytesIO()
    book.save(written)
    found = await imported(office, written.getvalue())
    assert isinstance(found, RosterImport), found
    assert found.added == 1
    csv_form = blank_roster(spreadsheet=False).decode("utf-8-sig")
    assert csv_form == ",".join(HEADERS) + "\r\n"


def test_the_form_keeps_every_digit_that_is_typed_into_it() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(blank_roster(spreadsheet=True)))["在培学员"]
    formats = {
        name: sheet.column_dimensions[get_column_letter(at)].number_format
        for at, name in enumerate(HEADERS, start=1)
    }
    # A text there would be no date any more.
    assert formats.pop("培训开始日期") == "General"
    assert set(formats.values()) == {"@"}


async def test_a_number_that_a_spreadsheet_rounded_is_nobodys(office: Office) -> None:
    # Its last three digits are gone, and what is left is a valid number: of somebody else.
    rounded = next(
        text
        for text in (f"110105194912{day}0000" for day in range(10, 29))
        if check_character(text[:-1]) == text[-1]
    )
    book = openpyxl.load_workbook(io.BytesIO(blank_roster(spreadsheet=True)))
    row = person(1, 证件号码=rounded)
    book["在培学员"].append(
        [float(rounded) if name == "证件号码" else row.get(name) for name in HEADERS]
    )
    written = io.BytesIO()
    book.save(written)

    refused = await imported(office, written.getvalue())

    assert isinstance(refused, UnreadableSheet), refused
    (told,) = refused.problems
    assert (told.cell, told.code) == ("在培学员!C2", "ROSTER_CELL")
    assert told.message.en == "the cell holds a number of more than 15 digits, whose last are lost"
    assert told.hint is not None
    assert told.hint.en == "format the cell as text and write it again"


@pytest.mark.slow
async def test_two_offices_at_once_register_nobody_twice(office: Office) -> None:
    import asyncio

    content = table(*(person(at) for at in range(1, 6)))
    found = await asyncio.gather(*(imported(office, content) for _ in range(3)))
    assert all(isinstance(each, RosterImport) for each in found), found
    with office.database.use():
        assert await TraineeRow.all().count() == await Applicant.all().count() == 5
        assert (await verify_audit_chain()).broken is None
        ids = await TraineeRow.all().values_list("applicant_id", flat=True)
        assert len({UUID(str(each)) for each in ids}) == 5
