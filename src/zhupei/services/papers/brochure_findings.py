"""What the catalogue can state on each topic of a brochure, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Program, ProgramKind, Round, Window
from zhupei.services.papers.brochure_offer import offered_types
from zhupei.services.papers.brochure_terms import (
    ASSESSING_STEPS,
    ASSESSING_WINDOWS,
    breaches,
    forms_of,
)
from zhupei.services.papers.figures import benefit_figures
from zhupei.services.papers.wording import TRAINEE_TYPES

__all__ = ["FINDERS", "Finding", "Outcome", "Topic"]


class Topic(StrEnum):
    """What a brochure may be asked to state, in the order in which it does."""

    BASE_FACTS = "base_facts"
    TRAINEE_TYPES = "trainee_types"
    SPECIALTIES = "specialties"
    PLAN = "plan"
    CONDITIONS = "conditions"
    HOW_TO_APPLY = "how_to_apply"
    DOCUMENTS = "documents"
    PROCEDURE = "procedure"
    ASSESSMENT_TIME = "assessment_time"
    ASSESSMENT_FORM = "assessment_form"
    BENEFITS = "benefits"
    RIGHTS_AND_DUTIES = "rights_and_duties"
    PENALTIES = "penalties"
    CONTACTS = "contacts"

    @property
    def label(self) -> Text:
        """What the topic is called."""
        return _LABELS[self]


_LABELS: Mapping[Topic, Text] = MappingProxyType(
    {
        Topic.BASE_FACTS: Text("基地基本情况", "Facts about the base"),
        Topic.TRAINEE_TYPES: Text("招收人员类型", "Trainee types"),
        Topic.SPECIALTIES: Text("招收专业", "Specialties"),
        Topic.PLAN: Text("招收计划", "Plan"),
        Topic.CONDITIONS: Text("报名条件", "Conditions"),
        Topic.HOW_TO_APPLY: Text("报名方法", "How to apply"),
        Topic.DOCUMENTS: Text("申请材料", "Documents"),
        Topic.PROCEDURE: Text("招收程序", "Procedure"),
        Topic.ASSESSMENT_TIME: Text("考核时间", "Time of assessment"),
        Topic.ASSESSMENT_FORM: Text("考核方式", "Form of assessment"),
        Topic.BENEFITS: Text("待遇", "Benefits"),
        Topic.RIGHTS_AND_DUTIES: Text("权利义务", "Rights and duties"),
        Topic.PENALTIES: Text("违约条件和惩处措施", "Breach conditions and penalties"),
        Topic.CONTACTS: Text("联系方式", "Contacts"),
    }
)


class Outcome(StrEnum):
    """What was found on a topic."""

    PRESENT = "present"
    UNKNOWN = "unknown"
    MISSING = "missing"

    @property
    def label(self) -> Text:
        """What the outcome is called."""
        return {
            Outcome.PRESENT: Text("已写明", "present"),
            Outcome.UNKNOWN: Text("未公布", "unknown"),
            Outcome.MISSING: Text("缺少", "missing"),
        }[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: the outcome, what it is in words, and the clauses."""

    outcome: Outcome
    detail: Text
    sources: tuple[Source, ...] = ()


_NATIONAL_ONLY = Text(
    "只有国家规定，本基地和主管部门未作具体规定",
    "national rules only; neither the base nor the authority says more",
)


def _found(zh: str, en: str, sources: Iterable[Source | None] = ()) -> Finding:
    return Finding(Outcome.PRESENT, Text(zh, en), _cited(sources))


def _unknown(detail: Text, sources: Iterable[Source | None] = ()) -> Finding:
    return Finding(Outcome.UNKNOWN, detail, _cited(sources))


def _missing(zh: str, en: str) -> Finding:
    return Finding(Outcome.MISSING, Text(zh, en))


def _cited(sources: Iterable[Source | None]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source for source in sources if source is not None))


def _base_facts(catalogue: Catalogue, program: Program) -> Finding:
    if program.base is None:
        name = catalogue.jurisdictions[program.jurisdiction or ""].name
        return _found(f"组织单位：{name.zh}", f"host: {name.en or name.zh}")
    base = catalogue.bases[program.base]
    absent: list[Text] = []
    if base.grade is None:
        absent.append(Text("等级", "grade"))
    profile = any(section.kind == "profile" for section in base.sections)
    if program.kind is ProgramKind.RESIDENCY:
        if base.base_since is None:
            absent.append(Text("基地获批时间", "since when a base"))
        if not base.specialty_bases and base.accredited_count is None:
            absent.append(Text("专业基地", "specialty bases"))
    elif not profile:
        absent.append(Text("医院简介", "description"))
    if absent:
        return _unknown(
            Text(
                f"未载明：{'、'.join(each.zh for each in absent)}",
                f"not stated: {', '.join(each.en or each.zh for each in absent)}",
            ),
            [base.source],
        )
    return _found("已载明等级和基地情况", "grade and facts are stated", [base.source])


