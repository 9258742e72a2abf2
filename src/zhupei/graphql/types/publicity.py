"""Published lists of proposed admissions, as anybody may see them."""

from datetime import date, datetime
from typing import Any

import strawberry

from zhupei.domain.permissions import Target
from zhupei.domain.text import Text
from zhupei.graphql.connections import PageInfo
from zhupei.graphql.context import GraphContext
from zhupei.graphql.enums import show
from zhupei.graphql.listed_rows import ReadEdge, ReadPage
from zhupei.graphql.permissions import refused_by
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


def _status(root: strawberry.Parent[lists.Publicity], info: GraphInfo) -> PublicityStatus:
    return root.status(info.context.clock())


async def _signed(publicity: lists.Publicity, context: GraphContext) -> SignedList | Text:
    """Return the list where whoever asks may see it, else why not; once in an operation."""
    key = (SignedList, publicity.id)
    if key not in context.kept:
        context.kept[key] = await _open(publicity, context)
    found: SignedList | Text = context.kept[key]
    return found


async def _open(publicity: lists.Publicity, context: GraphContext) -> SignedList | Text:
    now = context.clock()
    if publicity.status(now) is PublicityStatus.WITHDRAWN:
        return _WITHDRAWN
    if not lists.shows_entries(context.catalogue, publicity, now):
        about = (Target(base=publicity.base),)
        if await refused_by(context, "lists.publish", about) is not None:
            return _OVER
    if context.keyring is None or context.signing_keys is None:
        raise RuntimeError("a published list needs the keys of personal data and of lists")
    try:
        return await lists.signed_list(
            context.catalogue, context.keyring(), context.signing_keys(), publicity, now
        )
    except PublicityListError as error:
        return error.message


async def _entries(
    root: strawberry.Parent[lists.Publicity], info: GraphInfo
) -> list[PublicityEntry] | None:
    found = await _signed(root, info.context)
    rows: Any = None if isinstance(found, Text) else list(found.listed.rows)
    return rows  # type: ignore[no-any-return]  # the graph's type describes the list's


async def _entries_note(root: strawberry.Parent[lists.Publicity], info: GraphInfo) -> str | None:
    found = await _signed(root, info.context)
    return found.get(info.context.language) if isinstance(found, Text) else None


async def _sha256(root: strawberry.Parent[lists.Publicity], info: GraphInfo) -> str | None:
    found = await _signed(root, info.context)
    return None if isinstance(found, Text) else found.sha256


async def _key_id(root: strawberry.Parent[lists.Publicity], info: GraphInfo) -> str | None:
    found = await _signed(root, info.context)
    return None if isinstance(found, Text) else found.key_id


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
        Computed(_entries),
        description=(
            "Who stands on it, masked (名单); null where it is not public, then see `entriesNote`. "
            "Who may publish lists of the base sees them also after the period."
        ),
    )
    entries_note: str | None = field(
        Computed(_entries_note), description="Why there are no entries (名单说明)."
    )
    sha256: str | None = field(
        Computed(_sha256), description="SHA-256 of the signed file (校验值)."
    )
    key_id: str | None = field(
        Computed(_key_id),
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
