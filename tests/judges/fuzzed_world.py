"""A server to be fuzzed: the real catalogue, fictional provinces, and people in every state."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tortoise import connections

from admissions_office import BASES, moment
from allocation_office import BASES as MATCHING_BASES
from base_offices import BASES as OFFICE_BASES
from mutation_scenarios import PHASES, Case, new_world
from running_graph import RunningGraph, running_graph
from zhupei.db.models import Account
from zhupei.domain.actors import Grant
from zhupei.security.crypto import new_key_text

__all__ = ["FuzzedServer", "fuzzed_server"]

_ROOT = Path(__file__).parents[2]
_BEGIN = "2026-04-10T09:00"
# Whose applicants would wait before those of other phases comes late, what freezes the round last;
# of brochures, which another phase has submitted already, there are no more.
_LAST = ("assessment", "reviewed", "frozen")
_SKIPPED = ("first_brochure", "brochures")
_SEATS = (("capacity: 4", "capacity: 90"), ("quota: 2,", "quota: 60,"))
_GRANTS = {
    "administrator": (Grant("administrator"),),
    "national": (Grant("national"),),
    "base_office": (Grant("base_office", base="sample-hospital"),),
    "specialty_base": (Grant("specialty_base", base="sample-hospital"),),
    "jurisdiction_office": (Grant("jurisdiction_office", jurisdiction="sample-province"),),
    "auditor": (Grant("auditor"),),
    "applicant": (Grant("applicant"),),
}
_PLURALS = {
    "base": "bases",
    "program": "programs",
    "opening": "openings",
    "specialty": "specialties",
    "jurisdiction": "jurisdictions",
}
_LONG = timedelta(days=360)
# Between two times at which the world is put back.
_WORLD_SECONDS = 4.0
_CODES = """{
  bases(first: 50) { edges { node { id code } } }
  programs(first: 50) { edges { node { id code } } }
  openings(first: 100) { edges { node { id code } } }
  specialties(first: 50) { edges { node { id code } } }
  jurisdictions(first: 50) { edges { node { id code } } }
}"""


class _SetClock:
    """The server's clock: what stands in a file, which those who ask write."""

    def __init__(self, file: Path) -> None:
        file.write_text(_BEGIN)
        self._file = file.open("rb", buffering=0)
        self._moments: dict[bytes, datetime] = {}

    def __call__(self) -> datetime:
        text = os.pread(self._file.fileno(), len(_BEGIN), 0)
        if text not in self._moments:
            self._moments[text] = moment(text.decode())
        return self._moments[text]


