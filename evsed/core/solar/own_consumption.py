# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw of the car itself, remembered for as long as the feed's news refers to it.

The feed's value contains the car's own draw, so the draw *of the moment the feed measured* has to
be added back, not the draw of now.  This file keeps that past, stands in for a meter where there is
none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from evsed.core.solar.draw_evidence import taken_a

DEAD_TIME_S = 2.0
"""A car without a meter is taken to answer a changed duty after this long, in seconds.  IEC 61851-1
Table A.6 allows 5 s; the cars behind the simulations of this project answer after 2."""

SLEW_A_PER_S = 4.0
"""... and then to move at this rate, in amperes a second."""

FAST_S = 30.0
"""News that comes more often than this may tell of a car that has not answered yet, in seconds. On
a slower feed the car has answered by the next stamp, as a rule: the offer moves once a period."""


class _Span(NamedTuple):
    """The car drew `amperes` from `start_at` until the next span."""

    start_at: float
    amperes: float


@dataclass(slots=True)
class OwnConsumption:
    """The car's current over the last `keep_s` seconds, as steps.

    Moments are monotonic seconds, currents amperes per phase.
    """

    keep_s: float
    _spans: deque[_Span] = field(default_factory=deque)
    _commands: deque[_Span] = field(default_factory=deque)
    _level_a: float = 0.0
    _last_at: float | None = None

    def copy(self, keep_s: float) -> OwnConsumption:
        """Return the same past, which is kept for *keep_s* from now on."""
        spans, commands = deque(self._spans), deque(self._commands)
        return OwnConsumption(keep_s, spans, commands, self._level_a, self._last_at)

    @property
    def now_a(self) -> float:
        """Current that the car draws now, in amperes, measured or modelled."""
        return self._level_a

    def on_measured(self, now: float, amperes: float) -> None:
        """Note a meter's reading: the truth, so it is kept as it is."""
        self._keep(now, amperes)
        self._commands.clear()

    def on_offered(self, now: float, amperes: float) -> None:
        """Note what a car without a meter is offered while its contactor is closed; else 0.

        A rise or fall of the offer reaches the draw after `DEAD_TIME_S` at `SLEW_A_PER_S`; an
        opened contactor (0) at once, since no current can pass it.
        """
        if amperes <= 0.0:
            self._commands.clear()
            self._keep(now, 0.0)
            return
        if not self._commands or self._commands[-1].amperes != amperes:
            self._commands.append(_Span(now, amperes))
        while len(self._commands) > 1 and self._commands[1].start_at <= now - DEAD_TIME_S:
            self._commands.popleft()
        answered = self._commands[0]
        target_a = answered.amperes if answered.start_at <= now - DEAD_TIME_S else self._level_a
        reach_a = SLEW_A_PER_S * (now - self._last_at if self._last_at is not None else 0.0)
        step_a = max(-reach_a, min(reach_a, target_a - self._level_a))
        self._keep(now, self._level_a + step_a)

    def mean_a(self, start_at: float, end_at: float, most_a: float | None = None) -> float:
        """The mean current from `start_at` to `end_at`, in amperes; at one moment if they agree.

        `most_a` cuts every step to that current first, which answers "what if the car takes no
        more than this?".  What lies before the first note counts as 0.
        """
        total_as = 0.0
        moment_a = 0.0
        until_at = end_at
        for span in reversed(self._spans):
            if span.start_at > end_at:
                continue
            amperes = taken_a(most_a, span.amperes)
            if until_at == end_at:
                moment_a = amperes
            total_as += amperes * max(0.0, until_at - max(span.start_at, start_at))
            until_at = span.start_at
            if span.start_at <= start_at:
                break
        return total_as / (end_at - start_at) if end_at > start_at else moment_a

    def bounds_a(
        self, start_at: float, end_at: float, most_a: float | None, slow_s: float
    ) -> tuple[float, float]:
        """Return the least and the most of `mean_a()` if the car answers up to *slow_s* later.

        An opened contactor (0) hides what came before it: no current can pass it.
        """
        if end_at > start_at:
            late_s = (0.0, slow_s / 2, slow_s)
            means_a = [self.mean_a(start_at - s, end_at - s, most_a) for s in late_s]
            return min(means_a), max(means_a)
        low_a = high_a = self.mean_a(end_at, end_at, most_a)
        for span in reversed(self._spans):
            if span.start_at > end_at:
                continue
            amperes = taken_a(most_a, span.amperes)
            low_a, high_a = min(low_a, amperes), max(high_a, amperes)
            if span.start_at <= end_at - slow_s or span.amperes <= 0.0:
                break
        return low_a, high_a

    def most_a(self, start_at: float, end_at: float) -> float:
        """Return the most that the car drew from `start_at` to `end_at`, in amperes."""
        most_a = 0.0
        for span in reversed(self._spans):
            if span.start_at <= end_at:
                most_a = max(most_a, span.amperes)
            if span.start_at <= start_at:
                break
        return most_a

    def rescale(self, factor: float) -> None:
        """Multiply the past by *factor*: an ampere has come to be another number of watts."""
        self._spans = deque(_Span(span.start_at, factor * span.amperes) for span in self._spans)
        self._level_a *= factor

    def level_s(self, at: float) -> float:
        """Return for how long the current of the moment *at* had been what it is, in seconds."""
        for span in reversed(self._spans):
            if span.start_at <= at:
                return at - span.start_at
        return 0.0

    def _keep(self, now: float, amperes: float) -> None:
        if not self._spans or self._spans[-1].amperes != amperes:
            self._spans.append(_Span(now, amperes))
        while len(self._spans) > 1 and self._spans[1].start_at < now - self.keep_s:
            self._spans.popleft()
        self._level_a = amperes
        self._last_at = now
