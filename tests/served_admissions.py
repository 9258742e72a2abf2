"""The fictional province served over HTTP: accounts for each role, a clock that tests move."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tortoise import connections

from admissions_office import BASES, HOSPITAL, MEDICINE, moment
from running_graph import RunningGraph, running_graph
from zhupei.domain.actors import Grant

__all__ = [
    "DOCUMENTS",
    "PACKET",
    "PERSON",
    "MovedClock",
    "ServedAdmissions",
    "served_admissions",
]

PERSON: dict[str, Any] = {
    "origin": "MAINLAND",
    "traineeType": "SOCIAL",
    "licensed": False,
    "english": {"cet4": 430},
}
DOCUMENTS = [{"document": "identity-scan"}]
PACKET = [
    {"title": title, "text": "良好"}
    for title in ("基本情况分析", "面试评价", "专业考核评价", "整体意见")
]
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)

_REFUSALS = """__typename
  ... on Refusal { code message field }
  ... on ActionRefused {
    findings { rule outcome message source { document clause } }
    source { document clause } missingFacts
    problems { applicationId refusal { code message } }
  }
  ... on PluginProblem { plugin hook }"""

_PLACES = {
    "specialty_base": Grant("specialty_base", base="sample-hospital"),
    "base_office": Grant("base_office", base="sample-hospital"),
    "host_department": Grant("host_department", base="sample-hospital"),
    "jurisdiction_office": Grant("jurisdiction_office", jurisdiction="sample-province"),
    "national": Grant("national"),
    "auditor": Grant("auditor"),
    "administrator": Grant("administrator"),
    "other_office": Grant("base_office", base="sample-clinic"),
}
"""Staff by name; `other_office` is the office of another base."""


@dataclass
class MovedClock:
    """The server's clock: it stands until a test moves it."""

    now: datetime = field(default_factory=lambda: moment("2026-04-10T09:00"))

    def __call__(self) -> datetime:
        return self.now

    def go(self, text: str) -> None:
        """Move it to a moment of China's time."""
        self.now = moment(text)


