"""The words that configuration may use as ``kind:``, and who taught them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zhupei.domain.kinds import Kind, KindGroup
from zhupei.hooks.hook_errors import KindClashError, KindNameError, KindUnknownError

__all__ = ["KindRegistry", "RegisteredKind"]


@dataclass(frozen=True, slots=True)
class RegisteredKind:
    """A kind and the slug of the plugin that taught it, None for the core."""

    kind: Kind
    owner: str | None


class KindRegistry:
    """The kinds by group and name; iterating gives every `Kind`."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[KindGroup, str], RegisteredKind] = {}

    def add(self, owner: str | None, kinds: Iterable[Kind]) -> None:
        """Add the kinds of one owner, all or none.

        Raises:
            KindClashError: one of them exists already, or is given twice.
            KindNameError: a plugin's kind does not begin with its slug and a dot.

        """
        added: dict[tuple[KindGroup, str], RegisteredKind] = {}
        for kind in kinds:
            key = (kind.group, kind.name)
            present = self._kinds.get(key) or added.get(key)
            if present is not None:
                raise KindClashError(owner or "core", kind.group, kind.name, present.owner)
            if owner is not None and not kind.name.startswith(f"{owner}."):
                raise KindNameError(owner, kind.name)
            added[key] = RegisteredKind(kind, owner)
        self._kinds.update(added)

    def get(self, group: KindGroup, name: str) -> Kind:
        """Return a kind.

        Raises:
            KindUnknownError: there is none; it lists the known ones.

        """
        return self.registered(group, name).kind

    def owner(self, group: KindGroup, name: str) -> str | None:
        """Return the slug of the plugin that taught a kind, None for the core.

        Raises:
            KindUnknownError: there is no such kind.

        """
        return self.registered(group, name).owner

    def registered(self, group: KindGroup, name: str) -> RegisteredKind:
        """Return a kind with its owner.

        Raises:
            KindUnknownError: there is no such kind.

        """
        found = self._kinds.get((group, name))
        if found is None:
            raise KindUnknownError(group, name, self.names(group))
        return found

    def names(self, group: KindGroup) -> tuple[str, ...]:
        """Return the names of a group's kinds in alphabetical order."""
        return tuple(sorted(name for of, name in self._kinds if of is group))

    def __contains__(self, key: object) -> bool:
        return key in self._kinds

    def __iter__(self) -> Iterator[Kind]:
        return (registered.kind for registered in self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)
