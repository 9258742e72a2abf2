"""Hubei's rule on which base a trainee entrusted by another unit may apply to (S2:34).

Everything else of the notice of 2024 is configuration. This rule needs what no file of one base
can say: which other bases the unit's own prefecture has, and which specialties they recruit.
"""

from __future__ import annotations

from collections.abc import Iterable

from zhupei import (
    Base,
    Candidate,
    Finding,
    FindingOutcome,
    Level,
    Opening,
    Program,
    SendingUnit,
    Source,
    Text,
    TraineeType,
    Zhupei,
    hookimpl,
)

__all__ = ["Hubei", "plugin"]

_PROVINCE = "420000"
_PROGRAM = "hubei-residency-2024"
_OWN_PREFECTURE = Source("S2", "二、（三）1", "34")


class Hubei:
    """The plugin: R124, for programs below the province's of 2024."""

    def __init__(self) -> None:
        self._zhupei: Zhupei | None = None

    @hookimpl
    def startup(self, zhupei: Zhupei) -> None:
        """Keep the handle: the rule looks up the other bases of a prefecture."""
        self._zhupei = zhupei

    @hookimpl
    def shutdown(self) -> None:
        """Let the handle go."""
        self._zhupei = None

    @hookimpl
    def check_eligibility(
        self, base: Base, program: Program, opening: Opening, candidate: Candidate
    ) -> list[Finding] | None:
        """Judge whether the base is one that an entrusted trainee may apply to.

        Raises:
            RuntimeError: other bases must be looked up before the server has started.
        """
        if program.parent != _PROGRAM:
            return None
        if candidate.trainee_type is None:
            return [_unknown("traineeType")]
        if candidate.trainee_type is not TraineeType.ENTRUSTED:
            return None
        return [self._own_prefecture(base, program, opening, candidate)]

    def _own_prefecture(
        self, base: Base, program: Program, opening: Opening, candidate: Candidate
    ) -> Finding:
        unit = candidate.sending_unit or SendingUnit()
        # The code of a prefecture begins as its province's does.
        places = [code for code in (unit.province, unit.prefecture) if code is not None]
        if any(code[:2] != _PROVINCE[:2] for code in places):
            return _finding(
                FindingOutcome.REVIEW,
                "选送单位不在湖北省，所在市州是否有基地无法判断，由基地审核",
                "the sending unit is outside Hubei; whether its prefecture has a base is not "
                "known here and is reviewed by the base",
            )
        if unit.prefecture is None:
            return _unknown("sendingUnit.prefecture")
        if unit.prefecture == base.prefecture:
            return _finding(
                FindingOutcome.PASS,
                "基地在选送单位所在市州",
                "the base is in the sending unit's own prefecture",
            )
        own = self._bases_in(unit.prefecture, program)
        offering = [each for each in own if self._recruits(each, program, opening)]
        if offering:
            return _finding(
                FindingOutcome.REVIEW,
                f"原则上限定申报所在市州的基地，{_names(offering)}招收该专业",
                "in principle only bases in the sending unit's own prefecture may be applied to, "
                f"and there {_names_en(offering)} recruit this specialty",
            )
        unpublished = [each for each in own if not self._openings(each, program)]
        if unpublished:
            return _finding(
                FindingOutcome.REVIEW,
                f"所在市州有{_names(unpublished)}，其招收专业尚未公布，是否可申报外地基地由基地审核",
                f"the prefecture has {_names_en(unpublished)}, whose specialties are not "
                "published: whether a base elsewhere may be applied to is reviewed by the base",
            )
        return _by_agreement(unit, has_base=bool(own))

    def _bases_in(self, prefecture: str, program: Program) -> list[Base]:
        """Return the bases of a prefecture that take part in the province's program."""
        zhupei = self._running()
        parent = zhupei.program(program.parent or "")
        found = []
        for code in parent.children if parent is not None else ():
            child = zhupei.program(code)
            other = zhupei.base(child.base) if child is not None and child.base else None
            if other is not None and other.prefecture == prefecture:
                found.append(other)
        return found

    def _openings(self, base: Base, program: Program) -> tuple[str, ...]:
        """Return the specialties that a base recruits in the province's program."""
        zhupei = self._running()
        programs = (zhupei.program(code) for code in base.programs)
        openings = (
            zhupei.opening(code)
            for each in programs
            if each is not None and each.parent == program.parent
            for code in each.openings
        )
        return tuple(opening.specialty for opening in openings if opening is not None)

    def _recruits(self, base: Base, program: Program, opening: Opening) -> bool:
        return opening.specialty in self._openings(base, program)

    def _running(self) -> Zhupei:
        if self._zhupei is None:
            raise RuntimeError("the plugin was asked about other bases before startup")
        return self._zhupei


def _by_agreement(unit: SendingUnit, *, has_base: bool) -> Finding:
    why = (
        Text("所在市州没有招收该专业的基地", "the prefecture has no base for this specialty")
        if has_base
        else Text("所在市州没有国家级住培基地", "the prefecture has no national base")
    )
    if unit.agreement_signed is None:
        return _finding(
            FindingOutcome.UNKNOWN,
            f"{why.zh}，须由工作单位与本基地签订定向委托培训协议书；是否已签未知",
            f"{why.en}, so the unit signs a directed-entrustment agreement with this base; "
            "whether it has is not known",
            "sendingUnit.agreementSigned",
        )
    if unit.agreement_signed:
        return _finding(
            FindingOutcome.PASS,
            f"{why.zh}，工作单位已与本基地签订定向委托培训协议书",
            f"{why.en}, and the unit has signed a directed-entrustment agreement with this base",
        )
    return _finding(
        FindingOutcome.FAIL,
        f"{why.zh}，工作单位须先与本基地签订定向委托培训协议书再派遣",
        f"{why.en}, so the unit has to sign a directed-entrustment agreement with this base "
        "before it dispatches",
    )


def _finding(outcome: FindingOutcome, zh: str, en: str, *missing: str) -> Finding:
    return Finding(
        rule="hubei.own-prefecture",
        outcome=outcome,
        level=Level.JURISDICTION,
        message=Text(zh, en),
        missing_facts=missing,
        source=_OWN_PREFECTURE,
        plugin="hubei",
    )


def _unknown(fact: str) -> Finding:
    return _finding(
        FindingOutcome.UNKNOWN,
        "缺少信息，无法判断可申报哪个市州的基地",
        "facts are missing to tell in which prefecture a base may be applied to",
        fact,
    )


def _names(bases: Iterable[Base]) -> str:
    return "、".join(base.name.zh for base in bases)


def _names_en(bases: Iterable[Base]) -> str:
    return ", ".join(base.name.en or base.name.zh for base in bases)


plugin = Hubei()
