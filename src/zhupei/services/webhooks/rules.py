"""What an installation decides about webhooks: where they may go, for how long they are tried."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import timedelta

from zhupei.domain.webhooks import SCHEMA_PATH
from zhupei.security.outbound import Network, OutboundRules, Resolve, system_resolver

__all__ = ["WebhookRules", "webhook_rules"]

_NAMELESS = "urn:zhupei"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """How events are delivered.

    ``source`` names the installation in every event; ``schema`` is the address of their schema.
    A delivery is tried for ``tried_for``, then it is dead. ``at_once`` deliveries are under way in
    one process, ``to_one`` of them to one endpoint.
    """

    source: str = _NAMELESS
    schema: str = f"{_NAMELESS}:event-data:1"
    outbound: OutboundRules = field(default_factory=OutboundRules)
    tried_for: timedelta = timedelta(days=3)
    at_once: int = 64
    to_one: int = 4
    resolve: Resolve = system_resolver
    context: ssl.SSLContext | None = None
    """Which certificates are trusted; None is those of the operating system."""


def webhook_rules(
    *,
    public_url: str | None,
    networks: tuple[Network, ...],
    ports: tuple[int, ...],
    plain: bool,
    seconds: int,
    days: int,
) -> WebhookRules:
    """Return the rules that settings make; without a public address events are from a URN."""
    return WebhookRules(
        source=_NAMELESS if public_url is None else public_url,
        schema=f"{_NAMELESS}:event-data:1" if public_url is None else public_url + SCHEMA_PATH,
        outbound=OutboundRules(
            allowed=networks, ports=frozenset(ports), plain=plain, seconds=seconds
        ),
        tried_for=timedelta(days=days),
    )
