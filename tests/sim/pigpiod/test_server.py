# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated pigpiod on its port: the stock client, real time, and its faults.

Times are only ever checked from below, or by the daemon's own stamps, so a slow machine changes
nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pigpio
import pytest

from evsed.sim.gpio_lines import GpioLines, WireEvent
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.protocol import Cmd
from evsed.sim.pigpiod.server import SimulatedPigpiod, serve
from tests.sim.pigpiod.pigpiod_kit import DEAD_MAN, MadeUpClock
from tests.sim.pigpiod.thread import PigpiodThread

PATIENCE_S = 60.0
CONVERSION = struct.pack("<4I", Cmd.SPIX, 0, 0, 3) + b"\x01\x80\x00"
READ_24 = struct.pack("<4I", Cmd.READ, 24, 0, 0)
SHORTEST_CONVERSION_S = 46e-6


@pytest.fixture(autouse=True)
def _stock_client_as_it_comes() -> Iterator[None]:
    """The client raises its errors, whatever evsed's board has set in this process."""
    before, pigpio.exceptions = pigpio.exceptions, True
    yield
    pigpio.exceptions = before


@pytest.fixture
def daemon() -> Iterator[PigpiodThread]:
    adc = Mcp3008(lambda channel, _at_s: 100 + channel)
    with PigpiodThread(SimulatedPigpiod(GpioLines(), spi_device=adc)) as thread:
        yield thread


@contextmanager
def client(daemon: PigpiodThread) -> Iterator[pigpio.pi]:
    pi = pigpio.pi("127.0.0.1", daemon.port)
    assert pi.connected
    try:
        yield pi
    finally:
        pi.stop()


@contextmanager
def wire(daemon: PigpiodThread) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := connection.recv(count - len(data))):
        data += more
    return data


def ask(connection: socket.socket, *request: int, ext: bytes = b"") -> int:
    connection.sendall(struct.pack("<4I", *request, *[0] * (3 - len(request)), len(ext)) + ext)
    result: int = struct.unpack_from("<i", receive(connection, 16), 12)[0]
    return result


def open_spi(connection: socket.socket) -> None:
    assert ask(connection, Cmd.SPIO, 0, 650_000, ext=bytes(4)) == 0


# -- the stock client ------------------------------------------------------------------------------


def test_the_stock_client_connects_and_drives_the_pins(daemon: PigpiodThread) -> None:
    with client(daemon) as pi:
        assert pi.get_pigpio_version() == 79
        assert pi.get_hardware_revision() == 0xC03114
        pi.write(23, 1)
        assert pi.read(23) == 1
        pi.hardware_PWM(18, 1000, 533_333)
        assert pi.get_PWM_dutycycle(18) == 533_333

    assert daemon.pigpiod.wires.level(23) == 1
    wave = daemon.pigpiod.wires.pwm(18)
    assert wave is not None
    assert wave.duty == 199_999 / 375_000


def test_the_stock_client_raises_on_errors(daemon: PigpiodThread) -> None:
    with client(daemon) as pi, pytest.raises(pigpio.error, match="no permission"):
        pi.write(30, 1)


def test_the_stock_client_reads_the_adc(daemon: PigpiodThread) -> None:
    with client(daemon) as pi:
        handle = pi.spi_open(0, 650_000, 1 << 6)
        count, data = pi.spi_xfer(handle, [1, 0x80 | 3 << 4, 0])

        assert count == 3
        assert isinstance(data, bytearray)
        assert (data[1] & 3) << 8 | data[2] == 103


def test_the_stock_client_hears_of_edges(daemon: PigpiodThread) -> None:
    heard: list[tuple[int, int]] = []
    both = threading.Event()

    def on_edge(gpio: int, level: int, _tick: int) -> None:
        heard.append((gpio, level))
        if len(heard) == 2:
            both.set()

    with client(daemon) as pi:
        pi.write(24, 0)
        pi.callback(24, pigpio.EITHER_EDGE, on_edge)
        pi.write(24, 1)
        pi.write(24, 0)
        assert both.wait(PATIENCE_S)

    assert heard == [(24, 1), (24, 0)]


def test_the_stock_client_runs_scripts(daemon: PigpiodThread) -> None:
    with client(daemon) as pi:
        script = pi.store_script(b"tag 0 mils 1 jmp 0")
        pi.run_script(script, [5])
        pi.update_script(script, [6, 7])
        assert pi.script_status(script) == (pigpio.PI_SCRIPT_RUNNING, (6, 7, *[0] * 8))
        pi.stop_script(script)
        pi.delete_script(script)

        with pytest.raises(pigpio.error, match="unknown script id"):
            pi.stop_script(script)


def test_a_client_that_stops_leaves_its_outputs_and_frees_its_notifications(
    daemon: PigpiodThread,
) -> None:
    for _ in range(40):  # more than there are notification handles
        with client(daemon) as pi:
            pi.write(23, 1)
        while daemon.call(len, daemon.pigpiod.clients):
            pass

    assert daemon.pigpiod.wires.level(23) == 1


# -- real time -------------------------------------------------------------------------------------


