"""Only what changed is built anew, and what comes of it is what a build of everything would be."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fictional import BASES
from zhupei import hookimpl
from zhupei.catalogue import CatalogueHolder, LoadedCatalogue, inputs, load_catalogue
from zhupei.catalogue import load as module
from zhupei.catalogue.answers import Questions
from zhupei.catalogue.build import Builder
from zhupei.catalogue.catalogue import NodeKind
from zhupei.catalogue.changes import with_changes
from zhupei.catalogue.packing import Packer
from zhupei.catalogue.snapshots import Snapshots
from zhupei.domain.institutions import Base
from zhupei.domain.text import Language
from zhupei.domain.training import Cycle, Quota
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

_REGION = (BASES / "example/_jurisdiction.yaml").read_text("utf-8")
_HOSPITAL = (BASES / "example/example-hospital.yaml").read_text("utf-8")
_PLAN = """\
kind: plan
program: example-region-residency-2026
sources:
  PLAN: {title: {zh: 示例地区招收计划（虚构）, en: Plan of the Example Region (fictional)}}
source: PLAN:1 表
rows:
  - {base: hospital-0, specialty: "0300", quota: 3}
  - {base: hospital-1, specialty: "0300", quota: 5}
"""


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all programs count as unchanged since this process began: a clone may be fresh."""
    monkeypatch.setattr(inputs, "_SETTLED_BEFORE", float("inf"))
    monkeypatch.setattr(inputs, "_programs", lambda: b"programs")


@dataclass(frozen=True)
class _Place:
    """A configuration of three hospitals, a region and a plan table, and how it was last loaded."""

    folder: Path
    loads: list[LoadedCatalogue]
    parts: list[bool]

    @classmethod
    async def made(cls, root: Path, host: PluginHost | None = None) -> _Place:
        """Write the configuration and load it for the first time."""
        place = cls(root / "bases", [], [])
        place.folder.mkdir()
        place.region.write_text(_REGION, "utf-8")
        (place.folder / "plan.yaml").write_text(_PLAN, "utf-8")
        for number in range(3):
            place.add(number)
        loaded = await load_catalogue(
            [place.folder], host=host, snapshots=Snapshots(root / "catalogues")
        )
        assert loaded.problems.text(Language.EN) == ""
        place.loads.append(loaded)
        return place

    @property
    def region(self) -> Path:
        """The file of the region."""
        return self.folder / "region.yaml"

    def hospital(self, number: int) -> Path:
        """Return the file of a hospital."""
        return self.folder / f"hospital-{number}.yaml"

    def add(self, number: int) -> None:
        """Write a hospital's file as it was at first."""
        text = _HOSPITAL.replace("example-hospital", f"hospital-{number}")
        self.hospital(number).write_text(text, "utf-8")

    def remove(self, number: int) -> None:
        """Remove a hospital's file if it is there."""
        self.hospital(number).unlink(missing_ok=True)

    def edit(self, file: Path, old: str, new: str) -> None:
        """Replace a text in a file that has it."""
        if file.exists():
            text = file.read_text("utf-8")
            file.write_text(text.replace(old, new, 1), "utf-8")

    async def reloaded(self) -> LoadedCatalogue:
        """Load what changed, and note whether a part was enough."""
        before = self.loads[-1]
        seen = _Seen()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "with_changes", seen)
            loaded = await load_catalogue(
                [self.folder],
                host=before.host,
                before=before,
                snapshots=Snapshots(self.folder.parent / "catalogues"),
            )
        self.parts.append(seen.parts)
        if loaded.complete:
            self.loads.append(loaded)
        return loaded

    async def whole(self) -> LoadedCatalogue:
        """Load everything anew."""
        return await load_catalogue([self.folder], host=self.loads[0].host)


class _Seen:
    """Builds what changed, and says whether that was enough."""

    def __init__(self) -> None:
        self._build = with_changes
        self.parts = False

    async def __call__(self, *given_: Any) -> LoadedCatalogue | None:
        """Build as asked."""
        loaded = await self._build(*given_)
        self.parts = loaded is not None
        return loaded


def _told(loaded: LoadedCatalogue) -> list[object]:
    """Return everything that a catalogue holds and says."""
    catalogue = loaded.catalogue
    catalogue.warm()
    models = (
        loaded.foundation.models
        if loaded.foundation is not None
        else module._models(loaded.workspace, loaded.host)
    )
    left_out = {"reference", "calendar", "explanations"}
    parts = {name: part for name, part in sorted(vars(catalogue).items()) if name not in left_out}
    packer = Packer(models.by_entry)
    packer.add(parts)
    kinds: dict[NodeKind, Iterable[str]] = {
        "base": catalogue.bases,
        "jurisdiction": catalogue.jurisdictions,
        "program": catalogue.programs,
        "opening": catalogue.openings,
    }
    names = ("name", "quota", "quotaTotal", "benefits", "rounds", "policies", "shortageSets")
    return [
        catalogue.hash,
        loaded.problems.as_json(),
        packer.chunks(),
        [
            catalogue.explain(kind, code, name)
            for kind, codes in kinds.items()
            for code in codes
            for name in names
        ],
        [catalogue.search_openings(text) for text in ("", "nk", "医院", "hospital-1/0100")],
    ]


