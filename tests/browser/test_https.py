# SPDX-License-Identifier: GPL-3.0-or-later
"""The page by HTTPS, with the certificate that evsed has made itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, expect

from evsed.frontends.web.auth.password import keep
from tests.benchmarks.rig import free_port
from tests.browser.conftest import PASSWORD, Charger
from tests.browser.watch import PHONE_LIGHT, open_page


def test_the_owner_logs_in_and_gives_an_order_by_https(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    keep(tmp_path / "password", PASSWORD)
    charger = Charger(tmp_path, "--https-port", str(port))
    try:
        host = urlsplit(charger.url).hostname
        page = open_page(browser, f"https://{host}:{port}/", PHONE_LIGHT).page
        page.get_by_label("Log in to change these").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()
        cookies = page.context.cookies()
        assert [cookie["secure"] for cookie in cookies if cookie["httpOnly"]] == [True]
        off = page.get_by_role("button", name="Off", exact=True)
        off.click()
        expect(off).to_have_attribute("aria-pressed", "true")
        page.context.close()
        # Without the owner's word the browser stops before the page.
        stranger = browser.new_context().new_page()
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            stranger.goto(f"https://{host}:{port}/")
        stranger.context.close()
    finally:
        charger.close()
