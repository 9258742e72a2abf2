"""The matrix of mutations: every one × every role × own, other and public; all generated.

Each mutation has an object that it really works on (`mutation_scenarios`). Who may carries it out,
and something has changed then. Who may not is refused without learning anything: not even whether
there is such an object; and nothing changes.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections

from asked_graph import core_graph
from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLObjectType
from mutation_scenarios import PHASES, SECRETS, Case, World, new_world
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.permissions import PERMISSIONS
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.permissions import protected_fields
from zhupei.services.applicant_files import FileStore

_COMPOSED = core_graph()
_CORE = _COMPOSED.schema.core_schema
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_FILES = FileStore(Path(tempfile.mkdtemp()), largest=1000)

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
    "createWebhook": "webhooks.manage",
    "decidePlanIncrease": "plans.approve",
    "declineAdmission": "offers.answer",
    "deferReport": "registrations.write",
    "deleteWebhook": "webhooks.manage",
    "endCalendar": "calendar.subscribe",
    "endSendingUnitLink": "applicants.write",
    "eraseApplicant": "applicants.write",
    "expireConfirmations": "applications.admit",
    "exportMyData": "applicants.read",
    "fileObjection": "objections.raise",
    "freezeRound": "rounds.manage",
    "giveOpinion": "applications.opine",
    "grantRole": "accounts.manage",
    "handInFile": "files.write",
    "imposeBan": "bans.write",
    "inviteCandidate": "applications.decide",
    "issueCalendar": "calendar.subscribe",
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
    "recordQuit": "registrations.write",
    "recordReport": "registrations.write",
    "recordSendingUnit": "accounts.manage",
    "recordFileTransfer": "registrations.write",
    "reduceTraining": "registrations.write",
    "registerApplicant": "applicants.write",
    "registerSentPerson": "applications.recommend",
    "registerTrainee": "registrations.write",
    "rejectApplication": "applications.decide",
    "rejectScoreSheet": "scores.sign",
    "releaseInterview": "interviews.choose",
    "removeFile": "files.write",
    "replayDeliveries": "webhooks.manage",
    "requestPlanIncrease": "plans.request",
    "resolveObjection": "objections.decide",
    "retryNotice": "notices.send",
    "returnBrochure": "brochures.approve",
    "revertBulk": "rounds.manage",
    "reviewApplication": "applications.decide",
    "revokeRole": "accounts.manage",
    "rotateWebhookSecret": "webhooks.manage",
    "runAllocation": "rounds.manage",
    "sendNotice": "applications.admit",
    "setPassword": "accounts.manage",
    "signAgreement": "registrations.write",
    "signScoreSheet": "scores.sign",
    "simulateAllocation": "rounds.manage",
    "submitApplication": "applications.submit",
    "submitBrochure": "brochures.submit",
    "testWebhook": "webhooks.manage",
    "transferApplication": "applications.decide",
    "unlockAccount": "accounts.manage",
    "updateApplicant": "applicants.write",
    "updateWebhook": "webhooks.manage",
    "withdrawApplication": "applications.submit",
    "withdrawConsent": "offers.answer",
    "withdrawTrainee": "registrations.write",
}

# Which phase makes the objects of which mutations: none is left out, and none stands twice.
_PHASES = {
    "people": {
        "addAccount",
        "answerSendingUnitLink",
        "claimApplicant",
        "endCalendar",
        "endSendingUnitLink",
        "eraseApplicant",
        "exportMyData",
        "grantRole",
        "handInFile",
        "issueCalendar",
        "issueClaimCode",
        "lockAccount",
        "nameSendingUnit",
        "recordSendingUnit",
        "registerApplicant",
        "registerSentPerson",
        "removeFile",
        "revokeRole",
        "setPassword",
        "unlockAccount",
        "updateApplicant",
    },
    "registration": {
        "cancelForFraud",
        "createApplication",
        "decidePlanIncrease",
        "freezeRound",
        "imposeBan",
        "liftBan",
        "recommendApplication",
        "rejectApplication",
        "requestPlanIncrease",
        "retryNotice",
        "submitApplication",
        "withdrawApplication",
    },
    "frozen": {"liftFreeze"},
    "assessment": {
        "agreeToTransfer",
        "assignInterviews",
        "cancelInterviewSlot",
        "chooseInterviewSlot",
        "giveOpinion",
        "moveInterviewSlot",
        "openInterviewSlots",
        "recordEligibilityCheck",
        "recordExamination",
        "recordInterview",
        "releaseInterview",
        "reviewApplication",
        "transferApplication",
        "withdrawConsent",
    },
    "first_brochure": {"submitBrochure"},
    "sheets": {"approveBrochure", "rejectScoreSheet", "returnBrochure", "signScoreSheet"},
    "brochures": {"recordBrochurePublication"},
    "reviewed": {"publishProposedList"},
    "public": {
        "confirmAdmission",
        "declineAdmission",
        "expireConfirmations",
        "fileObjection",
        "resolveObjection",
        "revertBulk",
    },
    "admission": {"admitApplicants"},
    "notices": {"sendNotice"},
    "reports": {"deferReport", "markNoShows", "recordReport"},
    "agreements": {"recordQuit", "signAgreement"},
    "registrations": {"registerTrainee"},
    "training": {
        "cancelPayment",
        "recordFileTransfer",
        "recordPayments",
        "reduceTraining",
        "withdrawTrainee",
    },
    "invitations": {"answerInvitation", "inviteCandidate"},
    "proposals": {"proposeAdmission"},
    "webhooks": {
        "createWebhook",
        "deleteWebhook",
        "replayDeliveries",
        "rotateWebhookSecret",
        "testWebhook",
        "updateWebhook",
    },
    "allocation": {"proposeAllocation", "runAllocation", "simulateAllocation"},
}

# Whoever else may, by another way that the description tells.
_ALSO = {
    "issueClaimCode": "applications.admit",
    "registerApplicant": "applications.admit",
    "releaseInterview": "interviews.manage",
}
# Who holds the permission, and may not all the same: it is a matter of the nation, or of the
# person alone.
_EXCEPT = {
    "claimApplicant": {"sending_unit"},
    "exportMyData": {
        "sending_unit",
        "specialty_base",
        "base_office",
        "host_department",
        "jurisdiction_office",
    },
    "recordSendingUnit": {"administrator"},
    "registerApplicant": {"sending_unit"},
}
# Of anybody's own making, or of no place: "other" is let in as "own" is.
_ALIKE = {
    ("addAccount", Role.ADMINISTRATOR),
    # Whoever has the document and the code.
    ("claimApplicant", Role.APPLICANT),
    ("createApplication", Role.APPLICANT),
    ("exportMyData", Role.APPLICANT),
    ("endCalendar", Role.APPLICANT),
    ("fileObjection", Role.APPLICANT),
    ("fileObjection", Role.SENDING_UNIT),
    ("handInFile", Role.APPLICANT),
    ("nameSendingUnit", Role.APPLICANT),
    ("issueCalendar", Role.APPLICANT),
    ("registerApplicant", Role.APPLICANT),
    ("registerSentPerson", Role.SENDING_UNIT),
    ("updateApplicant", Role.APPLICANT),
}
# What changes nothing: a copy, and a simulation.
_CHANGES_NOTHING = {"exportMyData", "simulateAllocation"}


@dataclass(frozen=True)
class _Try:
    """A mutation as somebody tried it, and what was answered."""

    outcome: str
    said: str

    @property
    def without_ids(self) -> tuple[str, str]:
        """The answer, whatever id it was about."""
        return self.outcome, _UUID.sub("<id>", self.said)


async def _carry_out(
    world: World, mutation: str, given: Mapping[str, Any], actor: Actor | None
) -> _Try:
    with world.database.use():
        result = await _COMPOSED.schema.execute(
            f"mutation Do($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}"
            "(input: $input) { __typename ... on Refusal { code message } "
            "... on ActionRefused { field problems { applicationId } } } }",
            variable_values={"input": given},
            context_value=GraphContext(
                catalogue=world.loaded.catalogue,
                dispatcher=world.loaded.dispatcher,
                language=Language.EN,
                clock=lambda: world.sample.now,
                actor=actor,
                keyring=lambda: world.keyring,
                database=world.database,
                files=_FILES,
            ),
        )
    said = f"{json.dumps(result.data, ensure_ascii=False)} {result.errors}"
    if result.errors:
        (error,) = result.errors
        assert result.data == {mutation: None}, said
        assert error.extensions, said
        return _Try(str(error.extensions["code"]), said)
    assert result.data is not None
    return _Try(str(result.data[mutation].get("code", "DONE")), said)


def _actor(role: Role, case: Case, world: World, *, own: bool) -> Actor:
    """Return somebody with the role who is concerned with the case, or who is not."""
    place = case.place
    base = place.base if own else place.other_base
    account = uuid4()
    match role.reach:
        case RoleReach.OWN | RoleReach.NATION:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=place.province if own else place.other_province)
        case _:
            grant = Grant(role, base=base)
    if role is Role.APPLICANT:
        account = (case.person if own else case.other) or world.stranger
    if role is Role.INTEGRATOR and own and case.integrator is not None:
        account = case.integrator
    if role is Role.SENDING_UNIT:
        account = (case.unit if own else None) or world.other_unit
    return Actor(id=str(account), grants=frozenset({grant}))


def _may(role: Role, mutation: str, case: Case, *, own: bool) -> bool:
    """Return whether a role is let in, here or elsewhere."""
    if role.value in _EXCEPT.get(mutation, ()):
        return False
    needed = {_NEEDS[mutation], *([_ALSO[mutation]] if mutation in _ALSO else [])}
    if not any(role.value in PERMISSIONS[name].roles for name in needed):
        return False
    if (mutation, role) in _ALIKE:
        return True
    if role is Role.APPLICANT:
        return own and case.person is not None
    if role is Role.SENDING_UNIT:
        return own and case.unit is not None
    return own or role.reach is RoleReach.NATION


class _Kept:
    """The database as it was, to be put back after each mutation that was carried out."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables: list[str] = []

    async def keep(self) -> None:
        """Copy every table."""
        with self._database.use():
            connection = connections.get("default")
            rows = await connection.execute_query_dict(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
            self._tables = [row["tablename"] for row in rows]
            copies = (
                f'CREATE TABLE kept."{each}" AS TABLE public."{each}";' for each in self._tables
            )
            await connection.execute_script(
                f"DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept; {' '.join(copies)}"
            )

    async def restore(self) -> None:
        """Put back what changed; triggers and references rest meanwhile."""
        with self._database.use():
            back = [
                f'DELETE FROM public."{t}"; INSERT INTO public."{t}" SELECT * FROM kept."{t}";'
                for t in self._tables
            ]
            await connections.get("default").execute_script(
                f"BEGIN; SET LOCAL session_replication_role = replica; {' '.join(back)} COMMIT;"
            )

    async def digest(self) -> list[tuple[Any, ...]]:
        """Return for each table how many rows it has and which transaction wrote the last."""
        with self._database.use():
            counted = " UNION ALL ".join(
                f"SELECT '{each}' AS t, count(*) AS n, max(xmin::text::bigint) AS x "
                f'FROM public."{each}"'
                for each in self._tables
            )
            rows = await connections.get("default").execute_query_dict(counted)
            return [tuple(row.values()) for row in rows]


def _with_other_ids(given: Any) -> Any:
    """Return an input about something that does not exist."""
    if isinstance(given, dict):
        return {name: _with_other_ids(value) for name, value in given.items()}
    if isinstance(given, list):
        return [_with_other_ids(value) for value in given]
    if isinstance(given, str) and _UUID.fullmatch(given):
        return str(uuid4())
    return given


def _mutations() -> GraphQLObjectType:
    found = _CORE.type_map["Mutation"]
    assert isinstance(found, GraphQLObjectType)
    return found


def test_every_mutation_needs_what_is_written_down() -> None:
    declared = {
        each.field: each.permission for each in protected_fields(_CORE) if each.type == "Mutation"
    }
    assert declared == _NEEDS
    assert set(_mutations().fields) == set(_NEEDS)


def test_every_mutation_has_one_scenario() -> None:
    assert set(_PHASES) == set(PHASES)
    named = [each for phase in _PHASES.values() for each in phase]
    assert sorted(named) == sorted(_NEEDS)


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


@pytest.mark.parametrize("phase", list(PHASES))
async def test_every_role_does_what_is_written_down_and_nothing_else(
    database: Database, phase: str
) -> None:
    world = await new_world(database)
    cases = await PHASES[phase](world)
    assert set(cases) == _PHASES[phase]
    kept = _Kept(database)
    await kept.keep()
    wrong: list[tuple[Any, ...]] = []
    for mutation, case in cases.items():
        world.go(case.at)
        before = await kept.digest()
        public = await _carry_out(world, mutation, dict(case.given), None)
        if public.outcome != "UNAUTHENTICATED":
            wrong.append((mutation, "public", public))
        for role, own in [(role, own) for own in (True, False) for role in Role]:
            given = {**case.given, **case.by_role.get(role.value, {})}
            actor = _actor(role, case, world, own=own)
            tried = await _carry_out(world, mutation, given, actor)
            after = await kept.digest()
            changed = after != before
            told = (mutation, role.value, own, tried, changed)
            if _may(role, mutation, case, own=own):
                if tried.outcome != "DONE" or changed is (mutation in _CHANGES_NOTHING):
                    wrong.append(told)
            else:
                if tried.outcome not in {"FORBIDDEN", "NOT_FOUND"} or changed:
                    wrong.append(told)
                wrong += [(*told, secret) for secret in SECRETS if secret in tried.said]
                if not own and role is not Role.NATIONAL:
                    absent = await _carry_out(world, mutation, _with_other_ids(given), actor)
                    if absent.without_ids != tried.without_ids:
                        wrong.append((*told, absent))
            if changed:
                await kept.restore()
                before = await kept.digest()
        assert await kept.digest() == before
    assert not wrong, "\n".join(map(str, wrong))
