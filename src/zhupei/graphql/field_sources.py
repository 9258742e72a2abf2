"""Where the value of a field comes from: an attribute, a text, a relation, a function."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache, partial
from operator import attrgetter
from typing import Annotated, Any, ClassVar

import strawberry
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.fields.resolver import StrawberryResolver

from zhupei.domain.text import Language, Text
from zhupei.graphql.context import GraphContext
from zhupei.graphql.inline import Code

__all__ = [
    "Attribute",
    "Computed",
    "FieldSource",
    "Localized",
    "Many",
    "OfRows",
    "One",
    "Param",
    "Reader",
    "Via",
    "is_settled",
]

Reader = Callable[[Any, GraphContext, Mapping[str, Any]], Any]
"""How a source is read: of a domain object, in a context, with the field's arguments."""


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


@dataclasses.dataclass(frozen=True)
class OfRows(Computed):
    """A function that follows from who asks, the plugins that are loaded, and rows (`is_noted`).

    It reads rows by statements that are noted, with the columns that it looks at.
    """

    is_noted: ClassVar[bool] = True


def is_settled(source: FieldSource) -> bool:
    """Return whether a source is settled, and says so itself rather than a parent's reader."""
    for each in type(source).__mro__:
        if "settled" in vars(each):
            return source.settled
        if "reader" in vars(each):
            break
    return False


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
