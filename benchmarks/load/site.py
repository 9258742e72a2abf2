"""What is under load: an installation of its own, with its server, worker, database and people.

Everything runs as it would elsewhere: ``zhupei serve`` and ``zhupei worker`` as two processes on
the embedded PostgreSQL, in production's settings, with mail and webhooks that go somewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.load.connections import Connections

from zhupei.catalogue.load import load_catalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import ActorKind, Grant
from zhupei.security.crypto import new_key_text
from zhupei.security.passwords import Passwords
from zhupei.services.access import prepare_access
from zhupei.services.accounts import AccountRecord, GrantRecord, add_account, grant_role
from zhupei.settings import Settings

__all__ = ["BASE", "JURISDICTION", "OPENING", "PASSWORD", "PROGRAM", "ROUND", "Site", "built"]

BASE, JURISDICTION = "loaded-hospital", "loaded-province"
PROGRAM, ROUND = "loaded-fellowship", "autumn"
OPENING = f"{PROGRAM}/heart"
PASSWORD = "a-lot-of-people-come-today"  # noqa: S105 - of made-up people on this machine
_METRICS_TOKEN = "figures-of-one-run"  # noqa: S105 - of a server that lives for minutes
_PATIENCE_SECONDS = 120.0

_BY, _INTEGRATOR = "load", "registry"
_STAFF = {
    "office": Grant("base_office", base=BASE),
    "province": Grant("jurisdiction_office", jurisdiction=JURISDICTION),
    "auditor": Grant("auditor"),
    _INTEGRATOR: Grant("integrator", jurisdiction=JURISDICTION),
}
_SCOPES = frozenset({"events.read", "webhooks.manage", "applications.read"})

_PROVINCE = """\
kind: jurisdiction
code: {jurisdiction}
name: {{zh: 负载省, en: Loaded Province}}
level: province
province: "620000"
"""
_HOSPITAL = """\
kind: base
code: {base}
name: {{zh: 负载医院, en: Loaded Hospital}}
province: "620000"
prefecture: "620100"
jurisdiction: {jurisdiction}
sources:
  PLAN:
    title: {{zh: 负载医院进修简章（虚构）, en: Brochure of the Loaded Hospital (fictional)}}
contacts:
  - people: [张老师]
    phones: [027-60000000]
    emails: [office@loaded-hospital.example]
    address: {{zh: 负载市一号, en: "1, Loaded City"}}
    source: PLAN:6 联系方式
programs:
  - code: {program}
    kind: fellowship
    year: {year}
    duration_months: 6
    name: {{zh: 负载医院进修, en: Loaded Hospital fellowship}}
    source: PLAN:1 进修
    specialties:
      - {{code: heart, name: {{zh: 心血管内科, en: Cardiology}}}}
    rounds:
      - code: {round}
        name: {{zh: 本批次, en: This round}}
        windows:
          - {{kind: registration, opens: {opens}, closes: {closes}, source: PLAN:2 时间}}
          - {{kind: report, closes: {reports}, source: PLAN:2 时间}}
    steps:
      - {{id: application, kind: application, label: {{zh: 报名, en: Application}}, actor: applicant, window: registration, source: PLAN:3 流程}}
      - {{id: selection, kind: selection, label: {{zh: 遴选, en: Selection}}, actor: department, source: PLAN:3 流程}}
      - {{id: notice, kind: notice, label: {{zh: 录取通知, en: Notice}}, actor: base, documents: [{{zh: 护照原件, en: The passport}}], source: PLAN:3 流程}}
      - {{id: report, kind: report, label: {{zh: 报到, en: Report}}, actor: applicant, window: report, source: PLAN:3 流程}}
    documents:
      - {{id: identity-scan, kind: identity, label: {{zh: 身份证扫描件, en: Scan of the identity card}}, at_step: application, form: scan, source: PLAN:4 材料}}
    openings:
      - {{specialty: heart, quota: 1000000, source: PLAN:5 计划表}}
