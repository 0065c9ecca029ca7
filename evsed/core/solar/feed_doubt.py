# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed that contradicts the car's own draw is named and not followed.

evsed knows when the car's draw changes. The power that is spare must then change by as much the
other way, and the sun without the car must stand still. Amperes that follow the sun prove nothing,
since they move with it; a start, a stop, and steps made on purpose do. With a meter, a start that
the feed does not answer as it should is followed by steps between the least current and twice that,
until they have cleared the feed or convicted it; without one, the tests of what the car takes
(`draw_test`) show it. Nothing is judged near 0, where throttled panels or a battery that holds the
grid at zero hide the change.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Final

from evsed.core.solar.draw_evidence import ANSWER_S, NEAR_ZERO_W
from evsed.core.solar.weather import Weather
from evsed.core.text import text

CHANGE_SHARE: Final = 0.5
"""Only changes of the draw of half the least power count: 3 A."""

TIMES: Final = 3
"""The contradiction has to be seen so many times."""

SURE: Final = 3.0
"""... and by so many standard errors."""

REVERSED_SHARE: Final = 1.5
"""A sun that follows the measured draw by more than this: the figure answers the wrong way."""

UNSEEN_SHARE: Final = 0.7
"""A sun that follows a measured draw by more than this: the figure does not answer it."""

CLEARED_SHARE: Final = 0.5
"""A sun that follows the draw by less than this is the sun."""

TESTS: Final = 12
"""No more steps than this are made on purpose in a run."""

CALM_W: Final = 50.0
"""Between two readings the sun moves by this much at least (rms), in watts."""

FORGET: Final = 0.7
"""What older runs have shown counts for so much less with each start."""

UNSEEN_S: Final = 900.0
"""Without a meter, a car that is taken to draw nothing may not be seen by the feed after so long,
in seconds; the slowest reported car begins within 4 minutes (evcc-io/evcc#11958)."""

FLOOR_W: Final = 2.0
"""A figure at its floor is 0, but for what rounding adds, in watts ..."""

FLOOR_READINGS: Final = 10
"""... for so many readings and for `UNSEEN_S` while the car draws, if it was never below: a sensor
that sees both directions has noise that does so, also where throttled panels hold it at 0."""

RETRY_S: Final = 43_200.0
"""A feed is tried again after so long, in seconds, or when the owner sets the mode: half a day."""


class Doubt(enum.Enum):
    """Fault of a feed, in the owner's words."""

    REVERSED = text("the feed's figure rises when the car draws more: its sign is reversed")
    UNSEEN = text(
        "the feed's figure does not answer the car's draw: its meter does not see the car"
    )
    FLOORED = text(
        "the feed's figure is never below 0: it does not show what the battery or the grid gives"
    )
    UNANSWERED = text(
        "the feed's figure does not answer the car: either the car takes nothing, or the feed's "
        "meter does not see the car"
    )


ADVICE: Final = {
    Doubt.REVERSED: text(
        "Turn its sign round where the figure is made (scale = -1, or the meter)."
    ),
    Doubt.UNSEEN: text(
        "Take a meter that measures the car, too, or feed the car through that meter."
    ),
    Doubt.FLOORED: text(
        "Take a sensor that sees both directions, or a figure that counts what is taken."
    ),
    Doubt.UNANSWERED: text("If the car does charge, take a meter that measures the car, too."),
}


@dataclass(slots=True)
class _Evidence:
    """Share by which the sun followed changes of the draw that had nothing to do with it."""

    power: float = 0.0
    cross: float = 0.0
    changes: float = 0.0
    weather: Weather = field(default_factory=lambda: Weather(CALM_W))

    @property
    def share(self) -> float:
        return self.cross / self.power if self.power > 0 else 0.0

    @property
    def error(self) -> float:
        return math.sqrt(self.weather.variance / self.power) if self.power > 0 else math.inf

    def add(self, moved_w: float, step_w: float) -> None:
        self.power += step_w * step_w
        self.cross += moved_w * step_w
        self.changes += 1

    def forget(self) -> None:
        self.power *= FORGET
        self.cross *= FORGET
        self.changes *= FORGET


