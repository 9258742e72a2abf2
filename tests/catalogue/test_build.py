"""Building the catalogue from YAML alone: merging, totals, openings, hash."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from catalogue.conftest import Load
from zhupei import AdmissionStep, RequiredDocument, Round, Timeline, hookimpl
from zhupei.catalogue import load_catalogue
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.institutions import BaseStatus, Phone
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text
from zhupei.domain.training import ProgramKind
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

HOSPITAL = "example-hospital-residency-2026"
FILE = "bases/example/example-hospital.yaml"


async def test_everything_is_there_by_code(load: Load) -> None:
    loaded = await load()
    catalogue = loaded.catalogue

    assert loaded.problems.text(Language.EN) == ""
    assert list(catalogue.bases) == ["example-hospital"]
    assert list(catalogue.jurisdictions) == ["example-region"]
    assert list(catalogue.programs) == [HOSPITAL, "example-region-residency-2026"]
    assert list(catalogue.openings) == [f"{HOSPITAL}/0100", f"{HOSPITAL}/0200", f"{HOSPITAL}/0900"]


async def test_base_says_what_its_file_says(load: Load) -> None:
    base = (await load()).catalogue.bases["example-hospital"]

    assert base.name == Text("示例医院", "Example Hospital")
    assert base.jurisdictions == ("example-region",)
    assert base.contacts[0].phones == (Phone("0931-7654321"), Phone("0931-7654322"))
    assert [(each.specialty, each.name.zh, each.capacity) for each in base.specialty_bases] == [
        ("0100", "内科", 12),
        ("0200", "儿科", None),
    ]
    assert base.sections[0].items[0].value == "800"
    assert base.status is BaseStatus.OK


async def test_program_takes_from_its_parent_what_it_does_not_set(load: Load) -> None:
    program = (await load()).catalogue.programs[HOSPITAL]

    assert (program.kind, program.year) == (ProgramKind.RESIDENCY, 2026)
    assert program.duration_months == 36
    assert [each.code for each in program.rounds] == ["batch-1"]
    assert [step.id for step in program.steps] == ["apply", "examine", "publish"]


async def test_why_there_are_no_rounds_is_said_until_there_are_some(
    bases: Path, load: Load
) -> None:
    """Null stands with its reason: of the program itself, else of its parent."""
    region = bases / "example" / "_jurisdiction.yaml"
    text = region.read_text("utf-8")
    begin, end = text.index("    rounds:"), text.index("    steps:")
    note = "    rounds_note: {zh: 另行公布, en: published later}\n"
    region.write_text(text[:begin] + note + text[end:], "utf-8")
    loaded = await load()
    assert loaded.problems.text(Language.EN) == ""
    programs = loaded.catalogue.programs
    for code in (HOSPITAL, "example-region-residency-2026"):
        assert programs[code].rounds == ()
        assert programs[code].rounds_note == Text("另行公布", "published later")
    (origin,) = loaded.catalogue.explain("program", HOSPITAL, "roundsNote") or ()
    assert origin.level is Level.JURISDICTION
    # With rounds of its own the parent's reason says nothing any more.
    hospital = bases / "example" / "example-hospital.yaml"
    rounds = "    rounds: [{code: own, name: {zh: 单独招收, en: Own}}]"
    own = hospital.read_text("utf-8").replace("\n    openings:", f"\n{rounds}\n    openings:")
    hospital.write_text(own, "utf-8")
    programs = (await load()).catalogue.programs
    assert [each.code for each in programs[HOSPITAL].rounds] == ["own"]
    assert programs[HOSPITAL].rounds_note is None


async def test_windows_are_half_open_and_24_hours_is_the_next_day_T11_T12(load: Load) -> None:
    windows = (await load()).catalogue.programs[HOSPITAL].rounds[0].windows

    assert (windows[0].opens_at, windows[0].closes_at) == (
        datetime(2026, 4, 8, tzinfo=CHINA_TIME),
        datetime(2026, 4, 24, tzinfo=CHINA_TIME),
    )
    assert windows[1].closes_at == datetime(2026, 5, 9, tzinfo=CHINA_TIME)


async def test_more_specific_entry_replaces_the_other_and_remembers_it(load: Load) -> None:
    program = (await load()).catalogue.programs[HOSPITAL]
    stipend = next(benefit for benefit in program.benefits if benefit.id == "stipend")

    assert stipend.level is Level.INSTITUTION
    assert {str(level): amount for level, amount in stipend.params.amounts.items()} == {
        "BACHELOR": 5000,
        "MASTER": 6000,
        "DOCTOR": 7000,
    }
    assert [(origin.level, origin.line) for origin in stipend.origins] == [
        (Level.INSTITUTION, 51),
        (Level.JURISDICTION, 26),
    ]
    assert [benefit.id for benefit in program.benefits if benefit.level is Level.INSTITUTION] == [
        "stipend",
        "meal",
    ]


async def test_lower_level_may_tighten_a_policy_R216(load: Load) -> None:
    policies = {each.key: each for each in (await load()).catalogue.programs[HOSPITAL].policies}

    publicity = policies["publicity_working_days"]
    assert publicity.value == 10
    assert [(origin.level, origin.value) for origin in publicity.origins] == [
        (Level.INSTITUTION, "10"),
        (Level.JURISDICTION, "9"),
        (Level.NATIONAL, "7"),
    ]
    assert policies["max_preferences"].value == 2


async def test_total_is_unknown_while_one_row_is_T36(load: Load, bases: Path) -> None:
    programs = (await load()).catalogue.programs
    assert programs[HOSPITAL].quota_total is None
    assert programs[HOSPITAL].quota_note == Text("以下名额未公布：外科", "Not published: Surgery")
    assert programs["example-region-residency-2026"].quota_note == Text(
        "以下名额未公布：示例医院住院医师规范化培训 2026",
        "Not published: Example Hospital residency 2026",
    )

    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("quota_note: {zh: 名额待定, en: To be announced}", "quota: 3"))
    programs = (await load()).catalogue.programs
    assert programs[HOSPITAL].quota_total == 13
    assert programs["example-region-residency-2026"].quota_total == 13


async def test_total_stays_unknown_where_the_members_are_not_the_whole(
    load: Load, bases: Path
) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("quota_note: {zh: 名额待定, en: To be announced}", "quota: 3"))
    region = bases / "example/_jurisdiction.yaml"
    note = "    quota_note: {zh: 其他承办单位未公布, en: Other hosts have not published}\n"
    region.write_text(region.read_text("utf-8").replace("    rounds:\n", note + "    rounds:\n"))

    program = (await load()).catalogue.programs["example-region-residency-2026"]

    assert program.quota_total is None
    assert program.quota_note == Text("其他承办单位未公布", "Other hosts have not published")


async def test_openings_carry_their_own_rules_and_share_the_rest(load: Load) -> None:
    openings = (await load()).catalogue.openings
    medicine, paediatrics = openings[f"{HOSPITAL}/0100"], openings[f"{HOSPITAL}/0200"]
    surgery = openings[f"{HOSPITAL}/0900"]

    assert medicine.requirements[-1].id == "major"
    assert "major" not in {each.id for each in paediatrics.requirements}
    assert paediatrics.requirements is surgery.requirements
    assert (medicine.capacity, paediatrics.capacity) == (12, None)
    assert [(each.id, each.quota) for each in paediatrics.directions] == [
        ("cardiology", 3),
        ("neonatology", 1),
    ]
    assert (surgery.quota, surgery.quota_note) == (None, Text("名额待定", "To be announced"))


async def test_shortage_sets_are_kept_apart_by_purpose_T16(load: Load) -> None:
    openings = (await load()).catalogue.openings

    assert openings[f"{HOSPITAL}/0200"].shortage_purposes == {
        "subsidy",
        "admission_priority",
        "quota_penalty",
    }
    assert openings[f"{HOSPITAL}/0100"].shortage_purposes == frozenset()


async def test_plan_table_gives_the_quotas_of_its_rows(load: Load, bases: Path) -> None:
    (bases / "example/plan-2026.yaml").write_text(
        "kind: plan\n"
        "program: example-region-residency-2026\n"
        "note: {zh: 虚构, en: Fictional}\n"
        "rows:\n"
        '  - {base: example-hospital, specialty: "1600", quota: 2}\n'
        '  - {base: example-hospital, specialty: "1400"}\n',
        "utf-8",
    )
    loaded = await load()
    openings = loaded.catalogue.openings

    assert loaded.problems.text(Language.EN) == ""
    assert openings[f"{HOSPITAL}/1600"].quota == 2
    assert openings[f"{HOSPITAL}/1400"].quota is None
    assert openings[f"{HOSPITAL}/1400"].quota_note == Text(
        "计划表中此格为空", "Left blank in the plan table"
    )


async def test_fellowship_takes_no_rule_of_residencies_T1(load: Load, bases: Path) -> None:
    (bases / "example/fellowship.yaml").write_text(
        "kind: base\n"
        "code: example-fellowship-host\n"
        "name: {zh: 示例进修医院, en: Example Fellowship Host}\n"
        'province: "620000"\n'
        "jurisdiction: example-region\n"
        "programs:\n"
        "  - code: example-fellowship-2026\n"
        "    kind: fellowship\n"
        "    year: 2026\n"
        "    duration_months: 6\n"
        "    name: {zh: 示例进修, en: Example fellowship}\n"
        "    specialties: [{code: cardiology, name: {zh: 心内科, en: Cardiology}}]\n"
        "    openings: [{specialty: cardiology, quota: 5}]\n",
        "utf-8",
    )
    loaded = await load()
    program = loaded.catalogue.programs["example-fellowship-2026"]

    assert loaded.problems.text(Language.EN) == ""
    assert (program.requirements, program.benefits, program.policies) == ((), (), ())
    assert program.quota_total == 5
    assert loaded.catalogue.openings["example-fellowship-2026/cardiology"].specialty_name == Text(
        "心内科", "Cardiology"
    )


async def test_hash_is_of_the_content_not_of_its_layout(load: Load, bases: Path) -> None:
    first = (await load()).catalogue.hash
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")

    file.write_text("# another comment\n" + text, "utf-8")
    file.rename(file.with_name("renamed.yaml"))
    assert (await load()).catalogue.hash == first

    file.with_name("renamed.yaml").write_text(text.replace("quota: 6", "quota: 5"), "utf-8")
    assert (await load()).catalogue.hash != first


async def test_configured_year_extends_the_calendar(load: Load, bases: Path) -> None:
    calendar = (await load()).catalogue.calendar
    with pytest.raises(LookupError, match="2031"):
        calendar.is_working_day(date(2031, 6, 2))

    holidays = ["01-01", "05-01", "05-02", "10-01", "10-02", "10-03"]
    (bases / "calendar-2031.yaml").write_text(
        "kind: calendar\nyear: 2031\nholidays:\n"
        + "".join(f"  - {{date: 2031-{day}}}\n" for day in holidays),
        "utf-8",
    )
    loaded = await load()
    assert loaded.problems.text(Language.EN) == ""
    assert loaded.catalogue.calendar.is_working_day(date(2031, 6, 2)) is True
    assert loaded.catalogue.calendar.is_working_day(date(2031, 10, 1)) is False


async def test_a_year_in_two_calendars_is_told_and_the_rest_is_served(
    load: Load, bases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of the two holds nobody knows, so neither does."""
    monkeypatch.chdir(bases)
    for name in ("one", "two"):
        (bases / f"{name}.yaml").write_text(
            "kind: calendar\nyear: 2026\nholidays:\n  - {date: 2026-06-02}\n", "utf-8"
        )
    loaded = await load()
    assert loaded.problems.text(Language.EN) == (
        f"one.yaml:2:7: year: the calendar of 2026 stands in {bases / 'two.yaml'} too; a year is "
        "in one file only [CONFIG_DUPLICATE_CODE]\n"
        f"two.yaml:2:7: year: the calendar of 2026 stands in {bases / 'one.yaml'} too; a year is "
        "in one file only [CONFIG_DUPLICATE_CODE]\n"
    )
    assert [problem.message.zh for problem in loaded.problems] == [
        f"{bases / 'two.yaml'} 也有 2026 年的日历",
        f"{bases / 'one.yaml'} 也有 2026 年的日历",
    ]
    assert loaded.catalogue.calendar.is_working_day(date(2026, 6, 2)) is True
    assert HOSPITAL in loaded.catalogue.programs


