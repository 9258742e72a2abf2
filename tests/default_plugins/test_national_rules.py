"""The national rules of the work guide (S4) as configuration that any base stands on. A6."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from pathlib import Path

import pytest

from zhupei.catalogue.load import LoadedCatalogue, load_catalogue
from zhupei.default_plugins import national_rules
from zhupei.domain.policies import POLICIES, Stricter
from zhupei.domain.sources import Level
from zhupei.domain.text import Language
from zhupei.domain.training import Program

_FILE = Path(national_rules.__file__).parent / "national.yaml"

_BASE = """\
kind: base
code: example
name: {zh: 示例医院, en: Example Hospital}
province: "110000"
programs:
  - code: example-residency-2026
    name: {zh: 住院医师规范化培训, en: Residency}
    kind: residency
    year: 2026
  - code: example-fellowship-2026
    name: {zh: 进修, en: Fellowship}
    kind: fellowship
    year: 2026
"""


def _load(folder: Path, base: str) -> LoadedCatalogue:
    (folder / "example.yaml").write_text(base, "utf-8")
    return asyncio.run(load_catalogue([folder]))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedCatalogue:
    """A fictional base with nothing of its own: all that it shows is national."""
    return _load(tmp_path_factory.mktemp("bases"), _BASE)


@pytest.fixture(scope="module")
def residency(loaded: LoadedCatalogue) -> Program:
    """Its residency program."""
    assert tuple(loaded.problems) == ()
    return loaded.catalogue.programs["example-residency-2026"]


def test_folder_is_registered() -> None:
    """The plugin brings the folder of its file, and the file is there."""
    assert national_rules.register_bases() == [_FILE.parent]
    assert _FILE.is_file()


def test_policies(residency: Program) -> None:
    """R202-R204, R208, R211-R219, R223, R229-R230, R244, R249, R283, R293, R300: exact values."""
    assert {policy.key: policy.value for policy in residency.policies} == {
        "publicity_working_days": 7,
        "publicity_counts_first_day": False,
        "no_show_days": 14,
        "ban_years": 3,
        "start_month": 9,
        "quota_within_capacity": True,
        "shortage_shortfall": "no_growth",
        "collaborated_specialties_cap": 3,
        "collaboration_units_per_specialty_cap": 1,
        "collaboration_months_cap": 12,
        "grassroots_sites_cap": 3,
        "minimum_months_bachelor": 36,
        "minimum_months_professional_master": 24,
        "minimum_months_professional_doctor": 12,
        "academic_degree_reduces": False,
        "reduction_needs_assessment": True,
        "extension_cap_years": 3,
        "specialty_change_allowed": False,
        "orientation_examination_required": True,
        "rotation_exit_resits": 1,
        "completion_subject_validity_years": 3,
        "pay_floor_year_1": Decimal("0.80"),
        "pay_floor_year_2": Decimal("1.00"),
        "pay_floor_year_3": Decimal("1.10"),
    }


def test_policies_are_national_with_their_lines(residency: Program) -> None:
    """Every figure cites S4 with lines; the one that S4 does not give says that it is decided."""
    without = [policy.key for policy in residency.policies if policy.source is None]
    assert without == ["publicity_counts_first_day"]
    lines = {policy.key: policy.source.lines for policy in residency.policies if policy.source}
    assert lines["publicity_working_days"] == "350-352"
    assert lines["minimum_months_professional_master"] == "431-437"
    assert lines["pay_floor_year_3"] == "1126-1130"
    assert lines["extension_cap_years"] == "1330-1334"
    assert {policy.level for policy in residency.policies} == {Level.NATIONAL}
    assert {policy.source.document for policy in residency.policies if policy.source} == {"S4"}


@pytest.mark.parametrize(
    ("key", "weaker", "tighter"),
    [
        ("publicity_working_days", "5", "10"),
        ("publicity_counts_first_day", "true", "false"),
        ("ban_years", "2", "4"),
        ("quota_within_capacity", "false", "true"),
        ("collaborated_specialties_cap", "4", "2"),
        ("collaboration_units_per_specialty_cap", "2", "1"),
        ("collaboration_months_cap", "13", "6"),
        ("grassroots_sites_cap", "4", "1"),
        ("minimum_months_bachelor", "35", "36"),
        ("minimum_months_professional_master", "12", "36"),
        ("minimum_months_professional_doctor", "6", "24"),
        ("academic_degree_reduces", "true", "false"),
        ("reduction_needs_assessment", "false", "true"),
        ("extension_cap_years", "4", "2"),
        ("specialty_change_allowed", "true", "false"),
        ("orientation_examination_required", "false", "true"),
        ("pay_floor_year_1", "0.79", "0.9"),
        ("pay_floor_year_2", "0.99", "1"),
        ("pay_floor_year_3", "1", "1.2"),
    ],
)
def test_floors_are_tightened_never_weakened(
    tmp_path: Path, key: str, weaker: str, tighter: str
) -> None:
    """R202-R230, R283, R300, G31: a lower level may move a floor the stricter way only."""
    weakened = _load(tmp_path, f"{_BASE}policies:\n  {key}: {{value: {weaker}}}\n")
    found = [(problem.path[:2], problem.line) for problem in weakened.problems.errors]
    assert found == [(("policies", key), _BASE.count("\n") + 2)]
    assert weakened.catalogue.bases == {}
    tightened = _load(tmp_path, f"{_BASE}policies:\n  {key}: {{value: {tighter}}}\n")
    assert tightened.problems.errors == ()
    policies = tightened.catalogue.programs["example-residency-2026"].policies
    assert next(policy.level for policy in policies if policy.key == key) is Level.INSTITUTION


def test_every_direction_has_a_national_value(residency: Program) -> None:
    """Which national figures have no direction: those that the documents let others move."""
    directed = {policy.key for policy in residency.policies if POLICIES[policy.key].stricter}
    assert {policy.key for policy in residency.policies} - directed == {
        "no_show_days",
        "start_month",
        "shortage_shortfall",
        "rotation_exit_resits",
        "completion_subject_validity_years",
    }
    assert POLICIES["publicity_working_days"].stricter is Stricter.HIGHER


def test_fellowships_have_none_of_it(loaded: LoadedCatalogue) -> None:
    """T1: nothing national of residency applies to a fellowship."""
    fellowship = loaded.catalogue.programs["example-fellowship-2026"]
    assert fellowship.policies == ()
    assert fellowship.requirements == ()
    assert fellowship.benefits == ()
    assert fellowship.steps == ()
    assert fellowship.documents == ()
    assert fellowship.penalties == ()
    assert fellowship.assessments == ()
    assert fellowship.sections == ()


def test_default_steps(residency: Program) -> None:
    """R210, R215-R223, R292: brochure to orientation, where nobody else sets the steps."""
    assert [(step.id, step.kind) for step in residency.steps] == [
        ("brochure-publication", "brochure_publication"),
        ("eligibility-check", "eligibility_check"),
        ("examination", "examination"),
        ("selection", "selection"),
        ("publicity", "publicity"),
        ("notice", "notice"),
        ("report", "report"),
        ("agreement", "agreement"),
        ("registration", "registration"),
        ("orientation", "orientation"),
    ]


def test_r217_letter_and_documents(residency: Program) -> None:
    """R217: the letter says when, where, whom to ask and what to bring; these are the documents."""
    notice = next(step for step in residency.steps if step.id == "notice")
    assert [label.zh for label in notice.params.states] == [
        "报到时间",
        "报到地点",
        "联系人",
        "应携带的资料",
    ]
    found = {each.id: (each.at_step, each.form, each.required) for each in residency.documents}
    assert found == {
        "introduction-letter": ("report", None, False),
        "report-identity": ("report", "original_and_copy", True),
        "report-degree-certificate": ("report", "original_and_copy", True),
        "report-licence-certificate": ("report", "original_and_copy", True),
        "rotation-proof": ("report", None, False),
    }


def test_r220_agreements(residency: Program) -> None:
    """R220, T46: three parties for the dispatched, two for the socially recruited."""
    agreement = next(step for step in residency.steps if step.id == "agreement")
    found = [(each.trainee_types, each.agreement) for each in agreement.params.agreements]
    assert found == [(("ENTRUSTED",), "three_party"), (("SOCIAL",), "two_party")]


def test_assessments(residency: Program) -> None:
    """R240-R249, T65: five assessments, no pass mark and no weight."""
    found = [
        (each.id, each.phase, each.every_months, each.pass_mark, each.weight)
        for each in residency.assessments
    ]
    assert found == [
        ("daily", "process", None, None, None),
        ("rotation-exit", "process", None, None, None),
        ("annual", "process", 12, None, None),
        ("completion-theory", "completion", None, None, None),
        ("completion-practice", "completion", None, None, None),
    ]


def test_penalties(residency: Program) -> None:
    """R211, R214, R219, R269-R271, R302-R303, T43: no-show by itself, bans of three years."""
    found = {
        each.id: (each.trigger, each.ban_years, each.after_days) for each in residency.penalties
    }
    assert found == {
        "no-show": ("no_show", None, 14),
        "no-show-ban": ("no_show", 3, None),
        "postgraduate-exam": ("postgraduate_exam", 3, None),
        "shortage-shortfall": ("shortage_shortfall", None, None),
        "evaluation-failed": ("quality", None, None),
        "pay-complaint": ("quality", None, None),
        "discipline": ("misconduct", None, None),
        "accident": ("serious_breach", None, None),
    }


def test_r279_central_subsidy(residency: Program) -> None:
    """R279, R284, V16: 20,000 to live on and 10,000 for teaching, a year, once per person."""
    subsidy = next(each for each in residency.benefits if each.id == "central-subsidy")
    assert subsidy.params.living + subsidy.params.teaching == Decimal(30000)
    assert (subsidy.params.living, subsidy.params.teaching) == (Decimal(20000), Decimal(10000))
    assert subsidy.params.once_per_person is True
    assert subsidy.payer == "government"
    assert subsidy.funding_source == "central_fiscal"


def test_t45_five_insurances(residency: Program) -> None:
    """R276, T45: five insurances, maternity among them; the housing fund is not national."""
    insurance = next(each for each in residency.benefits if each.id == "social-insurance")
    assert list(insurance.params.schemes) == [
        "pension",
        "medical",
        "unemployment",
        "maternity",
        "work_injury",
    ]
    assert insurance.payer is None


def test_everything_has_its_clause(residency: Program) -> None:
    """Every national rule cites its clause; S4 always with lines."""
    lists = (
        *(residency.requirements, residency.steps, residency.documents, residency.benefits),
        *(residency.penalties, residency.assessments, residency.sections),
    )
    sources = [entry.source for entries in lists for entry in entries]
    sources += [item.source for section in residency.sections for item in section.items]
    assert None not in sources
    assert {source.document for source in sources if source} == {"S4", "GBF-2020-34"}
    assert all(source.lines for source in sources if source and source.document == "S4")


def test_texts_are_whole_sentences(residency: Program) -> None:
    """Texts are quoted without the page numbers, numbering and blanks of the printed page."""
    texts = [item.text.zh for section in residency.sections for item in section.items if item.text]
    assert len(texts) == 48
    assert [text for text in texts if not text.endswith("。")] == []
    assert [text for text in texts if re.match(r"\d+\.", text) or "  " in text] == []


def test_labels_are_bilingual(residency: Program) -> None:
    """Every label reads in both languages."""
    lists = (
        *(residency.requirements, residency.steps, residency.documents, residency.benefits),
        *(residency.penalties, residency.assessments, residency.sections),
    )
    labels = [entry.label for entries in lists for entry in entries]
    labels += [item.label for section in residency.sections for item in section.items]
    assert all(re.search("[一-鿿]", label.get(Language.ZH)) for label in labels)
    assert all(label.en and not re.search("[一-鿿]", label.en) for label in labels)


def test_each_national_row_is_marked() -> None:
    """Each row of A6 that is written down has its marker; that alone proves none of them."""
    marked: set[int] = set()
    for line in _FILE.read_text("utf-8").splitlines():
        if "#" in line:
            marked |= {int(found) for found in re.findall(r"\bR(\d{3})\b", line.split("#", 1)[1])}
    expected = {
        *(41, *range(201, 233), *range(240, 250), 269, 270, 271, 272, *range(276, 288)),
        *(290, 293, 295, 296, 298, 299, 300, 301, 302, 303),
    }
    assert expected - marked == set()


@pytest.mark.parametrize(
    ("item", "source", "says"),
    [
        ("limits", ("S4", "232-242"), "有限专业、有限内容、有限时间"),
        ("as-fresh-graduate", ("GBF-2020-34", None), "按当年应届毕业生同等对待"),
        ("as-professional-master", ("GBF-2020-34", None), "中医专业学位硕士研究生同等对待"),
    ],
    ids=["R201", "R041", "R041b"],
)
def test_what_is_only_told(
    residency: Program, item: str, source: tuple[str, str | None], says: str
) -> None:
    """R041, R201: published in the document's own words, with its clause."""
    items = {each.id: each for section in residency.sections for each in section.items}
    text, clause = items[item].text, items[item].source
    assert text is not None
    assert clause is not None
    assert says in text.zh
    assert (clause.document, clause.lines) == source