def _trainee_types(catalogue: Catalogue, program: Program) -> Finding:
    types = offered_types(catalogue, program)
    own = {
        each: [source for _, level, source in named if level is not Level.NATIONAL]
        for each, named in types.items()
        if any(level is not Level.NATIONAL for _, level, _ in named)
    }
    if own:
        return _found(
            "、".join(TRAINEE_TYPES[each].zh for each in own),
            ", ".join(TRAINEE_TYPES[each].en or "" for each in own),
            [source for sources in own.values() for source in sources],
        )
    if types:
        return _unknown(_NATIONAL_ONLY)
    return _missing("没有条款写明招收哪些类型的人员", "no clause says who is recruited")


def _specialties(catalogue: Catalogue, program: Program) -> Finding:
    openings = [catalogue.openings[code] for code in program.openings]
    if openings:
        return _found(
            f"{len(openings)} 个专业",
            f"{len(openings)} specialties",
            [each.source for each in openings],
        )
    if program.quota_note is not None:
        return _unknown(program.quota_note, [program.source])
    return _missing("没有列出招收专业", "no specialty is listed")


def _plan(catalogue: Catalogue, program: Program) -> Finding:
    openings = [catalogue.openings[code] for code in program.openings]
    unknown = [each for each in openings if each.quota is None]
    if program.quota_total is not None and not unknown:
        return _found(
            f"共 {program.quota_total} 名",
            f"{program.quota_total} places",
            [program.source, *(each.source for each in openings)],
        )
    if unknown:
        names = "、".join(each.specialty_name.zh for each in unknown)
        return _unknown(
            Text(f"名额未公布：{names}", f"{len(unknown)} quotas are not published"),
            [each.source for each in unknown],
        )
    if program.quota_note is not None:
        return _unknown(program.quota_note, [program.source])
    return _missing("没有招收计划", "there is no plan")


def _conditions(_catalogue: Catalogue, program: Program) -> Finding:
    own = [each for each in program.requirements if each.level is not Level.NATIONAL]
    if own:
        return _found(f"{len(own)} 项条件", f"{len(own)} conditions", [each.source for each in own])
    if program.requirements:
        return _unknown(_NATIONAL_ONLY, [each.source for each in program.requirements])
    return _missing("没有报名条件", "there are no conditions")


def _how_to_apply(_catalogue: Catalogue, program: Program) -> Finding:
    applying = [step for step in program.steps if step.kind in {"application", "preference"}]
    if applying:
        return _found(
            "、".join(step.label.zh for step in applying),
            ", ".join(step.label.en or step.label.zh for step in applying),
            [step.source for step in applying],
        )
    items = [
        item
        for section in program.sections
        if section.kind == "procedure"
        for item in section.items
    ]
    if items:
        return _unknown(
            items[0].text or items[0].label, [item.source for item in items if item.source]
        )
    return _missing("没有报名方法", "nothing says how to apply")


def _documents(_catalogue: Catalogue, program: Program) -> Finding:
    if program.documents:
        return _found(
            f"{len(program.documents)} 种材料",
            f"{len(program.documents)} documents",
            [each.source for each in program.documents],
        )
    return _missing("没有列出申请材料", "no document is listed")


def _procedure(_catalogue: Catalogue, program: Program) -> Finding:
    national = [step for step in program.steps if step.level is Level.NATIONAL]
    if national:
        # One amended step does not make a procedure of one's own.
        return _unknown(_NATIONAL_ONLY, [step.source for step in national])
    return _local(program.steps, "个环节", "steps", _missing("没有招收程序", "there are no steps"))


def _local(steps: Iterable[AdmissionStep], zh: str, en: str, nothing: Finding) -> Finding:
    listed = list(steps)
    own = [step for step in listed if step.level is not Level.NATIONAL]
    if own:
        return _found(f"{len(own)} {zh}", f"{len(own)} {en}", [step.source for step in own])
    if listed:
        return _unknown(_NATIONAL_ONLY, [step.source for step in listed])
    return nothing


