"""The traps of the source documents (T1 to T65), as a reader of the graph meets them."""

from __future__ import annotations

from typing import Any

import pytest

from asked_graph import AskedGraph
from zhupei.domain.text import Language

HKU = "hku-szh-residency-2026"
FELLOWSHIP = "gz-liuzhou-fellowship-2024"
HUBEI = "hubei-residency-2024"
ZH = Language.ZH


async def _program(graph: AskedGraph, code: str, fields: str, language: Language = ZH) -> Any:
    query = f"query ($code: String!) {{ program(code: $code) {{ {fields} }} }}"
    return (await graph.ask(query, {"code": code}, language=language))["program"]


async def _policies(graph: AskedGraph, code: str) -> dict[str, Any]:
    found = await _program(graph, code, "policies { key value level note source { clause } }")
    return {policy["key"]: policy for policy in found["policies"]}


async def test_t1_the_hospital_is_in_guangxi_and_trains_fellows(real: AskedGraph) -> None:
    found = await real.ask(
        """{ base(code: "gz-liuzhou") { province { code } programs { edges { node {
          kind durationMonths policies { key } } } } } }"""
    )
    base = found["base"]
    assert base["province"] == {"code": "450000"}
    [program] = [edge["node"] for edge in base["programs"]["edges"]]
    assert program["kind"] == "FELLOWSHIP"
    assert program["durationMonths"] == 6
    keys = {policy["key"] for policy in program["policies"]}
    assert "minimum_months_bachelor" not in keys


async def test_t4_no_technician_place_in_the_table(real: AskedGraph) -> None:
    found = await _program(real, FELLOWSHIP, "openings { edges { node { postType } } }")
    assert {edge["node"]["postType"] for edge in found["openings"]["edges"]} == {"DOCTOR"}


async def test_t6_who_pays_for_lodging_is_not_decided(real: AskedGraph) -> None:
    found = await _program(real, FELLOWSHIP, "benefits { id kind payer note }")
    by_id = {benefit["id"]: benefit for benefit in found["benefits"]}
    assert by_id["lodging-cost"]["payer"] is None
    assert "S1:73" in by_id["lodging-cost"]["note"]
    assert "S3:55" in by_id["lodging-cost"]["note"]
    assert by_id["board"]["payer"] == "SENDING_UNIT"
    assert by_id["utilities"]["payer"] == "TRAINEE"


async def test_t7_no_share_of_a_batch_is_assumed(real: AskedGraph) -> None:
    found = await _program(
        real, FELLOWSHIP, "quotaTotal rounds { code quota quotaNote windows { kind } }"
    )
    assert found["quotaTotal"] == 26
    assert [(each["code"], each["quota"]) for each in found["rounds"]] == [
        ("june-2024", None),
        ("december-2024", None),
    ]
    assert all(each["quotaNote"] for each in found["rounds"])
    assert found["rounds"][1]["windows"] == []


async def test_t8_one_document_with_its_other_names(real: AskedGraph) -> None:
    found = await _program(real, FELLOWSHIP, "documents { kind label aliases }")
    [notice] = [each for each in found["documents"] if each["kind"] == "report_notice"]
    assert notice["label"] not in notice["aliases"]
    assert notice["aliases"]


async def test_t9_the_age_limit_is_soft_and_45_lasts_until_the_46th_birthday(
    real: AskedGraph,
) -> None:
    query = """query ($birth: Date!) { eligibility(
        opening: "gz-liuzhou-fellowship-2024/paediatrics", candidate: {birthDate: $birth}
        on: "2024-05-12") { findings { rule outcome } } }"""
    outcomes = {}
    for birth in ("1978-05-18", "1978-05-17"):
        found = await real.ask(query, {"birth": birth})
        [age] = [
            each["outcome"] for each in found["eligibility"]["findings"] if each["rule"] == "age"
        ]
        outcomes[birth] = age
    # The reference day is the last day of the application, 17 May 2024.
    assert outcomes == {"1978-05-18": "PASS", "1978-05-17": "REVIEW"}


