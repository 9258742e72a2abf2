"""Tests of zhupei.settings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zhupei.composition import compose
from zhupei.domain.text import Language
from zhupei.settings import (
    Environment,
    LogFormat,
    LogLevel,
    MailSecurity,
    Settings,
    SettingsError,
    describe_settings,
    language_of,
)


def problems(environ: dict[str, str]) -> list[tuple[str, str, str]]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return [(p.variable, p.message.zh, p.message.get(Language.EN)) for p in caught.value.problems]


def test_defaults_are_those_of_a_newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.bases == (tmp_path / "bases",)
    assert settings.plugins == (tmp_path / "plugins",)
    assert settings.data_dir == tmp_path / ".zhupei"
    assert settings.database_url is None
    assert not settings.strict
    assert settings.serves_ide
    assert settings.allows_introspection


def test_every_setting_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ZHUPEI_ENVIRONMENT": "Production",
            "ZHUPEI_HOST": "0.0.0.0",
            "PORT": "8080",
            "ZHUPEI_BASES": "/a:/b",
            "ZHUPEI_PLUGINS": "/p",
            "ZHUPEI_DISABLED_PLUGINS": "one, two",
            "ZHUPEI_STRICT": "1",
            "ZHUPEI_DATA_DIR": "/data",
            "ZHUPEI_DATABASE_URL": "postgresql://u:p@h:5432/d",
            "ZHUPEI_DATABASE_POOL": "3",
            "ZHUPEI_WORKER": "0",
            "ZHUPEI_TICK_SECONDS": "15",
            "ZHUPEI_REMINDER_DAYS": "0",
            "ZHUPEI_SMTP_HOST": "mail.example",
            "ZHUPEI_SMTP_PORT": "465",
            "ZHUPEI_SMTP_SECURITY": "TLS",
            "ZHUPEI_SMTP_USER": "zhupei",
            "ZHUPEI_SMTP_PASSWORD": "secret",
            "ZHUPEI_MAIL_FROM": "住培招收 <noreply@zhupei.example>",
            "ZHUPEI_IDE": "yes",
            "ZHUPEI_EXAMPLES": "/e",
            "ZHUPEI_INTROSPECTION": "on",
            "ZHUPEI_EXPLAIN_ENGINE": "1",
            "ZHUPEI_ALLOWED_ORIGINS": "https://a.example/, https://b.example",
            "ZHUPEI_MAX_BODY_BYTES": "2048",
            "ZHUPEI_MAX_DEPTH": "9",
            "ZHUPEI_MAX_ALIASES": "8",
            "ZHUPEI_MAX_FIELDS": "7",
            "ZHUPEI_MAX_TOKENS": "600",
            "ZHUPEI_LANGUAGE": "zh",
            "ZHUPEI_LOG_FORMAT": "json",
            "ZHUPEI_LOG_LEVEL": "WARNING",
            "ZHUPEI_ACCESS_LOG": "true",
        }
    )
    assert settings == Settings(
        environment=Environment.PRODUCTION,
        host="0.0.0.0",
        port=8080,
        bases=(Path("/a"), Path("/b")),
        plugins=(Path("/p"),),
        disabled_plugins=("one", "two"),
        strict=True,
        data_dir=Path("/data"),
        database_url="postgresql://u:p@h:5432/d",
        database_pool=3,
        worker=False,
        tick_seconds=15,
        reminder_days=0,
        smtp_host="mail.example",
        smtp_port=465,
        smtp_security=MailSecurity.TLS,
        smtp_user="zhupei",
        smtp_password="secret",
        mail_from="住培招收 <noreply@zhupei.example>",
        ide=True,
        examples=Path("/e"),
        introspection=True,
        explain_engine=True,
        allowed_origins=("https://a.example", "https://b.example"),
        max_body_bytes=2048,
        max_depth=9,
        max_aliases=8,
        max_fields=7,
        max_tokens=600,
        language=Language.ZH,
        log_format=LogFormat.JSON,
        log_level=LogLevel.WARNING,
        access_log=True,
    )


def test_production_closes_what_only_developers_need() -> None:
    settings = Settings.from_environment({"ZHUPEI_ENVIRONMENT": "production"})
    assert not settings.serves_ide
    assert not settings.allows_introspection


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"PORT": "", "ZHUPEI_IDE": "  "}).port == 8000


def test_a_mail_server_needs_a_sender_that_is_an_address() -> None:
    missing = ("ZHUPEI_MAIL_FROM", "设置了 ZHUPEI_SMTP_HOST 时必须设置",
               "must be set where ZHUPEI_SMTP_HOST is")  # fmt: skip
    assert problems({"ZHUPEI_SMTP_HOST": "mail.example"}) == [missing]
    assert problems({"ZHUPEI_MAIL_FROM": "noreply"}) == [
        (
            "ZHUPEI_MAIL_FROM",
            "应为邮件地址，可带名称，如“住培招收 <noreply@example.org>”，而不是“noreply”",
            (
                'must be an e-mail address, with a name if you like, as in "Residency training '
                '<noreply@example.org>", not "noreply"'
            ),
        )
    ]
    assert "secret" not in repr(Settings(smtp_password="secret"))


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"ZHUPEI_TLS_KEY": "/k.pem"},
            "ZHUPEI_TLS_KEY is only used where ZHUPEI_TLS_CERTIFICATE is set",
        ),
        (
            {"ZHUPEI_TLS_CERTIFICATE": "/c.pem", "ZHUPEI_SOCKET": "/run/z.sock"},
            "ZHUPEI_TLS_CERTIFICATE cannot be set where ZHUPEI_SOCKET is",
        ),
    ],
)
def test_ways_to_serve_that_do_not_go_together(environ: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environ)
    (problem,) = refused.value.problems
    assert f"{problem.variable} {problem.message.en}" == told


def test_all_problems_are_told_at_once_in_both_languages() -> None:
    assert problems(
        {"PORT": "80800", "ZHUPEI_STRICT": "maybe", "ZHUPEI_DATADIR": "x", "ZHUPEI_XYZZY_Q": "1"}
    )[:3] == [
        (
            "PORT",
            "应为 0 至 65535 的整数，而不是“80800”",
            'must be a whole number from 0 to 65535, not "80800"',
        ),
        ("ZHUPEI_STRICT", "应为 1 或 0，而不是“maybe”", 'must be 1 or 0, not "maybe"'),
        (
            "ZHUPEI_DATADIR",
            "没有这个设置；是否指 ZHUPEI_DATA_DIR？",
            "unknown setting; did you mean ZHUPEI_DATA_DIR?",
        ),
    ]


@pytest.mark.parametrize(
    ("variable", "suggestion"),
    [("ZHUPEI_PORT", "PORT"), ("ZHUPEI_BASE", "ZHUPEI_BASES"), ("ZHUPEI_DB_URL", None)],
)
def test_an_unknown_variable_is_refused_with_a_suggestion(
    variable: str, suggestion: str | None
) -> None:
    [(found, _, message)] = problems({variable: "1"})
    assert found == variable
    if suggestion is None:
        assert message.startswith("unknown setting; ")
    else:
        assert message == f"unknown setting; did you mean {suggestion}?"


def test_digits_of_other_scripts_are_no_port() -> None:
    assert problems({"PORT": "８０８０"})[0][0] == "PORT"


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://h", "http://[", "postgres"])
def test_an_unusable_database_address_is_refused_without_repeating_it(url: str) -> None:
    [(variable, _, message)] = problems({"ZHUPEI_DATABASE_URL": url})
    assert (variable, message) == (
        "ZHUPEI_DATABASE_URL",
        "must be an address like postgresql://user:password@host:port/database",
    )


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "zh_CN.UTF-8"}, Language.ZH),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, Language.EN),
        ({"LANG": "en_GB.UTF-8", "ZHUPEI_LANGUAGE": "ZH"}, Language.ZH),
        ({"LANG": "zh_CN.UTF-8", "ZHUPEI_LANGUAGE": "fr"}, Language.ZH),
    ],
)
def test_the_language_before_settings_are_read(environ: dict[str, str], language: Language) -> None:
    assert language_of(environ) is language


def test_the_manual_describes_every_setting() -> None:
    """docs/operations.md has one row for each setting: variable, default, meaning."""
    manual = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    for setting in describe_settings():
        meaning = setting.meaning.get(Language.EN)
        assert f"| `{setting.variable}` | {setting.default} | {meaning} |" in manual


def test_rates_are_limited_in_production_unless_set() -> None:
    plain = Settings.from_environment({})
    assert (plain.request_rate, dict(plain.cost_rate), plain.connections_per_address) == (0, {}, 0)
    production = Settings.from_environment({"ZHUPEI_ENVIRONMENT": "production"})
    assert production.request_rate == 6000
    assert production.cost_rate["public"] == 2_000_000
    assert production.connections_per_address == 200
    assert (plain.connections_per_account, production.connections_per_account) == (0, 50)
    given = Settings.from_environment(
        {
            "ZHUPEI_ENVIRONMENT": "production",
            "ZHUPEI_RATE_REQUESTS": "0",
            "ZHUPEI_RATE_COST": "public=5, national=0",
            "ZHUPEI_OPEN_PER_ADDRESS": "7",
            "ZHUPEI_OPEN_PER_ACCOUNT": "3",
            "ZHUPEI_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "ZHUPEI_ALLOWED_HOSTS": "a.example, *.b.example",
        }
    )
    assert given.request_rate == 0
    assert dict(given.cost_rate) == {"public": 5, "national": 0}
    assert given.connections_per_address == 7
    assert given.connections_per_account == 3
    assert given.trusted_proxies == ("10.0.0.0/8", "::1")
    assert given.allowed_hosts == ("a.example", "*.b.example")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ZHUPEI_RATE_COST", "public", 'must be role=number, several separated by commas, not "pu'),
        ("ZHUPEI_RATE_COST", "public=-1", "must be role=number"),
        ("ZHUPEI_RATE_STORAGE", "disk", "must be memory, database or a redis:// address"),
        ("ZHUPEI_TRUSTED_PROXIES", "proxy", 'must be an address or network, not "proxy"'),
    ],
)
def test_limits_that_cannot_be_read(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({variable: value})
    (problem,) = refused.value.problems
    assert problem.variable == variable
    assert problem.message.en is not None
    assert problem.message.en.startswith(message)


def test_a_redis_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the start is refused, and says what to install."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    # What Python takes for a package that is not there.
    monkeypatch.setitem(sys.modules, "redis", None)
    settings = Settings(data_dir=tmp_path, bases=(), plugins=(), rate_storage="redis://127.0.0.1:1")
    with pytest.raises(
        SettingsError, match=r"ZHUPEI_RATE_STORAGE: needs pip install 'zhupei.redis.'"
    ):
        compose(settings)


def test_what_settings_look_like_holds_no_secret() -> None:
    """As in a log, a traceback, an assertion: no key, no token, and no password of an address."""
    settings = Settings(
        data_dir=Path("/data"),
        database_url="postgresql://zhupei:hunter2@db.example:5432/zhupei?sslpassword=hunter3",
        rate_storage="redis://:hunter4@redis.example:6379/0",
        encryption_keys="a:hunter5",
        signing_keys="hunter6",
        gateway_secret="hunter7",
        metrics_token="hunter8",
        allowed_hosts=("a.example",),
    )
    shown = repr(settings)
    assert "hunter" not in shown
    assert f"{settings}" == shown
    assert "database_url='postgresql://zhupei:••••@db.example:5432/zhupei?••••'" in shown
    assert "rate_storage='redis://:••••@redis.example:6379/0'" in shown
    assert shown.startswith("Settings(")
    assert "data_dir=PosixPath('/data')" in shown
    assert "allowed_hosts=('a.example',)" in shown
    assert "hunter2" in str(settings.database_url), "it is what it was"
