"""Pages of other sites (CORS): which may read answers, and what the others are told."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.graphql.engine import encoded
from zhupei.web.errors import ErrorCode, refusal
from zhupei.web.uploads import PREFLIGHT_HEADERS

__all__ = ["CrossOrigin"]

_SENT = (
    "authorization",
    "content-type",
    "if-none-match",
    "x-request-id",
    # By these Apollo's clients say which program they are, and tracing which trace goes on.
    "apollographql-client-name",
    "apollographql-client-version",
    "baggage",
    "traceparent",
    "tracestate",
    *PREFLIGHT_HEADERS,
)
_READ = ("etag", "retry-after", "x-request-id")
_ASK_AGAIN_SECONDS = 3600

_REFUSED = Text(
    "此网站的页面不得如此请求：网站须列于 ZHUPEI_ALLOWED_ORIGINS，方法与请求头须在应答的 "
    "Access-Control-Allow-* 之内。",
    "Pages of this site may not ask like this: ZHUPEI_ALLOWED_ORIGINS has to name the site, and "
    "Access-Control-Allow-* of this answer the method and the headers.",
)


class CrossOrigin(CORSMiddleware):
    """Lets pages of the named sites read answers, refusals of the server included.

    Args:
        app: the application inside.
        origins: the sites; ``*`` is all.

    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=tuple(origins),
            allow_methods=("GET", "POST"),
            allow_headers=_SENT,
            expose_headers=_READ,
            max_age=_ASK_AGAIN_SECONDS,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer the question of a browser whether its page may ask."""
        answer = super().preflight_response(request_headers)
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name.startswith("access-control-") or name == "vary"
        }
        if answer.status_code < 400:
            return Response(status_code=204, headers=headers)
        message = _REFUSED.get(language_of(request_headers.get("accept-language")))
        return Response(
            encoded(refusal(ErrorCode.FORBIDDEN, message)),
            status_code=403,
            headers={**headers, "Cache-Control": "no-store"},
            media_type="application/json",
        )
