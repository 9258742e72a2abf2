"""Fields that a hook answers: asked once for many objects, and null where the plugin fails."""

import asyncio
import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.sources import FieldSource, Reader
from zhupei.hooks.answers import Result

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue
    from zhupei.hooks.scope import Scope

__all__ = ["HookAnswer"]

_Key = tuple[str, Hashable]
_Answers = dict[_Key, Result[Any] | asyncio.Future[Result[Any]]]


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

    def reader(self, name: str) -> Reader:
        """Ask, or wait for the answer that another object already asked for."""

        async def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            key = self.of(value)
            result = self._results([key], context).get(key)
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
        results = self._results(dict.fromkeys([key for key, _ in runs]), context)
        waiting = [each for each in results.values() if isinstance(each, asyncio.Future)]
        if waiting:
            await asyncio.gather(*waiting, return_exceptions=True)
        found: list[Any] = []
        for key, run in runs:
            result = results.get(key)
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

    def _results(self, keys: Iterable[_Key], context: GraphContext) -> _Answers:
        """Return what is answered about each group, or who waits for it; those that are asked."""
        dispatcher, catalogue = context.dispatcher, context.catalogue
        kept: _Answers = context.kept.setdefault((HookAnswer, self.hook), {})
        missing = [key for key in keys if key not in kept]
        if not missing or dispatcher is None:
            return kept

        def prepare() -> "tuple[Scope, Mapping[str, Any], Callable[[], dict[str, Any]]]":
            base = key[0]
            scope, configs = catalogue.scope_of(base), catalogue.configs_of(base)
            return scope, configs, lambda: self.asked(key, catalogue)

        asked = []
        for key in missing:
            inquiry = dispatcher.inquiry(catalogue, key, self.hook, prepare)
            if inquiry.is_asked:
                asked.append((key, inquiry))
        found = dispatcher.ask_each([inquiry for _, inquiry in asked])
        for (key, _), each in zip(asked, found, strict=True):
            kept[key] = each if isinstance(each, Result) else asyncio.ensure_future(each)
        return kept
