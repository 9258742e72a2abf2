"""The schema that is served: composed once at start-up, printed once, hashed."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from graphql import print_type
from zhupei.domain.text import Language
from zhupei.errors import PluginError, PluginsFailedError
from zhupei.graphql.compose import (
    Composition,
    Extensions,
    GraphSchema,
    compose,
    contributions,
)
from zhupei.graphql.federation.readable import printed
from zhupei.graphql.federation.subgraph import Subgraph
from zhupei.hooks.manager import PluginHost
from zhupei.settings import FederationAccess

__all__ = ["ComposedSchema", "build_schema"]

_log = logging.getLogger("zhupei.graphql")


@dataclass(frozen=True, slots=True)
class ComposedSchema:
    """A composed schema as it is served.

    ``sdl`` is its text, ``hash`` the SHA-256 of that, ``core_sdl`` the text of the core alone;
    what only gateways ask is in neither, but in ``schema.subgraph``. ``plugin_sdl`` holds the types
    of each plugin by slug. ``problems`` say which plugins were left out and why.
    """

    schema: GraphSchema
    sdl: str
    hash: str
    core_sdl: str
    plugin_sdl: dict[str, str]
    problems: tuple[PluginError, ...]


def build_schema(
    host: PluginHost | None = None,
    *,
    extensions: Extensions = (),
    strict: bool = False,
    access: FederationAccess = FederationAccess.NONE,
) -> ComposedSchema:
    """Compose the core's graph with what the plugins of ``host`` add.

    A plugin whose part clashes is left out of the graph, logged, and marked as degraded.
    ``access`` says how the subgraph tells gateways what protects a field.

    Raises:
        PluginsFailedError: ``strict``, and a plugin cannot be composed; holds all errors.

    """
    slugs = () if host is None else tuple(each.slug for each in host.plugins)
    added = [] if host is None else contributions(host)
    composed = compose(added, slugs=slugs, extensions=extensions)
    if strict and composed.problems:
        raise PluginsFailedError(composed.problems)
    for problem in composed.problems:
        _log.error("%s", problem.text(Language.EN))
        if host is not None:
            host.degrade(problem)
    core_sdl = printed(composed.core.core_schema)
    same = composed.schema is composed.core
    sdl = core_sdl if same else printed(composed.schema.core_schema)
    known = {} if host is None else host.permissions
    permissions = {name: permission for name, (_, permission) in known.items()}
    composed.schema.subgraph = Subgraph(composed.schema.core_schema, permissions, access)
    return ComposedSchema(
        schema=composed.schema,
        sdl=sdl,
        hash=hashlib.sha256(sdl.encode()).hexdigest(),
        core_sdl=core_sdl,
        plugin_sdl=_by_plugin(composed),
        problems=composed.problems,
    )


def _by_plugin(composed: Composition) -> dict[str, str]:
    types = composed.schema.core_schema.type_map
    texts: dict[str, list[str]] = {}
    for name, slug in sorted(composed.owners.items()):
        if name in types:
            texts.setdefault(slug, []).append(print_type(types[name]))
    return {slug: "\n\n".join(parts) + "\n" for slug, parts in texts.items()}
