"""Every document that was written to hold a server: refused, or answered at what it may cost."""

from __future__ import annotations

import pytest

from asked_graph import AskedGraph, load_graph
from attacks.documents import Attack, attacks
from attacks.holding import held, outcome
from fictional import BASES
from zhupei.graphql.compose import compose
from zhupei.graphql.context import GraphContext
from zhupei.graphql.engine import Engine
from zhupei.graphql.limits import QueryLimits, schema_extensions
from zhupei.settings import Settings

_REFUSED = {"BAD_USER_INPUT", "LIMIT_EXCEEDED", "INTROSPECTION_DISABLED"}
# Of processor time without pause. A third of it is what the documentation tells; here other tests
# share the processor's caches.
_MOST_SECONDS = 0.15


@pytest.fixture(scope="module")
def graph() -> AskedGraph:
    return load_graph(BASES)


def engine_of(*, introspection: bool) -> Engine:
    settings = Settings()
    limits = QueryLimits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        fields=settings.max_fields,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
    )
    extensions = schema_extensions(limits, introspection=introspection)
    return compose([], slugs=(), extensions=extensions).schema.engine


@pytest.fixture(scope="module")
def engines() -> dict[str, Engine]:
    return {
        "production": engine_of(introspection=False),
        "development": engine_of(introspection=True),
    }


@pytest.mark.parametrize("where", ["production", "development"])
@pytest.mark.parametrize(
    "attack", list(attacks()), ids=lambda attack: f"{attack.abuse}-{attack.name}"
)
async def test_it_does_not_hold_the_server(
    graph: AskedGraph, engines: dict[str, Engine], attack: Attack, where: str
) -> None:
    found = await held(engines[where], attack, GraphContext(catalogue=graph.catalogue))
    hidden = where == "production" and attack.abuse == "introspection"
    if attack.answered and not hidden:
        assert outcome(found.result) == "answered"
    else:
        assert outcome(found.result) in _REFUSED
        assert not any((found.result.data or {}).values())
    assert found.longest < _MOST_SECONDS
    # A refusal repeats no more than a value or a name that was sent.
    assert found.size < 70_000 or attack.name == "a text of 900 kB"


async def test_what_is_kept_of_attacks_is_bounded(graph: AskedGraph) -> None:
    """Texts that are different each time leave no more behind than the caches may hold."""
    engine = engine_of(introspection=False)
    for number in range(200):
        text = "{ " + "catalogueHash " * 39 + f"# {number:04}" + " padding" * 8000 + "\n}"
        await engine.execute(text, {}, GraphContext(catalogue=graph.catalogue))
    kept = engine.questions.operations
    assert len(kept) < 200
    assert sum(each.tokens for each in kept.values()) <= 100_000
