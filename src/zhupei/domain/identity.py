"""Identity documents: their kinds, what is known of one, and what is wrong with a number.

Neither errors nor ``repr`` carry a number, a birth date or a part of them, so that both may be
logged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.masking import mask_number
from zhupei.domain.people import OriginRegion
from zhupei.domain.text import Text

__all__ = ["DocumentKind", "IdentityDocument", "IdentityDocumentError", "IdentityProblem", "Sex"]


class DocumentKind(StrEnum):
    """Kind of an identity document (证件类型)."""

    RESIDENT_ID = "RESIDENT_ID"
    """居民身份证: card of a resident of the mainland."""
    RESIDENCE_PERMIT = "RESIDENCE_PERMIT"
    """港澳台居民居住证: residence permit of a resident of Hong Kong, Macau or Taiwan."""
    HONG_KONG_MACAU_PERMIT = "HONG_KONG_MACAU_PERMIT"
    """港澳居民来往内地通行证 (回乡证): travel permit of a resident of Hong Kong or Macau."""
    TAIWAN_PERMIT = "TAIWAN_PERMIT"
    """台湾居民来往大陆通行证 (台胞证): travel permit of a resident of Taiwan."""
    FOREIGN_PERMANENT_RESIDENT_ID = "FOREIGN_PERMANENT_RESIDENT_ID"
    """外国人永久居留身份证: permanent resident identity card of a foreigner."""
    PASSPORT = "PASSPORT"
    """护照: passport of any state, with the code of the state."""

    @property
    def label(self) -> Text:
        """The document's name."""
        return _LABELS[self]


_LABELS = MappingProxyType(
    {
        DocumentKind.RESIDENT_ID: Text("居民身份证", "resident identity card"),
        DocumentKind.RESIDENCE_PERMIT: Text(
            "港澳台居民居住证", "residence permit for Hong Kong, Macau and Taiwan residents"
        ),
        DocumentKind.HONG_KONG_MACAU_PERMIT: Text(
            "港澳居民来往内地通行证", "mainland travel permit for Hong Kong and Macau residents"
        ),
        DocumentKind.TAIWAN_PERMIT: Text(
            "台湾居民来往大陆通行证", "mainland travel permit for Taiwan residents"
        ),
        DocumentKind.FOREIGN_PERMANENT_RESIDENT_ID: Text(
            "外国人永久居留身份证", "foreign permanent resident identity card"
        ),
        DocumentKind.PASSPORT: Text("护照", "passport"),
    }
)


class Sex(StrEnum):
    """Sex as identity documents record it."""

    FEMALE = "FEMALE"
    MALE = "MALE"


class IdentityProblem(StrEnum):
    """What is wrong with a number."""

    FORM = "FORM"
    """Length or characters are not those of the document."""
    DIVISION = "DIVISION"
    """The number names no division whose residents hold the document."""
    OTHER_KIND = "OTHER_KIND"
    """The number is that of another kind of document."""
    BIRTH_DATE = "BIRTH_DATE"
    """The birth date within the number is no date, or no possible one."""
    CHECK_CHARACTER = "CHECK_CHARACTER"
    """The check character does not agree with the number: something is mistyped."""
    ISSUING_STATE = "ISSUING_STATE"
    """A passport without the code of its state, or another document with one."""


class IdentityDocumentError(ValueError):
    """A number that cannot be that of the document; ``message`` never repeats any of it."""

    def __init__(self, kind: DocumentKind, problem: IdentityProblem, reason: Text) -> None:
        self.kind = kind
        self.problem = problem
        self.message = Text(
            f"{kind.label.zh}号码有误：{reason.zh}", f"{kind.label.en} number: {reason.en}"
        )
        super().__init__(self.message.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityDocument:
    """A document whose number was read; what the number does not tell is None.

    ``number`` is normalised. ``region`` is where those live to whom the document is issued.
    ``renewals`` counts how often a travel permit was renewed, where its number says so.
    ``issuing_state`` is the ISO 3166-1 alpha-3 code of a passport's state. ``notes`` tell what a
    person should look at: what could not be decided from the number alone.
    """

    kind: DocumentKind
    number: str = field(repr=False)
    issuing_state: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    region: OriginRegion | None = None
    renewals: int | None = None
    notes: tuple[Text, ...] = ()

    @property
    def masked(self) -> str:
        """The number with its middle hidden."""
        return mask_number(self.number)

    @property
    def lookup_key(self) -> str:
        """What stays the same for this holder when a card is renewed; personal, so hash it."""
        number = self.number
        if self.renewals is not None:
            number = number[:8] if self.kind is DocumentKind.TAIWAN_PERMIT else number[:9]
        parts = (self.kind.value, self.issuing_state, number)
        return ":".join(part for part in parts if part is not None)
