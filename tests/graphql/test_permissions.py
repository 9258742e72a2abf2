"""The matrix: every protected field × every role × own, other and unknown; all generated."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from asked_graph import AskedGraph, core_graph
from graphql import GraphQLNonNull, GraphQLObjectType
from zhupei.catalogue import Catalogue
from zhupei.db.connection import Database
from zhupei.db.models import Account, ApplicantFile, ApplicationRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import ProtectedField, protected_fields
from zhupei.graphql.schema import ComposedSchema
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Scope
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

_OWN, _OTHER = "example-hospital", "other-hospital"
_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
_COMPOSED = core_graph()
_PROTECTED = tuple(protected_fields(_COMPOSED.schema.core_schema))
# Mutations and subscriptions have matrices of their own, in the folders beside this file.
_FIELDS = tuple(field for field in _PROTECTED if field.type not in {"Mutation", "Subscription"})
# What each field needs, written down by hand; the code's own declarations are held against it.
_NEEDS = {
    "AllocationRun.choices": "scores.read",
    "Applicant.email": "contacts.read",
    "Applicant.facts": "applicants.write",
    "Applicant.files": "files.read",
    "Applicant.identityNumber": "identity.read",
    "Applicant.phone": "contacts.read",
    "Application.answers": "applicants.read",
    "Application.applicant": "applicants.read",
    "Application.documents": "files.read",
    "Application.facts": "applicants.read",
    "Application.objections": "objections.decide",
    "Application.opinion": "scores.read",
    "Application.packet": "scores.read",
    "Application.records": "audit.read",
    "Application.scores": "scores.read",
    "BrochureVersion.attested": "brochures.read",
    "BrochureVersion.lateReason": "brochures.read",
    "BrochureVersion.reason": "brochures.read",
    "InterviewSlot.bookings": "interviews.manage",
    "InterviewSlot.interviewers": "interviews.manage",
    "Query.account": "accounts.read",
    "Query.accounts": "accounts.read",
    "Query.allocationExplanation": "applications.read",
    "Query.allocationRun": "rounds.manage",
    "Query.allocationRuns": "rounds.manage",
    "Query.applicant": "applicants.read",
    "Query.application": "applications.read",
    "Query.applications": "applications.read",
    "Query.bans": "bans.read",
    "Query.bulkOperation": "rounds.manage",
    "Query.invitations": "applications.read",
    "Query.notices": "notices.read",
    "Query.objections": "objections.decide",
    "Query.officeQueue": "applications.read",
    "Query.operation": "operations.read",
    "Query.operations": "operations.read",
    "Query.papers": "papers.read",
    "Query.planIncreases": "plans.request",
    "Query.ranking": "scores.read",
    "Query.registrations": "registrations.read",
    "Query.seatQuotas": "statistics.read",
    "Query.statistics": "statistics.read",
    "Query.trainee": "registrations.read",
    "Query.trainees": "registrations.read",
    "Query.webhook": "events.read",
    "Query.webhooks": "events.read",
    "ScoreSheet.rows": "scores.read",
    "ScoreSheet.standsAgainst": "scores.sign",
    "Trainee.applicant": "applicants.read",
    "Trainee.endReason": "applicants.read",
    "Trainee.fileKeeper": "applicants.read",
    "Trainee.payments": "payments.read",
    "Trainee.subsidies": "payments.read",
}
# Every field of these types is asked for in one query; a new type is added here.
_SELECTION = (
    "id name identityKind identityNumber phone email origin revision files { sha256 } "
    "facts { path value }"
)
_SECRETS = ("E1234567", "E7654321", "E1111111", "13800138000", "13900139000", "li@", "zhao@")

_REGISTRATIONS = {
    "applicant",
    "base_office",
    "jurisdiction_office",
    "national",
    "integrator",
    "auditor",
}

# Who may read what, written down by hand: the table that the code's own table is held against.
_READS = {
    "Query.applicant": {
        "applicant",
        "sending_unit",
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
    },
    "Applicant.identityNumber": {"applicant", "base_office", "jurisdiction_office"},
    "Applicant.phone": {"applicant", "specialty_base", "base_office", "jurisdiction_office"},
    "Applicant.email": {"applicant", "specialty_base", "base_office", "jurisdiction_office"},
    "Applicant.files": {"applicant", "specialty_base", "base_office", "jurisdiction_office"},
    # Nothing of it was handed in anywhere yet.
    "Applicant.facts": {"applicant"},
    # Tried role by role in test_office_permissions.py.
    "Query.officeQueue": {
        "applicant",
        "sending_unit",
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
        "national",
        "integrator",
        "auditor",
    },
    "InterviewSlot.interviewers": {"specialty_base", "base_office", "host_department"},
    "InterviewSlot.bookings": {"specialty_base", "base_office", "host_department"},
    "ScoreSheet.rows": {
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
        "auditor",
    },
    "ScoreSheet.standsAgainst": {"base_office"},
    "BrochureVersion.attested": {"base_office", "jurisdiction_office", "national", "auditor"},
    "BrochureVersion.lateReason": {"base_office", "jurisdiction_office", "national", "auditor"},
    "BrochureVersion.reason": {"base_office", "jurisdiction_office", "national", "auditor"},
    # Tried role by role in mutations/test_allocation.py.
    "Query.allocationRun": {"jurisdiction_office", "national"},
    "Query.allocationRuns": {"jurisdiction_office", "national"},
    "Query.allocationExplanation": {
        "applicant",
        "sending_unit",
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
        "national",
        "integrator",
        "auditor",
    },
    "AllocationRun.choices": {
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
        "auditor",
    },
    # Tried role by role in test_webhooks.py.
    "Query.webhook": {"integrator"},
    "Query.webhooks": {"integrator"},
    # Tried role by role in test_people_permissions.py.
    "Query.trainee": _REGISTRATIONS,
    "Query.trainees": _REGISTRATIONS,
    "Query.registrations": _REGISTRATIONS,
    "Query.bans": {"base_office", "jurisdiction_office", "national", "auditor"},
    "Trainee.applicant": {"applicant", "base_office", "jurisdiction_office"},
    "Trainee.endReason": {"applicant", "base_office", "jurisdiction_office"},
    "Trainee.fileKeeper": {"applicant", "base_office", "jurisdiction_office"},
    "Trainee.payments": {"applicant", "base_office", "jurisdiction_office", "auditor"},
    "Trainee.subsidies": {"applicant", "base_office", "jurisdiction_office", "auditor"},
}


@dataclasses.dataclass(frozen=True)
class _People:
    """An applicant of each hospital, one with a draft only, and the graph to ask."""

    own: UUID
    other: UUID
    draft: UUID
    account: UUID
    catalogue: Catalogue
    dispatcher: Dispatcher
    keyring: Keyring
    composed: ComposedSchema
    database: Database

    async def ask(
        self, actor: Actor | None, applicant: object | None, selection: str = _SELECTION
    ) -> Any:
        argument = "" if applicant is None else f"(id: {json.dumps(str(applicant))})"
        return await self.composed.schema.execute(
            f"{{ applicant{argument} {{ {selection} }} }}",
            context_value=GraphContext(
                catalogue=self.catalogue,
                dispatcher=self.dispatcher,
                language=Language.EN,
                actor=actor,
                keyring=lambda: self.keyring,
                database=self.database,
            ),
        )


@pytest.fixture
async def people(fictional: AskedGraph, database: Database) -> AsyncIterator[_People]:
    graph = fictional
    base = graph.catalogue.bases[_OWN]
    catalogue = dataclasses.replace(
        graph.catalogue,
        bases={
            _OWN: base,
            _OTHER: dataclasses.replace(base, code=_OTHER, jurisdictions=("elsewhere",)),
        },
        scopes={_OWN: Scope(_OWN), _OTHER: Scope(_OTHER)},
    )
    keyring = Keyring.parse(new_key_text())
    with database.use():
        account = await Account.create(
            kind="person", login="li", created_at=_AT, tokens_valid_from=_AT
        )

        async def somebody(name: str, number: str, phone: str, account: UUID | None) -> UUID:
            made = await register_applicant(
                keyring,
                Details(
                    name=name,
                    phone=phone,
                    email=f"{name}@example.cn",
                    facts=Candidate(residency_completed=True),
                ),
                kind=DocumentKind.PASSPORT,
                number=number,
                issuing_state="USA",
                account=account,
                today=date(2026, 6, 18),
                at=_AT,
            )
            assert isinstance(made, ApplicantRecord)
            await ApplicantFile.create(
                applicant_id=made.id,
                document="degree",
                media_type="application/pdf",
                size=1,
                sha256="a" * 64,
                uploaded_by="x",
                uploaded_at=_AT,
            )
            return made.id

        own = await somebody("li", "E1234567", "13800138000", account.id)
        other = await somebody("zhao", "E7654321", "13900139000", None)
        draft = await somebody("sun", "E1111111", "13700137000", None)
        await _apply(own, _OWN)
        await _apply(other, _OTHER)
        await _apply(draft, _OWN, submitted=False)
        yield _People(
            own=own,
            other=other,
            draft=draft,
            account=account.id,
            catalogue=catalogue,
            dispatcher=Dispatcher(PluginHost.load({})),
            keyring=keyring,
            composed=_COMPOSED,
            database=database,
        )


async def _apply(applicant: UUID, base: str, *, submitted: bool = True) -> None:
    await ApplicationRow.create(
        applicant_id=applicant,
        base_code=base,
        program_code="p",
        root_program_code="p",
        opening_code="p/0100",
        round_code="",
        preference=1,
        channel="BATCH",
        state="SUBMITTED" if submitted else "DRAFT",
        revision=1,
        catalogue_hash="0" * 64,
        details={},
        completed_steps=[],
        seat_scopes=[],
        created_at=_AT,
        submitted_at=_AT if submitted else None,
        record_hash="0" * 64,
    )


def _actor(role: Role, people: _People, *, own: bool) -> Actor:
    """Return somebody with the role at the first hospital (or elsewhere), never of the nation."""
    base, jurisdiction = (_OWN, "example-region") if own else (_OTHER, "elsewhere")
    match role.reach:
        case RoleReach.OWN:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=jurisdiction)
        case RoleReach.NATION:
            grant = Grant(role)
        case _:
            grant = Grant(role, base=base)
    # An applicant's "own" is the person; everybody else has an id of their own.
    is_person = role is Role.APPLICANT and own
    return Actor(id=str(people.account) if is_person else "somebody", grants=frozenset({grant}))


def _place(field: ProtectedField) -> str:
    return f"{field.type}.{field.field}"


def _codes(result: Any) -> dict[str, str]:
    return {
        ".".join(str(part) for part in error.path): error.extensions["code"]
        for error in result.errors or []
    }


def test_the_matrix_covers_every_protected_field() -> None:
    assert {_place(field): field.permission for field in _FIELDS} == _NEEDS
    # Who may read it: here, or in the matrix of the fields' own module.
    assert set(_READS) <= set(_NEEDS)
    applicant = _COMPOSED.schema.core_schema.type_map["Applicant"]
    assert isinstance(applicant, GraphQLObjectType)
    asked = set(re.sub(r"\{.*?\}", "", _SELECTION).split())
    assert asked == set(applicant.fields)


def test_every_protected_field_tells_its_permission_and_can_be_refused() -> None:
    for each in _FIELDS:
        type_ = _COMPOSED.schema.core_schema.type_map[each.type]
        assert isinstance(type_, GraphQLObjectType)
        field = type_.fields[each.field]
        assert f"`{each.permission}`" in (field.description or "")
        assert "权限" in (field.description or "")
        if not each.masks:
            # A refusal must not take the object around it along.
            assert not isinstance(field.type, GraphQLNonNull), _place(each)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("own", [True, False])
async def test_every_role_reads_what_is_written_down_and_nothing_else(
    people: _People, role: Role, own: bool
) -> None:
    actor = _actor(role, people, own=own)
    may = {place for place, roles in _READS.items() if role.value in roles} if own else set()
    if role is Role.SENDING_UNIT:
        may = set()  # nobody here was sent by a unit
    result = await people.ask(actor, people.own)
    said = json.dumps(result.data, ensure_ascii=False)
    if "Query.applicant" not in may:
        assert result.data == {"applicant": None}
        assert _codes(result) == {"applicant": "FORBIDDEN"}
        assert [secret for secret in _SECRETS if secret in f"{said}{result.errors}"] == []
        return
    seen: Mapping[str, Any] = result.data["applicant"]
    assert seen["name"] == "li"
    full = "E1234567" if "Applicant.identityNumber" in may else "E*****67"
    assert seen["identityNumber"] == full
    known = "Applicant.phone" in may
    assert seen["phone"] == ("+8613800138000" if known else "+86138****8000")
    assert seen["email"] == ("li@example.cn" if known else "l***@example.cn")
    whole = {
        "files": [{"sha256": "a" * 64}],
        "facts": [{"path": "residencyCompleted", "value": "true"}],
    }
    for name, value in whole.items():
        assert seen[name] == (value if f"Applicant.{name}" in may else None)
    assert _codes(result) == {
        f"applicant.{name}": "FORBIDDEN" for name in whole if f"Applicant.{name}" not in may
    }


async def test_the_public_signs_in_first(people: _People) -> None:
    for applicant in (people.own, UUID(int=1), "nonsense", None):
        result = await people.ask(None, applicant)
        assert result.data == {"applicant": None}
        assert _codes(result) == {"applicant": "UNAUTHENTICATED"}
        (error,) = result.errors
        assert error.message == "sign in first"


@pytest.mark.parametrize("applicant", ["other", "draft", "unknown", "nonsense", "nul"])
async def test_what_exists_and_what_does_not_is_refused_alike(
    people: _People, applicant: str
) -> None:
    """A base sees neither another's applicant, nor a draft, nor whether there is one."""
    ids = {
        "other": people.other,
        "draft": people.draft,
        "unknown": UUID(int=1),
        "nonsense": "x' OR 1=1",
        "nul": "\x00",
    }
    office = Actor(id="o", grants=frozenset({Grant("base_office", base=_OWN)}))
    result = await people.ask(office, ids[applicant])
    assert result.data == {"applicant": None}
    (error,) = result.errors
    assert (error.message, error.extensions) == (
        "this is not permitted",
        {"code": "FORBIDDEN", "permission": "applicants.read"},
    )


