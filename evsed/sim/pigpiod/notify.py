# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications of the simulated daemon: edges, watchdogs, events, keep-alives.

The real daemon's DMA samples all pins every 5 us, and once a millisecond a thread looks through
the samples and writes reports. So an edge is reported up to a millisecond late, with the moment on
the 5 us grid at which it was seen, under the mask that holds when the batch is looked through
(pigpio.md 1.3). The same here: an edge makes the next millisecond due, and `Notifications.step`
looks.

A report is 12 bytes: sequence number of the handle, flags (0 edge, 32 + GPIO watchdog, 64 keep
alive, 128 + number event), microsecond tick, and the levels of GPIO 0-31. Edges of a PWM are not
reported; the noise filter (FN) is checked and kept but not applied. evsed uses neither.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf

from evsed.sim.pigpiod.protocol import HANDLES, LAST_USER_GPIO, U32, Cmd, Err, Handler, tick_at

REPORT = struct.Struct("<HHII")
FLAG_WATCHDOG, FLAG_ALIVE, FLAG_EVENT = 32, 64, 128

_BATCH_S = 0.001
_SAMPLE_S = 5e-6
_KEEP_ALIVE_S = 60.0
_LONGEST_FILTER_US = 300_000
_LONGEST_FILTER_ACTIVE_US = 1_000_000
_LONGEST_WATCHDOG_MS = 60_000
_LAST_EVENT = 31
_TINY_S = 1e-9


@dataclass
class _Handle:
    conn_id: int
    last_s: float
    bits: int = 0
    events: int = 0
    paused: bool = False
    sequence: int = 0


@dataclass
class _Watchdog:
    timeout_s: float
    due_s: float


