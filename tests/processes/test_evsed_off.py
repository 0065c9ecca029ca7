# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` with pigpiod up, down and hung: right, within two seconds, as often as one likes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.processes import stories
from tests.processes.rig import Daemon, Rig, wait_until
from tests.processes.timeline import Timeline

WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Off:
    """One `evsed off`: exit code, words, seconds, and the pins after it."""

    code: int
    said: str
    took_s: float
    contactor_pin: int
    duty: float | None


def off(rig: Rig) -> Off:
    one: Daemon = rig.evsed("off")
    look = rig.pi.order("look")
    return Off(one.code, one.said(), one.took_s, look["contactor_pin"], look["duty"])


def pigpiod_up(rig: Rig) -> tuple[Off, Off]:
    return off(rig), off(rig)


@stories.of(pigpiod_up)
def test_with_pigpiod_up_it_confirms_and_exits_0_a_second_time_too(told: tuple[Off, Off]) -> None:
    for one in told:
        assert one.code == 0
        assert one.said.startswith("contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18)")
        assert (one.contactor_pin, one.duty) == (0, 1.0)
        assert one.took_s <= WITHIN_S


def pigpiod_down(rig: Rig) -> Off:
    rig.pi.order("kill")
    return off(rig)


def pigpiod_hung(rig: Rig) -> Off:
    rig.pi.order("freeze", scripts=True)
    return off(rig)


def says_what_still_protects(told: Off) -> None:
    assert told.code == 75
    assert "charge pump" in told.said
    assert "restart pigpiod" in told.said
    assert told.took_s <= WITHIN_S


@stories.of(pigpiod_down)
def test_with_pigpiod_down_it_exits_75_and_says_what_still_protects(told: Off) -> None:
    says_what_still_protects(told)
    assert "cannot be reached" in told.said


@stories.of(pigpiod_hung)
def test_with_pigpiod_hung_it_exits_75_and_says_what_still_protects(told: Off) -> None:
    says_what_still_protects(told)
    assert "in time" in told.said or "did not take a connection" in told.said


def broken_settings(rig: Rig) -> Off:
    rig.settings.write_text(f"[board.pigpio]\nport = {rig.pi.port}\ncontactor_gpios = 23\n[web\n")
    broken = off(rig)
    rig.settings.write_text(f"[board.pigpio]\nport = {rig.pi.port}\ncontactor_gpios = 23\n")
    usable = off(rig)
    assert broken.code == 75  # nothing of it can be read, and pigpiod is not on its usual port
    return usable


@stories.of(broken_settings)
def test_a_key_that_makes_no_sense_does_not_keep_the_contactor_closed(told: Off) -> None:
    assert told.code == 0
    assert (
        "board.pigpio.contactor_gpios = 23 makes no sense; the shipped value is used" in told.said
    )


def beside_a_living_evsed(rig: Rig) -> tuple[float, Off, float, Timeline]:
    rig.charge()
    at = rig.now()
    done = off(rig)
    closed_again = rig.until_closed(at)
    wait_until("it goes on", lambda: rig.pi.timeline().beats_since(closed_again))
    return at, done, closed_again, rig.pi.timeline()


@stories.of(beside_a_living_evsed)
def test_beside_a_living_evsed_it_opens_and_that_one_closes_again_in_full(
    told: tuple[float, Off, float, Timeline],
) -> None:
    at, done, closed_again, timeline = told
    opened = timeline.openings(at)[0]

    assert done.code == 0
    assert closed_again - opened > 3.0 + 0.5
    assert timeline.longest_unattended_s() <= 0.2
