"""Agreements of training: the named fields of a text, and what each kind of agreement must name.

The documents demand agreements and give no text (T37): an institution brings its own, with
fields such as ``{{trainee_name}}`` in it, which are filled in for one person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from zhupei.domain.text import Text

__all__ = ["AGREEMENT_FIELDS", "BLANK", "AgreementTemplate", "required_fields"]

BLANK = "＿＿＿＿＿＿"
"""What stands where a value is not known: a line to fill in by hand."""

AGREEMENT_FIELDS: Mapping[str, Text] = MappingProxyType(
    {
        "agreement_name": Text("协议名称", "name of the agreement"),
        "application": Text("报名号", "id of the application"),
        "base_name": Text("培训基地", "training base"),
        "direction_name": Text("培养方向", "direction"),
        "ends_on": Text("培训结束日期", "last day of training"),
        "identity_kind": Text("证件类型", "kind of identity document"),
        "identity_number": Text("证件号码", "number of the identity document"),
        "months": Text("培训月数", "months of training"),
        "phone": Text("联系电话", "phone"),
        "program_name": Text("培训项目", "program"),
        "sign_by": Text("最迟签订日期", "last day to sign"),
        "specialty_name": Text("培训专业", "specialty"),
        "starts_on": Text("培训开始日期", "first day of training"),
        "trainee_name": Text("培训对象姓名", "name of the trainee"),
        "trainee_type": Text("人员类型", "type of trainee"),
        "unit_name": Text("委派单位", "sending unit"),
        "year": Text("年度", "cycle"),
    }
)
"""The fields that a text may use, by name."""

_FIELD = re.compile(r"\{\{\s*(?P<name>[^{}]*?)\s*\}\}")
_WITH_UNIT = frozenset({"three_party", "directed_entrustment"})


@dataclass(frozen=True, slots=True)
class AgreementTemplate:
    """The text of an agreement as an institution configured it; ``file`` is where it is from."""

    file: str
    text: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields in it, each once, in their order; known or not."""
        return tuple(dict.fromkeys(each["name"] for each in _FIELD.finditer(self.text)))

    def filled(self, values: Mapping[str, str | None]) -> str:
        """Return the text with every field filled in, those without a value as `BLANK`."""
        return _FIELD.sub(lambda found: values.get(found["name"]) or BLANK, self.text)


def required_fields(agreement: str) -> tuple[str, ...]:
    """Return the fields without which a text of this kind does not name its parties.

    A unit that sends people is a party to the three-party agreement (S4:366-370) and to the
    directed entrustment (S2:34).
    """
    return ("base_name", "trainee_name", *(("unit_name",) if agreement in _WITH_UNIT else ()))
