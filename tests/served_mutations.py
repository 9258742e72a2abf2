"""The scenarios of all mutations at servers of their own; rows that are counted and put back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
from tortoise import connections

from admissions_office import BASES, moment
from allocation_office import BASES as MATCHING_BASES
from asked_graph import core_graph
from base_offices import BASES as OFFICE_BASES
from graphql import GraphQLField, GraphQLObjectType, GraphQLUnionType, get_named_type, is_leaf_type
from mutation_scenarios import PHASES, Case, World, new_world
from server_process import ServerProcess, settings_of
from zhupei.db.connection import Database
from zhupei.db.models import Account, RoleGrant
from zhupei.domain.actors import Grant
from zhupei.graphql.uploads import Upload
from zhupei.security.crypto import new_key_text
from zhupei.services.access import Access, prepare_access

__all__ = [
    "LAST",
    "WRITE_NOTHING",
    "Rows",
    "Sender",
    "ServedMutations",
    "alike",
    "served_mutations",
    "serving",
    "work",
]

LAST = "eraseApplicant"
"""Ends the account of whoever sends it, which is answered nothing afterwards."""
WRITE_NOTHING = {"exportMyData", "simulateAllocation"}
"""A copy, and a simulation: they write nothing but their key."""

_BEGIN, _APRIL = "2026-03-01T09:00", "2026-04-10T09:00"
_LONG = timedelta(days=360)
_SCOPES = ("webhooks.manage", "events.read")
_PATIENCE_SECONDS = 120
_PLACES = ("sample", "office", "north")
_PROVINCES = ("sample", "office", "matching")
# What is told once only, and kept by nobody.
_TOLD_ONCE = {"issueClaimCode": "ClaimCode_claimCode"}
# Written beside the work: papers when they are first shown, and what a server tells of its
# configuration when it starts.
_BESIDE = {"catalogue_version", "published_list"}
_STAFF = (
    *(Grant(name) for name in ("administrator", "national", "auditor", "applicant")),
    *(
        Grant(name, base=f"{place}-hospital")
        for place in _PLACES
        for name in ("base_office", "specialty_base")
    ),
    *(Grant("jurisdiction_office", jurisdiction=f"{each}-province") for each in _PROVINCES),
)


@cache
def _shown(mutation: str) -> str:
    """Return an operation that asks for all that the mutation's answer has of its own."""
    root = core_graph().schema.core_schema.mutation_type
    assert root is not None
    union = get_named_type(root.fields[mutation].type)
    members: Sequence[GraphQLObjectType]
    members = union.types if isinstance(union, GraphQLUnionType) else [union]
    parts = []
    for member in members:
        leaves = [name for name, each in member.fields.items() if _is_plain(each)]
        if leaves:
            named = " ".join(f"{member.name}_{leaf}: {leaf}" for leaf in leaves)
            parts.append(f"... on {member.name} {{ {named} }}")
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    return (
        f"mutation($input: {kind}!) {{ it: {mutation}(input: $input) "
        f"{{ __typename ... on Refusal {{ code message }} {' '.join(parts)} }} }}"
    )


def _is_plain(shown: GraphQLField) -> bool:
    return is_leaf_type(get_named_type(shown.type)) and not shown.args


