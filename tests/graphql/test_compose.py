"""Composition: plugins only add, a clash names both parties, and a fault stays a plugin's own."""

import asyncio
import time
from enum import Enum
from typing import Any

import pytest
import strawberry

from asked_graph import AskedGraph
from graphql import find_breaking_changes
from zhupei import Model
from zhupei.domain.benefits import Benefit as DomainBenefit
from zhupei.domain.institutions import Base as DomainBase
from zhupei.domain.sources import Level
from zhupei.domain.text import Language, Text
from zhupei.errors import PluginError
from zhupei.graph import BaseExtension, Benefit, Computed, Info, Param, Yuan, field
from zhupei.graphql.compose import Composition, Contribution, compose
from zhupei.graphql.schema import ComposedSchema
from zhupei.hooks.hook_errors import HookAnswerError, TypeClashError, TypeNameError

_ANY: Any = object


def _named(name: str, base: type = BaseExtension) -> type[Any]:
    @strawberry.type(name=name, description="示例")
    class Made(base):  # type: ignore[misc]  # the base is a parameter
        extra: int = field(description="示例", default=1)

    return Made


def _composed(*added: Contribution, slugs: tuple[str, ...] = ()) -> Composition:
    return compose(added, slugs=(*slugs, *(each.plugin for each in added)), seconds=0.2)


def _plugin(slug: str, *types: type[Any], **more: Any) -> Contribution:
    return Contribution(slug, types=dict.fromkeys(types, "register_types"), **more)


def test_without_plugins_the_graph_is_the_cores() -> None:
    composed = _composed()
    assert composed.schema is composed.core
    assert composed.problems == ()
    assert composed.owners == {}


def test_a_plugin_only_adds() -> None:
    composed = _composed(_plugin("fiction", _named("FictionProfile")))
    assert composed.problems == ()
    assert composed.owners == {"FictionProfile": "fiction"}
    assert "FictionProfile" in composed.schema.core_schema.type_map
    assert "FictionProfile" not in composed.core.core_schema.type_map
    core, served = composed.core.core_schema, composed.schema.core_schema
    assert find_breaking_changes(core, served) == []


def test_a_type_with_the_name_of_a_core_type_is_refused() -> None:
    composed = _composed(_plugin("base", _named("BaseConnection")))
    [problem] = composed.problems
    assert isinstance(problem, TypeClashError)
    assert problem.message == Text(
        "插件 base，钩子 register_types：图类型“BaseConnection”已由核心注册",
        'plugin base, hook register_types: the graph type "BaseConnection" is already registered '
        "by the core",
    )
    assert composed.schema is composed.core


def test_a_type_without_the_prefix_is_refused_and_the_others_stand() -> None:
    composed = _composed(
        _plugin("fiction", _named("Profile")), _plugin("other", _named("OtherProfile"))
    )
    [problem] = composed.problems
    assert isinstance(problem, TypeNameError)
    assert problem.plugin == "fiction"
    assert composed.owners == {"OtherProfile": "other"}


def test_a_type_belongs_to_the_longest_prefix() -> None:
    composed = _composed(
        _plugin("fiction", _named("FictionTwoProfile")),
        _plugin("fiction-two", _named("FictionTwoOther")),
    )
    [problem] = composed.problems
    assert isinstance(problem, TypeNameError)
    assert problem.plugin == "fiction"
    assert problem.owner == "fiction-two"
    assert composed.owners == {"FictionTwoOther": "fiction-two"}


def test_what_is_reached_through_fields_is_judged_too() -> None:
    @strawberry.type(name="Hidden", description="示例")
    class Hidden:
        size: int = field(description="示例")

    @strawberry.type(name="FictionOuter", description="示例")
    class Outer(BaseExtension):
        hidden: list[Hidden] | None = field(description="示例", default=None)

    [problem] = _composed(_plugin("fiction", Outer)).problems
    assert isinstance(problem, TypeNameError)
    assert '"Hidden"' in str(problem)


