"""Operations made at random for a schema: variables, directives, fragments, aliases, mistakes.

A generator of our own, because one that draws arguments blindly gets nothing but nulls out of a
graph whose objects are found by their codes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

__all__ = ["Generated", "Generator", "Values"]

Values = Callable[[random.Random, str, str], Any]
"""A value for a leaf of an input: of the coordinate (``Query.base.code``) and the type's name."""


@dataclass(frozen=True)
class Generated:
    """An operation and the variables to send with it."""

    text: str
    variables: dict[str, Any]


@dataclass
class _Document:
    """An operation while it is made."""

    names: int = 0
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Type and text by name."""

    def name(self, prefix: str) -> str:
        """Return a name that is not taken."""
        self.names += 1
        return f"{prefix}{self.names}"


class Generator:
    """Makes operations for a schema.

    Args:
        schema: to make them for.
        values: gives values of arguments that find something.
        depth: how deep they go.
        width: how many fields of one object are asked for at most.

    """

    def __init__(
        self, schema: GraphQLSchema, values: Values, *, depth: int = 6, width: int = 5
    ) -> None:
        self._schema, self._values, self._depth, self._width = schema, values, depth, width
        self._random = random.Random()
        self._document = _Document()

    def make(self, seed: int, *, roots: Sequence[str] = (), kind: str = "query") -> Generated:
        """Return the operation of a seed; ``roots`` limits the fields of the root."""
        self._random, self._document = random.Random(seed), _Document()
        root = self._schema.query_type if kind == "query" else self._schema.mutation_type
        assert root is not None
        selection = self._selection(root, self._depth, only=roots)
        document = self._document
        head = f"({', '.join(document.definitions)})" if document.definitions else ""
        name = self._random.choice(["", "Named"]) if not head else "Named"
        texts = [f"{kind} {name}{head} {selection}"]
        texts += [
            f"fragment {key} on {on} {text}" for key, (on, text) in document.fragments.items()
        ]
        self._random.shuffle(texts)
        return Generated("\n".join(texts), document.variables)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _selection(self, type_: Any, depth: int, *, only: Sequence[str] = ()) -> str:
        parts: list[str] = []
        if isinstance(type_, GraphQLUnionType):
            names: list[str] = []
        else:
            names = [
                name
                for name, each in type_.fields.items()
                if (not only or name in only)
                and (depth > 1 or is_leaf_type(get_named_type(each.type)))
            ]
            picked = self._random.sample(
                names, min(len(names), self._random.randint(1, self._width))
            )
            parts += [self._field(type_, name, depth) for name in picked]
            if picked and self._chance(0.15):
                # The same field again, to be merged.
                parts.append(self._field(type_, self._random.choice(picked), depth, plain=True))
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            possible = self._schema.get_possible_types(type_)
            for each in self._random.sample(possible, min(len(possible), 2)):
                parts.append(
                    f"... on {each.name}{self._directive()} {self._selection(each, depth)}"
                )
        elif not only and self._chance(0.1):
            parts.append(
                f"...{self._directive()} {self._selection(type_, depth - 1)}"
                if depth > 1
                else "__typename"
            )
        if self._chance(0.15) or not parts:
            parts.append(self._random.choice(["__typename", "t: __typename"]))
        self._random.shuffle(parts)
        text = "{ " + " ".join(parts) + " }"
        if self._chance(0.12):
            name = self._document.name("F")
            self._document.fragments[name] = (type_.name, text)
            spread = f"...{name}{self._directive()}"
            return "{ " + " ".join([spread] * self._random.randint(1, 2) + ["__typename"]) + " }"
        return text

    def _field(self, type_: Any, name: str, depth: int, *, plain: bool = False) -> str:
        declared: GraphQLField = type_.fields[name]
        coordinate = f"{type_.name}.{name}"
        given = {
            key: argument
            for key, argument in declared.args.items()
            if is_required_argument(argument) or (not plain and self._chance(0.25))
        }
        texts = [
            f"{key}: {self._argument(argument.type, f'{coordinate}.{key}')}"
            for key, argument in given.items()
        ]
        alias = ""
        # Two fields under one key must be the same, which those with arguments rarely are; and
        # types may have different fields of one name.
        if texts or depth < self._depth or (not plain and self._chance(0.1)):
            alias = f"{self._document.name('a')}: " if texts or self._chance(0.5) else ""
        arguments = f"({', '.join(texts)})" if texts else ""
        below = get_named_type(declared.type)
        selection = "" if is_leaf_type(below) else f" {self._selection(below, depth - 1)}"
        return f"{alias}{name}{arguments}{self._directive()}{selection}"

    def _directive(self) -> str:
        if not self._chance(0.08):
            return ""
        name = self._random.choice(["skip", "include"])
        if self._chance(0.5):
            return f" @{name}(if: {self._random.choice(['true', 'false'])})"
        variable = self._document.name("c")
        default = self._random.choice(["", " = true", " = false"])
        self._document.definitions.append(f"${variable}: Boolean!{default}")
        if not default or self._chance(0.5):
            self._document.variables[variable] = self._chance(0.7)
        return f" @{name}(if: ${variable})"

    # Arguments

    def _argument(self, type_: Any, coordinate: str) -> str:
        if not self._chance(0.4):
            return _literal(self._input(type_, coordinate))
        variable = self._document.name("v")
        default = ""
        if self._chance(0.3):
            literal = _literal(self._input(type_, coordinate, required=True))
            # A file stands in no text: with one as its default an operation is not valid.
            default = "" if _takes_files(type_) else f" = {literal}"
        self._document.definitions.append(f"${variable}: {type_}{default}")
        if default or not is_non_null_type(type_):
            if self._chance(0.7):
                self._document.variables[variable] = _plain(self._input(type_, coordinate))
        else:
            self._document.variables[variable] = _plain(self._input(type_, coordinate))
        return f"${variable}"

    def _input(self, type_: Any, coordinate: str, *, required: bool = False) -> Any:
        if is_non_null_type(type_):
            return self._input(type_.of_type, coordinate, required=True)
        if not required and self._chance(0.1):
            return None
        if is_list_type(type_):
            return [
                self._input(type_.of_type, coordinate) for _ in range(self._random.randint(0, 3))
            ]
        if isinstance(type_, GraphQLInputObjectType):
            return {
                key: self._input(each.type, f"{type_.name}.{key}")
                for key, each in type_.fields.items()
                if is_required_input_field(each) or self._chance(0.25)
            }
        if isinstance(type_, GraphQLEnumType):
            return _Name(self._random.choice(list(type_.values)))
        return self._values(self._random, coordinate, type_.name)


def _takes_files(type_: Any) -> bool:
    named: GraphQLNamedType = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return any(get_named_type(each.type).name == "Upload" for each in named.fields.values())
    return named.name == "Upload"


class _Name(str):
    """The name of a member of an enumeration."""

    __slots__ = ()


def _literal(value: Any) -> str:
    if isinstance(value, _Name):
        return str(value)
    if isinstance(value, dict):
        parts = (f"{key}: {_literal(each)}" for key, each in value.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, _Name) else value
