"""Filing: drafts, submission, withdrawal, and the employer's recommendation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from zhupei.db.identifiers import uuid7
from zhupei.domain.admission import RequiredDocument
from zhupei.domain.admission_case import AdmissionCase, FrozenEligibility
from zhupei.domain.admission_guards import handed_in, preference_limit
from zhupei.domain.admission_process import Action, ApplicationState, Channel, channel_of
from zhupei.domain.applications import Submission, SubmittedDocument
from zhupei.domain.decision_guards import eligible
from zhupei.domain.forms import filled_in, held_fields
from zhupei.domain.people import Candidate
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text, choices_text
from zhupei.domain.training import Opening, Program
from zhupei.services.admissions.change import Change, Repeat, repeat_of
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.exclusions import lasting_refusals
from zhupei.services.admissions.inputs import (
    ApplicationInput,
    CreateApplicationInput,
    ReasonedInput,
    SubmitApplicationInput,
)
from zhupei.services.admissions.known_facts import with_known_facts
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.required_documents import documents_due
from zhupei.services.admissions.situations import (
    Situation,
    not_found,
    owners_of,
    permitted,
    surroundings,
)
from zhupei.services.admissions.texts import has_no_reason, no_nul
from zhupei.services.admissions.transitions import (
    act,
    key_used,
    repeated_request,
    step_done,
    too_busy,
)
from zhupei.services.applicants import contacts_held
from zhupei.services.eligibility import evaluate
from zhupei.services.seats import root_program

__all__ = [
    "before_files",
    "create_application",
    "draft_of",
    "recommend_application",
    "round_known",
    "submit_application",
    "submitted",
    "withdraw_application",
    "wrong_channel",
]

_S = ApplicationState


async def create_application(  # noqa: PLR0911 - each guard says why
    desk: Desk, given: CreateApplicationInput
) -> AdmissionCase | Refusal:
    """Begin a draft for one opening, in the channel that the trainee's type has (T60)."""
    with desk.database.use():
        repeated = await _created(desk, given)
        if repeated is not None:
            return repeated
        opening = desk.catalogue.openings.get(given.opening)
        if opening is None:
            return not_found("opening", given.opening)
        case = draft_of(
            desk,
            applicant=given.applicant,
            opening=opening,
            round_code=given.round,
            direction=given.direction,
            preference=given.preference,
            candidate=given.candidate,
        )
        if isinstance(case, Refusal):
            return case
        against = await permitted(desk, Action.CREATE, case)
        if against is not None:
            return _with_the_way(desk, case, against)
        at = surroundings(desk, case)
        if isinstance(at, Refusal):
            return at
        change = Change(action=Action.CREATE, before=None, after=case, at=at)
        done = await commit(desk, [change], repeat=repeat_of(given))
        if done is None or isinstance(done, Refusal):
            # The same request at the same time may have been the quicker one.
            again = await _created(desk, given)
            return again or done or too_busy()
        return done[0]


async def _created(desk: Desk, given: CreateApplicationInput) -> AdmissionCase | Refusal | None:
    """Return what the same request made before, None for a new one."""
    done = await repeated_request(desk, repeat_of(given), Action.CREATE)
    if not isinstance(done, AdmissionCase):
        return done
    made = (done.applicant, done.opening, done.round, done.preference)
    asked = (given.applicant, given.opening, given.round, given.preference)
    return done if made == asked else key_used()


def draft_of(
    desk: Desk,
    *,
    applicant: UUID,
    opening: Opening,
    round_code: str | None,
    direction: str | None,
    preference: int,
    candidate: Candidate,
) -> AdmissionCase | Refusal:
    """Return a new draft, refused where round, direction or preference do not exist."""
    program = desk.catalogue.program_of(opening)
    root = root_program(desk.catalogue, program)
    channel = channel_of(program, candidate.trainee_type)
    against = (
        suspension_of(program, opening)
        or round_known(program, round_code, channel)
        or _direction_known(opening, direction)
        or _preference_known(program, round_code, preference)
        or no_nul(candidate)
    )
    if against is not None:
        return against
    return AdmissionCase(
        id=uuid7(),
        applicant=applicant,
        base=opening.base,
        program=program.code,
        root_program=root.code,
        opening=opening.code,
        round=round_code,
        direction=direction,
        preference=preference,
        channel=channel,
        state=_S.DRAFT,
        revision=0,
        candidate=candidate,
        catalogue_hash=desk.catalogue.hash,
        created_at=desk.clock(),
    )


