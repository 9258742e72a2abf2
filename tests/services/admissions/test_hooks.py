"""What plugins have a say in: steps before they are completed, events after."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from admissions_office import IDENTITY, MEDICINE, PERSON, Office, done
from zhupei import hookimpl
from zhupei.db.models import TransitionRow
from zhupei.domain.admission import AdmissionStep
from zhupei.domain.admission_case import ReviewDecision
from zhupei.domain.applications import Application, Submission
from zhupei.domain.eligibility import EligibilityOutcome, Finding, FindingOutcome
from zhupei.domain.events import Event
from zhupei.domain.people import Candidate, EnglishProficiency
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.scope import Naming, Rights, Scope
from zhupei.services import admissions
from zhupei.services.admissions import RefusalCode, inputs
from zhupei.services.audit import verify_audit_chain


@dataclass
class Plugin:
    """Refuses one step, leaves one to a review, or fails; writes down what it sees."""

    refuses: str | None = None
    reviews: str | None = None
    fails: bool = False
    steps: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    facts: list[Candidate] = field(default_factory=list)
    shown: list[tuple[str, ...]] = field(default_factory=list)

    @hookimpl
    def check_step(
        self, application: Application, step: AdmissionStep, submission: Submission
    ) -> list[Finding] | None:
        """Judge a step."""
        self.steps.append(f"{application.state} {step.id} {len(submission.documents)}")
        self.facts.append(application.candidate)
        self.shown.append(submission.shown)
        if self.fails:
            raise RuntimeError("out of order")
        if step.id not in {self.refuses, self.reviews}:
            return None
        outcome = FindingOutcome.FAIL if step.id == self.refuses else FindingOutcome.REVIEW
        message = Text("照片不清晰", "the photograph is blurred")
        return [
            Finding(
                rule="photo",
                outcome=outcome,
                level=Level.INSTITUTION,
                message=message,
            )
        ]

    @hookimpl
    def event_recorded(self, event: Event) -> None:
        """Write down."""
        self.events.append(event)


async def test_a_plugin_refuses_a_step(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = Plugin(refuses="preference")
    _join(office, plugin, monkeypatch)
    case = await office.draft()
    before = await office.everything()
    given = inputs.SubmitApplicationInput(application=case.id, documents=(IDENTITY,))
    own = office.own(case.applicant)
    refusal = await office.refuses(
        RefusalCode.STEP_REFUSED, await admissions.submit_application(own, given)
    )
    assert plugin.steps == ["DRAFT registration 1", "DRAFT preference 1"]
    assert [(each.rule, each.plugin) for each in refusal.findings] == [("photo", "sample")]
    assert refusal.message.en == '"Preference" is refused: the photograph is blurred'
    assert await office.everything() == before
    plugin.refuses = None
    done(await admissions.submit_application(own, given))
    assert [event.name for event in plugin.events] == [
        "application.draft",
        "application.submitted",
    ]
    assert plugin.events[1].data == {
        "action": "SUBMIT",
        "state": "SUBMITTED",
        "revision": 2,
        "round": "batch-1",
    }
    assert plugin.events[1].actor == f"account-{case.applicant}"


async def test_what_a_plugin_leaves_to_a_review_is_reviewed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _join(office, Plugin(reviews="preference"), monkeypatch)
    case = await office.submitted()
    assert case.eligibility is not None
    assert case.eligibility.outcome is EligibilityOutcome.NEEDS_REVIEW
    assert [
        (each.rule, each.plugin)
        for each in case.eligibility.findings
        if each.outcome is FindingOutcome.REVIEW
    ] == [("photo", "sample")]
    office.go("2026-04-27T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    before = await office.everything()
    await office.refuses(
        RefusalCode.REVIEW_UNDECIDED,
        await admissions.record_eligibility_check(office.staff(), check),
    )
    assert await office.everything() == before
    decision = ReviewDecision(rule="photo", accepted=True, reason="本人到场核对")
    check = replace(check, decisions=(decision,))
    passed = done(await admissions.record_eligibility_check(office.staff(), check))
    assert passed.eligibility is not None
    assert passed.eligibility.decisions == (decision,)
    with office.database.use():
        report = await verify_audit_chain()
    assert report.broken is None


async def test_a_plugin_that_fails_lets_nothing_pass(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = Plugin(fails=True)
    _join(office, plugin, monkeypatch)
    case = await office.draft()
    before = await office.everything()
    given = inputs.SubmitApplicationInput(application=case.id, documents=(IDENTITY,))
    refusal = await office.refuses(
        RefusalCode.PLUGIN_FAILED,
        await admissions.submit_application(office.own(case.applicant), given),
    )
    assert "out of order" not in (refusal.message.en or "")
    assert await office.everything() == before


async def test_a_plugin_judges_the_facts_that_are_handed_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the draft are what the person said before."""
    plugin = Plugin()
    _join(office, plugin, monkeypatch)
    case = await office.draft()
    meant = replace(PERSON, english=EnglishProficiency(cet4=500))
    given = inputs.SubmitApplicationInput(
        application=case.id, documents=(IDENTITY,), candidate=meant
    )
    done(await admissions.submit_application(office.own(case.applicant), given))
    assert plugin.steps == ["DRAFT registration 1", "DRAFT preference 1"]
    assert [each.english for each in plugin.facts] == [meant.english] * 2


async def test_what_was_shown_at_an_interview_is_kept_and_judged(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R142: complete documents are needed there."""
    case = await office.submitted()
    office.go("2026-04-27T09:00")
    check = inputs.RecordEligibilityCheckInput(application=case.id, passed=True)
    done(await admissions.record_eligibility_check(office.staff(), check))
    plugin = Plugin()
    _join(office, plugin, monkeypatch)
    given = inputs.RecordScoreInput(
        application=case.id, points=Decimal(80), of=100, documents=("identity", "degree")
    )
    done(await admissions.record_interview(office.staff(), given))
    assert plugin.shown == [("identity", "degree")]
    assert plugin.steps == ["CHECKED interview 1"]
    with office.database.use():
        row = await TransitionRow.get(application_id=case.id, action="RECORD_INTERVIEW")
        report = await verify_audit_chain()
    assert row.data["documents"] == ["identity", "degree"]
    assert report.broken is None


async def test_plugins_are_told_of_an_invitation_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = Plugin()
    _join(office, plugin, monkeypatch)
    office.go("2026-06-02T09:00")
    given = inputs.InviteCandidateInput(
        applicant=await office.known(), opening=MEDICINE, round="batch-2", idempotency_key="k"
    )
    for asked in (given, given, replace(given, idempotency_key=None)):
        done(await admissions.invite_candidate(office.staff(), asked))
    assert [(each.name, each.data) for each in plugin.events] == [
        ("invitation.made", {"round": "batch-2"})
    ]


async def test_plugins_are_told_of_an_objection_and_not_whose_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await office.published(90, 80)
    plugin = Plugin()
    _join(office, plugin, monkeypatch)
    given = inputs.FileObjectionInput(application=first.id, text="材料不实", idempotency_key="k")
    for _ in range(2):
        done(await admissions.file_objection(office.own(second.applicant), given))
    assert [(each.name, each.actor) for each in plugin.events] == [("objection.filed", None)]


def _join(office: Office, plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hospital name a plugin."""
    naming = Naming(Rights.INSTITUTION, code="sample-hospital")
    office.dispatcher = Dispatcher(office.loaded.host.extended("sample", plugin, naming))
    scopes = {
        **office.loaded.catalogue.scopes,
        "sample-hospital": Scope(base="sample-hospital", institution=("sample",)),
    }
    monkeypatch.setitem(office.loaded.catalogue.__dict__, "scopes", scopes)
