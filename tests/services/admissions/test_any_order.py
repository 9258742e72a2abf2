"""Whatever is done in whatever order: no seat too many, no record lost, no state without guards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from admissions_office import (
    HOSPITAL,
    MEDICINE,
    PACKET,
    PAEDIATRICS,
    SHOWN,
    Office,
    moment,
    sample_catalogue,
)
from postgres_server import PostgresServer
from zhupei.db.connection import Database
from zhupei.db.models import (
    ApplicationRow,
    BanRow,
    PublicityRow,
    SeatRow,
    TraineePaymentRow,
    TraineeRow,
)
from zhupei.domain.admission_case import AdmissionCase, AgreementKind, BulkOutcome
from zhupei.domain.admission_process import EXITS, SEAT_STATES, path_of
from zhupei.domain.admission_process import ApplicationState as S
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.registrations import EndKind
from zhupei.domain.trainees import Month
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.admissions.store import cases_of
from zhupei.services.admissions.training_inputs import (
    EndTrainingInput,
    PaymentEntry,
    RecordPaymentsInput,
    ReduceTrainingInput,
)
from zhupei.services.audit import verify_audit_chain

pytestmark = pytest.mark.slow

QUOTAS = {MEDICINE: 2, PAEDIATRICS: 3}
# When each next state can be reached, so that random walks get far.
MOMENTS = {
    S.SUBMITTED: "2026-04-10T09:00",
    S.CHECKED: "2026-04-27T09:00",
    S.ASSESSED: "2026-04-27T10:00",
    S.OPINED: "2026-04-28T09:00",
    S.REVIEWED: "2026-04-29T09:00",
    S.IN_PUBLICITY: "2026-05-11T09:00",
    S.CONFIRMED: "2026-05-12T09:00",
    S.ADMITTED: "2026-05-22T09:00",
    S.NOTIFIED: "2026-05-23T09:00",
    S.REPORTED: "2026-08-30T09:00",
    S.CONTRACTED: "2026-08-31T09:00",
    S.REGISTERED: "2026-09-01T09:00",
}
TABLES = (
    "application_score, objection, application_transition, application, seat, publicity, "
    "invitation, plan_increase, ban, bulk_operation, round_freeze, trainee_payment, trainee"
)
_PLACE: dict[str, Any] = {}

cases = st.integers(0, 5)
points = st.integers(0, 100)
openings = st.sampled_from([MEDICINE, PAEDIATRICS])


class Recruitment(RuleBasedStateMachine):
    """The fictional hospital's first round, driven at random."""

    def __init__(self) -> None:
        super().__init__()
        self.office: Office = _PLACE["office"]
        self.run(_empty())
        self.office.go("2026-04-10T09:00")
        self.ids: list[UUID] = []
        self.revisions: dict[UUID, int] = {}
        self.operations: list[UUID] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end on the one loop of the test."""
        return _PLACE["loop"].run_until_complete(work)

    def case(self, number: int) -> AdmissionCase | None:
        if not self.ids:
            return None
        return self.run(self.office.case(self.ids[number % len(self.ids)]))  # type: ignore[no-any-return]  # what case() gives

    def remember(self, answer: Any) -> None:
        if isinstance(answer, BulkOutcome) and answer.operation is not None:
            self.operations.append(answer.operation)
        if isinstance(answer, AdmissionCase) and answer.id not in self.ids:
            self.ids.append(answer.id)

    @initialize(
        people=st.lists(st.tuples(openings, st.integers(3, 12), points), min_size=3, max_size=6)
    )
    def begin(self, people: list[tuple[str, int, int]]) -> None:
        """Bring some people as far as they get, best first, side by side."""
        people = sorted(people, key=lambda person: -person[2])
        for opening, _, _ in people:
            self.apply(opening)
        for step in range(12):
            for number, (_, depth, given) in enumerate(people):
                if step < depth:
                    self.advance(number, given, moves_clock=True)

    @rule(opening=openings)
    def apply(self, opening: str) -> None:
        if len(self.ids) < 6:
            self.office.go(MOMENTS[S.SUBMITTED])
            direction = "neonatology" if opening == PAEDIATRICS else None
            self.remember(self.run(self.office.submitted(opening, direction=direction)))

    @rule(number=cases, points=points, moves_clock=st.booleans())
    def advance(self, number: int, points: int, *, moves_clock: bool) -> None:
        """Try the next action of one application, at the right moment or at any."""
        case = self.case(number)
        if case is None:
            return
        path = path_of(_PLACE["program"], case.round, case.channel)
        following = path.next_after(case.state)
        if following is not None:
            if moves_clock:
                self.office.go(MOMENTS[following.state])
            self.remember(self.run(_forward(self.office, case, following.state, points)))

    @rule(chosen=st.sets(cases, min_size=1, max_size=4))
    def publish(self, chosen: set[int]) -> None:
        found = [case for number in sorted(chosen) if (case := self.case(number)) is not None]
        self.office.go(MOMENTS[S.IN_PUBLICITY])
        if found:
            self.remember(self.run(self.office.publish(*found)))

    @rule(number=cases, how=st.sampled_from(["withdraw", "decline", "reject", "fraud", "transfer"]))
    def leave(self, number: int, how: str) -> None:
        case = self.case(number)
        if case is not None:
            self.remember(self.run(_leave(self.office, case, how)))

    @rule(
        number=cases,
        kind=st.sampled_from(EndKind),
        dry_run=st.booleans(),
        impose_ban=st.booleans(),
        at=st.sampled_from(["2026-08-31T09:00", "2026-09-01T09:00", "2027-02-01T09:00"]),
    )
    def end_training(
        self, number: int, kind: EndKind, dry_run: bool, impose_ban: bool, at: str
    ) -> None:
        """Try to end the training of one application, whether there is one or not."""
        trainee = self._trainee(number)
        if trainee is None:
            return
        self.office.go(at)
        given = EndTrainingInput(
            trainee=trainee, kind=kind, reason="x", impose_ban=impose_ban, dry_run=dry_run
        )
        desk = self.office.authority() if impose_ban else self.office.staff()
        self.run(admissions.end_training(desk, given))

    @rule(
        number=cases,
        month=st.integers(8, 12),
        amount=st.integers(0, 3),
        source=st.sampled_from([FundingSource.CENTRAL_FISCAL, FundingSource.BASE, None]),
    )
    def pay(self, number: int, month: int, amount: int, source: FundingSource | None) -> None:
        """Try to record a payment; months before and amounts of nothing are refused."""
        trainee = self._trainee(number)
        if trainee is None:
            return
        self.office.go("2026-12-15T09:00")
        entry = PaymentEntry(
            trainee=trainee,
            month=Month(2026, month),
            line="stipend",
            amount=Decimal(amount),
            payer=Payer.BASE,
            funding_source=source,
            funding_note="x" if source is None else None,
        )
        self.run(
            admissions.record_payments(self.office.staff(), RecordPaymentsInput(payments=(entry,)))
        )

    @rule(number=cases, months=st.integers(0, 13))
    def reduce(self, number: int, months: int) -> None:
        trainee = self._trainee(number)
        if trainee is not None:
            given = ReduceTrainingInput(trainee=trainee, months=months, reason="x")
            self.run(admissions.reduce_training(self.office.staff(), given))

    def _trainee(self, number: int) -> UUID | None:
        case = self.case(number)

        async def found() -> UUID | None:
            with self.office.database.use():
                row = await TraineeRow.get_or_none(application_id=case.id if case else None)
                return None if row is None else row.id

        return None if case is None else self.run(found())

    @rule(at=st.sampled_from(["2026-05-21T00:00", "2026-09-15T00:00"]))
    def sweep(self, at: str) -> None:
        """Let time pass: confirmations expire, no-shows lose their places."""
        self.office.go(at)
        desk = self.office.staff()
        expire = inputs.ExpireConfirmationsInput(program=HOSPITAL)
        self.remember(self.run(admissions.expire_confirmations(desk, expire)))
        absent = inputs.MarkNoShowsInput(program=HOSPITAL)
        self.remember(self.run(admissions.mark_no_shows(desk, absent)))

    @rule(number=cases)
    def revert(self, number: int) -> None:
        if self.operations:
            operation = self.operations[number % len(self.operations)]
            given = inputs.RevertBulkInput(operation=operation, reason="有误")
            self.remember(self.run(admissions.revert_bulk(self.office.authority(), given)))

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        with self.office.database.use():
            found = await cases_of(await ApplicationRow.all())
            taken = {row.scope: row.taken for row in await SeatRow.all()}
            lists = {row.id: row for row in await PublicityRow.all()}
            trainees = {row.application_id: row for row in await TraineeRow.all()}  # type: ignore[attr-defined]  # the relation's column
            payments = await TraineePaymentRow.all().prefetch_related("trainee")
            bans = {row.application_id for row in await BanRow.all()}
        for opening, quota in QUOTAS.items():
            holders = [c for c in found if c.opening == opening and c.state in SEAT_STATES]
            assert taken.get(f"opening:{opening}", 0) == len(holders) <= quota
        for case in found:
            assert case.holds_seat == (case.state in SEAT_STATES)
            assert case.revision >= self.revisions.get(case.id, 1)
            self.revisions[case.id] = case.revision
            _guarded(case, lists)
            _trains(case, trainees.get(case.id))
        ended = {id_ for id_, row in trainees.items() if row.state == "WITHDRAWN"}
        assert bans <= ended
        for payment in payments:
            assert payment.amount > 0
            assert payment.month >= payment.trainee.started_on.replace(day=1)
        assert set(self.revisions) == {case.id for case in found}

    def teardown(self) -> None:
        async def check() -> None:
            with self.office.database.use():
                report = await verify_audit_chain()
            assert report.broken is None, report
            assert report.records == sum(self.revisions.values())

        self.run(check())


def _trains(case: AdmissionCase, trainee: TraineeRow | None) -> None:
    """Check that whoever is registered is a trainee, and nobody else but the cancelled ones."""
    if case.state is S.REGISTERED:
        assert trainee is not None
        assert trainee.state in {"IN_TRAINING", "WITHDRAWN", "TRANSFERRED", "DISMISSED"}
    elif trainee is not None:
        assert case.state is S.CANCELLED
        assert trainee.state != "IN_TRAINING"
    if trainee is not None:
        assert (trainee.applicant_id, trainee.opening_code) == (case.applicant, case.opening)
        assert (trainee.state == "IN_TRAINING") == (trainee.ended_on is None)
        assert (trainee.months, trainee.ends_on) == (36, date(2029, 8, 31))


def _guarded(case: AdmissionCase, lists: dict[UUID, PublicityRow]) -> None:
    """Check that a case has what its state presupposes."""
    order = list(S)
    if case.state in EXITS or case.state is S.DRAFT:
        return
    at = order.index(case.state)
    assert case.eligibility is not None
    assert {document.document for document in case.documents} == {"identity-scan"}
    if at >= order.index(S.ASSESSED):
        assert [each.assessment for each in case.scores] == ["examination", "interview"]
    if at >= order.index(S.OPINED):
        assert (case.opinion, case.packet) == ("同意", PACKET)
    if at >= order.index(S.IN_PUBLICITY):
        assert case.publicity is not None
        shown = lists[case.publicity]
        day = shown.published_at.astimezone(CHINA_TIME).date()
        calendar = _PLACE["office"].loaded.catalogue.calendar
        assert shown.ends_on == calendar.publicity_end(day, 7, count_first_day=False)
        assert shown.withdrawn_at is None
        if at >= order.index(S.CONFIRMED):
            assert case.confirmed_at is not None
            assert shown.published_at <= case.confirmed_at < shown.ends_at
    if at >= order.index(S.REPORTED):
        assert case.reported_on is not None
        assert case.report_by is not None
        assert (case.reported_on - case.report_by).days <= 14
    if at >= order.index(S.CONTRACTED):
        assert case.agreement is AgreementKind.LABOUR_CONTRACT


async def _forward(office: Office, case: AdmissionCase, target: S, points: int) -> Any:
    desk, id_ = office.staff(), case.id
    plain = inputs.ApplicationInput(application=id_)
    if target is S.ASSESSED:
        score = inputs.RecordScoreInput(application=id_, points=Decimal(points), of=100)
        await admissions.record_interview(desk, score)
        return await admissions.record_examination(desk, score)
    actions: dict[S, Callable[[], Awaitable[Any]]] = {
        S.CHECKED: lambda: admissions.record_eligibility_check(
            desk, inputs.RecordEligibilityCheckInput(application=id_, passed=True)
        ),
        S.OPINED: lambda: admissions.give_opinion(
            office.staff("specialty_base"),
            inputs.GiveOpinionInput(application=id_, admit=True, opinion="同意", packet=PACKET),
        ),
        S.REVIEWED: lambda: admissions.review_application(
            desk, inputs.ReviewApplicationInput(application=id_, approved=True)
        ),
        S.IN_PUBLICITY: lambda: office.publish(case),
        S.CONFIRMED: lambda: admissions.confirm_admission(office.own(case.applicant), plain),
        S.ADMITTED: lambda: admissions.admit(desk, inputs.AdmitInput(applications=(id_,))),
        S.NOTIFIED: lambda: admissions.send_notice(
            desk, inputs.SendNoticeInput(applications=(id_,))
        ),
        S.REPORTED: lambda: admissions.record_report(
            desk, inputs.RecordReportInput(application=id_, documents=SHOWN)
        ),
        S.CONTRACTED: lambda: office.signed_or_refused(case),
        S.REGISTERED: lambda: admissions.register_trainee(desk, plain),
    }
    return await actions[target]()


async def _leave(office: Office, case: AdmissionCase, how: str) -> Any:
    reason = inputs.ReasonedInput(application=case.id, reason="x")
    own, desk = office.own(case.applicant), office.staff()
    match how:
        case "withdraw":
            return await admissions.withdraw_application(own, reason)
        case "decline":
            return await admissions.decline_admission(own, reason)
        case "reject":
            return await admissions.reject_application(desk, reason)
        case "fraud":
            given = inputs.CancelForFraudInput(application=case.id, reason="x")
            return await admissions.cancel_for_fraud(desk, given)
        case _:
            office.go(MOMENTS[S.SUBMITTED])
            return await admissions.transfer_application(
                desk,
                inputs.TransferApplicationInput(
                    consent="书面同意",
                    application=case.id,
                    opening=PAEDIATRICS,
                    direction="neonatology",
                    reason="x",
                ),
            )


async def _empty() -> None:
    connection = await asyncpg.connect(_PLACE["url"])
    await connection.execute(
        "ALTER TABLE application_transition DISABLE TRIGGER ALL; "
        "ALTER TABLE state_record DISABLE TRIGGER ALL; "
        f"TRUNCATE {TABLES}, state_record CASCADE; "
        "UPDATE audit_head SET sequence = 0, anchor = repeat('0', 64); "
        "ALTER TABLE application_transition ENABLE TRIGGER ALL; "
        "ALTER TABLE state_record ENABLE TRIGGER ALL"
    )
    await connection.close()


@contextmanager
def _office(url: str, tmp_path: Path) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    database = Database(data_dir=tmp_path, url=url, pool_size=2)
    loop.run_until_complete(database.start())
    loaded = loop.run_until_complete(sample_catalogue())
    _PLACE.update(
        loop=loop,
        url=url,
        office=Office(database, loaded, moment("2026-04-10T09:00")),
        program=loaded.catalogue.programs[HOSPITAL],
    )
    try:
        yield
    finally:
        loop.run_until_complete(database.stop())
        loop.close()
        _PLACE.clear()


def test_any_order_of_actions(postgres_server: PostgresServer, tmp_path: Path) -> None:
    name = postgres_server.new_database()
    with _office(postgres_server.url(name), tmp_path):
        run_state_machine_as_test(
            Recruitment,
            settings=settings(
                max_examples=8,
                stateful_step_count=12,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=[Phase.generate],  # an example of a few people is short enough
            ),
        )
    postgres_server.drop_database(name)
