"""Encryption at rest and keyed hashes: bound to their place, readable by old keys, never shown."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import logging
import pickle
from itertools import permutations
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.text import Language, Text
from zhupei.security.crypto import (
    CiphertextError,
    EncryptionKeyMissingError,
    EncryptionKeysError,
    Keyring,
    MasterKey,
    Place,
    new_key_text,
)

KEYS = tuple(MasterKey(f"k{number}", bytes([number]) * 32) for number in (1, 2, 3))
PLACE = Place("applicant", "identity_number", "0190a")
ORDERS = st.sampled_from([Keyring(order) for order in permutations(KEYS)])
NAMES = st.text(min_size=1, max_size=20)
PLACES = st.builds(Place, NAMES, NAMES, NAMES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS, PLACES, ORDERS, ORDERS)
def test_what_is_encrypted_is_read_by_the_same_keys_in_any_order(
    value: str, place: Place, one: Keyring, other: Keyring
) -> None:
    sealed = one.encrypt(value, place)
    assert sealed.isascii()
    assert sealed.startswith(f"1.{one.key_ids[0]}.")
    assert other.decrypt(sealed, place) == value


@given(TEXTS, PLACES, PLACES)
def test_a_ciphertext_opens_at_its_place_only(value: str, place: Place, other: Place) -> None:
    keyring = Keyring(KEYS)
    sealed = keyring.encrypt(value, place)
    if place != other:
        with pytest.raises(CiphertextError):
            keyring.decrypt(sealed, other)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("applicant", "identity_number", "0190b"),
        Place("applicant", "phone", "0190a"),
        Place("trainee", "identity_number", "0190a"),
        # The same letters, divided otherwise.
        Place("applicanti", "dentity_number", "0190a"),
        Place("applicant", "identity_number0", "190a"),
    ],
)
def test_a_ciphertext_that_was_moved_says_where(elsewhere: Place) -> None:
    keyring = Keyring(KEYS)
    sealed = keyring.encrypt("11010519491231002X", PLACE)
    with pytest.raises(CiphertextError) as caught:
        keyring.decrypt(sealed, elsewhere)
    assert caught.value.text(Language.EN) == (
        f"a ciphertext in {elsewhere.table}.{elsewhere.column} was changed, moved or damaged "
        "[CIPHERTEXT_INVALID]"
    )


@given(st.integers(0, 200), st.integers(1, 127))
def test_any_change_of_a_ciphertext_is_noticed(index: int, change: int) -> None:
    keyring = Keyring(KEYS)
    sealed = keyring.encrypt("11010519491231002X", PLACE)
    position = index % len(sealed)
    other = chr((ord(sealed[position]) + change) % 128)
    changed = sealed[:position] + other + sealed[position + 1 :]
    if changed != sealed:
        with pytest.raises((CiphertextError, EncryptionKeyMissingError)):
            keyring.decrypt(changed, PLACE)


@pytest.mark.parametrize(
    "text",
    ["", "1.k1", "1.k1.", "2.k1.AAAA", "1..AAAA", "1.k1.!!!!", "1.k1.AAAA", "1.k1.A", "é.é.é"],
)
def test_what_is_no_ciphertext_is_refused(text: str) -> None:
    with pytest.raises(CiphertextError):
        Keyring(KEYS).decrypt(text, PLACE)


def test_it_is_aes_gcm_with_a_key_of_its_own_for_each_column() -> None:
    keyring = Keyring(KEYS)
    seals = {keyring.encrypt("same", PLACE) for _ in range(20)}
    assert len(seals) == 20
    raw = base64.urlsafe_b64decode(seals.pop().split(".")[2] + "==")
    assert len(raw) == 12 + len("same") + 16
    # The master key itself opens nothing.
    with pytest.raises(InvalidTag):
        AESGCM(KEYS[0].secret).decrypt(raw[:12], raw[12:], None)


def test_old_keys_read_until_everything_is_re_encrypted() -> None:
    old, both, new = Keyring(KEYS[:1]), Keyring((KEYS[1], KEYS[0])), Keyring(KEYS[1:2])
    sealed = old.encrypt("13800138000", PLACE)
    assert both.decrypt(sealed, PLACE) == "13800138000"
    assert not both.is_current(sealed)
    again = both.re_encrypt(sealed, PLACE)
    assert both.is_current(again)
    assert both.re_encrypt(again, PLACE) == again
    assert new.decrypt(again, PLACE) == "13800138000"
    with pytest.raises(EncryptionKeyMissingError) as caught:
        new.decrypt(sealed, PLACE)
    assert caught.value.key_id == "k1"
    assert caught.value.text(Language.ZH) == (
        "缺少密钥“k1”，无法读取 applicant.identity_number；"
        "把该密钥加回 ZHUPEI_ENCRYPTION_KEYS 的末尾 [ENCRYPTION_KEY_MISSING]"
    )


def test_a_key_of_the_same_id_that_is_another_opens_nothing() -> None:
    sealed = Keyring([KEYS[0]]).encrypt("value", PLACE)
    with pytest.raises(CiphertextError):
        Keyring([MasterKey("k1", b"x" * 32)]).decrypt(sealed, PLACE)


@given(TEXTS, NAMES, ORDERS, ORDERS)
def test_a_value_is_found_by_its_hash_under_any_order_of_keys(
    value: str, purpose: str, one: Keyring, other: Keyring
) -> None:
    stored = one.lookup_hash(purpose, value)
    assert stored == one.lookup_hashes(purpose, value)[0]
    assert stored in other.lookup_hashes(purpose, value)
    assert other.hash_matches(purpose, value, stored)
    assert other.is_current(stored) is (one.key_ids[0] == other.key_ids[0])
    assert not other.hash_matches(purpose, value + "0", stored)
    assert not other.hash_matches(purpose + "0", value, stored)


def test_a_person_stays_unique_while_keys_are_exchanged() -> None:
    """A set stands for the table with one unique row for each hash."""
    before, after = Keyring(KEYS[:1]), Keyring((KEYS[1], KEYS[0]))
    table = set(before.lookup_hashes("identity-document", "RESIDENT_ID:1"))
    assert not table.isdisjoint(after.lookup_hashes("identity-document", "RESIDENT_ID:1"))
    table = set(after.lookup_hashes("identity-document", "RESIDENT_ID:2"))
    assert not table.isdisjoint(before.lookup_hashes("identity-document", "RESIDENT_ID:2"))
    assert table.isdisjoint(after.lookup_hashes("identity-document", "RESIDENT_ID:3"))


def test_hashes_are_stable_across_processes() -> None:
    """A change of the derivation would make every stored hash useless: HKDF and HMAC by hand."""

    def joined(*parts: str) -> bytes:
        return b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in parts)

    extracted = hmac.digest(b"\0" * 32, KEYS[0].secret, hashlib.sha256)
    info = joined("zhupei", "look-up", "phone")
    derived = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    expected = hmac.digest(derived, b"+8613800138000", hashlib.sha256)
    found = Keyring(KEYS).lookup_hash("phone", "+8613800138000")
    assert found == "k1." + base64.urlsafe_b64encode(expected).rstrip(b"=").decode()


def test_keys_are_read_from_text_in_both_alphabets() -> None:
    secret = b"\xfb\xff" * 16
    standard, url = base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()
    assert standard != url
    one = Keyring.parse(f"a:{standard}")
    other = Keyring.parse(f" a : {url} ".replace(" : ", ":"))
    assert other.decrypt(one.encrypt("value", PLACE), PLACE) == "value"
    both = Keyring.parse(f"{new_key_text('2026b')}, {new_key_text('2026a')}")
    assert both.key_ids == ("2026b", "2026a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", Text("第 1 个密钥无法识别", "key 1 cannot be read")),
        ("a", Text("第 1 个密钥无法识别", "key 1 cannot be read")),
        ("a:c2hvcnQ=", Text("第 1 个密钥无法识别", "key 1 cannot be read")),
        ("a b:" + "A" * 43 + "=", Text("第 1 个密钥无法识别", "key 1 cannot be read")),
        ("a:" + "A" * 43 + "=,b:!", Text("第 2 个密钥无法识别", "key 2 cannot be read")),
        (
            "a:" + "A" * 43 + "=,a:" + "B" * 42 + "A=",
            Text("同一密钥代号出现了两次", "the id of a key is given twice"),
        ),
        (
            "a:" + "A" * 43 + "=,b:" + "A" * 43 + "=",
            Text("同一密钥以两个代号出现", "one key is given under two ids"),
        ),
    ],
)
def test_keys_that_cannot_be_read_are_not_repeated(text: str, message: Text) -> None:
    with pytest.raises(EncryptionKeysError) as caught:
        Keyring.parse(text)
    assert caught.value.message == message
    assert "AAAA" not in caught.value.text(Language.EN)
    assert caught.value.__cause__ is None


def test_a_keyring_has_a_key_and_each_id_once() -> None:
    for keys in ((), (KEYS[0], MasterKey("k1", b"x" * 32))):
        with pytest.raises(ValueError, match="at least one key, and each id once"):
            Keyring(keys)
    for name, secret in (("", b"x" * 32), ("a.b", b"x" * 32), ("a", b"x" * 31)):
        with pytest.raises(ValueError, match="a key has an id"):
            MasterKey(name, secret)
    with pytest.raises(ValueError, match="a place has a table, a column and a row"):
        Place("applicant", "", "1")


def test_a_file_keeps_the_keys_where_the_environment_has_none(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "encryption.keys"
    first = Keyring.open_file(path)
    sealed = first.encrypt("value", PLACE)
    assert Keyring.open_file(path).decrypt(sealed, PLACE) == "value"
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_neither_shown_nor_logged_nor_pickled(caplog: pytest.LogCaptureFixture) -> None:
    secret = bytes(range(32))
    text = base64.b64encode(secret).decode()
    key, keyring = MasterKey("a", secret), Keyring.parse(f"a:{text}")
    log = logging.getLogger("test.crypto")
    with caplog.at_level(logging.DEBUG):
        log.info("%r %s %r %s", key, key, keyring, keyring)
        log.info("value", extra={"keyring": keyring})
        sealed = keyring.encrypt("11010519491231002X", PLACE)
        keyring.lookup_hash("identity-document", "11010519491231002X")
        for broken in (sealed[:-4], sealed.replace("1.a.", "1.b.")):
            try:
                keyring.decrypt(broken, PLACE)
            except (CiphertextError, EncryptionKeyMissingError):
                log.exception("refused")
    assert repr(key) == "MasterKey(id='a')"
    assert repr(keyring) == "Keyring(a)"
    records = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    for hidden in (text, text[:20], repr(secret)[2:-1], "11010519491231002X", sealed[4:20]):
        assert hidden not in records
    for thing in (key, keyring):
        with pytest.raises(TypeError, match="is not pickled"):
            pickle.dumps(thing)
        with pytest.raises(TypeError, match="is not pickled"):
            copy.deepcopy(thing)
