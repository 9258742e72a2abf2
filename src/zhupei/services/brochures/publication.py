"""Publishing an approved brochure in every place where it has to stand (R136)."""

from __future__ import annotations

import re

from zhupei.db.identifiers import uuid7
from zhupei.db.models import BrochurePublicationRow, BrochureRow
from zhupei.domain.brochures import Brochure, BrochureState, brochure_places
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import not_found, permitted_for
from zhupei.services.brochures.approval import SUBMIT
from zhupei.services.brochures.inputs import RecordBrochurePublicationInput
from zhupei.services.brochures.rows import brochure_now, hidden_version, load_brochure
from zhupei.services.office_requests import RefusedError, Work, answer_once, lock, refuse
from zhupei.services.outbox import subject_of

__all__ = ["record_brochure_publication"]

_LONGEST_PLACE, _LONGEST_ADDRESS = 500, 2000
_ADDRESS = re.compile(r"https?://[^\s\x00]+")


async def record_brochure_publication(
    desk: Desk, given: RecordBrochurePublicationInput
) -> Brochure | Refusal:
    """Record that an approved version stands in one of its places.

    It is PUBLISHED once it stands in all of them, and not before: one of two is not published.
    """
    with desk.database.use():
        brochure = await load_brochure(given.brochure)
        if brochure is None:
            return not_found("brochure", str(given.brochure))
        against = await permitted_for(desk, SUBMIT, base=brochure.base)
        if against is not None:
            return await hidden_version(desk, against, brochure)
        program = desk.catalogue.programs.get(brochure.program)
        if program is None:
            return not_found("program", brochure.program)

        async def do(work: Work) -> str:
            # One after the other, so that two versions at once see each other.
            await lock(work.connection, [f"brochure:{program.code}"])
            # Held until the end, so that two places at once see each other.
            row = await BrochureRow.filter(id=given.brochure).select_for_update().get()
            place = _place(program, given.place)
            if isinstance(place, Refusal):
                raise RefusedError(place)
            refuse(_unpublishable(desk, row, given) or await _replaced(row, place, given))
            await _write(desk, row, place, given)
            since = dict(
                await BrochurePublicationRow.filter(brochure_id=row.id).values_list(
                    "place", "published_at"
                )
            )
            wanted = {each.zh for each in brochure_places(program)} or set(since)
            if row.state == BrochureState.APPROVED.value and wanted <= set(since):
                # Since it stands in the last of them: an office may record that later.
                await BrochureRow.filter(id=row.id).update(
                    state=BrochureState.PUBLISHED.value,
                    published_at=max(since[each] for each in wanted),
                )
                work.tell(
                    "brochure.published",
                    subject_of("Brochure", row.id),
                    base=row.base_code,
                    program=row.program_code,
                    data={"version": row.version},
                )
            return str(row.id)

        key = given.idempotency_key
        return await answer_once(
            desk, key, "record_brochure_publication", given, do, show=brochure_now
        )


async def _write(
    desk: Desk, row: BrochureRow, place: str, given: RecordBrochurePublicationInput
) -> None:
    if await BrochurePublicationRow.exists(brochure_id=row.id, place=place):
        raise RefusedError(
            Refusal(
                code=RefusalCode.DUPLICATE,
                message=Text(f"已登记在“{place}”发布", f'it stands in "{place}" already'),
                field="place",
            )
        )
    await BrochurePublicationRow.create(
        id=uuid7(),
        brochure_id=row.id,
        place=place,
        address=given.address.strip(),
        published_at=given.published_at,
        recorded_by=desk.actor.id,
        recorded_at=desk.clock(),
    )


async def _replaced(
    row: BrochureRow, place: str, given: RecordBrochurePublicationInput
) -> Refusal | None:
    """Refuse a version since a moment at which a newer one stood in the place already.

    What stood there before the newer one may be recorded late.
    """
    stands = (
        await BrochurePublicationRow.filter(
            brochure__program_code=row.program_code,
            brochure__version__gt=row.version,
            place=place,
            published_at__lte=given.published_at,
        )
        .order_by("-published_at")
        .limit(1)
        .values_list("brochure__version", "published_at")
    )
    if not stands:
        return None
    version, published_at = stands[0]
    since = f"{published_at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text(
            f"“{place}”自 {since} 起发布的是第 {version} 版",
            f'version {version} stands in "{place}" since {since}',
        ),
        field="publishedAt",
    )


def _place(program: Program, named: str) -> str | Refusal:
    """Return the place as configured, by its Chinese or English words."""
    places = brochure_places(program)
    for each in places:
        if named.strip() in {each.zh, each.en}:
            return each.zh
    if not places and named.strip() and len(named) <= _LONGEST_PLACE and "\x00" not in named:
        return named.strip()
    return Refusal(
        code=RefusalCode.INPUT_INVALID,
        message=Text(
            f"发布平台应为：{'、'.join(each.zh for each in places) or '任一名称'}",
            f"the places are: {', '.join(each.en or each.zh for each in places) or 'any name'}",
        ),
        field="place",
    )


def _unpublishable(
    desk: Desk, row: BrochureRow, given: RecordBrochurePublicationInput
) -> Refusal | None:
    if row.state not in {BrochureState.APPROVED.value, BrochureState.PUBLISHED.value}:
        return Refusal(
            code=RefusalCode.NOT_ALLOWED_IN_STATE,
            message=Text("简章审核通过后方可发布", "a brochure is published after it was approved"),
            field="brochure",
        )
    address = given.address.strip()
    # Shown to everybody, as a link: no other scheme is one to follow.
    if not _ADDRESS.fullmatch(address) or len(address) > _LONGEST_ADDRESS:
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text(
                f"请填写以 http:// 或 https:// 开头的发布网址，不超过 {_LONGEST_ADDRESS} 个字符",
                "give the web address where it stands: it begins with http:// or https:// and has "
                f"at most {_LONGEST_ADDRESS} characters",
            ),
            field="address",
        )
    approved_at = row.decided_at or row.submitted_at
    zoned = given.published_at.tzinfo is not None
    if not zoned or not approved_at <= given.published_at <= desk.clock():
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text(
                "发布时间须在审核通过之后，且不晚于现在",
                "it was published after its approval and not later than now",
            ),
            field="publishedAt",
        )
    return None
