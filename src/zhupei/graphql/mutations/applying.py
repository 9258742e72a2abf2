"""Mutations of applicants and their employers: filing, handing in, taking back, recommending."""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

import strawberry

from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import bad_input
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import (
    Repeatable,
    asked,
    mutation,
    taken,
    use_case,
)
from zhupei.graphql.mutations.payloads import (
    ApplicationPayload,
    ConsentPayload,
    InvitationPayload,
)
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.inputs import CandidateInput, candidate_of
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs
from zhupei.services.admissions.situations import not_found, specialty_of
from zhupei.services.applicant_files import files_of
from zhupei.services.applicants import facts_of_applicant

__all__ = ["ApplyingMutations", "FormAnswerInput", "given_answers"]

_MOST_DOCUMENTS = 100
_APPLICATION = "Identifier of the application (报名标识)."


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(
    description=(
        "A file that was handed in before by `PUT /files/<document>`, as a document of an "
        "application (材料)."
    )
)
class DocumentInput:
    """A document."""

    document: str = strawberry.field(description="The document that it is for (材料代号).")
    sha256: str | None = _left_out(
        "SHA-256 of the file (校验值); by default the one last handed in for the document."
    )


@strawberry.input(description="An answer to a field of the application form (报名表答复).")
class FormAnswerInput:
    """An answer."""

    field_id: str = strawberry.field(description="Id of the form's field (表单项标识).")
    value: str = strawberry.field(description="The answer (答复).")


@strawberry.input(description="What beginning a draft needs (填报).")
class CreateApplicationInput(Repeatable):
    """Creating."""

    opening: str = strawberry.field(description="Code of the opening (招收专业代码).")
    round: str | None = _left_out("Code of the round, where the program has rounds (批次).")
    direction: str | None = _left_out("Id of the direction, where the opening has some (方向).")
    preference: int | None = _left_out("Number of the preference (志愿序号); 1 by default.")
    candidate: CandidateInput | None = _left_out(
        "The facts (报考人信息); without them those that the applicant has on record."
    )
    applicant: strawberry.ID | None = _left_out(
        "Identifier of the applicant (报考人标识): for staff who enter people that do not apply in "
        "rounds, and for units that file for whom they send; without it, one's own."
    )


@strawberry.input(description="What handing an application in needs (提交).")
class SubmitApplicationInput(Repeatable):
    """Submitting."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    documents: list[DocumentInput] | None = _left_out("The documents (材料).")
    answers: list[FormAnswerInput] | None = _left_out("Answers to the form (报名表).")
    candidate: CandidateInput | None = _left_out(
        "The facts, where they differ from the draft's; from now on they are frozen (报考人信息)."
    )


@strawberry.input(description="What taking an application back needs (撤回).")
class WithdrawApplicationInput(Repeatable):
    """Withdrawing."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    reason: str = strawberry.field(description="Why (原因).")


