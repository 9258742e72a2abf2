"""Fields that a hook answers: asked once for many objects, and null where the plugin fails."""

import asyncio
import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, ClassVar

from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.sources import FieldSource, Reader
from zhupei.hooks.answers import Result

__all__ = ["HookAnswer"]


@dataclasses.dataclass(frozen=True)
class HookAnswer(FieldSource):
    """What a hook about a base answers, asked once in an operation for every object alike.

    ``of`` tells which objects are asked about together: the code of their base, and what else
    tells them from others; ``asked`` gives the arguments of the hook for them; ``picked`` takes
    one object's part of the answer. Where nobody answers the field is null; where a plugin fails
    it is null with an error that names plugin and hook. An answer that holds for a while (`holds`)
    is not asked for again.
    """

    hook: str
    of: Callable[[Any], tuple[str, Hashable]]
    asked: Callable[[Any, GraphContext], dict[str, Any]]
    picked: Callable[[Any, Any], Any]

    held: ClassVar[bool] = True

    def reader(self, name: str) -> Reader:
        """Ask, or wait for the answer that another object already asked for."""

        async def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            key = self.of(value)
            result = self._result(key, context)
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
        keys = list(map(self.of, values))
        results = {key: self._result(key, context) for key in dict.fromkeys(keys)}
        waiting = [each for each in results.values() if isinstance(each, asyncio.Future)]
        if waiting:
            await asyncio.gather(*waiting, return_exceptions=True)
        answers = {
            key: self._answer(each.result() if isinstance(each, asyncio.Future) else each, context)
            for key, each in results.items()
        }
        return [self._part(answers[key], value) for key, value in zip(keys, values, strict=True)]

    def _part(self, answer: Any, value: Any) -> Any:
        if answer is None or isinstance(answer, GraphRefusal):
            return answer
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

    def _result(
        self, key: tuple[str, Hashable], context: GraphContext
    ) -> Result[Any] | asyncio.Future[Result[Any]] | None:
        """Return what is answered about a group, or who waits for it; None where nobody does."""
        kept: Result[Any] | asyncio.Future[Result[Any]] | None
        kept = context.kept.get((self.hook, key))
        if kept is not None or context.dispatcher is None:
            return kept
        base = key[0]
        scope = context.catalogue.scope_of(base)
        if not context.dispatcher.asks(self.hook, scope):
            return None
        found = context.dispatcher.held(
            context.catalogue,
            key,
            self.hook,
            scope,
            context.catalogue.configs_of(base),
            lambda: self.asked(key, context),
        )
        kept = found if isinstance(found, Result) else asyncio.ensure_future(found)
        context.kept[self.hook, key] = kept
        return kept
