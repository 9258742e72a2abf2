"""An office for tests of allocation: a fictional province that matches preference lists."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from admissions_office import IDENTITY, PERSON, Office, done, moment
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import (
    AllocationChoiceRow,
    AllocationPlaceRow,
    AllocationRunRow,
    ApplicationRow,
    AuditHeadRow,
    BulkOperationRow,
    SeatRow,
    TransitionRow,
)
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_case import AdmissionCase
from zhupei.services import admissions
from zhupei.services.admissions import Desk, inputs

__all__ = [
    "MAIN",
    "NORTH",
    "NORTH_CHILDREN",
    "NORTH_MEDICINE",
    "ROOT",
    "SOUTH",
    "SOUTH_EMERGENCY",
    "SOUTH_MEDICINE",
    "Matching",
    "changed_office",
    "matching_office",
    "own_steps_office",
]

BASES = Path(__file__).parent / "fictional" / "allocation"
ROOT, MAIN = "matching-residency-2026", "main"
NORTH, SOUTH = "north-residency-2026", "south-residency-2026"
NORTH_MEDICINE, NORTH_CHILDREN, NORTH_UNKNOWN = (f"{NORTH}/{c}" for c in ("0100", "0200", "0900"))
SOUTH_MEDICINE, SOUTH_EMERGENCY = (f"{SOUTH}/{code}" for code in ("0100", "0300"))

_loaded: dict[str, LoadedCatalogue] = {}


@dataclass
class Matching(Office):
    """The office of the matching province."""

    def authority(self) -> Desk:
        """Return the desk of the province."""
        grants = frozenset({Grant("jurisdiction_office", None, "matching-province")})
        return self.desk(Actor(id="authority", grants=grants))

    async def listed(
        self, *choices: str, points: int | tuple[int, int] = 80, applicant: UUID | None = None
    ) -> list[AdmissionCase]:
        """File a list of preferences (``opening`` or ``opening#direction``), up to the review."""
        applicant = applicant or uuid4()
        self.go("2026-04-10T09:00")
        cases = []
        for number, choice in enumerate(choices, start=1):
            opening, _, direction = choice.partition("#")
            cases.append(await self.filed(opening, direction or None, number, applicant))
        self.go("2026-04-27T09:00")
        for case in cases:
            await self.passed(case, points)
        return [await self.case(case.id) for case in cases]

    async def filed(
        self, opening: str, direction: str | None, preference: int, applicant: UUID
    ) -> AdmissionCase:
        """File one preference and hand it in."""
        desk = self.own(applicant)
        draft = done(
            await admissions.create_application(
                desk,
                inputs.CreateApplicationInput(
                    applicant=applicant,
                    opening=opening,
                    round=MAIN,
                    direction=direction,
                    preference=preference,
                    candidate=PERSON,
                ),
            )
        )
        return done(
            await admissions.submit_application(
                desk, inputs.SubmitApplicationInput(application=draft.id, documents=(IDENTITY,))
            )
        )

    async def passed(self, case: AdmissionCase, points: int | tuple[int, int] = 80) -> None:
        """Bring an application up to the base's review, with these points out of 100."""
        await self.assessed(case, points)
        done(
            await admissions.review_application(
                self.staff(base=case.base),
                inputs.ReviewApplicationInput(application=case.id, approved=True),
            )
        )

    async def assessed(self, case: AdmissionCase, points: int | tuple[int, int] = 80) -> None:
        """Bring an application up to its scores, these points out of 100."""
        both = points if isinstance(points, tuple) else (points, points)
        desk = self.staff(base=case.base)
        done(
            await admissions.record_eligibility_check(
                desk, inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
            )
        )
        recorders = (admissions.record_interview, admissions.record_examination)
        for record, given in zip(recorders, both, strict=True):
            score = inputs.RecordScoreInput(application=case.id, points=Decimal(given), of=100)
            done(await record(desk, score))

    async def everything(self) -> tuple[object, ...]:
        """Return all that a refusal, a dry run or a simulation must not change."""
        tables = (
            ApplicationRow,
            TransitionRow,
            SeatRow,
            AuditHeadRow,
            BulkOperationRow,
            AllocationRunRow,
            AllocationPlaceRow,
            AllocationChoiceRow,
        )
        with self.database.use():
            return tuple([sorted(await table.all().values(), key=str) for table in tables])


async def matching_office(database: Database) -> Matching:
    """Return the office on a database, on 10 April 2026."""
    if "matching" not in _loaded:
        _loaded["matching"] = await load_catalogue([BASES])
        assert not _loaded["matching"].problems.errors, _loaded["matching"].problems
    return Matching(database, _loaded["matching"], moment("2026-04-10T09:00"))


async def changed_office(database: Database, folder: Path, old: str, new: str) -> Matching:
    """Return the office with one change in the fictional files."""
    shutil.copytree(BASES, folder / "bases")
    found = 0
    for path in (folder / "bases").glob("*.yaml"):
        text = path.read_text("utf-8")
        found += text.count(old)
        path.write_text(text.replace(old, new), "utf-8")
    assert found == 1
    return Matching(database, await load_catalogue([folder / "bases"]), moment("2026-04-10T09:00"))


async def own_steps_office(database: Database, folder: Path, *without: str) -> Matching:
    """Return the office whose internal medicine in the north has the steps without some."""
    text = (BASES / "_jurisdiction.yaml").read_text("utf-8")
    steps = re.findall(r"(?m)^      - \{id: .*\n", text)
    kept = [each for each in steps if not re.search(rf"id: (?:{'|'.join(without)}),", each)]
    assert len(kept) == len(steps) - len(without)
    plan = '      - {specialty: "0100", quota: 1, source: NORTH:10 计划表}\n'
    own = (
        '      - specialty: "0100"\n'
        "        quota: 1\n"
        "        source: NORTH:10 计划表\n"
        "        steps:\n" + "".join(f"    {each}" for each in kept)
    )
    office = await changed_office(database, folder, plan, own)
    assert not office.loaded.problems.errors, office.loaded.problems
    return office
