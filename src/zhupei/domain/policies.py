"""Policies: the parameters of a program that YAML may set, and which way is stricter.

A national or jurisdiction value of a policy with a direction is a floor or a ceiling: a lower
level may move it the stricter way and never the other. Without a direction the most specific
level decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.ranking import TieRule
from zhupei.domain.text import Text

__all__ = ["POLICIES", "PolicyDefinition", "Stricter", "weakens"]


class Stricter(StrEnum):
    """Which way a value may be moved by a lower level."""

    HIGHER = "higher"
    LOWER = "lower"
    TRUE = "true"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class PolicyDefinition:
    """What a policy means: label, type of its value, unit, and which way is stricter."""

    key: str
    label: Text
    type: type[int] | type[bool] | type[Decimal] | type[str]
    unit: str | None = None
    stricter: Stricter | None = None
    choices: tuple[str, ...] = ()


def weakens(definition: PolicyDefinition, floor: object, value: object) -> bool:
    """Whether ``value`` weakens a higher level's ``floor``; an unknown value never does."""
    if floor is None or value is None:
        return False
    match definition.stricter, floor, value:
        case Stricter.HIGHER, (int() | Decimal()), (int() | Decimal()):
            return value < floor
        case Stricter.LOWER, (int() | Decimal()), (int() | Decimal()):
            return value > floor
        case Stricter.TRUE, bool(), bool():
            return floor and not value
        case Stricter.FALSE, bool(), bool():
            return value and not floor
        case _:
            return False


def _define(*definitions: PolicyDefinition) -> MappingProxyType[str, PolicyDefinition]:
    return MappingProxyType({definition.key: definition for definition in definitions})


