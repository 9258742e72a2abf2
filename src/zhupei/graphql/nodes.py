"""Global ids: opaque names of everything that `node` can fetch again."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.catalogue.catalogue import ProgramSpecialty
from zhupei.db.reading import PageQuery, read_pages
from zhupei.db.tables import RowSource, RowView
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.codes import Specialty
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.places import Province
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql.asked import Asked, needed_by
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import bad_input
from zhupei.graphql.inline import Batch
from zhupei.graphql.listings import specialty_key, specialty_rows
from zhupei.graphql.sources import FieldSource, Reader, field
from zhupei.services.admissions import Desk
from zhupei.services.admissions.row_sources import APPLICATIONS, TRAINEES
from zhupei.services.admissions.searching import ApplicationSearch, application_query
from zhupei.services.admissions.trainees import TraineeSearch, trainee_query

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = [
    "Fetched",
    "GlobalId",
    "Node",
    "NodeId",
    "RowNames",
    "applications_with",
    "fetch",
    "global_id",
    "object_of",
    "trainees_with",
]

_NAMES: Mapping[type, str] = {
    Province: "Province",
    Jurisdiction: "Jurisdiction",
    Base: "Base",
    Program: "Program",
    Opening: "Opening",
    Specialty: "Specialty",
    ProgramSpecialty: "Specialty",
}
# What events call rows, whose id alone is a global id too.
_ROWS = frozenset({"Application", "Trainee"})


@dataclass(frozen=True, slots=True)
class GlobalId:
    """The name of a type of the graph and the key of one object of it."""

    type: str
    key: str

    def encode(self) -> str:
        """Return the id as clients see it."""
        return base64.urlsafe_b64encode(f"{self.type}:{self.key}".encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "GlobalId | None":
        """Return what `encode` wrote, None for anything else."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            type_, colon, key = raw.decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        known = _is_row(key) if type_ in _ROWS else type_ in _NAMES.values()
        if not colon or not key or not known:
            return None
        found = cls(type_, key)
        # Base64 has several spellings of one text; an id has one.
        return found if found.encode() == text.rstrip("=") else None


def global_id(value: Any) -> str:
    """Return the global id of an object of the catalogue."""
    match value:
        case AdmissionCase() | RowView():
            # A UUID is unique in the whole graph as it is, and what papers and events carry.
            return str(value.id)
        case Specialty():
            key = specialty_key(value)
        case ProgramSpecialty():
            key = f"{value.program}/{value.code}"
        case _:
            key = value.code
    return GlobalId(_NAMES[type(value)], key).encode()


@dataclass(frozen=True, slots=True)
class RowNames:
    """The attributes of rows that are looked at, by what they are; None for all."""

    applications: frozenset[str] | None = None
    trainees: frozenset[str] | None = None

    @classmethod
    def asked(cls, asked: Asked) -> "RowNames":
        """Return what is asked where rows of either kind may be."""
        return cls(_known(asked, "Application", APPLICATIONS), _known(asked, "Trainee", TRAINEES))


def _known(asked: Asked, name: str, source: RowSource) -> frozenset[str] | None:
    names = needed_by(asked.of(name))
    # By its id a row is told from others.
    return names | {"id"} if names is not None and source.knows(names) else None


async def rows_with(query: PageQuery, ids: Collection[UUID], desk: Desk) -> dict[UUID, Any]:
    """Return the rows of a query over ids by these, as it reads them: with some attributes."""
    with desk.database.use():
        query.first = len(ids)
        (found,) = await read_pages([query])
    return {UUID(str(row.id)): row for row in found.rows}


async def applications_with(
    desk: Desk, ids: Collection[UUID], names: frozenset[str] | None
) -> dict[UUID, Any]:
    """Return those of some applications that the actor may see; whole ones where names is None."""
    query = await application_query(desk, ApplicationSearch(ids=ids), names=names)
    found = await rows_with(query, ids, desk)
    return found if names is not None else _whole(APPLICATIONS, found)


async def trainees_with(
    desk: Desk, ids: Collection[UUID], names: frozenset[str] | None
) -> dict[UUID, Any]:
    """Return those of some trainees that the actor may see, as `applications_with` does."""
    query = await trainee_query(desk, TraineeSearch(ids=ids), names=names)
    found = await rows_with(query, ids, desk)
    return found if names is not None else _whole(TRAINEES, found)


