"""Who asks: actors, what they may do, and the request that they come with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = ["Actor", "ActorKind", "Grant", "Permission", "Request", "SignInRefusedError"]


class ActorKind(StrEnum):
    """What an actor is: a person, or a program that acts under its own name."""

    PERSON = "person"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that may be allowed or refused, such as ``admissions.publish``.

    A plugin's permissions begin with its slug and a dot. ``roles`` lists the roles that hold it
    unless an installation decides otherwise.
    """

    name: str
    label: Text
    description: Text | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of an actor, limited to a base or to a jurisdiction; without limit it is national.

    ``specialty`` limits a grant for a base further, to one specialty of it.
    """

    role: str
    base: str | None = None
    jurisdiction: str | None = None
    specialty: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, as far as decisions need to know: an identifier and roles.

    ``issuer`` tells who vouched for the actor (a token's issuer, a plugin's slug); ``id`` is never
    an identity number. ``scopes`` are the permissions that it is limited to, whatever its roles
    hold; None is no limit.
    """

    id: str
    kind: ActorKind = ActorKind.PERSON
    name: str | None = None
    issuer: str | None = None
    grants: frozenset[Grant] = frozenset()
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What tells who is asking: method, path and headers of a request, not its body.

    The names of ``headers`` are in lower case. ``remote_address`` is the peer's address as the
    server sees it, None on a Unix socket.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    remote_address: str | None = None


class SignInRefusedError(Exception):
    """Who asks cannot be told from what the request carries: it is refused, nothing else is tried.

    What `actor_from_request` raises for a token that is no good; it is not logged as a fault.
    ``code`` is ``UNAUTHENTICATED`` unless another says more: ``TOKEN_EXPIRED``,
    ``ACCOUNT_ERASED`` where the person whose account it was had it erased, or one that ends in
    ``_UNAVAILABLE`` where the same request may succeed later. ``message`` goes to the client and
    never repeats the token.
    """

    def __init__(self, message: Text, *, code: str = "UNAUTHENTICATED") -> None:
        self.message, self.code = message, code
        super().__init__(message.en)
