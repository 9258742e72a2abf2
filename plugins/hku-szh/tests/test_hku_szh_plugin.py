"""The hospital's own object, read from its real file and from broken ones (S0)."""

from __future__ import annotations

import asyncio
import dataclasses
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from zhupei import Base, BaseStatus, Section, Text
from zhupei.catalogue import load_catalogue
from zhupei.testing import PluginContract
from zhupei_hku_szh import FigureMissing, extension_of

_PLUGIN = Path(__file__).parents[1]
_PROJECT = _PLUGIN.parents[1]


@cache
def _published() -> Base:
    loaded = asyncio.run(
        load_catalogue(
            [_PROJECT / "bases" / "guangdong"], plugin_folders=[_PROJECT / "plugins"], strict=True
        )
    )
    return loaded.catalogue.bases["hku-szh"]


def _with_value(base: Base, name: str, value: str | None) -> Base:
    """Return the base with another value of one item."""
    section_id, item_id = name.split(".")

    def changed(section: Section) -> Section:
        items = tuple(
            dataclasses.replace(item, value=value)
            if (section.id, item.id) == (section_id, item_id)
            else item
            for item in section.items
        )
        return dataclasses.replace(section, items=items)

    return dataclasses.replace(base, sections=tuple(changed(one) for one in base.sections))


class TestContract(PluginContract):
    """The plugin is what zhupei asks of every plugin."""

    slug = "hku-szh"
    folder = _PLUGIN

    def questions(self) -> dict[str, dict[str, Any]]:
        """Ask about the hospital itself."""
        asked = super().questions()
        return asked | {"base_extension": asked["base_extension"] | {"base": _published()}}


def test_the_published_base_has_its_object() -> None:
    base = _published()
    assert base.status is BaseStatus.OK
    assert base.extension == extension_of(base)
    assert base.extension.kind == "hku-szh.training"


def test_retention() -> None:
    """R007 R008 V3: 56 of 508 are 11.02 %, which agrees with the published 11 %."""
    retention = extension_of(_published()).retention
    assert (retention.graduates, retention.in_training, retention.retained) == (508, 409, 56)
    assert retention.published_percent == 11
    assert retention.percent == Decimal("11.02")
    assert [text.zh for text in retention.conditions] == [
        "执医考核通过为参加结业考核的前提",
        "结业考核通过为留院的前提",
    ]


def test_competencies() -> None:
    """R062: six, in both languages."""
    names = [one.name for one in extension_of(_published()).competencies]
    assert names == [
        Text("职业素养", "Professionalism"),
        Text("知识技能", "Knowledge and skills"),
        Text("病人照护", "Patient care"),
        Text("沟通合作", "Communication and co-operation"),
        Text("教学能力", "Teaching ability"),
        Text("终身学习", "Lifelong learning"),
    ]


def test_joint_training_is_no_collaboration_unit() -> None:
    """R006: one pilot unit since 2025."""
    (unit,) = extension_of(_published()).joint_training
    assert (unit.hospital.zh, unit.since) == ("中山大学附属第七医院", "2025")


def test_specialist_training() -> None:
    """R066: seven pilot specialties, 121 trainees."""
    training = extension_of(_published()).specialist_training
    assert (training.specialties, training.trainees) == (7, 121)


def test_simulation_centre() -> None:
    """R064: area, tables, sessions and courses."""
    centre = extension_of(_published()).simulation_centre
    assert dataclasses.asdict(centre) == {
        "area": 3000,
        "animal_operating_tables": 10,
        "animal_sessions": 91,
        "animal_session_attendances": 2547,
        "atls_student_courses": 19,
        "atls_instructor_courses": 2,
        "nrw_student_courses": 19,
        "nrw_instructor_courses": 6,
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("training-statistics.retained", None, "sections.training-statistics.retained is missing"),
        (
            "facilities.animal-sessions",
            "约91",
            'sections.facilities.animal-sessions is "约91", which is no number',
        ),
        (
            "training-statistics.retained",
            "509",
            'sections.training-statistics.retained is "509", more than the 508 graduates',
        ),
    ],
)
def test_a_missing_figure_is_named(name: str, value: str | None, message: str) -> None:
    with pytest.raises(FigureMissing) as error:
        extension_of(_with_value(_published(), name, value))
    assert str(error.value) == message


def test_another_base_has_no_such_sections() -> None:
    with pytest.raises(FigureMissing):
        extension_of(Base(code="example", name=Text("示例医院", "Example"), province="110000"))
