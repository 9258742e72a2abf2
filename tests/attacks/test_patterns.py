"""No pattern of ours takes long, whatever text it is held against."""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
import re
import signal
from collections.abc import Iterator
from types import FrameType, ModuleType

import pytest

import zhupei
from taken_time import least_seconds
from zhupei.services.notices.mail import _without_addresses

pytestmark = pytest.mark.slow

# A text of a request may be longer; what grows with the square of the length would show here.
_LENGTH = 20_000
_MOST_SECONDS = 0.2
# What makes the manual, and what plugins' own tests use.
_NO_INPUT = ("zhupei.reference", "zhupei.testing")
_COMMON = "aZ0 -._/:@,\n\t中'\""


def _modules() -> Iterator[ModuleType]:
    for each in pkgutil.walk_packages(zhupei.__path__, "zhupei."):
        if not each.name.startswith(_NO_INPUT) and not each.name.endswith("__main__"):
            yield importlib.import_module(each.name)


def _patterns() -> dict[str, tuple[re.Pattern[str], bool]]:
    """Return the patterns that modules name, and whether they look anywhere in a text."""
    found: dict[str, tuple[re.Pattern[str], bool]] = {}
    for module in _modules():
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                anywhere = re.search(rf"\b{name}\.(search|find|sub|split)", source) is not None
                known = found.get(value.pattern, (value, False))[1]
                found[value.pattern] = value, known or anywhere
    return found


def _texts(pattern: str) -> Iterator[str]:
    """Yield long texts: what the pattern itself speaks of, over and over, and an end that fails."""
    spoken = sorted({each for each in pattern if not each.isspace()})[:5]
    units = {*_COMMON, *spoken}
    units |= {"".join(each) for each in itertools.product("a0", spoken)}
    for unit in sorted(units):
        yield unit * (_LENGTH // len(unit)) + "\x00"


class _TookLongError(Exception):
    pass


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise _TookLongError


# Held only against texts whose words are short (`zhupei.services.notices.mail`).
_SHORT_WORDS = {r"<?[^\s<>@]+@[^\s<>@]+>?"}


def _is_slow(pattern: re.Pattern[str], text: str, *, anywhere: bool) -> bool:
    """Hold a text against a pattern, for so long of processor time at most."""
    before = signal.signal(signal.SIGVTALRM, _ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, _MOST_SECONDS)
    try:
        pattern.fullmatch(text)
        pattern.match(text)
        if anywhere:
            pattern.search(text)
    except _TookLongError:
        return True
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return False


def _slow_text(pattern: re.Pattern[str], *, anywhere: bool) -> str | None:
    """Return the first text that takes long; the others say no more, and take as long."""
    texts = _texts(pattern.pattern)
    return next((each for each in texts if _is_slow(pattern, each, anywhere=anywhere)), None)


def test_no_pattern_takes_long() -> None:
    patterns = _patterns()
    assert len(patterns) > 60
    slow = {
        source: text[:20]
        for source, (pattern, anywhere) in patterns.items()
        if (text := _slow_text(pattern, anywhere=anywhere)) is not None
    }
    assert slow.keys() == _SHORT_WORDS, slow


@pytest.mark.parametrize("source", [r"(a+)+$", r"(.*),(.*),(.*);", r"(\d+,?)+;"])
def test_the_test_finds_those_that_do(source: str) -> None:
    assert any(_is_slow(re.compile(source), text, anywhere=True) for text in _texts(source))


def test_what_a_mail_server_says_is_gone_through_once() -> None:
    """The words of a hostile server: one that is as long as it likes, without an address."""
    said = "550 no <li@example.org> " + '"' * 200_000 + " here"
    assert _without_addresses(said) == "550 no <address> … here"
    assert least_seconds(lambda: _without_addresses(said), below=0.1) < 0.1
