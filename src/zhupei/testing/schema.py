"""The graph types of one plugin as text, as its schema.graphql shows them."""

from __future__ import annotations

from zhupei.hooks.manager import PluginHost

__all__ = ["plugin_schema"]


def plugin_schema(host: PluginHost, slug: str) -> str:
    """Return the types that a plugin adds to the graph in the schema language, by name.

    Empty where it adds none.

    Raises:
        zhupei.errors.PluginError: they clash with the core's graph.

    """
    # Here, not at the top: most plugins own no types, and strawberry takes its time.
    from zhupei.graphql.schema import build_schema  # noqa: PLC0415 - see above

    composed = build_schema(host)
    for problem in composed.problems:
        if problem.plugin == slug:
            raise problem
    return composed.plugin_sdl.get(slug, "")
