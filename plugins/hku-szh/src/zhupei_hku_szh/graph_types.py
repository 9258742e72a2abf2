"""What the hospital says of its training, as typed figures."""

from decimal import Decimal

import strawberry

from zhupei import Text
from zhupei.graph import BaseExtension, field

__all__ = [
    "GRAPH_TYPES",
    "HkuSzhCompetency",
    "HkuSzhExtension",
    "HkuSzhJointTraining",
    "HkuSzhRetention",
    "HkuSzhSimulationCentre",
    "HkuSzhSpecialistTraining",
]


@strawberry.type(description="One of the six core competencies (核心胜任力).")
class HkuSzhCompetency:
    """An axis on which residents are evaluated."""

    name: Text = field(description="Name (名称).")


@strawberry.type(
    description="How many graduates the hospital retains, and on which conditions (留院)."
)
class HkuSzhRetention:
    """Figures and conditions of retention (S0:123,268-270)."""

    graduates: int = field(description="Residents who have qualified so far (累计合格住培医师).")
    in_training: int = field(description="Residents in training (在培住院医师).")
    retained: int = field(description="Graduates retained so far (累计留院).")
    published_percent: Decimal = field(
        description="Share of retained graduates in percent, as published (公布的留院率，%)."
    )
    percent: Decimal = field(
        description=(
            "The same computed from the figures, to two decimals (按公布人数计算的留院率，%)."
        )
    )
    conditions: list[Text] = field(
        description=(
            "What each step depends on, in order: licence examination, completion examination, "
            "retention (留院前提，依次递进)."
        )
    )


@strawberry.type(description="A hospital that trains jointly with this one (联合培养试点单位).")
class HkuSzhJointTraining:
    """A pilot unit of joint training; it is not a collaboration unit."""

    hospital: Text = field(description="The hospital (医院).")
    since: str | None = field(description="Since when, as published (批准年份).")


@strawberry.type(description="The Hong Kong-Shenzhen centre of specialist training (专科医师培训).")
class HkuSzhSpecialistTraining:
    """Training of specialists after residency (S0:127-129)."""

    specialties: int = field(description="Pilot specialties (试点专科数).")
    trainees: int = field(description="Specialist trainees in the city (全市专培医师数).")


@strawberry.type(description="The simulation centre in figures (医学模拟教育中心).")
class HkuSzhSimulationCentre:
    """Area, tables, courses (S0:168-170)."""

    area: int = field(description="Floor area in square metres (总面积，平方米).")
    animal_operating_tables: int = field(description="Animal operating tables (动物手术台).")
    animal_sessions: int = field(description="Animal simulation sessions held (动物模拟培训期数).")
    animal_session_attendances: int = field(
        description="Attendances of these sessions (动物模拟培训人次)."
    )
    atls_student_courses: int = field(
        description="Courses of advanced trauma life support for students (ATLS学员课程期数)."
    )
    atls_instructor_courses: int = field(description="The same for instructors (ATLS导师课程期数).")
    nrw_student_courses: int = field(
        description="Neonatal resuscitation workshops for students (NRW学员课程期数)."
    )
    nrw_instructor_courses: int = field(description="The same for instructors (NRW导师课程期数).")


@strawberry.type(
    description="Training at The University of Hong Kong - Shenzhen Hospital in figures (住培概况)."
)
class HkuSzhExtension(BaseExtension):
    """The hospital's own object beside its base."""

    competencies: list[HkuSzhCompetency] = field(
        description="The core competencies that training is built on (六大核心胜任力)."
    )
    retention: HkuSzhRetention = field(description="Graduates and retention (结业与留院).")
    joint_training: list[HkuSzhJointTraining] = field(
        description="Pilot units of joint training (联合培养试点单位)."
    )
    specialist_training: HkuSzhSpecialistTraining = field(
        description="Specialist training (专科医师培训)."
    )
    simulation_centre: HkuSzhSimulationCentre = field(
        description="The simulation centre (医学模拟教育中心)."
    )


GRAPH_TYPES = (
    HkuSzhExtension,
    HkuSzhCompetency,
    HkuSzhJointTraining,
    HkuSzhRetention,
    HkuSzhSimulationCentre,
    HkuSzhSpecialistTraining,
)
"""Every type that the plugin owns."""
