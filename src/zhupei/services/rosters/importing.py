"""Importing a roster: read, compared with who is known, and written in one transaction.

Whoever is registered here already, by the same document for the same opening, is left alone: the
same file may be sent again, with more rows. Nothing is written while one row is wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.config.problems import Problem, Problems
from zhupei.db.identifiers import uuid7
from zhupei.db.models import Applicant, ApplicationRow
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import EXITS, Action, ApplicationState, Channel
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.contacts import normalise_text
from zhupei.domain.events import Event
from zhupei.domain.people import Candidate, Degree, SendingUnit
from zhupei.domain.rosters import RosterField, RosterImport, RosterRow
from zhupei.domain.score_sheets import SheetProblem, UnreadableSheet
from zhupei.domain.text import Text
from zhupei.domain.training import Program, ProgramKind
from zhupei.security.crypto import Keyring
from zhupei.services.admissions.change import Change
from zhupei.services.admissions.commits import commit
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import not_found, permitted_for, surroundings
from zhupei.services.admissions.training import with_trainee
from zhupei.services.admissions.transitions import too_busy
from zhupei.services.applicants import Details, applicants_by_identity, register_applicant
from zhupei.services.outbox import record_events, subject_of
from zhupei.services.progress import Progress, operation
from zhupei.services.rosters.reading import RosterReader, openings_by_specialty
from zhupei.services.seats import root_program
from zhupei.services.state_records import StateChange, append_state_records

__all__ = ["ImportRosterInput", "import_roster"]

WRITE = "registrations.write"
_ZIP = b"PK\x03\x04"
_ATTEMPTS = 8
_F = RosterField
_ADMITTED = frozenset(
    state.value
    for state in (
        ApplicationState.CONFIRMED,
        ApplicationState.ADMITTED,
        ApplicationState.NOTIFIED,
        ApplicationState.REPORTED,
        ApplicationState.CONTRACTED,
        ApplicationState.REGISTERED,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRosterInput:
    """A file for one program of a base; a dry run tells what it would do and keeps nothing."""

    program: str
    content: bytes = field(repr=False)
    dry_run: bool = False


class _DryRunError(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


class _PersonError(Exception):
    def __init__(self, row: RosterRow, refusal: AccessRefusal) -> None:
        self.row, self.refusal = row, refusal
        super().__init__(refusal.code)


async def import_roster(
    desk: Desk, keyring: Callable[[], Keyring], given: ImportRosterInput
) -> RosterImport | UnreadableSheet | Refusal:
    """Register everybody of a file as a trainee of a program, or say all that is wrong with it.

    For the office of the program's base (registrations.write). Each person gets a record of their
    own (IMPORT), with the hash of the file, in the chain of all records.
    """
    with desk.database.use():
        program = desk.catalogue.programs.get(given.program)
        against = await permitted_for(desk, WRITE, base=None if program is None else program.base)
        if against is not None:
            return against
        if program is None or program.base is None:
            return not_found("program", given.program)
        if program.kind is not ProgramKind.RESIDENCY:
            return Refusal(
                code=RefusalCode.INPUT_INVALID,
                message=Text(
                    "名册只用于住院医师规范化培训项目", "rosters are for residency programs only"
                ),
                field="program",
            )
    async with operation(
        desk.database,
        kind="roster_import",
        by=desk.actor.id,
        clock=desk.clock,
        base=program.base,
        program=program.code,
    ) as progress:
        found = await _Import(desk, keyring(), given, program, progress).run()
        if isinstance(found, RosterImport):
            progress.result |= {"added": found.added, "unchanged": found.unchanged}
        else:
            problems = found.problems if isinstance(found, UnreadableSheet) else ()
            progress.result |= {"refused": True, "problems": len(problems)}
        progress.result |= {"dryRun": given.dry_run}
        return found


class _Import:
    """One import."""

    def __init__(
        self,
        desk: Desk,
        keyring: Keyring,
        given: ImportRosterInput,
        program: Program,
        progress: Progress,
    ) -> None:
        self._desk, self._keyring, self._given = desk, keyring, given
        self._program, self._progress = program, progress
        self._problems = Problems()
        self._sha256 = hashlib.sha256(given.content).hexdigest()
        today = desk.clock().astimezone(CHINA_TIME).date()
        catalogue = desk.catalogue
        self._today = today
        self._reader = RosterReader(
            openings_by_specialty([catalogue.openings[each] for each in program.openings]),
            today=today,
            problems=self._problems,
        )

    async def run(self) -> RosterImport | UnreadableSheet | Refusal:
        await self._progress.expect(None, "reading")
        rows = await self._read()
        for _ in range(_ATTEMPTS):
            if self._problems.errors:
                return UnreadableSheet(problems=tuple(map(_told, self._problems)))
            await self._progress.expect(len(rows), "checking")
            known = await applicants_by_identity(
                self._keyring,
                [(row.identity_kind, row.identity_number, row.issuing_state) for row in rows],
                today=self._today,
            )
            new = await self._unregistered(rows, known)
            if self._problems.errors:
                continue
            await self._progress.expect(len(new), "writing")
            done = await self._written(rows, new)
            if done is not None:
                return done
        if self._problems.errors:
            return UnreadableSheet(problems=tuple(map(_told, self._problems)))
        return too_busy()

    async def _read(self) -> tuple[RosterRow, ...]:
        with tempfile.TemporaryDirectory(prefix="zhupei-roster-") as folder:
            suffix = ".xlsx" if self._given.content.startswith(_ZIP) else ".csv"
            path = Path(folder) / f"roster{suffix}"
            await asyncio.to_thread(path.write_bytes, self._given.content)
            return await asyncio.to_thread(self._reader.read, path)

    async def _unregistered(
        self, rows: Sequence[RosterRow], known: Sequence[UUID | None]
    ) -> list[tuple[RosterRow, UUID | None]]:
        """Return who is to be registered, with the id of those who are known; add problems.

        Three statements, however many rows there are.
        """
        people = {each for each in known if each is not None}
        names: dict[UUID, str] = dict(
            cast("Any", await Applicant.filter(id__in=list(people)).values_list("id", "name"))
        )
        cases: dict[UUID, list[ApplicationRow]] = {}
        for case in await ApplicationRow.filter(
            applicant_id__in=list(people), state__not_in=[state.value for state in EXITS]
        ):
            cases.setdefault(case.applicant_id, []).append(case)
        root = root_program(self._desk.catalogue, self._program).code
        found: list[tuple[RosterRow, UUID | None]] = []
        for row, person in zip(rows, known, strict=True):
            await self._progress.advance()
            if person is None:
                found.append((row, None))
                continue
            if normalise_text(names.get(person, "")) != normalise_text(row.name):
                self._reader.refuse(row, _F.NAME, "ROSTER_PERSON", _OTHER_NAME)
                continue
            own = cases.get(person, [])
            if any(
                (case.opening_code, case.state) == (row.opening, ApplicationState.REGISTERED.value)
                for case in own
            ):
                continue
            if any(case.state in _ADMITTED and case.root_program_code == root for case in own):
                self._reader.refuse(row, _F.IDENTITY_NUMBER, "ROSTER_PERSON", _ADMITTED_HERE)
                continue
            if any(case.opening_code == row.opening for case in own):
                self._reader.refuse(row, _F.IDENTITY_NUMBER, "ROSTER_PERSON", _APPLIES_HERE)
                continue
            found.append((row, person))
        return found

    async def _written(
        self, rows: Sequence[RosterRow], new: Sequence[tuple[RosterRow, UUID | None]]
    ) -> RosterImport | Refusal | None:
        """Write everybody, or nobody; None where somebody changed what was looked at."""
        changes = []
        # Known before the transaction, so that nothing has to be asked of plugins inside it.
        ids = {row.row: person or uuid7() for row, person in new}
        for row, _ in new:
            change = await self._change(row, ids[row.row])
            if isinstance(change, Refusal):
                return change
            changes.append(change)
        outcome = RosterImport(
            operation=self._progress.id,
            program=self._program.code,
            rows=len(rows),
            added=len(new),
            unchanged=len(rows) - len(new),
            people=sum(person is None for _, person in new),
            sha256=self._sha256,
            dry_run=self._given.dry_run,
        )
        if not changes:
            return outcome

        return await self._committed(changes, new, ids, outcome)

    async def _committed(
        self,
        changes: Sequence[Change],
        new: Sequence[tuple[RosterRow, UUID | None]],
        ids: Mapping[int, UUID],
        outcome: RosterImport,
    ) -> RosterImport | Refusal | None:
        async def write(connection: BaseDBAsyncClient) -> None:
            people: list[StateChange] = []
            for row, person in new:
                if person is None:
                    await self._register(row, ids[row.row], people)
                await self._progress.advance()
            await append_state_records(connection, people)
            await record_events(connection, [self._event(outcome)])
            if self._given.dry_run:
                raise _DryRunError
            await self._progress.succeed(
                added=outcome.added, unchanged=outcome.unchanged, dryRun=False
            )

        try:
            done = await commit(self._desk, changes, extra=write)
        except _DryRunError:
            return outcome
        except _PersonError as error:
            if error.refusal.code is AccessCode.IDENTITY_TAKEN:
                return None  # registered by somebody else meanwhile: looked up anew
            self._reader.refuse(error.row, _F.NAME, "ROSTER_CELL", error.refusal.message)
            return None
        return done if done is None or isinstance(done, Refusal) else outcome

    async def _register(self, row: RosterRow, id_: UUID, records: list[StateChange]) -> None:
        made = await register_applicant(
            self._keyring,
            Details(name=row.name, phone=row.phone, email=row.email, facts=_candidate(row)),
            kind=row.identity_kind,
            number=row.identity_number,
            issuing_state=row.issuing_state,
            account=None,
            base=self._program.base,
            today=self._today,
            at=self._desk.clock(),
            id_=id_,
            by=self._desk.actor.id,
            catalogue_hash=self._desk.catalogue.hash,
            records=records,
        )
        if isinstance(made, AccessRefusal):
            raise _PersonError(row, made)

    async def _change(self, row: RosterRow, applicant: UUID) -> Change | Refusal:
        desk, program = self._desk, self._program
        now = desk.clock()
        candidate = _candidate(row)
        case = AdmissionCase(
            id=uuid7(),
            applicant=applicant,
            base=desk.catalogue.openings[row.opening].base,
            program=program.code,
            root_program=root_program(desk.catalogue, program).code,
            opening=row.opening,
            round=None,
            direction=row.direction,
            preference=1,
            channel=Channel.DIRECT_REGISTRATION,
            state=ApplicationState.REGISTERED,
            revision=1,
            candidate=candidate,
            catalogue_hash=desk.catalogue.hash,
            created_at=now,
            submitted_at=now,
            reported_on=row.starts_on,
            agreement=row.agreement,
        )
        at = surroundings(desk, case)
        if isinstance(at, Refusal):
            return at
        change = Change(
            action=Action.IMPORT,
            before=None,
            after=case,
            at=at,
            data={"file": self._sha256, "row": row.row, "started_on": row.starts_on},
        )
        return await with_trainee(desk, change, row.starts_on)

    def _event(self, outcome: RosterImport) -> Event:
        return Event(
            id=uuid7(),
            name="roster.imported",
            at=self._desk.clock(),
            subject=subject_of("Operation", outcome.operation),
            base=self._program.base,
            program=self._program.code,
            actor=self._desk.actor.id,
            data={"added": outcome.added, "unchanged": outcome.unchanged},
            catalogue_hash=self._desk.catalogue.hash,
        )


_OTHER_NAME = Text(
    "姓名与该证件已登记的姓名不符", "the name is not the one that is registered with this document"
)
_ADMITTED_HERE = Text(
    "该人员已在本项目录取或注册，不能再次导入",
    "this person is admitted or registered in the program already, for another opening",
)
_APPLIES_HERE = Text(
    "该人员在本专业有办理中的报名，请先办结",
    "this person has an application for the opening: it has to end first",
)


def _candidate(row: RosterRow) -> Candidate:
    degrees: tuple[Degree, ...] = ()
    if row.degree is not None:
        degrees = (Degree(level=row.degree, type=row.degree_type, awarded=True),)
    unit = None if row.sending_unit is None else SendingUnit(name=row.sending_unit)
    return replace(
        Candidate(),
        trainee_type=row.trainee_type,
        birth_date=row.birth_date,
        degrees=degrees,
        sending_unit=unit,
        direction=row.direction,
    )


def _told(problem: Problem) -> SheetProblem:
    return SheetProblem(
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        cell=problem.cell,
        row=problem.line if problem.cell is not None else None,
    )
