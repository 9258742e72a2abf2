"""Windows as configured, turned into half-open instants of Asia/Shanghai."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType

from zhupei.config.programs import RoundEntry, WindowEntry
from zhupei.domain.calendar import parse_closing, parse_opening
from zhupei.domain.sources import Level, Origin, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Round, Window

__all__ = ["WINDOW_LABELS", "round_of", "source_of", "window_of"]

WINDOW_LABELS = MappingProxyType(
    {
        "brochure_submission": Text("简章报审", "Submission of brochures"),
        "brochure_publication": Text("简章发布", "Publication of brochures"),
        "mobilisation": Text("宣传动员", "Publicity and mobilisation"),
        "registration": Text("报名注册", "Registration"),
        "preference": Text("志愿填报", "Filing of preferences"),
        "eligibility_check": Text("资格审核", "Eligibility check"),
        "assessment": Text("面试与专业考试", "Interviews and examinations"),
        "transfer": Text("调剂", "Transfers"),
        "invitation": Text("邀请", "Invitations"),
        "publicity": Text("公示", "Publicity of the proposed list"),
        "confirmation": Text("确认录取", "Confirmation by candidates"),
        "admission_notice": Text("录取通知", "Admission notice"),
        "report": Text("报到", "Report for training"),
        "agreement": Text("签订协议", "Signing of agreements"),
        "registration_list": Text("公布注册名单", "Publication of the registration list"),
    }
)
"""What a window is called where a file does not say."""


def window_of(entry: WindowEntry) -> Window:
    """Return the domain's window; a date alone includes its whole day (T11, T12)."""
    return Window(
        kind=entry.kind,
        label=entry.label.text() if entry.label else WINDOW_LABELS[entry.kind],
        opens_at=parse_opening(entry.opens) if entry.opens else None,
        closes_at=parse_closing(entry.closes) if entry.closes else None,
        note=entry.note.text() if entry.note else None,
        source=source_of(entry.source),
    )


def round_of(entry: RoundEntry, level: Level, origin: Origin) -> Round:
    """Return the domain's round."""
    return Round(
        code=entry.code,
        name=entry.name.text(),
        windows=tuple(window_of(window) for window in entry.windows),
        allocation=entry.allocation,
        max_preferences=entry.max_preferences,
        quota=entry.quota,
        quota_note=entry.quota_note.text() if entry.quota_note else None,
        note=entry.note.text() if entry.note else None,
        source=source_of(entry.source),
        level=level,
        origins=(origin,),
    )


def source_of(entry: object) -> Source | None:
    """Return the domain's source of a configured one, None where there is none."""
    if entry is None:
        return None
    return _shared_source(entry.document, entry.clause, entry.lines)  # type: ignore[attr-defined]  # the private model of a source reference


@lru_cache(maxsize=65_536)
def _shared_source(document: str, clause: str, lines: str | None) -> Source:
    return Source(document, clause, lines)
