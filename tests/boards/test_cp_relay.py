# SPDX-License-Identifier: GPL-3.0-or-later
"""The relay in the pilot's line on both boards: at rest it connects the car."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import pytest

from evsed.boards import Board, BoardConfig, BoxConfig, InputsConfig, KernelConfig, PigpioConfig
from evsed.boards.kernel import off as kernel_off
from evsed.boards.kernel.sysfs import LINE_OUTPUT, GpioLine
from evsed.boards.pigpio import off as pigpio_off
from evsed.errors import BoardError
from evsed.sim.pigpiod.machine import Setup
from tests.boards.kernel.kernel_rig import kernel_rig
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, rig, wait_until

RELAY = 12


@dataclass
class Fitted:
    """A board with the relay, its pin, and what may happen to it."""

    board: Board
    level: Callable[[], int]
    make_safe: Callable[[], str]
    die: Callable[[], None]


@contextmanager
def pigpio_board() -> Iterator[Fitted]:
    with rig() as pi:
        pi.config = replace(pi.config, cp_relay_gpio=RELAY)
        yield Fitted(
            pi.opened(),
            lambda: pi.wires.level(RELAY),
            lambda: pigpio_off.make_safe(pi.config.pigpio, PATIENCE_S, pi.config.rest()),
            pi.crash,
        )


@contextmanager
def kernel_board() -> Iterator[Fitted]:
    with kernel_rig() as its_rig:
        its_rig.config = replace(its_rig.config, cp_relay_gpio=RELAY)
        kernel, config = its_rig.kernel, its_rig.config
        board = its_rig.opened()

        def die() -> None:
            """Let go of the line as the death of the process does: its level stays."""
            session = board._session  # noqa: SLF001 - no call of the board leaves it open
            session.watcher.end()
            assert session.cp_relay is not None
            session.cp_relay.release()

        yield Fitted(
            board,
            lambda: int(kernel.level(RELAY, persists=True)),
            lambda: kernel_off.make_safe(config.kernel, PATIENCE_S, config.rest(), kernel=kernel),
            die,
        )


@pytest.fixture(params=[pigpio_board, kernel_board], ids=lambda make: make.__name__)
def fitted(request: pytest.FixtureRequest) -> Iterator[Fitted]:
    make: Callable[[], AbstractContextManager[Fitted]] = request.param
    with make() as it:
        yield it


def test_the_line_is_closed_at_rest_and_opens_only_when_it_is_told_to(fitted: Fitted) -> None:
    levels = [fitted.level()]
    for on in (True, False, True):
        fitted.board.open_cp(on)
        levels.append(fitted.level())

    assert levels == [0, 1, 0, 1]


def test_a_board_that_is_closed_leaves_the_line_closed(fitted: Fitted) -> None:
    fitted.board.open_cp(True)  # noqa: FBT003 - as a light switch
    fitted.board.close()

    assert fitted.level() == 0


def test_off_closes_the_line_that_a_dead_evsed_has_left_open(fitted: Fitted) -> None:
    fitted.board.open_cp(True)  # noqa: FBT003 - as a light switch
    fitted.die()
    assert fitted.level() == 1

    assert "contactor open" in fitted.make_safe()
    assert fitted.level() == 0


def test_the_next_life_begins_with_the_line_closed(fitted: Fitted) -> None:
    fitted.board.open_cp(True)  # noqa: FBT003 - as a light switch
    fitted.board.read_back()  # wires that were seen to work are taken again without a pause
    fitted.board.close()
    wait_until(fitted.board.open)

    assert fitted.level() == 0


def test_a_relay_that_pigpiod_refuses_is_no_board() -> None:
    with rig(Setup(permitted=Setup().permitted & ~(1 << RELAY))) as pi:
        pi.config = replace(pi.config, cp_relay_gpio=RELAY)
        with pytest.raises(BoardError, match=f"GPIO {RELAY}"):
            wait_until(pi.board().open)


def test_a_relay_that_another_program_holds_is_no_board() -> None:
    with kernel_rig() as its_rig:
        held = GpioLine(its_rig.kernel, RELAY, LINE_OUTPUT, "doorbell")
        its_rig.config = replace(its_rig.config, cp_relay_gpio=RELAY)
        with pytest.raises(BoardError, match=f"GPIO {RELAY}"):
            wait_until(its_rig.board().open)
        held.release()


@pytest.mark.parametrize("kind", ["pigpio", "kernel"])
@pytest.mark.parametrize("gpio", [18, 23, 24, 8, 25, 16])
def test_a_relay_never_has_a_gpio_that_carries_something_else(kind: str, gpio: int) -> None:
    """`evsed off` trusts no file: it would put a relay's rest on the pilot."""
    config = BoardConfig(
        kind=kind,
        cp_relay_gpio=gpio,
        pigpio=PigpioConfig(),
        kernel=KernelConfig(),
        inputs=InputsConfig((25,), 16),
    )

    assert config.cp_relay_gpio is None


def test_a_light_never_has_the_gpio_of_the_relay() -> None:
    config = BoardConfig(
        cp_relay_gpio=RELAY, box=BoxConfig((17, RELAY), light_on_low=True, button_gpio=RELAY)
    )

    assert config.box == BoxConfig((17,), light_on_low=True)
    assert config.rest() == ((RELAY, 0), (17, 1))
