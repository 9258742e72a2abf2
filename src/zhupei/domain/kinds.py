"""Kinds: the words that configuration may use, and what each one means.

A kind belongs to one group (a requirement, a benefit, a step, a document, an assessment). It
names the parameters that YAML may give it, and for requirements and benefits the function that
decides. Plugins teach new kinds to every file; their names begin with ``<slug>.``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from zhupei.domain.text import Text

__all__ = ["Kind", "KindGroup"]


class KindGroup(StrEnum):
    """What a kind describes."""

    REQUIREMENT = "requirement"
    BENEFIT = "benefit"
    STEP = "step"
    DOCUMENT = "document"
    ASSESSMENT = "assessment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One word of the configuration.

    ``params`` is a frozen pydantic model with the keys that an entry of this kind takes beside
    the common ones (None: no further keys). ``decide`` is, for a requirement,
    ``(params, EligibilityQuestion) -> Verdict``; for a benefit ``(params, PayQuestion) ->
    list[SubsidyLine]``; None where there is nothing to decide. ``graph_type`` is the strawberry
    type that shows such an entry, None for the core's plain one.
    """

    group: KindGroup
    name: str
    label: Text
    description: Text
    params: type[Any] | None = None
    decide: Callable[..., Any] | None = None
    graph_type: type[Any] | None = None
