"""One question for each hook that is asked about a base, a person or an event."""

from __future__ import annotations

from datetime import date
from typing import Any

from zhupei import Month
from zhupei.testing.factories import (
    a_base,
    a_candidate,
    a_cycle,
    a_program,
    a_request,
    a_submission,
    a_trainee,
    an_actor,
    an_admission_step,
    an_application,
    an_assessment,
    an_assessment_record,
    an_event,
    an_opening,
)

__all__ = ["example_questions"]


def example_questions() -> dict[str, dict[str, Any]]:
    """Return arguments by hook: all of one hospital that does not exist, in one year.

    `register_*`, `startup` and `shutdown` are not among them: they are not about anybody.
    """
    base, program, cycle = a_base(), a_program(), a_cycle()
    yearly = {"base": base, "cycle": cycle}
    return {
        "base_quotas": yearly,
        "base_benefits": yearly,
        "base_admission_steps": yearly | {"program": program},
        "base_timeline": yearly,
        "base_documents": yearly | {"program": program},
        "base_subsidies": yearly,
        "base_assessments": {"base": base, "program": program},
        "base_extension": {"base": base},
        "check_eligibility": yearly
        | {"program": program, "opening": an_opening(), "candidate": a_candidate()},
        "check_step": {
            "base": base,
            "application": an_application(),
            "step": an_admission_step(),
            "submission": a_submission(),
        },
        "remaining_seats": yearly | {"openings": (an_opening(),)},
        "calculate_subsidy": {"base": base, "trainee": a_trainee(), "month": Month(2026, 12)},
        "score_assessment": {
            "base": base,
            "assessment": an_assessment(),
            "record": an_assessment_record(),
        },
        "working_day": {"day": date(2026, 6, 1)},
        "actor_from_request": {"request": a_request()},
        "permission_granted": {
            "actor": an_actor(),
            "permission": "admissions.publish",
            "base": base,
        },
        "event_recorded": {"event": an_event()},
    }
