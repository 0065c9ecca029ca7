# SPDX-License-Identifier: GPL-3.0-or-later
"""Acquiring the wires from pigpiod and releasing them: everything before and after the ticks.

`acquire()` may last a second or two when pigpiod is slow, so the board runs it in a thread of its
own. It returns a `PigpioSession`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pigpio

from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.burst import Sampler
from evsed.boards.pigpio.connection import LETS_GO, Command, Connection, Request, checked, write
from evsed.boards.pigpio.contactors import PigpioContactors
from evsed.core.text import text
from evsed.errors import BoardError

if TYPE_CHECKING:
    from evsed.boards.board import BoardConfig

# A refusal comes back as a negative number rather than as an exception with a text but no number.
pigpio.exceptions = False

_TAKE_ANSWERS: Final = 10  # patience for all of taking the wires: so many times that for an answer
_OLDEST: Final = 79  # the version whose answers were recorded; the last there is (2021)
_SPI_FLAGS: Final = (1 << 6, 1 << 5)
"""By channel: keep the other channel's select (GPIO 7 for 0, GPIO 8 for 1) out of SPI, so that it
stays free for something else."""
_STRANGER_S: Final = 0.06  # a living evsed beats every 20 ms


class Client(pigpio.pi):
    """The stock client over a connection of evsed's.

    The client's own constructor is left out on purpose. It would open connections that wait for
    ever, print a banner when it fails, start a thread for callbacks that are not needed here and
    that spins once pigpiod is gone, and leave a hook to be run at exit for every reconnection.
    Everything after that needs only a socket and a lock.
    """

    def __init__(self, pipe: Connection) -> None:
        self.connected = True
        self.sl = _ClientLink(pipe)  # type: ignore[assignment]
        self._notify = None


class _ClientLink:
    """The client's link: a socket `s` and a lock `l`."""

    def __init__(self, pipe: Connection) -> None:
        self.s: Connection | None = pipe
        self.l = threading.Lock()


@dataclass(frozen=True, slots=True)
class PigpioSession:
    """The wires, held: connections, SPI handle and dead-man of one life."""

    config: BoardConfig
    line: Connection  # under the stock client
    fast: Connection  # bursts, beats, inputs
    client: Client
    sampler: Sampler
    spi_handle: int
    script_id: int
    contactors: PigpioContactors
    box_refused: tuple[int, ...] = ()

    def dead_man_state(self) -> int:
        """The state of the dead-man script; only `PI_SCRIPT_RUNNING` is armed."""
        return deadman.state(self.line, self.script_id)

    def release(self) -> None:
        """Make the outputs safe and give everything back; never raises, ends within 0.3 s.

        When pigpiod answers as it should, script and SPI handle go too. Otherwise they stay: the
        script is then one more thing that opens the contactor, also if a request to close it is
        still on its way, and the next life finds both by the script's record.
        """
        safe = _resting(self.config)
        try:
            if self.line.broken:
                raise BoardError("the client's connection was given up")
            self.fast.limit_time()
            self.fast.ask(*safe, *deadman.removal(self.script_id, self.spi_handle))
        except BoardError:
            _make_safe_anew(self.config, safe, self.fast.answer_s)
        finally:
            self.fast.close()
            self.client.stop()


def acquire(config: BoardConfig, answer_s: float) -> PigpioSession:
    """Acquire the wires: contactors open, pilot steady +12 V, dead-man waiting for its first beat.

    From then on pigpiod gets *answer_s* seconds for an answer.

    Raises `BoardError`; then everything is given back.
    """
    wires = config.pigpio
    within_s = _TAKE_ANSWERS * answer_s
    line = Connection(wires.host, wires.port, within_s, answer_s)
    fast = None
    try:
        fast = Connection(wires.host, wires.port, within_s, answer_s)
        return _set_up(config, line, fast)
    except BaseException:
        line.close()
        if fast is not None:
            fast.close()
        raise


