"""Signing up over HTTP: an applicant's account, its limits, and how it is switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from running_graph import RunningGraph, running_graph
from zhupei.db.models import Account, RoleGrant
from zhupei.settings import Environment, Settings, TrustedIssuer

_GIVEN = {"login": "Wang.Li", "password": "correct horse battery", "name": "王丽"}
_VIEWER = "{ viewer { name grants { role base { code } } permissions } }"


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(tmp_path, database_url) as running:
        yield running


async def _post(graph: RunningGraph, body: Any, **headers: str) -> Any:
    return await graph.client.post(
        "/sign-up", json=body, headers={"accept-language": "en", **headers}
    )


async def test_who_signs_up_is_an_applicant_and_no_more(graph: RunningGraph) -> None:
    response = await _post(graph, _GIVEN)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    token = response.json()["access_token"]
    viewer = (await graph.ask(_VIEWER, token)).json()["data"]["viewer"]
    assert (viewer["name"], viewer["grants"]) == ("王丽", [{"role": "applicant", "base": None}])
    assert "accounts.manage" not in viewer["permissions"]
    signed_in = await graph.client.post(
        "/sign-in", json={"login": "wang.li", "password": _GIVEN["password"]}
    )
    assert signed_in.status_code == 200


_BODY = 'the body must be JSON: {"login": …, "password": …, "name": …}, the name may be left out'


async def test_what_is_refused_makes_nothing(graph: RunningGraph) -> None:
    changes: tuple[tuple[dict[str, Any], int, str, str | None], ...] = (
        ({"login": "13800138000"}, 422, "LOGIN_INVALID", None),
        ({"password": "short"}, 422, "PASSWORD_WEAK", None),
        ({"password": None}, 400, "BAD_USER_INPUT", _BODY),
        ({"name": "a\nb"}, 400, "BAD_USER_INPUT", _BODY),
        ({"name": 7}, 400, "BAD_USER_INPUT", _BODY),
        ({"name": "n" * 101}, 400, "BAD_USER_INPUT", _BODY),
    )
    for change, status, code, message in changes:
        response = await _post(graph, {**_GIVEN, **change})
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (status, {"code": code}), change
        assert message in (None, error["message"])
    with graph.database.use():
        assert await Account.all().count() == 0
        assert await RoleGrant.all().count() == 0


async def test_a_login_is_taken_once_and_refusals_are_bilingual(graph: RunningGraph) -> None:
    await _post(graph, _GIVEN)
    again = await _post(graph, {**_GIVEN, "password": "another long password"})
    assert (again.status_code, again.json()["errors"][0]["message"]) == (
        409,
        "this login is taken: choose another one, or sign in if it is yours",
    )
    chinese = await _post(graph, _GIVEN, **{"accept-language": "zh"})
    assert chinese.json()["errors"][0]["message"] == (
        "该账号名已被使用：请另取一个；如为本人账号，请直接登录"
    )


_TOO_MANY = {
    "en": "too many accounts were asked for from this address; try again in an hour",
    "zh": "该地址注册过于频繁，请一小时后再试",
}


async def test_one_address_asks_for_no_more_than_ten_an_hour(graph: RunningGraph) -> None:
    """Each tells whether a login is taken; what is refused for its form tells nothing."""
    for index in range(12):
        response = await _post(graph, {**_GIVEN, "login": f"p{index}", "password": "short"})
        assert response.status_code == 422
    statuses = [(await _post(graph, _GIVEN)).status_code for _ in range(10)]
    assert statuses == [201, *[409] * 9]
    for language, message in _TOO_MANY.items():
        response = await _post(
            graph, {**_GIVEN, "login": "another"}, **{"accept-language": language}
        )
        assert response.status_code == 429
        (error,) = response.json()["errors"]
        assert error == {"message": message, "extensions": {"code": "LOCKED_OUT"}}
    with graph.database.use():
        assert await Account.all().count() == 1


async def test_a_school_behind_one_address_is_let_in(tmp_path: Path, database_url: str) -> None:
    async with running_graph(tmp_path, database_url, sign_ups_per_hour=12) as running:
        for index in range(13):
            response = await _post(running, {**_GIVEN, "login": f"p{index}"})
            assert response.status_code == (201 if index < 12 else 429)


@pytest.mark.parametrize("switch", ["sign_up", "password_sign_in"])
async def test_it_is_switched_off(tmp_path: Path, database_url: str, switch: str) -> None:
    off: dict[str, Any] = {switch: False}
    async with running_graph(tmp_path, database_url, **off) as running:
        assert (await _post(running, _GIVEN)).status_code == 404


def test_production_with_an_issuer_has_none_unless_told() -> None:
    issuer = (TrustedIssuer("https://id.example.cn", frozenset({"zhupei"})),)
    production = Environment.PRODUCTION
    assert Settings().allows_sign_up
    assert Settings(environment=production).allows_sign_up
    assert not Settings(environment=production, oidc_issuers=issuer).allows_sign_up
    assert Settings(environment=production, oidc_issuers=issuer, sign_up=True).allows_sign_up
    assert not Settings(sign_up=True, password_sign_in=False).allows_sign_up
