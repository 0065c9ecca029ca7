# SPDX-License-Identifier: GPL-3.0-or-later
"""Acquiring the wires from Linux and releasing them; `KernelSession` holds them in between."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from evsed.boards.kernel.deadman import ANSWER, ASK, DeadManCommand, State
from evsed.boards.kernel.pwm import PERIOD_NS, PilotPwm
from evsed.boards.kernel.spi import Adc
from evsed.boards.kernel.sysfs import LINE_INPUT, LINE_OUTPUT, LINE_PULL_UP, GpioLine, Kernel
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.self_checks import GENERATOR_CONVERSIONS
from evsed.core.text import text
from evsed.errors import BoardError, BoardGone, BoardTimeout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evsed.boards.board import BoardConfig

ANSWER_S: Final = 0.08  # of the 100 ms that a method may take
_STARTED_S: Final = 5.0  # Python on a busy Pi Zero
_BURSTS: Final = (64, 128)  # what the ticks ask for


class DeadManReport(NamedTuple):
    """Answer of the dead-man's process."""

    state: State
    levels: tuple[bool, ...]


class Watcher:
    """The dead-man's process, seen from the control process; starting it takes the contactors."""

    def __init__(
        self,
        command: Sequence[str],
        gpios: Sequence[int],
        pilot_path: str,
        patience_s: float,
        answer_s: float,
    ) -> None:
        """Start it and wait until it holds the contactors, open. Raises `BoardError`."""
        self._contactors: Final = len(gpios)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._end: Final = ours
        arguments = (
            str(theirs.fileno()), ",".join(map(str, gpios)), pilot_path, str(patience_s)
        )  # fmt: skip
        try:
            self._process: Final = subprocess.Popen(
                (*command, *arguments), pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL
            )
        except OSError as error:
            ours.close()
            raise BoardError(
                f"the dead-man's process cannot be started ({error.strerror}); nothing is driven"
            ) from error
        finally:
            theirs.close()
        try:
            ours.settimeout(_STARTED_S)
            first = self._receive()
            if len(first) != ANSWER.size:
                raise BoardError(first.decode(errors="replace"))
        except BaseException:
            self.end()
            raise
        ours.settimeout(answer_s)

    def ask(self, command: DeadManCommand, count: int = 0) -> DeadManReport:
        """Send a command and wait for the answer.

        Raises `BoardError`; after that the process is of no more use.
        """
        try:
            self._end.send(ASK.pack(command, count))
        except OSError as error:
            raise BoardGone(
                text(
                    "the dead-man's process is gone, and the contactors with it; evsed lets "
                    "go of the wires and starts it again; journalctl -u evsed shows why it "
                    "ended"
                )
            ) from error
        state, levels = ANSWER.unpack(self._receive())
        return DeadManReport(
            State(state), tuple(bool(levels >> place & 1) for place in range(self._contactors))
        )

    def end(self) -> None:
        """End it; its lines are free then. Lasts as long as an answer may."""
        self._end.close()  # it opens the contactors and ends
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _receive(self) -> bytes:
        try:
            packet = self._end.recv(4096)
        except TimeoutError as error:
            raise BoardTimeout(
                text(
                    "the dead-man's process does not answer; it is killed, and the contactor "
                    "is open; if it happens again, see what keeps the Pi busy for 100 ms"
                )
            ) from error
        except OSError:
            packet = b""
        if not packet:
            raise BoardGone(
                text(
                    "the dead-man's process ended, and the contactors with it; evsed lets go "
                    "of the wires and starts it again; journalctl -u evsed shows why it ended"
                )
            )
        return packet


