"""Enumerations of admissions as the graph shows them, and every code that a refusal can carry."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from zhupei.domain import admission_process
from zhupei.domain.access_refusals import AccessCode
from zhupei.domain.admission_case import AgreementKind, InvitationState, PlanIncreaseState
from zhupei.domain.admission_process import ACTION_LABELS, STATE_LABELS, Action, Channel
from zhupei.domain.admission_refusals import RefusalCode as AdmissionCode
from zhupei.graphql.enums import show

__all__ = ["ACTION_MEANINGS", "ADMISSION_ENUMS", "REFUSAL_MEANINGS", "RefusalCode"]

REFUSAL_MEANINGS: Mapping[str, str] = {
    "AGREEMENT_KIND_WRONG": "Trainees of this type sign another agreement (协议类型不符).",
    "AGREEMENT_LATE": "Past the deadline a reason is needed (签约逾期).",
    "ALLOCATION_INVALID": "The independent checker does not confirm the run (匹配结果未通过核验).",
    "ALLOCATION_NOT_DECLARED": "The round does not match preference lists (本批次非志愿匹配).",
    "ALLOCATION_OUTDATED": "Something changed since the run; run it again (匹配结果已过时).",
    "ALLOCATION_REQUIRED": (
        "Seats of this round are allocated by preference lists, not one by one (须统一匹配)."
    ),
    "ALREADY_ADMITTED": "Admitted or offered elsewhere in the same recruitment (已被录取).",
    "APPLICANT_BUSY": "Another interview at the same time (面试时间冲突).",
    "BANNED": "A ban is in force (禁止报名期内).",
    "BROCHURE_CHANGED": "The configuration has changed since it was submitted (简章内容已变).",
    "BROCHURE_INCOMPLETE": "It does not state all that it must; see the findings (简章不完整).",
    "BROCHURE_LATE": "Past the deadline a reason is needed (简章报送逾期).",
    "BULK_NOT_REVERTIBLE": "Something was built on the step, or it was taken back (不可撤回).",
    "BULK_REFUSED": (
        "Some applications are refused, so none was changed; see `problems` (批量操作未通过)."
    ),
    "CALENDAR_UNKNOWN": "The working days of the year are not configured (工作日历未配置).",
    "CAPACITY_EXCEEDED": "More than the specialty base's capacity (超出专业基地容量).",
    "CAPACITY_UNKNOWN": "The specialty base's capacity is not known (容量未知).",
    "CHANNEL_WRONG": "People of this type do not apply in rounds (非批次报名人员).",
    "CONFLICT": (
        "Others change the same at the same time, or the key was used for something else (冲突)."
    ),
    "CREDENTIALS_WRONG": "Login or password is wrong (账号或密码有误).",
    "DIRECTION_UNKNOWN": "Choose one of the opening's directions (请选择方向).",
    "DOCUMENTS_INCOMPLETE": (
        "Required documents are missing, or facts that decide which are required (材料不全)."
    ),
    "DUPLICATE": "It exists, or was decided already (已存在).",
    "ELIGIBILITY_INCOMPLETE": "Facts are missing; see `missingFacts` (资格信息不全).",
    "EMAIL_INVALID": "This is no e-mail address (电子邮箱有误).",
    "FACTS_INVALID": "The facts contradict each other (信息矛盾).",
    "FILE_EMPTY": "The file is empty (空文件).",
    "FILE_TOO_LARGE": "The file is too large (文件过大).",
    "FILE_TYPE_REFUSED": "A file of this type is not taken (文件类型不接受).",
    "FORBIDDEN": "Not permitted (没有权限).",
    "GRANT_DUPLICATE": "The account has this grant already (已有此授权).",
    "GRANT_INVALID": "The role cannot be given in this way (授权无效).",
    "IDEMPOTENCY_KEY_INVALID": "The key is not 1 to 128 printable ASCII characters (幂等键无效).",
    "IDEMPOTENCY_KEY_REUSED": "The key belongs to another request (幂等键已被使用).",
    "FORM_INCOMPLETE": "Fields of a form are missing; the message lists them (表格未填全).",
    "IDENTITY_INVALID": "The identity document's number is wrong (证件号码有误).",
    "IDENTITY_TAKEN": "This document or account is registered already (证件已登记).",
    "INCREASE_NOT_ALLOWED": (
        "The program does not let its plan be increased, or the last shortage plan was not "
        "filled (不允许增加计划)."
    ),
    "INELIGIBLE": "A rule is not met; the findings carry the clauses (不符合报考条件).",
    "INPUT_INVALID": "The input is wrong; `field` says which part (输入有误).",
    "INTERVIEWER_BUSY": "An interviewer sits in another slot then (考官时间冲突).",
    "INTERVIEWER_UNKNOWN": "No account that assesses at this base (考官无效).",
    "INTERVIEW_NOT_FORESEEN": "There is no interview to arrange (没有待安排的面试).",
    "INVITATION_LIMIT": "No more invitations may be accepted in the round (邀请已达上限).",
    "INVITATION_NOT_OPEN": "The round has no invitations, or this one was answered (邀请不可用).",
    "INVITED_HAS_PREFERENCE": (
        "A filed preference and an invitation exclude each other (志愿与邀请不可兼得)."
    ),
    "LENGTH_UNKNOWN": "The length of training, or the degree, is not known (培训年限未知).",
    "LIVE_PUBLICITY": "On a live list: decline there first (正在公示).",
    "LOCKED_OUT": "Too many wrong passwords (已暂时锁定).",
    "LOGIN_INVALID": "This cannot be a login (账号名有误).",
    "LOGIN_TAKEN": "The login is taken (账号名已被使用).",
    "MODE_NOT_ALLOWED": "Interviews of this kind are not foreseen (面试形式不允许).",
    "MUST_BE_KEPT": "The law keeps it for now; the message says why (依法须保存).",
    "NAME_INVALID": "This is no name (姓名有误).",
    "NOT_ALLOWED_IN_STATE": "The state of the application does not allow it (当前状态不允许).",
    "NOT_FOUND": "It does not exist, or not for you (不存在).",
    "NOT_PERMITTED": "No role of yours allows it here (没有权限).",
    "NO_SEAT": "No seat is left; the message names the full quota (名额已满).",
    "NO_SHOW_NOT_DUE": "The days of grace are not over (未到处理时间).",
    "OBJECTION_OPEN": "An objection waits for its decision (异议未处理).",
    "OFF_SITE_NOT_ALLOWED": "The school lies elsewhere: not allowed so (异地培训受限).",
    "PACKET_INCOMPLETE": "The result packet lacks parts (考核材料不全).",
    "PASSWORD_WEAK": "The password is too weak; the message says why (密码过弱).",
    "PHONE_INVALID": "This is no phone number (电话号码有误).",
    "PLAN_OVER_CUT": "The plan is above what a cut leaves (计划超过削减上限).",
    "PLUGIN_DECISION_FAILED": "A plugin could not decide, so nothing changed (插件未能判断).",
    "PLUGIN_FAILED": "A plugin could not decide, so nothing changed (插件未能判断).",
    "PREFERENCE_LIMIT": "No more preferences may be filed in the round (志愿已达上限).",
    "PRIORITY_SKIPPED": "A specialty with priority comes first (未优先紧缺专业).",
    "PUBLICITY_LENGTH_UNKNOWN": "The length of publicity is not known (公示期未规定).",
    "PUBLICITY_NOT_LIVE": "There is no live list (不在公示期).",
    "PUBLICITY_NOT_OVER": "Publicity is not over (公示期未满).",
    "QUOTAS_OVERLAP": (
        "A quota around several openings is smaller than theirs together (名额相互限制)."
    ),
    "QUOTA_UNKNOWN": "The number of seats is not published (名额未公布).",
    "RANK_SKIPPED": "Somebody of a better rank waits (未按名次).",
    "RECRUITMENT_SUSPENDED": "No recruitment for the time being (暂停招收).",
    "REDUCTION_TOO_LONG": "More than the rules let be taken off (减免过多).",
    "REPORT_DATE_UNKNOWN": "No day of reporting is configured or given (报到时间未规定).",
    "REPORT_TOO_LATE": "The day of reporting is over (报到逾期).",
    "REVIEW_UNDECIDED": "Rules under review need a decision each (待审核事项未决定).",
    "ROUND_FROZEN": "The round is frozen (批次已冻结).",
    "ROUND_UNKNOWN": "Choose one of the program's rounds (请选择批次).",
    "SCOPE_UNKNOWN": "These are no scopes for this account (权限范围有误).",
    "SCORE_INVALID": "The score is not within its full mark (成绩有误).",
    "SCORE_SHEET_IMPOSSIBLE": "No sheet can be made of the assessments (无法生成成绩表).",
    "SCORE_SHEET_OUTDATED": (
        "Applications have moved on since it came; see `problems` (成绩表已过时)."
    ),
    "SCORES_LOOK_LIKE_RANKS": "Whoever signs has to confirm that these are no ranks (得分像名次).",
    "SECOND_PERSON_NEEDED": "Somebody else has to decide this (须由他人复核).",
    "SLOT_CANCELLED": "The interview slot was cancelled (时段已取消).",
    "SLOT_FULL": "No place is left in the interview slot (时段已满).",
    "SLOT_NOT_CHOOSABLE": "The office assigns the places of this slot (时段不可自选).",
    "SLOT_STARTED": "The interview slot has begun already (时段已开始).",
    "STORAGE_FULL": "There is no room for files now (存储空间不足).",
    "STEP_REFUSED": "A rule of the base refuses the step; see the findings (环节未通过).",
    "TIES_UNDECIDED": "The declared rule leaves a tie (并列无法区分).",
    "TIE_SEED_UNKNOWN": "The seed of the lottery is not published yet (抽签种子未公布).",
    "TRAINING_ENDED": "The training has ended (培训已结束).",
    "TRANSFER_NOT_AGREED": "The person has not agreed to be moved (未同意调剂).",
    "TRANSFER_NOT_ALLOWED": "Transfers are not allowed here (不可调剂).",
    "UNAUTHENTICATED": "Sign in first (请先登录).",
    "WEIGHTS_NOT_ONE": "The weights of the assessments do not add up to 1 (权重之和不为 1).",
    "WEIGHTS_UNKNOWN": "The weights of the assessments are not configured (权重未规定).",
    "WINDOW_CLOSED": "Outside the time that is set for it (不在规定时间内).",
    "WINDOW_UNKNOWN": "No time is set for it (时间未规定).",
}
"""What each code of a refusal means, by its name; every code has an entry."""

_NAMES = sorted({*AdmissionCode.__members__, *AccessCode.__members__})

if TYPE_CHECKING:
    RefusalCode: TypeAlias = StrEnum
else:
    RefusalCode = StrEnum("RefusalCode", {name: name for name in _NAMES})
"""Every code that a refusal in the graph can carry, of admissions and of access together."""


def _state(state: admission_process.ApplicationState) -> str:
    label = STATE_LABELS[state]
    return f"{label.en} ({label.zh})."


def _meanings() -> dict[Any, str]:
    return {code: REFUSAL_MEANINGS.get(code.value, "") for code in RefusalCode}


ACTION_MEANINGS: Mapping[str, str] = {
    action.name: f"{label.en} ({label.zh})." for action, label in ACTION_LABELS.items()
}

ADMISSION_ENUMS = (
    show(
        admission_process.ApplicationState,
        "Where an application stands (报名状态): the path in its order, then the exits.",
        {state: _state(state) for state in admission_process.ApplicationState},
    ),
    show(
        Action,
        "What can be done with an application (操作).",
        {action: ACTION_MEANINGS.get(action.name, "") for action in Action},
        name="AdmissionAction",
    ),
    show(
        Channel,
        "The way in which a person is admitted (录取渠道).",
        {
            Channel.BATCH: "Through a round, by one's own application (批次报名).",
            Channel.DIRECT_ASSIGNMENT: "Placed by the authority (主管部门直接安排).",
            Channel.DIRECT_REGISTRATION: "Entered and registered at once (直接录入注册).",
        },
        name="AdmissionChannel",
    ),
    show(
        AgreementKind,
        "Which agreement is signed (协议类型).",
        {
            AgreementKind.LABOUR_CONTRACT: "Labour contract with the base (劳动合同).",
            AgreementKind.TWO_PARTY: "Agreement of base and trainee (两方培训协议).",
            AgreementKind.THREE_PARTY: "Agreement of base, employer and trainee (三方培训协议).",
            AgreementKind.DIRECTED_ENTRUSTMENT: (
                "Agreement of directed entrustment (定向委托培训协议)."
            ),
        },
    ),
    show(
        InvitationState,
        "What became of an invitation (邀请状态).",
        {
            InvitationState.OPEN: "Waits for the answer (待答复).",
            InvitationState.ACCEPTED: "Accepted (已接受).",
            InvitationState.DECLINED: "Declined (已谢绝).",
        },
    ),
    show(
        PlanIncreaseState,
        "What became of a request for more seats (增加计划申请状态).",
        {
            PlanIncreaseState.REQUESTED: "Waits for the decision (待审批).",
            PlanIncreaseState.APPROVED: "Approved (已批准).",
            PlanIncreaseState.REFUSED: "Refused (未批准).",
        },
    ),
    show(
        RefusalCode,
        "Why something was not done (拒绝代码); `docs/admissions.md` and `docs/access.md` explain.",
        _meanings(),
    ),
)
"""Every enumeration of admissions that the graph shows."""
