"""Seats: nested quotas that are taken and given up by one conditional statement.

Every function works on the transaction of its caller, so that a seat and the transition that it
belongs to are committed together or not at all. Quotas are made on demand from the catalogue;
approved increases are laid over them. The database refuses more taken seats than there are,
whichever program writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Opening, Program

__all__ = [
    "NoSeatError",
    "SeatQuota",
    "SeatUsage",
    "increase_quota",
    "move_seats",
    "no_seat",
    "opening_scope",
    "quotas_of",
    "root_program",
    "usage_of",
]


class _Programs(Protocol):
    @property
    def programs(self) -> Mapping[str, Program]: ...

    def program_of(self, opening: Opening) -> Program: ...


_CAPACITY = Text("专业基地容量", "capacity of the specialty base")


class NoSeatError(Exception):
    """Raised where quotas have no seat left; ``scopes`` are theirs. The transaction must end."""

    def __init__(self, scopes: Sequence[str]) -> None:
        self.scopes = tuple(scopes)
        super().__init__(", ".join(scopes))


@dataclass(frozen=True, slots=True)
class SeatQuota:
    """One quota that a seat counts against: ``name`` is what people call it.

    ``scope`` is its key, ``seats`` are those that the catalogue gives.
    """

    scope: str
    seats: int
    name: Text


@dataclass(frozen=True, slots=True)
class SeatUsage:
    """How a quota stands: seats with increases, and seats taken."""

    seats: int
    taken: int

    @property
    def left(self) -> int:
        """Seats that can still be taken."""
        return max(0, self.seats - self.taken)


def no_seat(full: Sequence[SeatQuota]) -> Refusal:
    """Return the refusal of a seat that these quotas have no place for."""
    capacity = any(quota.scope.startswith("capacity:") for quota in full)
    zh = "、".join(quota.name.zh for quota in full)
    en = ", ".join(quota.name.get(Language.EN) for quota in full)
    return Refusal(
        code=RefusalCode.CAPACITY_EXCEEDED if capacity else RefusalCode.NO_SEAT,
        message=Text(f"名额已满：{zh}", f"no seat is left: {en}"),
    )


def opening_scope(opening: str) -> str:
    """Return the name of an opening's own quota."""
    return f"opening:{opening}"


def root_program(catalogue: _Programs, program: Program) -> Program:
    """Return the topmost program above a program, itself where it has no parent."""
    while program.parent is not None and program.parent in catalogue.programs:
        program = catalogue.programs[program.parent]
    return program


def quotas_of(
    catalogue: _Programs, opening: Opening, round_code: str | None, direction: str | None
) -> tuple[SeatQuota, ...] | Refusal:
    """Return every quota that a seat of an opening counts against, in the order of their names.

    The opening's own quota has to be known: null is not zero and not without limit. Of the
    quotas around it those count that are known: direction, round share, programs, the rounds of
    programs, and the specialty base's capacity where the rules bind to it (R212).
    """
    if opening.quota is None:
        note = opening.quota_note
        return Refusal(
            code=RefusalCode.QUOTA_UNKNOWN,
            message=Text(
                f"招收名额未公布，不能占用名额{'：' + note.zh if note else ''}",
                "the number of seats is not published, so none can be taken"
                + (f": {note.en or note.zh}" if note else ""),
            ),
            source=opening.source,
        )
    program = catalogue.program_of(opening)
    name = opening.specialty_name
    found = [SeatQuota(opening_scope(opening.code), opening.quota, name)]
    for each in opening.directions:
        if each.id == direction and each.quota is not None:
            scope = f"direction:{opening.code}/{direction}"
            found.append(SeatQuota(scope, each.quota, _part(name, each.name)))
    for share in opening.round_quotas:
        if share.round == round_code:
            scope = f"opening-round:{opening.code}/{round_code}"
            own = next((each.name for each in program.rounds if each.code == round_code), None)
            found.append(SeatQuota(scope, share.seats, _part(name, own)))
    within = policy_of(program, "quota_within_capacity")
    if opening.capacity is not None and (within is None or within.value is not False):
        scope = f"capacity:{opening.base}/{opening.specialty}/{opening.year}"
        found.append(SeatQuota(scope, opening.capacity, _part(name, _CAPACITY)))
    found += _around(catalogue, program, round_code)
    return tuple(sorted(found, key=lambda quota: quota.scope))


def _around(catalogue: _Programs, program: Program, round_code: str | None) -> Iterator[SeatQuota]:
    """Yield the known quotas of a program, of those above it, and of their rounds."""
    above: Program | None = program
    while above is not None:
        if above.quota_total is not None:
            yield SeatQuota(f"program:{above.code}", above.quota_total, above.name)
        parent = catalogue.programs.get(above.parent or "")
        for each in above.rounds:
            # A round that is taken from the parent limits all of the parent's programs.
            own = parent is None or each not in parent.rounds
            if own and each.code == round_code and each.quota is not None:
                scope = f"round:{above.code}/{round_code}"
                yield SeatQuota(scope, each.quota, _part(above.name, each.name))
        above = parent


