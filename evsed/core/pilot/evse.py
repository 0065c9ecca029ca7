# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine: pilot, lowest limit and now in; duty, contactor, events and faults out.

States are the car's (A-F, from `pilot`) with the EVSE's suffix: 1 steady +12 V (x1), 2 with PWM
(x2). The rules, with their place in IEC 61851-1:

* The contactor closes in C2 only (D2 where ventilation is allowed): half a second of it with the
  diode seen, a live limit, no fault, at least 1 s open (seq. 4).
* It opens in the same step when the settled state is no longer live (seq. 2.2, 8), when the
  pilot is lost, or on a fault; and 6 s after the offer ended if the car goes on (seq. 10.2).
* x1 lasts at least 3 s before a new x2; rises of the duty are 5 s apart; falls are immediate.
* Nothing closes before the front end has read 11.4-12.6 V in A, now or in an earlier life.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsed.core.pilot import events as ev
from evsed.core.pilot import j1772
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.pilot_meter import Anomaly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.limits import Limit
    from evsed.core.pilot.pilot_meter import PilotReading

CLOSE_AFTER_S = 0.5  # of C with the diode seen
OPEN_MIN_S = 1.0  # between two closings, whatever asks
PLUGGED_AFTER_S = 0.25  # of B, C or D: longer than the bounces of a plug going in
UNPLUGGED_AFTER_S = 0.5  # of A: some cars spike to A for 100 ms when S2 moves
FRONT_END_AFTER_S = 0.5  # of 11.4-12.6 V in A
PILOT_HOLD_OFF_S = 30.0  # after E or another pilot fault
PILOT_WELL_S = 1.0  # of A or B before anything closes again
CHATTER_ENTRIES, CHATTER_WITHIN_S, CHATTER_PAUSE_S = 5, 60.0, 60.0

LIVE = (PilotState.C, PilotState.D)
PRESENT = (PilotState.B, *LIVE)
WELL = (PilotState.A, PilotState.B)


@dataclass(frozen=True, slots=True)
class EvseConfig:
    """What the machine has to know of its box.

    `outputs`: contactor outputs to close together (1, or one per phase). `allow_ventilated`: D is
    served like C. `front_end_proved`: an earlier life has read 11.4-12.6 V in A with this very
    calibration. `hold_off_s`: after a crash, nothing closes for so long.
    """

    outputs: int = 1
    allow_ventilated: bool = False
    front_end_proved: bool = False
    hold_off_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """What goes on the wires: the pilot's `duty` (0-1), and how many contactors are `closed`."""

    duty: float
    closed: int


