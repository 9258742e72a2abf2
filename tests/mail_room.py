"""A real SMTP server for tests: it keeps what it takes, and refuses what a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

from zhupei.services.notices.mail import MailServer

__all__ = ["MailRoom", "mail_room"]


@dataclass
class MailRoom:
    """Letters in the order in which they came, and what is answered instead of 250.

    ``drops`` is how many connections are cut in the middle of a message; ``waits`` is awaited
    before a message is answered.
    """

    port: int = 0
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    to_recipient: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    to_content: list[str] = field(default_factory=list)
    drops: int = 0
    connections: int = 0
    waits: Callable[[], Awaitable[None]] | None = None

    @property
    def server(self) -> MailServer:
        """The settings that reach it."""
        return MailServer(
            host="127.0.0.1",
            port=self.port,
            security="none",
            sender="住培招收 <noreply@zhupei.example>",
            timeout=5,
        )

    def texts(self, address: str) -> list[str]:
        """Return the texts of the letters to an address."""
        return [_text(letter) for to, letter in self.letters if to == address]

    def subjects(self, address: str) -> list[str]:
        """Return the subjects of the letters to an address."""
        return [str(letter["Subject"]) for to, letter in self.letters if to == address]

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, name: str, responses: list[str]
    ) -> list[str]:
        session.host_name = name
        self.connections += 1
        return responses

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.to_recipient[address]:
            return self.to_recipient[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.waits is not None:
            await self.waits()
        if self.drops:
            self.drops -= 1
            server.transport.abort()
            return "421 gone"
        if self.to_content:
            return self.to_content.pop(0)
        letter = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(letter, EmailMessage)
        self.letters += [(to, letter) for to in envelope.rcpt_tos]
        return f"250 queued for {envelope.rcpt_tos[0]} as 4711"


def _text(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@contextlib.asynccontextmanager
async def mail_room() -> AsyncIterator[MailRoom]:
    """Serve SMTP on a free port of this machine until the block ends."""
    room = MailRoom()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(room, hostname="mail.example", loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    room.port = server.sockets[0].getsockname()[1]
    try:
        yield room
    finally:
        server.close()
        await server.wait_closed()
