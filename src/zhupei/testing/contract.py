# ruff: noqa: S101 - because these are tests, which plugins inherit
"""The contract: what zhupei asks of every plugin, as tests that a plugin's own suite runs."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from zhupei import Candidate, FindingOutcome, Text
from zhupei.config.files import FileModels
from zhupei.config.workspace import read_workspace
from zhupei.domain.text import Language
from zhupei.hooks.answers import Result
from zhupei.hooks.declaration import Hook, Reach
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import LoadedPlugin, PluginStatus
from zhupei.hooks.scope import PLATFORM, Rights, Scope
from zhupei.testing.plugins import load_plugin
from zhupei.testing.questions import example_questions
from zhupei.testing.schema import plugin_schema

__all__ = ["PluginContract"]

_PUBLIC = {"zhupei", "zhupei.graph"}


@cache
def _load(folder: Path, slug: str, rights: tuple[Rights, ...]) -> PluginHost:
    return load_plugin(folder, slug, rights=rights)


class PluginContract:
    """Subclass it as ``TestContract`` and say which plugin is meant.

    ``rights`` are those of who names the plugin. ``questions`` may be overridden with arguments
    that the plugin really is asked about, such as its own base; the examples are of a hospital
    that does not exist.
    """

    slug: ClassVar[str]
    folder: ClassVar[Path]
    rights: ClassVar[tuple[Rights, ...]] = (Rights.INSTITUTION,)

    @property
    def host(self) -> PluginHost:
        """A host with the core's plugins and this one."""
        return _load(self.folder, self.slug, self.rights)

    @property
    def plugin(self) -> LoadedPlugin:
        """This plugin as it was loaded."""
        return next(plugin for plugin in self.host.plugins if plugin.slug == self.slug)

    def questions(self) -> dict[str, dict[str, Any]]:
        """Return the arguments with which each hook is asked, by hook."""
        return example_questions()

    def configs(self) -> dict[str, Any]:
        """Return the ``extra:`` block with which hooks are asked, by slug."""
        return {}

    def test_it_loads_without_a_complaint(self) -> None:
        """Strict start-up lets it in, and it uses nothing that will be removed."""
        assert self.plugin.status is PluginStatus.OK
        assert self.plugin.version is not None
        assert self.host.warnings == ()

    def test_it_has_a_readme(self) -> None:
        """Somebody who finds the folder learns what it is for."""
        assert (self.folder / "README.md").read_text("utf-8").strip() != ""

    def test_it_imports_only_what_is_public(self) -> None:
        """Of zhupei, only `zhupei` and `zhupei.graph` stay as they are within a major release."""
        private = {
            f"{file.relative_to(self.folder)}:{line}: {module}"
            for file in self._source_files()
            for line, module in _imports(file)
            if module.partition(".")[0] == "zhupei" and module not in _PUBLIC
        }
        assert private == set()

    def test_its_words_are_in_both_languages(self) -> None:
        """Labels, descriptions and messages are in Chinese and English."""
        kinds = [
            kind
            for kind in self.host.kinds
            if self.host.kinds.owner(kind.group, kind.name) == self.slug
        ]
        permissions = [
            permission for owner, permission in self.host.permissions.values() if owner == self.slug
        ]
        assert list(_untranslated([kinds, permissions], "registered")) == []

    def test_its_files_are_valid(self) -> None:
        """The configuration files that it carries have no problem of their own."""
        folders = self.host.base_folders.get(self.slug, ())
        models = FileModels(self.host.kinds, self.host.config_models)
        workspace = read_workspace(folders).validated(models)
        assert workspace.problems.text(Language.EN) == ""

    def test_its_answers_are_what_hooks_promise(self) -> None:
        """Every question is answered in time, with the right types, in both languages."""
        for hook, result in self._asked():
            assert [failure.detail.en for failure in result.failures] == [], hook
            assert list(_untranslated(result.answers, hook)) == []

    def test_it_answers_the_same_again(self) -> None:
        """A question asked twice has one answer: no clock, no dice, no memory."""
        once, again = self._asked(), self._asked()
        assert [(hook, result.answers) for hook, result in once] == [
            (hook, result.answers) for hook, result in again
        ]

    def test_what_is_not_known_never_passes(self) -> None:
        """A candidate of whom nothing is known passes no rule; missing facts are named."""
        if "check_eligibility" not in self.plugin.hooks:
            return
        question = self.questions()["check_eligibility"] | {"candidate": Candidate()}
        result = self._ask("check_eligibility", question)
        findings = [finding for answer in result.answers for finding in answer.value]
        assert [f.rule for f in findings if f.outcome is FindingOutcome.PASS] == []
        unknown = [f for f in findings if f.outcome is FindingOutcome.UNKNOWN]
        assert [f.rule for f in unknown if not f.missing_facts] == []

    def test_its_schema_is_written_down(self) -> None:
        """schema.graphql shows the graph types that it owns, and nothing else."""
        file = self.folder / "schema.graphql"
        schema = plugin_schema(self.host, self.slug)
        assert (file.read_text("utf-8") if file.exists() else "") == schema

    def _source_files(self) -> list[Path]:
        tests = self.folder / "tests"
        return [
            file
            for file in sorted(self.folder.rglob("*.py"))
            if not file.is_relative_to(tests) and ".venv" not in file.parts
        ]

    def _asked(self) -> list[tuple[str, Result[Any]]]:
        """Ask every hook that answers, of those that the plugin implements."""
        return [
            (name, self._ask(name, self.questions()[name]))
            for name, hook in self.host.hooks.items()
            if name in self.plugin.hooks and name in self.questions() and not hook.sync
        ]

    def _ask(self, name: str, arguments: dict[str, Any]) -> Result[Any]:
        hook = self.host.hooks[name]
        dispatcher = Dispatcher(self.host)
        result = asyncio.run(
            dispatcher.ask(name, self._scope(hook), configs=self.configs(), **arguments)
        )
        return dataclasses.replace(
            result, answers=tuple(each for each in result.answers if each.plugin == self.slug)
        )

    def _scope(self, hook: Hook) -> Scope:
        if hook.reach is not Reach.BASE:
            return PLATFORM
        # As the configuration would: nearest first.
        if Rights.INSTITUTION in self.rights:
            return Scope("example-hospital", institution=(self.slug,))
        if Rights.JURISDICTION in self.rights:
            return Scope("example-hospital", jurisdictions=(self.slug,))
        return Scope("example-hospital")


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            yield node.lineno, node.module


_SPOKEN = {"label", "message", "name"}


def _untranslated(value: Any, path: str) -> Iterator[str]:
    """Yield the places of labels, names and messages that have no English.

    Descriptions and notes may be quotations, which exist in Chinese only.
    """
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _untranslated(item, f"{path}[{index}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            place = f"{path}.{field.name}"
            if isinstance(item, Text):
                if field.name in _SPOKEN and not (item.zh and item.en):
                    yield place
            else:
                yield from _untranslated(item, place)
