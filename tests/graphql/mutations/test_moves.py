"""Transfers, invitations, plan increases and no-shows, over HTTP (R149, R150, R153, G28)."""

from __future__ import annotations

import pytest

from admissions_office import HOSPITAL, MEDICINE, PAEDIATRICS
from served_admissions import DOCUMENTS, ServedAdmissions

pytestmark = pytest.mark.slow

_STATE = "... on Application { id state opening { code } transferredFrom { id state } }"


async def test_somebody_moves_to_another_opening(province: ServedAdmissions) -> None:
    id_ = await province.submitted("wu")
    province.clock.go("2026-04-27T09:00")
    await province.reviewed(id_)
    given = {
        "application": id_,
        "opening": PAEDIATRICS,
        "direction": "cardiology",
        "reason": "名额调整",
    }
    refused = await province.do("transferApplication", "base_office", _STATE, **given)
    assert (refused["code"], refused["field"]) == ("TRANSFER_NOT_AGREED", "consent")
    await province.moved("REVIEWED", "agreeToTransfer", "wu", id_)
    moved = await province.do("transferApplication", "base_office", _STATE, **given)
    assert moved["__typename"] == "Application", moved
    assert moved == {
        "__typename": "Application",
        "id": moved["id"],
        "state": "SUBMITTED",
        "opening": {"code": PAEDIATRICS},
        "transferredFrom": {"id": id_, "state": "TRANSFERRED"},
    }


async def test_more_seats_are_asked_for_and_granted(province: ServedAdmissions) -> None:
    plan = "... on PlanIncrease { id seats state decidedAt opening { code } }"
    asked = await province.do(
        "requestPlanIncrease", "base_office", plan, opening=MEDICINE, seats=1, reason="缺口"
    )
    assert (asked["seats"], asked["state"]) == (1, "REQUESTED")
    listed = "{ planIncreases(states: [REQUESTED]) { id } }"
    for who in ("base_office", "jurisdiction_office"):
        assert (await province.ask(listed, who))["planIncreases"] == [{"id": asked["id"]}]
    assert (await province.ask(listed, "other_office"))["planIncreases"] == []
    decided = await province.do(
        "decidePlanIncrease",
        "jurisdiction_office",
        plan,
        planIncrease=asked["id"],
        approved=True,
        reason="同意",
    )
    assert decided["state"] == "APPROVED"
    quotas = await province.ask(
        f'{{ seatQuotas(opening: "{MEDICINE}") {{ scope seats left }} }}', "base_office"
    )
    assert {"scope": f"opening:{MEDICINE}", "seats": 3, "left": 3} in quotas["seatQuotas"]
    many = await province.do(
        "requestPlanIncrease", "base_office", opening=MEDICINE, seats=99, reason="x"
    )
    assert (many["__typename"], many["code"]) == ("ActionRefused", "CAPACITY_EXCEEDED")


async def test_who_does_not_come_loses_the_place(province: ServedAdmissions) -> None:
    """G28: after the days of grace, and not before."""
    (id_,) = await province.published("90")
    await province.moved("CONFIRMED", "confirmAdmission", "person-0", id_)
    province.clock.go("2026-05-21T00:00")
    for mutation in ("admitApplicants", "sendNotice"):
        done = await province.do(mutation, "base_office", applications=[id_])
        assert done["__typename"] == "BulkOutcome"
    by = (await province.ask(f'{{ application(id: "{id_}") {{ reportBy }} }}', "person-0"))[
        "application"
    ]["reportBy"]
    effects = "... on BulkOutcome { effects { applicationId toState seats } }"
    province.clock.go(f"{by}T09:00")
    early = await province.do("markNoShows", "base_office", effects, program=HOSPITAL)
    assert early["effects"] == []
    province.clock.go("2026-12-01T09:00")
    shown = await province.do("markNoShows", "base_office", effects, program=HOSPITAL, dryRun=True)
    assert shown["effects"] == [{"applicationId": id_, "toState": "NO_SHOW", "seats": -1}]
    assert (await province.ask(f'{{ application(id: "{id_}") {{ state }} }}', "person-0"))[
        "application"
    ]["state"] == "NOTIFIED"
    done = await province.do("markNoShows", "base_office", effects, program=HOSPITAL)
    assert done["effects"] == shown["effects"]


async def test_who_does_not_confirm_is_let_go(province: ServedAdmissions) -> None:
    (id_,) = await province.published("90")
    province.clock.go("2026-05-21T00:00")
    effects = "... on BulkOutcome { effects { applicationId toState } }"
    done = await province.do("expireConfirmations", "base_office", effects, program=HOSPITAL)
    assert done["effects"] == [{"applicationId": id_, "toState": "EXPIRED"}]


async def test_an_invited_person_answers(province: ServedAdmissions) -> None:
    """R150: an invitation of the second round, accepted with an application."""
    applicant = await province.applicant("wu")
    province.clock.go("2026-06-20T09:00")
    invitation = "... on Invitation { id state application { state } opening { code } }"
    invited = await province.do(
        "inviteCandidate",
        "base_office",
        invitation,
        applicant=applicant,
        opening=MEDICINE,
        round="batch-2",
    )
    assert invited["state"] == "OPEN"
    listed = "{ invitations { id state } }"
    assert (await province.ask(listed, "wu"))["invitations"] == [
        {"id": invited["id"], "state": "OPEN"}
    ]
    await province.applicant("qi")
    before = await province.everything()
    other = await province.do("answerInvitation", "qi", invitation=invited["id"], accept=True)
    assert other["code"] == "NOT_FOUND"
    assert await province.everything() == before
    accepted = await province.do(
        "answerInvitation",
        "wu",
        invitation,
        invitation=invited["id"],
        accept=True,
        documents=DOCUMENTS,
    )
    assert (accepted["state"], accepted["application"]) == ("ACCEPTED", {"state": "SUBMITTED"})


async def test_fraud_ends_an_application_and_no_other(province: ServedAdmissions) -> None:
    id_ = await province.submitted("wu")
    await province.moved(
        "CANCELLED", "cancelForFraud", "jurisdiction_office", id_, reason="伪造证书"
    )
    again = await province.do("cancelForFraud", "base_office", application=id_, reason="x")
    assert again["code"] == "NOT_ALLOWED_IN_STATE"
