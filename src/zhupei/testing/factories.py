"""Objects for tests of plugins: a hospital that does not exist, and people nobody knows.

Every factory fills in what a test does not care about; what it does care about is given by name.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from zhupei import (
    CHINA_TIME,
    Actor,
    AdmissionStep,
    Application,
    Assessment,
    AssessmentRecord,
    Base,
    Benefit,
    Candidate,
    Cycle,
    Degree,
    DegreeLevel,
    Event,
    Level,
    Opening,
    Profile,
    Program,
    ProgramKind,
    Request,
    Requirement,
    Submission,
    Text,
    Trainee,
    TraineeType,
)

__all__ = [
    "a_base",
    "a_benefit",
    "a_candidate",
    "a_cycle",
    "a_degree",
    "a_profile",
    "a_program",
    "a_request",
    "a_requirement",
    "a_submission",
    "a_trainee",
    "an_actor",
    "an_admission_step",
    "an_application",
    "an_assessment",
    "an_assessment_record",
    "an_event",
    "an_opening",
]

_BASE = "example-hospital"
_PROGRAM = "example-residency-2026"
_OPENING = f"{_PROGRAM}/0100"


def a_cycle(year: int = 2026) -> Cycle:
    """A recruitment year."""
    return Cycle(year)


def a_base(code: str = _BASE, **given: Any) -> Base:
    """A hospital that does not exist."""
    filled: dict[str, Any] = {
        "code": code,
        "name": Text("示例医院", "Example Hospital"),
        "province": "110000",
    }
    return Base(**filled | given)


def a_program(code: str = _PROGRAM, **given: Any) -> Program:
    """Its residency of 2026."""
    filled: dict[str, Any] = {
        "code": code,
        "name": Text("示例住院医师规范化培训", "Example residency"),
        "kind": ProgramKind.RESIDENCY,
        "year": 2026,
        "base": _BASE,
        "duration_months": 36,
    }
    return Program(**filled | given)


def an_opening(code: str = _OPENING, **given: Any) -> Opening:
    """One row of its plan, internal medicine with three seats; the code's parts are filled in."""
    program, _, specialty = code.partition("/")
    filled: dict[str, Any] = {
        "code": code,
        "program": program,
        "base": _BASE,
        "specialty": specialty,
        "specialty_name": Text("内科", "Internal medicine"),
        "year": 2026,
        "kind": ProgramKind.RESIDENCY,
        "quota": 3,
    }
    return Opening(**filled | given)


def a_degree(**given: Any) -> Degree:
    """A bachelor's degree of clinical medicine, held."""
    filled: dict[str, Any] = {
        "level": DegreeLevel.BACHELOR,
        "major_code": "100201K",
        "awarded": True,
    }
    return Degree(**filled | given)


def a_candidate(**given: Any) -> Candidate:
    """A candidate of whom nothing is known but what is given."""
    return Candidate(**given)


def a_profile(**given: Any) -> Profile:
    """A profile of which nothing is known but what is given."""
    return Profile(**given)


def a_requirement(**given: Any) -> Requirement:
    """A condition of admission."""
    filled: dict[str, Any] = {
        "id": "example-rule",
        "kind": "declaration",
        "label": Text("示例条件", "Example rule"),
        "level": Level.INSTITUTION,
    }
    return Requirement(**filled | given)


def a_benefit(**given: Any) -> Benefit:
    """A benefit without a figure."""
    filled: dict[str, Any] = {
        "id": "example-benefit",
        "kind": "in_kind",
        "label": Text("示例待遇", "Example benefit"),
        "level": Level.INSTITUTION,
    }
    return Benefit(**filled | given)


def an_admission_step(**given: Any) -> AdmissionStep:
    """A step of admission."""
    filled: dict[str, Any] = {
        "id": "registration",
        "kind": "registration",
        "label": Text("报名", "Registration"),
        "level": Level.INSTITUTION,
    }
    return AdmissionStep(**filled | given)


def an_assessment(**given: Any) -> Assessment:
    """An assessment of admission."""
    filled: dict[str, Any] = {
        "id": "interview",
        "kind": "interview",
        "label": Text("面试", "Interview"),
        "phase": "admission",
        "level": Level.INSTITUTION,
    }
    return Assessment(**filled | given)


def an_assessment_record(**given: Any) -> AssessmentRecord:
    """What was recorded at an assessment."""
    filled: dict[str, Any] = {
        "assessment": "interview",
        "subject": "trainee-1",
        "taken_on": date(2026, 7, 1),
    }
    return AssessmentRecord(**filled | given)


def an_application(**given: Any) -> Application:
    """An application that was submitted."""
    filled: dict[str, Any] = {
        "id": "application-1",
        "base": _BASE,
        "program": _PROGRAM,
        "opening": _OPENING,
        "candidate": a_candidate(),
        "state": "submitted",
        "submitted_at": _moment(6, 1),
    }
    return Application(**filled | given)


def a_submission(**given: Any) -> Submission:
    """What is handed in for a step, without documents."""
    filled: dict[str, Any] = {"step": "registration", "at": _moment(6, 2)}
    return Submission(**filled | given)


def a_trainee(**given: Any) -> Trainee:
    """A trainee in the first year."""
    filled: dict[str, Any] = {
        "id": "trainee-1",
        "base": _BASE,
        "program": _PROGRAM,
        "opening": _OPENING,
        "specialty": "0100",
        "profile": a_profile(trainee_type=TraineeType.SOCIAL),
        "started_on": date(2026, 9, 1),
    }
    return Trainee(**filled | given)


def an_actor(id: str = "person-1", **given: Any) -> Actor:  # noqa: A002 - because the field is so
    """A person without roles."""
    return Actor(id=id, **given)


def a_request(**given: Any) -> Request:
    """A request that carries nothing."""
    filled: dict[str, Any] = {"method": "POST", "path": "/graphql"}
    return Request(**filled | given)


def an_event(name: str = "application.submitted", **given: Any) -> Event:
    """Something that happened."""
    filled: dict[str, Any] = {
        "id": UUID(int=1),
        "name": name,
        "at": _moment(6, 1),
        "subject": "application-1",
    }
    return Event(**filled | given)


def _moment(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=CHINA_TIME)
