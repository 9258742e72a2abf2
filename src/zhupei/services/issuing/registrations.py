"""The registration list from the rows: everyone registered, whichever way they came (T60)."""

from __future__ import annotations

from collections.abc import Collection

from zhupei.catalogue.catalogue import Catalogue
from zhupei.db.models import ApplicationRow, TraineeRow
from zhupei.domain.admission_process import ApplicationState, Channel
from zhupei.domain.people import Candidate
from zhupei.domain.plain_values import restored
from zhupei.domain.text import Text
from zhupei.security.crypto import Keyring
from zhupei.services.applicants import reveal_all
from zhupei.services.issuing.lists import direction_of
from zhupei.services.papers.records import RegisteredTrainee
from zhupei.services.papers.wording import TERMS

__all__ = ["CHANNELS", "registered_trainees"]

CHANNELS = {
    Channel.BATCH: Text("批次招录", "by batch"),
    Channel.DIRECT_ASSIGNMENT: Text("统一安排", "assigned by the authority"),
    Channel.DIRECT_REGISTRATION: Text("直接注册", "registered directly"),
}
"""How people came in (R126, R127)."""


async def registered_trainees(
    catalogue: Catalogue,
    keyring: Keyring,
    programs: Collection[str],
    *,
    masked: bool,
) -> tuple[RegisteredTrainee, ...]:
    """Return everyone who is registered in some programs; ``masked`` hides numbers and phones.

    In four statements, however many people there are. Whoever's opening left the catalogue is
    left out: `zhupei check --database` names it.
    """
    rows = [
        row
        for row in await ApplicationRow.filter(
            program_code__in=list(programs), state=ApplicationState.REGISTERED.value
        )
        if row.opening_code in catalogue.openings and row.base_code in catalogue.bases
    ]
    terms = {
        str(application): (starts_on, ends_on)
        for application, starts_on, ends_on in await TraineeRow.filter(
            program_code__in=list(programs)
        ).values_list("application_id", "started_on", "ends_on")
    }
    people = await reveal_all(keyring, {row.applicant_id for row in rows})
    found = []
    for row in rows:
        if row.applicant_id not in people:
            continue
        record, true = people[row.applicant_id]
        candidate = restored(Candidate, row.details["candidate"])
        starts_on, ends_on = terms.get(str(row.id), (row.reported_on, None))
        highest = max(
            (each.level for each in candidate.degrees), key=lambda each: each.rank, default=None
        )
        unit = candidate.sending_unit
        found.append(
            RegisteredTrainee(
                registration=str(row.id),
                name=record.name,
                document_kind=record.identity_kind.label.zh,
                number=record.masked_number if masked else true.number,
                base=row.base_code,
                opening=row.opening_code,
                trainee_type=candidate.trainee_type,
                starts_on=starts_on,
                ends_on=ends_on,
                agreement=row.agreement,
                degree=None if highest is None else TERMS[highest.value],
                sending_unit=None if unit is None else unit.name,
                phone=record.masked_phone if masked else true.phone,
                channel=CHANNELS[Channel(row.channel)],
                direction=direction_of(catalogue, row.opening_code, row.direction),
                codes=_codes(
                    identity_kind=record.identity_kind.value,
                    degree=None if highest is None else highest.value,
                    trainee_type=candidate.trainee_type and candidate.trainee_type.value,
                    channel=row.channel,
                    agreement=row.agreement,
                ),
            )
        )
    return tuple(found)


def _codes(**codes: str | None) -> dict[str, str]:
    return {name: code for name, code in codes.items() if code is not None}
