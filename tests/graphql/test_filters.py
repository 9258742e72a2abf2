"""Filters and orders over the fictional hospital and over made-up catalogues."""

from __future__ import annotations

import dataclasses
import random
from datetime import datetime
from typing import Any

import pytest

from asked_graph import NOW, AskedGraph, graph_of
from made_up import made_up_catalogue, opening_of, window
from zhupei.catalogue.catalogue import ProgramSpecialty
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Language, Text
from zhupei.domain.training import Round, RoundQuota
from zhupei.graphql.context import GraphContext
from zhupei.graphql.filters import OpeningFilter
from zhupei.graphql.pages import Selected
from zhupei.graphql.selection import narrow_openings, select_openings

OPENINGS = """query ($filter: OpeningFilter, $at: DateTime) {
  openings(filter: $filter, at: $at) { totalCount edges { node { code } } } }"""
HOSPITAL = "example-hospital-residency-2026"


async def _openings(graph: AskedGraph, at: str | None = None, **wanted: Any) -> list[str]:
    found = (await graph.ask(OPENINGS, {"filter": wanted, "at": at}))["openings"]
    codes = [edge["node"]["code"].removeprefix(f"{HOSPITAL}/") for edge in found["edges"]]
    assert found["totalCount"] == len(codes)
    return codes


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["0100", "0200", "0900"]),
        ({"base": "example-hospital"}, ["0100", "0200", "0900"]),
        ({"base": "other"}, []),
        ({"program": HOSPITAL}, ["0100", "0200", "0900"]),
        ({"program": "example-region-residency-2026"}, ["0100", "0200", "0900"]),
        ({"program": "other"}, []),
        ({"specialty": "0200"}, ["0200"]),
        ({"province": "620000"}, ["0100", "0200", "0900"]),
        ({"province": "110000"}, []),
        ({"city": "620100"}, ["0100", "0200", "0900"]),
        ({"city": "620200"}, []),
        ({"jurisdiction": "example-region"}, ["0100", "0200", "0900"]),
        ({"jurisdiction": "other"}, []),
        ({"kind": "RESIDENCY"}, ["0100", "0200", "0900"]),
        ({"kind": "FELLOWSHIP"}, []),
        ({"year": 2026}, ["0100", "0200", "0900"]),
        ({"year": 2025}, []),
        ({"quotaKnown": True}, ["0100", "0200"]),
        ({"quotaKnown": False}, ["0900"]),
        ({"shortage": "SUBSIDY"}, ["0200"]),
        ({"shortage": "QUOTA_PENALTY"}, ["0200"]),
        ({"text": "儿科"}, ["0200"]),
        ({"text": "erke"}, ["0200"]),
        ({"text": "示例 新生儿"}, ["0200"]),
        ({"text": "  "}, ["0100", "0200", "0900"]),
        ({"text": "不存在"}, []),
        ({"quotaKnown": True, "shortage": "SUBSIDY", "year": 2026, "text": "儿科"}, ["0200"]),
        ({"quotaKnown": False, "shortage": "SUBSIDY"}, []),
        ({"specialty": None, "year": None}, ["0100", "0200", "0900"]),
    ],
)
async def test_openings_by_each_condition(
    fictional: AskedGraph, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert await _openings(fictional, **wanted) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-04-07T23:59:59+08:00", False),
        ("2026-04-08T00:00:00+08:00", True),
        ("2026-04-23T23:59:59+08:00", True),
        ("2026-04-24T00:00:00+08:00", False),
    ],
)
async def test_what_is_open_depends_on_the_clock_that_is_given(
    fictional: AskedGraph, at: str, expected: bool
) -> None:
    everything = ["0100", "0200", "0900"]
    assert await _openings(fictional, at, openNow=True) == (everything if expected else [])
    assert await _openings(fictional, at, openNow=False) == ([] if expected else everything)


async def test_without_at_the_clock_of_the_request_is_now(fictional: AskedGraph) -> None:
    assert datetime(2026, 4, 10, 12, tzinfo=CHINA_TIME) == NOW
    assert await _openings(fictional, openNow=True) == ["0100", "0200", "0900"]


@pytest.mark.parametrize("name", ["province", "city"])
async def test_digits_of_another_width_are_no_code(fictional: AskedGraph, name: str) -> None:
    """Nothing would silently be found by them."""
    query = "query ($f: OpeningFilter) { openings(filter: $f) { totalCount } }"
    refusal = await fictional.refused(query, {"f": {name: "４４０３００"}})
    assert refusal.only["message"] == (
        f'filter.{name}: must be a six-digit code of GB/T 2260, not "４４０３００"'
    )


