"""Merging: properties over random lists, and what stands behind each item."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zhupei import Benefit, Level, Subsidy, SubsidyLine, Text
from zhupei.domain.benefits import FundingSource, Payer
from zhupei.hooks.answers import Answer, merge

LEVELS = list(Level)


def benefit(identifier: str, level: Level, label: str = "x") -> Benefit:
    return Benefit(id=identifier, kind="k", label=Text(label, label), level=level)


def test_a_nearer_item_takes_the_place_of_the_higher_one() -> None:
    nation, province, hospital = LEVELS
    merged = merge(
        [
            Answer("core", nation, [benefit("a", nation), benefit("b", nation)]),
            Answer("province", province, [benefit("a", province)]),
            Answer("hospital", hospital, [benefit("c", hospital), benefit("a", hospital)]),
        ]
    )
    assert [(each.item.id, each.plugin, each.level) for each in merged] == [
        ("a", "hospital", Level.INSTITUTION),
        ("b", "core", Level.NATIONAL),
        ("c", "hospital", Level.INSTITUTION),
    ]
    assert [(each.plugin, each.level) for each in merged[0].replaced] == [
        ("province", Level.JURISDICTION),
        ("core", Level.NATIONAL),
    ]
    assert all(each.replaced == () for each in merged[0].replaced)
    assert (merged[1].replaced, merged[2].replaced) == ((), ())


def test_what_the_core_reads_from_a_bases_file_is_nearer_than_a_jurisdictions_plugin() -> None:
    merged = merge(
        [
            Answer("files", Level.NATIONAL, [benefit("a", Level.INSTITUTION, "of the file")]),
            Answer("province", Level.JURISDICTION, [benefit("a", Level.JURISDICTION)]),
        ]
    )
    assert [each.item.label.zh for each in merged] == ["of the file"]
    assert [each.plugin for each in merged[0].replaced] == ["province"]


def test_items_without_a_level_stand_at_that_of_their_plugin() -> None:
    soap = Subsidy(
        id="soap",
        label=Text("皂", "soap"),
        amount=None,
        payer=Payer.BASE,
        funding_source=FundingSource.BASE,
    )
    [merged] = merge([Answer("hospital", Level.INSTITUTION, [soap])])
    assert (merged.item, merged.level) == (soap, Level.INSTITUTION)


answers = st.lists(
    st.tuples(
        st.sampled_from(LEVELS), st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)
    ),
    max_size=5,
).map(lambda each: sorted(each, key=lambda one: one[0].rank))


@given(answers)
def test_every_id_once_from_its_nearest_level(given_answers: list[tuple[Level, list[str]]]) -> None:
    asked = [
        Answer(f"plugin-{index}", level, [benefit(each, level) for each in ids])
        for index, (level, ids) in enumerate(given_answers)
    ]
    merged = merge(asked)
    ids = [each.item.id for each in merged]
    assert len(ids) == len(set(ids))
    assert set(ids) == {each for _, listed in given_answers for each in listed}
    for each in merged:
        said = [
            (answer.level, answer.plugin)
            for answer in asked
            if each.item.id in {item.id for item in answer.value}
        ]
        # The last one asked among the nearest level wins; all others stand behind it.
        assert (each.level, each.plugin) == said[-1]
        assert [(other.level, other.plugin) for other in each.replaced] == said[-2::-1]


def test_lines_that_say_nothing_of_their_level_speak_for_an_institution() -> None:
    line = SubsidyLine(
        id="a", kind="k", label=Text("a", "a"), payer=None, funding_source=None, amount=None
    )
    assert line.level is Level.INSTITUTION
