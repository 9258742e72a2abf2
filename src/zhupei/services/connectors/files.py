"""The file connector: batches are written to a folder, receipts are read from it.

It is the reference for what a connector does, and of use where a platform takes files by hand or
through a gateway: each batch is one JSON file, readable by its owner alone, and whoever carries it
on puts the answer beside it as ``<batch>.receipt.json``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from zhupei.domain.connectors import (
    ConnectorError,
    ConnectorUnavailableError,
    PlatformBatch,
    Receipt,
    ReceiptState,
    RecordProblem,
    UnknownBatchError,
)
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Text

__all__ = ["FileConnector"]

_BATCH = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FORM = 1


class FileConnector:
    """Writes batches to a folder.

    Args:
        options: ``folder``, which has to exist.

    """

    name = "file"

    def __init__(self, options: dict[str, str]) -> None:
        if set(options) != {"folder"}:
            raise ConnectorError(
                Text("需要选项 folder，且仅此一项", "the option folder is needed, and no other one")
            )
        self._folder = Path(options["folder"])

    async def submit(self, batch: PlatformBatch) -> Receipt:
        """Write the batch, whole or not at all; one that is there already stays as it is."""
        if not _BATCH.fullmatch(batch.id):
            raise ConnectorError(Text("批次标识不可用作文件名", "the id cannot be a file's name"))
        await asyncio.to_thread(self._write, batch)
        return await self.status(batch.id)

    async def status(self, batch: str) -> Receipt:
        """Return what stands in the receipt, PENDING while there is none."""
        if not _BATCH.fullmatch(batch):
            raise _unknown()
        return await asyncio.to_thread(self._receipt, batch)

    def _write(self, batch: PlatformBatch) -> None:
        path = self._folder / f"{batch.id}.json"
        content = json.dumps(
            {
                "form": _FORM,
                "batch": batch.id,
                "program": batch.program,
                "made_at": batch.made_at.isoformat(),
                "records": plain(batch.records),
            },
            ensure_ascii=False,
            indent=1,
        )
        part = self._folder / f".{secrets.token_hex(16)}.part"
        try:
            if path.exists():
                return
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # Linked, not renamed: whoever is first stays, and nobody sees half of a file.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(part)
        except OSError as error:
            raise ConnectorUnavailableError(
                Text(f"无法写入文件夹：{error.strerror}", f"cannot be written: {error.strerror}")
            ) from None
        finally:
            part.unlink(missing_ok=True)

    def _receipt(self, batch: str) -> Receipt:
        answer = self._folder / f"{batch}.receipt.json"
        try:
            if not (self._folder / f"{batch}.json").exists():
                if not self._folder.is_dir():
                    raise ConnectorUnavailableError(
                        Text("没有这个文件夹", "there is no such folder")
                    )
                raise _unknown()
            if not answer.exists():
                return Receipt(batch=batch, reference=batch, state=ReceiptState.PENDING)
            found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
            return Receipt(
                batch=batch,
                reference=str(found["reference"]),
                state=ReceiptState(found["state"]),
                problems=tuple(
                    RecordProblem(
                        registration=str(one["registration"]), message=str(one["message"])
                    )
                    for one in found.get("problems", ())
                ),
            )
        except OSError as error:
            raise ConnectorUnavailableError(
                Text(f"无法读取文件夹：{error.strerror}", f"cannot be read: {error.strerror}")
            ) from None
        except (KeyError, TypeError, ValueError):
            raise ConnectorError(
                Text(
                    f"回执 {answer.name} 无法识别",
                    f"the receipt {answer.name} cannot be understood",
                )
            ) from None


def _unknown() -> UnknownBatchError:
    return UnknownBatchError(Text("没有这个批次", "there is no such batch"))
