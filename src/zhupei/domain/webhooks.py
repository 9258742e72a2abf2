"""Events as others receive them: their types, the CloudEvents form, signatures, and retries.

Two public specifications meet here: an event is a CloudEvents 1.0 JSON object (structured mode),
and it is signed as Standard Webhooks says: HMAC-SHA-256 over id, second and content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from zhupei.domain.admission_process import STATE_LABELS, Action, ApplicationState
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.events import Event
from zhupei.domain.text import Text

__all__ = [
    "EVENT_TYPES",
    "LONGEST_RETRY_AFTER",
    "SCHEMA_PATH",
    "TEST_EVENT",
    "DeliveryState",
    "Webhook",
    "WebhookSecret",
    "WebhookState",
    "cloud_event",
    "data_schema",
    "matches",
    "new_secret",
    "pattern_problem",
    "retry_after",
    "retry_pause",
    "signature",
    "type_of",
]

_PREFIX = "zhupei."
SCHEMA_PATH = "/events/schema.json"
"""Where an installation serves the schema of what events hold."""
TEST_EVENT = "webhook.test"
"""The name of the event that tries an endpoint."""


class WebhookState(StrEnum):
    """Whether events are sent to an endpoint."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    """Its owner lets it rest."""
    DISABLED = "DISABLED"
    """It failed for too long, or answered that it is gone."""


class DeliveryState(StrEnum):
    """Where the delivery of one event to one endpoint stands."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"
    """Tried for as long as is tried; nothing more happens unless it is replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    """A secret that deliveries are signed with until ``expires_at``; the text is not kept here."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An endpoint of an integrator: where, which events, of what, and how it fares.

    ``base`` and ``jurisdiction`` limit further what the account's grants reach.
    """

    id: UUID
    account: UUID
    url: str = field(repr=False)
    name: str | None
    event_types: tuple[str, ...]
    base: str | None
    jurisdiction: str | None
    state: WebhookState
    state_reason: Text | None
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
    secrets: tuple[WebhookSecret, ...] = ()


def _types() -> dict[str, Text]:
    found = {
        f"application.{state.value.lower()}": Text(
            f"报名：{label.zh}", f"an application is now: {label.en}"
        )
        for state, label in STATE_LABELS.items()
        # A draft is the person's alone, and told to nobody.
        if state is not ApplicationState.DRAFT
    }
    for action, meaning in _STAYING.items():
        found[f"application.{action.value.lower()}"] = meaning
    return {**found, **_OTHERS}


# What may leave an application in the state that it is in.
_STAYING = {
    Action.AGREE_TO_TRANSFER: Text("报名：同意调剂", "a transfer was agreed to"),
    Action.DEFER_REPORT: Text("报名：延期报到", "the report was deferred"),
    Action.END_TRAINING: Text("报名：培训提前结束", "the training ended before its time"),
    Action.ERASE: Text("报名：个人信息已删除", "the personal data was erased"),
    Action.GIVE_OPINION: Text("报名：记录专业基地意见", "an opinion was recorded"),
    Action.OBJECT: Text("报名：收到异议", "it was objected to"),
    Action.RECORD_EXAMINATION: Text("报名：记录考核成绩", "an examination was recorded"),
    Action.RECORD_INTERVIEW: Text("报名：记录面试成绩", "an interview was recorded"),
    Action.RECORD_SCORES: Text("报名：录入成绩", "scores were recorded"),
    Action.MOVE_FILE: Text("报名：调转人事档案", "the personnel file moved"),
    Action.REDUCE_TRAINING: Text("报名：缩减培训年限", "the training was shortened"),
    Action.RESOLVE_OBJECTION: Text("报名：异议已处理", "an objection was decided on"),
    Action.WITHDRAW_CONSENT: Text("报名：撤回调剂同意", "the consent to a transfer was withdrawn"),
}
_OTHERS = {
    "applicant.claim_issued": Text("已发放认领码", "a claim code was given out"),
    "applicant.claim_locked": Text("认领码已锁定", "a claim code ended after wrong attempts"),
    "applicant.claimed": Text("报考人信息已认领", "a person took over the record"),
    "agreement.near": Text("协议签订即将截止", "an agreement is due soon"),
    "agreement.overdue": Text("协议逾期未签", "an agreement is overdue"),
    "brochure.approved": Text("招生简章审核通过", "a brochure was approved"),
    "brochure.published": Text("招生简章已公布", "a brochure was published"),
    "brochure.returned": Text("招生简章被退回", "a brochure was returned"),
    "brochure.submitted": Text("招生简章已报送", "a brochure was submitted"),
    "confirmation.near": Text("确认即将截止", "a confirmation is due soon"),
    "file.swept": Text("已移除材料的内容已销毁", "the content of a removed file was destroyed"),
    "interview.booked": Text("面试时段已选定", "an interview slot was chosen"),
    "interview.cancelled": Text("面试安排已取消", "somebody's interview was cancelled"),
    "interview.moved": Text("面试时段已变更", "somebody's interview was moved"),
    "interview.near": Text("面试即将开始", "an interview is near"),
    "interview.released": Text("面试时段已放弃", "an interview slot was given up"),
    "interview_slot.cancelled": Text("面试时段已取消", "an interview slot was cancelled"),
    "interview_slot.moved": Text("面试时段已改期", "an interview slot was moved"),
    "interview_slot.opened": Text("面试时段已开放", "an interview slot was opened"),
    "invitation.made": Text("培训基地发出邀请", "a base invited somebody"),
    "objection.filed": Text("收到异议", "an objection was filed"),
    "publicity.ended": Text("公示结束", "the publicity of a list ended"),
    "report.near": Text("报到即将截止", "a report is due soon"),
    "round.closed": Text("时段结束", "a window of a round closed"),
    "round.opened": Text("时段开始", "a window of a round opened"),
    "roster.imported": Text("在培学员名册已导入", "a roster of trainees was imported"),
    "score_sheet.entered": Text("成绩单已录入", "a score sheet was entered"),
    "score_sheet.rejected": Text("成绩单被退回", "a score sheet was rejected"),
    "submission.near": Text("报名即将截止", "an application closes soon"),
    "webhook.disabled": Text("事件订阅已停用", "a webhook was disabled"),
    TEST_EVENT: Text("测试事件", "an event that tries an endpoint"),
}

EVENT_TYPES: Mapping[str, Text] = MappingProxyType(dict(sorted(_types().items())))
"""Every event that may be told, by its name without the prefix ``zhupei.``, and what it means."""

_PATTERN = re.compile(r"(?:zhupei\.)?(\*|[a-z_]+\.\*|[a-z_]+\.[a-z_]+)")


def type_of(name: str) -> str:
    """Return the CloudEvents type of an event's name."""
    return f"{_PREFIX}{name}"


