"""The parts of a brochure that say when, how and on which terms people are admitted and train."""

from __future__ import annotations

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission import AdmissionStep, Penalty
from zhupei.domain.admission_case import AGREEMENT_LABELS
from zhupei.domain.benefits import Benefit
from zhupei.domain.sources import Level, Source
from zhupei.domain.training import Program, Round
from zhupei.services.papers.brochure_offer import item_lines
from zhupei.services.papers.figures import (
    benefit_figures,
    own_parameters,
    policy_value,
    trainee_types_in,
)
from zhupei.services.papers.paper import Block, Facts, Grid, Lines, Prose, Statement
from zhupei.services.papers.wording import (
    ACTORS,
    CONSEQUENCES,
    LEVELS,
    TERMS,
    TRAINEE_TYPES,
    TRIGGERS,
    not_published,
    said,
    window_text,
    yuan,
)

__all__ = [
    "ASSESSING_STEPS",
    "ASSESSING_WINDOWS",
    "agreement_lines",
    "assessment",
    "benefits",
    "breaches",
    "consequence_text",
    "forms_of",
    "penalties",
    "rights_and_duties",
    "rounds",
    "steps",
]

ASSESSING_STEPS = frozenset({"interview", "examination", "selection"})
"""Kinds of steps in which people are assessed for admission."""
ASSESSING_WINDOWS = frozenset({"assessment", "interview", "examination", "selection"})
"""Kinds of windows in which that happens."""

# What follows for the base, not for a person: no part of what applicants are told in advance.
_OF_THE_BASE = frozenset({"quality", "shortage_shortfall"})

_RULES = (
    "max_preferences",
    "transfers_allowed",
    "max_accepted_invitations",
    "invitation_excludes_preference",
    "publicity_working_days",
    "publicity_counts_first_day",
    "confirmation_in_publicity",
    "live_publicity_blocks_next_round",
    "agreement_within_days",
    "no_show_days",
    "ban_years",
    "age_limit",
    "leave_cap_days",
)
"""Policies that an applicant acts upon."""


