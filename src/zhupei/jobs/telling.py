"""Telling events: deliveries to webhooks and notices are made of them and delivered."""

from __future__ import annotations

from collections.abc import Mapping

from zhupei.jobs.workplace import Workplace
from zhupei.services.notices.delivery import deliver_notices
from zhupei.services.notices.preparing import make_notices
from zhupei.services.webhooks.dispatching import dispatch_events

__all__ = ["deliver_events", "tell_events"]


async def tell_events(place: Workplace) -> Mapping[str, int]:
    """Make notices of all events that wait, deliver what is due; return how many ended how.

    Deliveries to webhooks are made as well, and the courier is told of them: they do not wait for
    a mail server, nor notices for somebody's endpoint.
    """
    loaded = place.loaded()
    with place.database.use():
        await dispatch_events(loaded.catalogue, loaded.dispatcher, place.clock())
        place.courier.ring()
        await make_notices(place.clock())
        return await deliver_notices(
            place.mail, lambda: place.loaded().catalogue, place.keyring, place.clock
        )


async def deliver_events(place: Workplace) -> Mapping[str, int]:
    """Deliver what is due to webhooks now; return how many attempts ended how."""
    return await place.courier.deliver()
