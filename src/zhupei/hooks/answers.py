"""What plugins answer: checked against what the hook promises, with who answered and how high."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.errors import DecisionBlockedError, PluginError
from zhupei.hooks.declaration import Hook, Mode
from zhupei.hooks.exactness import Fits, exactly
from zhupei.hooks.hook_errors import HookAnswerError

__all__ = [
    "Answer",
    "HookFailure",
    "Merged",
    "Result",
    "check_answer",
    "check_levels",
    "exact",
    "merge",
]

T = TypeVar("T")

# Dataclasses are looked into, so that nonsense inside them is found here and not in the graph.
_STRICT = ConfigDict(strict=True, revalidate_instances="always", arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one plugin answered, and the level that it spoke for."""

    plugin: str
    level: Level
    value: T


@dataclass(frozen=True, slots=True)
class HookFailure:
    """That a plugin failed; ``reason`` is safe for clients, ``detail`` is for the operator."""

    plugin: str
    hook: str
    reason: Text
    code: str
    detail: Text = field(compare=False)

    @classmethod
    def of(cls, error: PluginError, hook: str) -> HookFailure:
        """The failure that an error means for one hook."""
        return cls(error.plugin, hook, error.reason, error.code, error.message)


@dataclass(frozen=True, slots=True)
class Merged(Generic[T]):
    """An item of a merged list: who set it, and what it replaced, nearest first."""

    item: T
    plugin: str
    level: Level
    replaced: tuple[Merged[T], ...] = ()


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """All answers to one question, and all failures."""

    hook: Hook
    answers: tuple[Answer[Any], ...] = ()
    failures: tuple[HookFailure, ...] = ()
    merged: tuple[Merged[Any], ...] = ()
    until: float = field(default=0.0, compare=False)
    """Until when it holds, in seconds of `time.monotonic`; infinity: as long as the catalogue."""

    @property
    def value(self) -> T:
        """The answer by the hook's mode.

        FIRST: the value, or None. MERGE: the items. GATHER and EACH: ``(plugin, value)`` of
        each. NOTIFY: None.
        """
        found: Any
        match self.hook.mode:
            case Mode.FIRST:
                found = self.answers[0].value if self.answers else None
            case Mode.MERGE:
                found = [merged.item for merged in self.merged]
            case Mode.GATHER | Mode.EACH:
                found = [(answer.plugin, answer.value) for answer in self.answers]
            case Mode.NOTIFY:
                found = None
        return found  # type: ignore[no-any-return]  # what a hook answers is known by its name only

    @property
    def plugin(self) -> str | None:
        """The plugin that answered, where the first answer counts; else None."""
        return self.answers[0].plugin if self.hook.mode is Mode.FIRST and self.answers else None

    @property
    def items(self) -> list[Any]:
        """The items of all answered lists, one after another."""
        return [item for answer in self.answers for item in answer.value]

    def decided(self) -> T:
        """Return the value for a decision, which needs everybody's answer.

        Raises:
            DecisionBlockedError: a plugin that has a say failed.

        """
        if self.failures:
            first = self.failures[0]
            raise DecisionBlockedError(first.plugin, first.hook, first.reason)
        return self.value


def check_answer(plugin: str, hook: Hook, value: Any) -> None:
    """Check a value against the hook's return annotation, without changing it.

    Raises:
        HookAnswerError: it does not fit; names the place in it, such as ``answer[1].seats``.

    """
    if exact(hook)(value):
        return
    try:
        _adapter(hook).validate_python((value,))
    except ValidationError as invalid:
        first, *more = invalid.errors(include_url=False)
        raise HookAnswerError(
            plugin, hook.name, _place(first["loc"][1:]), _problem(first, len(more))
        ) from None
    if hook.mode in {Mode.MERGE, Mode.FIRST} and isinstance(value, list):
        identified = [(each.id, _level(each)) for each in value if hasattr(each, "id")]
        for (identifier, _), times in Counter(identified).items():
            if times > 1:
                raise HookAnswerError(
                    plugin,
                    hook.name,
                    "answer",
                    Text(
                        f"id“{identifier}”出现了 {times} 次",
                        f'id "{identifier}" is given {times} times',
                    ),
                )


def check_levels(plugin: str, hook: Hook, value: Any, level: Level) -> None:
    """Check that items claim the level that the plugin speaks for, and no other.

    Raises:
        HookAnswerError: one claims another.

    """
    if not isinstance(value, list):
        return
    for index, item in enumerate(value):
        claimed = _level(item)
        if claimed is not None and claimed is not level:
            raise HookAnswerError(
                plugin,
                hook.name,
                f"answer[{index}].level",
                Text(
                    f"该插件代表 {level} 一级，不能代表 {claimed} 一级",
                    f"the plugin speaks for the {level} level, not for the {claimed} level",
                ),
            )


def merge(answers: Iterable[Answer[Any]]) -> tuple[Merged[Any], ...]:
    """Merge lists of items by id: from the nation down, a nearer item in the place of a higher one.

    ``answers`` come from the highest level to the nearest. An item's own level counts where it
    has one: the core reads files of every level.
    """
    single = [
        Merged(item, answer.plugin, _level(item) or answer.level)
        for answer in answers
        for item in answer.value
    ]
    found: dict[str, Merged[Any]] = {}
    # Sorting is stable: within a level the order of the answers decides.
    for each in sorted(single, key=lambda one: one.level.rank):
        above = found.get(each.item.id)
        if above is not None:
            replaced = (Merged(above.item, above.plugin, above.level), *above.replaced)
            found[each.item.id] = Merged(each.item, each.plugin, each.level, replaced)
        else:
            found[each.item.id] = each
    return tuple(found.values())


@cache
def exact(hook: Hook) -> Fits:
    """Return what sees that plain values are right: then there is nothing else to check."""
    # Merged lists are looked into for ids.
    test = None if hook.mode is Mode.MERGE else exactly(hook.returns)
    return _unseen if test is None else test


def _unseen(_value: Any) -> bool:
    return False


@cache
def _adapter(hook: Hook) -> TypeAdapter[Any]:
    # In a tuple, as pydantic refuses a configuration for a dataclass that stands alone.
    alone: Any = tuple.__class_getitem__((hook.returns,))
    return TypeAdapter(alone, config=_STRICT)


def _level(item: Any) -> Level | None:
    level = getattr(item, "level", None)
    return level if isinstance(level, Level) else None


def _place(location: tuple[int | str, ...]) -> str:
    return "answer" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    )


# What pydantic calls a mismatch → the Python type that was expected.
_EXPECTED = {
    "bool_type": "bool",
    "callable_type": "callable",
    "date_type": "date",
    "datetime_type": "datetime",
    "dict_type": "dict",
    "frozen_set_type": "frozenset",
    "int_type": "int",
    "is_type": "class",
    "list_type": "list",
    "none_required": "None",
    "path_type": "Path",
    "string_type": "str",
    "tuple_type": "tuple",
}


def _problem(error: Any, more: int) -> Text:
    context = error.get("ctx", {})
    expected = _EXPECTED.get(error["type"]) or context.get("class") or context.get("class_name")
    got = error["input"]
    kind = got.__name__ if isinstance(got, type) else "None" if got is None else type(got).__name__
    if expected is None:
        zh, en = f"不符合要求（{error['msg']}）", error["msg"]
    else:
        zh, en = f"应为 {expected}，而不是 {kind}", f"expected {expected}, got {kind}"
    if more:
        zh, en = f"{zh}（另有 {more} 处）", f"{en} (and {more} more)"
    return Text(zh, en)
