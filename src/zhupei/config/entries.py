"""The parts that every file may have: contacts and rules.

These are the static shapes. `config.files` adds to rules the kinds that plugins teach, so that
an entry of a known kind is checked with its own parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from zhupei.config import patterns
from zhupei.config.citations import SourceRef
from zhupei.config.scalars import Amount, Flag, Share, Slug, Whole, Year, problem
from zhupei.config.texts import Label, Model, NonEmpty, Passage
from zhupei.domain.benefits import FundingSource, Payer, Period
from zhupei.domain.contacts import parse_phones
from zhupei.domain.kinds import KindGroup
from zhupei.domain.training import ProgramKind

__all__ = [
    "LISTS_OF_KINDS",
    "AssessmentEntry",
    "BenefitEntry",
    "ContactEntry",
    "DocumentEntry",
    "Entry",
    "FormFieldEntry",
    "PenaltyEntry",
    "PolicyEntry",
    "RequirementEntry",
    "RuleBlocks",
    "SectionEntry",
    "SectionItemEntry",
    "ShortageEntry",
    "StepEntry",
    "WageEntry",
]


class ContactEntry(Model):
    """How to reach an office."""

    label: Label | None = None
    """Which office."""
    people: tuple[NonEmpty, ...] = ()
    """Names of the persons in charge."""
    phones: tuple[NonEmpty, ...] = ()
    """Telephone numbers as printed; extension after 转."""
    qq_groups: tuple[Annotated[str, StringConstraints(pattern=patterns.QQ_GROUP)], ...] = ()
    """QQ groups, digits only."""
    emails: tuple[Annotated[str, StringConstraints(pattern=patterns.EMAIL)], ...] = ()
    """Mail addresses."""
    wechat_accounts: tuple[NonEmpty, ...] = ()
    """WeChat public accounts (公众号)."""
    websites: tuple[Annotated[str, StringConstraints(pattern=patterns.WEBSITE)], ...] = ()
    """Web addresses."""
    address: Passage | None = None
    """Postal address."""
    note: Passage | None = None
    """What the contact is for."""
    source: SourceRef | None = None
    """Where it stands."""

    @field_validator("phones")
    @classmethod
    def _phones_are_readable(cls, phones: tuple[str, ...]) -> tuple[str, ...]:
        for index, phone in enumerate(phones):
            try:
                parsed = parse_phones(phone)
            except ValueError:
                parsed = ()
            if not parsed:
                raise problem(
                    "CONFIG_BAD_PHONE",
                    f"无法识别的电话号码 {phone!r}，应如 027-60660788 或 0755-86913333 转 8182",
                    f"cannot read the phone number {phone!r}; "
                    "write 027-60660788 or 0755-86913333 转 8182",
                    at=(index,),
                )
        return phones


class Entry(Model):
    """What every rule has: an id that lower levels may replace it by, a label, its clause."""

    id: Slug
    """Id within its list; the more specific level's entry replaces the other's."""
    label: Label
    """What to call it."""
    description: Passage | None = None
    """What it says."""
    source: SourceRef | None = None
    """The clause that sets it."""
    program_kinds: tuple[ProgramKind, ...] | None = None
    """Kinds of program it concerns. Default: residency in national and jurisdiction files,
    any kind in base files and below a program."""


class RequirementEntry(Entry):
    """One condition of admission; further keys come with its kind."""

    kind: str
    """Which rule this is."""
    hard: Flag = True
    """False for "in principle" (原则上): a failure then asks for a review."""
    floor: Flag = False
    """True where no lower level may replace it."""
    when: str | None = None
    """Expression over ``candidate``, ``opening``, ``program``, ``base``: whom it concerns."""
    deferred: (
        Literal["declaration", "medical_examination", "registry", "document", "interview"] | None
    ) = None
    """The later step that settles it, where the candidate's facts cannot."""


class BenefitEntry(Entry):
    """One thing that trainees are paid or given; further keys come with its kind."""

    kind: str
    """How it is computed."""
    payer: Payer | None = None
    """Who pays; null where the documents contradict each other or do not say."""
    funding_source: FundingSource | None = None
    """Where the money comes from."""
    period: Period | None = None
    """How often it is paid."""
    condition: Passage | None = None
    """On what it depends, for readers."""
    when: str | None = None
    """Expression over ``profile``, ``opening``, ``program``, ``base``: whom it concerns."""
    note: Passage | None = None
    """What to know; for a benefit without a figure, why."""


