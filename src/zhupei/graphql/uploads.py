"""Files that come with a mutation: the scalar ``Upload``, a file of a multipart request."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Upload", "read_upload", "write_upload"]

_PART_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: bytes that can be read more than once, from the beginning each time.

    Nothing that the sender says of it, such as a name, is taken over.
    """

    content: BinaryIO

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the content in parts; it may be on disk."""
        await asyncio.to_thread(self.content.seek, 0)
        while part := await asyncio.to_thread(self.content.read, _PART_BYTES):
            yield part

    async def sha256(self) -> str:
        """Return the SHA-256 of the content, in hexadecimal digits."""
        digest = hashlib.sha256()
        async for part in self.parts():
            digest.update(part)
        return digest.hexdigest()


def read_upload(value: Any) -> Upload:
    """Return a variable's value that is a file; raise ValueError for anything else."""
    if isinstance(value, Upload):
        return value
    raise ValueError("expected a file of a multipart/form-data request")


def write_upload(_value: Any) -> Any:
    """Raise TypeError: no answer holds a file."""
    raise TypeError("a file is no part of an answer")
