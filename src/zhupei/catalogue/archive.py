"""The files behind a catalogue, kept small: explaining a figure reads its file once more.

A province's files, parsed and validated, take more memory than the catalogue made of them, and
are only needed to tell where a value stands. So the texts of bases are kept compressed, and what
stands in one base's file is read again when somebody asks.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache
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
    """The files behind a catalogue; those of bases are read again, one by one.

    Args:
        texts: path and compressed source of each base's file, by the base's code.
        shared: returns the validated files of everything above bases; called when first needed.
        models: the models that the files are validated with.

    """

    def __init__(
        self,
        texts: Mapping[str, tuple[Path, bytes]],
        shared: Callable[[], Workspace],
        models: FileModels,
    ) -> None:
        self._texts = texts
        self.shared = cache(shared)
        """Returns the validated files of everything above bases; they are kept then."""
        self._models = models
        self._model = models.by_kind["base"]
        self._kept: OrderedDict[str | None, Layers] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of(cls, workspace: Workspace, models: FileModels) -> Archive:
        """Return the archive of a validated workspace."""
        above = replace(workspace, documents=(), problems=Problems(), bases={})
        texts = {code: (file.path, file.document.source) for code, file in workspace.bases.items()}
        return cls(texts, lambda: above, models)

    @classmethod
    def of_documents(cls, documents: Iterable[Document], models: FileModels) -> Archive:
        """Return the archive of files that are all valid, and all of them part of a catalogue."""
        texts = {}
        above = []
        for document in documents:
            if document.data["kind"] == "base":
                texts[str(document.data["code"])] = document.path, document.source
            else:
                above.append((document.path, document.source))

        def shared() -> Workspace:
            read = (parse(path, zlib.decompress(source)) for path, source in above)
            documents = tuple(each for each in read if isinstance(each, Document))
            return replace(Workspace(documents=documents).validated(models), documents=())

        return cls(texts, shared, models)

    def changed(self, without: Collection[str], files: Iterable[Document]) -> Archive:
        """Return the archive without some bases, and with others' files in their place or new."""
        texts = {code: text for code, text in self._texts.items() if code not in without}
        texts.update({str(each.data["code"]): (each.path, each.source) for each in files})
        return Archive(texts, self.shared, self._models)

    def layers(self, base: str | None) -> Layers:
        """Return the layers of one base and of everything above it; None for no base."""
        with self._lock:
            layers = self._kept.get(base)
            if layers is None:
                files = {} if base is None or base not in self._texts else {base: self._read(base)}
                layers = self._kept[base] = Layers(replace(self.shared(), bases=files))
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
