"""``zhupei audit verify``: prove that no record was changed or removed, and no row beside it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._parser import add_format
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.services.audit import AuditReport
    from zhupei.settings import Settings

__all__ = ["register"]

_HEAD = re.compile(r"[0-9]{1,18}:[0-9a-f]{64}(\+[0-9]{1,18}:[0-9a-f]{64})?")


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "audit",
        help="核验申请记录未被篡改 · prove that records were not changed",
        description=(
            "操作记录：只增不改，逐条哈希，首尾相链。 · The records of what was done: "
            "appended, hashed, chained."
        ),
    )
    commands = parser.add_subparsers(dest="audit_command", metavar="COMMAND", required=True)
    verify = commands.add_parser(
        "verify",
        help="核验全部记录 · verify all records",
        description=(
            "核验每一条记录；以最后一条记录核对每份申请、每个人、学员、名单、禁报和计划；"
            "并核对占用与增补的名额。发现断裂时指出第一处，退出码为 1。请把显示的链头另行"
            "抄存，日后以 --head 交回核对。 · Verify every record; every application, "
            "person, trainee, list, ban and plan against its last record; and the seats "
            "taken and added. Names the first break and ends with status 1. Note the "
            "head that is printed somewhere else, and give it back with --head later."
        ),
    )
    verify.add_argument(
        "--head",
        metavar="SEQUENCE:ANCHOR+SEQUENCE:ANCHOR",
        help="以前抄存的链头，记录须包含它 · a head noted before that has to be passed",
    )
    add_format(verify)
    verify.set_defaults(run=_run)


@dataclass(frozen=True, slots=True)
class _Asked:
    head: str | None
    as_json: bool


def _run(arguments: argparse.Namespace) -> int:
    asked = _Asked(arguments.head, arguments.format == "json")
    if asked.head is not None and not _HEAD.fullmatch(asked.head):
        raise CommandError(
            Text(
                f"链头的格式应为 序号:哈希值+序号:哈希值：{asked.head}",
                "a head is a sequence, a colon and 64 hexadecimal digits, for each of the two "
                f"chains, with a plus sign between: {asked.head}",
            ),
            status=2,
        )
    settings = read_settings()
    report = asyncio.run(_verify(settings, asked.head))
    if asked.as_json:
        sys.stdout.write(json.dumps(_as_json(report), ensure_ascii=False) + "\n")
    else:
        stream = sys.stdout if report.broken is None else sys.stderr
        stream.write(_text(report).get(settings.language) + "\n")
    return 0 if report.broken is None else 1


async def _verify(settings: Settings, head: str | None) -> AuditReport:
    from zhupei.db.connection import Database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.audit import verify_audit_chain  # noqa: PLC0415 - see zhupei.cli

    database = Database(data_dir=settings.data_dir, url=settings.database_url, pool_size=1)
    await database.start()
    try:
        with database.use():
            return await verify_audit_chain(head)
    finally:
        await database.stop()


def _text(report: AuditReport) -> Text:
    if report.broken is not None:
        reason = report.broken.reason
        return Text(f"记录不完整：{reason.zh}", f"the records do not hold: {reason.en}")
    return Text(
        f"{report.applications} 份申请的 {report.records} 条记录和人员、名单、计划等的 "
        f"{report.state_records} 条状态记录完整，链头 {report.head}",
        f"{report.records} records of {report.applications} applications and "
        f"{report.state_records} of people, lists, plans and the like hold; head {report.head}",
    )


def _as_json(report: AuditReport) -> dict[str, object]:
    broken = report.broken
    return {
        "holds": broken is None,
        "records": report.records,
        "applications": report.applications,
        "stateRecords": report.state_records,
        "head": report.head,
        "broken": None
        if broken is None
        else {
            "sequence": broken.sequence,
            "record": None if broken.record is None else str(broken.record),
            "subject": None if broken.subject is None else str(broken.subject),
            "reason": {"zh": broken.reason.zh, "en": broken.reason.en},
        },
    }
