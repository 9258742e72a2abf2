"""``zhupei import plan FILE``: turns a published plan table into configuration.

A province publishes who recruits how many in which specialty as a table of base, specialty and
quota. The command finds the codes of the bases and specialties that the table names, reports
every row that it cannot place, and writes a ``kind: plan`` file beside the jurisdiction's own.
Where one row is wrong nothing is written.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings, spoken_language
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.config.layers import Layers, ProgramRef
    from zhupei.config.plan import PlannedQuota
    from zhupei.config.problems import Problems
    from zhupei.config.workspace import Workspace
    from zhupei.domain.codes import SpecialtyCatalogue

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parent = subparsers.add_parser(
        "import",
        help="把公布的表格导入为配置 · turn published tables into configuration",
        description="把公布的表格转换为配置。 · Turn published tables into configuration.",
    )
    kinds = parent.add_subparsers(dest="import_kind", metavar="WHAT", required=True)
    parser = kinds.add_parser(
        "plan",
        help="招收计划表（基地、专业、名额） · a plan table: base, specialty, quota",
        description=(
            "读取招收计划表（CSV 或 XLSX，含基地、专业、名额三列），在辖区文件旁写成 "
            "`kind: plan`。基地以代码、名称或别名指称，专业以项目年度的代码、名称或别名指"
            "称。名额留空即未公布。有问题时一次全部列出，且不写入任何内容。 · Read a "
            "plan table (CSV or XLSX with the columns base, specialty and quota) and "
            "write it as `kind: plan` beside the jurisdiction's file. Bases are named by "
            "code, name or alias, specialties by code, name or alias of the program's "
            "cycle. A blank quota is one that is not published. All problems are "
            "reported at once, and then nothing is written."
        ),
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="表格，.csv 或 .xlsx · the table, .csv or .xlsx"
    )
    parser.add_argument(
        "--program",
        required=True,
        metavar="CODE",
        help=(
            "辖区项目的代码；各行属于其下各基地的项目 · code of the jurisdiction's program; the "
            "rows belong to the bases' programs below it"
        ),
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=(
            "写到何处；默认为辖区文件旁的 _plan-<program>.yaml · where to write; default "
            "_plan-<program>.yaml beside the jurisdiction's file"
        ),
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="替换已有的计划文件 · replace the plan file if it exists already",
    )
    parser.add_argument(
        "--document",
        metavar="CODE",
        help=(
            "表格作为来源的代码；默认 PLAN-<year> · code of the table as a source; default "
            "PLAN-<year>"
        ),
    )
    parser.add_argument(
        "--title",
        metavar="TEXT",
        help=(
            "表格的中文标题；默认为文件名 · title of the table in Chinese; default the file's name"
        ),
    )
    parser.add_argument(
        "--clause",
        default="招收计划表",
        metavar="TEXT",
        help="在原文件中的部分 · the part of the document it is",
    )
    parser.add_argument(
        "--note",
        metavar="TEXT",
        help="读者须知，如内容为虚构 · what readers must know, such as that it is fictional",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    # Here, not at the top: models, plugins and spreadsheets are for this command alone.
    from zhupei.config.plan import read_plan, resolve_plan, write_plan  # noqa: PLC0415 - see zhupei.cli
    from zhupei.config.problems import Problems  # noqa: PLC0415 - see zhupei.cli
    from zhupei.reference import load as load_reference  # noqa: PLC0415 - see zhupei.cli

    workspace, layers = _configuration()
    program = _program(layers, arguments.program)
    year = layers.year(program)
    if year is None:
        raise CommandError(
            Text(f"项目 {program.code} 没有年度", f"the program {program.code} has no year")
        )
    output: Path = arguments.output or program.host.path.parent / f"_plan-{program.code}.yaml"
    if output.exists() and not arguments.replace:
        raise CommandError(
            Text(f"{output} 已存在", f"{output} exists already"),
            hint=Text("加上 --replace 覆盖它", "add --replace to write it anew"),
        )
    if output.exists() and not output.is_file():
        # It would be replaced, be it a device such as /dev/null.
        raise CommandError(Text(f"{output} 不是普通文件", f"{output} is no regular file"))
    problems = Problems()
    rows = resolve_plan(
        read_plan(arguments.file, problems),
        _base_resolver(workspace),
        _specialty_resolver(load_reference().specialties, year),
        problems,
    )
    _refuse_strangers(rows, layers, program, problems)
    sys.stderr.write(problems.text(spoken_language()))
    if problems.errors:
        count = len(problems.errors)
        problem = "1 problem" if count == 1 else f"{count} problems"
        raise CommandError(
            Text(f"有 {count} 处错误，未写入任何内容", f"{problem}, nothing was written")
        )
    text = write_plan(
        rows,
        program=program.code,
        document=arguments.document or f"PLAN-{year}",
        title=Text(arguments.title or _title_of(arguments.file)),
        clause=arguments.clause,
        note=Text(arguments.note) if arguments.note else None,
    )
    _write(output, text)
    sys.stdout.write(_summary(rows, output))
    return 0


def _title_of(table: Path) -> str:
    # A file that came from elsewhere may be named in another encoding.
    return os.fsencode(table.stem).decode("utf-8", "replace")


def _configuration() -> tuple[Workspace, Layers]:
    from zhupei.catalogue.named_plugins import load_plugins  # noqa: PLC0415 - see _run
    from zhupei.config.files import FileModels  # noqa: PLC0415 - see _run
    from zhupei.config.layers import Layers  # noqa: PLC0415 - see _run
    from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see _run

    settings = read_settings()
    workspace, host = load_plugins(
        read_workspace(settings.bases),
        folders=settings.plugins,
        disabled=settings.disabled_plugins,
    )
    workspace = workspace.validated(FileModels(host.kinds, host.config_models))
    # A file that is wrong may be the one that the table needs: say so before its base is unknown.
    sys.stderr.write(workspace.problems.text(spoken_language()))
    return workspace, Layers(workspace)


def _program(layers: Layers, code: str) -> ProgramRef:
    program = layers.programs.get(code)
    if program is None:
        near = get_close_matches(code, list(layers.programs), n=1)
        raise CommandError(
            Text(f"没有项目 {code}", f"there is no program {code}"),
            hint=Text(f"是否想写 {near[0]}？", f"did you mean {near[0]}?") if near else None,
        )
    if program.base is not None:
        raise CommandError(
            Text(
                f"{code} 是基地 {program.base.code} 的项目，不是管辖机构的",
                f"{code} is a program of the base {program.base.code}, not of a jurisdiction",
            ),
            hint=Text(
                f"请写上级项目 {program.entry.parent}",
                f"write the program above it, {program.entry.parent}",
            )
            if program.entry.parent
            else None,
        )
    return program


def _base_resolver(workspace: Workspace) -> Callable[[str], Sequence[str]]:
    """Return the lookup of bases by code, name, alias, or name with an alias in brackets."""
    known: dict[str, dict[str, None]] = {}
    for code, file in workspace.bases.items():
        names = (file.model.name.zh, *file.model.aliases)
        with_alias = (f"{name}({other})" for name in names for other in names if name != other)
        for name in (code, file.model.name.en, *names, *with_alias):
            known.setdefault(_folded(name), {})[code] = None
    return lambda text: tuple(known.get(_folded(text), ()))


def _specialty_resolver(catalogue: SpecialtyCatalogue, year: int) -> Callable[[str], Sequence[str]]:
    from zhupei.domain.codes import AmbiguousSpecialty  # noqa: PLC0415 - see _run

    def find(text: str) -> Sequence[str]:
        # The reader of tables makes brackets half-width; names in the catalogue have wide ones.
        wide = text.replace(" (", "(").replace("(", "（").replace(")", "）")
        try:
            found = catalogue.find(year, text) or catalogue.find(year, wide)
        except AmbiguousSpecialty as error:
            return error.codes
        return () if found is None else (found.code,)

    return find


def _folded(name: str) -> str:
    from zhupei.domain.contacts import normalise_text  # noqa: PLC0415 - see _run

    return normalise_text(name).replace(" ", "").casefold()


def _refuse_strangers(
    rows: Iterable[PlannedQuota], layers: Layers, program: ProgramRef, problems: Problems
) -> None:
    """Report rows of bases that take no part in the program."""
    from zhupei.config.problems import Problem  # noqa: PLC0415 - see _run

    members = {
        ref.base.code
        for ref in layers.programs.values()
        if ref.base is not None and ref.entry.parent == program.code
    }
    for row in rows:
        if row.base in members:
            continue
        problems.add(
            Problem(
                file=row.file,
                line=row.line,
                column=None,
                path=(),
                code="CONFIG_UNKNOWN_CODE",
                message=Text(
                    f"基地 {row.base} 没有 {program.code} 之下的项目",
                    f"the base {row.base} has no program below {program.code}",
                ),
                hint=Text(
                    f"在该基地的文件中加上 parent: {program.code} 的项目",
                    f"give the base's file a program with parent: {program.code}",
                ),
                cell=row.base_cell,
            )
        )


def _write(output: Path, text: str) -> None:
    """Write the file at once: a server that reloads meanwhile never sees half of it."""
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=output.parent, prefix=".plan-", delete=False
        ) as file:
            try:
                file.write(text)
                file.close()
                Path(file.name).chmod(0o644)
                Path(file.name).replace(output)
            except BaseException:  # also where somebody interrupts it
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise CommandError(
            Text(f"无法写入 {output}：{error.strerror}", f"cannot write {output}: {error.strerror}")
        ) from error


def _summary(rows: Sequence[PlannedQuota], output: Path) -> str:
    bases = len({row.base for row in rows})
    seats = sum(row.quota for row in rows if row.quota is not None)
    unknown = sum(row.quota is None for row in rows)
    return (
        f"import: {bases} bases, {len(rows)} openings, {seats} seats, "
        f"{unknown} quotas not published -> {output}\n"
    )
