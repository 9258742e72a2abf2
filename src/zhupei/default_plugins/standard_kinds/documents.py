"""Documents that applicants give, and assessments that they sit."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from zhupei.config.texts import Model
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.text import Text

__all__ = ["ASSESSMENT_KINDS", "DOCUMENT_KINDS", "MailParams"]

_Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class MailParams(Model):
    """How the subject of a mail is worded (R092)."""

    subject_format: _Name
    """Parts of the subject in their order, such as 专业-姓名-单位."""
    example: _Name | None = None
    """An example, as published."""


_DOCUMENTS: tuple[tuple[str, str, str], ...] = (
    ("identity", "身份证明", "Identity document"),
    ("degree_certificate", "学历学位证书", "Degree certificate"),
    ("licence_certificate", "医师资格证书", "Licence certificate"),
    ("practice_certificate", "医师执业证书", "Practice certificate"),
    ("title_certificate", "职称证书", "Title certificate"),
    ("english_certificate", "英语水平证明", "Proof of English"),
    ("qualification_certificate", "其他资格证书", "Other certificate of qualification"),
    ("application_form", "申请表", "Application form"),
    ("photo", "照片", "Photograph"),
    ("report_notice", "报到通知", "Report notice"),
    ("unit_name_proof", "单位名称证明", "Proof of the unit's names"),
    ("introduction_letter", "介绍信", "Letter of introduction"),
    ("mail", "报名邮件", "Application mail"),
    ("agreement", "协议或合同", "Agreement or contract"),
    ("brochure", "招生简章", "Brochure"),
    ("assessment_form", "考核登记表", "Assessment form"),
    ("other", "其他材料", "Other document"),
)

DOCUMENT_KINDS = tuple(
    Kind(
        group=KindGroup.DOCUMENT,
        name=name,
        label=Text(zh, en),
        description=Text(f"{zh}。", f"{en}."),
        params=MailParams if name == "mail" else None,
    )
    for name, zh, en in _DOCUMENTS
)

_ASSESSMENTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("interview", "面试", "Interview", "招录面试。", "The interview for admission."),
    ("examination", "专业考试", "Examination", "招录考试。", "The examination for admission."),
    ("theory", "理论考核", "Theory", "专业理论考核。", "An examination of theory."),
    (
        "clinical_practice",
        "临床实践能力考核",
        "Clinical practice",
        "临床实践能力考核。",
        "An examination of clinical practice.",
    ),
    ("daily", "日常考核", "Daily", "培训过程中的日常考核。", "The daily assessment."),
    (
        "rotation_exit",
        "出科考核",
        "Rotation exit",
        "轮转科室的出科考核。",
        "The assessment on leaving a department.",
    ),
    ("annual", "年度考核", "Annual", "年度考核。", "The assessment after each year."),
    ("completion", "结业考核", "Completion", "结业考核。", "The assessment at completion."),
    (
        "mutual_evaluation",
        "师徒考评",
        "Mutual evaluation",
        "对导师和学员双方的考评。",
        "Mentor and trainee are both assessed.",
    ),
    (
        "reduction",
        "减免考核",
        "Reduction",
        "申请减免培训年限的考核。",
        "The assessment for a shorter training.",
    ),
)

ASSESSMENT_KINDS = tuple(
    Kind(
        group=KindGroup.ASSESSMENT,
        name=name,
        label=Text(zh, en),
        description=Text(about_zh, about_en),
    )
    for name, zh, en, about_zh, about_en in _ASSESSMENTS
)
