"""Forms (R187): their required fields are filled in before they are handed in.

Photographs, signatures and seals stand on the paper whose scan is handed in; every other field is
answered here, or taken from the person's own record where the form says so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from zhupei.domain.admission import FormField, RequiredDocument
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.text import Text

__all__ = ["filled_in", "held_fields"]

_ON_PAPER = frozenset({"photo", "signature", "seal"})
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


def held_fields(forms: Iterable[RequiredDocument]) -> frozenset[str]:
    """Return what forms take from the person's own record."""
    return frozenset(field.held for form in forms for field in form.fields if field.held)


def filled_in(
    forms: Iterable[RequiredDocument], answers: Mapping[str, str], held: Collection[str]
) -> Refusal | None:
    """Refuse forms that are not filled in, and list every field that is missing or malformed.

    ``held`` is what the person's own record holds of `held_fields`. Such a field is not answered
    in the form: what is kept encrypted there is not kept again in plain text.
    """
    for form in forms:
        missing, wrong, twice = [], [], []
        for field in _asked(form):
            answer = answers.get(field.id, "").strip()
            if field.held is not None:
                if answer:
                    twice.append(field)
                elif field.required and field.held not in held:
                    missing.append(field)
            elif not answer:
                if field.required:
                    missing.append(field)
            elif not _readable(field, answer):
                wrong.append(field)
        if missing or wrong or twice:
            return _refusal(form, missing, wrong, twice)
    return None


def _asked(form: RequiredDocument) -> Iterator[FormField]:
    return (field for field in form.fields if field.type not in _ON_PAPER)


def _readable(field: FormField, answer: str) -> bool:
    """Whether an answer is of the field's type; a date may leave its day out."""
    if field.type == "date":
        found = _DATE.fullmatch(answer)
        if found is None:
            return False
        try:
            date(int(found[1]), int(found[2]), int(found[3] or 1))
        except ValueError:
            return False
    if field.type == "number":
        try:
            return Decimal(answer).is_finite()
        except InvalidOperation:
            return False
    return True


def _refusal(
    form: RequiredDocument,
    missing: list[FormField],
    wrong: list[FormField],
    twice: list[FormField],
) -> Refusal:
    parts = [
        ([each for each in missing if each.held is None], Text("未填：", "not filled in: ")),
        (
            [each for each in missing if each.held is not None],
            Text(
                "个人档案中缺少，请先补充（updateApplicant）：",
                "not on the own record, to be added there first (updateApplicant): ",
            ),
        ),
        (
            wrong,
            Text(
                "填写有误（日期如 1990-01-31，数字如 6）：",
                "malformed (dates such as 1990-01-31, numbers such as 6): ",
            ),
        ),
        (
            twice,
            Text("取自个人档案，不在表内填写：", "taken from the own record, not to be answered: "),
        ),
    ]
    given = [(fields, text) for fields, text in parts if fields]
    return Refusal(
        code=RefusalCode.FORM_INCOMPLETE,
        message=Text(
            f"《{form.label.zh}》"
            + "；".join(
                text.zh + "、".join(each.label.zh for each in fields) for fields, text in given
            ),
            f'"{form.label.en or form.label.zh}": '
            + "; ".join(
                f"{text.en}{', '.join(each.label.en or each.label.zh for each in fields)}"
                for fields, text in given
            ),
        ),
        source=form.source,
        missing_facts=tuple(
            f"answers.{each.id}" if each.held is None else f"applicant.{each.held}"
            for each in missing
        ),
        field="answers",
    )
