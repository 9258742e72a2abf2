"""The mail server of scenarios takes what our own sender sends."""

from __future__ import annotations

from email.message import EmailMessage

import aiosmtplib
import pytest

from zhupei.demo.letterbox import Letter, open_letterbox


def letter(text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "office@example.org"
    message["To"] = "li@example.org"
    message["Subject"] = "录取通知 / Admitted"
    message.set_content(text)
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    return message


async def test_a_letter_arrives_as_it_was_sent() -> None:
    async with open_letterbox() as box:
        for text in ("您已被录取\n.一行以点开头\n", "second\n"):
            await aiosmtplib.send(letter(text), hostname="127.0.0.1", port=box.port)
    assert (
        box.to("li@example.org")
        == box.letters
        == [
            Letter(
                "li@example.org", "录取通知 / Admitted", "您已被录取\n.一行以点开头\n", ("a.pdf",)
            ),
            Letter("li@example.org", "录取通知 / Admitted", "second\n", ("a.pdf",)),
        ]
    )
    assert box.to("wang@example.org") == []


async def test_data_without_a_recipient_is_refused() -> None:
    async with (
        open_letterbox() as box,
        aiosmtplib.SMTP(hostname="127.0.0.1", port=box.port) as smtp,
    ):
        assert (await smtp.execute_command(b"NOOP"))[0] == 250
        with pytest.raises(aiosmtplib.SMTPDataError):
            await smtp.data(b"text")
        assert (await smtp.execute_command(b"TURN"))[0] == 502
    assert box.letters == []
