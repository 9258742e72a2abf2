"""Applicants as those see them who may: numbers, phones and e-mails masked by role."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import strawberry

from zhupei.db.reading import Condition
from zhupei.domain.identity import DocumentKind
from zhupei.domain.people import OriginRegion
from zhupei.domain.permissions import Target
from zhupei.graphql.asked import reads
from zhupei.graphql.candidate_facts import facts_of
from zhupei.graphql.context import GraphContext
from zhupei.graphql.listed_rows import RowsOf
from zhupei.graphql.permissions import permitted
from zhupei.graphql.sources import Attribute, Computed, FieldSource, Reader, declares, field
from zhupei.graphql.types.candidate_facts import CandidateFact
from zhupei.security.crypto import Keyring
from zhupei.services import applicant_files
from zhupei.services.applicant_files import FileRecord
from zhupei.services.applicant_rows import (
    APPLICANTS,
    Sealed,
    SealedApplicant,
    masked,
    opened,
)

__all__ = ["Applicant", "ApplicantFile", "targets_of"]

_log = logging.getLogger("zhupei.access")


@reads("account", "departments")
def targets_of(applicant: SealedApplicant) -> tuple[Target, ...]:
    """Return what a permission about this person is asked for."""
    account = applicant.account
    owners = frozenset() if account is None else frozenset({str(account)})
    return tuple(
        Target(base=base, specialty=specialty, owners=owners)
        for base, specialty in applicant.departments
    ) or (Target(owners=owners),)


def _keyring(context: GraphContext) -> Keyring:
    if context.keyring is None:
        raise RuntimeError("personal data needs the keyring")
    return context.keyring()


@dataclass(frozen=True)
class _Opened(FieldSource):
    """A true value that is a ciphertext at rest; that it was read is logged, what it is is not.

    So it is read each time that somebody asks (`is_noted` is not set).
    """

    what: Sealed

    def reader(self, name: str) -> Reader:
        """Decrypt it."""

        def read(
            applicant: SealedApplicant, context: GraphContext, _arguments: Mapping[str, Any]
        ) -> Any:
            value = opened(_keyring(context), applicant, self.what)
            actor = None if context.actor is None else context.actor.id
            extra = {"what": self.what.value, "applicant": str(applicant.id), "actor": actor}
            _log.info("personal data read", extra=extra)
            return value

        return read

    def needs(self, name: str) -> frozenset[str]:
        """Return the ciphertext, and whose it is."""
        return frozenset({"id", self.what.attribute})


@dataclass(frozen=True)
class _Masked(FieldSource):
    """What is shown of such a value to those who may not read it."""

    is_noted: ClassVar[bool] = True

    what: Sealed

    def reader(self, name: str) -> Reader:
        """Decrypt it, and hide most of it."""
        return lambda applicant, context, _: masked(_keyring(context), applicant, self.what)

    def needs(self, name: str) -> frozenset[str]:
        """Return the ciphertext, and whose it is."""
        return frozenset({"id", self.what.attribute})


def _sealed(what: Sealed, permission: str, description: str) -> Any:
    """Declare a value that is a ciphertext at rest, masked without the permission."""
    opening = field(_Opened(what), description=description)
    return permitted(opening, permission, about=targets_of, otherwise=_Masked(what))


@reads("facts")
def _facts(root: strawberry.Parent[SealedApplicant]) -> list[CandidateFact]:
    found: Any = facts_of(root.facts)
    return found  # type: ignore[no-any-return]  # the graph's type describes the other module's


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
    SealedApplicant,
    APPLICANTS.shown,
    description=(
        "A person who applies (报考人). A base sees those who have submitted an application to it."
    ),
)
class Applicant:
    """An applicant."""

    id: strawberry.ID = field(Attribute(), description="Identifier (标识).")
    name: str = field(Attribute(), description="Name (姓名).")
    identity_kind: DocumentKind = field(
        Attribute(), description="Kind of the identity document (证件类型)."
    )
    identity_number: str = _sealed(
        Sealed.NUMBER, "identity.read", "Number of the identity document (证件号码)."
    )
    phone: str | None = _sealed(
        Sealed.PHONE, "contacts.read", "Phone number with its country code (电话)."
    )
    email: str | None = _sealed(Sealed.EMAIL, "contacts.read", "E-mail address (电子邮箱).")
    origin: OriginRegion | None = field(
        Attribute(), description="Where the person is from (生源地)."
    )
    facts: list[CandidateFact] | None = permitted(
        field(
            Computed(_facts),
            description=(
                "The facts on record (报考人信息), with which drafts begin; `updateApplicant` "
                "replaces all of them. Offices see those that were handed in with an application."
            ),
        ),
        "applicants.write",
        about=targets_of,
    )
    files: list[ApplicantFile] | None = permitted(
        field(
            RowsOf(
                rows=applicant_files.FILES,
                by="applicant",
                order=("id",),
                where=_present,
            ),
            description="Files that were handed in (已交材料).",
        ),
        "files.read",
        about=targets_of,
    )
    revision: int = field(Attribute(), description="Counts changes; given back with one (版本).")
