"""Every strange value at every place of what a root field takes, sent to a server.

schemathesis tries some of them at random; here each is tried once, in inputs that would be carried
out otherwise. It costs little: each field is one document, checked once, and the values are
variables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLSchema
from graphql import is_required_argument as is_required
from judges.fuzzed_world import FuzzedServer
from judges.strange_inputs import strange_inputs

__all__ = ["StrangeRequests", "send_strange_requests"]

_FAULTS = {"INTERNAL_SERVER_ERROR", "OPERATION_TIMED_OUT", "OVERLOADED", "RATE_LIMITED"}


@dataclass
class StrangeRequests:
    """What came of them: answers by their code, and what no server may answer."""

    counted: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, name: str, place: str, given: Any, response: httpx2.Response, wrong: bool) -> str:
        """Count an answer, and return its code: DONE where there is none."""
        shown = response.json()
        codes = [each.get("extensions", {}).get("code") for each in shown.get("errors", ())]
        answer = (shown.get("data") or {}).get(name)
        code = codes[0] if codes else answer.get("code", "DONE") if isinstance(answer, dict) else ""
        self.counted[f"{'wrong' if wrong else 'odd'}: {code or 'DONE'}"] += 1
        fault = response.status_code >= 500 or None in codes or _FAULTS.intersection(codes)
        # Nothing of an operation is run that breaks the schema.
        if fault or (wrong and "data" in shown):
            told = json.dumps(given)[:300]
            self.faults.append((name, place, told, response.text[:300]))
        return code or "DONE"


async def send_strange_requests(
    server: FuzzedServer, schema: GraphQLSchema, *, every: int
) -> StrangeRequests:
    """Send every ``every``-th strange request; the world stays what it is."""
    known = json.loads((server.folder / "known.json").read_text("utf-8"))
    found = StrangeRequests()
    await _mutate(server, schema, known["inputs"], found, every)
    await _ask(server, schema, known["values"], found, every)
    return found


async def _mutate(
    server: FuzzedServer,
    schema: GraphQLSchema,
    inputs: Mapping[str, Any],
    found: StrangeRequests,
    every: int,
) -> None:
    """Try the inputs of every mutation; the world is put back after each that is carried out."""
    assert schema.mutation_type is not None
    number = 0
    for name, each in schema.mutation_type.fields.items():
        whole = next(given for given in inputs[name] if given["works"])
        (server.folder / "now").write_text(whole["at"])
        for wrong, place, given in _strange(each.args["input"].type, whole["input"]):
            number += 1
            if number % every:
                continue
            response = await server.sent(name, {**whole, "input": given})
            if found.add(name, place, given, response, wrong) == "DONE":
                await server.put_back_once()


async def _ask(
    server: FuzzedServer,
    schema: GraphQLSchema,
    values: Mapping[str, Any],
    found: StrangeRequests,
    every: int,
) -> None:
    """Try the arguments of every query, by somebody with every role."""
    assert schema.query_type is not None
    token = json.loads((server.folder / "actors.json").read_text("utf-8"))["everybody"]
    (server.folder / "now").write_text("2026-05-12T09:00")
    number = 0
    for name, each in schema.query_type.fields.items():
        arguments = {key: GraphQLInputField(one.type) for key, one in each.args.items()}
        declared = ", ".join(f"${key}: {one.type}" for key, one in each.args.items())
        passed = ", ".join(f"{key}: ${key}" for key in each.args)
        shown = "{ __typename }" if hasattr(_named(each.type), "fields") else ""
        shown = shown or ("{ __typename }" if hasattr(_named(each.type), "types") else "")
        query = f"query({declared}) {{ {name}({passed}) {shown} }}"
        whole = {
            key: _some(values, key, one.type) for key, one in each.args.items() if is_required(one)
        }
        made = GraphQLInputObjectType("Arguments", arguments)
        for wrong, place, given in _strange(made, whole):
            number += 1
            if number % every or not place:
                continue
            sent = json.dumps({"query": query, "variables": given}).encode()
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            response = await server.graph.client.post("/graphql", content=sent, headers=headers)
            found.add(name, place, given, response, wrong)


def _strange(type_: Any, whole: Any) -> Iterator[tuple[bool, str, Any]]:
    for wrong in (True, False):
        for place, given in strange_inputs(type_, whole, wrong=wrong):
            yield wrong, place, given


def _named(type_: Any) -> Any:
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


def _some(values: Mapping[str, Any], name: str, type_: Any) -> Any:
    """Return a value that there is for an argument that is needed."""
    named = _named(type_)
    plain: Any
    if isinstance(named, GraphQLInputObjectType):
        plain = {
            key: _some(values, key, one.type)
            for key, one in named.fields.items()
            if str(one.type).endswith("!")
        }
    elif hasattr(named, "values"):
        plain = next(iter(named.values))
    else:
        some = {"Int": 1, "Boolean": True, "Date": "2026-05-12"}
        plain = some.get(named.name, values.get(name, values["code"])[0])
        plain = "2026-05-12T09:00:00+08:00" if named.name == "DateTime" else plain
    return [plain] if str(type_).startswith("[") else plain
