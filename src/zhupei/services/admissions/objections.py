"""Objections against applications while their list is public, and what is decided on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, ObjectionRow, PublicityRow
from zhupei.domain.admission_case import Objection
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.events import Event
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.commits import commit, tell_plugins
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import FileObjectionInput, ResolveObjectionInput
from zhupei.services.admissions.published import list_is_live, not_on_live_list
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    not_found,
    permitted,
    permitted_for,
    situation_of,
    standing_against,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import key_used, repeated_request, too_busy
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = ["file_objection", "objection_of", "resolve_objection"]

_S = ApplicationState


async def file_objection(desk: Desk, given: FileObjectionInput) -> Objection | Refusal:
    """File an objection against an application while its list is public."""
    with desk.database.use():
        if given.idempotency_key is not None:
            known = await ObjectionRow.get_or_none(
                filed_by=desk.actor.id, idempotency_key=given.idempotency_key
            )
            if known is not None:
                return _filed_before(known, given)
        case_row = await _listed(desk, given)
        if isinstance(case_row, Refusal):
            return case_row
        publicity = await PublicityRow.get(id=case_row.publicity_id)
        now = desk.clock()
        if not list_is_live(publicity, ApplicationState(case_row.state), now):
            return not_on_live_list()
        event = _objection_filed(desk, case_row, now)
        try:
            async with in_transaction() as connection:
                row = await ObjectionRow.create(
                    id=uuid7(),
                    publicity_id=publicity.id,
                    application_id=case_row.id,
                    text=given.text,
                    filed_by=desk.actor.id,
                    filed_at=now,
                    idempotency_key=given.idempotency_key,
                )
                await record_events(connection, [event])
                await append_state_records(connection, [_recorded(desk, row.id, "FILE", now)])
        except IntegrityError:
            row = await ObjectionRow.get(
                filed_by=desk.actor.id, idempotency_key=given.idempotency_key
            )
            return _filed_before(row, given)
        await tell_plugins(desk, [event])
        return objection_of(row)


async def _listed(desk: Desk, given: FileObjectionInput) -> ApplicationRow | Refusal:
    """Return the application that stands on a list; who may not object learns of none."""
    row = await ApplicationRow.get_or_none(id=given.application)
    against = await permitted_for(
        desk,
        "objections.raise",
        base=None if row is None else row.base_code,
        owners=frozenset({desk.actor.id}),
    )
    if against is not None:
        return against
    if row is None or row.publicity_id is None:
        return not_found("application", str(given.application))
    return has_no_reason(given.text, "text") or row


def _filed_before(row: ObjectionRow, given: FileObjectionInput) -> Objection | Refusal:
    """Return the objection that the same request filed; its key serves no other one."""
    known = objection_of(row)
    same = (known.application, known.text) == (given.application, given.text)
    return known if same else key_used()


def _recorded(
    desk: Desk, objection: UUID, action: str, at: datetime, reason: str | None = None
) -> StateChange:
    return StateChange(
        subject=StateSubject.OBJECTION,
        id=objection,
        action=action,
        actor=desk.actor.id,
        at=at,
        reason=reason,
        catalogue_hash=desk.catalogue.hash,
    )


def _objection_filed(desk: Desk, row: ApplicationRow, now: datetime) -> Event:
    return Event(
        id=uuid7(),
        name="objection.filed",
        at=now,
        subject=subject_of("Application", row.id),
        base=row.base_code,
        program=row.program_code,
        opening=row.opening_code,
        # Who objects is known to those who decide, and to nobody else.
        actor=None,
        data={"round": row.round_code or None},
        catalogue_hash=desk.catalogue.hash,
    )


async def resolve_objection(  # noqa: PLR0911 - each guard says why it refuses
    desk: Desk, given: ResolveObjectionInput
) -> Objection | Refusal:
    """Decide on an objection; an upheld one rejects the application and gives its seat up."""
    with desk.database.use():
        for _ in range(8):
            row = await ObjectionRow.get_or_none(id=given.objection)
            if row is None:
                return not_found("objection", str(given.objection))
            at = await situation_of(desk, row.application_id)  # type: ignore[attr-defined]  # the relation's column
            if isinstance(at, Refusal):
                # Whose application it is about is not told to whoever may not see that.
                return not_found("objection", str(given.objection))
            against = await permitted(desk, Action.RESOLVE_OBJECTION, at.case)
            if against is not None:
                # Nor to its applicant that there is an objection, before it is decided.
                return not_found("objection", str(given.objection))
            other = await repeated_request(desk, repeat_of(given), Action.RESOLVE_OBJECTION)
            if isinstance(other, Refusal):
                return other
            if row.upheld is not None:
                same = row.upheld is given.upheld and row.resolution == given.resolution
                return objection_of(row) if same else _decided()
            against = await standing_against(desk, at, Action.RESOLVE_OBJECTION)
            against = against or has_no_reason(given.resolution, "resolution")
            done = against or await _resolve(desk, given, row, at)
            if done is True:
                return objection_of(await ObjectionRow.get(id=row.id))
            # Decided meanwhile, by the same request sent twice at once: what it says now decides.
            if isinstance(done, Refusal) and await ObjectionRow.exists(id=row.id, upheld=None):
                return done
        return too_busy()


async def _resolve(
    desk: Desk, given: ResolveObjectionInput, row: ObjectionRow, at: Situation
) -> bool | Refusal:
    state = _S.REJECTED if given.upheld else at.case.state
    change = Change(
        action=Action.RESOLVE_OBJECTION,
        before=at.case,
        after=replace(at.case, state=state),
        at=at,
        reason=given.resolution,
        data={"objection": row.id, "upheld": given.upheld},
        states=[_recorded(desk, row.id, "RESOLVE", at.now, given.resolution)],
    )

    async def write(_connection: BaseDBAsyncClient) -> None:
        await ObjectionRow.filter(id=row.id, upheld=None).update(
            upheld=given.upheld,
            resolution=given.resolution,
            resolved_by=desk.actor.id,
            resolved_at=at.now,
        )

    done = await commit(desk, [change], repeat=repeat_of(given), extra=write)
    return done if isinstance(done, Refusal) else done is not None


def _decided() -> Refusal:
    return Refusal(
        code=RefusalCode.DUPLICATE,
        message=Text("该异议已有处理结果", "this objection was decided already"),
        field="objection",
    )


def objection_of(row: ObjectionRow) -> Objection:
    """Return the objection of a row."""
    return Objection(
        id=row.id,
        publicity=row.publicity_id,  # type: ignore[attr-defined]  # the relation's column
        application=row.application_id,  # type: ignore[attr-defined]  # the relation's column
        filed_at=row.filed_at,
        text=row.text,
        upheld=row.upheld,
        resolution=row.resolution,
        resolved_at=row.resolved_at,
    )
