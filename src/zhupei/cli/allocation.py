"""``zhupei allocation verify``: prove stored runs of the allocation by the independent checker."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.cli import CommandError, read_settings
from zhupei.cli._parser import add_format
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.domain.allocation import AllocationCheck
    from zhupei.settings import Settings

__all__ = ["register"]

_SHOWN = 20


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "allocation",
        help="核验志愿匹配结果 · prove runs of the allocation",
        description="按志愿匹配的各轮次运行记录。 · Runs of rounds that match preference lists.",
    )
    commands = parser.add_subparsers(dest="allocation_command", metavar="COMMAND", required=True)
    verify = commands.add_parser(
        "verify",
        help="核验一次或全部匹配 · verify one run, or all",
        description=(
            "由存储的数据重建一次匹配的输入，比对其摘要，并以独立的核验程序检查结果：完整、"
            "不超名额、无阻塞对、对报考人最优。有匹配未能证明时退出码为 1。 · Make the "
            "market of a run again from what is stored, compare its digest, and check "
            "the result with the independent checker: complete, within quotas, no "
            "blocking pair, best for applicants. Ends with status 1 where a run is not "
            "proven."
        ),
    )
    verify.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="匹配的标识；不写则核验全部 · ids of runs; all without any",
    )
    add_format(verify)
    verify.set_defaults(run=_run)


@dataclass(frozen=True, slots=True)
class _Asked:
    runs: tuple[UUID, ...]
    as_json: bool


def _run(arguments: argparse.Namespace) -> int:
    asked = _Asked(tuple(map(_id, arguments.runs)), arguments.format == "json")
    settings = read_settings()
    checks = asyncio.run(_verify(settings, asked.runs))
    if asked.as_json:
        sys.stdout.write(json.dumps([_as_json(check) for check in checks], ensure_ascii=False))
        sys.stdout.write("\n")
    else:
        for check in checks:
            stream = sys.stdout if check.holds else sys.stderr
            stream.write(_text(check).get(settings.language) + "\n")
        if not checks:
            none = Text("没有匹配结果", "there are no runs")
            sys.stdout.write(none.get(settings.language) + "\n")
    return 0 if all(check.holds for check in checks) else 1


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(
            Text(f"不是匹配标识：{text}", f"this is no id of a run: {text}"), status=2
        ) from None


async def _verify(settings: Settings, runs: tuple[UUID, ...]) -> list[AllocationCheck]:
    from zhupei.db.connection import Database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.allocation import stored_runs, verify_run  # noqa: PLC0415 - see zhupei.cli

    database = Database(data_dir=settings.data_dir, url=settings.database_url, pool_size=1)
    await database.start()
    try:
        with database.use():
            checks = []
            for run in runs or await stored_runs():
                check = await verify_run(run)
                if check is None:
                    raise CommandError(Text(f"没有此匹配：{run}", f"there is no run {run}"))
                checks.append(check)
            return checks
    finally:
        await database.stop()


def _text(check: AllocationCheck) -> Text:
    if check.holds:
        return Text(
            f"{check.run}：{check.applications} 份志愿、{check.places} 个岗位，核验通过",
            f"{check.run}: proven, {check.applications} applications at {check.places} places",
        )
    shown = check.violations[:_SHOWN]
    more = len(check.violations) - len(shown)
    zh = [f"  {each.kind.value}：{each.message.zh}" for each in shown]
    en = [f"  {each.kind.value}: {each.message.en}" for each in shown]
    if more:
        zh.append(f"  另有 {more} 处")
        en.append(f"  and {more} more")
    return Text(
        "\n".join([f"{check.run}：核验未通过，{len(check.violations)} 处问题", *zh]),
        "\n".join([f"{check.run}: not proven, {len(check.violations)} faults", *en]),
    )


def _as_json(check: AllocationCheck) -> dict[str, object]:
    return {
        "run": str(check.run),
        "holds": check.holds,
        "market": check.market,
        "applications": check.applications,
        "places": check.places,
        "violations": [
            {
                "kind": each.kind.value,
                "applicant": each.applicant,
                "place": each.opening,
                "message": {"zh": each.message.zh, "en": each.message.en},
            }
            for each in check.violations
        ],
    }
