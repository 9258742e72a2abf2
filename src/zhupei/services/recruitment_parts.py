"""Recruitment parts: what one base does in one round of a program, or for one opening of it."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise.backends.base.client import BaseDBAsyncClient

from zhupei.domain.admission_process import Path, path_of
from zhupei.domain.text import Text, choices_text
from zhupei.domain.training import Opening, Program
from zhupei.services.admissions.desk import Desk
from zhupei.services.admissions.refusals import Refusal, RefusalCode
from zhupei.services.admissions.situations import frozen_refusal, frozen_until_done, not_found
from zhupei.services.seats import root_program

__all__ = ["RecruitmentPart", "frozen_in", "recruitment_part"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitmentPart:
    """A base's part of a program's round; ``opening`` None means all its openings there."""

    base: str
    program: Program
    opening: Opening | None
    round: str | None
    path: Path
    root: str

    @property
    def opening_code(self) -> str:
        """The opening as rows keep it: empty for all."""
        return "" if self.opening is None else self.opening.code

    @property
    def specialty(self) -> str | None:
        """The specialty that it is for, None for all: what grants are limited to."""
        return None if self.opening is None else self.opening.specialty

    @property
    def round_code(self) -> str:
        """The round as rows keep it: empty where there are none."""
        return self.round or ""


def recruitment_part(  # noqa: PLR0911 - each code says what is wrong
    desk: Desk, program: str, base: str | None, opening: str | None, round_code: str | None
) -> RecruitmentPart | Refusal:
    """Return the part that codes name; refuse codes that do not exist or do not belong together.

    ``base`` may be left out where the program or the opening tells it.
    """
    found = desk.catalogue.programs.get(program)
    if found is None:
        return not_found("program", program)
    entry = None if opening is None else desk.catalogue.openings.get(opening)
    if opening is not None and (entry is None or entry.program != program):
        return not_found("opening", opening)
    at = (entry.base if entry is not None else found.base) or base
    if at is None:
        return Refusal(
            code=RefusalCode.INPUT_INVALID,
            message=Text(
                "本项目由多个培训基地招收，请指明基地",
                "several bases recruit for this program: say which",
            ),
            field="base",
        )
    if at not in desk.catalogue.bases or (base is not None and base != at):
        return not_found("base", base or at)
    rounds = [each.code for each in found.rounds]
    if round_code is not None and round_code not in rounds:
        return not_found("round", round_code)
    if round_code is None and rounds:
        named = choices_text((each.code, each.name) for each in found.rounds)
        return Refusal(
            code=RefusalCode.ROUND_UNKNOWN,
            message=Text(
                f"请选择批次：{named.zh}", f"choose one of the program's rounds: {named.en}"
            ),
            field="round",
        )
    # An opening may have steps and assessments of its own.
    binding = found if entry is None else desk.catalogue.program_of(entry)
    return RecruitmentPart(
        base=at,
        program=binding,
        opening=entry,
        round=round_code,
        path=path_of(binding, round_code),
        root=root_program(desk.catalogue, found).code,
    )


async def frozen_in(connection: BaseDBAsyncClient, part: RecruitmentPart) -> Refusal | None:
    """Refuse while the part's round is frozen; a freeze waits for the transaction that asked."""
    if await frozen_until_done(connection, part.root, part.round):
        return frozen_refusal()
    return None