@pytest.mark.parametrize("name", ["province", "city"])
async def test_a_name_instead_of_a_code_is_refused(fictional: AskedGraph, name: str) -> None:
    for field in ("openings", "programs", "bases"):
        type_ = {"openings": "Opening", "programs": "Program", "bases": "Base"}[field]
        query = f"query ($f: {type_}Filter) {{ {field}(filter: $f) {{ totalCount }} }}"
        refusal = await fictional.refused(query, {"f": {name: "甘肃"}})
        assert refusal.only["message"] == (
            f'filter.{name}: must be a six-digit code of GB/T 2260, not "甘肃"'
        )
        assert refusal.only["extensions"] == {
            "code": "BAD_USER_INPUT",
            "argument": f"filter.{name}",
        }
        chinese = await fictional.refused(query, {"f": {name: "甘肃"}}, language=Language.ZH)
        assert chinese.only["message"] == (f"filter.{name}：应为六位 GB/T 2260 代码，而不是“甘肃”")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"text": "示例大学"}, True),
        ({"text": "sldyyy"}, False),
        ({"text": "slyy"}, True),
        ({"tier": "TERTIARY"}, True),
        ({"tier": "SECONDARY"}, False),
        ({"type": "GENERAL"}, True),
        ({"type": "CHILDREN"}, False),
        ({"status": "OK"}, True),
        ({"status": "DEGRADED"}, False),
        ({"specialty": "0100"}, True),
        ({"specialty": "0900"}, True),
        ({"specialty": "2000"}, False),
        ({"year": 2026, "kind": "RESIDENCY"}, True),
        ({"year": 2026, "kind": "FELLOWSHIP"}, False),
        ({"quotaKnown": False}, True),
        ({"quotaKnown": True}, False),
        ({"shortage": "SUBSIDY"}, True),
        ({"openNow": True}, True),
        ({"openNow": False}, False),
        ({"jurisdiction": "example-region", "province": "620000", "city": "620100"}, True),
    ],
)
async def test_bases_by_each_condition(
    fictional: AskedGraph, wanted: dict[str, Any], expected: bool
) -> None:
    found = await fictional.ask(
        "query ($f: BaseFilter) { bases(filter: $f) { totalCount } }", {"f": wanted}
    )
    assert found == {"bases": {"totalCount": int(expected)}}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [HOSPITAL, "example-region-residency-2026"]),
        ({"base": "example-hospital"}, [HOSPITAL]),
        ({"specialty": "0200"}, [HOSPITAL]),
        ({"province": "620000"}, [HOSPITAL, "example-region-residency-2026"]),
        ({"city": "620100"}, [HOSPITAL]),
        ({"jurisdiction": "example-region"}, [HOSPITAL, "example-region-residency-2026"]),
        ({"jurisdiction": "other"}, []),
        ({"year": 2026}, [HOSPITAL, "example-region-residency-2026"]),
        ({"year": 2027}, []),
        ({"shortage": "SUBSIDY"}, [HOSPITAL]),
        ({"openNow": True}, [HOSPITAL, "example-region-residency-2026"]),
        ({"text": "示例医院"}, [HOSPITAL]),
        ({"kind": "FELLOWSHIP"}, []),
        ({"quotaKnown": True}, []),
    ],
)
async def test_programs_by_each_condition(
    fictional: AskedGraph, wanted: dict[str, Any], expected: list[str]
) -> None:
    found = await fictional.ask(
        "query ($f: ProgramFilter) { programs(filter: $f) { edges { node { code } } } }",
        {"f": wanted},
    )
    assert [edge["node"]["code"] for edge in found["programs"]["edges"]] == expected


