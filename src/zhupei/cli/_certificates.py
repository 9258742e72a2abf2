"""The server's own certificate: read at the start, and again whenever the configuration is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from zhupei.cli import CommandError
from zhupei.domain.text import Text

__all__ = ["Certificate"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a certificate is, and the key to it; ``key`` None is in the same file.

    ``context`` is what connections are encrypted with.
    """

    file: Path
    key: Path | None
    context: ssl.SSLContext

    @classmethod
    def read(cls, file: Path, key: Path | None) -> Certificate:
        """Read a certificate and its key.

        Raises:
            CommandError: they cannot be read, or do not belong together.

        """
        return cls(file, key, _context(file, key))

    def renew(self) -> None:
        """Read them again, for connections from now on.

        Raises:
            CommandError: they cannot be read, or do not belong together; those before stay.

        """
        # In one of its own first: half of a pair must not get into that which is used.
        _context(self.file, self.key)
        self.context.load_cert_chain(self.file, self.key, _no_password)


def _context(file: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(file, key, _no_password)
    except OSError as error:
        reason = error.strerror or str(error)
        if isinstance(error, ssl.SSLError):
            # OpenSSL has no word for a file that holds neither.
            reason = (error.reason or "NO_CERTIFICATE_AND_KEY").replace("_", " ").lower()
        where = file if key is None else f"{file}, {key}"
        raise CommandError(
            Text(f"无法使用 TLS 证书（{where}）：{reason}", f"cannot use {where}: {reason}"),
            hint=Text(
                "检查 ZHUPEI_TLS_CERTIFICATE 与 ZHUPEI_TLS_KEY：PEM 格式、可读、彼此匹配，"
                "私钥不加密",
                "check ZHUPEI_TLS_CERTIFICATE and ZHUPEI_TLS_KEY: PEM, readable, one pair, the key "
                "not encrypted",
            ),
        ) from error
    return context


def _no_password() -> str:
    # Else OpenSSL would ask at the terminal, and wait.
    return ""
