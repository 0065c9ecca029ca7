# SPDX-License-Identifier: GPL-3.0-or-later
"""The signals that end evsed: the first one lets the car go, the second one opens at once."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from evsed.daemon.control_process import ControlProcess
    from evsed.daemon.systemd import Notifier

log = structlog.get_logger()


class Shutdown:
    """Counts SIGTERM, SIGINT and SIGHUP, and passes them on to *control*."""

    def __init__(self, control: ControlProcess, notifier: Notifier) -> None:
        self._control = control
        self._notifier = notifier
        self.asked = 0
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        self.asked += 1
        if self.asked == 1:
            log.info("stopping: letting the car go, 6 s at most")
            self._notifier.send("STOPPING=1")
        self.pass_on()

    def pass_on(self) -> None:
        """Have the control process end, where it was asked to and has started."""
        if self.asked and self._control.started:
            self._control.stop(at_once=self.asked > 1)
