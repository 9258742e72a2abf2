"""The mutation that hands a file in, by a multipart request."""

import dataclasses
from typing import Any

import strawberry
from strawberry import UNSET

from zhupei.graphql.errors import bad_input
from zhupei.graphql.handed_files import (
    NO_CODE,
    hand_in,
    is_document,
    meant_applicant,
    not_to_hand_in,
)
from zhupei.graphql.mutations.declaration import Repeatable, mutation, once
from zhupei.graphql.mutations.registering import ApplicantPayload, seen_applicant
from zhupei.graphql.sources import GraphInfo
from zhupei.graphql.uploads import Upload
from zhupei.services.applicant_files import FileRecord

__all__ = ["FileMutations", "HandInFileInput"]


@strawberry.input(description="What handing a file in needs (提交材料).")
class HandInFileInput(Repeatable):
    """Handing in."""

    document: str = strawberry.field(
        description=(
            "Code of the document that it is (材料代码): the `key` of one of the opening's "
            "`documents`."
        )
    )
    file: Upload = strawberry.field(
        description="The file (文件): PDF, PNG or JPEG, by what it is and not by its name."
    )
    applicant: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description=(
            "Identifier of the applicant for whom a sending unit hands it in (报考人标识); "
            "without it, one's own."
        ),
    )


async def _hand_in(info: GraphInfo, input: HandInFileInput) -> Any:  # noqa: A002 - the argument's name in the graph
    context = info.context
    store = context.files
    if store is None:
        raise RuntimeError("handing in needs a place for files")
    applicant = await meant_applicant(context, input.applicant or None)
    # Also of a repeated request, which would show the person to a unit that sends them no longer.
    refusal = await not_to_hand_in(context, applicant, is_own=not input.applicant)
    if refusal is not None:
        return refusal
    if not is_document(input.document):
        raise bad_input("document", NO_CODE, context.language)

    async def work() -> Any:
        kept = await hand_in(
            context,
            store,
            input.document,
            input.file.parts(),
            applicant=applicant,
            is_own=not input.applicant,
        )
        return str(applicant) if isinstance(kept, FileRecord) else kept

    # The same request is one with the same content.
    content: Any = await input.file.sha256()
    compared = dataclasses.replace(input, file=content)
    return await seen_applicant(context, await once(context, compared, "handInFile", work))


@strawberry.type
class FileMutations:
    """What people do with files."""

    hand_in_file: ApplicantPayload | None = mutation(
        _hand_in,
        "files.write",
        description=(
            "Hand a file in (提交材料), by a `multipart/form-data` request: see docs/http.md. The "
            "same content for the same document is one file."
        ),
    )
