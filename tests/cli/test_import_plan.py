"""`zhupei import plan`, with a fictional table over the real configuration."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from zhupei.catalogue.catalogue import Catalogue
from zhupei.catalogue.load import load_catalogue
from zhupei.cli import main

pytestmark = pytest.mark.institutions

_ROOT = Path(__file__).parents[2]
_TABLE = _ROOT / "tests" / "plans" / "hubei-fictional-2024.csv"
_NOTE = "虚构数据，仅供测试，与任何真实招收计划无关"
_PROGRAM = "hubei-residency-2024"


@pytest.fixture
def bases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the jurisdiction's files, as the installation's configuration."""
    folder = tmp_path / "bases" / "hubei"
    shutil.copytree(_ROOT / "bases" / "hubei", folder)
    monkeypatch.setenv("ZHUPEI_BASES", str(folder))
    monkeypatch.setenv("ZHUPEI_PLUGINS", str(_ROOT / "plugins"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.delenv("LANGUAGE", raising=False)
    return folder


def _load(folder: Path) -> Catalogue:
    loaded = asyncio.run(load_catalogue([folder], plugin_folders=[_ROOT / "plugins"]))
    assert loaded.problems.errors == ()
    return loaded.catalogue


def _table(tmp_path: Path, *rows: str) -> Path:
    table = tmp_path / "plan.csv"
    table.write_text("\n".join(("基地,专业,名额", *rows)) + "\n", "utf-8")
    return table


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_table_becomes_configuration(bases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """R169, T36, T39, T51: names, aliases, both, and codes are found; a blank stays unknown."""
    title = "2024年湖北省住院医师规范化培训招收计划表"
    status = main(
        [
            *("import", "plan", str(_TABLE), "--program", _PROGRAM),
            *("--document", "FICTION", "--title", title, "--clause", "附件1", "--note", _NOTE),
        ]
    )
    output = bases / "_plan-hubei-residency-2024.yaml"
    captured = capsys.readouterr()
    assert status == 0
    assert captured.out == (
        f"import: 7 bases, 10 openings, 123 seats, 1 quotas not published -> {output}\n"
    )
    text = output.read_text("utf-8")
    assert text.splitlines()[:2] == ["kind: plan", "program: hubei-residency-2024"]
    assert _NOTE in text

    catalogue = _load(bases)
    quotas = {code: opening.quota for code, opening in catalogue.openings.items()}
    assert quotas == {
        "hubei-ezhou-zhongxin-residency-2024/0700": 5,
        "hubei-huanggang-zhongxin-residency-2024/0100": 8,
        "hubei-shiyan-taihe-residency-2024/3700": 3,
        "hubei-wuda-kouqiang-residency-2024/2800": 10,
        "hubei-wuda-renmin-residency-2024/0100": 30,
        "hubei-wuda-renmin-residency-2024/0200": None,
        "hubei-wuhan-jingshen-residency-2024/0500": 9,
        "hubei-xiehe-residency-2024/0100": 40,
        "hubei-xiehe-residency-2024/0700": 12,
        "hubei-xiehe-residency-2024/1000": 6,
    }
    opening = catalogue.openings["hubei-xiehe-residency-2024/0100"]
    assert opening.note is not None
    assert opening.note.zh == _NOTE
    assert opening.source is not None
    assert (opening.source.document, opening.source.clause) == ("FICTION", "附件1")
    assert catalogue.programs["hubei-xiehe-residency-2024"].quota_total == 58
    assert catalogue.programs[_PROGRAM].quota_total is None


def test_all_problems_at_once_and_nothing_written(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown bases and specialties and a duplicate by alias are named with their cells."""
    table = _table(
        tmp_path,
        "武汉市第九十九医院,内科,3",
        "鄂州市中心医院,太空医学科,1",
        "武汉市中心医院,内科,2",
        "武汉市第二医院,内科,4",
        "鄂州市中心医院,700,4",
        "鄂州市中心医院,全科,约5",
    )
    before = _names(bases)
    assert main(["import", "plan", str(table), "--program", _PROGRAM]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = [line for line in captured.err.splitlines() if str(table) in line]
    assert [line.removeprefix(f"{table}:") for line in lines] == [
        (
            'A2: unknown base "武汉市第九十九医院"; write its code, name or an alias '
            "[CONFIG_PLAN_UNKNOWN]"
        ),
        (
            'B3: unknown specialty "太空医学科"; write its code, name or an alias '
            "[CONFIG_PLAN_UNKNOWN]"
        ),
        (
            "A5: hubei-wuhan-zhongxin with 0100 stands already in the row of A4 "
            "[CONFIG_PLAN_DUPLICATE]"
        ),
        (
            'B6: unknown specialty "700"; codes are text of four digits and a leading 0 may be '
            "lost; format the column as text [CONFIG_PLAN_UNKNOWN]"
        ),
        (
            'C7: the quota "约5" is not a whole number; leave it blank where it is not published, '
            "write 0 where there are no seats [CONFIG_PLAN_QUOTA]"
        ),
    ]
    assert "zhupei: 5 problems, nothing was written" in captured.err
    assert _names(bases) == before


def test_base_without_program_below_is_refused(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A base that takes no part in the province's program cannot have a row of its plan."""
    file = bases / "ezhou-zhongxin.yaml"
    text = file.read_text("utf-8")
    file.write_text(text[: text.index("programs:")], "utf-8")
    before = _names(bases)
    table = _table(tmp_path, "鄂州市中心医院,全科,5")
    assert main(["import", "plan", str(table), "--program", _PROGRAM]) == 1
    assert (
        f"{table}:A2: the base hubei-ezhou-zhongxin has no program below hubei-residency-2024; "
        "give the base's file a program with parent: hubei-residency-2024 [CONFIG_UNKNOWN_CODE]\n"
        "zhupei: 1 problem, nothing was written\n"
    ) in capsys.readouterr().err
    assert _names(bases) == before


def test_name_shared_by_two_bases_is_ambiguous(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alias that two bases carry is never decided by order."""
    file = bases / "huanggang-zhongxin.yaml"
    name = "name: {zh: 黄冈市中心医院, en: Huanggang Central Hospital}\n"
    text = file.read_text("utf-8")
    assert name in text
    file.write_text(text.replace(name, f"{name}aliases: [鄂州市中心医院]\n"), "utf-8")
    table = _table(tmp_path, "鄂州市中心医院,全科,5")
    before = _names(bases)
    assert main(["import", "plan", str(table), "--program", _PROGRAM]) == 1
    assert (
        'A2: the base "鄂州市中心医院" is ambiguous; '
        "write one of the codes hubei-ezhou-zhongxin, hubei-huanggang-zhongxin "
        "[CONFIG_PLAN_AMBIGUOUS]\n"
    ) in capsys.readouterr().err
    assert _names(bases) == before


@pytest.mark.parametrize(
    ("program", "message", "hint"),
    [
        (
            "hubei-residency-2042",
            "there is no program hubei-residency-2042",
            "did you mean hubei-residency-2024?",
        ),
        (
            "hubei-xiehe-residency-2024",
            (
                "hubei-xiehe-residency-2024 is a program of the base hubei-xiehe, not of a "
                "jurisdiction"
            ),
            "write the program above it, hubei-residency-2024",
        ),
    ],
)
def test_program_must_be_a_jurisdictions(
    bases: Path, program: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows of a plan belong below a jurisdiction's program."""
    before = _names(bases)
    assert main(["import", "plan", str(_TABLE), "--program", program]) == 1
    assert f"zhupei: {message}\n        {hint}\n" in capsys.readouterr().err
    assert _names(bases) == before


def test_existing_plan_is_replaced_only_when_told(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second import does not overwrite the first by itself."""
    output = bases / "_plan-hubei-residency-2024.yaml"
    first = _table(tmp_path, "鄂州市中心医院,全科,5")
    assert main(["import", "plan", str(first), "--program", _PROGRAM]) == 0
    written = output.read_bytes()
    second = _table(tmp_path, "鄂州市中心医院,全科,6")
    assert main(["import", "plan", str(second), "--program", _PROGRAM]) == 1
    assert f"zhupei: {output} exists already\n" in capsys.readouterr().err
    assert output.read_bytes() == written
    assert main(["import", "plan", str(second), "--program", _PROGRAM, "--replace"]) == 0
    assert _load(bases).openings["hubei-ezhou-zhongxin-residency-2024/0700"].quota == 6


def test_unwritable_place_is_explained(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that does not exist is a message, not a traceback."""
    output = tmp_path / "missing" / "plan.yaml"
    arguments = ["import", "plan", str(_TABLE), "--program", _PROGRAM, "--output", str(output)]
    assert main(arguments) == 1
    assert f"zhupei: cannot write {output}: No such file or directory\n" in capsys.readouterr().err
    assert _names(bases) == _names(_ROOT / "bases" / "hubei")


def test_what_is_no_file_is_not_replaced(
    bases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/null, say, which every other program of the machine needs as it is."""
    output = tmp_path / "pipe"
    os.mkfifo(output)
    arguments = ["import", "plan", str(_TABLE), "--program", _PROGRAM, "--replace"]
    assert main([*arguments, "--output", str(output)]) == 1
    assert f"zhupei: {output} is no regular file\n" in capsys.readouterr().err
    assert output.is_fifo()


def test_what_cannot_be_written_leaves_nothing_behind(
    bases: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as what a full disk, or a folder that is closed meanwhile, refuses at the end."""
    before = _names(bases)

    def refused(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refused)
    output = bases / "_plan-hubei-residency-2024.yaml"
    assert main(["import", "plan", str(_TABLE), "--program", _PROGRAM]) == 1
    assert f"zhupei: cannot write {output}: No space left on device\n" in capsys.readouterr().err
    assert _names(bases) == before


def test_the_name_of_a_file_in_another_encoding_becomes_a_title(
    bases: Path, tmp_path: Path
) -> None:
    """A table from an office whose computer writes names in GBK."""
    table = tmp_path / os.fsdecode("计划".encode("gbk") + b".csv")
    table.write_bytes(_TABLE.read_bytes())
    assert main(["import", "plan", str(table), "--program", _PROGRAM]) == 0
    text = (bases / "_plan-hubei-residency-2024.yaml").read_text("utf-8")
    assert os.fsencode(table.stem).decode("utf-8", "replace") in text
