"""Finding plugins: in folders as they are being written, and among installed packages."""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from zhupei.domain.text import Text
from zhupei.errors import shown
from zhupei.hooks.load_errors import (
    PluginDependencyError,
    PluginDuplicateError,
    PluginEntryPointError,
    PluginImportError,
    PluginIncompatibleError,
    PluginModuleClashError,
    PluginNotFoundError,
    PluginProjectError,
    PluginSyntaxError,
)

__all__ = [
    "ENTRY_POINT_GROUP",
    "Discovery",
    "Found",
    "FoundIn",
    "check_compatible",
    "core_version",
    "error_place",
    "import_plugin",
    "is_slug",
]

ENTRY_POINT_GROUP = "zhupei"

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ENTRY = re.compile(r"(?P<module>[A-Za-z_]\w*(\.\w+)*)(:(?P<attribute>[A-Za-z_]\w*(\.\w+)*))?")
_ORIGIN = "__zhupei_plugin__"


class FoundIn(StrEnum):
    """Where a plugin was found."""

    FOLDER = "folder"
    """Read in place, as it is being written."""
    INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that could be imported: its entry point, package, version and requirements.

    ``path`` is the folder of the project, or the installed package's ``dist-info``.
    """

    slug: str
    entry: str
    package: str
    version: str | None
    requires: tuple[str, ...]
    path: Path
    where: FoundIn

    @property
    def file(self) -> Path:
        """The file that declares the entry point."""
        name = "pyproject.toml" if self.where is FoundIn.FOLDER else "entry_points.txt"
        return self.path / name

    @property
    def source(self) -> Path:
        """The folder in which a project keeps its modules."""
        source = self.path / "src"
        return source if source.is_dir() else self.path


def is_slug(name: str) -> bool:
    """Whether a name has the form of a slug: ``a-base-2``."""
    return _SLUG.fullmatch(name) is not None


def core_version() -> str:
    """Return the release of zhupei that is running."""
    return metadata.version("zhupei")


class Discovery:
    """Everything that could be a plugin; nothing is imported.

    ``folders`` hold projects, ``projects`` are single ones. ``installed`` are the packages to look
    through (None: those of this environment).
    """

    def __init__(
        self,
        folders: Iterable[Path],
        *,
        projects: Iterable[Path] = (),
        installed: Iterable[metadata.Distribution] | None = None,
    ) -> None:
        self._found: dict[str, list[Found]] = {}
        self._unreadable: dict[str, PluginProjectError] = {}
        inside = [file for folder in folders for file in sorted(folder.glob("*/pyproject.toml"))]
        given = [project / "pyproject.toml" for project in projects]
        for file in dict.fromkeys(file.absolute() for file in (*given, *inside)):
            self._read(file)
        packages = metadata.distributions() if installed is None else installed
        for package in packages:
            self._look_into(package)

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of all that was found, in alphabetical order."""
        return tuple(sorted(self._found))

    def find(self, slug: str, *, file: Path | None = None, line: int | None = None) -> Found:
        """Return the plugin of that slug; ``file`` and ``line`` say who names it.

        Raises:
            PluginDuplicateError: different packages carry the slug.
            PluginNotFoundError: none does.
            PluginProjectError: a folder of that name cannot be read.

        """
        found = self._found.get(slug, [])
        if not found and slug in self._unreadable:
            raise self._unreadable[slug]
        if not found:
            raise PluginNotFoundError(slug, self.slugs, file=file, line=line)
        first, *others = found
        different = [one for one in others if not _same(first, one)]
        if different:
            raise PluginDuplicateError(slug, [first.path, *(one.path for one in different)])
        return first

    def _read(self, file: Path) -> None:
        name = file.parent.name
        try:
            project = tomllib.loads(file.read_text("utf-8")).get("project", {})
            entries = project.get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
            for slug, entry in entries.items():
                self._add(
                    Found(
                        slug=slug,
                        entry=str(entry),
                        package=str(project.get("name", name)),
                        version=project.get("version"),
                        requires=tuple(project.get("dependencies", ())),
                        path=file.parent,
                        where=FoundIn.FOLDER,
                    )
                )
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            problem = Text(f"无法读取（{error}）", f"{error}")
        except (AttributeError, TypeError):
            problem = Text("project 一节的形式不对", "its project table has another form")
        else:
            problem = Text(
                f"没有 [project.entry-points.{ENTRY_POINT_GROUP}] 一节",
                f"it has no [project.entry-points.{ENTRY_POINT_GROUP}]",
            )
        self._unreadable.setdefault(name, PluginProjectError(name, file, problem))

    def _look_into(self, package: metadata.Distribution) -> None:
        for entry in package.entry_points.select(group=ENTRY_POINT_GROUP):
            self._add(
                Found(
                    slug=entry.name,
                    entry=entry.value,
                    package=package.metadata["Name"],
                    version=package.version,
                    requires=tuple(package.requires or ()),
                    path=_place(package),
                    where=FoundIn.INSTALLED,
                )
            )

    def _add(self, found: Found) -> None:
        self._found.setdefault(found.slug, []).append(found)


