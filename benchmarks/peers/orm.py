"""The peers' tables as Tortoise models, and a connection that serves requests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from tortoise import Tortoise, fields
from tortoise.models import Model

__all__ = ["Application", "Base", "Opening", "Province", "Trainee", "Transition", "run", "use"]


class Province(Model):
    """A province."""

    code = fields.TextField(primary_key=True)
    name = fields.TextField()

    class Meta:
        schema = "peer"
        table = "province"


class Base(Model):
    """A base."""

    code = fields.TextField(primary_key=True)
    name = fields.TextField()
    tier = fields.TextField(null=True)
    province: Any = fields.ForeignKeyField(
        "models.Province", related_name="bases", source_field="province_code", null=True
    )
    openings: Any

    class Meta:
        schema = "peer"
        table = "base"


class Opening(Model):
    """An opening."""

    code = fields.TextField(primary_key=True)
    base: Any = fields.ForeignKeyField(
        "models.Base", related_name="openings", source_field="base_code"
    )
    specialty_code = fields.TextField()
    specialty_name = fields.TextField()
    year = fields.IntField()
    kind = fields.TextField()
    quota = fields.IntField(null=True)
    capacity = fields.IntField(null=True)
    post_type = fields.TextField(null=True)
    duration_months = fields.IntField(null=True)

    class Meta:
        schema = "peer"
        table = "opening"


class Trainee(Model):
    """A trainee."""

    id = fields.UUIDField(primary_key=True)
    base: Any = fields.ForeignKeyField(
        "models.Base", related_name="trainees", source_field="base_code"
    )
    opening: Any = fields.ForeignKeyField(
        "models.Opening", related_name="trainees", source_field="opening_code"
    )
    specialty_code = fields.TextField()
    state = fields.TextField()
    year = fields.IntField()
    trainee_type = fields.TextField(null=True)
    started_on = fields.DateField()
    months = fields.IntField(null=True)
    ends_on = fields.DateField(null=True)

    class Meta:
        schema = "peer"
        table = "trainee"


class Application(Model):
    """An application."""

    id = fields.UUIDField(primary_key=True)
    base: Any = fields.ForeignKeyField(
        "models.Base", related_name="applications", source_field="base_code"
    )
    opening: Any = fields.ForeignKeyField(
        "models.Opening", related_name="applications", source_field="opening_code"
    )
    state = fields.TextField()
    preference = fields.IntField()
    submitted_at = fields.DatetimeField(null=True)
    records: Any

    class Meta:
        schema = "peer"
        table = "application"


class Transition(Model):
    """A record of an application; Tortoise wants one column as its key, and reads only."""

    application: Any = fields.ForeignKeyField(
        "models.Application", related_name="records", source_field="application_id"
    )
    revision = fields.IntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    actor = fields.TextField()
    action = fields.TextField()
    reason = fields.TextField(null=True)
    from_state = fields.TextField(null=True)
    to_state = fields.TextField()

    class Meta:
        schema = "peer"
        table = "transition"


@asynccontextmanager
async def use() -> AsyncIterator[None]:
    """Connect the models to the database that the environment names."""
    credentials = {
        "host": os.environ["PGHOST"],
        "port": int(os.environ["PGPORT"]),
        "user": os.environ["PGUSER"],
        "password": "",
        "database": os.environ["PGDATABASE"],
        "minsize": 1,
        # As many as zhupei opens.
        "maxsize": 10,
    }
    await Tortoise.init(
        {
            "connections": {
                "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
            },
            "apps": {"models": {"models": [__name__], "default_connection": "default"}},
            "use_tz": True,
            "timezone": "UTC",
        }
    )
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def run(app: Any) -> None:
    """Serve ``app`` at ``PORT`` with uvicorn's defaults, without a log of requests."""
    config = uvicorn.Config(
        app, port=int(os.environ["PORT"]), access_log=False, log_level="warning", lifespan="off"
    )
    async with use():
        await uvicorn.Server(config).serve()
