# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at charts and at the past: hover, touch, keys, zoom; bars, days, sessions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Charger
from tests.browser.watch import (
    DESKTOP_DARK,
    DESKTOP_LIGHT,
    NARROW,
    PHONE_DARK,
    PHONE_LIGHT,
    Screen,
    Watched,
    open_page,
)

READ = r"\d\d:\d\d: .* for the car, .* drawn, .* offered.*"


def opened(browser: Browser, charger: Charger, screen: Screen = DESKTOP_LIGHT) -> Watched:
    watched = open_page(browser, charger.url, screen)
    watched.says("#summary", "Charging.*")
    # The kept rows are there, not the last seconds alone.
    few = re.compile(r"^\d{1,2}$")
    expect(watched.page.locator("#view_now .plot")).not_to_have_attribute("aria-valuemax", few)
    return watched


def test_hovering_reads_values_and_the_time_is_the_chargers(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = opened(browser, charger)
    over = watched.page.locator("#view_now .u-over")
    box = over.bounding_box()
    assert box is not None
    # A quarter of an hour after the first row of today.
    over.hover(position={"x": 3, "y": 40})
    watched.says("#view_now .read", "00:0.*|00:1.*")
    over.hover(position={"x": box["width"] * 0.8, "y": 40})
    watched.says("#view_now .read", READ)
    watched.shoot(shots, "hover")
    watched.page.mouse.move(5, 5)
    watched.says("#view_now .read", "Touch the chart.*")
    watched.page.context.close()


def test_arrow_keys_read_values_to_those_who_listen(browser: Browser, charger: Charger) -> None:
    watched = opened(browser, charger)
    plot = watched.page.locator("#view_now .plot")
    plot.focus()
    watched.page.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuetext", re.compile("00:00: .*"))
    watched.page.keyboard.press("PageDown")
    watched.page.keyboard.press("PageUp")
    watched.page.keyboard.press("PageUp")
    watched.page.keyboard.press("ArrowLeft")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(READ))
    watched.says("#view_now .read", READ)
    watched.page.context.close()


