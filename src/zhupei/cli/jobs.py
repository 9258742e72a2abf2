"""``zhupei jobs``: what waits, what failed, and trying it again."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from zhupei.cli import CommandError, read_settings
from zhupei.cli._parser import add_format
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "jobs",
        help="查看与重试后台任务和通知 · show and retry jobs and notices",
        description=(
            "不带子命令时，显示等待、进行和已放弃的数量：任务、任务进程、事件、通知、推送、"
            "长时操作，以及失败的任务。 · Without a word, show counts of what waits, "
            "runs or was given up: jobs, workers, events, notices, deliveries, long "
            "work; and the jobs that failed."
        ),
    )
    add_format(parser)
    parser.set_defaults(run=_show)
    commands = parser.add_subparsers(dest="jobs_command", metavar="COMMAND")
    retry = commands.add_parser(
        "retry",
        help=(
            "重试失败的任务：按编号重试一个，或全部 · try "
            "failed jobs again: one by its number, or all"
        ),
    )
    retry.add_argument(
        "job",
        type=int,
        nargs="?",
        help="`zhupei jobs` 显示的编号 · the number that `zhupei jobs` shows",
    )
    retry.set_defaults(run=_retry)
    notices = commands.add_parser(
        "retry-notices",
        help=(
            "重试未能送达的通知和没有地址的通知 · try undeliverable notices "
            "again, and those without an address"
        ),
    )
    notices.set_defaults(run=_retry_notices)


def _show(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.queue_status import queue_status  # noqa: PLC0415 - see zhupei.cli

    status = with_database(read_settings(), queue_status)
    if arguments.format == "json":
        sys.stdout.write(json.dumps(status, ensure_ascii=False, default=str) + "\n")
        return 0
    for title, values in status.items():
        if isinstance(values, dict):
            # Nothing of a kind is not worth a word; waiting for no time yet is.
            counts = [f"{n} {count}" for n, count in values.items() if count or title == "oldest"]
            shown = ", ".join(counts) or "none"
            sys.stdout.write(f"{title}: {shown}\n")
    failed: list[dict[str, Any]] = status["failed"]
    for job in failed:
        sys.stdout.write(
            f"failed: job {job['id']} {job['task']} after {job['attempts']} attempts, {job['at']}\n"
        )
    return 0


def _retry(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.queue_status import retry_failed  # noqa: PLC0415 - see zhupei.cli

    count = with_database(read_settings(), lambda: retry_failed(arguments.job))
    if arguments.job is not None and not count:
        raise CommandError(
            Text(f"没有失败的任务 {arguments.job}", f"no failed job has the number {arguments.job}")
        )
    sys.stdout.write(f"retried {count} jobs\n")
    return 0


def _retry_notices(_arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - see zhupei.cli

    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.notices.delivery import retry_notices  # noqa: PLC0415 - see zhupei.cli

    count = with_database(read_settings(), lambda: retry_notices(datetime.now(UTC)))
    sys.stdout.write(f"retried {count} notices\n")
    return 0
