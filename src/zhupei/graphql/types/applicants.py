"""Applicants as those see them who may: numbers, phones and e-mails masked by role."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import strawberry

from zhupei.db.reading import Condition
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import OriginRegion
from zhupei.domain.permissions import Target
from zhupei.graphql.context import GraphContext
from zhupei.graphql.listed_rows import RowsOf
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, FieldSource, Reader, declares, field
from zhupei.services import applicant_files
from zhupei.services.applicant_files import FileRecord
from zhupei.services.applicants import ApplicantRecord, departments_of, reveal

__all__ = ["Applicant", "ApplicantFile", "SeenApplicant", "see"]

_log = logging.getLogger("zhupei.access")


@dataclass(frozen=True, slots=True)
class SeenApplicant:
    """An applicant with base and specialty of each application of theirs that was submitted."""

    record: ApplicantRecord
    departments: tuple[tuple[str, str], ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        """What a permission about this person is asked for."""
        account = self.record.account
        owners = frozenset() if account is None else frozenset({str(account)})
        return tuple(
            Target(base=base, specialty=specialty, owners=owners)
            for base, specialty in self.departments
        ) or (Target(owners=owners),)


async def see(record: ApplicantRecord) -> SeenApplicant:
    """Return an applicant for the graph."""
    return SeenApplicant(record, await departments_of(record.id))


def _targets(seen: SeenApplicant) -> tuple[Target, ...]:
    return seen.targets


@dataclass(frozen=True)
class Revealed(FieldSource):
    """A true value that is a ciphertext at rest; that it was read is logged, what it is is not."""

    name: str

    def reader(self, name: str) -> Reader:
        """Decrypt it."""

        async def read(
            seen: SeenApplicant, context: GraphContext, _arguments: Mapping[str, Any]
        ) -> Any:
            if context.keyring is None:
                raise RuntimeError("personal data needs the keyring")
            found = await reveal(context.keyring(), seen.record.id)
            actor = None if context.actor is None else context.actor.id
            extra = {"what": self.name, "applicant": str(seen.record.id), "actor": actor}
            _log.info("personal data read", extra=extra)
            return None if found is None else getattr(found, self.name)

        return read


async def _present(_context: GraphContext) -> Condition:
    return applicant_files.PRESENT


@declares(
    FileRecord,
    applicant_files.FILES.shown,
    description="A file that an applicant handed in (材料文件); its sender's name is not kept.",
)
class ApplicantFile:
    """A file."""

    id: strawberry.ID = field(Attribute(), description="Identifier, for `removeFile` (标识).")
    document: str = field(Attribute(), description="The document that it is for (材料代号).")
    media_type: str = field(Attribute(), description="What it is, told by its content (文件类型).")
    size: int = field(Attribute(), description="Size in bytes (字节数).")
    sha256: str = field(Attribute(), description="SHA-256 of its content (校验值).")
    uploaded_at: datetime = field(Attribute(), description="When it came (上传时间).")


@declares(
    SeenApplicant,
    description=(
        "A person who applies (报考人). A base sees those who have submitted an application to it."
    ),
)
class Applicant:
    """An applicant."""

    id: strawberry.ID = field(Attribute("record.id"), description="Identifier (标识).")
    name: str = field(Attribute("record.name"), description="Name (姓名).")
    identity_kind: DocumentKind = field(
        Attribute("record.identity_kind"), description="Kind of the identity document (证件类型)."
    )
    identity_number: str = permitted(
        field(Revealed("number"), description="Number of the identity document (证件号码)."),
        "identity.read",
        about=_targets,
        otherwise=Attribute("record.masked_number"),
    )
    phone: str | None = permitted(
        field(Revealed("phone"), description="Phone number with its country code (电话)."),
        "contacts.read",
        about=_targets,
        otherwise=Attribute("record.masked_phone"),
    )
    email: str | None = permitted(
        field(Revealed("email"), description="E-mail address (电子邮箱)."),
        "contacts.read",
        about=_targets,
        otherwise=Attribute("record.masked_email"),
    )
    origin: OriginRegion | None = field(
        Attribute("record.facts.origin"), description="Where the person is from (生源地)."
    )
    files: list[ApplicantFile] | None = permitted(
        field(
            RowsOf(
                rows=applicant_files.FILES,
                by="applicant",
                key=attrgetter("record.id"),
                order=("id",),
                where=_present,
            ),
            description="Files that were handed in (已交材料).",
        ),
        "files.read",
        about=_targets,
    )
    revision: int = field(
        Attribute("record.revision"), description="Counts changes; given back with one (版本)."
    )
