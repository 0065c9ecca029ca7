# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings on the page: shown, checked, written, undone.

Changes go to the page's own file. `live_settings.py` puts what it can into effect at once, the rest
waits for evsed to begin again. `settings_restart.py` decides when that is, and takes back a change
with which feed or board does not come up.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

import structlog

from evsed.core.text import text
from evsed.daemon.report import build_report, find_update
from evsed.errors import ChangeRefused
from evsed.frontends.notify.trial import try_all
from evsed.frontends.settings import (
    FeedCheckView,
    NotifyTrialView,
    PresetView,
    SettingSectionView,
    SettingsView,
    SettingView,
    UpdateView,
)
from evsed.settings.catalogue import SettingInfo, catalogue, current
from evsed.settings.comments import comments
from evsed.settings.common import Guard
from evsed.settings.hints import hints
from evsed.settings.live import differences as unequal
from evsed.settings.messages import as_toml
from evsed.settings.page_file import PageFile, SettingsTrial, changed, differences
from evsed.settings.redact import shown
from evsed.sources.presets import all_presets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from evsed.settings import Settings
    from evsed.settings.load import Layers

RAISED_WITHIN_S: Final = 600.0
"""So long after the box was switched on may dangerous settings be raised: time to walk back from
the breaker and to type, and too short for somebody who waits for it elsewhere."""

ABOVE: Final = {
    "environment": text("an environment variable sets it, and goes before the page"),
    "start": text("it is set by whoever started evsed, as the demo does"),
}
BESIDE_THE_STORE: Final = text(
    "the page's own file lies beside the store, so this is set in /etc/evsed.toml alone"
)
TOO_LATE: Final = text(
    "this may be set on the page only within ten minutes of the box being "
    "switched on, so that no one can do it from afar: switch the box off and "
    "on at its breaker, then try again. Or set it in /etc/evsed.toml on the "
    "Pi"
)

log = structlog.get_logger()