_P, _S = PolicyDefinition, Stricter
POLICIES = _define(
    _P("max_preferences", Text("每批次志愿数", "Preferences per round"), int, "preferences"),
    _P(
        "max_accepted_invitations",
        Text("可接受的邀请数", "Invitations that may be accepted"),
        int,
        "invitations",
    ),
    _P(
        "invitation_excludes_preference",
        Text("已填报志愿者不得被邀请", "A filed preference excludes invitations"),
        bool,
    ),
    _P("transfers_allowed", Text("允许调剂", "Transfers between specialty bases"), bool),
    _P(
        "publicity_working_days",
        Text("公示期", "Publicity period"),
        int,
        "working days",
        _S.HIGHER,
    ),
    _P(
        "publicity_counts_first_day",
        Text("公示期计入发布当日", "Publicity counts the day of publication"),
        bool,
        None,
        _S.FALSE,
    ),
    _P(
        "live_publicity_blocks_next_round",
        Text("公示中者不得填报下一批次", "A live publicity list blocks the next round"),
        bool,
    ),
    _P(
        "publicity_stays_public_days",
        Text("公示结束后名单继续公开的天数", "Days a list stays public after publicity"),
        int,
        "days",
        _S.LOWER,
    ),
    _P("confirmation_in_publicity", Text("公示期内确认录取", "Confirm during publicity"), bool),
    _P(
        "no_show_days",
        Text("逾期未报到视为放弃的天数", "Days after which a no-show gives up"),
        int,
        "days",
    ),
    _P("agreement_within_days", Text("签订协议期限", "Agreement within"), int, "days", _S.LOWER),
    _P("report_includes_last_day", Text("报到期限含当日", "Report date is included"), bool),
    _P("ban_years", Text("禁止报名年限", "Ban on applications"), int, "years", _S.HIGHER),
    _P("training_months", Text("培训时长", "Length of training"), int, "months"),
    _P(
        "minimum_months_bachelor",
        Text("本科最短培训时长", "Minimum length with a bachelor's degree"),
        int,
        "months",
        _S.HIGHER,
    ),
    _P(
        "minimum_months_professional_master",
        Text("专业学位硕士最短培训时长", "Minimum length with a professional master's degree"),
        int,
        "months",
        _S.HIGHER,
    ),
    _P(
        "minimum_months_professional_doctor",
        Text("专业学位博士最短培训时长", "Minimum length with a professional doctorate"),
        int,
        "months",
        _S.HIGHER,
    ),
    _P(
        "academic_degree_reduces",
        Text("学术学位可减免", "Academic degrees reduce the length"),
        bool,
        None,
        _S.FALSE,
    ),
    _P(
        "reduction_cap_months",
        Text("减免时长上限", "Largest reduction"),
        int,
        "months",
        _S.LOWER,
    ),
    _P(
        "reduction_needs_assessment",
        Text("减免须经考核", "A reduction needs an assessment"),
        bool,
        None,
        _S.TRUE,
    ),
    _P("extension_cap_years", Text("延长培训上限", "Longest extension"), int, "years", _S.LOWER),
    _P("lodging_months", Text("免费住宿时长", "Free lodging"), int, "months"),
    _P("leave_cap_days", Text("请假总天数上限", "Total leave"), int, "days", _S.LOWER),
    _P(
        "leave_counts",
        Text("请假天数计算方式", "How leave is counted"),
        str,
        None,
        None,
        ("calendar_days", "working_days"),
    ),
    _P(
        "process_assessment_months",
        Text("过程考核间隔", "Interval of process assessments"),
        int,
        "months",
    ),
    _P("batches_per_year", Text("每年招收批次", "Batches per year"), int, "batches"),
    _P("stay_months", Text("进修时长", "Length of stay"), int, "months"),
    _P(
        "stay_months_options",
        Text("可选进修时长", "Lengths of stay to choose from"),
        str,
        "months",
    ),
    _P(
        "quota_grows_yearly",
        Text("后续年度逐年递增", "Quota grows in later years"),
        bool,
    ),
    _P("age_limit", Text("年龄上限（周岁）", "Age limit (completed years)"), int, "years"),
    _P(
        "age_reference",
        Text("年龄计算基准日", "Reference date of age"),
        str,
        None,
        None,
        ("application_deadline",),
    ),
    _P(
        "shortage_shortfall",
        Text("紧缺专业未完成招收的后果", "Consequence of an unfilled shortage plan"),
        str,
        None,
        None,
        ("no_growth", "proportional_cut"),
    ),
    _P(
        "shortage_plan_filled",
        Text("上一年度紧缺专业计划已完成", "Last shortage plan filled"),
        bool,
    ),
    _P(
        "recruitment_suspended",
        Text("暂停招收", "Recruitment is suspended"),
        bool,
        None,
        _S.TRUE,
    ),
    _P(
        "shortage_cut_factor",
        Text("非紧缺计划削减比例", "Cut of the non-shortage plan"),
        Decimal,
    ),
    _P(
        "last_non_shortage_plan",
        Text("上一年度非紧缺专业计划", "Non-shortage plan of the year before"),
        int,
        "seats",
    ),
    _P(
        "priority_proposed_first",
        Text("优先专业先行拟录取", "Specialties with priority are proposed first"),
        bool,
    ),
    _P(
        "priority_transferred_first",
        Text("调剂先满足优先专业", "Transfers fill specialties with priority first"),
        bool,
    ),
    _P(
        "tie_rule",
        Text("总分相同时的排序规则", "What decides between equal totals"),
        str,
        None,
        None,
        tuple(TieRule),
    ),
    _P("tie_lottery_seed", Text("抽签公开种子", "Published seed of the lottery"), str),
    _P("interview_weight", Text("面试权重", "Weight of the interview"), Decimal),
    _P("examination_weight", Text("专业考试权重", "Weight of the examination"), Decimal),
    _P(
        "plan_increase_within_capacity",
        Text("可在容量内申请增加计划", "A plan may be increased within capacity"),
        bool,
    ),
    _P(
        "brochure_needs_approval",
        Text("招生简章须经审核", "Brochures need approval"),
        bool,
    ),
    _P(
        "quota_within_capacity",
        Text("招收不得超过培训容量", "Quotas stay within the training capacity"),
        bool,
        None,
        _S.TRUE,
    ),
    _P("mentors_per_fellow", Text("每名学员导师数", "Mentors per fellow"), int, "mentors"),
    _P(
        "collaborated_specialties_cap",
        Text("协同专业基地数上限", "Specialty bases with a collaboration unit"),
        int,
        "specialty bases",
        _S.LOWER,
    ),
    _P(
        "collaboration_units_per_specialty_cap",
        Text("每个专业基地的协同单位数上限", "Collaboration units of one specialty base"),
        int,
        "units",
        _S.LOWER,
    ),
    _P(
        "collaboration_months_cap",
        Text("协同单位培训时长上限", "Time at a collaboration unit"),
        int,
        "months",
        _S.LOWER,
    ),
    _P(
        "grassroots_sites_cap",
        Text("全科基层实践基地数上限", "Grass-roots practice sites of general practice"),
        int,
        "sites",
        _S.LOWER,
    ),
    _P(
        "specialty_change_allowed",
        Text("培训专业可更改", "The specialty may be changed during training"),
        bool,
        None,
        _S.FALSE,
    ),
    _P(
        "orientation_examination_required",
        Text("入院教育考核合格方可入科", "Orientation examination before the first rotation"),
        bool,
        None,
        _S.TRUE,
    ),
    _P(
        "rotation_exit_resits",
        Text("出科考核补考次数", "Re-sits of a rotation exit assessment"),
        int,
        "re-sits",
    ),
    _P(
        "completion_subject_validity_years",
        Text("结业考核已通过科目有效期", "How long a passed completion subject stays valid"),
        int,
        "years",
    ),
    _P(
        "pay_floor_year_1",
        Text(
            "第一年收入下限（占上年度平均工资）", "Pay floor of year 1 (share of the average wage)"
        ),
        Decimal,
        None,
        _S.HIGHER,
    ),
    _P(
        "pay_floor_year_2",
        Text(
            "第二年收入下限（占上年度平均工资）", "Pay floor of year 2 (share of the average wage)"
        ),
        Decimal,
        None,
        _S.HIGHER,
    ),
    _P(
        "pay_floor_year_3",
        Text(
            "第三年收入下限（占上年度平均工资）", "Pay floor of year 3 (share of the average wage)"
        ),
        Decimal,
        None,
        _S.HIGHER,
    ),
    _P("start_month", Text("培训开始月份", "Month in which training starts"), int, "month"),
    _P("half_academic_years", Text("半学年起止", "Half academic years"), str),
)
