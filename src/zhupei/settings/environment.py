"""All settings of a process as one value, and how they are read from its environment.

What the environment does not say, ``zhupei.yaml`` may (`zhupei.config.platform_settings`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from zhupei.domain.text import Language, Text
from zhupei.settings import parsing
from zhupei.settings.kinds import Environment, LogFormat, LogLevel
from zhupei.settings.limits import LimitSettings
from zhupei.settings.masking import without_password
from zhupei.settings.problems import SettingsError, SettingsProblem, unknown_setting
from zhupei.settings.process import beside
from zhupei.settings.section import NO_SECTION, Section

__all__ = [
    "SettingDescription",
    "Settings",
    "describe_settings",
    "language_of",
    "platform_file_of",
    "variables",
]


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """A setting as the documentation shows it."""

    variable: str
    default: str
    meaning: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(LimitSettings):
    """The settings of one process; frozen, so that no part of it can disagree with another."""

    language: Annotated[
        Language,
        parsing.Variable(
            name="ZHUPEI_LANGUAGE",
            parse=parsing.choice(Language),
            zh="命令与日志的语言：zh 或 en",
            en="Language of commands and of the log's explanations: `zh` or `en`",
            default="from LANG",
        ),
    ] = Language.EN
    log_format: Annotated[
        LogFormat,
        parsing.Variable(
            name="ZHUPEI_LOG_FORMAT",
            parse=parsing.choice(LogFormat),
            zh="日志格式：text 或 json",
            en="Form of a log line: `text` or `json`",
        ),
    ] = LogFormat.TEXT
    log_level: Annotated[
        LogLevel,
        parsing.Variable(
            name="ZHUPEI_LOG_LEVEL",
            parse=parsing.choice(LogLevel),
            zh="日志级别",
            en="Least severe log line to write: `debug`, `info`, `warning` or `error`",
        ),
    ] = LogLevel.INFO
    metrics_token: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_METRICS_TOKEN",
            parse=parsing.long_secret,
            by_file=True,
            zh="读取 /metrics 所用的令牌；不设置时仅开发环境可读",
            en="Bearer token that `/metrics` is read with; without one it is read in development "
            "only",
            default="none",
        ),
    ] = field(default=None, repr=False)
    traces: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_TRACES",
            parse=parsing.boolean,
            zh="是否发送 OpenTelemetry 链路追踪（需安装 zhupei[otel]），去向由其 OTEL_* 变量设定",
            en="1 sends OpenTelemetry traces (needs `zhupei[otel]`) where its own `OTEL_*` "
            "variables say",
            default="0",
        ),
    ] = False
    access_log: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_ACCESS_LOG",
            parse=parsing.boolean,
            zh="是否逐个请求记一行日志",
            en="1 writes one log line for each request",
            default="0",
        ),
    ] = False

    def __repr__(self) -> str:
        """Return the settings without secrets, and without the passwords of addresses."""
        shown = (
            f"{each.name}={_shown(getattr(self, each.name))}" for each in fields(self) if each.repr
        )
        return f"Settings({', '.join(shown)})"

    @property
    def serves_metrics(self) -> bool:
        """Whether there is ``/metrics``: where a token guards it, and in development."""
        return self.metrics_token is not None or self.environment is not Environment.PRODUCTION

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], section: Section = NO_SECTION
    ) -> Settings:
        """Read the settings out of ``environ`` (usually ``os.environ``), then ``section``.

        A variable that is empty counts as unset, as Compose files and Makefiles write it.

        Raises:
            SettingsError: a value cannot be read, or a ``ZHUPEI_`` variable is unknown; holds
                every such problem.

        """
        problems: list[SettingsProblem] = []
        values: dict[str, Any] = {"language": language_of(environ), **section.values}
        known: list[str] = []
        for name, variable in variables():
            known.append(variable.name)
            text = environ.get(variable.name, "").strip()
            file = environ.get(variable.file_name, "").strip() if variable.by_file else ""
            if text and file:
                problems.append(SettingsProblem(variable.file_name, _twice(variable.name)))
            elif text or file:
                try:
                    values[name] = (
                        variable.parse(text) if text else parsing.from_file(variable.parse, file)
                    )
                except parsing.RefusedValueError as refused:
                    given = variable.name if text else variable.file_name
                    problems.append(SettingsProblem(given, refused.message))
        by_file = {variable.file_name for _, variable in variables() if variable.by_file}
        unknown = sorted(
            each
            for each in environ
            if each.startswith("ZHUPEI_") and each not in known and each not in by_file
        )
        problems.extend(unknown_setting(variable, tuple(known)) for variable in unknown)
        told = {problem.variable for problem in problems}
        if values.get("smtp_host") and not values.get("mail_from") and _SENDER not in told:
            problems.append(
                SettingsProblem(
                    _SENDER,
                    Text(
                        "设置了 ZHUPEI_SMTP_HOST 时必须设置",
                        "must be set where ZHUPEI_SMTP_HOST is",
                    ),
                )
            )
        if values.get("tls_key") and not values.get("tls_certificate"):
            problems.append(SettingsProblem(_TLS_KEY, _without(_TLS)))
        if values.get("tls_certificate") and values.get("socket"):
            problems.append(SettingsProblem(_TLS, _twice(_SOCKET)))
        if problems:
            raise SettingsError(tuple(problems))
        return cls(**values)


_SENDER = "ZHUPEI_MAIL_FROM"
_SOCKET, _TLS, _TLS_KEY = "ZHUPEI_SOCKET", "ZHUPEI_TLS_CERTIFICATE", "ZHUPEI_TLS_KEY"


def _without(variable: str) -> Text:
    return Text(f"只能与 {variable} 一起设置", f"is only used where {variable} is set")


def _twice(variable: str) -> Text:
    return Text(f"不能与 {variable} 同时设置", f"cannot be set where {variable} is")


def language_of(environ: Mapping[str, str], section: Section = NO_SECTION) -> Language:
    """Return the language to speak before settings are read, or when they cannot be."""
    chosen = environ.get("ZHUPEI_LANGUAGE", "").strip().lower()
    if chosen in set(Language):
        return Language(chosen)
    if isinstance(given := section.values.get("language"), Language):
        return given
    # The order in which POSIX reads them.
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(variable):
            return Language.ZH if value.lower().startswith("zh") else Language.EN
    return Language.EN


def platform_file_of(environ: Mapping[str, str]) -> tuple[Path, bool]:
    """Return where ``zhupei.yaml`` is looked for, and whether the environment names it."""
    if named := environ.get("ZHUPEI_FILE", "").strip():
        return parsing.path(named), True
    folders = parsing.paths(environ.get("ZHUPEI_BASES", "").strip())
    return beside(folders or (parsing.path("bases"),)), False


def variables() -> Iterator[tuple[str, parsing.Variable]]:
    """Yield every field with how it is read, in declared order."""
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        yield name, hint.__metadata__[0]


def describe_settings() -> tuple[SettingDescription, ...]:
    """Return every setting with its variable, shown default and meaning, in declared order."""
    defaults = {declared.name: declared.default for declared in fields(Settings)}
    return tuple(
        SettingDescription(
            variable.name,
            variable.default or str(defaults[field_name]),
            Text(variable.zh, variable.en),
        )
        for field_name, variable in variables()
    )


def _shown(value: object) -> str:
    return repr(without_password(value) if isinstance(value, str) else value)
