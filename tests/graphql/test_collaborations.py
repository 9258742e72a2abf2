"""Collaborations in the graph (R201-R208): what is agreed, recorded, and due next."""

from __future__ import annotations

from pathlib import Path

from admissions_office import changed_catalogue
from asked_graph import graph_of
from zhupei.domain.text import Language

_BLOCK = """\
collaborations:
  - kind: collaboration_unit
    hospital: {zh: 协同医院, en: Partner Hospital}
    specialty: "0700"
    content: {zh: 社区诊疗, en: Community care}
    months: 6
    agreement: {signed: 2026-03-01, covers: [trainees, rotation]}
    leading_group:
      leader: {zh: 院长, en: President}
      deputies: [{zh: 协同单位副院长, en: Vice president of the unit}]
      meetings: [2026-03-01]
    guidance: [{on: 2026-05-20, topics: [teaching]}, {on: 2026-03-20, topics: [system]}]
    full_time_managers: 2
    pays_performance: true
    source: SAMPLE-PLAN:5 协同
"""
_QUESTION = """{ base(code: "sample-hospital") { collaborations {
    kind hospital part specialty content months
    agreement { signedOn until covers lacks }
    leadingGroup { leader deputies members meetings nextMeetingBy }
    guidance { on topics } nextGuidanceBy
    fullTimeManagers paysPerformance paysNightAllowance source { clause } } } }"""


async def test_r201_r207_what_is_known_of_a_unit_and_what_is_due(tmp_path: Path) -> None:
    """What nobody has stated is null; quarters and half years are those of the calendar."""
    programs = "programs:\n  - code: sample-hospital-residency-2026\n"
    loaded = await changed_catalogue(
        tmp_path, "sample-hospital.yaml", (programs, _BLOCK + programs)
    )
    assert not loaded.problems.errors
    codes = [problem.code for problem in loaded.problems]
    assert codes.count("CONFIG_COLLABORATION_INCOMPLETE") == 1
    found = await graph_of(loaded.catalogue).ask(_QUESTION, language=Language.EN)
    assert found["base"]["collaborations"] == [
        {
            "kind": "COLLABORATION_UNIT",
            "hospital": "Partner Hospital",
            "part": "BASE",
            "specialty": "0700",
            "content": "Community care",
            "months": 6,
            "agreement": {
                "signedOn": "2026-03-01",
                "until": None,
                "covers": ["TRAINEES", "ROTATION"],
                "lacks": ["ASSESSMENT", "TREATMENT", "FACULTY", "PROCESS"],
            },
            "leadingGroup": {
                "leader": "President",
                "deputies": ["Vice president of the unit"],
                "members": [],
                "meetings": ["2026-03-01"],
                "nextMeetingBy": "2026-12-31",
            },
            "guidance": [
                {"on": "2026-03-20", "topics": ["SYSTEM"]},
                {"on": "2026-05-20", "topics": ["TEACHING"]},
            ],
            "nextGuidanceBy": "2026-09-30",
            "fullTimeManagers": 2,
            "paysPerformance": True,
            "paysNightAllowance": None,
            "source": {"clause": "协同"},
        }
    ]
