"""Telling a scenario while it is played: a line for each step, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO
from unicodedata import east_asian_width

from zhupei.demo.deeds import Answer, Refused
from zhupei.demo.scenario import Act, Person, Scenario, Step
from zhupei.domain.text import Language, Text

__all__ = ["Narrator"]

_WIDE = frozenset("WF")
_WHO_COLUMNS = 18


@dataclass(slots=True)
class Narrator:
    """Writes what happens; on a terminal with colours."""

    out: TextIO
    language: Language
    total: int = 0
    done: int = 0
    _moment: datetime | None = field(default=None, repr=False)

    def begin(self, scenario: Scenario) -> None:
        """Name the scenario."""
        self.total = sum(1 for _ in scenario.steps)
        self._write(self._styled(scenario.name.get(self.language), "1"))
        self._write(scenario.about.get(self.language))

    def preparing(self) -> None:
        """Say that the stage is being set, which takes some seconds."""
        self._say(
            Text(
                "启动真实的服务器、PostgreSQL 和邮件服务器……",
                "starting a real server, PostgreSQL and a mail server …",
            )
        )

    def act(self, act: Act) -> None:
        """Begin an act."""
        self._write("")
        self._write(self._styled(act.title.get(self.language), "1"))

    def time(self, now: datetime, done: Sequence[tuple[Text, int]]) -> None:
        """Say what time it is, and what passed by itself."""
        self._write(self._styled(f"  ── {now:%Y-%m-%d %H:%M} ──", "36"))
        for what, count in done:
            self._write(
                f"     ⏱ {what.get(self.language)}：{count}"
                if self._zh
                else f"     ⏱ {what.get(self.language)}: {count}"
            )

    def step(self, step: Step, say: Text, by: str | None, answer: Answer | Refused) -> None:
        """Tell a step that went as the scenario says."""
        self.done += 1
        width = len(str(self.total))
        who = by or ("（公众）" if self._zh else "(public)")
        who += " " * max(1, _WHO_COLUMNS - _columns(who))
        mark = self._styled("✓", "32")
        end = ""
        if isinstance(answer, Refused):
            mark = self._styled("✗", "33")
            end = f"\n{'':{2 * width + 6}}{answer.code}: {answer.message}"
        self._write(
            f"[{self.done:>{width}}/{self.total}] {mark} {who}{say.get(self.language)}{end}"
        )

    def end(self, seconds: float, refusals: int, letters: int, records: int) -> None:
        """Sum up."""
        self._write("")
        self._say(
            Text(
                f"完成：{self.total} 步，其中 {refusals} 步按预期被拒绝；发出 {letters} 封邮件；"
                f"{records} 条记录核验无误；用时 {seconds:.1f} 秒",
                f"done: {self.total} steps, {refusals} of them refused as they should be; "
                f"{letters} letters sent; {records} records verified; {seconds:.1f} s",
            )
        )

    def keeping(
        self, url: str, password: str, staff: Sequence[Person], others: Sequence[str]
    ) -> None:
        """Say how to look at what is left running."""
        self._say(
            Text(
                f"服务器仍在运行：{url}/graphql （Ctrl-C 结束）",
                f"the server goes on at {url}/graphql (Ctrl-C ends it)",
            )
        )
        self._say(
            Text(
                f"用 POST {url}/sign-in 登录，所有账号的密码：{password}",
                f"sign in with POST {url}/sign-in; the password of every account: {password}",
            )
        )
        for person in staff:
            where = person.base or person.jurisdiction or "-"
            self._write(
                f"  {person.login}  {person.role}  {where}  {person.name.get(self.language)}"
            )
        for login in others:
            self._write(f"  {login}  applicant")

    @property
    def _zh(self) -> bool:
        return self.language is Language.ZH

    def _say(self, text: Text) -> None:
        self._write(text.get(self.language))

    def _write(self, line: str) -> None:
        self.out.write(f"{line}\n")
        self.out.flush()

    def _styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.out.isatty() else text


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(each) in _WIDE else 1 for each in text)
