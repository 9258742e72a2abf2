"""Enumerations of allocation as the graph shows them: mechanisms, ties, verdicts, violations."""

from zhupei.domain.matching_certificate import ViolationKind
from zhupei.domain.matching_explanation import Verdict
from zhupei.domain.matching_simulation import Mechanism
from zhupei.domain.ranking import TieRule
from zhupei.graphql.enums import show

__all__ = ["Mechanism", "TieRule", "Verdict", "ViolationKind"]

show(
    Mechanism,
    "How seats are allocated from preference lists (匹配机制).",
    {
        Mechanism.DEFERRED_ACCEPTANCE: (
            "Applicants propose, openings hold the best so far: stable, best for applicants, and "
            "safe to answer truthfully (延迟接受)."
        ),
        Mechanism.OPENING_PROPOSING: "Openings propose: stable, best for openings (岗位提出).",
        Mechanism.IMMEDIATE_ACCEPTANCE: (
            "First choices are admitted for good, second ones to what is left (志愿优先)."
        ),
        Mechanism.SERIAL_DICTATORSHIP: (
            "One order of all applicants; each takes the best seat left (分数优先)."
        ),
    },
    name="AllocationMechanism",
)
show(
    TieRule,
    "What decides between equal totals (并列规则).",
    {rule: f"{str(rule.label.en).capitalize()} ({rule.label.zh})." for rule in TieRule},
)
show(
    Verdict,
    "What became of one choice (志愿结果).",
    {
        Verdict.PLACED: "A seat (录取).",
        Verdict.OUTRANKED: "All seats went to applicants who are ranked before (排名靠后).",
        Verdict.NOT_RANKED: "The opening does not rank the applicant (未列入排序).",
        Verdict.NO_SEATS: "There are no seats (没有名额).",
        Verdict.NOT_NEEDED: "There is a seat at a choice before it (已被更靠前的志愿录取).",
        Verdict.NOT_CONSIDERED: "The application took no part (未参加匹配).",
    },
    name="AllocationVerdict",
)
show(
    ViolationKind,
    "What is wrong with a result, as docs/matching.md explains (核验问题).",
    {
        ViolationKind.MARKET_CHANGED: "It was made from other data (数据不符).",
        ViolationKind.APPLICANT_MISSING: "An applicant is missing (缺少申请人).",
        ViolationKind.APPLICANT_UNKNOWN: "Somebody takes no part (未参加匹配的申请人).",
        ViolationKind.OPENING_UNKNOWN: "A place does not exist (不存在的岗位).",
        ViolationKind.PLACED_TWICE: "Somebody is at two places (重复录取).",
        ViolationKind.NOT_LISTED: "Somebody is at a place not listed (未填报的志愿).",
        ViolationKind.NOT_RANKED: "A place does not rank whom it took (未列入排序).",
        ViolationKind.QUOTA_EXCEEDED: "More people than seats (超出名额).",
        ViolationKind.BLOCKING_PAIR: "Two would rather have each other (阻碍对).",
        ViolationKind.TIE_UNDECIDED: "No rule decides between two (并列未决).",
        ViolationKind.NOT_OPTIMAL: "Some could all move up together (非最优).",
        ViolationKind.CUT_OFF_WRONG: "A cut-off is wrong (分数线有误).",
    },
    name="AllocationViolationKind",
)
