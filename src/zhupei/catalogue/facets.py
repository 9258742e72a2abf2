"""Facets: which of many objects have a value, as bit sets that are combined by integer operations.

What is chosen by several values costs one operation on integers for each, counting it one more;
only the objects that are looked at are made into rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

__all__ = ["Chosen", "Facets"]

V = TypeVar("V")

# The bits of each byte.
_PLACES = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))
# Bit sets are made when they are asked for; more of them are not kept.
_MOST_BYTES = 8 * 2**20


class Chosen(Collection[V], Generic[V]):
    """The objects that have some values, in order; ``names`` tells which facets were looked at."""

    def __init__(self, items: tuple[V, ...], bits: int, names: frozenset[str]) -> None:
        self._items, self._bits, self.names = items, bits, names

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __iter__(self) -> Iterator[V]:
        items = self._items
        for at, byte in enumerate(self._bits.to_bytes(len(items) // 8 + 1, "little")):
            if byte:
                for place in _PLACES[byte]:
                    yield items[at * 8 + place]

    def __contains__(self, value: object) -> bool:
        return any(each is value or each == value for each in self)


class Facets(Generic[V]):
    """Objects in their order, to be chosen by values.

    Args:
        items: the objects.
        facets: the values that an object has, by the name of the facet; an object may have
            several, or none.

    """

    __slots__ = ("_bits", "_bytes", "_items", "_places", "names")

    def __init__(
        self, items: Iterable[V], facets: Mapping[str, Callable[[V], Iterable[Hashable]]]
    ) -> None:
        self._items = tuple(items)
        self._places: dict[tuple[str, Hashable], array[int]] = {}
        for name, values in facets.items():
            for at, item in enumerate(self._items):
                for value in values(item):
                    key = name, value
                    places = self._places.get(key)
                    if places is None:
                        places = self._places[key] = array("I")
                    places.append(at)
        self.names = frozenset(facets)
        self._bits: dict[tuple[str, Hashable], int] = {}
        self._bytes = 0

    def choose(self, wanted: Mapping[str, Hashable]) -> Chosen[V]:
        """Return the objects that have all these values.

        Raises:
            KeyError: there is no such facet.

        """
        for name in wanted:
            if name not in self.names:
                raise KeyError(name)
        bits = (1 << len(self._items)) - 1
        for key in wanted.items():
            bits &= self._bits_of(key)
        return Chosen(self._items, bits, frozenset(wanted))

    def _bits_of(self, key: tuple[str, Hashable]) -> int:
        found = self._bits.get(key)
        if found is None:
            places = self._places.get(key)
            if not places:
                return 0
            buffer = bytearray(places[-1] // 8 + 1)
            for at in places:
                buffer[at >> 3] |= 1 << (at & 7)
            if self._bytes + len(buffer) > _MOST_BYTES:
                self._bits.clear()
                self._bytes = 0
            found = self._bits[key] = int.from_bytes(buffer, "little")
            self._bytes += len(buffer)
        return found
