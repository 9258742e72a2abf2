"""What the graph will say, in short: seats, steps, deadlines, and what is unknown and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.catalogue.catalogue import Catalogue
    from zhupei.domain.training import Program, Round

__all__ = ["HostSummary", "ProgramSummary", "local_time", "summarise", "summary_text"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that the graph answers with null: what it is, and the reason that is given."""

    what: Text
    reason: Text | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A window of a round in local time, as text; None where an end is not known."""

    round: str
    kind: str
    label: Text
    opens: str | None
    closes: str | None


@dataclass(frozen=True, slots=True)
class ProgramSummary:
    """One program: ``quota`` is None where a part of it is unknown, ``known`` the rest's sum.

    ``inherits`` names the parent program that the rounds are taken from.
    """

    code: str
    name: Text
    kind: str
    year: int
    quota: int | None
    known: int
    openings: int
    inherits: str | None = None
    steps: tuple[Text, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class HostSummary:
    """A base or jurisdiction with its programs; ``degraded`` says why something is missing."""

    code: str
    name: Text
    kind: str
    programs: tuple[ProgramSummary, ...] = ()
    degraded: tuple[Text, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Return every part for other programs."""
        return asdict(self)


def summarise(catalogue: Catalogue, codes: Collection[str] | None = None) -> list[HostSummary]:
    """Return the summaries of bases and jurisdictions, of ``codes`` only where these are given."""
    found = []
    for code, jurisdiction in catalogue.jurisdictions.items():
        if codes is None or code in codes:
            programs = catalogue.programs_of_jurisdiction.get(code, ())
            found.append(
                HostSummary(code, jurisdiction.name, "jurisdiction", _all(catalogue, programs))
            )
    for code, base in catalogue.bases.items():
        if codes is None or code in codes:
            programs = tuple(catalogue.programs[each] for each in base.programs)
            degraded = tuple(each.reason for each in base.degradations)
            found.append(HostSummary(code, base.name, "base", _all(catalogue, programs), degraded))
    return found


def _all(catalogue: Catalogue, programs: Iterable[Program]) -> tuple[ProgramSummary, ...]:
    return tuple(_program(catalogue, program) for program in programs)


def _program(catalogue: Catalogue, program: Program) -> ProgramSummary:
    openings = catalogue.openings_of_program.get(program.code, ())
    parent = catalogue.programs.get(program.parent or "")
    inherits = parent is not None and bool(program.rounds) and parent.rounds == program.rounds
    return ProgramSummary(
        code=program.code,
        name=program.name,
        kind=program.kind.value,
        year=program.year,
        quota=program.quota_total,
        known=sum(opening.quota or 0 for opening in openings),
        openings=len(openings),
        inherits=program.parent if inherits else None,
        steps=tuple(step.label for step in program.steps),
        deadlines=tuple(_deadlines(program.rounds)),
        unknown=tuple(_unknown(catalogue, program, parent)),
    )


def _deadlines(rounds: Iterable[Round]) -> Iterator[Deadline]:
    for each in rounds:
        for window in each.windows:
            yield Deadline(
                each.code,
                window.kind,
                window.label,
                None if window.opens_at is None else local_time(window.opens_at),
                None if window.closes_at is None else local_time(window.closes_at, closing=True),
            )


