# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed that contradicts the car's own draw is named and not followed.

evsed knows when the car's draw changes. The power that is spare must then change by as much the
other way, and the sun without the car must stand still. Amperes that follow the sun prove nothing,
since they move with it; a start, a stop, and steps made on purpose do. With a meter, a start that
the feed does not answer as it should is followed by steps between the least current and twice that,
until they have cleared the feed or convicted it; without one, the tests of what the car takes
(`draw_test`) show it, and so does the offer once it has stood for as long as the slowest car needs.
A car that takes nothing looks the same there, and the page says both. Nothing is judged near 0,
where throttled panels or a battery that holds the grid at zero hide the change.

A feed that has never answered the car is not proven: behind a full battery, whose panels are
throttled, the figure stands still whatever the car draws, and so does one that does not see the
car. Steps show which of them it is: with a meter at once, without one when the loan is spent, and
then each is higher than the one before, since a full battery may hide the answer. Until it has
answered, the car gets its least current and, for as long as a loan lasts, more.

While it is not known which formula the figure has (`formula_evidence`), each meaning has its own
evidence. One is enough to prove the feed, and all have to speak against it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from evsed.core.solar.feed_answers import FORGET, FeedAnswers
from evsed.core.text import text

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

UNSEEN_S: Final = 900.0
"""Without a meter, a car that is taken to draw nothing may not be seen by the feed after so long,
in seconds; the slowest reported car begins within 4 minutes (evcc-io/evcc#11958)."""

LEAST_PART: Final = 1 / 3
"""Without a meter a car that answers by this part of its offer is seen: one phase of three."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReading:
    """A reading of the feed beside what the car draws, in watts.

    `power_w` is what is spare if the figure is plain power, `charged_w` if it counts the charge,
    too; None where it cannot mean that, or is not understood yet. `span_s`: since the reading
    before. `asked`: the draw has moved for another reason than the sun since then. `full`: the
    house battery is known to be full, so that its panels may be throttled.
    """

    power_w: float | None
    charged_w: float | None = None
    draw_w: float
    span_s: float
    asked: bool = False
    full: bool = False


class FeedDoubt:
    """Collects the evidence against a feed. Moments are monotonic seconds."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self._least_w = least_w
        self.found: Doubt | None = None
        """The figure that contradicts the draw, if there is one."""
        self._found_at = 0.0
        self._answered_before = False
        self.was_below_0 = False
        """True once the figure was below 0: it has no floor. Kept when the evidence is cleared."""
        self.proven = False
        """True once the figure has answered the car. Kept when the evidence is cleared."""
        self.clear()

    def clear(self) -> None:
        """Believe the feed again, and start without evidence."""
        self.found = None
        self._power = FeedAnswers(self._least_w)
        self._charged = FeedAnswers(self._least_w)
        self._tests = 0
        self._tested = False  # in this run ...
        self._tested_s = 0.0  # ... so long ago
        self._high = False
        self._high_w = 0.0
        self._nothing_s = self._floor_s = 0.0
        self._floor_readings = 0

    @property
    def least_w(self) -> float:
        """The power of the least current, in watts."""
        return self._least_w

    @least_w.setter
    def least_w(self, least_w: float) -> None:
        self._least_w = self._power.least_w = self._charged.least_w = least_w

    @property
    def test_w(self) -> float | None:
        """Power for the car during a test, whatever the sun is, in watts; None: no test runs."""
        if not self._tests or self.found is not None:
            return None
        return self._high_w if self._high else self._least_w

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

    def add_offered(
        self,
        now: float,
        seen: SeenReading,
        *,
        reverses: bool,
        takes_nothing: bool,
        answered: bool,
        settled: bool,
        may_test: bool,
    ) -> None:
        """Add a reading beside what the car is offered.

        `reverses`: the tests of what the car takes have shown a figure that answers the wrong way;
        `takes_nothing`: a car that takes nothing; `answered`: a car that takes something.
        `settled`: the offer has stood for as long as the slowest car needs to follow it.
        `may_test`: the offer may be changed on purpose.
        """
        if self.found is not Doubt.UNANSWERED and not self._believes(now):
            return
        meanings = self._weigh(seen, least_part=LEAST_PART) if settled else []
        if self.found is Doubt.UNANSWERED:
            news = answered and not self._answered_before
            if self.proven or news or now - self._found_at >= RETRY_S:
                self.clear()
            return
        self._answered_before = answered
        # Throttled panels can hide an answer; they cannot make the figure rise with the car's draw.
        if reverses:
            self._find(now, Doubt.REVERSED)
            return
        seen_before = answered or self.proven
        nothing = takes_nothing and not (seen_before or seen.full) and seen.draw_w > 0
        known = not (seen.power_w is None and seen.charged_w is None)
        self._nothing_s = self._nothing_s + seen.span_s if nothing and known else 0.0
        found = {self._judge(answers) for answers in meanings}
        if found and None not in found and not any(answers.likely for answers in meanings):
            self._find(now, Doubt.REVERSED if found == {Doubt.REVERSED} else Doubt.UNANSWERED)
        elif self._nothing_s >= UNSEEN_S:
            self._find(now, Doubt.UNANSWERED)
        if not may_test:
            self._tests = 0
        elif meanings:
            self._plan(meanings, seen, grows=True)

    def add_measured(self, now: float, seen: SeenReading) -> None:
        """Add a reading beside what a meter says the car draws."""
        if self.found is Doubt.UNANSWERED:
            self.clear()  # the meter knows what the car takes
        if not self._believes(now):
            return
        meanings = self._weigh(seen)
        if not meanings:
            self._tests = 0
            return
        found = [self._judge(answers) for answers in meanings]
        if None not in found:
            self._find(now, found[0])
        self._plan(meanings, seen, grows=False)

    def _weigh(self, seen: SeenReading, least_part: float = 1.0) -> list[FeedAnswers]:
        """Add a reading to each meaning that it may have; return those."""
        meanings = []
        for answers, spare_w in ((self._power, seen.power_w), (self._charged, seen.charged_w)):
            if spare_w is None:
                answers.interrupt()
                continue
            answers.add(
                spare_w,
                seen.draw_w,
                seen.span_s,
                asked=seen.asked,
                full=seen.full,
                least_part=least_part,
            )
            meanings.append(answers)
        self.proven = self.proven or any(answers.proven for answers in meanings)
        return meanings

    def _believes(self, now: float) -> bool:
        """Return True while nothing is found, or what was found is old enough to try again."""
        if self.found is not None and now - self._found_at >= RETRY_S:
            self.clear()
            return False
        return self.found is None

    def _find(self, now: float, doubt: Doubt | None) -> None:
        self.found, self._found_at, self.proven = doubt, now, False

    def _plan(self, meanings: list[FeedAnswers], seen: SeenReading, *, grows: bool) -> None:
        """Begin a test, make its next step, or end it.

        `grows`: each step up is higher than the last, which throttled panels may have answered.
        """
        self._tested_s += seen.span_s
        if seen.draw_w <= 0 or self.found is not None:
            self._tests, self._tested = 0, False
            return
        cleared = seen.full or any(answers.share < CLEARED_SHARE for answers in meanings)
        # Whatever did not clear it, as a load may have.
        suspect = not (self.proven and cleared)
        tested = self._tested and (self.proven or self._tested_s < UNSEEN_S)
        if self._tests and (not suspect or self._tests >= TESTS):
            self._tests, self._tested, self._tested_s = 0, True, 0.0
            for answers in meanings:
                answers.drop()
        elif not any(answers.waits for answers in meanings) and (
            self._tests or (suspect and not tested)
        ):
            self._tests += 1
            self._high = seen.draw_w < 1.5 * self._least_w
            if self._high:
                before_w = self._high_w if grows and self._tests > 1 else 0.0
                self._high_w = self._least_w + max(self._least_w, before_w)
            for answers in meanings:
                answers.change()

    def _judge(self, answers: FeedAnswers) -> Doubt | None:
        """Return what the answers to a measured draw say against the feed."""
        if answers.changes < TIMES - FORGET:
            return None
        sure = 0.0 if self._tests >= TESTS else SURE * answers.error
        if answers.share > REVERSED_SHARE and answers.share - 1 > sure:
            return Doubt.REVERSED
        unseen = UNSEEN_SHARE < answers.share <= REVERSED_SHARE and answers.share > sure
        return Doubt.UNSEEN if unseen else None
