"""Tests of zhupei.web.ide: the page, its files, and what stands in for it."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from zhupei.web.ide import Example, QueryPage, read_examples
from zhupei.web.routes import error_handlers

_REQUEST = Request(
    {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "server": ("graph.example", 80),
        "path": "/graphql",
        "query_string": b"q=%3Cscript%3E",
        "headers": [],
    }
)
_EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder as the set-up fills it."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "version").write_text("0123456789abcdef")
    for name in ("graphiql.js", "graphiql.css"):
        (folder / name).write_text(f"/* {name} */")
    (folder / "graphiql.js.gz").write_bytes(gzip.compress(b"/* graphiql.js */"))
    return folder


def client_of(page: QueryPage) -> TestClient:
    return TestClient(Starlette(routes=page.routes(), exception_handlers=error_handlers()))


def test_the_page_loads_only_from_its_own_server(files: Path) -> None:
    response = QueryPage("/graphql", examples=_EXAMPLES, files=files).response(_REQUEST)
    text = bytes(response.body).decode()
    assert re.findall(r'(?:src|href)="([^"]+)"', text) == [
        "data:,",
        "/graphql/ide/graphiql.css?v=0123456789abcdef",
        "/graphql/ide/graphiql.js?v=0123456789abcdef",
        "/graphql/ide/start.js?v=0123456789abcdef",
    ]
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert "http" not in policy
    assert "*" not in policy


def test_the_examples_are_the_tabs_in_the_order_of_their_names(files: Path) -> None:
    text = bytes(
        QueryPage("/graphql", examples=_EXAMPLES, files=files).response(_REQUEST).body
    ).decode()
    found = re.search(r'<script type="application/json" id="options">(.*?)</script>', text)
    assert found is not None
    tabs = json.loads(found[1])["defaultTabs"]
    paths = sorted(_EXAMPLES.glob("*.graphql"))
    assert [tab["query"] for tab in tabs] == [path.read_text(encoding="utf-8") for path in paths]
    with_variables = [
        path.with_suffix(".json").read_text(encoding="utf-8")
        for path in paths
        if path.with_suffix(".json").exists()
    ]
    assert [tab["variables"] for tab in tabs if tab["variables"]] == with_variables


def test_an_example_cannot_close_the_script_it_stands_in(tmp_path: Path, files: Path) -> None:
    (tmp_path / "a.graphql").write_text('{ a(b: "</script><script>alert(1)</script>") }')
    text = bytes(
        QueryPage("/graphql", examples=tmp_path, files=files).response(_REQUEST).body
    ).decode()
    assert "alert(1)<" not in text
    assert text.count("<script") == 3


def test_without_examples_there_is_one_that_suits_everybody(tmp_path: Path) -> None:
    [example] = read_examples(tmp_path / "nothing")
    assert example.query.startswith("# 这里有哪些基地 · Which bases are here\nquery WhichBases {")


def test_variables_stand_beside_the_query(tmp_path: Path) -> None:
    (tmp_path / "2.graphql").write_text("{ b }")
    (tmp_path / "1.graphql").write_text("query($x: Int) { a(x: $x) }")
    (tmp_path / "1.json").write_text('{"x": 1}')
    assert read_examples(tmp_path) == (
        Example("query($x: Int) { a(x: $x) }", '{"x": 1}'),
        Example("{ b }", None),
    )


def test_files_are_packed_and_kept_by_browsers(files: Path) -> None:
    client = client_of(QueryPage("/graphql", examples=_EXAMPLES, files=files))
    response = client.get("/graphql/ide/graphiql.js?v=0123456789abcdef")
    assert response.text == "/* graphiql.js */"
    assert response.headers["content-encoding"] == "gzip"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/javascript")
    plain = client.get("/graphql/ide/graphiql.js", headers={"accept-encoding": "identity"})
    assert plain.text == "/* graphiql.js */"
    assert "content-encoding" not in plain.headers
    assert "cache-control" not in plain.headers


@pytest.mark.parametrize(
    "name", ["version", "unavailable", "..%2f__init__.py", "%2e%2e%2finstall.py", "install.py"]
)
def test_only_the_pages_own_files_are_served(files: Path, name: str) -> None:
    client = client_of(QueryPage("/graphql", examples=_EXAMPLES, files=files))
    response = client.get(f"/graphql/ide/{name}", headers={"accept-language": "en"})
    assert response.status_code == 404
    assert response.json() == {
        "errors": [{"message": "Not Found", "extensions": {"code": "NOT_FOUND"}}]
    }


def test_without_files_the_page_says_why_and_how_to_ask(tmp_path: Path) -> None:
    (tmp_path / "unavailable").write_text("npm: network <unreachable>")
    page = QueryPage("/graphql", examples=_EXAMPLES, files=tmp_path)
    assert page.missing == "npm: network <unreachable>"
    text = bytes(page.response(_REQUEST).body).decode()
    assert "npm: network &lt;unreachable&gt;" in text
    assert "curl http://graph.example/graphql -H" in text
    assert "<script" not in text
