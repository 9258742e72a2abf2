"""Runs: gathered from the database, matched, proven, kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from admissions_office import done
from allocation_office import (
    MAIN,
    NORTH,
    NORTH_CHILDREN,
    NORTH_MEDICINE,
    NORTH_UNKNOWN,
    ROOT,
    SOUTH_EMERGENCY,
    SOUTH_MEDICINE,
    Matching,
    changed_office,
    own_steps_office,
)
from lost_replies import owing_the_answer
from zhupei.db.connection import Database
from zhupei.db.models import AllocationRunRow
from zhupei.domain.allocation import AllocationCheck, AllocationRun
from zhupei.domain.matching_certificate import ViolationKind
from zhupei.domain.ranking import lottery_number
from zhupei.services import admissions, allocation
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.allocation import (
    ChangedSeats,
    RunAllocationInput,
    SimulateAllocationInput,
)
from zhupei.services.allocation.rows import choices_of, places_of_run
from zhupei.services.progress import OperationState, operations_of

ASKED = RunAllocationInput(program=ROOT, round=MAIN)


async def run(office: Matching) -> AllocationRun:
    return done(await allocation.run_allocation(office.authority(), ASKED))


async def placed(office: Matching, made: AllocationRun) -> dict[str, str]:
    """Return where a run placed each application, by its id."""
    with office.database.use():
        from tortoise.transactions import in_transaction

        async with in_transaction() as connection:
            rows = await choices_of(connection, made.id)
    return {str(row.application): row.place for row in rows if row.verdict.value == "placed"}


async def checked(office: Matching, made: AllocationRun) -> AllocationCheck:
    with office.database.use():
        found = await allocation.verify_run(made.id)
    assert found is not None
    return found


async def test_lists_are_matched_and_proven(office: Matching) -> None:
    """A better total wins the one seat; who loses it gets the next choice."""
    one = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=90)
    two = await office.listed(
        NORTH_MEDICINE, NORTH_CHILDREN + "#cardiology", SOUTH_EMERGENCY + "#day", points=80
    )
    three = await office.listed(NORTH_CHILDREN + "#cardiology", points=85)
    stages: list[str] = []
    made = done(await allocation.run_allocation(office.authority(), ASKED, stages.append))
    assert stages == ["read", "match", "check", "write"]
    assert await placed(office, made) == {
        str(one[0].id): NORTH_MEDICINE,
        str(three[0].id): f"{NORTH_CHILDREN}#cardiology",
        str(two[2].id): SOUTH_EMERGENCY,
    }
    figures = made.figures
    assert (figures.applicants, figures.applications, figures.placed) == (3, 6, 3)
    assert (figures.seats, figures.unfilled, figures.unplaced) == (8, 5, 0)
    assert figures.by_preference == (2, 0, 1)
    assert str(figures.average_preference) == "1.667"
    assert figures.blocking_pairs == 0
    assert [(each.specialty, each.seats, each.placed) for each in figures.specialties] == [
        ("0100", 3, 1),
        ("0200", 3, 1),
        ("0300", 2, 1),
    ]
    # Paediatrics is listed as in short supply.
    assert (figures.shortage_seats, figures.shortage_placed) == (3, 1)
    check = await checked(office, made)
    assert (check.holds, check.applications, check.places) == (True, 6, 5)
    assert check.market == made.market


async def test_directions_with_seats_of_their_own_are_places(office: Matching) -> None:
    """An opening whose directions have no quota is one place for all of them."""
    await office.listed(SOUTH_EMERGENCY + "#day", points=70)
    await office.listed(SOUTH_EMERGENCY + "#ward", points=80)
    await office.listed(NORTH_CHILDREN + "#neonatology", points=80)
    made = await run(office)
    with office.database.use():
        places = await places_of_run(made.id)
    assert [(each.code, each.quota, each.taken, each.ranked) for each in places] == [
        (NORTH_MEDICINE, 1, 0, 0),
        (f"{NORTH_CHILDREN}#cardiology", 1, 0, 0),
        (f"{NORTH_CHILDREN}#neonatology", 2, 1, 1),
        (SOUTH_MEDICINE, 2, 0, 0),
        (SOUTH_EMERGENCY, 2, 2, 2),
    ]
    last = places[-1]
    assert last.cut_off == 70
    assert (last.ties.rule.value, last.ties.seed) == ("lottery", "2026-03-15")
    assert places[0].ties.rule.value == "heaviest_then_earliest"


async def test_equal_totals_are_decided_by_the_lot_of_the_program(office: Matching) -> None:
    people = [uuid4() for _ in range(4)]
    for person in people:
        await office.listed(SOUTH_MEDICINE, points=80, applicant=person)
    made = await run(office)
    drawn = sorted(people, key=lambda person: lottery_number("2026-03-15", str(person)))
    with office.database.use():
        rows = await admissions.applications_of(
            office.authority(), inputs.SearchApplicationsInput(opening=SOUTH_MEDICINE)
        )
    by_id = {str(case.id): case.applicant for case in rows}
    assert {by_id[each] for each in await placed(office, made)} == set(drawn[:2])


async def test_equal_totals_are_decided_by_the_heavier_assessment(office: Matching) -> None:
    """0.4 x 50 + 0.6 x 90 and 0.4 x 80 + 0.6 x 70 are 74 both; the examination weighs more."""
    await office.listed(NORTH_MEDICINE, points=(80, 70))
    (winner,) = await office.listed(NORTH_MEDICINE, points=(50, 90))
    made = await run(office)
    assert await placed(office, made) == {str(winner.id): NORTH_MEDICINE}
    assert (await checked(office, made)).holds


async def test_a_tie_that_the_rule_leaves_is_refused(office: Matching) -> None:
    """Both were handed in at the same moment, with the same scores: nothing is guessed."""
    one = (await office.listed(NORTH_MEDICINE))[0]
    other = (await office.listed(NORTH_MEDICINE))[0]
    before = await office.everything()
    refusal = await office.refuses(
        RefusalCode.TIES_UNDECIDED, await allocation.run_allocation(office.authority(), ASKED)
    )
    assert str(one.applicant) in refusal.message.zh
    assert str(other.applicant) in (refusal.message.en or "")
    assert await office.everything() == before


async def test_the_earlier_application_wins_where_scores_are_equal(office: Matching) -> None:
    first = await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    office.later(minutes=1)
    second = await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    office.go("2026-04-27T09:00")
    for case in (second, first):
        await office.passed(case)
    assert await placed(office, await run(office)) == {str(first.id): NORTH_MEDICINE}


async def test_who_has_not_passed_the_review_takes_no_part(office: Matching) -> None:
    await office.listed(NORTH_MEDICINE)
    office.go("2026-04-10T09:00")
    await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    gone = await office.filed(NORTH_MEDICINE, None, 1, uuid4())
    done(
        await admissions.withdraw_application(
            office.own(gone.applicant), inputs.ReasonedInput(application=gone.id, reason="不去了")
        )
    )
    made = await run(office)
    assert (made.figures.applications, made.figures.waiting) == (1, 1)
    assert [warning.en for warning in made.warnings] == [
        "1 application has not passed the review and takes no part"
    ]


async def test_a_dry_run_and_a_round_without_applications_keep_nothing(office: Matching) -> None:
    before = await office.everything()
    asked = RunAllocationInput(program=ROOT, round=MAIN, dry_run=True)
    made = done(await allocation.run_allocation(office.authority(), asked))
    assert (made.figures.applicants, made.figures.seats) == (0, 8)
    assert made.figures.average_preference is None
    assert await office.everything() == before


async def test_the_same_request_answers_the_same_run(office: Matching) -> None:
    await office.listed(NORTH_MEDICINE)
    asked = RunAllocationInput(program=ROOT, round=MAIN, idempotency_key="once")
    both = await asyncio.gather(
        *(allocation.run_allocation(office.authority(), asked) for _ in range(2))
    )
    first, second = map(done, both)
    assert first == second == done(await allocation.run_allocation(office.authority(), asked))
    with office.database.use():
        (shown,) = await operations_of(first=10)
    assert (shown.kind, shown.result) == ("allocation", {"run": str(first.id)})
    runs = done(await allocation.allocation_runs(office.authority(), ROOT, MAIN))
    assert [each.id for each in runs] == [first.id]
    found = done(await allocation.allocation_run(office.authority(), first.id))
    assert found == first


async def test_a_dry_run_does_not_look_at_its_key(office: Matching) -> None:
    """It shows the figures of now, also under a key that a run was made with."""
    await office.listed(NORTH_MEDICINE)
    desk = office.authority()
    asked = RunAllocationInput(program=ROOT, round=MAIN, idempotency_key="once")
    made = done(await allocation.run_allocation(desk, asked))
    await office.listed(SOUTH_MEDICINE)
    before = await office.everything()
    shown = done(await allocation.run_allocation(desk, replace(asked, dry_run=True)))
    assert (made.figures.placed, shown.figures.placed) == (1, 2)
    assert await office.everything() == before


async def test_one_whose_commit_was_not_answered_is_shown_as_done(
    office: Matching, database_url: str, tmp_path: Path
) -> None:
    await office.listed(NORTH_MEDICINE)
    asked = RunAllocationInput(program=ROOT, round=MAIN, idempotency_key="once")
    async with owing_the_answer(office, database_url, tmp_path, AllocationRunRow):
        await allocation.run_allocation(office.authority(), asked)
    run = done(await allocation.run_allocation(office.authority(), asked))
    with office.database.use():
        (shown,) = await operations_of(first=10)
    assert (shown.state, shown.result) == (OperationState.SUCCEEDED, {"run": str(run.id)})


async def test_a_run_from_the_program_below_is_of_the_whole_round(office: Matching) -> None:
    asked = RunAllocationInput(program="north-residency-2026", round=MAIN)
    assert done(await allocation.run_allocation(office.authority(), asked)).root_program == ROOT


async def test_what_cannot_be_run(office: Matching) -> None:
    await office.listed(NORTH_MEDICINE)
    before = await office.everything()
    desk = office.authority()
    for program, round_code, code in (
        (ROOT, "second", RefusalCode.ALLOCATION_NOT_DECLARED),
        (ROOT, "third", RefusalCode.NOT_FOUND),
        ("no-program", MAIN, RefusalCode.NOT_FOUND),
    ):
        asked = RunAllocationInput(program=program, round=round_code)
        await office.refuses(code, await allocation.run_allocation(desk, asked))
    staff = office.staff(base="north-hospital")
    await office.refuses(RefusalCode.NOT_PERMITTED, await allocation.run_allocation(staff, ASKED))
    made = await run(office)
    await office.refuses(RefusalCode.NOT_FOUND, await allocation.allocation_run(staff, made.id))
    await office.refuses(RefusalCode.NOT_FOUND, await allocation.allocation_run(desk, uuid4()))
    after = await office.everything()
    assert after[:5] == before[:5]


async def test_seats_that_are_not_published_refuse(office: Matching) -> None:
    """T36: null is not zero. Nobody can say what becomes of who asked for it."""
    await office.listed(NORTH_UNKNOWN)
    refusal = await office.refuses(
        RefusalCode.QUOTA_UNKNOWN, await allocation.run_allocation(office.authority(), ASKED)
    )
    assert refusal.message.en == (
        f"{NORTH_UNKNOWN}: the number of seats is not published, so none can be taken: "
        "To be announced"
    )


_NORTH_OPENINGS = '    openings:\n      - {specialty: "0100", quota: 1, source: NORTH:10 计划表}\n'
_NORTH_SUSPENDED = "    policies: {recruitment_suspended: {value: 'true', source: NORTH:3 整改}}\n"
_NORTH_CAPACITY = '  - {specialty: "0100", capacity: 4, source: NORTH:2 专业}'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (_NORTH_CAPACITY, _NORTH_CAPACITY.replace("capacity", "suspended: {zh: 整改}, capacity")),
        (_NORTH_OPENINGS, _NORTH_SUSPENDED + _NORTH_OPENINGS),
    ],
)
async def test_nobody_is_placed_where_recruitment_is_suspended(
    office: Matching, database: Database, tmp_path: Path, old: str, new: str
) -> None:
    """R272: who applied before it was suspended gets the next choice, and the rest goes on."""
    cases = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE)
    suspended = await changed_office(database, tmp_path, old, new)
    assert not suspended.loaded.problems.errors, suspended.loaded.problems
    suspended.now = office.now
    made = await run(suspended)
    assert await placed(suspended, made) == {str(cases[1].id): SOUTH_MEDICINE}
    more = SimulateAllocationInput(
        program=ROOT, round=MAIN, seats=(ChangedSeats(opening=NORTH_MEDICINE, seats=3),)
    )
    compared = done(await allocation.simulate_allocation(suspended.authority(), more))
    assert compared.simulated.by_preference == (0, 1)
    outcome = done(
        await allocation.propose_allocation(
            suspended.authority(), allocation.ProposeAllocationInput(run=made.id)
        )
    )
    assert [each.application for each in outcome.effects] == [cases[1].id]


_TWO_DIRECTIONS = """        quota: 3
        directions:
          - {id: cardiology, name: {zh: 儿童心血管, en: Paediatric cardiology}, quota: 1}
          - {id: neonatology, name: {zh: 新生儿, en: Neonatology}, quota: 2}
