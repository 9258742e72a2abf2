"""``zhupei brochure PROGRAM``: writes a program's recruitment brochure, checks or compares it."""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings, spoken_language
from zhupei.domain.text import Language, Text

if TYPE_CHECKING:
    from zhupei.catalogue.catalogue import Catalogue
    from zhupei.cli import Subparsers

__all__ = ["register"]

# By the ending of the file's name.
_FORMATS = {".pdf": "pdf", ".html": "html", ".htm": "html", "": "html"}


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "brochure",
        help="生成、检查和比较招生简章 · write, check and compare recruitment brochures",
        description=(
            "生成一个项目的中文招生简章，每句注明条款；未公布的照此写明并说明原因。 · "
            "Write the recruitment brochure of a program in Chinese, with the clause of "
            "every statement; what is not published is printed as such with its reason."
        ),
    )
    parser.add_argument("program", metavar="PROGRAM", help="项目代码 · code of the program")
    parser.add_argument(
        "--format",
        choices=("html", "pdf"),
        help="默认按 --output 的扩展名，否则为 html · default: by --output, else html",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="写到何处；默认写到标准输出 · where to write; default standard output",
    )
    parser.add_argument(
        "--dated",
        metavar="TEXT",
        help=(
            "文末的日期，如 2026年6月1日；默认不写 · date printed at the end, such as 2026年6月1"
            "日; default none"
        ),
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check",
        action="store_true",
        help=(
            "只核对应写明的内容；有缺时退出码为 1 · only say what the brochure states of what "
            "it must; exit 1 if something is lacking"
        ),
    )
    instead.add_argument(
        "--against",
        metavar="PROGRAM",
        help="只列出与该项目相比的变化 · only say what changed since this program",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    language = spoken_language()
    if arguments.format is None and arguments.output is not None:
        arguments.format = _format_of(arguments.output)
    if arguments.format == "pdf" and arguments.output is None and sys.stdout.isatty():
        raise CommandError(
            Text("PDF 不能显示在终端", "a PDF cannot be shown on a terminal"),
            hint=Text("加上 --output 文件名", "add --output FILE"),
            status=2,
        )
    catalogue = _catalogue(language)
    _require(catalogue, arguments.program)
    if arguments.against is not None:
        _require(catalogue, arguments.against)
        return _compare(catalogue, arguments.against, arguments.program, language)
    if arguments.check:
        return _check(catalogue, arguments.program, language)
    return _write(catalogue, arguments, language)


def _format_of(output: Path) -> str:
    found = _FORMATS.get(output.suffix.lower())
    if found is None:
        raise CommandError(
            Text(
                f"文件名应以 .html 或 .pdf 结尾：{output}",
                f"the file must end in .html or .pdf: {output}",
            ),
            hint=Text("或用 --format 指定格式", "or say what it is with --format"),
            status=2,
        )
    return found


def _catalogue(language: Language) -> Catalogue:
    from zhupei.cli._loading import load_configuration  # noqa: PLC0415 - see zhupei.cli

    loaded = load_configuration(read_settings())
    if loaded.problems.errors:
        sys.stderr.write(loaded.problems.text(language))
    return loaded.catalogue


def _require(catalogue: Catalogue, code: str) -> None:
    if code in catalogue.programs:
        return
    near = get_close_matches(code, list(catalogue.programs), n=1)
    raise CommandError(
        Text(f"没有项目 {code}", f"there is no program {code}"),
        hint=Text(f"是否想写 {near[0]}？", f"did you mean {near[0]}?") if near else None,
    )


def _write(catalogue: Catalogue, arguments: argparse.Namespace, language: Language) -> int:
    from zhupei.services.papers.brochure import brochure  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.papers.brochure_check import check_brochure  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.papers.render import render_html, render_pdf  # noqa: PLC0415 - see zhupei.cli

    paper = brochure(catalogue, arguments.program, dated=arguments.dated)
    if arguments.format == "pdf":
        content = render_pdf(paper, catalogue.documents)
    else:
        content = render_html(paper, catalogue.documents).encode()
    if arguments.output is None:
        sys.stdout.buffer.write(content)
    else:
        try:
            arguments.output.write_bytes(content)
        except OSError as error:
            raise CommandError(
                Text(
                    f"无法写入 {arguments.output}：{error.strerror}",
                    f"cannot write {arguments.output}: {error.strerror}",
                )
            ) from error
    report = check_brochure(catalogue, arguments.program)
    if not report.complete:
        lacking = [
            each.topic.label.get(language)
            for each in report.results
            if each.demands and each.outcome != "present"
        ]
        lacking.extend(each.label.get(language) for each in report.unrecognised)
        text = Text(
            f"简章应写明而未写明：{'、'.join(lacking)}"
            f"（zhupei brochure {arguments.program} --check）",
            f"not stated although demanded: {', '.join(lacking)} "
            f"(zhupei brochure {arguments.program} --check)",
        )
        sys.stderr.write(f"zhupei: {text.get(language)}\n")
    return 0


def _check(catalogue: Catalogue, program: str, language: Language) -> int:
    from zhupei.services.papers.brochure_check import check_brochure  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.papers.brochure_text import completeness_text  # noqa: PLC0415 - see zhupei.cli

    report = check_brochure(catalogue, program)
    sys.stdout.write(completeness_text(report, language))
    return 0 if report.complete else 1


def _compare(catalogue: Catalogue, before: str, after: str, language: Language) -> int:
    from zhupei.services.papers.brochure_diff import diff_brochures  # noqa: PLC0415 - see zhupei.cli
    from zhupei.services.papers.brochure_text import diff_text  # noqa: PLC0415 - see zhupei.cli

    sys.stdout.write(diff_text(diff_brochures(catalogue, before, after), language))
    return 0