"""  # noqa: E501 - as such files are written


@dataclass
class Site:
    """A running installation."""

    folder: Path
    port: int
    bases: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    integrator: str = ""
    """The token of the service account that receives events."""
    server: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None
    connections: Connections = field(init=False)

    def __post_init__(self) -> None:
        self.connections = Connections(self.port)

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def postgres(self) -> int:
        """The process id of the embedded PostgreSQL."""
        return int((self.data_dir / "postgres/cluster/postmaster.pid").read_text().split()[0])

    async def figures(self) -> str:
        """Return what ``/metrics`` says now."""
        headers = {"Authorization": f"Bearer {_METRICS_TOKEN}"}
        return (await self.connections.ask("GET", "/metrics", headers=headers)).body.decode()

    def logs(self) -> str:
        """Return the lines that are warnings or errors, of both processes."""
        text = ""
        for name in ("server", "worker"):
            with contextlib.suppress(FileNotFoundError):
                text += (self.folder / f"{name}.log").read_text(errors="replace")
        lines = text.splitlines()
        return "\n".join(each for each in lines if " warning " in each or " error " in each)

    async def stopped(self) -> dict[str, tuple[int, float]]:
        """Stop both as an operator does; return by name the exit code and how long it took."""
        found = {}
        for name, process in (("server", self.server), ("worker", self.worker)):
            if process is not None:
                begun = time.monotonic()
                process.send_signal(signal.SIGTERM)
                code = await asyncio.to_thread(process.wait, 30)
                found[name] = code, time.monotonic() - begun
        self.server = self.worker = None
        return found


@contextlib.asynccontextmanager
async def built(
    folder: Path, *, bases: int, smtp_port: int, webhook_port: int
) -> AsyncIterator[Site]:
    """Make an installation below ``folder``, start it, and stop it at the end."""
    files = _configured(folder, bases)
    with socket.create_server(("127.0.0.1", 0)) as free:
        site = Site(folder, free.getsockname()[1])
    await _peopled(site, files)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ZHUPEI_")},
        "ZHUPEI_ENVIRONMENT": "production",
        "ZHUPEI_BASES": os.pathsep.join(str(each) for each in files),
        "ZHUPEI_PLUGINS": str(_empty(folder / "plugins")),
        "ZHUPEI_DATA_DIR": str(site.data_dir),
        "PORT": str(site.port),
        "ZHUPEI_METRICS_TOKEN": _METRICS_TOKEN,
        "ZHUPEI_ENCRYPTION_KEYS": new_key_text(),
        "ZHUPEI_SIGN_UP": "1",
        "ZHUPEI_SMTP_HOST": "127.0.0.1",
        "ZHUPEI_SMTP_PORT": str(smtp_port),
        "ZHUPEI_SMTP_SECURITY": "none",
        "ZHUPEI_MAIL_FROM": "zhupei <noreply@zhupei.example>",
        "ZHUPEI_WEBHOOK_HTTP": "1",
        "ZHUPEI_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "ZHUPEI_WEBHOOK_PORTS": str(webhook_port),
        "ZHUPEI_LANGUAGE": "en",
        "ZHUPEI_WORKER": "0",
    }
    try:
        site.server = _started(("serve",), environment, folder / "server.log")
        await _answering(site)
        site.worker = _started(("worker",), environment, folder / "worker.log")
        yield site
    finally:
        site.connections.close()
        await site.stopped()


def _configured(folder: Path, bases: int) -> Sequence[Path]:
    """Write a fictional country, and a hospital whose windows are open today."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    today = date.today()  # noqa: DTZ011 - within a day either side of every window
    values = {
        "base": BASE,
        "jurisdiction": JURISDICTION,
        "program": PROGRAM,
        "round": ROUND,
        "year": today.year,
        "opens": today - timedelta(days=3),
        "closes": today + timedelta(days=30),
        "reports": today + timedelta(days=60),
    }
    loaded = folder / "loaded"
    loaded.mkdir()
    (loaded / "_jurisdiction.yaml").write_text(_PROVINCE.format(**values), "utf-8")
    (loaded / f"{BASE}.yaml").write_text(_HOSPITAL.format(**values), "utf-8")
    return generate(folder / "country", bases), loaded


async def _peopled(site: Site, files: Sequence[Path]) -> None:
    """Give staff and an integrator their accounts; learn the codes that questions name."""
    loaded = await load_catalogue(files)
    if loaded.problems.errors:
        raise RuntimeError(f"the configuration does not load:\n{loaded.problems}")
    catalogue = loaded.catalogue
    site.bases = tuple(code for code in sorted(catalogue.bases) if code != BASE)
    site.specialties = tuple(
        sorted({o.specialty for o in catalogue.openings.values() if o.base != BASE})
    )
    settings = Settings(data_dir=site.data_dir)
    database = Database(data_dir=site.data_dir)
    await database.start()
    at, passwords = datetime.now(UTC), Passwords()
    try:
        with database.use():
            for login, grant in _STAFF.items():
                service = _SCOPES if login == _INTEGRATOR else None
                made = await add_account(
                    login,
                    passwords=passwords,
                    password=None if service else PASSWORD,
                    by=_BY,
                    at=at,
                    kind=ActorKind.SERVICE if service else ActorKind.PERSON,
                    scopes=service,
                )
                given = await grant_role(
                    login,
                    grant,
                    bases=catalogue.bases,
                    jurisdictions=catalogue.jurisdictions,
                    by=_BY,
                    at=at,
                )
                match made, given:
                    case AccountRecord(), GrantRecord():
                        pass
                    case _:
                        raise RuntimeError(f"no account could be made: {made} {given}")
                if service:
                    sign_in = prepare_access(settings).sign_in
                    site.integrator = sign_in.token_for(made.id, timedelta(days=1)).token
    finally:
        await database.stop()


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _started(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [sys.executable, "-m", "zhupei", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


async def _answering(site: Site) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                ready = await site.connections.ask("GET", "/health/ready", want=(200, 503))
                # 503: it listens, and has no catalogue yet.
                if ready.status == 200:
                    return
            if site.server is None or site.server.poll() is not None:
                raise RuntimeError((site.folder / "server.log").read_text()[-3000:])
            await asyncio.sleep(0.1)
