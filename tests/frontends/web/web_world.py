# SPDX-License-Identifier: GPL-3.0-or-later
"""The world of the web tests: a status, a hub that shows it, and plain sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from evsed.core.energy.history import By, DayTrace, PeriodTotal
from evsed.core.energy.sessions import SessionRecord
from evsed.core.user.claims import Claim
from evsed.core.user.controls import OFF_STAYS, Controls, ControlsError
from evsed.core.user.usual_sun import UsualSun
from evsed.errors import ChangeRefused, StoreError
from evsed.frontends.hub import History, HubEvent, OcppReport, PlannedGoal
from evsed.frontends.languages import Languages
from evsed.frontends.settings import (
    FeedCheckView,
    NotifyTrialView,
    SettingsService,
    SettingsView,
    UpdateView,
)
from evsed.frontends.status import Status
from evsed.frontends.views import (
    ClaimView,
    ControlsView,
    EventView,
    FaultView,
    LimitView,
    SessionView,
    TickView,
)
from evsed.frontends.web import WebConfig, WebLimits
from evsed.frontends.web.api.operation import Operation
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.server import WebFrontend

NOON = datetime(2026, 11, 22, 12, 0, 3, tzinfo=UTC)

CHARGING = Status(
    at=NOON,
    version="0.1.0",
    state="C2",
    evse_status="Charging",
    summary="Charging from the sun",
    reason="2.2 kW to spare: following it with 9.4 A",
    board_ok=True,
    ticking=True,
    high_v=5.97,
    low_v=-11.94,
    duty=0.15667,
    contactor_closed=True,
    offered_a=9.4,
    drawn_a=9.4,
    drawn_measured=False,
    power_w=2162.0,
    mains_v=230.0,
    phases=1,
    excess_w=48.0,
    excess_counts_charge=False,
    available_w=2210.0,
    feed_kind="batterymonitor",
    feed_age_s=61.25,
    feed_error=None,
    limits=(
        LimitView("supply", 10.0, "what circuit and cable can give"),
        LimitView("feed", 9.4, "2.2 kW to spare", left_s=12.5),
    ),
    limited_by="feed",
    session=SessionView(active=True, energy_wh=4620.5, charge_s=7421.0, peak_a=9.8, started=NOON),
    day_wh=6120.0,
    total_wh=1_234_567.0,
    contactor_cycles=431,
    faults=(),
    events=(EventView(NOON, "contactor closed, charging"),),
    tick=TickView(count=81_234, worst_ms=6.4, late=0),
    uptime_s=98_123.0,
)

FAULTED = replace(
    CHARGING,
    state="B1",
    evse_status="Faulted",
    summary="Fault: not charging",
    contactor_closed=False,
    offered_a=0.0,
    drawn_a=0.0,
    power_w=0.0,
    faults=(
        FaultView(
            name="DiodeFault",
            what="the diode in the car is not seen",
            done="the contactor was opened",
            todo="unplug, look for water in the plug, plug in again",
            recovery="unplug",
            since=NOON,
        ),
    ),
)

PASSWORD = "sün & wind"
"""With a letter that programs write in different ways."""

IN_TIME_S = 60.0
"""Time that a test waits for what must happen: so long that only a hang fails it."""

PATIENT = WebLimits(head_s=600.0, idle_s=600.0, body_s=600.0, write_s=600.0, spacing_s=0.0)
"""Time-outs that a slow machine cannot run into; a test passes them by `skip`."""

PAST_S = 601.0
"""Longer than each of them."""


def skip(seconds: float) -> None:
    """Set the event loop's clock forward, for the server and the test alike."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign] # this loop's clock only


class NoHistory:
    """A past of which nothing can be read, as with a disk that is gone."""

    async def sessions(self, limit: int, before: datetime | None = None) -> list[SessionRecord]:
        raise StoreError(f"no {limit} sessions before {before}")

    async def energy(self, by: By, first: date, last: date) -> list[PeriodTotal]:
        raise StoreError(f"no {by} from {first} to {last}")

    async def days(self) -> list[date]:
        raise StoreError("no days")

    async def day(self, day: date) -> DayTrace | None:
        raise StoreError(f"no {day}")

    async def usual_sun(self) -> UsualSun | None:
        raise StoreError("no sun")

    async def delete(self, who: str, before: date) -> str:
        raise StoreError(f"{who} cannot delete what is before {before}")

    async def backup(self, who: str) -> BinaryIO:
        raise StoreError(f"no backup for {who}")

    async def restore(self, who: str, backup: BinaryIO) -> str:
        raise StoreError(f"{who} restores nothing of {len(backup.read())} bytes")

    async def undo_restore(self, who: str) -> str:
        raise StoreError(f"{who} has restored nothing")


class NoSettings:
    """Settings of which nothing can be read or changed; *left_s* since the box was switched on."""

    def __init__(self, left_s: float = 0.0) -> None:
        self.left_s = left_s

    def setup_s(self) -> float:
        return self.left_s

    async def view(self) -> SettingsView:
        raise ChangeRefused("no settings")

    async def guarded(self, changes: Mapping[str, object] | None) -> tuple[str, ...]:
        return tuple(changes or ())

    async def change(
        self, who: str, changes: Mapping[str, object] | None, *, at_the_box: bool = False
    ) -> str:
        raise ChangeRefused(f"no {changes} for {who}, {at_the_box}")

    async def apply(self, who: str) -> str:
        raise ChangeRefused(f"nothing to apply for {who}")

    async def report(self) -> str:
        return "no report"

    async def update(self) -> UpdateView:
        return UpdateView("0.1.0", "", "", newer=False)

    async def try_notify(self) -> NotifyTrialView:
        raise ChangeRefused("no notifications")

    async def check_feed(self, changes: Mapping[str, object]) -> FeedCheckView:
        raise ChangeRefused(f"no feed with {changes}")


