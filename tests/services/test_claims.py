"""Taking a record over: document and code, one refusal for all that is wrong, and locks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from zhupei.db.connection import Database
from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantClaim,
    ApplicantClaimFailure,
    ApplicationRow,
    OutboxRow,
    SendingUnitPersonRow,
    SendingUnitRow,
)
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.claims import (
    MOST_FAILURES,
    IssuedClaim,
    claim_applicant,
    issue_claim,
    places_of_claim,
)
from zhupei.services.outbox import subject_of

_AT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
_KEYS = Keyring.parse(new_key_text())
_WRONG = "document or code is wrong, or the code has ended; ask whoever registered you"


async def a_person(number: str = "E1234567", account: UUID | None = None) -> UUID:
    made = await register_applicant(
        _KEYS,
        Details(name="王小明"),
        kind=DocumentKind.PASSPORT,
        number=number,
        issuing_state="USA",
        account=account,
        today=_AT.date(),
        at=_AT,
    )
    assert isinstance(made, ApplicantRecord)
    return made.id


async def an_account(login: str = "wang") -> UUID:
    made = await Account.create(kind="person", login=login, tokens_valid_from=_AT, created_at=_AT)
    return UUID(str(made.id))


async def a_code(person: UUID, at: datetime = _AT) -> str:
    made = await issue_claim(_KEYS, person, by="unit", at=at)
    assert isinstance(made, IssuedClaim)
    assert made.code is not None
    return made.code


async def tried(
    account: UUID, code: str, number: str = "E1234567", at: datetime = _AT
) -> ApplicantRecord | AccessRefusal:
    return await claim_applicant(
        _KEYS,
        account,
        kind=DocumentKind.PASSPORT,
        number=number,
        code=code,
        issuing_state="USA",
        today=at.date(),
        at=at,
    )


def refused(answer: object, code: AccessCode = AccessCode.NOT_FOUND, text: str = _WRONG) -> None:
    assert isinstance(answer, AccessRefusal), answer
    assert (answer.code, answer.message.en) == (code, text)


async def owner(person: UUID) -> Any:
    return (await Applicant.get(id=person).values("account_id"))["account_id"]


async def test_a_person_takes_the_record_over_with_document_and_code(database: Database) -> None:
    with database.use():
        person, account = await a_person(), await an_account()
        code = await a_code(person)
        assert [len(part) for part in code.split("-")] == [4, 4, 4]
        claim = await ApplicantClaim.get()
        assert code.replace("-", "") not in claim.code_hash
        # As people type it.
        taken = await tried(account, f" {code.lower().replace('-', ' ')} ")
        assert isinstance(taken, ApplicantRecord)
        assert (taken.id, taken.account) == (person, account)
        claim = await ApplicantClaim.get()
        assert (claim.ended_as, claim.used_by, claim.issued_by) == ("USED", str(account), "unit")
        # Repeated, it answers as it did; nobody else uses the code again.
        assert await tried(account, code) == taken
        refused(await tried(await an_account("other"), code))
        assert await owner(person) == account
        refused(
            await issue_claim(_KEYS, person, by="unit", at=_AT),
            AccessCode.CONFLICT,
            "the person has an account already",
        )


async def test_whatever_is_wrong_is_refused_alike_and_changes_no_owner(
    database: Database,
) -> None:
    with database.use():
        person, account = await a_person(), await an_account()
        code = await a_code(person)
        later = _AT + timedelta(days=14)
        for answer in (
            await tried(account, "2222-2222-2222"),  # a wrong code
            await tried(account, code, number="E7654321"),  # nobody's document
            await tried(account, code, number="?"),  # no document at all
            await tried(account, code, at=later),  # the right code, too late
            await tried(uuid4(), code),  # an account that there is none of
        ):
            refused(answer)
        assert await owner(person) is None
        assert (await ApplicantClaim.get()).failures == 1
        assert await ApplicantClaimFailure.all().count() == 4


async def test_a_later_code_ends_the_one_before(database: Database) -> None:
    with database.use():
        person, account = await a_person(), await an_account()
        first, second = await a_code(person), await a_code(person)
        refused(await tried(account, first))
        assert isinstance(await tried(account, second), ApplicantRecord)
        ended = [row.ended_as for row in await ApplicantClaim.all().order_by("id")]
        assert ended == ["REPLACED", "USED"]


async def test_a_code_ends_with_the_fifth_wrong_attempt_whoever_tries(
    database: Database,
) -> None:
    with database.use():
        person = await a_person()
        code = await a_code(person)
        for number in range(5):
            refused(await tried(await an_account(f"guesser-{number}"), "2222-2222-2222"))
        # The same answer as before: that there was a code is not told.
        refused(await tried(await an_account(), code))
        claim = await ApplicantClaim.get()
        assert (claim.ended_as, claim.failures) == ("LOCKED", 5)
        assert await owner(person) is None


async def test_an_account_waits_a_day_after_five_wrong_attempts(database: Database) -> None:
    with database.use():
        account = await an_account()
        for number in range(5):
            refused(await tried(account, "2222-2222-2222", number=f"E765432{number}"))
        person = await a_person()
        code = await a_code(person)
        refused(
            await tried(account, code),
            AccessCode.LOCKED_OUT,
            "too many attempts; try again after 2026-04-11 09:00",
        )
        assert await owner(person) is None
        assert await ApplicantClaimFailure.all().count() == 5
        assert isinstance(await tried(account, code, at=_AT + timedelta(days=1)), ApplicantRecord)


async def test_an_account_that_is_an_applicant_takes_nobody_over(database: Database) -> None:
    with database.use():
        account = await an_account()
        await a_person("E0000001", account)
        person = await a_person()
        answer = await tried(account, await a_code(person))
        refused(
            answer,
            AccessCode.IDENTITY_TAKEN,
            "this account is registered as an applicant already",
        )
        assert await owner(person) is None
        assert (await ApplicantClaim.get()).failures == 0


@pytest.mark.slow
async def test_attempts_at_once_are_all_counted_and_one_wins(database: Database) -> None:
    with database.use():
        person = await a_person()
        code = await a_code(person)
        accounts = [await an_account(f"a-{number}") for number in range(4)]
        answers = await asyncio.gather(*(tried(account, code) for account in accounts))
        assert sum(isinstance(answer, ApplicantRecord) for answer in answers) == 1
        assert await ApplicantClaimFailure.all().count() == 3


async def test_every_step_of_a_claim_is_told_without_the_code(database: Database) -> None:
    with database.use():
        person, account, other = await a_person(), await an_account(), await an_account("other")
        code = await a_code(person)
        for _ in range(MOST_FAILURES):
            refused(await tried(other, "WRONG"))
        code = await a_code(person)
        assert isinstance(await tried(account, code), ApplicantRecord)
        told = await OutboxRow.all().order_by("id")
        claims = [str(each) for each in await ApplicantClaim.all().order_by("id").values_list(
            "id", flat=True
        )]  # fmt: skip
    assert [(each.name, each.actor, each.data["claim"]) for each in told] == [
        ("applicant.claim_issued", "unit", claims[0]),
        ("applicant.claim_locked", str(other), claims[0]),
        ("applicant.claim_issued", "unit", claims[1]),
        ("applicant.claimed", str(account), claims[1]),
    ]
    assert {each.subject for each in told} == {subject_of("Applicant", person)}
    assert code.replace("-", "") not in str([(each.data, each.subject) for each in told])


async def test_a_refused_code_tells_nothing(database: Database) -> None:
    with database.use():
        owner_ = await an_account("owner")
        person = await a_person(account=owner_)
        made = await issue_claim(_KEYS, person, by="unit", at=_AT)
        assert isinstance(made, AccessRefusal)
        assert (await OutboxRow.all().count(), await ApplicantClaim.all().count()) == (0, 0)


async def test_whoever_gave_a_code_out_does_not_use_it(database: Database) -> None:
    """A unit knows document and code of those whom it entered; it never becomes them."""
    with database.use():
        person, unit = await a_person(), await an_account("unit")
        made = await issue_claim(_KEYS, person, by=str(unit), at=_AT)
        assert isinstance(made, IssuedClaim)
        refused(await tried(unit, str(made.code)))
        assert await owner(person) is None
        account = await an_account("person")
        assert isinstance(await tried(account, str(made.code)), ApplicantRecord)


async def test_which_offices_give_codes_out(database: Database) -> None:
    """Before anything was handed in: who entered the person, and where the unit sends them."""
    with database.use():
        person = await a_person()
        assert await places_of_claim(person) == ()
        await Applicant.filter(id=person).update(entered_base="entering")
        unit = await SendingUnitRow.create(
            account_id=await an_account("unit"), name="u", recorded_by="x", recorded_at=_AT
        )
        link = await SendingUnitPersonRow.create(
            unit=unit,
            applicant_id=person,
            state="CLAIMED",
            base_code="assigned",
            asked_by="x",
            asked_at=_AT,
        )
        # What one side alone says counts for nothing.
        assert await places_of_claim(person) == ("entering",)
        await SendingUnitPersonRow.filter(id=link.id).update(
            state="CONFIRMED", answered_by="x", answered_at=_AT
        )
        assert await places_of_claim(person) == ("assigned", "entering")
        assert await ApplicationRow.all().count() == 0