class Notifications:
    """The notification commands, and the batches.

    Args:
        send: takes a report for a connection: ``(conn_id, bytes)``.
        levels: of GPIO 0-31, bit by GPIO, when the daemon starts.
        wake: called with every batch: ``(changed_bits, event_bits, at_s)``; it wakes scripts.
        alerts: False when the daemon was started with ``-m``: nothing is ever sampled.

    """

    def __init__(
        self,
        send: Callable[[int, bytes], None],
        levels: int,
        wake: Callable[[int, int, float], None],
        *,
        alerts: bool,
    ) -> None:
        self._send = send
        self._wake = wake
        self._alerts = alerts
        self._handles: list[_Handle | None] = [None] * HANDLES
        self._edges: list[tuple[float, int, int]] = []  # at_s, gpio, level
        self._events: list[tuple[float, int]] = []
        self._levels = levels
        self._filters: dict[int, float] = {}
        self._unsettled: dict[int, tuple[float, int]] = {}
        self._watchdogs: dict[int, _Watchdog] = {}
        self._batch_s = inf

    def handlers(self) -> dict[int, Handler]:
        """The commands answered here; NOIB goes through `open`."""
        return {
            Cmd.NB: self._begin,
            Cmd.NP: self._pause,
            Cmd.NC: self._close,
            Cmd.EVM: self._monitor,
            Cmd.EVT: self._trigger,
            Cmd.WDOG: self._watchdog,
            Cmd.FG: self._glitch,
            Cmd.FN: self._noise,
        }

    def open(self, conn_id: int, at_s: float) -> int:
        """Open a handle whose reports go to a connection: its number, or -24."""
        if None not in self._handles:
            return Err.NO_HANDLE
        number = self._handles.index(None)
        self._handles[number] = _Handle(conn_id, at_s)
        return number

    def forget(self, conn_id: int) -> None:
        """A connection is gone: its handles are free again."""
        for number, handle in enumerate(self._handles):
            if handle is not None and handle.conn_id == conn_id:
                self._handles[number] = None

    def edge(self, at_s: float, gpio: int, level: int) -> None:
        """A pin changed."""
        if self._alerts and gpio <= LAST_USER_GPIO:
            self._edges.append((at_s, gpio, level))
            self._batch_at(at_s)

    def due_s(self) -> float:
        """When there is something to look through next."""
        due_s = self._batch_s
        for watchdog in self._watchdogs.values():
            due_s = min(due_s, watchdog.due_s)
        for handle in self._handles:
            if handle is not None:
                due_s = min(due_s, handle.last_s + _KEEP_ALIVE_S)
        return due_s

    def step(self, at_s: float) -> None:
        """Look through what has come since the last batch."""
        self._batch_s = inf
        edges, self._edges = sorted(self._edges), []
        changed = 0
        for moment_s, gpio, level in edges:
            if moment_s > at_s + _TINY_S:  # the end of a pulse that is still on
                self.edge(moment_s, gpio, level)
            elif gpio in self._filters:
                self._unsettled[gpio] = (moment_s, level)
            else:
                changed |= self._report_edge(moment_s, gpio, level)
        for gpio, (since_s, level) in list(self._unsettled.items()):
            settled_s = since_s + self._filters.get(gpio, 0.0)
            if at_s + _TINY_S >= settled_s:
                del self._unsettled[gpio]
                changed |= self._report_edge(settled_s, gpio, level)
            else:
                self._batch_at(settled_s)
        came = 0
        for moment_s, event in self._events:
            came |= 1 << event
            for handle in self._listeners():
                if handle.events >> event & 1:
                    self._report(handle, FLAG_EVENT | event, moment_s)
        self._events.clear()
        self._bark(at_s)
        for handle in self._listeners():
            if at_s >= handle.last_s + _KEEP_ALIVE_S:
                self._report(handle, FLAG_ALIVE, at_s)
        if changed or came:
            self._wake(changed, came, at_s)

    # -- inside ----------------------------------------------------------------------------------

    def _batch_at(self, at_s: float) -> None:
        self._batch_s = min(self._batch_s, ceil(at_s / _BATCH_S) * _BATCH_S)

    def _listeners(self) -> list[_Handle]:
        return [handle for handle in self._handles if handle is not None]

    def _report_edge(self, at_s: float, gpio: int, level: int) -> int:
        bit = 1 << gpio
        if bool(self._levels & bit) == bool(level):
            return 0
        self._levels ^= bit
        if gpio in self._watchdogs:
            self._watchdogs[gpio].due_s = at_s + self._watchdogs[gpio].timeout_s
        for handle in self._listeners():
            if handle.bits & bit:
                self._report(handle, 0, at_s)
        return bit

    def _report(self, handle: _Handle, flags: int, at_s: float) -> None:
        handle.last_s = at_s
        if handle.paused:
            return
        tick = tick_at(round(at_s / _SAMPLE_S) * _SAMPLE_S)
        self._send(handle.conn_id, REPORT.pack(handle.sequence, flags, tick, self._levels))
        handle.sequence = (handle.sequence + 1) & 0xFFFF

    def _bark(self, at_s: float) -> None:
        for gpio, watchdog in self._watchdogs.items():
            if at_s + _TINY_S >= watchdog.due_s:
                watchdog.due_s += watchdog.timeout_s
                for handle in self._listeners():
                    if handle.bits >> gpio & 1:
                        self._report(handle, FLAG_WATCHDOG | gpio, at_s)

    def _begin(self, number: int, bits: int, _ext: bytes, _at_s: float) -> int:
        handle = self._handles[number] if number < HANDLES else None
        if handle is None:
            return Err.BAD_HANDLE
        handle.bits, handle.paused = bits, False
        return 0

    def _pause(self, number: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        handle = self._handles[number] if number < HANDLES else None
        if handle is None:
            return Err.BAD_HANDLE
        handle.paused = True
        return 0

    def _close(self, number: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if number >= HANDLES or self._handles[number] is None:
            return Err.BAD_HANDLE
        self._handles[number] = None
        return 0

    def _monitor(self, number: int, events: int, _ext: bytes, _at_s: float) -> int:
        handle = self._handles[number] if number < HANDLES else None
        if handle is None:
            return Err.BAD_HANDLE
        handle.events = events
        return 0

    def _trigger(self, event: int, _p2: int, _ext: bytes, at_s: float) -> int:
        if event > _LAST_EVENT:
            return Err.BAD_EVENT_ID
        if self._alerts:
            self._events.append((at_s, event))
            self._batch_at(at_s)
        return 0

    def _watchdog(self, gpio: int, timeout_ms: int, _ext: bytes, at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if timeout_ms > _LONGEST_WATCHDOG_MS:
            return Err.BAD_WDOG_TIMEOUT
        self._watchdogs.pop(gpio, None)
        if timeout_ms and self._alerts:
            timeout_s = timeout_ms / 1000
            self._watchdogs[gpio] = _Watchdog(timeout_s, at_s + timeout_s)
        return 0

    def _glitch(self, gpio: int, steady_us: int, _ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        if steady_us > _LONGEST_FILTER_US:
            return Err.BAD_FILTER
        self._filters.pop(gpio, None)
        if steady_us:
            self._filters[gpio] = steady_us * 1e-6
        return 0

    def _noise(self, gpio: int, steady_us: int, ext: bytes, _at_s: float) -> int:
        if gpio > LAST_USER_GPIO:
            return Err.BAD_USER_GPIO
        active_us = U32.unpack_from(ext)[0]
        if steady_us > _LONGEST_FILTER_US or active_us > _LONGEST_FILTER_ACTIVE_US:
            return Err.BAD_FILTER
        return 0