def pattern_problem(pattern: str) -> Text | None:
    """Return why a subscription cannot name this; None where it can.

    A pattern is a type (``zhupei.application.admitted``), all of a noun (``zhupei.application.*``)
    or everything (``*``).
    """
    found = _PATTERN.fullmatch(pattern)
    if found is not None and any(matches((pattern,), name) for name in EVENT_TYPES):
        return None
    return Text(
        f"没有事件类型“{pattern[:80]}”；eventTypes 列出全部类型",
        f'there is no event type "{pattern[:80]}"; eventTypes lists them all',
    )


def matches(patterns: Iterable[str], name: str) -> bool:
    """Return whether any of some patterns means the event with this name."""
    noun = name.partition(".")[0]
    wanted = {"*", f"{noun}.*", name}
    return any(each.removeprefix(_PREFIX) in wanted for each in patterns)


def cloud_event(event: Event, *, source: str, schema: str) -> bytes:
    """Return an event as CloudEvents 1.0 in JSON; the same event gives the same bytes.

    ``source`` names the installation. ``sequence`` is the id again, which grows with time. Nobody
    who acted is named, nor any person: ids, codes and figures only.
    """
    data: dict[str, Any] = {
        "base": event.base,
        "program": event.program,
        "opening": event.opening,
        "catalogueHash": event.catalogue_hash,
        **{_camel(key): value for key, value in event.data.items()},
    }
    content = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": source,
        "type": type_of(event.name),
        "subject": event.subject,
        "time": event.at.astimezone(CHINA_TIME).isoformat(),
        "sequence": event.id.hex,
        "datacontenttype": "application/json",
        "dataschema": schema,
        "data": data,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def data_schema(address: str) -> dict[str, Any]:
    """Return the JSON Schema of an event's ``data``; ``address`` is its own."""
    code = {"type": ["string", "null"]}
    described: dict[str, Any] = {
        "base": {**code, "description": "Code of the base (培训基地代码)"},
        "program": {**code, "description": "Code of the program (项目代码)"},
        "opening": {**code, "description": "Code of the opening (招收岗位代码)"},
        "catalogueHash": {**code, "description": "The version of the rules in force (规则版本)"},
        "action": {**code, "description": "What was done (办理动作)"},
        "state": {**code, "description": "The state of the application afterwards (状态)"},
        "revision": {
            "type": "integer",
            "description": "Orders the events of one application (报名事件序号)",
        },
        "round": {**code, "description": "Code of the round (批次代码)"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": "What an event of zhupei holds: codes and figures, never anything personal",
        "type": "object",
        "properties": described,
        "required": ["base", "program", "opening", "catalogueHash"],
        "additionalProperties": {"type": ["string", "integer", "boolean", "null"]},
        "x-event-types": {type_of(name): label.en for name, label in EVENT_TYPES.items()},
    }


_SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret
_SECRET_BYTES = 32


def new_secret(random: Callable[[int], bytes]) -> str:
    """Return a new secret in the form of Standard Webhooks; ``random`` gives so many bytes."""
    return _SECRET_PREFIX + base64.b64encode(random(_SECRET_BYTES)).decode()


def signature(secrets: Iterable[str], *, id_: str, second: int, content: bytes) -> str:
    """Return the header ``webhook-signature``: one signature for every live secret.

    Raises ValueError for what is no secret, without repeating it.
    """
    signed = f"{id_}.{second}.".encode() + content
    found = []
    for secret in secrets:
        try:
            key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("a webhook's secret cannot be read") from None
        found.append("v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode())
    return " ".join(found)


_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=6)
LONGEST_RETRY_AFTER = timedelta(hours=24)
"""A receiver may ask for a pause of at most so long."""


def retry_pause(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after so many attempts: 5 s, then four times as long each time.

    At most six hours, and between 80 and 120 % of it as ``chance`` (0 to 1) falls, so that
    deliveries that failed together do not come back together.
    """
    whole: timedelta = min(_FIRST_PAUSE * 4 ** min(attempts - 1, 12), _LONGEST_PAUSE)
    return whole * (0.8 + 0.4 * chance)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Return the pause that a receiver asks for, in seconds or until a date; None for neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        pause = timedelta(seconds=int(text))
    else:
        try:
            until = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        if until.tzinfo is None:
            return None
        pause = until - now
    return min(max(pause, timedelta(0)), LONGEST_RETRY_AFTER)
