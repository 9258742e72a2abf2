"""The worker process: signals, start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette

from zhupei.app import Application, application_of, create_app
from zhupei.cli._reloads import noted_reload
from zhupei.cli._running import announced
from zhupei.cli._server import Server
from zhupei.jobs.worker import Worker
from zhupei.settings import Settings
from zhupei.web.logs import configure_logging

__all__ = ["run_worker"]

_log = logging.getLogger("zhupei")


def run_worker(
    settings: Settings, *, concurrency: int, listening: socket.socket | None = None
) -> None:
    """Do jobs until SIGINT or SIGTERM; returns when everything is given up.

    ``listening`` is where figures and health are told.
    """
    configure_logging(settings.log_format, settings.log_level)
    application = application_of(create_app(settings))
    with announced(settings.data_dir):
        asyncio.run(_live(application, concurrency, listening))


async def _live(
    application: Application, concurrency: int, listening: socket.socket | None
) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    reloads: set[asyncio.Task[None]] = set()
    settings = application.settings
    async with contextlib.AsyncExitStack() as stack:
        starting = asyncio.ensure_future(stack.enter_async_context(application.running()))

        def stop() -> None:
            stopped.set()
            starting.cancel()

        def reload() -> None:
            task = loop.create_task(_reload(application))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, reload)
        try:
            await starting
        except asyncio.CancelledError:
            return
        worker = Worker(
            application.place,
            tick_seconds=settings.tick_seconds,
            concurrency=concurrency,
            tracing=application.tracing,
        )
        await stack.enter_async_context(worker.working())
        url = "none"
        if listening is not None:
            url = "http://{}:{}".format(*listening.getsockname()[:2])
            await stack.enter_async_context(_telling(application, listening))
        mail = "none" if application.place.mail is None else application.place.mail.host
        _log.info(
            "working",
            extra={
                "concurrency": concurrency,
                "mail": mail,
                "figures": url,
                **application.summary(),
            },
        )
        await stopped.wait()
        _log.info("stopping")
    _log.info("stopped")


@contextlib.asynccontextmanager
async def _telling(application: Application, listening: socket.socket) -> AsyncIterator[None]:
    """Answer for figures and health while it is entered."""
    config = uvicorn.Config(
        Starlette(routes=application.telling()),
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        ws="none",
        proxy_headers=False,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def _reload(application: Application) -> None:
    try:
        await noted_reload(application, application.settings.data_dir)()
    except Exception:  # noqa: BLE001 - whatever it is, the present catalogue stays
        _log.exception("the configuration was not loaded anew; the present one stays")
