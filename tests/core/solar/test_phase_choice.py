# SPDX-License-Identifier: GPL-3.0-or-later
"""One phase or all: the set that the surplus asks for, second by second."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule
from evsed.core.solar.phase_choice import BOUND_WORDS, ChargeNow, PhaseChoice, PreferredSet
from evsed.core.solar.sun_ahead import UNKNOWN, SunAhead

CONFIG = AllotmentConfig(mains_v=230.0, phases=3, max_current_a=16.0)
SUNNY = SunAhead(((8000.0,) * 8,), 900)  # two hours, of which all phases take more
DULL = SunAhead(((3000.0,) * 8,), 900)


class Day:
    """A charge on switched phases: the set in use *follows* the choice at once, or stays."""

    def __init__(
        self,
        phases: int,
        config: AllotmentConfig = CONFIG,
        *,
        rises: bool = True,
        follows: bool = True,
    ) -> None:
        self._follows = follows
        self.now = 1000.0
        self.rule = PhaseChoice(config, rises=rises)
        self.charge = ChargeNow(phases=phases, plugged=True, begun=True)
        self.lent_wh = 0.0
        self.period_s = 60.0
        self.ahead = UNKNOWN
        self.changes: list[float] = []
        self.choice = PreferredSet(phases, "")

    def run(self, spare_w: float | None, for_s: float, *, fresh: bool = True) -> PreferredSet:
        """Let *for_s* seconds pass with so much to spare."""
        result = AllotmentResult(
            0.0,
            AllotmentReason(AllotmentRule.FOLLOWING),
            available_w=spare_w,
            solar_w=spare_w if fresh else None,
            battery_loan_wh=self.lent_wh,
        )
        for _ in range(round(for_s)):
            self.now += 1.0
            self.choice = self.rule.update(self.now, result, self.charge, self.period_s, self.ahead)
            if self._follows and self.choice.phases != self.charge.phases:
                self.charge = replace(self.charge, phases=self.choice.phases)
                self.changes.append(self.now)
        return self.choice


def test_up_when_the_surplus_has_covered_all_phases_for_three_minutes() -> None:
    day = Day(1)

    day.run(4400.0, 179.0)
    assert day.choice.phases == 1
    assert 0.0 < day.choice.left_s < 5.0
    day.run(4400.0, 3.0)

    assert day.charge.phases == 3


@pytest.mark.parametrize(("amperes", "spare_w"), [(16.0, 4300.0), (32.0, 7500.0)])
def test_no_change_up_to_what_one_phase_can_carry_or_all_need(
    amperes: float, spare_w: float
) -> None:
    """32 A on one phase are 7.36 kW: below that, all phases take no more."""
    day = Day(1, replace(CONFIG, max_current_a=amperes))

    day.run(spare_w, 3600.0)
    assert day.charge.phases == 1
    day.run(spare_w + 150.0, 200.0)

    assert day.charge.phases == 3


def test_a_gap_in_the_sun_has_the_three_minutes_begin_again() -> None:
    day = Day(1)

    day.run(5000.0, 170.0)
    day.run(3000.0, 60.0)
    day.run(5000.0, 170.0)

    assert day.charge.phases == 1


def test_a_slow_feed_has_to_show_it_three_times() -> None:
    day = Day(1)
    day.period_s = 120.0

    day.run(5000.0, 350.0)
    assert day.charge.phases == 1
    day.run(5000.0, 20.0)

    assert day.charge.phases == 3


def test_down_when_one_phase_has_enough_and_all_have_not() -> None:
    day = Day(3)

    day.run(3000.0, 599.0)
    assert day.charge.phases == 3
    day.run(3000.0, 3.0)

    assert day.charge.phases == 1


def test_where_there_is_no_way_up_the_way_down_takes_half_an_hour_whatever_was_lent() -> None:
    day = Day(3, rises=False)
    day.lent_wh = CONFIG.scaled_loan_wh

    day.run(3000.0, 1799.0)
    assert day.charge.phases == 3
    day.run(3000.0, 3.0)

    assert day.charge.phases == 1


def test_where_there_is_no_way_up_all_phases_are_waited_for_while_one_would_have_enough() -> None:
    """A car that is plugged in overnight is not put on one phase for the day at dawn."""
    day = Day(3, rises=False)
    day.charge = replace(day.charge, begun=False)

    day.run(500.0, 20_000.0)
    day.run(2000.0, 5390.0)
    assert day.charge.phases == 3
    assert "they are waited for" in day.choice.why
    assert 0.0 < day.choice.left_s < 20.0
    day.run(2000.0, 20.0)

    assert day.charge.phases == 1


def test_the_next_car_is_waited_for_as_long() -> None:
    day = Day(3, rises=False)
    day.charge = replace(day.charge, begun=False)
    day.run(2000.0, 5000.0)
    day.charge = replace(day.charge, plugged=False)
    day.run(2000.0, 10.0)
    day.charge = replace(day.charge, plugged=True)

    day.run(2000.0, 5000.0)

    assert day.charge.phases == 3


@pytest.mark.parametrize(("ahead", "phases"), [(SUNNY, 3), (DULL, 1)])
@pytest.mark.parametrize("spare_w", [500.0, 2000.0, 5000.0])
def test_where_there_is_no_way_up_the_last_days_choose_the_set_that_the_car_begins_with(
    ahead: SunAhead, phases: int, spare_w: float
) -> None:
    """The car comes in a cloud, or in a gap between two, and stays for the rest of the day."""
    day = Day(4 - phases, rises=False)
    day.charge = replace(day.charge, begun=False)
    day.ahead = ahead

    assert day.run(spare_w, 10.0).phases == phases
    assert "of the last days" in day.choice.why


def test_where_there_is_no_way_up_clouds_take_no_phases_while_more_sun_is_expected() -> None:
    day = Day(3, rises=False)
    day.ahead = SUNNY
    day.run(3000.0, 7200.0)
    assert day.charge.phases == 3

    day.ahead = DULL
    day.run(3000.0, 599.0)
    assert day.charge.phases == 3
    day.run(3000.0, 3.0)

    assert day.charge.phases == 1


@pytest.mark.parametrize("ahead", [UNKNOWN, DULL])
def test_where_there_is_no_way_up_all_phases_stay_while_there_is_enough(ahead: SunAhead) -> None:
    day = Day(3, rises=False)
    day.ahead = ahead

    day.run(5000.0, 7200.0)

    assert day.charge.phases == 3
    assert not day.changes


def test_where_phases_may_rise_the_last_days_do_not_count() -> None:
    day = Day(1)
    day.ahead = DULL

    day.run(5000.0, 200.0)

    assert day.charge.phases == 3


def test_what_is_expected_depends_on_the_phases_that_the_car_uses() -> None:
    """4 kW are enough for two phases, and not for three."""
    day = Day(3, rises=False)
    day.charge = replace(day.charge, begun=False)
    day.ahead = SunAhead(((4000.0,) * 8,), 900)
    assert day.run(4000.0, 1.0).phases == 1

    day.charge = replace(day.charge, car_phases=2)

    assert day.run(4000.0, 1.0).phases == 3


def test_fast_takes_all_phases_whatever_is_expected() -> None:
    day = Day(1, rises=False)
    day.charge = replace(day.charge, begun=False, fast=True)
    day.ahead = DULL

    assert day.run(0.0, 1.0).phases == 3


def test_down_at_once_when_the_battery_has_lent_half_of_its_loan() -> None:
    day = Day(3)
    day.lent_wh = CONFIG.scaled_loan_wh / 2

    assert day.run(3000.0, 2.0).phases == 1


def test_a_change_under_way_is_made_whatever_the_figure_says_while_the_car_rests() -> None:
    day = Day(3, follows=False)
    day.run(3000.0, 60.0)
    day.lent_wh = CONFIG.scaled_loan_wh / 2
    assert day.run(3000.0, 1.0).phases == 1
    day.lent_wh = 0.0
    day.charge = replace(day.charge, switching_to=1)

    choices = [day.run(watts, 5.0) for watts in (3000.0, -1000.0, 5000.0)]
    assert [choice.phases for choice in choices] == [1, 1, 1]
    assert "all phases need 4.1 kW" in choices[-1].why
    day.charge = replace(day.charge, switching_to=0)
    assert day.run(3000.0, 60.0).phases == 3, "it has failed, and its time begins anew"


def test_fast_ends_a_change_to_one_phase_that_is_under_way() -> None:
    day = Day(3, follows=False)
    day.charge = replace(day.charge, switching_to=1, fast=True)

    assert day.run(3000.0, 5.0).phases == 3


def test_no_change_for_sun_that_is_too_little_for_one_phase() -> None:
    day = Day(3)

    day.run(900.0, 3600.0)

    assert not day.changes


def test_ten_minutes_lie_between_two_changes() -> None:
    day = Day(1)
    day.run(5000.0, 200.0)

    day.run(3000.0, 500.0)
    assert day.charge.phases == 3
    day.run(3000.0, 200.0)

    assert day.charge.phases == 1
    assert day.changes[1] - day.changes[0] >= 600.0


def test_restless_sun_changes_at_most_three_times_an_hour_and_six_times_a_day() -> None:
    day = Day(1)
    for _ in range(40):
        day.run(5000.0, 700.0)
        day.run(2000.0, 700.0)

    assert len(day.changes) == 6
    assert day.changes[3] - day.changes[0] >= 3600.0
    assert day.charge.phases == 1, "the last change is kept for the way down"


def test_the_next_day_has_six_changes_of_its_own() -> None:
    day = Day(1)
    for _ in range(40):
        day.run(5000.0, 700.0)
        day.run(2000.0, 700.0)
    day.run(0.0, 86_400.0)

    day.run(5000.0, 200.0)

    assert day.charge.phases == 3


@pytest.mark.parametrize(("spare_w", "phases"), [(5000.0, 3), (3000.0, 1), (500.0, 1)])
@pytest.mark.parametrize("before", [1, 3])
def test_before_the_car_has_begun_the_surplus_of_the_moment_decides(
    before: int, spare_w: float, phases: int
) -> None:
    day = Day(before)
    day.charge = replace(day.charge, begun=False)

    assert day.run(spare_w, 1.0).phases == phases


@pytest.mark.parametrize("phases", [1, 3])
def test_without_fresh_news_nothing_changes(phases: int) -> None:
    day = Day(phases)
    day.charge = replace(day.charge, begun=False)

    assert day.run(None, 1000.0, fresh=False) == PreferredSet(phases, "the feed has no fresh news")


@pytest.mark.parametrize("phases", [1, 3])
def test_a_car_that_uses_one_phase_is_never_switched(phases: int) -> None:
    day = Day(phases)
    day.charge = replace(day.charge, car_phases=1)

    day.run(9000.0 if phases == 1 else 2000.0, 1000.0)

    assert not day.changes


def test_a_car_that_uses_two_phases_goes_up_where_two_are_covered() -> None:
    day = Day(1, replace(CONFIG, max_current_a=8.0))
    day.charge = replace(day.charge, car_phases=2)

    day.run(2 * 6 * 230 + 250.0, 200.0)

    assert day.charge.phases == 3


def test_fast_takes_all_phases_without_waiting() -> None:
    day = Day(1)
    day.charge = replace(day.charge, fast=True)

    assert day.run(0.0, 1.0).phases == 3


def test_a_price_gives_the_sun_its_weight() -> None:
    """Less sun is enough for all phases where importing a part pays."""
    priced = replace(CONFIG, import_price=0.30, feed_in_price=0.08, later_price=0.30)
    day = Day(1, priced)
    need_w = (3 * 6 * 230 + 200) / priced.solar_weight
    assert need_w < 4000.0

    day.run(need_w + 10.0, 200.0)

    assert day.charge.phases == 3


def test_a_central_system_that_allows_one_phase_has_it_at_once_and_all_are_the_suns_again() -> None:
    day = Day(3)
    day.charge = replace(day.charge, most_phases=1)

    day.run(9000.0, 1.0)
    assert day.charge.phases == 1
    assert day.choice.why == BOUND_WORDS
    day.run(9000.0, 3600.0)
    assert day.charge.phases == 1
    day.charge = replace(day.charge, most_phases=0)
    day.run(9000.0, 200.0)
    assert day.charge.phases == 3


def test_a_central_system_that_changes_its_mind_wears_no_contacts() -> None:
    day = Day(3)
    for minute in range(24 * 60):
        day.charge = replace(day.charge, most_phases=minute // 7 % 2)
        day.run(9000.0, 60.0)

    assert 4 <= len(day.changes) <= 6
    assert min(after - before for before, after in pairwise(day.changes)) >= 600.0


def test_a_change_up_that_is_under_way_ends_where_one_phase_is_allowed() -> None:
    day = Day(1, follows=False)
    day.charge = replace(day.charge, switching_to=3, most_phases=1)

    assert day.run(9000.0, 1.0).phases == 1


def test_a_car_that_uses_one_phase_needs_no_change_for_a_central_system() -> None:
    day = Day(3)
    day.charge = replace(day.charge, car_phases=1, most_phases=1)

    assert day.run(9000.0, 10.0).phases == 3


@pytest.mark.parametrize(("most_phases", "phases"), [(0, 3), (1, 1), (2, 1), (3, 3)])
def test_a_fixed_current_has_all_phases_that_a_central_system_allows(
    most_phases: int, phases: int
) -> None:
    charge = ChargeNow(phases=1, plugged=True, begun=False, most_phases=most_phases)
    assert PhaseChoice(CONFIG).update(1000.0, None, charge, 60.0).phases == phases
