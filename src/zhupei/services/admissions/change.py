"""Changes: what one use case makes of one case, decided and not yet committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.domain.applications import Submission
from zhupei.domain.text import Text
from zhupei.services.admissions.refusals import Refusal
from zhupei.services.admissions.situations import Situation
from zhupei.services.idempotency import request_hash
from zhupei.services.state_records import StateChange

__all__ = ["Also", "Bulk", "Change", "Extra", "Keyed", "Recheck", "Repeat", "repeat_of"]

Extra = Callable[[BaseDBAsyncClient], Awaitable[None]]
Recheck = Callable[[], Awaitable[Refusal | None]]
Also = Callable[[AdmissionCase], Awaitable[Refusal | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one case: what it becomes, by what, and why; not yet committed.

    ``before`` is None for a new case. ``steps`` are those that it completes; plugins judge each
    by ``submission``. ``recheck`` is asked again under the lock of the applicant; ``also`` writes
    what belongs to the change in the same transaction, and may still refuse it. ``states`` tell
    what else changes state with it; ``also`` may add to them. ``notes`` are for whoever does it.
    """

    action: Action
    before: AdmissionCase | None
    after: AdmissionCase
    at: Situation
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    steps: tuple[AdmissionStep, ...] = ()
    submission: Submission | None = None
    recheck: Recheck | None = None
    also: Also | None = None
    states: Sequence[StateChange] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """The bulk step that changes belong to."""

    id: UUID
    action: Action
    details: Mapping[str, Any]
    repeat: Repeat | None = None
    dry_run: bool = False


class Keyed(Protocol):
    """The input of a use case that may be repeated."""

    @property
    def idempotency_key(self) -> str | None:
        """The key of the client's own making."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An idempotency key, and the digest of the request that it belongs to."""

    key: str
    request: str


def repeat_of(given: Keyed) -> Repeat | None:
    """Return the key of a request with the digest of all that it asks, None without a key."""
    key = given.idempotency_key
    if key is None:
        return None
    asked: str | None = getattr(given, "asked", None)
    return Repeat(key, asked or request_hash(type(given).__name__, given))
