# SPDX-License-Identifier: GPL-3.0-or-later
"""Every event is a sentence for people."""

from __future__ import annotations

import pytest

from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause
from evsed.core.text import Text

SENTENCES: list[tuple[ev.Event, str]] = [
    (ev.CarPluggedIn(1.0), "car plugged in"),
    (ev.CarUnplugged(1.0), "car unplugged"),
    (ev.OfferMade(1.0, 9.42), "offering 9.4 A"),
    (ev.OfferWithdrawn(1.0, Cause.limit("feed"), "no sun"), "offer withdrawn: no sun"),
    (ev.CarAsked(1.0), "car asks for power"),
    (ev.CarStopped(1.0), "car stopped asking"),
    (
        ev.CarFlinched(5.0),
        "car stopped asking for a moment: the offer had just changed",
    ),
    (ev.CarWoken(5.0), "trying to wake the car: state F for 4 s"),
    (ev.CarWoken(5.0, 30.0), "trying to wake the car: the pilot's line open for 30 s"),
    (ev.ContactorClosed(1.0, 3), "contactor closed, charging"),
    (
        ev.ContactorOpened(1.0, causes.CAR, "the car no longer asks"),
        "contactor opened: the car no longer asks",
    ),
    (ev.FaultRaised(1.0, "DiodeFault", "no -12 V"), "DiodeFault: no -12 V"),
    (ev.FaultCleared(1.0, "DiodeFault", "unplugged"), "DiodeFault cleared: unplugged"),
    (ev.StateChanged(1.0, "B2", "C2"), "state B2 -> C2"),
    (
        ev.PhasesSwitched(1.0, 3, 1, "2.0 kW spare"),
        "phases switched from 3 to 1: 2.0 kW spare",
    ),
    (
        ev.PhasesNotSwitched(1.0, 1, 3, "a fault came in between"),
        (
            "phases not switched from 1 to 3: a fault came in between; the set stays as it is, "
            "and after a second failure until the car is unplugged"
        ),
    ),
    (ev.StateFShown(1.0, 4.0, "the car sleeps"), "state F for 4 s: the car sleeps"),
    (ev.OwnerAsked(1.0, "10.0.0.5", "mode fast"), "mode fast, ordered by 10.0.0.5"),
    (ev.ButtonPressed(1.0, "long"), "the button on the box was pressed, long"),
    (ev.ButtonPressed(1.0, "short"), "the button on the box was pressed, short"),
    (ev.BoxTrouble(1.0, "the button is stuck"), "the button is stuck"),
    (ev.BoxTrouble(1.0, ""), "light and button on the box are well again"),
]


@pytest.mark.parametrize(("event", "sentence"), SENTENCES)
def test_an_event_reads_as_a_sentence(event: ev.Event, sentence: str) -> None:
    assert str(event) == sentence


def test_an_event_can_be_translated() -> None:
    own_words = {"the button is stuck"}  # of whoever reports it
    for event, sentence in SENTENCES:
        assert isinstance(str(event), Text) or sentence in own_words


def test_no_event_is_without_a_sentence() -> None:
    # Others have events of their own: the daemon, of lines that it leaves out.
    kinds = {kind.__name__ for kind in ev.Event.__subclasses__() if kind.__module__ == ev.__name__}
    assert {type(event).__name__ for event, _ in SENTENCES} == {*ev.KINDS} == kinds
