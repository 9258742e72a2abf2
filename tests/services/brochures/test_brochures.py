"""Tests of zhupei.services.brochures: submitted, approved or returned, published in two places."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from admissions_office import done, moment
from base_offices import CLINIC, CLINIC_PROGRAM, HOSPITAL, PROGRAM, BaseOffices
from zhupei.domain.actors import Actor, Grant
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.brochures import Brochure, BrochureState
from zhupei.domain.sources import Level
from zhupei.domain.text import Text
from zhupei.domain.training import Policy
from zhupei.services.admissions import Desk
from zhupei.services.brochures import (
    brochure_content,
    brochure_situation,
    brochure_versions,
    changed_since,
    decide_brochure,
    previous_program,
    record_brochure_publication,
    submit_brochure,
)
from zhupei.services.brochures.inputs import (
    DecideBrochureInput,
    RecordBrochurePublicationInput,
    SubmitBrochureInput,
)

IN_TIME = "2026-03-20T09:00"
MASCOT = "吉祥物"


@pytest.fixture(autouse=True)
def in_time(office: BaseOffices) -> None:
    """Before the deadline of 25 March, included."""
    office.go(IN_TIME)


async def submitted(office: BaseOffices, **changes: Any) -> Brochure:
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,), **changes)
    return done(await submit_brochure(office.at(), given))


async def decided(office: BaseOffices, brochure: Brochure, *, approved: bool = True) -> Brochure:
    given = DecideBrochureInput(
        brochure=brochure.id, approved=approved, reason=None if approved else "缺少住宿说明"
    )
    return done(await decide_brochure(office.province(), given))


def published(
    office: BaseOffices, brochure: Brochure, place: str
) -> RecordBrochurePublicationInput:
    return RecordBrochurePublicationInput(
        brochure=brochure.id,
        place=place,
        address=f"https://hospital.example/{place.replace(' ', '-')}",
        published_at=office.now,
    )


def changed(office: BaseOffices) -> None:
    """Let the configuration say something else of the program."""
    catalogue = office.loaded.catalogue
    program = replace(catalogue.programs[PROGRAM], name=Text("新名称", "New name"))
    office.loaded = replace(
        office.loaded,
        catalogue=replace(catalogue, programs={**catalogue.programs, PROGRAM: program}),
    )


def public(office: BaseOffices) -> Desk:
    return office.desk(Actor(id="public"))


async def test_a_submission_freezes_the_pages(office: BaseOffices) -> None:
    """R134, R135: checked, and kept with the hash of its content and of the catalogue."""
    brochure = await submitted(office, idempotency_key="k")
    assert (brochure.version, brochure.state, brochure.late) == (
        1, BrochureState.SUBMITTED, False,
    )  # fmt: skip
    assert brochure.due_at == moment("2026-03-26T00:00")
    assert brochure.attested == (MASCOT,)
    assert brochure.catalogue_hash == office.loaded.catalogue.hash
    demanded = [each for each in brochure.checks if each.demanded]
    assert {each.outcome for each in demanded} == {"present"}
    assert [each.topic for each in demanded] == [
        "specialties", "plan", "conditions", "procedure", "assessment_form", "benefits",
        "rights_and_duties", "penalties",
    ]  # fmt: skip
    found = await brochure_content(office.at(), brochure.html)
    assert found is not None
    assert found[0] == "text/html; charset=utf-8"
    assert hashlib.sha256(found[1]).hexdigest() == brochure.html
    assert "办公医院住培 2026" in found[1].decode()
    printed = await brochure_content(office.province(), brochure.pdf)
    assert printed is not None
    assert printed[1].startswith(b"%PDF-")
    assert await submitted(office, idempotency_key="k") == brochure
    assert len((await office.rows())["BrochureRow"]) == 1


async def test_what_is_not_published_is_not_everybodys(office: BaseOffices) -> None:
    brochure = await submitted(office)
    for desk in (public(office), office.at(CLINIC), office.own(uuid4())):
        assert await brochure_content(desk, brochure.html) is None
        assert await brochure_versions(desk, PROGRAM) == ()
    assert [each.id for each in await brochure_versions(office.at(), PROGRAM)] == [brochure.id]
    situation = brochure_situation(office.loaded.catalogue, PROGRAM)
    assert situation is not None
    assert (situation.approval_needed, [each.zh for each in situation.places]) == (
        True, ["省平台", "本单位网站"],
    )  # fmt: skip
    assert (situation.submit_by, situation.publish_by) == (
        moment("2026-03-26T00:00"), moment("2026-03-29T00:00"),
    )  # fmt: skip
    assert brochure_situation(office.loaded.catalogue, "office-residency-2026") is None


async def test_a_brochure_that_lacks_something_is_not_taken(office: BaseOffices) -> None:
    """R135, R210: every lacking topic is a finding with its clause; nothing is passed by itself."""
    before = await office.rows()
    unattested = await office.refuses(
        RefusalCode.BROCHURE_INCOMPLETE,
        await submit_brochure(office.at(), SubmitBrochureInput(program=PROGRAM)),
    )
    assert unattested.field == "attested"
    assert [(each.rule, each.outcome.value, each.message.zh) for each in unattested.findings] == [
        ("brochure.attested", "REVIEW", "“吉祥物”须由培训基地核对并声明")
    ]
    lacking = await office.refuses(
        RefusalCode.BROCHURE_INCOMPLETE,
        await submit_brochure(
            office.at(CLINIC), SubmitBrochureInput(program=CLINIC_PROGRAM, attested=(MASCOT,))
        ),
    )
    assert [(each.rule, each.outcome.value) for each in lacking.findings] == [
        ("brochure.plan", "UNKNOWN"),
        ("brochure.benefits", "UNKNOWN"),
    ]
    assert lacking.findings[0].message.en == "Plan: 1 quotas are not published"
    assert all(each.source is not None for each in lacking.findings)
    assert await office.rows() == before


async def test_a_late_brochure_says_why_and_stays_marked(office: BaseOffices) -> None:
    """R134: the deadline is the end of its day; no document refuses what is late."""
    office.go("2026-03-26T00:00")
    before = await office.rows()
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,))
    refusal = await office.refuses(
        RefusalCode.BROCHURE_LATE, await submit_brochure(office.at(), given)
    )
    assert refusal.field == "lateReason"
    assert refusal.message.en == "brochures were due before 2026-03-26 00:00; say why it is late"
    assert refusal.source is not None
    assert await office.rows() == before
    brochure = await submitted(office, late_reason="系统故障")
    assert (brochure.late, brochure.late_reason) == (True, "系统故障")


async def test_only_the_office_of_the_base_submits(office: BaseOffices) -> None:
    before = await office.rows()
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,))
    for desk in (
        office.at(CLINIC), office.at(role="specialty_base"), office.province(),
        office.own(uuid4()), public(office),
    ):  # fmt: skip
        await office.refuses(RefusalCode.NOT_PERMITTED, await submit_brochure(desk, given))
    for program in ("none", "office-residency-2026"):
        await office.refuses(
            RefusalCode.NOT_FOUND,
            await submit_brochure(office.at(), SubmitBrochureInput(program=program)),
        )
    assert await office.rows() == before


async def test_it_is_returned_with_a_reason_and_submitted_anew(office: BaseOffices) -> None:
    brochure = await submitted(office)
    before = await office.rows()
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,))
    await office.refuses(RefusalCode.DUPLICATE, await submit_brochure(office.at(), given))
    await office.refuses(
        RefusalCode.INPUT_INVALID,
        await decide_brochure(
            office.province(), DecideBrochureInput(brochure=brochure.id, approved=False)
        ),
    )
    assert await office.rows() == before
    returned = await decided(office, brochure, approved=False)
    assert (returned.state, returned.reason) == (BrochureState.RETURNED, "缺少住宿说明")
    again = await submitted(office)
    assert (again.version, again.html) == (2, brochure.html)
    assert len((await office.rows())["BrochureContentRow"]) == 2
    assert [row["name"] for row in (await office.rows())["OutboxRow"]] == [
        "brochure.submitted", "brochure.returned", "brochure.submitted",
    ]  # fmt: skip


async def test_only_the_authority_decides_and_only_once(office: BaseOffices) -> None:
    brochure = await submitted(office)
    before = await office.rows()
    given = DecideBrochureInput(brochure=brochure.id, approved=True)
    elsewhere = Actor(
        id="elsewhere",
        grants=frozenset({Grant("jurisdiction_office", jurisdiction="another-province")}),
    )
    for desk in (office.at(), office.for_role("national")):
        await office.refuses(RefusalCode.NOT_PERMITTED, await decide_brochure(desk, given))
    # Who may not see what is not published is told what is told of one that does not exist.
    for desk in (office.desk(elsewhere), office.at(CLINIC), public(office)):
        await office.refuses(RefusalCode.NOT_FOUND, await decide_brochure(desk, given))
    both = Actor(
        id="base_office@office-hospital",
        grants=frozenset({Grant("jurisdiction_office", jurisdiction="office-province")}),
    )
    await office.refuses(
        RefusalCode.SECOND_PERSON_NEEDED, await decide_brochure(office.desk(both), given)
    )
    missing = replace(given, brochure=uuid4())
    await office.refuses(RefusalCode.NOT_FOUND, await decide_brochure(office.province(), missing))
    assert await office.rows() == before
    answers = await asyncio.gather(
        *(decide_brochure(office.province(), replace(given, approved=yes, reason="r"))
          for yes in (True, False))
    )  # fmt: skip
    assert [each.code for each in answers if isinstance(each, Refusal)] == [RefusalCode.DUPLICATE]


async def test_what_has_changed_since_is_not_approved(office: BaseOffices) -> None:
    brochure = await submitted(office)
    changed(office)
    before = await office.rows()
    await office.refuses(
        RefusalCode.BROCHURE_CHANGED,
        await decide_brochure(
            office.province(), DecideBrochureInput(brochure=brochure.id, approved=True)
        ),
    )
    assert await office.rows() == before
    assert (await decided(office, brochure, approved=False)).state is BrochureState.RETURNED


async def test_published_is_what_stands_in_both_places(office: BaseOffices) -> None:
    """R136: approved first, then the province's platform and the base's own site."""
    brochure = await submitted(office)
    before = await office.rows()
    await office.refuses(
        RefusalCode.NOT_ALLOWED_IN_STATE,
        await record_brochure_publication(office.at(), published(office, brochure, "省平台")),
    )
    assert await office.rows() == before
    office.go("2026-03-27T09:00")
    await decided(office, brochure)
    one = done(
        await record_brochure_publication(office.at(), published(office, brochure, "省平台"))
    )
    assert (one.state, one.published_at, len(one.publications)) == (
        BrochureState.APPROVED, None, 1,
    )  # fmt: skip
    assert await brochure_content(public(office), brochure.html) is None
    before = await office.rows()
    await office.refuses(
        RefusalCode.DUPLICATE,
        await record_brochure_publication(office.at(), published(office, brochure, "省平台")),
    )
    assert await office.rows() == before
    office.go("2026-03-27T10:00")
    both = done(
        await record_brochure_publication(
            office.at(), published(office, brochure, "The base's own site")
        )
    )
    assert (both.state, both.published_at) == (BrochureState.PUBLISHED, office.now)
    assert [(each.place, each.published_at) for each in both.publications] == [
        ("省平台", moment("2026-03-27T09:00")), ("本单位网站", moment("2026-03-27T10:00")),
    ]  # fmt: skip
    assert await brochure_content(public(office), brochure.html) is not None
    assert await brochure_versions(public(office), PROGRAM) == (both,)


async def test_it_stands_in_every_place_since_the_last_not_since_it_was_recorded(
    office: BaseOffices,
) -> None:
    brochure = await submitted(office)
    await decided(office, brochure)
    office.go("2026-04-20T09:00")
    for place, since in (
        ("省平台", "2026-03-28T09:00"),
        ("本单位网站", "2026-03-27T09:00"),
    ):
        given = replace(published(office, brochure, place), published_at=moment(since))
        version = done(await record_brochure_publication(office.at(), given))
    assert (version.state, version.published_at) == (
        BrochureState.PUBLISHED,
        moment("2026-03-28T09:00"),
    )


async def test_two_places_at_once_are_both(office: BaseOffices) -> None:
    brochure = await submitted(office)
    await decided(office, brochure)
    answers = await asyncio.gather(
        *(record_brochure_publication(office.at(), published(office, brochure, place))
          for place in ("省平台", "本单位网站"))
    )  # fmt: skip
    assert {done(each).id for each in answers} == {brochure.id}
    (row,) = (await office.rows())["BrochureRow"]
    assert row["state"] == "PUBLISHED"


@pytest.mark.parametrize(
    ("changes", "field", "en"),
    [
        ({"place": "微博"}, "place",
         "the places are: The province's platform, The base's own site"),
        *(({"address": address}, "address",
           ("give the web address where it stands: it begins with http:// or https:// and has at "
            "most 2000 characters"))
          for address in (" ", "javascript:alert(1)", "hospital.example/2026",
                          "https://hospital.example/a b", "https://" + "x" * 1993)),
        ({"published_at": moment("2026-03-20T08:59")}, "publishedAt",
         "it was published after its approval and not later than now"),
        ({"published_at": moment("2026-03-20T09:01")}, "publishedAt",
         "it was published after its approval and not later than now"),
    ],
)  # fmt: skip
async def test_what_is_no_publication(
    office: BaseOffices, changes: dict[str, Any], field: str, en: str
) -> None:
    brochure = await submitted(office)
    await decided(office, brochure)
    before = await office.rows()
    given = replace(published(office, brochure, "省平台"), **changes)
    refusal = await office.refuses(
        RefusalCode.INPUT_INVALID, await record_brochure_publication(office.at(), given)
    )
    assert (refusal.field, refusal.message.en) == (field, en)
    for desk, code in (
        (office.at(CLINIC), RefusalCode.NOT_FOUND),
        (office.province(), RefusalCode.NOT_PERMITTED),
    ):
        await office.refuses(
            code,
            await record_brochure_publication(desk, published(office, brochure, "省平台")),
        )
    assert await office.rows() == before


async def test_a_later_change_shows_and_leads_to_a_new_version(office: BaseOffices) -> None:
    brochure = await submitted(office)
    await decided(office, brochure)
    key = (PROGRAM, brochure.html)
    assert await changed_since(office.loaded.catalogue, [key]) == {key: False}
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,))
    before = await office.rows()
    refusal = await office.refuses(RefusalCode.DUPLICATE, await submit_brochure(office.at(), given))
    assert refusal.message.en == "this brochure is approved, and nothing has changed"
    assert await office.rows() == before
    changed(office)
    assert await changed_since(office.loaded.catalogue, [key]) == {key: True}
    frozen = await brochure_content(office.at(), brochure.html)
    assert frozen is not None
    assert "新名称" not in frozen[1].decode()
    anew = await submitted(office)
    assert (anew.version, anew.html == brochure.html) == (2, False)


async def test_an_older_version_is_not_published_where_a_newer_one_stands(
    office: BaseOffices,
) -> None:
    first = await submitted(office)
    await decided(office, first)
    changed(office)
    second = await submitted(office)
    await decided(office, second)
    office.go("2026-03-27T09:00")
    done(await record_brochure_publication(office.at(), published(office, second, "省平台")))
    office.go("2026-03-28T09:00")
    before = await office.rows()
    for since in ("2026-03-27T09:00", "2026-03-28T09:00"):
        given = replace(published(office, first, "省平台"), published_at=moment(since))
        refusal = await office.refuses(
            RefusalCode.INPUT_INVALID, await record_brochure_publication(office.at(), given)
        )
        assert (refusal.field, refusal.message) == (
            "publishedAt",
            Text(
                "“省平台”自 2026-03-27 09:00 起发布的是第 2 版",
                'version 2 stands in "省平台" since 2026-03-27 09:00',
            ),
        )
    assert await office.rows() == before
    # What stood there before may be recorded late, and elsewhere nothing is newer.
    given = replace(published(office, first, "省平台"), published_at=moment("2026-03-27T08:59"))
    done(await record_brochure_publication(office.at(), given))
    both = done(
        await record_brochure_publication(office.at(), published(office, first, "本单位网站"))
    )
    assert [each.place for each in both.publications] == ["省平台", "本单位网站"]
    # The newer one goes up after it.
    office.go("2026-03-29T09:00")
    done(await record_brochure_publication(office.at(), published(office, second, "本单位网站")))


async def test_where_nobody_approves_it_may_be_published_at_once(office: BaseOffices) -> None:
    catalogue = office.loaded.catalogue
    program = catalogue.programs[PROGRAM]
    steps = tuple(each for each in program.steps if not each.kind.startswith("brochure"))
    office.loaded = replace(
        office.loaded,
        catalogue=replace(
            catalogue, programs={**catalogue.programs, PROGRAM: replace(program, steps=steps)}
        ),
    )
    brochure = await submitted(office)
    assert (brochure.state, brochure.due_at) == (BrochureState.APPROVED, None)
    done_ = done(
        await record_brochure_publication(office.at(), published(office, brochure, "医院官网"))
    )
    assert done_.state is BrochureState.PUBLISHED


async def test_the_year_before_is_that_of_the_same_base(office: BaseOffices) -> None:
    assert previous_program(office.loaded.catalogue, PROGRAM) == "office-hospital-residency-2025"
    assert previous_program(office.loaded.catalogue, CLINIC_PROGRAM) is None
    assert previous_program(office.loaded.catalogue, "none") is None
    assert HOSPITAL in PROGRAM


async def test_r159_a_brochure_whose_plan_is_over_the_cut_is_refused(office: BaseOffices) -> None:
    """S2:96: 6 × (1 − 0.2) = 4.8 seats outside the shortage specialties, more are planned."""
    catalogue = office.loaded.catalogue
    program = catalogue.programs[PROGRAM]

    def policy(key: str, value: object) -> Policy:
        return Policy(key=key, label=Text(key), value=value, unit=None, level=Level.JURISDICTION)

    own = (
        policy("shortage_plan_filled", False),
        policy("shortage_shortfall", "proportional_cut"),
        policy("shortage_cut_factor", Decimal("0.2")),
        policy("last_non_shortage_plan", 6),
    )
    known = {each.key: each for each in (*program.policies, *own)}
    cut = replace(program, policies=tuple(known.values()))
    larger = {
        opening.code: replace(opening, quota=5)
        for opening in catalogue.openings_of_program[PROGRAM]
    }
    office.loaded = replace(
        office.loaded,
        catalogue=replace(
            catalogue,
            programs={**catalogue.programs, PROGRAM: cut},
            openings={**catalogue.openings, **larger},
        ),
    )
    before = await office.everything(), await office.rows()
    given = SubmitBrochureInput(program=PROGRAM, attested=(MASCOT,), idempotency_key="cut")
    refusal = await office.refuses(
        RefusalCode.PLAN_OVER_CUT, await submit_brochure(office.at(), given)
    )
    assert "6 × (1 − 0.2) = 4.8" in refusal.message.zh
    assert (await office.everything(), await office.rows()) == before
    # A refusal is not kept under its key: with the plan of the files the same request goes in.
    office.loaded = replace(office.loaded, catalogue=catalogue)
    assert done(await submit_brochure(office.at(), given)).state is BrochureState.SUBMITTED
