"""From registering as an applicant to the registration as a trainee, over HTTP (R138-R156)."""

from __future__ import annotations

from typing import Any

import pytest

from admissions_office import HOSPITAL, MEDICINE
from served_admissions import ServedAdmissions

pytestmark = pytest.mark.slow

_EFFECTS = """... on BulkOutcome { operationId action dryRun
  effects { applicationId fromState toState seats otherApplicationIds application { state } }
  publicity { endsOn endsAt workingDays program { code } } }"""


_ACTIONS = (
    "CREATE",
    "SUBMIT",
    "CHECK_ELIGIBILITY",
    "RECORD_INTERVIEW",
    "RECORD_EXAMINATION",
    "GIVE_OPINION",
    "REVIEW",
    "PUBLISH",
    "CONFIRM",
    "ADMIT",
    "NOTIFY",
    "REPORT",
    "SIGN_AGREEMENT",
    "REGISTER",
)


def _effect(application: str, before: str, after: str, seats: int, now: str) -> dict[str, Any]:
    return {
        "applicationId": application,
        "fromState": before,
        "toState": after,
        "seats": seats,
        "otherApplicationIds": [],
        "application": {"state": now},
    }


async def test_the_whole_way(province: ServedAdmissions) -> None:
    do, clock = province.do, province.clock
    id_ = await province.submitted("lin")
    clock.go("2026-04-27T09:00")
    await province.reviewed(id_)
    clock.go("2026-05-11T10:00")
    given = {"program": HOSPITAL, "round": "batch-1"}
    shown = await do("publishProposedList", "base_office", _EFFECTS, dryRun=True, **given)
    assert shown == {
        "__typename": "BulkOutcome",
        "operationId": None,
        "action": "PUBLISH",
        "dryRun": True,
        "effects": [_effect(id_, "REVIEWED", "IN_PUBLICITY", 1, "REVIEWED")],
        "publicity": {
            "endsOn": "2026-05-20",
            "endsAt": "2026-05-21T00:00:00+08:00",
            "workingDays": 7,
            "program": {"code": HOSPITAL},
        },
    }
    published = await do("publishProposedList", "base_office", _EFFECTS, **given)
    assert published["operationId"]
    assert published["effects"] == [_effect(id_, "REVIEWED", "IN_PUBLICITY", 1, "IN_PUBLICITY")]
    await province.moved("CONFIRMED", "confirmAdmission", "lin", id_)
    clock.go("2026-05-21T00:00")
    many: dict[str, Any] = {"applications": [id_]}
    admitted = await do("admitApplicants", "jurisdiction_office", _EFFECTS, **many)
    assert admitted["effects"] == [_effect(id_, "CONFIRMED", "ADMITTED", 0, "ADMITTED")]
    noticed = await do("sendNotice", "base_office", _EFFECTS, **many)
    assert noticed["effects"] == [_effect(id_, "ADMITTED", "NOTIFIED", 0, "NOTIFIED")]
    by = (await province.ask(f'{{ application(id: "{id_}") {{ reportBy }} }}', "lin"))[
        "application"
    ]["reportBy"]
    clock.go(f"{by}T09:00")
    await province.moved(
        "REPORTED",
        "recordReport",
        "base_office",
        id_,
        documents=["report-identity", "report-degree-certificate"],
        answers=[{"fieldId": "seal", "value": "某县人民医院"}],
    )
    await province.moved(
        "CONTRACTED",
        "signAgreement",
        "base_office",
        id_,
        kind="LABOUR_CONTRACT",
        signedOn=by,
    )
    await province.moved("REGISTERED", "registerTrainee", "base_office", id_)
    found = await province.ask(
        f"""{{ application(id: "{id_}") {{
          state stateLabel revision holdsSeat opening {{ code }} agreement
          timeline {{ mustDo entries {{ state doneAt current }} }}
          records {{ action }} scores {{ assessment points of percent }} }} }}""",
        "jurisdiction_office",
    )
    application = found["application"]
    done = [entry["doneAt"] is not None for entry in application["timeline"]["entries"]]
    # The first stage, the draft, is reached by no transition from another state but by its making.
    assert all(done)
    assert application["timeline"]["entries"][-1]["current"] is True
    del application["timeline"]
    assert application == {
        "state": "REGISTERED",
        "stateLabel": "Registered",
        "revision": 14,
        "holdsSeat": True,
        "opening": {"code": MEDICINE},
        "agreement": "LABOUR_CONTRACT",
        "records": [{"action": action} for action in _ACTIONS],
        "scores": [
            {"assessment": "examination", "points": "80", "of": 100, "percent": "80"},
            {"assessment": "interview", "points": "80", "of": 100, "percent": "80"},
        ],
    }
