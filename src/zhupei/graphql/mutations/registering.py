"""Mutations of a person's own record: registering, changing it, taking files out."""

import dataclasses
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import Candidate
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of, desk_of, only_applicants
from zhupei.graphql.errors import bad_input
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.applicants import Applicant
from zhupei.graphql.types.inputs import CandidateInput, candidate_of
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.security.crypto import Keyring
from zhupei.services import applicant_files, applicants
from zhupei.services.admissions.situations import not_found
from zhupei.services.applicant_rows import sealed_applicant
from zhupei.services.applicants import ApplicantRecord, Details

__all__ = ["ApplicantPayload", "RegisteringMutations", "seen_applicant"]

ApplicantPayload: TypeAlias = Annotated[
    Applicant | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ApplicantPayload", description="The applicant, or why not (报考人结果)."),
]


def _left_out(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="What registering an applicant needs (登记报考人).")
class RegisterApplicantInput(Repeatable):
    """Registering."""

    identity_kind: DocumentKind = strawberry.field(
        description="Kind of the identity document (证件类型)."
    )
    identity_number: str = strawberry.field(
        description="Its number, checked by its own rules (证件号码); stored encrypted."
    )
    issuing_state: str | None = _left_out(
        "Who issued a passport, in three letters by ICAO 9303 such as `USA` (签发国)."
    )
    name: str = strawberry.field(description="Name as in the document (姓名).")
    phone: str | None = _left_out("Phone number (电话); stored encrypted.")
    email: str | None = _left_out("E-mail address (电子邮箱); stored encrypted.")
    facts: CandidateInput | None = _left_out("The facts that rules ask for (报考人信息).")
    base: str | None = _left_out(
        "Code of the base whose office enters somebody that does not apply in rounds "
        "(代录基地代码); without it, one registers oneself."
    )


@strawberry.input(
    description=(
        "What changing one's record needs (修改报考人信息). What is left out stays; applications "
        "that were handed in keep the facts that they were handed in with."
    )
)
class UpdateApplicantInput(Repeatable):
    """Changing."""

    revision: int = strawberry.field(
        description="The `revision` that was read (版本): refused where it is not the present one."
    )
    name: str | None = _left_out("Name (姓名).")
    phone: str | None = _left_out("Phone number (电话); null removes it.")
    email: str | None = _left_out("E-mail address (电子邮箱); null removes it.")
    facts: CandidateInput | None = _left_out(
        "The facts, all of them (报考人信息): they replace those on record."
    )


@strawberry.input(description="What taking one's file out needs (移除材料).")
class RemoveFileInput(Repeatable):
    """Removing."""

    file: strawberry.ID = strawberry.field(description="Identifier of the file (文件标识).")


def _keyring(context: GraphContext) -> Keyring:
    if context.keyring is None:
        raise RuntimeError("personal data needs the keyring")
    return context.keyring()


async def _register(info: GraphInfo, input: RegisterApplicantInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    account = None
    if input.base:
        if input.base not in context.catalogue.bases:
            return not_found("base", input.base)
        await require(context, "applications.admit", (Target(base=input.base),))
    else:
        account = account_of(context)
        await require(context, "applicants.write", (_own(context),))
        only_applicants(context)
        if account is None:
            problem = Text("该登录方式没有账号", "whoever signed in so has no account of ours")
            raise bad_input("base", problem, context.language)
    facts = candidate_of(input.facts, context, "facts") if input.facts else Candidate()

    async def work() -> Any:
        now = context.clock()
        made = await applicants.register_applicant(
            _keyring(context),
            Details(
                name=input.name, phone=_text(input.phone), email=_text(input.email), facts=facts
            ),
            kind=input.identity_kind,
            number=input.identity_number,
            issuing_state=_text(input.issuing_state),
            account=account,
            base=input.base or None,
            today=now.astimezone(CHINA_TIME).date(),
            at=now,
            by=None if context.actor is None else context.actor.id,
            catalogue_hash=context.catalogue.hash,
        )
        return str(made.id) if isinstance(made, ApplicantRecord) else made

    return await seen_applicant(
        context, await once(context, input, "registerApplicant", work, personal=True)
    )


async def _update(info: GraphInfo, input: UpdateApplicantInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    await require(context, "applicants.write", (_own(context),))
    applicant = (await desk_of(context)).applicant
    if applicant is None:
        return _no_applicant()
    facts = candidate_of(input.facts, context, "facts") if input.facts else None

    async def work() -> Any:
        keyring = _keyring(context)
        record = await applicants.applicant_of(keyring, applicant)
        known = await applicants.reveal(keyring, applicant)
        if record is None or known is None:
            return _no_applicant()
        details = Details(
            name=input.name or record.name,
            phone=known.phone if input.phone is UNSET else input.phone,
            email=known.email if input.email is UNSET else input.email,
            facts=facts or record.facts,
        )
        changed = await applicants.change_details(
            keyring, applicant, details, revision=input.revision, at=context.clock()
        )
        return str(changed.id) if isinstance(changed, ApplicantRecord) else changed

    answer = await once(context, input, "updateApplicant", work, personal=True)
    return await seen_applicant(context, answer)


async def _remove(info: GraphInfo, input: RemoveFileInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    await require(context, "files.write", (_own(context),))
    desk = await desk_of(context)
    file = read_id(input.file, "file", context)

    async def work() -> Any:
        # Somebody else's file is refused as one that does not exist. A unit takes out what it
        # handed in for whom it sends, and nothing that the person did.
        for applicant in (*([desk.applicant] if desk.applicant else []), *sorted(desk.sends)):
            for each in await applicant_files.files_of(applicant):
                own = applicant == desk.applicant or each.uploaded_by == desk.actor.id
                if each.id == file and own:
                    await applicant_files.remove_file(file, at=context.clock())
                    return str(applicant)
        return not_found("file", input.file)

    answer = await once(context, input, "removeFile", work)
    if isinstance(answer, str) and UUID(answer) not in {desk.applicant, *desk.sends}:
        # A request repeated by a unit that sends the person no longer.
        return not_found("file", input.file)
    return await seen_applicant(context, answer)


def _own(context: GraphContext) -> Target:
    """Return what a person's own record is asked for."""
    actor = context.actor
    return Target(owners=frozenset() if actor is None else frozenset({actor.id}))


def _no_applicant() -> Any:
    return dataclasses.replace(
        not_found("applicant", ""),
        message=Text("请先登记报考人信息（registerApplicant）", "register as an applicant first"),
    )


def _text(value: str | None) -> str | None:
    return None if value is UNSET else value


async def seen_applicant(context: GraphContext, answer: Any) -> Any:
    """Return the applicant whose id the work answered, or the refusal."""
    if not isinstance(answer, str):
        return answer
    # Whoever signed in may be an applicant only since a moment ago.
    context.kept.clear()
    return await sealed_applicant(UUID(answer)) or not_found("applicant", answer)


@strawberry.type
class RegisteringMutations:
    """What people do with their own record."""

    register_applicant: ApplicantPayload | None = mutation(
        _register,
        "applicants.write",
        description=(
            "Register as an applicant (登记报考人), each identity document once; the office of a "
            "base enters those who do not apply in rounds, with `applications.admit`."
        ),
    )
    update_applicant: ApplicantPayload | None = mutation(
        _update,
        "applicants.write",
        description="Change one's record (修改报考人信息).",
    )
    remove_file: ApplicantPayload | None = mutation(
        _remove,
        "files.write",
        description=(
            "Take one's file out (移除材料), or as a unit one that it handed in for whom it sends; "
            "what was handed in with it still names it."
        ),
    )
