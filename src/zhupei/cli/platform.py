"""``zhupei platform``: hand registrations to a platform through a connector."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.domain.connectors import Connector, PlatformBatch, Receipt

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "platform",
        help="向上级平台报送注册名单 · hand registrations to a platform",
        description=(
            "经连接器报送。国家平台的接口不公开：连接器 `file` 把批次写入文件夹，其他软件"
            "包可带来别的连接器。见 docs/integrators.md。 · Through a connector. The "
            "national platform's own interface is not public: the connector `file` "
            "writes batches to a folder; packages may bring others. See "
            "docs/integrators.md."
        ),
    )
    commands = parser.add_subparsers(dest="platform_command", metavar="COMMAND", required=True)
    listed = commands.add_parser("connectors", help="可用的连接器 · which connectors there are")
    listed.set_defaults(run=_connectors)
    submit = commands.add_parser("submit", help="报送 · hand over everyone registered")
    submit.add_argument(
        "--program", required=True, metavar="PROGRAM", help="及其下级项目 · and those below it"
    )
    submit.add_argument(
        "--dry-run",
        action="store_true",
        help="只说明将报送什么 · only say what would be handed over",
    )
    _with_connector(submit)
    submit.set_defaults(run=_submit)
    status = commands.add_parser("status", help="查询结果 · what the platform says of a batch")
    status.add_argument("batch", metavar="BATCH", help="批次的标识 · id of the batch")
    _with_connector(status)
    status.set_defaults(run=_status)


def _with_connector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--connector",
        default="file",
        metavar="NAME",
        help="用哪个连接器（默认 %(default)s） · which connector to use (default %(default)s)",
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="可重复 · repeat"
    )


def _connectors(_arguments: argparse.Namespace) -> int:
    from zhupei.services.connectors import connector_names  # noqa: PLC0415 - see zhupei.cli

    sys.stdout.write("".join(f"{name}\n" for name in connector_names()))
    return 0


def _connector(arguments: argparse.Namespace) -> Connector:
    from zhupei.domain.connectors import ConnectorError  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.connectors import make_connector  # noqa: PLC0415 - see zhupei.cli

    options: dict[str, str] = {}
    for each in arguments.option:
        name, equals, value = each.partition("=")
        if not equals:
            raise CommandError(
                Text(f"选项应为 名称=值：{each}", f"an option is NAME=VALUE: {each}"), status=2
            )
        options[name] = value
    try:
        return make_connector(arguments.connector, options)
    except ConnectorError as error:
        raise CommandError(error.message, status=2) from None


def _submit(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import with_database  # noqa: PLC0415 - see zhupei.cli
    from zhupei.cli._loading import load_configuration  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.access import open_keyring  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.connectors import registration_batch  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.issuing.recruitment import programs_within  # noqa: PLC0415 - as above

    connector = _connector(arguments)
    settings = read_settings()
    catalogue = load_configuration(settings).catalogue
    program: str = arguments.program
    if program not in catalogue.programs:
        raise CommandError(
            Text(f"目录中没有项目“{program}”", f'the catalogue holds no program "{program}"'),
            status=2,
        )

    async def made() -> PlatformBatch:
        return await registration_batch(
            catalogue,
            open_keyring(settings),
            program,
            programs_within(catalogue, program=program),
            at=datetime.now(UTC),
        )

    batch = with_database(settings, made)
    if arguments.dry_run:
        sys.stdout.write(f"batch {batch.id}: {len(batch.records)} records\n")
        return 0
    return _shown(_done(connector.submit(batch)), len(batch.records))


def _status(arguments: argparse.Namespace) -> int:
    return _shown(_done(_connector(arguments).status(arguments.batch)), None)


def _done(work: Coroutine[Any, Any, Receipt]) -> Receipt:
    from zhupei.domain.connectors import ConnectorError  # noqa: PLC0415 - see zhupei.cli

    try:
        return asyncio.run(work)
    except ConnectorError as error:
        raise CommandError(error.message) from None


def _shown(receipt: Receipt, records: int | None) -> int:
    from zhupei.domain.connectors import ReceiptState  # noqa: PLC0415 - see zhupei.cli

    problems = [
        {"registration": each.registration, "message": each.message} for each in receipt.problems
    ]
    shown = {
        "batch": receipt.batch,
        "reference": receipt.reference,
        "state": receipt.state.value,
        **({} if records is None else {"records": records}),
        "problems": problems,
    }
    sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
    return 1 if receipt.state is ReceiptState.REJECTED else 0
