"""A real headless Chromium, driven over chromedriver's WebDriver protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
)


class Browser:
    """One browser window; `events` are what DevTools saw of its network and console."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = ""

    def open(self, profile: str, language: str) -> None:
        """Start the browser with an empty profile."""
        options = {
            "args": [*_FLAGS, f"--user-data-dir={profile}", f"--lang={language}"],
            "binary": shutil.which("chromium"),
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{made['sessionId']}"

    def close(self) -> None:
        """Close the browser."""
        self._call("DELETE", self._session)

    def go(self, url: str) -> None:
        """Load a page."""
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def wait(self, script: str, seconds: float = 20) -> Any:
        """Run JavaScript until it returns something true."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.run(script)
            if found:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds} s: {script}\n{self.console()}")
            time.sleep(0.1)

    def console(self) -> list[str]:
        """Return the lines of the console since the last call."""
        return [entry["message"] for entry in self._log("browser")]

    def requested(self) -> list[str]:
        """Return the address of every request since the last call."""
        found = []
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._call(
            "POST", f"{self._session}/se/log", {"type": kind}
        )
        return entries

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]


@contextmanager
def chromium(language: str = "zh-CN") -> Iterator[Browser]:
    """Run chromedriver and one browser for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "chromedriver.log"
        driver = subprocess.Popen(
            ["chromedriver", "--port=0", f"--log-path={log}"], stdout=subprocess.PIPE, text=True
        )
        assert driver.stdout is not None
        try:
            port = next(
                line.rstrip(".\n").rpartition(" ")[2]
                for line in driver.stdout
                if "started successfully on port" in line
            )
            browser = Browser(f"http://127.0.0.1:{port}")
            browser.open(f"{folder}/profile", language)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
            driver.wait()
            driver.stdout.close()
