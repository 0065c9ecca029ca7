# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of phases that a closing closes, and the sequence that alone may change it.

A box with one contactor output per phase may close a part of them. A set is a number: the first so
many outputs, L1 first. There are two of them: L1 alone, and all. Some cars connect two phases with
each other inside while they have one (evcc-io/evcc#33658): a second phase that closes under such a
car is a short circuit between L1 and L2. So:

* The set is fixed before a closing and stays as it is while anything is closed. All of its
  contactors close together; an open one that is to stay open is watched (see `contactors`).
* It changes only at the end of a rest of at least 15 s without a break: steady +12 V or F on the
  pilot, the car out of C, every contactor commanded open, and proved open by every mirror contact
  in every tick of it. Whatever ends the rest (a lost board, a dead-man, a car that asks) has the
  whole rest begin again. Nothing of a change is remembered in between, so a crash has no middle.
* The closing after it is a full one: pump test, self-tests, half a second of C, as any other.
* A change that is taken back, or fails, leaves the car without an offer for as long: cars hang
  where the pilot comes back too soon.
* A change that is not through in `GIVE_UP_S` after its rest could have ended, or meets a fault, has
  failed. The old set stays; after the second failure it stays until the car is unplugged.
* More phases than have been closed since the plug was last seen without a car: only with `AUTO`.
  After a start nothing is known of that, so a start counts as L1 alone.
* The daemon asks for a set, with a reason and a deadline; nothing changes without such a wish.

With `OFF` all outputs close together, always, and nothing of this file acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause, Reason
from evsed.core.text import text

REST_S: Final = 15.0
"""WARP has the pilot away for 15 s: 5 s was not enough for a Polestar (Tinkerforge's firmware)."""
GIVE_UP_S: Final = 60.0
"""WARP waits for a car for up to 60 s, raised twice in 2025."""
MOST_FAILURES: Final = 2
LOWEST: Final = 1  # L1 alone
HAZARD: Final = text(
    "phases may rise under a car that is plugged in: one that connects two "
    "phases inside while it has one is then a short circuit between L1 and "
    "L2, which may destroy charger and car"
)
"""For whoever chooses `AUTO`, wherever it is shown."""


class Switching(Enum):
    """When the set of phases may change."""

    OFF = "off"  # never: all outputs close together
    UNPLUGGED = "unplugged"  # before the first closing of a stay
    DOWN = "down"  # and to fewer phases during a stay
    AUTO = "auto"  # and to more, which is no car's to bear


@dataclass(frozen=True, slots=True)
class SwitchRules:
    """The box as the sequence has to know it.

    `outputs`: one contactor output per phase. `mirrored`: each has a mirror contact. `rest_s`: at
    least `REST_S`. `shows_f`: F is on the pilot during the rest, otherwise steady +12 V.
    """

    switching: Switching = Switching.OFF
    outputs: int = 1
    mirrored: bool = False
    rest_s: float = REST_S
    shows_f: bool = False

    @property
    def active(self) -> bool:
        """True where the set may ever change."""
        if self.switching is Switching.OFF or self.outputs == LOWEST:
            return False
        return self.mirrored or self.switching is Switching.UNPLUGGED


ALL_TOGETHER: Final = SwitchRules()
"""As shipped: one output, or all of them at once."""


@dataclass(frozen=True, slots=True)
class PhaseWish:
    """The daemon's wish: the next closing is to close `outputs`, until the moment `until_at`.

    `why` is its reason in words.
    """

    outputs: int
    until_at: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """The box in one tick, as far as a change of the set depends on it.

    `silent`: no offer is on the pilot, the contactors are commanded open, and the car does not ask.
    `proved_open`: every mirror contact reports open. `faulty`: a fault is active.
    """

    silent: bool
    proved_open: bool
    faulty: bool
    plugged: bool


class PhaseSet:
    """`outputs` is the set that a closing closes; `update()` every tick, before a closing.

    `pending` is the set that a change leads to, 0 where there is none.
    """

    def __init__(self, rules: SwitchRules, now: float) -> None:
        self._rules = rules
        self.outputs = LOWEST if rules.active else rules.outputs
        self.pending = 0
        self.failures = 0
        self.used = LOWEST if rules.active else rules.outputs  # the fewest of this stay; 0: none
        self._rest_at: float | None = None
        self._asked_at = now

    def on_close(self) -> None:
        """Note that the contactors close, which ends every rest."""
        self.used = min(self.used, self.outputs) if self.used else self.outputs
        self._rest_at = None

    def on_empty(self) -> None:
        """Note that no car is plugged in: the pilot has read A for half a second."""
        self.used = self.failures = 0

    def on_break(self) -> None:
        """Begin every rest again: something else than this machine may have moved a contactor."""
        self._rest_at = None

    def update(self, now: float, wish: PhaseWish | None, box: Rest) -> list[ev.Event]:
        """Follow the *wish*, and return what changed."""
        rules = self._rules
        if not rules.active:
            return []
        if not (box.silent and (box.proved_open or not rules.mirrored)):
            self._rest_at = None
        elif self._rest_at is None:
            self._rest_at = now
        wanted = 0 if wish is None or now >= wish.until_at else wish.outputs
        if box.faulty:
            return self._fail(now, text("a fault came in between")) if self.pending else []
        if wanted in (0, self.outputs) or not self._may(wanted):
            self.pending = 0
            return []
        if not self.pending:
            self.pending, self._asked_at = wanted, now
        if self._rest_at is not None and now - self._rest_at >= rules.rest_s:
            before, self.outputs, self.pending = self.outputs, wanted, 0
            self._rest_at = None
            why = wish.why if wish is not None else ""
            return [ev.PhasesSwitched(now, before, wanted, why)] if box.plugged else []
        if now - self._asked_at >= rules.rest_s + GIVE_UP_S:
            return self._fail(now, text("the car went on asking, or a contact did not read open"))
        return []

    @property
    def least_pause_s(self) -> float:
        """Seconds without an offer that an offer which ends now is followed by.

        A change that is given up on the way leaves the car as long a pause as one that is made.
        """
        return self._rules.rest_s if self.pending else 0.0

    def reason(self, now: float) -> Reason | None:
        """The reason why nothing may be offered while a change is pending; None where none is."""
        if not self.pending:
            return None
        begun_at = now if self._rest_at is None else self._rest_at
        left_s = max(0.0, begun_at + self._rules.rest_s - now)
        return Reason(Cause.limit("phases"), describe(self.outputs, self.pending), left_s)

    def f_for_s(self, now: float) -> float:
        """Seconds of F that are to be shown from now on; 0 where none are."""
        if not (self.pending and self._rules.shows_f) or self._rest_at is None:
            return 0.0
        return self._rest_at + self._rules.rest_s - now

    def _may(self, wanted: int) -> bool:
        """Return True where the set may become *wanted* in this stay."""
        if wanted not in (LOWEST, self._rules.outputs) or self.failures >= MOST_FAILURES:
            return False
        match self._rules.switching:
            case Switching.AUTO:
                return True
            case Switching.DOWN:
                return not self.used or wanted <= self.used
            case _:
                return not self.used

    def _fail(self, now: float, why: str) -> list[ev.Event]:
        wanted, self.pending = self.pending, 0
        self.failures += 1
        return [ev.PhasesNotSwitched(now, self.outputs, wanted, why)]


def describe(before: int, after: int) -> str:
    """Return a change of the set in words."""
    return text(
        "switching from {before} to {after}, with a rest in between",
        before=_phases(before),
        after=_phases(after),
    )


def _phases(count: int) -> str:
    return text("1 phase") if count == 1 else text("{count} phases", count=count)
