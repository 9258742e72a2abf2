"""Calendars: windows in order, publicity long enough, deadlines on days of rest."""

from __future__ import annotations

from collections.abc import Callable

Says = Callable[..., None]

_NATIONAL = """\
kind: national
code: national
name: {zh: 国家, en: National}
policies:
  publicity_working_days: {value: 7}
  publicity_counts_first_day: {value: false}
"""
_BASE = """\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
programs:
  - code: hospital-residency-2024
    kind: residency
    year: 2024
    name: {zh: 住培, en: Residency}
    rounds:
"""


def _round(code: str, *windows: str) -> str:
    text = f"      - code: {code}\n        name: {{zh: 批次, en: Batch}}\n        windows:\n"
    return text + "".join(f"          - {{{window}}}\n" for window in windows)


_ASSESSED = "kind: assessment, opens: 2024-04-24, closes: 2024-05-24T18:00"


def test_windows_in_order(says: Says) -> None:
    """Deadlines on working days, publicity long enough."""
    says(
        "",
        "",
        n=_NATIONAL,
        b=_BASE
        + _round(
            "batch-1",
            "kind: registration, opens: 2024-04-08T00:00, closes: 2024-04-23T24:00",
            _ASSESSED,
            "kind: publicity, opens: 2024-05-27, closes: 2024-06-06",
        ),
    )


def test_a_window_that_closes_before_it_opens(says: Says) -> None:
    says(
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: Registration closes before it "
            "opens [CONFIG_WINDOW_ORDER]\n"
        ),
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: 报名注册在开始之前结束 "
            "[CONFIG_WINDOW_ORDER]\n"
        ),
        b=_BASE + _round("batch-1", "kind: registration, opens: 2024-04-23, closes: 2024-04-08"),
    )


def test_a_window_of_no_length(says: Says) -> None:
    """T11: half-open, so that it would never be open."""
    says(
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: Registration closes before it "
            "opens [CONFIG_WINDOW_ORDER]\n"
        ),
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: 报名注册在开始之前结束 "
            "[CONFIG_WINDOW_ORDER]\n"
        ),
        b=_BASE
        + _round(
            "batch-1", "kind: registration, opens: 2024-04-08T12:00, closes: 2024-04-08T12:00"
        ),
    )


def test_a_round_twice(says: Says) -> None:
    says(
        (
            "b.yaml:15:15: programs.0.rounds.1.code: the round batch-1 appears twice "
            "[CONFIG_DUPLICATE_CODE]\n"
        ),
        ("b.yaml:15:15: programs.0.rounds.1.code: 轮次 batch-1 重复 [CONFIG_DUPLICATE_CODE]\n"),
        b=_BASE
        + _round("batch-1", "kind: registration, opens: 2024-04-08, closes: 2024-04-23")
        + _round("batch-1", "kind: registration, opens: 2024-06-03, closes: 2024-06-14"),
    )


def test_a_deadline_on_a_sunday_is_pointed_out_and_not_shifted(says: Says) -> None:
    """T10"""
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the deadline 2024-05-26 "
            "(Sunday) is not a working day; no document says that it is shifted, so it is "
            "not [CALENDAR_REST_DAY]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 截止日 "
            "2024-05-26（星期日）为非工作日，文件未规定顺延，系统不顺延 "
            "[CALENDAR_REST_DAY]\n"
        ),
        b=_BASE
        + _round("batch-1", "kind: eligibility_check, opens: 2024-04-24, closes: 2024-05-26"),
    )


def test_a_deadline_at_midnight_belongs_to_the_day_before(says: Says) -> None:
    """T10, T11: Friday 24:00 is no Saturday."""
    says(
        "",
        "",
        b=_BASE
        + _round("batch-1", "kind: registration, opens: 2024-05-20, closes: 2024-05-24T24:00"),
    )


def test_a_sunday_that_is_worked_is_a_working_day(says: Says) -> None:
    """G23: 2024-04-28 is a make-up working day."""
    says(
        "",
        "",
        b=_BASE + _round("batch-1", "kind: registration, opens: 2024-04-08, closes: 2024-04-28"),
    )


def test_a_window_that_ends_before_an_earlier_one(says: Says) -> None:
    says(
        (
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: Interviews and "
            "examinations closes before Registration [CALENDAR_ORDER]\n"
        ),
        (
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: "
            "面试与专业考试早于报名注册结束 [CALENDAR_ORDER]\n"
        ),
        b=_BASE
        + _round(
            "batch-1",
            "kind: registration, opens: 2024-04-08, closes: 2024-04-23",
            "kind: assessment, opens: 2024-04-10, closes: 2024-04-19",
        ),
    )


