"""Accounts over HTTP: made, given roles, locked, and by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise import connections
from tortoise.backends.base.client import TransactionalDBClient

from running_graph import PASSWORD
from served_admissions import ServedAdmissions
from zhupei.db.models import Account
from zhupei.domain.actors import Grant
from zhupei.graphql.mutations import accounts as mutations
from zhupei.security.passwords import Passwords
from zhupei.services.accounts import GrantRecord, grant_role

pytestmark = pytest.mark.slow

_FIELDS = "login name lastSignedInAt grants { grant { role base { code } } }"
_ACCOUNT = "... on Account { id login lockedAt grants { grant { role base { code } } grantedBy } }"


async def test_an_administrator_makes_an_account_and_gives_it_a_role(
    province: ServedAdmissions,
) -> None:
    made = await province.do(
        "addAccount", "administrator", _ACCOUNT, login="Office.One", password=PASSWORD
    )
    assert (made["login"], made["grants"]) == ("office.one", [])
    given: dict[str, Any] = {
        "account": "office.one",
        "role": "base_office",
        "base": "sample-hospital",
        "idempotencyKey": "g",
    }
    granted = await province.do("grantRole", "administrator", _ACCOUNT, **given)
    (held,) = granted["grants"]
    assert held["grant"] == {"role": "base_office", "base": {"code": "sample-hospital"}}
    assert held["grantedBy"] == str(await _id(province, "administrator"))
    assert await province.do("grantRole", "administrator", _ACCOUNT, **given) == granted
    twice = await province.do("grantRole", "administrator", **{**given, "idempotencyKey": None})
    assert (twice["__typename"], twice["code"]) == ("ActionRefused", "GRANT_DUPLICATE")
    signed_in = await province.graph.client.post(
        "/sign-in", json={"login": "office.one", "password": PASSWORD}
    )
    token = signed_in.json()["access_token"]
    viewer = "{ viewer { grants { role } } }"
    found = (await province.graph.ask(viewer, token)).json()
    assert found["data"]["viewer"]["grants"] == [{"role": "base_office"}]
    province.clock.go("2026-04-10T09:30")
    locked = await province.do("lockAccount", "administrator", _ACCOUNT, account=made["id"])
    assert locked["lockedAt"] == "2026-04-10T09:30:00+08:00"
    assert (await province.graph.ask(viewer, token)).status_code == 401
    await province.do("unlockAccount", "administrator", _ACCOUNT, account=made["id"])
    assert (await province.graph.ask(viewer, token)).status_code == 401
    revoked = await province.do(
        "revokeRole",
        "administrator",
        _ACCOUNT,
        account="office.one",
        role="base_office",
        base="sample-hospital",
    )
    assert revoked["grants"] == []


async def _id(province: ServedAdmissions, who: str) -> str:
    found = await province.ask("{ viewer { id } }", who)
    return str(found["viewer"]["id"])


async def test_what_is_refused_changes_nothing(province: ServedAdmissions) -> None:
    await province.token("administrator")
    before = await province.everything()
    weak = await province.do("addAccount", "administrator", login="x1", password="short")
    assert (weak["__typename"], weak["code"], weak["field"]) == (
        "InvalidInput",
        "PASSWORD_WEAK",
        "password",
    )
    phone = await province.do("addAccount", "administrator", login="13800138000")
    assert (phone["code"], phone["field"]) == ("LOGIN_INVALID", "login")
    for name in ("李" * 101, "a\u200b\nb", " "):
        named = await province.do("addAccount", "administrator", login="x2", name=name)
        assert (named["code"], named["field"]) == ("NAME_INVALID", "name"), name
    nowhere = await province.do(
        "grantRole", "administrator", account="administrator", role="base_office", base="nowhere"
    )
    assert (nowhere["code"], nowhere["field"]) == ("NOT_FOUND", "base")
    wrong = await province.do("grantRole", "administrator", account="administrator", role="emperor")
    assert (wrong["__typename"], wrong["code"]) == ("InvalidInput", "GRANT_INVALID")
    assert await province.everything() == before


async def test_who_manages_one_place_gives_roles_there_only(province: ServedAdmissions) -> None:
    """Nobody makes themselves, or others, more than they are."""
    local = await province.graph.account("local", Grant("administrator", base="sample-hospital"))
    province.tokens["local"] = local.id.hex
    await province.token("administrator")
    before = await province.everything()
    for place in ({}, {"base": "sample-clinic"}, {"jurisdiction": "sample-province"}):
        given = {"account": "local", "role": "administrator", **place}
        answer = await province.tried("grantRole", "local", **given)
        assert answer["data"] == {"grantRole": None}, place
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for mutation, more in (("setPassword", {"password": PASSWORD}), ("lockAccount", {})):
        answer = await province.tried(mutation, "local", account="administrator", **more)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await province.everything() == before
    listed = "{ accounts { totalCount edges { node { login } } } }"
    found = (await province.ask(listed, "local"))["accounts"]
    assert found == {"totalCount": 1, "edges": [{"node": {"login": "local"}}]}
    everybody = (await province.ask(listed, "auditor"))["accounts"]
    assert [each["node"]["login"] for each in everybody["edges"]] == [
        "local",
        "administrator",
        "auditor",
    ]
    refused = await province.answer(listed, "base_office")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    found = await province.ask('{ account(id: "local") { kind name } }', "auditor")
    assert found["account"] == {"kind": "PERSON", "name": None}
    roles = '{ accounts(filter: {roleIn: ["auditor"]}) { totalCount } }'
    assert (await province.ask(roles, "auditor"))["accounts"] == {"totalCount": 1}


async def test_giving_a_role_tells_nothing_of_other_places(province: ServedAdmissions) -> None:
    """Whoever manages one base learns of somebody's other roles neither by giving one nor after."""
    local = await province.graph.account("local", Grant("administrator", base="sample-hospital"))
    province.tokens["local"] = local.id.hex
    await province.token("other_office")
    shown = f"... on Account {{ {_FIELDS} }}"
    given = {"account": "other-office", "role": "base_office", "base": "sample-hospital"}
    own = {
        "__typename": "Account",
        "login": "other-office",
        "name": None,
        "lastSignedInAt": None,
        "grants": [{"grant": {"role": "base_office", "base": {"code": "sample-hospital"}}}],
    }
    assert await province.do("grantRole", "local", shown, **given) == own
    everywhere = await province.ask(
        '{ account(id: "other-office") { grants { grant { base { code } } } } }', "administrator"
    )
    assert len(everywhere["account"]["grants"]) == 2
    listed = f"{{ accounts {{ totalCount edges {{ node {{ __typename {_FIELDS} }} }} }} }}"
    edges = (await province.ask(listed, "local"))["accounts"]["edges"]
    assert own in [each["node"] for each in edges]
    full = {"login": "other-office", "grants": everywhere["account"]["grants"]}
    reached_by_all = "{ accounts { edges { node { login grants { grant { base { code } } } } } } }"
    edges = (await province.ask(reached_by_all, "administrator"))["accounts"]["edges"]
    assert full in [each["node"] for each in edges]
    assert await province.do("revokeRole", "local", shown, **given) == {**own, "grants": []}


