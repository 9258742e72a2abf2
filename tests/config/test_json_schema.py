"""The schema for editors: what our scalars may be is said in words that editors know."""

from __future__ import annotations

import json

from zhupei.config.files import FileModels
from zhupei.config.json_schema import editor_schema
from zhupei.hooks.manager import PluginHost


def test_bounds_are_keywords_of_json_schema() -> None:
    """Our numbers are read from text, and pydantic names their bounds in its own words."""
    schema = editor_schema(FileModels.of(PluginHost.load({}).kinds, {}))
    quota = schema["$defs"]["PlanRow"]["properties"]["quota"]["anyOf"][0]
    assert (quota["type"], quota["minimum"]) == (["integer", "string"], 0)
    years = schema["$defs"]["PenaltyEntry"]["properties"]["ban_years"]["anyOf"][0]
    assert (years["minimum"], years["maximum"]) == (1, 100)
    marks = schema["$defs"]["InterviewAssessment"]["properties"]["full_mark"]["anyOf"][0]
    assert marks["exclusiveMinimum"] == 0
    text = json.dumps(schema)
    assert [key for key in ("gt", "ge", "lt", "le") if f'"{key}": ' in text] == []
