"""Answers that are the same for everybody until the catalogue changes, kept as they are sent.

What may be kept the engine tells (`Answer.settled`): neither the actor, the clock, rows nor plugins
had a say in it. So nothing has to be guessed and nothing expires: another catalogue forgets all.
"""

from __future__ import annotations

import hashlib
import re
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import encoded
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import PLATFORM
from zhupei.web.exchanges import Exchange, Reply
from zhupei.web.negotiation import names_tag
from zhupei.web.operation_requests import OperationRequest

__all__ = ["AnswerCache", "Kept", "Validation", "answer_key"]

Key = tuple[str, str | None, bytes, Language]

# What an entry takes beside its texts, roughly.
_ENTRY_BYTES = 600
# One answer takes no more than this share, so that no single one drives out all others.
_LARGEST_SHARE = 8
_TAG_BYTES = 16
# Of a query about the schema, ``mutationType`` is none.
_MUTATION = re.compile(r"\bmutation\b")
_VARY = (b"vary", b"Accept, Accept-Encoding, Accept-Language, Authorization")


class Kept:
    """A whole answer as JSON, and its entity tag once somebody asked for it."""

    __slots__ = ("_tag", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._tag: bytes | None = None

    @property
    def tag(self) -> bytes:
        """The weak entity tag of the answer: weak, because encodings of it share one."""
        if self._tag is None:
            digest = hashlib.blake2b(self.body, digest_size=_TAG_BYTES).hexdigest()
            self._tag = b'W/"%b"' % digest.encode()
        return self._tag


class AnswerCache:
    """Keeps at most ``most_bytes``; what was not asked for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._catalogue: Callable[[], Any] = lambda: None
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, catalogue: Any, key: Key) -> Kept | None:
        """Return the answer that this catalogue gives, None where it is not kept."""
        if catalogue is not self._catalogue():
            return None
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, catalogue: Any, key: Key, body: bytes) -> Kept:
        """Keep a settled answer of this catalogue, unless it is too large; return it."""
        kept = Kept(body)
        size = _size(key, kept)
        if size * _LARGEST_SHARE > self._most:
            return kept
        if catalogue is not self._catalogue():
            # The one of before is nobody's any more.
            self._catalogue = weakref.ref(catalogue)
            self._kept.clear()
            self.bytes = 0
        before = self._kept.pop(key, None)
        if before is not None:
            self.bytes -= _size(key, before)
        self._kept[key] = kept
        self.bytes += size
        while self.bytes > self._most:
            gone = self._kept.popitem(last=False)
            self.bytes -= _size(*gone)
        return kept


class Validation:
    """Answers GET with what browsers and proxies need to keep an answer, and to ask for it again.

    Args:
        seconds: how long they may use an answer that only another catalogue changes without
            asking; with 0 they ask each time.

    """

    def __init__(self, seconds: int) -> None:
        self._lasts = b"max-age=%d" % seconds if seconds else b"no-cache"
        self._dispatcher: Dispatcher | None = None
        self._only_tokens = True

    def reply(
        self, exchange: Exchange, kept: Kept, context: GraphContext, *, settled: bool
    ) -> Reply:
        """Return the answer, or 304 where the client has it; others than GET just get it."""
        if exchange.scope["method"] != "GET":
            return Reply(200, exchange.kind, kept.body)
        public = self.is_public(context)
        lasts = self._lasts if settled and public else b"no-cache"
        control = b"%b, %b" % (b"public" if public else b"private", lasts)
        headers = ((b"etag", kept.tag), (b"cache-control", control), _VARY)
        if names_tag(exchange.headers.get(b"if-none-match"), kept.tag):
            return Reply(304, exchange.kind, b"", headers)
        return Reply(200, exchange.kind, kept.body, headers)

    def is_public(self, context: GraphContext) -> bool:
        """Return whether nobody is signed in, and only ``Authorization`` could change that."""
        return context.actor is None and self._only_tokens_identify(context)

    def _only_tokens_identify(self, context: GraphContext) -> bool:
        """Return whether nothing but ``Authorization`` tells who asks, which ``Vary`` names."""
        dispatcher = context.dispatcher
        if dispatcher is not self._dispatcher:
            self._dispatcher = dispatcher
            self._only_tokens = dispatcher is None or all(
                one.plugin.is_core
                for one in dispatcher.host.implementations(
                    dispatcher.host.hooks["actor_from_request"], PLATFORM
                )
            )
        return self._only_tokens


def answer_key(asked: OperationRequest, language: Language) -> Key | None:
    """Return what decides about a settled answer; None where nothing is to be kept.

    That is where more was asked for beside it, of what may be a mutation, and of what comes with
    files.
    """
    query = asked.query
    if query is None or (asked.extensions and "cost" in asked.extensions):
        return None
    if "mutation" in query and _MUTATION.search(query):
        return None
    try:
        variables = encoded(asked.variables) if asked.variables else b""
    except TypeError:
        return None
    return query, asked.operation_name, variables, language


def _size(key: Key, kept: Kept) -> int:
    # Characters of Chinese take two bytes in a text that holds one.
    return len(key[0]) * 2 + len(key[2]) + len(kept.body) + _ENTRY_BYTES
