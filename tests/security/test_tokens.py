"""Tokens: every reason to refuse one, by real signatures; nothing of a token is told or logged."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import KeySet, OKPKey

from oidc_issuer import ec_key, ed_key, key_set, rsa_key
from zhupei.domain.text import Language
from zhupei.security import tokens
from zhupei.security.tokens import (
    ALGORITHMS,
    LONGEST_TOKEN,
    IssuerUnavailableError,
    TokenAlgorithmError,
    TokenAudienceError,
    TokenError,
    TokenExpiredError,
    TokenIssuerError,
    TokenKeyUnknownError,
    TokenMalformedError,
    TokenNotYetValidError,
    TokenSignatureError,
    TokenVerifier,
    VerifiedToken,
    bearer_token,
    key_id_of,
    verify_token,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://issuer.example"
RSA, EC, ED = rsa_key("rsa"), ec_key("ec"), ed_key("ed")
KEYS = key_set(RSA, EC, ED)
CLAIMS: Mapping[str, Any] = {
    "iss": ISSUER,
    "sub": "account-1",
    "aud": "zhupei",
    "iat": SECONDS,
    "exp": SECONDS + 300,
    "jti": "t-1",
    "scope": "plans:read plans:write",
}


def signed(key: Any = ED, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    told = {"alg": key.alg, "kid": key.kid, **(header or {})}
    shown = {name: value for name, value in told.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[shown["alg"]], strict_check_header=False)
    kept = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(shown, kept, key, registry=registry)


def verified(token: str, keys: KeySet = KEYS, **more: Any) -> VerifiedToken:
    given_: dict[str, Any] = {"issuer": ISSUER, "audiences": frozenset({"zhupei"}), "now": NOW}
    return verify_token(token, keys, **{**given_, **more})


def forged(header: object, claims: object, signature: bytes = b"x" * 64) -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("key", [RSA, EC, ED], ids=lambda key: str(key.kid))
def test_a_valid_token_says_who_and_until_when(key: Any) -> None:
    found = verified(signed(key))
    assert found.issuer == ISSUER
    assert found.subject == "account-1"
    assert found.issued_at == NOW
    assert found.expires_at == NOW + timedelta(minutes=5)
    assert found.id == "t-1"
    assert found.scopes == {"plans:read", "plans:write"}
    assert found.claims["aud"] == "zhupei"
    assert repr(found).startswith("VerifiedToken(issuer='https://issuer.example', expires_at=")
    assert "account-1" not in repr(found)


def test_what_is_accepted_needs_a_key_pair() -> None:
    assert sorted(ALGORITHMS) == [
        *("ES256", "ES384", "ES512", "Ed25519", "EdDSA"),
        *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
    ]
    for algorithms in (frozenset({"HS256"}), frozenset({"none"}), frozenset[str]()):
        with pytest.raises(ValueError, match="only asymmetric signatures can be allowed"):
            verified(signed(), algorithms=algorithms)


@pytest.mark.parametrize("alg", sorted(ALGORITHMS))
def test_every_algorithm_that_is_accepted_works(alg: str) -> None:
    key: Any
    match alg[:2]:
        case "ES":
            curve = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[alg]
            key = ec_key("k", alg, curve)
        case "Ed":
            key = ed_key("k", alg)
        case _:
            key = rsa_key("k", alg)
    token = signed_by_any(key, alg)
    assert verified(token, key_set(key)).subject == "account-1"
    if alg != "ES256":
        with pytest.raises(TokenAlgorithmError):
            verified(token, key_set(key), algorithms=frozenset({"ES256"}))


def signed_by_any(key: Any, alg: str) -> str:
    """Sign also with EdDSA, about which joserfc warns when it signs."""
    header = {"alg": alg, "kid": key.kid}
    parts = [json.dumps(header).encode(), json.dumps(dict(CLAIMS)).encode()]
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    signature = jws.JWSRegistry.algorithms[alg].sign(text.encode(), key)
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_token_without_signature_is_refused() -> None:
    for alg in ("none", "None", "NONE", ""):
        with pytest.raises(TokenAlgorithmError):
            verified(forged({"alg": alg, "kid": "ed"}, dict(CLAIMS), b""))


def test_a_public_key_is_no_shared_secret() -> None:
    """The old attack: HMAC with the public key's text, which the verifier has."""
    text, _, _ = forged({"alg": "HS256", "kid": "rsa"}, dict(CLAIMS)).rpartition(".")
    signature = hmac.digest(RSA.as_pem(private=False), text.encode(), "sha256")
    token = f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    with pytest.raises(TokenAlgorithmError):
        verified(token)