async def test_provinces_with_bases_and_by_text(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ all: provinces { totalCount }
          based: provinces(filter: {withBases: true}) { edges { node { code
            bases { totalCount } } } }
          named: provinces(filter: {text: "gansu"}) { edges { node { name } } }
          ordered: provinces(orderBy: NAME, first: 2) { edges { node { pinyin } } } }"""
    )
    assert found["all"] == {"totalCount": 34}
    assert found["based"]["edges"] == [{"node": {"code": "620000", "bases": {"totalCount": 1}}}]
    assert found["named"]["edges"] == [{"node": {"name": "Gansu Province"}}]
    assert [edge["node"]["pinyin"] for edge in found["ordered"]["edges"]] == ["anhui", "aomen"]


async def test_every_text_is_looked_for_in_simplified_characters_too(
    fictional: AskedGraph,
) -> None:
    found = await fictional.ask(
        """{ provinces(filter: {text: "甘肅"}) { totalCount }
          bases(filter: {text: "示例醫院"}) { totalCount }
          programs(filter: {text: "示例醫院"}) { totalCount }
          openings(filter: {text: "兒科"}) { totalCount }
          specialties(filter: {year: 2026, text: "兒科"}) { edges { node { code } } }
          written: specialties(filter: {year: 2026, text: "儿科"}) { edges { node { code } } } }"""
    )
    written = found.pop("written")
    assert written["edges"][0] == {"node": {"code": "0200"}}
    assert found.pop("specialties") == written
    assert found == {
        each: {"totalCount": 1} for each in ("provinces", "bases", "programs", "openings")
    }


async def test_specialties_of_a_cycle(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ recruiting: specialties(filter: {year: 2026, recruiting: true}) {
            edges { node { code name openings { totalCount } } } }
          shortage: specialties(filter: {year: 2026, shortage: QUOTA_PENALTY}) {
            edges { node { code shortagePurposes } } }
          own: specialties(filter: {program: "example-hospital-residency-2026"}) { totalCount } }"""
    )
    assert [edge["node"]["code"] for edge in found["recruiting"]["edges"]] == [
        "0100",
        "0200",
        "0900",
    ]
    assert {edge["node"]["openings"]["totalCount"] for edge in found["recruiting"]["edges"]} == {1}
    assert [edge["node"]["code"] for edge in found["shortage"]["edges"]] == [
        "0200",
        "0500",
        "0700",
        "1600",
        "1900",
    ]
    assert found["own"] == {"totalCount": 0}


async def test_specialties_of_one_code_are_recruited_each_by_its_own_openings() -> None:
    """A program may declare a code that others have, too, and then it is another specialty."""
    catalogue = made_up_catalogue(
        [opening_of("a-2026/0300"), opening_of("b-2026/0200"), opening_of("b-2026/heart")]
    )
    own = (("a-2026", "heart"), ("b-2026", "heart"), ("b-2026", "0200"))
    graph = graph_of(
        dataclasses.replace(
            catalogue,
            program_specialties={
                key: ProgramSpecialty(code=key[1], name=Text("心", "Heart"), program=key[0])
                for key in own
            },
        )
    )
    query = """query ($filter: SpecialtyFilter) { specialties(filter: $filter) {
      edges { node { code shortagePurposes openings { totalCount } } } } }"""

    async def ask(**wanted: Any) -> list[tuple[str, int]]:
        found = (await graph.ask(query, {"filter": wanted}))["specialties"]["edges"]
        return [(each["node"]["code"], each["node"]["openings"]["totalCount"]) for each in found]

    assert await ask(program="a-2026", recruiting=True) == []
    assert await ask(program="a-2026", recruiting=False) == [("heart", 0)]
    assert await ask(program="b-2026", recruiting=True) == [("0200", 1), ("heart", 1)]
    assert await ask(year=2026, recruiting=True) == [("0300", 1)]
    assert ("0200", 0) in await ask(year=2026, recruiting=False)
    # National sets list national specialties, as `shortagePurposes` says.
    assert await ask(program="b-2026", shortage="SUBSIDY") == []


def _at(day: int) -> datetime:
    return datetime(2026, 4, day, tzinfo=CHINA_TIME)


def _round(code: str, *windows: Any) -> Round:
    return Round(code=code, name=Text(code, code), windows=windows)


_TIMED = graph_of(
    made_up_catalogue(
        [
            opening_of("a-2026/0100", 2),
            opening_of("b-2026/0100", 5),
            opening_of("c-2026/0100"),
            opening_of("d-2026/0100", 1),
            opening_of("d-2026/0200", 1, round_quotas=(RoundQuota(round="late", seats=1),)),
            opening_of("e-2026/0100", 9),
        ],
        rounds={
            "a-2026": (_round("one", window(_at(1), _at(20))),),
            "b-2026": (_round("one", window(_at(1), _at(15))),),
            # A mere deadline: whether it is open before is not known.
            "c-2026": (_round("one", window(None, _at(12))),),
            "d-2026": (
                _round("early", window(_at(1), _at(18))),
                _round("late", window(_at(25), _at(28))),
            ),
            # Nothing about the application is published.
            "e-2026": (_round("one", window(_at(1), _at(11), "assessment")),),
        },
    )
)


