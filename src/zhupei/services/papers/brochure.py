"""Recruitment brochures (招生简章) in Chinese, made from the catalogue for any program.

Every statement is the configuration's own and carries its clause; what is not published is printed
as 未公布 with the reason, never left out and never guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.training import Program
from zhupei.services.papers import brochure_offer, brochure_terms
from zhupei.services.papers.paper import Block, Paper, Part
from zhupei.services.papers.wording import chinese_number

__all__ = ["brochure"]

_Make = Callable[[Catalogue, Program], tuple[Block, ...]]

_PARTS: tuple[tuple[str, _Make], ...] = (
    ("基地基本情况", brochure_offer.base_facts),
    ("招收人员类型", brochure_offer.trainee_types),
    ("招收计划", brochure_offer.plan),
    ("报名条件", brochure_offer.conditions),
    ("报名方法与申请材料", brochure_offer.how_to_apply),
    ("招录批次与时间", brochure_terms.rounds),
    ("招录程序", brochure_terms.steps),
    ("考核时间与考核方式", brochure_terms.assessment),
    ("培训期间待遇", brochure_terms.benefits),
    ("权利与义务", brochure_terms.rights_and_duties),
    ("违约条件与惩处措施", brochure_terms.penalties),
    ("联系方式", brochure_offer.contacts),
)


def brochure(catalogue: Catalogue, program: str, *, dated: str | None = None) -> Paper:
    """Return the brochure of a program (R135, R210; S2:52, S4:302-320).

    ``dated`` is printed at the end as it is given; without it the brochure bears no date.

    Raises:
        KeyError: there is no such program.
    """
    found = catalogue.programs[program]
    host = brochure_offer.host_name(catalogue, found)
    parts = [
        Part(f"{chinese_number(number)}、{heading}", make(catalogue, found))
        for number, (heading, make) in enumerate(_PARTS, start=1)
    ]
    annex = brochure_offer.annex(catalogue, found)
    if annex:
        parts.append(Part("附：基地介绍及有关规定", ()))
        parts.extend(annex)
    return Paper(
        title=found.name.zh,
        subtitle="招生简章",
        issuer=host,
        lead=brochure_offer.lead(found),
        parts=tuple(parts),
        signed=() if dated is None else (host, dated),
        notes_heading="条款依据",
    )
