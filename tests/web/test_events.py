"""Events end to end: the whole application over HTTP, a worker inside it, a receiver beside it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks.webhooks import Webhook as Standard

from running_graph import running_graph
from webhook_receiver import LOCAL, receiver
from zhupei.domain.actors import ActorKind, Grant

_CREATE = """mutation Subscribe($input: CreateWebhookInput!) { createWebhook(input: $input) {
  ... on IssuedWebhook { secret webhook { id } } ... on Refusal { code message field } } }"""
_TEST = """mutation Try($id: ID!) { testWebhook(input: {webhook: $id}) {
  ... on WebhookDelivery { event } ... on Refusal { code } } }"""
_LOG = """query Log($id: ID!) { webhook(id: $id) { deliveries(states: [DELIVERED]) {
  event attempts { outcome status } } } }"""


@pytest.mark.slow
async def test_from_the_graph_to_the_receiver(tmp_path: Path, database_url: str) -> None:
    async with (
        receiver() as there,
        running_graph(
            tmp_path,
            database_url,
            worker=True,
            tick_seconds=1,
            public_url="https://graph.example",
            webhook_networks=LOCAL,
            webhook_ports=(there.port,),
            webhook_http=True,
        ) as graph,
    ):
        account = await graph.account(
            "registry",
            Grant("integrator"),
            kind=ActorKind.SERVICE,
            scopes=["events.read", "webhooks.manage"],
        )
        token = graph.token(account)
        given = {"url": there.url, "eventTypes": ["zhupei.webhook.*"]}
        made = (await graph.ask(_CREATE, token, variables={"input": given})).json()
        issued = made["data"]["createWebhook"]
        hook = issued["webhook"]["id"]
        tried = (await graph.ask(_TEST, token, variables={"id": hook})).json()
        async with asyncio.timeout(30):
            await there.came.wait()
        (request,) = there.received
        event = Standard(issued["secret"]).verify(request.body, request.headers)
        assert event["id"] == tried["data"]["testWebhook"]["event"]
        assert (event["type"], event["source"]) == ("zhupei.webhook.test", "https://graph.example")
        schema = await graph.client.get("/events/schema.json")
        assert schema.headers["content-type"] == "application/schema+json"
        # As a proxy makes of it that compresses, among others.
        tags = {"if-none-match": f'"x", W/{schema.headers["etag"]}'}
        again = await graph.client.get("/events/schema.json", headers=tags)
        assert (again.status_code, again.content) == (304, b"")
        assert event["dataschema"] == schema.json()["$id"]
        assert Draft202012Validator(schema.json()).is_valid(event["data"])
        tag = {"if-none-match": schema.headers["etag"]}
        assert (await graph.client.get("/events/schema.json", headers=tag)).status_code == 304
        async with asyncio.timeout(10):
            while True:
                log = (await graph.ask(_LOG, token, variables={"id": hook})).json()
                if found := log["data"]["webhook"]["deliveries"]:
                    break
                await asyncio.sleep(0.1)
        assert found == [
            {"event": event["id"], "attempts": [{"outcome": "DELIVERED", "status": 204}]}
        ]
        # Another account's token does not see it; neither does one without the scope.
        narrow = graph.token(account, scopes=["events.read"])
        refused = (await graph.ask(_CREATE, narrow, variables={"input": given})).json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert issued["secret"] not in json.dumps([log, refused])
        calendar = await graph.client.get("/calendar/bases/example-hospital.ics")
        assert calendar.status_code == 200
        assert calendar.content.startswith(b"BEGIN:VCALENDAR\r\n")