@dataclass
class ServedAdmissions:
    """A served province, and what its people do there."""

    graph: RunningGraph
    clock: MovedClock
    tokens: dict[str, str] = field(default_factory=dict)
    applicants: dict[str, str] = field(default_factory=dict)

    async def token(self, who: str) -> str:
        """Return a token of somebody: the name of a role, else an applicant's login."""
        if who not in self.tokens:
            grant = _PLACES.get(who, Grant("applicant"))
            account = await self.graph.account(who.replace("_", "-"), grant)
            # Of the moment now; tests move the clock by months.
            self.tokens[who] = account.id.hex
        return self.graph.token(_Id(self.tokens[who]))  # type: ignore[arg-type]  # the id is all that it reads

    async def answer(
        self,
        query: str,
        who: str | None = None,
        variables: Mapping[str, Any] | None = None,
        *,
        language: str = "en",
    ) -> dict[str, Any]:
        """Return the whole answer to a query, errors included."""
        token = None if who is None else await self.token(who)
        headers = {"accept-language": language}
        response = await self.graph.ask(query, token, variables=variables, **headers)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def ask(self, query: str, who: str | None = None, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        found = await self.answer(query, who, variables)
        assert "errors" not in found, found
        return found["data"]

    async def do(
        self,
        mutation: str,
        who: str | None,
        selection: str = "",
        /,
        *,
        language: str = "en",
        **given: Any,
    ) -> Any:
        """Carry a mutation out and return its payload; ``selection`` is of the changed object."""
        found = await self.tried(mutation, who, selection, language=language, **given)
        assert "errors" not in found, found
        return found["data"][mutation]

    async def tried(
        self,
        mutation: str,
        who: str | None,
        selection: str = "",
        /,
        *,
        language: str = "en",
        **given: Any,
    ) -> dict[str, Any]:
        """Carry a mutation out and return the whole answer."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = (
            f"mutation Do($input: {kind}!) {{ {mutation}(input: $input) "
            f"{{ {_REFUSALS} {selection} }} }}"
        )
        return await self.answer(query, who, {"input": given}, language=language)

    async def applicant(self, who: str, **facts: Any) -> str:
        """Register somebody by themselves, with the file that the form asks for; return the id."""
        number = len(self.applicants) + 1
        made = await self.do(
            "registerApplicant",
            who,
            "... on Applicant { id }",
            identityKind="PASSPORT",
            issuingState="USA",
            identityNumber=f"E{number:07}",
            name=who,
            facts={**PERSON, **facts},
        )
        assert made["__typename"] == "Applicant", made
        self.applicants[who] = made["id"]
        await self.upload(who, "identity-scan")
        return self.applicants[who]

    async def upload(self, who: str, document: str, content: bytes = _PNG) -> None:
        """Hand a file in."""
        response = await self.graph.client.put(
            f"/files/{document}",
            content=content,
            headers={"authorization": f"Bearer {await self.token(who)}"},
        )
        assert response.status_code == 201, response.text

    async def draft(self, who: str, opening: str = MEDICINE, **given: Any) -> str:
        """Begin a draft in batch 1; return its id."""
        if who not in self.applicants:
            await self.applicant(who)
        made = await self.do(
            "createApplication",
            who,
            "... on Application { id state }",
            **{"opening": opening, "round": "batch-1", **given},
        )
        assert made.get("state") == "DRAFT", made
        return str(made["id"])

    async def submitted(self, who: str, opening: str = MEDICINE, **given: Any) -> str:
        """Hand an application of batch 1 in; return its id."""
        application = await self.draft(who, opening, **given)
        await self.moved("SUBMITTED", "submitApplication", who, application, documents=DOCUMENTS)
        return application

    async def moved(
        self, state: str, mutation: str, who: str, application: str, **given: Any
    ) -> None:
        """Do something with an application, after which it is in a state."""
        done = await self.do(
            mutation, who, "... on Application { state }", application=application, **given
        )
        assert done.get("state") == state, done

    async def reviewed(self, application: str, points: str = "80") -> None:
        """Bring a submitted application up to the base's review, with the same points twice."""
        id_ = application
        await self.moved("CHECKED", "recordEligibilityCheck", "base_office", id_, passed=True)
        score = {"points": points, "of": 100}
        await self.moved("CHECKED", "recordInterview", "base_office", id_, **score)
        await self.moved("ASSESSED", "recordExamination", "base_office", id_, **score)
        await self.moved(
            "OPINED",
            "giveOpinion",
            "specialty_base",
            id_,
            admit=True,
            opinion="同意",
            packet=PACKET,
        )
        await self.moved("REVIEWED", "reviewApplication", "base_office", id_, approved=True)

    async def published(self, *points: str) -> list[str]:
        """Bring one application for each of ``points`` on the published list of batch 1."""
        self.clock.go("2026-04-10T09:00")
        found = [await self.submitted(f"person-{index}") for index, _ in enumerate(points)]
        self.clock.go("2026-04-27T09:00")
        for application, point in zip(found, points, strict=True):
            await self.reviewed(application, point)
        self.clock.go("2026-05-11T10:00")
        outcome = await self.do(
            "publishProposedList",
            "base_office",
            "... on BulkOutcome { dryRun }",
            program=HOSPITAL,
            round="batch-1",
        )
        assert outcome.get("dryRun") is False, outcome
        return found

    async def everything(self) -> dict[str, int | str]:
        """Return a digest of every table: what a refusal must not change."""
        with self.graph.database.use():
            connection = connections.get("default")
            tables = await connection.execute_query_dict(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            )
            found: dict[str, int | str] = {}
            for row in tables:
                name = row["tablename"]
                (digest,) = await connection.execute_query_dict(
                    f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS d "
                    f'FROM "{name}" t'
                )
                found[name] = digest["d"]
            return found


@dataclass(frozen=True)
class _Id:
    id: str


@contextlib.asynccontextmanager
async def served_admissions(
    data_dir: Path, database_url: str, **changes: Any
) -> AsyncIterator[ServedAdmissions]:
    """Serve the fictional province of the tests of admissions."""
    clock = MovedClock()
    values = {"bases": (BASES,), **changes}
    async with running_graph(data_dir, database_url, clock=clock, **values) as graph:
        yield ServedAdmissions(graph, clock)
