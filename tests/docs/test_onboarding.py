"""docs/onboarding.md is run as printed: every command, file, query and answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from zhupei.config.loader import read
from zhupei.config.yaml import Document

pytestmark = pytest.mark.slow

_PAGE = Path(__file__).parents[2] / "docs" / "onboarding.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class _Reader:
    """Follows the page in a folder of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.output = ""
        self.answer: Any = None
        self.url = ""
        self.servers: list[subprocess.Popen[str]] = []
        self.environ = {
            # As after the page's first command, which names the repository's own environment.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ZHUPEI_DATABASE_URL": database_url,
            "ZHUPEI_DATA_DIR": str(folder / ".zhupei"),
            "ZHUPEI_LOG_FORMAT": "json",
            "PORT": "0",
            "LANG": "C.UTF-8",
        }

    def follow(self, language: str, text: str) -> None:
        """Do what a block of the page says, or compare what it shows."""
        match language:
            case "sh" if text == "zhupei serve\n":
                self._serve()
            case "sh":
                self._run(text)
            case "text":
                self._shows(text)
            case "yaml":
                (self.folder / "bases/gansu/example-hospital.yaml").write_text(text, "utf-8")
            case "graphql":
                self.answer = self._ask(text)
            case "json":
                assert self.answer == json.loads(text)
            case _:
                raise AssertionError(f"a block that nobody runs: {language}")

    def _run(self, script: str) -> None:
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        self.output = done.stdout

    def _shows(self, text: str) -> None:
        """Compare what the last command printed; a line of dots stands for lines left out."""
        rest = _settled(self.output)
        for part in re.split(r"^ *…\n", _settled(text), flags=re.MULTILINE):
            assert part in rest, (part, rest)
            rest = rest.partition(part)[2]

    def _serve(self) -> None:
        server = subprocess.Popen(
            ["zhupei", "serve"],
            cwd=self.folder,
            env=self.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.servers.append(server)
        assert server.stderr is not None
        for line in server.stderr:
            event = json.loads(line)
            if event["event"] == "serving":
                self.url = event["url"]
                return
        raise AssertionError("the server ended")

    def _ask(self, query: str) -> Any:
        request = urllib.request.Request(
            self.url, json.dumps({"query": query}).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            body = json.load(response)
        assert "errors" not in body, body
        return body["data"]

    def close(self) -> None:
        """End the servers."""
        for server in self.servers:
            server.terminate()
            server.wait(timeout=10)
            assert server.stderr is not None
            server.stderr.close()


@contextmanager
def _following(folder: Path, database_url: str) -> Iterator[_Reader]:
    reader = _Reader(folder, database_url)
    try:
        yield reader
    finally:
        reader.close()


def _settled(text: str) -> str:
    """Return a text without what differs from run to run: process ids and catalogue hashes."""
    text = re.sub(r"server \d+:", "server N:", text)
    return re.sub(r"catalogue [0-9a-f]{12,}", "catalogue H", text)


@pytest.mark.slow(seconds=18)
def test_the_page_runs_as_printed(tmp_path: Path, database_url: str) -> None:
    blocks = _BLOCK.findall(_PAGE.read_text("utf-8"))
    assert [language for language, _ in blocks].count("sh") == 8
    with _following(tmp_path, database_url) as reader:
        for language, text in blocks:
            reader.follow(language, text)
        document = read(tmp_path / "bases/gansu/example-hospital.yaml")
        assert isinstance(document, Document)
        rows = document.data["programs"][0]["openings"]
        assert [row["quota"] for row in rows] == ["6", "4", "3"]
