"""Invitations: bases ask people who hold no place (R150, T40), and each may accept one."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.db.identifiers import uuid7
from zhupei.db.models import ApplicationRow, Idempotency, InvitationRow
from zhupei.domain.admission_case import AdmissionCase, Invitation, InvitationState
from zhupei.domain.admission_guards import policy_of, window_open
from zhupei.domain.admission_process import EXITS, SEAT_STATES, Action, ApplicationState, Channel
from zhupei.domain.events import Event
from zhupei.domain.people import Candidate
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.services.admissions.change import Change, repeat_of
from zhupei.services.admissions.commits import commit, tell_plugins
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.exclusions import lasting_refusals
from zhupei.services.admissions.filing import draft_of, round_known, submitted, wrong_channel
from zhupei.services.admissions.inputs import AnswerInvitationInput, InviteCandidateInput
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.requests import once_for
from zhupei.services.admissions.situations import (
    frozen,
    frozen_refusal,
    frozen_until_done,
    not_found,
    owners_of,
    permitted_for,
    surroundings,
)
from zhupei.services.admissions.transitions import check_steps, key_used, repeated_request, too_busy
from zhupei.services.applicants import is_known
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.people_locks import lock_people
from zhupei.services.seats import root_program
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

__all__ = ["answer_invitation", "invitation_of", "invite_candidate"]

_S = ApplicationState


async def invite_candidate(desk: Desk, given: InviteCandidateInput) -> Invitation | Refusal:
    """Invite somebody who holds no place and, by the rules, filed no preference (R150, T40)."""
    opening = desk.catalogue.openings.get(given.opening)
    if opening is None:
        return not_found("opening", given.opening)
    program = desk.catalogue.program_of(opening)
    with desk.database.use():
        against = await permitted_for(desk, "applications.decide", base=opening.base)
        if against is not None:
            return against

        made: list[Event] = []

        async def work() -> UUID | Refusal:
            made.clear()
            return await _invite(desk, given, opening, program, made)

        async def told(invitation: UUID) -> Invitation:
            await tell_plugins(desk, made)
            return await _invitation(invitation)

        key = given.idempotency_key
        return await once_for(desk, "invite_candidate", given, work, key=key, show=told)


async def _invitation(id_: UUID) -> Invitation:
    return invitation_of(await InvitationRow.get(id=id_))


async def _invite(
    desk: Desk,
    given: InviteCandidateInput,
    opening: Opening,
    program: Program,
    made: list[Event],
) -> UUID | Refusal:
    """Write the invitation and add its event; an open one of the same opening is the same."""
    root = root_program(desk.catalogue, program).code
    async with in_transaction() as connection:
        if await frozen_until_done(connection, root, given.round):
            return frozen_refusal()
        # Nobody files, is given a seat or is erased before this is written.
        await lock_people(connection, [given.applicant])
        if not await is_known(given.applicant):
            return not_found("applicant", str(given.applicant))
        against = (
            suspension_of(program, opening)
            or round_known(program, given.round, Channel.BATCH)
            or await _invitable(desk, program, given.round, given.applicant)
        )
        if against is not None:
            return against
        known = await InvitationRow.get_or_none(
            applicant_id=given.applicant,
            opening_code=opening.code,
            round_code=given.round,
            state=InvitationState.OPEN.value,
        )
        if known is not None:
            return known.id
        row = await InvitationRow.create(
            id=uuid7(),
            applicant_id=given.applicant,
            base_code=opening.base,
            program_code=program.code,
            root_program_code=root,
            opening_code=opening.code,
            round_code=given.round,
            state=InvitationState.OPEN.value,
            invited_by=desk.actor.id,
            invited_at=desk.clock(),
        )
        event = Event(
            id=uuid7(),
            name="invitation.made",
            at=row.invited_at,
            subject=subject_of("Invitation", row.id),
            base=opening.base,
            program=program.code,
            opening=opening.code,
            actor=desk.actor.id,
            data={"round": given.round},
            catalogue_hash=desk.catalogue.hash,
        )
        await record_events(connection, [event])
        await append_state_records(connection, [_recorded(desk, row.id, "INVITE")])
    made.append(event)
    return row.id


def _recorded(desk: Desk, invitation: UUID, action: str) -> StateChange:
    return StateChange(
        subject=StateSubject.INVITATION,
        id=invitation,
        action=action,
        actor=desk.actor.id,
        at=desk.clock(),
        catalogue_hash=desk.catalogue.hash,
    )


async def _invitable(
    desk: Desk, program: Program, round_code: str, applicant: UUID
) -> Refusal | None:
    steps = [
        step
        for step in program.steps
        if step.kind == "invitation" and step.round in (None, round_code)
    ]
    if not steps:
        return Refusal(
            code=RefusalCode.INVITATION_NOT_OPEN,
            message=Text("本批次没有邀请环节", "the round has no invitations"),
            field="round",
        )
    closed = window_open(program, round_code, steps[0], desk.clock())
    if closed is not None:
        return closed
    root = root_program(desk.catalogue, program).code
    if await frozen(root, round_code):
        return frozen_refusal()
    return await _free_for_invitation(program, root, round_code, applicant)


async def _free_for_invitation(
    program: Program, root: str, round_code: str, applicant: UUID
) -> Refusal | None:
    held = [state.value for state in SEAT_STATES]
    others = await ApplicationRow.filter(applicant_id=applicant, root_program_code=root)
    if any(other.state in held for other in others):
        return Refusal(
            code=RefusalCode.ALREADY_ADMITTED,
            message=Text(
                "该申请人已有拟录取或录取", "the applicant has an offer or a place already"
            ),
        )
    policy = policy_of(program, "invitation_excludes_preference")
    ended = {_S.DRAFT.value, *(state.value for state in EXITS)}
    filed = [
        other
        for other in others
        if other.round_code == round_code
        and other.invitation_id is None
        and other.state not in ended
    ]
    if policy is not None and policy.value is True and filed:
        return Refusal(
            code=RefusalCode.INVITED_HAS_PREFERENCE,
            message=Text(
                "本批次已填报志愿，不能同时应邀：撤回该志愿后，方可邀请或接受邀请",
                "a preference is filed in this round, which excludes an invitation: once it is "
                "withdrawn, one can be made or accepted",
            ),
            source=policy.source,
        )
    return None


async def answer_invitation(desk: Desk, given: AnswerInvitationInput) -> Invitation | Refusal:
    """Answer an invitation; accepting hands in an application, and only one may be accepted."""
    with desk.database.use():
        for _ in range(8):
            row = await InvitationRow.get_or_none(id=given.invitation)
            owners = frozenset() if row is None else owners_of(desk, row.applicant_id)
            if row is None or not owners:
                return not_found("invitation", str(given.invitation))
            against = await permitted_for(
                desk, "offers.answer", base=row.base_code, owners=owners
            ) or await _answered_otherwise(desk, given)
            if against is not None:
                return against
            if row.state != InvitationState.OPEN.value:
                same = (row.state == InvitationState.ACCEPTED.value) is given.accept
                return invitation_of(row) if same else _answered()
            if given.accept:
                answered = await _accept(desk, given, row)
            else:
                answered = await _decline(desk, given, row)
            if isinstance(answered, Refusal) and await _is_answered(row):
                continue  # by the same request at the same time: what it says decides
            if answered is not None:
                return answered
        return too_busy()


async def _answered_otherwise(desk: Desk, given: AnswerInvitationInput) -> Refusal | None:
    """Refuse a key under which something else was handed in, or another invitation declined."""
    repeat = repeat_of(given)
    done = await repeated_request(desk, repeat, Action.SUBMIT)
    if isinstance(done, AdmissionCase):
        return None if done.invitation == given.invitation else key_used()
    if done is None and repeat is not None and given.accept:
        # A refusal of the invitation is kept elsewhere than what was handed in.
        kept = Idempotency.filter(actor=desk.actor.id, key=repeat.key)
        return key_used() if await kept.exists() else None
    return done


async def _is_answered(row: InvitationRow) -> bool:
    now = await InvitationRow.get(id=row.id)
    return bool(now.state != InvitationState.OPEN.value)


async def _decline(desk: Desk, given: AnswerInvitationInput, row: InvitationRow) -> Refusal | None:
    async def work() -> UUID | Refusal:
        async with in_transaction() as connection:
            if await frozen_until_done(connection, row.root_program_code, row.round_code):
                return frozen_refusal()
            declined = await InvitationRow.filter(
                id=given.invitation, state=InvitationState.OPEN.value
            ).update(state=InvitationState.DECLINED.value, answered_at=desk.clock())
            if declined:
                recorded = _recorded(desk, given.invitation, "DECLINE")
                await append_state_records(connection, [recorded])
        return given.invitation

    key = given.idempotency_key
    return await once_for(desk, "answer_invitation", given, work, key=key, show=_nothing)


async def _nothing(_invitation: UUID) -> None:
    """Show nothing: what the invitation says now decides."""


def _answered() -> Refusal:
    return Refusal(
        code=RefusalCode.INVITATION_NOT_OPEN,
        message=Text("该邀请已答复", "this invitation was answered already"),
        field="invitation",
    )


async def _accept(  # noqa: PLR0911 - each guard says why it refuses
    desk: Desk, given: AnswerInvitationInput, row: InvitationRow
) -> Invitation | Refusal | None:
    opening = desk.catalogue.openings.get(row.opening_code)
    if opening is None:
        return not_found("opening", row.opening_code)
    program = desk.catalogue.program_of(opening)
    against = await _invitable(desk, program, row.round_code, row.applicant_id)
    if against is not None:
        return against
    if given.candidate is None:
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text("接受邀请须提交报考信息", "accepting needs the facts of the applicant"),
            field="candidate",
        )
    change = await _invited_application(desk, given, row, opening, given.candidate)
    if isinstance(change, Refusal):
        return change
    judged = await check_steps(desk, change)
    if isinstance(judged, Refusal):
        return judged
    policy = policy_of(program, "max_accepted_invitations")
    most = policy.value if policy is not None and isinstance(policy.value, int) else None
    taken = await InvitationRow.filter(
        applicant_id=row.applicant_id,
        root_program_code=row.root_program_code,
        round_code=row.round_code,
        state=InvitationState.ACCEPTED.value,
    ).count()
    if most is not None and taken >= most:
        return _limit(most)

    async def write(case: AdmissionCase) -> Refusal | None:
        # The index on slots lets each be filled once, whoever is quicker.
        written = await InvitationRow.filter(id=row.id, state=InvitationState.OPEN.value).update(
            state=InvitationState.ACCEPTED.value,
            slot=taken + 1,
            answered_at=desk.clock(),
            application_id=case.id,
        )
        # Declined in between: then nothing is handed in.
        return None if written == 1 else _answered()

    accepted = replace(judged, also=write, states=[_recorded(desk, row.id, "ACCEPT")])
    done = await commit(desk, [accepted], repeat=repeat_of(given))
    if isinstance(done, Refusal):
        return done
    return None if done is None else invitation_of(await InvitationRow.get(id=row.id))


def _limit(most: int) -> Refusal:
    return Refusal(
        code=RefusalCode.INVITATION_LIMIT,
        message=Text(
            f"每批次只能接受 {most} 个邀请", f"at most {most} invitation may be accepted in a round"
        ),
        field="invitation",
    )


async def _invited_application(
    desk: Desk,
    given: AnswerInvitationInput,
    row: InvitationRow,
    opening: Opening,
    candidate: Candidate,
) -> Change | Refusal:
    draft = draft_of(
        desk,
        applicant=row.applicant_id,
        opening=opening,
        round_code=row.round_code,
        direction=given.direction,
        preference=1,
        candidate=candidate,
    )
    if isinstance(draft, Refusal):
        return draft
    if draft.channel is not Channel.BATCH:
        return wrong_channel(draft.channel)
    at = surroundings(desk, replace(draft, invitation=row.id))
    if isinstance(at, Refusal):
        return at
    change = await submitted(
        desk, at, candidate=candidate, documents=given.documents, answers=given.answers
    )
    if isinstance(change, Refusal):
        return change
    program = at.program

    async def recheck() -> Refusal | None:
        return await lasting_refusals(at) or await _free_for_invitation(
            program, row.root_program_code, row.round_code, row.applicant_id
        )

    return replace(change, before=None, recheck=recheck)


def invitation_of(row: InvitationRow) -> Invitation:
    """Return the invitation of a row."""
    return Invitation(
        id=row.id,
        applicant=row.applicant_id,
        opening=row.opening_code,
        round=row.round_code,
        state=InvitationState(row.state),
        invited_at=row.invited_at,
        answered_at=row.answered_at,
        application=row.application_id,
    )