def test_a_key_signs_by_its_own_algorithm_only() -> None:
    # RSA declares RS256; the signature would be right.
    with pytest.raises(TokenAlgorithmError):
        verified(signed_by_any(RSA, "PS256"))
    # Another key's id.
    with pytest.raises(TokenAlgorithmError):
        verified(signed_by_any_with_id(EC, "ES256", "rsa"))


def signed_by_any_with_id(key: Any, alg: str, kid: str) -> str:
    return signed(key, {"alg": alg, "kid": kid})


def test_a_key_for_encryption_verifies_nothing() -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "enc", "alg": "Ed25519"})
    published: Any = {"keys": [{**key.as_dict(private=False), "use": "enc"}]}
    with pytest.raises(TokenAlgorithmError):
        verified(signed(key), KeySet.import_key_set(published))


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_short_rsa_key_is_refused() -> None:
    key = rsa_key("short", bits=1024)
    with pytest.raises(TokenAlgorithmError):
        verified(signed(key), key_set(key))


def test_without_a_key_id_exactly_one_key_must_fit() -> None:
    token = signed(ED, {"kid": None})
    assert verified(token).subject == "account-1"
    with pytest.raises(TokenKeyUnknownError):
        verified(token, key_set(ED, ed_key("other")))
    with pytest.raises(TokenKeyUnknownError):
        verified(token, key_set(RSA))


def test_an_unknown_key_and_a_false_signature_differ() -> None:
    with pytest.raises(TokenKeyUnknownError):
        verified(signed(ed_key("strange")))
    with pytest.raises(TokenSignatureError):
        verified(signed(ed_key("ed")))


@given(st.data())
def test_any_change_of_a_token_is_refused(data: st.DataObject) -> None:
    token = signed()
    place = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("ABCDEFxyz0129-_."))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(TokenError) as caught:
            verified(changed)
        assert caught.value.code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "https://other.example"}, TokenIssuerError),
        ({"iss": ISSUER + "/"}, TokenIssuerError),
        ({"iss": None}, TokenIssuerError),
        ({"iss": [ISSUER]}, TokenIssuerError),
        ({"aud": "other"}, TokenAudienceError),
        ({"aud": []}, TokenAudienceError),
        ({"aud": ["other", "Zhupei"]}, TokenAudienceError),
        ({"aud": None}, TokenMalformedError),
        ({"aud": 1}, TokenMalformedError),
        ({"aud": ["zhupei", 1]}, TokenMalformedError),
        ({"sub": None}, TokenMalformedError),
        ({"sub": ""}, TokenMalformedError),
        ({"sub": 7}, TokenMalformedError),
        ({"sub": "x" * 256}, TokenMalformedError),
        ({"exp": None}, TokenMalformedError),
        ({"exp": "later"}, TokenMalformedError),
        ({"exp": True}, TokenMalformedError),
        ({"exp": float("nan")}, TokenMalformedError),
        ({"exp": float("inf")}, TokenMalformedError),
        ({"exp": 10**400}, TokenMalformedError),
        ({"exp": SECONDS - 60}, TokenExpiredError),
        ({"nbf": SECONDS + 61}, TokenNotYetValidError),
        ({"iat": SECONDS + 61}, TokenNotYetValidError),
        ({"nbf": "now"}, TokenMalformedError),
        ({"jti": 5}, TokenMalformedError),
        ({"scope": {"a": 1}}, TokenMalformedError),
        ({"scope": [1]}, TokenMalformedError),
    ],
)
def test_claims_that_are_refused(claims: dict[str, Any], error: type[TokenError]) -> None:
    with pytest.raises(TokenError) as caught:
        verified(signed(**claims))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "zhupei"]},
        {"exp": SECONDS - 59},
        {"exp": SECONDS + 0.5},
        {"nbf": SECONDS + 60},
        {"iat": None, "jti": None, "scope": None},
        {"scope": None, "scp": ["plans:read", "plans:write"]},
    ],
)
def test_claims_that_are_accepted(claims: dict[str, Any]) -> None:
    assert verified(signed(**claims)).subject == "account-1"


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    token = signed(exp=SECONDS)
    assert verified(token, leeway=timedelta(seconds=1)).expires_at == NOW
    with pytest.raises(TokenExpiredError):
        verified(token, leeway=timedelta(0))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "logout+jwt"},
        {"typ": 1},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": True},
        {"kid": 5},
    ],
)
def test_headers_that_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(TokenMalformedError):
        verified(forged({"alg": "Ed25519", "kid": "ed", **header}, dict(CLAIMS)))


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt", None])
def test_types_of_access_tokens_are_accepted(kind: str | None) -> None:
    registry = jws.JWSRegistry(algorithms=["Ed25519"])
    header = {"alg": "Ed25519", "kid": "ed", **({} if kind is None else {"typ": kind})}
    token = jwt.encode(header, dict(CLAIMS), ED, registry=registry, default_type=None)
    assert verified(token).subject == "account-1"


