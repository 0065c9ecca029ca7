# SPDX-License-Identifier: GPL-3.0-or-later
"""The ticks keep their pace, and meet the pilot at another place each time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from evsed.core.pilot.pace import Pace
from evsed.core.pilot.pilot_meter import PERIOD_S


def moments(count: int, tick_s: float = 0.02, busy_s: float = 0.005) -> list[float]:
    pace, now, found = Pace(0.0), 0.0, []
    for _ in range(count):
        found.append(pace.next_at(now, tick_s))
        now = found[-1] + busy_s
    return found


@pytest.mark.parametrize("tick_s", [0.018, 0.020])
def test_a_tick_is_never_a_pilots_period_away_from_its_place(tick_s: float) -> None:
    found = moments(50_000, tick_s)

    assert all(abs(later - at - tick_s) < PERIOD_S for at, later in pairwise(found))
    assert found[-1] == pytest.approx(50_000 * tick_s, abs=PERIOD_S)


@pytest.mark.parametrize("tick_s", [0.018, 0.020])
@pytest.mark.parametrize("first", [0, 17, 40_000])
def test_the_ticks_of_half_a_second_meet_the_pilot_all_over_its_period(
    tick_s: float, first: int
) -> None:
    places = sorted(at % PERIOD_S for at in moments(first + 25, tick_s)[first:])
    gaps = [later - at for at, later in pairwise([*places, places[0] + PERIOD_S])]

    assert max(gaps) < 0.08 * PERIOD_S


def test_the_high_share_of_bursts_in_step_with_the_pilot_is_right_on_average() -> None:
    """A burst of 2.56 periods, as 64 conversions of 40 us are, at any duty."""
    for duty in (0.1, 0.27, 0.5, 0.84):
        off = 0.0
        for at in moments(500):
            samples = [(at + 40e-6 * number) % PERIOD_S for number in range(64)]
            off += sum(place < duty * PERIOD_S for place in samples) / 64 - duty
        assert abs(off / 500) < 0.01, duty


def test_a_tick_that_took_too_long_is_not_caught_up() -> None:
    pace = Pace(0.0)
    late_at = pace.next_at(0.1, 0.02)

    assert 0.1 <= late_at < 0.1 + PERIOD_S
    assert pace.next_at(late_at + 0.005, 0.02) >= late_at + 0.019
