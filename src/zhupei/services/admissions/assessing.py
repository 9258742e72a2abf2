"""Assessing: eligibility check, interview, examination, opinion with its packet, review."""

from __future__ import annotations

from dataclasses import replace

from zhupei.domain.admission_case import AdmissionCase, RecordedScore
from zhupei.domain.admission_guards import handed_in, score_of
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.applications import Submission
from zhupei.domain.decision_guards import packet_complete, review_decided
from zhupei.domain.eligibility import FindingOutcome
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.inputs import (
    GiveOpinionInput,
    ReasonedInput,
    RecordEligibilityCheckInput,
    RecordScoreInput,
    ReviewApplicationInput,
)
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.required_documents import documents_due
from zhupei.services.admissions.situations import Situation
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import act, step_done

__all__ = [
    "give_opinion",
    "record_eligibility_check",
    "record_examination",
    "record_interview",
    "reject_application",
    "review_application",
]


def _rejected(at: Situation, action: Action, reason: str | None) -> Change | Refusal:
    return has_no_reason(reason) or Change(
        action=action,
        before=at.case,
        after=replace(at.case, state=ApplicationState.REJECTED),
        at=at,
        reason=reason,
    )


async def record_eligibility_check(
    desk: Desk, given: RecordEligibilityCheckInput
) -> AdmissionCase | Refusal:
    """Record the office's check; to pass, every rule under review is decided with a reason."""

    async def build(at: Situation) -> Change | Refusal:
        frozen = at.case.eligibility
        under_review = () if frozen is None else frozen.findings
        rules = {f.rule for f in under_review if f.counts and f.outcome is FindingOutcome.REVIEW}
        against = review_decided(rules, given.decisions, passed=given.passed)
        if against is not None:
            return against
        if not given.passed and (against := has_no_reason(given.reason)) is not None:
            return against
        done, state = step_done(at, Action.CHECK_ELIGIBILITY)
        # Of who is rejected, too, it is kept which rule was decided how.
        eligibility = None if frozen is None else replace(frozen, decisions=given.decisions)
        rejected = replace(at.case, state=ApplicationState.REJECTED, eligibility=eligibility)
        passed = replace(at.case, state=state, completed_steps=done, eligibility=eligibility)
        return Change(
            action=Action.CHECK_ELIGIBILITY,
            before=at.case,
            after=passed if given.passed else rejected,
            at=at,
            reason=given.reason,
            data={"decisions": given.decisions},
            steps=at.steps_for(Action.CHECK_ELIGIBILITY) if given.passed else (),
        )

    return await act(
        desk, given.application, Action.CHECK_ELIGIBILITY, build, repeat=repeat_of(given)
    )


def _undecided(at: Situation) -> list[str]:
    """Return the rules that ask for a review and on which no officer has decided."""
    frozen = at.case.eligibility
    if frozen is None:
        return []
    decided = {decision.rule for decision in frozen.decisions}
    return sorted(
        {
            finding.rule
            for finding in frozen.findings
            if finding.counts and finding.outcome is FindingOutcome.REVIEW
        }
        - decided
    )


async def record_interview(desk: Desk, given: RecordScoreInput) -> AdmissionCase | Refusal:
    """Record the interview's score (R142); with the examination's it completes the assessment."""
    return await _record_score(desk, given, Action.RECORD_INTERVIEW, "interview")


async def record_examination(desk: Desk, given: RecordScoreInput) -> AdmissionCase | Refusal:
    """Record the examination's score (R142)."""
    return await _record_score(desk, given, Action.RECORD_EXAMINATION, "examination")


async def _record_score(
    desk: Desk, given: RecordScoreInput, action: Action, kind: str
) -> AdmissionCase | Refusal:
    async def build(at: Situation) -> Change | Refusal:
        score = score_of(at.program, kind, given.points, given.of)
        if isinstance(score, Refusal):
            return score
        steps = at.steps_for(action)
        due, undecided = documents_due(at, at.case.candidate, steps)
        against = handed_in(due, given.documents, undecided)
        if against is not None:
            return against
        done, state = step_done(at, action)
        recorded = RecordedScore(
            assessment=kind, score=score, recorded_by=desk.actor.id, recorded_at=at.now
        )
        kept = (each for each in at.case.scores if each.assessment != kind)
        scores = tuple(sorted((*kept, recorded), key=lambda each: each.assessment))
        return Change(
            action=action,
            before=at.case,
            after=replace(at.case, state=state, completed_steps=done, scores=scores),
            at=at,
            reason=given.note,
            data={
                "assessment": kind,
                "points": score.points,
                "of": score.of,
                "documents": given.documents,
            },
            steps=steps,
            submission=Submission(
                step=steps[0].id,
                at=at.now,
                actor=desk.actor.id,
                documents=at.case.documents,
                answers=at.case.answers,
                shown=given.documents,
            ),
        )

    return await act(desk, given.application, action, build, repeat=repeat_of(given))


async def give_opinion(desk: Desk, given: GiveOpinionInput) -> AdmissionCase | Refusal:
    """Record the specialty base's opinion, with a complete result packet (R144)."""

    async def build(at: Situation) -> Change | Refusal:
        against = has_no_reason(given.opinion, "opinion")
        if against is not None:
            return against
        packets = [step for step in at.program.steps if step.kind == "result_packet"]
        packets = [step for step in packets if step.round in (None, at.case.round)]
        against = packet_complete(packets[0] if packets else None, given.packet)
        if against is not None:
            return against
        done, state = step_done(at, Action.GIVE_OPINION)
        after = replace(
            at.case,
            state=state if given.admit else ApplicationState.REJECTED,
            completed_steps=done,
            opinion=given.opinion,
            packet=given.packet,
        )
        return Change(
            action=Action.GIVE_OPINION,
            before=at.case,
            after=after,
            at=at,
            reason=given.opinion,
            steps=(*packets, *at.steps_for(Action.GIVE_OPINION)),
        )

    return await act(desk, given.application, Action.GIVE_OPINION, build, repeat=repeat_of(given))


async def review_application(desk: Desk, given: ReviewApplicationInput) -> AdmissionCase | Refusal:
    """Record the base's review, or the host's selection by merit.

    Where no step before it has decided on a rule that asks for a review, approving needs a reason.
    """

    async def build(at: Situation) -> Change | Refusal:
        if not given.approved:
            return _rejected(at, Action.REVIEW, given.reason)
        undecided = _undecided(at)
        if undecided and has_no_reason(given.reason):
            return Refusal(
                code=RefusalCode.REVIEW_UNDECIDED,
                message=Text(
                    f"有尚未审核的条件，通过须说明理由：{'、'.join(undecided)}",
                    "approving needs a reason, because nobody has decided on: "
                    + ", ".join(undecided),
                ),
                field="reason",
            )
        done, state = step_done(at, Action.REVIEW)
        return Change(
            action=Action.REVIEW,
            before=at.case,
            after=replace(at.case, state=state, completed_steps=done),
            at=at,
            reason=given.reason,
            steps=at.steps_for(Action.REVIEW),
        )

    return await act(desk, given.application, Action.REVIEW, build, repeat=repeat_of(given))


async def reject_application(desk: Desk, given: ReasonedInput) -> AdmissionCase | Refusal:
    """Reject an application before it is published, with a reason."""

    async def build(at: Situation) -> Change | Refusal:
        return _rejected(at, Action.REJECT, given.reason)

    return await act(desk, given.application, Action.REJECT, build, repeat=repeat_of(given))
