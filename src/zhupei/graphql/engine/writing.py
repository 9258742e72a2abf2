"""Writing: a unit of a plan becomes the Python function that completes its values.

The function of a unit goes down through objects and lists in one body, so that an object costs a
few bytecodes for each field and no call. Every name that it uses is a constant of the plan, is
made once for a run, or is its own::

    def make(run):
        o1 = run.once(k1, s1)                    # the language, an index of the catalogue
        def unit(value, above, i0):
            x2 = value.source                    # a field that may be null
            ...
            return k5(value.code, x3)            # an object of the answer
        return unit

A value that is not as its type says raises: `zhupei.graphql.engine.running` knows what then comes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from graphql import GraphQLObjectType, is_abstract_type, is_list_type, is_non_null_type
from zhupei.db.tables import View
from zhupei.graphql.answers import Place, Slot, shape
from zhupei.graphql.engine.plans import Plan, Unit
from zhupei.graphql.inline import Bound
from zhupei.graphql.kept_parts import Part
from zhupei.graphql.leaves import IrregularError, at_hand, leaf, listed
from zhupei.graphql.readings import Reading
from zhupei.graphql.sites import Anchor, Runs, Site
from zhupei.graphql.sources import IsOneOf, writer_of

__all__ = ["NAMES", "Where", "Writer"]

# Python allows twenty blocks inside one another; deeper values get a function of their own.
_DEEPEST = 8

# How fields are read that are not read by an expression: see `Run.tools`.
_TOOLS = {Reading.CALLED: "call", Reading.INTERPRETED: "interpret"}
NAMES: Mapping[str, Any] = {"Slot": Slot, "Irregular": IrregularError, "listed": listed}
"""What the text of a unit uses."""


class Where(NamedTuple):
    """Where a value is: its site and place, the indexes of lists, what to null, how deep.

    Lists there hold rows of ``view``, where that is known.
    """

    site: Site
    place: Place
    indexes: tuple[str, ...]
    above: str
    depth: int
    view: View | None = None

    @property
    def tuple(self) -> str:
        """The indexes as an expression."""
        return f"({''.join(f'{index}, ' for index in self.indexes)})"


class Writer:
    """Writes one unit."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.constants: dict[str, Any] = {}
        self._known: dict[int, str] = {}
        self._once: list[str] = []
        self._lines: list[str] = []
        self._indent = 2
        self._numbers = itertools.count()

    def unit(self, unit: Unit) -> str:
        """Return the text of a unit."""
        anchor, type_ = unit.anchor, unit.anchor.type
        site, place = anchor.site, anchor.place
        indexes = tuple(f"i{at}" for at in range(place.depth))
        view = site.view if place is site.place else None
        where = Where(site, place, indexes, "above", 0, view)
        if unit.reads:
            answer = self.field(site, "value", where._replace(view=None))
        elif unit.part is not None and isinstance(type_, GraphQLObjectType):
            answer = self._object(type_, "value", where, site.selection(type_).of(unit.part))
        else:
            answer = self._value(type_, "value", where, held=True)
        head = [
            "def make(run):",
            "  units, keep, call, interpret, info = run.tools",
        ]
        function = f"  def unit(value, above{_more(where)}):"
        body = [*self._lines, f"    return {answer}", "  return unit"]
        return "\n".join([*head, *self._once, function, *body]) + "\n"

    # Names

    def constant(self, value: object) -> str:
        """Return the name of a value that never changes."""
        name = self._known.get(id(value))
        if name is None:
            name = self._known[id(value)] = f"k{next(self._numbers)}"
            self.constants[name] = value
        return name

    def scratch(self) -> str:
        """Return the name of a variable."""
        return f"x{next(self._numbers)}"

    def once(self, expression: str) -> str:
        """Return the name of what is made once for a run."""
        name = f"o{next(self._numbers)}"
        self._once.append(f"  {name} = {expression}")
        return name

    # Lines

    def _line(self, text: str) -> None:
        self._lines.append(f"{'  ' * self._indent}{text}")

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._line(head)
        self._indent += 1
        yield
        self._indent -= 1

    def function(self, parameters: str, answer: Callable[[], str]) -> str:
        """Write a function of its own, made once for a run; return its name."""
        name, lines, indent = self.scratch(), self._lines, self._indent
        self._lines, self._indent = [], 1
        with self._block(f"def {name}({parameters}):"):
            self._line(f"return {answer()}")
        self._once += self._lines
        self._lines, self._indent = lines, indent
        return name

    # Objects and their fields

    def _object(
        self, type_: GraphQLObjectType, value: str, where: Where, runs: Runs | None = None
    ) -> str:
        """Write an object that is there, field by field; return the expression that makes it."""
        self._check(type_, value, where)
        sites, parts = self.plan.fields(where.site, type_), []
        runs = runs or [(site, None) for site in sites]
        sites = tuple([site for site, _ in runs])
        for site, run in runs:
            at = where._replace(site=site, place=site.place)
            if run is not None:
                parts.append(self._part(type_, value, where, run))
            elif site.is_column:
                parts.append(at_hand(site.batch, site.field.type, value, _SiteCode(self, site)))
            else:
                parts.append(self.field(site, value, at))
        made = f"{self.shape(sites)}({', '.join(parts)})"
        columns = [(number, site) for number, site in enumerate(sites) if site.is_column]
        if not columns:
            return made
        made = self.kept(made)
        for number, site in columns:
            later = self.once(f"run.waiting.column({self.constant(site)}, 'f{number}')")
            cell = ", ".join((made, value, where.above, *where.indexes))
            with self._block(f"if {made}.f{number} is None:"):
                self._line(f"{later}(({cell}))")
        return made

    def shape(self, sites: tuple[Site, ...]) -> str:
        """Return the name of the class of objects with these fields."""
        return self.constant(shape(tuple(site.key for site in sites)))

    def field(self, site: Site, value: str, where: Where) -> str:
        """Write how a field is read and completed; return the expression of what it holds."""
        if site.reading is Reading.TYPENAME:
            return repr(site.parent.name)
        if site.reading is Reading.BATCHED:
            later = self.once(f"run.waiting.later({self.constant(site)})")
            return self.kept(f"{later}({value}, {_rest(where)})")
        tool = _TOOLS.get(site.reading)
        if tool is not None:
            return self.kept(f"{tool}({self.constant(site)}, {value}, {_rest(where)})")
        expression = self._read(site, value, where)
        completed = leaf(site.field.type, expression, self)
        if completed is not None:
            return completed
        return self._value(site.field.type, self.kept(expression), where)

    def kept(self, expression: str) -> str:
        """Write an assignment; return the name of what holds the value."""
        name = self.scratch()
        self._line(f"{name} = {expression}")
        return name

    # Values

    def _value(self, type_: Any, value: str, where: Where, *, held: bool = False) -> str:
        """Write how the variable ``value`` is completed; return the expression of the outcome.

        ``held`` tells that what is above it is its own slot, where it needs one.
        """
        completed = leaf(type_, value, self)
        if completed is not None:
            return completed
        required = is_non_null_type(type_)
        if not (held or required) and where.site.may_null(type_):
            # Something below comes later, and may turn this to null.
            anchor = self.constant(Anchor(where.site, type_, where.place))
            slot = self.kept(f"Slot({anchor}, {where.tuple}, {where.above})")
            inside = self._value(type_, value, where._replace(above=slot), held=True)
            return self.kept(f"{slot}.kept({inside})")
        if where.depth >= _DEEPEST:
            unit = self.plan.unit(Anchor(where.site, type_, where.place))
            return self.kept(f"units[{unit.number}]({value}, {where.above}{_more(where)})")
        if required:
            with self._block(f"if {value} is None:"):
                self._line("raise Irregular")
            return self._present(type_.of_type, value, where)
        out = self.scratch()
        with self._block(f"if {value} is None:"):
            self._line(f"{out} = None")
        with self._block("else:"):
            inside = self._present(type_, value, where._replace(depth=where.depth + 1))
            self._line(f"{out} = {inside}")
        return out

    def _present(self, type_: Any, value: str, where: Where) -> str:
        if is_list_type(type_):
            return self._list(type_.of_type, value, where)
        if is_abstract_type(type_):
            return self._abstract(type_, value, where)
        part, held = where.site.part(type_), where.site.part(type_, held=True)
        if part is not None:
            return self._part(type_, value, where, part)
        if held is None:
            return self._object(type_, value, where)
        # Its JSON is kept as long as hooks answer the same.
        anchor = self.constant(Anchor(where.site, type_, where.place))
        known = self.once(f"run.parts.told_at({anchor}, {self.constant(held)})")
        note = self.once(f"run.parts.noting({known})")
        out = self.kept(f"{known}.get(id({value})) if {known} else None")
        with self._block(f"if {out} is None:"):
            runs = where.site.selection(type_).runs
            self._line(f"{out} = {self._object(type_, value, where, runs)}")
            with self._block(f"if {note}:"):
                self._line(f"{note}(({value}, {out}))")
        return out

    def _part(self, type_: GraphQLObjectType, value: str, where: Where, part: Part) -> str:
        """Write how a part is found, and made where it is not kept."""
        unit = self.plan.unit(Anchor(where.site, type_, where.place), part)
        kept = self.once(f"run.parts.at({self.constant(unit)}, {self.constant(part)})")
        made = f"keep({kept}, {unit.number}, {value}, {where.above}{_more(where)})"
        return self.kept(f"{kept}.get(id({value})) or {made}")

    def _list(self, type_: Any, value: str, where: Where) -> str:
        items, item = self.scratch(), self.scratch()
        self._line(f"{items} = []")
        with self._block(f"for {item} in listed({value}):"):
            # The index of an item is the number of those before it.
            where = where._replace(
                place=where.place.item,
                view=None,
                indexes=(*where.indexes, f"len({items})"),
                depth=where.depth + 1,
            )
            self._line(f"{items}.append({self._value(type_, item, where)})")
        return items

    def _abstract(self, type_: Any, value: str, where: Where) -> str:
        about = ", ".join(map(self.constant, (where.site, type_, where.place)))
        resolve = self.once(f"run.types({about})")
        return self.kept(f"{resolve}({value})({value}, {where.above}{_more(where)})")

    def _check(self, type_: GraphQLObjectType, value: str, where: Where) -> None:
        """Write the question whether the value is of its type."""
        test = type_.is_type_of
        if test is None:
            return
        if isinstance(test, IsOneOf):
            classes = self.constant(test.described)
            exact = " and ".join(
                f"type({value}) is not {self.constant(each)}" for each in test.described
            )
            question = f"{exact} and not isinstance({value}, {classes})"
        else:
            about = self.once(f"run.core.raw_info({self.constant(where.site)})")
            question = f"{self.constant(test)}({value}, {about}) is not True"
        with self._block(f"if {question}:"):
            self._line("raise Irregular")

    # Reading

    def _read(self, site: Site, value: str, where: Where) -> str:
        if site.reading is Reading.FUNCTION:
            return self._called(site, value, where)
        made = site.declared
        if site.source is None:
            default = self.constant(made.default_resolver)
            return f"{default}({value}, {made.python_name!r})"
        code = _SiteCode(self, site)
        return writer_of(site.source)(site.source, made.python_name, value, code)

    def _called(self, site: Site, value: str, where: Where) -> str:
        """Return the call of a field's own function."""
        resolver = site.declared.base_resolver
        assert resolver is not None  # noqa: S101 - it is what makes it a function
        given = [value] if resolver.self_parameter is not None else []
        # A parameter named `root` whose type is `Parent` is both.
        named = {
            parameter.name
            for parameter in (resolver.parent_parameter, resolver.root_parameter)
            if parameter is not None
        }
        given += [f"{name}={value}" for name in sorted(named)]
        if resolver.info_parameter is not None:
            about = f"info({self.constant(site)}, {where.tuple})"
            given.append(f"{resolver.info_parameter.name}={about}")
        if site.field.args:
            given.append(f"**{_SiteCode(self, site).reader(lambda _, given: lambda: given)}()")
        return f"{self.constant(resolver.wrapped_func)}({', '.join(given)})"


class _SiteCode:
    """What a source may ask for while it writes the expression of one field."""

    def __init__(self, writer: Writer, site: Site) -> None:
        self._writer, self._site = writer, site

    def constant(self, value: object) -> str:
        """Return the name of a value that never changes."""
        return self._writer.constant(value)

    def scratch(self) -> str:
        """Return the name of a variable."""
        return self._writer.scratch()

    def once(self, make: Bound) -> str:
        """Return the name of a value that is made once in a run."""
        return self._writer.once(f"run.once({self.constant(self._site)}, {self.constant(make)})")

    def reader(self, make: Bound) -> str:
        """Return the name of a function that is made once in a run."""
        return self._writer.once(f"run.reader({self.constant(self._site)}, {self.constant(make)})")


def _more(where: Where) -> str:
    """Return the indexes as further arguments or parameters."""
    return "".join(f", {index}" for index in where.indexes)


def _rest(where: Where) -> str:
    return f"{where.above}, {where.tuple}"