@dataclass
class Rows:
    """The rows of all tables, to be counted and put back."""

    database: Database
    tables: Sequence[str] = ()
    _kept: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    async def keep(self, name: str) -> None:
        """Copy every table."""
        with self.database.use():
            connection = connections.get("default")
            rows = await connection.execute_query_dict(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
            self.tables = [row["tablename"] for row in rows]
            copies = (f'CREATE TABLE {name}."{t}" AS TABLE public."{t}";' for t in self.tables)
            await connection.execute_script(
                f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}; {' '.join(copies)}"
            )

    async def put_back(self, name: str, tables: Iterable[str] | None = None) -> None:
        """Put tables back; triggers and references rest meanwhile."""
        back = " ".join(
            f'DELETE FROM public."{t}"; INSERT INTO public."{t}" SELECT * FROM {name}."{t}";'
            for t in (self.tables if tables is None else tables)
        )
        with self.database.use():
            await connections.get("default").execute_script(
                f"BEGIN; SET LOCAL session_replication_role = replica; {back} COMMIT;"
            )

    async def counted(self) -> dict[str, tuple[int, int]]:
        """Return for each table how many rows it has, and which transaction wrote the last."""
        every = " UNION ALL ".join(
            f"SELECT '{t}' AS t, count(*) AS n, max(xmin::text::bigint) AS x FROM public.\"{t}\""
            for t in self.tables
        )
        with self.database.use():
            rows = await connections.get("default").execute_query_dict(every)
        return {row["t"]: (row["n"], row["x"]) for row in rows}


@dataclass
class Sender:
    """Who sends a mutation, with which input."""

    account: UUID
    given: Mapping[str, Any]
    scopes: tuple[str, ...] = ()


@dataclass
class ServedMutations:
    """A world that servers of the test serve, and those who ask them."""

    world: World
    rows: Rows
    data_dir: Path
    keys: str
    clock: Path
    access: Access
    staff: UUID
    client: httpx2.AsyncClient

    async def built(self, phase: str) -> dict[str, Case]:
        """Begin anew, and build what a phase's mutations work on."""
        await self.rows.put_back("empty")
        self.world.go(_APRIL)
        cases = await PHASES[phase](self.world)
        await self.rows.keep("built")
        return cases

    def server(self, database_url: str) -> ServerProcess:
        """Return a server that is not started yet."""
        changes = {
            "encryption_keys": self.keys,
            "bases": [str(each) for each in (BASES, OFFICE_BASES, MATCHING_BASES)],
        }
        return ServerProcess(database_url, self.data_dir, str(self.clock), changes=changes)

    def senders(self, case: Case) -> list[Sender]:
        """Return those whom a case concerns, and somebody of the staff."""
        own = {"applicant": case.person, "sending_unit": case.unit, "integrator": case.integrator}
        found = [
            Sender(id_, {**case.given, **case.by_role.get(role, {})})
            for role, id_ in own.items()
            if id_ is not None
        ]
        if case.integrator is not None:
            found[-1].scopes = _SCOPES
        staff = Sender(self.staff, {**case.given, **case.by_role.get("base_office", {})})
        return [*found, staff]

    def go(self, at: str) -> None:
        """Move everybody's clock."""
        self.world.go(at)
        self.clock.write_text(at, "utf-8")

    async def send(
        self, server: ServerProcess, mutation: str, sender: Sender, key: str
    ) -> dict[str, Any] | None:
        """Send a mutation, and return its answer; None where it has to be sent again."""
        token = self.access.sign_in.token_for(sender.account, _LONG, scopes=sender.scopes).token
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        given = {**sender.given, "idempotencyKey": key}
        url = f"{server.address}/graphql"
        request = self.client.build_request("POST", url, **_body(mutation, given))
        request.headers.update(headers)
        try:
            response = await self.client.send(request)
        except httpx2.TransportError:
            return None
        if response.status_code == 401:
            return {"code": "UNAUTHENTICATED"}
        assert response.status_code in {200, 503}, response.text
        body = response.json()
        answer: dict[str, Any] | None = (body.get("data") or {}).get("it")
        if answer is None:
            codes = {each["extensions"]["code"] for each in body["errors"]}
            return None if codes == {"DATABASE_UNAVAILABLE"} else {"code": codes}
        # Whoever may do it may not always see all of what it made: their answer is alike, too.
        return {**answer, "errors": body.get("errors")}

    async def until_sent(
        self, server: ServerProcess, mutation: str, sender: Sender, key: str
    ) -> dict[str, Any]:
        """Send a mutation with one key until there is an answer."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                if (answer := await self.send(server, mutation, sender, key)) is not None:
                    return answer
                await asyncio.sleep(0.05)

    async def alone(
        self, server: ServerProcess, mutation: str, case: Case
    ) -> tuple[Sender, dict[str, int]]:
        """Carry a mutation out, put all back, and return who may, and how many rows it makes."""
        async with contextlib.aclosing(self.each_alone(server, mutation, case)) as found:
            return await anext(found)

    async def each_alone(
        self, server: ServerProcess, mutation: str, case: Case
    ) -> AsyncGenerator[tuple[Sender, dict[str, int]], None]:
        """Do so for each of those who may, one after the other."""
        self.go(case.at)
        refused = []
        for sender in self.senders(case):
            before = await self.rows.counted()
            answer = await self.until_sent(server, mutation, sender, uuid4().hex)
            made = await self.made(before)
            await self.put_back(before)
            if "code" in answer:
                refused.append(answer)
            else:
                yield sender, made
        assert len(refused) < len(self.senders(case)), (mutation, refused)

    async def made(self, before: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Return the tables that were written, each with how many rows it has more."""
        after = await self.rows.counted()
        return {t: after[t][0] - before[t][0] for t in after if after[t] != before[t]}

    async def put_back(self, before: Mapping[str, tuple[int, int]]) -> None:
        """Put back what was changed."""
        if made := await self.made(before):
            await self.rows.put_back("built", made)


