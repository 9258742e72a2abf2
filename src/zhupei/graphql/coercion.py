"""Coercion: how the arguments of a field, and variables, are read, worked out once.

What is worked out covers what is right. Anything else raises `UnusualError`, and is then read by
graphql-core and strawberry, which say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING as _MISSING
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any

from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.utilities.coerce_input_value import (
    coerce_default_value,
    coerce_input_literal,
    coerce_input_value,
)
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UnsetType

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    UndefinedType,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    visit,
)

__all__ = [
    "Read",
    "UnusualError",
    "reader_of_arguments",
    "reader_of_variables",
    "variables_in",
]

_Given = Mapping[str, Any]
Read = Callable[[_Given], Any]
"""Reads a value, given those of variables; `graphql.Undefined` where there is none."""

# What consists of these is the same object in every run; a list could be changed by a function.
_IMMUTABLE = (date, Decimal, Enum, float, int, NoneType, str, UnsetType)


class UnusualError(Exception):
    """A value is not right, or not of a kind that is worked out here."""


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def variables_in(*nodes: Any) -> frozenset[str]:
    """Return the names of the variables in some nodes."""
    found = _Variables()
    for node in nodes:
        visit(node, found)
    return frozenset(found.names)


def reader_of_variables(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
) -> Read:
    """Return what coerces the values that a request gives for variables."""
    steps: list[tuple[str, Read]] = []
    for node in definitions:
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            return _unusual
        steps.append((signature.name, _variable(signature)))

    def read(given: _Given) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, step in steps:
            value = step(given)
            if value is not Undefined:
                found[name] = value
        return found

    return read


def _variable(signature: GraphQLVariableSignature) -> Read:
    name, default = signature.name, coerce_default_value(signature)
    required = is_non_null_type(signature.type)
    type_: Any = signature.type
    if required:
        type_ = type_.of_type
    # Lists and objects may be nested too deeply, which graphql-core looks after.
    coerce = _leaf(type_) if is_leaf_type(type_) else _unusual

    def read(given: _Given) -> Any:
        value = given.get(name, Undefined)
        if value is Undefined:
            if default is Undefined and required:
                raise UnusualError
            return default
        if value is not None:
            return coerce(value)
        if required:
            raise UnusualError
        return None

    return read


def _leaf(type_: Any) -> Callable[[Any], Any]:
    def coerce(value: Any) -> Any:
        found = coerce_input_value(value, type_)
        if found is Undefined:
            raise UnusualError
        return found

    return coerce


def _unusual(_given: _Given) -> Any:
    raise UnusualError


def reader_of_arguments(
    declared: GraphQLField, node: FieldNode, arguments: Sequence[StrawberryArgument], config: Any
) -> Read:
    """Return what reads the arguments of a field by the names of its Python parameters.

    Where they are the same in every run, so is the object that is returned.
    """
    given = {each.name.value: each.value for each in node.arguments or ()}
    same: dict[str, Any] = {}
    rest: list[tuple[str, Read]] = []
    try:
        for argument in arguments:
            name = config.name_converter.from_argument(argument)
            convert = _converter(argument.type, config)
            part = _input(given.get(name), declared.args[name], convert, config)
            varies = name in given and bool(variables_in(given[name]))
            _add(argument.python_name, part, varies, same, rest)
    except UnusualError:
        return _unusual
    return _put_together(same, rest) if rest else lambda _: same


def _input(node: ValueNode | None, declared: Any, convert: Any, config: Any) -> Read:
    """Return what reads an argument or a field of an input object."""
    if declared.out_name is not None:
        raise UnusualError
    default, required = coerce_default_value(declared), is_non_null_type(declared.type)

    def absent(_given: _Given) -> Any:
        if default is not Undefined:
            return convert(default)
        if required:
            raise UnusualError
        return Undefined

    if node is None:
        return absent
    if not isinstance(node, VariableNode):
        return _literal(node, declared.type, convert, config)
    name = node.name.value

    def read(given: _Given) -> Any:
        value = given.get(name, Undefined)
        if value is Undefined:
            return absent(given)
        if value is None and required:
            raise UnusualError
        return convert(value)

    return read


def _literal(node: ValueNode, type_: Any, convert: Any, config: Any) -> Read:
    inner = type_.of_type if is_non_null_type(type_) else type_
    if not variables_in(node):
        value = coerce_input_literal(node, type_)
        if value is Undefined:
            raise UnusualError
        return lambda _: convert(value)
    if isinstance(node, ListValueNode) and is_list_type(inner):
        return _list(node, inner.of_type, convert, config)
    if not isinstance(node, ObjectValueNode) or not is_input_object_type(inner):
        raise UnusualError
    if inner.is_one_of:
        raise UnusualError
    given = {each.name.value: each.value for each in node.fields}
    same: dict[str, Any] = {}
    rest: list[tuple[str, Read]] = []
    for name, declared in inner.fields.items():
        part = _input(given.get(name), declared, _as_it_is, config)
        _add(name, part, name in given and bool(variables_in(given[name])), same, rest)
    read = _put_together(same, rest)
    return lambda values: convert(inner.out_type(read(values)))


def _add(
    name: str, part: Read, varies: bool, same: dict[str, Any], rest: list[tuple[str, Read]]
) -> None:
    """Add what is the same in every run to ``same``, and anything else to ``rest``.

    In ``same`` it has its place, too.
    """
    value = Undefined if varies else part({})
    if varies or not isinstance(value, (*_IMMUTABLE, UndefinedType)):
        rest.append((name, part))
    if varies or value is not Undefined:
        same[name] = value


def _put_together(same: dict[str, Any], rest: Sequence[tuple[str, Read]]) -> Read:
    """Return what reads values in the order of ``same``; each of ``rest`` has its place there."""

    def read(values: _Given) -> dict[str, Any]:
        found = same.copy()
        for name, part in rest:
            value = part(values)
            if value is Undefined:
                del found[name]
            else:
                found[name] = value
        return found

    return read


def _list(node: ListValueNode, type_: Any, convert: Any, config: Any) -> Read:
    """Return what reads a list that variables are in."""
    items = [
        _item(each, required=is_non_null_type(type_))
        if isinstance(each, VariableNode)
        else _literal(each, type_, _as_it_is, config)
        for each in node.values
    ]
    return lambda given: convert([item(given) for item in items])


def _item(node: VariableNode, *, required: bool) -> Read:
    name = node.name.value

    def read(given: _Given) -> Any:
        # A variable that was not given is null here.
        value = given.get(name)
        if value is None and required:
            raise UnusualError
        return value

    return read


def _as_it_is(value: Any) -> Any:
    return value


def _converter(type_: Any, config: Any) -> Callable[[Any], Any]:
    """Return what makes the Python value that strawberry makes of a coerced one."""
    if isinstance(type_, StrawberryMaybe):
        raise UnusualError
    if isinstance(type_, StrawberryOptional):
        return _converter(type_.of_type, config)
    if isinstance(type_, LazyType):
        return _converter(type_.resolve_type(), config)
    if isinstance(type_, StrawberryList):
        each = _converter(type_.of_type, config)
        return lambda value: (
            value if value is None or value is UNSET else [each(item) for item in value]
        )
    if has_object_definition(type_):
        return _object(type_, config)
    return _unusual if type_ is GlobalID else _as_it_is


def _object(type_: Any, config: Any) -> Callable[[Any], Any]:
    definition = type_.__strawberry_definition__
    if definition.from_input is not None or not definition.is_input:
        raise UnusualError
    implied = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is _MISSING and field.default_factory is _MISSING
    }
    fields: list[tuple[str, str, Callable[[Any], Any]]] = []

    def convert(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        if not fields:  # looked up late, as an input may hold another of its kind
            # All or none: one that cannot be converted here must not hide those behind it.
            fields[:] = [
                (
                    config.name_converter.from_field(field),
                    field.python_name,
                    _converter(field.resolve_type(type_definition=definition), config),
                )
                for field in definition.fields
            ]
        given = dict(implied)
        for name, python_name, each in fields:
            if name in value:
                given[python_name] = each(value[name])
        return type_(**given)

    return convert
