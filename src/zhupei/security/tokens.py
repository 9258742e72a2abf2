"""Bearer tokens: what a verified one says, and every reason to refuse one.

::

    TokenError                        UNAUTHENTICATED
    ├── TokenMalformedError           UNAUTHENTICATED: no JWT, too long, or claims of wrong types
    ├── TokenAlgorithmError           UNAUTHENTICATED: signed by a way that is not allowed
    ├── TokenSignatureError           UNAUTHENTICATED: changed, or signed with another key
    ├── TokenKeyUnknownError          UNAUTHENTICATED: the issuer does not publish its key
    ├── TokenIssuerError              UNAUTHENTICATED: from an issuer that is not trusted
    ├── TokenAudienceError            UNAUTHENTICATED: made for somebody else
    ├── TokenExpiredError             TOKEN_EXPIRED: sign in again
    ├── TokenNotYetValidError         UNAUTHENTICATED: valid only later
    └── IssuerUnavailableError        ISSUER_UNAVAILABLE: cannot be verified now
        └── IssuerMismatchError       ISSUER_MISMATCH: the issuer's own document names another

Only signatures by asymmetric keys are accepted. No message repeats a token or what it claims.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = [
    "ALGORITHMS",
    "LONGEST_TOKEN",
    "IssuerMismatchError",
    "IssuerUnavailableError",
    "TokenAlgorithmError",
    "TokenAudienceError",
    "TokenError",
    "TokenExpiredError",
    "TokenIssuer",
    "TokenIssuerError",
    "TokenKeyUnknownError",
    "TokenMalformedError",
    "TokenNotYetValidError",
    "TokenSignatureError",
    "TokenVerifier",
    "VerifiedToken",
    "bearer_token",
    "key_id_of",
    "verify_token",
]

LONGEST_TOKEN = 16_384
"""Characters of a token at most."""

ALGORITHMS = frozenset(
    "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA,Ed25519".split(",")  # noqa: SIM905 - a line, not eleven
)
"""Signatures that are accepted: never ``none``, never one by a shared secret."""

_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
# One of these two RSA keys is too short to be safe, the other to be useful in an attack on us.
_SMALLEST_RSA_BITS, _LARGEST_RSA_BITS = 2048, 8192


class TokenError(ZhupeiError):
    """A token is not accepted."""

    code = "UNAUTHENTICATED"
    _MESSAGE = Text("登录凭证无效", "the token is not valid")

    def __init__(self, detail: Text | None = None) -> None:
        message = self._MESSAGE
        if detail is not None:
            message = Text(f"{message.zh}：{detail.zh}", f"{message.en}: {detail.en}")
        super().__init__(message)


class TokenMalformedError(TokenError):
    """Not a signed JWT with the claims that are needed."""

    _MESSAGE = Text("登录凭证格式有误", "the token is malformed")


class TokenAlgorithmError(TokenError):
    """Signed with an algorithm that is not allowed, or not by this key."""

    _MESSAGE = Text("登录凭证的签名算法不被接受", "the token's algorithm is not accepted")


class TokenSignatureError(TokenError):
    """The signature does not belong to the content."""

    _MESSAGE = Text("登录凭证的签名不符", "the token's signature does not match")


class TokenKeyUnknownError(TokenError):
    """The token names a key that the issuer does not publish."""

    _MESSAGE = Text("登录凭证的签名密钥未知", "the token's key is not known")


class TokenIssuerError(TokenError):
    """The token is from an issuer that this installation does not trust."""

    _MESSAGE = Text("登录凭证的签发者不受信任", "the token's issuer is not trusted")


class TokenAudienceError(TokenError):
    """The token was made for another service."""

    _MESSAGE = Text("登录凭证不是签发给本系统的", "the token is for another audience")


class TokenExpiredError(TokenError):
    """The token was valid; a new one is needed."""

    code = "TOKEN_EXPIRED"
    _MESSAGE = Text("登录已过期，请重新登录", "the token has expired: sign in again")


class TokenNotYetValidError(TokenError):
    """The token is valid only later, or was issued in the future: a clock is wrong."""

    _MESSAGE = Text("登录凭证尚未生效", "the token is not valid yet")


class IssuerUnavailableError(TokenError):
    """The issuer's keys cannot be had, so that nothing can be verified; try again later."""

    code = "ISSUER_UNAVAILABLE"
    _MESSAGE = Text("暂时无法验证登录凭证", "tokens cannot be verified now")


