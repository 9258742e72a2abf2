"""Mutations from the proposal to the registration: lists, objections, answers, arrivals."""

import logging
from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from zhupei.domain.admission_case import AgreementKind, BulkOutcome
from zhupei.errors import ZhupeiError
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.applying import FormAnswerInput, given_answers
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken, use_case
from zhupei.graphql.mutations.payloads import ApplicationPayload, BulkPayload, ObjectionPayload
from zhupei.graphql.sources import GraphInfo
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs, training_inputs
from zhupei.services.issuing import lists

__all__ = ["OfferMutations"]

_log = logging.getLogger("zhupei.lists")

_APPLICATION = "Identifier of the application (报名标识)."
_APPLICATIONS = "Identifiers of the applications (报名标识)."
_PROGRAM = "Code of the program (项目代码)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="What every bulk step takes (批量操作).")
class _BulkInput(Repeatable):
    """A bulk step."""

    dry_run: bool = strawberry.field(
        default=False,
        description="Only show what it would do (试算); nothing is written.",
    )


@strawberry.input(description="What proposing admissions needs (拟录取).")
class ProposeAdmissionInput(_BulkInput):
    """Proposing."""

    applications: list[strawberry.ID] = strawberry.field(
        description=f"{_APPLICATIONS[:-1]}: of one opening, the best first."
    )


@strawberry.input(description="What publishing a list of proposed admissions needs (公示).")
class PublishProposedListInput(_BulkInput):
    """Publishing."""

    program: str = strawberry.field(description=_PROGRAM)
    round: str | None = _left_out("Code of the round (批次).")
    applications: list[strawberry.ID] | None = _left_out(
        f"{_APPLICATIONS[:-1]}; all that wait for it by default, none with an empty list."
    )


@strawberry.input(description="What filing an objection needs (提出异议).")
class FileObjectionInput(Repeatable):
    """Objecting."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    text: str = strawberry.field(description="What it says (内容).")


@strawberry.input(description="What deciding on an objection needs (处理异议).")
class ResolveObjectionInput(Repeatable):
    """Deciding."""

    objection: strawberry.ID = strawberry.field(
        description="Identifier of the objection (异议标识)."
    )
    upheld: bool = strawberry.field(
        description="Whether it is upheld (是否成立); if so, the application is rejected."
    )
    resolution: str = strawberry.field(description="The decision, in words (处理意见).")


@strawberry.input(description="What accepting an offer needs (确认录取).")
class ConfirmAdmissionInput(Repeatable):
    """Confirming."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)


@strawberry.input(description="What declining an offer needs (放弃录取).")
class DeclineAdmissionInput(Repeatable):
    """Declining."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="Why (原因).")


@strawberry.input(description="What letting go who did not confirm needs (逾期未确认).")
class ExpireConfirmationsInput(_BulkInput):
    """Expiring."""

    program: str = strawberry.field(description=_PROGRAM)
    applications: list[strawberry.ID] | None = _left_out(
        f"{_APPLICATIONS[:-1]}; all of the program by default, none with an empty list."
    )


@strawberry.input(description="What admitting needs (录取).")
class AdmitApplicantsInput(_BulkInput):
    """Admitting."""

    applications: list[strawberry.ID] = strawberry.field(description=_APPLICATIONS)


@strawberry.input(description="What sending the notice of admission needs (发放录取通知).")
class SendNoticeInput(_BulkInput):
    """Noticing."""

    applications: list[strawberry.ID] = strawberry.field(description=_APPLICATIONS)
    report_by: date | None = _left_out(
        "Last day of reporting (报到截止日); by default as the program's window says."
    )


@strawberry.input(description="What deferring somebody's report needs (延期报到).")
class DeferReportInput(Repeatable):
    """Deferring."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    report_by: date = strawberry.field(
        description="The new last day of reporting (延期后的报到截止日): after the present one."
    )
    reason: str = strawberry.field(description="Why (原因), as the office knows it.")


