"""An idempotency key that comes again with other content: refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import HOSPITAL, MEDICINE, PAEDIATRICS, PERSON, Office, done
from zhupei.db.models import BulkOperationRow, TransitionRow
from zhupei.services import admissions
from zhupei.services.admissions import Desk, RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain

KEY = "key-1"


@dataclass(frozen=True)
class Request:
    """A request, and others of the same use case for the same objects that ask otherwise."""

    use_case: Callable[[Desk, Any], Awaitable[Any]]
    desk: Desk
    given: Any
    others: tuple[Any, ...]


async def _create(office: Office) -> Request:
    person = uuid4()
    given = inputs.CreateApplicationInput(
        applicant=person, opening=MEDICINE, round="batch-1", candidate=PERSON, idempotency_key=KEY
    )
    older = replace(given, candidate=replace(PERSON, birth_date=date(1995, 1, 1)))
    return Request(admissions.create_application, office.own(person), given, (older,))


async def _withdraw(office: Office) -> Request:
    case = await office.submitted()
    given = inputs.ReasonedInput(application=case.id, reason="x", idempotency_key=KEY)
    return Request(
        admissions.withdraw_application,
        office.own(case.applicant),
        given,
        (replace(given, reason="y"),),
    )


async def _reject(office: Office) -> Request:
    case = await office.submitted()
    given = inputs.ReasonedInput(application=case.id, reason="x", idempotency_key=KEY)
    return Request(
        admissions.reject_application, office.staff(), given, (replace(given, reason="y"),)
    )


async def _transfer(office: Office) -> Request:
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    await office.reviewed(case)
    given = inputs.TransferApplicationInput(
        consent="书面同意",
        application=case.id,
        opening=PAEDIATRICS,
        direction="neonatology",
        reason="x",
        idempotency_key=KEY,
    )
    others = (replace(given, reason="y"), replace(given, direction="cardiology"))
    return Request(admissions.transfer_application, office.staff(), given, others)


async def _propose(office: Office) -> Request:
    cases = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    given = inputs.PublishProposedListInput(
        program=HOSPITAL, round="batch-1", applications=(cases[0].id,), idempotency_key=KEY
    )
    every = replace(given, applications=(cases[0].id, cases[1].id))
    return Request(
        admissions.publish_proposed_list,
        office.staff(),
        given,
        (every, replace(given, applications=None)),
    )


async def _confirmed(office: Office) -> Any:
    (case,) = await office.published(90)
    await office.confirmed(case)
    office.go("2026-05-22T09:00")
    return case


async def _notice(office: Office) -> Request:
    case = await _confirmed(office)
    done(await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,))))
    given = inputs.SendNoticeInput(
        applications=(case.id,), report_by=date(2026, 9, 1), idempotency_key=KEY
    )
    return Request(
        admissions.send_notice,
        office.staff(),
        given,
        (replace(given, report_by=date(2026, 9, 2)), replace(given, report_by=None)),
    )


async def _defer(office: Office) -> Request:
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    given = inputs.DeferReportInput(
        application=case.id, report_by=date(2026, 10, 1), reason="x", idempotency_key=KEY
    )
    return Request(
        admissions.defer_report,
        office.staff(),
        given,
        (replace(given, report_by=date(2026, 10, 2)), replace(given, reason="y")),
    )


async def _resolve(office: Office) -> Request:
    (case,) = await office.published(90)
    objection = done(
        await admissions.file_objection(
            office.own(uuid4()), inputs.FileObjectionInput(application=case.id, text="x")
        )
    )
    given = inputs.ResolveObjectionInput(
        objection=objection.id, upheld=False, resolution="x", idempotency_key=KEY
    )
    others = (replace(given, upheld=True), replace(given, resolution="y"))
    return Request(admissions.resolve_objection, office.staff(), given, others)


async def _revert(office: Office) -> Request:
    case = await _confirmed(office)
    admitted = done(
        await admissions.admit(office.staff(), inputs.AdmitInput(applications=(case.id,)))
    )
    assert admitted.operation is not None
    given = inputs.RevertBulkInput(operation=admitted.operation, reason="x", idempotency_key=KEY)
    return Request(admissions.revert_bulk, office.authority(), given, (replace(given, reason="y"),))


_MAKE = (
    _create,
    _withdraw,
    _reject,
    _transfer,
    _propose,
    _notice,
    _defer,
    _resolve,
    _revert,
)


@pytest.mark.parametrize("make", _MAKE, ids=lambda make: make.__name__.strip("_"))
async def test_a_key_serves_one_content(
    office: Office, make: Callable[[Office], Awaitable[Request]]
) -> None:
    request = await make(office)
    first = done(await request.use_case(request.desk, request.given))
    before = await office.everything()
    assert done(await request.use_case(request.desk, request.given)) == first
    for other in request.others:
        refusal = await office.refuses(
            RefusalCode.CONFLICT, await request.use_case(request.desk, other)
        )
        assert refusal.field == "idempotencyKey"
        assert refusal.message.en == "this idempotency key was used for something else"
    assert await office.everything() == before
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_what_an_earlier_version_recorded_is_answered_by_its_action(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records without a digest, of before an upgrade, still answer their own request."""
    case = await office.submitted()
    monkeypatch.setattr(
        "zhupei.services.admissions.records._with_request", lambda change, _: dict(change.data)
    )
    given = inputs.ReasonedInput(application=case.id, reason="x", idempotency_key=KEY)
    own = office.own(case.applicant)
    first = done(await admissions.withdraw_application(own, given))
    with office.database.use():
        assert "request" not in (await TransitionRow.get(idempotency_key=KEY)).data
        assert await BulkOperationRow.all().count() == 0
    assert done(await admissions.withdraw_application(own, given)) == first
