"""Queries about the installation: the working calendar, explanations, plugins."""

import dataclasses
from collections.abc import Mapping
from operator import attrgetter
from typing import Annotated, Any, ClassVar

import strawberry

from zhupei.graphql import explanations
from zhupei.graphql.context import GraphContext
from zhupei.graphql.sources import Computed, FieldSource, GraphInfo, Reader, field
from zhupei.graphql.types.calendar import Calendar
from zhupei.graphql.types.explanations import Explanation
from zhupei.graphql.types.plugins import Plugin

__all__ = ["OfCatalogue", "PlatformQueries"]


@dataclasses.dataclass(frozen=True)
class OfCatalogue(FieldSource):
    """An attribute of the catalogue itself."""

    name: str

    owned: ClassVar[bool] = True

    @property
    def settled(self) -> bool:
        """True: a catalogue does not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Read the attribute."""
        get = attrgetter(self.name)

        def read(_value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            return get(context.catalogue)

        return read


def _explain(
    info: GraphInfo,
    node: Annotated[
        strawberry.ID,
        strawberry.argument(
            description=(
                "Code or global id of an opening, program, base or jurisdiction (代码或全局标识)."
            )
        ),
    ],
    field: Annotated[
        str,
        strawberry.argument(
            description=(
                "Name of the field, such as `quota`, or of a list and the id of one of its "
                "entries, such as `benefits.stipend` (字段)."
            )
        ),
    ],
) -> Explanation | None:
    found: Any = explanations.explain(node, field, info.context)
    return found  # type: ignore[no-any-return]  # the graph's type describes the other module's


@strawberry.type
class PlatformQueries:
    """Fields of the root type about the installation."""

    calendar: Calendar = field(
        OfCatalogue("calendar"), description="The working calendar (工作日历)."
    )
    explain: Explanation | None = field(
        Computed(_explain),
        description=(
            "Which level, file, line and clause set a field, and what it replaced (来历查询); null "
            "where there is no such object."
        ),
    )
    plugins: list[Plugin] = field(
        OfCatalogue("plugins"), description="Plugins, with their state (插件列表)."
    )
    catalogue_hash: str = field(
        OfCatalogue("hash"),
        description="Version of the rules that this answer is made from (规则版本).",
    )
