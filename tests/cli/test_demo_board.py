# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the demo: its board is the simulated one, its feed the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from evsed.settings import load_settings
from evsed.sim.demo import demo_world


def test_the_demo_reaches_no_real_board_whatever_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text('[board]\nkind = "kernel"\n[board.pigpio]\nhost = "192.0.2.7"\n')
    monkeypatch.setenv("EVSED_BOARD__KIND", "kernel")
    monkeypatch.setenv("EVSED_BOARD__PIGPIO__PORT", "8888")
    with demo_world(0) as world:
        board = load_settings(file, overrides=world.overrides).board_config()
    assert (board.kind, board.pigpio.host) == ("pigpio", "127.0.0.1")
    assert board.pigpio.port != 8888


def test_the_demo_with_three_phases_has_a_contactor_and_a_mirror_contact_for_each() -> None:
    with demo_world(0, 3) as world:
        settings = load_settings(None, overrides={**world.base, **world.overrides})
    assert settings.supply.phases == 3
    assert len(settings.board.pigpio.contactor_gpios) == 3
    assert len(settings.inputs.contactor_feedback_gpios) == 3
    assert settings.contactor.switching == "auto"


def test_the_demo_has_the_meaning_of_the_figure_that_evsed_is_shipped_with() -> None:
    with demo_world(0) as world:
        demo = load_settings(None, overrides={**world.base, **world.overrides})
    assert demo.feed.semantics == load_settings(None).feed.semantics == "batterymonitor"
