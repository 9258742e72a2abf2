"""A mail server for a scenario: it takes every message over SMTP and keeps it.

It speaks as much of RFC 5321 as a client needs that sends without signing in or encryption, on an
address of this machine only.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage

__all__ = ["Letter", "Letterbox", "open_letterbox"]

_GREETING = "220 letterbox ESMTP"
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it came, for one recipient."""

    to: str
    subject: str
    text: str
    attachments: tuple[str, ...]


@dataclass(slots=True)
class Letterbox:
    """The letters in the order in which they came; ``port`` is where they are taken."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)

    def to(self, address: str) -> list[Letter]:
        """Return the letters to an address."""
        return [letter for letter in self.letters if letter.to == address]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client until it says goodbye or goes away."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []

        async def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        await say(_GREETING)
        while line := await reader.readline():
            said = line.decode("utf-8", "replace").strip()
            verb = said[:4].upper()
            if verb == "QUIT":
                await say("221 goodbye")
                return
            if verb in {"EHLO", "HELO"}:
                await say(
                    "250-letterbox\r\n250-8BITMIME\r\n250 SMTPUTF8" if verb == "EHLO" else "250 ok"
                )
            elif verb in {"MAIL", "RSET", "NOOP"}:
                recipients = [] if verb != "NOOP" else recipients
                await say("250 ok")
            elif verb == "RCPT":
                recipients.append(said[said.index("<") + 1 : said.index(">")])
                await say("250 ok")
            elif verb == "DATA" and recipients:
                await say("354 go on")
                self._keep(await _message(reader), recipients)
                await say("250 taken")
            else:
                await say("503 not now" if verb == "DATA" else "502 not known")

    def _keep(self, content: bytes, recipients: list[str]) -> None:
        message = email.message_from_bytes(content, policy=email.policy.SMTPUTF8)
        if not isinstance(message, EmailMessage):
            raise TypeError("the policy makes other messages")
        body = message.get_body(("plain",))
        text = "" if body is None else str(body.get_content()).replace("\r\n", "\n")
        names = tuple(each.get_filename() or "" for each in message.iter_attachments())
        self.letters += [Letter(to, str(message["Subject"]), text, names) for to in recipients]


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Read up to the line with a single dot, undoing the doubled dots of RFC 5321, 4.5.2."""
    content = bytearray()
    while (line := await reader.readline()) not in {b".\r\n", b".\n", b""}:
        content += line[1:] if line.startswith(b"..") else line
    return bytes(content)


@contextlib.asynccontextmanager
async def open_letterbox() -> AsyncIterator[Letterbox]:
    """Take letters on a free port of this machine until the block ends."""
    box = Letterbox()
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            talks.add(task)
            task.add_done_callback(talks.discard)
        await box.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=_LONGEST_LINE)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for task in tuple(talks):
            task.cancel()
        if talks:
            await asyncio.wait(talks)
