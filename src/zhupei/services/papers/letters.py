"""Letters of admission and report notices (录取通知书、报到通知书), one for each person.

A letter says when and where to report, whom to ask and what to bring (R217, S4:354-358). One that
could not say so is not written: what is lacking is told all at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from zhupei.catalogue.catalogue import Catalogue
from zhupei.config.expressions import ExpressionProblem, Missing, Roots, compile_expression
from zhupei.domain.admission import AdmissionStep, Penalty, RequiredDocument
from zhupei.domain.admission_case import AGREEMENT_LABELS
from zhupei.domain.admission_guards import window_of
from zhupei.domain.agreements import AgreementTemplate
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.eligibility import Requirement
from zhupei.domain.institutions import Contact
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program, ProgramKind, Window
from zhupei.errors import ZhupeiError
from zhupei.services.papers.brochure_offer import contact_lines, host_name
from zhupei.services.papers.brochure_terms import consequence_text
from zhupei.services.papers.figures import own_parameters
from zhupei.services.papers.paper import Facts, Lines, Paper, Part, Prose, Statement
from zhupei.services.papers.records import AdmittedTrainee, ReportTerms
from zhupei.services.papers.wording import (
    FORMS,
    TRAINEE_TYPES,
    chinese_date,
    said,
    window_text,
)

__all__ = [
    "Agreement",
    "DocumentToBring",
    "LetterIncompleteError",
    "admission_letter",
    "agreements_for",
    "concerns",
    "documents_to_bring",
    "letter_lacks",
    "report_terms",
]

_DAY = timedelta(days=1)


class LetterIncompleteError(ZhupeiError):
    """A letter would lack what it must say; ``lacking`` names all of it."""

    code = "LETTER_INCOMPLETE"

    def __init__(self, lacking: tuple[Text, ...]) -> None:
        self.lacking = lacking
        super().__init__(
            Text(
                f"通知书缺少：{'、'.join(each.zh for each in lacking)}",
                f"the letter lacks: {', '.join(each.en or each.zh for each in lacking)}",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement that a trainee signs: its kind, what to know, and the days within which.

    ``template`` is the institution's own text, None where none is configured.
    """

    kind: str
    label: Text
    note: Text | None
    within_days: int | None
    source: Source | None
    template: AgreementTemplate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentToBring:
    """A document to bring along; ``certain`` False where a fact is missing that decides it."""

    label: Text
    form: str | None
    certain: bool
    description: Text | None
    source: Source | None


def _type_text(trainee_type: TraineeType | None) -> str:
    return "未登记" if trainee_type is None else TRAINEE_TYPES[trainee_type].zh


def agreements_for(program: Program, trainee_type: TraineeType | None) -> tuple[Agreement, ...]:
    """Return which agreements a trainee of a type signs (R220, T46); empty where none is stated."""
    days = next(
        (each.value for each in program.policies if each.key == "agreement_within_days"), None
    )
    return tuple(
        Agreement(
            kind=entry.agreement,
            label=AGREEMENT_LABELS[entry.agreement],
            note=None if entry.note is None else Text(entry.note.zh, entry.note.en),
            within_days=own.get("within_days") or (days if isinstance(days, int) else None),
            source=step.source,
            template=entry.template,
        )
        for step in program.steps
        if step.kind == "agreement"
        for own in (own_parameters(step.params),)
        for entry in own.get("agreements", ())
        if trainee_type in entry.trainee_types
    )


def documents_to_bring(
    catalogue: Catalogue, program: Program, trainee: AdmittedTrainee, today: date
) -> tuple[DocumentToBring, ...]:
    """Return the documents due at report for one person, and those that the notice step names.

    A document that concerns others is left out; one that a missing fact decides is kept.
    """
    return _documents_for(catalogue, program, trainee.opening, trainee.candidate, today)


def _documents_for(
    catalogue: Catalogue, program: Program, opening: str, candidate: Candidate, today: date
) -> tuple[DocumentToBring, ...]:
    found: dict[str, DocumentToBring] = {}
    for document in program.documents:
        if document.at_step != "report":
            continue
        concerned = concerns(catalogue, catalogue.openings[opening], candidate, document, today)
        if concerned is False:
            continue
        found[document.kind + document.id] = DocumentToBring(
            label=document.label,
            form=document.form,
            certain=concerned is True and document.required,
            # Whom it concerns is told where it does not concern everybody.
            description=None if document.when is None else document.description,
            source=document.source,
        )
    if not found:
        for step in program.steps:
            if step.kind == "notice":
                found |= _named(step)
    return tuple(found.values())


