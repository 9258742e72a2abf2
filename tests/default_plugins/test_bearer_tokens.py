"""Tests of zhupei.default_plugins.bearer_tokens, asked as the server asks (hook 24)."""

from __future__ import annotations

import logging

import pytest

from zhupei import Actor, Request, SignInRefusedError, Text, hookimpl
from zhupei.default_plugins.bearer_tokens import BearerTokens
from zhupei.hooks.answers import Result
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights

_REFUSED = Text("登录凭证无效", "the token is not valid")


async def _identify(header: str | None) -> Actor | None:
    match header:
        case None:
            return None
        case "Bearer good":
            return Actor(id="me")
        case "Bearer broken":
            raise RuntimeError("secret")
        case _:
            raise SignInRefusedError(_REFUSED, code="TOKEN_EXPIRED")


class _Gate:
    """A platform plugin that knows another header."""

    @hookimpl
    def actor_from_request(self, request: Request) -> Actor | None:
        """Know one badge, refuse another."""
        badge = request.headers.get("x-badge")
        if badge == "false":
            raise SignInRefusedError(Text("工牌无效", "the badge is not valid"))
        return None if badge is None else Actor(id=f"badge:{badge}")


async def ask(headers: dict[str, str]) -> Result[Actor | None]:
    host = PluginHost.load({}).extended("bearer-tokens", BearerTokens(_identify))
    host = host.extended("gate", _Gate(), Naming(Rights.PLATFORM))
    request = Request(method="POST", path="/graphql", headers=headers)
    return await Dispatcher(host).ask("actor_from_request", request=request)


async def test_the_public_a_token_and_another_plugin() -> None:
    assert (await ask({})).value is None
    found = await ask({"authorization": "Bearer good"})
    assert (found.value, found.plugin) == (Actor(id="me"), "bearer-tokens")
    # A platform's plugin is asked before the core's.
    both = await ask({"authorization": "Bearer good", "x-badge": "7"})
    assert (both.value, both.plugin) == (Actor(id="badge:7"), "gate")


@pytest.mark.parametrize(
    ("headers", "plugin", "code", "reason"),
    [
        ({"authorization": "Bearer old"}, "bearer-tokens", "TOKEN_EXPIRED", _REFUSED),
        (
            {"authorization": "Bearer good", "x-badge": "false"},
            "gate",
            "UNAUTHENTICATED",
            Text("工牌无效", "the badge is not valid"),
        ),
    ],
)
async def test_a_refusal_ends_the_question_and_is_no_fault_of_the_plugin(
    headers: dict[str, str],
    plugin: str,
    code: str,
    reason: Text,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    result = await ask(headers)
    (failure,) = result.failures
    assert (result.value, failure.plugin, failure.code, failure.reason) == (
        None,
        plugin,
        code,
        reason,
    )
    assert caplog.records == []


async def test_a_fault_is_logged_and_tells_the_client_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await ask({"authorization": "Bearer broken"})
    (failure,) = result.failures
    assert failure.code == "HOOK_FAILED"
    assert "secret" not in f"{failure.reason.zh}{failure.reason.en}"
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_without_an_installation_nobody_signs_in() -> None:
    request = Request(method="POST", path="/", headers={"authorization": "Bearer good"})
    result = await Dispatcher(PluginHost.load({})).ask("actor_from_request", request=request)
    assert (result.value, result.failures) == (None, ())


def test_only_other_plugins_make_requests_without_a_token_worth_asking_about() -> None:
    assert not Dispatcher(PluginHost.load({})).asks_plugins("actor_from_request")
    assert Dispatcher(PluginHost.load({})).asks("actor_from_request")