def _part(name: Text, part: Text | None) -> Text:
    """Return the name of a part of something: 妇产科（海扶）."""
    if part is None:
        return name
    return Text(f"{name.zh}（{part.zh}）", f"{name.get(Language.EN)} ({part.get(Language.EN)})")


async def move_seats(
    connection: BaseDBAsyncClient,
    taken: Sequence[Sequence[SeatQuota]],
    released: Sequence[Sequence[str]],
) -> None:
    """Give up and take seats, all or none; one entry of each list is one seat.

    Raises:
        NoSeatError: a quota has too few seats left.

    """
    takes = Counter(quota.scope for seat in taken for quota in seat)
    published = {quota.scope: quota.seats for seat in taken for quota in seat}
    releases = Counter(scope for seat in released for scope in seat)
    if not takes and not releases:
        return
    await _prepare(connection, published, sorted({*takes, *releases}))
    if releases:
        scopes = sorted(releases)
        done = await connection.execute_query_dict(
            "UPDATE seat SET taken = seat.taken - r.seats FROM unnest($1::text[], $2::int[]) "
            "AS r(scope, seats) WHERE seat.scope = r.scope AND seat.taken >= r.seats "
            "RETURNING seat.scope",
            [scopes, [releases[scope] for scope in scopes]],
        )
        if len(done) != len(scopes):
            raise RuntimeError(f"seats that nobody took were given up: {scopes}")
    if takes:
        scopes = sorted(takes)
        done = await connection.execute_query_dict(
            "UPDATE seat SET taken = seat.taken + q.seats, published = q.published "
            "FROM unnest($1::text[], $2::int[], $3::int[]) AS q(scope, published, seats) "
            "WHERE seat.scope = q.scope AND seat.taken + q.seats <= q.published + seat.increase "
            "RETURNING seat.scope",
            [scopes, [published[scope] for scope in scopes], [takes[scope] for scope in scopes]],
        )
        full = set(scopes) - {row["scope"] for row in done}
        if full:
            raise NoSeatError(sorted(full))


async def increase_quota(
    connection: BaseDBAsyncClient,
    quotas: Sequence[SeatQuota],
    seats: int,
    opening: Opening,
) -> bool:
    """Lay approved seats over the quotas of an opening, within its capacity (R153).

    Returns whether they fit. The capacity itself is never raised.
    """
    raised = [quota for quota in quotas if not quota.scope.startswith("capacity:")]
    await _prepare(
        connection,
        {quota.scope: quota.seats for quota in raised},
        [quota.scope for quota in raised],
    )
    own = opening_scope(opening.code)
    done = await connection.execute_query_dict(
        "UPDATE seat SET increase = seat.increase + $3, published = q.published "
        "FROM unnest($1::text[], $2::int[]) AS q(scope, published) WHERE seat.scope = q.scope "
        "AND (seat.scope <> $4 OR q.published + seat.increase + $3 <= $5) "
        "AND seat.taken <= q.published + seat.increase + $3 RETURNING seat.scope",
        [
            [quota.scope for quota in raised],
            [quota.seats for quota in raised],
            seats,
            own,
            opening.capacity,
        ],
    )
    return len(done) == len(raised)


async def usage_of(
    connection: BaseDBAsyncClient, quotas: Sequence[SeatQuota]
) -> dict[str, SeatUsage]:
    """Return how quotas stand, by scope; those that nobody used yet have nothing taken."""
    rows = await connection.execute_query_dict(
        "SELECT scope, increase, taken FROM seat WHERE scope = ANY($1::text[])",
        [[quota.scope for quota in quotas]],
    )
    known = {row["scope"]: row for row in rows}
    found = {}
    for quota in quotas:
        row = known.get(quota.scope)
        increase, taken = (0, 0) if row is None else (row["increase"], row["taken"])
        found[quota.scope] = SeatUsage(quota.seats + increase, taken)
    return found


async def _prepare(
    connection: BaseDBAsyncClient, published: Mapping[str, int], scopes: Sequence[str]
) -> None:
    """Make the rows that are missing, and lock all in one order: no two can wait in a circle."""
    if published:
        names = sorted(published)
        await connection.execute_query(
            "INSERT INTO seat (scope, published, increase, taken) "
            "SELECT scope, published, 0, 0 FROM unnest($1::text[], $2::int[]) "
            "AS q(scope, published) ORDER BY scope ON CONFLICT (scope) DO NOTHING",
            [names, [published[name] for name in names]],
        )
    await connection.execute_query(
        "SELECT scope FROM seat WHERE scope = ANY($1::text[]) ORDER BY scope FOR UPDATE",
        [list(scopes)],
    )
