"""Published lists around applications: whether one is public, over, or objected to (R147)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from zhupei.db.models import PublicityRow
from zhupei.db.reading import Condition, among, read_rows
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_guards import policy_of
from zhupei.domain.admission_process import ApplicationState
from zhupei.domain.text import Text
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.register_rows import OBJECTIONS, PROPOSED_LISTS
from zhupei.services.admissions.situations import Situation

__all__ = ["PublishedLists", "list_is_live", "not_on_live_list", "publicity_over"]

_S = ApplicationState
_LIST = frozenset({"ends_at", "ends_on", "id", "published_at", "withdrawn_at"})
"""What is looked at of a list."""


class PublishedLists:
    """The lists that some applications stand on and the objections that are open, read at once."""

    def __init__(self) -> None:
        self._lists: Mapping[UUID, RowView] = {}
        self._objected: frozenset[UUID] = frozenset()

    async def read(self, cases: Collection[AdmissionCase]) -> None:
        """Read what concerns some applications, in two statements; in none without lists."""
        named = {case.publicity for case in cases if case.publicity is not None}
        self._lists, self._objected = {}, frozenset()
        if not named:
            return
        standing = among("l.id", tuple(named), "uuid")
        self._lists = {row.id: row for row in await read_rows(PROPOSED_LISTS, _LIST, standing)}
        listed = tuple([case.id for case in cases if case.publicity is not None])
        undecided = among("o.application_id", listed, "uuid")
        undecided = Condition(f"{undecided.text} AND o.upheld IS NULL", undecided.values)
        found = await read_rows(OBJECTIONS, frozenset({"application"}), undecided)
        self._objected = frozenset(each.application for each in found)

    def still_public(self, at: Situation) -> Refusal | None:
        """Refuse what waits for the end of publicity."""
        if at.case.publicity is None:
            return None
        publicity = self._lists[at.case.publicity]
        if at.now >= publicity.ends_at:
            return None
        return Refusal(
            code=RefusalCode.PUBLICITY_NOT_OVER,
            message=Text(
                f"公示至 {publicity.ends_on} 24时结束",
                f"publicity ends at 24:00 of {publicity.ends_on}",
            ),
        )

    def not_over(self, at: Situation) -> Refusal | None:
        """Refuse to go on while the list is public or an objection is open (R147)."""
        against = self.still_public(at)
        if against is not None or at.case.id not in self._objected:
            return against
        return Refusal(
            code=RefusalCode.OBJECTION_OPEN,
            message=Text("异议尚未处理", "an objection has not been decided yet"),
        )

    def not_confirmable(self, at: Situation) -> Refusal | None:
        """Refuse a confirmation outside publicity, where the program asks for one within it."""
        policy = policy_of(at.program, "confirmation_in_publicity")
        if policy is None or policy.value is not True or at.case.publicity is None:
            return None
        publicity = self._lists[at.case.publicity]
        if publicity.published_at <= at.now < publicity.ends_at:
            return None
        return Refusal(
            code=RefusalCode.PUBLICITY_NOT_LIVE,
            message=Text(
                f"须在公示期内（{publicity.ends_on} 24时前）确认",
                f"offers are confirmed during publicity, by 24:00 of {publicity.ends_on}",
            ),
            source=policy.source,
        )

    def not_live(self, at: Situation) -> Refusal | None:
        """Refuse an objection to who is on no list that is public now."""
        listed = None if at.case.publicity is None else self._lists[at.case.publicity]
        if listed is not None and list_is_live(listed, at.case.state, at.now):
            return None
        return not_on_live_list()

    def not_objected(self, at: Situation) -> Refusal | None:
        """Refuse to decide where no objection is open."""
        if at.case.id in self._objected:
            return None
        return Refusal(
            code=RefusalCode.NOT_FOUND,
            message=Text("没有待处理的异议", "no objection is open"),
            field="objection",
        )


def not_on_live_list() -> Refusal:
    """Return the refusal of an objection outside publicity."""
    return Refusal(
        code=RefusalCode.PUBLICITY_NOT_LIVE,
        message=Text("不在公示期内", "the list is not in its publicity period"),
    )


def list_is_live(publicity: PublicityRow | RowView, state: ApplicationState, now: datetime) -> bool:
    """Whether somebody in ``state`` stands on a list that is public now."""
    on_list = state in {_S.IN_PUBLICITY, _S.CONFIRMED}
    return bool(publicity.withdrawn_at is None and now < publicity.ends_at and on_list)


async def publicity_over(at: Situation) -> Refusal | None:
    """Refuse to go on while the list is public or an objection is open (R147)."""
    lists = PublishedLists()
    await lists.read([at.case])
    return lists.not_over(at)
