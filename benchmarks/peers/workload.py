"""The questions: six operations, what varies between requests, and how answers are compared.

All peers are asked for the same shape. Those that generate their own schema rename with aliases,
so that one comparison does for all of them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "COMPARED",
    "ELIGIBILITY",
    "PAGED",
    "QUERIES",
    "Keys",
    "Query",
    "Request",
    "difference",
    "other_requests",
    "requests_of",
]

_ROW = """
fragment Row on Opening {
  code specialtyName year kind quota capacity postType durationMonths
}"""
_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Keys:
    """What the data holds that questions name: codes and identifiers."""

    bases: tuple[str, ...]
    specialties: tuple[str, ...]
    offices: tuple[str, ...]
    """Bases whose office has an account; their trainees are asked for."""
    applications: tuple[str, ...]
    """Applications with records."""
    recorded: tuple[str, ...] = ()
    """All of them, or very many."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question.

    ``graph`` is asked of zhupei and of the strawberry peers, ``postgraphile`` of PostGraphile;
    None where a peer cannot answer. ``role`` says as whom zhupei is asked: nobody, the office of
    the base in question, or an auditor. The peers ask nobody who they are.
    """

    name: str
    title: str
    graph: str
    postgraphile: str | None
    role: str | None = None
    alone: bool = False
    """Whether it is asked one at a time: it decides everything, and others would wait behind it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the variables, and for zhupei the login that asks."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    login: str | None = None


QUERIES: tuple[Query, ...] = (
    Query(
        "base",
        "one base with its openings",
        """query Base($code: String!) {
  base(code: $code) {
    code name tier
    province { code name }
    openings(first: 100) { edges { node { ...Row } } }
  }
}"""
        + _ROW,
        """query Base($code: String!) {
  base: baseByCode(code: $code) {
    code name tier
    province: provinceByProvinceCode { code name }
    openings: openingsByBaseCode(first: 100) { edges { node { ...Row } } }
  }
}"""
        + _ROW,
    ),
    Query(
        "bases",
        "100 bases with all openings",
        """query Bases($first: Int!) {
  bases(first: $first) {
    edges { node {
      code name tier
      province { name }
      openings(first: 100) { edges { node { ...Row } } }
    } }
  }
}"""
        + _ROW,
        """query Bases($first: Int!) {
  bases: allBases(first: $first) {
    edges { node {
      code name tier
      province: provinceByProvinceCode { name }
      openings: openingsByBaseCode(first: 100) { edges { node { ...Row } } }
    } }
  }
}"""
        + _ROW,
    ),
    Query(
        "openings",
        "a filtered page of openings",
        """query Openings($specialty: String!, $year: Int!, $first: Int!) {
  openings(filter: {specialty: $specialty, year: $year}, first: $first) {
    totalCount
    edges { node { ...Row base { code name tier province { name } } } }
    pageInfo { hasNextPage hasPreviousPage }
  }
}"""
        + _ROW,
        """query Openings($specialty: String!, $year: Int!, $first: Int!) {
  openings: allOpenings(condition: {specialtyCode: $specialty, year: $year}, first: $first) {
    totalCount
    edges { node {
      ...Row
      base: baseByBaseCode { code name tier province: provinceByProvinceCode { name } }
    } }
    pageInfo { hasNextPage hasPreviousPage }
  }
}"""
        + _ROW,
    ),
    Query(
        "trainees",
        "a page of trainees with counts by state",
        """query Trainees($base: String!, $first: Int!) {
  trainees(filter: {baseIn: [$base]}, first: $first) {
    totalCount
    edges { node {
      id state year traineeType specialtyCode startedOn months endsOn
      opening { specialtyName }
      base { name }
    } }
  }
  training: trainees(filter: {baseIn: [$base], stateIn: [IN_TRAINING]}) { totalCount }
  withdrawn: trainees(filter: {baseIn: [$base], stateIn: [WITHDRAWN]}) { totalCount }
}""",
        """query Trainees($base: String!, $first: Int!) {
  trainees: allTrainees(condition: {baseCode: $base}, first: $first) {
    totalCount
    edges { node {
      id: rowId state year traineeType specialtyCode startedOn months endsOn
      opening: openingByOpeningCode { specialtyName }
      base: baseByBaseCode { name }
    } }
  }
  training: allTrainees(condition: {baseCode: $base, state: "IN_TRAINING"}) { totalCount }
  withdrawn: allTrainees(condition: {baseCode: $base, state: "WITHDRAWN"}) { totalCount }
}""",
        role="office",
    ),
    Query(
        "eligibility",
        "eligibility of one candidate over all openings",
        """query Eligible($candidate: CandidateInput!, $first: Int!) {
  eligibleOpenings(candidate: $candidate, on: "2026-04-10", first: $first) {
    totalCount
    edges { node { openingCode outcome findings { rule outcome message } } }
  }
}""",
        None,
        alone=True,
    ),
    Query(
        "timeline",
        "an application's timeline",
        """query Timeline($id: ID!) {
  application(id: $id) {
    state preference submittedAt
    base { name }
    opening { specialtyName }
    records { revision at actor action reason fromState toState }
  }
}""",
        """query Timeline($id: UUID!) {
  application: applicationByRowId(rowId: $id) {
    state preference submittedAt
    base: baseByBaseCode { name }
    opening: openingByOpeningCode { specialtyName }
    records: transitionsByApplicationIdList(orderBy: [REVISION_ASC]) {
      revision at actor action reason fromState toState
    }
  }
}""",
        role="auditor",
    ),
)

