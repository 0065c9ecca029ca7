# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated pigpiod without its sockets: requests in, answers and their moments out.

`PigpioMachine` is a synchronous machine on any clock. The time is an argument of every call::

    machine = PigpioMachine(GpioLines(clock))
    conn = machine.connect()
    answer, ready_at_s = machine.handle(conn, Cmd.WRITE, 23, 1, b"", now_s)
    ...
    machine.advance(now_s)      # scripts, waves, notifications catch up
    machine.next_due_s()        # when there is something to catch up with

What it holds dies with it: handles, scripts, waves, watchdogs, its idea of what the pins are used
for. What it did to the pins stays, in `GpioLines`; a new machine over old lines finds the PWM
running and says "not a PWM pin" (-92) until it is set again. Nothing is undone when a connection
goes, apart from the notification handles opened on it.

Time. A connection's requests are taken up one after the other, so each starts when the one
before is done; connections and scripts run side by side, and share the SPI bus. A request costs
its connection `Setup.command_s`, SPI its clocks and overhead, MILS, MICS and TRIG their delay.
`handle` stamps outputs with the moment at which the request is taken up, which lies ahead of
``now_s`` when requests were pipelined behind slower ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from evsed.sim.gpio_lines import GpioLines, WireEvent
from evsed.sim.pigpiod.gpio import Gpios
from evsed.sim.pigpiod.notify import Notifications
from evsed.sim.pigpiod.protocol import (
    ANSWER,
    LAST_USER_GPIO,
    Cmd,
    CommandReply,
    Err,
    Handler,
    signed,
    tick_at,
)
from evsed.sim.pigpiod.scripts import Scripts
from evsed.sim.pigpiod.spi import ASSUMED_CORE_HZ, SpiBus, SpiDevice
from evsed.sim.pigpiod.waves import Waves

VERSION = 79
PI_4B = 0xC03114
PI_3B = 0xA02082
GPIO_OF_40_PINS = 0x0FFF_FFFC
"""GPIO 2-27, bit by GPIO: what a board with 40 pins may change."""

AHEAD = frozenset({Cmd.SPIX, Cmd.SPIR, Cmd.SPIW, Cmd.TICK, Cmd.PIGPV, Cmd.HWVER})
"""Commands that change no pin: those pipelined may be computed before their moment has come."""

