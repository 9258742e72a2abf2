"""The published list of proposed admissions (公示名单), with every identity masked.

The list says who is proposed for what, from when to when objections are heard, and by which rules.
Identities are masked before anything else is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.masking import mask_name, mask_number
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.errors import ZhupeiError
from zhupei.services.papers.brochure_offer import contacts, host_name
from zhupei.services.papers.paper import Facts, Grid, Paper, Part, Statement
from zhupei.services.papers.records import ProposedAdmission
from zhupei.services.papers.spreadsheet import Column, write_csv
from zhupei.services.papers.wording import TRAINEE_TYPES, chinese_date, said

__all__ = [
    "PublicityList",
    "PublicityListError",
    "PublicityPeriod",
    "PublicityRow",
    "publicity_csv",
    "publicity_list",
    "publicity_paper",
]

_DAY = timedelta(days=1)


class PublicityListError(ZhupeiError):
    """A list cannot be made, or a file is not the list that was signed."""

    code = "PUBLICITY_LIST_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityRow:
    """One person as published; ``name`` and ``identity`` are masked."""

    number: int
    application: str
    name: str
    identity: str
    opening: str
    specialty: str
    direction: str | None
    trainee_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityList:
    """The list of one round, or of a program that has no rounds.

    ``ends_on`` is the last day, over at 24:00 China time; ``working_days`` is the length and
    ``counts_first_day`` whether the day of publication counts (T13). ``rules`` is the hash of the
    catalogue by which the admissions were decided.
    """

    program: str
    program_name: str
    host: str
    round: str | None
    round_name: str | None
    published_on: date
    ends_on: date
    working_days: int
    counts_first_day: bool
    rules: str
    objections: tuple[str, ...]
    rows: tuple[PublicityRow, ...]

    @property
    def closes_at(self) -> datetime:
        """The instant at which the period is over: 00:00 after the last day, in China's time."""
        return datetime.combine(self.ends_on + _DAY, time(), CHINA_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityPeriod:
    """The period as it was fixed when the list was published, and the rules that fixed it."""

    published_on: date
    ends_on: date
    working_days: int
    counts_first_day: bool
    rules: str


def publicity_list(
    catalogue: Catalogue,
    program: str,
    round_code: str | None,
    proposed: Sequence[ProposedAdmission],
    period: date | PublicityPeriod,
) -> PublicityList:
    """Return the list of a round, masked, with its end by the program's own rules (R146, R216).

    ``period`` is the day of publication, or the whole period of a list that was published
    before. Rows are in the order of openings and applications, which says nothing about rank.

    Raises:
        KeyError: there is no such program.
        PublicityListError: a proposal is for an opening of another program or stands there
            twice, the round does not exist, or the program sets no length of the period.
        CalendarNotConfigured: the working days of a year that is needed are not known.
    """
    found = catalogue.programs[program]
    fixed = period if isinstance(period, PublicityPeriod) else _period(catalogue, found, period)
    rows = _rows(catalogue, found, proposed)
    name = next((each.name.zh for each in found.rounds if each.code == round_code), None)
    if name is None and round_code is not None:
        raise PublicityListError(
            Text(f"{program} 没有批次 {round_code}", f"{program} has no round {round_code}")
        )
    return PublicityList(
        program=program,
        program_name=found.name.zh,
        host=host_name(catalogue, found),
        round=round_code,
        round_name=name,
        published_on=fixed.published_on,
        ends_on=fixed.ends_on,
        working_days=fixed.working_days,
        counts_first_day=fixed.counts_first_day,
        rules=fixed.rules,
        objections=_objections(catalogue, found),
        rows=rows,
    )


def _period(catalogue: Catalogue, program: Program, published_on: date) -> PublicityPeriod:
    values = {policy.key: policy.value for policy in program.policies}
    days = values.get("publicity_working_days")
    if not isinstance(days, int):
        raise PublicityListError(
            Text(
                f"{program.code} 没有规定公示期（publicity_working_days）",
                f"{program.code} sets no length of the publicity period (publicity_working_days)",
            )
        )
    # Not counting the day of publication is the stricter reading (T13).
    counts = values.get("publicity_counts_first_day") is True
    return PublicityPeriod(
        published_on=published_on,
        ends_on=catalogue.calendar.publicity_end(published_on, days, count_first_day=counts),
        working_days=days,
        counts_first_day=counts,
        rules=catalogue.hash,
    )


def _rows(
    catalogue: Catalogue, program: Program, proposed: Sequence[ProposedAdmission]
) -> tuple[PublicityRow, ...]:
    strangers = sorted({each.opening for each in proposed} - set(program.openings))
    if strangers:
        listed = ", ".join(strangers)
        raise PublicityListError(
            Text(f"不属于 {program.code}：{listed}", f"not of {program.code}: {listed}")
        )
    ids = [each.application for each in proposed]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        listed = ", ".join(twice)
        raise PublicityListError(Text(f"重复：{listed}", f"listed twice: {listed}"))
    ordered = sorted(
        proposed, key=lambda each: (program.openings.index(each.opening), each.application)
    )
    return tuple(
        PublicityRow(
            number=number,
            application=each.application,
            name=mask_name(each.name),
            identity=mask_number(each.number),
            opening=each.opening,
            specialty=catalogue.openings[each.opening].specialty_name.zh,
            direction=None if each.direction is None else each.direction.zh,
            trainee_type=None if each.trainee_type is None else each.trainee_type.value,
        )
        for number, each in enumerate(ordered, start=1)
    )


def _objections(catalogue: Catalogue, program: Program) -> tuple[str, ...]:
    block = contacts(catalogue, program)[0]
    if not isinstance(block, Facts):
        return ()
    return tuple(
        f"{label}：{'；'.join(line.text for line in lines)}" for label, lines in block.rows
    )


_DIRECTION = "培养方向"
_HEADERS = ("序号", "报名号", "姓名", "证件号码", "专业", _DIRECTION, "人员类型")
_WIDTHS = (0.0, 4.0, 0.0, 0.0, 3.0, 3.0, 3.0)


def _directed(listed: PublicityList) -> bool:
    return any(row.direction for row in listed.rows)


def _cells(row: PublicityRow) -> tuple[str, ...]:
    types = {each.value: text.zh for each, text in TRAINEE_TYPES.items()}
    return (
        str(row.number),
        row.application,
        row.name,
        row.identity,
        row.specialty,
        row.direction or "",
        "" if row.trainee_type is None else types[row.trainee_type],
    )


def publicity_csv(listed: PublicityList) -> bytes:
    """Return the entries as CSV, in UTF-8 with a mark."""
    return write_csv([Column(header=each) for each in _HEADERS], [_cells(r) for r in listed.rows])


def publicity_paper(listed: PublicityList, *, fingerprint: str | None = None) -> Paper:
    """Return the list as a paper to print and post (S2:68, S4:350-352).

    ``fingerprint`` is the SHA-256 of the signed file, printed so that a paper that hangs on a
    wall can be compared with it.
    """
    counted = "计入" if listed.counts_first_day else "不计入"
    batch = () if listed.round_name is None else (("公示批次", said(listed.round_name)),)
    file = () if fingerprint is None else (("电子名单校验值（SHA-256）", said(fingerprint)),)
    facts = Facts(
        (
            *batch,
            (
                "公示期",
                said(
                    f"{chinese_date(listed.published_on)} 至 {chinese_date(listed.ends_on)}24:00，"
                    f"共 {listed.working_days} 个工作日（{counted}发布当日）"
                ),
            ),
            ("人数", said(f"{len(listed.rows)} 名")),
            (
                "异议受理",
                tuple(Statement(each) for each in listed.objections) or said("未公布联系方式"),
            ),
            *file,
        )
    )
    kept = [at for at, name in enumerate(_HEADERS) if name != _DIRECTION or _directed(listed)]
    rows = tuple(tuple(said(_cells(row)[at] or "—") for at in kept) for row in listed.rows)
    header = tuple(_HEADERS[at] for at in kept)
    widths = tuple(_WIDTHS[at] for at in kept)
    return Paper(
        title=listed.program_name,
        subtitle="拟录取人员名单公示",
        issuer=listed.host,
        parts=(
            Part("公示说明", (facts,)),
            Part("拟录取人员名单", (Grid(header, rows, widths),)),
        ),
        signed=(listed.host, chinese_date(listed.published_on)),
    )
