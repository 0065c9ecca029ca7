# SPDX-License-Identifier: GPL-3.0-or-later
"""The optional inputs in pigpiod: one round trip for all that are wired."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from evsed.boards.pigpio.burst import CONVERSION_BYTES, conversion
from evsed.boards.pigpio.connection import Batch, read
from evsed.core.pilot.current_transformer import CONVERSIONS
from evsed.core.pilot.protection import Inputs
from evsed.core.pilot.self_checks import GENERATOR_CONVERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evsed.boards.board import BoardConfig

_HEAD_BYTES: Final = 16
_RESULT_AT: Final = 12  # where in an answer's header the result begins


class InputsWanted:
    """The optional inputs that are wired, and the meaning of their answers."""

    def __init__(self, config: BoardConfig) -> None:
        inputs = config.inputs
        self._feedbacks: Final = len(inputs.contactor_feedback_gpios)
        self._has_ground_fault: Final = inputs.ground_fault_gpio is not None
        self._has_stop: Final = inputs.emergency_stop_gpio is not None
        self._gpios: Final = [
            *inputs.contactor_feedback_gpios,
            *(
                gpio
                for gpio in (inputs.ground_fault_gpio, inputs.emergency_stop_gpio)
                if gpio is not None
            ),
        ]
        self._proximity: Final = inputs.proximity_adc_channel
        self._current: Final = inputs.current_adc_channel
        self._coil_supply: Final = inputs.coil_supply_adc_channel
        self._generator: Final = inputs.generator_adc_channel
        self.batch: Batch | None = None

    def prepare(self, spi_handle: int) -> None:
        """Make the requests for one life's SPI handle."""
        asks = [read(gpio) for gpio in self._gpios]
        if self._proximity is not None:
            asks.append(conversion(spi_handle, self._proximity))
        if self._current is not None:
            asks += [conversion(spi_handle, self._current)] * CONVERSIONS
        if self._coil_supply is not None:
            asks.append(conversion(spi_handle, self._coil_supply))
        if self._generator is not None:
            asks += [conversion(spi_handle, self._generator)] * GENERATOR_CONVERSIONS
        self.batch = Batch(asks) if asks else None

    def parse(self, answer: memoryview) -> Inputs:
        """Turn levels into meanings; `InputsConfig` describes the wiring."""
        high = [
            bool(answer[number * _HEAD_BYTES + _RESULT_AT]) for number in range(len(self._gpios))
        ]
        codes = self._codes(answer)
        feedback, rest = high[: self._feedbacks], iter(high[self._feedbacks :])
        return Inputs(
            contactor_feedback=tuple(feedback),
            ground_fault=next(rest) if self._has_ground_fault else None,
            emergency_stop=next(rest) if self._has_stop else None,
            proximity_code=None if self._proximity is None else next(codes),
            current_codes=() if self._current is None else tuple(islice(codes, CONVERSIONS)),
            coil_supply_code=None if self._coil_supply is None else next(codes),
            generator_codes=tuple(codes),
        )

    def _codes(self, answer: memoryview) -> Iterator[int]:
        """The converter's codes, after the levels."""
        at = len(self._gpios) * _HEAD_BYTES
        while at < len(answer):
            at += _HEAD_BYTES + CONVERSION_BYTES
            yield int.from_bytes(answer[at - 2 : at], "big") & 0x3FF
