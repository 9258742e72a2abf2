"""Sending units: both sides agree, then the unit files and recommends, and nothing else is seen."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import FELLOW, HEART, MEDICINE, PERSON, Office, done, sample_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import (
    Account,
    Applicant,
    SendingUnitPersonRow,
    SendingUnitRow,
    StateRecordRow,
)
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import HospitalTier, SendingUnit, TraineeType
from zhupei.domain.sending_units import LinkState, SentPerson, Unit, as_sent
from zhupei.reference import load
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import Desk, RefusalCode, inputs
from zhupei.services.admissions.searching import ApplicationSearch, search_applications
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.sending_units import (
    answer_link,
    end_link,
    link_by_id,
    links_of_applicant,
    links_of_unit,
    name_unit,
    record_unit,
    register_person,
    sent_by,
    unit_of_account,
    unit_that_sends,
    units_named,
)

_AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
_PROVINCES = load().provinces
_KEYS = Keyring.parse(new_key_text())


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


async def a_unit(name: str = "某县人民医院", login: str = "unit") -> Unit:
    account = await Account.create(
        kind="person", login=login, tokens_valid_from=_AT, created_at=_AT
    )
    made = await record_unit(
        account.id,
        name=name,
        tier=HospitalTier.SECONDARY,
        province="620000",
        prefecture="620100",
        provinces=_PROVINCES,
        by="admin",
        at=_AT,
    )
    assert isinstance(made, Unit)
    return made


async def a_person(number: str = "E1234567") -> UUID:
    made = await register_applicant(
        _KEYS,
        Details(name="王小明"),
        kind=DocumentKind.PASSPORT,
        number=number,
        issuing_state="USA",
        account=None,
        today=_AT.date(),
        at=_AT,
    )
    assert isinstance(made, ApplicantRecord)
    return made.id


async def claimed(
    unit: Unit,
    number: str = "E1234567",
    place: tuple[str | None, str | None] = ("sample-hospital", "0100"),
) -> SentPerson | AccessRefusal:
    base, specialty = place
    return await register_person(
        _KEYS,
        unit,
        Details(name="王小明"),
        kind=DocumentKind.PASSPORT,
        number=number,
        issuing_state="USA",
        base=base,
        specialty=specialty,
        by=str(unit.account),
        today=_AT.date(),
        at=_AT,
    )


def agreed(answer: SentPerson | AccessRefusal) -> SentPerson:
    assert isinstance(answer, SentPerson), answer
    return answer


async def unit_desk(office: Office, unit: Unit) -> Desk:
    actor = Actor(id=str(unit.account), grants=frozenset({Grant("sending_unit")}))
    return office.desk(actor, sends=await sent_by(unit.account))


async def test_a_person_names_a_unit_and_the_unit_confirms(office: Office) -> None:
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        asked = agreed(await name_unit(person, unit.id, by="me", at=_AT))
        assert (asked.state, asked.name) == (LinkState.NAMED, "王小明")
        assert await sent_by(unit.account) == frozenset()
        # Asking twice is asking once.
        assert agreed(await name_unit(person, unit.id, by="me", at=_AT)).id == asked.id
        agreed(await answer_link(asked.id, accept=True, by="unit", at=_AT))
        assert await sent_by(unit.account) == {person}
        found = await unit_that_sends(person)
        assert found is not None
        assert found.unit == unit


async def test_a_unit_that_knows_a_number_learns_nothing_before_the_person_agrees(
    office: Office,
) -> None:
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        asked = agreed(await claimed(unit))
        assert (asked.state, asked.name, asked.applicant) == (LinkState.CLAIMED, "王*明", person)
        assert await sent_by(unit.account) == frozenset()
        taken_back = agreed(await end_link(asked.id, reason="误录", by="unit", at=_AT))
        assert (taken_back.state, taken_back.name) == (LinkState.REFUSED, "王*明")
        asked = agreed(await claimed(unit))
        refused = agreed(await answer_link(asked.id, accept=False, by="me", at=_AT))
        assert (refused.state, refused.name) == (LinkState.REFUSED, "王*明")
        assert [each.state for each in await links_of_unit(unit.account)] == [
            LinkState.REFUSED,
            LinkState.REFUSED,
        ]


async def test_what_both_ask_is_agreed(office: Office) -> None:
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        agreed(await claimed(unit))
        both = agreed(await name_unit(person, unit.id, by="me", at=_AT))
        assert both.state is LinkState.CONFIRMED
        assert len(await links_of_applicant(person)) == 1


async def test_r125_what_the_unit_assigns_to_who_named_it_is_kept(office: Office) -> None:
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        agreed(await name_unit(person, unit.id, by="me", at=_AT))
        both = agreed(await claimed(unit))
        assert (both.state, both.base, both.specialty) == (
            LinkState.CONFIRMED,
            "sample-hospital",
            "0100",
        )
        row = await StateRecordRow.get(subject_id=both.id, action="CONFIRM")
        assert row.to_state == "CONFIRMED"


@pytest.mark.parametrize("confirmed", [False, True])
async def test_another_assignment_is_not_taken_as_the_one_on_record(
    office: Office, confirmed: bool
) -> None:
    """Nor does a unit change what the person confirmed, or is asked to confirm."""
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        asked = agreed(await claimed(unit))
        if confirmed:
            agreed(await answer_link(asked.id, accept=True, by="me", at=_AT))
        before = await link_by_id(asked.id)
        other = await claimed(unit, place=("sample-hospital", "0200"))
        assert isinstance(other, AccessRefusal)
        assert (other.code, other.field) == (AccessCode.CONFLICT, "base")
        assert other.message.en == (
            "you said that you send the person to another place (sample-hospital 0100); end that "
            "link first (endSendingUnitLink), then register the person anew"
        )
        assert (await link_by_id(asked.id), len(await links_of_applicant(person))) == (before, 1)
        # The same again, or without a place, asks for nothing else than stands already.
        for place in (("sample-hospital", "0100"), (None, None)):
            assert agreed(await claimed(unit, place=place)) == before


async def test_a_unit_registers_somebody_new(office: Office) -> None:
    """R093: applications come from units or persons."""
    with office.database.use():
        unit = await a_unit()
        made = agreed(await claimed(unit, "E7654321"))
        assert (made.state, made.name) == (LinkState.CONFIRMED, "王小明")
        row = await Applicant.get(id=made.applicant)
        assert row.account_id is None  # type: ignore[attr-defined]  # Tortoise adds it


async def test_one_unit_at_a_time_also_at_once(office: Office) -> None:
    with office.database.use():
        one, two = await a_unit(), await a_unit("另一医院", "unit-2")
        person = await a_person()
        links = [
            agreed(await name_unit(person, unit.id, by="me", at=_AT)).id for unit in (one, two)
        ]
        answers = await asyncio.gather(
            *(answer_link(link, accept=True, by="u", at=_AT) for link in links)
        )
        refusals = [each for each in answers if isinstance(each, AccessRefusal)]
        assert [each.code for each in refusals] == [AccessCode.CONFLICT]
        assert await SendingUnitPersonRow.filter(state="CONFIRMED").count() == 1
        confirmed = next(each for each in answers if isinstance(each, SentPerson))
        agreed(await end_link(confirmed.id, reason="离职", by="me", at=_AT))
        other = next(link for link in links if link != confirmed.id)
        assert agreed(await answer_link(other, accept=True, by="u", at=_AT)).state is (
            LinkState.CONFIRMED
        )
        again = await end_link(confirmed.id, reason="x", by="me", at=_AT)
        assert isinstance(again, AccessRefusal)
        assert again.code is AccessCode.CONFLICT


async def test_units_are_found_by_name_and_changed(office: Office) -> None:
    with office.database.use():
        unit = await a_unit()
        assert [each.id for each in await units_named("县人民")] == [unit.id]
        assert await units_named("县") == ()
        changed = await record_unit(unit.account, name="某县中心医院", by="admin", at=_AT)
        assert isinstance(changed, Unit)
        assert (changed.id, changed.name, changed.tier, changed.province) == (
            unit.id,
            "某县中心医院",
            None,
            None,
        )
        for wrong, field in (
            ({"name": " "}, "name"),
            ({"name": "x", "province": "62"}, "province"),
            ({"name": "x", "prefecture": "620100"}, "prefecture"),
            ({"name": "x", "province": "110000", "prefecture": "620100"}, "prefecture"),
            # Six digits, and no place.
            ({"name": "x", "province": "999999"}, "province"),
            ({"name": "x", "province": "620100"}, "province"),
            ({"name": "x", "province": "620000", "prefecture": "620199"}, "prefecture"),
            ({"name": "x", "province": "110000", "prefecture": "11010"}, "prefecture"),
        ):
            values: dict[str, Any] = wrong
            refusal = await record_unit(
                unit.account, provinces=_PROVINCES, by="admin", at=_AT, **values
            )
            assert isinstance(refusal, AccessRefusal)
            assert refusal.field == field
        assert await unit_of_account(unit.account) == changed
        # A municipality has no prefectures, so that its districts are taken.
        moved = await record_unit(
            unit.account,
            name="x",
            province="110000",
            prefecture="110105",
            provinces=_PROVINCES,
            by="admin",
            at=_AT,
        )
        assert isinstance(moved, Unit)
        assert (moved.province, moved.prefecture) == ("110000", "110105")
        nobody = await record_unit(uuid4(), name="x", by="admin", at=_AT)
        assert isinstance(nobody, AccessRefusal)
        assert nobody.code is AccessCode.NOT_FOUND


async def test_nobody_sends_themselves(office: Office) -> None:
    """One account that acts for a unit and is an applicant's: both sides would be one."""
    with office.database.use():
        unit, person = await a_unit(), await a_person()
        await Applicant.filter(id=person).update(account_id=unit.account)
        for answer, field in (
            (await name_unit(person, unit.id, by=str(unit.account), at=_AT), "unit"),
            (await claimed(unit), "identityNumber"),
        ):
            assert isinstance(answer, AccessRefusal)
            assert (answer.code, answer.field, answer.message.en) == (
                AccessCode.CONFLICT,
                field,
                "this account acts for the unit itself: nobody sends themselves",
            )
        assert await links_of_applicant(person) == ()


