"""The copy of one's own data: all of it, what judges only once it is published (PIPL 45)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import Office, done, moment, sample_catalogue
from allocation_office import (
    MAIN,
    NORTH,
    NORTH_MEDICINE,
    ROOT,
    SOUTH,
    SOUTH_MEDICINE,
    matching_office,
)
from job_place import KEYRING, applicant, published
from zhupei.db.connection import Database
from zhupei.db.models import Account, Applicant, ScoreSheetRow
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.benefits import Payer
from zhupei.domain.interviews import InterviewMode, SlotPeriod
from zhupei.domain.sending_units import SentPerson, Unit
from zhupei.domain.trainees import Month
from zhupei.services import admissions, allocation
from zhupei.services.admissions import inputs
from zhupei.services.admissions.training_inputs import (
    CancelPaymentInput,
    PaymentEntry,
    RecordFileTransferInput,
    RecordPaymentsInput,
)
from zhupei.services.admissions.training_rows import registration_of_application
from zhupei.services.allocation import ProposeAllocationInput, RunAllocationInput
from zhupei.services.claims import IssuedClaim, issue_claim
from zhupei.services.interviews import assign_interviews, open_interview_slots
from zhupei.services.interviews.inputs import AssignInterviewsInput, OpenInterviewSlotsInput
from zhupei.services.notices.preparing import make_notices
from zhupei.services.personal_applications import WITHHELD
from zhupei.services.personal_export import export_person
from zhupei.services.sending_units import answer_link, end_link, name_unit, record_unit

_SECRET = "面试评语不公开"


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(database, await sample_catalogue())


async def copied(office: Office, person: UUID) -> Any:
    with office.database.use():
        return await export_person(KEYRING, person, office.loaded.catalogue, at=office.now)


async def judged(office: Office, person: UUID) -> AdmissionCase:
    office.go("2026-04-10T09:00")
    case = await office.submitted(applicant=person)
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    return case


async def test_scores_and_opinions_wait_for_the_published_list(office: Office) -> None:
    person = await applicant(office, 1)
    case = await judged(office, person)
    (application,) = (await copied(office, person))["applications"]
    assert application["scores"] is None
    assert application["withheld"]["reason"] == {"zh": WITHHELD.zh, "en": WITHHELD.en}
    assert application["details"]["opinion"] is None
    assert application["details"]["packet"] is None
    by_action = {each["action"]: each["reason"] for each in application["records"]}
    # The opinion is also the reason of its record.
    assert by_action["GIVE_OPINION"] is None
    assert "同意" not in str(application)
    # As a word: the hash of a file may have the two digits in it.
    assert re.search(r"\b80\b", str([application["scores"], application["details"]])) is None

    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    (application,) = (await copied(office, person))["applications"]
    assert application["withheld"] is None
    assert [each["points"] for each in application["scores"]] == ["80.000", "80.000"]
    assert application["details"]["opinion"] == "同意"
    assert {each["action"]: each["reason"] for each in application["records"]}[
        "GIVE_OPINION"
    ] == "同意"


async def test_points_that_nobody_signed_are_in_the_copy_too(office: Office) -> None:
    """PIPL 45: they are no scores, but kept of the person; those of others are not told."""
    person, other = await applicant(office, 1), await applicant(office, 2)
    case, beside = await judged(office, person), await judged(office, other)
    rows = [
        {"application": str(case.id), "row": 2, "absent": ["examination"],
         "scores": [{"kind": "interview", "points": "61", "of": 100}]},
        {"application": str(beside.id), "row": 3, "absent": [],
         "scores": [{"kind": "interview", "points": "97", "of": 100}]},
    ]  # fmt: skip
    with office.database.use():
        await ScoreSheetRow.create(
            id=uuid4(),
            base_code=case.base,
            program_code=case.program,
            opening_code="",
            round_code="batch-1",
            assessments="interview,examination",
            state="REJECTED",
            rows=rows,
            low=[],
            sha256="a" * 64,
            catalogue_hash="b" * 64,
            entered_by="one",
            entered_at=office.now,
            decided_by="two",
            decided_at=office.now,
            reason=_SECRET,
        )
    (application,) = (await copied(office, person))["applications"]
    assert application["scoreSheets"] is None
    assert "scoreSheets" in application["withheld"]["parts"]
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    (application,) = (await copied(office, person))["applications"]
    assert application["scoreSheets"] == [
        {
            "state": "REJECTED",
            "scores": [{"kind": "interview", "points": "61", "of": 100}],
            "absent": ["examination"],
            "enteredAt": "2026-04-27T01:00:00+00:00",
            "decidedAt": "2026-04-27T01:00:00+00:00",
        }
    ]
    assert _SECRET not in str(application)


async def test_who_is_rejected_learns_the_scores_when_the_round_is_published(
    office: Office,
) -> None:
    person, other = await applicant(office, 1), await applicant(office, 2)
    case, listed = await judged(office, person), await judged(office, other)
    rejection = inputs.ReasonedInput(application=case.id, reason="名额已满")
    done(await admissions.reject_application(office.staff(), rejection))
    (application,) = (await copied(office, person))["applications"]
    assert (application["state"], application["scores"]) == ("REJECTED", None)
    assert application["records"][-1]["reason"] == "名额已满"
    office.go("2026-05-11T10:00")
    done(await office.publish(listed))
    (application,) = (await copied(office, person))["applications"]
    assert [each["of"] for each in application["scores"]] == [100, 100]


async def test_what_runs_of_an_allocation_made_of_it_waits_for_all_lists(
    database: Database,
) -> None:
    """One choice tells of the others; a trial and what was taken back are kept of a person, too."""
    office = await matching_office(database)
    person = await applicant(office, 1)
    await office.listed(NORTH_MEDICINE, points=90)
    await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=80, applicant=person)
    desk = office.authority()
    asked = RunAllocationInput(program=ROOT, round=MAIN)
    first = done(await allocation.run_allocation(desk, asked))
    proposed = done(await allocation.propose_allocation(desk, ProposeAllocationInput(run=first.id)))
    assert proposed.operation is not None
    back = inputs.RevertBulkInput(operation=proposed.operation, reason="数据有误")
    done(await admissions.revert_bulk(desk, back))
    office.later(minutes=5)
    second = done(await allocation.run_allocation(desk, asked))
    done(await allocation.propose_allocation(desk, ProposeAllocationInput(run=second.id)))
    hidden = {"total": None, "rank": None, "result": None}
    office.go("2026-05-11T10:00")
    for program, base in ((NORTH, "north-hospital"), (SOUTH, "south-hospital")):
        for application in (await copied(office, person))["applications"]:
            kept = application["allocations"]
            assert len(kept) == 2
            for each in kept:
                assert {key: each[key] for key in hidden} == hidden
                assert each["withheld"] == {"zh": WITHHELD.zh, "en": WITHHELD.en}
        listed = inputs.PublishProposedListInput(program=program, round=MAIN)
        done(await admissions.publish_proposed_list(office.staff(base=base), listed))
    one, two = (await copied(office, person))["applications"]
    assert one["allocations"][0] == {
        "at": "2026-04-27T01:00:00+00:00",
        "proposedAt": "2026-04-27T01:00:00+00:00",
        "takenBackAt": "2026-04-27T01:00:00+00:00",
        "place": NORTH_MEDICINE,
        "total": "80",
        "rank": 2,
        "result": "outranked",
        "withheld": None,
    }
    assert [each["takenBackAt"] for each in two["allocations"]] == [
        "2026-04-27T01:00:00+00:00",
        None,
    ]
    assert [each["result"] for each in two["allocations"]] == ["placed", "placed"]


async def test_nothing_is_withheld_where_nobody_judged(office: Office) -> None:
    person = await applicant(office, 1)
    await office.submitted(applicant=person)
    (application,) = (await copied(office, person))["applications"]
    assert (application["scores"], application["withheld"]) == ([], None)


async def test_bookings_notices_objections_and_codes_are_in_the_copy(office: Office) -> None:
    person = await applicant(office, 1)
    case = await office.submitted(applicant=person)
    office.go("2026-04-25T09:00")
    (slot,) = done(
        await open_interview_slots(
            office.staff(),
            OpenInterviewSlotsInput(
                program=case.program,
                round="batch-1",
                mode=InterviewMode.ON_SITE,
                place="301 室",
                periods=(
                    SlotPeriod(
                        starts_at=moment("2026-04-27T09:00"),
                        ends_at=moment("2026-04-27T10:00"),
                        capacity=1,
                    ),
                ),
            ),
        )
    )
    done(
        await admissions.record_eligibility_check(
            office.staff(), inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
        )
    )
    done(
        await assign_interviews(
            office.staff(), AssignInterviewsInput(slot=slot.id, applications=(case.id,))
        )
    )
    with office.database.use():
        await make_notices(office.now)
        code = await issue_claim(KEYRING, person, by="somebody-else", at=office.now)
        assert isinstance(code, IssuedClaim)
    found = await copied(office, person)
    (booking,) = found["applications"][0]["interviews"]
    assert (booking["place"], booking["startsAt"], booking["chosen"]) == (
        "301 室",
        "2026-04-27T01:00:00+00:00",
        False,
    )
    assert {"SUBMITTED", "CHECKED"} <= {each["kind"] for each in found["notices"]}
    assert [each["endedAs"] for each in found["claims"]["codes"]] == [None]
    assert str(code.code) not in str(found)
    assert "somebody-else" not in str(found)
    assert found["objectionsFiled"] == []


async def test_who_objected_in_which_words_is_not_the_applicants_to_read(office: Office) -> None:
    person = await applicant(office, 1)
    case = await judged(office, person)
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    objection = done(
        await admissions.file_objection(
            office.desk(office.own(UUID(int=7)).actor),
            inputs.FileObjectionInput(application=case.id, text=_SECRET),
        )
    )
    assert (await copied(office, person))["applications"][0]["objections"] == []
    resolution = inputs.ResolveObjectionInput(
        objection=objection.id, upheld=False, resolution="查无实据"
    )
    done(await admissions.resolve_objection(office.staff(), resolution))
    found = await copied(office, person)
    (shown,) = found["applications"][0]["objections"]
    assert (shown["upheld"], shown["resolution"]) == (False, "查无实据")
    assert _SECRET not in str(found)


async def test_what_is_kept_of_a_training_and_by_a_unit_is_in_the_copy(office: Office) -> None:
    person = await applicant(office, 1)
    with office.database.use():
        unit_account, own = [
            await Account.create(
                kind="person",
                login=login,
                name=name,
                tokens_valid_from=office.now,
                created_at=office.now,
            )
            for login, name in (("unit", None), ("own", "样例"))
        ]
        await Applicant.filter(id=person).update(account_id=own.id)
        unit = await record_unit(unit_account.id, name="某县人民医院", by="admin", at=office.now)
        assert isinstance(unit, Unit)
        link = await name_unit(person, unit.id, by=str(own.id), at=office.now)
        assert isinstance(link, SentPerson)
        place = {"base": "sample-hospital", "specialty": "0100"}
        await answer_link(link.id, accept=True, by="unit", at=office.now, **place)
        await end_link(link.id, reason="调离", by="unit", at=office.now)
    (case,) = await published(office, [person])
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    office.go("2026-08-31T09:00")
    await office.signed(case)
    register = inputs.ApplicationInput(application=case.id)
    done(await admissions.register_trainee(office.staff(), register))
    with office.database.use():
        trainee = await registration_of_application(case.id)
    assert trainee is not None
    office.go("2026-10-15T09:00")
    moved = RecordFileTransferInput(
        trainee=trainee.id, keeper="人才服务中心", moved_on=date(2026, 9, 10)
    )
    done(await admissions.record_file_transfer(office.staff(), moved))
    entry = PaymentEntry(
        trainee=trainee.id,
        month=Month(2026, 9),
        line="stipend",
        amount=Decimal(4000),
        payer=Payer.BASE,
        funding_note="未分",
    )
    (payment,) = done(
        await admissions.record_payments(office.staff(), RecordPaymentsInput(payments=(entry,)))
    )
    wrong = CancelPaymentInput(payment=payment.id, reason="金额有误")
    done(await admissions.cancel_payment(office.staff(), wrong))
    found = await copied(office, person)
    assert found["account"]["name"] == "样例"
    (sent,) = found["sendingUnits"]
    assert (sent["state"], sent["base"], sent["specialty"], sent["endReason"]) == (
        "ENDED", "sample-hospital", "0100", "调离",
    )  # fmt: skip
    (training,) = found["training"]
    assert {
        key: training[key]
        for key in ("type", "agreement", "reducedMonths", "fileMovedOn", "fileKeeper")
    } == {
        "type": "SOCIAL",
        "agreement": "labour_contract",
        "reducedMonths": 0,
        "fileMovedOn": "2026-09-10",
        "fileKeeper": "人才服务中心",
    }
    assert training["registeredAt"] == "2026-08-31T01:00:00+00:00"
    assert training["payments"] == [
        {
            "month": "2026-09",
            "line": "stipend",
            "amount": "4000.00",
            "payer": "base",
            "fundingSource": None,
            "fundingNote": "未分",
            "recordedAt": "2026-10-15T01:00:00+00:00",
            "cancelledAt": "2026-10-15T01:00:00+00:00",
            "cancelReason": "金额有误",
        }
    ]