def test_an_extra_header_of_an_issuer_does_not_matter() -> None:
    assert verified(signed(ED, {"x5t": "abc", "nonce": "n" * 600})).subject == "account-1"


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){2}"))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(TokenError):
        verified(text)


@pytest.mark.parametrize(
    "token",
    [
        forged([], {}),
        forged({}, []),
        forged({"alg": "Ed25519"}, "text"),
        "[" * 3000 + "." + "e30" + "." + "",
        base64.urlsafe_b64encode(b"[" * 3000).decode().rstrip("=") + ".e30.",
        "a" * (LONGEST_TOKEN - 1) + "..",
        signed() + ".more",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenMalformedError):
        verified(token)


def test_a_token_that_is_too_long_is_not_even_read() -> None:
    assert key_id_of(signed(pad="x" * 9000)) == "ed"
    with pytest.raises(TokenMalformedError):
        key_id_of(signed(pad="x" * LONGEST_TOKEN))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Basic dTpw", None),
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER abc", "abc"),
    ],
)
def test_the_header_that_carries_a_token(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b"])
def test_a_header_without_exactly_one_token_is_refused(header: str) -> None:
    with pytest.raises(TokenMalformedError):
        bearer_token(header)


class _Fixed:
    """Verifies with fixed keys, as the other issuers do with theirs."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    async def verify(self, token: str) -> VerifiedToken:
        return verified(token, issuer=self.issuer)


async def test_each_token_goes_to_its_issuer() -> None:
    verifier = TokenVerifier([_Fixed(ISSUER), _Fixed("https://second.example")])
    for issuer in (ISSUER, "https://second.example"):
        assert (await verifier.verify(signed(iss=issuer))).issuer == issuer
    for unknown in ("https://third.example", None, 5):
        with pytest.raises(TokenIssuerError):
            await verifier.verify(signed(iss=unknown))
    with pytest.raises(ValueError, match="an issuer is given twice"):
        TokenVerifier([_Fixed(ISSUER), _Fixed(ISSUER)])


def test_nothing_of_a_token_is_told_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.tokens")
    refused = [
        signed(aud="secret-audience"),
        signed(exp=SECONDS - 3600),
        signed(iss="https://secret.example"),
        signed(ed_key("secret-key")),
        forged({"alg": "secret-alg"}, {"sub": "secret"}),
        signed() + "x",
    ]
    with caplog.at_level(logging.DEBUG):
        log.info("%r", verified(signed(name="secret-name")))
        for token in refused:
            try:
                verified(token)
            except TokenError as error:
                log.info("%s", error.text(Language.ZH))
                log.exception("refused")
    assert len(caplog.records) == 1 + 2 * len(refused)
    assert "secret" not in caplog.text
    assert "account-1" not in caplog.text
    for token in refused:
        assert not any(part in caplog.text for part in token.split(".") if part)


def _all_errors(of: type[TokenError]) -> list[type[TokenError]]:
    return [of, *(found for child in of.__subclasses__() for found in _all_errors(child))]


def test_the_tree_is_drawn_as_it_is_and_every_code_has_a_page() -> None:
    pages = Path(__file__).parents[2] / "docs" / "errors"
    for error in _all_errors(TokenError):
        line = next(
            line for line in (tokens.__doc__ or "").splitlines() if f" {error.__name__} " in line
        )
        assert f" {error.code}" in line
        page = (pages / f"{error.code}.md").read_text("utf-8")
        assert page.startswith(f"# {error.code}\n\n**")
    assert issubclass(IssuerUnavailableError, TokenError)
