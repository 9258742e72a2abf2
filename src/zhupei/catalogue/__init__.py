"""The catalogue: everything public, immutable, in memory, replaced as a whole."""

from zhupei.catalogue.catalogue import Catalogue, PluginStatus
from zhupei.catalogue.holder import CatalogueHolder
from zhupei.catalogue.load import LoadedCatalogue, load_catalogue

__all__ = [
    "Catalogue",
    "CatalogueHolder",
    "LoadedCatalogue",
    "PluginStatus",
    "load_catalogue",
]
