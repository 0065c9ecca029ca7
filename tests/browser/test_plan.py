# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan on every screen: its editor, and the chart with what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PASSWORD, Charger
from tests.browser.watch import SIZES, Screen, open_page

PLAN = """
fetch("/api/v1/controls", {
  method: "PATCH", headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ plan: "25 kWh by Mon-Sun 07:30, 60 kWh by Sat 10:00" }),
}).then((answer) => answer.status)
"""


@pytest.mark.parametrize("screen", SIZES, ids=lambda screen: screen.name)
def test_the_plan_is_sound_on_every_screen(
    browser: Browser, known: Charger, shots: Path, screen: Screen
) -> None:
    watched = open_page(browser, known.url, screen)
    page = watched.page
    page.get_by_label("Log in to change these").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert page.evaluate(PLAN) == 200
    page.get_by_text("Ready by a time:").click()
    expect(page.locator("#control_plan li")).to_have_count(2)
    watched.says("#view_now .expected", "Expected of the plan: 25.0 kWh by .*reached at")
    for percent in (100, 200):
        page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        watched.is_sound()
        watched.shoot(shots, f"plan-{percent}")
    page.context.close()
