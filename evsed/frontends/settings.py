# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings as a frontend may show and change them, and the service that does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from evsed.frontends.doc import Doc

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("switch", "choice", "decimal", "whole", "text", "list", "table")
APPLIES = ("at_once", "unplugged")
ORIGINS = ("default", "file", "page", "environment", "start")


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting: its value, where that comes from, and what it may be."""

    key: Annotated[str, Doc("its name in evsed.toml, dotted")]
    comment: Annotated[str, Doc("what it is, as the shipped evsed.toml says")]
    kind: Annotated[str, Doc("the kind of its value", choices=KINDS)]
    value: Annotated[Any, Doc("the value that is set; null where it is absent")]
    in_effect: Annotated[
        bool, Doc("false: the value waits for evsed to begin again, and another is in effect")
    ]
    applies: Annotated[
        str,
        Doc(
            "when a change takes effect: at once, while evsed runs and a car charges; or as evsed "
            "begins again, which waits for a car that charges to be unplugged",
            choices=APPLIES,
        ),
    ]
    default: Annotated[Any, Doc("the value without any setting")]
    origin: Annotated[
        str,
        Doc(
            "where the value comes from: evsed itself, /etc/evsed.toml, the page, an environment "
            "variable, or whoever started evsed, as the demo",
            choices=ORIGINS,
        ),
    ]
    allowed: Annotated[str, Doc("what it may be, in words")]
    unit: Annotated[str, Doc("the unit of a number; empty without one")]
    minimum: Annotated[float | None, Doc("the least a number may be, in `unit`")]
    maximum: Annotated[float | None, Doc("the most a number may be, in `unit`")]
    choices: Annotated[tuple[Any, ...], Doc("the only values that it may have")]
    optional: Annotated[bool, Doc("it may be absent")]
    guard: Annotated[
        str,
        Doc(
            "what a change takes beside being logged in: nothing; the password again; or that "
            "within ten minutes of the box being switched on",
            choices=("", "password", "box"),
        ),
    ]
    safer_lower: Annotated[
        bool, Doc("less, or false, may be set at any time, whatever the guard is")
    ]
    locked: Annotated[str, Doc("why the page cannot change it; empty where it can")]


@dataclass(frozen=True, slots=True)
class SettingSectionView:
    """A section of evsed.toml."""

    name: Annotated[str, Doc("its dotted name")]
    comment: Annotated[str, Doc("what it is, as the shipped evsed.toml says")]


@dataclass(frozen=True, slots=True)
class PresetView:
    """A device that evsed knows by name."""

    name: Annotated[str, Doc("the value of `preset`")]
    title: Annotated[str, Doc("the device, for people")]
    kind: Annotated[str, Doc("how it is asked: http, mqtt or modbus")]
    feeds: Annotated[bool, Doc("it can be a feed: it knows what is spare, or what the grid gives")]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """All settings, and what becomes of the changes."""

    settings: Annotated[tuple[SettingView, ...], Doc("every setting there is")]
    sections: Annotated[tuple[SettingSectionView, ...], Doc("their sections, in order")]
    presets: Annotated[tuple[PresetView, ...], Doc("the devices that `preset` may name")]
    hints: Annotated[tuple[str, ...], Doc("what is possible and yet unlikely")]
    waiting: Annotated[tuple[str, ...], Doc("the keys that wait for evsed to begin again")]
    undo: Annotated[tuple[str, ...], Doc("the keys that undoing the last change would change")]
    trial: Annotated[
        bool, Doc("feed and board are being tried with the last change; it may fall back")
    ]
    raise_s: Annotated[
        float, Doc("so long may dangerous settings still be raised; 0: switch the box off and on",
                   unit="s"),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedCheckView:
    """The answer of the feed and the meters."""

    good: Annotated[bool, Doc("all of them were read")]
    lines: Annotated[
        tuple[str, ...], Doc("each number with its unit, its age and what evsed takes it for")
    ]


@dataclass(frozen=True, slots=True)
class NotifyTrialView:
    """The outcome of a trial of the notifications."""

    good: Annotated[bool, Doc("each address took its message")]
    lines: Annotated[tuple[str, ...], Doc("each address, without its secrets, and what came of it")]


@dataclass(frozen=True, slots=True)
class UpdateView:
    """The version that runs, and what apt knows."""

    version: Annotated[str, Doc("the version that runs")]
    installed: Annotated[str, Doc("the version that apt has installed; empty without a package")]
    candidate: Annotated[str, Doc("the version that apt would install now; empty without one")]
    newer: Annotated[bool, Doc("apt knows another version than the one that is installed")]


class SettingsService(Protocol):
    """The settings of a running evsed; each method may be called in any thread.

    What is refused raises `evsed.errors.ChangeRefused` or `evsed.errors.SettingsError`, and nothing
    was changed.
    """

    def setup_s(self) -> float:
        """Return for how many seconds a first password, or a raise, is still possible."""

    async def view(self) -> SettingsView:
        """Return all settings."""

    async def guarded(self, changes: Mapping[str, object] | None) -> tuple[str, ...]:
        """Return the keys of *changes* that need the password again; None: those of `undo()`."""

    async def change(
        self, who: str, changes: Mapping[str, object] | None, *, at_the_box: bool = False
    ) -> str:
        """Set *changes* (dotted keys; None takes one back) for *who*; return the outcome in words.

        *changes* of None undo the last change. *at_the_box*: whoever asks can write evsed.toml, so
        that it need not be just switched on.
        """

    async def apply(self, who: str) -> str:
        """Begin again now with what waits, for *who*, though that interrupts a charge."""

    async def report(self) -> str:
        """Return versions, settings without secrets and the last log lines, as text."""

    async def update(self) -> UpdateView:
        """Ask apt on this machine for a newer version; nothing is asked of the network."""

    async def try_notify(self) -> NotifyTrialView:
        """Send a message to each address that is set, and return what came of it.

        It may take a minute. Raises `evsed.errors.ChangeRefused` while another trial runs.
        """

    async def check_feed(self, changes: Mapping[str, object]) -> FeedCheckView:
        """Read the feed and the meters once as they would be with *changes*."""
