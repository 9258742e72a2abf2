"""Where facts stand and who set them: documents, clauses, origins."""

from datetime import date

from zhupei.domain import sources
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql.sources import Attribute, Localized, One, Via, declares, field

__all__ = ["Origin", "Source", "SourceDocument"]

_DOCUMENT = One("documents", "document")


@declares(
    sources.SourceDocument,
    description="A document that figures and rules are cited from (来源文件).",
)
class SourceDocument:
    """A notice, brochure or guide."""

    code: str = field(Attribute(), description="Code that sources refer to it by (文件代码).")
    title: Text = field(Localized(), description="Title (文件名称).")
    issuer: Text | None = field(Localized(), description="Who issued it (发文机关).")
    issued: date | None = field(Attribute(), description="Date of issue (发文日期).")
    reference: str | None = field(Attribute(), description="Document number (文号).")
    url: str | None = field(Attribute(), description="Where it is published (网址).")
    supplied: bool = field(
        Attribute(),
        description=(
            "False for a document that others cite and that was never supplied (是否已提供)."
        ),
    )


@declares(
    sources.Source,
    description="The clause of a document that a figure or rule is taken from (出处).",
)
class Source:
    """A clause."""

    document: str = field(Attribute(), description="Code of the document (文件代码).")
    title: Text | None = field(
        Via(_DOCUMENT, Localized("title")), description="Title of the document (文件名称)."
    )
    clause: str = field(
        Attribute(), description="Heading or number of the clause, as printed (条款)."
    )
    lines: str | None = field(
        Attribute(), description="Lines of the supplied text, such as `74` or `14-25` (行号)."
    )
    reference: str | None = field(
        Via(_DOCUMENT, Attribute("reference")), description="Document number (文号)."
    )
    url: str | None = field(
        Via(_DOCUMENT, Attribute("url")), description="Where the document is published (网址)."
    )


@declares(
    sources.Origin,
    description="Who set a value, and where: a file and line, or a plugin and hook (来历).",
)
class Origin:
    """Who set a value."""

    level: Level = field(Attribute(), description="Administrative level (规定层级).")
    value: str | None = field(
        Attribute(), description="The value that was set, as text; null where unknown (值)."
    )
    file: str | None = field(Attribute(), description="File of the configuration (配置文件).")
    line: int | None = field(Attribute(), description="Line of the file (行号).")
    plugin: str | None = field(Attribute(), description="Plugin that answered (插件).")
    hook: str | None = field(Attribute(), description="Hook that it answered (钩子).")
    source: Source | None = field(Attribute(), description="Clause that it cites (出处).")
