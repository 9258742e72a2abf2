"""Mutations of sending units: recording one, and agreeing on whom it sends."""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import HospitalTier
from zhupei.domain.permissions import Target
from zhupei.domain.sending_units import LinkState
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of, desk_of
from zhupei.graphql.errors import bad_input
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.sending_units import SendingUnitRecord, SentPerson
from zhupei.services import sending_units
from zhupei.services.applicants import Details

__all__ = ["SendingUnitMutations"]

SendingUnitPayload: TypeAlias = Annotated[
    SendingUnitRecord | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("SendingUnitPayload", description="The unit, or why not (选送单位登记结果)."),
]
SentPersonPayload: TypeAlias = Annotated[
    SentPerson | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("SentPersonPayload", description="The link, or why not (选送关系办理结果)."),
]

_RECOMMEND = "applications.recommend"
_WRITE = "applicants.write"


def _left_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


def _given(value: Any) -> Any:
    return None if value is strawberry.UNSET else value


@strawberry.input(description="Which unit an account acts for (登记选送单位).")
class RecordSendingUnitInput(Repeatable):
    """Recording."""

    account: strawberry.ID = strawberry.field(description="The account (账号标识).")
    name: str = strawberry.field(description="Name of the unit (单位名称).")
    tier: HospitalTier | None = _left_out("Tier (医院等级).")
    province: str | None = _left_out("Code of the province, GB/T 2260 (省份代码).")
    prefecture: str | None = _left_out("Code of the prefecture, GB/T 2260 (地市代码).")


@strawberry.input(description="The unit that sends the viewer (指明选送单位).")
class NameSendingUnitInput(Repeatable):
    """Naming."""

    unit: strawberry.ID = strawberry.field(description="The unit (选送单位标识).")


@strawberry.input(description="Somebody whom the viewer's unit sends (登记选送人员).")
class RegisterSentPersonInput(Repeatable):
    """Registering."""

    identity_kind: DocumentKind = strawberry.field(description="Kind of document (证件类型).")
    identity_number: str = strawberry.field(description="Its number (证件号码).")
    issuing_state: str | None = _left_out("Of a passport, its state (签发国代码).")
    name: str = strawberry.field(description="Name (姓名).")
    phone: str | None = _left_out("Phone number (电话).")
    email: str | None = _left_out("E-mail address (电子邮箱).")
    base: str | None = _left_out("The base that the unit assigned (指定基地代码).")
    specialty: str | None = _left_out(
        "The specialty that it assigned there, with its base (指定专业代码)."
    )


@strawberry.input(description="The answer to what the other side asked (答复选送关系).")
class AnswerSendingUnitLinkInput(Repeatable):
    """Answering."""

    link: strawberry.ID = strawberry.field(description="The link (选送关系标识).")
    accept: bool = strawberry.field(description="Whether it is so (是否确认).")


@strawberry.input(description="The end of a link (解除选送关系).")
class EndSendingUnitLinkInput(Repeatable):
    """Ending."""

    link: strawberry.ID = strawberry.field(description="The link (选送关系标识).")
    reason: str = strawberry.field(description="Why (原因).")


