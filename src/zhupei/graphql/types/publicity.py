"""Published lists of proposed admissions, as anybody may see them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import strawberry

from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.asked import reads
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.context import GraphContext
from zhupei.graphql.enums import show
from zhupei.graphql.listed_rows import ReadEdge, ReadPage
from zhupei.graphql.loading import Loaded
from zhupei.graphql.permissions import refused_by
from zhupei.graphql.row_reading import database_of
from zhupei.graphql.sources import Attribute, Computed, GraphInfo, One, declares, field
from zhupei.graphql.types.references import BaseRef, OpeningRef, ProgramRef
from zhupei.services.issuing import lists
from zhupei.services.issuing.lists import PublicityStatus, SignedList
from zhupei.services.papers.publicity_list import PublicityListError, PublicityRow

__all__ = ["Publicity", "PublicityConnection", "PublicityEdge", "PublicityEntry"]

show(
    PublicityStatus,
    "Whether a list is public (公示状态).",
    {
        PublicityStatus.LIVE: "In its publicity period (公示中).",
        PublicityStatus.ENDED: "The period is over (公示已结束).",
        PublicityStatus.WITHDRAWN: "The publication was taken back (已撤回).",
    },
)

_ENDINGS = ("json", "html", "pdf", "csv")
_OVER = Text("公示期已结束，名单不再公开", "the publicity period is over; the list is not public")
_WITHDRAWN = Text("该名单已撤回", "this list was withdrawn")


@declares(
    PublicityRow,
    description="One person on a published list (公示人员); name and number are masked.",
)
class PublicityEntry:
    """One person."""

    number: int = field(Attribute(), description="Number on the list; no rank (序号).")
    application: strawberry.ID = field(
        Attribute(), description="Identifier of the application, to object to it (报名号)."
    )
    name: str = field(Attribute(), description="Name, masked (姓名，脱敏).")
    identity: str = field(
        Attribute(), description="Number of the identity document, masked (证件号码，脱敏)."
    )
    opening: OpeningRef | None = field(
        One("openings"), description="For what the person is proposed (拟录取专业)."
    )
    specialty: str = field(
        Attribute(), description="Name of the specialty as it was published (专业)."
    )
    direction: str | None = field(
        Attribute(), description="Direction as it was published, in Chinese (培养方向)."
    )
    trainee_type: str | None = field(
        Attribute(),
        description="Type of trainee, such as `SOCIAL`; null where not stated (人员类型).",
    )


@reads("status")
def _status(root: strawberry.Parent[lists.Publicity], info: GraphInfo) -> PublicityStatus:
    return root.status(info.context.clock())


# What the file of a list is made of when it is first asked for.
_LOOKED_AT = (
    *("id", "program", "base", "round", "published_at", "ends_on", "ends_at", "working_days"),
    *("counts_first_day", "catalogue_hash", "withdrawn_at", "status"),
)


async def _signed(
    publicities: Sequence[lists.Publicity], context: GraphContext
) -> Mapping[Any, SignedList | Text]:
    """Return lists where whoever asks may see them, else why not; once in an operation."""
    opened: dict[Any, asyncio.Task[Any]] = context.kept.setdefault(SignedList, {})
    missing = [each for each in publicities if each.id not in opened]
    if missing:
        # Several fields ask at the same time.
        opening = asyncio.create_task(_open(missing, context))
        opened.update(dict.fromkeys((each.id for each in missing), opening))
    found: dict[Any, SignedList | Text] = {}
    for task in {opened[each.id] for each in publicities}:
        found |= await asyncio.shield(task)
    return found


async def _open(
    publicities: Sequence[lists.Publicity], context: GraphContext
) -> Mapping[Any, SignedList | Text]:
    now = context.clock()
    refused = {each.id: await _refused(each, context, now) for each in publicities}
    shown = [each for each in publicities if refused[each.id] is None]
    found: dict[Any, SignedList | Text] = {id_: why for id_, why in refused.items() if why}
    if not shown:
        return found
    if context.keyring is None or context.signing_keys is None:
        raise RuntimeError("a published list needs the keys of personal data and of lists")
    with database_of(context).use():
        opened = await lists.signed_lists(
            context.catalogue, context.keyring(), context.signing_keys(), shown, now
        )
    for id_, each in opened.items():
        found[id_] = each.message if isinstance(each, PublicityListError) else each
    return found


async def _refused(publicity: lists.Publicity, context: GraphContext, now: datetime) -> Text | None:
    """Return why whoever asks may not see who stands on a list."""
    if publicity.status(now) is PublicityStatus.WITHDRAWN:
        return _WITHDRAWN
    if lists.shows_entries(context.catalogue, publicity, now):
        return None
    about = (Target(base=publicity.base),)
    return _OVER if await refused_by(context, "lists.publish", about) is not None else None


def _of_signed(answer: Callable[[SignedList | Text, GraphContext], Any]) -> Loaded:
    """Return the source of what a list's signed file, or why it is not shown, answers."""

    @reads(*_LOOKED_AT)
    async def load(
        publicities: Sequence[lists.Publicity], context: GraphContext
    ) -> Mapping[Any, Any]:
        found = await _signed(publicities, context)
        return {id_: answer(each, context) for id_, each in found.items()}

    return Loaded(load, attrgetter("id"))