def _assessment_time(_catalogue: Catalogue, program: Program) -> Finding:
    if not any(step.kind in ASSESSING_STEPS for step in program.steps):
        return _missing("没有考核环节", "no step of assessment")
    timed: list[tuple[Round, list[Window]]] = []
    silent: list[tuple[Round, list[Window]]] = []
    for each in program.rounds:
        windows = [
            window
            for window in each.windows
            if window.kind in ASSESSING_WINDOWS and (window.opens_at or window.closes_at)
        ]
        (timed if windows else silent).append((each, windows))
    if timed and not silent:
        return _found(
            "、".join(each.name.zh for each, _ in timed),
            ", ".join(each.name.en or each.name.zh for each, _ in timed),
            [window.source for _, windows in timed for window in windows],
        )
    names = "、".join(each.name.zh for each, _ in silent)
    return _unknown(
        Text(f"没有考核时间：{names}" if names else "没有招录批次", "no times of assessment"),
        [each.source for each, _ in silent],
    )


def _assessment_form(_catalogue: Catalogue, program: Program) -> Finding:
    forms = forms_of(program)
    if not forms:
        if any(step.kind in ASSESSING_STEPS for step in program.steps):
            return _unknown(Text("考核方式没有写明", "the forms are not stated"))
        return _missing("没有考核环节", "no step of assessment")
    steps = [step for step in program.steps if step.kind in ASSESSING_STEPS]
    national = {step.source for step in steps if step.level is Level.NATIONAL}
    if all(source in national for _, _, source in forms):
        return _unknown(_NATIONAL_ONLY, [source for _, _, source in forms])
    return _found(
        "；".join(f"{label}：{text}" for label, text, _ in forms),
        f"{len(forms)} forms",
        [source for _, _, source in forms],
    )


def _benefits(_catalogue: Catalogue, program: Program) -> Finding:
    if not program.benefits:
        return _missing("没有待遇", "there are no benefits")
    own = [each for each in program.benefits if each.level is not Level.NATIONAL]
    if not own:
        return _unknown(_NATIONAL_ONLY, [each.source for each in program.benefits])
    silent = [each for each in own if any(line.unknown for line in benefit_figures(each))]
    if len(silent) == len(own):
        return _unknown(
            Text("没有公布任何金额", "no figure is published"), [each.source for each in own]
        )
    note = f"，其中 {len(silent)} 项未公布金额" if silent else ""
    more = f", {len(silent)} of them without a published figure" if silent else ""
    return _found(
        f"{len(own)} 项待遇{note}", f"{len(own)} benefits{more}", [each.source for each in own]
    )


def _rights_and_duties(_catalogue: Catalogue, program: Program) -> Finding:
    sections = {
        kind: [each for each in program.sections if each.kind == kind]
        for kind in ("rights", "duties")
    }
    cited = [
        item.source or section.source
        for found in sections.values()
        for section in found
        for item in section.items
    ]
    absent = [kind for kind, found in sections.items() if not found]
    if not absent:
        names = "、".join(each.label.zh for found in sections.values() for each in found)
        return _found(names, "rights and duties are stated", cited)
    if len(absent) == 2:
        return _missing("没有权利和义务", "neither rights nor duties are stated")
    name = {"rights": Text("权利", "rights"), "duties": Text("义务", "duties")}[absent[0]]
    return _unknown(Text(f"没有写明{name.zh}", f"no {name.en} are stated"), cited)


def _penalties(_catalogue: Catalogue, program: Program) -> Finding:
    found = breaches(program)
    if found:
        return _found(
            f"{len(found)} 种情形", f"{len(found)} breaches", [each.source for each in found]
        )
    return _missing("没有违约条件和惩处措施", "no breach and penalty is stated")


def _contacts(catalogue: Catalogue, program: Program) -> Finding:
    own = [*program.contacts]
    if program.base is not None:
        own.extend(catalogue.bases[program.base].contacts)
    if own:
        return _found(f"{len(own)} 处", f"{len(own)} contacts", [each.source for each in own])
    return _missing("没有联系方式", "there are no contacts")


FINDERS: Mapping[Topic, Callable[[Catalogue, Program], Finding]] = MappingProxyType(
    {
        Topic.BASE_FACTS: _base_facts,
        Topic.TRAINEE_TYPES: _trainee_types,
        Topic.SPECIALTIES: _specialties,
        Topic.PLAN: _plan,
        Topic.CONDITIONS: _conditions,
        Topic.HOW_TO_APPLY: _how_to_apply,
        Topic.DOCUMENTS: _documents,
        Topic.PROCEDURE: _procedure,
        Topic.ASSESSMENT_TIME: _assessment_time,
        Topic.ASSESSMENT_FORM: _assessment_form,
        Topic.BENEFITS: _benefits,
        Topic.RIGHTS_AND_DUTIES: _rights_and_duties,
        Topic.PENALTIES: _penalties,
        Topic.CONTACTS: _contacts,
    }
)
