"""``zhupei new base``: writes a commented file of a new hospital that passes ``zhupei check``."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.cli._new import new_commands
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.config.workspace import Workspace
    from zhupei.settings import Settings

__all__ = ["register"]

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SCHEMA = "base.schema.json"


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = new_commands(subparsers).add_parser(
        "base",
        help="新建一家医院的配置 · begin the file of a hospital",
        description=(
            "为新医院写一个带注释的文件，即刻出现在图中，由您填写。首个项目的代码由医院代"
            "码和年度组成。 · Write a commented file of a new hospital that is in the "
            "graph at once, for you to fill in. Its first program has the hospital's "
            "code, and the cycle, at the end."
        ),
    )
    parser.add_argument(
        "code",
        metavar="CODE",
        help="医院代码：字母、数字与连字符 · code of the hospital: letters, digits and hyphens",
    )
    parser.add_argument(
        "--jurisdiction",
        metavar="CODE",
        help="最近的、有自己规则的省或市 · the nearest province or city with rules of its own",
    )
    parser.add_argument(
        "--province",
        metavar="110000",
        help=(
            "GB/T 2260 行政区划代码；默认取管辖机构的 · GB/T "
            "2260 code; the jurisdiction's by default"
        ),
    )
    parser.add_argument("--name-zh", metavar="NAME", help="中文名 · Chinese name")
    parser.add_argument("--name-en", metavar="NAME", help="英文名 · English name")
    parser.add_argument(
        "--year", type=int, metavar="YEAR", help="年度；默认今年 · cycle; this year by default"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    code: str = arguments.code
    if not _CODE.fullmatch(code) or len(code) > 60:
        raise CommandError(
            Text(
                f"代码“{code}”只能用小写字母、数字和连字符，并以字母开头，如 example-hospital",
                f'the code "{code}" may hold lower-case letters, digits and single hyphens and '
                "begins with a letter, such as example-hospital",
            ),
            status=2,
        )
    year: int = datetime.now(CHINA_TIME).year if arguments.year is None else arguments.year
    if not 1000 <= year <= 9999:
        raise CommandError(
            Text("年份应为四位数，如 2026", "the year has four digits, such as 2026"), status=2
        )
    settings = read_settings()
    place = _Place(settings, arguments.jurisdiction, arguments.province)
    place.refuse_known(code, f"{code}-residency-{year}")
    path = place.folder / f"{code}.yaml"
    text = _text(
        code,
        Text(arguments.name_zh or code, arguments.name_en or arguments.name_zh or code),
        year,
        place,
        os.path.relpath(settings.bases[0] / _SCHEMA, path.parent).replace(os.sep, "/"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise CommandError(
            Text(f"{path} 已存在，未改动", f"{path} exists and is left as it is")
        ) from error
    shown = os.path.relpath(path)
    sys.stdout.write(f"{shown}\n")
    advice = Text(
        f"请填写后运行 zhupei check {shown}", f"fill it in, then run zhupei check {shown}"
    )
    sys.stderr.write(f"{advice.get(settings.language)}\n")
    return 0


class _Place:
    """Where the new base belongs: its jurisdiction and province, and the folder of its file."""

    def __init__(self, settings: Settings, jurisdiction: str | None, province: str | None) -> None:
        from zhupei.config.workspace import read_workspace  # noqa: PLC0415 - see zhupei.cli
        from zhupei.reference import load  # noqa: PLC0415 - see zhupei.cli

        existing = [path for path in settings.bases if path.exists()]
        self._workspace: Workspace = read_workspace(existing)
        self.jurisdiction = jurisdiction
        self.sources: tuple[str, ...] = ()
        self.parents: tuple[str, ...] = ()
        provinces = load().provinces
        self.folder = settings.bases[0]
        if jurisdiction is not None:
            data, above = self._find(jurisdiction)
            province = province or str(data.get("province"))
            self.folder = above
            self.parents = tuple(_program_codes(data))
        if province is None:
            raise CommandError(
                Text("需要 --jurisdiction 或 --province", "give --jurisdiction or --province"),
                hint=Text("如 --province 110000", "such as --province 110000"),
                status=2,
            )
        if province not in provinces:
            known = ", ".join(f"{each.code} {each.short_name.zh}" for each in provinces.values())
            raise CommandError(
                Text(f"没有代码为 {province} 的省份", f"there is no province {province}"),
                hint=Text(f"可用的有：{known}", f"known are {known}"),
                status=2,
            )
        self.province = province
        self.province_name = provinces[province].name
        if jurisdiction is None:
            self.folder /= re.sub(r"[^a-z]", "", provinces[province].pinyin) or province

    def _find(self, jurisdiction: str) -> tuple[dict[str, object], Path]:
        known = {}
        for document in self._workspace.documents:
            if document.data["kind"] == "jurisdiction":
                known[str(document.data.get("code"))] = document
        if jurisdiction not in known:
            listed = ", ".join(sorted(known)) or "-"
            raise CommandError(
                Text(
                    f"没有代码为 {jurisdiction} 的管辖机构",
                    f"there is no jurisdiction {jurisdiction}",
                ),
                hint=Text(
                    f"已有：{listed}；没有时用 --province",
                    f"known: {listed}; without one use --province",
                ),
                status=2,
            )
        found = known[jurisdiction]
        return found.data, found.path.parent

    def refuse_known(self, *codes: str) -> None:
        """Refuse a code that a file of the workspace uses already."""
        for document in self._workspace.documents:
            used = {str(document.data.get("code")), *_program_codes(document.data)}
            for code in codes:
                if code in used:
                    shown = os.path.relpath(document.path)
                    raise CommandError(
                        Text(f"代码 {code} 已用于 {shown}", f"the code {code} is used in {shown}")
                    )


def _program_codes(data: dict[str, object]) -> Iterable[str]:
    programs = data.get("programs")
    for program in programs if isinstance(programs, list) else ():
        if isinstance(program, dict) and isinstance(program.get("code"), str):
            yield program["code"]


def _text(code: str, name: Text, year: int, place: _Place, schema: str) -> str:
    """Return the file; names go through JSON's quoting, which YAML's double quotes share."""
    zh, en = (json.dumps(each, ensure_ascii=False) for each in (name.zh, name.en or name.zh))
    program_zh = json.dumps(f"{name.zh}{year}年住院医师规范化培训", ensure_ascii=False)
    program_en = json.dumps(f"{name.en or name.zh} residency {year}", ensure_ascii=False)
    jurisdiction = (
        f"jurisdiction: {place.jurisdiction}\n"
        if place.jurisdiction
        else "# jurisdiction: example-city  # the nearest province or city with a file of rules\n"
    )
    return _TEMPLATE.format(
        schema=schema,
        code=code,
        zh=zh,
        en=en,
        province=place.province,
        province_zh=place.province_name.zh,
        jurisdiction=jurisdiction,
        year=year,
        document=f"{code}-{year}".upper(),
        program_zh=program_zh,
        program_en=program_en,
        parent=_parent(place.parents, year),
    )


def _parent(parents: Sequence[str], year: int) -> str:
    """Return the line that takes rules from a province's program, as far as one fits the cycle."""
    fitting = [code for code in parents if code.endswith(f"-{year}")]
    if len(fitting) == 1:
        return f"    parent: {fitting[0]}  # rules, steps and calendar come from it\n"
    offered = ", ".join(parents)
    known = f"; here are {offered}" if parents else ""
    line = f"    # parent: example-residency-{year}"
    return f"{line}  # a province's program to take rules from{known}\n"