def _named(step: AdmissionStep) -> dict[str, DocumentToBring]:
    return {
        label.zh: DocumentToBring(
            label=Text(label.zh, label.en),
            form=None,
            certain=True,
            description=None,
            source=step.source,
        )
        for label in own_parameters(step.params).get("documents", ())
    }


def concerns(
    catalogue: Catalogue,
    opening: Opening,
    candidate: Candidate,
    document: RequiredDocument,
    today: date,
) -> bool | None:
    """Return whether a document concerns a person, None where that cannot be told."""
    if document.when is None:
        return True
    question = EligibilityQuestion(
        candidate=candidate,
        opening=opening,
        program=catalogue.program_of(opening),
        base=catalogue.bases[opening.base],
        requirement=Requirement(
            id=document.id, kind="document", label=document.label, level=Level.INSTITUTION
        ),
        today=today,
    )
    try:
        answer = compile_expression(document.when, Roots.CANDIDATE).ask_candidate(question)
    except ExpressionProblem:
        return None
    return None if isinstance(answer, Missing | Text) else answer


@dataclass(frozen=True, slots=True)
class _Told:
    period: str
    place: str
    contact: Contact
    source: Source | None


def admission_letter(
    catalogue: Catalogue, trainee: AdmittedTrainee, terms: ReportTerms, issued_on: date
) -> Paper:
    """Return the letter of one person, to be rendered as a page or a PDF.

    Time, place and contact come from ``terms``, else from the program's window of kind
    ``report`` and the base's contacts.

    Raises:
        KeyError: there is no such opening.
        LetterIncompleteError: time, place, contact or documents are not known.
    """
    opening = catalogue.openings[trainee.opening]
    program = catalogue.program_of(opening)
    documents = documents_to_bring(catalogue, program, trainee, issued_on)
    told = _told(catalogue, program, terms, has_documents=bool(documents))
    if isinstance(told, LetterIncompleteError):
        raise told
    host = host_name(catalogue, program)
    residency = program.kind is ProgramKind.RESIDENCY
    what = "住院医师规范化培训" if residency else "进修培训"
    direction = "" if trainee.direction is None else f"（{trainee.direction.zh}）"
    opening_lines = (
        Statement(f"{trainee.name}：", strong=True),
        Statement(
            f"经审核并按规定公布结果，你已被录取为{program.name.zh}学员，请按以下要求到我单位"
            f"报到，参加{what}。"
        ),
    )
    facts: list[tuple[str, Lines]] = [
        ("报名号", said(trainee.application)),
        ("录取专业", said(f"{opening.specialty_name.zh}{direction}")),
        ("人员类型", said(_type_text(trainee.trainee_type))),
        ("报到时间", said(told.period, told.source)),
        ("报到地点", said(told.place)),
        # The place stands above; what else is noted of the office is for its other visitors.
        ("联系方式", contact_lines(replace(told.contact, address=None, note=None))),
    ]
    if terms.note is not None:
        facts.append(("说明", said(terms.note)))
    return Paper(
        title=host,
        subtitle="录取通知书" if residency else "录取报到通知书",
        lead=opening_lines,
        parts=(
            Part("一、报到事项", (Facts(tuple(facts)),)),
            Part("二、报到时应携带的材料", (Prose(_bring(documents), numbered=True),)),
            Part("三、签订协议", (Prose(_sign(program, trainee.trainee_type), listed=True),)),
            Part("四、须知", (Prose(_warnings(program), listed=True),)),
        ),
        signed=(host, chinese_date(issued_on)),
        compact=True,
    )


def report_terms(program: Program, round_code: str | None, report_by: date | None) -> ReportTerms:
    """Return when to report: until the day that the notice named, from the window's beginning."""
    step = next((each for each in program.steps if each.kind == "report"), None)
    window = None if step is None else window_of(program, round_code, step)
    if window is not None and (report_by is None or _ends_on(window, report_by)):
        return ReportTerms(
            opens_at=window.opens_at, closes_at=window.closes_at, source=window.source
        )
    if report_by is None:
        return ReportTerms()
    return ReportTerms(closes_at=datetime.combine(report_by, time(), CHINA_TIME) + _DAY)