@strawberry.input(description="What recording a report needs (报到).")
class RecordReportInput(Repeatable):
    """Reporting."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    documents: list[str] | None = _left_out("Ids of the documents that were shown (出示的材料).")
    answers: list[FormAnswerInput] | None = _left_out(
        "What the office read in them, by the form's fields (核对信息): laid over the form's own."
    )


@strawberry.input(description="What recording an agreement needs (签订协议).")
class SignAgreementInput(Repeatable):
    """Signing."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    kind: AgreementKind = strawberry.field(description="Which agreement (协议类型).")
    signed_on: date = strawberry.field(description="Day of signing (签约日期).")
    late_reason: str | None = _left_out("Why it is late, past the deadline (逾期理由).")


@strawberry.input(
    description="What recording that somebody quits after the report needs (报到后退出)."
)
class RecordQuitInput(Repeatable):
    """Quitting."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="Why (原因), as the office knows it.")


@strawberry.input(description="What registering a trainee needs (注册).")
class RegisterTraineeInput(Repeatable):
    """Registering."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    started_on: date | None = _left_out(
        "First day of training (培训开始日期); by default as rules and report tell it."
    )
    school_province: str | None = _left_out(
        "Province of the school that trains a professional master, GB/T 2260 (培养单位所在省)."
    )
    school_prefecture: str | None = _left_out(
        "Prefecture of that school, GB/T 2260 (培养单位所在市州)."
    )
    off_site_report: str | None = _left_out(
        "Report to the education department, where the school lies elsewhere (书面报告文号)."
    )
    off_site_consent: str | None = _left_out(
        "Consent of the health commission, where the school lies elsewhere (同意文号)."
    )


@strawberry.input(description="What marking no-shows needs (逾期未报到).")
class MarkNoShowsInput(_BulkInput):
    """Marking."""

    program: str = strawberry.field(description=_PROGRAM)
    applications: list[strawberry.ID] | None = _left_out(
        f"{_APPLICATIONS[:-1]}; all of the program by default, none with an empty list."
    )


@strawberry.input(description="What taking a bulk step back needs (撤回批量操作).")
class RevertBulkInput(_BulkInput):
    """Reverting."""

    operation: strawberry.ID = strawberry.field(
        description="Identifier of the bulk step (操作标识)."
    )
    reason: str = strawberry.field(description="Why (原因).")


