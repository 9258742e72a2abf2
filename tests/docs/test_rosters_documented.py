"""docs/rosters.md: every column, every code, and every route that there is."""

from __future__ import annotations

import re
from pathlib import Path

from zhupei.domain.rosters import REQUIRED_FIELDS, ROSTER_HEADERS
from zhupei.services.rosters import importing, reading
from zhupei.services.rosters.form import CHOICES
from zhupei.services.rosters.reading import MOST_ROWS

_PAGE = (Path(__file__).parents[2] / "docs" / "rosters.md").read_text("utf-8")


def test_every_column_is_explained_with_whether_it_is_needed() -> None:
    rows = re.findall(r"^\| ([^|`]+?) \|([^|]*)\| [^|]*\|$", _PAGE, re.MULTILINE)
    told = {
        name: need.strip()
        for names, need in rows
        for name in names.split(", ")
        if names != "column"
    }
    labels = {label.zh: field for field, label in ROSTER_HEADERS.items()}
    assert set(labels) == set(told) - {"---"}
    assert {labels[each] for each, need in told.items() if need == "needed"} == REQUIRED_FIELDS


def test_every_code_is_explained() -> None:
    source = "".join(Path(str(each.__file__)).read_text("utf-8") for each in (importing, reading))
    codes = set(re.findall(r'"(ROSTER_[A-Z]+)"', source))
    assert set(re.findall(r"^\| `(ROSTER_[A-Z]+)`", _PAGE, re.MULTILINE)) == codes
    assert f"{MOST_ROWS:,} people" in _PAGE


def test_the_terms_that_are_printed_may_stand_in_a_file() -> None:
    known = {word for words in CHOICES.values() for word in words}
    for term in ("居民身份证", "护照", "社会人", "本科", "学术学位", "三方委托培训协议", "SOCIAL"):
        assert term in _PAGE
        assert term in known
