"""The matrix of an office: every role × own, other; what is denied changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from strawberry.types import get_object_definition

from admissions_office import done, moment
from asked_graph import core_graph
from base_offices import CLINIC, HOSPITAL, MEDICINE, PROGRAM, BaseOffices, base_offices
from zhupei.db.connection import Database
from zhupei.db.models import BrochureRow, ScoreSheetRow
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.interviews import InterviewMode, SlotPeriod
from zhupei.domain.roles import Role, RoleReach
from zhupei.domain.text import Language
from zhupei.graphql.context import GraphContext
from zhupei.services.brochures import decide_brochure, submit_brochure
from zhupei.services.brochures.inputs import DecideBrochureInput, SubmitBrochureInput
from zhupei.services.interviews import assign_interviews, open_interview_slots
from zhupei.services.interviews.inputs import AssignInterviewsInput, OpenInterviewSlotsInput

pytestmark = pytest.mark.slow

_COMPOSED = core_graph()
_ARRANGING = {Role.SPECIALTY_BASE, Role.BASE_OFFICE, Role.HOST_DEPARTMENT}
_SCORES = {*_ARRANGING, Role.JURISDICTION_OFFICE, Role.AUDITOR}
_BROCHURES = {Role.BASE_OFFICE, Role.JURISDICTION_OFFICE, Role.NATIONAL, Role.AUDITOR}
_READING = {
    *_ARRANGING, Role.JURISDICTION_OFFICE, Role.NATIONAL, Role.INTEGRATOR, Role.AUDITOR,
}  # fmt: skip

# Who may do what, written down by hand; each input leads to a refusal after the permission.
_MUTATIONS: dict[str, tuple[set[Role], str]] = {
    "openInterviewSlots": (
        _ARRANGING,
        f'program: "{PROGRAM}", round: "batch-1", mode: VIDEO, place: "1", periods: []',
    ),
    "moveInterviewSlot": (_ARRANGING, 'slot: "{slot}", reason: " "'),
    "cancelInterviewSlot": (_ARRANGING, 'slot: "{slot}", reason: " "'),
    "assignInterviews": (_ARRANGING, 'slot: "{slot}", applications: []'),
    "chooseInterviewSlot": ({Role.APPLICANT}, 'application: "{application}", slot: "{unknown}"'),
    "releaseInterview": (
        {*_ARRANGING, Role.APPLICANT},
        'application: "{application}", reason: " "',
    ),
    "signScoreSheet": ({Role.BASE_OFFICE}, 'sheet: "{sheet}"'),
    "rejectScoreSheet": ({Role.BASE_OFFICE}, 'sheet: "{sheet}", reason: " "'),
    "submitBrochure": ({Role.BASE_OFFICE}, f'program: "{PROGRAM}"'),
    "approveBrochure": ({Role.JURISDICTION_OFFICE}, 'brochure: "{returned}"'),
    "returnBrochure": ({Role.JURISDICTION_OFFICE}, 'brochure: "{submitted}", reason: " "'),
    "recordBrochurePublication": (
        {Role.BASE_OFFICE},
        (
            'brochure: "{submitted}", place: "x", address: "x", '
            'publishedAt: "2026-03-20T09:00:00+08:00"'
        ),
    ),
}
_VERSIONS = (
    f'{{ brochure(program: "{PROGRAM}") {{ versions {{ version lateReason reason attested }} }} }}'
)


class _Day:
    """One of everything at the hospital, and the graph to ask."""

    def __init__(self, office: BaseOffices, ids: dict[str, UUID]) -> None:
        self.office, self.ids = office, ids

    def actor(self, role: Role, *, own: bool) -> Actor:
        match role.reach:
            case RoleReach.BASE:
                grant = Grant(role, base=HOSPITAL if own else CLINIC)
            case RoleReach.JURISDICTION:
                grant = Grant(role, jurisdiction="office-province" if own else "elsewhere")
            case RoleReach.ANY:
                grant = Grant(role, base=HOSPITAL if own else CLINIC)
            case _:
                grant = Grant(role)
        person = role is Role.APPLICANT and own
        return Actor(
            id=str(self.ids["account"]) if person else f"{role}-{own}", grants=frozenset({grant})
        )

    async def ask(self, query: str, actor: Actor | None) -> Any:
        catalogue = self.office.loaded.catalogue
        context = GraphContext(
            catalogue=catalogue,
            dispatcher=self.office.loaded.dispatcher,
            language=Language.EN,
            clock=lambda: self.office.now,
            actor=actor,
            keyring=lambda: self.office.keyring,
            database=self.office.database,
        )
        with self.office.database.use():
            return await _COMPOSED.schema.execute(query, context_value=context)


@pytest.fixture
async def day(database: Database) -> _Day:
    office = await base_offices(database)
    office.go("2026-03-20T09:00")
    given = SubmitBrochureInput(program=PROGRAM, attested=("吉祥物",))
    returned = done(await submit_brochure(office.at(), given))
    refusing = DecideBrochureInput(brochure=returned.id, approved=False, reason="r")
    done(await decide_brochure(office.province(), refusing))
    submitted = done(await submit_brochure(office.at(), given))
    office.go("2026-04-25T09:00")
    account = await office.interviewer(None)
    applicant = await office.person("张三", "E1234567")
    with office.database.use():
        from zhupei.db.models import Applicant

        await Applicant.filter(id=applicant).update(account_id=account)
        await BrochureRow.filter(id=submitted.id).update(late_reason="late", reason=None)
    case = await office.waiting(MEDICINE, applicant)
    (slot,) = done(
        await open_interview_slots(
            office.at(),
            OpenInterviewSlotsInput(
                program=PROGRAM, round="batch-1", mode=InterviewMode.VIDEO, place="1",
                periods=(SlotPeriod(
                    starts_at=moment("2026-04-27T09:00"), ends_at=moment("2026-04-27T10:00"),
                ),),
                interviewers=(await office.interviewer(),),
            ),
        )
    )  # fmt: skip
    done(
        await assign_interviews(
            office.at(), AssignInterviewsInput(slot=slot.id, applications=(case.id,))
        )
    )
    with office.database.use():
        sheet = await ScoreSheetRow.create(
            base_code=HOSPITAL, program_code=PROGRAM, opening_code="", round_code="batch-1",
            assessments="interview", state="PENDING", low=["interview"], sha256="0" * 64,
            rows=[{"application": str(case.id), "row": 2, "absent": [],
                   "scores": [{"kind": "interview", "points": "1", "of": 100}]}],
            catalogue_hash="0" * 64, entered_by="somebody", entered_at=office.now,
        )  # fmt: skip
    ids = {
        "slot": slot.id, "application": case.id, "sheet": sheet.id, "returned": returned.id,
        "submitted": submitted.id, "account": account, "unknown": uuid4(),
    }  # fmt: skip
    return _Day(office, ids)


def _codes(result: Any) -> dict[str, str]:
    return {
        ".".join(str(part) for part in error.path): error.extensions["code"]
        for error in result.errors or []
    }


def test_every_mutation_of_an_office_is_in_the_matrix() -> None:
    from zhupei.graphql.mutations.brochures import BrochureMutations
    from zhupei.graphql.mutations.interviews import InterviewMutations
    from zhupei.graphql.mutations.score_sheets import ScoreSheetMutations

    names = {
        _COMPOSED.schema.config.name_converter.get_graphql_name(each)
        for type_ in (BrochureMutations, InterviewMutations, ScoreSheetMutations)
        for each in get_object_definition(type_, strict=True).fields
    }
    assert names == set(_MUTATIONS)


async def test_who_may_do_what_and_nothing_else(day: _Day) -> None:
    before = await day.office.rows()
    for mutation, (may, given) in _MUTATIONS.items():
        text = given
        for name, id_ in day.ids.items():
            text = text.replace(f"{{{name}}}", str(id_))
        query = (
            f"mutation {{ {mutation}(input: {{ {text} }}) "
            "{ __typename ... on Refusal { code field } } }"
        )
        for role in Role:
            for own in (True, False):
                result = await day.ask(query, day.actor(role, own=own))
                said = (mutation, role, own, result)
                if role in may and own:
                    assert result.errors is None, said
                    assert result.data[mutation]["field"] != "application", said
                elif result.errors is None:
                    # Whoever may not see what is named does not learn that it is there: the
                    # answer is that to an id of nothing.
                    absent = query
                    for id_ in day.ids.values():
                        absent = absent.replace(str(id_), str(day.ids["unknown"]))
                    other = await day.ask(absent, day.actor(role, own=own))
                    assert result.data[mutation] == other.data[mutation], said
                    assert result.data[mutation]["code"] == "NOT_FOUND", said
                else:
                    assert result.data == {mutation: None}, said
                    assert _codes(result) == {mutation: "FORBIDDEN"}, said
        result = await day.ask(query, None)
        assert _codes(result) == {mutation: "UNAUTHENTICATED"}
    assert await day.office.rows() == before


async def test_who_sees_slots_and_scores(day: _Day) -> None:
    query = (
        f'{{ interviewSlot(id: "{day.ids["slot"]}") {{ id interviewers bookings {{ id }} }} '
        f'scoreSheet(id: "{day.ids["sheet"]}") {{ id rows {{ row }} standsAgainst {{ code }} }} }}'
    )
    for role in Role:
        for own in (True, False):
            result = await day.ask(query, day.actor(role, own=own))
            said = (role, own, result)
            slot, sheet = result.data["interviewSlot"], result.data["scoreSheet"]
            sees = own and role in {*_ARRANGING, Role.APPLICANT}
            assert (slot is not None) is sees, said
            if sees and role in _ARRANGING:
                assert (len(slot["interviewers"]), len(slot["bookings"])) == (1, 1), said
            elif sees:
                assert (slot["interviewers"], slot["bookings"]) == (None, None), said
            assert (sheet is not None) is (own and role in _SCORES), said
            if sheet is not None:
                assert sheet["rows"] == [{"row": 2}], said
                denied = _codes(result).get("scoreSheet.standsAgainst")
                assert denied == (None if role is Role.BASE_OFFICE else "FORBIDDEN"), said
    for each in ("interviewSlot", "scoreSheet"):
        assert _codes(await day.ask(query, None))[each] == "UNAUTHENTICATED"


async def test_who_sees_a_brochure_before_it_is_published(day: _Day) -> None:
    for role in (*Role, None):
        for own in (True, False):
            actor = None if role is None else day.actor(role, own=own)
            result = await day.ask(_VERSIONS, actor)
            sees = role in _BROCHURES and (own or role is Role.NATIONAL)
            assert result.errors is None, (role, own, result)
            assert result.data["brochure"]["versions"] == (
                [
                    {"version": 2, "lateReason": "late", "reason": None, "attested": ["吉祥物"]},
                    {"version": 1, "lateReason": None, "reason": "r", "attested": ["吉祥物"]},
                ]
                if sees
                else []
            ), (role, own)


async def test_what_is_said_of_a_published_brochure_stays_inside(day: _Day) -> None:
    with day.office.database.use():
        await BrochureRow.filter(id=day.ids["submitted"]).update(
            state="PUBLISHED", published_at=day.office.now
        )
    result = await day.ask(_VERSIONS, None)
    assert result.data["brochure"]["versions"] == [
        {"version": 2, "lateReason": None, "reason": None, "attested": None}
    ]
    assert _codes(result) == {
        f"brochure.versions.0.{name}": "UNAUTHENTICATED"
        for name in ("attested", "lateReason", "reason")
    }


async def test_whose_queue_it_is(day: _Day) -> None:
    query = f'{{ officeQueue(base: "{HOSPITAL}") {{ total }} }}'
    for role in Role:
        for own in (True, False):
            result = await day.ask(query, day.actor(role, own=own))
            if role in _READING and (own or role is Role.NATIONAL):
                assert result.data == {"officeQueue": {"total": 1}}, (role, own, result)
            else:
                assert _codes(result) == {"officeQueue": "FORBIDDEN"}, (role, own, result)
