"""Settings: everything that an installation decides, read once from the environment."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

from zhupei.domain.text import Language, Text
from zhupei.errors import ZhupeiError

__all__ = [
    "Environment",
    "FederationAccess",
    "LogFormat",
    "MailSecurity",
    "SettingDescription",
    "Settings",
    "SettingsError",
    "SettingsProblem",
    "TrustedIssuer",
    "describe_settings",
    "language_of",
]


class Environment(StrEnum):
    """Where the process runs; production closes what only developers need."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class FederationAccess(StrEnum):
    """How gateways are told what protects a field; zhupei itself asks in any case."""

    SCOPES = "scopes"
    """``@requiresScopes``: permissions are scopes of the token."""
    POLICIES = "policies"
    """``@policy``: permissions are policies that the gateway evaluates."""
    AUTHENTICATED = "authenticated"
    """``@authenticated`` alone: the gateway asks for a token, zhupei for the rest."""
    NONE = "none"
    """Nothing: zhupei alone asks. `@apollo/gateway` refuses supergraphs with any of the others."""


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One setting that cannot be used: the variable, and what to do about it."""

    variable: str
    message: Text


class SettingsError(ZhupeiError):
    """The environment holds settings that cannot be used; carries all problems at once."""

    code = "SETTINGS_INVALID"

    def __init__(self, problems: tuple[SettingsProblem, ...]) -> None:
        self.problems = problems
        super().__init__(
            Text(
                "\n".join(f"{p.variable}：{p.message.zh}" for p in problems),
                "\n".join(f"{p.variable}: {p.message.get(Language.EN)}" for p in problems),
            )
        )


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A setting as the documentation shows it."""

    variable: str
    default: str
    meaning: Text


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An OpenID Connect issuer whose tokens sign in, when made for one of ``audiences``."""

    issuer: str
    audiences: frozenset[str]


class _RefusedError(Exception):
    """A parser's refusal; becomes a `SettingsProblem` with the variable's name."""

    def __init__(self, zh: str, en: str) -> None:
        self.message = Text(zh, en)
        super().__init__(en)


_Choice = TypeVar("_Choice", bound=StrEnum)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise _RefusedError(f"应为 1 或 0，而不是“{text}”", f'must be 1 or 0, not "{text}"')


def _integer(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # str.isascii guards int(), which also reads digits of other scripts.
        if text.isascii() and text.isdigit() and lowest <= int(text) <= highest:
            return int(text)
        raise _RefusedError(
            f"应为 {lowest} 至 {highest} 的整数，而不是“{text}”",
            f'must be a whole number from {lowest} to {highest}, not "{text}"',
        )

    return parse


def _choice(of: type[_Choice]) -> Callable[[str], _Choice]:
    def parse(text: str) -> _Choice:
        for member in of:
            if member.value == text.lower():
                return member
        known = ", ".join(member.value for member in of)
        raise _RefusedError(
            f"应为以下之一：{known}；而不是“{text}”", f'must be one of {known}, not "{text}"'
        )

    return parse


def _level(text: str) -> str:
    known = ("debug", "info", "warning", "error")
    if text.lower() in known:
        return text.lower()
    raise _RefusedError(
        f"应为以下之一：{', '.join(known)}；而不是“{text}”",
        f'must be one of {", ".join(known)}, not "{text}"',
    )


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(_path(part) for part in text.split(os.pathsep) if part)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())


def _numbers(text: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        if not (name and number.isascii() and number.isdigit() and len(number) < 12):
            raise _RefusedError(
                f"应为“角色=数字”，多个用逗号分隔，而不是“{part.strip()}”",
                f'must be role=number, several separated by commas, not "{part.strip()}"',
            )
        found[name] = int(number)
    return MappingProxyType(found)


def _rate_storage(text: str) -> str:
    if text in {"memory", "database"} or text.startswith(("redis://", "rediss://", "unix://")):
        return text
    raise _RefusedError(
        "应为 memory、database 或 redis:// 地址", "must be memory, database or a redis:// address"
    )


def _proxies(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in parts:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise _RefusedError(
                f"应为地址或网段，而不是“{part}”", f'must be an address or network, not "{part}"'
            ) from None
    return parts


def _host(text: str) -> str:
    return text


def _database_url(text: str) -> str:
    # The value may hold a password: it is never repeated in a message.
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in {"postgres", "postgresql"} and parts.path.strip("/"):
        return text
    raise _RefusedError(
        "应为 postgresql://用户:密码@主机:端口/数据库 形式的地址",
        "must be an address like postgresql://user:password@host:port/database",
    )


def _secret(text: str) -> str:
    # What it must look like is checked where it is used; it is never repeated in a message.
    return text


_SHORTEST_SECRET = 16


def _long_secret(text: str) -> str:
    if len(text) >= _SHORTEST_SECRET and text.isascii() and text.isprintable() and " " not in text:
        return text
    raise _RefusedError(
        f"应为至少 {_SHORTEST_SECRET} 个 ASCII 字符，不含空格",
        f"must be at least {_SHORTEST_SECRET} ASCII characters without blanks",
    )


def _mail_address(text: str) -> str:
    _, address = parseaddr(text)
    local, _, domain = address.partition("@")
    if local and "." in domain and address.isascii() and text.isprintable():
        return text
    raise _RefusedError(
        f"应为邮件地址，可带名称，如“住培招收 <noreply@example.org>”，而不是“{text}”",
        'must be an e-mail address, with a name if you like, as in "Residency training '
        f'<noreply@example.org>", not "{text}"',
    )


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(text: str) -> tuple[_Network, ...]:
    found: list[_Network] = []
    for part in text.split(","):
        try:
            found.append(ipaddress.ip_network(part.strip()))
        except ValueError:
            raise _RefusedError(
                f"应为 10.0.0.0/8 形式的网段，多个用逗号分隔，而不是“{part.strip()}”",
                "must be networks like 10.0.0.0/8, several separated by commas, not "
                f'"{part.strip()}"',
            ) from None
    return tuple(found)


def _ports(text: str) -> tuple[int, ...]:
    return tuple(_integer(1, 65535)(part.strip()) for part in text.split(","))


def _address(text: str) -> str:
    parts = urlsplit(text)
    plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if plain and not parts.query and not parts.fragment:
        return text.rstrip("/")
    raise _RefusedError(
        f"应为 https://图谱.example 形式的网址，而不是“{text}”",
        f'must be an address like https://graph.example, not "{text}"',
    )


def _issuers(text: str) -> tuple[TrustedIssuer, ...]:
    found: dict[str, TrustedIssuer] = {}
    for part in text.split(","):
        issuer, _, named = part.strip().rpartition("=")
        audiences = frozenset(one.strip() for one in named.split("|"))
        local = urlsplit(issuer).hostname in {"localhost", "127.0.0.1", "::1"}
        if not issuer.startswith(("https://", "http://") if local else "https://"):
            raise _RefusedError(
                f"应为“https://签发者=受众”，多个用逗号分隔，而不是“{part.strip()}”",
                "must be https://issuer=audience, several separated by commas, not "
                f'"{part.strip()}"',
            )
        if "" in audiences or issuer in found:
            raise _RefusedError(
                f"“{issuer}”须且只须出现一次，并注明受众",
                f'"{issuer}" must be given once, with its audience',
            )
        found[issuer] = TrustedIssuer(issuer, audiences)
    return tuple(found.values())


_RATE_COST = MappingProxyType(
    {
        "public": 2_000_000,
        "base_office": 10_000_000,
        "jurisdiction_office": 20_000_000,
        "national": 20_000_000,
        "integrator": 20_000_000,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variable:
    """How a field is read: its variable, its parser, its meaning, its default as shown."""

    name: str
    parse: Callable[[str], Any]
    zh: str
    en: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process; frozen, so that no part of it can disagree with another."""

    environment: Annotated[
        Environment,
        _Variable(
            name="ZHUPEI_ENVIRONMENT",
            parse=_choice(Environment),
            zh="运行环境；production 关闭查询页面与模式自省",
            en="Where it runs: `development`, or `production`, which closes the query page and "
            "introspection unless they are switched on",
        ),
    ] = Environment.DEVELOPMENT
    host: Annotated[
        str,
        _Variable(
            name="ZHUPEI_HOST",
            parse=_host,
            zh="监听地址",
            en="Address to listen on; `0.0.0.0` for all",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        _Variable(
            name="PORT",
            parse=_integer(0, 65535),
            zh="监听端口；0 表示任选",
            en="Port to listen on; 0 takes a free one",
        ),
    ] = 8000
    keep_alive_seconds: Annotated[
        int,
        _Variable(
            name="ZHUPEI_KEEP_ALIVE_SECONDS",
            parse=_integer(1, 3600),
            zh="空闲连接保留的秒数；应长于前置代理的设置",
            en="Seconds that an idle connection is kept; longer than a proxy in front keeps "
            "its own",
        ),
    ] = 75
    bases: Annotated[
        tuple[Path, ...],
        _Variable(
            name="ZHUPEI_BASES",
            parse=_paths,
            zh="配置文件夹，可用冒号分隔多个",
            en="Folders with configuration, separated by colons",
            default="./bases",
        ),
    ] = field(default_factory=lambda: (_path("bases"),))
    plugins: Annotated[
        tuple[Path, ...],
        _Variable(
            name="ZHUPEI_PLUGINS",
            parse=_paths,
            zh="就地读取的插件所在文件夹，可用冒号分隔多个",
            en="Folders with plugins that are read in place, separated by colons; installed ones "
            "are found without it",
            default="./plugins",
        ),
    ] = field(default_factory=lambda: (_path("plugins"),))
    disabled_plugins: Annotated[
        tuple[str, ...],
        _Variable(
            name="ZHUPEI_DISABLED_PLUGINS",
            parse=_names,
            zh="停用的插件代号，用逗号分隔",
            en="Slugs of plugins that are not loaded, separated by commas",
            default="none",
        ),
    ] = ()
    strict: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_STRICT",
            parse=_boolean,
            zh="任何配置或插件问题都停止启动",
            en="1 stops at any problem of a file or plugin instead of serving the rest",
            default="0",
        ),
    ] = False
    data_dir: Annotated[
        Path,
        _Variable(
            name="ZHUPEI_DATA_DIR",
            parse=_path,
            zh="数据目录，内嵌的 PostgreSQL 也在其中",
            en="Data directory; the embedded PostgreSQL keeps its files there",
            default="./.zhupei",
        ),
    ] = field(default_factory=lambda: _path(".zhupei"))
    database_url: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_DATABASE_URL",
            parse=_database_url,
            zh="使用该 PostgreSQL 而不是内嵌的一个",
            en="PostgreSQL to use instead of the embedded one: `postgresql://user:password@host:5432/name`",
            default="the embedded PostgreSQL",
        ),
    ] = None
    database_pool: Annotated[
        int,
        _Variable(
            name="ZHUPEI_DATABASE_POOL",
            parse=_integer(1, 100),
            zh="每个进程的数据库连接数上限",
            en="Database connections that one process opens at most",
        ),
    ] = 10
    encryption_keys: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_ENCRYPTION_KEYS",
            parse=_secret,
            zh="加密个人信息的密钥，形如“代号:Base64”，用逗号分隔，第一个用于加密",
            en="Keys that personal data is encrypted with, as `id:base64` separated by commas; the "
            "first encrypts, all decrypt",
            default="a file below the data directory",
        ),
    ] = field(default=None, repr=False)
    signing_keys: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_SIGNING_KEYS",
            parse=_secret,
            zh="签署公示名单的 Ed25519 私钥（Base64），用逗号分隔，第一个用于签名；"
            "停用的写作“public:公钥”",
            en="Ed25519 private keys in Base64 that published lists are signed with, separated by "
            "commas; the first signs, a retired one is written `public:` and its public key",
            default="a file below the data directory",
        ),
    ] = field(default=None, repr=False)
    oidc_issuers: Annotated[
        tuple[TrustedIssuer, ...],
        _Variable(
            name="ZHUPEI_OIDC_ISSUERS",
            parse=_issuers,
            zh="受信任的 OpenID Connect 签发者，形如“https://签发者=受众”，用逗号分隔",
            en="OpenID Connect issuers whose tokens sign in, as `https://issuer=audience` "
            "separated by commas; several audiences of one are separated by `|`",
            default="none",
        ),
    ] = ()
    password_sign_in: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_PASSWORD_SIGN_IN",
            parse=_boolean,
            zh="是否允许用账号密码登录（POST /sign-in）",
            en="1 lets accounts of this installation sign in with a password at `/sign-in`, 0 does "
            "not",
            default="1",
        ),
    ] = True
    sign_up: Annotated[
        bool | None,
        _Variable(
            name="ZHUPEI_SIGN_UP",
            parse=_boolean,
            zh="是否允许报考人自行注册账号（POST /sign-up）",
            en="1 lets people make themselves an applicant's account at `/sign-up`, 0 does not",
            default="1, in production with an OpenID Connect issuer 0",
        ),
    ] = None
    token_minutes: Annotated[
        int,
        _Variable(
            name="ZHUPEI_TOKEN_MINUTES",
            parse=_integer(1, 44_640),
            zh="密码登录所得凭证的有效分钟数",
            en="Minutes that a token given for a password is valid",
        ),
    ] = 480
    worker: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_WORKER",
            parse=_boolean,
            zh="zhupei serve 是否同时处理后台任务；0 时须另行运行 zhupei worker",
            en="1 lets `zhupei serve` do jobs as well; with 0 run `zhupei worker` beside it",
            default="1",
        ),
    ] = True
    tick_seconds: Annotated[
        int,
        _Variable(
            name="ZHUPEI_TICK_SECONDS",
            parse=_integer(1, 60),
            zh="每隔多少秒查看一次有无到期事项",
            en="Seconds between two looks at what is due",
        ),
    ] = 60
    reminder_days: Annotated[
        int,
        _Variable(
            name="ZHUPEI_REMINDER_DAYS",
            parse=_integer(0, 60),
            zh="截止前几天提醒本人；0 表示不提醒",
            en="Days before a deadline at which people are reminded; 0 is never",
        ),
    ] = 3
    removed_file_days: Annotated[
        int,
        _Variable(
            name="ZHUPEI_REMOVED_FILE_DAYS",
            parse=_integer(0, 3650),
            zh="移除的材料在磁盘上保留的天数，之后销毁",
            en="Days that the content of a removed file stays on disk; then it is destroyed",
        ),
    ] = 30
    smtp_host: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_SMTP_HOST",
            parse=_host,
            zh="发送通知的邮件服务器；未设置时通知留待发送",
            en="Mail server that takes notices; without it they wait",
            default="none",
        ),
    ] = None
    smtp_port: Annotated[
        int,
        _Variable(
            name="ZHUPEI_SMTP_PORT",
            parse=_integer(1, 65535),
            zh="邮件服务器端口",
            en="Port of the mail server",
        ),
    ] = 587
    smtp_security: Annotated[
        MailSecurity,
        _Variable(
            name="ZHUPEI_SMTP_SECURITY",
            parse=_choice(MailSecurity),
            zh="与邮件服务器连接的加密方式：starttls、tls 或 none",
            en="How the connection to it is protected: `starttls`, `tls` or `none`",
        ),
    ] = MailSecurity.STARTTLS
    smtp_user: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_SMTP_USER",
            parse=_host,
            zh="邮件服务器账号",
            en="Account at the mail server",
            default="none",
        ),
    ] = None
    smtp_password: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_SMTP_PASSWORD",
            parse=_secret,
            zh="邮件服务器密码",
            en="Password of that account",
            default="none",
        ),
    ] = field(default=None, repr=False)
    smtp_ca_file: Annotated[
        Path | None,
        _Variable(
            name="ZHUPEI_SMTP_CA_FILE",
            parse=_path,
            zh="签发邮件服务器证书的机构证书（PEM），内部邮件服务器用",
            en="Certificates (PEM) of who issued the mail server's, for a server of one's own",
            default="those of the system",
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_MAIL_FROM",
            parse=_mail_address,
            zh="通知的发件人，如“住培招收 <noreply@example.org>”",
            en="Sender of notices, as in `Residency training <noreply@example.org>`",
            default="none",
        ),
    ] = None
    public_url: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_PUBLIC_URL",
            parse=_address,
            zh="外部访问本系统的网址，写入事件与日历",
            en="Address at which others reach this installation, named in events and calendars",
            default="none",
        ),
    ] = None
    webhook_networks: Annotated[
        tuple[_Network, ...],
        _Variable(
            name="ZHUPEI_WEBHOOK_NETWORKS",
            parse=_networks,
            zh="允许推送事件的非公网网段，用逗号分隔",
            en="Networks that events may be delivered to although they are not public, separated "
            "by commas",
            default="none",
        ),
    ] = ()
    webhook_ports: Annotated[
        tuple[int, ...],
        _Variable(
            name="ZHUPEI_WEBHOOK_PORTS",
            parse=_ports,
            zh="允许推送事件的端口，用逗号分隔",
            en="Ports that events may be delivered to, separated by commas",
            default="443",
        ),
    ] = (443,)
    webhook_http: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_WEBHOOK_HTTP",
            parse=_boolean,
            zh="是否允许向 http 网址推送事件，仅供开发",
            en="1 lets events go to addresses without encryption, for development",
            default="0",
        ),
    ] = False
    webhook_days: Annotated[
        int,
        _Variable(
            name="ZHUPEI_WEBHOOK_DAYS",
            parse=_integer(1, 30),
            zh="事件推送失败后重试的天数",
            en="Days for which the delivery of an event is tried",
        ),
    ] = 3
    webhook_seconds: Annotated[
        int,
        _Variable(
            name="ZHUPEI_WEBHOOK_SECONDS",
            parse=_integer(1, 60),
            zh="一次推送的秒数上限",
            en="Seconds that one attempt to deliver an event may take",
        ),
    ] = 10
    max_file_bytes: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_FILE_BYTES",
            parse=_integer(1024, 1 << 30),
            zh="报考材料单个文件的字节数上限",
            en="Largest file that an applicant may hand in, in bytes",
        ),
    ] = 10 << 20
    ide: Annotated[
        bool | None,
        _Variable(
            name="ZHUPEI_IDE",
            parse=_boolean,
            zh="是否提供查询页面 GraphiQL",
            en="1 serves the query page (GraphiQL), 0 does not",
            default="1, in production 0",
        ),
    ] = None
    examples: Annotated[
        Path,
        _Variable(
            name="ZHUPEI_EXAMPLES",
            parse=_path,
            zh="查询页面示例所在文件夹",
            en="Folder with the queries that the query page shows as tabs",
            default="./docs/examples",
        ),
    ] = field(default_factory=lambda: _path("docs/examples"))
    introspection: Annotated[
        bool | None,
        _Variable(
            name="ZHUPEI_INTROSPECTION",
            parse=_boolean,
            zh="是否允许模式自省",
            en="1 lets clients ask for the schema, 0 does not",
            default="1, in production 0",
        ),
    ] = None
    explain_engine: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_EXPLAIN_ENGINE",
            parse=_boolean,
            zh="是否在应答的 extensions.engine 中说明未编译的字段",
            en="1 says in `extensions.engine` of answers what of a query was not compiled",
            default="0",
        ),
    ] = False
    gateway_secret: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_GATEWAY_SECRET",
            parse=_long_secret,
            zh="联邦网关在请求头 X-Gateway-Secret 中出示的密语；出示者可读取子图模式与逐字段耗时",
            en="What a federation gateway sends in the header `X-Gateway-Secret`; whoever does is "
            "given the subgraph's text and, on demand, traces",
            default="none",
        ),
    ] = field(default=None, repr=False)
    federation_access: Annotated[
        FederationAccess,
        _Variable(
            name="ZHUPEI_FEDERATION_ACCESS",
            parse=_choice(FederationAccess),
            zh="子图模式以何种指令说明字段权限：scopes、policies、authenticated 或 none；"
            "@apollo/gateway 只接受 none",
            en="How the subgraph's text tells gateways what protects a field: `scopes` "
            "(`@requiresScopes`), `policies` (`@policy`), `authenticated` or `none`, the only one "
            "that `@apollo/gateway` takes",
        ),
    ] = FederationAccess.NONE
    allowed_origins: Annotated[
        tuple[str, ...],
        _Variable(
            name="ZHUPEI_ALLOWED_ORIGINS",
            parse=_names,
            zh="允许跨域调用的网站，用逗号分隔",
            en="Web origins whose pages may call the graph, separated by commas",
            default="none",
        ),
    ] = field(default_factory=tuple)
    max_body_bytes: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_BODY_BYTES",
            parse=_integer(1024, 1 << 30),
            zh="请求体的字节数上限",
            en="Largest request body, in bytes",
        ),
    ] = 1 << 20
    apq: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_APQ",
            parse=_boolean,
            zh="是否允许客户端以哈希引用已发送过的操作（自动持久化查询）",
            en="1 lets clients name operations that they sent before by hash (automatic persisted "
            "queries), 0 does not",
            default="1",
        ),
    ] = True
    trusted_documents: Annotated[
        tuple[Path, ...],
        _Variable(
            name="ZHUPEI_TRUSTED_DOCUMENTS",
            parse=_paths,
            zh="操作清单文件（Apollo 或 Relay 格式），可用冒号分隔多个；设置后只执行清单中的操作",
            en="Manifests of operations in Apollo's or Relay's form, separated by colons; where "
            "they are set, nothing else runs",
            default="none",
        ),
    ] = ()
    max_batch: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_BATCH",
            parse=_integer(0, 100),
            zh="一个请求中操作数的上限；0 表示不接受批量请求",
            en="Operations that one request may hold; 0 takes no batches",
        ),
    ] = 0
    cache_seconds: Annotated[
        int,
        _Variable(
            name="ZHUPEI_CACHE_SECONDS",
            parse=_integer(0, 86_400),
            zh="公开目录查询（GET）可被浏览器与代理缓存的秒数；0 表示每次都须核对",
            en="Seconds for which browsers and proxies may keep public answers of the catalogue to "
            "GET without asking; 0 has them ask each time, which costs little",
        ),
    ] = 0
    cache_bytes: Annotated[
        int,
        _Variable(
            name="ZHUPEI_CACHE_BYTES",
            parse=_integer(0, 1 << 30),
            zh="每个进程保存公开目录查询结果的字节数上限；0 表示不保存",
            en="Bytes of public answers of the catalogue that one process keeps; 0 keeps none",
        ),
    ] = 32 << 20
    max_depth: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_DEPTH",
            parse=_integer(1, 1000),
            zh="查询嵌套层数上限",
            en="Deepest nesting of a query",
        ),
    ] = 16
    max_aliases: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_ALIASES",
            parse=_integer(0, 100_000),
            zh="一次查询的别名数上限",
            en="Aliases in one query at most",
        ),
    ] = 50
    max_fields: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_FIELDS",
            parse=_integer(1, 1_000_000),
            zh="一次查询展开片段后的字段数上限",
            en="Fields in one query at most, with its fragments written out",
        ),
    ] = 1500
    max_tokens: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_TOKENS",
            parse=_integer(16, 1_000_000),
            zh="一次查询的词元数上限",
            en="Tokens in one query at most",
        ),
    ] = 3000
    max_cost: Annotated[
        int,
        _Variable(
            name="ZHUPEI_MAX_COST",
            parse=_integer(100, 100_000_000),
            zh="一次查询的开销上限：应答最多含多少个值，费时的字段按更高计",
            en="Cost of one query at most: how many values its answer may hold, fields that take "
            "long counting more",
        ),
    ] = 100_000
    rate_requests: Annotated[
        int | None,
        _Variable(
            name="ZHUPEI_RATE_REQUESTS",
            parse=_integer(0, 10_000_000),
            zh="同一地址每分钟的请求数上限；0 表示不限",
            en="Requests of one address in a minute at most; 0 is no limit",
            default="0, in production 6000",
        ),
    ] = None
    rate_cost: Annotated[
        Mapping[str, int] | None,
        _Variable(
            name="ZHUPEI_RATE_COST",
            parse=_numbers,
            zh="每分钟查询开销上限，按角色（public 为未登录的地址及未列出的角色），如 "
            "public=2000000,integrator=20000000；0 表示不限",
            en="What queries of one account may cost in a minute, by role, as in "
            "`public=2000000,integrator=20000000`; `public` is an address without account, and "
            "roles that are not listed; 0 is no limit",
            default="no limit, in production public=2000000,base_office=10000000,"
            "jurisdiction_office=20000000,national=20000000,integrator=20000000",
        ),
    ] = None
    rate_storage: Annotated[
        str,
        _Variable(
            name="ZHUPEI_RATE_STORAGE",
            parse=_rate_storage,
            zh="限流计数的位置：memory（本进程）、database（多个进程共用）或 redis:// 地址",
            en="Where rates are counted: `memory` for each process by itself, `database` for all "
            "processes together, or the address of a Redis (`redis://…`)",
        ),
    ] = "memory"
    open_per_address: Annotated[
        int | None,
        _Variable(
            name="ZHUPEI_OPEN_PER_ADDRESS",
            parse=_integer(0, 100_000),
            zh="同一地址同时进行的请求与订阅连接数上限；0 表示不限",
            en="Requests and live connections of one address at once; 0 is no limit",
            default="0, in production 200",
        ),
    ] = None
    open_at_once: Annotated[
        int,
        _Variable(
            name="ZHUPEI_OPEN_AT_ONCE",
            parse=_integer(1, 1_000_000),
            zh="每个进程同时进行的请求与订阅连接数上限",
            en="Requests and live connections of one process at once",
        ),
    ] = 5000
    operations_at_once: Annotated[
        int,
        _Variable(
            name="ZHUPEI_OPERATIONS_AT_ONCE",
            parse=_integer(1, 10_000),
            zh="每个进程同时执行的操作数上限；四倍于此的操作可排队",
            en="Operations that one process runs at once; four times as many may wait",
        ),
    ] = 64
    operation_seconds: Annotated[
        int,
        _Variable(
            name="ZHUPEI_OPERATION_SECONDS",
            parse=_integer(1, 3600),
            zh="一次操作最多执行的秒数",
            en="Seconds that an operation may take",
        ),
    ] = 30
    allowed_hosts: Annotated[
        tuple[str, ...],
        _Variable(
            name="ZHUPEI_ALLOWED_HOSTS",
            parse=_names,
            zh="本服务的主机名，用逗号分隔，可写作 *.example.org；未设置时不检查",
            en="Host names that the server answers for, separated by commas, `*.example.org` for "
            "all below one",
            default="any",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        _Variable(
            name="ZHUPEI_TRUSTED_PROXIES",
            parse=_proxies,
            zh="可信代理的地址或网段，用逗号分隔；只采信其 X-Forwarded-For 与 X-Forwarded-Proto",
            en="Addresses or networks of proxies, separated by commas, whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are believed",
            default="127.0.0.1,::1",
        ),
    ] = ("127.0.0.1", "::1")
    language: Annotated[
        Language,
        _Variable(
            name="ZHUPEI_LANGUAGE",
            parse=_choice(Language),
            zh="命令与日志的语言：zh 或 en",
            en="Language of commands and of the log's explanations: `zh` or `en`",
            default="from LANG",
        ),
    ] = Language.EN
    log_format: Annotated[
        LogFormat,
        _Variable(
            name="ZHUPEI_LOG_FORMAT",
            parse=_choice(LogFormat),
            zh="日志格式：text 或 json",
            en="Form of a log line: `text` or `json`",
        ),
    ] = LogFormat.TEXT
    log_level: Annotated[
        str,
        _Variable(
            name="ZHUPEI_LOG_LEVEL",
            parse=_level,
            zh="日志级别",
            en="Least severe log line to write: `debug`, `info`, `warning` or `error`",
        ),
    ] = "info"
    metrics_token: Annotated[
        str | None,
        _Variable(
            name="ZHUPEI_METRICS_TOKEN",
            parse=_long_secret,
            zh="读取 /metrics 所用的令牌；不设置时仅开发环境可读",
            en="Bearer token that `/metrics` is read with; without one it is read in development "
            "only",
            default="none",
        ),
    ] = field(default=None, repr=False)
    traces: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_TRACES",
            parse=_boolean,
            zh="是否发送 OpenTelemetry 链路追踪（需安装 zhupei[otel]），去向由其 OTEL_* 变量设定",
            en="1 sends OpenTelemetry traces (needs `zhupei[otel]`) where its own `OTEL_*` "
            "variables say",
            default="0",
        ),
    ] = False
    access_log: Annotated[
        bool,
        _Variable(
            name="ZHUPEI_ACCESS_LOG",
            parse=_boolean,
            zh="是否逐个请求记一行日志",
            en="1 writes one log line for each request",
            default="0",
        ),
    ] = False

    @property
    def platform_file(self) -> Path:
        """Where ``zhupei.yaml`` is looked for: beside the first folder of bases."""
        beside = self.bases[0].parent if self.bases else Path.cwd()
        return beside / "zhupei.yaml"

    @property
    def serves_metrics(self) -> bool:
        """Whether there is ``/metrics``: where a token guards it, and in development."""
        return self.metrics_token is not None or self.environment is not Environment.PRODUCTION

    @property
    def serves_ide(self) -> bool:
        """Whether the query page is offered: as set, else everywhere but in production."""
        if self.ide is not None:
            return self.ide
        return self.environment is not Environment.PRODUCTION

    @property
    def allows_sign_up(self) -> bool:
        """Whether people may make accounts with a password: never where those do not sign in."""
        if not self.password_sign_in:
            return False
        if self.sign_up is not None:
            return self.sign_up
        return self.environment is not Environment.PRODUCTION or not self.oidc_issuers

    @property
    def allows_introspection(self) -> bool:
        """Whether clients may ask for the schema: as set, else everywhere but in production."""
        if self.introspection is not None:
            return self.introspection
        return self.environment is not Environment.PRODUCTION

    @property
    def request_rate(self) -> int:
        """Requests of one address in a minute: as set, else only in production limited."""
        if self.rate_requests is not None:
            return self.rate_requests
        return 6000 if self.environment is Environment.PRODUCTION else 0

    @property
    def cost_rate(self) -> Mapping[str, int]:
        """Cost in a minute by role: as set, else only in production limited."""
        if self.rate_cost is not None:
            return self.rate_cost
        return _RATE_COST if self.environment is Environment.PRODUCTION else {}

    @property
    def connections_per_address(self) -> int:
        """What one address may have open: as set, else only in production limited."""
        if self.open_per_address is not None:
            return self.open_per_address
        return 200 if self.environment is Environment.PRODUCTION else 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings out of ``environ`` (usually ``os.environ``).

        A variable that is empty counts as unset, as Compose files and Makefiles write it.

        Raises:
            SettingsError: a value cannot be read, or a ``ZHUPEI_`` variable is unknown; holds
                every such problem.

        """
        declared = {variable.name: (field_name, variable) for field_name, variable in _variables()}
        problems: list[SettingsProblem] = []
        values: dict[str, Any] = {"language": language_of(environ)}
        for name, (field_name, variable) in declared.items():
            text = environ.get(name, "").strip()
            if not text:
                continue
            try:
                values[field_name] = variable.parse(text)
            except _RefusedError as refused:
                problems.append(SettingsProblem(name, refused.message))
        unknown = sorted(v for v in environ if v.startswith("ZHUPEI_") and v not in declared)
        problems.extend(_unknown(variable, tuple(declared)) for variable in unknown)
        if values.get("smtp_host") and not environ.get("ZHUPEI_MAIL_FROM", "").strip():
            problems.append(
                SettingsProblem(
                    "ZHUPEI_MAIL_FROM",
                    Text(
                        "设置了 ZHUPEI_SMTP_HOST 时必须设置",
                        "must be set where ZHUPEI_SMTP_HOST is",
                    ),
                )
            )
        if problems:
            raise SettingsError(tuple(problems))
        return cls(**values)


def language_of(environ: Mapping[str, str]) -> Language:
    """Return the language to speak before settings are read, or when they cannot be."""
    chosen = environ.get("ZHUPEI_LANGUAGE", "").strip().lower()
    if chosen in set(Language):
        return Language(chosen)
    # The order in which POSIX reads them.
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable):
            return Language.ZH if value.lower().startswith("zh") else Language.EN
    return Language.EN


def _unknown(variable: str, known: tuple[str, ...]) -> SettingsProblem:
    # Compared without the prefix: it is the same everywhere and would make all names alike.
    stems = {name.removeprefix("ZHUPEI_"): name for name in known}
    near = difflib.get_close_matches(variable.removeprefix("ZHUPEI_"), list(stems), n=1)
    if near:
        name = stems[near[0]]
        return SettingsProblem(
            variable,
            Text(f"没有这个设置；是否指 {name}？", f"unknown setting; did you mean {name}?"),
        )
    names = ", ".join(known)
    return SettingsProblem(
        variable, Text(f"没有这个设置；可用的有 {names}", f"unknown setting; known are {names}")
    )


def _variables() -> Iterator[tuple[str, _Variable]]:
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        yield name, hint.__metadata__[0]


def describe_settings() -> tuple[SettingDescription, ...]:
    """Return every setting with its variable, shown default and meaning, in declared order."""
    defaults = {declared.name: declared.default for declared in fields(Settings)}
    return tuple(
        SettingDescription(
            variable.name,
            variable.default or str(defaults[field_name]),
            Text(variable.zh, variable.en),
        )
        for field_name, variable in _variables()
    )
