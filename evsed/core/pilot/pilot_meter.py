# SPDX-License-Identifier: GPL-3.0-or-later
"""From bursts of ADC codes to the state of the pilot.

A burst is 64 or 128 conversions at moments that are not locked to the pilot's 1 kHz, so it meets
both plateaus at random. Each plateau is found as the densest 0.4 V window on its side of the
middle, which edges and spikes do not move (chosen against six other estimators in simulation).

Too few hits on a plateau is an answer of its own: *indeterminate*. Such a burst is joined with
the next one and is never taken for E or F before chance is ruled out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from evsed.core.pilot import j1772
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.receiver_doubt import SPIKE_V, ReceiverDoubt
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW_V = 0.4  # width of the densest-window search
SPREAD_V = 1.0  # a burst within this is one steady level
WEAK_LOW_V = -10.0  # a low plateau between this and -10.8 V is a weak supply, whatever the high one
MIRROR_V = 2.0  # a car without a diode leaves the two plateaus symmetric within this
LOW_SIDE_V = -5.0  # a steady level under this is the negative plateau (no car pulls below -8.8 V)
MIN_HITS = 3  # fewer samples on a plateau say nothing
TIE = 0.7  # a window with this share of the densest one's hits ties; the outermost wins
BLIND_S = 60e-6  # of each plateau, what edges and filter spoil at most (front end settles in 37 us)
# A plateau that is there is missed by n random samples with (1-p)^n; past n*p = 16 that is 1e-7.
NOT_BY_CHANCE = 16.0
# Three ticks without a readable burst are 60 ms, and a burst may end a few ms early or late in its
# tick: with this much, the third in a row always counts, and the second never does.
LOST_S = 0.05
AGREE = 2  # bursts that must agree for a change, and for an anomaly
# The share of samples on the high plateau against the duty: far off within a second; and 2 points,
# which are 1.2 A, within 20 s. Its own scatter is 0.3 points there (64 samples a burst, half of
# them high, a mean over 500 bursts), and the generator may be off by 0.5 (IEC 61851-1 Table A.2).
DUTY_FAR, DUTY_FAR_BURSTS = 0.08, 25
DUTY_NEAR, DUTY_NEAR_BURSTS = 0.02, 500

PERIOD_S = 1e-3

BURST, LONG_BURST = 64, 128  # conversions
SHORT_PLATEAU = 0.16  # of the period; what is shorter takes a long burst


class Anomaly(Enum):
    """A reading that no healthy car and EVSE can give; the value is the sentence for people."""

    NO_DIODE = text("the pilot's negative half is missing: the car's diode is shorted or bypassed")
    WEAK_LOW = text("the pilot's negative supply is weak: its low half is short of -10.8 V")
    NO_PWM = text("the pilot stands still although a signal is commanded")
    STUCK_LOW = text("the pilot stands at -12 V although it is not commanded")
    SHORTED = text("the pilot is shorted to earth")
    WRONG_DUTY = text("the pilot's duty is not the commanded one")
    OUT_OF_RANGE = text("the pilot reads beyond what its supply can give: the sensor lies")
    JUMPS = text(
        "the pilot's reading jumps from state to state: a contact is loose, or the sensor fails"
    )
    REPEATS = text(
        "the sensor gives the same answer again and again: it does not read the pilot any more"
    )


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Conversion of a code to volts: `volts_at_code_0` + code x `volts_per_code` (from hw/)."""

    volts_at_code_0: float = -13.76
    volts_per_code: float = 0.02688


@dataclass(frozen=True, slots=True)
class PilotReading:
    """The pilot after a burst.

    `state` is this burst's (None: indeterminate), `settled` the agreed one (None: nothing
    agreed yet). `high_v` and `low_v` are the last known plateaus; `low_v` is None without PWM.
    `live_for_s`: for how long C (or D) has been read without a break, inside the window for
    closing, with the diode seen and PWM on. `anomaly` has been seen in two bursts or more. `lost`:
    no burst could be read for 60 ms. `suspect`: this burst shows another state, or an anomaly.
    """

    at: float
    state: PilotState | None
    settled: PilotState | None
    high_v: float | None
    low_v: float | None
    live_for_s: float
    anomaly: Anomaly | None
    lost: bool
    suspect: bool = False

    @property
    def trouble(self) -> str:
        """The anomaly in words, with the volts of a negative half that is not as it should be."""
        if self.anomaly is None:
            return ""
        if self.anomaly not in (Anomaly.NO_DIODE, Anomaly.WEAK_LOW) or self.low_v is None:
            return self.anomaly.value
        return text(
            "{anomaly} (it reads {low_v:.2f} V)", anomaly=self.anomaly.value, low_v=self.low_v
        )


def burst_length(duty: float) -> int:
    """Return the conversions in a burst at *duty*: 128 where a plateau is short, else 64."""
    return LONG_BURST if 0.0 < duty < SHORT_PLATEAU or 1.0 - SHORT_PLATEAU < duty < 1.0 else BURST


