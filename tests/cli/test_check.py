"""`zhupei check`: what is printed, and the exit status."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import asyncpg
import pytest

from zhupei.cli import main

_BASE = """\
kind: base
code: hospital
name: {zh: 示例医院, en: Example Hospital}
province: "620000"
programs:
  - code: hospital-residency-2026
    kind: residency
    year: 2026
    duration_months: 36
    name: {zh: 住培, en: Residency}
    rounds:
      - code: batch-1
        name: {zh: 第一批, en: First}
        windows:
          - {kind: registration, opens: 2026-04-08T00:00, closes: CLOSES}
          - {kind: report, closes: 2026-08-31}
    steps:
      - {id: apply, kind: application, label: {zh: 报名, en: Apply}}
      - {id: exam, kind: examination, label: {zh: 考试, en: Examination}}
    openings:
      - {specialty: "0100", quota: 6}
      - {specialty: "0200", quota_note: {zh: 待定, en: to be announced}}
"""
_FRIDAY, _SUNDAY = "2026-04-24T24:00", "2026-04-26"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty configuration, which is the working directory."""
    (tmp_path / "bases").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("BASES", "PLUGINS", "DATA_DIR", "DATABASE_URL", "LANGUAGE", "STRICT"):
        monkeypatch.delenv(f"ZHUPEI_{name}", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return tmp_path


def _write(folder: Path, closes: str = _FRIDAY, name: str = "a.yaml") -> None:
    (folder / "bases" / name).write_text(_BASE.replace("CLOSES", closes), encoding="utf-8")


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return standard output without the catalogue's hash, which every rule changes."""
    text = capsys.readouterr().out
    head, _, _ = text.rpartition("catalogue ")
    return head or text.rpartition("目录 ")[0]


def test_a_fine_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder)
    assert main(["check"]) == 0
    assert _said(capsys) == dedent(
        """\
        hospital  Example Hospital
          hospital-residency-2026
            seats     unknown (6 known in 2 openings)
            steps     Apply → Examination
            calendar  batch-1  2026-04-08 00:00 to 2026-04-24 24:00  Registration
            calendar  batch-1  by 2026-08-31 24:00  Report for training
            unknown   seats of 0200: to be announced

        0 errors, 0 warnings, 0 degraded plugins; 1 base, 1 program, 2 openings; """
    )


def test_a_calendar_that_is_unknown_is_told_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "bases" / "a.yaml"
    begin, end = _BASE.index("    rounds:"), _BASE.index("    steps:")
    for note, told in (
        ("", "no reason is given"),
        ("    rounds_note: {zh: 另行公布, en: published later}\n", "published later"),
    ):
        path.write_text(_BASE[:begin] + note + _BASE[end:], encoding="utf-8")
        assert main(["check"]) == 0
        assert f"    unknown   calendar of admissions: {told}\n" in _said(capsys)


def test_in_chinese(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder)
    assert main(["check", "--language", "zh"]) == 0
    assert _said(capsys) == dedent(
        """\
        hospital  示例医院
          hospital-residency-2026
            名额      未知（2 个专业，已知 6）
            步骤      报名 → 考试
            日程      batch-1  2026-04-08 00:00 至 2026-04-24 24:00  报名注册
            日程      batch-1  2026-08-31 24:00 前  报到
            未知      0200 的名额：待定

        错误 0，警告 0，降级插件 0；基地 1，项目 1，招收专业 2；"""
    )


def test_an_error_is_shown_with_its_line_and_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(folder)
    _write(folder, name="b.yaml")
    path = folder / "bases" / "b.yaml"
    text = path.read_text("utf-8").replace("hospital", "other").replace("quota: 6", "quota: six")
    path.write_text(text, encoding="utf-8")
    assert main(["check"]) == 1
    said = _said(capsys)
    assert said.startswith(
        "bases/b.yaml:21:36: programs.0.openings.0.quota: expected a whole number, such as 12 "
        "[CONFIG_BAD_NUMBER]\n"
        '    21 |       - {specialty: "0100", quota: six}\n'
        "       |                                    ^\n"
        "\n"
        "hospital  Example Hospital\n"
    )
    assert said.endswith("1 error, 0 warnings, 0 degraded plugins; 1 base, 1 program, 2 openings; ")


