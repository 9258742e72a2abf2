"""Calendars of deadlines: what RFC 5545 asks for, stable UIDs, and a person's own dates."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from icalendar import Calendar
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from admissions_office import HOSPITAL, PAEDIATRICS, Office, moment, sample_catalogue
from asked_graph import core_graph
from job_place import KEYRING, applicant
from zhupei.catalogue import Catalogue
from zhupei.db.connection import Database
from zhupei.db.models import Account, Applicant, ApplicationRow, CalendarTokenRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.roles import Role
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Window
from zhupei.graphql.context import GraphContext
from zhupei.services.calendars import (
    Entry,
    calendar_file,
    end_calendar,
    issue_calendar,
    personal_entries,
    program_entries,
    token_owner,
)
from zhupei.services.personal_export import export_person
from zhupei.web.calendars import calendar_routes

AT = datetime(2026, 4, 1, tzinfo=UTC)
_SCHEMA = core_graph().schema


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


def parsed(content: bytes) -> list[Any]:
    """Read a calendar back; every line is at most 75 octets and ends as RFC 5545 says."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut in the middle
        assert b"\n" not in line
    calendar = Calendar.from_ical(content)
    assert (calendar["VERSION"], calendar["CALSCALE"]) == ("2.0", "GREGORIAN")
    return list(calendar.walk("VEVENT"))


async def test_the_windows_of_a_program() -> None:
    catalogue = (await sample_catalogue()).catalogue
    program = catalogue.programs[HOSPITAL]
    entries = program_entries(catalogue, [program])
    known = [
        window
        for round_ in program.rounds
        for window in round_.windows
        if window.opens_at or window.closes_at
    ]
    assert len(entries) == len(known) > 5
    made = calendar_file(program.name, entries, language=Language.ZH, at=AT)
    events = parsed(made.content)
    assert len(events) == len(known)
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai" in made.content
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in made.content
    spans = [
        (window.opens_at, window.closes_at)
        for window in known
        if window.opens_at and window.closes_at
    ]
    found = [(each["DTSTART"].dt, each["DTEND"].dt) for each in events if "DTEND" in each]
    assert sorted(found) == sorted(spans)
    assert all(start.utcoffset() == timedelta(hours=8) for start, _ in found)
    assert str(found[0][0].tzinfo) == "Asia/Shanghai"
    assert len({str(each["UID"]) for each in events}) == len(events)


def moved(catalogue: Catalogue, days: int) -> Catalogue:
    """Return a catalogue in which every known window of the hospital is later."""
    program = catalogue.programs[HOSPITAL]
    by = timedelta(days=days)
    rounds = tuple(
        dataclasses.replace(
            round_,
            windows=tuple(
                dataclasses.replace(
                    window,
                    opens_at=window.opens_at and window.opens_at + by,
                    closes_at=window.closes_at and window.closes_at + by,
                )
                for window in round_.windows
            ),
        )
        for round_ in program.rounds
    )
    later = dataclasses.replace(program, rounds=rounds)
    return dataclasses.replace(catalogue, programs={**catalogue.programs, HOSPITAL: later})


async def test_a_change_of_dates_keeps_the_uids_and_changes_the_tag() -> None:
    catalogue = (await sample_catalogue()).catalogue
    after = moved(catalogue, 3)

    def file(of: Catalogue, at: datetime = AT) -> tuple[set[str], str, bytes]:
        program = of.programs[HOSPITAL]
        made = calendar_file(
            program.name, program_entries(of, [program]), language=Language.ZH, at=at
        )
        return {str(each["UID"]) for each in parsed(made.content)}, made.tag, made.content

    uids, tag, content = file(catalogue)
    again = file(catalogue, AT + timedelta(days=9))
    assert again[:2] == (uids, tag)
    assert again[2] != content
    later = file(after)
    assert later[0] == uids
    assert later[1] != tag


def test_texts_are_escaped_and_folded_between_characters() -> None:
    long = "住院医师规范化培训" * 20 + ", 第二；\\行\nBEGIN:VEVENT"
    entry = Entry(key="x", summary=Text(long, "en"), day=date(2026, 9, 1), place="a;b,c")
    (event,) = parsed(calendar_file(Text("名", "n"), [entry], language=Language.ZH, at=AT).content)
    assert str(event["SUMMARY"]) == long
    assert str(event["LOCATION"]) == "a;b,c"
    assert event["DTSTART"].dt == date(2026, 9, 1)
    english = calendar_file(Text("名", "n"), [entry], language=Language.EN, at=AT)
    assert str(parsed(english.content)[0]["SUMMARY"]) == "en"


def test_an_empty_calendar_is_one() -> None:
    content = calendar_file(Text("名", "n"), [], language=Language.ZH, at=AT).content
    assert parsed(content) == []
    # A calendar has one component at least (RFC 5545, 3.6).
    assert [each.name for each in Calendar.from_ical(content).subcomponents] == ["VTIMEZONE"]


