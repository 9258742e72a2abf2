"""Settings: everything that an installation decides, read once from environment and file."""

from __future__ import annotations

from zhupei.settings.environment import (
    SettingDescription,
    Settings,
    describe_settings,
    language_of,
)
from zhupei.settings.kinds import (
    Environment,
    FederationAccess,
    LogFormat,
    LogLevel,
    MailSecurity,
    TrustedIssuer,
)
from zhupei.settings.problems import SettingsError, SettingsProblem

__all__ = [
    "Environment",
    "FederationAccess",
    "LogFormat",
    "LogLevel",
    "MailSecurity",
    "SettingDescription",
    "Settings",
    "SettingsError",
    "SettingsProblem",
    "TrustedIssuer",
    "describe_settings",
    "language_of",
]
