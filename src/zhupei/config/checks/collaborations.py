"""Checks of collaboration units and grass-roots sites: counted, limited, guided (R201-R208)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zhupei.config.checks.context import CheckContext
from zhupei.config.collaborations import CollaborationEntry
from zhupei.config.files import BaseFile
from zhupei.config.hints import list_choices
from zhupei.config.layers import Layer
from zhupei.config.policy_values import known_value
from zhupei.config.workspace import ConfiguredFile
from zhupei.domain.collaborations import (
    HALF_YEAR,
    QUARTER,
    AgreementTopic,
    periods_without,
)
from zhupei.domain.institutions import CollaborationKind, CollaborationPart
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["check"]

_Indexed = list[tuple[int, CollaborationEntry]]


def check(context: CheckContext) -> None:
    """Check what bases say of their units; where this hospital is the unit, the base answers."""
    for file in context.workspace.bases.values():
        if file.model.collaborations:
            _Base(context, file).check()


class _Base:
    """The collaborations of one base, with the limits that bind it."""

    def __init__(self, context: CheckContext, file: ConfiguredFile[BaseFile]) -> None:
        self._context = context
        self._file = file
        own = Layer(Level.INSTITUTION, file.document, (), file.model, True)
        self._layers: Sequence[Layer] = (*context.layers.above(file), own)

    def check(self) -> None:
        units = self._of(CollaborationKind.COLLABORATION_UNIT)
        self._specialties(units)
        for index, entry in units:
            self._months(index, entry)
            self._duties(index, entry)
            self._stated(index, entry)
        self._sites(self._of(CollaborationKind.GRASSROOTS_SITE))

    def _of(self, kind: CollaborationKind) -> _Indexed:
        return [
            (index, entry)
            for index, entry in enumerate(self._file.model.collaborations)
            if entry.kind is kind and entry.part is CollaborationPart.BASE
        ]

    def _cap(self, key: str) -> int | None:
        value = known_value(self._layers, ProgramKind.RESIDENCY, key)
        return value if isinstance(value, int) else None

    def _specialties(self, units: _Indexed) -> None:
        """Count specialty bases with a unit, and units of each (S4:238-240, R202, R203)."""
        most, each_most = (
            self._cap("collaborated_specialties_cap"),
            self._cap("collaboration_units_per_specialty_cap"),
        )
        seen: dict[str, int] = {}
        for index, entry in units:
            if entry.specialty is None:
                continue
            known = seen.get(entry.specialty, 0)
            if not known and most is not None and len(seen) >= most:
                self._limit(
                    index,
                    "specialty",
                    f"第 {len(seen) + 1} 个有协同单位的专业基地；每个培训基地不超过 {most} 个",
                    f"the {_th(len(seen) + 1)} specialty base with a collaboration unit; a base "
                    f"has at most {most}",
                )
            elif known and each_most is not None and known >= each_most:
                self._limit(
                    index,
                    "specialty",
                    f"专业 {entry.specialty} 的第 {known + 1} 个协同单位；每个专业基地只能有 "
                    f"{each_most} 个",
                    f"the {_th(known + 1)} collaboration unit of specialty {entry.specialty}; a "
                    f"specialty base has at most {each_most}",
                )
            seen[entry.specialty] = known + 1

    def _months(self, index: int, entry: CollaborationEntry) -> None:
        most = self._cap("collaboration_months_cap")
        if most is not None and entry.months is not None and entry.months > most:
            self._limit(
                index,
                "months",
                f"在协同单位培训 {entry.months} 个月，不得超过 {most} 个月",
                f"{entry.months} months at the unit; at most {most} are allowed",
            )

    def _sites(self, sites: _Indexed) -> None:
        """Count the grass-roots sites of each specialty base (S4:277-281, R208)."""
        most = self._cap("grassroots_sites_cap")
        counts: dict[str | None, int] = {}
        for index, entry in sites:
            count = counts[entry.specialty] = counts.get(entry.specialty, 0) + 1
            if most is not None and count > most:
                self._limit(
                    index,
                    "kind",
                    f"第 {count} 个基层实践基地；每个专业基地不超过 {most} 个",
                    f"the {_th(count)} grass-roots site; a specialty base has at most {most}",
                )

    def _limit(self, index: int, key: str, zh: str, en: str) -> None:
        path = ("collaborations", index, key)
        self._context.report(self._file.document, path, "CONFIG_COLLABORATION_LIMIT", zh, en)

    def _duties(self, index: int, entry: CollaborationEntry) -> None:
        """Report what was stated and is not what the guide asks for (S4:246-275, R205-R207)."""
        for key, zh, en in _neglected(entry):
            self._context.report(
                self._file.document,
                ("collaborations", index, key),
                "CONFIG_COLLABORATION_DUTY",
                zh,
                en,
            )

    def _stated(self, index: int, entry: CollaborationEntry) -> None:
        """Warn of what the guide asks for and nobody has stated."""
        unknown = list(_unstated(entry))
        if not unknown:
            return
        self._context.report(
            self._file.document,
            ("collaborations", index, "hospital"),
            "CONFIG_COLLABORATION_INCOMPLETE",
            f"协同单位“{entry.hospital.zh}”尚未写明：" + "、".join(each.zh for each in unknown),
            f'of the collaboration unit "{entry.hospital.en}" it is not stated: '
            + ", ".join(each.en or each.zh for each in unknown),
            severity="warning",
        )


def _neglected(entry: CollaborationEntry) -> Iterator[tuple[str, str, str]]:
    quarters = periods_without((each.on for each in entry.guidance), QUARTER)
    if quarters:
        listed = list_choices(quarters)
        yield (
            "guidance",
            f"应每季度指导协同单位，{listed.zh} 没有记录",
            f"the unit is guided every quarter; there is no record for {listed.en}",
        )
    group = entry.leading_group
    halves = () if group is None else periods_without(group.meetings, HALF_YEAR)
    if halves:
        listed = list_choices(halves)
        yield (
            "leading_group",
            f"领导小组应每半年召开一次会议，{listed.zh} 没有记录",
            f"the leading group meets every half year; there is no record for {listed.en}",
        )
    if entry.full_time_managers == 0:
        yield (
            "full_time_managers",
            "协同单位应配备专职住培管理人员",
            "the unit has to have full-time managers of training",
        )
    if entry.pays_performance is False:
        yield (
            "pays_performance",
            "协同单位应发放培训对象的绩效",
            "the unit has to pay trainees for performance",
        )
    if entry.pays_night_allowance is False:
        yield (
            "pays_night_allowance",
            "协同单位应发放培训对象的夜班补助",
            "the unit has to pay trainees for night duty",
        )


def _unstated(entry: CollaborationEntry) -> Iterator[Text]:
    agreement = entry.agreement
    covers: Sequence[AgreementTopic] = () if agreement is None else agreement.covers
    lacks = [topic.label for topic in AgreementTopic if topic not in covers]
    named = (
        (entry.specialty is None, Text("专业", "specialty")),
        (entry.content is None, Text("培训内容", "content")),
        (entry.months is None, Text("培训时间", "months")),
        (
            agreement is None or agreement.signed is None,
            Text("协议签订日期", "day of the agreement"),
        ),
        (
            bool(lacks),
            Text(
                f"协议内容（{'、'.join(each.zh for each in lacks)}）",
                f"what the agreement says of {', '.join(each.en or each.zh for each in lacks)}",
            ),
        ),
        (entry.leading_group is None, Text("协同培训领导小组", "joint leading group")),
        (not entry.guidance, Text("季度指导记录", "records of quarterly guidance")),
        (entry.full_time_managers is None, Text("专职管理人员", "full-time managers")),
        (entry.pays_performance is None, Text("绩效发放", "pay for performance")),
        (entry.pays_night_allowance is None, Text("夜班补助", "night allowance")),
    )
    return (text for open_, text in named if open_)


def _th(count: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(count if count < 20 else count % 10, "th")
    return f"{count}{ending}"