def test_a_warning_fails_only_where_it_is_asked_to(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T10: a deadline on a Sunday is pointed out and not shifted."""
    _write(folder, _SUNDAY)
    assert main(["check"]) == 0
    said = _said(capsys)
    assert said.startswith(
        "bases/a.yaml:15:13: warning: programs.0.rounds.0.windows.0: the deadline 2026-04-26 "
        "(Sunday) is not a working day; no document says that it is shifted, so it is not "
        "[CALENDAR_REST_DAY]\n"
    )
    assert "2026-04-08 00:00 to 2026-04-26 24:00  Registration" in said
    assert main(["check", "--strict"]) == 1
    path = folder / "bases" / "a.yaml"
    accepted = "    accepted_warnings: [{code: CALENDAR_REST_DAY, reason: 原文如此}]\n"
    path.write_text(path.read_text("utf-8") + accepted, encoding="utf-8")
    assert main(["check", "--strict"]) == 0


@pytest.mark.parametrize("below", ["bases", "bases/../bases", "linked"])
def test_a_path_below_the_bases_is_checked_with_the_rest_of_them(
    folder: Path, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    (folder / "linked").symlink_to("bases")
    (folder / "bases" / "_jurisdiction.yaml").write_text(
        "kind: jurisdiction\ncode: gansu\nname: {zh: 甘肃, en: Gansu}\nlevel: province\n"
        'province: "620000"\n'
    )
    text = _BASE.replace("CLOSES", _FRIDAY).replace(
        'province: "620000"\n', 'province: "620000"\njurisdiction: gansu\n'
    )
    (folder / "bases" / "a.yaml").write_text(text, encoding="utf-8")
    (folder / "bases" / "broken.yaml").write_text("kind: base\n", encoding="utf-8")
    assert main(["check", f"{below}/a.yaml"]) == 0
    said = _said(capsys)
    assert said.startswith("hospital  Example Hospital\n")
    assert "broken.yaml" not in said
    assert said.endswith(
        "0 errors, 0 warnings, 0 degraded plugins; 1 base, 1 program, 2 openings; "
    )
    assert main(["check", f"{below}/broken.yaml"]) == 1


def test_a_path_elsewhere_stands_for_itself(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.yaml"
    elsewhere.write_text(_BASE.replace("CLOSES", _FRIDAY), encoding="utf-8")
    assert main(["check", str(elsewhere)]) == 0
    assert "0 errors" in _said(capsys)


def test_a_missing_path_is_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "bases/none.yaml"]) == 2
    assert capsys.readouterr().err == (
        f"zhupei: there is no {folder}/bases/none.yaml\n"
        "        name a file or folder with configuration, or set ZHUPEI_BASES\n"
    )
    with pytest.raises(SystemExit) as refused:
        main(["check", "--format", "xml"])
    assert refused.value.code == 2


def test_a_missing_plugin_fails_and_is_named_where_it_is_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = _BASE.replace("CLOSES", _FRIDAY).replace("programs:", "plugins: [nowhere]\nprograms:")
    (folder / "bases" / "a.yaml").write_text(text, encoding="utf-8")
    assert main(["check"]) == 1
    said = _said(capsys)
    assert said.startswith("bases/a.yaml:5: plugin nowhere: no such plugin")
    assert "[PLUGIN_NOT_FOUND]\n" in said
    assert "\n    degraded  " in said
    assert "1 degraded plugin;" in said


def test_what_is_wrong_with_a_plugin_is_told_once_and_in_one_language(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    text = _BASE.replace("CLOSES", _FRIDAY).replace("programs:", "plugins: [nowhere]\nprograms:")
    (folder / "bases" / "a.yaml").write_text(text, encoding="utf-8")
    assert main(["check", "--language", "zh"]) == 1
    assert _said(capsys).count("[PLUGIN_NOT_FOUND]") == 1
    # Without a handler of its own Python writes what is logged to standard error, in English.
    assert caplog.messages == []


def test_json_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder, _SUNDAY)
    assert main(["check", "--format", "json", "--strict"]) == 1
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["counts"] == {"bases": 1, "programs": 1, "openings": 2}
    [problem] = answer["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("bases/a.yaml", 15, 13)
    assert problem["code"] == "CALENDAR_REST_DAY"
    assert problem["severity"] == "warning"
    [host] = answer["summary"]
    assert (host["code"], host["kind"]) == ("hospital", "base")
    [program] = host["programs"]
    assert (program["quota"], program["known"], program["openings"]) == (None, 6, 2)
    assert program["unknown"] == [
        {
            "what": {"zh": "0200 的名额", "en": "seats of 0200"},
            "reason": {"zh": "待定", "en": "to be announced"},
        }
    ]
    assert program["deadlines"][1] == {
        "round": "batch-1",
        "kind": "report",
        "label": {"zh": "报到", "en": "Report for training"},
        "opens": None,
        "closes": "2026-08-31 24:00",
    }
    assert answer["database"] is None


def test_platform_file_problems_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder)
    (folder / "zhupei.yaml").write_text("pluginz: []\n", encoding="utf-8")
    assert main(["check"]) == 1
    assert _said(capsys).startswith(
        'zhupei.yaml:1:1: pluginz: unknown key; did you mean "plugins"? [CONFIG_UNKNOWN_KEY]\n'
    )


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "CREATE TABLE example_rows (program_code text, root_program_code text)"
        )
        await connection.execute(
            "INSERT INTO example_rows VALUES ('hospital-residency-2026', 'lost'), "
            # No code: an interview for every opening of its program is kept with an empty one.
            "('gone', NULL), ('gone', '')"
        )
    finally:
        await connection.close()


def test_codes_in_the_database_that_are_gone(
    folder: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _write(folder)
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    assert main(["check", "--database"]) == 0
    assert (
        "\ndatabase: 0 catalogue versions were served, this one was never served\n"
        in capsys.readouterr().out
    )
    asyncio.run(_prepare(database_url))
    assert main(["check", "--database"]) == 1
    assert (
        "example_rows.program_code: 2 rows refer to the code gone, which does not exist\n"
        "example_rows.root_program_code: 1 row refers to the code lost, which does not exist\n"
    ) in capsys.readouterr().out


async def _fill_seats(url: str, taken: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO seat (scope, published, increase, taken) "
            "VALUES ('opening:hospital-residency-2026/0100', 9, 1, $1) "
            "ON CONFLICT (scope) DO UPDATE SET taken = $1",
            taken,
        )
    finally:
        await connection.close()


def test_a_quota_that_was_lowered_below_its_holders(
    folder: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Those who hold seats keep them: it is a warning, which ``--strict`` takes for an error."""
    _write(folder)
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    asyncio.run(_fill_seats(database_url, 7))
    assert main(["check", "--database", "--strict"]) == 0
    assert "opening:hospital-residency-2026/0100" not in capsys.readouterr().out
    asyncio.run(_fill_seats(database_url, 8))
    assert main(["check", "--database"]) == 0
    told = capsys.readouterr().out
    assert "(opening:hospital-residency-2026/0100): 7 seats, 8 are taken\n" in told
    assert main(["check", "--database", "--language", "zh"]) == 0
    told = capsys.readouterr().out
    assert "（opening:hospital-residency-2026/0100）：名额 7，已占用 8\n" in told
    assert main(["check", "--database", "--strict"]) == 1


def test_an_address_of_a_database_that_cannot_be_used_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", "postgresql:///x?sslmode=bogus")
    assert main(["check", "--database"]) == 1
    assert "zhupei: the database cannot be read: `sslmode`" in capsys.readouterr().err


def test_no_database_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder)
    assert main(["check", "--database"]) == 1
    assert capsys.readouterr().err == (
        f"zhupei: there is no database: nothing in {folder}/.zhupei, and ZHUPEI_DATABASE_URL is "
        "not set\n        run zhupei serve once\n"
    )
    assert not (folder / ".zhupei").exists()
