"""Mutations of integrators: their webhooks, made, changed, tried, replayed and deleted."""

from datetime import datetime, timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.domain.webhooks import Webhook as DomainWebhook
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import account_of
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import (
    LONGEST_LIST,
    Repeatable,
    mutation,
    once,
    too_many,
)
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.graphql.types.webhooks import Webhook, WebhookDelivery
from zhupei.graphql.webhook_access import held_somewhere
from zhupei.security.crypto import Keyring
from zhupei.services.webhooks import managing
from zhupei.services.webhooks.managing import Replay, WebhookChange
from zhupei.services.webhooks.outcomes import delivery_of
from zhupei.services.webhooks.rows import opened_secret, owned_webhook
from zhupei.services.webhooks.rules import WebhookRules

__all__ = ["DeletedWebhook", "IssuedWebhook", "ReplayedDeliveries", "WebhookMutations"]

_MANAGE = "webhooks.manage"
_HOURS = int(managing.OVERLAP.total_seconds() // 3600)


@strawberry.type(
    description="A webhook and the secret that signs from now on (事件订阅与签名密钥)."
)
class IssuedWebhook:
    """A webhook with its secret."""

    webhook: Webhook = strawberry.field(description="The webhook (事件订阅).")
    secret: str = strawberry.field(
        description=(
            "The secret in the form of Standard Webhooks, `whsec_…`: shown here and nowhere else "
            "(签名密钥，仅显示一次)."
        )
    )


@strawberry.type(description="How many events were queued again (重放结果).")
class ReplayedDeliveries:
    """A replay."""

    webhook: Webhook = strawberry.field(description="The webhook (事件订阅).")
    queued: int = strawberry.field(description="How many events are sent again (重放数量).")


@strawberry.type(description="That a webhook is gone (已删除的事件订阅).")
class DeletedWebhook:
    """A deleted webhook."""

    id: strawberry.ID = strawberry.field(description="What identified it (标识).")


WebhookPayload: TypeAlias = Annotated[
    Webhook | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("WebhookPayload", description="The webhook as it is now, or why not (订阅)."),
]
IssuedWebhookPayload: TypeAlias = Annotated[
    IssuedWebhook | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union(
        "IssuedWebhookPayload", description="The webhook and its secret, or why not (订阅与密钥)."
    ),
]
DeletedWebhookPayload: TypeAlias = Annotated[
    DeletedWebhook | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("DeletedWebhookPayload", description="What was deleted, or why not (删除)."),
]
WebhookDeliveryPayload: TypeAlias = Annotated[
    WebhookDelivery | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("WebhookDeliveryPayload", description="The delivery, or why not (推送)."),
]
ReplayedDeliveriesPayload: TypeAlias = Annotated[
    ReplayedDeliveries | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union(
        "ReplayedDeliveriesPayload", description="What is sent again, or why not (重放结果)."
    ),
]


def _left_out(description: str) -> Any:
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="What making a webhook needs (新建事件订阅).")
class CreateWebhookInput(Repeatable):
    """Making."""

    url: str = strawberry.field(description="Where events are sent: https, public (接收网址).")
    event_types: list[str] = strawberry.field(
        description="Types, `zhupei.application.*` for all of a noun, `*` for all (事件类型)."
    )
    name: str | None = _left_out("A name of one's own choice (名称).")
    base: str | None = _left_out("Code of a base: its events only (限定培训基地).")
    jurisdiction: str | None = _left_out("Code of a jurisdiction: its events only (限定辖区).")
    contact: str | None = _left_out(
        "E-mail address that is told when the webhook is disabled (联系邮箱)."
    )


@strawberry.input(description="Which webhook is meant (事件订阅).")
class _WebhookInput(Repeatable):
    """A webhook."""

    webhook: strawberry.ID = strawberry.field(description="Identifier of the webhook (标识).")


@strawberry.input(description="What changing a webhook needs (更改事件订阅).")
class UpdateWebhookInput(_WebhookInput):
    """Changing."""

    url: str | None = _left_out("Where events are sent (接收网址).")
    event_types: list[str] | None = _left_out("Which events are sent (事件类型).")
    name: str | None = _left_out("A name of one's own choice (名称).")
    contact: str | None = _left_out("E-mail address to tell when it is disabled (联系邮箱).")
    active: bool | None = _left_out(
        "False pauses it; true switches it on, also after it was disabled (是否启用). What "
        "happened meanwhile is sent with replayDeliveries."
    )
    revision: int | None = _left_out("The revision that was read (版本号).")


@strawberry.input(description="What a new secret needs (更换签名密钥).")
class RotateWebhookSecretInput(_WebhookInput):
    """Rotating."""

    overlap_hours: int | None = _left_out(
        f"Hours for which the former secret signs as well (重叠小时数); {_HOURS} by default."
    )


