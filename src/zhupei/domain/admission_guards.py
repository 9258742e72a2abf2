"""Guards of the admission process: pure questions, each answered with a refusal or None.

A guard that needs a figure which the documents do not give refuses and says so; it never
assumes one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from operator import itemgetter

from zhupei.domain.admission import AdmissionStep, RequiredDocument
from zhupei.domain.admission_process import STATE_OF_KIND, ApplicationState, Path
from zhupei.domain.admission_refusals import Refusal, RefusalCode
from zhupei.domain.calendar import CHINA_TIME, Calendar, CalendarNotConfigured, no_show_date
from zhupei.domain.facts import list_facts
from zhupei.domain.ranking import Score, TieBreak, TieRule, Weights
from zhupei.domain.sources import Level, Source
from zhupei.domain.text import Text
from zhupei.domain.training import Policy, Program, Round, Window

__all__ = [
    "handed_in",
    "no_show_on",
    "policy_of",
    "preference_limit",
    "publicity_period",
    "report_date",
    "round_of",
    "score_of",
    "span_text",
    "tie_break_of",
    "too_far_ahead",
    "weights_of",
    "window_of",
    "window_open",
]

_C = RefusalCode
_DAY = timedelta(days=1)


def policy_of(program: Program, key: str) -> Policy | None:
    """Return a policy of a program, None where no level sets it."""
    return next((policy for policy in program.policies if policy.key == key), None)


def _value(program: Program, key: str) -> object:
    policy = policy_of(program, key)
    return None if policy is None else policy.value


def round_of(program: Program, code: str | None) -> Round | None:
    """Return a round of a program, None where it has none of this code."""
    return next((each for each in program.rounds if each.code == code), None)


def preference_limit(program: Program, round_code: str | None) -> tuple[int, Source | None] | None:
    """Return how many preferences a round takes, and the clause; None where nobody limits them."""
    entry = round_of(program, round_code)
    if entry is not None and entry.max_preferences is not None:
        return entry.max_preferences, entry.source
    policy = policy_of(program, "max_preferences")
    if policy is None or not isinstance(policy.value, int):
        return None
    return policy.value, policy.source


def tie_break_of(program: Program) -> TieBreak | Refusal:
    """Return the rule for equal totals; without one, single scores decide, then who was earlier.

    Refused where lots are drawn and the seed is not published yet.
    """
    rule = _value(program, "tie_rule")
    if rule is None:
        return TieBreak()
    seed = policy_of(program, "tie_lottery_seed")
    try:
        return TieBreak(TieRule(str(rule)), None if seed is None else str(seed.value or ""))
    except ValueError:
        return Refusal(
            code=_C.TIE_SEED_UNKNOWN,
            message=Text(
                "总分相同者抽签，但抽签种子尚未公布，不能排名",
                "ties are decided by lot, and the seed is not published yet, so nothing can be "
                "ranked",
            ),
            source=None if seed is None else seed.source,
        )


def window_of(program: Program, round_code: str | None, step: AdmissionStep) -> Window | None:
    """Return the window that bounds a step in a round.

    Where the round has no window of that kind, the last round of the program that has one counts:
    a date that several rounds share, such as the report, is printed once.
    """
    if step.window is None:
        return None
    found: Window | None = None
    for each in program.rounds:
        for window in each.windows:
            if window.kind == step.window:
                if each.code == round_code:
                    return window
                found = window
    return found


def window_open(
    program: Program, round_code: str | None, step: AdmissionStep, at: datetime
) -> Refusal | None:
    """Refuse a step outside its half-open window (T11, G19); an end that is not given is open."""
    if step.window is None:
        return None
    window = window_of(program, round_code, step)
    if window is None:
        if not any(each.windows for each in program.rounds):
            # The documents give no dates at all: nothing is known to be closed.
            return None
        return Refusal(
            code=_C.WINDOW_UNKNOWN,
            message=Text(
                f"“{step.label.zh}”的时间尚未公布",
                f'the dates of "{step.label.en}" have not been published',
            ),
            source=step.source,
        )
    if window.is_open(at) is not False:
        return None
    own, later = span_text(window), _later_text(program, step, window, at)
    return Refusal(
        code=_C.WINDOW_CLOSED,
        message=Text(
            f"“{window.label.zh}”的时间为{own.zh}{later.zh}",
            f'"{window.label.en}" is open {own.en}{later.en}',
        ),
        source=window.source or step.source,
    )


def span_text(window: Window) -> Text:
    """Return from when until when a window is open, in China's time, which the text says."""
    opens, closes = (
        "" if at is None else f"{at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        for at in (window.opens_at, window.closes_at)
    )
    return Text(
        f"北京时间 {opens or '不限'} 至 {closes or '不限'}（不含）",
        f"from {opens or 'any time'} until before {closes or 'any time'}, China time",
    )