class StepEntry(Entry):
    """One step of admission, in order; further keys come with its kind."""

    kind: str
    """What kind of step."""
    actor: (
        Literal["applicant", "sending_unit", "department", "specialty_base", "base", "jurisdiction"]
        | None
    ) = None
    """Who does it."""
    round: Slug | None = None
    """The round it belongs to, where steps differ by round."""
    window: str | None = None
    """The kind of window of the round that bounds it."""
    amends: Flag = False
    """True to change the step of this id in the list above and keep the other steps; then every
    step of the list says so."""


class FormFieldEntry(Model):
    """One field of a form."""

    id: Slug
    """Id within the form."""
    label: Label
    """What the form prints."""
    type: Literal["text", "date", "number", "photo", "signature", "seal", "choice"] = "text"
    """What it holds."""
    required: Flag = True
    """Whether it must be filled."""
    held: Literal["phone", "email"] | None = None
    """What of the applicant's own record fills it, so that the form does not ask again."""
    note: Passage | None = None
    """How to fill it."""


class DocumentEntry(Entry):
    """A document that applicants give; further keys come with its kind."""

    kind: str
    """What kind of document."""
    aliases: tuple[NonEmpty, ...] = ()
    """Other names of the same document (T8)."""
    at_step: Slug | None = None
    """Id of the step at which it is due."""
    form: Literal["original", "copy", "original_and_copy", "scan", "sealed_scan", "form"] | None = (
        None
    )
    """In which form."""
    when: str | None = None
    """Expression: of whom it is asked."""
    required: Flag = True
    """Whether an application is incomplete without it."""
    fields: tuple[FormFieldEntry, ...] = ()
    """The fields of a form."""


class AssessmentEntry(Entry):
    """One assessment; further keys come with its kind."""

    kind: str
    """What kind of assessment."""
    phase: Literal["admission", "process", "completion"]
    """When in a trainee's life it takes place."""
    full_mark: Annotated[Whole, Field(gt=0)] | None = None
    """Points of full marks."""
    pass_mark: Annotated[Whole, Field(ge=0)] | None = None
    """Points to pass; null where the documents give none."""
    weight: Annotated[Share, Field(le=1)] | None = None
    """Share in the ranking; the weights of a phase add up to 1."""
    weight_note: Passage | None = None
    """Why there is no weight."""
    every_months: Annotated[Whole, Field(ge=1, le=1_200)] | None = None
    """Interval in months."""
    forms: tuple[Label, ...] = ()
    """Forms it may take."""
    grades: tuple[Label, ...] = ()
    """Grades, best first."""
    criteria: tuple[Label, ...] = ()
    """What is judged."""

    @model_validator(mode="after")
    def _passable(self) -> Self:
        full, passed = self.full_mark, self.pass_mark
        if full is not None and passed is not None and passed > full:
            raise problem(
                "CONFIG_BAD_RANGE",
                f"及格分 {passed} 高于满分 {full}",
                f"the pass mark {passed} is above the full mark {full}",
                at=("pass_mark",),
            )
        return self


class PenaltyEntry(Entry):
    """What follows a breach."""

    trigger: Literal[
        "withdrawal",
        "no_show",
        "fraud",
        "quit_after_report",
        "serious_breach",
        "misconduct",
        "postgraduate_exam",
        "shortage_shortfall",
        "quality",
    ]
    """What it follows from."""
    consequences: tuple[
        Literal[
            "application_cancelled",
            "admission_cancelled",
            "eligibility_cancelled",
            "ban",
            "repayment",
            "subsidy_stopped",
            "terminated",
            "public_criticism",
            "recruitment_suspended",
            "plan_cut",
            "no_growth",
        ],
        ...,
    ]
    """What follows."""
    ban_years: Annotated[Whole, Field(ge=1, le=100)] | None = None
    """Years without a new application."""
    after_days: Annotated[Whole, Field(ge=1, le=36_500)] | None = None
    """Days after which it follows by itself; null where a person decides."""
    repays: tuple[FundingSource, ...] = ()
    """Funding sources to pay back."""
    decided_by: Literal["base", "jurisdiction", "automatic"] | None = None
    """Who decides."""


