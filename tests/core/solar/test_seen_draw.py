# SPDX-License-Identifier: GPL-3.0-or-later
"""The draw of a car as a figure with the error of charge in it shows it."""

from __future__ import annotations

import math

import pytest

from evsed.core.solar.excess_formula import ExcessDecoder
from evsed.core.solar.phase_answers import CEILINGS_A
from evsed.core.solar.seen_draw import SeenDraw


@pytest.mark.parametrize("step_s", [2.0, 20.0, 55.0])
@pytest.mark.parametrize("period_s", [10.0, 60.0])
def test_what_is_bare_of_charge_moves_by_the_seen_draw_whenever_a_step_is_made(
    period_s: float, step_s: float
) -> None:
    decoder, seen = ExcessDecoder(4140.0), SeenDraw()
    state_w, drew_a = 40_000.0, 0.0
    found = []
    for reading in range(1, 101):
        draw_a = 10.0 if reading > 90 else 0.0
        late = min(1.0, step_s / period_s)
        mean_a = late * drew_a + (1 - late) * draw_a
        state_w += period_s / 60 * (5000.0 - 460.0 * mean_a)
        figure_w = 5000.0 - 460.0 * draw_a + state_w
        decoder.decode(figure_w, 460.0 * draw_a, 460.0 * mean_a, period_s)
        charged = decoder.bare_w is not None
        moment, since = dict.fromkeys(CEILINGS_A, draw_a), dict.fromkeys(CEILINGS_A, mean_a)
        seen.add(moment.__getitem__, since.__getitem__, period_s, charged=charged)
        found.append((decoder.bare_w or 0.0) + 460.0 * seen.seen_a[math.inf])
        drew_a = draw_a

    assert found[88:] == pytest.approx([found[88]] * 12, abs=30.0)


def test_after_figures_were_forgotten_the_next_shows_its_own_moment() -> None:
    seen = SeenDraw()
    seen.add(lambda _: 6.0, lambda _: 3.0, 60.0, charged=True)
    seen.add(lambda _: 10.0, lambda _: 9.0, 60.0, charged=True)
    assert seen.seen_a[math.inf] > 10.5
    seen.forget()
    seen.add(lambda _: 10.0, lambda _: 8.0, 60.0, charged=True)

    assert seen.seen_a[math.inf] == 10.0
