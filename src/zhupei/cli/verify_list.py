"""``zhupei verify-list FILE``: prove that a published list is what was signed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Text

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.services.papers.publicity_file import Withdrawal
    from zhupei.services.papers.publicity_list import PublicityList

__all__ = ["register"]

_LARGEST = 64 << 20


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "verify-list",
        help="核验公示名单的签名 · verify the signature of a published list",
        description=(
            "核验已公布名单的签名文件（JSON）。不写 --keys 或 --key 时用本系统的密钥。与"
            "签名时不符或名单已撤回时，退出码为 1。 · Verify the signed file (JSON) of a "
            "published list. Without --keys or --key the keys of this installation are "
            "taken. Ends with status 1 where it is not what was signed, or where the "
            "list was withdrawn."
        ),
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="名单的 JSON 文件 · the JSON file of the list"
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="/publicity/keys.json 公布的密钥集 · key set as published at /publicity/keys.json",
    )
    whose.add_argument(
        "--key",
        metavar="BASE64",
        help="一个公钥，32 字节，Base64 · one public key of 32 bytes in Base64",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from zhupei.services.papers.publicity_file import (  # noqa: PLC0415 - see zhupei.cli
        Withdrawal,
        verify_signed_file,
    )

    found = verify_signed_file(_read(arguments.file), _keys(arguments))
    sys.stdout.write(_text(found).get(read_settings().language) + "\n")
    return 1 if isinstance(found, Withdrawal) else 0


def _keys(arguments: argparse.Namespace) -> Mapping[str, bytes]:
    from zhupei.security.signatures import public_key_id  # noqa: PLC0415 - see zhupei.cli
    from zhupei.security.signing_keys import (  # noqa: PLC0415 - see zhupei.cli
        public_key_from_text,
    )
    from zhupei.services.issuing.signing import read_signing_keys  # noqa: PLC0415 - see zhupei.cli

    if arguments.key is not None:
        key = public_key_from_text(arguments.key)
        return {public_key_id(key): key}
    if arguments.keys is None:
        own = read_signing_keys(read_settings())
        if own is None:
            raise CommandError(
                Text(
                    "本安装还没有签名密钥，无法据以核验",
                    "this installation has no signing key yet to verify with",
                ),
                hint=Text(
                    "用 --keys 或 --key 指定签名者公布的公钥",
                    "give the public key of whoever signed with --keys or --key",
                ),
                status=2,
            )
        return own.public
    try:
        entries = json.loads(_read(arguments.keys))["keys"]
        texts = [str(each["x"]) for each in entries if each["crv"] == "Ed25519"]
    except (ValueError, KeyError, TypeError):
        raise CommandError(
            Text(f"{arguments.keys} 不是密钥文件", f"{arguments.keys} is no key set")
        ) from None
    keys = [public_key_from_text(each) for each in texts]
    return {public_key_id(each): each for each in keys}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise CommandError(
            Text(f"无法读取 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}"),
            status=2,
        ) from error


def _text(found: PublicityList | Withdrawal) -> Text:
    from zhupei.services.papers.publicity_file import Withdrawal  # noqa: PLC0415 - see zhupei.cli

    if isinstance(found, Withdrawal):
        return Text(
            f"签名有效：名单 {found.publicity} 已于 {found.withdrawn_at.isoformat()} 撤回",
            f"the signature holds: the list {found.publicity} was withdrawn at "
            f"{found.withdrawn_at.isoformat()}",
        )
    name = found.round_name or found.program
    count = len(found.rows)
    return Text(
        f"签名有效：{found.program_name} {name}，{count} 人，公示至 {found.ends_on} 24:00",
        f"the signature holds: {found.program}, {count} people, until 24:00 of {found.ends_on}",
    )
