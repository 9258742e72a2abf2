"""Every use case that takes an idempotency key, twice in a row and twice at once: done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import (
    HOSPITAL,
    IDENTITY,
    MEDICINE,
    PAEDIATRICS,
    PERSON,
    Office,
    done,
)
from zhupei.db.models import (
    BanRow,
    Idempotency,
    InvitationRow,
    PlanIncreaseRow,
    RoundFreezeRow,
    SeatRow,
    TransitionRow,
)
from zhupei.domain.people import TraineeType
from zhupei.services import admissions
from zhupei.services.admissions import Desk, RefusalCode, inputs
from zhupei.services.idempotency import forget_before

KEY = "key-1"


@dataclass(frozen=True)
class Request:
    """One use case, ready to be asked: on whose desk, and with which input."""

    use_case: Callable[[Desk, Any], Awaitable[Any]]
    desk: Desk
    given: Any
    changed: Any
    """The input of another request, to try under the same key."""


async def counts(office: Office) -> tuple[int, ...]:
    tables: tuple[Any, ...] = (
        BanRow,
        InvitationRow,
        PlanIncreaseRow,
        RoundFreezeRow,
        TransitionRow,
        Idempotency,
    )
    with office.database.use():
        found = [await table.all().count() for table in tables]
        increases = await SeatRow.all().values_list("increase", flat=True)
        return (*found, sum(int(str(each)) for each in increases))


async def _impose_ban(office: Office) -> Request:
    given = inputs.ImposeBanInput(
        applicant=await office.known(),
        program="sample-residency-2026",
        reason="x",
        idempotency_key=KEY,
    )
    return Request(
        admissions.impose_ban,
        office.authority(),
        given,
        replace(given, applicant=await office.known()),
    )


async def _lift_ban(office: Office) -> Request:
    bans = [
        done(
            await admissions.impose_ban(
                office.authority(),
                inputs.ImposeBanInput(
                    applicant=await office.known(), program="sample-residency-2026", reason="x"
                ),
            )
        )
        for _ in range(2)
    ]
    given = inputs.LiftBanInput(ban=bans[0].id, reason="y", idempotency_key=KEY)
    return Request(admissions.lift_ban, office.authority(), given, replace(given, ban=bans[1].id))


async def _request_increase(office: Office) -> Request:
    given = inputs.RequestPlanIncreaseInput(
        opening=MEDICINE, seats=1, reason="x", idempotency_key=KEY
    )
    return Request(admissions.request_plan_increase, office.staff(), given, replace(given, seats=2))


async def _decide_increase(office: Office) -> Request:
    asked = [
        done(
            await admissions.request_plan_increase(
                office.staff(),
                inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="x"),
            )
        )
        for _ in range(2)
    ]
    given = inputs.DecidePlanIncreaseInput(
        plan_increase=asked[0].id, approved=True, reason="x", idempotency_key=KEY
    )
    return Request(
        admissions.decide_plan_increase,
        office.authority(),
        given,
        replace(given, plan_increase=asked[1].id),
    )


async def _freeze(office: Office) -> Request:
    given = inputs.FreezeRoundInput(
        program=HOSPITAL, round="batch-1", reason="x", idempotency_key=KEY
    )
    return Request(
        admissions.freeze_round, office.authority(), given, replace(given, round="batch-2")
    )


async def _lift_freeze(office: Office) -> Request:
    for code in ("batch-1", "batch-2"):
        done(
            await admissions.freeze_round(
                office.authority(),
                inputs.FreezeRoundInput(program=HOSPITAL, round=code, reason="x"),
            )
        )
    given = inputs.LiftFreezeInput(
        program=HOSPITAL, round="batch-1", reason="x", idempotency_key=KEY
    )
    return Request(
        admissions.lift_freeze, office.authority(), given, replace(given, round="batch-2")
    )


async def _invite(office: Office) -> Request:
    office.go("2026-06-02T09:00")
    given = inputs.InviteCandidateInput(
        applicant=await office.known(), opening=MEDICINE, round="batch-2", idempotency_key=KEY
    )
    return Request(
        admissions.invite_candidate,
        office.staff(),
        given,
        replace(given, applicant=await office.known()),
    )


async def _invited(office: Office) -> tuple[Desk, list[Any]]:
    office.go("2026-06-02T09:00")
    person = await office.known()
    found = [
        done(
            await admissions.invite_candidate(
                office.staff(),
                inputs.InviteCandidateInput(applicant=person, opening=opening, round="batch-2"),
            )
        )
        for opening in (MEDICINE, PAEDIATRICS)
    ]
    return office.own(person), found


async def _accept(office: Office) -> Request:
    desk, (one, two) = await _invited(office)
    given = inputs.AnswerInvitationInput(
        invitation=one.id,
        accept=True,
        candidate=PERSON,
        documents=(IDENTITY,),
        idempotency_key=KEY,
    )
    return Request(admissions.answer_invitation, desk, given, replace(given, invitation=two.id))


async def _decline(office: Office) -> Request:
    desk, (one, two) = await _invited(office)
    given = inputs.AnswerInvitationInput(invitation=one.id, accept=False, idempotency_key=KEY)
    return Request(admissions.answer_invitation, desk, given, replace(given, invitation=two.id))


async def _transfer(office: Office) -> Request:
    office.go("2026-04-10T09:00")
    cases = [await office.submitted() for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case in cases:
        await office.reviewed(case)
    given = inputs.TransferApplicationInput(
        consent="书面同意",
        application=cases[0].id,
        opening=PAEDIATRICS,
        direction="neonatology",
        reason="x",
        idempotency_key=KEY,
    )
    return Request(
        admissions.transfer_application,
        office.staff(),
        given,
        replace(given, application=cases[1].id),
    )


async def _create(office: Office) -> Request:
    person = uuid4()
    given = inputs.CreateApplicationInput(
        applicant=person,
        opening=MEDICINE,
        round="batch-1",
        candidate=PERSON,
        idempotency_key=KEY,
    )
    other = replace(given, opening=PAEDIATRICS, direction="neonatology")
    return Request(admissions.create_application, office.own(person), given, other)


async def _withdraw(office: Office) -> Request:
    person = uuid4()
    one = await office.submitted(applicant=person)
    two = await office.draft(PAEDIATRICS, person, direction="neonatology")
    given = inputs.ReasonedInput(application=one.id, reason="x", idempotency_key=KEY)
    return Request(
        admissions.withdraw_application,
        office.own(person),
        given,
        replace(given, application=two.id),
    )


_MAKE = (
    _impose_ban,
    _lift_ban,
    _request_increase,
    _decide_increase,
    _freeze,
    _lift_freeze,
    _invite,
    _accept,
    _decline,
    _create,
    _transfer,
    _withdraw,
)


@pytest.mark.parametrize("make", _MAKE, ids=lambda make: make.__name__.strip("_"))
async def test_repeated_in_a_row(
    office: Office, make: Callable[[Office], Awaitable[Request]]
) -> None:
    request = await make(office)
    first = done(await request.use_case(request.desk, request.given))
    before = await counts(office)
    assert done(await request.use_case(request.desk, request.given)) == first
    assert await counts(office) == before
    refusal = await office.refuses(
        RefusalCode.CONFLICT, await request.use_case(request.desk, request.changed)
    )
    assert refusal.field == "idempotencyKey"
    assert await counts(office) == before


@pytest.mark.slow
@pytest.mark.parametrize("make", _MAKE, ids=lambda make: make.__name__.strip("_"))
async def test_repeated_at_once(
    office: Office, make: Callable[[Office], Awaitable[Request]]
) -> None:
    request = await make(office)
    before = await counts(office)
    answers = await asyncio.gather(
        *(request.use_case(request.desk, request.given) for _ in range(4))
    )
    assert [done(answer) for answer in answers] == [answers[0]] * 4
    after = await counts(office)
    # Of each kind of row one more at most (a transfer makes two records, one for each end).
    most = 2 if make is _transfer else 1
    assert all(0 <= late - early <= most for early, late in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "make",
    [_impose_ban, _lift_ban, _request_increase, _decide_increase, _freeze, _lift_freeze, _invite],
    ids=lambda make: make.__name__.strip("_"),
)
async def test_a_forgotten_key_serves_another_request(
    office: Office, make: Callable[[Office], Awaitable[Request]]
) -> None:
    """Keys of requests of an office are remembered for some time and are then free again."""
    request = await make(office)
    first = done(await request.use_case(request.desk, request.given))
    with office.database.use():
        assert await forget_before(office.now + timedelta(seconds=1)) == 1
    other = done(await request.use_case(request.desk, request.changed))
    assert other.id != first.id


async def test_an_old_key_tells_nothing_to_whoever_lost_the_role(office: Office) -> None:
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    given = inputs.RecordEligibilityCheckInput(
        application=case.id, passed=True, idempotency_key=KEY
    )
    office_desk = office.staff()
    checked = done(await admissions.record_eligibility_check(office_desk, given))
    assert done(await admissions.record_eligibility_check(office_desk, given)) == checked
    left = replace(office_desk, actor=replace(office_desk.actor, grants=frozenset()))
    for asked in (given, replace(given, idempotency_key="key-2")):
        refusal = await office.refuses(
            RefusalCode.NOT_FOUND, await admissions.record_eligibility_check(left, asked)
        )
        assert refusal.field == "application"


async def test_an_old_key_tells_nothing_of_whom_a_unit_no_longer_sends(office: Office) -> None:
    person = uuid4()
    sent = replace(PERSON, trainee_type=TraineeType.ENTRUSTED)
    given = inputs.CreateApplicationInput(
        applicant=person,
        opening=MEDICINE,
        round="batch-1",
        candidate=sent,
        idempotency_key=KEY,
    )
    unit = office.unit(person)
    first = done(await admissions.create_application(unit, given))
    assert done(await admissions.create_application(unit, given)) == first
    await office.refuses(
        RefusalCode.NOT_FOUND,
        await admissions.create_application(replace(unit, sends=frozenset()), given),
    )
