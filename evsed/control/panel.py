# SPDX-License-Identifier: GPL-3.0-or-later
"""The light and the button of the box at each tick; neither decides anything about a contactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.box.button import BoxButton
from evsed.core.box.light import LightState, Seen, choose, levels
from evsed.core.pilot import events as ev

if TYPE_CHECKING:
    from evsed.boards import Board, BoxConfig


class Panel:
    """One light and one button, as far as *config* has them."""

    def __init__(self, config: BoxConfig) -> None:
        self._outputs: Final = len(config.light_gpios)
        self._button: Final = None if config.button_gpio is None else BoxButton()
        self._state = LightState.NOT_DRIVEN

    @property
    def fitted(self) -> bool:
        """True where there is a light or a button."""
        return bool(self._outputs) or self._button is not None

    @property
    def light(self) -> LightState | None:
        """The state that the light shows; None where there is no light."""
        return self._state if self._outputs else None

    @property
    def trouble(self) -> str:
        """Reason why the button orders nothing; "" where it is well, or there is none."""
        return "" if self._button is None else self._button.trouble

    def update(self, now: float, board: Board, seen: Seen) -> list[ev.Event]:
        """Have the light show *seen*, and return the button's events."""
        if self._outputs:
            self._state = choose(seen)
            board.set_light(levels(self._state, now, self._outputs))
        if self._button is None:
            return []
        before = self._button.trouble
        press = self._button.update(now, board.button_pressed)
        events: list[ev.Event] = []
        if self._button.trouble != before:
            events.append(ev.ButtonTrouble(now, self._button.trouble))
        if press is not None:
            events.append(ev.ButtonPressed(now, press.value))
        return events

    def on_board_lost(self) -> None:
        """Note that nothing drives the light now."""
        self._state = LightState.NOT_DRIVEN
