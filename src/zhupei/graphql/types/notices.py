"""Notices with the log of their delivery, and long work with its progress."""

from datetime import datetime

import strawberry

from zhupei.graphql.asked import reads
from zhupei.graphql.enums import show
from zhupei.graphql.sources import Attribute, Computed, Localized, One, declares, field
from zhupei.graphql.types.references import BaseRef, ProgramRef
from zhupei.services import progress
from zhupei.services.notices import log
from zhupei.services.notices.kinds import NOTICE_LABELS, NoticeKind, NoticeState, RecipientKind
from zhupei.services.notices.mail import DeliveryOutcome

__all__ = ["Notice", "NoticeAttempt", "Operation", "OperationFigure"]

show(
    NoticeKind,
    "What a notice is about (通知种类).",
    {kind: f"{label.en} ({label.zh})." for kind, label in NOTICE_LABELS.items()},
)
show(
    NoticeState,
    "Where a notice stands (通知状态).",
    {
        NoticeState.WAITING: "Waits for its time or its next attempt (待发送).",
        NoticeState.NOT_CONFIGURED: "Waits: no mail server is configured (未配置邮件服务器).",
        NoticeState.SENT: "A mail server has taken it (已发送).",
        NoticeState.UNDELIVERABLE: "Refused for good, or tried too often (无法送达).",
        NoticeState.NO_ADDRESS: "The recipient has no e-mail address (无邮箱地址).",
        NoticeState.EXPIRED: "Its deadline passed before it could be sent (已过期).",
        NoticeState.OVERTAKEN: "The application moved on before it could be sent (已不适用).",
    },
)
show(
    RecipientKind,
    "To whom a notice goes (接收方).",
    {
        RecipientKind.APPLICANT: "The applicant (报考人).",
        RecipientKind.OFFICE: "The base's office (培训基地).",
        RecipientKind.INTEGRATOR: "Whoever runs a webhook's receiver (系统集成方).",
    },
    name="NoticeRecipient",
)
show(
    DeliveryOutcome,
    "How one attempt ended (发送结果).",
    {
        DeliveryOutcome.ACCEPTED: "The mail server has taken it (已接收).",
        DeliveryOutcome.TEMPORARY: "Refused for now, or not reached: tried again (暂时失败).",
        DeliveryOutcome.PERMANENT: "Refused for good (永久失败).",
        DeliveryOutcome.INTERRUPTED: (
            "The worker ended in between: it may have arrived, and is sent again (发送中断)."
        ),
        DeliveryOutcome.NOT_WRITTEN: "Its text could not be made; the log says why (生成失败).",
    },
    name="NoticeOutcome",
)
show(
    progress.OperationState,
    "Whether long work goes on, or how it ended (处理状态).",
    {
        progress.OperationState.RUNNING: "Goes on (进行中).",
        progress.OperationState.SUCCEEDED: "Done (已完成).",
        progress.OperationState.FAILED: "Failed or interrupted (失败).",
    },
)


@declares(
    log.Attempt,
    description="One attempt to deliver a notice, with the mail server's receipt (发送记录).",
)
class NoticeAttempt:
    """An attempt."""

    number: int = field(Attribute(), description="Which attempt it was, from 1 (第几次).")
    at: datetime = field(Attribute(), description="When it ended (时间).")
    outcome: DeliveryOutcome = field(Attribute(), description="How it ended (结果).")
    code: int | None = field(
        Attribute(), description="The server's reply code; null where it gave none (应答码)."
    )
    response: str | None = field(
        Attribute(), description="What the server said, addresses taken out (服务器应答)."
    )
    message_id: str | None = field(
        Attribute(),
        description="Message-ID of the mail that was taken (邮件标识); the same in a repetition.",
    )


@declares(
    log.Notice,
    log.NOTICES.shown,
    description=(
        "Something told to an applicant or to an office (通知), and what came of it. Neither its "
        "text nor an address is kept: both are made when it is sent."
    ),
)
class Notice:
    """A notice."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    kind: NoticeKind = field(Attribute(), description="What it is about (种类).")
    label: str = field(Localized(), description="The kind in words (种类名称).")
    recipient: RecipientKind = field(Attribute("to"), description="To whom it goes (接收方).")
    application: strawberry.ID | None = field(
        Attribute(), description="Identifier of the application that it concerns (报名标识)."
    )
    base: BaseRef | None = field(One("bases", by="base"), description="The base (培训基地).")
    program: ProgramRef | None = field(
        One("programs", by="program"), description="The program (招收项目)."
    )
    state: NoticeState = field(Attribute(), description="Where it stands (状态).")
    created_at: datetime = field(Attribute(), description="When there was cause for it (产生时间).")
    next_attempt_at: datetime | None = field(
        Attribute(), description="When it is tried next; null once it is settled (下次发送时间)."
    )
    expires_at: datetime | None = field(
        Attribute(), description="When it is not worth sending any more (失效时间)."
    )
    settled_at: datetime | None = field(
        Attribute(), description="When it was sent or given up (办结时间)."
    )
    attempts: list[NoticeAttempt] = field(
        Attribute(), description="Every attempt, the first one first (发送记录)."
    )


@strawberry.type(description="One figure that long work has found (处理结果).")
class OperationFigure:
    """A figure."""

    name: str = strawberry.field(description="What it counts (名称).")
    value: str = strawberry.field(description="The figure (数值).")


@reads("result")
def _figures(root: progress.Operation) -> list[OperationFigure]:
    found = root.result or {}
    return [OperationFigure(name=name, value=str(value)) for name, value in found.items()]


@declares(
    progress.Operation,
    progress.OPERATIONS.shown,
    description="Long work and how far it is (长时间处理): an import, a publication of many.",
)
class Operation:
    """Long work."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    kind: str = field(Attribute(), description="What it is, such as `score_import` (种类).")
    state: progress.OperationState = field(Attribute(), description="Whether it goes on (状态).")
    stage: str | None = field(Attribute(), description="What is done now (当前环节).")
    done: int = field(Attribute(), description="How much of the stage is done (已处理).")
    total: int | None = field(
        Attribute(), description="How much there is in the stage; null while unknown (总数)."
    )
    base: BaseRef | None = field(One("bases", by="base"), description="The base (培训基地).")
    program: ProgramRef | None = field(
        One("programs", by="program"), description="The program (招收项目)."
    )
    started_at: datetime = field(Attribute(), description="When it began (开始时间).")
    seen_at: datetime = field(
        Attribute(), description="When it last told of itself (最近更新时间)."
    )
    finished_at: datetime | None = field(
        Attribute(), description="When it ended; null while it goes on (结束时间)."
    )
    result: list[OperationFigure] = field(
        Computed(_figures), description="What came of it, in figures (结果)."
    )
    problem: str | None = field(Localized(), description="Why it failed (失败原因).")
