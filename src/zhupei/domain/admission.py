"""Admission as configured: steps, required documents, penalties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text

__all__ = ["AdmissionStep", "FormField", "Penalty", "RequiredDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionStep:
    """One step of a program's admission, in the order of the list.

    ``actor`` says who does it (``applicant``, ``sending_unit``, ``specialty_base``, ``base``,
    ``jurisdiction``). ``window`` names the kind of window of the round that bounds it.
    """

    id: str
    kind: str
    label: Text
    level: Level
    actor: str | None = None
    round: str | None = None
    window: str | None = None
    description: Text | None = None
    source: Source | None = None
    params: Any = field(default=None, compare=False)
    owner: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form; ``type`` is text, date, number, choice, photo, signature or seal.

    ``held`` names what of the person's own record fills it (``phone``, ``email``): it is kept
    encrypted there and is not asked again.
    """

    id: str
    label: Text
    type: str = "text"
    required: bool = True
    held: str | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredDocument:
    """A document that an applicant gives, at which step, in which form."""

    id: str
    kind: str
    label: Text
    level: Level
    aliases: tuple[str, ...] = ()
    at_step: str | None = None
    form: str | None = None
    """``original``, ``copy``, ``scan``, ``sealed_scan`` or ``form``."""
    when: str | None = None
    required: bool = True
    fields: tuple[FormField, ...] = ()
    description: Text | None = None
    source: Source | None = None
    params: Any = field(default=None, compare=False)
    owner: str | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """What follows a breach, announced in advance (R210-R211).

    ``after_days`` is set where it follows by itself; ``decided_by`` where a person decides.
    ``ban_years`` bars a new application; ``repays`` lists funding sources to pay back.
    """

    id: str
    label: Text
    level: Level
    trigger: str
    consequences: tuple[str, ...] = ()
    ban_years: int | None = None
    after_days: int | None = None
    repays: tuple[str, ...] = ()
    decided_by: str | None = None
    description: Text | None = None
    source: Source | None = None
    origins: tuple[Origin, ...] = ()
