"""Mutations of notices: having one tried again."""

from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Text
from zhupei.graphql.desks import desk_of
from zhupei.graphql.identifiers import read_id
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.queries.notices import may_see_notice
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.types.notices import Notice
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services.notices.delivery import retry_notice
from zhupei.services.notices.log import notice_of

__all__ = ["NoticeMutations", "NoticePayload"]

_SEND = "notices.send"

NoticePayload: TypeAlias = Annotated[
    Notice | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("NoticePayload", description="The notice as it is now, or why not (通知)."),
]


@strawberry.input(description="What trying a notice again needs (重新发送通知).")
class RetryNoticeInput(Repeatable):
    """Trying again."""

    notice: strawberry.ID = strawberry.field(description="Identifier of the notice (通知标识).")


_MISSING = Refusal(
    code=RefusalCode.NOT_FOUND,
    message=Text("没有这条通知", "there is no such notice"),
    field="notice",
)


async def _retry(info: GraphInfo, input: RetryNoticeInput) -> NoticePayload:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    key = read_id(input.notice, "notice", context)

    async def work() -> Any:
        found = await notice_of(key)
        if found is None or not await may_see_notice(context, found, "notices.read"):
            return _MISSING
        if not await may_see_notice(context, found, _SEND):
            return Refusal(
                code=RefusalCode.NOT_PERMITTED,
                message=Text("没有重新发送通知的权限", "sending notices again is not permitted"),
            )
        if not await retry_notice(key, context.clock()):
            return Refusal(
                code=RefusalCode.NOT_ALLOWED_IN_STATE,
                message=Text(
                    "只有无法送达或无邮箱地址的通知可以重新发送",
                    "only a notice that is undeliverable or has no address can be tried again",
                ),
                field="notice",
            )
        return str(key)

    with desk.database.use():
        found: Any = await once(context, input, "retryNotice", work)
        if isinstance(found, str):
            # What a repeated request once did is told no longer to whoever lost the role since.
            notice = await notice_of(key)
            seen = notice is not None and await may_see_notice(context, notice, "notices.read")
            found = notice if seen else _MISSING
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class NoticeMutations:
    """What may be done with a notice."""

    retry_notice: NoticePayload | None = mutation(
        _retry,
        _SEND,
        description=(
            "Have a notice tried again that could not be delivered or had no address "
            "(重新发送通知)."
        ),
    )
