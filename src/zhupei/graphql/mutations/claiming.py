"""Mutations of claims: giving a code out, and taking one's record over with it."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.identity import DocumentKind
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of, desk_of, only_applicants
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.mutations.registering import ApplicantPayload
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.security.crypto import Keyring
from zhupei.services import claims
from zhupei.services.applicant_rows import sealed_applicant

__all__ = ["ClaimingMutations"]


@strawberry.type(description="A code with which a person takes the record over (认领码).")
class ClaimCode:
    """A code that was given out."""

    claim_code: str | None = strawberry.field(
        description=(
            "The code (认领码), to be handed to the person; shown once only: null where the "
            "request is repeated."
        )
    )
    expires_at: datetime = strawberry.field(description="When it ends (失效时间).")


ClaimCodePayload: TypeAlias = Annotated[
    ClaimCode | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ClaimCodePayload", description="The code, or why not (认领码结果)."),
]


@strawberry.input(description="Whom a claim code is for (发放认领码).")
class IssueClaimCodeInput(Repeatable):
    """Giving out."""

    applicant: strawberry.ID = strawberry.field(
        description="The person (报考人标识), who has no account yet."
    )


@strawberry.input(description="What taking one's record over needs (认领报考人信息).")
class ClaimApplicantInput(Repeatable):
    """Claiming."""

    identity_kind: DocumentKind = strawberry.field(
        description="Kind of the identity document (证件类型)."
    )
    identity_number: str = strawberry.field(description="Its number (证件号码).")
    issuing_state: str | None = strawberry.field(
        default=UNSET, description="Of a passport, its state in three letters (签发国)."
    )
    code: str = strawberry.field(
        description="The code that the unit or the office gave out (认领码)."
    )


def _keyring(context: GraphContext) -> Keyring:
    if context.keyring is None:
        raise RuntimeError("personal data needs the keyring")
    return context.keyring()


async def _issue(info: GraphInfo, input: IssueClaimCodeInput) -> ClaimCodePayload | None:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    applicant = read_id(input.applicant, "applicant", context)
    with desk.database.use():
        if applicant in desk.sends:
            own = (Target(owners=frozenset({desk.actor.id})),)
            await require(context, "applications.recommend", own)
        else:
            places = [Target(base=base) for base in await claims.places_of_claim(applicant)]
            await require(context, "applications.admit", places or (Target(),))

        issued: list[claims.IssuedClaim] = []

        async def work() -> Any:
            made = await claims.issue_claim(
                _keyring(context),
                applicant,
                by=desk.actor.id,
                at=context.clock(),
                catalogue_hash=context.catalogue.hash,
            )
            if isinstance(made, AccessRefusal):
                return made
            issued[:] = [made]
            # Never the code: what is answered to a repeated request is kept.
            return {"claim": str(made.id)}

        done = await once(context, input, "issueClaimCode", work)
        if isinstance(done, dict) and not issued:
            known = await claims.claim_by_id(UUID(done["claim"]))
            issued[:] = [] if known is None else [known]
    found: Any = (
        ClaimCode(claim_code=issued[0].code, expires_at=issued[0].expires_at) if issued else done
    )
    return found  # type: ignore[no-any-return]  # the graph's type describes the answer's


async def _claim(info: GraphInfo, input: ClaimApplicantInput) -> ApplicantPayload | None:  # noqa: A002 - as above
    context = info.context
    desk = await desk_of(context)
    await require(context, "applicants.write", (Target(owners=frozenset({desk.actor.id})),))
    only_applicants(context)
    account = account_of(context)
    found: Any
    if account is None:
        found = AccessRefusal(
            code=AccessCode.NOT_FOUND,
            message=Text("该登录方式没有账号", "whoever signed in so has no account of ours"),
            field="account",
        )
        return found  # type: ignore[no-any-return]  # shown as a refusal
    now = context.clock()
    with desk.database.use():
        # Not by `once`, which would take back that a wrong attempt was counted.
        found = await claims.claim_applicant(
            _keyring(context),
            account,
            kind=input.identity_kind,
            number=input.identity_number,
            code=input.code,
            issuing_state=None if input.issuing_state is UNSET else input.issuing_state,
            today=now.astimezone(CHINA_TIME).date(),
            at=now,
            catalogue_hash=context.catalogue.hash,
        )
        if not isinstance(found, AccessRefusal):
            # Whoever signed in is an applicant only since this moment.
            context.kept.clear()
            found = await sealed_applicant(found.id)
    return found  # type: ignore[no-any-return]  # the graph's type describes the record's


@strawberry.type
class ClaimingMutations:
    """How a person comes by the record that somebody else made of them."""

    issue_claim_code: ClaimCodePayload | None = mutation(
        _issue,
        "applications.recommend",
        description=(
            "Give out a one-time code with which a person without an account takes the record "
            "over (发放认领码), as the unit that sends them; with `applications.admit` as the "
            "office of a base that entered them, that their unit assigned, or that they applied "
            "to. The code before it ends."
        ),
    )
    claim_applicant: ApplicantPayload | None = mutation(
        _claim,
        "applicants.write",
        description=(
            "Take over, with one's own account, the record that a unit or an office made "
            "(认领报考人信息), by identity document and code; five wrong attempts lock."
        ),
    )
