"""Transitions: changes are decided, asked of plugins, and committed together with their records.

A change is decided on a case as it was read, without a transaction, because plugins are asked
and may take seconds. It is committed only if the case is still the same (its revision), in one
transaction with the seats it takes or gives up and with its record. Else it is decided anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, BulkOperationRow, ScoreRow, TransitionRow
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import (
    EXITS,
    PROCESS_VERSION,
    SEAT_STATES,
    Action,
    ApplicationState,
)
from zhupei.domain.applications import Submission
from zhupei.domain.audit_chain import GENESIS, anchor_of, hash_of
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.events import Event
from zhupei.domain.plain_values import plain
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.merit import merit_order
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    application_for_hooks,
    frozen,
    situation_of,
    standing_against,
)
from zhupei.services.admissions.store import case_digest, load_case, row_values, score_rows
from zhupei.services.changes import announce, application_changed
from zhupei.services.idempotency import request_hash
from zhupei.services.interview_places import give_up_places
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.seats import NoSeatError, SeatQuota, move_seats, quotas_of

__all__ = [
    "Bulk",
    "Change",
    "Keyed",
    "Repeat",
    "act",
    "check_steps",
    "commit",
    "key_used",
    "record_content",
    "repeat_of",
    "repeated_request",
    "step_done",
    "too_busy",
]

_ATTEMPTS = 8
Extra = Callable[[BaseDBAsyncClient], Awaitable[None]]
Recheck = Callable[[], Awaitable[Refusal | None]]
Also = Callable[[AdmissionCase], Awaitable[Refusal | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one case: what it becomes, by what, and why; not yet committed.

    ``before`` is None for a new case. ``steps`` are those that it completes; plugins judge each
    by ``submission``. ``recheck`` is asked again under the lock of the applicant; ``also`` writes
    what belongs to the change in the same transaction, and may still refuse it.
    """

    action: Action
    before: AdmissionCase | None
    after: AdmissionCase
    at: Situation
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    steps: tuple[AdmissionStep, ...] = ()
    submission: Submission | None = None
    recheck: Recheck | None = None
    also: Also | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """The bulk step that changes belong to."""

    id: UUID
    action: Action
    details: Mapping[str, Any]
    repeat: Repeat | None = None
    dry_run: bool = False


class Keyed(Protocol):
    """The input of a use case that may be repeated."""

    @property
    def idempotency_key(self) -> str | None:
        """The key of the client's own making."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An idempotency key, and the digest of the request that it belongs to."""

    key: str
    request: str


class _StaleError(Exception):
    """A case was changed by somebody else meanwhile."""


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


