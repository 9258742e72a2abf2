"""What changed between two programs or years: by id, with both values and who set them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from zhupei.catalogue import Catalogue
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Program
from zhupei.services.papers.brochure_diff import Change, FieldChange, diff_brochures
from zhupei.services.papers.brochure_text import diff_text

HKU = "hku-szh-residency-2026"
XIEHE = "hubei-xiehe-residency-2024"
TONGJI = "hubei-tongji-residency-2024"
NEXT = "next-year"


@pytest.fixture
def next_year(catalogue: Catalogue) -> Catalogue:
    """The hospital's next year: one benefit gone, one quota and one penalty changed, one round."""
    program = catalogue.programs[HKU]
    openings = {}
    for code in program.openings:
        opening = catalogue.openings[code]
        quota = 2 if opening.specialty == "0100" else opening.quota
        new = replace(opening, code=f"{NEXT}/{opening.specialty}", program=NEXT, quota=quota)
        openings[new.code] = new
    changed: Program = replace(
        program,
        code=NEXT,
        year=2027,
        openings=tuple(openings),
        benefits=tuple(each for each in program.benefits if each.id != "meal-subsidy"),
        penalties=tuple(
            replace(each, ban_years=5) if each.id == "withdrawal" else each
            for each in program.penalties
        ),
        rounds=(*program.rounds, replace(program.rounds[0], code="second", name=Text("第二批"))),
    )
    return replace(
        catalogue,
        programs=MappingProxyType({**catalogue.programs, NEXT: changed}),
        openings=MappingProxyType({**catalogue.openings, **openings}),
    )


def test_nothing_changed(catalogue: Catalogue) -> None:
    diff = diff_brochures(catalogue, HKU, HKU)
    assert diff.changes == ()
    assert diff_text(diff, Language.ZH) == "没有变化\n"


def test_next_year(next_year: Catalogue) -> None:
    diff = diff_brochures(next_year, HKU, NEXT)
    assert [(each.group, each.id, each.change.value) for each in diff.changes] == [
        ("program", "year", "changed"),
        ("openings", "0100", "changed"),
        ("rounds", "second", "added"),
        ("benefits", "meal-subsidy", "removed"),
        ("penalties", "withdrawal", "changed"),
    ]
    quota = diff.of("openings")[0]
    assert quota.fields == (FieldChange(name="quota", before="1", after="2"),)
    assert [origin.source.lines for origin in quota.set_before if origin.source] == ["14"]
    meal = diff.of("benefits")[0]
    assert meal.change is Change.REMOVED
    assert FieldChange(name="amount", before="600", after=None) in meal.fields
    assert meal.set_after == ()
    origin = meal.set_before[0]
    assert (origin.file or "").endswith("hku-szh.yaml")
    assert origin.source is not None
    assert origin.source.lines == "78"
    assert diff.of("penalties")[0].fields == (FieldChange(name="ban_years", before="3", after="5"),)


def test_the_other_way_round_is_the_mirror(next_year: Catalogue) -> None:
    there = diff_brochures(next_year, HKU, NEXT).changes
    back = diff_brochures(next_year, NEXT, HKU).changes
    mirror = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED}
    assert {(each.group, each.id, mirror.get(each.change, each.change)) for each in there} == {
        (each.group, each.id, each.change) for each in back
    }
    fields = {(c.group, c.id, f.name, f.before, f.after) for c in there for f in c.fields}
    assert fields == {(c.group, c.id, f.name, f.after, f.before) for c in back for f in c.fields}


def test_two_bases_under_one_notice(catalogue: Catalogue) -> None:
    """Both take everything from the province: only name and contacts differ."""
    diff = diff_brochures(catalogue, TONGJI, XIEHE)
    assert [(each.group, each.id) for each in diff.changes] == [
        ("program", "name"),
        ("contacts", "住培招收办公室"),
    ]
    assert "QQ群：340728617、410365317" in (diff.changes[1].fields[0].after or "")


def test_a_deadline_that_moves(catalogue: Catalogue) -> None:
    program = catalogue.programs[XIEHE]
    first = program.rounds[0]
    windows = tuple(
        replace(window, closes_at=window.closes_at + timedelta(days=1))
        if window.kind == "preference" and window.closes_at
        else window
        for window in first.windows
    )
    moved = replace(
        program, code=NEXT, rounds=(replace(first, windows=windows), *program.rounds[1:])
    )
    changed = replace(catalogue, programs=MappingProxyType({**catalogue.programs, NEXT: moved}))
    diff = diff_brochures(changed, XIEHE, NEXT)
    assert [(each.group, each.id) for each in diff.changes] == [("windows", "batch-1/preference")]
    assert diff.changes[0].fields == (
        FieldChange(
            name="period",
            before="2024年4月8日00:00 至 2024年4月23日24:00",
            after="2024年4月8日00:00 至 2024年4月24日24:00",
        ),
    )
    assert diff.changes[0].set_after[0].source is not None
    assert diff.changes[0].set_after[0].source.lines == "58-60"


def test_every_pair_of_programs_can_be_compared(catalogue: Catalogue) -> None:
    codes = [HKU, XIEHE, "gz-liuzhou-fellowship-2024", "guangxi-fellowship-2024-2026"]
    for before in codes:
        for after in codes:
            changes = diff_brochures(catalogue, before, after).changes
            assert (changes == ()) is (before == after)
            assert all(f.before != f.after for each in changes for f in each.fields)


def test_as_text(next_year: Catalogue) -> None:
    lines = diff_text(diff_brochures(next_year, HKU, NEXT), Language.ZH).splitlines()
    at = lines.index("修改  招收计划  内科 (0100)")
    assert lines[at + 1] == "    quota: 1 -> 2"
    assert lines[at + 2].startswith("    原: institution bases/guangdong/shenzhen/hku-szh.yaml:")
    assert lines[at + 2].endswith(" S0:14")
    assert "删除  待遇  餐补 (meal-subsidy)" in lines


def test_unknown_program(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        diff_brochures(catalogue, HKU, "nowhere")