async def test_an_opening_without_capacity_has_none(load: Load, bases: Path) -> None:
    """R212: 0 is a number, and not the absence of one that the accreditation would fill."""
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    row = '      - {specialty: "0300", quota: 0, capacity: 0}\n'
    text = text.replace("    openings:\n", "    openings:\n" + row)
    accredited = '  - {specialty: "0300", capacity: 8}\n'
    text = text.replace("specialty_bases:\n", "specialty_bases:\n" + accredited)
    file.write_text(text, "utf-8")
    loaded = await load()
    assert loaded.problems.text(Language.EN) == ""
    assert loaded.catalogue.openings[f"{HOSPITAL}/0300"].capacity == 0


STEPS = """    steps:
      - id: examine
        kind: interview
        amends: true
        label: {zh: 面试, en: Interview}
"""


async def test_step_is_amended_and_the_others_stay(load: Load, bases: Path) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("    shortage:\n", STEPS + "    shortage:\n"), "utf-8")

    loaded = await load()
    steps = loaded.catalogue.programs[HOSPITAL].steps

    assert loaded.problems.text(Language.EN) == ""
    assert [(step.id, step.kind) for step in steps] == [
        ("apply", "application"),
        ("examine", "interview"),
        ("publish", "publicity"),
    ]
    assert [origin.level for origin in steps[1].origins] == [Level.INSTITUTION, Level.JURISDICTION]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: examine", "id: nowhere", "the list above has no step nowhere"),
        (
            "Interview}\n",
            "Interview}\n      - {id: more, kind: interview, label: {zh: 复试, en: More}}\n",
            "some steps of this list amend the list above, and this one does not",
        ),
    ],
)
async def test_amendment_that_fits_nothing_is_refused(
    load: Load, bases: Path, old: str, new: str, message: str
) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("    shortage:\n", STEPS.replace(old, new) + "    shortage:\n"), "utf-8"
    )

    loaded = await load()

    assert [problem.message.en for problem in loaded.problems.errors] == [message]
    assert list(loaded.catalogue.bases) == []


