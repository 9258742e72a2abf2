"""The mix: what people, offices, integrators and passers-by ask for, each at its own rate.

The loop is open: a request begins when it is due, whether or not those before it were answered. A
server that cannot keep up is found out by its latencies and by `Work.most`, not spared.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import struct
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from benchmarks.load.connections import Connections, HttpError
from benchmarks.load.site import BASE, JURISDICTION, OPENING, PASSWORD, PROGRAM, ROUND, Site
from benchmarks.peers.workload import ELIGIBILITY, QUERIES, Keys, requests_of
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

__all__ = ["RATES", "Work"]

RATES: Mapping[str, float] = {
    "catalogue": 25.0,
    "whole plan": 0.5,
    "eligibility": 1.0,
    "office": 3.0,
    "province": 0.5,
    "applicant": 3.0,
    "auditor": 0.5,
    "application": 0.5,
    "watch": 0.5,
    "export": 0.3,
    "calendar": 0.5,
}
"""How often each kind of work begins in a second, at ``--rate 1``."""

_MOST = 400
"""Pieces of work at once, beyond which the server cannot keep up."""
_ANSWER = "__typename ... on Refusal { code message }"
_CREATE = f"""mutation($input: CreateApplicationInput!) {{
  createApplication(input: $input) {{ {_ANSWER} ... on Application {{ id state }} }} }}"""
_SUBMIT = f"""mutation($input: SubmitApplicationInput!) {{
  submitApplication(input: $input) {{ {_ANSWER} ... on Application {{ id state }} }} }}"""
_REGISTER = f"""mutation($input: RegisterApplicantInput!) {{
  registerApplicant(input: $input) {{ {_ANSWER} ... on Applicant {{ id }} }} }}"""
_REVIEW = f"""mutation($input: ReviewApplicationInput!) {{
  reviewApplication(input: $input) {{ {_ANSWER} ... on Application {{ id state }} }} }}"""
_NOTICE = f"""mutation($input: SendNoticeInput!) {{
  sendNotice(input: $input) {{ {_ANSWER} ... on BulkOutcome {{ operationId }} }} }}"""
_REPORT = f"""mutation($input: RecordReportInput!) {{
  recordReport(input: $input) {{ {_ANSWER} ... on Application {{ id state }} }} }}"""
_WEBHOOK = f"""mutation($input: CreateWebhookInput!) {{
  createWebhook(input: $input) {{ {_ANSWER} ... on IssuedWebhook {{ secret }} }} }}"""
_HAND_IN = f"""mutation($input: HandInFileInput!) {{
  handInFile(input: $input) {{ {_ANSWER} }} }}"""
_WATCH_ONE = """subscription($id: ID!) {
  applicationChanged(id: $id) { readAgain application { id state } } }"""
_WATCH_BASE = """subscription($base: String!) {
  applicationChanged(base: $base) { readAgain application { id state } } }"""
_WATCH_ROUND = """subscription($program: String!) {
  roundChanged(program: $program) { kind round readAgain } }"""
_PAGE = """query($base: String!, $after: String) {
  applications(
    filter: {baseIn: [$base]}, orderBy: CREATED, direction: DESC, first: 20, after: $after
  ) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id state submittedAt opening { specialtyName } base { name } } } } }"""
_QUEUE = """query($base: String!) { officeQueue(base: $base) { total lines { __typename } } }"""
_NOTICES = """{ notices(first: 20) { label state attempts { at outcome } } }"""
_STATISTICS = """query($jurisdiction: String!) {
  statistics(jurisdiction: $jurisdiction) {
    whole { applications admitted registered } byBase { code statistics { applications } } } }"""
_OWN = """query($id: ID!) {
  viewer { __typename } application(id: $id) {
    state submittedAt reportBy opening { code } base { name } } }"""
_RECORDS = """query($id: ID!) {
  application(id: $id) { state records { revision at actor action fromState toState } } }"""
_CANDIDATE = {"origin": "MAINLAND", "traineeType": "FELLOW", "licensed": True}


@dataclass
class Work:
    """Does everything, and keeps what came of it."""

    site: Site
    rate: float
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds of requests by kind, since the last sample took them."""
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    events: int = 0
    """Events that subscriptions were told."""
    tokens: dict[str, str] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _reported: list[str] = field(default_factory=list)
    _people: list[tuple[str, str]] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(20261122))  # noqa: S311 - figures, not secrets

    def __post_init__(self) -> None:
        keys = Keys(self.site.bases, self.site.specialties, (), ())
        self._asked = {
            query.name: (query.graph, requests_of(query.name, keys))
            for query in QUERIES
            if query.role is None
        }

    @property
    def http(self) -> Connections:
        """The connections of everybody."""
        return self.site.connections

    async def prepare(self, webhook: str) -> str:
        """Sign the staff in and subscribe ``webhook``; return its secret."""
        for login in ("office", "province", "auditor"):
            self.tokens[login] = await self._signed_in("/sign-in", {"login": login}, 200)
        given = {"url": webhook, "eventTypes": ["*"], "idempotencyKey": uuid4().hex}
        made = await self._mutation(_WEBHOOK, given, self.site.integrator)
        return str(made["secret"])

    async def run(self, seconds: float) -> None:
        """Work for so long, then let what is under way end."""
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "catalogue": self._catalogue,
            "whole plan": lambda: self._public("bases"),
            "eligibility": lambda: self._public(ELIGIBILITY),
            "office": self._office,
            "province": self._province,
            "applicant": self._applicant,
            "auditor": self._auditor,
            "application": self._application,
            "watch": self._watch,
            "export": self._export,
            "calendar": self._calendar,
        }
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._begin(kind, work, end) for kind, work in kinds.items()))
        if self._running:
            await asyncio.wait(self._running, timeout=90)
        if self._running:
            self.errors.append(f"{len(self._running)} pieces of work did not end")

    async def _begin(self, kind: str, work: Callable[[], Awaitable[None]], end: float) -> None:
        rate = RATES[kind] * self.rate
        due = time.monotonic() + self._chance.expovariate(rate)
        while due < end and len(self.errors) < 100:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += self._chance.expovariate(rate)
            if len(self._running) >= _MOST:
                self.errors.append(f"{kind}: {_MOST} pieces of work at once")
                continue
            task = asyncio.create_task(self._one(kind, work))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _one(self, kind: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            self.errors.append(f"{kind}: {type(error).__name__}: {error}")
        else:
            self.done[kind] += 1

    @contextlib.contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.latencies[kind].append(time.perf_counter() - begun)

    # Reads of everybody

    async def _catalogue(self) -> None:
        await self._public(self._chance.choice(("base", "base", "openings")))

    async def _public(self, name: str) -> None:
        query, requests = self._asked[name]
        with self._timed("catalogue" if name in {"base", "openings"} else name):
            await self.http.graph(query, self._chance.choice(requests).variables, self._from())

    async def _calendar(self) -> None:
        with self._timed("files"):
            code = self._chance.choice(self.site.bases)
            found = await self.http.ask("GET", f"/calendar/bases/{code}.ics", headers=self._from())
        if b"BEGIN:VCALENDAR" not in found.body:
            raise HttpError("no calendar")

    # Rows by role

    async def _office(self) -> None:
        query, variables = self._chance.choice(
            ((_PAGE, {"base": BASE}), (_QUEUE, {"base": BASE}), (_NOTICES, {}))
        )
        with self._timed("rows"):
            found = await self.http.graph(query, variables, self._as("office"))
        if query is _PAGE and found["applications"]["pageInfo"]["hasNextPage"]:
            after = found["applications"]["pageInfo"]["endCursor"]
            with self._timed("rows"):
                await self.http.graph(_PAGE, {"base": BASE, "after": after}, self._as("office"))

    async def _province(self) -> None:
        with self._timed("rows"):
            await self.http.graph(_STATISTICS, {"jurisdiction": JURISDICTION}, self._as("province"))

    async def _applicant(self) -> None:
        if not self._people:
            return
        token, id_ = self._chance.choice(self._people[-200:])
        with self._timed("rows"):
            found = await self.http.graph(_OWN, {"id": id_}, self._bearer(token))
        if found["application"] is None:
            raise HttpError("an applicant does not see the own application")

    async def _auditor(self) -> None:
        if not self._reported:
            return
        id_ = self._chance.choice(self._reported)
        with self._timed("rows"):
            found = await self.http.graph(_RECORDS, {"id": id_}, self._as("auditor"))
        if not found["application"]["records"]:
            raise HttpError("an application without records")

    async def _export(self) -> None:
        path = self._chance.choice(
            (
                f"/papers/registrations.xlsx?base={BASE}",
                f"/papers/statistics.csv?base={BASE}",
                f"/papers/registrations.csv?base={BASE}",
            )
        )
        with self._timed("files"):
            await self.http.ask("GET", path, headers=self._as("office"))

    # A whole application, watched by whoever it is of

    async def _application(self) -> None:
        number = next(self._numbers)
        login, headers = f"person-{number}", self._from()
        given = {"login": login, "name": "负载"}
        with self._timed("sign-up"):
            token = await self._signed_in("/sign-up", given, 201, headers)
        person = {
            "identityKind": "PASSPORT",
            "identityNumber": f"E{number:08}",
            "issuingState": "USA",
            "name": "负载",
            "email": f"{login}@applicants.example",
            "facts": _CANDIDATE,
        }
        await self._mutation(_REGISTER, person, token)
        await self._hand_in(token, number)
        draft = {"opening": OPENING, "round": ROUND, "candidate": _CANDIDATE}
        id_ = (await self._mutation(_CREATE, draft, token))["id"]
        self._people.append((token, id_))
        watched = asyncio.create_task(self._until_reported(id_, token))
        try:
            await self._steps(id_, token)
            await asyncio.wait_for(watched, 30)
            self._reported.append(id_)
        finally:
            watched.cancel()

    async def _steps(self, id_: str, token: str) -> None:
        documents = [{"document": "identity-scan"}]
        office = self.tokens["office"]
        await self._pause()
        await self._mutation(_SUBMIT, {"application": id_, "documents": documents}, token)
        await self._pause()
        await self._mutation(_REVIEW, {"application": id_, "approved": True}, office)
        await self._pause()
        await self._mutation(_NOTICE, {"applications": [id_]}, office)
        await self._pause()
        shown = ["identity"]
        await self._mutation(_REPORT, {"application": id_, "documents": shown}, office)

    async def _until_reported(self, id_: str, token: str) -> None:
        async with self.http.events(_WATCH_ONE, {"id": id_}, self._bearer(token)) as events:
            async for event in events:
                self.events += 1
                application = event["applicationChanged"]["application"]
                if application is not None and application["state"] == "REPORTED":
                    return
        raise HttpError("a watch ended before the application was there")

    async def _hand_in(self, token: str, number: int) -> None:
        content = _picture(number)
        with self._timed("upload"):
            if number % 2:
                headers = {**self._bearer(token), "Content-Type": "image/png"}
                await self.http.ask(
                    "PUT", "/files/identity-scan", content, headers, want=(200, 201)
                )
                return
            operations = {
                "query": _HAND_IN,
                "variables": {"input": {"document": "identity-scan", "file": None}},
            }
            headers, body = _form(operations, content)
            answer = await self.http.ask(
                "POST", "/graphql", body, {**self._bearer(token), **headers}
            )
        found = answer.json()
        if found.get("errors") or found["data"]["handInFile"]["__typename"] != "Applicant":
            raise HttpError(f"a file was not taken: {found}")

    async def _mutation(self, query: str, given: Mapping[str, Any], token: str) -> dict[str, Any]:
        asked = {"input": {"idempotencyKey": uuid4().hex, **given}}
        with self._timed("mutation"):
            found = await self.http.graph(query, asked, self._bearer(token))
        (answer,) = found.values()
        if answer is None or "code" in answer:
            raise HttpError(f"refused: {answer}")
        result: dict[str, Any] = answer
        # Now and then an answer is lost: whoever asks again is answered as before.
        if self._chance.random() < 0.1 and query is not _WEBHOOK:
            again = await self.http.graph(query, asked, self._bearer(token))
            if again != found:
                raise HttpError(f"repeated, and answered otherwise: {again} after {found}")
        return result

    # Watches of an office and of passers-by

    async def _watch(self) -> None:
        seconds = self._chance.uniform(2, 60)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._chance.random() < 0.5:
                    await self._office_watch()
                else:
                    variables = {"program": PROGRAM}
                    async with self.http.events(_WATCH_ROUND, variables, self._from()) as events:
                        async for _ in events:
                            self.events += 1
                    raise HttpError("a watch was ended")

    async def _office_watch(self) -> None:
        async with connect(
            f"ws://127.0.0.1:{self.site.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
        ) as socket:
            hello = {"authorization": f"Bearer {self.tokens['office']}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": hello}))
            payload = {"query": _WATCH_BASE, "variables": {"base": BASE}}
            await socket.recv()
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "next" and "errors" not in message["payload"]:
                    self.events += 1
                elif message["type"] != "ping":
                    raise HttpError(f"a watch was told: {text!r}")
        raise HttpError("a watch was closed")

    # Who asks

    async def _signed_in(
        self, path: str, given: Mapping[str, str], status: int, headers: Mapping[str, str] = {}
    ) -> str:
        body = json.dumps({**given, "password": PASSWORD}).encode()
        sent = {"Content-Type": "application/json", **headers}
        answer = await self.http.ask("POST", path, body, sent, want=(status,))
        return str(answer.json()["access_token"])

    def _from(self) -> dict[str, str]:
        """Return the header of a proxy that names one of many addresses."""
        last = self._chance.randrange(1, 1 << 16)
        return {"X-Forwarded-For": f"10.1.{last >> 8}.{last & 255}"}

    def _as(self, login: str) -> dict[str, str]:
        return self._bearer(self.tokens[login])

    def _bearer(self, token: str) -> dict[str, str]:
        return {**self._from(), "Authorization": f"Bearer {token}"}

    async def _pause(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.2, 2))


def _picture(number: int) -> bytes:
    """Return a PNG of some 30 kB that no other number has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    side = 100
    rows = b"".join(b"\0" + os.urandom(side * 3) for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"tEXt", b"Comment\0" + str(number).encode()),
            chunk(b"IDAT", zlib.compress(rows, 0)),
            chunk(b"IEND", b""),
        )
    )


def _form(operations: Mapping[str, Any], content: bytes) -> tuple[dict[str, str], bytes]:
    """Return headers and body by the multipart request specification."""
    mark = uuid4().hex
    parts = (
        (b'name="operations"', json.dumps(operations).encode()),
        (b'name="map"', b'{"0": ["variables.input.file"]}'),
        (b'name="0"; filename="scan.png"\r\nContent-Type: image/png', content),
    )
    body = b"".join(
        b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (mark.encode(), head, data)
        for head, data in parts
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary={mark}",
        "GraphQL-Require-Preflight": "1",
    }
    return headers, body + b"--%s--\r\n" % mark.encode()
