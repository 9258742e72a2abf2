"""Ed25519 signatures (RFC 8032) of what is published: who holds the public key can verify alone.

Keys are 32 bytes. The private key is given by the caller, who keeps it as a key file.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["make_signing_key", "public_key_id", "public_key_of", "sign", "verifies"]

_KEY_BYTES = 32


def make_signing_key() -> bytes:
    """Return a new private key."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    """Return the public key of a private one. Raises ValueError for anything but 32 bytes."""
    return _private(private_key).public_key().public_bytes_raw()


def public_key_id(public_key: bytes) -> str:
    """Return what a public key is called: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def sign(private_key: bytes, message: bytes) -> bytes:
    """Return the signature of a message, 64 bytes; the same message gives the same signature.

    Raises ValueError for a private key that is not 32 bytes.
    """
    return _private(private_key).sign(message)


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the holder of the private key signed exactly this message.

    Raises ValueError for a public key that is not 32 bytes.
    """
    if len(public_key) != _KEY_BYTES:
        raise ValueError(f"a public key has {_KEY_BYTES} bytes, not {len(public_key)}")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _private(key: bytes) -> Ed25519PrivateKey:
    if len(key) != _KEY_BYTES:
        raise ValueError(f"a private key has {_KEY_BYTES} bytes, not {len(key)}")
    return Ed25519PrivateKey.from_private_bytes(key)
