"""Declared sources: each field says, in its own line, where its value comes from.

A type of the graph is a declaration over a class of the domain: the graph returns the domain
object itself, and a field names an attribute of it, a localized text, a relation by code, a
connection, a hook, or a function. The declaration is kept in the field's metadata
(`source_of`), so that a compiler can read what graphql-core interprets.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache, partial
from operator import attrgetter
from typing import Annotated, Any, ClassVar, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryContainer
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.domain.text import Language, Text
from zhupei.graphql import admission_enums as _admission_enums  # noqa: F401 - as below
from zhupei.graphql import enums as _enums  # noqa: F401 - declares the domain's enumerations before a field uses one
from zhupei.graphql.context import GraphContext
from zhupei.graphql.inline import Code

__all__ = [
    "Attribute",
    "Computed",
    "FieldSource",
    "GraphInfo",
    "IsOneOf",
    "Localized",
    "Many",
    "One",
    "Param",
    "Reader",
    "SourcedField",
    "Via",
    "cost_of",
    "declares",
    "field",
    "is_settled",
    "source_of",
]

GraphInfo = strawberry.Info[GraphContext, None]
"""What a function of a `Computed` field may take as ``info``."""

Reader = Callable[[Any, GraphContext, Mapping[str, Any]], Any]
"""How a source is read: of a domain object, in a context, with the field's arguments."""

_METADATA_KEY = "zhupei.source"
_COST_KEY = "zhupei.cost"
_Class = TypeVar("_Class", bound=type[Any])


@dataclasses.dataclass(frozen=True)
class FieldSource:
    """Where the value of a field comes from."""

    stored: ClassVar[bool] = False
    """Whether the object holds the value itself, so that a plugin's own type is made with it."""
    template: ClassVar[Callable[..., None] | None] = None
    """A function whose parameters are the field's arguments."""
    owned: ClassVar[bool] = False
    """Whether the objects that it gives are the catalogue's own, the same ones each time."""
    held: ClassVar[bool] = False
    """Whether its values are the same as long as hooks answer the same (`graphql.hooks`)."""
    is_noted: ClassVar[bool] = False
    """Whether its value follows from who asks, from rows that are noted (`zhupei.noted_reads`), and
    from what a settled one follows from; what else had a say is noted, too."""

    def reader(self, name: str) -> Reader:
        """Return the function that reads the value of the field with this Python name."""
        raise NotImplementedError

    def needs(self, name: str) -> frozenset[str] | None:
        """Return which attributes of the object the field looks at; None where nobody knows.

        Objects that are rows are read with no more than what is looked at.
        """
        return None

    def arguments(self) -> list[StrawberryArgument]:
        """Return the arguments that the field takes because of its source."""
        return [] if self.template is None else list(_arguments_of(self.template))

    @property
    def settled(self) -> bool:
        """Whether the value follows from the object, catalogue, language and arguments alone.

        Then it may be kept as long as the catalogue. Where the actor, rows or a plugin has a say
        it must not be, so that a source that says nothing is not settled; nor does a class that
        has a reader of its own inherit it.
        """
        return False

    def timed(self, given: Mapping[str, Any]) -> bool:
        """Return whether the clock has a say in a settled value with these arguments.

        An argument `at` is the instant to answer for; without it, that is the present.
        """
        return any(each.python_name == "at" for each in self.arguments()) and not given.get("at")

    def inline(self, name: str, value: str, code: Code) -> str:
        """Return the expression that reads the field of the object named ``value``.

        It says what `reader` does; sources whose reading is an attribute or a lookup write that
        instead of a call.
        """
        read = self.reader(name)
        bound = code.reader(lambda context, given: lambda of: read(of, context, given))
        return f"{bound}({value})"