def _body(mutation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request, a file of its input as a part of its own."""
    query = _shown(mutation)
    files = [name for name, value in given.items() if isinstance(value, Upload)]
    if not files:
        return {"json": {"query": query, "variables": {"input": given}}}
    (name,) = files
    given[name].content.seek(0)
    sent = {"query": query, "variables": {"input": {**given, name: None}}}
    return {
        "headers": {"apollo-require-preflight": "true"},
        "files": {
            "operations": (None, json.dumps(sent).encode()),
            "map": (None, json.dumps({"0": [f"variables.input.{name}"]}).encode()),
            "0": ("a.png", given[name].content.read()),
        },
    }


@contextlib.asynccontextmanager
async def serving(*servers: ServerProcess) -> AsyncIterator[None]:
    """Serve until the block ends."""
    try:
        await asyncio.gather(*(server.start() for server in servers))
        yield
    finally:
        await asyncio.gather(*(server.kill() for server in servers))


def work(made: Mapping[str, int]) -> dict[str, int]:
    """Return the tables that a mutation writes, each with how many rows it has more."""
    return {table: more for table, more in made.items() if table not in _BESIDE}


def alike(mutation: str, answers: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a mutation was carried out, and all were told so alike."""
    found = [_without_secret(mutation, each) for each in answers]
    if mutation == LAST:
        found = [each for each in found if each.get("code") != "UNAUTHENTICATED"]
    return found != [] and "code" not in found[0] and found == [found[0]] * len(found)


def _without_secret(mutation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what is told once only."""
    return {name: value for name, value in answer.items() if name != _TOLD_ONCE.get(mutation)}


@contextlib.asynccontextmanager
async def served_mutations(database: Database, data_dir: Path) -> AsyncIterator[ServedMutations]:
    """Make three fictional provinces on a fresh database, and somebody of all their staff."""
    keys, clock, rows = new_key_text(), data_dir / "now", Rows(database)
    clock.write_text(_BEGIN, "utf-8")
    world = await new_world(database, keys)
    world.go(_BEGIN)
    staff = await world.account()
    with database.use():
        row = await Account.get(id=staff)
        for grant in _STAFF:
            await RoleGrant.create(
                account=row,
                role=grant.role,
                base_code=grant.base,
                jurisdiction_code=grant.jurisdiction,
                granted_by="x",
                granted_at=world.sample.now,
            )
    await rows.keep("empty")
    access = prepare_access(settings_of("", data_dir), now=lambda: moment(clock.read_text("utf-8")))
    async with httpx2.AsyncClient(timeout=30) as client:
        yield ServedMutations(world, rows, data_dir, keys, clock, access, staff, client)
