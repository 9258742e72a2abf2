"""Documents that were written to hold a server, by what they abuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Attack", "attacks"]


@dataclass(frozen=True)
class Attack:
    """One document, with what it abuses; ``answered`` where it asks for nothing too much."""

    abuse: str
    name: str
    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False


def _page(inner: str, first: int = 100) -> str:
    return f"{{ bases(first: {first}) {{ edges {{ node {{ {inner} }} }} }} }}"


def _chain(number: int, one: str, last: str) -> str:
    """Fragments on bases of which each uses the next as ``one`` says."""
    return (
        " ".join(
            f"fragment F{n} on Base {{ {one.replace('NEXT', f'...F{n + 1}')} }}"
            for n in range(number)
        )
        + f" fragment F{number} on Base {{ {last} }}"
    )


_BACK = "province { bases(first: 100) { edges { node { NEXT } } } }"


def attacks() -> Iterator[Attack]:
    """Yield every document."""
    yield from _fragments()
    yield from _floods()
    yield from _depth()
    yield from _merging()
    yield from _pages()
    yield from _schema()
    yield from _text()
    yield from _variables()
    yield from _errors()


def _fragments() -> Iterator[Attack]:
    two = f"a: {_BACK} b: {_BACK}"
    yield Attack("fragments", "doubling, 1.3 kB", f"{_page('...F0')} {_chain(8, two, 'code')}")
    yield Attack("fragments", "doubling, 30 levels", f"{_page('...F0')} {_chain(20, two, 'code')}")
    wide = " ".join("...F1" for _ in range(50)) + " code"
    yield Attack(
        "fragments",
        "one spread 50 times in a chain",
        f"{_page('...F0')} {_chain(30, wide, 'code')}",
    )
    many = " ".join(f"...F{n}" for n in range(99))
    each = " ".join(f"fragment F{n} on Base {{ code names: name }}" for n in range(99))
    yield Attack("fragments", "99 of them, 98 aliases", f"{_page(many)} {each}")
    each = " ".join(f"fragment F{n} on Base {{ code name }}" for n in range(99))
    yield Attack("fragments", "99 alike", f"{_page(many, 1)} {each}", answered=True)
    yield Attack("fragments", "1,000 of them", _page("code") + f" {_chain(1000, 'NEXT', 'code')}")
    yield Attack("fragments", "chain of 99", f"{_page('...F0')} {_chain(98, 'NEXT', 'code')}")
    yield Attack(
        "fragments",
        "circle",
        f"{_page('...A')} fragment A on Base {{ ...B }} fragment B on Base {{ ...A }}",
    )
    yield Attack(
        "fragments",
        "circle through fields",
        f"{_page('...A')} fragment A on Base {{ {_BACK.replace('NEXT', '...A')} }}",
    )
    unused = " ".join(f"fragment F{n} on Base {{ code }}" for n in range(90))
    yield Attack("fragments", "90 unused", f"{{ catalogueHash }} {unused}")


def _floods() -> Iterator[Attack]:
    for number in (51, 500, 5000):
        text = "{ " + " ".join(f"a{n}: catalogueHash" for n in range(number)) + " }"
        yield Attack("aliases", f"{number:,}", text)
    dear = " ".join(f"a{n}: eligibleOpenings(candidate: {{}}) {{ totalCount }}" for n in range(40))
    yield Attack("aliases", "40 times the dearest field", f"{{ {dear} }}")
    for number in (101, 400, 5000):
        text = "{ catalogueHash " + "@skip(if: false) " * number + "}"
        yield Attack("directives", f"{number} on one field", text)
    yield Attack("directives", "unknown ones", "{ catalogueHash " + "@a @b @c " * 33 + "}")
    yield Attack("roots", "1,400 times the same field", "{ " + "catalogueHash " * 1400 + "}")
    yield Attack(
        "operations", "100 of them", " ".join(f"query Q{n} {{ catalogueHash }}" for n in range(100))
    )
    yield Attack(
        "operations", "20 without names", " ".join("query { catalogueHash }" for _ in range(20))
    )
    declared = " ".join(f"$v{n}: Int" for n in range(700))
    yield Attack("variables", "700 declared", f"query({declared}) {{ catalogueHash }}")
    same = "$v: Int " * 700
    yield Attack("variables", "one declared 700 times", f"query({same}) {{ catalogueHash }}")


def _depth() -> Iterator[Attack]:
    for number in (17, 1000, 10_000, 30_000):
        text = "{" + "node{" * number + "id" + "}" * number + "}"
        yield Attack("depth", f"{number:,} fields", text)
    yield Attack(
        "depth", "10,000 lists", "{ nodes(ids: " + "[" * 10_000 + "]" * 10_000 + ") {id} }"
    )
    yield Attack(
        "depth",
        "50 objects",
        "{ bases(filter: " + "{a: " * 50 + "1" + "}" * 50 + ") {totalCount} }",
    )
    yield Attack("depth", "brackets never closed", "{" * 60_000)
    inline = "... on Query { " * 58 + "catalogueHash" + " }" * 58
    yield Attack("depth", "58 inline fragments", f"{{ {inline} }}", answered=True)
    below = "province { bases(first: 1) { edges { node { NEXT } } } }"
    text = "code"
    for _ in range(3):
        text = below.replace("NEXT", text)
    yield Attack("depth", "16 fields, pages of one", _page(text, 1), answered=True)


def _merging() -> Iterator[Attack]:
    yield Attack("merging", "one field 1,400 times", _page("code " * 1400, 1), answered=True)
    yield Attack(
        "merging", "one object 480 times", _page("province { code } " * 480, 1), answered=True
    )
    yield Attack(
        "merging",
        "two levels",
        _page(("province { " + "country: code " * 8 + "} ") * 40, 1),
    )
    levels = "code"
    for _ in range(3):
        levels = f"province {{ bases(first: 1) {{ edges {{ node {{ {levels} }} }} }} }} " * 3
    yield Attack("merging", "three levels, three times each", _page(levels, 1), answered=True)
    conflicting = " ".join(f"x: {name}" for name in ("code", "name", "id") * 15)
    yield Attack("merging", "45 conflicts", _page(conflicting, 1))
    parts = " ".join(f"...F{n}" for n in range(60))
    same = " ".join(f"fragment F{n} on Base {{ province {{ code name }} }}" for n in range(60))
    yield Attack("merging", "60 fragments alike", f"{_page(parts, 1)} {same}", answered=True)


def _pages() -> Iterator[Attack]:
    three = "code"
    for _ in range(3):
        three = _BACK.replace("NEXT", three)
    yield Attack("cost", "pages of 100 in pages of 100", _page(three))
    variable = (
        "query($n: Int) { bases(first: $n) { edges { node { openings(first: $n) { edges { node { "
        "base { openings(first: $n) { edges { node { code } } } } } } } } } } }"
    )
    yield Attack("cost", "the same by variables", variable, {"n": 100})
    yield Attack("cost", "a page of 2 billion", _page("code", 2_000_000_000))
    yield Attack("cost", "pages of less than nothing", _page("code", -2_000_000_000))
    ids = " ".join(f'"{n}"' for n in range(2500))
    yield Attack("cost", "2,500 ids", f"{{ nodes(ids: [{ids}]) {{ id }} }}")
    changes = " ".join(
        f'a{n}: simulateAllocation(input: {{program: "p", round: "r"}}) {{ __typename }}'
        for n in range(11)
    )
    yield Attack("cost", "11 changes at once", f"mutation {{ {changes} }}")


def _schema() -> Iterator[Attack]:
    nested = "name"
    for _ in range(10):
        nested = f"fields {{ type {{ {nested} }} }}"
    yield Attack(
        "introspection", "types of fields of types", f"{{ __schema {{ types {{ {nested} }} }} }}"
    )
    types = " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(40))
    yield Attack("introspection", "40 times", f"{{ {types} }}")
    deep = " ".join(f"a{n}: fields {{ name args {{ name }} }}" for n in range(40))
    yield Attack(
        "introspection", "40 times within types", f"{{ __schema {{ types {{ {deep} }} }} }}"
    )
    of_type = "name"
    for _ in range(50):
        of_type = f"ofType {{ {of_type} }}"
    yield Attack(
        "introspection",
        "50 wrappers",
        f'{{ __type(name: "Query") {{ {of_type} }} }}',
        answered=True,
    )


def _text() -> Iterator[Attack]:
    yield Attack("text", "2 MB of one name", "{ " + "a" * 2_000_000 + " }")
    yield Attack("text", "65 kB of one name", "{ " + "a" * 65_000 + " }")
    yield Attack("text", "tokens in 64 kB", "{ " + "a " * 32_000 + "}")
    yield Attack("text", "comments", "#\n" * 32_000 + "{ catalogueHash }")
    yield Attack("text", "one comment", "#" * 65_000 + "\n{ catalogueHash }", answered=True)
    yield Attack("text", "commas", "," * 65_000 + "{ catalogueHash }", answered=True)
    yield Attack("text", "string never closed", '{ node(id: "' + '\\"' * 32_000)
    yield Attack("text", "block string never closed", '{ node(id: """' + '\\"""' * 16_000)
    yield Attack(
        "text", "block string of 60 kB", '{ node(id: """' + "\n" * 60_000 + '""") { id } }'
    )
    yield Attack("text", "escapes", '{ node(id: "' + "\\u{1F600}" * 7_000 + '") { id } }')
    yield Attack("text", "integer of 60,000 digits", _page("code", 1).replace("1", "1" * 60_000))
    yield Attack(
        "text", "float of 60,000 digits", _page("code", 1).replace("1", "1." + "1" * 60_000)
    )
    yield Attack("text", "surrogates", '{ node(id: "\\uD800\\uD800") { id } }')
    yield Attack("text", "nothing but bytes", "\x00\x01\x02" * 20_000)


def _variables() -> Iterator[Attack]:
    ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    yield Attack("values", "100,000 ids", ids, {"ids": ["x"] * 100_000})
    yield Attack("values", "10,000 ids", ids, {"ids": ["x"] * 9_999})
    nested: Any = "x"
    for _ in range(900):
        nested = [nested]
    yield Attack("values", "900 lists", ids, {"ids": nested})
    yield Attack("values", "an object instead", ids, {"ids": {"a": {"b": "c"}}})
    big = "query($n: Int) { bases(first: $n) { totalCount } }"
    yield Attack("values", "an integer of 4,000 digits", big, {"n": 10**4000})
    yield Attack("values", "a text of 900 kB", ids, {"ids": ["x" * 900_000]})
    filters = "query($f: BaseFilter) { bases(filter: $f) { totalCount } }"
    yield Attack(
        "values", "10,000 unknown keys", filters, {"f": {f"k{n}": n for n in range(9_000)}}
    )


def _errors() -> Iterator[Attack]:
    bogus = " ".join(f"bogus{n}" for n in range(1400))
    yield Attack("errors", "1,400 unknown fields", _page(bogus, 1))
    near = " ".join(f"codee{n % 9}" for n in range(1400))
    yield Attack("errors", "1,400 names that are nearly known", _page(near, 1))
    wrong = " ".join(f'code(a{n}: "x")' for n in range(300))
    yield Attack("errors", "300 unknown arguments", _page(wrong, 1))
    types = " ".join(f"... on Bas{n} {{ code }}" for n in range(300))
    yield Attack("errors", "300 unknown types", _page(types, 1))
    failing = " ".join(f"a{n}: bases(first: 1000) {{ totalCount }}" for n in range(40))
    yield Attack("errors", "40 fields that fail", f"{{ {failing} }}")
