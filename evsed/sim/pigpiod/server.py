# SPDX-License-Identifier: GPL-3.0-or-later
"""A pigpiod v79 on a TCP port, as far as a client can tell: the shell around `PigpioMachine`.

The unmodified PyPI client 1.78 works with it, and the recordings of the real daemon in
``tests/golden`` are answered byte for byte. In tests, from any thread::

    with PigpiodThread(SimulatedPigpiod(GpioLines())) as daemon:
        pi = pigpio.pi("127.0.0.1", daemon.port)
        daemon.call(daemon.pigpiod.freeze)

and in a process of its own, next to a simulated circuit::

    with asyncio.Runner(loop_factory=precise_event_loop) as runner:
        runner.run(serve(SimulatedPigpiod(wires, spi_device=adc, port=8888)))

**Time.** The requests that arrive in one segment are computed at once, each with the moment at
which it would have happened, and their answers leave together when the last one's moment has
come: one timer for a burst, whatever its length. So a burst samples the circuit as it is when the
burst arrives, and a change of the car during those 3 ms is seen by the next burst (an error of at
most one burst, towards late). Requests that change pins are never computed ahead. Scripts run on
a timer; with the default event loop of Linux timers are late by up to 1 ms, with
`precise_event_loop` by some 0.1 ms. How late each answer left is in `SimulatedPigpiod.lateness`.

With ``real_time=False`` nothing waits: answers leave at once, and `SimulatedPigpiod.advance` lets
scripts and notifications catch up with a made-up clock.

**Faults** are methods: `freeze`, `kill`, `reset`, `leak_spi_handles`, `steal_pwm`, `stick_miso`
and the fields of `faults`. Like all else here they belong to the event loop's thread.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable
from math import inf
from random import Random
from typing import Literal, cast

from typing_extensions import override

from evsed.sim.gpio_lines import GpioLines
from evsed.sim.pigpiod.faults import Lateness, PigpiodFaults
from evsed.sim.pigpiod.machine import AHEAD, PigpioMachine, Setup
from evsed.sim.pigpiod.protocol import EXTENSION_LIMIT, REQUEST
from evsed.sim.pigpiod.spi import SpiDevice

_HEADER = REQUEST.size
_AT_ONCE_S = 50e-6  # a wait shorter than this costs more than it is long
_FRAGMENT = 7


class SimulatedPigpiod:
    """A pigpiod that can be started, killed and revived over the same wires and port.

    Args:
        wires: the pins; their clock is the daemon's.
        setup: board and options.
        spi_device: what is on SPI.
        host: the address to listen on.
        port: 0 takes a free one, kept for every life.
        real_time: False on a made-up clock.

    """

    def __init__(
        self,
        wires: GpioLines,
        setup: Setup | None = None,
        spi_device: SpiDevice | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        real_time: bool = True,
    ) -> None:
        self.wires = wires
        self.setup = setup if setup is not None else Setup()
        self.port = port
        self.real_time = real_time
        self.faults = PigpiodFaults()
        self.lateness = Lateness()
        self.frozen = False
        self.clients: dict[int, _Client] = {}
        self.random = Random(self.setup.seed)
        self._spi_device = spi_device
        self._host = host
        self._machine: PigpioMachine | None = None
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_s = inf
        self._scripts_frozen = False
        self._stuck: Callable[[bytes], bytes] | None = None

    # -- lives -----------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """True while the daemon runs; frozen counts as running."""
        return self._machine is not None

    @property
    def machine(self) -> PigpioMachine:
        """The present life. Raises RuntimeError when there is none."""
        if self._machine is None:
            raise RuntimeError("The simulated pigpiod is dead; revive it first.")
        return self._machine

    async def start(self) -> int:
        """Begin a life and listen; the port is returned.

        Raises OSError when the port is taken.
        """
        if self._machine is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(
                lambda: _Client(self, loop) if self.alive else _Refused(), self._host, self.port
            )
            self.port = self._listener.sockets[0].getsockname()[1]
            self._machine = PigpioMachine(self.wires, self.setup, self._spi_device)
            self._machine.spi.stuck = self._stuck
            self.frozen = self._scripts_frozen = False
        return self.port

    revive = start

    def kill(self) -> None:
        """End this life at once: port and sockets close, handles and scripts are gone.

        The wires stay as they are.
        """
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for client in list(self.clients.values()):
            client.abort()
        self.clients.clear()
        if self._machine is not None:
            self._machine.close()
            self._machine = None
        self._disarm()

    async def stop(self) -> None:
        """Kill it and let its sockets go."""
        self.kill()
        for _ in range(3):  # aborted transports close in the rounds to come
            await asyncio.sleep(0)

    # -- faults ----------------------------------------------------------------------------------

    def freeze(self, *, scripts: bool = True) -> None:
        """Accept and never answer, as a stopped process does; ``scripts=False`` lets those run."""
        self.frozen = True
        self._scripts_frozen = scripts
        if scripts:
            self._disarm()

    def thaw(self) -> None:
        """Go on: what was asked meanwhile is answered, scripts continue from now."""
        if not self.frozen or not self.alive:
            return
        self.frozen = self._scripts_frozen = False
        self.machine.scripts.delay_until(self.wires.clock())
        for client in list(self.clients.values()):
            client.resume()
        self.settle()

    def reset(self) -> None:
        """Reset every connection (RST); the daemon lives on."""
        for client in list(self.clients.values()):
            client.abort(reset=True)

    def leak_spi_handles(self, count: int = 32) -> None:
        """Open SPI handles that are never closed, as crashed clients leave them."""
        for _ in range(count):
            self.machine.spi.open(0, 1_000_000, 0, self.wires.clock())

    def leak_scripts(self, count: int = 32, text: bytes = b"halt") -> None:
        """Store scripts that are never deleted, as crashed clients leave them."""
        for _ in range(count):
            self.machine.scripts.store(text, self.wires.clock())

    def steal_pwm(self) -> None:
        """Do to hardware PWM what another client's wave does."""
        self.machine.gpios.stop_hardware_pwm(self.wires.clock())

    def stick_miso(self, at: Literal["low", "high"] | int | None) -> None:
        """Hold MISO at a level, or let every conversion give one code; None ends it.

        A fault of the wire: it outlasts the daemon.
        """
        if at is None:
            self._stuck = None
        elif isinstance(at, int):
            self._stuck = lambda tx: (at & (1 << 8 * len(tx)) - 1).to_bytes(len(tx), "big")
        else:
            filler = b"\xff" if at == "high" else b"\0"
            self._stuck = lambda tx: filler * len(tx)
        if self._machine is not None:
            self._machine.spi.stuck = self._stuck

    # -- time ------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Let scripts, waves and notifications catch up with the clock."""
        if self._machine is not None and not self._scripts_frozen:
            self._machine.advance(self.wires.clock())
            self.settle()

    def settle(self) -> None:
        """Deliver reports and set the timer for what comes next; done after every request."""
        machine = self._machine
        if machine is None or self._scripts_frozen:
            return
        for conn_id, report in machine.take_reports():
            if conn_id in self.clients:
                self.clients[conn_id].report(report)
        if not self.real_time:
            return
        due_s = machine.next_due_s()
        if due_s != self._timer_at_s:
            self._disarm()
            if due_s != inf:
                loop = asyncio.get_running_loop()
                self._timer_at_s = due_s
                self._timer = loop.call_later(max(0.0, due_s - self.wires.clock()), self._wake)

    def _wake(self) -> None:
        self._disarm()
        self.advance()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at_s = None, inf


