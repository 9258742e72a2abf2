"""Places: openings and directions with the seats that are left to them in a round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.domain.allocation import place_code
from zhupei.domain.nested_quotas import NestedPlace, Overlap, single_quotas
from zhupei.domain.ranking import TieBreak
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import not_found
from zhupei.services.seats import SeatQuota, quotas_of, usage_of

__all__ = ["Place", "places_of"]

_SHOWN = 5
_SUSPENDED = "suspended"
"""The quota without a seat around places that may not recruit for the time being."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An opening, or one direction of it, that takes part: its seats, and how it orders.

    ``criteria`` are the assessments that decide between equal totals, before ``ties`` does.
    """

    code: str
    program: str
    opening: str
    direction: str | None
    quota: int
    ties: TieBreak
    criteria: tuple[str, ...] = ()

    def ordered_by(self, ties: TieBreak, criteria: tuple[str, ...]) -> Place:
        """Return the place with its rule for equal totals."""
        return replace(self, ties=ties, criteria=criteria)


@dataclass(frozen=True, slots=True)
class _Sited:
    """A place before its quotas are one number."""

    opening: Opening
    direction: str | None
    quotas: tuple[SeatQuota, ...]
    demand: int
    is_suspended: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        """The names of all that its seats count against."""
        known = tuple(quota.scope for quota in self.quotas)
        return (*known, _SUSPENDED) if self.is_suspended else known

    @property
    def own(self) -> SeatQuota:
        """The quota that is published for it: the direction's, the round's share, the opening's."""
        by_scope = {quota.scope.partition(":")[0]: quota for quota in self.quotas}
        if self.direction is not None and "direction" in by_scope:
            return by_scope["direction"]
        return by_scope.get("opening-round", by_scope["opening"])


async def places_of(
    desk: Desk,
    connection: BaseDBAsyncClient,
    programs: Mapping[str, Program],
    round_code: str,
    asked: Mapping[tuple[str, str | None], int],
    seats: Mapping[str, int],
) -> dict[str, Place] | Refusal:
    """Return the places of a round by code, each with the seats that are left.

    An opening is one place, unless a direction of it has a quota of its own: then each direction
    is one. ``asked`` counts applications by opening and direction, ``seats`` overrides what is
    published. Where recruitment is suspended there are no seats, whatever is published (R272).
    Refused where people ask for seats that are not published, and where a quota that places share
    may stop them (`zhupei.domain.nested_quotas`).
    """
    sited: dict[str, _Sited] = {}
    for program in programs.values():
        for code in program.openings:
            found = _sites(desk, desk.catalogue.openings[code], round_code, asked)
            if isinstance(found, Refusal):
                return found
            sited.update(found)
    unknown = next((code for code in seats if code not in sited), None)
    if unknown is not None:
        return not_found("opening", unknown)
    quotas = {quota.scope: quota for site in sited.values() for quota in site.quotas}
    usage = await usage_of(connection, tuple(quotas.values()))
    left = {
        scope: max(0, usage[scope].seats + more - usage[scope].taken)
        for scope, more in _raised(sited, seats, quotas).items()
    }
    left[_SUSPENDED] = 0
    nested = {code: NestedPlace(site.scopes, site.demand) for code, site in sited.items()}
    single, overlaps = single_quotas(nested, left)
    if overlaps:
        return _overlapping(overlaps)
    return {
        code: Place(
            code=code,
            program=site.opening.program,
            opening=site.opening.code,
            direction=site.direction,
            quota=single[code],
            ties=TieBreak(),
        )
        for code, site in sited.items()
    }


def _sites(
    desk: Desk, opening: Opening, round_code: str, asked: Mapping[tuple[str, str | None], int]
) -> dict[str, _Sited] | Refusal:
    ids = [None, *(each.id for each in opening.directions)]
    demand = {each: asked.get((opening.code, each), 0) for each in ids}
    program = desk.catalogue.program_of(opening)
    is_suspended = suspension_of(program, opening) is not None
    whole = quotas_of(desk.catalogue, opening, round_code, None)
    if isinstance(whole, Refusal):
        if not any(demand.values()):
            return {}
        zh, en = whole.message.zh, whole.message.en
        return replace(whole, message=Text(f"{opening.code}：{zh}", f"{opening.code}: {en}"))
    if all(each.quota is None for each in opening.directions):
        code = place_code(opening.code, None)
        return {code: _Sited(opening, None, whole, sum(demand.values()), is_suspended)}
    found = {}
    for each in opening.directions:
        quotas = quotas_of(desk.catalogue, opening, round_code, each.id)
        if isinstance(quotas, Refusal):
            return quotas
        code = place_code(opening.code, each.id)
        found[code] = _Sited(opening, each.id, quotas, demand[each.id], is_suspended)
    return found


def _raised(
    sited: Mapping[str, _Sited], seats: Mapping[str, int], quotas: Mapping[str, SeatQuota]
) -> dict[str, int]:
    """Return by how many seats each quota changes: those around a place follow it.

    Only the capacity does not, which is no plan (R153).
    """
    more: dict[str, int] = dict.fromkeys(quotas, 0)
    for code, wanted in seats.items():
        site = sited[code]
        for quota in site.quotas:
            if not quota.scope.startswith("capacity:"):
                more[quota.scope] += wanted - site.own.seats
    return more


def _overlapping(overlaps: tuple[Overlap, ...]) -> Refusal:
    shown = overlaps[:_SHOWN]
    rest = len(overlaps) - len(shown)
    zh = "；".join(
        f"{each.scope} 余 {each.left} 个，而其内各处最多可占 {each.wanted} 个" for each in shown
    )
    en = "; ".join(
        f"{each.scope} has {each.left} left, while what it holds may take {each.wanted}"
        for each in shown
    )
    return Refusal(
        code=RefusalCode.QUOTAS_OVERLAP,
        message=Text(
            f"名额相互限制，仅凭志愿和成绩不能确定由谁占用：{zh}"
            + (f"（另有 {rest} 处）" if rest else ""),
            "quotas overlap, so that preferences and scores do not decide who takes the seat: "
            + en
            + (f" (and {rest} more)" if rest else ""),
        ),
    )
