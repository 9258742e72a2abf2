"""Erasing a person: what the law keeps is refused, the rest goes, and the chain still holds."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, date
from typing import Any
from uuid import UUID

import pytest
from tortoise import connections

from admissions_office import MEDICINE, PAEDIATRICS, PERSON, Office, done, moment
from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantIdentity,
    ApplicationRow,
    BulkOperationRow,
    StateRecordRow,
    TransitionRow,
)
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import (
    Desk,
    RefusalCode,
    commits,
    erasing,
    filing,
    inputs,
    situations,
)
from zhupei.services.admissions.erasing import EraseApplicantInput, erase_applicant
from zhupei.services.applicant_encryption import renew_encryption
from zhupei.services.applicants import (
    ApplicantRecord,
    Details,
    applicant_of,
    find_by_identity,
    register_applicant,
)
from zhupei.services.audit import verify_audit_chain
from zhupei.services.personal_export import export_person

_KEYS = Keyring.parse(new_key_text())
_SECRETS = ("欧阳小明", "E7654321", "13800138000", "ouyang@example.cn")


async def a_person(office: Office) -> tuple[UUID, Desk]:
    with office.database.use():
        account = await Account.create(
            kind="person", login="ouyang", tokens_valid_from=office.now, created_at=office.now
        )
        made = await register_applicant(
            _KEYS,
            Details(name="欧阳小明", phone="13800138000", email="ouyang@example.cn"),
            kind=DocumentKind.PASSPORT,
            number="E7654321",
            issuing_state="USA",
            account=account.id,
            today=office.today,
            at=office.now,
        )
    assert isinstance(made, ApplicantRecord)
    actor = Actor(id=str(account.id), grants=frozenset({Grant("applicant")}))
    return made.id, office.desk(actor, made.id)


def wish(applicant: UUID) -> EraseApplicantInput:
    return EraseApplicantInput(applicant=applicant, reason="不再需要")


async def everything_said(office: Office) -> str:
    """Return every row of every table as text."""
    with office.database.use():
        connection = connections.get("default")
        tables = await connection.execute_query_dict(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        rows: list[Any] = []
        for table in tables:
            rows += await connection.execute_query_dict(
                f'SELECT t::text AS row FROM "{table["tablename"]}" t'
            )
        return "\n".join(row["row"] for row in rows)


async def test_a_rejected_person_is_erased_and_the_records_hold(office: Office) -> None:
    person, own = await a_person(office)
    case = await office.submitted(applicant=person)
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    office.go("2026-05-11T10:00")
    outcome = done(await office.publish(case))
    reason = inputs.ReasonedInput(application=case.id, reason="另有安排")
    done(await admissions.decline_admission(own, reason))
    before = await everything_said(office)
    assert re.search(r"cet4\W+430", before) is not None
    assert "E7654321" not in before  # never plain
    erased = done(await erase_applicant(own, wish(person)))
    assert (erased.applications, erased.files) == (1, 0)
    said = await everything_said(office)
    assert [secret for secret in _SECRETS if secret in said] == []
    assert re.search(r"cet4\W+430", said) is None
    with office.database.use():
        report = await verify_audit_chain()
        assert report.broken is None
        row = await Applicant.get(id=person)
        assert (row.name, row.facts, row.identity_ciphertext) == ("-", {}, "")
        assert await ApplicantIdentity.all().count() == 0
        assert await renew_encryption(Keyring.parse(new_key_text())) == 0
        record = await applicant_of(_KEYS, person)
        assert record is not None
        assert (record.name, record.masked_number) == ("-", "")
        account = await Account.get()
        assert account.login == f"erased-{account.id.hex}"
        assert account.disabled_at is not None
        operation = await BulkOperationRow.get(id=outcome.operation)  # type: ignore[attr-defined]  # a bulk outcome
        assert re.search(r"cet4\W+430", str(operation.details)) is None
        # The same person may come again, as somebody new.
        number = await find_by_identity(
            _KEYS, DocumentKind.PASSPORT, "E7654321", today=date(2026, 6, 1), issuing_state="USA"
        )
        assert number is None
    now = await office.case(case.id)
    assert (now.state, now.candidate) == (
        "DECLINED",
        Candidate(trainee_type=case.candidate.trainee_type),
    )


async def test_what_has_to_be_kept_is_kept(office: Office) -> None:
    person, own = await a_person(office)
    case = await office.submitted(applicant=person)
    before = await everything_said(office)
    refusal = await office.refuses(
        RefusalCode.MUST_BE_KEPT, await erase_applicant(own, wish(person))
    )
    assert "withdraw or decline first" in (refusal.message.en or "")
    assert await everything_said(office) == before
    done(
        await admissions.withdraw_application(
            own, inputs.ReasonedInput(application=case.id, reason="x")
        )
    )
    done(
        await admissions.impose_ban(
            office.authority(),
            inputs.ImposeBanInput(
                applicant=person, program="sample-residency-2026", reason="情节严重"
            ),
        )
    )
    before = await everything_said(office)
    refusal = await office.refuses(
        RefusalCode.MUST_BE_KEPT, await erase_applicant(own, wish(person))
    )
    assert "until 2029-04-09" in (refusal.message.en or "")
    for desk in (office.authority(), office.staff(), office.own(case.id)):
        await office.refuses(RefusalCode.NOT_FOUND, await erase_applicant(desk, wish(person)))
    assert await everything_said(office) == before


async def test_what_keeps_the_data_of_who_came_is_named(office: Office) -> None:
    """Who reported or trains can neither withdraw nor decline, and is not told to."""
    person, own = await a_person(office)
    case = await office.submitted(applicant=person)
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    refusal = await office.refuses(
        RefusalCode.MUST_BE_KEPT, await erase_applicant(own, wish(person))
    )
    assert refusal.message == Text(
        "已报到，报到记录须保存；中途离开的，请先由培训基地登记退出",
        "the report at the base is kept: who leaves early asks the base's office to record that "
        "first",
    )
    await office.signed(case)
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), given))
    refusal = await office.refuses(
        RefusalCode.MUST_BE_KEPT, await erase_applicant(own, wish(person))
    )
    assert refusal.message == Text(
        "培训注册与经费记录依法须保存，不能删除",
        "registrations of training and payments have to be kept by law",
    )


async def test_a_ban_keeps_from_its_first_hour_in_china(office: Office) -> None:
    """T43: servers tell UTC; two in the morning in China is still the day before there."""
    person, own = await a_person(office)
    office.now = moment("2026-04-12T02:00").astimezone(UTC)
    given = inputs.ImposeBanInput(
        applicant=person, program="sample-residency-2026", reason="情节严重"
    )
    ban = done(await admissions.impose_ban(office.authority(), given))
    assert (ban.starts_on, ban.until) == (date(2026, 4, 12), date(2029, 4, 11))
    before = await everything_said(office)
    refusal = await office.refuses(
        RefusalCode.MUST_BE_KEPT, await erase_applicant(own, wish(person))
    )
    assert "until 2029-04-11" in (refusal.message.en or "")
    assert await everything_said(office) == before


async def test_who_only_registered_is_erased_too(office: Office) -> None:
    person, own = await a_person(office)
    await office.draft(applicant=person)
    erased = done(await erase_applicant(own, wish(person)))
    assert erased.applications == 1
    with office.database.use():
        assert (await verify_audit_chain()).broken is None
    other, alone = await _another(office)
    assert done(await erase_applicant(alone, wish(other))).applications == 0


async def test_asked_many_times_at_once_it_is_done_and_recorded_once(office: Office) -> None:
    person, own = await a_person(office)
    await office.draft(applicant=person)
    other, alone = await _another(office)
    for applicant, desk, applications in ((person, own, 1), (other, alone, 0)):
        answers = await asyncio.gather(*(erase_applicant(desk, wish(applicant)) for _ in range(6)))
        first = done(answers[0])
        assert (first.applicant, first.applications) == (applicant, applications)
        assert [done(answer) for answer in answers] == [first] * 6
        with office.database.use():
            recorded = StateRecordRow.filter(subject_id=applicant, action="ERASE")
            assert await recorded.count() == 1
    with office.database.use():
        assert await TransitionRow.filter(action="ERASE").count() == 1
        assert (await verify_audit_chain()).broken is None


@pytest.mark.parametrize("filed", [0, 1])
async def test_what_is_filed_while_it_is_carried_out_is_erased_too(
    office: Office, monkeypatch: pytest.MonkeyPatch, filed: int
) -> None:
    """A draft of another window holds the same facts as those that were looked at first."""
    person, own = await a_person(office)
    if filed:
        await office.draft(applicant=person)
    original = erasing._kept
    later: list[UUID] = []

    async def kept(*given: Any) -> Any:
        against = await original(*given)
        if not later:
            later.append((await office.draft(PAEDIATRICS, person, direction="neonatology")).id)
        return against

    monkeypatch.setattr(erasing, "_kept", kept)
    erased = done(await erase_applicant(own, wish(person)))
    assert erased.applications == filed + 1
    assert re.search(r"cet4\W+430", await everything_said(office)) is None
    with office.database.use():
        assert (await ApplicationRow.get(id=later[0])).state == "WITHDRAWN"
        assert (await verify_audit_chain()).broken is None


async def test_nothing_is_filed_for_who_was_erased_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, own = await a_person(office)
    original = situations.surroundings

    def erasing_first(*given: Any) -> Any:
        waiting.append(asyncio.ensure_future(erase_applicant(own, wish(person))))
        return original(*given)

    waiting: list[asyncio.Future[Any]] = []
    monkeypatch.setattr(filing, "surroundings", erasing_first)
    lock = commits._lock

    async def locked(*given: Any) -> None:
        done(await waiting[0])
        await lock(*given)

    monkeypatch.setattr(commits, "_lock", locked)
    given = inputs.CreateApplicationInput(
        applicant=person, opening=MEDICINE, round="batch-1", candidate=PERSON
    )
    refused = await office.refuses(
        RefusalCode.NOT_FOUND, await admissions.create_application(office.own(person), given)
    )
    assert (refused.field, refused.message.en) == ("applicant", f"there is no applicant {person}")
    with office.database.use():
        assert await ApplicationRow.all().count() == await TransitionRow.all().count() == 0


async def test_who_sent_it_twice_at_once_is_told_alike_when_no_longer_that_applicant(
    office: Office,
) -> None:
    """The slower request finds that its sender is no applicant any more, by the faster one."""
    person, own = await a_person(office)
    await office.draft(applicant=person)
    other, alone = await _another(office)
    erased = done(await erase_applicant(own, wish(person)))
    before = await everything_said(office)
    late = replace(own, applicant=None)
    assert done(await erase_applicant(late, wish(person))) == erased
    # Others are told what they are told of nobody.
    for desk in (alone, replace(alone, applicant=None), office.staff(), office.authority()):
        await office.refuses(RefusalCode.NOT_FOUND, await erase_applicant(desk, wish(person)))
    await office.refuses(RefusalCode.NOT_FOUND, await erase_applicant(late, wish(other)))
    assert await everything_said(office) == before


async def _another(office: Office) -> tuple[UUID, Desk]:
    with office.database.use():
        account = await Account.create(
            kind="person", login="li", tokens_valid_from=office.now, created_at=office.now
        )
        made = await register_applicant(
            _KEYS,
            Details(name="李四"),
            kind=DocumentKind.PASSPORT,
            number="E1111111",
            issuing_state="USA",
            account=account.id,
            today=office.today,
            at=office.now,
        )
    assert isinstance(made, ApplicantRecord)
    actor = Actor(id=str(account.id), grants=frozenset({Grant("applicant")}))
    return made.id, office.desk(actor, made.id)


async def test_a_copy_of_everything_names_nobody_else(office: Office) -> None:
    person, _ = await a_person(office)
    case = await office.submitted(applicant=person)
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    with office.database.use():
        copy = await export_person(_KEYS, person, office.loaded.catalogue, at=office.now)
        assert (
            await export_person(_KEYS, UUID(int=1), office.loaded.catalogue, at=office.now) is None
        )
    assert copy is not None
    found: Any = copy
    assert found["person"]["identityNumber"] == "E7654321"
    assert found["person"]["phone"] == "+8613800138000"
    (application,) = found["applications"]
    assert [record["action"] for record in application["records"]][:2] == ["CREATE", "SUBMIT"]
    assert "base_office@" not in str(copy)


@pytest.mark.parametrize("reason", ["", " ", "x\x00"])
async def test_a_reason_is_needed(office: Office, reason: str) -> None:
    person, own = await a_person(office)
    before = await everything_said(office)
    given = EraseApplicantInput(applicant=person, reason=reason)
    await office.refuses(RefusalCode.INPUT_INVALID, await erase_applicant(own, given))
    assert await everything_said(office) == before