@pytest.mark.parametrize(
    ("day", "weekday"),
    [("2024-05-25", "Saturday"), ("2024-06-30", "Sunday"), ("2024-05-26", "Sunday")],
)
async def test_t10_a_deadline_on_a_day_of_rest_is_not_shifted(
    real: AskedGraph, day: str, weekday: str
) -> None:
    found = await real.ask("query ($day: Date!) { calendar { notes(date: $day) } }", {"day": day})
    note = f"the deadline {day} ({weekday}) is not a working day; no document says that it is"
    assert found["calendar"]["notes"] == [f"{note} shifted, so it is not"]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2024-05-09T23:59:59+08:00", False),
        ("2024-05-10T00:00:00+08:00", True),
        ("2024-05-17T23:59:59+08:00", True),
        ("2024-05-18T00:00:00+08:00", False),
    ],
)
async def test_t12_dates_alone_include_both_days(real: AskedGraph, at: str, is_open: bool) -> None:
    found = await real.ask(
        """query ($at: DateTime!) { program(code: "gz-liuzhou-fellowship-2024") {
          rounds { windows { kind isOpen(at: $at) } } } }""",
        {"at": at},
    )
    windows = found["program"]["rounds"][0]["windows"]
    assert [each["isOpen"] for each in windows if each["kind"] == "registration"] == [is_open]


@pytest.mark.parametrize(("counted", "latest"), [(False, "2024-06-19"), (True, "2024-06-20")])
async def test_t14_a_list_has_to_start_early_enough(
    real: AskedGraph, counted: bool, latest: str
) -> None:
    """V15: seven working days that end by 30 June, a Sunday."""
    found = await real.ask(
        """query ($counted: Boolean!) { calendar { latestPublicityStart(
          deadline: "2024-06-30", workingDays: 7, countFirstDay: $counted) } }""",
        {"counted": counted},
    )
    assert found == {"calendar": {"latestPublicityStart": latest}}


async def test_t15_a_live_publicity_list_blocks_the_next_round(real: AskedGraph) -> None:
    policies = await _policies(real, HUBEI)
    assert policies["live_publicity_blocks_next_round"]["value"] == "true"
    assert policies["live_publicity_blocks_next_round"]["level"] == "JURISDICTION"


async def test_t16_shortage_sets_differ_by_purpose_and_level(real: AskedGraph) -> None:
    fields = "shortageSets { purpose codes openEnded source { document } }"
    hubei = (await _program(real, HUBEI, fields))["shortageSets"]
    hku = (await _program(real, HKU, fields))["shortageSets"]

    def sizes(found: Any) -> list[tuple[str, str, int, bool]]:
        return sorted(
            (each["purpose"], each["source"]["document"], len(each["codes"]), each["openEnded"])
            for each in found
        )

    assert sizes(hubei) == [
        ("ADMISSION_PRIORITY", "S2", 9, True),
        ("ADMISSION_PRIORITY", "S4", 5, True),
        ("QUOTA_PENALTY", "S2", 9, True),
        ("QUOTA_PENALTY", "S4", 5, True),
    ]
    assert sizes(hku) == [
        ("ADMISSION_PRIORITY", "S4", 5, True),
        ("QUOTA_PENALTY", "S4", 5, True),
        ("SUBSIDY", "S0", 6, False),
    ]


async def test_t17_three_of_six_subsidised_specialties_recruit(real: AskedGraph) -> None:
    found = await real.ask(
        """{ openings(filter: {program: "hku-szh-residency-2026", shortage: SUBSIDY}) {
          totalCount edges { node { specialty { code } shortagePurposes } } } }"""
    )
    assert found["openings"]["totalCount"] == 3
    codes = [edge["node"]["specialty"]["code"] for edge in found["openings"]["edges"]]
    assert codes == ["0200", "0300", "1600"]