@strawberry.input(description="What a test event needs (发送测试事件).")
class TestWebhookInput(_WebhookInput):
    """Testing."""

    __test__ = False


@strawberry.input(description="What deleting a webhook needs (删除事件订阅).")
class DeleteWebhookInput(_WebhookInput):
    """Deleting."""


@strawberry.input(description="What is sent again (重放事件): at least one limit has to be named.")
class ReplayDeliveriesInput(_WebhookInput):
    """Replaying."""

    events: list[strawberry.ID] | None = _left_out(
        "These events only (事件标识); none with an empty list."
    )
    since: datetime | None = _left_out("What happened since then (起始时间).")
    until: datetime | None = _left_out("What happened before then (截止时间).")
    dead: bool | None = _left_out("Only what was given up (仅已放弃的).")


def _given(value: Any) -> Any:
    return None if value is UNSET else value


def _keyring(context: GraphContext) -> Keyring:
    if context.keyring is None:
        raise RuntimeError("secrets need the keyring")
    return context.keyring()


def _rules(context: GraphContext) -> WebhookRules:
    return context.webhooks or WebhookRules()


def _change(given: CreateWebhookInput | UpdateWebhookInput) -> WebhookChange:
    types = _given(given.event_types)
    return WebhookChange(
        url=_given(given.url),
        name=_given(given.name),
        event_types=None if types is None else tuple(types),
        contact=_given(given.contact),
        active=_given(given.active) if isinstance(given, UpdateWebhookInput) else None,
    )


_NOT_FOUND = Refusal(
    code=RefusalCode.NOT_FOUND,
    message=Text("没有这个事件订阅", "there is no such webhook"),
    field="webhook",
)
_NO_JURISDICTION = Refusal(
    code=RefusalCode.INPUT_INVALID,
    message=Text("没有这个辖区", "there is no such jurisdiction"),
    field="jurisdiction",
)
_NO_ACCOUNT = Refusal(
    code=RefusalCode.NOT_PERMITTED,
    message=Text(
        "只有本系统的账号可以订阅事件", "only accounts of this installation have webhooks"
    ),
)


async def _owned(context: GraphContext, key: UUID) -> DomainWebhook | None:
    account = account_of(context)
    return None if account is None else await owned_webhook(account, key, context.clock())


