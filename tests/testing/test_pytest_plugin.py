"""The fixtures, in a project of their own as a plugin's author has it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from zhupei.cli.new_plugin import write_plugin

_TEST = '''\
"""A test with our fixtures."""
import pytest
from zhupei import Cycle
from zhupei.hooks.scope import Scope
from zhupei.testing import a_base


def test_the_plugin_of_this_project(plugin_host):
    assert plugin_host.plugins[-1].slug == "fixture-hospital"
    assert plugin_host.plugins[-1].rights == "institution"


@pytest.mark.zhupei_rights("jurisdiction", "platform")
def test_other_rights(plugin_host):
    assert plugin_host.plugins[-1].rights == "platform"


def test_asking(dispatcher):
    import asyncio
    scope = Scope("x", institution=("fixture-hospital",))
    result = asyncio.run(dispatcher.ask("base_quotas", scope, base=a_base(), cycle=Cycle(2026)))
    assert result.value is None
'''


def test_fixtures_find_the_project_of_the_test(tmp_path: Path) -> None:
    project = tmp_path / "fixture-hospital"
    write_plugin(project, "fixture-hospital", name="Sample")
    test = project / "tests" / "test_fixtures.py"
    test.write_text(_TEST, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider"),
            *("-p", "zhupei.testing.pytest_plugin", str(test)),
        ],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert re.search(r"^3 passed", done.stdout, re.MULTILINE), done.stdout
