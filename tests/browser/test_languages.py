# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings, the guide and the plan in each language, on every screen, light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from evsed.frontends.languages import Languages
from tests.browser.conftest import PASSWORD, Charger
from tests.browser.test_plan import PLAN
from tests.browser.watch import SIZES, Watched, open_page

SETTINGS_SECTIONS = "#sections details"
STEPS = ("supply", "board", "sun", "home-assistant")
"""The guide's steps that a box with a password has, in their order."""


def on_every_screen(watched: Watched, shots: Path, name: str) -> None:
    """Judge the view that is open on each screen, and take its picture."""
    for screen in SIZES:
        watched.page.set_viewport_size({"width": screen.width, "height": screen.height})
        watched.page.emulate_media(color_scheme=screen.scheme)
        watched.screen = screen
        watched.is_sound()
        watched.shoot(shots, name)


@pytest.mark.parametrize("language", Languages().offered)
def test_settings_guide_and_plan_are_sound_in_each_language(
    browser: Browser, known: Charger, shots: Path, language: str
) -> None:
    watched = open_page(browser, f"{known.url}settings", SIZES[-1], locale=language)
    page = watched.page
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#language")).to_have_value(language)
    page.fill("#password", PASSWORD)
    page.click("#login button")
    expect(page.locator(SETTINGS_SECTIONS).first).to_be_visible()
    for section in page.locator(SETTINGS_SECTIONS).all():
        section.evaluate("section => { section.open = true; }")
    watched.says("#version", "evsed .*")
    on_every_screen(watched, shots, f"settings-{language}")

    page.click("#guide_open")
    buttons = page.locator("#steps button")
    first = buttons.count() - len(STEPS)
    for number, name in enumerate(STEPS, first):
        buttons.nth(number).click()
        expect(buttons.nth(number)).to_have_attribute("aria-current", "step")
        watched.shows("#step h2")
        on_every_screen(watched, shots, f"guide-{name}-{language}")

    page.goto(known.url)
    assert page.evaluate(PLAN) == 200
    page.locator("#control_plan > summary").click()
    expect(page.locator("#control_plan li")).to_have_count(2)
    watched.shows("#view_now .expected")
    on_every_screen(watched, shots, f"plan-{language}")
    page.context.close()


def test_a_language_is_chosen_at_the_head_of_the_page(browser: Browser, known: Charger) -> None:
    watched = open_page(browser, known.url, SIZES[0])
    page = watched.page
    page.select_option("#language", "fr")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto(f"{known.url}settings")
    expect(page.locator("#language")).to_have_value("fr")
    page.select_option("#language", "")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    watched.is_sound()
    page.context.close()
