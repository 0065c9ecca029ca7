# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to the central system: boot, then heartbeat, status, questions and the queue."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from evsed.frontends.ocpp.clock import read_time
from evsed.frontends.ocpp.keys import ping_s
from evsed.frontends.ocpp.rpc import CallError, LostError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evsed.frontends.ocpp.memory import Item
    from evsed.frontends.ocpp.readings import ConnectorStatus
    from evsed.frontends.ocpp.rpc import Handler, Payload, Rpc
    from evsed.frontends.ocpp.station import Station

BOOT_AGAIN_S: Final = (1.0, 3600.0)
"""Bounds of the pause that the central system may ask for before the next BootNotification."""
HEARTBEAT_S: Final = (10.0, 86_400.0)
REST_S: Final = 60.0
"""The longest rest: a clock of the tests may jump."""
FLUSH_S: Final = 5.0
"""Time for the queue before a reset."""
DROPPED_AFTER: Final = 1000
"""Attempts after which a message that is never answered is dropped."""

Call = tuple[str, "Payload"]

log = structlog.get_logger()


class Dialect(Protocol):
    """The messages of one version of OCPP."""

    handlers: Mapping[str, Handler]

    def boot(self, reason: str) -> Call:
        """Return the call of a boot because of *reason*."""

    def status(self, status: ConnectorStatus) -> list[Call]:
        """Return the calls that report *status*."""

    def authorize(self, id_tag: str) -> Call:
        """Return the question about *id_tag*."""

    def accepted(self, answer: Payload) -> bool:
        """Return True where *answer* to that question accepts it."""

    def call_of(self, item: Item) -> Call | None:
        """Return *item* of the queue as a call; None where this version has no such message."""

    def on_answer(self, item: Item, answer: Payload) -> Mapping[str, Any]:
        """Use *answer* to *item*; return what is to be kept."""


