# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off`: safe outputs from whatever state, in time, and the truth about what it could do."""

from __future__ import annotations

import time

import pigpio
import pytest

from evsed.boards import BoardConfig, PigpioConfig, make_safe
from evsed.errors import BoardError, BoardGone, BoardTimeout
from evsed.sim.pigpiod.machine import Setup
from tests.boards.pigpio.pigpio_rig import Rig, rig


def charging(pi: Rig) -> None:
    """Leave a contactor closed and 30 A on offer, with no process at work any more."""
    board = pi.opened()
    board.beat()
    board.set_pilot(0.5)
    board.set_contactors(1)
    pi.crash()


def test_off_opens_the_contactor_ends_the_offer_and_says_so() -> None:
    with rig() as pi:
        charging(pi)
        said = make_safe(pi.config, 20.0)

        assert pi.wires.level(23) == 0
        assert pi.duty() == 1.0
        assert said == (
            "contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18), "
            "dead-man scripts removed: 1"
        )
        assert (pi.scripts(), pi.spi_handles()) == (0, 0)


def test_off_a_second_time_does_and_says_the_same() -> None:
    with rig() as pi:
        charging(pi)
        make_safe(pi.config, 20.0)
        said = make_safe(pi.config, 20.0)

        assert said.endswith("removed: 0")
        assert (pi.wires.level(23), pi.duty()) == (0, 1.0)


def test_off_beside_a_living_daemon_opens_and_the_daemon_notices() -> None:
    with rig() as pi:
        board = pi.opened()
        board.beat()
        board.set_contactors(1)
        make_safe(pi.config, 20.0)

        assert pi.wires.level(23) == 0
        with pytest.raises(BoardError, match=r"\(-48\)"):
            board.beat()


def test_off_leaves_what_belongs_to_other_programs() -> None:
    with rig() as pi:
        stranger = pigpio.pi("127.0.0.1", pi.daemon.port)
        script = stranger.store_script(b"tag 1 mils 100 jmp 1")
        handle = stranger.spi_open(1, 100_000)
        make_safe(pi.config, 20.0)

        assert stranger.script_status(script)[0] == pigpio.PI_SCRIPT_HALTED
        assert stranger.spi_close(handle) == 0
        stranger.stop()


def test_off_without_a_pigpiod_says_what_still_protects() -> None:
    with rig() as pi:
        charging(pi)
        pi.kill()
        with pytest.raises(BoardGone, match="charge pump of hw/, 200 ms after the last beat"):
            make_safe(pi.config, 0.3)


def test_off_waits_for_a_pigpiod_that_is_just_being_restarted() -> None:
    with rig() as pi:
        charging(pi)
        pi.kill()
        pi.daemon._loop.call_soon_threadsafe(  # noqa: SLF001 - later, from its own thread
            lambda: pi.daemon._loop.call_later(  # noqa: SLF001
                0.15,
                lambda: pi.daemon._loop.create_task(pi.daemon.pigpiod.revive()),  # noqa: SLF001
            )
        )
        make_safe(pi.config, 20.0)

        assert (pi.wires.level(23), pi.duty()) == (0, 1.0)


def test_off_ends_in_time_when_pigpiod_is_hung() -> None:
    with rig() as pi:
        charging(pi)
        pi.daemon.call(pi.daemon.pigpiod.freeze)
        began = time.monotonic()
        with pytest.raises(BoardTimeout, match=r"did not answer in time; .* still opens"):
            make_safe(pi.config, 0.3)

        assert time.monotonic() - began < 20.0  # it ends; how soon is up to the machine


def test_off_does_not_claim_a_pilot_that_pigpiod_refused() -> None:
    with rig(Setup(pwm_is_clock=True)) as pi, pytest.raises(BoardError, match="contactor is open"):
        make_safe(pi.config, 20.0)


def test_off_on_a_board_that_is_none_says_so() -> None:
    with pytest.raises(BoardError, match="abacus"):
        make_safe(BoardConfig(kind="abacus", pigpio=PigpioConfig()))
