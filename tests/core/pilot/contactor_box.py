# SPDX-License-Identifier: GPL-3.0-or-later
"""Contactors, a coil drive in two halves and the watch of both, on made-up time."""

from __future__ import annotations

from collections.abc import Callable

from evsed.core.pilot.charge_pump import ChargePump
from evsed.core.pilot.contactors import Contactors
from evsed.core.pilot.faults import Fault

TICK_S = 0.02
PULL_IN_S, RELEASE_S = 0.03, 0.02
PUMP_S = 0.2


class Box:
    """Two contactors, a coil drive in two halves, and the watch that is updated every 20 ms."""

    def __init__(self, poles: int = 1) -> None:
        self.now = 100.0
        self.watch = Contactors(self.now)
        self.pump = ChargePump(mirrored=True)
        self.contacts = [False] * poles
        self.pump_s = PUMP_S
        self.welded = self.jammed = self.pump_stuck = self.gpio_stuck = self.loop_open = False
        self.stuck_at: bool | None = None  # the level of the heartbeat pin that holds the pump
        self.commanded = False
        self.closing = False
        self.plugged = True
        self.faults: dict[Fault, str] = {}
        self.opened: list[str] = []
        self._pumped_at = -PUMP_S
        self._rests_until = 0.0
        self._coil_since = self.now
        self._coil = False

    def run(self, for_s: float) -> None:
        """Let time pass; the contactor is commanded to close as soon as the watch is ready."""
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            self._move()
            watch = self.watch
            watch.update(
                self.now, tuple(self.contacts), closed=self.commanded, plugged=self.plugged
            )
            self.faults |= watch.faults
            if watch.opened:
                self.opened.append(watch.opened)
            if watch.faults or watch.opened:
                self.commanded = False
                self._rests_until = self.now + 1.0
            elif self.closing and watch.ready and self.now >= self._rests_until:
                self.commanded = True
            withheld = not watch.pump or bool(
                self.faults.keys() & {Fault.CONTACTOR, Fault.DEAD_MAN}
            )
            if self.pump.update(closed=self.commanded, withheld=withheld):
                self._pumped_at = self.now

    def _move(self) -> None:
        stuck = self.pump_stuck or self.pump.high is self.stuck_at
        pumped = stuck or self.now - self._pumped_at < self.pump_s
        coil = (self.commanded or self.gpio_stuck) and pumped and not self.loop_open
        if coil is not self._coil:
            self._coil, self._coil_since = coil, self.now
        if coil and not self.jammed and self.now - self._coil_since >= PULL_IN_S:
            self.contacts = [True] * len(self.contacts)
        if not coil and self.now - self._coil_since >= RELEASE_S:
            self.contacts = [self.welded and self.contacts[0]] + [False] * (len(self.contacts) - 1)

    def until(self, true: Callable[[], bool], within_s: float) -> float:
        """Run until *true*; the seconds it took."""
        began_at = self.now
        while not true():
            assert self.now - began_at <= within_s, f"not within {within_s} s"
            self.run(TICK_S)
        return self.now - began_at

    def close(self) -> float:
        """Ask for a closing and wait for the contacts; the seconds it took."""
        self.closing = True
        return self.until(lambda: all(self.contacts), within_s=2.0)

    def open(self) -> None:
        """The car stops asking."""
        self.closing = self.commanded = False
        self.run(0.5)