def test_the_dead_man_opens_the_contactor_by_itself_in_real_time(daemon: PigpiodThread) -> None:
    opened = threading.Event()
    stamps: list[float] = []

    def watch(event: WireEvent) -> None:
        if (event.kind, event.gpio, event.value) == ("level", 23, 0):
            stamps.append(event.at_s)
            opened.set()

    with client(daemon) as pi:
        pi.write(23, 1)
        daemon.call(daemon.pigpiod.wires.listeners.append, watch)
        script = pi.store_script(DEAD_MAN)
        pi.run_script(script, [0, 23, 18, 9])
        earliest_s = time.monotonic()
        pi.update_script(script, [1])
        latest_s = time.monotonic()
    assert opened.wait(PATIENCE_S)

    assert earliest_s + 0.100 < stamps[0] < latest_s + 0.115


def test_a_burst_is_answered_no_sooner_than_a_pi_could(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        open_spi(connection)
        begun_s = time.monotonic()
        connection.sendall(CONVERSION * 64)
        answers = receive(connection, 64 * 19)
        took_s = time.monotonic() - begun_s

    assert {(answers[at + 17] & 3) << 8 | answers[at + 18] for at in range(0, 1216, 19)} == {100}
    assert took_s > 64 * SHORTEST_CONVERSION_S
    lateness = daemon.pigpiod.lateness
    assert 0.0 <= min(lateness.all_s) <= lateness.max_s == max(lateness.all_s)


def test_an_output_behind_a_burst_changes_when_the_burst_is_done(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        open_spi(connection)
        begun_s = time.monotonic()
        connection.sendall(CONVERSION * 64 + struct.pack("<4I", Cmd.WRITE, 23, 1, 0) + READ_24)
        assert receive(connection, 64 * 19 + 32)[-16:-12] == struct.pack("<I", Cmd.READ)

    [stamp] = [e.at_s for e in daemon.pigpiod.wires.history() if e[1:] == ("level", 23, 1)]
    assert stamp - begun_s > 64 * SHORTEST_CONVERSION_S


def test_requests_wait_behind_a_delay_of_their_own_connection(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection, wire(daemon) as other:
        begun_s = time.monotonic()
        connection.sendall(struct.pack("<4I", Cmd.MILS, 40, 0, 0) + READ_24)
        assert ask(other, Cmd.PIGPV) == 79
        receive(connection, 32)

        assert time.monotonic() - begun_s > 0.040


# -- faults ----------------------------------------------------------------------------------------


def test_frozen_it_accepts_and_answers_only_once_thawed(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        daemon.call(daemon.pigpiod.freeze)
        with wire(daemon) as newcomer:
            for waiting in (connection, newcomer):
                waiting.sendall(READ_24)
                waiting.settimeout(0.0)
            while len(daemon.call(lambda: daemon.pigpiod.clients)) < 2:
                pass
            for waiting in (connection, newcomer):
                with pytest.raises(BlockingIOError):
                    waiting.recv(16)
                waiting.settimeout(PATIENCE_S)

            daemon.call(daemon.pigpiod.thaw)

            assert receive(connection, 16)[:4] == receive(newcomer, 16)[:4] == READ_24[:4]


def test_frozen_it_runs_no_scripts_and_leaves_the_outputs() -> None:
    clock = MadeUpClock()
    with PigpiodThread(SimulatedPigpiod(GpioLines(clock), real_time=False)) as daemon:
        pigpiod = daemon.pigpiod
        with wire(daemon) as connection:
            ask(connection, Cmd.WRITE, 23, 1)
            ask(connection, Cmd.PROC, ext=DEAD_MAN)
            ask(connection, Cmd.PROCR, 0, ext=struct.pack("<4I", 0, 23, 18, 9))
            daemon.call(pigpiod.freeze)
            clock.now_s += 5.0
            daemon.call(pigpiod.advance)
            assert pigpiod.wires.level(23) == 1

            daemon.call(pigpiod.thaw)
            clock.now_s += 0.05
            daemon.call(pigpiod.advance)
            assert pigpiod.wires.level(23) == 1
            clock.now_s += 0.1
            daemon.call(pigpiod.advance)
            assert pigpiod.wires.level(23) == 0


def test_with_its_sockets_frozen_alone_the_dead_man_still_fires() -> None:
    clock = MadeUpClock()
    with PigpiodThread(SimulatedPigpiod(GpioLines(clock), real_time=False)) as daemon:
        with wire(daemon) as connection:
            ask(connection, Cmd.WRITE, 23, 1)
            ask(connection, Cmd.PROC, ext=DEAD_MAN)
            ask(connection, Cmd.PROCR, 0, ext=struct.pack("<4I", 0, 23, 18, 9))
        daemon.call(daemon.pigpiod.freeze, scripts=False)
        clock.now_s += 0.2
        daemon.call(daemon.pigpiod.advance)

        assert daemon.pigpiod.wires.level(23) == 0


def test_killed_it_is_gone_and_revived_it_has_the_same_port_and_wires(
    daemon: PigpiodThread,
) -> None:
    pigpiod, port = daemon.pigpiod, daemon.port
    with wire(daemon) as connection:
        open_spi(connection)
        ask(connection, Cmd.WRITE, 23, 1)
        ask(connection, Cmd.HP, 18, 1000, ext=struct.pack("<I", 250_000))
        before = pigpiod.wires.pwm(18)
        daemon.call(pigpiod.kill)
        assert connection.recv(1) == b""
    assert not pigpiod.alive
    with pytest.raises(RuntimeError, match="revive"):
        _ = pigpiod.machine
    with pytest.raises(ConnectionRefusedError), wire(daemon):
        pass

    assert daemon.run(pigpiod.revive()) == port

    assert pigpiod.wires.level(23) == 1
    assert pigpiod.wires.pwm(18) == before
    with wire(daemon) as connection:
        assert ask(connection, Cmd.GDC, 18) == -92
        open_spi(connection)


def test_reset_is_an_rst(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        ask(connection, Cmd.PIGPV)
        daemon.call(daemon.pigpiod.reset)

        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with wire(daemon) as connection:
        assert ask(connection, Cmd.PIGPV) == 79


def test_slow_answers_are_slow(daemon: PigpiodThread) -> None:
    daemon.pigpiod.faults.slow_s = 0.05
    with wire(daemon) as connection:
        begun_s = time.monotonic()
        ask(connection, Cmd.PIGPV)

        assert time.monotonic() - begun_s > 0.05


def test_the_connection_can_end_between_header_and_data(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        open_spi(connection)
        daemon.pigpiod.faults.end_after_header = True
        connection.sendall(CONVERSION)

        assert receive(connection, 19) == struct.pack("<4I", Cmd.SPIX, 0, 0, 3)
    with wire(daemon) as connection:  # once only
        connection.sendall(CONVERSION)
        assert len(receive(connection, 19)) == 19


def test_a_header_can_come_in_pieces(daemon: PigpiodThread) -> None:
    daemon.pigpiod.faults.fragment_s = 3600.0
    with wire(daemon) as connection:
        connection.sendall(READ_24)
        assert connection.recv(16) == READ_24[:7]

    daemon.pigpiod.faults.fragment_s = 0.001
    with wire(daemon) as connection:
        connection.sendall(READ_24 * 2)
        assert receive(connection, 32) == READ_24 * 2


def test_answers_can_be_garbage(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        daemon.pigpiod.faults.garbage = 1
        connection.sendall(READ_24)
        assert receive(connection, 16)[:12] != READ_24[:12]
        connection.sendall(READ_24)
        assert receive(connection, 16)[:12] == READ_24[:12]


def test_leaked_handles_and_scripts_fill_the_tables(daemon: PigpiodThread) -> None:
    daemon.call(daemon.pigpiod.leak_spi_handles)
    daemon.call(daemon.pigpiod.leak_scripts)
    with wire(daemon) as connection:
        assert ask(connection, Cmd.SPIO, 0, 650_000, ext=bytes(4)) == -24
        assert ask(connection, Cmd.PROC, ext=b"halt") == -57
        assert ask(connection, Cmd.SPIC, 31) == 0
        assert ask(connection, Cmd.PROCD, 31) == 0


def test_a_stolen_pwm_is_low_and_unknown(daemon: PigpiodThread) -> None:
    with wire(daemon) as connection:
        ask(connection, Cmd.HP, 18, 1000, ext=struct.pack("<I", 1_000_000))
        daemon.call(daemon.pigpiod.steal_pwm)

        assert ask(connection, Cmd.GDC, 18) == -92
        assert ask(connection, Cmd.READ, 18) == 0


@pytest.mark.parametrize(("stuck", "code"), [("low", 0), ("high", 1023), (700, 700), (None, 100)])
def test_miso_can_be_stuck(daemon: PigpiodThread, stuck: int | None, code: int) -> None:
    daemon.call(daemon.pigpiod.stick_miso, stuck)
    daemon.call(daemon.pigpiod.kill)
    daemon.run(daemon.pigpiod.revive())  # a fault of the wire outlasts the daemon
    with wire(daemon) as connection:
        open_spi(connection)
        connection.sendall(CONVERSION)
        answer = receive(connection, 19)

        assert (answer[17] & 3) << 8 | answer[18] == code


# -- starting and stopping -------------------------------------------------------------------------


def test_a_taken_port_is_an_error(daemon: PigpiodThread) -> None:
    second = PigpiodThread(SimulatedPigpiod(GpioLines(), port=daemon.port))

    with pytest.raises(OSError, match="in use"):
        second.start()


async def test_serve_runs_until_cancelled() -> None:
    pigpiod = SimulatedPigpiod(GpioLines())
    ports: asyncio.Queue[int] = asyncio.Queue()
    serving = asyncio.create_task(serve(pigpiod, ports.put_nowait))
    reader, writer = await asyncio.open_connection("127.0.0.1", await ports.get())
    writer.write(struct.pack("<4I", Cmd.PIGPV, 0, 0, 0))
    assert (await reader.readexactly(16))[12] == 79

    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    assert not pigpiod.alive
    assert await reader.read() == b""
    writer.close()
