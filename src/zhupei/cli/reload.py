"""``zhupei reload``: tell the running servers to load the configuration anew, and how it went."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._reloads import ReloadOutcome, wait_for_outcome
from zhupei.cli._running import running_servers
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "reload",
        help="让运行中的服务重新读取配置 · load the configuration anew",
        description=(
            "向 ZHUPEI_DATA_DIR 相同的每个 `zhupei serve` 发送 SIGHUP，并说明各自随后提供"
            "的内容。文件有误时一切不变：列出问题，退出码为 1。 · Send SIGHUP to every "
            "`zhupei serve` with the same ZHUPEI_DATA_DIR, and say what each serves "
            "then. A broken file changes nothing: its problems are printed, and the exit "
            "status is 1."
        ),
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=60,
        metavar="SECONDS",
        help="最多等待多少秒（60） · how long to wait (60)",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    data_dir = settings.data_dir
    told = running_servers(data_dir)
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
    since = time.time()
    strangers = set()
    for process in told:
        try:
            os.kill(process, signal.SIGHUP)
        except PermissionError:
            strangers.add(process)
        except ProcessLookupError:
            continue  # it ended meanwhile, which is told below
    until = time.time() + arguments.timeout
    failed = False
    for process in told:
        if process in strangers:
            failed = True
            _tell_stranger(process, settings.language)
            continue
        outcome = wait_for_outcome(data_dir, process, since, until)
        failed |= outcome is None or not outcome.replaced
        _tell(process, outcome, settings.language)
    return 1 if failed else 0


def _tell_stranger(process: int, language: Language) -> None:
    text = Text(
        f"服务 {process}：由其他系统账户运行，无权通知",
        f"server {process}: another account runs it",
    )
    sys.stderr.write(f"{text.get(language)}\n")


def _tell(process: int, outcome: ReloadOutcome | None, language: Language) -> None:
    if outcome is None:
        text = Text(
            f"服务 {process}：没有回复，请查看其日志",
            f"server {process}: no answer, see its log",
        )
        sys.stderr.write(f"{text.get(language)}\n")
        return
    if not outcome.replaced:
        sys.stderr.write(outcome.problems[language.value].rstrip("\n") + "\n")
    state = (
        Text("已使用新配置，目录", "serves the configuration as it stands, catalogue")
        if outcome.replaced
        else Text("配置有错误，仍使用目录", "keeps what it has, catalogue")
    )
    mark = "：" if language is Language.ZH else ": "
    target = sys.stdout if outcome.replaced else sys.stderr
    server = Text(f"服务 {process}", f"server {process}")
    target.write(f"{server.get(language)}{mark}{state.get(language)} {outcome.hash}\n")
