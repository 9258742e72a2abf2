# ruff: noqa: E501 - because a message that is asserted stands as it is
"""Every way in which a plugin can be wrong when it is asked: the others answer all the same."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from zhupei import Benefit, Candidate, Level, Text
from zhupei.domain.text import Language
from zhupei.errors import DecisionBlockedError
from zhupei.hooks.answers import HookFailure
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.plugins import PluginStatus
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.testing import FakeZhupei, temporary_plugin
from zhupei.testing.questions import example_questions

PLUGINS = Path(__file__).parent
NEXT = Text("下一级", "the next level")


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PLUGINS.parents[1])


def host_of(slug: str) -> PluginHost:
    return PluginHost.load(
        {slug: Naming(Rights.INSTITUTION)}, folders=(PLUGINS,), strict=True, defaults=()
    )


def nothing() -> list[Any]:
    """Know of nothing, which is an answer."""
    return []


async def asked(slug: str, hook: str, *, seconds: float = 10) -> tuple[Any, HookFailure | None]:
    """Ask a broken plugin of a base and a good one of its jurisdiction."""
    good = Benefit(id="next", kind="in_kind", label=NEXT, level=Level.JURISDICTION)
    with temporary_plugin(
        host_of(slug),
        "next-level",
        rights=Rights.JURISDICTION,
        base_quotas=nothing,
        base_benefits=lambda: [good],
        base_documents=nothing,
        base_assessments=nothing,
        remaining_seats=lambda openings: {each.code: 9 for each in openings},
        permission_granted=lambda: True,
    ) as host:
        result = await Dispatcher(host, timeout=seconds).ask(
            hook,
            Scope("example-hospital", institution=(slug,), jurisdictions=("next-level",)),
            **example_questions()[hook],
        )
    assert len(result.failures) <= 1
    return result, (result.failures or (None,))[0]


# Slug, hook → code, message for the operator, reason for clients (both in both languages).
FAILURES = [
    (
        ("broken-build", "base_quotas", "HOOK_FAILED"),
        ("出错：ZeroDivisionError: no seats at example-hospital; password=secret",
         "failed: ZeroDivisionError: no seats at example-hospital; password=secret"),
        ("出错（ZeroDivisionError）", "failed (ZeroDivisionError)"),
    ),
    (
        ("broken-decision", "check_eligibility", "HOOK_FAILED"),
        ("出错：KeyError: 'register'", "failed: KeyError: 'register'"),
        ("出错（KeyError）", "failed (KeyError)"),
    ),
    (
        ("broken-nonsense", "base_quotas", "HOOK_BAD_ANSWER"),
        ("answer[1].seats：应为 int，而不是 str", "answer[1].seats: expected int, got str"),
        None,
    ),
    (
        ("broken-nonsense", "base_benefits", "HOOK_BAD_ANSWER"),
        ("answer：应为 list，而不是 str", "answer: expected list, got str"),
        None,
    ),
    (
        ("broken-nonsense", "base_timeline", "HOOK_BAD_ANSWER"),
        ("answer：应为 Timeline，而不是 dict", "answer: expected Timeline, got dict"),
        None,
    ),
    (
        ("broken-nonsense", "permission_granted", "HOOK_BAD_ANSWER"),
        ("answer：应为 bool，而不是 int", "answer: expected bool, got int"),
        None,
    ),
    (
        ("broken-nonsense", "remaining_seats", "HOOK_BAD_ANSWER"),
        ("answer.p/0100：应为 int，而不是 str", "answer.p/0100: expected int, got str"),
        None,
    ),
    (
        ("broken-nonsense", "event_recorded", "HOOK_BAD_ANSWER"),
        ("answer：应为 None，而不是 str", "answer: expected None, got str"),
        None,
    ),
    (
        ("broken-level", "base_benefits", "HOOK_BAD_ANSWER"),
        ("answer[0].level：该插件代表 institution 一级，不能代表 national 一级",
         "answer[0].level: the plugin speaks for the institution level, not for the national level"),
        None,
    ),
    (
        ("broken-same-id", "base_benefits", "HOOK_BAD_ANSWER"),
        ("answer：id“meals”出现了 2 次", 'answer: id "meals" is given 2 times'),
        None,
    ),
    (
        ("broken-extension", "base_extension", "HOOK_BAD_ANSWER"),
        ("answer：dict 不是该插件在 register_types 中注册的类型",
         "answer: dict is not a type that the plugin answers to register_types"),
        None,
    ),
    (
        ("broken-exit", "base_quotas", "HOOK_FAILED"),
        ("出错：SystemExit: 3", "failed: SystemExit: 3"),
        ("出错（SystemExit）", "failed (SystemExit)"),
    ),
    (
        ("broken-exit", "base_timeline", "HOOK_FAILED"),
        ("出错：RuntimeError: it called sys.exit(4)", "failed: RuntimeError: it called sys.exit(4)"),
        ("出错（RuntimeError）", "failed (RuntimeError)"),
    ),
    (
        ("broken-exit", "base_benefits", "HOOK_FAILED"),
        ("出错：RuntimeError: it cancelled itself", "failed: RuntimeError: it cancelled itself"),
        ("出错（RuntimeError）", "failed (RuntimeError)"),
    ),
    (
        ("broken-exit", "base_documents", "HOOK_FAILED"),
        ("出错：RuntimeError: it raised StopIteration", "failed: RuntimeError: it raised StopIteration"),
        ("出错（RuntimeError）", "failed (RuntimeError)"),
    ),
    (
        ("broken-exit", "base_assessments", "HOOK_FAILED"),
        ("出错：TimeoutError: the register did not answer",
         "failed: TimeoutError: the register did not answer"),
        ("出错（TimeoutError）", "failed (TimeoutError)"),
    ),
    (
        ("broken-mutates", "base_quotas", "HOOK_FAILED"),
        ("出错：FrozenInstanceError: cannot assign to field 'code'",
         "failed: FrozenInstanceError: cannot assign to field 'code'"),
        ("出错（FrozenInstanceError）", "failed (FrozenInstanceError)"),
    ),
    (
        ("broken-mutates", "remaining_seats", "HOOK_FAILED"),
        ("出错：AttributeError: 'tuple' object has no attribute 'pop'",
         "failed: AttributeError: 'tuple' object has no attribute 'pop'"),
        ("出错（AttributeError）", "failed (AttributeError)"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "detail", "reason"), FAILURES, ids=[" ".join(each[0][:2]) for each in FAILURES]
)
async def test_a_failure_names_plugin_hook_and_place(
    which: tuple[str, str, str], detail: tuple[str, str], reason: tuple[str, str] | None
) -> None:
    slug, hook, code = which
    result, failure = await asked(slug, hook)
    assert failure is not None
    zh, en = detail
    safe_zh, safe_en = reason or detail
    assert failure == HookFailure(
        slug,
        hook,
        Text(f"插件 {slug}，钩子 {hook}：{safe_zh}", f"plugin {slug}, hook {hook}: {safe_en}"),
        code,
        failure.detail,
    )
    assert failure.detail == Text(
        f"插件 {slug}，钩子 {hook}：{zh}", f"plugin {slug}, hook {hook}: {en}"
    )
    assert slug not in {answer.plugin for answer in result.answers}


async def test_while_building_the_next_level_answers() -> None:
    quotas, failed = await asked("broken-build", "base_quotas")
    assert (quotas.value, quotas.plugin, failed is not None) == ([], "next-level", True)
    benefits, _ = await asked("broken-nonsense", "base_benefits")
    assert [benefit.label for benefit in benefits.value] == [NEXT]


async def test_a_decision_fails_closed() -> None:
    result, _ = await asked("broken-decision", "check_eligibility")
    with pytest.raises(DecisionBlockedError) as blocked:
        result.decided()
    assert (blocked.value.plugin, blocked.value.hook) == ("broken-decision", "check_eligibility")
    assert blocked.value.text(Language.EN) == (
        "no decision could be made and nothing was changed: plugin broken-decision, hook"
        " check_eligibility: failed (KeyError) [PLUGIN_DECISION_FAILED]"
    )
    assert blocked.value.text(Language.ZH) == (
        "无法作出决定，未作任何更改：插件 broken-decision，钩子 check_eligibility：出错（KeyError）"
        " [PLUGIN_DECISION_FAILED]"
    )


async def test_a_figure_counted_elsewhere_is_null_and_not_the_next_levels() -> None:
    """What the jurisdiction counts would be the wrong number of seats."""
    result, failure = await asked("broken-nonsense", "remaining_seats")
    assert result.value is None
    assert failure is not None


async def test_a_plugin_that_was_left_out_blocks_the_decisions_of_its_bases() -> None:
    host = PluginHost.load(
        {"broken-import": Naming(Rights.INSTITUTION)}, folders=(PLUGINS,), defaults=()
    )
    question = example_questions()["check_eligibility"]
    own = Scope("example-hospital", institution=("broken-import",))
    result = await Dispatcher(host).ask("check_eligibility", own, **question)
    assert [(f.plugin, f.hook, f.code) for f in result.failures] == [
        ("broken-import", "check_eligibility", "PLUGIN_IMPORT_FAILED")
    ]
    # Other bases go on as if it were not there.
    other = await Dispatcher(host).ask("check_eligibility", Scope("other"), **question)
    assert (other.value, other.failures) == ([], ())
    # Nor does it keep the catalogue from being built.
    build = await Dispatcher(host).ask("base_quotas", own, **example_questions()["base_quotas"])
    assert (build.value, build.failures) == (None, ())


async def test_a_plugin_that_was_switched_off_blocks_nothing() -> None:
    host = PluginHost.load(
        {"broken-import": Naming(Rights.INSTITUTION)},
        folders=(PLUGINS,),
        disabled={"broken-import"},
        defaults=(),
    )
    scope = Scope("example-hospital", institution=("broken-import",))
    question = example_questions()["check_eligibility"]
    result = await Dispatcher(host).ask("check_eligibility", scope, **question)
    assert (result.value, result.failures) == ([], ())
    assert [d.reason.en for d in host.degradations(scope)] == [
        "plugin broken-import: is switched off by ZHUPEI_DISABLED_PLUGINS"
    ]


async def test_a_function_that_hangs_stops_neither_loop_nor_others() -> None:
    began = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    result, failure = await asked("broken-hang", "base_quotas", seconds=0.3)
    ticking.cancel()
    assert failure is not None
    assert (failure.code, failure.reason) == (
        "HOOK_TIMED_OUT",
        Text(
            "插件 broken-hang，钩子 base_quotas：0.3 秒内没有回答",
            "plugin broken-hang, hook base_quotas: did not answer within 0.3 s",
        ),
    )
    assert result.plugin == "next-level"
    assert time.monotonic() - began < 5
    assert ticks >= 5


async def test_a_coroutine_that_refuses_to_be_cancelled_is_left_behind() -> None:
    result, failure = await asked("broken-hang-async", "base_quotas", seconds=0.2)
    sys.modules["zhupei_broken_hang_async"].RELEASE.set()
    assert failure is not None
    assert failure.reason.en == (
        "plugin broken-hang-async, hook base_quotas: did not answer within 0.2 s"
    )
    assert result.plugin == "next-level"
    await asyncio.sleep(0.1)


async def test_one_that_always_hangs_is_not_asked_any_more() -> None:
    """Threads that are lost to it are bounded, and its other hooks say why they are silent."""
    host = host_of("broken-hang")
    dispatcher = Dispatcher(host, timeout=0.1)
    scope = Scope("example-hospital", institution=("broken-hang",))
    question = example_questions()["base_quotas"]
    results = await asyncio.gather(
        *(dispatcher.ask("base_quotas", scope, **question) for _ in range(40))
    )
    codes = [result.failures[0].code for result in results]
    assert set(codes) == {"HOOK_TIMED_OUT", "HOOK_STUCK"}
    assert codes.count("HOOK_TIMED_OUT") <= 12
    later = await dispatcher.ask("base_benefits", scope, **question)
    assert later.failures[0].code == "HOOK_STUCK"
    assert later.failures[0].reason.en is not None
    assert later.failures[0].reason.en.startswith(
        "plugin broken-hang, hook base_benefits: is not asked: "
    )
    assert later.failures[0].reason.zh.startswith(
        "插件 broken-hang，钩子 base_benefits：不再询问：先前的 "
    )
    ours = [thread for thread in threading.enumerate() if thread.name == "zhupei-plugin"]
    assert all(thread.daemon for thread in ours)


async def test_an_answer_that_is_changed_later_stays_as_it_was() -> None:
    result, failure = await asked("broken-mutates", "base_benefits")
    assert failure is None
    sys.modules["zhupei_broken_mutates"].KEPT.clear()
    assert [benefit.id for benefit in result.value] == ["next", "meals"]
    assert [len(answer.value) for answer in result.answers] == [1, 1]


async def test_a_failure_is_logged_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = host_of("broken-build")
    dispatcher = Dispatcher(host)
    scope = Scope("example-hospital", institution=("broken-build",))
    for _ in range(3):
        await dispatcher.ask("base_quotas", scope, **example_questions()["base_quotas"])
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message == (
        "tests/plugins/broken-build/zhupei_broken_build.py:11: plugin broken-build, hook"
        " base_quotas: failed: ZeroDivisionError: no seats at example-hospital; password=secret"
        " [HOOK_FAILED]"
    )
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_one_that_cannot_start_lets_the_server_start(tmp_path: Path) -> None:
    host = host_of("broken-startup")
    result = await Dispatcher(host).ask("startup", zhupei=FakeZhupei(tmp_path))
    assert [failure.reason.en for failure in result.failures] == [
        "plugin broken-startup, hook startup: failed (ConnectionError)"
    ]
    plugin = host.plugins[-1]
    assert (plugin.status, plugin.code) == (PluginStatus.DEGRADED, "HOOK_FAILED")
    assert plugin.hooks == ("startup",)


def test_commands_that_cannot_be_added(capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    host = host_of("broken-commands")
    parser = argparse.ArgumentParser()
    [error] = host.add_commands(parser.add_subparsers())
    assert error.text(Language.EN) == (
        "tests/plugins/broken-commands/zhupei_broken_commands.py:11: plugin broken-commands, hook"
        " register_commands: failed: RuntimeError: no commands today [HOOK_FAILED]"
    )
    assert capsys.readouterr() == ("", "")


def test_commands_below_the_name_of_a_command_of_the_core() -> None:
    """The core's command stays what it is."""
    import argparse

    host = host_of("broken-commands")
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    core = commands.add_parser("broken-commands")
    [error] = host.add_commands(commands)
    assert error.code == "HOOK_FAILED"
    assert commands.choices["broken-commands"] is core


