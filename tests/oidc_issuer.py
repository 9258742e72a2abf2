"""A small OpenID Connect issuer on this machine, whose keys change and which can misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

Key = RSAKey | ECKey | OKPKey


@dataclass
class OidcServer:
    """What the issuer publishes; the fields may be changed between requests."""

    url: str
    keys: list[Key] = field(default_factory=list)
    discovery: dict[str, Any] = field(default_factory=dict)
    """Replaces parts of the discovery document."""
    status: int = 200
    body: bytes | None = None
    redirect: str | None = None
    delay: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)

    def token(self, key: Key, claims: dict[str, Any], **header: Any) -> str:
        """Return a token signed by ``key``; ``alg`` and ``kid`` are the key's unless given."""
        named = {"alg": key.alg, "kid": key.kid, **header}
        algorithms = [named["alg"]]
        shown = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(shown, claims, key, algorithms=algorithms)

    async def answer_discovery(self, request: Request) -> Response:
        document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery}
        return await self._answer(request, document)

    async def answer_keys(self, request: Request) -> Response:
        published = [key.as_dict(private=False) for key in self.keys]
        return await self._answer(request, {"keys": published})

    async def _answer(self, request: Request, document: object) -> Response:
        self.asked[request.url.path] += 1
        await asyncio.sleep(self.delay)
        if self.redirect is not None:
            return RedirectResponse(self.redirect)
        if self.body is not None:
            return Response(self.body, status_code=self.status)
        return JSONResponse(document, status_code=self.status)


@contextmanager
def oidc_server() -> Iterator[OidcServer]:
    """Serve on a free port of the loopback interface until the block ends."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    # Now, so that whoever is quicker than the server waits for it instead of being refused.
    listening.listen(128)
    state = OidcServer(url=f"http://127.0.0.1:{listening.getsockname()[1]}")
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", state.answer_discovery),
            Route("/keys", state.answer_keys),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def rsa_key(kid: str, alg: str = "RS256", bits: int = 2048) -> RSAKey:
    return RSAKey.generate_key(bits, {"kid": kid, "use": "sig", "alg": alg})


def ec_key(kid: str, alg: str = "ES256", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid, "use": "sig", "alg": alg})


def ed_key(kid: str, alg: str = "Ed25519") -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": alg})


def key_set(*keys: Key) -> KeySet:
    """Return the public parts of keys, as they are published."""
    published: Any = {"keys": [key.as_dict(private=False) for key in keys]}
    return KeySet.import_key_set(published)
