# SPDX-License-Identifier: GPL-3.0-or-later
"""A part that lags, repeats, freezes or drifts closes no empty plug and keeps none live."""

from __future__ import annotations

import pytest

from evsed.core.pilot.pilot_meter import PERIOD_S
from tests.core.pilot.part_faults import live_s, next_closing
from tests.core.pilot.timed_faults import TimedFault, empty, lagged, timed_faults, unplugged_after

SOME = (
    "receiver lags by 100 us",
    "receiver lags by 1000 us",
    "converter: a new value in 2",
    "converter: a new value in 100",
    "the last 6 bursts in turn for inf s",
    "offset to -6 V in 30 s",
    "reference to 1.3 in 0.01 s",
    "reference to 1.3 in 3 s",
    "the car's diode shorted",
    "converter: bit 7 stuck at 0, line 8.8/-8.9 V",
    "1 V of noise",
)
BY_NAME = {fault.name: fault for fault in timed_faults()}
DETECTED_S = 0.041  # two bursts
# Where the fault comes as the plug goes, within a second like a receiver that fails now and then.
AT_ONCE_S = 0.3


@pytest.mark.parametrize("name", SOME)
def test_a_part_that_fails_in_time_closes_nothing_on_an_empty_plug(name: str) -> None:
    """All of them: `make pilot-faults`."""
    assert not empty(BY_NAME[name])


@pytest.mark.parametrize("name", SOME)
def test_a_plug_that_is_pulled_3_s_after_a_part_began_to_fail_is_dead_in_two_bursts(
    name: str,
) -> None:
    story = unplugged_after(BY_NAME[name], 3.0)

    assert live_s(story) <= DETECTED_S
    assert not next_closing(story)


@pytest.mark.parametrize("name", SOME)
def test_a_plug_that_is_pulled_just_as_a_part_fails_is_dead_in_a_third_of_a_second(
    name: str,
) -> None:
    assert live_s(unplugged_after(BY_NAME[name], 0.1)) <= AT_ONCE_S


def test_a_lag_that_is_long_against_the_period_leaves_the_mean_of_the_plateaus() -> None:
    assert lagged(6.0, -12.0, 0.5, 0.2 * PERIOD_S, 1.0) == pytest.approx(-3.0, abs=0.01)
    assert lagged(6.0, -12.0, 0.5, 0.49 * PERIOD_S, 1e-5) == pytest.approx(6.0, abs=0.01)


def test_a_fault_that_is_none_is_not_found() -> None:
    """The other side of the table: the plug that is pulled is dead, and the next car charges."""
    story = unplugged_after(TimedFault("none"), 3.0)
    assert live_s(story) <= DETECTED_S
    story.run(3.0)

    story.charging()
