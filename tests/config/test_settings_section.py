"""Tests of the block `settings` of zhupei.yaml: what it takes, and every way to be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from zhupei.config.platform import PlatformSettings, read_platform, read_platform_settings
from zhupei.config.settings_section import given_in_files
from zhupei.domain.text import Language
from zhupei.settings import Environment, LogLevel, Settings, SettingsError, describe_settings
from zhupei.settings.environment import platform_file_of, variables

_ROOT = Path(__file__).parents[2]
_SCHEMA = json.loads((_ROOT / "docs" / "zhupei.schema.json").read_text("utf-8"))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, not yet written, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "zhupei.yaml"


def read(file: Path, *lines: str) -> PlatformSettings:
    """Write a block with these lines and read it."""
    file.write_text("".join(f"{line}\n" for line in ("settings:", *lines)), encoding="utf-8")
    return read_platform_settings(file)


def accepted(file: Path, *lines: str) -> Settings:
    given = read(file, *lines)
    assert given.problems.text(Language.EN) == ""
    return given.with_environment({})


def refused(file: Path, *lines: str) -> list[str]:
    """Return what is told in English, without the file's name; the start is refused as well."""
    given = read(file, *lines)
    told = given.problems.text(Language.EN)
    with pytest.raises(SettingsError) as caught:
        given.with_environment({})
    assert caught.value.message.get(Language.EN) == told.rstrip("\n")
    return [line.removeprefix("zhupei.yaml:") for line in told.splitlines()]


def test_every_setting_but_secrets_has_its_key(file: Path) -> None:
    keys = {variable.key for _, variable in variables()} - {"file"}
    secrets = {
        "encryption_keys",
        "gateway_secret",
        "metrics_token",
        "signing_keys",
        "smtp_password",
    }
    by_file = {f"{key}_file" for key in {*secrets, "database_url", "rate_storage"}}
    assert set(given_in_files()) == keys - secrets | by_file
    assert {name for name, _ in variables()} == keys | {"file"}


def test_values_are_read_as_the_environments_are(file: Path) -> None:
    settings = accepted(
        file,
        "  environment: Production",
        "  port: 8080",
        "  strict: yes",
        "  log_level: warning",
        "  allowed_hosts: [a.example, '*.b.example']",
        "  allowed_origins: https://a.example/, https://b.example",
        "  webhook_ports: [443, 8443]",
        "  rate_cost: {public: 5, national: 0}",
        "  oidc_issuers:",
        "    https://one.example: [a, b]",
        "    https://two.example: c",
        "  smtp_host:",
        "  public_url: ''",
    )
    environment = Settings.from_environment(
        {
            "ZHUPEI_FILE": str(file),
            "ZHUPEI_ENVIRONMENT": "production",
            "PORT": "8080",
            "ZHUPEI_STRICT": "1",
            "ZHUPEI_LOG_LEVEL": "warning",
            "ZHUPEI_ALLOWED_HOSTS": "a.example,*.b.example",
            "ZHUPEI_ALLOWED_ORIGINS": "https://a.example,https://b.example",
            "ZHUPEI_WEBHOOK_PORTS": "443,8443",
            "ZHUPEI_RATE_COST": "public=5,national=0",
            "ZHUPEI_OIDC_ISSUERS": "https://one.example=a|b,https://two.example=c",
        }
    )
    assert settings == environment
    assert settings.environment is Environment.PRODUCTION
    assert settings.log_level is LogLevel.WARNING


def test_paths_are_relative_to_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("  data_dir: data", "  bases: [bases, /b]", "  plugins: own/plugins")
    read(file, *lines)
    elsewhere = file.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = read_platform_settings(file).with_environment({"ZHUPEI_FILE": str(file)})
    assert settings.data_dir == file.parent / "data"
    assert settings.bases == (file.parent / "bases", Path("/b"))
    assert settings.plugins == (file.parent / "own" / "plugins",)
    # Whatever folders it names, it stays the file of the platform.
    assert settings.platform_file == file


def test_the_environment_alone_leads_to_the_file(file: Path) -> None:
    assert platform_file_of({}) == (file, False)
    assert platform_file_of({"ZHUPEI_BASES": "/a/bases:/b"}) == (Path("/a/zhupei.yaml"), False)
    assert platform_file_of({"ZHUPEI_FILE": "x.yaml"}) == (file.parent / "x.yaml", True)


