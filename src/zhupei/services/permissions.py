"""Whether an actor may do something: the table of roles, then the plugins that have a say."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

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
    "allowed_reach",
    "has_say",
    "permission_named",
    "permissions_of",
    "reach_of",
    "roles_alone",
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
    known = _known(catalogue, dispatcher)
    if actor is not None and not owners and not known.has_say(base):
        # Neither a plugin nor who owns it has a say: as it was for whoever has the same grants.
        return known.by_roles(actor, permission, base, jurisdiction, specialty)
    record = permission_named(permission, dispatcher.host)
    refusal = UNAUTHENTICATED if actor is None else FORBIDDEN
    if (actor is not None and not within_scopes(actor, permission)) or (
        base is not None and base not in catalogue.bases
    ):
        return refusal
    scope = PLATFORM if base is None else catalogue.scope_of(base)
    opinions: dict[str, Any] = {}
    if dispatcher.asks("permission_granted", scope):
        result = await dispatcher.ask(
            "permission_granted",
            scope,
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
    return next((Allowed(permission, plugin) for plugin in opinions), refusal)


async def allowed_bases(
    actor: Actor | None, permission: str, catalogue: Catalogue, dispatcher: Dispatcher
) -> list[str]:
    """Return the codes of all bases for which `allowed` allows, in the catalogue's order.

    A plugin is asked about each base where it has a say; elsewhere roles decide alone, so that a
    thousand bases are not a thousand questions. Raises LookupError like `allowed`.
    """
    return list((await allowed_reach(actor, permission, catalogue, dispatcher))[1])


async def allowed_reach(
    actor: Actor | None, permission: str, catalogue: Catalogue, dispatcher: Dispatcher
) -> tuple[Reach, Sequence[str]]:
    """Return what `reach_of` and `allowed_bases` return."""
    known = _known(catalogue, dispatcher)
    reach = known.reach(actor, permission)
    if not known.asked or (actor is not None and not within_scopes(actor, permission)):
        return reach, reach.ordered
    allowing = {
        code
        for code in known.asked
        if isinstance(await allowed(actor, permission, code, catalogue, dispatcher), Allowed)
    }
    return reach, known.ordered((reach.bases - known.asked.keys()) | allowing)


def has_say(catalogue: Catalogue, dispatcher: Dispatcher, base: str | None) -> bool:
    """Return whether plugins have a say in what is permitted at a base; elsewhere roles decide."""
    return _known(catalogue, dispatcher).has_say(base)


def roles_alone(catalogue: Catalogue, dispatcher: Dispatcher) -> object | None:
    """Return what stands for decisions by roles alone, the same while they would be the same.

    None where plugins have a say: they are asked each time.
    """
    known = _known(catalogue, dispatcher)
    return None if known.asked or known.asked_for_all else known


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
    ordered: tuple[str, ...] = ()
    """The bases in the catalogue's order."""

    def openings(self, catalogue: Catalogue) -> frozenset[str]:
        """Return the codes of the openings that lie in ``specialties``."""
        return frozenset(
            opening.code
            for base in {base for base, _ in self.specialties}
            for opening in catalogue.openings_of_base.get(base, ())
            if (base, opening.specialty) in self.specialties
        )


def reach_of(
    actor: Actor | None, permission: str, catalogue: Catalogue, dispatcher: Dispatcher
) -> Reach:
    """Return what the actor's roles reach with the permission; what is its own is not counted.

    For lists, which then ask only for that. Plugins may still refuse a single base, as `allowed`
    says. Found once for all actors with the same grants. Raises LookupError like `allowed`.
    """
    return _known(catalogue, dispatcher).reach(actor, permission)


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


class _Known:
    """What follows from a catalogue and its plugins, whoever asks: found once, kept while used."""

    def __init__(self, catalogue: Catalogue, dispatcher: Dispatcher) -> None:
        self.catalogue = weakref.ref(catalogue)
        self._host = dispatcher.host
        self.version = dispatcher.host.version
        self.asked: dict[str, None] = {
            code: None
            for code in catalogue.bases
            if dispatcher.asks("permission_granted", catalogue.scope_of(code))
        }
        self.asked_for_all = dispatcher.asks("permission_granted")
        self._order = {code: place for place, code in enumerate(catalogue.bases)}
        self._reaches: OrderedDict[Any, Reach] = OrderedDict()
        self._by_roles: OrderedDict[Any, Allowed | AccessRefusal] = OrderedDict()

    def has_say(self, base: str | None) -> bool:
        """Return whether plugins are asked about a base; for None, about what belongs to none."""
        return self.asked_for_all if base is None else base in self.asked

    def by_roles(
        self,
        actor: Actor,
        permission: str,
        base: str | None,
        jurisdiction: str | None,
        specialty: str | None,
    ) -> Allowed | AccessRefusal:
        """Return whether the grants of an actor reach what nobody owns."""
        key = (permission, actor.grants, actor.scopes, base, jurisdiction, specialty)
        found = self._by_roles.get(key)
        if found is None:
            record, catalogue = permission_named(permission, self._host), self.catalogue()
            assert catalogue is not None  # noqa: S101 - whoever asks holds it
            target = Target(base=base, jurisdiction=jurisdiction, specialty=specialty)
            there = base is None or base in catalogue.bases
            held = there and holds(actor, record, target, _places(catalogue))
            found = self._by_roles[key] = Allowed(permission) if held else FORBIDDEN
            if len(self._by_roles) > _DECISIONS:
                self._by_roles.popitem(last=False)
        return found

    def reach(self, actor: Actor | None, permission: str) -> Reach:
        """Return what the grants of an actor reach."""
        record = permission_named(permission, self._host)
        if actor is None or not within_scopes(actor, permission):
            return Reach()
        key = (permission, actor.grants)
        found = self._reaches.get(key)
        if found is None:
            found = self._reaches[key] = self._found(actor, record)
            if len(self._reaches) > _REACHES:
                self._reaches.popitem(last=False)
        return found

    def _found(self, actor: Actor, record: Permission) -> Reach:
        catalogue = self.catalogue()
        assert catalogue is not None  # noqa: S101 - whoever asks holds it
        bases = visible_bases(actor, record.name, catalogue, self._host)
        return Reach(
            bases,
            frozenset(
                (grant.base, grant.specialty)
                for grant in grants_with(record, actor.grants)
                if grant.base is not None
                and grant.specialty is not None
                and grant.jurisdiction is None
                and grant.base in catalogue.bases
                and grant.base not in bases
            ),
            tuple(self.ordered(bases)),
        )

    def ordered(self, bases: Iterable[str]) -> list[str]:
        """Return bases in the order of the catalogue."""
        return sorted(bases, key=self._order.__getitem__)


_REACHES = 512
_DECISIONS = 4096
_KNOWN: WeakKeyDictionary[Dispatcher, _Known] = WeakKeyDictionary()


def _known(catalogue: Catalogue, dispatcher: Dispatcher) -> _Known:
    found = _KNOWN.get(dispatcher)
    stale = found is None or found.catalogue() is not catalogue
    # A plugin that is left out while we run is one failure more.
    if found is None or stale or found.version != dispatcher.host.version:
        found = _KNOWN[dispatcher] = _Known(catalogue, dispatcher)
    return found


def _places(catalogue: Catalogue) -> Places:
    return Places(catalogue.bases, catalogue.jurisdictions)
