"""The file connector keeps the contract; batches follow from what is registered."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from admissions_office import HOSPITAL, Office, sample_catalogue
from job_place import KEYRING
from zhupei.db.connection import Database
from zhupei.domain.connectors import (
    Connector,
    ConnectorError,
    PlatformBatch,
    ReceiptState,
    RecordProblem,
)
from zhupei.domain.rosters import RosterImport
from zhupei.services.connectors import (
    ConnectorNotFoundError,
    FileConnector,
    connector_names,
    finding,
    make_connector,
    registration_batch,
)
from zhupei.services.rosters import ImportRosterInput, import_roster
from zhupei.testing import ConnectorContract

AT = datetime(2026, 9, 30, tzinfo=UTC)


class TestContract(ConnectorContract):
    """What every connector has to do."""

    root: Path
    folder: Path

    @pytest.fixture(autouse=True)
    def own_folder(self, tmp_path: Path) -> None:
        self.root = tmp_path

    def new_folder(self) -> Path:
        self.folder = self.root / str(len(list(self.root.iterdir())))
        self.folder.mkdir()
        return self.folder

    def connector(self) -> Connector:
        self.new_folder()
        return FileConnector({"folder": str(self.folder)})

    def submissions(self) -> int:
        return len(list(self.folder.glob("*.json")))

    def unreachable(self) -> Connector:
        return FileConnector({"folder": "/nonexistent/folder"})


class Forgetful(FileConnector):
    """A connector that hands everything over anew, under another name each time."""

    count = 0

    async def submit(self, batch: PlatformBatch) -> object:  # type: ignore[override]  # it is broken
        type(self).count += 1
        other = PlatformBatch(
            id=f"{batch.id}-{self.count}", program=batch.program, made_at=batch.made_at, records=()
        )
        return await super().submit(other)


def test_the_contract_finds_a_connector_that_repeats(tmp_path: Path) -> None:
    class Broken(TestContract):
        def connector(self) -> Connector:
            return Forgetful({"folder": str(self.new_folder())})  # type: ignore[return-value]  # it is broken

    broken = Broken()
    broken.root = tmp_path
    with pytest.raises(AssertionError):
        broken.test_the_same_batch_is_handed_over_once()


def test_a_file_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    connector = FileConnector({"folder": str(tmp_path)})
    batch = PlatformBatch(id="b1", program="p", made_at=AT, records=())
    asyncio.run(connector.submit(batch))
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text("utf-8")) == {
        "form": 1, "batch": "b1", "program": "p", "made_at": "2026-09-30T00:00:00+00:00",
        "records": [],
    }  # fmt: skip


def test_the_receipt_that_somebody_puts_beside_it(tmp_path: Path) -> None:
    connector = FileConnector({"folder": str(tmp_path)})
    batch = PlatformBatch(id="b1", program="p", made_at=AT, records=())
    assert asyncio.run(connector.submit(batch)).state is ReceiptState.PENDING
    answer = tmp_path / "b1.receipt.json"
    problem = {"registration": "r", "message": "证件号码有误"}
    answer.write_text(json.dumps({"reference": "P-7", "state": "REJECTED", "problems": [problem]}))
    receipt = asyncio.run(connector.status("b1"))
    assert (receipt.reference, receipt.state) == ("P-7", ReceiptState.REJECTED)
    assert receipt.problems == (RecordProblem(registration="r", message="证件号码有误"),)
    for nonsense in ("{}", "[]", "x", '{"reference": "P", "state": "SOMEHOW"}'):
        answer.write_text(nonsense)
        with pytest.raises(ConnectorError, match="cannot be understood"):
            asyncio.run(connector.status("b1"))


async def test_the_same_people_are_the_same_batch(database: Database) -> None:
    office = Office(database, await sample_catalogue())
    rows = (
        "姓名,证件号码,专业代码,人员类型,培训开始日期,最高学历\r\n"
        "样例一,11010519491231002X,0100,社会人,2025-09-01,本科\r\n"
    )

    async def batch(at: datetime = AT) -> PlatformBatch:
        with database.use():
            return await registration_batch(
                office.loaded.catalogue, KEYRING, HOSPITAL, [HOSPITAL], at=at
            )

    empty = await batch()
    assert empty.records == ()
    given = ImportRosterInput(program=HOSPITAL, content=rows.encode())
    found = await import_roster(office.staff(), lambda: KEYRING, given)
    assert isinstance(found, RosterImport)
    first, again = await batch(), await batch(AT.replace(day=1))
    assert first.id == again.id != empty.id
    (record,) = first.records
    assert (record.name, record.number, record.specialty) == (
        "样例一",
        "11010519491231002X",
        "0100",
    )
    assert record.codes == {
        "identity_kind": "RESIDENT_ID",
        "degree": "BACHELOR",
        "trainee_type": "SOCIAL",
        "channel": "DIRECT_REGISTRATION",
    }
    assert record.number not in repr(first)


def test_connectors_are_found_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert connector_names() == ("file",)
    assert make_connector("file", {"folder": str(tmp_path)}).name == "file"
    with pytest.raises(ConnectorError, match="the option folder is needed"):
        make_connector("file", {})
    with pytest.raises(ConnectorNotFoundError, match='no connector "post"; there are file'):
        make_connector("post", {})

    def installed(group: str) -> list[EntryPoint]:
        def named(name: str, value: str) -> EntryPoint:
            return EntryPoint(name, value, group)

        good = named("other", "zhupei.services.connectors.files:FileConnector")
        return [good, named("broken", "nonexistent_package:x"), named("wrong", "builtins:dict")]

    monkeypatch.setattr(finding, "entry_points", installed)
    assert connector_names() == ("broken", "file", "other", "wrong")
    assert isinstance(make_connector("other", {"folder": str(tmp_path)}), FileConnector)
    with pytest.raises(ConnectorNotFoundError, match="cannot be loaded: ModuleNotFoundError"):
        make_connector("broken", {})
    with pytest.raises(ConnectorNotFoundError, match="is no connector"):
        make_connector("wrong", {})