def test_brochures_are_due_after_mobilisation_begins(says: Says) -> None:
    """T63: windows may overlap, and it is pointed out."""
    says(
        (
            "b.yaml:16:13: warning: programs.0.rounds.0.windows.2: Publicity and "
            "mobilisation begins on 2024-03-25, before Publication of brochures is due on "
            "2024-03-28 [CALENDAR_OVERLAP]\n"
        ),
        (
            "b.yaml:16:13: 警告：programs.0.rounds.0.windows.2: 宣传动员于 2024-03-25 "
            "开始，早于简章发布截止日 2024-03-28 [CALENDAR_OVERLAP]\n"
        ),
        b=_BASE
        + _round(
            "batch-1",
            "kind: brochure_submission, closes: 2024-03-25",
            "kind: brochure_publication, closes: 2024-03-28",
            "kind: mobilisation, opens: 2024-03-25, closes: 2024-04-07",
        ),
    )


def test_five_working_days_for_publicity_of_seven(says: Says) -> None:
    """V13: 27 to 31 May 2024 are 5 working days; 7 need 5 June, the first day not counted."""
    says(
        (
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: publicity can begin on "
            "2024-05-27 at the earliest and, with 7 working days (the first day not "
            "counted), ends on 2024-06-05; its deadline is 2024-05-31, with 5 working days "
            "until then; to end by 2024-05-31 it must begin by 2024-05-22 "
            "[CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        (
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: 公示最早于 2024-05-27 "
            "开始，须满 7 个工作日（不计首日），至 2024-06-05 期满，而截止日为 "
            "2024-05-31，其间只有 5 个工作日；若须在 2024-05-31 前期满，最迟应于 "
            "2024-05-22 开始 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        n=_NATIONAL,
        b=_BASE
        + _round(
            "batch-1",
            "kind: assessment, opens: 2024-04-24, closes: 2024-05-24T24:00",
            "kind: publicity, opens: 2024-05-27, closes: 2024-05-31",
        ),
    )


def test_the_first_day_of_publicity_counted(says: Says) -> None:
    """V13: then it ends on 4 June."""
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: publicity can begin on "
            "2024-05-27 at the earliest and, with 7 working days (the first day counted), "
            "ends on 2024-06-04; its deadline is 2024-05-31, with 5 working days until "
            "then; to end by 2024-05-31 it must begin by 2024-05-23 "
            "[CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 公示最早于 2024-05-27 "
            "开始，须满 7 个工作日（计首日），至 2024-06-04 期满，而截止日为 "
            "2024-05-31，其间只有 5 个工作日；若须在 2024-05-31 前期满，最迟应于 "
            "2024-05-23 开始 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        n=_NATIONAL.replace("first_day: {value: false}", "first_day: {value: true}"),
        b=_BASE + _round("batch-1", "kind: publicity, opens: 2024-05-27, closes: 2024-05-31"),
    )


def test_the_next_round_opens_during_publicity(says: Says) -> None:
    """V14, T15: publicity from 31 May ends on 12 June, the second round opens on 3 June."""
    says(
        (
            "b.yaml:18:13: warning: programs.0.rounds.1.windows.0: it begins on "
            "2024-06-03, but the publicity of the round batch-1 ends on 2024-06-12 at the "
            "earliest [CALENDAR_ROUNDS_OVERLAP]\n"
        ),
        (
            "b.yaml:18:13: 警告：programs.0.rounds.1.windows.0: 2024-06-03 开始，而轮次 "
            "batch-1 的公示最早于 2024-06-12 期满 [CALENDAR_ROUNDS_OVERLAP]\n"
        ),
        n=_NATIONAL,
        b=_BASE
        + _round("batch-1", "kind: publicity, opens: 2024-05-31, closes: 2024-06-12")
        + _round(
            "batch-2", "kind: registration, opens: 2024-06-03T00:00, closes: 2024-06-14T24:00"
        ),
    )


