# SPDX-License-Identifier: GPL-3.0-or-later
"""The orders of the button on the box: it may end a charge, and begins one only where it may."""

from __future__ import annotations

import itertools

import pytest

from evsed.core.box.button import Press
from evsed.core.pilot.faults import JUDGED_AT_THE_BOX, Fault, Recovery
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.button_orders import (
    FAST,
    SUN,
    SWITCHED_OFF,
    order_for,
)
from evsed.core.user.claims import Claim, Claims

NONE = Claims()
CLAIMS = {
    "none": NONE,
    "off": Claims({"button": SWITCHED_OFF}),
    "fast": Claims({"button": FAST}),
    "sun": Claims({"button": SUN}),
}
WAITING = (Recovery.ACKNOWLEDGE, Recovery.SERVICE)


def charges(mode: Mode, claims: Claims) -> int:
    """The car's share: 0 nothing, 1 the sun, 2 the sun and the least, 3 everything."""
    if mode is Mode.OFF or any(claim.charging is False for claim in claims.of.values()):
        return 0
    if claims.only_sun:
        return 1
    if claims.charging:
        return 3
    return {Mode.SOLAR: 1, Mode.SOLAR_MIN: 2, Mode.FAST: 3}[mode]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("before", CLAIMS)
@pytest.mark.parametrize("press", list(Press))
def test_without_permission_nothing_goes_beyond_what_the_owner_has_chosen(
    mode: Mode, before: str, press: Press
) -> None:
    claims = CLAIMS[before]
    order = order_for(press, (), mode, claims, may_start=False)

    assert order.mode is None
    after = claims
    if order.claim is not None:
        after = claims.placed("button", order.claim)
    elif order.withdraw:
        after = claims.withdrawn("button")
    assert charges(mode, after) <= max(charges(mode, claims), charges(mode, NONE))


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.OFF])
@pytest.mark.parametrize("before", ["none", "fast", "sun"])
@pytest.mark.parametrize("may_start", [True, False])
def test_a_long_press_always_ends_a_charge_and_another_gives_back_what_was(
    mode: Mode, before: str, *, may_start: bool
) -> None:
    off = order_for(Press.LONG, (), mode, CLAIMS[before], may_start=may_start)
    assert off.claim == SWITCHED_OFF
    claims = CLAIMS[before].placed("button", SWITCHED_OFF)

    on = order_for(Press.LONG, (), mode, claims, may_start=may_start)
    assert on.withdraw
    assert charges(mode, claims.withdrawn("button")) == charges(mode, NONE)


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN])
def test_a_short_press_changes_between_sun_and_fast_for_the_stay_of_the_car(mode: Mode) -> None:
    fast = order_for(Press.SHORT, (), mode, NONE, may_start=True)
    assert fast.claim is not None
    claims = NONE.placed("button", fast.claim)
    assert claims.charging == "button"
    assert claims.after_unplug() == NONE

    assert order_for(Press.SHORT, (), mode, claims, may_start=True).withdraw


def test_a_short_press_in_mode_fast_leaves_the_sun_for_the_stay_of_the_car() -> None:
    sun = order_for(Press.SHORT, (), Mode.FAST, NONE, may_start=False)
    assert sun.claim is not None
    claims = NONE.placed("button", sun.claim)
    assert claims.only_sun
    assert claims.after_unplug() == NONE

    assert order_for(Press.SHORT, (), Mode.FAST, claims, may_start=False).withdraw


def test_a_short_press_from_the_sun_needs_the_permission() -> None:
    order = order_for(Press.SHORT, (), Mode.SOLAR, NONE, may_start=False)

    assert order.refused
    assert "button_may_start" in order.what


def test_the_owners_off_holds_unless_the_button_may_start() -> None:
    for press in Press:
        assert order_for(press, (), Mode.OFF, NONE, may_start=False).refused
    assert order_for(Press.SHORT, (), Mode.OFF, NONE, may_start=True).refused

    assert order_for(Press.LONG, (), Mode.OFF, NONE, may_start=True).mode is Mode.SOLAR


def test_a_short_press_does_not_end_the_buttons_own_off() -> None:
    order = order_for(Press.SHORT, (), Mode.FAST, CLAIMS["off"], may_start=True)

    assert order.refused
    assert "long press" in order.what


@pytest.mark.parametrize("fault", [f for f in Fault if f.kind.recovery in WAITING])
def test_a_short_press_acknowledges_what_can_be_judged_at_the_box_and_nothing_else(
    fault: Fault,
) -> None:
    order = order_for(Press.SHORT, (fault,), Mode.SOLAR, NONE, may_start=True)

    if fault in JUDGED_AT_THE_BOX:
        assert order.acknowledge == (fault,)
    else:
        assert order.refused
        assert fault.value in order.what


def test_no_fault_that_waits_for_a_repair_is_judged_at_the_box() -> None:
    assert all(fault.kind.recovery is Recovery.ACKNOWLEDGE for fault in JUDGED_AT_THE_BOX)


@pytest.mark.parametrize(
    "faults", list(itertools.permutations((Fault.EMERGENCY_STOP, Fault.CONTACTOR)))
)
def test_a_fault_that_waits_for_a_repair_keeps_the_button_from_acknowledging(
    faults: tuple[Fault, ...],
) -> None:
    assert order_for(Press.SHORT, faults, Mode.SOLAR, NONE, may_start=True).refused


def test_a_fault_that_ends_by_itself_does_not_change_what_a_press_orders() -> None:
    order = order_for(Press.SHORT, (Fault.METER,), Mode.FAST, NONE, may_start=False)

    assert order.claim == SUN


def test_every_claim_of_the_button_ends_when_the_owner_chooses_a_mode() -> None:
    for claims in CLAIMS.values():
        assert claims.after_mode() == NONE


def test_the_claims_of_the_button_outlive_a_restart() -> None:
    for claims in CLAIMS.values():
        assert Claims.from_json(claims.to_json()) == claims


def test_a_claim_of_an_earlier_version_is_read_without_the_sun() -> None:
    kept = {"charging": True, "max_current_a": None, "until_unplugged": True, "yields": True}

    assert Claims.from_json({"mqtt": kept}).of["mqtt"].only_sun is False


def test_the_claims_of_the_button_read_as_what_they_ask() -> None:
    assert [claim.describe() for claim in (SWITCHED_OFF, FAST, SUN)] == [
        "do not charge",
        "charge, until the car is unplugged",
        "only the sun, until the car is unplugged",
    ]


def test_only_the_sun_goes_before_a_program_that_asks_to_charge() -> None:
    claims = CLAIMS["sun"].placed("openevse", Claim(charging=True))

    assert claims.charging == ""
    assert claims.only_sun
