"""Watching rounds: frozen, lists published and withdrawn, plans changed, windows passed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from zhupei.domain.text import Text
from zhupei.graphql.enums import show
from zhupei.graphql.errors import bad_input, not_found
from zhupei.graphql.sources import Attribute, GraphInfo, One, declares, field
from zhupei.graphql.subscriptions.declaration import subscription
from zhupei.graphql.subscriptions.watching import watched
from zhupei.graphql.types.references import ProgramRef
from zhupei.services.changes import Change, Missed, RoundChanged, RoundChangeKind
from zhupei.services.seats import root_program

__all__ = ["RoundChange", "RoundNews", "RoundSubscriptions"]

_KIND = show(
    RoundChangeKind,
    "What happened to a round as a whole (批次变更类型).",
    {
        RoundChangeKind.FROZEN: "Nothing may change in it for now (批次冻结).",
        RoundChangeKind.FREEZE_LIFTED: "It goes on (解除冻结).",
        RoundChangeKind.LIST_PUBLISHED: "A list of proposed admissions was published (公示发布).",
        RoundChangeKind.LIST_WITHDRAWN: "A published list was withdrawn (公示撤回).",
        RoundChangeKind.PLAN_CHANGED: "Seats were added to a plan (招收计划增加).",
        RoundChangeKind.WINDOW_OPENED: "A window began (时段开始).",
        RoundChangeKind.WINDOW_CLOSED: "A window ended (时段结束).",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundNews:
    """What is told about a round; without a kind it says to read everything again."""

    program: str
    round: str | None
    kind: RoundChangeKind | None
    window: str | None = None

    @property
    def read_again(self) -> bool:
        """Whether changes may have been missed."""
        return self.kind is None


@declares(RoundNews, description="That a round changed as a whole (批次变更).")
class RoundChange:
    """One event."""

    kind: RoundChangeKind | None = field(
        Attribute(), description="What happened; null with `readAgain` (变更类型)."
    )
    program: ProgramRef | None = field(
        One("programs"), description="The topmost program, whose round it is (项目)."
    )
    program_code: str = field(Attribute("program"), description="Its code (项目代码).")
    round: str | None = field(
        Attribute(),
        description="Code of the round; null where it concerns all of the program (批次).",
    )
    window: str | None = field(
        Attribute(),
        description=(
            "Kind of the window that began or ended, such as `registration` (时段类型); null "
            "with everything else."
        ),
    )
    read_again: bool = field(
        Attribute(),
        description=(
            "Whether changes may have been missed, as at the beginning of the watch or after a "
            "lost connection: read again what is shown (须重新读取)."
        ),
    )


async def _watch(
    info: GraphInfo,
    program: Annotated[
        str, strawberry.argument(description="Code of the program, or of one below it (项目代码).")
    ],
    round: Annotated[  # noqa: A002 - the argument's name in the graph
        str | None,
        strawberry.argument(description="Code of the round; without it all rounds (批次)."),
    ] = None,
) -> AsyncGenerator[RoundChange, None]:
    context = info.context
    found = context.catalogue.programs.get(program)
    if found is None:
        raise not_found("program", program, context.language)
    only = round or None
    if only is not None and only not in {each.code for each in found.rounds}:
        problem = Text(f"本项目没有批次“{only}”", f'the program has no round "{only}"')
        raise bad_input("round", problem, context.language)
    root = root_program(context.catalogue, found).code

    def wanted(change: Change) -> bool:
        return (
            isinstance(change, RoundChanged)
            and change.root_program == root
            and (only is None or change.round in {"", only})
        )

    async def read(change: Change | Missed) -> Any:
        told = change if isinstance(change, RoundChanged) else None
        return RoundNews(
            program=root,
            round=only if told is None else told.round or None,
            kind=None if told is None else told.kind,
            window=None if told is None else told.window,
        )

    async with aclosing(watched(context, wanted, read)) as events:
        async for event in events:
            yield event


@strawberry.type
class RoundSubscriptions:
    """What may be watched of rounds."""

    round_changed: RoundChange = subscription(
        _watch,
        description=(
            "What happens to a round as a whole (批次变更): frozen and lifted, lists published and "
            "withdrawn, seats added, windows opened and closed. Open to everybody: all of it is "
            "public. The first event is `readAgain`."
        ),
    )
