"""Who asks, by the bearer token of the request: a JWT of a configured or the built-in issuer.

The header ``Authorization: Bearer …`` is verified and its account looked up by what the
installation wires in. A request without such a header is the public's; a token that is not
accepted refuses the request, because its sender does not expect to be answered as the public.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from zhupei import Actor, Request, hookimpl

__all__ = ["BearerTokens"]

Identify = Callable[[str | None], Awaitable[Actor | None]]


class BearerTokens:
    """The plugin: asks ``identify`` whose token the ``Authorization`` header holds.

    Without ``identify`` (commands, tests of rules) nobody can sign in.
    """

    def __init__(self, identify: Identify | None = None) -> None:
        """Take the function that returns the actor of a header, or raises SignInRefusedError."""
        self._identify = identify

    @hookimpl
    async def actor_from_request(self, request: Request) -> Actor | None:
        """Return the token's actor, None where the request carries no bearer token."""
        if self._identify is None:
            return None
        return await self._identify(request.headers.get("authorization"))
