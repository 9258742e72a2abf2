"""What schemathesis is told about the graph; it loads this file in an environment of its own.

``ZHUPEI_FUZZED`` names a folder with ``actors.json`` (who may ask, by name, with tokens),
``known.json`` (values that arguments and fields have in this world, and whole inputs of
mutations), ``now`` (the server's clock, which every case sets), ``lock`` (held while a case is
answered: the world is put back in between) and the place for ``found-*.json``, what the cases came
to. ``ZHUPEI_FUZZ_MODE`` is positive or negative, as ``--mode`` is.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import random
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from graphql.language import Visitor, visit
from hypothesis import strategies as st
from hypothesis_graphql import strategies as operations
from hypothesis_graphql._strategies.strategy import GraphQLStrategy
from schemathesis.graphql import nodes

import graphql
from judges.strange_inputs import literal, strange

_FOLDER = Path(os.environ["ZHUPEI_FUZZED"])
_NEGATIVE = os.environ["ZHUPEI_FUZZ_MODE"] == "negative"
_ACTORS: dict[str, str | None] = json.loads((_FOLDER / "actors.json").read_text("utf-8"))
_KNOWN: dict[str, Any] = json.loads((_FOLDER / "known.json").read_text("utf-8"))
# Whoever has every role gets beyond "forbidden" most often, and is asked for as much as the others.
_NAMES = [name for name in _ACTORS if not name.startswith("person-")]
_OTHERS = [name for name in _NAMES if name != "everybody"]
_LOCK = (_FOLDER / "lock").open("w")
_NOW = (_FOLDER / "now").open("r+b", buffering=0)
_FAULTS = {"INTERNAL_SERVER_ERROR", "OPERATION_TIMED_OUT", "OVERLOADED", "RATE_LIMITED"}
# Values that exist, rather than made up ones; inputs that would be carried out; what of those is
# made up; pages of a sensible size; moments at which inputs would be carried out, and by whom;
# one strange value in such an input; values that come as variables; violations of our own.
_EXISTING, _WHOLE, _CHANGED, _PAGED, _FITTING = 0.7, 0.6, 0.1, 0.8, 0.8
_STRANGE, _AS_VARIABLES, _OWN_VIOLATIONS, _CARRIED_OUT = 0.4, 0.4, 0.7, 0.8
# The time of an operation: the machine may be busy with others.
_LONGEST_SECONDS = 30
_SIZES, _CURSORS = {"first", "last"}, {"after", "before"}
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(9)
_FILES = (_PNG, _PNG, _PNG, b"", b"%PDF-1.7\n", b"MZ\x90\x00", b"<svg onload='x'/>", bytes(70_000))
_BOUNDARY = "zhupei-fuzzed"
_FILE_NAMES = ("a.png", "../../a.pdf", "文件.png", "a" * 300)

_dates = st.dates()
_instants = st.datetimes(timezones=st.timezones())
_amounts = st.decimals(
    min_value=-(10**12), max_value=10**12, places=4, allow_nan=False, allow_infinity=False
)
schemathesis.graphql.scalar("Date", _dates.map(nodes.String))
schemathesis.graphql.scalar("DateTime", _instants.map(lambda at: nodes.String(at.isoformat())))
schemathesis.graphql.scalar("Decimal", _amounts.map(nodes.String))
schemathesis.graphql.scalar("Yuan", _amounts.map(nodes.String))
schemathesis.graphql.scalar("Upload", st.text().map(nodes.String))

_WHOLE_OF = sorted(_KNOWN["inputs"])
_NUMBERS = st.integers(0, 2**32).map(
    lambda number: [
        graphql.ArgumentNode(
            name=graphql.NameNode(value="input"), value=graphql.IntValueNode(value=str(number))
        )
    ]
)


@dataclass
class _Plan:
    """How an operation is to be sent."""

    # Whether it breaks the schema for certain.
    wrong: bool = False
    given: Any = None
    as_variable: bool = False
    with_file: bool = False
    actor: str | None = None
    at: str | None = None


_latest = [_Plan()]
"""The plan of the case that was made last: each is sent before the next one is made."""


def _remembered(make: Any) -> Any:
    """Make each strategy once instead of for each case: a third of the time of a case."""
    kept: dict[tuple[Any, ...], Any] = {}

    def made(schema: Any, *, fields: Any, **options: Any) -> Any:
        key = (id(schema), tuple(fields), options["mode"])
        if key not in kept:
            kept[key] = make(schema, fields=fields, **options)
        return kept[key]

    return made


def _remembered_arguments(make: Any) -> Any:
    """Make the strategy for the arguments of each field once.

    Of a mutation whose whole inputs are known, half of the made up ones would be replaced: a number
    stands for those, which says what they are replaced by.
    """
    kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def made(self: Any, arguments: dict[str, Any]) -> Any:
        key = (id(self), *((name, id(each)) for name, each in arguments.items()))
        if key not in kept:
            strategy = make(self, arguments)
            if any(self.schema.mutation_type.fields[name].args is arguments for name in _WHOLE_OF):
                strategy |= _NUMBERS
            # With what the key is made of, so that nothing else can be at that place.
            kept[key] = (strategy, (self, dict(arguments)))
        return kept[key][0]

    return made


def _untargeted(observation: int | float, *, label: str = "") -> int | float:
    """Leave the cases as they come: half would be the first answered with 200, a little changed."""
    return observation


operations.queries = _remembered(operations.queries)
operations.mutations = _remembered(operations.mutations)
_strategy: Any = GraphQLStrategy  # with or without its types: see there why it is changed
_strategy.list_of_arguments = _remembered_arguments(_strategy.list_of_arguments)
hypothesis.target = _untargeted


class _Planted(Visitor):
    """Puts values that exist in place of made up ones."""

    def __init__(self, pick: random.Random) -> None:
        super().__init__()
        self._pick = pick

    def enter_field(self, node: Any, *_: Any) -> Any:
        """Ask for pages that there are: one size, and mostly from the beginning."""
        named = {each.name.value for each in node.arguments or ()}
        if not named & _SIZES or self._pick.random() >= _PAGED:
            return None
        kept = [each for each in node.arguments if each.name.value not in _SIZES | _CURSORS]
        size = nodes.Int(self._pick.randint(1, 10))
        kept.append(graphql.ArgumentNode(name=graphql.NameNode(value="first"), value=size))
        return _with(node, arguments=type(node.arguments)(kept))

    def enter_argument(self, node: Any, *_: Any) -> Any:
        """Change the value of an argument."""
        return self._changed(node)

    def enter_object_field(self, node: Any, *_: Any) -> Any:
        """Change the value of a field of an input."""
        return self._changed(node)

    def _changed(self, node: Any) -> Any:
        known = _KNOWN["values"].get(node.name.value)
        if not known or self._pick.random() >= _EXISTING:
            return None
        if isinstance(node.value, graphql.StringValueNode | graphql.NullValueNode):
            value: Any = nodes.String(self._pick.choice(known))
        elif isinstance(node.value, graphql.ListValueNode):
            some = self._pick.choices(known, k=self._pick.randint(1, 3))
            value = nodes.List([nodes.String(each) for each in some])
        else:
            return None
        return type(node)(name=node.name, value=value)


def _with(node: Any, **changes: Any) -> Any:
    return type(node)(**{**{key: getattr(node, key, None) for key in node.keys}, **changes})


def _with_root(body: Any, **changes: Any) -> Any:
    """Return an operation whose only field is changed."""
    (operation,) = body.definitions
    (field,) = operation.selection_set.selections
    field = _with(field, **changes)
    selections = _with(operation.selection_set, selections=(field,))
    return _with(body, definitions=(_with(operation, selection_set=selections),))


def _root(body: Any) -> Any:
    return body.definitions[0].selection_set.selections[0]


def _told(body: Any) -> Any:
    """Ask a mutation what its answer is, and the code of a refusal."""
    field = _root(body)
    if field.selection_set is None:
        return body
    asked: Any = graphql.parse("{ cameTo: __typename ... on Refusal { refusedAs: code } }")
    more = asked.definitions[0].selection_set.selections
    selections = (*field.selection_set.selections, *more)
    return _with_root(body, selection_set=_with(field.selection_set, selections=selections))


@schemathesis.hook  # type: ignore[untyped-decorator]  # schemathesis is not installed here
def map_body(context: Any, body: Any) -> Any:
    """Plant values that exist, and for mutations whole inputs; in negative mode, violations."""
    pick = random.Random(_checksum(graphql.print_ast(body)))
    definition = context.operation.definition
    plan = _Plan(wrong=_NEGATIVE)
    if not _NEGATIVE:
        body = visit(body, _Planted(pick))
    inputs = _KNOWN["inputs"].get(definition.field_name)
    replaced = any(isinstance(each.value, graphql.IntValueNode) for each in _root(body).arguments)
    share = _OWN_VIOLATIONS if _NEGATIVE else _WHOLE
    if inputs and (replaced or pick.random() < share):
        working = [each for each in inputs if each["works"]]
        whole = pick.choice(working if pick.random() < _CARRIED_OUT else inputs)
        if pick.random() < _FITTING:
            plan.actor, plan.at = whole["actor"], whole["at"]
        body = _with_input(body, pick, definition.raw.args["input"].type, whole["input"], plan)
    elif _NEGATIVE and definition.raw.args and pick.random() < _OWN_VIOLATIONS:
        body = _with_wrong_argument(body, pick, definition.raw.args)
    if definition.root_type.name == "MUTATION":
        body = _told(body)
    _latest[0] = plan
    return body


def _with_input(
    body: Any, pick: random.Random, type_: Any, whole: Mapping[str, Any], plan: _Plan
) -> Any:
    """Return an operation with an input that would be carried out, changed somewhere."""
    given: Any = dict(whole)
    if _NEGATIVE or pick.random() < _STRANGE:
        given = strange(pick, type_, given, wrong=_NEGATIVE)
    plan.given = given
    plan.with_file = isinstance(given, dict) and given.get("file") == _KNOWN["file"]
    # Half a surrogate pair can only come as an escape of JSON.
    halved = "\\ud8" in json.dumps(given)
    plan.as_variable = plan.with_file or halved or pick.random() < _AS_VARIABLES
    if plan.as_variable:
        variable = graphql.VariableNode(name=graphql.NameNode(value="given"))
        declared = graphql.VariableDefinitionNode(
            variable=variable, type=graphql.parse_type(str(type_)), directives=()
        )
        body = _with_arguments(body, {"input": variable})
        operation = _with(body.definitions[0], variable_definitions=(declared,))
        return _with(body, definitions=(operation,))
    value = literal(type_, given)
    if not _NEGATIVE and isinstance(value, graphql.ObjectValueNode):
        kept = {each.name.value: each for each in value.fields}
        for argument in _root(body).arguments:
            for each in getattr(argument.value, "fields", ()):
                if pick.random() < _CHANGED:
                    kept[each.name.value] = each
        value = nodes.Object(list(kept.values()))
    return _with_arguments(body, {"input": value})


def _with_wrong_argument(body: Any, pick: random.Random, arguments: Mapping[str, Any]) -> Any:
    """Return an operation one of whose arguments has a value that its type does not allow."""
    name = pick.choice(sorted(arguments))
    type_ = arguments[name].type
    of_fields = graphql.is_input_object_type(graphql.get_nullable_type(type_))
    value = strange(pick, type_, {} if of_fields else None, wrong=True)
    return _with_arguments(body, {name: literal(type_, value)})


def _with_arguments(body: Any, changed: Mapping[str, Any]) -> Any:
    kept = {each.name.value: each for each in _root(body).arguments or ()}
    for name, value in changed.items():
        kept[name] = graphql.ArgumentNode(name=graphql.NameNode(value=name), value=value)
    return _with_root(body, arguments=tuple(kept.values()))


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


@schemathesis.hook  # type: ignore[untyped-decorator]  # see above
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Ask as one of the actors, at one of the moments, which the case itself decides."""
    plan, pick = _latest[0], random.Random(_checksum(str(case.body)))
    name = "everybody" if pick.random() < 0.5 else pick.choice(_OTHERS)
    name, at = plan.actor or name, plan.at or pick.choice(_KNOWN["moments"])
    headers = {**(case.headers or {}), "accept-language": pick.choice(("en", "zh"))}
    if _ACTORS[name] is not None:
        headers["authorization"] = f"Bearer {_ACTORS[name]}"
    if plan.as_variable:
        sent = {"query": case.body, "variables": {"given": plan.given}}
        if plan.with_file:
            sent["variables"] = {"given": {**plan.given, "file": None}}
            headers["apollo-require-preflight"] = "true"
            parts = {
                'name="operations"': json.dumps(sent).encode(),
                'name="map"': b'{"0": ["variables.given.file"]}',
                f'name="0"; filename="{pick.choice(_FILE_NAMES)}"': pick.choice(_FILES),
            }
            headers["content-type"] = f"multipart/form-data; boundary={_BOUNDARY}"
            kwargs["data"] = (
                b"".join(
                    f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\n\r\n".encode()
                    + part
                    + b"\r\n"
                    for name, part in parts.items()
                )
                + f"--{_BOUNDARY}--\r\n".encode()
            )
        else:
            headers["content-type"] = "application/json"
            kwargs["data"] = json.dumps(sent).encode()
    case.headers = headers
    fcntl.flock(_LOCK, fcntl.LOCK_SH)
    os.pwrite(_NOW.fileno(), at.encode(), 0)


