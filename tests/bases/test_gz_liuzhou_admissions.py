"""The fellowship of June 2024 (S1, S3) at work: from the form to the report, by its own rules."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import Office, done, moment
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    HospitalTier,
    LicenceCategory,
    OriginRegion,
    PostType,
    SendingUnit,
    TitleLevel,
    TraineeType,
)
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs
from zhupei.testing import FakeZhupei

pytestmark = pytest.mark.slow
C = RefusalCode
_ROOT = Path(__file__).parents[2]
PROGRAM = "gz-liuzhou-fellowship-2024"
PAEDIATRICS = f"{PROGRAM}/paediatrics"
UNIT = "某县人民医院"
FELLOW = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.FELLOW,
    birth_date=date(1988, 3, 1),
    degrees=(Degree(level=DegreeLevel.BACHELOR, major="临床医学", awarded=True),),
    licensed=True,
    licence_category=LicenceCategory.CLINICAL,
    practice_certificate=True,
    practice_specialty="儿科",
    title=TitleLevel.INTERMEDIATE,
    post_type=PostType.DOCTOR,
    work_years=Decimal(6),
    residency_completed=True,
    infectious_disease=False,
    chronic_disease=False,
    major_accident=False,
    sending_unit=SendingUnit(
        tier=HospitalTier.SECONDARY, province="450000", recommends=True, names_match=True
    ),
    stay_months=6,
)
MAILED = tuple(
    SubmittedDocument(document=name, media_type="image/png", size=10, sha256="0" * 64)
    for name in (
        "application-form",
        "application-form-scan",
        "licence-scan",
        "practice-certificate-scan",
        "title-certificate-scan",
        "application-mail",
    )
)
ANSWERS = {
    "intended-unit": "广州市妇女儿童医疗中心柳州医院",
    "mail-subject": f"儿童呼吸专科-张三-{UNIT}",
    "hospital-name": UNIT,
    "name": "张三",
    "sex": "男",
    "ethnicity": "壮族",
    "native-place": "广西",
    "political-status": "群众",
    "major": "临床医学",
    "birth-date": "1988-03-01",
    "education": "本科",
    "technical-title": "主治医师",
    "school": "某医科大学",
    "graduation-date": "2012-07",
    "work-unit": UNIT,
    "work-unit-location": "广西",
    "health": "健康",
    "stay": "2024年6月起六个月",
    "department": "儿科",
    "curriculum-vitae": "2012年至今在本单位工作",
    "reason": "提高专科能力",
    "study-content": "学习呼吸专科",
    "practice-place": UNIT,
    "seal": UNIT,
}
BROUGHT = ("report-application-form", "report-notice", "certificate-copies", "photo")


@dataclass
class Host(Office):
    """The department of the host hospital that runs the fellowship; 12 May 2024."""

    now: datetime = field(default_factory=lambda: moment("2024-05-12T09:00"))

    def staff(self, role: str = "base_office", base: str = "gz-liuzhou") -> Desk:
        """Return the desk of a role at the host."""
        return self.desk(Actor(id=f"{role}@{base}", grants=frozenset({Grant(role, base)})))

    async def applied(
        self,
        *,
        candidate: Candidate = FELLOW,
        person: UUID | None = None,
        direction: str = "respiratory",
        documents: tuple[SubmittedDocument, ...] = MAILED,
        **answers: str,
    ) -> AdmissionCase | Refusal:
        """Mail the form and the scans, with the subject line that is asked for."""
        case = await self.draft(
            PAEDIATRICS,
            person or await self.known(phone="on record"),
            round_code="june-2024",
            candidate=candidate,
            direction=direction,
        )
        given: dict[str, Any] = {**ANSWERS, **{k.replace("_", "-"): v for k, v in answers.items()}}
        return await admissions.submit_application(
            self.own(case.applicant),
            inputs.SubmitApplicationInput(application=case.id, documents=documents, answers=given),
        )

    async def recommended(self, case: AdmissionCase) -> AdmissionCase:
        """Let the employer recommend, and the departments check."""
        given = inputs.ApplicationInput(application=case.id)
        done(await admissions.recommend_application(self.unit(case.applicant), given))
        check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        return done(await admissions.record_eligibility_check(self.staff(), check))

    async def selected(self, case: AdmissionCase) -> AdmissionCase | Refusal:
        """Select somebody by merit, and send the report notice."""
        review = inputs.ReviewApplicationInput(application=case.id, approved=True)
        done(await admissions.review_application(self.staff(), review))
        sent = await admissions.send_notice(
            self.staff(), inputs.SendNoticeInput(applications=(case.id,))
        )
        return sent if isinstance(sent, Refusal) else await self.case(case.id)

    def authority(self) -> Desk:
        """Return the desk of the region."""
        grant = Grant("jurisdiction_office", None, "guangxi")
        return self.desk(Actor(id="region", grants=frozenset({grant})))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> LoadedCatalogue:
    """The region and its host, with plugins that were started: they look programs up."""

    async def begin() -> LoadedCatalogue:
        loaded = await load_catalogue(
            [_ROOT / "bases" / "guangxi"], plugin_folders=[_ROOT / "plugins"]
        )
        running = FakeZhupei(
            tmp_path_factory.mktemp("state"),
            openings=loaded.catalogue.openings,
            programs=loaded.catalogue.programs,
        )
        await loaded.dispatcher.ask("startup", zhupei=running)
        return loaded

    return asyncio.run(begin())


@pytest.fixture
async def host(database: Database, started: LoadedCatalogue) -> Host:
    """The host hospital on a fresh database."""
    return Host(database, started)


async def refused(host: Host, code: RefusalCode, answer: object) -> Refusal:
    """Check that a draft stayed a draft."""
    refusal = await host.refuses(code, answer)
    with host.database.use():
        states = {row["state"] for row in (await host.everything())[0]}  # type: ignore[attr-defined]  # rows are mappings
    assert states == {"DRAFT"}
    return refusal


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2024-05-09T23:59:59", False),
        ("2024-05-10T00:00:00", True),
        ("2024-05-17T23:59:59", True),
        ("2024-05-18T00:00:00", False),
    ],
)
async def test_r088_late_applications_are_refused(host: Host, at: str, *, is_open: bool) -> None:
    """R088, T12, S1:28: dates alone include both days."""
    host.go(at)
    answer = await host.applied()
    if is_open:
        assert done(answer).state is S.SUBMITTED
    else:
        await refused(host, C.WINDOW_CLOSED, answer)


async def test_r091_the_sealed_form_and_the_scans(host: Host) -> None:
    """R091, S1:40: each missing one is named."""
    refusal = await refused(
        host, C.DOCUMENTS_INCOMPLETE, await host.applied(documents=MAILED[:1] + MAILED[2:])
    )
    assert refusal.message.zh == "缺少材料：培养计划申请表盖章扫描件"


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("张三的申请", "邮件名称“张三的申请”不符合格式“进修专业-姓名-选送医院”"),
        (f"儿童呼吸专科-李四-{UNIT}", "邮件名称中的姓名与申请表不一致"),
    ],
)
async def test_r092_the_subject_line(host: Host, subject: str, message: str) -> None:
    """R092, S1:40: specialty, name and hospital, as on the form."""
    refusal = await refused(host, C.STEP_REFUSED, await host.applied(mail_subject=subject))
    (finding,) = refusal.findings
    assert (finding.rule, finding.message.zh) == ("gz-liuzhou.mail-subject", message)
    assert finding.plugin == "gz-liuzhou"


async def test_g14_the_degree_depends_on_the_sending_hospital(host: Host) -> None:
    """G14, R075, R076, T3: junior college from a secondary hospital only."""
    college = replace(
        FELLOW, degrees=(Degree(level=DegreeLevel.JUNIOR_COLLEGE, major="临床医学", awarded=True),)
    )
    assert college.sending_unit is not None
    tertiary = replace(
        college, sending_unit=replace(college.sending_unit, tier=HospitalTier.TERTIARY)
    )
    refusal = await refused(host, C.INELIGIBLE, await host.applied(candidate=tertiary))
    assert [(each.rule, each.source and each.source.lines) for each in refusal.findings] == [
        ("tertiary-degree", "31")
    ]
    assert done(await host.applied(candidate=college)).state is S.SUBMITTED


async def test_r093_nobody_is_selected_without_the_employers_recommendation(host: Host) -> None:
    """R093, R181, S3:45: and only the person's own unit recommends."""
    case = done(await host.applied())
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    before = await host.everything()
    await host.refuses(
        C.NOT_ALLOWED_IN_STATE, await admissions.record_eligibility_check(host.staff(), check)
    )
    given = inputs.ApplicationInput(application=case.id)
    await host.refuses(
        C.NOT_FOUND, await admissions.recommend_application(host.unit(uuid4()), given)
    )
    assert await host.everything() == before
    assert (await host.recommended(case)).state is S.CHECKED


