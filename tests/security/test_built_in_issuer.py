"""The built-in issuer: keys made once, exchanged under use, and tokens that other keys refuse."""

from __future__ import annotations

import fcntl
import json
import logging
import multiprocessing
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zhupei.domain.text import Language
from zhupei.security.built_in_issuer import BUILT_IN_ISSUER, BuiltInIssuer
from zhupei.security.key_files import KeyFileError, write_key_file
from zhupei.security.tokens import (
    TokenError,
    TokenExpiredError,
    TokenKeyUnknownError,
    TokenNotYetValidError,
    TokenSignatureError,
    TokenVerifier,
)

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "tokens"


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_a_token_that_was_made_here_is_accepted(folder: Path, clock: Clock) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    token = issuer.issue("account-1", lifetime=HOUR, scopes=["plans:write", "plans:read"])
    found = await TokenVerifier([issuer]).verify(token)
    assert (found.issuer, found.subject) == (BUILT_IN_ISSUER, "account-1")
    assert (found.issued_at, found.expires_at) == (START, START + HOUR)
    assert found.scopes == {"plans:read", "plans:write"}
    assert found.claims["scope"] == "plans:read plans:write"
    assert found.id is not None
    assert len(found.id) == 22
    other = await issuer.verify(issuer.issue("account-1", lifetime=HOUR))
    assert other.id != found.id
    assert other.scopes == frozenset()


@pytest.mark.parametrize(("ahead", "begins"), [(-60, 0), (0, 0), (1, 1), (5, 5), (3600, 5)])
async def test_a_token_may_count_from_a_little_ahead(
    folder: Path, clock: Clock, ahead: int, begins: int
) -> None:
    """As far as its own leeway: at once it is accepted all the same."""
    issuer = BuiltInIssuer(folder, now=clock)
    token = issuer.issue("account-1", lifetime=HOUR, since=START + timedelta(seconds=ahead))
    found = await issuer.verify(token)
    assert found.issued_at == START + timedelta(seconds=begins)
    assert found.expires_at == START + timedelta(seconds=begins) + HOUR


async def test_times_are_heeded(folder: Path, clock: Clock) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    token = issuer.issue("account-1", lifetime=HOUR)
    clock.now = START + HOUR + timedelta(seconds=4)
    assert (await issuer.verify(token)).subject == "account-1"
    clock.now = START + HOUR + timedelta(seconds=5)
    with pytest.raises(TokenExpiredError):
        await issuer.verify(token)
    clock.now = START - timedelta(seconds=6)
    with pytest.raises(TokenNotYetValidError):
        await issuer.verify(token)


async def test_the_key_is_made_on_first_use_for_its_owner_alone(folder: Path, clock: Clock) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    assert not files(folder)
    token = issuer.issue("account-1", lifetime=HOUR)
    (file,) = files(folder)
    assert file.name == "000001-20261122T080000000000Z.jwk"
    assert [mode(file), mode(file.parent)] == [0o600, 0o700]
    key = json.loads(file.read_bytes())
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "Ed25519", "sig")
    again = BuiltInIssuer(folder, now=clock)
    assert (await again.verify(token)).subject == "account-1"
    assert files(folder) == [file]


async def test_another_installation_does_not_accept_the_token(tmp_path: Path, clock: Clock) -> None:
    one, other = (BuiltInIssuer(tmp_path / name, now=clock) for name in ("one", "other"))
    with pytest.raises(TokenKeyUnknownError):
        await other.verify(one.issue("account-1", lifetime=HOUR))


async def test_keys_are_exchanged_while_old_tokens_are_valid(folder: Path, clock: Clock) -> None:
    issuer, elsewhere = BuiltInIssuer(folder, now=clock), BuiltInIssuer(folder, now=clock)
    old = issuer.issue("account-1", lifetime=HOUR)
    assert (await elsewhere.verify(old)).subject == "account-1"
    kid = issuer.rotate(keep=HOUR)
    new = elsewhere.issue("account-2", lifetime=HOUR)
    assert len(files(folder)) == 2
    for one in (issuer, elsewhere):
        assert (await one.verify(old)).subject == "account-1"
        assert (await one.verify(new)).subject == "account-2"
    # An hour after the exchange the first key has nothing left to verify.
    clock.now = START + HOUR
    assert issuer.rotate(keep=HOUR) != kid
    assert [file.name[:6] for file in files(folder)] == ["000002", "000003"]
    for one in (issuer, elsewhere):
        with pytest.raises(TokenKeyUnknownError):
            await one.verify(old)