def round_known(program: Program, code: str | None, channel: Channel) -> Refusal | None:
    """Refuse a round that the program does not have, and none where it has some (T60)."""
    codes = [each.code for each in program.rounds]
    if code in codes or (code is None and (not codes or channel is not Channel.BATCH)):
        return None
    named = choices_text((each.code, each.name) for each in program.rounds)
    message = Text(f"请选择批次：{named.zh}", f"choose a round: {named.en}")
    if not codes:
        message = Text("本项目不分批次，请勿填写", "the program has no rounds: leave it out")
    return Refusal(code=RefusalCode.ROUND_UNKNOWN, message=message, field="round")


def _direction_known(opening: Opening, direction: str | None) -> Refusal | None:
    ids = [each.id for each in opening.directions]
    if direction in ids or (direction is None and not ids):
        return None
    named = choices_text((each.id, each.name) for each in opening.directions)
    message = Text(f"请选择方向：{named.zh}", f"choose a direction: {named.en}")
    if not ids:
        message = Text(
            "本专业不分方向，请勿填写方向", "the opening has no directions: leave it out"
        )
    return Refusal(code=RefusalCode.DIRECTION_UNKNOWN, message=message, field="direction")


# What is kept of it where no rule limits it: a number of two bytes.
_GREATEST_PREFERENCE = 32_767


def _preference_known(program: Program, round_code: str | None, preference: int) -> Refusal | None:
    limit = preference_limit(program, round_code)
    if 1 <= preference <= (_GREATEST_PREFERENCE if limit is None else limit[0]):
        return None
    if limit is None:
        most = _GREATEST_PREFERENCE
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text(
                f"志愿序号自 1 至 {most}", f"preferences are numbered from 1 to at most {most}"
            ),
            field="preference",
        )
    most, source = limit
    return Refusal(
        code=RefusalCode.PREFERENCE_LIMIT,
        message=Text(
            f"每批次最多填报 {most} 个志愿", f"at most {most} preferences may be filed in a round"
        ),
        source=source,
        field="preference",
    )


_CHANNELS = {
    Channel.BATCH: Text(
        "该类人员须通过批次报名，由本人或选送单位填报",
        "people of this type apply in a round, themselves or by the unit that sends them",
    ),
    Channel.DIRECT_ASSIGNMENT: Text(
        "该类人员不通过批次报名，由行政主管部门统一安排培训基地；请与该部门联系",
        "people of this type do not apply in rounds: the authority places them at a base; ask "
        "that office",
    ),
    Channel.DIRECT_REGISTRATION: Text(
        "该类人员不通过批次报名，由培训基地直接录入并注册；请与培训基地管理部门联系",
        "people of this type do not apply in rounds: the base enters and registers them; ask its "
        "office",
    ),
}


def wrong_channel(channel: Channel) -> Refusal:
    """Return that people of a type do not come this way; ``channel`` is theirs (T60)."""
    return Refusal(code=RefusalCode.CHANNEL_WRONG, message=_CHANNELS[channel], field="candidate")


def _with_the_way(desk: Desk, case: AdmissionCase, against: Refusal) -> Refusal:
    """Tell whoever wants to file what an office enters so, and not of a permission of staff."""
    is_own = bool(owners_of(desk, case.applicant, case.trainee_type))
    if case.channel is Channel.BATCH or not is_own or against.code is not RefusalCode.NOT_PERMITTED:
        return against
    return replace(against, message=_CHANNELS[case.channel])


async def submit_application(desk: Desk, given: SubmitApplicationInput) -> AdmissionCase | Refusal:
    """Hand a draft in: window, ban, preferences, eligibility and documents are checked.

    From then on the facts are frozen, with the report on eligibility and the hash of the rules.
    """

    async def build(at: Situation) -> Change | Refusal:
        candidate = given.candidate or at.case.candidate
        if candidate.trainee_type is not at.case.trainee_type:
            # A unit hands in what its people file as sent ones, and nothing as somebody else.
            against = await permitted(desk, Action.SUBMIT, replace(at.case, candidate=candidate))
            if against is not None:
                return against
        return await submitted(
            desk,
            at,
            candidate=candidate,
            documents=given.documents,
            answers=given.answers,
        )

    return await act(desk, given.application, Action.SUBMIT, build, repeat=repeat_of(given))


