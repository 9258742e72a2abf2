"""The day of an agreement: any from the report until today, both of them too."""

from __future__ import annotations

from datetime import date

import pytest

from admissions_office import Office, done
from zhupei.domain.admission_case import AdmissionCase, AgreementKind
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, RefusalCode, inputs


async def _on(office: Office, day: date) -> AdmissionCase | Refusal:
    """Report on 25 August, and sign on a day that is recorded on the 27th."""
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-25T09:00")
    await office.reported(case)
    office.go("2026-08-27T09:00")
    given = inputs.SignAgreementInput(
        application=case.id, kind=AgreementKind.LABOUR_CONTRACT, signed_on=day
    )
    return await admissions.sign_agreement(office.staff(), given)


@pytest.mark.parametrize("day", [date(2026, 8, 25), date(2026, 8, 27)])
async def test_the_first_and_the_last_day_are_taken(office: Office, day: date) -> None:
    signed = done(await _on(office, day))
    assert (signed.state, signed.signed_on) == (S.CONTRACTED, day)


@pytest.mark.parametrize("day", [date(2026, 8, 24), date(2026, 8, 28)])
async def test_other_days_are_refused_in_words_that_say_so(office: Office, day: date) -> None:
    refusal = await office.refuses(RefusalCode.INPUT_INVALID, await _on(office, day))
    assert refusal.field == "signedOn"
    assert refusal.message == Text(
        "签订日期不得早于报到日期，也不得晚于今天",
        "the day of signing is neither before that of the report nor after today",
    )