def test_the_environment_goes_before_the_file(file: Path) -> None:
    given = read(file, "  max_depth: 9", "  max_aliases: 8", "  language: zh")
    environ = {"ZHUPEI_MAX_DEPTH": "7", "ZHUPEI_MAX_ALIASES": "", "LANG": "en_GB.UTF-8"}
    settings = given.with_environment(environ)
    assert (settings.max_depth, settings.max_aliases) == (7, 8)
    assert settings.language is Language.ZH
    assert given.with_environment({"ZHUPEI_LANGUAGE": "en"}).language is Language.EN


def test_a_mail_server_of_the_file_needs_a_sender(file: Path) -> None:
    given = read(file, "  smtp_host: mail.example")
    with pytest.raises(SettingsError, match="ZHUPEI_MAIL_FROM: must be set where"):
        given.with_environment({})
    sender = {"ZHUPEI_MAIL_FROM": "noreply@zhupei.example"}
    assert given.with_environment(sender).smtp_host == "mail.example"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "max_dept: 3",
            (
                '2:3: settings.max_dept: unknown setting; did you mean "max_depth"?'
                " [CONFIG_UNKNOWN_KEY]"
            ),
        ),
        (
            "ZHUPEI_MAX_DEPTH: 3",
            (
                '2:3: settings.ZHUPEI_MAX_DEPTH: unknown setting; did you mean "max_depth"?'
                " [CONFIG_UNKNOWN_KEY]"
            ),
        ),
        (
            "xyzzy: 3",
            (
                "2:3: settings.xyzzy: unknown setting; zhupei settings lists them all"
                " [CONFIG_UNKNOWN_KEY]"
            ),
        ),
        (
            "max_depth: twelve",
            (
                '2:14: settings.max_depth: must be a whole number from 1 to 1000, not "twelve"'
                " [CONFIG_SETTING]"
            ),
        ),
        (
            "max_depth: [3]",
            "2:14: settings.max_depth: must be one value [CONFIG_SETTING]",
        ),
        (
            "host: {name: a}",
            "2:9: settings.host: must be one value [CONFIG_SETTING]",
        ),
        (
            "strict: maybe",
            '2:11: settings.strict: must be 1 or 0, not "maybe" [CONFIG_SETTING]',
        ),
        (
            "environment: prod",
            (
                "2:16: settings.environment: must be one of development, production, not"
                ' "prod" [CONFIG_SETTING]'
            ),
        ),
        (
            "trusted_proxies: [10.0.0.0/8, proxy]",
            (
                '2:33: settings.trusted_proxies.1: must be an address or network, not "proxy"'
                " [CONFIG_SETTING]"
            ),
        ),
        (
            "trusted_proxies: {a: b}",
            "2:20: settings.trusted_proxies: must be a list or one value [CONFIG_SETTING]",
        ),
        (
            "allowed_hosts: [a.example, 'b, c']",
            '2:30: settings.allowed_hosts.1: must be one value, without "," [CONFIG_SETTING]',
        ),
        (
            "allowed_hosts: [a.example, [b]]",
            '2:30: settings.allowed_hosts.1: must be one value, without "," [CONFIG_SETTING]',
        ),
        (
            "bases: ['/a:/b']",
            '2:11: settings.bases.0: must be one value, without ":" [CONFIG_SETTING]',
        ),
        (
            "rate_cost: {public: x}",
            (
                "2:23: settings.rate_cost.public: must be role=number, several separated by commas,"
                ' not "public=x" [CONFIG_SETTING]'
            ),
        ),
        (
            "rate_cost: {public: {a: b}}",
            '2:23: settings.rate_cost.public: must be one value, without "," [CONFIG_SETTING]',
        ),
        (
            "oidc_issuers: {http://i.example: a}",
            (
                '2:36: settings.oidc_issuers."http://i.example": must be https://issuer=audience,'
                ' several separated by commas, not "http://i.example=a" [CONFIG_SETTING]'
            ),
        ),
        (
            "oidc_issuers: ['https://i.example=a', 'https://i.example=b']",
            (
                '2:17: settings.oidc_issuers: "https://i.example" must be given once, with its'
                " audience [CONFIG_SETTING]"
            ),
        ),
        (
            "metrics_token: hidden-1-of-16-signs",
            (
                "2:3: settings.metrics_token: secrets do not stand in this file; name the file that"
                " holds it by metrics_token_file, or set ZHUPEI_METRICS_TOKEN [CONFIG_SETTING]"
            ),
        ),
        (
            "signing_keys:",
            (
                "2:3: settings.signing_keys: secrets do not stand in this file; name the file that"
                " holds it by signing_keys_file, or set ZHUPEI_SIGNING_KEYS [CONFIG_SETTING]"
            ),
        ),
        (
            "database_url: postgresql://u:hidden-2@h/d",
            (
                "2:3: settings.database_url: the address holds a password; name the file that holds"
                " it by database_url_file, or set ZHUPEI_DATABASE_URL [CONFIG_SETTING]"
            ),
        ),
        (
            "rate_storage: redis://:hidden-3@cache",
            (
                "2:3: settings.rate_storage: the address holds a password; name the file that holds"
                " it by rate_storage_file, or set ZHUPEI_RATE_STORAGE [CONFIG_SETTING]"
            ),
        ),
        (
            "metrics_token_file: [a]",
            "2:23: settings.metrics_token_file: must be a path [CONFIG_SETTING]",
        ),
        (
            "file: other.yaml",
            (
                "2:3: settings.file: only the environment says where this file is; set ZHUPEI_FILE"
                " [CONFIG_SETTING]"
            ),
        ),
    ],
)
def test_what_is_refused(line: str, told: str, file: Path) -> None:
    assert refused(file, f"  {line}") == [told]