def _later_text(program: Program, step: AdmissionStep, missed: Window, at: datetime) -> Text:
    """Return in which other round one may still do what was missed; empty where there is none.

    Only who files chooses the round: every other step belongs to the application's own.
    """
    is_filing = STATE_OF_KIND.get(step.kind) is ApplicationState.SUBMITTED
    if not is_filing or missed.closes_at is None or at < missed.closes_at:
        return Text("", "")
    found = [
        (begins, each.name, span_text(window))
        for each in program.rounds
        for window in each.windows
        if window.kind == missed.kind
        and (begins := window.opens_at or window.closes_at) is not None
        and (window.closes_at is None or window.closes_at > at)
    ]
    if not found:
        return Text("", "")
    _, name, span = min(found, key=itemgetter(0))
    return Text(f"；“{name.zh}”的为{span.zh}", f'; in "{name.en or name.zh}" it is {span.en}')


def handed_in(
    needed: Iterable[RequiredDocument], given: Collection[str], undecided: Sequence[str] = ()
) -> Refusal | None:
    """Refuse while required documents are missing, or while it is open which are required.

    ``undecided`` names the facts on which it depends whether a document is required.
    """
    missing = [document for document in needed if document.id not in given]
    if undecided:
        names = list_facts(undecided)
        return Refusal(
            code=_C.DOCUMENTS_INCOMPLETE,
            message=Text(
                f"尚无法判断需要哪些材料，缺少：{names.zh}",
                f"which documents are needed depends on facts that are not given: {names.en}",
            ),
            missing_facts=tuple(undecided),
            field="candidate",
        )
    if not missing:
        return None
    return Refusal(
        code=_C.DOCUMENTS_INCOMPLETE,
        message=Text(
            "缺少材料：" + "、".join(document.label.zh for document in missing),
            "documents are missing: "
            + ", ".join(document.label.en or document.label.zh for document in missing),
        ),
        source=missing[0].source,
        field="documents",
    )


# Beside three decimals the column of points has five digits.
_GREATEST_MARK = 99_999
_THOUSANDTH = Decimal("0.001")


def score_of(program: Program, kind: str, points: Decimal, of: int) -> Score | Refusal:
    """Return the typed score of an interview or examination, checked against its full mark.

    The full mark has to be stated with the points: a column of ranks has none. Points are rounded
    to the three decimals that are kept.
    """
    configured = next(
        (
            assessment
            for assessment in program.assessments
            if assessment.phase == "admission" and assessment.kind == kind
        ),
        None,
    )
    if configured is not None and configured.full_mark not in (None, of):
        return Refusal(
            code=_C.SCORE_INVALID,
            message=Text(
                f"“{configured.label.zh}”满分为 {configured.full_mark}，填报的满分为 {of}",
                f'"{configured.label.en}" is marked out of {configured.full_mark}, not {of}',
            ),
            source=configured.source,
            field="of",
        )
    if of > _GREATEST_MARK:
        return Refusal(
            code=_C.SCORE_INVALID,
            message=Text(
                f"满分不得超过 {_GREATEST_MARK}，填报的满分为 {of}",
                f"a full mark is at most {_GREATEST_MARK}, not {of}",
            ),
            field="of",
        )
    try:
        score = Score(points, of)
        # As the column keeps it, which knows no zero below zero: a record's digest is that of the
        # row it was written to.
        return Score(score.points.quantize(_THOUSANDTH) + 0, of)
    except (ValueError, TypeError) as error:
        return Refusal(
            code=_C.SCORE_INVALID,
            message=Text(
                f"分数应在 0 与满分 {of} 之间，填报的是 {points}",
                f"the score has to be between 0 and the full mark: {error}",
            ),
            field="points",
        )


