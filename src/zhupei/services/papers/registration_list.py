"""The registration list (注册名单) as XLSX and CSV: what the authority takes as final (R156).

It names people in full and is for the authority alone: who may have it is its caller's to decide.
"""

from __future__ import annotations

from collections.abc import Sequence

from zhupei.catalogue.catalogue import Catalogue
from zhupei.services.papers.records import RegisteredTrainee
from zhupei.services.papers.spreadsheet import Column, Value, write_csv, write_xlsx
from zhupei.services.papers.wording import AGREEMENTS, TRAINEE_TYPES

__all__ = ["registration_list_csv", "registration_list_xlsx"]

_COLUMNS = (
    Column(header="序号", width=6),
    Column(header="注册号", width=40),
    Column(header="姓名", width=12),
    Column(header="证件类型", width=18),
    Column(header="证件号码", width=24),
    Column(header="联系电话", width=16),
    Column(header="最高学历", width=10),
    Column(header="培训基地", width=36),
    Column(header="专业代码", width=10),
    Column(header="培训专业", width=22),
    Column(header="年度", width=8),
    Column(header="人员类型", width=26),
    Column(header="委派单位", width=30),
    Column(header="协议", width=20),
    Column(header="培训开始日期", width=14),
    Column(header="培训结束日期", width=14),
)


def registration_list_xlsx(catalogue: Catalogue, registered: Sequence[RegisteredTrainee]) -> bytes:
    """Return the list as XLSX, numbers of documents as text so that no digit is lost.

    Raises KeyError where a base or an opening does not exist.
    """
    return write_xlsx("注册名单", _COLUMNS, _rows(catalogue, registered))


def registration_list_csv(catalogue: Catalogue, registered: Sequence[RegisteredTrainee]) -> bytes:
    """Return the list as CSV.

    Spreadsheet programs show long numbers of a CSV file rounded: for them the XLSX is meant.
    Raises KeyError where a base or an opening does not exist.
    """
    return write_csv(_COLUMNS, _rows(catalogue, registered))


def _rows(catalogue: Catalogue, registered: Sequence[RegisteredTrainee]) -> list[list[Value]]:
    ordered = sorted(registered, key=lambda each: (each.base, each.opening, each.registration))
    rows: list[list[Value]] = []
    for number, each in enumerate(ordered, start=1):
        opening = catalogue.openings[each.opening]
        agreement = AGREEMENTS[each.agreement].zh if each.agreement else None
        rows.append(
            [
                number,
                each.registration,
                each.name,
                each.document_kind,
                each.number,
                each.phone,
                each.degree,
                catalogue.bases[each.base].name.zh,
                opening.specialty,
                opening.specialty_name.zh,
                opening.year,
                TRAINEE_TYPES[each.trainee_type].zh,
                each.sending_unit,
                agreement,
                each.starts_on,
                each.ends_on,
            ]
        )
    return rows
