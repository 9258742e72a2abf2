"""Selection: which objects pass a filter, by attributes and relations of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from strawberry import UNSET

from zhupei.catalogue.facets import Chosen
from zhupei.catalogue.search import SearchIndex
from zhupei.domain.text import Text
from zhupei.domain.training import Opening, Program
from zhupei.graphql import openness
from zhupei.graphql.errors import bad_input
from zhupei.graphql.filters import (
    BaseFilter,
    JurisdictionFilter,
    OpeningFilter,
    ProgramFilter,
    ProvinceFilter,
    SpecialtyFilter,
)
from zhupei.graphql.pages import Selected

if TYPE_CHECKING:
    from zhupei.catalogue import Catalogue

__all__ = [
    "narrow_openings",
    "select_bases",
    "select_jurisdictions",
    "select_openings",
    "select_programs",
    "select_provinces",
    "select_specialties",
]

_Test = Callable[[Any], bool]


def _given(value: Any) -> bool:
    return value is not UNSET and value is not None


def _division(name: str, code: Any, selected: Selected) -> None:
    """Refuse what is not a code of GB/T 2260, such as a name, which would silently find nothing."""
    if _given(code) and not re.fullmatch(r"[0-9]{6}", code):
        raise bad_input(
            f"filter.{name}",
            Text(
                f"应为六位 GB/T 2260 代码，而不是“{code}”",
                f'must be a six-digit code of GB/T 2260, not "{code}"',
            ),
            selected.context.language,
        )


def _passing(
    candidates: Iterable[Any], tests: Sequence[_Test], found: set[str] | None
) -> Iterable[Any]:
    if found is not None:
        candidates = (one for one in candidates if one.code in found)
    for test in tests:
        candidates = filter(test, candidates)
    return candidates


def _searched(text: Any, search: Callable[[str], Iterable[str]]) -> set[str] | None:
    return set(search(text)) if _given(text) and text.strip() else None


def select_openings(
    wanted: OpeningFilter, selected: Selected, candidates: Iterable[Opening]
) -> Iterable[Opening]:
    """Return the openings that pass.

    Raises:
        GraphRefusal: a code of a province or city is not six digits.

    """
    catalogue, tests = selected.catalogue, list[_Test]()
    _division("province", wanted.province, selected)
    _division("city", wanted.city, selected)
    if not isinstance(candidates, Chosen):
        tests += _of_facets(wanted, selected)
    if _given(wanted.program):
        family = _family(wanted.program, selected)
        tests.append(lambda opening: opening.program in family)
    if _given(wanted.open_now):
        tests.append(
            lambda opening: (
                openness.takes_applications(opening, catalogue, selected.at) is wanted.open_now
            )
        )
    return _passing(candidates, tests, _searched(wanted.text, catalogue.search_openings))


def narrow_openings(wanted: OpeningFilter, catalogue: Catalogue) -> Iterable[Opening] | None:
    """Return the openings that pass what the catalogue knows as facets."""
    facets = catalogue.opening_facets
    given = {name: getattr(wanted, name) for name in facets.names}
    return facets.choose({name: value for name, value in given.items() if _given(value)})


def _of_facets(wanted: OpeningFilter, selected: Selected) -> list[_Test]:
    """Return the tests that stand for facets, where openings of one object are filtered."""
    catalogue, tests = selected.catalogue, _of_opening(wanted)
    if _given(wanted.base):
        tests.append(lambda opening: opening.base == wanted.base)
    for name, of_base in (("province", "province"), ("city", "prefecture")):
        if _given(code := getattr(wanted, name)):
            tests.append(_of_its_base(selected, of_base, code))
    if _given(wanted.jurisdiction):
        tests.append(
            lambda opening: wanted.jurisdiction in catalogue.bases[opening.base].jurisdictions
        )
    return tests


def _of_its_base(selected: Selected, attribute: str, code: str) -> _Test:
    bases = selected.catalogue.bases
    return lambda opening: getattr(bases[opening.base], attribute) == code


def _of_opening(wanted: OpeningFilter) -> list[_Test]:
    """Return the tests on an opening itself."""
    tests: list[_Test] = []
    if _given(wanted.specialty):
        tests.append(lambda opening: opening.specialty == wanted.specialty)
    if _given(wanted.kind):
        tests.append(lambda opening: opening.kind is wanted.kind)
    if _given(wanted.year):
        tests.append(lambda opening: opening.year == wanted.year)
    if _given(wanted.quota_known):
        tests.append(lambda opening: (opening.quota is not None) is wanted.quota_known)
    if _given(wanted.shortage):
        tests.append(lambda opening: wanted.shortage in opening.shortage_purposes)
    return tests


def _family(code: Any, selected: Selected) -> frozenset[str]:
    """Return the codes of a program and of its children, however deep."""
    programs, family, fresh = selected.catalogue.programs, set[str](), [code]
    while fresh:
        program = programs.get(fresh.pop())
        if program is not None and program.code not in family:
            family.add(program.code)
            fresh.extend(program.children)
    return frozenset(family)


def select_programs(
    wanted: ProgramFilter, selected: Selected, candidates: Iterable[Program]
) -> Iterable[Program]:
    """Return the programs that pass.

    Raises:
        GraphRefusal: a code of a province or city is not six digits.

    """
    catalogue = selected.catalogue
    _division("province", wanted.province, selected)
    _division("city", wanted.city, selected)
    tests = _of_program(wanted, selected)
    if _given(wanted.base):
        tests.append(lambda program: program.base == wanted.base)
    for name, attribute in (("province", "province"), ("city", "prefecture")):
        if _given(code := getattr(wanted, name)):
            tests.append(_of_its_host(selected, attribute, code))
    if _given(wanted.jurisdiction):
        tests.append(
            lambda program: (
                program.jurisdiction == wanted.jurisdiction
                or (
                    program.base is not None
                    and wanted.jurisdiction in catalogue.bases[program.base].jurisdictions
                )
            )
        )
    return _passing(candidates, tests, _searched(wanted.text, catalogue.search_programs))


def _of_its_host(selected: Selected, attribute: str, code: str) -> _Test:
    bases, jurisdictions = selected.catalogue.bases, selected.catalogue.jurisdictions

    def test(program: Program) -> bool:
        host = (
            bases[program.base]
            if program.base is not None
            else jurisdictions.get(program.jurisdiction or "")
        )
        return getattr(host, attribute, None) == code

    return test


def _of_program(wanted: Any, selected: Selected) -> list[_Test]:
    """Return the tests on a program itself, which bases use for one of theirs."""
    tests: list[_Test] = []
    if _given(wanted.kind):
        tests.append(lambda program: program.kind is wanted.kind)
    if _given(wanted.year):
        tests.append(
            lambda program: program.year <= wanted.year <= (program.last_year or program.year)
        )
    if _given(wanted.quota_known):
        tests.append(lambda program: (program.quota_total is not None) is wanted.quota_known)
    if _given(wanted.open_now):
        tests.append(
            lambda program: openness.is_open(program.rounds, selected.at) is wanted.open_now
        )
    openings = selected.catalogue.openings_of_program
    if _given(wanted.shortage):
        tests.append(
            lambda program: any(
                wanted.shortage in opening.shortage_purposes
                for opening in openings.get(program.code, ())
            )
        )
    if isinstance(wanted, ProgramFilter) and _given(wanted.specialty):
        tests.append(
            lambda program: any(
                opening.specialty == wanted.specialty for opening in openings.get(program.code, ())
            )
        )
    return tests


def select_bases(
    wanted: BaseFilter, selected: Selected, candidates: Iterable[Any]
) -> Iterable[Any]:
    """Return the bases that pass.

    Raises:
        GraphRefusal: a code of a province or city is not six digits.

    """
    catalogue, tests = selected.catalogue, list[_Test]()
    _division("province", wanted.province, selected)
    _division("city", wanted.city, selected)
    for name, attribute in (
        ("province", "province"),
        ("city", "prefecture"),
        ("tier", "tier"),
        ("type", "type"),
        ("status", "status"),
    ):
        if _given(value := getattr(wanted, name)):
            tests.append(_equal(attribute, value))
    if _given(wanted.jurisdiction):
        tests.append(lambda base: wanted.jurisdiction in base.jurisdictions)
    if _given(wanted.specialty):
        openings = catalogue.openings_of_base
        tests.append(
            lambda base: (
                any(own.specialty == wanted.specialty for own in base.specialty_bases)
                or any(
                    opening.specialty == wanted.specialty for opening in openings.get(base.code, ())
                )
            )
        )
    if of_program := _of_program(wanted, selected):
        tests.append(
            lambda base: any(
                all(test(catalogue.programs[code]) for test in of_program) for code in base.programs
            )
        )
    return _passing(candidates, tests, _searched(wanted.text, catalogue.search_bases))


def _both(text: Text) -> tuple[str | None, ...]:
    return text.zh, text.en


def _equal(attribute: str, value: Any) -> _Test:
    return lambda one: bool(getattr(one, attribute) == value)


def select_specialties(
    wanted: SpecialtyFilter, selected: Selected, candidates: Iterable[Any]
) -> Iterable[Any]:
    """Return the specialties that pass."""
    catalogue, tests = selected.catalogue, list[_Test]()
    if _given(wanted.program):
        declared = [
            one for one in catalogue.program_specialties.values() if one.program == wanted.program
        ]
        candidates = sorted(declared, key=lambda one: one.code)
        year = catalogue.programs[declared[0].program].year if declared else None
        if _given(wanted.year):
            tests.append(lambda _one: year == wanted.year)
        if _given(wanted.field) or _given(wanted.shortage):
            tests.append(lambda _one: False)  # of national ones only
    else:
        if _given(wanted.year):
            tests.append(lambda one: one.valid_in(wanted.year))
        if _given(wanted.field):
            tests.append(_equal("field", wanted.field))
    if _given(wanted.shortage) and not _given(wanted.program):
        national = catalogue.reference.specialties.shortage(wanted.shortage)  # type: ignore[arg-type]  # given, so not None
        tests.append(lambda one: national is not None and one.code in national)
    if _given(wanted.recruiting):
        # Others may declare a specialty of the same code.
        of_code = catalogue.openings_of_specialty
        tests.append(
            lambda one: (
                any(catalogue.specialty_of(each) == one for each in of_code.get(one.code, ()))
                is wanted.recruiting
            )
        )
    if not _given(wanted.program):
        return _passing(candidates, tests, _searched(wanted.text, catalogue.search_specialties))
    names = ((one.code, (one.code, *_both(one.name), *one.aliases)) for one in candidates)
    index = SearchIndex.build(names)
    return _passing(candidates, tests, _searched(wanted.text, index.find))


def select_provinces(
    wanted: ProvinceFilter, selected: Selected, candidates: Iterable[Any]
) -> Iterable[Any]:
    """Return the provinces that pass."""
    tests: list[_Test] = []
    if _given(wanted.with_bases):
        based = selected.catalogue.bases_of_province
        tests.append(lambda province: (province.code in based) is wanted.with_bases)
    provinces = selected.catalogue.provinces.values()

    def search(text: str) -> list[str]:
        names = (
            (one.code, (one.code, one.pinyin, *_both(one.name), *_both(one.short_name)))
            for one in provinces
        )
        return SearchIndex.build(names).find(text)

    return _passing(candidates, tests, _searched(wanted.text, search))


def select_jurisdictions(
    wanted: JurisdictionFilter, selected: Selected, candidates: Iterable[Any]
) -> Iterable[Any]:
    """Return the jurisdictions that pass.

    Raises:
        GraphRefusal: the code of the province is not six digits.

    """
    _division("province", wanted.province, selected)
    tests: list[_Test] = []
    if _given(wanted.province):
        tests.append(_equal("province", wanted.province))
    if _given(wanted.parent):
        tests.append(_equal("parent", wanted.parent))
    return _passing(candidates, tests, None)
