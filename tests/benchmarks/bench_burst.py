# SPDX-License-Identifier: GPL-3.0-or-later
"""A burst of conversions: how long it takes and what it costs, pipelined and with the stock client.

.venv/bin/python -m tests.benchmarks burst

Twice: against the simulated pigpiod, which takes the time of SPI and answers a burst in one piece,
and against a stand-in that does what costs the client most: it writes the header and the data of
every answer by themselves, 40 us apart from the next, as the real daemon does (pigpio.c:7126-7152).
"""

from __future__ import annotations

import multiprocessing
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.queues import SimpleQueue

import pigpio

from evsed.boards.pigpio import deadman
from evsed.boards.pigpio.burst import Sampler
from evsed.boards.pigpio.connection import Batch, Connection, write
from evsed.sim.gpio_lines import GpioLines
from evsed.sim.mcp3008 import Mcp3008
from evsed.sim.pigpiod.protocol import Cmd
from evsed.sim.pigpiod.server import SimulatedPigpiod, precise_event_loop, serve

ROUNDS = 300
PAUSE_S = 0.002
ANSWER_EVERY_S = 40e-6
PATIENCE_S = 30.0


def simulated(port: SimpleQueue[int]) -> None:
    """The simulated daemon, in a process of its own."""
    wires = GpioLines()
    adc = Mcp3008(lambda _channel, at_s: 956 if wires.level(18, at_s) else 67)
    loop = precise_event_loop()
    loop.run_until_complete(serve(SimulatedPigpiod(wires, spi_device=adc), port.put))


def in_pieces(port: SimpleQueue[int]) -> None:
    """Answer one connection in the most pieces there can be."""
    listener = socket.create_server(("127.0.0.1", 0))
    port.put(listener.getsockname()[1])
    client, _ = listener.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while head := client.recv(16, socket.MSG_WAITALL):
        command, p1, p2, length = struct.unpack("<4I", head)
        data = client.recv(length, socket.MSG_WAITALL) if length else b""
        until = time.perf_counter() + ANSWER_EVERY_S
        while time.perf_counter() < until:
            pass
        result = length if command == Cmd.SPIX else 0
        client.send(struct.pack("<4I", command, p1, p2, result))
        if result:
            client.send(data)


def measure(what: str, do: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print wall time and processor time of *do*."""
    do()
    took_s, cpu_s = [], 0.0
    for _ in range(rounds):
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        do()
        took_s.append(time.perf_counter() - began_s)
        cpu_s += time.process_time() - began_cpu_s
        time.sleep(PAUSE_S)
    took_s.sort()
    median_us, p99_us = (took_s[int(len(took_s) * share)] * 1e6 for share in (0.5, 0.99))
    print(
        f"{what:38} median {median_us:7.0f} us, p99 {p99_us:7.0f} us, "
        f"processor {cpu_s / rounds * 1e6:5.0f} us",
        flush=True,
    )


def pipelined(name: str, sampler: Sampler) -> None:
    """Bursts as evsed takes them."""
    for count in (64, 128):
        measure(f"{name}: burst of {count}, pipelined", partial(sampler.burst, count))


def stock(pi: pigpio.pi, handle: int, count: int) -> None:
    """A burst as the stock client takes it, one conversion after the other."""
    for _ in range(count):
        pi.spi_xfer(handle, b"\x01\x80\x00")


def against_the_simulator(port: int) -> None:
    """All of it."""
    pi = pigpio.pi("127.0.0.1", port)
    callbacks = pi._notify  # noqa: SLF001 - to see its thread off
    handle = pi.spi_open(0, 650_000, 1 << 6)
    pipe = Connection("127.0.0.1", port, PATIENCE_S, PATIENCE_S)
    sampler = Sampler(pipe, handle, 0)
    pipelined("simulated", sampler)
    for count in (64, 128):
        what = f"simulated: burst of {count}, stock client"
        measure(what, partial(stock, pi, handle, count), ROUNDS // 6)
    beat = Batch([write(24, 1), deadman.beat(pi.store_script(deadman.SCRIPT), 1)])
    measure("simulated: beat", lambda: pipe.exchange(beat))
    burst = next(sampler.prepare(64))
    answer = memoryview(bytearray(pipe.exchange(burst)))
    measure("check and parse 64, no socket", lambda: (burst.fits(answer), burst.codes(answer)))
    pipe.close()
    pi.stop()
    if callbacks is not None:
        callbacks.join()


def against_pieces(port: int) -> None:
    """The bursts only."""
    pipe = Connection("127.0.0.1", port, PATIENCE_S, PATIENCE_S)
    pipelined("in pieces", Sampler(pipe, 0, 0))
    pipe.close()


def main() -> None:
    """Measure and print."""
    for server, client in ((simulated, against_the_simulator), (in_pieces, against_pieces)):
        port: SimpleQueue[int] = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=server, args=(port,), daemon=True)
        process.start()
        client(port.get())
        process.kill()
        process.join()


if __name__ == "__main__":
    main()