def test_a_failure_is_told_to_other_programs() -> None:
    host = PluginHost.load(
        {"broken-rights": Naming(Rights.JURISDICTION)}, folders=(PLUGINS,), defaults=()
    )
    [error] = host.failures
    assert json.loads(json.dumps(error.as_json())) == {
        "plugin": "broken-rights",
        "hook": "working_day",
        "code": "HOOK_NOT_PERMITTED",
        "message": {"zh": error.message.zh, "en": error.message.en},
        "hint": {
            "zh": "请在 zhupei.yaml 的 plugins 中列出该插件，或去掉这个钩子",
            "en": "name the plugin under plugins in zhupei.yaml, or remove the hook",
        },
        "file": "tests/plugins/broken-rights/zhupei_broken_rights.py",
        "line": 8,
    }


async def test_a_cancelled_question_is_cancelled_and_no_failure() -> None:
    host = host_of("broken-hang")
    scope = Scope("example-hospital", institution=("broken-hang",))
    question = asyncio.create_task(
        Dispatcher(host, timeout=60).ask("base_quotas", scope, **example_questions()["base_quotas"])
    )
    await asyncio.sleep(0.05)
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question


async def test_control_c_passes_through() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    host = PluginHost.load({}, defaults=())
    with temporary_plugin(host, "interrupted", base_quotas=interrupt) as asked_host:
        scope = Scope("example-hospital", institution=("interrupted",))
        with pytest.raises(KeyboardInterrupt):
            await Dispatcher(asked_host).ask(
                "base_quotas", scope, **example_questions()["base_quotas"]
            )


def test_candidates_carry_no_identity() -> None:
    """What plugins see of a person: facts; no name, identity number, phone or address."""
    names = set(Candidate.__dataclass_fields__)
    assert not names & {"name", "identity_number", "phone", "email", "address"}
