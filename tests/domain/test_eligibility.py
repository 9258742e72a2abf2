"""How findings add up, and what a rule's function declares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zhupei.domain.eligibility import (
    EligibilityOutcome,
    Finding,
    FindingOutcome,
    answers_degree,
    outcome_of,
    reads,
    reads_of,
)
from zhupei.domain.sources import Level
from zhupei.domain.text import Text


def _finding(outcome: FindingOutcome, deferred: str | None = None) -> Finding:
    return Finding(
        rule="rule",
        outcome=outcome,
        level=Level.NATIONAL,
        message=Text("规则", "rule"),
        deferred=deferred,
    )


_FINDINGS = st.lists(
    st.builds(_finding, st.sampled_from(FindingOutcome), st.sampled_from([None, "registry"])),
    max_size=6,
)


@given(st.data(), _FINDINGS)
def test_the_order_of_findings_does_not_matter(
    data: st.DataObject, findings: list[Finding]
) -> None:
    assert outcome_of(data.draw(st.permutations(findings))) is outcome_of(findings)


@given(_FINDINGS)
def test_one_failure_refuses_whatever_else_is_found(findings: list[Finding]) -> None:
    refused = [*findings, _finding(FindingOutcome.FAIL, "declaration")]
    assert outcome_of(refused) is EligibilityOutcome.INELIGIBLE


@given(_FINDINGS)
def test_eligible_means_that_all_that_counts_passes(findings: list[Finding]) -> None:
    eligible = outcome_of(findings) is EligibilityOutcome.ELIGIBLE
    assert eligible == all(one.outcome is FindingOutcome.PASS for one in findings if one.counts)


def test_deferred_findings_count_only_where_they_refuse() -> None:
    for outcome, expected in {
        FindingOutcome.UNKNOWN: EligibilityOutcome.ELIGIBLE,
        FindingOutcome.REVIEW: EligibilityOutcome.ELIGIBLE,
        FindingOutcome.FAIL: EligibilityOutcome.INELIGIBLE,
    }.items():
        assert outcome_of([_finding(outcome, "medical_examination")]) is expected
    assert outcome_of([_finding(FindingOutcome.UNKNOWN)]) is EligibilityOutcome.INCOMPLETE
    both = [_finding(FindingOutcome.UNKNOWN), _finding(FindingOutcome.REVIEW)]
    assert outcome_of(both) is EligibilityOutcome.INCOMPLETE
    assert outcome_of(both[1:]) is EligibilityOutcome.NEEDS_REVIEW


def test_what_a_function_reads_may_depend_on_its_parameters() -> None:
    @reads("program.year", lambda params: params, answers_degree=True)
    def declared(params: object, question: object) -> None:
        """Decide nothing."""

    @reads("base.code")
    def without_degree(params: object, question: object) -> None:
        """Decide nothing."""

    def undeclared(params: object, question: object) -> None:
        """Decide nothing."""

    assert reads_of(declared, ("opening.code", "program.year")) == ("program.year", "opening.code")
    assert reads_of(declared, ()) == ("program.year",)
    assert answers_degree(declared) is True
    assert reads_of(without_degree, ()) == ("base.code",)
    assert answers_degree(without_degree) is False
    assert reads_of(undeclared, ()) is None
    assert answers_degree(undeclared) is False
