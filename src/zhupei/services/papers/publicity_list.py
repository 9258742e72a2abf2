"""The published list of proposed admissions (公示名单): masked, machine-readable, signed.

The list says who is proposed for what, from when to when objections are heard, and by which rules.
Identities are masked before anything else is done with them. The published file is JSON::

    {"list": {...}, "signature": {"algorithm": "Ed25519", "key_id": ..., "value": ...}}

Signed are the bytes of ``list`` as JSON with sorted keys, without blanks, in UTF-8 (the form of
RFC 8785 for texts, whole numbers, true, false and null). `verify_publicity_list` checks a file;
another program does the same with any Ed25519 library.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.masking import mask_name, mask_number
from zhupei.domain.text import Text
from zhupei.domain.training import Program
from zhupei.errors import ZhupeiError
from zhupei.security.signatures import public_key_id, public_key_of, sign, verifies
from zhupei.services.papers.brochure_offer import contacts, host_name
from zhupei.services.papers.paper import Facts, Grid, Paper, Part, Statement
from zhupei.services.papers.records import ProposedAdmission
from zhupei.services.papers.spreadsheet import Column, write_csv
from zhupei.services.papers.wording import TRAINEE_TYPES, chinese_date, said

__all__ = [
    "PublicityList",
    "PublicityListError",
    "PublicityRow",
    "publicity_csv",
    "publicity_json",
    "publicity_list",
    "publicity_paper",
    "publicity_schema",
    "verify_publicity_list",
]

_SCHEMA = "zhupei.publicity-list/1"
_ALGORITHM = "Ed25519"
_DAY = timedelta(days=1)


class PublicityListError(ZhupeiError):
    """A list cannot be made, or a file is not the list that was signed."""

    code = "PUBLICITY_LIST_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityRow:
    """One person as published; ``name`` and ``identity`` are masked."""

    number: int
    application: str
    name: str
    identity: str
    opening: str
    specialty: str
    direction: str | None
    trainee_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicityList:
    """The list of one round.

    ``ends_on`` is the last day, over at 24:00 China time; ``working_days`` is the length and
    ``counts_first_day`` whether the day of publication counts (T13). ``rules`` is the hash of the
    catalogue by which the admissions were decided.
    """

    program: str
    program_name: str
    host: str
    round: str
    round_name: str
    published_on: date
    ends_on: date
    working_days: int
    counts_first_day: bool
    rules: str
    objections: tuple[str, ...]
    rows: tuple[PublicityRow, ...]

    @property
    def closes_at(self) -> datetime:
        """The instant at which the period is over: 00:00 after the last day, in China's time."""
        return datetime.combine(self.ends_on + _DAY, time(), CHINA_TIME)


def publicity_list(
    catalogue: Catalogue,
    program: str,
    round_code: str,
    proposed: Sequence[ProposedAdmission],
    published_on: date,
) -> PublicityList:
    """Return the list of a round, masked, with its end by the program's own rules (R146, R216).

    Rows are in the order of openings and applications, which says nothing about rank.

    Raises:
        KeyError: there is no such program.
        PublicityListError: a proposal is for an opening of another program or stands there
            twice, the round does not exist, or the program sets no length of the period.
        CalendarNotConfigured: the working days of a year that is needed are not known.
    """
    found = catalogue.programs[program]
    days, counts = _terms(found)
    rows = _rows(catalogue, found, proposed)
    name = next((each.name.zh for each in found.rounds if each.code == round_code), None)
    if name is None:
        raise PublicityListError(
            Text(f"{program} 没有批次 {round_code}", f"{program} has no round {round_code}")
        )
    return PublicityList(
        program=program,
        program_name=found.name.zh,
        host=host_name(catalogue, found),
        round=round_code,
        round_name=name,
        published_on=published_on,
        ends_on=catalogue.calendar.publicity_end(published_on, days, count_first_day=counts),
        working_days=days,
        counts_first_day=counts,
        rules=catalogue.hash,
        objections=_objections(catalogue, found),
        rows=rows,
    )


