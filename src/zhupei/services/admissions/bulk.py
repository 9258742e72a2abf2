"""Bulk steps: one change for each of many applications, all or none, with a dry run first.

A dry run does in a transaction what the real run does, reports every effect, and keeps nothing.
A step that was carried out can be taken back as a whole while nothing was built on it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, BulkOperationRow, PublicityRow, TransitionRow
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome, Effect, ProposedList
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Action, ApplicationState
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Bulk, Change, Repeat, repeat_of
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import RevertBulkInput
from zhupei.services.admissions.many import Many
from zhupei.services.admissions.refusals import ApplicationProblem, Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    may_read,
    not_found,
    permitted_for,
    surroundings,
)
from zhupei.services.admissions.store import load_case, load_cases
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import check_steps, key_used, too_busy
from zhupei.services.changes import RoundChanged, RoundChangeKind, announce
from zhupei.services.progress import Progress, operation
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = ["Build", "Prepare", "carry_out", "revert_bulk"]

_ATTEMPTS = 8
Build = Callable[[Situation], Awaitable[Change | Refusal]]
Prepare = Callable[[Collection[AdmissionCase]], Awaitable[None]]


async def carry_out(
    desk: Desk,
    action: Action,
    applications: Sequence[UUID],
    build: Build,
    *,
    dry_run: bool,
    repeat: Repeat | None,
    extra: Callable[[BaseDBAsyncClient], Awaitable[None]] | None = None,
    publicity: ProposedList | None = None,
    prepare: Prepare | None = None,
) -> BulkOutcome | Refusal:
    """Carry a bulk step out, or show what it would do.

    One application's refusal refuses the whole step; a key that belongs to another request, or to
    the same with other content, refuses as well. ``extra`` writes in the same transaction.
    ``prepare`` reads at once what ``build`` looks at, of the cases as they stand at each attempt.
    """
    step = _Step(desk, action, applications, build, dry_run, repeat, extra, publicity, prepare)
    first = None if dry_run or len(applications) < _LONG else await load_case(applications[0])
    if first is None or action in _TOLD_ELSEWHERE or not await may_read(desk, first):
        return await _tried(step, None)
    repeated = await _repeated(desk, action, repeat)
    if repeated is not None:
        return repeated
    async with operation(
        desk.database,
        kind=f"bulk_{action.value.lower()}",
        by=desk.actor.id,
        clock=desk.clock,
        base=first.base,
        program=first.program,
        total=len(applications),
    ) as progress:
        done = await _tried(step, progress)
        if isinstance(done, Refusal):
            progress.result["refused"] = done.code.value
        else:
            progress.result["operation"] = str(done.operation)
        return done


_LONG = 20
"""Applications from which on others see how far a step is."""
# A signed sheet shows its own progress.
_TOLD_ELSEWHERE = frozenset({Action.RECORD_SCORES})


@dataclass(frozen=True, slots=True)
class _Step:
    """A bulk step as it was asked for."""

    desk: Desk
    action: Action
    applications: Sequence[UUID]
    build: Build
    dry_run: bool
    repeat: Repeat | None
    extra: Callable[[BaseDBAsyncClient], Awaitable[None]] | None
    publicity: ProposedList | None
    prepare: Prepare | None


async def _tried(step: _Step, progress: Progress | None) -> BulkOutcome | Refusal:
    """Try it until nobody changed a case meanwhile; who repeats it leaves no progress."""
    for _ in range(_ATTEMPTS):
        repeated = await _repeated(step.desk, step.action, step.repeat)
        if repeated is None:
            done = await _attempt(step, progress)
            if done is None:
                continue
            if not isinstance(done, Refusal) and done.effects:
                return done
            # The same request, sent twice at once, may have been carried out meanwhile.
            repeated = await _repeated(step.desk, step.action, step.repeat)
            if repeated is None:
                return done
        if progress is not None:
            progress.forget()
        return repeated
    return too_busy()


async def _attempt(step: _Step, progress: Progress | None) -> BulkOutcome | Refusal | None:
    """Try it once; None where others changed a case meanwhile."""
    desk, action, dry_run, repeat = step.desk, step.action, step.dry_run, step.repeat
    changes = await _changes(step, progress)
    if isinstance(changes, Refusal):
        return changes
    outcome = BulkOutcome(
        action=action,
        dry_run=dry_run,
        effects=await _effects(changes),
        operation=None if dry_run else uuid7(),
        publicity=step.publicity,
    )
    if not changes:
        return replace(outcome, operation=None, publicity=None)
    bulk = Bulk(
        id=outcome.operation or uuid7(),
        action=action,
        details={
            "outcome": plain(outcome),
            "before": {str(c.after.id): plain(c.before) for c in changes},
        },
        repeat=repeat,
        dry_run=dry_run,
    )

    more = step.extra

    async def finish(connection: BaseDBAsyncClient) -> None:
        if more is not None:
            await more(connection)
        if progress is not None:
            await progress.succeed(operation=str(bulk.id))

    done = await commit(desk, changes, bulk=bulk, extra=finish)
    return done if done is None or isinstance(done, Refusal) else outcome


async def _repeated(
    desk: Desk, action: Action, repeat: Repeat | None
) -> BulkOutcome | Refusal | None:
    """Return what the same request did before, None for a new one."""
    if repeat is None:
        return None
    row = await BulkOperationRow.get_or_none(actor=desk.actor.id, idempotency_key=repeat.key)
    if row is None:
        return None
    details: Mapping[str, Any] = row.details
    # Steps of earlier versions hold no digest.
    if row.action != action.value or details.get("request", repeat.request) != repeat.request:
        return key_used()
    return restored(BulkOutcome, details["outcome"])


async def _changes(step: _Step, progress: Progress | None) -> list[Change] | Refusal:
    changes: list[Change] = []
    problems: list[ApplicationProblem] = []
    applications = step.applications
    known = await Many.of(step.desk, applications)
    if step.prepare is not None:
        await step.prepare(known.cases)
    for application in dict.fromkeys(applications):
        change = await _change(step.desk, known, step.action, application, step.build)
        if progress is not None:
            await progress.advance()
        if isinstance(change, Refusal):
            problems.append(ApplicationProblem(application=application, refusal=change))
        else:
            changes.append(change)
    if not problems:
        return changes
    if len(applications) == 1:
        return replace(problems[0].refusal, problems=tuple(problems))
    return Refusal(
        code=RefusalCode.BULK_REFUSED,
        message=Text(
            f"{len(applications)} 份申请中有 {len(problems)} 份不能处理，均未变更",
            f"{len(problems)} of {len(applications)} applications are refused; none was changed",
        ),
        problems=tuple(problems),
        field="applications",
    )


async def _change(
    desk: Desk, known: Many, action: Action, application: UUID, build: Build
) -> Change | Refusal:
    at = await known.situation_of(application)
    if isinstance(at, Refusal):
        return at
    against = await known.standing_against(at, action)
    if against is not None:
        return against
    change = await build(at)
    if isinstance(change, Refusal):
        return change
    return await check_steps(desk, change)


async def _effects(changes: Sequence[Change]) -> tuple[Effect, ...]:
    """Return what each change does, with the person's other open applications beside it.

    A draft is nobody's business but the person's, and no step can concern it.
    """
    closed = [ApplicationState.DRAFT.value, *(state.value for state in EXITS)]
    rows = await ApplicationRow.filter(
        applicant_id__in=list({change.after.applicant for change in changes})
    ).exclude(state__in=closed)
    others: dict[UUID, list[UUID]] = {}
    for row in rows:
        others.setdefault(row.applicant_id, []).append(row.id)
    return tuple(_effect(change, others.get(change.after.applicant, [])) for change in changes)


def _effect(change: Change, of_person: Sequence[UUID]) -> Effect:
    after = change.after
    before = change.before.state if change.before is not None else after.state
    return Effect(
        application=after.id,
        applicant=after.applicant,
        opening=after.opening,
        from_state=before,
        to_state=after.state,
        seats=(after.state in SEAT_STATES) - (before in SEAT_STATES),
        others=tuple(sorted(each for each in of_person if each != after.id)),
        notes=change.notes,
    )


async def revert_bulk(desk: Desk, given: RevertBulkInput) -> BulkOutcome | Refusal:
    """Take a bulk step back as a whole: every application returns to where it was before.

    Refused where one of them has moved on since, or where a seat that was given up is taken.
    """
    with desk.database.use():
        for _ in range(_ATTEMPTS):
            repeated = await _repeated(desk, Action.REVERT, repeat_of(given))
            if repeated is not None:
                return repeated
            row = await BulkOperationRow.get_or_none(id=given.operation)
            if row is None:
                return not_found("operation", str(given.operation))
            outcome = await _revert(desk, given, row)
            if isinstance(outcome, Refusal):
                # The same request, sent twice at once, may have been carried out meanwhile.
                return await _repeated(desk, Action.REVERT, repeat_of(given)) or outcome
            if outcome is not None:
                return outcome
        return too_busy()


async def _revert(
    desk: Desk, given: RevertBulkInput, row: BulkOperationRow
) -> BulkOutcome | Refusal | None:
    details: Mapping[str, Any] = row.details
    before = {UUID(key): restored(AdmissionCase, value) for key, value in details["before"].items()}
    for base in sorted({case.base for case in before.values()}):
        against = await permitted_for(desk, "rounds.manage", base=base)
        if against is not None:
            # Whoever carried the step out knows of it; to others it is as if there were none.
            own = row.actor == desk.actor.id
            return against if own else not_found("operation", str(given.operation))
    against = has_no_reason(given.reason) or _not_reverted(row)
    if against is not None:
        return against
    changes: list[Change] = []
    problems: list[ApplicationProblem] = []
    for case in await load_cases(list(before)):
        change = await _change_back(desk, given, row, case, before[case.id])
        if isinstance(change, Refusal):
            problems.append(ApplicationProblem(application=case.id, refusal=change))
        else:
            changes.append(change)
    if problems:
        return Refusal(
            code=RefusalCode.BULK_NOT_REVERTIBLE,
            message=Text(
                f"{len(problems)} 份申请此后已有变更，不能整体撤回",
                f"{len(problems)} applications have changed since; the step cannot be taken back",
            ),
            problems=tuple(problems),
        )
    outcome = BulkOutcome(
        action=Action.REVERT,
        dry_run=given.dry_run,
        effects=await _effects(changes),
        operation=None if given.dry_run else uuid7(),
    )
    bulk = Bulk(
        id=outcome.operation or uuid7(),
        action=Action.REVERT,
        details={
            "outcome": plain(outcome),
            "before": {str(c.after.id): plain(c.before) for c in changes},
            "reverts": str(row.id),
        },
        repeat=repeat_of(given),
        dry_run=given.dry_run,
    )
    now = desk.clock()
    published = restored(BulkOutcome, details["outcome"]).publicity

    async def mark(connection: BaseDBAsyncClient) -> None:
        await BulkOperationRow.filter(id=row.id).update(reverted_at=now, reverted_by=desk.actor.id)
        if published is not None:
            await PublicityRow.filter(id=published.id).update(withdrawn_at=now)
            case, kind = changes[0].after, RoundChangeKind.LIST_WITHDRAWN
            await announce(
                connection,
                [RoundChanged(root_program=case.root_program, round=case.round or "", kind=kind)],
            )
            withdrawn = StateChange(
                subject=StateSubject.PUBLICITY,
                id=published.id,
                action="WITHDRAW",
                actor=desk.actor.id,
                at=now,
                reason=given.reason,
                catalogue_hash=desk.catalogue.hash,
            )
            await append_state_records(connection, [withdrawn])

    done = await commit(desk, changes, bulk=bulk, extra=mark)
    return done if done is None or isinstance(done, Refusal) else outcome


def _not_reverted(row: BulkOperationRow) -> Refusal | None:
    reverted: datetime | None = row.reverted_at
    if reverted is None and row.action != Action.REVERT.value:
        return None
    return Refusal(
        code=RefusalCode.BULK_NOT_REVERTIBLE,
        message=Text("该批量操作已撤回", "this step was taken back already"),
        field="operation",
    )


async def _change_back(
    desk: Desk,
    given: RevertBulkInput,
    row: BulkOperationRow,
    case: AdmissionCase,
    before: AdmissionCase,
) -> Change | Refusal:
    last = await TransitionRow.get(application_id=case.id, revision=case.revision)
    if last.bulk_operation_id != row.id:
        return Refusal(
            code=RefusalCode.BULK_NOT_REVERTIBLE,
            message=Text(
                f"此后已有操作：{last.action}", f"something was done since: {last.action}"
            ),
        )
    at = surroundings(desk, case)
    if isinstance(at, Refusal):
        return at
    after = replace(before, revision=case.revision, record_hash=case.record_hash)
    return Change(action=Action.REVERT, before=case, after=after, at=at, reason=given.reason)
