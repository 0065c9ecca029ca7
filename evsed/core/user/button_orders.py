# SPDX-License-Identifier: GPL-3.0-or-later
"""The order that a press of the button on the box gives.

A person at the box may end a charge at any time. It may go back to what the owner has chosen, too.
More than that, a charge that the owner's mode would not give, needs `may_start`. The orders are a
claim of the program "button", which stands beside the owner's mode and ends when that is chosen
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.box.button import Press
from evsed.core.pilot.faults import JUDGED_AT_THE_BOX, Fault, Recovery
from evsed.core.solar.allotment_config import Mode
from evsed.core.text import text
from evsed.core.user.claims import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evsed.core.user.claims import Claims

BUTTON: Final = "button"
"""The author of its orders, and the program of its claims."""

SWITCHED_OFF: Final = Claim(charging=False, yields=True, kept=True)
FAST: Final = Claim(charging=True, until_unplugged=True, yields=True, kept=True)
SUN: Final = Claim(only_sun=True, until_unplugged=True, yields=True, kept=True)

_MAY_NOT: Final = text("box.button_may_start does not allow the button to begin a charge")


@dataclass(frozen=True, slots=True)
class ButtonOrder:
    """An order: acknowledge, place a claim, withdraw it, or choose a mode; `what` in words.

    Where nothing of it is set, `what` is the reason why nothing is done.
    """

    what: str
    acknowledge: tuple[Fault, ...] = ()
    claim: Claim | None = None
    withdraw: bool = False
    mode: Mode | None = None

    @property
    def refused(self) -> bool:
        """True where nothing is done."""
        return not (self.acknowledge or self.claim or self.withdraw or self.mode)


def order_for(
    press: Press, faults: Iterable[Fault], mode: Mode, claims: Claims, *, may_start: bool
) -> ButtonOrder:
    """Return the order of *press* where *faults* are active and *mode* is the owner's."""
    own = claims.of.get(BUTTON)
    if press is Press.LONG:
        return _long(own, mode, may_start=may_start)
    waiting = [
        fault for fault in faults if fault.kind.recovery in (Recovery.ACKNOWLEDGE, Recovery.SERVICE)
    ]
    if waiting:
        return _acknowledge(waiting)
    if mode is Mode.OFF:
        return ButtonOrder(text("the owner has switched evsed off"))
    if own is not None and own.charging is False:
        return ButtonOrder(text("it is switched off; a long press ends that"))
    return _short(own, mode, may_start=may_start)


def _long(own: Claim | None, mode: Mode, *, may_start: bool) -> ButtonOrder:
    """Off, or on again."""
    if own is not None and own.charging is False:
        return ButtonOrder(text("on again, as before"), withdraw=True)
    if mode is not Mode.OFF:
        return ButtonOrder(text("off"), claim=SWITCHED_OFF)
    if not may_start:
        return ButtonOrder(
            text(
                "the owner has switched evsed off, and box.button_may_start does not allow the "
                "button to begin a charge"
            )
        )
    return ButtonOrder(text("mode solar"), mode=Mode.SOLAR)


def _acknowledge(waiting: list[Fault]) -> ButtonOrder:
    others = [fault.value for fault in waiting if fault not in JUDGED_AT_THE_BOX]
    if others:
        return ButtonOrder(
            text(
                "{others} cannot be judged at the box: acknowledge elsewhere",
                others=", ".join(others),
            )
        )
    return ButtonOrder(text("acknowledge faults"), acknowledge=tuple(waiting))


def _short(own: Claim | None, mode: Mode, *, may_start: bool) -> ButtonOrder:
    """Between sun and fast, until the car is unplugged."""
    if own is not None and (own.charging or own.only_sun):
        return ButtonOrder(text("as the owner has chosen"), withdraw=True)
    if mode is Mode.FAST:
        return ButtonOrder(text("only the sun, until the car is unplugged"), claim=SUN)
    if not may_start:
        return ButtonOrder(_MAY_NOT)
    return ButtonOrder(text("fast, until the car is unplugged"), claim=FAST)
