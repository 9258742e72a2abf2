"""Each of the 26 hooks, asked of the kitchen sink in its own base: who answers, and what."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from zhupei import (
    CHINA_TIME,
    Actor,
    Candidate,
    Certificate,
    DegreeLevel,
    EligibilityQuestion,
    FindingOutcome,
    Grant,
    KindGroup,
    Level,
    Mark,
    Month,
    PayQuestion,
    Text,
)
from zhupei.errors import PluginError
from zhupei.hooks import specs
from zhupei.hooks.answers import Result
from zhupei.hooks.declaration import declared_hooks
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import PLATFORM, Naming, Rights, Scope
from zhupei.noted_reads import NotedReads, noting
from zhupei.testing import (
    FakeZhupei,
    a_base,
    a_benefit,
    a_cycle,
    a_profile,
    a_program,
    a_request,
    a_requirement,
    a_submission,
    a_trainee,
    an_actor,
    an_admission_step,
    an_application,
    an_assessment,
    an_assessment_record,
    an_event,
    an_opening,
)

PLUGINS = Path(__file__).parents[1] / "plugins"
SLUG = "kitchen-sink"
BASE = a_base("kitchen-sink-hospital")
PROGRAM = a_program("kitchen-sink-residency-2026", base=BASE.code)
OWN = Scope(BASE.code, institution=(SLUG,))
ELSEWHERE = Scope("another-hospital")


@pytest.fixture(scope="module")
def host() -> PluginHost:
    named = [Naming(Rights.PLATFORM), Naming(Rights.INSTITUTION, code=BASE.code)]
    return PluginHost.load({SLUG: named}, folders=(PLUGINS,), strict=True)


@pytest.fixture
def history(host: PluginHost) -> Iterator[list[str]]:
    found: list[str] = sys.modules["zhupei_kitchen_sink"].HISTORY
    yield found
    found.clear()


async def ask(host: PluginHost, hook: str, scope: Scope = OWN, **arguments: Any) -> Result[Any]:
    configs = {SLUG: host.config_models[SLUG](december_bonus="500")}
    result = await Dispatcher(host).ask(hook, scope, configs=configs, **arguments)
    assert result.failures == ()
    return result


def test_there_are_26_hooks() -> None:
    assert len(declared_hooks(specs)) == 26
    assert sorted(declared_hooks(specs)) == sorted(specs.__all__)


def test_every_hook_has_a_test_here() -> None:
    tests = {name.removeprefix("test_hook_") for name in globals() if name.startswith("test_hook_")}
    assert tests == set(declared_hooks(specs))


def test_every_hook_is_used_by_the_kitchen_sink(host: PluginHost) -> None:
    assert host.plugins[-1].hooks == tuple(declared_hooks(specs))


@pytest.mark.parametrize("name", sorted(declared_hooks(specs)))
def test_every_hook_is_described(name: str) -> None:
    """One sentence, whom it is asked of, what it answers, and what follows when it fails."""
    doc = declared_hooks(specs)[name].doc
    first, blank, *rest = doc.splitlines()
    assert re.fullmatch(r"[A-Z].*\.", first)
    assert blank == ""
    headings = [line.partition(":")[0] for line in rest if re.match(r"[A-Z][\w ]*:", line)]
    assert headings == ["Asked of", "Answers", "If it fails"]


@pytest.mark.parametrize("name", sorted(declared_hooks(specs)))
def test_every_hook_is_annotated(name: str) -> None:
    signature = inspect.signature(getattr(specs, name))
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty


def test_hook_register_kinds(host: PluginHost) -> None:
    own = [kind for kind in host.kinds if host.kinds.owner(kind.group, kind.name) == SLUG]
    assert [(kind.group, kind.name) for kind in own] == [
        (KindGroup.REQUIREMENT, "kitchen-sink.certificate"),
        (KindGroup.BENEFIT, "kitchen-sink.meals"),
        (KindGroup.STEP, "kitchen-sink.tasting"),
        (KindGroup.DOCUMENT, "kitchen-sink.vaccination"),
        (KindGroup.ASSESSMENT, "kitchen-sink.cooking"),
    ]


async def test_the_function_of_a_requirement_decides(host: PluginHost) -> None:
    kind = host.kinds.get(KindGroup.REQUIREMENT, "kitchen-sink.certificate")
    assert kind.params is not None
    outcomes = [
        (
            await Dispatcher(host).decide(
                kind.group,
                kind.name,
                kind.params(name="卫生证"),
                EligibilityQuestion(
                    candidate=Candidate(certificates=certificates),
                    opening=an_opening(),
                    program=PROGRAM,
                    base=BASE,
                    requirement=a_requirement(kind=kind.name),
                    today=date(2026, 6, 1),
                ),
            )
        ).outcome
        for certificates in (None, (), (Certificate(name="卫生证"),))
    ]
    assert outcomes == [FindingOutcome.UNKNOWN, FindingOutcome.FAIL, FindingOutcome.PASS]


async def test_the_function_of_a_benefit_pays(host: PluginHost) -> None:
    kind = host.kinds.get(KindGroup.BENEFIT, "kitchen-sink.meals")
    assert kind.params is not None
    question = PayQuestion(
        profile=a_profile(),
        opening=an_opening(),
        program=PROGRAM,
        base=BASE,
        benefit=a_benefit(),
        qualifying_degree=DegreeLevel.BACHELOR,
    )
    [line] = await Dispatcher(host).decide(
        kind.group, kind.name, kind.params(meals="22", price="15"), question
    )
    assert line.amount.expected == Decimal(330)


async def test_a_function_of_a_kind_that_fails_is_as_isolated_as_a_hook(host: PluginHost) -> None:
    with pytest.raises(PluginError) as caught:
        await Dispatcher(host).decide(KindGroup.BENEFIT, "kitchen-sink.meals", None, None)
    assert caught.value.code == "HOOK_FAILED"
    assert caught.value.reason.en == (
        "plugin kitchen-sink, hook register_kinds: failed (AttributeError)"
    )


async def test_a_function_of_a_kind_has_a_say_as_a_hook_has(host: PluginHost) -> None:
    """What it looks at is not known, so an answer that it went into is not given again."""
    noted = NotedReads()
    token = noting.set(noted)
    try:
        with pytest.raises(PluginError):
            await Dispatcher(host).decide(KindGroup.BENEFIT, "kitchen-sink.meals", None, None)
    finally:
        noting.reset(token)
    assert noted.is_spoiled


def test_hook_register_config(host: PluginHost) -> None:
    model = host.config_models[SLUG]
    assert model(december_bonus="500").model_dump() == {"december_bonus": 500}


def test_hook_register_bases(host: PluginHost) -> None:
    [folder] = host.base_folders[SLUG]
    assert [file.name for file in folder.iterdir()] == ["kitchen-sink-hospital.yaml"]


def test_hook_register_types(host: PluginHost) -> None:
    assert [(each.plugin, each.name) for each in host.types] == [
        (SLUG, "KitchenSinkProfile"),
        (SLUG, "KitchenSinkMeals"),
    ]


def test_hook_register_queries(host: PluginHost) -> None:
    assert {slug: each.name for slug, each in host.queries.items()} == {SLUG: "KitchenSinkQueries"}


def test_hook_register_permissions(host: PluginHost) -> None:
    owner, permission = host.permissions["kitchen-sink.see-taps"]
    assert (owner, permission.label.zh, permission.roles) == (SLUG, "查看水龙头", ("base_office",))


def test_hook_register_commands(host: PluginHost) -> None:
    parser = argparse.ArgumentParser()
    assert host.add_commands(parser.add_subparsers()) == ()
    assert parser.parse_args([SLUG, "taps"]).run(None) == 0


async def test_hook_startup(host: PluginHost, history: list[str], tmp_path: Path) -> None:
    result = await ask(host, "startup", PLATFORM, zhupei=FakeZhupei(tmp_path, version="1.9"))
    assert (result.value, history) == (None, ["started with zhupei 1.9"])


async def test_hook_shutdown(host: PluginHost, history: list[str], tmp_path: Path) -> None:
    zhupei = FakeZhupei(tmp_path, catalogue_hash="abc")
    result = await ask(host, "shutdown", PLATFORM, zhupei=zhupei)
    assert (result.value, history) == (None, ["stopped at abc"])


async def test_hook_base_quotas(host: PluginHost) -> None:
    result = await ask(host, "base_quotas", base=BASE, cycle=a_cycle())
    assert [(quota.specialty, quota.seats) for quota in result.value] == [
        ("0100", 4),
        ("0200", None),
    ]
    assert (result.plugin, result.answers[0].level) == (SLUG, Level.INSTITUTION)
    assert (await ask(host, "base_quotas", base=BASE, cycle=a_cycle(2025))).value is None


async def test_hook_base_benefits(host: PluginHost) -> None:
    result = await ask(host, "base_benefits", base=BASE, cycle=a_cycle())
    [merged] = result.merged
    assert (merged.item.id, merged.plugin, merged.level, merged.replaced) == (
        "december-bonus",
        SLUG,
        Level.INSTITUTION,
        (),
    )
    assert merged.item.params.price == 500


async def test_hook_base_admission_steps(host: PluginHost) -> None:
    result = await ask(host, "base_admission_steps", base=BASE, program=PROGRAM, cycle=a_cycle())
    assert [step.id for step in result.value] == ["registration", "tasting"]


async def test_hook_base_timeline(host: PluginHost) -> None:
    result = await ask(host, "base_timeline", base=BASE, cycle=a_cycle())
    [window] = result.value.rounds[0].windows
    assert (window.opens_at, window.closes_at) == (
        datetime(2026, 6, 1, tzinfo=CHINA_TIME),
        datetime(2026, 7, 1, tzinfo=CHINA_TIME),
    )


async def test_hook_base_documents(host: PluginHost) -> None:
    result = await ask(host, "base_documents", base=BASE, program=PROGRAM, cycle=a_cycle())
    assert [(document.id, document.form) for document in result.value] == [("vaccination", "scan")]


async def test_hook_base_subsidies(host: PluginHost) -> None:
    result = await ask(host, "base_subsidies", base=BASE, cycle=a_cycle())
    assert [(subsidy.id, subsidy.amount) for subsidy in result.value] == [("soap", Decimal(20))]


async def test_hook_base_assessments(host: PluginHost) -> None:
    result = await ask(host, "base_assessments", base=BASE, program=PROGRAM)
    assert [(each.id, each.weight) for each in result.value] == [("cooking", Decimal(1))]


async def test_hook_base_extension(host: PluginHost) -> None:
    result = await ask(host, "base_extension", base=BASE)
    assert result.value.taps == 12
    assert (await ask(host, "base_extension", base=a_base())).value is None


async def test_hook_check_eligibility(host: PluginHost) -> None:
    async def findings(candidate: Candidate, specialty: str) -> list[Any]:
        result = await ask(
            host,
            "check_eligibility",
            base=BASE,
            program=PROGRAM,
            opening=an_opening(f"{PROGRAM.code}/{specialty}"),
            cycle=a_cycle(),
            candidate=candidate,
        )
        return [(each.outcome, each.missing_facts) for each in result.items]

    vaccinated = Candidate(certificates=(Certificate(name="水痘疫苗接种证明"),))
    assert await findings(Candidate(), "0100") == []
    assert await findings(Candidate(), "0200") == [(FindingOutcome.UNKNOWN, ("certificates",))]
    assert await findings(Candidate(certificates=()), "0200") == [(FindingOutcome.REVIEW, ())]
    assert await findings(vaccinated, "0200") == [(FindingOutcome.PASS, ())]


async def test_hook_check_step(host: PluginHost) -> None:
    async def outcomes(kind: str, answers: dict[str, str]) -> list[FindingOutcome]:
        result = await ask(
            host,
            "check_step",
            base=BASE,
            application=an_application(),
            step=an_admission_step(kind=kind),
            submission=a_submission(answers=answers),
        )
        return [finding.outcome for finding in result.items]

    assert await outcomes("registration", {}) == []
    assert await outcomes("kitchen-sink.tasting", {}) == [FindingOutcome.FAIL]
    assert await outcomes("kitchen-sink.tasting", {"appetite": "yes"}) == [FindingOutcome.PASS]


async def test_hook_remaining_seats(host: PluginHost) -> None:
    openings = [an_opening("p/0100", quota=4), an_opening("p/0200", quota=None)]
    result = await ask(host, "remaining_seats", base=BASE, openings=openings, cycle=a_cycle())
    assert result.value == {"p/0100": 4}


async def test_hook_calculate_subsidy(host: PluginHost) -> None:
    async def lines(month: Month) -> list[tuple[str, Decimal]]:
        result = await ask(host, "calculate_subsidy", base=BASE, trainee=a_trainee(), month=month)
        return [(line.id, line.amount.expected) for line in result.value]

    assert await lines(Month(2026, 11)) == []
    assert await lines(Month(2026, 12)) == [("december-bonus", Decimal(500))]


async def test_hook_score_assessment(host: PluginHost) -> None:
    record = an_assessment_record(marks=(Mark("soup", Decimal(35)), Mark("rice", Decimal("24.5"))))
    cooking = an_assessment(id="cooking", kind="kitchen-sink.cooking", pass_mark=60)
    result = await ask(host, "score_assessment", base=BASE, assessment=cooking, record=record)
    assert (result.value.points, result.value.passed) == (Decimal("59.5"), False)
    other = await ask(
        host, "score_assessment", base=BASE, assessment=an_assessment(), record=record
    )
    assert other.value is None


def test_hook_working_day(host: PluginHost) -> None:
    dispatcher = Dispatcher(host)
    anniversary = dispatcher.ask_now("working_day", day=date(2024, 2, 29))
    assert (anniversary.value, anniversary.plugin) == (False, SLUG)
    # G23: a Sunday that was worked; the core's calendar answers after the platform's plugins.
    sunday = dispatcher.ask_now("working_day", day=date(2024, 4, 7))
    assert (sunday.value, sunday.plugin) == (True, "working-days")
    assert dispatcher.ask_now("working_day", day=date(2999, 1, 1)).value is None


async def test_hook_actor_from_request(host: PluginHost) -> None:
    request = a_request(headers={"x-kitchen-sink-user": "li"})
    result = await ask(host, "actor_from_request", PLATFORM, request=request)
    assert (result.value.id, result.value.issuer) == ("kitchen-sink:li", SLUG)
    assert (await ask(host, "actor_from_request", PLATFORM, request=a_request())).value is None
    assert Dispatcher(host).asks_plugins("actor_from_request")


async def test_hook_permission_granted(host: PluginHost) -> None:
    async def answers(actor: Actor | None, permission: str) -> list[tuple[str, bool]]:
        result = await ask(
            host, "permission_granted", actor=actor, permission=permission, base=BASE
        )
        found: list[tuple[str, bool]] = result.value
        return found

    staff = an_actor(grants=frozenset({Grant("base_office", base=BASE.code)}))
    assert await answers(None, "admissions.publish") == []
    assert await answers(None, "kitchen-sink.see-taps") == [(SLUG, False)]
    assert await answers(staff, "kitchen-sink.see-taps") == [(SLUG, True)]


async def test_hook_event_recorded(host: PluginHost, history: list[str]) -> None:
    result = await ask(host, "event_recorded", event=an_event("application.submitted"))
    assert (result.value, history) == (None, ["application.submitted"])


async def test_nobody_is_asked_about_another_hospital(host: PluginHost, history: list[str]) -> None:
    """Although zhupei.yaml names it too: for bases, the base's file counts."""
    other = a_base("another-hospital")
    result = await ask(host, "base_quotas", ELSEWHERE, base=other, cycle=a_cycle())
    assert result.answers == ()
    await ask(host, "event_recorded", ELSEWHERE, event=an_event())
    assert history == []


def test_arguments_are_frozen() -> None:
    """What a hook is given are frozen dataclasses: no plugin changes what the next one sees."""
    for name in ("Base", "Candidate", "Opening", "Program", "Application", "Trainee", "Event"):
        of: Any = getattr(sys.modules["zhupei"], name)
        assert of.__dataclass_params__.frozen, name
    with pytest.raises(dataclasses.FrozenInstanceError):
        BASE.name = Text("另一家", "another")  # type: ignore[misc]  # that is the point
