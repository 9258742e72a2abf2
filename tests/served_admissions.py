"""The fictional province served over HTTP: accounts for each role, a clock that tests move."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tortoise import connections

from admissions_office import BASES, moment
from running_graph import RunningGraph, running_graph
from zhupei.domain.actors import Grant

__all__ = ["MovedClock", "ServedAdmissions", "served_admissions"]

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
                    f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS d "  # noqa: S608 - names out of the database itself
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
