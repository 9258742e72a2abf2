"""Columns of registration lists and statistics, as a jurisdiction asks for them (R156, R157)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from zhupei.config.scalars import problem
from zhupei.config.texts import Label, Model
from zhupei.domain.registration_columns import (
    CODED_FIELDS,
    DATE_FIELDS,
    DateForm,
    RegistrationField,
    StatisticsField,
)

__all__ = ["RegistrationColumn", "RegistrationListParams", "StatisticsColumn"]


class _Column(Model):
    """What columns of all exports have in common."""

    header: Label | None = None
    """Its heading; by default the field's own name."""
    text: str | None = None
    """A text that is the same in every row, such as the authority's code of the province."""
    codes: dict[str, str] = Field(default_factory=dict)
    """The authority's own code for each of ours, where it has codes of its own; all of ours."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        found: str | None = getattr(self, "field", None)
        if (found is None) == (self.text is None):
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                "每列须有 field 或 text 之一",
                "a column has either a field or a text",
            )
        if self.text is not None and self.header is None:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                "固定内容的列须有标题 header",
                "a column with a text of its own needs a header",
                at=("text",),
            )
        if self.codes:
            self._names_every_code(found)
        return self

    def _names_every_code(self, found: str | None) -> None:
        known = CODED_FIELDS.get(found or "")
        if known is None:
            listed = ", ".join(sorted(CODED_FIELDS))
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"只有这些列有代码：{listed}",
                f"only these fields have codes: {listed}",
                at=("codes",),
            )
        unknown = sorted(set(self.codes) - set(known))
        lacking = sorted(set(known) - set(self.codes))
        if unknown or lacking:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"codes 应逐一给出 {', '.join(sorted(known))}"
                + (f"；不认识 {', '.join(unknown)}" if unknown else "")
                + (f"；缺少 {', '.join(lacking)}" if lacking else ""),
                f"codes names each of {', '.join(sorted(known))}"
                + (f"; unknown: {', '.join(unknown)}" if unknown else "")
                + (f"; missing: {', '.join(lacking)}" if lacking else ""),
                at=("codes",),
            )


class RegistrationColumn(_Column):
    """One column of the registration list."""

    field: RegistrationField | None = None
    """What stands in it."""
    format: DateForm | None = None
    """How a date is written: iso (2026-09-01), compact (20260901), chinese, slashes."""

    @model_validator(mode="after")
    def _is_a_date(self) -> Self:
        if self.format is not None and self.field not in DATE_FIELDS:
            raise problem(
                "CONFIG_EXPORT_COLUMN",
                f"只有日期列可设 format：{', '.join(sorted(DATE_FIELDS))}",
                f"only dates have a format: {', '.join(sorted(DATE_FIELDS))}",
                at=("format",),
            )
        return self


class StatisticsColumn(_Column):
    """One column of the statistics."""

    field: StatisticsField | None = None
    """What stands in it."""


class RegistrationListParams(Model):
    """How the registration list of a jurisdiction and its statistics look (R156, R157)."""

    columns: Annotated[tuple[RegistrationColumn, ...], Field(min_length=1)] | None = None
    """Columns of the list in their order; by default all that are known."""
    statistics: Annotated[tuple[StatisticsColumn, ...], Field(min_length=1)] | None = None
    """Columns of the statistics in their order; by default all that are known."""
