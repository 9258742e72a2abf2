"""Names in pinyin: how a Chinese name sorts and is spelt, and whether a stated spelling fits.

What is made here is a proposal: only its bearer knows how a name is read. Surnames have readings of
their own (``曾`` is Zeng as a surname), which general dictionaries get wrong; given names are read
as ordinary text. Spelling follows GB/T 28039-2011: surname first, given name in one word, an
apostrophe where syllables would run together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from zhupei.catalogue.search import pinyin_of
from zhupei.domain.text import Text

__all__ = ["PersonName", "read_name", "spelling_fits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """A name, its parts and its pinyin; spellings are None where ``reason`` says why.

    ``sort_key`` is lower-case syllables without tones, ü written v, separated by blanks, so that
    names sort syllable by syllable; order by it and then by ``name``. It is never None.
    ``surname_readings`` lists every reading that the surname is known to have; the first was used.
    """

    name: str
    surname: str | None
    given: str | None
    sort_key: str
    spelling: str | None
    """As GB/T 28039 writes it: ``Zeng Xiao'an``."""
    passport_spelling: str | None
    """As documents print it: ``ZENG XIAOAN``, ü as YU."""
    surname_readings: tuple[str, ...] = ()
    reason: Text | None = None


# Surnames of one character whose reading is not, or not always, that of ordinary text. Several
# readings: families differ, the most frequent first.
_SURNAME_TABLE = """
曾=zeng 解=xie 朴=piao/pu 单=shan 仇=qiu 查=zha 区=ou 覃=qin/tan 盖=ge/gai 种=chong 乐=yue/le 员=yun
翟=zhai/di 缪=miao/mou 宓=mi/fu 洗=xian 郗=xi/chi 繁=po 秘=bi 折=she 黑=he/hei 祭=zhai 召=shao
尉=wei/yu 都=du 隗=wei/kui 牟=mou/mu 能=nai 谌=chen/shen 句=gou 郇=xun/huan 乜=nie/mie 粘=nian
晟=cheng/sheng 费=fei/bi 郄=qie/xi
"""
# Surnames of several characters, syllable by syllable.
_COMPOUND_TABLE = """
欧阳=ou-yang 尉迟=yu-chi 万俟=mo-qi 长孙=zhang-sun 澹台=tan-tai 单于=chan-yu 鲜于=xian-yu
夏侯=xia-hou 皇甫=huang-fu 上官=shang-guan 司马=si-ma 诸葛=zhu-ge 东方=dong-fang 公孙=gong-sun
宇文=yu-wen 慕容=mu-rong 司徒=si-tu 令狐=ling-hu 南宫=nan-gong 呼延=hu-yan 端木=duan-mu 百里=bai-li
东郭=dong-guo 轩辕=xuan-yuan 钟离=zhong-li 濮阳=pu-yang 淳于=chun-yu 太史=tai-shi 申屠=shen-tu
闾丘=lv-qiu 司空=si-kong 独孤=du-gu 拓跋=tuo-ba 赫连=he-lian 宗政=zong-zheng 公冶=gong-ye
仲孙=zhong-sun 亓官=qi-guan 司寇=si-kou 颛孙=zhuan-sun 谷梁=gu-liang 公羊=gong-yang 公西=gong-xi
漆雕=qi-diao 乐正=yue-zheng 壤驷=rang-si 巫马=wu-ma 梁丘=liang-qiu 左丘=zuo-qiu 西门=xi-men
羊舌=yang-she 微生=wei-sheng 闻人=wen-ren 完颜=wan-yan 纳兰=na-lan 耶律=ye-lv 贺兰=he-lan
爱新觉罗=ai-xin-jue-luo 叶赫那拉=ye-he-na-la
"""


def _table(text: str, separator: str) -> Mapping[str, tuple[str, ...]]:
    rows = (row.partition("=") for row in text.split())
    return MappingProxyType({name: tuple(read.split(separator)) for name, _, read in rows})


_SURNAMES = _table(_SURNAME_TABLE, "/")
_COMPOUND_SURNAMES = _table(_COMPOUND_TABLE, "-")
_LONGEST_SURNAME = max(map(len, _COMPOUND_SURNAMES))

# Unified ideographs with their extensions, and the zero that some names contain.
_HAN = re.compile("[㐀-䶿一-鿿豈-﫿\U00020000-\U0003fffd〇]+")
_DOTS = re.compile("[·•・‧]")
_NOT_LETTERS = re.compile(r"[^a-z]+")

_TRANSLITERATED = Text(
    "音译姓名的拉丁字母写法以本人证件为准，不由汉字推出",
    "a transliterated name is spelt as its bearer's document has it, not from the characters",
)
_UNREADABLE = Text("含有读音不明的字", "a character's reading is not known")
_ONE_CHARACTER = Text("只有一个字，无法分出姓和名", "one character has no surname and given name")
_MIXED = Text("汉字与其他文字混用", "Chinese characters are mixed with other writing")


