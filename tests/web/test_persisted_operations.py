"""Tests of zhupei.web.persisted_operations: hashes instead of texts, and lists of what may run."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from small_graph import CHANGES, small_app, small_settings
from zhupei.domain.text import Language
from zhupei.web.operation_requests import OperationRequest, RequestRefused
from zhupei.web.persisted_operations import (
    LearnedOperations,
    ManifestError,
    TrustedDocuments,
    read_manifests,
)

_HELLO = "query Hello { hello }"
_CHANGE = "mutation Change { change }"


@pytest.fixture(autouse=True)
def _nothing_changed() -> None:
    CHANGES.clear()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}


def refused(message: str, code: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def asked(query: str | None, hash_of: str | None = None, document: str | None = None) -> Any:
    extensions = None if hash_of is None else named(hash_of)
    return OperationRequest(query, None, None, extensions, document)


def test_a_client_sends_its_text_once(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    for kind, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        missing = client.post(
            "/graphql", json={"extensions": named(_HELLO)}, headers={"accept": kind}
        )
        assert missing.status_code == status
        assert missing.json() == refused("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    told = client.post("/graphql", json={"query": _HELLO, "extensions": named(_HELLO)})
    assert told.json() == {"data": {"hello": "你好 世界"}}
    for answer in (
        client.post("/graphql", json={"extensions": named(_HELLO)}),
        client.get("/graphql", params={"extensions": json.dumps(named(_HELLO))}),
        client.post(
            "/graphql",
            json={
                "extensions": {
                    "persistedQuery": {"version": 1, "sha256Hash": sha256(_HELLO).upper()}
                }
            },
        ),
    ):
        assert answer.json() == {"data": {"hello": "你好 世界"}}


def test_a_text_is_not_learned_under_the_hash_of_another(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    wrong = client.post(
        "/graphql",
        json={"query": _CHANGE, "extensions": named(_HELLO)},
        headers={"accept-language": "en"},
    )
    assert wrong.status_code == 400
    assert wrong.json() == refused("The sha256Hash is not that of the text.", "BAD_USER_INPUT")
    client.post("/graphql", json={"query": _HELLO, "extensions": named(_HELLO)})
    again = client.post("/graphql", json={"query": _CHANGE, "extensions": named(_HELLO)})
    assert again.status_code == 400
    assert client.post("/graphql", json={"extensions": named(_HELLO)}).json() == {
        "data": {"hello": "你好 世界"}
    }
    assert CHANGES == []


@pytest.mark.parametrize(
    "persisted",
    [
        None,
        [],
        {},
        {"version": 2, "sha256Hash": "a" * 64},
        {"version": 1},
        {"version": 1, "sha256Hash": 7},
        {"version": 1, "sha256Hash": "a" * 1000},
        {"version": 1, "sha256Hash": "é"},
    ],
)
def test_a_malformed_reference_is_refused(tmp_path: Path, persisted: Any) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    answer = client.post("/graphql", json={"extensions": {"persistedQuery": persisted}})
    code = answer.json()["errors"][0]["extensions"]["code"]
    expected = "PERSISTED_QUERY_NOT_FOUND" if persisted is None else "BAD_USER_INPUT"
    assert code == expected


def test_a_mutation_that_was_learned_does_not_run_by_get(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path)))
    client.post("/graphql", json={"query": _CHANGE, "extensions": named(_CHANGE)})
    CHANGES.clear()
    answer = client.get("/graphql", params={"extensions": json.dumps(named(_CHANGE))})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert CHANGES == []


def test_what_is_learned_is_bounded() -> None:
    learned = LearnedOperations(most_bytes=1000)
    for number in range(20):
        text = f"{{ a{number:02} }}" + " " * 20
        learned.completed(asked(text, text))
    assert len(learned) == 3
    with pytest.raises(RequestRefused, match="PersistedQueryNotFound"):
        learned.completed(asked(None, "{ a00 }" + " " * 20))
    kept = "{ a19 }" + " " * 20
    assert learned.completed(asked(None, kept)).query == kept


@pytest.mark.parametrize("text", ["{number}", "{number} # 😀" + "a" * 300])
def test_texts_count_with_all_that_is_kept_of_them(text: str) -> None:
    learned = LearnedOperations(most_bytes=100_000)
    tracemalloc.start()
    try:
        for number in range(2000):
            written = text.format(number=number)
            learned.completed(asked(written, written))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(learned) > 50
    assert taken < 200_000


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    client = TestClient(small_app(small_settings(tmp_path, apq=False)))
    answer = client.post("/graphql", json={"extensions": named(_HELLO)})
    assert answer.json() == refused("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")
    told = client.post("/graphql", json={"query": _HELLO, "extensions": named(_HELLO)})
    assert told.json() == {"data": {"hello": "你好 世界"}}


def manifest(folder: Path, content: Any, name: str = "manifest.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


_APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": sha256(_HELLO), "name": "Hello", "type": "query", "body": _HELLO},
        {"id": "change-1", "name": "Change", "type": "mutation", "body": _CHANGE},
    ],
}


def test_only_listed_operations_run(tmp_path: Path) -> None:
    path = manifest(tmp_path, _APOLLO)
    client = TestClient(small_app(small_settings(tmp_path, trusted_documents=(path,))))
    listed: tuple[dict[str, Any], ...] = (
        {"documentId": sha256(_HELLO)},
        {"documentId": f"sha256:{sha256(_HELLO)}"},
        {"extensions": named(_HELLO)},
        {"query": _HELLO},
        {"query": _HELLO, "documentId": sha256(_HELLO)},
    )
    for body in listed:
        assert client.post("/graphql", json=body).json() == {"data": {"hello": "你好 世界"}}
    by_get = client.get("/graphql", params={"documentId": sha256(_HELLO)})
    assert by_get.json() == {"data": {"hello": "你好 世界"}}
    assert client.post("/graphql", json={"documentId": "change-1"}).json() == {
        "data": {"change": ["change"]}
    }
    CHANGES.clear()
    unlisted: tuple[dict[str, Any], ...] = (
        {"query": "mutation { change }"},
        {"query": f"{_HELLO} "},
        {"documentId": "change-2"},
        {"query": "mutation { change }", "documentId": "change-1"},
        {"extensions": named("{ other }")},
        {"query": "mutation { change }", "extensions": named("mutation { change }")},
    )
    for body in unlisted:
        answer = client.post(
            "/graphql",
            json=body,
            headers={"accept": "application/graphql-response+json", "accept-language": "en"},
        )
        assert answer.status_code == 400
        assert answer.json() == refused(
            "This server runs listed operations only, and this is none of them.",
            "PERSISTED_QUERY_NOT_IN_LIST",
        )
    assert CHANGES == []


def test_a_batch_runs_listed_operations_only(tmp_path: Path) -> None:
    path = manifest(tmp_path, _APOLLO)
    client = TestClient(small_app(small_settings(tmp_path, trusted_documents=(path,), max_batch=2)))
    answers = client.post(
        "/graphql", json=[{"query": "mutation { change }"}, {"documentId": sha256(_HELLO)}]
    ).json()
    assert answers[0]["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_NOT_IN_LIST"}
    assert answers[1] == {"data": {"hello": "你好 世界"}}
    assert CHANGES == []


def test_a_socket_runs_listed_operations_only(tmp_path: Path) -> None:
    path = manifest(tmp_path, _APOLLO)
    client = TestClient(small_app(small_settings(tmp_path, trusted_documents=(path,))))
    with client.websocket_connect("/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json(
            {"type": "subscribe", "id": "1", "payload": {"query": "mutation { change }"}}
        )
        told = socket.receive_json()
        assert (told["type"], told["payload"][0]["extensions"]) == (
            "error",
            {"code": "PERSISTED_QUERY_NOT_IN_LIST"},
        )
        socket.send_json({"type": "subscribe", "id": "2", "payload": {"extensions": named(_HELLO)}})
        told = socket.receive_json()
        assert told == {"id": "2", "type": "next", "payload": {"data": {"hello": "你好 世界"}}}
    assert CHANGES == []


def test_both_forms_of_manifests_are_read_and_joined(tmp_path: Path) -> None:
    apollo = manifest(tmp_path, _APOLLO, "apollo.json")
    relay = manifest(tmp_path, {"5d41": "query Other { hello }", "change-1": _CHANGE}, "relay.json")
    assert read_manifests([apollo, relay]) == {
        sha256(_HELLO): _HELLO,
        "change-1": _CHANGE,
        "5d41": "query Other { hello }",
    }
    assert len(TrustedDocuments(read_manifests([apollo]))) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "is not JSON"),
        ("[]", "is neither Apollo's manifest nor an object from identifiers to texts"),
        ('{"a": 1}', "is neither Apollo's manifest nor an object from identifiers to texts"),
        (
            '{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
            "is neither Apollo's manifest nor an object from identifiers to texts",
        ),
        (
            '{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{}]}',
            "is neither Apollo's manifest nor an object from identifiers to texts",
        ),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_manifest_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        small_app(small_settings(tmp_path, trusted_documents=(path,)))
    assert caught.value.text(Language.EN) == (
        f"{path}: {message}; make the file again with the front end's build, "
        "or unset ZHUPEI_TRUSTED_DOCUMENTS [MANIFEST_UNUSABLE]"
    )


def test_a_missing_manifest_and_one_that_contradicts_another_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read: No such file or directory"):
        read_manifests([tmp_path / "none.json"])
    first = manifest(tmp_path, {"a": "{ hello }"}, "first.json")
    second = manifest(tmp_path, {"a": "{ long }"}, "second.json")
    with pytest.raises(ManifestError, match='"a" is used for another operation already'):
        read_manifests([first, second])
