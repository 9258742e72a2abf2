"""Webhooks in the graph: made, changed, rotated, tried, replayed and deleted by their owner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook as Standard

from admissions_office import Office, sample_catalogue
from asked_graph import core_graph
from job_place import KEYRING
from webhook_place import delivering, happened, integrator
from webhook_receiver import local_rules, receiver
from zhupei.db.connection import Database
from zhupei.db.models import (
    Idempotency,
    OutboxRow,
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookRow,
    WebhookSecretRow,
)
from zhupei.domain.actors import Actor, ActorKind, Grant
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.domain.webhooks import EVENT_TYPES
from zhupei.graphql.context import GraphContext
from zhupei.jobs import deliver_events, tell_events
from zhupei.services.webhooks.managing import MOST_WEBHOOKS
from zhupei.services.webhooks.rules import WebhookRules

_SCHEMA = core_graph().schema
_SHOWN = """
  id url name eventTypes base { code } jurisdiction { code } state stateReason failingSince
  createdAt revision secrets { createdAt expiresAt }
"""
_REFUSED = "... on Refusal { code message field }"
URL = "https://hooks.example/zhupei"


@dataclass
class Asked:
    """The graph as an integrator asks it."""

    office: Office
    account: UUID
    rules: WebhookRules

    def actor(self, *grants: Grant, id_: str | None = None) -> Actor:
        held = grants or (Grant("integrator", base="sample-hospital"),)
        return Actor(id=id_ or str(self.account), kind=ActorKind.SERVICE, grants=frozenset(held))

    async def ask(self, query: str, actor: Actor | None, **variables: Any) -> Any:
        context = GraphContext(
            catalogue=self.office.loaded.catalogue,
            dispatcher=self.office.loaded.dispatcher,
            language=Language.EN,
            clock=lambda: self.office.now,
            actor=actor,
            keyring=lambda: KEYRING,
            database=self.office.database,
            webhooks=self.rules,
        )
        return await _SCHEMA.execute(query, variable_values=variables, context_value=context)

    async def do(
        self, name: str, selection: str, actor: Actor | None = None, /, **given: Any
    ) -> Mapping[str, Any]:
        query = (
            f"mutation M($input: {name[0].upper()}{name[1:]}Input!) "
            f"{{ {name}(input: $input) {{ __typename {selection} {_REFUSED} }} }}"
        )
        answer = await self.ask(query, actor or self.actor(), input=given)
        assert answer.errors is None, answer.errors
        found: Mapping[str, Any] = answer.data[name]
        return found

    async def made(self, **given: Any) -> Mapping[str, Any]:
        values = {"url": URL, "eventTypes": ["*"], "base": "sample-hospital", **given}
        selection = f"... on IssuedWebhook {{ secret webhook {{ {_SHOWN} }} }}"
        return await self.do("createWebhook", selection, **values)


@pytest.fixture
async def asked(database: Database) -> Asked:
    office = Office(database, await sample_catalogue())
    return Asked(office, await integrator(office), WebhookRules())


async def rows(asked: Asked) -> str:
    """Return all that is kept about webhooks, to be compared."""
    with asked.office.database.use():
        models = (WebhookRow, WebhookSecretRow, WebhookDeliveryRow, WebhookAttemptRow, OutboxRow)
        kept = [await model.all().order_by("id").values() for model in models]
    return json.dumps(kept, default=str)


async def test_an_endpoint_is_made_and_its_secret_shown_once(asked: Asked) -> None:
    found = await asked.made(
        name="Registry", eventTypes=["zhupei.application.*", "round.opened", "round.opened"]
    )
    secret, hook = found["secret"], dict(found["webhook"])
    Standard(secret)
    assert UUID(hook.pop("id"))
    assert hook == {
        "url": URL,
        "name": "Registry",
        "eventTypes": ["zhupei.application.*", "round.opened"],
        "base": {"code": "sample-hospital"},
        "jurisdiction": None,
        "state": "ACTIVE",
        "stateReason": None,
        "failingSince": None,
        "createdAt": "2026-04-10T09:00:00+08:00",
        "revision": 1,
        "secrets": [{"createdAt": "2026-04-10T09:00:00+08:00", "expiresAt": None}],
    }
    listed = await asked.ask(f"{{ webhooks {{ {_SHOWN} }} }}", asked.actor())
    assert [each["name"] for each in listed.data["webhooks"]] == ["Registry"]
    kept = await rows(asked)
    assert secret.removeprefix("whsec_") not in kept + json.dumps(listed.data)


async def test_a_repeated_request_is_answered_as_the_first(asked: Asked) -> None:
    first = await asked.made(idempotencyKey="k", contact="ops@hooks.example")
    again = await asked.made(idempotencyKey="k", contact="ops@hooks.example")
    assert again == first
    other = await asked.made(idempotencyKey="k", contact="ops@hooks.example", name="x")
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    with asked.office.database.use():
        assert await WebhookRow.all().count() == 1
        kept = json.dumps(await Idempotency.all().values(), default=str)
    assert first["secret"].removeprefix("whsec_") not in kept
    assert "ops@hooks.example" not in kept + await rows(asked)


_IMPOSSIBLE: tuple[tuple[Mapping[str, Any], str, str], ...] = (
    ({"url": "http://hooks.example/"}, "url", "an address begins with https://"),
    ({"url": "https://10.0.0.1/"}, "url", "the address is not a public one"),
    ({"url": "https://hooks.example:22/"}, "url", "only these ports are allowed: 443"),
    ({"eventTypes": []}, "eventTypes", "1 to 100 event types are named"),
    (
        {"eventTypes": ["zhupei.person.*"]},
        "eventTypes",
        'there is no event type "zhupei.person.*"; eventTypes lists them all',
    ),
    ({"name": " "}, "name", "a name is 1 to 100 characters"),
    (
        {"contact": "nobody"},
        "contact",
        "this is no e-mail address: one reads like name@example.com",
    ),
)


async def test_what_cannot_be_is_refused_and_nothing_made(asked: Asked) -> None:
    before = await rows(asked)
    for given, field, message in _IMPOSSIBLE:
        found = await asked.made(**given)
        assert found == {
            "__typename": "InvalidInput",
            "code": "INPUT_INVALID",
            "message": message,
            "field": field,
        }
    assert await rows(asked) == before


async def test_an_account_has_so_many_and_no_more(asked: Asked) -> None:
    for _ in range(MOST_WEBHOOKS):
        await asked.made()
    before = await rows(asked)
    refused = await asked.made()
    assert refused["message"] == "an account has at most 20 webhooks"
    assert await rows(asked) == before
    listed = await asked.ask("{ webhooks { id } }", asked.actor())
    gone = listed.data["webhooks"][0]["id"]
    await asked.do("deleteWebhook", "... on DeletedWebhook { id }", webhook=gone)
    assert "secret" in await asked.made()


async def test_the_owner_changes_pauses_and_deletes(asked: Asked) -> None:
    hook = (await asked.made())["webhook"]["id"]

    async def update(**given: Any) -> Mapping[str, Any]:
        return await asked.do(
            "updateWebhook", f"... on Webhook {{ {_SHOWN} }}", webhook=hook, **given
        )

    changed = await update(eventTypes=["round.*"], name="Rounds", active=False, revision=1)
    assert (changed["eventTypes"], changed["name"]) == (["round.*"], "Rounds")
    assert (changed["state"], changed["revision"], changed["url"]) == ("PAUSED", 2, URL)
    before = await rows(asked)
    stale = await update(name="y", revision=1)
    assert stale["code"] == "CONFLICT"
    paused = await asked.do("testWebhook", "... on WebhookDelivery { id }", webhook=hook)
    assert paused["message"] == ("the webhook is not active: switch it on with updateWebhook first")
    assert await rows(asked) == before
    assert (await update(active=True))["state"] == "ACTIVE"
    gone = await asked.do("deleteWebhook", "... on DeletedWebhook { id }", webhook=hook)
    assert gone == {"__typename": "DeletedWebhook", "id": hook}
    for name in ("deleteWebhook", "testWebhook", "rotateWebhookSecret"):
        assert (await asked.do(name, "", webhook=hook))["code"] == "NOT_FOUND", name
    with asked.office.database.use():
        assert await WebhookSecretRow.all().count() == 0
    listed = await asked.ask(
        f'{{ webhooks {{ id }} webhook(id: "{hook}") {{ id }} }}', asked.actor()
    )
    assert listed.data == {"webhooks": [], "webhook": None}


async def test_a_rotation_leaves_the_former_secret_for_a_while(asked: Asked) -> None:
    made = await asked.made()
    hook = made["webhook"]["id"]
    selection = f"... on IssuedWebhook {{ secret webhook {{ {_SHOWN} }} }}"
    found = await asked.do("rotateWebhookSecret", selection, webhook=hook, overlapHours=2)
    assert found["secret"] != made["secret"]
    assert [each["expiresAt"] for each in found["webhook"]["secrets"]] == [
        None,
        "2026-04-10T11:00:00+08:00",
    ]
    at_once = await asked.do("rotateWebhookSecret", selection, webhook=hook, overlapHours=0)
    assert len(at_once["webhook"]["secrets"]) == 1
    before = await rows(asked)
    refused = await asked.do("rotateWebhookSecret", selection, webhook=hook, overlapHours=721)
    assert (refused["field"], refused["message"]) == (
        "overlapHours",
        "the overlap is 0 to 720 hours",
    )
    assert await rows(asked) == before


async def test_the_log_shows_every_attempt_and_replays_what_failed(asked: Asked) -> None:
    async with receiver(status=500) as there:
        asked.rules = WebhookRules(outbound=local_rules(there))
        place = delivering(asked.office, there)
        made = await asked.made(url=there.url)
        hook = made["webhook"]["id"]
        tried = await asked.do(
            "testWebhook", "... on WebhookDelivery { type state attempts { number } }", webhook=hook
        )
        assert tried == {
            "__typename": "WebhookDelivery",
            "type": "zhupei.webhook.test",
            "state": "WAITING",
            "attempts": [],
        }
        await tell_events(place)
        assert await deliver_events(place) == {"REFUSED": 1}
        query = """query Log($id: ID!, $states: [WebhookDeliveryState!], $first: Int, $before: ID) {
          webhook(id: $id) { state failingSince
            deliveries(states: $states, first: $first, before: $before) {
              id event type subject base { code } state nextAttemptAt settledAt
              attempts { number outcome status } } } }"""
        seen = await asked.ask(query, asked.actor(), id=hook)
        (delivery,) = seen.data["webhook"]["deliveries"]
        assert (delivery["state"], delivery["attempts"]) == (
            "WAITING",
            [{"number": 1, "outcome": "REFUSED", "status": 500}],
        )
        assert seen.data["webhook"]["failingSince"] == "2026-04-10T09:00:00+08:00"
        with asked.office.database.use():
            await WebhookDeliveryRow.all().update(state="DEAD", settled_at=asked.office.now)
        there.status = 200
        events = await happened(asked.office, "round.opened", "round.closed")
        await tell_events(place)
        await deliver_events(place)
        selection = "... on ReplayedDeliveries { queued webhook { id } }"
        dead = await asked.do("replayDeliveries", selection, webhook=hook, dead=True)
        # A test event is not repeated: one asks for another.
        assert dead["queued"] == 0
        again = await asked.do(
            "replayDeliveries", selection, webhook=hook, events=[str(each) for each in events]
        )
        assert (again["queued"], again["webhook"]["id"]) == (2, hook)
        # An empty list names none, and is no reason to send everything since then.
        none = await asked.do(
            "replayDeliveries",
            selection,
            webhook=hook,
            events=[],
            since="2026-01-01T00:00:00+08:00",
        )
        assert none["queued"] == 0
        await deliver_events(place)
        nothing = await asked.ask(query, asked.actor(), id=hook, first=5, states=[])
        assert nothing.data["webhook"]["deliveries"] == []
        page = await asked.ask(query, asked.actor(), id=hook, first=1, states=["DELIVERED"])
        (last,) = page.data["webhook"]["deliveries"]
        assert [each["number"] for each in last["attempts"]] == [1, 2]
        rest = await asked.ask(query, asked.actor(), id=hook, first=5, before=last["id"])
        assert len(rest.data["webhook"]["deliveries"]) == 2
        wrong = await asked.ask(query, asked.actor(), id=hook, before="x")
        assert wrong.errors[0].extensions["code"] == "BAD_USER_INPUT"


async def test_the_webhook_of_another_account_is_not_there(asked: Asked) -> None:
    hook = (await asked.made())["webhook"]["id"]
    before = await rows(asked)
    other = asked.actor(id_=str(uuid4()))
    for name in (
        "deleteWebhook",
        "replayDeliveries",
        "rotateWebhookSecret",
        "testWebhook",
        "updateWebhook",
    ):
        for id_ in (hook, str(uuid4())):
            found = await asked.do(name, "", other, webhook=id_)
            assert (found["code"], found["message"]) == ("NOT_FOUND", "there is no such webhook")
    seen = await asked.ask(f'{{ webhooks {{ id }} webhook(id: "{hook}") {{ id }} }}', other)
    assert seen.data == {"webhooks": [], "webhook": None}
    assert await rows(asked) == before


async def test_only_integrators_have_webhooks(asked: Asked) -> None:
    hook = (await asked.made())["webhook"]["id"]
    before = await rows(asked)
    for role in (None, *Role):
        await sees_what_is_its_own(asked, hook, role)
    assert await rows(asked) == before


async def sees_what_is_its_own(asked: Asked, hook: str, role: Role | None) -> None:
    actor = None
    if role is not None:
        places = {RoleReach.BASE: "sample-hospital", RoleReach.ANY: "sample-hospital"}
        province = "sample-province" if role.reach is RoleReach.JURISDICTION else None
        actor = asked.actor(Grant(role, places.get(role.reach), province))
    answer = await asked.ask("{ webhooks { id } eventTypes { type } }", actor)
    assert len(answer.data["eventTypes"]) == len(EVENT_TYPES)
    if role is Role.INTEGRATOR:
        assert answer.data["webhooks"] == [{"id": hook}]
        return
    code = "UNAUTHENTICATED" if role is None else "FORBIDDEN"
    assert answer.data["webhooks"] is None
    assert [error.extensions["code"] for error in answer.errors] == [code]
    alone = await asked.ask(f'{{ webhook(id: "{hook}") {{ id }} }}', actor)
    assert alone.data == {"webhook": None}
    assert [error.extensions["code"] for error in alone.errors] == [code]


async def test_a_limit_lies_where_the_account_reaches(asked: Asked) -> None:
    before = await rows(asked)
    query = (
        "mutation M($input: CreateWebhookInput!) { createWebhook(input: $input) { __typename } }"
    )
    for limit in ({"base": "sample-clinic"}, {"jurisdiction": "sample-province"}, {"base": "x"}):
        given = {"url": URL, "eventTypes": ["*"], **limit}
        answer = await asked.ask(query, asked.actor(), input=given)
        assert answer.data == {"createWebhook": None}
        assert answer.errors[0].extensions["code"] == "FORBIDDEN"
    assert await rows(asked) == before
