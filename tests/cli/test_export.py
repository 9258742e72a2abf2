"""``zhupei export`` and ``zhupei verify-list`` on a real database: R146, R156, R157."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import stat
import zipfile
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from admissions_office import BASES, HOSPITAL, Office, sample_catalogue
from issued_papers import People
from zhupei.cli import main
from zhupei.db.connection import Database
from zhupei.services.access import open_keyring
from zhupei.services.progress import operations_of
from zhupei.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def listed(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The id of a list with one registered person, in an installation that commands use."""
    for name, value in {
        "ZHUPEI_DATABASE_URL": database_url,
        "ZHUPEI_DATA_DIR": str(tmp_path / "data"),
        "ZHUPEI_BASES": str(BASES),
        "ZHUPEI_PLUGINS": "",
        "ZHUPEI_LANGUAGE": "en",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url)

    async def prepare() -> UUID:
        database = Database(data_dir=tmp_path, url=database_url, pool_size=2)
        await database.start()
        try:
            people = People(Office(database, await sample_catalogue()), open_keyring(settings))
            (case,) = await people.registered(await people.person())
            assert case.publicity is not None
            return case.publicity
        finally:
            await database.stop()

    return asyncio.run(prepare())


def test_r156_r157_tables(listed: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "registrations", "--program", HOSPITAL, "--output", "all.csv"]) == 0
    full = (tmp_path / "all.csv").read_text("utf-8-sig")
    assert next(csv.reader(io.StringIO(full.splitlines()[1])))[2:5] == [
        "王小明",
        "护照",
        "E1234561",
    ]
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o600
    masked = ["export", "registrations", "--base", "sample-hospital", "--masked"]
    assert main([*masked, "--output", "masked.csv"]) == 0
    assert "E1234561" not in (tmp_path / "masked.csv").read_text("utf-8-sig")
    assert main(["export", "statistics", "--year", "2026", "--output", "s.csv"]) == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "s.csv").read_text("utf-8-sig"))))
    assert rows[-2][0] == "合计"
    assert rows[-2][5:8] == ["1", "1", "1"]
    assert main(["export", "statistics", "--base", "nowhere", "--output", "x.csv"]) == 2
    for what in (["letters", "--program", HOSPITAL], ["statistics"]):
        ending = "zip" if "letters" in what else "csv"
        assert main(["export", *what, "--round", "batch-9", "--output", f"x.{ending}"]) == 2
    assert main(["export", "statistics", "--output", "x.pdf"]) == 2
    nothing = ["--base", "sample-hospital", "--year", "2031", "--output", "x.csv"]
    for whose in ("statistics", "registrations"):
        assert main(["export", whose, *nothing]) == 2
    assert not (tmp_path / "x.csv").exists()
    errors = capsys.readouterr().err
    assert 'the catalogue holds no base "nowhere"' in errors
    assert "the file must end in .xlsx, .csv: x.pdf" in errors
    assert errors.count("zhupei: no program fits --base sample-hospital --year 2031\n") == 2


@pytest.mark.parametrize("name", ["folder.csv", "none/x.csv"])
def test_a_place_that_cannot_be_written_is_told_first(
    name: str,
    listed: UUID,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And a folder of that name keeps the mode that lets people in."""
    folder = tmp_path / "folder.csv"
    folder.mkdir(mode=0o755)
    assert main(["export", "statistics", "--output", name]) == 2
    assert capsys.readouterr().err == f"zhupei: {name} is no file that can be written\n"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_exports_tell_how_far_they_are(
    listed: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str], database_url: str
) -> None:
    """A line for each tenth where there is no terminal; the graph's `operations` tell the same."""
    for what, limits, name, lines in (
        ("registrations", ["--program", HOSPITAL], "all.xlsx", ["reading 0", *_WRITTEN]),
        ("registrations", ["--program", HOSPITAL], "all.csv", ["reading 0"]),
        ("statistics", ["--year", "2026"], "s.xlsx", ["reading 0"]),
        (
            "letters",
            ["--program", HOSPITAL, "--round", "batch-1"],
            "l.zip",
            ["reading 0", *_WRITTEN],
        ),
        ("publicity", [str(listed)], "l.json", ["reading 0"]),
    ):
        assert main(["export", what, *limits, "--output", name]) == 0
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.splitlines() == [f"export {what} {line}" for line in lines], name
    assert main(["export", "publicity", str(uuid4()), "--output", "none.json"]) == 1

    async def kept() -> list[tuple[str, str, int]]:
        database = Database(data_dir=tmp_path, url=database_url, pool_size=2)
        await database.start()
        try:
            with database.use():
                found = await operations_of(by=None, bases=None, running=None, first=10)
        finally:
            await database.stop()
        return [(each.kind, each.state.value, each.done) for each in reversed(found)]

    assert asyncio.run(kept()) == [
        ("registrations_export", "SUCCEEDED", 1),
        ("registrations_export", "SUCCEEDED", 0),
        ("statistics_export", "SUCCEEDED", 0),
        ("letters_export", "SUCCEEDED", 1),
        ("publicity_export", "SUCCEEDED", 0),
        ("publicity_export", "FAILED", 0),
    ]


_WRITTEN = ("writing 0/1", "writing 1/1")


def test_letters_and_a_signed_list(
    listed: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = ["export", "letters", "--program", HOSPITAL, "--round", "batch-1"]
    assert main([*letters, "--output", "letters.zip"]) == 0
    with zipfile.ZipFile(tmp_path / "letters.zip") as archive:
        assert archive.namelist() == ["problems.txt"]
    assert main(["export", "publicity", str(uuid4()), "--output", "none.json"]) == 1
    assert main(["export", "publicity", str(listed), "--output", "list.json"]) == 0
    capsys.readouterr()
    assert main(["verify-list", "list.json"]) == 0
    assert capsys.readouterr().out == (
        f"the signature holds: {HOSPITAL}, 1 people, until 24:00 of 2026-05-20\n"
    )
    content = json.loads((tmp_path / "list.json").read_text("utf-8"))
    content["list"]["entries"][0]["name"] = "李*明"
    (tmp_path / "changed.json").write_text(json.dumps(content), "utf-8")
    assert main(["verify-list", "changed.json"]) == 1
    assert "the signature does not fit: it was changed" in capsys.readouterr().err
    other = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
    assert main(["verify-list", "list.json", "--key", other]) == 1
    assert "another key signed it" in capsys.readouterr().err
    (tmp_path / "keys.json").write_text('{"keys": []}', "utf-8")
    assert main(["verify-list", "list.json", "--keys", "keys.json"]) == 1
    (tmp_path / "keys.json").write_text("[]", "utf-8")
    assert main(["verify-list", "list.json", "--keys", "keys.json"]) == 1
    assert "keys.json is no key set" in capsys.readouterr().err
    assert main(["verify-list", "absent.json"]) == 2