@dataclasses.dataclass(frozen=True)
class Attribute(FieldSource):
    """An attribute of the domain object; without ``name`` the one named like the field.

    ``name`` may be a path (``amount.minimum``). ``ordered`` sorts a set, whose order would
    otherwise differ from process to process. ``optional`` answers null for an object without
    the attribute, where a type describes several classes.
    """

    name: str | None = None
    ordered: bool = False
    optional: bool = False

    stored: ClassVar[bool] = True
    owned: ClassVar[bool] = True

    @property
    def settled(self) -> bool:
        """True: what the graph describes does not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Read the attribute."""
        get = attrgetter(self.name or name)
        if self.optional:
            wanted = self.name or name
            return lambda value, _context, _arguments: getattr(value, wanted, None)
        if self.ordered:
            return lambda value, _context, _arguments: sorted(get(value))
        return lambda value, _context, _arguments: get(value)

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write the attribute out."""
        path = self.name or name
        if self.optional:
            return f"getattr({value}, {path!r}, None)"
        return f"sorted({value}.{path})" if self.ordered else f"{value}.{path}"

    def needs(self, name: str) -> frozenset[str]:
        """Return the first step of the path."""
        return _first_step(self.name or name)


def _in_language(
    language: Annotated[
        Language | None,
        strawberry.argument(
            description=(
                "Language of the text (语言); the default is what `Accept-Language` prefers, "
                "else Chinese. A text without translation is given in Chinese."
            )
        ),
    ] = None,
) -> None: ...


@dataclasses.dataclass(frozen=True)
class Localized(FieldSource):
    """A `Text` of the domain object, or a sequence of them, in the language that is asked for.

    ``optional`` as for `Attribute`.
    """

    name: str | None = None
    optional: bool = False

    stored: ClassVar[bool] = True
    template: ClassVar[Callable[..., None] | None] = staticmethod(_in_language)

    @property
    def settled(self) -> bool:
        """True, of each language."""
        return True

    def reader(self, name: str) -> Reader:
        """Read the text and pick its language."""
        wanted = self.name or name
        get: Callable[[Any], Any] = attrgetter(wanted)
        if self.optional:
            get = partial(_attribute_or_none, wanted)

        def read(value: Any, context: GraphContext, arguments: Mapping[str, Any]) -> Any:
            language = arguments.get("language") or context.language
            text = get(value)
            if isinstance(text, Text):
                return text.get(language)
            if text is None or isinstance(text, str):
                return text
            return [part.get(language) for part in text]

        return read

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write the choice of the language out; for what is no `Text`, leave it to a function."""
        wanted, text = self.name or name, code.scratch()
        english = code.once(
            lambda context, given: (given.get("language") or context.language) is Language.EN
        )
        get = f"getattr({value}, {wanted!r}, None)" if self.optional else f"{value}.{wanted}"
        chosen = f"{text}.en if {english} and {text}.en is not None else {text}.zh"
        other = f"{code.constant(_without_text)}({text}, {english})"
        is_text = f"type({text} := {get}) is {code.constant(Text)}"
        return f"(({chosen}) if {is_text} else None if {text} is None else {other})"

    def needs(self, name: str) -> frozenset[str]:
        """Return the first step of the path."""
        return _first_step(self.name or name)


@dataclasses.dataclass(frozen=True)
class Param(FieldSource):
    """A parameter of the kind of a benefit, requirement, step, document or assessment.

    Null where the entry has no parameters or not this one.
    """

    name: str | None = None

    @property
    def settled(self) -> bool:
        """True: the parameters of an entry do not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Read the parameter from the validated model of the kind."""
        wanted = self.name or name
        return lambda value, _context, _arguments: getattr(
            getattr(value, "params", None), wanted, None
        )

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write the two attributes out."""
        return f"getattr(getattr({value}, 'params', None), {self.name or name!r}, None)"


@dataclasses.dataclass(frozen=True)
class One(FieldSource):
    """The object of the catalogue whose code an attribute holds; null where it holds none.

    ``to`` names the catalogue's collection (``bases``), ``by`` the attribute; without ``by`` it
    is the one named like the field. ``optional`` as for `Attribute`.
    """

    to: str
    by: str | None = None
    optional: bool = False

    owned: ClassVar[bool] = True

    @property
    def settled(self) -> bool:
        """True: a catalogue does not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Look the code up."""
        collection = attrgetter(self.to)
        wanted = self.by or name
        code: Callable[[Any], Any] = attrgetter(wanted)
        if self.optional:
            code = partial(_attribute_or_none, wanted)

        def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            key = code(value)
            return None if key is None else collection(context.catalogue).get(key)

        return read

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write the lookup out."""
        collection, wanted, key = attrgetter(self.to), self.by or name, code.scratch()
        find = code.once(lambda context, _: collection(context.catalogue).get)
        get = f"getattr({value}, {wanted!r}, None)" if self.optional else f"{value}.{wanted}"
        return f"(None if ({key} := {get}) is None else {find}({key}))"

    def needs(self, name: str) -> frozenset[str]:
        """Return the attribute that holds the code."""
        return _first_step(self.by or name)


