"""docs/papers.md says what the code does: its codes are those of the code, its program runs."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from zhupei.catalogue import Catalogue
from zhupei.security.signatures import public_key_of
from zhupei.services.papers import score_sheet_import
from zhupei.services.papers.publicity_list import publicity_json, publicity_list

_PAGE = (Path(__file__).parents[3] / "docs" / "papers.md").read_text("utf-8")


def test_every_code_of_a_score_sheet_is_explained() -> None:
    source = Path(score_sheet_import.__file__).read_text("utf-8")
    codes = set(re.findall(r'"(SCORES_[A-Z_]+)"', source))
    assert len(codes) == 12
    assert set(re.findall(r"^\| `(SCORES_[A-Z_]+)`", _PAGE, re.MULTILINE)) == codes


def test_the_program_that_verifies_a_list_runs(catalogue: Catalogue) -> None:
    found = re.search(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    program = compile(found[1], "docs/papers.md", "exec")
    listed = publicity_list(catalogue, "hku-szh-residency-2026", "june-2026", (), date(2026, 5, 29))
    content = publicity_json(listed, bytes(32))
    key = public_key_of(bytes(32))
    exec(program, {"content": content, "public_key": key})
    with pytest.raises(InvalidSignature):
        exec(program, {"content": content.replace(b"2026-05-29", b"2026-05-28"), "public_key": key})
