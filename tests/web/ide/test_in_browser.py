"""The query page in a real browser on the real configuration; only where there is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.chromium import chromium
from zhupei.web.ide import QueryPage, read_examples

_PROJECT = Path(__file__).parents[3]
_EXAMPLES = _PROJECT / "docs" / "examples"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("chromium") is None or shutil.which("chromedriver") is None,
        reason="needs Debian's chromium and chromium-driver",
    ),
]


@pytest.fixture
def address(open_folder: Path, database_url: str) -> Iterator[str]:
    """The address of a server on the project's own configuration."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zhupei", "serve"],
        env={
            "PATH": "/usr/bin:/bin",
            "PORT": "0",
            "ZHUPEI_DATA_DIR": str(open_folder),
            "ZHUPEI_DATABASE_URL": database_url,
        },
        cwd=_PROJECT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = next(line for line in process.stderr if " serving " in line)
    yield line.partition("url=")[2].partition(" ")[0]
    process.terminate()
    process.stderr.read()
    process.wait()
    process.stderr.close()


@pytest.mark.slow(seconds=12)
def test_every_example_answers_in_the_page_and_nothing_foreign_is_asked(address: str) -> None:
    assert QueryPage("/graphql", examples=_EXAMPLES).missing is None
    examples = read_examples(_EXAMPLES)
    with chromium() as browser:
        browser.go("about:blank")
        browser.requested()
        browser.go(address)
        browser.wait("return document.querySelector('.graphiql-execute-button')")
        tabs = browser.run(
            "return [...document.querySelectorAll('.graphiql-tab')].map(tab => tab.innerText)"
        )
        assert tabs == [
            example.query.partition("query ")[2].partition("{")[0].partition("(")[0].strip()
            for example in examples
        ]
        for at in range(len(examples)):
            browser.run(f"document.querySelectorAll('.graphiql-tab-button')[{at}].click()")
            browser.wait(
                "return document.querySelector('.graphiql-tab[aria-selected=true]').innerText"
                f" === {tabs[at]!r}"
            )
            # A click while the page is still asking would stop it.
            answer = browser.wait(
                "const shown = document.querySelector('.result-window')?.innerText ?? '';"
                "if (shown.includes('\"data\":')) return shown;"
                "const button = document.querySelector('.graphiql-execute-button');"
                "if (button.ariaLabel.startsWith('Execute')) button.click();"
            )
            assert '"errors"' not in answer, (tabs[at], answer)
        origin = address.removesuffix("/graphql")
        foreign = [
            url
            for url in browser.requested()
            if not url.startswith((f"{origin}/", "data:", "blob:", "chrome:", "chrome-untrusted:"))
        ]
        assert foreign == []
        # Refused by the page's policy, an error in a script, a missing file: all end up here.
        assert browser.console() == []
