"""Writes a fictional country: jurisdictions, and bases with a residency program and its plan.

Every word of it is made up. ``python benchmarks/generate.py FOLDER [BASES]`` writes it for a
look; the benchmarks call `generate`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from zhupei.reference import load as load_reference

__all__ = ["OPENINGS", "YEAR", "generate"]

YEAR = 2026
OPENINGS = 28
"""Openings of each base."""

_JURISDICTION = """\
kind: jurisdiction
code: fictional-{province}
name: {{zh: 虚构{province}, en: Fictional {province}}}
level: {level}
province: "{province}"
sources:
  NOTICE-{province}:
    title: {{zh: 虚构的招收通知, en: Fictional notice}}
    issued: {year}-03-01
policies:
  max_preferences: {{value: 2, source: NOTICE-{province}:3 第三条}}
  publicity_working_days: {{value: 8, source: NOTICE-{province}:4 第四条}}
benefits:
  - id: stipend
    kind: by_degree
    label: {{zh: 生活补助, en: Stipend}}
    payer: base
    funding_source: mixed_fiscal_and_base
    period: month
    amounts: {{BACHELOR: 3000, MASTER: 3500, DOCTOR: 4000}}
    source: NOTICE-{province}:5 第五条
programs:
  - code: fictional-{province}-residency-{year}
    kind: residency
    year: {year}
    duration_months: 36
    name: {{zh: 虚构{province}住院医师规范化培训{year}, en: Fictional {province} residency {year}}}
    quota_note: {{zh: 各基地分别公布, en: published by each base}}
    source: NOTICE-{province}:1 第一条
    rounds:
      - code: batch-1
        name: {{zh: 第一批次, en: First batch}}
        windows:
          - kind: registration
            opens: {year}-04-08T00:00
            closes: {year}-04-23T24:00
            source: NOTICE-{province}:2 第二条
          - kind: assessment
            opens: {year}-04-24
            closes: {year}-05-08
            source: NOTICE-{province}:2 第二条
          - kind: publicity
            opens: {year}-05-11
            closes: {year}-05-29
            source: NOTICE-{province}:2 第二条
"""

_BASE = """\
kind: base
code: fictional-{number}
name: {{zh: 虚构市第{number}医院, en: Fictional Hospital {number}}}
aliases: [虚构大学第{number}附属医院]
province: "{province}"
jurisdiction: fictional-{province}
tier: TERTIARY
type: general
sources:
  BROCHURE-{number}:
    title: {{zh: 虚构的招收简章, en: Fictional brochure}}
source: BROCHURE-{number}:1 简介
contacts:
  - people: [张老师, 李老师]
    phones: ["027-{phone}"]
    qq_groups: ["{qq}"]
    emails: [office@fictional-{number}.example]
    source: BROCHURE-{number}:2 联系方式
sections:
  - id: profile
    kind: profile
    label: {{zh: 医院概况, en: Profile}}
    items:
      - id: beds
        label: {{zh: 床位, en: Beds}}
        value: "{beds}"
        unit: beds
        source: BROCHURE-{number}:3 概况
benefits:
  - id: meal
    kind: monthly
    label: {{zh: 餐补, en: Meals}}
    payer: base
    funding_source: base
    period: month
    amount: 600
    source: BROCHURE-{number}:4 待遇
programs:
  - code: fictional-{number}-residency-{year}
    parent: fictional-{province}-residency-{year}
    name:
      zh: 虚构市第{number}医院住院医师规范化培训{year}
      en: Fictional Hospital {number} residency {year}
    source: BROCHURE-{number}:5 计划
    requirements:
      - id: english
        kind: english
        label: {{zh: 英语四级, en: CET-4}}
        cet4: 425
        source: BROCHURE-{number}:6 条件
    openings:
"""

_OPENING = """\
      - specialty: "{specialty}"
        quota: {quota}
        source: BROCHURE-{number}:{line} 计划表
        requirements:
          - id: major
            kind: major
            label: {{zh: 专业要求, en: Majors}}
            undergraduate: ["100201K"]
            postgraduate: ["{subject}"]
            source: BROCHURE-{number}:{line} 计划表
"""


def generate(folder: Path, bases: int = 1_000) -> Path:
    """Write ``bases`` base files with `OPENINGS` openings each, and their jurisdictions' files."""
    reference = load_reference()
    provinces = list(reference.provinces.values())
    specialties = list(reference.specialties.for_cycle(YEAR).values())[:OPENINGS]
    if len(specialties) < OPENINGS:
        raise ValueError(f"the catalogue of {YEAR} has only {len(specialties)} specialties")
    for province in provinces:
        below = folder / province.code
        below.mkdir(parents=True)
        text = _JURISDICTION.format(
            province=province.code, year=YEAR, level=_level(province.kind.value)
        )
        (below / "_jurisdiction.yaml").write_text(text, encoding="utf-8")
    for number in range(1, bases + 1):
        province = provinces[number % len(provinces)]
        text = _BASE.format(
            number=number,
            province=province.code,
            year=YEAR,
            phone=60_000_000 + number,
            qq=100_000_000 + number,
            beds=500 + number,
        )
        for position, specialty in enumerate(specialties):
            text += _OPENING.format(
                number=number,
                specialty=specialty.code,
                subject=specialty.name.zh,
                quota=1 + (number + position) % 9,
                line=10 + position,
            )
        path = folder / province.code / f"fictional-{number}.yaml"
        path.write_text(text, encoding="utf-8")
    return folder


def _level(kind: str) -> str:
    known = {"province", "autonomous_region", "municipality"}
    return kind if kind in known else "province"


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    sys.stdout.write(f"{generate(Path(sys.argv[1]), count)}\n")
