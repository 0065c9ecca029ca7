# SPDX-License-Identifier: GPL-3.0-or-later
"""The light and the button of the box at each tick; neither decides anything about a contactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.box.button import BoxButton
from evsed.core.box.light import LightState, Seen, choose, levels
from evsed.core.pilot import events as ev
from evsed.core.text import listed, text

if TYPE_CHECKING:
    from evsed.boards import Board, BoxConfig


class Panel:
    """One light and one button, as far as *config* has them."""

    def __init__(self, config: BoxConfig) -> None:
        self._outputs: Final = len(config.light_gpios)
        self._button: Final = None if config.button_gpio is None else BoxButton()
        self._state = LightState.NOT_DRIVEN
        self._trouble = ""

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
        """The fault of the light or the button, in words; "" where both are well."""
        return self._trouble

    def update(self, now: float, board: Board, seen: Seen) -> list[ev.Event]:
        """Have the light show *seen*, and return the button's events."""
        if self._outputs:
            self._state = choose(seen)
            board.set_light(levels(self._state, now, self._outputs))
        press = None if self._button is None else self._button.update(now, board.button_pressed)
        events: list[ev.Event] = []
        if (trouble := self._find_trouble(board)) != self._trouble:
            self._trouble = trouble
            events.append(ev.BoxTrouble(now, trouble))
        if press is not None:
            events.append(ev.ButtonPressed(now, press.value))
        return events

    def _find_trouble(self, board: Board) -> str:
        """Name the GPIOs that evsed was not given, else what is wrong with the button."""
        if refused := board.box_refused:
            names = listed(f"GPIO {gpio}" for gpio in refused)
            return text(
                "{names} of [box] cannot be used, so the light shows too little or the "
                "button does nothing; charging goes on; another program has it, or "
                "pigpiod's -x leaves it out",
                names=names,
            )
        return "" if self._button is None else self._button.trouble

    def on_board_lost(self) -> None:
        """Note that nothing drives the light now."""
        self._state = LightState.NOT_DRIVEN