def test_three_working_days_for_publicity_of_seven(says: Says) -> None:
    """V15: assessments until 25 June, publicity over by 30 June: it must begin by 19 June."""
    says(
        (
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: the deadline 2024-06-30 "
            "(Sunday) is not a working day; no document says that it is shifted, so it is "
            "not [CALENDAR_REST_DAY]\n"
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: publicity can begin on "
            "2024-06-26 at the earliest and, with 7 working days (the first day not "
            "counted), ends on 2024-07-05; its deadline is 2024-06-30, with 3 working days "
            "until then; to end by 2024-06-30 it must begin by 2024-06-19 "
            "[CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        (
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: 截止日 "
            "2024-06-30（星期日）为非工作日，文件未规定顺延，系统不顺延 "
            "[CALENDAR_REST_DAY]\n"
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: 公示最早于 2024-06-26 "
            "开始，须满 7 个工作日（不计首日），至 2024-07-05 期满，而截止日为 "
            "2024-06-30，其间只有 3 个工作日；若须在 2024-06-30 前期满，最迟应于 "
            "2024-06-19 开始 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        n=_NATIONAL,
        b=_BASE
        + _round(
            "batch-1",
            "kind: assessment, closes: 2024-06-25",
            "kind: publicity, closes: 2024-06-30T24:00",
        ),
    )


def test_three_working_days_with_the_first_counted(says: Says) -> None:
    """V15: it must begin by 20 June."""
    says(
        (
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: the deadline 2024-06-30 "
            "(Sunday) is not a working day; no document says that it is shifted, so it is "
            "not [CALENDAR_REST_DAY]\n"
            "b.yaml:15:13: warning: programs.0.rounds.0.windows.1: publicity can begin on "
            "2024-06-26 at the earliest and, with 7 working days (the first day counted), "
            "ends on 2024-07-04; its deadline is 2024-06-30, with 3 working days until "
            "then; to end by 2024-06-30 it must begin by 2024-06-20 "
            "[CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        (
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: 截止日 "
            "2024-06-30（星期日）为非工作日，文件未规定顺延，系统不顺延 "
            "[CALENDAR_REST_DAY]\n"
            "b.yaml:15:13: 警告：programs.0.rounds.0.windows.1: 公示最早于 2024-06-26 "
            "开始，须满 7 个工作日（计首日），至 2024-07-04 期满，而截止日为 "
            "2024-06-30，其间只有 3 个工作日；若须在 2024-06-30 前期满，最迟应于 "
            "2024-06-20 开始 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        n=_NATIONAL.replace("first_day: {value: false}", "first_day: {value: true}"),
        b=_BASE
        + _round(
            "batch-1",
            "kind: assessment, closes: 2024-06-25",
            "kind: publicity, closes: 2024-06-30T24:00",
        ),
    )


def test_publicity_without_a_beginning_and_without_assessment(says: Says) -> None:
    """Nothing says when it could begin."""
    says(
        "",
        "",
        n=_NATIONAL,
        b=_BASE + _round("batch-1", "kind: publicity, closes: 2024-05-31"),
    )


def test_a_year_without_a_calendar(says: Says) -> None:
    """G23: never a guess."""
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the working calendar of "
            "2027 is not configured, so working days cannot be counted: add "
            "bases/calendar/2027.yaml with the official holidays and make-up working days "
            "(format: docs/reference-data.md) [CALENDAR_NOT_CONFIGURED]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 2027 "
            "年的工作日历尚未配置，无法推算工作日：请按国务院办公厅公布的节假日安排添加 "
            "bases/calendar/2027.yaml（节假日与调休上班日，格式见 docs/reference-data.md） "
            "[CALENDAR_NOT_CONFIGURED]\n"
        ),
        n=_NATIONAL,
        b=_BASE.replace("2024", "2027")
        + _round("batch-1", "kind: publicity, opens: 2027-05-31, closes: 2027-06-15"),
    )


def test_a_sunday_of_a_year_without_a_calendar(says: Says) -> None:
    """G23: a Sunday is a Sunday, whatever the calendar says of working days."""
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the deadline 2027-06-13 "
            "is a Sunday; no document says that it is shifted, so it is not "
            "[CALENDAR_REST_DAY]\n"
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the working calendar of "
            "2027 is not configured, so working days cannot be counted: add "
            "bases/calendar/2027.yaml with the official holidays and make-up working days "
            "(format: docs/reference-data.md) [CALENDAR_NOT_CONFIGURED]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 截止日 2027-06-13 "
            "为星期日，文件未规定顺延，系统不顺延 [CALENDAR_REST_DAY]\n"
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 2027 "
            "年的工作日历尚未配置，无法推算工作日：请按国务院办公厅公布的节假日安排添加 "
            "bases/calendar/2027.yaml（节假日与调休上班日，格式见 docs/reference-data.md） "
            "[CALENDAR_NOT_CONFIGURED]\n"
        ),
        b=_BASE.replace("2024", "2027")
        + _round("batch-1", "kind: registration, opens: 2027-05-31, closes: 2027-06-13"),
    )