@dataclass(slots=True)
class KernelSession:
    """The wires, held."""

    kernel: Kernel
    config: BoardConfig
    pilot: PilotPwm
    adc: Adc
    watcher: Watcher
    heartbeat: GpioLine
    inputs: dict[int, GpioLine] = field(default_factory=dict)
    test: GpioLine | None = None
    cp_relay: GpioLine | None = None
    light: dict[int, GpioLine] = field(default_factory=dict)
    button: GpioLine | None = None
    box_refused: tuple[int, ...] = ()
    heartbeat_high: bool = False
    closed: int = 0

    def require_armed(self, report: DeadManReport) -> None:
        """Raise `BoardError` unless it is armed."""
        if report.state is not State.ARMED:
            raise BoardError(
                f"the dead-man's process is {report.state.name.lower()}, so the contactor is open; "
                "evsed lets go of the wires; if it happens again, see what keeps the Pi busy for "
                "100 ms"
            )

    def drive_light(self, pins: Iterable[tuple[int, int]]) -> None:
        """Put a level on each of *pins* of the light; what cannot be driven is left out."""
        for gpio, level in pins:
            with contextlib.suppress(BoardError):
                if (line := self.light.get(gpio)) is not None:
                    line.set(bool(level))

    def read_button(self) -> bool | None:
        """Return whether the button is pressed; None where it cannot be read."""
        with contextlib.suppress(BoardError):
            return None if self.button is None else not self.button.get()
        return None

    def release(self) -> None:
        """Make the outputs safe and give everything back; never raises, ends within 0.1 s.

        The dead-man's process opens the contactors as it ends. Where it hangs it is killed, and
        the contactors, free then, are taken once more to be opened.
        """
        self.watcher.end()
        for gpio in self.config.kernel.contactor_gpios:
            with contextlib.suppress(BoardError):
                GpioLine(self.kernel, gpio, LINE_OUTPUT, "evsed").release()
        with contextlib.suppress(BoardError):
            self.pilot.set(PERIOD_NS)
        for line in (self.test, self.cp_relay):
            if line is not None:
                with contextlib.suppress(BoardError):
                    line.set(False)
        self.drive_light(self.config.box.rest())
        outputs = (self.heartbeat, self.test, self.cp_relay, *self.light.values())
        _release(*outputs, self.button, *self.inputs.values())
        self.adc.close()


def acquire(
    kernel: Kernel,
    config: BoardConfig,
    command: Sequence[str],
    patience_s: float,
    answer_s: float,
) -> KernelSession:
    """Acquire the wires: contactors open, pilot steady +12 V, dead-man waiting for its first beat.

    May last some seconds. Raises `BoardError`; then everything is given back.
    """
    wires, wanted = config.kernel, config.inputs
    pilot = PilotPwm(kernel, wires.pilot_gpio)
    with contextlib.ExitStack() as begun:
        # Nothing comes before this: an earlier life may have left them closed.
        watcher = Watcher(command, wires.contactor_gpios, pilot.duty_path, patience_s, answer_s)
        begun.callback(watcher.end)
        pilot.acquire()
        heartbeat = _line(begun, kernel, wires.heartbeat_gpio, LINE_OUTPUT)
        adc = Adc(kernel, wires.spi_channel, wires.spi_hz)
        begun.callback(adc.close)
        for count in _BURSTS:
            adc.prepare(config.pilot_adc_channel, count)
        if wanted.proximity_adc_channel is not None:
            adc.prepare(wanted.proximity_adc_channel, 1)
        if wanted.current_adc_channel is not None:
            adc.prepare(wanted.current_adc_channel, CONVERSIONS)
        if wanted.coil_supply_adc_channel is not None:
            adc.prepare(wanted.coil_supply_adc_channel, 1)
        if wanted.generator_adc_channel is not None:
            adc.prepare(wanted.generator_adc_channel, GENERATOR_CONVERSIONS)
        session = KernelSession(kernel, config, pilot, adc, watcher, heartbeat)
        pulled = (*wanted.contactor_feedback_gpios, wanted.ground_fault_gpio)
        for gpio in (*pulled, wanted.emergency_stop_gpio):
            if gpio is not None:
                session.inputs[gpio] = _line(begun, kernel, gpio, LINE_INPUT | LINE_PULL_UP)
        if wanted.ground_fault_test_gpio is not None:
            session.test = _line(begun, kernel, wanted.ground_fault_test_gpio, LINE_OUTPUT)
        if config.cp_relay_gpio is not None:
            session.cp_relay = _line(begun, kernel, config.cp_relay_gpio, LINE_OUTPUT)
        _acquire_box(session, begun)
        begun.pop_all()
    return session


def _acquire_box(session: KernelSession, begun: contextlib.ExitStack) -> None:
    """Acquire light and button; neither is a barrier, so what is refused is left out."""
    box, refused = session.config.box, []
    for gpio in box.light_gpios:
        try:
            session.light[gpio] = _line(begun, session.kernel, gpio, LINE_OUTPUT)
        except BoardError:
            refused.append(gpio)
    if box.button_gpio is not None:
        try:
            pulled_up = LINE_INPUT | LINE_PULL_UP
            session.button = _line(begun, session.kernel, box.button_gpio, pulled_up)
        except BoardError:
            refused.append(box.button_gpio)
    session.box_refused = tuple(refused)
    session.drive_light(box.rest())


def _line(begun: contextlib.ExitStack, kernel: Kernel, gpio: int, flags: int) -> GpioLine:
    line = GpioLine(kernel, gpio, flags, "evsed")
    begun.callback(line.release)
    return line


def _release(*lines: GpioLine | None) -> None:
    for line in lines:
        if line is not None:
            line.release()
