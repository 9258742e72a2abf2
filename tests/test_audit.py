"""Tests of .ci/audit.py: a vulnerability stops the build, an unreachable service does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_AUDIT = Path(__file__).parents[1] / ".ci" / "audit.py"
_GOOD = {"name": "good", "version": "1.0", "vulns": []}
_WEAK = {
    "name": "weak",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}],
}
_UNKNOWN = {"name": "good", "skip_reason": "Dependency not found on PyPI"}


def audit(folder: Path, answer: Any) -> tuple[int, str]:
    """Run the script with a pip-audit that answers ``answer``, as the real one writes it."""
    (folder / "requirements.txt").write_text("good==1.0\nweak==2.0\n")
    tool = folder / "pip-audit"
    text = answer if isinstance(answer, str) else json.dumps({"dependencies": answer})
    tool.write_text(f"#!{sys.executable}\nprint({text!r})\n")
    tool.chmod(0o755)
    ended = subprocess.run(
        [sys.executable, str(_AUDIT), str(tool), str(folder / "requirements.txt")],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ([_GOOD, _WEAK], 1, "audit: weak 2.0: PYSEC-1, fixed in 2.1\naudit: 2 of 2 packages"),
        ([_GOOD], 0, "audit: 1 of 2 packages asked for, 0 vulnerabilities"),
        ([_UNKNOWN], 0, "audit: the service for vulnerabilities cannot be asked"),
        ("no JSON", 0, "audit: the service for vulnerabilities cannot be asked"),
    ],
)
def test_only_a_vulnerability_stops_the_build(
    tmp_path: Path, answer: Any, status: int, told: str
) -> None:
    code, text = audit(tmp_path, answer)
    assert (code, text.startswith(told)) == (status, True), text
