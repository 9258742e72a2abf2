"""How the text of a variable becomes a value, or is refused in both languages."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from zhupei.domain.text import Text
from zhupei.settings.kinds import TrustedIssuer

__all__ = [
    "PATHS",
    "Network",
    "OneOf",
    "RefusedValueError",
    "Variable",
    "WholeNumber",
    "address",
    "boolean",
    "choice",
    "database_url",
    "from_file",
    "holds_password",
    "host",
    "integer",
    "issuers",
    "long_secret",
    "mail_address",
    "names",
    "networks",
    "numbers",
    "path",
    "paths",
    "ports",
    "proxies",
    "rate_storage",
    "secret",
]


class RefusedValueError(Exception):
    """A parser's refusal; becomes a `SettingsProblem` with the variable's name."""

    def __init__(self, zh: str, en: str) -> None:
        self.message = Text(zh, en)
        super().__init__(en)


_Choice = TypeVar("_Choice", bound=StrEnum)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LARGEST_FILE = 1024 * 1024
_MOST_DIGITS = 20

#: What stands between paths in a variable.
PATHS = os.pathsep


def boolean(text: str) -> bool:
    """Read 1 or 0, or one of their words."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise RefusedValueError(f"应为 1 或 0，而不是“{text}”", f'must be 1 or 0, not "{text}"')


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """Reads a whole number within bounds."""

    lowest: int
    highest: int

    def __call__(self, text: str) -> int:
        # int() also reads digits of other scripts, and raises where there are thousands.
        plain = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        if plain and self.lowest <= int(text) <= self.highest:
            return int(text)
        raise RefusedValueError(
            f"应为 {self.lowest} 至 {self.highest} 的整数，而不是“{text}”",
            f'must be a whole number from {self.lowest} to {self.highest}, not "{text}"',
        )


def integer(lowest: int, highest: int) -> WholeNumber:
    """Return what reads a whole number within bounds."""
    return WholeNumber(lowest, highest)


@dataclass(frozen=True, slots=True)
class OneOf(Generic[_Choice]):
    """Reads a value of an enumeration."""

    of: type[_Choice]

    def __call__(self, text: str) -> _Choice:
        for member in self.of:
            if member.value == text.lower():
                return member
        known = ", ".join(member.value for member in self.of)
        raise RefusedValueError(
            f"应为以下之一：{known}；而不是“{text}”", f'must be one of {known}, not "{text}"'
        )


def choice(of: type[_Choice]) -> OneOf[_Choice]:
    """Return what reads a value of an enumeration."""
    return OneOf(of)


def path(text: str) -> Path:
    """Read a path; it becomes absolute."""
    return Path(text).expanduser().absolute()


def paths(text: str) -> tuple[Path, ...]:
    """Read paths, separated as in ``PATH``."""
    return tuple(path(part) for part in text.split(PATHS) if part)


def names(text: str) -> tuple[str, ...]:
    """Read names, separated by commas."""
    return tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())


