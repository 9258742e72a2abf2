"""The reference of kinds: Markdown tables made from the kinds themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from zhupei.domain.kinds import Kind, KindGroup

__all__ = ["describe_kinds"]

_TITLES = {
    KindGroup.REQUIREMENT: "Requirements (招收条件)",
    KindGroup.BENEFIT: "Benefits (待遇)",
    KindGroup.STEP: "Steps (招录步骤)",
    KindGroup.DOCUMENT: "Documents (材料)",
    KindGroup.ASSESSMENT: "Assessments (考核)",
}


def describe_kinds(kinds: Iterable[Kind]) -> str:
    """Return one table a group: kind, meaning, and each parameter with type and default.

    A parameter is read from the params model's own JSON Schema, so the table cannot differ from
    what a file may say.
    """
    by_group: dict[KindGroup, list[Kind]] = {group: [] for group in KindGroup}
    for kind in kinds:
        by_group[kind.group].append(kind)
    parts: list[str] = []
    for group, title in _TITLES.items():
        if by_group[group]:
            rows = "\n".join(_row(kind) for kind in by_group[group])
            parts.append(
                f"### {title}\n\n| kind | what it says | parameters |\n|---|---|---|\n{rows}\n"
            )
    return "\n".join(parts)


def _row(kind: Kind) -> str:
    about = f"{kind.label.zh}: {kind.description.en or kind.description.zh}"
    return f"| `{kind.name}` | {_cell(about)} | {_parameters(kind) or 'none'} |"


def _parameters(kind: Kind) -> str:
    if kind.params is None:
        return ""
    schema: dict[str, Any] = kind.params.model_json_schema()
    required = set(schema.get("required", ()))
    found = []
    for name, part in schema["properties"].items():
        if name in required:
            state = "required"
        elif part.get("default") in (None, [], {}):
            state = "optional"
        else:
            state = f"default `{str(part['default']).lower()}`"
        about = " ".join(part.get("description", "").split())
        found.append(f"`{name}` ({_type(part, schema)}, {state}): {about}")
    return _cell("<br>".join(found))


_PLAIN = {"boolean": "true or false", "integer": "whole number", "number": "number"}


def _type(part: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in part:
        part = {**schema["$defs"][part["$ref"].rpartition("/")[2]], **part}
    if "anyOf" in part:
        names = [_type(one, schema) for one in part["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(names))
    if "enum" in part or "const" in part:
        return "one of " + " ".join(f"`{one}`" for one in part.get("enum", [part.get("const")]))
    match part.get("type"):
        case "array":
            return f"list of {_type(part.get('items', {}), schema)}"
        case "object":
            return _object(part, schema)
        case plain:
            return _PLAIN.get(str(plain), "text")


def _object(part: dict[str, Any], schema: dict[str, Any]) -> str:
    values = part.get("additionalProperties")
    if "patternProperties" in part:
        values = next(iter(part["patternProperties"].values()))
    if isinstance(values, dict):
        return f"map of {_type(part.get('propertyNames', {}), schema)} to {_type(values, schema)}"
    return "{" + ", ".join(part.get("properties", {})) + "}"


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)
