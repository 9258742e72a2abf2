"""Enumerations of the domain as the graph shows them, each value with its Chinese term."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from zhupei.domain import (
    actors,
    benefits,
    codes,
    collaborations,
    eligibility,
    identity,
    institutions,
    people,
    places,
    sources,
)
from zhupei.domain.text import Language
from zhupei.domain.training import Allocation, ProgramKind

__all__ = ["ENUMS", "show"]

_Member = TypeVar("_Member", bound=Enum)


def show(
    enum: type[_Member],
    description: str,
    values: Mapping[_Member, str],
    *,
    name: str | None = None,
) -> type[_Member]:
    """Declare a domain enumeration as a type of the graph; every member needs a description.

    The names of the members are the values of the graph. The definition is kept on the
    enumeration itself, which is how strawberry finds the definition of a foreign enumeration.
    """
    missing = [member.name for member in enum if member not in values]
    if missing:
        raise ValueError(f"{enum.__name__} has members without a description: {missing}")
    strawberry.enum(enum, name=name or enum.__name__, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]  # set in the line above
    described = {member.name: text for member, text in values.items()}
    for value in definition.values:
        value.description = described[value.name]
    return enum


ENUMS: tuple[type[Enum], ...] = (
    show(
        Language,
        "A language in which texts are given (语言).",
        {Language.ZH: "Chinese (中文).", Language.EN: "English (英文)."},
    ),
    show(
        actors.ActorKind,
        "What an account is for (账号类型).",
        {
            actors.ActorKind.PERSON: "A person (个人).",
            actors.ActorKind.SERVICE: "A program that acts under its own name (服务账号).",
        },
    ),
    show(
        identity.DocumentKind,
        "Kind of an identity document (证件类型).",
        {kind: f"{kind.label.en} ({kind.label.zh})." for kind in identity.DocumentKind},
        name="IdentityDocumentKind",
    ),
    show(
        sources.Level,
        "Who sets a rule (规定层级); a lower level may tighten a floor, never weaken it.",
        {
            sources.Level.NATIONAL: "National rules (国家).",
            sources.Level.JURISDICTION: "A province, autonomous region or city (省、自治区、市).",
            sources.Level.INSTITUTION: "The base itself (培训基地).",
        },
    ),
    show(
        Allocation,
        "How the seats of a round are given out (录取方式).",
        {
            Allocation.RANK_ORDER: "Each base proposes the best ranked of its own (按排名择优).",
            Allocation.DEFERRED_ACCEPTANCE: (
                "All preference lists are matched at once by applicant-proposing deferred "
                "acceptance (志愿匹配：延迟接受)."
            ),
        },
    ),
    show(
        places.ProvinceKind,
        "What a province-level division is (省级行政区类型).",
        {
            places.ProvinceKind.PROVINCE: "Province (省).",
            places.ProvinceKind.MUNICIPALITY: "Municipality (直辖市).",
            places.ProvinceKind.AUTONOMOUS_REGION: "Autonomous region (自治区).",
            places.ProvinceKind.SPECIAL_ADMINISTRATIVE_REGION: (
                "Special administrative region (特别行政区)."
            ),
        },
    ),
    show(
        institutions.JurisdictionKind,
        "What kind of authority a jurisdiction is (辖区类型).",
        {
            institutions.JurisdictionKind.PROVINCE: "Province (省).",
            institutions.JurisdictionKind.AUTONOMOUS_REGION: "Autonomous region (自治区).",
            institutions.JurisdictionKind.MUNICIPALITY: "Municipality (直辖市).",
            institutions.JurisdictionKind.CITY: "City (市).",
        },
    ),
    show(
        institutions.InstitutionType,
        "What kind of hospital a base is (医院类别).",
        {
            institutions.InstitutionType.GENERAL: "General hospital (综合医院).",
            institutions.InstitutionType.CHILDREN: "Children's hospital (儿童医院).",
            institutions.InstitutionType.MATERNAL: "Maternity hospital (妇产医院).",
            institutions.InstitutionType.WOMEN_AND_CHILDREN: (
                "Women's and children's hospital (妇幼保健院、妇女儿童医院)."
            ),
            institutions.InstitutionType.STOMATOLOGY: "Stomatological hospital (口腔医院).",
            institutions.InstitutionType.PSYCHIATRY: "Psychiatric hospital (精神病医院).",
            institutions.InstitutionType.MILITARY: "Military hospital (军队医院).",
        },
    ),
    show(
        institutions.BaseStatus,
        "Whether everything that a base publishes could be built (数据状态).",
        {
            institutions.BaseStatus.OK: "Everything could be built (正常).",
            institutions.BaseStatus.DEGRADED: (
                "A plugin of the base failed or was left out; see `degradations` (降级)."
            ),
        },
    ),
    show(
        institutions.CollaborationKind,
        "How two hospitals train together (协作关系).",
        {
            institutions.CollaborationKind.COLLABORATION_UNIT: "Collaboration unit (协同单位).",
            institutions.CollaborationKind.JOINT_TRAINING: (
                "Pilot unit of joint training (联合培养试点单位)."
            ),
            institutions.CollaborationKind.GRASSROOTS_SITE: (
                "Grass-roots practice site of general practice (全科基层实践基地)."
            ),
            institutions.CollaborationKind.PARENT: ("Hospital whose experts work here (输出医院)."),
        },
    ),
    show(
        institutions.CollaborationPart,
        "Which part a hospital has in a collaboration (协作中的角色).",
        {
            institutions.CollaborationPart.BASE: "The base, which is responsible (培训基地).",
            institutions.CollaborationPart.UNIT: "The unit of the other hospital (协同单位).",
        },
    ),
    show(
        collaborations.AgreementTopic,
        "What an agreement on collaboration sets out (协同培训协议内容).",
        {topic: f"{topic.label.en} ({topic.label.zh})." for topic in collaborations.AgreementTopic},
    ),
    show(
        collaborations.GuidanceTopic,
        "What the base guides its unit in (指导内容).",
        {
            collaborations.GuidanceTopic.SYSTEM: "Rules and organisation (制度建设).",
            collaborations.GuidanceTopic.FACULTY: "Training of teachers (师资培训).",
            collaborations.GuidanceTopic.TEACHING: "Management of teaching (教学管理).",
            collaborations.GuidanceTopic.EXAMINATION: "Examinations and assessments (考试考核).",
        },
    ),
    show(
        people.HospitalTier,
        "Tier of a hospital (医院等级), lowest first.",
        {
            people.HospitalTier.PRIMARY: "Primary (一级).",
            people.HospitalTier.SECONDARY: "Secondary (二级).",
            people.HospitalTier.TERTIARY: "Tertiary (三级).",
        },
    ),
    show(
        ProgramKind,
        "What a program is (项目类型); rules of one kind never apply to the other.",
        {
            ProgramKind.RESIDENCY: "Standardized residency training (住院医师规范化培训).",
            ProgramKind.FELLOWSHIP: ("Further training of doctors after their residency (进修)."),
        },
    ),
    show(
        codes.SpecialtyField,
        "The field of medicine that a specialty belongs to (专业类别).",
        {
            codes.SpecialtyField.CLINICAL: "Clinical medicine (临床).",
            codes.SpecialtyField.STOMATOLOGY: "Stomatology (口腔).",
            codes.SpecialtyField.TCM: "Traditional Chinese medicine (中医).",
        },
    ),
    show(
        codes.ShortagePurpose,
        "What a set of shortage specialties (紧缺专业) is used for; the sets differ.",
        {
            codes.ShortagePurpose.QUOTA_PENALTY: (
                "An unfilled quota of these limits the other specialties (招收计划约束)."
            ),
            codes.ShortagePurpose.ADMISSION_PRIORITY: "Recruitment favours these (优先招录).",
            codes.ShortagePurpose.SUBSIDY: "Residents of these are paid more (紧缺专业补助).",
        },
    ),
    show(
        people.OriginRegion,
        "Where a candidate is from, as admission rules distinguish (生源地).",
        {
            people.OriginRegion.MAINLAND: "Mainland China (内地).",
            people.OriginRegion.HONG_KONG: "Hong Kong (香港).",
            people.OriginRegion.MACAU: "Macau (澳门).",
            people.OriginRegion.TAIWAN: "Taiwan (台湾).",
            people.OriginRegion.FOREIGN: "Another country (外籍).",
        },
    ),
    show(
        people.TraineeType,
        "The status in which a person trains (培训对象类型).",
        {
            people.TraineeType.SOCIAL: (
                "Recruited from society, with a contract of the base (社会人)."
            ),
            people.TraineeType.ENTRUSTED: (
                "Employed elsewhere and sent by the employer (外单位委托培训)."
            ),
            people.TraineeType.OWN_STAFF: "Employed by the base itself (本单位人员).",
            people.TraineeType.PROFESSIONAL_MASTER: (
                "Enrolled student of a professional master's degree (专硕研究生)."
            ),
            people.TraineeType.RURAL_ORDER: (
                "Directed free medical graduate (农村订单定向免费医学毕业生)."
            ),
            people.TraineeType.FELLOW: (
                "Practising doctor or technician on a fellowship (进修学员)."
            ),
        },
    ),
    show(
        people.DegreeLevel,
        "Level of education (学历层次), lowest first.",
        {
            people.DegreeLevel.JUNIOR_COLLEGE: "Junior college (大专).",
            people.DegreeLevel.BACHELOR: "Bachelor (本科).",
            people.DegreeLevel.MASTER: "Master (硕士).",
            people.DegreeLevel.DOCTOR: "Doctor (博士).",
        },
    ),
    show(
        people.DegreeType,
        "Type of a degree (学位类型).",
        {
            people.DegreeType.PROFESSIONAL: "Professional degree (专业学位).",
            people.DegreeType.ACADEMIC: "Academic degree (学术学位).",
        },
    ),
    show(
        people.LicenceCategory,
        "Category of a physician's licence (医师资格证书类别).",
        {
            people.LicenceCategory.CLINICAL: "Clinical medicine (临床).",
            people.LicenceCategory.STOMATOLOGY: "Stomatology (口腔).",
            people.LicenceCategory.TCM: "Traditional Chinese medicine (中医).",
            people.LicenceCategory.PUBLIC_HEALTH: "Public health (公共卫生).",
        },
    ),
    show(
        people.TitleLevel,
        "Professional title (职称), lowest first.",
        {
            people.TitleLevel.NONE: "No title (无职称).",
            people.TitleLevel.JUNIOR: "Junior title (初级).",
            people.TitleLevel.INTERMEDIATE: "Intermediate title, attending (中级).",
            people.TitleLevel.ASSOCIATE_SENIOR: "Associate senior title (副高级).",
            people.TitleLevel.SENIOR: "Senior title (正高级).",
        },
    ),
    show(
        people.PostType,
        "What a fellow works as (岗位类别).",
        {
            people.PostType.DOCTOR: "Doctor (医生).",
            people.PostType.TECHNICIAN: "Medical technician (医技人员).",
        },
    ),
    show(
        benefits.Payer,
        "Who pays (支付方).",
        {
            benefits.Payer.BASE: "The base (培训基地).",
            benefits.Payer.SENDING_UNIT: "The sending employer (派出单位).",
            benefits.Payer.TRAINEE: "The trainee: a cost, not a pay (学员自理).",
            benefits.Payer.GOVERNMENT: "The government (财政).",
            benefits.Payer.OTHER: "Someone else (其他).",
        },
    ),
    show(
        benefits.FundingSource,
        "Where money comes from (资金来源); repayment depends on it.",
        {
            benefits.FundingSource.CENTRAL_FISCAL: "Central budget (中央财政).",
            benefits.FundingSource.PROVINCIAL_FISCAL: "Provincial budget (省级财政).",
            benefits.FundingSource.CITY_FISCAL: "City budget (市级财政).",
            benefits.FundingSource.MIXED_FISCAL_AND_BASE: (
                "Budgets of several levels and the base, not told apart (各级财政与基地自筹)."
            ),
            benefits.FundingSource.BASE: "The base's own funds (基地自筹).",
            benefits.FundingSource.SENDING_UNIT: "The sending employer (派出单位).",
            benefits.FundingSource.TRAINEE: "The trainee (个人).",
        },
    ),
    show(
        benefits.Period,
        "How often an amount is paid (发放周期).",
        {
            benefits.Period.MONTH: "Every month (每月).",
            benefits.Period.YEAR: "Every year (每年).",
            benefits.Period.HALF_ACADEMIC_YEAR: "Every half academic year (每半学年).",
            benefits.Period.SHIFT: "For every shift (每班次).",
            benefits.Period.ONCE: "Once (一次性).",
        },
        name="PayPeriod",
    ),
    show(
        benefits.PayFloorOutcome,
        "Whether pay reaches the national floor (收入下限核对).",
        {
            benefits.PayFloorOutcome.MET: "It does (达到).",
            benefits.PayFloorOutcome.NOT_MET: "It does not (未达到).",
            benefits.PayFloorOutcome.UNKNOWN: (
                "No average wage is configured for the region, so nobody can tell (无法判断)."
            ),
        },
    ),
    show(
        eligibility.FindingOutcome,
        "What one rule says of one candidate (单项结论).",
        {
            eligibility.FindingOutcome.PASS: "The rule is met (符合).",
            eligibility.FindingOutcome.FAIL: "The rule is not met (不符合).",
            eligibility.FindingOutcome.REVIEW: "A person has to decide (需人工审核).",
            eligibility.FindingOutcome.UNKNOWN: (
                "Facts are missing; `missingFacts` names them (信息不足)."
            ),
        },
    ),
    show(
        eligibility.EligibilityOutcome,
        "What all rules together say of one candidate (资格结论).",
        {
            eligibility.EligibilityOutcome.ELIGIBLE: "May apply (符合报考条件).",
            eligibility.EligibilityOutcome.INELIGIBLE: "May not apply (不符合报考条件).",
            eligibility.EligibilityOutcome.NEEDS_REVIEW: "A person has to decide (需人工审核).",
            eligibility.EligibilityOutcome.INCOMPLETE: "Facts are missing (信息不足).",
        },
    ),
)
"""Every enumeration of the domain that the graph shows."""
