"""Texts of agreements beside a file (T37): read, checked field by field, part of the hash."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from admissions_office import BASES, HOSPITAL
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.domain.agreements import AGREEMENT_FIELDS, AgreementTemplate, required_fields
from zhupei.domain.text import Language

_STEP = """    steps:
      - id: agreement
        amends: true
        kind: agreement
        label: {{zh: 签订协议, en: Agreement}}
        agreements:
          - {{trainee_types: [SOCIAL], agreement: labour_contract, template: {labour}}}
          - {{trainee_types: [ENTRUSTED], agreement: three_party, template: agreements/three.md}}
    openings:
      - {{specialty: "0100", quota: 2"""
_THREE = "{{base_name}} {{unit_name}} {{trainee_name}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "bases"
    shutil.copytree(BASES, copied)
    (copied / "agreements").mkdir()
    (copied / "agreements" / "three.md").write_text(_THREE, "utf-8")
    return copied


def loaded(folder: Path, labour: str = "agreements/labour.md") -> LoadedCatalogue:
    file = folder / "sample-hospital.yaml"
    written = file.read_text("utf-8")
    plain = '    openings:\n      - {specialty: "0100", quota: 2'
    if plain in written and "steps:\n      - id: agreement" not in written:
        file.write_text(written.replace(plain, _STEP.format(labour=labour), 1), "utf-8")
    return asyncio.run(load_catalogue([folder]))


def told(folder: Path, labour: str = "agreements/labour.md") -> list[str]:
    problems = loaded(folder, labour).problems.errors
    return [each.text(Language.EN).partition(": ")[2] for each in problems]


def test_a_text_is_read_and_belongs_to_the_rules(folder: Path) -> None:
    text = folder / "agreements" / "labour.md"
    text.write_text("\ufeff# 劳动合同\n{{base_name}} {{ trainee_name }}\n", "utf-8")
    first = loaded(folder)
    assert first.problems.errors == ()
    (step,) = [
        each for each in first.catalogue.programs[HOSPITAL].steps if each.kind == "agreement"
    ]
    labour = step.params.agreements[0].template
    assert labour == AgreementTemplate(
        "agreements/labour.md", "# 劳动合同\n{{base_name}} {{ trainee_name }}\n"
    )
    assert labour.fields == ("base_name", "trainee_name")
    text.write_text("# 合同\n{{base_name}} {{ trainee_name }}\n", "utf-8")
    assert loaded(folder).catalogue.hash != first.catalogue.hash


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file agreements/labour.md [CONFIG_TEMPLATE_FILE]"),
        (b"\xff\xfe", "agreements/labour.md is not text in UTF-8 [CONFIG_TEMPLATE_FILE]"),
        (
            b"x" * 200_001,
            "agreements/labour.md is larger than 200000 bytes [CONFIG_TEMPLATE_FILE]",
        ),
        (
            b"{{base_name}} {{trainee}}",
            (
                'the template agreements/labour.md uses an unknown field "trainee"; did you mean '
                '"trainee_type"? [CONFIG_TEMPLATE_FIELD]'
            ),
        ),
        (
            b"{{base_name}}",
            "the template agreements/labour.md lacks {{trainee_name}} [CONFIG_TEMPLATE_FIELD]",
        ),
    ],
)
def test_what_is_wrong_with_a_text_is_told_at_its_key(
    folder: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (folder / "agreements" / "labour.md").write_bytes(content)
    assert told(folder) == [f"programs.0.steps.0.agreements.0.template: {message}"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.md", "agreements/../../secret.md"])
def test_a_text_lies_beside_its_file(folder: Path, name: str) -> None:
    (folder.parent / "secret.md").write_text("{{base_name}} {{trainee_name}}", "utf-8")
    assert told(folder, name) == [
        (
            "programs.0.steps.0.agreements.0.template: must be a file in the folder of this one or "
            f'below, not "{name}" [CONFIG_TEMPLATE_FILE]'
        )
    ]


def test_r220_the_unit_is_named_where_it_is_a_party(folder: Path) -> None:
    (folder / "agreements" / "labour.md").write_text("{{base_name}} {{trainee_name}}", "utf-8")
    (folder / "agreements" / "three.md").write_text("{{base_name}} {{trainee_name}}", "utf-8")
    assert told(folder) == [
        (
            "programs.0.steps.0.agreements.1.template: the template agreements/three.md lacks "
            "{{unit_name}} [CONFIG_TEMPLATE_FIELD]"
        )
    ]


def test_every_required_field_exists() -> None:
    for kind in ("labour_contract", "two_party", "three_party", "directed_entrustment"):
        assert set(required_fields(kind)) <= set(AGREEMENT_FIELDS)
    assert "unit_name" not in required_fields("two_party")
    assert "unit_name" in required_fields("directed_entrustment")
