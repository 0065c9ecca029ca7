# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead-man without pigpiod: a process that opens the contactors when anything is in doubt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.boards import InputsConfig, KernelConfig
from evsed.boards.kernel import off as kernel_off
from evsed.boards.kernel.deadman import PATIENCE_S, DeadMan, State
from evsed.boards.kernel.sysfs import GPIO_GET_LINEINFO, LINE_OUTPUT, GpioLine, consumer_of
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.core.pilot.self_checks import GENERATOR_CONVERSIONS
from evsed.errors import BoardError, BoardGone, BoardTimeout
from tests.boards.kernel.fake_kernel import FakeKernel
from tests.boards.kernel.kernel_rig import CONTACTOR, HEARTBEAT, KernelRig, kernel_rig
from tests.boards.pigpio.pigpio_rig import wait_until


@pytest.fixture
def rig() -> Iterator[KernelRig]:
    with kernel_rig() as its_rig:
        yield its_rig


def dead_man_pid(rig: KernelRig) -> int:
    return int(consumer_of(rig.kernel, CONTACTOR).partition(":")[2])


# --- the decision ---------------------------------------------------------------------------------


def test_it_waits_for_the_first_beat_for_ever() -> None:
    dead_man = DeadMan()
    dead_man.update(1e9)
    assert dead_man.state is State.WAITING
    assert dead_man.left_s(1e9) is None


def test_it_fires_when_the_beats_stop_and_not_before() -> None:
    dead_man = DeadMan()
    for tick in range(100):
        dead_man.beat(tick * 0.02)
    states = []
    for since_s in (PATIENCE_S - 0.001, PATIENCE_S):
        dead_man.update(99 * 0.02 + since_s)
        states.append(dead_man.state)
    assert states == [State.ARMED, State.FIRED]


def test_it_leaves_time_for_a_busy_pi_until_the_promised_150_ms() -> None:
    assert PATIENCE_S + 0.04 <= 0.15


def test_a_beat_that_comes_too_late_does_not_bring_it_back() -> None:
    dead_man = DeadMan()
    dead_man.beat(0.0)
    dead_man.beat(PATIENCE_S)
    assert dead_man.state is State.FIRED
    dead_man.beat(PATIENCE_S + 0.02)
    assert dead_man.state is State.FIRED


# --- the process ----------------------------------------------------------------------------------


def test_when_the_beats_stop_the_contactor_opens_and_the_pilot_is_steady(rig: KernelRig) -> None:
    board = rig.opened(patience_s=5.0)
    board.set_pilot(0.2)
    beat_at = time.monotonic()
    board.beat()
    board.set_contactors(1)
    assert rig.kernel.level(CONTACTOR)

    wait_until(lambda: not rig.kernel.level(CONTACTOR))

    wait_until(lambda: rig.kernel.duty() == 1.0)
    opened_at, level = rig.kernel.history(CONTACTOR)[-1]
    assert level == 0
    assert opened_at - beat_at > 5.0  # and not by the way
    assert not board.read_back().dead_man_armed
    with pytest.raises(BoardError, match="fired"):
        board.beat()
    with pytest.raises(BoardError, match="fired"):
        board.set_contactors(1)
    assert not rig.kernel.level(CONTACTOR)


def test_when_the_control_process_dies_the_contactor_opens(rig: KernelRig) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.boards.kernel.kernel_rig import *\n"
        "kernel = FakeKernel(Path(sys.argv[1]))\n"
        "rig = KernelRig(kernel, BoardConfig(kind='kernel'))\n"
        "board = rig.opened()\n"
        "board.set_pilot(0.2); board.beat(); board.set_contactors(1)\n"
        "print('closed', flush=True)\n"
        "time.sleep(600)\n"
    )
    control = subprocess.Popen(
        [sys.executable, "-c", script, str(rig.kernel.root)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
    )
    assert control.stdout is not None
    with control.stdout:
        assert control.stdout.readline() == b"closed\n"
        assert rig.kernel.level(CONTACTOR, persists=True)
        control.kill()
        control.wait()

    wait_until(lambda: not rig.kernel.held(CONTACTOR))

    assert not rig.kernel.level(CONTACTOR, persists=True)  # on any kernel
    assert rig.kernel.duty() == 1.0


def test_when_the_dead_man_itself_is_killed_the_board_opens_the_contactor(rig: KernelRig) -> None:
    board = rig.opened()
    board.beat()
    board.set_contactors(1)
    pid = dead_man_pid(rig)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not rig.kernel.held(CONTACTOR))
    assert rig.kernel.level(CONTACTOR, persists=True)  # what a Pi's kernel makes of it

    with pytest.raises(BoardGone, match="dead-man's process"):
        board.beat()
    board.close()

    assert not rig.kernel.level(CONTACTOR, persists=True)


def test_a_dead_man_that_hangs_is_noticed_and_killed(rig: KernelRig) -> None:
    board = rig.opened(answer_s=5.0)
    board.beat()
    board.set_contactors(1)
    pid = dead_man_pid(rig)
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(BoardTimeout, match="does not answer"):
        board.beat()
    board.close()

    assert not rig.kernel.held(CONTACTOR)
    assert not rig.kernel.level(CONTACTOR, persists=True)


