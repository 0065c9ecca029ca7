# SPDX-License-Identifier: GPL-3.0-or-later
"""A charger with a past, Chromium, and pages that watch themselves. Needs `make browser`."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evsed.frontends.web.auth.password import keep

if importlib.util.find_spec("playwright") is None:
    # Nothing of this folder is part of `make check`: a fresh machine has no browser.
    collect_ignore_glob = ["test_*.py"]
else:
    from playwright.sync_api import Browser, sync_playwright

    from tests.browser.watch import ARGUMENTS, chromium

PASSWORD = "a good password"
LIKE_NOON_H = 13
STARTED_WITHIN_LINES = 50


class Garage:
    """The simulated world's buttons."""

    def __init__(self, url: str) -> None:
        self._url = url

    def press(self, name: str) -> None:
        """Press one."""
        asked = urllib.request.Request(f"{self._url}/do/{name}", method="POST")
        with urllib.request.urlopen(asked, timeout=10) as answer:
            answer.read()


class Charger:
    """A running charger: its page's address, its garage, its folder with password and logs."""

    def __init__(self, folder: Path, *more: str) -> None:
        # The Pi's clock says that it is about one in the afternoon, whatever time it is here; the
        # browser's does not.
        ahead = (LIKE_NOON_H - datetime.now(UTC).hour + 12) % 24 - 12
        self.zone = f"Etc/GMT{-ahead:+d}"  # its sign is the other way round
        self.ahead_h = ahead
        self.folder = folder
        self.password_file = folder / "password"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.charger", str(folder), *more],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TZ": self.zone},
        )
        self.url = self._printed("page")
        self.garage = Garage(self._garage)

    _garage = ""

    def _printed(self, what: str) -> str:
        assert self._process.stdout is not None
        for _ in range(STARTED_WITHIN_LINES):
            words = self._process.stdout.readline().split()
            if words[:1] == ["garage"]:
                self._garage = words[1]
            if words[:1] == [what]:
                return words[1]
        raise RuntimeError(f"the charger said nothing of its {what}")

    def freeze(self) -> None:
        """Let it answer no request."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        self.thaw()
        self._process.terminate()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait(20)


@pytest.fixture(scope="module")
def charger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Charger]:
    """A charger of this module's own."""
    made = Charger(tmp_path_factory.mktemp("charger"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Charger]:
    """A charger of this module's own, with `PASSWORD`."""
    folder = tmp_path_factory.mktemp("known")
    keep(folder / "password", PASSWORD)
    made = Charger(folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with no window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """The folder of the screenshots: all of them, remade by each run."""
    folder = Path(__file__).parents[2] / ".browser"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder
