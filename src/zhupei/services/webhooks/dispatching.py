"""Dispatching: for each event of the outbox, its deliveries to the endpoints that asked for it.

An endpoint receives what its account may be told of at this moment: the permission
``events.read`` is asked for every event, so that a grant that was taken back, or an account that
was locked, ends deliveries at once. What a person never handed in is told to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from tortoise.transactions import in_transaction

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.identifiers import uuid7
from zhupei.db.models import (
    Account,
    ApplicationRow,
    OutboxRow,
    RoleGrant,
    WebhookDeliveryRow,
    WebhookRow,
)
from zhupei.domain.actors import Actor, ActorKind, Grant
from zhupei.domain.permissions import Places, Target
from zhupei.domain.webhooks import TEST_EVENT, DeliveryState, WebhookState, matches
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.outbox import id_in
from zhupei.services.permissions import Allowed, allowed

__all__ = ["READ_EVENTS", "Reader", "dispatch_events", "told_events", "within_limits"]

READ_EVENTS = "events.read"
_AT_A_TIME = 200
_DRAFT = "application.draft"


async def dispatch_events(catalogue: Catalogue, dispatcher: Dispatcher, now: datetime) -> int:
    """Make the deliveries of all events that have none yet, and return how many were made.

    Several may do so at once: each takes events that no other has taken. An event and its
    deliveries are marked in one transaction: a worker that is killed leaves both undone.
    """
    made = 0
    while True:
        async with in_transaction():
            events = (
                await OutboxRow.filter(dispatched_at=None)
                .order_by("id")
                .limit(_AT_A_TIME)
                .select_for_update(skip_locked=True)
            )
            if not events:
                return made
            webhooks = await WebhookRow.filter(
                state=WebhookState.ACTIVE.value, deleted_at=None
            ).order_by("id")
            deliveries = []
            if webhooks:
                reader = await Reader.of(webhooks, catalogue, dispatcher)
                told = await told_events(events)
                deliveries = [
                    _delivery(webhook, event, now)
                    for event in events
                    for webhook in webhooks
                    if event.at >= webhook.created_at and await reader.wants(webhook, event, told)
                ]
            await WebhookDeliveryRow.bulk_create(deliveries, ignore_conflicts=True)
            await OutboxRow.filter(id__in=[each.id for each in events]).update(dispatched_at=now)
            made += len(deliveries)


def _delivery(webhook: WebhookRow, event: OutboxRow, now: datetime) -> WebhookDeliveryRow:
    return WebhookDeliveryRow(
        id=uuid7(),
        webhook_id=webhook.id,
        event_id=event.id,
        state=DeliveryState.WAITING.value,
        attempts=0,
        attempted=0,
        queued_at=now,
        next_attempt_at=now,
    )


async def told_events(events: Iterable[OutboxRow]) -> Collection[UUID]:
    """Return the ids of those events that are told to others than the person they are about.

    What happens to an application before it is handed in is the applicant's alone.
    """
    events = tuple(events)
    drafts = {event.id for event in events if event.name == _DRAFT}
    about = {event.id: (id_in(event.subject, "Application"), event.at) for event in events}
    rows = await ApplicationRow.filter(
        id__in=[application for application, _ in about.values() if application is not None]
    ).values_list("id", "submitted_at")
    submitted: dict[Any, Any] = dict(cast("Any", rows))
    return {
        event
        for event, (application, at) in about.items()
        if application is None
        or (
            event not in drafts
            and submitted.get(application) is not None
            and at >= submitted[application]
        )
    }


def within_limits(
    base: str | None, jurisdiction: str | None, target: Target, places: Places
) -> bool:
    """Return whether an endpoint's own limit lets something of ``target`` pass."""
    if base is not None:
        return target.base == base
    return jurisdiction is None or jurisdiction in places.above(target)


class Reader:
    """Decides what endpoints may be told; asks for each account and place once."""

    def __init__(
        self, actors: Mapping[UUID, Actor], catalogue: Catalogue, dispatcher: Dispatcher
    ) -> None:
        self._actors, self._catalogue, self._dispatcher = actors, catalogue, dispatcher
        self._places = Places(catalogue.bases, catalogue.jurisdictions)
        self._known: dict[tuple[UUID, Target], bool] = {}
        self._owners: dict[UUID, UUID | None] = {}

    @classmethod
    async def of(
        cls, webhooks: Sequence[WebhookRow], catalogue: Catalogue, dispatcher: Dispatcher
    ) -> Reader:
        """Read whose the endpoints are and what they hold, in two statements."""
        ids = {_account(webhook) for webhook in webhooks}
        grants: dict[UUID, set[Grant]] = {}
        for row in await RoleGrant.filter(account_id__in=list(ids), revoked_at=None):
            grants.setdefault(cast("Any", row).account_id, set()).add(
                Grant(row.role, row.base_code, row.jurisdiction_code, row.specialty_code)
            )
        actors = {
            account.id: Actor(
                id=str(account.id),
                kind=ActorKind(account.kind),
                grants=frozenset(grants.get(account.id, ())),
                scopes=None if account.scopes is None else frozenset(account.scopes),
            )
            for account in await Account.filter(id__in=list(ids), disabled_at=None)
        }
        return cls(actors, catalogue, dispatcher)

    async def wants(self, webhook: WebhookRow, event: OutboxRow, told: Collection[UUID]) -> bool:
        """Return whether the endpoint asked for an event and may be told of it."""
        if event.name == TEST_EVENT or event.id not in told:
            return False
        if not matches(webhook.event_types, event.name):
            return False
        if (about := id_in(event.subject, "Webhook")) is not None:
            # How a webhook fares is its owner's to know, wherever it is limited to.
            return await self._owner(about) == _account(webhook)
        target = self._target(event)
        return within_limits(
            webhook.base_code, webhook.jurisdiction_code, target, self._places
        ) and await self._may(_account(webhook), target)

    async def _owner(self, webhook: UUID) -> UUID | None:
        if webhook not in self._owners:
            found = await WebhookRow.filter(id=webhook).values_list("account_id", flat=True)
            self._owners[webhook] = cast("UUID", found[0]) if found else None
        return self._owners[webhook]

    def _target(self, event: OutboxRow) -> Target:
        if event.base_code is not None:
            return Target(base=event.base_code)
        program = self._catalogue.programs.get(event.program_code or "")
        return Target(jurisdiction=None if program is None else program.jurisdiction)

    async def _may(self, account: UUID, target: Target) -> bool:
        actor = self._actors.get(account)
        if actor is None:
            return False
        key = account, target
        if key not in self._known:
            answer = await allowed(
                actor,
                READ_EVENTS,
                target.base,
                self._catalogue,
                self._dispatcher,
                jurisdiction=target.jurisdiction,
            )
            self._known[key] = isinstance(answer, Allowed)
        return self._known[key]


def _account(webhook: WebhookRow) -> UUID:
    return cast("UUID", cast("Any", webhook).account_id)
