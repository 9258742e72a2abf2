"""Fields that a hook answers: asked once for many objects, and null where the plugin fails."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import is_
from typing import TYPE_CHECKING, Any, ClassVar

from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.sources import FieldSource, Reader
from zhupei.hooks.answers import Result
from zhupei.hooks.questions import Inquiry

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue
    from zhupei.hooks.scope import Scope

__all__ = ["Foreseen", "HookAnswer"]

_Key = tuple[str, Hashable]
_Place = tuple[str, _Key]
"""A hook, and what it is asked about."""
_Found = Result[Any] | asyncio.Future[Result[Any]]


class _Asked:
    """What plugins were asked in one operation: what they answered, or who waits for it.

    ``used`` are the questions of its fields, also those that go to nobody. ``foreseen`` are those
    that were foreseen, where all of these were answered at once.
    """

    __slots__ = ("foreseen", "found", "used")

    def __init__(self) -> None:
        self.found: dict[_Place, _Found] = {}
        self.used: dict[_Place, Inquiry] = {}
        self.foreseen: dict[_Place, Inquiry] | None = None

    def take(self, place: _Place, answered: Result[Any] | Awaitable[Result[Any]]) -> bool:
        """Keep what was asked; return whether the answer is there already."""
        if isinstance(answered, Result):
            self.found[place] = answered
            return True
        self.found[place] = asyncio.ensure_future(answered)
        return False


class Foreseen:
    """What an operation with its variables asked plugins when it was asked last.

    While the catalogue stands and the plugins are the same, it mostly asks the same of them. So
    they are asked before anything is read, all at once, and where all of them tell the same as
    last time, what was written of it then is right.
    """

    __slots__ = ("_about", "_asked", "_told")

    def __init__(self) -> None:
        self._about: tuple[object, object, int] | None = None
        self._asked: dict[_Place, Inquiry] = {}
        self._told: list[object] = []

    def ask(self, context: GraphContext) -> object | None:
        """Ask; return what stands for all that was told, None where anything is another.

        It is the same object as long as the same is told. Nobody is waited for: what is not
        answered at once is another.
        """
        if self._about is None:
            return None
        dispatcher = context.dispatcher
        if dispatcher is None or not self._is_about(context):
            self._about = None
            return None
        asked: _Asked = context.kept.setdefault(HookAnswer, _Asked())
        answered = dispatcher.ask_each(list(self._asked.values()))
        at_once = [asked.take(*each) for each in zip(self._asked, answered, strict=True)]
        if not all(at_once):
            return None
        results: Any = answered
        if any(result.failures for result in results):
            return None
        asked.foreseen, told = self._asked, _told(results)
        if not _are_same(told, self._told):
            self._told = told
            return None
        for result in results:
            context.held_until = min(context.held_until, result.until)
        return self._told

    def learn(self, context: GraphContext, told: object | None) -> bool:
        """Note what fields asked; return whether that is no more than what ``told`` stands for."""
        asked: _Asked | None = context.kept.get(HookAnswer)
        if asked is None or context.dispatcher is None:
            return False
        used = {place: each for place, each in asked.used.items() if each.is_asked}
        if told is None and asked.foreseen is self._asked and used.keys() == self._asked.keys():
            return False  # it was noted when they were asked
        if told is not None and used.keys() <= self._asked.keys():
            return told is self._told
        # What was written before may have answers in it that no field asked for now.
        used = used if told is None else self._asked | used
        results = [_result(asked.found[place]) for place in used]
        if any(result is None or result.failures for result in results):
            self._about = None
            return False
        now = _told(results)
        if not (self._is_about(context) and self._asked.keys() == used.keys()) or not _are_same(
            now, self._told
        ):
            self._told = now
        self._about = (context.catalogue, context.dispatcher, context.dispatcher.host.version)
        self._asked = used
        return False

    def _is_about(self, context: GraphContext) -> bool:
        about, dispatcher = self._about, context.dispatcher
        return (
            about is not None
            and dispatcher is not None
            and about[0] is context.catalogue
            and about[1] is dispatcher
            and about[2] == dispatcher.host.version
        )


def _result(found: _Found) -> Result[Any] | None:
    """Return an answer, None where it is not there or never will be."""
    if isinstance(found, Result):
        return found
    if not found.done() or found.cancelled() or found.exception() is not None:
        return None
    return found.result()


def _told(results: Iterable[Any]) -> list[object]:
    """Return the answers to several questions, one after another, None after each."""
    return [each for result in results for each in (*result.answers, None)]


def _are_same(now: Sequence[object], before: Sequence[object]) -> bool:
    """Return whether answers are the very same: who answers the same again has the same there."""
    return len(now) == len(before) and all(map(is_, now, before))


@dataclasses.dataclass(frozen=True)
class HookAnswer(FieldSource):
    """What a hook about a base answers, asked once in an operation for every object alike.

    ``of`` tells which objects are asked about together: the code of their base, and what else
    tells them from others; ``asked`` gives the arguments of the hook for them, which are the same
    as long as the catalogue; ``picked`` takes one object's part of the answer. Where nobody
    answers the field is null; where a plugin fails it is null with an error that names plugin and
    hook. An answer that holds for a while (`holds`) is not asked for again.
    """

    hook: str
    of: Callable[[Any], _Key]
    asked: "Callable[[Any, Catalogue], dict[str, Any]]"
    picked: Callable[[Any, Any], Any]

    held: ClassVar[bool] = True

    def planned(self, _asked: object) -> "_Together":
        """Return how it is read of many objects, whatever is asked below."""
        return _Together(self)

    def reader(self, name: str) -> Reader:
        """Ask, or wait for the answer that another object already asked for."""

        async def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            key = self.of(value)
            result = self._results([key], context).get((self.hook, key))
            # Shielded: a field that is given up must not take the answer from the others.
            if isinstance(result, asyncio.Future):
                result = await asyncio.shield(result)
            answer = self._answer(result, context)
            if isinstance(answer, GraphRefusal):
                raise answer
            return None if answer is None else self.picked(answer, value)

        return read

    async def many(
        self, values: Sequence[Any], context: GraphContext, _arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Ask once for each group of objects, and pick every object's part of the answers."""
        # Those of one group mostly stand together.
        runs = [(key, list(run)) for key, run in groupby(values, self.of)]
        keys = dict.fromkeys([key for key, _ in runs])
        results = self._results(keys, context)
        asked = [results.get((self.hook, key)) for key in keys]
        waiting = [each for each in asked if isinstance(each, asyncio.Future)]
        if waiting:
            await asyncio.gather(*waiting, return_exceptions=True)
        found: list[Any] = []
        for key, run in runs:
            result = results.get((self.hook, key))
            if isinstance(result, asyncio.Future):
                result = result.result()
            found += self._parts(self._answer(result, context), run)
        return found

    def _parts(self, answer: Any, values: Sequence[Any]) -> Sequence[Any]:
        if answer is None or isinstance(answer, GraphRefusal):
            return [answer] * len(values)
        picked = self.picked
        try:
            return [picked(answer, value) for value in values]
        except Exception:  # noqa: BLE001 - because it is one object's alone: which is seen below
            return [self._part(answer, value) for value in values]

    def _part(self, answer: Any, value: Any) -> Any:
        try:
            return self.picked(answer, value)
        except Exception as error:  # noqa: BLE001 - because it is this object's alone
            return error

    def _answer(self, result: Result[Any] | None, context: GraphContext) -> Any:
        """Return what was answered, None by nobody; an error where a plugin failed."""
        if result is None:
            return None
        context.held_until = min(context.held_until, result.until)
        for failure in result.failures:
            return GraphRefusal(
                Code.PLUGIN_PROBLEM,
                failure.reason,
                context.language,
                plugin=failure.plugin,
                hook=failure.hook,
            )
        return result.value

    def _results(self, keys: Iterable[_Key], context: GraphContext) -> Mapping[_Place, _Found]:
        """Return what is answered about each group, or who waits for it; those that are asked."""
        dispatcher, catalogue = context.dispatcher, context.catalogue
        if dispatcher is None:
            return {}
        asked: _Asked = context.kept.setdefault(HookAnswer, _Asked())

        def prepare() -> "tuple[Scope, Mapping[str, Any], Callable[[], dict[str, Any]]]":
            base = key[0]
            scope, configs = catalogue.scope_of(base), catalogue.configs_of(base)
            return scope, configs, lambda: self.asked(key, catalogue)

        missing = []
        for key in keys:
            place = (self.hook, key)
            if place in asked.used:
                continue
            inquiry = asked.used[place] = dispatcher.inquiry(catalogue, key, self.hook, prepare)
            if inquiry.is_asked and place not in asked.found:
                missing.append((place, inquiry))
        if missing:
            answered = dispatcher.ask_each([inquiry for _, inquiry in missing])
            for (place, _), each in zip(missing, answered, strict=True):
                asked.take(place, each)
        return asked.found


