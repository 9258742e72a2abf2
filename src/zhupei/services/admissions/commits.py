"""Commits: changes are written with their seats and records, all or none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import Applicant, ApplicationRow, BulkOperationRow, ScoreRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Action
from zhupei.domain.events import Event
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Language, Text
from zhupei.services.admissions.change import Bulk, Change, Extra, Repeat
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.merit import merit_order
from zhupei.services.admissions.priorities import priority_order
from zhupei.services.admissions.records import append_records
from zhupei.services.admissions.refusals import ApplicationProblem, Refusal, RefusalCode
from zhupei.services.admissions.situations import frozen, frozen_refusal, not_found, round_lock
from zhupei.services.admissions.store import row_values, score_rows
from zhupei.services.changes import announce, application_changed
from zhupei.services.interview_places import give_up_places
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.people_locks import lock_people
from zhupei.services.seats import NoSeatError, SeatQuota, move_seats, no_seat, quotas_of
from zhupei.services.state_records import append_state_records

__all__ = ["commit", "tell_plugins"]


class _StaleError(Exception):
    """A case was changed by somebody else meanwhile."""


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


class _DryRunError(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


async def commit(
    desk: Desk,
    changes: Sequence[Change],
    *,
    repeat: Repeat | None = None,
    bulk: Bulk | None = None,
    extra: Extra | None = None,
) -> list[AdmissionCase] | Refusal | None:
    """Write changes, all or none; None where a case changed meanwhile and all must be redone.

    A dry run does everything that a real run does and then ends without keeping any of it.
    """
    try:
        finished = [_with_seats(desk, change) for change in changes]
        events = [_event(desk, change) for change in changes]
        async with in_transaction() as connection:
            await _lock(connection, finished)
            await _recheck([change for change, _ in finished])
            cases = await _write(connection, desk, finished, events, repeat=repeat, bulk=bulk)
            if extra is not None:
                await extra(connection)
            await append_state_records(
                connection, [each for change, _ in finished for each in change.states]
            )
            await announce(connection, map(application_changed, cases))
            if bulk is not None and bulk.dry_run:
                raise _DryRunError
    except _DryRunError:
        return cases
    except _RefusedError as refused:
        return refused.refusal
    except NoSeatError as full:
        return _no_seat(full, finished, listed=bulk is not None)
    except (_StaleError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
        return None
    except (IntegrityError, OperationalError) as error:
        return _of_constraint(error)
    await tell_plugins(desk, events)
    return cases


def _with_seats(desk: Desk, change: Change) -> tuple[Change, tuple[SeatQuota, ...]]:
    """Return the change with the seat scopes that its new state means, and what it takes."""
    held = () if change.before is None else change.before.seat_scopes
    if change.after.state not in SEAT_STATES:
        return replace(change, after=replace(change.after, seat_scopes=())), ()
    if change.action is Action.IMPORT:
        # Whoever trains already took a place of another year, in whatever way it was given then.
        return replace(change, after=replace(change.after, seat_scopes=())), ()
    if held:
        return replace(change, after=replace(change.after, seat_scopes=held)), ()
    after = change.after
    against = suspension_of(change.at.program, change.at.opening)
    if against is not None and change.action is not Action.REVERT:
        raise _RefusedError(against)
    quotas = quotas_of(desk.catalogue, change.at.opening, after.round, after.direction)
    if isinstance(quotas, Refusal):
        raise _RefusedError(quotas)
    scopes = tuple(quota.scope for quota in quotas)
    return replace(change, after=replace(after, seat_scopes=scopes)), quotas


async def _lock(
    connection: BaseDBAsyncClient, finished: Sequence[tuple[Change, tuple[SeatQuota, ...]]]
) -> None:
    """Take a lock for each round, with all others: it is not frozen before this is written.

    And then one for each person, so that what depends on their other cases stays true. Interviews
    and score sheets take them in the same order, and rows after them.
    """
    applicants = [change.after.applicant for change, _ in finished]
    rounds = [
        round_lock(change.after.root_program, change.after.round)
        for change, _ in finished
        if change.action is not Action.REVERT
    ]
    await lock_people(connection, applicants, rounds)


async def _recheck(changes: Sequence[Change]) -> None:
    """Ask again what may have become otherwise: people, freezes of the rounds, what changes ask."""
    new = {change.after.applicant for change in changes if change.before is None}
    gone = (
        await Applicant.filter(id__in=list(new), erased_at__isnull=False).first() if new else None
    )
    if gone is not None:
        raise _RefusedError(not_found("applicant", str(gone.id)))
    rounds = {
        (change.after.root_program, change.after.round)
        for change in changes
        if change.action is not Action.REVERT
    }
    for root_program, round_code in rounds:
        if await frozen(root_program, round_code):
            raise _RefusedError(frozen_refusal())
    for change in changes:
        if change.recheck is not None and (against := await change.recheck()) is not None:
            raise _RefusedError(against)


async def _write(
    connection: BaseDBAsyncClient,
    desk: Desk,
    finished: Sequence[tuple[Change, tuple[SeatQuota, ...]]],
    events: Sequence[Event],
    *,
    repeat: Repeat | None,
    bulk: Bulk | None,
) -> list[AdmissionCase]:
    taking = [
        change
        for change, quotas in finished
        # A matching was checked as a whole: no better ranked applicant wants the seat.
        if quotas and change.action not in {Action.REVERT, Action.ALLOCATE}
    ]
    if taking:
        situations = [change.at for change in taking]
        against = await merit_order(situations) or await priority_order(
            connection, desk, situations
        )
        if against is not None:
            raise _RefusedError(against)
    if bulk is not None:
        await BulkOperationRow.create(
            id=bulk.id,
            action=bulk.action.value,
            actor=desk.actor.id,
            at=desk.clock(),
            catalogue_hash=desk.catalogue.hash,
            idempotency_key=None if bulk.repeat is None else bulk.repeat.key,
            details=bulk.details
            if bulk.repeat is None
            else {**bulk.details, "request": bulk.repeat.request},
        )
    released = [
        change.before.seat_scopes
        for change, _ in finished
        if change.before is not None and change.before.seat_scopes and not change.after.seat_scopes
    ]
    await _claim(connection, [change for change, _ in finished])
    await move_seats(connection, [quotas for _, quotas in finished if quotas], released)
    ended = [change.after.id for change, _ in finished if change.after.state in EXITS]
    await give_up_places(connection, ended, by=desk.actor.id, at=desk.clock())
    for change, _ in finished:
        if change.also is not None and (against := await change.also(change.after)) is not None:
            raise _RefusedError(against)
    await record_events(connection, events)
    # Last, because everybody waits for this one row.
    return await append_records(
        connection, desk, [change for change, _ in finished], repeat=repeat, bulk=bulk
    )


async def _claim(connection: BaseDBAsyncClient, changes: Sequence[Change]) -> None:
    """Write the new state of each case, if it is still as it was read; all by one statement."""
    ordered = sorted(changes, key=lambda each: each.after.id)
    moved = [
        {"id": change.after.id}
        | row_values(replace(change.after, revision=change.before.revision + 1))
        for change in ordered
        if change.before is not None
    ]
    if moved:
        # The rows are locked in one order, so that no two steps wait for each other in a circle.
        await connection.execute_query(
            "SELECT id FROM application WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE",
            [[row["id"] for row in moved]],
        )
        written = await connection.execute_query_dict(
            _claiming(tuple(moved[0])), [json.dumps(moved, default=str, ensure_ascii=False)]
        )
        if len(written) != len(moved):
            raise _StaleError
    for change in ordered:
        after = change.after
        if change.before is None:
            await ApplicationRow.create(id=after.id, **row_values(replace(after, revision=1)))
        elif after.scores != change.before.scores:
            known = {each.assessment for each in change.before.scores}
            kept = {each.assessment for each in after.scores}
            await ScoreRow.filter(
                application_id=after.id, assessment__in=list(known - kept)
            ).delete()
            await ScoreRow.bulk_create(
                [row for row in score_rows(after) if row.assessment not in known]
            )


@lru_cache(maxsize=1)
def _claiming(columns: tuple[str, ...]) -> str:
    """Return the statement that writes cases which are still of the revision before."""
    values = ", ".join(f"{name} = given.{name}" for name in columns if name != "id")
    return (
        f"UPDATE application SET {values} "  # noqa: S608 - names of columns, all our own
        "FROM jsonb_populate_recordset(NULL::application, $1::jsonb) AS given "
        "WHERE application.id = given.id AND application.revision = given.revision - 1 "
        "RETURNING application.id"
    )


def _event(desk: Desk, change: Change) -> Event:
    """Return what a change will have told, once it is committed."""
    before, case = change.before, change.after
    moved = before is None or before.state is not case.state
    name = case.state.value if moved else change.action.value
    return Event(
        id=uuid7(),
        name=f"application.{name.lower()}",
        at=change.at.now,
        subject=subject_of("Application", case.id),
        base=case.base,
        program=case.program,
        opening=case.opening,
        actor=desk.actor.id,
        data={
            "action": change.action.value,
            "state": case.state.value,
            "revision": 1 if before is None else before.revision + 1,
            "round": case.round,
        },
        catalogue_hash=desk.catalogue.hash,
    )


async def tell_plugins(desk: Desk, events: Iterable[Event]) -> None:
    """Tell plugins what happened, now that it is committed; their faults change nothing."""
    for event in events:
        if event.base is None:
            continue
        await desk.dispatcher.ask(
            "event_recorded",
            desk.catalogue.scope_of(event.base),
            configs=desk.catalogue.configs_of(event.base),
            event=event,
        )


def _no_seat(
    full: NoSeatError,
    finished: Sequence[tuple[Change, tuple[SeatQuota, ...]]],
    *,
    listed: bool,
) -> Refusal:
    """Return the refusal; of a list it names each application that wants one of these seats."""
    wanted = {quota.scope: quota for _, quotas in finished for quota in quotas}
    refusal = no_seat([wanted[scope] for scope in full.scopes])
    if not listed:
        return refusal
    problems = [
        ApplicationProblem(
            application=change.after.id,
            refusal=Refusal(
                code=refusal.code,
                message=Text(
                    f"报名 {change.after.id}（{change.after.opening}）：{own.zh}",
                    f"application {change.after.id} ({change.after.opening}): "
                    f"{own.get(Language.EN)}",
                ),
                field="applications",
            ),
        )
        for change, quotas in finished
        if (lacking := [quota for quota in quotas if quota.scope in full.scopes])
        for own in [no_seat(lacking).message]
    ]
    return replace(refusal, problems=tuple(problems), field="applications")


_CONSTRAINTS = {
    "application_preference_once": (
        RefusalCode.PREFERENCE_LIMIT,
        Text(
            "本批次该顺位的志愿已填报：先撤回该志愿，或另按其他顺位填报",
            "a preference with this number is filed in the round: withdraw that one first, or "
            "file under another number",
        ),
    ),
    "application_opening_once": (
        RefusalCode.DUPLICATE,
        Text(
            "本批次已有同一招收专业的申请（含草稿）：请继续办理该申请，或先将其撤回",
            "there is an application for this opening in the round already, maybe a draft: go on "
            "with that one, or withdraw it first",
        ),
    ),
    "application_admitted_once": (
        RefusalCode.ALREADY_ADMITTED,
        Text(
            "该申请人已确认或被录取于另一申请，须先放弃；已报到的由录取单位登记退出",
            "the applicant has confirmed or been admitted elsewhere and has to decline there "
            "first; of who reported the office there records it",
        ),
    ),
}


# What two requests at once run into: the second one looks again and finds the first.
_REPEATED = frozenset(
    {"application_transition_once", "bulk_operation_once", "invitation_accepted_once"}
)


def _of_constraint(error: IntegrityError | OperationalError) -> Refusal | None:
    """Return the refusal that a broken constraint means; a repeated key is looked up again."""
    cause = error.args[0] if error.args else None
    name = getattr(cause, "constraint_name", None)
    if name in _CONSTRAINTS:
        code, message = _CONSTRAINTS[name]
        return Refusal(code=code, message=message)
    if name in _REPEATED or isinstance(
        cause, asyncpg.DeadlockDetectedError | asyncpg.SerializationError
    ):
        return None
    raise error