async def test_asking_for_a_role_tells_nothing_of_other_places(province: ServedAdmissions) -> None:
    """Who has an account at one's place, and which role elsewhere, is not found out by filters."""
    local = await province.graph.account("local", Grant("administrator", base="sample-hospital"))
    province.tokens["local"] = local.id.hex
    both = await province.graph.account(
        "both", Grant("base_office", base="sample-hospital"), Grant("national")
    )
    counted = "query($role: [String!]) { accounts(filter: {roleIn: $role}) { totalCount } }"
    for role, expected in (("base_office", 1), ("national", 0), ("administrator", 1)):
        found = await province.ask(counted, "local", role=[role])
        assert found["accounts"]["totalCount"] == expected, role
    shown = "{ accounts { edges { node { id lockedAt grants { grant { role } } } } } }"
    edges = (await province.ask(shown, "local"))["accounts"]["edges"]
    own = {"id": str(both.id), "lockedAt": None, "grants": [{"grant": {"role": "base_office"}}]}
    assert own in [each["node"] for each in edges]


async def test_an_account_of_a_base_that_is_gone_is_the_nations(
    province: ServedAdmissions,
) -> None:
    """Whoever manages all accounts still helps with it."""
    await province.token("administrator")
    gone = await province.graph.account("gone", Grant("base_office", base="closed-hospital"))
    with province.graph.database.use():
        await Account.filter(id=gone.id).update(home_base_code="closed-hospital")
    locked = await province.do("lockAccount", "administrator", _ACCOUNT, account="gone")
    assert locked["lockedAt"] is not None


