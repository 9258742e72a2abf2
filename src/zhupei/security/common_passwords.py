"""Passwords that are tried first: what people everywhere and in China put together by habit.

The list is our own and short on purpose: length is asked for already, so that what is left to
refuse is the common words with digits, years, repetitions and rows of keys around them, which no
list of whole passwords holds in full.
"""

from __future__ import annotations

import re

__all__ = ["is_common_password"]

_FEWEST_PARTS = 6
"""A common part counts as one character, each other character as itself; fewer are too few."""

_WORDS = (
    # Everywhere.
    "abc", "admin", "administrator", "asd", "baseball", "changeme", "computer", "default", "dragon",
    "football", "guest", "hello", "iloveyou", "letmein", "login", "loveyou", "love", "manager",
    "master", "monkey", "passwd", "password", "princess", "pass", "pwd", "qwe", "root", "secret",
    "shadow", "sunshine", "superman", "system", "temp", "test", "user", "welcome", "windows",
    "word", "xyz", "zxc",
    # In China, as pinyin.
    "aini", "aiwo", "baobao", "guanliyuan", "mima", "nihao", "woaini", "woaiwo", "woshi", "wangyi",
    "weixin", "taobao", "tencent", "zhanghao", "zhongguo", "china",
    # Of this field and this program.
    "doctor", "hospital", "yisheng", "yiyuan", "guipei", "zhupei", "zhuyuan", "resident",
    # As Chinese characters.
    "我爱你", "你好", "密码", "管理员", "医院", "医生", "中国", "规培", "住培",
)  # fmt: skip

# Numbers that sound like words (520 as "I love you", 1314 as "for ever") or mean luck.
_NUMBERS = ("5201314", "1314520", "1314521", "7758258", "7758521", "1314", "520", "521",
            "147258369", "147258", "159357", "110", "168")  # fmt: skip

# Rows and columns of keys; three keys or more in either direction are a part.
_ROWS = ("1234567890-=", "qwertyuiop[]\\", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()_+",
         "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik<(ol>)p:?",
         "qazwsxedcrfvtgbyhnujmikolp", "1q2w3e4r5t6y7u8i9o0p", "abcdefghijklmnopqrstuvwxyz",
         "01234567890")  # fmt: skip
_KEYS = tuple(text for row in _ROWS for text in (row, row[::-1]))
_FEWEST_KEYS = 3

_REPEATED = re.compile(r"(.)\1+", re.DOTALL)
# Days before years: 19950312 is one part, not a year and four more characters.
_DATE = re.compile(
    r"(?:19|20)\d\d[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d\d"
)
_WORD = re.compile("|".join(sorted(map(re.escape, _WORDS + _NUMBERS), key=len, reverse=True)))
# Signs that stand for letters: P@ssw0rd.
_LETTERS = str.maketrans("@$031!", "asoeii")


def is_common_password(password: str) -> bool:
    """Return whether a password consists of what is tried first, with almost nothing else.

    Upper and lower case are the same, and words are also found where signs stand for letters.
    Takes the password in the form in which it is hashed.
    """
    parts = _parts(_without_repetition(password.casefold()))
    # What is merely short holds nothing common.
    return parts < min(_FEWEST_PARTS, len(password))


def _without_repetition(text: str) -> str:
    """Return the part of which the whole text is a repetition; the text where it is none."""
    # The first place where a text is found again in itself doubled is its period.
    return text[: (text + text).find(text, 1)]


def _parts(text: str) -> int:
    """Return of how many parts a text consists, the longest common one taken at each place."""
    letters = text.translate(_LETTERS)
    count = place = 0
    while place < len(text):
        found = (
            _WORD.match(text, place),
            _WORD.match(letters, place),
            _DATE.match(text, place),
            _REPEATED.match(text, place),
        )
        ends = [match.end() for match in found if match]
        place = max([place + 1, _end_of_keys(text, place), *ends])
        count += 1
    return count


def _end_of_keys(text: str, place: int) -> int:
    """Return where keys that lie in a row end; the place itself where no three do."""
    end = place + _FEWEST_KEYS
    if end > len(text) or not any(text[place:end] in row for row in _KEYS):
        return place
    while end < len(text) and any(text[place : end + 1] in row for row in _KEYS):
        end += 1
    return end