_Edit = Callable[[_Place], None]


def _replacing(old: str, new: str, number: int | None = None) -> _Edit:
    def edit(place: _Place) -> None:
        place.edit(place.region if number is None else place.hospital(number), old, new)

    return edit


def _own(number: int) -> st.SearchStrategy[_Edit]:
    """Return edits of one hospital's file."""
    old_new = [
        ("quota: 6", "quota: 7"),
        ("quota: 7", "quota: 6"),
        ("quota: 6", "quota: 13"),  # over the capacity
        ("quota: 6", "quota: six"),
        ("kind: base\n", "# A remark.\nkind: base\n"),
        ("示例医院招收简章（虚构）", "另一份简章（虚构）"),
        ('value: "10"', 'value: "20"'),  # publicity ends too late: a warning
        ('value: "10"', 'value: "8"'),  # below the floor
        ("name: {zh: 示例医院, ", "name: {zh: 新名医院, "),
        ("parent: example-region", "parent: nowhere"),
        ("code: hospital-0\n", "code: hospital-1\n"),
        (f"code: hospital-{number}-residency", "code: hospital-0-residency"),
        ("aliases: [示例市第一医院, ", "aliases: ["),
        ("policies:\n", 'policies:\n      recruitment_suspended: {value: "true"}\n'),
        ("capacity: 12", "capacity: 6"),
        ('specialty: "0900"', 'specialty: "0300"'),
    ]
    return st.sampled_from([_replacing(old, new, number) for old, new in old_new])


def _others() -> Iterator[_Edit]:
    """Yield additions, removals, and edits of what many share."""
    for number in range(4):
        yield partial(_Place.add, number=number)
        yield partial(_Place.remove, number=number)
    yield _replacing('BACHELOR: "3000"', 'BACHELOR: "3100"')
    yield _replacing("    kind: residency\n", "    kind: residency\n    quota: 30\n")
    yield lambda place: place.edit(place.folder / "plan.yaml", "quota: 3}", "quota: 4}")
    yield lambda place: (place.folder / "plan.yaml").unlink(missing_ok=True)


