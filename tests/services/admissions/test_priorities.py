"""Priority of shortage specialties (R149): seen always, with effect only by a declared measure."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from admissions_office import (
    HOSPITAL,
    MEDICINE,
    PAEDIATRICS,
    Office,
    changed_catalogue,
    done,
)
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.recruitment_priority import priorities_of
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.office_queue import OfficeQueueInput, office_queue

C = RefusalCode
_POLICY = "      interview_weight: "
_ROW = '    openings:\n      - {specialty: "0100", quota: 2'


async def _priority(office: Office, folder: Path, *measures: str, rounds: str = "batch-1") -> None:
    """Give paediatrics priority in a round, with measures or without."""
    listed = (
        "    shortage: [{purpose: admission_priority, specialties: ['0200'], "
        f"rounds: [{rounds}], source: SAMPLE-PLAN:8 优先}}]\n"
    )
    policies = "".join(
        f"      {measure}: {{value: 'true', source: SAMPLE-PLAN:8 优先}}\n" for measure in measures
    )
    office.loaded = await changed_catalogue(
        folder, "sample-hospital.yaml", (_ROW, listed + _ROW), (_POLICY, policies + _POLICY)
    )
    assert not office.loaded.problems.errors, office.loaded.problems


async def _reviewed(office: Office) -> tuple[AdmissionCase, AdmissionCase]:
    """Return an applicant of medicine and one of paediatrics, both ready for the list."""
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    paediatrics = await office.submitted(PAEDIATRICS, direction="neonatology")
    office.go("2026-04-27T09:00")
    await office.reviewed(medicine, 95)
    await office.reviewed(paediatrics, 60)
    office.go("2026-05-11T10:00")
    return medicine, paediatrics


async def test_r149_nobody_else_is_proposed_while_somebody_with_priority_waits(
    office: Office, tmp_path: Path
) -> None:
    await _priority(office, tmp_path, "priority_proposed_first")
    medicine, paediatrics = await _reviewed(office)
    before = await office.everything()
    refusal = await office.refuses(C.PRIORITY_SKIPPED, await office.publish(medicine))
    assert refusal.message.zh == "应优先录取紧缺专业：儿科尚有名额"
    assert refusal.message.en == "shortage specialties come first: Paediatrics has a seat left"
    assert refusal.source is not None
    assert refusal.source.clause == "优先"
    assert await office.everything() == before
    done(await office.publish(paediatrics))
    done(await office.publish(medicine))
    assert (await office.taken(MEDICINE), await office.taken(PAEDIATRICS)) == (1, 1)


async def test_r149_both_may_be_proposed_at_once(office: Office, tmp_path: Path) -> None:
    await _priority(office, tmp_path, "priority_proposed_first")
    medicine, paediatrics = await _reviewed(office)
    done(await office.publish(medicine, paediatrics))
    assert (await office.case(medicine.id)).state is S.IN_PUBLICITY


@pytest.mark.parametrize(
    ("measures", "rounds"),
    [((), "batch-1"), (("priority_proposed_first",), "batch-2")],
    ids=["no measure", "another round"],
)
async def test_r149_a_list_alone_changes_no_seat(
    office: Office, tmp_path: Path, measures: tuple[str, ...], rounds: str
) -> None:
    """The notice gives no measure, and none is invented; another round is not concerned."""
    await _priority(office, tmp_path, *measures, rounds=rounds)
    medicine, _ = await _reviewed(office)
    done(await office.publish(medicine))
    assert await office.taken() == 1


async def test_r149_who_waits_for_a_full_specialty_holds_up_nobody(
    office: Office, tmp_path: Path
) -> None:
    """Paediatric cardiology has one seat: when it is taken, the next one waits without it."""
    await _priority(office, tmp_path, "priority_proposed_first")
    office.go("2026-04-10T09:00")
    medicine = await office.submitted()
    cardiology = [await office.submitted(PAEDIATRICS, direction="cardiology") for _ in range(2)]
    office.go("2026-04-27T09:00")
    await office.reviewed(medicine, 95)
    for points, case in zip((80, 70), cardiology, strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    await office.refuses(C.PRIORITY_SKIPPED, await office.publish(medicine))
    done(await office.publish(cardiology[0]))
    done(await office.publish(medicine))


async def test_r149_transfers_fill_specialties_with_priority_first(
    office: Office, tmp_path: Path
) -> None:
    """R145: unless the person agreed to the other specialty and to no other."""
    await _priority(office, tmp_path, "priority_transferred_first")
    office.go("2026-04-10T09:00")
    case = await office.submitted(PAEDIATRICS, direction="cardiology")
    other = await office.submitted(PAEDIATRICS, direction="cardiology")
    office.go("2026-04-27T09:00")
    for each in (case, other):
        await office.reviewed(each)
    # The opening that is left does not hold the person there.
    moved = inputs.TransferApplicationInput(
        application=case.id, opening=MEDICINE, reason="服从调剂", consent="书面同意"
    )
    done(await admissions.transfer_application(office.staff(), moved))


async def _with_third(office: Office, folder: Path) -> None:
    """Open a third specialty that has priority."""
    place = folder / "bases" / "sample-hospital.yaml"
    text = place.read_text("utf-8").replace("specialties: ['0200']", "specialties: ['0900']")
    unknown = "        quota_note: {zh: 名额待定, en: To be announced}\n"
    assert text.count(unknown) == 1
    place.write_text(text.replace(unknown, "        quota: 1\n"), "utf-8")
    office.loaded = await changed_catalogue(folder, "sample-hospital.yaml")
    assert not office.loaded.problems.errors, office.loaded.problems


async def test_r149_a_transfer_elsewhere_needs_consent_to_that_specialty(
    office: Office, tmp_path: Path
) -> None:
    await _priority(office, tmp_path, "priority_transferred_first")
    await _with_third(office, tmp_path)
    office.go("2026-04-10T09:00")
    case = await office.submitted(PAEDIATRICS, direction="cardiology")
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    moved = inputs.TransferApplicationInput(
        application=case.id, opening=MEDICINE, reason="服从调剂", consent="书面同意"
    )
    before = await office.everything()
    refusal = await office.refuses(
        C.PRIORITY_SKIPPED, await admissions.transfer_application(office.staff(), moved)
    )
    assert refusal.field == "opening"
    assert await office.everything() == before
    agreed = inputs.AgreeToTransferInput(application=case.id, opening=MEDICINE)
    done(await admissions.agree_to_transfer(office.own(case.applicant), agreed))
    new = done(await admissions.transfer_application(office.staff(), moved))
    assert new.opening == MEDICINE


async def test_r149_the_office_sees_specialties_with_priority_first(
    office: Office, tmp_path: Path
) -> None:
    await office.submitted(applicant=uuid4())
    await office.submitted(PAEDIATRICS, direction="neonatology")
    asked = OfficeQueueInput(base="sample-hospital", program=HOSPITAL)

    async def order() -> list[str]:
        queue = done(await office_queue(office.staff(), asked))
        return [each.opening for line in queue.lines for each in line.openings]

    await _priority(office, tmp_path, rounds="batch-2")
    assert await order() == [MEDICINE, PAEDIATRICS]
    other = tmp_path / "other"
    other.mkdir()
    await _priority(office, other)
    assert await order() == [PAEDIATRICS, MEDICINE]


async def test_r149_the_opening_says_by_which_lists_it_comes_first(
    office: Office, tmp_path: Path
) -> None:
    """S4:322: the nation favours paediatrics in any round; the hospital's list names one."""
    await _priority(office, tmp_path, "priority_proposed_first")
    catalogue = office.loaded.catalogue
    found = {}
    for code in (MEDICINE, PAEDIATRICS):
        opening = catalogue.openings[code]
        lists = catalogue.shortages[opening.program]
        found[code] = [
            (each.rounds, each.source.document, each.proposed_first, each.transferred_first)
            for each in priorities_of(catalogue.program_of(opening), opening, lists)
        ]
    assert found == {
        MEDICINE: [],
        PAEDIATRICS: [((), "S4", True, False), (("batch-1",), "SAMPLE-PLAN", True, False)],
    }
