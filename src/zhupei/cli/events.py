"""``zhupei events``: webhooks, what was sent to them, and sending it again."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from zhupei.cli import CommandError, read_settings, spoken_language
from zhupei.cli._parser import add_format
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.domain.webhooks import Webhook
    from zhupei.services.webhooks.managing import Replay
    from zhupei.services.webhooks.outcomes import Delivery

__all__ = ["register"]

_SHOWN = 50


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "events",
        help="查看与重放推送事件 · webhooks, their deliveries, and replaying events",
        description=(
            "集成方的接收端与向其推送的内容。见 docs/integrators.md。 · Endpoints of "
            "integrators and what was sent to them. See docs/integrators.md."
        ),
    )
    commands = parser.add_subparsers(dest="events_command", metavar="COMMAND", required=True)
    endpoints = commands.add_parser(
        "endpoints",
        help=(
            "事件订阅的接收端，及其状态和待推送的数量 · every endpoint with its "
            "state and what waits for it"
        ),
    )
    add_format(endpoints)
    endpoints.set_defaults(run=_endpoints)
    deliveries = commands.add_parser(
        "deliveries",
        help=(
            "一个接收端最近的推送，及每次尝试 · the newest deliveries to an "
            "endpoint, with every attempt"
        ),
    )
    deliveries.add_argument(
        "endpoint",
        type=UUID,
        metavar="ENDPOINT",
        help=(
            "接收端的标识，`zhupei events endpoints` 列出 · id of the endpoint, as `zhupei "
            "events endpoints` shows"
        ),
    )
    deliveries.add_argument(
        "--state",
        choices=("waiting", "delivered", "dead"),
        help="只列出这种状态的 · only those in this state",
    )
    add_format(deliveries)
    deliveries.set_defaults(run=_deliveries)
    replay = commands.add_parser(
        "replay",
        help="以原有标识再次推送事件 · send events again, under the ids that they had",
        description=(
            "把事件再次推送到一个接收端，或所有启用的接收端：某时刻以来的、按标识指定的，"
            "或已放弃的。接收方凭标识识别重复。 · Events are sent to one endpoint, or to "
            "all that are active: those since a moment, single ones by id, or what was "
            "given up. Receivers recognise them by their id."
        ),
    )
    replay.add_argument(
        "--endpoint", type=UUID, metavar="ENDPOINT", help="只推送到这一个 · to this one only"
    )
    replay.add_argument(
        "--since",
        type=_moment,
        metavar="TIME",
        help=(
            "该时刻起发生的，如 2026-04-10T09:00+08:00 · what happened since 2026-04-10T09:00+08:00"
        ),
    )
    replay.add_argument(
        "--until",
        type=_moment,
        metavar="TIME",
        help="该时刻之前发生的 · what happened before then",
    )
    replay.add_argument(
        "--id",
        type=UUID,
        action="append",
        metavar="EVENT",
        help="指定事件；可重复 · this event; repeat",
    )
    replay.add_argument(
        "--dead", action="store_true", help="只重放已放弃的 · only what was given up"
    )
    replay.set_defaults(run=_replay)
    for word, active, meaning in (
        ("enable", True, "重新启用 · switch an endpoint on again"),
        ("disable", False, "暂停 · pause an endpoint"),
    ):
        switch = commands.add_parser(word, help=meaning)
        switch.add_argument(
            "endpoint",
            type=UUID,
            metavar="ENDPOINT",
            help=(
                "接收端的标识，`zhupei events endpoints` 列出 · id of the endpoint, as `zhupei "
                "events endpoints` shows"
            ),
        )
        switch.set_defaults(run=_switch, active=active)


def _moment(text: str) -> datetime:
    """Return an instant; without an offset it is one of Asia/Shanghai."""
    from zhupei.domain.calendar import CHINA_TIME  # noqa: PLC0415 - see zhupei.cli

    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo is not None else found.replace(tzinfo=CHINA_TIME)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        # argparse would name this function; what it is told instead is shown as it is.
        said = Text(
            f"应为日期或时刻，如 2026-04-10 或 2026-04-10T09:00+08:00，而不是“{text}”",
            f'expected a date or a time such as 2026-04-10 or 2026-04-10T09:00+08:00, not "{text}"',
        )
        raise argparse.ArgumentTypeError(said.get(spoken_language())) from None


def _endpoints(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.status import endpoint_status  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    found = with_database(settings, lambda: endpoint_status(datetime.now(UTC)))
    if arguments.format == "json":
        shown = [
            {**_plain(each.webhook, settings.language), "deliveries": dict(each.counts)}
            for each in found
        ]
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
        return 0
    for each in found:
        counts = ", ".join(f"{name.lower()} {count}" for name, count in each.counts.items())
        sys.stdout.write(
            f"{each.webhook.id}  {each.webhook.state.value.lower()}  {each.host}  "
            f"{each.webhook.name or ''}  {counts or 'nothing sent'}\n"
        )
        if each.webhook.state_reason is not None:
            sys.stdout.write(f"    {each.webhook.state_reason.get(settings.language)}\n")
    return 0


def _plain(webhook: Webhook, language: Language) -> dict[str, Any]:
    reason = webhook.state_reason
    return {
        "id": str(webhook.id),
        "account": str(webhook.account),
        "name": webhook.name,
        "state": webhook.state.value,
        "reason": None if reason is None else reason.get(language),
        "event_types": list(webhook.event_types),
        "base": webhook.base,
        "jurisdiction": webhook.jurisdiction,
        "failing_since": None
        if webhook.failing_since is None
        else webhook.failing_since.isoformat(),
    }


def _deliveries(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.domain.webhooks import DeliveryState  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.outcomes import deliveries_of  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.status import is_endpoint  # noqa: PLC0415 - see zhupei.cli

    states = None if arguments.state is None else (DeliveryState(arguments.state.upper()),)

    async def asked() -> tuple[Delivery, ...] | None:
        if not await is_endpoint(arguments.endpoint):
            return None
        return await deliveries_of(arguments.endpoint, states=states, first=_SHOWN)

    found = with_database(read_settings(), asked)
    if found is None:
        raise _no_endpoint(arguments.endpoint)
    if arguments.format == "json":
        shown = [
            {
                "id": str(each.id),
                "event": str(each.event),
                "type": each.type,
                "at": each.at.isoformat(),
                "state": each.state.value,
                "attempts": [
                    {"at": one.at.isoformat(), "outcome": one.outcome.value, "status": one.status}
                    for one in each.attempts
                ],
            }
            for each in found
        ]
        sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
        return 0
    for each in found:
        last = each.attempts[-1] if each.attempts else None
        ended = "" if last is None else f"{last.outcome.value.lower()} {last.status or ''}".strip()
        sys.stdout.write(
            f"{each.event}  {each.type}  {each.state.value.lower()}  "
            f"attempts {len(each.attempts)}  {ended}\n"
        )
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.cli._loading import load_configuration  # noqa: PLC0415 - see zhupei.cli
    from zhupei.domain.admission_refusals import Refusal  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.managing import Replay  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.status import replay_to  # noqa: PLC0415 - see zhupei.cli

    replay: Replay = Replay(
        events=tuple(arguments.id) if arguments.id else None,
        since=arguments.since,
        until=arguments.until,
        dead=arguments.dead,
    )
    settings = read_settings()
    loaded = load_configuration(settings)
    found = with_database(
        settings,
        lambda: replay_to(
            loaded.catalogue, loaded.dispatcher, arguments.endpoint, replay, datetime.now(UTC)
        ),
    )
    if isinstance(found, Refusal):
        raise CommandError(found.message, status=2 if found.field == "since" else 1)
    sys.stdout.write(f"queued {found} deliveries\n")
    return 0


def _switch(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.webhooks.status import switch_endpoint  # noqa: PLC0415 - see zhupei.cli

    done = with_database(
        read_settings(),
        lambda: switch_endpoint(arguments.endpoint, active=arguments.active, at=datetime.now(UTC)),
    )
    if not done:
        raise _no_endpoint(arguments.endpoint)
    sys.stdout.write(f"{'enabled' if arguments.active else 'paused'} {arguments.endpoint}\n")
    return 0


def _no_endpoint(endpoint: UUID) -> CommandError:
    return CommandError(Text(f"没有事件订阅 {endpoint}", f"there is no endpoint {endpoint}"))