def read_name(name: str, *, surname: str | None = None) -> PersonName:
    """Read a name; ``surname`` says where it is divided, for those who know.

    Without ``surname`` a compound surname is taken before a single one (``欧阳修`` is Ouyang).
    Raises ValueError where the name is empty or does not begin with ``surname``.
    """
    shown = " ".join(unicodedata.normalize("NFKC", name).split())
    if not shown:
        raise ValueError("a name is not empty")
    if surname is not None and not (shown.startswith(surname) and shown != surname):
        raise ValueError("the name does not begin with the surname and go on")
    if not _HAN.search(shown):
        return _latin(shown)
    if not _HAN.fullmatch(shown):
        reason = _TRANSLITERATED if _DOTS.search(shown) else _MIXED
        return _without_spelling(shown, reason)
    if len(shown) == 1:
        return _without_spelling(shown, _ONE_CHARACTER)
    surname = surname or _surname_of(shown)
    given = shown[len(surname) :]
    first, rest = _surname_syllables(surname), _syllables(given)
    sort_key = " ".join((*first, *rest))
    readings = _SURNAMES.get(surname, ("".join(first),))
    if not all(map(_is_syllable, (*first, *rest))):
        return PersonName(
            name=shown,
            surname=surname,
            given=given,
            sort_key=sort_key,
            spelling=None,
            passport_spelling=None,
            surname_readings=readings,
            reason=_UNREADABLE,
        )
    return PersonName(
        name=shown,
        surname=surname,
        given=given,
        sort_key=sort_key,
        spelling=f"{_word(first)} {_word(rest)}".replace("v", "ü").replace("V", "Ü"),
        passport_spelling=f"{''.join(first)} {''.join(rest)}".replace("v", "yu").upper(),
        surname_readings=readings,
    )


def spelling_fits(name: str, spelling: str) -> bool:
    """Return whether ``spelling`` can be the pinyin of a Chinese ``name``.

    Every reading of each character counts, with or without tone marks, ü as ``ü``, ``v``, ``yu`` or
    ``u``, surname first or last. Catches typing errors and the pinyin of somebody else.
    """
    shown = unicodedata.normalize("NFKC", name).strip()
    letters = _letters(spelling)
    if not letters or not _HAN.fullmatch(shown):
        return False
    choices = [_all_readings(character) for character in shown]
    surname = _surname_of(shown) if len(shown) > 1 else shown
    for reading in _SURNAMES.get(surname, ()):
        choices[0] |= frozenset(_written(reading))
    cut = len(surname)
    return _can_spell(choices, letters) or _can_spell(choices[cut:] + choices[:cut], letters)


def _surname_of(name: str) -> str:
    """Return the longest compound surname that leaves a given name, else the first character."""
    for length in range(min(_LONGEST_SURNAME, len(name) - 1), 1, -1):
        if name[:length] in _COMPOUND_SURNAMES:
            return name[:length]
    return name[0]


def _surname_syllables(surname: str) -> tuple[str, ...]:
    if surname in _COMPOUND_SURNAMES:
        return _COMPOUND_SURNAMES[surname]
    if surname in _SURNAMES:
        return _SURNAMES[surname][:1]
    # The surnames of both parents side by side, each with its own reading.
    return tuple(
        _SURNAMES[character][0] if character in _SURNAMES else _syllables(character)[0]
        for character in surname
    )


def _syllables(text: str) -> tuple[str, ...]:
    """Return one syllable for each character; one that cannot be read stands for itself."""
    # A list is allowed; pypinyin's annotation knows text only.
    apart = cast("Callable[[str], str]", list)
    return tuple(pinyin_of(text, apart))


def _is_syllable(syllable: str) -> bool:
    return syllable.isascii() and syllable.isalpha()


def _word(syllables: Iterable[str]) -> str:
    """Join syllables to a word; one that begins with a, e or o gets an apostrophe before it."""
    first, *rest = syllables
    joined = first + "".join(f"'{part}" if part[0] in "aeo" else part for part in rest)
    return joined.capitalize()


def _latin(shown: str) -> PersonName:
    return PersonName(
        name=shown,
        surname=None,
        given=None,
        sort_key=shown.casefold(),
        spelling=shown,
        passport_spelling=shown.upper(),
    )


def _without_spelling(shown: str, reason: Text) -> PersonName:
    syllables = (
        syllable
        for part in re.split(f"({_HAN.pattern})", shown)
        for syllable in (_syllables(part) if _HAN.fullmatch(part) else _DOTS.sub(" ", part).split())
    )
    return PersonName(
        name=shown,
        surname=None,
        given=None,
        sort_key=" ".join(syllables).casefold(),
        spelling=None,
        passport_spelling=None,
        reason=reason,
    )


def _letters(spelling: str) -> str:
    """Return the letters of a spelling, without tones, ü as v."""
    folded = unicodedata.normalize("NFC", spelling.casefold())
    for marked in "üǖǘǚǜ":
        folded = folded.replace(marked, "v")
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKD", folded))


def _all_readings(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin  # noqa: PLC0415 - see zhupei.catalogue.search.pinyin_of

    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    return frozenset(form for readings in found for read in readings for form in _written(read))


def _written(syllable: str) -> Iterator[str]:
    yield syllable
    if "v" in syllable:
        yield syllable.replace("v", "yu")
        yield syllable.replace("v", "u")


def _can_spell(choices: Iterable[frozenset[str]], letters: str) -> bool:
    """Return whether one reading of each character, in order, makes up all the letters."""
    ends = {0}
    for readings in choices:
        ends = {
            end + len(reading)
            for end in ends
            for reading in readings
            if letters.startswith(reading, end)
        }
    return len(letters) in ends
