# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated house: its page against real ones, its weather, its battery, its stamps."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import ClientSession, ServerDisconnectedError
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from evsed.errors import FeedError
from evsed.feeds.batterymonitor import parse_page
from evsed.sim.demand_manager import DemandManager, Formula
from evsed.sim.excess_page import PageReading, render_page, render_text
from evsed.sim.house import Battery, Clouds, FeedFault, House, Loads, Sun
from evsed.sim.house_server import PATH, feed_app

PAGES = Path(__file__).parents[1] / "pages"
NOON = datetime(2026, 11, 22, 12, 0, 0)  # noqa: DTZ001 - the server's clock has no zone

# file: Current Time, Timestamp (of 22 November 2026), excess, minimum, maximum
REAL_PAGES = {
    "across-the-hour": ("120003", "115902", 2210, 0, 5000),
    "before-the-hour": ("115959", "115902", 2210, 0, 5000),
    "minimum-demand": ("121004", "121002", -3000, 1500, 5000),
    "near-midnight": ("235958", "235902", -612, 0, 3500),
    "no-charging": ("141009", "141002", -2400, 0, 0),
    "stale": ("142509", "141002", 990, 0, 5000),
    "surplus": ("113004", "113002", 1834, 0, 5000),
    "surplus-next-minute": ("113104", "113102", -105, 0, 5000),
}


