"""Loading with errors: what is wrong is left out with what depends on it, the rest stands."""

from __future__ import annotations

import weakref
from pathlib import Path
from time import monotonic, sleep

import pytest
from pydantic import BaseModel

from catalogue.conftest import Load
from zhupei.catalogue import Catalogue, load_catalogue
from zhupei.config.files import FileModels
from zhupei.config.workspace import Workspace
from zhupei.domain.institutions import BaseStatus
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text

OTHER = """\
kind: base
code: other-hospital
name: {zh: 另一医院, en: Other Hospital}
province: "620000"
"""


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


async def test_broken_base_is_left_out_and_the_rest_stands(load: Load, bases: Path) -> None:
    (bases / "other.yaml").write_text(OTHER, "utf-8")
    _edit(bases / "example/example-hospital.yaml", 'specialty: "0900"', 'specialty: "9999"')

    loaded = await load()

    assert [problem.code for problem in loaded.problems.errors] == ["CONFIG_UNKNOWN_SPECIALTY"]
    assert not loaded.complete
    assert list(loaded.catalogue.bases) == ["other-hospital"]
    assert list(loaded.catalogue.programs) == ["example-region-residency-2026"]


async def test_bases_below_a_broken_jurisdiction_are_left_out_with_its_rules(
    load: Load, bases: Path
) -> None:
    (bases / "other.yaml").write_text(OTHER, "utf-8")
    _edit(bases / "example/_jurisdiction.yaml", 'value: "9"', 'value: "5"')

    loaded = await load()

    assert [problem.code for problem in loaded.problems.errors] == ["CONFIG_WEAKENS_FLOOR"]
    assert list(loaded.catalogue.bases) == ["other-hospital"]
    assert list(loaded.catalogue.jurisdictions) == []
    assert list(loaded.catalogue.openings) == []


@pytest.mark.parametrize("code", ["[gansu]", "{gansu: 1}", "", "null"])
async def test_a_code_that_is_none_takes_nobody_else_along(
    load: Load, bases: Path, code: str
) -> None:
    """Who names no jurisdiction or parent program does not depend on one without a code."""
    program = "  - {code: %s, kind: residency, year: 2026, name: {zh: 项目, en: Program}}\n"
    (bases / "other.yaml").write_text(
        OTHER + "programs:\n" + program % "other-residency-2026", "utf-8"
    )
    (bases / "broken.yaml").write_text(
        "kind: jurisdiction\nlevel: province\nname: {zh: 省, en: Province}\n"
        f'province: "620000"\ncode: {code}\nprograms:\n' + program % code,
        "utf-8",
    )

    loaded = await load()

    assert {problem.file.name for problem in loaded.problems.errors} == {"broken.yaml"}
    assert "other-residency-2026" in loaded.catalogue.programs


async def test_two_files_with_one_code_are_both_left_out(load: Load, bases: Path) -> None:
    (bases / "one.yaml").write_text(OTHER, "utf-8")
    (bases / "two.yaml").write_text(OTHER, "utf-8")

    loaded = await load()

    assert [(p.code, p.file.name) for p in loaded.problems.errors] == [
        ("CONFIG_DUPLICATE_CODE", "one.yaml"),
        ("CONFIG_DUPLICATE_CODE", "two.yaml"),
    ]
    assert list(loaded.catalogue.bases) == ["example-hospital"]


async def test_absent_plugin_degrades_its_base_and_never_weakens_a_rule(
    load: Load, bases: Path
) -> None:
    file = bases / "example/example-hospital.yaml"
    _edit(file, "tier: TERTIARY", "tier: TERTIARY\nplugins: [missing]\nextra: {missing: {a: 1}}")
    _edit(file, "kind: english\n", "kind: missing.english\n")
    _edit(
        file,
        "      - id: stipend\n        kind: by_degree\n",
        "      - id: stipend\n        kind: missing.stipend\n",
    )

    loaded = await load()
    base = loaded.catalogue.bases["example-hospital"]
    program = loaded.catalogue.programs["example-hospital-residency-2026"]

    assert loaded.problems.text(Language.EN) == ""
    assert base.status is BaseStatus.DEGRADED
    assert [(each.plugin, each.hook) for each in base.degradations] == [("missing", None)]
    # A requirement nobody can read stays, undecided; a benefit falls back to the next level's.
    english = next(each for each in program.requirements if each.id == "english")
    assert (english.kind, english.owner) == ("missing.english", "missing")
    stipend = next(each for each in program.benefits if each.id == "stipend")
    assert (stipend.kind, stipend.level) == ("by_degree", Level.JURISDICTION)


async def test_words_of_an_unnamed_plugin_are_unknown(load: Load, bases: Path) -> None:
    _edit(bases / "example/example-hospital.yaml", "kind: english\n", "kind: missing.english\n")

    loaded = await load()

    assert [problem.code for problem in loaded.problems.errors] == ["CONFIG_UNKNOWN_KIND"]
    assert list(loaded.catalogue.bases) == []