def numbers(text: str) -> Mapping[str, int]:
    """Read numbers by role."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not (name and number.isascii() and number.isdigit() and len(number) < 12):
            raise RefusedValueError(
                f"应为“角色=数字”，多个用逗号分隔，而不是“{part.strip()}”",
                f'must be role=number, several separated by commas, not "{part.strip()}"',
            )
        found[name] = int(number)
    return MappingProxyType(found)


def rate_storage(text: str) -> str:
    """Read where rates are counted."""
    if text in {"memory", "database"} or text.startswith(("redis://", "rediss://", "unix://")):
        return text
    raise RefusedValueError(
        "应为 memory、database 或 redis:// 地址", "must be memory, database or a redis:// address"
    )


def proxies(text: str) -> tuple[str, ...]:
    """Read addresses and networks of proxies."""
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in parts:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise RefusedValueError(
                f"应为地址或网段，而不是“{part}”", f'must be an address or network, not "{part}"'
            ) from None
    return parts


def host(text: str) -> str:
    """Read the address to listen on; listening tells whether it is one."""
    return text


def database_url(text: str) -> str:
    """Read the address of a PostgreSQL."""
    # The value may hold a password: it is never repeated in a message.
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        return text
    raise RefusedValueError(
        "应为 postgresql://用户:密码@主机:端口/数据库 形式的地址",
        "must be an address like postgresql://user:password@host:port/database",
    )


def secret(text: str) -> str:
    """Read what is never shown."""
    # What it must look like is checked where it is used; it is never repeated in a message.
    return text


_SHORTEST_SECRET = 16


def long_secret(text: str) -> str:
    """Read a secret that is long enough to be one."""
    if len(text) >= _SHORTEST_SECRET and text.isascii() and text.isprintable() and " " not in text:
        return text
    raise RefusedValueError(
        f"应为至少 {_SHORTEST_SECRET} 个 ASCII 字符，不含空格",
        f"must be at least {_SHORTEST_SECRET} ASCII characters without blanks",
    )


def mail_address(text: str) -> str:
    """Read an e-mail address, with a name or without."""
    _, address = parseaddr(text)
    local, _, domain = address.partition("@")
    if local and "." in domain and address.isascii() and text.isprintable():
        return text
    raise RefusedValueError(
        f"应为邮件地址，可带名称，如“住培招收 <noreply@example.org>”，而不是“{text}”",
        'must be an e-mail address, with a name if you like, as in "Residency training '
        f'<noreply@example.org>", not "{text}"',
    )


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """Read networks."""
    found: list[Network] = []
    for part in text.split(","):
        try:
            found.append(ipaddress.ip_network(part.strip()))
        except ValueError:
            raise RefusedValueError(
                f"应为 10.0.0.0/8 形式的网段，多个用逗号分隔，而不是“{part.strip()}”",
                "must be networks like 10.0.0.0/8, several separated by commas, not "
                f'"{part.strip()}"',
            ) from None
    return tuple(found)


def ports(text: str) -> tuple[int, ...]:
    """Read ports."""
    return tuple(integer(1, 65535)(part.strip()) for part in text.split(","))


def address(text: str) -> str:
    """Read the address of a site."""
    parts = urlsplit(text)
    plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if plain and not parts.query and not parts.fragment:
        return text.rstrip("/")
    raise RefusedValueError(
        f"应为 https://图谱.example 形式的网址，而不是“{text}”",
        f'must be an address like https://graph.example, not "{text}"',
    )


def issuers(text: str) -> tuple[TrustedIssuer, ...]:
    """Read issuers with their audiences."""
    found: dict[str, TrustedIssuer] = {}
    for part in text.split(","):
        issuer, _, named = part.strip().rpartition("=")
        audiences = frozenset(one.strip() for one in named.split("|"))
        local = urlsplit(issuer).hostname in {"localhost", "127.0.0.1", "::1"}
        if not issuer.startswith(("https://", "http://") if local else "https://"):
            raise RefusedValueError(
                f"应为“https://签发者=受众”，多个用逗号分隔，而不是“{part.strip()}”",
                "must be https://issuer=audience, several separated by commas, not "
                f'"{part.strip()}"',
            )
        if "" in audiences or issuer in found:
            raise RefusedValueError(
                f"“{issuer}”须且只须出现一次，并注明受众",
                f'"{issuer}" must be given once, with its audience',
            )
        found[issuer] = TrustedIssuer(issuer, audiences)
    return tuple(found.values())


def from_file(parse: Callable[[str], Any], file: str) -> Any:
    """Read a value that a file holds, as secrets are handed over by systemd and containers."""
    named = path(file)
    try:
        # Whatever follows the first mebibyte is no setting.
        with named.open("rb") as opened:
            content = opened.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise RefusedValueError(
            f"无法读取文件 {named}（{why or type(error).__name__}）",
            f"the file {named} cannot be read ({why or type(error).__name__})",
        ) from None
    if not text or len(content) > _LARGEST_FILE:
        raise RefusedValueError(
            f"文件 {named} 是空的，或太大", f"the file {named} is empty or too large"
        )
    return parse(text)


def holds_password(text: str) -> bool:
    """Return whether an address carries a password, or what may be one."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return True
    return ":" in parts.netloc.rpartition("@")[0] or "password" in parts.query.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """How a field is read: its variable, its parser, its meaning, its default as shown.

    ``by_file`` says that the value is a secret or may hold one, so that a file may hold it, which
    the variable ``<name>_FILE`` names. ``separator`` stands between the parts of a value that has
    several; in files they are a list, or where ``pairs`` is set a mapping.
    """

    name: str
    parse: Callable[[str], Any]
    zh: str
    en: str
    default: str | None = None
    by_file: bool = False
    separator: str | None = None
    pairs: bool = False

    @property
    def key(self) -> str:
        """What the setting is called in files, and as a field."""
        return self.name.removeprefix("ZHUPEI_").lower()

    @property
    def file_name(self) -> str:
        """The variable that names a file with the value."""
        return f"{self.name}_FILE"
