"""Seats under many hands: never one too many, never one lost."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from admissions_office import (
    FELLOW,
    HEART,
    MEDICINE,
    PAEDIATRICS,
    UNKNOWN,
    Office,
    done,
)
from zhupei.db.connection import Database
from zhupei.db.models import SeatRow
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.text import Text
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain

pytestmark = pytest.mark.slow

_PROCESS = """
import asyncio, json, sys
from pathlib import Path
from uuid import UUID
from admissions_office import Office, moment, sample_catalogue
from zhupei.db.connection import Database
from zhupei.db.models import SeatRow
from zhupei.services.admissions import Refusal, inputs, send_notice

async def main(url, ids):
    database = Database(data_dir=Path(), url=url, pool_size=8)
    await database.start()
    office = Office(database, await sample_catalogue(), moment("2026-04-20T09:00"))
    print("ready", flush=True)
    sys.stdin.readline()
    answers = await asyncio.gather(*(
        send_notice(office.staff(), inputs.SendNoticeInput(applications=(UUID(each),)))
        for each in ids
    ))
    print(json.dumps([a.code if isinstance(a, Refusal) else "DONE" for a in answers]))
    await database.stop()

asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
"""


async def selected(office: Office, count: int) -> list[UUID]:
    """Let a number of fellows be selected, each waiting for a notice and a seat."""
    office.go("2026-04-12T09:00")

    async def one() -> UUID:
        person = uuid4()
        case = await office.draft(HEART, person, round_code="june", candidate=FELLOW)
        own = office.own(person)
        done(
            await admissions.submit_application(
                own, inputs.SubmitApplicationInput(application=case.id)
            )
        )
        done(
            await admissions.recommend_application(
                office.unit(person), inputs.ApplicationInput(application=case.id)
            )
        )
        done(
            await admissions.review_application(
                office.staff(), inputs.ReviewApplicationInput(application=case.id, approved=True)
            )
        )
        return case.id

    found = await asyncio.gather(*(one() for _ in range(count)))
    office.go("2026-04-20T09:00")
    return list(found)


def notice(*applications: UUID) -> inputs.SendNoticeInput:
    return inputs.SendNoticeInput(applications=applications)


async def test_64_clients_on_25_seats_get_exactly_25(office: Office) -> None:
    cases = await selected(office, 64)
    answers = await asyncio.gather(
        *(admissions.send_notice(office.staff(), notice(case)) for case in cases)
    )
    refused = [answer for answer in answers if isinstance(answer, admissions.Refusal)]
    assert {answer.code for answer in refused} == {RefusalCode.NO_SEAT}
    assert (len(answers) - len(refused), await office.taken(HEART)) == (25, 25)
    found = await admissions.applications_of(
        office.staff(), inputs.SearchApplicationsInput(opening=HEART, states=(S.NOTIFIED,))
    )
    assert len(found) == 25
    with office.database.use():
        report = await verify_audit_chain()
    assert (report.broken, report.records) == (None, 64 * 4 + 25)


@pytest.mark.slow(seconds=10)
async def test_two_processes_on_one_database_admit_exactly_25(
    office: Office, database_url: str
) -> None:
    cases = [str(case) for case in await selected(office, 40)]
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROCESS, database_url, json.dumps(cases[half::2]),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for half in (0, 1)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    outputs = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    answers = [answer for output, _ in outputs for answer in json.loads(output)]
    assert sorted(answers) == ["DONE"] * 25 + ["NO_SEAT"] * 15
    assert await office.taken(HEART) == 25
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_connections_killed_in_the_middle_lose_nothing(
    office: Office, database_url: str
) -> None:
    """Every answer is either kept whole or not at all, and the same key may be asked again."""
    cases = await selected(office, 30)
    killer = await asyncpg.connect(database_url)
    last: list[str] = []
    deadline = asyncio.get_running_loop().time() + 30
    stop = asyncio.Event()

    async def kill() -> None:
        while not stop.is_set():
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND random() < 0.3"
            )
            await asyncio.sleep(0.01)

    async def one(case: UUID) -> None:
        given = inputs.SendNoticeInput(applications=(case,), idempotency_key=f"notice-{case}")
        while asyncio.get_running_loop().time() < deadline:
            try:
                await admissions.send_notice(office.staff(), given)
            except Exception as error:  # noqa: BLE001 - whatever a broken connection raises: ask again
                last.append(repr(error))
                await asyncio.sleep(0.02)
            else:
                return
        pytest.fail(f"no answer in 30 seconds; the last refusals: {last[-3:]}")

    killing = asyncio.create_task(kill())
    tasks = [asyncio.create_task(one(case)) for case in cases]
    await asyncio.sleep(0.4)
    stop.set()
    await killing
    await asyncio.gather(*tasks)
    await killer.close()
    found = await admissions.applications_of(
        office.staff(), inputs.SearchApplicationsInput(opening=HEART, states=(S.NOTIFIED,))
    )
    assert (len(found), await office.taken(HEART)) == (25, 25)
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_a_decline_gives_the_seat_up_at_once(office: Office) -> None:
    first, second = await office.published(90, 80)
    assert await office.taken() == 2
    done(
        await admissions.decline_admission(
            office.own(first.applicant),
            inputs.ReasonedInput(application=first.id, reason="另有安排"),
        )
    )
    assert await office.taken() == 1
    assert (await office.case(first.id)).seat_scopes == ()
    assert (await office.case(second.id)).seat_scopes == (
        "capacity:sample-hospital/0100/2026",
        f"opening:{MEDICINE}",
    )


async def test_an_unknown_quota_refuses_and_is_not_zero(office: Office) -> None:
    """T36: null is neither 0 nor without limit."""
    case = await office.submitted(UNKNOWN)
    office.go("2026-04-27T09:00")
    case = await office.reviewed(case)
    before = await office.everything()
    office.go("2026-05-11T10:00")
    refusal = await office.refuses(RefusalCode.QUOTA_UNKNOWN, await office.publish(case))
    assert refusal.message.en == (
        "the number of seats is not published, so none can be taken: To be announced"
    )
    assert await office.everything() == before


async def test_a_direction_has_a_quota_of_its_own(office: Office) -> None:
    cases = [await office.submitted(PAEDIATRICS, direction="cardiology") for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    before = await office.everything()
    refusal = await office.refuses(RefusalCode.NO_SEAT, await office.publish(*cases))
    assert refusal.message == Text(
        "名额已满：儿科（儿童心血管）", "no seat is left: Paediatrics (Paediatric cardiology)"
    )
    assert [each.refusal.message.zh.partition("：")[2] for each in refusal.problems] == [
        "名额已满：儿科（儿童心血管）"
    ] * 2
    assert await office.everything() == before
    done(await office.publish(cases[0]))
    assert await office.taken(PAEDIATRICS) == 1


async def test_an_approved_increase_opens_seats_within_capacity(office: Office) -> None:
    """R153, R212: 2 published and 2 more make the capacity of 4; a fifth is refused."""
    cases = [await office.submitted() for _ in range(3)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (90, 80, 70), strict=True):
        await office.reviewed(case, points)
    office.go("2026-05-11T10:00")
    await office.refuses(RefusalCode.NO_SEAT, await office.publish(*cases))
    asked = done(
        await admissions.request_plan_increase(
            office.staff(),
            inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=2, reason="报名人数多"),
        )
    )
    more = done(
        await admissions.request_plan_increase(
            office.staff(),
            inputs.RequestPlanIncreaseInput(opening=MEDICINE, seats=1, reason="报名人数多"),
        )
    )

    def decide(request: UUID) -> inputs.DecidePlanIncreaseInput:
        return inputs.DecidePlanIncreaseInput(plan_increase=request, approved=True, reason="同意")

    await office.refuses(
        RefusalCode.NOT_PERMITTED,
        await admissions.decide_plan_increase(office.staff(), decide(asked.id)),
    )
    done(await admissions.decide_plan_increase(office.authority(), decide(asked.id)))
    await office.refuses(
        RefusalCode.CAPACITY_EXCEEDED,
        await admissions.decide_plan_increase(office.authority(), decide(more.id)),
    )
    done(await office.publish(*cases))
    assert await office.taken() == 3
    await office.refuses(
        RefusalCode.CAPACITY_UNKNOWN,
        await admissions.request_plan_increase(
            office.staff(),
            inputs.RequestPlanIncreaseInput(opening=PAEDIATRICS, seats=1, reason="报名人数多"),
        ),
    )


async def test_the_database_itself_refuses_too_many(office: Office, database: Database) -> None:
    await office.published(90, 80)
    scope = f"opening:{MEDICINE}"
    with database.use(), pytest.raises(IntegrityError, match="seat_within_quota"):
        await SeatRow.filter(scope=scope).update(taken=3)
