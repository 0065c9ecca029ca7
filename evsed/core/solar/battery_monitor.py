# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's figure, taken apart into the power that is spare and the error of charge.

The figure is F = s + S (demandmanager.py of simat/BatteryMonitor). s is the power into the battery,
in watts. S is the distance of the charge from its target, as the watts that would close it within
one minute (60 x Ah x V, since 2021-10-17), so S grows by the mean of s each minute. Older versions
take Ah x 1 instead of Ah x 60 or no charge at all; their figure is s but for an offset that moves
by less than 2 % of s a minute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

MINUTE_S: Final = 60.0
"""S is the power that would close the error of charge within this time, in seconds."""

STEP_W: Final = 300.0
"""The spare power moves by about so much in a minute, in watts: between the rms change of the
recorded days in tests/days (90 to 420 W)."""

FIRST_W: Final = 3_000.0
"""Before any evidence the spare power lies within about this of 0, in watts."""

ROUNDED_W: Final = 5.0
"""The figure is rounded to a watt and its volts to a hundredth; in watts."""

SETTLED_W: Final = 600.0
"""The decoder is trusted from this standard error on, in watts: less than half of 6 A x 230 V."""

JUMP_W: Final = 1_000.0
"""A surprise below this is weather; above, the target of the charge may have moved by its one
percent (demandmanager.py, tracksoc), which is 3 kW for the smallest battery of 5 kWh."""

CLEARER: Final = 3.0
"""An explanation gives way to the other where its next surprise is so many times the other's."""

SAME_JUMP: Final = 0.15
"""Jumps of the target are alike within this share, since one percent is always as many Wh."""

CLOUD_W: Final = 12_000.0
"""No cloud and no load of a house with one car takes more within a minute, in watts."""


def without_charge(moved: float, before: float, minutes: float) -> float:
    """Return the power s of a figure that *moved* by so much in so many *minutes* since the last.

    *before* is that of the last; all in watts, or all in amperes of a part of them. The error of
    charge grows by the mean power into the battery, a straight line between the two, so an error in
    the first power falls to a third with each minute. Over more than two minutes it would change
    its sign each time and hardly fall, so there the mean stands for the power.
    """
    return (moved + max(0.0, 1 - minutes / 2) * before) / max(1 + minutes / 2, minutes)


