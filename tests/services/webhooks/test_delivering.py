"""Deliveries to real receivers: signed, tried again, given up, replayed, never lost."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook as Standard

from admissions_office import Office
from job_place import KEYRING
from mail_room import mail_room
from webhook_place import delivering, happened, ids_of, integrator, webhook
from webhook_receiver import Received, receiver
from zhupei.db.models import (
    NoticeRow,
    OutboxRow,
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookRow,
)
from zhupei.domain.webhooks import DeliveryState, WebhookState
from zhupei.jobs import Workplace, deliver_events, tell_events
from zhupei.services.webhooks import delivering as delivering_module
from zhupei.services.webhooks.managing import (
    Replay,
    delete_webhook,
    replay_deliveries,
    rotate_secret,
)
from zhupei.services.webhooks.outcomes import Delivery, deliveries_of
from zhupei.services.webhooks.rows import live_secrets, webhook_of

# Every one of them sends over real sockets.
pytestmark = pytest.mark.slow


async def told(place: Workplace) -> dict[str, int]:
    await tell_events(place)
    return dict(await deliver_events(place))


async def log_of(office: Office, hook: UUID) -> tuple[Delivery, ...]:
    with office.database.use():
        return await deliveries_of(hook, first=100)


async def test_an_event_arrives_signed_and_is_noted(office: Office) -> None:
    async with receiver() as there:
        place = delivering(office, there, source="https://graph.example")
        hook = await webhook(office, await integrator(office), there)
        (event,) = await happened(office, "round.opened", data={"round": "batch-1"})
        office.now = datetime.now(UTC)  # receivers compare with the clock of the world
        assert await told(place) == {"DELIVERED": 1}
        (request,) = there.received
        with office.database.use():
            (secret,) = (await live_secrets(KEYRING, [hook], office.now))[hook]
        found = Standard(secret).verify(request.body, request.headers)
        assert (found["id"], found["type"]) == (str(event), "zhupei.round.opened")
        assert found["source"] == "https://graph.example"
        assert found["data"]["round"] == "batch-1"
        assert request.headers["webhook-id"] == str(event)
        assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
        (delivery,) = await log_of(office, hook)
        assert (delivery.event, delivery.state) == (event, DeliveryState.DELIVERED)
        (attempt,) = delivery.attempts
        assert (attempt.number, attempt.outcome.value, attempt.status) == (1, "DELIVERED", 204)
        assert await told(place) == {}
        assert len(there.received) == 1


async def test_two_secrets_sign_while_one_replaces_the_other(office: Office) -> None:
    async with receiver() as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        office.now = datetime.now(UTC)
        with office.database.use():
            before = (await live_secrets(KEYRING, [hook], office.now))[hook]
            overlap = timedelta(hours=1)
            await rotate_secret(KEYRING, hook, overlap=overlap, at=office.now)
            both = (await live_secrets(KEYRING, [hook], office.now))[hook]
        assert both[1:] == before
        await happened(office, "round.opened")
        await told(place)
        for secret in both:
            Standard(secret).verify(there.received[0].body, there.received[0].headers)
        with office.database.use():
            # A second rotation ends the oldest at once: never more than two.
            await rotate_secret(KEYRING, hook, overlap=overlap, at=office.now)
            third = (await live_secrets(KEYRING, [hook], office.now))[hook]
            assert (len(third), third[1]) == (2, both[0])
            later = office.now + overlap
            assert (await live_secrets(KEYRING, [hook], later))[hook] == third[:1]
            shown = await webhook_of(hook, office.now)
        assert shown is not None
        assert [each.expires_at for each in shown.secrets] == [None, later]


async def test_a_failure_is_tried_again_after_growing_pauses(office: Office) -> None:
    async with receiver(status=503) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        (event,) = await happened(office, "round.opened")
        assert await told(place) == {"REFUSED": 1}
        assert await told(place) == {}
        waits = []
        for _ in range(5):
            (delivery,) = await log_of(office, hook)
            assert delivery.next_attempt_at is not None
            waits.append((delivery.next_attempt_at - office.now).total_seconds())
            office.now = delivery.next_attempt_at
            assert await told(place) == {"REFUSED": 1}
        for wait, whole in zip(waits, (5, 20, 80, 320, 1280), strict=True):
            assert 0.8 * whole <= wait <= 1.2 * whole
        there.status = 200
        (delivery,) = await log_of(office, hook)
        assert delivery.next_attempt_at is not None
        office.now = delivery.next_attempt_at
        assert await told(place) == {"DELIVERED": 1}
        (delivery,) = await log_of(office, hook)
        assert [each.status for each in delivery.attempts] == [503] * 6 + [200]
        # The same id every time: that is what a receiver recognises it by.
        assert set(ids_of(there.received)) == {event}
        assert {request.body for request in there.received} == {there.received[0].body}
        with office.database.use():
            assert (await WebhookRow.get(id=hook)).failing_since is None


async def test_a_receiver_may_ask_for_a_longer_pause(office: Office) -> None:
    async with receiver(status=429, extra="Retry-After: 3600\r\n") as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        await happened(office, "round.opened")
        await told(place)
        (delivery,) = await log_of(office, hook)
        assert delivery.next_attempt_at == office.now + timedelta(hours=1)
        there.extra = "Retry-After: 0\r\n"
        office.now = delivery.next_attempt_at
        await told(place)
        (delivery,) = await log_of(office, hook)
        assert delivery.next_attempt_at is not None
        # Our own pause is the shortest that there is.
        assert delivery.next_attempt_at >= office.now + timedelta(seconds=16)


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "DELIVERED"), (299, "DELIVERED"), (301, "WAITING"), (400, "WAITING")],
)
async def test_only_success_is_success(office: Office, status: int, state: str) -> None:
    async with receiver(status=status, extra="Location: http://127.0.0.1:1/\r\n") as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        await happened(office, "round.opened")
        await told(place)
        (delivery,) = await log_of(office, hook)
        assert delivery.state.value == state


async def test_after_some_days_a_delivery_is_dead_and_its_endpoint_disabled(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiver(status=500) as there:
        place = delivering(office, there)
        account = await integrator(office)
        hook = await webhook(office, account, there, base="sample-hospital")
        (event,) = await happened(office, "round.opened")
        began = office.now
        await told(place)
        while (found := (await log_of(office, hook))[-1]).next_attempt_at is not None:
            office.now = found.next_attempt_at
            await told(place)
        assert found.state is DeliveryState.DEAD
        assert timedelta(days=2, hours=16) < office.now - began <= timedelta(days=3)
        assert 15 <= len(found.attempts) <= 25
        with office.database.use():
            row = await WebhookRow.get(id=hook)
            assert row.state == WebhookState.DISABLED.value
            assert row.state_reason == {
                "zh": "长期无法送达，已停用；修复后请重新启用并重放",
                "en": "nothing could be delivered for too long; mend it, switch it on again, "
                "and replay",
            }
            (said,) = await OutboxRow.filter(name="webhook.disabled")
            assert (said.base_code, said.data) == ("sample-hospital", {"gone": False})
        assert "a webhook was disabled" in caplog.text
        # Nothing goes there any more, and nothing is queued for it.
        count = len(there.received)
        await happened(office, "round.closed")
        assert await told(place) == {}
        assert len(there.received) == count
        # Mended, switched on and replayed, everything arrives.
        there.status = 200
        with office.database.use():
            await WebhookRow.filter(id=hook).update(state="ACTIVE", failing_since=None)
            loaded = place.loaded()
            queued = await replay_deliveries(
                loaded.catalogue, loaded.dispatcher, hook, Replay(since=began), office.now
            )
        assert queued == 3
        assert await told(place) == {"DELIVERED": 3}
        assert event in ids_of(there.received[count:])


async def test_gone_disables_at_once(office: Office) -> None:
    async with receiver(status=410) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        await happened(office, "round.opened", "round.closed")
        await told(place)
        with office.database.use():
            row = await WebhookRow.get(id=hook)
            assert row.state == "DISABLED"
            assert row.state_reason is not None
            assert row.state_reason["en"] == "the endpoint answered 410 Gone: it takes no events"
            assert await OutboxRow.filter(name="webhook.disabled").count() == 1


async def test_an_endpoint_that_recovers_is_not_disabled(office: Office) -> None:
    """One event that it never takes is dead; others arrive, so the endpoint is alive."""
    poison: list[str] = []

    def answer(request: Received) -> bytes:
        status = 500 if request.headers["webhook-id"] in poison else 200
        return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()

    async with receiver(answer=answer) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        (event,) = await happened(office, "round.opened")
        poison.append(str(event))
        await told(place)
        for _ in range(40):
            rest = [each for each in await log_of(office, hook) if each.next_attempt_at]
            if not rest or rest[0].next_attempt_at is None:
                break
            office.now = rest[0].next_attempt_at
            await happened(office, "round.closed")
            await told(place)
        states = {each.event: each.state.value for each in await log_of(office, hook)}
        assert states.pop(event) == "DEAD"
        assert set(states.values()) == {"DELIVERED"}
        with office.database.use():
            assert (await WebhookRow.get(id=hook)).state == "ACTIVE"


async def test_one_slow_endpoint_holds_up_no_other(office: Office) -> None:
    async with receiver(seconds=1.5) as slow, receiver() as fast:
        place = delivering(office, slow, fast)
        account = await integrator(office)
        await webhook(office, account, slow)
        await webhook(office, account, fast)
        await happened(office, *["round.opened"] * 12)
        await tell_events(place)
        began = time.monotonic()
        delivering_ = asyncio.create_task(place.courier.deliver())
        while len(fast.received) < 12:
            await asyncio.sleep(0.01)
            assert time.monotonic() - began < 30
        # All went to the fast one while the slow one had answered nothing yet, or four of them.
        assert slow.most_at_once <= 4
        assert len(slow.received) <= 8
        late = await happened(office, "round.closed")
        await tell_events(place)
        while late[0] not in ids_of(fast.received):
            await asyncio.sleep(0.01)
            assert not delivering_.done()
        counts = await delivering_
        assert counts == {"DELIVERED": 26}
        assert slow.most_at_once == 4


async def test_a_worker_that_dies_loses_nothing(office: Office) -> None:
    """It sent, and was killed before it noted the answer: another one sends it again."""
    async with receiver(seconds=60.0) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        (event,) = await happened(office, "round.opened")
        await tell_events(place)
        dying = asyncio.create_task(place.courier.deliver())
        await there.came.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        there.seconds = 0.0
        other = delivering(office, there)
        # Its lease keeps it from everybody else for a while.
        assert await deliver_events(other) == {}
        office.now += timedelta(minutes=2)
        assert await deliver_events(other) == {"DELIVERED": 1}
        (delivery,) = await log_of(office, hook)
        assert [each.outcome.value for each in delivery.attempts] == ["INTERRUPTED", "DELIVERED"]
        assert ids_of(there.received) == [event, event]


async def test_a_worker_that_dies_while_it_takes_leaves_no_gap(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt of a delivery is what its end is judged by: it has to be on record."""
    async with receiver(seconds=60.0) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        await happened(office, "round.opened")
        await tell_events(place)
        dying = asyncio.create_task(place.courier.deliver())
        await there.came.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        there.seconds = 0.0
        office.now += timedelta(minutes=2)

        async def killed(**_values: object) -> None:
            raise ConnectionError("killed")

        with monkeypatch.context() as patched:
            patched.setattr(WebhookAttemptRow, "create", killed)
            with pytest.raises(ConnectionError, match="killed"):
                await deliver_events(delivering(office, there))
        office.now += timedelta(minutes=2)
        assert await deliver_events(delivering(office, there)) == {"DELIVERED": 1}
        (delivery,) = await log_of(office, hook)
        assert [(each.number, each.outcome.value) for each in delivery.attempts] == [
            (1, "INTERRUPTED"),
            (2, "DELIVERED"),
        ]


