# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's limits on a session, and the hours of the week."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from evsed.core.owner import OwnerLimits, Window, session_limit, window_limit

# 2026-06-22 is a Monday.


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that week."""
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def test_without_limits_there_are_none() -> None:
    limits = OwnerLimits()
    assert session_limit(limits, 1e9, 1e9).max_a == math.inf
    assert window_limit(limits, at(22, 3)).max_a == math.inf


def test_a_session_ends_with_its_energy() -> None:
    limits = OwnerLimits(session_kwh=10)
    assert session_limit(limits, 9_999.0, 0.0).max_a == math.inf
    assert session_limit(limits, 10_000.0, 0.0).max_a == 0
    assert session_limit(limits, 10_000.0, 0.0).why == "the 10 kWh of this session are in"


def test_a_session_ends_with_its_time() -> None:
    limits = OwnerLimits(session_h=2.5)
    assert session_limit(limits, 0.0, 8_999.0).max_a == math.inf
    assert session_limit(limits, 0.0, 9_000.0).why == "the 2.5 h of this session are over"


@pytest.mark.parametrize(
    ("text", "moment", "open_then"),
    [
        ("22:00-06:00", at(22, 23), True),
        ("22:00-06:00", at(22, 5), True),
        ("22:00-06:00", at(22, 6), False),
        ("mon-fri 22:00-06:00", at(27, 5), True),  # Saturday morning belongs to Friday
        ("mon-fri 22:00-06:00", at(27, 23), False),
        ("mon-fri 22:00-06:00", at(22, 5), False),  # Monday morning belongs to Sunday
        ("sat, sun 00:00-00:00", at(28, 12), True),
        ("sat,sun 00:00-00:00", at(26, 12), False),
        ("Fri-Mon 10:00-12:00", at(28, 11), True),
        ("fri-mon 10:00-12:00", at(23, 11), False),
    ],
)
def test_a_window_is_open_when_it_says_so(text: str, moment: datetime, open_then: bool) -> None:  # noqa: FBT001 - a column
    limits = OwnerLimits(windows=(Window.parse(text),))
    assert (window_limit(limits, moment).max_a > 0) is open_then


def test_a_closed_window_says_whose_word_it_is() -> None:
    limit = window_limit(OwnerLimits(windows=(Window.parse("10:00-12:00"),)), at(22, 9))
    assert (limit.owner, limit.max_a) == ("owner", 0.0)
    assert limit.why == "outside the hours that the owner allows"


def test_a_window_knows_when_it_closes() -> None:
    assert Window.parse("22:00-06:00").closes_at(at(22, 23)) == at(23, 6)


@pytest.mark.parametrize(
    "text", ["", "10-12", "foo 10:00-12:00", "mon-foo 10:00-12:00", "25:00-26:00"]
)
def test_a_window_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no window|has a day|no day has"):
        Window.parse(text)


@pytest.mark.parametrize("value", [-1.0, float("nan"), 2000.0])
def test_a_limit_that_cannot_be_is_refused_by_its_key(value: float) -> None:
    with pytest.raises(ValueError, match="session_kwh"):
        OwnerLimits(session_kwh=value)
