"""The specialty catalogue by cycle: renumbering, clashes and ambiguous names (T51)."""

from __future__ import annotations

import pytest

from zhupei.domain.codes import (
    AmbiguousSpecialty,
    Specialty,
    SpecialtyCatalogue,
    SpecialtyField,
)
from zhupei.domain.text import Text


def _row(
    code: str, name: str, first: int, last: int | None = None, aliases: tuple[str, ...] = ()
) -> Specialty:
    return Specialty(
        code=code,
        name=Text(name, f"{name} (en)"),
        pinyin="x",
        field=SpecialtyField.CLINICAL,
        valid_from=first,
        valid_to=last,
        aliases=aliases,
    )


def test_t51_a_renumbered_code_stands_for_one_specialty_in_each_cycle() -> None:
    old, new = _row("0100", "甲科", 2014, 2021), _row("0100", "乙科", 2022)
    moved = _row("0101", "甲科", 2022)
    catalogue = SpecialtyCatalogue([new, moved, old])
    assert [catalogue.get(year, "0100") for year in (2013, 2014, 2021, 2022)] == [
        None,
        old,
        old,
        new,
    ]
    assert catalogue.find(2021, "甲科") is old
    assert catalogue.find(2022, "甲科") is moved
    assert catalogue.specialties == (old, new, moved)


@pytest.mark.parametrize("last", [2022, None])
def test_one_code_for_two_specialties_of_one_cycle_is_refused(last: int | None) -> None:
    with pytest.raises(ValueError, match="specialty 0100 is given twice for 2022: 甲科 and 乙科"):
        SpecialtyCatalogue([_row("0100", "乙科", 2022), _row("0100", "甲科", 2014, last)])


def test_a_code_wins_over_a_name_and_a_name_over_an_alias() -> None:
    code = _row("0100", "甲科", 2014)
    name = _row("0200", "乙科", 2014, aliases=("0100", "丙科"))
    other = _row("0300", "丙科", 2014)
    catalogue = SpecialtyCatalogue([code, name, other])
    assert catalogue.find(2020, "0100") is code
    assert catalogue.find(2020, "丙科") is other
    assert catalogue.find(2020, "丙科 (EN)") is other


def test_an_alias_of_two_specialties_is_refused_with_both_codes() -> None:
    rows = [
        _row("0100", "甲科", 2014, aliases=("某科",)),
        _row("0200", "乙科", 2014, None, ("某科",)),
    ]
    with pytest.raises(AmbiguousSpecialty) as caught:
        SpecialtyCatalogue(rows).find(2020, " 某科 ")
    assert caught.value.codes == ("0100", "0200")
    assert caught.value.message == Text(
        "2020 年专业目录中“某科”对应多个专业（0100, 0200），请改用专业代码",
        '"某科" stands for several specialties of 2020 (0100, 0200): use the code',
    )
