"""Requests that would like another protocol, and are answered in HTTP/1.1 with all they bring.

Clients offer HTTP/2 in their first request, also with a body (Java's does). httptools takes every
offer for accepted: it says that the request has no body, and reads what follows as the next
request. So the body of one would be another request, which a proxy in front knows nothing of.
"""

from __future__ import annotations

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["DeclinesUpgrades"]

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class DeclinesUpgrades(HttpToolsProtocol):
    """A connection that stays with HTTP/1.1, but for WebSockets (RFC 9110, 7.8)."""

    _declined = False
    _resuming = False
    _rest = b""
    _fed = b""

    def data_received(self, data: bytes) -> None:
        """Read, and read on where an offer was declined."""
        self._rest = data
        while self._rest:
            self._fed, self._rest = self._rest, b""
            super().data_received(self._fed)
        self._fed = b""

    def on_message_begin(self) -> None:
        """Begin a request, unless it is the same still."""
        if not self._resuming:
            super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer, and know whether what follows was given up by the parser."""
        if not self._resuming:
            super().on_headers_complete()
            self._declined = self.parser.should_upgrade() and not self._should_upgrade()

    def on_message_complete(self) -> None:
        """Know that a request is whole, unless just its head is."""
        if not self._declined:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Begin to read the body of a request with another parser, which heard of no offer."""
        error = sys.exc_info()[1]
        if not isinstance(error, httptools.HttpParserUpgrade):
            self.transport.close()
            return
        framing = [pair for pair in self.scope["headers"] if pair[0] in _FRAMING]
        # What was read of the request stays as it is.
        url, self.headers = self.url, []
        self._declined, self._resuming = False, True
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        lines = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        try:
            self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % lines)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        else:
            self._rest = self._fed[error.args[0] :]
        finally:
            self._resuming, self.url = False, url
