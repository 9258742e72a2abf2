"""Papers for one person from the rows: letter of admission, agreement, checklist.

Names and numbers are those that the applicant registered with; facts are those that were frozen
with the application.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import Applicant, ApplicantFile, ApplicationRow, TraineeRow, TransitionRow
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import EXITS, STATE_LABELS, Action, ApplicationState
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.registrations import last_day, planned_training, training_starts
from zhupei.domain.sources import SourceDocument
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind
from zhupei.errors import ZhupeiError
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.store import cases_of
from zhupei.services.applicants import reveal_all
from zhupei.services.issuing.lists import direction_of
from zhupei.services.papers.agreement import agreement_paper
from zhupei.services.papers.checklist import application_checklist
from zhupei.services.papers.letters import (
    admission_letter,
    agreements_for,
    letter_lacks,
    report_terms,
)
from zhupei.services.papers.paper import Paper
from zhupei.services.papers.records import (
    AdmittedTrainee,
    ApplyingPerson,
    ContractingTrainee,
)
from zhupei.services.papers.render import UnprintableTextError, render_html, render_pdf

__all__ = [
    "READ_BY_DUE_PAPERS",
    "DuePaper",
    "IssuedLetter",
    "PaperNotDueError",
    "agreement_for",
    "agreement_kinds",
    "checklist_for",
    "due_papers",
    "letter_for",
    "letters_archive",
    "letters_of_round",
]

_S = ApplicationState
_NOTIFIED = (_S.NOTIFIED, _S.REPORTED, _S.CONTRACTED, _S.REGISTERED)
_CONTRACTING = (_S.ADMITTED, *_NOTIFIED)
_STAMP = (2000, 1, 1, 0, 0, 0)


class PaperNotDueError(ZhupeiError):
    """A paper is asked for before the application has come so far, or where none is signed."""

    code = "PAPER_NOT_DUE"


@dataclass(frozen=True, slots=True)
class IssuedLetter:
    """The letter of one application, or why it could not be made."""

    application: UUID
    paper: Paper | None
    problem: ZhupeiError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePaper:
    """A kind of paper for one person, and why it cannot be had yet.

    ``kind`` is ``letter``, ``agreement`` (of the kind ``agreement``) or ``checklist``.
    """

    kind: str
    label: Text
    agreement: str | None = None
    reason: Text | None = None


READ_BY_DUE_PAPERS = frozenset(
    {"candidate", "opening", "report_by", "round", "state", "trainee_type"}
)
"""What `due_papers` looks at of an application."""


def due_papers(
    catalogue: Catalogue, case: AdmissionCase | RowView, today: date
) -> tuple[DuePaper, ...]:
    """Return the papers that there are for a person, in the order in which they are needed.

    A letter that would lack what it must say (R217) is not to be had, and says what it lacks.
    There are none for an opening that left the catalogue, whose rules nobody knows any more.
    """
    opening = catalogue.openings.get(case.opening)
    if opening is None:
        return ()
    program = catalogue.program_of(opening)
    reason = _not_due(case).message
    no_letter: Text | None = reason
    if case.state in _NOTIFIED:
        lacking = letter_lacks(
            catalogue,
            opening=case.opening,
            round_code=case.round,
            report_by=case.report_by,
            candidate=case.candidate,
            day=today,
        )
        no_letter = None if lacking is None else lacking.message
    residency = program.kind is ProgramKind.RESIDENCY
    return (
        DuePaper(kind="checklist", label=Text("报名材料清单", "Checklist of documents")),
        DuePaper(
            kind="letter",
            label=Text("录取通知书", "Letter of admission")
            if residency
            else Text("录取报到通知书", "Report notice"),
            reason=no_letter,
        ),
        *(
            DuePaper(
                kind="agreement",
                label=each.label,
                agreement=each.kind,
                reason=None if case.state in _CONTRACTING else reason,
            )
            for each in agreements_for(program, case.trainee_type)
        ),
    )


async def letter_for(catalogue: Catalogue, case: AdmissionCase) -> Paper:
    """Return the letter of admission or report notice of one application (R095, R217).

    It bears the day on which the notice was sent, so that it is the same whenever it is printed.

    Raises:
        PaperNotDueError: the notice has not been sent.
        LetterIncompleteError: time, place, contact or documents are not known.
    """
    (letter,) = await _letters(catalogue, [case])
    if letter.paper is None:
        raise letter.problem or _not_due(case)
    return letter.paper


async def letters_of_round(
    catalogue: Catalogue, program: str, round_code: str | None
) -> tuple[IssuedLetter, ...]:
    """Return the letters of everyone who was notified in a round, in the order of their ids.

    Without a round they are those of all rounds of the program, and of who came outside them.
    """
    rows = ApplicationRow.filter(
        program_code=program, state__in=[state.value for state in _NOTIFIED]
    )
    if round_code is not None:
        rows = rows.filter(round_code=round_code)
    return await _letters(catalogue, await cases_of(await rows.order_by("id")))


def letters_archive(
    letters: Iterable[IssuedLetter],
    documents: Mapping[str, SourceDocument],
    told: Callable[[], None] = lambda: None,
) -> bytes:
    """Return letters as a ZIP of PDF files named by application; equal letters, equal bytes.

    ``told`` is called for each letter: some hundreds of them take minutes.

    A letter with a character that the font lacks is there as a web page; one that could not be
    made is told of in ``problems.txt``, in Chinese and English.
    """
    written = io.BytesIO()
    problems: list[str] = []
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for letter in letters:
            told()
            if letter.paper is None:
                if letter.problem is not None:
                    problems.append(_told(letter, letter.problem))
                continue
            try:
                _put(archive, f"{letter.application}.pdf", render_pdf(letter.paper, documents))
            except UnprintableTextError as error:
                problems.append(_told(letter, error))
                page = render_html(letter.paper, documents)
                _put(archive, f"{letter.application}.html", page.encode())
        if problems:
            _put(archive, "problems.txt", "".join(problems).encode())
    return written.getvalue()


def agreement_kinds(catalogue: Catalogue, case: AdmissionCase) -> tuple[str, ...]:
    """Return the kinds of agreement that this person signs (T46), in the program's order."""
    program = catalogue.program_of(catalogue.openings[case.opening])
    return tuple(each.kind for each in agreements_for(program, case.candidate.trainee_type))