def _set_up(config: BoardConfig, line: Connection, fast: Connection) -> PigpioSession:
    wires = config.pigpio
    client = Client(line)
    # Nothing comes before this: an earlier life may have left them closed.
    for gpio in wires.contactor_gpios:
        checked(f"open the contactor on GPIO {gpio}", client.write(gpio, 0))
    version = client.get_pigpio_version()
    if version < _OLDEST:
        raise BoardError(
            text(
                "pigpiod is version {version} and evsed needs {oldest}; the contactor is "
                "open and nothing else is driven; install pigpio 1.79 and restart pigpiod",
                version=version,
                oldest=_OLDEST,
            )
        )
    _clear_earlier_life(config, fast)
    pilot = wires.pilot_gpio
    doing = f"put hardware PWM on GPIO {pilot}"
    checked(doing, client.hardware_PWM(pilot, deadman.PILOT_HZ, deadman.STEADY_PPM))
    checked(f"drive GPIO {wires.heartbeat_gpio}", client.write(wires.heartbeat_gpio, 0))
    if (relay := config.cp_relay_gpio) is not None:
        checked(f"drive GPIO {relay}", client.write(relay, 0))
    _set_up_inputs(config, client)
    box_refused = _set_up_box(config, client)
    spi_handle = checked(
        f"open SPI channel {wires.spi_channel} at {wires.spi_hz} Hz",
        client.spi_open(wires.spi_channel, wires.spi_hz, _SPI_FLAGS[wires.spi_channel]),
    )
    try:
        sampler = Sampler(fast, spi_handle, config.pilot_adc_channel)
        for count in (64, 128):  # what the ticks ask for
            sampler.prepare(count)
        script_id = checked("store the dead-man script", client.store_script(deadman.SCRIPT))
        contactors = PigpioContactors(
            config, client, lambda: deadman.require_armed(line, script_id)
        )
        session = PigpioSession(
            config, line, fast, client, sampler, spi_handle, script_id, contactors, box_refused
        )
    except BaseException:
        with contextlib.suppress(BoardError):
            fast.ask(Request(Command.SPIC, spi_handle))
        raise
    try:
        _start_dead_man(session)
    except BaseException:
        session.release()
        raise
    return session


def _clear_earlier_life(config: BoardConfig, pipe: Connection) -> None:
    """Remove what an evsed that died has left in pigpiod.

    Raises `BoardError` when that evsed is not dead: then its beats go on.
    """
    wires = config.pigpio
    found = deadman.leftovers(pipe, wires)
    if any(old.running for old in found):
        time.sleep(_STRANGER_S)
        before = {old.script_id: old.beat for old in found}
        found = deadman.leftovers(pipe, wires)
        if any(before.get(old.script_id, old.beat) != old.beat for old in found):
            raise BoardError(
                text(
                    "another evsed drives these GPIOs through the same pigpiod; this one has "
                    "opened the contactor and drives nothing; stop one of them (systemctl "
                    "stop evsed)"
                )
            )
    deadman.remove(pipe, found)


def _set_up_inputs(config: BoardConfig, client: Client) -> None:
    """Pull up every optional input; what is wired to them pulls to ground.

    A broken wire then reads as a stop pressed, as a ground fault, as a contactor that stays
    closed: each is a fault that opens.
    """
    inputs = config.inputs
    pulled = [*inputs.contactor_feedback_gpios, inputs.ground_fault_gpio]
    for gpio in (*pulled, inputs.emergency_stop_gpio):
        if gpio is not None:
            checked(f"read GPIO {gpio}", client.set_mode(gpio, pigpio.INPUT))
            checked(f"pull GPIO {gpio} up", client.set_pull_up_down(gpio, pigpio.PUD_UP))
    if (gpio := inputs.ground_fault_test_gpio) is not None:
        checked(f"drive GPIO {gpio}", client.write(gpio, 0))


def _set_up_box(config: BoardConfig, client: Client) -> tuple[int, ...]:
    """Leave the light dark and pull the button up; return the GPIOs that pigpiod refuses."""
    refused = [gpio for gpio, level in config.box.rest() if client.write(gpio, level) < 0]
    button = config.box.button_gpio
    if button is not None:
        mode = client.set_mode(button, pigpio.INPUT)
        pull = client.set_pull_up_down(button, pigpio.PUD_UP)
        refused += [button] * (mode < 0 or pull < 0)
    return tuple(refused)


def _start_dead_man(session: PigpioSession) -> None:
    """Start the script, and see it run.

    A script that was just stored may not be ready (-62), and a start can fall between two steps
    of its thread and be lost (pigpio.c, pthScript): so the start is repeated until it runs.
    """
    until = time.monotonic() + session.fast.answer_s
    parameters = deadman.parameters(session.config.pigpio, session.spi_handle)
    while True:
        result = session.client.run_script(session.script_id, parameters)
        if result != pigpio.PI_SCRIPT_NOT_READY:
            checked("start the dead-man script", result)
        time.sleep(0.001)
        if session.dead_man_state() == pigpio.PI_SCRIPT_RUNNING:
            return
        if time.monotonic() > until:
            raise BoardError(
                text(
                    "the dead-man script in pigpiod does not start; {lets_go}; restart "
                    "pigpiod (sudo systemctl restart pigpiod)",
                    lets_go=LETS_GO,
                )
            )


def _resting(config: BoardConfig) -> list[Request]:
    """Every output at rest."""
    asks = deadman.safe_outputs(config.pigpio) + deadman.at_rest(config.rest())
    if (gpio := config.inputs.ground_fault_test_gpio) is not None:
        asks.append(write(gpio, 0))
    return asks


def _make_safe_anew(config: BoardConfig, safe: list[Request], within_s: float) -> None:
    """Try once more over a new connection; where that fails too the dead-men remain."""
    try:
        pipe = Connection(config.pigpio.host, config.pigpio.port, within_s)
    except BoardError:
        return
    try:
        pipe.limit_time(within_s)
        pipe.ask(*safe)
    except BoardError:
        pass
    finally:
        pipe.close()
