# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure that does not fall below 0 when the car draws more: a battery, or a meter, hides it.

A house battery that holds the grid at zero pays for the car unseen: the grid reads about 0 whatever
the car takes. A meter of export alone looks the same. What is exported is proof, all else is not.
So a figure that stays near 0 during a run is tested: the offer moves in steps, and where the figure
answers none of them it is taken as proof of sun only while it is above 0, and the car's whole draw
counts as lent while it is not.
"""

from __future__ import annotations

from typing import Final

from evsed.core.solar.battery_monitor import Spare
from evsed.core.solar.feed_doubt import RETRY_S
from evsed.core.solar.feed_trouble import Notice
from evsed.core.text import text

NEAR_W: Final = 60.0
"""A figure this close to 0 may be held there, in watts: batteries regulate to tens."""

READINGS: Final = 3
"""So many figures near 0..."""

NEAR_S: Final = 240.0
"""... for so long, in seconds, are tested: the loads of a house seldom let it stand so long, and a
battery has lent less than the loan of one cloud by then. A figure that is not near 0 ..."""

FAR_TAKES: Final = 2.0
"""... takes back so many times its own time: a battery that is late shows some."""

TRUSTED: Final = 60.0
"""A figure that answered a greater draw is not tested again before so many times as long, 4 hours
(a smaller draw proves little: a full battery lets it show, too), ..."""

BELOW_W: Final = -200.0
"""... and neither is one that lay below this, in watts, ..."""

BELOW_TIMES: Final = 2
"""... at so many readings in a row, longer than a battery takes to answer."""

STEP_SHARE: Final = 1 / 4
"""A step of the test as a share of the least power, 1.5 A of six: far more than `NEAR_W`."""

MADE_SHARE: Final = 2 / 3
"""The car has made a step when its draw moved by this share of it."""

ANSWERED_SHARE: Final = 1 / 2
"""The figure has answered when it moved by this share of what the draw did."""

SETTLED_S: Final = 15.0
"""A step is judged once the draw has stood for so long, in seconds: the slowest reported cars
follow within 10 s."""

UNMADE_S: Final = 300.0
"""A step that the car does not make within this time ends the test, in seconds: its offer is
capped, or it takes less. The next test begins the other way."""

STEPS: Final = 3
"""So many steps that the figure did not answer prove that it is held."""

KEPT_W: Final = 120.0
"""So much is left for export while the figure is held, in watts: it is what proves the sun."""

BATTERY_S: Final = 45.0
"""A battery takes up to so long to answer the car, in seconds (slow ones regulate by a reading of
their meter every 10 to 30 s); until then what the car gave up looks like export."""

PROOFS: Final = 3
"""So many proofs in a row, and a loan is paid back: one may be a battery that was late."""

HELD: Final = Notice(
    "held",
    text(
        "the figure stays near 0 whatever the car draws: a house battery holds the grid at zero, "
        "or the meter shows export alone"
    ),
    text(
        "evsed takes only what is exported for sun and counts the rest as lent by the battery. "
        "Give the feed the battery's power too (battery_w), or the balance of import and export."
    ),
)


class HeldGrid:
    """Finds out whether the figure is held, and says what it is worth then."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self.known = False
        """True while the figure hides by what it is: the house battery comes first."""
        self.clear()

    def clear(self) -> None:
        """Believe the figure again, and start without evidence."""
        self._proved = False
        self.test_w: float | None = None
        """Power for the car during a test, whatever the sun is, in watts; None: no test runs."""
        self._found_s = 0.0
        self._near, self._near_s = 0, 0.0
        self._below, self._below_s = 0, 0.0
        self._rest = 1.0
        self._steps, self._from_w, self._before_w, self._step_s = 0, 0.0, 0.0, 0.0
        self._proofs = 0
        self._up_first = True

    @property
    def found(self) -> bool:
        """True while the figure is taken for held."""
        return self._proved or self.known

    @property
    def notice(self) -> Notice | None:
        """Notice to the owner, if there is one."""
        return HELD if self._proved else None

    @property
    def proven(self) -> bool:
        """True where the last figures were proof enough to call a loan paid back."""
        return not self.found or self._proofs >= PROOFS

    def add(
        self, figure_w: float, own_w: float, span_s: float, *, level_s: float, judged: bool
    ) -> None:
        """Add a figure with the car drawing `own_w` for `level_s` seconds, both in watts.

        `judged` is False where the figure is not to be tested now: another test runs, or it is of a
        battery and no grid.
        """
        if self.found:
            self._found_s += span_s
            if self._found_s >= RETRY_S:
                self.clear()
            self.test_w = None
            return
        if own_w <= 0 or not judged:
            self._near, self._near_s, self.test_w = 0, 0.0, None
            self._below = 0
            return
        self._below_s = self._below_s + span_s if self._below else 0.0
        self._below = self._below + 1 if figure_w < BELOW_W else 0
        if self._below >= BELOW_TIMES and self._below_s >= BATTERY_S:
            self._end_test(TRUSTED)
        elif self.test_w is not None:
            self._step_s += span_s
            self._judge(figure_w, own_w, level_s)
        elif abs(figure_w) > NEAR_W:
            self._near_s = max(0.0, self._near_s - FAR_TAKES * span_s)
            self._near = self._near if self._near_s > 0 else 0
        else:
            self._near_s += span_s if self._near else 0.0
            self._near += 1
            if self._near >= READINGS and self._near_s >= self._rest * NEAR_S:
                self._steps = 0
                self._ask(figure_w, own_w)

    def _end_test(self, rest: float) -> None:
        """End a test, if there is one, and wait for the next so many times as long."""
        self._near, self._near_s, self.test_w = 0, 0.0, None
        self._rest = rest

    def spare(self, figure_w: float, own_w: float, lately_w: float) -> Spare:
        """Return what a held figure is worth; `lately_w` is the car's most of late, in watts."""
        if own_w <= 0:
            return Spare(figure_w)
        if figure_w > NEAR_W + max(0.0, lately_w - own_w):
            self._proofs += 1
            return Spare(figure_w + own_w, -KEPT_W)
        self._proofs = 0
        return Spare(0.0)

    def _judge(self, figure_w: float, own_w: float, level_s: float) -> None:
        """Count a step that the figure did not answer and ask for the next, or end the test."""
        moved_w = own_w - self._from_w
        if abs(moved_w) < MADE_SHARE * STEP_SHARE * self.least_w or level_s < SETTLED_S:
            if self._step_s >= UNMADE_S:
                self._up_first = not self._up_first
                self._end_test(1.0)
            return
        if (self._before_w - figure_w) / moved_w >= ANSWERED_SHARE:
            self._end_test(TRUSTED if moved_w > 0 else 1.0)
            return
        self._steps += 1
        if self._steps < STEPS:
            self._ask(figure_w, own_w)
            return
        self.clear()
        self._proved = True

    def _ask(self, figure_w: float, own_w: float) -> None:
        """Ask for the next step: up, then down and down; or up and down at the least power."""
        step_w = STEP_SHARE * self.least_w
        low = own_w - step_w < self.least_w
        first = self._steps == 0 and self._up_first
        up = first or (low and self._steps % 2 == 0)
        self.test_w = own_w + step_w if up else max(self.least_w, own_w - step_w)
        self._before_w, self._from_w, self._step_s = figure_w, own_w, 0.0
