"""A person's own data: a copy of all of it, and its erasure."""

import json
import logging
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.desks import desk_of
from zhupei.graphql.mutations.declaration import Repeatable, mutation, taken
from zhupei.graphql.permissions import require
from zhupei.graphql.sources import Attribute, GraphInfo, declares, field
from zhupei.graphql.types.refusals import ActionRefused, InvalidInput, PluginProblem
from zhupei.services.admissions import erasing
from zhupei.services.personal_export import export_person

__all__ = ["PrivacyMutations"]

_log = logging.getLogger("zhupei.access")


class MadeExport:
    """A copy that was made."""

    def __init__(self, made_at: datetime, content: str) -> None:
        self.made_at, self.content = made_at, content


@declares(
    MadeExport,
    description="Everything that is kept of the viewer (个人信息副本), as JSON.",
)
class PersonalDataExport:
    """A copy."""

    made_at: datetime = field(Attribute(), description="When it was made (生成时间).")
    content: str = field(Attribute(), description="The copy, as text of JSON (内容).")


@declares(
    erasing.Erasure,
    description="What was erased of a person (个人信息删除结果); the account is closed.",
)
class Erasure:
    """An erasure."""

    erased_at: datetime = field(Attribute(), description="When (删除时间).")
    applications: int = field(
        Attribute(), description="Applications that hold no facts any more (已匿名报名数)."
    )
    files: int = field(Attribute(), description="Files that are removed (已删除材料数).")


ExportPayload: TypeAlias = Annotated[
    PersonalDataExport | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("PersonalDataExportPayload", description="The copy, or why not (副本)."),
]
ErasurePayload: TypeAlias = Annotated[
    Erasure | ActionRefused | InvalidInput | PluginProblem,
    strawberry.union("ErasurePayload", description="What was erased, or why not (删除结果)."),
]


@strawberry.input(description="Asking for a copy of one's own data (获取个人信息副本).")
class ExportMyDataInput(Repeatable):
    """Exporting."""


@strawberry.input(description="Asking for one's own data to be erased (删除个人信息).")
class EraseApplicantInput(Repeatable):
    """Erasing."""

    applicant: strawberry.ID = strawberry.field(
        description="The viewer's own applicant, as a confirmation (本人标识)."
    )
    reason: str = strawberry.field(
        description="Why; it is kept, so it should name nobody (原因，将被保存)."
    )


async def _export(info: GraphInfo, input: ExportMyDataInput) -> ExportPayload | None:  # noqa: A002 - the argument's name in the graph
    context = info.context
    desk = await desk_of(context)
    await require(context, "applicants.read", (Target(owners=frozenset({desk.actor.id})),))
    found: Any = None
    now = context.clock()
    if desk.applicant is not None and context.keyring is not None:
        with desk.database.use():
            copy = await export_person(context.keyring(), desk.applicant, context.catalogue, at=now)
        if copy is not None:
            _log.info(
                "personal data read",
                extra={
                    "what": "export",
                    "applicant": str(desk.applicant),
                    "actor": desk.actor.id,
                },
            )
            found = MadeExport(now, json.dumps(copy, ensure_ascii=False, indent=2))
    if found is None:
        found = AccessRefusal(
            code=AccessCode.NOT_FOUND,
            message=Text("没有您的报考人信息", "nothing is kept of you as an applicant"),
            field="applicant",
        )
    return found  # type: ignore[no-any-return]  # the graph's type describes the class's


async def _erase(info: GraphInfo, input: EraseApplicantInput) -> ErasurePayload | None:  # noqa: A002 - as above
    given = taken(input, erasing.EraseApplicantInput, info.context)
    found: Any = await erasing.erase_applicant(await desk_of(info.context), given)
    return found  # type: ignore[no-any-return]  # the graph's type describes the domain's


@strawberry.type
class PrivacyMutations:
    """What a person may ask for their own data."""

    export_my_data: ExportPayload | None = mutation(
        _export,
        "applicants.read",
        description=(
            "Make a copy of everything that is kept of the viewer (获取个人信息副本). Scores and "
            "opinions are withheld, with the reason, until the list is published."
        ),
    )
    erase_applicant: ErasurePayload | None = mutation(
        _erase,
        "applicants.write",
        description=(
            "Erase who the viewer is, as far as the law lets it (删除个人信息): records stay, "
            "without the person; the account is closed. It cannot be taken back."
        ),
    )
