"""Tests of ``zhupei renew-encryption`` and ``zhupei new-key``, and of keys in production."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from fictional import BASES
from zhupei.app import create_app
from zhupei.cli import main
from zhupei.db.connection import Database
from zhupei.db.models import Applicant, ApplicantIdentity
from zhupei.domain.identity import DocumentKind
from zhupei.security.crypto import EncryptionKeysRequiredError, Keyring, new_key_text
from zhupei.services.applicant_encryption import Renewal, renew_encryption
from zhupei.services.applicants import ApplicantRecord, Details, register_applicant, reveal
from zhupei.services.progress import operations_of
from zhupei.settings import Environment, Settings

_AT = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


async def people(keyring: Keyring, count: int) -> list[UUID]:
    found = []
    for number in range(count):
        made = await register_applicant(
            keyring,
            Details(name="王小明", phone="13800138000", email="w@example.cn"),
            kind=DocumentKind.PASSPORT,
            number=f"E{number:07}",
            issuing_state="USA",
            account=None,
            today=_AT.date(),
            at=_AT,
        )
        assert isinstance(made, ApplicantRecord)
        found.append(made.id)
    return found


def test_all_rows_move_to_the_newest_key_and_say_how_far(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old, new = new_key_text("old"), new_key_text("new")

    async def prepare() -> list[UUID]:
        database = Database(data_dir=tmp_path, url=database_url, pool_size=2)
        await database.start()
        with database.use():
            ids = await people(Keyring.parse(old), 3)
        await database.stop()
        return ids

    async def opened(ids: list[UUID]) -> tuple[set[str], set[str]]:
        database = Database(data_dir=tmp_path, url=database_url, pool_size=2)
        await database.start()
        with database.use():
            found = {(await reveal(Keyring.parse(new), each)).number for each in ids}  # type: ignore[union-attr]  # there, or the test fails
            hashes = await ApplicantIdentity.all().values_list("hash", flat=True)
        await database.stop()
        return found, {str(each).split(".")[0] for each in hashes}

    async def watched() -> list[object]:
        """Return what the graph shows of the first renewal."""
        database = Database(data_dir=tmp_path, url=database_url, pool_size=2)
        await database.start()
        with database.use():
            seen = await operations_of(by=None, bases=None, running=False, first=10)
        await database.stop()
        return [(each.kind, each.state, each.done, each.result) for each in seen[-1:]]

    ids = asyncio.run(prepare())
    monkeypatch.setenv("ZHUPEI_DATABASE_URL", database_url)
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", f"{new},{old}")
    assert main(["renew-encryption", "--batch", "2"]) == 0
    said = capsys.readouterr()
    assert said.out == "the data of 3 applicants was encrypted anew with the key new\n"
    assert said.err.splitlines() == [
        f"2 of 3, renewed 2 (up to {ids[1]})",
        f"3 of 3, renewed 3 (up to {ids[2]})",
    ]
    # Continued after an id, and repeated: nothing is left to do.
    assert main(["renew-encryption", "--after", str(ids[0])]) == 0
    assert "of 0 applicants" in capsys.readouterr().out
    found, keys = asyncio.run(opened(ids))
    assert asyncio.run(watched()) == [("key_renewal", "SUCCEEDED", 3, {"renewed": 3})]
    assert found == {"E0000000", "E0000001", "E0000002"}
    assert keys == {"new", "old"}
    monkeypatch.setenv("ZHUPEI_ENCRYPTION_KEYS", new)
    assert main(["renew-encryption"]) == 0


async def test_a_row_that_changes_at_the_same_moment_is_taken_again(database: Database) -> None:
    old = new_key_text("old")
    with database.use():
        keyring = Keyring.parse(old)
        (person,) = await people(keyring, 1)
        both = Keyring.parse(f"{new_key_text('new')},{old}")
        heard: list[Renewal] = []

        def told(renewal: Renewal, _last: UUID) -> None:
            heard.append(renewal)

        # The first pass reads the row before this change and writes after it.
        original = Applicant.filter
        interfered = False

        def interfering(*args: object, **limits: object) -> object:
            nonlocal interfered
            if "revision" in limits and not interfered:
                interfered = True
                return original(id=person, revision=-1)
            return original(*args, **limits)  # type: ignore[arg-type]  # handed through

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Applicant, "filter", interfering)
            assert await renew_encryption(both, told=told) == 1
        assert [each.renewed for each in heard] == [0, 1]
        assert both.is_current((await Applicant.get(id=person)).identity_ciphertext)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["renew-encryption", "--batch", "0"], "a batch has 1 to 10000 rows"),
        (["renew-encryption", "--after", "x"], "this is no id: x"),
        (["new-key", "--id", "a b"], "the id of a key has 1 to 32 letters, digits, - or _"),
    ],
)
def test_what_cannot_be_run(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ZHUPEI_LANGUAGE", "en")
    monkeypatch.setenv("ZHUPEI_DATA_DIR", str(tmp_path))
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_new_key_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-key", "--id", "2026a"]) == 0
    assert Keyring.parse(capsys.readouterr().out.strip()).key_ids == ("2026a",)


def test_production_does_not_start_without_keys_of_its_own(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, bases=(BASES,), plugins=(), environment=Environment.PRODUCTION
    )
    with pytest.raises(EncryptionKeysRequiredError) as refused:
        create_app(settings)
    assert refused.value.message.en is not None
    assert "ZHUPEI_ENCRYPTION_KEYS" in refused.value.message.en
    assert not (tmp_path / "keys").exists()
    with_keys = Settings(
        data_dir=tmp_path,
        bases=(BASES,),
        plugins=(),
        environment=Environment.PRODUCTION,
        encryption_keys=new_key_text(),
    )
    create_app(with_keys)