def _entries(found: SignedList | Text, _context: GraphContext) -> Any:
    return None if isinstance(found, Text) else list(found.listed.rows)


def _entries_note(found: SignedList | Text, context: GraphContext) -> str | None:
    return found.get(context.language) if isinstance(found, Text) else None


def _sha256(found: SignedList | Text, _context: GraphContext) -> str | None:
    return None if isinstance(found, Text) else found.sha256


def _key_id(found: SignedList | Text, _context: GraphContext) -> str | None:
    return None if isinstance(found, Text) else found.key_id


@reads("id")
def _downloads(root: strawberry.Parent[lists.Publicity]) -> list[str]:
    return [f"/publicity/{root.id}.{ending}" for ending in _ENDINGS]


@declares(
    lists.Publicity,
    lists.PUBLICITIES.shown,
    description=(
        "A published list of proposed admissions (拟录取公示). Everybody sees its entries while it "
        "is live, and afterwards as long as the policy `publicity_stays_public_days` says."
    ),
)
class Publicity:
    """A published list."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    program: ProgramRef | None = field(One("programs"), description="Program (培训项目).")
    base: BaseRef | None = field(One("bases"), description="Base that published it (培训基地).")
    round: str | None = field(
        Attribute(), description="Code of the round; null where there are none (批次)."
    )
    published_at: datetime = field(Attribute(), description="When it was published (发布时间).")
    ends_on: date = field(
        Attribute(), description="Last day of the period, over at 24:00 (公示截止日)."
    )
    ends_at: datetime = field(
        Attribute(), description="First instant after the period (公示结束时间)."
    )
    working_days: int = field(Attribute(), description="Its length in working days (工作日数).")
    counts_first_day: bool = field(
        Attribute(), description="Whether the day of publication counts (是否计入发布当日)."
    )
    status: PublicityStatus = field(
        Computed(_status), description="Whether it is public now (公示状态)."
    )
    withdrawn_at: datetime | None = field(
        Attribute(), description="When its publication was taken back (撤回时间)."
    )
    entries: list[PublicityEntry] | None = field(
        _of_signed(_entries),
        description=(
            "Who stands on it, masked (名单); null where it is not public, then see `entriesNote`. "
            "Who may publish lists of the base sees them also after the period."
        ),
    )
    entries_note: str | None = field(
        _of_signed(_entries_note), description="Why there are no entries (名单说明)."
    )
    sha256: str | None = field(
        _of_signed(_sha256), description="SHA-256 of the signed file (校验值)."
    )
    key_id: str | None = field(
        _of_signed(_key_id),
        description="Key that signed it, as at `/publicity/keys.json` (签名密钥).",
    )
    downloads: list[str] = field(
        Computed(_downloads),
        description=(
            "Paths of the signed file (JSON), of the page, of the paper (PDF) and of the table "
            "(CSV) on this server (下载路径)."
        ),
    )


@declares(ReadEdge, description="One published list of a page (分页中的一行).")
class PublicityEdge:
    """An edge."""

    cursor: str = field(Attribute(), description="Opaque place of this row (游标).")
    node: Publicity = field(Attribute(), description="The published list (公示名单).")


@declares(ReadPage, description="One page of published lists (公示列表).")
class PublicityConnection:
    """A connection."""

    total_count: int = field(
        Attribute(), description="Number of published lists on all pages together (总数)."
    )
    edges: list[PublicityEdge] = field(
        Attribute(), description="The published lists of this page (本页各行)."
    )
    page_info: PageInfo = field(
        Attribute(), description="Where the page lies within the list (分页信息)."
    )
