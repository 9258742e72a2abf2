"""Global ids: opaque names of everything that `node` can fetch again."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry

from zhupei.catalogue.catalogue import ProgramSpecialty
from zhupei.db.tables import RowView
from zhupei.domain.admission_case import AdmissionCase
from zhupei.domain.codes import Specialty
from zhupei.domain.institutions import Base, Jurisdiction
from zhupei.domain.places import Province
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql.context import GraphContext
from zhupei.graphql.desks import desk_of
from zhupei.graphql.errors import bad_input
from zhupei.graphql.listings import specialty_key, specialty_rows
from zhupei.graphql.sources import FieldSource, Reader, field
from zhupei.services.admissions.searching import visible_cases
from zhupei.services.admissions.trainees import TraineeSearch, search_trainees

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = ["GlobalId", "Node", "NodeId", "fetch", "global_id", "object_of"]

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


async def fetch(texts: Sequence[str], places: Sequence[str], context: GraphContext) -> list[Any]:
    """Return the objects with these global ids, None for each that there is not any more.

    Rows, such as applications, are read together. ``places`` are the arguments that held the ids.

    Raises:
        GraphRefusal: a text is not a global id.

    """
    found = [_located(text, place, context) for text, place in zip(texts, places, strict=True)]
    rows = await _rows([each for each in found if isinstance(each, UUID)], context)
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


async def _rows(ids: Collection[UUID], context: GraphContext) -> Mapping[UUID, Any]:
    """Return the rows with these ids that whoever asks may see."""
    if context.actor is None or not ids:
        return {}
    desk = await desk_of(context)
    wanted = tuple(dict.fromkeys(ids))
    found: dict[UUID, Any] = {each.id: each for each in await visible_cases(desk, wanted)}
    left = tuple(each for each in wanted if each not in found)
    if left:
        trainees = await search_trainees(desk, TraineeSearch(ids=left), first=len(left))
        found |= {each.id: each for each in trainees}
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


@strawberry.interface(description="Something with a global id that `node` can fetch (节点).")
class Node:
    """Relay's node."""

    id: strawberry.ID = field(
        NodeId(), description="Global id: opaque, unique in the whole graph (全局标识)."
    )
