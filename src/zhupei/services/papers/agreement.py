"""Agreements of training for one person: the institution's own text, or a sheet of what it names.

The documents demand agreements by type of trainee (S4:366-372, S2:86, S2:94) and give no text
(T37). Where an institution configured one, its fields are filled in. Where none is configured, a
sheet lists the parties and all that the documents ask an agreement to state, and says that the
text is missing: nothing here is made up to look like a contract.
"""

from __future__ import annotations

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.agreements import BLANK
from zhupei.domain.sources import Source
from zhupei.services.papers import brochure_terms
from zhupei.services.papers.brochure_offer import host_name
from zhupei.services.papers.letters import Agreement
from zhupei.services.papers.paper import Facts, Grid, Lines, Paper, Part, Prose, Statement
from zhupei.services.papers.records import ContractingTrainee
from zhupei.services.papers.wording import TRAINEE_TYPES, chinese_date, months_text, said

__all__ = ["agreement_paper", "agreement_values"]

_BASE, _UNIT, _TRAINEE = "培训基地", "委派单位", "培训对象"
_PARTIES = {
    "labour_contract": (_BASE, _TRAINEE),
    "two_party": (_BASE, _TRAINEE),
    "three_party": (_BASE, _UNIT, _TRAINEE),
    # The unit signs it with the base, before it sends the person (S2:34).
    "directed_entrustment": (_BASE, _UNIT),
}
_ORDINALS = "甲乙丙"
# Room to confirm what stands beside it, and for a seal.
_TO_SIGN = (
    Statement("\u3000"),
    Statement("\u3000"),
    Statement("年\u3000\u3000月\u3000\u3000日"),
)


def agreement_values(
    catalogue: Catalogue, trainee: ContractingTrainee, agreement: Agreement
) -> dict[str, str | None]:
    """Return the value of every field that a text may use; None where it is not known."""
    opening = catalogue.openings[trainee.opening]
    program = catalogue.program_of(opening)
    return {
        "agreement_name": agreement.label.zh,
        "application": trainee.application,
        "base_name": host_name(catalogue, program),
        "direction_name": None if trainee.direction is None else trainee.direction.zh,
        "ends_on": None if trainee.ends_on is None else chinese_date(trainee.ends_on),
        "identity_kind": trainee.identity_kind,
        "identity_number": trainee.number,
        "months": None if trainee.months is None else str(trainee.months),
        "phone": trainee.phone,
        "program_name": program.name.zh,
        "sign_by": None if trainee.sign_by is None else chinese_date(trainee.sign_by),
        "specialty_name": opening.specialty_name.zh,
        "starts_on": None if trainee.starts_on is None else chinese_date(trainee.starts_on),
        "trainee_name": trainee.name,
        "trainee_type": None
        if trainee.trainee_type is None
        else TRAINEE_TYPES[trainee.trainee_type].zh,
        "unit_name": trainee.sending_unit,
        "year": str(opening.year),
    }


def agreement_paper(
    catalogue: Catalogue, trainee: ContractingTrainee, agreement: Agreement
) -> Paper:
    """Return the agreement of one person to print and sign, or the sheet of what it has to name.

    Raises:
        KeyError: there is no such opening.
    """
    values = agreement_values(catalogue, trainee, agreement)
    if agreement.template is not None:
        return _from_text(agreement, agreement.template.filled(values))
    program = catalogue.programs[catalogue.openings[trainee.opening].program]
    return Paper(
        title=agreement.label.zh,
        subtitle="签订要素表",
        issuer=host_name(catalogue, program),
        lead=(
            Statement(
                "本表供签订前核对当事人与须写明的事项。本表不是协议，不能代替协议签字。",
            ),
        ),
        parts=(
            Part("一、当事人", (_parties(agreement, values),)),
            Part("二、培训事项", (_terms(trainee, agreement, values),)),
            Part("三、协议文本", (Prose(_text_missing(agreement), listed=True),)),
            Part("四、权利与义务", brochure_terms.rights_and_duties(catalogue, program)),
            Part("五、培训期间待遇", brochure_terms.benefits(catalogue, program)),
            Part("六、事先告知的违约条件与惩处措施", brochure_terms.penalties(catalogue, program)),
        ),
    )


def _parties(agreement: Agreement, values: dict[str, str | None]) -> Grid:
    rows: list[tuple[Lines, ...]] = []
    for ordinal, party in zip(_ORDINALS, _PARTIES[agreement.kind], strict=False):
        who: Lines
        if party == _BASE:
            who = (Statement(values["base_name"] or BLANK),)
        elif party == _UNIT:
            who = _known(values["unit_name"])
        else:
            who = (
                Statement(values["trainee_name"] or BLANK),
                Statement(f"{values['identity_kind']} {values['identity_number']}"),
                Statement(f"联系电话 {values['phone'] or BLANK}"),
            )
        rows.append((said(f"{ordinal}方（{party}）"), who, _TO_SIGN))
    return Grid(("当事人", "姓名或名称", "核对（签字或盖章）"), tuple(rows), (1.2, 2.0, 1.6))


def _known(value: str | None) -> Lines:
    return (Statement(BLANK),) if value is None else (Statement(value),)


def _terms(
    trainee: ContractingTrainee, agreement: Agreement, values: dict[str, str | None]
) -> Facts:
    direction = "" if trainee.direction is None else f"（{trainee.direction.zh}）"
    if trainee.starts_on is not None and trainee.ends_on is not None:
        period = f"{values['starts_on']} 至 {values['ends_on']}"
    else:
        period = f"{values['starts_on'] or BLANK} 至 {values['ends_on'] or BLANK}"
    if trainee.months is not None:
        period += f"，共 {months_text(trainee.months)}"
    within = None if agreement.within_days is None else f"报到后 {agreement.within_days} 日内"
    by = None if values["sign_by"] is None else f"截至 {values['sign_by']}"
    deadline = "，".join(each for each in (within, by) if each)
    rows: list[tuple[str, Lines]] = [
        ("报名号", said(trainee.application)),
        ("培训项目", said(values["program_name"] or BLANK)),
        ("培训专业", said(f"{values['specialty_name']}{direction}")),
        ("人员类型", said(values["trainee_type"] or "未登记")),
        ("培训期限", said(period)),
        ("签订期限", said(deadline, agreement.source) if deadline else said("文件未规定")),
    ]
    if agreement.note is not None:
        rows.append(("文件要求", said(agreement.note, agreement.source)))
    return Facts(tuple(rows))


def _text_missing(agreement: Agreement) -> Lines:
    cited: tuple[Source, ...] = () if agreement.source is None else (agreement.source,)
    return (
        Statement(
            f"文件要求签订{agreement.label.zh}，但未提供文本；本单位也尚未配置自己的文本。",
            cited,
            unknown=True,
        ),
        Statement(
            "由培训基地在配置中以 template 指明文本文件后，本表即由填好的文本代替。",
        ),
    )


def _from_text(agreement: Agreement, text: str) -> Paper:
    """Lay a filled-in text out: ``# `` heads the paper, ``## `` a part, all else is paragraphs."""
    title = agreement.label.zh
    parts: list[tuple[str, list[Statement]]] = []
    lead: list[Statement] = []
    for line in (each.strip() for each in text.splitlines()):
        if line.startswith("## "):
            parts.append((line[3:].strip(), []))
        elif line.startswith("# "):
            title = line[2:].strip()
        elif line:
            (parts[-1][1] if parts else lead).append(Statement(line))
    return Paper(
        title=title,
        lead=tuple(lead),
        parts=tuple(Part(heading, (Prose(tuple(lines)),)) for heading, lines in parts),
    )
