# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings, as a file and as variables: sound ones, or a `SettingsError` of one line each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from evsed.errors import SettingsError
from evsed.settings import Settings, load_settings
from evsed.settings.messages import describe, keys
from tests.fuzz.source import Source

SHIPPED = Path(__file__).parent.parent.parent / "etc" / "evsed.toml"
KEYS = tuple(keys())
SECTIONS = tuple(dict.fromkeys(key.rpartition(".")[0] for key in KEYS))
VALUES = (
    "true", "false", "[]", "{}", '""', "[23]", "[23, 22, 27]", "[23, 23]", "[[23]]", "12", "18",
    '"pigpio"', '"kernel"', '"fixed"', '"http://a/b"', '"http://[::1"', '"/a"', '"a\\u0000b"',
    '"Europe/Vienna"', '"../x"', "1979-05-27T07:32:00Z", "07:32:00", '"28-0316a2795fff"', "-0.0",
)  # fmt: skip
RAW = 0

_file = Path(tempfile.gettempdir()) / f"evsed-fuzz-{os.getpid()}.toml"


def seeds() -> Iterator[bytes]:
    """The shipped file, and files that are built."""
    yield bytes([RAW]) + SHIPPED.read_bytes()
    yield bytes([RAW]) + b'[supply]\nmax_current_a = 16.0\n[web]\nport = 8080\nhost = "::"\n'
    for number in range(40):
        yield bytes([1 + number % 3, number, *range(number, number + 60)])


def one_input(data: bytes) -> None:
    """Load one set of settings, and ask for all that is made of it."""
    source = Source(data)
    kind = source.byte() % 3
    content = source.rest() if kind == RAW else _toml(source).encode("utf-8", "replace")
    environ = _variables(source) if kind != RAW else {}
    _file.write_bytes(content)
    try:
        settings = load_settings(_file, environ=environ)
    except SettingsError as error:
        assert error.problems
        for line in error.problems:
            assert line.strip()
            assert "\n" not in line, line
        return
    _use(settings)


def _use(settings: Settings) -> None:
    """The daemon's use of settings before it drives anything."""
    assert 6.0 <= settings.supply.max_current_a <= 80.0
    board = settings.board_config()
    wires = board.kernel if board.kind == "kernel" else board.pigpio
    gpios = [wires.pilot_gpio, wires.heartbeat_gpio, *wires.contactor_gpios]
    assert len(set(gpios)) == len(gpios), "one GPIO for two things"
    settings.front_end()
    settings.evse_config(front_end_proved=False, hold_off_s=0.0)
    allotment = settings.allotment_config()
    assert allotment.max_current_a == settings.supply.max_current_a
    settings.feed_config()
    settings.web_config()
    settings.logs_config()
    describe(settings)


def _toml(source: Source) -> str:
    """A file of some keys, each in its section or astray."""
    lines = []
    for _ in range(source.byte() % 8):
        section, _, key = source.choice(KEYS).rpartition(".")
        if source.chance(16):
            section = source.choice(SECTIONS)
        if source.chance(8):
            key += source.text()
        lines += [f"[{section}]", f"{key} = {_value(source)}"]
    return "\n".join(lines)


def _variables(source: Source) -> dict[str, str]:
    """Some variables of the environment."""
    found = {}
    for _ in range(source.byte() % 4):
        name = "EVSED_" + source.choice(KEYS).replace(".", "__").upper()
        if source.chance(16):
            name += "__" + source.text().replace("\0", "")
        found[name] = _value(source)
    return found


def _value(source: Source) -> str:
    if source.chance(64):
        return source.text()
    if source.chance(128):
        return str(source.below(100) - 5)
    return source.choice(VALUES)
