"""Fields of plugins' own types: bounded in time, and a fault is an error that names the plugin."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from graphql import GraphQLError
from zhupei.domain.text import Language, Text
from zhupei.graphql.errors import Code, GraphRefusal
from zhupei.hooks.threads import Bulkhead, OverdueError, StuckError

__all__ = ["PluginField", "isolated"]

_log = logging.getLogger("zhupei.graphql")


class PluginField(FieldExtension):
    """Runs one plugin's field apart: in a thread or as a task, for ``seconds`` at most.

    Whatever goes wrong becomes an error with the code PLUGIN_PROBLEM whose ``extensions`` name
    plugin and hook; the field is null, and the rest of the answer stands.
    """

    def __init__(self, plugin: str, hook: str, bulkhead: Bulkhead, *, seconds: float) -> None:
        self._plugin = plugin
        self._hook = hook
        self._bulkhead = bulkhead
        self._seconds = seconds
        self._in_thread = False
        self._is_read = False

    def apply(self, field: StrawberryField) -> None:
        """Note whether the field runs code of the plugin that may block."""
        self._in_thread = field.base_resolver is not None and not field.is_async
        self._is_read = field.base_resolver is None

    @property
    def reads_through(self) -> bool:
        """Whether the field is read where we are, so that this only words what goes wrong."""
        return self._is_read

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Run a plain function; an attribute is read where we are."""
        if self._in_thread:
            return self._guarded(self._threaded(next_, source, info, kwargs), info)
        try:
            answer = next_(source, info, **kwargs)
        except Exception as error:
            raise self._problem(error, info) from error
        if inspect.isawaitable(answer):
            return self._guarded(answer, info)
        return answer

    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Run a coroutine function."""
        return await self._guarded(next_(source, info, **kwargs), info)

    async def _threaded(
        self, next_: Callable[..., Any], source: Any, info: Any, kwargs: dict[str, Any]
    ) -> Any:
        def call() -> Any:
            return next_(source, info, **kwargs)

        answer = await self._bulkhead.run(call, (), seconds=self._seconds)
        return await answer if inspect.isawaitable(answer) else answer

    async def _guarded(self, answer: Awaitable[Any], info: strawberry.Info) -> Any:
        task = asyncio.ensure_future(answer)
        try:
            # Longer than the thread's own limit, so that this reports what happened there.
            done, _ = await asyncio.wait({task}, timeout=self._seconds * 1.5)
            if not done:
                raise OverdueError
            return task.result()
        except Exception as error:
            raise self._problem(error, info) from error
        finally:
            if not task.done():
                task.cancel()

    def _problem(self, error: Exception, info: strawberry.Info) -> GraphQLError:
        if isinstance(error, GraphQLError):
            # A refusal that the plugin means to be read; only who refuses is added.
            own = {"code": Code.PLUGIN_PROBLEM.value, "plugin": self._plugin, "hook": self._hook}
            return GraphQLError(error.message, extensions={**own, **(error.extensions or {})})
        reason = self._reason(error)
        _log.error(
            "plugin %s: field %s.%s: %s",
            self._plugin,
            info._raw_info.parent_type.name,  # noqa: SLF001 - strawberry offers no other way
            info.field_name,
            reason.get(Language.EN),
            exc_info=error,
        )
        return GraphRefusal(
            Code.PLUGIN_PROBLEM,
            Text(
                f"插件 {self._plugin}：{reason.zh}",
                f"plugin {self._plugin}: {reason.get(Language.EN)}",
            ),
            info.context.language,
            plugin=self._plugin,
            hook=self._hook,
        )

    def _reason(self, error: Exception) -> Text:
        match error:
            case OverdueError():
                return Text(
                    f"{self._seconds:g} 秒内没有回答",
                    f"did not answer within {self._seconds:g} s",
                )
            case StuckError():
                return Text(
                    f"不再询问：先前的 {error.calls} 次调用至今没有返回",
                    f"is not asked: {error.calls} earlier calls have not come back",
                )
            case _:
                name = type(error).__name__
                return Text(f"出错（{name}）", f"failed ({name})")


def isolated(
    field: StrawberryField, plugin: str, hook: str, bulkhead: Bulkhead, *, seconds: float
) -> StrawberryField:
    """Return a copy of a plugin's field that is isolated; the plugin's own type is not changed."""
    guarded = copy(field)
    guarded.extensions = [
        *field.extensions,
        PluginField(plugin, hook, bulkhead, seconds=seconds),
    ]
    return guarded
