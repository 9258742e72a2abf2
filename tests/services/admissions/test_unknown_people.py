"""Nobody is banned or invited who is not known, and a list that is too long names who is on it."""

from __future__ import annotations

from uuid import UUID

from admissions_office import HOSPITAL, MEDICINE, Office, done
from zhupei.db.models import BanRow, InvitationRow
from zhupei.services import admissions
from zhupei.services.admissions import Refusal, RefusalCode, inputs

NOBODY = UUID(int=9)


async def test_an_unknown_person_is_not_banned(office: Office) -> None:
    given = inputs.ImposeBanInput(applicant=NOBODY, program=HOSPITAL, reason="情节严重")
    refusal = await office.refuses(
        RefusalCode.NOT_FOUND, await admissions.impose_ban(office.authority(), given)
    )
    assert (refusal.field, refusal.message.zh) == ("applicant", f"不存在：{NOBODY}")
    assert refusal.message.en == f"there is no applicant {NOBODY}"
    with office.database.use():
        assert await BanRow.all().count() == 0


async def test_an_unknown_person_is_not_invited(office: Office) -> None:
    office.go("2026-06-02T09:00")
    given = inputs.InviteCandidateInput(applicant=NOBODY, opening=MEDICINE, round="batch-2")
    refusal = await office.refuses(
        RefusalCode.NOT_FOUND, await admissions.invite_candidate(office.staff(), given)
    )
    assert refusal.field == "applicant"
    with office.database.use():
        assert await InvitationRow.all().count() == 0


async def test_a_list_without_seats_names_each_application(office: Office) -> None:
    """S2: the plan is a ceiling; whoever publishes a list sees which entries want the seats."""
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(4)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80, 70, 60), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    refusal = await office.publish(*cases)
    assert isinstance(refusal, Refusal)
    assert refusal.code in {RefusalCode.NO_SEAT, RefusalCode.CAPACITY_EXCEEDED}
    assert refusal.field == "applications"
    assert {each.application for each in refusal.problems} == {case.id for case in cases}
    first = refusal.problems[0]
    assert str(first.application) in first.refusal.message.zh
    assert MEDICINE in str(first.refusal.message.en)
    assert await office.everything() == before
    done(await office.publish(*cases[:2]))