def test_an_enumeration_of_two_plugins_names_both() -> None:
    @strawberry.enum(name="ASharedKind", description="示例")
    class One(Enum):
        X = "x"

    @strawberry.enum(name="ASharedKind", description="示例")
    class Two(Enum):
        Y = "y"

    @strawberry.type(name="AOuter", description="示例")
    class Outer(BaseExtension):
        one: One | None = field(description="示例", default=None)

    @strawberry.type(name="ASharedOuter", description="示例")
    class Other(BaseExtension):
        two: Two | None = field(description="示例", default=None)

    composed = _composed(_plugin("a-shared", Other), _plugin("a", Outer))
    [problem] = composed.problems
    assert isinstance(problem, TypeClashError)
    assert (problem.plugin, problem.owner) == ("a", "a-shared")


def test_two_fields_with_one_name_in_the_graph_are_refused() -> None:
    @strawberry.type(name="FictionTwice", description="示例")
    class Twice(BaseExtension):
        some_size: int = field(description="示例", default=1)
        someSize: int = field(description="示例", default=2)  # noqa: N815 - because that is the trap

    [problem] = _composed(_plugin("fiction", Twice)).problems
    assert isinstance(problem, HookAnswerError)
    assert str(problem) == (
        "plugin fiction, hook register_types: FictionTwice.someSize: the fields some_size and "
        "someSize have one name in the graph"
    )


def test_an_annotation_that_leads_nowhere_is_the_plugins_fault() -> None:
    @strawberry.type(name="FictionBroken", description="示例")
    class Broken(BaseExtension):
        lost: "Nowhere | None" = field(description="示例", default=None)  # type: ignore[name-defined]  # noqa: F821 - because that is the trap

    composed = _composed(_plugin("fiction", Broken), _plugin("other", _named("OtherProfile")))
    [problem] = composed.problems
    assert problem.plugin == "fiction"
    assert "cannot be composed" in str(problem)
    assert "OtherProfile" in composed.schema.core_schema.type_map


def test_a_plugin_that_changes_an_inherited_field_is_left_out() -> None:
    """An interface's field may not become something else."""

    @strawberry.type(name="FictionChanged", description="示例")
    class Changed(BaseExtension):
        label: int = field(description="示例")  # type: ignore[assignment]  # because that is the trap

    composed = _composed(_plugin("fiction", Changed), _plugin("other", _named("OtherProfile")))
    [problem] = composed.problems
    assert problem.plugin == "fiction"
    assert set(composed.owners) == {"OtherProfile"}


def test_a_kinds_type_must_implement_the_interface_of_its_group() -> None:
    wrong = _named("FictionMeals")
    composed = _composed(
        _plugin("fiction", wrong, kinds={("Benefit", "fiction.meals"): "FictionMeals"})
    )
    [problem] = composed.problems
    assert 'the type "FictionMeals" does not implement the interface Benefit' in str(problem)


@strawberry.type(description="示例")
class FictionQueries:
    """Queries that go wrong in every way."""

    @strawberry.field
    def fine(self) -> int | None:
        return 7

    @strawberry.field
    def raises(self) -> int | None:
        raise RuntimeError("password=hunter2")

    @strawberry.field
    async def raises_later(self) -> int | None:
        await asyncio.sleep(0)
        raise RuntimeError("password=hunter2")

    @strawberry.field
    async def hangs(self) -> int | None:
        await asyncio.sleep(60)
        return 1

    @strawberry.field
    def blocks(self) -> int | None:
        time.sleep(1)
        return 1

    @strawberry.field
    def nonsense(self) -> int | None:
        return _ANY  # type: ignore[no-any-return]  # because that is the trap

    @strawberry.field
    def must(self) -> int:
        raise RuntimeError("no number")

    @strawberry.field
    def catalogue(self, info: Info) -> str | None:
        return info.context.catalogue.hash


def _asked(graph: AskedGraph, composed: Composition) -> AskedGraph:
    shown = ComposedSchema(composed.schema, "", "", "", {}, composed.problems)
    return AskedGraph(shown, graph.catalogue, graph.dispatcher)


