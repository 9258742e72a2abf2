"""Signing keys: the first signs, retired ones stay known, nothing of them is shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from zhupei.security.signatures import public_key_id, public_key_of
from zhupei.security.signing_keys import (
    SigningKeys,
    SigningKeysError,
    public_key_from_text,
    public_key_text,
)

A, B = bytes(range(32)), bytes(range(1, 33))


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_the_first_signs_and_all_are_published() -> None:
    keys = SigningKeys.parse(f"{text(B)}, public:{text(public_key_of(A))}")
    ids = [public_key_id(public_key_of(each)) for each in (B, A)]
    assert keys.private == B
    assert keys.key_id == ids[0]
    assert set(keys.public) == set(ids)
    listed = keys.key_set()["keys"]
    assert isinstance(listed, list)
    assert [each["kid"] for each in listed] == ids
    assert [public_key_from_text(each["x"]) for each in listed] == [
        public_key_of(B),
        public_key_of(A),
    ]
    assert "d" not in listed[0]
    assert repr(B)[2:20] not in repr(keys)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "signing key 1 is not valid: it is not 32 bytes in Base64"),
        (f"{text(A)},x", "signing key 2 is not valid: it is not 32 bytes in Base64"),
        (text(A + b"1"), "signing key 1 is not valid: it is not 32 bytes in Base64"),
        (f"{text(A)},{text(A)}", "signing key 2 is not valid: it is there twice"),
        (f"public:{text(A)}", "there is no private key to sign with"),
    ],
)
def test_what_is_no_key_is_refused_and_never_repeated(given: str, message: str) -> None:
    with pytest.raises(SigningKeysError) as caught:
        SigningKeys.parse(given)
    assert caught.value.message.en == message
    assert caught.value.hint is not None
    assert text(A) not in f"{caught.value.message}{caught.value.hint}"


def test_a_file_is_made_once_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "lists"
    keys = SigningKeys.open_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKeys.open_file(path) == keys
    assert public_key_from_text(public_key_text(keys.public[keys.key_id])) == public_key_of(
        keys.private
    )