@dataclasses.dataclass(frozen=True)
class Many(FieldSource):
    """The objects of the catalogue that belong to this one.

    ``index`` names a mapping of the catalogue from this object's code to objects
    (``bases_of_province``). Without it, the codes of the collection ``to`` that the attribute
    ``by`` (or the one named like the field) holds.
    """

    to: str | None = None
    by: str | None = None
    index: str | None = None

    owned: ClassVar[bool] = True

    @property
    def settled(self) -> bool:
        """True: a catalogue does not change."""
        return True

    def reader(self, name: str) -> Reader:
        """Look the objects up, in their order."""
        if self.index is not None:
            index = attrgetter(self.index)
            return lambda value, context, _arguments: index(context.catalogue).get(value.code, ())
        if self.to is None:
            raise TypeError(f"the relation {name} names neither a collection nor an index")
        collection, codes = attrgetter(self.to), attrgetter(self.by or name)

        def read(value: Any, context: GraphContext, _arguments: Mapping[str, Any]) -> Any:
            found = collection(context.catalogue)
            return [found[code] for code in codes(value)]

        return read

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write the lookup in an index out."""
        if self.index is None:
            return super().inline(name, value, code)
        index = attrgetter(self.index)
        return f"{code.once(lambda context, _: index(context.catalogue).get)}({value}.code, ())"


@dataclasses.dataclass(frozen=True)
class Via(FieldSource):
    """A field of the object that a relation leads to; null where it leads nowhere."""

    one: One
    then: FieldSource

    @property
    def settled(self) -> bool:
        """As the field at the end is."""
        return is_settled(self.then)

    def reader(self, name: str) -> Reader:
        """Follow the relation, then read."""
        follow, read_then = self.one.reader(name), self.then.reader(name)

        def read(value: Any, context: GraphContext, arguments: Mapping[str, Any]) -> Any:
            target = follow(value, context, {})
            return None if target is None else read_then(target, context, arguments)

        return read

    def inline(self, name: str, value: str, code: Code) -> str:
        """Write both out."""
        target = code.scratch()
        followed = self.one.inline(name, value, code)
        then = self.then.inline(name, target, code)
        return f"(None if ({target} := {followed}) is None else {then})"

    def needs(self, name: str) -> frozenset[str]:
        """Return the attribute that the relation follows."""
        return self.one.needs(name)

    def arguments(self) -> list[StrawberryArgument]:
        """Return the arguments of the field at the end."""
        return self.then.arguments()


@dataclasses.dataclass(frozen=True)
class Computed(FieldSource):
    """A function of the domain object (``root``), of ``info``, and of the field's arguments.

    For what is neither stored nor a relation. The parameters of ``function`` are the arguments
    of the field; it may be ``async``. ``settled`` says that it looks at nothing but the object,
    the catalogue, the language, its arguments, and the clock where it has an argument ``at`` that
    is not given (see `FieldSource.settled`).
    """

    function: Callable[..., Any]
    settled: bool = False

    def arguments(self) -> list[StrawberryArgument]:
        """Return the parameters of the function that are not ``root`` or ``info``."""
        return list(StrawberryResolver(self.function).arguments)


class SourcedField(StrawberryField):
    """A field of the graph that knows its declared source."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reader: Reader | None = None
        source = self._declared
        if source is not None and not source.stored:
            self.init = self.repr = self.compare = False

    @property
    def _declared(self) -> FieldSource | None:
        return self.metadata.get(_METADATA_KEY)

    @property
    def source(self) -> FieldSource:
        """The declared source; without one, a text is localized and the rest is an attribute."""
        return self._declared or (Localized() if _is_text(self.type) else Attribute())

    @property
    def is_basic_field(self) -> bool:
        """False, because a source may need the context or arguments."""
        return False

    @property
    def arguments(self) -> list[StrawberryArgument]:
        """The arguments of the source, or of the function."""
        if self._arguments is None:
            given = (
                self.base_resolver.arguments
                if self.base_resolver is not None
                else self.source.arguments()
            )
            for argument in given:
                if argument.default is None:
                    # An argument that may be left out is not printed as "= null".
                    argument.default = UNSET
            self._arguments = list(given)
        return self._arguments

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        self._arguments = value

    def get_result(
        self, source: Any, info: strawberry.Info | None, args: list[Any], kwargs: Any
    ) -> Any:
        """Read the value of the field from the domain object ``source``."""
        if self.base_resolver is not None:
            return self.base_resolver(*args, **kwargs)
        reader = self._reader
        if reader is None:
            reader = self._reader = self.source.reader(self.python_name)
        return reader(source, None if info is None else info.context, kwargs)  # type: ignore[arg-type]  # strawberry gives no info to basic fields only


