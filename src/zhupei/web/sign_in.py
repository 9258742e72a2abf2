"""Who asks: the actor of a request, the sign-in by password, and the refusals of both.

A refusal is a whole answer in the form of the graph's errors: 401 with ``WWW-Authenticate`` for a
token that is not accepted (RFC 6750), 503 where it cannot be verified now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import Actor, SignInRefusedError
from zhupei.domain.actors import Request as AskedRequest
from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.sign_in import SignIn
from zhupei.web.errors import ErrorCode

__all__ = ["SIGN_IN_PATH", "ActorRefused", "actor_of", "sign_in_route"]

SIGN_IN_PATH = "/sign-in"

_LARGEST_BODY = 4096
_HEADERS = MappingProxyType({"Cache-Control": "no-store"})
_CHALLENGED = frozenset({ErrorCode.UNAUTHENTICATED.value, ErrorCode.TOKEN_EXPIRED.value})
_NOT_ACCEPTED = Text("登录凭证无效", "the token is not valid")
_BAD_BODY = Text(
    '请求体应为 JSON：{"login": …, "password": …}',
    'the body must be JSON: {"login": …, "password": …}',
)


class ActorRefused(Exception):  # noqa: N818 - names what happens, a refusal is no bug
    """A request whose sender cannot be told; ``response`` is the whole answer.

    ``code`` and ``message`` say why, where there is no response to give.
    """

    def __init__(self, code: str, message: Text, request: Request) -> None:
        self.code, self.message = code, message
        challenged = code in _CHALLENGED
        headers = dict(_HEADERS)
        if challenged:
            headers["WWW-Authenticate"] = 'Bearer realm="zhupei", error="invalid_token"'
        else:
            headers["Retry-After"] = "5"
        self.response = _answer(
            request, code, message, status=401 if challenged else 503, headers=headers
        )
        super().__init__(code)


async def actor_of(request: Request, dispatcher: Dispatcher) -> Actor | None:
    """Return who sends a request, None for the public; raise `ActorRefused`.

    Plugins are asked in their order (`actor_from_request`). A bearer token that nobody knows is
    refused: its sender does not expect to be answered as the public.
    """
    asked = AskedRequest(
        method=request.method,
        path=request.url.path,
        headers=MappingProxyType({name.lower(): value for name, value in request.headers.items()}),
        remote_address=None if request.client is None else request.client.host,
    )
    result = await dispatcher.ask("actor_from_request", request=asked)
    for failure in result.failures:
        raise ActorRefused(_code(failure), failure.reason, request)
    actor: Actor | None = result.value
    scheme = request.headers.get("authorization", "").strip().partition(" ")[0]
    if actor is None and scheme.lower() == "bearer":
        raise ActorRefused(ErrorCode.UNAUTHENTICATED.value, _NOT_ACCEPTED, request)
    return actor


def sign_in_route(sign_in: SignIn) -> Route:
    """Return ``POST /sign-in``: a JSON object with login and password becomes a bearer token."""

    async def answer(request: Request) -> Response:
        given = await _credentials(request)
        if given is None:
            return _answer(request, ErrorCode.BAD_USER_INPUT.value, _BAD_BODY, status=400)
        try:
            found = await sign_in.by_password(*given)
        except SignInRefusedError as error:
            return ActorRefused(error.code, error.message, request).response
        if isinstance(found, AccessRefusal):
            locked = found.code is AccessCode.LOCKED_OUT
            return _answer(request, found.code.value, found.message, status=429 if locked else 401)
        return JSONResponse(
            {
                "access_token": found.token,
                "token_type": "Bearer",
                "expires_at": found.expires_at.isoformat(timespec="seconds"),
            },
            headers=_HEADERS,
        )

    return Route(SIGN_IN_PATH, answer, methods=["POST"])


async def _credentials(request: Request) -> tuple[str, str] | None:
    """Read the body, up to a size; a form of another site cannot send this media type."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    login, password = found.get("login"), found.get("password")
    if isinstance(login, str) and isinstance(password, str):
        return login, password
    return None


def _code(failure: HookFailure) -> str:
    known: set[str] = {code.value for code in ErrorCode}
    return failure.code if failure.code in known else ErrorCode.PLUGIN_DECISION_FAILED.value


def _answer(
    request: Request,
    code: str,
    message: Text,
    *,
    status: int,
    headers: Mapping[str, str] = _HEADERS,
) -> JSONResponse:
    language = language_of(request.headers.get("accept-language"))
    content: dict[str, Any] = {
        "errors": [{"message": message.get(language), "extensions": {"code": code}}]
    }
    return JSONResponse(content, status_code=status, headers=dict(headers))