def test_secrets_of_files(file: Path) -> None:
    (file.parent / "token").write_text("a-token-of-16-signs\n", encoding="utf-8")
    (file.parent / "url").write_text("postgresql://u:p@h/d\n", encoding="utf-8")
    settings = accepted(file, "  metrics_token_file: token", "  database_url_file: url")
    assert settings.metrics_token == "a-token-of-16-signs"
    assert settings.database_url == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "the file {} cannot be read (No such file or directory)"),
        (b"\xff\xfe", "the file {} cannot be read (UnicodeDecodeError)"),
        (b" \n", "the file {} is empty or too large"),
        (b"a" * (1024 * 1024 + 1), "the file {} is empty or too large"),
        (b"hidden-4", "must be at least 16 ASCII characters without blanks"),
    ],
)
def test_files_of_secrets_that_cannot_be_used(content: bytes | None, told: str, file: Path) -> None:
    """What such a file holds is never repeated."""
    token = file.parent / "token"
    if content is not None:
        token.write_bytes(content)
    message = told.format(token)
    assert refused(file, "  metrics_token_file: token") == [
        f"2:23: settings.metrics_token_file: {message} [CONFIG_SETTING]"
    ]
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"ZHUPEI_METRICS_TOKEN_FILE": str(token)})
    assert caught.value.message.en == f"ZHUPEI_METRICS_TOKEN_FILE: {message}"


def test_a_secret_is_given_once(file: Path) -> None:
    (file.parent / "url").write_text("postgresql://u:p@h/d\n", encoding="utf-8")
    lines = ("  database_url: postgresql://h/d", "  database_url_file: url")
    assert refused(file, *lines) == [
        "2:3: settings.database_url: cannot be given beside database_url_file [CONFIG_SETTING]"
    ]
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(
            {"ZHUPEI_DATABASE_URL": "postgresql://h/d", "ZHUPEI_DATABASE_URL_FILE": "url"}
        )
    assert caught.value.message.en == (
        "ZHUPEI_DATABASE_URL_FILE: cannot be set where ZHUPEI_DATABASE_URL is"
    )
    # A file of the environment goes before an address of zhupei.yaml.
    given = read(file, "  database_url: postgresql://h/d")
    settings = given.with_environment({"ZHUPEI_DATABASE_URL_FILE": str(file.parent / "url")})
    assert settings.database_url == "postgresql://u:p@h/d"


