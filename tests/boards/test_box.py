# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and button on both boards: driven and read with the beat, and in no contactor's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import pytest

from evsed.boards import Board, BoardConfig, BoxConfig, InputsConfig, KernelConfig, PigpioConfig
from evsed.boards.kernel import off as kernel_off
from evsed.boards.kernel.board import KernelBoard
from evsed.boards.kernel.sysfs import LINE_OUTPUT, GpioLine
from evsed.boards.pigpio import off as pigpio_off
from evsed.sim.pigpiod.machine import Setup
from tests.boards.kernel.kernel_rig import kernel_rig
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, rig, wait_until

LIGHT, BUTTON, CONTACTOR = (17, 27, 22), 21, 23
BOX = BoxConfig(light_gpios=LIGHT, button_gpio=BUTTON)
ON_LOW = replace(BOX, light_on_low=True)
GREEN = (False, True, False)


@dataclass
class Fitted:
    """A board with light and button, and the other end of the wires."""

    board: Board
    levels: Callable[[], tuple[int, ...]]
    contactor: Callable[[], int]
    press: Callable[[bool], None]
    make_safe: Callable[[], str]
    die: Callable[[], None]


@contextmanager
def pigpio_board(box: BoxConfig) -> Iterator[Fitted]:
    with rig() as pi:
        pi.config = replace(pi.config, box=box)
        yield Fitted(
            pi.board(),
            lambda: tuple(pi.wires.level(gpio) for gpio in LIGHT),
            lambda: pi.wires.level(CONTACTOR),
            lambda pressed: pi.wires.drive_input(BUTTON, int(not pressed)),
            lambda: pigpio_off.make_safe(pi.config.pigpio, PATIENCE_S, pi.config.rest()),
            pi.crash,
        )


@contextmanager
def kernel_board(box: BoxConfig) -> Iterator[Fitted]:
    with kernel_rig() as its_rig:
        its_rig.config = replace(its_rig.config, box=box)
        kernel = its_rig.kernel
        board = its_rig.board()
        yield Fitted(
            board,
            lambda: tuple(int(kernel.level(gpio, persists=True)) for gpio in LIGHT),
            lambda: int(kernel.level(CONTACTOR, persists=True)),
            lambda pressed: kernel.drive_input(BUTTON, high=not pressed),
            lambda: kernel_off.make_safe(
                its_rig.config.kernel, PATIENCE_S, its_rig.config.rest(), kernel=kernel
            ),
            lambda: _free_all_lines(board),
        )


def _free_all_lines(board: KernelBoard) -> None:
    """Let go of everything as the death of the process does: no level is changed."""
    session = board._session  # noqa: SLF001 - no call of the board leaves a light lit
    session.watcher.end()
    for line in session.light.values():
        line.release()


BOARDS: list[Callable[[BoxConfig], AbstractContextManager[Fitted]]] = [pigpio_board, kernel_board]