async def agreement_for(
    catalogue: Catalogue, keyring: Keyring, case: AdmissionCase, kind: str | None = None
) -> Paper:
    """Return the agreement that a person signs, or the sheet of what it names.

    ``kind`` picks one where the type of trainee signs several; by default the first. Its text is
    the institution's; without one it is the sheet of `zhupei.services.papers.agreement`.

    Raises:
        PaperNotDueError: the person is not admitted yet, or signs no such agreement.
    """
    if case.state not in _CONTRACTING:
        raise _not_due(case)
    program = catalogue.program_of(catalogue.openings[case.opening])
    agreements = agreements_for(program, case.candidate.trainee_type)
    agreement = next((each for each in agreements if kind in (None, each.kind)), None)
    if agreement is None:
        raise PaperNotDueError(
            Text(
                "文件未规定该人员类型签订此种协议",
                "no document asks this type of trainee for such an agreement",
            )
        )
    people = await reveal_all(keyring, [case.applicant])
    if case.applicant not in people:
        raise _nobody(case)
    record, true = people[case.applicant]
    starts_on, ends_on, months = await _term(catalogue, case)
    unit = case.candidate.sending_unit
    trainee = ContractingTrainee(
        application=str(case.id),
        name=record.name,
        identity_kind=record.identity_kind.label.zh,
        number=true.number,
        phone=true.phone,
        opening=case.opening,
        trainee_type=case.candidate.trainee_type,
        direction=direction_of(catalogue, case.opening, case.direction),
        sending_unit=None if unit is None else unit.name,
        starts_on=starts_on,
        ends_on=ends_on,
        months=months,
        sign_by=case.agreement_by,
    )
    return agreement_paper(catalogue, trainee, agreement)


