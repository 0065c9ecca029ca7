# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the past: what a minute is made of, and that getting coarser loses no energy."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.energy.history import (
    MINUTE_S,
    QUARTER_S,
    Minute,
    MinuteAverager,
    TraceRow,
    TraceSample,
    merged,
)

NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp())
CHARGING = TraceSample(2000.0, 2300.0, 1800.0, 12.0, "C2")
IDLE = TraceSample(None, 0.0, 0.0, None, "A")
ROW = TraceRow(NOON, 60, 2000, 2300, 1800, 12, "C2")


def rows(minutes: list[Minute], *, at_0: float = NOON) -> list[TraceRow]:
    """*minutes* dated by a wall clock that shows *at_0* at the monotonic moment 0."""
    return [minute.at(at_0) for minute in minutes]


def recorded(*samples: tuple[float, TraceSample], at_0: float = NOON) -> list[TraceRow]:
    """The rows of *samples* and their moments, the one under way at the end included."""
    minutes, done = MinuteAverager(), []
    for at, sample in samples:
        done += minutes.add(at, at_0 + at, sample)
    return rows([*done, *([minutes.open] if minutes.open else [])], at_0=at_0)


def every_second(
    until: int, sample: TraceSample, start: int = 0
) -> list[tuple[float, TraceSample]]:
    return [(float(at), sample) for at in range(start, until + 1)]


def energy_ws(of: list[TraceRow]) -> int:
    return sum(row.power_w * row.covered_s for row in of)


# ------------------------------------------------------------------------------------- minutes


def test_before_the_second_sample_there_is_nothing() -> None:
    minutes = MinuteAverager()
    assert minutes.add(0.0, NOON, CHARGING) == []
    assert minutes.open is None


def test_a_minute_is_the_mean_of_its_samples_and_has_the_last_state() -> None:
    other = TraceSample(1000.0, 1380.0, 1200.0, 24.0, "C1")
    of = recorded(*every_second(29, CHARGING), *every_second(60, other, start=30))
    assert of == [TraceRow(NOON, 60, 1500, 1840, 1500, 18, "C1")]


def test_minutes_are_those_of_the_wall_clock() -> None:
    of = recorded(*every_second(150, CHARGING), at_0=NOON + 20)
    assert [(row.at - NOON, row.covered_s) for row in of] == [(0, 40), (60, 60), (120, 50)]


def test_what_is_not_known_does_not_count() -> None:
    known = replace(IDLE, available_w=900.0)
    (row,) = recorded(*every_second(30, IDLE), *every_second(50, known, start=31))
    assert (row.available_w, row.battery_loan_wh) == (900, None)


def test_a_minute_without_any_news_of_the_sun_has_none() -> None:
    (row,) = recorded(*every_second(50, IDLE))
    assert row == TraceRow(NOON, 50, None, 0, 0, None, "A")


def test_a_sample_holds_for_five_seconds_and_a_gap_has_no_row() -> None:
    of = recorded((0.0, CHARGING), (200.0, CHARGING), (202.0, CHARGING))
    assert [(row.at - NOON, row.covered_s) for row in of] == [(0, 5), (180, 2)]


def test_a_gap_within_a_minute_is_no_time_covered() -> None:
    (row,) = recorded((0.0, CHARGING), (40.0, CHARGING), (45.0, CHARGING))
    assert (row.covered_s, row.power_w) == (10, 1800)


def test_a_sample_over_the_end_of_a_minute_counts_on_both_sides() -> None:
    of = recorded((57.0, CHARGING), (61.5, IDLE))
    assert [(row.at - NOON, row.covered_s) for row in of] == [(0, 3), (60, 2)]
    assert of[1].power_w == round(1800 * 1.5 / 2)  # the energy stays, however the time is rounded


def test_time_that_stands_still_or_runs_back_adds_nothing() -> None:
    (row,) = recorded((10.0, CHARGING), (10.0, CHARGING), (9.0, CHARGING), (12.0, CHARGING))
    assert row.covered_s == 3


def test_the_last_sliver_of_a_minute_belongs_to_the_next() -> None:
    (row,) = recorded((59.8, CHARGING), (62.0, CHARGING))
    assert (row.at - NOON, row.covered_s) == (60, 2)


def test_a_clock_set_right_meanwhile_is_right_for_minutes_that_wait() -> None:
    minutes, done = MinuteAverager(), []
    for at, sample in every_second(120, CHARGING):
        done += minutes.add(at, 3600.0 + at, sample)  # it shows 1970
    assert [row.at for row in rows(done)] == [NOON, NOON + 60]


