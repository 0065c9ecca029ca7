# SPDX-License-Identifier: GPL-3.0-or-later
"""When a change of the settings takes effect, and when it is taken back.

What can is taken over at once (`live_settings.py`). For the rest evsed begins again: at once where
no car charges, else when the car is unplugged, or when the owner says so. Then board and feed, or
the feed that was changed at once, have a minute to come up; else the settings before are put back.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.text import text
from evsed.errors import SettingsError
from evsed.settings.page_file import PageFile, SettingsTrial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from evsed.daemon.charger_state import Charger
    from evsed.daemon.hub import ChargerHub
    from evsed.daemon.live_settings import LiveSettings
    from evsed.settings.load import Layers

LOOKED_EVERY_S: Final = 0.5
ANSWERED_S: Final = 1.0
"""Time for the answer to whoever asked, before evsed ends."""
TAKEN_OVER_S: Final = 10.0
"""Parts that do not end within 3 s are left behind, so a change at once takes less than this."""
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

    *live* has the settings in effect, *read* reads them as they are now, *path* is the page's file.
    *begin_again* ends evsed so that it starts again. `ask()` may be called in any thread.
    """

    def __init__(
        self,
        live: LiveSettings,
        read: Callable[[], Layers],
        path: Path,
        charger: Charger,
        hub: ChargerHub,
        begin_again: Callable[[], None],
    ) -> None:
        self._live = live
        self._read = read
        self._charger = charger
        self._hub = hub
        self._path = path
        self._begin_again = begin_again
        self._main = asyncio.get_running_loop()
        self._page = PageFile(path)
        self._trial = self._page.trial()
        self._began_at = time.monotonic()
        self._began_with_it = True  # else the trial is of a feed that was changed at once
        self._restores = False  # begins again for a backup that is to be put in place
        self.falling_back: asyncio.Task[None] | None = None
        """The change back to the settings before, where one was needed."""
        self._asked = False
        self._asked_at = 0.0
        self._at_unplug = False

    def ask(self, at_once: bool) -> None:  # noqa: FBT001 - the callback's one argument
        """Begin again as soon as no car charges, whatever the settings; *at_once*: anyway."""
        self._restores = True
        self._main.call_soon_threadsafe(self._on_ask, at_once)

    def take_over(self, at_once: bool) -> None:  # noqa: FBT001 - the callback's one argument
        """Take over the settings as they are now; wait for what takes effect at once.

        The rest has evsed begin again; *at_once*: although a car charges. In any thread but the
        daemon's own.
        """
        done = asyncio.run_coroutine_threadsafe(self.on_change(at_once=at_once), self._main)
        with suppress(TimeoutError, CancelledError):  # evsed ends just now: it begins with them
            done.result(TAKEN_OVER_S)

    async def on_change(self, *, at_once: bool = False, tried: bool = True) -> None:
        """Take over the settings as they are now; *tried*: a feed that changes may fall back."""
        try:
            wanted = await asyncio.to_thread(lambda: self._read().settings())
        except SettingsError as error:
            log.error("the settings are wrong; evsed goes on with those it has", reason=str(error))
            return
        keys = await self._live.take_over(wanted)
        waiting = self._live.waiting(wanted)
        if keys:
            self._hub.note(text("in effect without a restart: {keys}", keys=", ".join(keys)))
        feed = any(key.startswith("feed.") for key in keys) and self._feed_wanted
        if keys and tried:
            self._trial = SettingsTrial(keys) if feed else None
            self._began_at, self._began_with_it = time.monotonic(), False
            if not feed:
                self._page.set_trial(SettingsTrial(waiting) if waiting else None)
        if waiting:
            self._on_ask(at_once)
        elif not self._restores:
            self._asked = False

    @property
    def _feed_wanted(self) -> bool:
        return self._live.running.feed.kind != "fixed"

    @property
    def _feed_s(self) -> float:
        return max(TRIAL_S, self._live.running.feed.period_s + SPARE_S)

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
        if self._asked and now - self._asked_at >= ANSWERED_S:
            snapshot = self._charger.state.driven(now)
            if not self._at_unplug or snapshot is None or not snapshot.plugged:
                self._asked = False
                self._begin_again()
                return
        if self._trial is not None and not (self._asked and self._began_with_it):
            self._judge(now, self._trial)

    def _judge(self, now: float, trial: SettingsTrial) -> None:
        """Confirm the change when all is up; take it back when its time is over."""
        state = self._charger.state
        board = not self._began_with_it or state.driven(now) is not None
        news = not state.feed_awaited
        if self._began_with_it:
            news = state.allotment is not None and state.allotment.excess_w is not None
        tried = any(key.startswith("feed.") for key in trial.keys) and self._feed_wanted
        feed = not tried or (news and state.feed_error is None)
        if board and feed:
            self._confirm()
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
        log.warning(take_back(self._path, why))
        self.falling_back = self._main.create_task(self._fall_back())

    def _confirm(self) -> None:
        """Note that the change is up; what of it waits is tried as evsed begins again."""
        self._trial = None
        if self._began_with_it:
            self._page.set_trial(None)
            up = text("the change of the settings is in effect: board and feed are up")
        else:
            left = self._page.trial() if self._asked else None
            self._page.set_trial(left)
            up = text("the change of the feed is in effect: it has news")
        self._hub.note(up)

    async def _fall_back(self) -> None:
        """Take over the settings before; say so, unless evsed begins again and says it then."""
        await self.on_change(tried=False)
        if not self._asked and (said := self._page.fell_back()):
            self._hub.note(said, "warning")
