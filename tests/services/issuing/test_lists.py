"""Published lists from rows: R146, R216 masked, signed once, withdrawn, public for how long."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft202012Validator
from tortoise.context import require_context

from admissions_office import HOSPITAL, MEDICINE, PERSON, done, moment
from issued_papers import People
from zhupei.catalogue import Catalogue
from zhupei.db.models import Account, Applicant, BulkOperationRow, PublishedListRow
from zhupei.db.reading import read_pages
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Policy
from zhupei.security.signatures import public_key_id, public_key_of
from zhupei.security.signing_keys import SigningKeys, public_key_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.admissions.erasing import EraseApplicantInput, erase_applicant
from zhupei.services.issuing.lists import (
    PUBLICITIES,
    Publicity,
    PublicityStatus,
    publicity_of,
    publicity_query,
    shows_entries,
    signed_list,
    signed_withdrawal,
)
from zhupei.services.papers.publicity_file import (
    Withdrawal,
    publicity_schema,
    verify_signed_file,
)
from zhupei.services.papers.publicity_list import PublicityListError

pytestmark = pytest.mark.slow

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def keys(*private: bytes, retired: tuple[bytes, ...] = ()) -> SigningKeys:
    public = [f"public:{public_key_text(public_key_of(each))}" for each in retired]
    return SigningKeys.parse(",".join([*map(public_key_text, private), *public]))


async def page(*, first: int = 20, **given: Any) -> tuple[int | None, list[Publicity]]:
    query = publicity_query(**given)
    query.first, query.counted = first, True
    (found,) = await read_pages([query])
    return found.total, list(map(PUBLICITIES.whole, found.rows))


async def the_list(people: People) -> Publicity:
    _, (found,) = await page(programs=[HOSPITAL])
    again = await publicity_of(found.id)
    assert again == found
    return found


def catalogue(people: People) -> Catalogue:
    return people.office.loaded.catalogue


async def test_r146_a_list_is_made_of_its_rows_and_masked(people: People) -> None:
    ids = [await people.person("王小明"), await people.person("Ann Lee")]
    cases = await people.published(*ids)
    with people.office.database.use():
        found = await the_list(people)
        signed = await signed_list(
            catalogue(people), people.keyring, keys(OLD), found, people.office.now
        )
    listed = signed.listed
    assert [(row.application, row.name, row.identity) for row in listed.rows] == [
        (str(cases[0].id), "王*明", "E*****61"),
        (str(cases[1].id), "A** L**", "E*****62"),
    ]
    assert listed.rows[0].trainee_type == "SOCIAL"
    assert (listed.round, listed.round_name) == ("batch-1", "第一批次")
    assert (listed.published_on, listed.ends_on) == (date(2026, 5, 11), date(2026, 5, 20))
    assert (listed.working_days, listed.counts_first_day) == (7, False)
    assert listed.rules == people.office.loaded.catalogue.hash
    assert signed.sha256 == hashlib.sha256(signed.content).hexdigest()
    assert b"E123456" not in signed.content
    assert "王小明".encode() not in signed.content


@pytest.mark.parametrize("before", [True, False], ids=["signed before", "asked for after"])
async def test_who_is_erased_stays_masked_on_what_was_signed(people: People, before: bool) -> None:
    """A file that nobody asked for before the erasure has no name in it."""
    office = people.office
    with office.database.use():
        account = await Account.create(
            kind="person", login="wang", tokens_valid_from=office.now, created_at=office.now
        )
    person = await people.person("王小明", account.id)
    cases = await people.published(person, await people.person("Ann Lee"))
    own = office.desk(Actor(id=str(account.id), grants=frozenset({Grant("applicant")})), person)
    with office.database.use():
        found = await the_list(people)

        async def shown() -> list[tuple[str, str]]:
            file = await signed_list(
                catalogue(people), people.keyring, keys(OLD), found, office.now
            )
            Draft202012Validator(publicity_schema()).validate(json.loads(file.content))
            return [(row.name, row.identity) for row in file.listed.rows]

        if before:
            await shown()
        reason = inputs.ReasonedInput(application=cases[0].id, reason="另有安排")
        done(await admissions.decline_admission(own, reason))
        done(await erase_applicant(own, EraseApplicantInput(applicant=person, reason="不再需要")))
        erased, other = await shown()
    assert other == ("A** L**", "E*****62")
    assert erased == (("王*明", "E*****61") if before else ("-", "*"))


async def test_what_was_signed_stays_as_it_was(people: People) -> None:
    """A change of a name or of the key alters no list that was published before."""
    (case,) = await people.published(await people.person())
    with people.office.database.use():
        found = await the_list(people)
        first = await signed_list(
            catalogue(people), people.keyring, keys(OLD), found, people.office.now
        )
        await Applicant.filter(id=case.applicant).update(name="赵六")
        again = await signed_list(
            catalogue(people), people.keyring, keys(NEW, retired=(OLD,)), found, people.office.now
        )
        assert again == first
        assert first.key_id == public_key_id(public_key_of(OLD))
        with pytest.raises(PublicityListError, match="another key signed it"):
            await signed_list(
                catalogue(people), people.keyring, keys(NEW), found, people.office.now
            )
        assert await PublishedListRow.all().count() == 1


async def test_two_who_ask_at_once_get_one_file(people: People) -> None:
    await people.published(await people.person())
    with people.office.database.use():
        found = await the_list(people)
        both = await asyncio.gather(
            *(
                signed_list(catalogue(people), people.keyring, keys(each), found, people.office.now)
                for each in (OLD, OLD, OLD, OLD)
            )
        )
        assert len({each.content for each in both}) == 1
        assert await PublishedListRow.all().count() == 1


async def test_a_decline_leaves_the_list_as_it_was_published(people: People) -> None:
    cases = await people.published(await people.person(), await people.person("李四"))
    done(
        await admissions.decline_admission(
            people.office.own(cases[0].applicant),
            inputs.ReasonedInput(application=cases[0].id, reason="另有安排"),
        )
    )
    with people.office.database.use():
        signed = await signed_list(
            catalogue(people), people.keyring, keys(OLD), await the_list(people), people.office.now
        )
    assert [row.application for row in signed.listed.rows] == [str(case.id) for case in cases]


async def test_a_publication_taken_back_is_withdrawn(people: People) -> None:
    await people.published(await people.person())
    with people.office.database.use():
        operation = await BulkOperationRow.get(action="PUBLISH")
    people.office.later(hours=1)
    done(
        await admissions.revert_bulk(
            people.office.authority(),
            inputs.RevertBulkInput(operation=operation.id, reason="名单有误"),
        )
    )
    with people.office.database.use():
        found = await the_list(people)
        assert found.status(people.office.now) is PublicityStatus.WITHDRAWN
        assert not shows_entries(catalogue(people), found, people.office.now)
        notice = verify_signed_file(signed_withdrawal(keys(OLD), found), keys(OLD).public)
        assert notice == Withdrawal(
            publicity=str(found.id), program=HOSPITAL, withdrawn_at=moment("2026-05-11T11:00")
        )
        # The record of what was published is still complete.
        signed = await signed_list(
            catalogue(people), people.keyring, keys(OLD), found, people.office.now
        )
        assert len(signed.listed.rows) == 1


@pytest.mark.parametrize(
    ("at", "days", "status", "public"),
    [
        ("2026-05-20T23:59", None, PublicityStatus.LIVE, True),
        ("2026-05-21T00:00", None, PublicityStatus.ENDED, False),
        ("2026-05-30T23:59", 10, PublicityStatus.ENDED, True),
        ("2026-05-31T00:00", 10, PublicityStatus.ENDED, False),
    ],
)
async def test_how_long_entries_are_public(
    people: People, at: str, days: int | None, status: PublicityStatus, *, public: bool
) -> None:
    """Not a moment longer than the period, unless a policy says so."""
    found = Publicity(
        id=uuid4(),
        program=HOSPITAL,
        base="sample-hospital",
        round="batch-1",
        published_at=moment("2026-05-11T10:00"),
        ends_on=date(2026, 5, 20),
        ends_at=moment("2026-05-21T00:00"),
        working_days=7,
        counts_first_day=False,
        catalogue_hash="0" * 64,
        withdrawn_at=None,
    )
    known = catalogue(people)
    program = known.programs[HOSPITAL]
    if days is not None:
        policy = Policy(
            key="publicity_stays_public_days",
            label=Text("继续公开"),
            value=days,
            unit="days",
            level=Level.INSTITUTION,
        )
        program = replace(program, policies=(*program.policies, policy))
        known = replace(known, programs={**known.programs, HOSPITAL: program})
    now: datetime = moment(at)
    assert found.status(now) is status
    assert shows_entries(known, found, now) is public


async def test_lists_are_found_by_program_base_round_and_whether_live(people: People) -> None:
    await people.published(await people.person())
    now = people.office.now
    with people.office.database.use():
        found = await the_list(people)
        for given, expected in (
            ({"base": "sample-hospital", "round_code": "batch-1"}, 1),
            ({"base": "sample-clinic"}, 0),
            ({"round_code": "batch-2"}, 0),
            ({"live_at": now}, 1),
            ({"live_at": now + timedelta(days=30)}, 0),
        ):
            total, rows = await page(**given)
            assert (total, len(rows)) == (expected, expected), given
        for place, backwards, expected in (
            (found.id, False, 0),
            (found.id, True, 0),
            (UUID(int=0), True, 1),
        ):
            total, rows = await page(after=place, backwards=backwards)
            assert (total, len(rows)) == (1, expected)


async def test_whoever_is_no_person_and_a_program_that_left_are_refused(people: People) -> None:
    (case,) = await people.office.published(80, opening=MEDICINE)
    with people.office.database.use():
        found = await the_list(people)
        with pytest.raises(PublicityListError, match=f"nobody is known for: {case.id}"):
            await signed_list(
                catalogue(people), people.keyring, keys(OLD), found, people.office.now
            )
        gone = replace(found, program="gone")
        with pytest.raises(PublicityListError, match="the program gone is no longer"):
            await signed_list(catalogue(people), people.keyring, keys(OLD), gone, people.office.now)
        assert await PublishedListRow.all().count() == 0
        assert require_context() is not None


async def test_an_unknown_trainee_type_is_published_as_unknown(people: People) -> None:
    """An application whose type nobody stated is listed, without one (unknown is null)."""
    person = await people.person()
    cases = await people.published(person, candidate=replace(PERSON, trainee_type=None))
    with people.office.database.use():
        signed = await signed_list(
            catalogue(people), people.keyring, keys(OLD), await the_list(people), people.office.now
        )
    assert [(row.application, row.trainee_type) for row in signed.listed.rows] == [
        (str(cases[0].id), None)
    ]
