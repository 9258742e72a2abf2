"""Tests of zhupei.graphql.limits.merging: the same verdict as graphql-core's, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from graphql import (
    GraphQLError,
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    parse,
    specified_rules,
    validate,
)
from taken_time import least_seconds
from zhupei.graphql.limits.merging import merging_conflicts

SCHEMA = build_schema(
    """
    interface Being { name(of: Int): String being: Being beings: [Being] }
    interface Owner { name(of: Int): String owns: Being }
    type Query { being: Being cat: Cat dog: Dog pets: [Pet] owner: Owner }
    union Pet = Cat | Dog
    type Cat implements Being & Owner {
      name(of: Int): String being: Being beings: [Being] owns: Being lives: Int size: Int! cat: Cat
    }
    type Dog implements Being {
      name(of: Int): String being: Being beings: [Being] barks: Boolean size: Int dog: Dog
    }
    """
)
_OTHERS = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]

_NAMES = ("name", "name(of: 1)", "name(of: 2)", "__typename")
_LEAVES = {
    "Being": _NAMES,
    "Owner": _NAMES,
    "Cat": (*_NAMES, "lives", "size"),
    "Dog": (*_NAMES, "barks", "size"),
    "Pet": ("__typename",),
}
_NESTED = {
    "Being": {"being": "Being", "beings": "Being"},
    "Owner": {"owns": "Being"},
    "Cat": {"being": "Being", "beings": "Being", "owns": "Being", "cat": "Cat"},
    "Dog": {"being": "Being", "dog": "Dog"},
    "Pet": {},
}
_MAY_BE = {
    "Being": ("Being", "Owner", "Cat", "Dog"),
    "Owner": ("Being", "Owner", "Cat"),
    "Cat": ("Being", "Owner", "Cat"),
    "Dog": ("Being", "Dog"),
    "Pet": ("Being", "Cat", "Dog"),
}
_FRAGMENTS = {"F0": "Being", "F1": "Cat", "F2": "Dog"}


@st.composite
def _selections(draw: st.DrawFn, of: str, depth: int, spreads: tuple[str, ...] = ()) -> str:
    """Selections that are valid in an object of a type."""
    parts = []
    fitting = [name for name in spreads if _FRAGMENTS[name] in _MAY_BE[of]]
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 3 if depth else 0))
        alias = draw(st.sampled_from(("", "", "a: ", "name: ", "being: ")))
        if kind == 1 and _NESTED[of]:
            name = draw(st.sampled_from(sorted(_NESTED[of])))
            below = draw(_selections(_NESTED[of][name], depth - 1, spreads))
            parts.append(f"{alias}{name} {{ {below} }}")
        elif kind == 2:
            type_ = draw(st.sampled_from(_MAY_BE[of]))
            parts.append(f"... on {type_} {{ {draw(_selections(type_, depth - 1, spreads))} }}")
        elif kind == 3 and fitting:
            parts.append(f"...{draw(st.sampled_from(fitting))}")
        else:
            parts.append(alias + draw(st.sampled_from(_LEAVES[of])))
    return " ".join(parts)


@st.composite
def _documents(draw: st.DrawFn) -> str:
    root, of = draw(
        st.sampled_from((("being", "Being"), ("cat", "Cat"), ("dog", "Dog"), ("pets", "Pet")))
    )
    names = tuple(_FRAGMENTS)
    bodies = [draw(_selections(of, 3, names)) for _ in range(draw(st.integers(1, 2)))]
    text = "{ " + " ".join(f"{root} {{ {body} }}" for body in bodies) + " }"
    for number, (name, condition) in enumerate(_FRAGMENTS.items()):
        if f"...{name}" in text:
            # Each uses those after it, so that there are no circles.
            below = draw(_selections(condition, 2, names[number + 1 :]))
            text += f" fragment {name} on {condition} {{ {below} }}"
    return text


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(_documents())
def test_the_verdict_is_graphql_cores(text: str) -> None:
    document = parse(text)
    assert validate(SCHEMA, document, _OTHERS) == []
    theirs = validate(SCHEMA, document, [OverlappingFieldsCanBeMergedRule])
    event(f"conflicts: {bool(theirs)}")
    assert bool(merging_conflicts(SCHEMA, document)) == bool(theirs)


@pytest.mark.parametrize(
    ("text", "conflicts"),
    [
        ("{ being { ... on Dog { a: __typename } ... on Cat { a: name } } }", 0),
        (
            "{ being { ... on Cat { a: lives } ... on Dog { a: __typename b: name } } }",
            0,
        ),
        ("{ being { ... on Dog { a: __typename } ... on Cat { a: being { name } } } }", 0),
        ("{ being { a: __typename ... on Cat { a: name } } }", 1),
        (
            "{ pets { ... on Dog { a: __typename b: barks } ... on Cat { b: lives } } }",
            1,
        ),
        (
            (
                "{ dog { a: __typename } dog { ...F } } "
                "fragment F on Being { ...G } fragment G on Cat { a: name }"
            ),
            0,
        ),
    ],
)
def test_the_name_of_a_type_is_held_against_no_other_type(text: str, conflicts: int) -> None:
    """As in graphql-js, whose verdict tools know; found by the test above."""
    document = parse(text)
    theirs = validate(SCHEMA, document, [OverlappingFieldsCanBeMergedRule])
    assert len(theirs) == len(merging_conflicts(SCHEMA, document)) == conflicts


@pytest.mark.parametrize(
    "text",
    [
        "{ cat { name: lives name } }",
        "{ cat { name(of: 1) name(of: 2) } }",
        "{ being { being { name } being { name: __typename } } }",
        "{ pets { ... on Cat { size } ... on Dog { size } } }",
        "{ pets { ... on Cat { a: lives } ... on Dog { a: barks } } }",
        "{ cat { being { a: name } } cat { being { a: name(of: 1) } } }",
    ],
)
def test_a_conflict_is_told_as_graphql_core_tells_it(text: str) -> None:
    document = parse(text)
    assert [error.message for error in merging_conflicts(SCHEMA, document)] == [
        error.message for error in validate(SCHEMA, document, [OverlappingFieldsCanBeMergedRule])
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{ cat { name name name(of: 1) } }".replace("name(of: 1)", "n: name(of: 1)"),
        "{ pets { ... on Cat { a: name } ... on Dog { a: name(of: 1) } } }",
        "{ cat { name(of: 1) name(of: 1) } }",
        "query($v: Int) { cat { name(of: $v) name(of: $v) } }",
    ],
)
def test_what_can_be_merged_passes(text: str) -> None:
    assert merging_conflicts(SCHEMA, parse(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "{" + "cat { being { name } } " * 250 + "}",
        "{" + ("cat {" + "being { name } " * 12 + "} ") * 30 + "}",
        "{ being { "
        + " ".join("...F" for _ in range(100))
        + " } } fragment F on Being { "
        + "being { name } " * 50
        + "}",
    ],
    ids=["flat", "nested", "fragments"],
)
def test_repetition_takes_no_time(text: str) -> None:
    document = parse(text)
    assert validate(SCHEMA, document, _OTHERS) == []
    assert merging_conflicts(SCHEMA, document) == []
    assert least_seconds(lambda: merging_conflicts(SCHEMA, document), below=0.1) < 0.1


def test_work_that_grows_beyond_bounds_is_refused() -> None:
    """Each level asks for cats and dogs apart, below what is asked of both."""

    def level(depth: int, mark: str) -> str:
        if not depth:
            return "name"
        inner = level(depth - 1, mark)
        return (
            f"being {{ {inner} }} ... on Cat {{ being {{ c{depth}: name {inner} }} }}"
            f" ... on Dog {{ being {{ d{depth}: name {inner} }} }}"
        )

    document = parse(f"{{ being {{ {level(6, '')} }} }}")
    begun = time.process_time()
    try:
        found = merging_conflicts(SCHEMA, document)
    except GraphQLError as refused:
        assert refused.message.startswith("The query asks for the same fields in too many ways")  # noqa: PT017 - either is right, as long as it is quick
    else:
        assert found == []
    assert time.process_time() - begun < 0.5
