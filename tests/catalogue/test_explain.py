"""Which level, file, line and clause set a field, and what it replaced."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from catalogue.conftest import Load
from zhupei import Quota, hookimpl
from zhupei.catalogue import load_catalogue
from zhupei.domain.sources import Level, Source
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

PROGRAM = "example-hospital-residency-2026"


@pytest.fixture(autouse=True)
def _in_folder(bases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are shown relative to the working directory."""
    monkeypatch.chdir(bases.parent)


async def test_quota_of_an_opening(load: Load) -> None:
    catalogue = (await load()).catalogue
    (origin,) = catalogue.explain("opening", f"{PROGRAM}/0100", "quota") or ()

    assert (origin.level, origin.value) == (Level.INSTITUTION, "6")
    assert (origin.file, origin.line) == ("bases/example/example-hospital.yaml", 63)
    assert origin.source == Source("EXAMPLE-PLAN", "计划表", "10")


async def test_what_the_parent_sets_is_explained_by_it(load: Load) -> None:
    catalogue = (await load()).catalogue
    (origin,) = catalogue.explain("opening", f"{PROGRAM}/0100", "durationMonths") or ()

    assert (origin.level, origin.value) == (Level.JURISDICTION, "36")
    assert (origin.file, origin.line) == ("bases/example/_jurisdiction.yaml", 38)


async def test_what_the_specialty_base_sets_is_explained_by_it_R212_R272(
    load: Load, bases: Path
) -> None:
    """Capacity and suspension stand with the accredited specialty, not in the plan's row."""
    file = bases / "example" / "example-hospital.yaml"
    text = file.read_text("utf-8")
    told = "capacity: 12, suspended: {zh: 限期整改, en: rectification}"
    assert text.count("capacity: 12") == 1
    file.write_text(text.replace("capacity: 12", told), "utf-8")
    catalogue = (await load()).catalogue
    found = {
        field: catalogue.explain("opening", f"{PROGRAM}/0100", field)
        for field in ("capacity", "suspended")
    }
    assert {
        field: [(origin.value, origin.line, origin.source) for origin in origins or ()]
        for field, origins in found.items()
    } == {
        "capacity": [("12", 20, Source("EXAMPLE-PLAN", "专业", "2"))],
        "suspended": [("限期整改", 20, Source("EXAMPLE-PLAN", "专业", "2"))],
    }
    opening = catalogue.openings[f"{PROGRAM}/0100"]
    assert opening.suspended is not None
    assert (opening.capacity, opening.suspended.en) == (12, "rectification")
    assert catalogue.explain("opening", f"{PROGRAM}/0200", "suspended") == ()


async def test_entry_of_a_list_and_what_it_replaced(load: Load) -> None:
    catalogue = (await load()).catalogue
    chain = catalogue.explain("opening", f"{PROGRAM}/0100", "benefits.stipend") or ()

    assert [(origin.level, origin.file) for origin in chain] == [
        (Level.INSTITUTION, "bases/example/example-hospital.yaml"),
        (Level.JURISDICTION, "bases/example/_jurisdiction.yaml"),
    ]


async def test_policy_goes_up_to_the_national_floor_R216(load: Load) -> None:
    catalogue = (await load()).catalogue
    chain = catalogue.explain("program", PROGRAM, "policies.publicity_working_days") or ()

    assert [(origin.level, origin.value) for origin in chain] == [
        (Level.INSTITUTION, "10"),
        (Level.JURISDICTION, "9"),
        (Level.NATIONAL, "7"),
    ]


async def test_unknown_nodes_and_fields_are_none_and_unset_ones_empty(load: Load) -> None:
    catalogue = (await load()).catalogue

    assert catalogue.explain("opening", "nowhere/0100", "quota") is None
    assert catalogue.explain("opening", f"{PROGRAM}/0100", "nonsense") is None
    assert catalogue.explain("opening", f"{PROGRAM}/0100", "benefits.nonsense") is None
    assert catalogue.explain("opening", f"{PROGRAM}/0900", "quota") == ()
    assert catalogue.explain("base", "example-hospital", "baseSince") == ()


@pytest.mark.parametrize("quota", ["quota: 4", "quota: null\n        quota_note: 待定"])
@pytest.mark.parametrize("rights", [Rights.PLATFORM, Rights.INSTITUTION])
async def test_what_is_in_force_comes_first_where_a_plugin_answers_too(
    bases: Path, quota: str, rights: Rights
) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8").replace("quota: 4", quota, 1)
    file.write_text(text.replace("tier:", "plugins: [register]\ntier:", 1), "utf-8")
    answer = Quota(program=PROGRAM, specialty="0200", seats=9)
    plugin = SimpleNamespace(base_quotas=hookimpl(lambda: [answer]))
    host = PluginHost.load({}).extended("register", plugin, Naming(rights))
    if rights is Rights.PLATFORM:
        file.write_text(text, "utf-8")
    catalogue = (await load_catalogue([bases], host=host)).catalogue
    code = f"{PROGRAM}/0200"

    seats = catalogue.openings[code].quota
    origins = catalogue.explain("opening", code, "quota") or ()

    assert seats == (4 if rights is Rights.PLATFORM and quota == "quota: 4" else 9)
    assert origins[0].value == str(seats)
    assert len(origins) == 2
    directions = catalogue.explain("opening", code, "directions") or ()
    assert [(origin.plugin, origin.value) for origin in directions] == [(None, "2")]