SAFE = Outputs(j1772.STEADY, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step decided.

    `faults` are the active ones with what was measured; `blocked` says in words why nothing is
    offered although the limit would allow it ("" when nothing blocks); `wait_s` is the time left
    where a timer blocks. `closing`: the contactor would have closed, had it been `ready`.
    """

    outputs: Outputs
    events: tuple[ev.Event, ...]
    faults: Mapping[Fault, str]
    blocked: str
    wait_s: float
    closing: bool = False


class Evse:
    """One connector. `step()` is called every tick with what is known then."""

    def __init__(self, config: EvseConfig, now: float) -> None:
        self._config = config
        self._front_end_proved = config.front_end_proved
        self._hold_until = now + config.hold_off_s
        self._duty = j1772.STEADY
        self._closed = False
        self._x1_since: float | None = now
        self._raised_at = now
        self._opened_at = now - OPEN_MIN_S
        self._settled: PilotState | None = None
        self._settled_since = now
        self._before: PilotState | None = None  # the board was lost: what the car said last
        self._present_since: float | None = None
        self._plugged = False
        self._needs_b = False
        self._well_since: float | None = now
        self._f_until = now
        self._entries: deque[float] = deque(maxlen=CHATTER_ENTRIES)
        self._faults: dict[Fault, str] = {}
        self._shown = ""
        self._events: list[ev.Event] = []
        self._letting_go = False
        self._closing = False
        self.cycles = 0

    # --- what others may know -------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        """Whether a car is plugged in (settled, not one burst's word)."""
        return self._plugged

    @property
    def faults(self) -> Mapping[Fault, str]:
        """The active faults, with what was measured."""
        return dict(self._faults)

    @property
    def front_end_proved(self) -> bool:
        """Whether the front end has read 11.4-12.6 V in A."""
        return self._front_end_proved

    @property
    def state(self) -> str:
        """The settled state with its suffix, such as "B1"; "-" before anything is settled."""
        return self._shown or "-"

    # --- orders -----------------------------------------------------------------------

    def let_go(self) -> None:
        """Withdraw the offer for good: steady +12 V, up to 6 s for the car, then open (SIGTERM)."""
        self._letting_go = True

    @property
    def leaving(self) -> bool:
        """Whether the car is being let go for good."""
        return self._letting_go

    @property
    def gone(self) -> bool:
        """Whether, after `let_go()`, nothing is closed or offered any more."""
        return self._letting_go and not self._closed and self._duty == j1772.STEADY

    def acknowledge(self, now: float) -> tuple[ev.Event, ...]:
        """End the faults that wait for the owner; those whose cause remains come back."""
        self._events = []
        for fault in list(self._faults):
            if fault.kind.recovery in (Recovery.ACKNOWLEDGE, Recovery.SERVICE):
                self._clear(now, fault, "acknowledged")
        return tuple(self._events)

    def restore(self, faults: Mapping[Fault, str]) -> None:
        """Take over latched faults of an earlier life."""
        self._faults.update(faults)

    def opened_elsewhere(self, now: float, why: str) -> tuple[ev.Event, ...]:
        """The contactor may have been opened by a dead-man: take it as open, close in full."""
        self._events = []
        if self._closed:
            self._open(now, why)
        return tuple(self._events)

    def restart(self, now: float) -> tuple[ev.Event, ...]:
        """The board was lost and is back: open, steady +12 V, at least 3 s of x1, a full close."""
        self._events = []
        if self._closed:
            self._open(now, "the board was lost")
        self._duty = j1772.STEADY
        self._x1_since = now
        self._before = self._settled or self._before
        self._settled = None
        self._settled_since = now
        return tuple(self._events)

    # --- the step -----------------------------------------------------------------------

    def step(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        reported: Mapping[Fault, str] | None = None,
        *,
        ready: bool = True,
    ) -> Step:
        """Decide for *now* from *pilot*, the lowest *limit* and the faults *reported* from outside.

        Faults in *reported* (temperature, ground fault, ...) are active as long as they are
        reported; what happens after that is their recovery class's matter. While the box is not
        *ready* (its self-tests are under way) nothing closes; `Step.closing` asks for them.
        """
        self._events = []
        self._follow(now, pilot)
        self._find_faults(now, pilot, reported or {})
        blocked, wait_s = self._blocked(now, limit)
        self._set_pilot(now, 0.0 if blocked else limit.max_a, blocked or limit.why or limit.owner)
        self._set_contactor(now, pilot, offered=not blocked, ready=ready)
        self._name_state(now)
        return Step(
            outputs=Outputs(self._duty, self._config.outputs if self._closed else 0),
            events=tuple(self._events),
            faults=dict(self._faults),
            blocked=blocked,
            wait_s=wait_s,
            closing=self._closing,
        )

    def _follow(self, now: float, pilot: PilotReading) -> None:
        """The settled state: since when, plugged or not, asking or not, well or not."""
        if pilot.settled is not self._settled:
            self._move(now, pilot.settled)
        settled_for_s = now - self._settled_since
        if self._settled not in WELL or pilot.anomaly is not None or pilot.lost:
            self._well_since = None
        elif self._well_since is None:
            self._well_since = now
        if self._settled not in PRESENT:
            self._present_since = None
        elif self._present_since is None:
            self._present_since = now
        elif not self._plugged and now - self._present_since >= PLUGGED_AFTER_S:
            self._plugged = True
            self._events.append(ev.CarPluggedIn(now))
            if self._settled in LIVE:
                self._events.append(ev.CarAsked(now))
        if self._settled is PilotState.A:
            if self._plugged and settled_for_s >= UNPLUGGED_AFTER_S:
                self._plugged = False
                self._entries.clear()
                self._events.append(ev.CarUnplugged(now))
            if pilot.state is PilotState.A and pilot.high_v is not None:
                self._prove_front_end(now, pilot.high_v, settled_for_s)

    def _move(self, now: float, new: PilotState | None) -> None:
        """The settled state changes to *new*."""
        old, self._before = self._settled or self._before, None
        self._settled, self._settled_since = new, now
        if PilotState.F in (old, new):
            pass  # evsed's own doing, or a fault's: it says nothing of what the car wants
        elif new in LIVE and old not in LIVE:
            self._entries.append(now)
            if self._plugged:
                self._events.append(ev.CarAsked(now))
        elif old in LIVE and new not in LIVE and self._plugged:
            self._events.append(ev.CarStopped(now))
        if new in WELL:
            self._needs_b = False

    def _prove_front_end(self, now: float, high_v: float, for_s: float) -> None:
        if for_s < FRONT_END_AFTER_S:
            return
        good = j1772.STEADY_MIN_V <= high_v <= j1772.STEADY_MAX_V
        if good:
            self._front_end_proved = True
        else:  # with A for that long there is no car
            self._front_end_proved = False
            self._raise(
                now, Fault.PILOT, f"with no car the pilot reads {high_v:.2f} V, not 11.4 to 12.6 V"
            )

    def _find_faults(self, now: float, pilot: PilotReading, reported: Mapping[Fault, str]) -> None:
        anomaly = pilot.anomaly
        if anomaly is Anomaly.NO_DIODE and self._settled is not PilotState.A:
            self._raise(now, Fault.DIODE, anomaly.value)
        elif anomaly is not None and anomaly is not Anomaly.NO_DIODE and now >= self._f_until:
            self._raise(now, Fault.PILOT, anomaly.value)
        if self._settled is PilotState.D and not self._config.allow_ventilated:
            self._needs_b = True
            self._raise(now, Fault.VENTILATION, "the car asks for ventilation")
        if len(self._entries) == CHATTER_ENTRIES and now - self._entries[0] <= CHATTER_WITHIN_S:
            self._raise(now, Fault.CHATTER, "the car asked and stopped five times in a minute")
            self._hold_until = max(self._hold_until, now + CHATTER_PAUSE_S)
            self._entries.clear()
        for fault, detail in reported.items():
            self._raise(now, fault, detail)
        for fault in list(self._faults):
            self._try_to_clear(now, fault, pilot, reported)

    def _try_to_clear(
        self, now: float, fault: Fault, pilot: PilotReading, reported: Mapping[Fault, str]
    ) -> None:
        if fault in reported:
            return
        recovery = fault.kind.recovery
        if recovery is Recovery.UNPLUG:
            if not self._plugged and self._settled is PilotState.A:
                self._clear(now, fault, "unplugged")
        elif recovery is Recovery.AUTO:
            over, how = self._over(now, fault, pilot)
            if over:
                self._clear(now, fault, how)

    def _over(self, now: float, fault: Fault, pilot: PilotReading) -> tuple[bool, str]:
        """Whether a fault that ends by itself is over, and what ended it."""
        if fault is Fault.PILOT:
            over = self._pilot_is_well(now, pilot)
            if over:
                self._hold_until = max(self._hold_until, now + PILOT_HOLD_OFF_S)
            return over, "the pilot is well"
        if fault is Fault.VENTILATION:
            return not self._needs_b, "the car stopped asking"
        if fault is Fault.CHATTER:
            return now >= self._hold_until, "the pause is over"
        return True, "its cause is gone"

    def _pilot_is_well(self, now: float, pilot: PilotReading) -> bool:
        """A second of A or B without an anomaly; in A, of 11.4-12.6 V."""
        if self._well_since is None or now - self._well_since < PILOT_WELL_S:
            return False
        if self._settled is not PilotState.A:
            return True
        return pilot.high_v is not None and j1772.STEADY_MIN_V <= pilot.high_v <= j1772.STEADY_MAX_V

    def _blocked(self, now: float, limit: Limit) -> tuple[str, float]:
        """Why nothing may be offered now, in words, and for how long yet if that is known."""
        x1_left_s = 0.0 if self._x1_since is None else self._x1_since + j1772.X1_MIN_S - now
        hold_left_s = self._hold_until - now
        if self._letting_go:
            return "evsed is stopping", 0.0
        if self._faults:
            return next(iter(self._faults)).value, max(0.0, hold_left_s)
        # A car that is just leaving keeps the offer it has for half a second, but gets no new one.
        if not self._plugged or (self._x1_since is not None and self._settled not in PRESENT):
            return "no car", 0.0
        if not self._front_end_proved:
            return "the pilot has to be read once without a car: unplug it, and in again", 0.0
        if hold_left_s > 0.0:
            return "waiting after a fault or a restart", hold_left_s
        if not limit.max_a >= j1772.MIN_A:
            return limit.why or f"the {limit.owner} allows less than 6 A", 0.0
        if x1_left_s > 0.0:
            return "the car is given time to see that the offer ended", x1_left_s
        return "", 0.0

    def _set_pilot(self, now: float, offered_a: float, why: str) -> None:
        if now < self._f_until:
            self._withdraw(now, why)
            self._duty = j1772.NOT_AVAILABLE
            return
        wanted = j1772.duty_for_current(offered_a)
        if wanted == j1772.STEADY:
            self._withdraw(now, why)
            self._duty = j1772.STEADY
        elif self._x1_since is not None:
            self._x1_since = None
            self._raised_at = now
            self._duty = wanted
            self._events.append(ev.OfferMade(now, j1772.current_for_duty(wanted)))
        elif wanted < self._duty:
            self._duty = wanted
        elif wanted > self._duty and now - self._raised_at >= j1772.RISE_EVERY_S:
            self._raised_at = now
            self._duty = wanted

    def _withdraw(self, now: float, why: str) -> None:
        if self._x1_since is None:
            self._x1_since = now
            self._events.append(ev.OfferWithdrawn(now, why))

    def _set_contactor(
        self, now: float, pilot: PilotReading, *, offered: bool, ready: bool
    ) -> None:
        self._closing = False
        live = self._settled is PilotState.C or (
            self._settled is PilotState.D and self._config.allow_ventilated
        )
        at_once = next((fault for fault in self._faults if fault.kind.at_once), None)
        if self._closed:
            if at_once is not None:
                self._open(now, f"{at_once.value}, {self._faults[at_once]}")
            elif pilot.lost:
                self._open(now, "the pilot could not be read for 60 ms")
            elif not live:
                self._open(now, "the car no longer asks")
            elif self._x1_since is not None and now - self._x1_since >= j1772.C1_S:
                self._open(now, "the car went on for 6 s after the offer ended")
        elif (
            live
            and offered
            and self._x1_since is None
            and self._front_end_proved
            and not self._needs_b
            and not pilot.lost
            and pilot.state is self._settled
            and min(pilot.live_for_s, now - self._opened_at) >= CLOSE_AFTER_S
            and now - self._opened_at >= OPEN_MIN_S
        ):
            self._closing = not ready
            if ready:
                self._closed = True
                self.cycles += 1
                self._events.append(ev.ContactorClosed(now, self.cycles))

    def _open(self, now: float, why: str) -> None:
        self._closed = False
        self._opened_at = now
        self._events.append(ev.ContactorOpened(now, why))

    def _name_state(self, now: float) -> None:
        if self._settled is None:
            shown = ""
        elif self._settled in PRESENT:
            shown = self._settled.value + ("2" if 0.0 < self._duty < 1.0 else "1")
        else:
            shown = self._settled.value
        if shown != self._shown:
            self._events.append(ev.StateChanged(now, self._shown or "-", shown or "-"))
            self._shown = shown

    def _raise(self, now: float, fault: Fault, detail: str) -> None:
        if fault in self._faults:
            return
        self._faults[fault] = detail
        self._events.append(ev.FaultRaised(now, fault.value, detail))
        if fault.kind.shows_f:
            self._f_until = now + j1772.F_MIN_S

    def _clear(self, now: float, fault: Fault, how: str) -> None:
        del self._faults[fault]
        self._events.append(ev.FaultCleared(now, fault.value, how))
