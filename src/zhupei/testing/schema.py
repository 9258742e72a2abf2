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
    from graphql import print_type  # noqa: PLC0415
    from zhupei.graphql.compose import compose, contributions  # noqa: PLC0415

    composed = compose(contributions(host), slugs=[plugin.slug for plugin in host.plugins])
    for problem in composed.problems:
        if problem.plugin == slug:
            raise problem
    types = composed.schema.core_schema.type_map
    names = sorted(name for name, owner in composed.owners.items() if owner == slug)
    return "\n\n".join(print_type(types[name]) for name in names) + "\n" if names else ""