@pytest.mark.parametrize("level", [Level.NATIONAL, Level.JURISDICTION])
async def test_a_plugin_comes_before_the_files_of_its_level_and_after_nearer_ones(
    bases: Path, level: Level
) -> None:
    file = bases / "example/_jurisdiction.yaml"
    photo = "{id: photo, kind: photo, label: {zh: 照片, en: Photo}, at_step: apply}"
    text = file.read_text("utf-8").replace(
        "    steps:\n", f"    documents:\n      - {photo}\n    steps:\n", 1
    )
    if level is Level.JURISDICTION:
        text = text.replace("province:", "plugins: [register]\nprovince:", 1)
    file.write_text(text, "utf-8")
    name = Text("另一名称", "another name")
    step = AdmissionStep(id="report", kind="report", label=name, level=level, actor="applicant")
    document = RequiredDocument(id="photo", kind="photo", label=name, level=level, at_step="apply")
    timeline = Timeline(program=HOSPITAL, rounds=(Round(code="other", name=name),))
    plugin = SimpleNamespace(
        base_admission_steps=hookimpl(lambda: [step]),
        base_documents=hookimpl(lambda: [document]),
        base_timeline=hookimpl(lambda: timeline),
    )
    rights = Rights.PLATFORM if level is Level.NATIONAL else Rights.JURISDICTION
    host = PluginHost.load({}).extended("register", plugin, Naming(rights))

    program = (await load_catalogue([bases], host=host)).catalogue.programs[HOSPITAL]

    [photo_of_program] = [each for each in program.documents if each.id == "photo"]
    origins = [origin.plugin for origin in photo_of_program.origins]
    if level is Level.JURISDICTION:
        assert origins == ["register", None]
        assert [each.id for each in program.steps] == ["report"]
        assert [each.code for each in program.rounds] == ["other"]
    else:
        assert origins == [None, "register"]
        assert [each.id for each in program.steps] == ["apply", "examine", "publish"]
        assert [each.code for each in program.rounds] == ["batch-1"]
