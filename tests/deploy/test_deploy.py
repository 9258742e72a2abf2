"""Tests of deploy/: what it sets exists, and the linters of its kinds find nothing.

There is no engine here that could run the container: what is tested is that the files are right by
their own rules, and that they name settings and commands as they are.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from zhupei.cli import build_parser
from zhupei.settings import Environment, Settings, describe_settings
from zhupei.web.routes import trusted_proxies

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
_KNOWN = {setting.variable for setting in describe_settings()}
_NAMED = re.compile(r"\bZHUPEI_[A-Z_]+\b")
_FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


def commands() -> set[str]:
    parser = build_parser()
    return set(parser._subparsers._group_actions[0].choices)  # type: ignore[union-attr,arg-type]  # argparse has no public way


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    named = set(_NAMED.findall(file.read_text(encoding="utf-8")))
    assert named <= _KNOWN


def environment_of(unit: Path) -> dict[str, str]:
    found = re.findall(r"^Environment=(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("name", ["zhupei.service", "zhupei-backup.service"])
def test_units_can_be_read_as_settings(name: str) -> None:
    settings = Settings.from_environment(environment_of(DEPLOY / name))
    assert settings.environment is Environment.PRODUCTION
    assert settings.data_dir == Path("/var/lib/zhupei")


def test_the_example_of_an_environment_is_one() -> None:
    lines = (DEPLOY / "zhupei.env.example").read_text(encoding="utf-8").splitlines()
    read = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(read) <= _KNOWN
    settings = Settings.from_environment(read)
    assert settings.allowed_hosts == ("graph.example.org",)
    # As nginx.conf reaches it on a machine, and what podman and docker make of that.
    is_trusted = trusted_proxies(settings)
    assert all(map(is_trusted, ("127.0.0.1", "::1", "10.89.0.1", "172.17.0.1")))
    assert not is_trusted("203.0.113.9")
    # Secrets are left to be filled in.
    assert read["ZHUPEI_ENCRYPTION_KEYS"] == read["ZHUPEI_METRICS_TOKEN"] == ""


def test_the_drop_in_listens_where_the_manual_says() -> None:
    settings = Settings.from_environment(environment_of(DEPLOY / "zhupei-socket.conf"))
    assert settings.socket == Path("/run/zhupei/http.sock")
    for file in (DEPLOY / "nginx.conf", ROOT / "docs" / "deploying.md"):
        assert f"server unix:{settings.socket};" in file.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    # The one of Debian 12 is 1.22, which does not know every directive of today.
    pair = tmp_path / "pair.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(pair), "-out",
         str(tmp_path / "certificate.pem"), "-subj", "/CN=graph.example.org"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    pair.write_text(
        pair.read_text("ascii") + (tmp_path / "certificate.pem").read_text("ascii"), "ascii"
    )
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"/etc/ssl/\S+(?=;)", str(pair), text)
    whole = tmp_path / "whole.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;\n{text}\n}}",
        encoding="utf-8",
    )
    ended = subprocess.run(
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(whole)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_nginx_hands_on_what_zhupei_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    # Heads of 64 kB, the port that pages name as their origin, HTTP/2 as every version takes it.
    assert "large_client_header_buffers 4 64k;" in text
    assert "proxy_set_header Host $http_host;" in text
    assert "listen 443 ssl http2;" in text
    assert not re.search(r"^\s*http2 on;", text, re.MULTILINE)


def test_what_is_started_is_a_command() -> None:
    known = commands()
    started = re.findall(r"bin/zhupei (\w+)", (DEPLOY / "zhupei.service").read_text("utf-8"))
    started += re.findall(
        r"bin/zhupei (\w+)", (DEPLOY / "zhupei-backup.service").read_text("utf-8")
    )
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    started += [each["command"][0] for each in services["services"].values() if "command" in each]
    assert started == ["serve", "backup", "serve", "worker"]
    assert set(started) <= known


@pytest.mark.institutions
def test_the_container_takes_what_is_in_the_repository() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for source in shlex.split(line)[:-1]
    ]
    assert copied == ["constraints.txt", "pyproject.toml", "README.md", "src", "plugins", "bases"]
    assert all((ROOT / source).exists() for source in copied)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_one_and_gives_up_what_it_does_not_need(tmp_path: Path) -> None:
    # The programs are not where the unit expects them; everything else must hold.
    for name in ("zhupei.service", "zhupei-backup.service", "zhupei-backup.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/zhupei/.venv/bin/zhupei", "/bin/true"))
    units = sorted(str(path) for path in tmp_path.iterdir())
    # A drop-in goes beside the unit that it is of.
    (tmp_path / "zhupei.service.d").mkdir()
    shutil.copy(DEPLOY / "zhupei-socket.conf", tmp_path / "zhupei.service.d" / "socket.conf")
    ended = subprocess.run(
        ["systemd-analyze", "verify", *units],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20",
         str(tmp_path / "zhupei.service")],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-300:]
