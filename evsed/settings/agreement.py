# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules between two sections, each checked at the later one, when the earlier is right."""

from __future__ import annotations

import math

from pydantic import ValidationInfo

from evsed.core.pilot.current_transformer import MOST_V
from evsed.core.text import text
from evsed.settings.common import must_be
from evsed.settings.hardware import (
    BoardSettings,
    BoxSettings,
    ContactorSettings,
    InputsSettings,
    WiresSettings,
)
from evsed.settings.meters import MetersSettings
from evsed.settings.sections import CarSettings, SupplySettings, SurplusSettings

METER_HEADROOM = 1.25  # what goes grossly beyond the supply has to be seen as such


def contactors_fit_phases(board: BoardSettings, info: ValidationInfo) -> BoardSettings:
    """Check that there is one output for all phases, or one for each."""
    supply = info.data.get("supply")
    gpios = board.wires.contactor_gpios
    if isinstance(supply, SupplySettings) and len(gpios) not in (1, supply.phases):
        wanted = text("one GPIO, or one per phase: supply.phases is {phases}", phases=supply.phases)
        raise must_be(wanted, key=f"{board.kind}.contactor_gpios", value=gpios)
    return board


def board_can_hold(contactor: ContactorSettings, info: ValidationInfo) -> ContactorSettings:
    """Check that the board has a PWM where the coil is held with less than full power."""
    board = info.data.get("board")
    if isinstance(board, BoardSettings) and board.kind == "kernel" and contactor.hold_duty < 1:
        wanted = text('1.0 where board.kind is "kernel": Linux has no PWM for the contactor')
        raise must_be(wanted, key="hold_duty", value=contactor.hold_duty)
    return contactor


def each_phase_has_an_output(
    contactor: ContactorSettings, info: ValidationInfo
) -> ContactorSettings:
    """Check that each phase has an output of its own where phases are switched."""
    board = info.data.get("board")
    if not isinstance(board, BoardSettings) or contactor.switching == "off":
        return contactor
    if len(board.wires.contactor_gpios) == 1:
        wanted = text(
            '"off" where board.{kind}.contactor_gpios has one GPIO for all phases',
            kind=board.kind,
        )
        raise must_be(wanted, key="switching", value=contactor.switching)
    return contactor


def inputs_fit_the_board(inputs: InputsSettings, info: ValidationInfo) -> InputsSettings:
    """Check that the inputs share no GPIO and no ADC channel with the board."""
    board = info.data.get("board")
    if not isinstance(board, BoardSettings):
        return inputs
    wires, feedbacks = board.wires, inputs.contactor_feedback_gpios
    section = f"board.{board.kind}"
    taken = _gpios(wires, section) | _gpios(board, "board")
    for key, value in inputs:
        for pin in value if isinstance(value, tuple) else (value,):
            if key.endswith(("_gpio", "_gpios")) and pin in taken:
                wanted = text("other than {taken}, which has {pin}", taken=taken[pin], pin=pin)
                raise must_be(wanted, key=key, value=value)
    contactors = len(wires.contactor_gpios)
    if len(feedbacks) not in (0, contactors):
        wanted = text(
            "[] or as many as {section}.contactor_gpios has: {contactors}",
            section=section,
            contactors=contactors,
        )
        raise must_be(wanted, key="contactor_feedback_gpios", value=feedbacks)
    for key, channel in inputs:
        if not key.endswith("_adc_channel"):
            continue
        if channel == board.front_end.pilot_adc_channel:
            wanted = text(
                "other than board.front_end.pilot_adc_channel, which is {channel}",
                channel=channel,
            )
            raise must_be(wanted, key=key, value=channel)
    return inputs


def box_fits_the_board(box: BoxSettings, info: ValidationInfo) -> BoxSettings:
    """Check that light and button share no GPIO with the board and the inputs."""
    board, inputs = info.data.get("board"), info.data.get("inputs")
    taken: dict[int, str] = {}
    if isinstance(board, BoardSettings):
        taken = _gpios(board.wires, f"board.{board.kind}") | _gpios(board, "board")
    if isinstance(inputs, InputsSettings):
        taken |= _gpios(inputs, "inputs")
    for key, pins in (("light_gpios", box.light_gpios), ("button_gpio", (box.button_gpio,))):
        for pin in pins:
            if pin in taken:
                wanted = text("other than {taken}, which has {pin}", taken=taken[pin], pin=pin)
                raise must_be(wanted, key=key, value=getattr(box, key))
    return box