def _whole(source: RowSource, found: Mapping[UUID, Any]) -> dict[UUID, Any]:
    return {id_: source.whole(row) for id_, row in found.items()}


async def fetch(
    texts: Sequence[str], places: Sequence[str], context: GraphContext, names: RowNames
) -> list[Any]:
    """Return the objects with these global ids, None for each that there is not any more.

    Rows, such as applications, are read together, with what is looked at. ``places`` are the
    arguments that held the ids.

    Raises:
        GraphRefusal: a text is not a global id.

    """
    found = [_located(text, place, context) for text, place in zip(texts, places, strict=True)]
    rows = await _rows([each for each in found if isinstance(each, UUID)], context, names)
    return [rows.get(each) if isinstance(each, UUID) else each for each in found]


def _located(text: str, place: str, context: GraphContext) -> Any:
    """Return the object of the catalogue with a global id, or the id of a row."""
    found = GlobalId.decode(text)
    row = found.key if found is not None and found.type in _ROWS else text
    if _is_row(row):
        return UUID(row)
    if found is None:
        raise bad_input(
            place,
            Text(
                f"“{text}”不是全局标识，请使用对象的 id 字段",
                f'"{text}" is not a global id; take it from an object\'s field id',
            ),
            context.language,
        )
    return object_of(found, context.catalogue)


def _is_row(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def _rows(
    ids: Collection[UUID], context: GraphContext, names: RowNames
) -> Mapping[UUID, Any]:
    """Return the rows with these ids that whoever asks may see."""
    if context.actor is None or not ids:
        return {}
    desk = await desk_of(context)
    wanted = tuple(dict.fromkeys(ids))
    found = await applications_with(desk, wanted, names.applications)
    left = tuple(each for each in wanted if each not in found)
    if left:
        found |= await trainees_with(desk, left, names.trainees)
    return found


def object_of(wanted: GlobalId, catalogue: "Catalogue") -> Any:
    """Return the object of the catalogue with this global id, None where there is none."""
    collections: Mapping[str, Mapping[str, Any]] = {
        "Province": catalogue.provinces,
        "Jurisdiction": catalogue.jurisdictions,
        "Base": catalogue.bases,
        "Program": catalogue.programs,
        "Opening": catalogue.openings,
    }
    if wanted.type in collections:
        return collections[wanted.type].get(wanted.key)
    program, slash, code = wanted.key.rpartition("/")
    if slash:
        return catalogue.program_specialties.get((program, code))
    return specialty_rows(catalogue.reference.specialties).get(wanted.key)


@dataclass(frozen=True)
class NodeId(FieldSource):
    """The global id of the object."""

    @property
    def settled(self) -> bool:
        """True: an id names the same object for ever."""
        return True

    def reader(self, name: str) -> Reader:
        """Encode the id."""
        return lambda value, _context, _arguments: global_id(value)

    def needs(self, name: str) -> frozenset[str]:
        """Return the id of a row."""
        return frozenset({"id"})


@dataclass(frozen=True)
class Fetched(FieldSource):
    """Objects that a function finds, with the attributes of rows that are asked of them.

    Its parameters after the context and the `RowNames` are the arguments of the field.
    """

    function: Callable[..., Awaitable[Any]]

    def arguments(self) -> list[StrawberryArgument]:
        """Return the parameters of the function."""
        return list(StrawberryResolver(self.function).arguments[2:])

    def reader(self, name: str) -> Reader:
        """Find them with all that could be asked."""

        async def read(_value: Any, context: GraphContext, given: Mapping[str, Any]) -> Any:
            return await self.function(context, RowNames(), **given)

        return read

    def needs(self, name: str) -> frozenset[str]:
        """Return nothing, as it is a field of the root."""
        return frozenset()

    def planned(self, asked: Asked) -> Batch:
        """Find them with what is asked."""
        names = RowNames.asked(asked)

        async def many(
            values: Sequence[Any], context: GraphContext, given: Mapping[str, Any]
        ) -> Sequence[Any]:
            return [await self.function(context, names, **given)] * len(values)

        return many


@strawberry.interface(description="Something with a global id that `node` can fetch (节点).")
class Node:
    """Relay's node."""

    id: strawberry.ID = field(
        NodeId(), description="Global id: opaque, unique in the whole graph (全局标识)."
    )