@strawberry.input(description="What agreeing to a transfer needs (同意调剂).")
class AgreeToTransferInput(Repeatable):
    """Agreeing."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)
    opening: str | None = _left_out(
        "Code of the opening that one agrees to move to (招收专业代码); any by default."
    )


@strawberry.input(description="What taking a consent back needs (撤回调剂同意).")
class WithdrawConsentInput(Repeatable):
    """Withdrawing a consent."""

    application: strawberry.ID = strawberry.field(description="The application (报名标识).")
    dry_run: bool = strawberry.field(
        default=False, description="Only tell what follows, and keep nothing (预演)."
    )


@strawberry.input(description="What recommending somebody as the sending unit needs (单位推荐).")
class RecommendApplicationInput(Repeatable):
    """Recommending."""

    application: strawberry.ID = strawberry.field(description=_APPLICATION)


@strawberry.input(description="What answering an invitation needs (答复邀请).")
class AnswerInvitationInput(Repeatable):
    """Answering."""

    invitation: strawberry.ID = strawberry.field(
        description="Identifier of the invitation (邀请标识)."
    )
    accept: bool = strawberry.field(
        description="Whether it is accepted (是否接受); accepting hands an application in."
    )
    candidate: CandidateInput | None = _left_out(
        "The facts (报考人信息); without them those that the applicant has on record."
    )
    documents: list[DocumentInput] | None = _left_out("The documents (材料).")
    answers: list[FormAnswerInput] | None = _left_out("Answers to the fields of forms (表单内容).")
    direction: str | None = _left_out("Id of the direction, where the opening has some (方向).")


async def _create(info: GraphInfo, input: CreateApplicationInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    applicant = desk.applicant
    if input.applicant:
        applicant = read_id(input.applicant, "applicant", context)
    if applicant is None:
        own = frozenset() if context.actor is None else frozenset({context.actor.id})
        await require(context, "applications.submit", (Target(owners=own),))
        problem = Text("请先登记报考人信息（registerApplicant）", "register as an applicant first")
        raise bad_input("applicant", problem, context.language)
    if applicant != desk.applicant and applicant not in desk.sends:
        # Before anything about the person is looked up. A unit files for whom it sends (R093).
        opening = desk.catalogue.openings.get(input.opening)
        if opening is None:
            return not_found("opening", input.opening)
        target = Target(base=opening.base, specialty=specialty_of(opening.code))
        await require(context, "applications.admit", (target,))
    given = taken(
        input,
        inputs.CreateApplicationInput,
        context,
        applicant=applicant,
        candidate=_given_facts(input.candidate, context),
        asked=asked(input),
    )
    recorded = await facts_of_applicant(applicant)
    if recorded is None:
        return not_found("applicant", str(applicant))
    if not input.candidate:
        given = dataclasses.replace(given, candidate=recorded)
    return await admissions.create_application(desk, given)


async def _submit(info: GraphInfo, input: SubmitApplicationInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    case = await admissions.application_of(desk, read_id(input.application, "application", context))
    if case is None:
        return not_found("application", input.application)
    if input.documents:
        known = await admissions.before_files(
            desk, case, key=input.idempotency_key or None, asked=asked(input)
        )
        if known is not None:
            return known
    given = taken(
        input,
        inputs.SubmitApplicationInput,
        context,
        candidate=_given_facts(input.candidate, context),
        documents=await _documents(desk, case.applicant, input.documents, context),
        answers=given_answers(input.answers, context),
        asked=asked(input),
    )
    return await admissions.submit_application(desk, given)


async def _answer(info: GraphInfo, input: AnswerInvitationInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    if desk.applicant is None:
        return not_found("invitation", input.invitation)
    facts = _given_facts(input.candidate, context) or await facts_of_applicant(desk.applicant)
    given = taken(
        input,
        inputs.AnswerInvitationInput,
        context,
        candidate=facts,
        documents=await _documents(desk, desk.applicant, input.documents, context),
        answers=given_answers(input.answers, context),
        asked=asked(input),
    )
    return await admissions.answer_invitation(desk, given)


def _given_facts(given: CandidateInput | None, context: GraphContext) -> Any:
    return candidate_of(given, context) if given else None


def given_answers(
    given: Sequence[FormAnswerInput] | None, context: GraphContext
) -> Mapping[str, str]:
    """Return answers by field; a field that is answered twice is bad input."""
    found: dict[str, str] = {}
    for index, each in enumerate(given or ()):
        if each.field_id in found:
            problem = Text("重复答复同一表单项", "answers the same field twice")
            raise bad_input(f"answers.{index}", problem, context.language)
        found[each.field_id] = each.value
    return MappingProxyType(found)


async def _documents(
    desk: Desk, applicant: UUID, given: Sequence[DocumentInput] | None, context: GraphContext
) -> tuple[SubmittedDocument, ...]:
    """Return the files of the applicant that are meant; what they are is what we know of them."""
    if not given:
        return ()
    if len(given) > _MOST_DOCUMENTS:
        problem = Text(
            f"不得超过 {_MOST_DOCUMENTS} 份材料", f"must not be more than {_MOST_DOCUMENTS}"
        )
        raise bad_input("documents", problem, context.language)
    with desk.database.use():
        files = await files_of(applicant)
    found = []
    for index, each in enumerate(given):
        fitting = [
            file
            for file in files
            if file.document == each.document
            and each.sha256 in (strawberry.UNSET, None, file.sha256)
        ]
        if not fitting:
            problem = Text("没有上传过这份材料", "was not handed in; send the file first")
            raise bad_input(f"documents.{index}", problem, context.language)
        last = fitting[-1]
        found.append(
            SubmittedDocument(
                document=last.document,
                media_type=last.media_type,
                size=last.size,
                sha256=last.sha256,
            )
        )
    return tuple(found)


async def _withdraw_consent(
    info: GraphInfo,
    input: WithdrawConsentInput,  # noqa: A002 - the argument's name in the graph
) -> ConsentPayload | None:
    given = taken(input, inputs.WithdrawConsentInput, info.context)
    found: Any = await admissions.withdraw_consent(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class ApplyingMutations:
    """What applicants and their employers may do."""

    create_application: ApplicationPayload | None = mutation(
        _create,
        "applications.submit",
        description=(
            "Begin a draft for one opening (填报); a unit begins it for people whom it sends, and "
            "staff for people who do not apply in rounds, with the permission "
            "`applications.admit`."
        ),
    )
    submit_application: ApplicationPayload | None = mutation(
        _submit,
        "applications.submit",
        description=(
            "Hand a draft in (提交): window, bans, preferences, eligibility and documents are "
            "checked, and the facts are frozen with the report."
        ),
    )
    withdraw_application: ApplicationPayload | None = mutation(
        use_case(admissions.withdraw_application, inputs.ReasonedInput, WithdrawApplicationInput),
        "applications.submit",
        description="Take one's own application back, before a seat is offered (撤回).",
    )
    agree_to_transfer: ApplicationPayload | None = mutation(
        use_case(admissions.agree_to_transfer, inputs.AgreeToTransferInput, AgreeToTransferInput),
        "offers.answer",
        description="Agree to be moved to another opening (同意调剂), as the applicant.",
    )
    withdraw_consent: ConsentPayload | None = mutation(
        _withdraw_consent,
        "offers.answer",
        description=(
            "Take the consent to a transfer back (撤回调剂同意), as the applicant; what follows is "
            "listed, and a dry run only lists it. What was done before stays."
        ),
    )
    recommend_application: ApplicationPayload | None = mutation(
        use_case(
            admissions.recommend_application, inputs.ApplicationInput, RecommendApplicationInput
        ),
        "applications.recommend",
        description="Recommend somebody as the sending unit (单位推荐).",
    )
    answer_invitation: InvitationPayload | None = mutation(
        _answer,
        "offers.answer",
        description=(
            "Answer an invitation (答复邀请); accepting hands an application in, and only as many "
            "may be accepted as the program says."
        ),
    )
