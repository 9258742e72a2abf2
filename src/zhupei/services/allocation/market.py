"""From applications, scores and quotas in PostgreSQL to a market that can be matched."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.domain.admission_guards import round_of, tie_break_of, weights_of
from zhupei.domain.admission_process import EXITS, SEAT_STATES, ApplicationState, path_of
from zhupei.domain.allocation import place_code
from zhupei.domain.matching_market import (
    Criterion,
    EarlierSubmission,
    HigherScore,
    Lottery,
    Market,
    MarketOpening,
    Measure,
    Scores,
    TieRule,
)
from zhupei.domain.ranking import Score, TieBreak, Weights, heaviest_first, weighted_total
from zhupei.domain.text import Text
from zhupei.domain.training import Allocation, Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.allocation.places import Place, places_of
from zhupei.services.seats import root_program

__all__ = [
    "Candidacy",
    "Changes",
    "Gathered",
    "criterion_label",
    "fingerprint_of",
    "gather",
    "market_of",
    "matched_round",
]

_S = ApplicationState
_HIGHER = {
    "interview": Text("面试成绩较高者优先", "higher interview score first"),
    "examination": Text("专业考试成绩较高者优先", "higher examination score first"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a simulation does otherwise; nothing of it is written.

    ``seats`` are seats of openings (or directions, by `place_code`) as they would be published.
    ``weights`` and ``ties`` hold for all programs of the round.
    """

    seats: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    weights: Weights | None = None
    ties: TieBreak | None = None


