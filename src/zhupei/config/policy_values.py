"""Policy values as configured: text turned into the type that the policy's definition says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from zhupei.config.hints import flag_hint, share_hint, whole_hint
from zhupei.config.layers import Layer
from zhupei.domain.policies import POLICIES, PolicyDefinition
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind

__all__ = ["PolicyValueError", "known_value", "parse_policy"]


# What dates are counted with stays within a century: more is a slip, and leads past all calendars.
_RANGES = {
    "month": (1, 12),
    "months": (0, 1_200),
    "years": (0, 100),
    "days": (0, 36_500),
    "working days": (0, 36_500),
}


# As people write a number of the unit; what is only like it (天 for working days) is not taken.
_WRITTEN_UNITS = {
    "month": "月",
    "months": "个月",
    "years": "年|周岁|岁",
    "days": "天|日",
    "working days": "个工作日",
}


class PolicyValueError(ValueError):
    """A policy's value is not what its definition says.

    ``message`` says what is expected, ``hint`` how to write what was probably meant.
    """

    def __init__(self, message: Text, hint: Text | None = None) -> None:
        self.message = message
        self.hint = hint
        super().__init__(message.en)


def parse_policy(definition: PolicyDefinition, value: str | None) -> object:
    """Return the typed value, None for None.

    Raises:
        PolicyValueError: the text is not of the definition's type or choices.
    """
    if value is None:
        return None
    if definition.type is bool:
        if value in {"true", "false"}:
            return value == "true"
        raise PolicyValueError(
            Text("应为 true 或 false", "expected true or false"), flag_hint(value)
        )
    if definition.type is int:
        return _whole(definition, value)
    if definition.type is Decimal:
        if re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?", value):
            return Decimal(value)
        raise PolicyValueError(
            Text("应为数字，如 0.8", "expected a number, such as 0.8"), share_hint(value)
        )
    if not value.strip():
        raise PolicyValueError(
            Text("值是空白的；未知的写 null", "the value is blank; write null for what is unknown")
        )
    if definition.choices and value not in definition.choices:
        known = ", ".join(definition.choices)
        raise PolicyValueError(Text(f"应为以下之一：{known}", f"expected one of: {known}"))
    return value


def _whole(definition: PolicyDefinition, value: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,8}", value):
        raise PolicyValueError(
            Text("应为不小于 0 的整数", "expected a whole number that is not negative"),
            whole_hint(value, _WRITTEN_UNITS.get(definition.unit or "")),
        )
    least, most = _RANGES.get(definition.unit or "", (0, None))
    number = int(value)
    if number < least or (most is not None and number > most):
        raise PolicyValueError(
            Text(f"应在 {least} 至 {most} 之间", f"expected a number from {least} to {most}")
        )
    return number


def known_value(layers: Sequence[Layer], kind: ProgramKind, key: str) -> object:
    """Return what the most specific layer that knows says of a policy, None where none does."""
    for layer in reversed(layers):
        entry = layer.rules.policies.get(key)
        if entry is None or not layer.concerns(entry.program_kinds, kind):
            continue
        try:
            value = parse_policy(POLICIES[key], entry.value)
        except PolicyValueError:
            continue  # reported where it stands
        if value is not None:
            return value
    return None
