"""A composed graph that tests ask, over whatever catalogue they give it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zhupei.catalogue import Catalogue, load_catalogue
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.graphql.schema import ComposedSchema, build_schema
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost

__all__ = ["NOW", "ROOT", "AskedGraph", "Refused", "core_graph", "graph_of", "load_graph"]

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 4, 10, 12, tzinfo=CHINA_TIME)
"""A moment at which the fictional hospital's registration is open."""


@dataclass
class Refused(Exception):  # noqa: N818 - because it is what a test expects
    """An answer with errors: the formatted errors, and the data beside them."""

    errors: list[dict[str, Any]]
    data: Any

    @property
    def only(self) -> dict[str, Any]:
        """The single error."""
        assert len(self.errors) == 1, self.errors
        return self.errors[0]


@dataclass
class AskedGraph:
    """A composed graph over one catalogue."""

    composed: ComposedSchema
    catalogue: Catalogue
    dispatcher: Dispatcher | None
    now: datetime = NOW

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        language: Language = Language.EN,
    ) -> Any:
        """Return the data of an answer; raise `Refused` where it has errors."""
        result = await self.composed.schema.execute(
            query,
            variable_values=dict(variables or {}),
            context_value=GraphContext(
                catalogue=self.catalogue,
                dispatcher=self.dispatcher,
                language=language,
                clock=lambda: self.now,
            ),
        )
        if result.errors:
            raise Refused([dict(error.formatted) for error in result.errors], result.data)
        return result.data

    async def refused(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        language: Language = Language.EN,
    ) -> Refused:
        """Return how a query is refused; fail where it is not."""
        with pytest.raises(Refused) as refusal:
            await self.ask(query, variables, language=language)
        return refusal.value


@cache
def core_graph() -> ComposedSchema:
    """Return the graph without plugins, composed once in a process: tests only ask it."""
    return build_schema()


def graph_of(catalogue: Catalogue, host: PluginHost | None = None) -> AskedGraph:
    """Return the graph over a catalogue."""
    if host is None:
        return AskedGraph(core_graph(), catalogue, None)
    return AskedGraph(build_schema(host), catalogue, Dispatcher(host))


def load_graph(*bases: Path, plugins: tuple[Path, ...] = ()) -> AskedGraph:
    """Load configuration and return the graph over it."""
    loaded = asyncio.run(load_catalogue(list(bases), plugin_folders=list(plugins)))
    assert loaded.problems.errors == (), loaded.problems.text(Language.EN)
    return AskedGraph(build_schema(loaded.host), loaded.catalogue, loaded.dispatcher)