class FeedDoubt:
    """Collects the evidence against a feed. Moments are monotonic seconds."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self.found: Doubt | None = None
        """What contradicts the draw, if anything does."""
        self._found_at = 0.0
        self.was_below_0 = False
        """True once the figure was below 0: it has no floor. Kept when the evidence is cleared."""
        self.clear()

    def clear(self) -> None:
        """Believe the feed again, and start without evidence."""
        self.found = None
        self._evidence = _Evidence()
        self._last: tuple[float, float] | None = None  # sun and draw of the last reading, in watts
        self._before: tuple[float, float] | None = None  # ... of that before a change on purpose
        self._changed_s = 0.0
        self._tests = 0
        self._tested = False  # in this run
        self._high = False
        self._nothing_s = self._floor_s = 0.0
        self._floor_readings = 0

    @property
    def test_w(self) -> float | None:
        """Power for the car during a test, whatever the sun is, in watts; None: no test runs."""
        if not self._tests or self.found is not None:
            return None
        return 2 * self.least_w if self._high else self.least_w

    def add_figure(self, now: float, figure_w: float, draw_w: float, span_s: float) -> None:
        """Add the feed's figure as it came, in watts: panels that are throttled hold it near 0.

        So does a sensor with a floor, for whatever the car draws.
        """
        self.was_below_0 = self.was_below_0 or figure_w < 0
        if self.was_below_0 or draw_w <= 0 or figure_w > FLOOR_W:
            self._floor_s, self._floor_readings = 0.0, 0
            if self.was_below_0 and self.found is Doubt.FLOORED:
                self.clear()
            return
        self._floor_s += span_s
        self._floor_readings += 1
        floored = self._floor_readings >= FLOOR_READINGS and self._floor_s >= UNSEEN_S
        if floored and self.found is None:
            self.found, self._found_at = Doubt.FLOORED, now

    def add(
        self,
        now: float,
        excess_w: float | None,
        draw_w: float,
        span_s: float,
        *,
        measured: bool,
        reverses: bool = False,
        unanswered: bool = False,
        full: bool,
    ) -> None:
        """Add a reading: what is spare with the car drawing `draw_w`, both in watts.

        `draw_w` is `measured`, or what is offered. Then `reverses` is true where tests have shown a
        figure that answers the wrong way, and `unanswered` while no car was ever answered. None is
        a reading that is not understood yet; `full` where the house battery is known to be full, so
        that its panels may be throttled.
        """
        if self.found is Doubt.UNANSWERED and not unanswered:
            self.clear()
        if self.found is not None:
            if now - self._found_at >= RETRY_S:
                self.clear()
            return
        # Throttled panels can hide an answer; they cannot make the figure rise with the car's draw.
        if excess_w is None or (full and (measured or not reverses)):
            self._last = self._before = None
            self._tests = 0
            return
        self._nothing_s = self._nothing_s + span_s if unanswered and draw_w > 0 else 0.0
        if measured:
            self._weigh(excess_w, draw_w, span_s)
        self.found = self._judge(measured=measured, reverses=reverses)
        self._found_at = now
        self._plan(draw_w, measured=measured)

    def _weigh(self, excess_w: float, draw_w: float, span_s: float) -> None:
        """Add what this reading tells of a start, a stop, or a step on purpose."""
        evidence, solar_w = self._evidence, excess_w + draw_w
        self._changed_s += span_s
        if self._last is not None:
            last_solar_w, last_draw_w = self._last
            if abs(draw_w - last_draw_w) < CHANGE_SHARE * self.least_w:
                evidence.weather.add(solar_w - last_solar_w)
            if (draw_w <= 0) is not (last_draw_w <= 0):
                self._before, self._changed_s = self._last, ANSWER_S
                evidence.forget()
        if self._before is not None and self._changed_s >= ANSWER_S:
            before_solar_w, before_draw_w = self._before
            step_w = draw_w - before_draw_w
            if abs(step_w) >= CHANGE_SHARE * self.least_w or self._changed_s >= UNSEEN_S:
                hidden = max(abs(excess_w), abs(before_solar_w - before_draw_w)) < NEAR_ZERO_W
                if not hidden:
                    evidence.add(solar_w - before_solar_w, step_w)
                self._before = None
        self._last = (solar_w, draw_w)

    def _plan(self, draw_w: float, *, measured: bool) -> None:
        """Begin a test, make its next step, or end it."""
        evidence = self._evidence
        if draw_w <= 0 or self.found is not None or not measured:
            self._tests = 0
            self._tested = False
            return
        suspect = evidence.share >= CLEARED_SHARE  # whatever did not clear it, as a load may have
        cleared = evidence.share < CLEARED_SHARE or self._tests >= TESTS
        if self._tests and cleared:
            self._tests, self._tested, self._before = 0, True, None
        elif self._before is None and (self._tests or (suspect and not self._tested)):
            self._tests += 1
            self._high = draw_w < 1.5 * self.least_w
            self._before, self._changed_s = self._last, 0.0

    def _judge(self, *, measured: bool, reverses: bool) -> Doubt | None:
        evidence = self._evidence
        if not measured:
            unanswered = Doubt.UNANSWERED if self._nothing_s >= UNSEEN_S else None
            return Doubt.REVERSED if reverses else unanswered
        if evidence.changes < TIMES - FORGET:
            return None
        sure = 0.0 if self._tests >= TESTS else SURE * evidence.error
        if evidence.share > REVERSED_SHARE and evidence.share - 1 > sure:
            return Doubt.REVERSED
        unseen = UNSEEN_SHARE < evidence.share <= REVERSED_SHARE and evidence.share > sure
        return Doubt.UNSEEN if unseen else None
