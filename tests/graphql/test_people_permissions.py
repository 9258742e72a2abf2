"""The matrix of trainees and bans: every role × own and other, field by field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from admissions_office import MEDICINE, Office, done, sample_catalogue
from asked_graph import core_graph
from zhupei.db.connection import Database
from zhupei.db.models import Account
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.registrations import EndKind
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.admissions.training_inputs import EndTrainingInput
from zhupei.services.admissions.training_rows import registration_of_application
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant

_COMPOSED = core_graph()
_QUERY = """query($id: ID!) {
  trainee(id: $id) {
    id applicant { name } endReason payments { id } subsidies(month: "2026-09") { months }
  }
  trainees { totalCount }
  registrations { totalCount }
  bans { reason }
}"""
_PROTECTED = {
    "applicant": {"applicant", "base_office", "jurisdiction_office"},
    "endReason": {"applicant", "base_office", "jurisdiction_office"},
    "payments": {"applicant", "base_office", "jurisdiction_office", "auditor"},
    "subsidies": {"applicant", "base_office", "jurisdiction_office", "auditor"},
}
_SEES = {"applicant", "base_office", "jurisdiction_office", "national", "integrator", "auditor"}
_BANS = {"base_office", "jurisdiction_office", "national", "auditor"}


@dataclass(frozen=True)
class _Place:
    """A trainee who withdrew and was banned, and the graph to ask."""

    office: Office
    keyring: Keyring
    account: UUID
    trainee: UUID

    async def ask(self, actor: Actor | None) -> Any:
        loaded = self.office.loaded
        with self.office.database.use():
            return await _COMPOSED.schema.execute(
                _QUERY,
                variable_values={"id": str(self.trainee)},
                context_value=GraphContext(
                    catalogue=loaded.catalogue,
                    dispatcher=loaded.dispatcher,
                    language=Language.EN,
                    clock=lambda: self.office.now,
                    actor=actor,
                    keyring=lambda: self.keyring,
                    database=self.office.database,
                ),
            )


@pytest.fixture
async def place(database: Database) -> _Place:
    office = Office(database, await sample_catalogue())
    keyring = Keyring.parse(new_key_text())
    with database.use():
        account = await Account.create(
            kind="person", login="li", tokens_valid_from=office.now, created_at=office.now
        )
        made = await register_applicant(
            keyring,
            Details(name="李某某"),
            kind=DocumentKind.PASSPORT,
            number="E1234567",
            issuing_state="USA",
            account=account.id,
            today=office.today,
            at=office.now,
        )
    assert isinstance(made, ApplicantRecord)
    authority = office.authority()
    case = done(
        await admissions.create_application(
            authority,
            inputs.CreateApplicationInput(
                applicant=made.id,
                opening=MEDICINE,
                candidate=Candidate(trainee_type=TraineeType.PROFESSIONAL_MASTER),
            ),
        )
    )
    done(
        await admissions.submit_application(
            authority, inputs.SubmitApplicationInput(application=case.id)
        )
    )
    office.go("2026-09-02T09:00")
    done(
        await admissions.register_trainee(
            office.staff(), inputs.ApplicationInput(application=case.id)
        )
    )
    with database.use():
        trainee = await registration_of_application(case.id)
    assert trainee is not None
    done(
        await admissions.end_training(
            office.staff(),
            EndTrainingInput(trainee=trainee.id, kind=EndKind.PERSONAL_REASONS, reason="家事"),
        )
    )
    done(
        await admissions.impose_ban(
            authority,
            inputs.ImposeBanInput(
                applicant=made.id, program="sample-residency-2026", reason="退培"
            ),
        )
    )
    return _Place(office, keyring, account.id, trainee.id)


def _actor(role: Role, place: _Place, *, own: bool) -> Actor:
    base, jurisdiction = (
        ("sample-hospital", "sample-province") if own else ("sample-clinic", "elsewhere")
    )
    match role.reach:
        case RoleReach.OWN | RoleReach.NATION:
            grant = Grant(role)
        case RoleReach.JURISDICTION:
            grant = Grant(role, jurisdiction=jurisdiction)
        case _:
            grant = Grant(role, base=base)
    is_person = role is Role.APPLICANT and own
    return Actor(id=str(place.account) if is_person else "somebody", grants=frozenset({grant}))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("role", list(Role))
async def test_every_role_reads_what_is_written_down_and_nothing_else(
    place: _Place, role: Role, own: bool
) -> None:
    result = await place.ask(_actor(role, place, own=own))
    # The nation is nobody's other.
    reached = own or role is Role.NATIONAL
    sees = reached and role.value in _SEES
    assert result.data["trainees"] == {"totalCount": 1 if sees else 0}
    assert result.data["registrations"] == result.data["trainees"]
    bans = [{"reason": "退培"}] if reached and role.value in _BANS else []
    assert result.data["bans"] == bans
    codes = {error.path[-1]: error.extensions["code"] for error in result.errors or []}
    if not sees:
        assert result.data["trainee"] is None
        assert codes == {}
        assert "李某某" not in json.dumps(result.data, ensure_ascii=False)
        return
    refused = {name for name, roles in _PROTECTED.items() if role.value not in roles}
    assert codes == dict.fromkeys(refused, "FORBIDDEN")
    for name in refused:
        assert result.data["trainee"][name] is None
    if "endReason" not in refused:
        assert result.data["trainee"]["endReason"] == "家事"


async def test_the_public_signs_in_first(place: _Place) -> None:
    result = await place.ask(None)
    assert {error.extensions["code"] for error in result.errors} == {"UNAUTHENTICATED"}
    assert set(result.data.values()) == {None}


async def test_staff_of_one_specialty_see_only_theirs(place: _Place) -> None:
    """Grants limited to a specialty: applications of the others are not there."""
    office = place.office
    office.go("2026-04-10T09:00")
    case = await office.submitted()

    def staff(specialty: str) -> Actor:
        grant = Grant("specialty_base", base="sample-hospital", specialty=specialty)
        return Actor(id=f"staff-{specialty}", grants=frozenset({grant}))

    assert await admissions.application_of(office.desk(staff("0100")), case.id) == case
    assert await admissions.application_of(office.desk(staff("0200")), case.id) is None
    whole = inputs.SearchApplicationsInput(base="sample-hospital")
    seen = await admissions.applications_of(office.desk(staff("0100")), whole)
    assert case.id in {each.id for each in seen}
    assert await admissions.applications_of(office.desk(staff("0200")), whole) == ()
