"""The recruitment of June 2026 (S0, on the national steps of S4) at work, by its own rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from admissions_office import Office, done, moment
from zhupei.catalogue import LoadedCatalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.people import (
    Candidate,
    Degree,
    DegreeLevel,
    DegreeType,
    EnglishProficiency,
    OriginRegion,
    TraineeType,
)
from zhupei.domain.registrations import Registration
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs
from zhupei.services.admissions.training_inputs import ReduceTrainingInput
from zhupei.services.admissions.training_rows import registration_of_application

pytestmark = pytest.mark.slow
C = RefusalCode
PROGRAM = "hku-szh-residency-2026"
INTERNAL, PAEDIATRICS = f"{PROGRAM}/0100", f"{PROGRAM}/0200"
CLINICAL = Degree(
    level=DegreeLevel.BACHELOR,
    type=DegreeType.PROFESSIONAL,
    major_code="100201K",
    school="某医科大学",
    mainland=True,
    full_time=True,
    graduation_year=2026,
    awarded=True,
)
MASTER = replace(CLINICAL, level=DegreeLevel.MASTER, major_code=None, major="儿科学")
PERSON = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    licensed=False,
    english=EnglishProficiency(cet4=430),
    degrees=(replace(CLINICAL, graduation_year=2023), MASTER),
)
BROUGHT = ("report-identity", "report-degree-certificate", "report-licence-certificate")


@dataclass
class EducationOffice(Office):
    """The hospital's education office, in June 2026."""

    now: datetime = field(default_factory=lambda: moment("2026-06-10T09:00"))

    def staff(self, role: str = "base_office", base: str = "hku-szh") -> Desk:
        """Return the desk of a role at the hospital."""
        return self.desk(Actor(id=f"{role}@{base}", grants=frozenset({Grant(role, base)})))

    def authority(self) -> Desk:
        """Return the desk of the city."""
        grant = Grant("jurisdiction_office", None, "shenzhen")
        return self.desk(Actor(id="city", grants=frozenset({grant})))

    async def applied(
        self, opening: str = PAEDIATRICS, candidate: Candidate = PERSON
    ) -> AdmissionCase | Refusal:
        """Hand an application in."""
        case = await self.draft(opening, round_code="june-2026", candidate=candidate)
        given = inputs.SubmitApplicationInput(application=case.id)
        return await admissions.submit_application(self.own(case.applicant), given)

    async def examined(self, case: AdmissionCase, points: int = 80) -> AdmissionCase:
        """Check the conditions, examine theory and skills, and select."""
        check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        done(await admissions.record_eligibility_check(self.staff(), check))
        score = inputs.RecordScoreInput(application=case.id, points=Decimal(points), of=100)
        done(await admissions.record_examination(self.staff("specialty_base"), score))
        review = inputs.ReviewApplicationInput(application=case.id, approved=True)
        return done(await admissions.review_application(self.staff(), review))

    async def listed(self, *cases: AdmissionCase) -> object:
        """Publish the proposed list."""
        given = inputs.PublishProposedListInput(
            program=PROGRAM, round="june-2026", applications=tuple(case.id for case in cases)
        )
        return await admissions.publish_proposed_list(self.staff(), given)

    async def notified_by(self, report_by: date | None) -> AdmissionCase:
        """Bring one person to the letter of admission, which names the day of report."""
        case = await self.examined(done(await self.applied()))
        self.go("2026-06-15T09:00")
        done(await self.listed(case))
        self.go("2026-06-26T00:00")
        given = inputs.SendNoticeInput(applications=(case.id,), report_by=report_by)
        done(await admissions.send_notice(self.staff(), given))
        return await self.case(case.id)

    async def trained(self) -> Registration:
        """Bring one person into training: reported, contract signed, registered."""
        case = await self.notified_by(date(2026, 8, 31))
        self.go("2026-08-28T09:00")
        report = inputs.RecordReportInput(application=case.id, documents=BROUGHT)
        done(await admissions.record_report(self.staff(), report))
        sign = inputs.SignAgreementInput(
            application=case.id, kind=AgreementKind.LABOUR_CONTRACT, signed_on=date(2026, 8, 28)
        )
        done(await admissions.sign_agreement(self.staff(), sign))
        register = inputs.ApplicationInput(application=case.id)
        done(await admissions.register_trainee(self.staff(), register))
        with self.database.use():
            found = await registration_of_application(case.id)
        assert found is not None
        return found


@pytest.fixture
async def office(database: Database, south: LoadedCatalogue) -> EducationOffice:
    """The education office on a fresh database."""
    return EducationOffice(database, south)


@pytest.mark.parametrize(
    ("opening", "changes", "rule"),
    [
        (PAEDIATRICS, {"english": EnglishProficiency(cet4=424)}, "english"),
        (
            PAEDIATRICS,
            {"degrees": (replace(CLINICAL, major_code="100202TK", major="麻醉学"), MASTER)},
            "major",
        ),
    ],
    ids=["G10", "G7"],
)
async def test_g7_g10_whoever_lacks_a_condition_hands_nothing_in(
    office: EducationOffice, opening: str, changes: dict[str, object], rule: str
) -> None:
    """G7, G10, R022, R024, R038, T25: by the rule, with its clause, and the draft stays one."""
    person = replace(PERSON, **changes)  # type: ignore[arg-type]  # names of fields
    refusal = await office.refuses(C.INELIGIBLE, await office.applied(opening, person))
    assert rule in {finding.rule for finding in refusal.findings}
    assert refusal.source is not None
    assert refusal.source.document == "S0"
    states = [row["state"] for row in (await office.everything())[0]]  # type: ignore[attr-defined]  # rows are mappings
    assert states == ["DRAFT"]


