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
    """Settings cannot be used; carries all problems at once.

    ``problems`` are those of the environment, ``in_file`` what is wrong with ``zhupei.yaml``, one
    line each.
    """

    code = "SETTINGS_INVALID"

    def __init__(self, problems: tuple[SettingsProblem, ...], in_file: Text | None = None) -> None:
        self.problems = problems
        self.in_file = in_file
        zh = [f"{problem.variable}：{problem.message.zh}" for problem in problems]
        en = [f"{problem.variable}: {problem.message.get(Language.EN)}" for problem in problems]
        if in_file is not None:
            zh.append(in_file.zh)
            en.append(in_file.get(Language.EN))
        super().__init__(Text("\n".join(zh), "\n".join(en)))


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
