"""Erasing a person's data, as far as the law lets them (PIPL 47): the records stay verifiable.

What has to be kept keeps the person: an application that is still open, a report, a training
that was registered, a ban in force. Else everything that tells who it was is taken away, in
applications by a transition of its own, so that the chain of records still holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from zhupei.db.models import (
    Account,
    Applicant,
    ApplicantFile,
    ApplicantIdentity,
    ApplicationRow,
    BulkOperationRow,
    CalendarTokenRow,
    RoleGrant,
    SendingUnitPersonRow,
    StateRecordRow,
    TraineeRow,
    TransitionRow,
)
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import EXITS, Action, ApplicationState
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.services.account_changes import account_changed
from zhupei.services.account_guards import erased_login
from zhupei.services.admissions.ban_rows import ban_in_force
from zhupei.services.admissions.change import Change
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.requests import StaleError
from zhupei.services.admissions.situations import not_found, owners_of, permitted_for, surroundings
from zhupei.services.admissions.store import cases_of
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import too_busy
from zhupei.services.people_locks import lock_people
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = ["EraseApplicantInput", "Erasure", "erase_applicant"]

_S = ApplicationState
_ATTEMPTS = 8
_ERASED_NAME, _ERASE = "-", "ERASE"
_TRAINING = Text(
    "培训注册与经费记录依法须保存，不能删除",
    "registrations of training and payments have to be kept by law",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseApplicantInput:
    """The wish of a person to be erased; ``reason`` is kept, so it should name nobody."""

    applicant: UUID
    reason: str
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased: applications that hold no facts any more, and files that are gone."""

    applicant: UUID
    erased_at: datetime
    applications: int
    files: int


async def erase_applicant(desk: Desk, given: EraseApplicantInput) -> Erasure | Refusal:
    """Erase who a person is: name, document, contacts, facts, answers, files, account.

    Only the person may ask. What stays are records without a person: that there was an
    application, in which states, who decided; and the statistics that they are counted in. Asked
    twice, while they may still ask, it is done and recorded once, and answered alike.
    """
    owners = owners_of(desk, given.applicant)
    with desk.database.use():
        row = await Applicant.get_or_none(id=given.applicant)
        # The same request, sent twice at once, may have ended that they are this applicant.
        if given.applicant != desk.applicant and await _was_erased_by(desk, given.applicant):
            return await _erasure_of(given.applicant)
        if row is None or given.applicant != desk.applicant:
            return not_found("applicant", str(given.applicant))
        against = await permitted_for(desk, "applicants.write", owners=owners) or has_no_reason(
            given.reason
        )
        if against is not None:
            return against
        for _ in range(_ATTEMPTS):
            try:
                done = await _erase(desk, given)
            except _ErasedError:
                return await _erasure_of(given.applicant)
            except StaleError:
                continue
            if done is not None:
                return done
        return too_busy()


class _ErasedError(Exception):
    """Ends the transaction of an erasure that came second, so that it writes nothing."""


async def _was_erased_by(desk: Desk, applicant: UUID) -> bool:
    return await StateRecordRow.filter(
        subject=StateSubject.APPLICANT.value,
        subject_id=applicant,
        action=_ERASE,
        actor=desk.actor.id,
    ).exists()


async def _erasure_of(applicant: UUID) -> Erasure:
    """Return what an erasure took away; its files went at the same instant."""
    erased_at: Any = (await Applicant.get(id=applicant)).erased_at
    return Erasure(
        applicant=applicant,
        erased_at=erased_at,
        applications=await ApplicationRow.filter(applicant_id=applicant).count(),
        files=await ApplicantFile.filter(applicant_id=applicant, removed_at=erased_at).count(),
    )


async def _erase(desk: Desk, given: EraseApplicantInput) -> Erasure | Refusal | None:
    cases = await cases_of(await ApplicationRow.filter(applicant_id=given.applicant).order_by("id"))
    against = await _kept(desk, given.applicant, cases)
    if against is not None:
        return against
    now = desk.clock()
    changes: list[Change] = []
    for case in cases:
        at = surroundings(desk, case)
        if isinstance(at, Refusal):
            return at
        changes.append(
            Change(
                action=Action.ERASE,
                before=case,
                after=_without_person(case),
                at=at,
                reason=given.reason,
                recheck=lambda: _kept_now(desk, given.applicant),
            )
        )
    erased: list[int] = []

    async def write(connection: BaseDBAsyncClient) -> None:
        if await ApplicationRow.filter(applicant_id=given.applicant).count() != len(cases):
            raise StaleError
        files, links = await _erase_rows(given.applicant, now)
        erased.append(files)
        await _erase_bulk_steps(cases)
        by: dict[str, Any] = {
            "actor": desk.actor.id,
            "at": now,
            "catalogue_hash": desk.catalogue.hash,
        }
        person = StateChange(
            subject=StateSubject.APPLICANT,
            id=given.applicant,
            action=_ERASE,
            reason=given.reason,
            **by,
        )
        of_units = [
            StateChange(subject=StateSubject.SENT_PERSON, id=link, action=_ERASE, **by)
            for link in links
        ]
        await append_state_records(connection, [person, *of_units])

    if changes:
        done = await commit(desk, changes, extra=write)
        if done is None or isinstance(done, Refusal):
            return done
    else:
        async with in_transaction() as connection:
            await lock_people(connection, [given.applicant])
            await write(connection)
    # Again: whoever asked before the transaction ended was looked up as they were.
    account_changed()
    return Erasure(
        applicant=given.applicant,
        erased_at=now,
        applications=len(changes),
        files=erased[-1],
    )


