"""The stage: the real application on a free port, its database, mail and a clock that is moved."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import procrastinate
import uvicorn

from zhupei.app import Application, application_of, create_app
from zhupei.demo.configuration import prepare_configuration
from zhupei.demo.errors import ScenarioError
from zhupei.demo.letterbox import Letterbox, open_letterbox
from zhupei.demo.scenario import Person, Scenario
from zhupei.domain.access_refusals import AccessRefusal
from zhupei.domain.actors import Grant
from zhupei.domain.text import Language
from zhupei.jobs import run_due
from zhupei.jobs.due import DueReport
from zhupei.jobs.queue import connector_for, job_queue
from zhupei.security.passwords import Passwords
from zhupei.services.accounts import add_account, grant_role
from zhupei.services.outbox import QUEUE
from zhupei.settings import MailSecurity, Settings

__all__ = ["PASSWORD", "MovedClock", "Stage", "set_stage"]

PASSWORD = "every-step-is-rehearsed"  # noqa: S105 - of made-up people on a server of this machine
"""With it everybody of a scenario signs in."""

_PATIENCE_SECONDS = 30
_TOKEN_MINUTES = 44_640
_SPARE = timedelta(hours=1)
_CONNECTIONS = 4
_OPERATOR = "demo"


@dataclass(slots=True)
class MovedClock:
    """The clock of everything on the stage; it stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.now


@dataclass(slots=True)
class Stage:
    """What a scenario is played on."""

    application: Application
    client: httpx2.AsyncClient
    clock: MovedClock
    letterbox: Letterbox
    queue: procrastinate.App
    url: str
    _tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict, repr=False)

    async def pass_time(self, to: datetime) -> DueReport:
        """Move the clock, do what is due then, and deliver what is to be told."""
        self.clock.now = to
        report = await run_due(self.application.place)
        await self.work_off()
        return report

    async def work_off(self) -> None:
        """Do all jobs that wait on the queue."""
        await self.queue.run_worker_async(
            queues=[QUEUE],
            wait=False,
            install_signal_handlers=False,
            delete_jobs="successful",
        )

    async def headers(self, login: str | None, language: Language) -> dict[str, str]:
        """Return the headers of somebody's request; signs in where no token holds any more."""
        found = {"accept-language": language.value}
        if login is None:
            return found
        token, until = self._tokens.get(login, ("", self.clock.now))
        if until - _SPARE <= self.clock.now:
            answer = await self.client.post(
                "/sign-in", json={"login": login, "password": PASSWORD}, headers=found
            )
            answer.raise_for_status()
            self.remember(login, answer.json())
            token, _ = self._tokens[login]
        return {**found, "authorization": f"Bearer {token}"}

    def remember(self, login: str, signed_in: dict[str, Any]) -> None:
        """Keep the token of an answer of ``/sign-in`` or ``/sign-up``."""
        until = datetime.fromisoformat(signed_in["expires_at"])
        self._tokens[login] = (signed_in["access_token"], until)

    async def hire(self, person: Person, passwords: Passwords) -> AccessRefusal | None:
        """Give somebody of the staff an account and its role, as `zhupei account` does."""
        catalogue = self.application.place.loaded().catalogue
        at = self.clock.now.astimezone(UTC)
        with self.application.database.use():
            made = await add_account(
                person.login,
                passwords=passwords,
                password=PASSWORD,
                by=_OPERATOR,
                at=at,
                name=person.name.zh,
            )
            if isinstance(made, AccessRefusal):
                return made
            given = await grant_role(
                person.login,
                Grant(
                    person.role,
                    base=person.base,
                    jurisdiction=person.jurisdiction,
                    specialty=person.specialty,
                ),
                bases=catalogue.bases,
                jurisdictions=catalogue.jurisdictions,
                specialties=catalogue.departments,
                by=_OPERATOR,
                at=at,
            )
            return given if isinstance(given, AccessRefusal) else None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: who plays a scenario handles an interrupt."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def set_stage(scenario: Scenario, settings: Settings) -> AsyncIterator[Stage]:
    """Serve a scenario's configuration until the block ends; nothing of it is left behind.

    Of ``settings`` the configuration, the plugins and, where one is given, the database are
    taken: it should be an empty one.

    Raises:
        ScenarioError: the configuration is refused, or there is no database.

    """
    folder = _folder()
    try:
        async with contextlib.AsyncExitStack() as stack:
            letterbox = await stack.enter_async_context(open_letterbox())
            bases = folder / "bases"
            await prepare_configuration(scenario, settings, bases)
            clock = MovedClock(scenario.begins)
            app = create_app(_staged(settings, folder, letterbox), clock=clock)
            application = application_of(app)
            await stack.enter_async_context(application.running())
            _refuse_faults(scenario, application)
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            await stack.enter_async_context(_served(app, listener))
            client = await stack.enter_async_context(
                httpx2.AsyncClient(base_url=url, timeout=_PATIENCE_SECONDS)
            )
            queue = await stack.enter_async_context(_queue(application))
            yield Stage(application, client, clock, letterbox, queue, url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="zhupei-demo-"))
    # The embedded PostgreSQL may run under an account of its own, which has to get through.
    folder.chmod(0o711)
    return folder


def _staged(settings: Settings, folder: Path, letterbox: Letterbox) -> Settings:
    return replace(
        settings,
        host="127.0.0.1",
        port=0,
        bases=(folder / "bases",),
        data_dir=folder / "data",
        encryption_keys=None,
        signing_keys=None,
        oidc_issuers=(),
        password_sign_in=True,
        sign_up=True,
        token_minutes=_TOKEN_MINUTES,
        # Done by the one who moves the clock, so that it is known what came of it.
        worker=False,
        smtp_host="127.0.0.1",
        smtp_port=letterbox.port,
        smtp_security=MailSecurity.NONE,
        smtp_user=None,
        smtp_password=None,
        mail_from="zhupei <noreply@zhupei.example>",
    )


def _refuse_faults(scenario: Scenario, application: Application) -> None:
    problems = application.place.loaded().problems.errors
    if problems:
        zh = "\n".join(each.text(Language.ZH) for each in problems)
        en = "\n".join(each.text(Language.EN) for each in problems)
        raise ScenarioError(
            scenario.file, None, f"配置有误：\n{zh}", f"the configuration is wrong:\n{en}"
        )
    trouble = application.database.problem
    if trouble is not None:
        raise trouble


@contextlib.asynccontextmanager
async def _served(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
                await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def _queue(application: Application) -> AsyncIterator[procrastinate.App]:
    server = application.database.server
    if server is None:
        raise RuntimeError("the database is not started")
    queue = job_queue(application.place, connector_for(server, connections=_CONNECTIONS))
    async with queue.open_async():
        yield queue