@dataclass
class ShownHub:
    """A hub that shows what the test tells it to."""

    shown: Status = CHARGING
    history: History = field(default_factory=NoHistory)
    settings: SettingsService = field(default_factory=NoSettings)
    acknowledged: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    changed_by: list[str] = field(default_factory=list)
    reports: list[OcppReport] = field(default_factory=list)
    planned: PlannedGoal | None = None
    broken: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    happened: asyncio.Queue[HubEvent] = field(default_factory=asyncio.Queue)

    def show(self, status: Status) -> None:
        self.shown = status
        self.changed.set()

    async def forecast(self) -> PlannedGoal | None:
        if self.broken:
            raise StoreError("no days")
        return self.planned

    def status(self) -> Status:
        if self.broken:
            raise RuntimeError("a bug in the daemon")
        return self.shown

    async def changes(self) -> AsyncIterator[Status]:
        while True:
            yield self.shown
            await self.changed.wait()
            self.changed.clear()

    async def events(self) -> AsyncIterator[HubEvent]:
        while True:
            yield await self.happened.get()

    async def wake(self, who: str) -> str:
        self.woken.append(who)
        return "the car is called"

    async def acknowledge(self, who: str) -> str:
        self.acknowledged.append(who)
        return "one fault acknowledged"

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        shown = self.shown
        if program and "mode" in patch and shown.controls.mode == "off":
            raise ControlsError((("mode", OFF_STAYS),))
        before = Controls.from_json(asdict(shown.controls))
        controls = before.updated(patch)
        self.changed_by.append(who)
        self.show(replace(shown, controls=ControlsView.of(controls)))
        return controls.changes_since(before) or "nothing changed"

    async def identity(self) -> str:
        return "0a1b2c3d"

    async def place_claim(self, who: str, program: str, claim: Claim) -> str:
        if claim.charging and self.shown.controls.mode == "off":
            raise ControlsError((("mode", OFF_STAYS),))
        self.changed_by.append(who)
        view = ClaimView(
            program,
            claim.charging,
            claim.max_current_a,
            claim.until_unplugged,
            client=claim.client,
        )
        self.show(replace(self.shown, claims=(view,)))
        return claim.describe()

    async def withdraw_claim(self, who: str, program: str) -> str:
        left = tuple(claim for claim in self.shown.claims if claim.program != program)
        self.changed_by.append(who)
        self.show(replace(self.shown, claims=left))
        return "withdrawn"

    async def report_ocpp(self, report: OcppReport) -> None:
        self.reports.append(report)
        self.show(replace(self.shown, ocpp=report.view))


@dataclass
class Served:
    """A frontend that runs, and where."""

    frontend: WebFrontend
    hub: ShownHub
    port: int
    wires: list[Wire] = field(default_factory=list)

    async def wire(self, place: Path | None = None, *, buffer_bytes: int = 2**16) -> Wire:
        """A plain connection to it, closed at the end of the test at the latest."""
        wire = await Wire.to(place or self.port, buffer_bytes=buffer_bytes)
        self.wires.append(wire)
        return wire

    async def serves_others(self) -> None:
        """Ask on a connection of its own; by then all that was sent before is received, too."""
        other = await self.wire()
        assert (await other.ask("GET /", "Connection: close"))[0] == 200
        await other.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def served(
    *,
    limits: WebLimits = PATIENT,
    socket: Path | None = None,
    status: Status = CHARGING,
    password_file: Path | None = None,
    names: tuple[str, ...] = (),
    operations: tuple[Operation, ...] = OPERATIONS,
    history: History | None = None,
    settings: SettingsService | None = None,
    openevse: bool = False,
    trusted_proxies: tuple[str, ...] = (),
    frame_ancestors: tuple[str, ...] = (),
    languages: Languages | None = None,
) -> AsyncIterator[Served]:
    """The real frontend on a free port."""
    hub = ShownHub(status, history or NoHistory(), settings or NoSettings())
    config = WebConfig(
        "127.0.0.1", 0, str(socket or ""), password_file=str(password_file or ""), names=names,
        openevse=openevse, trusted_proxies=trusted_proxies, frame_ancestors=frame_ancestors,
    )  # fmt: skip
    frontend = WebFrontend(config, limits=limits, operations=operations, languages=languages)
    port = await frontend.start(hub)
    running = asyncio.create_task(frontend.run(hub))
    made = Served(frontend, hub, port)
    try:
        yield made
    finally:
        for wire in made.wires:  # first, for stopping waits a second for who still talks
            await wire.close()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await frontend.stop()  # where the test was over before run() had begun


@dataclass
class Wire:
    """A plain TCP (or Unix) connection of a client with its own ideas of HTTP."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, place: int | Path, *, buffer_bytes: int = 2**16) -> Wire:
        if isinstance(place, Path):
            return cls(*await asyncio.open_unix_connection(place))
        return cls(*await asyncio.open_connection("127.0.0.1", place, limit=buffer_bytes))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next whole answer with a Content-Length: status, headers, body."""
        async with asyncio.timeout(IN_TIME_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), headers, body

    async def ask(self, request_line: str, *headers: str) -> tuple[int, dict[str, str], bytes]:
        lines = [f"{request_line} HTTP/1.1", "Host: evsed", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("latin-1"))
        return await self.answer()

    async def ended(self) -> bytes:
        """All that still comes until the other side hangs up, politely or not."""
        async with asyncio.timeout(IN_TIME_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
