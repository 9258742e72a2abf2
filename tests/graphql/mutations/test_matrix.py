"""The matrix of mutations: every one × every role × own, other and public; all generated.

Who may not is refused without learning anything, and nothing changes; who may is let in, whatever
rule then stands against it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from tortoise import connections

from admissions_office import HOSPITAL, MEDICINE, PAEDIATRICS, Office, done, sample_catalogue
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)
from zhupei.db.connection import Database
from zhupei.db.models import Account, ApplicantFile, RoleGrant
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.permissions import PERMISSIONS
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import protected_fields
from zhupei.graphql.schema import build_schema
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

_COMPOSED = build_schema()
_CORE = _COMPOSED.schema.core_schema
_BASE, _PROVINCE = "sample-hospital", "sample-province"
_SECRETS = ("E1234567", "13800138000", "li@example.cn", "李某某")

# What each mutation needs, written down by hand; the code's own declarations are held against it.
_NEEDS = {
    "addAccount": "accounts.manage",
    "admitApplicants": "applications.admit",
    "agreeToTransfer": "offers.answer",
    "answerInvitation": "offers.answer",
    "answerSendingUnitLink": "applicants.write",
    "approveBrochure": "brochures.approve",
    "assignInterviews": "interviews.manage",
    "cancelForFraud": "applications.admit",
    "cancelInterviewSlot": "interviews.manage",
    "cancelPayment": "registrations.write",
    "chooseInterviewSlot": "interviews.choose",
    "claimApplicant": "applicants.write",
    "confirmAdmission": "offers.answer",
    "createApplication": "applications.submit",
    "decidePlanIncrease": "plans.approve",
    "declineAdmission": "offers.answer",
    "deferReport": "registrations.write",
    "endSendingUnitLink": "applicants.write",
    "eraseApplicant": "applicants.write",
    "expireConfirmations": "applications.admit",
    "exportMyData": "applicants.read",
    "fileObjection": "objections.raise",
    "freezeRound": "rounds.manage",
    "giveOpinion": "applications.opine",
    "grantRole": "accounts.manage",
    "imposeBan": "bans.write",
    "inviteCandidate": "applications.decide",
    "issueClaimCode": "applications.recommend",
    "liftBan": "bans.write",
    "liftFreeze": "rounds.manage",
    "lockAccount": "accounts.manage",
    "markNoShows": "applications.admit",
    "moveInterviewSlot": "interviews.manage",
    "nameSendingUnit": "applicants.write",
    "openInterviewSlots": "interviews.manage",
    "proposeAdmission": "applications.decide",
    "proposeAllocation": "rounds.manage",
    "publishProposedList": "lists.publish",
    "recommendApplication": "applications.recommend",
    "recordBrochurePublication": "brochures.submit",
    "recordEligibilityCheck": "applications.check",
    "recordExamination": "applications.assess",
    "recordInterview": "applications.assess",
    "recordPayments": "registrations.write",
    "recordReport": "registrations.write",
    "recordSendingUnit": "accounts.manage",
    "reduceTraining": "registrations.write",
    "registerApplicant": "applicants.write",
    "registerSentPerson": "applications.recommend",
    "registerTrainee": "registrations.write",
    "rejectApplication": "applications.decide",
    "rejectScoreSheet": "scores.sign",
    "releaseInterview": "interviews.choose",
    "removeFile": "files.write",
    "requestPlanIncrease": "plans.request",
    "resolveObjection": "objections.decide",
    "retryNotice": "notices.send",
    "returnBrochure": "brochures.approve",
    "revertBulk": "rounds.manage",
    "reviewApplication": "applications.decide",
    "revokeRole": "accounts.manage",
    "runAllocation": "rounds.manage",
    "sendNotice": "applications.admit",
    "setPassword": "accounts.manage",
    "signAgreement": "registrations.write",
    "signScoreSheet": "scores.sign",
    "simulateAllocation": "rounds.manage",
    "submitApplication": "applications.submit",
    "submitBrochure": "brochures.submit",
    "transferApplication": "applications.decide",
    "unlockAccount": "accounts.manage",
    "updateApplicant": "applicants.write",
    "withdrawApplication": "applications.submit",
    "withdrawTrainee": "registrations.write",
}

# Their objects are not among the rows below: whoever may is told that there is no such thing.
_WITHOUT_OBJECT = {
    "answerInvitation",
    "answerSendingUnitLink",
    "approveBrochure",
    "assignInterviews",
    "cancelInterviewSlot",
    "cancelPayment",
    "chooseInterviewSlot",
    "endSendingUnitLink",
    "fileObjection",
    "liftBan",
    "liftFreeze",
    "moveInterviewSlot",
    "nameSendingUnit",
    "openInterviewSlots",
    "proposeAllocation",
    "recordBrochurePublication",
    "recordPayments",
    "reduceTraining",
    "rejectScoreSheet",
    "releaseInterview",
    "resolveObjection",
    "retryNotice",
    "returnBrochure",
    "revertBulk",
    "signScoreSheet",
    "withdrawTrainee",
}

# Whoever else may, by another way that the description tells.
_ALSO = {
    "issueClaimCode": "applications.admit",
    "registerApplicant": "applications.admit",
}

# Tells of each row what is wrong with it; that there is no such trainee is one of these problems.
_TELLS_OF_ROWS = {"recordPayments"}


# Of one's own record only, whatever else the permission reaches.
_OWN_ONLY = {"eraseApplicant", "exportMyData"}

# Of no place: an administrator of one base may not.
_OF_THE_NATION = {"recordSendingUnit"}

# What has no place yet when it is made.
_ANYWHERE = {"addAccount"}


@dataclass(frozen=True)
class _Place:
    """An application of one person to the hospital, and whoever asks about it."""

    office: Office
    keyring: Keyring
    account: UUID
    values: Mapping[str, Any]

    async def carry_out(self, mutation: str, actor: Actor | None) -> Any:
        is_staff = actor is not None and Grant(Role.APPLICANT) not in actor.grants
        return await _COMPOSED.schema.execute(
            f"mutation Do($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}"
            "(input: $input) { __typename ... on Refusal { code message } } }",
            variable_values={"input": self._input(mutation, is_staff=is_staff)},
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

    def _input(self, mutation: str, *, is_staff: bool) -> dict[str, Any]:
        type_ = _CORE.type_map[f"{mutation[0].upper()}{mutation[1:]}Input"]
        assert isinstance(type_, GraphQLInputObjectType)
        extra = _EXTRA.get(mutation, frozenset())
        # Staff register others, applicants themselves.
        by_staff = is_staff and mutation == "registerApplicant"
        return self._object(type_, extra | {"base"} if by_staff else extra)

    def _object(self, type_: GraphQLInputObjectType, extra: frozenset[str]) -> dict[str, Any]:
        return {
            name: self._value(name, field.type)
            for name, field in type_.fields.items()
            if isinstance(field.type, GraphQLNonNull) or name in extra
        }

    def _value(self, name: str, type_: Any) -> Any:
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            return [self._value(name.removesuffix("s"), type_.of_type)]
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, frozenset())
        if isinstance(type_, GraphQLEnumType):
            known = self.values.get(name)
            return known if known in type_.values else next(iter(type_.values))
        if name in self.values:
            return self.values[name]
        plain: dict[str, Any] = {
            "Boolean": True,
            "Int": 1,
            "ID": str(uuid4()),
            "Decimal": "1",
            "Yuan": "1",
            "Date": "2026-04-10",
            "DateTime": "2026-04-27T09:00:00+08:00",
            "String": "x",
        }
        return plain[type_.name]


# Parts that are not demanded and that the scenario needs.
_EXTRA = {
    "createApplication": frozenset({"round"}),
    "grantRole": frozenset({"base"}),
    "revokeRole": frozenset({"base"}),
    "registerApplicant": frozenset({"issuingState"}),
    "registerSentPerson": frozenset({"issuingState"}),
    "openInterviewSlots": frozenset({"base", "round"}),
    "publishProposedList": frozenset({"round"}),
}


@pytest.fixture
async def place(database: Database) -> AsyncIterator[_Place]:
    office = Office(database, await sample_catalogue())
    keyring = Keyring.parse(new_key_text())
    with database.use():
        at = office.now
        account = await Account.create(
            kind="person", login="li", created_at=at, tokens_valid_from=at
        )
        staff = await Account.create(
            kind="person", login="staff", created_at=at, tokens_valid_from=at
        )
        # So that it belongs to the hospital also after its other role was taken back.
        await RoleGrant.create(
            account=staff, role="auditor", base_code=_BASE, granted_by="x", granted_at=at
        )
        person = await register_applicant(
            keyring,
            Details(name="李某某", phone="13800138000", email="li@example.cn"),
            kind=DocumentKind.PASSPORT,
            number="E1234567",
            issuing_state="USA",
            account=account.id,
            today=office.today,
            at=at,
        )
        assert isinstance(person, ApplicantRecord)
        file = await ApplicantFile.create(
            applicant_id=person.id,
            document="degree",
            media_type="application/pdf",
            size=1,
            sha256="a" * 64,
            uploaded_by="x",
            uploaded_at=at,
        )
        case = await office.submitted(MEDICINE, person.id)
        increase = done(
            await admissions.request_plan_increase(
                office.staff(),
                inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="x"),
            )
        )
        # The person's grant and the staff's are what `revokeRole` and `grantRole` are about.
        values = {
            "application": str(case.id),
            "applicant": str(person.id),
            "account": str(staff.id),
            "login": "somebody",
            "password": "a long enough password",
            "planIncrease": str(increase.id),
            "file": str(file.id),
            "opening": PAEDIATRICS,
            "program": HOSPITAL,
            "round": "batch-1",
            "base": _BASE,
            "role": "base_office",
            "identityKind": "PASSPORT",
            "identityNumber": "E7654321",
            "issuingState": "USA",
            "points": "80",
            "of": 100,
            "kind": "LABOUR_CONTRACT",
            "dryRun": False,
            "name": "somebody",
        }
        yield _Place(office, keyring, account.id, values)


def _actor(role: Role, place: _Place, *, own: bool) -> Actor:
    """Return somebody with the role at the hospital or in its province, or elsewhere."""
    match role.reach:
        case RoleReach.OWN:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=_PROVINCE if own else "elsewhere")
        case RoleReach.NATION:
            grant = Grant(role)
        case _:
            grant = Grant(role, base=_BASE if own else "sample-clinic")
    is_person = role is Role.APPLICANT and own
    id_ = str(place.account) if is_person else str(uuid4())
    return Actor(id=id_, grants=frozenset({grant}))


def _may(role: Role, mutation: str, *, own: bool) -> bool:
    """Return whether a role is let in, here or elsewhere."""
    if mutation in _OWN_ONLY:
        return own and role is Role.APPLICANT
    if mutation in _OF_THE_NATION:
        return False
    if mutation in _ANYWHERE and role is Role.ADMINISTRATOR:
        return True
    needed = {_NEEDS[mutation], *([_ALSO[mutation]] if mutation in _ALSO else [])}
    held = any(role.value in PERMISSIONS[name].roles for name in needed)
    reached = own or role.reach is RoleReach.NATION
    # Nobody here is sent by a unit, and what is somebody's own needs that somebody.
    return held and reached and role is not Role.SENDING_UNIT


def _mutations() -> GraphQLObjectType:
    found = _CORE.type_map["Mutation"]
    assert isinstance(found, GraphQLObjectType)
    return found


async def _state(database: Database) -> list[tuple[Any, ...]]:
    """Return for each table how many rows it has and which transaction wrote the last of them."""
    with database.use():
        connection = connections.get("default")
        tables = await connection.execute_query_dict(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        counted = " UNION ALL ".join(
            f"SELECT '{row['tablename']}' AS t, count(*) AS n, "
            f'max(xmin::text::bigint) AS x FROM "{row["tablename"]}"'
            for row in tables
        )
        return [tuple(row.values()) for row in await connection.execute_query_dict(counted)]


def _outcome(result: Any, mutation: str) -> str:
    """Return the code of an error or of a refusal, `DONE` where it was carried out."""
    if result.errors:
        (error,) = result.errors
        assert result.data == {mutation: None}
        assert error.original_error is None or error.extensions, error.original_error
        return str((error.extensions or {}).get("code", error.message))
    found: Mapping[str, Any] = result.data[mutation]
    return str(found.get("code", "DONE"))


def test_every_mutation_needs_what_is_written_down() -> None:
    declared = {
        each.field: each.permission for each in protected_fields(_CORE) if each.type == "Mutation"
    }
    assert declared == _NEEDS
    assert set(_mutations().fields) == set(_NEEDS)


def test_every_mutation_takes_one_input_with_a_key_and_answers_refusals() -> None:
    for name, field in _mutations().fields.items():
        assert list(field.args) == ["input"], name
        given = field.args["input"].type
        assert isinstance(given, GraphQLNonNull)
        assert isinstance(given.of_type, GraphQLInputObjectType)
        assert given.of_type.name == f"{name[0].upper()}{name[1:]}Input"
        assert str(given.of_type.fields["idempotencyKey"].type) == "String"
        # Nullable, so that an error of one takes nothing from the others.
        assert not isinstance(field.type, GraphQLNonNull), name
        members = {each.name for each in getattr(field.type, "types", ())}
        assert {"ActionRefused", "InvalidInput", "PluginProblem"} < members, name


async def test_the_public_signs_in_first(place: _Place) -> None:
    before = await _state(place.office.database)
    for mutation in _NEEDS:
        result = await place.carry_out(mutation, None)
        assert _outcome(result, mutation) == "UNAUTHENTICATED", mutation
        assert result.data == {mutation: None}
    assert await _state(place.office.database) == before


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("own", [True, False])
async def test_every_role_does_what_is_written_down_and_nothing_else(
    place: _Place, role: Role, own: bool
) -> None:
    actor = _actor(role, place, own=own)
    database = place.office.database
    wrong = []
    for mutation in _NEEDS:
        if _may(role, mutation, own=own) or (mutation, role) in _OF_NOBODY:
            continue
        before = await _state(database)
        result = await place.carry_out(mutation, actor)
        outcome = _outcome(result, mutation)
        leaked = [
            secret
            for secret in _SECRETS
            if secret in f"{json.dumps(result.data, ensure_ascii=False)}{result.errors}"
        ]
        changed = await _state(database) != before
        refused = {"FORBIDDEN", "NOT_FOUND"} | (
            {"INPUT_INVALID"} if mutation in _TELLS_OF_ROWS else set()
        )
        if outcome not in refused or leaked or changed:
            wrong.append((mutation, outcome, leaked, changed))
    assert not wrong, f"{role} {own}: {wrong}"
    shut_out = []
    for mutation in _NEEDS:
        if _may(role, mutation, own=own):
            outcome = _outcome(await place.carry_out(mutation, actor), mutation)
            shut = {"FORBIDDEN"} if mutation in _WITHOUT_OBJECT else {"FORBIDDEN", "NOT_FOUND"}
            if outcome in shut:
                shut_out.append((mutation, outcome))
    assert not shut_out, f"{role} {own}: {shut_out}"


# What anybody with the role may begin, because it is their own by its making.
_OF_NOBODY: set[tuple[str, Role]] = {
    ("createApplication", Role.APPLICANT),
    ("createApplication", Role.SENDING_UNIT),
    ("registerApplicant", Role.APPLICANT),
}
