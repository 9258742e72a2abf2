"""What the facts of candidates and profiles are called, for messages that ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = ["FACT_LABELS", "fact_label", "list_facts"]

FACT_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "origin": Text("生源地", "origin"),
        "permanentResident": Text("是否永久性居民", "permanent residence"),
        "traineeType": Text("培训对象类型", "trainee type"),
        "birthDate": Text("出生日期", "date of birth"),
        "degrees": Text("学历学位", "degrees"),
        "degrees.level": Text("学历层次", "level of the degree"),
        "degrees.type": Text("学位类型", "type of the degree"),
        "degrees.majorCode": Text("本科专业代码", "code of the undergraduate major"),
        "degrees.major": Text("专业名称", "name of the major"),
        "degrees.direction": Text("研究方向", "direction of study"),
        "degrees.school": Text("毕业院校", "school"),
        "degrees.mainland": Text(
            "是否内地院校学历", "whether a mainland school granted the degree"
        ),
        "degrees.recognised": Text("学历是否获国家承认", "whether the state recognises the degree"),
        "degrees.fullTime": Text("是否全日制普通教育", "whether the study was full-time"),
        "degrees.graduationYear": Text("毕业年份", "year of graduation"),
        "degrees.awarded": Text("是否已取得证书", "whether the certificates are held"),
        "degrees.enrolled": Text("是否在读", "whether still enrolled"),
        "degrees.studyYears": Text("学制", "years of study"),
        "english": Text("英语水平", "English proficiency"),
        "english.cet4": Text("大学英语四级成绩", "CET-4 score"),
        "english.cet6": Text("大学英语六级成绩", "CET-6 score"),
        "english.ielts": Text("雅思成绩", "IELTS score"),
        "english.toefl": Text("托福成绩", "TOEFL score"),
        "english.other": Text("其他英语水平证明", "other proof of English"),
        "licensed": Text("是否取得医师资格证书", "whether a physician's licence is held"),
        "licenceCategory": Text("医师资格类别", "category of the licence"),
        "practiceCertificate": Text("是否有执业证书", "whether a practice certificate is held"),
        "practiceSpecialty": Text("执业范围", "registered scope of practice"),
        "technicianQualified": Text("是否取得医技专业技术资格", "technician's qualification"),
        "licenceExamEligible": Text(
            "是否符合临床、口腔类别医师资格考试报考资格",
            "whether the clinical or stomatology licence examination may be sat",
        ),
        "title": Text("专业技术职称", "professional title"),
        "postType": Text("岗位类别", "type of post"),
        "workYears": Text("工作年限", "years of work"),
        "inClinicalWork": Text("是否从事临床工作", "whether in clinical work"),
        "employed": Text("是否在职", "whether employed"),
        "sendingUnit": Text("派出单位", "sending unit"),
        "sendingUnit.name": Text("派出单位名称", "name of the sending unit"),
        "sendingUnit.tier": Text("派出单位等级", "tier of the sending unit"),
        "sendingUnit.province": Text("派出单位所在省份", "province of the sending unit"),
        "sendingUnit.prefecture": Text("派出单位所在市州", "prefecture of the sending unit"),
        "sendingUnit.recommends": Text("单位是否推荐或派遣", "recommendation by the unit"),
        "sendingUnit.base": Text("单位指定的培训基地", "base assigned by the unit"),
        "sendingUnit.specialty": Text("单位指定的专业", "specialty assigned by the unit"),
        "sendingUnit.agreementSigned": Text(
            "是否签订定向委托培训协议", "whether a directed-entrustment agreement is signed"
        ),
        "sendingUnit.namesMatch": Text(
            "执业地点、单位名称与公章是否一致",
            "whether practice place, unit name and seal are the same",
        ),
        "residencyCompleted": Text(
            "是否取得住培合格证书", "whether residency training is completed"
        ),
        "registeredOnNationalPlatform": Text(
            "是否已纳入国家住培管理平台", "registration on the national platform"
        ),
        "bannedUntil": Text("禁止报名期限", "end of a ban on applications"),
        "banChecked": Text("是否已核查禁报记录", "whether the ban registry was asked"),
        "fitForTraining": Text("身体条件是否适合培训", "fitness for training"),
        "medicalExaminationPassed": Text("入培体检是否合格", "result of the medical examination"),
        "infectiousDisease": Text("是否患传染性疾病", "infectious disease"),
        "chronicDisease": Text("是否患慢性疾病", "chronic disease"),
        "lawAbiding": Text("是否遵纪守法", "law-abiding conduct"),
        "majorAccident": Text("是否发生重大医疗事故", "major medical accident"),
        "consents": Text("是否自愿参加并服从安排", "consent"),
        "certificates": Text("其他证书", "other certificates"),
        "certificates.name": Text("证书名称", "name of the certificate"),
        "direction": Text("报考方向", "direction applied for"),
        "appliesAsIndividual": Text("是否以个人名义报考", "whether applying as an individual"),
        "preferences": Text("志愿数", "number of preferences"),
        "stayMonths": Text("进修时长（月）", "length of stay in months"),
        "qualifyingDegree": Text("符合报考条件的最高学历", "qualifying degree"),
        "sendingUnitTier": Text("派出单位等级", "tier of the sending unit"),
        "trainingYear": Text("培训年度", "training year"),
        "postAllowanceGranted": Text("岗位津贴考核结果", "result of the post allowance appraisal"),
        "independentDuty": Text("是否获准独立值班", "permission for independent duty"),
        "nightShifts": Text("夜班", "night shifts"),
        "nightShiftCounts": Text("夜班次数", "number of night shifts"),
    }
)


def fact_label(name: str) -> Text:
    """Return what the fact ``name`` (``english.cet4``) is called; the name itself if unknown."""
    # Asked ten thousands of times for one candidate: no text is made that is not needed.
    label = FACT_LABELS.get(name)
    return Text(name, name) if label is None else label


def list_facts(names: Iterable[str]) -> Text:
    """Return the labels of several facts as one enumeration."""
    labels = [fact_label(name) for name in names]
    return Text(
        "、".join(label.zh for label in labels), ", ".join(label.en or label.zh for label in labels)
    )
