"""Watching applications: one, those of a base or program, or all that one may see."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry

from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.permissions import Target
from zhupei.domain.roles import Role
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of, signed_in
from zhupei.graphql.errors import Code, GraphRefusal, not_found
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, declares, field
from zhupei.graphql.subscriptions.declaration import subscription
from zhupei.graphql.subscriptions.watching import watched
from zhupei.graphql.types.references import ApplicationRef
from zhupei.services import admissions
from zhupei.services.changes import ApplicationChanged, Change, Missed
from zhupei.services.permissions import FORBIDDEN

__all__ = ["ApplicationChange", "ApplicationNews", "ApplicationSubscriptions"]

_PERMISSION = "applications.read"
# Roles that see only what is the account's own, so that other changes need not be looked at.
_OWN_ONLY = frozenset({Role.APPLICANT.value, Role.SENDING_UNIT.value})


@dataclass(frozen=True, slots=True)
class ApplicationNews:
    """What is told about an application; None says to read everything that is shown again."""

    application: AdmissionCase | None


def _reads_again(root: ApplicationNews) -> bool:
    return root.application is None


@declares(
    ApplicationNews,
    description=(
        "That an application changed (报名变更). Several changes in a short time may come as one: "
        "what is told is always the present state."
    ),
)
class ApplicationChange:
    """One event."""

    application: ApplicationRef | None = field(
        Attribute(), description="The application as it stands now; null with `readAgain` (报名)."
    )
    read_again: bool = field(
        Computed(_reads_again),
        description=(
            "Whether changes may have been missed, as at the beginning of the watch or after a "
            "lost connection: read again what is shown (须重新读取)."
        ),
    )


async def _watch(
    info: GraphInfo,
    id: Annotated[  # noqa: A002 - the argument's name in the graph
        strawberry.ID | None,
        strawberry.argument(description="Identifier of the only application (报名标识)."),
    ] = None,
    base: Annotated[
        str | None, strawberry.argument(description="Code of the base (培训基地代码).")
    ] = None,
    program: Annotated[
        str | None,
        strawberry.argument(description="Code of the program, or of its topmost (项目代码)."),
    ] = None,
) -> AsyncGenerator[ApplicationChange, None]:
    context = info.context
    signed_in(context)
    limits = _Limits(None if not id else read_id(id, "id", context), base or None, program or None)
    limits.check(context)
    own = await _own(context)

    def wanted(change: Change) -> bool:
        if not isinstance(change, ApplicationChanged) or not limits.hold(change):
            return False
        return limits.some or not _sees_own_only(context) or change.applicant in own

    async def read(change: Change | Missed) -> Any:
        own.update(await _own(context))
        await limits.require(context)
        id_ = change.application if isinstance(change, ApplicationChanged) else limits.id
        if id_ is None:
            return ApplicationNews(None)
        case = await admissions.application_of(await desk_of(context), id_)
        if case is None and limits.id is not None:
            # Also where it does not exist: the answer tells nothing of what exists.
            raise _forbidden(context)
        return None if case is None else ApplicationNews(case)

    async with aclosing(watched(context, wanted, read)) as events:
        async for event in events:
            yield event


@dataclass(frozen=True, slots=True)
class _Limits:
    """What is watched: one application, those of a base, those of a program, or all."""

    id: UUID | None
    base: str | None
    program: str | None

    @property
    def some(self) -> bool:
        return any(each is not None for each in (self.id, self.base, self.program))

    def check(self, context: GraphContext) -> None:
        """Refuse codes that the catalogue does not hold."""
        if self.base is not None and self.base not in context.catalogue.bases:
            raise not_found("base", self.base, context.language)
        if self.program is not None and self.program not in context.catalogue.programs:
            raise not_found("program", self.program, context.language)

    def hold(self, change: ApplicationChanged) -> bool:
        return (
            self.id in {None, change.application}
            and self.base in {None, change.base}
            and self.program in {None, change.program, change.root_program}
        )

    async def require(self, context: GraphContext) -> None:
        """Refuse the watch as a whole where the actor may not read what it is limited to.

        One application, and the programs of a province, are asked about event by event.
        """
        base = self.base
        if base is None and self.program is not None:
            program = context.catalogue.programs.get(self.program)
            base = None if program is None else program.base
        if self.id is None and base is not None:
            desk = await desk_of(context)
            if desk.applicant is None and not desk.sends:
                await require(context, _PERMISSION, [Target(base=base)])


async def _own(context: GraphContext) -> set[UUID]:
    desk = await desk_of(context)
    return {*desk.sends, *({desk.applicant} if desk.applicant is not None else ())}


def _sees_own_only(context: GraphContext) -> bool:
    actor = context.actor
    return actor is None or {grant.role for grant in actor.grants} <= _OWN_ONLY


def _forbidden(context: GraphContext) -> GraphRefusal:
    return GraphRefusal(Code.FORBIDDEN, FORBIDDEN.message, context.language, permission=_PERMISSION)


@strawberry.type
class ApplicationSubscriptions:
    """What may be watched of applications."""

    application_changed: ApplicationChange = subscription(
        _watch,
        permission=_PERMISSION,
        description=(
            "Applications that change (报名变更): one by its `id`, those of a `base` or of a "
            "`program`, or without any of these all that the roles of whoever watches reach. A "
            "watch of one application begins with its present state, any other with `readAgain`. "
            "It ends with an error when the right to read what it is limited to is taken away."
        ),
    )
