"""Training figures of The University of Hong Kong - Shenzhen Hospital as a type of the graph.

The figures stand once, in the sections of the hospital's file; this reads them from there.
"""

from __future__ import annotations

from decimal import Decimal

import strawberry

from zhupei import Base, CollaborationKind, SectionItem, Source, Text, hookimpl
from zhupei_hku_szh.graph_types import (
    GRAPH_TYPES,
    HkuSzhCompetency,
    HkuSzhExtension,
    HkuSzhJointTraining,
    HkuSzhRetention,
    HkuSzhSimulationCentre,
    HkuSzhSpecialistTraining,
)

__all__ = ["FigureMissing", "HkuSzh", "extension_of", "plugin"]

_CONDITIONS = (
    Text(
        "执医考核通过为参加结业考核的前提",
        "passing the licence examination is the condition of sitting the completion examination",
    ),
    Text(
        "结业考核通过为留院的前提",
        "passing the completion examination is the condition of being retained",
    ),
)


class FigureMissing(ValueError):  # noqa: N818 - because it says what is wrong with the file
    """A figure that the type needs is not in the hospital's sections, or cannot be right."""

    def __init__(self, section: str, item: str, what: str = "is missing") -> None:
        self.section, self.item = section, item
        super().__init__(f"sections.{section}.{item} {what}")


class _Figures:
    """The items of a base's sections, by section and id."""

    def __init__(self, base: Base) -> None:
        self._items: dict[tuple[str, str], SectionItem] = {
            (section.id, item.id): item for section in base.sections for item in section.items
        }

    def text(self, section: str, item: str) -> Text:
        found = self._items.get((section, item))
        if found is None or found.text is None:
            raise FigureMissing(section, item)
        return found.text

    def number(self, section: str, item: str) -> int:
        found = self._items.get((section, item))
        value = None if found is None else found.value
        if value is None:
            raise FigureMissing(section, item)
        if not (value.isascii() and value.isdigit()):
            raise FigureMissing(section, item, f'is "{value}", which is no number')
        return int(value)


def extension_of(base: Base) -> HkuSzhExtension:
    """Return the hospital's own object, read from its sections (R006-R008, R062, R064, R066).

    Raises:
        FigureMissing: the file lacks one of the figures.
    """
    figures = _Figures(base)
    return HkuSzhExtension(
        id=strawberry.ID("hku-szh-training"),
        kind="hku-szh.training",
        label=Text("住培概况", "Training in figures"),
        source=Source("S0", "医院概况；优势资源；住培成效", "123-139,168-170,260-270"),  # type: ignore[arg-type]  # a zhupei.Source, shown as its graph type
        competencies=_competencies(figures),
        retention=_retention(figures),
        joint_training=[
            HkuSzhJointTraining(hospital=one.hospital, since=one.since)
            for one in base.collaborations
            if one.kind is CollaborationKind.JOINT_TRAINING
        ],
        specialist_training=HkuSzhSpecialistTraining(
            specialties=figures.number("hospital", "specialist-training-specialties"),
            trainees=figures.number("hospital", "specialist-trainees"),
        ),
        simulation_centre=_simulation_centre(figures),
    )


def _competencies(figures: _Figures) -> list[HkuSzhCompetency]:
    listed = figures.text("affiliated-hospital-of-hku", "core-competencies")
    zh = listed.zh.split("、")
    en: list[str | None] = [_sentence_case(name) for name in (listed.en or "").split(",")]
    if len(en) != len(zh):
        en = [None] * len(zh)
    return [HkuSzhCompetency(name=Text(*names)) for names in zip(zh, en, strict=True)]


def _sentence_case(name: str) -> str:
    name = name.strip()
    return name[:1].upper() + name[1:]


def _retention(figures: _Figures) -> HkuSzhRetention:
    graduates = figures.number("training-statistics", "qualified-graduates")
    retained = figures.number("training-statistics", "retained")
    if retained > graduates:
        what = f'is "{retained}", more than the {graduates} graduates'
        raise FigureMissing("training-statistics", "retained", what)
    if graduates == 0:
        raise FigureMissing("training-statistics", "qualified-graduates", "is 0, so has no share")
    share = Decimal(100 * retained) / graduates
    return HkuSzhRetention(
        graduates=graduates,
        in_training=figures.number("training-statistics", "in-training"),
        retained=retained,
        published_percent=Decimal(figures.number("training-statistics", "retention-rate")),
        percent=share.quantize(Decimal("0.01")),
        conditions=list(_CONDITIONS),
    )


def _simulation_centre(figures: _Figures) -> HkuSzhSimulationCentre:
    def number(item: str) -> int:
        return figures.number("facilities", item)

    return HkuSzhSimulationCentre(
        area=number("simulation-centre-area"),
        animal_operating_tables=number("animal-operating-tables"),
        animal_sessions=number("animal-sessions"),
        animal_session_attendances=number("animal-session-attendances"),
        atls_student_courses=number("atls-student-courses"),
        atls_instructor_courses=number("atls-instructor-courses"),
        nrw_student_courses=number("nrw-student-courses"),
        nrw_instructor_courses=number("nrw-instructor-courses"),
    )


class HkuSzh:
    """The plugin: the hospital's own object of the graph."""

    @hookimpl
    def register_types(self) -> list[type]:
        """Add the hospital's types."""
        return list(GRAPH_TYPES)

    @hookimpl
    def base_extension(self, base: Base) -> HkuSzhExtension:
        """Give the hospital's object.

        Raises:
            FigureMissing: the file lacks one of the figures.
        """
        return extension_of(base)


plugin = HkuSzh()
