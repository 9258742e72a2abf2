"""An office of a base of the province of 2024, with a fictional plan and the base's own weights."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from admissions_office import Office, done, moment
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase, BulkOutcome, PacketPart
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    OriginRegion,
    TraineeType,
)
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, inputs

_ROOT = Path(__file__).parents[1]
UNION, TONGJI = "hubei-xiehe", "hubei-tongji"
PROGRAM = f"{UNION}-residency-2024"
MEDICINE, GENERAL = f"{PROGRAM}/0100", f"{PROGRAM}/0700"
ELSEWHERE = f"{TONGJI}-residency-2024/0100"
BACHELOR = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    degrees=(
        Degree(
            level=DegreeLevel.BACHELOR,
            type=DegreeType.PROFESSIONAL,
            major="临床医学",
            major_code="100201K",
            full_time=True,
            mainland=True,
            graduation_year=2024,
            awarded=True,
        ),
    ),
    licensed=False,
    licence_exam_eligible=True,
    fit_for_training=True,
    residency_completed=False,
    registered_on_national_platform=False,
)
SCANS = tuple(
    SubmittedDocument(document=name, media_type="image/png", size=10, sha256="0" * 64)
    for name in ("identity", "degree-certificate")
)
BROUGHT = ("report-identity", "report-degree-certificate", "report-licence-certificate")
"""What is brought to the report (S4:356)."""
SHOWN_AT_INTERVIEW = ("interview-documents",)
"""The complete documents that have to be at hand (S2:66)."""
PACKET = tuple(
    PacketPart(title=title, text="良好")
    for title in ("每位考生的基本情况分析", "面试评价", "专业考核评价", "整体意见")
)
_PLAN = """\
# Fictional figures, for tests only.
kind: plan
program: hubei-residency-2024
sources:
  FICTION:
    title: {zh: 虚构的招收计划表, en: Fictional plan table}
source: FICTION:1 附件1
rows:
  - {base: hubei-xiehe, specialty: "0100", quota: 1}
  - {base: hubei-xiehe, specialty: "0700", quota: 2}
  - {base: hubei-tongji, specialty: "0100", quota: 2}
"""
# What the notice leaves to the base: the weights (T42), and its capacity, which is fictional too.
_OWN = """\
specialty_bases:
  - {specialty: "0100", capacity: 2}
programs:
  - code: hubei-xiehe-residency-2024
    policies:
      interview_weight: {value: "0.4", note: {zh: 虚构, en: fictional}}
      examination_weight: {value: "0.6", note: {zh: 虚构, en: fictional}}
"""


async def planned_province(folder: Path) -> LoadedCatalogue:
    """Load the province as published, with the plan and the base's own figures in a copy."""
    place = Path(shutil.copytree(_ROOT / "bases" / "hubei", folder / "hubei"))
    (place / "_plan.yaml").write_text(_PLAN, "utf-8")
    base = place / "xiehe.yaml"
    text = base.read_text("utf-8")
    head = "programs:\n  - code: hubei-xiehe-residency-2024\n"
    assert text.count(head) == 1
    base.write_text(text.replace(head, _OWN), "utf-8")
    loaded = await load_catalogue([place], plugin_folders=[_ROOT / "plugins"])
    assert not loaded.problems.errors, loaded.problems
    return loaded


@dataclass
class HubeiOffice(Office):
    """The office of one base; the clock stands in the first registration."""

    now: datetime = field(default_factory=lambda: moment("2024-04-10T09:00"))

    def staff(self, role: str = "base_office", base: str = UNION) -> Desk:
        """Return the desk of a role at a base."""
        return self.desk(Actor(id=f"{role}@{base}", grants=frozenset({Grant(role, base)})))

    def authority(self) -> Desk:
        """Return the desk of the provincial office."""
        grant = Grant("jurisdiction_office", None, "hubei")
        return self.desk(Actor(id="province", grants=frozenset({grant})))

    async def filed(
        self,
        opening: str = MEDICINE,
        applicant: UUID | None = None,
        *,
        batch: str = "batch-1",
        candidate: Candidate = BACHELOR,
    ) -> AdmissionCase | Refusal:
        """Hand an application in, or hear why not."""
        case = await self.draft(
            opening, applicant or uuid4(), round_code=batch, candidate=candidate
        )
        return await admissions.submit_application(
            self.own(case.applicant),
            inputs.SubmitApplicationInput(application=case.id, documents=SCANS),
        )

    async def assessed(self, case: AdmissionCase, points: int = 80) -> AdmissionCase:
        """Bring a filed application through check, interview, examination, opinion and review."""
        desk, id_ = self.staff(), case.id
        check = inputs.RecordEligibilityCheckInput(application=id_, passed=True)
        done(await admissions.record_eligibility_check(desk, check))
        score = inputs.RecordScoreInput(application=id_, points=Decimal(points), of=100)
        shown = replace(score, documents=SHOWN_AT_INTERVIEW)
        done(await admissions.record_interview(desk, shown))
        done(await admissions.record_examination(desk, score))
        opinion = inputs.GiveOpinionInput(
            application=id_, admit=True, opinion="同意", packet=PACKET
        )
        done(await admissions.give_opinion(self.staff("specialty_base"), opinion))
        review = inputs.ReviewApplicationInput(application=id_, approved=True)
        return done(await admissions.review_application(desk, review))

    async def listed(self, *cases: AdmissionCase, batch: str = "batch-1") -> BulkOutcome | Refusal:
        """Publish the list of some reviewed applications."""
        ids = tuple(case.id for case in cases)
        given = inputs.PublishProposedListInput(program=PROGRAM, round=batch, applications=ids)
        return await admissions.publish_proposed_list(self.staff(), given)