def rounds(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return each round with its places and its windows in China's time."""
    if not program.rounds:
        note = program.rounds_note or "没有公布招录批次与时间"
        return (Prose((not_published(note),)),)
    blocks: list[Block] = []
    for each in program.rounds:
        blocks.append(Facts(((each.name.zh, _round(each)),)))
        if each.windows:
            rows = tuple(
                (
                    (Statement(window.label.zh, _cite(window.source)),),
                    said(window_text(window)) or (not_published(window.note),),
                    said(window.note) or said("—"),
                )
                for window in each.windows
            )
            blocks.append(Grid(("事项", "时间（北京时间）", "说明"), rows, (4, 5, 5)))
        else:
            blocks.append(Prose((not_published(each.note or "没有公布时间", each.source),)))
    return tuple(blocks)


def _round(each: Round) -> Lines:
    quota = (
        (not_published(each.quota_note, each.source),)
        if each.quota is None
        else said(f"名额：{each.quota} 名", each.source)
    )
    if each.quota is None:
        quota = (Statement(f"名额：{quota[0].text}", quota[0].sources, unknown=True),)
    return (*quota, *said(each.note if each.windows else None))


def steps(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the steps in their order, and the rules that an applicant acts upon."""
    if not program.steps:
        return (Prose((not_published("没有公布招录程序"),)),)
    rows = tuple(
        (
            said(str(number)),
            (Statement(step.label.zh, _cite(step.source), strong=True),),
            said(ACTORS.get(step.actor, step.actor)) if step.actor else said("未写明"),
            (*said(step.description), *_particulars(step)) or said("—"),
        )
        for number, step in enumerate(program.steps, start=1)
    )
    blocks: list[Block] = [Grid(("序号", "环节", "办理方", "说明"), rows, (0, 3, 2, 8))]
    by_key = {policy.key: policy for policy in program.policies}
    rules = tuple(
        (by_key[key].label.zh, policy_value(by_key[key])) for key in _RULES if key in by_key
    )
    if rules:
        blocks.append(Facts(rules))
    return tuple(blocks)


def _particulars(step: AdmissionStep) -> Lines:
    own = own_parameters(step.params)
    lines: list[Statement] = []
    for name, label in (
        ("places", "发布平台"),
        ("contents", "内容"),
        ("criteria", "遴选依据"),
        ("states", "注明"),
        ("documents", "携带"),
    ):
        if own.get(name):
            lines.append(Statement(f"{label}：{'、'.join(each.zh for each in own[name])}"))
    if own.get("trainee_types"):
        names = "、".join(TRAINEE_TYPES[each].zh for each in own["trainee_types"])
        lines.append(Statement(f"适用：{names}"))
    lines.extend(agreement_lines(step))
    return tuple(lines)


def agreement_lines(step: AdmissionStep) -> Lines:
    """Return which trainees sign which agreement at a step, and within how many days (T46)."""
    own = own_parameters(step.params)
    lines = [
        Statement(
            f"{'、'.join(TRAINEE_TYPES[each].zh for each in entry.trainee_types)}："
            f"{AGREEMENT_LABELS[entry.agreement].zh}"
            + (f"（{entry.note.zh}）" if entry.note else "")
        )
        for entry in own.get("agreements", ())
    ]
    if own.get("within_days"):
        lines.append(Statement(f"签订期限：{own['within_days']} 日内"))
    return tuple(lines)


def assessment(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return when and how applicants are assessed, with full marks, pass marks and weights."""
    rows: list[tuple[str, Lines]] = [("考核时间", _assessment_times(program))]
    forms = forms_of(program)
    rows.append(
        (
            "考核方式",
            tuple(Statement(f"{label}：{text}", _cite(source)) for label, text, source in forms)
            or (not_published("没有条款写明考核方式"),),
        )
    )
    for each in program.assessments:
        if each.phase != "admission":
            continue
        weight = (
            not_published(each.weight_note, each.source)
            if each.weight is None
            else Statement(f"{yuan(each.weight * 100)}%", _cite(each.source))
        )
        weighed = Statement(f"权重：{weight.text}", weight.sources, unknown=weight.unknown)
        mark = (
            Statement(f"满分：{each.full_mark} 分", _cite(each.source))
            if each.full_mark is not None
            else Statement("满分：未公布（未说明原因）", _cite(each.source), unknown=True)
        )
        passing = (
            () if each.pass_mark is None else said(f"合格线：{each.pass_mark} 分", each.source)
        )
        rows.append((each.label.zh, (mark, *passing, weighed, *said(each.description))))
    return (Facts(tuple(rows)),)


def _assessment_times(program: Program) -> Lines:
    lines: list[Statement] = []
    for each in program.rounds:
        times = [
            Statement(f"{each.name.zh}：{window.label.zh}，{text}", _cite(window.source))
            for window in each.windows
            if window.kind in ASSESSING_WINDOWS and (text := window_text(window)) is not None
        ]
        if times:
            lines.extend(times)
        else:
            missing = not_published(each.note or "没有公布考核时间", each.source)
            lines.append(
                Statement(f"{each.name.zh}：{missing.text}", missing.sources, unknown=True)
            )
    return tuple(lines) or (not_published("没有公布招录批次与时间"),)


def forms_of(program: Program) -> tuple[tuple[str, str, Source | None], ...]:
    """Return how applicants are assessed: what, in which forms, and the clause."""
    found: dict[tuple[str, str], Source | None] = {}
    for step in program.steps:
        if step.kind not in ASSESSING_STEPS:
            continue
        own = own_parameters(step.params)
        forms = [*own.get("modes", ()), *own.get("forms", ()), *own.get("criteria", ())]
        if forms:
            text = "、".join(each.zh for each in forms)
            found.setdefault((step.label.zh, text), step.source)
    for each in program.assessments:
        if each.phase == "admission" and each.forms:
            text = "、".join(form.zh for form in each.forms)
            found.setdefault((each.label.zh, text), each.source)
    return tuple((label, text, source) for (label, text), source in found.items())


def benefits(catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the benefits with figures and conditions, the base's own before the levels above."""
    subsidies = catalogue.subsidies.get((program.base or "", program.year), ())
    if not program.benefits and not subsidies:
        return (Prose((not_published("没有公布待遇"),)),)
    header = ("项目", "标准", "条件与说明", "支付方")
    widths = (3.0, 4.0, 7.0, 2.0)
    blocks: list[Block] = []
    for heading, levels in (
        ("本基地及所在地规定", (Level.INSTITUTION, Level.JURISDICTION)),
        ("国家规定", (Level.NATIONAL,)),
    ):
        rows = [_benefit(each) for each in program.benefits if each.level in levels]
        if Level.INSTITUTION in levels:
            rows.extend(
                (
                    (Statement(each.label.zh, _cite(each.source)),),
                    (not_published(each.note, each.source),)
                    if each.amount is None
                    else said(f"{yuan(each.amount)}元/月", each.source),
                    (*said(each.condition), *said(each.note)) or said("—"),
                    said(TERMS[each.payer.value]),
                )
                for each in subsidies
            )
        if rows:
            blocks.append(Prose((Statement(heading, strong=True),)))
            blocks.append(Grid(header, tuple(rows), widths))
    return tuple(blocks)


def _benefit(each: Benefit) -> tuple[Lines, ...]:
    about: list[Statement] = []
    types = trainee_types_in(each.when)
    if types:
        about.append(Statement("适用：" + "、".join(TRAINEE_TYPES[one].zh for one in types)))
    about.extend(said(each.condition))
    about.extend(said(each.description))
    figures = benefit_figures(each)
    if each.note is not None and not any(each.note.zh in line.text for line in figures):
        about.extend(said(each.note))
    return (
        (Statement(each.label.zh, _cite(each.source), strong=True),),
        figures or said("按说明提供", each.source),
        tuple(about) or said("—"),
        said(_payer(each)),
    )


def _payer(each: Benefit) -> str:
    payer = TERMS[each.payer.value] if each.payer else ""
    funding = TERMS[each.funding_source.value] if each.funding_source else ""
    if not payer or not funding or payer == funding:
        return payer or funding or "未写明"
    return f"{payer}（{funding}）"


def rights_and_duties(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the published rights and duties, section by section."""
    blocks: list[Block] = []
    for section in program.sections:
        if section.kind in {"rights", "duties"}:
            heading = f"{section.label.zh}（{LEVELS[section.level]}）"
            blocks.append(Prose((Statement(heading, strong=True),)))
            blocks.append(Prose(item_lines(section), listed=True))
    return tuple(blocks) or (Prose((not_published("没有条款写明培训对象的权利和义务"),)),)


def breaches(program: Program) -> tuple[Penalty, ...]:
    """Return the penalties that concern a person, told in advance (R211)."""
    return tuple(each for each in program.penalties if each.trigger not in _OF_THE_BASE)


def penalties(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the conditions of breach and what follows (R210, R211; S4:310-318)."""
    found = breaches(program)
    if not found:
        return (Prose((not_published("没有条款写明违约条件和惩处措施"),)),)
    rows = tuple(
        (
            (Statement(each.label.zh, _cite(each.source), strong=True),),
            said(TRIGGERS.get(each.trigger, each.trigger)),
            said(consequence_text(each)) or (not_published("没有写明后果"),),
            said(each.description) or said("—"),
        )
        for each in sorted(found, key=lambda one: -one.level.rank)
    )
    return (Grid(("情形", "类别", "惩处措施", "条款"), rows, (4, 2, 4, 6)),)


def consequence_text(each: Penalty) -> str | None:
    """Return what follows from a breach, None where the configuration names nothing."""
    words: list[str] = []
    for name in each.consequences:
        word = CONSEQUENCES.get(name, name)
        if name == "ban" and each.ban_years is not None:
            word = f"{each.ban_years} 年内不得报名参加培训"
        elif name == "repayment" and each.repays:
            word += f"（{'、'.join(TERMS[str(source)] for source in each.repays)}补助）"
        words.append(word)
    if each.after_days is not None:
        words.append(f"逾期 {each.after_days} 日自动生效")
    return "；".join(words) or None


def _cite(source: Source | None) -> tuple[Source, ...]:
    return () if source is None else (source,)
