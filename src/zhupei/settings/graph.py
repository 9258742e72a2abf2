"""Settings of the graph: the query page, introspection, gateways, stored operations, caches."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from zhupei.settings import parsing
from zhupei.settings.kinds import Environment, FederationAccess
from zhupei.settings.work import WorkSettings

__all__ = ["GraphSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings(WorkSettings):
    """How the graph is offered."""

    ide: Annotated[
        bool | None,
        parsing.Variable(
            name="ZHUPEI_IDE",
            parse=parsing.boolean,
            zh="是否提供查询页面 GraphiQL",
            en="1 serves the query page (GraphiQL), 0 does not",
            default="1, in production 0",
        ),
    ] = None
    examples: Annotated[
        Path,
        parsing.Variable(
            name="ZHUPEI_EXAMPLES",
            parse=parsing.path,
            zh="查询页面示例所在文件夹",
            en="Folder with the queries that the query page shows as tabs",
            default="./docs/examples",
        ),
    ] = field(default_factory=lambda: parsing.path("docs/examples"))
    introspection: Annotated[
        bool | None,
        parsing.Variable(
            name="ZHUPEI_INTROSPECTION",
            parse=parsing.boolean,
            zh="是否允许模式自省",
            en="1 lets clients ask for the schema, 0 does not",
            default="1, in production 0",
        ),
    ] = None
    explain_engine: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_EXPLAIN_ENGINE",
            parse=parsing.boolean,
            zh="是否在应答的 extensions.engine 中说明未编译的字段",
            en="1 says in `extensions.engine` of answers what of a query was not compiled",
            default="0",
        ),
    ] = False
    gateway_secret: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_GATEWAY_SECRET",
            parse=parsing.long_secret,
            by_file=True,
            zh="联邦网关在请求头 X-Gateway-Secret 中出示的密语；出示者可读取子图模式与逐字段耗时",
            en="What a federation gateway sends in the header `X-Gateway-Secret`; whoever does is "
            "given the subgraph's text and, on demand, traces",
            default="none",
        ),
    ] = field(default=None, repr=False)
    federation_access: Annotated[
        FederationAccess,
        parsing.Variable(
            name="ZHUPEI_FEDERATION_ACCESS",
            parse=parsing.choice(FederationAccess),
            zh="子图模式以何种指令说明字段权限：scopes、policies、authenticated 或 none；"
            "@apollo/gateway 只接受 none",
            en="How the subgraph's text tells gateways what protects a field: `scopes` "
            "(`@requiresScopes`), `policies` (`@policy`), `authenticated` or `none`, the only one "
            "that `@apollo/gateway` takes",
        ),
    ] = FederationAccess.NONE
    allowed_origins: Annotated[
        tuple[str, ...],
        parsing.Variable(
            name="ZHUPEI_ALLOWED_ORIGINS",
            parse=parsing.names,
            separator=",",
            zh="允许跨域调用的网站，用逗号分隔",
            en="Web origins whose pages may call the graph, separated by commas",
            default="none",
        ),
    ] = field(default_factory=tuple)
    max_body_bytes: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_BODY_BYTES",
            parse=parsing.integer(1024, 1 << 30),
            zh="请求体的字节数上限",
            en="Largest request body, in bytes",
        ),
    ] = 1 << 20
    apq: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_APQ",
            parse=parsing.boolean,
            zh="是否允许客户端以哈希引用已发送过的操作（自动持久化查询）",
            en="1 lets clients name operations that they sent before by hash (automatic persisted "
            "queries), 0 does not",
            default="1",
        ),
    ] = True
    trusted_documents: Annotated[
        tuple[Path, ...],
        parsing.Variable(
            name="ZHUPEI_TRUSTED_DOCUMENTS",
            parse=parsing.paths,
            separator=parsing.PATHS,
            zh="操作清单文件（Apollo 或 Relay 格式），可用冒号分隔多个；设置后只执行清单中的操作",
            en="Manifests of operations in Apollo's or Relay's form, separated by colons; where "
            "they are set, nothing else runs",
            default="none",
        ),
    ] = ()
    max_batch: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_BATCH",
            parse=parsing.integer(0, 100),
            zh="一个请求中操作数的上限；0 表示不接受批量请求",
            en="Operations that one request may hold; 0 takes no batches",
        ),
    ] = 0
    cache_seconds: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_CACHE_SECONDS",
            parse=parsing.integer(0, 86_400),
            zh="公开目录查询（GET）可被浏览器与代理缓存的秒数；0 表示每次都须核对",
            en="Seconds for which browsers and proxies may keep public answers of the catalogue to "
            "GET without asking; 0 has them ask each time, which costs little",
        ),
    ] = 0
    cache_bytes: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_CACHE_BYTES",
            parse=parsing.integer(0, 1 << 30),
            zh="每个进程保存公开目录查询结果的字节数上限；0 表示不保存",
            en="Bytes of public answers of the catalogue that one process keeps; 0 keeps none",
        ),
    ] = 32 << 20

    @property
    def serves_ide(self) -> bool:
        """Whether the query page is offered: as set, else everywhere but in production."""
        if self.ide is not None:
            return self.ide
        return self.environment is not Environment.PRODUCTION

    @property
    def allows_introspection(self) -> bool:
        """Whether clients may ask for the schema: as set, else everywhere but in production."""
        if self.introspection is not None:
            return self.introspection
        return self.environment is not Environment.PRODUCTION
