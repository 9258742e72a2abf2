"""Validators of pydantic models for data in which every scalar is text.

pydantic's own reading of text is generous: ``on`` is true, ``1.0`` and ``1_000`` are whole
numbers, ``1735689600`` is a date. Here each native type accepts one form, the one that an author
means: ``true`` and ``false``, plain decimal digits, ISO 8601 dates and times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import CoreSchema, PydanticKnownError, SchemaValidator

__all__ = ["textual_validator"]

# A leading zero is the mark of a code, which is text: 0100 is no number.
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION = re.compile(r"-?P(?=.)(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?")

# Keys of a core schema below which there are no schemas of values.
_OPAQUE = frozenset(
    {"cls", "config", "default", "expected", "members", "metadata", "serialization"}
)


@lru_cache(maxsize=64)
def textual_validator(model: type[BaseModel]) -> SchemaValidator:
    """Return a validator that makes instances of ``model`` from texts, lists and dictionaries.

    It reports what `BaseModel.model_validate` would, with the same error types and locations.
    """
    model.model_rebuild()
    schema = cast("CoreSchema", _textual(model.__pydantic_core_schema__))
    # By default the validator that pydantic built for each model class is used again in place of
    # the schema given here, and native scalars would be read in pydantic's way.
    return SchemaValidator(schema, None, _use_prebuilt=False)


def _textual(schema: Any) -> Any:
    """Return a copy of a core schema in which native scalars are read by our functions."""
    if isinstance(schema, list | tuple):
        return type(schema)(_textual(each) for each in schema)
    if not isinstance(schema, dict):
        return schema
    read = _reader(schema)
    if read is not None:
        function = {"type": "no-info", "function": read}
        return {"type": "function-before", "function": function, "schema": schema}
    return {key: value if key in _OPAQUE else _textual(value) for key, value in schema.items()}


def _reader(schema: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    kind = schema.get("type")
    if kind == "literal":
        return _chooser(schema["expected"])
    if kind == "enum":
        return _chooser([member.value for member in schema["members"]])
    return _READERS.get(kind) if isinstance(kind, str) else None


def _chooser(values: list[Any]) -> Callable[[Any], Any] | None:
    """Return a function from text to a choice that is not text, such as 1 or true."""
    by_text = {}
    for value in values:
        plain = value.value if isinstance(value, Enum) else value
        if isinstance(plain, bool):
            by_text["true" if plain else "false"] = value
        elif isinstance(plain, int):
            by_text[str(plain)] = value
    if not by_text:
        return None
    return lambda text: by_text.get(text, text) if isinstance(text, str) else text


def _integer(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _INTEGER.fullmatch(value):
        raise PydanticKnownError("int_parsing")
    return int(value)


def _float(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _DECIMAL.fullmatch(value):
        raise PydanticKnownError("float_parsing")
    return float(value)


def _decimal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _DECIMAL.fullmatch(value):
        raise PydanticKnownError("decimal_parsing")
    return Decimal(value)


def _boolean(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in {"true", "false"}:
        raise PydanticKnownError("bool_parsing")
    return value == "true"


def _iso(pattern: re.Pattern[str], error: Any, read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def reader(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if pattern.fullmatch(value):
            try:
                return read(value)
            except ValueError:
                pass
        raise PydanticKnownError(error, {"error": "not ISO 8601"})

    return reader


# A duration stays text: pydantic itself reads the one form that is let through.
_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": _boolean,
    "date": _iso(_DATE, "date_parsing", date.fromisoformat),
    "datetime": _iso(_DATETIME, "datetime_parsing", datetime.fromisoformat),
    "decimal": _decimal,
    "float": _float,
    "int": _integer,
    "time": _iso(_TIME, "time_parsing", time.fromisoformat),
    "timedelta": _iso(_DURATION, "time_delta_parsing", str),
}
