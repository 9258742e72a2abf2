"""Migrating: Tortoise's migrations, with what is never looked at left out.

Tortoise makes all models of the database anew before each operation, in case it wants to see them
as they were, and prepares each of them for queries: nine tenths of the seconds that a new database
took. Here the models of a state are made when they are looked at, and not prepared for queries:
our migrations ask the database in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
from tortoise.connection import ConnectionHandler, get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

from zhupei.db import migrations

__all__ = ["applied_migrations", "known_migrations", "migrate"]

_Models = dict[str, dict[str, type[Model]]]


def known_migrations() -> frozenset[str]:
    """Return the names of the migrations of this version."""
    (folder,) = migrations.__path__
    return frozenset(path.stem for path in Path(folder).glob("[0-9]*.py"))


async def applied_migrations(
    connection: asyncpg.Connection[asyncpg.Record],
) -> frozenset[str]:
    """Return the names of the migrations that a database has; none where it is new."""
    if await connection.fetchval("SELECT to_regclass('tortoise_migrations')") is None:
        return frozenset()
    rows = await connection.fetch("SELECT name FROM tortoise_migrations")
    return frozenset(str(row["name"]) for row in rows)


async def migrate(config: Mapping[str, Any], *, direction: str, target: str | None = None) -> None:
    """Bring the database that ``config`` names to a migration (``app.name``), or to the last.

    ``direction`` is ``forward``, ``backward`` or ``both``: a plan that goes elsewhere is refused.
    Each migration runs in a transaction of its own and is noted in the database.
    """
    # A context of its own: what other code of the process is connected to stays as it is.
    async with TortoiseContext() as context:
        await context.init(config=dict(config))
        targets = None
        if target is not None:
            app, name = target.split(".", 1)
            targets = [MigrationTarget(app_label=app, name=name)]
        executor = _Executor(get_connection("default"), config["apps"])
        await executor.migrate(targets, direction=direction)


class _Executor(MigrationExecutor):
    """Tortoise's executor, beginning with a state whose models wait until they are looked at."""

    async def _project_state(
        self, applied: set[MigrationKey], *, upto: MigrationKey | None = None
    ) -> State:
        return (await self._replayed(applied, upto))[1]

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        return (await self._replayed(applied, None))[0]

    async def _replayed(
        self, applied: set[MigrationKey], upto: MigrationKey | None
    ) -> tuple[dict[MigrationKey, State], State]:
        """Return the state before each applied migration and after all of them, up to one."""
        connections = {
            app: config.get("default_connection", "default")
            for app, config in self.loader.apps_config.items()
        }
        state = State(models={}, apps=_WaitingApps(default_connections=connections))
        before = {}
        for key in self._full_plan():
            if key not in applied:
                continue
            if key == upto:
                break
            before[key] = state.clone()
            migration = self.loader.graph.nodes[key]
            if migration is None:
                raise ValueError(f"the migration {key} is applied and not here")
            await migration.apply(state, dry_run=True, schema_editor=None)
        return before, state


class _WaitingApps(StateApps):
    """The models of one state; those of a copy are made when somebody looks at one."""

    def __init__(
        self,
        default_connections: dict[str, str] | None = None,
        connections: ConnectionHandler | None = None,
        waiting: Mapping[tuple[str, str], ModelState] | None = None,
    ) -> None:
        self._made: _Models = {}
        super().__init__(default_connections, connections)
        self._waiting = waiting

    # Tortoise's own attribute: everything that looks at a model goes through it.
    @property
    def apps(self) -> _Models:
        """The models by application and name."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            for (app, _name), state in waiting.items():
                self.register_model(app, state.render(self, deepcopy_fields=False))
            self._init_relations()
        return self._made

    @apps.setter
    def apps(self, made: _Models) -> None:
        self._made = made

    def clone(self, model_states: dict[tuple[str, str], ModelState] | None = None) -> StateApps:
        """Return a copy whose models wait."""
        # States are changed in place, and this one is what it is now.
        waiting = {key: state.clone() for key, state in (model_states or {}).items()}
        return _WaitingApps(dict(self._default_connections), self._connections, waiting)

    def _build_initial_querysets(self) -> None:
        """Leave out what only queries by a migration's models would need."""
