"""A fictional hospital built from domain objects: requirements, benefits, openings, catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import BaseModel

from zhupei.default_plugins.standard_kinds import STANDARD_KINDS
from zhupei.domain.benefits import Benefit, Subsidy, SubsidyLine, WageFigure
from zhupei.domain.eligibility import Requirement, Verdict
from zhupei.domain.institutions import Affiliation, Base
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    EnglishProficiency,
    OriginRegion,
    Profile,
    TraineeType,
)
from zhupei.domain.questions import EligibilityQuestion, PayQuestion
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Policy, Program, ProgramKind, Round, Window
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights, Scope

TODAY = date(2026, 6, 1)
PAEDIATRICS = Text("儿科", "Paediatrics")
LABEL = Text("示例", "Example")
SOURCE = Source("S0", "示例条款", "14-25")

BACHELOR = Degree(
    level=DegreeLevel.BACHELOR,
    major_code="100201K",
    school="示例医科大学",
    mainland=True,
    full_time=True,
    graduation_year=2025,
    awarded=True,
)
"""A full-time bachelor of clinical medicine of 2025, certificates held."""

APPLICANT = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    licensed=False,
    english=EnglishProficiency(cet4=430),
    degrees=(BACHELOR,),
)
"""The candidate of the issue's appendix."""


def kind(group: KindGroup, name: str) -> Kind:
    """Return a standard kind."""
    return next(one for one in STANDARD_KINDS if (one.group, one.name) == (group, name))


def params(group: KindGroup, name: str, values: Mapping[str, Any]) -> BaseModel | None:
    """Return parameters as a file gives them: scalars are text."""
    model = kind(group, name).params
    if model is None:
        assert not values, f"{name} takes no parameters"
        return None
    checked: BaseModel = model.model_validate(values)
    return checked


def requirement(
    name: str,
    /,
    *,
    rule: str | None = None,
    when: str | None = None,
    hard: bool = True,
    deferred: str | None = None,
    level: Level = Level.INSTITUTION,
    label: Text = LABEL,
    **values: Any,
) -> Requirement:
    """Return a requirement of a standard kind."""
    return Requirement(
        id=rule or name,
        kind=name,
        label=label,
        level=level,
        hard=hard,
        when=when,
        deferred=deferred,
        source=SOURCE,
        params=params(KindGroup.REQUIREMENT, name, values),
    )


def benefit(
    name: str,
    /,
    *,
    rule: str | None = None,
    when: str | None = None,
    common: Mapping[str, Any] | None = None,
    **values: Any,
) -> Benefit:
    """Return a benefit of a standard kind; ``common`` are fields that all benefits have."""
    return Benefit(
        **{
            "id": rule or name,
            "kind": name,
            "label": LABEL,
            "level": Level.INSTITUTION,
            "when": when,
            "source": SOURCE,
            "params": params(KindGroup.BENEFIT, name, values),
            **(common or {}),
        }
    )


def example_base(code: str = "shili", **changes: Any) -> Base:
    """Return the fictional hospital."""
    values: dict[str, Any] = {
        "name": Text("示例医院", "Example Hospital"),
        "province": "110000",
        "prefecture": "110100",
    }
    return Base(code=code, **{**values, **changes})


def affiliation(
    school: str, *, mainland: bool = True, aliases: tuple[str, ...] = ()
) -> Affiliation:
    """Return that a hospital is affiliated to a school."""
    return Affiliation(
        school=Text(school, "Example University"), school_aliases=aliases, mainland_school=mainland
    )


def example_program(code: str = "shili-residency-2026", **changes: Any) -> Program:
    """Return a residency program of 2026 at the fictional hospital."""
    values: dict[str, Any] = {
        "name": Text("示例项目", "Example program"),
        "kind": ProgramKind.RESIDENCY,
        "year": 2026,
        "base": "shili",
        "duration_months": 36,
    }
    return Program(code=code, **{**values, **changes})


def example_opening(specialty: str = "0200", name: Text = PAEDIATRICS, **changes: Any) -> Opening:
    """Return an opening of the program."""
    values: dict[str, Any] = {
        "program": "shili-residency-2026",
        "base": "shili",
        "year": 2026,
        "kind": ProgramKind.RESIDENCY,
        **changes,
    }
    values.setdefault("code", f"{values['program']}/{specialty}")
    return Opening(specialty=specialty, specialty_name=name, **values)


