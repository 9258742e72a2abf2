"""Sending units over HTTP: they file for whom they send, and for nobody else."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx2
import pytest

from admissions_office import HEART, MEDICINE
from served_admissions import PERSON, ServedAdmissions
from zhupei.db.models import Idempotency
from zhupei.domain.actors import Grant
from zhupei.domain.identity import DocumentKind
from zhupei.services.applicant_files import files_of
from zhupei.services.idempotency import request_hash
from zhupei.services.sending_units import links_of_applicant

pytestmark = pytest.mark.slow

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
_WANG = {"identityKind": "PASSPORT", "issuingState": "USA", "identityNumber": "E7654321"}
_CODE = "... on ClaimCode { claimCode expiresAt }"
_FELLOW = {**PERSON, "traineeType": "FELLOW"}


async def a_unit(province: ServedAdmissions, login: str, number: str) -> str:
    """Record a unit that sends somebody new; return that person's id."""
    account = await province.graph.account(login, Grant("sending_unit"))
    province.tokens[login] = account.id.hex
    recorded = await province.do(
        "recordSendingUnit",
        "administrator",
        "... on SendingUnitRecord { name }",
        account=str(account.id),
        name=f"某县{login}医院",
    )
    assert recorded.get("name") == f"某县{login}医院", recorded
    link = await province.do(
        "registerSentPerson",
        login,
        "... on SentPerson { applicantId state }",
        identityKind="PASSPORT",
        issuingState="USA",
        identityNumber=number,
        name="王小明",
    )
    assert link.get("state") == "CONFIRMED", link
    return str(link["applicantId"])


async def test_a_unit_files_for_somebody_without_an_account(province: ServedAdmissions) -> None:
    """R093, R123: draft, documents, submission and recommendation, all by the unit."""
    sent = await a_unit(province, "unit", "E7654321")
    others = await a_unit(province, "other", "E7654322")
    province.clock.go("2026-04-12T09:00")
    before = await province.everything()
    given: dict[str, Any] = {"opening": HEART, "round": "june", "candidate": _FELLOW}
    for applicant in (others, "00000000-0000-0000-0000-000000000000"):
        answer = await province.tried("createApplication", "unit", applicant=applicant, **given)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        response = await put(province, "unit", applicant)
        assert (response.status_code, code(response)) == (403, "FORBIDDEN")
    own: dict[str, Any] = {"opening": MEDICINE, "round": "batch-1", "candidate": PERSON}
    answer = await province.tried("createApplication", "unit", applicant=sent, **own)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await province.everything() == before
    made = await province.do(
        "createApplication", "unit", "... on Application { id state }", applicant=sent, **given
    )
    assert made.get("state") == "DRAFT", made
    assert (await put(province, "unit", sent)).status_code == 201
    documents = [{"document": "identity-scan"}]
    await province.moved("SUBMITTED", "submitApplication", "unit", made["id"], documents=documents)
    await province.moved("RECOMMENDED", "recommendApplication", "unit", made["id"])


async def put(province: ServedAdmissions, who: str, applicant: str) -> httpx2.Response:
    return await province.graph.client.put(
        "/files/identity-scan",
        params={"applicant": applicant},
        content=_PNG,
        headers={"authorization": f"Bearer {await province.token(who)}"},
    )


