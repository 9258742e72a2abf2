"""Explanations of who set a value."""

from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.graphql import explanations
from zhupei.graphql.nodes import Node
from zhupei.graphql.sources import Attribute, Localized, declares, field
from zhupei.graphql.types.interfaces import USE_KEY
from zhupei.graphql.types.origins import Origin, Source

__all__ = ["ExplainedEntry", "Explanation"]

_LEVEL = "Who set it (规定层级); null where nobody did."
_FILE = "File of the configuration (配置文件)."
_LINE = "Line of the file (行号)."
_PLUGIN = "Plugin that answered it (插件)."
_HOOK = "Hook that the plugin answered (钩子)."
_SOURCE = "Clause that it cites (出处)."
_REPLACED = "What it replaced, most specific first (被替换的值)."


@declares(
    explanations.ExplainedEntry, description="One entry of a list, and who set it (条目来历)."
)
class ExplainedEntry:
    """An entry."""

    key: str = field(Attribute("id"), description="Key of the entry in its list (条目标识).")
    id: str = field(
        Attribute(), description="The same as `key` (标识).", deprecation_reason=USE_KEY
    )
    label: Text = field(Localized(), description="What it is called (名称).")
    level: Level | None = field(Attribute(), description=_LEVEL)
    file: str | None = field(Attribute(), description=_FILE)
    line: int | None = field(Attribute(), description=_LINE)
    plugin: str | None = field(Attribute(), description=_PLUGIN)
    hook: str | None = field(Attribute(), description=_HOOK)
    source: Source | None = field(Attribute(), description=_SOURCE)
    replaced: list[Origin] = field(Attribute(), description=_REPLACED)


@declares(
    explanations.Explanation,
    description="Which level, file, line and clause set a field, and what it replaced (来历).",
)
class Explanation:
    """An explanation."""

    node: Node = field(Attribute(), description="The object (对象).")
    name: str = field(Attribute(), name="field", description="Name of the field (字段).")
    value: str | None = field(
        Attribute(),
        description="The value in force as text; of a list, the number of entries (值).",
    )
    level: Level | None = field(Attribute(), description=_LEVEL)
    file: str | None = field(Attribute(), description=_FILE)
    line: int | None = field(Attribute(), description=_LINE)
    plugin: str | None = field(Attribute(), description=_PLUGIN)
    hook: str | None = field(Attribute(), description=_HOOK)
    source: Source | None = field(Attribute(), description=_SOURCE)
    replaced: list[Origin] = field(Attribute(), description=_REPLACED)
    items: list[ExplainedEntry] | None = field(
        Attribute(), description="Of a list, who set each entry; null for a single value (条目)."
    )
