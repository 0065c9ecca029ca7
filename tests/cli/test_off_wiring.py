# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed off` reads the wiring by itself: the same as the settings do, and never in vain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evsed.boards import BoardConfig
from evsed.cli.off import wiring
from evsed.settings import load_settings

SHIPPED = Path(__file__).parents[2] / "etc" / "evsed.toml"

FILE = """
[supply]
phases = 2

[board.pigpio]
host = "192.168.1.7"
port = 8889
pilot_gpio = 12
contactor_gpios = [22, 27]
heartbeat_gpio = 25
"""


def test_it_finds_the_wiring_that_the_settings_find_in_the_shipped_file() -> None:
    assert wiring(SHIPPED, {}) == (
        BoardConfig(pigpio=load_settings(SHIPPED, environ={}).board_config().pigpio),
        [],
    )


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"EVSED_BOARD__PIGPIO__PORT": "9999"},
        {"EVSED_BOARD__PIGPIO__CONTACTOR_GPIOS": "[5, 6]"},
        {"EVSED_BOARD__PIGPIO__HOST": "pi.lan", "EVSED_WEB__PORT": "0"},
    ],
)
def test_it_finds_the_wiring_that_the_settings_find_in_file_and_environment(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text(FILE)

    config, trouble = wiring(file, environ)

    assert config.pigpio == load_settings(file, environ=environ).board_config().pigpio
    assert trouble == []


@pytest.mark.parametrize(
    "content",
    [
        b"[board.pigpio",
        b"\xff\xfe",
        b"board = 7",
        b"[board]\npigpio = 'no'",
        b"[board]\nkind = 'arduino'",
        b"[board]\nkind = ['pigpio']",
        b"[board.pigpio]\nport = 'x'\npilot_gpio = -1\ncontactor_gpios = []\nhost = 3\n",
        b"[board.pigpio]\nheartbeat_gpio = true\nspi_hz = 4294967296\ncontactor_gpios = ['a']",
    ],
)
def test_a_broken_file_leaves_the_shipped_wiring(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "evsed.toml"
    file.write_bytes(content)

    config, _ = wiring(file, {})

    assert config == BoardConfig()


def test_what_cannot_be_used_is_named_and_the_rest_is_used(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text('[board.pigpio]\nport = "eight"\npilot_gpio = 13\n')

    config, trouble = wiring(file, {})

    assert config.pigpio.pilot_gpio == 13
    assert trouble == ["board.pigpio.port = 'eight' makes no sense"]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    config, (line,) = wiring(tmp_path / "none.toml", {})

    assert config == BoardConfig()
    assert "cannot be read" in line


def test_the_kernels_board_is_read_from_its_own_section(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text('[board]\nkind = "kernel"\n[board.kernel]\npilot_gpio = 12\n')

    config, trouble = wiring(file, {"EVSED_BOARD__KERNEL__HEARTBEAT_GPIO": "25"})

    assert (config.kind, config.kernel.pilot_gpio, config.kernel.heartbeat_gpio) == (
        "kernel",
        12,
        25,
    )
    assert trouble == []


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("light_gpios = [17, 27, 22]\nlight_on_low = true\nbutton_gpio = 21", {}),
        ("light_gpios = [17]", {"EVSED_BOX__LIGHT_ON_LOW": "true"}),
        ("light_gpios = []", {}),
    ],
)
def test_the_light_is_read_as_the_settings_read_it(
    tmp_path: Path, text: str, environ: dict[str, str]
) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text(f"[box]\n{text}\n")

    config, trouble = wiring(file, environ)

    expected = load_settings(file, environ=environ).board_config().box
    assert config.box.rest() == expected.rest()
    assert trouble == []


def test_a_light_on_the_contactors_gpio_is_left_out_by_off(tmp_path: Path) -> None:
    """Dark would be high there, and close the contactor."""
    file = tmp_path / "evsed.toml"
    file.write_text("[box]\nlight_gpios = [17, 23, 27]\nlight_on_low = true\n")

    config, _ = wiring(file, {})

    assert config.box.light_gpios == (17, 27)


def test_the_relay_in_the_pilots_line_is_read_as_the_settings_read_it(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text("[board]\ncp_relay_gpio = 12\n")

    assert wiring(file, {})[0].rest() == ((12, 0),)
    assert wiring(file, {"EVSED_BOARD__CP_RELAY_GPIO": "13"})[0].rest() == ((13, 0),)
    assert wiring(None, {})[0].rest() == ()


@pytest.mark.parametrize("given", ["-1", "true", '"twelve"'])
def test_a_relay_that_makes_no_sense_is_left_out_and_said(tmp_path: Path, given: str) -> None:
    file = tmp_path / "evsed.toml"
    file.write_text(f"[board]\ncp_relay_gpio = {given}\n")

    config, trouble = wiring(file, {})

    assert config.rest() == ()
    assert [line for line in trouble if line.startswith("board.cp_relay_gpio = ")]


def test_nothing_that_only_the_mode_needs_is_imported_before_the_wires_are_safe() -> None:
    late = ("pydantic", "sqlite3", "json", "asyncio", "structlog", "difflib", "argparse")
    program = (
        "import sys, evsed.cli, evsed.cli.off; "
        f"print([name for name in {late} if name in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout == "[]\n"
