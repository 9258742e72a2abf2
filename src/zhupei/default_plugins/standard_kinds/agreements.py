"""Agreements that trainees sign at a step, and the institution's own text of each (T46)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from zhupei.config.scalars import Whole, problem
from zhupei.config.templates import TemplateFile
from zhupei.config.texts import Model, Passage
from zhupei.domain.agreements import required_fields
from zhupei.domain.people import TraineeType

__all__ = ["AgreementEntry", "AgreementStepParams"]


class AgreementEntry(Model):
    """The agreement that certain trainees sign (T46)."""

    trainee_types: Annotated[tuple[TraineeType, ...], Field(min_length=1)]
    """Who signs it."""
    agreement: Literal["labour_contract", "two_party", "three_party", "directed_entrustment"]
    """Which agreement."""
    note: Passage | None = None
    """What to know."""
    template: TemplateFile | None = None
    """The institution's own text, a file beside this one, with fields such as {{trainee_name}}."""

    @model_validator(mode="after")
    def _names_its_parties(self) -> Self:
        if self.template is not None:
            lacking = set(required_fields(self.agreement)) - set(self.template.fields)
            if lacking:
                listed = ", ".join(f"{{{{{name}}}}}" for name in sorted(lacking))
                raise problem(
                    "CONFIG_TEMPLATE_FIELD",
                    f"范本 {self.template.file} 缺少字段 {listed}",
                    f"the template {self.template.file} lacks {listed}",
                    at=("template",),
                )
        return self


class AgreementStepParams(Model):
    """Which agreements are signed, and by when."""

    agreements: tuple[AgreementEntry, ...] = ()
    """By type of trainee."""
    within_days: Annotated[Whole, Field(gt=0)] | None = None
    """Days within which they are signed; null where none are stated."""
