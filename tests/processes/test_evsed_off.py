# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` with pigpiod up, down and hung: right, within two seconds, as often as one likes."""

from __future__ import annotations

import signal
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


def off(rig: Rig, *options: str) -> Off:
    ended: Daemon = rig.evsed("off", *options)
    look = rig.pi.order("state")
    return Off(ended.code, ended.said(), ended.took_s, look["contactor_pin"], look["duty"])


@dataclass(frozen=True, slots=True)
class Offs:
    """`evsed off` with pigpiod as it is named, one after the other."""

    up: tuple[Off, Off]
    broken_key: Off
    hung: Off
    down: Off


def pigpiod_up_hung_and_down(rig: Rig) -> Offs:
    up = off(rig), off(rig)
    rig.settings.write_text(f"[board.pigpio]\nport = {rig.pi.port}\ncontactor_gpios = 23\n")
    broken_key = off(rig)
    rig.settings.write_text(f"[board.pigpio]\nport = {rig.pi.port}\n")
    rig.pi.order("freeze", scripts=True)
    hung = off(rig)
    rig.pi.order("kill")
    return Offs(up, broken_key, hung, down=off(rig))


@stories.of(pigpiod_up_hung_and_down)
def test_with_pigpiod_up_it_confirms_and_exits_0_a_second_time_too(outcome: Offs) -> None:
    for ended in outcome.up:
        assert ended.code == 0
        assert ended.said.startswith(
            "contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18)"
        )
        assert (ended.contactor_pin, ended.duty) == (0, 1.0)
        assert ended.took_s <= WITHIN_S


def says_what_still_protects(ended: Off) -> None:
    assert ended.code == 75
    assert "charge pump" in ended.said
    assert "restart pigpiod" in ended.said
    assert ended.took_s <= WITHIN_S


@stories.of(pigpiod_up_hung_and_down)
def test_with_pigpiod_down_it_exits_75_and_says_what_still_protects(outcome: Offs) -> None:
    says_what_still_protects(outcome.down)
    assert "cannot be reached" in outcome.down.said


@stories.of(pigpiod_up_hung_and_down)
def test_with_pigpiod_hung_it_exits_75_and_says_what_still_protects(outcome: Offs) -> None:
    says_what_still_protects(outcome.hung)
    assert "in time" in outcome.hung.said or "did not take a connection" in outcome.hung.said


@stories.of(pigpiod_up_hung_and_down)
def test_a_key_that_makes_no_sense_does_not_keep_the_contactor_closed(outcome: Offs) -> None:
    assert outcome.broken_key.code == 0
    assert "contactor_gpios = 23 makes no sense; the shipped value is" in outcome.broken_key.said


def beside_a_living_evsed(rig: Rig) -> tuple[float, Off, float, Timeline]:
    rig.charge()
    at = rig.now()
    done = off(rig, "--wires")
    closed_again = rig.until_closed(at)
    wait_until("it goes on", lambda: rig.pi.timeline().beats_since(closed_again))
    return at, done, closed_again, rig.pi.timeline()


@stories.of(beside_a_living_evsed)
def test_beside_a_living_evsed_it_opens_and_that_one_closes_again_in_full(
    outcome: tuple[float, Off, float, Timeline],
) -> None:
    at, done, closed_again, timeline = outcome
    opened = timeline.openings(at)[0]

    assert done.code == 0
    assert closed_again - opened > 3.0 + 0.5
    assert timeline.longest_unattended_s() <= 0.2


def test_off_typed_by_a_person_holds_until_the_owner_says_otherwise(rig: Rig) -> None:
    rig.charge()
    done = rig.evsed("off")
    assert done.code == 0
    assert "mode off is set in the running evsed" in done.said()
    since = rig.now()
    rig.until(since + 6.0)
    assert rig.pi.timeline().closings(since) == []
    assert (rig.status() or {})["controls"]["mode"] == "off"


def test_off_without_a_running_evsed_holds_for_the_next_start(rig: Rig) -> None:
    daemon = rig.charge()
    daemon.signal(signal.SIGTERM)
    daemon.ended()
    done = rig.evsed("off")
    assert done.code == 0
    assert "mode off is kept for the next start" in done.said()
    since = rig.now()
    rig.start()
    status = wait_until("it runs", rig.status)
    assert status is not None
    assert status["controls"]["mode"] == "off"
    assert rig.pi.timeline().closings(since) == []


def test_off_of_the_unit_changes_no_mode(rig: Rig) -> None:
    rig.charge()
    done = rig.evsed("off", "--wires")
    assert done.code == 0
    assert "mode" not in done.said()
    rig.until_closed(rig.now())