class PolicyEntry(Model):
    """The value of one parameter."""

    value: str | None
    """The value; null where the documents give none (then say so in ``note``)."""
    note: Passage | None = None
    """Why it is unknown, or how it was decided."""
    source: SourceRef | None = None
    """The clause that sets it."""
    program_kinds: tuple[ProgramKind, ...] | None = None
    """Kinds of program it concerns, as for rules."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_a_bare_value(cls, value: object) -> object:
        if isinstance(value, str) and value.strip():
            raise problem(
                "CONFIG_BAD_TYPE",
                "应写出参数的值（value），可附说明（note）和出处（source）",
                "expected a policy: its value, with a note and a source if need be",
                hint_zh=f"请写 {{value: {value.strip()}}}",
                hint_en=f"write {{value: {value.strip()}}}",
            )
        return value


class SectionItemEntry(Model):
    """One published statement."""

    id: Slug
    """Id within the section."""
    label: Label
    """What it is about."""
    text: Passage | None = None
    """The statement, as published."""
    value: str | None = None
    """The figure, where it is one."""
    unit: str | None = None
    """Unit of the figure."""
    source: SourceRef | None = None
    """Where it stands."""


class SectionEntry(Entry):
    """A titled group of published statements that carry no logic."""

    kind: Literal[
        "profile",
        "principles",
        "duties",
        "rights",
        "procedure",
        "management",
        "statistics",
        "training",
        "recognition",
    ]
    """What it is about."""
    items: tuple[SectionItemEntry, ...]
    """The statements."""


class ShortageEntry(Model):
    """A set of shortage specialties for one purpose (紧缺专业, T16)."""

    purpose: Literal["quota_penalty", "admission_priority", "subsidy"]
    """What the set is for; sets of different purposes are never mixed."""
    specialties: tuple[NonEmpty, ...]
    """Specialties by code, name or alias."""
    open_ended: Flag = False
    """True where the document's list ends in "and others" (等)."""
    rounds: tuple[Slug, ...] = ()
    """Codes of the rounds that it concerns; empty for all."""
    source: SourceRef
    """The clause that lists them."""


class WageEntry(Model):
    """Average yearly wage of urban in-post employees of the region, in yuan (R283)."""

    year: Year
    """The year that the wage is of."""
    amount: Amount
    """Yuan per year."""
    source: SourceRef | None = None
    """Where it is published."""


LISTS_OF_KINDS: Mapping[str, KindGroup] = MappingProxyType(
    {
        "requirements": KindGroup.REQUIREMENT,
        "benefits": KindGroup.BENEFIT,
        "steps": KindGroup.STEP,
        "documents": KindGroup.DOCUMENT,
        "assessments": KindGroup.ASSESSMENT,
    }
)
"""The lists whose entries have a ``kind:``, and the group that it belongs to."""


class RuleBlocks(Model):
    """The lists of rules that national, jurisdiction, base, program and opening may have."""

    requirements: tuple[RequirementEntry, ...] = ()
    """Conditions of admission."""
    benefits: tuple[BenefitEntry, ...] = ()
    """Pay and benefits."""
    steps: tuple[StepEntry, ...] = ()
    """Admission steps in order; the most specific list is taken whole."""
    documents: tuple[DocumentEntry, ...] = ()
    """Documents that applicants give."""
    assessments: tuple[AssessmentEntry, ...] = ()
    """Assessments of admission, process and completion."""
    penalties: tuple[PenaltyEntry, ...] = ()
    """Penalties, announced in advance."""
    policies: dict[str, PolicyEntry] = Field(default_factory=dict)
    """Parameters by key; see the list of policies."""
    shortage: tuple[ShortageEntry, ...] = ()
    """Shortage specialties by purpose."""
    sections: tuple[SectionEntry, ...] = ()
    """Published information without logic."""

    def entries(self) -> dict[str, tuple[Any, ...]]:
        """Return the lists whose entries are merged by id, by name."""
        return {
            "requirements": self.requirements,
            "benefits": self.benefits,
            "steps": self.steps,
            "documents": self.documents,
            "assessments": self.assessments,
            "penalties": self.penalties,
            "sections": self.sections,
        }
