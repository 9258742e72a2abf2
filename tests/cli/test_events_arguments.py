"""What `zhupei events replay` says of a time that is none; nothing is asked of a database."""

from __future__ import annotations

import pytest

from zhupei.cli import main


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "zh",
            "应为日期或时刻，如 2026-04-10 或 2026-04-10T09:00+08:00，而不是“2026/04/10”",
        ),
        (
            "en",
            (
                "expected a date or a time such as 2026-04-10 or 2026-04-10T09:00+08:00, "
                'not "2026/04/10"'
            ),
        ),
    ],
)
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_time_that_is_none_is_told_with_what_to_write(
    option: str,
    language: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    with pytest.raises(SystemExit) as ended:
        main(["events", "replay", option, "2026/04/10"])
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    wrong = {"zh": f"错误：参数 {option}：", "en": f"error: argument {option}: "}[language]
    assert last == f"zhupei events replay: {wrong}{said}"


@pytest.mark.parametrize("time", ["0001-01-01", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_the_calendar_is_told_as_one_that_is_none(
    time: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In UTC these are of the year 0 and of 10000, which no database is asked for."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    with pytest.raises(SystemExit) as ended:
        main(["events", "replay", "--since", time])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(f'not "{time}"\n')
