"""Holds the catalogue in service and replaces it as a whole, or keeps it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.load import LoadedCatalogue
from zhupei.config.problems import Problems
from zhupei.domain.text import Language
from zhupei.hooks.manager import PluginHost

__all__ = ["CatalogueHolder"]

_log = logging.getLogger(__name__)

Loader = Callable[[PluginHost | None], Awaitable[LoadedCatalogue]]


class CatalogueHolder:
    """The catalogue in service.

    A reader takes `loaded` (or `current`) once and keeps it for its whole request: reloading puts
    another object in its place and never changes one. ``loader`` is given the host in service.
    """

    def __init__(self, loaded: LoadedCatalogue, loader: Loader) -> None:
        self.loaded = loaded
        self._loader = loader
        self._reloading = asyncio.Lock()

    @property
    def current(self) -> Catalogue:
        """The catalogue in service."""
        return self.loaded.catalogue

    async def reload(self) -> Problems:
        """Load the configuration again and put it into service if it has no errors.

        Returns the problems that were found. A broken file never replaces a good catalogue: with
        an error the one in service stays, and the log says why. Reloads follow each other.
        """
        async with self._reloading:
            loaded = await self._loader(self.loaded.host)
            if loaded.problems.errors:
                _log.error(
                    "configuration not reloaded, %d errors; catalogue %s stays in service:\n%s",
                    len(loaded.problems.errors),
                    self.current.hash,
                    loaded.problems.text(Language.EN),
                )
                return loaded.problems
            changed = loaded.catalogue.hash != self.current.hash
            self.loaded = loaded
            _log.info(
                "catalogue %s in service (%s)", self.current.hash, "changed" if changed else "same"
            )
            return loaded.problems
