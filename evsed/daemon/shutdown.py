# SPDX-License-Identifier: GPL-3.0-or-later
"""The signals that end evsed: the first one lets the car go, the second one opens at once.

SIGHUP asks many daemons to read their settings again. evsed lets the car go, too, and then ends
with an exit code after which systemd starts it again, with the settings as they are now. Where
these are wrong it goes on with those it has. What runs in a shell that closes gets SIGHUP, too, and
ends.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

from evsed.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.daemon.control_process import ControlProcess
    from evsed.daemon.systemd import Notifier

STOPPED = 0
BEGIN_AGAIN = 75  # EX_TEMPFAIL; no success, so systemd starts evsed again
HUNG_UP = 128 + signal.SIGHUP  # what a shell calls it; no success, so systemd starts evsed again

log = structlog.get_logger()


class Shutdown:
    """Counts SIGTERM, SIGINT and SIGHUP, and passes them on to *control*.

    *read_settings* raises `SettingsError` where evsed could not start with the settings of now.
    `code` is the exit code that belongs to what was asked.
    """

    def __init__(
        self, control: ControlProcess, notifier: Notifier, read_settings: Callable[[], object]
    ) -> None:
        self._control = control
        self._notifier = notifier
        self._read_settings = read_settings
        self.signals = 0
        self.code = STOPPED
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop)
        loop.add_signal_handler(signal.SIGHUP, self._on_hang_up)

    def _on_stop(self) -> None:
        self.code = STOPPED
        self._on_signal()

    def _on_hang_up(self) -> None:
        if self.signals:
            return  # it ends already
        try:
            self._read_settings()
        except SettingsError as error:
            log.error(
                "the settings are not read again: they are wrong, and evsed goes on with those it "
                "has; mend them, `evsed check`, and send SIGHUP again",
                reason="; ".join(error.problems),
            )
            return
        self.code = HUNG_UP
        log.info("asked to read the settings again: evsed ends, and systemd starts it again")
        self._on_signal()

    def begin_again(self) -> None:
        """End, so that evsed starts again with the settings as they are now."""
        if not self.signals:
            self.code = BEGIN_AGAIN
            log.info("evsed begins again, with the settings as they are now")
            self._on_signal()

    def _on_signal(self) -> None:
        self.signals += 1
        if self.signals == 1:
            log.info("stopping: letting the car go, 6 s at most")
            self._notifier.send("STOPPING=1")
        self.pass_on()

    def pass_on(self) -> None:
        """Have the control process end, where it was asked to and has started."""
        if self.signals and self._control.started:
            self._control.stop(at_once=self.signals > 1)
