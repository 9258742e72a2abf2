"""Requests that were read before: what is byte for byte the same asks the same.

Or says the same but for ids that it was given on its way (`zhupei.web.repeated_requests`).

A page that looks for news sends the same bytes every few seconds, with the same token. What they
mean need not be read again: the head, the headers, the JSON of the body, the operation in it. Who
asks and what they may see are found out each time. What was answered may be kept here, too; whether
it still is the answer is for others to say (`zhupei.web.revalidated_answers`). All of it is
forgotten a minute after it was last asked, as there are tokens in it.

Most requests never come again. Of bytes that came once only a hash is remembered, so that what is
worth keeping is not pushed out by what is not.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zhupei.web.negotiation import Accepted
from zhupei.web.operation_requests import OperationRequest
from zhupei.web.repeated_requests import PASSING, is_meaning

__all__ = ["BODY", "READ", "ReadRequest", "ReadRequests"]

BODY = "zhupei.body"
"""In the scope of a request that came whole: its body, which need not be received any more."""
READ = "zhupei.read"
"""In the scope of a request that came whole: what is known of its bytes (`ReadRequest`)."""

_Key = tuple[str, bytes]

_MOST_BYTES = 16 << 20
_SECONDS = 60.0
_ENTRY_BYTES = 1000
_MOST_HEADERS = 64
_MOST_ONCE = 10_000
_HEADER_BYTES, _VALUE_BYTES = 120, 40
# These have a say in how the connection goes on.
_SINGULAR = frozenset({b"expect", b"upgrade"})
_OF_REQUEST = (
    "type",
    "asgi",
    "http_version",
    "root_path",
    "method",
    "path",
    "raw_path",
    "query_string",
)


@dataclass(slots=True, eq=False)
class ReadRequest:
    """What a request's bytes say: its scope but for what is its connection's, and its body.

    ``headers``, ``accepted`` and ``asked`` are what the graph reads in it, once it has. ``keep``
    has it known when the same bytes come again, which they did so many ``times``.

    ``answered`` is what was answered and of how many ``answered_bytes``, set by ``holds`` as long
    as it is known; ``misses`` and ``patience`` are for who decides whether that is to be kept.
    """

    scope: Mapping[str, Any]
    body: bytes
    keep: Callable[[ReadRequest], None]
    holds: Callable[[ReadRequest, Any, int], None]
    headers: Mapping[bytes, bytes] | None = None
    accepted: Accepted | None = None
    asked: OperationRequest | None = None
    until: float = 0.0
    times: int = 0
    answered: Any = None
    answered_bytes: int = 0
    misses: int = 0
    patience: int = 0


class ReadRequests:
    """Keeps at most ``most_bytes`` of requests, for ``seconds`` after they came last."""

    def __init__(
        self,
        *,
        most_bytes: int = _MOST_BYTES,
        seconds: float = _SECONDS,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._elapsed = most_bytes, seconds, elapsed
        self._kept: OrderedDict[_Key, ReadRequest] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        # Hashes of what came once, the newer and the older ones.
        self._once: set[int] = set()
        self._once_before: set[int] = set()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, origin: str, packet: bytes) -> ReadRequest | None:
        """Return what these bytes from there say; None where that is not known."""
        key = (origin, packet)
        found = self._kept.get(key)
        if found is not None:
            now = self._elapsed()
            if found.until <= now:
                self._forget_old(now)
                return None
            found.until = now + self._seconds
            found.times += 1
            self._kept.move_to_end(key)
        return found

    def noted(
        self, origin: str, packet: bytes, scope: Mapping[str, Any], body: bytes
    ) -> ReadRequest | None:
        """Return what was read of a request that came in these bytes, not known before `keep`.

        What is known by its meaning is returned as by `get`. None where they came for the first
        time, and where the same bytes would not be the same request.
        """
        headers = scope["headers"]
        if (
            scope["method"] != "POST"
            or len(headers) > _MOST_HEADERS
            or not _SINGULAR.isdisjoint([name for name, _ in headers])
        ):
            return None
        if is_meaning(packet) and (known := self.get(origin, packet)) is not None:
            return known
        if self._is_first(hash((origin, packet))):
            return None
        own = {name: scope[name] for name in _OF_REQUEST}
        own["headers"] = [pair for pair in headers if pair[0] not in PASSING]

        def keep(read: ReadRequest) -> None:
            self._keep((origin, packet), read)

        def holds(read: ReadRequest, answered: Any, size: int) -> None:
            self._hold((origin, packet), read, answered, size)

        return ReadRequest(own, body, keep, holds, times=1)

    def _is_first(self, known_by: int) -> bool:
        """Return whether something comes for the first time, as far as is remembered."""
        if known_by in self._once or known_by in self._once_before:
            return False
        if len(self._once) >= _MOST_ONCE:
            self._once, self._once_before = set(), self._once
        self._once.add(known_by)
        return True

    def _keep(self, key: _Key, read: ReadRequest) -> None:
        now = self._elapsed()
        read.until = now + self._seconds
        self._forget_old(now)
        size = _size(key, read)
        if key in self._kept or size > self._most:
            return
        self._kept[key] = read
        self.bytes += size
        while self.bytes > self._most:
            self._forget_oldest()
        self._forget_later()

    def _hold(self, key: _Key, read: ReadRequest, answered: Any, size: int) -> None:
        """Keep what was answered to a request as long as that is known."""
        if self._kept.get(key) is not read:
            return
        self.bytes += size - read.answered_bytes
        read.answered, read.answered_bytes = answered, size
        while self.bytes > self._most:
            self._forget_oldest()

    def _forget_later(self) -> None:
        """Have what is old forgotten also when nobody asks any more."""
        if self._timer is None and self._kept:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return
            self._timer = loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        self._forget_old(self._elapsed())
        self._forget_later()

    def _forget_old(self, now: float) -> None:
        # Whatever is asked again comes last, with the time until which it is known.
        while self._kept and next(iter(self._kept.values())).until <= now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        key, read = self._kept.popitem(last=False)
        self.bytes -= _size(key, read)
        # Whoever is being answered may still hold the request.
        read.answered, read.answered_bytes = None, 0


def _size(key: _Key, read: ReadRequest) -> int:
    return len(key[1]) + _read_size(read) + read.answered_bytes + _ENTRY_BYTES


def _read_size(read: ReadRequest) -> int:
    """Return about what a request takes that was read, which may be much more than its bytes."""
    body = read.body
    values = sum(map(body.count, (b",", b":", b"[", b"{")))
    return len(body) + _VALUE_BYTES * values + _HEADER_BYTES * len(read.scope["headers"])
