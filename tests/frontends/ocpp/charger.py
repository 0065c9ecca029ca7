# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed's charge point beside a central system, on a status that the test sets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from evsed.core.energy.sessions import EndReason, SessionRecord
from evsed.frontends.hub import HubEvent, SessionEnded
from evsed.frontends.ocpp import OcppConfig
from evsed.frontends.ocpp.frontend import OcppFrontend
from evsed.frontends.views import ControlsView, FaultView, SessionView
from tests.frontends.ocpp.central import IN_TIME_S
from tests.frontends.web.web_world import CHARGING, NOON, ShownHub

EMPTY = replace(
    CHARGING,
    state="A",
    evse_status="Available",
    contactor_closed=False,
    offered_a=0.0,
    drawn_a=0.0,
    power_w=0.0,
    session=replace(CHARGING.session, active=False),
    total_wh=1000.0,
)


class Place(Protocol):
    """A central system at `url`."""

    @property
    def url(self) -> str:
        """Its address."""


@dataclass
class Box:
    """A charger whose status the test sets, and whose ceiling it reads."""

    hub: ShownHub
    clock: Callable[[], float] = time.monotonic
    session: int = 0
    ends: list[str] = field(default_factory=list)

    def plug_in(self) -> None:
        self.session += 1
        view = SessionView(
            active=True,
            energy_wh=0.0,
            charge_s=0.0,
            peak_a=0.0,
            started=NOON,
            id=f"s{self.session}",
        )
        self.hub.show(replace(self.hub.shown, session=view, state="B1", evse_status="Preparing"))

    def charge(self, offered_a: float = 16.0, drawn_a: float = 15.5) -> None:
        self.hub.show(
            replace(
                self.hub.shown,
                state="C2",
                evse_status="Charging",
                contactor_closed=True,
                offered_a=offered_a,
                drawn_a=drawn_a,
                power_w=drawn_a * 230.0,
            )
        )

    def suspend(self, evse_status: str) -> None:
        self.hub.show(replace(self.hub.shown, evse_status=evse_status, power_w=0.0, drawn_a=0.0))

    def count(self, energy_wh: float) -> None:
        self.hub.show(replace(self.hub.shown, total_wh=self.hub.shown.total_wh + energy_wh))

    def unplug(self, reason: EndReason = EndReason.UNPLUGGED) -> None:
        record = SessionRecord(id=f"s{self.session}", started=NOON, ended=NOON, reason=reason)
        self.hub.happened.put_nowait(HubEvent(NOON, SessionEnded(record)))
        self.hub.show(replace(EMPTY, total_wh=self.hub.shown.total_wh, ocpp=self.hub.shown.ocpp))

    def set_mode(self, mode: str) -> None:
        self.hub.show(replace(self.hub.shown, controls=ControlsView(mode=mode)))

    def set_faults(self, *faults: FaultView) -> None:
        self.hub.show(replace(self.hub.shown, faults=faults))

    def set_phases(self, phases: int) -> None:
        self.hub.show(replace(self.hub.shown, phases=phases))

    @property
    def phases(self) -> int:
        """The phases that may be used, 0: any."""
        return self.hub.reports[-1].ceiling.at(self.clock()).phases

    def max_a(self, in_s: float = 0.0) -> float | None:
        """The ceiling *in_s* seconds from now."""
        return self.hub.reports[-1].ceiling.at(self.clock() + in_s).max_a

    @property
    def why(self) -> str:
        return self.hub.reports[-1].ceiling.at(self.clock()).why

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        async with asyncio.timeout(IN_TIME_S):
            while not (self.hub.reports and condition()):  # noqa: ASYNC110 - many things may change it
                await asyncio.sleep(0.005)


def config(central: Place, folder: Path, **more: Any) -> OcppConfig:  # noqa: ANN401
    settings: dict[str, Any] = {"url": central.url, "path": folder / "ocpp.db", "identity": "CP1"}
    return OcppConfig(**(settings | more))


@asynccontextmanager
async def charger(
    central: Place,
    folder: Path,
    box: Box | None = None,
    **more: Any,  # noqa: ANN401 - each of OcppConfig's types
) -> AsyncIterator[Box]:
    """Run a charge point of *central*; it comes back at once after a loss."""
    shown = box or Box(ShownHub(shown=EMPTY))
    frontend = OcppFrontend(
        config(central, folder, **more), clock=shown.clock, draw=lambda: -1 / 59, every_s=0.02
    )
    task = asyncio.create_task(frontend.run(shown.hub))
    try:
        yield shown
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended
