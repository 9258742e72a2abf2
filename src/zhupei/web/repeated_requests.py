"""Requests that are byte for byte those before, answered by the bytes that were sent then.

Most of what a small request costs is not its answer: parsing its head, a task, some layers of
application, writing a head again. Where the answer is one that the catalogue alone decides
(`zhupei.web.answer_cache`), the same bytes of a request lead to the same bytes of an answer until
there is another catalogue. So a connection looks here before it reads, and where a request is known
it is counted as all are (rates, load, figures, log) and answered at once. Whatever stands against
it sends it the usual way, which knows how to refuse.

Whoever passes requests on may give each an id of its own, from which nothing follows that is
answered. Such a request has to be read, and is then known by all the rest of it (`meaning_of`).
"""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Scope

from zhupei.web.guards import Gate, address_of
from zhupei.web.logs import current_operation, current_request_id, log_access
from zhupei.web.request_ids import RequestIds

__all__ = [
    "LARGEST_PACKET",
    "PACKET",
    "PASSING",
    "SETTLED",
    "RepeatedRequests",
    "Settled",
    "is_meaning",
    "meaning_of",
]

PACKET = "zhupei.packet"
"""In the scope of a request: where it came from and its bytes, if it came whole and alone.

Where it carries an id of its way, its meaning stands for its bytes (`meaning_of`).
"""
SETTLED = "zhupei.settled"
"""In the scope of a request: what is known of its answer (`Settled`), if that is the same again."""
LARGEST_PACKET = 16 << 10
PASSING = frozenset(
    {
        b"b3",
        b"cf-ray",
        b"traceparent",
        b"tracestate",
        b"uber-trace-id",
        b"x-amzn-trace-id",
        b"x-b3-parentspanid",
        b"x-b3-sampled",
        b"x-b3-spanid",
        b"x-b3-traceid",
        b"x-cloud-trace-context",
        b"x-correlation-id",
        b"x-request-id",
    }
)
"""Headers by which proxies and gateways tell one request from another."""

_Key = tuple[str, bytes]

_MEANT = b"\0"
# Who asks is not remembered here, and the others say what holds for one time only.
_SINGULAR = frozenset({b"authorization", b"expect", b"upgrade"})
# With these, it would take more than the same bytes to answer in the same way.
_FRAMING = frozenset({b"connection", b"trailer", b"transfer-encoding", b"upgrade"})
_NOT_MODIFIED = 304
_LARGEST_SHARE = 8
_ENTRY_BYTES = 600


@dataclass(frozen=True, slots=True)
class Settled:
    """Why an answer is the same again: it is this catalogue's, to a public operation.

    ``operation`` is its name and ``shown`` how that may be written down; ``cost`` is what it counts
    as, each time.
    """

    catalogue: Any
    operation: str | None
    shown: str | None
    cost: int


@dataclass(frozen=True, slots=True)
class _Answered:
    """What was sent; ``head`` is without the status line, and ``address`` None for the peer's."""

    settled: Settled
    method: str
    path: str
    status: int
    address: str | None
    head: bytes
    body: bytes


