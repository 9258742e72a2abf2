"""When a window of a round is open (T11), and what cannot be told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from zhupei.domain.calendar import CHINA_TIME
from zhupei.domain.text import Text
from zhupei.domain.training import Window

_OPENS = datetime(2024, 4, 8, tzinfo=CHINA_TIME)
_CLOSES = datetime(2024, 4, 24, tzinfo=CHINA_TIME)
_INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("opens", "closes", "at", "is_open"),
    [
        (_OPENS, _CLOSES, _OPENS - _INSTANT, False),
        (_OPENS, _CLOSES, _OPENS, True),
        (_OPENS, _CLOSES, _CLOSES - _INSTANT, True),
        (_OPENS, _CLOSES, _CLOSES, False),
        (None, _CLOSES, _CLOSES - _INSTANT, None),
        (None, _CLOSES, _CLOSES, False),
        (_OPENS, None, _OPENS - _INSTANT, False),
        (_OPENS, None, _OPENS, None),
        (None, None, _OPENS, None),
    ],
)
def test_g19_t11_a_window_is_half_open_and_unknown_where_an_end_is(
    opens: datetime | None, closes: datetime | None, at: datetime, *, is_open: bool | None
) -> None:
    window = Window(kind="registration", label=Text("报名"), opens_at=opens, closes_at=closes)
    assert window.is_open(at) is is_open


@pytest.mark.parametrize(
    ("opens", "closes"),
    [(_OPENS.replace(tzinfo=None), _CLOSES), (_OPENS, _CLOSES.replace(tzinfo=None))],
)
def test_an_end_without_a_zone_is_refused(opens: datetime, closes: datetime) -> None:
    with pytest.raises(ValueError, match="T00:00:00 has no time zone"):
        Window(kind="registration", label=Text("报名"), opens_at=opens, closes_at=closes)
