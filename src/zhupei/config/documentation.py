"""``docs/configuration.md``: every file, key, type and meaning, from the models themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from zhupei.config.entries import RuleBlocks
from zhupei.config.files import FileModels
from zhupei.config.json_schema import plain_schemas
from zhupei.domain.policies import POLICIES, PolicyDefinition, Stricter

__all__ = ["configuration_page"]

_HEAD = """\
# Configuration

Every file below `bases/` is a mapping with a `kind:`. This page lists what each kind of file may
say: it is generated from the models in `src/zhupei/config/`; do not edit it, run
`zhupei docs --write`. Editors that read the line
`# yaml-language-server: $schema=../base.schema.json` complete and check the keys as you type;
`zhupei check` says everything that is wrong, with file, line and column. With `--database` it
also names the codes that people's records refer to and no file has any more, and, as a warning,
the quotas that are lower now than the seats that are taken: who holds one keeps it, and nobody
else gets one.

- Text, numbers and dates are written as they are; quotes are needed only where YAML needs them.
  `"0100"` and `0100` are the same specialty code here, and `no` is a text.
- **Unknown is left out**, with the reason beside it (`quota_note`, `note`); it is never 0.
- A `source:` names the clause: `DOCUMENT:LINES clause`, such as `S1:74 招收待遇（四）`, where
  `DOCUMENT` is a code listed under `sources`.
- Times are Asia/Shanghai. A closing date includes its whole day, `24:00` is midnight after it.
- Rules may stand in national, jurisdiction and base files, in a program and in an opening. The more
  specific level's entry with the same `id` replaces the other's. What a higher level sets as a
  floor may be raised, never weakened.
