# SPDX-License-Identifier: GPL-3.0-or-later
"""A page whose evsed is gone: the service worker says since when."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Charger
from tests.browser.watch import PHONE_LIGHT, open_page

READY = "navigator.serviceWorker.ready.then(() => true)"


def test_a_page_that_is_opened_while_evsed_is_gone_says_since_when(
    browser: Browser, tmp_path: Path
) -> None:
    charger = Charger(tmp_path)
    page = open_page(browser, charger.url, PHONE_LIGHT).page
    assert page.evaluate(READY)
    page.reload()  # the first one that the worker sees
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    charger.close()
    page.goto(charger.url)
    expect(page.locator("h1")).to_contain_text("evsed is not reachable since ")
    page.context.close()