def test_a_finger_reads_values(browser: Browser, charger: Charger) -> None:
    watched = opened(browser, charger, PHONE_DARK)
    over = watched.page.locator("#view_now .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    watched.page.touchscreen.tap(box["x"] + box["width"] * 0.7, box["y"] + 60)
    watched.says("#view_now .read", READ)
    watched.page.context.close()


def test_two_fingers_zoom_and_keys_do_too(browser: Browser, charger: Charger) -> None:
    watched = opened(browser, charger, PHONE_DARK)
    page = watched.page
    over = page.locator("#view_now .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    middle, y = box["x"] + box["width"] * 0.7, box["y"] + 60
    wire = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        fingers = [{"x": middle - apart, "y": y, "id": 0}, {"x": middle + apart, "y": y, "id": 1}]
        held = [] if kind == "touchEnd" else fingers
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    touch("touchStart", 12)
    for apart in range(14, 61, 2):
        touch("touchMove", apart)
    touch("touchEnd", 60)
    page.touchscreen.tap(box["x"] + 3, y)
    not_at_midnight = re.compile(r"(0[1-9]|1\d):\d\d: .*")
    expect(page.locator("#view_now .read")).to_have_text(not_at_midnight)
    plot = page.locator("#view_now .plot")
    plot.focus()
    page.keyboard.press("0")
    page.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuetext", re.compile("00:00: .*"))
    page.keyboard.press("End")
    page.keyboard.press("+")
    page.keyboard.press("Home")
    expect(plot).to_have_attribute("aria-valuetext", not_at_midnight)
    page.context.close()


def test_a_page_that_was_out_of_sight_fills_in_what_it_did_not_hear(
    browser: Browser, charger: Charger
) -> None:
    watched = opened(browser, charger)
    page = watched.page
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)  # noqa: FBT003 - the script's one argument
    with page.expect_response("**/api/v1/recent"):
        page.evaluate(hide, False)  # noqa: FBT003
    watched.says("#link", "Live")
    plot = page.locator("#view_now .plot")
    plot.focus()
    page.keyboard.press("End")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
        expect(plot).to_have_attribute("aria-valuetext", re.compile(READ))
    watched.is_sound()
    page.context.close()


def test_dragging_zooms_in_and_a_button_goes_back(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = opened(browser, charger)
    page = watched.page
    over = page.locator("#view_now .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=5)
    page.mouse.up()
    over.hover(position={"x": 4, "y": 40})
    read = page.locator("#view_now .read")
    expect(read).not_to_have_text(re.compile("^00:"))
    watched.says("#view_now .read", READ)
    watched.shoot(shots, "zoomed")
    page.get_by_role("button", name="All", exact=True).first.click()
    over.hover(position={"x": 3, "y": 40})
    watched.says("#view_now .read", "00:.*")
    page.context.close()


@pytest.mark.parametrize(
    "screen", [DESKTOP_LIGHT, DESKTOP_DARK, PHONE_DARK, NARROW], ids=lambda screen: screen.name
)
def test_the_history_shows_days_months_and_years_and_every_charge(
    browser: Browser, charger: Charger, shots: Path, screen: Screen
) -> None:
    watched = opened(browser, charger, screen)
    page = watched.page
    page.get_by_role("link", name="History").click()
    watched.says("#periods_sum", "Together: .* kWh, .* % from the sun")
    expect(page.locator("#sessions tr")).to_have_count(12)
    expect(page.locator("#day_chart .u-over")).to_be_visible()
    watched.is_sound()
    watched.shoot(
        shots,
        "history",
        keep=screen == PHONE_DARK,
        whole=screen not in (DESKTOP_LIGHT, PHONE_DARK),
    )
    page.get_by_role("button", name="Earlier charges").click()
    expect(page.locator("#sessions tr")).to_have_count(24)
    page.get_by_role("button", name="Year", exact=True).click()
    expect(page.locator("#bars li")).to_have_count(10)
    page.locator("#bars button:not(:disabled)").last.click()
    expect(page.locator("#bars li")).to_have_count(12)
    watched.shoot(shots, "months", whole=False)
    page.locator("#bars button:not(:disabled)").last.click()
    expect(page.locator("#bars li")).not_to_have_count(12)
    page.locator("#bars button:not(:disabled)").first.click()
    first = page.locator("#bars button:not(:disabled)").first.get_attribute("aria-label")
    watched.says("#day_title", f".*{re.escape(first.split(':')[0].split()[1])} .*")
    watched.is_sound()
    page.context.close()


def test_the_days_before_and_after_are_a_button_away(browser: Browser, charger: Charger) -> None:
    watched = opened(browser, charger)
    page = watched.page
    page.goto(f"{charger.url}#history")
    expect(page.locator("#day_on")).to_be_disabled()
    page.locator("#day_back").click()
    expect(page.locator("#day_on")).to_be_enabled()
    page.locator("#day_on").click()
    expect(page.locator("#day_on")).to_be_disabled()
    with page.expect_download() as coming:
        page.get_by_role("link", name="All as CSV").click()
    lines = coming.value.path().read_text().splitlines()
    assert len(lines) > 20
    assert "energy_wh" in lines[0]
    page.context.close()


@pytest.mark.parametrize("screen", [DESKTOP_DARK, NARROW], ids=lambda screen: screen.name)
def test_the_page_of_the_api_can_be_read_by_everybody(
    browser: Browser, charger: Charger, shots: Path, screen: Screen
) -> None:
    watched = open_page(browser, f"{charger.url}api/v1/docs", screen)
    watched.is_sound()
    watched.shoot(shots, "api", whole=False)
    watched.page.context.close()


def test_without_an_event_stream_the_page_asks_by_itself(
    browser: Browser, charger: Charger
) -> None:
    watched = open_page(browser, "about:blank", PHONE_LIGHT)
    watched.page.route("**/api/v1/events", lambda route: route.abort())
    watched.page.goto(charger.url)
    watched.says("#summary", ".+")
    watched.says("#link", "Live, every 3 s")
    watched.page.context.close()
