# SPDX-License-Identifier: GPL-3.0-or-later
"""When a change of the settings takes effect, and when it is taken back.

evsed begins again at once where no car charges, else when the car is unplugged, or when the owner
says so. Then board and feed have a minute to come up; else the settings before are put back.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.text import text
from evsed.settings.page_file import PageFile, SettingsTrial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evsed.daemon.charger_state import Charger
    from evsed.daemon.hub import ChargerHub
    from evsed.settings import Settings

LOOKED_EVERY_S: Final = 0.5
ANSWERED_S: Final = 1.0
"""Time for the answer to whoever asked, before evsed ends."""
TRIAL_S: Final = 60.0
"""Board and feed come up within this, or the change is taken back."""
SPARE_S: Final = 30.0
"""... or a feed within its period and this much: slow feeds have news every 15 minutes."""
STARTS_MOST: Final = 3
"""A change with which evsed has ended so often before it was confirmed is taken back."""

log = structlog.get_logger()


def take_back(path: Path, why: str) -> str:
    """Put the settings before the last change back; return what was done, in words."""
    page = PageFile(path)
    keys = ", ".join((page.trial() or SettingsTrial(())).keys)
    done = text(
        "the settings fell back to those before the last change ({keys}): {why}", keys=keys, why=why
    )
    try:
        page.fall_back(done)
    except OSError as error:
        return text(
            "the settings that were changed ({keys}) could not be put back "
            "({error}); {why}. Undo the change on the page, or mend the file",
            keys=keys,
            error=str(error),
            why=why,
        )
    return done


class SettingsRestart:
    """Watches a change: from its being written to its being confirmed or taken back.

    *begin_again* ends evsed so that it starts again. *settings* are those in effect, *path* is the
    page's file. `ask()` may be called in any thread.
    """

    def __init__(
        self,
        settings: Settings,
        path: Path,
        charger: Charger,
        hub: ChargerHub,
        begin_again: Callable[[], None],
    ) -> None:
        self._charger = charger
        self._hub = hub
        self._path = path
        self._begin_again = begin_again
        self._main = asyncio.get_running_loop()
        self._page = PageFile(path)
        self._trial = self._page.trial()
        self._began_at = time.monotonic()
        self._feed_wanted = settings.feed.kind != "fixed"
        self._feed_s = max(TRIAL_S, settings.feed.period_s + SPARE_S)
        self._asked = False
        self._asked_at = 0.0
        self._at_unplug = False

    def ask(self, at_once: bool) -> None:  # noqa: FBT001 - the callback's one argument
        """Begin again as soon as no car charges; *at_once*: although one does."""
        self._main.call_soon_threadsafe(self._on_ask, at_once)

    def _on_ask(self, at_once: bool) -> None:  # noqa: FBT001
        self._asked = True
        self._asked_at = time.monotonic()
        snapshot = self._charger.state.driven(time.monotonic())
        self._at_unplug = not at_once and snapshot is not None and snapshot.closed > 0
        if self._at_unplug:
            log.info("a car charges: evsed begins again when it is unplugged")

    async def run(self) -> None:
        """Watch without end."""
        if text := self._page.fell_back():
            self._hub.note(text, "warning")
        if self._trial is not None:
            self._page.set_trial(SettingsTrial(self._trial.keys, self._trial.starts + 1))
        while True:
            self.update(time.monotonic())
            await asyncio.sleep(LOOKED_EVERY_S)

    def update(self, now: float) -> None:
        """Do what is due at *now*."""
        if self._asked:
            if now - self._asked_at < ANSWERED_S:
                return
            snapshot = self._charger.state.driven(now)
            if not self._at_unplug or snapshot is None or not snapshot.plugged:
                self._asked = False
                self._begin_again()
            return
        if self._trial is not None:
            self._judge(now, self._trial)

    def _judge(self, now: float, trial: SettingsTrial) -> None:
        """Confirm the change when all is up; take it back when its time is over."""
        state = self._charger.state
        board = state.driven(now) is not None
        news = state.allotment is not None and state.allotment.excess_w is not None
        tried = any(key.startswith("feed.") for key in trial.keys) and self._feed_wanted
        feed = not tried or (news and state.feed_error is None)
        if board and feed:
            self._trial = None
            self._page.set_trial(None)
            self._hub.note(text("the change of the settings is in effect: board and feed are up"))
            return
        within_s = self._feed_s if board else TRIAL_S
        if now - self._began_at < within_s:
            return
        self._trial = None
        why = text("the board did not come up within {within_s:.0f} s", within_s=within_s)
        if board:
            why = text("the feed did not come up within {within_s:.0f} s", within_s=within_s)
        if board and state.feed_error:
            why = text("{why} ({error})", why=why, error=state.feed_error)
        done = take_back(self._path, why)
        log.warning(done)
        self._on_ask(at_once=False)
