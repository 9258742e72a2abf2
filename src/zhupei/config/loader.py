"""Reads files into model instances, and says of each mistake where it stands and what it means."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from zhupei.config.hints import did_you_mean, list_choices, suggest
from zhupei.config.messages import Message, choices_of, describe
from zhupei.config.parsed import ParsedFiles
from zhupei.config.problems import Problem, Problems, YamlPath
from zhupei.config.textual import textual_validator
from zhupei.config.traces import Trace, key_names, trace_errors
from zhupei.config.yaml import MAX_BYTES, Document, parse
from zhupei.domain.text import Language, Text

__all__ = ["SUFFIXES", "discover", "read", "read_bytes", "validate"]

#: How the names of configuration files end.
SUFFIXES = frozenset({".yaml", ".yml"})

_M = TypeVar("_M", bound=BaseModel)


def read(path: Path, parsed: ParsedFiles | None = None) -> Document | Problems:
    """Return the document in the file at ``path``, or every reason why there is none.

    ``parsed`` knows files that were parsed before.
    """
    source = read_bytes(path, MAX_BYTES)
    if isinstance(source, Problem):
        return Problems([source])
    return parse(path, source) if parsed is None else parsed.parse(path, source)


def read_bytes(path: Path, limit: int) -> bytes | Problem:
    """Return what the file at ``path`` holds, or why it cannot be read.

    Of a file larger than ``limit`` bytes ``limit + 1`` are returned.
    """
    try:
        # A named pipe would wait for a writer for ever.
        if stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                return file.read(limit + 1)
    except FileNotFoundError:
        return _missing(path)
    except OSError as error:
        return _unreadable(path, error.strerror or str(error))
    except ValueError as error:
        # A path with a null character.
        return _unreadable(path, str(error))
    return _unreadable(path, "not a regular file")


def discover(paths: Iterable[Path], problems: Problems) -> list[Path]:
    """Return the YAML files among and below ``paths``, each once, in order.

    A folder's files (``*.yaml``, ``*.yml``) come sorted by name, those of its subfolders among
    them; names that begin with a dot are skipped, links are followed once. A file given by
    itself is taken whatever its name. What does not exist is added to ``problems``.
    """
    found: dict[tuple[int, int], Path] = {}
    folders: set[tuple[int, int]] = set()
    for path in paths:
        _discover(path, found, folders, problems, given=True)
    return list(found.values())


def validate(
    document: Document,
    model: type[_M],
    problems: Problems,
    *,
    at: YamlPath = (),
    context: Mapping[str, Any] | None = None,
) -> _M | None:
    """Return the instance of ``model`` that the document holds, or None and why not.

    All mistakes are added to ``problems`` at once, one a cause, at the key that is unknown, the
    mapping that lacks a key, or else the value. ``at`` is the path of a part of the document, as
    for a block that belongs to a plugin; ``context`` reaches the validators of the model.

    Raises:
        LookupError: the document has nothing at ``at``.
    """
    data = document.get(at)
    validator = textual_validator(model)
    try:
        instance: _M = validator.validate_python(
            data, context=None if context is None else dict(context)
        )
    except ValidationError as error:
        traces = trace_errors(model, data, error.errors(include_url=False))
        for problem in _report(document, at, traces):
            problems.add(problem)
        return None
    return instance


def _report(document: Document, at: YamlPath, traces: list[Trace]) -> Iterator[Problem]:
    """Yield one problem a cause: a misspelt key is not missed a second time."""
    missing = {trace.path for trace in traces if trace.error["type"] == "missing"}
    found = [(trace, *_explain(trace, missing)) for trace in traces]
    misspelt = {(*trace.path[:-1], near) for trace, _, _, near in found if near is not None}
    # pydantic counts only the entries of a list that are in order.
    wrong_inside = {trace.path[:length] for trace in traces for length in range(len(trace.path))}
    for trace, message, path, _ in found:
        kind = trace.error["type"]
        if kind == "missing" and path in misspelt:
            continue
        if kind == "too_short" and path in wrong_inside:
            continue
        yield document.problem(
            (*at, *path),
            message.code,
            message.text,
            message.hint,
            at_key=trace.at_key or message.code == "CONFIG_UNKNOWN_KEY",
        )


def _explain(trace: Trace, missing: set[YamlPath]) -> tuple[Message, YamlPath, str | None]:
    """Return what an error means, its path, and for a misspelt key the key that was meant."""
    kind = trace.error["type"]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return *_unknown_kind(trace), None
    message = _with_alternatives(trace, describe(trace.error, choices_of(trace.schema)))
    if message.code == "CONFIG_UNKNOWN_KEY":
        near, hint = _meant_key(trace, missing)
        return Message(message.code, message.text, hint), trace.path, near
    if kind == "literal_error" and trace.path[-1:] == ("kind",):
        message = Message("CONFIG_UNKNOWN_KIND", message.text, message.hint)
    # A validator of a whole mapping may say which of its parts is wrong.
    part = (trace.error.get("ctx") or {}).get("at", ())
    return message, (*trace.path, *part), None


def _with_alternatives(trace: Trace, message: Message) -> Message:
    """Return one message for all members of a union, where none of them fits."""
    others = (describe(other.error, choices_of(other.schema)) for other in trace.alternatives)
    unique = list(dict.fromkeys([message.text, *(other.text for other in others)]))
    if len(unique) == 1:
        return message
    text = Text(
        "；或者".join(each.get(Language.ZH) for each in unique),
        ", or ".join(each.get(Language.EN) for each in unique),
    )
    return Message("CONFIG_BAD_TYPE", text, message.hint)


def _meant_key(trace: Trace, missing: set[YamlPath]) -> tuple[str | None, Text | None]:
    """Return the key that an unknown one was meant to be, and the hint that names it."""
    free = [name for name in key_names(trace.parent) if name not in trace.siblings]
    key = str(trace.path[-1])
    # What is both near and missing was meant; then what is near.
    lacking = [name for name in free if (*trace.path[:-1], name) in missing]
    # `duration` means the months rather than the note that says why there are none.
    figures = [name for name in free if name.startswith(f"{key}_") and not name.endswith("_note")]
    near = suggest(key, lacking) or suggest(key, figures) or suggest(key, free)
    if near is not None:
        return near, did_you_mean(near)
    if not free:
        return None, None
    listed = list_choices(free)
    return None, Text(f"可用的键：{listed.zh}", f"known keys: {listed.en}")


def _unknown_kind(trace: Trace) -> tuple[Message, YamlPath]:
    """Return what is wrong with the key that tells the members of a union apart."""
    discriminator = trace.schema.get("discriminator")
    while isinstance(discriminator, list) and discriminator:
        discriminator = discriminator[0]
    key = discriminator if isinstance(discriminator, str) else "kind"
    kinds = [str(getattr(tag, "value", tag)) for tag in trace.schema.get("choices", ())]
    listed = list_choices(kinds)
    known = Text(f"可用的有：{listed.zh}", f"known are {listed.en}")
    value = trace.error["input"]
    given = value.get(key) if isinstance(value, dict) else None
    path = (*trace.path, key)
    if given is None:
        if isinstance(value, dict) and key in value:
            return Message(
                "CONFIG_EMPTY_VALUE", Text("值是空的", "the value is empty"), known
            ), path
        return Message("CONFIG_MISSING_KEY", Text("缺少键", "missing key"), known), path
    text = Text(
        f"未知的类型“{given}”（可用的有：{listed.zh}）",
        f'unknown kind "{given}" (known are {listed.en})',
    )
    near = suggest(str(given), kinds)
    hint = None if near is None else did_you_mean(near)
    return Message("CONFIG_UNKNOWN_KIND", text, hint), path


def _discover(
    path: Path,
    found: dict[tuple[int, int], Path],
    folders: set[tuple[int, int]],
    problems: Problems,
    *,
    given: bool,
) -> None:
    try:
        try:
            status = path.stat()
        except OSError:
            # A dead link that nothing would be read from; without an ending it may be a folder.
            if not given and path.suffix and path.suffix.lower() not in SUFFIXES:
                return
            raise
        identity = (status.st_dev, status.st_ino)
        if not stat.S_ISDIR(status.st_mode):
            if given or (path.suffix.lower() in SUFFIXES and stat.S_ISREG(status.st_mode)):
                found.setdefault(identity, path)
            return
        # A link may lead back to a folder above it.
        if identity in folders:
            return
        folders.add(identity)
        entries = sorted(path.iterdir())
    except FileNotFoundError:
        problems.add(_missing(path))
        return
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        problems.add(_unreadable(path, reason or str(error)))
        return
    for entry in entries:
        if not entry.name.startswith("."):
            _discover(entry, found, folders, problems, given=False)


def _missing(path: Path) -> Problem:
    message = Text("没有这个文件或文件夹", "no such file or folder")
    return Problem(path, None, None, (), "CONFIG_FILE_MISSING", message)


def _unreadable(path: Path, reason: str) -> Problem:
    message = Text(f"无法读取（{reason}）", f"cannot be read ({reason})")
    return Problem(path, None, None, (), "CONFIG_FILE_UNREADABLE", message)
