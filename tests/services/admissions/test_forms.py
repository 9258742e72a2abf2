"""A form's required fields are asked for when it is handed in (R187), by its configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from admissions_office import IDENTITY, MEDICINE, PERSON, Office, changed_catalogue, done
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs

C = RefusalCode
_DOCUMENTS = "    documents:\n"
_FORM = """\
      - id: form
        kind: application_form
        label: {zh: 报名表, en: Form}
        at_step: registration
        source: SAMPLE:6 第六条
        fields:
          - {id: reason, label: {zh: 报名理由, en: Reason}}
          - {id: birth-date, label: {zh: 出生日期, en: Date of birth}, type: date}
          - {id: phone, label: {zh: 电话, en: Telephone}, held: phone}
          - {id: seal, label: {zh: 公章, en: Seal}, type: seal}
"""
_HANDED_IN = (IDENTITY, replace(IDENTITY, document="form"))
_ANSWERS = {"reason": "志愿从医", "birth-date": "1999-05-04"}


@pytest.fixture
async def formal(office: Office, tmp_path: Path) -> Office:
    """The fictional province with a form to fill in."""
    office.loaded = await changed_catalogue(
        tmp_path, "_jurisdiction.yaml", (_DOCUMENTS, _DOCUMENTS + _FORM)
    )
    assert not office.loaded.problems.errors, office.loaded.problems
    return office


async def test_r187_a_form_without_its_fields_is_refused_and_nothing_changes(
    formal: Office,
) -> None:
    case = await formal.draft(applicant=await formal.known())
    before = await formal.everything()
    given = inputs.SubmitApplicationInput(application=case.id, documents=_HANDED_IN)
    refusal = await formal.refuses(
        C.FORM_INCOMPLETE, await admissions.submit_application(formal.own(case.applicant), given)
    )
    assert refusal.message.zh == (
        "《报名表》未填：报名理由、出生日期；个人档案中缺少，请先补充（updateApplicant）：电话"
    )
    assert refusal.message.en == (
        '"Form": not filled in: Reason, Date of birth; '
        "not on the own record, to be added there first (updateApplicant): Telephone"
    )
    assert refusal.missing_facts == (
        "answers.reason",
        "answers.birth-date",
        "applicant.phone",
    )
    assert await formal.everything() == before


async def test_r187_what_the_own_record_holds_fills_the_form(formal: Office) -> None:
    """The phone stays encrypted in the record and is not kept with the application."""
    person = await formal.known(phone="on record")
    case = await formal.draft(applicant=person)
    given = inputs.SubmitApplicationInput(
        application=case.id, documents=_HANDED_IN, answers=_ANSWERS
    )
    submitted = done(await admissions.submit_application(formal.own(person), given))
    assert (submitted.state, submitted.answers) == (S.SUBMITTED, _ANSWERS)


async def test_r187_who_accepts_an_invitation_fills_the_form_in(formal: Office) -> None:
    person = await formal.known(phone="on record")
    formal.go("2026-06-02T09:00")
    invite = inputs.InviteCandidateInput(applicant=person, opening=MEDICINE, round="batch-2")
    invitation = done(await admissions.invite_candidate(formal.staff(), invite))
    answer = inputs.AnswerInvitationInput(
        invitation=invitation.id, accept=True, candidate=PERSON, documents=_HANDED_IN
    )
    before = await formal.everything()
    await formal.refuses(
        C.FORM_INCOMPLETE, await admissions.answer_invitation(formal.own(person), answer)
    )
    assert await formal.everything() == before
    accepted = done(
        await admissions.answer_invitation(formal.own(person), replace(answer, answers=_ANSWERS))
    )
    assert accepted.application is not None
    assert (await formal.case(accepted.application)).answers == _ANSWERS
