"""Steps of admission: what is done, and what a step must state or hand over."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zhupei.config.citations import SourceRef
from zhupei.config.scalars import Whole
from zhupei.config.texts import Label, Model
from zhupei.default_plugins.standard_kinds.agreements import AgreementStepParams
from zhupei.default_plugins.standard_kinds.registration_lists import RegistrationListParams
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.people import TraineeType
from zhupei.domain.text import Text

__all__ = [
    "STEP_KINDS",
    "BrochureParams",
    "DirectRegistrationParams",
    "ExaminationStepParams",
    "InterviewStepParams",
    "NoticeParams",
    "OffSiteLimits",
    "PublicationParams",
    "ResultPacketParams",
    "SelectionParams",
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