"""
_WAYS = {
    Stricter.HIGHER: "only up",
    Stricter.LOWER: "only down",
    Stricter.TRUE: "may become true, not false",
    Stricter.FALSE: "may become false, not true",
}
_TYPES: dict[type[Any], str] = {
    int: "whole number",
    bool: "true or false",
    Decimal: "number",
    str: "text",
}
# Patterns that a name says more of than the pattern itself.
_PATTERNS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "code",
    r"^([0-9]{4}|[a-z][a-z0-9]*(-[a-z0-9]+)*)$": "specialty code",
    r"^[0-9]{6}$": "code of GB/T 2260",
    r"^[0-9]{4}-(0[1-9]|1[0-2])$": "month",
}


def configuration_page(models: FileModels, kinds: str) -> str:
    """Return the page; ``kinds`` is the Markdown of the kinds and their parameters."""
    page = _Page(models)
    parts = [_HEAD, "## Files\n", *page.files(), "## Rules\n", _RULES_HEAD, *page.rules()]
    parts += ["## Parts\n", *page.parts()]
    parts += ["## Policies\n", _POLICIES_HEAD, _policies(POLICIES.values())]
    parts += ["## Kinds\n", kinds.strip() + "\n"]
    return "\n".join(parts)


class _Page:
    """The sections of the page, from the schemas of the models."""

    def __init__(self, models: FileModels) -> None:
        plain = plain_schemas(models)
        self._definitions: Mapping[str, Any] = plain["$defs"]
        self._files: Mapping[str, str] = plain["files"]
        self._entries: Mapping[str, str] = plain["entries"]

    def files(self) -> Iterator[str]:
        """Yield one section for each kind of file."""
        for kind, name in self._files.items():
            yield self._section(f"### `kind: {kind}`", name)

    def rules(self) -> Iterator[str]:
        """Yield the table of rule lists, then what the entries of each may say."""
        properties = self._definitions[self._files["base"]]["properties"]
        yield self._table({key: properties[key] for key in _RULES}, ())
        for key, name in self._entries.items():
            yield self._section(f"### `{key}`", name)

    def parts(self) -> Iterator[str]:
        """Yield a section for every other model, in the order in which a reader meets them."""
        known = {*self._files.values(), *self._entries.values()}
        for name in self._reachable():
            if name not in known:
                yield self._section(f"### {_heading(name)}", name)

    def _reachable(self) -> list[str]:
        found: dict[str, None] = {}
        waiting = [*self._files.values(), *self._entries.values()]
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found[name] = None
            for schema in self._definitions[name].get("properties", {}).values():
                waiting += _references(schema)
        return [name for name in found if self._definitions[name].get("properties")]

    def _section(self, heading: str, name: str) -> str:
        definition = self._definitions[name]
        properties = dict(definition.get("properties", {}))
        parts = [heading, _cell(definition.get("description", ""))]
        if properties.keys() >= set(_RULES):
            properties = {key: value for key, value in properties.items() if key not in _RULES}
            parts.append("It may also have every list of [rules](#rules).")
        # What the file is and how it is called comes before what it holds.
        first = [key for key in ("kind", "code", "id", "name", "label") if key in properties]
        ordered = {key: properties[key] for key in (*first, *properties)}
        parts.append(self._table(ordered, definition.get("required", ())))
        return "\n\n".join(parts)

    def _table(self, properties: Mapping[str, Any], required: Iterable[str]) -> str:
        rows = [
            f"| `{key}`{' **required**' if key in required else ''} | {self._type(schema)} "
            f"| {_cell(schema.get('description', ''))} |"
            for key, schema in properties.items()
        ]
        return "\n".join(["| key | type | meaning |", "|---|---|---|", *rows]) + "\n"

    def _type(self, schema: Mapping[str, Any]) -> str:
        if "discriminator" in schema:
            return "[kind](#kinds)"
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            definition = self._definitions[name]
            if not definition.get("properties"):
                return "plugins' blocks" if name == "Extra" else self._type(definition)
            return f"[{_heading(name).lower()}](#{_heading(name).lower().replace(' ', '-')})"
        if "anyOf" in schema:
            members = [self._type(each) for each in schema["anyOf"] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(members))
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return ", ".join(f"`{value}`" for value in values)
        return self._plain_type(schema)

    def _plain_type(self, schema: Mapping[str, Any]) -> str:
        match schema.get("type"):
            case "array":
                return f"list of {self._type(schema['items'])}"
            case "object":
                inner = schema.get("additionalProperties")
                return f"{self._type(inner)} by key" if isinstance(inner, dict) else "mapping"
            case "integer":
                return f"whole number{_range(schema)}"
            case "number":
                return f"number{_range(schema)}"
            case "boolean":
                return "`true` or `false`"
            case _:
                pattern = schema.get("pattern")
                return "text" if pattern is None else _PATTERNS.get(pattern, f"text `{pattern}`")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    elif isinstance(schema, dict):
        if "discriminator" in schema:
            return  # the kinds have a chapter of their own
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)


def _heading(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.lstrip("_").removesuffix("Entry")).capitalize()


def _range(schema: Mapping[str, Any]) -> str:
    words = {"minimum": "from {}", "exclusiveMinimum": "above {}", "maximum": "to {}"}
    limits = [text.format(f"{schema[key]:g}") for key, text in words.items() if key in schema]
    return f" {' '.join(limits)}" if limits else ""


def _cell(text: str) -> str:
    """Return text for a cell of a table: in one line, code as Markdown marks it."""
    return " ".join(text.replace("``", "`").replace("|", r"\|").split())


_RULES = tuple(RuleBlocks.model_fields)
_RULES_HEAD = """\
National, jurisdiction and base files, programs and openings may all have these lists. Along them an
entry replaces the one with the same `id` above it; of `steps` the most specific list is taken
whole. An entry has the keys below and those of its [kind](#kinds).
"""
_POLICIES_HEAD = """\
Parameters below `policies:`, each `{value, note, source}`. Where "may be moved" says a direction,
the value of a higher level is a floor: a lower level moves it that way only.
"""


def _policies(definitions: Iterable[PolicyDefinition]) -> str:
    rows = ["| key | meaning | value | may be moved |", "|---|---|---|---|"]
    for each in definitions:
        value = ", ".join(f"`{choice}`" for choice in each.choices) or _TYPES[each.type]
        if each.unit is not None and each.type is not str:
            value = f"{value} ({each.unit})"
        way = _WAYS[each.stricter] if each.stricter is not None else "freely"
        rows.append(f"| `{each.key}` | {each.label.zh} · {each.label.en} | {value} | {way} |")
    return "\n".join(rows) + "\n"
