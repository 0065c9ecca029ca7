# SPDX-License-Identifier: GPL-3.0-or-later
"""The DS18B20 of a made-up /sys: what is read, and that no tick waits for it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evsed.core.pilot.faults import Fault
from evsed.daemon.thermometer import Thermometer, celsius_in

SENSOR = "28-0316a2795fff"
# As a kernel writes it (w1_therm); the second line is what counts when the first ends in YES.
SOUND = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
SPOILED = "ff ff ff ff ff ff ff ff ff : crc=c9 NO\n72 01 4b 46 7f ff 0e 10 57 t=-62\n"


def sensor_file(devices: Path) -> Path:
    (devices / SENSOR).mkdir()
    return devices / SENSOR / "w1_slave"


@pytest.mark.parametrize(
    ("text", "celsius"),
    [
        (SOUND, 23.125),
        (SOUND.replace("23125", "-1062"), -1.062),
        (SOUND.replace("23125", "85000"), 85.0),
        (SPOILED, None),
        ("", None),
        ("YES\n", None),
        ("YES\nt=\n", None),
        ("YES\nt=1e9\n", None),
    ],
)
def test_a_temperature_counts_only_with_a_sound_checksum(text: str, celsius: float | None) -> None:
    assert celsius_in(text) == celsius


def test_a_sensor_is_read_by_its_name(tmp_path: Path) -> None:
    sensor_file(tmp_path).write_text(SOUND)

    assert Thermometer(SENSOR, 32.0, devices=tmp_path).read() == 23.125


def test_a_sensor_that_is_not_there_or_talks_rubbish_gives_no_reading(tmp_path: Path) -> None:
    thermometer = Thermometer(SENSOR, 32.0, devices=tmp_path)
    assert thermometer.read() is None
    sensor_file(tmp_path).write_bytes(b"\xff\xfe")

    assert thermometer.read() is None


def test_what_the_thread_reads_becomes_a_limit(tmp_path: Path) -> None:
    file = sensor_file(tmp_path)
    file.write_text(SOUND.replace("23125", "62500"))
    thermometer = Thermometer(SENSOR, 32.0, devices=tmp_path)
    assert thermometer.limits(0.0, 1.0)[0].max_a == 0.0
    thermometer.start()
    try:
        deadline = time.monotonic() + 10.0
        while thermometer.celsius is None:
            assert time.monotonic() < deadline
            os.sched_yield()
    finally:
        thermometer.stop()

    assert thermometer.celsius == 62.5
    assert thermometer.limits(0.0, 1.0)[0].max_a == 19.0
    assert thermometer.faults(time.monotonic()) == {}


def test_a_sensor_that_hangs_in_the_kernel_is_lost_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(sensor_file(tmp_path))  # opening it waits until somebody writes
    thermometer = Thermometer(SENSOR, 32.0, devices=tmp_path)
    thermometer.start()

    assert Fault.TEMPERATURE in thermometer.faults(time.monotonic() + 3.0)
    thermometer.stop()
    os.close(os.open(tmp_path / SENSOR / "w1_slave", os.O_RDWR))