async def _record(info: GraphInfo, input: RecordSendingUnitInput) -> SendingUnitPayload | None:  # noqa: A002 - the argument's name in the graph
    context = info.context
    await require(context, "accounts.manage", (Target(),))
    account = read_id(input.account, "account", context)
    desk = await desk_of(context)

    async def work() -> Any:
        made = await sending_units.record_unit(
            account,
            name=input.name,
            tier=_given(input.tier),
            province=_given(input.province),
            prefecture=_given(input.prefecture),
            provinces=context.catalogue.provinces,
            by=desk.actor.id,
            at=context.clock(),
        )
        return made if isinstance(made, AccessRefusal) else {"account": str(account)}

    with desk.database.use():
        done = await once(context, input, "recordSendingUnit", work)
        found: Any = (
            done
            if isinstance(done, AccessRefusal)
            else await sending_units.unit_of_account(account)
        )
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _name(info: GraphInfo, input: NameSendingUnitInput) -> SentPersonPayload | None:  # noqa: A002 - as above
    context = info.context
    desk = await desk_of(context)
    await require(context, _WRITE, (Target(owners=frozenset({desk.actor.id})),))
    unit = read_id(input.unit, "unit", context)

    async def work() -> Any:
        if desk.applicant is None:
            return _nobody()
        return _kept(
            await sending_units.name_unit(
                desk.applicant,
                unit,
                by=desk.actor.id,
                at=context.clock(),
                catalogue_hash=context.catalogue.hash,
            )
        )

    found: Any = await _link(context, input, "nameSendingUnit", work)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _register(info: GraphInfo, input: RegisterSentPersonInput) -> SentPersonPayload | None:  # noqa: A002 - as above
    context = info.context
    desk = await desk_of(context)
    await require(context, _RECOMMEND, (Target(owners=frozenset({desk.actor.id})),))
    base, specialty = _given(input.base) or None, _given(input.specialty) or None
    if base and not specialty:
        problem = Text("须写明该基地的专业", "name the specialty of the base as well")
        raise bad_input("specialty", problem, context.language)
    if specialty and not base:
        problem = Text("须写明专业所属的基地", "name the base of the specialty as well")
        raise bad_input("base", problem, context.language)

    async def work() -> Any:
        unit = await _unit(context)
        if unit is None or context.keyring is None:
            return _no_unit()
        if (base or specialty) and (base, specialty) not in context.catalogue.departments:
            return AccessRefusal(
                code=AccessCode.NOT_FOUND,
                message=Text("没有这个基地的专业", "the base has no such specialty"),
                field="specialty",
            )
        return _kept(
            await sending_units.register_person(
                context.keyring(),
                unit,
                Details(name=input.name, phone=_given(input.phone), email=_given(input.email)),
                kind=input.identity_kind,
                number=input.identity_number,
                issuing_state=_given(input.issuing_state),
                base=base,
                specialty=specialty,
                by=desk.actor.id,
                today=context.clock().astimezone(CHINA_TIME).date(),
                at=context.clock(),
                catalogue_hash=context.catalogue.hash,
            )
        )

    found: Any = await _link(context, input, "registerSentPerson", work, personal=True)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _answer(info: GraphInfo, input: AnswerSendingUnitLinkInput) -> SentPersonPayload | None:  # noqa: A002 - as above
    context = info.context
    link = read_id(input.link, "link", context)

    async def work() -> Any:
        side = await _side(context, link)
        asked = {"unit": LinkState.NAMED, "person": LinkState.CLAIMED}
        known = None if side is None else await sending_units.link_by_id(link)
        if side is None or known is None:
            return _no_link()
        if known.state in {LinkState.NAMED, LinkState.CLAIMED} and known.state is not asked[side]:
            # Nobody answers what they asked themselves.
            return AccessRefusal(
                code=AccessCode.CONFLICT,
                message=Text("须由对方答复", "the other side has to answer this"),
                field="link",
            )
        by = (await desk_of(context)).actor.id
        return _kept(
            await sending_units.answer_link(
                link,
                accept=input.accept,
                by=by,
                at=context.clock(),
                catalogue_hash=context.catalogue.hash,
            )
        )

    found: Any = await _link(context, input, "answerSendingUnitLink", work)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _end(info: GraphInfo, input: EndSendingUnitLinkInput) -> SentPersonPayload | None:  # noqa: A002 - as above
    context = info.context
    link = read_id(input.link, "link", context)

    async def work() -> Any:
        if await _side(context, link) is None:
            return _no_link()
        by = (await desk_of(context)).actor.id
        return _kept(
            await sending_units.end_link(
                link,
                reason=input.reason,
                by=by,
                at=context.clock(),
                catalogue_hash=context.catalogue.hash,
            )
        )

    found: Any = await _link(context, input, "endSendingUnitLink", work)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


async def _unit(context: GraphContext) -> Any:
    account = account_of(context)
    return None if account is None else await sending_units.unit_of_account(account)


async def _side(context: GraphContext, link: UUID) -> str | None:
    """Return whether the viewer is the unit or the person of a link; None for everybody else."""
    known = await sending_units.link_by_id(link)
    if known is None:
        return None
    desk = await desk_of(context)
    own = (Target(owners=frozenset({desk.actor.id})),)
    if known.unit.account == account_of(context):
        await require(context, _RECOMMEND, own)
        return "unit"
    if known.applicant == desk.applicant:
        await require(context, _WRITE, own)
        return "person"
    return None


async def _link(
    context: GraphContext, given: Repeatable, operation: str, work: Any, *, personal: bool = False
) -> Any:
    """Do the work once, and return the link as it stands."""
    desk = await desk_of(context)
    with desk.database.use():
        done = await once(context, given, operation, work, personal=personal)
        if isinstance(done, AccessRefusal):
            return done
        return await sending_units.link_by_id(UUID(done["link"]))


def _kept(done: Any) -> Any:
    return done if isinstance(done, AccessRefusal) else {"link": str(done.id)}


def _nobody() -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text("请先填写报考人信息", "register as an applicant first"),
        field="applicant",
    )


def _no_unit() -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text("该账号未登记选送单位", "no sending unit is recorded for this account"),
        field="account",
    )


def _no_link() -> AccessRefusal:
    return AccessRefusal(
        code=AccessCode.NOT_FOUND,
        message=Text("没有这个选送关系", "there is no such link"),
        field="link",
    )


@strawberry.type
class SendingUnitMutations:
    """What sending units and the people whom they send may do."""

    record_sending_unit: SendingUnitPayload | None = mutation(
        _record,
        "accounts.manage",
        description="Record which unit an account acts for (登记选送单位), or correct it.",
    )
    name_sending_unit: SentPersonPayload | None = mutation(
        _name,
        _WRITE,
        description="Name the unit that sends the viewer (指明选送单位); the unit has to confirm.",
    )
    register_sent_person: SentPersonPayload | None = mutation(
        _register,
        _RECOMMEND,
        description=(
            "Register somebody whom the viewer's unit sends (登记选送人员); who is registered "
            "already has to confirm first."
        ),
    )
    answer_sending_unit_link: SentPersonPayload | None = mutation(
        _answer,
        _WRITE,
        description="Answer what the other side asked (答复选送关系), as the person or the unit.",
    )
    end_sending_unit_link: SentPersonPayload | None = mutation(
        _end,
        _WRITE,
        description="End that a unit sends a person (解除选送关系), as either; filings stay.",
    )
