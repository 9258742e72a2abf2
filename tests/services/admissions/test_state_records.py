"""Records of what has a state beside applications: appended with every change, and proven."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from admissions_office import CLINIC, HOSPITAL, IDENTITY, MEDICINE, PERSON, Office, done
from zhupei.db.models import Account, BulkOperationRow, StateRecordRow, TraineeRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.identity import DocumentKind
from zhupei.domain.registrations import EndKind
from zhupei.domain.sending_units import SentPerson, Unit
from zhupei.domain.text import Language
from zhupei.security.crypto import Keyring, new_key_text
from zhupei.services import admissions, sending_units
from zhupei.services.admissions import inputs
from zhupei.services.admissions.training_inputs import EndTrainingInput, RecordFileTransferInput
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.audit import verify_audit_chain
from zhupei.services.claims import IssuedClaim, claim_applicant, issue_claim
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

_KEYS = Keyring.parse(new_key_text())
_DOCUMENT: dict[str, Any] = {
    "kind": DocumentKind.PASSPORT,
    "number": "E1234567",
    "issuing_state": "USA",
}


async def a_person(office: Office, account: UUID | None = None) -> UUID:
    made = await register_applicant(
        _KEYS,
        Details(name="王小明"),
        **_DOCUMENT,
        account=account,
        base=None if account else "sample-hospital",
        by="clerk",
        today=office.today,
        at=office.now,
        catalogue_hash=office.loaded.catalogue.hash,
    )
    assert isinstance(made, ApplicantRecord)
    return made.id


async def an_account(office: Office, login: str) -> UUID:
    made = await Account.create(
        kind="person", login=login, tokens_valid_from=office.now, created_at=office.now
    )
    return UUID(str(made.id))


async def claimed(office: Office) -> None:
    """A record is entered by an office and taken over by the person, the second code fits."""
    with office.database.use():
        person, account = await a_person(office), await an_account(office, "wang")
        await issue_claim(_KEYS, person, by="unit", at=office.now)
        code = await issue_claim(_KEYS, person, by="unit", at=office.now)
        assert isinstance(code, IssuedClaim)
        taken = await claim_applicant(
            _KEYS, account, **_DOCUMENT, code=code.code or "", today=office.today, at=office.now
        )
        assert isinstance(taken, ApplicantRecord)


async def locked(office: Office) -> None:
    """A code is tried out until it locks."""
    with office.database.use():
        person = await a_person(office)
        await issue_claim(_KEYS, person, by="unit", at=office.now)
        for name in "abcdefg":
            account = await an_account(office, name)
            await claim_applicant(
                _KEYS, account, **_DOCUMENT, code="2222", today=office.today, at=office.now
            )


async def sent(office: Office) -> None:
    """A unit asks for a person, who confirms; later it ends. Another one is refused."""
    with office.database.use():
        account = await an_account(office, "unit")
        unit = await sending_units.record_unit(
            account,
            name="样例医院",
            tier=None,
            province=None,
            prefecture=None,
            by="admin",
            at=office.now,
        )
        assert isinstance(unit, Unit)
        own = await an_account(office, "wang")
        person = await a_person(office, own)
        asked = await sending_units.name_unit(person, unit.id, by=str(own), at=office.now)
        assert isinstance(asked, SentPerson)
        for accept in (True, True):  # repeated, it records nothing more
            await sending_units.answer_link(asked.id, accept=accept, by="unit", at=office.now)
        await sending_units.end_link(asked.id, reason="离职", by="unit", at=office.now)


async def trained(office: Office) -> None:
    """A trainee is registered, the file moves, and the person leaves and is banned."""
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    await office.signed(case)
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), given))
    with office.database.use():
        trainee = (await TraineeRow.get()).id
    office.go("2026-10-01T09:00")
    moved = RecordFileTransferInput(trainee=trainee, moved_on=office.today, keeper="人才中心")
    done(await admissions.record_file_transfer(office.staff(), moved))
    end = EndTrainingInput(
        trainee=trainee,
        kind=EndKind.PERSONAL_REASONS,
        ended_on=office.today,
        reason="个人原因",
        impose_ban=True,
    )
    both = Actor(
        id="both",
        grants=frozenset(
            {
                Grant("base_office", "sample-hospital", None),
                Grant("jurisdiction_office", None, "sample-province"),
            }
        ),
    )
    done(await admissions.end_training(office.desk(both), end))


async def invited(office: Office) -> None:
    """One invitation is accepted, another declined; repeated, nothing more is recorded."""
    office.go("2026-06-02T09:00")
    person = await office.known()
    for opening, accept in ((MEDICINE, True), (CLINIC, False)):
        invite = inputs.InviteCandidateInput(applicant=person, opening=opening, round="batch-2")
        base = "sample-hospital" if opening == MEDICINE else "sample-clinic"
        made = done(await admissions.invite_candidate(office.staff(base=base), invite))
        answer = inputs.AnswerInvitationInput(
            invitation=made.id,
            accept=accept,
            candidate=PERSON if accept else None,
            documents=(IDENTITY,) if accept else (),
        )
        for _ in range(2):
            done(await admissions.answer_invitation(office.own(person), answer))


async def banned(office: Office) -> None:
    """A ban is imposed and lifted."""
    person = await office.known()
    ban = done(
        await admissions.impose_ban(
            office.authority(),
            inputs.ImposeBanInput(applicant=person, program=HOSPITAL, reason="情节严重"),
        )
    )
    lift = inputs.LiftBanInput(ban=ban.id, reason="查无实据")
    done(await admissions.lift_ban(office.authority(), lift))


async def listed(office: Office) -> None:
    """A list is published and taken back as a whole."""
    await office.published(90)
    with office.database.use():
        row = await BulkOperationRow.get()
    given = inputs.RevertBulkInput(operation=row.id, reason="名单有误")
    done(await admissions.revert_bulk(office.authority(), given))


async def objected(office: Office) -> None:
    """Two objections: one is upheld, one dismissed."""
    first, second = await office.published(90, 80)
    for about, by, upheld in ((first, second, True), (second, first, False)):
        filed = done(
            await admissions.file_objection(
                office.own(by.applicant),
                inputs.FileObjectionInput(application=about.id, text="材料不实"),
            )
        )
        decision = inputs.ResolveObjectionInput(
            objection=filed.id, upheld=upheld, resolution="已核实"
        )
        done(await admissions.resolve_objection(office.staff(), decision))


async def planned(office: Office) -> None:
    """An increase of the plan is approved, another refused."""
    for approved in (True, False):
        asked = done(
            await admissions.request_plan_increase(
                office.staff(),
                inputs.RequestPlanIncreaseInput(
                    opening=MEDICINE, round="batch-1", seats=1, reason="容量有余"
                ),
            )
        )
        decision = inputs.DecidePlanIncreaseInput(
            plan_increase=asked.id, approved=approved, reason="研究决定"
        )
        done(await admissions.decide_plan_increase(office.authority(), decision))


async def frozen(office: Office) -> None:
    """A round is frozen, twice, and thawed."""
    program = office.loaded.catalogue.programs[HOSPITAL].parent or HOSPITAL
    freeze = inputs.FreezeRoundInput(program=program, round="batch-1", reason="数据有误")
    for _ in range(2):
        done(await admissions.freeze_round(office.authority(), freeze))
    lift = inputs.LiftFreezeInput(program=program, round="batch-1", reason="已核对")
    done(await admissions.lift_freeze(office.authority(), lift))


_Story = Callable[[Office], Awaitable[None]]
# What happens, and what the records then say: subject, action, from, to, and the reason.
STORIES: dict[_Story, list[tuple[str, str, str | None, str, str | None]]] = {
    claimed: [
        ("APPLICANT", "REGISTER", None, "UNCLAIMED", None),
        ("CLAIM", "ISSUE", None, "OPEN", None),
        ("CLAIM", "REPLACE", "OPEN", "REPLACED", None),
        ("CLAIM", "ISSUE", None, "OPEN", None),
        ("CLAIM", "USE", "OPEN", "USED", None),
        ("APPLICANT", "CLAIM", "UNCLAIMED", "CLAIMED", None),
    ],
    locked: [
        ("APPLICANT", "REGISTER", None, "UNCLAIMED", None),
        ("CLAIM", "ISSUE", None, "OPEN", None),
        ("CLAIM", "LOCK", "OPEN", "LOCKED", None),
    ],
    sent: [
        ("APPLICANT", "REGISTER", None, "CLAIMED", None),
        ("SENT_PERSON", "ASK", None, "NAMED", None),
        ("SENT_PERSON", "CONFIRM", "NAMED", "CONFIRMED", None),
        ("SENT_PERSON", "END", "CONFIRMED", "ENDED", "离职"),
    ],
    trained: [
        ("PUBLICITY", "PUBLISH", None, "PUBLISHED", None),
        ("TRAINEE", "REGISTER", None, "IN_TRAINING", None),
        ("TRAINEE", "MOVE_FILE", "IN_TRAINING", "IN_TRAINING", "人才中心"),
        ("TRAINEE", "END_TRAINING", "IN_TRAINING", "WITHDRAWN", "个人原因"),
        ("BAN", "IMPOSE", None, "IN_FORCE", "个人原因"),
    ],
    invited: [
        ("APPLICANT", "REGISTER", None, "UNCLAIMED", None),
        ("INVITATION", "INVITE", None, "OPEN", None),
        ("INVITATION", "ACCEPT", "OPEN", "ACCEPTED", None),
        ("INVITATION", "INVITE", None, "OPEN", None),
        ("INVITATION", "DECLINE", "OPEN", "DECLINED", None),
    ],
    banned: [
        ("APPLICANT", "REGISTER", None, "UNCLAIMED", None),
        ("BAN", "IMPOSE", None, "IN_FORCE", "情节严重"),
        ("BAN", "LIFT", "IN_FORCE", "LIFTED", "查无实据"),
    ],
    listed: [
        ("PUBLICITY", "PUBLISH", None, "PUBLISHED", None),
        ("PUBLICITY", "WITHDRAW", "PUBLISHED", "WITHDRAWN", "名单有误"),
    ],
    objected: [
        ("PUBLICITY", "PUBLISH", None, "PUBLISHED", None),
        ("OBJECTION", "FILE", None, "OPEN", None),
        ("OBJECTION", "RESOLVE", "OPEN", "UPHELD", "已核实"),
        ("OBJECTION", "FILE", None, "OPEN", None),
        ("OBJECTION", "RESOLVE", "OPEN", "DISMISSED", "已核实"),
    ],
    planned: [
        ("PLAN_INCREASE", "REQUEST", None, "REQUESTED", "容量有余"),
        ("PLAN_INCREASE", "APPROVE", "REQUESTED", "APPROVED", "研究决定"),
        ("PLAN_INCREASE", "REQUEST", None, "REQUESTED", "容量有余"),
        ("PLAN_INCREASE", "REFUSE", "REQUESTED", "REFUSED", "研究决定"),
    ],
    frozen: [
        ("ROUND_FREEZE", "FREEZE", None, "FROZEN", "数据有误"),
        ("ROUND_FREEZE", "LIFT", "FROZEN", "LIFTED", "已核对"),
    ],
}
# What somebody with all rights on the database might do after which story, and what is then said.
TAMPERINGS = {
    "a record is given to another account": (
        claimed,
        "UPDATE applicant SET account_id = NULL",
        "applicant {} is not as its last record left it",
    ),
    "a used code is opened again": (
        locked,
        "UPDATE applicant_claim SET ended_as = NULL, ended_at = NULL",
        "claim code {} is not as its last record left it",
    ),
    "a code disappears": (
        locked,
        "DELETE FROM applicant_claim",
        "claim code {} is gone",
    ),
    "a unit sends somebody again": (
        sent,
        "UPDATE sending_unit_person SET state = 'CONFIRMED', ended_at = NULL",
        "link to a sending unit {} is not as its last record left it",
    ),
    "a training ends a year earlier": (
        trained,
        "UPDATE trainee SET ends_on = ends_on - 365",
        "trainee {} is not as its last record left it",
    ),
    "an invitation is answered otherwise": (
        invited,
        "UPDATE invitation SET state = 'OPEN' WHERE state = 'DECLINED'",
        "invitation {} is not as its last record left it",
    ),
    "a ban is shortened": (
        trained,
        "UPDATE ban SET until = starts_on",
        "ban {} is not as its last record left it",
    ),
    "a ban is made beside the process": (
        banned,
        (
            "INSERT INTO ban (id, applicant_id, program_code, starts_on, until, reason, "
            "decided_by, decided_at) SELECT gen_random_uuid(), applicant_id, program_code, "
            "starts_on, until, reason, decided_by, decided_at FROM ban"
        ),
        "ban {} is not as its last record left it",
    ),
    "a list is public for less than the law asks": (
        objected,
        "UPDATE publicity SET ends_at = published_at + interval '1 day'",
        "published list {} is not as its last record left it",
    ),
    "an objection is rewritten": (
        objected,
        "UPDATE objection SET text = '无异议' WHERE upheld",
        "objection {} is not as its last record left it",
    ),
    "a refused increase counts": (
        planned,
        "UPDATE plan_increase SET state = 'APPROVED'",
        "plan increase {} is not as its last record left it",
    ),
    "seats are added beside the process": (
        planned,
        "UPDATE seat SET increase = 2 WHERE scope LIKE 'opening:%'",
        "the seats added to opening:",
    ),
    "a freeze is lifted otherwise": (
        frozen,
        "UPDATE round_freeze SET lifted_by = 'somebody'",
        "freeze of a round {} is not as its last record left it",
    ),
    "a record is rewritten": (
        frozen,
        "UPDATE state_record SET reason = 'x' WHERE sequence = 2",
        "state record 2: its content does not match its hash",
    ),
    "the last record is deleted": (
        frozen,
        "DELETE FROM state_record WHERE sequence = 2",
        "state record 2 is missing",
    ),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_every_change_of_state_is_recorded(office: Office, story: _Story) -> None:
    await story(office)
    with office.database.use():
        rows = await StateRecordRow.all().order_by("sequence")
        told = [(row.subject, row.action, row.from_state, row.to_state, row.reason) for row in rows]
        assert told == STORIES[story]
        assert {row.rule_version for row in rows} == {"1"}
        assert all(row.actor and len(row.previous_hash) == 64 for row in rows)
        report = await verify_audit_chain()
    assert (report.broken, report.state_records) == (None, len(rows))


def test_every_subject_has_a_story() -> None:
    assert {told[0] for told_of in STORIES.values() for told in told_of} == set(StateSubject)


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_beside_the_records_is_found(
    office: Office, database_url: str, name: str
) -> None:
    story, statement, said = TAMPERINGS[name]
    await story(office)
    with office.database.use():
        assert (await verify_audit_chain()).broken is None
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(statement)
    await connection.close()
    with office.database.use():
        broken = (await verify_audit_chain()).broken
    assert broken is not None
    assert said.format(broken.subject) in broken.reason.get(Language.EN)


async def test_records_of_states_cannot_be_changed_or_deleted(
    office: Office, database_url: str
) -> None:
    await frozen(office)
    connection = await asyncpg.connect(database_url)
    for statement in (
        "UPDATE state_record SET reason = 'x'",
        "DELETE FROM state_record",
        "TRUNCATE state_record",
    ):
        with pytest.raises(asyncpg.RaiseError, match="never changed or deleted"):
            await connection.execute(statement)
    await connection.close()


async def test_a_noted_head_names_both_chains(office: Office) -> None:
    await frozen(office)
    with office.database.use():
        noted = (await verify_audit_chain()).head
    assert noted.startswith(f"0:{'0' * 64}+2:")
    await banned(office)
    with office.database.use():
        assert (await verify_audit_chain(noted)).broken is None
        # One that was noted before there was the second chain.
        assert (await verify_audit_chain(noted.partition("+")[0])).broken is None
        broken = (await verify_audit_chain(f"0:{'0' * 64}+2:{'0' * 64}")).broken
    assert broken is not None
    assert broken.reason.en == "the chain does not pass through the head noted before"


async def test_what_was_not_written_is_not_recorded(office: Office) -> None:
    """Nor is a change whose transaction was taken back; the numbers stay without gaps."""
    nobody = StateChange(
        subject=StateSubject.BAN, id=UUID(int=1), action="LIFT", actor="a", at=office.now
    )
    with office.database.use():
        with pytest.raises(RuntimeError, match=f"there is no BAN {UUID(int=1)} to record"):
            async with in_transaction() as connection:
                await append_state_records(connection, [nobody])
        async with in_transaction() as connection:
            await append_state_records(connection, [])
        assert await StateRecordRow.all().count() == 0
    office.now += timedelta(hours=1)
    await frozen(office)
    with office.database.use():
        assert (await verify_audit_chain()).broken is None
