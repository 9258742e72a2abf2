"""The page of bases and jurisdictions, from fictional files."""

from __future__ import annotations

from pathlib import Path

from zhupei.cli.docs_bases import bases_table
from zhupei.config.workspace import read_workspace

_JURISDICTION = """\
kind: jurisdiction
code: example
level: province
name: {zh: 示例省, en: Example Province}
province: "110000"
programs:
  - {code: example-residency-2026, name: {zh: 住培, en: Residency}}
"""
_BASE = """\
kind: base
code: CODE
name: {zh: 示例医院, en: Example Hospital}
aliases: [示例大学附属医院, 示例第二医院]
province: "130000"
prefecture: "130100"
jurisdiction: example
programs:
  - {code: CODE-residency-2026, name: {zh: 住培, en: Residency}}
  - {code: CODE-fellowship-2026, name: {zh: 进修, en: Fellowship}}
"""
_ALONE = """\
kind: base
code: alone
name: {zh: 独立医院, en: Lone Hospital}
province: "110000"
"""


def test_page(tmp_path: Path) -> None:
    """Jurisdictions first, then bases by jurisdiction and code, with links to their files."""
    folder = tmp_path / "bases" / "example"
    folder.mkdir(parents=True)
    (folder / "_jurisdiction.yaml").write_text(_JURISDICTION, "utf-8")
    (folder / "b.yaml").write_text(_BASE.replace("CODE", "example-a"), "utf-8")
    (folder / "a.yaml").write_text(_BASE.replace("CODE", "example-b"), "utf-8")
    (folder / "z.yaml").write_text(_ALONE, "utf-8")
    (folder / "2026.yaml").write_text("kind: calendar\nyear: 2026\n", "utf-8")

    page = bases_table(read_workspace([tmp_path / "bases"]).documents, tmp_path)
    row = (
        "| [`{code}`](../bases/example/{file}.yaml) | 示例医院<br>Example Hospital | "
        "示例大学附属医院、示例第二医院 | 石家庄市 | "
        "`{code}-residency-2026`<br>`{code}-fellowship-2026` |\n"
    )
    assert page == (
        "# Bases and jurisdictions\n"
        "\n"
        "The codes below are what the graph answers to: `base(code: …)`, `program(code: …)`. "
        "This page is\n"
        "generated from the files below `bases/`; do not edit it, run `zhupei docs --write`.\n"
        "\n"
        "## Jurisdictions\n"
        "\n"
        "| Code | Name | Level | Programs |\n"
        "| --- | --- | --- | --- |\n"
        "| [`example`](../bases/example/_jurisdiction.yaml) | 示例省<br>Example Province | "
        "province | `example-residency-2026` |\n"
        "\n"
        "## Example Province · 示例省: 2 bases\n"
        "\n"
        "| Code | Name | Other names | Prefecture | Programs |\n"
        "| --- | --- | --- | --- | --- |\n"
        + row.format(code="example-a", file="b")
        + row.format(code="example-b", file="a")
        + "\n"
        "## Without a jurisdiction's file\n"
        "\n"
        "| Code | Name | Other names | Prefecture | Programs |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| [`alone`](../bases/example/z.yaml) | 独立医院<br>Lone Hospital |  |  |  |\n"
    )
