"""What schemathesis is told about the graph; it loads this file in an environment of its own.

``ZHUPEI_FUZZED`` names a folder with ``actors.json`` (who may ask, by name, with tokens),
``known.json`` (values that arguments and fields have in this world, and whole inputs of
mutations), ``now`` (the server's clock, which every case sets), ``lock`` (held while a case is
answered: the world is put back in between) and the place for ``found-*.json``, what the cases came
to.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import random
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from graphql.language import Visitor, visit
from hypothesis import strategies as st
from schemathesis.graphql import nodes

import graphql

_FOLDER = Path(os.environ["ZHUPEI_FUZZED"])
_ACTORS: dict[str, str | None] = json.loads((_FOLDER / "actors.json").read_text("utf-8"))
_KNOWN: dict[str, Any] = json.loads((_FOLDER / "known.json").read_text("utf-8"))
# Whoever has every role gets beyond "forbidden" most often, and is asked for as much as the others.
_NAMES = [name for name in _ACTORS if not name.startswith("person-")]
_OTHERS = [name for name in _NAMES if name != "everybody"]
_LOCK = (_FOLDER / "lock").open("w")
_NOW = (_FOLDER / "now").open("r+b", buffering=0)
_FAULTS = {"INTERNAL_SERVER_ERROR", "OPERATION_TIMED_OUT", "OVERLOADED", "RATE_LIMITED"}
# Values that exist, rather than made up ones; inputs that would be carried out; what of those is
# made up; pages of a sensible size; moments at which inputs would be carried out, and by whom.
_EXISTING, _WHOLE, _CHANGED, _PAGED, _FITTING = 0.7, 0.7, 0.1, 0.8, 0.7
# The time of an operation: the machine may be busy with others.
_LONGEST_SECONDS = 30
_SIZES, _CURSORS = {"first", "last"}, {"after", "before"}

_dates = st.dates()
_instants = st.datetimes(timezones=st.timezones())
_amounts = st.decimals(allow_nan=False, allow_infinity=False)
schemathesis.graphql.scalar("Date", _dates.map(nodes.String))
schemathesis.graphql.scalar("DateTime", _instants.map(lambda at: nodes.String(at.isoformat())))
schemathesis.graphql.scalar("Decimal", _amounts.map(nodes.String))
schemathesis.graphql.scalar("Yuan", _amounts.map(nodes.String))
schemathesis.graphql.scalar("Upload", st.text().map(nodes.String))

_fitting: dict[int, tuple[str, str]] = {}
"""For bodies with a whole input, by their checksum: who would send it, and when."""


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
        return _with_arguments(node, kept)

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


class _Whole(Visitor):
    """Puts an input that would be carried out in place of a made up one, but for a few fields."""

    def __init__(self, pick: random.Random, field: str, whole: Any) -> None:
        super().__init__()
        self._pick, self._field, self._whole = pick, field, whole

    def enter_field(self, node: Any, *_: Any) -> Any:
        """Change the input of the mutation."""
        if node.name.value != self._field or not node.arguments:
            return None
        (argument,) = node.arguments
        kept = {each.name.value: each for each in self._whole.fields}
        for each in getattr(argument.value, "fields", ()):
            if self._pick.random() < _CHANGED:
                kept[each.name.value] = each
        value = nodes.Object(list(kept.values()))
        return _with_arguments(node, [type(argument)(name=argument.name, value=value)])


def _with_arguments(node: Any, arguments: list[Any]) -> Any:
    return type(node)(
        alias=node.alias,
        name=node.name,
        arguments=type(node.arguments)(arguments),
        directives=node.directives,
        selection_set=node.selection_set,
    )


@schemathesis.hook  # type: ignore[untyped-decorator]  # schemathesis is not installed here
def map_body(context: Any, body: Any) -> Any:
    """Plant values that exist, and for mutations whole inputs."""
    pick = random.Random(zlib.crc32(graphql.print_ast(body).encode()))
    planted = visit(body, _Planted(pick))
    definition = context.operation.definition
    inputs = _KNOWN["inputs"].get(definition.field_name)
    if not inputs or pick.random() >= _WHOLE:
        return planted
    chosen = pick.choice(inputs)
    type_ = definition.raw.args["input"].type
    whole = graphql.utilities.ast_from_value(chosen["input"], type_)
    planted = visit(planted, _Whole(pick, definition.field_name, whole))
    if pick.random() < _FITTING:
        number = zlib.crc32(graphql.print_ast(planted).encode())
        _fitting[number] = (chosen["actor"], chosen["at"])
    return planted


@schemathesis.hook  # type: ignore[untyped-decorator]  # see above
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Ask as one of the actors, at one of the moments, which the case itself decides."""
    number = zlib.crc32(str(case.body).encode())
    pick = random.Random(number)
    name = "everybody" if pick.random() < 0.5 else pick.choice(_OTHERS)
    name, at = _fitting.pop(number, (name, pick.choice(_KNOWN["moments"])))
    token = _ACTORS[name]
    case.headers = {**(case.headers or {}), "accept-language": pick.choice(("en", "zh"))}
    if token is not None:
        case.headers["authorization"] = f"Bearer {token}"
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
    outcome = _outcome(response)
    _counted.setdefault(case.operation.label, Counter())[outcome] += 1
    if outcome.startswith("FAULT"):
        # At once: who runs thousands of cases wants to see the first fault before the last case.
        with (_FOLDER / "faults.txt").open("a", encoding="utf-8") as file:
            file.write(f"{outcome}\n{case.body}\n{response.content[:2000]!r}\n\n")
    assert not outcome.startswith("FAULT"), outcome


def _outcome(response: Any) -> str:
    """Return what an answer came to, in words; what no server may answer begins with FAULT."""
    try:
        shown = response.json()
    except ValueError:
        return f"FAULT no JSON, status {response.status_code}"
    codes = [each.get("extensions", {}).get("code") for each in shown.get("errors", [])]
    fault = next((code for code in codes if code is None or code in _FAULTS), "")
    if response.status_code >= 500 or fault != "" or response.elapsed > _LONGEST_SECONDS:
        return f"FAULT {fault}, status {response.status_code}, {response.elapsed:.1f} s"
    if not codes:
        return "answered" if shown.get("data") is not None else "FAULT neither data nor errors"
    return f"answered with {codes[0]}" if "data" in shown else f"not run: {codes[0]}"


@atexit.register
def _write() -> None:
    if _counted:
        place = _FOLDER / f"found-{os.getpid()}.json"
        place.write_text(json.dumps(_counted, ensure_ascii=False), encoding="utf-8")