async def test_r087_r084_no_more_than_a_direction_can_teach(host: Host) -> None:
    """R087, R081, S1:42: respiratory medicine has 2 of the 13 places in paediatrics."""
    cases = [done(await host.applied()) for _ in range(3)]
    for case in cases:
        await host.recommended(case)
    host.go("2024-05-20T09:00")
    for case in cases[:2]:
        assert done(await host.selected(case)).state is S.NOTIFIED
    review = inputs.ReviewApplicationInput(application=cases[2].id, approved=True)
    done(await admissions.review_application(host.staff(), review))
    before = await host.everything()
    notice = inputs.SendNoticeInput(applications=(cases[2].id,))
    refusal = await host.refuses(C.NO_SEAT, await admissions.send_notice(host.staff(), notice))
    assert refusal.message.zh == "名额已满：儿科（儿童呼吸专科方向）"
    assert await host.everything() == before
    assert await host.taken(PAEDIATRICS) == 2


async def test_r089_the_notice_is_due_by_25_may(host: Host) -> None:
    """R089, T10, S1:28: a Saturday, which is not shifted."""
    case = await host.recommended(done(await host.applied()))
    review = inputs.ReviewApplicationInput(application=case.id, approved=True)
    done(await admissions.review_application(host.staff(), review))
    host.go("2024-05-26T00:00")
    before = await host.everything()
    notice = inputs.SendNoticeInput(applications=(case.id,))
    await host.refuses(C.WINDOW_CLOSED, await admissions.send_notice(host.staff(), notice))
    assert await host.everything() == before
    host.go("2024-05-25T23:59:59")
    done(await admissions.send_notice(host.staff(), notice))
    assert (await host.case(case.id)).report_by == date(2024, 6, 1)


