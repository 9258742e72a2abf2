"""The built-in issuer: signs tokens for development and small deployments with Ed25519.

Its keys are files below the data directory, made on first use and readable by their owner only.
The newest signs, all verify, so that keys can be exchanged while tokens of the old one are still
valid. Processes that share the directory share the keys: each looks at the directory whenever it
makes or verifies a token, so that a key is used or refused everywhere at once.
"""

from __future__ import annotations

import fcntl
import fnmatch
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from zhupei.domain.text import Text
from zhupei.security.key_files import KeyFileError, read_key_file, write_key_file
from zhupei.security.tokens import VerifiedToken, verify_token

__all__ = ["BUILT_IN_ISSUER", "BuiltInIssuer"]

BUILT_IN_ISSUER = "urn:zhupei:built-in"
"""The ``iss`` and ``aud`` of every token made here; keys tell installations apart."""

_ALGORITHM = "Ed25519"
_STAMP = "%Y%m%dT%H%M%S%fZ"
_LONGEST = timedelta(days=366)


class BuiltInIssuer:
    """Makes tokens and verifies them again."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        leeway: timedelta = timedelta(seconds=5),
    ) -> None:
        """Keep the keys in ``folder`` (made on first use); ``now`` returns aware times."""
        self._folder, self._now, self._leeway = folder, now, leeway
        self._held: tuple[tuple[Path, ...], KeySet] | None = None

    @property
    def issuer(self) -> str:
        """The identifier that stands in the tokens (``iss``)."""
        return BUILT_IN_ISSUER

    def issue(
        self,
        subject: str,
        *,
        lifetime: timedelta,
        scopes: Iterable[str] = (),
        since: datetime | None = None,
    ) -> str:
        """Return a signed token for an account (``subject``), valid from now.

        ``since`` is a moment from which the account's tokens count, where that lies a little ahead:
        as when its password was set within this very second.

        Roles are not in it: they are looked up when it is used, so that taking one away works at
        once. Raises ValueError for an empty subject, a scope with a blank, or a lifetime that is
        not positive or longer than a year; `KeyFileError` where the keys cannot be used.
        """
        listed = sorted(set(scopes))
        if not 0 < len(subject) <= 255 or any(not one or one.split() != [one] for one in listed):
            raise ValueError("a token has a subject, and scopes without blanks")
        if not timedelta(0) < lifetime <= _LONGEST:
            raise ValueError("a token is valid for more than nothing and at most a year")
        key = _key_of(self._newest())
        now = self._now()
        begins = now if since is None else max(now, min(since, now + self._leeway))
        issued = int(begins.timestamp())
        claims: dict[str, object] = {
            "iss": BUILT_IN_ISSUER,
            "aud": BUILT_IN_ISSUER,
            "sub": subject,
            "iat": issued,
            "nbf": issued,
            "exp": issued + max(1, int(lifetime.total_seconds())),
            "jti": secrets.token_urlsafe(16),
        }
        if listed:
            claims["scope"] = " ".join(listed)
        header = {"alg": _ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])

    async def verify(self, token: str) -> VerifiedToken:
        """Return what a token says that was made here; raise `TokenError` if not accepted."""
        return verify_token(
            token,
            self._keys(),
            issuer=BUILT_IN_ISSUER,
            audiences=frozenset({BUILT_IN_ISSUER}),
            now=self._now(),
            leeway=self._leeway,
            algorithms=frozenset({_ALGORITHM}),
        )

    def keys(self) -> object:
        """Return what tells the present keys from those before and after."""
        return tuple(self._names())

    def rotate(self, *, keep: timedelta = _LONGEST) -> str:
        """Make a new key that signs from now on and return its id.

        Keys that signed nothing within ``keep`` are removed: the longest lifetime of any token
        that is still to be accepted, zero to end all tokens at once.
        """
        with self._locked():
            files = self._files()
            key = self._make()
            # A key was last used when the next one was made.
            for file, following in pairwise((*files, self._files()[-1])):
                if self._now() - _made_at(following) >= keep:
                    file.unlink()
        return key.kid or ""

    def _keys(self) -> KeySet:
        self._newest()
        files = tuple(self._files())
        if self._held is None or self._held[0] != files:
            self._held = files, KeySet([_key_of(file) for file in files])
        return self._held[1]

    def _newest(self) -> Path:
        if not (files := self._files()):
            with self._locked():
                if not (files := self._files()):
                    self._make()
                    files = self._files()
        return files[-1]

    def _make(self) -> OKPKey:
        key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": _ALGORITHM})
        key.ensure_kid()
        # Counted, because clocks may go back; the time tells when the key before it ended.
        number = 1 + max((_number(file) for file in self._files()), default=0)
        stamp = self._now().astimezone(UTC).strftime(_STAMP)
        content = json.dumps(key.as_dict(private=True)).encode()
        write_key_file(self._folder / f"{number:06d}-{stamp}.jwk", content)
        return key

    def _files(self) -> list[Path]:
        """Return the files of the keys, the oldest first."""
        return sorted((self._folder / name for name in self._names()), key=_number)

    def _names(self) -> list[str]:
        # Not by `glob`, which takes four times as long: this is asked for each second of a session.
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - names are all that is needed of it
        except FileNotFoundError:
            return []
        return sorted(fnmatch.filter(names, "[0-9]*-*Z.jwk"))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time make or remove keys."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _made_at(file: Path) -> datetime:
    stamp = file.stem.partition("-")[2]
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)


def _number(file: Path) -> int:
    return int(file.name.partition("-")[0])


def _key_of(file: Path) -> OKPKey:
    try:
        return OKPKey.import_key(json.loads(read_key_file(file)))
    except (JoseError, ValueError, TypeError):
        raise KeyFileError(
            Text(f"密钥文件 {file} 已损坏", f"key file {file} is damaged"),
            Text("删除它，其签发的登录凭证随之失效", "remove it; the tokens it signed end with it"),
        ) from None
