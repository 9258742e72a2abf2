"""Scenarios: read from a folder, checked as a whole before anything is played.

::

    examples/<name>/
      scenario.yaml       who acts, and the steps in their order
      changes/            what is made up, over the installation's configuration
      files/              what people hand in
      operations/         GraphQL operations of its own
    examples/operations/  those that scenarios share, one a file, as a front end sends them

A step says when (`at` moves the clock), who (`by`), what (one of `Deed`), and what has to come of
it (`expect`, `refused`). `for` repeats it for several people. docs/demo.md describes every key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from zhupei.demo.blocks import Block, read_block
from zhupei.demo.errors import ScenarioError
from zhupei.demo.references import filled
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text

__all__ = ["Act", "Deed", "Person", "Plan", "Scenario", "Step", "find_scenarios", "read_scenario"]

FILE = "scenario.yaml"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?")
_KEYS = frozenset({"at", "say", "by", "for", "expect", "refused", "message", "keep", "due"})
_OWN_KEYS: Mapping[str, frozenset[str]] = {
    "do": frozenset({"with"}),
    "get": frozenset({"signed"}),
    "sheet": frozenset({"fill", "headers"}),
}


class Deed(StrEnum):
    """What a step does."""

    DO = "do"
    """Sends a GraphQL operation."""
    SIGN_UP = "sign_up"
    """Makes somebody an account."""
    UPLOAD = "upload"
    """Hands files in."""
    GET = "get"
    """Fetches a paper, list or table."""
    SHEET = "sheet"
    """Fetches the blank score sheet, fills it in and hands it in."""
    LETTERS = "letters"
    """Looks at the mail that was sent."""
    AUDIT = "audit"
    """Verifies all records."""
    WAIT = "wait"
    """Lets time pass."""


_DEEDS = frozenset(Deed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the staff, with the role that the installation's administrator gives."""

    login: str
    name: Text
    role: str
    base: str | None = None
    jurisdiction: str | None = None
    specialty: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan table to import first; ``program`` is the jurisdiction's."""

    file: Path
    program: str
    title: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; ``what`` is the value of the deed's key, ``block`` all that stands there."""

    line: int
    deed: Deed
    what: Any
    block: Block
    say: Text
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Steps that belong together, under one heading."""

    title: Text
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario as its folder says; ``only`` limits the folders of the configuration it takes."""

    folder: Path
    name: Text
    about: Text
    begins: datetime
    staff: tuple[Person, ...]
    acts: tuple[Act, ...]
    operations: Mapping[str, str] = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    only: tuple[str, ...] = ()
    changes: tuple[Path, ...] = ()
    plan: Plan | None = None

    @property
    def file(self) -> Path:
        """The file with the steps."""
        return self.folder / FILE

    @property
    def code(self) -> str:
        """What the command calls it: the folder's name."""
        return self.folder.name

    @property
    def steps(self) -> Iterator[Step]:
        """All steps in their order."""
        return (step for act in self.acts for step in act.steps)


def find_scenarios(folder: Path) -> dict[str, Path]:
    """Return the folders with scenarios below ``folder``, by name."""
    return {each.parent.name: each.parent for each in sorted(folder.glob(f"*/{FILE}"))}


