"""``zhupei schema diff``: what would break clients of the last release, and what was accepted.

The graph of the last release lies in the repository, without its descriptions, so that a clone
without tags compares as well. A break is accepted by a file of ``changelog.d`` that quotes it,
which tells the authors of clients at the same time.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zhupei.cli import CommandError
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["Difference", "add_diff", "compare", "released_text"]

_RELEASED = Path("schema.released.graphql")
_CHANGELOG = Path("changelog.d")


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One change that can hurt a client; ``text`` is how it is printed, and quoted to accept it.

    A change without ``breaks`` is a danger: a client that lists every value of an enum, or relies
    on a default, may stumble over it.
    """

    text: str
    breaks: bool
    accepted: bool = False


def add_diff(commands: Subparsers) -> None:
    """Add ``diff`` to the commands of ``zhupei schema``."""
    parser = commands.add_parser(
        "diff",
        help="与上一版本不兼容之处 · what breaks clients of the last release",
        description=(
            "把核心的图与上一版本比较。有使客户端失效的更改时退出码为 1，除非 changelog.d 中有文"
            "件以反引号原样引用它。 · Compare the core's graph with that of the last release. "
            "Exit status 1 where a change breaks clients, unless a file of changelog.d quotes it "
            "in backticks as printed here."
        ),
    )
    parser.add_argument(
        "--against",
        metavar="FILE",
        type=Path,
        default=_RELEASED,
        help="上一版本的模式文本 · the graph that was released",
    )
    parser.add_argument(
        "--changelog",
        metavar="FOLDER",
        type=Path,
        default=_CHANGELOG,
        help="说明已接受的不兼容更改的文件夹 · where accepted breaks are told of",
    )
    parser.add_argument(
        "--release",
        action="store_true",
        help="发布时：把现在的图写入该文件 · at a release: write the graph as it is to that file",
    )
    parser.set_defaults(run=_run)


def released_text(text: str) -> str:
    """Return a graph's text without its descriptions: what the queries of clients rely on."""
    from graphql import Visitor, parse, print_ast, visit  # noqa: PLC0415 - see zhupei.cli

    class Descriptions(Visitor):
        def enter(self, node: Any, *_: Any) -> Any:
            if getattr(node, "description", None) is None:
                return None
            return dataclasses.replace(node, description=None)

    return print_ast(visit(parse(text, no_location=True), Descriptions())) + "\n"


def compare(released: str, now: str, changelog: Iterable[str] = ()) -> tuple[Difference, ...]:
    """Return what differs between two graphs to the harm of clients: what breaks them first.

    ``changelog`` are the texts that may quote a break in backticks, over line ends as well.
    """
    from graphql import (  # noqa: PLC0415 - see zhupei.cli
        build_schema,
        find_breaking_changes,
        find_dangerous_changes,
    )

    quoted = {
        " ".join(quote.split()) for text in changelog for quote in re.findall(r"`([^`]+)`", text)
    }
    before, after = build_schema(released), build_schema(now)
    breaks = sorted(
        {f"{each.type.name}: {each.description}" for each in find_breaking_changes(before, after)}
    )
    dangers = sorted(
        {f"{each.type.name}: {each.description}" for each in find_dangerous_changes(before, after)}
    )
    return (
        *(Difference(text, breaks=True, accepted=text in quoted) for text in breaks),
        *(Difference(text, breaks=False) for text in dangers),
    )


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see zhupei.cli

    file: Path = arguments.against
    now = build_schema().core_sdl
    if arguments.release:
        file.write_text(released_text(now), encoding="utf-8")
        return 0
    try:
        released = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(
            Text(f"没有文件 {file.as_posix()}", f"there is no file {file.as_posix()}"),
            hint=Text(
                "在代码仓库目录中运行，或用 --against 指定",
                "run it in the repository's folder, or name one with --against",
            ),
            status=2,
        ) from None
    folder: Path = arguments.changelog
    notes = [each.read_text(encoding="utf-8") for each in sorted(folder.glob("*.md"))]
    found = compare(released, now, notes)
    for each in found:
        sys.stdout.write(f"{_word(each)} {each.text}\n")
    refused = [each for each in found if each.breaks and not each.accepted]
    if not refused:
        return 0
    raise CommandError(
        Text(
            f"{len(refused)} 处变更与 {file.as_posix()} 不兼容",
            f"changes that break clients of {file.as_posix()}: {len(refused)}",
        ),
        hint=Text(
            "先标注 @deprecated；确需不兼容时，在 changelog.d 的文件中用反引号引用上述各行",
            "mark it @deprecated first; to break all the same, quote these in backticks in a file "
            "of changelog.d",
        ),
    )


def _word(change: Difference) -> str:
    if not change.breaks:
        return "danger  "
    return "accepted" if change.accepted else "BREAKS  "
