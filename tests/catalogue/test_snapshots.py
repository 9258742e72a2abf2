"""A kept catalogue is the one that would be built, and is taken only where that is sure."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from asked_graph import ROOT, graph_of
from catalogue.conftest import Load
from zhupei import hookimpl
from zhupei.catalogue import LoadedCatalogue, inputs, load_catalogue
from zhupei.catalogue import load as module
from zhupei.catalogue.build import Builder
from zhupei.catalogue.catalogue import NodeKind
from zhupei.catalogue.packed import Unpackable
from zhupei.catalogue.packing import Packer
from zhupei.catalogue.snapshots import Snapshots
from zhupei.domain.institutions import Base
from zhupei.domain.text import Language
from zhupei.domain.training import Cycle, Quota
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

_OPENING = "example-hospital-residency-2026/0100"
_HOSPITAL = "example/example-hospital.yaml"
_AGREEMENT = """\
    steps:
      - id: agreement
        kind: agreement
        label: {zh: 签订协议, en: Agreement}
        agreements:
          - {trainee_types: [SOCIAL], agreement: labour_contract, template: labour.md}
"""
_FIELDS = """
query {
  bases(first: 50) { edges { node {
    code name province { code name } status degradations { plugin } jurisdictions { code name }
    programs { edges { node {
      code name quotaTotal quotaNote rounds { code name } contacts { phones { number } }
      steps { key label level } policies { key value level origins { file line } }
      documents { key label required } penalties { key label } assessments { key label }
      openings { edges { node {
        code quota quotaNote specialtyName directions { key name } shortagePurposes
        requirements { key label level source { clause } parameters { name value } }
        benefits { key label level }
      } } }
    } } }
  } } }
  openings(first: 50, filter: {text: "nk"}) { totalCount edges { node { code } } }
}
"""


class _Seats:
    """A plugin whose answers come from elsewhere."""

    def __init__(self, seats: object) -> None:
        self.seats: Any = seats

    @hookimpl
    def base_quotas(self, base: Base, cycle: Cycle) -> list[Quota] | None:
        """Answer for one program."""
        del base
        if cycle.year != 2026:
            return None
        return [
            Quota(program="example-hospital-residency-2026", specialty="0100", seats=self.seats)
        ]


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all programs count as unchanged since this process began: a clone may be fresh."""
    monkeypatch.setattr(inputs, "_SETTLED_BEFORE", float("inf"))
    monkeypatch.setattr(inputs, "_programs", lambda: b"programs")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Builder]:
    """Which catalogues were really built."""
    seen: list[Builder] = []
    questions = Builder.questions

    def counted(builder: Builder) -> Any:
        seen.append(builder)
        return questions(builder)

    monkeypatch.setattr(Builder, "questions", counted)
    return seen


@pytest.fixture
def kept(bases: Path, tmp_path: Path) -> Load:
    """Load the copy as it stands now, with snapshots."""
    snapshots = Snapshots(tmp_path / "catalogues")

    async def loaded() -> LoadedCatalogue:
        return await load_catalogue([bases], snapshots=snapshots)

    return loaded


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def _packed(loaded: LoadedCatalogue) -> list[bytes]:
    """Return everything that a catalogue holds, as bytes that tell types apart."""
    found = loaded.catalogue
    found.warm()
    left_out = {"reference", "calendar", "explanations", "_opening_index", "_program_index"}
    parts = {name: part for name, part in sorted(vars(found).items()) if name not in left_out}
    packer = Packer(module._models(loaded.workspace, loaded.host).by_entry)
    packer.add((parts, tuple(loaded.problems)))
    return packer.chunks()


def _explained(loaded: LoadedCatalogue) -> list[object]:
    catalogue = loaded.catalogue
    kinds: dict[NodeKind, Iterable[str]] = {
        "base": catalogue.bases,
        "jurisdiction": catalogue.jurisdictions,
        "program": catalogue.programs,
        "opening": catalogue.openings,
    }
    return [
        catalogue.explain(kind, code, name)
        for kind, codes in kinds.items()
        for code in codes
        for name in (
            "name",
            "quota",
            "quotaTotal",
            "durationMonths",
            "benefits",
            "source",
            "nothing",
        )
    ]


