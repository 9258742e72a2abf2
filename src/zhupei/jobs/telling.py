"""Telling events: notices are made of them and delivered."""

from __future__ import annotations

from collections.abc import Mapping

from zhupei.jobs.workplace import Workplace
from zhupei.services.notices.delivery import deliver_notices
from zhupei.services.notices.preparing import make_notices

__all__ = ["tell_events"]


async def tell_events(place: Workplace) -> Mapping[str, int]:
    """Make notices of all events that wait, deliver what is due; return how many ended how."""
    with place.database.use():
        await make_notices(place.clock())
        return await deliver_notices(
            place.mail, lambda: place.loaded().catalogue, place.keyring, place.clock
        )
