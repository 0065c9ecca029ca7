# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof that C on the pilot comes from a car and not from a failed part.

One part that fails (a receiver that clips, a stuck bit of the converter, a weak side of the
generator, a leaking divider) can make an empty plug read C. So a closing needs more than C:

* **A before the car**: 11.4 to 12.6 V for half a second since the last car, so the reading was
  right up to the moment at which the car came.
* **B between A and C**: 8.0 to 10.05 V (IEC 61851-1: 8.06-9.99 V, and the converter's error),
  steady for a quarter of a second. A part that fails moves the reading once, not over this step;
  one that drifts is found in the gap between A and B, or is not steady in B.
* **B stays where it was** while this car is plugged in, within 0.5 V: its resistor does not change.
  A part that sinks all the while makes a plug that is pulled read B first, and C later. Then the
  owner confirms the car, or it is plugged in again.
* **B again after A**, where A followed C: a plug that was pulled, or one that is loose.
* **C is a step below B**, of 1.5 V or more. A car's two resistors make one of 1.9 V at least
  (IEC 61851-1 Table A.3: B at 8.06 V with C at 6.04 V, less 5 % of the generator). A reading that
  drifts or flickers across the threshold makes a smaller one.
* **The reading moved** out of C since the last closing, and stays at the level that followed B. A
  receiver that came to be stuck at C in a charge fails this at the next closing.
* **The level does not step** while the contactor is closed. Most parts that come to be stuck in a
  charge show another level of C once the car is unplugged: the offer is withdrawn, and B is needed
  again. A car's own level drifts; one that steps costs a pause of some seconds.
* **The low plateau** within -11.2 to -12.8 V, and the two plateaus symmetric within 1.25 V.

After a restart with the car plugged in there is no A. Then the A of an earlier life counts,
together with B *while evsed shows steady +12 V*: a car answers the end of the offer with B and the
offer with C, and no part that fails imitates that answer.

A car that shows no B is asked for it (see `car_probe`). Where it still does not, the owner confirms
that a car is plugged in, once for each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.presence import LIVE
from evsed.core.text import text

if TYPE_CHECKING:
    from evsed.core.pilot.pilot_meter import PilotReading
    from evsed.core.pilot.presence import Presence

AFTER_S = 0.5  # of A: with A for that long there is no car
# Two bursts of A, which settle it, are no move where a receiver fails now and then; four are.
A_MOVED_S = 0.03
B_V = (8.0, 10.05)
B_AFTER_S, B_STEADY_V = 0.25, 0.5
# Over this the level in C is another one than that which followed B, and that in B another one than
# this car showed at first. A car's resistors and diode move it by 0.1 V while they warm up, and a
# code of the converter is 0.03 V.
LEVEL_STEADY_V = 0.5
STEP_V = 1.5  # from B to C; eight bursts of 0.3 V of noise at 10 % duty are off by 0.2 V at most
LEVEL_BURSTS = 8  # that make a level: noise of 0.3 V moves a single burst at 10 % duty by 0.5 V
# A step differs from a drift by a mean over a second: 0.33 V/s, which is from 6 V to B in 10 s,
# stays within 0.5 V of it. It has to last, so that a disturbance of some bursts costs nothing.
MEAN_S = 1.0
STRAY_S = 0.5
LOW_V = (-12.8, -11.2)
SYMMETRIC_V = 1.25

# The sentences for people, where the proof is missing.
NOT_PROVED = text("the pilot has to be read once without a car: unplug it, and in again")
NO_B = text("the car asks, and has to show B first: evsed withdraws the offer until it does")
B_MOVED = text("the car asks, and its B has moved by more than 0.5 V since it was plugged in")
STRAYED = text("the pilot has stepped by more than 0.5 V within C: the car has to show B again")
B_NOT_STEADY = text("the pilot has to read a steady 8.0 to 10.05 V before current is offered")


class PilotProof:
    """Proof that the pilot's reading can be trusted; `update()` every tick.

    `proved`: the front end has read A, in this life or an earlier one with this calibration.
    `car_proved`: this car has shown B. `b_moved`: its B is another one than at first. `moved`: the
    reading left C since the last closing. `strayed`: the level has stepped within C. `confirmed`:
    the owner has confirmed this car.
    *needs_b* False: A alone is enough, which leaves a part that fails at the wrong moment unseen
    (`safety.allow_without_b`).
    """

    def __init__(self, *, proved: bool, needs_b: bool = True) -> None:
        self._needs_b = needs_b
        self.proved = proved
        self.car_proved = False
        self.moved = self.strayed = self.b_moved = False
        self.confirmed = False
        self._a_v: float | None = None  # in this life, since the last car
        self._b_at: float | None = None
        self._b_v = 0.0
        self._b_first_v: float | None = None  # of this car
        self._b_now_v, self._b_bursts = 0.0, 0  # the level of late in B, of how many bursts
        self._b_last_v: float | None = None  # the last level in B of this car
        self._c_v: float | None = None  # where C began
        self._c_now_v, self._c_bursts = 0.0, 0  # the level of late in C, of how many bursts
        self._live: PilotState | None = None
        self._mean_v, self._mean_at = 0.0, 0.0  # of the level in `_live`
        self._stray_at: float | None = None

    @property
    def complete(self) -> bool:
        """True while a C that is read now is a car's."""
        b_seen = not self._needs_b or self.confirmed or (self.car_proved and self.moved)
        return self.proved and b_seen

    def on_unplugged(self) -> None:
        """Forget the car, and the A before it: the next one needs its own."""
        self.car_proved = self.confirmed = self.strayed = self.b_moved = False
        self._a_v = self._b_first_v = self._b_last_v = None

    def on_close(self) -> None:
        """Note that the contactor closes: the next closing needs a reading that has moved."""
        self.moved = False

    def on_not_closed(self) -> None:
        """Give the proof back: the contacts did not close."""
        self.moved = True

    def on_unseen(self) -> None:
        """Forget the car: F hides the pilot for so long that another may come meanwhile."""
        self.car_proved = self.moved = self.confirmed = False
        self._a_v = self._b_at = self._b_last_v = None

    def confirm(self) -> None:
        """Note that the owner has looked: a car is plugged in."""
        self.confirmed = True
        self._live = None

    def update(self, now: float, pilot: PilotReading, presence: Presence, *, steady: bool) -> str:
        """Learn from the *pilot*; return what is wrong with it where no car can be, or "".

        *steady*: the burst was made while steady +12 V was on the wire.
        """
        high_v, settled = pilot.high_v, presence.settled
        if pilot.state is not settled or high_v is None:
            return ""
        self._follow_c(high_v, live=settled in LIVE)
        self._follow_steps(now, high_v, settled)
        self._follow_b(high_v, in_b=settled is PilotState.B)
        if settled is not PilotState.B or not B_V[0] <= high_v <= B_V[1]:
            self._b_at = None
        elif self._b_at is None or abs(high_v - self._b_v) > B_STEADY_V:
            self._b_at, self._b_v = now, high_v
            self.moved, self.strayed = True, False
        elif now - self._b_at >= B_AFTER_S and (steady or self._a_v is not None):
            self.car_proved = not self.b_moved
            if self._b_first_v is None:
                self._b_first_v = self._b_now_v
        if settled is not PilotState.A:
            return ""
        self.car_proved = self.car_proved and not presence.left_live
        good = reads_steady(high_v)
        if good and presence.settled_for_s(now) >= A_MOVED_S:
            self.moved, self.strayed = True, False
        if presence.settled_for_s(now) < AFTER_S:
            return ""
        self.proved, self._a_v = good, high_v if good else None
        return (
            ""
            if good
            else text(
                "with no car the pilot reads {high_v:.2f} V, not 11.4 to 12.6 V", high_v=high_v
            )
        )

    def _follow_b(self, high_v: float, *, in_b: bool) -> None:
        """Take the proof back where B is not the level that this car showed at first."""
        if not in_b:
            self._b_bursts = 0
            return
        self._b_now_v, self._b_bursts = _level(self._b_now_v, self._b_bursts, high_v)
        self._b_last_v = self._b_now_v
        first_v = self._b_first_v
        if first_v is None or self._b_bursts < LEVEL_BURSTS:
            return
        if abs(self._b_now_v - first_v) > LEVEL_STEADY_V:
            self.b_moved, self.car_proved = True, False

    def _follow_c(self, high_v: float, *, live: bool) -> None:
        """Forget that the reading moved where C is no step below B, or not what followed B."""
        if not live:
            self._c_v, self._c_bursts = None, 0
            return
        self._c_now_v, self._c_bursts = _level(self._c_now_v, self._c_bursts, high_v)
        if self._c_v is None:
            if self._c_bursts == LEVEL_BURSTS:
                self._c_v = self._c_now_v
                if self._b_last_v is not None and self._b_last_v - self._c_v < STEP_V:
                    self.moved = False
        elif abs(self._c_now_v - self._c_v) > LEVEL_STEADY_V:
            self.moved = False

    def _follow_steps(self, now: float, high_v: float, settled: PilotState | None) -> None:
        """Ask for B again, and forget the owner's word, where the level stepped within C or D."""
        if settled not in LIVE or settled is not self._live:
            self._live = settled if settled in LIVE else None
            self._mean_v, self._stray_at = high_v, None
        elif abs(high_v - self._mean_v) <= LEVEL_STEADY_V:
            share = min(1.0, (now - self._mean_at) / MEAN_S)
            self._mean_v += share * (high_v - self._mean_v)
            self._stray_at = None
        elif self._stray_at is None:
            self._stray_at = now
        elif now - self._stray_at >= STRAY_S:
            self.moved = self.confirmed = False
            self.strayed = self._needs_b
        self._mean_at = now

    def inconsistent(self, low_v: float | None) -> str:
        """Return what is wrong with the low plateau beside the high one; "" where it is well."""
        if low_v is None:
            return ""
        if not LOW_V[0] <= low_v <= LOW_V[1]:
            return text(
                "the pilot's low plateau is {low_v:.2f} V, not -11.2 to -12.8 V", low_v=low_v
            )
        if self._a_v is not None and abs(self._a_v + low_v) > SYMMETRIC_V:
            return text(
                "the pilot's plateaus are not symmetric: {a_v:.2f} V without a car and "
                "{low_v:.2f} V",
                a_v=self._a_v,
                low_v=low_v,
            )
        return ""


def _level(level_v: float, bursts: int, high_v: float) -> tuple[float, int]:
    """Return the level of *bursts* bursts with one more of *high_v*, and of how many it is."""
    bursts = min(bursts + 1, LEVEL_BURSTS)
    return level_v + (high_v - level_v) / bursts, bursts


def reads_steady(high_v: float) -> bool:
    """Return True where *high_v* is what the generator gives without a car (11.4-12.6 V)."""
    return j1772.STEADY_MIN_V <= high_v <= j1772.STEADY_MAX_V
