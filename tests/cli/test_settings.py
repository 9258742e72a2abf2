"""Tests of zhupei settings: what is in force, where it comes from, and what is never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.cli import main
from zhupei.settings import describe_settings
from zhupei.settings.effective import EffectiveSetting, Origin, effective_settings

_SECRETS = {
    "ZHUPEI_ENCRYPTION_KEYS": "a:hidden-secret-1",
    "ZHUPEI_SIGNING_KEYS": "hidden-secret-2",
    "ZHUPEI_SMTP_PASSWORD": "hidden-secret-3",
    "ZHUPEI_GATEWAY_SECRET": "hidden-secret-4-of-a-gateway-that-is-long",
    "ZHUPEI_METRICS_TOKEN": "hidden-secret-5-of-metrics",
    "ZHUPEI_DATABASE_URL": "postgresql://u:hidden-secret-6@h:5432/d?password=hidden-secret-7",
    "ZHUPEI_RATE_STORAGE": "redis://:hidden-secret-8@cache:6379",
}


def _by_variable(environ: dict[str, str]) -> dict[str, EffectiveSetting]:
    return {each.variable: each for each in effective_settings(environ)}


def test_every_setting_is_told_in_the_order_of_the_manual() -> None:
    assert [each.variable for each in effective_settings({})] == [
        each.variable for each in describe_settings()
    ]


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("PORT", "8080", "8080"),
        ("ZHUPEI_ENVIRONMENT", "Production", "production"),
        ("ZHUPEI_STRICT", "yes", "1"),
        ("ZHUPEI_BASES", "/a:/b", "/a:/b"),
        ("ZHUPEI_DISABLED_PLUGINS", "one, two", "one,two"),
        ("ZHUPEI_RATE_COST", "public=5, national=0", "public=5,national=0"),
        ("ZHUPEI_OIDC_ISSUERS", "https://i.example=b|a", "https://i.example=a|b"),
        ("ZHUPEI_METRICS_TOKEN", "a-token-of-16-signs", "••••"),
        ("ZHUPEI_DATABASE_URL", "postgresql://u:p@h:5432/d", "postgresql://u:••••@h:5432/d"),
        ("ZHUPEI_DATABASE_URL", "postgresql://h/d?password=p", "postgresql://h/d?••••"),
        ("ZHUPEI_RATE_STORAGE", "redis://:p@cache:6379", "redis://:••••@cache:6379"),
        ("ZHUPEI_WEBHOOK_NETWORKS", "10.0.0.0/8", "10.0.0.0/8"),
    ],
)
def test_what_is_set_is_told_as_it_was_read(variable: str, text: str, value: str) -> None:
    found = _by_variable({variable: text})[variable]
    assert found == EffectiveSetting(variable, value, Origin.ENVIRONMENT, variable)


def test_what_production_decides_is_told() -> None:
    production = _by_variable({"ZHUPEI_ENVIRONMENT": "production"})
    assert production["ZHUPEI_IDE"] == EffectiveSetting("ZHUPEI_IDE", "0")
    assert production["ZHUPEI_RATE_REQUESTS"].value == "6000"
    assert _by_variable({})["ZHUPEI_IDE"].value == "1"
    assert _by_variable({})["ZHUPEI_RATE_COST"].value is None


def test_the_language_comes_from_the_terminal() -> None:
    found = _by_variable({"LANG": "zh_CN.UTF-8"})["ZHUPEI_LANGUAGE"]
    assert found == EffectiveSetting("ZHUPEI_LANGUAGE", "zh", Origin.ENVIRONMENT, "LANG")


def test_no_secret_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, text in {**_SECRETS, "ZHUPEI_LANGUAGE": "en"}.items():
        monkeypatch.setenv(variable, text)
    assert main(["settings", "--explain"]) == 0
    out = capsys.readouterr().out
    assert "hidden-secret" not in out
    assert out.count("••••") == len(_SECRETS) + 1


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", ["PORT=8080  (environment)", "ZHUPEI_LANGUAGE=en  (environment)"]),
        ("zh", ["PORT=8080  (环境变量)", "ZHUPEI_LANGUAGE=zh  (环境变量)"]),
    ],
)
def test_it_speaks_both_languages(
    language: str,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in describe_settings():
        monkeypatch.delenv(variable.variable, raising=False)
    monkeypatch.setenv("PORT", "8080")
    monkeypatch.setenv("ZHUPEI_LANGUAGE", language)
    assert main(["settings", "--set"]) == 0
    assert capsys.readouterr().out.splitlines() == lines
    assert main(["settings"]) == 0
    default = {"en": "default", "zh": "默认"}[language]
    unset = {"en": "not set", "zh": "未设置"}[language]
    out = capsys.readouterr().out.splitlines()
    assert f"ZHUPEI_MAX_DEPTH=16  ({default})" in out
    assert f"ZHUPEI_DATABASE_URL={unset}  ({default})" in out
    assert f"ZHUPEI_DATA_DIR={tmp_path / '.zhupei'}  ({default})" in out


def test_what_cannot_be_read_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_MAX_DEPT", "3")
    assert main(["settings"]) == 2
    read = capsys.readouterr()
    assert read.out == ""
    assert read.err == (
        "zhupei: ZHUPEI_MAX_DEPT: unknown setting; did you mean ZHUPEI_MAX_DEPTH?\n"
    )


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, with nothing set but the language."""
    monkeypatch.chdir(tmp_path)
    for setting in describe_settings():
        monkeypatch.delenv(setting.variable, raising=False)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "token").write_text("a-token-of-16-signs\n", encoding="utf-8")
    (place / "zhupei.yaml").write_text(
        "settings:\n  language: en\n  port: 8080\n  max_depth: 9\n  data_dir: data\n"
        "  metrics_token_file: token\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PORT", "8181")
    assert main(["settings", "--set"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "PORT=8181  (environment)",
        f"ZHUPEI_DATA_DIR={place / 'data'}  (file zhupei.yaml:5)",
        "ZHUPEI_MAX_DEPTH=9  (file zhupei.yaml:4)",
        "ZHUPEI_LANGUAGE=en  (file zhupei.yaml:2)",
        "ZHUPEI_METRICS_TOKEN=••••  (file zhupei.yaml:6)",
    ]
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "zh")
    assert main(["settings", "--set"]) == 0
    assert "ZHUPEI_MAX_DEPTH=9  (文件 zhupei.yaml:4)" in capsys.readouterr().out


