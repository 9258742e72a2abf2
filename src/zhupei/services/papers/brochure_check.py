"""Whether a brochure says what it must: the jurisdiction's list (R135) and the national one (R210).

What a list asks for is looked up in the catalogue, not in the printed words: a topic is present
where something is stated, unknown where the paper can only print 未公布 or national rules that
leave the matter to the base, and missing where there is nothing at all. An item of a list that
the check does not understand is handed to a person, never passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Program, ProgramKind
from zhupei.services.papers.brochure_findings import FINDERS, Outcome, Topic
from zhupei.services.papers.figures import own_parameters

__all__ = [
    "NATIONAL_LIST",
    "CompletenessReport",
    "Demand",
    "TopicResult",
    "check_brochure",
    "topic_of",
]

_NATIONAL_CLAUSE = Source("S4", "第二章 一、培训招收 2", "308-318")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One item of a list of what a brochure must state; ``topic`` None where it is not known."""

    label: Text
    topic: Topic | None
    level: Level
    source: Source | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicResult:
    """One topic: what was found, what it rests on, and who demands it (nobody: for information)."""

    topic: Topic
    outcome: Outcome
    detail: Text
    sources: tuple[Source, ...]
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessReport:
    """All topics in the order of a brochure, and demands that a person has to check.

    ``note`` says why no list binds the program where none does.
    """

    program: str
    results: tuple[TopicResult, ...]
    unrecognised: tuple[Demand, ...]
    note: Text | None

    @property
    def complete(self) -> bool:
        """Whether every demanded topic is present and every demand was understood."""
        return not self.unrecognised and all(
            result.outcome is Outcome.PRESENT for result in self.results if result.demands
        )

    def of(self, topic: Topic) -> TopicResult:
        """Return the result of one topic."""
        return next(result for result in self.results if result.topic is topic)


NATIONAL_LIST: tuple[Demand, ...] = tuple(
    Demand(label=label, topic=topic, level=Level.NATIONAL, source=_NATIONAL_CLAUSE)
    for label, topic in (
        (Text("招收专业", "Specialties"), Topic.SPECIALTIES),
        (Text("招收计划", "Plan"), Topic.PLAN),
        (Text("招收程序", "Procedure"), Topic.PROCEDURE),
        (Text("培训期间的待遇", "Benefits during training"), Topic.BENEFITS),
        (Text("应履行的责任和义务", "Duties and obligations"), Topic.RIGHTS_AND_DUTIES),
        (Text("违约条件和惩处措施", "Breach conditions and penalties"), Topic.PENALTIES),
    )
)
"""What every residency brochure states, breach and penalties told in advance (S4:308-318, R210)."""

_WORDS: Mapping[Topic, tuple[str, ...]] = MappingProxyType(
    {
        # Before the conditions of admission: 违约条件 is a condition too.
        Topic.PENALTIES: ("违约", "惩处", "处罚"),
        Topic.ASSESSMENT_TIME: ("考核时间", "考试时间", "面试时间"),
        Topic.ASSESSMENT_FORM: ("考核方式", "考试方式", "考核形式", "面试方式"),
        Topic.HOW_TO_APPLY: ("报名方法", "报名方式", "报名办法", "报名流程"),
        Topic.BASE_FACTS: ("基本情况", "基地情况", "基地概况", "医院概况"),
        Topic.TRAINEE_TYPES: ("人员类型", "招收对象", "招收类型"),
        Topic.SPECIALTIES: ("招收专业", "招生专业"),
        Topic.PLAN: ("计划", "名额"),
        Topic.CONDITIONS: ("条件",),
        Topic.PROCEDURE: ("程序", "流程"),
        Topic.RIGHTS_AND_DUTIES: ("权利", "义务", "职责", "责任"),
        Topic.BENEFITS: ("待遇", "薪酬", "补助"),
        Topic.DOCUMENTS: ("材料", "资料"),
        Topic.CONTACTS: ("联系",),
    }
)


def topic_of(label: Text) -> Topic | None:
    """Return what an item of a list asks for by its Chinese words, None if unknown."""
    return next(
        (topic for topic, words in _WORDS.items() if any(word in label.zh for word in words)), None
    )


def check_brochure(catalogue: Catalogue, program: str) -> CompletenessReport:
    """Check what the brochure of a program can state against the lists that bind it.

    The national list binds residency only (T1). Raises KeyError: there is no such program.
    """
    found = catalogue.programs[program]
    demands = _demands(found)
    results = []
    for topic in Topic:
        finding = FINDERS[topic](catalogue, found)
        results.append(
            TopicResult(
                topic=topic,
                outcome=finding.outcome,
                detail=finding.detail,
                sources=finding.sources,
                demands=tuple(each for each in demands if each.topic is topic),
            )
        )
    note = None
    if not demands:
        note = Text(
            "没有清单约束本项目的简章：国家清单只适用于住院医师规范化培训，主管部门未另定清单",
            "no list binds this brochure: the national one is for residency training, and the "
            "authority has set none",
        )
    return CompletenessReport(
        program=program,
        results=tuple(results),
        unrecognised=tuple(each for each in demands if each.topic is None),
        note=note,
    )


def _demands(program: Program) -> tuple[Demand, ...]:
    own = tuple(
        Demand(label=label, topic=topic_of(label), level=step.level, source=step.source)
        for step in program.steps
        for entry in own_parameters(step.params).get("must_state", ())
        for label in (Text(entry.zh, entry.en),)
    )
    return (*own, *(NATIONAL_LIST if program.kind is ProgramKind.RESIDENCY else ()))
