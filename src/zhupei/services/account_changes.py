"""Whether an account or a grant was changed by this process: who remembers actors looks them up.

Other processes do not hear of it; what is remembered of an actor is therefore forgotten after a
second anyway (`zhupei.services.remembered_actors`).
"""

from __future__ import annotations

from threading import Lock

__all__ = ["account_changed", "changes_of_accounts"]


class _Counter:
    """Counts; one for a process, as all its threads and databases may be meant."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def advance(self) -> None:
        with self._lock:
            self.count += 1


_CHANGES = _Counter()


def account_changed() -> None:
    """Note that what an actor is, or may do, changed; called when the change is written.

    Inside a transaction it is called again after it, as others read the state of before until then.
    """
    _CHANGES.advance()


def changes_of_accounts() -> int:
    """Return how often that was noted."""
    return _CHANGES.count
