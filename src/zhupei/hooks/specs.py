# mypy: disable-error-code="empty-body"
# (a specification has no body; plugins write it)
"""The 26 hooks: everything that the core asks of plugins.

A plugin implements those it needs with ``@hookimpl`` and takes those arguments it needs. Unless
a hook says otherwise, a function may be ``def`` or ``async def``; it is awaited with a time-out.
Arguments are frozen. ``config`` is the plugin's own validated ``extra:`` block of the file that
concerns the base, None where there is none.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from zhupei.domain.actors import Actor, Permission, Request
from zhupei.domain.admission import AdmissionStep, RequiredDocument
from zhupei.domain.applications import Application, Submission
from zhupei.domain.assessment import Assessment, Score
from zhupei.domain.benefits import Benefit, Subsidy, SubsidyLine
from zhupei.domain.eligibility import Finding
from zhupei.domain.events import Event
from zhupei.domain.institutions import Base
from zhupei.domain.kinds import Kind
from zhupei.domain.people import Candidate
from zhupei.domain.trainees import AssessmentRecord, Month, Trainee
from zhupei.domain.training import Cycle, Opening, Program, Quota, Timeline
from zhupei.hooks.declaration import Mode, Reach, When, hook
from zhupei.hooks.installation import Commands, Zhupei

__all__ = [
    "actor_from_request",
    "base_admission_steps",
    "base_assessments",
    "base_benefits",
    "base_documents",
    "base_extension",
    "base_quotas",
    "base_subsidies",
    "base_timeline",
    "calculate_subsidy",
    "check_eligibility",
    "check_step",
    "event_recorded",
    "permission_granted",
    "register_bases",
    "register_commands",
    "register_config",
    "register_kinds",
    "register_permissions",
    "register_queries",
    "register_types",
    "remaining_seats",
    "score_assessment",
    "shutdown",
    "startup",
    "working_day",
]


@hook(Mode.EACH, Reach.ALL, When.STARTUP, sync=True)
def register_kinds() -> list[Kind]:
    """Teach configuration files new words for ``kind:``.

    Asked of: every plugin, once, before configuration files are read.
    Answers: kinds whose names begin with ``<slug>.``; requirements and benefits with a function.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.STARTUP, sync=True)
def register_config() -> type[BaseModel]:
    """Describe the plugin's own block below ``extra:`` in files of bases and jurisdictions.

    Asked of: every plugin, once, before configuration files are read.
    Answers: a subclass of ``zhupei.Model``; the block is checked with it and given as ``config``.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.STARTUP, sync=True)
def register_bases() -> list[Path]:
    """Name folders with configuration files that the plugin's package carries.

    Asked of: every plugin, once, before configuration files are read.
    Answers: absolute paths of existing folders.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.COMPOSITION, sync=True)
def register_types() -> list[type[Any]]:
    """Add types to the graph that implement interfaces of ``zhupei.graph``.

    Asked of: every plugin, once, before the graph is composed.
    Answers: strawberry types whose names begin with the slug in PascalCase.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.COMPOSITION, sync=True)
def register_queries() -> type[Any]:
    """Add the plugin's own queries to the graph, at ``Query.<slug>``.

    Asked of: every plugin, once, before the graph is composed.
    Answers: one strawberry type named ``<Prefix>Queries``; it is made without arguments.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.STARTUP, sync=True)
def register_permissions() -> list[Permission]:
    """Declare permissions that protect the plugin's own fields.

    Asked of: every plugin, once, at start-up.
    Answers: permissions whose names begin with ``<slug>.``.
    If it fails: the plugin is left out, and its bases are DEGRADED.
    """


@hook(Mode.EACH, Reach.ALL, When.COMMAND, sync=True)
def register_commands(commands: Commands) -> None:
    """Add commands to the command line, as ``zhupei <slug> …``.

    Asked of: every plugin, when the command line is read.
    Answers: nothing; it adds parsers to ``commands``, each with ``set_defaults(run=function)``.
    If it fails: the plugin has no commands, and a line on stderr says why.
    """


