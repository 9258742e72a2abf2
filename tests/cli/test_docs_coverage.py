"""The page of demands, from a small fictional repository."""

from __future__ import annotations

from pathlib import Path

from zhupei.cli.docs_coverage import Demand, coverage_page, read_demands
from zhupei.config.loader import read
from zhupei.config.yaml import Document

_ROOT = Path(__file__).parents[2]
_DEMANDS = tuple(
    Demand(
        f"R90{number}",
        f"demand {number}",
        f"S0:{number}",
        "CV",
        "First" if number < 4 else "Z",
        "V" if number == 3 else "",
    )
    for number in range(1, 7)
)


def _write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def test_page(tmp_path: Path) -> None:
    _write(tmp_path, "bases/a.yaml", "quota: 3  # R901, R902-904\n")
    _write(tmp_path, "src/zhupei/domain/a.py", '"""Says R902 (S0:2), but not XR905 or R9051."""\n')
    _write(tmp_path, "plugins/a/src/__init__.py", '"""R901"""\n')
    _write(tmp_path, "plugins/a/tests/test_a.py", '"""R901"""\n')
    _write(tmp_path, "tests/test_a.py", '"""R905 and R999"""\n')
    _write(tmp_path, "tests/__pycache__/b.py", '"""R906"""\n')
    _write(tmp_path, "plugins/a/.venv/b.py", '"""R906"""\n')
    page = coverage_page(_DEMANDS, tmp_path)
    _, _, body = page.partition("to the words of the document.\n\n")
    assert body == (
        "6 demands: 4 are met, 1 are written down and enforced in part or later, 1 wait. Tests "
        "name 2 of the first 5.\n"
        "\n"
        "## First\n"
        "\n"
        "| | demand | source | enforced | later | configuration | code | tests |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| R901 | demand 1 | S0:1 | C V |  | [a.yaml](../bases/a.yaml) "
        "| [src/__init__.py](../plugins/a/src/__init__.py) "
        "| [test_a.py](../plugins/a/tests/test_a.py) |\n"
        "| R902 | demand 2 | S0:2 | C V |  | [a.yaml](../bases/a.yaml) "
        "| [a.py](../src/zhupei/domain/a.py) |  |\n"
        "| R903 | demand 3 | S0:3 | C | V | [a.yaml](../bases/a.yaml) |  |  |\n"
        "\n"
        "## Z\n"
        "\n"
        "| | demand | source | enforced | later | configuration | code | tests |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| R904 | demand 4 | S0:4 | C V |  | [a.yaml](../bases/a.yaml) |  |  |\n"
        "| R905 | demand 5 | S0:5 | C V |  |  |  | [test_a.py](../tests/test_a.py) |\n"
        "| R906 | demand 6 | S0:6 |  | C V |  |  |  |\n"
        "\n"
        "## Waiting for later issues\n"
        "\n"
        "- R906 demand 6 (Z)\n"
        "\n"
        "## Numbers that no document has\n"
        "\n"
        "R999\n"
    )


def test_every_number_of_the_documents_is_listed_once() -> None:
    document = read(_ROOT / "docs" / "requirements.yaml")
    assert isinstance(document, Document)
    demands = read_demands(document)
    assert [each.number for each in demands] == [f"R{number:03}" for number in range(1, 305)]
    assert {letter for each in demands for letter in each.enforced} == set("CVSDRI")
    assert all(each.title and each.source and each.section for each in demands)
    assert [each.number for each in demands if not set(each.later) <= set(each.enforced)] == []


def test_what_concerns_publishing_eligibility_quotas_and_benefits_lives_here() -> None:
    """Sections A2 to A5 of the documents, to which the first issues are due, wait for nothing."""
    text = (_ROOT / "docs" / "coverage.md").read_text("utf-8")
    waiting = text.partition("## Waiting for later issues\n")[2]
    numbers = [int(line[3:6]) for line in waiting.splitlines() if line.startswith("- R")]
    assert [number for number in numbers if number < 188] == []
    assert "Numbers that no document has" not in text
