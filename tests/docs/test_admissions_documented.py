"""Every refusal of admissions stands in docs/admissions.md, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from zhupei.domain.admission_process import STATE_OF_KIND
from zhupei.domain.admission_refusals import RefusalCode

_PAGE = (Path(__file__).parents[2] / "docs" / "admissions.md").read_text("utf-8")


def test_every_refusal_is_documented() -> None:
    table = _PAGE.partition("## Refusals")[2]
    assert re.findall(r"^\| ([A-Z_]+) \|", table, re.MULTILINE) == sorted(RefusalCode)


def test_every_kind_of_step_is_in_the_table() -> None:
    table = _PAGE.partition("## What holds always")[0]
    for kind, state in STATE_OF_KIND.items():
        assert kind in table
        assert state in table
