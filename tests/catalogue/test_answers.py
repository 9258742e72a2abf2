"""Answers of plugins that fit their types and nothing else: left out, and the rest stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry

from catalogue.conftest import Load
from zhupei import (
    AdmissionStep,
    Benefit,
    Direction,
    Level,
    Quota,
    Round,
    RoundQuota,
    Text,
    Timeline,
    Window,
    hookimpl,
)
from zhupei.catalogue import LoadedCatalogue, load_catalogue
from zhupei.catalogue.snapshots import Snapshots
from zhupei.domain.institutions import BaseStatus
from zhupei.domain.text import Language
from zhupei.domain.training import Cycle
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights
from zhupei.services.benefits import estimate
from zhupei.testing import a_profile

_BASE = "example-hospital"
_PROGRAM = "example-hospital-residency-2026"
_NAME = Text("名称", "name")
_PLATFORM = Naming(Rights.PLATFORM)


def _quota(**changes: Any) -> Quota:
    return Quota(**{"program": _PROGRAM, "specialty": "0100", "seats": 3, **changes})


def _host(naming: Naming | None = None, **hooks: Callable[..., Any]) -> PluginHost:
    functions = {name: hookimpl(function) for name, function in hooks.items()}
    plugin = SimpleNamespace(**functions)
    return PluginHost.load({}).extended("register", plugin, naming or _PLATFORM)


def _failures(loaded: LoadedCatalogue) -> list[str | None]:
    base = loaded.catalogue.bases[_BASE]
    assert (base.status is BaseStatus.DEGRADED) == bool(base.degradations)
    return [each.reason.get(Language.EN) for each in base.degradations]


_WRONG = {
    "unknown": (
        [_quota(), _quota(specialty="9999")],
        'answer[1].specialty: there is no specialty "9999" in this program',
    ),
    "malformed": (
        [_quota(specialty="内科")],
        'answer[0].specialty: there is no specialty "内科" in this program',
    ),
    "twice": (
        [_quota(), _quota(seats=4)],
        'answer[1].specialty: the specialty "0100" is given twice',
    ),
    "negative": ([_quota(seats=-1)], "answer[0].seats: it is negative"),
    "negative direction": (
        [_quota(directions=(Direction(id="a", name=_NAME, quota=-1),))],
        "answer[0].directions[0].quota: it is negative",
    ),
    "negative round": (
        [_quota(rounds=(RoundQuota(round="first", seats=-1),))],
        "answer[0].rounds[0].seats: it is negative",
    ),
}


@pytest.mark.parametrize(("quotas", "said"), _WRONG.values(), ids=_WRONG)
async def test_quotas_that_cannot_be_are_left_out(
    load: Load, bases: Path, quotas: list[Quota], said: str
) -> None:
    openings = (await load()).catalogue.openings

    loaded = await load_catalogue([bases], host=_host(base_quotas=lambda: quotas))

    assert _failures(loaded) == [f"plugin register, hook base_quotas: {said}"]
    assert loaded.catalogue.openings == openings
    explained = loaded.catalogue.explain("opening", f"{_PROGRAM}/0100", "quota")
    assert [origin.plugin for origin in explained or ()] == [None]


async def test_quotas_of_other_programs_concern_nobody(bases: Path) -> None:
    other = [_quota(program="another-program", specialty="9999"), _quota(seats=5)]
    loaded = await load_catalogue([bases], host=_host(base_quotas=lambda: other))
    assert _failures(loaded) == []
    assert loaded.catalogue.openings[f"{_PROGRAM}/0100"].quota == 6
    assert loaded.catalogue.openings[f"{_PROGRAM}/0900"].quota is None


async def test_a_specialty_that_the_program_declares_may_be_added(bases: Path) -> None:
    file = bases / "example/example-hospital.yaml"
    declared = "    specialties: [{code: own, name: {zh: 自设, en: Own}}]\n    shortage:\n"
    file.write_text(file.read_text("utf-8").replace("    shortage:\n", declared, 1), "utf-8")
    quotas = [_quota(specialty="own"), _quota(specialty="0300")]
    loaded = await load_catalogue([bases], host=_host(base_quotas=lambda: quotas))
    assert _failures(loaded) == []
    assert loaded.catalogue.openings[f"{_PROGRAM}/own"].quota == 3
    assert loaded.catalogue.openings[f"{_PROGRAM}/0300"].quota == 3


async def test_the_next_level_answers_where_the_nearest_cannot_be(bases: Path) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("tier: TERTIARY", "plugins: [register]\ntier: TERTIARY"), "utf-8")
    host = _host(Naming(Rights.INSTITUTION), base_quotas=lambda: [_quota(specialty="9999")])
    ministry = SimpleNamespace(base_quotas=hookimpl(lambda: [_quota(specialty="0900", seats=2)]))
    host = host.extended("ministry", ministry, _PLATFORM)

    loaded = await load_catalogue([bases], host=host)

    assert [each.plugin for each in loaded.catalogue.bases[_BASE].degradations] == ["register"]
    assert loaded.catalogue.openings[f"{_PROGRAM}/0900"].quota == 2


async def test_a_kept_catalogue_leaves_them_out_too(
    bases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhupei.catalogue.inputs._programs", lambda: b"programs")
    snapshots = Snapshots(tmp_path / "catalogues")
    host = _host(base_quotas=lambda: [_quota(specialty="9999")])
    loads = [await load_catalogue([bases], host=host, snapshots=snapshots) for _ in range(2)]
    assert len({each.catalogue.hash for each in loads}) == 1
    assert [len(_failures(each)) for each in loads] == [1, 1]


async def test_rounds_with_one_code_are_left_out(load: Load, bases: Path) -> None:
    rounds = (await load()).catalogue.programs[_PROGRAM].rounds
    first = Round(code="first", name=_NAME)
    timeline = Timeline(program=_PROGRAM, rounds=(first, first))

    loaded = await load_catalogue([bases], host=_host(base_timeline=lambda: timeline))

    (said,) = _failures(loaded)
    assert said == (
        "plugin register, hook base_timeline: "
        'answer.rounds[1].code: the round "first" is given twice'
    )
    assert loaded.catalogue.programs[_PROGRAM].rounds == rounds


@pytest.mark.parametrize("end", ["opens_at", "closes_at"])
async def test_a_window_without_a_time_zone_cannot_be_made(bases: Path, end: str) -> None:
    """Compared with the present moment, it would fail each question about open programs."""

    def timeline(cycle: Cycle) -> Timeline:
        naive = datetime(cycle.year, 6, 1)  # noqa: DTZ001 - because that is what is wrong
        ends: dict[str, Any] = {end: naive}
        window = Window(kind="registration", label=_NAME, **ends)
        rounds = (Round(code="first", name=_NAME, windows=(window,)),)
        return Timeline(program=_PROGRAM, rounds=rounds)

    loaded = await load_catalogue([bases], host=_host(base_timeline=timeline))

    assert _failures(loaded) == ["plugin register, hook base_timeline: failed (ValueError)"]


async def test_steps_with_one_id_are_left_out(load: Load, bases: Path) -> None:
    steps = (await load()).catalogue.programs[_PROGRAM].steps
    step = AdmissionStep(
        id="report", kind="report", label=_NAME, level=Level.NATIONAL, actor="applicant"
    )

    loaded = await load_catalogue([bases], host=_host(base_admission_steps=lambda: [step, step]))

    assert _failures(loaded) == [
        'plugin register, hook base_admission_steps: answer: id "report" is given 2 times'
    ]
    assert loaded.catalogue.programs[_PROGRAM].steps == steps


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("in_kind", None, None),
        ("unquantified", None, None),
        ("nobodys-kind", None, None),
        ("cost", None, "answer[0].params: expected CostParams, got None"),
        ("in_kind", {"months": 36}, "answer[0].params: expected InKindParams, got dict"),
    ],
)
async def test_benefits_have_the_parameters_of_their_kind(
    bases: Path, kind: str, params: object, said: str | None
) -> None:
    """One that lacks them would fail every estimate of the base's pay."""
    level = Level.NATIONAL
    benefit = Benefit(id="own", kind=kind, label=_NAME, level=level, params=params)
    good = Benefit(id="good", kind="in_kind", label=_NAME, level=level)
    host = _host(base_benefits=lambda: [benefit]).extended(
        "ministry", SimpleNamespace(base_benefits=hookimpl(lambda: [good])), _PLATFORM
    )
    loaded = await load_catalogue([bases], host=host)

    paid = await estimate(loaded.catalogue, loaded.dispatcher, f"{_PROGRAM}/0100", a_profile())

    wrong = [] if said is None else [f"plugin register, hook base_benefits: {said}"]
    assert _failures(loaded) == wrong
    lines = {line.id for line in paid.lines}
    assert {"good", "own"} & lines == ({"good", "own"} if said is None else {"good"})


@strawberry.type(name="RegisterExtension")
class _RegisterExtension:
    note: str


@pytest.mark.parametrize("kind", ["RecursionError", "UnicodeEncodeError"])
async def test_an_answer_without_a_canonical_form_degrades_its_base_alone(
    bases: Path, kind: str
) -> None:
    held: list[Any] = []
    held.append(held)
    wrong: Any = {"RecursionError": held, "UnicodeEncodeError": "\ud83d"}[kind]

    host = _host(
        base_extension=lambda: _RegisterExtension(note=wrong),
        register_types=lambda: [_RegisterExtension],
    )
    loaded = await load_catalogue([bases], host=host)

    assert _failures(loaded) == [
        f"plugin register, hook base_extension: answer: it cannot be written as text ({kind})"
    ]
    assert loaded.catalogue.bases[_BASE].extension is None
