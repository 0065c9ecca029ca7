# SPDX-License-Identifier: GPL-3.0-or-later
"""A day at the page, on every screen: plugged in, charging, a cloud, a fault, the feed lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Charger
from tests.browser.watch import DESKTOP_LIGHT, PHONE_DARK, PHONE_LIGHT, SCREENS, Watched, open_page


@pytest.fixture(scope="module")
def pages(browser: Browser, charger: Charger) -> Iterator[list[Watched]]:
    """The page on every screen, open for all of the day."""
    opened = [open_page(browser, charger.url, screen) for screen in SCREENS]
    yield opened
    for watched in opened:
        watched.page.context.close()


def test_the_page_shows_a_car_that_charges_from_the_sun(pages: list[Watched], shots: Path) -> None:
    for watched in pages:
        watched.says("#summary", "Charging, 1.*")
        watched.says("#link", "Live")
        watched.says("#flow_sun", "≥ .* kW")
        watched.is_sound()
        watched.is_still()
        watched.shoot(shots, "charging", keep=watched.screen == DESKTOP_LIGHT)
        watched.shoot(shots, "first", keep=watched.screen == PHONE_DARK, whole=False)


def test_a_cloud_lowers_the_current_and_then_ends_the_charge(
    pages: list[Watched], charger: Charger, shots: Path
) -> None:
    charger.garage.press("dark")
    for watched in pages:
        watched.says("#summary", "wait|nothing on offer|Charging, 6.0 A")
        watched.is_sound()
        watched.shoot(shots, "cloud")


def test_a_car_that_leaves_and_comes_back_is_seen(
    pages: list[Watched], charger: Charger, shots: Path
) -> None:
    charger.garage.press("clear")
    charger.garage.press("unplug")
    for watched in pages:
        watched.says("#summary", "No car")
        watched.says("#flow_car_name", "No car")
        watched.is_sound()
        watched.shoot(shots, "no-car")
    charger.garage.press("plug")
    for watched in pages:
        watched.says("#summary", "Car connected|Charging")
        watched.is_sound()
        watched.shoot(shots, "plugged-in")


def test_a_fault_stands_large_above_all_with_what_to_do(
    pages: list[Watched], charger: Charger, shots: Path
) -> None:
    charger.garage.press("diode_shorted")
    for watched in pages:
        watched.shows("#faults")
        watched.says("#faults .todo", "What to do now: .*")
        watched.says("#summary", "No diode in the car|pilot wire")
        watched.is_sound()
        watched.shoot(shots, "fault", keep=watched.screen == PHONE_LIGHT, whole=False)
    charger.garage.press("car_good")
    charger.garage.press("unplug")
    for watched in pages:
        watched.says("#summary", "No car")
        assert watched.page.locator("#faults").is_hidden()
    charger.garage.press("plug")


def test_a_lost_feed_is_said_where_the_power_flows(
    pages: list[Watched], charger: Charger, shots: Path
) -> None:
    charger.garage.press("feed_pulled")
    for watched in pages:
        watched.shows("#feed_text.warning")
        watched.is_sound()
        watched.shoot(shots, "feed-lost")
    charger.garage.press("feed_none")
    for watched in pages:
        watched.says("#feed_text", "The feed .* reported .*")


def test_a_charger_that_falls_silent_is_never_taken_for_a_live_one(
    pages: list[Watched], charger: Charger, shots: Path
) -> None:
    charger.freeze()
    try:
        for watched in pages:
            watched.shows("#lost")
            watched.says("#lost", "No contact with the charger for .*")
            assert "stale" in watched.page.locator("body").get_attribute("class")
            assert watched.violations() == []
            watched.shoot(shots, "lost", whole=False)
    finally:
        charger.thaw()
    for watched in pages:
        watched.says("#link", "Live.*")
        assert watched.page.locator("#lost").is_hidden()
