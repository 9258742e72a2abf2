"""Holds the catalogue in service and replaces it as a whole, or keeps it."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace

from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.loaded import LoadedCatalogue, let_go
from zhupei.config.problems import Problems
from zhupei.domain.text import Language

__all__ = ["CatalogueHolder"]

_log = logging.getLogger(__name__)


class CatalogueHolder:
    """The catalogue in service.

    A reader takes `current` once and keeps it for its whole request: reloading puts another
    object in its place and never changes one. ``loader`` reads the configuration as it stands.
    """

    def __init__(self, loader: Callable[[], Awaitable[LoadedCatalogue]]) -> None:
        self.loaded: LoadedCatalogue | None = None
        self.last_problems = Problems()
        self._loader = loader
        self._reloading = asyncio.Lock()
        self._keeping: threading.Thread | None = None

    @property
    def current(self) -> Catalogue | None:
        """The catalogue in service, None before the first load."""
        return None if self.loaded is None else self.loaded.catalogue

    async def reload(self) -> Problems:
        """Load the configuration and put it into service if it has no errors.

        Returns the problems that were found. A broken file never replaces a good catalogue: with
        an error the one in service stays, and the log says why. The first load takes what is
        right and leaves out what is wrong: there is nothing to keep. Reloads follow each other.
        """
        async with self._reloading:
            loaded = await self._loader()
            errors = loaded.problems.errors
            self.last_problems = loaded.problems
            before = self.current
            if errors and before is not None:
                _log.error(
                    "configuration not reloaded, %d errors; catalogue %s stays in service:\n%s",
                    len(errors),
                    before.hash,
                    loaded.problems.text(Language.EN),
                )
                return loaded.problems
            if errors:
                _log.error(
                    "%d errors in the configuration; what they concern is not served:\n%s",
                    len(errors),
                    loaded.problems.text(Language.EN),
                )
            self.loaded = replace(loaded, keep=None)
            if before is not None:
                same = before.hash == loaded.catalogue.hash
                _log.info(
                    "catalogue %s in service (%s)", loaded.catalogue.hash, "same" if same else "new"
                )
                pieces = before.pieces()
                del before
                await asyncio.to_thread(let_go, pieces)
            self._keep_later(loaded.keep)
            return loaded.problems

    def _keep_later(self, keep: Callable[[], None] | None) -> None:
        """Keep the catalogue for the next start while this one is in service already.

        A process that ends does not wait for it: then that start builds it anew.
        """
        previous = self._keeping

        def run(keep: Callable[[], None]) -> None:
            if previous is not None:
                previous.join()
            # All that packing makes goes again by itself, and is much to look through.
            was_enabled = gc.isenabled()
            gc.disable()
            try:
                keep()
            finally:
                if was_enabled:
                    gc.enable()

        if keep is not None:
            self._keeping = threading.Thread(
                target=run, args=(keep,), name="zhupei-keeps-catalogue", daemon=True
            )
            self._keeping.start()