@pytest.fixture(params=BOARDS, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Callable[[BoxConfig], AbstractContextManager[Fitted]]:
    its: Callable[[BoxConfig], AbstractContextManager[Fitted]] = request.param
    return its


Make = Callable[[BoxConfig], AbstractContextManager[Fitted]]


@contextmanager
def opened(make: Make, box: BoxConfig = BOX) -> Iterator[Fitted]:
    with make(box) as fitted:
        wait_until(fitted.board.open)
        yield fitted


def lit(fitted: Fitted, levels: tuple[bool, ...]) -> tuple[int, ...]:
    fitted.board.set_light(levels)
    fitted.board.beat()
    return fitted.levels()


@pytest.mark.parametrize(("box", "dark"), [(BOX, (0, 0, 0)), (ON_LOW, (1, 1, 1))])
def test_the_light_is_dark_until_it_is_driven_and_again_when_the_board_is_closed(
    make: Make, box: BoxConfig, dark: tuple[int, ...]
) -> None:
    with opened(make, box) as fitted:
        assert fitted.levels() == dark
        assert lit(fitted, (True, True, True)) == tuple(1 - level for level in dark)
        assert lit(fitted, GREEN) == tuple(
            level ^ on for level, on in zip(dark, (0, 1, 0), strict=True)
        )
        fitted.board.close()
        assert fitted.levels() == dark


@pytest.mark.parametrize("box", [BOX, ON_LOW])
def test_off_darkens_the_light_that_a_dead_evsed_has_left(make: Make, box: BoxConfig) -> None:
    with opened(make, box) as fitted:
        left = lit(fitted, GREEN)
        fitted.die()
        assert fitted.levels() == left

        assert "contactor open" in fitted.make_safe()
        assert fitted.levels() == (int(box.light_on_low),) * 3


def test_the_next_life_begins_with_a_dark_light(make: Make) -> None:
    with opened(make) as fitted:
        lit(fitted, (True, True, True))
        fitted.board.read_back()  # wires that were seen to work are taken again without a pause
        fitted.board.close()
        wait_until(fitted.board.open)

        assert fitted.levels() == (0, 0, 0)
        assert lit(fitted, (True, True, True)) == (1, 1, 1)


def test_the_button_is_read_with_each_beat(make: Make) -> None:
    with opened(make) as fitted:
        found = []
        for pressed in (False, True, False):
            fitted.press(pressed)
            for pump in (True, False):
                fitted.board.beat(pump=pump)
                found.append(fitted.board.button_pressed)

        assert found == [False, False, True, True, False, False]


def test_a_button_whose_wire_is_broken_is_not_pressed(make: Make) -> None:
    with opened(make) as fitted:
        fitted.board.beat()

        assert fitted.board.button_pressed is False


def test_without_light_and_button_nothing_is_made_up(make: Make) -> None:
    with opened(make, BoxConfig()) as fitted:
        fitted.board.set_light(())
        fitted.board.beat()

        assert fitted.board.button_pressed is None
        assert fitted.levels() == (0, 0, 0)


def test_the_light_changes_nothing_on_the_contactors(make: Make) -> None:
    with opened(make) as fitted:
        fitted.board.beat()
        fitted.board.set_contactors(1)
        for number in range(8):
            lit(fitted, (bool(number & 1), bool(number & 2), bool(number & 4)))
        assert fitted.board.read_back().contactors == (True,)
        assert fitted.contactor() == 1


def test_gpios_that_pigpiod_refuses_leave_the_light_dark_and_the_charge_alone() -> None:
    not_ours = Setup(permitted=Setup().permitted & ~(1 << 17 | 1 << 21))
    with rig(not_ours) as pi:
        pi.config = replace(pi.config, box=BOX)
        board = pi.opened()
        board.set_light((True, True, True))
        board.beat()
        board.set_contactors(1)

        assert board.box_refused == (17, 21)
        assert (pi.wires.level(17), pi.wires.level(27)) == (0, 1)
        assert pi.wires.level(CONTACTOR) == 1
        board.close()


def test_gpios_that_another_program_holds_are_left_out_on_the_kernel() -> None:
    with kernel_rig() as its_rig:
        held = [GpioLine(its_rig.kernel, gpio, LINE_OUTPUT, "doorbell") for gpio in (17, BUTTON)]
        its_rig.config = replace(its_rig.config, box=BOX)
        board = its_rig.opened()
        board.set_light((True, True, True))
        board.beat()

        assert board.box_refused == (17, BUTTON)
        assert (its_rig.kernel.level(17), its_rig.kernel.level(27)) == (False, True)
        assert board.button_pressed is None
        for line in held:
            line.release()


@pytest.mark.parametrize("kind", ["pigpio", "kernel"])
@pytest.mark.parametrize("gpio", [18, 23, 24, 8, 25, 16, 20, 26])
def test_a_light_or_button_never_has_a_gpio_that_carries_something_else(
    kind: str, gpio: int
) -> None:
    """Dark when low is lit: `evsed off`, which trusts no file, would close a contactor."""
    config = BoardConfig(
        kind=kind,
        pigpio=PigpioConfig(),
        kernel=KernelConfig(),
        inputs=InputsConfig((25,), 16, 20, 26),
        box=BoxConfig((17, gpio, 22), light_on_low=True, button_gpio=gpio),
    )

    assert config.box.light_gpios == (17, 22)
    assert config.box.button_gpio is None
