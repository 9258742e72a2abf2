"""Mail goes over TLS and STARTTLS with a sign-in, to the right server only; all of it is real."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import email
import email.policy
import ipaddress
import logging
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zhupei.db.identifiers import uuid7
from zhupei.jobs.worker import mail_server
from zhupei.services.notices.mail import Delivery, DeliveryOutcome, MailServer, Postman
from zhupei.services.notices.wording import Message
from zhupei.settings import MailSecurity, Settings

_AT = datetime.datetime(2026, 4, 10, 1, tzinfo=datetime.UTC)
_PASSWORD = "correct-horse"


def _certificate(
    name: str,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    address: str = "127.0.0.1",
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Make a certificate of a server, or without an issuer of an authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = (
        own if issuer is None else x509.SubjectKeyIdentifier.from_public_key(issuer[1].public_key())
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(own, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), critical=False
        )
    )
    if issuer is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        built = built.add_extension(names, critical=False)
    else:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        built = built.add_extension(usage, critical=True)
    return built.sign(key if issuer is None else issuer[1], hashes.SHA256()), key


@dataclass(frozen=True)
class _Authority:
    """A self-signed authority and a server's certificate of it, as files."""

    ca: Path
    server: Path
    key: Path


def _authority(folder: Path, address: str = "127.0.0.1") -> _Authority:
    folder.mkdir(parents=True, exist_ok=True)
    issuer = _certificate("Test authority", None)
    server, key = _certificate("mail.example", issuer, address)
    files = _Authority(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    pem = serialization.Encoding.PEM
    files.ca.write_bytes(issuer[0].public_bytes(pem))
    files.server.write_bytes(server.public_bytes(pem))
    files.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@dataclass
class _Room:
    """What a protected server took, and who signed in how."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    signed_in: list[tuple[str, bool]] = field(default_factory=list)

    def authenticate(
        self, _server: SMTP, session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (b"zhupei", _PASSWORD.encode())
        self.signed_in.append((data.login.decode(), session.ssl is not None))
        return AuthResult(success=right, handled=False)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 OK"


@contextlib.asynccontextmanager
async def _served(files: _Authority, security: MailSecurity) -> AsyncIterator[_Room]:
    """Serve SMTP on a free port: TLS from the first byte, or only after STARTTLS."""
    room = _Room()
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.server, files.key)
    whole = security is MailSecurity.TLS

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It does not know that a connection that was TLS from its first byte is protected.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                room,
                hostname="mail.example",
                loop=loop,
                enable_SMTPUTF8=True,
                tls_context=None if whole else context,
                require_starttls=not whole,
                authenticator=room.authenticate,
                auth_required=True,
                auth_require_tls=not whole,
            )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if whole else None)
    room.port = server.sockets[0].getsockname()[1]
    try:
        yield room
    finally:
        server.close()
        await server.wait_closed()


def _settings(room: _Room, security: MailSecurity, ca: Path | None, **more: Any) -> MailServer:
    """Return the server as an installation's settings name it."""
    values: dict[str, Any] = {"smtp_password": _PASSWORD, "smtp_user": "zhupei", **more}
    found = mail_server(
        Settings(
            smtp_host="127.0.0.1",
            smtp_port=room.port,
            smtp_security=security,
            smtp_ca_file=ca,
            mail_from="住培招收 <noreply@zhupei.example>",
            **values,
        )
    )
    assert found is not None
    return found


async def _sent(server: MailServer) -> Delivery:
    message = Message(subject="报名已提交 / Application received", text="正文\n")
    async with Postman(server) as postman:
        return await postman.send(uuid7(), "person1@example.org", message, _AT)


_PROTECTED = [MailSecurity.STARTTLS, MailSecurity.TLS]


@pytest.mark.parametrize("security", _PROTECTED)
async def test_mail_goes_protected_and_signed_in(tmp_path: Path, security: MailSecurity) -> None:
    files = _authority(tmp_path)
    async with _served(files, security) as room:
        delivery = await _sent(_settings(room, security, files.ca))
    assert (delivery.outcome, delivery.code) == (DeliveryOutcome.ACCEPTED, 250), delivery
    (letter,) = room.letters
    assert letter["Subject"] == "报名已提交 / Application received"
    assert [login for login, _ in room.signed_in] == ["zhupei"]
    if security is MailSecurity.STARTTLS:
        # The password was told only after the connection was protected.
        assert room.signed_in == [("zhupei", True)]


@pytest.mark.parametrize("security", _PROTECTED)
async def test_an_unknown_authority_is_told_nothing(
    tmp_path: Path, security: MailSecurity, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the system's authorities nor another one vouch for it: no password, no letter."""
    caplog.set_level(logging.DEBUG)
    files, other = _authority(tmp_path / "a"), _authority(tmp_path / "b")
    async with _served(files, security) as room:
        for ca in (None, other.ca):
            delivery = await _sent(_settings(room, security, ca))
            assert (delivery.outcome, delivery.reached) == (DeliveryOutcome.TEMPORARY, False)
            assert "certificate" in str(delivery.response).lower()
        assert (room.letters, room.signed_in) == ([], [])
    assert _PASSWORD not in caplog.text


@pytest.mark.parametrize("security", _PROTECTED)
async def test_a_certificate_of_another_server_is_refused(
    tmp_path: Path, security: MailSecurity
) -> None:
    files = _authority(tmp_path, address="192.0.2.1")
    async with _served(files, security) as room:
        delivery = await _sent(_settings(room, security, files.ca))
    assert (delivery.outcome, delivery.reached) == (DeliveryOutcome.TEMPORARY, False)
    assert (room.letters, room.signed_in) == ([], [])


@pytest.mark.parametrize("security", _PROTECTED)
async def test_a_wrong_password_is_the_installations_trouble(
    tmp_path: Path, security: MailSecurity
) -> None:
    """No notice is given up for it; it waits until somebody corrects the setting."""
    files = _authority(tmp_path)
    async with _served(files, security) as room:
        server = _settings(room, security, files.ca, smtp_password="wrong")
        delivery = await _sent(server)
    assert (delivery.outcome, delivery.code, delivery.reached) == (
        DeliveryOutcome.TEMPORARY,
        535,
        False,
    )
    assert "wrong" not in str(delivery)
    assert room.letters == []


async def test_a_server_that_offers_no_protection_gets_no_letter(tmp_path: Path) -> None:
    """STARTTLS that somebody on the way takes out is no reason to send without."""
    files = _authority(tmp_path)
    loop = asyncio.get_running_loop()
    room = _Room()
    plain = await loop.create_server(
        lambda: SMTP(room, loop=loop, authenticator=room.authenticate, auth_require_tls=False),
        "127.0.0.1",
        0,
    )
    room.port = plain.sockets[0].getsockname()[1]
    delivery = await _sent(_settings(room, MailSecurity.STARTTLS, files.ca))
    plain.close()
    await plain.wait_closed()
    assert (delivery.outcome, delivery.reached) == (DeliveryOutcome.TEMPORARY, False)
    assert (room.letters, room.signed_in) == ([], [])
