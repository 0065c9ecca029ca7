# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors behind their mirror contacts, and the test of the charge pump, tick by tick."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evsed.core.pilot.charge_pump import ChargePump
from evsed.core.pilot.contactors import TESTED_S, Contactors
from evsed.core.pilot.faults import Fault, Recovery

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


# --- the pump ---------------------------------------------------


def test_each_closing_proves_the_pump_and_costs_a_third_of_a_second() -> None:
    box = Box()
    for _ in range(3):
        assert 0.3 <= box.close() <= 0.4
        box.run(5)
        box.open()

    assert not box.faults


def test_while_the_pump_is_tested_the_contacts_stay_open_although_the_gpio_is_on() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)

    box.run(0.28)

    assert not box.watch.pump
    assert not any(box.contacts)


def test_a_pump_that_holds_without_beats_is_found_before_any_charge_and_needs_service() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=0.3)

    box.closing = False
    box.run(0.1)
    assert not any(box.contacts)
    assert Fault.DEAD_MAN.kind.recovery is Recovery.SERVICE


def test_a_pump_that_came_to_be_stuck_in_a_charge_is_found_at_the_next_closing() -> None:
    box = Box()
    box.close()
    box.pump_stuck = True
    box.run(60)
    box.open()
    assert not box.faults
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=0.3)


@pytest.mark.parametrize("level", [False, True])
def test_a_pump_that_is_stuck_at_one_level_of_the_pin_is_found_at_the_second_closing(
    level: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    box = Box()
    box.stuck_at = level
    for _ in range(2):
        box.closing = True
        box.run(1.0)
        box.open()

    assert Fault.DEAD_MAN in box.faults


def test_a_test_with_the_safety_loop_open_proves_nothing() -> None:
    box = Box()
    box.pump_stuck = box.loop_open = True
    box.closing = True
    box.until(lambda: Fault.CONTACTOR_OPEN in box.faults, within_s=5)
    assert Fault.DEAD_MAN not in box.faults
    box.open()
    box.loop_open = False
    box.closing = True

    box.until(lambda: Fault.DEAD_MAN in box.faults, within_s=1.3)


def test_one_bounce_of_a_mirror_contact_during_the_test_is_no_stuck_pump() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)
    box.watch.update(box.now, (True,), closed=True, plugged=True)
    box.until(lambda: all(box.contacts), within_s=0.5)

    assert not box.faults


def test_a_slow_contactor_does_not_hide_a_stuck_pump() -> None:
    box = Box()
    box.pump_stuck = True
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.3)
    box.jammed = True
    box.run(0.2)
    box.jammed = False

    box.run(0.04)

    assert Fault.DEAD_MAN in box.faults


def test_a_car_that_leaves_during_the_test_proves_nothing_and_gets_no_beats() -> None:
    box = Box()
    box.closing = True
    box.until(lambda: box.commanded, within_s=0.1)
    box.run(0.1)
    box.closing = box.commanded = False
    high = box.pump.high
    box.run(1)
    assert box.pump.high is high
    assert not box.faults

    assert box.close() >= 0.3


def test_a_board_that_was_lost_during_the_test_begins_anew() -> None:
    box = Box()
    box.closing = True
    box.run(0.1)

    box.watch.restart(box.now)
    box.pump.restart()
    box.commanded = False

    assert box.close() >= 0.3


# --- the GPIO and its transistor ---------------------------------------------------


def test_the_beats_end_within_60_ms_of_opening_and_the_pin_rests_at_both_levels_in_turn() -> None:
    box = Box()
    rests = []
    for _ in range(4):
        box.close()
        box.run(1)
        box.closing = box.commanded = False
        box.run(0.08)
        rests.append(box.pump.high)
        box.run(0.5)
        assert box.pump.high is rests[-1]

    assert rests == [True, False, True, False]


def test_a_gpio_that_no_longer_opens_is_found_at_the_opening_and_the_pump_opens() -> None:
    box = Box()
    box.close()
    box.run(5)
    box.gpio_stuck = True
    box.closing = box.commanded = False

    assert box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.14) <= 0.14
    assert box.until(lambda: not any(box.contacts), within_s=0.2) <= 0.2
    box.run(60)
    assert not any(box.contacts)


def test_a_pump_that_drops_fast_does_not_hide_a_gpio_that_no_longer_opens() -> None:
    box = Box()
    box.pump_s = 0.07
    box.close()
    box.run(5)
    box.gpio_stuck = True
    box.closing = box.commanded = False

    box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)


def test_without_mirror_contacts_the_beats_end_with_the_command() -> None:
    pump = ChargePump(mirrored=False)

    assert not pump.update(closed=False, withheld=False)
    assert pump.update(closed=True, withheld=False)
    assert not pump.update(closed=False, withheld=False)


def test_with_mirror_contacts_a_closing_begins_without_beats() -> None:
    pump = ChargePump(mirrored=True)

    assert not pump.update(closed=True, withheld=False)


# --- welded ---------------------------------------------------


def test_a_contactor_that_opens_in_time_is_well() -> None:
    box = Box()
    box.close()
    box.open()

    assert not box.faults


