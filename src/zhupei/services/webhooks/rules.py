"""What an installation decides about webhooks: where they may go, for how long they are tried."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import timedelta

from zhupei.security.outbound import OutboundRules, Resolve, system_resolver

__all__ = ["WebhookRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """How events are delivered.

    ``source`` names the installation in every event; ``schema`` is the address of their schema.
    A delivery is tried for ``tried_for``, then it is dead. ``at_once`` deliveries are under way in
    one process, ``to_one`` of them to one endpoint.
    """

    source: str = "urn:zhupei"
    schema: str = "urn:zhupei:event-data:1"
    outbound: OutboundRules = field(default_factory=OutboundRules)
    tried_for: timedelta = timedelta(days=3)
    at_once: int = 64
    to_one: int = 4
    resolve: Resolve = system_resolver
    context: ssl.SSLContext | None = None
    """Which certificates are trusted; None is those of the operating system."""
