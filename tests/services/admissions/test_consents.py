"""The consent to be moved can be taken back, and then nobody moves the person (R145, PIPL 15)."""

from __future__ import annotations

from dataclasses import replace

from admissions_office import MEDICINE, PAEDIATRICS, Office, done
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.admission_process import Action
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain


async def moving(office: Office) -> tuple[AdmissionCase, inputs.TransferApplicationInput]:
    """Bring one application where it may be moved."""
    case = await office.submitted(MEDICINE)
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    return case, inputs.TransferApplicationInput(
        application=case.id, opening=PAEDIATRICS, direction="neonatology", reason="调剂"
    )


async def agree(office: Office, case: AdmissionCase) -> None:
    given = inputs.AgreeToTransferInput(application=case.id)
    done(await admissions.agree_to_transfer(office.own(case.applicant), given))


async def test_without_consent_there_is_none_to_take_back(office: Office) -> None:
    case, _ = await moving(office)
    before = await office.everything()
    given = inputs.WithdrawConsentInput(application=case.id)
    await office.refuses(
        RefusalCode.TRANSFER_NOT_AGREED,
        await admissions.withdraw_consent(office.own(case.applicant), given),
    )
    assert await office.everything() == before


async def test_a_dry_run_lists_what_follows_and_keeps_nothing(office: Office) -> None:
    case, _ = await moving(office)
    await agree(office, case)
    before = await office.everything()
    given = inputs.WithdrawConsentInput(application=case.id, dry_run=True)
    shown = done(await admissions.withdraw_consent(office.own(case.applicant), given))
    assert (shown.dry_run, len(shown.effects)) == (True, 3)
    assert "不得再将本报名调剂" in shown.effects[0].zh
    assert "until" not in str(shown.effects[0].en)
    assert "unless the person agrees here anew" in str(shown.effects[0].en)
    assert await office.everything() == before


async def test_after_the_withdrawal_nobody_moves_the_person(office: Office) -> None:
    case, transfer = await moving(office)
    await agree(office, case)
    own = office.own(case.applicant)
    given = inputs.WithdrawConsentInput(application=case.id, idempotency_key="k")
    taken = done(await admissions.withdraw_consent(own, given))
    assert (taken.dry_run, taken.case.state) == (False, (await office.case(case.id)).state)
    assert done(await admissions.withdraw_consent(own, given)).case.revision == taken.case.revision
    before = await office.everything()
    for form in (None, "此前的书面同意"):
        refusal = await office.refuses(
            RefusalCode.TRANSFER_NOT_AGREED,
            await admissions.transfer_application(office.staff(), replace(transfer, consent=form)),
        )
        assert refusal.message.en == (
            "the person withdrew the consent: only they themselves can give it again"
        )
    assert await office.everything() == before
    await agree(office, case)
    moved = done(await admissions.transfer_application(office.staff(), transfer))
    assert moved.transferred_from == case.id
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None


async def test_only_the_person_takes_it_back(office: Office) -> None:
    case, transfer = await moving(office)
    await agree(office, case)
    before = await office.everything()
    given = inputs.WithdrawConsentInput(application=case.id)
    for desk in (office.staff(), office.authority()):
        await office.refuses(
            RefusalCode.NOT_PERMITTED, await admissions.withdraw_consent(desk, given)
        )
    assert await office.everything() == before
    done(await admissions.transfer_application(office.staff(), transfer))


async def test_the_withdrawal_stands_in_the_records(office: Office) -> None:
    case, _ = await moving(office)
    await agree(office, case)
    given = inputs.WithdrawConsentInput(application=case.id)
    done(await admissions.withdraw_consent(office.own(case.applicant), given))
    timeline = await admissions.timeline_of(office.authority(), case.id)
    assert timeline is not None
    assert [each.action for each in timeline.records][-2:] == [
        Action.AGREE_TO_TRANSFER,
        Action.WITHDRAW_CONSENT,
    ]
