"""Personal data at rest: authenticated encryption, and keyed hashes to look it up by.

A `Keyring` holds one or several master keys of 32 bytes. The first encrypts and hashes, all read.
From each master key HKDF-SHA-256 derives one key for every column that is encrypted and one for
every purpose of look-up: a hash never shares a key with a ciphertext, and the number of random
nonces under one key stays far below the limit of AES-GCM (2**32).

A ciphertext is text, ``1.<key id>.<base64url of nonce and sealed bytes>``, and bound to its table,
column and row: moved elsewhere, it does not open.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.security.key_files import read_or_make_key_file

__all__ = [
    "CiphertextError",
    "EncryptionKeyMissingError",
    "EncryptionKeysError",
    "EncryptionKeysRequiredError",
    "Keyring",
    "MasterKey",
    "Place",
    "new_key_text",
]


class EncryptionKeysError(ZhupeiError):
    """The text that holds the encryption keys cannot be read; never repeats any of it."""

    code = "ENCRYPTION_KEYS_INVALID"


class EncryptionKeysRequiredError(ZhupeiError):
    """A production installation has no encryption keys of its own; it does not start."""

    code = "ENCRYPTION_KEYS_REQUIRED"

    def __init__(self) -> None:
        super().__init__(
            Text(
                "生产环境必须设置 ZHUPEI_ENCRYPTION_KEYS：密钥不得与其加密的数据存放在一起",
                "production needs ZHUPEI_ENCRYPTION_KEYS: keys must not lie beside the data that "
                "they encrypt",
            ),
            Text(
                "已有数据时，把 keys/encryption 文件的内容放入该变量；新装可运行 zhupei new-key",
                "where there is data, put the content of the file keys/encryption into it; for a "
                "new installation run `zhupei new-key`",
            ),
        )


class EncryptionKeyMissingError(ZhupeiError):
    """A ciphertext names a key that is not in the keyring; ``key_id`` says which."""

    code = "ENCRYPTION_KEY_MISSING"

    def __init__(self, key_id: str, place: Place) -> None:
        self.key_id = key_id
        super().__init__(
            Text(
                f"缺少密钥“{key_id}”，无法读取 {place.table}.{place.column}",
                f'key "{key_id}" is missing: {place.table}.{place.column} cannot be read',
            ),
            Text(
                "把该密钥加回 ZHUPEI_ENCRYPTION_KEYS 的末尾",
                "add the key at the end of ZHUPEI_ENCRYPTION_KEYS again",
            ),
        )


class CiphertextError(ZhupeiError):
    """A ciphertext was changed, moved to another row or column, or is none."""

    code = "CIPHERTEXT_INVALID"

    def __init__(self, place: Place) -> None:
        super().__init__(
            Text(
                f"{place.table}.{place.column} 中的密文被改动、移动或损坏",
                f"a ciphertext in {place.table}.{place.column} was changed, moved or damaged",
            )
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ciphertext belongs: table, column, and the row's key (known before it is written)."""

    table: str
    column: str
    row: str

    def __post_init__(self) -> None:
        if not (self.table and self.column and self.row):
            raise ValueError("a place has a table, a column and a row")


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key: its id, which is public, and 32 secret bytes, which are never shown."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _KEY_ID.fullmatch(self.id) or len(self.secret) != _KEY_BYTES:
            raise ValueError("a key has an id of 1 to 32 letters, digits, - or _ and 32 bytes")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled")


_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_FORMAT = "1"
_FORM = Text(
    "应为“代号:密钥”，多个用逗号分隔；密钥是 32 字节的 Base64，第一个用于加密",
    "must be id:key, several separated by commas; a key is 32 bytes in Base64, the first encrypts",
)


