"""When two names of a major, subject, school or certificate are the same name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from zhupei.domain.people import Degree

__all__ = ["is_code", "matches_code", "normal", "stem", "variants", "with_aliases"]

_IGNORED = re.compile(r"[\s\-_·・.,:;/、，。（）()\[\]【】《》“”\"']+")
_DEGREE_TYPE = re.compile(r"(专业|学术|科学)学位$")
_CODE = re.compile(r"[0-9]{4,6}[A-Z]{0,2}")
_ENDINGS = ("专业", "方向", "学", "科")


@lru_cache(maxsize=65_536)
def normal(name: str) -> str:
    """Return a name as it is compared: NFKC, without case, spaces, brackets and punctuation.

    ``影像医学 与核医学`` and its full-width spellings are then one name (T26). The type of degree
    that some write behind a subject, ``内科学（专业学位）``, is no part of its name.
    """
    text = _IGNORED.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _DEGREE_TYPE.sub("", text) or text


@lru_cache(maxsize=65_536)
def stem(name: str) -> str:
    """Return the normal form without the endings 专业, 方向, 学 and 科.

    ``儿科``, ``儿科学`` and ``儿科专业`` have one stem; it is used where a table gives mere
    names of fields, not names of a catalogue.
    """
    text = normal(name)
    while True:
        ending = next((end for end in _ENDINGS if text.endswith(end)), None)
        if ending is None or len(text) - len(ending) < 2:
            return text[:-1] if len(text) == 2 and text[-1] in "学科" else text
        text = text.removesuffix(ending)


def is_code(text: str) -> bool:
    """Whether the text is a code of a major (``100201K``) or of a class of majors (``1002``)."""
    return _CODE.fullmatch(text) is not None


def matches_code(code: str, wanted: str) -> bool:
    """Whether a major's code is the wanted one, or belongs to the wanted class of four digits."""
    given = normal(code)
    return given.startswith(wanted) if len(wanted) == 4 else given == normal(wanted)


def variants(degree: Degree) -> Iterator[str]:
    """Yield the normal forms by which a degree's major may be listed.

    A direction belongs to the subject: ``外科学`` with the direction ``骨外`` is also listed as
    ``外科学骨外方向``.
    """
    if degree.major is None:
        return
    major = normal(degree.major)
    yield major
    if degree.direction is not None:
        direction = normal(degree.direction)
        yield major + direction
        yield f"{major}{direction}方向"


def with_aliases(names: Iterable[str], aliases: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the normal forms of names and of all other names that are listed for them."""
    by_name = {normal(name): others for name, others in aliases.items()}
    found = {normal(name) for name in names}
    for name in tuple(found):
        found.update(normal(other) for other in by_name.get(name, ()))
    return frozenset(found)
