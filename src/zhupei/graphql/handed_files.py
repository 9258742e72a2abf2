"""Handing files in for an applicant: who may, for whom; over HTTP and in the graph alike."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from dataclasses import replace
from uuid import UUID

from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.permissions import Target
from zhupei.domain.roles import Role
from zhupei.domain.text import Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.permissions import refused_by
from zhupei.services.applicant_files import FileRecord, FileStore
from zhupei.services.applicant_rows import applicant_row

__all__ = [
    "NO_CODE",
    "NO_SUCH_FILE",
    "file_targets",
    "hand_in",
    "is_document",
    "meant_applicant",
    "not_to_hand_in",
]

_DOCUMENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")

NO_SUCH_FILE = AccessRefusal(
    code=AccessCode.NOT_FOUND, message=Text("没有这个文件", "there is no such file")
)
NO_CODE = Text(
    "不是材料代码，请使用该招收专业所列材料（documents）的 key，如 identity",
    "is no code of a document; take the key of one of the opening's documents, such as identity",
)
_REGISTER_FIRST = Text(
    "请先登记报考人信息（registerApplicant），再上传材料",
    "register as an applicant first (registerApplicant), then hand files in",
)


async def hand_in(
    asked: GraphContext,
    store: FileStore,
    document: str,
    parts: AsyncIterable[bytes],
    *,
    applicant: UUID | None,
    is_own: bool,
) -> FileRecord | AccessRefusal:
    """Keep a file for an applicant, if whoever asks may hand one in.

    Args:
        asked: who asks, and when.
        store: where files are kept.
        document: the code of the document that it is.
        parts: its content.
        applicant: for whom, as `meant_applicant` found them; None for nobody.
        is_own: whether whoever asks hands in for themselves.

    """
    refusal = await not_to_hand_in(asked, applicant, is_own=is_own)
    if refusal is not None:
        return refusal
    if not is_document(document):
        message = Text(f"document：{NO_CODE.zh}", f"document: {NO_CODE.en}")
        return replace(NO_SUCH_FILE, message=message, field="document")
    if applicant is None or asked.actor is None:
        return NO_SUCH_FILE
    return await store.keep(applicant, document, parts, by=asked.actor.id, at=asked.clock())


def is_document(code: str) -> bool:
    """Whether a text can be the code of a document."""
    return _DOCUMENT.fullmatch(code) is not None


async def not_to_hand_in(
    asked: GraphContext, applicant: UUID | None, *, is_own: bool
) -> AccessRefusal | None:
    """Return why whoever asks may not hand in for an applicant; None where they may.

    Who signed up and did not register yet (``is_own``, and no applicant) is told so.
    """
    targets = (*await file_targets(asked, applicant), *await _sent(asked, applicant))
    refusal = await refused_by(asked, "files.write", targets)
    if refusal is None or applicant is not None or not is_own or asked.actor is None:
        return refusal
    applies = any(grant.role == Role.APPLICANT for grant in asked.actor.grants)
    return replace(refusal, message=_REGISTER_FIRST) if applies else refusal


async def meant_applicant(asked: GraphContext, named: str | None) -> UUID | None:
    """Return the applicant of this id, without one that of whoever asks; None for nobody."""
    if asked.actor is None:
        return None
    try:
        if named is None:
            found = await applicant_row({"id"}, account=UUID(asked.actor.id))
        else:
            found = await applicant_row({"id"}, applicant=UUID(named))
    except ValueError:  # no id; or a plugin's actor, who is no account of ours
        return None
    return None if found is None else found.id


async def file_targets(asked: GraphContext, applicant: UUID | None) -> tuple[Target, ...]:
    """Return what is asked for to read an applicant's files, or to hand one in."""
    if applicant is None:
        return ()
    found = await applicant_row({"account", "departments"}, applicant=applicant)
    account, places = (None, ()) if found is None else (found.account, found.departments)
    owners = frozenset() if account is None else frozenset({str(account)})
    return (
        Target(owners=owners),
        *(Target(base=base, specialty=specialty, owners=owners) for base, specialty in places),
    )


async def _sent(asked: GraphContext, applicant: UUID | None) -> tuple[Target, ...]:
    """Return what a unit is asked for that sends the applicant, nothing for anybody else."""
    if asked.actor is None or applicant is None:
        return ()
    sends = (await desk_of(asked)).sends
    return (Target(owners=frozenset({asked.actor.id})),) if applicant in sends else ()