async def _create(info: GraphInfo, input: CreateWebhookInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    base, jurisdiction = _given(input.base), _given(input.jurisdiction)
    if base is None and jurisdiction is None:
        await held_somewhere(context, _MANAGE)
    else:
        await require(context, _MANAGE, (Target(base=base, jurisdiction=jurisdiction),))
    if jurisdiction is not None and jurisdiction not in context.catalogue.jurisdictions:
        return _NO_JURISDICTION
    account = account_of(context)
    if account is None or context.database is None:
        return _NO_ACCOUNT

    async def work() -> Any:
        made = await managing.create_webhook(
            _keyring(context),
            _rules(context).outbound,
            _change(input),
            account=account,
            base=base,
            jurisdiction=jurisdiction,
            at=context.clock(),
        )
        return made if isinstance(made, Refusal) else [str(each) for each in made]

    with context.database.use():
        answer = await once(context, input, "createWebhook", work, personal=True)
        return await _issued(context, answer)


async def _issued(context: GraphContext, answer: Any) -> Any:
    """Return the webhook with its secret; a repeated request gets the same one while it lives."""
    if not isinstance(answer, list):
        return answer
    webhook, secret = (UUID(each) for each in answer)
    found: Any = await _owned(context, webhook)
    text = await opened_secret(_keyring(context), secret)
    if found is None or text is None:
        return _NOT_FOUND
    return IssuedWebhook(webhook=found, secret=text)


async def _with(info: GraphInfo, given: Any, operation: str, do: Any, *, personal: bool) -> Any:
    """Do something with a webhook of the actor's own, once."""
    context = info.context
    await held_somewhere(context, _MANAGE)
    key = read_id(given.webhook, "webhook", context)
    if context.database is None:
        raise RuntimeError("webhooks need the database")

    async def work() -> Any:
        return _NOT_FOUND if await _owned(context, key) is None else await do(context, key)

    with context.database.use():
        return await once(context, given, operation, work, personal=personal)


async def _shown(context: GraphContext, answer: Any) -> Any:
    if not isinstance(answer, str) or context.database is None:
        return answer
    with context.database.use():
        return await _owned(context, UUID(answer)) or _NOT_FOUND


async def _update(info: GraphInfo, input: UpdateWebhookInput) -> Any:  # noqa: A002 - the argument's name in the graph
    async def do(context: GraphContext, key: UUID) -> Any:
        refusal = await managing.change_webhook(
            _keyring(context),
            _rules(context).outbound,
            key,
            _change(input),
            revision=_given(input.revision),
            at=context.clock(),
        )
        return refusal or str(key)

    answer = await _with(info, input, "updateWebhook", do, personal=True)
    return await _shown(info.context, answer)


async def _rotate(info: GraphInfo, input: RotateWebhookSecretInput) -> Any:  # noqa: A002 - the argument's name in the graph
    async def do(context: GraphContext, key: UUID) -> Any:
        hours = _given(input.overlap_hours)
        made = await managing.rotate_secret(
            _keyring(context),
            key,
            overlap=managing.OVERLAP if hours is None else timedelta(hours=hours),
            at=context.clock(),
        )
        return made if isinstance(made, Refusal) else [str(key), str(made)]

    answer = await _with(info, input, "rotateWebhookSecret", do, personal=False)
    if info.context.database is None:
        return answer
    with info.context.database.use():
        return await _issued(info.context, answer)


async def _test(info: GraphInfo, input: TestWebhookInput) -> Any:  # noqa: A002 - the argument's name in the graph
    async def do(context: GraphContext, key: UUID) -> Any:
        actor = "" if context.actor is None else context.actor.id
        made = await managing.try_webhook(key, actor=actor, at=context.clock())
        return made if isinstance(made, Refusal) else str(made)

    answer = await _with(info, input, "testWebhook", do, personal=False)
    if not isinstance(answer, str) or info.context.database is None:
        return answer
    with info.context.database.use():
        return await delivery_of(UUID(answer)) or _NOT_FOUND


async def _delete(info: GraphInfo, input: DeleteWebhookInput) -> Any:  # noqa: A002 - the argument's name in the graph
    async def do(context: GraphContext, key: UUID) -> Any:
        await managing.delete_webhook(key, context.clock())
        return str(key)

    answer = await _with(info, input, "deleteWebhook", do, personal=False)
    return DeletedWebhook(id=strawberry.ID(answer)) if isinstance(answer, str) else answer


def _ids(given: list[strawberry.ID], context: GraphContext) -> list[UUID]:
    if len(given) > LONGEST_LIST:
        raise too_many("events", context)
    return [read_id(each, f"events.{index}", context) for index, each in enumerate(given)]


async def _replay(info: GraphInfo, input: ReplayDeliveriesInput) -> Any:  # noqa: A002 - the argument's name in the graph
    async def do(context: GraphContext, key: UUID) -> Any:
        if context.dispatcher is None:
            raise RuntimeError("events need the loaded plugins")
        events = _given(input.events)
        replay = Replay(
            events=None if events is None else _ids(events, context),
            since=_given(input.since),
            until=_given(input.until),
            dead=bool(_given(input.dead)),
        )
        made = await managing.replay_deliveries(
            context.catalogue, context.dispatcher, key, replay, context.clock()
        )
        return made if isinstance(made, Refusal) else [str(key), made]

    answer = await _with(info, input, "replayDeliveries", do, personal=False)
    if not isinstance(answer, list):
        return answer
    webhook: Any = await _shown(info.context, answer[0])
    if isinstance(webhook, Refusal):
        return webhook
    return ReplayedDeliveries(webhook=webhook, queued=answer[1])


@strawberry.type
class WebhookMutations:
    """What an integrator may do with webhooks."""

    create_webhook: IssuedWebhookPayload | None = mutation(
        _create,
        _MANAGE,
        description=(
            "Have events sent to an address (新建事件订阅). It may be limited to a base or to a "
            "jurisdiction; it never receives more than `events.read` reaches."
        ),
    )
    update_webhook: WebhookPayload | None = mutation(
        _update,
        _MANAGE,
        description="Change a webhook, pause it, or switch it on again (更改事件订阅).",
    )
    rotate_webhook_secret: IssuedWebhookPayload | None = mutation(
        _rotate,
        _MANAGE,
        description="Give a webhook a new secret, beside which the former one signs for a while "
        "(更换签名密钥).",
    )
    test_webhook: WebhookDeliveryPayload | None = mutation(
        _test,
        _MANAGE,
        description="Send the event `zhupei.webhook.test` to a webhook (发送测试事件).",
    )
    replay_deliveries: ReplayedDeliveriesPayload | None = mutation(
        _replay,
        _MANAGE,
        description=(
            "Send events to a webhook again, also those of the time when it was paused, disabled "
            "or not made yet (重放事件)."
        ),
    )
    delete_webhook: DeletedWebhookPayload | None = mutation(
        _delete,
        _MANAGE,
        description="Delete a webhook: its secrets are destroyed, its log stays (删除事件订阅).",
    )
