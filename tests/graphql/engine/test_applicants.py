"""Applicants by column: no ciphertext is read that nobody asks for, none is opened unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from asked_graph import core_graph
from generated_operations import Generated
from rows_office import Judge, RowsOffice, rows_office
from same_answer import compare
from zhupei.db.connection import Database
from zhupei.db.models import Applicant
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.text import Language
from zhupei.graphql.engine import Engine
from zhupei.noted_reads import NotedReads, noting
from zhupei.security.crypto import Keyring, Place

_SCHEMA = core_graph().schema
_ALL = (
    "id name identityKind identityNumber phone email origin revision "
    "files { id document mediaType size sha256 uploadedAt } facts { path value }"
)
_PAGE = "{{ trainees {{ edges {{ node {{ applicant {{ {} }} }} }} }} }}"


@pytest.fixture
async def place(database: Database) -> AsyncIterator[RowsOffice]:
    with database.use():
        yield await rows_office(database)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ciphertexts are opened, by their column."""
    columns: list[str] = []
    decrypt = Keyring.decrypt

    def noted(self: Keyring, ciphertext: str, place: Place) -> str:
        columns.append(place.column.removesuffix("_ciphertext"))
        return decrypt(self, ciphertext, place)

    monkeypatch.setattr(Keyring, "decrypt", noted)
    return columns


def _person(place: RowsOffice) -> Actor:
    return Actor(id=str(place.person), grants=frozenset({Grant("applicant")}))


async def _asked(place: RowsOffice, query: str, actor: Actor | None) -> Any:
    result = await _SCHEMA.execute(query, context_value=place.context(actor, Language.EN)())
    assert result.errors is None, result.errors
    return result.data


def _selected(statement: str) -> list[str]:
    """Return the names of what a statement selects."""
    columns = statement.removeprefix("SELECT ").partition(' FROM "')[0]
    return [each.partition(" AS ")[0] for each in columns.split(", ")]


async def test_names_take_one_statement_and_no_key(
    place: RowsOffice, statements: list[str], opened: list[str]
) -> None:
    """Neither what they applied for nor a ciphertext is read for it."""
    statements.clear()
    data = await _asked(place, _PAGE.format("name"), place.everything)
    names = {each["node"]["applicant"]["name"] for each in data["trainees"]["edges"]}
    assert names == {"李某某", "王某"}
    _, people = statements
    assert _selected(people) == ['p."name"', 'p."id"']
    assert opened == []


async def test_only_what_is_asked_for_is_opened(
    place: RowsOffice, statements: list[str], opened: list[str]
) -> None:
    statements.clear()
    data = await _asked(place, _PAGE.format("phone"), place.everything)
    phones = [each["node"]["applicant"]["phone"] for each in data["trainees"]["edges"]]
    assert sorted(phones) == ["+8613800138000", "+8613800138001"]
    _, people = statements
    sealed = ("identity_ciphertext", "phone_ciphertext", "email_ciphertext")
    assert [each in people for each in sealed] == [False, True, False]
    assert opened == ["phone"] * 2


async def test_what_is_masked_is_opened_for_that_alone(
    place: RowsOffice, statements: list[str], opened: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Who may see the person and not the number: one statement, and nobody is said to have read."""
    caplog.set_level("INFO", "zhupei.access")
    host = Actor(id="host", grants=frozenset({Grant("host_department", base="sample-hospital")}))
    statements.clear()
    query = f'{{ applicant(id: "{place.applicants[0]}") {{ identityNumber }} }}'
    assert await _asked(place, query, host) == {"applicant": {"identityNumber": "E*****60"}}
    assert len(statements) == 1
    assert opened == ["identity"]
    assert caplog.records == []
    # Nothing is opened for whoever may not see the person at all.
    clinic = Actor(id="clinic", grants=frozenset({Grant("base_office", base="sample-clinic")}))
    result = await _SCHEMA.execute(query, context_value=place.context(clinic, Language.EN)())
    assert result.data == {"applicant": None}
    assert opened == ["identity"]


async def test_ones_own_record_is_one_statement(
    place: RowsOffice, statements: list[str], opened: list[str]
) -> None:
    statements.clear()
    data = await _asked(place, "{ applicant { name revision } }", _person(place))
    assert data == {"applicant": {"name": "李某某", "revision": 1}}
    (statement,) = statements
    assert "WHERE p.account_id = $1" in statement
    assert "ciphertext" not in statement
    assert opened == []


async def test_of_whoever_was_erased_nothing_is_opened(
    place: RowsOffice, opened: list[str]
) -> None:
    await Applicant.filter(id=place.applicants[1]).update(
        erased_at=place.office.now, name="-", name_key="-", phone_ciphertext=None, phone_hash=None
    )
    query = f'{{ applicant(id: "{place.applicants[1]}") {{ name identityNumber phone email }} }}'
    data = await _asked(place, query, place.everything)
    assert data == {"applicant": {"name": "-", "identityNumber": "", "phone": None, "email": None}}
    assert opened == []


_QUESTIONS = (
    f"{{ applicant {{ {_ALL} }} }}",
    f'{{ applicant(id: "PERSON") {{ {_ALL} }} }}',
    '{ applicant(id: "00000000-0000-0000-0000-000000000001") { name } }',
    '{ applicant(id: "x") { phone } }',
    _PAGE.format(_ALL),
    f"{{ applications {{ edges {{ node {{ id applicant {{ __typename {_ALL} }} }} }} }} }}",
)
_JUDGES = (
    Judge({"identity.read": True, "contacts.read": False}),
    Judge({"identity.read": False, "applicants.read": True}),
    Judge({"applicants.read": RuntimeError("down"), "files.read": True}),
)


@pytest.mark.parametrize("judges", [(None,), pytest.param(_JUDGES, marks=pytest.mark.slow)])
async def test_applicants_are_as_graphql_core_has_them(
    place: RowsOffice, judges: tuple[Judge | None, ...]
) -> None:
    """For every reach of a role, and with a plugin that allows, refuses and fails."""
    engine, numbers, seen = Engine(_SCHEMA), set[str](), 0
    for question in _QUESTIONS:
        for actor in place.actors:
            for judge in judges:
                text = question.replace("PERSON", str(place.applicants[0]))
                context = place.context(actor, Language.EN, judge)
                found = await compare(engine, Generated(text, {}), context)
                seen += not found.errors
                written = found.engine.json().decode()
                numbers |= {each for each in ("E1234560", "E*****60") if each in written}
    assert seen > 10 * len(judges)
    assert numbers == {"E1234560", "E*****60"}
    assert engine.counts.repaired == 0


@pytest.mark.parametrize(
    ("fields", "is_noted"), [("id name origin revision", True), ("name phone", False)]
)
async def test_whoever_reads_a_number_is_logged_each_time(
    place: RowsOffice, fields: str, is_noted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer with a true number in it is never given again without being made."""
    caplog.set_level("INFO", "zhupei.access")
    engine, noted = Engine(_SCHEMA), NotedReads()
    token = noting.set(noted)
    try:
        answer: Any = await engine.execute(
            _PAGE.format(fields), None, place.context(place.everything, Language.EN)()
        )
    finally:
        noting.reset(token)
    assert answer.errors is None
    assert (answer.noted, noted.is_spoiled) == (is_noted, False)
    assert len(caplog.records) == (0 if is_noted else 2)
    assert {UUID(each.__dict__["applicant"]) for each in caplog.records} <= set(place.applicants)