async def test_giving_a_role_gives_nobody_the_account(province: ServedAdmissions) -> None:
    """An account without roles is somebody's: whoever gives it one must not sign in as them."""
    local = await province.graph.account("local", Grant("administrator", base="sample-hospital"))
    province.tokens["local"] = local.id.hex
    await province.token("administrator")
    await province.do("addAccount", "administrator", login="to-be-promoted", password=PASSWORD)
    role = {"account": "to-be-promoted", "role": "base_office", "base": "sample-hospital"}
    shown = "... on Account { login createdAt lastSignedInAt grants { grant { role } } }"
    given = await province.do("grantRole", "local", shown, **role)
    assert given["grants"] == [{"grant": {"role": "base_office"}}]
    before = await province.everything()
    for mutation, more in (
        ("setPassword", {"password": "another long password"}),
        ("lockAccount", {}),
        ("unlockAccount", {}),
    ):
        answer = await province.tried(mutation, "local", account="to-be-promoted", **more)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", mutation
    looked_up = await province.answer('{ account(id: "to-be-promoted") { name } }', "local")
    assert looked_up["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await province.everything() == before
    # Taken back and given again by who manages all, it is an account of the hospital.
    await province.do("revokeRole", "local", shown, **role)
    await province.do("grantRole", "administrator", shown, **role)
    renewed = {"account": "to-be-promoted", "password": "another long password"}
    assert (await province.do("setPassword", "local", _ACCOUNT, **renewed))["login"] == (
        "to-be-promoted"
    )


async def test_an_account_belongs_to_the_place_of_who_made_it(province: ServedAdmissions) -> None:
    """An office makes accounts of its people, gives them a first password and a role."""
    for name, base in (("local", "sample-hospital"), ("other", "sample-clinic")):
        account = await province.graph.account(name, Grant("administrator", base=base))
        province.tokens[name] = account.id.hex
    await province.do("addAccount", "local", login="colleague")
    listed = "{ accounts { edges { node { login grants { grant { role } } } } } }"
    found = (await province.ask(listed, "local"))["accounts"]["edges"]
    assert {"node": {"login": "colleague", "grants": []}} in found
    others = (await province.ask(listed, "other"))["accounts"]["edges"]
    assert [each["node"]["login"] for each in others] == ["other"]
    first = {"account": "colleague", "password": PASSWORD}
    refused = await province.tried("setPassword", "other", **first)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await province.do("setPassword", "local", _ACCOUNT, **first))["login"] == "colleague"
    # A role elsewhere lets nobody there have the account, and its own office no longer.
    elsewhere = {"account": "colleague", "role": "base_office", "base": "sample-clinic"}
    await province.do("grantRole", "other", _ACCOUNT, **elsewhere)
    for administrator in ("local", "other"):
        refused = await province.tried("setPassword", administrator, **first)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN", administrator
    await province.do("revokeRole", "other", _ACCOUNT, **elsewhere)
    assert (await province.do("setPassword", "local", _ACCOUNT, **first))["login"] == "colleague"


async def test_who_moves_to_another_hospital_belongs_there(province: ServedAdmissions) -> None:
    """Where their last role at the old one ends, given and taken by who manages both."""
    await province.token("administrator")
    for name, base in (("local", "sample-hospital"), ("other", "sample-clinic")):
        account = await province.graph.account(name, Grant("administrator", base=base))
        province.tokens[name] = account.id.hex
    await province.do("addAccount", "local", login="mover", password=PASSWORD)
    old = {"account": "mover", "role": "base_office", "base": "sample-hospital"}
    new = {"account": "mover", "role": "base_office", "base": "sample-clinic"}
    await province.do("grantRole", "local", _ACCOUNT, **old)
    await province.do("grantRole", "administrator", _ACCOUNT, **new)
    await province.do("revokeRole", "administrator", _ACCOUNT, **old)
    renewed = {"account": "mover", "password": "another long password"}
    refused = await province.tried("setPassword", "local", **renewed)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await province.do("setPassword", "other", _ACCOUNT, **renewed))["login"] == "mover"
    # Whoever has no role any more still belongs to the last place.
    await province.do("revokeRole", "other", _ACCOUNT, **new)
    assert (await province.do("lockAccount", "other", _ACCOUNT, account="mover"))["login"] == (
        "mover"
    )


class _Slow(Passwords):
    """Passwords whose hashing takes as long as something else does."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(time_cost=1, memory_kib=8, parallelism=1)
        self.meanwhile = meanwhile

    async def hash(self, password: str) -> str:
        await self.meanwhile()
        return await super().hash(password)


async def test_no_transaction_waits_for_the_hash_of_a_password(
    province: ServedAdmissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long on purpose: a few of them would keep the connections from everybody else."""
    await province.token("administrator")
    within: list[bool] = []

    async def observe() -> None:
        within.append(isinstance(connections.get("default"), TransactionalDBClient))

    monkeypatch.setattr(mutations, "_PASSWORDS", _Slow(observe))
    new = {"login": "somebody", "password": PASSWORD}
    made = await province.do("addAccount", "administrator", _ACCOUNT, **new)
    renewed = {"account": "somebody", "password": "another long password"}
    assert await province.do("setPassword", "administrator", _ACCOUNT, **renewed) == made
    assert within == [False, False]
    signed_in = await province.graph.client.post(
        "/sign-in", json={"login": "somebody", "password": "another long password"}
    )
    assert signed_in.status_code == 200


async def test_an_account_that_gets_other_places_meanwhile_keeps_its_password(
    province: ServedAdmissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever manages one place would otherwise sign in as somebody who has more."""
    local = await province.graph.account("local", Grant("administrator", base="sample-hospital"))
    province.tokens["local"] = local.id.hex
    await province.token("base_office")

    async def promote() -> None:
        made = await grant_role(
            "base-office",
            Grant("administrator"),
            bases={},
            jurisdictions={},
            by="a test",
            at=province.clock(),
        )
        assert isinstance(made, GrantRecord)

    monkeypatch.setattr(mutations, "_PASSWORDS", _Slow(promote))
    given = {"account": "base-office", "password": "another long password"}
    answer = await province.tried("setPassword", "local", **given)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    signed_in = await province.graph.client.post(
        "/sign-in", json={"login": "base-office", "password": "another long password"}
    )
    assert signed_in.status_code == 401
