"""Tests of zhupei.services.applicants, on real PostgreSQL; every person here is made up."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from tortoise.connection import get_connection

from zhupei.db.connection import Database
from zhupei.db.models import Account, Applicant, ApplicantIdentity
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.identity import DocumentKind
from zhupei.domain.identity_numbers import check_character
from zhupei.domain.people import Candidate, Degree, DegreeLevel, OriginRegion
from zhupei.domain.text import Text
from zhupei.security.crypto import CiphertextError, Keyring, new_key_text
from zhupei.services.applicant_encryption import renew_encryption
from zhupei.services.applicants import (
    ApplicantRecord,
    Details,
    applicant_of,
    applicant_of_account,
    change_details,
    find_by_identity,
    register_applicant,
    reveal,
)

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
_TODAY = date(2026, 6, 18)
_DIGITS = "11010519491231002"
_NUMBER = _DIGITS + check_character(_DIGITS)
_OLD, _NEW = new_key_text("old"), new_key_text("new")
_KEYRING = Keyring.parse(_OLD)
_DETAILS = Details(
    name=" 曾 小安 ",
    phone="138 0013 8000",
    email="Xiao.An@Example.CN",
    facts=Candidate(licensed=True, degrees=(Degree(level=DegreeLevel.MASTER),)),
)
_TAKEN = Text(
    "该证件或账号已登记报考人信息：本人登记的，请用登记时的账号登录；由单位或培训基地代为登记的，"
    "请向其索取认领码后认领（claimApplicant）",
    "this document or account is registered already: who registered alone signs in with that "
    "account; who was entered by a unit or an office asks there for a claim code and takes the "
    "record over (claimApplicant)",
)
_FORMS = {
    AccessCode.PHONE_INVALID: Text(
        "电话号码有误：手机如 13800138000，固定电话须加区号，境外号码如 +1 202-555-0123",
        "this is no phone number: a mobile one reads like 13800138000, a fixed line needs its area "
        "code, one of another country reads like +1 202-555-0123",
    ),
    AccessCode.EMAIL_INVALID: Text(
        "电子邮箱有误，应形如 name@example.com",
        "this is no e-mail address: one reads like name@example.com",
    ),
}


async def register(keyring: Keyring = _KEYRING, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "details": _DETAILS,
        "kind": DocumentKind.RESIDENT_ID,
        "number": _NUMBER,
        "account": None,
        "today": _TODAY,
        "at": _AT,
        **changes,
    }
    return await register_applicant(keyring, **values)


async def registered(**changes: Any) -> ApplicantRecord:
    found = await register(**changes)
    assert isinstance(found, ApplicantRecord), found
    return found


async def _every_cell() -> str:
    client = get_connection("default")
    rows = [
        await client.execute_query_dict(f"SELECT t::text AS line FROM {table} t")
        for table in ("applicant", "applicant_identity", "account")
    ]
    return "\n".join(row["line"] for each in rows for row in each)


async def test_a_person_is_kept_with_nothing_readable_at_rest(database: Database) -> None:
    with database.use():
        person = await registered()
        assert person.name == "曾 小安"
        assert person.masked_number == f"110***********{_NUMBER[-4:]}"
        assert person.masked_phone == "+86138****8000"
        assert person.masked_email == "x***@example.cn"
        assert person.facts == Candidate(
            licensed=True,
            degrees=(Degree(level=DegreeLevel.MASTER),),
            birth_date=date(1949, 12, 31),
            origin=OriginRegion.MAINLAND,
        )
        assert await applicant_of(_KEYRING, person.id) == person
        opened = await reveal(_KEYRING, person.id)
        assert opened is not None
        assert (opened.number, opened.phone, opened.email) == (
            _NUMBER,
            "+8613800138000",
            "xiao.an@example.cn",
        )
        cells = await _every_cell()
        for secret in (_NUMBER, _DIGITS[6:14], "13800138000", "xiao.an"):
            # The birth date is a fact that rules ask for, so it is kept as one.
            assert secret not in cells
        for shown in (repr(person), repr(opened), repr(_DETAILS)):
            for secret in (_NUMBER, "8000", "xiao.an", "小安"):
                assert secret not in shown


async def test_pinyin_sorts_by_the_reading_of_the_surname(database: Database) -> None:
    with database.use():
        person = await registered(details=Details(name="曾小安"))
        assert person.name_key.startswith("zeng")


async def test_a_document_is_registered_once(database: Database) -> None:
    with database.use():
        await registered()
        again = await register(number=f" {_NUMBER[:6]}-{_NUMBER[6:].lower()} ")
        assert isinstance(again, AccessRefusal)
        assert again.code is AccessCode.IDENTITY_TAKEN
        assert again.message == Text(
            "该证件已登记报考人信息", "this document is registered already"
        )
        assert _NUMBER not in f"{again}"
        assert await Applicant.all().count() == 1
        somebody = Details(name="A")
        many = await asyncio.gather(
            *(
                register(kind=DocumentKind.TAIWAN_PERMIT, number="0123456701", details=somebody)
                for _ in range(4)
            )
        )
        assert sum(isinstance(each, ApplicantRecord) for each in many) == 1
        # A renewed card has another number and the same holder.
        renewed = await register(kind=DocumentKind.TAIWAN_PERMIT, number="0123456702")
        assert isinstance(renewed, AccessRefusal)
        assert renewed.code is AccessCode.IDENTITY_TAKEN


async def test_an_account_is_one_applicant(database: Database) -> None:
    with database.use():
        account = await Account.create(
            kind="person", login="a", created_at=_AT, tokens_valid_from=_AT
        )
        person = await registered(account=account.id)
        assert person.account == account.id
        assert await applicant_of_account(_KEYRING, account.id) == person
        second = await register(
            account=account.id, kind=DocumentKind.PASSPORT, number="E1234567", issuing_state="USA"
        )
        assert isinstance(second, AccessRefusal)
        assert second.message == _TAKEN
        assert (await Applicant.all().count(), await ApplicantIdentity.all().count()) == (1, 1)


@pytest.mark.parametrize("is_entered_by_staff", [True, False])
async def test_a_document_that_is_taken_tells_both_ways_on_and_not_who_took_it(
    database: Database, *, is_entered_by_staff: bool
) -> None:
    with database.use():
        first, second = [
            await Account.create(kind="person", login=login, created_at=_AT, tokens_valid_from=_AT)
            for login in ("a", "b")
        ]
        await registered(account=None if is_entered_by_staff else first.id)
        again = await register(account=second.id)
        assert isinstance(again, AccessRefusal)
        assert (again.code, again.field) == (AccessCode.IDENTITY_TAKEN, "identityNumber")
        assert again.message == _TAKEN


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"number": _DIGITS + "0"}, AccessCode.IDENTITY_INVALID, "identityNumber"),
        ({"number": "x" * 5000}, AccessCode.IDENTITY_INVALID, "identityNumber"),
        ({"details": Details(name="  ")}, AccessCode.NAME_INVALID, "name"),
        ({"details": Details(name="王\x00")}, AccessCode.NAME_INVALID, "name"),
        ({"details": Details(name="王" * 101)}, AccessCode.NAME_INVALID, "name"),
        ({"details": Details(name="王", phone="12345")}, AccessCode.PHONE_INVALID, "phone"),
        # A keypad has letters, and a switchboard extensions: neither is what anybody can be sent.
        ({"details": Details(name="王", phone="138XXXXXXXX")}, AccessCode.PHONE_INVALID, "phone"),
        ({"details": Details(name="王", phone="1380013800O")}, AccessCode.PHONE_INVALID, "phone"),
        (
            {"details": Details(name="王", phone="020-81234567 ext. 12")},
            AccessCode.PHONE_INVALID,
            "phone",
        ),
        (
            {"details": Details(name="王", phone="02081234567转12")},
            AccessCode.PHONE_INVALID,
            "phone",
        ),
        ({"details": Details(name="王", email="a@b")}, AccessCode.EMAIL_INVALID, "email"),
        (
            {"details": Details(name="王", facts=Candidate(birth_date=date(1990, 1, 1)))},
            AccessCode.FACTS_INVALID,
            "facts.birthDate",
        ),
    ],
)
async def test_what_is_refused(
    database: Database, changes: dict[str, Any], code: AccessCode, field: str
) -> None:
    with database.use():
        refusal = await register(**changes)
        assert isinstance(refusal, AccessRefusal)
        assert (refusal.code, refusal.field) == (code, field)
        assert refusal.message == _FORMS.get(code, refusal.message)
        assert _DIGITS not in f"{refusal}"
        assert await Applicant.all().count() == 0


async def test_the_examples_that_messages_give_are_taken(database: Database) -> None:
    with database.use():
        for number, phone in (("E1234561", "13800138000"), ("E1234562", "+1 202-555-0123")):
            details = Details(name="王", phone=phone, email="name@example.com")
            passport = {"kind": DocumentKind.PASSPORT, "number": number, "issuing_state": "USA"}
            await registered(details=details, **passport)


@pytest.mark.parametrize(
    "email",
    [
        # A mail header reads two addresses, another one, or none.
        "a,b@example.cn", "a;b@example.cn", "a<b@example.cn", "a(b@example.cn", ")@example.cn",
        "group:@example.cn", '"@example.cn', "a..b@example.cn", ".a@example.cn",
        # Few servers take it, and one that does not is no reason to hold other mail up.
        "张@example.cn", "\ud800@example.cn", "\x7f@example.cn",
        f"{'a' * 65}@example.cn", f"a@{'b.' * 130}cn",
    ],
)  # fmt: skip
async def test_an_address_is_one_address(database: Database, email: str) -> None:
    """Whatever is sent to it goes there, and nowhere else."""
    with database.use():
        refusal = await register(details=Details(name="王", email=email))
        assert isinstance(refusal, AccessRefusal)
        assert (refusal.code, refusal.field) == (AccessCode.EMAIL_INVALID, "email")
        assert await Applicant.all().count() == 0


@pytest.mark.parametrize(
    "email", ["Wang.Xiaoming+zhupei@Example.CN", "o'neill_1@mail.example.com", "13800138000@qq.com"]
)
async def test_usual_addresses_are_taken(database: Database, email: str) -> None:
    with database.use():
        person = await registered(details=Details(name="王", email=email))
        opened = await reveal(_KEYRING, person.id)
        assert opened is not None
        assert opened.email == email.lower()


async def test_a_change_that_crosses_another_is_refused(database: Database) -> None:
    with database.use():
        person = await registered()
        newer = Details(name="曾小安", phone=None, facts=Candidate(licensed=False))
        changed = await change_details(_KEYRING, person.id, newer, revision=1, at=_AT)
        assert isinstance(changed, ApplicantRecord)
        assert (changed.revision, changed.masked_phone, changed.facts) == (
            2,
            None,
            # What the document tells is as true as before.
            replace(person.facts, licensed=False, degrees=()),
        )
        for born in (date(1990, 1, 1), date(1949, 12, 30)):
            younger = Details(name="曾小安", facts=Candidate(birth_date=born))
            lied = await change_details(_KEYRING, person.id, younger, revision=2, at=_AT)
            assert isinstance(lied, AccessRefusal)
            assert (lied.code, lied.field) == (AccessCode.FACTS_INVALID, "facts.birthDate")
        # The greatest number of the graph's has nothing behind it in the database.
        for revision in (1, 3, 0, -(2**31), 2**31 - 1):
            crossed = await change_details(_KEYRING, person.id, _DETAILS, revision=revision, at=_AT)
            assert isinstance(crossed, AccessRefusal)
            assert crossed.code is AccessCode.CONFLICT
        assert await applicant_of(_KEYRING, person.id) == changed
        nobody = await change_details(_KEYRING, UUID(int=1), _DETAILS, revision=1, at=_AT)
        assert isinstance(nobody, AccessRefusal)
        assert nobody.code is AccessCode.NOT_FOUND


async def test_a_person_is_found_by_document(database: Database) -> None:
    with database.use():
        person = await registered()

        async def found(number: str) -> object:
            return await find_by_identity(_KEYRING, DocumentKind.RESIDENT_ID, number, today=_TODAY)

        assert await found(_NUMBER) == person.id
        other = "11010519900101001"
        assert await found(other + check_character(other)) is None
        refusal = await found("1")
        assert isinstance(refusal, AccessRefusal)


async def test_keys_are_exchanged_while_a_person_stays_one(database: Database) -> None:
    both, new = Keyring.parse(f"{_NEW},{_OLD}"), Keyring.parse(_NEW)
    with database.use():
        person = await registered()
        taken = await register(both)
        assert isinstance(taken, AccessRefusal)  # found by the hash under the old key
        assert await applicant_of(both, person.id) == person
        assert await renew_encryption(both) == 1
        assert await renew_encryption(both) == 0
        assert await applicant_of(new, person.id) == person
        found = await find_by_identity(new, DocumentKind.RESIDENT_ID, _NUMBER, today=_TODAY)
        assert found == person.id
        assert await renew_encryption(new) == 0


async def test_a_ciphertext_of_somebody_else_does_not_open(database: Database) -> None:
    with database.use():
        first = await registered()
        second = await registered(
            kind=DocumentKind.PASSPORT, number="E1234567", issuing_state="USA"
        )
        row = await Applicant.get(id=first.id)
        await Applicant.filter(id=second.id).update(identity_ciphertext=row.identity_ciphertext)
        with pytest.raises(CiphertextError):
            await reveal(_KEYRING, second.id)


async def test_nothing_personal_is_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with database.use():
        await registered()
        await register()
        await register(number=_DIGITS + "0")
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    for secret in (_NUMBER, _DIGITS, "13800138000", "xiao.an", "小安"):
        assert secret not in logged
