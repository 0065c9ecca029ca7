# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors behind their mirror contacts, and the test of the charge pump, tick by tick."""

from __future__ import annotations

from collections.abc import Callable

from evsed.core.pilot.contactors import Contactors
from evsed.core.pilot.faults import Fault, Recovery

TICK_S = 0.02
DAY_S = 86_400.0
PULL_IN_S, RELEASE_S = 0.03, 0.02
PUMP_S = 0.2


class Box:
    """Two contactors, a coil drive in two halves, and who looks at them every 20 ms."""

    def __init__(self, poles: int = 1) -> None:
        self.now = 100.0
        self.watch = Contactors(self.now)
        self.contacts = [False] * poles
        self.welded = self.jammed = self.pump_stuck = False
        self.told = False
        self.closing = False
        self.plugged = True
        self.faults: dict[Fault, str] = {}
        self.opened: list[str] = []
        self._pumped_at = self.now
        self._coil_since = self.now
        self._coil = False
        self.energised_without_beats = False

    def run(self, for_s: float) -> None:
        """Let time pass; the contactor is told to close as soon as the watch is ready."""
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            self._move()
            self.watch.update(
                self.now,
                tuple(self.contacts),
                closed=self.told,
                closing=self.closing and not self.told,
                plugged=self.plugged,
            )
            self.faults |= self.watch.faults
            if self.watch.opened:
                self.opened.append(self.watch.opened)
            if self.watch.faults or self.watch.opened:
                self.told = False
            elif self.closing and self.watch.ready:
                self.told = True
            if self.watch.pump:
                self._pumped_at = self.now

    def _move(self) -> None:
        coil = self.told and (self.pump_stuck or self.now - self._pumped_at < PUMP_S)
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
        self.closing = self.told = False
        self.run(0.3)


# --- the pump ---------------------------------------------------


def test_the_first_closing_proves_the_pump_and_costs_half_a_second() -> None:
    box = Box()

    assert 0.55 <= box.close() <= 0.7
    assert box.watch.pump
    assert not box.faults


def test_while_the_pump_is_tested_the_contacts_stay_open_although_the_gpio_is_on() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.told, within_s=0.3)
    assert not box.watch.pump

    box.run(0.28)

    assert not box.watch.pump
    assert not any(box.contacts)


def test_a_pump_that_holds_without_beats_is_found_before_any_charge_and_needs_service() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=0.5)

    box.closing = False
    box.run(0.1)
    assert not any(box.contacts)
    assert Fault.DEAD_MAN.kind.recovery is Recovery.SERVICE


def test_a_slow_contactor_does_not_hide_a_stuck_pump() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True
    box.until(lambda: box.told, within_s=0.3)
    box.jammed = True
    box.run(0.2)
    box.jammed = False

    box.run(0.04)

    assert Fault.DEAD_MAN in box.faults


def test_the_second_closing_of_a_day_needs_no_test() -> None:
    box = Box()
    box.close()
    box.open()

    assert box.close() <= 0.1


def test_a_day_later_the_pump_is_tested_again() -> None:
    box = Box()
    box.close()
    box.open()
    box.now += DAY_S
    box.run(TICK_S)

    assert box.close() >= 0.55


def test_a_car_that_leaves_during_the_test_gets_its_beats_back_and_the_next_closing_the_test() -> (
    None
):
    box = Box()
    box.closing = True
    box.run(0.1)
    assert not box.watch.pump
    box.open()
    assert box.watch.pump

    assert box.close() >= 0.55


def test_a_car_that_leaves_in_the_second_half_of_the_test_proves_nothing() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.told, within_s=0.3)
    box.run(0.1)
    box.open()
    assert box.watch.pump
    assert not box.faults

    assert box.close() >= 0.55


def test_a_board_that_was_lost_during_the_test_leaves_the_beats_on() -> None:
    box = Box()
    box.closing = True
    box.run(0.1)

    box.watch.restart(box.now)

    assert box.watch.pump


# --- welded ---------------------------------------------------


def test_a_contactor_that_opens_in_time_is_well() -> None:
    box = Box()
    box.close()
    box.open()

    assert not box.faults


def test_contacts_still_closed_100_ms_after_opening_are_welded_and_need_service() -> None:
    box = Box(poles=3)
    box.close()
    box.welded = True
    box.closing = box.told = False

    took_s = box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)

    assert 0.1 <= took_s <= 0.17
    assert "told to open" in box.faults[Fault.CONTACTOR]
    assert Fault.CONTACTOR.kind.recovery is Recovery.SERVICE


def test_contacts_that_are_closed_at_the_start_are_welded() -> None:
    box = Box()
    box.welded = True
    box.contacts = [True]

    box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)


def test_one_bounce_of_a_mirror_contact_is_no_weld() -> None:
    box = Box()
    box.run(1)
    box.watch.update(box.now, (True,), closed=False, closing=False, plugged=True)
    box.run(1)

    assert not box.faults


# --- does not close ---------------------------------------------------


def test_a_contactor_that_does_not_close_is_tried_three_times_until_the_car_is_unplugged() -> None:
    box = Box()
    box.jammed = True
    box.closing = True

    box.until(lambda: Fault.CONTACTOR_OPEN in box.faults, within_s=3)

    assert [words.split("(")[1] for words in box.opened] == ["try 1 of 3)", "try 2 of 3)"]
    assert "still open 0.3 s after" in box.opened[0]
    assert "3 times" in box.faults[Fault.CONTACTOR_OPEN]
    assert Fault.CONTACTOR_OPEN.kind.recovery is Recovery.UNPLUG


def test_a_contactor_that_lets_go_by_itself_is_taken_as_open() -> None:
    box = Box()
    box.close()
    box.run(1)
    box.jammed = True
    box.contacts = [False]

    box.run(0.04)

    assert box.opened == ["the contacts let go by themselves (try 1 of 3)"]


def test_one_of_three_contactors_that_stays_open_counts() -> None:
    box = Box(poles=3)
    box.close()
    box.run(1)
    for _ in range(2):
        box.watch.update(box.now, (True, False, True), closed=True, closing=False, plugged=True)

    assert box.watch.opened


def test_unplugging_forgets_the_tries() -> None:
    box = Box()
    box.jammed = True
    box.closing = True
    box.until(lambda: len(box.opened) == 2, within_s=3)
    box.open()
    box.plugged = False
    box.run(0.1)
    box.plugged = box.closing = True

    box.until(lambda: len(box.opened) == 4, within_s=3)

    assert not box.faults


def test_a_minute_of_being_closed_forgets_the_tries() -> None:
    box = Box()
    box.jammed = True
    box.closing = True
    box.until(lambda: len(box.opened) == 2, within_s=3)
    box.jammed = False
    box.run(62)
    box.jammed = True
    box.contacts = [False]
    box.run(0.04)

    assert box.opened[-1].endswith("(try 1 of 3)")
