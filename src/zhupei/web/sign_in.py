"""Who asks: the actor of a request, signing in and up by password, and the refusals of these.

A refusal is a whole answer in the form of the graph's errors: 401 with ``WWW-Authenticate`` for a
token that is not accepted (RFC 6750), 503 where it cannot be verified now.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from zhupei.db.outages import is_outage
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import Actor, SignInRefusedError
from zhupei.domain.actors import Request as AskedRequest
from zhupei.domain.text import Text
from zhupei.graphql.context import language_of
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services.sign_in import SignedIn, SignIn
from zhupei.services.sign_up import SignUp
from zhupei.web.errors import ErrorCode

__all__ = [
    "SIGN_IN_PATH",
    "SIGN_UP_PATH",
    "ActorRefused",
    "actor_of",
    "change_password_route",
    "sign_in_route",
    "sign_up_route",
]

SIGN_IN_PATH = "/sign-in"
SIGN_UP_PATH = "/sign-up"

_LARGEST_BODY = 4096
_HEADERS = MappingProxyType({"Cache-Control": "no-store"})
_CHALLENGED = frozenset(
    code.value
    for code in (ErrorCode.ACCOUNT_ERASED, ErrorCode.TOKEN_EXPIRED, ErrorCode.UNAUTHENTICATED)
)
_NOT_ACCEPTED = Text("登录凭证无效", "the token is not valid")
_NO_DATABASE = Text("数据库暂不可用", "the database is not available now")
_BAD_SIGN_UP = Text(
    '请求体应为 JSON：{"login": …, "password": …, "name": …}，name 可省略',
    'the body must be JSON: {"login": …, "password": …, "name": …}, the name may be left out',
)
_BAD_CHANGE = Text(
    '请求体应为 JSON：{"login": …, "password": …, "new_password": …}',
    'the body must be JSON: {"login": …, "password": …, "new_password": …}',
)
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


_HOOK = "actor_from_request"


async def actor_of(
    request: Request, dispatcher: Dispatcher, remembered: Callable[[str], Actor | None]
) -> Actor | None:
    """Return who sends a request, None for the public; raise `ActorRefused`.

    Plugins are asked in their order (`actor_from_request`). A bearer token that nobody knows is
    refused: its sender does not expect to be answered as the public. Where nobody but the core is
    asked, ``remembered`` is asked first: whose ``Authorization`` header that is, if it came a
    moment ago (`zhupei.services.sign_in.SignIn.remembered`).
    """
    if not dispatcher.asks_plugins(_HOOK):
        given = dict(request.scope["headers"]).get(b"authorization")
        if given is None:
            return None  # nothing else is looked at by the core
        known = remembered(given.decode("latin-1"))
        if known is not None:
            return known
    asked = AskedRequest(
        method=request.method,
        path=request.scope["path"],
        headers=MappingProxyType({name.lower(): value for name, value in request.headers.items()}),
        remote_address=None if request.client is None else request.client.host,
    )
    result = await dispatcher.ask(_HOOK, request=asked)
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
        found = await _body(request)
        given = None if found is None else _credentials(found)
        if given is None:
            return _answer(request, ErrorCode.BAD_USER_INPUT.value, _BAD_BODY, status=400)
        return await _signed_in(request, sign_in.by_password(*given))

    return Route(SIGN_IN_PATH, answer, methods=["POST"])


def change_password_route(sign_in: SignIn) -> Route:
    """Return ``POST /change-password``: who knows an account's password gives it another one.

    The answer is that of ``POST /sign-in``.
    """

    async def answer(request: Request) -> Response:
        found = await _body(request)
        given = None if found is None else _credentials(found)
        new = None if found is None else found.get("new_password")
        if given is None or not isinstance(new, str):
            return _answer(request, ErrorCode.BAD_USER_INPUT.value, _BAD_CHANGE, status=400)
        return await _signed_in(request, sign_in.change_password(*given, new))

    return Route("/change-password", answer, methods=["POST"])


def sign_up_route(sign_up: SignUp, sign_in: SignIn) -> Route:
    """Return ``POST /sign-up``: login, password and perhaps a name become an applicant's account.

    The answer is that of ``POST /sign-in`` with HTTP 201.
    """

    async def answer(request: Request) -> Response:
        found = await _body(request)
        given = None if found is None else _credentials(found)
        name = None if found is None else found.get("name")
        if given is None or not isinstance(name, str | None) or _is_no_name(name):
            return _answer(request, ErrorCode.BAD_USER_INPUT.value, _BAD_SIGN_UP, status=400)
        address = "" if request.client is None else request.client.host
        try:
            made = await sign_up.by_password(*given, name=name or None, address=address)
        except Exception as error:
            if not is_outage(error):
                raise
            code = ErrorCode.DATABASE_UNAVAILABLE.value
            return ActorRefused(code, _NO_DATABASE, request).response
        if isinstance(made, AccessRefusal):
            status = _SIGN_UP_STATUS.get(made.code, 422)
            return _answer(request, made.code.value, made.message, status=status)
        return await _signed_in(request, sign_in.by_password(*given), status=201)

    return Route(SIGN_UP_PATH, answer, methods=["POST"])


_REFUSED_STATUS = {AccessCode.LOCKED_OUT: 429, AccessCode.PASSWORD_WEAK: 422}
_SIGN_UP_STATUS = {AccessCode.LOCKED_OUT: 429, AccessCode.LOGIN_TAKEN: 409}
_LONGEST_NAME = 100


def _is_no_name(name: str | None) -> bool:
    return name is not None and (len(name) > _LONGEST_NAME or not name.isprintable())


async def _signed_in(
    request: Request, opening: Awaitable[SignedIn | AccessRefusal], *, status: int = 200
) -> Response:
    try:
        found = await opening
    except SignInRefusedError as error:
        return ActorRefused(error.code, error.message, request).response
    if isinstance(found, AccessRefusal):
        status = _REFUSED_STATUS.get(found.code, 401)
        return _answer(request, found.code.value, found.message, status=status)
    return JSONResponse(
        {
            "access_token": found.token,
            "token_type": "Bearer",
            "expires_at": found.expires_at.isoformat(timespec="seconds"),
        },
        status_code=status,
        headers=_HEADERS,
    )


async def _body(request: Request) -> dict[str, Any] | None:
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
    return found if isinstance(found, dict) else None


def _credentials(found: Mapping[str, Any]) -> tuple[str, str] | None:
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
