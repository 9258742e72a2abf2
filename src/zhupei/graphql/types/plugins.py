"""Plugins and their state."""

from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from zhupei.catalogue.catalogue import PluginStatus
from zhupei.domain import institutions
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql.connections import Connected, Connection
from zhupei.graphql.listings import BASES
from zhupei.graphql.sources import Attribute, Computed, Localized, declares, field
from zhupei.graphql.types.references import BaseRef

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = ["Plugin", "PluginState"]


@strawberry.enum(description="Whether a plugin takes part (插件状态).")
class PluginState(Enum):
    """The state of a plugin."""

    OK = strawberry.enum_value("OK", description="It takes part (正常).")
    DEGRADED = strawberry.enum_value(
        "DEGRADED", description="It failed or was left out; see `reason` (降级)."
    )


def _state(root: strawberry.Parent[PluginStatus]) -> PluginState:
    return PluginState.DEGRADED if root.degraded else PluginState.OK


def _bases(value: PluginStatus, catalogue: "Catalogue") -> list[institutions.Base]:
    return [base for base in catalogue.bases.values() if value.slug in base.plugins]


@declares(
    PluginStatus,
    description="A plugin that the configuration names, or one of the core's own (插件).",
)
class Plugin:
    """A plugin."""

    slug: str = field(Attribute(), description="Slug (代号).")
    version: str | None = field(Attribute(), description="Release, where known (版本).")
    level: Level = field(Attribute(), description="Level that it speaks for (层级).")
    hooks: list[str] = field(Attribute(), description="Hooks that it implements (钩子).")
    status: PluginState = field(Computed(_state), description="Whether it takes part (状态).")
    reason: Text | None = field(
        Localized(), description="Why it does not, in words safe for everybody (原因)."
    )
    bases: Connection[BaseRef] = field(
        Connected(BASES, within=_bases),
        description="Bases whose files name it (使用该插件的培训基地).",
    )
