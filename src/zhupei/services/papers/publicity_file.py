"""The signed file of a publicity list: JSON with an Ed25519 signature that anybody can verify.

::

    {"list": {...}, "signature": {"algorithm": "Ed25519", "key_id": ..., "value": ...}}

Signed are the bytes of ``list`` as JSON with sorted keys, without blanks, in UTF-8 (the form of
RFC 8785 for texts, whole numbers, true, false and null). `verify_publicity_list` checks a file;
another program does the same with any Ed25519 library. The file of a list that was withdrawn
holds ``withdrawal`` in place of ``list``, signed alike.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.security.signatures import public_key_id, public_key_of, sign, verifies
from zhupei.services.papers.publicity_list import (
    PublicityList,
    PublicityListError,
    PublicityRow,
)

__all__ = [
    "Withdrawal",
    "publicity_json",
    "publicity_schema",
    "verify_publicity_list",
    "verify_signed_file",
    "withdrawal_json",
]

_SCHEMA = "zhupei.publicity-list/1"
_WITHDRAWAL = "zhupei.publicity-withdrawal/1"
_ALGORITHM = "Ed25519"
_KINDS = ("list", "withdrawal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The notice that takes the place of a list that was withdrawn; ``publicity`` is its id."""

    publicity: str
    program: str
    withdrawn_at: datetime


def _plain(listed: PublicityList) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "program": {"code": listed.program, "name": listed.program_name},
        "host": listed.host,
        "round": None
        if listed.round is None
        else {"code": listed.round, "name": listed.round_name},
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
    return _signed("list", _plain(listed), private_key)


def withdrawal_json(notice: Withdrawal, private_key: bytes) -> bytes:
    """Return the signed notice of a withdrawal, UTF-8; ``private_key`` is 32 bytes of Ed25519."""
    data = {
        "schema": _WITHDRAWAL,
        "publicity": notice.publicity,
        "program": notice.program,
        "withdrawn_at": notice.withdrawn_at.astimezone(CHINA_TIME).isoformat(),
    }
    return _signed("withdrawal", data, private_key)


def _signed(name: str, data: Mapping[str, Any], private_key: bytes) -> bytes:
    signature = {
        "algorithm": _ALGORITHM,
        "key_id": public_key_id(public_key_of(private_key)),
        "value": base64.b64encode(sign(private_key, _canonical(data))).decode(),
    }
    text = json.dumps({name: data, "signature": signature}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def verify_publicity_list(content: bytes, public_key: bytes) -> PublicityList:
    """Return the list of a file if ``public_key`` (32 bytes) proves that nothing was changed.

    Raises:
        PublicityListError: it is not such a file, another key signed it, it was changed, or the
            list was withdrawn.
    """
    found = verify_signed_file(content, {public_key_id(public_key): public_key})
    if isinstance(found, Withdrawal):
        raise PublicityListError(Text("该名单已撤回", "this list was withdrawn"))
    return found


def verify_signed_file(
    content: bytes, public_keys: Mapping[str, bytes]
) -> PublicityList | Withdrawal:
    """Return what a file says if one of the keys, by their ids, proves that nothing was changed.

    Raises:
        PublicityListError: it is not such a file, another key signed it, or it was changed.
    """
    kind, data, signature = _opened(content)
    if signature.get("algorithm") != _ALGORITHM:
        raise PublicityListError(Text("签名算法不是 Ed25519", "not signed with Ed25519"))
    key = public_keys.get(str(signature.get("key_id")))
    if key is None:
        raise PublicityListError(Text("签名用的是另一把密钥", "another key signed it"))
    try:
        value = base64.b64decode(str(signature.get("value")), validate=True)
    except binascii.Error:
        value = b""
    if not verifies(key, _canonical(data), value):
        raise PublicityListError(
            Text("签名不符：内容被改动", "the signature does not fit: it was changed")
        )
    try:
        return _read(data) if kind == "list" else _withdrawal(data)
    except (KeyError, TypeError, ValueError) as error:
        raise _not_a_list() from error


def _opened(content: bytes) -> tuple[str, dict[str, Any], dict[str, Any]]:
    try:
        whole = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
        kind = next(each for each in _KINDS if each in whole)
        data, signature = whole[kind], whole["signature"]
    except (ValueError, TypeError, KeyError, StopIteration) as error:
        raise _not_a_list() from error
    if not isinstance(data, dict) or not isinstance(signature, dict):
        raise _not_a_list()
    return kind, data, signature


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
        round=None if data["round"] is None else data["round"]["code"],
        round_name=None if data["round"] is None else data["round"]["name"],
        published_on=date.fromisoformat(data["published_on"]),
        ends_on=date.fromisoformat(data["ends_on"]),
        working_days=data["working_days"],
        counts_first_day=data["counts_first_day"],
        rules=data["rules"],
        objections=tuple(data["objections"]),
        rows=tuple(PublicityRow(**entry) for entry in data["entries"]),
    )


def _withdrawal(data: dict[str, Any]) -> Withdrawal:
    if data["schema"] != _WITHDRAWAL:
        raise ValueError(f"the schema is {data['schema']!r}")
    return Withdrawal(
        publicity=data["publicity"],
        program=data["program"],
        withdrawn_at=datetime.fromisoformat(data["withdrawn_at"]),
    )


def publicity_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the signed file."""
    path = files("zhupei.services.papers") / "templates" / "publicity_list.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema
