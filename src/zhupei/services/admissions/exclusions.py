"""Exclusions: what a person has already, and what keeps anybody from filing (R272, T40, T41)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from zhupei.db.models import ApplicationRow, BanRow, InvitationRow
from zhupei.domain.admission_guards import policy_of, preference_limit
from zhupei.domain.admission_process import EXITS, ApplicationState, Channel
from zhupei.domain.recruitment_limits import suspension_of
from zhupei.domain.text import Text
from zhupei.services.admissions.ban_rows import bans_in_force
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import Situation

__all__ = ["OtherPlaces", "lasting_refusals"]

_S = ApplicationState

_LIVE = (_S.IN_PUBLICITY.value, _S.CONFIRMED.value)


_ADMITTED = tuple(
    state.value for state in (_S.ADMITTED, _S.NOTIFIED, _S.REPORTED, _S.CONTRACTED, _S.REGISTERED)
)


async def lasting_refusals(at: Situation) -> Refusal | None:
    """Refuse by suspension, and by what else the person has: bans, applications, invitations."""
    places = OtherPlaces()
    await places.read([at])
    return places.against(at)


class OtherPlaces:
    """What some applicants have beside an application: bans, applications, invitations."""

    def __init__(self) -> None:
        self._bans: Mapping[UUID, BanRow] = {}
        self._others: Mapping[UUID, list[ApplicationRow]] = {}
        self._invited: frozenset[tuple[UUID, str, str]] = frozenset()

    async def read(self, situations: Collection[Situation]) -> None:
        """Read what concerns the people of some applications, in three statements."""
        people = list({at.case.applicant for at in situations})
        if not people:
            return
        self._bans = await bans_in_force(people, max(at.today for at in situations))
        others: dict[UUID, list[ApplicationRow]] = {}
        for row in await ApplicationRow.filter(applicant_id__in=people):
            others.setdefault(row.applicant_id, []).append(row)
        self._others = others
        accepted = await InvitationRow.filter(
            applicant_id__in=people, state="ACCEPTED"
        ).values_list("applicant_id", "root_program_code", "round_code")
        self._invited = frozenset((UUID(str(who)), str(root), str(r)) for who, root, r in accepted)

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
            if other.root_program_code == case.root_program and other.id != case.id
        ]
        if any(other.state in _ADMITTED for other in others):
            return Refusal(
                code=RefusalCode.ALREADY_ADMITTED,
                message=Text("已被录取，须先放弃", "already admitted; decline there first"),
            )
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


def _preferences(
    at: Situation, others: Sequence[ApplicationRow], *, is_invited: bool
) -> Refusal | None:
    """Keep the number of preferences (T41) and their exclusion by an invitation (T40)."""
    case = at.case
    if case.invitation is not None or case.transferred_from is not None:
        return None
    open_ = {_S.DRAFT.value, *(state.value for state in EXITS)}
    filed = [
        other
        for other in others
        if other.round_code == (case.round or "")
        and other.state not in open_
        and other.channel == Channel.BATCH.value
        and other.invitation_id is None
        and other.transferred_from is None
    ]
    limit = preference_limit(at.program, case.round)
    if limit is not None and len(filed) >= limit[0]:
        most, source = limit
        return Refusal(
            code=RefusalCode.PREFERENCE_LIMIT,
            message=Text(
                f"每批次最多填报 {most} 个志愿，已填报 {len(filed)} 个",
                f"at most {most} preferences may be filed in a round; {len(filed)} are filed",
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
