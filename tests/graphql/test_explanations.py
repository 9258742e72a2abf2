"""`explain`: level, file, line and clause of a value, and what it replaced."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from asked_graph import ROOT, AskedGraph, load_graph
from zhupei.domain.text import Language
from zhupei.graphql.nodes import GlobalId

HOSPITAL = "tests/fictional/bases/example/example-hospital.yaml"
REGION = "tests/fictional/bases/example/_jurisdiction.yaml"
PROGRAM = "example-hospital-residency-2026"
BASES = ROOT / "tests" / "fictional" / "bases"
EXPLAIN = """query ($node: ID!, $field: String!) { explain(node: $node, field: $field) {
  field value level file line plugin hook source { document clause }
  replaced { value level file line }
  items { id label level file line replaced { level file } }
  node { __typename ... on Opening { code } ... on Program { code } ... on Base { code } } } }"""


async def _explain(graph: AskedGraph, node: str, field: str) -> Any:
    return (await graph.ask(EXPLAIN, {"node": node, "field": field}))["explain"]


def _line(file: str, number: int) -> str:
    return (ROOT / Path(file)).read_text(encoding="utf-8").splitlines()[number - 1].strip()


async def test_a_quota_is_explained_by_its_line(fictional: AskedGraph) -> None:
    found = await _explain(fictional, f"{PROGRAM}/0200", "quota")
    assert _line(HOSPITAL, found.pop("line")) == "quota: 4"
    assert found == {
        "field": "quota",
        "value": "4",
        "level": "INSTITUTION",
        "file": HOSPITAL,
        "plugin": None,
        "hook": None,
        "source": {"document": "EXAMPLE-PLAN", "clause": "计划表"},
        "replaced": [],
        "items": None,
        "node": {"__typename": "Opening", "code": f"{PROGRAM}/0200"},
    }


async def test_a_code_and_a_global_id_explain_the_same(fictional: AskedGraph) -> None:
    by_code = await _explain(fictional, f"{PROGRAM}/0200", "quota")
    wanted = GlobalId("Opening", f"{PROGRAM}/0200").encode()
    assert await _explain(fictional, wanted, "quota") == by_code


async def test_an_entry_says_what_it_replaced(fictional: AskedGraph) -> None:
    found = await _explain(fictional, PROGRAM, "benefits.stipend")
    assert (found["level"], found["file"]) == ("INSTITUTION", HOSPITAL)
    [replaced] = found["replaced"]
    assert (replaced["level"], replaced["file"]) == ("JURISDICTION", REGION)
    assert _line(REGION, replaced["line"]) == "- id: stipend"


async def test_a_list_is_explained_entry_by_entry(fictional: AskedGraph) -> None:
    found = await _explain(fictional, f"{PROGRAM}/0100", "requirements")
    by_id = {each["id"]: each for each in found["items"]}
    assert found["value"] == str(len(found["items"]))
    assert found["level"] is None
    assert by_id["major"]["level"] == "INSTITUTION"
    assert by_id["nationality"]["level"] == "JURISDICTION"
    assert by_id["nationality"]["label"] == "Nationality"
    assert "NATIONAL" in {each["level"] for each in found["items"]}


async def test_a_list_of_one_level_has_that_level(fictional: AskedGraph) -> None:
    found = await _explain(fictional, PROGRAM, "rounds")
    assert found["value"] == "1"
    assert [each["id"] for each in found["items"]] == ["batch-1"]
    assert found["level"] == "JURISDICTION"


async def test_a_policy_that_a_level_tightened(fictional: AskedGraph) -> None:
    found = await _explain(fictional, PROGRAM, "policies.publicity_working_days")
    assert (found["value"], found["level"]) == ("10", "INSTITUTION")
    assert [(each["value"], each["level"]) for each in found["replaced"]] == [
        ("9", "JURISDICTION"),
        ("7", "NATIONAL"),
    ]


async def test_an_inherited_field_leads_to_the_parent(fictional: AskedGraph) -> None:
    found = await _explain(fictional, f"{PROGRAM}/0100", "durationMonths")
    assert (found["value"], found["level"], found["file"]) == ("36", "JURISDICTION", REGION)


@pytest.mark.parametrize("field", ["name", "city", "jurisdictions", "tier", "contacts"])
async def test_fields_of_a_base_are_explained_by_their_names_in_the_graph(
    fictional: AskedGraph, field: str
) -> None:
    found = await _explain(fictional, "example-hospital", field)
    assert (found["level"], found["file"]) == ("INSTITUTION", HOSPITAL)


async def test_what_a_jurisdiction_is_is_no_kind_of_a_file(fictional: AskedGraph) -> None:
    found = await _explain(fictional, "example-region", "kind")
    assert (found["value"], _line(REGION, found["line"])) == ("province", "level: province")


async def test_an_unknown_object_is_null(fictional: AskedGraph) -> None:
    assert await _explain(fictional, "nobody", "quota") is None
    assert await _explain(fictional, GlobalId("Opening", "gone/1").encode(), "quota") is None


@pytest.mark.parametrize(
    ("node", "field", "kind"),
    [
        (f"{PROGRAM}/0100", "stipnd", "Opening"),
        (PROGRAM, "benefits.nothing", "Program"),
        ("example-hospital", "nothing", "Base"),
        ("example-region", "", "Jurisdiction"),
    ],
)
async def test_an_unknown_field_is_refused(
    fictional: AskedGraph, node: str, field: str, kind: str
) -> None:
    refusal = await fictional.refused(EXPLAIN, {"node": node, "field": field})
    assert refusal.only["message"] == (
        f'field: {kind} has no field "{field}" whose origin is known'
    )
    assert refusal.only["extensions"] == {"code": "BAD_USER_INPUT", "argument": "field"}
    chinese = await fictional.refused(EXPLAIN, {"node": node, "field": field}, language=Language.ZH)
    assert chinese.only["message"] == f"field：{kind} 没有可说明来历的字段“{field}”"


async def test_something_that_no_configuration_sets_is_refused(fictional: AskedGraph) -> None:
    province = GlobalId("Province", "620000").encode()
    refusal = await fictional.refused(EXPLAIN, {"node": province, "field": "name"})
    assert refusal.only["extensions"]["code"] == "BAD_USER_INPUT"


FIELDS = """query ($type: String!) { __type(name: $type) { fields { name } } }"""


@pytest.mark.parametrize(
    ("type_name", "nodes"),
    [
        ("Opening", ["hku-szh-residency-2026/0200", "gz-liuzhou-fellowship-2024/paediatrics"]),
        (
            "Program",
            ["hku-szh-residency-2026", "hubei-residency-2024", "hubei-xiehe-residency-2024"],
        ),
    ],
)
async def test_every_field_of_an_opening_and_a_program_is_explained(
    real: AskedGraph, type_name: str, nodes: list[str]
) -> None:
    """The issue: `explain` answers for any field of an opening or program."""
    fields = [
        each["name"] for each in (await real.ask(FIELDS, {"type": type_name}))["__type"]["fields"]
    ]
    assert len(fields) > 20
    for node in nodes:
        for field in fields:
            found = await _explain(real, node, field)
            assert found["field"] == field
            for each in found["items"] or ():
                assert each["level"] is not None, (node, field, each)


@pytest.mark.parametrize(
    ("node", "field", "asked"),
    [
        ("hku-szh-residency-2026/0200", "code", "opening"),
        ("hku-szh-residency-2026/0200", "id", "opening"),
        ("hku-szh-residency-2026/0200", "specialtyName(language: ZH)", "opening"),
        ("hku-szh-residency-2026", "quotaTotal", "program"),
        ("hku-szh-residency-2026", "durationMonths", "program"),
        ("hubei-residency-2024", "quotaTotal", "program"),
        ("hubei-residency-2024", "year", "program"),
    ],
)
async def test_a_value_is_explained_as_the_graph_says_it(
    real: AskedGraph, node: str, field: str, asked: str
) -> None:
    said = await real.ask(f'{{ {asked}(code: "{node}") {{ value: {field} }} }}')
    value = said[asked]["value"]
    explained = (await _explain(real, node, field.split("(", maxsplit=1)[0]))["value"]
    assert explained == (None if value is None else str(value))


async def test_a_sum_is_explained_by_its_parts(real: AskedGraph) -> None:
    """R023: the brochure prints no total; its rows do."""
    found = await _explain(real, "hku-szh-residency-2026", "quotaTotal")
    assert (found["value"], found["level"], found["file"]) == ("19", "INSTITUTION", None)
    assert len(found["items"]) == 11
    [paediatrics] = [each for each in found["items"] if each["id"].endswith("/0200")]
    file = "bases/guangdong/shenzhen/hku-szh.yaml"
    assert (paediatrics["label"], paediatrics["file"]) == ("Paediatrics", file)
    assert _line(file, paediatrics["line"]).startswith("quota: 4 ")


async def test_whether_it_is_open_is_explained_by_the_rounds(real: AskedGraph) -> None:
    for field in ("isOpen", "closesAt"):
        found = await _explain(real, "hubei-xiehe-residency-2024", field)
        assert [each["id"] for each in found["items"]] == ["batch-1", "batch-2"]
        assert {each["level"] for each in found["items"]} == {"JURISDICTION"}


async def test_a_brochure_is_explained_by_the_steps_that_ask_for_it(real: AskedGraph) -> None:
    """R135, R136: the province demands its submission too; the nation (R210) its publication."""
    found = await _explain(real, "hubei-xiehe-residency-2024", "brochure")
    assert found["value"] == "2"
    assert [each["level"] for each in found["items"]] == ["JURISDICTION", "JURISDICTION"]
    assert {each["file"] for each in found["items"]} == {"bases/hubei/_jurisdiction.yaml"}
    found = await _explain(real, "hku-szh-residency-2026", "brochure")
    assert [(each["id"], each["level"]) for each in found["items"]] == [
        ("brochure-publication", "NATIONAL")
    ]


def _changed(folder: Path, *changes: tuple[str, str, str]) -> AskedGraph:
    """Return the graph of the fictional hospital with some passages of its files changed."""
    shutil.copytree(BASES, folder, dirs_exist_ok=True)
    for name, old, new in changes:
        file = folder / "example" / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), "utf-8")
    return load_graph(folder)


@pytest.fixture
def shared(tmp_path: Path) -> AskedGraph:
    """The graph of the fictional hospital, which fills paediatrics in the second round only."""
    second = "      - {code: batch-2, name: {zh: 第二批, en: Second}, source: EXAMPLE:5 第五条}\n"
    return _changed(
        tmp_path,
        ("_jurisdiction.yaml", "    rounds:\n", f"    rounds:\n{second}"),
        (
            "example-hospital.yaml",
            "        quota: 4\n",
            "        quota: 4\n        rounds: {batch-2: 4}\n",
        ),
    )


async def test_the_rounds_of_an_opening_are_those_that_fill_it(shared: AskedGraph) -> None:
    for specialty, rounds in (("0100", ["batch-2", "batch-1"]), ("0200", ["batch-2"])):
        code = f"{PROGRAM}/{specialty}"
        found = await shared.ask(f'{{ opening(code: "{code}") {{ rounds {{ code }} }} }}')
        assert [each["code"] for each in found["opening"]["rounds"]] == rounds
        for field in ("rounds", "isOpen", "closesAt"):
            explained = await _explain(shared, code, field)
            assert [each["id"] for each in explained["items"]] == rounds
        assert (await _explain(shared, code, "rounds"))["value"] == str(len(rounds))


@pytest.fixture
def suspended(tmp_path: Path) -> AskedGraph:
    """The graph of the fictional hospital, where internal medicine takes nobody."""
    told = "capacity: 12, suspended: {zh: 限期整改, en: rectification}"
    return _changed(tmp_path, ("example-hospital.yaml", "capacity: 12", told))


async def test_where_recruitment_is_suspended_it_is_explained_as_closed(
    suspended: AskedGraph,
) -> None:
    """R272: the windows are open, and nobody can apply."""
    for specialty, is_open in (("0100", False), ("0200", True)):
        code = f"{PROGRAM}/{specialty}"
        found = await suspended.ask(f'{{ opening(code: "{code}") {{ isOpen }} }}')
        assert found == {"opening": {"isOpen": is_open}}
        explained = (await _explain(suspended, code, "isOpen"))["value"]
        assert explained == str(is_open).lower()


async def test_the_host_of_a_program_is_explained_and_the_other_kind_of_host_is_not(
    real: AskedGraph,
) -> None:
    assert (await _explain(real, "hku-szh-residency-2026", "base"))["value"] == "hku-szh"
    assert (await _explain(real, "hku-szh-residency-2026", "jurisdiction"))["value"] is None
    assert (await _explain(real, "hubei-residency-2024", "jurisdiction"))["value"] == "hubei"
    assert (await _explain(real, "hubei-residency-2024", "base"))["value"] is None


async def test_every_purpose_of_a_shortage_list_is_explained(real: AskedGraph) -> None:
    """T16: three purposes, and levels that add to each other."""
    found = await _explain(real, "hku-szh-residency-2026/0200", "shortagePurposes")
    assert [(each["id"], each["level"]) for each in found["items"]] == [
        ("ADMISSION_PRIORITY", "NATIONAL"),
        ("QUOTA_PENALTY", "NATIONAL"),
        ("SUBSIDY", "INSTITUTION"),
    ]
    other = await _explain(real, "hku-szh-residency-2026/0300", "shortagePurposes")
    assert [each["id"] for each in other["items"]] == ["SUBSIDY"]
    assert [each["label"] for each in other["items"]] == ["subsidy"]
    assert (await _explain(real, "hku-szh-residency-2026/0100", "shortagePurposes"))["value"] == "0"


async def test_a_source_is_explained_in_words(real: AskedGraph) -> None:
    found = await _explain(real, "hku-szh-residency-2026/0200", "source")
    assert found["value"] == "S0 招收计划表 序号2"
