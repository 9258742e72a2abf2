"""Who was erased at their own wish, and asks again, learns that it is done."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from oidc_issuer import OidcServer, ed_key, oidc_server
from running_graph import PASSWORD, RunningGraph, running_graph
from zhupei.db.models import Account, Applicant, RoleGrant, StateRecordRow
from zhupei.domain.actors import Grant
from zhupei.services.accounts import account_record, unlock_account
from zhupei.services.admissions import erasing
from zhupei.settings import TrustedIssuer

_KEY = ed_key("first")
_ERASED = "this account was erased, as the person whose it was had asked"
_OWN = "{ applicant { id } }"
_REGISTER = """mutation { registerApplicant(input: {name: "王小明", identityKind: PASSPORT,
  identityNumber: "E7654321", issuingState: "USA"}) { ... on Applicant { id } } }"""


@pytest.fixture
async def with_issuer(
    tmp_path: Path, database_url: str
) -> AsyncIterator[tuple[RunningGraph, OidcServer]]:
    with oidc_server() as server:
        server.keys = [_KEY]
        trusted = TrustedIssuer(server.url, frozenset({"zhupei"}))
        async with running_graph(tmp_path, database_url, oidc_issuers=(trusted,)) as running:
            yield running, server


def foreign(server: OidcServer, **claims: Any) -> str:
    now = int(time.time())
    whose = {"iss": server.url, "aud": "zhupei", "sub": "person-1", "name": "王小明"}
    return server.token(_KEY, {**whose, "iat": now, "exp": now + 300, **claims})


def refused(response: httpx2.Response) -> None:
    assert response.status_code == 401, response.text
    assert response.json() == {
        "errors": [{"message": _ERASED, "extensions": {"code": "ACCOUNT_ERASED"}}]
    }
    challenge = 'Bearer realm="zhupei", error="invalid_token"'
    assert response.headers["www-authenticate"] == challenge


async def erase(graph: RunningGraph, applicant: str, token: str) -> Any:
    return await graph.ask(
        'mutation { eraseApplicant(input: {idempotencyKey: "k", reason: "不再需要", applicant: '
        f'"{applicant}"}}) {{ __typename ... on Erasure {{ applications }} '
        "... on Refusal { code } } }",
        token,
    )


async def erased(graph: RunningGraph, token: str) -> str:
    """Register somebody and erase them; return who it was."""
    made = (await graph.ask(_REGISTER, token)).json()["data"]["registerApplicant"]
    applicant: str = made["id"]
    assert (await graph.ask(_OWN, token)).json() == {"data": {"applicant": made}}
    answer = await erase(graph, applicant, token)
    assert answer.json()["data"]["eraseApplicant"] == {"__typename": "Erasure", "applications": 0}
    return applicant


async def rows(graph: RunningGraph) -> tuple[Any, ...]:
    with graph.database.use():
        return tuple(
            [await model.all().order_by("id").values() for model in (Account, Applicant)]
            + [await StateRecordRow.all().order_by("sequence").values()]
        )


async def test_a_repeated_erasure_is_told_that_it_is_done(
    tmp_path: Path, database_url: str
) -> None:
    async with running_graph(tmp_path, database_url) as graph:
        account = await graph.account("person", Grant("applicant"))
        token, unused = graph.token(account), graph.token(account)
        applicant = await erased(graph, token)
        before = await rows(graph)
        for each in (token, unused):
            for query in (_OWN, "{ bases(first: 1) { totalCount } }"):
                refused(await graph.ask(query, each))
            refused(await erase(graph, applicant, each))
        assert await rows(graph) == before
        # Nobody opens it again by unlocking what looks like a locked account.
        with graph.database.use():
            await unlock_account(f"erased-{account.id.hex}", by="a test", at=graph.clock())
        refused(await graph.ask(_OWN, graph.token(account)))


async def test_who_asks_while_being_erased_is_not_remembered_as_before(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they could register anew within a second, with an account that is closed."""
    async with running_graph(tmp_path, database_url) as graph:
        token = graph.token(await graph.account("person", Grant("applicant")))
        close = erasing._close_account
        meanwhile: list[int] = []

        async def closed(*given: Any) -> None:
            await close(*given)
            asking = asyncio.create_task(graph.ask(_OWN, token), context=contextvars.Context())
            meanwhile.append((await asking).status_code)

        monkeypatch.setattr(erasing, "_close_account", closed)
        await erased(graph, token)
        assert meanwhile == [200]
        refused(await graph.ask(_REGISTER, token))


async def test_nobody_takes_the_login_of_an_erased_account_beforehand(
    tmp_path: Path, database_url: str
) -> None:
    """Else whoever knows the id of an account keeps its person from being erased."""
    async with running_graph(tmp_path, database_url) as graph:
        # One without many digits in a row, which no login has anyway.
        known = UUID("0199abcd-abcd-7abc-8abc-abcdefabcdef")
        at = graph.clock() - timedelta(minutes=1)
        with graph.database.use():
            whose = await Account.create(
                id=known, kind="person", login="person", created_at=at, tokens_valid_from=at
            )
            await RoleGrant.create(
                account=whose, role="applicant", granted_by="a test", granted_at=at
            )
            account = account_record(whose, ())
        squatter = {"login": f"Erased-{known.hex}", "password": PASSWORD}
        made = await graph.client.post("/sign-up", json=squatter)
        assert made.json()["errors"][0]["extensions"]["code"] == "LOGIN_TAKEN"
        await erased(graph, graph.token(account))


@pytest.mark.slow
async def test_it_is_told_by_another_server_too(tmp_path: Path, database_url: str) -> None:
    async with (
        running_graph(tmp_path, database_url) as one,
        running_graph(tmp_path, database_url) as two,
    ):
        token = one.token(await one.account("person", Grant("applicant")))
        applicant = await erased(one, token)
        refused(await erase(two, applicant, token))


async def test_staff_keep_their_account_and_get_the_first_answer(
    tmp_path: Path, database_url: str
) -> None:
    async with running_graph(tmp_path, database_url) as graph:
        both = Grant("applicant"), Grant("base_office", base="example-hospital")
        token = graph.token(await graph.account("person", *both))
        applicant = await erased(graph, token)
        again = await erase(graph, applicant, token)
        assert again.json()["data"]["eraseApplicant"]["__typename"] == "Erasure"


async def test_a_known_token_of_another_issuer_opens_no_new_account(
    with_issuer: tuple[RunningGraph, OidcServer],
) -> None:
    """A page that goes on asking would else be somebody new, with the name that was erased."""
    graph, server = with_issuer
    token = foreign(server)
    applicant = await erased(graph, token)
    before = await rows(graph)
    asked = [erase(graph, applicant, token), *(graph.ask(_OWN, token) for _ in range(4))]
    for answer in await asyncio.gather(*asked):
        refused(answer)
    assert await rows(graph) == before
    # A new token is a new sign-in: whoever comes back is welcome, and somebody else.
    new = foreign(server, jti="another")
    answer = (await erase(graph, applicant, new)).json()["data"]["eraseApplicant"]
    assert answer == {"__typename": "ActionRefused", "code": "NOT_FOUND"}
    assert (await graph.ask(_OWN, new)).json() == {"data": {"applicant": None}}
