"""What integrators read about events over HTTP: the schema of what they hold.

::

    GET /events/schema.json        everybody
"""

from __future__ import annotations

import hashlib
import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from zhupei.domain.webhooks import SCHEMA_PATH, data_schema
from zhupei.services.webhooks.rules import WebhookRules
from zhupei.web.negotiation import names_tag

__all__ = ["event_routes"]


def event_routes(rules: WebhookRules) -> tuple[Route, ...]:
    """Return the routes; events name the schema by the address in ``rules``."""
    content = json.dumps(data_schema(rules.schema), ensure_ascii=False, indent=2).encode()
    headers = {
        "Cache-Control": "public, max-age=3600",
        "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
    }

    async def schema(request: Request) -> Response:
        known = request.headers.get("if-none-match", "")
        if names_tag(known.encode("latin-1"), headers["ETag"].encode()):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/schema+json", headers=headers)

    return (Route(SCHEMA_PATH, schema, methods=["GET"]),)