async def test_t18_the_penalty_of_an_unfilled_plan_differs(real: AskedGraph) -> None:
    national, hubei = await _policies(real, HKU), await _policies(real, HUBEI)
    assert national["shortage_shortfall"]["value"] == "no_growth"
    assert hubei["shortage_shortfall"]["value"] == "proportional_cut"
    assert hubei["shortage_cut_factor"]["value"] is None
    assert hubei["shortage_cut_factor"]["note"]


FOREIGN: dict[str, Any] = {
    "origin": "FOREIGN",
    "traineeType": "SOCIAL",
    "licensed": False,
    "english": {"cet4": 500},
    "degrees": [
        {
            "level": "BACHELOR",
            "type": "PROFESSIONAL",
            "majorCode": "100201K",
            "school": "香港大学",
            "mainland": False,
            "fullTime": True,
            "recognised": True,
            "graduationYear": 2025,
            "awarded": True,
        }
    ],
}


async def test_t20_a_graduate_of_the_affiliated_school_abroad_is_refused(
    real: AskedGraph,
) -> None:
    """The school that the hospital belongs to grants no mainland degrees."""
    found = await real.ask(
        """query ($candidate: CandidateInput!) {
          eligibility(opening: "hku-szh-residency-2026/0200", candidate: $candidate) {
            outcome findings { rule outcome } } }""",
        {"candidate": FOREIGN},
    )
    outcomes = {each["rule"]: each["outcome"] for each in found["eligibility"]["findings"]}
    assert found["eligibility"]["outcome"] == "INELIGIBLE"
    assert outcomes["affiliated-hospital"] == "FAIL"


async def test_t19_the_same_person_may_not_apply_where_foreigners_are_excluded(
    planned: AskedGraph,
) -> None:
    found = await planned.ask(
        """query ($candidate: CandidateInput!) {
          eligibility(opening: "hubei-xiehe-residency-2024/0100", candidate: $candidate) {
            outcome findings { outcome level source { clause } } } }""",
        {"candidate": FOREIGN},
    )
    failed = [
        each["level"] for each in found["eligibility"]["findings"] if each["outcome"] == "FAIL"
    ]
    assert found["eligibility"]["outcome"] == "INELIGIBLE"
    assert "JURISDICTION" in failed


@pytest.mark.parametrize(("licensed", "outcome"), [(False, "INELIGIBLE"), (True, "NEEDS_REVIEW")])
async def test_t22_t23_an_earlier_graduate_with_a_licence_needs_a_person(
    real: AskedGraph, licensed: bool, outcome: str
) -> None:
    degree = {**FOREIGN["degrees"][0], "mainland": True, "graduationYear": 2022}
    found = await real.ask(
        """query ($candidate: CandidateInput!) {
          eligibility(opening: "hku-szh-residency-2026/0200", candidate: $candidate) {
            outcome } }""",
        {
            "candidate": {
                **FOREIGN,
                "origin": "MAINLAND",
                "licensed": licensed,
                "degrees": [degree],
            }
        },
    )
    assert found["eligibility"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("awarded", "on", "outcome"),
    [(True, "2026-06-10", "PASS"), (False, "2026-06-10", "PASS"), (False, "2026-08-01", "FAIL")],
)
async def test_t21_certificates_may_follow_until_july(
    real: AskedGraph, awarded: bool, on: str, outcome: str
) -> None:
    degree = {
        **FOREIGN["degrees"][0],
        "mainland": True,
        "graduationYear": 2026,
        "awarded": awarded,
    }
    found = await real.ask(
        """query ($candidate: CandidateInput!, $on: Date!) {
          eligibility(opening: "hku-szh-residency-2026/0200", candidate: $candidate, on: $on) {
            findings { rule outcome } } }""",
        {"candidate": {**FOREIGN, "origin": "MAINLAND", "degrees": [degree]}, "on": on},
    )
    outcomes = {each["rule"]: each["outcome"] for each in found["eligibility"]["findings"]}
    assert outcomes["certificates-obtained"] == outcome


