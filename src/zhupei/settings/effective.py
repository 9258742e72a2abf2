"""What settings come to, and where each comes from: for people, with secrets masked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from zhupei.settings.environment import Settings, variables
from zhupei.settings.kinds import TrustedIssuer
from zhupei.settings.masking import MASK, without_password
from zhupei.settings.parsing import Variable
from zhupei.settings.section import NO_SECTION, Section

__all__ = ["EffectiveSetting", "Origin", "effective_settings"]

# What other settings decide where one is not set.
_DECIDED = {
    "ide": "serves_ide",
    "introspection": "allows_introspection",
    "sign_up": "allows_sign_up",
    "rate_requests": "request_rate",
    "rate_cost": "cost_rate",
    "open_per_account": "connections_per_account",
    "open_per_address": "connections_per_address",
}


class Origin(StrEnum):
    """Where a value comes from; the environment goes before the file."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """A setting as it is in force.

    ``value`` is None where there is none; ``source`` is the environment's variable that it comes
    from, or its place in ``zhupei.yaml``, None where it is the default.
    """

    variable: str
    value: str | None
    origin: Origin = Origin.DEFAULT
    source: str | None = None


def effective_settings(
    environ: Mapping[str, str], section: Section = NO_SECTION
) -> tuple[EffectiveSetting, ...]:
    """Return every setting in declared order; secrets and passwords in addresses are masked.

    Raises:
        SettingsError: as `Settings.from_environment`.

    """
    settings = Settings.from_environment(environ, section)
    secret = {each.name for each in fields(Settings) if not each.repr}
    found = []
    for name, variable in variables():
        value = getattr(settings, _DECIDED.get(name, name))
        shown = None if value is None else MASK if name in secret else _shown(value)
        origin, source = _origin(name, variable, environ, section)
        found.append(EffectiveSetting(variable.name, shown, origin, source))
    return tuple(found)


def _origin(
    name: str, variable: Variable, environ: Mapping[str, str], section: Section
) -> tuple[Origin, str | None]:
    for given in (variable.name, variable.file_name if variable.by_file else variable.name):
        if environ.get(given, "").strip():
            return Origin.ENVIRONMENT, given
    if name in section.places:
        return Origin.FILE, section.places[name]
    if name == "language":
        for given in ("LC_ALL", "LC_MESSAGES", "LANG"):
            if environ.get(given):
                return Origin.ENVIRONMENT, given
    return Origin.DEFAULT, None


def _shown(value: object) -> str | None:
    """Return a value as it would be written into the environment, None where it is empty."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, TrustedIssuer):
        return f"{value.issuer}={'|'.join(sorted(value.audiences))}"
    if isinstance(value, Mapping):
        return ",".join(f"{key}={number}" for key, number in value.items()) or None
    if isinstance(value, tuple):
        between = os.pathsep if any(isinstance(each, Path) for each in value) else ","
        return between.join(_shown(each) or "" for each in value) or None
    return without_password(str(value))