def _ends_on(window: Window, day: date) -> bool:
    if window.closes_at is None:
        return False
    last = window.closes_at - timedelta(microseconds=1)
    return last.astimezone(CHINA_TIME).date() == day


def letter_lacks(
    catalogue: Catalogue,
    *,
    opening: str,
    round_code: str | None,
    report_by: date | None,
    candidate: Candidate,
    day: date,
) -> LetterIncompleteError | None:
    """Return what the letter of one application would lack; None where it can be written.

    ``opening`` is one of the catalogue, ``day`` the one on which the notice is sent.
    """
    program = catalogue.program_of(catalogue.openings[opening])
    documents = _documents_for(catalogue, program, opening, candidate, day)
    terms = report_terms(program, round_code, report_by)
    told = _told(catalogue, program, terms, has_documents=bool(documents))
    return told if isinstance(told, LetterIncompleteError) else None


def _told(
    catalogue: Catalogue, program: Program, terms: ReportTerms, *, has_documents: bool
) -> _Told | LetterIncompleteError:
    period, source = _period(program, terms)
    own = [*(catalogue.bases[program.base].contacts if program.base else ()), *program.contacts]
    contact = terms.contact or next((each for each in own if each.phones or each.emails), None)
    place = terms.place or next((each.address for each in own if each.address is not None), None)
    lacking = tuple(
        label
        for label, present in (
            (Text("报到时间", "time of report"), period is not None),
            (Text("报到地点", "place of report"), place is not None),
            (Text("联系人", "contact"), contact is not None),
            (Text("应携带的材料", "documents to bring"), has_documents),
        )
        if not present
    )
    if lacking or period is None or place is None or contact is None:
        return LetterIncompleteError(lacking)
    return _Told(period, place.zh, contact, source)


def _period(program: Program, terms: ReportTerms) -> tuple[str | None, Source | None]:
    if terms.opens_at is not None or terms.closes_at is not None:
        given = Window(
            kind="report",
            label=Text("报到", "Report"),
            opens_at=_local(terms.opens_at),
            closes_at=_local(terms.closes_at),
        )
        return window_text(given), terms.source
    windows = [
        window for each in program.rounds for window in each.windows if window.kind == "report"
    ]
    # Several windows are for several rounds: which is meant must then be given.
    if len(windows) != 1:
        return None, None
    return window_text(windows[0]), windows[0].source


def _local(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(CHINA_TIME)


def _bring(documents: tuple[DocumentToBring, ...]) -> Lines:
    lines: list[Statement] = []
    for each in documents:
        text = each.label.zh
        if each.form is not None:
            text += f"（{FORMS[each.form]}）"
        if not each.certain:
            text += "，按本人情况提供"
        if each.description is not None:
            text += f"：{each.description.zh}"
        lines.append(Statement(text, () if each.source is None else (each.source,)))
    return tuple(lines)


def _sign(program: Program, trainee_type: TraineeType | None) -> Lines:
    agreements = agreements_for(program, trainee_type)
    if not agreements:
        if trainee_type is None:
            return (Statement("人员类型未登记，须签订的协议请向我单位咨询。"),)
        return (
            Statement(f"文件未规定{TRAINEE_TYPES[trainee_type].zh}须签订的协议，请向我单位咨询。"),
        )
    lines: list[Statement] = []
    for each in agreements:
        text = each.label.zh
        if each.within_days is not None:
            text += f"，报到后 {each.within_days} 日内签订"
        if each.note is not None:
            text += f"（{each.note.zh}）"
        lines.append(Statement(text, () if each.source is None else (each.source,)))
    return tuple(lines)


_TOLD_AGAIN = frozenset({"no_show", "quit_after_report", "withdrawal", "fraud"})


def _warnings(program: Program) -> Lines:
    """Return what follows from not reporting and from quitting, as announced (R211)."""
    found: list[Penalty] = [each for each in program.penalties if each.trigger in _TOLD_AGAIN]
    if not found:
        return (Statement("请按时报到；如有特殊情况，请提前与我单位联系。"),)
    return tuple(
        Statement(
            f"{each.label.zh}：{follows}。"
            if (follows := consequence_text(each))
            else each.label.zh,
            () if each.source is None else (each.source,),
        )
        for each in found
    )