_EDITS = st.lists(
    st.lists(
        st.one_of(*(_own(number) for number in range(3)), st.sampled_from([*_others()])),
        min_size=1,
        max_size=2,
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edits=_EDITS)
@example(
    edits=[
        [_replacing("policies:\n", 'policies:\n      recruitment_suspended: {value: "true"}\n', 0)],
        [_replacing("quota: 6", "quota: 5", 1)],
        [_replacing('value: "10"', 'value: "20"', 2)],
        [lambda place: place.hospital(0).unlink()],
    ]
)
def test_a_changed_catalogue_is_what_a_build_of_everything_is(edits: list[list[_Edit]]) -> None:
    async def compared() -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = await _Place.made(Path(folder))
            for several in edits:
                for edit in several:
                    edit(place)
                changed, whole = await place.reloaded(), await place.whole()
                assert changed.problems.as_json() == whole.problems.as_json()
                if whole.complete:
                    assert _told(changed) == _told(whole)

    asyncio.run(compared())


@pytest.mark.parametrize(
    ("edit", "part"),
    [
        (_replacing("quota: 6", "quota: 5", 1), True),
        (lambda place: None, True),
        (lambda place: place.add(3), True),
        (lambda place: place.hospital(2).unlink(), True),
        (lambda place: place.hospital(2).rename(place.folder / "other.yaml"), True),
        (_replacing("quota: 6", "quota: 13", 1), False),
        (_replacing("code: hospital-1\n", "code: hospital-0\n", 1), False),
        (_replacing("code: hospital-1-residency", "code: hospital-0-residency", 1), False),
        (_replacing('BACHELOR: "3000"', 'BACHELOR: "3100"'), False),
        (lambda place: (place.folder / "plan.yaml").unlink(), False),
        (lambda place: place.hospital(0).unlink(), False),  # the plan table names it
        (lambda place: [place.edit(place.hospital(n), "6", "5") for n in range(3)], False),
        (lambda place: (place.folder / "note.yaml").write_text("kind: note\n"), False),
        (lambda place: (place.folder / "dangling.yaml").symlink_to("nowhere"), False),
    ],
)
async def test_only_a_few_bases_without_errors_are_built_alone(
    tmp_path: Path, edit: Callable[[_Place], object], part: bool
) -> None:
    place = await _Place.made(tmp_path)
    edit(place)

    loaded = await place.reloaded()

    assert place.parts == [part]
    assert loaded.problems.as_json() == (await place.whole()).problems.as_json()


async def test_what_did_not_change_is_the_very_same(tmp_path: Path) -> None:
    place = await _Place.made(tmp_path)
    place.edit(place.hospital(1), "quota: 6", "quota: 5")
    built: list[list[str]] = []
    questions = Builder.questions

    def counted(builder: Builder) -> Questions:
        built.append([*builder.workspace.bases])
        return questions(builder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Builder, "questions", counted)
        after = (await place.reloaded()).catalogue
    before = place.loads[0].catalogue

    assert built == [["hospital-1"]]
    code = "hospital-{}-residency-2026/0100".format
    assert after.openings[code(1)].quota == 5
    assert before.openings[code(1)].quota == 6
    assert after.openings[code(0)] is before.openings[code(0)]
    assert after.programs["example-region-residency-2026"].children == tuple(
        f"hospital-{number}-residency-2026" for number in range(3)
    )


async def test_a_published_total_counts_the_bases_that_stay(tmp_path: Path) -> None:
    place = await _Place.made(tmp_path)
    for number in range(3):
        note = "quota_note: {zh: 名额待定, en: To be announced}"
        place.edit(place.hospital(number), note, "quota: 1")
    place.edit(place.region, "    kind: residency\n", "    kind: residency\n    quota: 41\n")
    assert (await place.reloaded()).complete
    place.edit(place.hospital(1), "name: {zh: 示例医院, ", "name: {zh: 新名医院, ")
    assert (await place.reloaded()).complete
    place.edit(place.hospital(1), "quota: 6", "quota: 7")

    refused = await place.reloaded()

    assert [problem.code for problem in refused.problems.errors] == ["CONFIG_QUOTA_SUM"]
    assert place.parts == [False, True, False]


async def test_a_code_of_two_documents_is_told_by_whatever_way_files_are_read(
    tmp_path: Path,
) -> None:
    place = await _Place.made(tmp_path)
    name = "name: {zh: 示例医院, en: Example Hospital}\n"
    for number in (1, 2):
        listed = f"  OWN: {{title: 第{number}份简章}}\n"
        place.edit(place.hospital(number), "sources:\n", "sources:\n" + listed)
    told = await place.reloaded()
    assert [problem.code for problem in told.problems] == ["CONFIG_OTHER_DOCUMENT"]
    place.edit(place.hospital(1), name, name.replace("示例医院", "新名医院"))
    told = await place.reloaded()
    assert [problem.code for problem in told.problems] == ["CONFIG_OTHER_DOCUMENT"]
    place.remove(2)
    assert (await place.reloaded()).problems.text(Language.EN) == ""
    assert place.parts == [False, False, False]


async def test_an_agreement_beside_the_files_is_read_again(tmp_path: Path) -> None:
    place = await _Place.made(tmp_path)
    agreement = """\
    steps:
      - id: agreement
        kind: agreement
        label: {zh: 签订协议, en: Agreement}
        agreements:
          - {trainee_types: [SOCIAL], agreement: labour_contract, template: labour.md}
    openings:
"""
    (place.folder / "labour.md").write_text("{{base_name}} {{trainee_name}}", "utf-8")
    place.edit(place.hospital(0), "    openings:\n", agreement)
    after = await place.reloaded()
    assert after.problems.text(Language.EN) == ""
    first = after.catalogue.hash
    (place.folder / "labour.md").write_text("{{base_name}} {{trainee_name}} 2", "utf-8")

    second = (await place.reloaded()).catalogue.hash

    assert place.parts == [True, False]
    assert first != second
    assert second == (await place.whole()).catalogue.hash


class _Seats:
    """A plugin whose answers come from elsewhere."""

    seats = 6

    @hookimpl
    def base_quotas(self, base: Base, cycle: Cycle) -> list[Quota] | None:
        """Answer for the first hospital."""
        if base.code != "hospital-0" or cycle.year != 2026:
            return None
        program = "hospital-0-residency-2026"
        return [Quota(program=program, specialty="0100", seats=self.seats)]


async def test_plugins_are_asked_about_every_base(tmp_path: Path) -> None:
    plugin = _Seats()
    host = PluginHost.load({}).extended("seats", plugin, Naming(Rights.PLATFORM))
    place = await _Place.made(tmp_path, host)
    place.edit(place.hospital(1), "quota: 6", "quota: 5")
    await place.reloaded()
    plugin.seats = 9
    place.edit(place.hospital(1), "quota: 5", "quota: 4")

    loaded = await place.reloaded()

    assert place.parts == [True, False]
    assert _told(await place.whole())[:2] == _told(loaded)[:2]


async def test_a_changed_catalogue_is_kept_for_the_next_start(tmp_path: Path) -> None:
    place = await _Place.made(tmp_path)
    snapshots = Snapshots(tmp_path / "catalogues")
    host = place.loads[0].host
    loads = iter([place.loads[0]])

    async def load() -> LoadedCatalogue:
        first = next(loads, None)
        return first or await load_catalogue(
            [place.folder], host=host, snapshots=snapshots, before=holder.loaded
        )

    holder = CatalogueHolder(load)
    await holder.reload()
    place.edit(place.hospital(1), "quota: 6", "quota: 5")
    await holder.reload()
    assert holder._keeping is not None
    await asyncio.to_thread(holder._keeping.join)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "Builder", partial(pytest.fail, "built anew"))
        kept = await load_catalogue([place.folder], host=host, snapshots=snapshots)

    assert _told(kept) == _told(holder.loaded or kept)