async def _kept(desk: Desk, applicant: UUID, cases: list[AdmissionCase]) -> Refusal | None:
    """Refuse what the law, or somebody else's right, keeps."""
    states = {case.state for case in cases} - EXITS - {_S.DRAFT}
    if _S.REGISTERED in states:
        return _refused(_TRAINING)
    if states & {_S.REPORTED, _S.CONTRACTED}:
        return _refused(
            Text(
                "已报到，报到记录须保存；中途离开的，请先由培训基地登记退出",
                "the report at the base is kept: who leaves early asks the base's office to record "
                "that first",
            )
        )
    if states:
        return _refused(
            Text(
                "报名仍在办理中，请先撤回或放弃",
                "an application is still open: withdraw or decline first",
            )
        )
    return await _kept_now(desk, applicant)


async def _kept_now(desk: Desk, applicant: UUID) -> Refusal | None:
    if await TraineeRow.filter(applicant_id=applicant).exists():
        return _refused(_TRAINING)
    ban = await ban_in_force(applicant, desk.clock().astimezone(CHINA_TIME).date())
    if ban is not None:
        return _refused(
            Text(
                f"禁报期至 {ban.until}，期满后方可删除",
                f"a ban is in force until {ban.until}; after that it can be erased",
            )
        )
    return None


def _refused(message: Text) -> Refusal:
    return Refusal(code=RefusalCode.MUST_BE_KEPT, message=message, field="applicant")


def _without_person(case: AdmissionCase) -> AdmissionCase:
    """Return a case without anything that tells of the person but the type of trainee."""
    eligibility = case.eligibility
    return replace(
        case,
        state=_S.WITHDRAWN if case.state is _S.DRAFT else case.state,
        candidate=Candidate(trainee_type=case.candidate.trainee_type),
        documents=(),
        answers={},
        packet=(),
        opinion=None,
        scores=(),
        eligibility=None
        if eligibility is None
        else replace(eligibility, findings=(), decisions=()),
    )


async def _erase_rows(applicant: UUID, now: datetime) -> tuple[int, list[UUID]]:
    """Erase the applicant, the documents' hashes and account, and end links to units.

    Return how many files were removed, and the links that ended. Raise _ErasedError where that
    was done already.
    """
    row = await Applicant.select_for_update().get(id=applicant)
    if row.erased_at is not None:
        raise _ErasedError
    account: UUID | None = row.account_id  # type: ignore[attr-defined]  # Tortoise adds it
    await ApplicantIdentity.filter(applicant_id=applicant).delete()
    files = await ApplicantFile.filter(applicant_id=applicant, removed_at=None).update(
        removed_at=now
    )
    links = [
        link.id
        for link in await SendingUnitPersonRow.filter(
            applicant_id=applicant, state__in=["NAMED", "CLAIMED", "CONFIRMED"]
        ).select_for_update()
    ]
    await SendingUnitPersonRow.filter(
        applicant_id=applicant, state__in=["NAMED", "CLAIMED"]
    ).update(state="REFUSED", answered_by="erasure", answered_at=now)
    await SendingUnitPersonRow.filter(applicant_id=applicant, state="CONFIRMED").update(
        state="ENDED", ended_by="erasure", ended_at=now, end_reason="erased"
    )
    await CalendarTokenRow.filter(applicant_id=applicant, ended_at=None).update(ended_at=now)
    await Applicant.filter(id=applicant).update(
        account_id=None,
        name=_ERASED_NAME,
        name_key="",
        # A passport keeps a state by the table's own rule: the code of an unspecified one.
        identity_state=None if row.identity_state is None else "XXX",
        identity_ciphertext="",
        phone_ciphertext=None,
        phone_hash=None,
        email_ciphertext=None,
        email_hash=None,
        facts={},
        revision=row.revision + 1,
        updated_at=now,
        erased_at=now,
    )
    if account is not None:
        await _close_account(account, now)
    return files, links


async def _close_account(account: UUID, now: datetime) -> None:
    """Close the account of somebody who is an applicant and nothing else; staff keep theirs."""
    grants = await RoleGrant.filter(account_id=account, revoked_at=None)
    if any(grant.role != Role.APPLICANT.value for grant in grants):
        return
    await RoleGrant.filter(account_id=account, revoked_at=None).update(
        revoked_at=now, revoked_by="erasure"
    )
    row = await Account.get(id=account)
    signs_in = (
        {"subject": f"erased-{account}"}
        if row.login is None
        else {"login": erased_login(account), "password_hash": None}
    )
    await Account.filter(id=account).update(
        **signs_in, name=None, disabled_at=now, tokens_valid_from=now
    )
    account_changed()


async def _erase_bulk_steps(cases: list[AdmissionCase]) -> None:
    """Take the person out of what bulk steps keep for being taken back.

    They cannot be taken back any more: the erasure came after them.
    """
    ids = {str(case.id) for case in cases}
    operations = {
        row.bulk_operation_id
        for row in await TransitionRow.filter(
            application_id__in=[case.id for case in cases], bulk_operation_id__isnull=False
        )
    }
    for row in await BulkOperationRow.filter(id__in=list(operations)).select_for_update():
        details: Mapping[str, Any] = row.details
        before = {
            id_: plain(_without_person(restored(AdmissionCase, value))) if id_ in ids else value
            for id_, value in details["before"].items()
        }
        await BulkOperationRow.filter(id=row.id).update(details={**details, "before": before})