async def test_r090_r096_from_the_form_to_the_report(host: Host) -> None:
    """R090, R094-R096, R181: five states, and the documents of S1:46 at the report."""
    case = await host.recommended(done(await host.applied()))
    host.go("2024-05-20T09:00")
    case = done(await host.selected(case))
    host.go("2024-06-01T08:30")
    given = inputs.RecordReportInput(application=case.id, documents=BROUGHT[:-1])
    before = await host.everything()
    refusal = await host.refuses(
        C.DOCUMENTS_INCOMPLETE, await admissions.record_report(host.staff(), given)
    )
    assert refusal.message.zh == "缺少材料：照片"
    assert await host.everything() == before
    reported = done(await admissions.record_report(host.staff(), replace(given, documents=BROUGHT)))
    assert reported.state is S.REPORTED
    timeline = await admissions.timeline_of(host.own(case.applicant), case.id)
    assert timeline is not None
    assert [entry.state for entry in timeline.entries if entry.done_at is not None] == [
        S.DRAFT,
        S.SUBMITTED,
        S.RECOMMENDED,
        S.CHECKED,
        S.REVIEWED,
        S.NOTIFIED,
        S.REPORTED,
    ]
    # The documents give fellows no agreement to sign.
    assert timeline.must_do is None


async def test_r097_place_unit_and_seal_agree(host: Host) -> None:
    """R097, S1:46: the practice place, the unit's name and the seal on the form."""
    case = await host.recommended(done(await host.applied(seal="某县妇幼保健院")))
    host.go("2024-05-20T09:00")
    case = done(await host.selected(case))
    host.go("2024-06-01T08:30")
    given = inputs.RecordReportInput(application=case.id, documents=BROUGHT)
    before = await host.everything()
    refusal = await host.refuses(
        C.STEP_REFUSED, await admissions.record_report(host.staff(), given)
    )
    (finding,) = refusal.findings
    assert finding.rule == "gz-liuzhou.three-names"
    assert await host.everything() == before
    proven = replace(given, documents=(*BROUGHT, "unit-name-proof"))
    assert done(await admissions.record_report(host.staff(), proven)).state is S.REPORTED
