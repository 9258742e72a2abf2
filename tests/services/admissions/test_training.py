"""Trainees: made with the registration, shortened, ended, with what is paid back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from admissions_office import (
    FELLOW,
    HEART,
    MEDICINE,
    PERSON,
    Office,
    changed_catalogue,
    done,
)
from zhupei.db.models import BanRow, TraineePaymentRow, TraineeRow
from zhupei.domain.admission_case import AgreementKind
from zhupei.domain.admission_process import Action, Channel
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.domain.people import Degree, DegreeLevel, DegreeType, TraineeType
from zhupei.domain.registrations import EndKind, Registration, TraineeState
from zhupei.domain.text import Text
from zhupei.domain.trainees import Month
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.admissions.training_inputs import (
    CancelPaymentInput,
    EndTrainingInput,
    PaymentEntry,
    RecordPaymentsInput,
    ReduceTrainingInput,
    RegisterTraineeInput,
)
from zhupei.services.admissions.training_rows import registration_of, registration_of_application
from zhupei.services.audit import verify_audit_chain

MASTER = replace(
    PERSON,
    degrees=(Degree(level=DegreeLevel.MASTER, type=DegreeType.PROFESSIONAL, major="内科学"),),
)
_R = RefusalCode


async def registered(office: Office, *, candidate: object = None) -> Registration:
    """Bring one person all the way: reported on 30 August, registered the day after."""
    office.go("2026-04-10T09:00")
    case = await office.submitted(MEDICINE, candidate=candidate or MASTER)  # type: ignore[arg-type]  # a test varies it
    office.go("2026-04-27T09:00")
    await office.reviewed(case, 90)
    office.go("2026-05-11T10:00")
    done(await office.publish(case))
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    office.go("2026-08-31T09:00")
    await office.signed(case)
    done(
        await admissions.register_trainee(
            office.staff(), inputs.ApplicationInput(application=case.id)
        )
    )
    return await trainee_of(office, case.id)


async def trainee_of(office: Office, application: UUID) -> Registration:
    with office.database.use():
        found = await registration_of_application(application)
    assert found is not None
    return found


async def again(office: Office, trainee: Registration) -> Registration:
    with office.database.use():
        return registration_of(await TraineeRow.get(id=trainee.id))


async def everything(office: Office) -> tuple[object, ...]:
    with office.database.use():
        return (
            await office.everything(),
            await TraineeRow.all().order_by("id").values(),
            await TraineePaymentRow.all().order_by("id").values(),
            await BanRow.all().order_by("id").values(),
        )


def paid(
    trainee: Registration,
    month: int,
    line: str,
    amount: str,
    source: FundingSource | None,
    *,
    note: str | None = None,
    payer: Payer = Payer.BASE,
) -> PaymentEntry:
    return PaymentEntry(
        trainee=trainee.id,
        month=Month(2026, month),
        line=line,
        amount=Decimal(amount),
        payer=payer,
        funding_source=source,
        funding_note=note,
    )


async def test_a_registration_makes_a_trainee(office: Office) -> None:
    """R156, R060, T29: who, where, since when, how long, and how far it can be shortened."""
    found = await registered(office)
    case = await office.case(found.application)
    assert (found.applicant, found.base, found.opening, found.specialty, found.year) == (
        case.applicant,
        "sample-hospital",
        MEDICINE,
        "0100",
        2026,
    )
    assert (found.root_program, found.trainee_type, found.channel) == (
        "sample-residency-2026",
        TraineeType.SOCIAL,
        Channel.BATCH,
    )
    assert (found.state, found.agreement) == (
        TraineeState.IN_TRAINING,
        AgreementKind.LABOUR_CONTRACT,
    )
    # Training starts in September (R218), though the person reported on 30 August.
    assert (found.started_on, found.months, found.ends_on) == (
        date(2026, 9, 1),
        36,
        date(2029, 8, 31),
    )
    assert (found.degree_level, found.degree_type) == (
        DegreeLevel.MASTER,
        DegreeType.PROFESSIONAL,
    )
    assert (found.least_months, found.earliest_end) == (24, date(2028, 8, 31))
    assert found.length_note is None
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_whoever_starts_later_ends_later(office: Office) -> None:
    office.go("2026-04-12T09:00")
    person = uuid4()
    candidate = replace(FELLOW, stay_months=3)
    case = await office.draft(HEART, person, round_code="june", candidate=candidate)
    done(
        await admissions.submit_application(
            office.own(person), inputs.SubmitApplicationInput(application=case.id)
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
    office.go("2026-04-20T09:00")
    done(
        await admissions.send_notice(
            office.staff(), inputs.SendNoticeInput(applications=(case.id,))
        )
    )
    office.go("2026-06-01T09:00")
    done(
        await admissions.record_report(
            office.staff(), inputs.RecordReportInput(application=case.id)
        )
    )
    # This fellowship's path ends with the report: nobody is registered by the province.
    refused = await admissions.register_trainee(
        office.staff(), inputs.ApplicationInput(application=case.id)
    )
    await office.refuses(_R.NOT_ALLOWED_IN_STATE, refused)
    with office.database.use():
        assert await TraineeRow.all().count() == 0


@pytest.mark.parametrize(
    ("trainee_type", "channel"),
    [
        (TraineeType.PROFESSIONAL_MASTER, Channel.DIRECT_REGISTRATION),
        (TraineeType.RURAL_ORDER, Channel.DIRECT_ASSIGNMENT),
    ],
)
async def test_direct_channels_end_in_a_registration_too(
    office: Office, trainee_type: TraineeType, channel: Channel
) -> None:
    """R126, R127, T60: they never apply in a round, and are registered all the same."""
    candidate = replace(PERSON, trainee_type=trainee_type)
    person = uuid4()
    desk = office.authority()
    case = done(
        await admissions.create_application(
            desk,
            inputs.CreateApplicationInput(applicant=person, opening=MEDICINE, candidate=candidate),
        )
    )
    assert case.channel is channel
    done(
        await admissions.submit_application(
            desk, inputs.SubmitApplicationInput(application=case.id)
        )
    )
    if channel is Channel.DIRECT_ASSIGNMENT:
        done(await admissions.admit(desk, inputs.AdmitInput(applications=(case.id,))))
        office.go("2026-08-30T09:00")
        done(
            await admissions.send_notice(
                office.staff(),
                inputs.SendNoticeInput(applications=(case.id,), report_by=date(2026, 8, 31)),
            )
        )
        await office.reported(case)
        done(
            await admissions.sign_agreement(
                office.staff(),
                inputs.SignAgreementInput(
                    application=case.id,
                    kind=AgreementKind.DIRECTED_ENTRUSTMENT,
                    signed_on=office.today,
                ),
            )
        )
    done(
        await admissions.register_trainee(
            office.staff(), RegisterTraineeInput(application=case.id, started_on=date(2026, 9, 15))
        )
    )
    found = await trainee_of(office, case.id)
    assert (found.trainee_type, found.channel, found.started_on) == (
        trainee_type,
        channel,
        date(2026, 9, 15),
    )
    # Without a degree that qualifies, only the regular length is certain (T29).
    assert (found.months, found.least_months, found.earliest_end) == (36, None, None)


async def test_training_starts_after_the_report_on_a_day_that_can_be_meant(office: Office) -> None:
    office.go("2026-04-10T09:00")
    (case,) = await office.published(90)
    await office.confirmed(case)
    await office.notified(case)
    office.go("2026-08-30T09:00")
    await office.reported(case)
    await office.signed(case)
    before = await everything(office)
    given = RegisterTraineeInput(application=case.id, started_on=date(2026, 8, 29))
    refusal = await office.refuses(
        _R.INPUT_INVALID, await admissions.register_trainee(office.staff(), given)
    )
    assert (refusal.field, refusal.message.en) == (
        "startedOn",
        "training does not start before the report on 2026-08-30",
    )
    assert await everything(office) == before
    # Its end would lie after the last date there is, which was an internal error.
    given = replace(given, started_on=date(9999, 12, 31))
    refusal = await office.refuses(
        _R.INPUT_INVALID, await admissions.register_trainee(office.staff(), given)
    )
    assert (refusal.field, refusal.message.en) == (
        "startedOn",
        "9999-12-31 lies more than 10 years ahead: check the date",
    )
    assert await everything(office) == before


async def test_a_reduction_after_the_assessment(office: Office) -> None:
    """R060: one year less at most by the rules, with the reason kept."""
    found = await registered(office)

    def asked(months: int, key: str | None = None) -> ReduceTrainingInput:
        return ReduceTrainingInput(
            trainee=found.id, months=months, reason="减免考核合格", idempotency_key=key
        )

    before = await everything(office)
    refusal = await office.refuses(
        _R.REDUCTION_TOO_LONG, await admissions.reduce_training(office.staff(), asked(13))
    )
    assert refusal.message == Text("可减免 1 至 12 个月", "1 to 12 months may be taken off")
    await office.refuses(
        _R.NOT_FOUND,
        await admissions.reduce_training(office.staff(base="sample-clinic"), asked(12)),
    )
    assert await everything(office) == before
    shorter = done(await admissions.reduce_training(office.staff(), asked(12, "k")))
    assert (shorter.reduced_months, shorter.ends_on) == (12, date(2028, 8, 31))
    repeated = done(await admissions.reduce_training(office.staff(), asked(12, "k")))
    assert repeated == shorter
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None
    timeline = await admissions.timeline_of(office.authority(), found.application)
    assert timeline is not None
    assert [record.action for record in timeline.records][-2:] == [
        Action.REGISTER,
        Action.REDUCE_TRAINING,
    ]


async def test_nothing_is_reduced_where_the_degree_is_not_known(office: Office) -> None:
    found = await registered(office, candidate=PERSON)
    assert found.degree_level is None
    before = await everything(office)
    given = ReduceTrainingInput(trainee=found.id, months=12, reason="x")
    await office.refuses(_R.LENGTH_UNKNOWN, await admissions.reduce_training(office.staff(), given))
    assert await everything(office) == before


async def test_the_ledger_tells_what_a_withdrawal_pays_back(office: Office) -> None:
    """R057, T44: fiscal money by source; what the documents do not separate is null, not 0."""
    found = await registered(office)
    office.go("2026-12-15T09:00")
    entries = (
        paid(found, 9, "stipend", "4000", FundingSource.CENTRAL_FISCAL),
        paid(found, 10, "stipend", "4000", FundingSource.CENTRAL_FISCAL),
        paid(found, 10, "stipend", "2000.50", FundingSource.PROVINCIAL_FISCAL),
        paid(found, 9, "post", "1000", FundingSource.BASE),
        paid(found, 9, "meal", "600", FundingSource.MIXED_FISCAL_AND_BASE),
        paid(found, 10, "night", "310", None, note="财务未提供"),
    )
    recorded = done(
        await admissions.record_payments(office.staff(), RecordPaymentsInput(payments=entries))
    )
    assert len(recorded) == 6
    before = await everything(office)
    shown = done(
        await admissions.end_training(
            office.staff(),
            EndTrainingInput(
                trainee=found.id, kind=EndKind.PERSONAL_REASONS, reason="个人原因", dry_run=True
            ),
        )
    )
    assert await everything(office) == before
    assert (shown.dry_run, shown.trainee.state) == (True, TraineeState.WITHDRAWN)
    cost = shown.repayment
    assert cost is not None
    assert [
        (line.line, line.funding_source, line.payments, line.amount) for line in cost.lines
    ] == [
        ("meal", FundingSource.MIXED_FISCAL_AND_BASE, 1, None),
        ("night", None, 1, None),
        ("stipend", FundingSource.CENTRAL_FISCAL, 2, Decimal("8000.00")),
        ("stipend", FundingSource.PROVINCIAL_FISCAL, 1, Decimal("2000.50")),
    ]
    assert (cost.certain, cost.total, cost.at_most) == (
        Decimal("10000.50"),
        None,
        Decimal("10910.50"),
    )
    assert cost.ban_years == 3
    assert cost.source is not None
    assert cost.lines[0].note is not None
    assert "未区分金额" in cost.lines[0].note.zh


async def test_a_withdrawal_and_the_ban_that_a_person_decides(office: Office) -> None:
    """R057, T43: the office ends the training; who may decide on bans imposes one with it."""
    found = await registered(office)
    office.go("2026-12-15T09:00")
    given = EndTrainingInput(
        trainee=found.id,
        kind=EndKind.PERSONAL_REASONS,
        reason="个人原因退培",
        impose_ban=True,
        idempotency_key="end",
    )
    before = await everything(office)
    await office.refuses(_R.NOT_PERMITTED, await admissions.end_training(office.staff(), given))
    assert await everything(office) == before
    plain = replace(given, impose_ban=False)
    ended = done(await admissions.end_training(office.staff(), plain))
    assert (ended.trainee.state, ended.trainee.ended_on, ended.trainee.end_reason) == (
        TraineeState.WITHDRAWN,
        date(2026, 12, 15),
        "个人原因退培",
    )
    assert done(await admissions.end_training(office.staff(), plain)).trainee == ended.trainee
    assert await office.taken() == 1  # the seat of the cycle stays used
    with office.database.use():
        assert await BanRow.all().count() == 0
    after = await everything(office)
    await office.refuses(
        _R.TRAINING_ENDED,
        await admissions.end_training(office.staff(), replace(plain, idempotency_key=None)),
    )
    assert await everything(office) == after
    case = await office.case(found.application)
    ban = done(
        await admissions.impose_ban(
            office.authority(),
            inputs.ImposeBanInput(
                applicant=case.applicant,
                program="sample-residency-2026",
                reason="退培",
                application=case.id,
                evidence="退培申请 2026-12-15",
            ),
        )
    )
    assert (ban.until, ban.application, ban.evidence) == (
        date(2029, 12, 14),
        case.id,
        "退培申请 2026-12-15",
    )


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EndKind.FORCE_MAJEURE, TraineeState.WITHDRAWN),
        (EndKind.TRANSFER, TraineeState.TRANSFERRED),
        (EndKind.DISMISSAL, TraineeState.DISMISSED),
    ],
)
async def test_other_ends_cost_nothing_and_ban_nobody(
    office: Office, kind: EndKind, state: TraineeState
) -> None:
    """R164: nothing is attached to force majeure."""
    found = await registered(office)
    office.go("2026-12-15T09:00")
    given = EndTrainingInput(trainee=found.id, kind=kind, reason="x", ended_on=date(2026, 12, 1))
    before = await everything(office)
    await office.refuses(
        _R.INPUT_INVALID,
        await admissions.end_training(office.staff(), replace(given, impose_ban=True)),
    )
    await office.refuses(
        _R.INPUT_INVALID,
        await admissions.end_training(office.staff(), replace(given, ended_on=date(2026, 12, 16))),
    )
    await office.refuses(
        _R.INPUT_INVALID, await admissions.end_training(office.staff(), replace(given, reason=" "))
    )
    assert await everything(office) == before
    ended = done(await admissions.end_training(office.staff(), given))
    assert (ended.trainee.state, ended.repayment) == (state, None)
    with office.database.use():
        assert (await verify_audit_chain()).broken is None


async def test_fraud_ends_the_training_and_gives_the_seat_back(office: Office) -> None:
    """R058, R163: the admission is cancelled, and with it the training."""
    found = await registered(office)
    office.go("2026-12-15T09:00")
    done(
        await admissions.cancel_for_fraud(
            office.staff(),
            inputs.CancelForFraudInput(application=found.application, reason="伪造证书"),
        )
    )
    now = await again(office, found)
    assert (now.state, now.ended_on, now.end_reason) == (
        TraineeState.CANCELLED,
        date(2026, 12, 15),
        "伪造证书",
    )
    assert await office.taken() == 0


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"amount": Decimal(0)}, "the amount is more than 0"),
        ({"amount": Decimal("1.001")}, "the amount has two decimals at most"),
        ({"month": Month(2026, 8)}, "before training began on 2026-09-01"),
        ({"month": Month(2027, 1)}, "the month has not begun"),
        ({"line": " "}, "name the benefit"),
        ({"funding_source": None}, "name the funding source, or why it is unknown"),
    ],
)
async def test_one_wrong_payment_refuses_all(
    office: Office, changes: dict[str, object], problem: str
) -> None:
    found = await registered(office)
    office.go("2026-12-15T09:00")
    good = paid(found, 9, "stipend", "4000", FundingSource.CENTRAL_FISCAL)
    bad = replace(paid(found, 10, "stipend", "1", FundingSource.BASE), **changes)  # type: ignore[arg-type]  # a test varies it
    before = await everything(office)
    refusal = await office.refuses(
        _R.INPUT_INVALID,
        await admissions.record_payments(office.staff(), RecordPaymentsInput(payments=(good, bad))),
    )
    assert (refusal.message.en or "").endswith(f": {problem}")
    assert (refusal.message.en or "").startswith("entry 2 (")
    assert refusal.field == "payments"
    assert await everything(office) == before


async def test_a_line_of_a_month_is_paid_once_and_a_wrong_one_is_cancelled(office: Office) -> None:
    found = await registered(office)
    office.go("2026-12-15T09:00")
    entry = paid(found, 9, "stipend", "4000", FundingSource.CENTRAL_FISCAL)
    desk = office.staff()
    given = RecordPaymentsInput(payments=(entry,), idempotency_key="pay-1")
    dry = done(await admissions.record_payments(desk, replace(given, dry_run=True)))
    with office.database.use():
        assert (len(dry), await TraineePaymentRow.all().count()) == (1, 0)
    (first,) = done(await admissions.record_payments(desk, given))
    assert done(await admissions.record_payments(desk, given)) == (first,)
    other = RecordPaymentsInput(payments=(replace(entry, amount=Decimal(5000)),))
    refusal = await office.refuses(_R.DUPLICATE, await admissions.record_payments(desk, other))
    assert refusal.message.en == "entry 1 (2026-09 stipend): this line of the month is recorded"
    await office.refuses(
        _R.NOT_FOUND,
        await admissions.cancel_payment(
            office.staff(base="sample-clinic"), CancelPaymentInput(payment=first.id, reason="x")
        ),
    )
    wrong = CancelPaymentInput(payment=first.id, reason="金额有误", idempotency_key="cancel")
    gone = done(await admissions.cancel_payment(desk, wrong))
    assert (gone.cancel_reason, gone.amount) == ("金额有误", Decimal("4000.00"))
    assert done(await admissions.cancel_payment(desk, wrong)) == gone
    await office.refuses(
        _R.DUPLICATE,
        await admissions.cancel_payment(desk, replace(wrong, idempotency_key=None)),
    )
    (second,) = done(await admissions.record_payments(desk, other))
    assert second.amount == Decimal("5000.00")


async def test_payments_that_are_asked_for_again_are_those_that_were_recorded(
    office: Office,
) -> None:
    """Also where they could not be recorded any more: the training ended before that month."""
    found = await registered(office)
    office.go("2026-12-15T09:00")
    entry = paid(found, 12, "stipend", "4000", FundingSource.CENTRAL_FISCAL)
    given = RecordPaymentsInput(payments=(entry,), idempotency_key="pay")
    recorded = done(await admissions.record_payments(office.staff(), given))
    end = EndTrainingInput(
        trainee=found.id, kind=EndKind.DISMISSAL, reason="清退", ended_on=date(2026, 11, 30)
    )
    done(await admissions.end_training(office.staff(), end))
    before = await everything(office)
    assert done(await admissions.record_payments(office.staff(), given)) == recorded
    late = replace(given, idempotency_key="late")
    refusal = await office.refuses(
        _R.INPUT_INVALID, await admissions.record_payments(office.staff(), late)
    )
    assert refusal.message.en == "entry 1 (2026-12 stipend): after training ended on 2026-11-30"
    # Whoever may not write there any more is told nothing.
    other = office.staff(base="sample-clinic")
    await office.refuses(_R.NOT_FOUND, await admissions.record_payments(other, given))
    assert await everything(office) == before


async def test_the_ledger_of_another_base_is_closed(office: Office) -> None:
    found = await registered(office)
    office.go("2026-12-15T09:00")
    given = RecordPaymentsInput(payments=(paid(found, 9, "x", "1", FundingSource.BASE),))
    before = await everything(office)
    for desk in (
        office.staff(base="sample-clinic"),
        office.staff("specialty_base"),
        office.own(found.applicant),
        office.authority(),
    ):
        await office.refuses(_R.NOT_FOUND, await admissions.record_payments(desk, given))
    assert await everything(office) == before


async def test_r130_who_trains_here_is_known_to(office: Office) -> None:
    """S2:44: whatever a resident declares of the platform, the registration tells."""
    trainee = await registered(office)
    office.go("2026-04-12T09:00")
    declared = replace(FELLOW, registered_on_national_platform=False)
    other = await office.submitted(HEART, round_code="june", candidate=declared)
    assert other.candidate.registered_on_national_platform is False
    case = await office.submitted(HEART, trainee.applicant, round_code="june", candidate=declared)
    assert case.candidate.registered_on_national_platform is True


async def test_an_end_that_is_asked_for_again_where_its_opening_is_gone(
    office: Office, tmp_path: Path
) -> None:
    """What it cost is not known any more; it is refused as the first would be, and not broken."""
    found = await registered(office)
    given = EndTrainingInput(
        trainee=found.id,
        kind=EndKind.PERSONAL_REASONS,
        reason="个人原因",
        idempotency_key="end-1",
    )
    done(await admissions.end_training(office.staff(), given))
    plan = '      - {specialty: "0100", quota: 2, source: SAMPLE-PLAN:10 计划表}\n'
    office.loaded = await changed_catalogue(tmp_path, "sample-hospital.yaml", (plan, ""))
    assert not office.loaded.problems.errors, office.loaded.problems
    before = await everything(office)
    refused = await office.refuses(
        RefusalCode.NOT_FOUND, await admissions.end_training(office.staff(), given)
    )
    assert refused.field == "opening"
    assert await everything(office) == before