class IssuerMismatchError(IssuerUnavailableError):
    """The discovery document names another issuer than the one that was configured."""

    code = "ISSUER_MISMATCH"
    _MESSAGE = Text("签发者的发现文档与配置不符", "the issuer's document names another issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """What a token says whose signature, issuer, audience and times were verified.

    ``subject`` is unique within ``issuer`` only. ``scopes`` are those of ``scope`` (RFC 8693) or
    ``scp``. ``id`` is the token's own (``jti``). ``claims`` may hold personal data: not for logs.
    """

    issuer: str
    subject: str = field(repr=False)
    expires_at: datetime
    issued_at: datetime | None = None
    id: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)


class TokenIssuer(Protocol):
    """Somebody whose tokens are accepted."""

    @property
    def issuer(self) -> str:
        """The identifier that stands in the tokens (``iss``)."""

    async def verify(self, token: str) -> VerifiedToken:
        """Return what the token says; raise `TokenError` where it is not accepted."""


class TokenVerifier:
    """Accepts the tokens of several issuers."""

    __slots__ = ("_issuers",)

    def __init__(self, issuers: Iterable[TokenIssuer]) -> None:
        """Trust ``issuers``; raise ValueError where two have the same identifier."""
        listed = tuple(issuers)
        self._issuers = {issuer.issuer: issuer for issuer in listed}
        if len(self._issuers) != len(listed):
            raise ValueError("an issuer is given twice")

    async def verify(self, token: str) -> VerifiedToken:
        """Verify a token with the issuer that it names; raise `TokenError` if not accepted."""
        _, claims = _parts(token)
        issuer = claims.get("iss")
        found = self._issuers.get(issuer) if isinstance(issuer, str) else None
        if found is None:
            raise TokenIssuerError
        return await found.verify(token)

    def keys_of(self, issuer: str) -> object:
        """Return what tells the keys that an issuer has now from others; None if nothing does."""
        keys: Callable[[], object] | None = getattr(self._issuers.get(issuer), "keys", None)
        return None if keys is None else keys()


def bearer_token(authorization: str | None) -> str | None:
    """Return the token of an ``Authorization`` header; None without one or for another scheme.

    Raises `TokenMalformedError` for ``Bearer`` without exactly one token.
    """
    scheme, _, rest = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = rest.strip()
    if not token or len(token.split()) != 1:
        raise TokenMalformedError
    return token


def key_id_of(token: str) -> str | None:
    """Return the unverified id of the key that a token names; raise `TokenMalformedError`."""
    header, _ = _parts(token)
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise TokenMalformedError
    return kid


def verify_token(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    audiences: frozenset[str],
    now: datetime,
    leeway: timedelta = timedelta(seconds=60),
    algorithms: frozenset[str] = ALGORITHMS,
) -> VerifiedToken:
    """Verify a token with these keys and return what it says.

    The token names its key by ``kid``; without, exactly one key must fit. ``exp`` and ``sub`` are
    required, ``nbf`` and ``iat`` are heeded; clocks may differ by ``leeway``.

    Raises a `TokenError` where the token is not accepted, ValueError for ``algorithms`` that can
    never be allowed.
    """
    if not algorithms or not algorithms <= ALGORITHMS:
        raise ValueError("only asymmetric signatures can be allowed")
    header, _ = _parts(token)
    # Extensions that must be understood; we understand none.
    if "crit" in header or "b64" in header:
        raise TokenMalformedError
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenAlgorithmError
    kind = header.get("typ")
    if kind is not None and not (isinstance(kind, str) and kind.lower() in _TYPES):
        raise TokenMalformedError
    key = _key_for(key_id_of(token), algorithm, keys)
    try:
        claims = jwt.decode(token, key, registry=_REGISTRY).claims
    except BadSignatureError:
        raise TokenSignatureError from None
    except (JoseError, ValueError, TypeError):
        raise TokenMalformedError from None
    return _checked(claims, issuer, audiences, now, leeway)


class _Registry(JWSRegistry):
    """joserfc's registry without its warning about ``EdDSA``, which issuers still write."""

    max_header_length = 8192  # some issuers send their certificate in the header
    max_payload_length = LONGEST_TOKEN

    def get_alg(self, name: str) -> Any:  # joserfc does not export the type
        """Return an allowed algorithm; its name was checked before."""
        return self.algorithms[name]


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def _key_for(kid: str | None, algorithm: str, keys: KeySet) -> RSAKey | ECKey | OKPKey:
    model = jws.JWSRegistry.algorithms[algorithm]
    named = [key for key in keys if kid is None or key.kid == kid]
    fitting: list[RSAKey | ECKey | OKPKey] = []
    for key in named:
        try:
            model.check_key(key)
        except JoseError:
            continue
        if isinstance(key, RSAKey):
            if _SMALLEST_RSA_BITS <= key.public_key.key_size <= _LARGEST_RSA_BITS:
                fitting.append(key)
        elif isinstance(key, (ECKey, OKPKey)):
            fitting.append(key)
    if not named or (kid is None and not fitting):
        raise TokenKeyUnknownError
    if len(fitting) != 1:
        # A key that signs otherwise, or several that could have signed.
        raise TokenAlgorithmError if not fitting else TokenKeyUnknownError
    return fitting[0]


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims before anything is verified."""
    segments = token.split(".")
    if len(token) > LONGEST_TOKEN or len(segments) != 3:
        raise TokenMalformedError
    return _json_object(segments[0]), _json_object(segments[1])


def _json_object(segment: str) -> dict[str, Any]:
    try:
        found = json.loads(urlsafe_b64decode(segment.encode("ascii")))
    except (ValueError, RecursionError, binascii.Error):
        raise TokenMalformedError from None
    if not isinstance(found, dict):
        raise TokenMalformedError
    return found


def _checked(
    claims: dict[str, Any],
    issuer: str,
    audiences: frozenset[str],
    now: datetime,
    leeway: timedelta,
) -> VerifiedToken:
    if claims.get("iss") != issuer:
        raise TokenIssuerError
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise TokenMalformedError
    if audiences.isdisjoint(named):
        raise TokenAudienceError
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise TokenMalformedError
    expires_at, issued_at = _moment(claims, "exp"), _moment(claims, "iat")
    if expires_at is None:
        raise TokenMalformedError
    if now >= expires_at + leeway:
        raise TokenExpiredError
    for starts in (_moment(claims, "nbf"), issued_at):
        if starts is not None and now + leeway < starts:
            raise TokenNotYetValidError
    token_id = claims.get("jti")
    if token_id is not None and not isinstance(token_id, str):
        raise TokenMalformedError
    return VerifiedToken(
        issuer=issuer,
        subject=subject,
        expires_at=expires_at,
        issued_at=issued_at,
        id=token_id,
        scopes=_scopes(claims),
        claims=MappingProxyType(claims),
    )


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    # bool is an int.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenMalformedError
    try:
        # Also refuses NaN and infinity, which JSON does not have but Python's reader accepts.
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise TokenMalformedError from None


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    found = claims.get("scope", claims.get("scp", []))
    listed = found.split() if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise TokenMalformedError
    return frozenset(listed)
