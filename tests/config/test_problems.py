from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.config.problems import Problem, Problems, YamlPath, render_path
from zhupei.domain.text import Language, Text


def _problem(
    file: str = "bases/x.yaml",
    line: int | None = 10,
    column: int | None = 5,
    *,
    warning: bool = False,
    code: str = "CONFIG_UNKNOWN_KEY",
) -> Problem:
    return Problem(
        Path(file),
        line,
        column,
        ("cycles", "2026", "quotas", 1, "stipnd"),
        code,
        Text("未知的键", "unknown key"),
        Text("您是不是想写“stipend”？", 'did you mean "stipend"?'),
        "warning" if warning else "error",
    )


def test_text_is_that_of_a_compiler() -> None:
    assert _problem().text(Language.EN) == (
        "bases/x.yaml:10:5: cycles.2026.quotas.1.stipnd: "
        'unknown key; did you mean "stipend"? [CONFIG_UNKNOWN_KEY]'
    )
    assert _problem(warning=True).text(Language.ZH) == (
        "bases/x.yaml:10:5: 警告：cycles.2026.quotas.1.stipnd: "
        "未知的键；您是不是想写“stipend”？ [CONFIG_UNKNOWN_KEY]"
    )
    assert _problem(warning=True).text(Language.EN).startswith("bases/x.yaml:10:5: warning: cyc")


def test_a_problem_of_a_whole_file_has_no_position() -> None:
    problem = Problem(Path("a.yaml"), None, None, (), "CONFIG_X", Text("坏", "bad"))
    assert problem.text(Language.EN, excerpt=True) == "a.yaml: bad [CONFIG_X]"


def test_a_cell_takes_the_place_of_line_and_column() -> None:
    problem = Problem(Path("plan.xlsx"), 7, 3, (), "CONFIG_X", Text("坏", "bad"), cell="Sheet1!C7")
    assert problem.text(Language.EN, excerpt=True) == "plan.xlsx:Sheet1!C7: bad [CONFIG_X]"
    assert problem.as_json()["cell"] == "Sheet1!C7"


def test_files_are_shown_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside = _problem(str(tmp_path / "bases" / "x.yaml"))
    assert inside.text(Language.EN).startswith("bases/x.yaml:10:5: ")
    assert inside.as_json()["file"] == "bases/x.yaml"
    assert _problem("/elsewhere/x.yaml").as_json()["file"] == "/elsewhere/x.yaml"
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert inside.as_json()["file"] == f"{tmp_path.as_posix()}/bases/x.yaml"


def test_excerpt_points_below_the_column(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n名称: 示例 x\n", encoding="utf-8")
    text = Problem(file, 2, 8, (), "C", Text("坏", "bad")).text(Language.EN, excerpt=True)
    assert text.splitlines()[1:] == [
        "     2 | 名称: 示例 x",
        # Two wide characters, colon and space, two wide characters, a space.
        "       | \u3000\u3000  \u3000\u3000 ^",
    ]


def test_no_excerpt_of_what_is_gone(tmp_path: Path) -> None:
    problem = Problem(tmp_path / "gone.yaml", 2, 1, (), "C", Text("坏", "bad"))
    assert "\n" not in problem.text(Language.EN, excerpt=True)
    (tmp_path / "gone.yaml").write_text("a: 1", encoding="utf-8")
    assert "\n" not in problem.text(Language.EN, excerpt=True)


def test_a_file_with_many_problems_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n" * 100, encoding="utf-8")
    reads: list[Path] = []
    read = Path.read_text

    def counted(path: Path, encoding: str, errors: str) -> str:
        reads.append(path)
        return read(path, encoding, errors)

    monkeypatch.setattr(Path, "read_text", counted)
    for line in range(1, 101):
        problem = Problem(file, line, 1, (), "C", Text("坏", "bad"))
        assert problem.text(Language.EN, excerpt=True).endswith("| a: 1\n       | ^")
    assert reads == [file]


def test_of_a_long_line_only_the_place_is_shown(tmp_path: Path) -> None:
    """A file that a program wrote may be one line."""
    file = tmp_path / "x.yaml"
    file.write_text("a" * 300 + "b" + "c" * 300 + "\n" + "d" + "e" * 300, encoding="utf-8")
    for line, column, shown, before in (
        (1, 301, "…" + "a" * 120 + "b" + "c" * 119 + "…", 121),
        (1, 601, "…" + "c" * 121, 121),
        (2, 1, "d" + "e" * 119 + "…", 0),
    ):
        text = Problem(file, line, column, (), "C", Text("坏", "bad")).text(
            Language.EN, excerpt=True
        )
        assert text.splitlines()[1:] == [f"     {line} | {shown}", f"       | {' ' * before}^"]


def test_json_has_every_part_in_both_languages() -> None:
    problems = Problems([_problem(), Problem(Path("a"), None, None, (), "C", Text("坏", "bad"))])
    assert json.loads(problems.as_json()) == [
        {
            "file": "a",
            "line": None,
            "column": None,
            "cell": None,
            "path": [],
            "code": "C",
            "severity": "error",
            "message": {"zh": "坏", "en": "bad"},
            "hint": None,
        },
        {
            "file": "bases/x.yaml",
            "line": 10,
            "column": 5,
            "cell": None,
            "path": ["cycles", "2026", "quotas", 1, "stipnd"],
            "code": "CONFIG_UNKNOWN_KEY",
            "severity": "error",
            "message": {"zh": "未知的键", "en": "unknown key"},
            "hint": {"zh": "您是不是想写“stipend”？", "en": 'did you mean "stipend"?'},
        },
    ]
    assert "未知的键" in problems.as_json()
    assert json.loads(Problems().as_json()) == []


def test_order_is_by_place_then_arrival_and_each_comes_once() -> None:
    given_order = [
        _problem("b.yaml", 1, 1),
        _problem("a.yaml", 10, 1),
        _problem("a.yaml", 9, 2, code="Z"),
        _problem("a.yaml", 9, 2, code="A"),
        _problem("a.yaml", None, None),
        _problem("a.yaml", 9, 1),
    ]
    problems = Problems(given_order)
    problems.add(given_order[0])
    problems.extend(given_order)
    assert len(problems) == 6
    assert list(problems) == [given_order[index] for index in (4, 5, 2, 3, 1, 0)]
    assert problems.text(Language.EN).count("\n") == 6


def test_errors_and_warnings_are_told_apart() -> None:
    error, warning = _problem(), _problem(line=2, warning=True)
    problems = Problems([error, warning])
    assert problems.errors == (error,)
    assert problems.warnings == (warning,)
    assert not Problems()
    assert Problems().text(Language.EN) == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("a", 0, "b"), "a.0.b"),
        (("names", "St. Mary", "zh"), 'names."St. Mary".zh'),
        (("", "a\nb", '"'), '""."a\\nb"."\\""'),
        (("专业",), "专业"),
    ],
)
def test_paths(path: YamlPath, text: str) -> None:
    assert render_path(path) == text


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(1, 3))))
def test_order_does_not_depend_on_arrival(places: list[tuple[str, int, int]]) -> None:
    problems = [_problem(*place) for place in places]
    forward, backward = Problems(problems), Problems(reversed(problems))
    assert list(forward) == list(backward)
    assert len(forward) == len(set(places))
