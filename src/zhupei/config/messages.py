"""What pydantic's errors mean to the author of a file, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from zhupei.config.hints import (
    date_hint,
    did_you_mean,
    flag_hint,
    list_choices,
    number_hint,
    suggest,
    whole_hint,
)
from zhupei.config.patterns import MEANINGS, pattern_hint
from zhupei.config.syntax import colon_hint
from zhupei.domain.text import Text

__all__ = ["Message", "choices_of", "describe"]


@dataclass(frozen=True, slots=True)
class Message:
    """A code, what is wrong, and what to do about it."""

    code: str
    text: Text
    hint: Text | None = None


def describe(error: Mapping[str, Any], choices: Sequence[str] = ()) -> Message:
    """Return what one entry of `pydantic.ValidationError.errors` means.

    ``choices`` are the values that the place accepts, where they are known. An error raised with
    ``zh`` and ``en`` in its context (and ``hint_zh``, ``hint_en``, where there is more to say) by
    one of our own validators speaks for itself, and its type is the code.
    """
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    if "zh" in context and "en" in context:
        hint = None
        if "hint_zh" in context:
            hint = Text(str(context["hint_zh"]), str(context.get("hint_en", context["hint_zh"])))
        return Message(kind, Text(str(context["zh"]), str(context["en"])), hint)
    value = error.get("input")
    if value is None and (kind.endswith(("_type", "_parsing")) or kind in _CHOICES):
        return _EMPTY
    said = str(error.get("msg", kind))
    message = Message("CONFIG_BAD_VALUE", Text(f"不符合要求（{kind}）：{said}", said))
    if kind in _SIMPLE:
        message = _with_hint(_SIMPLE[kind], value)
    elif kind in _LIMITS:
        message = _limit(kind, context, value)
    elif kind in _CHOICES:
        message = _choice(value, choices, str(context.get("expected", "")))
    elif kind in {"value_error", "assertion_error"}:
        message = _raised(context.get("error"))
    return message


def _message(code: str, zh: str, en: str) -> Message:
    return Message(code, Text(zh, en))


_EMPTY = Message(
    "CONFIG_EMPTY_VALUE",
    Text("值是空的", "the value is empty"),
    Text("请填写，或删除这个键", "fill it in, or delete the key"),
)
_WHOLE = _message("CONFIG_BAD_NUMBER", "应为整数，如 12", "expected a whole number, such as 12")
_NUMBER = _message(
    "CONFIG_BAD_NUMBER", "应为数字，如 7600 或 0.8", "expected a number, such as 7600 or 0.8"
)
_FLAG = _message("CONFIG_BAD_FLAG", "应为 true 或 false", "expected true or false")
_DATE = _message(
    "CONFIG_BAD_DATE", "应为日期，如 2026-06-30", "expected a date, such as 2026-06-30"
)
_DATETIME = _message(
    "CONFIG_BAD_DATE",
    "应为日期和时间，如 2026-06-30T18:00:00+08:00",
    "expected a date and time, such as 2026-06-30T18:00:00+08:00",
)
_TIME = _message("CONFIG_BAD_DATE", "应为时间，如 18:00", "expected a time, such as 18:00")
_DURATION = _message(
    "CONFIG_BAD_DATE", "应为时长，如 P7D 或 PT12H", "expected a duration, such as P7D or PT12H"
)
_STRING = _message("CONFIG_BAD_TYPE", "应为文本", "expected text")
_LIST = Message(
    "CONFIG_BAD_TYPE",
    Text("应为列表", "expected a list"),
    Text("列表的每一行以“- ”开头", 'each line of a list begins with "- "'),
)
_MAPPING = _message("CONFIG_BAD_TYPE", "应为“键: 值”", 'expected "key: value" entries')
_URL = _message(
    "CONFIG_BAD_VALUE",
    "应为网址，如 https://example.org",
    "expected a web address, such as https://example.org",
)
_UUID = _message("CONFIG_BAD_VALUE", "应为 UUID", "expected a UUID")

_SIMPLE: dict[str, Message] = {
    "missing": _message("CONFIG_MISSING_KEY", "缺少键", "missing key"),
    "missing_argument": _message("CONFIG_MISSING_KEY", "缺少键", "missing key"),
    "missing_keyword_only_argument": _message("CONFIG_MISSING_KEY", "缺少键", "missing key"),
    "extra_forbidden": _message("CONFIG_UNKNOWN_KEY", "未知的键", "unknown key"),
    "unexpected_keyword_argument": _message("CONFIG_UNKNOWN_KEY", "未知的键", "unknown key"),
    "invalid_key": _message("CONFIG_KEY", "键必须是文本", "a key must be text"),
    "none_required": _message("CONFIG_BAD_VALUE", "应留空", "expected no value"),
    "finite_number": _NUMBER,
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": _message("CONFIG_BAD_DATE", "应为过去的日期", "expected a date in the past"),
    "date_future": _message("CONFIG_BAD_DATE", "应为将来的日期", "expected a date in the future"),
    "datetime_type": _DATETIME,
    "datetime_parsing": _DATETIME,
    "datetime_from_date_parsing": _DATETIME,
    "datetime_object_invalid": _DATETIME,
    "datetime_past": _message("CONFIG_BAD_DATE", "应为过去的时间", "expected a time in the past"),
    "datetime_future": _message(
        "CONFIG_BAD_DATE", "应为将来的时间", "expected a time in the future"
    ),
    "timezone_naive": _message(
        "CONFIG_BAD_DATE", "时间不能带时区", "expected a time without an offset"
    ),
    "timezone_aware": _message(
        "CONFIG_BAD_DATE",
        "时间须带时区，如 +08:00",
        "expected a time with its offset, such as +08:00",
    ),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "string_type": _STRING,
    "string_unicode": _STRING,
    "string_not_ascii": _message(
        "CONFIG_BAD_PATTERN", "只能用英文字母、数字和半角符号", "expected ASCII characters only"
    ),
    "bytes_type": _STRING,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "deque_type": _LIST,
    "iterable_type": _LIST,
    "set_item_not_hashable": _message(
        "CONFIG_BAD_TYPE", "列表项应为文本", "expected a list of texts"
    ),
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "frozen_dict_type": _MAPPING,
    "ordered_dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dataclass_type": _MAPPING,
    "named_tuple_type": _MAPPING,
    "arguments_type": _MAPPING,
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_scheme": _URL,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "recursion_loop": _message("CONFIG_TOO_DEEP", "嵌套过深", "nested too deep"),
    "recursion_depth_exceeded": _message("CONFIG_TOO_DEEP", "嵌套过深", "nested too deep"),
}

# Type: code, Chinese and English with the names of pydantic's context.
_LIMITS: dict[str, tuple[str, str, str]] = {
    "greater_than": ("CONFIG_BAD_RANGE", "应大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": ("CONFIG_BAD_RANGE", "不得小于 {ge}", "must be at least {ge}"),
    "less_than": ("CONFIG_BAD_RANGE", "应小于 {lt}", "must be less than {lt}"),
    "less_than_equal": ("CONFIG_BAD_RANGE", "不得大于 {le}", "must be at most {le}"),
    "multiple_of": (
        "CONFIG_BAD_RANGE",
        "应为 {multiple_of} 的倍数",
        "must be a multiple of {multiple_of}",
    ),
    "decimal_max_digits": (
        "CONFIG_BAD_RANGE",
        "最多 {max_digits} 位数字",
        "must have at most {max_digits} digits",
    ),
    "decimal_max_places": (
        "CONFIG_BAD_RANGE",
        "小数点后最多 {decimal_places} 位",
        "must have at most {decimal_places} decimal places",
    ),
    "decimal_whole_digits": (
        "CONFIG_BAD_RANGE",
        "小数点前最多 {whole_digits} 位",
        "must have at most {whole_digits} digits before the decimal point",
    ),
    "too_short": (
        "CONFIG_BAD_LENGTH",
        "至少要有 {min_length} 项，现有 {actual_length} 项",
        "must have at least {min_length} entries, has {actual_length}",
    ),
    "too_long": (
        "CONFIG_BAD_LENGTH",
        "最多 {max_length} 项，现有 {actual_length} 项",
        "must have at most {max_length} entries, has {actual_length}",
    ),
    "string_too_short": (
        "CONFIG_BAD_LENGTH",
        "至少要有 {min_length} 个字符",
        "must have at least {min_length} characters",
    ),
    "string_too_long": (
        "CONFIG_BAD_LENGTH",
        "最多 {max_length} 个字符",
        "must have at most {max_length} characters",
    ),
    "bytes_too_short": (
        "CONFIG_BAD_LENGTH",
        "至少要有 {min_length} 个字节",
        "must have at least {min_length} bytes",
    ),
    "bytes_too_long": (
        "CONFIG_BAD_LENGTH",
        "最多 {max_length} 个字节",
        "must have at most {max_length} bytes",
    ),
    "url_too_long": (
        "CONFIG_BAD_LENGTH",
        "网址最多 {max_length} 个字符",
        "a web address must have at most {max_length} characters",
    ),
    "string_pattern_mismatch": (
        "CONFIG_BAD_PATTERN",
        "不符合格式 {pattern}",
        "does not match the pattern {pattern}",
    ),
    "timezone_offset": (
        "CONFIG_BAD_DATE",
        "时区偏移应为 {tz_expected} 秒",
        "the offset must be {tz_expected} seconds",
    ),
}
_PLURAL_OF_ONE = re.compile(r"\b1 (digit|entr|character|byte|decimal place)(?:ies|s)\b")
_CHOICES = frozenset({"enum", "literal_error", "missing_sentinel_error", "ellipsis_error"})


def _limit(kind: str, context: Mapping[str, Any], value: Any) -> Message:
    code, zh, en = _LIMITS[kind]
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        hint = pattern_hint(value, pattern) if isinstance(value, str) else None
        if pattern in MEANINGS:
            meaning = MEANINGS[pattern]
            return Message(code, Text(f"应为{meaning.zh}", f"expected {meaning.en}"), hint)
        return Message(code, Text(zh.format_map(context), en.format_map(context)), hint)
    # One entry, not "1 entries": the noun follows the last figure before it.
    english = _PLURAL_OF_ONE.sub(_one, en.format_map(context))
    return Message(code, Text(zh.format_map(context), english))


def _one(match: re.Match[str]) -> str:
    return f"1 {'entry' if match[1] == 'entr' else match[1]}"


def _choice(value: Any, choices: Sequence[str], expected: str) -> Message:
    if not choices:
        text = Text(f"应为下列之一：{expected}", f"expected one of {expected}")
        return Message("CONFIG_BAD_CHOICE", text)
    listed = list_choices(choices)
    if len(choices) == 1:
        text = Text(f"应为 {listed.zh}", f"expected {listed.en}")
    else:
        text = Text(f"应为下列之一：{listed.zh}", f"expected one of {listed.en}")
    near = suggest(value, choices) if isinstance(value, str) and len(choices) > 1 else None
    return Message("CONFIG_BAD_CHOICE", text, None if near is None else did_you_mean(near))


def _raised(error: object) -> Message:
    """Return what an exception of a validator says, in both languages where it has both."""
    text = getattr(error, "message", None)
    hint = getattr(error, "hint", None)
    code = getattr(error, "code", "CONFIG_BAD_VALUE")
    if isinstance(text, Text):
        return Message(str(code), text, hint if isinstance(hint, Text) else None)
    # pytest and others add lines of detail to the message of an assertion.
    said = next(iter(str(error or "").splitlines()), "?")
    return Message("CONFIG_BAD_VALUE", Text(f"值不符合要求：{said}", f"invalid value: {said}"))


def _with_hint(message: Message, value: Any) -> Message:
    """Return the message with what to write instead, where the text shows what was meant."""
    if not isinstance(value, str) or message.hint is not None:
        return message
    hint = _HINTS[message](value) if message in _HINTS else None
    return message if hint is None else Message(message.code, message.text, hint)


_HINTS: dict[Message, Callable[[str], Text | None]] = {
    _WHOLE: whole_hint,
    _NUMBER: number_hint,
    _FLAG: flag_hint,
    _DATE: date_hint,
    _MAPPING: colon_hint,
}


def choices_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts that a literal or enumeration of a core schema accepts."""
    if schema.get("type") == "literal":
        return tuple(_written(value) for value in schema["expected"])
    if schema.get("type") == "enum":
        return tuple(_written(member) for member in schema["members"])
    return ()


def _written(value: object) -> str:
    plain = value.value if isinstance(value, Enum) else value
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return str(plain)
