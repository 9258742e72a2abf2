"""Tests of zhupei.web.negotiation."""

from __future__ import annotations

import pytest

from zhupei.web.negotiation import GRAPHQL_RESPONSE, JSON, StreamKind, accepted, names_tag

_APOLLO = (
    b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,'
    b"application/graphql-response+json,application/json;q=0.9"
)


@pytest.mark.parametrize(
    ("header", "json", "stream", "html"),
    [
        (None, JSON, None, False),
        (b"", JSON, None, False),
        (b"*/*", JSON, None, False),
        (b"application/*", JSON, None, False),
        (b"application/json", JSON, None, False),
        (b"Application/JSON; charset=utf-8", JSON, None, False),
        (b"application/graphql-response+json", GRAPHQL_RESPONSE, None, False),
        (b"application/graphql-response+json, application/json", GRAPHQL_RESPONSE, None, False),
        (b"application/json, application/graphql-response+json", JSON, None, False),
        (
            b"application/json;q=0.5, application/graphql-response+json;q=0.9",
            GRAPHQL_RESPONSE,
            None,
            False,
        ),
        (b"application/json;q=0, */*", GRAPHQL_RESPONSE, None, False),
        (b"application/json;q=0, application/graphql-response+json;q=0, */*", None, None, False),
        (b"application/json;q=x", None, None, False),
        (b"text/csv", None, None, False),
        (b"text/*", None, None, False),
        (b"text/event-stream", None, StreamKind.EVENTS, False),
        (b"text/event-stream, */*", JSON, StreamKind.EVENTS, False),
        (b"text/event-stream;q=0", None, None, False),
        (b"multipart/mixed", None, None, False),
        (b'multipart/mixed; subscriptionSpec="1.0"', None, StreamKind.MULTIPART, False),
        (_APOLLO, GRAPHQL_RESPONSE, StreamKind.MULTIPART, False),
        (b"text/html,application/xhtml+xml,*/*;q=0.8", JSON, None, True),
        (b"\xff\xfe, ,;;, a", None, None, False),
    ],
)
def test_what_an_accept_header_allows(
    header: bytes | None, json: bytes | None, stream: StreamKind | None, html: bool
) -> None:
    found = accepted(header)
    assert (found.json, found.stream, found.html) == (json, stream, html)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (None, False),
        (b"", False),
        (b"*", True),
        (b'"a"', True),
        (b'W/"a"', True),
        (b'"b", W/"a"', True),
        (b'"b","ab"', False),
        (b"a", False),
    ],
)
def test_which_tags_a_client_has(header: bytes | None, *, named: bool) -> None:
    assert names_tag(header, b'"a"') is named
    assert names_tag(header, b'W/"a"') is named
