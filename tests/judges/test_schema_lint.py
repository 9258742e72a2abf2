"""graphql-eslint finds nothing in the schema but what decision 18 explains."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from judges.node_suites import installed, node
from zhupei.catalogue.named_plugins import load_plugins
from zhupei.config.workspace import read_workspace
from zhupei.graphql.schema import build_schema

pytestmark = [pytest.mark.slow, pytest.mark.institutions]

_ROOT = Path(__file__).parents[2]
_SCRIPT = Path(__file__).with_name("schema_lint.mjs")
_DECISION = _ROOT / "docs" / "decisions" / "0018-schema-lint.md"


def _exceptions() -> set[tuple[str, str]]:
    """Return the rule and the place of every row of the decision's table."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \|", _DECISION.read_text("utf-8"), re.MULTILINE)
    return {(rule, place) for rule, places in rows for place in re.findall(r"`(\w+)`", places)}


def _findings(folder: Path, text: str, file: Path) -> list[tuple[str, str]]:
    file.write_text(text, encoding="utf-8")
    printed = node(folder, _SCRIPT, str(file))
    found = [json.loads(line) for line in printed.splitlines()]
    return [(each["rule"], each["at"].removeprefix("type ")) for each in found]


def test_the_schema_is_clean_but_for_the_exceptions_that_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = installed(
        "schema-lint", "@graphql-eslint/eslint-plugin@4.4.1", "eslint@9.39.5", "graphql@16"
    )
    _, host = load_plugins(
        read_workspace([_ROOT / "bases"]), folders=(_ROOT / "plugins",), strict=True
    )
    composed = build_schema(host, strict=True)
    core = _findings(folder, composed.core_sdl, tmp_path / "core.graphql")
    served = _findings(folder, composed.sdl, tmp_path / "served.graphql")
    with capsys.disabled():
        new = set(core + served) - _exceptions()
        print(f"\ngraphql-eslint: {len(new)} findings, {len(_exceptions())} explained exceptions")  # noqa: T201 - what make judge-schema is run for
    assert len(core) == len(set(core)), "one name may stand for one exception only"
    assert set(core) == set(served) == _exceptions()


def test_the_judge_finds_what_is_wrong(tmp_path: Path) -> None:
    folder = installed(
        "schema-lint", "@graphql-eslint/eslint-plugin@4.4.1", "eslint@9.39.5", "graphql@16"
    )
    text = '''
"""What can be asked."""
type Query {
  """Beds."""
  getBeds(first: Int): [Bed!]!
}
"""A bed."""
type Bed implements Node { bed_number: String! }
"""What has an id."""
interface Node {
  """It."""
  id: ID!
}
'''
    found = _findings(folder, text, tmp_path / "wrong.graphql")
    assert ("naming-convention", "getBeds") in found
    assert ("require-description", "getBeds") in found, "the argument has none"
    assert "strict-id-in-types" in {rule for rule, _ in found}
