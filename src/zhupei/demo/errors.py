"""What can be wrong with a scenario, or with what came of it."""

from __future__ import annotations

from pathlib import Path

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["ScenarioDiffersError", "ScenarioError"]


class ScenarioError(ZhupeiError):
    """A scenario cannot be played: a file of it is missing or wrong; says where."""

    code = "SCENARIO_INVALID"

    def __init__(self, file: Path, line: int | None, zh: str, en: str) -> None:
        place = f"{file}" if line is None else f"{file}:{line}"
        super().__init__(Text(f"{place}：{zh}", f"{place}: {en}"))


class ScenarioDiffersError(ZhupeiError):
    """Something else came of a step than the scenario says."""

    code = "SCENARIO_DIFFERS"

    def __init__(self, file: Path, line: int, differences: tuple[Text, ...]) -> None:
        self.differences = differences
        place = f"{file}:{line}"
        zh = "\n".join(f"  {each.zh}" for each in differences)
        en = "\n".join(f"  {each.en}" for each in differences)
        super().__init__(
            Text(
                f"{place}：结果与剧本不符\n{zh}",
                f"{place}: what came of it is not what the scenario says\n{en}",
            )
        )
