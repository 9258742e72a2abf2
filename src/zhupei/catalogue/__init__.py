"""The catalogue: everything public, immutable, in memory, replaced as a whole."""

from zhupei.catalogue.catalogue import Catalogue, PluginStatus
from zhupei.catalogue.holder import CatalogueHolder
from zhupei.catalogue.load import load_catalogue
from zhupei.catalogue.loaded import LoadedCatalogue

__all__ = [
    "Catalogue",
    "CatalogueHolder",
    "LoadedCatalogue",
    "PluginStatus",
    "load_catalogue",
]
