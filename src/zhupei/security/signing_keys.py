"""The keys that published lists are signed with: the newest signs, retired ones stay known.

Keys are written ``<private key>,...`` in Base64, the first signs. A key that signed lists which
are still to be verified, and signs no more, is kept as ``public:<public key>``: its secret can
then be destroyed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.security.key_files import read_key_file, read_or_make_key_file
from zhupei.security.signatures import make_signing_key, public_key_id, public_key_of

__all__ = ["SigningKeys", "SigningKeysError", "public_key_from_text", "public_key_text"]

_KEY_BYTES = 32
_RETIRED = "public:"


class SigningKeysError(ZhupeiError):
    """The text that holds the signing keys cannot be read; never repeats any of it."""

    code = "SIGNING_KEYS_INVALID"


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private key that signs (32 bytes, never shown), and all public keys by their id."""

    private: bytes = field(repr=False)
    public: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str) -> SigningKeys:
        """Read keys as the setting holds them. Raises `SigningKeysError`."""
        public: dict[str, bytes] = {}
        signing: bytes | None = None
        for position, part in enumerate(each.strip() for each in text.split(",")):
            retired = part.startswith(_RETIRED)
            key = _decoded(part.removeprefix(_RETIRED), position)
            shown = key if retired else public_key_of(key)
            if public_key_id(shown) in public:
                raise _invalid(position, Text("重复", "it is there twice"))
            public[public_key_id(shown)] = shown
            if signing is None and not retired:
                signing = key
        if signing is None:
            raise SigningKeysError(
                Text("没有可用于签名的私钥", "there is no private key to sign with"), _FORM
            )
        return cls(signing, MappingProxyType(public))

    @classmethod
    def open_file(cls, path: Path) -> SigningKeys:
        """Read keys from a key file, which is made with a new key where there is none.

        Raises `SigningKeysError`, and `KeyFileError` where the file cannot be used.
        """
        content = read_or_make_key_file(path, lambda: base64.b64encode(make_signing_key()))
        return cls._of_file(content)

    @classmethod
    def read_file(cls, path: Path) -> SigningKeys:
        """Read keys from a key file as `open_file`, but make none.

        Raises FileNotFoundError where there is no such file.
        """
        return cls._of_file(read_key_file(path))

    @classmethod
    def _of_file(cls, content: bytes) -> SigningKeys:
        return cls.parse(content.decode("ascii", "replace").strip())

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return public_key_id(public_key_of(self.private))

    def key_set(self) -> dict[str, object]:
        """Return the public keys as a JSON Web Key Set (RFC 7517, RFC 8037), the signing first."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": "EdDSA",
                    "use": "sig",
                    "kid": key_id,
                    "x": base64.urlsafe_b64encode(key).rstrip(b"=").decode(),
                }
                for key_id, key in sorted(
                    self.public.items(), key=lambda each: each[0] != self.key_id
                )
            ]
        }


def public_key_text(key: bytes) -> str:
    """Return a public key in Base64, as it is handed around."""
    return base64.b64encode(key).decode()


def public_key_from_text(text: str) -> bytes:
    """Return a public key from Base64, with either alphabet. Raises `SigningKeysError`."""
    return _decoded(text.strip().replace("-", "+").replace("_", "/"), 0)


_FORM = Text(
    "应为 32 字节私钥的 Base64，多个用逗号分隔，第一个用于签名；停用的写作“public:公钥”",
    "must be private keys of 32 bytes in Base64, separated by commas; the first signs; a retired "
    "one is written public:<public key>",
)


def _decoded(text: str, position: int) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise _invalid(position, Text("不是 32 字节的 Base64", "it is not 32 bytes in Base64"))
    return key


def _invalid(position: int, why: Text) -> SigningKeysError:
    return SigningKeysError(
        Text(
            f"第 {position + 1} 个签名密钥无效：{why.zh}",
            f"signing key {position + 1} is not valid: {why.en}",
        ),
        _FORM,
    )
