"""Expressions: what is refused at load and where, and what is answered when facts are missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from example_hospital import APPLICANT, example_base, example_opening, example_program, requirement
from zhupei.config.expression_facts import fact_names
from zhupei.config.expressions import (
    CandidateCondition,
    Expression,
    ExpressionProblem,
    Missing,
    ProfileAmount,
    ProfileCondition,
    Roots,
    compile_expression,
)
from zhupei.domain.facts import FACT_LABELS
from zhupei.domain.institutions import InstitutionType
from zhupei.domain.people import Candidate, Degree, DegreeLevel, HospitalTier
from zhupei.domain.questions import EligibilityQuestion
from zhupei.domain.text import Text
from zhupei.domain.training import ProgramKind


def _compiled(source: str, about: Roots = Roots.CANDIDATE) -> Expression:
    return compile_expression(source, about)


def _refusal(source: str, about: Roots = Roots.CANDIDATE) -> Text:
    with pytest.raises(ExpressionProblem) as caught:
        compile_expression(source, about)
    return caught.value.message


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ("", "第 1 列：表达式为空", "column 1: the expression is empty"),
        (
            "candidate.licensed &&",
            "第 22 列：表达式不完整",
            "column 22: the expression is not complete",
        ),
        (
            "(candidate.licensed",
            "第 20 列：表达式到此结束，缺少 )",
            "column 20: the end: ) is missing",
        ),
        (
            "candidate.traineeType = 'SOCIAL'",
            "第 23 列：相等写作 ==",
            "column 23: equality is written ==",
        ),
        ("candidate.licensed & true", "第 20 列：请写 &&", "column 20: write &&"),
        (
            "candidate.licensed and true",
            "第 20 列：and 应写作 &&",
            "column 20: write && for and",
        ),
        ("True", "第 1 列：True 应写作 true", "column 1: write true for True"),
        (
            "candidate.traineeType == “SOCIAL”",
            '第 26 列：全角符号 “，请写半角 "',
            'column 26: a full-width “: write "',
        ),
        ("（true）", "第 1 列：全角符号 （，请写半角 (", "column 1: a full-width （: write ("),
        ("'SOCIAL", "第 1 列：文本没有以引号结束", "column 1: the text is not closed by a quote"),
        ("1abc == 1", "第 1 列：数字后不能紧跟字母", "column 1: a letter follows a number"),
        ("true true", "第 6 列：此处不应有 true", "column 6: true is not expected here"),
        ("candidate.1", "第 11 列：点号后应为名称", "column 11: a name must follow the dot"),
        (
            "候选 == 1",
            "第 1 列：无法识别的字符 '候'",
            "column 1: the character '候' has no meaning here",
        ),
        (r"'\q' == 'q'", r"第 1 列：不支持的转义 \q", r"column 1: the escape \q is not supported"),
        ("1234567890123456 == 1", "第 1 列：数字过大", "column 1: the number is too large"),
        (
            "(" * 41 + "true" + ")" * 41,
            "第 41 列：嵌套超过 40 层",
            "column 41: nested more than 40 levels deep",
        ),
        ("!" * 41 + "true", "第 1 列：符号过多", "column 1: too many signs in a row"),
        (
            "true" + " " * 1997,
            "第 2001 列：表达式超过 2000 个字符",
            "column 2001: the expression is longer than 2000 characters",
        ),
        (
            "true &&\n(false",
            "第 2 行第 7 列：表达式到此结束，缺少 )",
            "line 2, column 7: the end: ) is missing",
        ),
        (
            "candidate.degrees.exists(d d.awarded)",
            "第 28 列：此处应为 )，不是 d",
            "column 28: expected ) here, not d",
        ),
    ],
)
def test_syntax_error_says_where_and_what_to_write(source: str, zh: str, en: str) -> None:
    assert _refusal(source) == Text(f"表达式{zh}", f"expression, {en}")


@pytest.mark.parametrize(
    ("source", "en"),
    [
        ("candidat.licensed", "column 1: there is no candidat; did you mean candidate?"),
        ("candidate.licenced", "column 11: there is no licenced; did you mean licensed?"),
        ("candidate.english.ielt > 6", "column 19: there is no ielt; did you mean ielts?"),
        (
            "profile.title == 'SENIOR'",
            "column 1: there is no profile (known: candidate, opening, program, base, today)",
        ),
        ("candidate.licensed.since", "column 20: a yes-or-no value has no since"),
        (
            "candidate.degrees.level == 'BACHELOR'",
            "column 19: a list is asked item by item, as in .exists(x, x.level == …)",
        ),
        (
            "candidate.english == 425",
            "column 11: name one of its facts: cet4, cet6, ielts, toefl, other",
        ),
        (
            "candidate.traineeType == 'SOCIALS'",
            "column 26: there is no SOCIALS; did you mean SOCIAL?",
        ),
        (
            "'BACHELOUR' in ['BACHELOR'] && candidate.degrees.exists(d, d.level in ['BACHELOUR'])",
            "column 72: there is no BACHELOUR; did you mean BACHELOR?",
        ),
        (
            "candidate.licensed == null",
            "column 20: a missing fact is not null: do not compare with null",
        ),
        (
            "candidate.licensed == 'true'",
            "column 20: a yes-or-no value cannot be compared with text",
        ),
        ("candidate.title && true", "column 11: expected a yes-or-no value, not text"),
        ("!candidate.workYears", "column 12: expected a yes-or-no value, not a decimal number"),
        (
            "candidate.workYears + 1 > 2.0",
            "column 21: a whole and a decimal number do not mix: write 1.0, or double(…)",
        ),
        ("candidate.title - 'A' == 'B'", "column 17: - does not take text and text"),
        ("opening.specialty in '0200'", "column 19: a list must follow in"),
        (
            "has(candidate.licensed)",
            (
                "column 1: has is not for facts of a person: a missing fact stays "
                "unknown, so use the fact itself"
            ),
        ),
        ("has(true)", "column 1: write has(opening.quota)"),
        ("size(candidate.title) > 1", "column 1: size is for lists only"),
        ("matches('a')", "column 1: write text.matches(…), after the text that it asks about"),
        (
            "candidate.title.startswith('S')",
            "column 17: there is no startswith; did you mean startsWith?",
        ),
        (
            "candidate.title.startsWith()",
            "column 17: startsWith is given the wrong number of arguments",
        ),
        ("candidate.title.contains(1)", "column 26: expected text, not a whole number"),
        ("candidate.licensed.exists(x, x)", "column 20: only lists take exists"),
        (
            "candidate.degrees.exists(d.level == 'MASTER')",
            "column 19: write exists(x, an expression about x)",
        ),
        (
            "candidate.degrees.exists(candidate, candidate.awarded)",
            "column 26: candidate means something else already: take another name",
        ),
        ("candidate.title[0] == 'S'", "column 16: only lists take [ ]"),
        (
            "candidate.nme == 1 && opening.nme == 2",
            "column 11: there is no nme; did you mean name?",
        ),
    ],
)
def test_unknown_facts_and_wrong_types_are_refused_at_load(source: str, en: str) -> None:
    message = _refusal(source).en
    assert message is not None
    if "nme" in source:
        assert message.startswith("expression, column 11: there is no nme")
        assert "column 31: there is no nme" in message, "all problems at once"
    else:
        assert message == f"expression, {en}"


def test_conditions_must_be_yes_or_no_and_amounts_numbers() -> None:
    refusals = {
        "the expression must give true or false": (CandidateCondition, "candidate.workYears"),
        "the expression must give an amount, a number": (
            ProfileAmount,
            "profile.postAllowanceGranted",
        ),
    }
    for message, (type_, source) in refusals.items():
        with pytest.raises(ValidationError) as caught:
            TypeAdapter[str](type_).validate_python(source)
        (error,) = caught.value.errors()
        assert (error["type"], error["msg"]) == ("CONFIG_BAD_EXPRESSION", message)
    assert TypeAdapter[str](ProfileCondition).validate_python("profile.trainingYear == 1") == (
        "profile.trainingYear == 1"
    )
    assert TypeAdapter[str](ProfileAmount).validate_python("profile.trainingYear * 500") == (
        "profile.trainingYear * 500"
    )


def test_the_problem_of_a_file_is_bilingual() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter[str](CandidateCondition).validate_python("candidate.licenced")
    (error,) = caught.value.errors()
    assert error["ctx"]["zh"] == "表达式第 11 列：没有 licenced，是否应为 licensed？"
    assert error["msg"] == "expression, column 11: there is no licenced; did you mean licensed?"


def test_an_expression_lists_the_facts_and_parts_that_it_reads() -> None:
    expression = _compiled(
        'candidate.licensed || opening.specialtyName == "儿科" || has(opening.quota)'
        ' || candidate.degrees.exists(d, d.level == "MASTER" && d.fullTime)'
        ' || candidate.sendingUnit.prefecture == base.prefecture || today < "2026-01-01"'
    )
    assert expression.facts == (
        "licensed",
        "degrees",
        "degrees.level",
        "degrees.fullTime",
        "sendingUnit.prefecture",
    )
    assert expression.parts == ("opening.specialty_name", "opening.quota", "base.prefecture")


def _ask(source: str, candidate: Candidate) -> bool | Missing | Text:
    return _compiled(source).ask_candidate(
        EligibilityQuestion(
            candidate=candidate,
            opening=example_opening(),
            program=example_program(),
            base=example_base(),
            requirement=requirement("not_banned"),
            today=date(2026, 6, 1),
        )
    )


_MASTER = Degree(level=DegreeLevel.MASTER)


@pytest.mark.parametrize(
    ("source", "candidate", "answer"),
    [
        ("candidate.licensed", Candidate(licensed=True), True),
        ("candidate.licensed", Candidate(licensed=False), False),
        ("candidate.licensed", Candidate(), Missing(("licensed",))),
        ("!candidate.licensed", Candidate(), Missing(("licensed",))),
        ("candidate.english.cet4 >= 425", Candidate(), Missing(("english.cet4",))),
        ("candidate.english.cet4 >= 425 && candidate.licensed", Candidate(licensed=False), False),
        ("candidate.english.cet4 >= 425 || candidate.licensed", Candidate(licensed=True), True),
        (
            "candidate.english.cet4 >= 425 && candidate.licensed",
            Candidate(),
            Missing(("english.cet4", "licensed")),
        ),
        (
            "candidate.degrees.exists(d, d.fullTime)",
            Candidate(),
            Missing(("degrees", "degrees.fullTime")),
        ),
        (
            "candidate.degrees.all(d, d.fullTime)",
            Candidate(degrees=(_MASTER,)),
            Missing(("degrees.fullTime",)),
        ),
        ('candidate.degrees.exists(d, d.level == "MASTER")', Candidate(degrees=(_MASTER,)), True),
        ("size(candidate.certificates) == 0", Candidate(certificates=()), True),
        ("size(candidate.certificates) == 0", Candidate(), Missing(("certificates",))),
        ("has(opening.quota)", Candidate(), False),
        ("opening.quota > 1", Candidate(), Missing(("opening.quota",))),
        ('base.code == "shili" && program.year == 2026', Candidate(), True),
        (
            'today >= "2026-06-01" && candidate.birthDate > "1980-01-01"',
            Candidate(birth_date=date(1990, 1, 1)),
            True,
        ),
    ],
)
def test_a_missing_fact_is_named_and_never_false(
    source: str, candidate: Candidate, answer: bool | Missing
) -> None:
    assert _ask(source, candidate) == answer


def test_an_expression_that_cannot_be_computed_says_why() -> None:
    candidate = Candidate(certificates=())
    answer = _ask("1 / (size(candidate.certificates)) == 1", candidate)
    assert answer == Text(
        "表达式无法计算（division by zero in CEL expression）："
        "1 / (size(candidate.certificates)) == 1",
        "the expression cannot be evaluated (division by zero in CEL expression): "
        "1 / (size(candidate.certificates)) == 1",
    )


def test_a_result_that_is_no_yes_or_no_is_no_answer() -> None:
    expression = _compiled("candidate.workYears")
    assert expression.condition({"candidate": {"workYears": 1.5}}) == Text(
        "表达式的结果 1.5 不是是非值：candidate.workYears",
        "the expression gives 1.5, neither true nor false: candidate.workYears",
    )


def test_every_fact_of_a_person_has_a_name_for_messages() -> None:
    """A message that asks for a fact names it as people do; no fact is left without a label."""
    names = {
        name.partition(".")[2]
        for about in Roots
        for name in fact_names(about)
        if name.partition(".")[0] == about.value
    }
    # Facts of one shift are asked for by the list that they belong to.
    shifts = {name for name in names if name.startswith(("nightShifts.", "nightShiftCounts."))}
    assert names - shifts - FACT_LABELS.keys() == set()


_FACTS: dict[str, st.SearchStrategy[Any]] = {
    "licensed": st.booleans(),
    "employed": st.booleans(),
    "in_clinical_work": st.booleans(),
}
_LEAVES = st.sampled_from(["candidate.licensed", "candidate.employed", "candidate.inClinicalWork"])
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda parts: st.one_of(
        st.builds("({} && {})".format, parts, parts),
        st.builds("({} || {})".format, parts, parts),
        st.builds("!{}".format, parts),
    ),
    max_leaves=6,
)


@given(_CONDITIONS, st.fixed_dictionaries(_FACTS), st.sets(st.sampled_from(sorted(_FACTS))))
def test_adding_facts_never_changes_an_answer(
    source: str, known: dict[str, bool], hidden: set[str]
) -> None:
    """What is decided without a fact stays decided, whatever the fact turns out to be."""
    complete = _ask(source, Candidate(**known))  # type: ignore[arg-type]  # three yes-or-no facts
    shown = {name: value for name, value in known.items() if name not in hidden}
    partial = _ask(source, Candidate(**shown))  # type: ignore[arg-type]  # see above
    assert isinstance(complete, bool)
    assert isinstance(partial, Missing) or partial is complete


@given(st.text(max_size=60))
def test_any_text_is_compiled_or_refused_with_a_place(source: str) -> None:
    try:
        compiled = compile_expression(source, Roots.CANDIDATE)
    except ExpressionProblem:
        assert _refusal(source).zh.startswith("表达式")
        return
    assert isinstance(compiled.condition({}), bool | Missing | Text)


def test_the_appendix_candidate_reads_as_facts() -> None:
    assert _ask('candidate.degrees.exists(d, d.majorCode == "100201K")', APPLICANT) is True


def _chained(body: str, times: int) -> str:
    return '["a"]' + f".map(x, {body})" * times + '.exists(y, y == "b")'


def _nested(times: int) -> str:
    ones = "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"
    opened = "".join(f"{ones}.exists(x{number}, " for number in range(times))
    return opened + "false" + ")" * times


@pytest.mark.parametrize(
    ("source", "column"),
    [
        (_chained("x + x", 60), 240),
        (_chained("[x, x]", 60).replace('"b"', '["b"]'), 254),
        (_nested(12), 326),
        (
            "candidate.degrees.exists(a, candidate.degrees.exists(b, a.school == b.school))",
            19,
        ),
        (r'["a", "b"].exists(x, x.matches("(a{400}){20}"))', 12),
    ],
)
def test_an_expression_that_would_not_end_is_refused(source: str, column: int) -> None:
    """A file is a hospital's own, and the server that decides with it is everybody's."""
    assert _refusal(source) == Text(
        f"表达式第 {column} 列：计算量过大；请勿在列表的逐项判断中再逐项判断另一个长列表，"
        "并缩短正则表达式",
        f"expression, column {column}: this takes too long to compute: do not ask one long list "
        "item by item within another, and shorten patterns",
    )


@pytest.mark.parametrize(
    "source",
    [
        '["骨科", "外科", "内科"].exists(w, opening.specialtyName.contains(w))',
        'candidate.degrees.exists(d, ["临床医学", "中医学"].exists(m, d.major.contains(m)))',
        'candidate.degrees.exists(d, d.major.matches("^(临床|中)医学.{0,20}$") && d.fullTime)',
        " || ".join(f'opening.specialty == "{number:04}"' for number in range(60)),
    ],
)
def test_an_expression_that_a_rule_needs_is_not_too_long(source: str) -> None:
    assert _compiled(source).source == source


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("+".join(["1"] * 400) + " == 1", 500),
        ("||".join(["true"] * 330), 1073),
        ("candidate" + ".degrees" * 230, 643),
    ],
)
def test_a_long_row_of_operators_is_refused_and_not_a_crash(source: str, column: int) -> None:
    assert _refusal(source) == Text(
        f"表达式第 {column} 列：嵌套或连写的运算超过 150 个，请拆开",
        f"expression, column {column}: more than 150 operators in a row or in one another: "
        "split them",
    )


@pytest.mark.parametrize(
    ("source", "en"),
    [
        (
            'opening.code.matches("(")',
            'column 22: "(" is not a regular expression that can be used here',
        ),
        (
            'opening.code.matches("(?=a)b")',
            'column 22: "(?=a)b" is not a regular expression that can be used here',
        ),
        (
            "opening.code.matches(candidate.direction)",
            "column 32: write the regular expression out, in quotes",
        ),
        ("int(candidate.licensed) == 1", "column 15: expected text, not a yes-or-no value"),
        ('string(["a"]) == "a"', "column 8: expected text, not a list"),
        ("[1] < [2]", "column 5: < does not compare a list"),
        (
            "candidate.workYears % 2.0 == 1.0",
            "column 21: % is for whole numbers only",
        ),
        (
            '"MASTR" in candidate.degrees.map(d, d.level)',
            "column 1: there is no MASTR; did you mean MASTER?",
        ),
        (
            "(candidate.licensed ? opening : program).year == 2026",
            (
                "column 23: name one of its facts: code, specialty, specialtyName, year, kind, "
                "quota; column 33: name one of its facts: code, year, kind"
            ),
        ),
    ],
)
def test_what_could_never_be_computed_is_refused_at_load(source: str, en: str) -> None:
    assert _refusal(source).en == f"expression, {en}"


def test_a_choice_between_enumerations_compares_with_the_values_of_both() -> None:
    source = '(candidate.licensed ? candidate.title : base.tier) == "{}"'
    for value in ("INTERMEDIATE", "TERTIARY"):
        _compiled(source.format(value))


def test_facts_asked_of_a_filtered_list_are_read() -> None:
    source = 'candidate.degrees.filter(d, d.level == "MASTER").exists(m, m.fullTime)'
    assert _compiled(source).facts == ("degrees", "degrees.level", "degrees.fullTime")
    assert _ask(source, Candidate(degrees=(_MASTER,))) == Missing(("degrees.fullTime",))


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        (
            'today < "2026-6-30"',
            "第 9 列：“2026-6-30”不是日期，日期如 2026-06-30；请写 2026-06-30",
            'column 9: "2026-6-30" is not a date, such as 2026-06-30; write 2026-06-30',
        ),
        (
            '"1990年5月1日" >= candidate.birthDate',
            "第 1 列：“1990年5月1日”不是日期，日期如 2026-06-30；请写 1990-05-01",
            'column 1: "1990年5月1日" is not a date, such as 2026-06-30; write 1990-05-01',
        ),
        (
            'today in ["2026-06-30", "20260701"]',
            "第 25 列：“20260701”不是日期，日期如 2026-06-30",
            'column 25: "20260701" is not a date, such as 2026-06-30',
        ),
    ],
)
def test_a_date_that_would_compare_wrongly_is_refused(source: str, zh: str, en: str) -> None:
    """As text 2026-6-30 comes after 2026-12-31."""
    assert _refusal(source) == Text(f"表达式{zh}", f"expression, {en}")


_OF_THE_CATALOGUE = {
    "opening.code": '"shili-residency-2026/0200"',
    "opening.specialty": '"0200"',
    "opening.specialtyName": '"儿科"',
    "opening.year": "2025",
    "opening.kind": '"fellowship"',
    "opening.quota": "6",
    "program.code": '"shili-residency-2026"',
    "program.year": "2026",
    "program.kind": '"residency"',
    "base.code": '"shili"',
    "base.province": '"110000"',
    "base.prefecture": '"110100"',
    "base.type": '"general"',
    "base.tier": '"TERTIARY"',
}


def test_every_fact_of_the_catalogue_has_a_case() -> None:
    named = [name for name in fact_names(Roots.CANDIDATE) if name.partition(".")[0] in _ROOTS]
    assert named == list(_OF_THE_CATALOGUE)


_ROOTS = {"opening", "program", "base"}


@pytest.mark.parametrize(("fact", "value"), _OF_THE_CATALOGUE.items())
def test_facts_of_the_catalogue_are_what_it_says(fact: str, value: str) -> None:
    """Year and kind of the opening are not those of the program here: each is its own."""
    question = EligibilityQuestion(
        candidate=Candidate(),
        opening=example_opening(year=2025, kind=ProgramKind.FELLOWSHIP, quota=6),
        program=example_program(),
        base=example_base(type=InstitutionType.GENERAL, tier=HospitalTier.TERTIARY),
        requirement=requirement("not_banned"),
        today=date(2026, 6, 1),
    )
    assert _compiled(f"{fact} == {value}").ask_candidate(question) is True


@pytest.mark.parametrize("fact", ["opening.quota", "base.prefecture", "base.type", "base.tier"])
def test_what_the_catalogue_does_not_know_is_missing(fact: str) -> None:
    question = EligibilityQuestion(
        candidate=Candidate(),
        opening=example_opening(quota=None),
        program=example_program(),
        base=example_base(prefecture=None, type=None, tier=None),
        requirement=requirement("not_banned"),
        today=date(2026, 6, 1),
    )
    assert _compiled(f"has({fact})").ask_candidate(question) is False
