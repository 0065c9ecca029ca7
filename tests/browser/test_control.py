# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling the charger what to do: without a password, with a wrong one, with the right one."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from playwright.sync_api import Browser, expect

from evsed.frontends.web.auth.password import keep
from tests.browser.conftest import Charger
from tests.browser.watch import DESKTOP_DARK, PHONE_LIGHT, Watched, open_page

PASSWORD = "made up for a test"


def logged_in(browser: Browser, charger: Charger) -> Watched:
    if not charger.password_file.exists():
        keep(charger.password_file, PASSWORD)
    watched = open_page(browser, charger.url, PHONE_LIGHT)
    watched.page.get_by_label("Log in to change these").fill(PASSWORD)
    watched.page.get_by_role("button", name="Log in", exact=True).click()
    expect(watched.page.get_by_role("button", name="Log out")).to_be_visible()
    return watched


def test_without_a_password_the_page_says_how_to_set_one(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = open_page(browser, charger.url, DESKTOP_DARK)
    watched.says("#no_password", ".*sudo evsed password.*")
    watched.says("#summary", "No car|Car connected.*|Charging.*")
    expect(watched.page.get_by_role("button", name="Fast")).to_be_disabled()
    expect(watched.page.locator("#login")).to_be_hidden()
    watched.is_sound()
    watched.shoot(shots, "no-password")
    watched.page.context.close()


def test_a_wrong_password_opens_nothing(browser: Browser, charger: Charger, shots: Path) -> None:
    keep(charger.password_file, PASSWORD)
    watched = open_page(browser, charger.url, PHONE_LIGHT)
    watched.page.get_by_label("Log in to change these").fill("something else")
    watched.page.keyboard.press("Enter")
    watched.says("#controls_message", "the password is wrong")
    expect(watched.page.get_by_role("button", name="Fast")).to_be_disabled()
    watched.shoot(shots, "wrong-password")
    # What a browser prints of its own about a 401; the page prints nothing.
    assert len(watched.printed) == 1
    assert "401" in watched.printed[0]
    watched.page.context.close()


def test_another_programs_word_is_shown_and_a_mode_ends_it(
    browser: Browser, charger: Charger
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    override = f"{charger.url.rstrip('/')}/override"
    said = page.request.post(override, data={"state": "disabled"})
    assert (said.status, said.json()) == (200, {"msg": "OK"})  # by the session of the page
    watched.says("#mode_help", ".*Home Assistant or evcc asks: do not charge.*")
    sun = page.get_by_role("button", name="Sun", exact=True)
    expect(sun).to_have_attribute("aria-pressed", "true")  # the owner's mode is still the owner's
    watched.is_sound()
    page.get_by_role("button", name="Off", exact=True).click()
    watched.says("#mode_help", "No charging until you choose another mode[.]")
    refused = page.request.post(override, data={"state": "active"})
    assert refused.status == 400
    watched.page.context.close()


def test_who_logs_in_can_change_mode_and_limits_and_everybody_sees_who_did(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    page.get_by_role("button", name="Fast").click()
    expect(page.get_by_role("button", name="Fast")).to_have_attribute("aria-pressed", "true")
    most = page.get_by_label("No more than")
    most.fill("8")
    most.press("Enter")
    watched.says("#controls_message", "Done: .*8.*")
    watched.says("#limits", ".*You.*8.0 A.*")
    watched.says("#events", ".*127.0.0.1.*")
    most.fill("5")
    most.press("Enter")
    expect(most).to_have_attribute("aria-invalid", "true")
    watched.shoot(shots, "controls")
    assert all("422" in line for line in watched.printed)
    watched.printed.clear()
    watched.is_sound()
    page.context.close()


def test_the_weekly_window_is_made_of_days_and_times(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page

    def kept() -> object:
        return page.evaluate(
            "fetch('/api/v1/controls').then((a) => a.json()).then((c) => c.window)"
        )

    page.get_by_role("button", name="Add days and times").click()
    for name in ("Sat", "Sun"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_label("From", exact=True).fill("22:00")
    page.get_by_label("To", exact=True).fill("00:00")
    watched.says("#controls_message", "Done: .*22:00-24:00")
    assert kept() == "Sat,Sun 22:00-24:00"
    page.reload()
    expect(page.get_by_label("From", exact=True)).to_have_value("22:00")
    expect(page.locator("#window_ranges :checked")).to_have_count(2)
    watched.is_sound()
    watched.shoot(shots, "window")
    page.get_by_role("button", name="Remove this range").click()
    expect(page.locator("#window_ranges li")).to_have_count(0)
    watched.says("#controls_message", "Done: ")
    assert kept() is None
    page.context.close()


def test_a_plan_is_made_of_energy_days_and_a_time(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    editor = page.locator("#control_plan")

    def kept() -> object:
        return page.evaluate("fetch('/api/v1/controls').then((a) => a.json()).then((c) => c.plan)")

    page.get_by_text("Ready by a time:").click()
    editor.get_by_label("Energy, kWh").fill("20")
    editor.get_by_role("checkbox", name="Sat").check()
    editor.get_by_role("checkbox", name="Sun").check()
    editor.get_by_label("Ready by", exact=True).fill("07:30")
    editor.get_by_label("Ready by", exact=True).blur()
    watched.says("#controls_message", "Done: ready with 20 kWh by Sat,Sun 07:30.*")
    assert kept() == "20 kWh by Sat,Sun 07:30"
    expect(page.locator("#mode_help")).to_contain_text("The plan: 20 kWh by")
    editor.get_by_text("From per cent to energy").click()
    for label, value in (
        ("Battery now, %", "40"),
        ("Battery then, %", "80"),
        ("Battery, kWh", "58"),
    ):
        editor.get_by_label(label).fill(value)
    editor.get_by_role("button", name="Put it in").click()
    watched.says("#controls_message", "Done: ready with 25.8 kWh by Sat,Sun 07:30.*")
    watched.is_sound()
    watched.shoot(shots, "plan")
    for name in ("Mon", "Tue", "Wed", "Thu", "Fri"):  # due within a day, whatever day it is
        editor.get_by_role("checkbox", name=name).check()
    watched.says("#controls_message", "Done: ready with 25.8 kWh by Mon-Sun 07:30.*")
    plot = page.locator("#view_now .plot")
    read = page.locator("#view_now .read")
    plot.focus()
    # The rows to come are there with the next status but one.
    for _ in range(100):
        plot.press("End")
        if "expected" in read.inner_text():
            break
        page.wait_for_timeout(200)
    expect(read).to_contain_text(re.compile(r"expected [\d.]+ kW · [\d.]+ of 25.8 kWh"))
    for _ in range(10):  # the goal is reached a little before it is due
        if "planned" in read.inner_text():
            break
        plot.press("ArrowLeft")
    expect(read).to_contain_text("planned, whatever the sun gives")
    expected = page.locator("#view_now .expected")
    expect(expected).to_contain_text("25.8 kWh by")
    watched.is_sound()
    watched.shoot(shots, "plan-expected")
    page.get_by_role("link", name="History").click()
    watched.shows("#day_chart .plot canvas")
    expect(page.locator("#day_chart .expected")).to_have_count(0)
    page.get_by_role("link", name="Now", exact=True).click()
    editor.get_by_role("button", name="Remove this goal").click()
    watched.says("#controls_message", "Done: no plan.*")
    expect(expected).to_have_count(0)
    assert kept() is None
    page.context.close()


def test_the_colours_are_a_choice_that_the_browser_keeps(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = open_page(browser, charger.url, PHONE_LIGHT)
    page = watched.page
    page.locator(".more summary").click()
    page.get_by_label("Colours").select_option("dark")
    dark = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(dark) == "rgb(18, 22, 26)"
    page.reload()
    watched.says("#summary", ".+")
    assert page.evaluate(dark) == "rgb(18, 22, 26)"
    watched.is_sound()
    watched.shoot(shots, "chosen-dark")
    page.locator(".more summary").click()
    page.get_by_label("Colours").select_option("")
    assert page.evaluate(dark) == "rgb(244, 242, 236)"
    page.context.close()


def test_all_of_it_can_be_done_with_the_keyboard(browser: Browser, charger: Charger) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    page.reload()
    watched.says("#summary", ".+")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    for wanted in (
        "Now",
        "History",
        "Off",
        "Fast",
        "control_session_kwh",
        "window_add",
        "logout",
    ):
        assert wanted in reached
    assert reached[0] == "Skip to what is happening now"
    page.context.close()


def test_the_owner_takes_a_copy_of_the_store_and_deletes_what_is_old(
    browser: Browser, charger: Charger, shots: Path, tmp_path: Path
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    page.get_by_role("link", name="History").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save a copy").click()
    copy = tmp_path / "copy.db"
    coming.value.save_as(copy)
    with sqlite3.connect(copy) as database:
        ((before,),) = database.execute("SELECT count(*) FROM sessions")
    database.close()
    assert before > 20
    watched.says("#backup_message", "The copy is in your downloads.*")
    oldest = page.evaluate(
        "fetch('/api/v1/days').then((answer) => answer.json()).then((told) => told.days[10])"
    )
    page.get_by_label("Delete charges and charts from before").fill(oldest)
    page.get_by_role("button", name="Delete …").click()
    watched.shows("#sure")
    assert watched.violations() == []
    watched.shoot(shots, "delete", whole=False)
    page.get_by_role("button", name="Keep them").click()
    expect(page.locator("#sure")).to_be_hidden()
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    watched.says("#backup_message", "Done: deleted .*")
    left = page.evaluate(
        "fetch('/api/v1/days').then((answer) => answer.json()).then((told) => told.days[0])"
    )
    assert left == oldest
    watched.is_sound()
    page.context.close()


def test_the_owner_gives_a_program_a_token_and_takes_it_back(
    browser: Browser, charger: Charger, shots: Path
) -> None:
    watched = logged_in(browser, charger)
    page = watched.page
    page.get_by_role("link", name="History").click()
    page.get_by_label("Name", exact=True).fill("evcc")
    page.get_by_role("button", name="Create a token").click()
    watched.says("#token_made", "The token of evcc, shown this once: evsed_.*")
    watched.says("#tokens", "evcc · may give orders .*")
    token = page.locator("#token_made code").text_content()
    order = {"data": {"max_current_a": 9}, "headers": {"Authorization": f"Bearer {token}"}}
    controls = f"{charger.url.rstrip('/')}/api/v1/controls"
    with browser.new_context() as program:
        assert program.request.patch(controls, **order).status == 200
        watched.shoot(shots, "tokens")
        assert watched.violations() == []
        page.get_by_role("button", name="Revoke evcc").click()
        expect(page.locator("#tokens")).to_have_text("")
        assert program.request.patch(controls, **order).status == 401
    watched.is_sound()
    page.context.close()
