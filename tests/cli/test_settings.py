"""Tests of zhupei settings: what is in force, where it comes from, and what is never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.cli import main
from zhupei.settings import describe_settings
from zhupei.settings.effective import EffectiveSetting, effective_settings

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
    assert found == EffectiveSetting(variable, value, variable)


def test_what_production_decides_is_told() -> None:
    production = _by_variable({"ZHUPEI_ENVIRONMENT": "production"})
    assert production["ZHUPEI_IDE"] == EffectiveSetting("ZHUPEI_IDE", "0", None)
    assert production["ZHUPEI_RATE_REQUESTS"].value == "6000"
    assert _by_variable({})["ZHUPEI_IDE"].value == "1"
    assert _by_variable({})["ZHUPEI_RATE_COST"].value is None


def test_the_language_comes_from_the_terminal() -> None:
    found = _by_variable({"LANG": "zh_CN.UTF-8"})["ZHUPEI_LANGUAGE"]
    assert found == EffectiveSetting("ZHUPEI_LANGUAGE", "zh", "LANG")


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
