"""The host: who is asked in which order, who owns which name, what the next release removes."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zhupei import Cycle, Kind, KindGroup, Level, Text, hookimpl
from zhupei.domain.text import Language
from zhupei.hooks import intake
from zhupei.hooks.deprecations import Deprecation
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.hook_errors import (
    HookUnknownError,
    KindClashError,
    KindUnknownError,
    TypeNameError,
)
from zhupei.hooks.kinds import KindRegistry
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.registrations import Registrations, pascal
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.testing import FakeZhupei, a_base, temporary_plugin
from zhupei.testing.questions import example_questions

INSTITUTION, JURISDICTION, PLATFORM = (
    Naming(Rights.INSTITUTION),
    Naming(Rights.JURISDICTION),
    Naming(Rights.PLATFORM),
)


def answering(**answers: Any) -> SimpleNamespace:
    """A plugin whose hooks answer what is given."""

    def hook(answer: Any) -> Any:
        return hookimpl(lambda: answer)

    return SimpleNamespace(**{name: hook(answer) for name, answer in answers.items()})


def full_house() -> PluginHost:
    """A host with a plugin of every level, all of which see an event."""
    host = PluginHost.load({}, defaults=())
    host = host.extended("core-one", answering(event_recorded=None))
    for slug, naming in {
        "hospital": INSTITUTION,
        "other-hospital": INSTITUTION,
        "city": JURISDICTION,
        "province": JURISDICTION,
        "ministry": PLATFORM,
    }.items():
        host = host.extended(slug, answering(event_recorded=None), naming)
    return host


def test_the_order_is_the_administrative_one() -> None:
    host = full_house()
    scope = Scope("a-base", institution=("hospital",), jurisdictions=("city", "province"))
    asked = host.implementations(host.hooks["event_recorded"], scope)
    assert [(each.plugin.slug, each.level) for each in asked] == [
        ("hospital", Level.INSTITUTION),
        ("city", Level.JURISDICTION),
        ("province", Level.JURISDICTION),
        ("ministry", Level.NATIONAL),
        ("core-one", Level.NATIONAL),
    ]


def test_without_a_base_only_the_nation_is_asked() -> None:
    host = full_house()
    asked = host.implementations(host.hooks["event_recorded"], Scope())
    assert [each.plugin.slug for each in asked] == ["ministry", "core-one"]


def test_merging_goes_from_the_nation_down() -> None:
    host = PluginHost.load({}, defaults=())
    for slug, naming in (("province", JURISDICTION), ("hospital", INSTITUTION)):
        host = host.extended(slug, answering(base_benefits=[]), naming)
    scope = Scope("a-base", institution=("hospital",), jurisdictions=("province",))
    asked = host.implementations(host.hooks["base_benefits"], scope)
    assert [each.plugin.slug for each in asked] == ["province", "hospital"]


def test_one_that_two_levels_name_is_asked_once_at_the_nearest() -> None:
    host = PluginHost.load({}, defaults=()).extended(
        "both", answering(event_recorded=None), INSTITUTION, JURISDICTION
    )
    scope = Scope("a-base", institution=("both",), jurisdictions=("both",))
    asked = host.implementations(host.hooks["event_recorded"], scope)
    assert [(each.plugin.slug, each.level) for each in asked] == [("both", Level.INSTITUTION)]


async def test_the_first_that_is_not_none_after_awaiting_answers() -> None:
    async def pass_by() -> None:
        return None

    asked: list[str] = []

    def late() -> list[Any]:
        asked.append("late")
        return []

    host = PluginHost.load({}, defaults=())
    hospital = SimpleNamespace(base_quotas=hookimpl(pass_by))
    host = host.extended("hospital", hospital, INSTITUTION)
    host = host.extended("city", answering(base_quotas=[]), JURISDICTION)
    host = host.extended("province", SimpleNamespace(base_quotas=hookimpl(late)), JURISDICTION)
    scope = Scope("a-base", institution=("hospital",), jurisdictions=("city", "province"))
    result = await Dispatcher(host).ask("base_quotas", scope, **example_questions()["base_quotas"])
    assert (result.value, result.plugin, asked) == ([], "city", [])


async def test_a_plugin_gets_its_own_block_and_an_argument_with_a_default_is_given() -> None:
    seen: dict[str, Any] = {}

    def remember(cycle: Cycle, config: Any = "default") -> None:
        seen.update(cycle=cycle, config=config)

    host = PluginHost.load({}, defaults=())
    with temporary_plugin(host, "hospital", base_quotas=remember) as asked:
        scope = Scope("a-base", institution=("hospital",))
        question = example_questions()["base_quotas"]
        dispatcher = Dispatcher(asked)
        await dispatcher.ask("base_quotas", scope, configs={"hospital": 7, "x": 8}, **question)
        assert seen == {"cycle": Cycle(2026), "config": 7}
        await dispatcher.ask("base_quotas", scope, configs={"x": 8}, **question)
        assert seen["config"] is None
    assert [plugin.slug for plugin in host.plugins] == []


async def test_questions_that_are_not_the_hooks_are_a_bug_of_the_caller() -> None:
    dispatcher = Dispatcher(PluginHost.load({}, defaults=()))
    with pytest.raises(
        TypeError, match=r"base_quotas\(base, cycle, config\) was asked with \(base\)"
    ):
        await dispatcher.ask("base_quotas", Scope("a-base"), base=a_base())
    with pytest.raises(TypeError, match="startup has to be awaited"):
        dispatcher.ask_now("startup", zhupei=FakeZhupei(Path()))


def test_a_core_plugin_is_replaced_in_its_place() -> None:
    host = PluginHost.load({}, defaults=())
    host = host.extended("one", answering(working_day=True))
    host = host.extended("two", answering(working_day=False))
    replaced = host.extended("one", answering(working_day=None))
    assert [plugin.slug for plugin in replaced.plugins] == ["one", "two"]
    from datetime import date

    day = date(2026, 6, 1)
    assert Dispatcher(host).ask_now("working_day", day=day).plugin == "one"
    assert Dispatcher(replaced).ask_now("working_day", day=day).plugin == "two"


def test_a_temporary_plugin_is_checked_like_any_other() -> None:
    host = PluginHost.load({}, defaults=())
    with (
        pytest.raises(HookUnknownError),
        temporary_plugin(host, "hospital", base_quota=lambda: None),
    ):
        pass


def test_hooks_of_a_later_release_may_be_marked_optional() -> None:
    later = SimpleNamespace(
        base_weather=pluggy_optional(lambda: None), base_quotas=hookimpl(lambda: None)
    )
    host = PluginHost.load({}, defaults=()).extended("hospital", later, INSTITUTION)
    assert host.plugins[-1].hooks == ("base_quotas",)


def pluggy_optional(function: Any) -> Any:
    return hookimpl(optionalhook=True)(function)


def test_what_will_be_removed_is_said_when_a_plugin_is_loaded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = Deprecation("2.0", Text("请改用 base_timeline", "use base_timeline"))
    monkeypatch.setattr(intake, "DEPRECATED_HOOKS", {"base_quotas": gone})
    monkeypatch.setattr(intake, "DEPRECATED_ARGUMENTS", {("base_benefits", "cycle"): gone})
    plugin = SimpleNamespace(
        base_quotas=hookimpl(lambda: None), base_benefits=hookimpl(lambda cycle: None)
    )
    host = PluginHost.load({}, defaults=()).extended("hospital", plugin, INSTITUTION)
    assert [warning.en for warning in host.warnings] == [
        "plugin hospital: base_quotas will be removed in zhupei 2.0; use base_timeline",
        "plugin hospital: base_benefits(cycle) will be removed in zhupei 2.0; use base_timeline",
    ]
    assert host.warnings[0].zh == (
        "插件 hospital：base_quotas 将在 zhupei 2.0 中移除；请改用 base_timeline"
    )
    assert [(each.levelno, each.message) for each in caplog.records] == [
        (logging.WARNING, warning.en) for warning in host.warnings
    ]


def soup(name: str) -> Kind:
    return Kind(
        group=KindGroup.STEP, name=name, label=Text("汤", "soup"), description=Text("汤", "Soup.")
    )


def test_an_unknown_kind_lists_the_known_ones() -> None:
    kinds = KindRegistry()
    kinds.add(None, [soup("noodles"), soup("broth")])
    with pytest.raises(KindUnknownError) as near:
        kinds.get(KindGroup.STEP, "noodle")
    assert near.value.text(Language.EN) == (
        'there is no step kind "noodle"; did you mean "noodles"? [KIND_UNKNOWN]'
    )
    with pytest.raises(KindUnknownError) as far:
        kinds.get(KindGroup.STEP, "zzz")
    assert far.value.text(Language.EN) == (
        'there is no step kind "zzz"; known are broth, noodles [KIND_UNKNOWN]'
    )
    assert far.value.text(Language.ZH) == (
        "没有名为“zzz”的 step 类型；已知的有 broth, noodles [KIND_UNKNOWN]"
    )


def test_a_clash_of_kinds_names_both_owners_and_changes_nothing() -> None:
    kinds = KindRegistry()
    kinds.add(None, [soup("broth")])
    with pytest.raises(KindClashError) as caught:
        kinds.add("kitchen", [soup("kitchen.new"), soup("broth")])
    assert caught.value.message == Text(
        "插件 kitchen，钩子 register_kinds：step 类型“broth”已由核心注册",
        'plugin kitchen, hook register_kinds: the step kind "broth" is already registered by the'
        " core",
    )
    assert [kind.name for kind in kinds] == ["broth"]
    assert ((KindGroup.STEP, "broth") in kinds, (KindGroup.BENEFIT, "broth") in kinds) == (
        True,
        False,
    )


@pytest.mark.parametrize(
    ("slug", "prefix"), [("a", "A"), ("a-base-2", "ABase2"), ("sample-hospital", "SampleHospital")]
)
def test_prefixes(slug: str, prefix: str) -> None:
    assert pascal(slug) == prefix


@pytest.mark.parametrize(
    ("name", "owner"),
    [("SampleTap", None), ("SampleHospitalTap", "sample-hospital"), ("Sampler", "nobody")],
)
def test_a_type_belongs_to_the_slug_that_fits_best(name: str, owner: str | None) -> None:
    registrations = Registrations(("sample", "sample-hospital"))
    tap = type(name, (), {"__strawberry_definition__": SimpleNamespace(name=name)})
    if owner is None:
        registrations.take("sample", {"register_types": [tap]})
        assert registrations.types[name].plugin == "sample"
        return
    with pytest.raises(TypeNameError) as caught:
        registrations.take("sample", {"register_types": [tap]})
    assert caught.value.owner == (None if owner == "nobody" else owner)
    assert registrations.types == {}
