"""Who may be moved where and when, and an invitation that is answered twice at once."""

from __future__ import annotations

import asyncio
import contextvars
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from admissions_office import BASES, CLINIC, IDENTITY, MEDICINE, PAEDIATRICS, PERSON, Office, done
from zhupei.catalogue import load_catalogue
from zhupei.db.models import ApplicationRow, TransitionRow
from zhupei.domain.admission_case import AdmissionCase, InvitationState
from zhupei.domain.admission_process import ApplicationState
from zhupei.services import admissions
from zhupei.services.admissions import Desk, Refusal, RefusalCode, commits, inputs, invitations
from zhupei.services.admissions.change import Change
from zhupei.services.admissions.transitions import check_steps
from zhupei.services.audit import verify_audit_chain

C = RefusalCode
_STEP = "{id: transfer, kind: transfer, label"


async def _limited(office: Office, folder: Path, limit: str) -> None:
    """Limit the step of transfers, as a province's notice may."""
    shutil.copytree(BASES, folder, dirs_exist_ok=True)
    file = folder / "_jurisdiction.yaml"
    text = file.read_text("utf-8")
    assert text.count(_STEP) == 1
    limited = _STEP.replace("label", f"{limit}, label")
    file.write_text(text.replace(_STEP, limited), "utf-8")
    office.loaded = await load_catalogue([folder])
    assert not office.loaded.problems.errors, office.loaded.problems


async def _moved(office: Office, desk: Desk, opening: str = PAEDIATRICS) -> AdmissionCase | Refusal:
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    return await admissions.transfer_application(
        desk,
        inputs.TransferApplicationInput(
            consent="书面同意",
            application=case.id,
            opening=opening,
            direction="cardiology" if opening == PAEDIATRICS else None,
            reason="服从调剂",
        ),
    )


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("round: batch-1, window: assessment", None),
        ("round: batch-2", C.TRANSFER_NOT_ALLOWED),
        ("window: registration", C.WINDOW_CLOSED),
    ],
)
async def test_r145_transfers_belong_to_their_round_and_window(
    office: Office, tmp_path: Path, limit: str, code: RefusalCode | None
) -> None:
    """S2:66: those of first preferences are a step of the first round, in its own time."""
    await _limited(office, tmp_path / "bases", limit)
    answer = await _moved(office, office.staff())
    if code is None:
        done(answer)
    else:
        await office.refuses(code, answer)
        with office.database.use():
            assert await ApplicationRow.all().count() == 1


async def test_r145_nobody_is_moved_to_a_base_that_was_not_asked(office: Office) -> None:
    answer = await _moved(office, office.staff(), CLINIC)
    await office.refuses(C.NOT_PERMITTED, answer)
    with office.database.use():
        rows = await ApplicationRow.all()
    assert [(row.opening_code, row.state) for row in rows] == [(MEDICINE, "REVIEWED")]


async def _waiting(office: Office) -> tuple[AdmissionCase, inputs.TransferApplicationInput]:
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    given = inputs.TransferApplicationInput(
        application=case.id, opening=PAEDIATRICS, direction="cardiology", reason="服从调剂"
    )
    return case, given


async def test_r145_nobody_is_moved_without_having_agreed(office: Office) -> None:
    case, given = await _waiting(office)
    before = await office.everything()
    refusal = await office.refuses(
        C.TRANSFER_NOT_AGREED, await admissions.transfer_application(office.staff(), given)
    )
    assert refusal.field == "consent"
    stated = replace(given, consent=" ")
    await office.refuses(
        C.INPUT_INVALID, await admissions.transfer_application(office.staff(), stated)
    )
    # The office does not agree for the person in the person's own way.
    agree = inputs.AgreeToTransferInput(application=case.id)
    await office.refuses(C.NOT_PERMITTED, await admissions.agree_to_transfer(office.staff(), agree))
    nowhere = replace(agree, opening="x")
    own = office.own(case.applicant)
    await office.refuses(C.NOT_FOUND, await admissions.agree_to_transfer(own, nowhere))
    assert await office.everything() == before


