"""The server process: signals, start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

import uvicorn
from starlette.applications import Starlette

from zhupei.app import application_of, create_app
from zhupei.cli._certificates import Certificate
from zhupei.cli._reloads import noted_reload
from zhupei.cli._running import announced
from zhupei.errors import ZhupeiError
from zhupei.graphql.context import china_now
from zhupei.settings import Settings
from zhupei.web.http_connections import connections
from zhupei.web.logs import configure_logging
from zhupei.web.peers import peer_at
from zhupei.web.socket_connections import web_sockets

__all__ = ["Server", "run_server"]

# Requests that still run when a stop is asked for have this long to end.
_PATIENCE_SECONDS = 1
# The collector runs after so many more new objects than were given up: some 10 MB of them, more
# than a page of an answer has. Of these runs every 20th looks at the older ones too, and of those
# every 10th at all that came since the last reload.
_NEW_OBJECTS, _YOUNG_RUNS, _OLD_RUNS = 50_000, 20, 10

_log = logging.getLogger("zhupei")


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would raise the signal again at the end."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run_server(
    settings: Settings,
    listener: socket.socket,
    *,
    certificate: Certificate | None = None,
    clock: Callable[[], datetime] = china_now,
) -> None:
    """Serve on ``listener`` until SIGINT or SIGTERM; returns when everything is given up.

    With a ``certificate`` connections are encrypted. ``clock`` answers what "now" is everywhere;
    tests step it.
    """
    configure_logging(settings.log_format, settings.log_level)
    app = create_app(settings, clock=clock)
    application, peer = application_of(app), peer_at(listener)
    config = uvicorn.Config(
        app,
        # Entered by us, so that an error at the start is ours to explain.
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_PATIENCE_SECONDS,
        timeout_keep_alive=settings.keep_alive_seconds,
        server_header=False,
        http=connections(application.repeated, application.revalidated, peer),
        # The application looks past the proxies that its settings trust.
        proxy_headers=False,
        ws=web_sockets(peer),
        ws_max_size=settings.max_body_bytes,
        ssl_context_factory=None if certificate is None else lambda *_: certificate.context,
    )
    with (
        announced(settings.data_dir),
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        runner.run(_live(app, Server(config), listener, certificate))


async def _live(
    app: Starlette, server: Server, listener: socket.socket, certificate: Certificate | None
) -> None:
    """Start, serve until a signal says stop, and give everything up.

    Connections are answered from the first moment: until the start is over with 503, and by
    ``/health/live`` with 200. What cannot start ends the process, whoever is connected.
    """
    application = application_of(app)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        starting = asyncio.ensure_future(stack.enter_async_context(application.running()))

        def stop() -> None:
            server.should_exit = True
            application.stop_telling()
            starting.cancel()

        reload = noted_reload(application, application.settings.data_dir)
        hangup = _Hangup(stop, reload if certificate is None else _renewing(certificate, reload))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, hangup.received)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        # Does nothing where the start is over.
        serving.add_done_callback(lambda _: starting.cancel())
        try:
            await starting
        except asyncio.CancelledError:
            await serving
            return
        except BaseException:
            server.should_exit = True
            await serving
            raise
        _collect_seldom()
        page = application.page
        _log.info(
            "serving",
            extra={"url": _shown(listener, certificate is not None), **application.summary()},
        )
        if page is not None and page.missing:
            _log.warning("no query page", extra={"reason": page.missing})
        await serving
        _log.info("stopping")
    _log.info("stopped")


def _collect_seldom() -> None:
    """Let the garbage collector look at what requests make, and seldom (docs/operations.md).

    Rows of an answer are what it counts, and references give nearly all of them up in time.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG_RUNS, _OLD_RUNS)
    gc.enable()


def _shown(listener: socket.socket, encrypted: bool) -> str:
    name = listener.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host, port = name[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if encrypted else 'http'}://{shown}:{port}/graphql"


def _renewing(
    certificate: Certificate, reload: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Return ``reload`` with the certificate read again before it."""

    async def renew() -> None:
        try:
            await asyncio.to_thread(certificate.renew)
        except ZhupeiError as error:
            _log.error(
                "the certificate was not read again; the present one stays",
                extra={"reason": error.message.en},
            )
        await reload()

    return renew


class _Hangup:
    """SIGHUP: reload, or stop when it came because the terminal that started us went away."""

    def __init__(self, stop: Callable[[], None], reload: Callable[[], Awaitable[None]]) -> None:
        self._stop = stop
        self._reload = reload
        self._had_terminal = _has_terminal()
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def received(self) -> None:
        if self._had_terminal and not _has_terminal():
            self._stop()
        elif self._task is not None and not self._task.done():
            self._again = True
        else:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            self._again = False
            try:
                await self._reload()
            except Exception:  # noqa: BLE001 - whatever it is, the present catalogue stays
                _log.exception("the configuration was not loaded anew; the present one stays")
            if not self._again:
                return


def _has_terminal() -> bool:
    return any(os.isatty(descriptor) for descriptor in (0, 1, 2))
