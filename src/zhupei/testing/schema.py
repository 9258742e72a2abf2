"""The graph types of one plugin as text, as its schema.graphql shows them."""

from __future__ import annotations

from zhupei.hooks.manager import PluginHost

__all__ = ["plugin_schema"]


def plugin_schema(host: PluginHost, slug: str) -> str:
    """Return the types that a plugin owns in the schema definition language, by name.

    Empty where it owns none.
    """
    # Here, not at the top: most plugins own no types, and strawberry takes its time.
    import strawberry  # noqa: PLC0415

    from graphql import print_type  # noqa: PLC0415

    owned = [each for each in host.types if each.plugin == slug]
    if slug in host.queries:
        owned.append(host.queries[slug])
    if not owned:
        return ""

    @strawberry.type
    class Query:
        nothing: int = 0

    schema = strawberry.Schema(query=Query, types=[each.type for each in owned])
    types = schema._schema.type_map  # noqa: SLF001 - it prints whole schemas only
    return (
        "\n\n".join(print_type(types[name]) for name in sorted(each.name for each in owned)) + "\n"
    )