async def test_what_is_deleted_while_it_is_sent_is_tried_no_more(office: Office) -> None:
    """Else it waits for ever at an endpoint where nothing is delivered any more."""
    async with receiver() as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)

        async def deleted(_request: Received) -> bytes:
            with office.database.use():
                await delete_webhook(hook, office.now)
            return b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"

        there.answer = deleted
        await happened(office, "round.opened")
        assert await told(place) == {"REFUSED": 1}
        (delivery,) = await log_of(office, hook)
        assert (delivery.state, delivery.settled_at) == (DeliveryState.DEAD, office.now)
        assert delivery.next_attempt_at is None


async def test_two_workers_deliver_each_event_once(office: Office) -> None:
    async with receiver() as there:
        places = [delivering(office, there) for _ in range(2)]
        await webhook(office, await integrator(office), there)
        events = await happened(office, *["round.opened"] * 20)
        await asyncio.gather(*(tell_events(place) for place in places))
        counts = await asyncio.gather(*(deliver_events(place) for place in places))
        assert sum(each.get("DELIVERED", 0) for each in counts) == 20
        assert sorted(ids_of(there.received)) == sorted(events)


async def test_an_address_that_became_private_is_blocked(office: Office) -> None:
    """The endpoint was made when it was allowed; what decides is where it leads when it is used."""
    async with receiver() as there:
        hook = await webhook(office, await integrator(office), there)
        place = delivering(office)
        await happened(office, "round.opened")
        assert await told(place) == {"BLOCKED": 1}
        assert there.connections == 0
        (delivery,) = await log_of(office, hook)
        assert delivery.state is DeliveryState.WAITING


