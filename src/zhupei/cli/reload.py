"""``zhupei reload``: tell the running servers to load the configuration anew."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._running import running_servers
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "reload",
        help="让运行中的服务重新读取配置 · load the configuration anew",
        description="Send SIGHUP to every `zhupei serve` with the same ZHUPEI_DATA_DIR. A broken "
        "file changes nothing: the server's log says why.",
    )
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    data_dir = read_settings().data_dir
    told = running_servers(data_dir)
    for process in told:
        os.kill(process, signal.SIGHUP)
    if not told:
        raise CommandError(
            Text(
                f"没有使用 {data_dir} 的服务在运行",
                f"no server is running on the data in {data_dir}",
            ),
            hint=Text(
                "检查 ZHUPEI_DATA_DIR 是否与该服务相同",
                "check that ZHUPEI_DATA_DIR is the one the server has",
            ),
        )
    sys.stdout.write(f"reload: {', '.join(map(str, told))}\n")
    return 0