async def test_what_a_person_has_to_keep_follows_the_application(office: Office) -> None:
    person = await applicant(office)
    catalogue = office.loaded.catalogue

    async def kept() -> list[tuple[str, Any]]:
        with office.database.use():
            entries = await personal_entries(catalogue, person)
        return [(each.summary.zh.split(" · ")[0], each.day or each.starts_at) for each in entries]

    assert await kept() == []
    case = await office.draft(applicant=person)
    ((label, closes),) = await kept()
    assert label == "报名截止"
    # Half-open until 24 April 00:00, which a calendar would show on the day after the last one.
    assert closes == date(2026, 4, 23)
    for state, values, expected in (
        ("NOTIFIED", {"report_by": date(2026, 8, 31)}, ("报到截止日", date(2026, 8, 31))),
        ("REPORTED", {"agreement_by": date(2026, 9, 7)}, ("签订协议截止日", date(2026, 9, 7))),
    ):
        with office.database.use():
            await ApplicationRow.filter(id=case.id).update(state=state, **values)
        assert await kept() == [expected]
    for state in ("REGISTERED", "WITHDRAWN", "REJECTED"):
        with office.database.use():
            await ApplicationRow.filter(id=case.id).update(state=state)
        assert await kept() == []


async def test_the_end_of_publicity_is_the_last_moment_to_accept(office: Office) -> None:
    (case, *_) = await office.published(90)
    with office.database.use():
        (entry,) = await personal_entries(office.loaded.catalogue, case.applicant)
    assert entry.summary == Text(
        "确认录取截止 · 内科 · 样例医院住培 2026",
        "Last moment to accept the offer · Internal Medicine · Sample Hospital residency 2026",
    )
    assert (entry.day, entry.starts_at) == (date(2026, 5, 20), None)
    assert entry.description == Text(
        "至当日24:00（北京时间）", "until 24:00 of this day, China time"
    )


async def test_two_drafts_of_one_program_are_told_apart(office: Office) -> None:
    person = await applicant(office)
    await office.draft(applicant=person)
    await office.draft(PAEDIATRICS, person, direction="neonatology")
    with office.database.use():
        entries = await personal_entries(office.loaded.catalogue, person)
    assert sorted(entry.summary.zh.split(" · ")[1] for entry in entries) == ["儿科", "内科"]


async def test_a_window_that_only_closes_is_on_its_last_day() -> None:
    """T11: midnight at the end of a window is 24:00 of the day before."""
    catalogue = (await sample_catalogue()).catalogue
    program = catalogue.programs[HOSPITAL]
    closing = Window(
        kind="publicity",
        label=Text("公示", "Publicity"),
        closes_at=datetime(2026, 7, 1, tzinfo=CHINA_TIME),
        note=Text("附注", "note"),
    )
    at_noon = dataclasses.replace(
        closing, kind="report", closes_at=datetime(2026, 7, 1, 12, tzinfo=CHINA_TIME)
    )
    rounds = (dataclasses.replace(program.rounds[0], windows=(closing, at_noon)),)
    first, second = program_entries(catalogue, [dataclasses.replace(program, rounds=rounds)])
    assert (first.day, first.starts_at) == (date(2026, 6, 30), None)
    assert first.description == Text(
        "附注\n至当日24:00（北京时间）", "note\nuntil 24:00 of this day, China time"
    )
    assert (second.day, second.starts_at) == (None, at_noon.closes_at)
    assert second.description == closing.note


def served(office: Office) -> httpx2.AsyncClient:
    async def context(request: Request, response: Response) -> GraphContext:
        del request, response
        return GraphContext(
            catalogue=office.loaded.catalogue, clock=lambda: office.now, database=office.database
        )

    app = Starlette(routes=calendar_routes(context))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://zhupei")


async def test_over_http_with_a_tag(office: Office) -> None:
    with office.database.use():
        async with served(office) as client:
            found = await client.get(f"/calendar/programs/{HOSPITAL}.ics")
            assert found.headers["content-type"] == "text/calendar; charset=utf-8"
            assert found.headers["cache-control"] == "public, max-age=900"
            count = len(parsed(found.content))
            tag = found.headers["etag"]
            same = await client.get(
                f"/calendar/programs/{HOSPITAL}.ics", headers={"if-none-match": f'"x", {tag}'}
            )
            assert (same.status_code, same.content) == (304, b"")
            office.loaded = dataclasses.replace(
                office.loaded, catalogue=moved(office.loaded.catalogue, 1)
            )
            changed = await client.get(
                f"/calendar/programs/{HOSPITAL}.ics", headers={"if-none-match": tag}
            )
            assert changed.status_code == 200
            base = await client.get("/calendar/bases/sample-hospital.ics?lang=en")
            assert len(parsed(base.content)) >= count
            for path in ("programs/nothing", "bases/nothing", "personal"):
                missing = await client.get(f"/calendar/{path}.ics?token=x")
                assert missing.status_code == 404
                assert missing.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def ask(
    office: Office, mutation: str, account: str, role: str = "applicant", key: str | None = None
) -> Any:
    shown = {"issue": "PersonalCalendar { path }", "end": "EndedCalendar { ended }"}[mutation]
    return await _SCHEMA.execute(
        f"mutation($key: String) {{ {mutation}Calendar(input: {{idempotencyKey: $key}}) "
        f"{{ __typename ... on {shown} ... on Refusal {{ code }} }} }}",
        variable_values={"key": key},
        context_value=GraphContext(
            catalogue=office.loaded.catalogue,
            dispatcher=office.loaded.dispatcher,
            language=Language.EN,
            clock=lambda: office.now,
            actor=Actor(id=account, grants=frozenset({Grant(role)})),
            keyring=lambda: KEYRING,
            database=office.database,
        ),
    )