async def _check_same(
    load: Callable[[Snapshots | None], Awaitable[LoadedCatalogue]],
    folder: Path,
    built: list[Builder],
) -> None:
    snapshots = Snapshots(folder)
    anew, first, again = await load(None), await load(snapshots), await load(snapshots)
    assert len(built) == 2
    assert len(_files(folder)) == 1
    for other in (first, again):
        assert other.catalogue.hash == anew.catalogue.hash
        assert _packed(other) == _packed(anew)
        assert _explained(other) == _explained(anew)
        assert list(other.problems) == list(anew.problems)
        for words in ("nk", "内科", "example", "", "0100"):
            for name in ("bases", "programs", "openings", "specialties"):
                search = f"search_{name}"
                assert getattr(other.catalogue, search)(words) == getattr(anew.catalogue, search)(
                    words
                )
    asked = [await graph_of(each.catalogue, each.host).ask(_FIELDS) for each in (anew, again)]
    assert repr(asked[0]) == repr(asked[1])


async def test_a_kept_catalogue_equals_one_built_anew(
    bases: Path, tmp_path: Path, built: list[Builder]
) -> None:
    async def load(snapshots: Snapshots | None) -> LoadedCatalogue:
        return await load_catalogue([bases], snapshots=snapshots)

    await _check_same(load, tmp_path / "catalogues", built)


@pytest.mark.slow
@pytest.mark.institutions
async def test_real_catalogues_with_their_plugins_are_kept_too(
    tmp_path: Path, built: list[Builder]
) -> None:
    async def load(snapshots: Snapshots | None) -> LoadedCatalogue:
        return await load_catalogue(
            [ROOT / "bases"], plugin_folders=[ROOT / "plugins"], snapshots=snapshots
        )

    await _check_same(load, tmp_path / "catalogues", built)


async def test_equal_rules_of_a_kept_catalogue_are_one_object(kept: Load) -> None:
    for _ in range(2):
        programs = (await kept()).catalogue.programs
        texts = [each.label for program in programs.values() for each in program.policies]
        assert len({id(text) for text in texts}) == len(set(texts)) > 1


async def _quota(load: Load) -> int | None:
    return (await load()).catalogue.openings[_OPENING].quota


async def test_a_changed_file_is_seen(kept: Load, bases: Path, built: list[Builder]) -> None:
    assert [await _quota(kept), await _quota(kept)] == [6, 6]
    _edit(bases / _HOSPITAL, "quota: 6", "quota: 5")
    assert [await _quota(kept), await _quota(kept)] == [5, 5]
    _edit(bases / _HOSPITAL, "quota: 5", "quota: 6")
    assert await _quota(kept) == 6
    assert len(built) == 2


async def test_a_file_by_another_name_is_shown_by_it(
    kept: Load, bases: Path, built: list[Builder]
) -> None:
    await kept()
    (bases / _HOSPITAL).rename(bases / "example/other-name.yaml")
    origins = (await kept()).catalogue.explain("opening", _OPENING, "quota") or ()
    assert [Path(origin.file or "").name for origin in origins] == ["other-name.yaml"]
    assert len(built) == 2


