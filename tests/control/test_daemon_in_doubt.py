# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon that lives and says what it should not: the control process does not rely on it."""

from __future__ import annotations

import pytest

from evsed.control import Control
from evsed.core.pilot.limits import FOREVER, Limit
from evsed.link import LIMIT_HOLDS_S, SetLimits
from tests.sim.bench import Bench

OPENS_WITHIN_S = 6.5  # the car's 3 s at most, 6 s where it does not let go, and a tick or two


def charging(limits: SetLimits) -> Bench:
    """A car that charges; then the daemon says *limits*, and nothing more."""
    bench = Bench(Control)
    bench.run(2)
    bench.offer(16)
    bench.plug_in()
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.send(limits)
    bench.silence()
    return bench


@pytest.mark.parametrize("for_s", [30.0, 1e9, FOREVER])
def test_a_limit_ends_3_s_after_the_daemons_last_word_whatever_end_it_names(for_s: float) -> None:
    bench = charging(SetLimits((Limit("feed", 16.0, 1000.0 + for_s),)))
    bench.run(LIMIT_HOLDS_S - 0.1)
    assert bench.offered_a > 15.9
    bench.run(0.2)

    assert bench.duty == 1.0
    bench.run_until(lambda: not bench.contactor_closed, within=OPENS_WITHIN_S)


def test_limits_that_are_told_again_when_they_are_over_allow_nothing() -> None:
    bench = charging(old := SetLimits((Limit("feed", 16.0, 1000.0),)))
    for _ in range(70):
        bench.send(old)
        bench.run(0.1)

    assert not bench.contactor_closed