@dataclass
class FuzzedServer:
    """The server, and a folder that tells schemathesis who may ask and what is there."""

    graph: RunningGraph
    folder: Path
    _tables: Sequence[str] = ()

    @property
    def url(self) -> str:
        """Where the graph is."""
        return str(self.graph.client.base_url.join("/graphql"))

    async def keep(self) -> None:
        """Copy every table."""
        with self.graph.database.use():
            connection = connections.get("default")
            rows = await connection.execute_query_dict(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
            self._tables = [row["tablename"] for row in rows]
            copies = (f'CREATE TABLE kept."{t}" AS TABLE public."{t}";' for t in self._tables)
            await connection.execute_script(f"CREATE SCHEMA kept; {' '.join(copies)}")

    async def put_back(self) -> None:
        """Make the world what it was, again and again, until this is cancelled.

        Otherwise everybody would soon have withdrawn, been refused or erased, and no mutation
        would be carried out any more.
        """
        before = await self._digests()
        with (self.folder / "lock").open("w") as lock:
            while True:
                await asyncio.sleep(_WORLD_SECONDS)
                await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
                try:
                    now = await self._digests()
                    changed = [table for table in now if now[table] != before[table]]
                    if changed:
                        await self._put_back(changed)
                        before = await self._digests()
                finally:
                    fcntl.flock(lock, fcntl.LOCK_UN)

    async def _put_back(self, tables: Iterable[str]) -> None:
        """Put tables back; triggers and references rest meanwhile."""
        back = " ".join(
            f'DELETE FROM public."{t}"; INSERT INTO public."{t}" SELECT * FROM kept."{t}";'
            for t in tables
        )
        with self.graph.database.use():
            await connections.get("default").execute_script(
                f"BEGIN; SET LOCAL session_replication_role = replica; {back} COMMIT;"
            )

    async def _digests(self) -> dict[str, tuple[int, int]]:
        """Return for each table how many rows it has and which transaction wrote the last."""
        counted = " UNION ALL ".join(
            f"SELECT '{t}' AS t, count(*) AS n, max(xmin::text::bigint) AS x FROM public.\"{t}\""
            for t in self._tables
        )
        with self.graph.database.use():
            rows = await connections.get("default").execute_query_dict(counted)
        return {row["t"]: (row["n"], row["x"]) for row in rows}


@contextlib.asynccontextmanager
async def fuzzed_server(folder: Path, database_url: str) -> AsyncIterator[FuzzedServer]:
    """Serve the real catalogue and three fictional provinces with what mutations work on."""
    clock, keys = _SetClock(folder / "now"), new_key_text()
    async with running_graph(
        folder / "data",
        database_url,
        clock=clock,
        bases=(_ROOT / "bases", _with_seats(folder), OFFICE_BASES, MATCHING_BASES),
        plugins=(_ROOT / "plugins",),
        encryption_keys=keys,
    ) as graph:
        world = await new_world(graph.database, keys, folder / "sample")
        cases: dict[str, list[Case]] = {}
        names = [name for name in PHASES if name not in {*_LAST, *_SKIPPED}]
        for name in (*names, *_LAST):
            world.go(_BEGIN)
            for mutation, case in (await PHASES[name](world)).items():
                cases.setdefault(mutation, []).append(case)
        await _write(graph, folder, cases)
        server = FuzzedServer(graph, folder)
        await server.keep()
        yield server


def _with_seats(folder: Path) -> Path:
    """Return a copy of the first province that has seats for the people of all phases."""
    sample = folder / "sample"
    shutil.copytree(BASES, sample)
    hospital = sample / "sample-hospital.yaml"
    text = hospital.read_text("utf-8")
    for few, many in _SEATS:
        assert few in text, few
        text = text.replace(few, many)
    hospital.write_text(text, "utf-8")
    return sample


async def _write(graph: RunningGraph, folder: Path, cases: Mapping[str, Sequence[Case]]) -> None:
    """Tell schemathesis who there is, what there is, and what would be carried out."""
    every = [case for each in cases.values() for case in each]
    actors: dict[str, str | None] = {"public": None}
    for name, grants in {
        **_GRANTS,
        "everybody": tuple(_GRANTS[each][0] for each in _GRANTS),
    }.items():
        account = await graph.account(f"fuzzing-{name}", *grants)
        actors[name] = graph.token(account, lifetime=_LONG)
    with graph.database.use():
        accounts = {str(row.id) for row in await Account.all()}
    for case in every:
        for id_ in (case.person, case.integrator):
            if str(id_) in accounts:
                actors.setdefault(f"person-{id_}", _token(graph, id_))
    first = [name for name in actors if name.startswith("person-")][:3]
    for number, name in enumerate(first):
        actors[f"applicant-{number}"] = actors[name]
    moments = sorted({case.at for case in every})
    inputs = {
        name: [
            {
                "input": case.given,
                "actor": next(
                    (
                        f"person-{id_}"
                        for id_ in (case.integrator, case.person)
                        if f"person-{id_}" in actors
                    ),
                    "everybody",
                ),
                "at": case.at,
            }
            for case in each
        ]
        for name, each in cases.items()
    }
    known = {"values": await _values(graph, cases), "inputs": inputs, "moments": moments}
    (folder / "actors.json").write_text(json.dumps(actors), "utf-8")
    (folder / "known.json").write_text(json.dumps(known, default=str), "utf-8")
    (folder / "lock").touch()


def _token(graph: RunningGraph, account: Any) -> str:
    scopes = ("webhooks.manage", "events.read")
    return graph.token(_Id(account), lifetime=_LONG, scopes=scopes)  # type: ignore[arg-type]  # the id is all that it reads


@dataclass(frozen=True)
class _Id:
    id: Any


async def _values(graph: RunningGraph, cases: Mapping[str, Iterable[Case]]) -> dict[str, list[str]]:
    """Return what exists by the name of the argument or field that takes it."""
    found: dict[str, dict[str, None]] = {}
    for listed in cases.values():
        for case in listed:
            for name, value in _texts("", dict(case.given)):
                found.setdefault(name, {})[value] = None
    # Whoever says something twice with one key gets the first answer again.
    found.pop("idempotencyKey", None)
    shown = (await graph.ask(_CODES)).json()["data"]
    for name, plural in _PLURALS.items():
        some = [edge["node"] for edge in shown[plural]["edges"]]
        for each in (name, f"{name}In", "code"):
            found.setdefault(each, {}).update(dict.fromkeys(node["code"] for node in some))
        for each in ("id", "ids"):
            found.setdefault(each, {}).update(dict.fromkeys(node["id"] for node in some[:5]))
    with graph.database.use():
        connection = connections.get("default")
        tables = await connection.execute_query_dict(
            "SELECT table_name AS name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'id' AND udt_name = 'uuid'"
        )
        for table in tables:
            rows = await connection.execute_query_dict(
                f'SELECT id::text FROM "{table["name"]}" ORDER BY id LIMIT 12'
            )
            for each in (table["name"], "id", "ids"):
                found.setdefault(each, {}).update(dict.fromkeys(row["id"] for row in rows))
    found["parent"], found["roundIn"] = found["jurisdiction"], found["round"]
    return {name: list(values)[:200] for name, values in found.items()}


def _texts(name: str, value: object) -> Iterable[tuple[str, str]]:
    """Yield each text in an input, with the name of the field that holds it."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(name, each)
    elif isinstance(value, str):
        yield name, value