@dataclass(frozen=True, slots=True)
class Spare:
    """The meaning of one reading.

    `solar_w` is the power that would be spare without the car, `bias_w` what the state of charge
    adds to it (or takes) for the decision, both in watts.
    """

    solar_w: float
    bias_w: float = 0.0

    @property
    def available_w(self) -> float:
        """The power to give to the car, in watts."""
        return self.solar_w + self.bias_w


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The spare power without the car, the error of charge, and the variance common to both."""

    solar_w: float
    state_w: float
    variance: float


class BatteryMonitorDecoder:
    """Separates the power into the battery from the error of its charge, whatever their size.

    A Kalman filter with one free number: a figure gives the sum of both exactly, so an error in one
    is the same error in the other, the other way. The sun is a straight line between two stamps.
    A surprise that could be a move of the target keeps a second explanation until the next figure
    has shown which of them holds.
    """

    __slots__ = ("_best", "_gap_w", "_jump_w", "_jumps", "_moved_w", "_rival")

    def __init__(self) -> None:
        """Begin without knowledge."""
        self._best: _Estimate | None = None
        self._rival: _Estimate | None = None
        self._moved_w: float | None = None  # ... where it was taken for a move of the target
        self._gap_w = 0.0  # the surprise of the last figure
        self._jump_w = 0.0  # one percent of the charge, as far as seen
        self._jumps = 0

    @property
    def settled(self) -> bool:
        """True once the two can be distinguished, which takes two figures."""
        return self._best is not None and self._best.variance < SETTLED_W**2

    @property
    def solar_w(self) -> float:
        """The power that would be spare without the car, in watts; 0 until settled."""
        return self._best.solar_w if self._best is not None and self.settled else 0.0

    @property
    def state_w(self) -> float:
        """The error of charge, in watts for one minute; 0 until settled."""
        return self._best.state_w if self._best is not None and self.settled else 0.0

    @property
    def moved(self) -> bool:
        """True where the last figure is taken for a move of the target, until the next shows it."""
        return self._moved_w is not None

    @property
    def target_moves(self) -> bool:
        """True once the target of the charge was seen to move."""
        return self._jumps > 0

    def decode(self, value_w: float, own_w: float, own_mean_w: float, span_s: float) -> None:
        """Add a figure.

        `own_w` is the car's draw over the feed's window, `own_mean_w` that since the last stamp,
        both in watts, `span_s` the seconds since then.
        """
        if self._best is None or span_s <= 0:
            self._best = _Estimate(0.0, value_w + own_w, FIRST_W**2)
            self._rival = self._moved_w = None
            return
        minutes = span_s / MINUTE_S
        known_w = value_w + own_w + minutes * own_mean_w
        gap_w = known_w - _expected_w(self._best, minutes)
        if self._rival is not None:
            rival_gap_w = known_w - _expected_w(self._rival, minutes)
            moved = self._moved_w is not None
            if CLEARER * abs(rival_gap_w) < abs(gap_w):
                self._best, gap_w, moved = self._rival, rival_gap_w, not moved
            if moved:
                self._count_jump(self._moved_w or self._gap_w)
            self._rival = self._moved_w = None
        self._add(gap_w, value_w + own_w, minutes)

    def rebase(self, more_w: float) -> None:
        """Correct the sun by so many watts: the car took so much more than was thought."""
        if self._best is not None:
            self._best = replace(self._best, solar_w=self._best.solar_w + more_w)
        self._rival = self._moved_w = None

    def settle(self, excess_w: float, own_w: float) -> None:
        """Take `excess_w` for the power into the battery at the last figure, in watts."""
        assert self._best is not None  # noqa: S101 - for the type checker: decode() has seen to it
        more_w = excess_w + own_w - self._best.solar_w
        state_w = self._best.state_w - more_w
        self._best = replace(self._best, solar_w=excess_w + own_w, state_w=state_w)
        self._rival = self._moved_w = None

    def _add(self, gap_w: float, sum_w: float, minutes: float) -> None:
        """Explain the surprise by weather, or by a move of the target; `sum_w` is sun + state."""
        last = self._best
        assert last is not None  # noqa: S101 - for the type checker: decode() has seen to it
        step = STEP_W**2 * minutes
        # The sun leaves its straight line by a Brownian bridge: a twelfth of the step's variance.
        noise = (1 + minutes / 2) ** 2 * step + minutes**2 * step / 12 + ROUNDED_W**2
        spread = minutes**2 * last.variance + noise
        shared = minutes * last.variance + (1 + minutes / 2) * step
        solar_w = last.solar_w + shared / spread * gap_w
        variance = max(ROUNDED_W**2, last.variance + step - shared**2 / spread)
        weather = _Estimate(solar_w, sum_w - solar_w, variance)
        self._best, self._gap_w = weather, gap_w
        if last.variance >= SETTLED_W**2 or abs(gap_w) <= JUMP_W:
            return
        steady = _Estimate(last.solar_w, sum_w - last.solar_w, last.variance + step)
        self._rival = steady
        if abs(gap_w) > CLOUD_W * max(1.0, minutes) or self._is_known_jump(gap_w):
            self._best, self._rival, self._moved_w = steady, weather, gap_w

    def _count_jump(self, gap_w: float) -> None:
        """Keep the size of a move that the next figure has confirmed."""
        alike = abs(abs(gap_w) - self._jump_w) <= SAME_JUMP * self._jump_w
        self._jump_w, self._jumps = abs(gap_w), self._jumps + 1 if alike else 1

    def _is_known_jump(self, gap_w: float) -> bool:
        return self._jumps > 1 and abs(abs(gap_w) - self._jump_w) <= SAME_JUMP * self._jump_w


def _expected_w(last: _Estimate, minutes: float) -> float:
    """Figure and draw as they will be if the sun stands still, in watts."""
    return last.solar_w + last.state_w + minutes * last.solar_w
