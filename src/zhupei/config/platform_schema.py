"""The JSON Schema of ``zhupei.yaml``, for the editors that operators write it in."""

from __future__ import annotations

import json
from typing import Any

from zhupei.config.settings_section import given_in_files
from zhupei.domain.text import Language
from zhupei.settings.environment import describe_settings
from zhupei.settings.parsing import OneOf, Variable, WholeNumber, boolean

__all__ = ["platform_schema", "platform_schema_text"]


def platform_schema_text() -> str:
    """Return the schema as it is written into a file."""
    return json.dumps(platform_schema(), ensure_ascii=False, indent=1) + "\n"


def platform_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12); secrets are named by file only."""
    meanings = {each.variable: each.meaning for each in describe_settings()}
    properties: dict[str, Any] = {}
    for key, variable in given_in_files().items():
        meaning = meanings[variable.name]
        described = f"{meaning.get(Language.EN)} · {meaning.zh}"
        if key == variable.key:
            properties[key] = {"description": described, **_value(variable)}
        else:
            properties[key] = {
                "description": f"File that holds `{variable.name}`: {described}",
                "type": ["string", "null"],
            }
    slugs = {"type": "array", "items": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "zhupei.yaml",
        "description": "What an installation of zhupei decides. Generated: run `zhupei docs "
        "--write`, or `zhupei settings --schema`.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "plugins": {
                **slugs,
                "description": "Plugins that serve the whole platform. · 服务于整个平台的插件",
            },
            "disabled_plugins": {
                **slugs,
                "description": "Plugins that are not loaded, whoever names them. · 停用的插件",
            },
            "settings": {
                "description": "What the environment does not set. · 环境变量未设置的各项",
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": properties,
            },
        },
    }


def _value(variable: Variable) -> dict[str, Any]:
    """Return what one value may be; editors read numbers and flags as such, our loader as text."""
    parse = variable.parse
    if parse is boolean:
        words = ("1", "0", "true", "false", "yes", "no", "on", "off", "")
        return {"enum": [True, False, 0, 1, *words, None]}
    if isinstance(parse, WholeNumber):
        return {
            "type": ["integer", "string", "null"],
            "minimum": parse.lowest,
            "maximum": parse.highest,
            "pattern": "^[0-9]*$",
        }
    if isinstance(parse, OneOf):
        return {"enum": [*(member.value for member in parse.of), "", None]}
    forms: list[dict[str, Any]] = [{"type": ["string", "number", "null"]}]
    if variable.separator is not None:
        forms.append({"type": "array", "items": {"type": ["string", "number"]}})
    if variable.pairs:
        audiences = {"type": "array", "items": {"type": "string"}}
        values = {"anyOf": [{"type": ["string", "number"]}, audiences]}
        forms.append({"type": "object", "additionalProperties": values})
    return forms[0] if len(forms) == 1 else {"anyOf": forms}
