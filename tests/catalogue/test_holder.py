"""Reloading: a good configuration takes the place of the other as a whole, a broken one never."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catalogue.conftest import Load
from zhupei.catalogue import Catalogue, CatalogueHolder


async def _holder(load: Load) -> CatalogueHolder:
    holder = CatalogueHolder(load)
    await holder.reload()
    return holder


def _current(holder: CatalogueHolder) -> Catalogue:
    assert holder.current is not None
    return holder.current


def _edit(bases: Path, old: str, new: str) -> None:
    file = bases / "example/example-hospital.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


async def test_reload_replaces_the_whole_catalogue(load: Load, bases: Path) -> None:
    holder = await _holder(load)
    before = _current(holder)
    _edit(bases, "quota: 6", "quota: 5")

    problems = await holder.reload()

    assert len(problems) == 0
    assert _current(holder).openings["example-hospital-residency-2026/0100"].quota == 5
    assert before.openings["example-hospital-residency-2026/0100"].quota == 6
    assert _current(holder).hash != before.hash


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("quota: 6", "quota: six", "CONFIG_BAD_NUMBER"),
        ("quota: 6", "qouta: 6", "CONFIG_UNKNOWN_KEY"),
        ("kind: base\n", "kind: base\nkind: base\n", "CONFIG_DUPLICATE_KEY"),
        ("parent: example-region-residency-2026", "parent: nowhere", "CONFIG_UNKNOWN_CODE"),
        ('value: "10"', 'value: "8"', "CONFIG_WEAKENS_FLOOR"),
    ],
)
async def test_broken_file_never_replaces_a_good_catalogue(
    load: Load,
    bases: Path,
    old: str,
    new: str,
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    holder = await _holder(load)
    before = _current(holder)
    _edit(bases, old, new)

    problems = await holder.reload()

    assert [problem.code for problem in problems.errors] == [code]
    assert holder.current is before
    assert "stays in service" in caplog.text


async def test_reloads_at_once_end_with_the_newest(load: Load, bases: Path) -> None:
    holder = await _holder(load)
    _edit(bases, "quota: 6", "quota: 7")

    await asyncio.gather(*(holder.reload() for _ in range(5)))

    assert _current(holder).openings["example-hospital-residency-2026/0100"].quota == 7


async def test_first_load_takes_what_is_right(load: Load, bases: Path) -> None:
    _edit(bases, "quota: 6", "quota: six")
    holder = CatalogueHolder(load)

    problems = await holder.reload()

    assert [problem.code for problem in problems.errors] == ["CONFIG_BAD_NUMBER"]
    assert list(_current(holder).jurisdictions) == ["example-region"]
    assert list(_current(holder).bases) == []