async def test_what_is_open_now_and_what_closes_next_is_one_query() -> None:
    found = await _TIMED.ask(
        """{ openings(filter: {openNow: true}, orderBy: CLOSING, at: "2026-04-10T12:00:00+08:00") {
          edges { node { code closesAt(at: "2026-04-10T12:00:00+08:00")
            isOpen(at: "2026-04-10T12:00:00+08:00") } } } }"""
    )
    assert [tuple(edge["node"].values()) for edge in found["openings"]["edges"]] == [
        ("b-2026/0100", "2026-04-15T00:00:00+08:00", True),
        ("d-2026/0100", "2026-04-18T00:00:00+08:00", True),
        ("a-2026/0100", "2026-04-20T00:00:00+08:00", True),
    ]


async def test_closing_order_puts_what_never_closes_last() -> None:
    query = """query ($direction: OrderDirection) { openings(orderBy: CLOSING,
        direction: $direction) { edges { node { code isOpen closesAt } } } }"""
    up = (await _TIMED.ask(query, {"direction": "ASC"}))["openings"]["edges"]
    assert [(edge["node"]["code"], edge["node"]["isOpen"]) for edge in up] == [
        ("c-2026/0100", None),
        ("b-2026/0100", True),
        ("d-2026/0100", True),
        ("a-2026/0100", True),
        ("d-2026/0200", False),
        ("e-2026/0100", None),
    ]
    down = (await _TIMED.ask(query, {"direction": "DESC"}))["openings"]["edges"]
    assert [edge["node"]["code"] for edge in down] == [
        "d-2026/0200",
        "a-2026/0100",
        "d-2026/0100",
        "b-2026/0100",
        "c-2026/0100",
        "e-2026/0100",
    ]


async def test_bases_and_programs_by_quota_and_closing() -> None:
    found = await _TIMED.ask(
        """{ quota: bases(orderBy: QUOTA, direction: DESC) { edges { node { code } } }
          closing: bases(orderBy: CLOSING) { edges { node { code } } }
          programs: programs(orderBy: CLOSING, first: 2) { edges { node { code } } } }"""
    )

    def codes(name: str) -> list[str]:
        return [edge["node"]["code"] for edge in found[name]["edges"]]

    # c's only opening has no published number.
    assert codes("quota") == ["e", "b", "a", "d", "c"]
    assert codes("programs") == ["c-2026", "b-2026"]


