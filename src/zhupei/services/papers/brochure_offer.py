"""The parts of a brochure that say who offers what to whom, and how to apply."""

from __future__ import annotations

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission import RequiredDocument
from zhupei.domain.benefits import Benefit
from zhupei.domain.eligibility import Requirement
from zhupei.domain.institutions import Base, Contact, Section
from zhupei.domain.people import TraineeType
from zhupei.domain.sources import Level, Source
from zhupei.domain.training import Opening, Program, ProgramKind
from zhupei.services.papers.figures import own_parameters, trainee_types_in
from zhupei.services.papers.paper import Block, Facts, Grid, Lines, Part, Prose, Statement
from zhupei.services.papers.wording import (
    DEFERRED,
    FORMS,
    POSTS,
    TERMS,
    TRAINEE_TYPES,
    months_text,
    not_published,
    said,
)

__all__ = [
    "annex",
    "base_facts",
    "conditions",
    "contact_lines",
    "contacts",
    "document_lines",
    "host_name",
    "how_to_apply",
    "item_lines",
    "lead",
    "offered_types",
    "plan",
    "trainee_types",
]

_APPLYING = frozenset({"application", "preference", "unit_recommendation"})
_RIGHTS = frozenset({"rights", "duties"})
_PROCEDURES = frozenset({"procedure"})


def host_name(catalogue: Catalogue, program: Program) -> str:
    """Return the name of the base or jurisdiction that hosts a program."""
    if program.base is not None:
        return catalogue.bases[program.base].name.zh
    return catalogue.jurisdictions[program.jurisdiction or ""].name.zh


def lead(program: Program) -> Lines:
    """Return what is said ahead: the program's own note."""
    return said(program.note, program.source)


