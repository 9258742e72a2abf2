"""A workplace whose events go to receivers on this machine, and integrators to receive them."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from admissions_office import Office
from job_place import KEYRING, place_of
from webhook_receiver import Received, Receiver, local_rules
from zhupei.db.identifiers import uuid7
from zhupei.db.models import Account, OutboxRow, RoleGrant
from zhupei.domain.events import Event
from zhupei.jobs import Workplace
from zhupei.security.outbound import OutboundRules
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.webhooks.managing import WebhookChange, create_webhook
from zhupei.services.webhooks.rules import WebhookRules

__all__ = ["delivering", "happened", "ids_of", "integrator", "opened", "webhook"]


def delivering(office: Office, *receivers: Receiver, **changes: Any) -> Workplace:
    """Return a workplace that delivers to receivers."""
    values: dict[str, Any] = {"outbound": local_rules(*receivers), **changes}
    return dataclasses.replace(place_of(office), webhooks=WebhookRules(**values))


async def integrator(
    office: Office,
    login: str = "hook",
    *,
    base: str | None = "sample-hospital",
    jurisdiction: str | None = None,
    scopes: Collection[str] = ("events.read",),
) -> UUID:
    """Make a service account with the role; return its id."""
    with office.database.use():
        account = await Account.create(
            kind="service",
            login=login,
            scopes=sorted(scopes),
            tokens_valid_from=office.now,
            created_at=office.now,
        )
        await RoleGrant.create(
            account=account,
            role="integrator",
            base_code=base,
            jurisdiction_code=jurisdiction,
            granted_by="a test",
            granted_at=office.now,
        )
        return account.id


async def webhook(
    office: Office,
    account: UUID,
    there: Receiver,
    *types: str,
    outbound: OutboundRules | None = None,
    **changes: Any,
) -> UUID:
    """Make an endpoint of an account at a receiver; return its id."""
    with office.database.use():
        made = await create_webhook(
            KEYRING,
            outbound or local_rules(there),
            WebhookChange(
                url=there.url, event_types=types or ("*",), contact=changes.pop("contact", None)
            ),
            account=account,
            base=changes.get("base"),
            jurisdiction=changes.get("jurisdiction"),
            at=office.now - timedelta(seconds=1),
        )
        assert isinstance(made, tuple), made
        return made[0]


async def happened(office: Office, *names: str, **values: Any) -> list[UUID]:
    """Write events, and return their ids in their order."""
    base: dict[str, Any] = {
        "at": office.now,
        "subject": subject_of("Round", "r"),
        "base": "sample-hospital",
        "program": "sample-hospital-residency-2026",
        **values,
    }
    events = [Event(id=uuid7(), name=name, **base) for name in names]
    with office.database.use():
        async with in_transaction() as connection:
            await record_events(connection, events)
        assert await OutboxRow.filter(id__in=[each.id for each in events]).count() == len(names)
    return [each.id for each in events]


def ids_of(received: Collection[Received]) -> list[UUID]:
    """Return which events were received, as often as they were."""
    return [UUID(each.headers["webhook-id"]) for each in received]


def opened(secret: str) -> str:
    """Return the part of a secret that tests must not find anywhere."""
    return secret.removeprefix("whsec_")