@hook(Mode.NOTIFY, Reach.ALL, When.LIFESPAN)
def startup(zhupei: Zhupei) -> None:
    """Open what the plugin needs while the server runs.

    Asked of: every plugin, when the server starts, before the first request.
    Answers: nothing.
    If it fails: it is logged, and the plugin is DEGRADED; the server starts all the same.
    """


@hook(Mode.NOTIFY, Reach.ALL, When.LIFESPAN)
def shutdown(zhupei: Zhupei) -> None:
    """Close what `startup` opened.

    Asked of: every plugin, when the server stops, after the last request.
    Answers: nothing.
    If it fails: it is logged; the server stops all the same.
    """


@hook(Mode.FIRST, Reach.BASE, When.BUILD)
def base_quotas(base: Base, cycle: Cycle, config: Any) -> list[Quota] | None:
    """Say how many people a base recruits in which specialty.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: one quota for each specialty, ``seats=None`` where not published; None to pass.
    If it fails: the base keeps the next level's quotas and is DEGRADED.
    """


@hook(Mode.MERGE, Reach.BASE, When.BUILD)
def base_benefits(base: Base, cycle: Cycle, config: Any) -> list[Benefit] | None:
    """Say what a base's trainees are paid or given.

    Asked of: the national plugins, the jurisdictions', then the base's; a nearer one replaces.
    Answers: benefits with ids, and params as their kinds take; the same id replaces a benefit of a
    higher level; None to pass.
    If it fails: the base keeps the other levels' benefits and is DEGRADED.
    """


@hook(Mode.FIRST, Reach.BASE, When.BUILD)
def base_admission_steps(
    base: Base, program: Program, cycle: Cycle, config: Any
) -> list[AdmissionStep] | None:
    """Say by which steps a base admits people to a program.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: all steps in their order; None to pass.
    If it fails: the base keeps the next level's steps and is DEGRADED.
    """


@hook(Mode.FIRST, Reach.BASE, When.BUILD)
def base_timeline(base: Base, cycle: Cycle, config: Any) -> Timeline | None:
    """Say when the rounds of a base's admission open and close.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: the rounds of one program with half-open windows in Asia/Shanghai; None to pass.
    If it fails: the base keeps the next level's rounds and is DEGRADED.
    """


@hook(Mode.MERGE, Reach.BASE, When.BUILD)
def base_documents(
    base: Base, program: Program, cycle: Cycle, config: Any
) -> list[RequiredDocument] | None:
    """Say which documents an applicant gives.

    Asked of: the national plugins, the jurisdictions', then the base's; a nearer one replaces.
    Answers: documents with ids; the same id replaces a document of a higher level; None to pass.
    If it fails: the base keeps the other levels' documents and is DEGRADED.
    """


@hook(Mode.MERGE, Reach.BASE, When.BUILD)
def base_subsidies(base: Base, cycle: Cycle, config: Any) -> list[Subsidy] | None:
    """Say which subsidies reach a base's trainees, from which payer and funding source.

    Asked of: the national plugins, the jurisdictions', then the base's; a nearer one replaces.
    Answers: monthly amounts in yuan, None where not published; None to pass.
    If it fails: the base keeps the other levels' subsidies and is DEGRADED.
    """


@hook(Mode.MERGE, Reach.BASE, When.BUILD)
def base_assessments(base: Base, program: Program, config: Any) -> list[Assessment] | None:
    """Say what is examined, when, and how it is marked.

    Asked of: the national plugins, the jurisdictions', then the base's; a nearer one replaces.
    Answers: assessments with ids; the weights of one phase add up to 1; None to pass.
    If it fails: the base keeps the other levels' assessments and is DEGRADED.
    """