async def _report(info: GraphInfo, input: RecordReportInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    answers = given_answers(input.answers, context)
    given = taken(input, inputs.RecordReportInput, context, answers=answers)
    return await admissions.record_report(await desk_of(context), given)


async def _publish(info: GraphInfo, input: PublishProposedListInput) -> BulkPayload | None:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    given = taken(input, inputs.PublishProposedListInput, context)
    done: Any = await admissions.publish_proposed_list(desk, given)
    if isinstance(done, BulkOutcome) and done.publicity is not None and not done.dry_run:
        await _sign(context, desk, done.publicity.id)
    return done  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _sign(context: GraphContext, desk: Desk, publicity: UUID) -> None:
    """Make the signed file at once, so that it says what was so when the list was published.

    The list is published whatever happens here: else the file is made when it is asked for.
    """
    if context.keyring is None or context.signing_keys is None:
        return
    with desk.database.use():
        found = await lists.publicity_of(publicity)
        if found is None or found.withdrawn_at is not None:
            return
        try:
            await lists.signed_list(
                desk.catalogue, context.keyring(), context.signing_keys(), found, context.clock()
            )
        except ZhupeiError as error:
            extra = {"publicity": str(publicity), "code": error.code}
            _log.warning("a published list could not be signed yet", extra=extra)


@strawberry.type
class OfferMutations:
    """What is done from the proposal to the registration."""

    propose_admission: BulkPayload | None = mutation(
        use_case(admissions.propose_admission, inputs.ProposeAdmissionInput, ProposeAdmissionInput),
        "applications.decide",
        description="Propose applications, best first (拟录取); each takes a seat.",
    )
    publish_proposed_list: BulkPayload | None = mutation(
        _publish,
        "lists.publish",
        description=(
            "Publish a base's list of proposed admissions (公示); publicity ends after the working "
            "days that the law asks for."
        ),
    )
    file_objection: ObjectionPayload | None = mutation(
        use_case(admissions.file_objection, inputs.FileObjectionInput, FileObjectionInput),
        "objections.raise",
        description="Object to an entry of a list while it is public (提出异议).",
    )
    resolve_objection: ObjectionPayload | None = mutation(
        use_case(admissions.resolve_objection, inputs.ResolveObjectionInput, ResolveObjectionInput),
        "objections.decide",
        description=(
            "Decide on an objection (处理异议); an upheld one rejects the application and gives "
            "its seat up."
        ),
    )
    confirm_admission: ApplicationPayload | None = mutation(
        use_case(admissions.confirm_admission, inputs.ApplicationInput, ConfirmAdmissionInput),
        "offers.answer",
        description="Accept the offer (确认录取).",
    )
    decline_admission: ApplicationPayload | None = mutation(
        use_case(admissions.decline_admission, inputs.ReasonedInput, DeclineAdmissionInput),
        "offers.answer",
        description="Decline the offer (放弃录取); its seat is free at once.",
    )
    expire_confirmations: BulkPayload | None = mutation(
        use_case(
            admissions.expire_confirmations,
            inputs.ExpireConfirmationsInput,
            ExpireConfirmationsInput,
        ),
        "applications.admit",
        description="Let everybody go who did not confirm by the end of publicity (逾期未确认).",
    )
    admit_applicants: BulkPayload | None = mutation(
        use_case(admissions.admit, inputs.AdmitInput, AdmitApplicantsInput),
        "applications.admit",
        description="Admit after publicity and without an open objection (录取).",
    )
    send_notice: BulkPayload | None = mutation(
        use_case(admissions.send_notice, inputs.SendNoticeInput, SendNoticeInput),
        "applications.admit",
        description="Send the notice of admission, with the day to report by (发放录取通知).",
    )
    defer_report: ApplicationPayload | None = mutation(
        use_case(admissions.defer_report, inputs.DeferReportInput, DeferReportInput),
        "registrations.write",
        description=(
            "Give somebody who was notified a later last day of reporting, for a reason "
            "(延期报到): only who stays away without one loses the place."
        ),
    )
    record_report: ApplicationPayload | None = mutation(
        _report,
        "registrations.write",
        description="Record that somebody reported, with the documents shown (报到).",
    )
    sign_agreement: ApplicationPayload | None = mutation(
        use_case(admissions.sign_agreement, inputs.SignAgreementInput, SignAgreementInput),
        "registrations.write",
        description="Record the agreement that the trainee's type asks for (签订协议).",
    )
    record_quit: ApplicationPayload | None = mutation(
        use_case(admissions.record_quit, inputs.ReasonedInput, RecordQuitInput),
        "registrations.write",
        description=(
            "Record that somebody who reported leaves before the registration (报到后退出): the "
            "seat is free at once; a ban does not follow by itself."
        ),
    )
    register_trainee: ApplicationPayload | None = mutation(
        use_case(
            admissions.register_trainee,
            training_inputs.RegisterTraineeInput,
            RegisterTraineeInput,
        ),
        "registrations.write",
        description="Register the person as a trainee (注册), the end of the path; see `trainee`.",
    )
    mark_no_shows: BulkPayload | None = mutation(
        use_case(admissions.mark_no_shows, inputs.MarkNoShowsInput, MarkNoShowsInput),
        "applications.admit",
        description=(
            "Take the place of everybody who has not reported in time (逾期未报到); a ban does not "
            "follow by itself."
        ),
    )
    revert_bulk: BulkPayload | None = mutation(
        use_case(admissions.revert_bulk, inputs.RevertBulkInput, RevertBulkInput),
        "rounds.manage",
        description=(
            "Take a bulk step back as a whole (撤回批量操作), while nothing was built on it."
        ),
    )