class Keyring:
    """The keys of an installation: encrypts and hashes with the first, reads with all."""

    __slots__ = ("_ciphers", "_hash_keys", "_keys")

    def __init__(self, keys: Iterable[MasterKey]) -> None:
        """Hold ``keys``, the current one first; raise ValueError for none or two of one id."""
        listed = tuple(keys)
        by_id = {key.id: key for key in listed}
        if not listed or len(by_id) != len(listed):
            raise ValueError("a keyring has at least one key, and each id once")
        self._keys: Mapping[str, MasterKey] = MappingProxyType(by_id)
        # Derived once for each column and purpose, of which there are dozens.
        self._ciphers: dict[tuple[str, str, str], AESGCM] = {}
        self._hash_keys: dict[tuple[str, str], bytes] = {}

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read ``id:base64,id:base64`` (``ZHUPEI_ENCRYPTION_KEYS``), the current key first.

        Both alphabets of Base64 are read. Raises `EncryptionKeysError`.
        """
        keys = [_parse_key(index, part) for index, part in enumerate(text.split(","), start=1)]
        if len({key.id for key in keys}) != len(keys):
            raise EncryptionKeysError(
                Text("同一密钥代号出现了两次", "the id of a key is given twice")
            )
        if len({key.secret for key in keys}) != len(keys):
            raise EncryptionKeysError(
                Text("同一密钥以两个代号出现", "one key is given under two ids")
            )
        return cls(keys)

    @classmethod
    def open_file(cls, path: Path) -> Keyring:
        """Read the keyring of a file in the form of `parse`, made with one new key if missing.

        For development and small installations. The file has mode 0600; whoever loses it loses
        what was encrypted. Raises `KeyFileError` and `EncryptionKeysError`.
        """
        content = read_or_make_key_file(path, lambda: new_key_text().encode())
        return cls.parse(content.decode("utf-8", "replace").strip())

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._keys)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyring is not pickled")

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys, the current one first."""
        return tuple(self._keys)

    def encrypt(self, value: str, place: Place) -> str:
        """Return the ciphertext of ``value`` for this place; twice the same value differs."""
        key = self._current
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(key, place).encrypt(nonce, value.encode(), _bound_to(key.id, place))
        return f"{_FORMAT}.{key.id}.{_base64url(nonce + sealed)}"

    def decrypt(self, ciphertext: str, place: Place) -> str:
        """Return what was encrypted for this place.

        Raises `EncryptionKeyMissingError` where its key is not held, else `CiphertextError`.
        """
        key_id, sealed = _split(ciphertext, place)
        key = self._keys.get(key_id)
        if key is None:
            raise EncryptionKeyMissingError(key_id, place)
        try:
            value = self._cipher(key, place).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(key_id, place)
            )
        except InvalidTag:
            raise CiphertextError(place) from None
        return value.decode()

    def is_current(self, ciphertext_or_hash: str) -> bool:
        """Return whether a ciphertext or hash was made with the current key; if not, remake it."""
        # Neither an id nor Base64 contains a dot, so the id is the last part but one of both.
        return ciphertext_or_hash.split(".")[-2:-1] == [self._current.id]

    def re_encrypt(self, ciphertext: str, place: Place) -> str:
        """Return the ciphertext under the current key: itself where it is so already."""
        plain = self.decrypt(ciphertext, place)
        return ciphertext if self.is_current(ciphertext) else self.encrypt(plain, place)

    def lookup_hash(self, purpose: str, value: str) -> str:
        """Return the keyed hash of a value under the current key: ``<key id>.<base64url>``.

        ``purpose`` names what is looked up (``identity-document``, ``phone``): hashes of different
        purposes never agree. ``value`` must be normalised by the caller.
        """
        return self._hash(self._current, purpose, value)

    def lookup_hashes(self, purpose: str, value: str) -> tuple[str, ...]:
        """Return the hash under every key, the current one first.

        Look up with ``IN`` over all of them, and store all of them, each in a unique row: then one
        person stays unique while keys are exchanged, as long as two writers share one key.
        """
        return tuple(self._hash(key, purpose, value) for key in self._keys.values())

    def hash_matches(self, purpose: str, value: str, stored: str) -> bool:
        """Return whether ``stored`` is a hash of the value under any key, in constant time."""
        matches = [
            hmac.compare_digest(found.encode(), stored.encode())
            for found in self.lookup_hashes(purpose, value)
        ]
        return any(matches)

    @property
    def _current(self) -> MasterKey:
        return next(iter(self._keys.values()))

    def _cipher(self, key: MasterKey, place: Place) -> AESGCM:
        which = (key.id, place.table, place.column)
        if (cipher := self._ciphers.get(which)) is None:
            cipher = AESGCM(_derive(key, "encrypt", place.table, place.column))
            self._ciphers[which] = cipher
        return cipher

    def _hash(self, key: MasterKey, purpose: str, value: str) -> str:
        which = (key.id, purpose)
        if (secret := self._hash_keys.get(which)) is None:
            secret = self._hash_keys[which] = _derive(key, "look-up", purpose)
        return f"{key.id}.{_base64url(hmac.digest(secret, value.encode(), sha256))}"


def new_key_text(key_id: str | None = None) -> str:
    """Return a new random key as ``id:base64``; its id is random unless given."""
    name = key_id or f"k{os.urandom(4).hex()}"
    secret = os.urandom(_KEY_BYTES)
    MasterKey(name, secret)
    return f"{name}:{base64.b64encode(secret).decode()}"


def _parse_key(index: int, text: str) -> MasterKey:
    name, colon, secret = text.strip().partition(":")
    try:
        # urlsafe_b64decode drops what it does not know; b64decode can be strict.
        decoded = base64.b64decode(secret.translate(_STANDARD_ALPHABET), validate=True)
        if not colon:
            raise ValueError
        return MasterKey(name.strip(), decoded)
    except (binascii.Error, ValueError):
        # Without the cause: a decoder's message may quote what it read.
        raise EncryptionKeysError(
            Text(f"第 {index} 个密钥无法识别", f"key {index} cannot be read"), _FORM
        ) from None


_STANDARD_ALPHABET = str.maketrans("-_", "+/")


def _split(ciphertext: str, place: Place) -> tuple[str, bytes]:
    form, _, rest = ciphertext.partition(".")
    key_id, _, sealed = rest.partition(".")
    if form != _FORMAT or not _KEY_ID.fullmatch(key_id):
        raise CiphertextError(place)
    try:
        raw = base64.b64decode(
            sealed.translate(_STANDARD_ALPHABET) + "=" * (-len(sealed) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise CiphertextError(place) from None
    # One text for one ciphertext: unused bits of the last letter must be zero.
    if len(raw) < _NONCE_BYTES + _TAG_BYTES or _base64url(raw) != sealed:
        raise CiphertextError(place)
    return key_id, raw


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _joined(*parts: str) -> bytes:
    """Join parts so that no other parts give the same bytes: each follows its length."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _bound_to(key_id: str, place: Place) -> bytes:
    return _joined("zhupei", _FORMAT, key_id, place.table, place.column, place.row)


def _derive(key: MasterKey, *label: str) -> bytes:
    hkdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_joined("zhupei", *label))
    return hkdf.derive(key.secret)
