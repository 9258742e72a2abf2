"""A server to be fuzzed: the real catalogue, fictional provinces, and people in every state."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from tortoise import connections

from admissions_office import BASES, done, moment
from allocation_office import BASES as MATCHING_BASES
from base_offices import BASES as OFFICE_BASES
from base_offices import BaseOffices
from mutation_scenarios import PHASES, SECRETS, Case, World, new_world
from running_graph import RunningGraph, running_graph
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.models import Account
from zhupei.domain.actors import Actor, Grant
from zhupei.graphql.uploads import Upload
from zhupei.security.crypto import new_key_text
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs
from zhupei.services.brochures import decide_brochure, submit_brochure
from zhupei.services.brochures.inputs import DecideBrochureInput, SubmitBrochureInput

__all__ = ["FuzzedServer", "fuzzed_server"]

_ROOT = Path(__file__).parents[2]
_BEGIN, _SIGNED_IN = "2026-04-10T09:00", "2026-03-01T09:00"
# Whose applicants would wait before those of other phases comes late. What would stop the others is
# done in provinces of its own: a frozen round, and brochures, of which a program has one at a time.
_LAST = ("assessment", "reviewed")
_SKIPPED = ("first_brochure", "brochures", "frozen")
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
_PLACES = ("sample", "office", "published", "stopped")
# The province of a hospital, where it is not called as the hospital is.
_NORTH = (
    Grant("base_office", base="north-hospital"),
    Grant("specialty_base", base="north-hospital"),
    Grant("jurisdiction_office", jurisdiction="matching-province"),
)
_EVERYBODY = (
    *(Grant(name) for name in ("administrator", "national", "auditor", "applicant")),
    *(
        Grant(name, base=f"{place}-hospital")
        for place in _PLACES
        for name in ("base_office", "specialty_base")
    ),
    *(Grant("jurisdiction_office", jurisdiction=f"{place}-province") for place in _PLACES),
    *_NORTH,
)
_PLURALS = {
    "base": "bases",
    "program": "programs",
    "opening": "openings",
    "specialty": "specialties",
    "jurisdiction": "jurisdictions",
}
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)
# Stands for a file in the inputs of mutations.
_FILE = "(a file)"
_LONG = timedelta(days=360)
_SCOPES = ("webhooks.manage", "events.read")
# Between two times at which the world is put back.
_WORLD_SECONDS = 0.4
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
    _before: dict[str, tuple[int, int]] = field(default_factory=dict)

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
        self._before = await self._digests()

    async def carried_out(self) -> set[str]:
        """Send the inputs unchanged, say which are carried out, and return their mutations."""
        place = self.folder / "known.json"
        known = json.loads(place.read_text("utf-8"))
        found = set()
        for name, wholes in known["inputs"].items():
            for whole in wholes:
                (self.folder / "now").write_text(whole["at"])
                answer = (await self.sent(name, whole)).json().get("data") or {}
                whole["works"] = "code" not in (answer.get(name) or {"code": "ERROR"})
                if whole["works"]:
                    found.add(name)
                await self.put_back_once()
        place.write_text(json.dumps(known), "utf-8")
        return found

    async def sent(self, name: str, whole: Mapping[str, Any]) -> httpx2.Response:
        """Send a mutation with an input, a file of it as a part of its own."""
        token = json.loads((self.folder / "actors.json").read_text("utf-8"))[whole["actor"]]
        shown = f"{{ {name}(input: $given) {{ __typename ... on Refusal {{ code }} }} }}"
        query = f"mutation($given: {name[0].upper()}{name[1:]}Input!) {shown}"
        given = whole["input"]
        headers = {"authorization": f"Bearer {token}", "accept-language": "en"}
        if not isinstance(given, dict) or given.get("file") != _FILE:
            # Half a surrogate pair comes as an escape.
            sent = json.dumps({"query": query, "variables": {"given": given}}).encode()
            headers["content-type"] = "application/json"
            return await self.graph.client.post("/graphql", content=sent, headers=headers)
        body = {"query": query, "variables": {"given": {**given, "file": None}}}
        parts = {
            "operations": (None, json.dumps(body).encode()),
            "map": (None, b'{"0": ["variables.given.file"]}'),
            "0": ("degree.png", _PNG),
        }
        headers["apollo-require-preflight"] = "true"
        return await self.graph.client.post("/graphql", files=parts, headers=headers)

    async def put_back_once(self) -> None:
        """Make the world what it was."""
        now = await self._digests()
        before = self._before or now
        if changed := [table for table in now if now[table] != before[table]]:
            await self._put_back(changed)
            now = await self._digests()
        self._before = now

    async def put_back(self) -> None:
        """Make the world what it was, again and again, until this is cancelled.

        Otherwise everybody would soon have withdrawn, been refused or erased, and no mutation
        would be carried out any more.
        """
        with (self.folder / "lock").open("w") as lock:
            while True:
                await asyncio.sleep(_WORLD_SECONDS)
                await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
                try:
                    await self.put_back_once()
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
    more = [_copied(folder, name) for name in ("published", "stopped")]
    async with running_graph(
        folder / "data",
        database_url,
        clock=clock,
        bases=(_ROOT / "bases", _with_seats(folder), OFFICE_BASES, MATCHING_BASES, *more),
        plugins=(_ROOT / "plugins",),
        encryption_keys=keys,
    ) as graph:
        world = await new_world(graph.database, keys, folder / "sample")
        cases: dict[str, list[Case]] = {}
        names = [name for name in PHASES if name not in {*_LAST, *_SKIPPED}]
        phases = [*(PHASES[name] for name in (*names, *_LAST)), _apart(await load_catalogue(more))]
        for phase in phases:
            world.go(_BEGIN)
            for mutation, case in (await phase(world)).items():
                cases.setdefault(mutation, []).append(case)
        await _write(graph, folder, cases)
        server = FuzzedServer(graph, folder)
        await server.keep()
        yield server


def _copied(folder: Path, name: str) -> Path:
    """Return a copy of the second province under another name."""
    made = folder / name
    made.mkdir()
    for file in OFFICE_BASES.glob("*.yaml"):
        text = file.read_text("utf-8").replace("office-", f"{name}-")
        (made / file.name.replace("office-", f"{name}-")).write_text(text, "utf-8")
    return made


def _apart(loaded: LoadedCatalogue) -> Callable[[World], Awaitable[dict[str, Case]]]:
    """Return the phase of what would stop the others: a frozen round, an approved brochure."""
    published, stopped = (f"{name}-hospital-residency-2026" for name in ("published", "stopped"))

    async def phase(world: World) -> dict[str, Case]:
        office = BaseOffices(world.database, loaded, moment(_BEGIN))

        def authority(name: str) -> Desk:
            grant = Grant("jurisdiction_office", jurisdiction=f"{name}-province")
            return office.desk(Actor(id=f"{name}-authority", grants=frozenset({grant})))

        frozen = {"program": stopped, "round": "batch-1", "reason": "核查"}
        given = inputs.FreezeRoundInput(**frozen)
        done(await admissions.freeze_round(authority("stopped"), given))
        office.go("2026-03-20T09:00")
        submission = SubmitBrochureInput(program=published, attested=("吉祥物",))
        brochure = done(await submit_brochure(office.at("published-hospital"), submission))
        decision = DecideBrochureInput(brochure=brochure.id, approved=True)
        done(await decide_brochure(authority("published"), decision))
        where = {
            "brochure": str(brochure.id),
            "place": "省平台",
            "address": "https://hospital.example/",
            "publishedAt": "2026-03-21T09:00:00+08:00",
        }
        first = {"program": stopped, "attested": ["吉祥物"]}
        return {
            "liftFreeze": Case(_BEGIN, frozen),
            "submitBrochure": Case("2026-03-20T09:00", first),
            "recordBrochurePublication": Case("2026-03-22T09:00", where),
        }

    return phase


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
    (folder / "now").write_text(_SIGNED_IN)
    for name, grants in {**_GRANTS, "everybody": _EVERYBODY}.items():
        account = await graph.account(f"fuzzing-{name}", *grants)
        actors[name] = graph.token(account, lifetime=_LONG)
    with graph.database.use():
        accounts = {str(row.id) for row in await Account.all()}
    (folder / "now").write_text(_BEGIN)
    for case in every:
        for id_ in (case.person, case.unit, case.integrator):
            scopes = _SCOPES if id_ == case.integrator else ()
            if str(id_) in accounts:
                token = graph.token(_Id(id_), lifetime=_LONG, scopes=scopes)  # type: ignore[arg-type]  # the id is all that it reads
                actors.setdefault(f"person-{id_}", token)
    first = [name for name in actors if name.startswith("person-")][:3]
    for number, name in enumerate(first):
        actors[f"applicant-{number}"] = actors[name]
    moments = sorted({case.at for case in every})
    inputs_by_name = {
        name: [whole for case in each for whole in _whole(case, actors)]
        for name, each in cases.items()
    }
    known = {
        "values": await _values(graph, cases),
        "inputs": inputs_by_name,
        "moments": moments,
        "secrets": SECRETS,
        "file": _FILE,
    }
    (folder / "actors.json").write_text(json.dumps(actors), "utf-8")
    shown = json.dumps(known, default=lambda each: _FILE if isinstance(each, Upload) else str(each))
    (folder / "known.json").write_text(shown, "utf-8")
    (folder / "lock").touch()


def _whole(case: Case, actors: Mapping[str, object]) -> Iterable[dict[str, Any]]:
    """Yield what each of those sends whom a case concerns, and somebody of the staff."""
    senders = {"applicant": case.person, "sending_unit": case.unit, "integrator": case.integrator}
    for role, id_ in senders.items():
        if f"person-{id_}" in actors:
            given = {**case.given, **case.by_role.get(role, {})}
            yield {"input": given, "actor": f"person-{id_}", "at": case.at}
    given = {**case.given, **case.by_role.get("base_office", {})}
    yield {"input": given, "actor": "everybody", "at": case.at}


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
