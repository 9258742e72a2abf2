"""How papers word what the catalogue holds: dates, deadlines, money, and the terms of the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from zhupei.domain.benefits import FundingSource, Payer, Period
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import (
    DegreeLevel,
    HospitalTier,
    LicenceCategory,
    PostType,
    TitleLevel,
    TraineeType,
)
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind, Window
from zhupei.services.papers.paper import Lines, Statement

__all__ = [
    "ACTORS",
    "CONSEQUENCES",
    "DEFERRED",
    "FORMS",
    "LEVELS",
    "LICENCE_CATEGORIES",
    "NOT_PUBLISHED",
    "POSTS",
    "TERMS",
    "TRAINEE_TYPES",
    "TRIGGERS",
    "chinese_date",
    "chinese_instant",
    "chinese_number",
    "months_text",
    "not_published",
    "said",
    "window_text",
    "yuan",
]

NOT_PUBLISHED = "未公布"


def _words(**words: str) -> Mapping[str, str]:
    return MappingProxyType(words)


TRAINEE_TYPES: Mapping[TraineeType, Text] = MappingProxyType(
    {
        TraineeType.SOCIAL: Text("社会人", "recruited from society"),
        TraineeType.ENTRUSTED: Text("外单位委托培训人员（单位人）", "sent by an employer"),
        TraineeType.OWN_STAFF: Text("本单位培训对象", "own staff"),
        TraineeType.PROFESSIONAL_MASTER: Text("专业学位硕士研究生", "professional-master student"),
        TraineeType.RURAL_ORDER: Text(
            "农村订单定向免费医学毕业生", "rural order-directed graduate"
        ),
        TraineeType.FELLOW: Text("进修学员", "fellow"),
    }
)
LICENCE_CATEGORIES: Mapping[LicenceCategory, str] = MappingProxyType(
    {
        LicenceCategory.CLINICAL: "临床",
        LicenceCategory.STOMATOLOGY: "口腔",
        LicenceCategory.TCM: "中医",
        LicenceCategory.PUBLIC_HEALTH: "公共卫生",
    }
)
ACTORS = _words(
    applicant="申请人",
    sending_unit="选送单位",
    specialty_base="专业基地",
    base="培训基地",
    department="科室",
    jurisdiction="主管部门",
)
FORMS = _words(
    original="原件",
    copy="复印件",
    original_and_copy="原件及复印件",
    scan="扫描件",
    sealed_scan="盖章扫描件",
    form="填写表格",
)
LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.NATIONAL: "国家规定",
        Level.JURISDICTION: "所在地规定",
        Level.INSTITUTION: "本基地规定",
    }
)
DEFERRED = _words(
    declaration="报名时本人承诺",
    medical_examination="体检时核定",
    registry="由招收单位查询核定",
    document="由招收单位核对材料",
    interview="面试时认定",
)
TRIGGERS = _words(
    withdrawal="退出培训",
    no_show="录取后不报到",
    fraud="弄虚作假",
    quit_after_report="报到后自行退出",
    serious_breach="严重违规",
    misconduct="违反规定",
    postgraduate_exam="培训期间报考临床专硕研究生",
    shortage_shortfall="紧缺专业计划未完成",
    quality="培训质量",
)
CONSEQUENCES = _words(
    application_cancelled="取消报名资格",
    admission_cancelled="取消录取资格",
    eligibility_cancelled="取消培训资格",
    ban="禁止报名",
    repayment="退还费用",
    subsidy_stopped="停发补助",
    terminated="终止培训",
    public_criticism="通报",
    recruitment_suspended="暂停招收",
    plan_cut="削减招收计划",
    no_growth="不得扩大招收规模",
)

POSTS: Mapping[str, str] = MappingProxyType(
    {PostType.DOCTOR.value: "医生", PostType.TECHNICIAN.value: "医技人员"}
)
"""Posts apart from the other terms: the post DOCTOR (医生) is not the degree DOCTOR (博士)."""

TERMS = _words(
    **{value.value: term for value, term in (
        (Payer.BASE, "培训基地"),
        (Payer.SENDING_UNIT, "选送单位"),
        (Payer.TRAINEE, "本人"),
        (Payer.GOVERNMENT, "政府"),
        (Payer.OTHER, "其他"),
        (FundingSource.CENTRAL_FISCAL, "中央财政"),
        (FundingSource.PROVINCIAL_FISCAL, "省级财政"),
        (FundingSource.CITY_FISCAL, "市级财政"),
        (FundingSource.MIXED_FISCAL_AND_BASE, "财政补助与基地自筹"),
        (Period.MONTH, "月"),
        (Period.YEAR, "年"),
        (Period.HALF_ACADEMIC_YEAR, "半学年"),
        (Period.SHIFT, "次"),
        (Period.ONCE, "一次性"),
        (DegreeLevel.JUNIOR_COLLEGE, "大专"),
        (DegreeLevel.BACHELOR, "本科"),
        (DegreeLevel.MASTER, "硕士"),
        (DegreeLevel.DOCTOR, "博士"),
        (TitleLevel.NONE, "无职称"),
        (TitleLevel.JUNIOR, "初级职称"),
        (TitleLevel.INTERMEDIATE, "中级职称"),
        (TitleLevel.ASSOCIATE_SENIOR, "副高级职称"),
        (TitleLevel.SENIOR, "正高级职称"),
        (HospitalTier.PRIMARY, "一级医院"),
        (HospitalTier.SECONDARY, "二级医院"),
        (HospitalTier.TERTIARY, "三级医院"),
        (ProgramKind.RESIDENCY, "住院医师规范化培训"),
        (ProgramKind.FELLOWSHIP, "进修"),
    )},
    pension="养老保险",
    medical="医疗保险",
    maternity="生育保险",
    unemployment="失业保险",
    work_injury="工伤保险",
    housing_fund="住房公积金",
    general="综合医院",
    children="儿童医院",
    maternal="妇产医院",
    women_and_children="妇女儿童医院",
    stomatology="口腔医院",
    psychiatry="精神病医院",
    military="军队医院",
    collaboration_unit="协同单位",
    joint_training="联合培养试点单位",
    parent="输出医院",
)  # fmt: skip
"""Terms for the words of the configuration; the meaning of each is the same wherever it stands."""

_NUMERALS = "零一二三四五六七八九十"


def chinese_number(number: int) -> str:
    """Return 1 to 99 as parts are numbered: 一, 十二, 二十."""
    tens, units = divmod(number, 10)
    if not 0 < number < 100:
        raise ValueError(f"parts are numbered 1 to 99, not {number}")
    if not tens:
        return _NUMERALS[units]
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[units] if units else "")


def yuan(amount: Decimal) -> str:
    """Return an amount without needless zeros: ``6000``, ``0.5``."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def chinese_date(day: date) -> str:
    """Return ``2024年4月8日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def chinese_instant(at: datetime, *, closing: bool) -> str:
    """Return an instant in China's time; a closing midnight is 24:00 of the day before (T11)."""
    local = at.astimezone(CHINA_TIME)
    if closing and local.hour == local.minute == local.second == 0:
        return f"{chinese_date(local.date() - timedelta(days=1))}24:00"
    return f"{chinese_date(local.date())}{local:%H:%M}"