async def test_the_viewers_own_record(people: _People) -> None:
    person = Actor(id=str(people.account), grants=frozenset({Grant("applicant")}))
    result = await people.ask(person, None)
    assert result.errors is None
    assert result.data["applicant"]["identityNumber"] == "E1234567"
    for nobody in ("somebody", str(UUID(int=1))):
        result = await people.ask(Actor(id=nobody, grants=frozenset({Grant("applicant")})), None)
        assert (result.data, result.errors) == ({"applicant": None}, None)


async def test_a_tokens_scopes_limit_what_is_read(people: _People) -> None:
    office = Actor(
        id="o",
        grants=frozenset({Grant("base_office", base=_OWN)}),
        scopes=frozenset({"applicants.read"}),
    )
    result = await people.ask(office, people.own)
    assert result.data["applicant"]["identityNumber"] == "E*****67"
    assert _codes(result) == {"applicant.files": "FORBIDDEN", "applicant.facts": "FORBIDDEN"}


async def test_reading_a_number_is_logged_without_the_number(
    people: _People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office = Actor(id="office-1", grants=frozenset({Grant("base_office", base=_OWN)}))
    await people.ask(office, people.own, "identityNumber phone")
    host = Actor(id="host-1", grants=frozenset({Grant("host_department", base=_OWN)}))
    await people.ask(host, people.own, "identityNumber phone")
    read = [record for record in caplog.records if record.getMessage() == "personal data read"]
    found = sorted((str(r.__dict__["actor"]), str(r.__dict__["what"])) for r in read)
    assert found == [("office-1", "number"), ("office-1", "phone")]
    assert {record.__dict__["applicant"] for record in read} == {str(people.own)}
    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert [secret for secret in _SECRETS if secret in logged] == []