class _Client(asyncio.Protocol):
    """One connection: requests are taken apart, answers leave when their moment has come."""

    def __init__(self, pigpiod: SimulatedPigpiod, loop: asyncio.AbstractEventLoop) -> None:
        self._pigpiod = pigpiod
        self._loop = loop
        self._clock = pigpiod.wires.clock
        self._machine = pigpiod.machine
        self._conn_id = self._machine.connect()
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._held: asyncio.TimerHandle | None = None
        self._outgoing: deque[tuple[float, bytes]] = deque()
        self._sender: asyncio.TimerHandle | None = None
        self._begun = False  # the first piece of a fragmented answer has left
        self._ending = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._machine is not self._pigpiod._machine:  # noqa: SLF001 - one file, one thing
            self.abort()  # accepted in the moment of death
            return
        self._pigpiod.clients[self._conn_id] = self

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for timer in (self._held, self._sender):
            if timer is not None:
                timer.cancel()
        self._machine.disconnect(self._conn_id)
        if self._pigpiod.clients.get(self._conn_id) is self:  # a later run counts from 0
            del self._pigpiod.clients[self._conn_id]
            self._pigpiod.settle()

    @override
    def data_received(self, data: bytes) -> None:
        self._unread = self._unread + data if self._unread else data
        if not self._pigpiod.frozen and self._held is None:
            self._process()

    def report(self, report: bytes) -> None:
        """Send a notification."""
        if self._transport is not None:
            self._transport.write(report)

    def abort(self, *, reset: bool = False) -> None:
        """Drop the connection, with RST if asked."""
        if self._transport is None:
            return
        if reset:
            its_socket = self._transport.get_extra_info("socket")
            its_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def resume(self) -> None:
        """Take up what was left unread or unsent."""
        if self._held is not None:
            self._held.cancel()
            self._held = None
        if self._pigpiod.frozen or self._transport is None:
            return
        self._process()
        self._flush()

    def _process(self) -> None:
        """Answer all complete requests, up to one that must wait for its moment."""
        pigpiod, machine, conn_id, data = self._pigpiod, self._machine, self._conn_id, self._unread
        handle, unpack = machine.handle, REQUEST.unpack_from
        now_s = self._clock()
        real_time, faults = pigpiod.real_time, pigpiod.faults
        mangled = faults.garbage or faults.end_after_header
        ready_at_s = now_s
        answers: list[bytes] = []
        at, size = 0, len(data)
        while size - at >= _HEADER and not self._ending:
            cmd, p1, p2, length = unpack(data, at)
            if length >= EXTENSION_LIMIT:
                self._ending = True
                break
            end = at + _HEADER + length
            if end > size:
                break
            if real_time and cmd not in AHEAD:
                free_at_s = machine.free_at_s(conn_id)
                if free_at_s > now_s + _AT_ONCE_S:
                    self._held = self._loop.call_later(free_at_s - self._clock(), self.resume)
                    break
            answer, ready_at_s = handle(conn_id, cmd, p1, p2, data[at + _HEADER : end], now_s)
            answers.append(self._mangle(answer) if mangled else answer)
            at = end
        self._unread = data[at:]
        if answers:
            self._outgoing.append((ready_at_s + faults.slow_s, b"".join(answers)))
        if answers or self._ending:
            self._flush()
        pigpiod.settle()

    def _mangle(self, answer: bytes) -> bytes:
        faults = self._pigpiod.faults
        if faults.garbage:
            faults.garbage -= 1
            return self._pigpiod.random.randbytes(len(answer))
        if faults.end_after_header and len(answer) > _HEADER:
            faults.end_after_header = False
            self._ending = True
            return answer[:_HEADER]
        return answer

    def _flush(self) -> None:
        """Send the answers whose moment has come, and wait for the next one's."""
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        transport, pigpiod, outgoing = self._transport, self._pigpiod, self._outgoing
        if transport is None or pigpiod.frozen:
            return
        while outgoing:
            ready_at_s, data = outgoing[0]
            now_s = self._clock()
            if pigpiod.real_time and ready_at_s > now_s:
                self._sender = self._loop.call_later(ready_at_s - now_s, self._flush)
                return
            outgoing.popleft()
            if pigpiod.faults.fragment_s and not self._begun and len(data) > _FRAGMENT:
                self._begun = True
                transport.write(data[:_FRAGMENT])
                outgoing.appendleft((now_s + pigpiod.faults.fragment_s, data[_FRAGMENT:]))
                continue
            self._begun = False
            transport.write(data)
            pigpiod.lateness.add(now_s - ready_at_s)
        if self._ending:
            transport.close()


class _Refused(asyncio.Protocol):
    """A connection that was accepted in the moment of death."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()


def precise_event_loop() -> asyncio.SelectorEventLoop:
    """An event loop whose timers are not rounded up to whole milliseconds, as epoll's are."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def serve(pigpiod: SimulatedPigpiod, ready: Callable[[int], None] | None = None) -> None:
    """Run until cancelled; ``ready`` is called with the port.

    Raises OSError when the port is taken.
    """
    port = await pigpiod.start()
    if ready is not None:
        ready(port)
    try:
        await asyncio.Event().wait()
    finally:
        await pigpiod.stop()
