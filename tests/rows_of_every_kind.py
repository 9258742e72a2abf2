"""One row of every kind that the graph lists, beside the applications of `rows_office`, and more.

The rows are written as they are: what leads to them is tested elsewhere.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tortoise import connections

from admissions_office import HOSPITAL, MEDICINE, Office
from zhupei import services
from zhupei.db.identifiers import uuid7
from zhupei.db.models import (
    Account,
    AllocationChoiceRow,
    AllocationPlaceRow,
    AllocationRunRow,
    ApplicantFile,
    ApplicationRow,
    BanRow,
    BrochureContentRow,
    BrochurePublicationRow,
    BrochureRow,
    BulkOperationRow,
    InterviewBookingRow,
    InterviewPanelRow,
    InterviewSlotRow,
    InvitationRow,
    NoticeDeliveryRow,
    NoticeRow,
    ObjectionRow,
    OperationRow,
    OutboxRow,
    PlanIncreaseRow,
    PublicityRow,
    PublishedListRow,
    RoleGrant,
    RoundFreezeRow,
    ScoreRow,
    ScoreSheetRow,
    SendingUnitPersonRow,
    SendingUnitRow,
    TraineePaymentRow,
    TraineeRow,
    TransitionRow,
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookRow,
    WebhookSecretRow,
)
from zhupei.db.tables import RowSource
from zhupei.domain.admission_case import BulkOutcome, Effect
from zhupei.domain.admission_process import Action, ApplicationState
from zhupei.domain.allocation import AllocationFigures
from zhupei.domain.identity import DocumentKind
from zhupei.domain.matching_simulation import Mechanism
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.security.signatures import make_signing_key
from zhupei.security.signing_keys import SigningKeys, public_key_text
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant
from zhupei.services.papers.publicity_file import publicity_json
from zhupei.services.papers.publicity_list import PublicityPeriod, publicity_list
from zhupei.services.papers.records import ProposedAdmission

__all__ = ["MATCHED", "STAFF", "Kinds", "one_of_every_kind", "row_sources"]

STAFF = UUID("9f0c1b1e-0000-4000-8000-000000000009")
"""The account of whoever asks and is no applicant."""
MATCHED = ("matching-residency-2026", "main")
"""A program and round that matches preference lists."""
_HASH = "0" * 64


def row_sources() -> Mapping[str, RowSource]:
    """Return all that rows stand for, by module and name."""
    return {
        f"{module.name}.{name}": value
        for module in pkgutil.walk_packages(services.__path__, "zhupei.services.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, RowSource)
    }


@dataclass(frozen=True)
class Kinds:
    """The id of the row of each kind, by the name of its table."""

    office: Office
    keyring: Keyring
    ids: Mapping[str, Any]
    keys: SigningKeys

    async def more(self, number: int) -> None:
        """Add so many rows of every kind, each with what belongs to it."""
        for _ in range(number):
            copied: dict[str, Any] = {"applicant": await self._person()}
            for name, changes in _COPIES.items():
                made = {
                    column: copied[to] if to in copied else _FRESH[to]()
                    for column, to in changes.items()
                }
                copied[name] = made["id"]
                table = name.partition(" ")[0]
                await _copy(table, self.ids.get(name) or self.ids[table], made)

    async def _person(self) -> UUID:
        made = await register_applicant(
            self.keyring,
            Details(name="某人", facts=Candidate()),
            kind=DocumentKind.PASSPORT,
            number=f"N{next(_counted)}",
            issuing_state="USA",
            account=None,
            today=self.office.today,
            at=self.office.now,
        )
        assert isinstance(made, ApplicantRecord)
        return made.id


async def _copy(table: str, id_: Any, changes: Mapping[str, Any]) -> None:
    """Write a row again with other values in some columns."""
    await connections.get("default").execute_query(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, $2::jsonb)).* FROM {table} t "
        "WHERE id = $1",
        [id_, json.dumps(changes, default=str)],
    )


_counted = iter(range(100_000, 1_000_000))
_FRESH: Mapping[str, Any] = {
    "id": uuid7,
    "number": lambda: next(_counted),
    "text": lambda: f"x{next(_counted)}",
    "round": lambda: f"round-{next(_counted)}",
}
# What is copied, and which columns become other: fresh values, or ids of rows copied before.
_COPIES: Mapping[str, Mapping[str, str]] = {
    "application": {"id": "id", "applicant_id": "applicant"},
    # One more of the same person's.
    "application again": {"id": "id", "round_code": "round"},
    "application_transition": {
        "id": "id", "sequence": "number", "application_id": "application", "anchor": "text",
        "hash": "text",
    },
    "application_score": {"id": "id", "application_id": "application"},
    "application_score again": {"id": "id", "application_id": "application"},
    "trainee": {"id": "id", "application_id": "application", "applicant_id": "applicant"},
    "trainee_payment": {"id": "id", "trainee_id": "trainee"},
    "outbox": {"id": "id"},
    "account": {"id": "id", "login": "text"},
    "role_grant": {"id": "id", "account_id": "account"},
    "ban": {"id": "id"},
    "publicity": {"id": "id"},
    "published_list": {"id": "id", "publicity_id": "publicity"},
    "objection": {"id": "id", "publicity_id": "publicity", "application_id": "application"},
    "invitation": {"id": "id", "round_code": "round"},
    "plan_increase": {"id": "id"},
    "round_freeze": {"id": "id", "round_code": "round"},
    "interview_slot": {"id": "id"},
    "interview_panel": {"id": "id", "slot_id": "interview_slot"},
    "interview_booking": {
        "id": "id", "slot_id": "interview_slot", "application_id": "application",
        "applicant_id": "applicant",
    },
    "score_sheet": {"id": "id", "round_code": "round"},
    "notice": {"id": "id", "event_id": "outbox"},
    "notice_delivery": {"id": "id", "notice_id": "notice"},
    "operation": {"id": "id"},
    "sending_unit": {"id": "id", "account_id": "account"},
    "sending_unit_person": {"id": "id", "applicant_id": "applicant"},
    "webhook": {"id": "id"},
    "webhook_secret": {"id": "id", "webhook_id": "webhook"},
    "webhook_delivery": {"id": "id", "webhook_id": "webhook", "event_id": "outbox"},
    "webhook_attempt": {"id": "id", "delivery_id": "webhook_delivery"},
    "allocation_run": {"id": "id"},
    "allocation_place": {"id": "number", "run_id": "allocation_run"},
    "allocation_choice": {"id": "number", "run_id": "allocation_run"},
    "brochure": {"id": "id", "version": "number"},
    "brochure_publication": {"id": "id", "brochure_id": "brochure"},
    "applicant_file": {"id": "id", "applicant_id": "applicant"},
}  # fmt: skip


async def one_of_every_kind(
    office: Office, keyring: Keyring, people: Sequence[UUID], applications: Sequence[UUID]
) -> Kinds:
    """Write a row of every kind, about the first person and application."""
    now, person, case = office.now, people[0], applications[0]
    keys = SigningKeys.parse(public_key_text(make_signing_key()))
    reviewed = applications[2]
    scores = ScoreRow.filter(application_id=reviewed)
    made: dict[str, Any] = {"application": reviewed, "application again": case}
    for table, rows in (
        ("application_transition", TransitionRow.filter(application_id=reviewed)),
        ("application_score", scores.filter(assessment="interview")),
        ("application_score again", scores.filter(assessment="examination")),
        ("trainee", TraineeRow.all()),
        ("trainee_payment", TraineePaymentRow.all()),
    ):
        (made[table],) = await rows.order_by("id").limit(1).values_list("id", flat=True)

    async def add(table: str, model: type[Any], **values: Any) -> Any:
        row = await model.create(**values)
        made[table] = row.pk
        return row.pk

    place = {
        "base_code": "sample-hospital",
        "program_code": HOSPITAL,
        "opening_code": MEDICINE,
        "round_code": "batch-1",
    }
    whole = {"base_code": "sample-hospital", "program_code": HOSPITAL}
    await Account.create(
        id=STAFF, kind="person", login="staff", tokens_valid_from=now, created_at=now
    )
    account = await add(
        "account", Account, kind="person", login="unit", tokens_valid_from=now, created_at=now,
        name="某县人民医院", last_signed_in_at=now,
    )  # fmt: skip
    await add(
        "role_grant", RoleGrant, account_id=account, role="base_office",
        base_code="sample-hospital", granted_by="somebody", granted_at=now,
    )  # fmt: skip
    await add(
        "bulk_operation", BulkOperationRow, action="ADMIT", actor=str(STAFF), at=now,
        catalogue_hash=_HASH, details={"before": {}, "outcome": plain(_outcome(person, case))},
    )  # fmt: skip
    event = await add(
        "outbox", OutboxRow, name="application.submitted", at=now, subject="x", data={},
        noticed_at=now, dispatched_at=now, base_code="sample-hospital",
    )  # fmt: skip
    await add(
        "ban", BanRow, applicant_id=person, program_code=HOSPITAL, starts_on=date(2024, 1, 1),
        until=date(2025, 12, 31), reason="伪造材料", decided_by="somebody", decided_at=now,
        evidence="e", application_id=case,
    )  # fmt: skip
    publicity = await add(
        "publicity", PublicityRow, **whole, round_code="batch-1", published_at=now,
        published_by="somebody", ends_on=office.today + timedelta(days=9),
        ends_at=now + timedelta(days=9), working_days=7, counts_first_day=False,
        catalogue_hash=_HASH,
    )  # fmt: skip
    await ApplicationRow.filter(id__in=[case, reviewed]).update(
        publicity_id=publicity, transferred_from=applications[1]
    )
    await add("published_list", PublishedListRow, publicity_id=publicity, **_signed(office, keys))
    await add(
        "objection", ObjectionRow, publicity_id=publicity, application_id=case, text="异议",
        filed_by="somebody", filed_at=now,
    )  # fmt: skip
    await add(
        "invitation", InvitationRow, applicant_id=person, root_program_code="sample-residency-2026",
        **place, state="OPEN", invited_by="somebody", invited_at=now, application_id=case,
    )  # fmt: skip
    await add(
        "plan_increase", PlanIncreaseRow, **place, seats=2, reason="需要", state="REQUESTED",
        requested_by="somebody", requested_at=now,
    )  # fmt: skip
    await add(
        "round_freeze", RoundFreezeRow, root_program_code="sample-residency-2026",
        round_code="batch-9", reason="核查", frozen_by="somebody", frozen_at=now,
    )  # fmt: skip
    slot = await add(
        "interview_slot", InterviewSlotRow, **place, mode="VIDEO", place="一号会议室",
        starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=1, hours=1), capacity=3,
        taken=1, choosable=True, revision=2, catalogue_hash=_HASH, created_by="somebody",
        created_at=now, moves=[{
            "at": plain(now), "by": "somebody", "reason": "换会议室", "starts_at": plain(now),
            "ends_at": plain(now + timedelta(hours=1)), "place": "二号会议室",
        }],
    )  # fmt: skip
    await add("interview_panel", InterviewPanelRow, slot_id=slot, account_id=account)
    await add(
        "interview_booking", InterviewBookingRow, slot_id=slot, application_id=case,
        applicant_id=person, chosen=True, booked_by="somebody", booked_at=now,
    )  # fmt: skip
    await add(
        "score_sheet", ScoreSheetRow, **place, assessments="interview,examination",
        state="PENDING", low=["interview"], sha256=_HASH, catalogue_hash=_HASH,
        entered_by="somebody", entered_at=now, rows=[
            {"application": str(case), "row": 2, "absent": [],
             "scores": [{"kind": "interview", "points": "81.5", "of": 100}]},
            {"application": str(reviewed), "row": 3, "absent": ["interview"], "scores": []},
        ],
    )  # fmt: skip
    notice = await add(
        "notice", NoticeRow, event_id=event, kind="SUBMITTED", recipient_kind="APPLICANT",
        recipient=str(person), application_id=case, **whole, facts={}, state="WAITING",
        attempts=1, created_at=now, next_attempt_at=now,
    )  # fmt: skip
    await add(
        "notice_delivery", NoticeDeliveryRow, notice_id=notice, attempt=1, at=now,
        outcome="TEMPORARY", code=451, response="later",
    )  # fmt: skip
    await add(
        "operation", OperationRow, kind="score_import", state="FAILED", **whole,
        started_by=str(STAFF), done=3, total=4, started_at=now, seen_at=now, finished_at=now,
        result={"rows": 3}, problem={"zh": "处理失败", "en": "it failed"},
    )  # fmt: skip
    unit = await add(
        "sending_unit", SendingUnitRow, account_id=STAFF, name="某县人民医院", tier="SECONDARY",
        province="420000", recorded_by="somebody", recorded_at=now,
    )  # fmt: skip
    await add(
        "sending_unit_person", SendingUnitPersonRow, unit_id=unit, applicant_id=person,
        state="CLAIMED", base_code="sample-hospital", asked_by="somebody", asked_at=now,
    )  # fmt: skip
    hook = await add(
        "webhook", WebhookRow, account_id=STAFF, url="https://example.org/hook",
        event_types=["*"], state="DISABLED", state_reason={"zh": "停用", "en": "disabled"},
        created_at=now, updated_at=now,
    )  # fmt: skip
    for created, expires in ((now - timedelta(days=2), now - timedelta(days=1)), (now, None)):
        await add(
            "webhook_secret", WebhookSecretRow, webhook_id=hook, ciphertext="nobody reads it",
            created_at=created, expires_at=expires,
        )  # fmt: skip
    delivery = await add(
        "webhook_delivery", WebhookDeliveryRow, webhook_id=hook, event_id=event, state="WAITING",
        queued_at=now, next_attempt_at=now,
    )  # fmt: skip
    await add(
        "webhook_attempt", WebhookAttemptRow, delivery_id=delivery, number=1, at=now,
        outcome="REFUSED", status=503, milliseconds=12,
    )  # fmt: skip
    run = await add(
        "allocation_run", AllocationRunRow, root_program_code=MATCHED[0], round_code=MATCHED[1],
        actor="somebody", at=now, catalogue_hash=_HASH, market=_HASH, certificate=_HASH,
        fingerprint=_HASH, details={
            "figures": plain(_FIGURES), "warnings": [plain(Text("请核对", "look at it"))],
        },
    )  # fmt: skip
    await add(
        "allocation_place", AllocationPlaceRow, run_id=run, code=MEDICINE, opening_code=MEDICINE,
        quota=2, taken=1, ranked=1, last_applicant_id=person, cut_off="80.5",
        tie_rule="earliest", criteria=["examination"],
    )  # fmt: skip
    await add(
        "allocation_choice", AllocationChoiceRow, run_id=run, application_id=case,
        applicant_id=person, place=MEDICINE, preference=1, value="80.5", singles=["80"],
        submitted_at=now, rank=1, verdict="placed",
    )  # fmt: skip
    html, pdf = (hashlib.sha256(content).hexdigest() for content in (b"page", b"paper"))
    for sha256, media_type, content in (
        (html, "text/html; charset=utf-8", b"page"),
        (pdf, "application/pdf", b"paper"),
    ):
        await BrochureContentRow.create(sha256=sha256, media_type=media_type, content=content)
    brochure = await add(
        "brochure", BrochureRow, **whole, version=1, state="APPROVED", html_id=html,
        pdf_id=pdf, attested=["声明"], catalogue_hash=_HASH, submitted_by="somebody",
        submitted_at=now, due_at=now - timedelta(days=1), late_reason="晚", decided_by="somebody",
        decided_at=now, checks=[{
            "topic": "plan", "label": plain(Text("招收计划", "plan")), "outcome": "present",
            "detail": plain(Text("有", "there")), "demanded": True,
        }],
    )  # fmt: skip
    await add(
        "brochure_publication", BrochurePublicationRow, brochure_id=brochure, place="省平台",
        address="https://example.org", published_at=now, recorded_by="somebody", recorded_at=now,
    )  # fmt: skip
    await add(
        "applicant_file", ApplicantFile, applicant_id=person, document="identity-scan",
        media_type="image/png", size=10, sha256=_HASH, uploaded_by="somebody", uploaded_at=now,
    )  # fmt: skip
    return Kinds(office, keyring, made, keys)


def _outcome(person: UUID, case: UUID) -> BulkOutcome:
    effect = Effect(
        application=case,
        applicant=person,
        opening=MEDICINE,
        from_state=ApplicationState.PROPOSED,
        to_state=ApplicationState.ADMITTED,
        seats=1,
    )
    return BulkOutcome(action=Action.ADMIT, dry_run=False, effects=(effect,))


def _signed(office: Office, keys: SigningKeys) -> Mapping[str, Any]:
    """Return the signed file of a list."""
    proposed = ProposedAdmission(
        application="0", name="李某某", number="E1234567", opening=MEDICINE, trainee_type=None,
        direction=None,
    )  # fmt: skip
    period = PublicityPeriod(
        published_on=office.today,
        ends_on=office.today + timedelta(days=9),
        working_days=7,
        counts_first_day=False,
        rules=_HASH,
    )
    listed = publicity_list(office.loaded.catalogue, HOSPITAL, "batch-1", [proposed], period)
    content = publicity_json(listed, keys.private).decode()
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return {"content": content, "sha256": sha256, "key_id": keys.key_id, "signed_at": office.now}


_FIGURES = AllocationFigures(
    mechanism=Mechanism.DEFERRED_ACCEPTANCE,
    applicants=1,
    applications=1,
    waiting=0,
    placed=1,
    seats=2,
    by_preference=(1,),
    blocking_pairs=0,
    specialties=(),
)
