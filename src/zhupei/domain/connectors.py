"""Connectors: how registrations are handed to a platform that is not ours.

The national platform's own interface is not published: nothing here says what it looks like. This
is the form in which an installation hands over what it has, and what it has to be told in return;
whoever has access to a platform writes a `Connector` against its real interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from zhupei.domain.text import Text

__all__ = [
    "Connector",
    "ConnectorError",
    "ConnectorUnavailableError",
    "PlatformBatch",
    "PlatformRecord",
    "Receipt",
    "ReceiptState",
    "RecordProblem",
    "UnknownBatchError",
]


class ConnectorError(Exception):
    """A connector could not do what was asked; ``message`` repeats nothing personal."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


class ConnectorUnavailableError(ConnectorError):
    """The platform cannot be reached now: the same batch may be handed over again later."""


class UnknownBatchError(ConnectorError):
    """The platform knows of no such batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRecord:
    """One registered person in full, for the platform alone (R156).

    ``registration`` identifies the record. Everything but that may be personal: not for logs.
    ``codes`` are our own codes of what has one (document, degree, type of trainee, channel,
    agreement); what is not known is None, never made up.
    """

    registration: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    base: str
    specialty: str
    direction: str | None = None
    year: int
    sending_unit: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformBatch:
    """Records to hand over together.

    ``id`` follows from what is in it: the same records are the same batch, however often it is
    made, so that a repeated hand-over can be recognised. ``made_at`` is an aware instant.
    """

    id: str
    program: str
    made_at: datetime
    records: tuple[PlatformRecord, ...] = field(repr=False)


class ReceiptState(StrEnum):
    """What a platform says of a batch."""

    PENDING = "PENDING"
    """It was taken and is not judged yet."""
    ACCEPTED = "ACCEPTED"
    """Every record was taken over."""
    REJECTED = "REJECTED"
    """Records have problems; which ones were taken over is the platform's to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProblem:
    """What a platform says against one record."""

    registration: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of a batch: ``reference`` is what the platform calls it."""

    batch: str
    reference: str
    state: ReceiptState
    problems: tuple[RecordProblem, ...] = ()


@runtime_checkable
class Connector(Protocol):
    """Hands registrations to a platform.

    An implementation has to pass `zhupei.testing.ConnectorContract`. It logs nothing personal,
    changes nothing in a batch, and does nothing twice for the same batch.
    """

    @property
    def name(self) -> str:
        """What the connector is called, such as ``file``."""

    async def submit(self, batch: PlatformBatch) -> Receipt:
        """Hand a batch over; one that was handed over before is answered and not sent again.

        Raises:
            ConnectorUnavailableError: the platform cannot be reached; nothing was handed over, or
                it is not known whether it was: the same batch is submitted again later.

        """

    async def status(self, batch: str) -> Receipt:
        """Return what the platform says of a batch now.

        Raises:
            ConnectorUnavailableError: the platform cannot be reached.
            UnknownBatchError: it knows of no such batch.

        """
