"""The workplace: what every job needs, bundled; nothing of it is global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from zhupei.catalogue import LoadedCatalogue
from zhupei.db.connection import Database
from zhupei.domain.actors import Actor, ActorKind, Grant
from zhupei.domain.roles import Role
from zhupei.security.crypto import Keyring
from zhupei.services.admissions import Desk
from zhupei.services.applicant_files import FileStore
from zhupei.services.notices.mail import MailServer
from zhupei.services.webhooks.delivering import Courier
from zhupei.services.webhooks.rules import WebhookRules

__all__ = ["SYSTEM", "Workplace"]

SYSTEM = Actor(
    id="zhupei (system)",
    kind=ActorKind.SERVICE,
    name="zhupei",
    grants=frozenset({Grant(Role.JURISDICTION_OFFICE.value)}),
    scopes=frozenset({"applications.read", "applications.admit"}),
)
"""Who acts when time alone acts: it may read applications, and let go whose deadline is past.

Its scopes keep it from everything else that its role holds. Admission is an act of the base (R147),
a ban a decision of a person (T43): neither is done by time.
"""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The database, the rules in force, the keys, the time, and how mail goes out.

    ``loaded`` returns what is in service now, so that a reload needs no new workplace. ``clock``
    returns aware instants. Without ``mail`` notices wait. ``reminds`` is how long before a
    deadline people are reminded; zero is never. ``keeps_files`` is how long the bytes of removed
    ``files`` stay. ``webhooks`` says where events may be delivered.
    """

    database: Database
    loaded: Callable[[], LoadedCatalogue]
    clock: Callable[[], datetime]
    keyring: Callable[[], Keyring]
    mail: MailServer | None = None
    reminds: timedelta = timedelta(days=3)
    files: FileStore | None = None
    keeps_files: timedelta = timedelta(days=30)
    webhooks: WebhookRules = field(default_factory=WebhookRules)
    watch: Callable[[str, str, float], None] | None = None
    """What is told of every job: its name, ok or failed, and the seconds that it took."""
    complained: set[tuple[str, str, str]] = field(default_factory=set, repr=False)
    """What was refused and logged already: program, round and code; the log is not repeated."""

    @cached_property
    def courier(self) -> Courier:
        """Whoever delivers events in this process."""
        return Courier(self.database, self.webhooks, self.keyring, self.clock)

    def desk(self) -> Desk:
        """Return the desk of the system."""
        loaded = self.loaded()
        return Desk(
            database=self.database,
            catalogue=loaded.catalogue,
            dispatcher=loaded.dispatcher,
            clock=self.clock,
            actor=SYSTEM,
        )
