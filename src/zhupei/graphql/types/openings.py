"""Openings: the rows of a plan, each a specialty in which people are admitted."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import strawberry

from zhupei.catalogue import Catalogue
from zhupei.domain import admission, recruitment_priority, training
from zhupei.domain.codes import ShortagePurpose
from zhupei.domain.people import PostType
from zhupei.domain.text import Text
from zhupei.domain.training import Cycle, ProgramKind
from zhupei.graphql import openness
from zhupei.graphql.hooks import HookAnswer
from zhupei.graphql.nodes import Node
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    GraphInfo,
    Localized,
    One,
    declares,
    field,
)
from zhupei.graphql.types.interfaces import USE_KEY, Benefit, RequiredDocument, Requirement
from zhupei.graphql.types.origins import Source
from zhupei.graphql.types.programs import At, Policy, Round
from zhupei.graphql.types.references import BaseRef, ProgramRef
from zhupei.graphql.types.specialties import Specialty

__all__ = ["Direction", "Opening", "RecruitmentPriority", "RoundQuota"]


@declares(training.Direction, description="A direction within an opening (培养方向).")
class Direction:
    """A direction."""

    key: str = field(
        Attribute("id"),
        description="What tells it apart in the opening (方向标识).",
    )
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    name: Text = field(Localized(), description="Name (名称).")
    quota: int | None = field(
        Attribute(), description="Places; null where no number is printed (招收人数)."
    )
    quota_note: Text | None = field(
        Localized(), description="Why the number is unknown (人数说明)."
    )
    source: Source | None = field(Attribute(), description="Where it stands (出处).")


@declares(
    training.RoundQuota,
    description="The share of an opening's places that one round fills (批次名额).",
)
class RoundQuota:
    """A share of places."""

    round: str = field(Attribute(), description="Code of the round (批次代码).")
    seats: int = field(Attribute(), description="Places (名额).")


@declares(
    recruitment_priority.RecruitmentPriority,
    description=(
        "That a specialty comes first in admission, by one list (优先录取). The list alone changes "
        "no rank and no seat: only a measure that configuration names does."
    ),
)
class RecruitmentPriority:
    """A priority."""

    rounds: list[str] = field(
        Attribute(), description="Codes of the rounds that it holds in; empty for all (适用批次)."
    )
    proposed_first: bool = field(
        Attribute(),
        description=(
            "Whether nobody of another specialty is proposed while somebody waits here and a seat "
            "is left (先行拟录取)."
        ),
    )
    transferred_first: bool = field(
        Attribute(),
        description="Whether transfers fill its seats before those of others (调剂优先).",
    )
    source: Source = field(Attribute(), description="The clause that lists it (出处).")


def _specialty(root: strawberry.Parent[training.Opening], info: GraphInfo) -> object:
    return info.context.catalogue.specialty_of(root)


def _rounds(root: strawberry.Parent[training.Opening], info: GraphInfo) -> Sequence[training.Round]:
    return openness.rounds_of(root, info.context.catalogue.programs[root.program])


def _policies(
    root: strawberry.Parent[training.Opening], info: GraphInfo
) -> Sequence[training.Policy]:
    return info.context.catalogue.program_of(root).policies


def _documents(
    root: strawberry.Parent[training.Opening], info: GraphInfo
) -> Sequence[admission.RequiredDocument]:
    return info.context.catalogue.program_of(root).documents


def _priorities(
    root: strawberry.Parent[training.Opening], info: GraphInfo
) -> Sequence[recruitment_priority.RecruitmentPriority]:
    catalogue = info.context.catalogue
    lists = catalogue.shortages.get(root.program, ())
    return recruitment_priority.priorities_of(catalogue.program_of(root), root, lists)


def _is_open(
    root: strawberry.Parent[training.Opening], info: GraphInfo, at: At = None
) -> bool | None:
    catalogue = info.context.catalogue
    return openness.takes_applications(root, catalogue, at or info.context.clock())


def _closes_at(
    root: strawberry.Parent[training.Opening], info: GraphInfo, at: At = None
) -> datetime | None:
    return openness.closes_next(_rounds(root, info), at or info.context.clock())


def _all_seats(key: tuple[str, int], catalogue: Catalogue) -> dict[str, Any]:
    """Return what `remaining_seats` is asked with: all openings of a base in a cycle at once."""
    base, year = key
    openings = catalogue.openings_of_base.get(base, ())
    return {
        "base": catalogue.bases[base],
        "openings": [opening for opening in openings if opening.year == year],
        "cycle": Cycle(year),
    }


def _seats_of(answer: dict[str, int], opening: training.Opening) -> int | None:
    return answer.get(opening.code)


@declares(
    training.Opening,
    description=(
        "One row of a plan (招收专业): a specialty of a program in which people are admitted. Its "
        "requirements and benefits are complete: those of all levels, merged by id."
    ),
)
class Opening(Node):
    """An opening."""

    code: str = field(Attribute(), description="`<program>/<specialty>` (代码).")
    program: ProgramRef = field(One("programs"), description="Program (项目).")
    base: BaseRef = field(One("bases"), description="Base that trains (培训基地).")
    specialty: Specialty | None = field(
        Computed(_specialty, settled=True), description="Specialty in its cycle (专业)."
    )
    specialty_name: Text = field(
        Localized(), description="Name of the specialty as the plan words it (专业名称)."
    )
    year: int = field(Attribute(), description="Cycle (年度).")
    kind: ProgramKind = field(Attribute(), description="Residency or fellowship (类型).")
    quota: int | None = field(
        Attribute(),
        description="Places (招收人数); null where not published, then see `quotaNote`.",
    )
    quota_note: Text | None = field(
        Localized(), description="Why the number is unknown (人数说明)."
    )
    directions: list[Direction] = field(Attribute(), description="Directions (培养方向).")
    round_quotas: list[RoundQuota] = field(
        Attribute(), description="Places by round, where the plan splits them (批次名额)."
    )
    capacity: int | None = field(
        Attribute(), description="Places that the base can train at a time, where known (培训容量)."
    )
    suspended: Text | None = field(
        Localized(),
        description="Why the specialty base may not recruit for the time being (暂停招收).",
    )
    post_type: PostType | None = field(Attribute(), description="Type of post (岗位类别).")
    duration_months: int | None = field(Attribute(), description="Length in months (培训月数).")
    note: Text | None = field(Localized(), description="What to know (备注).")
    requirements: list[Requirement] = field(
        Attribute(), description="Conditions of admission (招收条件)."
    )
    benefits: list[Benefit] = field(Attribute(), description="Pay and benefits (待遇).")
    policies: list[Policy] = field(
        Computed(_policies, settled=True),
        description="Parameters that bind it, its own over its program's (参数).",
    )
    documents: list[RequiredDocument] = field(
        Computed(_documents, settled=True),
        description="Documents that applicants give, its own over its program's (申请材料).",
    )
    shortage_purposes: list[ShortagePurpose] = field(
        Attribute(ordered=True),
        description="Sets of shortage specialties that it belongs to, by purpose (紧缺专业).",
    )
    priorities: list[RecruitmentPriority] = field(
        Computed(_priorities, settled=True),
        description="Lists by which it comes first in admission, with the measures (优先录取).",
    )
    rounds: list[Round] = field(
        Computed(_rounds, settled=True), description="Rounds that fill it (批次)."
    )
    is_open: bool | None = field(
        Computed(_is_open, settled=True),
        description=(
            "Whether one can apply at an instant (是否可报名); null where nobody can tell: no "
            "window is published, or an end is unknown."
        ),
    )
    closes_at: datetime | None = field(
        Computed(_closes_at, settled=True),
        description="When its next window of application closes after an instant (截止时间).",
    )
    remaining_seats: int | None = field(
        HookAnswer(
            "remaining_seats", of=attrgetter("base", "year"), asked=_all_seats, picked=_seats_of
        ),
        description=(
            "Places still free, as a plugin of the base counts them (剩余名额); null where none "
            "does or the plugin failed."
        ),
    )
    source: Source | None = field(Attribute(), description="Row of the plan (出处).")