def local_time(moment: datetime, *, closing: bool = False) -> str:
    """Return a moment as people in China read it; midnight as an end is 24:00 of the day before."""
    local = moment.astimezone(CHINA_TIME)
    if closing and (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{(local - timedelta(days=1)).date()} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def _unknown(catalogue: Catalogue, program: Program, parent: Program | None) -> Iterator[Unknown]:
    """Yield what is unknown; what is so for the parent's reason stands with the parent."""
    openings = catalogue.openings_of_program.get(program.code, ())
    missing = [opening for opening in openings if opening.quota is None]
    for opening in missing:
        what = Text(f"{opening.specialty} 的名额", f"seats of {opening.specialty}")
        yield Unknown(what, opening.quota_note)
    if program.quota_total is None and not missing:
        yield Unknown(Text("总名额", "total of seats"), program.quota_note)
    if program.duration_months is None and (
        parent is None or parent.duration_note != program.duration_note
    ):
        yield Unknown(Text("培训月数", "length in months"), program.duration_note)
    if parent is None or parent.rounds != program.rounds:
        yield from _unknown_dates(program)
    inherited = set() if parent is None else {(each.key, each.value) for each in parent.policies}
    for policy in program.policies:
        if policy.value is None and (policy.key, None) not in inherited:
            yield Unknown(policy.label, policy.note)


def _unknown_dates(program: Program) -> Iterator[Unknown]:
    if not program.rounds:
        yield Unknown(Text("招收日程", "calendar of admissions"), program.rounds_note)
    for each in program.rounds:
        if not each.windows:
            what = Text(f"轮次 {each.code} 的日期", f"dates of the round {each.code}")
            yield Unknown(what, each.note)
        elif each.quota is None and each.quota_note is not None:
            what = Text(f"轮次 {each.code} 的名额", f"seats of the round {each.code}")
            yield Unknown(what, each.quota_note)


def summary_text(hosts: Iterable[HostSummary], language: Language) -> str:
    """Return the summary for a terminal."""
    return "".join(line + "\n" for host in hosts for line in _host_lines(host, language))


_WORDS = {
    "seats": Text("名额", "seats"),
    "steps": Text("步骤", "steps"),
    "rounds": Text("日程", "calendar"),
    "unknown": Text("未知", "unknown"),
    "degraded": Text("降级", "degraded"),
}


def _row(word: str, text: str, language: Language) -> str:
    label = _WORDS[word].get(language)
    # Chinese characters are two columns wide.
    width = 10 - len(label) if language is Language.ZH else 10
    return f"    {label:<{width}}{text}"


def _host_lines(host: HostSummary, language: Language) -> Iterator[str]:
    yield f"{host.code}  {host.name.get(language)}"
    for reason in host.degraded:
        yield _row("degraded", reason.get(language), language)
    for program in host.programs:
        yield from _program_lines(program, language)


def _program_lines(program: ProgramSummary, language: Language) -> Iterator[str]:
    yield f"  {program.code}"
    yield _row("seats", _seats(program).get(language), language)
    if program.inherits is not None:
        text = Text(f"与 {program.inherits} 相同", f"as {program.inherits}")
        yield _row("rounds", text.get(language), language)
    else:
        if program.steps:
            yield _row("steps", " → ".join(s.get(language) for s in program.steps), language)
        for deadline in program.deadlines:
            yield _row("rounds", _window_line(deadline, language), language)
    for each in program.unknown:
        reason = each.reason or Text("没有说明原因", "no reason is given")
        mark = "：" if language is Language.ZH else ": "
        text_ = f"{each.what.get(language)}{mark}{reason.get(language)}"
        yield _row("unknown", text_, language)


def _seats(program: ProgramSummary) -> Text:
    if program.quota is not None:
        return Text(
            f"{program.quota}（{program.openings} 个专业）",
            f"{program.quota} in {_openings(program.openings)}",
        )
    if program.openings:
        return Text(
            f"未知（{program.openings} 个专业，已知 {program.known}）",
            f"unknown ({program.known} known in {_openings(program.openings)})",
        )
    return Text("未知", "unknown")


def _openings(count: int) -> str:
    return "1 opening" if count == 1 else f"{count} openings"


def _window_line(deadline: Deadline, language: Language) -> str:
    label = deadline.label.get(language)
    if deadline.opens is not None and deadline.closes is not None:
        when = Text(
            f"{deadline.opens} 至 {deadline.closes}", f"{deadline.opens} to {deadline.closes}"
        )
    elif deadline.closes is not None:
        when = Text(f"{deadline.closes} 前", f"by {deadline.closes}")
    elif deadline.opens is not None:
        when = Text(f"{deadline.opens} 起", f"from {deadline.opens}")
    else:
        when = Text("日期未知", "dates unknown")
    return f"{deadline.round}  {when.get(language)}  {label}"