async def test_t28_entrusted_trainees_are_not_paid_the_stipend(real: AskedGraph) -> None:
    query = """query ($type: TraineeType!) { benefitEstimate(
        opening: "hku-szh-residency-2026/0100"
        profile: {traineeType: $type, qualifyingDegree: BACHELOR}) {
          lines { kind payer amount { expected } } } }"""
    stipends = {}
    for type_ in ("SOCIAL", "ENTRUSTED"):
        found = await real.ask(query, {"type": type_})
        stipends[type_] = [
            line["amount"]["expected"]
            for line in found["benefitEstimate"]["lines"]
            if line["kind"] == "by_degree"
        ]
    assert stipends == {"SOCIAL": ["6000"], "ENTRUSTED": []}


async def test_t29_national_minimum_lengths_stand_beside_the_bases_cap(real: AskedGraph) -> None:
    policies = await _policies(real, HKU)
    shown = {
        key: (policies[key]["value"], policies[key]["level"])
        for key in (
            "minimum_months_bachelor",
            "minimum_months_professional_master",
            "minimum_months_professional_doctor",
            "reduction_cap_months",
            "academic_degree_reduces",
        )
    }
    assert shown == {
        "minimum_months_bachelor": ("36", "NATIONAL"),
        "minimum_months_professional_master": ("24", "NATIONAL"),
        "minimum_months_professional_doctor": ("12", "NATIONAL"),
        "reduction_cap_months": ("12", "INSTITUTION"),
        "academic_degree_reduces": ("false", "NATIONAL"),
    }


async def test_t36_an_unpublished_plan_is_null_with_the_reason(
    real: AskedGraph, planned: AskedGraph
) -> None:
    found = await _program(real, HUBEI, "quotaTotal quotaNote openings { totalCount }")
    assert found["quotaTotal"] is None
    assert "附件1" in found["quotaNote"]
    unknown = await planned.ask(
        """{ opening(code: "hubei-xiehe-residency-2024/0900") { quota quotaNote }
          known: openings(filter: {province: "420000", quotaKnown: true}) { totalCount }
          unknown: openings(filter: {province: "420000", quotaKnown: false}) { totalCount } }""",
    )
    assert unknown["opening"]["quota"] is None
    assert unknown["known"] == {"totalCount": 2}
    assert unknown["unknown"] == {"totalCount": 1}


async def test_t37_documents_that_were_never_supplied_say_so(real: AskedGraph) -> None:
    found = await real.ask('{ document(code: "GBF-2020-34") { reference supplied title } }')
    assert found["document"]["supplied"] is False
    assert found["document"]["reference"] == "国办发〔2020〕34号"


@pytest.mark.parametrize("text", ["武汉市中西医结合医院", "zhongxiyi", "武汉 中西医", "whsdyyy"])
async def test_t39_a_base_is_found_by_its_other_names(real: AskedGraph, text: str) -> None:
    found = await real.ask(
        "query ($text: String!) { bases(filter: {text: $text}) { edges { node { code } } } }",
        {"text": text},
    )
    codes = [edge["node"]["code"] for edge in found["bases"]["edges"]]
    assert "hubei-wuhan-diyi" in codes


async def test_t40_t41_one_preference_and_one_invitation(real: AskedGraph) -> None:
    policies = await _policies(real, HUBEI)
    assert policies["max_preferences"]["value"] == "1"
    assert policies["max_accepted_invitations"]["value"] == "1"
    assert policies["invitation_excludes_preference"]["value"] == "true"


async def test_t42_t65_no_weights_and_no_pass_marks_are_invented(real: AskedGraph) -> None:
    for code in (HUBEI, HKU, FELLOWSHIP):
        found = await _program(
            real, code, "assessments { id phase weight weightNote passMark fullMark }"
        )
        assert found["assessments"]
        assert {each["passMark"] for each in found["assessments"]} == {None}
        assert {each["weight"] for each in found["assessments"]} == {None}
        admission = [each for each in found["assessments"] if each["phase"] == "admission"]
        assert all(each["weightNote"] for each in admission)
    policies = await _policies(real, HUBEI)
    assert policies["interview_weight"]["value"] is None
    assert policies["interview_weight"]["note"]


