"""A graph in which everything that can go wrong does: wrong values, errors, nulls, late ones."""

# What these functions return is what their annotations do not say: that is what they are for.
# mypy: disable-error-code="no-any-return, misc, attr-defined, untyped-decorator"

import asyncio
import random
from collections.abc import (
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, Optional

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from graphql import GraphQLError
from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.isolation import PluginField
from zhupei.graphql.scalars import SCALARS
from zhupei.graphql.sources import (
    Attribute,
    Computed,
    FieldSource,
    GraphInfo,
    Localized,
    Many,
    One,
    Param,
    Reader,
    Via,
    declares,
    field,
)
from zhupei.hooks.threads import Bulkhead

__all__ = ["context_of", "faulty_schema"]

_COUNT = 12


@strawberry.enum
class Colour(Enum):
    """Two values."""

    RED = "red"
    BLUE = "blue"


class Faulty:
    """An object whose attributes are what a seed says; a fault is raised, not held."""

    def __init__(self, number: int, chance: float) -> None:
        self.number, self.chance = number, chance

    def __repr__(self) -> str:
        # As a text of an answer it must not change from run to run.
        return f"{type(self).__name__} {self.number}"

    def random(self, name: str) -> random.Random:
        """Return what decides about an attribute, the same whenever it is asked."""
        return random.Random(f"{self.number} {name}")

    def pick(self, name: str, good: Any) -> Any:
        """Return a good value, or a wrong one, or raise."""
        decide = self.random(name)
        if decide.random() >= self.chance:
            return good
        wrong = decide.choice(_WRONG)
        if wrong is _RAISE:
            raise decide.choice(_ERRORS)
        return wrong() if callable(wrong) else wrong

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.pick(name, self.good(name))

    def good(self, name: str) -> Any:
        """Return what an attribute holds where nothing is wrong."""
        kind = name.split("_", maxsplit=1)[0]
        return _GOOD[kind](self, self.random(f"{name} good"))


class Left(Faulty):
    """One class of objects."""


class Right(Faulty):
    """Another."""


class Late:
    """Something to await; unlike a coroutine, nobody minds when nobody does."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self._answer()


def _late() -> Late:
    return Late(lambda: "late")


def _generated() -> Iterator[Any]:
    yield from (1, "two", None)


async def _streamed() -> AsyncIterator[Any]:
    yield 1
    yield 2


_RAISE = object()
_ERRORS = (
    ValueError("a value"),
    GraphQLError("refused", extensions={"code": "REFUSED"}),
    KeyError("key"),
)
_WRONG: tuple[Any, ...] = (
    None,
    None,
    None,
    _RAISE,
    _RAISE,
    "text",
    7,
    2**31,
    -(2**31),
    2**70,
    1.5,
    float("nan"),
    True,
    [],
    (),
    {"a": 1},
    {3},
    _late,
    _generated,
    _streamed,
    Decimal(3),
    Colour.RED,
    lambda: ValueError("held"),
    object,
    lambda: [None, "x"],
    lambda: Left(1, 0.0),
    "\ud800",
)


def _other(self: Faulty, decide: random.Random) -> Faulty:
    made = decide.choice([Left, Right])
    return made(decide.randrange(_COUNT), self.chance)


_GOOD: Mapping[str, Any] = {
    "string": lambda _, decide: decide.choice(["", "a", "住院医师", '"\\\n']),
    "id": lambda _, decide: decide.choice(["1", 1]),
    "int": lambda _, decide: decide.choice([0, -5, 2026]),
    "float": lambda _, decide: decide.choice([0.5, 2, -1e300]),
    "flag": lambda _, decide: decide.choice([True, False]),
    "colour": lambda _, decide: decide.choice([Colour.RED, Colour.BLUE, "red"]),
    "text": lambda _, decide: decide.choice([Text("中", "en"), Text("中")]),
    "texts": lambda _, decide: [Text("中", "en")] * decide.randrange(3),
    "words": lambda _, decide: decide.choice([["a", "b"], ("a",), [], {"s"}, ["a", None]]),
    "grid": lambda _, decide: [[1, 2], [], [3]] if decide.random() < 0.7 else [[1], None],
    "instant": lambda _, __: datetime.fromisoformat("2026-04-10T12:00:00+08:00"),
    "amount": lambda _, decide: Decimal(decide.randrange(100)),
    "json": lambda _, decide: decide.choice([{"a": [1]}, "x", 3]),
    "code": lambda _, decide: str(decide.randrange(_COUNT)),
    "codes": lambda _, decide: [str(decide.randrange(_COUNT)) for _ in range(3)],
    "other": _other,
    "left": lambda self, decide: Left(decide.randrange(_COUNT), self.chance),
    "others": lambda self, decide: [_other(self, decide) for _ in range(decide.randrange(3))],
    "lefts": lambda self, decide: [
        Left(decide.randrange(_COUNT), self.chance) for _ in range(decide.randrange(4))
    ],
    "params": lambda _, __: SimpleNamespace(meals=3),
}


@dataclass(frozen=True)
class Together(FieldSource):
    """Read for many objects at once; for some of them it fails."""

    async def many(
        self, values: Sequence[Any], _context: GraphContext, given: Mapping[str, Any]
    ) -> Sequence[Any]:
        """Read them all."""
        await asyncio.sleep(0)
        return [_outcome(value, self) for value in values]

    def reader(self, name: str) -> Reader:
        """Read one."""

        async def read(value: Any, _context: GraphContext, _given: Mapping[str, Any]) -> Any:
            await asyncio.sleep(0)
            found = _outcome(value, self)
            if isinstance(found, Exception):
                raise found
            return found

        return read

    kind: str = "string"


def _outcome(value: Faulty, source: Together) -> Any:
    try:
        found = value.pick(f"together {source.kind}", value.good(source.kind))
    except Exception as error:  # noqa: BLE001 - because it is this object's
        return error
    # What is awaited twice would differ between the two ways of reading.
    return "late" if isinstance(found, Late) else found


class _Upper(FieldExtension):
    """An extension that the engine knows nothing about."""

    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        found = next_(source, info, **kwargs)
        return found.upper() if isinstance(found, str) else found


def _computed(root: strawberry.Parent[Faulty], info: GraphInfo, times: int = 1) -> str | None:
    if times < 0:
        raise GraphQLError("negative", extensions={"code": "BAD_USER_INPUT"})
    path = ".".join(map(str, info._raw_info.path.as_list()))
    return root.pick("computed", f"{info.field_name} {path}" * times)


def _required(root: strawberry.Parent[Faulty], times: int) -> str:
    return root.pick("required", "x" * times)


async def _awaited(root: strawberry.Parent[Faulty]) -> str | None:
    await asyncio.sleep(0)
    return root.pick("awaited", "awaited")


async def _required_late(root: strawberry.Parent[Faulty]) -> str:
    await asyncio.sleep(0)
    return root.pick("required late", "required")


async def _left_late(root: strawberry.Parent[Faulty]) -> Optional["LeftType"]:
    await asyncio.sleep(0)
    return root.pick("left late", root.good("left"))


async def _lefts_late(root: strawberry.Parent[Faulty]) -> list["LeftType"]:
    await asyncio.sleep(0)
    return root.pick("lefts late", root.good("lefts"))


def _awaitables(root: strawberry.Parent[Faulty]) -> list[str | None] | None:
    return [Late(partial(root.pick, f"awaitable {number}", "item")) for number in range(2)]


def _resolve(value: Any, _info: Any, _type: Any) -> Any:
    if isinstance(value, Faulty):
        return value.pick("type", type(value).__name__)
    return None


@strawberry.interface
class Node:
    """What both types have."""

    resolve_type = staticmethod(_resolve)

    id: strawberry.ID = field(Attribute("id_own"), description="x")
    label: Text = field(Localized("text_label"), description="x")
    note: Text | None = field(Localized("text_note"), description="x")
    plain: str | None = field(Attribute("string_plain"), description="x")


@declares(Left, description="x", name="Left")
class LeftType(Node):
    """Every kind of field."""

    string: str = field(Attribute("string_own"), description="x")
    maybe_string: str | None = field(Attribute("string_maybe"), description="x")
    whole: int = field(Attribute("int_own"), description="x")
    maybe_whole: int | None = field(Attribute("int_maybe"), description="x")
    real: float | None = field(Attribute("float_own"), description="x")
    flag: bool | None = field(Attribute("flag_own"), description="x")
    sure: bool = field(Attribute("flag_sure"), description="x")
    colour: Colour = field(Attribute("colour_own"), description="x")
    maybe_colour: Colour | None = field(Attribute("colour_maybe"), description="x")
    instant: datetime | None = field(Attribute("instant_own"), description="x")
    amount: Decimal = field(Attribute("amount_own"), description="x")
    anything: JSON | None = field(Attribute("json_own"), description="x")
    texts: list[Text] = field(Localized("texts_own"), description="x")
    words: list[str] | None = field(Attribute("words_own"), description="x")
    maybe_words: list[str | None] = field(Attribute("words_maybe"), description="x")
    grid: list[list[int]] | None = field(Attribute("grid_own"), description="x")
    maybe_grid: list[list[int | None] | None] = field(Attribute("grid_maybe"), description="x")
    meals: int | None = field(Param(), description="x")
    by_code: Optional["LeftType"] = field(One("lefts", "code_left"), description="x")
    via: Text | None = field(Via(One("lefts", "code_left"), Localized("text_via")), description="x")
    by_codes: list["LeftType"] | None = field(Many("lefts", "codes_left"), description="x")
    other: Node | None = field(Attribute("other_own"), description="x")
    sure_other: Node = field(Attribute("other_sure"), description="x")
    others: list[Node] | None = field(Attribute("others_own"), description="x")
    maybe_others: list[Node | None] = field(Attribute("others_maybe"), description="x")
    left: Optional["LeftType"] = field(Attribute("left_own"), description="x")
    sure_left: "LeftType" = field(Attribute("left_sure"), description="x")
    lefts: list["LeftType"] = field(Attribute("lefts_own"), description="x")
    maybe_lefts: list[Optional["LeftType"]] | None = field(
        Attribute("lefts_maybe"), description="x"
    )
    either: Annotated["LeftType | RightType", strawberry.union("Either")] | None = field(
        Attribute("other_either"), description="x"
    )
    computed: str | None = field(Computed(_computed), description="x")
    required: str = field(Computed(_required), description="x")
    awaited: str | None = field(Computed(_awaited), description="x")
    required_late: str = field(Computed(_required_late), description="x")
    left_late: Optional["LeftType"] = field(Computed(_left_late), description="x")
    lefts_late: list["LeftType"] = field(Computed(_lefts_late), description="x")
    awaitables: list[str | None] | None = field(Computed(_awaitables), description="x")
    together: str | None = field(Together(), description="x")
    sure_together: str = field(Together(), description="x")
    left_together: Optional["LeftType"] = field(Together("left"), description="x")
    lefts_together: list["LeftType"] = field(Together("lefts"), description="x")

    @strawberry.field(extensions=[_Upper()])
    def shouted(self, root: strawberry.Parent[Faulty], word: str = "quiet") -> str | None:
        return root.pick("shouted", word)


@declares(Right, description="x", name="Right")
class RightType(Node):
    """The other type."""

    string: str | None = field(Attribute("string_own"), description="x")
    sure: bool = field(Attribute("flag_sure"), description="x")
    left: LeftType | None = field(Attribute("left_own"), description="x")
    lefts: list[LeftType] = field(Attribute("lefts_own"), description="x")
    plugged: str | None = field(Attribute("string_plugged"), description="x")
    threaded: str | None = field(Computed(_awaited), description="x")


def _guard(name: str) -> None:
    for each in RightType.__strawberry_definition__.fields:
        if each.python_name == name:
            each.extensions = [PluginField("plug", "register_types", Bulkhead(), seconds=5.0)]


_guard("plugged")
_guard("threaded")


def _root_left(number: int = 0, chance: float = 0.0) -> LeftType | None:
    found: Any = Left(number, chance)
    return found


def _root_sure(number: int = 0, chance: float = 0.0) -> LeftType:
    found: Any = Left(number, chance)
    return found


def _root_nodes(numbers: list[int], chance: float = 0.0) -> list[Node] | None:
    found: Any = [(Left, Right)[number % 2](number, chance) for number in numbers]
    return found


async def _root_late(number: int = 0, chance: float = 0.0) -> LeftType | None:
    await asyncio.sleep(0)
    found: Any = Left(number, chance).pick("root late", Left(number, chance))
    return found


@strawberry.type
class Query:
    """What is asked."""

    left: LeftType | None = field(Computed(_root_left), description="x")
    sure: LeftType = field(Computed(_root_sure), description="x")
    nodes: list[Node] | None = field(Computed(_root_nodes), description="x")
    late: LeftType | None = field(Computed(_root_late), description="x")


async def _change(info: GraphInfo, number: int, chance: float = 0.0) -> LeftType | None:
    info.context.kept.setdefault("changes", []).append(("begun", number))
    await asyncio.sleep(0)
    info.context.kept["changes"].append(("done", number))
    found: Any = Left(number, chance).pick("change", Left(number, chance))
    return found


def _must_change(info: GraphInfo, number: int, chance: float = 0.0) -> LeftType:
    info.context.kept.setdefault("changes", []).append(("must", number))
    found: Any = Left(number, chance).pick("must change", Left(number, chance))
    return found


@strawberry.type
class Mutation:
    """What is done."""

    change: LeftType | None = field(Computed(_change), description="x")
    must_change: LeftType = field(Computed(_must_change), description="x")


def faulty_schema(extensions: Iterable[Any] = ()) -> strawberry.Schema:
    """Return the schema."""

    class Quiet(strawberry.Schema):
        def process_errors(self, errors: Any, execution_context: Any = None) -> None:
            """Log nothing."""

    return Quiet(
        Query,
        Mutation,
        types=[LeftType, RightType],
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def context_of(chance: float, language: Language = Language.EN) -> GraphContext:
    """Return a context whose catalogue has objects of this chance of faults."""
    lefts = {str(number): Left(number, chance) for number in range(_COUNT - 2)}
    catalogue: Any = SimpleNamespace(lefts=lefts)
    return GraphContext(catalogue=catalogue, language=language)
