"""docs/papers.md says what the code does: its codes are those of the code, its program runs."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from starlette.requests import Request
from starlette.responses import Response

from zhupei.catalogue import Catalogue
from zhupei.config.problems import Problems
from zhupei.domain.agreements import AGREEMENT_FIELDS
from zhupei.domain.registration_columns import RegistrationField
from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext
from zhupei.security.signatures import public_key_of
from zhupei.security.signing_keys import SigningKeys
from zhupei.services.papers import score_sheet_import
from zhupei.services.papers.publicity_file import publicity_json
from zhupei.services.papers.publicity_list import publicity_list
from zhupei.services.papers.records import AssessedApplicant
from zhupei.services.papers.score_sheet import ScoreColumn
from zhupei.services.papers.score_sheet_import import read_score_sheet
from zhupei.web.papers import paper_routes
from zhupei.web.publicity import publicity_routes

_ROOT = Path(__file__).parents[3]
_PAGE = (_ROOT / "docs" / "papers.md").read_text("utf-8")
_BLOCKS = re.MULTILINE | re.DOTALL
_COLUMNS = (ScoreColumn(assessment="interview", label=Text("面试", "interview"), full_mark=100),)
_PEOPLE = tuple(
    AssessedApplicant(application=application, name=name, opening="p/0100")
    for application, name in (("a-1", "张三"), ("a-2", "李小明"), ("a-3", "王五"))
)


def test_every_code_of_a_score_sheet_is_explained() -> None:
    source = Path(score_sheet_import.__file__).read_text("utf-8")
    codes = set(re.findall(r'"(SCORES_[A-Z_]+)"', source))
    assert len(codes) == 13
    assert set(re.findall(r"^\| `(SCORES_[A-Z_]+)`", _PAGE, re.MULTILINE)) == codes


_PAGES = sorted((_ROOT / "docs" / "errors").glob("SCORES_*.md"))


def test_every_code_has_a_page_with_an_example() -> None:
    assert len(_PAGES) == 13


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_the_example_of_a_page_is_what_the_reader_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = dict(re.findall(r"^```(csv|text)\n(.*?)^```$", page.read_text("utf-8"), _BLOCKS))
    monkeypatch.chdir(tmp_path)
    Path("scores.csv").write_text(blocks.get("csv", ""), "utf-8")
    # An example with several rows is for three people.
    count = 3 if page.stem in {"SCORES_LOOK_LIKE_RANKS", "SCORES_ROW_MISSING"} else 1
    people = _PEOPLE[:count]
    if page.stem == "SCORES_IDENTITY":
        people = (replace(people[0], masked_number="620***********1234"),)
    problems = Problems()
    assert read_score_sheet(Path("scores.csv"), _COLUMNS, people, problems) == ()
    told = [problem.text(Language.EN) for problem in problems.errors]
    assert told == blocks["text"].splitlines()
    assert page.stem in {problem.code for problem in problems.errors}


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


def test_every_field_of_a_text_and_of_the_registration_list_is_explained() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) · ([^|]+) \|$", _PAGE, re.MULTILINE)
    assert rows == [(name, label.zh, label.en) for name, label in AGREEMENT_FIELDS.items()]
    listed = _PAGE.partition("\nFields are ")[2].partition(";")[0]
    assert re.findall(r"`([a-z_]+)`", listed) == [each.value for each in RegistrationField]


def test_every_route_that_is_explained_exists_and_no_other() -> None:
    paths = {
        path.replace("{application:uuid}", "<application>").replace("{publicity:uuid}", "<id>")
        for path in (
            route.path for route in (*paper_routes(_nobody), *publicity_routes(_nobody, _no_keys))
        )
    }
    told = set()
    for row in re.findall(r"^\| [^|]+ \| (`/[^|]+) \|", _PAGE, re.MULTILINE):
        first, *endings = re.findall(r"`([^`(]+)`", row.partition(" (")[0])
        told.add(first.partition("?")[0])
        told |= {first.rpartition(".")[0] + each for each in endings}
    assert told == paths


async def _nobody(_request: Request, _response: Response) -> GraphContext:
    raise AssertionError("no route is asked here")


def _no_keys() -> SigningKeys:
    raise AssertionError("no list is signed here")
