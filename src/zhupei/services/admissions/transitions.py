"""Transitions: one thing is done with one application: guarded, asked of plugins, committed.

A change is decided on a case as it was read, without a transaction, because plugins are asked
and may take seconds. It is committed only if the case is still the same (its revision), in one
transaction with the seats it takes or gives up and with its record. Else it is decided anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from zhupei.db.models import TransitionRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.applications import Submission
from zhupei.domain.decision_guards import reviewed_later
from zhupei.domain.eligibility import EligibilityOutcome, Finding, FindingOutcome
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, Repeat
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    application_for_hooks,
    may_read,
    not_found,
    situation_of,
    standing_against,
)
from zhupei.services.admissions.store import load_case

__all__ = ["act", "check_steps", "key_used", "repeated_request", "step_done", "too_busy"]

_ATTEMPTS = 8


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
    judged = await check_steps(desk, change)
    if isinstance(judged, Refusal):
        return judged
    done = await commit(desk, [judged], repeat=repeat)
    return done if done is None or isinstance(done, Refusal) else done[0]


async def repeated_request(
    desk: Desk, repeat: Repeat | None, action: Action, application: UUID | None = None
) -> AdmissionCase | Refusal | None:
    """Return the present case of a request that was carried out before, None for a new one.

    The key of something else done, done with another ``application``, or asked otherwise, is
    refused; so is one of a case that the actor may not see any more.
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
    case = await load_case(kept)
    if case is None or not await may_read(desk, case):
        # What was once one's own to do is told no longer to whoever lost the role since.
        return not_found("application", str(kept))
    return case


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


async def check_steps(desk: Desk, change: Change) -> Change | Refusal:
    """Ask plugins about every step that a change completes; who fails refuses (fails closed).

    They see the application in the state that it is in, with the facts that are handed in. What
    they leave to a review at submission is reviewed with the rules of eligibility.
    """
    to_review: list[Finding] = []
    case = change.after
    if change.before is not None:
        case = replace(change.before, candidate=change.after.candidate)
    for step in change.steps:
        result = await desk.dispatcher.ask(
            "check_step",
            desk.catalogue.scope_of(change.at.base.code),
            configs=desk.catalogue.configs_of(change.at.base.code),
            base=change.at.base,
            application=application_for_hooks(case),
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
        found = [
            replace(finding, plugin=answer.plugin, level=answer.level)
            for answer in result.answers
            for finding in answer.value
        ]
        to_review += [each for each in found if each.outcome is FindingOutcome.REVIEW]
        refused = {FindingOutcome.FAIL, FindingOutcome.UNKNOWN}
        bad = tuple(each for each in found if each.outcome in refused)
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
    return _to_be_reviewed(change, to_review)


def _to_be_reviewed(change: Change, findings: Sequence[Finding]) -> Change | Refusal:
    """Put what plugins leave to a review beside what the rules of eligibility leave to one."""
    eligibility = change.after.eligibility
    if change.action is not Action.SUBMIT or eligibility is None or not findings:
        return change
    once = tuple({each.rule: each for each in findings}.values())
    against = reviewed_later(change.at.path, once)
    if against is not None:
        return against
    outcome = eligibility.outcome
    if outcome is EligibilityOutcome.ELIGIBLE:
        outcome = EligibilityOutcome.NEEDS_REVIEW
    eligibility = replace(eligibility, outcome=outcome, findings=(*eligibility.findings, *once))
    return replace(
        change,
        after=replace(change.after, eligibility=eligibility),
        data={**change.data, "eligibility": outcome},
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