def test_a_longer_publicity_than_the_inherited_calendar_allows(says: Says) -> None:
    """A base may ask for more, and is told where the dates do not allow it."""
    says(
        (
            "b.yaml:10:48: warning: programs.0.policies.publicity_working_days.value: "
            "publicity can begin on 2024-05-27 at the earliest and, with 10 working days "
            "(the first day not counted), ends on 2024-06-11; its deadline is 2024-06-06, "
            "with 9 working days until then; to end by 2024-06-06 it must begin by "
            "2024-05-23 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        (
            "b.yaml:10:48: 警告：programs.0.policies.publicity_working_days.value: "
            "公示最早于 2024-05-27 开始，须满 10 个工作日（不计首日），至 2024-06-11 "
            "期满，而截止日为 2024-06-06，其间只有 9 个工作日；若须在 2024-06-06 "
            "前期满，最迟应于 2024-05-23 开始 [CALENDAR_PUBLICITY_TOO_SHORT]\n"
        ),
        n=_NATIONAL,
        p=_BASE.replace("kind: base", "kind: jurisdiction\nlevel: province").replace(
            "hospital", "example"
        )
        + _round("batch-1", "kind: publicity, opens: 2024-05-27, closes: 2024-06-06"),
        b="""\
kind: base
code: hospital
name: {zh: 医院, en: Hospital}
province: "620000"
jurisdiction: example
programs:
  - code: hospital-residency-2024
    parent: example-residency-2024
    name: {zh: 住培, en: Residency}
    policies: {publicity_working_days: {value: 10}}
""",
    )


def test_an_accepted_warning_is_not_said_again(says: Says) -> None:
    """T10: the published date stands."""
    says(
        "",
        "",
        b=_BASE
        + _round("batch-1", "kind: eligibility_check, opens: 2024-04-24, closes: 2024-05-26")
        + """\
    accepted_warnings:
      - {code: CALENDAR_REST_DAY, reason: 原文如此}
""",
    )


def test_an_acceptance_of_what_does_not_occur(says: Says) -> None:
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the deadline 2024-05-26 "
            "(Sunday) is not a working day; no document says that it is shifted, so it is "
            "not [CALENDAR_REST_DAY]\n"
            "b.yaml:16:16: warning: programs.0.accepted_warnings.0.code: this program has "
            "no warning CALENDAR_ORDER [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 截止日 "
            "2024-05-26（星期日）为非工作日，文件未规定顺延，系统不顺延 "
            "[CALENDAR_REST_DAY]\n"
            "b.yaml:16:16: 警告：programs.0.accepted_warnings.0.code: 本项目没有 "
            "CALENDAR_ORDER 警告 [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        b=_BASE
        + _round("batch-1", "kind: eligibility_check, opens: 2024-04-24, closes: 2024-05-26")
        + """\
    accepted_warnings:
      - {code: CALENDAR_ORDER, reason: 原文如此}
""",
    )


def test_an_error_is_never_accepted(says: Says) -> None:
    says(
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: Eligibility check closes before "
            "it opens [CONFIG_WINDOW_ORDER]\n"
            "b.yaml:16:16: warning: programs.0.accepted_warnings.0.code: this program has "
            "no warning CONFIG_WINDOW_ORDER [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        (
            "b.yaml:14:13: programs.0.rounds.0.windows.0: 资格审核在开始之前结束 "
            "[CONFIG_WINDOW_ORDER]\n"
            "b.yaml:16:16: 警告：programs.0.accepted_warnings.0.code: 本项目没有 "
            "CONFIG_WINDOW_ORDER 警告 [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        b=_BASE
        + _round("batch-1", "kind: eligibility_check, opens: 2024-05-27, closes: 2024-05-24")
        + """\
    accepted_warnings:
      - {code: CONFIG_WINDOW_ORDER, reason: 原文如此}
""",
    )


def test_a_program_accepts_for_itself_only(says: Says) -> None:
    says(
        (
            "b.yaml:14:13: warning: programs.0.rounds.0.windows.0: the deadline 2024-05-26 "
            "(Sunday) is not a working day; no document says that it is shifted, so it is "
            "not [CALENDAR_REST_DAY]\n"
            "b.yaml:20:16: warning: programs.1.accepted_warnings.0.code: this program has "
            "no warning CALENDAR_REST_DAY [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        (
            "b.yaml:14:13: 警告：programs.0.rounds.0.windows.0: 截止日 "
            "2024-05-26（星期日）为非工作日，文件未规定顺延，系统不顺延 "
            "[CALENDAR_REST_DAY]\n"
            "b.yaml:20:16: 警告：programs.1.accepted_warnings.0.code: 本项目没有 "
            "CALENDAR_REST_DAY 警告 [CONFIG_UNUSED_ACCEPTANCE]\n"
        ),
        b=_BASE
        + _round("batch-1", "kind: eligibility_check, opens: 2024-04-24, closes: 2024-05-26")
        + """\
  - code: other-residency-2024
    kind: residency
    year: 2024
    name: {zh: 二, en: Two}
    accepted_warnings:
      - {code: CALENDAR_REST_DAY, reason: 原文如此}
""",
    )
