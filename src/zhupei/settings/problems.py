"""What is wrong with settings: the variable, and what to do about it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from zhupei.domain.text import Language, Text
from zhupei.errors import ZhupeiError

__all__ = ["SettingsError", "SettingsProblem", "unknown_setting"]


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One setting that cannot be used: the variable, and what to do about it."""

    variable: str
    message: Text


class SettingsError(ZhupeiError):
    """The environment holds settings that cannot be used; carries all problems at once."""

    code = "SETTINGS_INVALID"

    def __init__(self, problems: tuple[SettingsProblem, ...]) -> None:
        self.problems = problems
        super().__init__(
            Text(
                "\n".join(f"{p.variable}：{p.message.zh}" for p in problems),
                "\n".join(f"{p.variable}: {p.message.get(Language.EN)}" for p in problems),
            )
        )


def unknown_setting(variable: str, known: tuple[str, ...]) -> SettingsProblem:
    """Return that there is no such setting, and which one may be meant."""
    # Compared without the prefix: it is the same everywhere and would make all names alike.
    stems = {name.removeprefix("ZHUPEI_"): name for name in known}
    near = difflib.get_close_matches(variable.removeprefix("ZHUPEI_"), list(stems), n=1)
    if near:
        name = stems[near[0]]
        return SettingsProblem(
            variable,
            Text(f"没有这个设置；是否指 {name}？", f"unknown setting; did you mean {name}?"),
        )
    names = ", ".join(known)
    return SettingsProblem(
        variable, Text(f"没有这个设置；可用的有 {names}", f"unknown setting; known are {names}")
    )
