"""An office for tests of admissions: the fictional province, a clock that moves, and desks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from tortoise.transactions import in_transaction

from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import Applicant, ApplicationRow, AuditHeadRow, SeatRow, TransitionRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase, AgreementKind, PacketPart
from zhupei.domain.applications import SubmittedDocument
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.people import Candidate, EnglishProficiency, OriginRegion, TraineeType
from zhupei.hooks.dispatch import Dispatcher
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, inputs
from zhupei.services.state_records import StateChange, StateSubject, append_state_records

T = TypeVar("T")

BASES = Path(__file__).parent / "fictional" / "admissions"
HOSPITAL = "sample-hospital-residency-2026"
MEDICINE, PAEDIATRICS, UNKNOWN = (f"{HOSPITAL}/{code}" for code in ("0100", "0200", "0900"))
CLINIC = "sample-clinic-residency-2026/0100"
FELLOWSHIP = "sample-fellowship-2026"
HEART = f"{FELLOWSHIP}/heart"
PERSON = Candidate(
    origin=OriginRegion.MAINLAND,
    trainee_type=TraineeType.SOCIAL,
    licensed=False,
    english=EnglishProficiency(cet4=430),
)
FELLOW = replace(PERSON, trainee_type=TraineeType.FELLOW)
IDENTITY = SubmittedDocument(
    document="identity-scan", media_type="image/png", size=10, sha256="0" * 64
)
SHOWN = ("report-identity", "report-degree-certificate")
"""What the national rules ask for at the report (R217)."""
PACKET = tuple(
    PacketPart(title=title, text="良好")
    for title in ("基本情况分析", "面试评价", "专业考核评价", "整体意见")
)

_loaded: dict[str, LoadedCatalogue] = {}


async def sample_catalogue() -> LoadedCatalogue:
    """Return the fictional province, read once."""
    if "sample" not in _loaded:
        _loaded["sample"] = await load_catalogue([BASES])
        assert not _loaded["sample"].problems.errors, _loaded["sample"].problems
    return _loaded["sample"]


async def changed_catalogue(folder: Path, file: str, *changes: tuple[str, str]) -> LoadedCatalogue:
    """Load the fictional province with passages of one file changed; each stands there once.

    ``folder`` keeps what was changed before, so that several files can be.
    """
    place = folder / "bases"
    if not place.exists():
        shutil.copytree(BASES, place)
    text = (place / file).read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (place / file).write_text(text, "utf-8")
    return await load_catalogue([place])


@cache
def _staff(role: str, base: str | None, jurisdiction: str | None) -> Actor:
    return Actor(
        id=f"{role}@{base or jurisdiction or 'nation'}",
        grants=frozenset({Grant(role, base, jurisdiction)}),
    )


def moment(text: str) -> datetime:
    """Return an instant in China's time."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)