def _terms(program: Program) -> tuple[int, bool]:
    values = {policy.key: policy.value for policy in program.policies}
    days = values.get("publicity_working_days")
    if not isinstance(days, int):
        raise PublicityListError(
            Text(
                f"{program.code} 没有规定公示期（publicity_working_days）",
                f"{program.code} sets no length of the publicity period (publicity_working_days)",
            )
        )
    # Not counting the day of publication is the stricter reading (T13).
    return days, values.get("publicity_counts_first_day") is True


def _rows(
    catalogue: Catalogue, program: Program, proposed: Sequence[ProposedAdmission]
) -> tuple[PublicityRow, ...]:
    strangers = sorted({each.opening for each in proposed} - set(program.openings))
    if strangers:
        listed = ", ".join(strangers)
        raise PublicityListError(
            Text(f"不属于 {program.code}：{listed}", f"not of {program.code}: {listed}")
        )
    ids = [each.application for each in proposed]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        listed = ", ".join(twice)
        raise PublicityListError(Text(f"重复：{listed}", f"listed twice: {listed}"))
    ordered = sorted(
        proposed, key=lambda each: (program.openings.index(each.opening), each.application)
    )
    return tuple(
        PublicityRow(
            number=number,
            application=each.application,
            name=mask_name(each.name),
            identity=mask_number(each.number),
            opening=each.opening,
            specialty=catalogue.openings[each.opening].specialty_name.zh,
            direction=None if each.direction is None else each.direction.zh,
            trainee_type=each.trainee_type.value,
        )
        for number, each in enumerate(ordered, start=1)
    )


def _objections(catalogue: Catalogue, program: Program) -> tuple[str, ...]:
    block = contacts(catalogue, program)[0]
    if not isinstance(block, Facts):
        return ()
    return tuple(
        f"{label}：{'；'.join(line.text for line in lines)}" for label, lines in block.rows
    )


def _plain(listed: PublicityList) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "program": {"code": listed.program, "name": listed.program_name},
        "host": listed.host,
        "round": {"code": listed.round, "name": listed.round_name},
        "published_on": listed.published_on.isoformat(),
        "ends_on": listed.ends_on.isoformat(),
        "closes_at": listed.closes_at.isoformat(),
        "working_days": listed.working_days,
        "counts_first_day": listed.counts_first_day,
        "rules": listed.rules,
        "objections": list(listed.objections),
        "entries": [
            {
                "number": row.number,
                "application": row.application,
                "name": row.name,
                "identity": row.identity,
                "opening": row.opening,
                "specialty": row.specialty,
                "direction": row.direction,
                "trainee_type": row.trainee_type,
            }
            for row in listed.rows
        ],
    }