def densest(ordered: Sequence[int], width: int, *, topmost: bool) -> tuple[float, int]:
    """Return the median of the densest *width*-wide window of *ordered* codes, and its hits.

    Windows with at least 70 % of the most hits tie; the *topmost* (else lowest) of them is taken.
    An empty *ordered* gives (0.0, 0).
    """
    windows: list[tuple[int, int]] = []
    count = len(ordered)
    left = right = 0
    enough = 1.0
    while count - left >= enough:  # once for each code, until too few are left for a window to tie
        code = ordered[left]
        right = bisect_right(ordered, code + width, right)
        windows.append((left, right))
        enough = max(enough, TIE * (right - left))
        left = bisect_right(ordered, code, left, right)
    if not windows:
        return 0.0, 0
    ties = (window for window in windows if window[1] - window[0] >= enough)
    left, right = max(ties) if topmost else next(ties)
    middle = (left + right - 1) // 2
    odd = (right - left) % 2
    value = ordered[middle] if odd else (ordered[middle] + ordered[middle + 1]) / 2
    return value, right - left


class PilotMeter:
    """Reads bursts, one after the other, of one pilot."""

    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._width = int(WINDOW_V / front_end.volts_per_code)
        self._spread = SPREAD_V / front_end.volts_per_code
        self._spike_codes = SPIKE_V / front_end.volts_per_code
        self.reset()

    def reset(self) -> None:
        """Start afresh: nothing agreed, nothing pending (a new board, an opened contactor)."""
        self._settled: PilotState | None = None
        self._pending: list[int] = []
        self._duty: float | None = None
        self._streak: deque[PilotState] = deque(maxlen=AGREE)
        self._anomalies: deque[Anomaly | None] = deque(maxlen=AGREE)
        self._read_at: float | None = None
        self._live_since: float | None = None
        self._high_v: float | None = None
        self._low_v: float | None = None
        self._unseen_low = 0
        self._far = self._near = 0.0
        self._shares = 0
        self._doubt = ReceiverDoubt()
        self._spike = False

    def update(self, now: float, codes: Sequence[int], duty: float) -> PilotReading:
        """Add a burst of *codes* made while *duty* was on the wire and return the reading."""
        if duty != self._duty:
            self._new_duty(duty)
        if self._read_at is None:
            self._read_at = now
        state, anomaly = self._judge(sorted([*self._pending, *codes]), duty)
        if state is None:
            self._pending = [*self._pending, *codes][-4 * len(codes) :]
        else:
            # What only a row of bursts shows is believed at once where it is no news: hash that
            # is joined for long enough has a plateau, too, by chance.
            if not self._pending or state is self._settled:
                self._read_at = now
            self._pending = []
            self._settle(state)
            self._anomalies.append(anomaly)
        lost = now - self._read_at >= LOST_S
        self._live(now, state, anomaly, duty, lost=lost)
        agreed = len(self._anomalies) == AGREE and None not in self._anomalies
        doubt = self._doubted(codes, state, duty)
        return PilotReading(
            at=now,
            state=state,
            settled=self._settled,
            high_v=self._high_v,
            low_v=self._low_v,
            live_for_s=0.0 if self._live_since is None else now - self._live_since,
            anomaly=self._anomalies[-1] if agreed else doubt,
            lost=lost,
            suspect=anomaly is not None or state is not self._settled,
        )

    def _doubted(
        self, codes: Sequence[int], state: PilotState | None, duty: float
    ) -> Anomaly | None:
        """Return what the row of bursts up to this one says of the receiver."""
        doubt = self._doubt
        doubt.recognise(codes, running=0.0 < duty < 1.0)
        if state is not None:
            live = self._settled if self._settled in (PilotState.C, PilotState.D) else None
            doubt.compare(state, live, spike=self._spike)
        if doubt.repeats:
            return Anomaly.REPEATS
        return Anomaly.JUMPS if doubt.jumps else None

    def _new_duty(self, duty: float) -> None:
        """Forget what belongs to the duty before: the joined bursts."""
        running = 0.0 < duty < 1.0
        was_running = self._duty is not None and 0.0 < self._duty < 1.0
        self._duty = duty
        self._pending = []
        self._unseen_low = 0
        if not (running and was_running):
            self._far = self._near = 0.0
            self._shares = 0
            self._low_v = None
            self._live_since = None

    def _volts(self, code: float) -> float:
        return self._front_end.volts_at_code_0 + code * self._front_end.volts_per_code

    def _judge(self, ordered: list[int], duty: float) -> tuple[PilotState | None, Anomaly | None]:
        """One (joined) burst: its state and what is wrong with it."""
        if not ordered:
            return None, None
        if not 0.0 < duty < 1.0:
            return self._judge_steady(ordered, duty)
        bottom, top = ordered[0], ordered[-1]
        if top - bottom < self._spread:
            level_v = self._volts(ordered[len(ordered) // 2])
            self._spike = False
            if level_v < LOW_SIDE_V:  # only the low plateau: was the high one missed by chance?
                if len(ordered) * max(duty - BLIND_S / PERIOD_S, 0.01) < NOT_BY_CHANCE:
                    return None, None
                self._high_v, self._low_v = None, level_v
                return PilotState.F, Anomaly.STUCK_LOW
            return self._judge_high(level_v, len(ordered), None, duty)
        middle = (bottom + top) / 2
        cut = bisect_right(ordered, middle)
        high, hits = densest(ordered[cut:], self._width, topmost=True)
        if hits < MIN_HITS:
            return None, None
        self._spike = top - high > self._spike_codes
        low, low_hits = densest(ordered[:cut], self._width, topmost=False)
        self._note_share((len(ordered) - cut) / len(ordered), duty)
        low_v = self._volts(low) if low_hits >= MIN_HITS else None
        return self._judge_high(self._volts(high), len(ordered), low_v, duty)

    def _judge_steady(
        self, ordered: list[int], duty: float
    ) -> tuple[PilotState | None, Anomaly | None]:
        level, hits = densest(ordered, self._width, topmost=True)
        if hits < len(ordered) / 3:
            return None, None
        self._spike = ordered[-1] - level > self._spike_codes
        level_v = self._volts(level)
        self._low_v = None
        if level_v < LOW_SIDE_V:
            self._high_v = None
            return PilotState.F, (None if duty == j1772.NOT_AVAILABLE else Anomaly.STUCK_LOW)
        self._high_v = level_v
        return self._with_state(level_v, None)

    def _judge_high(
        self, high_v: float, count: int, low_v: float | None, duty: float
    ) -> tuple[PilotState | None, Anomaly | None]:
        """PWM is commanded and the high plateau is known; the low one may be."""
        self._high_v = high_v
        if low_v is None:
            self._unseen_low += count
            usable = max(1.0 - duty - BLIND_S / PERIOD_S, 0.01)
            if self._unseen_low * usable >= NOT_BY_CHANCE:
                self._low_v = None
                return self._with_state(high_v, Anomaly.NO_PWM)
            return self._with_state(high_v, None)
        self._unseen_low = 0
        self._low_v = low_v
        anomaly = None
        if low_v > j1772.DIODE_V:
            # A car without a diode mirrors the high plateau, and in B not beyond -9.56 V. A supply
            # that sags takes the low plateau elsewhere.
            mirrored = low_v > WEAK_LOW_V and low_v + high_v > -MIRROR_V
            anomaly = Anomaly.NO_DIODE if mirrored else Anomaly.WEAK_LOW
        elif low_v < -j1772.SENSOR_LIMIT_V:
            anomaly = Anomaly.OUT_OF_RANGE
        elif self._duty_is_off:
            anomaly = Anomaly.WRONG_DUTY
        return self._with_state(high_v, anomaly)

    def _with_state(
        self, high_v: float, anomaly: Anomaly | None
    ) -> tuple[PilotState, Anomaly | None]:
        state = j1772.state_of(high_v, self._settled)
        if state is PilotState.E:
            return state, Anomaly.SHORTED
        if high_v > j1772.SENSOR_LIMIT_V:
            return state, Anomaly.OUT_OF_RANGE
        return state, anomaly

    def _note_share(self, share: float, duty: float) -> None:
        """Add to the means of how far the share of high samples is from the *duty*.

        They go on over a change of the duty: what is wrong with one is wrong with the next.
        """
        off = share - duty
        self._shares += 1
        self._far += (off - self._far) / min(self._shares, DUTY_FAR_BURSTS)
        self._near += (off - self._near) / min(self._shares, DUTY_NEAR_BURSTS)

    @property
    def _duty_is_off(self) -> bool:
        """Return True where the duty on the wire is not the commanded one."""
        far = self._shares >= 2 * DUTY_FAR_BURSTS and abs(self._far) > DUTY_FAR
        return far or (self._shares >= DUTY_NEAR_BURSTS and abs(self._near) > DUTY_NEAR)

    def _settle(self, state: PilotState) -> None:
        """Two agreeing bursts change the state; out of C or D any two others do."""
        self._streak.append(state)
        if state is self._settled or len(self._streak) < AGREE:
            return
        before = self._streak[0]
        live = self._settled in (PilotState.C, PilotState.D)
        if state is before or (live and before is not self._settled):
            self._settled = state

    def _live(
        self,
        now: float,
        state: PilotState | None,
        anomaly: Anomaly | None,
        duty: float,
        *,
        lost: bool,
    ) -> None:
        """Keep `live_since`: C or D, inside its window, diode seen, PWM on, without a break."""
        if state is None and not lost:
            return  # one burst that says nothing breaks nothing
        window = {PilotState.C: j1772.CLOSE_C_V, PilotState.D: j1772.CLOSE_D_V}.get(
            state or PilotState.A
        )
        good = (
            not lost
            and window is not None
            and state is self._settled
            and anomaly is None
            and 0.0 < duty < 1.0
            and self._low_v is not None
            and self._high_v is not None
            and window[0] <= self._high_v <= window[1]
        )
        if not good:
            self._live_since = None
        elif self._live_since is None:
            self._live_since = now
