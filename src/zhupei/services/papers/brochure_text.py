"""Completeness reports and comparisons of brochures as lines of text, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from zhupei.domain.sources import Origin, Source
from zhupei.domain.text import Language, Text
from zhupei.services.papers.brochure_check import CompletenessReport, Demand
from zhupei.services.papers.brochure_diff import BrochureDiff, Change, EntryChange

__all__ = ["completeness_text", "diff_text"]

_GROUPS: Mapping[str, Text] = MappingProxyType(
    {
        "program": Text("项目", "program"),
        "openings": Text("招收计划", "plan"),
        "opening_requirements": Text("专业要求", "conditions of a specialty"),
        "requirements": Text("报名条件", "conditions"),
        "documents": Text("申请材料", "documents"),
        "rounds": Text("批次", "rounds"),
        "windows": Text("时间", "periods"),
        "steps": Text("招录程序", "steps"),
        "assessments": Text("考核", "assessments"),
        "policies": Text("规则", "policies"),
        "benefits": Text("待遇", "benefits"),
        "penalties": Text("违约惩处", "penalties"),
        "sections": Text("说明", "statements"),
        "contacts": Text("联系方式", "contacts"),
    }
)
_CHANGES: Mapping[Change, Text] = MappingProxyType(
    {
        Change.ADDED: Text("新增", "added"),
        Change.REMOVED: Text("删除", "removed"),
        Change.CHANGED: Text("修改", "changed"),
    }
)


def completeness_text(report: CompletenessReport, language: Language) -> str:
    """Return one line for each topic: outcome, what was found, who demands it, the clauses."""
    lines = []
    for result in report.results:
        asked = _asked(result.demands) or Text("无清单要求", "demanded by no list").get(language)
        cited = f" [{_clauses(result.sources)}]" if result.sources else ""
        lines.append(
            f"{result.outcome.label.get(language)}  {result.topic.label.get(language)}"
            f"  {result.detail.get(language)}  ({asked}){cited}"
        )
    review = Text("由人核对", "for a person to check").get(language)
    lines.extend(
        f"{review}  {each.label.get(language)}  ({_asked((each,))})" for each in report.unrecognised
    )
    if report.note is not None:
        lines.append(report.note.get(language))
    verdict = (
        Text("简章内容齐全", "the brochure states what it must")
        if report.complete
        else Text("简章内容不齐全", "the brochure does not state all that it must")
    )
    return "\n".join((*lines, verdict.get(language))) + "\n"


def diff_text(diff: BrochureDiff, language: Language) -> str:
    """Return every change with both values and who set them, or that nothing changed."""
    if not diff.changes:
        return Text("没有变化", "nothing changed").get(language) + "\n"
    return "".join(_change(each, language) for each in diff.changes)


def _change(change: EntryChange, language: Language) -> str:
    head = (
        f"{_CHANGES[change.change].get(language)}  {_GROUPS[change.group].get(language)}"
        f"  {change.label.get(language)} ({change.id})\n"
    )
    lines = [head]
    if change.change is Change.CHANGED:
        lines.extend(
            f"    {field.name}: {field.before or '-'} -> {field.after or '-'}\n"
            for field in change.fields
        )
    else:
        lines.extend(
            f"    {field.name}: {field.after or field.before}\n" for field in change.fields
        )
    for name, origins in (
        (Text("原", "before"), change.set_before),
        (Text("现", "after"), change.set_after),
    ):
        if origins:
            lines.append(f"    {name.get(language)}: {_place(origins[0])}\n")
    return "".join(lines)


def _place(origin: Origin) -> str:
    parts = [origin.level.value]
    if origin.file is not None:
        parts.append(origin.file if origin.line is None else f"{origin.file}:{origin.line}")
    if origin.plugin is not None:
        parts.append(origin.plugin if origin.hook is None else f"{origin.plugin}/{origin.hook}")
    if origin.source is not None:
        parts.append(_clauses((origin.source,)))
    return " ".join(parts)


def _asked(demands: Iterable[Demand]) -> str:
    sources = dict.fromkeys(each.source for each in demands if each.source is not None)
    return _clauses(sources)


def _clauses(sources: Iterable[Source]) -> str:
    return ", ".join(
        each.document if each.lines is None else f"{each.document}:{each.lines}" for each in sources
    )
