"""`zhupei brochure`: writes, checks and compares."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhupei.cli import main

pytestmark = pytest.mark.institutions

_ROOT = Path(__file__).parents[2]
_PROGRAM = "hku-szh-residency-2026"


@pytest.fixture(autouse=True)
def configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two southern provinces, which are enough and load fast."""
    folders = ":".join(str(_ROOT / "bases" / name) for name in ("guangdong", "guangxi"))
    monkeypatch.setenv("ZHUPEI_BASES", folders)
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(_ROOT / "plugins"))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "zh")


def test_page_to_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["brochure", _PROGRAM]) == 0
    captured = capsysbinary.readouterr()
    page = captured.out.decode()
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert captured.err.decode() == (
        "zhupei: 简章应写明而未写明：招收程序（zhupei brochure hku-szh-residency-2026 --check）\n"
    )


def test_format_follows_the_name_of_the_file(tmp_path: Path) -> None:
    pdf, page = tmp_path / "brochure.pdf", tmp_path / "brochure.html"
    assert main(["brochure", _PROGRAM, "--output", str(pdf), "--dated", "2026年5月6日"]) == 0
    assert main(["brochure", _PROGRAM, "--output", str(page), "--dated", "2026年5月6日"]) == 0
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert "2026年5月6日" in page.read_text("utf-8")
    named = tmp_path / "plain"
    assert main(["brochure", _PROGRAM, "--format", "pdf", "--output", str(named)]) == 0
    assert named.read_bytes().startswith(b"%PDF-")


def test_a_page_is_not_written_as_what_it_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page named .docx would be opened by a program that cannot read it."""
    named = tmp_path / "brochure.docx"
    assert main(["brochure", _PROGRAM, "--output", str(named)]) == 2
    assert capsys.readouterr().err == (
        f"zhupei: 文件名应以 .html 或 .pdf 结尾：{named}\n        或用 --format 指定格式\n"
    )
    assert not named.exists()


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brochure", _PROGRAM, "--check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].startswith("已写明  招收计划  共 19 名  (S4:308-318) [S0:10, S0:14,")
    assert lines[-1] == "简章内容不齐全"
    assert main(["brochure", "gz-liuzhou-fellowship-2024", "--check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "简章内容齐全"


def test_against(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brochure", _PROGRAM, "--against", _PROGRAM]) == 0
    assert capsys.readouterr().out == "没有变化\n"
    assert main(["brochure", "gz-liuzhou-fellowship-2024", "--against", _PROGRAM]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("修改  项目  quota_total (quota_total)")
    assert lines[at + 1] == "    value: 19 -> 26"


def test_unknown_program_is_told_with_a_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brochure", "hku-szh-residency-2025"]) == 1
    assert capsys.readouterr().err == (
        "zhupei: 没有项目 hku-szh-residency-2025\n        是否想写 hku-szh-residency-2026？\n"
    )


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "nowhere" / "brochure.html"
    assert main(["brochure", _PROGRAM, "--output", str(target)]) == 1
    assert f"zhupei: 无法写入 {target}：" in capsys.readouterr().err
    assert not target.parent.exists()
