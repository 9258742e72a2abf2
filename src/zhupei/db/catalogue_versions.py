"""Recording which version of the catalogue was served, and since when."""

from __future__ import annotations

from datetime import datetime

from zhupei.db.models import CatalogueVersion

__all__ = ["record_catalogue_version"]


async def record_catalogue_version(
    hash_: str, *, at: datetime, bases: int, programs: int, openings: int
) -> None:
    """Note that the catalogue with this content hash is served from ``at`` on.

    A hash that was served before keeps its first moment; counts follow from the hash and are
    written once. Several processes may record the same hash at the same time.

    Args:
        hash_: the catalogue's content hash.
        at: the moment of loading, with its time zone.
        bases: how many bases it holds.
        programs: how many programs it holds.
        openings: how many openings it holds.

    """
    await CatalogueVersion.bulk_create(
        [
            CatalogueVersion(
                hash=hash_,
                first_loaded_at=at,
                last_loaded_at=at,
                bases=bases,
                programs=programs,
                openings=openings,
            )
        ],
        on_conflict=["hash"],
        update_fields=["last_loaded_at"],
    )