async def test_a_unit_recorded_twice_at_once_is_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = SendingUnitRow.create
    others: list[asyncio.Task[Unit | AccessRefusal]] = []

    async def other() -> Unit | AccessRefusal:
        with office.database.use():
            return await record_unit(account.id, name="乙", by="admin", at=_AT)

    async def overtaken(**values: Any) -> SendingUnitRow:
        if not others:
            # In a transaction of its own; it either comes first, or waits for this one.
            others.append(asyncio.create_task(other(), context=Context()))
            await asyncio.wait(others, timeout=0.5)
        return await create(**values)

    monkeypatch.setattr(SendingUnitRow, "create", overtaken)
    with office.database.use():
        account = await Account.create(
            kind="person", login="unit", tokens_valid_from=_AT, created_at=_AT
        )
        one = await record_unit(account.id, name="甲", by="admin", at=_AT)
        two = await others[0]
        assert isinstance(one, Unit)
        assert two == replace(one, name="乙")
        assert await SendingUnitRow.all().count() == 1


async def test_a_unit_files_and_recommends_for_its_people(office: Office) -> None:
    """R093, R181: draft, submission and recommendation by the unit of somebody without account."""
    with office.database.use():
        unit = await a_unit()
        link = agreed(await claimed(unit))
    office.go("2026-04-12T09:00")
    with office.database.use():
        desk = await unit_desk(office, unit)
    case = done(
        await admissions.create_application(
            desk,
            inputs.CreateApplicationInput(
                applicant=link.applicant, opening=HEART, round="june", candidate=FELLOW
            ),
        )
    )
    done(
        await admissions.submit_application(
            desk, inputs.SubmitApplicationInput(application=case.id)
        )
    )
    recommended = done(
        await admissions.recommend_application(desk, inputs.ApplicationInput(application=case.id))
    )
    unit_facts = recommended.candidate.sending_unit
    assert unit_facts is not None
    assert (unit_facts.name, unit_facts.prefecture) == ("某县人民医院", "620100")
    stranger = office.desk(Actor(id="x", grants=frozenset({Grant("sending_unit")})))
    await office.refuses(
        RefusalCode.NOT_FOUND,
        await admissions.withdraw_application(
            stranger, inputs.ReasonedInput(application=case.id, reason="x")
        ),
    )