_TEMPLATE = """\
# yaml-language-server: $schema={schema}
#
# 医院配置文件：填写后运行 `zhupei check`。每个键的含义见 docs/configuration.md。
# A hospital's file: fill it in, then run `zhupei check`. Every key is in docs/configuration.md.
# Whatever you do not know yet, leave out: the graph then answers null with your reason.
kind: base
code: {code}
name:
  zh: {zh}
  en: {en}
# aliases: [其他名称]                # other names of the hospital, as printed
province: "{province}"                # {province_zh}; GB/T 2260, in quotes
# prefecture: "000000"              # code of the city
{jurisdiction}# tier: TERTIARY                    # TERTIARY, SECONDARY or PRIMARY
# type: general                     # general, children, maternal, stomatology, psychiatry …
# base_since: {year}-01                # month in which it became a national base

# Documents that your figures come from. `source: {document}:12 第三条` cites line 12,
# clause 3.
sources:
  {document}:  # a code of your own: other hospitals have brochures too
    title: {{zh: 招收简章, en: Recruitment brochure}}

# contacts:
#   - label: {{zh: 教育处, en: Education office}}
#     people: [张老师]
#     phones: ["010-82345678 转 88"]
#     emails: [office@example.org]
#     qq_groups: ["123456789"]

programs:
  - code: {code}-residency-{year}
    kind: residency
    year: {year}
{parent}    name:
      zh: {program_zh}
      en: {program_en}
    # duration_months: 36

    # The plan: one row for each specialty, by its national code in quotes. A quota that is not
    # published stays away, with the reason; 0 means that nobody is admitted.
    openings:
      - specialty: "0100"           # 内科
        quota_note: {{zh: 计划尚未公布, en: the plan is not published yet}}
        # quota: 3
        # source: {document}:12 招收计划表

    # rounds:
    #   - code: batch-1
    #     name: {{zh: 第一批次, en: First batch}}
    #     windows:
    #       - {{kind: registration, opens: {year}-04-08T00:00, closes: {year}-04-23T24:00}}
    #       - {{kind: publicity, opens: {year}-05-11, closes: {year}-05-29}}

    # benefits:
    #   - id: meals
    #     kind: monthly
    #     label: {{zh: 餐补, en: Meals}}
    #     amount: 600
    #     payer: base
    #     period: month
    #     source: {document}:30 待遇

    # requirements:
    #   - id: english
    #     kind: english
    #     label: {{zh: 英语四级, en: CET-4}}
    #     cet4: 425
    #     source: {document}:20 条件
"""
