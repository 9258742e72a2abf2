"""The words and values that settings are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Environment",
    "FederationAccess",
    "LogFormat",
    "LogLevel",
    "MailSecurity",
    "TrustedIssuer",
]


class Environment(StrEnum):
    """Where the process runs; production closes what only developers need."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class FederationAccess(StrEnum):
    """How gateways are told what protects a field; zhupei itself asks in any case."""

    SCOPES = "scopes"
    """``@requiresScopes``: permissions are scopes of the token."""
    POLICIES = "policies"
    """``@policy``: permissions are policies that the gateway evaluates."""
    AUTHENTICATED = "authenticated"
    """``@authenticated`` alone: the gateway asks for a token, zhupei for the rest."""
    NONE = "none"
    """Nothing: zhupei alone asks. `@apollo/gateway` refuses supergraphs with any of the others."""


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class LogFormat(StrEnum):
    """How a log line is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How severe a log line must be to be written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An OpenID Connect issuer whose tokens sign in, when made for one of ``audiences``."""

    issuer: str
    audiences: frozenset[str]