def _canonical(data: Mapping[str, Any]) -> bytes:
    return json.dumps(
        data, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


def publicity_json(listed: PublicityList, private_key: bytes) -> bytes:
    """Return the signed file, UTF-8; ``private_key`` is 32 bytes of Ed25519."""
    data = _plain(listed)
    signature = {
        "algorithm": _ALGORITHM,
        "key_id": public_key_id(public_key_of(private_key)),
        "value": base64.b64encode(sign(private_key, _canonical(data))).decode(),
    }
    text = json.dumps({"list": data, "signature": signature}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def verify_publicity_list(content: bytes, public_key: bytes) -> PublicityList:
    """Return the list of a file if ``public_key`` (32 bytes) proves that nothing was changed.

    Raises:
        PublicityListError: it is not such a file, another key signed it, or it was changed.
    """
    data, signature = _opened(content)
    if signature.get("algorithm") != _ALGORITHM:
        raise PublicityListError(Text("签名算法不是 Ed25519", "not signed with Ed25519"))
    if signature.get("key_id") != public_key_id(public_key):
        raise PublicityListError(Text("签名用的是另一把密钥", "another key signed it"))
    try:
        value = base64.b64decode(str(signature.get("value")), validate=True)
    except binascii.Error:
        value = b""
    if not verifies(public_key, _canonical(data), value):
        raise PublicityListError(
            Text("签名不符：内容被改动", "the signature does not fit: it was changed")
        )
    try:
        return _read(data)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_a_list() from error


def _opened(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        whole = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
        data, signature = whole["list"], whole["signature"]
    except (ValueError, TypeError, KeyError) as error:
        raise _not_a_list() from error
    if not isinstance(data, dict) or not isinstance(signature, dict):
        raise _not_a_list()
    return data, signature


def _not_a_list() -> PublicityListError:
    return PublicityListError(Text("不是公示名单文件", "not the file of a publicity list"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice: readers would differ in what they read")
    return found


def _read(data: dict[str, Any]) -> PublicityList:
    if data["schema"] != _SCHEMA:
        raise ValueError(f"the schema is {data['schema']!r}")
    return PublicityList(
        program=data["program"]["code"],
        program_name=data["program"]["name"],
        host=data["host"],
        round=data["round"]["code"],
        round_name=data["round"]["name"],
        published_on=date.fromisoformat(data["published_on"]),
        ends_on=date.fromisoformat(data["ends_on"]),
        working_days=data["working_days"],
        counts_first_day=data["counts_first_day"],
        rules=data["rules"],
        objections=tuple(data["objections"]),
        rows=tuple(PublicityRow(**entry) for entry in data["entries"]),
    )


def publicity_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the signed file."""
    path = files("zhupei.services.papers") / "templates" / "publicity_list.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


_DIRECTION = "培养方向"
_HEADERS = ("序号", "报名号", "姓名", "证件号码", "专业", _DIRECTION, "人员类型")
_WIDTHS = (0.0, 4.0, 0.0, 0.0, 3.0, 3.0, 3.0)


def _directed(listed: PublicityList) -> bool:
    return any(row.direction for row in listed.rows)


def _cells(row: PublicityRow) -> tuple[str, ...]:
    types = {each.value: text.zh for each, text in TRAINEE_TYPES.items()}
    return (
        str(row.number),
        row.application,
        row.name,
        row.identity,
        row.specialty,
        row.direction or "",
        types[row.trainee_type],
    )


def publicity_csv(listed: PublicityList) -> bytes:
    """Return the entries as CSV, in UTF-8 with a mark."""
    return write_csv([Column(header=each) for each in _HEADERS], [_cells(r) for r in listed.rows])


def publicity_paper(listed: PublicityList) -> Paper:
    """Return the list as a paper to print and post (S2:68, S4:350-352)."""
    counted = "计入" if listed.counts_first_day else "不计入"
    facts = Facts(
        (
            ("公示批次", said(listed.round_name)),
            (
                "公示期",
                said(
                    f"{chinese_date(listed.published_on)} 至 {chinese_date(listed.ends_on)}24:00，"
                    f"共 {listed.working_days} 个工作日（{counted}发布当日）"
                ),
            ),
            ("人数", said(f"{len(listed.rows)} 名")),
            (
                "异议受理",
                tuple(Statement(each) for each in listed.objections) or said("未公布联系方式"),
            ),
        )
    )
    kept = [at for at, name in enumerate(_HEADERS) if name != _DIRECTION or _directed(listed)]
    rows = tuple(tuple(said(_cells(row)[at] or "—") for at in kept) for row in listed.rows)
    header = tuple(_HEADERS[at] for at in kept)
    widths = tuple(_WIDTHS[at] for at in kept)
    return Paper(
        title=listed.program_name,
        subtitle="拟录取人员名单公示",
        issuer=listed.host,
        parts=(
            Part("公示说明", (facts,)),
            Part("拟录取人员名单", (Grid(header, rows, widths),)),
        ),
        signed=(listed.host, chinese_date(listed.published_on)),
    )