def code(response: httpx2.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


async def test_whom_a_unit_registered_takes_the_record_over(province: ServedAdmissions) -> None:
    sent = await a_unit(province, "unit", "E7654321")
    await a_unit(province, "other", "E7654322")
    taken = await province.do("registerApplicant", "wang", name="王小明", **_WANG)
    assert taken["code"] == "IDENTITY_TAKEN"
    others = ("other", "wang", "base_office", "administrator")
    for who in others:
        await province.token(who)
    before = await province.everything()
    for who in others:
        answer = await province.tried("issueClaimCode", who, _CODE, applicant=sent)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", answer
    assert await province.everything() == before
    given = {"applicant": sent, "idempotencyKey": "claim-1"}
    issued = await province.do("issueClaimCode", "unit", _CODE, **given)
    assert issued["expiresAt"].startswith("2026-04-24T")
    # Repeated, no second code is made, and the first is not shown again.
    again = await province.do("issueClaimCode", "unit", _CODE, **given)
    assert (again["claimCode"], again["expiresAt"]) == (None, issued["expiresAt"])
    refusals: list[Any] = [
        await province.do("claimApplicant", "wang", **{**_WANG, **wrong})
        for wrong in (
            {"code": "2222-2222-2222"},
            {"code": issued["claimCode"], "identityNumber": "E7654329"},
            {"code": issued["claimCode"], "identityNumber": "E7654322"},
        )
    ]
    assert refusals[0]["code"] == "NOT_FOUND"
    assert refusals == [refusals[0]] * 3
    claimed = await province.do(
        "claimApplicant", "wang", "... on Applicant { id name }", code=issued["claimCode"], **_WANG
    )
    assert (claimed["id"], claimed["name"]) == (sent, "王小明")
    # From now on it is the person's own, to read and to change.
    updated = await province.do(
        "updateApplicant", "wang", "... on Applicant { id name }", revision=1, name="王晓明"
    )
    assert updated == {"__typename": "Applicant", "id": sent, "name": "王晓明"}


async def test_an_old_key_tells_nothing_of_whom_a_unit_no_longer_sends(
    province: ServedAdmissions,
) -> None:
    sent = await a_unit(province, "unit", "E7654321")
    await put(province, "unit", sent)
    with province.graph.database.use():
        (file,) = await files_of(UUID(sent))
    given: dict[str, Any] = {"file": str(file.id), "idempotencyKey": "k"}
    shown = "... on Applicant { id name }"
    for _ in range(2):
        removed = await province.do("removeFile", "unit", shown, **given)
        assert removed.get("name") == "王小明", removed
    handed = await hand_in(province, "unit", sent)
    assert handed["data"]["handInFile"] == {"name": "王小明"}
    assert await hand_in(province, "unit", sent) == handed
    with province.graph.database.use():
        (link,) = await links_of_applicant(UUID(sent))
    ended = await province.do("endSendingUnitLink", "unit", link=str(link.id), reason="调离")
    assert ended["__typename"] == "SentPerson"
    gone = await province.do("removeFile", "unit", shown, **given)
    assert (gone["__typename"], gone.get("code")) == ("ActionRefused", "NOT_FOUND")
    answer = await hand_in(province, "unit", sent)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_key_keeps_no_digest_by_which_numbers_could_be_guessed(
    province: ServedAdmissions,
) -> None:
    """As of every input with numbers or phones in it, a keyed digest is kept."""
    await a_unit(province, "unit", "E7654321")
    given = {**_WANG, "name": "王小明", "identityNumber": "E7654329"}
    shown = "... on SentPerson { id state }"
    made = await province.do("registerSentPerson", "unit", shown, idempotencyKey="k", **given)
    again = await province.do("registerSentPerson", "unit", shown, idempotencyKey="k", **given)
    assert (made["state"], again) == ("CONFIRMED", made)
    asked = {
        "identity_kind": DocumentKind.PASSPORT,
        "identity_number": "E7654329",
        "issuing_state": "USA",
        "name": "王小明",
    }
    with province.graph.database.use():
        kept = await Idempotency.get(key="k")
    assert kept.operation == "registerSentPerson"
    assert kept.request_hash != request_hash("registerSentPerson", asked)


async def hand_in(province: ServedAdmissions, who: str, applicant: str) -> Any:
    """Hand a file in for somebody in the graph, always under one key."""
    given = {
        "document": "degree",
        "file": None,
        "applicant": applicant,
        "idempotencyKey": "handed-in",
    }
    query = """mutation Do($input: HandInFileInput!) {
        handInFile(input: $input) { ... on Applicant { name } } }"""
    answer = await province.graph.client.post(
        "/graphql",
        data={
            "operations": json.dumps({"query": query, "variables": {"input": given}}),
            "map": json.dumps({"0": ["variables.input.file"]}),
        },
        files={"0": ("a.png", _PNG, "image/png")},
        headers={
            "authorization": f"Bearer {await province.token(who)}",
            "graphql-require-preflight": "1",
        },
    )
    return answer.json()
