"""Who is told of what: types, places, grants, and what a person has not handed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from admissions_office import CLINIC, HOSPITAL, Office
from job_place import KEYRING
from webhook_place import delivering, happened, integrator, webhook
from webhook_receiver import local_rules, receiver
from zhupei.db.models import (
    Account,
    OutboxRow,
    RoleGrant,
    WebhookAttemptRow,
    WebhookDeliveryRow,
)
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.webhooks import matches
from zhupei.jobs import deliver_events, run_due, tell_events
from zhupei.services import admissions
from zhupei.services.admissions import inputs
from zhupei.services.outbox import subject_of
from zhupei.services.webhooks import status
from zhupei.services.webhooks.dispatching import dispatch_events
from zhupei.services.webhooks.managing import (
    Replay,
    WebhookChange,
    change_webhook,
    delete_webhook,
    replay_deliveries,
    rotate_secret,
    try_webhook,
)


async def told(office: Office) -> list[str]:
    """Dispatch, and return the names of the events that are delivered to somebody."""
    loaded = office.loaded
    with office.database.use():
        await dispatch_events(loaded.catalogue, loaded.dispatcher, office.now)
        rows = await WebhookDeliveryRow.all().order_by("event_id").prefetch_related("event")
        return [row.event.name for row in rows]


@pytest.mark.parametrize(
    ("types", "names"),
    [
        (("*",), ["round.opened", "round.closed", "publicity.ended"]),
        (("zhupei.round.*",), ["round.opened", "round.closed"]),
        (("round.closed", "publicity.*"), ["round.closed", "publicity.ended"]),
        (("objection.filed",), []),
    ],
)
async def test_only_what_was_asked_for(
    office: Office, types: tuple[str, ...], names: list[str]
) -> None:
    async with receiver() as there:
        await webhook(office, await integrator(office), there, *types)
        await happened(office, "round.opened", "round.closed", "publicity.ended")
        assert await told(office) == names
        assert all(matches(types, name) for name in names)


async def test_nobody_is_told_of_other_places(office: Office) -> None:
    async with receiver() as there:
        own = await integrator(office, "own")
        above = await integrator(office, "above", base=None, jurisdiction="sample-province")
        national = await integrator(office, "national", base=None)
        narrow = await integrator(office, "narrow", scopes=("statistics.read",))
        hooks = {
            name: await webhook(office, account, there)
            for name, account in (
                ("own", own),
                ("above", above),
                ("national", national),
                ("narrow", narrow),
            )
        }
        hooks["limited"] = await webhook(office, national, there, base="sample-clinic")
        hooks["around"] = await webhook(office, national, there, jurisdiction="sample-province")
        hooks["beyond"] = await webhook(office, own, there, base="sample-clinic")
        (here,) = await happened(office, "round.opened")
        (clinic,) = await happened(office, "round.opened", base="sample-clinic", program=None)
        (unit,) = await happened(office, "round.opened", base=None, program="nowhere")
        await told(office)
        with office.database.use():
            rows = await WebhookDeliveryRow.all().values("webhook_id", "event_id")
        found = {
            name: {row["event_id"] for row in rows if row["webhook_id"] == hook}
            for name, hook in hooks.items()
        }
        assert found == {
            "own": {here},
            "above": {here, clinic},
            "national": {here, clinic, unit},
            "narrow": set(),
            "limited": {clinic},
            "around": {here, clinic},
            "beyond": set(),
        }
        assert CLINIC.startswith("sample-clinic")
        assert HOSPITAL.startswith("sample-hospital")


async def test_a_grant_that_is_taken_back_ends_it_at_once(office: Office) -> None:
    async with receiver() as there:
        account = await integrator(office)
        await webhook(office, account, there)
        await happened(office, "round.opened")
        assert await told(office) == ["round.opened"]
        with office.database.use():
            await RoleGrant.filter(account_id=account).update(
                revoked_at=office.now, revoked_by="a test"
            )
        await happened(office, "round.closed")
        assert await told(office) == ["round.opened"]
        with office.database.use():
            await RoleGrant.filter(account_id=account).update(revoked_at=None, revoked_by=None)
            await Account.filter(id=account).update(disabled_at=office.now)
        await happened(office, "round.closed")
        assert await told(office) == ["round.opened"]


async def test_a_draft_is_told_to_nobody(office: Office) -> None:
    """Neither that it is there, nor that it was taken back, nor what came before it was sent."""
    async with receiver() as there:
        await webhook(office, await integrator(office), there)
        draft = await office.draft()
        given = inputs.ReasonedInput(application=draft.id, reason="另有安排")
        await admissions.withdraw_application(office.own(draft.applicant), given)
        office.go("2026-04-11T09:00")
        await office.submitted()
        assert await told(office) == ["application.submitted"]
        with office.database.use():
            everything = await OutboxRow.all().values_list("name", flat=True)
        assert sorted(str(each) for each in everything) == [
            "application.draft",
            "application.draft",
            "application.submitted",
            "application.withdrawn",
        ]


async def test_what_was_before_the_endpoint_is_told_only_when_it_is_replayed(
    office: Office,
) -> None:
    async with receiver() as there:
        office.go("2026-04-09T09:00")
        events = await happened(office, "round.opened", "round.closed")
        office.go("2026-04-10T09:00")
        hook = await webhook(office, await integrator(office), there, "round.opened")
        assert await told(office) == []
        loaded = office.loaded

        async def replayed(**values: object) -> object:
            with office.database.use():
                return await replay_deliveries(
                    loaded.catalogue,
                    loaded.dispatcher,
                    hook,
                    Replay(**values),  # type: ignore[arg-type]  # the test's own values
                    office.now,
                )

        # Only what it asked for, also when somebody names the id of another event.
        assert await replayed(events=events) == 1
        assert await told(office) == ["round.opened"]
        place = delivering(office, there)
        assert await deliver_events(place) == {"DELIVERED": 1}
        # Again, as often as it is asked for, under the same id.
        assert await replayed(since=office.now.replace(month=1)) == 1
        assert await deliver_events(place) == {"DELIVERED": 1}
        assert await replayed(since=office.now) == 0
        assert await replayed(dead=True) == 0
        refused = await replayed()
        assert getattr(refused, "field", None) == "since"
        first, second = there.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(events[0])


async def test_what_was_deleted_meanwhile_is_replayed_nothing(office: Office) -> None:
    """Between the list of all endpoints and the turn of one, whoever owns it may delete it."""
    async with receiver() as there:
        events = await happened(office, "round.opened")
        hook = await webhook(office, await integrator(office), there, "round.opened")
        loaded = office.loaded
        replay = Replay(events=events)
        with office.database.use():
            await delete_webhook(hook, office.now)
            answer = await replay_deliveries(
                loaded.catalogue, loaded.dispatcher, hook, replay, office.now
            )
            assert isinstance(answer, Refusal)
            assert (answer.code, answer.field) == (RefusalCode.NOT_FOUND, "webhook")
            assert await WebhookDeliveryRow.all().count() == 0
            changed = await change_webhook(
                KEYRING,
                local_rules(there),
                hook,
                WebhookChange(name="new"),
                revision=None,
                at=office.now,
            )
            rotated = await rotate_secret(KEYRING, hook, overlap=timedelta(0), at=office.now)
            tried = await try_webhook(hook, actor="a", at=office.now)
        for refused in (changed, rotated, tried):
            assert isinstance(refused, Refusal)
            assert (refused.code, refused.field) == (RefusalCode.NOT_FOUND, "webhook")


async def test_an_endpoint_deleted_meanwhile_keeps_nothing_from_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver() as there, receiver() as other:
        account = await integrator(office)
        events = await happened(office, "round.opened")
        first = await webhook(office, account, there, "round.opened")
        await webhook(office, account, other, "round.opened")
        loaded = office.loaded
        real = replay_deliveries

        async def late(
            catalogue: Any, dispatcher: Any, webhook: UUID, replay: Replay, at: datetime
        ) -> Any:
            if webhook == first:
                await delete_webhook(first, at)
            return await real(catalogue, dispatcher, webhook, replay, at)

        monkeypatch.setattr(status, "replay_deliveries", late)
        with office.database.use():
            queued = await status.replay_to(
                loaded.catalogue, loaded.dispatcher, None, Replay(events=events), office.now
            )
        assert queued == 1


async def test_a_test_event_goes_to_one_endpoint_alone(office: Office) -> None:
    async with receiver() as there, receiver() as other:
        account = await integrator(office)
        hook = await webhook(office, account, there, "round.opened")
        await webhook(office, account, other)
        place = delivering(office, there, other)
        with office.database.use():
            await try_webhook(hook, actor="a test", at=office.now)
        await tell_events(place)
        assert await deliver_events(place) == {"DELIVERED": 1}
        assert (len(there.received), len(other.received)) == (1, 0)
        assert b'"type":"zhupei.webhook.test"' in there.received[0].body


async def test_the_log_is_forgotten_after_90_days_and_the_events_are_not(office: Office) -> None:
    async with receiver() as there:
        hook = await webhook(office, await integrator(office), there)
        place = delivering(office, there)
        (event,) = await happened(office, "round.opened")
        await tell_events(place)
        await deliver_events(place)
        there.status = 500
        await happened(office, "round.closed")
        await tell_events(place)
        await deliver_events(place)
        for days, left in ((90, 2), (1, 1)):
            office.now += timedelta(days=days)
            await run_due(place)
            with office.database.use():
                assert await WebhookDeliveryRow.filter(webhook_id=hook).count() == left, days
        with office.database.use():
            # What waits is kept however long it waits.
            (row,) = await WebhookDeliveryRow.all()
            assert row.state == "WAITING"
            assert await WebhookAttemptRow.all().count() == 1
            assert await OutboxRow.filter(id=event).exists()
            # Nobody sends it anew by mistake.
            loaded = office.loaded
            await dispatch_events(loaded.catalogue, loaded.dispatcher, office.now)
            assert await WebhookDeliveryRow.filter(event_id=event).count() == 0


async def test_how_a_webhook_fares_is_told_to_its_owner_alone(office: Office) -> None:
    async with receiver() as there:
        own, other = await integrator(office, "own"), await integrator(office, "other")
        failing = await webhook(office, own, there, "round.opened")
        second = await webhook(office, own, there, "webhook.*")
        await webhook(office, other, there)
        await happened(
            office, "webhook.disabled", subject=subject_of("Webhook", failing), program=None
        )
        assert await told(office) == ["webhook.disabled"]
        with office.database.use():
            assert await WebhookDeliveryRow.filter(webhook_id=second).count() == 1
