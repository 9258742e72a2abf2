"""Tests of zhupei.services.remembered_actors: what is remembered, how long, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from zhupei.domain.actors import Actor
from zhupei.security.tokens import VerifiedToken
from zhupei.services.account_changes import account_changed, changes_of_accounts
from zhupei.services.remembered_actors import REMEMBERED_SECONDS, RememberedActors

_NOW = datetime(2026, 4, 10, tzinfo=UTC)
_ACTOR = Actor(id="a")


class _Clocks:
    """An instant, and seconds that pass."""

    def __init__(self) -> None:
        self.now, self.elapsed = _NOW, 100.0


@pytest.fixture
def clocks() -> _Clocks:
    return _Clocks()


@pytest.fixture
def remembered(clocks: _Clocks) -> RememberedActors:
    return RememberedActors(now=lambda: clocks.now, elapsed=lambda: clocks.elapsed)


def _verified(minutes: int = 10) -> VerifiedToken:
    return VerifiedToken(issuer="i", subject="s", expires_at=_NOW + timedelta(minutes=minutes))


def _keep(remembered: RememberedActors, token: str = "t", keys: object = "k") -> None:
    remembered.keep(token, _verified(), keys, _ACTOR, changes_of_accounts())


def test_an_actor_is_remembered_for_a_second_and_no_longer(
    remembered: RememberedActors, clocks: _Clocks
) -> None:
    assert REMEMBERED_SECONDS == 1.0
    assert remembered.actor("t") is None
    _keep(remembered)
    clocks.elapsed += 0.99
    assert remembered.actor("t") is _ACTOR
    assert remembered.actor("another") is None
    clocks.elapsed += 0.01
    assert remembered.actor("t") is None
    # The token itself stays verified, as long as the issuer's keys are these.
    assert remembered.verified("t", lambda issuer: "k") == _verified()
    assert remembered.verified("t", lambda issuer: "rotated") is None


def test_an_actor_that_is_looked_up_and_is_the_same_stays_the_same_object(
    remembered: RememberedActors,
) -> None:
    _keep(remembered)
    verified, again = _verified(), Actor(id="a")
    assert again == _ACTOR
    assert again is not _ACTOR
    remembered.keep("t", verified, "k", again, changes_of_accounts())
    assert remembered.actor("t") is _ACTOR
    another = Actor(id="a", name="n")
    remembered.keep("t", verified, "k", another, changes_of_accounts())
    assert remembered.actor("t") is another


def test_an_actor_is_renewed_for_a_second_without_another_look_at_keys(
    remembered: RememberedActors, clocks: _Clocks
) -> None:
    assert remembered.renew("t", _ACTOR, changes_of_accounts()) is _ACTOR
    assert remembered.actor("t") is None  # of a token that was forgotten nothing is known
    _keep(remembered)
    clocks.elapsed += 1.0
    assert remembered.actor("t") is None
    assert remembered.renew("t", Actor(id="a"), changes_of_accounts()) is _ACTOR
    clocks.elapsed += 0.99
    assert remembered.actor("t") is _ACTOR
    # What it was verified with stays as it was.
    assert remembered.verified("t", lambda issuer: "k") == _verified()
    assert remembered.verified("t", lambda issuer: "rotated") is None
    before = changes_of_accounts()
    account_changed()
    remembered.renew("t", _ACTOR, before)
    assert remembered.actor("t") is None


def test_a_change_of_any_account_ends_it_at_once(remembered: RememberedActors) -> None:
    _keep(remembered)
    assert remembered.actor("t") is _ACTOR
    account_changed()
    assert remembered.actor("t") is None


def test_what_was_read_before_a_change_is_not_what_holds_after_it(
    remembered: RememberedActors,
) -> None:
    """A role is taken back while the account is looked up."""
    before = changes_of_accounts()
    account_changed()
    remembered.keep("t", _verified(), "k", _ACTOR, before)
    assert remembered.actor("t") is None


@pytest.mark.parametrize("minutes", [10, 11, -1])
def test_no_token_outlives_its_time_nor_comes_before_it(
    remembered: RememberedActors, clocks: _Clocks, minutes: int
) -> None:
    _keep(remembered)
    clocks.now += timedelta(minutes=minutes)
    assert remembered.actor("t") is None
    assert remembered.verified("t", lambda issuer: "k") is None


def test_a_token_of_an_issuer_without_known_keys_is_verified_each_time(
    remembered: RememberedActors,
) -> None:
    _keep(remembered, keys=None)
    assert remembered.actor("t") is _ACTOR
    assert remembered.verified("t", lambda issuer: None) is None


def test_tokens_are_bounded_and_not_kept(remembered: RememberedActors) -> None:
    for number in range(5000):
        _keep(remembered, f"secret-{number}")
    assert remembered.actor("secret-0") is None
    assert remembered.actor("secret-4999") is _ACTOR
    assert len(remembered._seen) == 4096
    assert not any(b"secret" in digest for digest in remembered._seen)
