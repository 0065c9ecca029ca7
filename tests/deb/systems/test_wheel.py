# SPDX-License-Identifier: GPL-3.0-or-later
"""The other way in: pipx and the wheel, with today's versions of the libraries and with the pinned.

`make pipx-test`; asks PyPI, as pipx does.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deb.build_deb import ROOT, version
from tests.processes.rig import wait_until


@dataclass(frozen=True)
class Installed:
    """The files that pipx has put into a folder of its own."""

    folder: Path

    def run(self, *command: str) -> str:
        """The output of a command of evsed."""
        return subprocess.run(
            [self.folder / "bin/evsed", *command], env=self.environ(), check=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder,
        ).stdout  # fmt: skip

    def environ(self) -> dict[str, str]:
        """An environment that knows nothing of this source."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, "HOME": str(self.folder)}


@pytest.fixture(scope="module", params=["today's versions", "the pinned versions"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """evsed, installed by pipx."""
    folder = tmp_path_factory.mktemp("pipx")
    subprocess.run([sys.executable, "-m", "venv", folder / "pipx"], check=True)
    subprocess.run([folder / "pipx/bin/pip", "-q", "install", "pipx"], check=True)
    wheel = ROOT / "dist" / f"evsed-{version()}-py3-none-any.whl"
    pins = (ROOT / "requirements.txt").read_text()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(re.findall(r"^\S+==\S+", pins, re.MULTILINE)))
    more = [f"--pip-args=--constraint={constraints}"] if "pinned" in request.param else []
    homes = {"PIPX_HOME": str(folder / "home"), "PIPX_BIN_DIR": str(folder / "bin")}
    subprocess.run(
        [folder / "pipx/bin/pipx", "install", *more, wheel], check=True, env={**os.environ, **homes}
    )
    return Installed(folder)


def test_its_commands_work(installed: Installed) -> None:
    assert installed.run("--version") == f"evsed {version()}\n"
    assert "the settings are sound" in installed.run("check")


@pytest.fixture
def demo(installed: Installed) -> Iterator[int]:
    """`evsed demo`; the port of its page."""
    port = 18000 + os.getpid() % 1000 * 2
    process = subprocess.Popen(
        [installed.folder / "bin/evsed", "demo", "--port", str(port)],
        env=installed.environ(), cwd=installed.folder,
    )  # fmt: skip
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0


def fetch(port: int, path: str, accept: str = "*/*") -> str:
    """The page at *path*; "" while no server answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            said: str = answer.read().decode()
            return said
    except OSError:
        return ""


def test_the_demo_charges_and_every_part_of_its_page_is_there(demo: int) -> None:
    wait_until("well", lambda: fetch(demo, "/healthz"))
    parts = re.findall(r'(?:src|href)="(/?[^":#]+\.(?:js|css))"', fetch(demo, "/", "text/html"))
    assert parts
    for part in parts:
        assert len(fetch(demo, f"/{part.lstrip('/')}")) > 100, part
