"""Whether an actor may do something: the table of roles, then the plugins that have a say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from zhupei.catalogue.catalogue import Catalogue
from zhupei.domain.access_refusals import AccessCode, AccessRefusal
from zhupei.domain.actors import Actor, Permission
from zhupei.domain.permissions import (
    PERMISSIONS,
    Places,
    Target,
    grants_with,
    holds,
    reaches,
    within_scopes,
)
from zhupei.domain.text import Text
from zhupei.errors import did_you_mean
from zhupei.hooks.dispatch import Dispatcher
from zhupei.hooks.manager import PluginHost
from zhupei.hooks.scope import PLATFORM

__all__ = [
    "FORBIDDEN",
    "UNAUTHENTICATED",
    "Allowed",
    "Reach",
    "allowed",
    "allowed_bases",
    "permission_named",
    "permissions_of",
    "reach_of",
    "visible_bases",
]

UNAUTHENTICATED = AccessRefusal(
    code=AccessCode.UNAUTHENTICATED, message=Text("请先登录", "sign in first")
)
FORBIDDEN = AccessRefusal(
    code=AccessCode.FORBIDDEN, message=Text("没有所需的权限", "this is not permitted")
)
"""One answer for all that is forbidden, so that it tells nothing of what exists."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """That it may be done; ``plugin`` is set where a plugin allowed what no role does."""

    permission: str
    plugin: str | None = None


def permission_named(name: str, host: PluginHost | None) -> Permission:
    """Return a permission of the core or of a plugin.

    Raises LookupError where nobody declares it: a mistake of whoever protects something with it.
    """
    found = PERMISSIONS.get(name)
    if found is None and host is not None and name in host.permissions:
        found = host.permissions[name][1]
    if found is None:
        known = (*PERMISSIONS, *(host.permissions if host is not None else ()))
        hint = did_you_mean(name, known)
        raise LookupError(f'no permission "{name}"' + ("" if hint is None else f"; {hint.en}"))
    return found


async def allowed(
    actor: Actor | None,
    permission: str,
    base: str | None,
    catalogue: Catalogue,
    dispatcher: Dispatcher,
    *,
    jurisdiction: str | None = None,
    specialty: str | None = None,
    owners: Collection[str] = (),
) -> Allowed | AccessRefusal:
    """Return whether ``actor`` (None is the public) may do what ``permission`` names.

    ``base`` is the code of the base that it concerns, ``specialty`` that of the specialty there,
    where it belongs to one; else ``jurisdiction``; with none it concerns the whole nation.
    ``owners`` are ids of the accounts that the thing belongs to. Roles decide, unless a plugin of
    that base refuses or allows (`permission_granted`); a plugin that fails refuses. A token's
    scopes are never exceeded. Raises LookupError for a permission that nobody declares.
    """
    record = permission_named(permission, dispatcher.host)
    refusal = UNAUTHENTICATED if actor is None else FORBIDDEN
    if (actor is not None and not within_scopes(actor, permission)) or (
        base is not None and base not in catalogue.bases
    ):
        return refusal
    result = await dispatcher.ask(
        "permission_granted",
        PLATFORM if base is None else catalogue.scope_of(base),
        configs={} if base is None else catalogue.configs_of(base),
        actor=actor,
        permission=permission,
        base=None if base is None else catalogue.bases[base],
    )
    for failure in result.failures:
        return AccessRefusal(
            code=AccessCode.PLUGIN_DECISION_FAILED,
            message=failure.reason,
            plugin=failure.plugin,
            hook=failure.hook,
        )
    opinions = {answer.plugin: answer.value for answer in result.answers}
    if not all(opinions.values()):
        return refusal
    target = Target(
        base=base, jurisdiction=jurisdiction, specialty=specialty, owners=frozenset(owners)
    )
    if actor is not None and holds(actor, record, target, _places(catalogue)):
        return Allowed(permission)
    for plugin in opinions:
        return Allowed(permission, plugin)
    return refusal


async def allowed_bases(
    actor: Actor | None, permission: str, catalogue: Catalogue, dispatcher: Dispatcher
) -> list[str]:
    """Return the codes of all bases for which `allowed` allows, in the catalogue's order.

    A plugin is asked about each base where it has a say; elsewhere roles decide alone, so that a
    thousand bases are not a thousand questions. Raises LookupError like `allowed`.
    """
    reached = visible_bases(actor, permission, catalogue, dispatcher.host)
    if actor is not None and not within_scopes(actor, permission):
        return []
    host = dispatcher.host
    hook = host.hooks["permission_granted"]
    asked: dict[tuple[tuple[str, ...], tuple[str, ...]], bool] = {}
    found = []
    for code in catalogue.bases:
        scope = catalogue.scope_of(code)
        named = scope.institution, scope.jurisdictions
        if named not in asked:
            asked[named] = bool(host.implementations(hook, scope) or host.absent(hook, scope))
        if not asked[named]:
            yes = code in reached
        else:
            answer = await allowed(actor, permission, code, catalogue, dispatcher)
            yes = isinstance(answer, Allowed)
        if yes:
            found.append(code)
    return found


def permissions_of(actor: Actor, host: PluginHost) -> tuple[str, ...]:
    """Return the names of all permissions that the actor's roles hold somewhere, in order."""
    known = {**PERMISSIONS, **{name: record for name, (_, record) in host.permissions.items()}}
    return tuple(
        sorted(
            name
            for name, record in known.items()
            if within_scopes(actor, name) and grants_with(record, actor.grants)
        )
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """What an actor's roles reach with a permission: whole bases, and specialties of others.

    ``specialties`` are pairs of a base's and a specialty's code, of bases that are not reached
    as a whole.
    """

    bases: frozenset[str] = frozenset()
    specialties: frozenset[tuple[str, str]] = frozenset()

    def openings(self, catalogue: Catalogue) -> frozenset[str]:
        """Return the codes of the openings that lie in ``specialties``."""
        return frozenset(
            opening.code
            for base in {base for base, _ in self.specialties}
            for opening in catalogue.openings_of_base.get(base, ())
            if (base, opening.specialty) in self.specialties
        )


def reach_of(actor: Actor | None, permission: str, catalogue: Catalogue, host: PluginHost) -> Reach:
    """Return what the actor's roles reach with the permission; what is its own is not counted.

    For lists, which then ask only for that. Plugins may still refuse a single base, as `allowed`
    says.
    """
    bases = visible_bases(actor, permission, catalogue, host)
    if actor is None or not within_scopes(actor, permission):
        return Reach()
    grants = grants_with(permission_named(permission, host), actor.grants)
    return Reach(
        bases,
        frozenset(
            (grant.base, grant.specialty)
            for grant in grants
            if grant.base is not None
            and grant.specialty is not None
            and grant.jurisdiction is None
            and grant.base in catalogue.bases
            and grant.base not in bases
        ),
    )


def visible_bases(
    actor: Actor | None, permission: str, catalogue: Catalogue, host: PluginHost
) -> frozenset[str]:
    """Return the codes of the bases for which the actor's roles hold the permission.

    For lists, which then ask only for those; what belongs to the actor itself is not counted, nor
    is a base of which a grant reaches one specialty only (`reach_of`).
    Plugins may still refuse a single base, as `allowed` says.
    """
    record = permission_named(permission, host)
    if actor is None or not within_scopes(actor, permission):
        return frozenset()
    grants = grants_with(record, actor.grants)
    places = _places(catalogue)
    return frozenset(
        code
        for code in catalogue.bases
        if any(reaches(grant, actor.id, Target(base=code), places) for grant in grants)
    )


def _places(catalogue: Catalogue) -> Places:
    return Places(catalogue.bases, catalogue.jurisdictions)
