"""Tests of zhupei.services.permissions: roles, plugins that have a say, and what may be listed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from asked_graph import load_graph
from fictional import BASES
from zhupei import Actor, Base, Grant, Permission, Text, hookimpl
from zhupei.catalogue import Catalogue
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.services.permissions import (
    FORBIDDEN,
    UNAUTHENTICATED,
    Allowed,
    allowed,
    allowed_bases,
    permission_named,
    permissions_of,
    visible_bases,
)

_OWN, _OTHER = "example-hospital", "other-hospital"


class _Judge:
    """A plugin of the hospital with an opinion; a mapping from actors' ids to answers."""

    def __init__(self, opinions: Mapping[str | None, Any]) -> None:
        self.opinions = opinions
        self.asked: list[str | None] = []

    @hookimpl
    def permission_granted(
        self, actor: Actor | None, permission: str, base: Base | None
    ) -> bool | None:
        """Answer as told."""
        self.asked.append(None if base is None else base.code)
        opinion = self.opinions.get(None if actor is None else actor.id)
        if isinstance(opinion, Exception):
            raise opinion
        return opinion

    @hookimpl
    def register_permissions(self) -> list[Permission]:
        """Declare one."""
        return [Permission("judge.look", Text("查看", "look"), roles=("base_office",))]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The fictional hospital, and beside it one of another jurisdiction."""
    found = load_graph(BASES).catalogue
    own = found.bases[_OWN]
    other = dataclasses.replace(own, code=_OTHER, jurisdictions=("elsewhere",))
    return dataclasses.replace(
        found,
        bases={_OWN: own, _OTHER: other},
        scopes={_OWN: Scope(_OWN, institution=("judge",)), _OTHER: Scope(_OTHER)},
    )


def dispatcher(judge: _Judge | None = None) -> Dispatcher:
    """Return a dispatcher whose judge has no opinion unless one is given."""
    naming = Naming(Rights.INSTITUTION, code=_OWN)
    return Dispatcher(PluginHost.load({}).extended("judge", judge or _Judge({}), naming))


def actor(role: str, *, id_: str = "me", **limit: str) -> Actor:
    return Actor(id=id_, grants=frozenset({Grant(role, **limit)}))


async def test_roles_decide_for_their_own_base_only(catalogue: Catalogue) -> None:
    office = actor("base_office", base=_OWN)
    ask = dispatcher()
    assert await allowed(office, "identity.read", _OWN, catalogue, ask) == Allowed("identity.read")
    assert await allowed(office, "identity.read", _OTHER, catalogue, ask) is FORBIDDEN
    assert await allowed(office, "accounts.manage", _OWN, catalogue, ask) is FORBIDDEN
    assert await allowed(None, "identity.read", _OWN, catalogue, ask) is UNAUTHENTICATED


async def test_a_jurisdiction_by_the_catalogue(catalogue: Catalogue) -> None:
    (code,) = catalogue.bases[_OWN].jurisdictions
    office = actor("jurisdiction_office", jurisdiction=code)
    ask = dispatcher()
    assert isinstance(await allowed(office, "bans.write", _OWN, catalogue, ask), Allowed)
    assert await allowed(office, "bans.write", _OTHER, catalogue, ask) is FORBIDDEN
    assert isinstance(
        await allowed(office, "rounds.manage", None, catalogue, ask, jurisdiction=code), Allowed
    )
    assert await allowed(office, "rounds.manage", None, catalogue, ask) is FORBIDDEN


async def test_a_base_that_does_not_exist_is_forbidden_to_everybody(catalogue: Catalogue) -> None:
    national = actor("national")
    ask = dispatcher()
    assert await allowed(national, "bans.read", "nowhere", catalogue, ask) is FORBIDDEN
    assert await allowed(None, "bans.read", "nowhere", catalogue, ask) is UNAUTHENTICATED


async def test_what_belongs_to_the_applicant(catalogue: Catalogue) -> None:
    me = actor("applicant")
    ask = dispatcher()
    assert isinstance(
        await allowed(me, "applications.read", _OWN, catalogue, ask, owners={"me"}), Allowed
    )
    assert await allowed(me, "applications.read", _OWN, catalogue, ask, owners={"you"}) is FORBIDDEN


async def test_hook_25_any_false_refuses_and_true_allows(catalogue: Catalogue) -> None:
    judge = _Judge({"bad": False, "good": True, None: True})
    ask = dispatcher(judge)
    bad, good = actor("base_office", id_="bad", base=_OWN), actor("applicant", id_="good")
    assert await allowed(bad, "scores.read", _OWN, catalogue, ask) is FORBIDDEN
    assert await allowed(good, "scores.read", _OWN, catalogue, ask) == Allowed(
        "scores.read", "judge"
    )
    assert await allowed(None, "scores.read", _OWN, catalogue, ask) == Allowed(
        "scores.read", "judge"
    )
    assert judge.asked == [_OWN] * 3


async def test_a_plugin_is_never_asked_about_another_base(catalogue: Catalogue) -> None:
    judge = _Judge({"good": True})
    good = actor("applicant", id_="good")
    assert await allowed(good, "scores.read", _OTHER, catalogue, dispatcher(judge)) is FORBIDDEN
    assert await allowed(good, "scores.read", None, catalogue, dispatcher(judge)) is FORBIDDEN
    assert judge.asked == []


@pytest.mark.parametrize("opinion", [RuntimeError("13800138000"), "yes"])
async def test_a_plugin_that_fails_refuses(catalogue: Catalogue, opinion: object) -> None:
    ask = dispatcher(_Judge({"me": opinion}))
    refusal = await allowed(actor("base_office", base=_OWN), "scores.read", _OWN, catalogue, ask)
    assert isinstance(refusal, AccessRefusal)
    assert refusal.code is AccessCode.PLUGIN_DECISION_FAILED
    assert "judge" in refusal.message.zh
    assert "13800138000" not in f"{refusal.message.zh}{refusal.message.en}"


async def test_a_named_plugin_that_is_not_there_refuses(catalogue: Catalogue) -> None:
    ask = Dispatcher(PluginHost.load({}))
    refusal = await allowed(actor("base_office", base=_OWN), "scores.read", _OWN, catalogue, ask)
    assert isinstance(refusal, AccessRefusal)
    assert refusal.code is AccessCode.PLUGIN_DECISION_FAILED
    assert refusal.message == Text("插件 judge：找不到该插件", "plugin judge: no such plugin")


async def test_a_tokens_scopes_are_not_exceeded_even_by_a_plugin(catalogue: Catalogue) -> None:
    judge = _Judge({"me": True})
    limited = dataclasses.replace(
        actor("integrator"), scopes=frozenset({"statistics.read", "bans.write"})
    )
    assert isinstance(
        await allowed(limited, "statistics.read", _OTHER, catalogue, dispatcher()), Allowed
    )
    assert await allowed(limited, "events.read", _OTHER, catalogue, dispatcher()) is FORBIDDEN
    assert await allowed(limited, "bans.write", _OTHER, catalogue, dispatcher()) is FORBIDDEN
    assert await allowed(limited, "events.read", _OWN, catalogue, dispatcher(judge)) is FORBIDDEN
    assert judge.asked == []


async def test_plugins_permissions_are_decided_alike(catalogue: Catalogue) -> None:
    ask = dispatcher(_Judge({}))
    office = actor("base_office", base=_OWN)
    assert isinstance(await allowed(office, "judge.look", _OWN, catalogue, ask), Allowed)
    assert await allowed(office, "judge.look", _OTHER, catalogue, ask) is FORBIDDEN
    assert "judge.look" in permissions_of(office, ask.host)
    assert "judge.look" not in permissions_of(office, PluginHost.load({}))


def test_a_permission_that_nobody_declares() -> None:
    with pytest.raises(LookupError) as error:
        permission_named("aplications.read", None)
    assert error.value.args == (
        'no permission "aplications.read"; did you mean "applications.read"?',
    )


def test_permissions_of_several_roles_and_of_a_limited_token() -> None:
    host = PluginHost.load({})
    both = Actor(id="me", grants=frozenset({Grant("administrator"), Grant("integrator")}))
    assert permissions_of(both, host) == (
        "accounts.manage",
        "accounts.read",
        "applications.read",
        "events.read",
        "registrations.read",
        "statistics.read",
        "webhooks.manage",
    )
    limited = dataclasses.replace(both, scopes=frozenset({"events.read", "identity.read"}))
    assert permissions_of(limited, host) == ("events.read",)
    assert permissions_of(Actor(id="nobody"), host) == ()


def test_which_bases_a_list_may_show(catalogue: Catalogue) -> None:
    host = PluginHost.load({})

    def seen(who: Actor | None) -> frozenset[str]:
        return visible_bases(who, "applications.read", catalogue, host)

    assert seen(None) == frozenset()
    assert seen(actor("base_office", base=_OTHER)) == {_OTHER}
    assert seen(actor("national")) == {_OWN, _OTHER}
    assert seen(actor("applicant")) == frozenset()
    assert seen(dataclasses.replace(actor("national"), scopes=frozenset())) == frozenset()


@pytest.mark.parametrize("opinion", [None, True, False, RuntimeError("no")])
async def test_allowed_bases_are_those_that_are_allowed_one_by_one(
    catalogue: Catalogue, opinion: object
) -> None:
    scoped = dataclasses.replace(actor("national"), scopes=frozenset())
    for who in (actor("base_office", base=_OWN), actor("base_office", base=_OTHER),
                actor("national"), actor("applicant"), scoped, None):  # fmt: skip
        judge = _Judge({"me": opinion, None: opinion})
        ask = dispatcher(judge)
        one_by_one = [
            code
            for code in catalogue.bases
            if isinstance(await allowed(who, "applications.read", code, catalogue, ask), Allowed)
        ]
        asked, judge.asked = judge.asked, []
        assert await allowed_bases(who, "applications.read", catalogue, ask) == one_by_one
        assert judge.asked == asked


async def test_allowed_bases_without_the_plugin_that_has_a_say(catalogue: Catalogue) -> None:
    ask = Dispatcher(PluginHost.load({}))
    assert await allowed_bases(actor("national"), "applications.read", catalogue, ask) == [_OTHER]


async def test_allowed_bases_ask_no_plugin_where_none_has_a_say(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = []
    ask = Dispatcher.ask

    async def counted(self: Dispatcher, hook: str, *given: Any, **more: Any) -> Any:
        questions.append(more["base"].code)
        return await ask(self, hook, *given, **more)

    monkeypatch.setattr(Dispatcher, "ask", counted)
    found = await allowed_bases(actor("national"), "applications.read", catalogue, dispatcher())
    assert found == [_OWN, _OTHER]
    assert questions == [_OWN]
