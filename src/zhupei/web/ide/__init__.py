"""The query page: GraphiQL from local files, with example queries as tabs."""

from __future__ import annotations

import html
import json
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

__all__ = ["Example", "QueryPage", "read_examples"]

_HERE = Path(__file__).parent
_FILES = _HERE / "dist"
_SERVED = (
    "graphiql.js",
    "graphiql.css",
    "editor.worker.js",
    "json.worker.js",
    "graphql.worker.js",
)

# Everything from this server, nothing inline but styles (the editor sets them on elements):
# the browser itself refuses any foreign host.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>住培 zhupei · GraphQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{base}/graphiql.css?v={version}">
<style>html, body, #root {{ height: 100%; margin: 0 }}</style>
</head>
<body class="no-focus-outline">
<noscript>此页面需要 JavaScript。This page needs JavaScript.</noscript>
<div id="root"></div>
<script type="application/json" id="options">{options}</script>
<script src="{base}/graphiql.js?v={version}"></script>
<script src="{base}/start.js?v={version}"></script>
</body>
</html>
"""

_MISSING = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>住培 zhupei · GraphQL</title>
<link rel="icon" href="data:,">
<style>body {{ font: 16px/1.6 sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }}
pre {{ background: #eee; padding: .5rem; white-space: pre-wrap }}</style>
</head>
<body>
<h1>查询页面未安装</h1>
<p>GraphQL 服务正常；只是没有取得查询页面（GraphiQL）的文件。原因：</p>
<pre>{reason}</pre>
<p>npm 可用后再次运行 <code>make serve</code> 即可。在此之前可以这样查询：</p>
<h1>The query page is not installed</h1>
<p>The graph itself is served; only the files of the query page (GraphiQL) could not be fetched,
for the reason above. Run <code>make serve</code> again when npm works. Until then:</p>
<pre>curl {url} -H 'content-type: application/json' -d '{{"query": "{{ __typename }}"}}'</pre>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One tab: a query, and the variables it is shown with."""

    query: str
    variables: str | None = None


_ANY_EXAMPLE = Example(
    """# 这里有哪些基地 · Which bases are here
query WhichBases {
  bases(first: 10) {
    totalCount
    edges {
      node {
        code
        name
      }
    }
  }
}
"""
)


def read_examples(folder: Path) -> tuple[Example, ...]:
    """Return the examples in ``folder`` in the order of their file names.

    ``NAME.graphql`` is a query; ``NAME.json`` beside it holds its variables. Where there are
    none, one that suits every installation is returned.
    """
    examples = []
    for path in sorted(folder.glob("*.graphql")):
        variables = path.with_suffix(".json")
        examples.append(
            Example(
                path.read_text(encoding="utf-8"),
                variables.read_text(encoding="utf-8") if variables.exists() else None,
            )
        )
    return tuple(examples) or (_ANY_EXAMPLE,)


class QueryPage:
    """The page at the endpoint's address and the files it loads.

    Args:
        endpoint: path of the GraphQL endpoint; the files are served under ``<endpoint>/ide``.
        examples: folder with the queries that become tabs.
        files: folder that the set-up filled (`zhupei.web.ide.install`).

    """

    def __init__(self, endpoint: str, *, examples: Path, files: Path = _FILES) -> None:
        self._endpoint = endpoint
        self._examples = examples
        self._files = files
        self._version = _read(files / "version")
        self._html = None if self.missing else self._render()

    @property
    def missing(self) -> str | None:
        """Why there is no page, None when there is one."""
        if self._version:
            return None
        return _read(self._files / "unavailable") or "`make serve` has not fetched its files"

    def response(self, request: Request) -> Response:
        """Return the page, or the explanation that stands in for it."""
        return HTMLResponse(
            self._html or self._explain(request),
            headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"},
        )

    def routes(self) -> list[Route]:
        """Return the routes of the files."""
        return [Route(f"{self._endpoint}/ide/{{name}}", self._file)]

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = _HERE / name if name == "start.js" else self._files / name
        # Only known names, so that no path can lead out of the folder.
        if name not in {*_SERVED, "start.js"} or not path.is_file():
            raise HTTPException(404)
        headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept-Encoding"}
        if self._version and request.query_params.get("v") == self._version:
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
        media_type = mimetypes.guess_type(name)[0]
        packed = path.with_name(f"{name}.gz")
        if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file():
            headers["Content-Encoding"] = "gzip"
            path = packed
        return FileResponse(path, media_type=media_type, headers=headers)

    def _explain(self, request: Request) -> str:
        url = str(request.url.replace(query="", fragment=""))
        return _MISSING.format(reason=html.escape(self.missing or ""), url=html.escape(url))

    def _render(self) -> str:
        options = {
            "title": "住培 zhupei",
            "endpoint": self._endpoint,
            "shouldPersistHeaders": True,
            "defaultTabs": [
                {"query": example.query, "variables": example.variables}
                for example in read_examples(self._examples)
            ],
        }
        # `<` would let a string close the script element.
        text = json.dumps(options, ensure_ascii=False).replace("<", "\\u003c")
        return _PAGE.format(base=f"{self._endpoint}/ide", version=self._version, options=text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
