# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed that contradicts the car's own draw is named and not followed.

evsed knows when the car's draw changes by a start, a stop or amperes. The power that is spare must
then change by as much the other way, and the sun without the car must stand still. It is not
judged near 0, where throttled panels or a battery that holds the grid at zero hide the change.
"""

from __future__ import annotations

import enum
from typing import Final

from evsed.core.solar.draw_response import DrawResponse

CHANGE_SHARE: Final = 0.5
"""Only changes of the draw of half the least power count: 3 A."""

TIMES: Final = 1.8
"""The contradiction has to be seen at least twice, older ones counting a little less..."""

SURE: Final = 3.0
"""... and by so many standard errors."""

REVERSED_SHARE: Final = 1.5
"""A sun that follows the draw by more than this: the figure answers the wrong way. No car that
takes less than it is offered looks like that."""

UNSEEN_SHARE: Final = 0.75
"""A sun that follows a measured draw by more than this: the figure does not answer it."""

UNSEEN_S: Final = 900.0
"""Without a meter, a car that is taken to draw nothing is not seen by the feed after so long, in
seconds; the slowest reported car begins within 4 minutes (evcc-io/evcc#11958)."""

NEAR_ZERO_W: Final = 250.0
"""A figure closer to 0 than this may be throttled or held there, in watts: two house loads."""

BELOW_ZERO_W: Final = -50.0
"""A figure below this has shown that it can be negative, in watts."""

STUCK_READINGS: Final = 15
"""A figure of exactly the same watts near 0 for so many readings..."""

STUCK_S: Final = 900.0
"""... and so long, in seconds, while a car draws, may be a sensor that ends at 0: a meter of what a
house really takes or gives moves by some watts each minute. So the car is given a little more..."""

NUDGE_SHARE: Final = 1 / 6
"""... each time by this share of the least power, one ampere of six..."""

NUDGES: Final = 2
"""... and a figure that does not answer so many of these cannot fall below 0."""

RETRY_S: Final = 43_200.0
"""A feed is tried again after so long, in seconds, or when the owner sets the mode: half a day."""


class Doubt(enum.Enum):
    """What is wrong with a feed, in the owner's words."""

    REVERSED = "the feed's figure rises when the car draws more: its sign is reversed"
    UNSEEN = "the feed's figure does not answer the car's draw: its meter does not see the car"
    NEVER_NEGATIVE = (
        "the feed's figure never falls below 0 although the car draws: "
        "its meter does not show what is taken"
    )


ADVICE: Final = {
    Doubt.REVERSED: "Turn its sign round where the figure is made (scale = -1, or the meter)",
    Doubt.UNSEEN: "Take a meter that measures the car, too, or feed the car through that meter",
    Doubt.NEVER_NEGATIVE: "Take the balance of the grid, import and export, instead of the export",
}


class FeedDoubt:
    """Collects the evidence against a feed. Moments are monotonic seconds."""

    __slots__ = (
        "_below",
        "_found_at",
        "_least_w",
        "_nothing_s",
        "_nudged_w",
        "_nudges",
        "_response",
        "_same",
        "_same_s",
        "_same_w",
        "found",
    )

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._least_w = least_w
        self.found: Doubt | None = None
        """What contradicts the draw, if anything does."""
        self._found_at = 0.0
        self.clear()

    def clear(self) -> None:
        """Believe the feed again, and begin anew."""
        self.found = None
        self._response = DrawResponse(self._least_w, CHANGE_SHARE)
        self._below = False
        self._same, self._same_s, self._same_w = 0, 0.0, 0.0
        self._nudges, self._nudged_w = 0, 0.0
        self._nothing_s = 0.0

    @property
    def nudge_w(self) -> float:
        """What to give to the car beyond the sun, to see whether the figure answers, in watts."""
        stuck = self._same >= STUCK_READINGS and self._same_s >= STUCK_S and not self._below
        step_w = NUDGE_SHARE * self._least_w * (1 + self._nudges)
        return step_w if stuck and self.found is None else 0.0

    def add(
        self,
        now: float,
        excess_w: float | None,
        draw_w: float,
        span_s: float,
        *,
        measured: bool,
        takes_nothing: bool,
        full: bool,
    ) -> None:
        """Add a reading: what is spare with the car drawing `draw_w`, both in watts.

        `draw_w` is `measured`, or what is offered; then `takes_nothing` is true while the readings
        are best explained by a car that draws nothing. None is a reading that is not understood
        yet; `full` where the house battery is known to be full, so that its panels may be
        throttled.
        """
        if self.found is not None:
            if now - self._found_at >= RETRY_S:
                self.clear()
            return
        if excess_w is None or full:
            self._response.reset()
            self._same = 0
            return
        self._below = self._below or excess_w < BELOW_ZERO_W
        if abs(excess_w) < NEAR_ZERO_W:
            self._response.reset()
        else:
            self._response.add(excess_w + draw_w, draw_w, span_s)
        if self.nudge_w > 0 and excess_w == self._same_w:
            risen = draw_w - self._nudged_w > NUDGE_SHARE * self._least_w / 2
            self._nudges += risen
            self._nudged_w = draw_w if risen else self._nudged_w
        else:
            self._nudges, self._nudged_w = 0, draw_w
        self._count_same(excess_w, draw_w, span_s)
        self._nothing_s = self._nothing_s + span_s if takes_nothing and draw_w > 0 else 0.0
        self.found = self._judge(measured=measured)
        self._found_at = now

    def _count_same(self, excess_w: float, draw_w: float, span_s: float) -> None:
        drawing = draw_w > 0.9 * self._least_w
        if drawing and excess_w == self._same_w and BELOW_ZERO_W <= excess_w < NEAR_ZERO_W:
            self._same, self._same_s = self._same + 1, self._same_s + span_s
        else:
            self._same, self._same_s = 1, 0.0
        self._same_w = excess_w

    def _judge(self, *, measured: bool) -> Doubt | None:
        response = self._response
        if self._nudges >= NUDGES:
            return Doubt.NEVER_NEGATIVE
        if self._nothing_s >= UNSEEN_S:
            return Doubt.UNSEEN
        if response.changes < TIMES:
            return None
        sure = SURE * response.error
        if response.share > REVERSED_SHARE and response.share - 1 > sure:
            return Doubt.REVERSED
        unseen = UNSEEN_SHARE < response.share <= REVERSED_SHARE and response.share > sure
        if measured and unseen:
            return Doubt.UNSEEN
        return None