def meter_spans_the_supply(inputs: InputsSettings, info: ValidationInfo) -> InputsSettings:
    """Check that the current transformer sees far more than the supply gives."""
    supply = info.data.get("supply")
    if inputs.current_adc_channel is None or not isinstance(supply, SupplySettings):
        return inputs
    least = METER_HEADROOM * supply.max_current_a / MOST_V
    if inputs.current_a_per_v < least:
        wanted = text(
            "at least {least:g}, so that it spans {times:g} times "
            "supply.max_current_a, which is {max_current_a:g} A: a transformer with "
            "more turns, or a smaller burden",
            least=math.ceil(least * 10) / 10,
            times=METER_HEADROOM,
            max_current_a=supply.max_current_a,
        )
        raise must_be(wanted, key="current_a_per_v", value=inputs.current_a_per_v)
    return inputs


def main_fuse_is_watched(meters: MetersSettings, info: ValidationInfo) -> MetersSettings:
    """Check that there is a meter of the house where it has a limit to keep."""
    supply = info.data.get("supply")
    if not isinstance(supply, SupplySettings) or meters.house.kind:
        return meters
    for key in ("main_fuse_a", "peak_w"):
        if (value := getattr(supply, key)) is not None:
            wanted = text(
                "a section where supply.{key} is set, which is {value:g}: without a "
                "meter of the house it is not known what the house leaves for the car",
                key=key,
                value=value,
            )
            raise must_be(wanted, key="house.kind", value=meters.house.kind)
    return meters


def least_under_most(surplus: SurplusSettings, info: ValidationInfo) -> SurplusSettings:
    """Check that the car's least current is one that the supply gives."""
    supply, least_a = info.data.get("supply"), surplus.car_min_current_a
    if isinstance(supply, SupplySettings) and least_a > supply.max_current_a:
        wanted = text(
            "6 to {max_current_a:g} A, which is supply.max_current_a",
            max_current_a=supply.max_current_a,
        )
        raise must_be(wanted, key="car_min_current_a", value=least_a)
    return surplus


def car_fits_the_supply(car: CarSettings, info: ValidationInfo) -> CarSettings:
    """Check that the car has no more phases than the supply."""
    supply = info.data.get("supply")
    if isinstance(supply, SupplySettings) and car.phases > supply.phases:
        wanted = text("0 to {phases}, which is supply.phases", phases=supply.phases)
        raise must_be(wanted, key="phases", value=car.phases)
    return car


def contactors_are_watched(contactor: ContactorSettings, inputs: InputsSettings) -> None:
    """Check that a contactor that is held or switched by phase has its mirror contact."""
    if contactor.hold_duty < 1 and not inputs.contactor_feedback_gpios:
        wanted = text(
            "1.0, or inputs.contactor_feedback_gpios must name one GPIO for each "
            "contactor: one that lets go while it is held would go unnoticed, and "
            "what holds it does not close it again"
        )
        raise must_be(wanted, key="contactor.hold_duty", value=contactor.hold_duty)
    switching = contactor.switching
    if switching in ("down", "auto") and not inputs.contactor_feedback_gpios:
        wanted = text(
            '"off" or "unplugged", or inputs.contactor_feedback_gpios must name one '
            "GPIO for each contactor: before phases change under a car, every "
            "contact is proved open"
        )
        raise must_be(wanted, key="contactor.switching", value=switching)


def _gpios(section: WiresSettings | BoardSettings | InputsSettings, name: str) -> dict[int, str]:
    """Every GPIO of *section*, with the dotted key that has it; *name* is the section's."""
    found: dict[int, str] = {}
    for key, given in section:
        if key.endswith(("_gpio", "_gpios")):
            pins = given if isinstance(given, tuple) else (given,)
            found |= {pin: f"{name}.{key}" for pin in pins if pin is not None}
    return found