def test_a_secret_of_a_file_that_the_environment_names(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "token").write_text("a-token-of-16-signs\n", encoding="utf-8")
    monkeypatch.setenv("ZHUPEI_METRICS_TOKEN_FILE", "token")
    assert main(["settings", "--set"]) == 0
    assert capsys.readouterr().out == (
        "ZHUPEI_METRICS_TOKEN=••••  (environment ZHUPEI_METRICS_TOKEN_FILE)\n"
    )


_WRONG = "settings:\n  language: en\n  max_dept: 3\n  port: http\n  smtp_password: hidden-1\n"
_TOLD = (
    (
        'zhupei.yaml:3:3: settings.max_dept: unknown setting; did you mean "max_depth"?'
        " [CONFIG_UNKNOWN_KEY]"
    ),
    (
        'zhupei.yaml:4:9: settings.port: must be a whole number from 0 to 65535, not "http"'
        " [CONFIG_SETTING]"
    ),
    (
        "zhupei.yaml:5:3: settings.smtp_password: secrets do not stand in this file; name the file"
        " that holds it by smtp_password_file, or set ZHUPEI_SMTP_PASSWORD [CONFIG_SETTING]"
    ),
)


@pytest.mark.parametrize("command", ["serve", "worker", "settings"])
def test_nothing_starts_with_a_file_that_cannot_be_used(
    command: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Problems of environment and file are told together; nothing of the data is touched."""
    (place / "zhupei.yaml").write_text(_WRONG, encoding="utf-8")
    monkeypatch.setenv("ZHUPEI_HOTS", "x")
    assert main([command]) == 2
    read = capsys.readouterr()
    assert read.out == ""
    assert read.err.splitlines() == [
        "zhupei: ZHUPEI_HOTS: unknown setting; did you mean ZHUPEI_HOST?",
        *(f"zhupei: {line}" for line in _TOLD),
    ]
    assert [each.name for each in place.iterdir()] == ["zhupei.yaml"]


def test_check_tells_what_is_wrong_with_the_file_and_never_shows_a_secret(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "bases").mkdir()
    (place / "zhupei.yaml").write_text(_WRONG, encoding="utf-8")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("zhupei.yaml")] == list(_TOLD)
    assert "     4 |   port: http" in lines
    assert not [line for line in lines if "hidden-1" in line]
    (place / "zhupei.yaml").write_text("settings: {max_depth: 9}\n", encoding="utf-8")
    assert main(["check"]) == 0


def test_a_file_that_is_named_must_be_there(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_FILE", "etc/zhupei.yaml")
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    assert main(["settings"]) == 2
    assert capsys.readouterr().err == (
        "zhupei: etc/zhupei.yaml: no such file or folder [CONFIG_FILE_MISSING]\n"
    )
    (place / "etc").mkdir()
    (place / "etc" / "zhupei.yaml").write_text("settings: {port: 81}\n", encoding="utf-8")
    assert main(["settings", "--set"]) == 0
    assert "PORT=81  (file etc/zhupei.yaml:1)" in capsys.readouterr().out


def test_the_schema_of_the_file_is_the_committed_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--schema"]) == 0
    committed = Path(__file__).parents[2] / "docs" / "zhupei.schema.json"
    assert capsys.readouterr().out == committed.read_text("utf-8")