async def test_all_tokens_can_be_ended_at_once(folder: Path, clock: Clock) -> None:
    issuer, elsewhere = BuiltInIssuer(folder, now=clock), BuiltInIssuer(folder, now=clock)
    token = issuer.issue("account-1", lifetime=HOUR)
    await elsewhere.verify(token)
    issuer.rotate(keep=timedelta(0))
    for one in (issuer, elsewhere):
        with pytest.raises(TokenKeyUnknownError):
            await one.verify(token)
        assert (await one.verify(one.issue("account-1", lifetime=HOUR))).subject == "account-1"


async def test_a_clock_that_goes_back_does_not_bring_back_an_old_key(
    folder: Path, clock: Clock
) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    issuer.issue("account-1", lifetime=HOUR)
    clock.now = START - timedelta(days=2)
    kid = issuer.rotate()
    token = issuer.issue("account-1", lifetime=HOUR)
    newest = files(folder)[-1]
    assert json.loads(newest.read_bytes())["kid"] == kid
    assert (await issuer.verify(token)).subject == "account-1"


def _issue(folder: Path) -> str:
    return BuiltInIssuer(folder, now=lambda: START).issue("account-1", lifetime=HOUR)


async def test_processes_that_start_at_once_share_one_key(folder: Path, clock: Clock) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        tokens = pool.map(_issue, [folder] * 6, chunksize=1)
    assert len(files(folder)) == 1
    issuer = BuiltInIssuer(folder, now=clock)
    assert [(await issuer.verify(token)).subject for token in tokens] == ["account-1"] * 6


def test_who_waits_for_the_lock_takes_the_key_that_was_made_meanwhile(
    folder: Path, clock: Clock
) -> None:
    key = _made_elsewhere(folder.parent / "elsewhere")
    folder.mkdir(parents=True)
    holding = os.open(folder, os.O_RDONLY)
    fcntl.flock(holding, fcntl.LOCK_EX)
    waiting = threading.Thread(
        target=BuiltInIssuer(folder, now=clock).issue,
        args=("account-1",),
        kwargs={"lifetime": HOUR},
    )
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    write_key_file(folder / key.name, key.read_bytes())
    os.close(holding)
    waiting.join(10)
    assert not waiting.is_alive()
    assert files(folder) == [folder / key.name]


def _made_elsewhere(folder: Path) -> Path:
    _issue(folder)
    (file,) = files(folder)
    return file


async def test_a_changed_signature_is_refused(folder: Path, clock: Clock) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    head, body, signature = issuer.issue("account-1", lifetime=HOUR).split(".")
    with pytest.raises(TokenSignatureError):
        await issuer.verify(f"{head}.{body}.{'A' * len(signature)}")
    with pytest.raises(TokenError):
        await issuer.verify(f"{head}.{body[:-2]}.{signature}")


@pytest.mark.parametrize(
    ("subject", "lifetime", "scopes", "message"),
    [
        ("", HOUR, (), "a subject, and scopes without blanks"),
        ("x" * 256, HOUR, (), "a subject, and scopes without blanks"),
        ("a", HOUR, ("",), "a subject, and scopes without blanks"),
        ("a", HOUR, ("a b",), "a subject, and scopes without blanks"),
        ("a", timedelta(0), (), "more than nothing and at most a year"),
        ("a", timedelta(days=367), (), "more than nothing and at most a year"),
    ],
)
def test_tokens_that_are_not_made(
    folder: Path,
    clock: Clock,
    subject: str,
    lifetime: timedelta,
    scopes: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        BuiltInIssuer(folder, now=clock).issue(subject, lifetime=lifetime, scopes=scopes)
    assert not folder.exists()


def test_a_key_that_others_can_read_or_that_is_damaged_is_not_used(
    folder: Path, clock: Clock
) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    issuer.issue("account-1", lifetime=HOUR)
    (file,) = files(folder)
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match="other accounts may read or change it"):
        issuer.issue("account-1", lifetime=HOUR)
    file.chmod(0o600)
    file.write_text('{"kty": "OKP", "d": "secret"}', "utf-8")
    with pytest.raises(KeyFileError) as caught:
        issuer.issue("account-1", lifetime=HOUR)
    assert caught.value.text(Language.EN) == (
        f"key file {file} is damaged; remove it; the tokens it signed end with it "
        "[KEY_FILE_UNUSABLE]"
    )


async def test_neither_keys_nor_tokens_are_logged(
    folder: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = BuiltInIssuer(folder, now=clock)
    with caplog.at_level(logging.DEBUG):
        token = issuer.issue("account-1", lifetime=HOUR)
        logging.getLogger("test").info("%r %r", issuer, await issuer.verify(token))
    (file,) = files(folder)
    assert json.loads(file.read_bytes())["d"] not in caplog.text
    assert not any(part in caplog.text for part in token.split("."))
    assert "account-1" not in caplog.text
