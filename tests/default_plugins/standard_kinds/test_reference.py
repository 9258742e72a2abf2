"""The standard kinds as a whole: complete, described, and their reference is made from them."""

from __future__ import annotations

import pytest

from zhupei.config.files import FileModels
from zhupei.default_plugins.standard_kinds import STANDARD_KINDS, kinds_reference, register_kinds
from zhupei.domain.kinds import Kind, KindGroup


def test_kinds_by_group() -> None:
    counts = {group: sum(kind.group is group for kind in STANDARD_KINDS) for group in KindGroup}
    assert counts == {
        KindGroup.REQUIREMENT: 22,
        KindGroup.BENEFIT: 11,
        KindGroup.STEP: 31,
        KindGroup.DOCUMENT: 17,
        KindGroup.ASSESSMENT: 10,
    }
    assert len({(kind.group, kind.name) for kind in STANDARD_KINDS}) == 91
    assert register_kinds() == list(STANDARD_KINDS)


@pytest.mark.parametrize("kind", STANDARD_KINDS, ids=lambda kind: f"{kind.group}-{kind.name}")
def test_a_kind_is_described_in_both_languages_and_decides_where_it_must(kind: Kind) -> None:
    for text in (kind.label, kind.description):
        assert text.zh
        assert text.en
    decides = kind.group in {KindGroup.REQUIREMENT, KindGroup.BENEFIT}
    assert (kind.decide is not None) is decides
    if kind.params is not None:
        for name, field in kind.params.model_fields.items():
            assert field.description, f"{kind.name}.{name} is not described"


def test_every_kind_fits_into_the_files() -> None:
    """No parameter hides a key that all entries have."""
    assert set(FileModels(STANDARD_KINDS, {}).by_kind) == {
        "national",
        "jurisdiction",
        "base",
        "plan",
        "calendar",
    }


def test_the_reference_lists_kinds_and_parameters() -> None:
    reference = kinds_reference()
    rows = {line.split("`")[1]: line for line in reference.splitlines() if line.startswith("| `")}
    assert {kind.name for kind in STANDARD_KINDS} == rows.keys()
    assert rows["english"] == (
        "| `english` | 英语水平: The lowest CET-4 score; other proofs are left to a person or "
        "refused. | `cet4` (whole number, required): The lowest CET-4 score, of 710.<br>"
        "`equivalents` (one of `fail` `review`, default `review`): CET-6, IELTS, TOEFL and other "
        "proofs: left to a person, or refused (T24). |"
    )
    assert "`names` (map of text to text, optional)" in rows["major"]
    assert "`amounts` (map of one of `JUNIOR_COLLEGE`" in rows["by_degree"]
    assert "`item` ({zh, en}, required)" in rows["cost"]
    assert rows["not_banned"].endswith("| none |")
    assert [line for line in reference.splitlines() if line.startswith("### ")] == [
        "### Requirements (招收条件)",
        "### Benefits (待遇)",
        "### Steps (招录步骤)",
        "### Documents (材料)",
        "### Assessments (考核)",
    ]