def check_compatible(found: Found, *, running: str) -> None:
    """Check the plugin's own requirement ``zhupei>=1,<2`` against the running release.

    Raises:
        PluginIncompatibleError: the running release does not satisfy it, or there is none.

    """
    for text in found.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) != "zhupei" or not requirement.specifier:
            continue
        if not requirement.specifier.contains(Version(running), prereleases=True):
            needs = f"zhupei{requirement.specifier}"
            raise PluginIncompatibleError(found.slug, needs, running, file=found.file)
        return
    raise PluginIncompatibleError(found.slug, None, running, file=found.file)


def import_plugin(found: Found, taken: MutableMapping[str, Path]) -> Any:
    """Import what the entry point leads to: a module, or an object in it.

    ``taken`` holds the modules of the plugins that were imported before, and where they are.

    A plugin that is read in place is imported from its own folder; the folder is on the path of
    modules only meanwhile.

    Raises:
        PluginImportError: it cannot be imported.
        PluginModuleClashError: another module of that name is loaded.

    """
    match = _ENTRY.fullmatch(found.entry.strip())
    if match is None:
        raise PluginEntryPointError(found.slug, found.entry, f'"{found.entry}"', file=found.file)
    target: Any = _import(found, match["module"], taken)
    if match["attribute"] is not None:
        for part in match["attribute"].split("."):
            if not hasattr(target, part):
                raise PluginEntryPointError(found.slug, found.entry, part, file=found.file)
            target = getattr(target, part)
    return target


def error_place(
    error: BaseException, function: Callable[..., Any] | None = None, below: Path | None = None
) -> tuple[Path | None, int | None]:
    """Return file and line of the last frame of ``error`` that is the plugin's own.

    That is a frame ``below`` a folder or in the file of ``function``; where there is none, the
    first line of ``function``.
    """
    code = getattr(function, "__code__", None)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    for file, line in reversed(frames):
        if (code is not None and file == code.co_filename) or (
            below is not None and Path(file).is_relative_to(below)
        ):
            return Path(file), line
    return (None, None) if code is None else (Path(code.co_filename), code.co_firstlineno)


def _import(found: Found, name: str, taken: MutableMapping[str, Path]) -> ModuleType:
    top = name.partition(".")[0]
    if taken.setdefault(top, found.source) != found.source:
        raise PluginModuleClashError(found.slug, top, shown(taken[top]), file=found.file)
    if found.where is FoundIn.INSTALLED:
        return _loaded(found, name, top)
    _make_room(found, top)
    source = str(found.source)
    sys.path.insert(0, source)
    importlib.invalidate_caches()
    try:
        module = _loaded(found, name, top)
    finally:
        if source in sys.path:
            sys.path.remove(source)
    setattr(sys.modules[top], _ORIGIN, source)
    return module


def _loaded(found: Found, name: str, top: str) -> ModuleType:
    before = set(sys.modules)
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        for added in set(sys.modules) - before:
            if added.partition(".")[0] == top:
                del sys.modules[added]
        raise _import_error(found, name, error) from error


def _make_room(found: Found, top: str) -> None:
    """Take another host's plugin of the same module name out of the way, and nobody else's."""
    loaded = sys.modules.get(top)
    if loaded is None:
        return
    places = [*getattr(loaded, "__path__", []), getattr(loaded, "__file__", None) or "builtins"]
    if any(Path(place).is_relative_to(found.source) for place in places):
        return
    if getattr(loaded, _ORIGIN, None) is None:
        raise PluginModuleClashError(found.slug, top, shown(Path(places[0])), file=found.file)
    for name in [name for name in sys.modules if name.partition(".")[0] == top]:
        del sys.modules[name]


def _import_error(found: Found, name: str, error: BaseException) -> PluginImportError:
    below = found.source if found.where is FoundIn.FOLDER else None
    file, line = error_place(error, below=below)
    match error:
        case ModuleNotFoundError(name=str() as missing) if f"{name}.".startswith(f"{missing}."):
            # The entry point's own module, not one that it imports.
            return PluginEntryPointError(found.slug, found.entry, missing, file=found.file)
        case ModuleNotFoundError(name=str() as missing):
            return PluginDependencyError(found.slug, missing, file=file or found.file, line=line)
        case SyntaxError():
            return PluginSyntaxError(found.slug, error)
        case _:
            return PluginImportError(found.slug, error, file=file or found.file, line=line)


def _same(one: Found, other: Found) -> bool:
    """Whether two finds are one package, seen in its folder and as installed."""
    return (
        {one.where, other.where} != {FoundIn.FOLDER}
        and canonicalize_name(one.package) == canonicalize_name(other.package)
        and one.entry == other.entry
    )


def _place(package: metadata.Distribution) -> Path:
    """Return where an installed package is: its project's folder where it is editable."""
    text = package.read_text("direct_url.json")
    if text is not None:
        direct: Mapping[str, Any] = json.loads(text)
        address = urlsplit(str(direct.get("url", "")))
        if direct.get("dir_info", {}).get("editable") and address.scheme == "file":
            return Path(unquote(address.path))
    # `locate_file` answers with the folder above; the package's own files name the rest.
    files: Sequence[metadata.PackagePath] = package.files or ()
    inside = next((file for file in files if file.name == "METADATA"), None)
    return Path(str(package.locate_file(inside.parent if inside is not None else "")))
