"""Heads of the audit chains: records are numbered and anchored while a transaction holds the head.

There are two chains, ``records`` of applications and ``states`` of everything else that has states.
Whoever appends to both takes them in this order, so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.db.models import StateRecordRow, TransitionRow
from zhupei.domain.audit_chain import anchor_of, hash_of
from zhupei.domain.plain_values import plain

__all__ = ["ChainHead", "shared_content"]


class ChainHead:
    """The end of a chain while records are appended: from `taken` until the transaction ends."""

    def __init__(self, connection: BaseDBAsyncClient, name: str, sequence: int, anchor: str):
        self._connection, self._name = connection, name
        self._sequence, self._anchor = sequence, anchor

    @classmethod
    async def taken(
        cls, connection: BaseDBAsyncClient, name: Literal["records", "states"], *, records: int
    ) -> Self:
        """Take the numbers of so many records; others who append wait for this transaction."""
        (head,) = await connection.execute_query_dict(
            "UPDATE audit_head SET sequence = sequence + $1 WHERE name = $2 "
            "RETURNING sequence, anchor",
            [records, name],
        )
        return cls(connection, name, head["sequence"] - records, head["anchor"])

    def next_number(self) -> int:
        """Return the number of the next record."""
        self._sequence += 1
        return self._sequence

    def seal(self, row: StateRecordRow | TransitionRow, content: Mapping[str, object]) -> None:
        """Give a record the hash of its content, and the anchor that chains it to all before."""
        row.hash = hash_of(content)
        self._anchor = row.anchor = anchor_of(self._anchor, row.hash)

    async def leave(self) -> None:
        """Write the anchor of the last record that was sealed."""
        await self._connection.execute_query(
            "UPDATE audit_head SET anchor = $1 WHERE name = $2", [self._anchor, self._name]
        )


def shared_content(row: StateRecordRow | TransitionRow) -> dict[str, object]:
    """Return what hashes of both kinds of records are taken over; each adds its own columns."""
    return {
        "id": str(row.id),
        "sequence": row.sequence,
        "revision": row.revision,
        "at": plain(row.at),
        "actor": row.actor,
        "action": row.action,
        "reason": row.reason,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "rule_version": row.rule_version,
        "catalogue_hash": row.catalogue_hash,
        "data": row.data,
        "previous_hash": row.previous_hash,
    }
