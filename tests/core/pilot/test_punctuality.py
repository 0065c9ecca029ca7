# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget of late ticks, and the pauses that grow."""

from __future__ import annotations

from evsed.core.pilot.punctuality import LATE_S, Punctuality

TICK_S = 0.02


def run(pace: Punctuality, now: float, for_s: float, *, late_every_s: float = 1e9) -> float:
    """Let ticks go by, one of each *late_every_s* late; the moment of the end."""
    end_at, late_at = now + for_s, now + late_every_s
    while now < end_at:
        late = now >= late_at
        interval_s = 0.05 if late else TICK_S
        now += interval_s
        late_at = now + late_every_s if late else late_at
        pace.update(now, interval_s)
    return now


def test_punctual_ticks_limit_nothing_and_one_late_tick_does_not_either() -> None:
    pace = Punctuality()
    now = run(pace, 0.0, 60.0)
    pace.update(now, 2.0)

    assert pace.limit(now) is None
    assert pace.late == 1


def test_ticks_of_30_ms_are_punctual_and_longer_ones_are_not_after_a_third_of_a_second() -> None:
    pace, now = Punctuality(), 0.0
    for _ in range(1000):
        now += LATE_S
        pace.update(now, LATE_S)
    assert pace.limit(now) is None
    for _ in range(8):
        now += 0.031
        pace.update(now, 0.031)
    limit = pace.limit(now)

    assert limit is not None
    assert limit.max_a == 0.0
    assert limit.owner == "self_test"
    assert limit.why.startswith("the Pi is too busy: 8 ticks came late within 1 s")


def test_eight_in_ten_seconds_or_twenty_in_a_minute_are_too_many() -> None:
    for every_s, too_many in ((1.1, True), (2.0, True), (4.0, False)):
        pace = Punctuality()
        now = run(pace, 0.0, 80.0, late_every_s=every_s)
        assert (pace.limit(now) is not None) is too_many, every_s


def test_each_further_pause_is_twice_as_long_and_four_punctual_hours_forget_them() -> None:
    pace, now, pauses_s = Punctuality(), 0.0, []
    for _ in range(8):
        while pace.limit(now) is None:
            now += 0.5
            pace.update(now, 0.05)
        began_at = now
        while pace.limit(now) is not None:
            now += 1.0
        pauses_s.append(round(now - began_at))
    assert pauses_s == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    now += 5 * 3600.0
    while pace.limit(now) is None:
        now += 0.5
        pace.update(now, 0.05)

    assert pace.limit(now + 59.0) is not None
    assert pace.limit(now + 61.0) is None


def test_a_pause_lasts_on_while_the_ticks_come_late() -> None:
    pace = Punctuality()
    now = run(pace, 0.0, 600.0, late_every_s=1.0)

    assert pace.limit(now + 50.0) is not None
    assert "until 1 min went by without that" in pace.limit(now).why  # type: ignore[union-attr]