def moment(hhmmss: str) -> datetime:
    return datetime.strptime(f"20261122{hhmmss}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - as above


def house(**changes: object) -> House:
    """A house at noon on a clear day with nothing switched on, feed every minute."""
    plain: dict[str, object] = {
        "sun_h": 12.0,
        "sun": lambda _day_s: 3000.0,
        "loads": lambda _at_s: 500.0,
    }
    return House(0.0, NOON, **(plain | changes))  # type: ignore[arg-type]  # any field may be set


def run(home: House, until_s: float, car_w: float = 0.0, step_s: float = 1.0) -> None:
    for step in range(1, round(until_s / step_s) + 1):
        home.step(step * step_s, car_w)


# -- the page --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REAL_PAGES)
def test_the_page_is_byte_for_byte_what_php_printed(name: str) -> None:
    now, stamp, excess_w, minimum_w, maximum_w = REAL_PAGES[name]
    summary = PageReading(moment(stamp), excess_w, minimum_w, maximum_w)
    real = (PAGES / f"{name}.html").read_text()
    assert render_page(summary, moment(now)) == real
    without = "".join(line for line in real.splitlines(keepends=True) if "Error" not in line)
    assert render_page(summary, moment(now), php_error=False) == without


def test_every_real_page_is_covered() -> None:
    assert {path.stem for path in PAGES.glob("*.html")} == set(REAL_PAGES)


def test_the_plain_form_has_the_same_lines_without_tags() -> None:
    summary = PageReading(moment("113002"), 1834)
    text = render_text(summary, moment("113004"))
    real = (PAGES / "surplus.html").read_text().splitlines()
    inside = [line.removeprefix("<p>").removesuffix("</p>") for line in real if line[:3] == "<p>"]
    assert text == "".join(f"{line}  \n" for line in inside)
    assert "Error: [8192]" in render_text(summary, moment("113004"), php_error=True)


@given(
    excess_w=st.floats(-99_000, 99_000),
    minimum_w=st.floats(0, 9_000),
    more_w=st.floats(0, 9_000),
    age_s=st.integers(0, 3_000),
    plain=st.booleans(),
    php_error=st.booleans(),
)
def test_the_real_parser_reads_back_what_the_house_says(
    excess_w: float, minimum_w: float, more_w: float, age_s: int, *, plain: bool, php_error: bool
) -> None:
    summary = PageReading(NOON, excess_w, minimum_w, minimum_w + more_w)
    render = render_text if plain else render_page
    reading = parse_page(render(summary, NOON + timedelta(seconds=age_s), php_error=php_error))
    assert reading.excess_w == round(excess_w)
    assert reading.minimum_w == round(minimum_w)
    assert reading.maximum_w == round(minimum_w + more_w)
    assert reading.stamp == "20261122120000"
    assert reading.age_s == age_s


# -- weather and loads -----------------------------------------------------------------------------


def test_a_clear_day_is_a_bell() -> None:
    sun = Sun(peak_w=4000, rises_h=6, sets_h=20)
    assert sun.power_w(5 * 3600) == sun.power_w(21 * 3600) == 0.0
    assert sun.power_w(13 * 3600) == pytest.approx(4000)
    assert sun.power_w(10 * 3600) == pytest.approx(sun.power_w(16 * 3600))
    morning = [sun.power_w(s) for s in range(6 * 3600, 13 * 3600, 60)]
    assert morning == sorted(morning)


@given(at_s=st.floats(0, 1e6), cover=st.floats(0, 1), depth=st.floats(0, 1), seed=st.integers(0, 9))
def test_clouds_take_between_nothing_and_their_depth(
    at_s: float, cover: float, depth: float, seed: int
) -> None:
    light = Clouds(cover, depth, seed=seed).light(at_s)
    assert 1.0 - depth - 1e-9 <= light <= 1.0


def test_clouds_cover_about_their_share_come_and_go_and_are_repeatable() -> None:
    lights = [Clouds(cover=0.5, depth=0.8, seed=2).light(s) for s in range(36_000)]
    again = [Clouds(cover=0.5, depth=0.8, seed=2).light(s) for s in range(36_000)]
    other = [Clouds(cover=0.5, depth=0.8, seed=3).light(s) for s in range(36_000)]
    assert lights == again != other
    assert 0.3 < sum(light < 0.99 for light in lights) / len(lights) < 0.7
    steps = [abs(after - before) for before, after in pairwise(lights)]
    assert max(steps) < 0.2, "a cloud's edge takes seconds"
    assert set(map(Clouds(cover=0.0).light, range(1000))) == {1.0}


def test_the_fridge_cycles_and_the_kettle_boils_as_often_as_told() -> None:
    loads = Loads(base_w=200, fridge_w=100, kettle_w=2000, kettles_per_hour=2.0, seed=1)
    day = [loads.power_w(s) for s in range(0, 86_400, 10)]
    assert set(day) == {200, 300, 2200, 2300}
    boiling_h = sum(watts > 2000 for watts in day) * 10 / 3600
    assert boiling_h == pytest.approx(2.0 * 24 * 180 / 3600, rel=0.35)


# -- battery and balance ---------------------------------------------------------------------------


def test_what_is_left_over_goes_into_the_battery_the_cars_draw_taken_off() -> None:
    home = house()
    run(home, 10, car_w=1000)
    assert home.battery_w == pytest.approx(1500)
    assert home.battery.charge_wh == pytest.approx(9000 + 1500 * 10 / 3600)


def test_a_nearly_full_battery_takes_less_and_a_full_one_nothing() -> None:
    battery = Battery(capacity_wh=10_000, charge_wh=9_800, max_w=4_000, taper_share=0.96)
    assert battery.exchange(5_000, 0.0) == pytest.approx(2_000)
    battery.charge_wh = 10_000
    assert battery.exchange(5_000, 0.0) == pytest.approx(0.0)
    assert battery.exchange(-500, 0.0) == -500


def test_an_empty_battery_gives_nothing_and_no_battery_goes_beyond_its_power() -> None:
    assert Battery(charge_wh=0.0).exchange(-1_000, 1.0) == 0.0
    assert Battery(max_w=3_000).exchange(-9_000, 0.0) == -3_000


@given(powers=st.lists(st.floats(-20_000, 20_000), max_size=50))
def test_the_charge_stays_within_the_battery(powers: list[float]) -> None:
    battery = Battery()
    for watts in powers:
        battery.exchange(watts, 0.5)
        assert 0.0 <= battery.charge_wh <= battery.capacity_wh


def test_a_fast_sun_shows_a_day_in_ten_minutes_while_the_servers_clock_keeps_its_pace() -> None:
    home = house(speed=144.0, sun_h=0.0, sun=Sun().power_w)
    seen_w = []
    for now in range(1, 601):
        home.step(float(now), 0.0)
        seen_w.append(home.solar_w)
    assert max(seen_w) == pytest.approx(5000, rel=0.01)
    assert seen_w[10] == seen_w[-10] == 0.0
    assert home.server_now(600.0) == NOON + timedelta(minutes=10)


def test_shade_by_hand_and_an_extra_load_act_at_once() -> None:
    home = house()
    home.shade = 0.5
    assert home.spare_w(1.0) == pytest.approx(1000)
    home.extra_load_w = 2_000
    assert home.spare_w(1.0) == pytest.approx(-1000)


# -- stamps and published values -------------------------------------------------------------------


def test_a_reading_is_stamped_two_seconds_past_the_minute_and_on_the_page_a_second_later() -> None:
    home = house()
    run(home, 62.9, step_s=0.1)
    assert home.published.stamp == NOON + timedelta(seconds=2)
    home.step(63.0, 0.0)
    assert home.published.stamp == NOON + timedelta(seconds=62)


def test_the_value_is_the_mean_over_the_window_before_the_stamp() -> None:
    """1000 W from 52 to 57 s and 2500 W to 62 s: 1750 W over the last ten seconds."""
    home = house(window_s=10.0)
    for now in range(1, 64):
        home.step(float(now), 1500.0 if now <= 57 else 0.0)
    assert home.published.excess_w == pytest.approx((5 * 1000 + 5 * 2500) / 10)
    moment_only = house(window_s=0.0)
    for now in range(1, 64):
        moment_only.step(float(now), 1500.0 if now <= 57 else 0.0)
    assert moment_only.published.excess_w == pytest.approx(2500)


def test_battery_power_is_a_correction_that_contains_the_cars_own_draw() -> None:
    home = house()
    run(home, 64, car_w=2500)
    assert home.published.excess_w == pytest.approx(0.0)


def test_batterymonitors_formula_wants_an_error_of_charge_repaired_in_a_minute() -> None:
    """1 % of 15 kWh is 150 Wh: 9 kW."""
    home = house(demand=DemandManager(), speed=0.0)
    home.battery = Battery(capacity_wh=15_000, charge_wh=13_650, target_share=0.9)
    run(home, 64, car_w=2500)
    assert home.published.excess_w == pytest.approx(9_000)


@pytest.mark.parametrize(
    ("formula", "excess_w"), [(Formula.MINUTE, 9_000), (Formula.HOUR, 150), (Formula.PLAIN, 0)]
)
def test_each_version_counts_the_error_of_charge_in_its_own_way(
    formula: Formula, excess_w: float
) -> None:
    home = house(demand=DemandManager(formula), speed=0.0)
    home.battery = Battery(capacity_wh=15_000, charge_wh=13_650, target_share=0.9)
    run(home, 64, car_w=2500)
    assert home.published.excess_w == pytest.approx(excess_w)


def test_the_battery_comes_first_until_it_is_at_its_target() -> None:
    home = house(demand=DemandManager(maximum_w=5_000), speed=0.0)
    seen = []
    for charge in (0.91, 0.88, 0.86, 0.88, 0.89, 0.90, 0.88):
        home.battery.charge_wh = charge * home.battery.capacity_wh
        home.step(home._now + 60.0, 0.0)  # noqa: SLF001 - a minute later
        home.step(home._now + 4.0, 0.0)  # noqa: SLF001 - and its page
        seen.append(home.published.maximum_w)
    assert seen == [5000, 5000, 0, 0, 0, 5000, 5000]


def test_a_target_that_follows_the_charge_moves_in_steps_of_a_percent() -> None:
    demand = DemandManager(target_share=0.8, margin_share=0.03, tracking=True)
    errors_w = [demand.excess_w(0.0, 100.0 * charge, 10_000.0) for charge in range(78, 90)]
    assert errors_w[0] == pytest.approx(-60 * 300)  # begins 3 % above the charge, or at its setting
    assert max(errors_w) <= 60 * 401
    assert demand.tracked_share == pytest.approx(0.87, abs=0.011)
    for charge in range(89, 60, -1):
        demand.excess_w(0.0, 100.0 * charge, 10_000.0)
    assert demand.tracked_share == pytest.approx(0.8)


def test_before_the_first_reading_the_page_has_an_old_one_with_nothing_to_spare() -> None:
    home = house()
    home.step(0.5, 0.0)
    assert home.published.excess_w == 0.0
    assert home.published.stamp == NOON - timedelta(seconds=58)


def test_demands_are_published_with_the_next_reading() -> None:
    home = house(minimum_w=1500.0, maximum_w=3500.0)
    run(home, 64)
    assert (home.published.minimum_w, home.published.maximum_w) == (1500.0, 3500.0)


def test_the_servers_clock_goes_back_in_autumn() -> None:
    home = house()
    run(home, 64)
    home.clock_shift_s = -3600.0
    home.step(124.0, 0.0)
    assert home.published.stamp == NOON + timedelta(seconds=122, hours=-1)


def test_a_short_period_gives_news_every_ten_seconds() -> None:
    home = house(period_s=10.0)
    stamps = set()
    for now in range(1, 61):
        home.step(float(now), 0.0)
        stamps.add(home.published.stamp)
    assert len(stamps) == 7  # six, and the one that stood there before


# -- faults ----------------------------------------------------------------------------------------


def test_a_stale_feed_goes_on_showing_the_old_stamp_and_then_catches_up() -> None:
    home = house()
    run(home, 64)
    home.fault = FeedFault.STALE
    for now in range(65, 400):
        home.step(float(now), 0.0)
    assert parse_page(home.page(399.0)).age_s == pytest.approx(337)
    home.fault = FeedFault.NONE
    home.step(400.0, 0.0)
    assert parse_page(home.page(400.0)).age_s < 60


@pytest.mark.parametrize("excess_w", [1834.0, 0.0, -3000.0])
def test_a_torn_page_says_two_different_things(excess_w: float) -> None:
    home = house(fault=FeedFault.TORN)
    home.published = PageReading(NOON, excess_w)
    values = [line for line in home.page(1.0).splitlines() if "Excess solar" in line]
    assert len(set(values)) == 2
    with pytest.raises(FeedError):
        parse_page(home.page(1.0))


def test_garbage_is_refused_and_a_huge_page_is_huge() -> None:
    home = house(fault=FeedFault.GARBAGE)
    with pytest.raises(FeedError):
        parse_page(home.page(1.0))
    home.fault = FeedFault.HUGE
    assert len(home.page(1.0)) > 1_000_000


# -- the server ------------------------------------------------------------------------------------


async def served(home: House, *, slow_s: float = 0.0) -> TestClient:  # type: ignore[type-arg]
    client = TestClient(TestServer(feed_app(home, lambda: 5.0, slow_s=slow_s)))
    await client.start_server()
    return client


async def test_the_server_gives_the_page_of_this_moment() -> None:
    home = house()
    client = await served(home)
    async with client, client.get(PATH) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert await answer.text() == home.page(5.0)


async def test_a_pulled_feed_hangs_up_without_an_answer() -> None:
    client = await served(house(fault=FeedFault.PULLED))
    async with client, ClientSession() as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get(client.make_url(PATH))


async def test_an_error_is_a_500_and_a_slow_page_comes_in_the_end() -> None:
    home = house(fault=FeedFault.ERROR)
    client = await served(home)
    async with client:
        async with client.get(PATH) as answer:
            assert answer.status == 500
        home.fault = FeedFault.SLOW
        home.plain_text = True
        async with client.get(PATH) as answer:
            assert answer.content_type == "text/plain"
