"""``zhupei export``: registration lists, statistics, letters and published lists as files."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.catalogue.catalogue import Catalogue
    from zhupei.cli import Subparsers
    from zhupei.db.connection import Database
    from zhupei.services.progress import Progress
    from zhupei.settings import Settings

__all__ = ["register"]

_Make = Callable[["Settings", "Catalogue", argparse.Namespace, "Progress"], Awaitable[bytes]]
_TABLES = (".xlsx", ".csv")


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "export",
        help="导出注册名单、统计、通知书和公示名单 · export lists, statistics and letters",
        description=(
            "导出数据库中的内容。文件可能含完整的个人信息，因此仅限所有者读取。 · Export "
            "what the database holds. The files may name people in full: they are made "
            "readable for their owner only."
        ),
    )
    commands = parser.add_subparsers(dest="export_command", metavar="WHAT", required=True)
    registrations = commands.add_parser(
        "registrations",
        help="注册名单 · the registration list, .xlsx or .csv",
        description=(
            "注册名单，含完整的证件号码与电话（R156）。 · The registration list with "
            "full numbers and phones (R156)."
        ),
    )
    _where(registrations)
    registrations.add_argument(
        "--masked",
        action="store_true",
        help="隐去号码与电话，只留数位 · hide numbers and phones but for a few characters",
    )
    _output(registrations, _registrations, _TABLES)
    statistics = commands.add_parser(
        "statistics",
        help="招收统计 · statistics of recruitment, .xlsx or .csv",
        description=(
            "报名、完成与紧缺专业的招满情况（R157）。 · Applications, completion and "
            "fill of shortage specialties (R157)."
        ),
    )
    _where(statistics)
    statistics.add_argument("--round", metavar="ROUND", help="仅某一轮次 · of one round only")
    _output(statistics, _statistics, _TABLES)
    letters = commands.add_parser(
        "letters",
        help="录取通知书 · letters of admission as a .zip of PDF files",
        description=(
            "每位已通知者一份 PDF，以申请标识命名。 · One PDF for everyone who was "
            "notified, named by application."
        ),
    )
    letters.add_argument(
        "--program", metavar="PROGRAM", required=True, help="项目代码 · code of the program"
    )
    letters.add_argument("--round", metavar="ROUND", help="轮次代码 · code of the round")
    _output(letters, _letters, (".zip",))
    publicity = commands.add_parser(
        "publicity",
        help="公示名单 · the signed file of a published list, .json",
        description=(
            "向公众提供的文件；名单已撤回的，为签名的撤回通知。 · The file that the "
            "public gets, or the signed notice of its withdrawal."
        ),
    )
    publicity.add_argument("id", type=UUID, metavar="ID", help="名单标识 · identifier of the list")
    _output(publicity, _publicity, (".json",))


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--program",
        metavar="PROGRAM",
        help="某项目及其下级项目 · of a program and those below it",
    )
    parser.add_argument("--base", metavar="BASE", help="某培训基地 · of a base")
    parser.add_argument(
        "--jurisdiction",
        metavar="CODE",
        help="某辖区的各培训基地 · of the bases of a jurisdiction",
    )
    parser.add_argument("--year", type=int, metavar="YEAR", help="某一年度 · of one cycle")


def _output(parser: argparse.ArgumentParser, make: _Make, endings: tuple[str, ...]) -> None:
    told = f"写入的文件，{' 或 '.join(endings)} · file to write, {' or '.join(endings)}"
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help=told)
    parser.set_defaults(run=_run, make=make, endings=endings)


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.cli._database import (  # noqa: PLC0415 - see zhupei.cli
        at_command_line,
        with_this_database,
    )
    from zhupei.cli._loading import load_configuration  # noqa: PLC0415 - see zhupei.cli
    from zhupei.cli._progress import progress_line  # noqa: PLC0415 - see zhupei.cli
    from zhupei.graphql.context import china_now  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.progress import operation  # noqa: PLC0415 - see zhupei.cli

    output: Path = arguments.output
    if output.suffix.lower() not in arguments.endings:
        listed = ", ".join(arguments.endings)
        raise CommandError(
            Text(f"文件名应以 {listed} 结尾：{output}", f"the file must end in {listed}: {output}"),
            status=2,
        )
    if output.is_dir() or not output.parent.is_dir():
        raise CommandError(
            Text(f"不能写入文件 {output}", f"{output} is no file that can be written"), status=2
        )
    settings = read_settings()
    catalogue = load_configuration(settings).catalogue
    _known(catalogue, arguments)
    make: _Make = arguments.make
    what: str = arguments.export_command

    async def work(database: Database) -> bytes:
        async with operation(
            database,
            kind=f"{what}_export",
            by=at_command_line(),
            clock=china_now,
            base=getattr(arguments, "base", None),
            program=getattr(arguments, "program", None),
            watch=progress_line(f"export {what}"),
        ) as progress:
            return await make(settings, catalogue, arguments, progress)

    content = with_this_database(settings, work)
    try:
        _written(output, content)
    except OSError as error:
        raise CommandError(
            Text(
                f"无法写入 {output}：{error.strerror}",
                f"{output} cannot be written: {error.strerror}",
            )
        ) from error
    return 0


def _written(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; what was there before keeps nothing open."""
    path.touch(mode=0o600, exist_ok=True)
    path.chmod(0o600)
    path.write_bytes(content)