class _Together:
    """Reads a field of many objects at once, or of one where its answer is there already."""

    __slots__ = ("_source",)

    def __init__(self, source: HookAnswer) -> None:
        self._source = source

    async def __call__(
        self, values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        return await self._source.many(values, context, given)

    def at_hand(self, context: GraphContext, _given: Mapping[str, Any]) -> Callable[[Any], Any]:
        """Return what picks an object's part of an answer; None where it cannot be picked now."""
        source = self._source
        of, picked, foreseen = source.of, source.picked, _Known(source.hook, context)

        def read(value: Any) -> Any:
            try:
                answer = foreseen[of(value)]
                return None if answer is None else picked(answer, value)
            except Exception:  # noqa: BLE001 - because whoever reads it then has the error
                return None

        return read


class _Known(dict[_Key, Any]):
    """What a hook answered before anything was read, None where it did not, by who asked for it."""

    __slots__ = ("_context", "_hook")

    def __init__(self, hook: str, context: GraphContext) -> None:
        super().__init__()
        self._hook, self._context = hook, context

    def __missing__(self, key: _Key) -> Any:
        self[key] = answer = self._answer((self._hook, key))
        return answer

    def _answer(self, place: _Place) -> Any:
        context = self._context
        asked: _Asked | None = context.kept.get(HookAnswer)
        if asked is None or asked.foreseen is None or place not in asked.foreseen:
            return None
        result: Any = asked.found[place]
        asked.used[place] = asked.foreseen[place]
        context.held_until = min(context.held_until, result.until)
        return result.value