def test_the_heartbeat_pin_toggles_with_the_beats_and_only_with_the_pump(rig: KernelRig) -> None:
    board = rig.opened()
    before = len(rig.kernel.history(HEARTBEAT))
    for pump in (True, True, False, True):
        board.beat(pump=pump)
    assert [level for _, level in rig.kernel.history(HEARTBEAT)[before:]] == [1, 0, 1]


def test_a_gpio_that_another_program_holds_is_named_with_that_program(rig: KernelRig) -> None:
    line = GpioLine(rig.kernel, CONTACTOR, LINE_OUTPUT, "doorbell")
    board = rig.board()
    with pytest.raises(BoardError, match=r'GPIO 23 is held by "doorbell"'):
        wait_until(board.open)
    line.release()
    rig.clock.now += 10.0
    wait_until(board.open)


def test_a_second_evsed_gets_nothing(rig: KernelRig) -> None:
    rig.opened()
    with pytest.raises(BoardError, match=r'GPIO 23 is held by "evsed:'):
        wait_until(rig.board().open)


def test_the_optional_inputs_are_pulled_up_and_read() -> None:
    inputs = InputsConfig(
        contactor_feedback_gpios=(25,),
        ground_fault_gpio=16,
        ground_fault_test_gpio=20,
        emergency_stop_gpio=26,
        proximity_adc_channel=1,
        current_adc_channel=2,
        coil_supply_adc_channel=3,
        generator_adc_channel=4,
    )
    current_codes = (321,) * CONVERSIONS  # of any channel but the pilot's, on this kernel
    with kernel_rig(inputs=inputs) as rig:
        board = rig.opened()
        unwired = Inputs(
            (True,),
            ground_fault=True,
            emergency_stop=True,
            proximity_code=321,
            current_codes=current_codes,
            coil_supply_code=321,
            generator_codes=(321,) * GENERATOR_CONVERSIONS,
        )
        assert board.read_inputs() == unwired
        for gpio in (25, 16, 26):
            rig.kernel.drive_input(gpio, high=False)
        grounded = replace(
            unwired, contactor_feedback=(False,), ground_fault=False, emergency_stop=False
        )
        assert board.read_inputs() == grounded
        board.set_ground_fault_test(True)
        assert rig.kernel.level(20)
        board.close()
        assert not rig.kernel.level(20, persists=True)


# --- evsed off ------------------------------------------------------------------------------------


def test_off_opens_what_a_death_of_all_has_left_closed(rig: KernelRig) -> None:
    board = rig.opened()
    board.set_pilot(0.2)
    board.beat()
    board.set_contactors(1)
    os.kill(dead_man_pid(rig), signal.SIGKILL)  # the board, without any order, is as dead
    wait_until(lambda: not rig.kernel.held(CONTACTOR))
    assert rig.kernel.level(CONTACTOR, persists=True)

    said = kernel_off.make_safe(rig.config.kernel, 20.0, kernel=rig.kernel)

    assert said == "contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18)"
    assert not rig.kernel.level(CONTACTOR, persists=True)
    assert rig.kernel.duty() == 1.0


def test_off_makes_a_living_evsed_open(rig: KernelRig) -> None:
    board = rig.opened()
    board.beat()
    board.set_contactors(1)

    said = kernel_off.make_safe(rig.config.kernel, 20.0, kernel=rig.kernel)

    assert said.startswith("a running evsed was asked to open; contactor open")
    assert not rig.kernel.level(CONTACTOR, persists=True)
    with pytest.raises(BoardGone):
        board.beat()


def test_off_tries_again_when_the_holder_ends_while_it_is_being_asked_for(tmp_path: Path) -> None:
    class HolderEnds(FakeKernel):
        """Frees the GPIO between the refusal and the question who holds it."""

        def ioctl(self, fd: int, request: int, argument: bytearray) -> int:
            if request == GPIO_GET_LINEINFO:
                holder.release()
            return super().ioctl(fd, request, argument)

    kernel = HolderEnds(tmp_path).boot()
    holder = GpioLine(kernel, CONTACTOR, LINE_OUTPUT, "evsed:999999")

    done = kernel_off.make_safe(KernelConfig(), 20.0, kernel=kernel)

    assert done == "contactor open (GPIO 23 low), pilot at steady +12 V (GPIO 18)"


def test_off_refuses_at_once_where_another_program_holds_the_gpio(rig: KernelRig) -> None:
    line = GpioLine(rig.kernel, CONTACTOR, LINE_OUTPUT, "doorbell")
    with pytest.raises(BoardError, match='held by "doorbell"'):
        kernel_off.make_safe(rig.config.kernel, 600.0, kernel=rig.kernel)
    line.release()


def test_off_does_no_harm_a_second_time(rig: KernelRig) -> None:
    for _ in range(2):
        assert "contactor open" in kernel_off.make_safe(rig.config.kernel, 20.0, kernel=rig.kernel)


def test_off_says_what_still_protects_where_it_can_do_nothing(rig: KernelRig) -> None:
    line = GpioLine(rig.kernel, CONTACTOR, LINE_OUTPUT, "doorbell")
    with pytest.raises(BoardError, match="what still opens the contactor is"):
        kernel_off.make_safe(rig.config.kernel, 0.1, kernel=rig.kernel)
    line.release()
