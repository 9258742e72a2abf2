"""Tests of zhupei.cli._listening and zhupei.cli._certificates: what is there, and what is not."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from zhupei.cli import CommandError, main
from zhupei.cli._certificates import Certificate
from zhupei.cli._listening import unix_listener


def test_a_unix_socket_is_for_its_owner_and_group_and_goes_with_the_server(
    open_folder: Path,
) -> None:
    path = open_folder / "a.sock"
    with unix_listener(path) as listening:
        assert path.stat().st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            accepted, _ = listening.accept()
            accepted.close()
    assert not path.exists()


def test_what_a_killed_server_left_is_replaced_and_a_living_one_is_not(open_folder: Path) -> None:
    path = open_folder / "a.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with unix_listener(path):
        before = path.stat().st_ino
        with pytest.raises(CommandError) as refused, unix_listener(path):
            pass
        assert refused.value.message.en == f"{path} is in use"
        assert refused.value.message.zh == f"套接字 {path} 已被占用"
        assert path.stat().st_ino == before
    assert not path.exists()


def test_only_its_own_file_is_removed(open_folder: Path) -> None:
    path = open_folder / "a.sock"
    with unix_listener(path):
        path.rename(open_folder / "old.sock")
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"


def test_a_file_of_another_kind_stays(open_folder: Path) -> None:
    path = open_folder / "a.sock"
    path.write_text("kept")
    with pytest.raises(CommandError, match="is in use"), unix_listener(path):
        pass
    assert path.read_text() == "kept"


@pytest.mark.parametrize("name", ["missing/a.sock", "a" * 120])
def test_a_place_where_none_can_be(open_folder: Path, name: str) -> None:
    with (
        pytest.raises(CommandError, match=f"cannot listen at {open_folder}") as refused,
        unix_listener(open_folder / name),
    ):
        pass
    assert refused.value.hint is not None
    assert "107 bytes" in str(refused.value.hint.en)


def test_a_certificate_that_cannot_be_used_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHUPEI_TLS_CERTIFICATE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("PORT", "0")
    assert main(["serve"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"zhupei: cannot use {tmp_path / 'none.pem'}: No such file or directory"
    assert "ZHUPEI_TLS_KEY" in told[1]


def test_a_text_that_is_no_certificate(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    file.write_text("no certificate")
    with pytest.raises(CommandError, match=r"cannot use .*a\.pem: no certificate and key"):
        Certificate.read(file, None)
