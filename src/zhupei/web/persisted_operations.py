"""Operations that clients name instead of sending: learned on the way, or listed beforehand.

*Automatic persisted queries* (Apollo's protocol): a client sends ``extensions.persistedQuery``
with the SHA-256 of its text; where the text is not known it is asked for it once. What is learned
is kept in each process, bounded, and forgotten when the process ends.

*Trusted documents*: a manifest that front ends' builds made lists all operations that may run;
nothing else does. Known forms are Apollo's (``apollo-persisted-query-manifest``) and the plain map
from identifier to text that Relay's compiler and graphql-codegen write.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError
from zhupei.web.errors import ErrorCode
from zhupei.web.operation_requests import OperationRequest, RequestRefused

__all__ = [
    "LearnedOperations",
    "ManifestError",
    "NoStoredOperations",
    "StoredOperations",
    "TrustedDocuments",
    "read_manifests",
]

_APOLLO = "apollo-persisted-query-manifest"
_SHA256_LENGTH = 64
# What an entry takes beside its text, roughly; a character that is not of ASCII may make all take
# four bytes.
_ENTRY_BYTES = 300
_WIDEST_CHARACTER = 4
_MOST_LEARNED_BYTES = 16 << 20
_LARGEST_MANIFEST = 64 << 20


class ManifestError(ZhupeiError):
    """A manifest of trusted documents cannot be used."""

    code = "MANIFEST_UNUSABLE"

    def __init__(self, path: Path, why: Text) -> None:
        super().__init__(
            Text(f"{path}：{why.zh}", f"{path}: {why.en}"),
            Text(
                "用前端构建工具重新生成该文件，或去掉 ZHUPEI_TRUSTED_DOCUMENTS",
                "make the file again with the front end's build, or unset ZHUPEI_TRUSTED_DOCUMENTS",
            ),
        )


class StoredOperations(Protocol):
    """Turns what a client names into a text, and decides which texts may run."""

    def completed(self, asked: OperationRequest) -> OperationRequest:
        """Return the request with its text; raise `RequestRefused` where it may not run."""
        ...


class NoStoredOperations:
    """Clients have to send their texts."""

    def completed(self, asked: OperationRequest) -> OperationRequest:
        """Return the request as it is, unless it has no text."""
        if asked.query is None:
            raise _not_supported()
        return asked


class LearnedOperations:
    """Automatic persisted queries; what it holds takes at most about ``most_bytes``.

    Of what exceeds that, the text that was not used for longest goes.
    """

    def __init__(self, *, most_bytes: int = _MOST_LEARNED_BYTES) -> None:
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._most = most_bytes
        self._held = 0

    def __len__(self) -> int:
        return len(self._texts)

    def completed(self, asked: OperationRequest) -> OperationRequest:
        """Return the request with its text, and learn the text that comes with its hash."""
        name = _hash_of(asked)
        if name is None:
            if asked.query is None:
                raise _unknown()
            return asked
        if asked.query is not None:
            self._learn(name, asked.query)
            return asked
        text = self._texts.get(name)
        if text is None:
            raise _unknown()
        self._texts.move_to_end(name)
        return replace(asked, query=text)

    def _learn(self, name: str, text: str) -> None:
        if name in self._texts:
            if self._texts[name] != text:
                raise _other_hash()
            self._texts.move_to_end(name)
            return
        if hashlib.sha256(_utf_8(text)).hexdigest() != name:
            raise _other_hash()
        self._texts[name] = text
        self._held += _size(text)
        while self._held > self._most:
            _, gone = self._texts.popitem(last=False)
            self._held -= _size(gone)


class TrustedDocuments:
    """Only listed operations run: named by identifier, or sent word for word.

    Args:
        documents: texts by identifier.

    """

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._by_id = dict(documents)
        self._by_hash = {
            hashlib.sha256(_utf_8(text)).hexdigest(): text for text in documents.values()
        }

    def __len__(self) -> int:
        return len(self._by_id)

    def completed(self, asked: OperationRequest) -> OperationRequest:
        """Return the request with the text that is listed."""
        name = asked.document_id or _hash_of(asked)
        if name is None:
            if asked.query is None:
                raise _unknown()
            name = hashlib.sha256(_utf_8(asked.query)).hexdigest()
        name = name.removeprefix("sha256:")
        text = self._by_id.get(name) or self._by_hash.get(name)
        if text is None or (asked.query is not None and asked.query != text):
            raise RequestRefused(
                400,
                ErrorCode.PERSISTED_QUERY_NOT_IN_LIST,
                Text(
                    "本服务只执行清单中的操作，此操作不在其中。",
                    "This server runs listed operations only, and this is none of them.",
                ),
                of_operation=True,
            )
        return replace(asked, query=text)


def read_manifests(paths: Iterable[Path]) -> dict[str, str]:
    """Return the texts of all manifests by identifier.

    Raises:
        ManifestError: a file cannot be read, has another form, or two give one identifier
            different texts.

    """
    found: dict[str, str] = {}
    for path in paths:
        for name, text in _listed(path).items():
            if found.setdefault(name, text) != text:
                raise ManifestError(
                    path,
                    Text(
                        f"标识“{name}”已用于另一个操作",
                        f'the identifier "{name}" is used for another operation already',
                    ),
                )
    return found


def _listed(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise ManifestError(path, Text("文件过大", "the file is too large"))
        content = json.loads(path.read_bytes())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ManifestError(path, Text(f"无法读取：{why}", f"cannot be read: {why}")) from error
    except (ValueError, RecursionError) as error:
        raise ManifestError(path, Text("不是 JSON", "is not JSON")) from error
    texts = _apollo(content) if _is_apollo(content) else content
    if not isinstance(texts, dict) or not all(isinstance(one, str) for one in texts.values()):
        raise ManifestError(
            path,
            Text(
                "既不是 Apollo 的清单，也不是“标识 → 操作文本”的对象",
                "is neither Apollo's manifest nor an object from identifiers to texts",
            ),
        )
    return texts


def _is_apollo(content: Any) -> bool:
    return isinstance(content, dict) and content.get("format") == _APOLLO


def _apollo(content: Mapping[str, Any]) -> dict[str, str] | None:
    operations = content.get("operations")
    if content.get("version") != 1 or not isinstance(operations, list):
        return None
    try:
        return {each["id"]: each["body"] for each in operations}
    except (TypeError, KeyError):
        return None


def _hash_of(asked: OperationRequest) -> str | None:
    """Return the hash that comes with a request, None where none does."""
    persisted = (asked.extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if isinstance(persisted, dict) and persisted.get("version") == 1:
        name = persisted.get("sha256Hash")
        if isinstance(name, str) and name.isascii() and len(name) <= _SHA256_LENGTH * 2:
            return name.lower()
    raise RequestRefused(
        400,
        ErrorCode.BAD_USER_INPUT,
        Text(
            '`extensions.persistedQuery` 应为 {"version": 1, "sha256Hash": …}。',
            '`extensions.persistedQuery` must be {"version": 1, "sha256Hash": …}.',
        ),
    )


def _utf_8(text: str) -> bytes:
    # Half of a surrogate pair cannot come out of JSON as it is decoded here, but out of a manifest.
    return text.encode(errors="surrogatepass")


def _size(text: str) -> int:
    return len(text) * (1 if text.isascii() else _WIDEST_CHARACTER) + _ENTRY_BYTES


def _unknown() -> RequestRefused:
    # The words that Apollo's clients look for where they look at words.
    message = Text("PersistedQueryNotFound", "PersistedQueryNotFound")
    return RequestRefused(400, ErrorCode.PERSISTED_QUERY_NOT_FOUND, message, of_operation=True)


def _not_supported() -> RequestRefused:
    message = Text("PersistedQueryNotSupported", "PersistedQueryNotSupported")
    return RequestRefused(400, ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, message, of_operation=True)


def _other_hash() -> RequestRefused:
    return RequestRefused(
        400,
        ErrorCode.BAD_USER_INPUT,
        Text("sha256Hash 与操作文本不符。", "The sha256Hash is not that of the text."),
    )
