"""What kinds declare to look at is what they look at: else openings would share wrong answers."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from example_hospital import requirement
from zhupei.default_plugins.standard_kinds import STANDARD_KINDS
from zhupei.domain.eligibility import reads_of
from zhupei.domain.kinds import Kind, KindGroup

REQUIREMENTS = [kind for kind in STANDARD_KINDS if kind.group is KindGroup.REQUIREMENT]

# Parameters with which each kind that has required ones looks at as much as it can.
_VALUES: dict[str, dict[str, Any]] = {
    "degree": {"least": "BACHELOR", "awarded_by": "07-31"},
    "graduation_year": {"earliest": "2023"},
    "english": {"cet4": "425"},
    "major": {"undergraduate": ["100201K"]},
    "major_class": {"classes": ["1002"]},
    "major_names": {"accepted": ["儿科"]},
    "limited_major": {"rules": [{"majors": ["100202TK"], "specialties": ["1900"]}]},
    "age": {"at_most": "45"},
    "title": {"below": "INTERMEDIATE"},
    "trainee_type": {"allowed": ["SOCIAL"]},
    "certificate": {"name": "示例证书"},
    "work_years": {"at_least": "1"},
    "stay": {"months": ["6"]},
    "origin": {"allowed": ["MAINLAND"]},
    "sending_unit": {"recommends": "true"},
    "fact": {"fact": "lawAbiding"},
    "expression": {"expression": 'opening.specialty == "0700" || base.type == "children"'},
}


def _looked_at(function: Callable[..., Any]) -> set[str]:
    """Return which parts of opening, program and base the source of a kind's module reads.

    Functions of the same module that are handed the question are read too.
    """
    module = inspect.getmodule(function)
    found: set[str] = set()
    pending, done = [function.__name__], set()
    while pending:
        name = pending.pop()
        if name in done or not callable(called := getattr(module, name, None)):
            continue
        done.add(name)
        if inspect.getmodule(called) is not module or inspect.isclass(called):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(called)))
        aliases = {"opening": "opening", "program": "program", "base": "base"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                pending.append(node.func.id)
            if not isinstance(node, ast.Attribute):
                continue
            owner = node.value
            if isinstance(owner, ast.Attribute) and owner.attr in aliases:
                found.add(f"{owner.attr}.{node.attr}")
            elif isinstance(owner, ast.Name) and owner.id in aliases:
                found.add(f"{owner.id}.{node.attr}")
    return found


@pytest.mark.parametrize("kind", REQUIREMENTS, ids=lambda kind: kind.name)
def test_a_kind_declares_all_that_it_looks_at(kind: Kind) -> None:
    assert kind.decide is not None
    rule = requirement(kind.name, **_VALUES.get(kind.name, {}))
    declared = reads_of(kind.decide, rule.params)
    assert declared is not None, "undeclared, it would be asked for every opening"
    if kind.name == "expression":
        assert set(declared) == {"opening.specialty", "base.type"}
        return
    assert _looked_at(kind.decide) == set(declared)