@schemathesis.hook  # type: ignore[untyped-decorator]  # see above
def after_call(context: Any, case: Any, response: Any) -> None:
    """Let the world be put back."""
    fcntl.flock(_LOCK, fcntl.LOCK_UN)


_counted: dict[str, Counter[str]] = {}


@schemathesis.check  # type: ignore[untyped-decorator]  # see above
def no_fault_of_the_server(_context: Any, response: Any, case: Any) -> None:
    """Every answer is one that the documentation has: JSON, below 500, with a known code."""
    plan = _latest[0]
    outcome = _outcome(response, plan)
    if not outcome.startswith("FAULT") and "authorization" not in (case.headers or {}):
        sent = f"{case.body}{json.dumps(plan.given, ensure_ascii=False)}"
        if any(each in response.text and each not in sent for each in _KNOWN["secrets"]):
            outcome = "FAULT personal data shown to the public"
    _counted.setdefault(case.operation.label, Counter())[outcome] += 1
    if outcome.startswith("FAULT"):
        # At once: who runs thousands of cases wants to see the first fault before the last case.
        with (_FOLDER / "faults.txt").open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{outcome}\n{case.body}\n{json.dumps(plan.given)[:2000]}\n")
            file.write(f"{response.content[:2000]!r}\n\n")
    if sum(map(Counter.total, _counted.values())) % 500 == 0:
        # A long run can be looked at, and what it came to is there when it is ended.
        _write()
    assert not outcome.startswith("FAULT"), outcome