async def checklist_for(catalogue: Catalogue, case: AdmissionCase, today: date) -> Paper:
    """Return the checklist of an application: documents, mail, names of the unit, forms."""
    row = await Applicant.get_or_none(id=case.applicant)
    if row is None:
        raise _nobody(case)
    files = await ApplicantFile.filter(applicant_id=case.applicant, removed_at=None).values_list(
        "document", flat=True
    )
    handed_in = {str(each) for each in files} | {each.document for each in case.documents}
    person = ApplyingPerson(
        application=str(case.id),
        name=row.name,
        opening=case.opening,
        candidate=case.candidate,
        direction=direction_of(catalogue, case.opening, case.direction),
        answers=case.answers,
        handed_in=frozenset(handed_in),
    )
    return application_checklist(catalogue, person, today)


async def _letters(
    catalogue: Catalogue, cases: Sequence[AdmissionCase]
) -> tuple[IssuedLetter, ...]:
    names = await _names({case.applicant for case in cases})
    notified = await _notified_on([case.id for case in cases])
    letters = []
    for case in cases:
        name, issued_on = names.get(case.applicant), notified.get(case.id)
        if case.state not in _NOTIFIED or issued_on is None:
            letters.append(IssuedLetter(case.id, None, _not_due(case)))
        elif name is None:
            letters.append(IssuedLetter(case.id, None, _nobody(case)))
        else:
            letters.append(_letter(catalogue, case, name, issued_on))
    return tuple(letters)


def _letter(catalogue: Catalogue, case: AdmissionCase, name: str, issued_on: date) -> IssuedLetter:
    trainee = AdmittedTrainee(
        application=str(case.id),
        name=name,
        opening=case.opening,
        trainee_type=case.candidate.trainee_type,
        candidate=case.candidate,
        direction=direction_of(catalogue, case.opening, case.direction),
    )
    program = catalogue.program_of(catalogue.openings[case.opening])
    terms = report_terms(program, case.round, case.report_by)
    try:
        return IssuedLetter(case.id, admission_letter(catalogue, trainee, terms, issued_on))
    except ZhupeiError as error:
        return IssuedLetter(case.id, None, error)


async def _term(
    catalogue: Catalogue, case: AdmissionCase
) -> tuple[date | None, date | None, int | None]:
    """Return first and last day and months of training: as registered, else as planned."""
    row = await TraineeRow.get_or_none(application_id=case.id)
    if row is not None:
        return row.started_on, row.ends_on, row.months
    opening = catalogue.openings[case.opening]
    program = catalogue.program_of(opening)
    months = planned_training(program, opening, case.candidate, None, None).months
    starts_on = training_starts(program, case.reported_on)
    ends_on = None if starts_on is None or months is None else last_day(starts_on, months)
    return starts_on, ends_on, months


async def _names(applicants: Collection[UUID]) -> dict[UUID, str]:
    rows = await Applicant.filter(id__in=list(applicants)).values_list("id", "name")
    return {UUID(str(id_)): str(name) for id_, name in rows}


async def _notified_on(applications: Collection[UUID]) -> dict[UUID, date]:
    """Return the day of the last notice of each application, in China's time."""
    rows = (
        await TransitionRow.filter(
            application_id__in=list(applications), action=Action.NOTIFY.value
        )
        .order_by("sequence")
        .values_list("application_id", "at")
    )
    return {UUID(str(id_)): at.astimezone(CHINA_TIME).date() for id_, at in rows}


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _told(letter: IssuedLetter, error: ZhupeiError) -> str:
    message = error.message
    return f"{letter.application}: {message.zh} · {message.en or message.zh}\n"


def _not_due(case: AdmissionCase | RowView) -> PaperNotDueError:
    label = STATE_LABELS[case.state]
    if case.state in EXITS:
        return PaperNotDueError(
            Text(
                f"申请已结束（“{label.zh}”），不再出具",
                f'the application has ended ("{label.en}"): this paper is not issued any more',
            )
        )
    return PaperNotDueError(
        Text(
            f"申请处于“{label.zh}”，尚不能出具",
            f'the application is "{label.en}": this paper is not due yet',
        )
    )


def _nobody(case: AdmissionCase) -> PaperNotDueError:
    return PaperNotDueError(
        Text(f"报名号 {case.id} 的人员未登记", f"nobody is registered for {case.id}")
    )
