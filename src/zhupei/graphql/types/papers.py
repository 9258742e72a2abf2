"""The papers of an application: which there are, where, and why one is not due."""

from dataclasses import dataclass
from enum import StrEnum

from zhupei.domain.text import Text
from zhupei.graphql.enums import show
from zhupei.graphql.sources import Attribute, Localized, declares, field

__all__ = ["IssuedPaper", "Paper", "PaperKind"]


class PaperKind(StrEnum):
    """A kind of paper."""

    LETTER = "LETTER"
    AGREEMENT = "AGREEMENT"
    CHECKLIST = "CHECKLIST"


show(
    PaperKind,
    "A kind of paper for one person (文书类型).",
    {
        PaperKind.LETTER: "Letter of admission or report notice (录取通知书或报到通知书).",
        PaperKind.AGREEMENT: "Agreement, or the sheet of what it names (协议或签订要素表).",
        PaperKind.CHECKLIST: "Checklist of documents and forms (报名材料清单).",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedPaper:
    """One paper; ``path`` has no ending, ``reason`` says why it is not due yet."""

    kind: PaperKind
    label: Text
    path: str
    query: str = ""
    reason: Text | None = None

    @property
    def pdf(self) -> str:
        """The path of the PDF."""
        return f"{self.path}.pdf{self.query}"

    @property
    def page(self) -> str:
        """The path of the page."""
        return f"{self.path}.html{self.query}"

    @property
    def due(self) -> bool:
        """Whether it can be had now."""
        return self.reason is None


@declares(IssuedPaper, description="A paper for one person (文书).")
class Paper:
    """A paper."""

    kind: PaperKind = field(Attribute(), description="What it is (类型).")
    label: Text = field(Localized(), description="What to call it (名称).")
    due: bool = field(Attribute(), description="Whether it can be had now (是否可出具).")
    reason: Text | None = field(
        Localized(), description="Why it cannot be had yet (不可出具的原因)."
    )
    pdf: str = field(Attribute(), description="Path of the PDF on this server (PDF 路径).")
    page: str = field(Attribute(), description="Path of the page on this server (网页路径).")