def policy(key: str, value: object) -> Policy:
    """Return a national policy."""
    return Policy(key=key, label=LABEL, value=value, unit=None, level=Level.NATIONAL, source=SOURCE)


FLOORS = (
    policy("pay_floor_year_1", Decimal("0.8")),
    policy("pay_floor_year_2", Decimal("1.0")),
    policy("pay_floor_year_3", Decimal("1.1")),
)
"""R283: the shares of the average wage by training year."""


def ask(
    rule: Requirement,
    candidate: Candidate,
    *,
    opening: Opening | None = None,
    program: Program | None = None,
    base: Base | None = None,
    today: date = TODAY,
) -> Verdict:
    """Let a standard kind decide on a requirement, without its ``when``."""
    decide = kind(KindGroup.REQUIREMENT, rule.kind).decide
    assert decide is not None
    question = EligibilityQuestion(
        candidate=candidate,
        opening=opening or example_opening(),
        program=program or example_program(),
        base=base or example_base(),
        requirement=rule,
        today=today,
    )
    verdict: Verdict = decide(rule.params, question)
    return verdict


def pay(
    entry: Benefit,
    profile: Profile,
    *,
    degree: DegreeLevel | None = None,
    opening: Opening | None = None,
) -> list[SubsidyLine]:
    """Let a standard kind compute a benefit, without its ``when``."""
    decide = kind(KindGroup.BENEFIT, entry.kind).decide
    assert decide is not None
    question = PayQuestion(
        profile=profile,
        opening=opening or example_opening(),
        program=example_program(),
        base=example_base(),
        benefit=entry,
        qualifying_degree=degree,
    )
    lines: list[SubsidyLine] = decide(entry.params, question)
    return lines


@dataclass(eq=False)
class ExampleCatalogue:
    """A catalogue in memory."""

    openings: dict[str, Opening]
    programs: dict[str, Program]
    bases: dict[str, Base]
    subsidies: dict[tuple[str, int], tuple[Subsidy, ...]] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    wages: dict[int, WageFigure] = field(default_factory=dict)
    hash: str = "0f0f"

    def program_of(self, opening: Opening) -> Program:
        """Return the program of an opening, which has no rules of its own here."""
        return self.programs[opening.program]

    def scope_of(self, base: str) -> Scope:
        """Return whom hooks are asked of."""
        return self.scopes.get(base, Scope(base=base))

    def configs_of(self, base: str) -> Mapping[str, object]:
        """Return the plugins' configuration: none."""
        return {}

    def wage(self, base: str, year: int) -> WageFigure | None:
        """Return the average wage."""
        return self.wages.get(year)


def catalogue(
    *openings: Opening, program: Program | None = None, base: Base | None = None, **changes: Any
) -> ExampleCatalogue:
    """Return a catalogue of openings in one program of one hospital."""
    program, base = program or example_program(), base or example_base()
    return ExampleCatalogue(
        openings={one.code: one for one in openings},
        programs={program.code: program},
        bases={base.code: base},
        **changes,
    )


@cache
def core_host() -> PluginHost:
    """Return a host with the core's own plugins."""
    return PluginHost.load({})


def dispatcher(timeout: float = 5.0, **plugins: object) -> Dispatcher:
    """Return a dispatcher over the core's plugins and others that the hospital names, by slug."""
    host = core_host()
    for slug, plugin in plugins.items():
        host = host.extended(slug, plugin, Naming(Rights.INSTITUTION, code="shili"))
    return Dispatcher(host, timeout=timeout)


def named(*slugs: str) -> dict[str, Scope]:
    """Return the scopes of a hospital whose file names these plugins."""
    return {"shili": Scope(base="shili", institution=slugs)}


def rounds(*closing: Any) -> tuple[Round, ...]:
    """Return rounds whose registration closes at these instants."""
    return tuple(
        Round(
            code=f"batch-{number}",
            name=LABEL,
            windows=(Window(kind="registration", label=LABEL, closes_at=at),),
        )
        for number, at in enumerate(closing, 1)
    )
