"""How endpoints stand, for whoever runs the installation, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from tortoise import connections

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import WebhookRow
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Text
from zhupei.domain.webhooks import Webhook, WebhookState
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.webhooks.managing import Replay, replay_deliveries
from zhupei.services.webhooks.rows import webhook_of, webhooks_of

__all__ = [
    "EndpointStatus",
    "endpoint_status",
    "host_of",
    "is_endpoint",
    "replay_to",
    "switch_endpoint",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatus:
    """An endpoint, and how many of its deliveries stand where."""

    webhook: Webhook
    host: str
    counts: Mapping[str, int]


def host_of(url: str) -> str:
    """Return the host of an address; nothing of its path, which may hold a token."""
    return urlsplit(url).hostname or ""


async def endpoint_status(now: datetime) -> tuple[EndpointStatus, ...]:
    """Return every endpoint that was not deleted, in the order of their making."""
    rows = await WebhookRow.filter(deleted_at=None).order_by("id")
    counted = await connections.get("default").execute_query_dict(
        "SELECT webhook_id, state, count(*) AS number FROM webhook_delivery "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    counts: dict[UUID, dict[str, int]] = {}
    for row in counted:
        counts.setdefault(row["webhook_id"], {})[row["state"]] = int(row["number"])
    return tuple(
        EndpointStatus(webhook=each, host=host_of(each.url), counts=counts.get(each.id, {}))
        for each in await webhooks_of(rows, now)
    )


async def replay_to(
    catalogue: Catalogue,
    dispatcher: Dispatcher,
    webhook: UUID | None,
    replay: Replay,
    at: datetime,
) -> int | Refusal:
    """Queue events again for one endpoint, or for all that are active; return how many.

    Refused where somebody would not be sent what was asked for: one is not active, none is, or has
    too much of it. What was queued for others stays queued, and the refusal tells how much.
    """
    if webhook is not None:
        found = await webhook_of(webhook, at)
        if found is None:
            return Refusal(
                code=RefusalCode.NOT_FOUND,
                message=Text(f"没有事件订阅 {webhook}", f"there is no endpoint {webhook}"),
            )
        if found.state is not WebhookState.ACTIVE:
            return _inactive(
                f"事件订阅未启用，请先用 zhupei events enable {webhook} 启用",
                "the webhook is not active: switch it on with "
                f"zhupei events enable {webhook} first",
            )
        return await replay_deliveries(catalogue, dispatcher, webhook, replay, at)
    active = WebhookRow.filter(state=WebhookState.ACTIVE.value, deleted_at=None)
    rows = await active.order_by("id")
    if not rows:
        return _inactive(
            "没有启用的事件订阅，请先用 zhupei events enable 启用",
            "no webhook is active: switch one on with zhupei events enable first",
        )
    queued = 0
    refused: dict[UUID, Refusal] = {}
    for row in rows:
        answer = await replay_deliveries(catalogue, dispatcher, row.id, replay, at)
        if isinstance(answer, Refusal):
            # One that was deleted since they were listed is no endpoint any more.
            if answer.code is not RefusalCode.NOT_FOUND:
                refused[row.id] = answer
        else:
            queued += answer
    return _refused(queued, refused, len(rows)) if refused else queued


def _refused(queued: int, refused: Mapping[UUID, Refusal], asked: int) -> Refusal:
    """Return the refusals as one, with what was queued for others meanwhile, which stays queued."""
    first = next(iter(refused.values()))
    messages = {each.message for each in refused.values()}
    if len(messages) == 1 and len(refused) == asked:
        return first
    each_of_them = refused.items()
    zh = (f"事件订阅 {webhook} 未重放：{each.message.zh}" for webhook, each in each_of_them)
    en = (f"nothing for {webhook}: {each.message.en}" for webhook, each in each_of_them)
    return replace(
        first,
        message=Text(
            "\n".join((f"已加入 {queued} 条推送", *zh)),
            "\n".join((f"queued {queued} deliveries", *en)),
        ),
    )


def _inactive(zh: str, en: str) -> Refusal:
    return Refusal(code=RefusalCode.NOT_ALLOWED_IN_STATE, message=Text(zh, en), field="webhook")


async def is_endpoint(webhook: UUID) -> bool:
    """Whether there is such an endpoint, or was: the log of one that was deleted stays."""
    return bool(await WebhookRow.filter(id=webhook).exists())


async def switch_endpoint(webhook: UUID, *, active: bool, at: datetime) -> bool:
    """Switch an endpoint on with nothing held against it, or pause it; False for no such one."""
    query = WebhookRow.filter(id=webhook, deleted_at=None)
    if not active:
        return bool(await query.update(state=WebhookState.PAUSED.value, updated_at=at))
    return bool(
        await query.update(
            state=WebhookState.ACTIVE.value, state_reason=None, failing_since=None, updated_at=at
        )
    )
