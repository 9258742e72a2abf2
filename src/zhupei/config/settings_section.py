"""The block ``settings`` of ``zhupei.yaml``: what an installation decides, beside the environment.

Keys are the variables' names without ``ZHUPEI_``, in lower case; values are those of the
environment, lists and mappings written as such. Paths are relative to the file. Secrets are
refused: a file that holds one is named (``signing_keys_file``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from zhupei.config.document import Document
from zhupei.config.hints import did_you_mean, suggest
from zhupei.config.problems import Problems, YamlPath
from zhupei.domain.text import Text
from zhupei.settings import Settings
from zhupei.settings.environment import variables
from zhupei.settings.parsing import (
    PATHS,
    RefusedValueError,
    Variable,
    from_file,
    holds_password,
    path,
    paths,
)
from zhupei.settings.section import NO_SECTION, Section

__all__ = ["KEY", "given_in_files", "read_section"]

KEY = "settings"
"""What the block is called."""

_SECRETS = frozenset(each.name for each in fields(Settings) if not each.repr)


def given_in_files() -> Mapping[str, Variable]:
    """Return every key of the block with the variable that it stands for, in declared order.

    A secret has no key of its own, only that of the file which holds it.
    """
    found: dict[str, Variable] = {}
    for _, variable in variables():
        if variable.key == "file":
            continue
        if not _is_secret(variable):
            found[variable.key] = variable
        if variable.by_file:
            found[f"{variable.key}_file"] = variable
    return found


def _is_secret(variable: Variable) -> bool:
    return variable.key in _SECRETS


def read_section(document: Document, problems: Problems) -> Section:
    """Return what the block says; what is wrong is added to ``problems``, and does not count."""
    block = document.data.get(KEY)
    if block is None:
        return Section({"file": document.path.absolute()}, {})
    if not isinstance(block, dict):
        message = Text("应为“名称: 值”的映射", "must be a mapping of names to values")
        problems.add(document.problem((KEY,), "CONFIG_BAD_TYPE", message))
        return NO_SECTION
    reader = _Reader(document, problems)
    reader.read(block)
    return Section({"file": document.path.absolute(), **reader.values}, reader.places)


class _Reader:
    """Reads one block, collecting what is wrong."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.values: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self._document = document
        self._problems = problems
        self._folder = document.path.absolute().parent

    def read(self, block: Mapping[str, Any]) -> None:
        known = given_in_files()
        secrets = {variable.key: variable for _, variable in variables() if _is_secret(variable)}
        for key, given in block.items():
            if key in secrets:
                message = Text("密钥、密码和令牌不写在这里", "secrets do not stand in this file")
                self._refuse((KEY, key), message, _elsewhere(secrets[key]), secret=True)
            elif key not in known:
                self._unknown(key, list(known))
            elif given is None or given == "":
                continue
            elif key != known[key].key:
                self._by_file(key, known[key], given)
            elif known[key].by_file and block.get(f"{key}_file"):
                message = Text(f"不能与 {key}_file 同时写", f"cannot be given beside {key}_file")
                self._refuse((KEY, key), message, at_key=True)
            else:
                self._direct(key, known[key], given)

    def _direct(self, key: str, variable: Variable, given: Any) -> None:
        if variable.by_file and isinstance(given, str) and holds_password(given):
            message = Text("地址中含有密码", "the address holds a password")
            self._refuse((KEY, key), message, _elsewhere(variable), secret=True)
            return
        text = self._text(key, variable, given)
        if text is None:
            return
        try:
            value = variable.parse(text)
        except RefusedValueError as refused:
            self._refuse((KEY, key), refused.message)
        else:
            self._set(key, key, value)

    def _by_file(self, key: str, variable: Variable, given: Any) -> None:
        if not isinstance(given, str):
            self._refuse((KEY, key), Text("应为一个路径", "must be a path"))
            return
        try:
            value = from_file(variable.parse, self._placed(given))
        except RefusedValueError as refused:
            self._refuse((KEY, key), refused.message)
        else:
            self._set(key, variable.key, value)

    def _set(self, key: str, name: str, value: Any) -> None:
        self.values[name] = value
        line = self._document.positions.key((KEY, key)).line
        self.places[name] = f"{_shown(self._document.path)}:{line}"

    def _text(self, key: str, variable: Variable, given: Any) -> str | None:
        """Return a value as the environment would write it, None where it is of a wrong kind."""
        if isinstance(given, str):
            return self._placed_as(variable, given)
        separator = variable.separator
        if isinstance(given, list) and separator is not None:
            parts = list(self._parts(key, separator, enumerate(given)))
        elif isinstance(given, dict) and separator is not None and variable.pairs:
            parts = list(self._parts(key, separator, _pairs(given)))
        else:
            self._refuse((KEY, key), _expected(variable))
            return None
        if len(parts) < len(given):
            return None
        # What is wrong with one part is told where it stands.
        whole = True
        for at, part in parts:
            try:
                variable.parse(self._placed_as(variable, part))
            except RefusedValueError as refused:
                self._refuse((KEY, key, at), refused.message)
                whole = False
        if not whole:
            return None
        return separator.join(self._placed_as(variable, part) for _, part in parts)

    def _parts(
        self, key: str, separator: str, given: Iterator[tuple[str | int, Any]]
    ) -> Iterator[tuple[str | int, str]]:
        for at, part in given:
            if isinstance(part, str) and part.strip() and separator not in part:
                yield at, part.strip()
            else:
                message = Text(
                    f"应为一个值，不含“{separator}”", f'must be one value, without "{separator}"'
                )
                self._refuse((KEY, key, at), message)

    def _placed_as(self, variable: Variable, given: str) -> str:
        """Return a text with its paths made absolute, where it is one of paths."""
        if variable.parse is path:
            return self._placed(given)
        if variable.parse is paths:
            return PATHS.join(self._placed(each) for each in given.split(PATHS) if each)
        return given

    def _placed(self, given: str) -> str:
        return str(self._folder / Path(given).expanduser())

    def _unknown(self, key: str, known: list[str]) -> None:
        if key.removeprefix("ZHUPEI_").lower() == "file":
            message = Text(
                "这个文件在哪里由环境决定", "only the environment says where this file is"
            )
            self._refuse(
                (KEY, key), message, Text("请设置 ZHUPEI_FILE", "set ZHUPEI_FILE"), at_key=True
            )
            return
        near = suggest(key.removeprefix("ZHUPEI_"), known)
        hint = did_you_mean(near) if near is not None else _ALL
        message = Text("没有这个设置", "unknown setting")
        self._problems.add(
            self._document.problem((KEY, key), "CONFIG_UNKNOWN_KEY", message, hint, at_key=True)
        )

    def _refuse(
        self,
        at: YamlPath,
        message: Text,
        hint: Text | None = None,
        *,
        at_key: bool = False,
        secret: bool = False,
    ) -> None:
        problem = self._document.problem(
            at, "CONFIG_SETTING", message, hint, at_key=at_key or secret
        )
        self._problems.add(replace(problem, hidden=secret))


_ALL = Text("zhupei settings 列出全部设置", "zhupei settings lists them all")


def _pairs(given: Mapping[str, Any]) -> Iterator[tuple[str | int, Any]]:
    for name, value in given.items():
        several = isinstance(value, list) and all(isinstance(each, str) for each in value)
        text = "|".join(value) if several else value
        yield name, f"{name}={text}" if isinstance(text, str) else None


def _expected(variable: Variable) -> Text:
    if variable.pairs:
        return Text("应为映射、列表或一个值", "must be a mapping, a list or one value")
    if variable.separator is not None:
        return Text("应为列表或一个值", "must be a list or one value")
    return Text("应为一个值", "must be one value")


def _elsewhere(variable: Variable) -> Text:
    return Text(
        f"用 {variable.key}_file 指明存放它的文件，或设置 {variable.name}",
        f"name the file that holds it by {variable.key}_file, or set {variable.name}",
    )


def _shown(file: Path) -> str:
    """Return a path relative to the working directory where it lies below it."""
    # Lexically, as problems of files are told.
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 - Path.resolve() would follow links
    return (
        absolute.relative_to(Path.cwd()).as_posix()
        if absolute.is_relative_to(Path.cwd())
        else str(absolute)
    )
