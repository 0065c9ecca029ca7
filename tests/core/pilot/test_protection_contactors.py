# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors behind their mirror contacts, tick by tick."""

from __future__ import annotations

import pytest

from evsed.core.pilot.contactors import TESTED_S, Contactors
from evsed.core.pilot.faults import Fault, Recovery
from tests.core.pilot.contactor_box import TICK_S, Box

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
