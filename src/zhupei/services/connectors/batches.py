"""Batches for a platform, made of the registration list."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.connectors import PlatformBatch, PlatformRecord
from zhupei.domain.plain_values import plain
from zhupei.domain.text import Language
from zhupei.security.crypto import Keyring
from zhupei.services.issuing.registrations import registered_trainees
from zhupei.services.papers.records import RegisteredTrainee

__all__ = ["registration_batch"]


async def registration_batch(
    catalogue: Catalogue,
    keyring: Keyring,
    program: str,
    programs: Collection[str],
    *,
    at: datetime,
) -> PlatformBatch:
    """Return everyone who is registered in ``programs`` as one batch of ``program``.

    The id of the batch is a hash of what is in it.
    """
    found = await registered_trainees(catalogue, keyring, programs, masked=False)
    records = tuple(
        _record(catalogue, each) for each in sorted(found, key=lambda one: one.registration)
    )
    said = json.dumps([program, plain(records)], sort_keys=True, ensure_ascii=False)
    # Nobody guesses what is in it: every record has an id with random bits of its own.
    id_ = hashlib.sha256(said.encode()).hexdigest()
    return PlatformBatch(id=id_, program=program, made_at=at, records=records)


def _record(catalogue: Catalogue, trainee: RegisteredTrainee) -> PlatformRecord:
    opening = catalogue.openings[trainee.opening]
    direction = trainee.direction
    return PlatformRecord(
        registration=trainee.registration,
        name=trainee.name,
        number=trainee.number,
        phone=trainee.phone,
        base=trainee.base,
        specialty=opening.specialty,
        direction=None if direction is None else direction.get(Language.ZH),
        year=opening.year,
        sending_unit=trainee.sending_unit,
        starts_on=trainee.starts_on,
        ends_on=trainee.ends_on,
        codes=trainee.codes,
    )