def _known(catalogue: Catalogue, arguments: argparse.Namespace) -> None:
    from zhupei.services.issuing.recruitment import has_round  # noqa: PLC0415 - see zhupei.cli

    for name, known in (
        ("program", catalogue.programs),
        ("base", catalogue.bases),
        ("jurisdiction", catalogue.jurisdictions),
    ):
        code = getattr(arguments, name, None)
        if code is not None and code not in known:
            raise CommandError(
                Text(f"目录中没有“{code}”（--{name}）", f'the catalogue holds no {name} "{code}"'),
                status=2,
            )
    what: str = arguments.export_command
    if what == "publicity":
        return
    programs = (arguments.program,) if what == "letters" else _programs(catalogue, arguments)
    if not programs:
        # A table of nothing would look as if nobody had come.
        raise CommandError(_no_program(arguments), status=2)
    round_code: str | None = arguments.round if "round" in arguments else None
    if not has_round(catalogue, programs, round_code):
        raise CommandError(
            Text(
                f"所选项目没有批次“{round_code}”（--round）",
                f'no program that is asked for has a round "{round_code}"',
            ),
            status=2,
        )


def _no_program(arguments: argparse.Namespace) -> Text:
    """Return which choice no program fits."""
    names = ("program", "base", "jurisdiction", "year")
    chosen = ((name, getattr(arguments, name)) for name in names)
    given = " ".join(f"--{name} {value}" for name, value in chosen if value is not None)
    if not given:
        return Text("目录中没有项目", "the catalogue holds no program")
    return Text(f"没有符合条件的项目：{given}", f"no program fits {given}")


async def _told_of(
    progress: Progress, pieces: int, made: Callable[[Callable[[], None]], bytes]
) -> bytes:
    """Return what ``made`` makes in a thread; it calls what it is given for each piece."""
    loop = asyncio.get_running_loop()
    await progress.expect(pieces, "writing")

    def told() -> None:
        asyncio.run_coroutine_threadsafe(progress.advance(), loop).result()

    return await asyncio.to_thread(made, told)


def _programs(catalogue: Catalogue, arguments: argparse.Namespace) -> tuple[str, ...]:
    from zhupei.services.issuing.recruitment import programs_within  # noqa: PLC0415 - see above

    return programs_within(
        catalogue,
        program=arguments.program,
        base=arguments.base,
        jurisdiction=arguments.jurisdiction,
        year=arguments.year,
    )


async def _registrations(
    settings: Settings, catalogue: Catalogue, arguments: argparse.Namespace, progress: Progress
) -> bytes:
    from zhupei.services.access import open_keyring  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.issuing.registrations import (  # noqa: PLC0415 - see zhupei.cli
        registered_trainees,
    )
    from zhupei.services.papers import registration_list as lists  # noqa: PLC0415 - see zhupei.cli

    programs = _programs(catalogue, arguments)
    await progress.expect(None, "reading")
    found = await registered_trainees(
        catalogue, open_keyring(settings), programs, masked=arguments.masked
    )
    columns = lists.columns_for(catalogue, programs)
    if arguments.output.suffix.lower() == ".csv":
        return lists.registration_list_csv(catalogue, found, columns)
    return await _told_of(
        progress,
        len(found),
        lambda told: lists.registration_list_xlsx(catalogue, found, columns, told=told),
    )


async def _statistics(
    _settings: Settings, catalogue: Catalogue, arguments: argparse.Namespace, progress: Progress
) -> bytes:
    from zhupei.services.issuing.recruitment import (  # noqa: PLC0415 - see zhupei.cli
        recruitment_report,
    )
    from zhupei.services.papers.statistics import (  # noqa: PLC0415 - see zhupei.cli
        statistics_columns_for,
        statistics_csv,
        statistics_xlsx,
    )

    programs = _programs(catalogue, arguments)
    await progress.expect(None, "reading")
    report = await recruitment_report(catalogue, programs, arguments.round)
    make = statistics_csv if arguments.output.suffix.lower() == ".csv" else statistics_xlsx
    return make(catalogue, report.whole, statistics_columns_for(catalogue, programs))


async def _letters(
    _settings: Settings, catalogue: Catalogue, arguments: argparse.Namespace, progress: Progress
) -> bytes:
    from zhupei.services.issuing.persons import (  # noqa: PLC0415 - see zhupei.cli
        letters_archive,
        letters_of_round,
    )

    await progress.expect(None, "reading")
    letters = await letters_of_round(catalogue, arguments.program, arguments.round)
    return await _told_of(
        progress, len(letters), lambda told: letters_archive(letters, catalogue.documents, told)
    )


async def _publicity(
    settings: Settings, catalogue: Catalogue, arguments: argparse.Namespace, progress: Progress
) -> bytes:
    from zhupei.graphql.context import china_now  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.access import open_keyring  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.issuing import lists  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.issuing.signing import open_signing_keys  # noqa: PLC0415 - see zhupei.cli

    await progress.expect(None, "reading")
    found = await lists.publicity_of(arguments.id)
    if found is None:
        raise CommandError(
            Text(f"没有公示名单 {arguments.id}", f"there is no published list {arguments.id}")
        )
    keys = open_signing_keys(settings)
    if found.withdrawn_at is not None:
        return lists.signed_withdrawal(keys, found)
    keyring = open_keyring(settings)
    return (await lists.signed_list(catalogue, keyring, keys, found, china_now())).content
