"""The checklist of one application: what to hand in, the subject of the mail, the forms to fill in.

It says for each document whether it concerns this person, compares the names of the sending unit
that have to agree (R097), sets the registered category and scope of practice beside the specialty
applied for (R098), and lays out the fields of forms with what was answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.admission import FormField, RequiredDocument
from zhupei.domain.agreements import BLANK
from zhupei.domain.eligibility import Requirement
from zhupei.domain.training import Opening, Program
from zhupei.domain.unit_names import UnitNames, unit_names
from zhupei.services.papers.brochure_offer import host_name
from zhupei.services.papers.figures import own_parameters
from zhupei.services.papers.letters import concerns
from zhupei.services.papers.paper import (
    Block,
    Facts,
    Grid,
    Lines,
    Paper,
    Part,
    Statement,
)
from zhupei.services.papers.records import ApplyingPerson
from zhupei.services.papers.wording import FORMS, LICENCE_CATEGORIES, chinese_number, said

__all__ = ["application_checklist", "mail_subject", "names_of_unit"]

_TO_FILL_BY_HAND = {"photo": "（贴照片）", "seal": "（盖章）", "signature": "（签字）"}
# Compared in parts of their own; a document with no other field is no form to fill in.
_COMPARED = frozenset({"mail-subject", "practice-place", "seal"})
_YES, _NO = "√", "□"
_OTHER = "其他材料（未注明提交环节）"


def mail_subject(document: RequiredDocument, opening: Opening, person: ApplyingPerson) -> str:
    """Return the subject of a mail by the document's format (R092), blanks where a part is unknown.

    Parts are told by their words: 专业 is the specialty (the direction, where one was chosen),
    姓名 the person, 医院 or 单位 the sending unit.
    """
    form = str(own_parameters(document.params).get("subject_format") or "")
    unit = person.candidate.sending_unit
    direction = None if person.direction is None else person.direction.zh
    words = (
        ("专业", direction or opening.specialty_name.zh),
        ("姓名", person.name),
        ("医院", None if unit is None else unit.name),
        ("单位", None if unit is None else unit.name),
    )
    return "-".join(
        next((value or BLANK for word, value in words if word in part), BLANK)
        for part in form.split("-")
    )


def names_of_unit(person: ApplyingPerson) -> UnitNames:
    """Compare practice place, unit and seal as the form's answers and the facts give them."""
    unit = person.candidate.sending_unit
    return unit_names(
        person.answers.get("practice-place"),
        (None if unit is None else unit.name) or person.answers.get("work-unit"),
        person.answers.get("seal"),
    )


def application_checklist(catalogue: Catalogue, person: ApplyingPerson, today: date) -> Paper:
    """Return the checklist of one application, to be rendered as a page or a PDF.

    Raises:
        KeyError: there is no such opening.
    """
    opening = catalogue.openings[person.opening]
    program = catalogue.program_of(opening)
    concerning = [
        (document, answer)
        for document in program.documents
        if (answer := concerns(catalogue, opening, person.candidate, document, today)) is not False
    ]
    parts: list[tuple[str, tuple[Block, ...]]] = [
        ("报名信息", (_facts(opening, person),)),
        *_steps(program, person, concerning),
    ]
    mails = [each for each, _ in concerning if each.kind == "mail"]
    if mails:
        parts.append(("申请邮件", (_mails(mails, opening, person),)))
    rule = _names_rule(opening, program)
    if rule is not None:
        parts.append(("执业地点、选送单位名称和单位公章", (_names(rule, person),)))
    scope = _scope_rule(opening, program)
    if scope is not None:
        parts.append(("注册类别和执业范围", (_registered(scope, opening, person),)))
    parts += [
        (f"表格：{document.label.zh}", (_form(document.fields, person),))
        for document, _ in concerning
        if {field.id for field in document.fields} - _COMPARED
    ]
    return Paper(
        title=program.name.zh,
        subtitle="报名材料清单",
        issuer=host_name(catalogue, program),
        lead=(Statement(f"{_YES} 已提交，{_NO} 未提交。以招生简章和有关文件为准。"),),
        parts=tuple(
            Part(f"{chinese_number(number)}、{heading}", blocks)
            for number, (heading, blocks) in enumerate(parts, start=1)
        ),
    )


def _facts(opening: Opening, person: ApplyingPerson) -> Facts:
    direction = "" if person.direction is None else f"（{person.direction.zh}）"
    return Facts(
        (
            ("报名号", said(person.application)),
            ("姓名", said(person.name)),
            ("报考专业", said(f"{opening.specialty_name.zh}{direction}")),
        )
    )