def _outcome(response: Any, plan: _Plan) -> str:
    """Return what an answer came to, in words; what no server may answer begins with FAULT."""
    try:
        shown = response.json()
    except ValueError:
        return f"FAULT no JSON, status {response.status_code}"
    codes = [each.get("extensions", {}).get("code") for each in shown.get("errors", [])]
    if fault := _fault(response, shown, codes):
        return f"FAULT {fault}, status {response.status_code}, {response.elapsed:.1f} s"
    if "data" not in shown:
        return f"not run: {codes[0]}"
    if plan.wrong:
        return "FAULT run, although it breaks the schema"
    refused = [each["refusedAs"] for each in _objects(shown["data"]) if "refusedAs" in each]
    if refused and not codes:
        return f"refused as {refused[0]}"
    return f"answered with {codes[0]}" if codes else "answered"


def _objects(data: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    return [each for each in (data or {}).values() if isinstance(each, dict)]


def _fault(response: Any, shown: Mapping[str, Any], codes: Sequence[str | None]) -> str:
    """Return what no server may do, nothing where all is well."""
    if None in codes:
        return "an error without a code"
    if wrong := _FAULTS.intersection(codes):
        return ", ".join(sorted(map(str, wrong)))
    if shown.get("data") is None and not codes:
        return "neither data nor errors"
    if response.status_code >= 500:
        return "an answer that is a failure"
    return "a long time" if response.elapsed > _LONGEST_SECONDS else ""


@atexit.register
def _write() -> None:
    if _counted:
        place = _FOLDER / f"found-{os.environ['ZHUPEI_FUZZ_MODE']}-{os.getpid()}.json"
        place.write_text(json.dumps(_counted, ensure_ascii=False), encoding="utf-8")
