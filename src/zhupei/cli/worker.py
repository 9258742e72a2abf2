"""``zhupei worker``: do jobs without serving: deadlines, events, notices."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._listening import listener
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]

_MOST = 64


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "worker",
        help="处理后台任务 · do jobs: deadlines, events, notices",
        description=(
            "处理本系统的后台任务，直到 SIGINT 或 SIGTERM。可在配置、数据库和密钥相同的任"
            "何机器上运行任意多个。SIGHUP 使其重新读取配置。见 docs/jobs.md。 · Do the "
            "jobs of this installation until SIGINT or SIGTERM. Any number of workers "
            "may run beside servers, on any machine with the same configuration, "
            "database and keys. SIGHUP loads the configuration anew. See docs/jobs.md."
        ),
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        default=4,
        metavar="N",
        help="同时处理的任务数（默认 4） · jobs at once (4 by default)",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.concurrency <= _MOST:
        raise CommandError(
            Text(
                f"--concurrency 应为 1 至 {_MOST}", f"--concurrency is a number from 1 to {_MOST}"
            ),
            status=2,
        )
    from zhupei.cli._worker import run_worker  # noqa: PLC0415 - see zhupei.cli

    # The worker is this process itself, not one inside a server.
    settings = replace(read_settings(), worker=False)
    if settings.worker_port is None:
        run_worker(settings, concurrency=arguments.concurrency)
        return 0
    with listener(settings.host, settings.worker_port, variable="ZHUPEI_WORKER_PORT") as listening:
        run_worker(settings, concurrency=arguments.concurrency, listening=listening)
    return 0
