"""Ask for known vulnerabilities of what is pinned; fail on one, and say what could not be asked.

Without the network (or behind a mirror that has no such service) nothing can be known, which must
not stop a build; a vulnerability must.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_SECONDS = 300


def audited(pip_audit: str, requirements: Path) -> list[dict[str, Any]]:
    """Return what pip-audit knows of each package; nothing where it knows nothing."""
    command = [pip_audit, "--requirement", str(requirements), "--no-deps", "--disable-pip"]
    ended = subprocess.run(  # noqa: S603 - our own words, and no shell
        [*command, "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    try:
        found: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return [each for each in found if "skip_reason" not in each]


def main(pip_audit: str, requirements: Path) -> int:
    """Return the exit status: 1 where a package has a known vulnerability."""
    pinned = [line for line in requirements.read_text("utf-8").splitlines() if "==" in line]
    with tempfile.TemporaryDirectory() as folder:
        # One first: asking for all takes a minute where nobody answers.
        one = Path(folder) / "one.txt"
        one.write_text(pinned[0] + "\n", encoding="utf-8")
        try:
            found = audited(pip_audit, requirements) if audited(pip_audit, one) else []
        except subprocess.TimeoutExpired:
            found = []
    if not found:
        _say("audit: the service for vulnerabilities cannot be asked; nothing was audited")
        return 0
    weak = [(each, one) for each in found for one in each["vulns"]]
    for each, vulnerability in weak:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        _say(f"audit: {each['name']} {each['version']}: {vulnerability['id']}, fixed in {fixed}")
    _say(f"audit: {len(found)} of {len(pinned)} packages asked for, {len(weak)} vulnerabilities")
    return 1 if weak else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