_BCM2711 = 3
_NEED_U32 = frozenset({Cmd.HP, Cmd.SPIO, Cmd.TRIG, Cmd.FN, Cmd.I2CO})
_LONGEST_MICS = 1_000_000
_LONGEST_MILS = 60_000
_LONGEST_CF2 = 65_535
_NO_SUCH_PROGRAM = 32_512  # system()'s status when the shell finds no such file
_SPIX = int(Cmd.SPIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The board and how its pigpiod is started.

    ``alerts=False`` is ``-m``, ``pwm_is_clock`` is ``-t 0``, ``permitted`` is ``-x``.
    ``spi_overhead_s`` is the least and the most that one transfer takes beside its clocks: 10-14
    us, so that pipelined 24-bit conversions at 650 kHz come 47-51 us apart, in the 40-60 us that
    pigpio.md 1.6 estimates for a Pi 4. ``command_s`` is the cost of any other request. ``seed``
    is of the jitter.
    """

    revision: int = PI_4B
    permitted: int = GPIO_OF_40_PINS
    alerts: bool = True
    pwm_is_clock: bool = False
    spi_core_hz: float = float(ASSUMED_CORE_HZ)
    spi_overhead_s: tuple[float, float] = (10e-6, 14e-6)
    command_s: float = 5e-6
    script_start_s: float = 0.0
    seed: int = 0

    @property
    def pwm_clock_hz(self) -> int:
        """Half of PLLD: the clock of the hardware PWM."""
        return 375_000_000 if self.revision >> 12 & 0xF == _BCM2711 else 250_000_000


@dataclass(slots=True)
class _Connection:
    free_at_s: float = 0.0
    stale: bytes = bytes(4)


class PigpioMachine:
    """One life of a pigpiod over the wires of a Pi.

    Args:
        wires: the pins, which outlive this.
        setup: board and options.
        spi_device: what answers on SPI (see `evsed.sim.pigpiod.spi.SpiDevice`).

    """

    def __init__(
        self, wires: GpioLines, setup: Setup | None = None, spi_device: SpiDevice | None = None
    ) -> None:
        self.wires = wires
        wires.stop_dma(wires.clock())  # a new daemon resets its DMA channels [K, unverified]
        self.setup = setup = setup if setup is not None else Setup()
        self.not_simulated: dict[int, int] = {}
        self.missing_extensions = 0
        self.gpios = Gpios(
            wires,
            permitted=setup.permitted,
            pwm_clock_hz=setup.pwm_clock_hz,
            pwm_is_clock=setup.pwm_is_clock,
        )
        self.spi = SpiBus(
            wires,
            spi_device,
            core_hz=setup.spi_core_hz,
            overhead_s=setup.spi_overhead_s,
            seed=setup.seed,
        )
        self.scripts = Scripts(self._run, start_s=setup.script_start_s, on_update=wires.on_script)
        self._reports: list[tuple[int, bytes]] = []
        self._notifier = Notifications(
            lambda conn_id, report: self._reports.append((conn_id, report)),
            wires.steady_word() & 0xFFFFFFFF,
            self._wake_scripts,
            alerts=setup.alerts,
        )
        self._waves = Waves(self.gpios.put, self.gpios.stop_hardware_pwm)
        self._internals = 0
        self._connections: dict[int, _Connection] = {}
        self._next_conn_id = 0
        self._due_s = inf
        self._handlers: dict[int, Handler] = (
            self.gpios.handlers()
            | self.spi.handlers()
            | self.scripts.handlers()
            | self._notifier.handlers()
            | self._waves.handlers()
            | self._own_handlers()
        )
        wires.listeners.append(self._on_wire)

    def close(self) -> None:
        """End this life; the wires stay as they are."""
        if self._on_wire in self.wires.listeners:
            self.wires.listeners.remove(self._on_wire)

    # -- connections and requests ----------------------------------------------------------------

    def connect(self) -> int:
        """A client has connected: its number for `handle`."""
        self._next_conn_id += 1
        self._connections[self._next_conn_id] = _Connection()
        return self._next_conn_id

    def disconnect(self, conn_id: int) -> None:
        """A client is gone. Only its notification handles go with it."""
        del self._connections[conn_id]
        self._notifier.forget(conn_id)
        self._due_s = -inf

    def free_at_s(self, conn_id: int) -> float:
        """When a connection will take up its next request."""
        return self._connections[conn_id].free_at_s

    def handle(
        self, conn_id: int, cmd: int, p1: int, p2: int, ext: bytes, now_s: float
    ) -> tuple[bytes, float]:
        """Carry out one request that has arrived by ``now_s``.

        Returns the answer, header and data, and the moment from which it may be sent.
        """
        if now_s >= self._due_s:
            self.advance(now_s)
        connection = self._connections[conn_id]
        at_s = max(connection.free_at_s, now_s)
        if cmd == _SPIX:
            rx, free_at_s = self.spi.transfer(p1, ext, at_s)
            connection.free_at_s = free_at_s
            if rx is None:
                return ANSWER.pack(cmd, p1, p2, Err.BAD_HANDLE), free_at_s
            return ANSWER.pack(cmd, p1, p2, len(rx)) + rx, free_at_s
        if ext:
            connection.stale = ext
        elif cmd in _NEED_U32:
            # What the real daemon finds on its stack: the last extension, its first byte zeroed.
            self.missing_extensions += 1
            ext = b"\0" + connection.stale[1:4].ljust(3, b"\0")
        if cmd == Cmd.NOIB:
            outcome: int | CommandReply = self._notifier.open(conn_id, at_s)
        else:
            outcome = self._run(cmd, p1, p2, ext, at_s)
        data, ready_at_s = b"", at_s + self.setup.command_s
        if isinstance(outcome, CommandReply):
            data, ready_at_s = outcome.data, ready_at_s + outcome.took_s
            p2 = p2 if outcome.p2 is None else outcome.p2
            outcome = outcome.result
        connection.free_at_s = ready_at_s
        self._due_s = -inf  # something may be due again: looked up on request
        return ANSWER.pack(cmd, p1, p2, signed(outcome)) + data, ready_at_s

    # -- what happens by itself ------------------------------------------------------------------

    def next_due_s(self) -> float:
        """When something happens next without being asked (infinite: never)."""
        self._due_s = min(self.scripts.due_s(), self._waves.due_s, self._notifier.due_s())
        return self._due_s

    def advance(self, now_s: float) -> None:
        """Let scripts, waves and notifications catch up with the time."""
        while (due_s := self.next_due_s()) <= now_s:
            if self._waves.due_s == due_s:
                self._waves.step()
            elif self._notifier.due_s() == due_s:
                self._notifier.step(due_s)
            else:
                self.scripts.step()

    def take_reports(self) -> list[tuple[int, bytes]]:
        """The notification reports since the last call: connection and bytes."""
        if not self._reports:
            return []
        reports, self._reports = self._reports, []
        return reports

    def _on_wire(self, event: WireEvent) -> None:
        if event.kind == "level" and event.gpio <= LAST_USER_GPIO:
            self._notifier.edge(event.at_s, event.gpio, int(event.value))
            self._due_s = -inf

    def _wake_scripts(self, bits: int, events: int, at_s: float) -> None:
        for script in self.scripts.waiting():
            if script.wait_bits & bits:
                script.wake(script.wait_bits & bits, at_s)
            elif script.wait_events & events:
                script.wake(script.wait_events & events, at_s)

    # -- commands --------------------------------------------------------------------------------

    def _run(self, cmd: int, p1: int, p2: int, ext: bytes, at_s: float) -> int | CommandReply:
        handler = self._handlers.get(cmd)
        if handler is None:
            self.not_simulated[cmd] = self.not_simulated.get(cmd, 0) + 1
            return Err.UNKNOWN_COMMAND
        return handler(p1, p2, ext, at_s)

    def _own_handlers(self) -> dict[int, Handler]:
        return {
            Cmd.TICK: lambda _1, _2, _e, at_s: tick_at(at_s),
            Cmd.HWVER: lambda _1, _2, _e, _s: self.setup.revision,
            Cmd.PIGPV: lambda _1, _2, _e, _s: VERSION,
            Cmd.HELP: lambda _1, _2, _e, _s: 0,
            Cmd.MICS: lambda us, _2, _e, _s: _delay(us, 1e-6, _LONGEST_MICS, Err.BAD_MICS_DELAY),
            Cmd.MILS: lambda ms, _2, _e, _s: _delay(ms, 1e-3, _LONGEST_MILS, Err.BAD_MILS_DELAY),
            Cmd.CF1: lambda p1, p2, ext, _s: max(p1, p2, *ext) if ext else max(p1, p2),
            Cmd.CF2: _cf2,
            Cmd.CGI: lambda _1, _2, _e, _s: self._internals,
            Cmd.CSI: self._set_internals,
            Cmd.SHELL: lambda _1, _2, _e, _s: _NO_SUCH_PROGRAM,
            # No pipes, files, serial ports or I2C buses here: as on a Pi that has none.
            Cmd.NO: lambda _1, _2, _e, _s: Err.BAD_PATHNAME,
            Cmd.SERO: lambda _1, _2, _e, _s: Err.SER_OPEN_FAILED,
            Cmd.SERC: lambda _1, _2, _e, _s: Err.BAD_HANDLE,
            Cmd.I2CO: lambda _1, _2, _e, _s: Err.BAD_I2C_BUS,
            Cmd.I2CC: lambda _1, _2, _e, _s: Err.BAD_HANDLE,
            Cmd.FO: lambda _1, _2, _e, _s: Err.NO_FILE_ACCESS,
            Cmd.FL: lambda _1, _2, _e, _s: Err.NO_FILE_ACCESS,
            Cmd.FC: lambda _1, _2, _e, _s: Err.BAD_HANDLE,
            Cmd.SLR: lambda _1, _2, _e, _s: Err.NOT_SERIAL_GPIO,
            Cmd.SLRC: lambda _1, _2, _e, _s: Err.NOT_SERIAL_GPIO,
        }

    def _set_internals(self, value: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        self._internals = value
        return 0


def _delay(amount: int, unit_s: float, longest: int, error: Err) -> int | CommandReply:
    return error if amount > longest else CommandReply(0, took_s=amount * unit_s)


def _cf2(_p1: int, most: int, ext: bytes, _at_s: float) -> CommandReply:
    data = ext[::-1][: min(most, _LONGEST_CF2)]
    return CommandReply(len(data), data, p2=min(most, _LONGEST_CF2))
