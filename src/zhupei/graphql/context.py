"""What a request brings along: one catalogue for all of it, the dispatcher, language and clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Language

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue
    from zhupei.db.connection import Database
    from zhupei.domain.actors import Actor
    from zhupei.graphql.federation.tracing import Tracer
    from zhupei.hooks.dispatch import Dispatcher
    from zhupei.security.crypto import Keyring
    from zhupei.security.signing_keys import SigningKeys
    from zhupei.services.applicant_files import FileStore
    from zhupei.services.changes import ChangeFeed
    from zhupei.services.webhooks.rules import WebhookRules

__all__ = ["GraphContext", "china_now", "language_of"]

_LONGEST_KEPT = 200


def china_now() -> datetime:
    """Return the present instant in +08:00."""
    return datetime.now(CHINA_TIME)


@dataclass(slots=True, kw_only=True)
class GraphContext:
    """The context of one operation.

    ``catalogue`` is taken once, so that a reload in the middle never mixes two. ``language`` is
    what texts are given in unless a field says otherwise; ``clock`` answers what "now" is where
    a query gives no ``at``. ``actor`` is who asks, None for the public; ``keyring`` opens the
    keys of personal data and ``signing_keys`` those of published lists, None where there are
    none. ``database`` holds people and processes. ``kept`` holds what one operation computes
    once, by key; each mutation begins with it empty.
    ``describes`` says whether gateways are given the text of the subgraph; ``tracer``, for one that
    asks, tells how long fields took.
    ``changes`` tells subscriptions what is committed, in all processes; ``anew`` makes the context
    again as the same request would have it now, or raises `zhupei.graphql.errors.SessionEnded`.
    ``address`` is what the request comes from, empty where that is not known.
    ``files`` is where applicants' files are kept, None where none are.
    ``held_until`` is until when answers of hooks hold that went into the operation, in seconds of
    `time.monotonic`; 0 where one has to be asked anew each time.
    ``webhooks`` says where events may be delivered, None for nowhere but public addresses.
    """

    catalogue: Catalogue
    dispatcher: Dispatcher | None = None
    language: Language = Language.ZH
    clock: Callable[[], datetime] = china_now
    actor: Actor | None = None
    keyring: Callable[[], Keyring] | None = None
    signing_keys: Callable[[], SigningKeys] | None = None
    database: Database | None = None
    changes: ChangeFeed | None = None
    anew: Callable[[], Awaitable[GraphContext]] | None = None
    files: FileStore | None = None
    webhooks: WebhookRules | None = None
    address: str = ""
    describes: bool = True
    tracer: Tracer | None = None
    held_until: float = inf
    kept: dict[Any, Any] = field(default_factory=dict)

    async def renew(self) -> None:
        """Become what the context would be if the operation began now; nothing is kept."""
        self.kept.clear()
        if self.anew is not None:
            fresh = await self.anew()
            self.catalogue, self.dispatcher = fresh.catalogue, fresh.dispatcher
            self.actor = fresh.actor


def language_of(accept_language: str | None) -> Language:
    """Return the language that an ``Accept-Language`` header prefers, Chinese unless it says so.

    Ranges are weighed by their ``q`` (RFC 9110, 12.5.4); of equal ones the first wins, ``*``
    and languages that we do not speak are passed over, ``q=0`` refuses.
    """
    if not accept_language:
        return Language.ZH
    # Few texts come again and again; a long one is nobody's browser, and not worth its room.
    read = _preferred if len(accept_language) <= _LONGEST_KEPT else _preferred.__wrapped__
    return read(accept_language)


@lru_cache(maxsize=512)
def _preferred(accept_language: str) -> Language:
    best, weight = Language.ZH, 0.0
    for part in accept_language.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        language = next((known for known in Language if name.split("-")[0] == known.value), None)
        if language is None:
            continue
        given = _weight(parameters)
        if given > weight:
            best, weight = language, given
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