@hook(Mode.FIRST, Reach.BASE, When.BUILD)
def base_extension(base: Base, config: Any) -> object | None:
    """Give the base's own object of the graph, for what the core has no field for.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: an instance of a type that the same plugin registered; None to pass.
    If it fails: the field is null and the base is DEGRADED.
    """


@hook(Mode.GATHER, Reach.BASE, When.DECISION)
def check_eligibility(
    base: Base, program: Program, opening: Opening, cycle: Cycle, candidate: Candidate
) -> list[Finding] | None:
    """Judge a candidate by rules that the configuration cannot say.

    Asked of: all plugins of the base, its jurisdictions and the nation.
    Answers: one finding for each rule; UNKNOWN where a fact is missing; None where none applies.
    If it fails: eligibility is UNKNOWN, and no application can be submitted.
    """


@hook(Mode.GATHER, Reach.BASE, When.DECISION)
def check_step(
    base: Base, application: Application, step: AdmissionStep, submission: Submission
) -> list[Finding] | None:
    """Judge what is handed in before a step of an application is completed.

    Asked of: all plugins of the base, its jurisdictions and the nation.
    Answers: one finding for each rule; FAIL or UNKNOWN refuses the step, REVIEW at submission is
    decided with the rules of eligibility; None where none applies.
    If it fails: the step is refused and nothing changes.
    """


@hook(Mode.FIRST, Reach.BASE, When.READ)
def remaining_seats(
    base: Base, openings: tuple[Opening, ...], cycle: Cycle
) -> dict[str, int] | None:
    """Say how many seats are left, where a base counts them elsewhere.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: seats left by opening code, for those it knows of all asked at once; None to pass.
    If it fails: the field is null, and the answer's extensions name plugin and hook.
    """


@hook(Mode.MERGE, Reach.BASE, When.DECISION)
def calculate_subsidy(base: Base, trainee: Trainee, month: Month) -> list[SubsidyLine] | None:
    """Work out what a trainee gets in a month, where kinds of benefits cannot say it.

    Asked of: the national plugins, the jurisdictions', then the base's; a nearer one replaces.
    Answers: lines with ids; the same id replaces a line of a higher level; None to pass.
    If it fails: the trainee's month is not settled, and the estimate says what is missing.
    """


@hook(Mode.FIRST, Reach.BASE, When.DECISION)
def score_assessment(base: Base, assessment: Assessment, record: AssessmentRecord) -> Score | None:
    """Turn what was recorded at an assessment into a score.

    Asked of: the base's plugins, its jurisdictions', then the national ones; the first answers.
    Answers: points of the full mark or a grade; None to pass.
    If it fails: the record is not saved.
    """


@hook(Mode.FIRST, Reach.PLATFORM, When.DECISION, sync=True)
def working_day(day: date) -> bool | None:
    """Say whether a day is a working day.

    Asked of: the platform's plugins, then the core's; the first answers.
    Answers: True or False; None for a year that it has no calendar for.
    If it fails: no deadline is computed, and what depends on it says so.
    """


@hook(Mode.FIRST, Reach.PLATFORM, When.DECISION)
def actor_from_request(request: Request) -> Actor | None:
    """Say who is asking.

    Asked of: the platform's plugins, then the core's; the first answers.
    Answers: the actor; None where the request carries nothing that it knows.
    If it fails: the request is refused.
    """


@hook(Mode.GATHER, Reach.BASE, When.DECISION)
def permission_granted(actor: Actor | None, permission: str, base: Base | None) -> bool | None:
    """Allow or refuse what roles alone do not decide.

    Asked of: all plugins of the base, its jurisdictions and the nation.
    Answers: any False refuses; True allows where none refuses; None for no opinion.
    If it fails: it is refused.
    """


@hook(Mode.NOTIFY, Reach.BASE, When.COMMITTED)
def event_recorded(event: Event) -> None:
    """React to what has happened, after it was committed.

    Asked of: all plugins of the base that the event concerns, its jurisdictions and the nation.
    Answers: nothing.
    If it fails: it is logged; what happened stays.
    """