async def test_a_unit_does_not_see_what_its_people_file_for_themselves(office: Office) -> None:
    with office.database.use():
        unit = await a_unit()
        link = agreed(await claimed(unit))
        desk = await unit_desk(office, unit)
    own = await office.draft(MEDICINE, link.applicant)
    office.go("2026-04-12T09:00")
    sent = await office.draft(HEART, link.applicant, round_code="june", candidate=FELLOW)
    assert await admissions.application_of(desk, own.id) is None
    assert await admissions.application_of(desk, sent.id) == sent
    seen = await search_applications(desk, ApplicationSearch(), first=10)
    assert [case.id for case in seen] == [sent.id]
    await office.refuses(
        RefusalCode.NOT_PERMITTED,
        await admissions.create_application(
            desk,
            inputs.CreateApplicationInput(
                applicant=link.applicant, opening=MEDICINE, round="batch-1", candidate=PERSON
            ),
        ),
    )


ENTRUSTED = replace(PERSON, trainee_type=TraineeType.ENTRUSTED)


def test_r123_an_entrusted_trainee_without_a_unit_is_an_individual() -> None:
    assert as_sent(ENTRUSTED, None).applies_as_individual is True
    declared = replace(ENTRUSTED, applies_as_individual=False)
    assert as_sent(declared, None) == declared
    assert as_sent(PERSON, None) == PERSON


def test_r124_r125_the_units_recorded_facts_replace_declared_ones() -> None:
    link = SentPerson(
        id=uuid4(),
        unit=Unit(
            id=uuid4(),
            account=uuid4(),
            name="某县人民医院",
            tier=HospitalTier.SECONDARY,
            province="620000",
            prefecture="620100",
        ),
        applicant=uuid4(),
        name="x",
        state=LinkState.CONFIRMED,
        base="sample-hospital",
        specialty="0100",
        asked_at=_AT,
    )
    claims = replace(
        ENTRUSTED,
        sending_unit=SendingUnit(name="别处", prefecture="620200", names_match=True),
    )
    found = as_sent(claims, link)
    assert found.applies_as_individual is False
    assert found.sending_unit == SendingUnit(
        name="某县人民医院",
        tier=HospitalTier.SECONDARY,
        province="620000",
        prefecture="620100",
        recommends=True,
        base="sample-hospital",
        specialty="0100",
        names_match=True,
    )
    # A fellow's unit recommends by a step of its own (R181).
    fellow = as_sent(FELLOW, link).sending_unit
    assert fellow is not None
    assert fellow.recommends is None
