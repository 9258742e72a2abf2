"""Tests of zhupei.domain.permissions and zhupei.domain.roles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.actors import Actor, Grant, Permission
from zhupei.domain.institutions import Jurisdiction, JurisdictionKind
from zhupei.domain.permissions import PERMISSIONS, Places, Target, grants_with, holds, reaches
from zhupei.domain.roles import GrantProblem, Role, grant_problem
from zhupei.domain.text import Text
from zhupei.testing import a_base


def _jurisdiction(code: str, parent: str | None = None) -> Jurisdiction:
    name = Text("示例", "Example")
    kind = JurisdictionKind.PROVINCE
    return Jurisdiction(code=code, name=name, kind=kind, province="620000", parent=parent)


_PLACES = Places(
    bases={
        "east-1": a_base("east-1", jurisdictions=("east-city", "east")),
        "east-2": a_base("east-2", jurisdictions=("east",)),
        "west-1": a_base("west-1", jurisdictions=("west",)),
    },
    jurisdictions={
        "east": _jurisdiction("east"),
        "east-city": _jurisdiction("east-city", parent="east"),
        "west": _jurisdiction("west"),
    },
)


@pytest.mark.parametrize(
    ("grant", "reached"),
    [
        (Grant("base_office", base="east-1"), {"east-1"}),
        (Grant("jurisdiction_office", jurisdiction="east"), {"east-1", "east-2"}),
        (Grant("jurisdiction_office", jurisdiction="east-city"), {"east-1"}),
        (Grant("jurisdiction_office", jurisdiction="nowhere"), set()),
        (Grant("national"), {"east-1", "east-2", "west-1"}),
        (Grant("integrator", base="east-1", jurisdiction="west"), set()),
        (Grant("applicant"), set()),
        (Grant("sending_unit"), set()),
    ],
)
def test_which_bases_a_grant_reaches(grant: Grant, reached: set[str]) -> None:
    found = {code for code in _PLACES.bases if reaches(grant, "me", Target(base=code), _PLACES)}
    assert found == reached


@pytest.mark.parametrize(
    ("grant", "reached"),
    [
        (Grant("jurisdiction_office", jurisdiction="east"), {"east", "east-city"}),
        (Grant("jurisdiction_office", jurisdiction="east-city"), {"east-city"}),
        (Grant("national"), {"east", "east-city", "west"}),
        (Grant("base_office", base="east-1"), set()),
    ],
)
def test_which_jurisdictions_a_grant_reaches(grant: Grant, reached: set[str]) -> None:
    found = {
        code
        for code in _PLACES.jurisdictions
        if reaches(grant, "me", Target(jurisdiction=code), _PLACES)
    }
    assert found == reached


def test_only_an_unlimited_grant_reaches_what_has_no_place() -> None:
    nowhere = Target()
    assert reaches(Grant("national"), "me", nowhere, _PLACES)
    assert not reaches(Grant("auditor", base="east-1"), "me", nowhere, _PLACES)
    assert not reaches(Grant("auditor", jurisdiction="east"), "me", nowhere, _PLACES)


def test_applicants_and_sending_units_reach_their_own_only() -> None:
    own = Target(base="east-1", owners={"me", "my-unit"})
    for role in ("applicant", "sending_unit"):
        assert reaches(Grant(role), "me", own, _PLACES)
        assert not reaches(Grant(role), "somebody", own, _PLACES)
    # What belongs to a person who is also staff elsewhere is not the staff's.
    assert not reaches(Grant("base_office", base="west-1"), "me", own, _PLACES)


def test_jurisdictions_that_name_each_other_end() -> None:
    around = Places({}, {"a": _jurisdiction("a", parent="b"), "b": _jurisdiction("b", parent="a")})
    assert around.above(Target(jurisdiction="a")) == {"a", "b"}


_CODES = st.none() | st.sampled_from(["east-1", "east-2", "west-1", "unknown"])
_GRANTS = st.builds(
    Grant,
    st.sampled_from(list(Role)).map(str),
    base=_CODES,
    jurisdiction=st.none() | st.sampled_from(["east", "east-city", "west", "unknown"]),
)


@given(_GRANTS, st.sampled_from(list(_PLACES.bases)))
def test_a_grant_never_reaches_more_than_the_one_without_limit(grant: Grant, base: str) -> None:
    unlimited = Grant(grant.role)
    if reaches(grant, "me", Target(base=base), _PLACES):
        assert reaches(unlimited, "me", Target(base=base), _PLACES)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target(base="east-1", specialty="0100"), True),
        (Target(base="east-1", specialty="0200"), False),
        (Target(base="east-2", specialty="0100"), False),
        (Target(base="east-1"), False),
    ],
)
def test_staff_of_a_specialty_reach_that_of_their_base_only(
    target: Target, *, reached: bool
) -> None:
    grant = Grant("specialty_base", base="east-1", specialty="0100")
    assert reaches(grant, "me", target, _PLACES) is reached


def test_a_base_that_nobody_knows_lies_nowhere() -> None:
    grant = Grant("jurisdiction_office", jurisdiction="east")
    assert reaches(grant, "me", Target(base="gone"), _PLACES) is False


def test_a_permission_is_held_by_a_grant_with_it_that_reaches() -> None:
    permission = Permission("lists.read", Text("查看", "read"), roles=("base_office",))
    offices = frozenset({Grant("base_office", base="east-1"), Grant("auditor")})
    actor = Actor(id="me", grants=offices)
    assert holds(actor, permission, Target(base="east-1"), _PLACES) is True
    assert holds(actor, permission, Target(base="east-2"), _PLACES) is False
    other = Permission("lists.write", Text("修改", "write"), roles=("sending_unit",))
    assert holds(actor, other, Target(base="east-1"), _PLACES) is False


@given(_GRANTS, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(list(_PLACES.bases)))
def test_scopes_only_take_away(grant: Grant, name: str, base: str) -> None:
    permission, target = PERMISSIONS[name], Target(base=base, owners={"me"})
    actor = Actor(id="me", grants=frozenset({grant}))
    whole = holds(actor, permission, target, _PLACES)
    for scopes in (frozenset(), frozenset({"other"}), frozenset({name})):
        limited = Actor(id="me", grants=frozenset({grant}), scopes=scopes)
        assert holds(limited, permission, target, _PLACES) == (whole and name in scopes)


def _of(role: Role) -> set[str]:
    return {name for name, permission in PERMISSIONS.items() if role.value in permission.roles}


def test_the_table_is_the_documented_one() -> None:
    """The whole table, so that a change of it is read twice."""
    assert {role.value: len(_of(role)) for role in Role} == {
        "applicant": 16,
        "sending_unit": 7,
        "specialty_base": 9,
        "base_office": 28,
        "host_department": 7,
        "jurisdiction_office": 23,
        "national": 8,
        "integrator": 5,
        "auditor": 10,
        "administrator": 2,
    }
    assert _of(Role.ADMINISTRATOR) == {"accounts.read", "accounts.manage"}
    assert _of(Role.INTEGRATOR) == {
        "applications.read",
        "registrations.read",
        "statistics.read",
        "events.read",
        "webhooks.manage",
    }


def test_who_may_see_identity_numbers_and_phones() -> None:
    assert PERMISSIONS["identity.read"].roles == (
        "applicant",
        "base_office",
        "jurisdiction_office",
    )
    assert PERMISSIONS["contacts.read"].roles == (
        "applicant",
        "specialty_base",
        "base_office",
        "jurisdiction_office",
    )


def test_auditors_only_read() -> None:
    assert all(name.endswith(".read") for name in _of(Role.AUDITOR))


def test_every_permission_has_a_holder_a_label_and_only_known_roles() -> None:
    for name, permission in PERMISSIONS.items():
        assert isinstance(permission, Permission)
        assert permission.name == name
        assert permission.roles
        assert set(permission.roles) <= set(Role)
        assert len(set(permission.roles)) == len(permission.roles)
        assert permission.label.zh
        assert permission.label.en


@pytest.mark.parametrize(
    ("grant", "problem"),
    [
        (Grant("applicant"), None),
        (Grant("national"), None),
        (Grant("auditor"), None),
        (Grant("auditor", base="east-1"), None),
        (Grant("integrator", jurisdiction="east"), None),
        (Grant("base_office", base="east-1"), None),
        (Grant("jurisdiction_office", jurisdiction="east"), None),
        (Grant("king"), GrantProblem.UNKNOWN_ROLE),
        (Grant("base_office"), GrantProblem.BASE_NEEDED),
        (Grant("specialty_base", jurisdiction="east"), GrantProblem.BASE_NEEDED),
        (Grant("jurisdiction_office"), GrantProblem.JURISDICTION_NEEDED),
        (Grant("applicant", base="east-1"), GrantProblem.NO_LIMIT_POSSIBLE),
        (Grant("national", jurisdiction="east"), GrantProblem.NO_LIMIT_POSSIBLE),
        (Grant("auditor", base="east-1", jurisdiction="east"), GrantProblem.TWO_LIMITS),
        (Grant("specialty_base", base="east-1", specialty="0100"), None),
        (Grant("host_department", base="east-1", specialty="0100"), None),
        (Grant("specialty_base", specialty="0100"), GrantProblem.BASE_NEEDED),
        (
            Grant("base_office", base="east-1", specialty="0100"),
            GrantProblem.SPECIALTY_NOT_POSSIBLE,
        ),
    ],
)
def test_what_may_be_granted(grant: Grant, problem: GrantProblem | None) -> None:
    assert grant_problem(grant) == problem


def test_every_problem_and_role_has_both_languages() -> None:
    for text in [*(problem.text for problem in GrantProblem), *(role.label for role in Role)]:
        assert text.zh
        assert text.en


def test_grants_with_a_permission_come_in_a_steady_order() -> None:
    permission = Permission("lists.read", Text("查看", "read"), roles=("base_office", "national"))
    grants = [
        Grant("national"),
        Grant("base_office", base="west-1"),
        Grant("auditor"),
        Grant("base_office", base="east-1", specialty="0700"),
        Grant("base_office", jurisdiction="west"),
        Grant("base_office", jurisdiction="east"),
        Grant("base_office", base="east-1", specialty="0200"),
        Grant("base_office", base="east-1"),
    ]
    expected = (
        Grant("base_office", jurisdiction="east"),
        Grant("base_office", jurisdiction="west"),
        Grant("base_office", base="east-1"),
        Grant("base_office", base="east-1", specialty="0200"),
        Grant("base_office", base="east-1", specialty="0700"),
        Grant("base_office", base="west-1"),
        Grant("national"),
    )
    assert grants_with(permission, grants) == expected
    assert grants_with(permission, reversed(grants)) == expected