def base_facts(catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the facts about the host: tier, since when, specialties, affiliations, units."""
    if program.base is None:
        jurisdiction = catalogue.jurisdictions[program.jurisdiction or ""]
        hosted = [
            catalogue.programs[code] for code in program.children if code in catalogue.programs
        ]
        rows = tuple(
            (said(host_name(catalogue, child)), _seats(child.quota_total, child))
            for child in hosted
        )
        facts = Facts((("组织单位", said(jurisdiction.name)),))
        return (facts, Grid(("承担单位", "名额"), rows, (2, 1))) if rows else (facts,)
    base = catalogue.bases[program.base]
    rows_of_base: list[tuple[str, Lines]] = [
        ("名称", said(base.name, base.source)),
        *([("其他名称", said("、".join(base.aliases)))] if base.aliases else []),
        ("等级与类别", _grade(base)),
        *(_residency_facts(base) if program.kind is ProgramKind.RESIDENCY else ()),
        *(
            ("附属关系", (Statement(f"{each.school.zh}附属医院", _cite(each.source)),))
            for each in base.affiliations
        ),
        *(
            (
                TERMS[each.kind.value],
                (
                    Statement(each.hospital.zh, _cite(each.source)),
                    *said(each.role),
                ),
            )
            for each in base.collaborations
        ),
    ]
    return (Facts(tuple(rows_of_base)),)


def _grade(base: Base) -> Lines:
    words = [base.grade, TERMS[base.type.value] if base.type else None]
    known = [word for word in words if word]
    if not known:
        return (not_published("所提供的文件未载明"),)
    return said("，".join(known), base.source)


def _residency_facts(base: Base) -> tuple[tuple[str, Lines], ...]:
    since = said(base.base_since, base.source) or (not_published("所提供的文件未载明"),)
    return (("基地获批时间", since), ("专业基地", _specialty_bases(base)))


def _specialty_bases(base: Base) -> Lines:
    if not base.specialty_bases and base.accredited_count is None:
        return (not_published("未提供经认定的专业基地名单"),)
    lines: list[Statement] = []
    if base.accredited_count is not None:
        lines.extend(said(f"经认定的专业 {base.accredited_count} 个", base.source))
    lines.extend(
        Statement(
            f"{each.specialty} {each.name.zh}" + (f"（{each.note.zh}）" if each.note else ""),
            _cite(each.source),
        )
        for each in base.specialty_bases
    )
    return tuple(lines)


def offered_types(
    catalogue: Catalogue, program: Program
) -> dict[TraineeType, list[tuple[str, Level, Source | None]]]:
    """Return the trainee types that the rules of a program name: what names them, and its level.

    A fellowship recruits fellows; which trainees a residency recruits is what its requirements,
    benefits and steps say.
    """
    found: dict[TraineeType, list[tuple[str, Level, Source | None]]] = {}
    if program.kind is ProgramKind.FELLOWSHIP:
        posts = {catalogue.openings[code].post_type for code in program.openings}
        words = "、".join(sorted(POSTS.get(str(post), str(post)) for post in posts if post))
        text = f"岗位类别：{words}" if words else "进修项目"
        found[TraineeType.FELLOW] = [(text, Level.INSTITUTION, program.source)]
        return found
    rules: tuple[Requirement | Benefit, ...] = (*program.requirements, *program.benefits)
    for rule in rules:
        for each in trainee_types_in(rule.when):
            found.setdefault(each, []).append((rule.label.zh, rule.level, rule.source))
    for step in program.steps:
        own = own_parameters(step.params)
        for each in own.get("trainee_types", ()):
            found.setdefault(each, []).append((step.label.zh, step.level, step.source))
        for agreement in own.get("agreements", ()):
            for each in agreement.trainee_types:
                found.setdefault(each, []).append((step.label.zh, step.level, step.source))
    return {each: found[each] for each in TraineeType if each in found}


def trainee_types(catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return whom the program recruits, and which rules are theirs."""
    rows = tuple(
        (TRAINEE_TYPES[each].zh, _terms_of(named))
        for each, named in offered_types(catalogue, program).items()
    )
    if not rows:
        return (Prose((not_published("没有条款写明招收哪些类型的人员"),)),)
    return (Facts(rows),)


def _terms_of(named: list[tuple[str, Level, Source | None]]) -> Lines:
    lines: list[Statement] = []
    for heading, national in (("适用条款", False), ("国家规定的适用条款", True)):
        mine = [each for each in named if (each[1] is Level.NATIONAL) is national]
        if mine:
            labels = "、".join(dict.fromkeys(label for label, _, _ in mine))
            cited = dict.fromkeys(source for _, _, source in mine if source is not None)
            lines.append(Statement(f"{heading}：{labels}", tuple(cited)))
    return tuple(lines)


def plan(catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the plan table with its total; an unknown number says why."""
    openings = [catalogue.openings[code] for code in program.openings]
    shared = {each.id for each in program.requirements}
    total = ("合计", _seats(program.quota_total, program))
    length: Lines = (
        (Statement(months_text(program.duration_months)), *said(program.duration_note))
        if program.duration_months is not None
        else (not_published(program.duration_note, program.source),)
    )
    summary = Facts((total, ("培训时长", length)))
    if not openings:
        return (summary,)
    rows = tuple(
        (
            _specialty(opening),
            _quota(opening),
            _directions(opening),
            tuple(
                line
                for each in opening.requirements
                if each.id not in shared or each not in program.requirements
                for line in _requirement(each)
            )
            or said("见报名条件"),
        )
        for opening in openings
    )
    if all(row[2] == said("—") for row in rows):
        short = tuple((row[0], row[1], row[3]) for row in rows)
        return (Grid(("专业", "名额", "专业要求"), short, (4, 2, 9)), summary)
    return (Grid(("专业", "名额", "培养方向与说明", "专业要求"), rows, (3, 2, 4, 8)), summary)


def _specialty(opening: Opening) -> Lines:
    code = f"{opening.specialty} " if opening.specialty.isdigit() else ""
    return (Statement(f"{code}{opening.specialty_name.zh}", _cite(opening.source), strong=True),)


def _quota(opening: Opening) -> Lines:
    if opening.quota is None:
        return (not_published(opening.quota_note, opening.source),)
    lines = [Statement(f"{opening.quota} 名", _cite(opening.source))]
    lines.extend(Statement(f"{each.round}：{each.seats} 名") for each in opening.round_quotas)
    return tuple(lines)


def _directions(opening: Opening) -> Lines:
    lines = [
        Statement(
            f"{each.name.zh}：{each.quota} 名" if each.quota is not None else each.name.zh,
            _cite(each.source),
        )
        if each.quota is not None or each.quota_note is None
        else Statement(
            f"{each.name.zh}：未公布（{each.quota_note.zh}）", _cite(each.source), unknown=True
        )
        for each in opening.directions
    ]
    if opening.post_type is not None:
        lines.append(Statement(f"岗位类别：{POSTS.get(opening.post_type, opening.post_type)}"))
    lines.extend(said(opening.note))
    return tuple(lines) or said("—")


def _seats(quota: int | None, program: Program) -> Lines:
    if quota is None:
        return (not_published(program.quota_note, program.source),)
    return said(f"{quota} 名", program.source)


def conditions(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the conditions of admission, the base's own before those of the levels above."""
    if not program.requirements:
        return (Prose((not_published("没有条款写明报名条件"),)),)
    ordered = sorted(program.requirements, key=lambda each: -each.level.rank)
    return (
        Prose(tuple(line for each in ordered for line in _requirement(each)), numbered=True),
        Prose((Statement("各专业的专业要求见招收计划表。标明“原则上”的条件不符合时由人审核。"),)),
    )


def _requirement(requirement: Requirement) -> Lines:
    text = requirement.label.zh
    description = requirement.description
    if description is not None and description.zh.rstrip("。") != text:
        text = f"{text}：{description.zh.rstrip('。；;')}"
    marks = []
    if not requirement.hard:
        marks.append("原则上")
    if requirement.deferred is not None:
        marks.append(DEFERRED.get(requirement.deferred, requirement.deferred))
    text = f"{text}（{'；'.join(marks)}）" if marks else text
    return (Statement(f"{text}。", _cite(requirement.source)),)


def how_to_apply(_catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return how to apply: the applicant's steps, what is said of them, and the documents."""
    lines: list[Statement] = []
    for step in program.steps:
        if step.kind in _APPLYING:
            text = step.label.zh
            if step.description is not None:
                text = f"{text}：{step.description.zh}"
            lines.append(Statement(text, _cite(step.source)))
    for section in program.sections:
        if section.kind in _PROCEDURES:
            lines.extend(item_lines(section))
    if not any(step.kind in _APPLYING for step in program.steps):
        reasons = [one.note for one in program.rounds if one.note is not None]
        lines.insert(
            0,
            not_published(
                reasons[0] if reasons else "没有条款写明报名方法",
                next((one.source for one in program.rounds), None),
            ),
        )
    blocks: list[Block] = [Prose(tuple(lines), listed=True)]
    documents = document_lines(program.documents)
    if documents:
        blocks.append(Grid(("申请材料", "形式", "提交环节", "说明"), documents, (4, 2, 2, 5)))
    else:
        blocks.append(Prose((not_published("没有条款写明需要提交的材料"),)))
    return tuple(blocks)


_STEPS = {
    "application": "报名",
    "registration": "报名注册",
    "preference": "填报志愿",
    "interview": "面试",
    "report": "报到",
    "agreement": "签订协议",
}


def document_lines(documents: tuple[RequiredDocument, ...]) -> tuple[tuple[Lines, ...], ...]:
    """Return the rows of a table of documents: name, form, at which step, what to know."""
    return tuple(
        (
            (Statement(each.label.zh, _cite(each.source)),),
            said(FORMS[each.form]) if each.form else said("未写明"),
            said(_STEPS.get(each.at_step, each.at_step)) if each.at_step else said("未写明"),
            (
                *(() if each.required else (Statement("按情况提供"),)),
                *said(each.description),
                *(
                    (Statement("须填：" + "、".join(field.label.zh for field in each.fields)),)
                    if each.fields
                    else ()
                ),
            )
            or said("—"),
        )
        for each in documents
    )


def contacts(catalogue: Catalogue, program: Program) -> tuple[Block, ...]:
    """Return the contacts of the base and program, then those of the authorities above."""
    found: list[Contact] = [*program.contacts]
    above: tuple[str, ...] = (program.jurisdiction,) if program.jurisdiction else ()
    if program.base is not None:
        base = catalogue.bases[program.base]
        found = [*base.contacts, *found]
        above = base.jurisdictions
    for code in above:
        found.extend(catalogue.jurisdictions[code].contacts)
    if not found:
        return (Prose((not_published("没有公布联系方式"),)),)
    rows = tuple(
        (each.label.zh if each.label else "联系方式", contact_lines(each))
        for each in dict.fromkeys(found)
    )
    return (Facts(rows),)


def contact_lines(contact: Contact) -> Lines:
    """Return one contact line by line."""
    phones = "、".join(
        phone.number + (f" 转 {phone.extension}" if phone.extension else "")
        for phone in contact.phones
    )
    parts = (
        ("联系人", "、".join(contact.people)),
        ("电话", phones),
        ("QQ群", "、".join(contact.qq_groups)),
        ("邮箱", "、".join(contact.emails)),
        ("微信公众号", "、".join(contact.wechat_accounts)),
        ("网站", "、".join(contact.websites)),
        ("地址", contact.address.zh if contact.address else ""),
    )
    lines = [Statement(f"{label}：{text}") for label, text in parts if text]
    lines.extend(said(contact.note))
    if lines and contact.source is not None:
        lines[0] = Statement(lines[0].text, (contact.source,))
    return tuple(lines)


def annex(catalogue: Catalogue, program: Program) -> tuple[Part, ...]:
    """Return the published sections that are no part of another chapter."""
    own = catalogue.bases[program.base].sections if program.base else ()
    elsewhere = _RIGHTS | _PROCEDURES
    return tuple(
        Part(section.label.zh, (Prose(item_lines(section)),), level=2)
        for section in (*own, *program.sections)
        if section.kind not in elsewhere
    )


def item_lines(section: Section) -> Lines:
    """Return the statements of a section, figures with their unit."""
    lines: list[Statement] = []
    for item in section.items:
        text = item.text.zh if item.text else ""
        if item.value is not None:
            figure = f"{item.value}{item.unit or ''}"
            text = f"{text}（{figure}）" if text else figure
        if not text.startswith(item.label.zh):
            text = f"{item.label.zh}：{text}" if text else item.label.zh
        lines.append(Statement(text, _cite(item.source or section.source)))
    return tuple(lines)


def _cite(source: Source | None) -> tuple[Source, ...]:
    return () if source is None else (source,)
