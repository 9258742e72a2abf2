"""Personnel files follow the labour contract once a person is registered (R155)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from admissions_office import MEDICINE, Office, changed_catalogue, done
from zhupei.db.models import TraineeRow
from zhupei.domain.admission_process import Action
from zhupei.domain.people import Candidate, TraineeType
from zhupei.domain.registrations import EndKind, Registration
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.admissions.training_inputs import (
    EndTrainingInput,
    RecordFileTransferInput,
    RegisterTraineeInput,
)
from zhupei.services.admissions.training_rows import registration_of_application

C = RefusalCode
_KEEPER = "人才服务中心"


async def registered(office: Office) -> Registration:
    """Bring one person all the way: reported on 30 August, registered the day after."""
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    office.go("2026-08-31T09:00")
    await office.signed(case)
    given = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), given))
    with office.database.use():
        found = await registration_of_application(case.id)
    assert found is not None
    return found


async def everything(office: Office) -> tuple[object, ...]:
    with office.database.use():
        return await office.everything(), await TraineeRow.all().order_by("id").values()


async def test_r155_a_move_is_shown_by_the_trainee_and_in_the_timeline(office: Office) -> None:
    """S2:86; a later move is recorded like the first."""
    trainee = await registered(office)
    assert (trainee.file_moved_on, trainee.file_keeper) == (None, None)
    office.go("2026-09-20T09:00")
    given = RecordFileTransferInput(
        trainee=trainee.id, keeper=_KEEPER, moved_on=date(2026, 9, 10), idempotency_key="k"
    )
    moved = done(await admissions.record_file_transfer(office.staff(), given))
    assert (moved.file_moved_on, moved.file_keeper) == (date(2026, 9, 10), _KEEPER)
    repeated = done(await admissions.record_file_transfer(office.staff(), given))
    assert repeated == moved
    later = RecordFileTransferInput(
        trainee=trainee.id, keeper="样例医院人事科", moved_on=date(2026, 9, 20)
    )
    done(await admissions.record_file_transfer(office.staff(), later))
    timeline = await admissions.timeline_of(office.staff(), trainee.application)
    assert timeline is not None
    moves = [each for each in timeline.records if each.action is Action.MOVE_FILE]
    assert [each.reason for each in moves] == [_KEEPER, "样例医院人事科"]


@pytest.mark.parametrize("day", ["2026-08-30", "2026-09-21"])
async def test_r155_not_before_the_registration_nor_tomorrow(office: Office, day: str) -> None:
    trainee = await registered(office)
    office.go("2026-09-20T09:00")
    before = await everything(office)
    given = RecordFileTransferInput(
        trainee=trainee.id, keeper=_KEEPER, moved_on=date.fromisoformat(day)
    )
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.record_file_transfer(office.staff(), given)
    )
    assert refusal.field == "movedOn"
    assert refusal.message.zh.startswith("调转日期应在 2026-08-31 至今天之间")
    assert await everything(office) == before


async def test_r155_who_keeps_it_is_named(office: Office) -> None:
    trainee = await registered(office)
    before = await everything(office)
    given = RecordFileTransferInput(trainee=trainee.id, keeper=" ", moved_on=date(2026, 8, 31))
    refusal = await office.refuses(
        C.INPUT_INVALID, await admissions.record_file_transfer(office.staff(), given)
    )
    assert refusal.field == "keeper"
    assert await everything(office) == before


async def test_r155_only_types_that_the_step_names(office: Office, tmp_path: Path) -> None:
    """A program without the step moves no files."""
    trainee = await registered(office)
    office.loaded = await changed_catalogue(
        tmp_path,
        "_jurisdiction.yaml",
        (
            "actor: base, trainee_types: [SOCIAL], source",
            "actor: base, trainee_types: [FELLOW], source",
        ),
    )
    before = await everything(office)
    given = RecordFileTransferInput(trainee=trainee.id, keeper=_KEEPER, moved_on=date(2026, 8, 31))
    await office.refuses(
        C.NOT_ALLOWED_IN_STATE, await admissions.record_file_transfer(office.staff(), given)
    )
    assert await everything(office) == before


async def test_r155_not_after_the_training_has_ended(office: Office) -> None:
    trainee = await registered(office)
    office.go("2026-09-20T09:00")
    end = EndTrainingInput(trainee=trainee.id, kind=EndKind.TRANSFER, reason="转出")
    done(await admissions.end_training(office.staff(), end))
    before = await everything(office)
    given = RecordFileTransferInput(trainee=trainee.id, keeper=_KEEPER, moved_on=date(2026, 9, 20))
    await office.refuses(
        C.TRAINING_ENDED, await admissions.record_file_transfer(office.staff(), given)
    )
    assert await everything(office) == before


async def test_r155_other_bases_do_not_know_the_trainee(office: Office) -> None:
    trainee = await registered(office)
    before = await everything(office)
    given = RecordFileTransferInput(trainee=trainee.id, keeper=_KEEPER, moved_on=date(2026, 8, 31))
    await office.refuses(
        C.NOT_FOUND,
        await admissions.record_file_transfer(office.staff(base="sample-clinic"), given),
    )
    assert await everything(office) == before


async def test_r161_a_master_of_another_province_is_not_registered(
    office: Office, tmp_path: Path
) -> None:
    """S2:98; the record keeps the papers of who is."""
    office.loaded = await changed_catalogue(
        tmp_path,
        "_jurisdiction.yaml",
        (
            "trainee_types: [PROFESSIONAL_MASTER], source",
            "trainee_types: [PROFESSIONAL_MASTER], off_site: {since: 2023}, source",
        ),
    )
    assert not office.loaded.problems.errors, office.loaded.problems
    student = await office.known()
    made = done(
        await admissions.create_application(
            office.authority(),
            inputs.CreateApplicationInput(
                applicant=student,
                opening=MEDICINE,
                candidate=Candidate(trainee_type=TraineeType.PROFESSIONAL_MASTER),
            ),
        )
    )
    given = inputs.SubmitApplicationInput(application=made.id)
    done(await admissions.submit_application(office.authority(), given))
    before = await everything(office)

    def asked(**school: str) -> RegisterTraineeInput:
        return RegisterTraineeInput(application=made.id, started_on=date(2026, 9, 1), **school)

    away = asked(school_province="630000", school_prefecture="630100")
    refusal = await office.refuses(
        C.OFF_SITE_NOT_ALLOWED, await admissions.register_trainee(office.staff(), away)
    )
    assert refusal.message.en == (
        "schools may not enrol new professional masters for training in another province"
    )
    near = asked(school_province="620000", school_prefecture="620200")
    await office.refuses(
        C.OFF_SITE_NOT_ALLOWED, await admissions.register_trainee(office.staff(), near)
    )
    assert await everything(office) == before
    papers = asked(
        school_province="620000",
        school_prefecture="620200",
        off_site_report="样例教报〔2026〕1号",
        off_site_consent="样例卫函〔2026〕2号",
    )
    assert done(await admissions.register_trainee(office.staff(), papers)).state == "REGISTERED"