def window_text(window: Window) -> str | None:
    """Return the period of a window with its year at both ends, None where it has no instant."""
    opens, closes = window.opens_at, window.closes_at
    begins = None if opens is None else chinese_instant(opens, closing=False)
    ends = None if closes is None else chinese_instant(closes, closing=True)
    if begins is not None and ends is not None:
        return f"{begins} 至 {ends}"
    if ends is not None:
        return f"截至 {ends}"
    return None if begins is None else f"{begins} 起"


def months_text(months: int) -> str:
    """Return a length: ``3年`` for whole years, else ``6个月``."""
    return f"{months // 12}年" if months % 12 == 0 else f"{months}个月"


def not_published(reason: Text | str | None, *sources: Source | None) -> Statement:
    """Return 未公布 with its reason; where none is recorded that is said too."""
    why = reason.zh if isinstance(reason, Text) else reason
    cited = tuple(source for source in sources if source is not None)
    return Statement(f"{NOT_PUBLISHED}（{why or '未说明原因'}）", cited, unknown=True)


def said(text: Text | str | None, *sources: Source | None) -> Lines:
    """Return a statement with its clauses, nothing for None."""
    if text is None:
        return ()
    cited = tuple(source for source in sources if source is not None)
    return (Statement(text.zh if isinstance(text, Text) else text, cited),)
