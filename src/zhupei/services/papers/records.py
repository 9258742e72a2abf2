"""What the papers about people are made from: plain records, as one reads them from anywhere.

Codes are the catalogue's; dates are days in China. None means not known and is never a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

from zhupei.domain.assessment import Score
from zhupei.domain.institutions import Contact
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.sources import Source
from zhupei.domain.text import Text

__all__ = [
    "AdmittedTrainee",
    "ApplyingPerson",
    "AssessedApplicant",
    "ContractingTrainee",
    "ImportedScores",
    "OpeningFigures",
    "ProposedAdmission",
    "RegisteredTrainee",
    "ReportTerms",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedAdmission:
    """One person on the list of proposed admissions (拟录取名单); masked before it is shown.

    ``number`` is that of the identity document as it was normalised for storage.
    """

    application: str
    name: str
    number: str
    opening: str
    trainee_type: TraineeType | None
    direction: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedTrainee:
    """One person who was admitted, as the letter addresses them.

    ``candidate`` holds the facts that decide which documents are asked of this person.
    """

    application: str
    name: str
    opening: str
    trainee_type: TraineeType | None
    candidate: Candidate
    direction: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTerms:
    """When and where to report; what is None is taken from the program, if it says so.

    ``opens_at`` and ``closes_at`` are aware instants, the period half-open.
    """

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    place: Text | None = None
    contact: Contact | None = None
    note: Text | None = None
    source: Source | None = None
    """The clause that sets the period, where one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractingTrainee:
    """One person who signs an agreement, with what the documents ask an agreement to name.

    ``number`` and ``phone`` are as normalised for storage, the phone None where it is not known.
    ``starts_on`` and ``ends_on`` are the first and last day of training, ``months`` its length,
    ``sign_by`` the last day to sign.
    """

    application: str
    name: str
    identity_kind: str
    number: str
    phone: str | None
    opening: str
    trainee_type: TraineeType | None
    direction: Text | None = None
    sending_unit: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    months: int | None = None
    sign_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyingPerson:
    """One person and what they stated, as the checklist of an application shows it.

    ``answers`` are those to the fields of forms by the field's id, ``handed_in`` the ids of the
    documents that are there.
    """

    application: str
    name: str
    opening: str
    candidate: Candidate
    direction: Text | None = None
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    handed_in: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedApplicant:
    """One person whose scores are recorded on a sheet.

    ``masked_number`` is that of the identity document; with it the sheet has a second column by
    which a row is known to be the person's own.
    """

    application: str
    name: str
    opening: str
    masked_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedScores:
    """The scores of one application as they stood on a sheet; ``absent`` are assessments missed."""

    application: str
    scores: tuple[Score, ...]
    absent: tuple[str, ...]
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredTrainee:
    """One row of the registration list (注册名单): the person in full, for the authority alone.

    ``starts_on`` is None where nobody recorded it. ``channel`` says how the person came in (T60).
    """

    registration: str
    name: str
    document_kind: str
    number: str
    base: str
    opening: str
    trainee_type: TraineeType | None
    starts_on: date | None
    ends_on: date | None
    agreement: str | None
    channel: Text | None = None
    direction: Text | None = None
    degree: str | None = None
    sending_unit: str | None = None
    phone: str | None = None
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Our own codes behind the words, by field (`zhupei.domain.registration_columns`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningFigures:
    """How one opening fared: numbers of applications and people; ``quota`` None if unpublished.

    ``shortage`` says whether the specialty counts as a shortage one for the plan (T16), None where
    the list is open-ended and does not decide it.
    """

    opening: str
    quota: int | None
    quota_note: Text | None
    applications: int
    admitted: int
    registered: int
    shortage: bool | None
    increase: int = 0
    """Places of approved plan increases, added to ``quota``."""
