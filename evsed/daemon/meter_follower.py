# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter as a part of the daemon: read in a thread of its own, its readings handed over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from evsed.core.text import text
from evsed.errors import MeterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.daemon.gate import Gate
    from evsed.daemon.hub import ChargerHub
    from evsed.meters import Meter

log = structlog.get_logger()

Reading = TypeVar("Reading")


class MeterFollower(Generic[Reading]):
    """Reads the meter that *open_meter* opens, and hands readings over through *main*.

    *name* and *meanwhile* are for the owner: which meter it is, and what evsed does without it.
    """

    def __init__(
        self,
        name: str,
        meanwhile: str,
        open_meter: Callable[[], Meter[Reading]],
        on_reading: Callable[[float, Reading], None],
        hub: ChargerHub,
        main: Gate,
    ) -> None:
        self._name = name
        self._meanwhile = meanwhile
        self._open_meter = open_meter
        self._on_reading = on_reading
        self._hub = hub
        self._main = main
        self._lost = False

    async def run(self) -> None:
        """Read without end."""
        meter = self._open_meter()
        try:
            while True:
                try:
                    reading = await meter.read()
                except MeterError as error:
                    self._main.call_soon_threadsafe(self._on_trouble, str(error))
                else:
                    self._main.call_soon_threadsafe(self._handle, time.monotonic(), reading)
        finally:
            await meter.close()

    # --- in the daemon's own loop -------------------------------------------------------------

    def _handle(self, now: float, reading: Reading) -> None:
        if self._lost:
            self._lost = False
            log.info("a meter is back", meter=self._name)
            self._hub.note(text("{name} is back", name=self._name))
        self._on_reading(now, reading)

    def _on_trouble(self, error: str) -> None:
        """Report once that the meter is lost, until it is back."""
        if self._lost:
            return
        self._lost = True
        lost = text(
            "{name} cannot be read: {error}; {meanwhile}",
            name=self._name,
            error=str(error),
            meanwhile=self._meanwhile,
        )
        log.warning(lost)
        self._hub.note(lost, "warning")