ELIGIBILITY = "eligibility"
COMPARED = tuple(query.name for query in QUERIES if query.postgraphile is not None)
"""Queries that every peer answers."""
PAGED = ("openings", "trainees")

_CANDIDATE = {
    "origin": "MAINLAND",
    "traineeType": "SOCIAL",
    "birthDate": "1999-05-01",
    "licensed": False,
    "english": {"cet4": 440},
}


def requests_of(name: str, keys: Keys, *, page: int = 50, count: int = 64) -> Sequence[Request]:
    """Return ``count`` requests of a query; the same for the same data, and for every peer."""
    chance = random.Random(f"{name}-20261122")  # noqa: S311 - figures, not secrets
    return [_request(name, keys, page, number, chance) for number in range(count)]


def _request(name: str, keys: Keys, page: int, number: int, chance: random.Random) -> Request:
    if name == "base":
        return Request({"code": chance.choice(keys.bases)})
    if name == "bases":
        return Request({"first": 100})
    if name == "openings":
        specialty = chance.choice(keys.specialties)
        return Request({"specialty": specialty, "year": _YEAR, "first": page})
    if name == "trainees":
        base = chance.choice(keys.offices)
        return Request({"base": base, "first": page}, login=f"office-{base}")
    if name == "timeline":
        return Request({"id": chance.choice(keys.applications)}, login="auditor")
    if name == ELIGIBILITY:
        # The score of the examination differs, so that no two candidates are alike.
        candidate = {**_CANDIDATE, "english": {"cet4": 430 + number}}
        return Request({"candidate": candidate, "first": page})
    raise ValueError(f"no query {name!r}")


def other_requests(name: str, keys: Keys, *, count: int = 40_000) -> Sequence[Request]:
    """Return ``count`` different requests of a query, or as many as its keys allow."""
    chance = random.Random(f"{name}-other-20261123")  # noqa: S311 - figures, not secrets
    every: Sequence[Request]
    if name == "base":
        every = [Request({"code": code}) for code in keys.bases]
    elif name == "bases":
        every = [Request({"first": 100 - number}) for number in range(20)]
    elif name == "openings":
        every = [
            Request({"specialty": specialty, "year": _YEAR, "first": first})
            for specialty in keys.specialties
            for first in range(45, 56)
        ]
    elif name == "trainees":
        every = [
            Request(
                {"base": base, "first": first},
                login=f"office-{base}" if base in keys.offices else "auditor",
            )
            for base in keys.bases
            for first in range(30, 71)
        ]
    elif name == "timeline":
        every = [Request({"id": each}, login="auditor") for each in keys.recorded]
    else:
        raise ValueError(f"no query {name!r}")
    return chance.sample(every, min(count, len(every)))


_INSTANTS = {"at", "submittedAt"}


def difference(one: Any, other: Any, path: str = "data", key: str = "") -> str | None:
    """Return where two answers differ, None where they do not.

    Instants are compared as such: peers write them with other offsets.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return f"{path}: keys {sorted(one)} and {sorted(other)}"
        pairs = [(f"{path}.{name}", name, one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} entries"
        pairs = [
            (f"{path}[{n}]", key, a, b) for n, (a, b) in enumerate(zip(one, other, strict=True))
        ]
    else:
        if key in _INSTANTS and isinstance(one, str) and isinstance(other, str):
            one, other = _instant(one), _instant(other)
        same = one == other and isinstance(one, bool) == isinstance(other, bool)
        return None if same else f"{path}: {_short(one)} and {_short(other)}"
    for below, name, a, b in pairs:
        found = difference(a, b, below, name)
        if found is not None:
            return found
    return None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:80]
