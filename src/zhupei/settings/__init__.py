"""Settings: everything that an installation decides, read once from the environment."""

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
    MailSecurity,
    TrustedIssuer,
)
from zhupei.settings.problems import SettingsError, SettingsProblem

__all__ = [
    "Environment",
    "FederationAccess",
    "LogFormat",
    "MailSecurity",
    "SettingDescription",
    "Settings",
    "SettingsError",
    "SettingsProblem",
    "TrustedIssuer",
    "describe_settings",
    "language_of",
]
