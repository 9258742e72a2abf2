"""Sites: what follows from an operation before any value of it is read."""

from __future__ import annotations

from typing import Any

from asked_graph import core_graph
from graphql import OperationDefinitionNode, get_named_type, parse
from zhupei.graphql.questions import Operation
from zhupei.graphql.readings import Reading
from zhupei.graphql.sites import Selection, Site, selection_of

_SCHEMA = core_graph().schema


def _selection(text: str, **flags: bool) -> Selection:
    document = parse(text)
    definition = next(
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    )
    return selection_of(Operation(document, definition, _SCHEMA), flags)


def _below(selection: Selection, *keys: str) -> Site:
    *above, last = keys
    for key in above:
        site = next(each for each in selection.sites if each.key == key)
        type_: Any = get_named_type(site.field.type)
        selection = site.selection(type_)
    return next(each for each in selection.sites if each.key == last)


_BASES = "{ bases { edges { node { code there: name province { name } } } } }"


def test_a_place_has_an_index_for_each_list_on_the_way() -> None:
    site = _below(_selection(_BASES), "bases", "edges", "node", "there")
    assert site.place.path((4,)) == ("bases", "edges", 4, "node", "there")
    assert (site.name, site.reading) == ("Base.name", Reading.WRITTEN)
    assert site.anchor is site.anchor
    assert site.anchor.place == site.place


def test_conditions_decide_what_is_asked() -> None:
    text = "query ($a: Boolean!) { catalogueHash bases @include(if: $a) { totalCount } }"
    assert [site.key for site in _selection(text, a=False).sites] == ["catalogueHash"]
    assert [site.key for site in _selection(text, a=True).sites] == ["catalogueHash", "bases"]


def test_what_fragments_ask_is_asked_once() -> None:
    text = "{ bases { ...A totalCount edges { cursor } } } fragment A on BaseConnection {"
    text += " edges { node { code } } }"
    bases: Any = _SCHEMA.core_schema.get_type("BaseConnection")
    edge: Any = _SCHEMA.core_schema.get_type("BaseEdge")
    edges, total = _below(_selection(text), "bases").selection(bases).sites
    assert [site.key for site in edges.selection(edge).sites] == ["node", "cursor"]
    assert (total.key, len(edges.nodes)) == ("totalCount", 2)


def test_an_object_is_kept_where_all_of_it_is_settled_and_three_fields_are_asked() -> None:
    node = _below(_selection(_BASES), "bases", "edges", "node")
    base: Any = _SCHEMA.core_schema.get_type("Base")
    part = node.part(base)
    assert part is not None
    assert (part.size, part.variables) == (4, frozenset())
    assert part.fields == ("code", "there", "province")
    # What takes arguments may look at the clock because of them.
    assert [asked.nodes[0].name.value for _, asked in part.argued] == ["name", "name"]
    # What is within a part is no part of its own.
    assert _below(_selection(_BASES), "bases", "edges", "node", "province").is_in_part
    few = _below(_selection("{ bases { edges { node { code name } } } }"), "bases", "edges", "node")
    assert few.part(base) is None


def test_an_object_with_answers_of_plugins_is_kept_only_with_these() -> None:
    text = "{ openings { edges { node { code year remainingSeats } } } }"
    node = _below(_selection(text), "openings", "edges", "node")
    opening: Any = _SCHEMA.core_schema.get_type("Opening")
    assert node.part(opening) is None
    assert node.part(opening, held=True) is not None
    assert not _below(_selection(text), "openings", "edges", "node", "remainingSeats").is_in_part
    assert not node.selection(opening).is_plain


def test_what_a_mutation_changes_is_done_by_its_resolver() -> None:
    text = "mutation { __typename }"
    assert [site.reading for site in _selection(text).sites] == [Reading.TYPENAME]
    mutation: Any = _SCHEMA.core_schema.mutation_type
    for name in mutation.fields:
        (site,) = _selection(f"mutation {{ {name} {{ __typename }} }}").sites
        assert site.reading is Reading.CALLED, name