"""


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        (
            '      - {specialty: "0100", quota: 1, source: NORTH:10 计划表}\n',
            "",
            NORTH_MEDICINE,
        ),
        ("  - code: north-residency-2026\n", "  - code: north-residency-2027\n", NORTH),
        (
            _TWO_DIRECTIONS,
            _TWO_DIRECTIONS.replace("quota: 3", "quota: 1").rpartition("          -")[0],
            f"{NORTH_CHILDREN}#neonatology",
        ),
    ],
)
async def test_what_left_the_plan_refuses(
    office: Matching, database: Database, tmp_path: Path, old: str, new: str, gone: str
) -> None:
    """A row, a program, a direction: where its file has an error they come back tomorrow."""
    await office.listed(NORTH_MEDICINE, NORTH_CHILDREN + "#neonatology", SOUTH_MEDICINE)
    made = await run(office)
    changed = await changed_office(database, tmp_path, old, new)
    assert not changed.loaded.problems.errors, changed.loaded.problems
    changed.now = office.now
    desk = changed.authority()
    before = await office.everything()
    for answer in (
        await allocation.run_allocation(desk, ASKED),
        await allocation.propose_allocation(desk, allocation.ProposeAllocationInput(run=made.id)),
    ):
        refusal = await changed.refuses(RefusalCode.QUOTA_UNKNOWN, answer)
        assert refusal.message.en == (
            f"there are applications for {gone}, which is in no plan now: bring it back, with a "
            "quota of 0 where nobody is to be taken"
        )
    assert await office.everything() == before


async def test_quotas_that_overlap_refuse(database: Database, tmp_path: Path) -> None:
    """A round of 2 seats over openings of more: no document says whose applicant yields."""
    office = await changed_office(
        database,
        tmp_path,
        "        max_preferences: 3\n",
        "        max_preferences: 3\n        quota: 2\n",
    )
    await office.listed(NORTH_MEDICINE, points=80)
    await office.listed(SOUTH_MEDICINE, points=81)
    # As long as no more than two can be placed at all, the round's quota stops nobody.
    made = await run(office)
    assert made.figures.placed == 2
    await office.listed(SOUTH_EMERGENCY + "#day", points=82)
    refusal = await office.refuses(
        RefusalCode.QUOTAS_OVERLAP, await allocation.run_allocation(office.authority(), ASKED)
    )
    assert refusal.message.en == (
        "quotas overlap, so that preferences and scores do not decide who takes the seat: "
        f"round:{ROOT}/{MAIN} has 2 left, while what it holds may take 3"
    )


async def test_a_seed_that_is_still_to_come_refuses(database: Database, tmp_path: Path) -> None:
    office = await changed_office(
        database,
        tmp_path,
        'tie_lottery_seed: {value: "2026-03-15", source: SOUTH:7 并列}',
        "tie_lottery_seed: {value: null, note: 开盘指数, source: SOUTH:7 并列}",
    )
    await office.listed(SOUTH_MEDICINE)
    await office.refuses(
        RefusalCode.TIE_SEED_UNKNOWN, await allocation.run_allocation(office.authority(), ASKED)
    )


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (
            "UPDATE allocation_choice SET verdict = (ARRAY['outranked', 'placed'])[rank]",
            ViolationKind.BLOCKING_PAIR,
        ),
        ("UPDATE allocation_choice SET value = value + 1 WHERE rank = 2", None),
        ("UPDATE allocation_place SET quota = 2 WHERE ranked = 2", None),
        ("UPDATE allocation_place SET cut_off = cut_off - 1 WHERE ranked = 2",
         ViolationKind.CUT_OFF_WRONG),
        ("DELETE FROM allocation_choice WHERE rank = 2", None),
    ],
)  # fmt: skip
async def test_a_run_that_somebody_changed_is_found(
    office: Matching, database_url: str, statement: str, kind: ViolationKind | None
) -> None:
    """Whoever owns the database can switch a trigger off; the digests tell."""
    await office.listed(NORTH_MEDICINE, points=90)
    await office.listed(NORTH_MEDICINE, points=80)
    made = await run(office)
    assert (await checked(office, made)).holds
    connection = await asyncpg.connect(database_url)
    for table in ("allocation_choice", "allocation_place"):
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await connection.execute(statement)
    await connection.close()
    check = await checked(office, made)
    assert not check.holds
    assert check.violations[0].kind is (kind or ViolationKind.MARKET_CHANGED)


async def test_an_opening_is_matched_by_its_own_steps(database: Database, tmp_path: Path) -> None:
    """Its applications wait where its own proposal comes next: here after the scores."""
    office = await own_steps_office(database, tmp_path, "base-review")
    cases = [await office.filed(NORTH_MEDICINE, None, 1, uuid4()) for _ in range(2)]
    office.go("2026-04-27T09:00")
    for case, points in zip(cases, (80, 90), strict=True):
        await office.assessed(case, points)
    reviewed = await office.listed(SOUTH_MEDICINE)
    made = await run(office)
    assert made.figures.waiting == 0
    assert await placed(office, made) == {
        str(cases[1].id): NORTH_MEDICINE,
        str(reviewed[0].id): SOUTH_MEDICINE,
    }
    reason = inputs.ReasonedInput(application=cases[1].id, reason="不去了")
    done(await admissions.withdraw_application(office.own(cases[1].applicant), reason))
    await office.refuses(
        RefusalCode.ALLOCATION_OUTDATED,
        await allocation.propose_allocation(
            office.authority(), allocation.ProposeAllocationInput(run=made.id)
        ),
    )
    again = await run(office)
    outcome = await allocation.propose_allocation(
        office.authority(), allocation.ProposeAllocationInput(run=again.id)
    )
    proposed = {effect.application for effect in done(outcome).effects}
    assert proposed == {cases[0].id, reviewed[0].id}


@pytest.mark.parametrize("own", [False, True])
async def test_weights_of_an_opening_decide_who_is_placed_there(
    database: Database, tmp_path: Path, own: bool
) -> None:
    """T42: the province weighs 0.4 and 0.6; where it says so, an opening 0.9 and 0.1.

    76 against 78 points by the province's weights, 96 against 63 by the opening's.
    """
    plan = '      - {specialty: "0100", quota: 1, source: NORTH:10 计划表}\n'
    weighed = (
        '      - specialty: "0100"\n'
        "        quota: 1\n"
        "        source: NORTH:10 计划表\n"
        "        policies:\n"
        "          interview_weight: {value: '0.9', source: NORTH:10 本专业规定}\n"
        "          examination_weight: {value: '0.1', source: NORTH:10 本专业规定}\n"
    )
    office = await changed_office(database, tmp_path, plan, weighed if own else plan)
    assert not office.loaded.problems.errors, office.loaded.problems
    spoke = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=(100, 60))
    wrote = await office.listed(NORTH_MEDICINE, SOUTH_MEDICINE, points=(60, 90))
    made = await run(office)
    here, there = (spoke, wrote) if own else (wrote, spoke)
    assert await placed(office, made) == {
        str(here[0].id): NORTH_MEDICINE,
        str(there[1].id): SOUTH_MEDICINE,
    }
    check = await checked(office, made)
    assert (check.holds, check.market) == (True, made.market)
