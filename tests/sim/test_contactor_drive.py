# SPDX-License-Identifier: GPL-3.0-or-later
"""Pump, coil and contacts of the simulated box, and what a PWM leaves of a coil's current."""

from __future__ import annotations

import tomllib

import pytest

from evsed.sim.contactor_drive import (
    PULL_IN_S,
    PUMP_HOLD_S,
    RELEASE_S,
    Contactor,
    ContactorDrive,
    coil_share,
)
from hw.tools.simulate import RESULTS

EDGE_S = 0.02


def closed_box(contactor: Contactor) -> tuple[ContactorDrive, float]:
    """A box whose contactor has closed, and the time it is."""
    box = ContactorDrive([contactor])
    box.edge(0.0)
    box.drive(0, 0.0, 1.0)
    box.step(PULL_IN_S)
    assert contactor.closed
    return box, PULL_IN_S


def pass_time(box: ContactorDrive, now: float, seconds: float, *, beats: bool = True) -> float:
    """Let time pass, with an edge every 20 ms or none."""
    end_at = now + seconds
    while now < end_at:
        now += EDGE_S
        if beats:
            box.edge(now)
        box.step(now)
    return now


def test_full_drive_pulls_in_less_holds_and_less_still_lets_go() -> None:
    box, now = closed_box(contactor := Contactor())
    box.drive(0, now, 0.8)
    now = pass_time(box, now, 1.0)
    assert contactor.closed
    box.drive(0, now, 0.5)
    pass_time(box, now, 0.1)

    assert not contactor.closed
    assert contactor.changed_at == pytest.approx(now + RELEASE_S)


def test_what_holds_a_contactor_does_not_close_one() -> None:
    box = ContactorDrive([contactor := Contactor()])
    box.drive(0, 0.0, 0.8)
    pass_time(box, 0.0, 1.0)

    assert not contactor.closed


def test_the_pump_opens_what_is_held_as_it_opens_what_is_driven() -> None:
    for duty in (1.0, 0.8):
        box, now = closed_box(contactor := Contactor())
        box.drive(0, now, duty)
        now = pass_time(box, now, 0.2)
        pass_time(box, now, 0.3, beats=False)
        assert not contactor.closed
        assert contactor.changed_at == pytest.approx(now + PUMP_HOLD_S[1] + RELEASE_S)


def test_contacts_that_were_hindered_move_when_they_are_free() -> None:
    box, now = closed_box(contactor := Contactor())
    contactor.welded = True
    box.drive(0, now, 0.0)
    now = pass_time(box, now, 0.2)
    assert contactor.closed
    contactor.welded = False
    box.step(now + 0.001)

    assert not contactor.closed
    assert contactor.changed_at == now + 0.001


def test_the_coils_share_is_that_of_the_netlists() -> None:
    shares = tomllib.loads(RESULTS.read_text())["hold_shares"]
    assert len(shares) > 3
    for duty, (_, least_mean, most_mean) in shares.items():
        if float(duty) >= 0.6:  # below, current comes and goes in each period
            assert coil_share(float(duty)) == pytest.approx((least_mean + most_mean) / 2, abs=0.03)
        else:
            assert coil_share(float(duty)) <= most_mean
