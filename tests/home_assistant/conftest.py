# SPDX-License-Identifier: GPL-3.0-or-later
"""One evsed on a simulated Pi and one Home Assistant for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.home_assistant.home import HomeAssistant
from tests.processes.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeAssistant]:
    home = HomeAssistant(tmp_path / "home")
    yield home
    home.close()
