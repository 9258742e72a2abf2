"""`zhupei schema diff`: what breaks clients of the last release is found, a quote accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphql import build_schema as read_schema
from graphql import parse
from zhupei.cli import main
from zhupei.cli._schema_diff import Difference, compare, released_text
from zhupei.graphql.schema import build_schema

ROOT = Path(__file__).parents[2]

_RELEASED = '''
"""Where it begins."""
type Query { bed(code: ID!): Bed, beds(first: Int = 20): [Bed!]! }
"A bed · 床位"
type Bed { code: ID! "free or not" free: Boolean! @deprecated(reason: "use kind") kind: Kind }
enum Kind { SINGLE DOUBLE }
'''


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_a_released_text_has_no_descriptions_and_keeps_everything_else() -> None:
    text = released_text(_RELEASED)
    assert "Where it begins" not in text
    assert "床位" not in text
    assert "free or not" not in text
    assert 'free: Boolean! @deprecated(reason: "use kind")' in text
    assert "beds(first: Int = 20): [Bed!]!" in text
    assert compare(_RELEASED, text) == compare(text, _RELEASED) == ()
    assert released_text(text) == text


def test_what_breaks_comes_before_what_is_dangerous() -> None:
    now = (
        _RELEASED.replace("kind: Kind }", "kind: String }")
        .replace("SINGLE DOUBLE", "SINGLE DOUBLE SHARED")
        .replace("= 20", "= 50")
        .replace("bed(code: ID!)", "bed(code: ID!, ward: ID!)")
    )
    assert compare(_RELEASED, now) == (
        Difference(
            "FIELD_CHANGED_KIND: Field Bed.kind changed type from Kind to String.", breaks=True
        ),
        Difference(
            "REQUIRED_ARG_ADDED: A required argument Query.bed(ward:) was added.",
            breaks=True,
        ),
        Difference(
            "ARG_DEFAULT_VALUE_CHANGE: Query.beds(first:) has changed defaultValue from 20 to 50.",
            breaks=False,
        ),
        Difference("VALUE_ADDED_TO_ENUM: Enum value Kind.SHARED was added.", breaks=False),
    )


def test_additions_harm_nobody() -> None:
    now = _RELEASED.replace("kind: Kind }", "kind: Kind, ward(code: ID): String }")
    assert compare(_RELEASED, now + "type Ward { code: ID! }") == ()


def test_only_an_exact_quote_accepts_a_break() -> None:
    now = _RELEASED.replace('"free or not" free: Boolean! @deprecated(reason: "use kind")', "")
    text = "FIELD_REMOVED: Field Bed.free was removed."
    assert compare(_RELEASED, now) == (Difference(text, breaks=True),)
    assert compare(_RELEASED, now, [text, "`Bed.free`"]) == (Difference(text, breaks=True),)
    told = "Ask `kind` in place of `free` (`FIELD_REMOVED: Field Bed.free\nwas removed.`)."
    assert compare(_RELEASED, now, ["other", told]) == (
        Difference(text, breaks=True, accepted=True),
    )


def test_a_break_fails_the_command_until_the_changelog_tells_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "released.graphql"
    notes = tmp_path / "changelog.d"
    notes.mkdir()
    words = ["schema", "diff", "--against", str(file), "--changelog", str(notes)]
    assert main([*words, "--release"]) == 0
    assert file.read_text("utf-8") == released_text(build_schema().core_sdl)
    assert main(words) == 0
    assert capsys.readouterr() == ("", "")

    text = file.read_text("utf-8").replace("type Query {", "type Query {\n  beds: Int")
    file.write_text(text, encoding="utf-8")
    assert main(words) == 1
    printed = capsys.readouterr()
    assert printed.out == "BREAKS   FIELD_REMOVED: Field Query.beds was removed.\n"
    assert f"changes that break clients of {file.as_posix()}: 1" in printed.err
    assert "quote these in backticks" in printed.err
    assert file.read_text("utf-8") == text

    told = "No beds (`FIELD_REMOVED: Field Query.beds was removed.`)."
    (notes / "beds.md").write_text(told, "utf-8")
    assert main(words) == 0
    assert capsys.readouterr().out == "accepted FIELD_REMOVED: Field Query.beds was removed.\n"


def test_without_a_released_graph_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.graphql"
    assert main(["schema", "diff", "--against", str(file)]) == 2
    assert f"there is no file {file.as_posix()}" in capsys.readouterr().err
    assert not file.exists()


def test_nothing_breaks_clients_of_the_last_release(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["schema", "diff"]) == 0
    assert "BREAKS" not in capsys.readouterr().out


def test_the_released_graph_of_the_repository_is_a_whole_one_without_descriptions() -> None:
    text = (ROOT / "schema.released.graphql").read_text("utf-8")
    parse(text)
    query = read_schema(text).query_type
    assert query is not None
    assert {"node", "openings", "eligibility", "trainee"} <= set(query.fields)
    assert '"""' not in text
