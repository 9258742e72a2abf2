"""Sending mail by SMTP, and what a server's answer means: accepted, later perhaps, or never.

aiosmtplib, because it is typed, maintained, and waits without a thread (docs/decisions/0010).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr, parseaddr
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from uuid import UUID

import aiosmtplib

from zhupei.services.notices.wording import Message

__all__ = ["Delivery", "DeliveryOutcome", "MailServer", "Postman"]

_SECONDS = 30.0
_LONGEST_RESPONSE = 400
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


class DeliveryOutcome(StrEnum):
    """How one attempt ended."""

    ACCEPTED = "ACCEPTED"
    TEMPORARY = "TEMPORARY"
    PERMANENT = "PERMANENT"
    INTERRUPTED = "INTERRUPTED"
    NOT_WRITTEN = "NOT_WRITTEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes our mail; ``security`` is ``starttls``, ``tls`` or ``none``.

    Its certificate is verified, by the authorities in ``ca_file`` where one is named, else by
    those of the system: a password is told to nobody else.
    """

    host: str
    port: int
    security: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    sender: str
    timeout: float = _SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of one attempt: ``response`` is the server's, without any address.

    ``reached`` is False where the server could not be talked to: then others would fare the same.
    """

    outcome: DeliveryOutcome
    code: int | None = None
    response: str | None = None
    message_id: str | None = None
    reached: bool = True


class Postman:
    """Carries messages over one connection, which is opened for the first of them.

    A context manager; a connection that was lost is opened anew for the next message.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Postman:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if kind is None and client.is_connected:
            try:
                await client.quit(timeout=2)
            except aiosmtplib.SMTPException:
                client.close()
        else:
            client.close()

    async def send(self, notice: UUID, address: str, message: Message, at: datetime) -> Delivery:
        """Send a message; never raises for what a server or a network does.

        The message id is made of the notice's, so that a message that is sent again because
        nobody knows whether it arrived can be recognised.
        """
        mail = self._mail(notice, address, message, at)
        message_id = str(mail["Message-ID"])
        try:
            client = await self._connected()
            _, response = await client.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            return _refused(refused.code, refused.message)
        except aiosmtplib.SMTPDataError as error:
            return _refused(error.code, error.message)
        except aiosmtplib.SMTPResponseException as error:
            # Greeting, sign-in, sender: the installation's trouble, not the recipient's.
            await self._hang_up()
            return _failed(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._hang_up()
            return _failed(None, _words(error))
        except BaseException:
            # Cancelled in the middle of a message: the connection is of no more use.
            if self._client is not None:
                self._client.close()
                self._client = None
            raise
        return Delivery(
            outcome=DeliveryOutcome.ACCEPTED,
            code=250,
            response=_without_addresses(response),
            message_id=message_id,
        )

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        server = self._server
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=server.timeout,
            cert_bundle=None if server.ca_file is None else str(server.ca_file),
        )
        await self._client.connect()
        return self._client

    async def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _mail(self, notice: UUID, address: str, message: Message, at: datetime) -> EmailMessage:
        name, sender = parseaddr(self._server.sender)
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = formataddr((name, sender)) if name.isascii() else self._server.sender
        mail["To"] = address
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<notice.{notice}@{sender.partition('@')[2]}>"
        # No auto-responder shall answer.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        for each in message.attachments:
            mail.add_attachment(
                each.content, maintype="application", subtype="pdf", filename=each.name
            )
        return mail


def _words(error: Exception) -> str:
    """Return what went wrong, with what the library took it from: a certificate, a refusal."""
    found = f"{type(error).__name__}: {error}"
    cause = error.__cause__
    return found if cause is None else f"{found} ({cause})"


def _refused(code: int, response: str) -> Delivery:
    permanent = code >= 500
    return Delivery(
        outcome=DeliveryOutcome.PERMANENT if permanent else DeliveryOutcome.TEMPORARY,
        code=code,
        response=_without_addresses(response),
    )


def _failed(code: int | None, response: str) -> Delivery:
    return Delivery(
        outcome=DeliveryOutcome.TEMPORARY,
        code=code,
        response=_without_addresses(response),
        reached=False,
    )


def _without_addresses(response: str) -> str:
    """Return a server's words without the address that many of them repeat."""
    # What is longer is no address, and would be gone through once for each of its characters.
    words = (word if len(word) <= _LONGEST_RESPONSE else "…" for word in response.split())
    return _ADDRESS.sub("<address>", " ".join(words))[:_LONGEST_RESPONSE]