async def test_a_person_opens_and_ends_the_own_calendar(office: Office) -> None:
    with office.database.use():
        account = await Account.create(
            kind="person", login="li", created_at=AT, tokens_valid_from=AT
        )
        person = await applicant(office)
        await Applicant.filter(id=person).update(account_id=account.id)
        await office.draft(applicant=person)
        first = (await ask(office, "issue", str(account.id))).data["issueCalendar"]["path"]
        async with served(office) as client:
            found = await client.get(first)
            (event,) = parsed(found.content)
            assert str(event["SUMMARY"]).startswith("报名截止")
            assert found.headers["cache-control"] == "private, no-cache"
            # Neither name nor number is in it.
            assert "样例一".encode() not in found.content
            second = (await ask(office, "issue", str(account.id))).data["issueCalendar"]["path"]
            assert (await client.get(first)).status_code == 404
            assert (await client.get(second)).status_code == 200
            ended = await ask(office, "end", str(account.id))
            assert ended.data["endCalendar"] == {"__typename": "EndedCalendar", "ended": True}
            assert (await client.get(second)).status_code == 404
        again = await ask(office, "end", str(account.id))
        assert again.data["endCalendar"]["ended"] is False
        copy = await export_person(KEYRING, person, office.loaded.catalogue, at=office.now)
        assert copy is not None
        assert [each["endedAt"] is None for each in copy["calendars"]] == [False, False]
        token = second.partition("token=")[2]
        rows = await CalendarTokenRow.all().values()
        assert token not in str(rows)
        assert await token_owner(token) is None


async def test_nobody_else_has_one(office: Office) -> None:
    with office.database.use():
        for role in [role for role in Role if role is not Role.APPLICANT]:
            answer = await ask(office, "issue", str(UUID(int=1)), role.value)
            assert answer.data == {"issueCalendar": None}, role
            assert answer.errors[0].extensions["code"] == "FORBIDDEN"
        assert await CalendarTokenRow.all().count() == 0


async def test_an_account_that_is_no_applicant(office: Office) -> None:
    with office.database.use():
        answer = await ask(office, "issue", str(UUID(int=1)))
    assert answer.data["issueCalendar"]["code"] == "NOT_FOUND"


async def test_one_token_is_live_at_a_time(office: Office) -> None:
    person = await applicant(office)
    with office.database.use():
        tokens = [await issue_calendar(person, moment(f"2026-04-0{day}T09:00")) for day in (1, 2)]
        assert [await token_owner(token) for token in tokens] == [None, person]


async def test_a_request_that_is_repeated_opens_the_same_calendar_and_ends_it_once(
    office: Office,
) -> None:
    """Also where it comes many times at once; ended meanwhile, it gives out another address."""
    person = await applicant(office)
    at, of_request = moment("2026-04-01T09:00"), ("the-present", "the-one-before")
    with office.database.use():
        given = [issue_calendar(person, at, of_request) for _ in range(4)]
        assert await asyncio.gather(*given) == ["the-present"] * 4
        assert await CalendarTokenRow.filter(applicant_id=person).count() == 1
        turned = ("after-new-keys", "the-present")
        assert await issue_calendar(person, at, turned) == "the-present"
        assert await end_calendar(person, at)
        again = await issue_calendar(person, at, of_request)
        assert again not in of_request
        assert [await token_owner(each) for each in ("the-present", again)] == [None, person]
        assert len(set(await asyncio.gather(*(issue_calendar(person, at) for _ in range(4))))) == 4
        assert await CalendarTokenRow.filter(applicant_id=person, ended_at=None).count() == 1


async def test_repeated_with_their_key_both_are_answered_as_before(office: Office) -> None:
    with office.database.use():
        account = await Account.create(
            kind="person", login="li", created_at=AT, tokens_valid_from=AT
        )
        person = await applicant(office)
        await Applicant.filter(id=person).update(account_id=account.id)
        for mutation in ("issue", "end"):
            keyed = [await ask(office, mutation, str(account.id), key="k") for _ in range(2)]
            assert keyed[0].data == keyed[1].data
            assert keyed[0].data[f"{mutation}Calendar"].get("ended") in {None, True}
            keyed[1] = await ask(office, mutation, str(account.id), key="l")
            assert keyed[0].data != keyed[1].data