async def before_files(
    desk: Desk, case: AdmissionCase, *, key: str | None, asked: str
) -> AdmissionCase | Refusal | None:
    """Return what the same request handed in before, or why the actor may not; None to go on.

    For whoever looks the person's files up to hand them in: who may not is not told which there
    are, and a request is repeated also where they are there no longer.
    """
    with desk.database.use():
        repeat = None if key is None else Repeat(key, asked)
        done = await repeated_request(desk, repeat, Action.SUBMIT, case.id)
        return done or await permitted(desk, Action.SUBMIT, case)


async def submitted(
    desk: Desk,
    at: Situation,
    *,
    candidate: Candidate,
    documents: tuple[SubmittedDocument, ...],
    answers: Mapping[str, str],
) -> Change | Refusal:
    """Return the change that hands a draft in, or why it cannot be handed in."""
    case = at.case
    if channel_of(at.program, candidate.trainee_type) is not case.channel:
        return wrong_channel(channel_of(at.program, candidate.trainee_type))
    against = no_nul((candidate, documents, answers)) or await lasting_refusals(at)
    if against is not None:
        return against
    known = await with_known_facts(desk, case, candidate)
    if isinstance(known, Refusal):
        return known
    candidate = known
    report = await evaluate(
        desk.catalogue, desk.dispatcher, case.opening, candidate, today=at.today
    )
    direct = case.channel is not Channel.BATCH
    against = None if direct else eligible(report, at.path)
    if against is not None:
        return against
    steps = at.steps_for(Action.SUBMIT)
    due, undecided = documents_due(at, candidate, steps, also_unassigned=True)
    if not direct:
        against = handed_in(due, {each.document for each in documents}, undecided)
        against = against or await _forms_filled(case.applicant, due, answers)
    if against is not None:
        return against
    after = replace(
        case,
        state=_S.SUBMITTED,
        candidate=candidate,
        documents=documents,
        answers=dict(answers),
        submitted_at=at.now,
        completed_steps=tuple(step.id for step in steps),
        catalogue_hash=desk.catalogue.hash,
        eligibility=FrozenEligibility(
            outcome=report.outcome,
            findings=report.findings,
            catalogue_hash=report.catalogue_hash,
            decided_at=at.now,
        ),
    )
    return Change(
        action=Action.SUBMIT,
        before=case,
        after=after,
        at=at,
        data={"eligibility": report.outcome},
        steps=steps,
        submission=Submission(
            step=steps[0].id if steps else "application",
            at=at.now,
            actor=desk.actor.id,
            documents=documents,
            answers=answers,
        ),
        recheck=lambda: lasting_refusals(at),
    )


async def _forms_filled(
    applicant: UUID, due: Sequence[RequiredDocument], answers: Mapping[str, str]
) -> Refusal | None:
    """Refuse forms that lack fields (R187); only then is the person's own record looked at."""
    asked = held_fields(due)
    held = await contacts_held(applicant) if asked else frozenset()
    return filled_in(due, answers, held)


async def withdraw_application(desk: Desk, given: ReasonedInput) -> AdmissionCase | Refusal:
    """Take one's own application back, before a seat is offered."""

    async def build(at: Situation) -> Change | Refusal:
        return has_no_reason(given.reason) or Change(
            action=Action.WITHDRAW,
            before=at.case,
            after=replace(at.case, state=_S.WITHDRAWN),
            at=at,
            reason=given.reason,
        )

    return await act(desk, given.application, Action.WITHDRAW, build, repeat=repeat_of(given))


async def recommend_application(desk: Desk, given: ApplicationInput) -> AdmissionCase | Refusal:
    """Record that the applicant's own unit recommends (R093, R181)."""

    async def build(at: Situation) -> Change | Refusal:
        done, state = step_done(at, Action.RECOMMEND)
        return Change(
            action=Action.RECOMMEND,
            before=at.case,
            after=replace(at.case, state=state, completed_steps=done),
            at=at,
            steps=at.steps_for(Action.RECOMMEND),
        )

    return await act(desk, given.application, Action.RECOMMEND, build, repeat=repeat_of(given))