async def test_t43_a_no_show_and_a_ban_are_two_penalties(real: AskedGraph) -> None:
    found = await _program(
        real, HUBEI, "penalties { id trigger consequences banYears afterDays decidedBy }"
    )
    no_show = [each for each in found["penalties"] if each["trigger"] == "no_show"]
    automatic = [each for each in no_show if each["afterDays"] is not None]
    bans = [each for each in no_show if each["banYears"] is not None]
    assert [each["afterDays"] for each in automatic] == [14]
    assert all("ban" not in each["consequences"] for each in automatic)
    assert all(each["afterDays"] is None for each in bans)


async def test_t44_t45_fiscal_money_is_told_from_pay_and_schemes_are_listed(
    real: AskedGraph,
) -> None:
    found = await _program(
        real, HKU, "benefits { kind payer fundingSource parameters { name values } }"
    )
    [fiscal] = [each for each in found["benefits"] if each["kind"] == "fiscal_subsidy"]
    assert (fiscal["payer"], fiscal["fundingSource"]) == ("GOVERNMENT", "CENTRAL_FISCAL")
    [insurance] = [each for each in found["benefits"] if each["kind"] == "insurance"]
    schemes = {each["name"]: each["values"] for each in insurance["parameters"]}["schemes"]
    assert "housing_fund" in schemes
    assert {"pension", "medical", "unemployment", "work_injury"} <= set(schemes)


async def test_t47_a_class_of_majors_may_have_no_places(real: AskedGraph) -> None:
    found = await real.ask(
        """{ specialties(filter: {year: 2026, field: STOMATOLOGY, recruiting: true}) { totalCount }
          all: specialties(filter: {year: 2026, field: STOMATOLOGY}) { totalCount } }"""
    )
    assert found["specialties"] == {"totalCount": 0}
    assert found["all"]["totalCount"] > 0


async def test_t48_t49_figures_of_the_profile_are_published_word_by_word(
    real: AskedGraph,
) -> None:
    found = await real.ask(
        '{ base(code: "hku-szh") { sections { items { text(language: ZH) } } } }'
    )
    texts = [
        item["text"] or "" for section in found["base"]["sections"] for item in section["items"]
    ]
    assert any("超过 488 人次" in text or "超过488人次" in text for text in texts)


async def test_t51_codes_belong_to_cycles(real: AskedGraph) -> None:
    found = await real.ask(
        """{ critical: specialties(filter: {year: 2024, text: "重症医学"}) {
            edges { node { code validFrom verified note } } }
          old: specialties(filter: {year: 2014, text: "重症医学"}) { totalCount } }"""
    )
    [critical] = [edge["node"] for edge in found["critical"]["edges"]]
    assert critical["validFrom"] <= 2024
    assert found["old"] == {"totalCount": 0}


async def test_t56_pay_is_a_range_where_the_allowance_is_undecided(real: AskedGraph) -> None:
    found = await real.ask(
        """{ benefitEstimate(opening: "hku-szh-residency-2026/0100",
          profile: {traineeType: SOCIAL, qualifyingDegree: BACHELOR, nightShifts: {follower: 0}}) {
            monthly { minimum expected maximum }
            lines { kind amount { minimum expected maximum } missingFacts } } }"""
    )
    estimate = found["benefitEstimate"]
    assert estimate["monthly"]["minimum"] == "6600"
    assert estimate["monthly"]["maximum"] == "7600"
    [allowance] = [
        line for line in estimate["lines"] if "postAllowanceGranted" in line["missingFacts"]
    ]
    assert allowance["amount"] == {"minimum": "0", "expected": None, "maximum": "1000"}


