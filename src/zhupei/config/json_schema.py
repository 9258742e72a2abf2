"""The JSON Schema of configuration files, for the editors that hospitals write them in.

Editors read ``quota: 3`` as a number and ``"3"`` as text; our loader takes either, and so does
the schema: it must never complain about a file that ``zhupei check`` accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from zhupei.config import entries, files, programs
from zhupei.config.files import FileModels

__all__ = ["editor_schema", "plain_schemas"]

# A kind that a plugin teaches begins with the plugin's slug.
_PLUGIN_KIND = r"^[a-z][a-z0-9-]*\."
_INTEGER_TEXT = r"^-?(0|[1-9][0-9]*)$"
_NUMBER_TEXT = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
# Keywords that hold schemas by name, whose names are keys of files rather than keywords.
_NAMED = frozenset({"$defs", "properties", "patternProperties"})
# Bounds of what a function of ours reads keep pydantic's names, which no editor knows.
_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
}


#: What every entry of a rule list may say, whatever its kind.
_ENTRIES = {
    "requirements": entries.RequirementEntry,
    "benefits": entries.BenefitEntry,
    "steps": entries.StepEntry,
    "documents": entries.DocumentEntry,
    "assessments": entries.AssessmentEntry,
}


def plain_schemas(models: FileModels) -> dict[str, Any]:
    """Return ``$defs`` of every model as it is; ``files`` and ``entries`` name those of them.

    ``files`` gives the definition's name for a file's kind, ``entries`` that of what all entries
    of a rule list share.
    """
    kinds = list(models.by_kind)
    asked: list[tuple[Any, Any]] = [(models.by_kind[kind], "validation") for kind in kinds]
    asked += [(entry, "validation") for entry in _ENTRIES.values()]
    references, schema = models_json_schema(asked, ref_template="#/$defs/{model}")
    schema = _bounded(schema)
    names = [references[each]["$ref"].rpartition("/")[2] for each in asked]
    for definition in schema["$defs"].values():
        _describe(definition)
    return {
        "$defs": schema["$defs"],
        "files": dict(zip(kinds, names, strict=False)),
        "entries": dict(zip(_ENTRIES, names[len(kinds) :], strict=True)),
    }


def _bounded(schema: Any) -> Any:
    """Return a schema whose bounds are keywords of JSON Schema."""
    if isinstance(schema, list):
        return [_bounded(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        _BOUNDS.get(key, key): {name: _bounded(each) for name, each in value.items()}
        if key in _NAMED
        else _bounded(value)
        for key, value in schema.items()
    }


def _describe(definition: dict[str, Any]) -> None:
    """Describe the keys that kinds were added to as their static shape describes them."""
    for key, schema in definition.get("properties", {}).items():
        if "description" not in schema and key in _DESCRIPTIONS:
            schema["description"] = _DESCRIPTIONS[key]


_DESCRIPTIONS = {
    key: field.description
    for model in (files.JurisdictionFile, programs.ProgramEntry)
    for key, field in model.model_fields.items()
    if field.description is not None
}


def editor_schema(models: FileModels) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that tells the kinds of files apart by their ``kind``."""
    plain = plain_schemas(models)
    unused = set(plain["entries"].values())
    definitions = {
        name: _loosened(each) for name, each in sorted(plain["$defs"].items()) if name not in unused
    }
    for name, definition in definitions.items():
        if name.startswith("Extra"):
            # What stands below `extra` belongs to plugins, and their models are not known here.
            definition.pop("additionalProperties", None)
    kinds = plain["files"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zhupei",
        "description": "A configuration file of zhupei. Generated: run `zhupei docs --write`.",
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"enum": list(kinds), "description": "What this file describes."},
        },
        "allOf": [_when("kind", kind, f"#/$defs/{name}") for kind, name in kinds.items()],
        "$defs": definitions,
    }


def _when(key: str, value: str, reference: str) -> dict[str, Any]:
    """Return a condition rather than a choice: editors then name the one thing that is wrong."""
    return {
        "if": {"properties": {key: {"const": value}}, "required": [key]},
        "then": {"$ref": reference},
    }


def _loosened(schema: Any) -> Any:
    """Return a schema that takes text for numbers and numbers for text, without titles."""
    if isinstance(schema, list):
        return [_loosened(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "discriminator" in schema:
        return _by_kind(schema)
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"title", "default"}:
            continue
        if key in _NAMED:
            found[key] = {name: _loosened(each) for name, each in value.items()}
        else:
            found[key] = _loosened(value)
    return _either(found)


def _either(schema: dict[str, Any]) -> dict[str, Any]:
    match schema.get("type"):
        case "integer":
            schema |= {"type": ["integer", "string"], "pattern": _INTEGER_TEXT}
        case "number":
            schema |= {"type": ["number", "string"], "pattern": _NUMBER_TEXT}
        case "boolean":
            del schema["type"]
            schema["enum"] = [True, False, "true", "false"]
        case "string" if "enum" not in schema and "const" not in schema:
            schema["type"] = ["string", "number", "boolean"]
        case _:
            pass
    # Of a number that is given as text these say nothing; the loader checks them.
    schema.pop("format", None)
    return schema


def _by_kind(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a union of kinds as conditions; a plugin's own kinds are let through."""
    mapping: dict[str, str] = schema["discriminator"]["mapping"]
    known = {"anyOf": [{"enum": sorted(mapping)}, {"pattern": _PLUGIN_KIND}]}
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": known},
        "allOf": [_when("kind", kind, mapping[kind]) for kind in sorted(mapping)],
    }
