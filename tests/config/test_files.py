"""The shape of files: what stands where nobody would read it is refused, not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.config.files import FileModels
from zhupei.config.loader import validate
from zhupei.config.problems import Problems
from zhupei.config.yaml import Document, parse
from zhupei.domain.text import Language
from zhupei.hooks.manager import PluginHost

_MODELS = FileModels.of(PluginHost.load({}).kinds, {})
_NATION = "kind: national\ncode: nation\nname: {zh: 国, en: Nation}\n"


def _said(text: str, kind: str = "national") -> tuple[str, str]:
    document = parse(Path("x.yaml"), text.encode())
    assert isinstance(document, Document)
    problems = Problems()
    assert validate(document, _MODELS.by_kind[kind], problems) is None
    return problems.text(Language.EN), problems.text(Language.ZH)


@pytest.mark.parametrize("key", ["programs", "contacts", "extra"])
def test_the_nation_hosts_no_programs_and_has_no_office(key: str) -> None:
    en, zh = _said(_NATION + f"{key}: []\n")
    assert en.startswith(f"x.yaml:4:1: {key}: unknown key")
    assert zh.startswith(f"x.yaml:4:1: {key}: 未知的键")


def test_a_list_of_shortage_specialties_cites_its_clause() -> None:
    """T16: a set without its source was passed over in silence."""
    assert _said(_NATION + "shortage: [{purpose: subsidy, specialties: [全科]}]\n") == (
        "x.yaml:4:12: shortage.0.source: missing key [CONFIG_MISSING_KEY]\n",
        "x.yaml:4:12: shortage.0.source: 缺少键 [CONFIG_MISSING_KEY]\n",
    )


def test_nobody_can_pass_above_full_marks() -> None:
    entry = (
        "assessments:\n  - {id: a, kind: interview, phase: admission, label: {zh: 面, en: I}, "
        "full_mark: 60, pass_mark: 80}\n"
    )
    assert _said(_NATION + entry) == (
        (
            "x.yaml:5:97: assessments.0.pass_mark: the pass mark 80 is above the full mark 60 "
            "[CONFIG_BAD_RANGE]\n"
        ),
        "x.yaml:5:97: assessments.0.pass_mark: 及格分 80 高于满分 60 [CONFIG_BAD_RANGE]\n",
    )


@pytest.mark.parametrize(("key", "most"), [("ban_years", 100), ("after_days", 36_500)])
def test_a_penalty_ends_within_a_century(key: str, most: int) -> None:
    entry = (
        "penalties:\n  - {id: a, trigger: fraud, consequences: [ban], label: {zh: 罚, en: B}, "
        f"{key}: {most + 1}}}\n"
    )
    en, zh = _said(_NATION + entry)
    assert f"penalties.0.{key}: must be at most {most} [CONFIG_BAD_RANGE]" in en
    assert f"penalties.0.{key}: 不得大于 {most} [CONFIG_BAD_RANGE]" in zh


def test_a_number_that_nobody_can_dial_is_told_at_its_place() -> None:
    base = 'kind: base\ncode: a\nname: {zh: 甲, en: A}\nprovince: "620000"\n'
    en, zh = _said(base + "contacts: [{phones: [027-60660788, 内线]}]\n", "base")
    assert en.startswith("x.yaml:5:36: contacts.0.phones.1: cannot read the phone number '内线'")
    assert zh.startswith("x.yaml:5:36: contacts.0.phones.1: 无法识别的电话号码 '内线'")