async def test_nothing_personal_and_no_secret_is_logged_or_kept(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "zhupei")
    answer = b"HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nSECRET"
    async with receiver(answer=lambda _: answer) as there:
        place = delivering(office, there)
        hook = await webhook(office, await integrator(office), there)
        await happened(office, "round.opened")
        await told(place)
        with office.database.use():
            (secret,) = (await live_secrets(KEYRING, [hook], office.now))[hook]
            kept: Any = [
                *(await WebhookAttemptRow.all().values()),
                *(await WebhookDeliveryRow.all().values()),
                *(await WebhookRow.all().values()),
            ]
        said = caplog.text + json.dumps([record.__dict__ for record in caplog.records], default=str)
        for text in (said, json.dumps(kept, default=str)):
            assert "SECRET" not in text
            assert secret.removeprefix("whsec_") not in text
        assert there.url not in said


async def test_whoever_runs_the_receiver_is_told_that_it_was_disabled(office: Office) -> None:
    async with receiver(status=410) as there, mail_room() as room:
        place = dataclasses.replace(delivering(office, there), mail=room.server)
        account = await integrator(office)
        told_to = await webhook(office, account, there, contact="ops@hooks.example")
        await webhook(office, account, there)
        await happened(office, "round.opened", data={"window": "preference", "round": "batch-1"})
        await told(place)
        await tell_events(place)
        with office.database.use():
            notices = await NoticeRow.filter(kind="WEBHOOK_DISABLED").order_by("state")
        assert [(each.state, each.recipient_kind) for each in notices] == [
            ("NO_ADDRESS", "INTEGRATOR"),
            ("SENT", "INTEGRATOR"),
        ]
        assert room.subjects("ops@hooks.example") == [
            "事件推送已停用 / Sending events was switched off"
        ]
        (text,) = room.texts("ops@hooks.example")
        assert "the endpoint answered 410 Gone: it takes no events" in text
        assert (str(told_to) in text, "/hook" in text) == (True, False)