async def test_deadlines_are_the_windows_that_close_next(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ deadlines(at: "2026-04-10T12:00:00+08:00") { closesAt window { kind isOpen(
              at: "2026-04-10T12:00:00+08:00") } round { code } program { code } }
          one: deadlines(at: "2026-04-10T12:00:00+08:00", first: 1) { window { kind } }
          only: deadlines(at: "2026-04-10T12:00:00+08:00", kinds: ["publicity"]) { closesAt }
          none: deadlines(at: "2026-04-10T12:00:00+08:00", kinds: []) { closesAt }
          mine: deadlines(at: "2026-04-10T12:00:00+08:00", filter: {base: "example-hospital"}) {
            program { code } }
          past: deadlines(at: "2026-12-31T00:00:00+08:00") { closesAt } }"""
    )
    # The hospital's program repeats its parent's windows, which are listed once.
    region = {"code": "example-region-residency-2026"}
    assert found["deadlines"] == [
        {
            "closesAt": "2026-04-24T00:00:00+08:00",
            "window": {"kind": "registration", "isOpen": True},
            "round": {"code": "batch-1"},
            "program": region,
        },
        {
            "closesAt": "2026-05-09T00:00:00+08:00",
            "window": {"kind": "assessment", "isOpen": False},
            "round": {"code": "batch-1"},
            "program": region,
        },
        {
            "closesAt": "2026-05-30T00:00:00+08:00",
            "window": {"kind": "publicity", "isOpen": False},
            "round": {"code": "batch-1"},
            "program": region,
        },
    ]
    assert found["one"] == [{"window": {"kind": "registration"}}]
    assert found["only"] == [{"closesAt": "2026-05-30T00:00:00+08:00"}]
    assert [each["program"]["code"] for each in found["mine"]] == [HOSPITAL] * 3
    assert found["none"] == found["past"] == []


async def test_too_many_deadlines_at_once_are_refused(fictional: AskedGraph) -> None:
    refusal = await fictional.refused("{ deadlines(first: 101) { closesAt } }")
    assert refusal.only["message"] == "first: must be from 1 to 100, not 101"


async def test_kinds_of_windows_that_do_not_exist_are_refused(fictional: AskedGraph) -> None:
    query = '{ deadlines(kinds: ["publicity", "REGISTRATION", "soon"]) { closesAt } }'
    kinds = (
        "brochure_submission, brochure_publication, mobilisation, registration, preference, "
        "eligibility_check, assessment, transfer, invitation, publicity, confirmation, "
        "admission_notice, report, agreement, registration_list"
    )
    refusal = await fictional.refused(query)
    assert refusal.only["message"] == f"kinds: no such kind: REGISTRATION, soon; known are {kinds}"
    assert refusal.only["extensions"] == {"code": "BAD_USER_INPUT", "argument": "kinds"}
    chinese = await fictional.refused(query, language=Language.ZH)
    assert chinese.only["message"] == f"kinds：没有这些类型：REGISTRATION, soon；已知的为 {kinds}"


async def test_connections_of_an_object_list_what_belongs_to_it(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ base(code: "example-hospital") {
            openings(filter: {specialty: "0200"}) { totalCount }
            programs { edges { node { code } } }
            specialtyBases { code capacity openings { edges { node { quota } } } } }
          jurisdiction(code: "example-region") { bases { edges { node { code } } }
            programs { code } }
          specialty(code: "0100", year: 2026) { openings { edges { node { quota } } } } }"""
    )
    assert found["base"]["openings"] == {"totalCount": 1}
    assert found["base"]["programs"]["edges"] == [{"node": {"code": HOSPITAL}}]
    assert found["base"]["specialtyBases"] == [
        {"code": "0100", "capacity": 12, "openings": {"edges": [{"node": {"quota": 6}}]}},
        {"code": "0200", "capacity": None, "openings": {"edges": [{"node": {"quota": 4}}]}},
    ]
    assert found["jurisdiction"] == {
        "bases": {"edges": [{"node": {"code": "example-hospital"}}]},
        "programs": [{"code": "example-region-residency-2026"}],
    }
    assert found["specialty"]["openings"]["edges"] == [{"node": {"quota": 6}}]


async def test_unknown_codes_are_null(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ province(code: "000000") { id } jurisdiction(code: "x") { id } base(code: "x") { id }
          program(code: "x") { id } opening(code: "x/0100") { id } document(code: "x") { code }
          specialty(code: "9999") { id } late: specialty(code: "0100", year: 1990) { id } }"""
    )
    assert set(found.values()) == {None}


@pytest.mark.institutions
def test_openings_are_narrowed_as_they_are_tested(real: AskedGraph) -> None:
    """What the catalogue knows as facets passes the same openings as going through all."""
    catalogue = real.catalogue
    chance = random.Random(20261122)
    context = GraphContext(catalogue=catalogue)
    selected = Selected(catalogue, real.now, context)
    openings = list(catalogue.openings.values())
    found = 0
    for _ in range(300):
        pattern, other = chance.choice(openings), chance.choice(openings)
        base = catalogue.bases[pattern.base]
        values: dict[str, Any] = {
            "base": pattern.base,
            "program": pattern.program,
            "specialty": other.specialty if chance.random() < 0.2 else pattern.specialty,
            "province": base.province,
            "city": base.prefecture,
            "jurisdiction": chance.choice([*base.jurisdictions, "nowhere"]),
            "kind": pattern.kind,
            "year": chance.choice([pattern.year, 1999]),
            "quota_known": chance.random() < 0.5,
            "open_now": chance.random() < 0.5,
            "shortage": chance.choice([*pattern.shortage_purposes, None]),
            "text": chance.choice([base.name.zh[:2], pattern.code, ""]),
        }
        names = chance.sample(sorted(values), chance.randint(0, 3))
        wanted = OpeningFilter(**{name: values[name] for name in names})
        narrowed = narrow_openings(wanted, catalogue)
        assert narrowed is not None
        quick = list(select_openings(wanted, selected, narrowed))
        assert quick == list(select_openings(wanted, selected, openings)), wanted
        found += bool(quick)
    assert found > 150
