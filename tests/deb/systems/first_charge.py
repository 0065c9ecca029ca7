# SPDX-License-Identifier: GPL-3.0-or-later
"""A new owner in front of Chromium: from the first password to the first charge.

    python -m tests.deb.systems.first_charge PAGE FEED GARAGE FOLDER

Nothing is done but clicks and typing into fields; the car is plugged in by a press in the garage.
Each step is printed as a line of JSON: its name, and the seconds since the page was opened. A
picture of each is left in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import Garage
from tests.browser.watch import ARGUMENTS, Screen, Watched, chromium, open_page

PASSWORD = "typed by a new owner"
SCREEN = Screen("laptop", 1280, 800, "light", mobile=False)


class Owner:
    """The owner, who reads and clicks; `did()` stamps a step."""

    def __init__(self, watched: Watched, folder: Path) -> None:
        self.watched = watched
        self.page: Page = watched.page
        self._folder = folder
        self._began_at = time.monotonic()

    def did(self, step: str) -> None:
        """Print the step and keep its picture."""
        after_s = round(time.monotonic() - self._began_at, 1)
        print(json.dumps([step, after_s]), flush=True)
        self.page.screenshot(path=self._folder / f"{step.replace(' ', '-')}.png", full_page=True)

    def press(self, name: str) -> None:
        """Click the button of the step with *name*."""
        self.page.locator("#step").get_by_role("button", name=name, exact=True).click()

    def field(self, label: str) -> None:
        """Click into the field with *label*, and select what is in it."""
        self.page.locator("#step").get_by_label(re.compile(label)).click(click_count=3)

    def type(self, label: str, text: str) -> None:
        """Type *text* into the field with *label*."""
        self.field(label)
        self.page.keyboard.type(text)

    def until_back(self) -> None:
        """Wait until what was saved is in effect."""
        self.watched.says("#step [role=status]", "evsed is back")

    def set_up(self, feed: str) -> None:
        """Go through the guide."""
        page, watched = self.page, self.watched
        watched.says("#no_password", "Set it under Settings")
        self.did("page")
        page.get_by_role("link", name="Settings", exact=True).click()
        watched.says("#step", "It can be set here now")
        self.type("password", PASSWORD)
        self.press("Set it")
        watched.says("#step h2", "Supply")
        # As installed, evsed.toml has every setting; none of them is the owner's yet.
        watched.says("#steps", "Supply to do.*Board to do.*Sun to do.*Home Assistant to do")
        self.did("password")
        self.type("breaker", "16")
        self.type("[Pp]assword", PASSWORD)
        self.press("Save the supply")
        self.until_back()
        self.did("supply")
        self.press("Next step")
        watched.says("#step tbody", "The board answers.*✓ yes")
        watched.says("#step tbody", "Pilot without a car.*✓ 1[12][.]")
        watched.says("#step tbody", "Faults.*✓ none")
        self.did("board")
        self.press("Next step")
        self.type("[Aa]ddress", feed)
        self.press("Try it")
        watched.says("#step pre", "It was read")
        self.did("feed tried")
        self.press("Save the feed")
        watched.says("#step [role=status]", "Done: kept: feed[.]url")  # at once, without a restart
        watched.says("#steps", "Supply done.*Board.*Sun done.*Home Assistant to do")
        self.did("feed")
        self.press("Next step")
        self.did("home assistant")
        self.press("To the page")
        watched.says("#summary", "No car")
        self.did("ready")

    def charge(self, garage: str) -> None:
        """Plug the car in, and wait for the sun."""
        Garage(garage).press("plug")
        self.watched.says("#summary", "Charging")
        self.did("charging")


def main() -> None:
    """Do all of it, or fail with what was waited for."""
    parser = argparse.ArgumentParser()
    for name in ("page", "feed", "garage"):
        parser.add_argument(name)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        owner = Owner(open_page(browser, options.page, SCREEN), options.folder)
        try:
            owner.set_up(options.feed)
            owner.charge(options.garage)
        except BaseException:
            owner.did("last seen")
            raise
        finally:
            browser.close()


if __name__ == "__main__":
    main()