@pytest.fixture(scope="module")
def mounted(fictional: AskedGraph) -> AskedGraph:
    """The fictional graph with the queries of a plugin."""
    composed = _composed(Contribution("fiction", queries=FictionQueries))
    assert composed.problems == ()
    return _asked(fictional, composed)


async def test_queries_are_mounted_at_the_slug(mounted: AskedGraph) -> None:
    found = await mounted.ask("{ fiction { fine catalogue } }")
    assert found == {"fiction": {"fine": 7, "catalogue": mounted.catalogue.hash}}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "plugin fiction: failed (RuntimeError)"),
        ("raisesLater", "plugin fiction: failed (RuntimeError)"),
        ("hangs", "plugin fiction: did not answer within 0.2 s"),
        ("blocks", "plugin fiction: did not answer within 0.2 s"),
    ],
)
async def test_a_field_that_fails_is_null_and_names_the_plugin(
    mounted: AskedGraph, name: str, message: str
) -> None:
    refusal = await mounted.refused(f"{{ fiction {{ fine {name} }} bases {{ totalCount }} }}")
    assert refusal.only["message"] == message
    assert refusal.only["path"] == ["fiction", name]
    assert refusal.only["extensions"] == {
        "code": "PLUGIN_PROBLEM",
        "plugin": "fiction",
        "hook": "register_queries",
    }
    assert refusal.data == {"fiction": {"fine": 7, name: None}, "bases": {"totalCount": 1}}


async def test_a_field_that_hangs_does_not_hold_the_others_up(mounted: AskedGraph) -> None:
    refusal = asyncio.create_task(mounted.refused("{ fiction { blocks } }"))
    await mounted.ask("{ bases { totalCount } }")
    assert not refusal.done()
    await refusal


async def test_a_field_that_must_not_be_null_takes_only_its_plugin_along(
    mounted: AskedGraph,
) -> None:
    refusal = await mounted.refused("{ fiction { fine must } bases { totalCount } }")
    assert refusal.data == {"fiction": None, "bases": {"totalCount": 1}}
    assert refusal.only["extensions"]["plugin"] == "fiction"


async def test_messages_of_plugins_are_in_the_language_asked_for(mounted: AskedGraph) -> None:
    refusal = await mounted.refused("{ fiction { raises } }", language=Language.ZH)
    assert refusal.only["message"] == "插件 fiction：出错（RuntimeError）"


def test_a_mount_clashes_with_the_core() -> None:
    @strawberry.type(name="BasesQueries", description="示例")
    class Queries:
        fine: int = strawberry.field(description="示例", default=1)

    [problem] = _composed(Contribution("bases", queries=Queries)).problems
    assert isinstance(problem, TypeClashError)
    assert str(problem) == (
        'plugin bases, hook register_queries: the graph type "Query.bases" is already registered '
        "by the core"
    )


def test_two_slugs_with_one_mount_name_both() -> None:
    def queries(name: str) -> type[Any]:
        @strawberry.type(name=name, description="示例")
        class Queries:
            fine: int = strawberry.field(description="示例", default=1)

        return Queries

    composed = _composed(
        Contribution("a-1", queries=queries("A1Queries")),
        Contribution("a1", queries=queries("A1Queries")),
    )
    [problem] = composed.problems
    assert isinstance(problem, PluginError)
    assert composed.problems[0].plugin in {"a-1", "a1"}


@strawberry.type(description="示例 (按餐计价).")
class FictionMeals(Benefit):
    """A benefit with fields of its own."""

    price: Yuan | None = field(Param(), description="示例")

    @strawberry.field
    def bad(self) -> int | None:
        raise RuntimeError("no meals")


class _Params(Model):
    """Parameters of a kind."""

    price: int = 12