def read_scenario(folder: Path) -> Scenario:
    """Return the scenario of a folder; raise `ScenarioError` where something of it is wrong."""
    return _Reader(folder).scenario()


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE
        self._root = read_block(self._file)
        self._operations = {
            each.stem: each.read_text("utf-8")
            # Its own come last: they take the place of shared ones.
            for place in (folder.absolute().parent, folder)
            for each in sorted((place / "operations").glob("*.graphql"))
        }

    def scenario(self) -> Scenario:
        root = self._root
        known = {"name", "about", "begins", "configuration", "values", "staff", "acts"}
        self._only_known(root, known)
        configuration = root.get("configuration") or Block()
        self._only_known(configuration, {"only", "changes", "plan"})
        values = {str(key): value for key, value in (root.get("values") or {}).items()}
        return Scenario(
            folder=self._folder,
            name=self._text(root, "name"),
            about=self._text(root, "about"),
            begins=self._moment(root, "begins"),
            staff=tuple(self._person(each) for each in self._blocks(root, "staff")),
            acts=tuple(self._act(each, values) for each in self._blocks(root, "acts")),
            operations=self._operations,
            values=values,
            only=tuple(configuration.get("only") or ()),
            changes=tuple(self._path(each, root) for each in configuration.get("changes") or ()),
            plan=self._plan(configuration.get("plan")),
        )

    def _plan(self, block: Block | None) -> Plan | None:
        if block is None:
            return None
        self._only_known(block, {"file", "program", "title", "note"})
        return Plan(
            file=self._path(self._need(block, "file"), block),
            program=self._need(block, "program"),
            title=block.get("title"),
            note=block.get("note"),
        )

    def _person(self, block: Block) -> Person:
        self._only_known(block, {"login", "name", "role", "base", "jurisdiction", "specialty"})
        limits = {key: block[key] for key in ("base", "jurisdiction", "specialty") if key in block}
        return Person(
            login=self._need(block, "login"),
            name=self._text(block, "name"),
            role=self._need(block, "role"),
            **limits,
        )

    def _act(self, block: Block, values: Mapping[str, Any]) -> Act:
        self._only_known(block, {"title", "steps"})
        steps = [
            step for each in self._blocks(block, "steps") for step in self._steps(each, values)
        ]
        return Act(title=self._text(block, "title"), steps=tuple(steps))

    def _steps(self, block: Block, values: Mapping[str, Any]) -> Iterator[Step]:
        """Return the step, or as many as ``for`` asks for; the first of them moves the clock."""
        rounds = block.get("for")
        if rounds is None:
            yield self._step(block)
            return
        rounds = filled(rounds, values, partly=True)
        if not isinstance(rounds, list) or not all(isinstance(each, dict) for each in rounds):
            raise self._error(block, "for 应为映射的列表", "for must be a list of mappings")
        body = Block({key: value for key, value in block.items() if key != "for"})
        body.line = block.line
        for index, given in enumerate(rounds):
            each = filled(body, given, partly=True)
            if index:
                each.pop("at", None)
            yield self._step(each)

    def _step(self, block: Block) -> Step:
        deeds = [key for key in block if key in _DEEDS]
        if len(deeds) != 1:
            known = ", ".join(Deed)
            raise self._error(
                block,
                f"每一步须有且只有以下之一：{known}",
                f"a step has exactly one of {known}",
            )
        self._only_known(block, {*_KEYS, *deeds, *_OWN_KEYS.get(deeds[0], ())})
        deed, what = Deed(deeds[0]), block[deeds[0]]
        if deed is Deed.DO and what not in self._operations:
            raise self._error(
                block,
                f"没有 operations/{what}.graphql",
                f"there is no operations/{what}.graphql",
            )
        return Step(
            line=block.line,
            deed=deed,
            what=what,
            block=block,
            say=self._text(block, "say"),
            at=self._moment(block, "at") if "at" in block else None,
        )

    def _blocks(self, block: Block, key: str) -> Iterable[Block]:
        found = block.get(key)
        if not isinstance(found, list) or not all(isinstance(each, Block) for each in found):
            raise self._error(block, f"{key} 应为映射的列表", f"{key} must be a list of mappings")
        return found

    def _text(self, block: Block, key: str) -> Text:
        found = block.get(key)
        if not isinstance(found, dict) or set(found) != {"zh", "en"}:
            raise self._error(
                block, f"{key} 应有 zh 和 en 两种文字", f"{key} needs both texts, zh and en"
            )
        return Text(str(found["zh"]), str(found["en"]))

    def _moment(self, block: Block, key: str) -> datetime:
        text = str(block.get(key))
        if not _MOMENT.fullmatch(text):
            raise self._error(
                block,
                f"{key} 应为北京时间，如 2024-04-08T09:00",
                f"{key} must be a moment of China's time such as 2024-04-08T09:00",
            )
        return datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)

    def _path(self, name: str, block: Block) -> Path:
        path = self._folder / str(name)
        if not path.is_file():
            raise self._error(block, f"没有文件 {name}", f"there is no file {name}")
        return path

    def _need(self, block: Block, key: str) -> str:
        found = block.get(key)
        if not isinstance(found, str) or not found:
            raise self._error(block, f"缺少 {key}", f"the key {key} is missing")
        return found

    def _only_known(self, block: Block, known: set[str] | frozenset[str]) -> None:
        strange = sorted(set(block) - known)
        if strange:
            names = ", ".join(sorted(known))
            raise self._error(
                block,
                f"不认识 {', '.join(strange)}；可用的有 {names}",
                f"unknown: {', '.join(strange)}; known are {names}",
            )

    def _error(self, block: Block, zh: str, en: str) -> ScenarioError:
        return ScenarioError(self._file, block.line, zh, en)
