# SPDX-License-Identifier: GPL-3.0-or-later
"""The light on the box: one table from the state of the charger to a colour and a rhythm.

Rules of the table:

* A light that moves is driven by an evsed that runs. What a dead evsed leaves behind stands still,
  so no state that means power at the plug has a light that stands still.
* Red that stands still needs a person; a box without evsed may be left red, and needs one, too.
* No two states have the same rhythm, so a person who cannot tell the colours apart, or a box with
  a light of one colour, loses nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

from evsed.core.pilot.causes import CauseKind
from evsed.core.pilot.faults import Recovery
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evsed.core.pilot.causes import Cause
    from evsed.core.pilot.faults import Fault


class Colour(Enum):
    """A colour; the value is its word."""

    DARK = "dark"
    WHITE = "white"
    BLUE = "blue"
    GREEN = "green"
    RED = "red"


class LightState(Enum):
    """Everything that the light can say; the value is the word in JSON."""

    NOT_DRIVEN = "not_driven"
    NO_CAR = "no_car"
    OFF = "off"
    CONNECTED = "connected"
    OFFERED = "offered"
    WAITING_SUN = "waiting_sun"
    WAITING_SCHEDULE = "waiting_schedule"
    CAR_ASLEEP = "car_asleep"
    FEED_LOST = "feed_lost"
    CHARGING = "charging"
    CHARGING_LENT = "charging_lent"
    LETTING_GO = "letting_go"
    FAULT_ENDS = "fault_ends"
    FAULT_WAITS = "fault_waits"


class Hint(Enum):
    """Knowledge of the daemon alone; it comes with the limits and ends with them."""

    NONE = ""
    LENT = "lent"  # the charge goes on with power that is not the sun's
    ASLEEP = "asleep"  # the car leaves its offer untaken
    FEED_LOST = "feed_lost"  # the feed gives no figure that can be followed


class Rhythm(NamedTuple):
    """A rhythm: its words, and the seconds lit and dark in turn; () is a light that stands still.

    The shortest stretch is ten ticks of 20 ms: it survives a tick or two that come late.
    """

    words: str
    pattern_s: tuple[float, ...] = ()

    def is_lit(self, now: float) -> bool:
        """Return True where the light is lit at the monotonic moment *now*."""
        if not self.pattern_s:
            return True
        ends_s = list(accumulate(self.pattern_s))
        return bisect_right(ends_s, now % ends_s[-1]) % 2 == 0


def _flashes(number: int, pause_s: float) -> tuple[float, ...]:
    """*number* short flashes, then a pause."""
    return (0.2, 0.3) * (number - 1) + (0.2, pause_s)


def _gaps(number: int) -> tuple[float, ...]:
    """Lit, with *number* short gaps at the end of each two seconds."""
    lit_s = 2.0 - 0.5 * number + 0.3
    return (lit_s, 0.2) + (0.3, 0.2) * (number - 1)


class Look(NamedTuple):
    """The look of a state and its meaning, in words that go on after "the light is ...: "."""

    colour: Colour
    rhythm: Rhythm
    meaning: str


LOOKS: Final[dict[LightState, Look]] = {
    LightState.NOT_DRIVEN: Look(
        Colour.DARK,
        Rhythm(text("or standing still in any colour but red")),
        text("evsed does not run, or cannot reach its board"),
    ),
    LightState.NO_CAR: Look(
        Colour.WHITE,
        Rhythm(text("one short flash every 4 s"), _flashes(1, 3.8)),
        text("no car is plugged in"),
    ),
    LightState.OFF: Look(
        Colour.WHITE,
        Rhythm(text("a long flash every 4 s"), (1.0, 3.0)),
        text("switched off, on the page or by the button"),
    ),
    LightState.CONNECTED: Look(
        Colour.BLUE,
        Rhythm(text("one short flash every 2 s"), _flashes(1, 1.8)),
        text("a car is connected and evsed offers nothing; the page says why"),
    ),
    LightState.OFFERED: Look(
        Colour.BLUE,
        Rhythm(text("a long and a short flash every 2 s"), (0.8, 0.3, 0.2, 0.7)),
        text("current is on offer and the car may begin"),
    ),
    LightState.WAITING_SUN: Look(
        Colour.BLUE, Rhythm(text("blinking slowly"), (1.0, 1.0)), text("waiting for the sun")
    ),
    LightState.WAITING_SCHEDULE: Look(
        Colour.BLUE,
        Rhythm(text("two short flashes every 2 s"), _flashes(2, 1.3)),
        text("waiting for the weekly window"),
    ),
    LightState.CAR_ASLEEP: Look(
        Colour.BLUE,
        Rhythm(text("three short flashes every 3 s"), _flashes(3, 1.8)),
        text("current is on offer and the car does not take it: it is asleep, or has finished"),
    ),
    LightState.FEED_LOST: Look(
        Colour.BLUE,
        Rhythm(text("four short flashes every 3 s"), _flashes(4, 1.3)),
        text("the feed gives no figure that can be followed"),
    ),
    LightState.CHARGING: Look(
        Colour.GREEN, Rhythm(text("with one short gap every 2 s"), _gaps(1)), text("charging")
    ),
    LightState.CHARGING_LENT: Look(
        Colour.GREEN,
        Rhythm(text("with two short gaps every 2 s"), _gaps(2)),
        text("charging, partly from the house battery or the grid"),
    ),
    LightState.LETTING_GO: Look(
        Colour.GREEN,
        Rhythm(text("with three short gaps every 2 s"), _gaps(3)),
        text("the car is given time to let go; the plug is still live"),
    ),
    LightState.FAULT_ENDS: Look(
        Colour.RED, Rhythm(text("blinking fast"), (0.3, 0.3)), text("a fault that ends by itself")
    ),
    LightState.FAULT_WAITS: Look(
        Colour.RED,
        Rhythm(text("steady")),
        text("a fault that waits for a person; the page says what to do"),
    ),
}
"""The table. docs/box.md shows it."""

_COLOURS: Final[dict[Colour, str]] = {
    Colour.DARK: text("dark"),
    Colour.WHITE: text("white"),
    Colour.BLUE: text("blue"),
    Colour.GREEN: text("green"),
    Colour.RED: text("red"),
}

_WITH: Final[dict[Colour, tuple[bool, bool, bool]]] = {
    Colour.DARK: (False, False, False),
    Colour.WHITE: (True, True, True),
    Colour.BLUE: (False, False, True),
    Colour.GREEN: (False, True, False),
    Colour.RED: (True, False, False),
}


def describe(state: LightState) -> str:
    """Describe the light in one sentence without its end."""
    look = LOOKS[state]
    if state is LightState.NOT_DRIVEN:
        return text("the light is not driven: {meaning}", meaning=look.meaning)
    return text(
        "the light is {colour}, {rhythm}: {meaning}",
        colour=_COLOURS[look.colour],
        rhythm=look.rhythm.words,
        meaning=look.meaning,
    )


def levels(state: LightState, now: float, outputs: int) -> tuple[bool, ...]:
    """Return which of the light's *outputs* (1 to 3) are on at *now*.

    Three are red, green and blue. Two are red and green: blue is shown by both. With one the
    rhythm alone tells.
    """
    look = LOOKS[state]
    if look.colour is Colour.DARK or not look.rhythm.is_lit(now):
        return (False,) * outputs
    red, green, blue = _WITH[look.colour]
    if outputs == 1:
        return (True,)
    if outputs == 2:  # noqa: PLR2004 - red and green
        return (red or blue, green or blue)
    return (red, green, blue)


class Seen(NamedTuple):
    """The charger as the light shows it, at one tick.

    `offering`: PWM is on the pilot. `closed`: the contactor is commanded to close. `off`: the
    owner or the button has switched off. `cause`: the reason why nothing is offered.
    """

    plugged: bool
    offering: bool
    closed: bool
    faults: Iterable[Fault] = ()
    off: bool = False
    cause: Cause | None = None
    hint: Hint = Hint.NONE


_WAITS: Final = {"feed": LightState.WAITING_SUN, "schedule": LightState.WAITING_SCHEDULE}


def choose(seen: Seen) -> LightState:
    """Return the state of the light: what matters most to a person at the box comes first."""
    recoveries = {fault.kind.recovery for fault in seen.faults}
    if recoveries - {Recovery.AUTO}:
        return LightState.FAULT_WAITS
    if recoveries:
        return LightState.FAULT_ENDS
    if seen.closed:
        return _charging(seen)
    if seen.off:
        return LightState.OFF
    if not seen.plugged:
        return LightState.NO_CAR
    if seen.offering:
        return LightState.CAR_ASLEEP if seen.hint is Hint.ASLEEP else LightState.OFFERED
    return _waiting(seen)


def _charging(seen: Seen) -> LightState:
    if not seen.offering:
        return LightState.LETTING_GO
    return LightState.CHARGING_LENT if seen.hint is Hint.LENT else LightState.CHARGING


def _waiting(seen: Seen) -> LightState:
    cause = seen.cause
    if cause is None or cause.kind is not CauseKind.LIMIT:
        return LightState.CONNECTED
    state = _WAITS.get(cause.detail, LightState.CONNECTED)
    lost = state is LightState.WAITING_SUN and seen.hint is Hint.FEED_LOST
    return LightState.FEED_LOST if lost else state