def test_only_what_may_be_secret_is_read_from_files() -> None:
    with pytest.raises(SettingsError, match="ZHUPEI_MAX_DEPTH_FILE: unknown setting; did you"):
        Settings.from_environment({"ZHUPEI_MAX_DEPTH_FILE": "x"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("settings: [a]\n", "1:11: settings: must be a mapping of names to values"),
        ("settings: 3\n", "1:11: settings: must be a mapping of names to values"),
        ("setings: {port: 1}\n", '1:1: setings: unknown key; did you mean "settings"?'),
        ("settings: {port: 1\n", '2:1: a "," or "}" is missing'),
        ("settings: {port: 1, port: 2}\n", "1:21: settings.port: "),
        ("", "1:1: the file is empty"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_start(content: str, told: str, file: Path) -> None:
    """Nobody can tell what it would have set."""
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_platform_settings(file).with_environment({})
    assert caught.value.message.get(Language.EN).startswith(f"zhupei.yaml:{told}")


def test_an_error_among_the_plugins_alone_leaves_settings_as_they_are(file: Path) -> None:
    file.write_text("plugins: [a, a]\nsettings: {port: 81}\n", encoding="utf-8")
    assert read_platform_settings(file).with_environment({}).port == 81
    platform = read_platform(file)
    assert [each.code for each in platform.problems] == ["CONFIG_DUPLICATE_CODE"]


def test_an_error_of_settings_is_one_of_the_file_and_leaves_the_plugins(file: Path) -> None:
    file.write_text("plugins: [tokens]\nsettings: {port: x}\n", encoding="utf-8")
    platform = read_platform(file)
    assert [each.code for each in platform.problems] == ["CONFIG_SETTING"]
    assert platform.plugins == ("tokens",)


def test_problems_are_told_in_chinese(file: Path) -> None:
    given = read(file, "  max_dept: 3", "  smtp_password: hidden-5", "  host: [a]")
    assert given.problems.text(Language.ZH) == (
        "zhupei.yaml:2:3: settings.max_dept: 没有这个设置；您是不是想写“max_depth”？"
        " [CONFIG_UNKNOWN_KEY]\n"
        "zhupei.yaml:3:3: settings.smtp_password: 密钥、密码和令牌不写在这里；用"
        " smtp_password_file 指明存放它的文件，或设置 ZHUPEI_SMTP_PASSWORD [CONFIG_SETTING]\n"
        "zhupei.yaml:4:9: settings.host: 应为一个值 [CONFIG_SETTING]\n"
    )
    assert "hidden-5" not in given.problems.text(Language.ZH, excerpt=True)


def test_the_manual_has_the_file_that_works(file: Path) -> None:
    """The example of docs/operations.md is read whole, and editors have nothing against it."""
    manual = (_ROOT / "docs" / "operations.md").read_text("utf-8")
    example = manual.partition("### zhupei.yaml")[2].partition("```yaml\n")[2].partition("```")[0]
    key = file.parent / "signing-keys"
    key.write_text("key\n", encoding="utf-8")
    example = example.replace("/run/credentials/zhupei.service/signing-keys", str(key))
    file.write_text(example, encoding="utf-8")
    settings = read_platform_settings(file).with_environment({})
    assert settings.signing_keys == "key"
    assert settings.cost_rate == {"public": 2_000_000, "integrator": 20_000_000}
    assert read_platform(file).plugins == ("sign-in-by-card",)
    assert complaints(yaml.safe_load(example)) == []
    page = (_ROOT / "docs" / "errors" / "CONFIG_SETTING.md").read_text("utf-8")
    wrong, told = (
        page.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("yaml", "text")
    )
    file.write_text(wrong, encoding="utf-8")
    assert read_platform_settings(file).problems.text(Language.EN) == told


def complaints(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(_SCHEMA).iter_errors(data)]


def test_the_schema_is_one_and_knows_every_key() -> None:
    Draft202012Validator.check_schema(_SCHEMA)
    properties = _SCHEMA["properties"]["settings"]["properties"]
    assert list(properties) == list(given_in_files())
    for setting in describe_settings():
        key = setting.variable.removeprefix("ZHUPEI_").lower()
        if key in properties:
            assert properties[key]["description"].startswith(str(setting.meaning.en))


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"port": 81, "strict": True, "environment": "production", "smtp_host": None}, 0),
        ({"port": "81", "strict": "true", "allowed_hosts": "a", "max_body_bytes": "1"}, 0),
        ({"rate_cost": {"public": 5}, "oidc_issuers": {"https://i.example": ["a"]}}, 0),
        ({"port": 65536}, 1),
        ({"port": [81]}, 1),
        ({"environment": "prod"}, 1),
        ({"metrics_token": "x"}, 1),
        ({"max_dept": 3}, 1),
    ],
)
def test_editors_complain_about_what_is_refused_and_nothing_else(
    settings: dict[str, Any], count: int
) -> None:
    assert len(complaints({"settings": settings})) == count