class _DryRunError(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


def repeat_of(given: Keyed) -> Repeat | None:
    """Return the key of a request with the digest of all that it asks, None without a key."""
    key = given.idempotency_key
    return None if key is None else Repeat(key, request_hash(type(given).__name__, given))


async def act(
    desk: Desk,
    application: UUID,
    action: Action,
    build: Callable[[Situation], Awaitable[Change | Refusal]],
    *,
    repeat: Repeat | None,
) -> AdmissionCase | Refusal:
    """Do one thing with one application: guard, build the change, ask plugins, commit."""
    with desk.database.use():
        for _ in range(_ATTEMPTS):
            repeated = await repeated_request(desk, repeat, action, application)
            if repeated is not None:
                return repeated
            done = await _attempt(desk, application, action, build, repeat=repeat)
            if isinstance(done, Refusal):
                # The same request, sent twice at once, may have been carried out meanwhile.
                return await repeated_request(desk, repeat, action, application) or done
            if done is not None:
                return done
        return too_busy()


async def _attempt(
    desk: Desk,
    application: UUID,
    action: Action,
    build: Callable[[Situation], Awaitable[Change | Refusal]],
    *,
    repeat: Repeat | None,
) -> AdmissionCase | Refusal | None:
    """Try it once; None where others changed the case meanwhile."""
    at = await situation_of(desk, application)
    if isinstance(at, Refusal):
        return at
    against = await standing_against(desk, at, action)
    if against is not None:
        return against
    change = await build(at)
    if isinstance(change, Refusal):
        return change
    against = await check_steps(desk, change)
    if against is not None:
        return against
    done = await commit(desk, [change], repeat=repeat)
    return done if done is None or isinstance(done, Refusal) else done[0]


async def repeated_request(
    desk: Desk, repeat: Repeat | None, action: Action, application: UUID | None = None
) -> AdmissionCase | Refusal | None:
    """Return the present case of a request that was carried out before, None for a new one.

    The key of something else done, done with another ``application``, or asked otherwise, is
    refused.
    """
    if repeat is None:
        return None
    row = await TransitionRow.get_or_none(actor=desk.actor.id, idempotency_key=repeat.key)
    if row is None:
        return None
    kept: UUID = row.application_id  # type: ignore[attr-defined]  # the relation's column
    # Records of earlier versions hold no digest.
    asked = row.data.get("request", repeat.request)
    if row.action != action.value or application not in {None, kept} or asked != repeat.request:
        return key_used()
    return await load_case(kept)


def key_used() -> Refusal:
    """Return the refusal of a key that belongs to another request."""
    return Refusal(
        code=RefusalCode.CONFLICT,
        message=Text("该幂等键已用于另一操作", "this idempotency key was used for something else"),
        field="idempotencyKey",
    )


def too_busy() -> Refusal:
    """Return the refusal of a case that others kept changing."""
    return Refusal(
        code=RefusalCode.CONFLICT,
        message=Text(
            "他人同时在处理，请重试", "others are changing this at the same time; try again"
        ),
    )


async def check_steps(desk: Desk, change: Change) -> Refusal | None:
    """Ask plugins about every step that a change completes; who fails refuses (fails closed)."""
    for step in change.steps:
        result = await desk.dispatcher.ask(
            "check_step",
            desk.catalogue.scope_of(change.at.base.code),
            configs=desk.catalogue.configs_of(change.at.base.code),
            base=change.at.base,
            application=application_for_hooks(change.before or change.after),
            step=step,
            submission=change.submission
            or Submission(step=step.id, at=change.at.now, actor=desk.actor.id),
        )
        if result.failures:
            first = result.failures[0]
            return Refusal(
                code=RefusalCode.PLUGIN_FAILED,
                message=Text(
                    f"未能作出判断，未作变更：{first.reason.zh}",
                    f"no decision could be made, so nothing changed: {first.reason.en}",
                ),
                plugin=first.plugin,
                hook="check_step",
            )
        bad = tuple(
            replace(finding, plugin=answer.plugin, level=answer.level)
            for answer in result.answers
            for finding in answer.value
            if finding.outcome in {FindingOutcome.FAIL, FindingOutcome.UNKNOWN}
        )
        if bad:
            return Refusal(
                code=RefusalCode.STEP_REFUSED,
                message=Text(
                    f"“{step.label.zh}”未通过：" + "；".join(each.message.zh for each in bad),
                    f'"{step.label.en}" is refused: '
                    + "; ".join(each.message.en or each.message.zh for each in bad),
                ),
                findings=bad,
                source=bad[0].source,
            )
    return None


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
            await _lock_applicants(connection, finished)
            for change, _ in finished:
                await _recheck(change)
            cases = await _write(connection, desk, finished, events, repeat=repeat, bulk=bulk)
            if extra is not None:
                await extra(connection)
            await announce(connection, map(application_changed, cases))
            if bulk is not None and bulk.dry_run:
                raise _DryRunError
    except _DryRunError:
        return cases
    except _RefusedError as refused:
        return refused.refusal
    except NoSeatError as full:
        return _no_seat(full)
    except (_StaleError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
        return None
    except (IntegrityError, OperationalError) as error:
        return _of_constraint(error)
    await _tell(desk, events)
    return cases


def _with_seats(desk: Desk, change: Change) -> tuple[Change, tuple[SeatQuota, ...]]:
    """Return the change with the seat scopes that its new state means, and what it takes."""
    held = () if change.before is None else change.before.seat_scopes
    if change.after.state not in SEAT_STATES:
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


async def _lock_applicants(
    connection: BaseDBAsyncClient, finished: Sequence[tuple[Change, tuple[SeatQuota, ...]]]
) -> None:
    """Take a lock for each person, so that what depends on their other cases stays true."""
    for applicant in sorted({change.after.applicant for change, _ in finished}):
        await connection.execute_query(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [str(applicant)]
        )


async def _recheck(change: Change) -> None:
    case = change.after
    if change.action is not Action.REVERT and await frozen(case.root_program, case.round):
        raise _RefusedError(
            Refusal(
                code=RefusalCode.ROUND_FROZEN,
                message=Text(
                    "本批次已冻结，暂不能变更", "the round is frozen; nothing may change in it"
                ),
            )
        )
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
    if taking and (against := await merit_order([change.at for change in taking])) is not None:
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
    await _claim([change for change, _ in finished])
    await move_seats(connection, [quotas for _, quotas in finished if quotas], released)
    ended = [change.after.id for change, _ in finished if change.after.state in EXITS]
    await give_up_places(connection, ended, by=desk.actor.id, at=desk.clock())
    for change, _ in finished:
        if change.also is not None and (against := await change.also(change.after)) is not None:
            raise _RefusedError(against)
    await record_events(connection, events)
    # Last, because everybody waits for this one row.
    return await _append(
        connection, desk, [change for change, _ in finished], repeat=repeat, bulk=bulk
    )


async def _claim(changes: Sequence[Change]) -> None:
    """Write the new state of each case, if it is still as it was read; in the order of ids."""
    for change in sorted(changes, key=lambda each: each.after.id):
        after = change.after
        if change.before is None:
            await ApplicationRow.create(id=after.id, **row_values(replace(after, revision=1)))
            continue
        values = row_values(replace(after, revision=change.before.revision + 1))
        written = await ApplicationRow.filter(id=after.id, revision=change.before.revision).update(
            **values
        )
        if written != 1:
            raise _StaleError
        if after.scores != change.before.scores:
            known = {each.assessment for each in change.before.scores}
            kept = {each.assessment for each in after.scores}
            await ScoreRow.filter(
                application_id=after.id, assessment__in=list(known - kept)
            ).delete()
            await ScoreRow.bulk_create(
                [row for row in score_rows(after) if row.assessment not in known]
            )


async def _append(
    connection: BaseDBAsyncClient,
    desk: Desk,
    changes: Sequence[Change],
    *,
    repeat: Repeat | None,
    bulk: Bulk | None,
) -> list[AdmissionCase]:
    """Append the records and put their hashes on the cases."""
    (head,) = await connection.execute_query_dict(
        "UPDATE audit_head SET sequence = sequence + $1 WHERE name = 'records' "
        "RETURNING sequence, anchor",
        [len(changes)],
    )
    sequence, anchor = head["sequence"] - len(changes), head["anchor"]
    rows, cases, now = [], [], desk.clock()
    for change in changes:
        sequence += 1
        before = change.before
        case = replace(change.after, revision=1 if before is None else before.revision + 1)
        # Of several changes of one request the last one answers it.
        answers = repeat if change is changes[-1] else None
        row = TransitionRow(
            id=uuid7(),
            application_id=case.id,
            sequence=sequence,
            revision=case.revision,
            at=now,
            actor=desk.actor.id,
            action=change.action.value,
            reason=change.reason,
            from_state=None if before is None else before.state.value,
            to_state=case.state.value,
            rule_version=PROCESS_VERSION,
            catalogue_hash=desk.catalogue.hash,
            bulk_operation_id=None if bulk is None else bulk.id,
            idempotency_key=None if answers is None else answers.key,
            data=plain(change.data) if answers is None else _with_request(change, answers),
            case_digest=case_digest(case),
            previous_hash=GENESIS if before is None else before.record_hash,
        )
        row.hash = hash_of(record_content(row, case.id))
        anchor = row.anchor = anchor_of(anchor, row.hash)
        rows.append(row)
        cases.append(replace(case, record_hash=row.hash))
    await TransitionRow.bulk_create(rows)
    for case in cases:
        await ApplicationRow.filter(id=case.id).update(record_hash=case.record_hash)
    await connection.execute_query(
        "UPDATE audit_head SET anchor = $1 WHERE name = 'records'", [anchor]
    )
    return cases


def _with_request(change: Change, repeat: Repeat) -> dict[str, Any]:
    return {**plain(change.data), "request": repeat.request}


def record_content(row: TransitionRow, application: UUID) -> dict[str, object]:
    """Return what a record's hash is taken over: every column but hash and anchor."""
    return {
        "id": str(row.id),
        "application": str(application),
        "sequence": row.sequence,
        "revision": row.revision,
        "at": plain(row.at),
        "actor": row.actor,
        "action": row.action,
        "reason": row.reason,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "rule_version": row.rule_version,
        "catalogue_hash": row.catalogue_hash,
        "bulk_operation": None if row.bulk_operation_id is None else str(row.bulk_operation_id),
        "idempotency_key": row.idempotency_key,
        "data": row.data,
        "case_digest": row.case_digest,
        "previous_hash": row.previous_hash,
    }


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


async def _tell(desk: Desk, events: Sequence[Event]) -> None:
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


def step_done(at: Situation, action: Action) -> tuple[tuple[str, ...], ApplicationState]:
    """Return the completed steps after an action, and the state that they mean."""
    case = at.case
    done = (
        *case.completed_steps,
        *(step.id for step in at.steps_for(action) if step.id not in case.completed_steps),
    )
    following = at.path.next_after(case.state)
    if following is not None and all(step.id in done for step in following.steps):
        return done, following.state
    return done, case.state


def _no_seat(full: NoSeatError) -> Refusal:
    capacity = any(scope.startswith("capacity:") for scope in full.scopes)
    scopes = "、".join(full.scopes)
    return Refusal(
        code=RefusalCode.CAPACITY_EXCEEDED if capacity else RefusalCode.NO_SEAT,
        message=Text(f"名额已满：{scopes}", f"no seat is left: {', '.join(full.scopes)}"),
    )


_CONSTRAINTS = {
    "application_preference_once": (
        RefusalCode.PREFERENCE_LIMIT,
        Text("本批次该顺位的志愿已填报", "a preference with this number is filed in the round"),
    ),
    "application_opening_once": (
        RefusalCode.DUPLICATE,
        Text("已有同一招收专业的申请", "there is an application for this opening already"),
    ),
    "application_admitted_once": (
        RefusalCode.ALREADY_ADMITTED,
        Text(
            "该申请人已确认或被录取于另一申请，须先放弃",
            "the applicant has confirmed or been admitted elsewhere and has to decline there first",
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
