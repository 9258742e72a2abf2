"""The command ``zhupei``: every module of this package that has ``register`` is a command.

A command module keeps its imports light: what it needs to do its work is imported when it is run,
so that ``zhupei --help`` stays fast however many commands there are. Its ``register(subparsers)``
adds a parser whose default ``run`` takes the parsed arguments and returns the exit status.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import pkgutil
import re
import select
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from zhupei.cli._parser import Parser
from zhupei.domain.text import Language, Text
from zhupei.errors import ZhupeiError
from zhupei.settings import Settings, SettingsError, language_of
from zhupei.settings.environment import platform_file_of
from zhupei.settings.section import NO_SECTION

if TYPE_CHECKING:
    from zhupei.config.platform import PlatformSettings

    Subparsers = argparse._SubParsersAction[  # noqa: SLF001 - argparse has no public name for it
        argparse.ArgumentParser
    ]

__all__ = [
    "CommandError",
    "Run",
    "build_parser",
    "given_settings",
    "main",
    "read_settings",
    "spoken_language",
]

Run = Callable[[argparse.Namespace], int]

# What Python makes of bytes that are not of the encoding it reads.
_HALF_SURROGATE = re.compile("[\ud800-\udfff]")


class CommandError(ZhupeiError):
    """A command cannot do what was asked; ``status`` becomes the exit status."""

    code = "COMMAND_FAILED"

    def __init__(self, message: Text, *, hint: Text | None = None, status: int = 1) -> None:
        self.status = status
        super().__init__(message, hint)


def read_settings() -> Settings:
    """Return the settings of this process; `main` explains a `ZhupeiError`."""
    given = given_settings()
    if given is None:
        return Settings.from_environment(os.environ)
    return given.with_environment(os.environ)


def given_settings() -> PlatformSettings | None:
    """Return what ``zhupei.yaml`` says of settings, None where there is no such file."""
    file, named = platform_file_of(os.environ)
    if not named and not file.exists():
        return None
    from zhupei.config.platform import read_platform_settings  # noqa: PLC0415 - see above

    return read_platform_settings(file)


def spoken_language() -> Language:
    """Return the language to speak, also where settings cannot be read."""
    given = given_settings()
    return language_of(os.environ, NO_SECTION if given is None else given.section)


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser with every command of this package.

    Plugins' commands are added only where ``words`` begin with a command that the core does not
    have: loading plugins takes longer than most commands.
    """
    parser: argparse.ArgumentParser = Parser(
        prog="zhupei",
        description="住院医师规范化培训的统一图 · One graph of China's residency training",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for found in pkgutil.iter_modules(__path__):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{found.name}")
        register = getattr(module, "register", None)
        if register is not None:
            register(commands)
    if words and not words[0].startswith("-") and words[0] not in commands.choices:
        from zhupei.cli._plugin_commands import add_plugin_commands  # noqa: PLC0415 - see above

        add_plugin_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status: 0 done, 1 failed, 2 cannot be run like this."""
    _open_streams()
    try:
        try:
            return _run(argv)
        finally:
            # Here, where a reader that went away can still be noticed.
            sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_left():
            raise  # of a database or a server that went away
        _give_up_output()  # `zhupei schema | head`: not an error of ours
        return 0
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        _give_up_output()
        reason = error.strerror
        said = Text(f"无法写出结果：{reason}", f"the output cannot be written: {reason}")
        _explain(CommandError(said), spoken_language())
        return 1


def _open_streams() -> None:
    """Give whoever closed a standard stream one that leads nowhere, under its own number.

    Otherwise the next file or connection would have the number, and what is said go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for the process's life


def _give_up_output() -> None:
    """Replace standard output, so that its last flush when Python ends does not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reader_left() -> bool:
    """Whether nobody reads standard output any more."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return bool(poll.poll(0))


def _run(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = build_parser(words).parse_args(words)
        _refuse_unreadable_text(arguments)
        run: Run = arguments.run
        return run(arguments)
    except ZhupeiError as error:
        _explain(error, spoken_language())
        if isinstance(error, SettingsError):
            return 2
        return error.status if isinstance(error, CommandError) else 1
    except OSError as error:
        if error.filename is None:
            raise  # not about a file that somebody named
        reason = f"{error.filename}: {error.strerror}"
        said = Text(f"无法读写文件：{reason}", f"a file cannot be read or written: {reason}")
        _explain(CommandError(said), spoken_language())
        return 1
    except KeyboardInterrupt:
        return 130


def _refuse_unreadable_text(arguments: argparse.Namespace) -> None:
    """Refuse text in another encoding than UTF-8, which cannot be kept; paths may be in any."""
    for value in vars(arguments).values():
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and _HALF_SURROGATE.search(text):
                said = Text(
                    f"命令行中的文字不是 UTF-8：{text!a}",
                    f"text of the command line is not UTF-8: {text!a}",
                )
                raise CommandError(said, status=2)


def _explain(error: ZhupeiError, language: Language) -> None:
    for line in error.message.get(language).splitlines():
        sys.stderr.write(f"zhupei: {line}\n")
    if error.hint is not None:
        sys.stderr.write(f"        {error.hint.get(language)}\n")
