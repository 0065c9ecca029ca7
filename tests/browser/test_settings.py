# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings and the guide in a browser: from no password to a supply that is in effect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PASSWORD, Charger
from tests.browser.watch import SIZES, Screen, Watched, open_page


def settings(browser: Browser, charger: Charger, screen: Screen) -> Watched:
    watched = open_page(browser, f"{charger.url}settings", screen)
    watched.page.fill("#password", PASSWORD)
    watched.page.click("#login button")
    watched.says("#state", ".*in effect.*")
    return watched


@pytest.mark.parametrize("screen", SIZES, ids=lambda screen: screen.name)
def test_every_setting_and_every_step_is_shown_on_every_screen(
    browser: Browser, known: Charger, shots: Path, screen: Screen
) -> None:
    watched = settings(browser, known, screen)
    page = watched.page
    page.locator("#section_supply > summary").click()
    page.locator("#section_feed > summary").click()
    expect(page.locator("#set_supply__max_current_a")).to_have_value("32")
    watched.says("#version", "evsed .*")
    watched.is_sound()
    watched.shoot(shots, "settings")
    page.click("#guide_open")
    for name in ("Supply", "Board", "Sun", "Home Assistant"):
        page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
        watched.says("#step h2", name)
        if name == "Board":
            watched.says("#step tbody", ".*The board answers.*yes.*")
        if name == "Sun":
            page.get_by_role("button", name="Try it").click()
            watched.says("#step pre", ".*It was read.*")
        watched.is_sound()
        watched.shoot(shots, f"guide-{name.split(maxsplit=1)[0].lower()}", whole=False)
    page.context.close()


def wait_until_back(page: Page) -> None:
    expect(page.locator("#message")).to_have_text(re.compile(".*evsed is back.*"))


def test_a_fresh_box_is_set_up_without_a_shell(browser: Browser, tmp_path: Path) -> None:
    charger = Charger(tmp_path)
    try:
        watched = open_page(browser, f"{charger.url}settings", SIZES[0])
        page = watched.page
        watched.says("#step", ".*It can be set here now.*")
        watched.is_sound()
        page.fill("#step input[type=password]", PASSWORD)
        page.get_by_role("button", name="Set it").first.click()
        watched.says("#step h2", "Supply")
        page.fill("#step label:nth-of-type(3) input", "20")
        page.fill("#step input[type=password]", PASSWORD)
        page.get_by_role("button", name="Save the supply").click()
        # The car charges: it is taken over when the owner says so.
        page.locator("#apply").click()
        wait_until_back(page)
        expect(page.locator("#set_supply__max_current_a")).to_have_value("20")
        watched.says("#state", ".*in effect.*")
        text = (tmp_path / "settings.toml").read_text()
        assert "max_current_a = 20" in text
        page.context.close()
    finally:
        charger.close()


def test_a_wrong_value_is_said_beside_its_field_and_a_change_is_undone(
    browser: Browser, known: Charger
) -> None:
    watched = settings(browser, known, SIZES[-1])
    page = watched.page
    page.locator("#section_surplus > summary").click()
    page.fill("#set_surplus__loan_wh", "200000")
    page.click("#bar .go")
    watched.says("#set_surplus__loan_wh_error", ".*0 to 100000 Wh.*")
    watched.printed.clear()  # Chromium prints each refusal
    page.fill("#set_surplus__loan_wh", "150")
    page.click("#bar .go")
    expect(page.locator("#undo")).to_be_visible()
    assert "loan_wh = 150" in (known.folder / "settings.toml").read_text()
    page.click("#undo")
    expect(page.locator("#message")).to_have_text(
        re.compile(".*(Done|back|in effect|end of the).*")
    )
    expect(page.locator("#set_surplus__loan_wh")).to_have_value("320")
    assert "loan_wh" not in (known.folder / "settings.toml").read_text()
    watched.is_sound()
    page.context.close()
