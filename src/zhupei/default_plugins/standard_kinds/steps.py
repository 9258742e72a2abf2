"""Steps of admission: what is done, and what a step must state or hand over."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from zhupei.config.entries import Label, Model, Passage, SourceRef
from zhupei.config.scalars import Whole, problem
from zhupei.config.templates import TemplateFile
from zhupei.domain.agreements import required_fields
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import TraineeType
from zhupei.domain.registration_columns import (
    CODED_FIELDS,
    DATE_FIELDS,
    DateForm,
    RegistrationField,
    StatisticsField,
)
from zhupei.domain.text import Text

__all__ = [
    "STEP_KINDS",
    "AgreementEntry",
    "AgreementStepParams",
    "BrochureParams",
    "DirectRegistrationParams",
    "ExaminationStepParams",
    "InterviewStepParams",
    "NoticeParams",
    "OffSiteLimits",
    "PublicationParams",
    "RegistrationColumn",
    "RegistrationListParams",
    "ResultPacketParams",
    "SelectionParams",
    "StatisticsColumn",
    "TraineeTypesParams",
]

_Labels = tuple[Label, ...]


class BrochureParams(Model):
    """What a brochure must state (R135)."""

    must_state: _Labels = ()
    """What it must state."""


class PublicationParams(Model):
    """Where a brochure is published (R136)."""

    places: _Labels = ()
    """Where, at the same time."""


class InterviewStepParams(Model):
    """How an interview is held (R142)."""

    modes: _Labels = ()
    """On site, by video and the like."""


class ExaminationStepParams(Model):
    """How an examination is held (R143)."""

    forms: _Labels = ()
    """Theory, skills and the like."""


class ResultPacketParams(Model):
    """What is handed over for each candidate (R144)."""

    contents: _Labels = ()
    """Its parts."""


class SelectionParams(Model):
    """By what a department selects (R094)."""

    criteria: _Labels = ()
    """What is weighed up."""


class NoticeParams(Model):
    """What a notice of admission says and asks for (S4:354-358)."""

    states: _Labels = ()
    """What it states."""
    documents: _Labels = ()
    """What is to be brought along."""
    channel: Label | None = None
    """How it reaches people."""


class AgreementEntry(Model):
    """The agreement that certain trainees sign (T46)."""

    trainee_types: Annotated[tuple[TraineeType, ...], Field(min_length=1)]
    """Who signs it."""
    agreement: Literal["labour_contract", "two_party", "three_party", "directed_entrustment"]
    """Which agreement."""
    note: Passage | None = None
    """What to know."""
    template: TemplateFile | None = None
    """The institution's own text, a file beside this one, with fields such as {{trainee_name}}."""

    @model_validator(mode="after")
    def _names_its_parties(self) -> Self:
        if self.template is not None:
            lacking = set(required_fields(self.agreement)) - set(self.template.fields)
            if lacking:
                listed = ", ".join(f"{{{{{name}}}}}" for name in sorted(lacking))
                raise problem(
                    "CONFIG_TEMPLATE_FIELD",
                    f"范本 {self.template.file} 缺少字段 {listed}",
                    f"the template {self.template.file} lacks {listed}",
                    at=("template",),
                )
        return self


class AgreementStepParams(Model):
    """Which agreements are signed, and by when."""

    agreements: tuple[AgreementEntry, ...] = ()
    """By type of trainee."""
    within_days: Annotated[Whole, Field(gt=0)] | None = None
    """Days within which they are signed; null where none are stated."""