@dataclass(slots=True)
class Candidacy:
    """One application that takes part, with what decides about it; ``place`` is where it asks."""

    application: UUID
    applicant: UUID
    opening: str
    direction: str | None
    preference: int
    submitted_at: datetime
    value: Decimal
    singles: tuple[Decimal, ...]
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that a round is matched from, as one snapshot of the database saw it."""

    root: Program
    round: str
    places: Mapping[str, Place]
    candidacies: Sequence[Candidacy]
    waiting: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """How one program, or an opening with rules of its own, orders its applicants."""

    weights: Weights
    ties: TieBreak
    criteria: tuple[str, ...]


async def matched_round(desk: Desk, program: str, round_code: str) -> Program | Refusal:
    """Return the topmost program of a round that matches preference lists, for who manages it."""
    found = desk.catalogue.programs.get(program)
    if found is None:
        return not_found("program", program)
    root = root_program(desk.catalogue, found)
    against = await permitted_for(
        desk, "rounds.manage", base=root.base, jurisdiction=root.jurisdiction
    )
    if against is not None:
        return against
    entry = round_of(root, round_code)
    if entry is None:
        return not_found("round", round_code)
    if entry.allocation is not Allocation.DEFERRED_ACCEPTANCE:
        return Refusal(
            code=RefusalCode.ALLOCATION_NOT_DECLARED,
            message=Text(
                "本批次未声明按志愿匹配录取（allocation: deferred_acceptance）",
                "the round does not declare allocation: deferred_acceptance",
            ),
            source=entry.source,
            field="round",
        )
    return root


async def gather(
    desk: Desk,
    connection: BaseDBAsyncClient,
    root: Program,
    round_code: str,
    changes: Changes | None = None,
) -> Gathered | Refusal:
    """Read what a round is matched from; to be called in one snapshot.

    Of the applications that filed a preference those take part that passed the review and wait
    for a place, unless the person holds a seat of the same recruitment already. Refused where
    weights, seats or the seed of a lottery are unknown, where somebody asks for what left the
    catalogue, and where quotas overlap.
    """
    changes = changes or Changes()
    programs = _below(desk, root)
    rows = await connection.execute_query_dict(
        "WITH filed AS MATERIALIZED (SELECT a.id, a.applicant_id, a.program_code, a.opening_code, "
        "a.direction, a.preference, a.submitted_at, a.state FROM application AS a "
        "WHERE a.root_program_code = $1 AND a.round_code = $2 AND a.channel = 'BATCH' "
        "AND a.invitation_id IS NULL AND a.transferred_from IS NULL AND a.state <> ALL($3::text[]) "
        "AND NOT EXISTS (SELECT 1 FROM application AS s WHERE s.applicant_id = a.applicant_id "
        "AND s.root_program_code = $1 AND s.state = ANY($4::text[]))) "
        "SELECT filed.*, marks.names, marks.points, marks.full_marks FROM filed LEFT JOIN ("
        "SELECT application_id, array_agg(assessment ORDER BY assessment) AS names, "
        "array_agg(points ORDER BY assessment) AS points, "
        "array_agg(full_mark ORDER BY assessment) AS full_marks FROM application_score "
        "WHERE application_id IN (SELECT id FROM filed) GROUP BY application_id) AS marks "
        "ON marks.application_id = filed.id ORDER BY filed.id",
        [root.code, round_code, _CLOSED, _SEATED],
    )
    amended = desk.catalogue.amended
    rules_of = {**programs, **amended}
    for row in rows:
        # An opening may have rules of its own: other steps, another order.
        own = row["opening_code"] in amended
        row["bound_by"] = row["opening_code" if own else "program_code"]
    ready_at = _ready_states(rows, rules_of, round_code)
    if isinstance(ready_at, Refusal):
        return ready_at
    ready = [row for row in rows if row["state"] == ready_at[row["bound_by"]].value]
    rules = _ordering(ready, rules_of, round_code, changes)
    if isinstance(rules, Refusal):
        return rules
    # Seconds of adding for a whole country; other requests go on meanwhile.
    candidacies = await asyncio.to_thread(_candidacies, ready, rules)
    if isinstance(candidacies, Refusal):
        return candidacies
    asked: dict[tuple[str, str | None], int] = defaultdict(int)
    for each in candidacies:
        asked[each.opening, each.direction] += 1
    places = await places_of(desk, connection, programs, round_code, asked, changes.seats)
    if isinstance(places, Refusal):
        return places
    against = _sited(candidacies, places)
    if against is not None:
        return against
    ordered = {}
    for code, place in places.items():
        rule = rules.get(place.opening if place.opening in amended else place.program)
        ordered[code] = place if rule is None else place.ordered_by(rule.ties, rule.criteria)
    return Gathered(
        root=root,
        round=round_code,
        places=ordered,
        candidacies=candidacies,
        waiting=len(rows) - len(candidacies),
        fingerprint=await fingerprint_of(desk, connection, root, round_code),
    )


_CLOSED = sorted(state.value for state in EXITS | SEAT_STATES | {_S.DRAFT})
_SEATED = sorted(state.value for state in SEAT_STATES)


async def fingerprint_of(
    desk: Desk, connection: BaseDBAsyncClient, root: Program, round_code: str
) -> str:
    """Return a mark that differs once an application, a seat or a plan that decides has changed.

    It says that a run is stale; what a run was made from is proven by the digest of its market.
    """
    programs = _below(desk, root)
    binding = [*programs.values(), *_amended(desk, programs)]
    states = {_ready(program, round_code) for program in binding} - {None}
    found = await connection.execute_query_dict(
        "SELECT count(*) AS many, coalesce(sum(hashtextextended(id::text || revision, 0)), 0)::text"
        " AS mark FROM application WHERE root_program_code = $1 AND (state = ANY($3::text[]) OR "
        "(round_code = $2 AND state = ANY($4::text[])))",
        [
            root.code,
            round_code,
            _SEATED,
            sorted(state.value for state in states if state is not None),
        ],
    )
    plans = await connection.execute_query_dict(
        "SELECT count(*) AS many, coalesce(sum(seats), 0) AS seats FROM plan_increase "
        "WHERE state = 'APPROVED' AND program_code = ANY($1::text[])",
        [sorted(programs)],
    )
    one, other = found[0], plans[0]
    return f"{one['many']}:{one['mark']}:{other['many']}:{other['seats']}"


def market_of(places: Mapping[str, Place], candidacies: Iterable[Candidacy]) -> Market:
    """Return the market: who asks where in what order, with what claim, and what decides ties.

    People are their identifiers, openings the codes of places.
    """
    lists: dict[str, list[tuple[int, str]]] = defaultdict(list)
    of_place: dict[str, list[Candidacy]] = {code: [] for code in places}
    for each in candidacies:
        lists[str(each.applicant)].append((each.preference, each.place))
        of_place[each.place].append(each)
    openings = []
    for code, place in sorted(places.items()):
        here = of_place[code]
        names = [str(each.applicant) for each in here]
        criteria: list[Criterion] = [
            HigherScore(
                Scores({name: each.singles[index] for name, each in zip(names, here, strict=True)}),
                criterion_label(assessment),
            )
            for index, assessment in enumerate(place.criteria)
        ]
        if place.ties.rule.draws:
            criteria.append(Lottery(place.ties.seed or ""))
        else:
            moments = {name: each.submitted_at for name, each in zip(names, here, strict=True)}
            criteria.append(EarlierSubmission(moments))
        totals = Scores({name: each.value for name, each in zip(names, here, strict=True)}, 0, 100)
        openings.append(MarketOpening(code, place.quota, totals, TieRule(tuple(criteria))))
    preferences = {name: [code for _, code in sorted(lists[name])] for name in sorted(lists)}
    return Market(preferences, openings, measure=Measure.SCORES)


def criterion_label(assessment: str) -> Text:
    """Return what a tie that an assessment decides is called."""
    return _HIGHER.get(
        assessment, Text(f"{assessment} 成绩较高者优先", f"higher {assessment} score first")
    )


def _below(desk: Desk, root: Program) -> dict[str, Program]:
    """Return a program and all below it."""
    found: dict[str, Program] = {}
    waiting = [root.code]
    while waiting:
        program = desk.catalogue.programs[waiting.pop()]
        found[program.code] = program
        waiting += program.children
    return found


def _amended(desk: Desk, programs: Mapping[str, Program]) -> list[Program]:
    """Return the programs as they bind their openings that have rules of their own."""
    amended = desk.catalogue.amended
    return [
        amended[opening]
        for program in programs.values()
        for opening in program.openings
        if opening in amended
    ]


def _ready(program: Program, round_code: str) -> ApplicationState | None:
    """Return the state in which applications wait to be proposed; None without such a step."""
    states = path_of(program, round_code).states
    return states[states.index(_S.PROPOSED) - 1] if _S.PROPOSED in states else None


def _ready_states(
    rows: Sequence[Mapping[str, Any]], rules_of: Mapping[str, Program], round_code: str
) -> dict[str, ApplicationState] | Refusal:
    """Return in which state applications wait to be proposed, by what binds them."""
    found: dict[str, ApplicationState] = {}
    for code in dict.fromkeys(row["bound_by"] for row in rows):
        if code not in rules_of:
            return _not_in_plan(code)
        state = _ready(rules_of[code], round_code)
        if state is None:
            return _no_proposal(code, rules_of[code])
        found[code] = state
    return found


def _sited(candidacies: Iterable[Candidacy], places: Mapping[str, Place]) -> Refusal | None:
    """Write down at which place each candidacy asks; refused where there is none of it now."""
    for each in candidacies:
        whole = place_code(each.opening, None)
        each.place = whole if whole in places else place_code(each.opening, each.direction)
        if each.place not in places:
            return _not_in_plan(each.place)
    return None


def _no_proposal(code: str, program: Program) -> Refusal:
    return Refusal(
        code=RefusalCode.ALLOCATION_NOT_DECLARED,
        message=Text(
            f"{code} 的录取流程中没有拟录取环节（kind: proposal）",
            f"{code} has no step of kind: proposal",
        ),
        source=program.source,
    )


def _not_in_plan(code: str) -> Refusal:
    # Left out for an error in its file, or taken out by hand: nobody can say which is meant.
    return Refusal(
        code=RefusalCode.QUOTA_UNKNOWN,
        message=Text(
            f"有申请填报了 {code}，而现行招收计划中没有该项：请恢复，不再招收的名额填 0",
            f"there are applications for {code}, which is in no plan now: bring it back, with a "
            "quota of 0 where nobody is to be taken",
        ),
    )


def _ordering(
    rows: Sequence[dict[str, Any]],
    rules_of: Mapping[str, Program],
    round_code: str,
    changes: Changes,
) -> dict[str, _Rules] | Refusal:
    """Return how applications are ordered; ``bound_by`` in each row says by whose rules.

    An opening with rules of its own orders by them, all others by their program's.
    """
    found: dict[str, _Rules] = {}
    for code in dict.fromkeys(row["bound_by"] for row in rows):
        made = _rules(rules_of[code], round_code, changes)
        if isinstance(made, Refusal):
            return made
        found[code] = made
    return found


def _rules(program: Program, round_code: str, changes: Changes) -> _Rules | Refusal:
    weights = changes.weights or weights_of(program, path_of(program, round_code))
    if isinstance(weights, Refusal):
        return weights
    ties = changes.ties or tie_break_of(program)
    if isinstance(ties, Refusal):
        return ties
    several = ties.rule.compares_scores and len(weights.shares) > 1
    return _Rules(weights, ties, heaviest_first(weights) if several else ())


def _candidacies(
    rows: Sequence[Mapping[str, Any]], rules: Mapping[str, _Rules]
) -> list[Candidacy] | Refusal:
    # The same few hundred scores come again and again.
    known: dict[tuple[object, ...], _Claim | Refusal] = {}
    found = []
    for row in rows:
        orderer = row["bound_by"]
        scores = row["names"] or (), row["points"] or (), row["full_marks"] or ()
        key = (orderer, *map(tuple, scores))
        claim = known.get(key)
        if claim is None:
            claim = known[key] = _claim(row, rules[orderer])
        if isinstance(claim, Refusal):
            return claim
        found.append(
            Candidacy(
                application=row["id"],
                applicant=row["applicant_id"],
                opening=row["opening_code"],
                direction=row["direction"],
                preference=row["preference"],
                submitted_at=row["submitted_at"],
                value=claim.value,
                singles=claim.singles,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class _Claim:
    """What scores are worth at a program."""

    value: Decimal
    singles: tuple[Decimal, ...]


def _claim(row: Mapping[str, Any], rules: _Rules) -> _Claim | Refusal:
    marks = zip(row["names"] or (), row["points"] or (), row["full_marks"] or (), strict=True)
    scores = {name: Score(points, full_mark) for name, points, full_mark in marks}
    missing = rules.weights.shares.keys() - scores.keys()
    if missing:
        names = ", ".join(sorted(missing))
        return Refusal(
            code=RefusalCode.SCORE_INVALID,
            message=Text(
                f"申请 {row['id']} 缺少成绩：{names}",
                f"application {row['id']} has no score: {names}",
            ),
        )
    value = weighted_total(scores, rules.weights)
    return _Claim(value, tuple(scores[name].percent for name in rules.criteria))
