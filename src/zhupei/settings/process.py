"""Settings of the process: where it runs, what it reads, its database, keys and sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from zhupei.settings import parsing
from zhupei.settings.kinds import Environment, TrustedIssuer

__all__ = ["ProcessSettings", "beside"]


def beside(bases: Sequence[Path]) -> Path:
    """Return where ``zhupei.yaml`` is looked for unless it is named."""
    return (bases[0].parent if bases else Path.cwd()) / "zhupei.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSettings:
    """Where it runs, what it reads and keeps, and who signs in."""

    environment: Annotated[
        Environment,
        parsing.Variable(
            name="ZHUPEI_ENVIRONMENT",
            parse=parsing.choice(Environment),
            zh="运行环境；production 关闭查询页面与模式自省",
            en="Where it runs: `development`, or `production`, which closes the query page and "
            "introspection unless they are switched on",
        ),
    ] = Environment.DEVELOPMENT
    file: Annotated[
        Path | None,
        parsing.Variable(
            name="ZHUPEI_FILE",
            parse=parsing.path,
            zh="zhupei.yaml 文件；未设置时在 ZHUPEI_BASES 的第一个文件夹旁",
            en="The file `zhupei.yaml`, wherever it is and whatever it is called",
            default="zhupei.yaml beside the first folder of bases",
        ),
    ] = None
    host: Annotated[
        str,
        parsing.Variable(
            name="ZHUPEI_HOST",
            parse=parsing.host,
            zh="监听地址",
            en="Address to listen on; `0.0.0.0` for all",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        parsing.Variable(
            name="PORT",
            parse=parsing.integer(0, 65535),
            zh="监听端口；0 表示任选",
            en="Port to listen on; 0 takes a free one",
        ),
    ] = 8000
    socket: Annotated[
        Path | None,
        parsing.Variable(
            name="ZHUPEI_SOCKET",
            parse=parsing.path,
            zh="监听的 Unix 套接字文件，代替地址与端口；能打开它的只应是前置代理，"
            "其 X-Forwarded-For 与 X-Forwarded-Proto 均被采信",
            en="Unix socket to listen on instead of an address and a port; whoever may open it is "
            "a proxy that is believed whom it asks for",
            default="none",
        ),
    ] = None
    tls_certificate: Annotated[
        Path | None,
        parsing.Variable(
            name="ZHUPEI_TLS_CERTIFICATE",
            parse=parsing.path,
            zh="TLS 证书链文件（PEM）；设置后以 HTTPS 提供服务",
            en="File with the certificate and those above it (PEM): HTTPS is served",
            default="none: HTTP is served",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        parsing.Variable(
            name="ZHUPEI_TLS_KEY",
            parse=parsing.path,
            zh="TLS 私钥文件（PEM，不加密）",
            en="File with the certificate's private key (PEM, not encrypted)",
            default="in the certificate's file",
        ),
    ] = None
    keep_alive_seconds: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_KEEP_ALIVE_SECONDS",
            parse=parsing.integer(1, 3600),
            zh="空闲连接保留的秒数；应长于前置代理的设置",
            en="Seconds that an idle connection is kept; longer than a proxy in front keeps "
            "its own",
        ),
    ] = 75
    bases: Annotated[
        tuple[Path, ...],
        parsing.Variable(
            name="ZHUPEI_BASES",
            parse=parsing.paths,
            separator=parsing.PATHS,
            zh="配置文件夹，可用冒号分隔多个",
            en="Folders with configuration, separated by colons",
            default="./bases",
        ),
    ] = field(default_factory=lambda: (parsing.path("bases"),))
    plugins: Annotated[
        tuple[Path, ...],
        parsing.Variable(
            name="ZHUPEI_PLUGINS",
            parse=parsing.paths,
            separator=parsing.PATHS,
            zh="就地读取的插件所在文件夹，可用冒号分隔多个",
            en="Folders with plugins that are read in place, separated by colons; installed ones "
            "are found without it",
            default="./plugins",
        ),
    ] = field(default_factory=lambda: (parsing.path("plugins"),))
    disabled_plugins: Annotated[
        tuple[str, ...],
        parsing.Variable(
            name="ZHUPEI_DISABLED_PLUGINS",
            parse=parsing.names,
            separator=",",
            zh="停用的插件代号，用逗号分隔",
            en="Slugs of plugins that are not loaded, separated by commas",
            default="none",
        ),
    ] = ()
    strict: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_STRICT",
            parse=parsing.boolean,
            zh="任何配置或插件问题都停止启动",
            en="1 stops at any problem of a file or plugin instead of serving the rest",
            default="0",
        ),
    ] = False
    data_dir: Annotated[
        Path,
        parsing.Variable(
            name="ZHUPEI_DATA_DIR",
            parse=parsing.path,
            zh="数据目录，内嵌的 PostgreSQL 也在其中",
            en="Data directory; the embedded PostgreSQL keeps its files there",
            default="./.zhupei",
        ),
    ] = field(default_factory=lambda: parsing.path(".zhupei"))
    database_url: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_DATABASE_URL",
            parse=parsing.database_url,
            by_file=True,
            zh="使用该 PostgreSQL 而不是内嵌的一个",
            en="PostgreSQL to use instead of the embedded one: `postgresql://user:password@host:5432/name`",
            default="the embedded PostgreSQL",
        ),
    ] = None
    database_pool: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_DATABASE_POOL",
            parse=parsing.integer(1, 100),
            zh="每个进程的数据库连接数上限",
            en="Database connections that one process opens at most",
        ),
    ] = 10
    encryption_keys: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_ENCRYPTION_KEYS",
            parse=parsing.secret,
            by_file=True,
            zh="加密个人信息的密钥，形如“代号:Base64”，用逗号分隔，第一个用于加密",
            en="Keys that personal data is encrypted with, as `id:base64` separated by commas; the "
            "first encrypts, all decrypt",
            default="a file below the data directory; required in production",
        ),
    ] = field(default=None, repr=False)
    signing_keys: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_SIGNING_KEYS",
            parse=parsing.secret,
            by_file=True,
            zh="签署公示名单的 Ed25519 私钥（Base64），用逗号分隔，第一个用于签名；"
            "停用的写作“public:公钥”",
            en="Ed25519 private keys in Base64 that published lists are signed with, separated by "
            "commas; the first signs, a retired one is written `public:` and its public key",
            default="a file below the data directory",
        ),
    ] = field(default=None, repr=False)
    oidc_issuers: Annotated[
        tuple[TrustedIssuer, ...],
        parsing.Variable(
            name="ZHUPEI_OIDC_ISSUERS",
            parse=parsing.issuers,
            separator=",",
            pairs=True,
            zh="受信任的 OpenID Connect 签发者，形如“https://签发者=受众”，用逗号分隔",
            en="OpenID Connect issuers whose tokens sign in, as `https://issuer=audience` "
            "separated by commas; several audiences of one are separated by `|`",
            default="none",
        ),
    ] = ()
    password_sign_in: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_PASSWORD_SIGN_IN",
            parse=parsing.boolean,
            zh="是否允许用账号密码登录（POST /sign-in）",
            en="1 lets accounts of this installation sign in with a password at `/sign-in`, 0 does "
            "not",
            default="1",
        ),
    ] = True
    sign_up: Annotated[
        bool | None,
        parsing.Variable(
            name="ZHUPEI_SIGN_UP",
            parse=parsing.boolean,
            zh="是否允许报考人自行注册账号（POST /sign-up）",
            en="1 lets people make themselves an applicant's account at `/sign-up`, 0 does not",
            default="1, in production with an OpenID Connect issuer 0",
        ),
    ] = None
    sign_ups_per_hour: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_SIGN_UPS_PER_HOUR",
            parse=parsing.integer(1, 100_000),
            zh="同一网络地址每小时注册账号的次数上限（按进程计）；院校、医院多人共用一个出口地址的，"
            "报名期间可调高",
            en="Accounts that may be asked for at `/sign-up` in an hour from one address, in each "
            "process; a school or hospital whose people share one needs more while they register",
        ),
    ] = 10
    token_minutes: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_TOKEN_MINUTES",
            parse=parsing.integer(1, 44_640),
            zh="密码登录所得凭证的有效分钟数",
            en="Minutes that a token given for a password is valid",
        ),
    ] = 480

    @property
    def platform_file(self) -> Path:
        """Where ``zhupei.yaml`` is looked for."""
        return beside(self.bases) if self.file is None else self.file

    @property
    def allows_sign_up(self) -> bool:
        """Whether people may make accounts with a password: never where those do not sign in."""
        if not self.password_sign_in:
            return False
        if self.sign_up is not None:
            return self.sign_up
        return self.environment is not Environment.PRODUCTION or not self.oidc_issuers
