"""The queries of `llms.txt` are run in its order, against a real server with real bases."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from asked_graph import core_graph
from graphql import OperationType, parse, validate
from live_socket import read_events
from running_graph import PASSWORD, RunningGraph, running_graph
from zhupei.domain.calendar import CHINA_TIME
from zhupei.graphql.errors import Code
from zhupei.web.errors import ErrorCode

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "llms.txt").read_text("utf-8")
_NOW = datetime(2026, 6, 10, 9, tzinfo=CHINA_TIME)


def _blocks() -> list[tuple[str, dict[str, Any]]]:
    """Return each query with its variables."""
    found = re.findall(r"```graphql\n(.*?)```\n(?:```json\n(.*?)```)?", _TEXT, re.DOTALL)
    return [(query, json.loads(variables) if variables else {}) for query, variables in found]


def test_every_query_is_one_of_the_graph() -> None:
    core = core_graph().schema.core_schema
    assert len(_blocks()) == _TEXT.count("```graphql") == 10
    for query, _ in _blocks():
        assert validate(core, parse(query)) == []


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", _TEXT)
    assert len(links) == 10
    assert [link for link in links if not (_ROOT / link).exists()] == []


def test_every_code_is_one() -> None:
    section = _TEXT.partition("## Errors")[2].partition("##")[0]
    named = set(re.findall(r"`([A-Z_]{5,})`", section))
    assert len(named) == 7
    assert named <= {code.value for code in Code} | {code.value for code in ErrorCode}


async def _event(graph: RunningGraph, query: str, variables: dict[str, Any]) -> Any:
    """Return the data of the first event."""
    async with graph.client.stream(
        "POST",
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"accept": "text/event-stream"},
    ) as response:
        assert response.status_code == 200
        async for name, data in read_events(response):
            assert name == "next"
            return data["data"]
    raise AssertionError("no event")


def _shape(value: Any) -> Any:
    """Return a value without its texts, which depend on the language."""
    if isinstance(value, dict):
        return {name: _shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value)


@pytest.mark.slow
@pytest.mark.institutions
async def test_the_walk(tmp_path: Path, database_url: str) -> None:
    answers: list[Any] = []
    chinese: list[Any] = []
    async with running_graph(
        tmp_path,
        database_url,
        clock=lambda: _NOW,
        bases=(_ROOT / "bases",),
        plugins=(_ROOT / "plugins",),
    ) as graph:
        signed_up = await graph.client.post(
            "/sign-up", json={"login": "example", "password": PASSWORD, "name": "Example"}
        )
        assert signed_up.status_code == 201
        token = None
        for query, variables in _blocks():
            if "viewer" in query:
                token = signed_up.json()["access_token"]
            if parse(query).definitions[0].operation is OperationType.SUBSCRIPTION:  # type: ignore[attr-defined]  # each block is one operation
                answers.append(await _event(graph, query, variables))
                continue
            response = await graph.ask(query, token, variables=variables)
            assert response.status_code == 200, response.text
            assert "errors" not in response.json(), response.text
            answers.append(response.json()["data"])
            # The same again: nothing is done twice, and what is said is said in Chinese.
            again = await graph.ask(query, token, variables=variables, **{"accept-language": "zh"})
            assert "errors" not in again.json(), again.text
            chinese.append(again.json()["data"])
    opening, bases, openings, decided, viewer, registered, refused, created, filed, event = answers
    assert (opening["opening"]["quota"], opening["opening"]["en"]) == (4, "Paediatrics")
    assert re.search("[一-鿿]", opening["opening"]["zh"])
    assert bases["bases"]["totalCount"] > len(bases["bases"]["edges"]) == 2
    assert bases["bases"]["pageInfo"]["hasNextPage"] is True
    assert [each["node"]["quota"] for each in openings["openings"]["edges"]] == [4, 2, 1]
    assert decided["eligibility"]["outcome"] == "INCOMPLETE"
    missing = [name for each in decided["eligibility"]["findings"] for name in each["missingFacts"]]
    assert "degrees" in missing
    assert decided["benefitEstimate"]["monthly"]["minimum"] == "7100"
    assert viewer["viewer"]["grants"] == [{"role": "applicant"}]
    assert registered["registerApplicant"]["name"] == "Example Applicant"
    assert refused["createApplication"] == {
        "__typename": "ActionRefused",
        "code": "ROUND_UNKNOWN",
        "message": "choose a round: June 2026 recruitment (june-2026)",
        "field": "round",
        "missingFacts": [],
        "findings": [],
        "source": None,
    }
    assert [_shape(each) for each in chinese] == [_shape(each) for each in answers[:-1]]
    assert chinese[0]["opening"]["base"]["name"] == "香港大学深圳医院"
    assert chinese[1:3] == [bases, openings]
    assert chinese[6]["createApplication"]["message"] == "请选择批次：2026年6月招收（june-2026）"
    assert chinese[4:6] == [viewer, registered]
    assert chinese[7:] == [created, filed]
    draft = created["createApplication"]
    assert (draft["__typename"], draft["state"]) == ("Application", "DRAFT")
    assert filed["viewer"]["applications"] == {
        "totalCount": 1,
        "edges": [{"node": {"id": draft["id"], "state": "DRAFT"}}],
    }
    assert event["roundChanged"] == {"kind": None, "round": None, "readAgain": True}
