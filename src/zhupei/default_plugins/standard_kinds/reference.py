"""The reference of kinds and of facts: Markdown tables made from the code itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from zhupei.config.expression_facts import Roots, fact_names
from zhupei.domain.kinds import Kind, KindGroup

__all__ = ["describe_facts", "describe_kinds", "fill_page"]

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


def describe_facts() -> str:
    """Return a table: each variable of expressions with its facts."""
    by_root: dict[str, list[str]] = {}
    for about in Roots:
        for name in fact_names(about):
            root, _, fact = name.partition(".")
            known = by_root.setdefault(root, [])
            if fact not in known:
                known.append(fact)
    rows = "\n".join(
        f"| `{root}` | {' '.join(f'`{fact}`' for fact in facts) if any(facts) else 'itself'} |"
        for root, facts in by_root.items()
    )
    return f"| variable | facts |\n|---|---|\n{rows}"


def fill_page(page: str, kinds: Iterable[Kind]) -> str:
    """Return a page with what stands between its marks ``<!-- kinds: … -->`` made anew.

    Raises:
        ValueError: a mark is missing.

    """
    for name, text in (("facts", describe_facts()), ("kinds", describe_kinds(kinds).rstrip())):
        marks = rf"(<!-- {name}: generated -->\n)(?:.*\n)?(<!-- {name}: end -->)"
        page, times = re.subn(
            marks,
            lambda match, text=text: f"{match[1]}{text}\n{match[2]}",  # type: ignore[misc]  # bound now
            page,
            count=1,
            flags=re.DOTALL,
        )
        if times != 1:
            raise ValueError(f"the page has no marks for {name}")
    return page


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