async def test_r145_who_agreed_when_and_how_is_on_record(office: Office) -> None:
    case, given = await _waiting(office)
    own = office.own(case.applicant)
    elsewhere = inputs.AgreeToTransferInput(application=case.id, opening=CLINIC)
    done(await admissions.agree_to_transfer(own, elsewhere))
    # To another opening is no consent to this one.
    await office.refuses(
        C.TRANSFER_NOT_AGREED, await admissions.transfer_application(office.staff(), given)
    )
    agreed = done(await admissions.agree_to_transfer(own, replace(elsewhere, opening=PAEDIATRICS)))
    assert agreed.state is ApplicationState.REVIEWED
    done(await admissions.transfer_application(office.staff(), given))
    with office.database.use():
        consent = await TransitionRow.filter(action="AGREE_TO_TRANSFER").order_by("-sequence")
        moved = await TransitionRow.get(action="TRANSFER")
        assert (await verify_audit_chain()).broken is None
    recorded = moved.data["consent"]
    assert isinstance(recorded, dict)
    assert (recorded["record"], recorded["by"]) == (str(consent[0].id), own.actor.id)


async def test_r145_the_office_states_in_which_form_somebody_agreed(office: Office) -> None:
    _, given = await _waiting(office)
    stated = replace(given, consent="2026-04-26 书面同意书")
    done(await admissions.transfer_application(office.staff(), stated))
    with office.database.use():
        moved = await TransitionRow.get(action="TRANSFER")
    assert moved.data["consent"] == {"form": "2026-04-26 书面同意书"}
    assert moved.actor == office.staff().actor.id


async def test_nobody_is_invited_while_they_file_a_preference(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G26: the invitation waits for what the person is writing, and is refused by it."""
    office.go("2026-06-02T09:00")
    person = await office.known()
    draft = await office.draft(MEDICINE, person, round_code="batch-2")
    invite = inputs.InviteCandidateInput(applicant=person, opening=PAEDIATRICS, round="batch-2")
    recheck = commits._recheck
    inviting: list[asyncio.Task[Any]] = []

    async def invited_meanwhile(changes: Sequence[Change]) -> None:
        apart = contextvars.Context()
        asked = admissions.invite_candidate(office.staff(), invite)
        inviting.append(asyncio.create_task(asked, context=apart))
        await asyncio.wait(inviting, timeout=0.5)
        await recheck(changes)

    monkeypatch.setattr(commits, "_recheck", invited_meanwhile)
    submission = inputs.SubmitApplicationInput(application=draft.id, documents=(IDENTITY,))
    done(await admissions.submit_application(office.own(person), submission))
    await office.refuses(C.INVITED_HAS_PREFERENCE, await inviting[0])


async def test_an_invitation_that_is_declined_meanwhile_hands_nothing_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two devices of one person: what is committed first counts, and only that."""
    office.go("2026-06-02T09:00")
    person = await office.known()
    invite = inputs.InviteCandidateInput(applicant=person, opening=MEDICINE, round="batch-2")
    invitation = done(await admissions.invite_candidate(office.staff(), invite))
    own = office.own(person)

    async def declined_meanwhile(desk: Desk, change: Change) -> Change | Refusal:
        no = inputs.AnswerInvitationInput(invitation=invitation.id, accept=False)
        assert done(await admissions.answer_invitation(own, no)).state is InvitationState.DECLINED
        return await check_steps(desk, change)

    monkeypatch.setattr(invitations, "check_steps", declined_meanwhile)
    yes = inputs.AnswerInvitationInput(
        invitation=invitation.id, accept=True, candidate=PERSON, documents=(IDENTITY,)
    )
    await office.refuses(C.INVITATION_NOT_OPEN, await admissions.answer_invitation(own, yes))
    with office.database.use():
        assert await ApplicationRow.all().count() == 0
