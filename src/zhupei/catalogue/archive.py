"""The files behind a catalogue, kept small: explaining a figure reads its file once more.

A province's files, parsed and validated, take more memory than the catalogue made of them, and
are only needed to tell where a value stands. So the texts of bases are kept compressed, and what
stands in one base's file is read again when somebody asks.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from threading import Lock

from zhupei.config.files import BaseFile, FileModels
from zhupei.config.layers import Layers
from zhupei.config.loader import validate
from zhupei.config.problems import Problems
from zhupei.config.workspace import ConfiguredFile, Workspace
from zhupei.config.yaml import Document, parse

__all__ = ["Archive"]

# How many bases' files are kept parsed: those that are being looked at.
_KEPT = 32


class Archive:
    """The workspace of a catalogue, with the files of bases compressed."""

    def __init__(self, workspace: Workspace, models: FileModels) -> None:
        self._shared = replace(workspace, documents=(), problems=Problems(), bases={})
        self._model = models.by_kind["base"]
        self._texts: dict[str, tuple[Path, bytes]] = {
            code: (file.path, file.document.source) for code, file in workspace.bases.items()
        }
        self._kept: OrderedDict[str | None, Layers] = OrderedDict()
        self._lock = Lock()

    def layers(self, base: str | None) -> Layers:
        """Return the layers of one base and of everything above it; None for no base."""
        with self._lock:
            layers = self._kept.get(base)
            if layers is None:
                files = {} if base is None or base not in self._texts else {base: self._read(base)}
                layers = self._kept[base] = Layers(replace(self._shared, bases=files))
            self._kept.move_to_end(base)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return layers

    def _read(self, base: str) -> ConfiguredFile[BaseFile]:
        path, text = self._texts[base]
        document = parse(path, zlib.decompress(text))
        problems = Problems()
        if isinstance(document, Document):
            model = validate(document, self._model, problems)
            if isinstance(model, BaseFile):
                return ConfiguredFile(document, model)
        # The catalogue was built from this very text with this very model.
        raise RuntimeError(f"{path} was valid when the catalogue was built")
