# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages between the daemon and the control process.

One SOCK_SEQPACKET socket pair; one JSON message a packet, so a message arrives whole or not at
all. Both use CLOCK_MONOTONIC, which is one clock for all processes of a machine: moments cross
the link as they are.

Down (daemon to control): `Configure` once, then `SetLimits` every second, `ReportedFaults`,
`Remember`, `WakeCar`, `StopCharging`, `OpenNow`, `Acknowledge`. Up: `Tick`, five times a second
and at every event, at most one a tick: the events since the last one, each with its cause, and the
snapshot after them. The end of the link is the end of every limit.
"""

from __future__ import annotations

import contextlib
import json
import socket
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum

from evsed.boards import BoardConfig
from evsed.core.box.light import Hint, LightState
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit, lowest
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.phase_set import PhaseWish
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.text import Text, from_plain, to_plain
from evsed.errors import LinkError

if typing.TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_PACKET = 64 * 1024

LIMIT_HOLDS_S = 3.0  # a limit the daemon no longer repeats is over by then


@dataclass(frozen=True, slots=True)
class Configure:
    """The first message: everything that the control process has to know."""

    board: BoardConfig
    front_end: FrontEnd
    evse: EvseConfig
    supply_max_a: float
    latched: Mapping[Fault, str] = field(default_factory=dict)
    over_current: OverCurrentConfig = field(default_factory=OverCurrentConfig)


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Every limit that the daemon sets; it replaces all that were sent before."""

    limits: tuple[Limit, ...]
    car_least_a: float = 0.0
    """Below this the car does not charge, and nothing is offered; amperes."""
    hint: Hint = Hint.NONE
    """The state that the light on the box shows beside the charge; it changes nothing else."""
    wish: PhaseWish | None = None
    """The set of phases that the next closing is to close; None: as it is."""


@dataclass(frozen=True, slots=True)
class WakeCar:
    """Show state F for 4 s to a car that leaves its offer untaken.

    Or open the pilot's line for `open_s`, where the box has the relay.
    """

    open_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReportedFaults:
    """Every fault that the daemon itself detects; it replaces all that were reported before."""

    faults: Mapping[Fault, str]


@dataclass(frozen=True, slots=True)
class Remember:
    """The memory of earlier lives, where it could be read only after the start."""

    latched: Mapping[Fault, str]
    front_end_proved: bool
    hold_off_s: float


@dataclass(frozen=True, slots=True)
class StopCharging:
    """End in peace: steady +12 V, up to 6 s for the car, open, exit."""


@dataclass(frozen=True, slots=True)
class OpenNow:
    """End at once: open, exit."""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Latched faults are acknowledged: all, or only `faults` where there are any."""

    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The control process at the moment `at`.

    `ticks` counts ticks, `worst_tick_s` is the longest since the last snapshot, `late` counts
    bursts that came over 30 ms after the one before. `limits` are all ceilings on the current as
    they stand at `at`, those found in the control process included. `blocked` says why nothing is
    offered although the limits would allow it, `wait_s` for how long. `board_why` says what is
    wrong where `board_ok` is False. `drawn_a` is what a meter reads, amperes, None where none does.
    `light` is what the light on the box shows, None where there is none; `box_trouble` is what
    is wrong with it or with its button. `outputs` is the set of phases that a closing closes,
    `switching_to` the set that it is being changed to (0: it is not).
    """

    at: float
    board_ok: bool
    board_why: str
    state: str
    plugged: bool
    high_v: float | None
    low_v: float | None
    drawn_a: float | None
    duty: float
    closed: int
    limits: tuple[Limit, ...]
    blocked: str
    wait_s: float
    faults: Mapping[Fault, str]
    front_end_proved: bool
    cycles: int
    ticks: int
    worst_tick_s: float
    late: int
    light: LightState | None = None
    box_trouble: str = ""
    outputs: int = 1
    switching_to: int = 0

    @property
    def lowest(self) -> Limit:
        """The lowest of the limits; of equal ones the first."""
        return lowest(self.limits, self.at)


@dataclass(frozen=True, slots=True)
class Tick:
    """The control process after one tick: the `events` since the last message, oldest first."""

    snapshot: Snapshot
    events: tuple[ev.Event, ...] = ()


