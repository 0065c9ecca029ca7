# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping the past: a copy is saved, a file that is none is refused, the copy is put back."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import PASSWORD, Charger
from tests.browser.watch import DESKTOP_LIGHT, open_page


def test_a_copy_is_saved_and_put_back_by_the_page_alone(
    browser: Browser, known: Charger, tmp_path: Path
) -> None:
    known.garage.press("unplug")
    watched = open_page(browser, known.url, DESKTOP_LIGHT)
    page = watched.page
    page.get_by_label("Log in to change these").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.get_by_role("link", name="History", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save a copy of all that is kept").click()
    copy = tmp_path / "copy.db"
    saved.value.save_as(copy)
    assert re.fullmatch(r"evsed-\d{4}-\d\d-\d\d\.db", saved.value.suggested_filename)
    nonsense = tmp_path / "nonsense.db"
    nonsense.write_bytes(b"no database" * 100)
    page.get_by_label("Restore a copy").set_input_files(nonsense)
    watched.says("#backup_message", "nothing was changed")
    watched.printed.clear()  # Chromium prints each refusal
    page.get_by_label("Restore a copy").set_input_files(copy)
    watched.says("#backup_message", "checked and ready")
    expect(page.locator("#link")).to_have_attribute("data-link", "live")
    log = known.folder / "log" / "log.log"
    for _ in range(600):
        if log.read_text().count("the pilot is driven") > 1:
            break
        page.wait_for_timeout(100)
    page.reload()
    page.get_by_role("button", name="Undo the last restore").click()
    watched.says("#backup_message", "checked and ready")
    watched.printed.clear()  # it was away meanwhile
    watched.is_sound()
    page.context.close()
