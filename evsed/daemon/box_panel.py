# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's side of the box: what its light cannot know by itself, and its button's orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.box.button import Press
from evsed.core.box.light import Hint
from evsed.core.pilot import events as ev
from evsed.core.solar.allotment import AllotmentRule
from evsed.core.text import text
from evsed.core.user.button_orders import BUTTON, ButtonOrder, order_for
from evsed.core.user.controls import ControlsError

if TYPE_CHECKING:
    from evsed.core.car.care import Care
    from evsed.core.solar.allotment import AllotmentResult
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.hub import ChargerHub

_LENT: Final = (AllotmentRule.LENDING, AllotmentRule.MIN_ON, AllotmentRule.PRICED)
_LOST: Final = (
    AllotmentRule.NO_NEWS_YET,
    AllotmentRule.TOO_OLD,
    AllotmentRule.LAST_FORBADE,
    AllotmentRule.DOUBTED,
)


def light_hint(allotment: AllotmentResult | None, care: Care | None) -> Hint:
    """Return what the light is to show beside, by what the feed allows and what the car needs."""
    if care is not None and care.idle:
        return Hint.ASLEEP
    rule = None if allotment is None else allotment.reason.rule
    if rule in _LENT:
        return Hint.LENT
    return Hint.FEED_LOST if rule in _LOST else Hint.NONE


class ButtonHandler:
    """Carries out what the button orders; *may_start*: it may begin a charge."""

    def __init__(self, charger: Charger, hub: ChargerHub, *, may_start: bool) -> None:
        self._charger = charger
        self._hub = hub
        self._may_start = may_start

    async def on_event(self, event: ev.Event) -> None:
        """Carry out the order that *event* gives, where it is a press."""
        if not isinstance(event, ev.ButtonPressed):
            return
        snapshot = self._charger.state.snapshot
        order = order_for(
            Press(event.press),
            () if snapshot is None else snapshot.faults,
            self._hub.orders.controls.mode,
            self._hub.orders.claims,
            may_start=self._may_start,
        )
        if order.refused:
            self._hub.note(
                text("the button on the box changed nothing: {what}", what=order.what), "warning"
            )
            return
        try:
            await self._carry_out(order)
        except ControlsError as error:
            self._hub.note(
                text("the button on the box changed nothing: {error}", error=str(error)), "warning"
            )

    async def _carry_out(self, order: ButtonOrder) -> None:
        hub = self._hub
        if order.acknowledge:
            await hub.acknowledge(BUTTON, order.acknowledge)
        elif order.claim is not None:
            await hub.orders.place_claim(BUTTON, BUTTON, order.claim)
        elif order.mode is not None:
            await hub.orders.update_controls(BUTTON, {"mode": order.mode.value})
        else:
            await hub.orders.withdraw_claim(BUTTON, BUTTON)
