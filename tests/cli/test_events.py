"""`zhupei events`: endpoints, their log, replaying, and switching them off and on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from admissions_office import BASES, Office, sample_catalogue
from job_place import KEY_TEXT
from webhook_place import delivering, happened, integrator, webhook
from webhook_receiver import receiver
from zhupei.cli import main
from zhupei.db.connection import Database
from zhupei.db.models import WebhookDeliveryRow, WebhookRow
from zhupei.jobs import deliver_events, tell_events

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> str:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_BASES", str(BASES))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", KEY_TEXT)
    return database_url


def on(url: str, folder: Path, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
    """Do something with the office over a database."""

    async def run() -> Any:
        database = Database(data_dir=folder, url=url, pool_size=2)
        await database.start()
        try:
            return await work(Office(database, await sample_catalogue()))
        finally:
            await database.stop()

    return asyncio.run(run())


async def refused(office: Office) -> tuple[UUID, list[UUID]]:
    """Let two events be refused, and one of them be given up."""
    async with receiver(status=500) as there:
        hook = await webhook(office, await integrator(office), there)
        events = await happened(office, "round.opened", "round.closed")
        place = delivering(office, there)
        await tell_events(place)
        await deliver_events(place)
        with office.database.use():
            await WebhookDeliveryRow.filter(event_id=events[0]).update(
                state="DEAD", settled_at=office.now
            )
        return hook, events


def test_endpoints_and_their_log(
    environment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", "endpoints"]) == 0
    assert capsys.readouterr().out == ""
    hook, events = on(environment, tmp_path, refused)
    assert main(["events", "endpoints"]) == 0
    assert capsys.readouterr().out == f"{hook}  active  127.0.0.1    dead 1, waiting 1\n"
    assert main(["events", "endpoints", "--format", "json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["id"], shown["deliveries"]) == (str(hook), {"DEAD": 1, "WAITING": 1})
    # Neither the address, which may hold a token, nor a secret.
    assert "http" not in json.dumps(shown)
    assert main(["events", "deliveries", str(hook), "--state", "dead"]) == 0
    assert capsys.readouterr().out == (
        f"{events[0]}  zhupei.round.opened  dead  attempts 1  refused 500\n"
    )
    assert main(["events", "deliveries", str(hook), "--format", "json"]) == 0
    assert [each["event"] for each in json.loads(capsys.readouterr().out)] == [
        str(each) for each in reversed(events)
    ]
    # An event's id, say, in the place of the endpoint's.
    assert main(["events", "deliveries", str(events[0])]) == 1
    assert capsys.readouterr().err == f"zhupei: there is no endpoint {events[0]}\n"


def test_replaying(environment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook, events = on(environment, tmp_path, refused)

    async def waiting(office: Office) -> int:
        with office.database.use():
            return await WebhookDeliveryRow.filter(state="WAITING", attempts=0).count()

    assert main(["events", "replay"]) == 2
    assert "name events, a time to begin with, or dead" in capsys.readouterr().err
    assert on(environment, tmp_path, waiting) == 0
    for words, count in (
        (("--dead",), 1),
        (("--endpoint", str(hook), "--since", "2026-04-10"), 2),
        (("--since", "2026-04-10T09:00:01"), 0),
        (("--since", "2026-04-10", "--until", "2026-04-10T09:00"), 0),
        (("--id", str(events[1]), "--id", str(uuid4())), 1),
        (("--since", "0001-01-02"), 2),
    ):
        assert main(["events", "replay", *words]) == 0
        assert capsys.readouterr().out == f"queued {count} deliveries\n"
    assert on(environment, tmp_path, waiting) == 2
    nobody = uuid4()
    assert main(["events", "replay", "--dead", "--endpoint", str(nobody)]) == 1
    assert capsys.readouterr().err == f"zhupei: there is no endpoint {nobody}\n"


def test_replaying_to_several_tells_who_is_sent_what(
    environment: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One endpoint with too much to replay keeps nothing from the others, and nobody guesses."""

    async def given_up(office: Office) -> UUID:
        async with receiver(status=500) as there:
            account = await integrator(office)
            await webhook(office, account, there)
            before = await happened(office, "round.opened")
            await tell_events(delivering(office, there))
            second = await webhook(office, account, there)
            await happened(office, "round.closed", "round.opened")
            await tell_events(delivering(office, there))
        with office.database.use():
            assert await WebhookDeliveryRow.filter(event_id__in=before).count() == 1
            mine = WebhookDeliveryRow.filter(webhook_id=second)
            assert await mine.update(state="DEAD", settled_at=office.now) == 2
            assert (
                await WebhookDeliveryRow.filter(event_id__in=before).update(
                    state="DEAD", settled_at=office.now
                )
                == 1
            )
        return second

    second: UUID = on(environment, tmp_path, given_up)
    monkeypatch.setattr("zhupei.services.webhooks.managing._MOST_REPLAYED", 1)
    assert main(["events", "replay", "--dead"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "zhupei: queued 1 deliveries\n"
        f"zhupei: nothing for {second}: at most 1 events are replayed at once: choose less time\n"
    )
    # What is the same of all is said once.
    assert main(["events", "replay", "--since", "2026-04-10"]) == 1
    assert capsys.readouterr().err == (
        "zhupei: at most 1 events are replayed at once: choose less time\n"
    )


def test_switching(environment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook, _ = on(environment, tmp_path, refused)

    async def state(office: Office) -> tuple[str, bool]:
        with office.database.use():
            row = await WebhookRow.get(id=hook)
            return row.state, row.failing_since is None

    assert on(environment, tmp_path, state) == ("ACTIVE", False)
    assert main(["events", "disable", str(hook)]) == 0
    assert capsys.readouterr().out == f"paused {hook}\n"
    assert on(environment, tmp_path, state) == ("PAUSED", False)
    assert main(["events", "replay", "--dead", "--endpoint", str(hook)]) == 1
    assert capsys.readouterr().err == (
        f"zhupei: the webhook is not active: switch it on with zhupei events enable {hook} first\n"
    )
    # Nobody would be sent anything: not the same as nothing to send.
    assert main(["events", "replay", "--dead"]) == 1
    assert capsys.readouterr().err == (
        "zhupei: no webhook is active: switch one on with zhupei events enable first\n"
    )
    assert main(["events", "enable", str(hook)]) == 0
    assert on(environment, tmp_path, state) == ("ACTIVE", True)
    assert main(["events", "enable", str(uuid4())]) == 1


def test_secrets_are_renewed_with_the_keys(
    environment: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from job_place import KEYRING
    from zhupei.security.crypto import Keyring, new_key_text
    from zhupei.services.webhooks.rows import live_secrets

    newer = new_key_text("newer")

    async def made(office: Office) -> tuple[UUID, str]:
        async with receiver() as there:
            account = await integrator(office)
            hook = await webhook(office, account, there, contact="ops@hooks.example")
        with office.database.use():
            return hook, (await live_secrets(KEYRING, [hook], office.now))[hook][0]

    hook, secret = on(environment, tmp_path, made)
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", f"{newer},{KEY_TEXT}")
    assert main(["renew-encryption"]) == 0
    assert "2 secrets and contacts of webhooks were encrypted anew\n" in capsys.readouterr().out
    assert main(["renew-encryption"]) == 0
    assert "webhooks" not in capsys.readouterr().out

    async def opened(office: Office) -> str:
        with office.database.use():
            return (await live_secrets(Keyring.parse(newer), [hook], office.now))[hook][0]

    assert on(environment, tmp_path, opened) == secret