async def test_files_are_gone_before_the_indices_are_made(
    bases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take more memory than the catalogue: only who asks for them has them then."""
    files: list[weakref.ref[BaseModel]] = []
    left: list[int] = []
    validated, warm = Workspace.validated, Catalogue.warm

    def validating(workspace: Workspace, models: FileModels) -> Workspace:
        found = validated(workspace, models)
        files[:] = (weakref.ref(file.model) for file in found.bases.values())
        return found

    def warming(catalogue: Catalogue) -> None:
        # The thread of the step before may hold them until it gets its turn.
        end = monotonic() + (0 if keeps else 10)
        while any(file() is not None for file in files) and monotonic() < end:
            sleep(0.001)
        left.append(sum(file() is not None for file in files))
        warm(catalogue)

    (bases / "other.yaml").write_text(OTHER, "utf-8")
    monkeypatch.setattr(Workspace, "validated", validating)
    monkeypatch.setattr(Catalogue, "warm", warming)

    keeps = False
    without = await load_catalogue([bases])
    keeps = True
    kept = await load_catalogue([bases], keep_files=True)

    written = len(kept.catalogue.bases)
    assert written > 1
    assert left == [0, written]
    assert [len(each.workspace.bases) for each in (without, kept)] == [0, written]
    assert without.catalogue.hash == kept.catalogue.hash


async def test_an_empty_kind_of_file_is_missing_and_not_none(load: Load, bases: Path) -> None:
    (bases / "other.yaml").write_text(OTHER.replace("kind: base", "kind:"), "utf-8")
    (problem,) = (await load()).problems
    assert problem.message == Text(
        "缺少 kind，无法判断文件类型", "the key kind is missing: what is this file?"
    )


_SEATS = """\
kind: base
code: {code}
name: {{zh: 医院, en: Hospital}}
province: "620000"
jurisdiction: example-region
sources:
  PLAN: {{title: {{zh: 计划, en: Plan}}}}
programs:
  - code: {code}-2026
    parent: example-region-residency-2026
    name: {{zh: 项目, en: Program}}
    openings:
      - {{specialty: "0100", quota: {quota}, source: "PLAN:1"}}
"""


def _two_hospitals(bases: Path, north: int, south: int, *, published: int) -> None:
    """Have a region publish a total, and two hospitals their parts of it."""
    (bases / "example/example-hospital.yaml").unlink()
    _edit(
        bases / "example/_jurisdiction.yaml",
        "    duration_months: 36\n",
        f"    duration_months: 36\n    quota: {published}\n",
    )
    for code, quota in (("north", north), ("south", south)):
        text = _SEATS.format(code=code, quota=quota)
        (bases / f"example/{code}.yaml").write_text(text, "utf-8")


_REGION = "example-region-residency-2026"


async def test_a_published_total_is_that_of_the_programs_below(load: Load, bases: Path) -> None:
    _two_hospitals(bases, 6, 4, published=10)

    loaded = await load()

    assert loaded.complete
    region = loaded.catalogue.programs[_REGION]
    assert (region.quota_total, region.quota_note) == (10, None)


@pytest.mark.parametrize("south", [3, 5])
async def test_a_total_that_does_not_hold_is_not_served_and_everybody_else_is(
    load: Load, bases: Path, south: int
) -> None:
    """Which of the figures is wrong nobody can tell but those who published them."""
    _two_hospitals(bases, 6, south, published=10)

    loaded = await load()

    (problem,) = loaded.problems.errors
    assert problem.file.name == "_jurisdiction.yaml"
    assert problem.code == "CONFIG_QUOTA_SUM"
    assert not loaded.complete
    programs = loaded.catalogue.programs
    assert sorted(loaded.catalogue.bases) == ["north", "south"]
    assert [programs[f"{code}-2026"].quota_total for code in ("north", "south")] == [6, south]
    assert programs[_REGION].quota_total is None
    assert programs[_REGION].quota_note == Text(
        f"公布的计划总数为 10，而下级项目名额之和为 {6 + south}，两者不符",
        f"the published total is 10, and the programs below add up to {6 + south}",
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('specialty: "0100"', 'specialty: "9999"', "CONFIG_UNKNOWN_SPECIALTY"),
        ("programs:", "programs: [", "CONFIG_YAML_SYNTAX"),
        ("province:", "provinces:", "CONFIG_UNKNOWN_KEY"),
    ],
)
async def test_who_is_left_out_breaks_no_published_total(
    load: Load, bases: Path, old: str, new: str, code: str
) -> None:
    """One hospital's slip does not cost the region, and all its other hospitals, their place."""
    _two_hospitals(bases, 6, 4, published=10)
    _edit(bases / "example/south.yaml", old, new)

    loaded = await load()

    assert code in [problem.code for problem in loaded.problems.errors]
    assert {problem.file.name for problem in loaded.problems.errors} == {"south.yaml"}
    assert list(loaded.catalogue.bases) == ["north"]
    region = loaded.catalogue.programs[_REGION]
    assert region.quota_total is None
    assert region.quota_note == Text(
        "公布的计划总数为 10，而下级项目名额之和为 6，两者不符",
        "the published total is 10, and the programs below add up to 6",
    )


async def test_a_row_of_a_plan_outlives_the_base_that_is_left_out(load: Load, bases: Path) -> None:
    _two_hospitals(bases, 6, 4, published=10)
    for code in ("north", "south"):
        file = bases / f"example/{code}.yaml"
        file.write_text(file.read_text("utf-8").partition("    openings:")[0], "utf-8")
    (bases / "example/plan.yaml").write_text(
        f"kind: plan\nprogram: {_REGION}\nrows:\n"
        '  - {base: north, specialty: "0100", quota: 6}\n'
        '  - {base: south, specialty: "0100", quota: 4}\n',
        "utf-8",
    )
    whole = await load()
    assert whole.problems.errors == ()
    _edit(bases / "example/south.yaml", "province:", "provinces:")

    loaded = await load()

    assert {problem.file.name for problem in loaded.problems.errors} == {"south.yaml"}
    assert list(loaded.catalogue.bases) == ["north"]
    assert [each.quota for each in loaded.catalogue.openings.values()] == [6]
