"""Changing one's own password over HTTP: whoever knows the present one, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from running_graph import PASSWORD, RunningGraph, running_graph
from zhupei.db.models import Account
from zhupei.domain.actors import ActorKind

_NEW = "another long password"
_VIEWER = "{ viewer { name } }"


@pytest.fixture
async def graph(tmp_path: Path, database_url: str) -> AsyncIterator[RunningGraph]:
    async with running_graph(tmp_path, database_url) as running:
        yield running


async def _change(graph: RunningGraph, language: str = "en", **body: Any) -> Any:
    given = {"login": "wang.li", "password": PASSWORD, "new_password": _NEW, **body}
    return await graph.client.post(
        "/change-password", json=given, headers={"accept-language": language}
    )


async def _sign_in(graph: RunningGraph, password: str) -> Any:
    return await graph.client.post("/sign-in", json={"login": "wang.li", "password": password})


async def _rows(graph: RunningGraph) -> list[dict[str, Any]]:
    """Return the accounts; that an attempt failed is no change."""
    counted = {"failed_attempts", "last_failed_at"}
    with graph.database.use():
        rows = await Account.all().order_by("id").values()
    return [{name: value for name, value in row.items() if name not in counted} for row in rows]


async def test_a_password_is_changed_and_what_it_opened_ends(graph: RunningGraph) -> None:
    await graph.account("wang.li", name="王丽")
    before = (await _sign_in(graph, PASSWORD)).json()["access_token"]
    assert (await graph.ask(_VIEWER, before)).json()["data"] == {"viewer": {"name": "王丽"}}
    response = await _change(graph)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert sorted(response.json()) == ["access_token", "expires_at", "token_type"]
    # The answer's own token holds at once, those of before are over.
    now = response.json()["access_token"]
    assert (await graph.ask(_VIEWER, now)).json()["data"] == {"viewer": {"name": "王丽"}}
    assert (await graph.ask(_VIEWER, before)).status_code == 401
    assert (await _sign_in(graph, PASSWORD)).status_code == 401
    again = await _sign_in(graph, _NEW)
    assert again.status_code == 200
    # Also one of this very second.
    token = again.json()["access_token"]
    assert (await graph.ask(_VIEWER, token)).json()["data"] == {"viewer": {"name": "王丽"}}


async def test_what_is_refused_changes_nothing(graph: RunningGraph) -> None:
    await graph.account("wang.li")
    await graph.account("machine", kind=ActorKind.SERVICE, scopes=["statistics.read"])
    token = (await _sign_in(graph, PASSWORD)).json()["access_token"]
    before = await _rows(graph)
    body = 'the body must be JSON: {"login": …, "password": …, "new_password": …}'
    wrong = "login or password is wrong"
    same = "the new password is the present one"
    for change, status, code, message in (
        ({"password": "wrong horse battery"}, 401, "CREDENTIALS_WRONG", wrong),
        ({"login": "nobody"}, 401, "CREDENTIALS_WRONG", wrong),
        ({"login": "machine"}, 401, "CREDENTIALS_WRONG", wrong),
        # Nobody learns by it what the password is not.
        ({"password": "wrong", "new_password": "short"}, 401, "CREDENTIALS_WRONG", wrong),
        ({"new_password": "short"}, 422, "PASSWORD_WEAK", None),
        ({"new_password": "wang.li 2026 wang.li"}, 422, "PASSWORD_WEAK", None),
        ({"new_password": PASSWORD}, 422, "PASSWORD_WEAK", same),
        ({"new_password": None}, 400, "BAD_USER_INPUT", body),
        ({"password": 7}, 400, "BAD_USER_INPUT", body),
    ):
        response = await _change(graph, **change)
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (status, {"code": code}), change
        assert message in (None, error["message"]), change
    found = await _rows(graph)
    for row in (*before, *found):
        row.pop("last_signed_in_at")
    assert found == before
    assert (await graph.ask(_VIEWER, token)).status_code == 200
    chinese = await _change(graph, "zh", new_password=PASSWORD)
    assert chinese.json()["errors"][0]["message"] == "新密码与现用密码相同"


async def test_guessing_here_is_guessing_at_the_sign_in(graph: RunningGraph) -> None:
    await graph.account("wang.li")
    for _ in range(5):
        assert (await _change(graph, password="wrong horse battery")).status_code == 401
    before = await _rows(graph)
    assert (await _sign_in(graph, PASSWORD)).status_code == 429
    response = await _change(graph)
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"] == {"code": "LOCKED_OUT"}
    assert await _rows(graph) == before


async def test_a_locked_account_changes_nothing(graph: RunningGraph) -> None:
    account = await graph.account("wang.li")
    with graph.database.use():
        await Account.filter(id=account.id).update(disabled_at=graph.clock())
    before = await _rows(graph)
    assert (await _change(graph)).status_code == 401
    assert await _rows(graph) == before


async def test_it_is_switched_off_with_passwords(tmp_path: Path, database_url: str) -> None:
    async with running_graph(tmp_path, database_url, password_sign_in=False) as running:
        assert (await _change(running)).status_code == 404
