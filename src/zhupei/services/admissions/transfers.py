"""Transfers (调剂): people who agreed are moved to another opening of the same round (R145)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tortoise import connections

from zhupei.db.models import TransitionRow
from zhupei.domain.admission_case import AdmissionCase, ConsentWithdrawal
from zhupei.domain.admission_guards import policy_of, window_open
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.text import Text
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.filing import draft_of, submitted
from zhupei.services.admissions.inputs import (
    AgreeToTransferInput,
    TransferApplicationInput,
    WithdrawConsentInput,
)
from zhupei.services.admissions.priorities import transfer_order
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import (
    Situation,
    not_found,
    permitted_for,
    situation_of,
    specialty_of,
    standing_against,
    surroundings,
)
from zhupei.services.admissions.texts import has_no_reason
from zhupei.services.admissions.transitions import (
    act,
    check_steps,
    key_used,
    repeated_request,
    too_busy,
)
from zhupei.services.seats import root_program

__all__ = [
    "agree_to_transfer",
    "consent_withdrawn",
    "not_agreed",
    "transfer_application",
    "transfers_against",
    "withdraw_consent",
]

_S = ApplicationState


async def agree_to_transfer(desk: Desk, given: AgreeToTransferInput) -> AdmissionCase | Refusal:
    """Record that the applicant agrees to be moved (R145); only the person may."""

    async def build(at: Situation) -> Change | Refusal:
        if given.opening is not None and given.opening not in desk.catalogue.openings:
            return not_found("opening", given.opening)
        return transfers_against(at, in_time=False) or Change(
            action=Action.AGREE_TO_TRANSFER,
            before=at.case,
            after=at.case,
            at=at,
            data={"opening": given.opening},
        )

    return await act(
        desk, given.application, Action.AGREE_TO_TRANSFER, build, repeat=repeat_of(given)
    )


async def withdraw_consent(desk: Desk, given: WithdrawConsentInput) -> ConsentWithdrawal | Refusal:
    """Take the consent to be moved back (PIPL 15); only the person may, and what was done stays.

    From then on nobody moves the application, by whatever form, until the person agrees anew.
    """

    async def build(at: Situation) -> Change | Refusal:
        if await _agreed(at, None) is None:
            return not_agreed("application")
        return Change(action=Action.WITHDRAW_CONSENT, before=at.case, after=at.case, at=at, data={})

    with desk.database.use():
        if given.dry_run:
            at = await situation_of(desk, given.application)
            if isinstance(at, Refusal):
                return at
            change = await standing_against(desk, at, Action.WITHDRAW_CONSENT) or await build(at)
            if isinstance(change, Refusal):
                return change
            return ConsentWithdrawal(case=at.case, dry_run=True, effects=_EFFECTS)
        done = await act(
            desk, given.application, Action.WITHDRAW_CONSENT, build, repeat=repeat_of(given)
        )
        if isinstance(done, Refusal):
            return done
        return ConsentWithdrawal(case=done, dry_run=False, effects=_EFFECTS)


_EFFECTS = (
    Text(
        "招收单位不得再将本报名调剂到其他岗位，书面同意也不再有效，除非本人在系统中重新同意",
        "the base may not move this application to another opening any more, nor by an earlier "
        "written form, unless the person agrees here anew",
    ),
    Text(
        "本报名原填报的岗位、成绩与排名不受影响",
        "the application itself, its scores and its rank stay as they are",
    ),
    Text(
        "撤回之前已经完成的办理仍然有效",
        "what was done before the withdrawal stays valid",
    ),
)


async def _agreed(at: Situation, opening: str | None) -> TransitionRow | None:
    """Return the record of a consent in force, to one opening or to any."""
    rows = await TransitionRow.filter(
        application_id=at.case.id,
        action__in=[Action.AGREE_TO_TRANSFER.value, Action.WITHDRAW_CONSENT.value],
    ).order_by("-revision")
    for row in rows:
        if row.action == Action.WITHDRAW_CONSENT.value:
            return None
        if opening is None or row.data["opening"] in {None, opening}:
            return row
    return None


async def _consent(
    at: Situation, given: TransferApplicationInput
) -> Mapping[str, object] | Refusal:
    """Return how the person agreed: the record of it, or the form that the office states."""
    row = await _agreed(at, given.opening)
    if row is not None:
        return {
            "record": row.id,
            "by": row.actor,
            "at": row.at,
            "opening": row.data["opening"],
        }
    withdrawn = await TransitionRow.filter(
        application_id=at.case.id, action=Action.WITHDRAW_CONSENT.value
    ).exists()
    if given.consent is not None and not withdrawn:
        return has_no_reason(given.consent, "consent") or {"form": given.consent}
    return consent_withdrawn() if withdrawn else not_agreed("consent")


def consent_withdrawn() -> Refusal:
    """Return the refusal to move a person who took the consent back."""
    return Refusal(
        code=RefusalCode.TRANSFER_NOT_AGREED,
        message=Text(
            "本人已撤回调剂同意，须由本人在系统中重新同意",
            "the person withdrew the consent: only they themselves can give it again",
        ),
        field="consent",
    )


def not_agreed(field: str) -> Refusal:
    """Return the refusal of what needs a consent, where there is none."""
    return Refusal(
        code=RefusalCode.TRANSFER_NOT_AGREED,
        message=Text(
            "尚无本人同意调剂的记录：请由本人在系统中同意，或注明书面同意的形式",
            "the person has not agreed: they do so themselves, or the office states in which form",
        ),
        field=field,
    )


async def transfer_application(
    desk: Desk, given: TransferApplicationInput
) -> AdmissionCase | Refusal:
    """Move an applicant who agreed to another opening of the same round (R145).

    It needs the permission at the base that lets go and at the one that takes on. The new
    application is checked for eligibility like any other and then goes its own path.
    """
    with desk.database.use():
        for _ in range(8):
            done = await _transferred(desk, given) or await _attempt(desk, given)
            if isinstance(done, Refusal):
                # The same request, sent twice at once, may have been carried out meanwhile.
                return await _transferred(desk, given) or done
            if done is not None:
                return done
        return too_busy()


async def _attempt(desk: Desk, given: TransferApplicationInput) -> AdmissionCase | Refusal | None:
    """Try it once; None where others changed the case meanwhile."""
    at = await situation_of(desk, given.application)
    if isinstance(at, Refusal):
        return at
    against = (
        await standing_against(desk, at, Action.TRANSFER)
        or has_no_reason(given.reason)
        or transfers_against(at)
    )
    if against is not None:
        return against
    consent = await _consent(at, given)
    if isinstance(consent, Refusal):
        return consent
    change = await _new_application(desk, at, given, consent)
    if isinstance(change, Refusal):
        return change
    left = Change(
        action=Action.TRANSFER,
        before=at.case,
        after=replace(at.case, state=_S.TRANSFERRED),
        at=at,
        reason=given.reason,
        data={"to": change.after.id, "opening": given.opening, "consent": consent},
    )
    judged = await check_steps(desk, change)
    if isinstance(judged, Refusal):
        return judged
    done = await commit(desk, [left, judged], repeat=repeat_of(given))
    return done if done is None or isinstance(done, Refusal) else done[1]


async def _transferred(
    desk: Desk, given: TransferApplicationInput
) -> AdmissionCase | Refusal | None:
    """Return what the same request made before, None for a new one."""
    done = await repeated_request(desk, repeat_of(given), Action.SUBMIT)
    if not isinstance(done, AdmissionCase):
        return done
    same = (done.transferred_from, done.opening) == (given.application, given.opening)
    return done if same else key_used()


def transfers_against(at: Situation, *, in_time: bool = True) -> Refusal | None:
    """Refuse where the policy allows no transfers, or no step of the round foresees them now.

    Transfers of first preferences only are a step of the first round only (S2:66).
    """
    policy = policy_of(at.program, "transfers_allowed")
    if policy is None or policy.value is not True:
        return Refusal(
            code=RefusalCode.TRANSFER_NOT_ALLOWED,
            message=Text("本项目不允许调剂", "the program does not allow transfers"),
            source=None if policy is None else policy.source,
        )
    steps = [step for step in at.program.steps if step.kind == "transfer"]
    here = [step for step in steps if step.round in (None, at.case.round)]
    if steps and not here:
        return Refusal(
            code=RefusalCode.TRANSFER_NOT_ALLOWED,
            message=Text("本批次没有调剂环节", "the round has no transfers"),
            source=steps[0].source,
        )
    if not here or not in_time:
        return None
    return window_open(at.program, at.case.round, here[0], at.now)


async def _new_application(  # noqa: PLR0911 - each guard says why it refuses
    desk: Desk, at: Situation, given: TransferApplicationInput, consent: Mapping[str, object]
) -> Change | Refusal:
    case = at.case
    opening = desk.catalogue.openings.get(given.opening)
    if opening is None:
        return not_found("opening", given.opening)
    program = desk.catalogue.program_of(opening)
    if opening.code == case.opening or root_program(desk.catalogue, program).code != (
        case.root_program
    ):
        return Refusal(
            code=RefusalCode.TRANSFER_NOT_ALLOWED,
            message=Text(
                "只能调剂到同一招收工作的其他专业",
                "transfers lead to another opening of the same recruitment",
            ),
            field="opening",
        )
    against = await permitted_for(
        desk, "applications.decide", base=opening.base, specialty=specialty_of(opening.code)
    )
    if against is not None:
        return against
    if consent.get("opening") is None:
        # Who agreed to this one opening alone is not to be moved elsewhere.
        against = await transfer_order(connections.get("default"), desk, at, opening)
        if against is not None:
            return against
    draft = draft_of(
        desk,
        applicant=case.applicant,
        opening=opening,
        round_code=case.round,
        direction=given.direction,
        preference=case.preference,
        candidate=case.candidate,
    )
    if isinstance(draft, Refusal):
        return draft
    new = surroundings(desk, replace(draft, transferred_from=case.id))
    if isinstance(new, Refusal):
        return new
    change = await submitted(
        desk, new, candidate=case.candidate, documents=case.documents, answers=case.answers
    )
    if isinstance(change, Refusal):
        return change
    return replace(change, before=None, reason=given.reason)
