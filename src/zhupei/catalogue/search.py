"""Text search over names, aliases, pinyin and codes, in Chinese and English."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from opencc import OpenCC

__all__ = ["SearchIndex", "TextForm", "fold", "pinyin_of"]

Key = TypeVar("Key")

_END = "\n"


def fold(text: str) -> str:
    """Return ``text`` as it is compared: NFKC, without case, blanks trimmed and collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def pinyin_of(text: str, errors: Callable[[str], str] | None = None) -> list[str]:
    """Return the pinyin of ``text``; ``errors`` says what stands for what is not Chinese."""
    # Here, not at the top: its dictionary takes 60 MB, and a kept catalogue knows its readings.
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - see above

    found: list[str] = lazy_pinyin(text) if errors is None else lazy_pinyin(text, errors=errors)
    return found


class SearchIndex(Generic[Key]):
    """An immutable index from texts to keys, searched in microseconds to a few milliseconds.

    Each distinct text is held once however many keys share it (28,000 openings share 35 names of
    specialties), in one long string per form: the text itself, its pinyin, and the initials of
    its pinyin. A query is found in these strings by the C string search; which entries a text
    belongs to is a bit set, so words are combined by integer operations.
    """

    __slots__ = ("_codes", "_initials", "_keys", "_numbers", "_pinyin", "_places", "_plain")

    def __init__(self, keys: Sequence[Key], places: dict[str, list[int]]) -> None:
        """Hold ``keys`` and, by folded text, the places of its keys in order; use `build`."""
        self._keys = tuple(keys)
        self._numbers = {text: number for number, text in enumerate(places)}
        # A bit set is kept as (first place, bits from there), which is small for neighbours.
        self._places = [(found[0], _bits(found)) for found in places.values()]
        self._plain, self._codes = TextForm(), TextForm()
        self._pinyin, self._initials = TextForm(), TextForm()
        for text, number in self._numbers.items():
            if "/" in text:
                # Codes of openings are all distinct: only a query with a slash looks there.
                self._codes.add(number, text)
                continue
            self._plain.add(number, text)
            spoken, initials = _spoken(text)
            if spoken:
                self._pinyin.add(number, "".join(spoken), spoken)
                self._initials.add(number, initials)
        for form in (self._plain, self._codes, self._pinyin, self._initials):
            form.freeze()

    @classmethod
    def build(cls, entries: Iterable[tuple[Key, Iterable[str | None]]]) -> SearchIndex[Key]:
        """Index ``entries``: keys with their texts (names, aliases, codes; None is skipped).

        Keys of equal rank are found in the order of the entries. A code of several parts
        (``program/specialty``) is found by each part, and whole by a query with a slash.
        """
        keys: list[Key] = []
        places: dict[str, list[int]] = {}
        folded: dict[str, tuple[str, ...]] = {}
        for at, (key, texts) in enumerate(entries):
            keys.append(key)
            for text in texts:
                if not text:
                    continue
                parts = folded.get(text)
                if parts is None:
                    parts = folded[text] = _parts(fold(text))
                for part in parts:
                    known = places.setdefault(part, [])
                    if not known or known[-1] != at:
                        known.append(at)
        return cls(keys, places)

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, query: str) -> list[Key]:
        """Return the keys that every word of ``query`` matches, the best first.

        A word matches inside a text, at a syllable of its pinyin (``neike``, ``waike``), or, from
        two letters on, in its pinyin initials (``sjnk`` for 神经内科). Texts equal to the word
        come first, then those that begin with it, then the others; a text equal to the whole
        query comes before all. A blank query finds every key. Where nothing is found, the query is
        taken in simplified characters.
        """
        folded = fold(query)
        words = folded.split()
        if not words:
            return list(self._keys)
        found = self._find(words)
        if not found and not folded.isascii() and (simplified := _simplified(folded)) != folded:
            return self._find(simplified.split())
        return found

    def _find(self, words: list[str]) -> list[Key]:
        ranked = self._match(words[0])
        for word in words[1:]:
            if not any(ranked):
                return []
            ranked = _both(ranked, self._match(word))
        whole = self._numbers.get(" ".join(words))
        if whole is not None:
            ranked = _disjoint([self._union([whole]), *ranked])
        return [key for mask in ranked if mask for key in self._select(mask)]

    def _match(self, word: str) -> list[int]:
        """Return the bit sets of entries that ``word`` equals, begins, or is found inside."""
        numbers: tuple[list[int], list[int], list[int]] = ([], [], [])
        (self._codes if "/" in word else self._plain).match(word, numbers)
        letters = word.replace("'", "").replace("ü", "v")
        if len(letters) > 1 and letters.isascii():
            self._pinyin.match(letters, numbers)
            self._initials.match(letters, numbers)
        return _disjoint([self._union(found) for found in numbers])

    def _union(self, numbers: Iterable[int]) -> int:
        mask = 0
        single = bytearray(len(self._keys) // 8 + 1)
        for number in numbers:
            first, bits = self._places[number]
            if bits == 1:
                single[first >> 3] |= 1 << (first & 7)
            else:
                mask |= bits << first
        return mask | int.from_bytes(single, "little")

    def _select(self, mask: int) -> Iterator[Key]:
        digits = f"{mask:b}"[::-1].encode().translate(_BITS)
        return compress(self._keys, digits)


_BITS = bytes(1 if byte == ord("1") else 0 for byte in range(256))


def _bits(places: Sequence[int]) -> int:
    """Return ascending ``places`` as a bit set that begins at the first of them."""
    first = places[0]
    buffer = bytearray((places[-1] - first) // 8 + 1)
    for at in places:
        buffer[(at - first) >> 3] |= 1 << ((at - first) & 7)
    return int.from_bytes(buffer, "little")


def _disjoint(masks: list[int]) -> list[int]:
    """Keep each entry in the first of the bit sets that has it."""
    seen = 0
    kept = []
    for mask in masks:
        kept.append(mask & ~seen)
        seen |= mask
    return kept


def _both(some: list[int], others: list[int]) -> list[int]:
    """Return the entries in both rankings, ranked by the sum of their ranks."""
    ranked = [0] * (len(some) + len(others) - 1)
    for rank, mask in enumerate(some):
        for other_rank, other in enumerate(others):
            ranked[rank + other_rank] |= mask & other
    return ranked


class TextForm:
    """The texts of one form, joined by line ends, and where in the string each begins."""

    __slots__ = ("_joined", "_lines", "_numbers", "_starts", "_syllables", "_tail")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._numbers = array("I")
        self._starts = array("I")
        self._syllables: set[int] = set()
        self._tail = 1
        self._joined = ""

    def add(self, number: int, line: str, syllables: Sequence[str] = ()) -> None:
        """Add a line that belongs to the text ``number``."""
        self._numbers.append(number)
        self._starts.append(self._tail)
        self._lines.append(line)
        at = self._tail
        for syllable in syllables:
            self._syllables.add(at)
            at += len(syllable)
        self._tail += len(line) + 1

    def freeze(self) -> None:
        """Join the lines: no more are added."""
        self._joined = _END + _END.join(self._lines) + _END
        self._lines = []

    def match(self, word: str, ranked: tuple[list[int], list[int], list[int]]) -> None:
        """Add the number of each text that holds ``word`` to the list of its rank."""
        exact, prefix, inside = ranked
        joined, starts, syllables = self._joined, self._starts, self._syllables
        find, size = joined.find, len(word)
        at = find(word)
        while at >= 0:
            if syllables and at not in syllables:
                at = find(word, at + 1)
                continue
            line = bisect_right(starts, at) - 1
            end = find(_END, at)
            if at != starts[line]:
                inside.append(self._numbers[line])
            elif at + size == end:
                exact.append(self._numbers[line])
            else:
                prefix.append(self._numbers[line])
            at = find(word, end)


def _simplified(text: str) -> str:
    """Return Chinese text in simplified characters."""
    try:
        return str(_converter().convert(text))
    except UnicodeEncodeError:  # half of a pair of surrogates, which no name has
        return text


@cache
def _converter() -> OpenCC:
    # Here, not at the top: it takes 60 ms and 7 MB, and most queries are in simplified characters.
    from opencc import OpenCC  # noqa: PLC0415 - see above

    # That of Hong Kong knows 衞 and the like beside what every other writes.
    return OpenCC("hk2s")


def _parts(text: str) -> tuple[str, ...]:
    if "/" not in text:
        return (text,)
    return tuple(dict.fromkeys((text, *(part.strip() for part in text.split("/") if part.strip()))))


@lru_cache(maxsize=65_536)
def _spoken(text: str) -> tuple[tuple[str, ...], str]:
    """Return the pinyin syllables of ``text`` and their initials; other runs stand whole in both.

    A text without Chinese characters has neither.
    """
    if text.isascii():
        return (), ""
    read = [part for part in pinyin_of(text, _mark_run) if part != _RUN]
    spoken = tuple(part.removeprefix(_RUN) for part in read)
    return spoken, "".join(part[1:] if part.startswith(_RUN) else part[0] for part in read)


_RUN = "\0"


def _mark_run(run: str) -> str:
    """Keep the Latin letters and digits of a run that is not Chinese, marked as a run."""
    return _RUN + "".join(sign for sign in run if sign.isascii() and sign.isalnum())
