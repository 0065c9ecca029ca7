# SPDX-License-Identifier: GPL-3.0-or-later
"""Every view on every screen, light and dark, at one and two times the size of text."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Charger
from tests.browser.watch import SIZES, Screen, open_page

SMALL = Screen("small-light", 360, 640, "light", mobile=True)
FIRST = ("summary", "reason", "power", "session_kwh", "since", "done", "modes")


def test_the_first_screen_of_a_phone_answers_what_people_ask(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = open_page(browser, charger.url, SMALL)
    watched.says("#summary", "Charging, 1.*")
    watched.says("#power", r"\d+\.\d")
    for name in FIRST:
        box = watched.page.locator(f"#{name}").bounding_box()
        assert box is not None, name
        assert box["y"] + box["height"] <= SMALL.height, name
    watched.says("#done", "≈ .*")  # the made-up past has a habit
    watched.shoot(shots, "first-screen", whole=False)
    watched.page.context.close()


@pytest.mark.parametrize("screen", SIZES, ids=lambda screen: screen.name)
@pytest.mark.parametrize("view", ["now", "history"])
def test_every_view_is_sound(
    browser: Browser, charger: Charger, shots: Path, screen: Screen, view: str
) -> None:
    watched = open_page(browser, f"{charger.url}#{view}", screen)
    watched.says("#summary", ".+")
    current = watched.page.locator("nav a[aria-current]")
    expect(current).to_have_attribute("href", f"#{view}")
    if view == "history":
        expect(watched.page.locator("#sessions tr").first).to_be_visible()
    for percent in (100, 200):
        watched.page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        watched.is_sound()
        watched.shoot(shots, f"{view}-{percent}")
    watched.page.context.close()
