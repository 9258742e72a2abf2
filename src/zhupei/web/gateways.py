"""Gateways of a federation: which are trusted, and what they are told that others are not."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from zhupei.graphql.federation.tracing import Tracer

__all__ = ["Gateways"]

_SECRET = "x-gateway-secret"  # noqa: S105 - the name of a header, not a secret
_TRACE = "apollo-federation-include-trace"


class Gateways:
    """Knows gateways by the secret that they send with each request.

    Args:
        secret: what they send; None trusts nobody.

    """

    def __init__(self, secret: str | None) -> None:
        self._secret = None if secret is None else secret.encode()

    @property
    def are_known(self) -> bool:
        """Whether any gateway could be trusted."""
        return self._secret is not None

    def trusts(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request comes from a gateway of ours."""
        if self._secret is None:
            return False
        return hmac.compare_digest(headers.get(_SECRET, "").encode(), self._secret)

    def tracer(self, headers: Mapping[str, str]) -> Tracer | None:
        """Return what traces the operation; None where nobody asks, or nobody whom we trust."""
        if self._secret is None or headers.get(_TRACE) != "ftv1" or not self.trusts(headers):
            return None
        return Tracer()