@dataclass
class Office:
    """The database and the fictional province at a moment that tests move."""

    database: Database
    loaded: LoadedCatalogue
    now: datetime = field(default_factory=lambda: moment("2026-04-10T09:00"))
    dispatcher: Dispatcher | None = None

    def desk(
        self,
        actor: Actor,
        applicant: UUID | None = None,
        sends: frozenset[UUID] = frozenset(),
    ) -> Desk:
        """Return a desk for an actor."""
        return Desk(
            database=self.database,
            catalogue=self.loaded.catalogue,
            dispatcher=self.dispatcher or self.loaded.dispatcher,
            clock=lambda: self.now,
            actor=actor,
            applicant=applicant,
            sends=sends,
        )

    def own(self, applicant: UUID) -> Desk:
        """Return the desk of an applicant."""
        actor = Actor(id=f"account-{applicant}", grants=frozenset({Grant("applicant")}))
        return self.desk(actor, applicant)

    def staff(self, role: str = "base_office", base: str = "sample-hospital") -> Desk:
        """Return the desk of a role at a base."""
        return self.desk(_staff(role, base, None))

    def authority(self) -> Desk:
        """Return the desk of the province."""
        return self.desk(_staff("jurisdiction_office", None, "sample-province"))

    async def known(self, phone: str | None = None) -> UUID:
        """Register somebody of whom no test looks at more than the id; ``phone`` is its mark."""
        with self.database.use():
            row = await Applicant.create(
                name="样例",
                name_key="yang li",
                identity_kind="PASSPORT",
                identity_state="USA",
                identity_ciphertext="nobody reads it",
                facts={},
                phone_hash=phone,
                phone_ciphertext=phone,
                created_at=self.now,
                updated_at=self.now,
            )
            registered = StateChange(
                subject=StateSubject.APPLICANT,
                id=UUID(str(row.id)),
                action="REGISTER",
                actor="test",
                at=self.now,
            )
            async with in_transaction() as connection:
                await append_state_records(connection, [registered])
            return registered.id

    def unit(self, applicant: UUID) -> Desk:
        """Return the desk of the unit that sends an applicant."""
        actor = Actor(id="unit", grants=frozenset({Grant("sending_unit")}))
        return self.desk(actor, sends=frozenset({applicant}))

    def go(self, text: str) -> None:
        """Move the clock."""
        self.now = moment(text)

    async def draft(
        self,
        opening: str = MEDICINE,
        applicant: UUID | None = None,
        *,
        round_code: str | None = "batch-1",
        candidate: Candidate = PERSON,
        direction: str | None = None,
    ) -> AdmissionCase:
        """Begin a draft."""
        applicant = applicant or uuid4()
        return done(
            await admissions.create_application(
                self.own(applicant),
                inputs.CreateApplicationInput(
                    applicant=applicant,
                    opening=opening,
                    round=round_code,
                    direction=direction,
                    candidate=candidate,
                ),
            )
        )

    async def submitted(
        self,
        opening: str = MEDICINE,
        applicant: UUID | None = None,
        *,
        round_code: str | None = "batch-1",
        candidate: Candidate = PERSON,
        direction: str | None = None,
    ) -> AdmissionCase:
        """Hand an application in."""
        case = await self.draft(
            opening, applicant, round_code=round_code, candidate=candidate, direction=direction
        )
        return done(
            await admissions.submit_application(
                self.own(case.applicant),
                inputs.SubmitApplicationInput(application=case.id, documents=(IDENTITY,)),
            )
        )

    async def reviewed(self, case: AdmissionCase, points: int = 80) -> AdmissionCase:
        """Bring a submitted application up to the base's review, with the same points twice."""
        desk = self.staff()
        id_ = case.id
        done(
            await admissions.record_eligibility_check(
                desk, inputs.RecordEligibilityCheckInput(application=id_, passed=True)
            )
        )
        for record in (admissions.record_interview, admissions.record_examination):
            done(
                await record(
                    desk,
                    inputs.RecordScoreInput(application=id_, points=Decimal(points), of=100),
                )
            )
        done(
            await admissions.give_opinion(
                self.staff("specialty_base"),
                inputs.GiveOpinionInput(application=id_, admit=True, opinion="同意", packet=PACKET),
            )
        )
        return done(
            await admissions.review_application(
                desk, inputs.ReviewApplicationInput(application=id_, approved=True)
            )
        )

    async def published(self, *points: int, opening: str = MEDICINE) -> list[AdmissionCase]:
        """Bring one application for each of ``points`` on the published list of batch 1."""
        self.go("2026-04-10T09:00")
        cases = [await self.submitted(opening) for _ in points]
        self.go("2026-04-27T09:00")
        for case, point in zip(cases, points, strict=True):
            await self.reviewed(case, point)
        self.go("2026-05-11T10:00")
        done(await self.publish(*cases))
        return [await self.case(case.id) for case in cases]

    async def publish(
        self, *cases: AdmissionCase, dry_run: bool = False, idempotency_key: str | None = None
    ) -> object:
        """Publish the list of batch 1 with these applications."""
        return await admissions.publish_proposed_list(
            self.staff(),
            inputs.PublishProposedListInput(
                program=HOSPITAL,
                round="batch-1",
                applications=tuple(case.id for case in cases),
                dry_run=dry_run,
                idempotency_key=idempotency_key,
            ),
        )

    async def confirmed(self, case: AdmissionCase) -> AdmissionCase:
        """Let an applicant confirm."""
        return done(
            await admissions.confirm_admission(
                self.own(case.applicant), inputs.ApplicationInput(application=case.id)
            )
        )

    async def notified(self, *cases: AdmissionCase) -> None:
        """Admit confirmed applications after publicity, and send the notice."""
        self.go("2026-05-22T00:00")
        ids = tuple(case.id for case in cases)
        done(await admissions.admit(self.staff(), inputs.AdmitInput(applications=ids)))
        done(await admissions.send_notice(self.staff(), inputs.SendNoticeInput(applications=ids)))

    async def reported(self, case: AdmissionCase) -> AdmissionCase:
        """Let a notified person report."""
        return done(
            await admissions.record_report(
                self.staff(),
                inputs.RecordReportInput(application=case.id, documents=SHOWN),
            )
        )

    async def signed(self, case: AdmissionCase) -> AdmissionCase:
        """Sign the labour contract."""
        return done(await self.signed_or_refused(case))

    async def signed_or_refused(self, case: AdmissionCase) -> AdmissionCase | Refusal:
        """Try to sign the labour contract today."""
        return await admissions.sign_agreement(
            self.staff(),
            inputs.SignAgreementInput(
                application=case.id, kind=AgreementKind.LABOUR_CONTRACT, signed_on=self.today
            ),
        )

    @property
    def today(self) -> date:
        """The day in China's time."""
        return self.now.astimezone(CHINA_TIME).date()

    def later(self, **delta: float) -> None:
        """Move the clock on."""
        self.now += timedelta(**delta)

    async def case(self, application: UUID) -> AdmissionCase:
        """Return an application as it stands."""
        found = await admissions.application_of(self.authority(), application)
        assert found is not None
        return found

    async def taken(self, opening: str = MEDICINE) -> int:
        """Return how many seats of an opening are taken."""
        with self.database.use():
            row = await SeatRow.get_or_none(scope=f"opening:{opening}")
            return 0 if row is None else row.taken

    async def everything(self) -> tuple[object, ...]:
        """Return all that a refusal must not change."""
        with self.database.use():
            return (
                await ApplicationRow.all().order_by("id").values(),
                await TransitionRow.all().order_by("sequence").values(),
                await SeatRow.all().order_by("scope").values(),
                await AuditHeadRow.all().order_by("name").values(),
            )

    async def refuses(self, code: RefusalCode, answer: object) -> Refusal:
        """Check that an answer is a refusal with a code."""
        assert isinstance(answer, Refusal), answer
        assert answer.code is code, answer
        assert answer.message.zh
        assert answer.message.en
        return answer


def done(answer: T | Refusal) -> T:
    """Return what was changed; a refusal fails the test."""
    assert not isinstance(answer, Refusal), answer
    return answer