def _steps(
    program: Program,
    person: ApplyingPerson,
    concerning: Sequence[tuple[RequiredDocument, bool | None]],
) -> list[tuple[str, tuple[Block, ...]]]:
    labels = {step.id: step.label.zh for step in program.steps}
    places = {step.id: place for place, step in enumerate(program.steps)}
    # In the order of the steps; what names a step that the program lacks, or none, comes last.
    concerning = sorted(
        concerning,
        key=lambda each: (
            each[0].at_step is None,
            places.get(each[0].at_step or "", len(places)),
        ),
    )
    grouped: dict[str, list[tuple[Lines, ...]]] = {}
    for document, answer in concerning:
        if document.kind == "mail":
            continue
        step = document.at_step
        heading = _OTHER if step is None else f"“{labels.get(step, step)}”时提交的材料"
        needed = "须提交" if answer is True and document.required else "按本人情况提供"
        cited = () if document.source is None else (document.source,)
        about = () if document.description is None else (Statement(document.description.zh),)
        grouped.setdefault(heading, []).append(
            (
                said(_YES if document.id in person.handed_in else _NO),
                (Statement(document.label.zh, cited), *about),
                said("—" if document.form is None else FORMS[document.form]),
                said(needed),
            )
        )
    return [
        (heading, (Grid(("", "材料", "形式", "要求"), tuple(rows), (0.0, 5.0, 1.4, 1.7)),))
        for heading, rows in grouped.items()
    ]


def _mails(documents: list[RequiredDocument], opening: Opening, person: ApplyingPerson) -> Facts:
    rows: list[tuple[str, Lines]] = []
    for document in documents:
        own = own_parameters(document.params)
        cited = () if document.source is None else (document.source,)
        if document.description is not None:
            rows.append(("要求", (Statement(document.description.zh, cited),)))
        rows.append(("邮件名称格式", (Statement(str(own.get("subject_format") or ""), cited),)))
        subject = mail_subject(document, opening, person)
        rows.append(("本人邮件名称", (Statement(subject, strong=True),)))
        used = person.answers.get("mail-subject")
        if used is not None:
            same = "与要求一致" if used.strip() == subject else "与要求不一致"
            rows.append(("填写的邮件名称", (Statement(f"{used}（{same}）"),)))
    return Facts(tuple(rows))


def _names_rule(opening: Opening, program: Program) -> Requirement | None:
    rules = (*opening.requirements, *program.requirements)
    return next(
        (each for each in rules if own_parameters(each.params).get("names_match") is True), None
    )


def _names(rule: Requirement, person: ApplyingPerson) -> Facts:
    names = names_of_unit(person)
    mark = {True: _YES, False: "×", None: _NO}[names.agree]
    cited = () if rule.source is None else (rule.source,)
    given = (
        ("执业证的执业地点", names.practice_place),
        ("选送单位名称", names.unit),
        ("单位公章", names.seal),
    )
    stated = person.candidate.sending_unit
    checked = None if stated is None else stated.names_match
    verdict: Lines = (Statement(f"{mark} {names.reason.zh}"),)
    if checked is not None:
        said_before = "三者一致" if checked else "三者不一致"
        verdict = (*verdict, Statement(f"报名时填报：{said_before}"))
    return Facts(
        (
            ("要求", (Statement((rule.description or rule.label).zh, cited),)),
            *((label, said(value or BLANK)) for label, value in given),
            ("核对", verdict),
        )
    )


def _scope_rule(opening: Opening, program: Program) -> Requirement | None:
    rules = (*opening.requirements, *program.requirements)
    return next((each for each in rules if each.kind == "practice_scope"), None)


def _registered(rule: Requirement, opening: Opening, person: ApplyingPerson) -> Facts:
    """Return what the practice certificate registers beside the specialty applied for (R098).

    Only an equal name is ticked. Any other is left to whoever has the certificate in hand: that
    names differ does not say that the scopes do.
    """
    facts = person.candidate
    accepted = tuple(own_parameters(rule.params).get("accepted") or ())
    names = accepted or (opening.specialty_name.zh,)
    scope = facts.practice_specialty
    if scope is None:
        verdict = f"{_NO} 执业范围未填报，须核对执业证"
    elif scope.strip() in names:
        verdict = f"{_YES} 填报的执业范围与申请专业一致，须与执业证核对"
    else:
        verdict = f"{_NO} 填报的执业范围与“{'、'.join(names)}”不同名，须由人核对"
    category = facts.licence_category
    cited = () if rule.source is None else (rule.source,)
    return Facts(
        (
            ("要求", (Statement((rule.description or rule.label).zh, cited),)),
            ("申请专业", said(opening.specialty_name.zh)),
            ("与之相符的执业范围", said("、".join(names))),
            ("注册类别", said(BLANK if category is None else LICENCE_CATEGORIES[category])),
            ("注册执业范围", said(scope or BLANK)),
            ("核对", (Statement(verdict),)),
        )
    )


def _form(fields: tuple[FormField, ...], person: ApplyingPerson) -> Facts:
    rows: list[tuple[str, Lines]] = []
    for field in fields:
        answer = person.answers.get(field.id) or _TO_FILL_BY_HAND.get(field.type)
        text = (Statement(answer or BLANK),)
        note: Lines = () if field.note is None else (Statement(field.note.zh),)
        rows.append((field.label.zh + ("" if field.required else "（选填）"), (*text, *note)))
    return Facts(tuple(rows))