class CentralSession:
    """One connection: *station* over *rpc* in the words of a dialect, which `run()` gets."""

    def __init__(self, station: Station, rpc: Rpc) -> None:
        self.rpc = rpc
        self.wake = asyncio.Event()
        self.reset_asked = self.reset_when_idle = False
        self.on_accepted: Callable[[], None] = lambda: None
        self._station = station
        self._heartbeat_s = 300.0
        self._heartbeat_at = 0.0
        self._retry_at = 0.0
        self._reported: ConnectorStatus | None = None
        self._ended: asyncio.Future[None] | None = None
        self._resetting: asyncio.Task[None] | None = None

    async def run(self, dialect: Dialect, boot_reason: str) -> None:
        """Serve until the connection ends. Raises `LostError`."""
        self.rpc.handlers = dialect.handlers
        self._ended = asyncio.get_running_loop().create_future()
        tasks = {
            asyncio.create_task(self.rpc.run(), name="ocpp reading"),
            asyncio.create_task(self._ping(), name="ocpp pings"),
            asyncio.create_task(self._serve(dialect, boot_reason), name="ocpp calls"),
        }
        try:
            await asyncio.wait({*tasks, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._station.online = False
            if self._resetting is not None:
                self._resetting.cancel()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _ping(self) -> None:
        station = self._station
        while True:
            pause_s = ping_s(station.values, station.config.offline_keep_s)
            await self.rpc.ping(within_s=1.5 * pause_s)
            await asyncio.sleep(pause_s)

    async def _serve(self, dialect: Dialect, boot_reason: str) -> None:
        await self._boot(dialect, boot_reason)
        self._station.online = True
        self.on_accepted()
        self._station.on_change()
        while True:
            if self.reset_when_idle and self._station.transactions.transaction is None:
                self.reset_when_idle = False
                self._resetting = asyncio.create_task(self.reset(), name="ocpp reset")
            await self._report(dialect)
            await self._authorize(dialect)
            await self._heartbeat()
            if not await self._send_first(dialect):
                await self._rest()

    async def _boot(self, dialect: Dialect, reason: str) -> None:
        """Boot until the central system accepts this charge point."""
        while True:
            action, payload = dialect.boot(reason)
            pause_s = 60.0
            try:
                answer = await self.rpc.call(action, payload)
            except CallError as error:
                if not error.refused:
                    raise LostError(str(error)) from error
                log.warning("the central system refuses the boot", reason=str(error))
            else:
                self._set_clock(answer)
                pause_s = _seconds(answer.get("interval"), BOOT_AGAIN_S, 60.0)
                if answer.get("status") == "Accepted":
                    self._heartbeat_s = _seconds(answer.get("interval"), HEARTBEAT_S, 300.0)
                    self._heartbeat_at = self._station.clock.now() + self._heartbeat_s
                    return
            await asyncio.sleep(pause_s)

    def _set_clock(self, answer: Payload) -> None:
        with contextlib.suppress(ValueError, OverflowError):
            self._station.clock.set(read_time(answer.get("currentTime")))

    async def _report(self, dialect: Dialect) -> None:
        status = self._station.status
        if status == self._reported:
            return
        for action, payload in dialect.status(status):
            await self._quiet_call(action, payload)
        self._reported = status

    async def _authorize(self, dialect: Dialect) -> None:
        if not (id_tag := self._station.authorizing):
            return
        answer = await self._quiet_call(*dialect.authorize(id_tag))
        if answer is not None:
            self._station.on_authorized(id_tag, accepted=dialect.accepted(answer))

    async def ask(self, dialect: Dialect, id_tag: str) -> bool:
        """Return True where the central system accepts *id_tag*."""
        answer = await self._quiet_call(*dialect.authorize(id_tag))
        return answer is not None and dialect.accepted(answer)

    @property
    def heartbeat_s(self) -> float:
        """The pause between two heartbeats, seconds."""
        values = self._station.values
        return float(values.heartbeat_s) if values.heartbeat_set else self._heartbeat_s

    async def _heartbeat(self) -> None:
        if self._station.clock.now() >= min(self._heartbeat_at, self._due_heartbeat()):
            await self.heartbeat()

    def _due_heartbeat(self) -> float:
        """Return the latest moment of the next heartbeat, also after the interval was shortened."""
        return self._heartbeat_at - self._heartbeat_s + self.heartbeat_s

    async def heartbeat(self) -> None:
        """Send a heartbeat, and use the time in its answer."""
        if (answer := await self._quiet_call("Heartbeat", {})) is not None:
            self._set_clock(answer)
        self._heartbeat_at = self._station.clock.now() + self._heartbeat_s

    async def _send_first(self, dialect: Dialect) -> bool:
        """Send the oldest message of the queue; return False where there is nothing to do now."""
        memory, clock = self._station.memory, self._station.clock
        item = memory.first()
        if item is None or clock.now() < self._retry_at:
            return False
        call = dialect.call_of(item)
        if call is None:
            memory.commit(done=item)
            return True
        try:
            answer = await self.rpc.call(*call, message_id=item.message_id)
        except CallError as error:
            self._not_taken(item, error)
        else:
            memory.commit(dialect.on_answer(item, answer), done=item)
        return True

    def _not_taken(self, item: Item, error: CallError) -> None:
        """Try *item* again later; drop it after as many errors as the central system has set."""
        station = self._station
        station.memory.attempted(item)
        attempts = item.attempts + 1
        if attempts >= (station.values.attempts if error.refused else DROPPED_AFTER):
            log.error(
                "the central system (OCPP) refused a message about a transaction to the end; it is "
                "dropped; the energy is in evsed's own history; its log has the reason",
                message=item.kind,
                transaction=item.body.get("tx"),
                reason=str(error),
            )
            station.memory.commit(done=item)
        else:
            self._retry_at = station.clock.now() + station.values.retry_s * attempts

    async def _quiet_call(self, action: str, payload: Payload) -> Payload | None:
        """Return the answer to a call that is not repeated; None where there was none."""
        try:
            return await self.rpc.call(action, payload)
        except CallError as error:
            log.debug("a call was not answered", action=action, reason=str(error))
            if not error.refused:
                raise LostError(str(error)) from error
            return None

    async def _rest(self) -> None:
        """Wait until something changes or is due."""
        due_at = min(self._heartbeat_at, self._due_heartbeat())
        if self._station.memory.count():
            due_at = min(due_at, self._retry_at)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(due_at - self._station.clock.now(), 0.01), REST_S)):
                await self.wake.wait()
        self.wake.clear()

    async def send_status(self, dialect: Dialect) -> None:
        """Report the status once more."""
        self._reported = None
        await self._report(dialect)

    async def reset(self) -> None:
        """Give the queue a moment, and end the connection."""
        clock, memory = self._station.clock, self._station.memory
        until_at = clock.now() + FLUSH_S
        while clock.now() < until_at and memory.count():
            self.wake.set()
            await asyncio.sleep(0.05)
        self.reset_asked = True
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


def _seconds(value: object, bounds: tuple[float, float], otherwise: float) -> float:
    """Return *value* within *bounds*; *otherwise* where it is no number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return otherwise
    return min(max(float(value), bounds[0]), bounds[1])
