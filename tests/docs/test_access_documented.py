"""docs/access.md says what the code says: roles, permissions and refusals."""

from __future__ import annotations

import re
from pathlib import Path

from zhupei.domain.access_refusals import AccessCode
from zhupei.domain.permissions import PERMISSIONS
from zhupei.domain.roles import Role

_TEXT = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")


def _rows(section: str) -> list[list[str]]:
    text = _TEXT.partition(f"\n## {section} ")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_role_with_its_name() -> None:
    assert [row[:2] for row in _rows("Roles")] == [
        [f"`{role.value}`", f"{role.label.zh} · {role.label.en}"] for role in Role
    ]


def test_every_permission_with_its_name_and_roles() -> None:
    assert _rows("Permissions") == [
        [
            f"`{name}`",
            f"{each.label.zh} · {each.label.en}",
            ", ".join(f"`{role}`" for role in each.roles),
        ]
        for name, each in PERMISSIONS.items()
    ]


def test_every_refusal() -> None:
    assert [row[0] for row in _rows("Refusals")] == sorted(f"`{code.value}`" for code in AccessCode)


def test_every_command_and_setting_that_is_named_exists() -> None:
    from zhupei.cli import build_parser
    from zhupei.settings import describe_settings

    known = {setting.variable for setting in describe_settings()}
    assert set(re.findall(r"ZHUPEI_[A-Z_]+", _TEXT)) <= known
    actions = set(re.findall(r"zhupei account ([a-z]+)", _TEXT))
    assert actions == {"add", "grant", "revoke", "lock", "password", "list"}
    for action in (*actions, "unlock"):
        words = ["account", action, *(["x"] if action != "list" else [])]
        words += ["auditor"] if action in {"grant", "revoke"} else []
        assert build_parser().parse_args(words).run