Message = (
    Configure
    | Remember
    | SetLimits
    | WakeCar
    | ReportedFaults
    | StopCharging
    | OpenNow
    | Acknowledge
    | Tick
)

_MESSAGES: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(Message)}


def encode(message: Message) -> bytes:
    """*message* as one packet."""
    return json.dumps([type(message).__name__, _plain(message)], separators=(",", ":")).encode()


def decode(packet: bytes) -> Message:
    """The message in *packet*. Raises `LinkError` when it is none."""
    try:
        name, body = json.loads(packet)
        return typing.cast("Message", _built(_MESSAGES[name], body))
    except (ValueError, KeyError, TypeError) as wrong:
        raise LinkError(f"a packet on the link is no message: {wrong!r}") from wrong


class Loop(typing.Protocol):
    """The part of an asyncio loop that the daemon's end needs.

    The control process imports this module too, and has no asyncio.
    """

    async def sock_sendall(self, sock: socket.socket, data: bytes) -> None:
        """Send *data* to *sock*. Raises OSError."""

    async def sock_recv(self, sock: socket.socket, nbytes: int) -> bytes:
        """Receive a packet of at most *nbytes* bytes from *sock*. Raises OSError."""


class DaemonLink:
    """The daemon's end of a link, in its loop.

    What is sent before `connect()`, and after the control process has ended, is lost: there is
    nothing to order.
    """

    def __init__(self) -> None:
        self._end: socket.socket | None = None
        self._loop: Loop | None = None

    def connect(self, end: socket.socket, loop: Loop) -> None:
        """Use *end*, one of `pair()`, in *loop*."""
        self._end, self._loop = end, loop

    async def send(self, message: Message) -> None:
        """Send *message*; to a process that is gone it is lost, and `ticks()` ends."""
        if self._end is not None and self._loop is not None:
            with contextlib.suppress(OSError):
                await self._loop.sock_sendall(self._end, encode(message))

    async def ticks(self) -> AsyncIterator[Tick]:
        """Yield each message of the process until it ends. Raises `LinkError` for a wrong one."""
        while self._end is not None and self._loop is not None:
            try:
                packet = await self._loop.sock_recv(self._end, MAX_PACKET)
            except OSError:
                return
            if not packet:
                return
            message = decode(packet)
            if not isinstance(message, Tick):
                raise LinkError(f"{type(message).__name__} is not the control process's to send")
            yield message

    def close(self) -> None:
        """End the link: the control process lets the car go by itself."""
        if self._end is not None:
            self._end.close()


def _plain(value: object) -> object:
    if isinstance(value, Text):
        return to_plain(value)
    if isinstance(value, ev.Event):
        return [type(value).__name__, _fields(value)]
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _fields(value: object) -> dict[str, object]:
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}  # type: ignore[arg-type]  # is_dataclass was asked


_HINTS: dict[type, dict[str, object]] = {}


def _built(kind: object, plain: object) -> object:
    """*plain* as a value of *kind*: a dataclass, enum, tuple, mapping, sentence or plain itself."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType:  # X | None is the only union that crosses
        inner = next(arg for arg in typing.get_args(kind) if arg is not types.NoneType)
        return None if plain is None else _built(inner, plain)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(_built(inner, item) for item in typing.cast("list[object]", plain))
    if origin is Mapping:
        key, item = typing.get_args(kind)
        pairs = typing.cast("dict[str, object]", plain).items()
        return {_built(key, name): _built(item, value) for name, value in pairs}
    if kind is ev.Event:
        name, body = typing.cast("tuple[str, object]", plain)
        return _built(ev.KINDS[name], body)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _HINTS.get(kind)
        if hints is None:
            hints = _HINTS[kind] = typing.get_type_hints(kind)
        body = typing.cast("dict[str, object]", plain)
        return kind(**{name: _built(hints[name], value) for name, value in body.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(plain)
    if kind is float and isinstance(plain, int):
        return float(plain)
    if kind is str and isinstance(plain, dict):
        return from_plain(plain)
    if not isinstance(plain, typing.cast("type", kind)):
        raise TypeError(f"{plain!r} is no {kind}")
    return plain


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends of a new link, both non-blocking."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)  # noqa: FBT003 - the name of a standard call
    return ends
