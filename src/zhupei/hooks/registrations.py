"""What plugins register: kinds, configuration models, folders, graph types, permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from zhupei.domain.actors import Permission
from zhupei.domain.kinds import Kind, KindGroup
from zhupei.domain.text import Text
from zhupei.hooks.hook_errors import (
    HookAnswerError,
    PermissionClashError,
    PermissionNameError,
    TypeClashError,
    TypeNameError,
)
from zhupei.hooks.kinds import KindRegistry

__all__ = ["RegisteredType", "Registrations", "pascal"]


@dataclass(frozen=True, slots=True)
class RegisteredType:
    """A graph type, its name in the graph, and the slug of the plugin that owns it."""

    plugin: str
    type: type[Any]
    name: str


def pascal(slug: str) -> str:
    """Return a slug as the prefix of graph types: ``a-base-2`` becomes ``ABase2``."""
    return "".join(part.capitalize() for part in slug.split("-"))


class Registrations:
    """All that was registered, each with its owner.

    ``slugs`` are all plugins that the configuration names, loaded or not: a type's name belongs
    to the one whose prefix fits best.
    """

    def __init__(self, slugs: tuple[str, ...]) -> None:
        self._prefixes = {pascal(slug): slug for slug in slugs}
        self.kinds = KindRegistry()
        self.config_models: dict[str, type[BaseModel]] = {}
        self.base_folders: dict[str, tuple[Path, ...]] = {}
        self.types: dict[str, RegisteredType] = {}
        self.queries: dict[str, RegisteredType] = {}
        self.permissions: dict[str, tuple[str, Permission]] = {}

    def take_core(self, slug: str, answers: Mapping[str, Any]) -> None:
        """Take what a plugin of the core registers: kinds and permissions without a prefix."""
        self.kinds.add(None, answers.get("register_kinds", []))
        for permission in answers.get("register_permissions", []):
            self.permissions[permission.name] = ("core", permission)
        if folders := answers.get("register_bases"):
            self.base_folders[slug] = tuple(folders)

    def take(self, slug: str, answers: Mapping[str, Any]) -> None:
        """Take what a plugin answered to the ``register_*`` hooks, all of it or nothing.

        Raises:
            HookAnswerError: something cannot be used.
            RegistrationError: something clashes or lacks the plugin's prefix.

        """
        kinds: list[Kind] = answers.get("register_kinds", [])
        for index, kind in enumerate(kinds):
            _check_kind(slug, f"answer[{index}]", kind)
        model = answers.get("register_config")
        if model is not None:
            _check_model(slug, "register_config", "answer", model)
        folders = tuple(answers.get("register_bases", ()))
        for index, folder in enumerate(folders):
            if not (folder.is_absolute() and folder.is_dir()):
                problem = Text("应为已有文件夹的绝对路径", "expected the absolute path of a folder")
                raise HookAnswerError(slug, "register_bases", f"answer[{index}]", problem)
        types = self._types(slug, answers, kinds)
        queries = answers.get("register_queries")
        registered = None if queries is None else self._query(slug, queries, types)
        permissions = self._permissions(slug, answers.get("register_permissions", []))

        self.kinds.add(slug, kinds)
        self.types.update(types)
        self.permissions.update(permissions)
        if model is not None:
            self.config_models[slug] = model
        if folders:
            self.base_folders[slug] = folders
        if registered is not None:
            self.queries[slug] = registered

    def check_extension(self, slug: str, value: object) -> None:
        """Check that a base's own object is of a type that the same plugin registered.

        Raises:
            HookAnswerError: it is not.

        """
        own = tuple(each.type for each in self.types.values() if each.plugin == slug)
        if not isinstance(value, own):
            name = type(value).__name__
            raise HookAnswerError(
                slug,
                "base_extension",
                "answer",
                Text(
                    f"{name} 不是该插件在 register_types 中注册的类型",
                    f"{name} is not a type that the plugin answers to register_types",
                ),
            )

    def _types(
        self, slug: str, answers: Mapping[str, Any], kinds: list[Kind]
    ) -> dict[str, RegisteredType]:
        found: dict[str, RegisteredType] = {}
        listed = [("register_types", each) for each in answers.get("register_types", [])]
        listed += [("register_kinds", kind.graph_type) for kind in kinds if kind.graph_type]
        for index, (hook, each) in enumerate(listed):
            name = _graph_name(slug, hook, f"answer[{index}]", each)
            present = self.types.get(name) or found.get(name)
            if hook == "register_kinds" and present is not None and present.type is each:
                continue  # a kind's type may be listed in register_types too
            self._check_name(slug, name, hook)
            if present is not None:
                raise TypeClashError(slug, name, present.plugin, hook=hook)
            found[name] = RegisteredType(slug, each, name)
        return found

    def _query(
        self, slug: str, queries: type[Any], types: Mapping[str, RegisteredType]
    ) -> RegisteredType:
        name = _graph_name(slug, "register_queries", "answer", queries)
        expected = f"{pascal(slug)}Queries"
        if name != expected:
            raise TypeNameError(slug, name, expected, hook="register_queries", whole=True)
        if name in types:
            raise TypeClashError(slug, name, slug, hook="register_queries")
        return RegisteredType(slug, queries, name)

    def _check_name(self, slug: str, name: str, hook: str) -> None:
        fitting = [prefix for prefix in self._prefixes if _begins(name, prefix)]
        owner = self._prefixes[max(fitting, key=len)] if fitting else None
        if owner != slug:
            raise TypeNameError(slug, name, pascal(slug), hook=hook, owner=owner)

    def _permissions(
        self, slug: str, permissions: list[Permission]
    ) -> dict[str, tuple[str, Permission]]:
        found: dict[str, tuple[str, Permission]] = {}
        for permission in permissions:
            present = self.permissions.get(permission.name) or found.get(permission.name)
            if present is not None:
                owner = None if present[0] == "core" else present[0]
                raise PermissionClashError(slug, permission.name, owner)
            if not permission.name.startswith(f"{slug}."):
                raise PermissionNameError(slug, permission.name)
            found[permission.name] = (slug, permission)
        return found


def _check_kind(slug: str, place: str, kind: Kind) -> None:
    if kind.group in {KindGroup.REQUIREMENT, KindGroup.BENEFIT} and kind.decide is None:
        raise HookAnswerError(
            slug,
            "register_kinds",
            f"{place}.decide",
            Text(
                f"{kind.group} 类型需要一个作出判断的函数",
                f"a {kind.group} kind needs the function that decides",
            ),
        )
    if kind.params is not None:
        _check_model(slug, "register_kinds", f"{place}.params", kind.params)


def _check_model(slug: str, hook: str, place: str, model: type[Any]) -> None:
    """Check that a model takes no unknown keys and that its instances cannot be changed."""
    strict = issubclass(model, BaseModel) and (
        model.model_config.get("extra") == "forbid" and model.model_config.get("frozen") is True
    )
    if not strict:
        raise HookAnswerError(
            slug,
            hook,
            place,
            Text("应为 zhupei.Model 的子类", "expected a subclass of zhupei.Model"),
        )


def _graph_name(slug: str, hook: str, place: str, each: type[Any]) -> str:
    """Return the name of a strawberry type; read off it, as hooks need no strawberry."""
    definition = getattr(each, "__strawberry_definition__", None)
    name = getattr(definition, "name", None)
    if not isinstance(name, str):
        raise HookAnswerError(
            slug,
            hook,
            place,
            Text(
                f"{each.__name__} 不是 strawberry 类型", f"{each.__name__} is not a strawberry type"
            ),
        )
    return name


def _begins(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and not name[len(prefix) :][:1].islower()
