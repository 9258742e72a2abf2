"""Runs as rows: written at once, read back as what they were made from."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.models import AllocationChoiceRow, AllocationPlaceRow, AllocationRunRow
from zhupei.db.tables import RowSource, column, columns, expressed, from_json, listed_from, member
from zhupei.domain.allocation import (
    AllocationChoice,
    AllocationFigures,
    AllocationPlace,
    AllocationRun,
)
from zhupei.domain.matching import Matching
from zhupei.domain.matching_certificate import Certificate, CutOff, Violation, ViolationKind
from zhupei.domain.matching_explanation import Verdict
from zhupei.domain.matching_priorities import CLAIM_BITS, PreparedMarket
from zhupei.domain.plain_values import plain, restored
from zhupei.domain.ranking import TieBreak, TieRule
from zhupei.domain.text import Text
from zhupei.services.allocation.market import Candidacy, Gathered
from zhupei.services.allocation.places import Place

__all__ = [
    "CHOICES",
    "PLACES",
    "RUNS",
    "certificate_digest",
    "certificate_of",
    "choices_of",
    "gathered_of",
    "place_of",
    "placed_twice",
    "places_of_run",
    "run_of",
    "write_run",
]

_AT_ONCE = 20_000

RUNS = RowSource(
    described=AllocationRun,
    model=AllocationRunRow,
    alias="r",
    attributes={
        **columns("id", "actor", "at", "catalogue_hash", "market", "certificate", "fingerprint"),
        **columns("proposed_at", root_program="root_program_code", round="round_code"),
        "operation": column("operation_id"),
        "figures": expressed("{t}.details->'figures'", from_json(AllocationFigures)),
        "warnings": listed_from(Text, "{t}.details->'warnings'"),
    },
)
"""Runs, as `AllocationRun` has them."""


def _ties(text: str) -> TieBreak:
    rule, seed = json.loads(text)
    return TieBreak(TieRule(rule), seed)


PLACES = RowSource(
    described=AllocationPlace,
    model=AllocationPlaceRow,
    alias="p",
    attributes={
        **columns("code", "direction", "quota", "taken", "ranked", "cut_off"),
        **columns(opening="opening_code", last="last_applicant_id", run="run_id"),
        "ties": expressed("json_build_array({t}.tie_rule, {t}.tie_seed)", _ties),
        "criteria": listed_from(str, "{t}.criteria"),
    },
)
"""Places of a run, as `AllocationPlace` has them."""

CHOICES = RowSource(
    described=AllocationChoice,
    model=AllocationChoiceRow,
    alias="c",
    attributes={
        **columns("place", "preference", "value", "submitted_at", "rank"),
        **columns(application="application_id", applicant="applicant_id", run="run_id"),
        "singles": listed_from(Decimal, "{t}.singles"),
        "verdict": member(Verdict, "verdict"),
    },
)
"""Applications of a run, as `AllocationChoice` has them."""


def certificate_digest(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate: of the digest of its market, and who is placed where.

    The text hashed is JSON without spaces: ``[market, [[applicant, code], ...]]``, sorted, of
    those who are placed. The cut-offs follow from it.
    """
    placed = sorted((name, code) for name, code in certificate.placements.items() if code)
    text = json.dumps([certificate.market, placed], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def write_run(
    connection: BaseDBAsyncClient,
    run: AllocationRun,
    gathered: Gathered,
    prepared: PreparedMarket,
    matching: Matching,
    key: str | None,
) -> None:
    """Write a run with its places and choices, in the transaction of the caller."""
    await AllocationRunRow.create(
        id=run.id,
        root_program_code=run.root_program,
        round_code=run.round,
        actor=run.actor,
        at=run.at,
        catalogue_hash=run.catalogue_hash,
        market=run.market,
        certificate=run.certificate,
        fingerprint=run.fingerprint,
        details={"figures": plain(run.figures), "warnings": plain(run.warnings)},
        idempotency_key=key,
    )
    await _write_places(connection, run.id, gathered, prepared, matching)
    await _write_choices(connection, run.id, gathered, prepared, matching)


async def _write_places(
    connection: BaseDBAsyncClient,
    run: UUID,
    gathered: Gathered,
    prepared: PreparedMarket,
    matching: Matching,
) -> None:
    rows = []
    for opening, order in zip(prepared.openings, prepared.orders, strict=True):
        place, cut = gathered.places[opening.code], matching.cut_offs[opening.code]
        rows.append(
            (
                place.code,
                place.opening,
                place.direction,
                cut.quota,
                cut.taken,
                len(order),
                None if cut.last is None else UUID(cut.last),
                None if cut.value is None else Decimal(cut.value),
                place.ties.rule.value,
                place.ties.seed,
                json.dumps(place.criteria),
            )
        )
    for begin in range(0, len(rows), _AT_ONCE):
        columns = [list(column) for column in zip(*rows[begin : begin + _AT_ONCE], strict=True)]
        await connection.execute_query(
            "INSERT INTO allocation_place (run_id, code, opening_code, direction, quota, taken, "
            "ranked, last_applicant_id, cut_off, tie_rule, tie_seed, criteria) SELECT $1, r.* FROM "
            "(SELECT c, o, d, q, t, n, l, v, tr, ts, cr::jsonb FROM unnest($2::text[], $3::text[], "
            "$4::text[], $5::int[], $6::int[], $7::int[], $8::uuid[], $9::numeric[], $10::text[], "
            "$11::text[], $12::text[]) AS u(c, o, d, q, t, n, l, v, tr, ts, cr)) AS r",
            [run, *columns],
        )


async def _write_choices(
    connection: BaseDBAsyncClient,
    run: UUID,
    gathered: Gathered,
    prepared: PreparedMarket,
    matching: Matching,
) -> None:
    rows = await asyncio.to_thread(_choice_rows, gathered, prepared, matching)
    for begin in range(0, len(rows), _AT_ONCE):
        columns = [list(column) for column in zip(*rows[begin : begin + _AT_ONCE], strict=True)]
        await connection.execute_query(
            "INSERT INTO allocation_choice (run_id, application_id, applicant_id, place, "
            "preference, value, singles, submitted_at, rank, verdict) SELECT $1, a, p, c, n, v, "
            "s::jsonb, m, r, e FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[], "
            "$6::numeric[], $7::text[], $8::timestamptz[], $9::int[], $10::text[]) "
            "AS u(a, p, c, n, v, s, m, r, e)",
            [run, *columns],
        )


def _choice_rows(
    gathered: Gathered, prepared: PreparedMarket, matching: Matching
) -> list[tuple[Any, ...]]:
    numbers = {name: number for number, name in enumerate(prepared.applicants)}
    codes = {opening.code: number for number, opening in enumerate(prepared.openings)}
    sizes = [len(order) for order in prepared.orders]
    rows: list[tuple[Any, ...]] = []
    for each in gathered.candidacies:
        name = str(each.applicant)
        choice, number = codes[each.place], numbers[name]
        first, beyond = prepared.starts[number], prepared.starts[number + 1]
        pair = next(p for p in range(first, beyond) if prepared.choices[p] == choice)
        own = matching.placements[name]
        placed_at = None if own is None else prepared.market.preferences[name].index(own)
        rows.append(
            (
                each.application,
                each.applicant,
                each.place,
                each.preference,
                each.value,
                json.dumps([format(single, "f") for single in each.singles]),
                each.submitted_at,
                sizes[choice] - (prepared.claims[pair] >> CLAIM_BITS) + 1,
                _verdict(pair - first, placed_at, prepared.openings[choice].quota).value,
            )
        )
    return rows


def _verdict(index: int, placed_at: int | None, quota: int) -> Verdict:
    if placed_at is not None and index >= placed_at:
        return Verdict.PLACED if index == placed_at else Verdict.NOT_NEEDED
    return Verdict.OUTRANKED if quota else Verdict.NO_SEATS


def run_of(row: AllocationRunRow) -> AllocationRun:
    """Return the run of a row."""
    details: Mapping[str, Any] = row.details
    return AllocationRun(
        id=row.id,
        root_program=row.root_program_code,
        round=row.round_code,
        actor=row.actor,
        at=row.at,
        catalogue_hash=row.catalogue_hash,
        market=row.market,
        certificate=row.certificate,
        fingerprint=row.fingerprint,
        figures=restored(AllocationFigures, details["figures"]),
        warnings=tuple(restored(Text, each) for each in details["warnings"]),
        operation=row.operation_id,
        proposed_at=row.proposed_at,
    )


def place_of(row: AllocationPlaceRow) -> AllocationPlace:
    """Return the place of a row."""
    return AllocationPlace(
        code=row.code,
        opening=row.opening_code,
        direction=row.direction,
        quota=row.quota,
        taken=row.taken,
        ranked=row.ranked,
        last=row.last_applicant_id,
        cut_off=row.cut_off,
        ties=TieBreak(TieRule(row.tie_rule), row.tie_seed),
        criteria=tuple(row.criteria),
    )


async def places_of_run(run: UUID) -> list[AllocationPlace]:
    """Return the places of a run in the order of their codes."""
    rows = await AllocationPlaceRow.filter(run_id=run)
    return sorted(map(place_of, rows), key=lambda place: place.code)


async def choices_of(connection: BaseDBAsyncClient, run: UUID) -> list[AllocationChoice]:
    """Return all choices of a run in the order in which they were written."""
    rows = await connection.execute_query_dict(
        "SELECT application_id, applicant_id, place, preference, value, singles::text AS singles, "
        "submitted_at, rank, verdict FROM allocation_choice WHERE run_id = $1 ORDER BY id",
        [run],
    )
    return [
        AllocationChoice(
            application=row["application_id"],
            applicant=row["applicant_id"],
            place=row["place"],
            preference=row["preference"],
            value=row["value"],
            singles=tuple(Decimal(each) for each in json.loads(row["singles"])),
            submitted_at=row["submitted_at"],
            rank=row["rank"],
            verdict=Verdict(row["verdict"]),
        )
        for row in rows
    ]


def gathered_of(
    places: Sequence[AllocationPlace], choices: Sequence[AllocationChoice]
) -> tuple[dict[str, Place], list[Candidacy]]:
    """Return what `market_of` makes the market of a run from again."""
    made = {
        place.code: Place(
            code=place.code,
            program=place.opening.rpartition("/")[0],
            opening=place.opening,
            direction=place.direction,
            quota=place.quota,
            ties=place.ties,
            criteria=place.criteria,
        )
        for place in places
    }
    candidacies = [
        Candidacy(
            application=each.application,
            applicant=each.applicant,
            opening=made[each.place].opening,
            direction=made[each.place].direction,
            preference=each.preference,
            submitted_at=each.submitted_at,
            value=each.value,
            singles=each.singles,
            place=each.place,
        )
        for each in choices
    ]
    return made, candidacies


def certificate_of(
    market: str, places: Sequence[AllocationPlace], choices: Sequence[AllocationChoice]
) -> Certificate:
    """Return the certificate that a run's rows are."""
    placements: dict[str, str | None] = {str(each.applicant): None for each in choices}
    for each in choices:
        if each.verdict is Verdict.PLACED:
            placements[str(each.applicant)] = each.place
    cut_offs = {
        place.code: CutOff(
            place.quota, place.taken, None if place.last is None else str(place.last), place.cut_off
        )
        for place in places
    }
    return Certificate(market, placements, cut_offs)


def placed_twice(choices: Sequence[AllocationChoice]) -> Iterator[Violation]:
    """Yield everybody whom rows place more than once, which no certificate can say."""
    times = Counter(each.applicant for each in choices if each.verdict is Verdict.PLACED)
    for applicant, count in times.items():
        if count > 1:
            text = Text(f"{applicant} 被录取 {count} 次", f"{applicant} is placed {count} times")
            yield Violation(ViolationKind.PLACED_TWICE, text, str(applicant))
