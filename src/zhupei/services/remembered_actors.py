"""Actors by their tokens, remembered for a moment: who asks often is not looked up each time.

What is remembered is little and short: never the token, only its digest; of at most some thousand
tokens; a verified token no longer than it is valid and while its issuer's keys are the same; and
the actor with its roles for a second, or until this process changes any account. So a role that is
taken back, and an account that is locked, are heeded at once in the process that does it and
within a second in all others. What is refused is not remembered.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from zhupei.domain.actors import Actor
from zhupei.security.tokens import VerifiedToken
from zhupei.services.account_changes import changes_of_accounts

__all__ = ["REMEMBERED_SECONDS", "RememberedActors", "Seen", "digest_of"]

REMEMBERED_SECONDS = 1.0
"""How long the roles of an actor may be those of before, in another process."""

_MOST = 4096


@dataclass(slots=True)
class Seen:
    """What is known of one token."""

    verified: VerifiedToken
    keys: object
    """What tells the issuer's keys from others; None where nothing does."""
    verified_at: datetime
    actor: Actor | None = None
    changes: int = -1
    until: float = 0.0


class RememberedActors:
    """What one process remembers.

    Args:
        now: returns aware instants, by which tokens are valid.
        elapsed: returns seconds that only grow, by which actors are forgotten.

    """

    def __init__(
        self, *, now: Callable[[], datetime], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._now, self._elapsed = now, elapsed
        self._seen: OrderedDict[bytes, Seen] = OrderedDict()

    def actor(self, token: str) -> Actor | None:
        """Return the actor of a token that was looked up a moment ago."""
        return self.actor_of(digest_of(token))

    def actor_of(self, digest: bytes) -> Actor | None:
        """Return the actor of a token with this digest, as `actor` does."""
        seen = self._valid(digest)
        if seen is None or seen.changes != changes_of_accounts() or seen.until <= self._elapsed():
            return None
        return seen.actor

    def verified(self, token: str, keys: Callable[[str], object]) -> VerifiedToken | None:
        """Return what a token says that was verified before; ``keys`` are the issuer's now."""
        seen = self._valid(digest_of(token))
        if seen is None or seen.keys is None or seen.keys != keys(seen.verified.issuer):
            return None
        return seen.verified

    def before(self, token: str) -> Actor | None:
        """Return whose token it was when it was looked up last, however long ago."""
        seen = self._valid(digest_of(token))
        return None if seen is None else seen.actor

    def keep(
        self, token: str, verified: VerifiedToken, keys: object, actor: Actor, changes: int
    ) -> None:
        """Remember a token and its actor, as they were when accounts had changed so often."""
        digest = digest_of(token)
        before = self._seen.get(digest)
        seen = Seen(verified, keys, self._now(), None if before is None else before.actor)
        self._seen[digest] = seen
        self._seen.move_to_end(digest)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        self._note(seen, actor, changes)

    def renew(self, token: str, actor: Actor, changes: int) -> Actor:
        """Remember, and return, the actor of a token whose keys were looked at for `verified`."""
        digest = digest_of(token)
        seen = self._seen.get(digest)
        if seen is None:
            return actor
        self._seen.move_to_end(digest)
        return self._note(seen, actor, changes)

    def _note(self, seen: Seen, actor: Actor, changes: int) -> Actor:
        # As long as it is the same it stays the same object: what is known of it is found at once.
        if seen.actor is None or seen.actor != actor:
            seen.actor = actor
        seen.changes, seen.until = changes, self._elapsed() + REMEMBERED_SECONDS
        return seen.actor

    def _valid(self, digest: bytes) -> Seen | None:
        seen = self._seen.get(digest)
        # A clock that was put back may make a token one of the future.
        if seen is None or not seen.verified_at <= self._now() < seen.verified.expires_at:
            return None
        return seen


def digest_of(token: str) -> bytes:
    """Return what a token is remembered by."""
    return sha256(token.encode()).digest()
