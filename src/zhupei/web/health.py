"""Health: whether the process lives, and what it can serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from zhupei.db.connection import Database, DatabaseUnavailableError

__all__ = ["health_routes"]

_HEADERS = {"Cache-Control": "no-store"}


def health_routes(
    *,
    database: Database,
    catalogue_hash: Callable[[], str | None],
    plugins: Callable[[], Mapping[str, bool]],
    reveal: bool,
    starting: Callable[[], bool] = lambda: False,
) -> list[Route]:
    """Return ``/health/live`` and ``/health/ready``.

    ``ready`` is 200 as long as there is a catalogue to serve: reads need no database, and a
    load balancer that took every process away with the database would turn a partial outage
    into a whole one. Its ``status`` says ``degraded`` then. While a process begins it is 503 with
    the ``reason``.

    Args:
        database: asked on every call.
        catalogue_hash: gives the version that is served, None while there is none.
        plugins: tells by slug which plugins work; where one does not, the rest is served.
        reveal: whether the reason of a problem, which may name hosts and folders, is shown.
        starting: tells whether the process begins just now, and answers nobody yet.

    """

    async def live(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)

    async def ready(_request: Request) -> JSONResponse:
        database_state: dict[str, Any] = {"status": "ok"}
        try:
            await database.check()
        except DatabaseUnavailableError as error:
            database_state = {"status": "unavailable"}
            if reveal:
                database_state["reason"] = error.message.en
                database_state["hint"] = error.hint.en
        version, begins = catalogue_hash(), starting()
        missing = "loading" if begins else "unavailable"
        catalogue_state = {"status": "ok" if version else missing, "hash": version}
        failing = sorted(slug for slug, works in plugins().items() if not works)
        plugins_state: dict[str, Any] = {"status": "degraded" if failing else "ok"}
        if failing:
            plugins_state["degraded"] = failing
        serves = version is not None and not begins
        reason = {}
        if begins:
            reason["reason"] = "starting" if version else "catalogue loading"
        if not serves:
            status = "unavailable"
        else:
            whole = database_state["status"] == "ok" and not failing
            status = "ok" if whole else "degraded"
        return JSONResponse(
            {
                "status": status,
                **reason,
                "catalogue": catalogue_state,
                "database": database_state,
                "plugins": plugins_state,
            },
            status_code=200 if serves else 503,
            headers=_HEADERS,
        )

    return [Route("/health/live", live), Route("/health/ready", ready)]