class _Column(Model):
    """What columns of all exports have in common."""

    header: Label | None = None
    """Its heading; by default the field's own name."""
    text: str | None = None
    """A text that is the same in every row, such as the authority's code of the province."""
    codes: dict[str, str] = Field(default_factory=dict)
    """The authority's own code for each of ours, where it has codes of its own; all of ours."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        found: str | None = getattr(self, "field", None)
        if (found is None) == (self.text is None):
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                "每列须有 field 或 text 之一",
                "a column has either a field or a text",
            )
        if self.text is not None and self.header is None:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                "固定内容的列须有标题 header",
                "a column with a text of its own needs a header",
                at=("text",),
            )
        if self.codes:
            self._names_every_code(found)
        return self

    def _names_every_code(self, found: str | None) -> None:
        known = CODED_FIELDS.get(found or "")
        if known is None:
            listed = ", ".join(sorted(CODED_FIELDS))
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"只有这些列有代码：{listed}",
                f"only these fields have codes: {listed}",
                at=("codes",),
            )
        unknown = sorted(set(self.codes) - set(known))
        lacking = sorted(set(known) - set(self.codes))
        if unknown or lacking:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"codes 应逐一给出 {', '.join(sorted(known))}"
                + (f"；不认识 {', '.join(unknown)}" if unknown else "")
                + (f"；缺少 {', '.join(lacking)}" if lacking else ""),
                f"codes names each of {', '.join(sorted(known))}"
                + (f"; unknown: {', '.join(unknown)}" if unknown else "")
                + (f"; missing: {', '.join(lacking)}" if lacking else ""),
                at=("codes",),
            )


class RegistrationColumn(_Column):
    """One column of the registration list."""

    field: RegistrationField | None = None
    """What stands in it."""
    format: DateForm | None = None
    """How a date is written: iso (2026-09-01), compact (20260901), chinese, slashes."""

    @model_validator(mode="after")
    def _is_a_date(self) -> Self:
        if self.format is not None and self.field not in DATE_FIELDS:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"只有日期列可设 format：{', '.join(sorted(DATE_FIELDS))}",
                f"only dates have a format: {', '.join(sorted(DATE_FIELDS))}",
                at=("format",),
            )
        return self


class StatisticsColumn(_Column):
    """One column of the statistics."""

    field: StatisticsField | None = None
    """What stands in it."""


class RegistrationListParams(Model):
    """How the registration list of a jurisdiction and its statistics look (R156, R157)."""

    columns: Annotated[tuple[RegistrationColumn, ...], Field(min_length=1)] | None = None
    """Columns of the list in their order; by default all that are known."""
    statistics: Annotated[tuple[StatisticsColumn, ...], Field(min_length=1)] | None = None
    """Columns of the statistics in their order; by default all that are known."""


class TraineeTypesParams(Model):
    """Whom a way beside the batches concerns (R126-R127, T60)."""

    trainee_types: Annotated[tuple[TraineeType, ...], Field(min_length=1)]
    """Whom it concerns."""


class OffSiteLimits(Model):
    """Limits of students whose school lies elsewhere: never across provinces, and within the
    province only with a report to the education department and the consent of the health
    commission (R161)."""

    since: Annotated[Whole, Field(ge=2000)]
    """First recruitment year that they bind."""
    source: SourceRef | None = None
    """The clause that sets them."""


class DirectRegistrationParams(TraineeTypesParams):
    """Who is registered directly, and what limits that (R126, R161)."""

    off_site: OffSiteLimits | None = None
    """What limits students of a school elsewhere; null where no document does."""


_STEPS: tuple[tuple[str, str, str, str, str, type[Model] | None], ...] = (
    (
        "brochure_submission",
        "报送招生简章",
        "Brochure submitted",
        "培训基地编写并报送招生简章。",
        "The base writes its brochure and submits it.",
        BrochureParams,
    ),
    (
        "brochure_approval",
        "审核招生简章",
        "Brochure approved",
        "主管机构审核招生简章。",
        "The authority approves the brochure.",
        None,
    ),
    (
        "brochure_publication",
        "发布招生简章",
        "Brochure published",
        "在规定的平台发布招生简章。",
        "The brochure is published in the places named.",
        PublicationParams,
    ),
    (
        "mobilisation",
        "宣传和动员",
        "Publicity and mobilisation",
        "宣传政策，动员报名。",
        "The policy is explained and people are invited to apply.",
        None,
    ),
    (
        "application",
        "报名",
        "Application",
        "申请人报名并提交材料。",
        "The applicant applies and hands in documents.",
        None,
    ),
    (
        "unit_recommendation",
        "单位推荐",
        "Recommendation by the unit",
        "所在单位推荐并统一上报。",
        "The own unit recommends and reports.",
        None,
    ),
    (
        "preference",
        "填报志愿",
        "Preference",
        "申请人填报志愿。",
        "The applicant files preferences.",
        None,
    ),
    (
        "eligibility_check",
        "资格审核",
        "Eligibility check",
        "审核报考资格和材料。",
        "Eligibility and documents are checked.",
        None,
    ),
    (
        "interview",
        "面试",
        "Interview",
        "组织面试。",
        "The applicant is interviewed.",
        InterviewStepParams,
    ),
    (
        "examination",
        "专业考试",
        "Examination",
        "组织专业考试。",
        "The applicant sits an examination.",
        ExaminationStepParams,
    ),
    (
        "specialty_base_opinion",
        "专业基地意见",
        "Opinion of the specialty base",
        "专业基地提出录取意见。",
        "The specialty base gives its opinion.",
        None,
    ),
    (
        "result_packet",
        "考核结果材料",
        "Result packet",
        "汇总每名考生的考核结果。",
        "The results of each applicant are put together.",
        ResultPacketParams,
    ),
    (
        "base_review",
        "培训基地审核",
        "Review by the base",
        "培训基地审核录取意见。",
        "The base reviews the opinions.",
        None,
    ),
    (
        "transfer",
        "调剂",
        "Transfer",
        "未录取者调剂到其他专业基地。",
        "Those not admitted are offered other specialty bases.",
        None,
    ),
    (
        "invitation",
        "邀请",
        "Invitation",
        "培训基地邀请未填报志愿者。",
        "A base invites who filed no preference.",
        None,
    ),
    (
        "selection",
        "遴选",
        "Selection",
        "承办单位择优遴选。",
        "The host selects by merit.",
        SelectionParams,
    ),
    (
        "proposal",
        "拟录取",
        "Proposal",
        "确定拟录取名单。",
        "The list of proposed admissions is fixed.",
        None,
    ),
    (
        "publicity",
        "公示",
        "Publicity",
        "公示拟录取名单。",
        "The proposed list is published for objections.",
        None,
    ),
    (
        "confirmation",
        "确认录取",
        "Confirmation",
        "考生确认接受录取。",
        "The applicant confirms.",
        None,
    ),
    (
        "admission",
        "录取",
        "Admission",
        "在平台上执行录取。",
        "Admission is carried out on the platform.",
        None,
    ),
    (
        "notice",
        "录取通知",
        "Notice",
        "发放录取或报到通知。",
        "The notice of admission is sent.",
        NoticeParams,
    ),
    (
        "report",
        "报到",
        "Report",
        "按通知要求报到。",
        "The trainee reports as told in the notice.",
        None,
    ),
    (
        "agreement",
        "签订协议",
        "Agreement",
        "签订培训协议或劳动合同。",
        "The training agreement or labour contract is signed.",
        AgreementStepParams,
    ),
    (
        "registration",
        "注册",
        "Registration",
        "在管理平台注册。",
        "The trainee is registered on the platform.",
        None,
    ),
    (
        "registration_list",
        "上报注册名单",
        "Registration list",
        "上报注册人员名单。",
        "The list of registered trainees is reported.",
        RegistrationListParams,
    ),
    (
        "plan_increase",
        "增加计划",
        "Plan increase",
        "在容量内申请增加招收计划。",
        "More places are applied for within capacity.",
        None,
    ),
    (
        "medical_examination",
        "入培体检",
        "Medical examination",
        "参加入培体检。",
        "The medical examination at entry.",
        None,
    ),
    (
        "direct_assignment",
        "统一安排",
        "Direct assignment",
        "由主管部门统一安排培训基地，不参加批次招录。",
        "The authority assigns the base, outside the batches.",
        TraineeTypesParams,
    ),
    (
        "direct_registration",
        "直接注册",
        "Direct registration",
        "直接录入并注册，不参加批次招录。",
        "Entered and registered directly, outside the batches.",
        DirectRegistrationParams,
    ),
    (
        "personnel_file",
        "调转人事档案",
        "Personnel file moved",
        "正式注册后，人事档案根据劳动合同调转。",
        "Once somebody is registered, the personnel file follows the labour contract.",
        TraineeTypesParams,
    ),
    (
        "orientation",
        "入院教育",
        "Orientation",
        "参加入院教育。",
        "The orientation of new trainees.",
        None,
    ),
)

STEP_KINDS = tuple(
    Kind(
        group=KindGroup.STEP,
        name=name,
        label=Text(zh, en),
        description=Text(about_zh, about_en),
        params=params,
    )
    for name, zh, en, about_zh, about_en, params in _STEPS
)
