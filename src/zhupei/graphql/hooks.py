"""Fields that a hook answers: asked once for many objects, and null where the plugin fails."""

import asyncio
import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from zhupei.graphql.context import GraphContext
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.graphql.sources import FieldSource, Reader

__all__ = ["HookAnswer"]


@dataclasses.dataclass(frozen=True)
class HookAnswer(FieldSource):
    """What a hook about a base answers, asked once in an operation for every object alike.

    ``of`` tells which objects are asked about together; ``asked`` gives the arguments of the
    hook for them (``base`` among them); ``picked`` takes one object's part of the answer. Where
    nobody answers the field is null; where a plugin fails it is null with an error that names
    plugin and hook.
    """

    hook: str
    of: Callable[[Any], Hashable]
    asked: Callable[[Any, GraphContext], dict[str, Any]]
    picked: Callable[[Any, Any], Any]

    def reader(self, name: str) -> Reader:
        """Ask, or wait for the answer that another object already asked for."""

        async def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            # Shielded: a field that is given up must not take the answer from the others.
            answer = await asyncio.shield(self._asking(self.of(value), context))
            return None if answer is None else self.picked(answer, value)

        return read

    async def many(
        self, values: Sequence[Any], context: GraphContext, _arguments: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Ask once for each group of objects, and pick every object's part of the answers."""
        keys = list(map(self.of, values))
        found: dict[Hashable, Any] = dict.fromkeys(keys)
        asked: dict[Hashable, asyncio.Future[Any]] = {}
        for key in found:
            arguments = self._arguments(key, context)
            if arguments is not None:
                asked[key] = self._asking(key, context, arguments)
        if not asked:
            return [None] * len(keys)
        answers = await asyncio.gather(*asked.values(), return_exceptions=True)
        found.update(zip(asked, answers, strict=True))
        return [self._part(found[key], value) for key, value in zip(keys, values, strict=True)]

    def _arguments(self, key: Any, context: GraphContext) -> dict[str, Any] | None:
        """Return what the hook is asked with; None where nobody answers for these objects."""
        if context.dispatcher is None:
            return None
        arguments = self.asked(key, context)
        scope = context.catalogue.scope_of(arguments["base"].code)
        return arguments if context.dispatcher.asks(self.hook, scope) else None

    def _part(self, answer: Any, value: Any) -> Any:
        if answer is None or isinstance(answer, BaseException):
            return answer
        try:
            return self.picked(answer, value)
        except Exception as error:  # noqa: BLE001 - because it is this object's alone
            return error

    def _asking(
        self, key: Hashable, context: GraphContext, arguments: dict[str, Any] | None = None
    ) -> asyncio.Future[Any]:
        kept = (self.hook, key)
        asking: asyncio.Future[Any] | None = context.kept.get(kept)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(key, context, arguments))
            context.kept[kept] = asking
        return asking

    async def _ask(self, key: Any, context: GraphContext, arguments: dict[str, Any] | None) -> Any:
        if context.dispatcher is None:
            return None
        arguments = self.asked(key, context) if arguments is None else arguments
        base = arguments["base"].code
        result = await context.dispatcher.ask(
            self.hook,
            context.catalogue.scope_of(base),
            configs=context.catalogue.configs_of(base),
            **arguments,
        )
        for failure in result.failures:
            raise GraphRefusal(
                Code.PLUGIN_PROBLEM,
                failure.reason,
                context.language,
                plugin=failure.plugin,
                hook=failure.hook,
            )
        return result.value
