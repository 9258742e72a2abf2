"""Events as others receive them: CloudEvents, Standard Webhooks, patterns and pauses."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cloudevents.v1.http import from_json
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from zhupei.domain.events import Event
from zhupei.domain.webhooks import (
    EVENT_TYPES,
    LONGEST_RETRY_AFTER,
    cloud_event,
    data_schema,
    matches,
    new_secret,
    pattern_problem,
    retry_after,
    retry_pause,
    signature,
)

AT = datetime(2026, 4, 10, 1, 0, 0, 120000, tzinfo=UTC)
EVENT = Event(
    id=UUID("0199b7a2-0000-7000-8000-000000000001"),
    name="application.admitted",
    at=AT,
    subject="QXBwbGljYXRpb246MQ",
    base="b",
    program="p",
    opening="p/0100",
    actor="an-account",
    data={"action": "ADMIT", "state": "ADMITTED", "revision": 9, "round": None, "ends_on": "x"},
    catalogue_hash="c" * 64,
)


def written() -> bytes:
    return cloud_event(EVENT, source="https://graph.example", schema="https://graph.example/s")


def test_an_event_is_a_cloud_event() -> None:
    assert json.loads(written()) == {
        "specversion": "1.0",
        "id": "0199b7a2-0000-7000-8000-000000000001",
        "source": "https://graph.example",
        "type": "zhupei.application.admitted",
        "subject": "QXBwbGljYXRpb246MQ",
        "time": "2026-04-10T09:00:00.120000+08:00",
        "sequence": "0199b7a2000070008000000000000001",
        "datacontenttype": "application/json",
        "dataschema": "https://graph.example/s",
        "data": {
            "base": "b",
            "program": "p",
            "opening": "p/0100",
            "catalogueHash": "c" * 64,
            "action": "ADMIT",
            "state": "ADMITTED",
            "revision": 9,
            "round": None,
            "endsOn": "x",
        },
    }
    assert b"an-account" not in written()


def test_the_official_library_reads_it() -> None:
    found = from_json(written())
    attributes = found.get_attributes()
    assert (attributes["type"], attributes["id"]) == ("zhupei.application.admitted", str(EVENT.id))
    data: Any = found.get_data()
    assert data["state"] == "ADMITTED"


def test_the_data_is_what_its_schema_says() -> None:
    schema = data_schema("https://graph.example/s")
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert judge.is_valid(json.loads(written())["data"])
    assert not judge.is_valid({"base": None})
    assert not judge.is_valid({**json.loads(written())["data"], "person": {"name": "x"}})


def test_standard_webhooks_verifies_every_live_secret() -> None:
    secrets = [new_secret(lambda length: bytes(range(length))), new_secret(lambda n: b"x" * n)]
    assert base64.b64decode(secrets[0].removeprefix("whsec_")) == bytes(range(32))
    now = int(datetime.now(UTC).timestamp())
    signed = signature(secrets, id_="id-1", second=now, content=written())
    headers = {
        "webhook-id": "id-1",
        "webhook-timestamp": str(now),
        "webhook-signature": signed,
    }
    for secret in secrets:
        assert Standard(secret).verify(written(), headers) == json.loads(written())
        for name, value in (("webhook-id", "id-2"), ("webhook-timestamp", str(now + 1))):
            with pytest.raises(WebhookVerificationError):
                Standard(secret).verify(written(), {**headers, name: value})
        with pytest.raises(WebhookVerificationError):
            Standard(secret).verify(written() + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Standard(new_secret(lambda n: b"y" * n)).verify(written(), headers)


def test_a_broken_secret_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="a webhook's secret cannot be read") as caught:
        signature(["whsec_n!onsense"], id_="i", second=1, content=b"")
    assert "n!onsense" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("*", True),
        ("zhupei.*", True),
        ("application.*", True),
        ("zhupei.application.*", True),
        ("zhupei.application.admitted", True),
        ("application.admitted", True),
        ("application.adm", False),
        ("round.*", False),
    ],
)
def test_patterns(pattern: str, meant: bool) -> None:
    assert matches([pattern], "application.admitted") is meant


@pytest.mark.parametrize("pattern", ["", "person.*", "application", "application.", "**", "x y"])
def test_what_no_event_is_called(pattern: str) -> None:
    found = pattern_problem(pattern)
    assert found is not None
    assert found.en == f'there is no event type "{pattern}"; eventTypes lists them all'


def test_every_type_can_be_asked_for_and_drafts_cannot() -> None:
    assert [name for name in EVENT_TYPES if pattern_problem(f"zhupei.{name}") is not None] == []
    assert "application.draft" not in EVENT_TYPES
    assert all(label.en and label.zh for label in EVENT_TYPES.values())


def test_every_event_that_the_code_tells_is_listed() -> None:
    """Names are written where events are told: none may be missing from the list."""
    services = Path(__file__).parents[2] / "src" / "zhupei" / "services"
    nouns = {name.partition(".")[0] for name in EVENT_TYPES}
    form = re.compile(rf'"((?:{"|".join(sorted(nouns))})\.[a-z_]+)"')
    said = {
        name
        for file in services.rglob("*.py")
        for name in form.findall(file.read_text(encoding="utf-8"))
    }
    assert "objection.filed" in said
    # A draft is named so that it is told to nobody; an answer of the brochure looks alike.
    assert said - set(EVENT_TYPES) <= {"application.draft", "brochure.attested"}


@given(st.integers(1, 200), st.floats(0, 1))
def test_pauses_grow_and_stay_within_bounds(attempts: int, chance: float) -> None:
    pause = retry_pause(attempts, chance)
    assert timedelta(seconds=4) <= pause <= timedelta(hours=7, minutes=12)
    assert retry_pause(attempts + 1, chance) >= pause


def test_pauses_in_figures() -> None:
    assert [retry_pause(each, 0.5).total_seconds() for each in range(1, 10)] == [
        5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("Fri, 10 Apr 2026 01:10:00 GMT", 599.88),
        ("Fri, 10 Apr 2026 00:00:00 GMT", 0),
        ("999999999", 86400),
        ("9" * 100, None),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("Fri, 10 Apr 2026 01:10:00", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(header, AT) == expected
    assert timedelta(hours=24) == LONGEST_RETRY_AFTER