def test_contacts_still_closed_80_ms_after_opening_are_welded_and_need_service() -> None:
    box = Box(poles=3)
    box.close()
    box.welded = True
    box.closing = box.commanded = False

    took_s = box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)

    assert 0.08 <= took_s <= 0.15
    assert "command to open" in box.faults[Fault.CONTACTOR]
    assert Fault.CONTACTOR.kind.recovery is Recovery.SERVICE


def test_contacts_that_are_closed_at_the_start_are_welded() -> None:
    box = Box()
    box.welded = True
    box.contacts = [True]

    box.until(lambda: Fault.CONTACTOR in box.faults, within_s=0.2)


def test_one_bounce_of_a_mirror_contact_is_no_weld() -> None:
    box = Box()
    box.run(1)
    box.watch.update(box.now, (True,), closed=False, plugged=True)
    box.run(1)

    assert not box.faults


# --- does not close ---------------------------------------------------


def test_a_contactor_that_does_not_close_is_tried_three_times_until_the_car_is_unplugged() -> None:
    box = Box()
    box.jammed = True
    box.closing = True

    box.until(lambda: Fault.CONTACTOR_OPEN in box.faults, within_s=5)

    assert [words.split("(")[1] for words in box.opened] == ["try 1 of 3)", "try 2 of 3)"]
    assert "still open 0.3 s after" in box.opened[0]
    assert "3 times" in box.faults[Fault.CONTACTOR_OPEN]
    assert Fault.CONTACTOR_OPEN.kind.recovery is Recovery.UNPLUG


def test_a_contactor_that_opens_by_itself_stays_open_until_the_car_is_unplugged() -> None:
    """As when an emergency stop in the safety loop is pressed and released."""
    box = Box()
    box.close()
    box.run(1)
    box.loop_open = True

    box.until(lambda: Fault.CONTACTOR_OPEN in box.faults, within_s=0.1)

    assert "opened by themselves: an emergency stop" in box.faults[Fault.CONTACTOR_OPEN]
    assert not box.opened


def test_one_of_three_contactors_that_stays_open_counts() -> None:
    box = Box(poles=3)
    box.close()
    box.run(1)
    for _ in range(2):
        box.watch.update(box.now, (True, False, True), closed=True, plugged=True)

    assert Fault.CONTACTOR_OPEN in box.watch.faults


def test_unplugging_forgets_the_tries() -> None:
    box = Box()
    box.jammed = True
    box.closing = True
    box.until(lambda: len(box.opened) == 2, within_s=5)
    box.open()
    box.plugged = False
    box.run(0.1)
    box.plugged = box.closing = True

    box.until(lambda: len(box.opened) == 4, within_s=5)

    assert not box.faults


def test_a_minute_of_being_closed_forgets_the_tries() -> None:
    box = Box()
    box.jammed = True
    box.closing = True
    box.until(lambda: len(box.opened) == 2, within_s=5)
    box.jammed = False
    box.run(62)
    box.open()
    box.jammed = box.closing = True
    box.until(lambda: len(box.opened) == 3, within_s=1)

    assert box.opened[-1].endswith("(try 1 of 3)")


# --- a part of the contactors ----------------------------------------------------------------


def part(
    feedback: tuple[bool, ...], outputs: int | None, for_s: float = 1.0
) -> tuple[dict[Fault, str], list[str]]:
    """Close *outputs* of three, whose contacts then read *feedback*: the faults, and openings."""
    now = 100.0
    watch = Contactors(now)
    faults: dict[Fault, str] = {}
    opened: list[str] = []
    ends_at = now + TESTED_S + for_s + TICK_S
    while now < ends_at:
        now += TICK_S
        contacts = feedback if watch.pump and watch._commanded else (False,) * 3  # noqa: SLF001 - as the coils, which have current only then
        watch.update(now, contacts, closed=True, plugged=True, outputs=outputs)
        faults |= watch.faults
        opened += [watch.opened] if watch.opened else []
    return faults, opened


def test_contacts_that_are_to_stay_open_do_not_hinder_the_others() -> None:
    assert part((True, False, False), 1, for_s=3.0) == ({}, [])


@pytest.mark.parametrize(
    "feedback", [(True, True, False), (True, False, True), (False, False, True)]
)
def test_a_phase_that_closes_although_it_is_to_stay_open_is_a_fault_within_two_updates(
    feedback: tuple[bool, ...],
) -> None:
    faults, _ = part(feedback, 1, for_s=0.06)

    assert "to stay open" in faults[Fault.CONTACTOR]


def test_of_all_contactors_one_that_is_missing_is_a_try_that_failed() -> None:
    assert part((True, True, False), 3, for_s=0.35)[1]
    assert part((True, True, False), None, for_s=0.35)[1]


def test_open_is_proved_by_two_updates_of_every_contact_since_the_command() -> None:
    watch = Contactors(0.0)
    proved = []
    for tick, contacts in enumerate([(False, False)] * 2 + [(False, True)] + [(False, False)] * 3):
        watch.update(tick * TICK_S, contacts, closed=False, plugged=True)
        proved.append(watch.proved_open)
    assert proved == [False, True, False, False, True, True]

    watch.update(1.0, (False, False), closed=True, plugged=True)
    assert not watch.proved_open
    watch.update(1.02, (False, False), closed=False, plugged=True)
    assert not watch.proved_open
    watch.restart(1.04)
    watch.update(1.06, (False, False), closed=False, plugged=True)
    assert not watch.proved_open
