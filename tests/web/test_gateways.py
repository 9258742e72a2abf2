"""What a gateway that shows its secret is given over HTTP, and nobody else: text and traces."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from running_graph import RunningGraph, running_graph
from zhupei.settings import Environment, Settings, SettingsError
from zhupei.web.gateways import Gateways

_SECRET = "a-secret-of-some-length"
_TRACE: dict[str, Any] = {"apollo-federation-include-trace": "ftv1"}
_KNOWN: dict[str, Any] = {"x-gateway-secret": _SECRET}
_KEYS = "k1:" + base64.b64encode(bytes(32)).decode()


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    """A server in production that knows a gateway."""
    async with running_graph(
        tmp_path,
        database_url,
        environment=Environment.PRODUCTION,
        gateway_secret=_SECRET,
        encryption_keys=_KEYS,
    ) as running:
        yield running


def _messages(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a Protocol Buffers message: number, and integer or bytes."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            assert key & 7 == 2
            length = varint()
            yield key >> 3, data[at : at + length]
            at += length


def _node(data: bytes) -> dict[str, Any]:
    found = dict[str, Any](children=[], errors=[])
    names = {1: "name", 2: "index", 3: "type", 13: "parent", 14: "field", 8: "start", 9: "end"}
    for number, value in _messages(data):
        if number == 12:
            found["children"].append(_node(value))
        elif number == 11:
            found["errors"].append(dict(_messages(value)))
        else:
            found[names[number]] = value.decode() if isinstance(value, bytes) else value
    return found


async def test_in_production_only_a_gateway_reads_the_text(graph: RunningGraph) -> None:
    closed = await graph.ask("{ _service { sdl } }")
    assert closed.json()["errors"][0]["extensions"] == {"code": "INTROSPECTION_DISABLED"}
    other: dict[str, Any] = {"x-gateway-secret": _SECRET + "x"}
    wrong = await graph.ask("{ _service { sdl } }", **other)
    assert wrong.json()["data"] is None
    given = await graph.ask("{ _service { sdl } }", **_KNOWN)
    assert given.json()["data"]["_service"]["sdl"].startswith("extend schema @link(")


async def test_a_trace_tells_each_field_with_its_times_and_masks_errors(
    graph: RunningGraph,
) -> None:
    query = (
        '{ shown: base(code: "example-hospital") { code programs(first: 1) { edges { node '
        '{ code } } } } nodes(ids: ["secret"]) { id } }'
    )
    plain = await graph.ask(query)
    traced = await graph.ask(query, **_TRACE, **_KNOWN)
    answer = traced.json()
    trace = base64.b64decode(answer.pop("extensions")["ftv1"])
    assert answer == plain.json()
    fields = dict(_messages(trace))
    assert set(fields) == {3, 4, 11, 14}
    began, ended = (dict(_messages(fields[number])) for number in (4, 3))
    assert 0 <= (ended[1] - began[1]) * 10**9 + ended.get(2, 0) - began.get(2, 0) < 10**10
    root = _node(fields[14])
    shown, nodes = root["children"]
    assert {key: shown[key] for key in ("name", "field", "type", "parent")} == {
        "name": "shown",
        "field": "base",
        "type": "Base",
        "parent": "Query",
    }
    assert [each["name"] for each in shown["children"]] == ["code", "programs"]
    assert "field" not in shown["children"][0]
    (edges,) = shown["children"][1]["children"]
    assert edges["type"] == "[ProgramEdge!]!"
    (first,) = edges["children"]
    assert first["index"] == 0
    assert first["children"][0]["children"][0]["type"] == "String!"
    assert 0 <= shown["start"] <= shown["end"] <= fields[11]
    (error,) = nodes["errors"]
    assert error[1] == b"<masked>"
    assert error[4] == b'{"message":"<masked>","extensions":{"code":"BAD_USER_INPUT"}}'
    assert dict(_messages(error[2])) == {1: 1, 2: query.index("nodes(") + 1}
    assert b"secret" not in trace


async def test_an_answer_that_is_kept_is_traced_all_the_same(graph: RunningGraph) -> None:
    query = '{ base(code: "example-hospital") { code } }'
    kept = [(await graph.ask(query)).json() for _ in range(3)]
    traced = (await graph.ask(query, **_TRACE, **_KNOWN)).json()
    assert traced["data"] == kept[2]["data"] == {"base": {"code": "example-hospital"}}
    assert set(traced["extensions"]) == {"ftv1"}
    assert (await graph.ask(query)).json() == kept[0]


async def test_nobody_else_is_given_a_trace(graph: RunningGraph) -> None:
    for headers in (
        _TRACE,
        _KNOWN,
        {**_TRACE, "x-gateway-secret": "another-secret-here"},
        {**_KNOWN, "apollo-federation-include-trace": "ftv2"},
    ):
        answer = await graph.ask("{ catalogueHash }", **headers)
        assert set(answer.json()) == {"data"}


async def test_entities_over_http(graph: RunningGraph) -> None:
    answer = await graph.ask(
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Base { name } } }",
        variables={"r": [{"__typename": "Base", "code": "example-hospital"}, {"a": {"b": []}}]},
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"_entities": [{"name": "Example Hospital"}, None]}
    assert [each["extensions"]["code"] for each in body["errors"]] == ["BAD_USER_INPUT"]


def test_without_a_secret_nobody_is_trusted() -> None:
    assert not Gateways(None).trusts({"x-gateway-secret": ""})
    assert not Gateways(None).trusts({})
    assert Gateways(_SECRET).trusts(_KNOWN)
    assert not Gateways(_SECRET).trusts({})
    # Other scripts cannot be compared as text, and are no reason to fail.
    assert not Gateways(_SECRET).trusts({"x-gateway-secret": "密语密语密语密语密语密语"})


def test_a_secret_has_a_length() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"ZHUPEI_GATEWAY_SECRET": "short"})
    assert [problem.message.en for problem in refused.value.problems] == [
        "must be at least 16 ASCII characters without blanks"
    ]
    settings = Settings.from_environment({"ZHUPEI_GATEWAY_SECRET": _SECRET})
    assert settings.gateway_secret == _SECRET
    assert _SECRET not in repr(settings)