async def test_the_oddity_of_one_endpoint_keeps_no_other_waiting(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiver() as odd, receiver() as there:

        async def resolve(host: str, port: int) -> list[str]:
            if port == odd.port:
                raise RuntimeError("secret.example")
            return [host]

        place = delivering(office, odd, there, resolve=resolve)
        account = await integrator(office)
        await webhook(office, account, odd)
        await webhook(office, account, there)
        await happened(office, "round.opened", "round.closed")
        assert await told(place) == {"PROTOCOL": 2, "DELIVERED": 2}
        assert (len(odd.received), len(there.received)) == (0, 2)
        assert "secret.example" not in caplog.text


async def test_what_keeps_going_wrong_is_logged_once(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiver() as there:
        courier = delivering(office, there).courier
        monkeypatch.setattr(delivering_module, "_LOOKS_EVERY_SECONDS", 0.01)
        statement = delivering_module._TAKE
        monkeypatch.setattr(delivering_module, "_TAKE", "SELECT nonsense")
        task = asyncio.create_task(courier.run())
        async with asyncio.timeout(20):
            while "delivering events failed" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert caplog.text.count("delivering events failed") == 1
            # It goes on by itself as soon as it can.
            await webhook(office, await integrator(office), there)
            await happened(office, "round.opened")
            monkeypatch.setattr(delivering_module, "_TAKE", statement)
            await tell_events(delivering(office, there))
            await there.came.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
