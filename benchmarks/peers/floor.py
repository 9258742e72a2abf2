"""The floor: hand-written SQL that returns the whole JSON; and the roof: one answer, kept.

No GraphQL is read: the path names the query. With ``CONSTANT=1`` the first answer to each query is
given to everybody after, which is what HTTP alone costs.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
import msgspec
import uvicorn

__all__ = ["SQL"]

_OPENING = """o.code, o.specialty_name AS "specialtyName", o.year, o.kind, o.quota, o.capacity,
    o.post_type AS "postType", o.duration_months AS "durationMonths\""""
_OPENINGS_OF_BASE = f"""json_build_object('edges', (
    SELECT coalesce(json_agg(json_build_object('node', row_to_json(r))), '[]') FROM (
        SELECT {_OPENING} FROM peer.opening o WHERE o.base_code = b.code ORDER BY o.code LIMIT 100
    ) r)) AS openings"""  # noqa: S608 - constants

SQL: dict[str, tuple[str, tuple[str, ...]]] = {
    "base": (
        f"""SELECT '{{"data":{{"base":' || coalesce((SELECT row_to_json(x)::text FROM (
    SELECT b.code, b.name, b.tier, (SELECT row_to_json(z) FROM (SELECT p.code, p.name) z) province,
        {_OPENINGS_OF_BASE}
    FROM peer.base b LEFT JOIN peer.province p ON p.code = b.province_code WHERE b.code = $1
) x), 'null') || '}}}}'""",  # noqa: S608 - constants
        ("code",),
    ),
    "bases": (
        f"""SELECT '{{"data":{{"bases":{{"edges":' || coalesce(
    json_agg(json_build_object('node', row_to_json(x))), '[]')::text || '}}}}}}' FROM (
    SELECT b.code, b.name, b.tier, (SELECT row_to_json(z) FROM (SELECT p.name) z) province,
        {_OPENINGS_OF_BASE}
    FROM peer.base b LEFT JOIN peer.province p ON p.code = b.province_code
    ORDER BY b.code LIMIT $1
) x""",  # noqa: S608 - constants
        ("first",),
    ),
    "openings": (
        f"""WITH c AS (
    SELECT count(*) n FROM peer.opening WHERE specialty_code = $1 AND year = $2
)
SELECT '{{"data":{{"openings":{{"totalCount":' || c.n || ',"edges":' || (
    SELECT coalesce(json_agg(json_build_object('node', row_to_json(x))), '[]')::text FROM (
        SELECT {_OPENING}, (SELECT row_to_json(z) FROM (
            SELECT b.code, b.name, b.tier,
                (SELECT row_to_json(w) FROM (SELECT p.name) w) province) z) base
        FROM (SELECT * FROM peer.opening WHERE specialty_code = $1 AND year = $2
            ORDER BY code LIMIT $3) o
        JOIN peer.base b ON b.code = o.base_code
        LEFT JOIN peer.province p ON p.code = b.province_code ORDER BY o.code
    ) x) || ',"pageInfo":{{"hasNextPage":' || (c.n > $3::int)
    || ',"hasPreviousPage":false}}}}}}}}' FROM c""",  # noqa: S608 - constants
        ("specialty", "year", "first"),
    ),
    "trainees": (
        """WITH c AS (
    SELECT count(*) n, count(*) FILTER (WHERE state = 'IN_TRAINING') training,
        count(*) FILTER (WHERE state = 'WITHDRAWN') withdrawn
    FROM peer.trainee WHERE base_code = $1
)
SELECT '{"data":{"trainees":{"totalCount":' || c.n || ',"edges":' || (
    SELECT coalesce(json_agg(json_build_object('node', row_to_json(x))), '[]')::text FROM (
        SELECT t.id, t.state, t.year, t.trainee_type AS "traineeType",
            t.specialty_code AS "specialtyCode", t.started_on AS "startedOn", t.months,
            t.ends_on AS "endsOn",
            (SELECT row_to_json(z) FROM (SELECT o.specialty_name AS "specialtyName") z) opening,
            (SELECT row_to_json(z) FROM (SELECT b.name) z) base
        FROM (SELECT * FROM peer.trainee WHERE base_code = $1 ORDER BY id LIMIT $2) t
        JOIN peer.opening o ON o.code = t.opening_code
        JOIN peer.base b ON b.code = t.base_code ORDER BY t.id
    ) x) || '},"training":{"totalCount":' || c.training || '},"withdrawn":{"totalCount":'
    || c.withdrawn || '}}}' FROM c""",
        ("base", "first"),
    ),
    "timeline": (
        """SELECT '{"data":{"application":' || coalesce((SELECT row_to_json(x)::text FROM (
    SELECT a.state, a.preference, a.submitted_at AS "submittedAt",
        (SELECT row_to_json(z) FROM (SELECT b.name) z) base,
        (SELECT row_to_json(z) FROM (SELECT o.specialty_name AS "specialtyName") z) opening,
        (SELECT coalesce(json_agg(r), '[]') FROM (
            SELECT revision, at, actor, action, reason, from_state AS "fromState",
                to_state AS "toState"
            FROM peer.transition WHERE application_id = a.id ORDER BY revision) r) records
    FROM peer.application a JOIN peer.base b ON b.code = a.base_code
    JOIN peer.opening o ON o.code = a.opening_code WHERE a.id = $1
) x), 'null') || '}}'""",
        ("id",),
    ),
}
"""By query: the statement that returns the answer's text, and the variables it takes."""

_HEADERS = (b"content-type", b"application/json")


class _Floor:
    def __init__(self, pool: asyncpg.Pool[Any], *, constant: bool) -> None:
        self._pool, self._constant = pool, constant
        self._kept: dict[str, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        body: bytes = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        answer = await self._answer(scope["path"][1:], body)
        length = (b"content-length", b"%d" % len(answer))
        start = {"type": "http.response.start", "status": 200, "headers": [_HEADERS, length]}
        await send(start)
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, name: str, body: bytes) -> bytes:
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        if name not in SQL:
            return b'{"data":{"__typename":"Query"}}'
        statement, names = SQL[name]
        variables = msgspec.json.decode(body)["variables"]
        text: str = await self._pool.fetchval(statement, *(variables[each] for each in names))
        answer = text.encode()
        if self._constant:
            self._kept[name] = answer
        return answer


async def _main() -> None:
    async with asyncpg.create_pool(min_size=10, max_size=10) as pool:
        app = _Floor(pool, constant=os.environ.get("CONSTANT") == "1")
        config = uvicorn.Config(
            app,
            port=int(os.environ["PORT"]),
            access_log=False,
            log_level="warning",
            lifespan="off",
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(_main())
