# SPDX-License-Identifier: GPL-3.0-or-later
"""A car on the cable: what it shows on the pilot, what it reads there, what it draws.

This is the ordinary car, and with `habits` any other. It knows nothing of evsed. It reads frequency
and duty from the circuit, closes S2 when it wants power and is offered some, draws while the
contactor is closed, and lets go in the order of IEC 61851-1 Table A.6: first the current, then S2.
Whatever a car can do wrong is in `CarFaults`.

Moments are seconds of whatever clock calls; the car moves only in `step()`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from evsed.sim.cars.habit import NOTHING, Habit, SeenPilot, Signal
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, CAR_D_OHM, DIODE_V, NO_CAR, Diode, Load

if TYPE_CHECKING:
    from evsed.sim.circuit import Circuit

BOUNCE_S: Final = 0.020  # a contact that bounces is away this long, and back this long
_READABLE_V: Final = 2.0  # a car cannot tell a pilot from a dead wire below this amplitude
_READABLE_HZ: Final = (950.0, 1050.0)  # Table A.2 says 980-1020; a receiver is more patient
_RELEASED_S: Final = 0.3  # the current is down this long before S2 opens
# Where the regions of Table A.8 begin, percent of duty.
_SIX_AMPERES, _SLOPE, _STEEP, _FLAT, _END = 8.0, 10.0, 85.0, 96.0, 97.0
_NEARLY_S: Final = 1e-6  # made-up clocks add up fractions: this early is on time


def offer_from_duty(duty: float) -> float:
    """Read amperes from a duty (0-1) as a car does: IEC 61851-1 Table A.8; 0 forbids.

    Written apart from `core.pilot.j1772` on purpose: the two check each other.
    """
    percent = 100 * duty
    if _SIX_AMPERES <= percent < _SLOPE:
        return 6.0
    if _SLOPE <= percent <= _STEEP:
        return 0.6 * percent
    if _STEEP < percent <= _FLAT:
        return 2.5 * (percent - 64)
    if _FLAT < percent <= _END:
        return 80.0
    return 0.0  # also 3-7 %: digital communication, which this car does not speak


@dataclass(frozen=True, slots=True)
class CarModel:
    """Construction of a car.

    A changed offer is acted on after `dead_time_s`, then followed at `slew_a_per_s`, or faster
    where a long way must be gone within `follow_s` (Table A.6 seq. 6: 5 s). S2 closes `s2_close_s`
    after a first offer, and opens `s2_open_s` after the end of the offer (seq. 10.1: 3 s at most).
    `bridges`: it connects L1 and L2 inside once it is charged on one phase, until it is unplugged.
    """

    max_a: float = 16.0
    phases: int = 1
    bridges: bool = False
    battery_wh: float = 50_000.0
    diode_v: float = DIODE_V
    b_ohm: float = CAR_B_OHM
    c_ohm: float = CAR_C_OHM
    d_ohm: float = CAR_D_OHM
    dead_time_s: float = 2.0
    slew_a_per_s: float = 4.0
    follow_s: float = 5.0
    s2_close_s: float = 1.0
    s2_open_s: float = 2.0


@dataclass(slots=True)
class CarFaults:
    """Faults of the car or its cable; set any of them at any time.

    `chatter_s` toggles S2 every so many seconds. `overdraw_a` is taken above the offer.
    `s2_open_s` replaces the model's: a slow S2. `sleeps`: asks for nothing whatever is offered.
    `ignores_pilot`: S2 closed and current drawn with or without PWM, as some cars do when the
    offer is withdrawn; only state F opens it.
    """

    diode: Diode = Diode.GOOD
    cp_short_ohm: float | None = None
    cp_short_after_diode: bool = False
    cp_tied_to_v: float | None = None
    pe_broken: bool = False
    ignores_pilot: bool = False
    wants_ventilation: bool = False
    chatter_s: float | None = None
    overdraw_a: float = 0.0
    s2_open_s: float | None = None
    sleeps: bool = False


@dataclass(slots=True)
class Car:
    """One car. `plug_in()`, `ask()` and `unplug()` are its driver; `step()` lets time pass.

    `wanted_a` is what the driver set in the car (None: all it can); it stops asking at
    `target_wh`. `drawn_a` is the current in each phase, `drawn_w` the power of all. `bridged`: L1
    and L2 are connected inside. `short_circuit`: a second phase has closed on that; its breaker has
    tripped, and it takes nothing any more, until another car takes its place.
    """

    model: CarModel = field(default_factory=CarModel)
    charge_wh: float = 10_000.0
    target_wh: float | None = None
    wanted_a: float | None = None
    faults: CarFaults = field(default_factory=CarFaults)
    habits: tuple[Habit, ...] = ()
    plugged: bool = field(default=False, init=False)
    asks: bool = field(default=False, init=False)
    s2_closed: bool = field(default=False, init=False)
    drawn_a: float = field(default=0.0, init=False)
    drawn_w: float = field(default=0.0, init=False)
    offer_a: float = field(default=0.0, init=False)
    seen: SeenPilot = field(default=NOTHING, init=False)
    mains: bool = field(default=False, init=False)
    touching: bool = field(default=False, init=False)
    bridged: bool = field(default=False, init=False)
    short_circuit: bool = field(default=False, init=False)
    _now: float | None = field(default=None, init=False)
    _plugged_at: float = field(default=0.0, init=False)
    _plugged_wh: float = field(default=0.0, init=False)
    _bounces: int = field(default=0, init=False)
    _offered_at: float | None = field(default=None, init=False)
    _stopping_at: float | None = field(default=None, init=False)
    _offers: deque[tuple[float, float]] = field(default_factory=deque, init=False)
    _target_a: float = field(default=0.0, init=False)
    _slew_a_per_s: float = field(default=0.0, init=False)
    _pulses: tuple[float, int, float] | None = field(default=None, init=False)
    _chatter_at: float | None = field(default=None, init=False)
    _main_s2: bool = field(default=False, init=False)
    _refused_at: float = field(default=-math.inf, init=False)

    def become(self, other: Car) -> None:
        """Be built as *other* from now on: its model, its habits and its charge; unplugged."""
        self.unplug()
        self.model, self.habits, self.charge_wh = other.model, other.habits, other.charge_wh
        self.bridged = self.short_circuit = False

    # -- the driver ------------------------------------------------------------------------------

    def plug_in(self, now: float, bounces: int = 0) -> None:
        """Put the plug in; its contact comes and goes *bounces* times first."""
        self.plugged, self._plugged_at, self._bounces = True, now, bounces
        self._plugged_wh = self.charge_wh
        for habit in self.habits:
            habit.restart()

    def unplug(self) -> None:
        """Pull the plug, whatever is going on."""
        self.plugged = False

    def ask(self) -> None:
        """Want energy: S2 closes when the pilot offers some."""
        self.asks = True

    def stop_asking(self) -> None:
        """Want no more: the current goes down, then S2 opens."""
        self.asks = False

    def pulse(self, now: float, count: int = 1, width_s: float = 0.25) -> None:
        """Signal B-C-B: S2 closes *count* times for *width_s* (Table A.6 seq. 11: 0.2-0.4 s)."""
        self._pulses = (now, count, width_s)

    @property
    def wants(self) -> bool:
        """True while the car would charge if current were offered."""
        full_wh = self.model.battery_wh if self.target_wh is None else self.target_wh
        return self.asks and not self.faults.sleeps and self.charge_wh < full_wh

    @property
    def charged_wh(self) -> float:
        """The energy taken since the plug went in."""
        return self.charge_wh - self._plugged_wh

    @property
    def plugged_for_s(self) -> float:
        """Seconds since the plug went in."""
        return (self._plugged_at if self._now is None else self._now) - self._plugged_at

    @property
    def shows(self) -> str:
        """The pilot state that the car makes: "A" to "D"."""
        if not self.touching:
            return "A"
        if not self.s2_closed:
            return "B"
        return "D" if self.faults.wants_ventilation else "C"

    # -- time ------------------------------------------------------------------------------------

    def step(
        self, now: float, circuit: Circuit, live_phases: int = 0, mains_v: float = 230.0
    ) -> None:
        """Let the time pass until *now*: read the circuit's pilot, draw, hang on the circuit.

        *live_phases* is how many phases the contactor has put on the cable (0: it is open).
        """
        self.move(now, self._read(circuit), live_phases, mains_v)
        circuit.load = self._load() if self.touching and not circuit.line_open else NO_CAR

    def move(
        self, now: float, seen: SeenPilot, live_phases: int = 0, mains_v: float = 230.0
    ) -> None:
        """Let the time pass until *now* where the pilot, read by the car, is *seen*.

        For simulations without a circuit; `step()` is this and the circuit.
        """
        passed_s = 0.0 if self._now is None else now - self._now
        self._now = now
        contact = self._contact(now)
        for habit in self.habits:
            contact = habit.on_contact(now, self, contact)
        self.seen = seen if contact else NOTHING
        self.mains = live_phases > 0
        offer_a = self.seen.offer_a
        for habit in self.habits:
            offer_a = habit.on_offer(now, self, offer_a)
        self.offer_a = offer_a
        self._note_offer(now)
        self._move_s2(now, contact=contact)
        self._bridge(live_phases, contact=contact)
        charges = contact and self.s2_closed and not self.short_circuit
        phases = min(self.model.phases, live_phases) if charges else 0
        self._draw(now, passed_s, phases, mains_v)
        for habit in self.habits:
            contact = habit.on_load(now, self, contact)
        self.touching = contact

    def _bridge(self, live_phases: int, *, contact: bool) -> None:
        """Connect L1 and L2 inside where this car does, and see what a second phase makes of it.

        Pause and pilot do not matter: the report knows of nothing that parts them again but the
        plug. L1 is one of the live phases, as in each set that a box may close.
        """
        if not contact:
            self.bridged = False
            return
        self.short_circuit |= self.bridged and live_phases > 1
        self.bridged |= self.model.bridges and self.s2_closed and live_phases == 1

    def _contact(self, now: float) -> bool:
        if not self.plugged:
            return False
        spell = int((now - self._plugged_at + _NEARLY_S) / BOUNCE_S)
        return spell >= 2 * self._bounces or spell % 2 == 0

    def _read(self, circuit: Circuit) -> SeenPilot:
        """Read the pilot where the car stands."""
        faults = self.faults
        if circuit.line_open or faults.pe_broken or faults.diode is Diode.OPEN:
            return NOTHING
        generator = circuit.generator
        # Hanging on the wire already, the car sees what its own load leaves of the pilot.
        top_v = circuit.low_v if generator.duty <= 0.0 else circuit.high_v
        bottom_v = circuit.high_v if generator.duty >= 1.0 else circuit.low_v
        if top_v >= _READABLE_V and bottom_v <= -_READABLE_V:
            slowest_hz, fastest_hz = _READABLE_HZ
            good = slowest_hz <= generator.frequency_hz <= fastest_hz
            return SeenPilot(Signal.PWM, offer_from_duty(generator.duty) if good else 0.0)
        if top_v <= -_READABLE_V:
            return SeenPilot(Signal.NOT_AVAILABLE)
        return SeenPilot(Signal.STEADY) if bottom_v >= _READABLE_V else NOTHING

    def _note_offer(self, now: float) -> None:
        """Note a changed offer, `dead_time_s` late; decide how fast to follow it."""
        if not self._offers or self._offers[-1][1] != self.offer_a:
            self._offers.append((now, self.offer_a))
        settled_at = now - self.model.dead_time_s + _NEARLY_S
        while len(self._offers) > 1 and self._offers[1][0] <= settled_at:
            self._offers.popleft()

    def _move_s2(self, now: float, *, contact: bool) -> None:
        model, faults = self.model, self.faults
        if self.offer_a > 0 and contact:
            self._offered_at = now if self._offered_at is None else self._offered_at
        else:
            self._offered_at = None
        if self.seen.signal is Signal.NOT_AVAILABLE:
            self._refused_at = now
        # F opens the S2 of any car, and it takes its time to close again.
        ignores = now - self._refused_at + _NEARLY_S >= max(1.0, model.s2_close_s)
        may = self._offered_at is not None or (faults.ignores_pilot and contact and ignores)
        if self.wants and may:
            self._stopping_at = None
            since_s = now - (now if self._offered_at is None else self._offered_at)
            if faults.ignores_pilot or since_s + _NEARLY_S >= model.s2_close_s:
                self._main_s2 = True
        elif self._main_s2:
            if self._stopping_at is None:
                self._stopping_at = now
            if not contact or now - self._stopping_at + _NEARLY_S >= self._s2_open_s:
                self._main_s2, self._stopping_at = False, None
        closed = self._chatter(now) if self._main_s2 else self._pulsing(now)
        for habit in self.habits:
            closed = habit.on_s2(now, self, closed)
        self.s2_closed = closed

    @property
    def _s2_open_s(self) -> float:
        slow_s = self.faults.s2_open_s
        return self.model.s2_open_s if slow_s is None else slow_s

    def _chatter(self, now: float) -> bool:
        """Return True where a chattering S2 is closed; an S2 that does not chatter is."""
        every_s = self.faults.chatter_s
        if every_s is None:
            self._chatter_at = None
            return True
        self._chatter_at = now if self._chatter_at is None else self._chatter_at
        return int((now - self._chatter_at + _NEARLY_S) / every_s) % 2 == 0

    def _pulsing(self, now: float) -> bool:
        if self._pulses is None:
            return False
        since, count, width_s = self._pulses
        spell = int((now - since + _NEARLY_S) / width_s)
        if spell >= 2 * count:
            self._pulses = None
        return spell < 2 * count and spell % 2 == 0

    def _draw(self, now: float, passed_s: float, phases: int, mains_v: float) -> None:
        if phases == 0:  # a car without mains, or with S2 open, draws nothing at once
            self.drawn_a = self.drawn_w = self._target_a = 0.0
            return
        target_a = self._goal_a()
        for habit in self.habits:
            target_a = habit.on_current(now, self, target_a)
        if target_a != self._target_a:
            self._target_a = target_a
            left_s = self.model.follow_s - self.model.dead_time_s - _RELEASED_S
            if self._stopping_at is not None:
                left_s = self._s2_open_s - _RELEASED_S
            way_a = abs(target_a - self.drawn_a)
            self._slew_a_per_s = max(self.model.slew_a_per_s, way_a / max(left_s, _NEARLY_S))
        before_a = self.drawn_a
        reach_a = self._slew_a_per_s * passed_s
        self.drawn_a += max(-reach_a, min(reach_a, target_a - before_a))
        self.charge_wh += (before_a + self.drawn_a) / 2 * mains_v * phases * passed_s / 3600
        self.drawn_w = self.drawn_a * mains_v * phases

    def _goal_a(self) -> float:
        """Return the current that is aimed at: the offer, no more than the car wants."""
        if self._stopping_at is not None:
            return 0.0
        wanted_a = self.model.max_a if self.wanted_a is None else self.wanted_a
        wanted_a = min(wanted_a, self.model.max_a)
        if self.faults.ignores_pilot:
            return wanted_a
        return min(wanted_a, self._offers[0][1]) + self.faults.overdraw_a

    def _load(self) -> Load:
        model, faults = self.model, self.faults
        asking_ohm = model.d_ohm if faults.wants_ventilation else model.c_ohm
        return Load(
            car_ohm=asking_ohm if self.s2_closed else model.b_ohm,
            diode=faults.diode,
            diode_v=model.diode_v,
            short_ohm=faults.cp_short_ohm,
            short_after_diode=faults.cp_short_after_diode,
            tied_to_v=faults.cp_tied_to_v,
            pe_broken=faults.pe_broken,
        )