def field(
    source: FieldSource | None = None,
    *,
    description: str,
    name: str | None = None,
    deprecation_reason: str | None = None,
    default: object = dataclasses.MISSING,
    cost: int | None = None,
) -> Any:
    """Declare a field of a graph type and where its value comes from.

    Args:
        source: where the value comes from; without it, the attribute named like the field, in
            the language asked for where the field's type is `Text`.
        description: what the field means, in English with the Chinese term.
        name: the name in the graph, where it is not the Python name in camelCase.
        deprecation_reason: what to use instead, and when the field goes.
        default: for a plugin's own type, the value of an instance that was made without it.
        cost: what asking for it counts, where that is more than its source is taken to cost; the
            description says it.

    """
    if cost is not None:
        description = f"{description} Costs {cost} (开销)."
    resolver = StrawberryResolver(source.function) if isinstance(source, Computed) else None
    return SourcedField(
        graphql_name=name,
        description=description,
        base_resolver=resolver,
        deprecation_reason=deprecation_reason,
        default=default,
        metadata=({} if source is None else {_METADATA_KEY: source})
        | ({} if cost is None else {_COST_KEY: cost}),
    )


def cost_of(declared: StrawberryField) -> int | None:
    """Return the declared cost of a field; None where its source decides."""
    cost: int | None = declared.metadata.get(_COST_KEY)
    return cost


def source_of(declared: StrawberryField) -> FieldSource:
    """Return the source of a field; one that was not declared here is a function or attribute."""
    if isinstance(declared, SourcedField):
        return declared.source
    if declared.base_resolver is not None:
        function: Any = declared.base_resolver.wrapped_func
        return Computed(function)
    return Attribute()


def is_settled(source: FieldSource) -> bool:
    """Return whether a source is settled, and says so itself rather than a parent's reader."""
    for each in type(source).__mro__:
        if "settled" in vars(each):
            return source.settled
        if "reader" in vars(each):
            break
    return False


@dataclasses.dataclass(frozen=True, slots=True)
class IsOneOf:
    """Tells whether a value is of a graph type, by its class alone."""

    described: tuple[type, ...]

    def __call__(self, value: object, _info: object) -> bool:
        """Return whether the value is an object of one of the classes."""
        return isinstance(value, self.described)


def declares(
    *described: type, description: str, name: str | None = None
) -> Callable[[_Class], _Class]:
    """Return the decorator of a graph type that is a declaration over these domain classes."""

    def decorate(cls: _Class) -> _Class:
        cls.is_type_of = IsOneOf(described)
        decorated: _Class = strawberry.type(cls, name=name, description=description)
        return decorated

    return decorate


@cache
def _arguments_of(template: Callable[..., None]) -> tuple[StrawberryArgument, ...]:
    return tuple(StrawberryResolver(template).arguments)


def _first_step(path: str) -> frozenset[str]:
    return frozenset({path.partition(".")[0]})


def _attribute_or_none(name: str, value: Any) -> Any:
    return getattr(value, name, None)


def _without_text(found: Any, english: bool) -> Any:
    """Return what `Localized` reads where the object holds no `Text`."""
    if found is None or isinstance(found, str):
        return found
    language = Language.EN if english else Language.ZH
    if isinstance(found, Text):
        return found.get(language)
    return [part.get(language) for part in found]


def _is_text(type_: object) -> bool:
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    return type_ is Text