def weights_of(program: Program, path: Path) -> Weights | Refusal:
    """Return the weights that rank a path's assessments, or why there are none (T42).

    An assessment's own weight counts, else the policy ``<kind>_weight``. A single assessment
    ranks by itself, whatever it would weigh.
    """
    kinds = tuple(dict.fromkeys(s.kind for s in path.steps_of("interview", "examination")))
    if len(kinds) == 1:
        return Weights({kinds[0]: Decimal(1)})
    shares: dict[str, Decimal] = {}
    for kind in kinds:
        given = [
            assessment.weight
            for assessment in program.assessments
            if assessment.phase == "admission" and assessment.kind == kind
        ]
        value = next((w for w in given if w is not None), _value(program, f"{kind}_weight"))
        if not isinstance(value, Decimal):
            policy = policy_of(program, f"{kind}_weight")
            return Refusal(
                code=_C.WEIGHTS_UNKNOWN,
                message=Text(
                    f"未配置 {kind} 的权重，无法排名；系统不采用默认值",
                    f"the weight of {kind} is not configured, so nothing can be ranked; there is "
                    "no default",
                ),
                source=None if policy is None else policy.source,
            )
        shares[kind] = value
    if not shares:
        return Refusal(
            code=_C.WEIGHTS_UNKNOWN,
            message=Text("本项目没有计分考核", "the program has no scored assessment"),
        )
    try:
        return Weights(shares)
    except ValueError as error:
        return Refusal(
            code=_C.WEIGHTS_NOT_ONE,
            message=Text("各项权重之和须为 1", f"weights that rank add up to 1: {error}"),
        )


def publicity_period(
    program: Program, calendar: Calendar, published_at: datetime
) -> tuple[date, int, bool] | Refusal:
    """Return the last day, the working days, and whether the first day counts (T13, T14, G21).

    The length is the larger of the program's policy and every floor of a higher level beneath
    it, so that the national floor binds whatever a lower level wrote.
    """
    policy = policy_of(program, "publicity_working_days")
    lengths = [] if policy is None else [policy.value]
    lengths += [
        int(origin.value)
        for origin in (() if policy is None else policy.origins)
        if origin.level is not Level.INSTITUTION and (origin.value or "").isdecimal()
        if origin.value is not None
    ]
    days = max((length for length in lengths if isinstance(length, int)), default=None)
    if days is None:
        return Refusal(
            code=_C.PUBLICITY_LENGTH_UNKNOWN,
            message=Text(
                "未规定公示期的工作日数，无法公示",
                "the length of publicity in working days is not set, so nothing can be published",
            ),
            source=None if policy is None else policy.source,
        )
    counts = _value(program, "publicity_counts_first_day") is True
    day = published_at.astimezone(CHINA_TIME).date()
    try:
        return calendar.publicity_end(day, days, count_first_day=counts), days, counts
    except CalendarNotConfigured as problem:
        return Refusal(code=_C.CALENDAR_UNKNOWN, message=problem.message)


def report_date(program: Program, round_code: str | None, path: Path) -> date | None:
    """Return the last day of reporting that the program's window gives, None where none does."""
    for step in path.steps_of("report"):
        window = window_of(program, round_code, step)
        if window is not None and window.closes_at is not None:
            last = window.closes_at.astimezone(CHINA_TIME) - timedelta(microseconds=1)
            # Printed as "before" a day, which the policy may take in (T64).
            includes = _value(program, "report_includes_last_day") is True
            return last.date() + _DAY if includes else last.date()
    return None


def no_show_on(program: Program, report_by: date) -> date | None:
    """Return the first day on which who has not reported loses the place (G28); None: no rule."""
    days = _value(program, "no_show_days")
    return no_show_date(report_by, days) if isinstance(days, int) else None


_YEARS_AHEAD = 10


def too_far_ahead(day: date, today: date, field: str) -> Refusal | None:
    """Refuse a day that an office can only have mistyped: more than ten years from now.

    The rules count days and months on from it, which for 9999-12-31 leads past the last date there
    is; whatever looked at such an application would fail from then on.
    """
    if day.year - today.year <= _YEARS_AHEAD:
        return None
    return Refusal(
        code=_C.INPUT_INVALID,
        message=Text(
            f"日期 {day} 距今超过 {_YEARS_AHEAD} 年，请核对",
            f"{day} lies more than {_YEARS_AHEAD} years ahead: check the date",
        ),
        field=field,
    )
