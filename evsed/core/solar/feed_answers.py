# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the feed to the car's draw, as one meaning of its figure shows them.

What counts are changes of the draw that the sun did not cause: a start, a stop, a step on purpose.
The evidence against a feed is the share of such changes by which the sun without the car seems to
follow. The evidence for it may also come from where throttled panels hide an answer: they cannot
make one up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from evsed.core.solar.draw_evidence import ANSWER_S, NEAR_ZERO_W
from evsed.core.solar.weather import Weather

CHANGE_SHARE: Final = 0.5
"""Only changes of the draw of half the least power count: 3 A."""

CALM_W: Final = 50.0
"""Between two readings the sun moves by this much at least (rms), in watts."""

FORGET: Final = 0.7
"""Older runs count for so much less with each start."""

PROVEN: Final = 6.0
"""From this evidence on, a log-likelihood, the figure is known to answer the car. No answer counts
for more than half of it: a kettle may coincide, or a cloud."""

HIDDEN: Final = 0.5
"""No answer where throttled panels may hide it speaks against the feed by so much."""

JUDGED_S: Final = 900.0
"""A change that stays small is judged after so long, in seconds."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Power that is spare and the car's draw, in watts; `full`: the panels may be throttled."""

    excess_w: float
    draw_w: float
    full: bool

    @property
    def solar_w(self) -> float:
        return self.excess_w + self.draw_w


class FeedAnswers:
    """Evidence of one meaning of the feed's figure."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self.changes = 0.0
        """Changes that were weighed; those before a start count less."""
        self._power = self._cross = 0.0
        self._proof = 0.0
        self._weather = Weather(CALM_W)
        self._last: _Seen | None = None
        self._before: _Seen | None = None
        self._changed_s = 0.0
        self._asked = False
        self._rises = False  # the first rise after a start is still to come
        self._least_part = 1.0

    @property
    def share(self) -> float:
        """The share of the changes of the draw by which the sun seemed to follow; 0 at first."""
        return self._cross / self._power if self._power > 0 else 0.0

    @property
    def error(self) -> float:
        """Its standard error."""
        return math.sqrt(self._weather.variance / self._power) if self._power > 0 else math.inf

    @property
    def proven(self) -> bool:
        """True once the figure has clearly answered."""
        return self._proof >= PROVEN

    @property
    def likely(self) -> bool:
        """True while more speaks for a figure that answers than against it."""
        return self._proof > 0

    @property
    def waits(self) -> bool:
        """True while a change of the draw has not been judged yet."""
        return self._before is not None

    def change(self) -> None:
        """Note that the draw will change from the last reading on, on purpose."""
        self._before, self._changed_s, self._asked = self._last, 0.0, False

    def drop(self) -> None:
        """Judge no change that is under way."""
        self._before = None

    def interrupt(self) -> None:
        """Note a reading that shows nothing."""
        self._last = self._before = None

    def add(
        self,
        excess_w: float,
        draw_w: float,
        span_s: float,
        *,
        asked: bool,
        full: bool,
        least_part: float = 1.0,
    ) -> None:
        """Add what is spare with the car drawing `draw_w`, both in watts.

        `asked`: the draw has moved for another reason than the sun. `full`: the panels may be
        throttled, unless the battery gives power. `least_part`: where the draw is what the car is
        offered, it may have taken so much of it, 0 to 1, or more.
        """
        self._least_part = least_part
        seen = _Seen(excess_w, draw_w, full and excess_w > -NEAR_ZERO_W)
        last, self._last = self._last, seen
        self._changed_s += span_s
        if last is None:
            return
        if self._is_small(draw_w - last.draw_w) and not (seen.full or last.full):
            self._weather.add(seen.solar_w - last.solar_w)
        if (draw_w <= 0) is not (last.draw_w <= 0):
            self._before, self._changed_s = last, ANSWER_S
            self._power, self._cross = FORGET * self._power, FORGET * self._cross
            self.changes *= FORGET
            self._asked, self._rises = False, draw_w > 0 and least_part < 1
        elif self._rises and self._before is None and not self._is_small(draw_w - last.draw_w):
            self._rises = False
            self._prove_by(last, seen)
        elif asked and self._before is None:
            self._before, self._changed_s, self._asked = last, span_s, True
        elif self._asked and not asked:
            self._before, self._asked = None, False  # by now the draw follows the sun again
        if self._before is None or self._changed_s < ANSWER_S:
            return
        if not self._is_small(draw_w - self._before.draw_w) or self._changed_s >= JUDGED_S:
            self._judge(self._before, seen)
            self._before = None

    def _is_small(self, step_w: float) -> bool:
        return abs(step_w) < CHANGE_SHARE * self.least_w

    def _judge(self, before: _Seen, seen: _Seen) -> None:
        """Weigh the change from one reading to another."""
        step_w, fell_w = seen.draw_w - before.draw_w, before.excess_w - seen.excess_w
        hidden = self._hides(before, seen)
        # Throttled panels can hide an answer or a part of it; they cannot make the figure rise with
        # the draw.
        wrong = fell_w * step_w < 0 and not (self._is_small(step_w) or self._is_small(fell_w))
        if wrong or not hidden:
            self._power += step_w * step_w
            self._cross += (seen.solar_w - before.solar_w) * step_w
            self.changes += 1
        if not self._is_small(step_w):
            self._prove_by(before, seen)

    def _hides(self, before: _Seen, seen: _Seen) -> bool:
        """True where throttled panels, or a battery that holds the figure, may hide an answer."""
        near = max(abs(seen.excess_w), abs(before.excess_w)) < NEAR_ZERO_W
        return near or seen.full or before.full

    def _prove_by(self, before: _Seen, seen: _Seen) -> None:
        """Weigh the answer to a step as proof that the figure sees the car."""
        step_w, fell_w = seen.draw_w - before.draw_w, before.excess_w - seen.excess_w
        hidden = self._hides(before, seen)
        answer_w, step_w = math.copysign(fell_w, fell_w * step_w), abs(step_w)
        scale = 2 * max(CALM_W**2, self._weather.variance)
        if not hidden:
            part_w = max(self._least_part * step_w, min(step_w, answer_w))
            more = part_w * (2 * answer_w - part_w) / scale
        elif self._is_small(answer_w):
            more = -HIDDEN
        else:
            more = math.copysign(answer_w**2 / scale, answer_w)
        self._proof += max(-PROVEN / 2, min(PROVEN / 2, more))
        self._proof = max(-PROVEN / 2, self._proof)
