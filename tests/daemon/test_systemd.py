# SPDX-License-Identifier: GPL-3.0-or-later
"""The watchdog is fed while ticks come round and limits are made, and by neither alone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from evsed.daemon.systemd import Notifier, Watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(tmp_path / "notify"))
    end.setblocking(False)  # noqa: FBT003 - the name of a standard call
    return end


def fed(systemd: socket.socket) -> int:
    count = 0
    while True:
        try:
            count += "WATCHDOG=1" in systemd.recv(4096).decode()
        except BlockingIOError:
            return count


@pytest.mark.parametrize(
    ("limits", "ticks", "times"), [(True, True, 10), (False, True, 0), (True, False, 1)]
)
def test_it_is_fed_by_ticks_and_limits_together(
    systemd: socket.socket,
    limits: bool,  # noqa: FBT001 - a parameter of the test
    ticks: bool,  # noqa: FBT001 - a parameter of the test
    times: int,
) -> None:
    watchdog = Watchdog(Notifier(systemd.getsockname()))
    for second in range(10):
        if limits:
            watchdog.on_limits(float(second))
        watchdog.on_tick(float(second), 50 * second if ticks else 7, "No car", board_ok=True)
    assert fed(systemd) == times
    systemd.close()


def test_a_daemon_that_makes_no_limits_any_more_is_not_fed_after_three_seconds(
    systemd: socket.socket,
) -> None:
    watchdog = Watchdog(Notifier(systemd.getsockname()))
    watchdog.on_limits(0.0)
    for second in range(10):
        watchdog.on_tick(float(second), 50 * second, "No car", board_ok=True)
    assert fed(systemd) == 4
    systemd.close()