async def test_r009_one_seat_in_internal_medicine_by_merit(office: EducationOffice) -> None:
    """R009, R212, R215, S4:342-348: the better in the examination, and nobody beside."""
    subject = replace(MASTER, major="内科学")
    person = replace(PERSON, degrees=(PERSON.degrees[0], subject) if PERSON.degrees else ())
    first = await office.examined(done(await office.applied(INTERNAL, person)), 85)
    second = await office.examined(done(await office.applied(INTERNAL, person)), 90)
    before = await office.everything()
    await office.refuses(C.RANK_SKIPPED, await office.listed(first))
    await office.refuses(C.NO_SEAT, await office.listed(first, second))
    assert await office.everything() == before
    done(await office.listed(second))
    assert await office.taken(INTERNAL) == 1


async def test_r216_seven_working_days_over_dragon_boat(office: EducationOffice) -> None:
    """R216, T13, S4:350-352: the brochure says no length, so the nation's holds."""
    case = await office.examined(done(await office.applied()))
    office.go("2026-06-15T09:00")
    publicity = done(await office.listed(case)).publicity  # type: ignore[attr-defined]  # rows are mappings
    # Friday 19 June is Dragon Boat: seven working days after Monday 15 end with Thursday 25.
    assert (publicity.ends_on, publicity.working_days) == (date(2026, 6, 25), 7)
    notice = inputs.SendNoticeInput(applications=(case.id,), report_by=date(2026, 8, 31))
    office.go("2026-06-25T23:59:59")
    before = await office.everything()
    refused = await admissions.send_notice(office.staff(), notice)
    await office.refuses(C.PUBLICITY_NOT_OVER, refused)
    assert await office.everything() == before
    office.go("2026-06-26T00:00")
    done(await admissions.send_notice(office.staff(), notice))
    assert (await office.case(case.id)).state is S.NOTIFIED


async def test_r217_the_letter_names_the_day_of_report(office: EducationOffice) -> None:
    """R217, R061, S4:354-358: no document gives the day, so the office has to."""
    case = await office.examined(done(await office.applied()))
    office.go("2026-06-15T09:00")
    done(await office.listed(case))
    office.go("2026-06-26T00:00")
    before = await office.everything()
    given = inputs.SendNoticeInput(applications=(case.id,))
    await office.refuses(C.REPORT_DATE_UNKNOWN, await admissions.send_notice(office.staff(), given))
    assert await office.everything() == before


async def test_r219_two_weeks_past_the_day_of_report(office: EducationOffice) -> None:
    """R219, R059, S4:364: the place is given up; a ban is another matter (T43)."""
    case = await office.notified_by(date(2026, 8, 31))
    no_shows = inputs.MarkNoShowsInput(program=PROGRAM)
    office.go("2026-09-14T23:59:59")
    assert done(await admissions.mark_no_shows(office.staff(), no_shows)).effects == ()
    office.go("2026-09-15T00:00")
    nobody = inputs.MarkNoShowsInput(program=PROGRAM, applications=())
    assert done(await admissions.mark_no_shows(office.staff(), nobody)).effects == ()
    outcome = done(await admissions.mark_no_shows(office.staff(), no_shows))
    assert [effect.application for effect in outcome.effects] == [case.id]
    assert await office.taken(PAEDIATRICS) == 0


async def test_r043_t46_the_socially_recruited_sign_a_labour_contract(
    office: EducationOffice,
) -> None:
    """R043, R220, T46, S0:68: the national two-party agreement is not what this hospital signs."""
    case = await office.notified_by(date(2026, 8, 31))
    office.go("2026-08-28T09:00")
    report = inputs.RecordReportInput(application=case.id, documents=BROUGHT)
    done(await admissions.record_report(office.staff(), report))
    before = await office.everything()
    two = inputs.SignAgreementInput(
        application=case.id, kind=AgreementKind.TWO_PARTY, signed_on=date(2026, 8, 28)
    )
    await office.refuses(
        C.AGREEMENT_KIND_WRONG, await admissions.sign_agreement(office.staff(), two)
    )
    assert await office.everything() == before
    labour = replace(two, kind=AgreementKind.LABOUR_CONTRACT)
    assert done(await admissions.sign_agreement(office.staff(), labour)).state is S.CONTRACTED


async def test_r060_t29_three_years_and_one_less_at_most(office: EducationOffice) -> None:
    """R060, T29, S0:90: 12 months after the assessment, though the nation would allow more."""
    found = await office.trained()
    assert (found.started_on, found.months, found.ends_on) == (
        date(2026, 9, 1),
        36,
        date(2029, 8, 31),
    )
    asked = ReduceTrainingInput(trainee=found.id, months=13, reason="减免考核合格")
    before = await office.everything()
    await office.refuses(
        C.REDUCTION_TOO_LONG, await admissions.reduce_training(office.staff(), asked)
    )
    assert await office.everything() == before
    shorter = done(await admissions.reduce_training(office.staff(), replace(asked, months=12)))
    assert shorter.ends_on == date(2028, 8, 31)
