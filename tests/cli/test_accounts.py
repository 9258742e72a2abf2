"""`zhupei account` and `zhupei token`, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from fictional import BASES
from zhupei.cli import main
from zhupei.security.built_in_issuer import BUILT_IN_ISSUER
from zhupei.services.access import built_in_issuer
from zhupei.settings import Settings

_PASSWORD = "correct horse battery"


class _Terminal:
    """The command line: what it prints, and how it ends."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *words: str, typed: str = "") -> str:
        status, out, err = self.run(*words, typed=typed)
        assert (status, err) == (0, "")
        return out

    def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = main(list(words))
        captured = self._capsys.readouterr()
        return status, captured.out, captured.err

    def accounts(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self("account", "list", "--format", "json"))
        return listed


@pytest.fixture
def zhupei(
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> _Terminal:
    for name, value in {
        "ZHUPEI_DATA_DIR": str(tmp_path),
        "ZHUPEI_DATABASE_URL": database_url,
        "ZHUPEI_BASES": str(BASES),
        "ZHUPEI_PLUGINS": str(tmp_path / "none"),
        "ZHUPEI_LANGUAGE": "en",
    }.items():
        monkeypatch.setenv(name, value)
    return _Terminal(capsys, monkeypatch)


def test_an_account_from_its_making_to_its_lock(zhupei: _Terminal) -> None:
    made = zhupei("account", "add", "office", "--name", "王老师", typed=f"{_PASSWORD}\n")
    assert made.split("  ")[1:] == ["office", "person", "active", "-\n"]
    assert _PASSWORD not in made
    granted = zhupei("account", "grant", "office", "base_office", "--base", "example-hospital")
    assert granted.endswith("  active  base_office@example-hospital\n")
    zhupei("account", "grant", "office", "auditor")
    revoked = zhupei("account", "revoke", "office", "auditor")
    assert revoked.endswith("  active  base_office@example-hospital\n")
    assert "  locked  " in zhupei("account", "lock", "office")
    (account,) = zhupei.accounts()
    assert account["lockedAt"] is not None
    assert account["grants"][0]["grantedBy"].startswith("command line")
    assert "  active  " in zhupei("account", "unlock", account["id"])
    assert zhupei("account", "list") == zhupei("account", "unlock", "office")


@pytest.mark.parametrize(
    ("words", "typed", "message"),
    [
        (("add", "office"), _PASSWORD, "this login is taken"),
        (("add", "13800138000"), _PASSWORD, "a login is 1 to 64 of a-z"),
        (("add", "new"), "short", "a password has at least 12 characters"),
        (("add", "newcomer"), "my newcomer password", "a password holds no account name"),
        (("add", "new", "--service"), "", "a service has scopes, a person none"),
        (("add", "new", "--service", "--scope", "x.y"), "", "no such permission: x.y"),
        (("grant", "office", "king"), "", "there is no such role"),
        (("grant", "office", "base_office"), "", "this role is granted for one base"),
        (
            ("grant", "office", "base_office", "--base", "nowhere"),
            "",
            'the catalogue holds no "nowhere"',
        ),
        (("grant", "nobody", "auditor"), "", "there is no such account"),
        (("grant", "office", "applicant"), "", "the account has this grant already"),
        (("revoke", "office", "auditor"), "", "the account has no such grant"),
        (("lock", "nobody"), "", "there is no such account"),
        (("password", "office"), "short", "a password has at least 12 characters"),
    ],
)
def test_what_is_refused_and_changes_nothing(
    zhupei: _Terminal, words: tuple[str, ...], typed: str, message: str
) -> None:
    zhupei("account", "add", "office", typed=_PASSWORD)
    zhupei("account", "grant", "office", "applicant")
    before = zhupei.accounts()
    status, out, err = zhupei.run("account", *words, typed=typed)
    assert (status, out) == (1, "")
    assert err.startswith(f"zhupei: {message}")
    assert typed not in err or not typed
    assert zhupei.accounts() == before


def test_a_token_for_an_account(zhupei: _Terminal, tmp_path: Path) -> None:
    zhupei("account", "add", "office", "--no-password")
    token = zhupei("token", "office", "--hours", "1", "--scope", "events.read").strip()
    issuer = built_in_issuer(Settings(data_dir=tmp_path))
    verified = asyncio.run(issuer.verify(token))
    assert verified.issuer == BUILT_IN_ISSUER
    assert verified.subject == zhupei.accounts()[0]["id"]
    assert verified.scopes == {"events.read"}
    assert verified.issued_at is not None
    assert (verified.expires_at - verified.issued_at).total_seconds() == 3600


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("nobody",), 1, 'there is no account "nobody" of this installation'),
        (("office",), 1, "the account is locked"),
        (("office", "--hours", "0"), 2, "--hours must be more than 0 and at most 8784"),
        (("office", "--scope", "event.read"), 1, 'no permission "event.read"'),
    ],
)
def test_no_token(zhupei: _Terminal, words: tuple[str, ...], status: int, message: str) -> None:
    zhupei("account", "add", "office", "--no-password")
    zhupei("account", "lock", "office")
    done, out, err = zhupei.run("token", *words)
    assert (done, out) == (status, "")
    assert err.startswith(f"zhupei: {message}\n")


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_password_in_another_encoding_is_refused(
    errors: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a terminal that writes GBK: nobody could type it again in a browser."""
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    typed = io.BytesIO("密码 correct horse\n".encode("gbk"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(typed, encoding="utf-8", errors=errors))
    assert main(["account", "add", "office"]) == 2
    assert capsys.readouterr().err == "zhupei: the password is not UTF-8\n"


def test_whoever_types_no_password_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control-D at the question."""

    def ended(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", ended)
    assert main(["account", "password", "office"]) == 1
    assert capsys.readouterr().err == "zhupei: no password was given\n"