@pytest.mark.parametrize(
    ("starts", "ends", "amount"),
    [
        ("2026-07-01T17:00:00+08:00", "2026-07-02T01:00:00+08:00", "310"),
        ("2026-07-01T17:00:01+08:00", "2026-07-02T01:00:00+08:00", "0"),
        ("2026-07-01T14:00:00+08:00", "2026-07-01T23:59:00+08:00", "0"),
    ],
)
async def test_t57_a_night_shift_crosses_midnight_and_lasts_eight_hours(
    real: AskedGraph, starts: str, ends: str, amount: str
) -> None:
    found = await real.ask(
        """query ($shift: NightShiftInput!) { benefitEstimate(
          opening: "hku-szh-residency-2026/0100", profile: {traineeType: SOCIAL,
            qualifyingDegree: BACHELOR, independentDuty: true, nightShifts: {shifts: [$shift]}}) {
              lines { kind amount { expected } } } }""",
        {"shift": {"startsAt": starts, "endsAt": ends, "independent": True}},
    )
    [nights] = [line for line in found["benefitEstimate"]["lines"] if line["kind"] == "night_shift"]
    assert nights["amount"] == {"expected": amount}


@pytest.mark.institutions
@pytest.mark.parametrize(
    ("graph", "opening", "outcome"),
    [
        ("real", "gz-liuzhou-fellowship-2024/paediatrics", "PASS"),
        ("planned", "hubei-xiehe-residency-2024/0100", "FAIL"),
    ],
)
async def test_t58_the_same_title_helps_here_and_hinders_there(
    request: pytest.FixtureRequest, graph: str, opening: str, outcome: str
) -> None:
    asked: AskedGraph = request.getfixturevalue(graph)
    found = await asked.ask(
        """query ($opening: String!) { eligibility(opening: $opening, candidate: {
          traineeType: ENTRUSTED, title: INTERMEDIATE, postType: DOCTOR
          sendingUnit: {tier: TERTIARY, recommends: true}}) { findings { rule outcome } } }""",
        {"opening": opening},
    )
    about_titles = {
        each["rule"]: each["outcome"]
        for each in found["eligibility"]["findings"]
        if "title" in each["rule"]
    }
    assert outcome in about_titles.values(), about_titles


@pytest.mark.parametrize("type_", ["PROFESSIONAL_MASTER", "RURAL_ORDER"])
async def test_t60_other_channels_do_not_apply_in_batches(planned: AskedGraph, type_: str) -> None:
    found = await planned.ask(
        """query ($type: TraineeType!) { eligibility(opening: "hubei-xiehe-residency-2024/0100",
          candidate: {traineeType: $type}) { outcome findings { rule outcome } } }""",
        {"type": type_},
    )
    outcomes = {each["rule"]: each["outcome"] for each in found["eligibility"]["findings"]}
    assert found["eligibility"]["outcome"] == "INELIGIBLE"
    assert outcomes["other-channels"] == "FAIL"
    steps = (await _program(planned, HUBEI, "steps { kind }"))["steps"]
    assert {"direct_assignment", "direct_registration"} <= {step["kind"] for step in steps}


async def test_t61_the_leave_cap_is_a_parameter(real: AskedGraph) -> None:
    policies = await _policies(real, FELLOWSHIP)
    assert policies["leave_cap_days"]["value"] == "7"
    assert policies["leave_counts"]["value"] == "calendar_days"


async def test_t63_windows_may_overlap(real: AskedGraph) -> None:
    found = await _program(real, HUBEI, "rounds { windows { kind opensAt closesAt } }")
    windows = {each["kind"]: each for each in found["rounds"][0]["windows"]}
    assert windows["mobilisation"]["opensAt"] < windows["brochure_publication"]["closesAt"]


async def test_t64_whether_the_report_day_counts_is_said(real: AskedGraph) -> None:
    policies = await _policies(real, HUBEI)
    assert policies["report_includes_last_day"]["value"] == "false"
    assert policies["report_includes_last_day"]["note"]