async def test_another_working_directory_is_another_catalogue(
    kept: Load, bases: Path, built: list[Builder], monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept()
    monkeypatch.chdir(bases)
    program = (await kept()).catalogue.programs["example-region-residency-2026"]
    assert {each.origins[0].file for each in program.policies} == {
        "example/_jurisdiction.yaml",
        "national.yaml",
    }
    assert len(built) == 2


async def test_a_text_beside_the_files_is_part_of_it(
    kept: Load, bases: Path, built: list[Builder]
) -> None:
    template = bases / "example/labour.md"
    template.write_text("\ufeff{{base_name}} {{trainee_name}}", "utf-8")
    _edit(bases / _HOSPITAL, "    openings:\n", _AGREEMENT + "    openings:\n")
    first, again = await kept(), await kept()
    assert first.problems.errors == (), first.problems.text(Language.EN)
    assert again.catalogue.hash == first.catalogue.hash
    assert len(built) == 1
    template.write_text("{{base_name}} {{trainee_name}} 2", "utf-8")
    changed = await kept()
    assert changed.catalogue.hash != first.catalogue.hash
    assert len(built) == 2
    template.unlink()
    assert [each.code for each in (await kept()).problems.errors] == ["CONFIG_TEMPLATE_FILE"]


async def test_plugins_are_asked_each_time(
    bases: Path, tmp_path: Path, built: list[Builder]
) -> None:
    snapshots, plugin = Snapshots(tmp_path / "catalogues"), _Seats(7)
    host = PluginHost.load({}).extended("seats", plugin, Naming(Rights.PLATFORM))

    async def load() -> LoadedCatalogue:
        return await load_catalogue([bases], host=host, snapshots=snapshots)

    _edit(bases / _HOSPITAL, "quota: 6", "quota_note: {zh: 未公布, en: not published}")
    assert [await _quota(load), await _quota(load)] == [7, 7]
    assert len(built) == 1
    plugin.seats = 8
    assert [await _quota(load), await _quota(load)] == [8, 8]
    assert len(built) == 2
    plugin.seats = None
    assert await _quota(load) is None


async def test_what_a_working_day_is_may_change_with_a_plugin(
    bases: Path, tmp_path: Path, built: list[Builder]
) -> None:
    class Days:
        @hookimpl
        def working_day(self, day: object) -> bool | None:
            del day
            return None

    host = PluginHost.load({}).extended("days", Days(), Naming(Rights.PLATFORM))
    for _ in range(2):
        await load_catalogue([bases], host=host, snapshots=Snapshots(tmp_path / "catalogues"))
    assert len(built) == 2
    assert not (tmp_path / "catalogues").exists()


async def test_what_plugins_are_there_is_part_of_it(
    bases: Path, tmp_path: Path, built: list[Builder]
) -> None:
    snapshots = Snapshots(tmp_path / "catalogues")
    for slugs in (("a",), ("a", "b"), ("a",)):
        host = PluginHost.load({})
        for slug in slugs:
            host = host.extended(slug, _Seats(7), Naming(Rights.PLATFORM))
        loaded = await load_catalogue([bases], host=host, snapshots=snapshots)
        assert [each.slug for each in loaded.catalogue.plugins][-len(slugs) :] == list(slugs)
    assert len(built) == 2


async def test_warnings_are_told_again_and_errors_are_not_kept(
    kept: Load, bases: Path, tmp_path: Path
) -> None:
    _edit(bases / _HOSPITAL, "quota: 6", "quota: six")
    for _ in range(2):
        assert [each.code for each in (await kept()).problems] == ["CONFIG_BAD_NUMBER"]
    assert not (tmp_path / "catalogues").exists()
    _edit(bases / _HOSPITAL, "quota: six", "quota: 6\n        quota_note: {zh: 无, en: none}")
    first, again = await kept(), await kept()
    assert first.problems.text(Language.ZH) == again.problems.text(Language.ZH)


async def test_other_programs_have_other_catalogues_and_unsure_ones_none(
    kept: Load, tmp_path: Path, built: list[Builder], monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept()
    monkeypatch.setattr(inputs, "_programs", lambda: b"newer")
    await kept()
    assert len(built) == len(_files(tmp_path / "catalogues")) == 2
    monkeypatch.setattr(inputs, "_programs", lambda: None)
    await kept()
    assert (len(built), len(_files(tmp_path / "catalogues"))) == (3, 2)


def test_programs_are_what_they_were_when_this_process_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(inputs, "_SETTLED_BEFORE", float("inf"))
    inputs._ours.cache_clear()
    before = inputs._programs()
    for name, value in (("_ours", b"newer"), ("_packages", ["newer-1"]), ("_local_files", [])):
        with monkeypatch.context() as patch:
            patch.setattr(inputs, name, lambda value=value: value)
            assert inputs._programs() not in {before, None}
    monkeypatch.setattr(inputs, "_SETTLED_BEFORE", 0.0)
    assert inputs._programs() is None
    inputs._ours.cache_clear()
    monkeypatch.setattr(inputs, "_local_files", list)
    assert inputs._programs() is None
    inputs._ours.cache_clear()


def test_local_packages_are_looked_at_with_their_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(inputs, "_SETTLED_BEFORE", float("inf"))
    monkeypatch.setattr(inputs, "_ours", lambda: b"ours")
    package = tmp_path / "local_plugin"
    package.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    (package / "data.csv").write_text("1", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = inputs._programs()
    __import__("local_plugin")
    try:
        assert {package / "__init__.py", package / "data.csv"} <= set(inputs._local_files())
        with_it = inputs._programs()
        (package / "data.csv").write_text("2", "utf-8")
        assert len({before, with_it, inputs._programs()}) == 3
    finally:
        del sys.modules["local_plugin"]
    assert inputs._programs() == before


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "folder", "link", "mode", "parent"])
async def test_what_is_damaged_or_foreign_is_built_anew_and_replaced(
    kept: Load, tmp_path: Path, built: list[Builder], damage: str
) -> None:
    await kept()
    folder = tmp_path / "catalogues"
    (file,) = folder.iterdir()
    written = file.read_bytes()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    match damage:
        case "cut":
            file.write_bytes(written[:-3])
        case "changed":
            middle = len(written) // 2
            file.write_bytes(
                written[:middle] + bytes([written[middle] ^ 1]) + written[middle + 1 :]
            )
        case "empty":
            file.write_bytes(b"")
        case "folder":
            file.unlink()
            file.mkdir()
        case "link":
            shutil.move(file, tmp_path / "elsewhere")
            file.symlink_to(tmp_path / "elsewhere")
        case "mode":
            file.chmod(0o620)
        case "parent":
            folder.chmod(0o777)
    assert await _quota(kept) == 6
    assert len(built) == 2
    if damage == "folder":
        return
    assert file.read_bytes() == written
    assert not file.is_symlink()


async def test_a_file_of_somebody_else_is_not_read(
    kept: Load, built: list[Builder], monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept()
    monkeypatch.setattr(os, "geteuid", lambda: 4_711)
    await kept()
    assert len(built) == 2


async def test_a_catalogue_that_does_not_fit_what_runs_is_built_anew(
    kept: Load,
    built: list[Builder],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await kept()
    monkeypatch.delattr("zhupei.domain.training.Policy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "snapshot_of", _refuse)
        assert await _quota(kept) == 6
    assert len(built) == 2
    assert "a kept catalogue cannot be used" in caplog.text


def _refuse(*_: object, **__: object) -> None:
    raise Unpackable("something else")


async def test_a_folder_that_cannot_be_written_stops_nobody(
    bases: Path, tmp_path: Path, built: list[Builder]
) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    for _ in range(2):
        loaded = await load_catalogue(
            [bases], snapshots=Snapshots(tmp_path / "file" / "catalogues")
        )
        assert loaded.catalogue.openings[_OPENING].quota == 6
    assert len(built) == 2


async def test_what_a_killed_server_left_half_written_goes(kept: Load, tmp_path: Path) -> None:
    """A server that is killed again and again while it starts must not fill the disk."""
    folder = tmp_path / "catalogues"
    folder.mkdir(mode=0o700)
    left, others, fresh = folder / "left.part", folder / "notes.txt", folder / "fresh.part"
    for file in (left, others, fresh):
        file.write_bytes(b"half of a catalogue")
    for file in (left, others):
        os.utime(file, (0, 0))
    await kept()
    assert sorted(each.name for each in folder.iterdir() if each.suffix != ".catalogue") == [
        "fresh.part",
        "notes.txt",
    ]


async def test_the_last_few_are_kept(kept: Load, bases: Path, tmp_path: Path) -> None:
    for quota in range(1, 7):
        _edit(bases / _HOSPITAL, f"quota: {6 if quota == 1 else quota - 1}", f"quota: {quota}")
        await kept()
        for at, file in enumerate(sorted((tmp_path / "catalogues").iterdir(), key=_time)):
            os.utime(file, (at, at))
    assert len(list((tmp_path / "catalogues").iterdir())) == 4


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _time(file: Path) -> float:
    return file.stat().st_mtime


async def test_two_at_once_keep_one_whole_file(
    kept: Load, tmp_path: Path, built: list[Builder]
) -> None:
    first, second = await asyncio.gather(kept(), kept())
    assert _packed(first) == _packed(second)
    assert len(list((tmp_path / "catalogues").iterdir())) == 1
    before = len(built)
    await kept()
    assert len(built) == before
