# SPDX-License-Identifier: GPL-3.0-or-later
"""The times between the changes of the pilot that evsed generates."""

from __future__ import annotations

from evsed.core.pilot import causes
from evsed.core.pilot.causes import Reason
from evsed.core.pilot.j1772 import NOT_AVAILABLE, STEADY, X1_MIN_S
from evsed.core.pilot.pilot_output import PilotOutput

NOTHING = Reason(causes.HOLD_OFF, "nothing is offered")


def test_the_3_s_of_x1_before_an_offer_begin_when_f_ends() -> None:
    output = PilotOutput(0.0)
    output.update(60.0, 0.0, NOTHING)
    assert output.x1_left_s(60.0) <= 0.0
    output.show_f(60.0, 4.0)
    for now in (60.0, 62.0, 63.9):
        output.update(now, 16.0, NOTHING)
        assert output.duty == NOT_AVAILABLE
        assert output.x1_left_s(now) == X1_MIN_S
    output.update(64.0, 0.0, NOTHING)
    assert output.duty == STEADY
    assert output.x1_left_s(64.0) == X1_MIN_S

    assert output.x1_left_s(66.0) == X1_MIN_S - 2.0
