"""Texts in both languages, parameters written out, and sources beside figures."""

from __future__ import annotations

from dataclasses import replace

from asked_graph import AskedGraph
from zhupei.domain.text import Language


async def test_the_argument_wins_over_the_request(fictional: AskedGraph) -> None:
    query = """{ base(code: "example-hospital") { name zh: name(language: ZH)
      en: name(language: EN) none: name(language: null) } }"""
    zh, en = "示例医院", "Example Hospital"
    english = await fictional.ask(query, language=Language.EN)
    assert english["base"] == {"name": en, "zh": zh, "en": en, "none": en}
    chinese = await fictional.ask(query, language=Language.ZH)
    assert chinese["base"] == {"name": zh, "zh": zh, "en": en, "none": zh}


async def test_without_a_translation_chinese_is_given(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        '{ program(code: "example-hospital-residency-2026") { note source { title } } }'
    )
    assert found["program"]["note"] is None
    assert found["program"]["source"]["title"] == "Brochure of the Example Hospital (fictional)"


async def test_a_source_leads_to_its_document(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ opening(code: "example-hospital-residency-2026/0200") {
            source { document title(language: ZH) clause lines reference url } }
          document(code: "EXAMPLE") { title issued supplied } }"""
    )
    assert found["opening"]["source"] == {
        "document": "EXAMPLE-PLAN",
        "title": "示例医院招收简章（虚构）",
        "clause": "计划表",
        "lines": "11",
        "reference": None,
        "url": None,
    }
    assert found["document"] == {
        "title": "Notice of the Example Region (fictional)",
        "issued": "2026-03-01",
        "supplied": True,
    }


async def test_a_source_whose_document_is_gone_keeps_its_clause(fictional: AskedGraph) -> None:
    graph = replace(fictional, catalogue=replace(fictional.catalogue, documents={}))
    found = await graph.ask(
        """{ opening(code: "example-hospital-residency-2026/0200") {
          source { document title clause } } }"""
    )
    assert found["opening"]["source"] == {
        "document": "EXAMPLE-PLAN",
        "title": None,
        "clause": "计划表",
    }


async def test_parameters_of_any_kind_are_written_out(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        """{ opening(code: "example-hospital-residency-2026/0100") {
          benefits { id parameters { name value values unit } }
          requirements { id parameters { name value values unit } } } }"""
    )
    benefits = {each["id"]: each["parameters"] for each in found["opening"]["benefits"]}
    assert benefits["stipend"] == [
        {"name": "amounts.BACHELOR", "value": "5000", "values": ["5000"], "unit": "yuan"},
        {"name": "amounts.MASTER", "value": "6000", "values": ["6000"], "unit": "yuan"},
        {"name": "amounts.DOCTOR", "value": "7000", "values": ["7000"], "unit": "yuan"},
    ]
    requirements = {each["id"]: each["parameters"] for each in found["opening"]["requirements"]}
    nationality = {each["name"]: each for each in requirements["nationality"]}
    assert nationality["allowed"] == {
        "name": "allowed",
        "value": "MAINLAND, HONG_KONG, MACAU, TAIWAN",
        "values": ["MAINLAND", "HONG_KONG", "MACAU", "TAIWAN"],
        "unit": None,
    }
    major = {each["name"]: each["value"] for each in requirements["major"]}
    assert major["undergraduate"] == "100201K"
    assert major["postgraduateNeedsUndergraduate"] == "true"


async def test_plugins_show_their_state(fictional: AskedGraph) -> None:
    found = await fictional.ask(
        "{ plugins { slug status reason level bases { totalCount } } catalogueHash }"
    )
    assert {each["status"] for each in found["plugins"]} <= {"OK", "DEGRADED"}
    assert {each["slug"] for each in found["plugins"]} >= {"standard-kinds", "national-rules"}
    assert {each["bases"]["totalCount"] for each in found["plugins"]} == {0}
    assert found["catalogueHash"] == fictional.catalogue.hash


async def test_a_degraded_plugin_says_why(fictional: AskedGraph) -> None:
    from zhupei.catalogue import PluginStatus
    from zhupei.domain.sources import Level
    from zhupei.domain.text import Text

    ill = PluginStatus("ill", None, Level.INSTITUTION, (), Text("超时", "timed out"))
    graph = replace(fictional, catalogue=replace(fictional.catalogue, plugins=(ill,)))
    found = await graph.ask("{ plugins { slug version status reason hooks } }")
    assert found["plugins"] == [
        {"slug": "ill", "version": None, "status": "DEGRADED", "reason": "timed out", "hooks": []}
    ]
