"""docs/integrators.md says what the code does: queries, figures, settings, routes, commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

from standardwebhooks.webhooks import Webhook as Standard

from asked_graph import core_graph
from graphql import parse, validate
from zhupei.cli import build_parser
from zhupei.domain.webhooks import EVENT_TYPES, data_schema, pattern_problem, retry_pause, type_of
from zhupei.graphql.context import GraphContext
from zhupei.security.outbound import OutboundRules
from zhupei.services.webhooks import managing
from zhupei.services.webhooks.rules import WebhookRules
from zhupei.settings import describe_settings
from zhupei.web.calendars import calendar_routes

_PAGE = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text("utf-8")
_CORE = core_graph().schema.core_schema


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


def test_the_mutation_is_one_of_the_graph_and_its_input_is_taken() -> None:
    (query,) = _blocks("graphql")
    assert validate(_CORE, parse(query)) == []
    given = json.loads(_blocks("json")[0])["input"]
    taken = _CORE.type_map["CreateWebhookInput"].fields  # type: ignore[attr-defined]  # it is an input type
    assert set(given) <= set(taken)
    assert [pattern_problem(each) for each in given["eventTypes"]] == [None, None]


def test_what_events_are_about_is_told_with_the_way_to_read_it() -> None:
    sources = (Path(__file__).parents[2] / "src").rglob("*.py")
    nouns = {
        noun
        for path in sources
        for noun in re.findall(r'subject_of\("(\w+)"', path.read_text("utf-8"))
    }
    told = re.findall(r"^  \| `(\w+)` \| [^|]+ \| ([^|]+) \|$", _PAGE, re.MULTILINE)
    assert {noun for noun, _ in told} == nouns
    query = _CORE.query_type
    assert query is not None
    named = [re.fullmatch(r"`(\w+)\((\w+):.*", way) for _, way in told]
    for field, argument in (each.groups() for each in named if each is not None):
        assert argument in query.fields[field].args, (field, argument)


def test_every_mutation_of_webhooks_is_explained() -> None:
    mutations = _CORE.mutation_type
    assert mutations is not None
    ours = {name for name in mutations.fields if "ebhook" in name or "Deliver" in name}
    assert set(re.findall(r"^\| `([a-zA-Z]+)` \|", _PAGE, re.MULTILINE)) == ours


def test_the_event_that_is_printed_is_one() -> None:
    event = json.loads(_blocks("json")[1])
    assert event["type"].removeprefix("zhupei.") in EVENT_TYPES
    assert event["type"] == type_of("application.admitted")
    assert event["sequence"] == event["id"].replace("-", "")
    assert event["dataschema"] == event["source"] + "/events/schema.json"
    assert set(event["data"]) == set(data_schema("x")["properties"])


def test_the_figures_are_those_of_the_code() -> None:
    rules, outbound = WebhookRules(), OutboundRules()
    assert [retry_pause(each, 0.5).total_seconds() for each in (1, 2, 3)] == [5, 20, 80]
    assert "after 5 s, 20 s, 80 s" in _PAGE
    assert (rules.tried_for.days, rules.to_one, outbound.seconds) == (3, 4, 10.0)
    for said in ("Tried for three days", "Up to four deliveries", "within 10 seconds"):
        assert said in _PAGE
    assert f"at most {managing.MOST_WEBHOOKS}." in _PAGE
    assert managing.OVERLAP.total_seconds() == 24 * 3600
    assert outbound.ports == {443}


def test_every_setting_that_is_named_exists() -> None:
    known = {each.variable for each in describe_settings()}
    named = set(re.findall(r"ZHUPEI_[A-Z_]+", _PAGE))
    assert named <= known
    assert {each for each in known if "WEBHOOK" in each} <= named


def test_every_route_of_calendars_is_explained() -> None:
    async def nobody(*_: object) -> GraphContext:
        raise NotImplementedError

    paths = {re.sub(r"\{.*?\}", "<>", route.path) for route in calendar_routes(nobody)}
    told = {
        re.sub(r"<[a-z]+>", "<>", path.partition("?")[0])
        for path in re.findall(r"^\| `(/calendar/[^`]+)`", _PAGE, re.MULTILINE)
    }
    assert told == paths


def test_every_command_that_is_printed_is_understood() -> None:
    for line in "\n".join(_blocks("sh")).replace("\\\n", " ").splitlines():
        words = line.split()
        if words and words[0] == "zhupei":
            build_parser().parse_args(words[1:])
    for words in (["events", "endpoints"], ["events", "replay", "--since", "2026-04-10", "--dead"]):
        assert f"zhupei {words[0]} {words[1]}" in " ".join(_PAGE.split())
        build_parser().parse_args(words)


def test_the_lines_that_verify_run() -> None:
    secret = "whsec_" + "A" * 43 + "="
    code = next(each for each in _blocks("python") if "verify" in each)
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    body = b'{"id": "x"}'
    headers = {
        "webhook-id": "i",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Standard(secret).sign("i", now, body.decode()),
    }
    names: dict[str, object] = {"secret": secret, "body": body, "headers": headers}
    exec(compile(code, "docs/integrators.md", "exec"), names)
    assert names["event"] == {"id": "x"}
