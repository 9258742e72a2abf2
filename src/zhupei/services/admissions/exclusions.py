"""Exclusions: what a person has already, and what keeps anybody from filing (R272, T40, T41)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from zhupei.db.reading import Condition, among, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_guards import policy_of, preference_limit
from zhupei.domain.admission_process import EXITS, ApplicationState, Channel
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text
from zhupei.services.admissions.ban_rows import bans_in_force
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.register_rows import INVITATIONS
from zhupei.services.admissions.row_sources import APPLICATIONS
from zhupei.services.admissions.situations import Situation

__all__ = ["OtherPlaces", "lasting_refusals"]

_S = ApplicationState

_LIVE = (_S.IN_PUBLICITY, _S.CONFIRMED)
_OFFERED = Text("已被录取，须先放弃", "already admitted; decline there first")
_ARRIVED = Text(
    "已被录取并报到，须先由录取单位登记退出",
    "already admitted and reported; the office there records first that the person leaves",
)
_ADMITTED = {
    _S.ADMITTED: _OFFERED,
    _S.NOTIFIED: _OFFERED,
    _S.REPORTED: _ARRIVED,
    _S.CONTRACTED: _ARRIVED,
    _S.REGISTERED: Text(
        "在本次招收中已注册培训，不能再次报名",
        "registered as a trainee in this recruitment already; nobody is admitted to it twice",
    ),
}
"""What each place that a person has tells who files again; one is in one of them at most."""
_OTHER = frozenset(
    {
        *("applicant", "channel", "id", "invitation", "root_program", "round", "state"),
        "transferred_from",
    }
)
_ACCEPTED = frozenset({"applicant", "root_program", "round"})
"""What is looked at of other applications, and of invitations."""


async def lasting_refusals(at: Situation) -> Refusal | None:
    """Refuse by suspension, and by what else the person has: bans, applications, invitations."""
    places = OtherPlaces()
    await places.read([at])
    return places.against(at)


class OtherPlaces:
    """What some applicants have beside an application: bans, applications, invitations."""

    def __init__(self) -> None:
        self._bans: Mapping[UUID, RowView] = {}
        self._others: Mapping[UUID, list[RowView]] = {}
        self._invited: frozenset[tuple[UUID, str, str]] = frozenset()

    async def read(self, situations: Collection[Situation]) -> None:
        """Read what concerns the people of some applications, in three statements."""
        people = list({at.case.applicant for at in situations})
        if not people:
            return
        self._bans = await bans_in_force(people, max(at.today for at in situations))
        others: dict[UUID, list[RowView]] = {}
        theirs = among("a.applicant_id", tuple(people), "uuid")
        for row in await read_rows(APPLICATIONS, _OTHER, theirs):
            others.setdefault(row.applicant, []).append(row)
        self._others = others
        theirs = among("i.applicant_id", tuple(people), "uuid")
        accepted = Condition(f"{theirs.text} AND i.state = 'ACCEPTED'", theirs.values)
        self._invited = frozenset(
            (row.applicant, row.root_program, row.round)
            for row in await read_rows(INVITATIONS, _ACCEPTED, accepted)
        )

    def against(self, at: Situation) -> Refusal | None:
        """Refuse to file where something lasting stands against it."""
        case = at.case
        against = suspension_of(at.program, at.opening)
        if against is not None:
            return against
        ban = self._bans.get(case.applicant)
        if ban is not None:
            return Refusal(
                code=RefusalCode.BANNED,
                message=Text(
                    f"{ban.until} 前（含当日）不得报名：{ban.reason}",
                    f"banned from applying until {ban.until}, included: {ban.reason}",
                ),
            )
        others = [
            other
            for other in self._others.get(case.applicant, ())
            if other.root_program == case.root_program and other.id != case.id
        ]
        held = next((_ADMITTED[other.state] for other in others if other.state in _ADMITTED), None)
        if held is not None:
            return Refusal(code=RefusalCode.ALREADY_ADMITTED, message=held)
        blocks = policy_of(at.program, "live_publicity_blocks_next_round")
        if blocks is not None and blocks.value is True and any(o.state in _LIVE for o in others):
            return Refusal(
                code=RefusalCode.LIVE_PUBLICITY,
                message=Text(
                    "正在公示名单中，须先放弃方可填报",
                    "on a live publicity list: decline there first",
                ),
                source=blocks.source,
            )
        place = (case.applicant, case.root_program, case.round or "")
        return (
            None
            if case.channel is not Channel.BATCH
            else _preferences(at, others, is_invited=place in self._invited)
        )


def _preferences(at: Situation, others: Sequence[RowView], *, is_invited: bool) -> Refusal | None:
    """Keep the number of preferences (T41) and their exclusion by an invitation (T40)."""
    case = at.case
    if case.invitation is not None or case.transferred_from is not None:
        return None
    open_ = {_S.DRAFT, *EXITS}
    filed = [
        other
        for other in others
        if other.round == case.round
        and other.state not in open_
        and other.channel is Channel.BATCH
        and other.invitation is None
        and other.transferred_from is None
    ]
    limit = preference_limit(at.program, case.round)
    if limit is not None and len(filed) >= limit[0]:
        most, source = limit
        return Refusal(
            code=RefusalCode.PREFERENCE_LIMIT,
            message=Text(
                f"每批次最多填报 {most} 个志愿，已填报 {len(filed)} 个；先撤回其中一个，方可改报",
                f"at most {most} preferences may be filed in a round; {len(filed)} are filed: "
                "withdraw one to file another",
            ),
            source=source,
        )
    excludes = policy_of(at.program, "invitation_excludes_preference")
    if excludes is not None and excludes.value is True and is_invited:
        return Refusal(
            code=RefusalCode.INVITED_HAS_PREFERENCE,
            message=Text(
                "已接受本批次的邀请，不得再填报志愿",
                "an invitation of this round was accepted, so no preference can be filed",
            ),
            source=excludes.source,
        )
    return None
