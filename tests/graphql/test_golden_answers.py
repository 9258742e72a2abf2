"""The expected answers of the domain notes (G1 to G38) and the issue's appendix, in the graph."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from asked_graph import ROOT, AskedGraph
from zhupei.domain.benefits import WageFigure
from zhupei.domain.text import Language

HKU = "hku-szh-residency-2026"
ZH = Language.ZH
BACHELOR: dict[str, Any] = {
    "level": "BACHELOR",
    "type": "PROFESSIONAL",
    "majorCode": "100201K",
    "school": "示例医科大学",
    "mainland": True,
    "fullTime": True,
    "recognised": True,
    "graduationYear": 2025,
    "awarded": True,
}
CANDIDATE: dict[str, Any] = {
    "origin": "MAINLAND",
    "traineeType": "SOCIAL",
    "licensed": False,
    "english": {"cet4": 430},
    "degrees": [BACHELOR],
}
ELIGIBILITY = """query ($opening: String!, $candidate: CandidateInput!, $on: Date) {
  eligibility(opening: $opening, candidate: $candidate, on: $on) {
    outcome qualifyingDegree
    findings { rule outcome level message missingFacts counts source { document clause } }
  }
}"""
ESTIMATE = """query ($opening: String!, $profile: ProfileInput!, $months: Int) {
  benefitEstimate(opening: $opening, profile: $profile, months: $months) {
    qualifyingDegree months
    monthly { minimum expected maximum } yearly { expected } whole { expected }
    lines { id kind payer fundingSource amount { minimum expected maximum } source { clause } }
    floors { trainingYear outcome share averageWage floor yearlyPay shortfall reason }
  }
}"""


async def _decide(
    graph: AskedGraph, opening: str, candidate: dict[str, Any], on: str = "2026-06-10"
) -> Any:
    variables = {"opening": opening, "candidate": candidate, "on": on}
    return (await graph.ask(ELIGIBILITY, variables))["eligibility"]


def _counting(report: Any, outcome: str) -> list[str]:
    """Return the rules with this outcome that bear on the conclusion."""
    return [
        finding["rule"]
        for finding in report["findings"]
        if finding["outcome"] == outcome and finding["counts"]
    ]


def _finding(report: Any, rule: str) -> Any:
    return next(finding for finding in report["findings"] if finding["rule"] == rule)


async def _estimate(graph: AskedGraph, opening: str, profile: dict[str, Any]) -> Any:
    found = await graph.ask(ESTIMATE, {"opening": opening, "profile": profile})
    return found["benefitEstimate"]


async def test_appendix_bases(real: AskedGraph) -> None:
    found = await real.ask(
        """{ bases(filter: {province: "420000"}, first: 5) { totalCount edges { node { code
          name(language: ZH) aliases contacts { people phones { number extension } qqGroups emails }
        } } pageInfo { hasNextPage endCursor } } }"""
    )
    assert found["bases"]["totalCount"] == 37
    assert len(found["bases"]["edges"]) == 5
    assert found["bases"]["pageInfo"]["hasNextPage"] is True


async def test_g1_the_plan_has_19_places_and_7_with_a_shortage_subsidy(real: AskedGraph) -> None:
    found = await real.ask(
        """query ($code: String!) { program(code: $code) { name kind year quotaTotal durationMonths
          openings(first: 50) { totalCount edges { node { code quota
            specialty { code name(language: EN) } directions { name quota }
            requirements { kind label hard source { document clause } } } } }
          subsidised: openings(filter: {shortage: SUBSIDY}) { edges { node { code quota } } }
          rounds { code name windows { kind opensAt closesAt } }
          benefits { id kind label source { document clause } } } }""",
        {"code": HKU},
        language=ZH,
    )
    program = found["program"]
    assert program["quotaTotal"] == 19
    assert program["durationMonths"] == 36
    assert program["openings"]["totalCount"] == 11
    assert [edge["node"]["code"] for edge in program["openings"]["edges"]] == [
        f"{HKU}/{code}"
        for code in (
            ["0100", "0200", "0300", "0600", "0900", "1100", "1400", "1600", "1800", "2200", "2500"]
        )
    ]
    assert {
        edge["node"]["code"].removeprefix(f"{HKU}/"): edge["node"]["quota"]
        for edge in program["subsidised"]["edges"]
    } == {"0200": 4, "0300": 1, "1600": 2}
    for edge in program["openings"]["edges"]:
        assert edge["node"]["specialty"]["code"] == edge["node"]["code"].rsplit("/", 1)[1]
        assert edge["node"]["requirements"]
        assert all(rule["source"]["clause"] for rule in edge["node"]["requirements"])


async def test_g2_a_bachelor_in_internal_medicine_gets_7600_a_month(real: AskedGraph) -> None:
    found = await real.ask(
        """{ benefitEstimate(opening: "hku-szh-residency-2026/0100", profile: {traineeType: SOCIAL,
          qualifyingDegree: BACHELOR, postAllowanceGranted: true,
          nightShifts: {independent: 0, follower: 0}}) { monthly { minimum expected maximum }
          lines { kind label payer fundingSource condition amount { minimum expected maximum }
            source { clause } } } }"""
    )
    estimate = found["benefitEstimate"]
    assert estimate["monthly"] == {"minimum": "7600", "expected": "7600", "maximum": "7600"}
    paid = [line["amount"]["expected"] for line in estimate["lines"] if line["amount"]]
    assert sorted(amount for amount in paid if amount != "0") == ["1000", "600", "6000"]
    assert all(line["source"]["clause"] for line in estimate["lines"])


async def test_g4_a_doctor_with_a_foreign_subject_is_paid_on_the_bachelors_degree(
    real: AskedGraph,
) -> None:
    """T27: by the degree that satisfies the rules, not by the highest."""
    doctorate = {**BACHELOR, "level": "DOCTOR", "majorCode": None, "major": "生物信息学"}
    estimate = await _estimate(
        real,
        f"{HKU}/0100",
        {
            "traineeType": "SOCIAL",
            "degrees": [BACHELOR, doctorate],
            "postAllowanceGranted": True,
            "nightShifts": {"independent": 0, "follower": 0},
        },
    )
    assert estimate["qualifyingDegree"] == "BACHELOR"
    [stipend] = [line for line in estimate["lines"] if line["kind"] == "by_degree"]
    assert stipend["amount"]["expected"] == "6000"


async def test_g7_a_master_whose_undergraduate_major_is_not_listed_is_not_eligible(
    real: AskedGraph,
) -> None:
    """T25: a graduate needs a listed subject and a listed undergraduate major."""
    master = {**BACHELOR, "level": "MASTER", "majorCode": None, "major": "儿科学"}
    report = await _decide(
        real,
        f"{HKU}/0200",
        {**CANDIDATE, "degrees": [{**BACHELOR, "majorCode": "100202TK"}, master]},
    )
    assert report["outcome"] == "INELIGIBLE"
    assert _counting(report, "FAIL") == ["major"]


@pytest.mark.parametrize(("specialty", "outcome"), [("0200", "ELIGIBLE"), ("0100", "INELIGIBLE")])
async def test_g8_a_bachelor_of_paediatrics_may_apply_for_paediatrics_only(
    real: AskedGraph, specialty: str, outcome: str
) -> None:
    report = await _decide(
        real,
        f"{HKU}/{specialty}",
        {**CANDIDATE, "degrees": [{**BACHELOR, "majorCode": "100207TK"}]},
    )
    assert report["outcome"] == outcome


@pytest.mark.parametrize(
    ("english", "finding", "outcome"),
    [
        ({"cet4": 424}, "FAIL", "INELIGIBLE"),
        ({"cet4": 425}, "PASS", "ELIGIBLE"),
        ({"ielts": "7"}, "REVIEW", "NEEDS_REVIEW"),
    ],
)
async def test_g10_english(
    real: AskedGraph, english: dict[str, Any], finding: str, outcome: str
) -> None:
    """T24: 425 of CET-4 passes; an equivalent needs a person."""
    report = await _decide(real, f"{HKU}/0200", {**CANDIDATE, "english": english})
    assert _finding(report, "english")["outcome"] == finding
    assert report["outcome"] == outcome


async def test_g12_the_fellowship_has_26_places_in_17_directions(real: AskedGraph) -> None:
    found = await real.ask(
        """{ program(code: "gz-liuzhou-fellowship-2024") { kind quotaTotal
          parent { code } openings { edges { node { code quota directions { name }
            specialty { code name program { code } } requirements { kind label(language: ZH) } } } }
        } }"""
    )
    program = found["program"]
    assert program["kind"] == "FELLOWSHIP"
    assert program["quotaTotal"] == 26
    assert program["parent"] == {"code": "guangxi-fellowship-2024-2026"}
    rows = {
        edge["node"]["code"].rsplit("/", 1)[1]: edge["node"]
        for edge in program["openings"]["edges"]
    }
    assert {code: row["quota"] for code, row in rows.items()} == {
        "paediatrics": 13,
        "neonatology": 3,
        "paediatric-surgery": 4,
        "obstetrics": 3,
        "gynaecology": 3,
    }
    assert sum(len(row["directions"]) for row in rows.values()) == 17
    asked = {
        code
        for code, row in rows.items()
        if any("母婴保健技术" in rule["label"] for rule in row["requirements"])
    }
    assert asked == {"obstetrics", "gynaecology"}
    assert rows["obstetrics"]["specialty"]["program"] == {"code": "gz-liuzhou-fellowship-2024"}


@pytest.mark.parametrize(
    ("tier", "outcome"), [("TERTIARY", "INELIGIBLE"), ("SECONDARY", "ELIGIBLE")]
)
async def test_g14_junior_college_suffices_from_a_secondary_hospital_only(
    real: AskedGraph, tier: str, outcome: str
) -> None:
    """T3: the lowest degree depends on the level of the sending hospital."""
    candidate = {
        "origin": "MAINLAND",
        "traineeType": "FELLOW",
        "birthDate": "1990-01-01",
        "degrees": [
            {
                "level": "JUNIOR_COLLEGE",
                "major": "临床医学",
                "mainland": True,
                "fullTime": True,
                "graduationYear": 2012,
                "awarded": True,
            }
        ],
        "licensed": True,
        "practiceCertificate": True,
        "practiceSpecialty": "儿科",
        "licenceCategory": "CLINICAL",
        "title": "INTERMEDIATE",
        "postType": "DOCTOR",
        "workYears": 8,
        "inClinicalWork": True,
        "employed": True,
        "residencyCompleted": True,
        "certificates": [],
        "majorAccident": False,
        "lawAbiding": True,
        "stayMonths": 6,
        "sendingUnit": {
            "name": "示例县人民医院",
            "tier": tier,
            "province": "450000",
            "recommends": True,
            "namesMatch": True,
        },
    }
    report = await _decide(
        real, "gz-liuzhou-fellowship-2024/paediatrics", candidate, on="2024-05-12"
    )
    assert report["outcome"] == outcome, [
        (finding["rule"], finding["outcome"], finding["message"]) for finding in report["findings"]
    ]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [("2024-04-23T23:59:59+08:00", True), ("2024-04-24T00:00:00+08:00", False)],
)
async def test_g19_registration_closes_at_midnight(
    real: AskedGraph, at: str, is_open: bool
) -> None:
    """T11: "24时" of 23 April is the start of the 24th."""
    found = await real.ask(
        """query ($at: DateTime!) { program(code: "hubei-residency-2024") { quotaTotal quotaNote
          rounds { code windows { kind opensAt closesAt isOpen(at: $at) } } } }""",
        {"at": at},
    )
    program = found["program"]
    assert program["quotaTotal"] is None
    assert "annex 1" in program["quotaNote"]
    [registration] = [
        each for each in program["rounds"][0]["windows"] if each["kind"] == "registration"
    ]
    assert registration == {
        "kind": "registration",
        "opensAt": "2024-04-08T00:00:00+08:00",
        "closesAt": "2024-04-24T00:00:00+08:00",
        "isOpen": is_open,
    }


@pytest.mark.parametrize(("counted", "end"), [(False, "2024-06-12"), (True, "2024-06-11")])
async def test_g21_seven_working_days_of_publicity(
    real: AskedGraph, counted: bool, end: str
) -> None:
    found = await real.ask(
        """query ($counted: Boolean!) { calendar {
          publicityEnd(start: "2024-05-31", workingDays: 7, countFirstDay: $counted) } }""",
        {"counted": counted},
    )
    assert found == {"calendar": {"publicityEnd": end}}


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2024-04-07", True),
        ("2024-04-28", True),
        ("2024-05-11", True),
        ("2024-06-10", False),
    ],
)
async def test_g23_make_up_days_are_working_days(real: AskedGraph, day: str, working: bool) -> None:
    found = await real.ask(
        "query ($day: Date!) { calendar { isWorkingDay(date: $day) } }", {"day": day}
    )
    assert found == {"calendar": {"isWorkingDay": working}}


async def test_g23_a_year_without_a_calendar_is_refused(real: AskedGraph) -> None:
    query = """{ calendar { known: isWorkingDay(date: "2024-04-07")
      isWorkingDay(date: "2027-04-07") } }"""
    refusal = await real.refused(query)
    assert refusal.only["extensions"] == {"code": "CALENDAR_NOT_CONFIGURED", "year": 2027}
    assert refusal.only["path"] == ["calendar", "isWorkingDay"]
    assert refusal.only["message"].startswith("the working calendar of 2027 is not configured")
    assert refusal.data == {"calendar": {"known": True, "isWorkingDay": None}}
    chinese = await real.refused(query, language=ZH)
    assert chinese.only["message"].startswith("2027 年的工作日历尚未配置")


async def test_g38_37_bases_with_their_contacts(real: AskedGraph) -> None:
    """T38, T39: numbers normalised, extensions and aliases kept."""
    found = await real.ask(
        """{ bases(filter: {jurisdiction: "hubei"}, first: 100) { totalCount edges { node {
          code name aliases contacts { phones { number extension } qqGroups } } } } }""",
        language=ZH,
    )
    bases = [edge["node"] for edge in found["bases"]["edges"]]
    assert found["bases"]["totalCount"] == 37
    assert len({base["name"] for base in bases}) == 37
    assert len({base["code"] for base in bases}) == 37
    contacts = [contact for base in bases for contact in base["contacts"]]
    phones = [phone for contact in contacts for phone in contact["phones"]]
    numbers = [phone["number"] for phone in phones]
    assert "027-60660788" in numbers
    assert {"0717-6487803", "0717-6221657"} <= set(numbers)
    assert "88455" in {phone["extension"] for phone in phones}
    assert sum(len(contact["qqGroups"]) for contact in contacts) == 38
    assert sum(bool(base["aliases"]) for base in bases) == 21


async def test_appendix_eligibility(real: AskedGraph) -> None:
    found = await real.ask(
        """query ($candidate: CandidateInput!) {
          eligibility(opening: "hku-szh-residency-2026/0200", candidate: $candidate) {
            outcome findings { rule outcome level message(language: ZH) missingFacts
              source { document clause } } } }""",
        {"candidate": CANDIDATE},
    )
    report = found["eligibility"]
    assert report["outcome"] == "ELIGIBLE"
    assert {finding["level"] for finding in report["findings"]} == {
        "NATIONAL",
        "JURISDICTION",
        "INSTITUTION",
    }
    assert all(finding["source"]["document"] for finding in report["findings"])


async def test_appendix_explain(real: AskedGraph) -> None:
    found = await real.ask(
        """{ explain(node: "hku-szh-residency-2026/0200", field: "quota") {
          value level file line source { document clause } replaced { value level } } }"""
    )
    explained = found["explain"]
    line = explained.pop("line")
    assert explained == {
        "value": "4",
        "level": "INSTITUTION",
        "file": "bases/guangdong/shenzhen/hku-szh.yaml",
        "source": {"document": "S0", "clause": "招收计划表 序号2"},
        "replaced": [],
    }
    text = (ROOT / "bases/guangdong/shenzhen/hku-szh.yaml").read_text(encoding="utf-8")
    assert "quota: 4" in text.splitlines()[line - 1]


HUBEI_BACHELOR = {**BACHELOR, "majorCode": "100201K", "graduationYear": 2021}


@pytest.mark.parametrize(
    ("wage", "year", "floor"),
    [("120000", 1, "96000"), ("120000", 2, "120000"), ("120000", 3, "132000")],
)
async def test_g35_the_pay_floor_of_each_training_year(
    real: AskedGraph, wage: str, year: int, floor: str
) -> None:
    """R283: 80, 100 and 110 per cent of the average wage of the year before."""
    figures = tuple(
        WageFigure(region="shenzhen", year=each, amount=Decimal(wage))
        for each in (2025, 2026, 2027)
    )
    graph = replace(real, catalogue=replace(real.catalogue, wages={"shenzhen": figures}))
    estimate = await _estimate(
        graph,
        f"{HKU}/0100",
        {
            "traineeType": "SOCIAL",
            "qualifyingDegree": "BACHELOR",
            "postAllowanceGranted": True,
            "nightShifts": {"independent": 0, "follower": 0},
            "trainingYear": year,
        },
    )
    assert estimate["yearly"]["expected"] == "91200"
    [found] = estimate["floors"]
    assert found["floor"] == floor
    assert found["averageWage"] == wage
    assert found["shortfall"] == str(int(floor) - 91200)
    assert found["outcome"] == "NOT_MET"


async def test_g35_without_a_wage_nobody_can_tell(real: AskedGraph) -> None:
    """T55: a missing wage is UNKNOWN, never met."""
    estimate = await _estimate(
        real, f"{HKU}/0100", {"traineeType": "SOCIAL", "qualifyingDegree": "BACHELOR"}
    )
    assert [floor["trainingYear"] for floor in estimate["floors"]] == [1, 2, 3]
    assert {floor["outcome"] for floor in estimate["floors"]} == {"UNKNOWN"}
    assert {floor["floor"] for floor in estimate["floors"]} == {None}


@pytest.mark.parametrize(
    ("specialty", "trainee", "outcome"),
    [
        ("0100", {"traineeType": "SOCIAL"}, "INELIGIBLE"),
        ("0700", {"traineeType": "SOCIAL"}, "ELIGIBLE"),
        (
            "0100",
            {
                "traineeType": "ENTRUSTED",
                "employed": True,
                "inClinicalWork": True,
                "practiceSpecialty": "0100",
                "appliesAsIndividual": False,
                "title": "NONE",
                "sendingUnit": {
                    "name": "示例县人民医院",
                    "tier": "SECONDARY",
                    "province": "420000",
                    "prefecture": "420100",
                    "recommends": True,
                    "agreementSigned": True,
                    "base": "hubei-xiehe",
                    "specialty": "0100",
                },
            },
            "ELIGIBLE",
        ),
    ],
)
async def test_g24_an_unlicensed_graduate_of_2021(
    planned: AskedGraph, specialty: str, trainee: dict[str, Any], outcome: str
) -> None:
    """T22, T59: limited to general practice, unless the employer sends the person."""
    candidate = {
        **CANDIDATE,
        "degrees": [HUBEI_BACHELOR],
        "licenceExamEligible": True,
        "fitForTraining": True,
        "lawAbiding": True,
        "residencyCompleted": False,
        "registeredOnNationalPlatform": False,
        "permanentResident": False,
        "preferences": 1,
        **trainee,
    }
    report = await _decide(
        planned, f"hubei-xiehe-residency-2024/{specialty}", candidate, on="2024-04-10"
    )
    assert report["outcome"] == outcome, [
        (each["rule"], each["outcome"], each["message"], each["missingFacts"])
        for each in report["findings"]
        if each["outcome"] != "PASS"
    ]