class PageSettings:
    """The settings of the running evsed, of which *running* returns those in effect.

    *read* reads all layers as they are now; *since_boot_s* says how long the box has been switched
    on; *on_change* is called with who changed what, in words, and *on_written* after a change was
    written, with whether all of it shall take effect although a car charges. It returns when what
    takes effect at once is in effect.
    """

    def __init__(
        self,
        running: Callable[[], Settings],
        read: Callable[[], Layers],
        since_boot_s: Callable[[], float],
        on_change: Callable[[str, str], None],
        on_written: Callable[[bool], None],
    ) -> None:
        self._running = running
        self._read = read
        self._since_boot_s = since_boot_s
        self._on_change = on_change
        self._on_written = on_written
        self._lock = threading.Lock()
        self._trying = threading.Lock()

    def setup_s(self) -> float:
        """Return for how many seconds a first password, or a raise, is still possible."""
        return max(0.0, RAISED_WITHIN_S - self._since_boot_s())

    async def view(self) -> SettingsView:
        """Return all settings."""
        return await asyncio.to_thread(self._view)

    async def guarded(self, changes: Mapping[str, object] | None) -> tuple[str, ...]:
        """Return the keys of *changes* that need the password again; None: those of the undo."""
        return await asyncio.to_thread(self._guarded, changes)

    async def change(
        self, who: str, changes: Mapping[str, object] | None, *, at_the_box: bool = False
    ) -> str:
        """Set *changes* for *who*; see `frontends.settings.SettingsService`."""
        return await asyncio.to_thread(self._change, who, changes, at_the_box=at_the_box)

    async def apply(self, who: str) -> str:
        """Begin again now, for *who*."""
        if not await asyncio.to_thread(self._waiting):
            return text("nothing waits: the settings are in effect")
        self._on_change(who, text("take over the settings now"))
        await asyncio.to_thread(self._on_written, True)  # noqa: FBT003 - its one argument
        return text("evsed begins again with the settings; a charge goes on in some seconds")

    async def report(self) -> str:
        """Return the report."""
        return await asyncio.to_thread(lambda: build_report(self._running(), self._read()))

    async def update(self) -> UpdateView:
        """Ask apt for a newer version."""
        return await asyncio.to_thread(find_update)

    async def try_notify(self) -> NotifyTrialView:
        """Send a message to each address; see `frontends.settings.SettingsService`."""
        return await asyncio.to_thread(self._try_notify)

    async def check_feed(self, changes: Mapping[str, object]) -> FeedCheckView:
        """Read the feed and the meters once as they would be with *changes*."""
        from evsed.daemon.feed_check import check  # noqa: PLC0415 - its sources are heavy

        def candidate() -> Settings:
            layers = self._read()
            self._check_keys(layers, changes)
            return layers.with_page(changed(layers.page, changes)).settings()

        settings = await asyncio.to_thread(candidate)
        lines: list[str] = []
        good = await check(settings, lines.append)
        return FeedCheckView(good, tuple(line for text in lines for line in text.splitlines()))

    # --- in a thread --------------------------------------------------------------------------

    def _try_notify(self) -> NotifyTrialView:
        if not self._trying.acquire(blocking=False):
            raise ChangeRefused(text("a trial of the messages is running; wait for its outcome"))
        try:
            lines: list[str] = []
            good = try_all(self._read().settings().notify.config(), lines.append)
            return NotifyTrialView(good, tuple(lines))
        finally:
            self._trying.release()

    def _view(self) -> SettingsView:
        layers = self._read()
        settings = layers.settings()
        waiting = self._differ(settings)
        page = PageFile(layers.page_path)
        texts = comments()
        return SettingsView(
            settings=tuple(
                SettingView(
                    key=info.key,
                    comment=info.comment,
                    kind=info.kind,
                    value=current(settings, info.key),
                    in_effect=info.key not in waiting,
                    applies=info.applies.value,
                    default=info.default,
                    origin=layers.origin(info.key),
                    allowed=info.allowed,
                    unit=info.unit,
                    minimum=info.minimum,
                    maximum=info.maximum,
                    choices=info.choices,
                    optional=info.optional,
                    guard=info.guard.value,
                    safer_lower=info.safer_lower,
                    locked=_locked(layers, info.key),
                )
                for info in catalogue().values()
            ),
            sections=tuple(
                SettingSectionView(name, texts.sections.get(name, ""))
                for name in dict.fromkeys(info.section for info in catalogue().values())
            ),
            presets=tuple(_presets()),
            hints=tuple(hints(settings)),
            waiting=waiting,
            undo=tuple(self._undo(layers)),
            trial=page.trial() is not None,
            raise_s=self.setup_s(),
        )

    def _differ(self, settings: Settings) -> tuple[str, ...]:
        return unequal(self._running(), settings)

    def _waiting(self) -> tuple[str, ...]:
        return self._differ(self._read().settings())

    def _undo(self, layers: Layers) -> dict[str, Any]:
        previous = PageFile(layers.page_path).previous()
        return {} if previous is None else differences(layers.page, previous)

    def _guarded(self, changes: Mapping[str, object] | None) -> tuple[str, ...]:
        layers = self._read()
        wanted = self._undo(layers) if changes is None else changes
        known = catalogue()
        return tuple(key for key in wanted if key in known and known[key].guard is not Guard.NONE)

    def _check_keys(self, layers: Layers, changes: Mapping[str, object]) -> None:
        for key in changes:
            if key not in catalogue():
                raise ChangeRefused(text("{key}: there is no such setting", key=key), (key,))
            if reason := _locked(layers, key):
                raise ChangeRefused(text("{key}: {reason}", key=key, reason=reason), (key,))

    def _change(self, who: str, changes: Mapping[str, object] | None, *, at_the_box: bool) -> str:
        with self._lock:
            layers = self._read()
            undo = changes is None
            wanted = self._undo(layers) if changes is None else changes
            if not wanted:
                return text("nothing was changed: there is nothing to undo") if undo else _NOTHING
            self._check_keys(layers, wanted)
            before = layers.settings()
            tables = changed(layers.page, wanted)
            after = layers.with_page(tables).settings()
            moved = {
                key: info
                for key, info in catalogue().items()
                if current(before, key) != current(after, key)
            }
            if not at_the_box:
                self._refuse_late(before, after, moved)
            return self._write(who, layers, tables, _Moved(before, after, moved), undo=undo)

    def _refuse_late(
        self, before: Settings, after: Settings, moved: Mapping[str, SettingInfo]
    ) -> None:
        raised = tuple(
            key
            for key, info in moved.items()
            if info.guard is Guard.BOX and info.raises(current(before, key), current(after, key))
        )
        if raised and not self.setup_s():
            late = text("{key}: {reason}", key=", ".join(raised), reason=TOO_LATE)
            raise ChangeRefused(late, raised, late=True)

    def _write(
        self, who: str, layers: Layers, tables: dict[str, Any], moved: _Moved, *, undo: bool
    ) -> str:
        page = PageFile(layers.page_path)
        try:
            if undo:
                page.undo()
            elif tables == layers.page:
                return _NOTHING
            else:
                page.write(tables)
            page.set_trial(SettingsTrial(tuple(moved.keys)) if moved.keys else None)
        except OSError as error:
            raise ChangeRefused(
                text(
                    "{path} cannot be written ({strerror}); nothing was changed. Is the disk "
                    "full, or mounted read-only?",
                    path=str(page.path),
                    strerror=error.strerror or str(error),
                )
            ) from error
        if not moved.keys:
            return text("kept; the values in effect stay as they are")
        words = moved.describe()
        self._on_change(who, text("undo: {changes}", changes=words) if undo else words)
        self._on_written(False)  # noqa: FBT003 - its one argument
        return text("kept: {changes}", changes=words)


_NOTHING: Final = text("nothing was changed: it was so already")


class _Moved:
    """The effect of a change on the values."""

    def __init__(self, before: Settings, after: Settings, keys: Mapping[str, SettingInfo]) -> None:
        self._before = before
        self._after = after
        self.keys = keys

    def describe(self) -> str:
        """Return each key with its value before and after; no secret is shown."""
        return "; ".join(
            f"{key}: {_written(info, current(self._before, key))} → "
            f"{_written(info, current(self._after, key))}"
            for key, info in self.keys.items()
        )


def _presets() -> Iterator[PresetView]:
    for name, preset in all_presets().items():
        numbers = preset.get("numbers", {})
        feeds = "grid_w" in numbers or "excess_w" in numbers
        yield PresetView(name, str(preset.get("title", name)), str(preset["kind"]), feeds)


def _written(info: SettingInfo, value: object) -> str:
    return "absent" if value is None else as_toml(shown(info, value))


def _locked(layers: Layers, key: str) -> str:
    """Return why the page cannot change *key*; "" where it can."""
    if key == "store.path":
        return BESIDE_THE_STORE
    return ABOVE.get(layers.origin(key), "")
