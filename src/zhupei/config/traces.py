"""From pydantic's error locations to paths in the file.

pydantic's locations also name what is not in the file: the kind that a tagged union chose, the
member of a union that was tried, ``[key]``. A walk along the model's core schema tells these
apart from keys, and finds which keys, kinds and choices the place accepts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from zhupei.config.problems import YamlPath

__all__ = ["Trace", "key_names", "trace_errors"]

_Schema = Mapping[str, Any]

# Schemas that stand for the one below them.
_TRANSPARENT = frozenset(
    {
        "dataclass",
        "default",
        "function-after",
        "function-before",
        "function-wrap",
        "model",
        "nullable",
    }
)
_KEYED = frozenset({"dataclass-args", "model-fields", "typed-dict"})
_ITEMS = frozenset({"frozenset", "generator", "list", "set"})


@dataclass(frozen=True, slots=True)
class Trace:
    """One error of pydantic, located in the file.

    ``path`` holds keys and indexes only. ``schema`` is what the place accepts and ``parent`` what
    the mapping or list around it accepts (empty where that is not known), ``siblings`` the keys
    that this mapping has. ``at_key`` says that the key itself is wrong. ``alternatives`` are the
    errors of the other members of a union, where none of them fits.
    """

    error: Mapping[str, Any]
    path: YamlPath
    schema: _Schema
    parent: _Schema
    siblings: frozenset[str]
    at_key: bool
    unions: tuple[tuple[int, int], ...]
    alternatives: tuple[Trace, ...] = ()


def trace_errors(
    model: type[BaseModel], data: Any, errors: Iterable[Mapping[str, Any]]
) -> list[Trace]:
    """Return the errors located in ``data``, those of a union's members as one cause."""
    definitions: dict[str, _Schema] = {}
    root: Any = model.__pydantic_core_schema__
    traces = [_trace(root, definitions, data, error) for error in errors]
    return _merge_unions(traces, 0)


def key_names(schema: _Schema) -> tuple[str, ...]:
    """Return the keys that a mapping's schema accepts, in their order, as a file spells them."""
    fields = schema.get("fields", {})
    if isinstance(fields, Mapping):
        return tuple(_spelling(name, field) for name, field in fields.items())
    return tuple(_spelling(field["name"], field) for field in fields)


def _trace(
    schema: Any, definitions: dict[str, _Schema], data: Any, error: Mapping[str, Any]
) -> Trace:
    path: list[str | int] = []
    unions: list[tuple[int, int]] = []
    parent: _Schema = {}
    siblings: frozenset[str] = frozenset()
    at_key = False
    here = _unwrap(schema, definitions)
    for index, part in enumerate(error["loc"]):
        kind = here.get("type")
        if kind == "tagged-union":
            here = _unwrap(_choice(here, part), definitions)
            continue
        if kind == "union":
            unions.append((index, len(path)))
            here = _unwrap(_member(here, str(part), definitions), definitions)
            continue
        if part == "[key]" and parent.get("type") == "dict":
            at_key = True
            here = _unwrap(parent.get("keys_schema"), definitions)
            continue
        if not here and not _holds(data, part):
            # Behind a function or an unknown member: only what the file holds is a key of it.
            continue
        parent = here
        siblings = frozenset(data) if isinstance(data, dict) else frozenset()
        here = _unwrap(_child(here, part), definitions)
        data = data[part] if _holds(data, part) else None
        path.append(part)
    return Trace(error, tuple(path), here, parent, siblings, at_key, tuple(unions))


def _unwrap(schema: Any, definitions: dict[str, _Schema]) -> _Schema:
    """Return the schema that decides, empty where it cannot be known."""
    while isinstance(schema, Mapping):
        kind = schema["type"]
        if kind == "definitions":
            for each in schema["definitions"]:
                definitions[each["ref"]] = each
            schema = schema["schema"]
        elif kind == "definition-ref":
            schema = definitions.get(schema["schema_ref"])
        elif kind in _TRANSPARENT:
            schema = schema["schema"]
        elif kind == "lax-or-strict":
            schema = schema["lax_schema"]
        elif kind == "json-or-python":
            schema = schema["python_schema"]
        elif kind == "chain":
            schema = schema["steps"][0]
        else:
            return schema
    return {}


def _choice(schema: _Schema, tag: object) -> Any:
    for value, choice in schema["choices"].items():
        if str(getattr(value, "value", value)) == str(tag):
            return choice
    return None


def _member(schema: _Schema, label: str, definitions: dict[str, _Schema]) -> Any:
    """Return the member of an untagged union whose label is ``label``, None where unclear."""
    for choice in schema["choices"]:
        if isinstance(choice, tuple | list):
            if choice[1] == label:
                return choice[0]
            continue
        member: Any = choice
        if member["type"] == "definition-ref":
            member = definitions.get(member["schema_ref"], member)
        if label in {member["type"], getattr(member.get("cls"), "__name__", "")}:
            return member
        # pydantic labels containers and functions by what is inside: list[int], nullable[str].
        if label.startswith(f"{member['type']}["):
            return member
    return None


def _child(schema: _Schema, part: object) -> Any:
    kind = schema.get("type")
    if kind in _KEYED:
        return _field(schema, part)
    if kind == "dict":
        return schema.get("values_schema")
    if kind in _ITEMS:
        return schema.get("items_schema")
    if kind == "tuple" and isinstance(part, int):
        items: Sequence[Any] = schema["items_schema"]
        variadic = schema.get("variadic_item_index")
        if variadic is None:
            return items[part] if part < len(items) else None
        return items[min(part, variadic)]
    return None


def _field(schema: _Schema, key: object) -> Any:
    fields = schema["fields"]
    named = (
        fields.items()
        if isinstance(fields, Mapping)
        else ((field["name"], field) for field in fields)
    )
    for name, field in named:
        if key == name or key == _spelling(name, field):
            return field["schema"]
    return None


def _spelling(name: str, field: Mapping[str, Any]) -> str:
    alias = field.get("validation_alias")
    # Several aliases are lists of paths: the first is the one to write.
    while isinstance(alias, list) and alias:
        alias = alias[0]
    return alias if isinstance(alias, str) else name


def _holds(data: Any, part: object) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data)


def _merge_unions(traces: list[Trace], depth: int) -> list[Trace]:
    """Keep of each untagged union the member that was meant, or one error for all of them."""
    merged: list[Trace] = []
    groups: dict[tuple[object, ...], dict[object, list[Trace]]] = {}
    for trace in traces:
        if len(trace.unions) <= depth:
            merged.append(trace)
            continue
        loc = trace.error["loc"]
        index = trace.unions[depth][0]
        groups.setdefault(loc[:index], {}).setdefault(loc[index], []).append(trace)
    for members in groups.values():
        merged.extend(_merge_members(list(members.values()), depth))
    return merged


def _merge_members(members: list[list[Trace]], depth: int) -> list[Trace]:
    def reaches_inside(traces: list[Trace]) -> bool:
        # The member read the value and found fault with a part of it, so its shape was right.
        return all(len(trace.path) > trace.unions[depth][1] for trace in traces)

    fitting = [traces for traces in members if reaches_inside(traces)]
    if fitting:
        return _merge_unions(min(fitting, key=len), depth + 1)
    first, *others = (trace for traces in members for trace in traces)
    return [replace(first, alternatives=tuple(others))]
