# SPDX-License-Identifier: GPL-3.0-or-later
"""The acts of the simulator with their moments, as questions that a test asks.

Every stamp is the simulator's own, on CLOCK_MONOTONIC, one clock for all processes. Scripts
in pigpiod and the charge pump run on exact times whatever the machine does, so what is asserted of
these stamps does not depend on how busy the machine is.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evsed.core.pilot.j1772 import current_for_duty
from evsed.sim.contactor_drive import PUMP_HOLD_S
from evsed.sim.world import THREE_PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PINS = THREE_PHASES
MAINS_V = 230.0
STALL_S = 0.030
"""A beat so long after the one before, by the simulator's stamps, may have been late to evsed.

Its own bound is 45 ms, but it looks at its clock when the answer has come back. A control process
that loses the processor between the two sees a late beat where the stamp shows none. Its next beat
is late by the same stretch, though: 45 ms less the 20 ms of a tick, and the few that a tick takes.
"""
BESIDE_S = 0.5  # a dead-man opens before the late beat that shows the stall, evsed soon after it
STARTING_S = 0.5  # the least that passes between the last beat of a life and the first of the next


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another."""

    start: float
    end: float

    @property
    def long_s(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Timeline:
    """The history of one simulated Pi, in the order of its stamps, up to `until`."""

    happened: Sequence[tuple[float, str, int, float]]
    until: float
    beats: tuple[float, ...] = field(init=False)  # of the script, one a tick
    pumped: tuple[float, ...] = field(init=False)  # edges for the charge pump
    contactor: tuple[tuple[float, int], ...] = field(init=False)
    pilot: tuple[tuple[float, float], ...] = field(init=False)
    s2: tuple[tuple[float, bool], ...] = field(init=False)

    def __post_init__(self) -> None:
        ordered = sorted(self.happened, key=lambda item: item[0])
        of = {
            "beats": tuple(at for at, kind, _, _ in ordered if kind == "script"),
            "pumped": tuple(
                at for at, kind, gpio, _ in ordered if (kind, gpio) == ("level", PINS.heartbeat)
            ),
            "contactor": tuple(_driven(ordered, PINS.contactor)),
            "pilot": tuple(
                (at, value)
                for at, kind, gpio, value in ordered
                if gpio == PINS.pilot and kind in ("pwm", "pwm_off")
            ),
            "s2": tuple((at, bool(value)) for at, kind, _, value in ordered if kind == "s2"),
        }
        for name, value in of.items():
            object.__setattr__(self, name, value)

    # --- the pins ---------------------------------------------------------------------------

    def pin_high(self) -> list[Span]:
        """When the contactor's pin was high; what still is lasts until `until`."""
        return list(_spans(self.contactor, self.until))

    def phase_spans(self) -> tuple[list[Span], ...]:
        """When each phase's contactor was driven, L1 first."""
        ordered = sorted(self.happened, key=lambda item: item[0])
        return tuple(list(_spans(_driven(ordered, gpio), self.until)) for gpio in PINS.contactors)

    def closed_at(self, at: float) -> bool:
        """True where the contactor's pin was high at *at*."""
        return any(span.start <= at <= span.end for span in self.pin_high())

    def closings(self, since: float = 0.0) -> list[float]:
        return [span.start for span in self.pin_high() if span.start >= since]

    def openings(self, since: float = 0.0) -> list[float]:
        return [at for at, level in self.contactor if not level and at >= since]

    def duty_at(self, at: float) -> float:
        """The duty on the pilot at *at*; 0 before there was any."""
        return next((duty for when, duty in reversed(self.pilot) if when <= at), 0.0)

    def offer_ends(self, since: float = 0.0) -> list[float]:
        """When the pilot went from an offer to steady +12 V."""
        return [
            at
            for (_, before), (at, duty) in itertools.pairwise(self.pilot)
            if 0.0 < before < 1.0 and duty == 1.0 and at >= since
        ]

    def offers(self, since: float = 0.0) -> list[float]:
        """When the pilot went from steady +12 V to an offer."""
        return [
            at
            for (_, before), (at, duty) in itertools.pairwise(self.pilot)
            if before == 1.0 and 0.0 < duty < 1.0 and at >= since
        ]

    def last_beat(self, before: float) -> float:
        """The last beat up to *before*."""
        return max(at for at in self.beats if at <= before)

    def beats_since(self, at: float) -> list[float]:
        return [beat for beat in self.beats if beat > at]

    def stalls(self, *, one_life: bool = False) -> list[float]:
        """When the machine had stood still: for the simulator, or between beats of one life.

        *one_life*: all beats are of one, so that no long gap is the time between two.
        """
        most_s = math.inf if one_life else STARTING_S
        late = [
            after
            for before, after in itertools.pairwise(self.beats)
            if STALL_S < after - before < most_s
        ]
        return late + [at for at, kind, _, _ in self.happened if kind == "stall"]

    def of_evsed(self, moments: Iterable[float]) -> list[float]:
        """Those of *moments* that are not beside a stall, so that evsed has to answer for them."""
        stalls = self.stalls()
        return [at for at in moments if all(abs(at - stall) > BESIDE_S for stall in stalls)]

    def flowed_wh(self, closed: Iterable[Span] | None = None) -> float:
        """The energy evsed had to count until now: the offer, while the contactor was *closed*.

        That is while its pin was high, by default.
        """
        return sum(
            current_for_duty(self.duty_at(span.start)) * MAINS_V * span.long_s / 3600
            for span in (self.pin_high() if closed is None else closed)
        )

    # --- what the box makes of them -----------------------------------------------------------

    def energised(self, *, pump_fitted: bool = True) -> list[Span]:
        """When the coil had current: both switches on, worked out from the edges on the pins."""
        high = self.pin_high()
        if not pump_fitted:
            return high
        pumped = _joined(Span(edge, edge + PUMP_HOLD_S[1]) for edge in self.pumped)
        return [
            Span(max(item.start, other.start), min(item.end, other.end))
            for item in high
            for other in pumped
            if item.start < other.end and other.start < item.end
        ]

    def longest_unattended_s(self, *, pump_fitted: bool = True) -> float:
        """The longest that the coil had current after a beat, with no further one meanwhile."""
        longest = 0.0
        for span in self.energised(pump_fitted=pump_fitted):
            inside = [beat for beat in self.beats if span.start <= beat <= span.end]
            for start, end in itertools.pairwise([span.start, *inside, span.end]):
                longest = max(longest, end - start)
        return longest


def _driven(
    ordered: Iterable[tuple[float, str, int, float]], contactor: int
) -> Iterator[tuple[float, int]]:
    """When this contactor's pin came to be driven, high or with PWM, and when no more.

    What happens at one moment is one change: PWM begins with the level that it takes over.
    """
    mine = [
        (at, int(value > 0))
        for at, kind, gpio, value in ordered
        if gpio == contactor and kind in ("level", "pwm", "pwm_off")
    ]
    for (at, driven), (next_at, _) in itertools.pairwise([*mine, (float("inf"), 0)]):
        if at != next_at:
            yield at, driven


def _spans(changes: Iterable[tuple[float, int]], until: float) -> Iterator[Span]:
    since: float | None = None
    for at, level in changes:
        if level and since is None:
            since = at
        elif not level and since is not None:
            yield Span(since, at)
            since = None
    if since is not None:
        yield Span(since, until)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
