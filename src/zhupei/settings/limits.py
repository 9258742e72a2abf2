"""Settings of limits: how much one operation, one client and all of them may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from zhupei.settings import parsing
from zhupei.settings.graph import GraphSettings
from zhupei.settings.kinds import Environment

__all__ = ["LimitSettings"]

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
class LimitSettings(GraphSettings):
    """How much may be asked, and by whom."""

    max_depth: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_DEPTH",
            parse=parsing.integer(1, 1000),
            zh="查询嵌套层数上限",
            en="Deepest nesting of a query",
        ),
    ] = 16
    max_aliases: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_ALIASES",
            parse=parsing.integer(0, 100_000),
            zh="一次查询的别名数上限",
            en="Aliases in one query at most",
        ),
    ] = 50
    max_fields: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_FIELDS",
            parse=parsing.integer(1, 1_000_000),
            zh="一次查询展开片段后的字段数上限",
            en="Fields in one query at most, with its fragments written out",
        ),
    ] = 1500
    max_tokens: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_TOKENS",
            parse=parsing.integer(16, 1_000_000),
            zh="一次查询的词元数上限",
            en="Tokens in one query at most",
        ),
    ] = 3000
    max_cost: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_COST",
            parse=parsing.integer(100, 100_000_000),
            zh="一次查询的开销上限：应答最多含多少个值，费时的字段按更高计",
            en="Cost of one query at most: how many values its answer may hold, fields that take "
            "long counting more",
        ),
    ] = 100_000
    rate_requests: Annotated[
        int | None,
        parsing.Variable(
            name="ZHUPEI_RATE_REQUESTS",
            parse=parsing.integer(0, 10_000_000),
            zh="同一地址每分钟的请求数上限；0 表示不限",
            en="Requests of one address in a minute at most; 0 is no limit",
            default="0, in production 6000",
        ),
    ] = None
    rate_cost: Annotated[
        Mapping[str, int] | None,
        parsing.Variable(
            name="ZHUPEI_RATE_COST",
            parse=parsing.numbers,
            separator=",",
            pairs=True,
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
        parsing.Variable(
            name="ZHUPEI_RATE_STORAGE",
            parse=parsing.rate_storage,
            by_file=True,
            zh="限流计数的位置：memory（本进程）、database（多个进程共用）或 redis:// 地址",
            en="Where rates are counted: `memory` for each process by itself, `database` for all "
            "processes together, or the address of a Redis (`redis://…`)",
        ),
    ] = "memory"
    open_per_address: Annotated[
        int | None,
        parsing.Variable(
            name="ZHUPEI_OPEN_PER_ADDRESS",
            parse=parsing.integer(0, 100_000),
            zh="同一地址同时进行的请求与订阅连接数上限；0 表示不限",
            en="Requests and live connections of one address at once; 0 is no limit",
            default="0, in production 200",
        ),
    ] = None
    open_per_account: Annotated[
        int | None,
        parsing.Variable(
            name="ZHUPEI_OPEN_PER_ACCOUNT",
            parse=parsing.integer(0, 100_000),
            zh="同一账号同时保持的订阅连接数上限；0 表示不限",
            en="Live connections (WebSockets, event streams) of one account at once; 0 is no limit",
            default="0, in production 50",
        ),
    ] = None
    open_at_once: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_OPEN_AT_ONCE",
            parse=parsing.integer(1, 1_000_000),
            zh="每个进程同时进行的请求与订阅连接数上限",
            en="Requests and live connections of one process at once",
        ),
    ] = 5000
    operations_at_once: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_OPERATIONS_AT_ONCE",
            parse=parsing.integer(1, 10_000),
            zh="每个进程同时执行的操作数上限；四倍于此的操作可排队",
            en="Operations that one process runs at once; four times as many may wait",
        ),
    ] = 64
    operation_seconds: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_OPERATION_SECONDS",
            parse=parsing.integer(1, 3600),
            zh="一次操作最多执行的秒数",
            en="Seconds that an operation may take",
        ),
    ] = 30
    allowed_hosts: Annotated[
        tuple[str, ...],
        parsing.Variable(
            name="ZHUPEI_ALLOWED_HOSTS",
            parse=parsing.names,
            separator=",",
            zh="本服务的主机名，用逗号分隔，可写作 *.example.org；未设置时不检查",
            en="Host names that the server answers for, separated by commas, `*.example.org` for "
            "all below one",
            default="any",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        parsing.Variable(
            name="ZHUPEI_TRUSTED_PROXIES",
            parse=parsing.proxies,
            separator=",",
            zh="可信代理的地址或网段，用逗号分隔；只采信其 X-Forwarded-For 与 X-Forwarded-Proto",
            en="Addresses or networks of proxies, separated by commas, whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are believed",
            default="127.0.0.1,::1",
        ),
    ] = ("127.0.0.1", "::1")

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

    @property
    def connections_per_account(self) -> int:
        """What one account may have open: as set, else only in production limited."""
        if self.open_per_account is not None:
            return self.open_per_account
        return 50 if self.environment is Environment.PRODUCTION else 0
