"""Ed25519 by the vectors of RFC 8032, section 7.1."""

from __future__ import annotations

import pytest

from zhupei.security.signatures import (
    make_signing_key,
    public_key_id,
    public_key_of,
    sign,
    verifies,
)

SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_vector_of_the_standard() -> None:
    assert public_key_of(SECRET) == PUBLIC
    assert sign(SECRET, b"\x72") == SIGNATURE
    assert verifies(PUBLIC, b"\x72", SIGNATURE)


def test_a_changed_message_signature_or_key_does_not_verify() -> None:
    assert not verifies(PUBLIC, b"\x73", SIGNATURE)
    assert not verifies(PUBLIC, b"\x72", SIGNATURE[:-1] + b"\x01")
    assert not verifies(PUBLIC, b"\x72", b"")
    assert not verifies(public_key_of(bytes(32)), b"\x72", SIGNATURE)


def test_new_keys_differ() -> None:
    first, second = make_signing_key(), make_signing_key()
    assert first != second
    assert verifies(public_key_of(first), b"x", sign(first, b"x"))
    assert public_key_id(PUBLIC) == "39f713d0a644253f"


def test_keys_of_another_length() -> None:
    with pytest.raises(ValueError, match="a private key has 32 bytes, not 3"):
        sign(b"abc", b"x")
    with pytest.raises(ValueError, match="a public key has 32 bytes, not 0"):
        verifies(b"", b"x", b"")
