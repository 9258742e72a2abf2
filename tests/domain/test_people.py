"""What rules are told of a person, and the order of levels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from zhupei.domain.people import (
    Candidate,
    Certificate,
    Degree,
    DegreeLevel,
    HospitalTier,
    NightShift,
    Profile,
    TitleLevel,
    TraineeType,
    facts,
)


def test_facts_are_plain_values_by_the_names_of_the_graph() -> None:
    """An enumeration is its value, a date ISO text, and a number one that expressions compare."""
    candidate = Candidate(
        trainee_type=TraineeType.SOCIAL,
        birth_date=date(2000, 2, 29),
        degrees=(Degree(level=DegreeLevel.MASTER),),
        licensed=False,
        work_years=Decimal("1.5"),
        certificates=(),
        preferences=2,
    )
    found = facts(candidate)
    assert found == {
        "traineeType": "SOCIAL",
        "birthDate": "2000-02-29",
        "degrees": [{"level": "MASTER"}],
        "licensed": False,
        "workYears": 1.5,
        "certificates": [],
        "preferences": 2,
    }
    assert {name: type(value) for name, value in found.items()} == {
        "traineeType": str,
        "birthDate": str,
        "degrees": list,
        "licensed": bool,
        "workYears": float,
        "certificates": list,
        "preferences": int,
    }


def test_what_is_not_known_is_left_out() -> None:
    """No degrees were given, whereas no certificates and no shifts were given as none."""
    assert facts(Candidate()) == {}
    assert facts(Candidate(certificates=(Certificate(name="红会救护员证"),))) == {
        "certificates": [{"name": "红会救护员证"}]
    }
    assert facts(Profile(night_shifts=())) == {"nightShifts": []}
    shift = NightShift(starts_at="2026-09-01T20:00+08:00", ends_at="", independent=True)
    assert facts(Profile(night_shifts=(shift,))) == {
        "nightShifts": [{"startsAt": "2026-09-01T20:00+08:00", "endsAt": "", "independent": True}]
    }


def test_levels_rank_from_the_lowest() -> None:
    assert {tier: tier.rank for tier in HospitalTier} == {
        HospitalTier.PRIMARY: 0,
        HospitalTier.SECONDARY: 1,
        HospitalTier.TERTIARY: 2,
    }
    assert {title: title.rank for title in TitleLevel} == {
        TitleLevel.NONE: 0,
        TitleLevel.JUNIOR: 1,
        TitleLevel.INTERMEDIATE: 2,
        TitleLevel.ASSOCIATE_SENIOR: 3,
        TitleLevel.SENIOR: 4,
    }
