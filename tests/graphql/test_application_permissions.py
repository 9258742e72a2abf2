"""Who reads what of applications: every protected field × every role × own, other and public."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import MEDICINE, Office, sample_catalogue
from asked_graph import core_graph
from graphql import GraphQLObjectType
from zhupei.db.client import PostgresClient
from zhupei.db.connection import Database
from zhupei.db.models import Account, ApplicationRow, TransitionRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.identity import DocumentKind
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import protected_fields
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.outbox import subject_of

_COMPOSED = core_graph()
_CORE = _COMPOSED.schema.core_schema
_BASE, _CLINIC, _PROVINCE = "sample-hospital", "sample-clinic", "sample-province"
_SECRETS = ("E1234567", "13800138000", "李某某", "一份保密的意见")

_STAFF = {"specialty_base", "base_office", "host_department"}
_APPLICANTS = {"applicant", *_STAFF, "jurisdiction_office"}
_SCORES = {*_STAFF, "jurisdiction_office", "auditor"}

# Who may read it, written down by hand: the code's own table is held against this one.
_READS = {
    "applicant": _APPLICANTS,
    "answers": _APPLICANTS,
    "facts": _APPLICANTS,
    "documents": {"applicant", "specialty_base", "base_office", "jurisdiction_office"},
    "objections": {"base_office", "jurisdiction_office"},
    "opinion": _SCORES,
    "packet": _SCORES,
    "scores": _SCORES,
    "records": {"jurisdiction_office", "auditor"},
}
_SEES = {
    *("applicant", *_STAFF, "jurisdiction_office", "national", "integrator", "auditor"),
}

_SELECTION = """id state allowedActions { action allowed reason }
  applicant { name phone } answers { fieldId value } facts { path value }
  documents { document } objections { id } opinion packet { title text }
  scores { assessment points } records { action actor }"""


@dataclass(frozen=True)
class _Place:
    """A reviewed application to the hospital, and a draft of the same person."""

    office: Office
    keyring: Keyring
    account: UUID
    case: AdmissionCase
    draft: AdmissionCase

    async def ask(self, query: str, actor: Actor | None) -> Any:
        return await _COMPOSED.schema.execute(
            query,
            context_value=GraphContext(
                catalogue=self.office.loaded.catalogue,
                dispatcher=self.office.loaded.dispatcher,
                language=Language.EN,
                clock=lambda: self.office.now,
                actor=actor,
                keyring=lambda: self.keyring,
                database=self.office.database,
            ),
        )


@pytest.fixture
async def place(database: Database) -> AsyncIterator[_Place]:
    office = Office(database, await sample_catalogue())
    keyring = Keyring.parse(new_key_text())
    with database.use():
        at = office.now
        account = await Account.create(
            kind="person", login="li", created_at=at, tokens_valid_from=at
        )
        person = await register_applicant(
            keyring,
            Details(name="李某某", phone="13800138000"),
            kind=DocumentKind.PASSPORT,
            number="E1234567",
            issuing_state="USA",
            account=account.id,
            today=office.today,
            at=at,
        )
        assert isinstance(person, ApplicantRecord)
        case = await office.submitted(MEDICINE, person.id)
        draft = await office.draft(MEDICINE, person.id, round_code="batch-2")
        await ApplicationRow.filter(id=case.id).update(
            details={
                **(await ApplicationRow.get(id=case.id)).details,
                "opinion": "一份保密的意见",
            }
        )
        yield _Place(office, keyring, account.id, case, draft)


def _actor(role: Role, place: _Place, *, own: bool) -> Actor:
    match role.reach:
        case RoleReach.OWN:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=_PROVINCE if own else "elsewhere")
        case RoleReach.NATION:
            grant = Grant(role)
        case _:
            grant = Grant(role, base=_BASE if own else _CLINIC)
    is_person = role is Role.APPLICANT and own
    id_ = str(place.account) if is_person else str(uuid4())
    return Actor(id=id_, grants=frozenset({grant}))


def test_the_table_covers_every_protected_field() -> None:
    declared = {each.field for each in protected_fields(_CORE) if each.type == "Application"}
    assert declared == set(_READS)
    application = _CORE.type_map["Application"]
    assert isinstance(application, GraphQLObjectType)


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("own", [True, False])
async def test_every_role_reads_what_is_written_down_and_nothing_else(
    place: _Place, role: Role, own: bool
) -> None:
    actor = _actor(role, place, own=own)
    sees = role.value in _SEES and (own or role.reach is RoleReach.NATION)
    query = (
        f'{{ application(id: "{place.case.id}") {{ {_SELECTION} }} '
        f'node(id: "{place.case.id}") {{ id }} '
        f'told: node(id: "{subject_of("Application", place.case.id)}") {{ id }} '
        "applications { totalCount edges { node { id } } } }"
    )
    result = await place.ask(query, actor)
    said = f"{json.dumps(result.data, ensure_ascii=False)}{result.errors}"
    listed = result.data["applications"]
    if not sees:
        assert result.errors is None
        assert result.data["application"] is None
        assert result.data["node"] is None
        assert result.data["told"] is None
        assert listed == {"totalCount": 0, "edges": []}
        assert [each for each in _SECRETS if each in said] == []
        return
    # By the id that events tell, too.
    assert result.data["told"] == result.data["node"] == {"id": str(place.case.id)}
    errors = {error.path[-1]: error.extensions["code"] for error in result.errors or []}
    kept = {field for field, roles in _READS.items() if role.value not in roles}
    assert errors == dict.fromkeys(kept, "FORBIDDEN")
    seen = result.data["application"]
    assert {field for field in _READS if seen[field] is None} == kept
    assert seen["id"] == result.data["node"]["id"] == str(place.case.id)
    # A draft is the person's alone.
    is_person = role is Role.APPLICANT
    assert listed["totalCount"] == len(listed["edges"]) == (2 if is_person else 1)
    drafts = await place.ask(f'{{ application(id: "{place.draft.id}") {{ state }} }}', actor)
    assert drafts.data == {"application": {"state": "DRAFT"} if is_person else None}


async def test_the_public_signs_in_first(place: _Place) -> None:
    queries = (
        f'application(id: "{place.case.id}") {{ state }}',
        "applications { totalCount }",
        f'ranking(opening: "{MEDICINE}") {{ rank }}',
        f'seatQuotas(opening: "{MEDICINE}") {{ taken }}',
        "planIncreases { seats }",
        "objections { text }",
        "invitations { state }",
        "roundFreezes { round }",
        f'bulkOperation(id: "{uuid4()}") {{ action }}',
    )
    for query in queries:
        result = await place.ask(f"{{ {query} }}", None)
        (error,) = result.errors
        assert (error.message, error.extensions["code"]) == ("sign in first", "UNAUTHENTICATED")
        assert list((result.data or {"": None}).values()) == [None], query
    found = await place.ask(f'{{ node(id: "{place.case.id}") {{ id }} }}', None)
    assert (found.data, found.errors) == ({"node": None}, None)


@pytest.mark.parametrize("id_", ["nonsense", "", "x' OR 1=1", "\x00", str(UUID(int=1))])
async def test_what_does_not_exist_is_null_as_what_may_not_be_seen(place: _Place, id_: str) -> None:
    office = Actor(id="o", grants=frozenset({Grant("base_office", base=_CLINIC)}))
    for asked in (id_, str(place.case.id)):
        query = f"{{ application(id: {json.dumps(asked)}) {{ state }} }}"
        result = await place.ask(query, office)
        assert (result.data, result.errors) == ({"application": None}, None)


async def test_lists_take_the_same_statements_for_any_number_of_rows(place: _Place) -> None:
    """A page with all that belongs to its rows: the statements do not grow with the rows."""
    office = place.office
    actor = Actor(id="j", grants=frozenset({Grant("jurisdiction_office", jurisdiction=_PROVINCE)}))
    query = f"""{{ applications(first: 50) {{ totalCount edges {{ node {{
      {_SELECTION} stateLabel eligibility {{ outcome }} standing {{ rank }}
      timeline {{ mustDo entries {{ state doneAt }} }} publicity {{ endsOn }}
      transferredFrom {{ id }} opening {{ code }} }} }} }} }}"""
    first = await _counted(place, query, actor)
    for _ in range(5):
        await office.submitted(MEDICINE)
    second = await _counted(place, query, actor)
    assert second[1]["applications"]["totalCount"] == 6
    assert len(second[1]["applications"]["edges"]) == 6
    assert first[0] == second[0] <= 20
    with office.database.use():
        assert await TransitionRow.all().count() == 13


async def _counted(place: _Place, query: str, actor: Actor) -> tuple[int, Any]:
    """Return how many statements a query takes, and its data."""
    seen: list[str] = []

    def watching(name: str) -> Any:
        original = getattr(PostgresClient, name)

        async def watched(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
            seen.append(query)
            return await original(self, query, *args, **kwargs)

        return watched

    with pytest.MonkeyPatch.context() as patched:
        for name in ("execute_query", "execute_query_dict"):
            patched.setattr(PostgresClient, name, watching(name))
        result = await place.ask(query, actor)
    assert result.errors is None, result.errors
    return len(seen), result.data