async def test_an_entry_is_shown_by_the_type_of_its_kind(fictional: AskedGraph) -> None:
    """Every other kind has the core's plain type, with its parameters written out."""
    from dataclasses import replace

    contribution = Contribution(
        "fiction",
        types={FictionMeals: "register_kinds"},
        kinds={("Benefit", "fiction.meals"): "FictionMeals"},
    )
    composed = _composed(contribution)
    graph = _asked(fictional, composed)
    code = "example-hospital-residency-2026"
    program = graph.catalogue.programs[code]
    meals = DomainBenefit(
        id="meals",
        kind="fiction.meals",
        label=Text("工作餐", "Meals"),
        level=Level.INSTITUTION,
        params=_Params(),
    )
    graph.catalogue = replace(
        graph.catalogue,
        programs={
            **graph.catalogue.programs,
            code: replace(program, benefits=(*program.benefits, meals)),
        },
    )
    query = """{ program(code: "example-hospital-residency-2026") { benefits {
      __typename id label parameters { name } ... on FictionMeals { price } } } }"""
    found = (await graph.ask(query))["program"]["benefits"]
    by_id = {each["id"]: each for each in found}
    assert by_id["meals"] == {
        "__typename": "FictionMeals",
        "id": "meals",
        "label": "Meals",
        "parameters": [{"name": "price"}],
        "price": "12",
    }
    assert by_id["stipend"]["__typename"] == "StandardBenefit"
    assert by_id["stipend"]["parameters"] == [
        {"name": "amounts.BACHELOR"},
        {"name": "amounts.MASTER"},
        {"name": "amounts.DOCTOR"},
    ]
    refusal = await graph.refused(query.replace("price", "price bad"))
    assert refusal.only["extensions"]["hook"] == "register_kinds"
    plain = await fictional.ask('{ __type(name: "FictionMeals") { name } }')
    assert plain == {"__type": None}


async def test_without_its_part_of_the_graph_an_extension_is_a_problem_of_its_plugin(
    fictional: AskedGraph,
) -> None:
    from dataclasses import replace

    made = _named("FictionProfile")
    extension = made(id="x", kind="fiction.profile", label=Text("概况", "Profile"))
    base = replace(fictional.catalogue.bases["example-hospital"], extension=extension)
    bases: dict[str, DomainBase] = {base.code: base}
    graph = AskedGraph(
        fictional.composed, replace(fictional.catalogue, bases=bases), fictional.dispatcher
    )
    query = '{ base(code: "example-hospital") { code extension { label } } }'
    refusal = await graph.refused(query)
    assert refusal.only["message"] == (
        'the graph type "FictionProfile" of plugin fiction was left out of the graph'
    )
    assert refusal.only["extensions"] == {
        "code": "PLUGIN_PROBLEM",
        "plugin": "fiction",
        "hook": "register_types",
    }
    assert refusal.data == {"base": {"code": "example-hospital", "extension": None}}

    composed = _composed(_plugin("fiction", made))
    served = _asked(graph, composed)
    assert await served.ask(query.replace("label", "__typename label description")) == {
        "base": {
            "code": "example-hospital",
            "extension": {"__typename": "FictionProfile", "label": "Profile", "description": None},
        }
    }


def _twice(root: strawberry.Parent[Any]) -> int:
    return int(root.extra) * 2


async def test_a_plugins_computed_field_sees_its_own_object(fictional: AskedGraph) -> None:
    from dataclasses import replace

    @strawberry.type(name="FictionComputed", description="示例")
    class Made(BaseExtension):
        extra: int = field(description="示例", default=4)
        twice: int = field(Computed(_twice), description="示例")
        note: Text | None = field(description="示例", default=None)

    made: Any = Made
    extension = made(
        id="x", kind="fiction.computed", label=Text("甲", "A"), extra=21, note=Text("乙", "B")
    )
    base = replace(fictional.catalogue.bases["example-hospital"], extension=extension)
    graph = _asked(fictional, _composed(_plugin("fiction", Made)))
    graph.catalogue = replace(graph.catalogue, bases={base.code: base})
    found = await graph.ask(
        """{ base(code: "example-hospital") { extension { label(language: ZH)
          ... on FictionComputed { extra twice note } } } }"""
    )
    assert found["base"]["extension"] == {"label": "甲", "extra": 21, "twice": 42, "note": "B"}