class RepeatedRequests:
    """Keeps at most ``most_bytes`` of requests and answers; the longest not asked for goes first.

    Args:
        most_bytes: as said.
        catalogue: returns what is served now.
        gate: what is under way, and whether more can be let in.
        is_proxy: tells of an address whether it is believed whom it asks for.
        responded: who is told of every response's method and status.
        watch: who is told of every operation's name, outcome and seconds.
        access_log: whether each request gets a log line.

    """

    def __init__(
        self,
        *,
        most_bytes: int,
        catalogue: Callable[[], Any],
        gate: Gate,
        is_proxy: Callable[[str], bool],
        responded: Callable[[str, int], None],
        watch: Callable[[str | None, str, float], None],
        access_log: bool = False,
    ) -> None:
        self._most = most_bytes
        self._catalogue = catalogue
        self._gate = gate
        self._is_proxy = is_proxy
        self._responded = responded
        self._watch = watch
        self._access_log = access_log
        self._ids = RequestIds()
        self._of: Callable[[], Any] = lambda: None
        self._kept: OrderedDict[_Key, _Answered] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def origin(self, host: str, scheme: str) -> str:
        """Return what of a connection has a say: whom a proxy asks for is in its requests."""
        return f"{scheme} {host}" if self._is_proxy(host) else scheme

    def answer(
        self, origin: str, host: str, packet: bytes, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> tuple[int, bytes, bytes] | None:
        """Return status, head and body of the answer to these bytes, and count that it is given.

        ``headers`` are those of the request where they may bring its id along. None where it is
        not known, or may not be given at this moment.
        """
        found = self._kept.get((origin, packet))
        if found is None or self._of() is not self._catalogue():
            return None
        settled = found.settled
        if not self._gate.takes(found.address or host, settled.cost):
            return None
        began = time.perf_counter() if self._access_log else 0.0
        self._kept.move_to_end((origin, packet))
        request_id = self._ids.of(headers)
        self._watch(settled.operation, "kept", 0.0)
        self._responded(found.method, found.status)
        if self._access_log:
            _log_access(found, request_id.decode(), time.perf_counter() - began)
        return found.status, b"%b%b\r\n\r\n" % (found.head, request_id), found.body

    def keep(
        self, scope: Scope, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Keep what was sent to a request whose scope holds `PACKET` and `SETTLED`.

        Not where anything but its length says where the answer ends.
        """
        settled: Settled = scope.pop(SETTLED)
        key: _Key = scope[PACKET]
        if any(name in _SINGULAR for name, _ in scope["headers"]):
            return
        lengths = [value for name, value in headers if name == b"content-length"]
        if lengths != ([] if status == _NOT_MODIFIED else [b"%d" % len(body)]):
            return
        if any(name in _FRAMING for name, _ in headers):
            return
        # The request's id comes last, and anew each time.
        head = b"".join(b"%b: %b\r\n" % pair for pair in headers) + b"x-request-id: "
        address = address_of(scope) if " " in key[0] else None
        # The catalogue of before is nobody's any more.
        told = replace(settled, catalogue=None)
        answered = _Answered(told, scope["method"], scope["path"], status, address, head, body)
        size = _size(key, answered)
        if size * _LARGEST_SHARE > self._most or settled.catalogue is not self._catalogue():
            return
        if settled.catalogue is not self._of():
            self._of = weakref.ref(settled.catalogue)
            self._kept.clear()
            self.bytes = 0
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= _size(key, before)
        self._kept[key] = answered
        self.bytes += size
        while self.bytes > self._most:
            self.bytes -= _size(*self._kept.popitem(last=False))


def meaning_of(scope: Scope, body: bytes) -> bytes | None:
    """Return what a request says but for ids of its way; None where it carries none.

    Two requests from one place mean the same if this is equal; no packet is.
    """
    headers = scope["headers"]
    said = [b"%b:%b" % pair for pair in headers if pair[0] not in PASSING]
    if len(said) == len(headers):
        return None
    line = f"{scope['method']} {scope['http_version']} ".encode()
    target = scope["raw_path"] + b"?" + scope["query_string"]
    return b"%b%b%b\n%b\n\n%b" % (_MEANT, line, target, b"\n".join(said), body)


def is_meaning(packet: bytes) -> bool:
    """Return whether this is what `meaning_of` makes."""
    return packet[:1] == _MEANT


def _size(key: _Key, answered: _Answered) -> int:
    return len(key[1]) + len(answered.head) + len(answered.body) + _ENTRY_BYTES


def _log_access(found: _Answered, request_id: str, seconds: float) -> None:
    token = current_request_id.set(request_id)
    operation = current_operation.set(found.settled.shown)
    try:
        log_access(found.method, found.path, found.status, seconds)
    finally:
        current_operation.reset(operation)
        current_request_id.reset(token)
