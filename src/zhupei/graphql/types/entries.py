"""The core's plain types of entries, for kinds without a type of their own."""

from typing import Any

import strawberry

from zhupei.graphql.types import interfaces

__all__ = ["STANDARD_TYPES"]


def _plain(interface: type[Any], description: str) -> type[Any]:
    name = f"Standard{interface.__name__}"
    return strawberry.type(
        type(name, (interface,), {"__module__": __name__, "__annotations__": {}}),
        name=name,
        description=description,
    )


STANDARD_TYPES: tuple[type, ...] = (
    _plain(
        interfaces.Requirement, "A condition of admission without a type of its own (招收条件)."
    ),
    _plain(interfaces.Benefit, "A benefit without a type of its own (待遇)."),
    _plain(interfaces.AdmissionStep, "A step without a type of its own (招收环节)."),
    _plain(interfaces.RequiredDocument, "A document without a type of its own (申请材料)."),
    _plain(interfaces.Assessment, "An assessment without a type of its own (考核)."),
)
"""One concrete type for each interface of entries."""