def test_a_clock_that_jumps_begins_no_minute_before_its_time() -> None:
    minutes, done = MinuteAverager(), []
    for at, sample in every_second(300, CHARGING):
        jumped_s = 0.0 if int(at) % 2 else 1e9
        done += minutes.add(at, NOON + at + jumped_s, sample)
    assert len(done) <= 300 / MINUTE_S + 1


@given(
    spans=st.lists(
        st.tuples(st.floats(0.01, 5.0), st.floats(0, 22_000), st.sampled_from(["A", "C2"])),
        min_size=1,
        max_size=200,
    ),
    start_s=st.floats(0, 86_400),
)
def test_minutes_conserve_energy_and_end_with_the_last_state(
    spans: list[tuple[float, float, str]], start_s: float
) -> None:
    at, samples, flowed_ws = 0.0, [], 0.0
    for span_s, power_w, state in spans:
        samples.append((at, TraceSample(None, 0.0, power_w, None, state)))
        at += span_s
        flowed_ws += span_s * power_w
    samples.append((at, IDLE))
    of = recorded(*samples, at_0=NOON + start_s)

    assert abs(energy_ws(of) - flowed_ws) <= sum(row.covered_s / 2 for row in of) + 0.001
    assert of[-1].state == spans[-1][2]
    assert all(row.at % MINUTE_S == 0 for row in of)
    assert [row.at for row in of] == sorted({row.at for row in of})


# ------------------------------------------------------------------------------------- coarser


def test_a_quarter_of_an_hour_is_the_mean_of_its_minutes_by_the_time_they_cover() -> None:
    half = replace(
        ROW, at=NOON + 60, covered_s=30, available_w=500, power_w=900, battery_loan_wh=0, state="B2"
    )
    assert merged([ROW, half], QUARTER_S) == [
        TraceRow(NOON, 90, 1500, 2300, 1500, 8, "B2"),
    ]


def test_nothing_becomes_nothing() -> None:
    assert merged([], QUARTER_S) == []


def test_an_hour_that_the_clock_had_twice_is_one_with_the_state_that_came_last() -> None:
    again = replace(ROW, power_w=0, state="B1")
    (row,) = merged([ROW, again], MINUTE_S)
    assert (row.at, row.covered_s, row.power_w, row.state) == (NOON, 120, 900, "B1")


WATTS = st.integers(0, 22_000)
KEPT: Any = st.builds(
    TraceRow,
    at=st.integers(0, 3 * 86_400 // MINUTE_S).map(lambda n: NOON + n * MINUTE_S),
    covered_s=st.integers(1, 60),
    available_w=st.none() | st.integers(-5000, 22_000),
    offered_w=WATTS,
    power_w=WATTS,
    battery_loan_wh=st.none() | st.integers(0, 400),
    state=st.sampled_from(["A", "B1", "B2", "C2", "-"]),
)


@given(
    kept=st.lists(KEPT, min_size=1, max_size=200),
    every_s=st.sampled_from([MINUTE_S, QUARTER_S]),
)
def test_getting_coarser_conserves_energy_and_time_and_never_loses_the_last_row(
    kept: list[TraceRow], every_s: int
) -> None:
    coarse = merged(kept, every_s)

    assert abs(energy_ws(coarse) - energy_ws(kept)) <= sum(row.covered_s for row in coarse) / 2
    assert sum(row.covered_s for row in coarse) == sum(row.covered_s for row in kept)
    last = max(kept, key=lambda row: row.at)
    assert coarse[-1].at == last.at // every_s * every_s
    assert [row.at for row in coarse] == sorted({row.at // every_s * every_s for row in kept})
    for item in coarse:
        of = [row for row in kept if row.at // every_s * every_s == item.at]
        assert min(row.power_w for row in of) <= item.power_w <= max(row.power_w for row in of)
        assert (item.available_w is None) == all(row.available_w is None for row in of)


@given(st.lists(KEPT, min_size=1, max_size=60))
def test_getting_coarser_twice_changes_nothing(kept: list[TraceRow]) -> None:
    coarse = merged(kept, QUARTER_S)
    assert merged(coarse, QUARTER_S) == coarse


@pytest.mark.parametrize("offset_s", [-0.4, 0.0, 0.4])
def test_a_minute_that_was_begun_on_time_stays_where_it_was_while_the_clock_is_slewed(
    offset_s: float,
) -> None:
    minutes, done = MinuteAverager(), []
    for at, sample in every_second(60, CHARGING):
        done += minutes.add(at, NOON + at, sample)
    (row,) = rows(done, at_0=NOON + offset_s)
    assert row.at == NOON
    assert math.isclose(row.power_w, 1800)
