"""``zhupei demo``: play a scenario of `examples/` on the real application, and watch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.demo import Outcome
    from zhupei.demo.narration import Narrator
    from zhupei.demo.scenario import Scenario
    from zhupei.demo.stage import Stage
    from zhupei.settings import Settings

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo",
        help="演示一次完整的招收 · play a whole recruitment and watch",
        description=(
            "演示一个场景：在临时文件夹中运行真实的服务、PostgreSQL 和邮件服务器，时钟可"
            "拨动。结果与场景不符时，在第一个不符的步骤结束，退出码为 1。见 docs/demo.md。"
            " · Play a scenario: a real server, PostgreSQL and a mail server in a "
            "temporary folder, with a clock that is moved. It ends with status 1 at the "
            "first step of which something else comes than the scenario says. See "
            "docs/demo.md."
        ),
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="哪一个场景；--list 列出全部 · which one; --list shows them",
    )
    parser.add_argument(
        "--list", action="store_true", help="列出场景后结束 · list the scenarios and end"
    )
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        default=Path("examples"),
        metavar="PATH",
        help=(
            "场景所在的文件夹，或单个场景的文件夹（默认 examples） · folder with scenarios, or "
            "one scenario's own (default: examples)"
        ),
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help=(
            "结束后服务连同查询页面继续运行，直到按 Ctrl-C · let the server run at the end, "
            "with the query page, until Ctrl-C"
        ),
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.demo.scenario import (  # noqa: PLC0415 - see zhupei.cli
        find_scenarios,
        read_scenario,
    )

    settings = read_settings()
    folders = find_scenarios(arguments.folder)
    if (arguments.folder / "scenario.yaml").is_file():
        folders = {arguments.folder.resolve().name: arguments.folder}
    if arguments.list:
        for code, folder in folders.items():
            sys.stdout.write(f"{code}  {read_scenario(folder).name.get(settings.language)}\n")
        return 0
    name = arguments.name or (next(iter(folders)) if len(folders) == 1 else None)
    if name not in folders:
        raise _unknown(arguments.folder, name, list(folders))
    return _play(read_scenario(folders[name]), settings, keep=arguments.keep)


def _unknown(folder: Path, name: str | None, known: list[str]) -> CommandError:
    names = ", ".join(known)
    hint = (
        Text(f"可用的剧本：{names}", f"there are {names}")
        if known
        else Text("用 --from 指定文件夹", "name a folder with --from")
    )
    if name is None and known:
        return CommandError(Text("请写剧本名称", "name a scenario"), hint=hint, status=2)
    shown = name or ""
    return CommandError(
        Text(f"{folder} 中没有剧本 {shown}".rstrip(), f"{folder} has no scenario {shown}".rstrip()),
        hint=hint,
        status=2,
    )


def _play(scenario: Scenario, settings: Settings, *, keep: bool) -> int:
    import asyncio  # noqa: PLC0415 - see zhupei.cli
    import signal  # noqa: PLC0415 - see zhupei.cli

    from zhupei.demo import play  # noqa: PLC0415 - see zhupei.cli
    from zhupei.demo.narration import Narrator  # noqa: PLC0415 - see zhupei.cli

    narrator = Narrator(sys.stdout, settings.language)

    async def after(stage: Stage, outcome: Outcome) -> None:
        if keep:
            await _until_interrupted(narrator, scenario, stage, outcome)

    async def played() -> None:
        # Whatever ends it, its server and its folder go with it: also a closed terminal, but for
        # whoever ignores that (nohup).
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if task is not None and signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, task.cancel)
        await play(scenario, settings, narrator, after=after)

    try:
        asyncio.run(played())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    return 0


async def _until_interrupted(
    narrator: Narrator, scenario: Scenario, stage: Stage, outcome: Outcome
) -> None:
    import asyncio  # noqa: PLC0415 - see zhupei.cli

    from zhupei.demo.stage import PASSWORD  # noqa: PLC0415 - see zhupei.cli

    narrator.keeping(stage.url, PASSWORD, scenario.staff, outcome.applicants)
    await asyncio.Event().wait()
