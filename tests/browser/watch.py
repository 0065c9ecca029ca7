# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that watch themselves: what they print and load, what axe says of them, how they look."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

IN_TIME_MS = 240_000
"""A test waits for so long for what must happen: so long that only a hang fails it."""

STILL = 0.05
"""Of layout shift, on the scale of web.dev, which calls up to 0.1 good: a state that takes two
lines to say may move its reason down, and nothing else."""

ARGUMENTS = [
    "--no-sandbox",  # for root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SHIFTS = """
window.shifted = 0;
window.shifting = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    window.shifted += shift.value;
    for (const { node } of shift.sources) window.shifting.push(node?.id || node?.className);
  }
}).observe({ type: "layout-shift", buffered: true });
"""

DOCUMENTS = Path(__file__).parents[2] / "docs/screenshots"


@dataclass(frozen=True)
class Screen:
    """The screen on which the page is viewed."""

    name: str
    width: int
    height: int
    scheme: str
    mobile: bool


PHONE_DARK = Screen("phone-dark", 390, 844, "dark", mobile=True)
PHONE_LIGHT = Screen("phone-light", 390, 844, "light", mobile=True)
NARROW = Screen("narrow-light", 320, 640, "light", mobile=True)
DESKTOP_LIGHT = Screen("desktop-light", 1180, 820, "light", mobile=False)
DESKTOP_DARK = Screen("desktop-dark", 1180, 820, "dark", mobile=False)
SCREENS = (PHONE_DARK, PHONE_LIGHT, NARROW, DESKTOP_LIGHT, DESKTOP_DARK)
SIZES = [
    Screen(f"{width}-{scheme}", width, height, scheme, mobile=width < 500)
    for width, height in ((360, 740), (768, 1024), (1440, 900))
    for scheme in ("light", "dark")
]
"""Phone, tablet and desk, each light and dark: what every view is judged on."""


@dataclass
class Watched:
    """An open page, and what it printed and loaded."""

    page: Page
    screen: Screen
    printed: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def says(self, selector: str, text: str) -> None:
        """Wait until the first *selector* has *text* (a pattern)."""
        expect(self.page.locator(selector).first).to_have_text(re.compile(text, re.DOTALL))

    def shows(self, selector: str) -> None:
        """Wait until *selector* is to be seen."""
        expect(self.page.locator(selector).first).to_be_visible()

    def is_still(self) -> None:
        """Nothing has moved under the eyes of who reads, or next to nothing."""
        shifted, what = self.page.evaluate("[window.shifted, window.shifting]")
        assert shifted < STILL, (shifted, what)

    def violations(self) -> list[str]:
        """The faults of accessibility that axe-core finds, in its words."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{item['id']}: {item['help']}: {node['html'][:200]}"
            for item in found
            for node in item["nodes"]
        ]

    def is_sound(self) -> None:
        """No error printed, nothing loaded from elsewhere, axe content, nothing beyond the edge."""
        assert self.printed == [], self.printed
        hosts = {urlsplit(url).netloc for url in self.loaded if not url.startswith("blob:")}
        assert hosts == {urlsplit(self.page.url).netloc}
        found = self.violations()
        assert found == [], "\n".join(found)
        wide, there = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= there, (wide, there)

    def shoot(self, folder: Path, name: str, *, keep: bool = False, whole: bool = True) -> None:
        """Take a picture; *keep* it among the documents, too, where each byte counts."""
        path = folder / f"{name}-{self.screen.name}.png"
        self.page.screenshot(path=path, full_page=whole)
        if keep:
            DOCUMENTS.mkdir(exist_ok=True)
            with Image.open(path) as picture:
                small = DOCUMENTS / path.with_suffix(".webp").name
                picture.convert("RGB").save(small, lossless=True, quality=100, method=6)


expect.set_options(timeout=IN_TIME_MS)


def open_page(browser: Browser, url: str, screen: Screen, *, locale: str = "en-GB") -> Watched:
    """*url* on *screen*, in a browser of its own without a login, for a reader of *locale*."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=screen.scheme,
        reduced_motion="reduce",
        is_mobile=screen.mobile,
        has_touch=screen.mobile,
        timezone_id="Asia/Tokyo",  # not the charger's
        locale=locale,
        ignore_https_errors=True,  # as one who has compared the fingerprint goes on
    )
    page = context.new_page()
    page.set_default_timeout(IN_TIME_MS)
    page.add_init_script(SHIFTS)
    watched = Watched(page, screen)
    page.on(
        "console",
        lambda said: (
            watched.printed.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: watched.printed.append(str(error)))
    page.on("request", lambda request: watched.loaded.append(request.url))
    page.goto(url)
    return watched


def chromium() -> str:
    """The path of Chromium. Raises RuntimeError with what to do."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("there is no Chromium: sudo apt install chromium fonts-dejavu-core")
